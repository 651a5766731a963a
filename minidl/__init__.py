"""minidl: a deep-learning framework to read, train and compare optimizers with.

    import minidl
    x = minidl.Tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    x.grad                                                # Tensor([2., 4.])

Start reading at tensor.py, then ops/, optim/, nn/, train.py. Importing minidl imports NumPy and nothing else; the
rooms nn, optim, data, train and lab are imported when they are first used.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

if sys.argv[:2] == ["-m", "homework"] and sys.path[:1] == [os.getcwd()]:
    # python -m minidl homework: a learner's numpy.py in the current folder is not NumPy
    sys.path.append(sys.path.pop(0))

from . import ops
from .anomaly import detect_anomaly
from .backend import seed
from .gradcheck import gradcheck
from .operation import operation
from .ops import *  # noqa: F403
from .tensor import Tensor, grad, no_grad

if TYPE_CHECKING:
    from . import checkpoint, data, lab, nn, optim, train
    from .train import History, fit

__version__ = "0.1.0"
__all__ = [
    "History", "Tensor", "checkpoint", "data", "detect_anomaly", "fit", "grad", "gradcheck", "lab", "nn", "no_grad",
    "operation", "ops", "optim", "seed", "train", *ops.__all__,
]  # fmt: skip

_ROOMS = {"checkpoint", "cli", "data", "lab", "nn", "optim", "train"}
_MOVED = {"fit": "train", "History": "train"}


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f".{name}", __name__)
    if name in _MOVED:
        return getattr(importlib.import_module(f".{_MOVED[name]}", __name__), name)
    raise AttributeError(f"module 'minidl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOMS, *_MOVED})
