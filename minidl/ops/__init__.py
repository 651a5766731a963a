"""Every differentiable operation beside its derivative, and the operators of Tensor."""

from __future__ import annotations  # noqa: I001

import operator
from collections.abc import Callable
from typing import Any

from ..tensor import Tensor, _plain
from .elementwise import (
    abs, add, clip, comparison, cos, div, elu, exp, gelu, leaky_relu, log, maximum, minimum, mul, neg, pow, relu,
    sigmoid, sin, softplus, sqrt, sub, tanh, where,
)  # fmt: skip
from .network import (
    batch_norm, binary_cross_entropy_with_logits, dropout, layer_norm, linear, matmul, mse, naive_batch_norm,
    naive_binary_cross_entropy, naive_linear, naive_softmax_cross_entropy, one_hot, softmax_cross_entropy,
)  # fmt: skip
from .reduction import argmax, log_softmax, logsumexp, max, mean, min, softmax, sum, var
from .shape import broadcast_to, concatenate, copy, getitem, reshape, stack, transpose

__all__ = [
    "abs", "add", "argmax", "batch_norm", "binary_cross_entropy_with_logits", "broadcast_to", "clip", "concatenate",
    "copy", "cos", "div", "dropout", "elu", "exp", "gelu", "getitem", "layer_norm", "leaky_relu", "linear", "log",
    "log_softmax", "logsumexp", "matmul", "max", "maximum", "mean", "min", "minimum", "mse", "mul", "naive_batch_norm",
    "naive_binary_cross_entropy", "naive_linear", "naive_softmax_cross_entropy", "neg", "one_hot", "pow", "relu",
    "reshape", "sigmoid", "sin", "softmax", "softmax_cross_entropy", "softplus", "sqrt", "stack", "sub", "sum", "tanh",
    "transpose", "var", "where",
]  # fmt: skip

# -- the operators and methods of Tensor, all in one place

Tensor.__add__ = Tensor.__radd__ = add
Tensor.__mul__ = Tensor.__rmul__ = mul
Tensor.__sub__ = sub
Tensor.__rsub__ = lambda self, other: sub(other, self)
Tensor.__truediv__ = div
Tensor.__rtruediv__ = lambda self, other: div(other, self)
Tensor.__pow__ = pow
Tensor.__rpow__ = lambda self, other: pow(other, self)
Tensor.__matmul__ = matmul
Tensor.__rmatmul__ = lambda self, other: matmul(other, self)
Tensor.__neg__ = neg
Tensor.__abs__ = abs
Tensor.__getitem__ = getitem

# comparisons have no derivative: they give boolean arrays
Tensor.__lt__ = comparison(operator.lt)
Tensor.__le__ = comparison(operator.le)
Tensor.__gt__ = comparison(operator.gt)
Tensor.__ge__ = comparison(operator.ge)

for _method in (
    abs, argmax, clip, copy, cos, exp, log, log_softmax, logsumexp, max, mean, min, relu, reshape, sigmoid, sin,
    softmax, sqrt, sum, tanh, transpose, var,
):  # fmt: skip
    setattr(Tensor, _method.__name__, _method)

# NumPy's functions of Tensors: np.sum(t) is minidl.sum(t), which keeps the graph; what minidl lacks sees arrays and
# gives arrays, for example np.allclose(t, x).
_SHARED_WITH_NUMPY = {
    "argmax", "broadcast_to", "clip", "concatenate", "max", "mean", "min", "reshape", "stack", "sum",
    "transpose", "var",
}  # fmt: skip


def _numpy_function(self: Tensor, function: Callable, types: Any, args: Any, kwargs: Any) -> Any:
    if function.__name__ in _SHARED_WITH_NUMPY:
        return globals()[function.__name__](*args, **kwargs)
    return function(*_plain(args), **{k: _plain(v) for k, v in kwargs.items()})


Tensor.__array_function__ = _numpy_function
