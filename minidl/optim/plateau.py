"""Reduce on plateau: a rate that depends on how training goes, and so is no function of the step."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from .schedules.schedule import ANY, BELOW_1, COUNT, NOT_NEGATIVE, POSITIVE, checked

_checked = partial(checked, "ReduceOnPlateau")


class ReduceOnPlateau:
    """lr <- max(factor lr, min_lr) when the metric has not improved for more than `patience` epochs

    An optimizer takes it as its rate, the loop tells it the metric after every epoch:

        rate = ReduceOnPlateau(0.1, patience=5)
        optimizer = SGD(model.parameters(), lr=rate)
        fit(..., callbacks=[lambda run: rate.step(run.history["validation_loss"][-1])])

    mode: whether the metric shall be small ("min") or large ("max"). Better than the best is, with threshold_mode
    "rel", metric < best (1 - threshold) or metric > best (1 + threshold); with "abs", by more than threshold; NaN is
    never better. bad counts the metrics since then that were not better; the rate falls when bad > patience, and bad
    starts again at 0. For `cooldown` metrics after that none counts as bad. A change of the rate by eps or less is
    left out. `lr` is the rate in force, `best` the best metric.

    All as in PyTorch's ReduceLROnPlateau, the defaults too. Keras's fires one epoch sooner, at bad >= patience, with
    an absolute threshold (min_delta = 1e-4): its patience=10 is 9 here. So does optax's reduce_on_plateau, at bad ==
    patience, whose metrics are those of steps, or averages over accumulation_size of them.

    It is state: save `state_dict()` with a checkpoint; an optimizer's own has no schedule in it.
    TypeError for what is no number, ValueError for what is out of range, both also by `step`.
    """

    def __init__(
        self,
        lr: float,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if mode not in ("min", "max"):
            raise ValueError(f"ReduceOnPlateau: mode must be 'min' or 'max', got {mode!r}")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"ReduceOnPlateau: threshold_mode must be 'rel' or 'abs', got {threshold_mode!r}")
        self.lr = _checked("lr", lr, POSITIVE)
        self.mode, self.threshold_mode = mode, threshold_mode
        self.factor = _checked("factor", factor, BELOW_1)
        self.patience = int(_checked("patience", patience, COUNT))
        self.threshold = _checked("threshold", threshold, NOT_NEGATIVE)
        if threshold_mode == "rel" and threshold >= 1:
            raise ValueError(f"ReduceOnPlateau: a relative threshold must lie in [0, 1), got {threshold}")
        self.cooldown = int(_checked("cooldown", cooldown, COUNT))
        self.min_lr, self.eps = _checked("min_lr", min_lr, NOT_NEGATIVE), _checked("eps", eps, NOT_NEGATIVE)
        self.best = math.inf if mode == "min" else -math.inf
        self.bad = 0  # metrics in a row that were not better
        self.cooling = 0  # metrics still to come that do not count

    def __call__(self, step: int = 0) -> float:
        """The rate in force, whatever the step."""
        return self.lr

    def step(self, metric: Any) -> bool:
        """Take in one epoch's metric (anything that float() takes); returns whether the rate fell."""
        metric = _checked("the metric", metric)
        if self._better(metric):
            self.best, self.bad = metric, 0
        else:
            self.bad += 1
        if self.cooling > 0:
            self.cooling -= 1
            self.bad = 0
        if self.bad <= self.patience:
            return False
        self.bad, self.cooling = 0, self.cooldown
        lower = max(self.factor * self.lr, self.min_lr)
        if self.lr - lower <= self.eps:
            return False
        self.lr = lower
        return True

    def _better(self, metric: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "rel":
            return sign * metric > sign * self.best * (1 + sign * self.threshold)
        return sign * metric > sign * self.best + self.threshold

    def state_dict(self) -> dict[str, float]:
        """What changes while training: lr, best, bad, cooling."""
        return {"lr": self.lr, "best": self.best, "bad": self.bad, "cooling": self.cooling}

    def load_state_dict(self, saved: dict[str, float]) -> None:
        """Take over a state_dict; ValueError, and nothing changed, where it is none."""
        try:
            words = {"lr": POSITIVE, "best": ANY, "bad": COUNT, "cooling": COUNT}
            state = {name: _checked(name, saved[name], words[name]) for name in words}
            if len(saved) != len(state):
                raise ValueError
        except (TypeError, KeyError, ValueError):
            raise ValueError(f"ReduceOnPlateau: expected the dict that state_dict() gives, got {saved!r:.80}") from None
        self.lr, self.best = state["lr"], state["best"]
        self.bad, self.cooling = int(state["bad"]), int(state["cooling"])

    def __repr__(self) -> str:
        return (
            f"ReduceOnPlateau(lr={self.lr:g}, mode={self.mode!r}, factor={self.factor:g}, patience={self.patience}, "
            f"threshold={self.threshold:g}, threshold_mode={self.threshold_mode!r}, cooldown={self.cooldown}, "
            f"min_lr={self.min_lr:g}, eps={self.eps:g})"
        )
