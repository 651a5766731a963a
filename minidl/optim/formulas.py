"""A statement of the source as a formula to read, and the same formula with numbers put in.

`m_hat = m / (1 - beta1**t)`, about to be executed in some frame, becomes the quantity `m_hat` and a tree in which every
name carries its value. What only serves the program is left out: `state["v"]` and `self.v` are `v`, `float(x)` is `x`,
of `a if test else b` only the side that counts remains.
"""

from __future__ import annotations

import ast
import copy
import functools
import inspect
import itertools
import linecache
import math
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

import numpy as np

from ..tensor import Tensor

DIGITS = 7  # of a value
_PRECISE = (9, 11, 13, 15, 17)  # digits of the numbers in a formula: as many as it takes to get the digits of the value

FUNCTIONS: dict[str, Any] = {  # what a formula may call, by the name that it is printed with
    **{name: getattr(np, name) for name in ("sqrt", "maximum", "minimum", "sign", "absolute", "where", "exp", "log")},
    "clip": np.clip, "array": np.array, "abs": abs, "max": max, "min": min, "sum": np.sum, "norm": np.linalg.norm,
    "mean": lambda x, axis=None: np.mean(x, axis, keepdims=axis is not None), "copysign": math.copysign,
    "inf": math.inf,
}  # fmt: skip
_LIKE_ITS_ARGUMENT = {"float", "int", "asarray", "to_device", "to_numpy", "as_tensor"}  # f(x) is shown as x
_LIKE_ITSELF = {"copy", "reshape", "astype"}  # x.f() too
_HARMLESS = {
    *("abs", "float", "int", "len", "list", "max", "min", "range", "sum", "tuple", "zip"),
    *("copy", "items", "mean", "parameters", "reshape", "values", "_rate"),
}
_OPERATORS: dict[str, ast.operator] = {
    "add": ast.Add(), "subtract": ast.Sub(), "multiply": ast.Mult(), "divide": ast.Div(), "power": ast.Pow(),
}  # fmt: skip
_COMPARED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


class Part(NamedTuple):
    """What a statement makes: a quantity, its formula, and a function that gives the value once it is executed."""

    quantity: str
    formula: ast.expr
    value: Callable[[], Any]


def number(x: Any) -> Any:
    """x as a float, an int, an array of several, or a list of such; None for what is no number."""
    if isinstance(x, Tensor):
        x = x.data
    if isinstance(x, bool | np.bool_ | str) or x is None:
        return None
    if isinstance(x, list | tuple) and x:
        numbers = [number(i) for i in x]
        return None if any(i is None for i in numbers) else numbers
    if isinstance(x, np.ndarray) and x.dtype.kind in "fi":
        return x.item() if x.size == 1 else x.copy()
    return x.item() if isinstance(x, np.number) else x if isinstance(x, int | float) else None


def literal(x: Any, digits: int = DIGITS) -> str:
    """A number as it is printed; a matrix as [1 2; 3 4], with two digits less; a condition as yes or no."""
    if isinstance(x, bool | np.bool_):
        return "yes" if x else "no"
    if isinstance(x, list):
        return f"[{', '.join(literal(i, digits) for i in x)}]"
    if isinstance(x, np.ndarray) and x.size != 1:
        rows = [" ".join(literal(float(i), digits - 2) for i in row) for row in np.atleast_2d(x)]
        return f"[{'; '.join(rows)}]"
    x = float(x)
    return f"{0.0 if x == 0 else x:.{digits}g}"


def source(formula: ast.AST) -> str:
    return ast.unparse(formula).replace(" ** ", "**")


def with_numbers(formula: ast.expr, value: Any, calls: dict[str, Any], helpers: dict[str, Any]) -> str:
    """The formula with its numbers put in, precise enough to give `value` to DIGITS digits; "" if it cannot be redone.

    calls: what the functions gave whose inside is shown; helpers: those that are shown as f(number).
    """
    filled = _Filled(_PRECISE[-1], calls).visit(copy.deepcopy(formula))
    unknown = {node.id for node in ast.walk(filled) if isinstance(node, ast.Name) and node.id[0].isalpha()}
    if not unknown <= {*FUNCTIONS, *helpers}:
        return ""
    for digits in _PRECISE:
        text = source(_Filled(digits, calls).visit(copy.deepcopy(formula)))
        try:
            if literal(redone(text, helpers)) == literal(value):
                return text
        except Exception:  # a helper that wants arrays
            break
    return source(_Filled(_PRECISE[0], calls).visit(copy.deepcopy(formula)))


def redone(text: str, helpers: dict[str, Any] | None = None) -> Any:
    """The value of a formula with numbers, as they are printed."""
    known = {name: _on_numbers(f) for name, f in (helpers or {}).items()} | FUNCTIONS
    text = re.sub(r"\[([^][,]+)\]", lambda m: f"array([[{re.sub(' *; *', '],[', m[1]).replace(' ', ',')}]])", text)
    return eval(text, {"__builtins__": {}}, known)


def _on_numbers(f: Callable[..., Any]) -> Callable[..., Any]:
    """A helper of the source, which takes arrays: of what is a number here, or a matrix of one and then numbers."""

    def called(*xs: Any) -> Any:
        xs = tuple(np.float64(x) if isinstance(x, float | int) else x for x in xs)
        try:
            return f(*xs)
        except (ValueError, np.linalg.LinAlgError):
            return number(f(np.reshape(xs[0], (1, 1)), *map(number, xs[1:])))

    return called


class _Filled(ast.NodeTransformer):
    """Puts in the numbers."""

    def __init__(self, digits: int, calls: dict[str, Any]) -> None:
        self.digits, self.calls = digits, calls

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._literal(node, getattr(node, "number", None))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        return self._literal(node, self.calls.get(source(node.func)))

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return self._literal(node, number(node.value))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        node.operand = self.visit(node.operand)
        if isinstance(node.operand, ast.UnaryOp):  # -(-0.5), not --0.5
            node.operand = ast.Name(f"({source(node.operand)})")
        return node

    def _literal(self, node: ast.expr, value: Any) -> ast.expr:
        if value is None:
            return node
        text = literal(value, self.digits)
        return ast.UnaryOp(ast.USub(), ast.Name(text[1:])) if text[0] == "-" else ast.Name(text)


def leaf(shown: str, value: Any) -> ast.Name:
    """A name of a formula, with its number."""
    node = ast.Name(shown)
    node.number = number(value)  # type: ignore[attr-defined]
    return node


@functools.cache
def _statements(text: str) -> list[ast.stmt]:
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]


def statement_at(file: str, line: int, column: int | None = None) -> ast.stmt | None:
    """The innermost statement at a place of the source.

    Without a column None where two statements begin in the line: a = 1; b = 2, or if a: b = 2.
    """
    text = "".join(linecache.getlines(file))  # also that of a notebook's cell
    around = [s for s in _statements(text) if s.lineno <= line <= (s.end_lineno or s.lineno)]
    if column is not None:
        around = [s for s in around if (s.lineno, s.col_offset) <= (line, column) < (s.end_lineno, s.end_col_offset)]
        return max(around, key=lambda s: (s.lineno, s.col_offset), default=None)
    first = max(around, key=lambda s: s.lineno, default=None)
    return None if any(s.lineno == line and s is not first for s in around) else first


@functools.cache
def shared_lines(code: CodeType) -> set[int]:
    """The lines of a function in which more than one statement begins."""
    lines = {line for _, _, line in code.co_lines() if line}
    begun = [s.lineno for s in _statements("".join(linecache.getlines(code.co_filename))) if s.lineno in lines]
    return {line for line in begun if begun.count(line) > 1}


def place(frame: FrameType) -> tuple[int, int] | None:
    """Line and column of what a frame executes now; None for what stands nowhere in the source."""
    line, _, column, _ = next(itertools.islice(frame.f_code.co_positions(), frame.f_lasti // 2, None))
    return None if line is None or column is None else (line, column)


class Reader(ast.NodeTransformer):
    """Reads the expressions of a frame. arrays: those of the optimizer by name; single: all have one element."""

    def __init__(self, frame: FrameType, arrays: dict[str, Any], single: bool) -> None:
        self.frame, self.arrays, self.single = frame, arrays, single
        self.names = {**frame.f_globals, **frame.f_locals}
        self.alias: dict[str, ast.expr] = {}

    def parts(self, node: ast.stmt) -> Iterator[Part]:
        """What the statement will make, as far as it is numbers."""
        if isinstance(node, ast.Assign):
            yield from self.assigned(node.targets, node.value)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield from self.assigned([node.target], node.value)
        elif isinstance(node, ast.AugAssign):
            target, value = self.read(node.target), self.visit(copy.deepcopy(node.value))
            factor = isinstance(node.op, ast.Mult)
            new = ast.BinOp(value, node.op, target) if factor else ast.BinOp(target, node.op, value)
            yield Part(self.shown(node.target), self.visit_BinOp(new, done=True), self.later(node.target))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            call = node.value
            into = self.written_into(call)
            if into is not None:
                yield Part(self.shown(into[0]), self.read(into[1]), self.later(into[0]))
            elif isinstance(call.func, ast.Attribute) and call.func.attr == "append":
                last = ast.Subscript(call.func.value, ast.UnaryOp(ast.USub(), ast.Constant(1)), ast.Load())
                yield Part(self.shown(last), self.read(call.args[0]), self.later(last))
        elif isinstance(node, ast.If) and not isinstance(node.body[0], ast.Raise):
            test = node.test
            if isinstance(test, ast.Compare) and all(isinstance(op, _COMPARED) for op in test.ops):
                yield Part("if", self.read(test), self.now(test))
        elif isinstance(node, ast.Return) and node.value is not None:
            for inner in ast.walk(node.value):
                if isinstance(inner, ast.Dict):
                    for key, x in zip(inner.keys, inner.values, strict=True):
                        if isinstance(key, ast.Constant):
                            yield Part(str(key.value), self.read(x), self.now(x))
                if isinstance(inner, ast.DictComp):
                    for x, value in self.each(inner.value, inner.generators[0]):
                        yield Part(_plain(self.frame.f_code.co_name), x, functools.partial(_identity, value))

    def written_into(self, call: ast.Call) -> tuple[ast.expr, ast.expr] | None:
        """Of np.copyto(m, x) and np.add(a, b, out=m): what is written into, and what is written."""
        name = source(call.func)
        if name == "np.copyto" and len(call.args) == 2 and not call.keywords:
            return call.args[0], call.args[1]
        out = [k.value for k in call.keywords if k.arg == "out"]
        if not name.startswith("np.") or not out or len(call.keywords) > 1:
            return None
        operator = _OPERATORS.get(name[3:])
        if operator and len(call.args) == 2:
            return out[0], ast.BinOp(call.args[0], operator, call.args[1])
        return out[0], ast.Call(call.func, call.args, [])

    def assigned(self, targets: list[ast.expr], value: ast.expr) -> Iterator[Part]:
        target = targets[0]
        if not isinstance(target, ast.Tuple):
            names = dict.fromkeys(self.shown(t) for t in targets)
            yield Part(" = ".join(names), self.read(value), self.later(target))
        elif isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
            for t, x in zip(target.elts, value.elts, strict=True):
                yield from self.assigned([t], x)
        elif isinstance(value, ast.GeneratorExp):
            for t, (x, _) in zip(target.elts, self.each(value.elt, value.generators[0]), strict=True):
                yield Part(self.shown(t), x, self.later(t))
        elif isinstance(value, ast.Call) and _root(value.func) != "np":
            for i, t in enumerate(target.elts):
                yield Part(self.shown(t), ast.Subscript(self.read(value), ast.Constant(i)), self.later(t))

    def later(self, target: ast.expr) -> Callable[[], Any]:
        return lambda: Reader(self.frame, self.arrays, self.single).value(target)

    def now(self, node: ast.expr) -> Callable[[], Any]:
        return functools.partial(_identity, self.value(node))

    def read(self, node: ast.expr) -> ast.expr:
        """The expression as a formula whose names carry their numbers."""
        return self.visit(copy.deepcopy(node))

    def value(self, node: ast.expr, unknown: Any = None) -> Any:
        """What the expression is at this moment; `unknown` where that is to come, or takes a call with effects."""
        if not all(_harmless(call) for call in ast.walk(node) if isinstance(call, ast.Call)):
            return unknown
        node = copy.deepcopy(node)
        if hasattr(node, "ctx"):
            node.ctx = ast.Load()
        try:
            return eval(compile(ast.fix_missing_locations(ast.Expression(node)), "<formula>", "eval"), self.names)
        except Exception:  # names that a loop inside the expression binds, keys that are still to come
            return unknown

    def each(self, node: ast.expr, loop: ast.comprehension) -> Iterator[tuple[ast.expr, Any]]:
        """The terms of a comprehension, as formulas and as values."""
        if isinstance(loop.iter, ast.Tuple) and isinstance(loop.target, ast.Name):
            for element in loop.iter.elts:
                self.alias[loop.target.id] = self.read(element)
                yield self.read(node), None
            del self.alias[loop.target.id]
            return
        before = self.names
        for x in list(self.value(loop.iter) or ()):
            self.names = before | _bound(loop.target, x)
            yield self.read(node), self.value(node)
        self.names = before

    # -- names

    def shown(self, node: ast.expr) -> str:
        """How a name is printed."""
        if isinstance(node, ast.Name):
            return self.array_name(node.id) or ("w_before" if self.is_copy(node.id) else _plain(node.id))
        if isinstance(node, ast.Attribute):
            if node.attr in ("_data", "data", "_grad", "grad"):
                if node.attr in ("_grad", "grad") or isinstance(node.value, ast.Attribute):
                    return "g"
                return "w" if isinstance(node.value, ast.Name) and node.value.id == "p" else self.shown(node.value)
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if owner in ("np", "math") or (owner == "self" and _plain(node.attr) not in self.frame.f_locals):
                return _plain(node.attr)
            return source(node).replace("np.", "")
        if isinstance(node, ast.Subscript):
            if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
                return _plain(node.slice.value)
            if source(node.slice) in ("...", ":"):
                return self.shown(node.value)
            index = self.value(node.slice) if isinstance(node.slice, ast.Name) else None
            if isinstance(self.names.get(source(node.slice)), Tensor):  # one of each parameter
                return self.shown(node.value)
            if not isinstance(node.slice, ast.Tuple):
                return f"{self.shown(node.value)}[{index if type(index) is int else source(node.slice)}]"
        return re.sub(r"\b(np\.linalg\.|np\.|math\.)", "", source(node))

    def is_copy(self, name: str) -> bool:
        """Whether a name says w, but is not the parameter's array, which is there as p."""
        x, p = self.names.get(name), self.names.get("p")
        if name != "w" or not isinstance(x, np.ndarray) or not isinstance(p, Tensor):
            return False
        return x.shape == p.shape and not np.shares_memory(x, p.data)

    def array_name(self, name: str) -> str:
        """The optimizer's name of an array that is called by another here: b1 for b in a loop over buffers."""
        x, own = self.names.get(name), self.arrays.get(name)
        if not isinstance(x, np.ndarray) or (own is not None and np.shares_memory(own, x)):
            return ""
        return next((own for own, a in self.arrays.items() if own not in self.names and np.shares_memory(a, x)), "")

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Name) and node.id in self.alias:
            return self.alias[node.id]
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.ListComp):
            return leaf(self.shown(node), self.value(node))
        return super().visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        test = self.value(node.test, unknown=self)
        return self.generic_visit(node) if test is self else self.visit(node.body if test else node.orelse)  # type: ignore

    def visit_BinOp(self, node: ast.BinOp, done: bool = False) -> ast.expr:
        if self.single and isinstance(node.op, ast.MatMult):
            node.op = ast.Mult()
        return node if done else self.generic_visit(node)  # type: ignore[return-value]

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else self.shown(node.func)
        method = isinstance(node.func, ast.Attribute) and _root(node.func) not in ("np", "math", "self")
        if method and name in _LIKE_ITSELF:
            return self.visit(node.func.value)  # type: ignore[attr-defined]
        if name in _LIKE_ITS_ARGUMENT:
            return self.visit(node.args[0])
        if name == "sum" and node.args and isinstance(node.args[0], ast.GeneratorExp):
            terms = [x for x, _ in self.each(node.args[0].elt, node.args[0].generators[0])]
            return functools.reduce(lambda a, b: ast.BinOp(a, ast.Add(), b), terms) if terms else ast.Constant(0)
        if method and name in ("sum", "mean"):
            axis = [] if self.single else node.args
            return ast.Call(ast.Name(name), [self.visit(x) for x in (node.func.value, *axis)], [])  # type: ignore
        if name == "_rate":
            return leaf("lr", self.value(node))
        if name == "len" or (_root(node.func) == "np" and name not in FUNCTIONS):
            return leaf(self.shown(node), self.value(node))
        return ast.Call(ast.Name(_plain(name)), [self.visit(x) for x in node.args], [])


def _identity(x: Any) -> Any:
    return x


def _plain(name: str) -> str:
    return name.lstrip("_") or name


def _harmless(call: ast.Call) -> bool:
    """Whether a call may be made once more, to know its value before the statement is executed."""
    if _root(call.func) in ("np", "math"):
        return "random" not in source(call.func)
    return source(call.func).split(".")[-1] in _HARMLESS


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _bound(target: ast.expr, x: Any) -> dict[str, Any]:
    if isinstance(target, ast.Tuple):
        return {name: y for t, i in zip(target.elts, x, strict=True) for name, y in _bound(t, i).items()}
    return {target.id: x} if isinstance(target, ast.Name) else {}


def helpers_of(frame: FrameType) -> dict[str, FunctionType]:
    """The functions of a frame's file and those it imports from other files of optim, by the name that is printed."""
    names = frame.f_globals
    of_optim = (name for name in sys.modules if name.startswith("minidl.optim.more."))
    own = (names["__name__"], "minidl.optim.clip", *of_optim)
    return {_plain(name): f for name, f in names.items() if isinstance(f, FunctionType) and f.__module__ in own}


def explained(name: str, function: FunctionType) -> tuple[str, str]:
    """A helper's call, such as norm(x), and what it does: the first sentence of its docstring, or what it returns."""
    code = function.__code__
    call = f"{name}({', '.join(code.co_varnames[: code.co_argcount])})"
    if function.__doc__:
        return call, re.split(r"(?<=\.)\s(?=[A-Z])", " ".join(function.__doc__.split("\n\n")[0].split()))[0]
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    returns = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value]
    return call, source(returns[-1]) if returns else ""
