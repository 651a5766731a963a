"""One rate per layer: each tensor moves by a fraction of its own norm, whatever the size of its gradient.

Made for very large batches. A norm needs the whole tensor. Where the weights' norm is 0 (a bias that starts at zero),
or what it is divided by, the ratio counts as 1, for LARS without trust_coefficient, so that the full lr acts there:
give biases and gains a group, or an optimizer, of their own.
"""

from __future__ import annotations

import math
from typing import Any

from ...backend import Array
from ...kernels import sqrt
from ..optimizer import Optimizer, Schedule


def norm(x: Array) -> float:
    """The root of the sum of squares of all elements, |x|, summed in float64."""
    return math.sqrt(float((x * x).sum(dtype="float64")))


class LARS(Optimizer):
    """local = trust_coefficient |w| / (|g| + weight_decay |w| + eps)
    v <- momentum v + lr local (g + weight_decay w);  w <- w - v       You, Gitman & Ginsburg 2017, Algorithm 1

    (arXiv 1708.03888; its lambda^l is local, its eta trust_coefficient, its gamma lr, its beta weight_decay, its m
    momentum.) With momentum 0 and no decay a step is lr trust_coefficient |w| long, whatever the gradient's size. lr is
    inside the buffer, as in the paper and optax. eps is not in the paper; where |w| or the denominator is 0, local is
    1. Variants: LARSRateOutside, LARSJointNorm.
    """

    state = ("v",)
    elementwise = False
    ranges = {"trust_coefficient": "[0, inf)"}

    def __init__(
        self, params: Any, lr: float | Schedule, momentum: float = 0.9, weight_decay: float = 0.0,
        trust_coefficient: float = 1e-3, eps: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr=lr, momentum=momentum, weight_decay=weight_decay, trust_coefficient=trust_coefficient, eps=eps
        )

    def update(
        self, w: Array, g: Array, v: Array, *, lr: float, momentum: float, weight_decay: float,
        trust_coefficient: float, eps: float,
    ) -> None:  # fmt: skip
        w_norm = norm(w)
        size = norm(g) + weight_decay * w_norm + eps
        local = trust_coefficient * w_norm / size if w_norm > 0 and size > 0 else 1.0
        v *= momentum
        v += lr * local * (g + weight_decay * w)
        w -= v


class LARSRateOutside(LARS):
    """local = trust_coefficient |w| / (|g| + weight_decay |w| + eps)
    v <- momentum v + local (g + weight_decay w);  w <- w - lr v                        torch_optimizer

    LARS with the rate outside the buffer, so that a step falls with lr at once; the same while the rate is constant.
    """

    def update(
        self, w: Array, g: Array, v: Array, *, lr: float, momentum: float, weight_decay: float,
        trust_coefficient: float, eps: float,
    ) -> None:  # fmt: skip
        w_norm = norm(w)
        size = norm(g) + weight_decay * w_norm + eps
        local = trust_coefficient * w_norm / size if w_norm > 0 and size > 0 else 1.0
        v *= momentum
        v += local * (g + weight_decay * w)
        w -= lr * v


class LARSJointNorm(LARS):
    """local = trust_coefficient |w| / (|g + weight_decay w| + eps)                                          optax

    The norm of the sum, not the sum of the norms: where decay and gradient point against each other, steps are longer.
    """

    def update(
        self, w: Array, g: Array, v: Array, *, lr: float, momentum: float, weight_decay: float,
        trust_coefficient: float, eps: float,
    ) -> None:  # fmt: skip
        g = g + weight_decay * w
        settings = {"momentum": momentum, "trust_coefficient": trust_coefficient, "eps": eps}
        super().update(w, g, v, lr=lr, weight_decay=0.0, **settings)


class LAMB(Optimizer):
    """m, v, m^, v^ as in Adam;  d = m^ / (sqrt(v^) + eps) + weight_decay w;  w <- w - lr |w| / |d| d

    You et al. 2020 (arXiv 1904.00962), Algorithm 2 with phi(z) = z. A step is lr |w| long. weight_decay turns d; it
    cannot make it longer. Keras and optax agree with this; LAMBClamped is the other common form.
    """

    state = ("m", "v")
    elementwise = False

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-6,
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(
        self, w: Array, g: Array, m: Array, v: Array, *, lr: float, betas: tuple[float, float], eps: float,
        weight_decay: float, t: int,
    ) -> None:  # fmt: skip
        beta1, beta2 = betas
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        d = m_hat / (sqrt(v_hat) + eps) + weight_decay * w
        w_norm, d_norm = norm(w), norm(d)
        ratio = w_norm / d_norm if w_norm > 0 and d_norm > 0 else 1.0
        w -= lr * ratio * d


class LAMBClamped(LAMB):
    """d = m / (sqrt(v) + eps) + weight_decay w;  w <- w - lr min(|w|, max_norm) / |d| d

    Without bias correction, and phi(z) = min(z, 10): the form of the PyTorch collections.
    """

    ranges = {"max_norm": "[0, inf]"}

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-6,
        weight_decay: float = 0.0, max_norm: float = 10.0,
    ) -> None:  # fmt: skip
        Optimizer.__init__(self, params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, max_norm=max_norm)

    def update(  # type: ignore[override]  # max_norm in place of t
        self, w: Array, g: Array, m: Array, v: Array, *, lr: float, betas: tuple[float, float], eps: float,
        weight_decay: float, max_norm: float,
    ) -> None:  # fmt: skip
        beta1, beta2 = betas
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        d = m / (sqrt(v) + eps) + weight_decay * w
        w_norm, d_norm = min(norm(w), max_norm), norm(d)
        ratio = w_norm / d_norm if w_norm > 0 and d_norm > 0 else 1.0
        w -= lr * ratio * d
