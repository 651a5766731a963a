"""The training loop, as a reader could have written it, with its history, evaluation and early stopping."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .backend import device_of, to_device
from .nn import BCEWithLogitsLoss, Module
from .optim import Optimizer
from .tensor import Tensor, no_grad


@dataclass
class History:
    """What happened: a loss per step, a row per epoch.

    steps: the training loss of every step, on its own mini-batch before the update. epochs: dicts with "epoch" (from
    0), "train_loss" (the mean of the epoch's steps, weighted by their samples), "train_accuracy" where the task has
    one, "validation_loss" and "validation_accuracy" where there is a validation set, "lr", "seconds".
    stopped: "" after the last epoch, else why training ended early. `history["train_loss"]` is a column.
    """

    steps: list[float] = field(default_factory=list)
    epochs: list[dict[str, float]] = field(default_factory=list)
    stopped: str = ""

    def __getitem__(self, column: str) -> list[float]:
        if self.epochs and column not in self.epochs[0]:
            raise KeyError(f"no column {column!r}; there are {', '.join(self.epochs[0])}")
        return [row[column] for row in self.epochs]

    def __len__(self) -> int:
        return len(self.epochs)


@dataclass
class Run:
    """What a callback sees: the parts of the running `fit`. Set `stop` to a reason to end after this epoch."""

    model: Module
    loader: Any
    optimizer: Optimizer
    history: History
    stop: str = ""


def accuracy(output: Any, target: Any, loss: Any = None) -> float | None:
    """The share of right answers: of the largest logit against integer labels, of the logit's sign for
    BCEWithLogitsLoss; None for a task without classes."""
    output = output.data if isinstance(output, Tensor) else output
    target = target.data if isinstance(target, Tensor) else target
    if isinstance(loss, BCEWithLogitsLoss):
        return float(((output > 0) == (target > 0.5)).mean())
    if output.ndim == 2 and target.ndim == 1 and target.dtype.kind in "iu":
        return float((output.argmax(axis=1) == target).mean())
    return None


def evaluate(model: Module, loader: Iterable[tuple[Any, Any]], loss: Callable[..., Tensor]) -> dict[str, float]:
    """{"loss": ..., "accuracy": ...} over all samples, in evaluation mode and without a graph; the mode is put back."""
    training = model.training
    model.eval()
    total = right = 0.0
    count = 0
    has_accuracy = True
    try:
        with no_grad():
            for x, y in loader:
                x, y = _on(model, x), _on(model, y)
                output = model(x)
                total += loss(output, y).item() * len(y)
                share = accuracy(output, y, loss)
                has_accuracy = has_accuracy and share is not None
                right += (share or 0.0) * len(y)
                count += len(y)
    finally:
        model.train(training)
    if count == 0:
        raise ValueError("evaluate: the loader gave no batch")
    return {"loss": total / count} | ({"accuracy": right / count} if has_accuracy else {})


def fit(
    model: Module,
    loader: Any,
    optimizer: Optimizer,
    loss: Callable[..., Tensor],
    epochs: int,
    validation: Any = None,
    callbacks: Sequence[Callable[[Run], Any]] = (),
    progress: bool | None = None,
    history: History | None = None,
) -> History:
    """Train for so many epochs; returns the History.

    loader and validation: iterables of (x, y) batches, such as DataLoader; batches go to the model's device.
    callbacks: called with a `Run` after every epoch; one with a method `on_step` also has that called after every
    step. progress: a progress bar; None shows it on a terminal only. history: of a run to continue: its epochs count.
    Ctrl-C ends training and returns what there is; a loss that is not finite ends it too: see `History.stopped`.
    """
    if not isinstance(epochs, int | np.integer) or epochs < 0:
        raise ValueError(f"fit: epochs must be a whole number >= 0, got {epochs!r}")
    from tqdm import tqdm

    run = Run(model, loader, optimizer, history if history is not None else History())
    run.history.stopped = ""
    total = len(loader) * (epochs - len(run.history)) if hasattr(loader, "__len__") else None
    bar = tqdm(total=total, unit="step", disable=None if progress is None else not progress, leave=False)
    try:
        for epoch in range(len(run.history), epochs):
            began = time.perf_counter()
            row = {"epoch": float(epoch), "lr": optimizer.lr} | _train_epoch(run, loss, callbacks, bar)
            if not run.stop and validation is not None:
                row |= {f"validation_{name}": x for name, x in evaluate(model, validation, loss).items()}
            row["seconds"] = time.perf_counter() - began
            if not run.stop:
                run.history.epochs.append(row)
                for callback in callbacks:
                    callback(run)
            if run.stop:
                break
            bar.set_postfix({k: f"{v:.4g}" for k, v in row.items() if "loss" in k or "accuracy" in k})
    except KeyboardInterrupt:
        run.stop = f"interrupted after {len(run.history.steps)} steps"
    finally:
        bar.close()
    run.history.stopped = run.stop
    return run.history


def _train_epoch(run: Run, loss: Callable[..., Tensor], callbacks: Sequence[Any], bar: Any) -> dict[str, float]:
    model, optimizer = run.model, run.optimizer
    on_step = [callback.on_step for callback in callbacks if hasattr(callback, "on_step")]
    model.train()
    total = right = 0.0
    count = 0
    has_accuracy = True
    for x, y in run.loader:
        x, y = _on(model, x), _on(model, y)
        output = model(x)
        value = loss(output, y)
        number = value.item()
        run.history.steps.append(number)
        if not math.isfinite(number):
            run.stop = f"diverged: the loss is {number} at step {len(run.history.steps) - 1}"
            break
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        share = accuracy(output, y, loss)
        has_accuracy = has_accuracy and share is not None
        total, right, count = total + number * len(y), right + (share or 0.0) * len(y), count + len(y)
        bar.update()
        for callback in on_step:
            callback(run)
    if count == 0 and not run.stop:
        raise ValueError("fit: the loader gave no batch")
    return {"train_loss": total / max(count, 1)} | ({"train_accuracy": right / max(count, 1)} if has_accuracy else {})


def _on(model: Module, x: Any) -> Any:
    """A batch on the model's device."""
    parameter = next(iter(model.named_parameters()), None)
    data = x.data if isinstance(x, Tensor) else np.asarray(x) if isinstance(x, list | tuple) else x
    return x if parameter is None else to_device(data, device_of(parameter[1].data))


class EarlyStopping:
    """A callback that ends training when a column of the history has not improved for `patience` epochs.

    monitor: the column; mode: "min" or "max", by default "max" for an accuracy. best and best_epoch tell where it was
    best; with `restore` the model gets the weights of that epoch back.
    """

    def __init__(
        self, patience: int = 5, monitor: str = "validation_loss", mode: str | None = None, restore: bool = False
    ) -> None:
        if patience < 1:
            raise ValueError(f"EarlyStopping: patience must be at least 1, got {patience}")
        if mode not in (None, "min", "max"):
            raise ValueError(f"EarlyStopping: mode must be 'min' or 'max', got {mode!r}")
        self.patience, self.monitor, self.restore = patience, monitor, restore
        self.sign = 1 if (mode or ("max" if "accuracy" in monitor else "min")) == "max" else -1
        self.best, self.best_epoch = -self.sign * math.inf, -1
        self._state: dict[str, np.ndarray] = {}

    def __call__(self, run: Run) -> None:
        now = run.history[self.monitor][-1]
        epoch = len(run.history) - 1
        if self.sign * (now - self.best) > 0:
            self.best, self.best_epoch = now, epoch
            if self.restore:
                self._state = run.model.state_dict()
        elif epoch - self.best_epoch >= self.patience:
            run.stop = f"{self.monitor} has not improved since epoch {self.best_epoch} ({self.best:.6g})"
            if self.restore:
                run.model.load_state_dict(self._state)
