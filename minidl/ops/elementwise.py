"""Elementwise operations: a table of derivatives.

Each entry reads: name, forward on arrays, then one derivative per input. `g` is the gradient with respect to the
result, `y` the result; `a=lambda g, b: g * b` says that the derivative with respect to a is g times b. Broadcasting
is undone in one place, by the engine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import device_of, is_array, on_device_of, to_device
from ..operation import operation
from ..tensor import Tensor


def value(x: Any) -> Any:
    """The array of a Tensor, anything else unchanged: for masks and signs, which have no derivative."""
    return x.data if isinstance(x, Tensor) else x


def beside(constant: Any, x: Any) -> Any:
    """The array of an index or a condition, moved from the host to where x is; anything else unchanged."""
    constant, data = value(constant), value(x)
    if type(constant) is np.ndarray and type(data) is not np.ndarray and is_array(data):
        return to_device(constant, device_of(data))
    return constant


def comparison(compare: Callable[[Any, Any], Any]) -> Any:
    """A comparison of Tensors, which gives a boolean array."""

    def method(self: Tensor, other: Any) -> Any:
        with on_device_of(self.data):
            return compare(self.data, value(other))

    return method


def number(x: Any) -> Any:
    """A NumPy scalar as a Python number, which never promotes float32; anything else unchanged."""
    return x.item() if isinstance(x, np.generic) else x


# -- arithmetic

add = operation("add", np.add, "a + b", a=lambda g: g, b=lambda g: g)
sub = operation("sub", np.subtract, "a - b", a=lambda g: g, b=lambda g: -g)
mul = operation("mul", np.multiply, "a * b", a=lambda g, b: g * b, b=lambda g, a: g * a)
div = operation("div", np.true_divide, "a / b", a=lambda g, b: g / b, b=lambda g, y, b: -g * y / b)
neg = operation("neg", np.negative, "-x", x=lambda g: -g)

_power = operation(
    "pow",
    lambda x, n: x**n,
    x=lambda g, x, n: g * (n * pow(x, n - 1)) if n != 0 else g * 0.0,
)
_pow = operation(
    "pow",
    np.power,
    a=lambda g, a, b: g * b * pow(_one_where((value(a) == 0) & (value(b) == 0), a), b - 1),  # a**0 is constant in a
    b=lambda g, y, a: g * y * log(_one_where(value(a) == 0, a)),  # 0**b is constant in b: y is 0 there
)


def _one_where(condition: Any, a: Any) -> Any:
    if isinstance(a, int | float):
        return 1.0 if condition else a
    return where(condition, 1.0, a)


def pow(a: Any, b: Any) -> Any:
    """a to the power b; where b is a number it is a constant. The derivative by b needs a >= 0, else it is NaN."""
    b = number(b)
    return _power(a, n=b) if isinstance(b, int | float) else _pow(number(a), b)


# -- functions of one variable

exp = operation("exp", np.exp, "e to the power x.", x=lambda g, y: g * y)
log: Any = operation(
    "log",
    lambda x: float(np.log(x)) if isinstance(x, int | float) else np.log(x),
    "The natural logarithm.",
    x=lambda g, x: g / x,
)
sqrt = operation("sqrt", np.sqrt, "The square root.", x=lambda g, y: g / (2 * y))
abs = operation("abs", np.absolute, "The absolute value; derivative 0 at 0.", x=lambda g, x: g * np.sign(value(x)))
sin: Any = operation("sin", np.sin, "The sine of x, in radians.", x=lambda g, x: g * cos(x))
cos: Any = operation("cos", np.cos, "The cosine of x, in radians.", x=lambda g, x: -g * sin(x))
tanh = operation("tanh", np.tanh, "The hyperbolic tangent.", x=lambda g, y: g * (1 - y * y))


def _sigmoid(x: Any) -> Any:
    z = np.exp(-np.absolute(x))  # at most 1: nothing overflows
    return np.where(x >= 0, 1, z) / (1 + z)


sigmoid = operation("sigmoid", _sigmoid, "1 / (1 + exp(-x)), without overflow.", x=lambda g, y: g * (y * (1 - y)))
softplus = operation(
    "softplus",
    lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.absolute(x))),
    "log(1 + exp(x)), without overflow.",
    x=lambda g, x: g * sigmoid(x),
)
relu = operation("relu", lambda x: np.maximum(x, 0), "max(x, 0); derivative 0 at 0.", x=lambda g, y: g * (value(y) > 0))

_leaky_relu = operation(
    "leaky_relu",
    lambda x, slope: np.where(x > 0, x, slope * x),
    x=lambda g, x, slope: where(value(x) > 0, g, slope * g),
)
_elu = operation(
    "elu",
    lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
    x=lambda g, x, y, alpha: where(value(x) > 0, g, g * (y + alpha)),
)


def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """x where positive, slope * x elsewhere (Maas et al. 2013)."""
    return _leaky_relu(x, slope=number(slope))


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where positive, alpha (exp(x) - 1) elsewhere (Clevert et al. 2015, eq. 15)."""
    return _elu(x, alpha=number(alpha))


_C = math.sqrt(2 / math.pi)


def _gelu_derivative(g: Any, x: Any) -> Any:
    t = tanh(_C * (x + 0.044715 * x * x * x))
    return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (_C * (1 + 3 * 0.044715 * x * x)))


gelu = operation(
    "gelu",
    lambda x: 0.5 * x * (1 + np.tanh(_C * (x + 0.044715 * x * x * x))),
    "x times the normal distribution function, in the tanh form (Hendrycks & Gimpel 2016).",
    x=_gelu_derivative,
)


# -- choosing

# Where both are equal each gets half, as in PyTorch.
maximum = operation(
    "maximum",
    np.maximum,
    "The larger of a and b.",
    a=lambda g, a, b: g * _share(value(a) > value(b), value(a) == value(b), g),
    b=lambda g, a, b: g * _share(value(b) > value(a), value(a) == value(b), g),
)
minimum = operation(
    "minimum",
    np.minimum,
    "The smaller of a and b.",
    a=lambda g, a, b: g * _share(value(a) < value(b), value(a) == value(b), g),
    b=lambda g, a, b: g * _share(value(b) < value(a), value(a) == value(b), g),
)


def _share(wins: Any, ties: Any, g: Any) -> Any:
    return (wins + 0.5 * ties).astype(g.dtype)


_where = operation(
    "where",
    lambda a, b, condition: np.where(condition, a, b),
    a=lambda g, condition: where(condition, g, 0.0),
    b=lambda g, condition: where(condition, 0.0, g),
)
_clip = operation(
    "clip",
    lambda x, low, high: np.clip(x, low, high),
    x=lambda g, x, low, high: g * ((value(x) >= low) & (value(x) <= high)),
)


def where(condition: Any, a: Any, b: Any) -> Any:
    """a where the condition (a boolean array, or a comparison of Tensors) holds, b elsewhere."""
    return _where(a, b, condition=beside(condition, a if isinstance(a, Tensor) else b))


def clip(x: Any, low: float = -math.inf, high: float = math.inf) -> Any:
    """x limited to [low, high]; the derivative is 1 inside and on the edges, 0 outside."""
    if low > high:
        raise ValueError(f"clip needs low <= high, got low={low} and high={high}")
    return _clip(x, low=number(low), high=number(high))
