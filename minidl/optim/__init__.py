"""Optimizers, schedules and gradient clipping.

The course family lives in sgd.py, adaptive.py and adam.py; the rest, from more/, is reachable here by the same names.
"""

from __future__ import annotations

import difflib

from . import more, schedules
from .adam import Adam, AdamW
from .adaptive import AdaDelta, AdaGrad, RMSProp
from .catalogue import catalogue
from .check import check_optimizer
from .clip import clip_grad_norm, clip_grad_value
from .finder import RangeTest, find_lr
from .more import *  # noqa: F403
from .more import AdaMax
from .optimizer import Optimizer
from .plateau import ReduceOnPlateau
from .sgd import SGD, Momentum, Nesterov
from .worked import worked_steps

# PyTorch's spellings
Adagrad, Adadelta, RMSprop, Adamax = AdaGrad, AdaDelta, RMSProp, AdaMax
clip_grad_norm_, clip_grad_value_ = clip_grad_norm, clip_grad_value

__all__ = [
    "AdaDelta", "AdaGrad", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Momentum", "Nesterov", "Optimizer",
    "RMSProp", "RMSprop", "RangeTest", "ReduceOnPlateau", "SGD", "catalogue", "check_optimizer", "clip_grad_norm",
    "clip_grad_norm_", "clip_grad_value", "clip_grad_value_", "find_lr", "get", "names", "schedules", "worked_steps",
    *more.__all__,
]  # fmt: skip

_COURSE = (SGD, Momentum, Nesterov, AdaGrad, AdaDelta, RMSProp, Adam, AdamW)


def names() -> list[str]:
    """The names of the course's eight optimizers, from simple to involved."""
    return [cls.__name__ for cls in _COURSE]


def get(name: str) -> type[Optimizer]:
    """The optimizer class of a name, matched without regard to case; ValueError with the near matches."""
    rest = [getattr(more, n) for n in more.__all__]
    family = [*_COURSE, *(c for c in rest if isinstance(c, type) and issubclass(c, Optimizer))]
    by_name = {cls.__name__.lower(): cls for cls in family}
    if name.lower() not in by_name:
        near = difflib.get_close_matches(name.lower(), by_name, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(by_name[n].__name__ for n in near)}?" if near else "."
        raise ValueError(f"unknown optimizer {name!r}{hint} There are: {', '.join(cls.__name__ for cls in family)}")
    return by_name[name.lower()]
