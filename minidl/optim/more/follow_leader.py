"""Dual averaging: w is worked out anew in every step from the sum of all gradients. FTRL-Proximal and MADGRAD."""

from __future__ import annotations

from typing import Any

from ...backend import Array, array_module
from ...kernels import maximum, minimum
from ..optimizer import Optimizer, Schedule


class FTRL(Optimizer):
    """n' = n + g^2;  z <- z + g - (n'^p - n^p) / lr w  with  p = -lr_power = 1/2;  n <- n'
    w <- 0  where |z| <= l1,  else  -(z - sign(z) l1) / ((beta + n^p) / lr + l2)

    McMahan et al. 2013 (KDD, "Ad click prediction"), Algorithm 1: follow the regularised leader. With l1 most weights
    of a linear model are exactly 0. It is made for a start at w = 0: z and n start at 0 and at initial_accumulator, and
    what w was before the first update counts only as far as g is large against beta and the accumulator. To train a
    network, take both tiny (beta=1e-6); with l1 = l2 = beta = 0 it is AdaGrad. Keras and TensorFlow: beta = 0,
    initial_accumulator = 0.1, and their l2 is half of this one.
    """

    elementwise = True
    state = ("z", "n")
    ranges = {
        "beta": "[0, inf)", "l1": "[0, inf)", "l2": "[0, inf)",
        "lr_power": "(-inf, 0]", "initial_accumulator": "[0, inf)",
    }  # fmt: skip

    def __init__(
        self, params: Any, lr: float | Schedule = 0.1, beta: float = 1.0, l1: float = 0.0, l2: float = 0.0,
        lr_power: float = -0.5, initial_accumulator: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr=lr, beta=beta, l1=l1, l2=l2, lr_power=lr_power, initial_accumulator=initial_accumulator
        )

    def check_group(self, group: dict[str, Any]) -> None:
        if not (group["beta"] or group["l2"] or group["initial_accumulator"]):
            raise ValueError(
                "FTRL divides by zero where the gradient is 0 at first, unless beta, l2 or initial_accumulator is "
                "positive; give beta=1e-6"
            )

    def initial(self, name: str, w: Array, group: dict[str, Any]) -> Any:
        zeros = super().initial(name, w, group)
        return zeros + group["initial_accumulator"] if name == "n" else zeros

    def numbers(self, state: dict[str, Any], group: dict[str, Any], lr: float) -> dict[str, float]:
        if lr == 0:
            raise ValueError("FTRL divides by the learning rate: it must be positive, got 0")
        return {}

    def update(
        self, w: Array, g: Array, z: Array, n: Array, *, lr: float, beta: float, l1: float, l2: float, lr_power: float
    ) -> None:
        n_before = n**-lr_power
        n += g * g
        z += g - (n**-lr_power - n_before) / lr * w
        shrunk = z - minimum(maximum(z, -l1), l1)  # z - sign(z) l1, or 0 where |z| <= l1
        w[...] = -shrunk / ((beta + n**-lr_power) / lr + l2)


class MADGRAD(Optimizer):
    """step = (lr + eps) sqrt(t);  s <- s + step g;  nu <- nu + step g^2
    z = w0 - s / (nu^(1/3) + eps);  w <- momentum w + (1 - momentum) z          w0: w before the first update

    Defazio & Jelassi 2021 (arXiv 2101.11075), Algorithm 1. AdaGrad as dual averaging, with a cube root for the square
    root, since later gradients weigh more; momentum is an average of the iterates themselves. Errors of rounding do not
    add up in w. (lr + eps, not lr: as in the authors' code and optax.) It wants less weight decay than SGD, often none.
    """

    elementwise = True
    state = ("s", "nu", "w0")

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-2, momentum: float = 0.9, eps: float = 1e-6,
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, momentum=momentum, eps=eps, weight_decay=weight_decay)

    def initial(self, name: str, w: Array, group: dict[str, Any]) -> Any:
        return array_module(w).array(w, order="C") if name == "w0" else super().initial(name, w, group)

    def update(
        self, w: Array, g: Array, s: Array, nu: Array, w0: Array, *, lr: float, momentum: float, eps: float, t: int
    ) -> None:
        step = (lr + eps) * t**0.5
        s += step * g
        nu += step * g * g
        z = w0 - s / (nu ** (1 / 3) + eps)
        w *= momentum
        w += (1 - momentum) * z
