"""What a network is made of: matrix products, losses, normalisation, dropout.

Where the mathematics is one thing the operation is one too; its `naive_` twin beside it shows what a textbook writes,
and a test holds the two equal.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import array_module, device_of, is_array, on_device_of, to_device
from ..operation import operation
from ..tensor import Tensor
from .elementwise import exp, log, mul, number, sigmoid, softplus, value
from .reduction import mean, softmax, sum, var
from .shape import getitem, reshape, swap_last

# -- products

_matmul = operation(
    "matmul",
    np.matmul,
    a=lambda g, b: g @ swap_last(b),
    b=lambda g, a: swap_last(a) @ g,
)


def matmul(a: Any, b: Any) -> Any:
    """a @ b: the product of matrices, of stacks of matrices (broadcast), or with vectors, as numpy.matmul."""
    a, b = (x if isinstance(x, Tensor) or is_array(x) else np.asarray(x) for x in (a, b))
    shapes = a.shape, b.shape
    if not (shapes[0] and shapes[1]) or shapes[0][-1] != shapes[1][-2 if len(shapes[1]) > 1 else 0]:
        raise ValueError(f"matmul of shapes {shapes[0]} and {shapes[1]}: the last axis of a must fit b's rows")
    if len(shapes[0]) > 1 and len(shapes[1]) > 1:
        return _matmul(a, b)
    row = a if len(shapes[0]) > 1 else getitem(a, (None, slice(None)))
    column = b if len(shapes[1]) > 1 else getitem(b, (slice(None), None))
    y = _matmul(row, column)
    keep = y.shape[: -2 + (len(shapes[0]) > 1)] if len(shapes[1]) == 1 else y.shape[:-2] + y.shape[-1:]
    return reshape(y, keep)


def _rows(x: Any) -> Any:
    return x if x.ndim == 2 else reshape(x, (-1, x.shape[-1]))


def _linear_arrays(x: Any, w: Any, b: Any) -> Any:
    y = np.matmul(x, w)
    y += b
    return y


_linear = operation(
    "linear",
    _linear_arrays,
    x=lambda g, w: g @ w.T,
    w=lambda g, x: _rows(x).T @ _rows(g),
    b=lambda g: g,
)


def linear(x: Any, w: Any, b: Any = None) -> Any:
    """x @ w + b with x (..., D), w (D, M), b (M,) or None; the result is (..., M)."""
    return matmul(x, w) if b is None else _linear(x, w, b)


def naive_linear(x: Any, w: Any, b: Any) -> Any:
    """linear, from a product and a sum."""
    return x @ w + b


# -- losses


def _reduced(losses: Any, reduction: str) -> Any:
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.mean()


def _scale(g: Any, reduction: str, like: Any) -> Any:
    """The gradient of every single loss, from the gradient of the reduced one."""
    return g / like.shape[0] if reduction == "mean" else g


def _lowest_highest(x: Any) -> Any:
    with on_device_of(x):
        return x.min().item(), x.max().item()


def check_reduction(reduction: str) -> str:
    """The reduction itself; ValueError unless it is "mean", "sum" or "none"."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}")
    return reduction


def _cross_entropy_arrays(x: Any, labels: Any, reduction: str) -> Any:
    shifted = x - x.max(axis=1, keepdims=True)
    losses = np.log(np.exp(shifted).sum(axis=1)) - shifted[array_module(x).arange(len(x)), labels]
    return _reduced(losses, reduction)


def one_hot(labels: Any, classes: int, dtype: Any = np.float32) -> Any:
    """A row per label with 1 at the label and 0 elsewhere: (N,) integers to (N, classes)."""
    labels = np.asarray(labels) if isinstance(labels, list | tuple) else value(labels)
    if labels.size:
        low, high = _lowest_highest(labels)
        if low < 0 or high >= classes:
            raise ValueError(f"labels must lie in 0 .. {classes - 1}, got {low} .. {high}")
    with on_device_of(labels):
        return _one_hot(labels, classes, dtype)


def _one_hot(labels: Any, classes: int, dtype: Any) -> Any:
    xp = array_module(labels)
    rows = xp.zeros((len(labels), classes), dtype=dtype)
    rows[xp.arange(len(labels)), labels] = 1
    return rows


def _cross_entropy_derivative(g: Any, x: Any, labels: Any, reduction: str) -> Any:
    per_sample = _scale(g, reduction, x)
    if reduction == "none":
        per_sample = reshape(per_sample, (-1, 1))
    return (softmax(x, axis=1) - _one_hot(labels, x.shape[1], x.dtype)) * per_sample


_softmax_cross_entropy = operation("softmax_cross_entropy", _cross_entropy_arrays, x=_cross_entropy_derivative)


def class_labels(logits: Any, labels: Any) -> Any:
    """The labels as an integer array on the logits' device, checked: shape (N,), whole numbers in 0 .. C - 1."""
    data = value(logits)
    labels = value(labels) if is_array(value(labels)) else np.asarray(labels)
    if data.ndim != 2:
        raise ValueError(f"cross-entropy needs logits of shape (N, C), one row per sample, got {data.shape}")
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"cross-entropy needs integer class labels, got dtype {labels.dtype}; "
            "for one-hot rows take labels.argmax(axis=1)"
        )
    if labels.shape != data.shape[:1]:
        raise ValueError(
            f"cross-entropy got {data.shape[0]} rows of logits and labels of shape {labels.shape}; it takes one whole "
            f"number per row, shape ({data.shape[0]},): labels.argmax(axis=1) of one-hot rows, labels[:, 0] of a column"
        )
    if data.size == 0:
        raise ValueError(f"cross-entropy of no samples: logits have shape {data.shape}")
    low, high = _lowest_highest(labels)
    if low < 0 or high >= data.shape[1]:
        raise ValueError(
            f"labels must lie in 0 .. {data.shape[1] - 1} for {data.shape[1]} classes, got {low} .. {high}"
        )
    return to_device(labels, device_of(data))


def softmax_cross_entropy(logits: Any, labels: Any, reduction: str = "mean") -> Any:
    """-log softmax(logits)[label]: logits (N, C), integer labels (N,); "mean" and "sum" give (), "none" gives (N,)."""
    check_reduction(reduction)
    return _softmax_cross_entropy(logits, labels=class_labels(logits, labels), reduction=reduction)


def naive_softmax_cross_entropy(logits: Any, labels: Any) -> Any:
    """The mean of -log of the label's probability, as a textbook writes it; overflows for large logits."""
    e = exp(logits)
    p = e / sum(e, axis=1, keepdims=True)
    return -mean(log(getitem(p, (np.arange(len(labels)), labels))))


_bce = operation(
    "binary_cross_entropy_with_logits",
    lambda x, t, reduction: _reduced(softplus(x) - x * t, reduction),
    x=lambda g, x, t, reduction: (sigmoid(x) - t) * _scale_all(g, reduction, x),
    t=lambda g, x, reduction: -x * _scale_all(g, reduction, x),
)
_mse = operation(
    "mse",
    lambda a, b, reduction: _reduced((a - b) ** 2, reduction),
    a=lambda g, a, b, reduction: 2 * (a - b) * _scale_all(g, reduction, a),
    b=lambda g, a, b, reduction: 2 * (b - a) * _scale_all(g, reduction, a),
)


def _scale_all(g: Any, reduction: str, like: Any) -> Any:
    return g / np.size(like) if reduction == "mean" else g


def _same_shape(name: str, prediction: Any, target: Any) -> None:
    if np.shape(prediction) != np.shape(target):
        raise ValueError(
            f"{name}: predictions have shape {np.shape(prediction)}, targets {np.shape(target)}; they must be equal, "
            "because broadcasting (N, 1) against (N,) would compare every prediction with every target"
        )


def binary_cross_entropy_with_logits(logits: Any, targets: Any, reduction: str = "mean") -> Any:
    """-t log s - (1 - t) log(1 - s) with s = sigmoid(logits); targets in [0, 1] of the same shape."""
    check_reduction(reduction)
    targets = targets if isinstance(targets, Tensor) or is_array(targets) else np.asarray(targets)
    _same_shape("binary_cross_entropy_with_logits", logits, targets)
    t = value(targets)
    if t.size:
        low, high = _lowest_highest(t)
        if not (low >= 0 and high <= 1):  # also where they are NaN
            raise ValueError(f"targets must lie in [0, 1], got {low:g} .. {high:g}")
    return _bce(logits, targets, reduction=reduction)


def naive_binary_cross_entropy(logits: Any, targets: Any) -> Any:
    """The mean of the formula above as it stands; infinite where the sigmoid rounds to 0 or 1."""
    s = sigmoid(logits)
    return -mean(targets * log(s) + (1 - targets) * log(1 - s))


def mse(prediction: Any, target: Any, reduction: str = "mean") -> Any:
    """(prediction - target)^2, of equal shapes; "mean" and "sum" run over all elements."""
    check_reduction(reduction)
    _same_shape("mse", prediction, target)
    return _mse(prediction, target, reduction=reduction)


# -- regularisation and normalisation

_dropout = operation("dropout", lambda x, mask: x * mask, x=lambda g, mask: g * mask)


def dropout(x: Any, p: float, rng: np.random.Generator) -> Any:
    """Each element 0 with probability p, else divided by 1 - p, so that its mean stays (Srivastava et al. 2014)."""
    if not 0 <= p < 1:
        raise ValueError(f"dropout needs 0 <= p < 1, got {p}")
    data = value(x)
    if data.dtype.kind != "f":
        raise TypeError(f"dropout needs floating data, got dtype {data.dtype}")
    keep = rng.random(data.shape, dtype=np.float32) >= p
    mask = to_device(keep / data.dtype.type(1 - p), device_of(data))
    return _dropout(x, mask=mask)


def _standardize_arrays(x: Any, axes: Any, eps: float) -> Any:
    centred = x - x.mean(axis=axes, keepdims=True)
    return centred / np.sqrt((centred * centred).mean(axis=axes, keepdims=True) + eps)


# with respect to x, of (x - mean) / std: the gradient less its mean and less its projection on y, over std
_standardize = operation(
    "standardize",
    _standardize_arrays,
    x=lambda g, x, y, axes, eps: (
        (g - mean(g, axes, keepdims=True) - y * mean(g * y, axes, keepdims=True))
        / (var(x, axes, keepdims=True) + eps) ** 0.5
    ),
)


def batch_norm(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """gamma (x - mean) / sqrt(var + eps) + beta, mean and variance of each column (Ioffe & Szegedy 2015, Alg. 1)."""
    return mul(_standardize(x, axes=(0,), eps=number(eps)), gamma) + beta


def layer_norm(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """The same with the mean and variance of each row, over the last axis (Ba et al. 2016)."""
    return mul(_standardize(x, axes=(x.ndim - 1,), eps=number(eps)), gamma) + beta


def naive_batch_norm(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """batch_norm, from its single steps."""
    centred = x - mean(x, axis=0)
    return centred / (mean(centred * centred, axis=0) + eps) ** 0.5 * gamma + beta
