"""The table of optimizers, made from the classes: rule, source, defaults, state, gradients per step.

    for row in catalogue():
        print(row.name, row.rule)
"""

from __future__ import annotations

import inspect
import math
import re
import sys
import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby, zip_longest
from typing import Any, NamedTuple

import numpy as np

from ..tensor import Tensor
from . import adam, adaptive, more, optimizer, schedules, sgd
from .more import (
    adam_family,
    averaged,
    conventions,
    conventions_other,
    factored,
    follow_leader,
    hessian,
    layerwise,
    lbfgs,
    matrix,
    mixed,
    momentum,
    normalized,
    polyak,
    ratefree,
    schedulefree,
    search,
    second_moments,
    sign,
    wrappers,
)

# the files of the family, from simple to hard
_FILES = (
    sgd, adaptive, adam, momentum, sign, averaged, conventions, adam_family, second_moments, normalized, mixed,
    layerwise, factored, follow_leader, polyak, ratefree, schedulefree, matrix, hessian, lbfgs,
    conventions_other, search, wrappers,
)  # fmt: skip
SHAPE = (64, 32)  # of the weight on which state is counted

_AUTHORS = r"(?:[A-Z][\w'-]+|et al\.|&)(?:(?:, | )(?:[A-Z][\w'-]+|et al\.|&))*"
_CITATION = re.compile(rf"(?<![\w\"]){_AUTHORS} (?:19|20)\d\d\b")


class Row(NamedTuple):
    """What the table says of one optimizer.

    rule: the formulas that its docstring begins with; source: who published it and when (a variant without a paper
    of its own: whose convention it is, and the source of the plain rule); defaults: of the signature, lr first, and
    "needs lr" where it has none; state: floats of state per parameter, counted after steps on a weight of shape SHAPE
    with the default settings ("+1" where a wrapped optimizer's come on top); gradients: how many a step costs;
    closure: what `step` needs one for ("" where it needs none, "backward", or "loss" for one that calls no backward).
    """

    name: str
    group: str
    rule: str
    source: str
    defaults: str
    state: str
    gradients: str
    closure: str


def family() -> list[type[optimizer.Optimizer]]:
    """All optimizer classes, the course's first, the rest from simple to hard."""
    return [
        x for module in _FILES for x in vars(module).values()
        if isinstance(x, type) and issubclass(x, optimizer.Optimizer) and x.__module__ == module.__name__
        and (module in _FILES[:3] or x.__name__ in more.__all__)
    ]  # fmt: skip


def catalogue(classes: Iterable[type[optimizer.Optimizer]] | None = None) -> list[Row]:
    """One row for each class, by default for the whole family; learners' own classes may be among them."""
    return [
        Row(
            cls.__name__, _group(cls), rule_of(cls), source_of(cls), defaults_of(cls), state_text(cls), cls.gradients,
            cls.closure,
        )
        for cls in (family() if classes is None else classes)
    ]  # fmt: skip


def _group(cls: type) -> str:
    """The idea of the file that a class stands in: the first sentence of the file's docstring."""
    first = (inspect.getdoc(sys.modules[cls.__module__]) or "").split("\n\n")[0]
    return re.split(r"(?<=\.)\s(?=[A-Z])", " ".join(first.split()), maxsplit=1)[0]


def _head(cls: type) -> tuple[str, str]:
    """The first paragraph of a docstring: its formulas, and what stands to the right of them, which is the source."""
    rule = ""
    right: list[str] = []
    for line in _paragraphs(cls)[0].splitlines():
        formula, *rest = re.split(r" {4,}", line.strip())
        if rest and re.match(r"\(|\w+:", rest[0]):  # a remark on the formula
            formula, rest = f"{formula}  {rest[0]}", []
        join = "  " if not rule or rule[-1] in ":;" or formula.startswith("with ") else ";  "
        rule, right = rule + join + formula, right + rest
    return rule.strip(), ", ".join(right)


def _paragraphs(cls: type) -> list[str]:
    """Of the class's own docstring, not of an inherited one."""
    return inspect.cleandoc(vars(cls).get("__doc__") or "").split("\n\n")


def rule_of(cls: type) -> str:
    """The formulas that the docstring begins with, in one line."""
    return _head(cls)[0]


def source_of(cls: type) -> str:
    """Authors and year, from the docstring; for a convention, whose it is and where the plain rule comes from."""
    right = _head(cls)[1]
    if right:
        found = [right] if "after " in right else _CITATION.findall(right)
    else:
        found = [x for paragraph in _paragraphs(cls) for x in _CITATION.findall(" ".join(paragraph.split()))][:1]
    if found:
        return "; ".join(found)
    parents = [source_of(c) for c in cls.__mro__[1:] if issubclass(c, optimizer.Optimizer)]
    after = next((f"after {source}".replace("after after", "after") for source in parents if source), "")
    return "; ".join(filter(None, [right, after]))


def defaults_of(cls: type) -> str:
    """The hyper-parameters with their defaults, lr first."""
    parameters = list(inspect.signature(cls).parameters.values())[1:]
    parameters.sort(key=lambda p: p.name != "lr")
    needed = [f"needs {p.name}" for p in parameters if p.default is p.empty]
    return ", ".join(needed + [f"{p.name}={short(p.default)}" for p in parameters if p.default is not p.empty])


def short(x: Any) -> str:
    """A hyper-parameter as one writes it: 0 for 0.0, 1e-08."""
    if isinstance(x, tuple):
        return f"({', '.join(map(short, x))}{',' * (len(x) == 1)})"
    return f"{x:.12g}" if isinstance(x, float) else repr(x)


# -- state


def made(cls: Any, params: list[Tensor], /, **settings: Any) -> optimizer.Optimizer:
    """An optimizer of that class with those settings, at lr = 0.1 where it needs one and has none; wrappers of SGD."""
    parameters = inspect.signature(cls).parameters
    if "base" in parameters:
        return cls(sgd.SGD(params, lr=settings.pop("lr", 0.1)), **settings)
    if "lr" in parameters and parameters["lr"].default is inspect.Parameter.empty:
        settings.setdefault("lr", 0.1)
    return cls(params, **settings)


def state_of(cls: type[optimizer.Optimizer], /, **settings: Any) -> dict[str, tuple[int, ...]]:
    """The shapes of the state arrays of a weight of shape SHAPE, by name, after some steps."""
    w = Tensor(np.random.default_rng(0).normal(size=SHAPE), requires_grad=True)
    rule = made(cls, [w], **settings)

    def loss() -> Tensor:
        total = (w * w * w * w * np.arange(1.0, 1 + w.size).reshape(w.shape)).sum()
        if rule.closure != "loss":
            rule.zero_grad()
            total.backward()
        return total

    for _ in range(3):
        rule.step(loss)
    states = rule.state_dict()["state"].values()
    return {name: x.shape for arrays in states for name, x in arrays.items() if isinstance(x, np.ndarray)}


def _floats(cls: type[optimizer.Optimizer], /, **settings: Any) -> float:
    return sum(math.prod(shape) for shape in state_of(cls, **settings).values()) / math.prod(SHAPE)


def state_text(cls: type[optimizer.Optimizer], /, **settings: Any) -> str:
    """Floats of state per parameter, counted; of a rule with a history of any length, as a multiple of the length."""
    if "history_size" in inspect.signature(cls).parameters and "history_size" not in settings:
        one, two = (_floats(cls, **settings, history_size=n) for n in (1, 2))
        return f"{two - one:.2g} history_size + {2 * one - two:.2g}"
    return ("+" if "base" in inspect.signature(cls).parameters else "") + f"{_floats(cls, **settings):.2g}"


# -- as text


def columns(cells: Sequence[Sequence[str]], widths: Sequence[int], indent: int = 0) -> str:
    """Lines of cells below each other, each wrapped to the width of its column; the last column may be as wide."""
    out = []
    for line in cells:
        wrapped = [textwrap.wrap(x, n, break_on_hyphens=False) or [""] for x, n in zip(line, widths, strict=True)]
        for parts in zip_longest(*wrapped, fillvalue=""):
            row = "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True))
            out.append((" " * indent + row).rstrip())
    return "\n".join(out)


def table(rows: Sequence[Row], width: int | None = 120) -> str:
    """The rows as text in that many columns, grouped by idea; with None one line each, whatever its length."""
    heads = ("name", "paper, year", "state", "gradients", "closure")
    cells = [(r.name, r.source, r.state, r.gradients, r.closure or "-") for r in rows]
    if width is None:
        whole = [(*heads, "defaults", "rule"), *((*c, r.defaults, r.rule) for c, r in zip(cells, rows, strict=True))]
        return columns(whole, [max(map(len, column)) for column in zip(*whole, strict=True)])
    fixed = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    fixed[2:4] = min(fixed[2], 14), min(fixed[3], 15)
    widths = [fixed[0], max(18, width - sum(fixed) + fixed[1] - 2 * len(fixed) + 2), *fixed[2:]]
    out = [columns([heads, ["-" * w for w in widths]], widths)]
    for group, members in groupby(zip(rows, cells, strict=True), key=lambda member: member[0].group):
        out += ["", textwrap.fill(group, width)]
        for row, cell in members:
            out.append(columns([cell], widths))
            for text in (row.rule, row.defaults):
                out += filled(text, width, "    ", "      ")
    return "\n".join(out)


def filled(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Lines of formulas: broken at double spaces, which stand between formulas, and inside one only where it must."""
    lines = [first]
    for part in re.split(r"(?<=\S)  (?=\S)", text):
        if len(lines[-1]) + 2 + len(part) <= width or not lines[-1].strip():
            lines[-1] += ("  " if lines[-1].strip() else "") + part
        else:
            lines.append(rest + part)
        if len(lines[-1]) > width:
            lines[-1:] = textwrap.wrap(lines[-1], width, subsequent_indent=rest, break_on_hyphens=False)
    return lines


def footnotes() -> list[str]:
    """What the columns mean, and what there is besides optimizers."""
    others = sorted(set(more.__all__) - {cls.__name__ for cls in family()}, key=str.lower)
    of_gradients = ["clip_grad_value", "clip_grad_norm", *(x for x in others if x.islower())]
    return [
        f"state: floats per parameter with the default settings, counted on a {SHAPE[0]} x {SHAPE[1]} weight (+: "
        "beside those of the wrapped optimizer). gradients: how many a step takes. closure: what step(closure) needs, "
        "a function that returns the loss (loss), or that also calls backward() (backward); -: nothing.",
        "With any of them, for gradients: " + ", ".join(of_gradients),
        "for averages of weights: " + ", ".join(x for x in others if not x.islower()),
        "as lr, optim.schedules: " + ", ".join(schedules.__all__) + "; and optim.ReduceOnPlateau",
    ]
