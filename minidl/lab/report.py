"""What a comparison leaves: a table to read, table.csv, runs.json and curves.png."""

from __future__ import annotations

import csv
import io
import json
import math
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .run import EVALUATIONS_PER_EPOCH

if TYPE_CHECKING:
    from .study import Comparison

# colours that stay apart for colour-blind readers (Okabe & Ito 2008), with line styles for black and white
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000", "#8C6D1F")
_STYLES = ("-", "--", "-.", ":")

FILES = ("table.csv", "runs.json", "curves.png")
_WIDTH = 79  # of the text, in columns


def table(comparison: Comparison) -> str:
    """The rows as text, with what the reader must know of the procedure and of chance below."""
    digits = _digits(comparison)
    head = [
        ("", "optimizer"), ("", "rate"), ("on", "edge"), ("steps", f"to {100 * comparison.problem.target:.3g}%"),
        ("train", "loss"), ("test", "accuracy"), ("lowest-", "highest"), ("", "diverged"), ("seconds", "/epoch"),
    ]  # fmt: skip
    body = [
        (
            r.optimizer, f"{r.lr:g}", "yes" if r.lr_on_edge else "no",
            f"{r.steps_to_target:.0f}" if math.isfinite(r.steps_to_target) else "missed",
            f"{r.train_loss:.2g}" if math.isfinite(r.train_loss) else "inf", f"{r.test_accuracy:.{digits}%}",
            f"{100 * r.test_accuracy_low:.{digits}f}-{100 * r.test_accuracy_high:.{digits}f}",
            f"{r.diverged} of {r.runs}", f"{r.seconds_per_epoch:.2g}",
        )
        for r in comparison.rows
    ]  # fmt: skip
    lines = [*zip(*head, strict=True), *body]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = ["  ".join([x[0].ljust(widths[0]), *(x.rjust(w) for x, w in zip(x[1:], widths[1:], strict=True))]).rstrip()
            for x in lines]  # fmt: skip
    text.insert(2, "  ".join("-" * w for w in widths))
    paragraphs = [procedure(comparison), warnings(comparison), chance(comparison)]
    return "\n".join(text) + "".join("\n\n" + textwrap.fill(p, _WIDTH) for p in paragraphs if p)


def _digits(comparison: Comparison) -> int:
    """Decimals of an accuracy in percent: no more than a test set of this size can tell."""
    return max(0, math.ceil(math.log10(len(comparison.problem.splits().test))) - 2)


def procedure(comparison: Comparison) -> str:
    """What was run."""
    p = comparison.problem
    seeds = _seeds(comparison)
    points = sorted({len(g) for g in comparison.grids.values()})
    steps = len(p.loader(0))
    network = f"MLP with hidden layers {', '.join(map(str, p.hidden))}" if p.hidden else "softmax regression"
    return (
        f"{p.dataset}: {network}; batches of {p.batch_size}, {_count(p.epochs, 'epoch')} of {_count(steps, 'step')}, "
        f"constant rates. Each rate is the best of {' or '.join(map(str, points))} on the validation set, tried with "
        f"seed {comparison.tuning[0]['seed']}. At that rate: "
        + (f"seed {seeds[0]}" if len(seeds) == 1 else f"medians over seeds {seeds[0]} to {seeds[-1]} (test accuracy: "
           "mean, lowest and highest)")
        + f". Steps count to a validation accuracy of {100 * p.target:.3g} %, measured {EVALUATIONS_PER_EPOCH} times "
        "per epoch. For each seed all optimizers had the same initial weights, batches and loss before the first step."
    )  # fmt: skip


def warnings(comparison: Comparison) -> str:
    """Rates on the edge of their grid and runs that diverged, where there are any."""
    out = ""
    edge = [f"{r.optimizer} ({r.lr:g})" for r in comparison.rows if r.lr_on_edge]
    if edge:
        out = f"On the edge of the grid, so that a better rate may lie outside: {', '.join(edge)}. "
    if any(r.diverged for r in comparison.rows):
        out += "Diverged counts all runs, those that chose the rate too; a run without a finite end has accuracy 0. "
    at_rate = [f"{name} {n} of {of}" for name, n, of in _diverged(comparison) if n]
    return out + (f"Diverged at the chosen rate: {', '.join(at_rate)}." if at_rate else "")


def chance(comparison: Comparison) -> str:
    """How far the test accuracies can tell optimizers apart: the size of the test set, the spread over the seeds."""
    n = len(comparison.problem.splits().test)
    p = max(r.test_accuracy for r in comparison.rows)
    best = [r for r in comparison.rows if r.test_accuracy == p]
    others = [r for r in comparison.rows if r.test_accuracy < p]
    digits = _digits(comparison)
    near = (n * p + 1) / (n + 2)  # Laplace's estimate: 200 right answers of 200 do not mean an error of 0
    error = 100 * math.sqrt(near * (1 - near) / n)
    text = (
        f"The test set has {n} samples, so 1 % is {n / 100:g} of them, and an accuracy of {100 * p:.{digits}f} % has "
        f"a standard error of about {error:.{digits}f} %. "
    )
    if len(comparison.rows) == 1 or p == 0:
        return text
    text += f"The highest mean is that of {', '.join(r.optimizer for r in best)}. "
    if len(_seeds(comparison)) == 1:
        return text + "One seed shows no spread."
    lowest = min(r.test_accuracy_low for r in best)
    overlap = [r.optimizer for r in others if r.test_accuracy_high >= lowest]
    return text + f"Other ranges that overlap with that one: {', '.join(overlap) or 'none'}."


def _seeds(comparison: Comparison) -> list[int]:
    return sorted({r["seed"] for r in comparison.final})


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _final(comparison: Comparison, name: str) -> list[dict[str, Any]]:
    return [r for r in comparison.final if r["optimizer"] == comparison.optimizers[name]]


def _diverged(comparison: Comparison) -> list[tuple[str, int, int]]:
    """For each row: name, how many of its final runs diverged, and of how many."""
    runs = [(r.optimizer, _final(comparison, r.optimizer)) for r in comparison.rows]
    return [(name, sum(r["diverged"] for r in records), len(records)) for name, records in runs]


def csv_text(comparison: Comparison) -> str:
    """The rows as CSV, numbers in full; every column with a clock reading has "seconds" in its name."""
    out = io.StringIO()
    columns = list(asdict(comparison.rows[0]))
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(r) for r in comparison.rows)
    return out.getvalue()


def prepare(out: Path) -> None:
    """Make the folder and try to write into it; OSError where `save` would fail, before anything is computed."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for path in (out / name for name in FILES):
            if path.is_dir():
                raise IsADirectoryError(f"{path} is a folder")
        _write(out / ".minidl", b"")
        (out / ".minidl").unlink()
    except OSError as error:
        raise OSError(f"cannot write results into {out}: {error.strerror or error}") from error


def save(comparison: Comparison, out: Path) -> list[Path]:
    """Write the three files, each whole or not at all; returns their paths."""
    prepare(out)
    runs = {
        "problem": asdict(comparison.problem), "grids": comparison.grids, "tuning": comparison.tuning,
        "final": comparison.final,
    }  # fmt: skip
    contents = (csv_text(comparison).encode(), json.dumps(_finite(runs)).encode(), curves(comparison))
    paths = [out / name for name in FILES]
    for path, content in zip(paths, contents, strict=True):
        _write(path, content)
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

    figure = Figure(figsize=(12.5, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    loss_axes, accuracy_axes = figure.subplots(1, 2)
    start = max(r["loss_before_first_step"] for r in comparison.final)
    steps = [e["step"] for e in max((r["evaluations"] for r in comparison.final), key=len)]
    target, total = comparison.problem.target, comparison.problem.epochs * len(comparison.problem.loader(0))
    lowest = target - 0.05
    for i, (row, (name, diverged, runs)) in enumerate(zip(comparison.rows, _diverged(comparison), strict=True)):
        records = _final(comparison, name)
        look = {"color": _COLOURS[i % len(_COLOURS)], "linestyle": _STYLES[(i + i // len(_COLOURS)) % len(_STYLES)]}
        label = f"{name}, rate {row.lr:g}" + (f"\n{diverged} of {_count(runs, 'run')} diverged" if diverged else "")
        for axes, key, worst in ((loss_axes, "train_loss", 3 * start), (accuracy_axes, "validation_accuracy", 0.0)):
            values = np.array([_column(r["evaluations"], key, len(steps), worst) for r in records])
            median = np.median(values, axis=0)
            axes.plot(steps, median, label=label, linewidth=1.6, **look)
            axes.fill_between(
                steps, values.min(axis=0), values.max(axis=0), color=look["color"], alpha=0.1, linewidth=0
            )
        if 2 * diverged < runs:  # median is now that of the accuracies
            lowest = min(lowest, float(median[len(steps) // 4 :].min()))
    loss_axes.set(yscale="log", xlabel="step", ylabel="training loss (fixed sample)", title="Training loss")
    if loss_axes.get_ylim()[1] > 2 * start:
        loss_axes.set_ylim(top=2 * start)  # a curve that leaves the picture here diverges
    accuracy_axes.axhline(target, color="grey", linewidth=0.8)
    accuracy_axes.annotate(
        f"target\n{100 * target:.3g} %", (1, target), xycoords=("axes fraction", "data"), xytext=(3, 0),
        textcoords="offset points", va="center", fontsize=8, color="dimgrey",
    )  # fmt: skip
    accuracy_axes.set(xlabel="step", ylabel="validation accuracy", title="Validation accuracy")
    accuracy_axes.set_ylim(max(0.0, lowest - 0.02), 1.002)
    for axes in (loss_axes, accuracy_axes):
        axes.set_xlim(-0.02 * total, 1.02 * total)
        axes.grid(alpha=0.25, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(*loss_axes.get_legend_handles_labels(), loc="outside right center", fontsize=8, frameon=False)
    seeds = len(_seeds(comparison))
    what = "one seed" if seeds == 1 else f"median and range of {seeds} seeds"
    figure.suptitle(f"{comparison.problem.dataset}: each optimizer at its best rate of the grid, {what}", fontsize=11)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    return buffer.getvalue()


def _column(evaluations: list[dict[str, float]], key: str, length: int, worst: float) -> list[float]:
    """The values of a run; what is not finite, missing because the run stopped, or a loss above `worst`, is that."""
    values = [e[key] if math.isfinite(e["train_loss"]) else worst for e in evaluations] + [worst] * length
    return [min(v, worst) if key == "train_loss" else v for v in values[:length]]
