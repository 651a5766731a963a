"""The layers: each is its formula (in ops/) with parameters beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import ops
from ..backend import generator, on_device_of
from ..tensor import Tensor
from . import init as initializers
from .module import Module


def _positive(layer: str, **sizes: Any) -> None:
    for name, n in sizes.items():
        if not isinstance(n, int | np.integer) or n < 1:
            raise ValueError(f"{layer}: {name} must be a positive integer, got {n!r}")


def _typed(layer: Any, x: Tensor) -> Tensor:
    """x in the layer's dtype: integers are cast, another floating dtype raises TypeError, as everywhere."""
    dtype = layer.weight.dtype
    if x.dtype == dtype:
        return x
    if x.dtype.kind == "f":
        raise TypeError(
            f"{layer!r} has dtype {dtype}, got a Tensor of dtype {x.dtype}; make both the same: "
            f"Tensor(x, dtype={str(dtype)!r}), or the layers with dtype={str(x.dtype)!r}"
        )
    return Tensor(x, dtype=dtype)


class Dense(Module):
    """y = x @ weight + bias: x (..., in_features), weight (in_features, out_features), bias (out_features,).

    init: "he" (the default: normal with variance 2 / in_features), "glorot", "lecun", each also as "..._uniform",
    "torch" (PyTorch's default, for the bias too), "zeros", or a function of (shape, Generator). The bias starts at 0.
    rng: a Generator or a seed; the default Generator otherwise. ValueError for x whose last axis does not fit,
    TypeError for a Tensor of another floating dtype.
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, init: str | Callable = "he",
        rng: int | np.random.Generator | None = None, dtype: Any = "float32",
    ) -> None:  # fmt: skip
        _positive("Dense", in_features=in_features, out_features=out_features)
        rng = generator(rng)
        self.in_features, self.out_features = int(in_features), int(out_features)
        values = initializers.get(init)((self.in_features, self.out_features), rng)
        if np.shape(values) != (in_features, out_features):
            raise ValueError(f"Dense: init gave shape {np.shape(values)}, expected {(in_features, out_features)}")
        self.weight = Tensor(values, requires_grad=True, dtype=dtype)
        limit = 1 / math.sqrt(in_features) if init == "torch" else 0.0
        start = rng.uniform(-limit, limit, out_features) if limit else np.zeros(out_features)
        self.bias = Tensor(start, requires_grad=True, dtype=dtype) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim == 0 or x.shape[-1] != self.in_features:
            self._refuse(x)
        return ops.linear(_typed(self, x), self.weight, self.bias)

    def _refuse(self, x: Tensor) -> None:
        hint = f"the last axis must have length {self.in_features}"
        if x.ndim > 2 and math.prod(x.shape[1:]) == self.in_features:
            hint = f"flatten it first: Sequential(Flatten(), {self!r})"
        raise ValueError(f"{self!r} got x of shape {x.shape}; {hint}")

    def __repr__(self) -> str:
        return f"Dense({self.in_features}, {self.out_features}{'' if self.bias is not None else ', bias=False'})"


class Sequential(Module):
    """Layers one after the other; `model[0]`, `model[:2]` and `len(model)` work. Parameters are named "0.weight"."""

    def __init__(self, *layers: Callable[[Tensor], Tensor]) -> None:
        for i, layer in enumerate(layers):
            if isinstance(layer, type):
                raise TypeError(f"Sequential: layer {i} is the class {layer.__name__}; make one: {layer.__name__}()")
            if not callable(layer):
                raise TypeError(f"Sequential: layer {i} is {layer!r}; give layers one by one: Sequential(a, b, c)")
        self.layers = list(layers)

    def _parts(self) -> Iterator[tuple[str, Any]]:
        yield from ((str(i), layer) for i, layer in enumerate(self.layers))
        yield from ((name, x) for name, x in super()._parts() if name != "layers")  # what a subclass adds

    def forward(self, x: Tensor) -> Tensor:
        for i, layer in enumerate(self.layers):
            try:
                x = layer(x)
            except (ValueError, TypeError) as error:
                shape = getattr(x, "shape", None)
                error.add_note(f"in layer {i} of {len(self.layers)}, {layer!r}, which got x of shape {shape}")
                raise
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.layers)

    def __getitem__(self, i: int | slice) -> Any:
        if not isinstance(i, slice):
            return self.layers[i]
        part = Sequential(*self.layers[i])
        part.training = self.training
        return part

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"


class Flatten(Module):
    """(N, ...) to (N, D): one row per sample. ValueError for a single number, which has no samples."""

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim == 0:
            raise ValueError("Flatten() needs x of shape (N, ...), got ()")
        return ops.reshape(x, (x.shape[0], -1 if x.size else math.prod(x.shape[1:])))


class Dropout(Module):
    """In training each element is 0 with probability p, else divided by 1 - p; in evaluation nothing happens.

    Srivastava et al. 2014, with the division at training time ("inverted"). rng: a Generator or a seed; the
    default Generator otherwise. ValueError for p outside [0, 1).
    """

    def __init__(self, p: float = 0.5, rng: int | np.random.Generator | None = None) -> None:
        if not 0 <= p < 1:
            raise ValueError(f"Dropout: p must lie in [0, 1), got {p}")
        self.p = p
        self.rng = None if rng is None else generator(rng)

    def forward(self, x: Tensor) -> Tensor:
        return ops.dropout(x, self.p, generator(self.rng)) if self.training and self.p > 0 else x

    def __repr__(self) -> str:
        return f"Dropout({self.p})"


class BatchNorm1d(Module):
    """weight (x - mean) / sqrt(var + eps) + bias for each column of x (N, D)       Ioffe & Szegedy 2015, Alg. 1 and 2

    Training takes the batch's mean and variance, and keeps running ones: running <- (1 - momentum) running + momentum
    batch (the variance with N - 1). Evaluation takes the running ones. (This momentum is no optimizer's.)
    ValueError for another shape and for a training batch of one, TypeError for a Tensor of another floating dtype.
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, dtype: Any = "float32") -> None:
        _positive("BatchNorm1d", num_features=num_features)
        self.eps, self.momentum = float(eps), float(momentum)  # plain numbers, which do not promote float32
        self.weight = Tensor(np.ones(num_features), requires_grad=True, dtype=dtype)
        self.bias = Tensor(np.zeros(num_features), requires_grad=True, dtype=dtype)
        self.running_mean = np.zeros(num_features, dtype=dtype)
        self.running_var = np.ones(num_features, dtype=dtype)

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim != 2 or x.shape[1] != self.weight.size:
            raise ValueError(f"{self!r} needs x of shape (N, {self.weight.size}), got {x.shape}")
        x = _typed(self, x)
        if not self.training:
            with on_device_of(x.data):
                return (x - self.running_mean) / (self.running_var + self.eps) ** 0.5 * self.weight + self.bias
        if x.shape[0] < 2:
            raise ValueError(f"{self!r}: a batch of 1 has no variance; use larger batches (drop_last=True) or eval()")
        with on_device_of(x.data):
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * x.data.mean(axis=0)
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * x.data.var(axis=0, ddof=1)
        return ops.batch_norm(x, self.weight, self.bias, self.eps)

    def __repr__(self) -> str:
        return f"BatchNorm1d({self.weight.size})"


class LayerNorm(Module):
    """weight (x - mean) / sqrt(var + eps) + bias for each row, over the last axis of length num_features

    Ba, Kiros & Hinton 2016. The same in training and evaluation, and for a batch of one. ValueError where the last
    axis does not fit, TypeError for a Tensor of another floating dtype.
    """

    def __init__(self, num_features: int, eps: float = 1e-5, dtype: Any = "float32") -> None:
        _positive("LayerNorm", num_features=num_features)
        self.eps = float(eps)
        self.weight = Tensor(np.ones(num_features), requires_grad=True, dtype=dtype)
        self.bias = Tensor(np.zeros(num_features), requires_grad=True, dtype=dtype)

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim == 0 or x.shape[-1] != self.weight.size:
            raise ValueError(f"{self!r} needs x of shape (..., {self.weight.size}), got {x.shape}")
        return ops.layer_norm(_typed(self, x), self.weight, self.bias, self.eps)

    def __repr__(self) -> str:
        return f"LayerNorm({self.weight.size})"


# -- activations


class ReLU(Module):
    """max(x, 0)"""

    def forward(self, x: Tensor) -> Tensor:
        return ops.relu(x)


class LeakyReLU(Module):
    """x where positive, negative_slope * x elsewhere"""

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Tensor) -> Tensor:
        return ops.leaky_relu(x, self.negative_slope)


class ELU(Module):
    """x where positive, alpha (exp(x) - 1) elsewhere"""

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, x: Tensor) -> Tensor:
        return ops.elu(x, self.alpha)


class GELU(Module):
    """x times the normal distribution function, in the tanh form"""

    def forward(self, x: Tensor) -> Tensor:
        return ops.gelu(x)


class Sigmoid(Module):
    """1 / (1 + exp(-x))"""

    def forward(self, x: Tensor) -> Tensor:
        return ops.sigmoid(x)


class Tanh(Module):
    """tanh(x)"""

    def forward(self, x: Tensor) -> Tensor:
        return ops.tanh(x)


class Softmax(Module):
    """exp(x) / sum(exp(x)) along an axis. For training leave it out: CrossEntropyLoss takes logits."""

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Tensor) -> Tensor:
        return ops.softmax(x, self.axis)


class LogSoftmax(Module):
    """log(softmax(x)) along an axis"""

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Tensor) -> Tensor:
        return ops.log_softmax(x, self.axis)
