"""An optimizer as a study has it: its rule, what it wraps, the hyper-parameters that are fixed, its name in tables.

Written as a name, "Adam"; with hyper-parameters, "SGD(momentum=0.9)"; around another, "SAM(SGD, rho=0.1)"; as one's
own class, "path/to/file.py:MyRule"; or given as the class itself. Muon, which updates matrices only, is paired with
AdamW for the rest.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from .. import nn, optim
from ..optim.more.wrappers import Wrapper
from .own import message_with_line, optimizer_class, source_of

_RATE = "the rate is what a study tunes; give it as rates, or a grid"
_INDEXED = re.compile(r"(\w+)\[(\d)\]")
_SETTING = re.compile(r"(\w+)\s*=(.*)", re.DOTALL)


@dataclass(frozen=True, eq=False)
class Part:
    """One class of a candidate: a wrapper, or the rule inside. source: the text of one's own file."""

    spec: str
    hyper: dict[str, Any] = field(default_factory=dict)
    source: str | None = None
    given: type[optim.Optimizer] | None = None  # where the class itself was given

    @property
    def cls(self) -> type[optim.Optimizer]:
        return self.given or optimizer_class(self.spec, self.source)

    @property
    def settable(self) -> dict[str, inspect.Parameter]:
        """What the class can be made with, besides the parameters, the rate and what it wraps."""
        return {k: p for k, p in inspect.signature(self.cls).parameters.items() if k not in ("params", "lr", "base")}


@dataclass(frozen=True, eq=False)
class Candidate:
    """An optimizer of a study; made by `candidate`. parts: wrappers from the outside in, the rule last.

    label: its name in tables. rates: its own learning rates to try. tune: ranges of more hyper-parameters to search.
    """

    label: str
    parts: tuple[Part, ...]
    rates: tuple[float, ...] | None = None
    tune: dict[str, tuple[float, float]] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """As it is written: "SAM(SGD(momentum=0.9), rho=0.1)"."""
        return _written([(part.spec, part.hyper) for part in self.parts])

    @property
    def short(self) -> str:
        """The name without the path of one's own file."""
        return _written([(part.spec.rpartition(":")[2], part.hyper) for part in self.parts])

    @property
    def path(self) -> str:
        """Of one's own file; "" for minidl's optimizers."""
        return self.parts[-1].spec.rpartition(":")[0]

    @property
    def file(self) -> str:
        """Where one's own class is written, also one that was given itself; "" for minidl's optimizers."""
        given = self.parts[-1].given
        return self.path if given is None else inspect.getsourcefile(given) or "?"

    @property
    def rule(self) -> type[optim.Optimizer]:
        """The class of the rule, without what is around it."""
        return self.parts[-1].cls

    @property
    def default_lr(self) -> float | None:
        """The rate of who sets none; None for a rule that has no default."""
        lr = inspect.signature(self.rule).parameters.get("lr")
        return float(lr.default) if lr is not None and isinstance(lr.default, int | float) else None

    def settings(self) -> dict[str, Any]:
        """What tells it from others, as plain data; its code is part of that, its comments are not."""
        parts = [[part.cls.__name__, part.hyper] for part in self.parts]
        beside = {"beside": "AdamW"} if issubclass(self.rule, optim.Muon) else {}
        return {"parts": parts, "code": _code(self.parts), **beside}

    def with_hyper(self, hyper: dict[str, Any]) -> list[dict[str, Any]]:
        """For each part its hyper-parameters: the fixed ones, and these on top, each where there is one of its name.

        "1 - momentum" is that of 1 minus the value, "betas[0]" the first of several.
        """
        out = [dict(part.hyper) for part in self.parts]
        for written, x in hyper.items():
            name, value = (written[4:], 1 - x) if written.startswith("1 - ") else (written, x)
            i = self._owner(name)
            indexed = _INDEXED.fullmatch(name)
            if indexed:
                name = indexed[1]
                several = list(out[i].get(name, self.parts[i].settable[name].default))
                several[int(indexed[2])] = value
                value = tuple(several)
            out[i][name] = value
        return out

    def _owner(self, name: str) -> int:
        """The part that has a hyper-parameter; ValueError where none has it."""
        indexed = _INDEXED.fullmatch(name)
        bare = indexed[1] if indexed else name
        for i, part in enumerate(self.parts):
            p = part.settable.get(bare)
            if p is not None and (not indexed or len(getattr(p, "default", ()) or ()) > int(indexed[2])):
                return i
        if name == "lr":
            raise ValueError(f"{self.short}: {_RATE}")
        known = [k for part in self.parts for k in part.settable]
        raise ValueError(f"{self.short} has no hyper-parameter {name!r}{_near(name, known)} It has {', '.join(known)}")

    def make(self, model: nn.Module, lr: Any, hyper: dict[str, Any] | None = None) -> optim.Optimizer:
        """The optimizer of a model's parameters, at a rate (a number or a schedule)."""
        settings = self.with_hyper(hyper or {})
        if issubclass(self.rule, optim.Muon):
            matrices, rest = optim.muon_groups(model)
            # so scaled, its updates are as large as AdamW's, and one rate serves both (Liu et al. 2025, 2502.16982)
            muon = {"adjust_lr_fn": "match_rms_adamw", **settings[-1]}
            optimizer: optim.Optimizer = Pair(self.rule(matrices, lr=lr, **muon), optim.AdamW(rest, lr=lr))
        else:
            optimizer = self.rule(model.parameters(), lr=lr, **settings[-1])
        for part, own in zip(self.parts[-2::-1], settings[-2::-1], strict=True):
            optimizer = part.cls(optimizer, **own)
        return optimizer

    def check(self) -> None:
        """ValueError with what `check_optimizer` finds wrong with one's own class."""
        if not self.file:
            return
        hyper = self.parts[-1].hyper
        report = optim.check_optimizer(self.rule, raise_on_failure=False, **hyper)
        if not report:
            failed = report.failed[0]
            what = self._first_error() or " ".join(failed.message.split())
            raise ValueError(
                f"optimizer {self.name!r} breaks the contract: {failed.name}: {what} "
                f"({report.verdict}; minidl.optim.check_optimizer({self.rule.__name__}) tells them all)"
            )

    def _first_error(self) -> str:
        """What one step of one's own rule raises, with the line of its file; "" where it raises nothing."""
        model = _small_model()
        try:
            optimizer = self.make(model, 0.01)

            def closure() -> Any:
                optimizer.zero_grad()
                loss = (model(np.ones((1, 1), np.float32)) ** 2).sum()
                if optimizer.closure != "loss":
                    loss.backward()
                return loss

            optimizer.step(closure)
        except Exception as error:
            text = message_with_line(error, self.file)
            return text if ", line " in text else ""
        return ""


class Pair(optim.Optimizer):
    """Two optimizers that share out the parameters of one model and step together, at one rate."""

    def __init__(self, first: optim.Optimizer, second: optim.Optimizer) -> None:
        self.both = (first, second)
        self.common = {**first.common, **second.common}
        self._names = {**first._names, **second._names}

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = closure() if closure is not None else None
        for optimizer in self.both:
            optimizer.step()
        return loss

    def parameters(self) -> Iterator[Any]:
        return (p for optimizer in self.both for p in optimizer.parameters())

    @property
    def steps(self) -> int:  # type: ignore[override]
        return self.both[0].steps

    @property  # type: ignore[misc]
    def lr(self) -> float:
        return self.both[0].lr

    def __repr__(self) -> str:
        return f"Pair({self.both[0]!r}, {self.both[1]!r})"


def candidate(given: Any, label: str = "", **options: Any) -> Candidate:
    """A Candidate of a name as above, a class, or a dict: {"name": "SGD", "momentum": 0.9, "label": "heavy ball"}.

    options: `rates`, `tune`, and hyper-parameters, each for the part that has one of its name. ValueError for unknown
    names and hyper-parameters, TypeError for what is no optimizer.
    """
    if isinstance(given, Candidate):
        return given
    if isinstance(given, dict):
        if "name" not in given:
            raise ValueError(f'an optimizer needs its name: {{name = "SGD", ...}}, got {given}')
        return candidate(**{"given" if k == "name" else k: v for k, v in given.items()}, **options)
    rates, tune = options.pop("rates", None), dict(options.pop("tune", {}))
    if isinstance(given, type) and issubclass(given, optim.Optimizer):
        parts = [_given(given)]
    elif isinstance(given, str):
        parts = _parts(given)
    else:
        raise TypeError(f'an optimizer is given by its name, as "path/to/file.py:ClassName" or a class, got {given!r}')
    if issubclass(parts[-1].cls, Wrapper):
        name = parts[-1].cls.__name__
        raise ValueError(f"{name} wraps another optimizer; say which: {name}(SGD)")
    made = Candidate("", tuple(parts))
    for i, hyper in enumerate(made.with_hyper(options)):
        parts[i] = Part(parts[i].spec, hyper, parts[i].source, parts[i].given)
    own_rates = None if rates is None else tuple(positive_rates(rates))
    made = Candidate("", tuple(parts), own_rates, {k: _interval(made, k, x) for k, x in tune.items()})
    if not made.file:  # a hyper-parameter out of range is found now; one's own class is looked at by `check`
        made.make(_small_model(), 0.01, {k: low for k, (low, _) in made.tune.items()})
    return Candidate(label or made.short, made.parts, made.rates, made.tune)


def _small_model() -> nn.Sequential:
    rng = np.random.default_rng(0)
    return nn.Sequential(nn.Dense(1, 2, rng=rng), nn.Dense(2, 1, rng=rng))


def positive_rates(rates: Any) -> list[float]:
    """Learning rates in rising order, each once; ValueError for an empty list or what is not positive and finite."""
    try:
        grid = sorted({float(x) for x in rates})
    except (TypeError, ValueError):
        raise ValueError(f"learning rates are a list of positive numbers, got {rates!r}") from None
    if not grid or not all(0 < x < float("inf") for x in grid):
        raise ValueError(f"a grid of learning rates needs positive numbers, got {list(rates) or 'none'}")
    return grid


def split(text: str) -> list[str]:
    """The optimizers in a text, with commas or spaces between, but not those inside of brackets; a path has spaces."""
    parts, depth = [""], 0
    for c in text:
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return [
        name for part in parts
        for name in ([part.strip()] if ".py" in part or "(" in part else part.split()) if name
    ]  # fmt: skip


def heads(text: str) -> list[str]:
    """The classes of "SAM(SGD(momentum=0.9), rho=0.1)" as they are named, from the outside in; none is looked up."""
    head, inside = _opened(text.strip())
    return [head, *(name for item in _items(inside) if not _SETTING.match(item) for name in heads(item))]


def _interval(made: Candidate, name: str, given: Any) -> tuple[float, float]:
    made._owner(name.removeprefix("1 - "))
    try:
        low, high = (float(x) for x in given)
    except (TypeError, ValueError):
        low = high = 0.0
    if not 0 < low < high < float("inf"):
        raise ValueError(f"tune: {name} needs its lowest and highest value, 0 < low < high, got {given!r}")
    return low, high


def _written(parts: list[tuple[str, dict[str, Any]]]) -> str:
    text = ""
    for spec, hyper in reversed(parts):
        inside = ", ".join([text] * bool(text) + [f"{k}={v!r}" for k, v in hyper.items()])
        text = f"{spec}({inside})" if inside else spec
    return text


def _parts(text: str) -> list[Part]:
    """The classes of "SAM(SGD(momentum=0.9), rho=0.1)" from the outside in."""
    text = text.strip()
    head, inside = _opened(text)
    hyper: dict[str, Any] = {}
    bases = []
    for item in _items(inside):
        setting = _SETTING.fullmatch(item)
        if not setting:
            bases.append(item)
        elif setting[1] in hyper:
            raise ValueError(f"optimizer {text!r}: {setting[1]} is given twice")
        else:
            hyper[setting[1]] = _value(text, *setting.groups())
    path, _, name = head.rpartition(":")
    cls = optimizer_class(head)
    part = Part(head if path else cls.__name__, {}, source_of(path) if path else None)
    if len(bases) > issubclass(cls, Wrapper):
        me = name or head
        raise ValueError(f"optimizer {text!r}: {me} wraps no {bases[-1]}; hyper-parameters are written name=value")
    unknown = [k for k in hyper if k not in part.settable]
    if unknown:
        if unknown[0] == "lr":
            raise ValueError(f"optimizer {text!r}: {_RATE}")
        raise ValueError(
            f"optimizer {text!r}: {cls.__name__} has no hyper-parameter {unknown[0]!r}"
            f"{_near(unknown[0], list(part.settable))} It has {', '.join(part.settable)}"
        )
    return [Part(part.spec, hyper, part.source), *(part for base in bases for part in _parts(base))]


def _given(cls: type[optim.Optimizer]) -> Part:
    """A class itself: minidl's by its name, one of an importable file by path and name, another as it is."""
    if cls.__module__.startswith("minidl."):
        return Part(cls.__name__)
    try:
        inspect.getsource(cls)
    except (OSError, TypeError):
        raise ValueError(
            f"the source of {cls.__name__} cannot be read, and a record must tell which rule it is of; write the class "
            f'to a file and give "file.py:{cls.__name__}"'
        ) from None
    return Part(f"{cls.__module__}:{cls.__qualname__}", given=cls)


def _opened(text: str) -> tuple[str, str]:
    """("SAM", "SGD, rho=0.1") of "SAM(SGD, rho=0.1)"."""
    if not text.endswith(")"):
        return text, ""
    depth = 0
    for i in range(len(text) - 1, -1, -1):
        depth += (text[i] == ")") - (text[i] == "(")
        if depth == 0:
            return text[:i].strip(), text[i + 1 : -1]
    raise ValueError(f"optimizer {text!r}: a bracket is closed that was not opened")


def _items(text: str) -> list[str]:
    items, depth = [""], 0
    for c in text:
        depth += (c in "([") - (c in ")]")
        if c == "," and depth == 0:
            items.append("")
        else:
            items[-1] += c
    return [item.strip() for item in items if item.strip()]


def _value(text: str, name: str, value: str) -> Any:
    try:
        return ast.literal_eval(value.strip().capitalize() if value.strip() in ("true", "false") else value.strip())
    except (ValueError, SyntaxError):
        what = "expected a number, a word in quotes or several in brackets"
        raise ValueError(f"optimizer {text!r}: {name}={value.strip()}: {what}") from None


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else "."


def _code(parts: tuple[Part, ...]) -> str:
    """A fingerprint of the rules' code: one's own file or class, and minidl's files of what it is or extends.

    Comments and docstrings do not count, nor do the base class and what one's own file imports.
    """
    texts = {}
    for part in parts:
        if part.source is not None:
            texts["own file"] = _without_words(part.source)
        for c in part.cls.__mro__[:-1]:
            if c.__module__.startswith("minidl.") and c not in (optim.Optimizer, Wrapper):
                texts[c.__module__] = _of_module(c.__module__)
            elif part.given is not None and not c.__module__.startswith("minidl."):
                texts[c.__qualname__] = _without_words(textwrap.dedent(inspect.getsource(c)))
    return hashlib.sha256("\n".join(texts[name] for name in sorted(texts)).encode()).hexdigest()


@lru_cache
def _of_module(name: str) -> str:
    return _without_words(inspect.getsource(sys.modules[name]))


def _without_words(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, False) is not None:
            del node.body[0]
    return ast.dump(tree)
