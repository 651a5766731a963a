"""Runs that were never made, for tests of what is done with their records."""

import math
from types import SimpleNamespace

import pytest

from minidl.lab import execute
from minidl.lab.records import versions

OWN_RULE = """
from minidl.optim import Optimizer

class MyRule(Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, lr=lr)

    def update(self, w, g, *, lr):
        w -= lr * g
"""


def made_up(settings, **changes):
    """The record of a run that learned something; changes: what was different."""
    points = [(0, 2.0, 0.1), (10, 0.5, 0.8), (19, 0.1, 0.9)]
    reached = changes.pop("steps_to_target", math.inf)
    if math.isfinite(reached):
        points = [(0, 2.0, 0.1), (reached, 0.5, 0.95), (reached + 9, 0.1, 0.9)]
    record = {
        "settings": settings.plain(), "versions": versions(), "optimizer": settings.optimizer.name, "lr": settings.lr,
        "hyper": settings.hyper, "seed": settings.seed, "test": settings.test, "start": f"start {settings.seed}",
        "samples": {"train": 600, "validation": 200, "test": 200}, "steps_per_epoch": len(settings.problem.loader(0)),
        "loss_before_first_step": 2.0, "step_losses": [2.1, 1.0], "diverged": False, "stopped": "", "train_loss": 0.1,
        "validation_loss": 0.3, "validation_accuracy": 0.9, "seconds_per_epoch": 0.01, "seconds_training": 0.03,
        "seconds_evaluation": 0.01,
        "evaluations": [
            {"step": s, "train_loss": x, "train_accuracy": a, "validation_loss": x, "validation_accuracy": a}
            for s, x, a in points
        ],
    }  # fmt: skip
    if settings.test:
        record |= {"test_accuracy": 0.9, "test_loss": 0.3}
    record |= changes
    if record["diverged"]:  # as `run` records a loss that is not finite at the first evaluation
        record |= {"train_loss": math.inf, "evaluations": record["evaluations"][:1]}
    for row in record["evaluations"]:
        costs = {"epoch": row["step"] / 19, "gradients": 2 * row["step"], "train_seconds": row["step"] / 100}
        row |= {"validation_loss": row["train_loss"], **costs}
    return record


@pytest.fixture
def fake_runs(monkeypatch):
    """fake_runs(outcome): `compare` makes up its runs, outcome(settings) says how they differ; gives the settings.

    Where a test looks at the settings, their optimizer is its name.
    """

    def install(outcome=lambda settings: {}):
        seen = []

        def run(settings):
            seen.append(SimpleNamespace(**{**vars(settings), "optimizer": settings.optimizer.name}))
            return made_up(settings, **outcome(seen[-1]))

        monkeypatch.setattr(execute, "run", run)
        return seen

    return install
