"""The learning-rate range test: all rates in one short sweep, to see where the loss falls and where it explodes.

Smith 2017 (1506.01186), sec. 3.3, who raises the rate by a constant amount and looks at the accuracy. The constant
factor and the smoothed loss are fastai's; what is computed here is what davidtvs/pytorch-lr-finder computes. The model
is used by its methods only (call, `state_dict`, `modules`), so that this file knows no layer.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..backend import device_of, generator, is_array, to_device
from ..tensor import Tensor
from .optimizer import Optimizer
from .schedules.schedule import DURATION, FRACTION, POSITIVE, checked


@dataclass(frozen=True)
class RangeTest:
    """What `find_lr` saw: one entry per step.

    rates: the learning rates, growing by a constant factor. losses: of the step's batch before its update (the loss
    that rate i leads to is number i + 1). smoothed: the same as a moving average. diverged_at: the rate at which the
    sweep was given up, None where it reached its end. For a second opinion, `diverged_at / 10` is usually safe.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    diverged_at: float | None = None

    def suggestion(self, skip_start: int = 10, skip_end: int = 5) -> float:
        """The rate at which the smoothed loss falls steepest against log(rate).

        The first and last few steps do not count: there the average has not settled, and the loss explodes.
        ValueError where fewer than two steps are left, or the loss falls nowhere.
        """
        kept = slice(skip_start, len(self.rates) - skip_end)
        rates, losses = np.array(self.rates[kept]), np.array(self.smoothed[kept])
        if len(rates) < 2:
            raise ValueError(
                f"the range test made {len(self.rates)} steps, without {skip_start} at its start and {skip_end} at its "
                "end there are fewer than 2; take more steps, or a lower start"
            )
        slope = np.gradient(losses) / np.gradient(np.log(rates))  # central differences; exactly 0 where all is flat
        if slope.min() >= 0:
            raise ValueError(
                f"the loss falls at no rate between {rates[0]:.3g} and {rates[-1]:.3g}; try others, or look at the "
                "model and the data"
            )
        return float(rates[slope.argmin()])

    def plot(self, path: str | Path, skip_start: int = 10, skip_end: int = 5) -> Path:
        """Write a PNG: loss and smoothed loss against the rate, and the suggestion where there is one."""
        try:
            from matplotlib.backends.backend_agg import FigureCanvasAgg
            from matplotlib.figure import Figure
        except ImportError:
            raise ImportError("the plot needs matplotlib, which is not installed: pip install matplotlib") from None
        figure = Figure(figsize=(7, 4.4), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        axes.plot(self.rates, self.losses, ".", markersize=4, color="0.7", label="loss of each batch")
        axes.plot(self.rates, self.smoothed, color="tab:blue", label="smoothed")
        low, high = min(self.smoothed), max(self.smoothed[: max(1, len(self.smoothed) - skip_end)])
        margin = 0.2 * (high - low) + 1e-12
        axes.set_ylim(low - margin, high + margin)  # not up to where it explodes
        with contextlib.suppress(ValueError):
            rate = self.suggestion(skip_start, skip_end)
            axes.axvline(rate, color="tab:red", linewidth=1, label=f"steepest descent: {rate:.2g}")
        if self.diverged_at is not None:
            axes.axvline(self.diverged_at, color="0.4", linewidth=1, linestyle=":", label="given up here")
        axes.set(xscale="log", xlabel="learning rate", ylabel="training loss", title="Learning-rate range test")
        axes.grid(alpha=0.25, linewidth=0.6)
        axes.legend(frameon=False, fontsize=9)
        figure.savefig(path, format="png", dpi=120)
        return Path(path)


class _Diverged(Exception):
    """The loss is not finite."""


def find_lr(
    model: Any,
    loader: Any,
    optimizer: Optimizer,
    loss: Callable[..., Tensor],
    start: float = 1e-7,
    end: float = 10.0,
    steps: int = 100,
    smooth: float = 0.05,
    diverge: float = 5.0,
) -> RangeTest:
    """Train for some steps while the rate grows from start to end, then put everything back; returns the RangeTest.

    rate_i = start (end / start)^(i / (steps - 1));  smoothed <- smooth loss + (1 - smooth) smoothed, first: the loss
    The sweep ends early when smoothed > diverge * best (the lowest smoothed loss so far), or the loss is not finite.

    model, loader, optimizer, loss: as for `fit`; every parameter group gets the same rate; a short loader starts again.
    smooth: 1 takes the losses as they are. Afterwards, also after an error, all is as it was to the bit: weights,
    buffers, gradients, modes, random states (dropout), the loader's epoch, the optimizer's state, step count and rates.
    ValueError for numbers out of range, a loader that gives nothing, an optimizer of another model's parameters.
    """
    start, end = checked("find_lr", "start", start, POSITIVE), checked("find_lr", "end", end, POSITIVE)
    steps, smooth = int(checked("find_lr", "steps", steps, DURATION)), checked("find_lr", "smooth", smooth, FRACTION)
    if not (start < end and steps >= 2 and smooth > 0 and checked("find_lr", "diverge", diverge, POSITIVE) > 1):
        raise ValueError(
            "find_lr needs start < end, steps >= 2, smooth > 0 and diverge > 1, got "
            f"start={start:g}, end={end:g}, steps={steps}, smooth={smooth:g}, diverge={diverge:g}"
        )
    rates: list[float] = []
    losses: list[float] = []
    smoothed: list[float] = []
    with _everything_put_back(model, loader, optimizer), np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        model.train()
        for i, (x, y) in zip(range(steps), _batches(loader, optimizer), strict=False):
            optimizer.lr = rate = start * (end / start) ** (i / (steps - 1))
            try:
                number = _step(model, optimizer, loss, x, y)
            except _Diverged:
                return RangeTest(tuple(rates), tuple(losses), tuple(smoothed), rate)
            rates.append(rate)
            losses.append(number)
            smoothed.append(smooth * number + (1 - smooth) * smoothed[-1] if smoothed else number)
            best = min(smoothed)
            if smoothed[-1] > best + (diverge - 1) * abs(best):  # diverge * best, also where a loss is negative
                return RangeTest(tuple(rates), tuple(losses), tuple(smoothed), rate)
    return RangeTest(tuple(rates), tuple(losses), tuple(smoothed))


def _step(model: Any, optimizer: Optimizer, loss: Callable[..., Tensor], x: Any, y: Any) -> float:
    """One update; returns the loss before it. All goes through a closure: some rules need one."""
    numbers: list[float] = []

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss(model(x), y)
        numbers.append(value.item())
        if not math.isfinite(numbers[-1]):
            raise _Diverged
        value.backward()
        return value

    optimizer.step(closure)
    return numbers[0]


def _batches(loader: Any, optimizer: Optimizer) -> Iterator[tuple[Any, Any]]:
    """The loader's pairs (x, y) as arrays on the parameters' device, again and again."""
    device = device_of(next(optimizer.parameters()).data)
    while True:
        batch = None
        for batch in loader:
            x, y = (b.data if isinstance(b, Tensor) else b if is_array(b) else np.asarray(b) for b in batch)
            yield to_device(x, device), to_device(y, device)
        if batch is None:
            raise ValueError("find_lr: the loader gives no batch (any more); take a list or a DataLoader")


@contextlib.contextmanager
def _everything_put_back(model: Any, loader: Any, optimizer: Optimizer) -> Iterator[None]:
    parameters = list(optimizer.parameters())
    if {id(p) for p in parameters} - {id(p) for p in model.parameters()}:
        raise ValueError("find_lr: the optimizer updates parameters that are not the model's; give it the model's")
    weights, state = model.state_dict(), optimizer.state_dict()
    rates = [group["lr"] for group in optimizer.param_groups]  # a schedule is not in the state
    gradients = [(p, p._grad) for p in model.parameters()]
    modes = [(m, m.training) for m in model.modules()]
    own = [x for holder in (*model.modules(), optimizer) for x in vars(holder).values()]
    random = [(r, r.bit_generator.state) for r in (generator(), *own) if isinstance(r, np.random.Generator)]
    epoch = getattr(loader, "epoch", None)
    try:
        yield
    finally:
        model.load_state_dict(weights)
        optimizer.load_state_dict(state)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        for p, gradient in gradients:
            p._grad = gradient
        for m, mode in modes:
            m.training = mode
        for r, before in random:
            r.bit_generator.state = before
        if epoch is not None:
            loader.epoch = epoch
