"""One run: one optimizer, one rate, one seed, from the problem's start; gives a record of plain numbers."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from .. import nn
from ..data import ArrayDataset, DataLoader
from ..train import History, Run, averaged, evaluate, fit
from .own import message_with_line, optimizer_class
from .problem import Problem, start_hash

EVALUATIONS_PER_EPOCH = 2
TRAIN_SAMPLE = 2000  # training loss is measured on the first so many training samples, after the update


@dataclass(frozen=True)
class Settings:
    """What one run is: a problem, an optimizer (a name, or path/to/file.py:ClassName), its rate and a seed."""

    problem: Problem
    optimizer: str
    lr: float
    seed: int
    test: bool = False  # measure the test set at the end: only for the runs at the chosen rate


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
            with averaged(run.optimizer):
                self.measure(run.model, step)

    def __call__(self, run: Run) -> None:
        """At the end of an epoch there is nothing left to do."""


def run(settings: Settings) -> dict[str, Any]:
    """Train once and return the record: settings, start, evaluations, losses per step, final figures, seconds.

    A run diverged if its loss stopped being finite, or if its training loss ended above where it began. A diverged
    run is a result like others: it has its record. Where its loss is not finite, losses are infinite and accuracies 0.
    Raises ValueError where someone's own rule fails, with the file's line, and KeyboardInterrupt for Ctrl-C.
    """
    problem = settings.problem
    tqdm.set_lock(threading.RLock())  # tqdm's default is the system's: one that leaks where Ctrl-C ends a worker
    with threadpool_limits(1), np.errstate(all="ignore"):
        model, loader = problem.model(settings.seed), problem.loader(settings.seed)
        record: dict[str, Any] = {**asdict(settings), "start": start_hash(model, loader)}
        weights = model.state_dict()
        recorder = _Recorder(problem)
        recorder.measure(model, 0)
        before = recorder.seconds
        began = time.perf_counter()
        history = _train(settings, model, loader, recorder)
        seconds = time.perf_counter() - began - (recorder.seconds - before)
        if ".py:" in settings.optimizer and all((x == weights[k]).all() for k, x in model.state_dict().items()):
            raise ValueError(
                f"{settings.optimizer} changed no parameter in {len(history.steps)} steps at rate {settings.lr:g}; "
                "a rule changes w in place: w -= ..., not w = ..."
            )
        first, last = recorder.rows[0], recorder.rows[-1]
        finite = not history.stopped and all(math.isfinite(x) for x in last.values())
        reached = (r["step"] for r in recorder.rows if r["validation_accuracy"] >= problem.target)
        record |= {
            "loss_before_first_step": first["train_loss"],
            "evaluations": recorder.rows,
            "step_losses": history.steps,
            "diverged": not finite or last["train_loss"] > first["train_loss"],
            "stopped": history.stopped,
            "steps_to_target": next(reached, math.inf),
            "train_loss": last["train_loss"] if finite else math.inf,
            "validation_loss": last["validation_loss"] if finite else math.inf,
            "validation_accuracy": last["validation_accuracy"] if finite else 0.0,
            "seconds_per_epoch": seconds * recorder.steps_per_epoch / max(1, len(history.steps)),
        }
        if settings.test:
            test = DataLoader(problem.splits().test, 1000)
            record["test_accuracy"] = evaluate(model, test, recorder.loss)["accuracy"] if finite else 0.0
    return record


def _train(settings: Settings, model: nn.Module, loader: DataLoader, recorder: _Recorder) -> History:
    history = History()
    try:
        optimizer = optimizer_class(settings.optimizer)(model.parameters(), lr=settings.lr)
        fit(
            model, loader, optimizer, recorder.loss, settings.problem.epochs, callbacks=[recorder], progress=False,
            history=history,
        )  # fmt: skip
        if hasattr(optimizer, "eval"):
            optimizer.eval()  # Schedule-Free: the model that the test sees is the average
    except Exception as error:
        path = settings.optimizer.rpartition(":")[0]
        if not _finite(model):  # such as a singular value decomposition that cannot be made of infinities
            history.stopped = f"diverged: {type(error).__name__}: {error}"
        elif path:
            message = f"optimizer {settings.optimizer!r} at rate {settings.lr:g}: {message_with_line(error, path)}"
            raise ValueError(message) from error
        else:
            raise
    if history.stopped.startswith("interrupted"):
        raise KeyboardInterrupt
    return history


def _finite(model: nn.Module) -> bool:
    arrays = [a for p in model.parameters() for a in (p.data, None if p.grad is None else p.grad.data) if a is not None]
    return all(np.isfinite(a).all() for a in arrays)
