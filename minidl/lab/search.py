"""Which rates an optimizer is tried at: a log grid, or a quasi-random search that may take more hyper-parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .candidate import Candidate, candidate

GRID_POINTS = 7
SEARCHES = ("grid", "halton", "sobol")

# The middle of each default grid, one for all problems, from validation runs: on digits, mnist and fashion_mnist no
# winner lies on an edge. On moons and spirals many rates reach 100 %; there the loss decides, sometimes at an edge.
_CENTRES = {
    "SGD": 0.1, "Momentum": 0.3, "Nesterov": 0.03, "AdaGrad": 0.1, "AdaDelta": 1.0, "RMSProp": 0.003, "Adam": 0.003,
    "AdamW": 0.003,
}  # fmt: skip
_SERIES = [float(f"{digit}e{decade}") for decade in range(-8, 5) for digit in (1, 3)]


@dataclass(frozen=True)
class Trial:
    """One setting to try."""

    lr: float
    hyper: dict[str, Any] = field(default_factory=dict)


def default_grid(optimizer: str | Candidate, points: int = GRID_POINTS) -> list[float]:
    """Rates of the series ... 0.001 0.003 0.01 0.03 ..., seven over three decades, around a usual one.

    One that has no middle of its own gets the grid of the optimizer whose name it has or which it extends, else one
    around its default rate, else Adam's.
    """
    own = candidate(optimizer)
    known = [_CENTRES[c.__name__] for c in own.rule.__mro__ if c.__name__ in _CENTRES]
    if not known and own.default_lr:
        known = [min(_SERIES, key=lambda rate: abs(math.log(rate / own.default_lr)))]  # type: ignore[operator]
    middle = _SERIES.index([*known, _CENTRES["Adam"]][0])
    first = min(max(0, middle - points // 2), len(_SERIES) - points)
    return _SERIES[first : first + points]


def trials(optimizer: Candidate, kind: str, number: int, rates: Sequence[float] | None) -> list[Trial]:
    """What to try: the grid itself, or so many quasi-random points between its ends and those of `tune`.

    rates: of the grid; by default the optimizer's own, or the default one. ValueError where a grid shall search more
    than the rate.
    """
    grid = list(rates or optimizer.rates or default_grid(optimizer, number if kind == "grid" else GRID_POINTS))
    if kind == "grid":
        if optimizer.tune:
            raise ValueError(f"{optimizer.label}: a grid tries rates only; to tune {next(iter(optimizer.tune))} too, "
                             'take the search "halton" or "sobol"')  # fmt: skip
        return [Trial(lr) for lr in grid]
    if grid[0] == grid[-1]:
        raise ValueError(f"{optimizer.label}: the search {kind!r} needs a lowest and a highest rate, got {grid[0]:g}")
    names = list(optimizer.tune)
    low_high = [(grid[0], grid[-1]), *optimizer.tune.values()]
    return sorted(
        (Trial(x[0], dict(zip(names, x[1:], strict=True))) for x in _points(kind, number, low_high)),
        key=lambda t: t.lr,
    )


def _points(kind: str, number: int, low_high: list[tuple[float, float]]) -> list[list[float]]:
    """Quasi-random points, on a log scale; not scrambled, so that they are the same everywhere; the first, 0, left."""
    from scipy.stats import qmc

    sequence = (qmc.Halton if kind == "halton" else qmc.Sobol)(len(low_high), scramble=False)
    sequence.fast_forward(1)
    return [
        [float(f"{low * (high / low) ** u:.4g}") for u, (low, high) in zip(point, low_high, strict=True)]
        for point in sequence.random(number).tolist()
    ]


def wider(grid: Sequence[float], best: float) -> list[float]:
    """Two more rates beyond the end of a grid where the best one lies, in the grid's own steps; none inside of it."""
    if len(grid) < 2 or best not in (grid[0], grid[-1]):
        return []
    a = list(grid) if best == grid[-1] else list(grid)[::-1]
    more = [a[-1] * a[-1] / a[-2], a[-1] * (a[-1] / a[-2]) ** 2]
    if len(a) > 2:  # a series such as 1, 3, 10 goes on in its own digits
        more = [a[-2] * a[-1] / a[-3], a[-1] * a[-1] / a[-3]]
    return sorted(float(f"{rate:.4g}") for rate in more)
