"""The five answers, run by run."""

import math


def _sorted_middle(values):
    ordered = sorted(values)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[half]
    low, high = ordered[half - 1], ordered[half]
    return low if low == high else (low + high) / 2


def _mean(values):
    return math.fsum(values) / len(values)


def first_to_target(runs):
    """All names that share the first place, in place of one."""
    best, names = math.inf, []
    for name in runs:
        steps = _sorted_middle([float(run["steps_to_target"]) for run in runs[name]["final"]])
        if steps < best:
            best, names = steps, []
        if steps == best:
            names.append(name)
    return names


def rate_ratio(runs):
    rates = [{run["lr"] for run in runs[name]["final"]} for name in ("SGD", "Adam")]
    (sgd,), (adam,) = rates
    return sgd / adam


def forgiving(runs):
    counts = {}
    for name in runs:
        ordered = sorted((run["validation_accuracy"] for run in runs[name]["trials"]), reverse=True)
        counts[name] = len([a for a in ordered if not a < ordered[0] - 0.02])
    return counts


def is_clear(runs):
    table = []
    for name in runs:
        accuracies = [run["test_accuracy"] for run in runs[name]["final"]]
        table.append((_mean(accuracies), max(accuracies) - min(accuracies)))
    table.sort(reverse=True)
    lead = table[0][0] - table[1][0]
    return lead > table[0][1] and lead > table[1][1]


def price_of_default(runs):
    return {
        name: 100 * _mean([run["test_accuracy"] for run in runs[name]["final"]])
        - 100 * _mean([run["test_accuracy"] for run in runs[name]["default"]])
        for name in runs
        if runs[name]["default"]
    }
