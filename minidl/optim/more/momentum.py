"""More momenta: decay apart from the gradient, the rate inside the buffer, several buffers, buffer and gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...backend import Array
from ..optimizer import Optimizer, Schedule
from ..ranges import number
from ..sgd import SGD


class SGDW(SGD):
    """w <- w - lr weight_decay w, then SGD's step without L2 term          Loshchilov & Hutter 2019, Algorithm 1

    With momentum the L2 term of SGD would enter the buffer and act for many steps; this decay acts once. As in AdamW
    it is multiplied by lr (the paper, arXiv 1711.05101, multiplies by the schedule's factor only, and keeps the rate
    inside the buffer).
    """

    def __init__(
        self, params: Any, lr: float | Schedule, momentum: float = 0.0, dampening: float = 0.0,
        weight_decay: float = 1e-2, nesterov: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, momentum, dampening, weight_decay, nesterov)

    def update(  # type: ignore[override]  # applies weight_decay itself
        self, w: Array, g: Array, b: Array | None = None, *, lr: float, momentum: float, dampening: float,
        weight_decay: float, nesterov: bool, first: bool,
    ) -> None:  # fmt: skip
        w *= 1 - lr * weight_decay
        super().update(w, g, b, lr=lr, momentum=momentum, dampening=dampening, nesterov=nesterov, first=first)


class SGDRateInside(SGD):
    """b <- momentum b + lr g;  w <- w - b;  with nesterov  w <- w - (lr g + momentum b)    Sutskever et al. 2013, eq. 1

    The rate is inside the buffer, as also in CS231n, Keras and Chainer; b is -v of the paper, whose eps is the rate
    and whose mu is the momentum. With a constant rate this is SGD, step by step. When a schedule lowers the rate, SGD
    slows down at once; here what the buffer holds was scaled by the old rate and rolls on. dampening, which is in none
    of them, is SGD's: (1 - dampening) lr g enters b, but not in the first step, nor without a momentum. Give it a
    momentum: the default is SGD's, 0.
    """

    def update(
        self, w: Array, g: Array, b: Array | None = None, *, lr: float, momentum: float, dampening: float,
        nesterov: bool, first: bool,
    ) -> None:  # fmt: skip
        lr_g = lr * g
        if b is not None:
            b *= momentum
            b += lr_g if first else (1 - dampening) * lr_g
            lr_g = lr_g + momentum * b if nesterov else b
        w -= lr_g


class QHM(Optimizer):
    """v <- beta v + (1 - beta) g;  w <- w - lr ((1 - nu) g + nu v)          Ma & Yarats 2019, eq. 3 and 4

    Quasi-hyperbolic momentum (arXiv 1810.06801): a mean of the plain gradient and the moving average. nu = 0 is SGD,
    nu = 1 is Momentum, nu = beta is Nesterov at the rate lr (1 - beta). The first step is only (1 - nu beta) lr g.
    """

    elementwise = True
    state = ("v",)
    ranges = {"nu": "[0, 1]"}

    def __init__(
        self, params: Any, lr: float | Schedule, beta: float = 0.999, nu: float = 0.7, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, lr=lr, beta=beta, nu=nu, weight_decay=weight_decay)

    def update(self, w: Array, g: Array, v: Array, *, lr: float, beta: float, nu: float) -> None:
        v *= beta
        v += (1 - beta) * g
        w -= lr * ((1 - nu) * g + nu * v)


class AggMo(Optimizer):
    """b_i <- beta_i b_i + g  for each i;  w <- w - lr mean(b_1, ..., b_K)     Lucas, Sun, Zemel & Grosse 2019

    Aggregated momentum (arXiv 1804.00325): several heavy balls, of which the light ones damp the oscillations of the
    heavy ones. betas: any number of them, the same number in every group; one buffer each. The paper takes
    1 - 0.1^i for i = 0, 1, ..., K - 1. One beta alone is SGD with that momentum.
    """

    elementwise = True

    def __init__(
        self, params: Any, lr: float | Schedule, betas: Sequence[float] = (0.0, 0.9, 0.99), weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, weight_decay=weight_decay)

    def _checked(self, name: str, x: Any) -> Any:
        if name == "betas":  # any number of them, not just as many as the default has
            return tuple(number("AggMo", name, beta, "[0, 1)") for beta in x)
        return super()._checked(name, x)

    def check_group(self, group: dict[str, Any]) -> None:
        buffers = tuple(f"b{i}" for i in range(1, len(group["betas"]) + 1))
        if self.state not in ((), buffers) or not buffers:
            needed = len(self.state) or "one or more"
            raise ValueError(f"AggMo: betas must be {needed}, as many in every group, got {group['betas']}")
        self.state = buffers  # type: ignore[misc]  # one for each beta

    def update(self, w: Array, g: Array, *buffers: Array, lr: float, betas: tuple[float, ...]) -> None:
        for beta, b in zip(betas, buffers, strict=True):
            b *= beta
            b += g
            w -= lr / len(betas) * b
