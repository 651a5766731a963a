"""Schedules that follow one formula, nearly all of them downwards."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .schedule import DURATION, Schedule


@dataclass(frozen=True)
class Constant(Schedule):
    """lr                                                            (optax constant_schedule)

    A plain number does the same in an optimizer; this one can be a part of other schedules.
    """

    lr: float

    def __call__(self, step: int) -> float:
        return self.lr


@dataclass(frozen=True)
class Exponential(Schedule):
    """max(end, lr decay^time)                                       (Ng: 0.95^epoch)

    time is step / steps_per_epoch, so that decay is per epoch; with staircase it is rounded down: one rate an epoch.
    PyTorch's ExponentialLR calls decay gamma; Keras and optax call steps_per_epoch decay_steps and transition_steps.
    Only optax has an end.
    """

    lr: float
    decay: float
    steps_per_epoch: float = 1
    staircase: bool = False
    end: float = 0.0

    def __call__(self, step: int) -> float:
        return max(self.end, self.lr * self.decay ** self._time(step))


@dataclass(frozen=True)
class InverseTime(Schedule):
    """lr / (1 + decay time)                                         (Ng: 1 / (1 + decay_rate epoch))

    time is step / steps_per_epoch; with staircase it is rounded down. InverseTime(0.2, 1): .2, .1, .0667, .05, .04.
    The sum of the rates grows without bound and that of their squares does not: Robbins & Monro 1951. Keras:
    InverseTimeDecay. Chainer's InverseShift raises 1 + decay time to a power instead.
    """

    lr: float
    decay: float
    steps_per_epoch: float = 1
    staircase: bool = False

    def __call__(self, step: int) -> float:
        return self.lr / (1 + self.decay * self._time(step))


@dataclass(frozen=True)
class InverseSqrt(Schedule):
    """lr min(t / warmup, sqrt(warmup / t)),  t = step + 1           Vaswani et al. 2017 (1706.03762), eq. 3: "Noam"

    lr is the highest rate, that of update number warmup. The paper's d_model^-0.5 min(t^-0.5, t warmup^-1.5) is
    InverseSqrt((d_model * warmup) ** -0.5, warmup). warmup=1 is lr / sqrt(t), Zinkevich's 2003 rate for online
    learning. No class in PyTorch, Keras or optax.
    """

    lr: float
    warmup: int = 1

    ranges = {"warmup": DURATION}

    def __call__(self, step: int) -> float:
        t = step + 1
        return self.lr * min(t / self.warmup, math.sqrt(self.warmup / t))


@dataclass(frozen=True)
class Polynomial(Schedule):
    """end + (lr - end) (1 - min(time, steps) / steps)^power         (Keras PolynomialDecay, optax polynomial_schedule)

    time is step / steps_per_epoch (then steps counts epochs); with staircase it is rounded down. Defaults are PyTorch's
    PolynomialLR, which has no end; Keras's end is 1e-4. Keras's cycle=True, which starts again, is not here.
    """

    lr: float
    steps: int
    power: float = 1.0
    end: float = 0.0
    steps_per_epoch: float = 1
    staircase: bool = False

    def __call__(self, step: int) -> float:
        left = 1 - min(self._time(step), self.steps) / self.steps
        return self.end + (self.lr - self.end) * left**self.power


@dataclass(frozen=True)
class Linear(Schedule):
    """end + (lr - end) (1 - min(time, steps) / steps)               (optax linear_schedule)

    The straight line from lr, up or down, to end. time is step / steps_per_epoch (then steps counts epochs); with
    staircase it is rounded down. PyTorch's LinearLR rises, from lr / 3 to lr in 5 steps by default:
    Linear(lr / 3, 5, end=lr).
    """

    lr: float
    steps: int
    end: float = 0.0
    steps_per_epoch: float = 1
    staircase: bool = False

    def __call__(self, step: int) -> float:
        left = 1 - min(self._time(step), self.steps) / self.steps
        return self.end + (self.lr - self.end) * left


@dataclass(frozen=True)
class Cosine(Schedule):
    """lr (alpha + (1 - alpha) ((1 + cos(pi min(time, steps) / steps)) / 2)^exponent)

    Loshchilov & Hutter 2017 (1608.03983), eq. 5, without the restarts; alpha and exponent as in optax's
    cosine_decay_schedule (Keras: CosineDecay, without exponent). time is step / steps_per_epoch (then steps counts
    epochs); with staircase it is rounded down. PyTorch's eta_min is alpha * lr. After `steps` the rate stays at
    alpha * lr, as in Keras and optax; PyTorch's CosineAnnealingLR climbs back up.
    """

    lr: float
    steps: int
    alpha: float = 0.0
    exponent: float = 1.0
    steps_per_epoch: float = 1
    staircase: bool = False

    def __call__(self, step: int) -> float:
        wave = (1 + math.cos(math.pi * min(self._time(step), self.steps) / self.steps)) / 2
        return self.lr * (self.alpha + (1 - self.alpha) * wave**self.exponent)
