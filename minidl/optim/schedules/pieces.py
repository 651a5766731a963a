"""Schedules in pieces: constant between given steps, or drawn from point to point."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from .schedule import NOT_NEGATIVE, Schedule, between


@dataclass(frozen=True)
class Step(Schedule):
    """lr gamma^floor(step / step_size)                              (PyTorch StepLR, MLX step_decay, Chainer StepShift)

    step_size counts steps, or epochs where steps_per_epoch is given: Step(0.1, 30, steps_per_epoch=len(loader)) is
    that of PyTorch's ImageNet example. The same as a staircase `Exponential`.
    """

    lr: float
    step_size: int
    gamma: float = 0.1
    steps_per_epoch: float = 1

    def __call__(self, step: int) -> float:
        return self.lr * self.gamma ** (step // (self.step_size * self.steps_per_epoch))


@dataclass(frozen=True)
class MultiStep(Schedule):
    """lr gamma^(number of milestones reached): MultiStep(0.1, [30, 80]) falls at step >= 30 and at step >= 80.

    milestones: increasing steps (epochs, with steps_per_epoch). Source: PyTorch MultiStepLR.
    """

    lr: float
    milestones: Sequence[float]
    gamma: float = 0.1
    steps_per_epoch: float = 1

    def check(self) -> None:
        self._increasing("milestones")

    def __call__(self, step: int) -> float:
        return self.lr * self.gamma ** bisect_right(self.milestones, step / self.steps_per_epoch)


@dataclass(frozen=True)
class Piecewise(Schedule):
    """values[i], where i is the number of boundaries reached: Piecewise([1000], [0.1, 0.01]) changes at step >= 1000.

    boundaries: increasing steps (epochs, with steps_per_epoch); values: the rates, one more than boundaries.
    The boundary belongs to the new value, as in optax (piecewise_constant_schedule, whose values are factors instead)
    and PyTorch. In Keras's PiecewiseConstantDecay it still belongs to the old one: its [999] is this class's [1000].
    """

    boundaries: Sequence[float]
    values: Sequence[float]
    steps_per_epoch: float = 1

    def check(self) -> None:
        self._one_value_more("values")
        self._increasing("boundaries")

    def __call__(self, step: int) -> float:
        return self.values[bisect_right(self.boundaries, step / self.steps_per_epoch)]


@dataclass(frozen=True)
class PiecewiseInterpolate(Schedule):
    """values[i] at step boundaries[i], and between two of them b + (a - b) (1 - p), p = 0 at a and 1 at b

    kind "cosine": half a wave, b + (a - b) (1 + cos(pi p)) / 2. Before the first and after the last boundary the rate
    is constant. boundaries: increasing steps (epochs, with steps_per_epoch). Source: optax's
    piecewise_interpolate_schedule, whose values are factors of the one before; its one-cycle schedules are made of it
    (see `OneCycle`).
    """

    boundaries: Sequence[float]
    values: Sequence[float]
    kind: str = "linear"
    steps_per_epoch: float = 1

    ranges = {"values": NOT_NEGATIVE}
    choices = {"kind": ("linear", "cosine")}

    def check(self) -> None:
        if not self.values or len(self.boundaries) != len(self.values):
            raise self._error(f"needs a value at every boundary, got {len(self.boundaries)} and {len(self.values)}")
        self._increasing("boundaries")

    def __call__(self, step: int) -> float:
        time = step / self.steps_per_epoch
        i = bisect_right(self.boundaries, time)
        if i == 0 or i == len(self.values):
            return self.values[max(0, i - 1)]
        begin, end = self.boundaries[i - 1], self.boundaries[i]
        return between(self.values[i - 1], self.values[i], (time - begin) / (end - begin), self.kind == "cosine")
