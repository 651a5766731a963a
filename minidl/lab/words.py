"""What a report says of a comparison: sentences that are computed from its records, and "" where there is nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from . import summary
from .records import key
from .run import EVALUATIONS_PER_EPOCH
from .summary import FEWEST

if TYPE_CHECKING:
    from .comparison import Comparison


def figure_text(comparison: Comparison, x: float, digits: int = 0) -> str:
    """An accuracy in percent, with no more decimals than the test set can tell, or digits in all; a loss."""
    if comparison.metric == "loss":
        return f"{x:.{digits or 4}g}"
    return f"{100 * x:.{digits}g}%" if digits else f"{x:.{digits_of(comparison)}%}"


def digits_of(comparison: Comparison) -> int:
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
        f"{p.name}: {p.describe()}; batches of {p.batch_size}, {count(p.epochs, 'epoch')} of "
        f"{count(comparison.steps_per_epoch, 'step')}, "
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
    at_rate = [f"{name} {n} of {of}" for name, n, of in diverged(comparison) if n]
    return out + (f"Diverged at the chosen rate: {', '.join(at_rate)}." if at_rate else "")


def leaders(comparison: Comparison) -> list[str]:
    """The optimizers with the best mean on the test set; equal where only the rounding of the mean differs."""
    best = comparison.ranking[0].mean
    return [rank.name for rank in comparison.ranking if math.isclose(rank.mean, best)]


def chance(comparison: Comparison) -> str:
    """How far the test figures can tell optimizers apart: the size of the test set, the spread over the seeds."""
    if comparison.metric == "loss":
        return ""
    n = comparison.test_samples
    p = max(r.test_accuracy for r in comparison.rows)
    first = leaders(comparison)
    digits = digits_of(comparison)
    near = (n * p + 1) / (n + 2)  # Laplace's estimate: 200 right answers of 200 do not mean an error of 0
    error = 100 * math.sqrt(near * (1 - near) / n)
    text = (
        f"The test set has {n} samples, so 1 % is {n / 100:g} of them, and an accuracy of {100 * p:.{digits}f} % has "
        f"a standard error of about {error:.{digits}f} %. "
    )
    if len(comparison.rows) == 1 or p == 0:
        return text
    text += f"The highest mean is that of {', '.join(first)}. "
    if len(comparison.seeds) == 1:
        return text + "One seed shows no spread."
    lowest = min(r.test_accuracy_low for r in comparison.rows if r.optimizer in first)
    overlap = [r.optimizer for r in comparison.rows if r.optimizer not in first and r.test_accuracy_high >= lowest]
    return text + f"Other ranges that overlap with that one: {', '.join(overlap) or 'none'}."


def ranks(comparison: Comparison) -> str:
    """Who is ahead beyond chance, by a paired bootstrap over the seeds."""
    n = len(comparison.seeds)
    if len(comparison.rows) == 1:
        return ""
    if n < FEWEST:
        few = "One seed is" if n == 1 else f"{n} seeds are"
        return f"{few} too few for places: at least {FEWEST} can tell optimizers apart beyond chance."
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
    shown = ", ".join(f"{r.optimizer} {figure_text(comparison, r.untuned_test)} at {r.untuned_lr:g}" for r in known)
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
    return f"{count(len(runs), 'run')}, {total:.3g} seconds of one core in all, {share:.0%} of them for evaluation."


def factor(low: float, high: float) -> str:
    """How many times as high, in two digits."""
    return f"{float(f'{high / low:.2g}'):,.3g}" if high < 1000 * low else f"{float(f'{high / low:.2g}'):,.0f}"


def count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def diverged(comparison: Comparison) -> list[tuple[str, int, int]]:
    """For each row: name, how many of its final runs diverged, and of how many."""
    runs = [(r.optimizer, comparison.finals[r.optimizer]) for r in comparison.rows]
    return [(name, sum(r["diverged"] for r in records), len(records)) for name, records in runs]
