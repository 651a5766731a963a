"""First normalise, then average: LaProp, ADOPT. The order frees beta1 from beta2; Adam needs beta1 < sqrt(beta2)."""

from __future__ import annotations

from typing import Any

from ...backend import Array
from ...kernels import maximum, minimum, sqrt
from ..optimizer import Optimizer, Schedule


class LaProp(Optimizer):
    """v <- beta2 v + (1 - beta2) g^2;  m <- beta1 m + (1 - beta1) g / (sqrt(v^) + eps);  w <- w - lr m / (1 - beta1^t)

    Ziyin, Wang & Ueda 2020 (arXiv 2002.04839), Algorithm 1. Every gradient is divided by the root of its own day, so
    that a step never exceeds lr / sqrt(1 - beta2). The authors' code keeps lr inside m, which differs when lr changes.
    weight_decay, which the paper does without, is added to the gradient (L2).
    """

    elementwise = True
    state = ("m", "v")

    def __init__(
        self, params: Any, lr: float | Schedule = 4e-4, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-15,
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(
        self, w: Array, g: Array, m: Array, v: Array, *, lr: float, betas: tuple[float, float], eps: float, t: int
    ) -> None:
        beta1, beta2 = betas
        v *= beta2
        v += (1 - beta2) * g * g
        v_hat = v / (1 - beta2**t)
        m *= beta1
        m += (1 - beta1) * g / (sqrt(v_hat) + eps)
        w -= lr / (1 - beta1**t) * m


class ADOPT(Optimizer):
    """m <- beta1 m + (1 - beta1) clip(g / max(sqrt(v), eps), +-(t - 1)^(1/4));  w <- w - lr m
    and only then  v <- beta2 v + (1 - beta2) g^2          Taniguchi et al. 2024 (arXiv 2411.02853), Algorithm 2

    g is divided by a v that has not seen g, which is what makes it converge with any beta2. The first update only sets
    v = g^2 and moves nothing; the clipping (none in the paper's first version) keeps the next ones from exploding. No
    bias correction: v starts full, and m is meant to warm up.
    """

    elementwise = True
    state = ("m", "v")

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, betas: tuple[float, float] = (0.9, 0.9999), eps: float = 1e-6,
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(
        self, w: Array, g: Array, m: Array, v: Array, *, lr: float, betas: tuple[float, float], eps: float, t: int,
        first: bool,
    ) -> None:  # fmt: skip
        beta1, beta2 = betas
        if first:
            v += g * g
            return
        limit = (t - 1) ** 0.25
        m *= beta1
        m += (1 - beta1) * minimum(maximum(g / maximum(sqrt(v), eps), -limit), limit)
        w -= lr * m
        v *= beta2
        v += (1 - beta2) * g * g
