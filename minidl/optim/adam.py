"""Adam: momentum for the direction, RMSProp for the scale, both corrected for their start at zero."""

from __future__ import annotations

from typing import Any

from ..backend import Array
from ..kernels import maximum, sqrt
from .optimizer import Optimizer, Schedule


class Adam(Optimizer):
    """m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2          Kingma & Ba 2015, Algorithm 1
    w <- w - lr m^ / (sqrt(v^) + eps)  with  m^ = m / (1 - beta1^t),  v^ = v / (1 - beta2^t)

    amsgrad (Reddi et al. 2018): the largest v so far in place of v. weight_decay is added to the gradient (L2), so
    that it is divided by the root too; AdamW decays the weights themselves.
    """

    elementwise = True
    state = ("m", "v")
    optional_state = {"v_max": "amsgrad"}

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, amsgrad: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad)

    def update(
        self, w: Array, g: Array, m: Array, v: Array, v_max: Array | None = None, *, lr: float,
        betas: tuple[float, float], eps: float, t: int,
    ) -> None:  # fmt: skip
        beta1, beta2 = betas
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        if v_max is not None:
            v_max[...] = v = maximum(v_max, v)
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        w -= lr * m_hat / (sqrt(v_hat) + eps)


class AdamW(Adam):
    """w <- w - lr weight_decay w, then Adam's step without L2 term          Loshchilov & Hutter 2019, Algorithm 2

    The decay is not divided by sqrt(v): it is the same for parameters with large and with small gradients. It is
    multiplied by lr, as in PyTorch; the paper multiplies it by the factor of a schedule only: AdamWPaperDecay.
    """

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad)

    def update(  # type: ignore[override]  # the one rule that applies weight_decay itself
        self, w: Array, g: Array, m: Array, v: Array, v_max: Array | None = None, *, lr: float,
        betas: tuple[float, float], eps: float, weight_decay: float, t: int,
    ) -> None:  # fmt: skip
        w *= 1 - lr * weight_decay
        super().update(w, g, m, v, v_max, lr=lr, betas=betas, eps=eps, t=t)
