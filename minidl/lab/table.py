"""The rows of a comparison as a table: as text, as CSV, as Markdown to paste, and column by column for the page."""

from __future__ import annotations

import csv
import io
import math
import textwrap
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .summary import FEWEST
from .words import chance, figure_text, procedure, ranges, ranks, spent, untuned, warnings

if TYPE_CHECKING:
    from .comparison import Comparison, Row

_WIDTH = 79  # of the text, in columns


def table(comparison: Comparison) -> str:
    """The rows as text, with what the reader must know of the procedure and of chance below."""
    metric, target = comparison.metric, comparison.problem.target
    head = [
        ("", "optimizer"), ("", "rate"), ("on", "edge"), ("steps", f"to {figure_text(comparison, target, 3)}"),
        ("train", "loss"), ("test", metric), ("lowest-", "highest"), ("", "diverged"), ("seconds", "/epoch"),
    ]  # fmt: skip
    body = []
    for r in comparison.rows:
        mean, low, high = _test(comparison, r)
        body.append((
            r.optimizer, f"{r.lr:g}", "yes" if r.lr_on_edge else "no",
            f"{r.steps_to_target:.0f}" if math.isfinite(r.steps_to_target) else "missed",
            f"{r.train_loss:.2g}" if math.isfinite(r.train_loss) else "inf", figure_text(comparison, mean),
            f"{figure_text(comparison, low).rstrip('%')}-{figure_text(comparison, high).rstrip('%')}",
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


@dataclass
class Column:
    """A column of the table on the page and in table.md: texts, and what they are sorted by."""

    head: str
    texts: list[str]
    values: list[Any]
    paste: bool = False  # also in table.md


def columns(c: Comparison) -> list[Column]:
    """The table of the page, one row for each optimizer, the best mean on the test set first."""
    place = {rank.name: k for k, rank in enumerate(c.ranking)}
    rows = sorted(c.rows, key=lambda r: place[r.optimizer])
    target = figure_text(c, c.problem.target, 3)

    def column(head: str, value: Callable[[Row], Any], text: Callable[[Any], str], paste: bool = False) -> None:
        values = [value(r) for r in rows]
        out.append(Column(head, [text(x) for x in values], values, paste))

    def number(form: str, missing: str = "") -> Callable[[float], str]:
        return lambda x: missing if math.isinf(x) else "" if math.isnan(x) else format(x, form)

    def figure(x: float) -> str:
        return "" if math.isnan(x) else figure_text(c, x)

    out: list[Column] = []
    if len(rows) > 1 and len(c.seeds) >= FEWEST:
        column("place", lambda r: r.rank, str, True)
    column("optimizer", lambda r: r.optimizer, str, True)
    column("rate", lambda r: r.lr, number("g"), True)
    if any(r.hyper for r in rows):
        column("tuned besides", lambda r: r.hyper, str, True)
    column(f"test {c.metric}", lambda r: _test(c, r)[0], figure, True)
    column("lowest", lambda r: _test(c, r)[1], figure, True)
    column("highest", lambda r: _test(c, r)[2], figure, True)
    if not all(math.isnan(r.untuned_test) for r in rows):
        column("at default rate", lambda r: r.untuned_test, figure, True)
    column(f"steps to {target}", lambda r: r.steps_to_target, number(".0f", "missed"), True)
    column("gradients to it", lambda r: r.gradients_to_target, number(".0f", "missed"))
    column("seconds to it", lambda r: r.seconds_to_target, number(".2g", "missed"))
    column("runs that missed", lambda r: r.missed, str)
    column("training loss", lambda r: r.train_loss, number(".2g", "inf"), True)
    column("lowest usable rate", lambda r: r.lr_low, number("g"))
    column("highest usable rate", lambda r: r.lr_high, number("g"))
    column("rate on edge", lambda r: r.lr_on_edge, lambda x: "yes" if x else "no")
    column("diverged", lambda r: r.diverged, str)
    column("seconds / epoch", lambda r: r.seconds_per_epoch, number(".2g"))
    return out


def markdown(c: Comparison) -> str:
    """The table as Markdown, to paste, and below it what was run."""
    shown = [column for column in columns(c) if column.paste]
    lines = [[column.head for column in shown], ["---"] * len(shown), *zip(*(x.texts for x in shown), strict=True)]
    table = "\n".join("| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines)
    return f"{table}\n\n{procedure(c)}\n"


def overview(comparisons: list[Comparison]) -> list[Column]:
    """For each optimizer of a study of several problems, its mean on the test set and its place on each."""
    labels = list(dict.fromkeys(label for c in comparisons for label in c.optimizers))
    out = [Column("optimizer", labels, labels)]
    for c in comparisons:
        found = {rank.name: rank for rank in c.ranking}
        texts = [figure_text(c, found[label].mean) if label in found else "" for label in labels]
        means = [found[label].mean if label in found else math.nan for label in labels]
        places = [found[label].rank if label in found else math.nan for label in labels]
        out.append(Column(f"{c.problem.name}: {c.metric}", texts, means))
        out.append(Column(f"{c.problem.name}: place", ["" if math.isnan(x) else str(x) for x in places], places))
    return out


def csv_text(comparison: Comparison) -> str:
    """The rows as CSV, numbers in full, "" for what there is not; "seconds" is in the name of every clock reading."""
    out = io.StringIO()
    columns = list(asdict(comparison.rows[0]))
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: "" if isinstance(x, float) and math.isnan(x) else x for k, x in asdict(r).items()}
                     for r in comparison.rows)  # fmt: skip
    return out.getvalue()
