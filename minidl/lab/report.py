"""What a comparison leaves: a table to read, table.csv, runs.json and curves.png."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .study import Comparison

# colours that stay apart for colour-blind readers (Okabe & Ito 2008), with line styles for black and white
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000", "#8C6D1F")
_STYLES = ("-", "--", "-.", ":")


def table(comparison: Comparison) -> str:
    """The rows as text, with a line below for what the reader must know of the procedure."""
    problem = comparison.problem
    head = (
        "optimizer", "rate", "on edge", f"steps to {problem.target:.0%}", "train loss", "test accuracy", "lowest",
        "highest", "diverged", "seconds/epoch",
    )  # fmt: skip
    body = [
        (
            r.optimizer.rpartition(":")[2], f"{r.lr:g}", "yes" if r.lr_on_edge else "no",
            f"{r.steps_to_target:.0f}" if math.isfinite(r.steps_to_target) else "missed",
            f"{r.train_loss:.2g}", f"{r.test_accuracy:.2%}", f"{r.test_accuracy_low:.2%}",
            f"{r.test_accuracy_high:.2%}", f"{r.diverged} of {r.runs}", f"{r.seconds_per_epoch:.3g}",
        )
        for r in comparison.rows
    ]  # fmt: skip
    widths = [max(len(row[i]) for row in [head, *body]) for i in range(len(head))]
    lines = ["  ".join([row[0].ljust(widths[0]), *(x.rjust(w) for x, w in zip(row[1:], widths[1:], strict=True))])
             for row in [head, *body]]  # fmt: skip
    lines.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join([*lines, "", procedure(comparison)])


def procedure(comparison: Comparison) -> str:
    """One paragraph: what was run, from the records."""
    p = comparison.problem
    seeds = sorted({r["seed"] for r in comparison.final})
    points = sorted({len(g) for g in comparison.grids.values()})
    steps = max(r["evaluations"][-1]["step"] for r in comparison.tuning + comparison.final)
    return (
        f"{p.dataset}, MLP with hidden layers {', '.join(map(str, p.hidden))}, batches of {p.batch_size}, {p.epochs} "
        f"epochs ({steps} steps), constant rates. Each rate is the best of {' or '.join(map(str, points))} on the "
        f"validation set (seed {comparison.tuning[0]['seed']}); figures are medians over {len(seeds)} further "
        f"{'seeds' if len(seeds) > 1 else 'seed'}, test accuracy the mean with its lowest and highest. For each seed "
        "all optimizers had equal initial weights, batch order and loss before the first step. On edge: the best rate "
        "was the first or last of the grid, so a better one may lie outside. Diverged counts all runs, tuning included."
    )


def csv_text(comparison: Comparison) -> str:
    """The rows as CSV, numbers in full; every column with a clock reading has "seconds" in its name."""
    out = io.StringIO()
    columns = list(asdict(comparison.rows[0]))
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(r) for r in comparison.rows)
    return out.getvalue()


def save(comparison: Comparison, out: Path) -> list[Path]:
    """Write the three files, each whole or not at all; returns their paths."""
    out.mkdir(parents=True, exist_ok=True)
    runs = {"problem": asdict(comparison.problem), "tuning": comparison.tuning, "final": comparison.final}
    paths = [out / "table.csv", out / "runs.json", out / "curves.png"]
    _write(paths[0], csv_text(comparison).encode())
    _write(paths[1], json.dumps(_finite(runs), indent=None).encode())
    _write(paths[2], curves(comparison))
    return paths


def _finite(x: Any) -> Any:
    """JSON has no infinity and no NaN: they become the strings "inf" and "nan"."""
    if isinstance(x, dict):
        return {k: _finite(v) for k, v in x.items()}
    if isinstance(x, list | tuple):
        return [_finite(v) for v in x]
    return str(x) if isinstance(x, float) and not math.isfinite(x) else x


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)


def curves(comparison: Comparison) -> bytes:
    """The figure as PNG: training loss and validation accuracy against steps, median and range over the seeds."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    loss_axes, accuracy_axes = figure.subplots(1, 2)
    lowest = math.inf
    for i, row in enumerate(comparison.rows):
        records = [r["evaluations"] for r in comparison.final if r["optimizer"] == row.optimizer]
        length = min(len(r) for r in records)  # a run that diverged ends early
        steps = [e["step"] for e in records[0][:length]]
        look = {"color": _COLOURS[i % len(_COLOURS)], "linestyle": _STYLES[i // 2 % len(_STYLES)]}
        label = f"{row.optimizer.rpartition(':')[2]}, rate {row.lr:g}"
        for axes, key in ((loss_axes, "train_loss"), (accuracy_axes, "validation_accuracy")):
            values = np.array([[e[key] for e in r[:length]] for r in records])
            axes.plot(steps, np.median(values, axis=0), label=label, linewidth=1.6, **look)
            axes.fill_between(steps, values.min(axis=0), values.max(axis=0), color=look["color"], alpha=0.12, lw=0)
            if key == "validation_accuracy":
                lowest = min(lowest, float(np.median(values, axis=0)[len(steps) // 4 :].min()))
    loss_axes.set(yscale="log", xlabel="step", ylabel="training loss (fixed sample)", title="Training loss")
    target = comparison.problem.target
    accuracy_axes.axhline(target, color="grey", linewidth=0.8)
    accuracy_axes.annotate(f"target {target:.0%}", (0, target), xytext=(2, 2), textcoords="offset points", fontsize=8)
    accuracy_axes.set(xlabel="step", ylabel="validation accuracy", title="Validation accuracy")
    accuracy_axes.set_ylim(max(0.0, min(lowest, target - 0.05) - 0.02), 1.002)
    for axes in (loss_axes, accuracy_axes):
        axes.grid(alpha=0.25, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    accuracy_axes.legend(loc="lower right", fontsize=8)
    seeds = len({r["seed"] for r in comparison.final})
    figure.suptitle(
        f"{comparison.problem.dataset}: each optimizer at its best rate, median and range of {seeds} seeds", fontsize=11
    )
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    return buffer.getvalue()
