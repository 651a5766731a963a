"""A small study of made-up runs, for tests of what a report shows of it."""

import json
import re

import pytest

from minidl import lab


def compare(optimizers=("sgd", "adam"), dataset="moons", **options):
    usual = {"epochs": 1, "jobs": 1, "progress": False, "seeds": 5, "untuned": False, "lr_grid": [0.01, 0.1, 1.0]}
    return lab.compare(dataset, optimizers, **(usual | options))


def rows(*points):
    """Evaluations: (step, training loss, validation accuracy, update ratio of each layer)."""
    return [
        {"step": s, "train_loss": x, "train_accuracy": a, "validation_accuracy": a}
        | ({"update_ratio": {"0.weight": r, "2.weight": 10 * r}} if r else {})
        for s, x, a, r in points
    ]


@pytest.fixture
def study(fake_runs):
    """SGD and Adam: three rates of which the highest diverges for SGD, five seeds, defaults for Adam."""

    def outcome(s):
        good = 0.9 if s.optimizer == "SGD" else 0.8
        if not s.test:
            found = {0.01: good - 0.2, 0.1: good, 1.0: good - 0.01}[s.lr]
            return {"validation_accuracy": found, "diverged": s.optimizer == "SGD" and s.lr == 1.0}
        k = (s.seed - 1) / 2  # 0 to 2
        if s.lr == 0.001:
            return {"test_accuracy": 0.5}
        ends = {"SGD": (0.96, 0.96, 0.96, 0.97, 0.97), "Adam": (0.94, 0.96, 0.96, 0.96, 0.96)}[s.optimizer]
        change = {"test_accuracy": good + 0.01 * k, "train_loss": 0.1 * (k + 1)}
        loss = 0.1 * (k + 1)
        return change | {"evaluations": rows((0, 2.0, 0.1, 0), (10, 0.5, ends[s.seed - 1] - 0.03, 1e-3 * (k + 1)),
                                             (19, loss, ends[s.seed - 1], 1e-4))}  # fmt: skip

    fake_runs(outcome)
    return compare(untuned=True)


def data_of(text):
    return json.loads(re.search(r'<script type="application/json" id="plots">(.*?)</script>', text, re.DOTALL)[1])
