"""What the pictures of a study show, as plain numbers: figures.py draws them as PNG, plots.py as plotly's.

A panel is either lines over an axis, or rows, one for each optimizer, over an axis. What can be counted in several
units of cost (steps, epochs, seconds, evaluations of the gradient) is made for one of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from . import summary
from .words import factor, figure_text

if TYPE_CHECKING:
    from .comparison import Comparison

UNIT_NAMES = {"steps": "steps", "epochs": "epochs", "seconds": "seconds of training",
              "gradients": "evaluations of the gradient"}  # fmt: skip
DIVERGED, WINNER, DEFAULT, MEAN = "diverged", "winner", "default", "mean"  # kinds of marks

Points = Sequence[float] | np.ndarray


@dataclass
class Mark:
    """A point that is to be seen."""

    x: float
    y: float
    kind: str


@dataclass
class Line:
    """Of an optimizer, which looks like number i, with a band around it where there are low and high."""

    label: str
    i: int
    x: Points
    y: Points
    low: Points | None = None
    high: Points | None = None
    marks: list[Mark] = field(default_factory=list)
    joined: bool = True
    stairs: bool = False  # from a point on as high as it is, up to the next


@dataclass
class Row:
    """Of an optimizer, which looks like number i: a bar, points, marks along the axis (kind -> x), what is written."""

    label: str
    i: int
    bar: tuple[float, float] | None = None
    missed: bool = False  # the bar is not that of a result: it is as long as the training was
    span: tuple[float, float] | None = None  # a thin line
    points: Points = ()
    marks: dict[str, float] = field(default_factory=dict)
    text: str = ""


@dataclass
class Panel:
    """One pair of axes. x_range, y_range: their ends. percent: the axes, "x" or "y", on which 0.9 is 90 %."""

    title: str
    x: str
    y: str = ""
    lines: list[Line] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)  # from the top to the bottom
    log: str = ""  # the axes that are logarithmic: "", "x", "y" or "xy"
    percent: str = ""
    x_range: tuple[float, float] = (0.0, 1.0)
    y_range: tuple[float, float] = (0.0, 1.0)
    target: float | None = None  # on the y axis
    legend: dict[str, str] = field(default_factory=dict)  # kind of mark -> what it means


def limits(values: Any, log: bool = False, margin: float = 0.05) -> tuple[float, float]:
    """The ends of an axis that shows all finite values."""
    x = np.asarray([v for v in np.ravel(values) if math.isfinite(v) and (v > 0 or not log)], dtype=np.float64)
    if not len(x):
        return (0.1, 1.0) if log else (0.0, 1.0)
    low, high = float(x.min()), float(x.max())
    if log:
        more = (high / low) ** margin if high > low else 1.1
        return low / more, high * more
    more = margin * (high - low) or 0.05 * abs(high) or 0.05
    return low - more, high + more


# -- curves


def curves(c: Comparison, unit: str = "steps") -> list[Panel]:
    """Training loss and validation figure: median and quartiles over the seeds at the chosen rate."""
    start = max(r["loss_before_first_step"] for r in c.final)
    metric, target = c.metric, c.problem.target
    loss = Panel("Training loss", UNIT_NAMES[unit], "training loss (fixed sample)", log="y")
    figure = Panel(f"Validation {metric}", UNIT_NAMES[unit], f"validation {metric}", target=target)
    lost = 0.0 if metric == "accuracy" else 3 * start
    for i, (label, runs) in enumerate(c.finals.items()):
        for panel, key, worst in ((loss, "train_loss", 3 * start), (figure, f"validation_{metric}", lost)):
            b = summary.band(runs, key, unit, worst)
            y, low, high = (np.minimum(v, worst) if "loss" in key else v for v in (b.median, b.low, b.high))
            panel.lines.append(Line(label, i, b.x, y, low, high))
    low, high = limits([v for v in _bands(loss.lines) if v < 3 * start], log=True)
    loss.y_range = (low, min(high, 2 * start))  # a curve that leaves the picture here diverges
    if metric == "accuracy":
        converging = [line for line, runs in zip(figure.lines, c.finals.values(), strict=True)
                      if 2 * sum(r["diverged"] for r in runs) < len(runs)]  # fmt: skip
        figure.percent, figure.y_range = "y", _accuracies(converging, target)
    else:
        seen = [target, *_bands(figure.lines)]
        figure.log = "y" if min(seen) > 0 else ""
        low, high = limits([v for v in seen if v < lost], log=bool(figure.log))
        figure.y_range = (low, min(high, 2 * start))
    whole = total(c, unit)
    loss.x_range = figure.x_range = (-0.02 * whole, 1.02 * whole)
    return [loss, figure]


def _bands(lines: Sequence[Line], part: float = 1.0) -> list[float]:
    """The edges of all bands, in the last part of the training."""
    edges = [edge for line in lines for edge in (line.low, line.high) if edge is not None]
    return [float(v) for edge in edges for v in edge[round((1 - part) * len(edge)) :]]


def _accuracies(lines: Sequence[Line], target: float) -> tuple[float, float]:
    """An axis that shows well how accuracies end; of the rise before that no more than as much again."""
    ends, seen = [target, *_bands(lines, 0.5)], [target, *_bands(lines)]
    low, high = limits([max(2 * min(ends) - max(ends), min(seen)), max(seen)])
    return max(0.0, low), min(high, 1.002)


def total(c: Comparison, unit: str) -> float:
    """What the whole training cost at most: of the slowest optimizer, the median over its seeds."""
    ends = {label: [r["evaluations"][-1][summary.UNITS[unit]] for r in runs] for label, runs in c.finals.items()}
    whole = c.problem.epochs * {"epochs": 1, "seconds": 0}.get(unit, c.steps_per_epoch)
    return max([whole, *(float(np.median(x)) for x in ends.values())]) or 1.0


# -- rates


def sensitivity(c: Comparison, unit: str = "") -> list[Panel]:
    """The figure at the end against the rate, and which rates are usable."""
    metric = c.metric
    scores = {label: summary.by_rate(runs, metric) for label, runs in c.trials.items()}
    worst = summary.WORST[metric]
    seen = [x for of in scores.values() for x in of.values() if x != worst]
    logarithmic = metric == "loss" and min(seen, default=0) > 0
    panel = Panel("Against the rate", "learning rate", f"validation {metric} at the end")
    panel.log = "xy" if logarithmic else "x"
    low, high = limits(seen, log=logarithmic, margin=0.1)
    if metric == "accuracy":
        panel.percent, high = "y", min(high, 1.002) if seen else 1.0
    panel.y_range = (low, high)
    edge = limits(seen, log=logarithmic, margin=0.08)[metric == "loss"]
    for i, (label, of) in enumerate(scores.items()):
        y = [edge if x == worst else x for x in of.values()]
        marks = [Mark(lr, edge, DIVERGED) for lr, x in of.items() if x == worst]
        chosen = c.finals[label][0]["lr"]
        if of[chosen] != worst:
            marks.append(Mark(chosen, of[chosen], WINNER))
        searched = any(r["hyper"] for r in c.trials[label])  # neighbours differ in more than the rate
        panel.lines.append(Line(label, i, list(of), y, marks=marks, joined=not searched))
    panel.x_range = limits([lr for of in scores.values() for lr in of], log=True)
    lost = any(m.kind == DIVERGED for line in panel.lines for m in line.marks)
    panel.legend = {WINNER: "chosen", **({DIVERGED: "diverged"} if lost else {})}
    return [panel, _usable(c, panel.x_range)]


def _usable(c: Comparison, x_range: tuple[float, float]) -> Panel:
    panel = Panel("Usable rates: within 10 % of the best", "learning rate", log="x")
    panel.legend = {WINNER: "chosen", DEFAULT: "default"}
    for i, r in enumerate(c.rows):
        known = not math.isnan(r.lr_low)
        marks = {DEFAULT: r.untuned_lr} if not math.isnan(r.untuned_lr) else {}
        grid = c.grids[r.optimizer]
        text = f"x {factor(r.lr_low, r.lr_high)}" if known and r.lr_low < r.lr_high else "one rate" if known else "none"
        bar = (r.lr_low, r.lr_high) if known else None
        panel.rows.append(Row(r.optimizer, i, bar, span=(grid[0], grid[-1]), marks={**marks, WINNER: r.lr}, text=text))
    panel.rows.sort(key=lambda row: -row.bar[1] / row.bar[0] if row.bar else 0)
    low, high = limits([x for row in panel.rows for x in row.marks.values()], log=True)
    panel.x_range = min(x_range[0], low), max(x_range[1], high)
    return panel


# -- costs


def costs(c: Comparison, unit: str = "steps") -> list[Panel]:
    """What it costs to get to the target: median over the seeds, and every seed."""
    whole = total(c, unit)
    panel = Panel(f"To a validation {c.metric} of {figure_text(c, c.problem.target, 3)}", UNIT_NAMES[unit])
    for i, (label, runs) in enumerate(c.finals.items()):
        each = [summary.cost_to_target(r, c.problem.target, c.metric, unit) for r in runs]
        median, missed = summary.median_cost(runs, c.problem.target, c.metric, unit)
        lost = math.isinf(median)
        text = "" if lost else f"{median:.3g}"
        if missed:
            text += f"{' (' * (not lost)}missed by {missed} of {len(runs)}{')' * (not lost)}"
        points = [x for x in each if math.isfinite(x)]
        panel.rows.append(Row(label, i, (0.0, whole if lost else median), lost, points=points, text=text))
    panel.rows.sort(key=lambda row: (row.missed, row.bar))
    reached = [row.bar[1] for row in panel.rows if row.bar and not row.missed]
    most = max([*reached, *(x for row in panel.rows for x in row.points)], default=whole) or whole
    for row in panel.rows:
        if row.missed:
            row.bar = (0.0, 1.15 * most)
    panel.x_range = (0.0, 1.15 * most)
    return [panel]


# -- figures on the test set


def tested(c: Comparison, unit: str = "") -> list[Panel]:
    """Test figures seed by seed in the order of the ranks, and beside them those at default rates."""
    rows = {r.optimizer: (i, r) for i, r in enumerate(c.rows)}
    percent = "x" * (c.metric == "accuracy")
    panel = Panel("Each at its best rate", f"test {c.metric}", percent=percent, legend={MEAN: "mean of the seeds"})
    both = Panel("Untuned beside tuned", f"test {c.metric}", percent=percent,
                 legend={DEFAULT: "default rate", MEAN: "best rate"})
    for rank in c.ranking:
        i, r = rows[rank.name]
        figures = c.test_figures(rank.name)
        place = f"   place {rank.rank}" if len(c.seeds) > 1 and len(rows) > 1 else ""
        span = (min(figures), max(figures))
        panel.rows.append(Row(rank.name, i, span=span, points=figures, marks={MEAN: rank.mean},
                              text=figure_text(c, rank.mean) + place))  # fmt: skip
        if not math.isnan(r.untuned_lr):
            ends = sorted((r.untuned_test, rank.mean))
            both.rows.append(Row(rank.name, i, (ends[0], ends[1]), marks={DEFAULT: r.untuned_test, MEAN: rank.mean},
                                 text=f"{figure_text(c, r.untuned_test)} to {figure_text(c, rank.mean)}"))  # fmt: skip
    for p in (panel, both):
        seen = [x for row in p.rows for x in (*row.points, *row.marks.values())]
        p.log = "x" if c.metric == "loss" and min(seen, default=0.0) > 0 else ""
        low, high = limits(seen, log=bool(p.log))
        p.x_range = (low, min(high, 1.002)) if percent else (low, high)
    both.rows.sort(key=lambda row: abs(row.marks[MEAN] - row.marks[DEFAULT]))
    return [panel, both] if both.rows else [panel]


# -- what happens inside, and the price of tuning


def updates(c: Comparison, unit: str = "steps") -> list[Panel]:
    """For each layer, by what share of its norm a step changes its weight."""
    panels = []
    for layer in summary.layers(c.final):
        panel = Panel(f"Layer {layer}", UNIT_NAMES[unit], "norm of a step / norm of the weight", log="y")
        for i, (label, runs) in enumerate(c.finals.items()):
            if layer in summary.layers(runs):
                b = summary.band(runs, f"update_ratio/{layer}", unit)
                panel.lines.append(Line(label, i, b.x, b.median, b.low, b.high))
        panels.append(panel)
    seen = [v for panel in panels for line in panel.lines for v in line.y]
    for panel in panels:
        panel.x_range = (0.0, 1.02 * total(c, unit))
        panel.y_range = limits(seen, log=True)
    return panels


def budget(c: Comparison, unit: str = "") -> list[Panel]:
    """What may be expected of the best of k rates, drawn from those that were tried."""
    panel = Panel("Best of k trials, on average", "trials k", f"validation {c.metric} at the end",
                  percent="y" * (c.metric == "accuracy"))  # fmt: skip
    for i, (label, runs) in enumerate(c.trials.items()):
        y = summary.budget_curve(summary.trial_figures(runs, c.metric), c.metric)
        panel.lines.append(Line(label, i, list(range(1, len(y) + 1)), y))
    seen = [v for line in panel.lines for v in line.y]
    panel.log = "y" if c.metric == "loss" and min(seen) > 0 else ""
    panel.x_range = limits([x for line in panel.lines for x in line.x], margin=0.03)
    low, high = limits(seen, log=bool(panel.log))
    panel.y_range = (low, min(high, 1.002)) if panel.percent else (low, high)
    return [panel]


# -- of several problems


def profile(comparisons: Sequence[Comparison], unit: str = "steps") -> list[Panel]:
    """The share of all problems and seeds that an optimizer solves within tau times the cost of the cheapest there."""
    spent = summary.costs_of({c.problem.name: (c.finals, c.problem.target, c.metric) for c in comparisons}, unit)
    least: dict[Any, float] = {}
    for of in spent.values():
        for key, x in of.items():
            least[key] = min(x, least.get(key, math.inf))
    ratios = [x / least[key] for of in spent.values() for key, x in of.items() if least[key] > 0 and math.isfinite(x)]
    taus = sorted({1.0, *ratios, max(1.5, 1.1 * max(ratios, default=1.0))})
    panel = Panel("Performance profile", f"{UNIT_NAMES[unit]} to the target, as a multiple tau of the least",
                  "share of problems and seeds", log="x", percent="y")  # fmt: skip
    for i, (label, share) in enumerate(summary.performance_profile(spent, taus).items()):
        panel.lines.append(Line(label, i, taus, share, stairs=True))
    panel.x_range, panel.y_range = (1.0, taus[-1]), (-0.02, 1.02)
    return [panel]


def versus(a: Comparison, b: Comparison, names: tuple[str, str], unit: str = "steps") -> list[Panel]:
    """Two studies of one problem: test figure and cost to the target of the optimizers that both have, if any."""
    common = [label for label in a.finals if label in b.finals]
    if not common:
        return []
    kinds = dict(zip((DEFAULT, MEAN), names, strict=True))
    figures = Panel("On the test set", f"test {a.metric}", percent="x" * (a.metric == "accuracy"), legend=kinds)
    target = figure_text(a, a.problem.target, 3)
    spent = Panel(f"To a validation {a.metric} of {target}", UNIT_NAMES[unit], legend=kinds)
    for i, label in enumerate(common):
        ends = [float(np.mean(c.test_figures(label))) for c in (a, b)]
        cost = [summary.median_cost(c.finals[label], a.problem.target, a.metric, unit)[0] for c in (a, b)]
        for panel, x in ((figures, ends), (spent, cost)):
            marks = {kind: v for kind, v in zip(kinds, x, strict=True) if math.isfinite(v)}
            missed = " and ".join(name for name, v in zip(names, x, strict=True) if not math.isfinite(v))
            bar = (min(x), max(x)) if len(marks) == 2 else None
            panel.rows.append(Row(label, i, bar, marks=marks, text=f"missed in {missed}" if missed else ""))
    for panel in (figures, spent):
        panel.x_range = limits([x for row in panel.rows for x in row.marks.values()], margin=0.1)
    return [figures, spent]
