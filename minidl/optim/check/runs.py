"""The experiments of check_optimizer: runs on made-up losses, calls of `update` kept for inspection, and its source."""

from __future__ import annotations

import ast
import functools
import inspect
import re
import sys
import textwrap
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...tensor import Tensor
from ..more.wrappers import Wrapper
from ..optimizer import Optimizer

Make = Callable[..., Optimizer]
SHAPES: list[tuple[int, ...]] = [(3, 4), (3, 4), (5,), ()]  # two alike: state must not be kept by shape


class Failed(Exception):
    """What a check has found."""


def require(condition: Any, message: str) -> None:
    if not condition:
        raise Failed(message)


def same(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> bool:
    """Equal to the last bit."""
    return all(x.dtype == y.dtype and np.array_equal(x, y, equal_nan=True) for x, y in zip(a, b, strict=True))


class Run:
    """Parameters, their optimizer, and a loss for them: the sum of h/2 (w - target)^2, with new targets in every step.

    which: the numbers of the parameters, from which w, h and targets follow: number 2 is the same in every run.
    """

    def __init__(
        self, make: Make, shapes: Sequence[tuple[int, ...]], dtype: Any = "float32", which: Sequence[int] | None = None,
        arrange: Callable[[list[Tensor]], Any] = list, start: float = 1.0, strided: bool = False,
    ) -> None:  # fmt: skip
        self.which = range(len(shapes)) if which is None else which
        self.params = []
        for i in self.which:
            w = np.asarray(start * (2 + np.random.default_rng(i).normal(size=shapes[i])), dtype=dtype)
            self.params.append(Tensor(w, requires_grad=True))
            if strided and w.ndim:  # every other element of something larger
                self.params[-1].data = np.repeat(w, 2, axis=0)[::2]
        self.optimizer = self.base = make(arrange(self.params))
        while isinstance(self.base, Wrapper):
            self.base = self.base.base
        self.t = 0
        self.calls: list[Call] = []
        self.kept_gradients = True

    def step(self, count: int = 1, without: Sequence[int] = (), scale: float = 1.0, target: int | None = None) -> Run:
        """without: numbers of parameters that get no gradient. scale: of the loss. target: the same in every step."""
        for _ in range(count):
            terms = [(p, *_bowl(i, self.t if target is None else target, scale, p.shape, str(p.dtype)))
                     for i, p in zip(self.which, self.params, strict=True) if i not in without]  # fmt: skip
            self.t += 1
            if self.optimizer.closure:
                self._step_with_closure(terms)
                continue
            for p in self.params:
                p.grad = None
            given = [(p, h * (p.data - aim)) for p, h, aim in terms]
            for p, g in given:
                p.grad = g.copy()
            self.optimizer.step()
            self.kept_gradients &= all(p.grad is not None and same([p.grad.data], [g]) for p, g in given)
        return self

    def _step_with_closure(self, terms: list[Any]) -> None:
        def closure() -> Any:
            self.optimizer.zero_grad()
            loss: Any = sum((h / 2 * (p - aim) * (p - aim)).sum() for p, h, aim in terms)
            if self.optimizer.closure == "backward":
                loss.backward()
            return loss

        self.optimizer.step(closure)

    def loss(self, target: int) -> float:
        """In float64."""
        numbered = zip(self.which, self.params, strict=True)
        bowls = [(p.data.astype("float64"), *_bowl(i, target, 1.0, p.shape, "float64")) for i, p in numbered]
        return float(sum((h / 2 * (w - aim) ** 2).sum() for w, h, aim in bowls))

    @property
    def weights(self) -> list[np.ndarray]:
        return [p.data.copy() for p in self.params]

    def rate(self, lr: Any) -> Run:
        self.optimizer.lr = lr
        return self

    def recorded(self) -> Run:
        """From now on every call of update is kept in `calls`."""
        update, code = self.base.update, getattr(type(self.base).update, "__code__", None)

        def recording(*arrays: Any, **settings: Any) -> None:
            before, names = [None if a is None else a.copy() for a in arrays], {}

            def watch(frame: Any, event: str, _: Any) -> None:
                if event == "return" and frame.f_code is code:
                    names.update(frame.f_locals)

            profile = sys.getprofile()
            sys.setprofile(watch)
            try:
                result = update(*arrays, **settings)
            finally:
                sys.setprofile(profile)
            self.calls.append(Call(update, before, list(arrays), settings, result, names))

        self.base.update = recording  # type: ignore[method-assign, assignment]
        return self

    def attributes(self) -> dict[str, Any]:
        """The optimizer's attributes and its classes', to compare; without those that the base class looks after."""
        me = type(self.base)
        found = {f"{c.__name__}.{k}": x for c in me.__mro__ for k, x in vars(c).items() if c not in Optimizer.__mro__}
        found |= {f"self.{k}": x for k, x in vars(self.base).items() if k not in _KNOWN}
        return {k: _value(x) for k, x in found.items() if not callable(x)}


@functools.lru_cache(1000)  # drawing takes longer than a step
def _bowl(i: int, t: int, scale: float, shape: tuple[int, ...], dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """h and target of parameter i in step t."""
    h = np.random.default_rng([i, 0]).uniform(0.3, 1.0, shape) * scale
    target = np.random.default_rng([i, 1 + t]).normal(size=shape)
    return np.asarray(h, dtype=dtype), np.asarray(target, dtype=dtype)


_KNOWN = {*vars(Optimizer(Tensor([0.0], requires_grad=True), lr=0.0)), "update"}


def _value(x: Any) -> Any:
    if isinstance(x, np.ndarray):
        return x.shape, x.tobytes()
    if isinstance(x, dict | list | tuple):
        return tuple(_value(i) for i in (x.values() if isinstance(x, dict) else x))
    return x if isinstance(x, int | float | str) else type(x)


class Call(NamedTuple):
    """A call of update. before, arrays: w, g and the state as they were, and the same arrays after it; names: what
    update had by name at its end."""

    update: Callable[..., Any]
    before: list[Any]
    arrays: list[Any]
    settings: dict[str, Any]
    result: Any
    names: dict[str, Any]

    def lost(self, i: int, name: str) -> bool:
        """Whether the name of array i stood for another array in the end, whose contents are gone."""
        x, array = self.names.get(name), self.arrays[i]
        return isinstance(x, np.ndarray) and not np.shares_memory(x, array) and not np.array_equal(x, array)

    def again(self, elements: Any) -> list[Any]:
        """The same call on those elements of its arrays alone; the arrays afterwards, without g."""
        arrays = [None if a is None else a.reshape(-1)[elements].copy() for a in self.before]
        self.update(*arrays, **self.settings)
        return [a for i, a in enumerate(arrays) if i != 1 and a is not None]


def _nudged(x: Any) -> Any:
    """Another value near x; None for what is no number."""
    if isinstance(x, tuple):
        return tuple(map(_nudged, x))
    if isinstance(x, bool | int):
        return not x if isinstance(x, bool) else x + 1
    return (0.9 * x or 0.05) if isinstance(x, float) else None


def remedy(error: Exception, cls: type[Optimizer]) -> str:
    """What to do about an error that is often made in a rule, as a clause; "" for others."""
    known = {"lr", "t", "first", *inspect.signature(cls).parameters}
    if isinstance(error, NameError) and error.name in known:
        return f"; what update uses it must name after its *: `def update(..., *, ..., {error.name})`"
    if isinstance(error, TypeError) and re.search(r"only .* arrays can be converted", str(error)):
        return "; functions of math take one number, those of NumPy arrays: `np.sqrt(v)`, not `math.sqrt(v)`"
    return ""


class Subject:
    """The optimizer under test: how to make it, what it is called, and its source."""

    def __init__(self, cls: Make, hyper: dict[str, Any]) -> None:
        self.make: Make = lambda params, **other: cls(params, **(hyper | other))
        self.cls, self.hyper = cls if isinstance(cls, type) else None, hyper
        self.name = cls.__name__ if isinstance(cls, type) else "the optimizer"
        self.type: type[Optimizer] = cls if isinstance(cls, type) else Optimizer
        self.shapes, self.closure, self.wrapped = SHAPES, "", False

    def run(self, **options: Any) -> Run:
        return Run(self.make, self.shapes, **options)

    def refuses(self, shape: tuple[int, ...]) -> bool:
        """Whether no optimizer can be made for a parameter of this shape."""
        try:
            Run(self.make, [shape])
        except ValueError:
            return True
        return False

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether a parameter of this shape can be trained."""
        try:
            Run(self.make, [shape]).recorded().step(4)
        except Exception:
            return False
        return True

    def other(self, name: str, **more: Any) -> Any:
        """Another value near that of a hyper-parameter; None where it is no number or would leave its range."""
        parameter = inspect.signature(self.cls or self.make).parameters.get(name)
        other = _nudged(self.hyper.get(name, parameter.default if parameter else None))
        try:
            if other is not None:
                self.make(self.run().params, **more, **{name: other})
        except ValueError:
            return None
        return other

    @property
    def together(self) -> str:
        """Why parameters may influence each other; "" where they must not."""
        whys = [(self.type.shared, "shared numbers"), (self.type.prepare is not Optimizer.prepare, "prepare"),
                (self.closure, "a closure")]  # fmt: skip
        return next((f"not asked: with {why} it looks at all parameters together" for it, why in whys if it), "")

    @property
    def names(self) -> list[str]:
        """How update calls w, g and the state."""
        parameters = inspect.signature(self.type.update).parameters.values()
        return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][1:]

    def changed(self, before: dict[str, Any], run: Run) -> str:
        """Which attributes a run has changed, as a clause."""
        after = run.attributes()
        names = [name for name in after if name not in before or after[name] != before[name]]
        return f": the steps change {', '.join(names)}" if names else ""

    def told(self, error: Exception) -> str:
        """The error, and the line of the learner's code that raised it."""
        package = str(Path(__file__).parents[2])
        files = {inspect.getsourcefile(c) for c in self.type.__mro__ if c not in Optimizer.__mro__}
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if f.filename in files] or [f for f in frames if not f.filename.startswith(package)]
        at = f" (line {own[-1].lineno} of {Path(own[-1].filename).name}: `{own[-1].line}`)" if own else ""
        return f"{type(error).__name__}: {error}{at}{remedy(error, self.type)}"

    def lines_that_set(self, names: Sequence[str]) -> str:
        """Where update assigns those attributes."""
        found = [
            number for node, number in self._assignments()
            for x in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if ast.unparse(x) in {f"self.{name}" for name in names}
        ]  # fmt: skip
        return f" (line {', '.join(map(str, dict.fromkeys(found)))})" if found else ""

    def rebound(self, name: str) -> str:
        """The lines of update that make a new array and call it by this name, each with the line to write instead."""
        told = []
        for node, number in self._assignments():
            if isinstance(node, ast.Assign) and any(isinstance(x, ast.Name) and x.id == name for x in node.targets):
                line = f"line {number}, `{ast.unparse(node)}`, makes a new array"
                told.append(f"{line}; write `{_in_place(name, node.value)}`")
        return "; ".join(told)

    def written(self, name: str) -> str:
        """The lines of update that write into the array of this name, each with a line that does not."""
        told = []
        for node, number in self._assignments():
            for x in node.targets if isinstance(node, ast.Assign) else [node.target]:
                inside = isinstance(x, ast.Subscript) and ast.unparse(x.value) == name
                if inside or (isinstance(node, ast.AugAssign) and ast.unparse(x) == name):
                    value = ast.BinOp(x, node.op, node.value) if isinstance(node, ast.AugAssign) else node.value
                    told.append(f"line {number}, `{ast.unparse(node)}`; write `{name} = {ast.unparse(value)}`")
        return "; ".join(told)

    def _assignments(self) -> list[tuple[ast.Assign | ast.AugAssign, int]]:
        try:
            source, first = inspect.getsourcelines(self.type.update)
            tree = ast.parse(textwrap.dedent("".join(source)))
        except (OSError, TypeError, SyntaxError):  # no file: typed at a prompt
            return []
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AugAssign)]
        return [(node, first + node.lineno - 1) for node in nodes]


def _in_place(name: str, value: ast.expr) -> str:
    """`name = value` as a statement that changes the array."""
    signs = {ast.Add: "+=", ast.Sub: "-=", ast.Mult: "*=", ast.Div: "/="}
    if isinstance(value, ast.BinOp) and type(value.op) in signs and ast.unparse(value.left) == name:
        return f"{name} {signs[type(value.op)]} {ast.unparse(value.right)}"
    return f"{name}[...] = {ast.unparse(value)}"
