"""Operations that move elements without computing: the derivative moves the gradient back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from ..backend import array_module, is_array
from ..operation import operation
from ..tensor import Tensor
from .elementwise import beside

# reshape forwards to a new shape, backwards to the old one; likewise the others
_reshape = operation("reshape", lambda x, to, back: x.reshape(to), x=lambda g, back: reshape(g, back))
_transpose = operation("transpose", lambda x, axes, back: x.transpose(axes), x=lambda g, back: transpose(g, back))
_broadcast_to = operation("broadcast_to", lambda x, shape: np.broadcast_to(x, shape), x=lambda g: g)
_getitem = operation("getitem", lambda x, index, shape: x[index], x=lambda g, index, shape: scatter(g, index, shape))
_copy = operation("copy", lambda x: x.copy(), x=lambda g: g)


def place_of_axis(axis: int, shape: Any) -> int:
    """The axis counted from the front; ValueError where the shape has no such axis."""
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"axis {axis} is out of range for shape {tuple(shape)}")
    return axis % len(shape)


def reshape(x: Any, *shape: Any) -> Any:
    """The same elements in another shape, given as numbers or one tuple; one entry may be -1."""
    to = shape[0] if len(shape) == 1 and not isinstance(shape[0], int | np.integer) else shape
    return _reshape(x, to=to, back=x.shape)


def transpose(x: Any, *axes: Any) -> Any:
    """The axes in another order, given as numbers or one tuple; reversed where none are given."""
    if len(axes) == 1 and not isinstance(axes[0], int | np.integer):
        axes = axes[0] or ()
    order = [place_of_axis(a, x.shape) for a in axes] if axes else list(range(x.ndim))[::-1]
    return _transpose(x, axes=order, back=list(np.argsort(order)))


def swap_last(x: Any) -> Any:
    """The last two axes exchanged: the transposed matrix, or a stack of them."""
    return x.T if x.ndim == 2 else transpose(x, *range(x.ndim - 2), x.ndim - 1, x.ndim - 2)


def broadcast_to(x: Any, shape: Any) -> Any:
    """x repeated along new axes and axes of length one until it has the shape."""
    return _broadcast_to(x, shape=tuple(shape))


def copy(x: Any) -> Any:
    """The same values in new memory; the gradient passes through."""
    return _copy(x)


def getitem(x: Any, index: Any) -> Any:
    """x[index]: numbers, slices, None, ..., integer and boolean arrays (or integer Tensors)."""
    index = tuple(beside(i, x) for i in index) if isinstance(index, tuple) else beside(index, x)
    return _getitem(x, index=index, shape=x.shape)


def _scatter_arrays(x: Any, index: Any, shape: Any) -> Any:
    xp = array_module(x)
    out = xp.zeros(shape, dtype=x.dtype)
    parts = index if isinstance(index, tuple) else (index,)
    if any(is_array(i) or isinstance(i, list) for i in parts):
        xp.add.at(out, index, x)  # an element taken twice gets both gradients
    else:
        out[index] = x
    return out


_scatter = operation("scatter", _scatter_arrays, x=lambda g, index: getitem(g, index))


def scatter(x: Any, index: Any, shape: Any) -> Any:
    """Zeros of the shape with x added at the index: what getitem's derivative is."""
    return _scatter(x, index=index, shape=shape)


@cache
def _concatenate(count: int) -> Any:
    def piece(i: int) -> Any:
        return lambda g, axis, edges: getitem(g, (slice(None),) * axis + (slice(edges[i], edges[i + 1]),))

    forward = lambda *arrays, axis, edges: np.concatenate(arrays, axis)
    return operation("concatenate", forward, **{f"x{i}": piece(i) for i in range(count)})


def concatenate(tensors: Sequence[Any], axis: int = 0) -> Any:
    """Joined along an existing axis."""
    tensors = list(tensors)
    if not tensors:
        raise ValueError("concatenate needs at least one Tensor, got an empty list")
    axis = place_of_axis(axis, tensors[0].shape)
    edges = [0, *np.cumsum([t.shape[axis] for t in tensors]).tolist()]
    return _concatenate(len(tensors))(*tensors, axis=axis, edges=edges)


def stack(tensors: Sequence[Any], axis: int = 0) -> Any:
    """Joined along a new axis."""
    tensors = list(tensors)
    if not tensors:
        raise ValueError("stack needs at least one Tensor, got an empty list")
    axis = place_of_axis(axis, (len(tensors), *tensors[0].shape))
    new_axis = (slice(None),) * axis + (None,)
    return concatenate([getitem(t, new_axis) if isinstance(t, Tensor) else t[new_axis] for t in tensors], axis)
