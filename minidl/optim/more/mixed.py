"""Adam whose m is mixed: with g itself (QHAdam), with a slow average (AdEMAMix), with differences (Adan)."""

from __future__ import annotations

import math
from typing import Any

from ...backend import Array
from ...kernels import sqrt
from ..optimizer import Optimizer, Schedule


class QHAdam(Optimizer):
    """w <- w - lr ((1 - nu1) g + nu1 m^) / (sqrt((1 - nu2) g^2 + nu2 v^) + eps);  m^ and v^ as in Adam

    Ma & Yarats 2019 (arXiv 1810.06801), section 4. nus = (1, 1) is Adam, (0, 1) RMSProp with bias correction,
    (beta1, 1) nearly NAdam. The defaults are the authors' advice; several libraries start from nus = (1, 1).
    """

    elementwise = True
    state = ("m", "v")
    ranges = {"nus": "[0, 1]"}

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, nus: tuple[float, float] = (0.7, 1.0),
        betas: tuple[float, float] = (0.995, 0.999), eps: float = 1e-8, weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, nus=nus, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(
        self, w: Array, g: Array, m: Array, v: Array, *, lr: float, nus: tuple[float, float],
        betas: tuple[float, float], eps: float, t: int,
    ) -> None:  # fmt: skip
        (nu1, nu2), (beta1, beta2) = nus, betas
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        w -= lr * ((1 - nu1) * g + nu1 * m_hat) / (sqrt((1 - nu2) * g * g + nu2 * v_hat) + eps)


class AdEMAMix(Optimizer):
    """m1, v as Adam's m and v;  m2 <- beta3 m2 + (1 - beta3) g
    w <- w - lr ((m1^ + alpha m2) / (sqrt(v^) + eps) + weight_decay w)

    Pagliardini, Ablin & Grangier 2024 (arXiv 2409.03137), Algorithm 1: gradients of ten thousand steps ago still help.
    (v is the paper's nu.) m2 is not bias-corrected, so that it fills gently. The paper's two schedules, over the same
    warmup_steps (0: none, the default; the paper takes the whole run): alpha(t) = alpha t / warmup_steps, and beta3(t),
    for which 1 / ln(beta3(t)) goes in a straight line from 1 / ln(beta1) to 1 / ln(beta3). weight_decay is decoupled,
    as in AdamW. alpha = 5 is optax's.
    """

    elementwise = True
    state = ("m1", "m2", "v")
    ranges = {"alpha": "[0, inf)", "warmup_steps": "{0, 1, ...}"}

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, betas: tuple[float, float, float] = (0.9, 0.999, 0.9999),
        alpha: float = 5.0, warmup_steps: int = 0, eps: float = 1e-8, weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr=lr, betas=betas, alpha=alpha, warmup_steps=warmup_steps, eps=eps, weight_decay=weight_decay
        )

    def numbers(self, state: dict[str, Any], group: dict[str, Any], lr: float) -> dict[str, float]:
        beta1, _, beta3 = group["betas"]
        done = state["t"] / group["warmup_steps"] if group["warmup_steps"] else 1.0
        if done >= 1:
            return {"alpha": group["alpha"], "beta3": beta3}
        start, end = (1 / math.log(beta) if beta else 0.0 for beta in (beta1, beta3))
        between = (1 - done) * start + done * end  # 1 / ln(beta3(t)), as the paper's f_beta3 solved for it
        return {"alpha": done * group["alpha"], "beta3": math.exp(1 / between) if between else 0.0}

    def update(
        self, w: Array, g: Array, m1: Array, m2: Array, v: Array, *, lr: float, betas: tuple[float, float, float],
        beta3: float, alpha: float, eps: float, weight_decay: float, t: int,
    ) -> None:  # fmt: skip
        beta1, beta2, _ = betas
        m1 *= beta1
        m1 += (1 - beta1) * g
        m2 *= beta3
        m2 += (1 - beta3) * g
        v *= beta2
        v += (1 - beta2) * g * g
        m1_hat = m1 / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        w *= 1 - lr * weight_decay
        w -= lr * (m1_hat + alpha * m2) / (sqrt(v_hat) + eps)


class Adan(Optimizer):
    """d = g - (the g before);  m, v, n: averages (beta1, beta2, beta3) of g, d, (g + beta2 d)^2
    w <- (w - lr (m^ + beta2 v^) / (sqrt(n^) + eps)) / (1 + lr weight_decay)

    Xie et al. 2022 (arXiv 2208.06677), Algorithm 1: Nesterov's look-ahead, estimated from the change of the gradient.
    The first d is 0; the averages start at 0 and are corrected, as in the authors' code (the paper starts them at their
    first values and corrects nothing). betas are the shares of the past, as in Adam and in the authors' code; in the
    paper they are what is called 1 - beta here, so that a paper's 0.08 is 0.92. (optax 0.2.8 confuses the two in the
    factor of d and v^.)
    The decay is the paper's proximal one: w is divided, after the step.
    """

    elementwise = True
    state = ("m", "v", "n", "g_before")

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, betas: tuple[float, float, float] = (0.98, 0.92, 0.99),
        eps: float = 1e-8, weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(
        self, w: Array, g: Array, m: Array, v: Array, n: Array, g_before: Array, *, lr: float,
        betas: tuple[float, float, float], eps: float, weight_decay: float, t: int, first: bool,
    ) -> None:  # fmt: skip
        beta1, beta2, beta3 = betas
        d = 0.0 if first else g - g_before
        g_before[...] = g
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * d
        n *= beta3
        n += (1 - beta3) * (g + beta2 * d) * (g + beta2 * d)
        m_hat, v_hat, n_hat = m / (1 - beta1**t), v / (1 - beta2**t), n / (1 - beta3**t)
        w -= lr * (m_hat + beta2 * v_hat) / (sqrt(n_hat) + eps)
        w *= 1 / (1 + lr * weight_decay)
