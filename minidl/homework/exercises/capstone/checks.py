"""Checks of the capstone: the five answers on runs that are made up, then on those beside the learner's file."""

import copy
import functools
import math

from minidl.homework.check import Check
from minidl.homework.exercise import ALLOWED_IMPORTS
from minidl.homework.runs import read_runs, unfair

QUESTIONS = {
    "first_to_target": "question 1, the fewest steps to the target",
    "rate_ratio": "question 2, SGD's rate over Adam's",
    "forgiving": "question 3, how many rates are good enough",
    "is_clear": "question 4, is the winner a winner",
    "price_of_default": "question 5, the price of not tuning",
}
FOLDER = "capstone_runs"


def beside(folder):
    """The checks on the runs that lie in the folder of the learner's file."""
    complaint = unfair(folder / FOLDER)
    return _checks(None if complaint else read_runs(folder / FOLDER), complaint)


def _checks(runs, complaint):
    """The same checks for any runs: each gets a copy of its own."""

    def own(rng):
        return {"runs": [] if runs is None else [copy.deepcopy(runs)], "complaint": complaint}

    made_up, on_own = (
        [Check(f"{says}; {where}", make(name), functools.partial(_ask, name), _judge(name))
         for name, says in QUESTIONS.items()]
        for where, make in (
            ("on made-up runs", lambda name: functools.partial(_made_up, name)),
            ("on your runs", lambda name: own),
        )
    )  # fmt: skip
    return (*made_up, Check("your runs", own, lambda code, inputs: "looked at", _fair), *on_own)


def _ask(name, code, inputs):
    return [getattr(code, name)(runs) for runs in inputs["runs"]]


def _fair(result, expected, inputs):
    return inputs["complaint"] or None


def _judge(name):
    return _one_of if name == "first_to_target" else None


def _one_of(result, expected, inputs):
    """Any of those that share the first place."""
    for i, (got, names) in enumerate(zip(result, expected)):
        if not (isinstance(got, str) and got in names):
            of = f"item {i}: " if len(expected) > 1 else ""
            return f"{of}expected {' or '.join(map(repr, names))}, got {got!r}"
    return None


# -- runs that are made up: the first on which a question is asked is small enough to redo by hand


def _made_up(name, rng):
    return {"runs": [_MADE[name](rng, i) for i in range(8)]}


def _steps(rng, i):
    """Medians that differ from means: one seed far off, at times one that missed; an odd or an even number of seeds."""
    runs, seeds = {}, 3 + i % 2
    for k, name in enumerate(rng.permutation(["SGD", "Adam", "RMSProp"][: 2 + (i > 0)])):
        steps = (20 + 40 * k + rng.integers(1, 15, seeds)).astype(float)
        steps[0] = math.inf if i % 3 == 2 else steps[0] + (400 if k == 0 else 0)
        trials = [{"steps_to_target": float(x)} for x in rng.integers(1, 200, 4)]
        runs[str(name)] = {"trials": trials, "final": [{"steps_to_target": float(x)} for x in rng.permutation(steps)]}
    return runs


def _rates(rng, i):
    """The chosen rates, beside other ones."""
    runs = {}
    for name in ("SGD", "Adam", "Momentum")[: 2 + (i > 0)]:
        best, usual = (float(rng.choice([0.001, 0.003, 0.01, 0.03, 0.1, 0.3])) for _ in range(2))
        trials = [{"lr": best * 10.0**k} for k in (-1, 0, 1)]
        runs[name] = {"trials": trials, "final": [{"lr": best}] * 3, "default": [{"lr": usual}] * 3}
    return runs


def _trials(rng, i):
    """Accuracies on either side of 0.02 below the best, some of them within 2 % of it or not."""
    runs = {}
    for name in ("SGD", "Adam", "AdaGrad")[: 1 + (i > 0) * 2]:
        best = rng.uniform(0.4, 0.8)
        below = [0, 0.019, 0.015, 0.021, *(rng.choice([0.003, 0.012, 0.03, 0.2], 3) if i else [])]
        runs[name] = {"trials": [_accuracy(best - x, validation=True) for x in rng.permutation(below)]}
        runs[name]["final"] = [_accuracy(best + 0.1, validation=True)]
    return runs


def _accuracy(x, validation=False):
    return {"validation_accuracy" if validation else "test_accuracy": round(float(x), 4)}


def _leads(rng, i):
    """The winner's spread and the second's, and a lead above both, above one of them, or below."""
    lead, first, second = [(0.05, 0.03, 0.02), (0.03, 0.01, 0.05), (0.03, 0.05, 0.01), (0.01, 0.03, 0.02)][i % 4]
    runs, at = {}, rng.uniform(0.7, 0.8)
    places = [(at + lead, first), (at, second), (at - rng.uniform(0.02, 0.06), 0.2)][: 2 + (i > 0)]
    names = rng.permutation(["SGD", "Adam", "AdamW"])
    for name, (mean, spread) in [*zip(names, places)][:: 1 if i % 2 else -1]:
        runs[str(name)] = {"final": [_accuracy(mean + spread * x) for x in rng.permutation([-0.5, 0, 0.5])]}
    return runs


def _prices(rng, i):
    runs = {}
    for name in ("SGD", "Adam", "RMSProp")[: 2 + (i > 0)]:
        final, default = ([_accuracy(x) for x in rng.uniform(0.8, 0.95, 2 + (i > 0))] for _ in range(2))
        runs[name] = {"trials": [], "final": final, "default": [] if name == "SGD" else default}
    return runs


_MADE = {
    "first_to_target": _steps, "rate_ratio": _rates, "forgiving": _trials, "is_clear": _leads,
    "price_of_default": _prices,
}  # fmt: skip
CHECKS = _checks(None, "")
SETTINGS = {"allowed": (*ALLOWED_IMPORTS, "minidl", "minidl.homework.runs"), "beside": beside}
