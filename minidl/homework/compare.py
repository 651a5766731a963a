"""Compares what a learner's code returned with what is right, and says where the two first differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

RTOL = 1e-9  # in float64; a float32 result is held to float32's own precision
_RTOL32 = 2e-5


@dataclass(frozen=True)
class Odd:
    """Stands for an object that is no number, text, array or container of them: its type and how it prints."""

    type: str
    text: str

    def __str__(self) -> str:
        return f"a {self.type}"


@dataclass(frozen=True)
class Difference:
    """The first place where a result is not what was expected."""

    where: str  # "step 3, parameter 1, element (0, 2)"; empty for the result as a whole
    expected: str
    got: str

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}expected {self.expected}, got {self.got}"


def difference(got: Any, expected: Any, rtol: float = RTOL, where: str = "") -> Difference | None:
    """None where `got` equals `expected`, else the first difference.

    Where a list or tuple is expected, any sequence of that length will do; where an array is expected, it must have
    that shape and that dtype; where a number is expected, a zero-dimensional array will do. NaN equals nothing but an
    expected NaN.
    """
    if isinstance(expected, dict):
        return _of_dict(got, expected, rtol, where)
    if isinstance(expected, list | tuple):
        return _of_sequence(got, expected, rtol, where)
    if isinstance(expected, np.ndarray):
        return _of_array(got, expected, rtol, where)
    if isinstance(expected, bool | np.bool_) or not isinstance(expected, int | float | np.number):
        same = type(got) in (bool, np.bool_) if isinstance(expected, bool | np.bool_) else type(got) is type(expected)
        return None if same and got == expected else Difference(where, show(expected), show(got))
    if not isinstance(got, int | float | np.number | np.ndarray) or isinstance(got, bool) or np.ndim(got):
        return Difference(where, f"a number, {show(expected)}", show(got))
    close = _close(np.asarray(got), np.asarray(expected), rtol)
    return None if close.all() else Difference(where, show(expected), show(got))


def _of_dict(got: Any, expected: dict, rtol: float, where: str) -> Difference | None:
    if not isinstance(got, dict):
        return Difference(where, f"a dict with the keys {_names(expected)}", show(got))
    if set(got) != set(expected):
        return Difference(where, f"the keys {_names(expected)}", _names(got) or "no keys")
    return _first(difference(got[k], expected[k], rtol, _join(where, str(k))) for k in expected)


def _of_sequence(got: Any, expected: list | tuple, rtol: float, where: str) -> Difference | None:
    if not isinstance(got, list | tuple | np.ndarray) or (isinstance(got, np.ndarray) and got.ndim == 0):
        return Difference(where, f"{len(expected)} values, {show(expected)}", show(got))
    if len(got) != len(expected):
        if isinstance(got, tuple) and isinstance(expected, tuple):
            return Difference(where, show(expected), show(got))
        return Difference(where, f"{len(expected)} value{'s' * (len(expected) != 1)}", f"{len(got)}")
    parts = enumerate(zip(got, expected, strict=True))
    return _first(difference(g, e, rtol, _join(where, f"item [{i}]")) for i, (g, e) in parts)


def _of_array(got: Any, expected: np.ndarray, rtol: float, where: str) -> Difference | None:
    if not isinstance(got, np.ndarray) and not (expected.ndim == 0 and isinstance(got, np.generic)):
        return Difference(where, f"an array of shape {expected.shape}", show(got))
    got = np.asarray(got)
    if got.shape != expected.shape:
        return Difference(where, f"shape {expected.shape}", f"shape {got.shape}")
    if got.dtype != expected.dtype and (got.dtype.kind == "f" or expected.dtype.kind == "f"):
        return Difference(where, f"dtype {expected.dtype}", f"dtype {got.dtype}")
    wrong = np.argwhere(~_close(got, expected, rtol))
    if not len(wrong):
        return None
    at = tuple(int(i) for i in wrong[0])
    place = _join(where, f"element {at}") if at else where
    return Difference(place, show(expected[at]), show(got[at]))


def _close(got: np.ndarray, expected: np.ndarray, rtol: float) -> np.ndarray:
    if expected.dtype.kind not in "fc":
        return np.asarray(got == expected)
    rounding = 1e-12
    if expected.dtype == np.float32:
        rtol, rounding = max(rtol, _RTOL32), 1e-6
    finite = np.abs(expected[np.isfinite(expected)])
    atol = max(rounding * finite.max(initial=0.0), 1e-15)  # sums in another order differ by this much
    return np.isclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)


def _first(differences: Any) -> Difference | None:
    return next((d for d in differences if d is not None), None)


def _join(where: str, part: str) -> str:
    return f"{where}, {part}" if where else part


def _names(keys: Any) -> str:
    return ", ".join(str(k) for k in keys)


def show(value: Any, limit: int = 300) -> str:
    """A value as a learner reads it: numbers to ten digits, arrays up to a few rows."""
    if isinstance(value, np.ndarray):
        if value.size > 60:
            return f"an array of shape {value.shape}, dtype {value.dtype}"
        text = np.array2string(value, precision=10, separator=", ", max_line_width=100)
    elif isinstance(value, bool | np.bool_):
        text = str(bool(value))
    elif isinstance(value, float | np.floating):
        text = f"{float(value):.10g}"
    elif isinstance(value, int | np.integer):
        text = str(int(value))
    elif isinstance(value, list):
        text = "[" + ", ".join(show(v) for v in value) + "]"
    elif isinstance(value, tuple):
        text = "(" + ", ".join(show(v) for v in value) + ("," if len(value) == 1 else "") + ")"
    elif isinstance(value, dict):
        text = "{" + ", ".join(f"{k!r}: {show(v)}" for k, v in value.items()) + "}"
    elif isinstance(value, Odd):
        text = str(value)
    else:
        text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def freeze(value: Any, depth: int = 0) -> Any:
    """A copy made of numbers, text, plain arrays and containers only; what else there is becomes Odd."""
    if value is None or isinstance(value, bool | str | bytes):
        return value
    if isinstance(value, np.ndarray):
        return (
            np.array(value) if value.dtype.kind in "biufc" else Odd("array of " + value.dtype.name, repr(value)[:200])
        )
    if isinstance(value, np.generic):
        return value.copy() if value.dtype.kind in "biufc" else Odd(type(value).__name__, repr(value)[:200])
    if type(value) is int and value.bit_length() > 4096:
        return Odd("number", f"a number of {value.bit_length()} bits")
    if type(value) in (int, float, complex):
        return value
    if depth < 8:
        if isinstance(value, dict):
            return {str(k): freeze(v, depth + 1) for k, v in value.items()}
        if isinstance(value, list):
            return [freeze(v, depth + 1) for v in value]
        if isinstance(value, tuple):
            return tuple(freeze(v, depth + 1) for v in value)
    return Odd(type(value).__name__, repr(value)[:200])
