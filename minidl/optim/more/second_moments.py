"""Adam with another scale: within bounds (AdaBound), of the surprise (AdaBelief), slow to move (Yogi)."""

from __future__ import annotations

from typing import Any

from ...backend import Array
from ...kernels import maximum, minimum, sign, sqrt
from ..optimizer import Optimizer, Schedule


class AdaBound(Optimizer):
    """m and v as in Adam;  eta = clip(lr sqrt(1 - beta2^t) / (1 - beta1^t) / (sqrt(v) + eps), low, high)
    low = final (1 - 1 / (gamma t + 1)),  high = final (1 + 1 / (gamma t));  w <- w - eta m

    Luo et al. 2019 (arXiv 1902.09843), Algorithm 2: Adam at first, since the bounds eta_l = low and eta_u = high are
    [0, infinity) then; in the end both are final = final_lr, and what is left is SGD with Momentum. amsbound: the
    largest v so far, as in AMSGrad.

    Where the authors' code is not the paper, this is the code: m and v are corrected; eta is not divided by sqrt(t);
    gamma takes the place of 1 - beta2 in the bounds; there is an eps, and no projection; and a schedule moves the
    bounds with the rate, final = final_lr lr / (the largest lr so far).
    """

    elementwise = True
    state = ("m", "v")
    optional_state = {"v_max": "amsbound"}
    memory = {"largest_lr": 0.0}
    ranges = {"final_lr": "[0, inf)", "gamma": "(0, inf)"}

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
        final_lr: float = 0.1, gamma: float = 1e-3, eps: float = 1e-8, weight_decay: float = 0.0,
        amsbound: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr=lr, betas=betas, final_lr=final_lr, gamma=gamma, eps=eps, weight_decay=weight_decay,
            amsbound=amsbound,
        )  # fmt: skip

    def numbers(self, state: dict[str, Any], group: dict[str, Any], lr: float) -> dict[str, float]:
        state["largest_lr"] = max(state["largest_lr"], lr)  # a warm-up does not count as a rate that has fallen
        final = group["final_lr"] * lr / (state["largest_lr"] or 1.0)
        gamma_t = group["gamma"] * state["t"]
        return {"low": final * (1 - 1 / (gamma_t + 1)), "high": final * (1 + 1 / gamma_t)}

    def update(
        self, w: Array, g: Array, m: Array, v: Array, v_max: Array | None = None, *, lr: float,
        betas: tuple[float, float], eps: float, low: float, high: float, t: int,
    ) -> None:  # fmt: skip
        beta1, beta2 = betas
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        if v_max is not None:
            v_max[...] = v = maximum(v_max, v)
        eta = lr * (1 - beta2**t) ** 0.5 / (1 - beta1**t) / (sqrt(v) + eps)
        w -= minimum(maximum(eta, low), high) * m


class AdaBelief(Optimizer):
    """m <- beta1 m + (1 - beta1) g;  s <- beta2 s + (1 - beta2) (g - m)^2 + eps;  w <- w - lr m^ / (sqrt(s^) + eps)

    Zhuang et al. 2020 (arXiv 2010.07468), Algorithm 2; m^ and s^ corrected as in Adam. Long steps where the gradient is
    as m forecast it, short ones where it surprises. The eps in s stays there and adds up, to eps / (1 - beta2), a
    thousand times eps; it is meant so (optax calls it eps_root), hence so small a default. The first step is
    lr / beta1, since m already holds a part of g.
    """

    elementwise = True
    state = ("m", "s")

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-16,
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(
        self, w: Array, g: Array, m: Array, s: Array, *, lr: float, betas: tuple[float, float], eps: float, t: int
    ) -> None:
        beta1, beta2 = betas
        m *= beta1
        m += (1 - beta1) * g
        s *= beta2
        s += (1 - beta2) * (g - m) * (g - m) + eps
        m_hat = m / (1 - beta1**t)
        s_hat = s / (1 - beta2**t)
        w -= lr * m_hat / (sqrt(s_hat) + eps)


class Yogi(Optimizer):
    """v <- v - (1 - beta2) sign(v - g^2) g^2;  the rest as in Adam          Zaheer et al. 2018 (NeurIPS), Algorithm 2

    In Adam v forgets in proportion to v, so that after large gradients the rate recovers fast; here v moves by
    (1 - beta2) g^2 at most, up or down. m and v start at initial_accumulator, not at 0, and are corrected all the same,
    as in optax. eps = 1e-3 is the paper's: five powers of ten above Adam's.
    """

    elementwise = True
    state = ("m", "v")
    ranges = {"initial_accumulator": "[0, inf)"}

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-2, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-3,
        initial_accumulator: float = 1e-6, weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr=lr, betas=betas, eps=eps, initial_accumulator=initial_accumulator, weight_decay=weight_decay
        )

    def initial(self, name: str, w: Array, group: dict[str, Any]) -> Any:
        return super().initial(name, w, group) + group["initial_accumulator"]

    def update(
        self, w: Array, g: Array, m: Array, v: Array, *, lr: float, betas: tuple[float, float], eps: float, t: int
    ) -> None:
        beta1, beta2 = betas
        m *= beta1
        m += (1 - beta1) * g
        v -= (1 - beta2) * sign(v - g * g) * g * g
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        w -= lr * m_hat / (sqrt(v_hat) + eps)
