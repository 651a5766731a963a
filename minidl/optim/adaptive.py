"""AdaGrad, AdaDelta, RMSProp: every parameter gets its own rate, from the size of its past gradients.

Where eps stands is where libraries differ. `eps_inside_sqrt=False`: sqrt(s) + eps (PyTorch, CS231n); True:
sqrt(s + eps) (Keras, optax, "Dive into Deep Learning"). With gradients near sqrt(eps) the two are different methods.
"""

from __future__ import annotations

from typing import Any

from ..backend import Array
from ..kernels import maximum, sqrt
from .optimizer import Optimizer, Schedule


class AdaGrad(Optimizer):
    """s <- s + g^2;  w <- w - lr g / (sqrt(s) + eps)          Duchi, Hazan & Singer 2011

    s only grows, so the steps only shrink. lr_decay: the rate of update t is lr / (1 + (t - 1) lr_decay).
    """

    elementwise = True
    state = ("s",)

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-2, lr_decay: float = 0.0, eps: float = 1e-10,
        eps_inside_sqrt: bool = False, weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr=lr, lr_decay=lr_decay, eps=eps, eps_inside_sqrt=eps_inside_sqrt, weight_decay=weight_decay
        )

    def update(
        self, w: Array, g: Array, s: Array, *, lr: float, lr_decay: float, eps: float, eps_inside_sqrt: bool, t: int
    ) -> None:
        s += g * g
        root = sqrt(s + eps) if eps_inside_sqrt else sqrt(s) + eps
        w -= lr / (1 + (t - 1) * lr_decay) * g / root


class AdaDelta(Optimizer):
    """v <- rho v + (1 - rho) g^2;  d = sqrt(u + eps) / sqrt(v + eps) g;  w <- w - lr d;  u <- rho u + (1 - rho) d^2

    Zeiler 2012 (arXiv 1212.5701), Algorithm 1. The ratio of two root mean squares gives the step the unit of w, so
    that the paper needs no rate (lr = 1). u starts at 0: the first steps are about sqrt(eps / (1 - rho)).
    """

    elementwise = True
    state = ("v", "u")

    def __init__(
        self, params: Any, lr: float | Schedule = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, lr=lr, rho=rho, eps=eps, weight_decay=weight_decay)

    def update(self, w: Array, g: Array, v: Array, u: Array, *, lr: float, rho: float, eps: float) -> None:
        v *= rho
        v += (1 - rho) * g * g
        d = sqrt(u + eps) / sqrt(v + eps) * g
        u *= rho
        u += (1 - rho) * d * d
        w -= lr * d


class RMSProp(Optimizer):
    """v <- alpha v + (1 - alpha) g^2;  w <- w - lr g / (sqrt(v) + eps)       Hinton 2012, lecture 6e

    centered (Graves 2013, eq. 38 to 45): m <- alpha m + (1 - alpha) g, and v - m^2 (the variance) in place of v.
    momentum: b <- momentum b + g / (sqrt(v) + eps);  w <- w - lr b.
    """

    elementwise = True
    state = ("v",)
    optional_state = {"m": "centered", "b": "momentum"}

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-2, alpha: float = 0.99, eps: float = 1e-8, momentum: float = 0.0,
        centered: bool = False, eps_inside_sqrt: bool = False, weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr=lr, alpha=alpha, eps=eps, momentum=momentum, centered=centered,
            eps_inside_sqrt=eps_inside_sqrt, weight_decay=weight_decay,
        )  # fmt: skip

    def update(
        self, w: Array, g: Array, v: Array, m: Array | None = None, b: Array | None = None, *, lr: float,
        alpha: float, eps: float, momentum: float, eps_inside_sqrt: bool,
    ) -> None:  # fmt: skip
        v *= alpha
        v += (1 - alpha) * g * g
        spread = v
        if m is not None:
            m *= alpha
            m += (1 - alpha) * g
            spread = maximum(v - m * m, 0.0)  # rounding can make it negative when g hardly changes
        d = g / (sqrt(spread + eps) if eps_inside_sqrt else sqrt(spread) + eps)
        if b is not None:
            b *= momentum
            b += d
            d = b
        w -= lr * d
