"""Gradient descent and its momenta: the step depends on the gradients, not on their size.

Three conventions of one idea. With a constant rate, SGD(momentum=mu) at rate lr walks the same path as
Momentum(beta=mu) at rate lr / (1 - mu); at equal rates Momentum is 1 / (1 - mu) times (ten times, for 0.9) slower.
"""

from __future__ import annotations

from typing import Any

from ..backend import Array
from .optimizer import Optimizer, Schedule


class SGD(Optimizer):
    """w <- w - lr g                                                              Robbins & Monro 1951

    With momentum (heavy ball, Polyak 1964; as in Sutskever et al. 2013, but with lr outside the buffer, as in PyTorch):
        b <- momentum b + (1 - dampening) g;  w <- w - lr b       (the first b is g, undampened, as in PyTorch)
    with nesterov:  w <- w - lr (g + momentum b)                  (needs momentum > 0 and dampening = 0)
    """

    elementwise = True
    optional_state = {"b": "momentum"}

    def __init__(
        self, params: Any, lr: float | Schedule, momentum: float = 0.0, dampening: float = 0.0,
        weight_decay: float = 0.0, nesterov: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov
        )

    def check_group(self, group: dict[str, Any]) -> None:
        if group["nesterov"] and (group["momentum"] == 0 or group["dampening"] != 0):
            raise ValueError(
                f"{type(self).__name__}: nesterov needs momentum > 0 and dampening = 0, got "
                f"momentum={group['momentum']} and dampening={group['dampening']}"
            )

    def update(
        self, w: Array, g: Array, b: Array | None = None, *, lr: float, momentum: float, dampening: float,
        nesterov: bool, first: bool,
    ) -> None:  # fmt: skip
        if b is not None:
            b *= momentum
            b += g if first or dampening == 0 else (1 - dampening) * g
            g = g + momentum * b if nesterov else b
        w -= lr * g


class Momentum(Optimizer):
    """v <- beta v + (1 - beta) g;  w <- w - lr v              Ng 2017, "Improving deep neural networks", week 2

    The moving average of the gradients: about the last 1 / (1 - beta) of them. It starts at 0, so the first steps
    are small; `bias_correction` divides v by 1 - beta^t, which makes the first step lr g.
    """

    elementwise = True
    state = ("v",)

    def __init__(
        self, params: Any, lr: float | Schedule, beta: float = 0.9, bias_correction: bool = False,
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, beta=beta, bias_correction=bias_correction, weight_decay=weight_decay)

    def update(
        self, w: Array, g: Array, v: Array, *, lr: float, beta: float, bias_correction: bool, t: int
    ) -> None:
        v *= beta
        v += (1 - beta) * g
        if bias_correction:
            w -= lr / (1 - beta**t) * v
        else:
            w -= lr * v


class Nesterov(Optimizer):
    """v <- momentum v + g;  w <- w - lr (g + momentum v)      Nesterov 1983; Sutskever et al. 2013; Bengio et al. 2012

    The look-ahead form: what is stored and what the gradient is taken at is not Nesterov's theta but the point ahead
    of it, w = theta - lr momentum v, where the momentum alone would carry it. In course notes, with the displacement
    u = -lr v: u <- momentum u - lr grad(theta + momentum u);  theta <- theta + u. Equal to SGD(nesterov=True).
    """

    elementwise = True
    state = ("v",)

    def __init__(
        self, params: Any, lr: float | Schedule, momentum: float = 0.9, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, lr=lr, momentum=momentum, weight_decay=weight_decay)

    def update(self, w: Array, g: Array, v: Array, *, lr: float, momentum: float) -> None:
        v *= momentum
        v += g
        w -= lr * (g + momentum * v)
