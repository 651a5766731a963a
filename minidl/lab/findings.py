"""What came out of a comparison: sentences for the head of the report and beside its figures, all computed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from . import summary
from .words import count, diverged, factor, figure_text, leaders

if TYPE_CHECKING:
    from .comparison import Comparison, Row


def headline(comparison: Comparison) -> list[str]:
    """What a reader shall know who reads no more."""
    return [text for f in (ahead, fastest, tuning, tolerance) if (text := f(comparison))]


def ahead(c: Comparison) -> str:
    """Who has the best mean on the test set, who cannot be told from it, who is behind beyond chance."""
    first, best = c.ranking[0], leaders(c)
    text = f"Best mean on the test set: {figure_text(c, first.mean)}, of {', '.join(best)}. "
    others = [rank for rank in c.ranking if rank.name not in best]
    if not others or len(c.seeds) == 1:
        return text + ("One seed cannot tell the others from it." if others else "")
    tied = [rank.name for rank in others if rank.name in first.tied]
    behind = [f"{rank.name} ({figure_text(c, rank.mean)})" for rank in others if rank.name not in first.tied]
    if not behind:
        few = f" ({summary.FEWEST} are the fewest that can)" if len(c.seeds) < summary.FEWEST else ""
        return text + f"{count(len(c.seeds), 'seed')} cannot tell any of the others from it{few}."
    told = f"Not to be told from it: {', '.join(tied)}. " if tied else "It can be told from all others. "
    return text + told + f"Behind beyond chance: {', '.join(behind)}."


def fastest(c: Comparison) -> str:
    """Who reaches the target first and last, in steps, and in evaluations of the gradient where that is another."""
    target = f"a validation {c.metric} of {figure_text(c, c.problem.target, 3)}"
    there = sorted((r for r in c.rows if math.isfinite(r.steps_to_target)), key=lambda r: r.steps_to_target)
    missed = [f"{r.optimizer} ({r.missed} of {len(c.finals[r.optimizer])})" for r in c.rows if r.missed]
    lost = f" Runs that missed it: {', '.join(missed)}." if missed else ""
    if not there:
        return f"No optimizer reaches {target} in half of its runs.{lost}"
    first = [r.optimizer for r in there if r.steps_to_target == there[0].steps_to_target]
    last = [r.optimizer for r in there if r.steps_to_target == there[-1].steps_to_target]
    text = f"Fewest steps to {target}: {', '.join(first)} ({there[0].steps_to_target:.0f})"
    if last != first:
        text += f"; most: {', '.join(last)} ({there[-1].steps_to_target:.0f})"
    dearer = [r for r in there if r.gradients_to_target > r.steps_to_target]
    if dearer:
        least = min(r.gradients_to_target for r in there)
        cheap = [r.optimizer for r in there if r.gradients_to_target == least]
        shown = [f"{r.optimizer} {r.gradients_to_target:.0f}" for r in dearer if r.optimizer not in cheap]
        text += f". In evaluations of the gradient the fewest: {', '.join(cheap)} ({least:.0f})"
        text += f"; {', '.join(shown)}" if shown else ""
    return f"{text}.{lost}"


def tuning(c: Comparison) -> str:
    """How much the rate matters, beside how much the optimizer does."""
    known = [r for r in c.rows if not math.isnan(r.untuned_lr)]
    if not known:
        return ""
    means = {rank.name: rank.mean for rank in c.ranking}

    def gap(r: Row) -> float:
        x, y = means[r.optimizer], r.untuned_test
        return abs(x - y) if math.isfinite(x) and math.isfinite(y) else 0.0 if x == y else math.inf

    r = max(known, key=gap)
    spread = abs(c.ranking[0].mean - c.ranking[-1].mean) if len(c.rows) > 1 else math.nan
    before, after = figure_text(c, r.untuned_test), figure_text(c, means[r.optimizer])
    most = "most for " if len(known) > 1 else ""
    text = f"Tuning changes {most}{r.optimizer}: {before} at its default rate {r.untuned_lr:g}, {after} at {r.lr:g}."
    if math.isfinite(spread):
        more = "more" if gap(r) > spread else "no more"
        best, worst = (figure_text(c, c.ranking[k].mean) for k in (0, -1))
        text += f" That is {more} than what lies between the best and the worst of all when tuned ({best} and {worst})."
    return text


def tolerance(c: Comparison) -> str:
    """Whose rate may be missed by most, and by least."""
    known = sorted((r for r in c.rows if not math.isnan(r.lr_low)), key=lambda r: r.lr_low / r.lr_high)
    if not known:
        return "At no rate did a run end better than it began." if c.metric == "accuracy" else ""

    def shown(r: Row) -> str:
        same = [x.optimizer for x in known if math.isclose(x.lr_high / x.lr_low, r.lr_high / r.lr_low, rel_tol=0.01)]
        wide = f"the highest {factor(r.lr_low, r.lr_high)} times the lowest" if r.lr_low < r.lr_high else "a single one"
        return f"{', '.join(same)} ({wide})"

    text = f"Widest range of usable rates: {shown(known[0])}"
    return f"{text}; narrowest: {shown(known[-1])}." if shown(known[0]) != shown(known[-1]) else f"{text}."


def of_curves(c: Comparison) -> str:
    n = len(c.seeds)
    what = "One seed" if n == 1 else f"Lines are medians over {n} seeds, bands go from the lower to the upper quartile"
    lowest = min(c.rows, key=lambda r: r.train_loss)
    at_rate = [f"{name} {k} of {of}" for name, k, of in diverged(c) if k]
    text = f"{what}. The loss is that of a fixed sample of {c.final[0]['samples']['train']} training samples; lowest "
    text += f"at the end: {lowest.optimizer} ({lowest.train_loss:.2g})."
    return text + (f" Diverged: {', '.join(at_rate)}." if at_rate else "")


def of_rates(c: Comparison) -> str:
    lost = sum(r["diverged"] for r in c.tuning)
    seed = c.tuning[0]["seed"]
    where = "bottom" if c.metric == "accuracy" else "top"
    text = f"Every point is one run with seed {seed}; {lost} of {count(len(c.tuning), 'run')} diverged"
    text += f", drawn at the {where} edge" if lost else ""
    edge = [r.optimizer for r in c.rows if r.lr_on_edge]
    return text + (f". Chosen at an end of the grid: {', '.join(edge)}." if edge else
                   ". No chosen rate is at an end of its grid.")  # fmt: skip


def of_costs(c: Comparison) -> str:
    """How to read the bars, and who is fastest by the clock."""
    text = "Bars are medians over the seeds, points single seeds"
    if any(math.isinf(r.steps_to_target) for r in c.rows):
        text += "; a hatched bar was missed by half of the seeds or more, and its length means nothing"
    there = sorted((r for r in c.rows if math.isfinite(r.seconds_to_target)), key=lambda r: r.seconds_to_target)
    if not there:
        return f"{text}."
    first, last = there[0], there[-1]
    text += f". By the clock of the machine first: {first.optimizer}, {first.seconds_to_target:.2g} seconds of training"
    return text + (f"; last: {last.optimizer}, {last.seconds_to_target:.2g}." if last is not first else ".")


def of_updates(c: Comparison) -> str:
    sizes = {}
    for label, runs in c.finals.items():
        rows = [row for r in runs for row in r["evaluations"][len(r["evaluations"]) // 2 :] if row.get("update_ratio")]
        ratios = sorted(x for row in rows for x in row["update_ratio"].values() if math.isfinite(x))
        if ratios:
            sizes[label] = ratios[len(ratios) // 2]
    if not sizes:
        return ""
    low, high = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
    text = "The norm of one step of a layer's weight, divided by the weight's norm. Middle value in the second half of "
    text += f"training: {low} {sizes[low]:.1g}"
    return text + (f" (smallest) to {high} {sizes[high]:.1g} (largest)." if low != high else ".")


def of_budget(c: Comparison) -> str:
    needed: dict[int, list[str]] = {}
    for label, runs in c.trials.items():
        curve = summary.budget_curve(summary.trial_figures(runs, c.metric), c.metric)
        near = next(k for k, x in enumerate(curve, 1) if abs(x - curve[-1]) <= 0.01 * abs(curve[-1]))
        needed.setdefault(near, []).append(label)
    shown = "; ".join(f"{k} for {', '.join(needed[k])}" for k in sorted(needed))
    return f"Trials after which the best so far is on average within 1 % of the best of all: {shown}."


def of_profile(comparisons: list[Comparison]) -> str:
    """Who is cheapest how often, and who solves how many."""
    cost: dict[str, dict[tuple[str, int], float]] = summary.costs_of(
        {c.problem.name: (c.finals, c.problem.target, c.metric) for c in comparisons}
    )
    first = summary.performance_profile(cost, [1.0])
    solved = {label: sum(map(math.isfinite, of.values())) for label, of in cost.items()}
    total = len({key for of in cost.values() for key in of})
    best = max(float(x[0]) for x in first.values())
    names = ", ".join(label for label, x in first.items() if x[0] == best)
    shown = ", ".join(f"{label} {n}" for label, n in sorted(solved.items(), key=lambda item: -item[1]))
    return (
        f"{total} instances (a problem with a seed). Cheapest, alone or with others, on most of them: {names} "
        f"({best:.0%}). Target reached on: {shown}."
    )


def of_versus(a: Comparison, b: Comparison, names: tuple[str, str]) -> str:
    """Which optimizers are better in one of two studies of the same problem."""
    if not set(a.finals) & set(b.finals):
        return f"No optimizer is in both {names[0]} and {names[1]}."
    sign = 1 if a.metric == "accuracy" else -1
    found: dict[int, list[str]] = {1: [], -1: [], 0: []}
    n = min(len(a.seeds), len(b.seeds))
    for label in a.finals:
        if label in b.finals:
            x, y = a.test_figures(label), b.test_figures(label)
            shown = f"{label} ({figure_text(a, sum(x) / len(x))}, {figure_text(b, sum(y) / len(y))})"
            found[sign * summary.distinguishable(x[:n], y[:n])].append(shown)
    there = "not said"
    of = [{**c.procedure, "problem": c.problem.describe(), "epochs": c.problem.epochs,
           "batch size": c.problem.batch_size, "target": c.problem.target} for c in (a, b)]  # fmt: skip
    keys = [k for k in dict.fromkeys([*of[0], *of[1]]) if k != "name" and of[0].get(k) != of[1].get(k)]
    differing = ", ".join(f"{k.replace('_', ' ')} ({of[0].get(k, there)}, {of[1].get(k, there)})" for k in keys)
    parts = [f"Better beyond chance in {names[i]}: {', '.join(found[k])}." for i, k in ((0, 1), (1, -1)) if found[k]]
    if found[0]:
        parts.append(f"Not to be told apart: {', '.join(found[0])}.")
    text = f"In {names[0]} and {names[1]} differ: {differing or 'no settings'}. Test {a.metric}, in this order. "
    return text + " ".join(parts)
