"""The pictures of a study as PNG, for papers and slides."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from . import panels
from .look import colour, dashes
from .panels import DEFAULT, DIVERGED, MEAN, WINNER, Panel
from .words import count, diverged

if TYPE_CHECKING:
    from .comparison import Comparison

_MARKS: dict[str, dict[str, Any]] = {
    WINNER: {"marker": "*", "markersize": 13, "markeredgecolor": "black", "markeredgewidth": 0.7},
    DIVERGED: {"marker": "x", "markersize": 7, "markeredgewidth": 1.8, "clip_on": False},
    DEFAULT: {"marker": "o", "markersize": 7, "markerfacecolor": "white", "markeredgewidth": 1.6},
    MEAN: {"marker": "D", "markersize": 7, "markeredgecolor": "black", "markeredgewidth": 0.7},
}
PICTURES: dict[str, Callable[[Comparison], list[Panel]]] = {
    "curves.png": panels.curves, "sensitivity.png": panels.sensitivity,
    "costs.png": lambda c: [*panels.costs(c), *panels.costs(c, "seconds")],
    "test.png": panels.tested, "updates.png": panels.updates, "budget.png": panels.budget,
}  # fmt: skip


def curves(comparison: Comparison) -> bytes:
    """The figure as PNG: training loss and validation figure against steps, median and quartiles over the seeds."""
    return png(comparison, "curves.png") or b""


def png(comparison: Comparison, name: str) -> bytes | None:
    """The picture of that name, one of PICTURES; None where there is nothing to show."""
    made = PICTURES[name](comparison)
    n = len(comparison.seeds)
    what = "one seed" if n == 1 else f"median and quartiles of {n} seeds"
    titles = {
        "curves.png": f"each optimizer at its best rate of the grid, {what}",
        "sensitivity.png": f"every rate that was tried, seed {comparison.tuning[0]['seed']}",
        "costs.png": f"each optimizer at its best rate, median and each of {count(n, 'seed')}",
        "test.png": f"mean and each of {count(n, 'seed')}",
        "updates.png": f"size of the steps, {what}",
        "budget.png": "the price of tuning",
    }
    return draw(made, f"{comparison.problem.name}: {titles[name]}", _labels(comparison)) if made else None


def profile(comparisons: list[Comparison]) -> bytes:
    """The performance profile of a study of several problems as PNG."""
    names = ", ".join(c.problem.name for c in comparisons)
    return draw(panels.profile(comparisons), names, {})


def _labels(c: Comparison) -> dict[str, str]:
    """The legend's text of each optimizer."""
    return {
        r.optimizer: f"{r.optimizer}, rate {r.lr:g}" + (f"\n{n} of {count(of, 'run')} diverged" if n else "")
        for r, (_, n, of) in zip(c.rows, diverged(c), strict=True)
    }


def draw(made: Sequence[Panel], title: str, labels: dict[str, str]) -> bytes:
    """Panels side by side, at most three in a line, with one legend where there are lines."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    across = min(3, len(made))
    down = -(-len(made) // across)
    lines = any(p.lines for p in made)
    tall = max([4.6, *(1.4 + 0.42 * len(p.rows) for p in made)])
    figure = Figure(figsize=({1: 6.0, 2: 10.6, 3: 13.0}[across] + 1.9 * lines, tall * down), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(down, across, squeeze=False).ravel()
    for k, (a, p) in enumerate(zip(axes, made, strict=False)):
        _panel(a, p, labels)
        if k % across and p.y == made[k - 1].y:
            a.set_ylabel("")
    for a in axes[len(made) :]:
        a.remove()
    handles: dict[str, Any] = {}
    for a in axes:
        for handle, label in zip(*a.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    if lines:
        figure.legend(list(handles.values()), list(handles), loc="outside right center", fontsize=8, frameon=False,
                      handlelength=3)  # fmt: skip
    figure.suptitle(title, fontsize=11)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    return buffer.getvalue()


def _panel(axes: Any, p: Panel, labels: dict[str, str]) -> None:
    axes.set(title=p.title, xlabel=p.x, ylabel=p.y)
    axes.title.set_fontsize(10)
    for k in "xy":
        if k in p.log:
            axes.set(**{f"{k}scale": "log"})
        elif k in p.percent:
            getattr(axes, f"{k}axis").set_major_formatter(lambda x, _: f"{100 * x:.4g}%")
    for line in p.lines:
        look: dict[str, Any] = {"color": colour(line.i), "linestyle": (0, dashes(line.i)) if line.joined else "none"}
        if not line.joined or "learning rate" in p.x:
            look |= {"marker": "o", "markersize": 3.5}
        axes.plot(line.x, line.y, label=labels.get(line.label, line.label), linewidth=1.7, zorder=3,
                  drawstyle="steps-post" if line.stairs else "default", **look)  # fmt: skip
        if line.low is not None and line.high is not None:
            axes.fill_between(line.x, line.low, line.high, color=colour(line.i), alpha=0.12, linewidth=0)
        for m in line.marks:
            axes.plot([m.x], [m.y], color=colour(line.i), linestyle="none", zorder=6, **_MARKS[m.kind])
    if p.rows:
        _rows(axes, p)
    else:
        axes.set_ylim(p.y_range)
    axes.set_xlim(p.x_range)
    if p.target is not None:
        axes.axhline(p.target, color="grey", linewidth=0.8)
        shown = f"{100 * p.target:.3g} %" if "y" in p.percent else f"{p.target:g}"
        axes.annotate(f"target\n{shown}", (1, p.target), xycoords=("axes fraction", "data"), xytext=(3, 0),
                      textcoords="offset points", va="center", fontsize=8, color="dimgrey")  # fmt: skip
    axes.grid(alpha=0.25, linewidth=0.6, axis="x" if p.rows else "both")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8.5)
    kinds = [kind for kind in p.legend if any(kind in r.marks for r in p.rows)
             or any(m.kind == kind for line in p.lines for m in line.marks)]  # fmt: skip
    if kinds:
        handles = [axes.plot([], [], color="grey", linestyle="none", **_MARKS[kind])[0] for kind in kinds]
        where = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.11)} if p.rows else {}
        axes.legend(handles, [p.legend[kind] for kind in kinds], fontsize=8, framealpha=0.8, frameon=not p.rows,
                    ncols=2 if p.rows else 1, **where)  # fmt: skip


def _rows(axes: Any, p: Panel) -> None:
    """From the top to the bottom, with what is written at the right end."""
    for k, r in enumerate(p.rows):
        if r.span:
            axes.plot(r.span, (k, k), color="0.75", linewidth=1.2, zorder=1)
        if r.bar:
            low, high = r.bar
            shown = {"color": "white", "edgecolor": "0.6", "hatch": "////"} if r.missed else {"color": colour(r.i)}
            axes.barh(k, high - low, left=low, height=0.62 if low == 0 else 0.3, alpha=0.55, zorder=2, **shown)
        axes.plot(r.points, [k] * len(r.points), "o", color=colour(r.i), markersize=5, alpha=0.75, zorder=3,
                  markeredgewidth=0)  # fmt: skip
        for kind, x in r.marks.items():
            axes.plot([x], [k], color=colour(r.i), linestyle="none", zorder=5, **_MARKS[kind])
        axes.annotate(r.text, (1, k), xycoords=("axes fraction", "data"), xytext=(5, 0), textcoords="offset points",
                      va="center", fontsize=8)  # fmt: skip
    axes.set(yticks=range(len(p.rows)), yticklabels=[r.label for r in p.rows], ylim=(len(p.rows) - 0.4, -0.6))
