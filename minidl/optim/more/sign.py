"""Only the sign of the gradient counts: every parameter moves by the same amount, or by one it has earned itself."""

from __future__ import annotations

from typing import Any

from ...backend import Array
from ...kernels import maximum, minimum, sign, where
from ..optimizer import Optimizer, Schedule


class SignSGD(Optimizer):
    """w <- w - lr sign(g)                                  Bernstein et al. 2018 (arXiv 1802.04434), Algorithm 1

    Every parameter moves by exactly lr, but where g is exactly 0. Near a minimum it hops to and fro: lr must fall.
    weight_decay is added to the gradient, inside the sign.
    """

    elementwise = True

    def __init__(self, params: Any, lr: float | Schedule, weight_decay: float = 0.0) -> None:
        super().__init__(params, lr=lr, weight_decay=weight_decay)

    def update(self, w: Array, g: Array, *, lr: float) -> None:
        w -= lr * sign(g)


class Signum(Optimizer):
    """m <- beta m + (1 - beta) g;  w <- w - lr sign(m)     Bernstein et al. 2018 (arXiv 1802.04434), Algorithm 2

    m needs no bias correction: a positive factor does not change its sign.
    """

    elementwise = True
    state = ("m",)

    def __init__(self, params: Any, lr: float | Schedule, beta: float = 0.9, weight_decay: float = 0.0) -> None:
        super().__init__(params, lr=lr, beta=beta, weight_decay=weight_decay)

    def update(self, w: Array, g: Array, m: Array, *, lr: float, beta: float) -> None:
        m *= beta
        m += (1 - beta) * g
        w -= lr * sign(m)


class Lion(Optimizer):
    """w <- w - lr (sign(beta1 m + (1 - beta1) g) + weight_decay w);  m <- beta2 m + (1 - beta2) g

    Chen et al. 2023 (arXiv 2302.06675), Algorithm 2; found by a program search. The step is taken with the m from
    before this gradient, mixed with more of g than m itself keeps. The rate is 3 to 10 times smaller than Adam's, the
    weight_decay (decoupled, times lr, default here 0; optax 1e-3) larger by the same factor.
    """

    elementwise = True
    state = ("m",)

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-4, betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, betas=betas, weight_decay=weight_decay)

    def update(
        self, w: Array, g: Array, m: Array, *, lr: float, betas: tuple[float, float], weight_decay: float
    ) -> None:
        beta1, beta2 = betas
        w -= lr * (sign(beta1 * m + (1 - beta1) * g) + weight_decay * w)
        m *= beta2
        m += (1 - beta2) * g


class Rprop(Optimizer):
    """size <- size grow  where g keeps its sign,  size shrink  where it flips (and there g <- 0: no move)
    w <- w - size sign(g);  g_prev <- g               Riedmiller & Braun 1993; Igel & Huesken 2003 (iRprop-)

    shrink, grow = etas; size starts at lr and stays within step_sizes. After a flip g_prev is 0, so that the next
    step neither grows nor shrinks. For full-batch gradients only: mini-batch noise flips signs all the time. lr is
    read at a parameter's first step only. No weight decay, as in PyTorch. (optax applies each step one call late.)
    """

    elementwise = True
    state = ("g_prev", "size")
    ranges = {"etas": "[0, inf)", "step_sizes": "[0, inf)"}

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0),
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, etas=etas, step_sizes=step_sizes)

    def check_group(self, group: dict[str, Any]) -> None:
        (shrink, grow), (low, high) = group["etas"], group["step_sizes"]
        if not 0 < shrink < 1 < grow:
            raise ValueError(f"Rprop: etas must be (below 1, above 1), got {(shrink, grow)}")
        if not low <= high:
            raise ValueError(f"Rprop: step_sizes must be (smallest, largest), got {(low, high)}")

    def initial(self, name: str, w: Array, group: dict[str, Any]) -> Any:
        start = super().initial(name, w, group)
        if name == "size":
            start += self._rate(group)
        return start

    def update(
        self, w: Array, g: Array, g_prev: Array, size: Array, *, etas: tuple[float, float],
        step_sizes: tuple[float, float],
    ) -> None:  # fmt: skip
        shrink, grow = etas
        low, high = step_sizes
        agreement = sign(g) * sign(g_prev)  # not g * g_prev, which underflows
        size[...] = where(agreement > 0, size * grow, where(agreement < 0, size * shrink, size))
        size[...] = minimum(maximum(size, low), high)
        g_prev[...] = where(agreement < 0, 0.0, g)
        w -= size * sign(g_prev)
