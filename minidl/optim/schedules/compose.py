"""Schedules made of others; any function of the step will do as a part."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .schedule import DURATION, Schedule


@dataclass(frozen=True)
class Warmup(Schedule):
    """start + (schedule(0) - start) step / steps, then schedule(step - steps)          Goyal et al. 2017 (1706.02677)

    The schedule begins when the warm-up ends: its own steps do not count those of the warm-up (Keras's CosineDecay with
    warmup_target; PyTorch: SequentialLR). optax's warmup_cosine_decay_schedule counts them: its decay_steps = 100 with
    warmup_steps = 10 is Warmup(Cosine(lr, 90), 10). With start = 0 the first update changes nothing.
    """

    schedule: Callable[[int], float]
    steps: int
    start: float = 0.0

    def __call__(self, step: int) -> float:
        if step < self.steps:
            return self.start + (float(self.schedule(0)) - self.start) * step / self.steps
        return float(self.schedule(step - self.steps))


@dataclass(frozen=True)
class Joined(Schedule):
    """schedules[i](step - boundaries[i - 1]), where i is the number of boundaries reached, each from its own step 0

    boundaries: increasing steps, one fewer than schedules; the step of a boundary belongs to the new schedule. Source:
    optax join_schedules; PyTorch's SequentialLR (with chained forms) and MLX's join_schedules do the same.
    """

    schedules: Sequence[Callable[[int], float]]
    boundaries: Sequence[int]

    ranges = {"boundaries": DURATION}

    def check(self) -> None:
        self._one_value_more("schedules")
        self._increasing("boundaries")

    def __call__(self, step: int) -> float:
        i = bisect_right(self.boundaries, step)
        return float(self.schedules[i](step - (self.boundaries[i - 1] if i else 0)))


@dataclass(frozen=True)
class Scaled(Schedule):
    """factor schedule(step): one schedule for parameter groups of different rates

    `[{"params": body, "lr": Scaled(cosine, 0.1)}, {"params": head, "lr": cosine}]`; also around a `ReduceOnPlateau`.
    Source: PyTorch's LambdaLR and optax's scale_by_schedule, which multiply a group's own rate by a schedule.
    """

    schedule: Callable[[int], float]
    factor: float

    def __call__(self, step: int) -> float:
        return self.factor * float(self.schedule(step))
