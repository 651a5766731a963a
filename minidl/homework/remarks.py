"""What can be said of a wrong answer that is like no known mistake: how its numbers differ, what is kept too long."""

from __future__ import annotations

import ast
import math
from typing import Any

import numpy as np

_MUTABLE = (ast.List, ast.Dict, ast.Set)
_CHANGES = {"append", "extend", "insert", "add", "update", "setdefault", "pop", "clear"}


def remark(got: Any, expected: Any) -> str:
    """What the first value that differs has in common with the right one; empty where there is nothing to say."""
    if got is None and expected is not None:
        return "A function without `return` gives None; print only shows a value. Look for what is returned."
    if isinstance(got, dict) and isinstance(expected, dict) and got.keys() == expected.keys():
        return _first((got[k], expected[k]) for k in expected)
    if isinstance(got, list | tuple) and isinstance(expected, list | tuple):
        if 0 < len(got) < len(expected) and _alike(got, expected[: len(got)]):
            return (
                "What is there is right, but it ends too early: is there a loop, and does no `return` or `break` stand "
                "inside it?"
            )
        if len(got) == len(expected) and _numbers(expected) is None:
            return _first(zip(got, expected, strict=True))
    a, b = _numbers(got), _numbers(expected)
    if a is None or b is None:
        return ""
    if _dtype(got) == np.float64 and _dtype(expected) == np.float32:
        return "float32 came in and float64 comes out: look for what makes float64 (float, np.zeros without a dtype)."
    if a.shape != b.shape:
        return "This is the right array transposed." if a.ndim == 2 and _alike(a.T, b) else ""
    return _of_numbers(a, b)


def _of_numbers(a: np.ndarray, b: np.ndarray) -> str:
    if not (a.size and np.isfinite(a).all() and np.isfinite(b).all()) or _alike(a, b):
        return ""
    if a.ndim == 2 and a.shape[0] == a.shape[1] and _alike(a.T, b):
        return "This is the right array transposed."
    if _alike(a, np.trunc(b)):
        return "These are the right numbers without what stands behind the point: look for integers (int, //, dtype)."
    digits = -math.log10(np.max(np.abs(a - b)) / np.max(np.abs(b))) if b.any() else 0.0
    if digits >= 5:
        return (
            f"Your numbers are right to about {int(digits)} digits: look for a rounding (round, float32) or a small "
            "number that was added."
        )
    if np.count_nonzero(b) > 1 and not a[b == 0].any():
        times = a[b != 0] / b[b != 0]
        if np.allclose(times, times[0], rtol=1e-9, atol=0) and times[0]:
            if np.isclose(times[0], -1):
                return "These are the right numbers with the opposite sign."
            return f"Each of these numbers is {times[0]:.6g} times the right one."
    return ""


def _first(pairs: Any) -> str:
    """The remark on the first pair that differs."""
    for got, expected in pairs:
        text = remark(got, expected)
        if text or not _alike(got, expected):
            return text
    return ""


def _numbers(value: Any) -> np.ndarray | None:
    """A number, an array, or nested lists of numbers as one array of float64."""
    if isinstance(value, bool | str | dict) or value is None:
        return None
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    return array.astype(np.float64) if array.dtype.kind in "iuf" else None


def _dtype(value: Any) -> np.dtype | None:
    return value.dtype if isinstance(value, np.ndarray | np.generic) else None


def _alike(got: Any, expected: Any) -> bool:
    from minidl.homework.compare import difference

    a, b = _numbers(got), _numbers(expected)
    if a is None or b is None:
        return difference(got, expected) is None
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-9, atol=1e-12))


def kept_between_calls(source: str) -> str:
    """What is said of a name that is made once and lives on from call to call; empty where there is none."""
    tree = ast.parse(source)
    changed = _changed(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            plain = [*node.args.posonlyargs, *node.args.args]
            pairs = [*zip(plain[::-1], node.args.defaults[::-1], strict=False)]
            for argument, default in (*pairs, *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)):
                if isinstance(default, _MUTABLE) and argument.arg in changed:
                    return (
                        f"Line {default.lineno}: the default `{ast.unparse(default)}` is made once, not at every call, "
                        "and keeps what was put in; use None and make it inside the function."
                    )
    own = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.Module):
            for line in node.body:
                names = (_names(line) & changed) - own
                if names and isinstance(getattr(line, "value", None), _MUTABLE):
                    owner = f"the class {node.name}" if isinstance(node, ast.ClassDef) else "the file"
                    return (
                        f"Line {line.lineno}: `{min(names)}` belongs to {owner}, so there is only one, and it keeps "
                        "what was put in from one call, and one object, to the next; make it where it is needed."
                    )
        if isinstance(node, ast.FunctionDef):
            for line in node.body:
                if isinstance(line, ast.Global):
                    return (
                        f"Line {line.lineno}: `{line.names[0]}` is global, so it keeps its value from one call to the "
                        "next; make it inside the function."
                    )
    return ""


def repeated(source: str) -> str:
    """What is said of a list of arrays that is one array many times; empty where there is none."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            for side in (node.left, node.right):
                if isinstance(side, ast.List) and any(map(_makes_new, side.elts)):
                    return (
                        f"Line {node.lineno}: `{ast.unparse(node)}` holds one and the same object many times, not as "
                        "many objects; make a new one for each: [... for p in params]."
                    )
    return ""


def _makes_new(x: ast.expr) -> bool:
    """Whether an expression makes an array, list or dict: what one name changes, all see. Numbers do not change."""
    made = {"zeros", "ones", "empty", "full", "array", "copy", "list", "dict", "zeros_like", "ones_like", "empty_like"}
    if isinstance(x, ast.Call):
        return getattr(x.func, "attr", getattr(x.func, "id", "")) in made
    return isinstance(x, _MUTABLE)


def _names(line: ast.stmt) -> set[str]:
    targets = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", None)]
    return {t.id for t in targets if isinstance(t, ast.Name)}


def _changed(tree: ast.AST) -> set[str]:
    """Names `x` of `x[...] = ...`, `self.x[...] += ...`, `x += ...` and `x.append(...)`."""
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            found.append(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES:
            found.append(node.func.value)
        elif isinstance(node, ast.AugAssign):
            found.append(node.target)
    return {getattr(f, "attr", getattr(f, "id", "")) for f in found}
