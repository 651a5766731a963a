"""Schedule-Free: averaging in place of a schedule. Gradients are taken at one point, losses evaluated at another.

    y = (1 - beta) z + beta x      where gradients are taken: what the model holds in training
    z <- z - lr g(y)               the rule's own step
    x <- (1 - c) x + c z           the average, to be evaluated: what the model holds after eval()

Defazio et al. 2024 (arXiv 2405.15682), eq. 3 to 5 and Algorithm 1. Memory holds y (the parameter) and z; x follows from
the two. c = weight / (sum of weights), weight = t^r (largest lr so far)^weight_lr_power: with the authors' power of 2
a warm-up counts little. Keras has c = 1 / t: weight_lr_power=0. No schedule that falls is needed, but a warm-up helps:
pass it as `lr`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ...backend import Array, on_device_of
from ...kernels import sqrt
from ...tensor import mark_changed
from ..optimizer import Optimizer, Schedule


class _ScheduleFree(Optimizer):
    """The averaging, and the switch between y and x."""

    elementwise = True
    state: ClassVar[tuple[str, ...]] = ("z",)
    optional_state = {"y": "evaluating"}  # kept while the model holds x, so that train() restores it to the bit
    memory = {"lr_max": 0.0, "weights": 0.0}
    ranges = {"r": "[0, inf)", "weight_lr_power": "[0, inf)"}

    def check_group(self, group: dict[str, Any]) -> None:
        if self._beta(group) == 0:
            name = "betas" if "betas" in group else "momentum"
            raise ValueError(
                f"{type(self).__name__}: {name} must be positive, got {group[name]}: x = (y - (1 - beta) z) / beta"
            )

    def _beta(self, group: dict[str, Any]) -> float:
        return group["betas"][0] if "betas" in group else group["momentum"]

    def initial(self, name: str, w: Array, group: dict[str, Any]) -> Any:
        return w.copy() if name == "z" else super().initial(name, w, group)

    def numbers(self, state: dict[str, Any], group: dict[str, Any], lr: float) -> dict[str, float]:
        state["lr_max"] = max(state["lr_max"], lr)
        weight = state["t"] ** group["r"] * state["lr_max"] ** group["weight_lr_power"]
        state["weights"] += weight
        return {"c": weight / state["weights"] if weight else 0.0}

    def average(self, w: Array, z: Array, u: Array, lr: float, c: float, beta: float) -> None:
        """One step of z along -u, and the average; w holds y."""
        x = (w - (1 - beta) * z) / beta
        z -= lr * u
        x = (1 - c) * x + c * z
        w[...] = (1 - beta) * z + beta * x

    # -- the switch

    @property
    def evaluating(self) -> bool:
        """Whether the model holds x (after eval()) and not y (after train(), and at the start)."""
        return self.param_groups[0]["evaluating"]

    def eval(self) -> None:
        """Give the model the average x: before every evaluation and before saving a model for use. Twice is once."""
        if not self.evaluating:
            for group in self.param_groups:
                group["evaluating"], beta = True, self._beta(group)
                for p in group["params"]:
                    if p in self._state:
                        state = self._state[p]
                        with on_device_of(p._data):
                            state["y"] = p._data.copy()
                            p._data[...] = (state["y"] - (1 - beta) * state["z"]) / beta
                        mark_changed(p)

    def train(self) -> None:
        """Give the model back y, where training goes on, to the bit; nothing happens where it holds y already."""
        if self.evaluating:
            for group in self.param_groups:
                group["evaluating"] = False
                for p in group["params"]:
                    if p in self._state:
                        with on_device_of(p._data):
                            p._data[...] = self._state[p].pop("y")
                        mark_changed(p)

    def check(self, model: Any) -> None:
        """RuntimeError where the model is in another mode than this optimizer: a switch was forgotten."""
        if model.training == self.evaluating:
            forgotten, other = ("train", "evaluation") if self.evaluating else ("eval", "training")
            raise RuntimeError(
                f"{type(self).__name__}: the model is in {'training' if model.training else 'evaluation'} mode, but "
                f"its weights are those for {other}; call optimizer.{forgotten}() beside model.{forgotten}()"
            )

    def step(self, closure: Any = None) -> Any:
        if self.evaluating:
            raise RuntimeError(
                f"{type(self).__name__}.step(): the model holds the averaged weights; call optimizer.train() after an "
                "evaluation, before the gradients are computed"
            )
        return super().step(closure)


class ScheduleFreeSGD(_ScheduleFree):
    """z <- z - lr g;  x <- (1 - c) x + c z;  w <- (1 - momentum) z + momentum x

    Defazio et al. 2024 (arXiv 2405.15682), eq. 3 to 5; see the top of this file for c. Evaluate between eval() and
    train(). The best lr is 10 to 50 times SGD's.
    """

    def __init__(
        self, params: Any, lr: float | Schedule = 1.0, momentum: float = 0.9, weight_decay: float = 0.0,
        r: float = 0.0, weight_lr_power: float = 2.0,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr=lr, momentum=momentum, weight_decay=weight_decay, r=r, weight_lr_power=weight_lr_power,
            evaluating=False,
        )  # fmt: skip

    def update(
        self, w: Array, g: Array, z: Array, y: Array | None = None, *, lr: float, momentum: float, c: float
    ) -> None:
        self.average(w, z, g, lr, c, momentum)


class ScheduleFreeAdamW(_ScheduleFree):
    """v <- beta2 v + (1 - beta2) g^2;  z <- z - lr (g / (sqrt(v / (1 - beta2^t)) + eps) + weight_decay w)
    x <- (1 - c) x + c z;  w <- (1 - beta1) z + beta1 x

    Defazio et al. 2024 (arXiv 2405.15682), Algorithm 1; see the top of this file for c. The average takes the place of
    Adam's m. weight_decay, decoupled, acts at y. The paper puts sqrt(1 - beta2^t) into lr, which changes eps, c and
    the decay of the first steps; the authors' code later did as here. Evaluate between eval() and train().
    """

    state = ("z", "v")

    def __init__(
        self, params: Any, lr: float | Schedule = 2.5e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, r: float = 0.0, weight_lr_power: float = 2.0,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, r=r, weight_lr_power=weight_lr_power,
            evaluating=False,
        )  # fmt: skip

    def update(
        self, w: Array, g: Array, z: Array, v: Array, y: Array | None = None, *, lr: float,
        betas: tuple[float, float], eps: float, weight_decay: float, c: float, t: int,
    ) -> None:  # fmt: skip
        beta1, beta2 = betas
        v *= beta2
        v += (1 - beta2) * g * g
        u = g / (sqrt(v / (1 - beta2**t)) + eps)
        self.average(w, z, u + weight_decay * w, lr, c, beta1)
