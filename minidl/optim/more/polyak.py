"""The rate from the loss itself: how far the tangent has to be followed until it reaches the lowest possible loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...backend import Array
from ...tensor import Tensor
from ..clip import sum_of_squares
from ..optimizer import Optimizer, Schedule


class PolyakStep(Optimizer):
    """w <- w - min(max(loss - f_min, 0) / (c |g|^2 + eps), lr) g        Polyak 1969; Loizou et al. 2021, SPS_max

    Loizou et al. is arXiv 2002.10542; f_min is its f*, lr its gamma_b, eps is not in it. |g| is the norm of all
    gradients together. f_min: the lowest loss there is, or a bound below it; 0 suits a network that can fit its data.
    lr: the largest step allowed (with c = 1 optax' max_learning_rate). c: at least 1/2 in the paper's theorems. Below
    f_min nothing moves (optax' "sps+"; its default would climb). Weight decay belongs into the loss.

    Needs the loss: step(closure), where closure() computes it, calls backward() and returns it.
    """

    elementwise = True
    closure = "backward"
    ranges = {"c": "(0, inf)"}

    def __init__(
        self, params: Any, lr: float | Schedule = 1.0, c: float = 1.0, f_min: float = 0.0, eps: float = 0.0
    ) -> None:
        super().__init__(params, lr=lr, c=c, f_min=f_min, eps=eps)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Evaluate closure() and update; returns the loss, that of before the update. TypeError without a closure."""
        if closure is None:
            raise TypeError(
                "PolyakStep needs the loss: step(closure), where closure() computes the loss, calls backward() on it "
                "and returns it"
            )
        loss = closure()
        self._loss = float(loss)
        super().step()
        return loss

    def prepare(self, updates: list[tuple[Tensor, dict[str, Any], dict[str, Any], float]]) -> None:
        gradients = [p._grad._data for p, _, _, _ in updates]  # type: ignore[union-attr]
        self._g_squared = sum(sum_of_squares(g) for g in gradients)  # |g|^2 of them all

    def numbers(self, state: dict[str, Any], group: dict[str, Any], lr: float) -> dict[str, float]:
        f_min, c, eps = group["f_min"], group["c"], group["eps"]
        size = c * self._g_squared + eps
        step = max(self._loss - f_min, 0.0) / size if size > 0 else 0.0  # without a gradient there is no way down
        return {"step": min(step, lr)}

    def update(self, w: Array, g: Array, *, step: float) -> None:
        w -= step * g
