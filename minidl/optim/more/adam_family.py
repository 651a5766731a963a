"""Adam's nearest kin: with a maximum (AMSGrad, AdaMax), with a look-ahead (NAdam), with a careful start (RAdam)."""

from __future__ import annotations

import math
from typing import Any

from ...backend import Array
from ...kernels import absolute, maximum, sqrt
from ..adam import Adam
from ..optimizer import Optimizer, Schedule


class AMSGrad(Adam):
    """Adam with v_max <- max(v_max, v) in place of v          Reddi, Kale & Kumar 2018 (arXiv 1904.09237), Algorithm 2

    The rate of a parameter can never grow again, which repairs a gap in Adam's proof of convergence. Equal to
    Adam(amsgrad=True). As in PyTorch, Keras and Chainer the maximum is over the uncorrected v, which is then divided by
    1 - beta2^t (the paper corrects nothing); optax takes the maximum of v^: AMSGradCorrected in conventions.py.
    """

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad=True)


class AdaMax(Optimizer):
    """m <- beta1 m + (1 - beta1) g;  u <- max(beta2 u, |g| + eps);  w <- w - lr / (1 - beta1^t) m / u

    Kingma & Ba 2015 (arXiv 1412.6980), Algorithm 2: Adam with the largest recent |g| in place of the root mean square.
    u needs no correction: a maximum with 0 is not drawn towards 0. eps, which the paper does without, stands inside
    the maximum as in PyTorch and optax; Keras and MLX divide by u + eps: AdaMaxOutside in conventions.py.
    """

    elementwise = True
    state = ("m", "u")

    def __init__(
        self, params: Any, lr: float | Schedule = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(
        self, w: Array, g: Array, m: Array, u: Array, *, lr: float, betas: tuple[float, float], eps: float, t: int
    ) -> None:
        beta1, beta2 = betas
        m *= beta1
        m += (1 - beta1) * g
        u[...] = maximum(beta2 * u, absolute(g) + eps)
        w -= lr / (1 - beta1**t) * m / u


class NAdam(Optimizer):
    """mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2);  m and v as in Adam      Dozat 2016 (ICLR workshop), Algorithm 2
    m^ = mu_t+1 m / (1 - mu_1 ... mu_t+1) + (1 - mu_t) g / (1 - mu_1 ... mu_t);  w <- w - lr m^ / (sqrt(v^) + eps)

    Adam with Nesterov's look-ahead: the next step's share of m is taken already now. momentum_decay (psi): 0.004 as in
    PyTorch; 1 gives Keras's; a very large one (1e9) makes mu_t = beta1, which is optax's. The product of the mu is not
    a power of beta1, so it is remembered. (Dozat averages m with mu_t, too; PyTorch and Keras, as here, with beta1.)
    """

    elementwise = True
    state = ("m", "v")
    memory = {"mu_product": 1.0}
    ranges = {"momentum_decay": "[0, inf)"}

    def __init__(
        self, params: Any, lr: float | Schedule = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, momentum_decay: float = 4e-3,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay
        )

    def numbers(self, state: dict[str, Any], group: dict[str, Any], lr: float) -> dict[str, float]:
        beta1, psi, t = group["betas"][0], group["momentum_decay"], state["t"]
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (i * psi)) for i in (t, t + 1))
        state["mu_product"] *= mu
        return {"mu": mu, "mu_next": mu_next, "mu_product": state["mu_product"]}

    def update(
        self, w: Array, g: Array, m: Array, v: Array, *, lr: float, betas: tuple[float, float], eps: float, mu: float,
        mu_next: float, mu_product: float, t: int,
    ) -> None:  # fmt: skip
        beta1, beta2 = betas
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        m_hat = mu_next / (1 - mu_product * mu_next) * m + (1 - mu) / (1 - mu_product) * g
        v_hat = v / (1 - beta2**t)
        w -= lr * m_hat / (sqrt(v_hat) + eps)


class NAdamW(NAdam):
    """w <- w - lr weight_decay w, then NAdam's step without L2 term          Loshchilov & Hutter 2019, as AdamW

    NAdam(decoupled_weight_decay=True) in PyTorch, whose default there is weight_decay = 0.
    """

    def __init__(
        self, params: Any, lr: float | Schedule = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, momentum_decay: float = 4e-3,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay, momentum_decay)

    def update(  # type: ignore[override]
        self, w: Array, g: Array, m: Array, v: Array, *, lr: float, betas: tuple[float, float], eps: float,
        weight_decay: float, mu: float, mu_next: float, mu_product: float, t: int,
    ) -> None:  # fmt: skip
        w *= 1 - lr * weight_decay
        super().update(
            w, g, m, v, lr=lr, betas=betas, eps=eps, mu=mu, mu_next=mu_next, mu_product=mu_product, t=t
        )


class RAdam(Optimizer):
    """m and v as in Adam;  rho_inf = 2 / (1 - beta2) - 1,  rho = rho_inf - 2 t beta2^t / (1 - beta2^t)
    w <- w - lr m^ r sqrt(1 - beta2^t) / (sqrt(v) + eps)  where rho > 5,  else  w <- w - lr m^
    r = sqrt((rho - 4) (rho - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho))

    Liu et al. 2020 (arXiv 1908.03265), Algorithm 2. rho is the number of gradients that v has effectively seen; r holds
    the step back while they are few, as a warm-up would. With beta2 = 0.999 the first five steps are not normalised:
    momentum alone, at the full rate, which can explode where gradients are large. (The paper rectifies from rho > 4 on;
    the authors' code, PyTorch and optax from 5.) eps is added before v is corrected (PyTorch); optax adds it after.
    """

    elementwise = True
    state = ("m", "v")

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def numbers(self, state: dict[str, Any], group: dict[str, Any], lr: float) -> dict[str, float | bool]:
        beta2, t = group["betas"][1], state["t"]
        rho_inf = 2 / (1 - beta2) - 1
        rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)
        if rho <= 5:
            return {"r": 0.0, "rectified": False}
        r = math.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
        return {"r": r, "rectified": True}

    def update(
        self, w: Array, g: Array, m: Array, v: Array, *, lr: float, betas: tuple[float, float], eps: float, r: float,
        rectified: bool, t: int,
    ) -> None:  # fmt: skip
        beta1, beta2 = betas
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        m_hat = m / (1 - beta1**t)
        if rectified:
            w -= lr * r * (1 - beta2**t) ** 0.5 * m_hat / (sqrt(v) + eps)
        else:
            w -= lr * m_hat
