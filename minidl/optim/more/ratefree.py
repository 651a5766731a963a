"""Rules that find their learning rate: DoG and DoWG from distance and gradients, D-Adaptation and Prodigy for Adam.

Each estimates how far the start w0 is from a minimum, from below, and lets the estimate grow. The estimate is one
number for all parameters together: `prepare` works it out before any of them moves. `lr` is a factor on top, 1 unless
a schedule lowers it.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ...backend import Array, on_device_of
from ...kernels import sqrt
from ...tensor import Tensor
from ..optimizer import Optimizer, Schedule

_RATES = {"d0": "(0, inf)", "d_coef": "[0, inf)", "beta3": "[0, 1)",
          "reps_rel": "(0, inf)", "r2_start": "(0, inf)"}  # fmt: skip
Updates = list[tuple[Tensor, dict[str, Any], dict[str, Any], float]]


def _dot(a: Array, b: Array) -> float:
    """sum(a b), summed in float64."""
    with on_device_of(a):
        return float((a * b.astype("float64")).sum())


def _l1(a: Array) -> float:
    with on_device_of(a):
        return float(abs(a).sum(dtype="float64"))


def _squared_norm(updates: Updates) -> float:
    """||g||^2 over all parameters, with g as the rule gets it: with the L2 term."""
    total = 0.0
    for p, _, group, _ in updates:
        g = p._grad._data  # type: ignore[union-attr]
        with on_device_of(g):
            g = g + group["weight_decay"] * p._data
        total += _dot(g, g)
    return total


class DoG(Optimizer):
    """r <- max(r, ||w - w0||);  G <- G + ||g||^2;  w <- w - lr r / sqrt(G + eps) g

    Distance over gradients: Ivgi, Hinder & Carmon 2023 (arXiv 2302.12022); the norms are over all
    parameters. r starts at reps_rel (1 + ||w0||), which only has to be small. The paper evaluates an average of the
    weights: see weights.EMA.
    """

    elementwise = True
    state = ("w0",)
    shared = {"r": 0.0, "G": 0.0}
    ranges = _RATES

    def __init__(
        self, params: Any, lr: float | Schedule = 1.0, reps_rel: float = 1e-6, eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, reps_rel=reps_rel, eps=eps, weight_decay=weight_decay)

    def initial(self, name: str, w: Array, group: dict[str, Any]) -> Any:
        return w.copy()

    def prepare(self, updates: Updates) -> None:
        common = self.common
        if not common["r"]:
            start = math.sqrt(sum(_dot(p._data, p._data) for p in self.parameters()))
            common["r"] = updates[0][2]["reps_rel"] * (1 + start)
        common["r"] = max(common["r"], math.sqrt(self.squared_distance()))
        common["G"] += _squared_norm(updates)

    def squared_distance(self) -> float:
        """||w - w0||^2 of all parameters that were ever updated; the others are still where they were."""
        total = 0.0
        for p, state in self._state.items():
            with on_device_of(p._data):
                away = p._data - state["w0"]
            total += _dot(away, away)
        return total

    def numbers(self, state: dict[str, Any], group: dict[str, Any], lr: float) -> dict[str, float]:
        return dict(self.common)

    def update(self, w: Array, g: Array, w0: Array, *, lr: float, r: float, G: float, eps: float) -> None:
        w -= lr * (r / (G + eps) ** 0.5) * g


class DoWG(DoG):
    """r2 <- max(r2, ||w - w0||^2);  V <- V + r2 ||g||^2;  w <- w - lr r2 / (sqrt(V) + eps) g

    Distance over weighted gradients: Khaled, Mishchenko & Jin 2023 (arXiv 2305.16284), Algorithm 1. Late gradients
    weigh more than early ones, so that r grows faster than DoG's. r2 starts at r2_start (in optax at eps).
    """

    shared = {"r2": 0.0, "V": 0.0}

    def __init__(
        self, params: Any, lr: float | Schedule = 1.0, r2_start: float = 1e-4, eps: float = 1e-4,
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        Optimizer.__init__(self, params, lr=lr, r2_start=r2_start, eps=eps, weight_decay=weight_decay)

    def prepare(self, updates: Updates) -> None:
        common = self.common
        common["r2"] = max(common["r2"] or updates[0][2]["r2_start"], self.squared_distance())
        common["V"] += common["r2"] * _squared_norm(updates)

    def update(  # type: ignore[override]  # other numbers than DoG's
        self, w: Array, g: Array, w0: Array, *, lr: float, r2: float, V: float, eps: float
    ) -> None:
        w -= lr * (r2 / (V**0.5 + eps)) * g


class DAdaptAdam(Optimizer):
    """m <- beta1 m + (1 - beta1) D g;  v <- beta2 v + (1 - beta2) g^2
    w <- w - m / (sqrt(v) + eps) - D weight_decay w  with  D = d lr sqrt(1 - beta2^t) / (1 - beta1^t)
    before that, with the v of the last step and b = sqrt(beta2):  num <- b num + (1 - b) D <g, s / (sqrt(v) + eps)>
    s <- b s + (1 - b) D g;  d' = max(d, num / ((1 - b) ||s||_1));  after it  d <- d'

    D-Adaptation: Defazio & Mishchenko 2023 (arXiv 2301.07733), the version for Adam. d estimates the distance to a
    minimum in the coordinate where it is largest. The v in num is the old one, as in the authors' code and optax (the
    paper takes the new one). weight_decay is AdamW's. The authors' code has bias_correction=False
    as its default, D = d lr; optax has True.
    """

    elementwise = True
    state: ClassVar[tuple[str, ...]] = ("m", "v", "s")
    shared = {"d": 0.0, "d_next": 0.0, "num": 0.0}
    ranges = _RATES

    def __init__(
        self, params: Any, lr: float | Schedule = 1.0, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        d0: float = 1e-6, bias_correction: bool = True, weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr=lr, betas=betas, eps=eps, d0=d0, bias_correction=bias_correction, weight_decay=weight_decay
        )

    def numbers(self, state: dict[str, Any], group: dict[str, Any], lr: float) -> dict[str, float]:
        beta1, beta2 = group["betas"]
        correction = math.sqrt(1 - beta2 ** state["t"]) / (1 - beta1 ** state["t"])
        return {"D": self.common["d"] * lr * (correction if group["bias_correction"] else 1.0)} | self.common

    def prepare(self, updates: Updates) -> None:
        common = self.common
        common["d"] = d = common["d_next"] or updates[0][2]["d0"]
        b = math.sqrt(updates[0][2]["betas"][1])
        common["num"] *= b
        for p, state, group, lr in updates:
            D, g, v, s = self.numbers(state, group, lr)["D"], p._grad._data, state["v"], state["s"]  # type: ignore
            with on_device_of(g):
                scale = sqrt(v) + group["eps"]
                common["num"] += (1 - b) * D * _dot(g, s / (scale + (scale == 0)))  # where v is 0, so is s
                s *= b
                s += (1 - b) * D * g
        size = (1 - b) * sum(_l1(state["s"]) for state in self._state.values())
        common["d_next"] = max(d, common["num"] / size) if size else d

    def update(
        self, w: Array, g: Array, m: Array, v: Array, s: Array, *, D: float, betas: tuple[float, float], eps: float,
        weight_decay: float,
    ) -> None:  # fmt: skip
        beta1, beta2 = betas
        m *= beta1
        m += (1 - beta1) * D * g
        v *= beta2
        v += (1 - beta2) * g * g
        w *= 1 - D * weight_decay
        w -= m / (sqrt(v) + eps)


class Prodigy(DAdaptAdam):
    """m <- beta1 m + (1 - beta1) d g;  v <- beta2 v + (1 - beta2) (d g)^2
    w <- w - D (m / (sqrt(v) + d' eps) + weight_decay w)  with  D = d lr sqrt(1 - beta2^t) / (1 - beta1^t)
    num <- beta3 num + d / d0 D <g, w0 - w>;  s <- beta3 s + d / d0 D g;  d' = max(d, d_coef num / ||s||_1);  d <- d'

    Mishchenko & Defazio 2023 (arXiv 2306.06101), the version for Adam; beta3 = sqrt(beta2) where None is given.
    Gradients count by the square of the d of their time, so that d grows faster than with D-Adaptation.
    safeguard_warmup: s takes d / d0 d g, for a schedule that starts near 0. bias_correction as for DAdaptAdam. eps is
    multiplied by the new d, as in the authors' code and optax; the paper has the old one.
    """

    state = ("m", "v", "s", "w0")

    def __init__(
        self, params: Any, lr: float | Schedule = 1.0, betas: tuple[float, float] = (0.9, 0.999),
        beta3: float | None = None, eps: float = 1e-8, d0: float = 1e-6, d_coef: float = 1.0,
        bias_correction: bool = True, safeguard_warmup: bool = False, weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        Optimizer.__init__(
            self, params, lr=lr, betas=betas, beta3=beta3, eps=eps, d0=d0, d_coef=d_coef,
            bias_correction=bias_correction, safeguard_warmup=safeguard_warmup, weight_decay=weight_decay,
        )  # fmt: skip

    def initial(self, name: str, w: Array, group: dict[str, Any]) -> Any:
        return w.copy() if name == "w0" else super().initial(name, w, group)

    def prepare(self, updates: Updates) -> None:
        common, first = self.common, updates[0][2]
        common["d"] = d = common["d_next"] or first["d0"]
        beta3 = math.sqrt(first["betas"][1]) if first["beta3"] is None else first["beta3"]
        common["num"] *= beta3
        for p, state, group, lr in updates:
            D, g, s = self.numbers(state, group, lr)["D"], p._grad._data, state["s"]  # type: ignore[union-attr]
            with on_device_of(g):
                common["num"] += d / first["d0"] * D * _dot(g, state["w0"] - p._data)
                s *= beta3
                s += d / first["d0"] * (d if group["safeguard_warmup"] else D) * g
        size = sum(_l1(state["s"]) for state in self._state.values())
        common["d_next"] = max(d, first["d_coef"] * common["num"] / size) if size else d

    def update(  # type: ignore[override]  # one state and two numbers more
        self, w: Array, g: Array, m: Array, v: Array, s: Array, w0: Array, *, d: float, d_next: float, D: float,
        betas: tuple[float, float], eps: float, weight_decay: float,
    ) -> None:  # fmt: skip
        beta1, beta2 = betas
        m *= beta1
        m += (1 - beta1) * d * g
        v *= beta2
        v += (1 - beta2) * (d * g) ** 2
        w *= 1 - D * weight_decay
        w -= D * m / (sqrt(v) + d_next * eps)
