"""One run: one optimizer, one rate, one seed, from the problem's start; gives a record of plain numbers."""

from __future__ import annotations

import importlib.util
import inspect
import math
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from .. import nn, optim
from ..data import ArrayDataset, DataLoader
from ..train import Run, evaluate, fit
from .problem import Problem, start_hash

EVALUATIONS_PER_EPOCH = 2
TRAIN_SAMPLE = 2000  # training loss is measured on the first so many training samples, after the update, the same for all


@dataclass(frozen=True)
class Settings:
    """What one run is: a problem, an optimizer (a name, or path/to/file.py:ClassName), its rate and a seed."""

    problem: Problem
    optimizer: str
    lr: float
    seed: int
    test: bool = False  # measure the test set at the end: only for the runs at the chosen rate


def optimizer_class(spec: str) -> type[optim.Optimizer]:
    """The class of a name of minidl's or of "path/to/file.py:ClassName"; ValueError that says what is wrong."""
    path, _, name = spec.rpartition(":")
    if not path.endswith(".py"):
        return optim.get(spec)
    if not Path(path).is_file():
        raise ValueError(f"optimizer {spec!r}: there is no file {path}")
    module_spec = importlib.util.spec_from_file_location(f"minidl_user_{Path(path).stem}", path)
    assert module_spec is not None and module_spec.loader is not None
    module = importlib.util.module_from_spec(module_spec)
    sys.modules[module_spec.name] = module
    module_spec.loader.exec_module(module)
    cls = getattr(module, name, None)
    if not (inspect.isclass(cls) and issubclass(cls, optim.Optimizer)):
        found = [n for n, c in vars(module).items() if inspect.isclass(c) and c.__module__ == module.__name__]
        raise ValueError(
            f"optimizer {spec!r}: {path} has no Optimizer subclass {name!r}; it defines {', '.join(found) or 'none'}"
        )
    return cls


class _Recorder:
    """A callback that evaluates on fixed samples, a few times per epoch, and counts the seconds that this takes."""

    def __init__(self, problem: Problem) -> None:
        splits = problem.splits()
        sample = ArrayDataset(splits.train.x[:TRAIN_SAMPLE], splits.train.y[:TRAIN_SAMPLE])
        self.train, self.validation = DataLoader(sample, 1000), DataLoader(splits.validation, 1000)
        steps = len(DataLoader(splits.train, problem.batch_size))
        self.due = {round(steps * (i + 1) / EVALUATIONS_PER_EPOCH) for i in range(EVALUATIONS_PER_EPOCH)} - {0}
        self.steps_per_epoch = steps
        self.rows: list[dict[str, float]] = []
        self.seconds = 0.0
        self.loss = nn.CrossEntropyLoss()

    def measure(self, model: nn.Module, step: int) -> None:
        began = time.perf_counter()
        train, validation = evaluate(model, self.train, self.loss), evaluate(model, self.validation, self.loss)
        self.rows.append({
            "step": step, "train_loss": train["loss"], "train_accuracy": train["accuracy"],
            "validation_loss": validation["loss"], "validation_accuracy": validation["accuracy"],
        })  # fmt: skip
        self.seconds += time.perf_counter() - began

    def on_step(self, run: Run) -> None:
        step = len(run.history.steps)
        if (step - 1) % self.steps_per_epoch + 1 in self.due:
            self.measure(run.model, step)

    def __call__(self, run: Run) -> None:
        """At the end of an epoch there is nothing left to do."""


def run(settings: Settings) -> dict[str, Any]:
    """Train once and return the record: settings, start, evaluations, losses per step, final figures, seconds.

    A run diverged if its loss stopped being finite, or if its training loss ended above where it began. A diverged
    run is a result like others: it has its record, with infinite losses where there is no number.
    """
    problem = settings.problem
    with threadpool_limits(1), np.errstate(all="ignore"):
        model, loader = problem.model(settings.seed), problem.loader(settings.seed)
        record: dict[str, Any] = {**asdict(settings), "start": start_hash(model, loader)}
        optimizer = optimizer_class(settings.optimizer)(model.parameters(), lr=settings.lr)
        recorder = _Recorder(problem)
        recorder.measure(model, 0)
        before = recorder.seconds
        began = time.perf_counter()
        history = fit(
            model, loader, optimizer, recorder.loss, problem.epochs, callbacks=[recorder], progress=False
        )
        seconds = time.perf_counter() - began - (recorder.seconds - before)
        first, last = recorder.rows[0], recorder.rows[-1]
        finite = not history.stopped and all(math.isfinite(x) for x in last.values())
        diverged = not finite or last["train_loss"] > first["train_loss"]
        reached = (r["step"] for r in recorder.rows if r["validation_accuracy"] >= problem.target)
        record |= {
            "loss_before_first_step": first["train_loss"],
            "evaluations": recorder.rows,
            "step_losses": history.steps,
            "diverged": diverged,
            "stopped": history.stopped,
            "steps_to_target": next(reached, math.inf),
            "train_loss": last["train_loss"] if finite else math.inf,
            "validation_loss": last["validation_loss"] if finite else math.inf,
            "validation_accuracy": last["validation_accuracy"] if finite else 0.0,
            "seconds_per_epoch": seconds * recorder.steps_per_epoch / max(1, len(history.steps)),
        }
        if settings.test:
            test = evaluate(model, DataLoader(problem.splits().test, 1000), recorder.loss)
            record["test_accuracy"] = test["accuracy"]
    return record
