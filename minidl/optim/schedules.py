"""Learning-rate schedules: plain functions from the number of steps done (0, 1, 2, ...) to the rate.

An optimizer takes one in place of a number: `SGD(params, lr=schedules.InverseTime(0.1, decay=0.001))`. Being a
function, a schedule can be printed, plotted and tested: `[schedule(t) for t in range(100)]`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


def _positive(schedule: object, **values: float) -> None:
    for name, x in values.items():
        if not (0 < x < math.inf):
            raise ValueError(f"{type(schedule).__name__}: {name} must be positive, got {x}")


@dataclass(frozen=True)
class Constant:
    """lr"""

    lr: float

    def __post_init__(self) -> None:
        _positive(self, lr=self.lr)

    def __call__(self, step: int) -> float:
        return self.lr


@dataclass(frozen=True)
class _Decaying:
    lr: float
    decay: float
    steps_per_epoch: int = 1
    staircase: bool = False

    def __post_init__(self) -> None:
        _positive(self, lr=self.lr, decay=self.decay, steps_per_epoch=self.steps_per_epoch)

    def _time(self, step: int) -> float:
        return step // self.steps_per_epoch if self.staircase else step / self.steps_per_epoch


@dataclass(frozen=True)
class Exponential(_Decaying):
    """lr decay^time                                            (Ng: 0.95^epoch)

    time is step / steps_per_epoch, so that decay is per epoch; with staircase it is rounded down: one rate an epoch.
    """

    def __call__(self, step: int) -> float:
        return self.lr * self.decay ** self._time(step)


@dataclass(frozen=True)
class InverseTime(_Decaying):
    """lr / (1 + decay time)                                    (Ng: 1 / (1 + decay_rate epoch))

    time is step / steps_per_epoch; with staircase it is rounded down. InverseTime(0.2, 1): .2, .1, .0667, .05, .04.
    """

    def __call__(self, step: int) -> float:
        return self.lr / (1 + self.decay * self._time(step))


@dataclass(frozen=True)
class Piecewise:
    """values[i], where i is the number of boundaries reached: Piecewise([1000], [0.1, 0.01]) changes at step >= 1000.

    boundaries: increasing steps (epochs, with steps_per_epoch); values: the rates, one more than boundaries.
    """

    boundaries: Sequence[float]
    values: Sequence[float]
    steps_per_epoch: int = 1

    def __post_init__(self) -> None:
        _positive(self, steps_per_epoch=self.steps_per_epoch)
        if len(self.values) != len(self.boundaries) + 1:
            raise ValueError(
                f"Piecewise: {len(self.boundaries)} boundaries need {len(self.boundaries) + 1} values, "
                f"got {len(self.values)}"
            )
        if list(self.boundaries) != sorted(set(self.boundaries)):
            raise ValueError(f"Piecewise: boundaries must increase, got {list(self.boundaries)}")
        for rate in self.values:
            _positive(self, rate=rate)

    def __call__(self, step: int) -> float:
        return self.values[bisect_right(self.boundaries, step / self.steps_per_epoch)]
