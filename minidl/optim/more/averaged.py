"""The average of the path as the result: the iterates may keep jumping, their mean settles."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from ...backend import Array, on_device_of
from ...tensor import mark_changed
from ..optimizer import Optimizer, Schedule


class ASGD(Optimizer):
    """w <- (1 - lambd eta) w - eta g;  ax <- ax + mu (w - ax)
    with  eta = lr / (1 + lambd lr (t - 1))^alpha,  mu = 1 / max(1, t - 1 - t0)

    Averaged SGD: Polyak & Juditsky 1992; this form: Xu 2011 (arXiv 1107.2490), Bottou's SGD, PyTorch. ax copies w for
    about t0 steps and is their mean from then on. The default t0 of a million steps is PyTorch's: with it, short
    runs never average. The average is not put in place of w by itself: `with optimizer.averaged(): evaluate(model)`.
    """

    elementwise = True
    state = ("ax",)
    ranges = {"lambd": "[0, inf)", "alpha": "[0, inf)", "t0": "[0, inf]"}

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6,
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, lambd=lambd, alpha=alpha, t0=t0, weight_decay=weight_decay)

    def numbers(self, state: dict[str, Any], group: dict[str, Any], lr: float) -> dict[str, float]:
        t = state["t"]
        eta = lr / (1 + group["lambd"] * lr * (t - 1)) ** group["alpha"]
        return {"eta": eta, "mu": 1 / max(1, t - 1 - group["t0"])}

    def update(self, w: Array, g: Array, ax: Array, *, eta: float, mu: float, lambd: float) -> None:
        w *= 1 - lambd * eta
        w -= eta * g
        ax *= 1 - mu  # with mu = 1 this copies w to the last bit, as ax + (w - ax) would not
        ax += mu * w

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Inside, the parameters hold their averages (those without a step stay as they are); afterwards w again."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def _exchange(self) -> None:
        for p, state in self._state.items():
            with on_device_of(p._data):
                w = p._data.copy()
                p._data[...] = state["ax"]
                state["ax"][...] = w
            mark_changed(p)
