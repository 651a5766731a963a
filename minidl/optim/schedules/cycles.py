"""Schedules that rise and fall: with restarts, in cycles, once."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .schedule import Schedule, between


@dataclass(frozen=True)
class WarmRestarts(Schedule):
    """lr (alpha + (1 - alpha) m_mul^i (1 + cos(pi s / n)) / 2)      SGDR: Loshchilov & Hutter 2017 (1608.03983), eq. 5

    s: steps since restart number i; n = steps t_mul^i: the length of that cycle. The names are those of Keras's
    CosineDecayRestarts, whose t_mul is 2 by default; the default here is PyTorch's T_mult = 1. m_mul multiplies the
    wave, not the floor alpha * lr, which is PyTorch's eta_min. optax's sgdr_schedule takes a warm-up and a cosine for
    every cycle: here `Joined` of `Warmup`s.
    """

    lr: float
    steps: int
    t_mul: float = 1.0
    m_mul: float = 1.0
    alpha: float = 0.0

    def __call__(self, step: int) -> float:
        i, s, n = 0, float(step), float(self.steps)
        if self.t_mul == 1:
            i, s = step // self.steps, step % self.steps
        while s >= n:  # log(...) would give i at once, and one too few where rounding leaves it just below
            i, s, n = i + 1, s - n, n * self.t_mul
        return self.lr * (self.alpha + (1 - self.alpha) * self.m_mul**i * (1 + math.cos(math.pi * s / n)) / 2)


@dataclass(frozen=True)
class Cyclic(Schedule):
    """base_lr + (max_lr - base_lr) height scale                     Smith 2017 (1506.01186), sec. 3

    height rises from 0 to 1 in step_size_up steps and falls back in step_size_down (None: as many). scale, with
    cycle = 0, 1, ...: 1 (mode "triangular"), 1 / 2^cycle ("triangular2"), gamma^step ("exp_range"). Names and
    defaults as in PyTorch's CyclicLR, which also lowers the momentum while the rate rises; a schedule is of the rate.
    """

    base_lr: float
    max_lr: float
    step_size_up: int = 2000
    step_size_down: int | None = None
    mode: str = "triangular"
    gamma: float = 1.0

    choices = {"mode": ("triangular", "triangular2", "exp_range")}

    def check(self) -> None:
        if not self.base_lr <= self.max_lr:
            raise self._error(f"max_lr must not be below base_lr = {self.base_lr}, got {self.max_lr}")
        if self.gamma > 1:
            raise self._error(f"gamma must lie in (0, 1], got {self.gamma}")

    def __call__(self, step: int) -> float:
        up, down = self.step_size_up, self.step_size_down or self.step_size_up
        cycle, s = divmod(step, up + down)
        height = s / up if s <= up else (up + down - s) / down
        scale = {"triangular": 1.0, "triangular2": 0.5**cycle, "exp_range": self.gamma**step}[self.mode]
        return self.base_lr + (self.max_lr - self.base_lr) * height * scale


@dataclass(frozen=True)
class OneCycle(Schedule):
    """max_lr / div_factor, up to max_lr, down to max_lr / div_factor / final_div_factor

    Smith & Topin 2017 (1708.07120). Up in the first pct_start of total_steps, then down; with three_phase down to the
    first rate in as many steps, and from there to the last. anneal_strategy: each piece is half a wave, b + (a - b)
    (1 + cos(pi p)) / 2 ("cos"), or straight ("linear"). Names, defaults and step counting of PyTorch's OneCycleLR: the
    peak is at step pct_start * total_steps - 1 (it may lie between two steps), the end at total_steps - 1. The rate
    stays there, where PyTorch raises. PyTorch moves the momentum the other way; a schedule is of the rate alone.

    optax's cosine_onecycle_schedule (linear_onecycle_schedule) has the peak at pct_start * T and the end at T:
    PiecewiseInterpolate([0, 0.3 * T, T], [max_lr / 25, max_lr, max_lr / 25e4], "cosine").
    """

    max_lr: float
    total_steps: int
    pct_start: float = 0.3
    anneal_strategy: str = "cos"
    div_factor: float = 25.0
    final_div_factor: float = 1e4
    three_phase: bool = False

    choices = {"anneal_strategy": ("cos", "linear")}

    def check(self) -> None:
        if self.three_phase and self.pct_start > 0.5:
            raise self._error(f"three_phase needs pct_start <= 0.5 (up takes as long as down), got {self.pct_start}")

    def __call__(self, step: int) -> float:
        first = self.max_lr / self.div_factor
        ends = [(self.pct_start * self.total_steps - 1, self.max_lr)]
        if self.three_phase:
            ends.append((2 * self.pct_start * self.total_steps - 2, first))
        ends.append((self.total_steps - 1, first / self.final_div_factor))
        begin, a = 0.0, first
        for end, b in ends:
            if step <= end:
                p = (step - begin) / (end - begin) if end > begin else 1.0  # a rise of one step: PyTorch divides by 0
                return between(a, b, p, self.anneal_strategy == "cos")
            begin, a = end, b
        return a


@dataclass(frozen=True)
class Trapezoid(Schedule):
    """start + (lr - start) step / warmup, then lr, then end + (lr - end) f(p) in the last `cooldown` of `steps`: WSD

    p goes from 0 to 1. shape: f(p) = 1 - p ("linear"), 1 - sqrt(p) ("sqrt"), (1 + cos(pi p)) / 2 ("cosine"), 1 - p^2
    ("square"). WSD = warm-up, stable, decay: Hu et al. 2024 (MiniCPM, 2404.06395). Haegele et al. 2024 (2405.18392)
    find "sqrt" better than "linear"; it is the default of pytorch_optimizer's get_wsd_schedule, where only the cosine
    ends at the end given. Unlike a cosine, the stable phase can be prolonged: it does not depend on `steps`.
    """

    lr: float
    steps: int
    warmup: int = 0
    cooldown: int = 0
    shape: str = "linear"
    start: float = 0.0
    end: float = 0.0

    choices = {"shape": ("linear", "sqrt", "cosine", "square")}

    def check(self) -> None:
        if self.warmup + self.cooldown > self.steps:
            raise self._error(f"warmup {self.warmup} and cooldown {self.cooldown} do not fit into {self.steps} steps")

    def __call__(self, step: int) -> float:
        if step < self.warmup:
            return self.start + (self.lr - self.start) * step / self.warmup
        if step < self.steps - self.cooldown or self.cooldown == 0:
            return self.lr
        p = min(1.0, 1 - (self.steps - step) / self.cooldown)
        f = {"linear": 1 - p, "sqrt": 1 - math.sqrt(p), "cosine": (1 + math.cos(math.pi * p)) / 2, "square": 1 - p * p}
        return self.end + (self.lr - self.end) * f[self.shape]
