"""The NaN detector: which operation, on which line of the user's code, made the first NaN or infinity?"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .backend import on_device_of
from .operation import Operation
from .tensor import Tensor, _mode

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep


def _user_line() -> str:
    """file:line of the innermost frame outside minidl, with the source text where it can be read."""
    import linecache

    frame: Any = sys._getframe(1)
    while frame.f_back is not None and os.path.abspath(frame.f_code.co_filename).startswith(_HERE):
        frame = frame.f_back
    file, line = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(file, line).strip()
    return f'File "{file}", line {line}' + (f": {text}" if text else "")


def _bad(x: Any) -> str:
    """"NaN", "infinity" or "" (all finite)."""
    data = x.data if isinstance(x, Tensor) else x
    if not hasattr(data, "dtype"):
        data = np.asarray(data)
    with on_device_of(data):
        if data.dtype.kind != "f" or bool(np.isfinite(data).all()):
            return ""
        return "NaN" if bool(np.isnan(data).any()) else "infinity"


class _Detector:
    def check_forward(self, result: Tensor, op: Operation, inputs: Sequence[Any]) -> None:
        result._line = _user_line()
        found = _bad(result)
        if not found:
            return
        for i, x in enumerate(inputs, 1):
            if _bad(x):
                raise FloatingPointError(
                    f"input {i} of {op.name} already held {_bad(x)} (data or parameters, not a result): {result._line}"
                )
        raise FloatingPointError(f"the forward of {op.name} made the first {found}: {result._line}")

    def check_backward(self, dx: Any, g: Any, y: Tensor, op: Operation) -> None:
        found = _bad(dx)
        if found:
            line = getattr(y, "_line", "a line outside detect_anomaly(); open it around the forward pass too")
            if _bad(g):  # no derivative made it, or it would have been reported
                raise FloatingPointError(
                    f"the gradient with respect to the result of {op.name} already held {_bad(g)} (given to "
                    f"backward(), or a sum of several gradients that overflowed); forward at {line}"
                )
            raise FloatingPointError(f"the derivative of {op.name} made the first {found}; forward at {line}")


@contextlib.contextmanager
def detect_anomaly() -> Iterator[None]:
    """Inside, the first NaN or infinity raises FloatingPointError, naming the operation and the line of your code.

    Works for the forward and the backward pass (open it around both). It looks at every element of every result,
    so it is for finding a fault, not for every run.
    """
    before, _mode.anomaly = _mode.anomaly, _Detector()
    try:
        with np.errstate(all="ignore"):  # our message says more than NumPy's warning
            yield
    finally:
        _mode.anomaly = before
