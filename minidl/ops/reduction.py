"""Operations that make an axis one number: the derivative spreads the gradient over the axis again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import on_device_of
from ..operation import operation
from .elementwise import exp, value
from .shape import broadcast_to, place_of_axis, reshape


def _spread(g: Any, kept: Any, shape: Any) -> Any:
    return broadcast_to(reshape(g, kept), shape)


def _count(kept: Any, shape: Any) -> int:
    """How many elements become one."""
    return math.prod(shape) // (math.prod(kept) or 1)


# kept: the shape with reduced axes as 1; shape: of the input; both worked out by _axes
_sum = operation(
    "sum",
    lambda x, axes, keepdims, kept, shape: x.sum(axis=axes, keepdims=keepdims),
    x=lambda g, kept, shape: _spread(g, kept, shape),
)
_mean = operation(
    "mean",
    lambda x, axes, keepdims, kept, shape: x.mean(axis=axes, keepdims=keepdims),
    x=lambda g, kept, shape: _spread(g / _count(kept, shape), kept, shape),
)
_var = operation(
    "var",
    lambda x, axes, keepdims, kept, shape, ddof: x.var(axis=axes, keepdims=keepdims, ddof=ddof),
    x=lambda g, x, axes, kept, shape, ddof: (
        reshape(g, kept) * (x - mean(x, axes, keepdims=True)) * (2 / (_count(kept, shape) - ddof))
    ),
)
_max = operation(
    "max",
    lambda x, axes, keepdims, kept, shape: x.max(axis=axes, keepdims=keepdims),
    x=lambda g, x, y, axes, kept: _to_winners(g, x, y, axes, kept),
)
_min = operation(
    "min",
    lambda x, axes, keepdims, kept, shape: x.min(axis=axes, keepdims=keepdims),
    x=lambda g, x, y, axes, kept: _to_winners(g, x, y, axes, kept),
)


def _to_winners(g: Any, x: Any, y: Any, axes: Any, kept: Any) -> Any:
    """The gradient to the largest (smallest) elements; those that are equal share it."""
    wins = value(x) == value(y).reshape(kept)
    return reshape(g, kept) * (wins / wins.sum(axis=axes, keepdims=True)).astype(g.dtype)


def _axes(x: Any, axis: Any, keepdims: bool) -> dict[str, Any]:
    shape = x.shape
    if axis is None:
        axes = tuple(range(len(shape)))
    else:
        axes = tuple(int(a) for a in axis) if isinstance(axis, tuple | list) else (int(axis),)
        axes = tuple(place_of_axis(a, shape) for a in axes)
    kept = tuple(1 if i in axes else n for i, n in enumerate(shape))
    return {"axes": axes, "keepdims": keepdims, "kept": kept, "shape": shape}


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum over an axis, several (a tuple) or all (None)."""
    return _sum(x, **_axes(x, axis, keepdims))


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean over an axis, several (a tuple) or all (None)."""
    return _mean(x, **_axes(x, axis, keepdims))


def var(x: Any, axis: Any = None, keepdims: bool = False, ddof: int = 0) -> Any:
    """The variance; divides by n - ddof, so that ddof=0 is NumPy's default and 1 is PyTorch's."""
    options = _axes(x, axis, keepdims)
    if _count(options["kept"], options["shape"]) <= ddof:
        raise ValueError(f"var with ddof={ddof} needs more than {ddof} elements, got shape {x.shape}, axis {axis}")
    return _var(x, **options, ddof=ddof)


def max(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest element; where several are equal they share the gradient."""
    return _max(x, **_axes(x, axis, keepdims))


def min(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest element; where several are equal they share the gradient."""
    return _min(x, **_axes(x, axis, keepdims))


def argmax(x: Any, axis: Any = None) -> Any:
    """The place of the largest element: an integer array (it has no derivative)."""
    x = value(x)
    with on_device_of(x):
        return x.argmax(axis=axis)


# -- exponentials, shifted by the largest element so that nothing overflows


def _shift(x: Any, axes: Any) -> Any:
    top = x.max(axis=axes, keepdims=True)
    return np.where(np.isfinite(top), top, np.zeros_like(top))


def _logsumexp_arrays(x: Any, axes: Any, keepdims: bool, kept: Any, shape: Any) -> Any:
    top = _shift(x, axes)
    y = np.log(np.exp(x - top).sum(axis=axes, keepdims=True)) + top
    return y if keepdims else y.reshape([n for i, n in enumerate(shape) if i not in axes])


def _log_softmax_arrays(x: Any, axis: int) -> Any:
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _softmax_arrays(x: Any, axis: int) -> Any:
    y = np.exp(x - x.max(axis=axis, keepdims=True))
    return y / y.sum(axis=axis, keepdims=True)


_logsumexp = operation(
    "logsumexp", _logsumexp_arrays, x=lambda g, x, y, kept: reshape(g, kept) * exp(x - reshape(y, kept))
)
_softmax = operation("softmax", _softmax_arrays, x=lambda g, y, axis: y * (g - sum(g * y, axis, keepdims=True)))
_log_softmax = operation(
    "log_softmax",
    _log_softmax_arrays,
    x=lambda g, y, axis: g - exp(y) * sum(g, axis, keepdims=True),
)


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))) over an axis, several or all, without overflow."""
    return _logsumexp(x, **_axes(x, axis, keepdims))


def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / sum(exp(x)) along an axis: probabilities from logits."""
    return _softmax(x, axis=axis)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """log(softmax(x)) along an axis, without the loss of digits of taking the logarithm afterwards."""
    return _log_softmax(x, axis=axis)
