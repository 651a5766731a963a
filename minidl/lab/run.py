"""One run: one optimizer, one rate, one seed, from the problem's start; gives a record of plain numbers."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from .. import nn, optim
from ..data import DataLoader
from ..optim import schedules
from ..train import History, Run, averaged, evaluate, fit
from . import records
from .candidate import candidate
from .own import message_with_line
from .problem import AnyProblem, start_hash

EVALUATIONS_PER_EPOCH = 2


def _warmed(lr: float, steps: int) -> Callable[[int], float]:
    up = max(1, round(0.05 * steps))
    return schedules.Warmup(schedules.Cosine(lr, max(1, steps - up)), up, start=lr / (up + 1))


# the rate as a function of the step, from the tuned rate and the number of steps
SCHEDULES: dict[str, Callable[[float, int], Any]] = {
    "constant": lambda lr, steps: lr,
    "linear": schedules.Linear,
    "cosine": schedules.Cosine,
    "warmup-cosine": _warmed,  # 5 % of the steps up
}


@dataclass(frozen=True, eq=False)
class Settings:
    """What one run is: a problem, an optimizer, its rate and a seed.

    optimizer: a Candidate, or what `candidate` makes one of, such as "Adam". hyper: hyper-parameters of this trial,
    besides those of the optimizer. schedule: a name of SCHEDULES.
    """

    problem: AnyProblem
    optimizer: Any
    lr: float
    seed: int
    test: bool = False  # measure the test set at the end: only for the runs at the chosen rate
    hyper: dict[str, Any] = field(default_factory=dict)
    schedule: str = "constant"

    def __post_init__(self) -> None:
        object.__setattr__(self, "optimizer", candidate(self.optimizer))
        object.__setattr__(self, "lr", float(self.lr))

    def plain(self) -> dict[str, Any]:
        """All that the record depends on, as plain data: its hash is the record's name."""
        return {
            "problem": self.problem.settings(), "optimizer": self.optimizer.settings(), "lr": self.lr,
            "hyper": self.hyper, "schedule": self.schedule, "seed": self.seed, "test": self.test,
            "evaluations_per_epoch": EVALUATIONS_PER_EPOCH,
        }  # fmt: skip


class _Counted:
    """A loss that counts how often it is computed: once for each gradient."""

    def __init__(self, loss: Callable[..., Any]) -> None:
        self.loss, self.calls = loss, 0

    def __call__(self, output: Any, y: Any) -> Any:
        self.calls += 1
        return self.loss(output, y)


class _Recorder:
    """A callback that measures on fixed samples, a few times per epoch, and counts the seconds that this takes.

    What it tells of a step, it takes from the last one before the measurement: its rate, gradient and update.
    """

    def __init__(self, problem: AnyProblem, steps_per_epoch: int) -> None:
        self.train, self.validation = problem.evaluation("train"), problem.evaluation("validation")
        self.steps_per_epoch = n = steps_per_epoch
        self.due = {round(n * (i + 1) / EVALUATIONS_PER_EPOCH) for i in range(EVALUATIONS_PER_EPOCH)} - {0}
        self.rows: list[dict[str, Any]] = []
        self.seconds = 0.0
        self.loss = problem.loss
        self.counted = _Counted(problem.loss)
        self.before: tuple[float, dict[str, np.ndarray]] | None = None
        self.began = time.perf_counter()

    def measure(self, model: nn.Module, step: int, **more: Any) -> None:
        began = time.perf_counter()
        row: dict[str, Any] = {"step": step, "epoch": step / self.steps_per_epoch, **more}
        row["train_seconds"] = began - self.began - self.seconds if step else 0.0
        for part, loader in (("train", self.train), ("validation", self.validation)):
            row |= {f"{part}_{name}": x for name, x in evaluate(model, loader, self.loss).items()}
        self.rows.append(row)
        self.seconds += time.perf_counter() - began

    def remember(self, model: nn.Module, optimizer: optim.Optimizer, step: int) -> None:
        """Before step number `step`, where it will be measured: the rate and the weights."""
        self.before = None
        if (step - 1) % self.steps_per_epoch + 1 in self.due:
            began = time.perf_counter()
            self.before = optimizer.lr, {k: p.data.copy() for k, p in model.named_parameters()}
            self.seconds += time.perf_counter() - began

    def on_step(self, run: Run) -> None:
        step = len(run.history.steps)
        if self.before is not None:
            began = time.perf_counter()
            more = self._of_the_step(run.model, run.optimizer, step)
            self.seconds += time.perf_counter() - began
            with averaged(run.optimizer):
                self.measure(run.model, step, **more)
        self.remember(run.model, run.optimizer, step + 1)

    def _of_the_step(self, model: nn.Module, optimizer: optim.Optimizer, step: int) -> dict[str, Any]:
        assert self.before is not None
        lr, weights = self.before
        squares, ratios = 0.0, {}
        for name, p in model.named_parameters():
            if p.grad is not None:
                squares += float(np.square(p.grad.data, dtype=np.float64).sum())
            if p.ndim > 1:  # biases start at zero
                norm = float(np.linalg.norm(weights[name]))
                ratios[name] = float(np.linalg.norm(p.data - weights[name])) / norm if norm else math.inf
        more = {"lr": lr, "gradient_norm": math.sqrt(squares), "update_ratio": ratios}
        if optimizer.common:  # such as the rate that Prodigy estimates
            more["common"] = {k: float(x) for k, x in optimizer.common.items()}
        return more | {"gradients": self.counted.calls + second_derivatives(optimizer, step)}

    def __call__(self, run: Run) -> None:
        """At the end of an epoch there is nothing left to do."""


def second_derivatives(optimizer: optim.Optimizer, steps: int) -> int:
    """How many products with the Hessian so many steps took; each costs about a gradient."""
    groups = getattr(optimizer, "param_groups", [{}])
    every = groups[0].get("update_interval")
    return -(-steps // every) if every else 0


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
        start = start_hash(model, loader)
        weights = {k: np.array(x) for k, x in model.state_dict().items()}
        recorder = _Recorder(problem, len(loader))
        recorder.measure(model, 0, gradients=0)
        recorder.began, recorder.seconds, at_start = time.perf_counter(), 0.0, recorder.seconds
        history = _train(settings, model, loader, recorder)
        seconds = time.perf_counter() - recorder.began - recorder.seconds
        if settings.optimizer.file and all((x == weights[k]).all() for k, x in model.state_dict().items()):
            raise ValueError(
                f"{settings.optimizer} changed no parameter in {len(history.steps)} steps at rate {settings.lr:g}; "
                "a rule changes w in place: w -= ..., not w = ..."
            )
        parts = ("train", "validation", "test")
        record: dict[str, Any] = {"samples": {part: len(problem.evaluation(part).dataset) for part in parts}}
        record |= {"steps_per_epoch": len(loader)} | _described(settings, start, recorder.rows, history)
        figures = [k for k in recorder.rows[-1] if k.endswith(("_loss", "_accuracy"))]
        finite = not history.stopped and all(math.isfinite(recorder.rows[-1][k]) for k in figures)
        record |= _end(recorder.rows, finite, problem)
        record |= {
            "seconds_per_epoch": seconds * len(loader) / max(1, len(history.steps)),
            "seconds_training": seconds,
            "seconds_evaluation": recorder.seconds + at_start,
        }
        if settings.test:
            tested = evaluate(model, problem.evaluation("test"), recorder.loss)
            worst = {"accuracy": 0.0, "loss": math.inf}
            record |= {f"test_{name}": x if finite else worst[name] for name, x in tested.items()}
    return record


def _described(settings: Settings, start: str, rows: list[dict[str, Any]], history: History) -> dict[str, Any]:
    return {
        "settings": settings.plain(), "versions": records.versions(), "optimizer": settings.optimizer.name,
        "lr": settings.lr, "hyper": settings.hyper, "seed": settings.seed, "test": settings.test, "start": start,
        "loss_before_first_step": rows[0]["train_loss"], "evaluations": rows, "step_losses": history.steps,
        "stopped": history.stopped,
    }  # fmt: skip


def _end(rows: list[dict[str, Any]], finite: bool, problem: AnyProblem) -> dict[str, Any]:
    """The figures at the end, and the first step at which the target was reached."""
    first, last, metric = rows[0], rows[-1], f"validation_{problem.metric}"
    sign = 1 if problem.metric == "accuracy" else -1
    reached = (r["step"] for r in rows if sign * r[metric] >= sign * problem.target)
    end = {
        "diverged": not finite or last["train_loss"] > first["train_loss"],
        "steps_to_target": next(reached, math.inf),
        "train_loss": last["train_loss"] if finite else math.inf,
        "validation_loss": last["validation_loss"] if finite else math.inf,
    }
    if problem.metric == "accuracy":
        end["validation_accuracy"] = last["validation_accuracy"] if finite else 0.0
    return end


def _train(settings: Settings, model: nn.Module, loader: DataLoader, recorder: _Recorder) -> History:
    history, problem = History(), settings.problem
    try:
        lr = SCHEDULES[settings.schedule](settings.lr, problem.epochs * len(loader))
        optimizer = settings.optimizer.make(model, lr, settings.hyper)
        recorder.remember(model, optimizer, 1)
        fit(
            model, loader, optimizer, recorder.counted, problem.epochs, callbacks=[recorder], progress=False,
            history=history,
        )  # fmt: skip
        if hasattr(optimizer, "eval"):
            optimizer.eval()  # Schedule-Free: the model that the test sees is the average
    except Exception as error:
        path = settings.optimizer.file
        if not _finite(model):  # such as a singular value decomposition that cannot be made of infinities
            history.stopped = f"diverged: {type(error).__name__}: {error}"
        elif path:
            message = f"optimizer {settings.optimizer.name!r} at rate {settings.lr:g}: {message_with_line(error, path)}"
            raise ValueError(message) from error
        else:
            raise
    if history.stopped.startswith("interrupted"):
        raise KeyboardInterrupt
    return history


def _finite(model: nn.Module) -> bool:
    arrays = [a for p in model.parameters() for a in (p.data, None if p.grad is None else p.grad.data) if a is not None]
    return all(np.isfinite(a).all() for a in arrays)
