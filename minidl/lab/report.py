"""What a comparison leaves: a table to read, table.csv, curves.png, study.json, and a folder with every run."""

from __future__ import annotations

import csv
import io
import math
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import summary
from .records import Store, as_json, key
from .run import EVALUATIONS_PER_EPOCH

if TYPE_CHECKING:
    from .comparison import Comparison, Row

# colours that stay apart for colour-blind readers (Okabe & Ito 2008), with line styles for black and white
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000", "#8C6D1F")
_STYLES = ("-", "--", "-.", ":")

FILES = ("table.csv", "study.json", "curves.png")
_WIDTH = 79  # of the text, in columns


def table(comparison: Comparison) -> str:
    """The rows as text, with what the reader must know of the procedure and of chance below."""
    metric, target = comparison.metric, comparison.problem.target
    head = [
        ("", "optimizer"), ("", "rate"), ("on", "edge"), ("steps", f"to {_figure(comparison, target, 3)}"),
        ("train", "loss"), ("test", metric), ("lowest-", "highest"), ("", "diverged"), ("seconds", "/epoch"),
    ]  # fmt: skip
    body = []
    for r in comparison.rows:
        mean, low, high = _test(comparison, r)
        body.append((
            r.optimizer, f"{r.lr:g}", "yes" if r.lr_on_edge else "no",
            f"{r.steps_to_target:.0f}" if math.isfinite(r.steps_to_target) else "missed",
            f"{r.train_loss:.2g}" if math.isfinite(r.train_loss) else "inf", _figure(comparison, mean),
            f"{_figure(comparison, low).rstrip('%')}-{_figure(comparison, high).rstrip('%')}",
            f"{r.diverged} of {r.runs}", f"{r.seconds_per_epoch:.2g}",
        ))  # fmt: skip
    lines = [*zip(*head, strict=True), *body]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = ["  ".join([x[0].ljust(widths[0]), *(x.rjust(w) for x, w in zip(x[1:], widths[1:], strict=True))]).rstrip()
            for x in lines]  # fmt: skip
    text.insert(2, "  ".join("-" * w for w in widths))
    about = (procedure, warnings, chance, ranks, untuned, ranges, spent)
    paragraphs = [sentence(comparison) for sentence in about]
    return "\n".join(text) + "".join("\n\n" + textwrap.fill(p, _WIDTH) for p in paragraphs if p)


def _test(comparison: Comparison, r: Row) -> tuple[float, float, float]:
    """Mean, lowest and highest figure on the test set."""
    if comparison.metric == "accuracy":
        return r.test_accuracy, r.test_accuracy_low, r.test_accuracy_high
    return r.test_loss, r.test_loss_low, r.test_loss_high


def _figure(comparison: Comparison, x: float, digits: int = 0) -> str:
    """An accuracy in percent, with no more decimals than the test set can tell, or digits in all; a loss."""
    if comparison.metric == "loss":
        return f"{x:.{digits or 4}g}"
    return f"{100 * x:.{digits}g}%" if digits else f"{x:.{_digits(comparison)}%}"


def _digits(comparison: Comparison) -> int:
    """Decimals of an accuracy in percent: no more than a test set of this size can tell."""
    return max(0, math.ceil(math.log10(comparison.test_samples)) - 2)


def procedure(comparison: Comparison) -> str:
    """What was run."""
    p, how = comparison.problem, comparison.procedure
    seeds, metric = comparison.seeds, comparison.metric
    points = sorted({len(g) for g in comparison.trials.values()})
    kind = {"halton": " of a Halton sequence", "sobol": " of a Sobol sequence"}.get(how.get("search", ""), "")
    schedule = how.get("schedule", "constant")
    share = f"{100 * p.target:.3g} %"
    target = f"a validation {metric} of {share if metric == 'accuracy' else format(p.target, 'g')}"
    return (
        f"{p.name}: {p.describe()}; batches of {p.batch_size}, {_count(p.epochs, 'epoch')} of "
        f"{_count(comparison.steps_per_epoch, 'step')}, "
        + ("constant rates. " if schedule == "constant" else f"the schedule {schedule} for all. ")
        + f"Each rate is the best of {' or '.join(map(str, points))}{kind} on the validation set, tried with "
        f"seed {comparison.tuning[0]['seed']}. At that rate: "
        + (f"seed {seeds[0]}" if len(seeds) == 1 else f"medians over seeds {seeds[0]} to {seeds[-1]} (test {metric}: "
           "mean, lowest and highest)")
        + f". Steps count to {target}, measured {EVALUATIONS_PER_EPOCH} times "
        "per epoch. For each seed all optimizers had the same initial weights, batches and loss before the first step."
    )  # fmt: skip


def warnings(comparison: Comparison) -> str:
    """Rates on the edge of their grid and runs that diverged, where there are any."""
    out = ""
    edge = [f"{r.optimizer} ({r.lr:g})" for r in comparison.rows if r.lr_on_edge]
    if edge:
        out = f"On the edge of the grid, so that a better rate may lie outside: {', '.join(edge)}. "
    if any(r.diverged for r in comparison.rows):
        worst = "accuracy 0" if comparison.metric == "accuracy" else "an infinite loss"
        out += f"Diverged counts all runs, those that chose the rate too; a run without a finite end has {worst}. "
    most = [f"{r.optimizer} ({r.trials})" for r in comparison.rows if r.trials > min(x.trials for x in comparison.rows)]
    if most:
        out += f"More rates than the others had, because a grid was made wider: {', '.join(most)}. "
    tuned = [f"{r.optimizer} {r.hyper}" for r in comparison.rows if r.hyper]
    if tuned:
        out += f"Tuned besides the rate: {', '.join(tuned)}. "
    at_rate = [f"{name} {n} of {of}" for name, n, of in _diverged(comparison) if n]
    return out + (f"Diverged at the chosen rate: {', '.join(at_rate)}." if at_rate else "")


def chance(comparison: Comparison) -> str:
    """How far the test figures can tell optimizers apart: the size of the test set, the spread over the seeds."""
    if comparison.metric == "loss":
        return ""
    n = comparison.test_samples
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
    if len(comparison.seeds) == 1:
        return text + "One seed shows no spread."
    lowest = min(r.test_accuracy_low for r in best)
    overlap = [r.optimizer for r in others if r.test_accuracy_high >= lowest]
    return text + f"Other ranges that overlap with that one: {', '.join(overlap) or 'none'}."


def ranks(comparison: Comparison) -> str:
    """Who is ahead beyond chance, by a paired bootstrap over the seeds."""
    if len(comparison.rows) == 1 or len(comparison.seeds) == 1:
        return ""
    places: dict[int, list[str]] = {}
    for rank in comparison.ranking:
        places.setdefault(rank.rank, []).append(rank.name)
    order = "; ".join(f"{place}. {', '.join(places[place])}" for place in sorted(places))
    return (
        "Places, where one comes after those that were better beyond chance (paired bootstrap over the seeds, 95 %): "
        f"{order}."
    )


def untuned(comparison: Comparison) -> str:
    """The figures at default rates, for those who have one."""
    known = [r for r in comparison.rows if not math.isnan(r.untuned_lr)]
    if not known:
        return ""
    shown = ", ".join(f"{r.optimizer} {_figure(comparison, r.untuned_test)} at {r.untuned_lr:g}" for r in known)
    rest = [r.optimizer for r in comparison.rows if math.isnan(r.untuned_lr)]
    return f"Untuned, at their default rates, on the test set: {shown}." + (
        f" Without a default: {', '.join(rest)}." if rest else ""
    )


def ranges(comparison: Comparison) -> str:
    """How wide the range of usable rates is, for each optimizer."""
    known = [r for r in comparison.rows if r.lr_low < r.lr_high]
    if not known:
        return ""
    shown = ", ".join(f"{r.optimizer} {r.lr_low:g} to {r.lr_high:g}" for r in known)
    return f"Rates that ended within 10 % of the best one's validation {comparison.metric}: {shown}."


def spent(comparison: Comparison) -> str:
    """Where the time went."""
    runs = list({key(r["settings"]): r for r in comparison.tuning + comparison.final + comparison.untuned}.values())
    total = sum(r["seconds_training"] + r["seconds_evaluation"] for r in runs)
    share = summary.evaluation_share(runs)
    return f"{_count(len(runs), 'run')}, {total:.3g} seconds of one core in all, {share:.0%} of them for evaluation."


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _final(comparison: Comparison, name: str) -> list[dict[str, Any]]:
    return comparison.finals[name]


def _diverged(comparison: Comparison) -> list[tuple[str, int, int]]:
    """For each row: name, how many of its final runs diverged, and of how many."""
    runs = [(r.optimizer, _final(comparison, r.optimizer)) for r in comparison.rows]
    return [(name, sum(r["diverged"] for r in records), len(records)) for name, records in runs]


def csv_text(comparison: Comparison) -> str:
    """The rows as CSV, numbers in full, "" for what there is not; "seconds" is in the name of every clock reading."""
    out = io.StringIO()
    columns = list(asdict(comparison.rows[0]))
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: "" if isinstance(x, float) and math.isnan(x) else x for k, x in asdict(r).items()}
                     for r in comparison.rows)  # fmt: skip
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


def save(comparison: Comparison, out: Path, store: Store | None = None) -> list[Path]:
    """Write the three files, each whole or not at all; returns their paths.

    store: where the records are; by default they are written into "runs" in `out`.
    """
    prepare(out)
    if store is None:
        store = Store(out / "runs")
        for record in comparison.tuning + comparison.final + comparison.untuned:
            if store.read(record["settings"]) is None:
                store.write(record)
    contents = (csv_text(comparison).encode(), as_json(comparison.plain()).encode(), curves(comparison))
    paths = [out / name for name in FILES]
    for path, content in zip(paths, contents, strict=True):
        _write(path, content)
    return paths


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)


def curves(comparison: Comparison) -> bytes:
    """The figure as PNG: training loss and validation figure against steps, median and range over the seeds."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.5, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    loss_axes, figure_axes = figure.subplots(1, 2)
    start = max(r["loss_before_first_step"] for r in comparison.final)
    steps = [e["step"] for e in max((r["evaluations"] for r in comparison.final), key=len)]
    metric, target = comparison.metric, comparison.problem.target
    total = comparison.problem.epochs * comparison.steps_per_epoch
    lowest = target - 0.05
    lost = 0.0 if metric == "accuracy" else 3 * start
    for i, (row, (name, diverged, runs)) in enumerate(zip(comparison.rows, _diverged(comparison), strict=True)):
        records = _final(comparison, name)
        look = {"color": _COLOURS[i % len(_COLOURS)], "linestyle": _STYLES[(i + i // len(_COLOURS)) % len(_STYLES)]}
        label = f"{name}, rate {row.lr:g}" + (f"\n{diverged} of {_count(runs, 'run')} diverged" if diverged else "")
        for axes, column, worst in ((loss_axes, "train_loss", 3 * start), (figure_axes, f"validation_{metric}", lost)):
            values = np.array([_column(r["evaluations"], column, len(steps), worst) for r in records])
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
    figure_axes.axhline(target, color="grey", linewidth=0.8)
    shown = f"{100 * target:.3g} %" if metric == "accuracy" else f"{target:g}"
    figure_axes.annotate(
        f"target\n{shown}", (1, target), xycoords=("axes fraction", "data"), xytext=(3, 0),
        textcoords="offset points", va="center", fontsize=8, color="dimgrey",
    )  # fmt: skip
    figure_axes.set(xlabel="step", ylabel=f"validation {metric}", title=f"Validation {metric}")
    if metric == "accuracy":
        figure_axes.set_ylim(max(0.0, lowest - 0.02), 1.002)
    else:
        figure_axes.set(yscale="log")
    for axes in (loss_axes, figure_axes):
        axes.set_xlim(-0.02 * total, 1.02 * total)
        axes.grid(alpha=0.25, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(*loss_axes.get_legend_handles_labels(), loc="outside right center", fontsize=8, frameon=False)
    seeds = len(comparison.seeds)
    what = "one seed" if seeds == 1 else f"median and range of {seeds} seeds"
    figure.suptitle(f"{comparison.problem.name}: each optimizer at its best rate of the grid, {what}", fontsize=11)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    return buffer.getvalue()


def _column(evaluations: list[dict[str, float]], key: str, length: int, worst: float) -> list[float]:
    """The values of a run; what is not finite, missing because the run stopped, or a loss above `worst`, is that."""
    values = [e[key] if math.isfinite(e["train_loss"]) else worst for e in evaluations] + [worst] * length
    return [min(v, worst) if "loss" in key else v for v in values[:length]]
