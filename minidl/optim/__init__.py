"""Optimizers, schedules and gradient clipping. The course family lives in sgd.py, adaptive.py and adam.py."""

from __future__ import annotations

import difflib

from . import schedules
from .adam import Adam, AdamW
from .adaptive import AdaDelta, AdaGrad, RMSProp
from .clip import clip_grad_norm, clip_grad_value
from .optimizer import Optimizer
from .sgd import SGD, Momentum, Nesterov

# PyTorch's spellings
Adagrad, Adadelta, RMSprop = AdaGrad, AdaDelta, RMSProp
clip_grad_norm_, clip_grad_value_ = clip_grad_norm, clip_grad_value

__all__ = [
    "AdaDelta", "AdaGrad", "Adadelta", "Adagrad", "Adam", "AdamW", "Momentum", "Nesterov", "Optimizer", "RMSProp",
    "RMSprop", "SGD", "clip_grad_norm", "clip_grad_norm_", "clip_grad_value", "clip_grad_value_", "get", "names",
    "schedules",
]  # fmt: skip

_FAMILY = (SGD, Momentum, Nesterov, AdaGrad, AdaDelta, RMSProp, Adam, AdamW)


def names() -> list[str]:
    """The names of all optimizers, from simple to involved."""
    return [cls.__name__ for cls in _FAMILY]


def get(name: str) -> type[Optimizer]:
    """The optimizer class of a name, matched without regard to case; ValueError with the near matches."""
    by_name = {cls.__name__.lower(): cls for cls in _FAMILY}
    if name.lower() not in by_name:
        near = difflib.get_close_matches(name.lower(), by_name, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(by_name[n].__name__ for n in near)}?" if near else "."
        raise ValueError(f"unknown optimizer {name!r}{hint} There are: {', '.join(names())}")
    return by_name[name.lower()]
