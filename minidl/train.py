"""The training loop, as a reader could have written it, with its history, evaluation and early stopping."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .backend import is_array, on_device_of, to_device
from .nn import BCEWithLogitsLoss, Module
from .optim import Optimizer, clip_grad_norm
from .tensor import Tensor, no_grad

__all__ = ["EarlyStopping", "History", "Run", "accuracy", "evaluate", "fit"]


@dataclass(repr=False)
class History:
    """What happened: a loss per step, a row per epoch.

    steps: the training loss of every step, on its own mini-batch before the update. epochs: dicts with "epoch" (from
    0), "lr" (at the epoch's first step), "train_loss" (the mean of the epoch's steps, weighted by their samples),
    "train_accuracy" where the task has one (measured likewise, in training mode and before each update),
    "validation_loss" and "validation_accuracy" where there is a validation set, "seconds".
    stopped: "" after the last epoch, else why training ended early; an epoch cut short has steps but no row.
    `history["train_loss"]` is a column (KeyError for an unknown one; NaN in the epochs that lack it).
    """

    steps: list[float] = field(default_factory=list)
    epochs: list[dict[str, float]] = field(default_factory=list)
    stopped: str = ""

    def __getitem__(self, column: str) -> list[float]:
        known = list(dict.fromkeys(name for row in self.epochs for name in row))
        if known and column not in known:
            raise KeyError(f"no column {column!r}; there are {', '.join(known)}")
        return [row.get(column, math.nan) for row in self.epochs]

    def __len__(self) -> int:
        return len(self.epochs)

    def __repr__(self) -> str:
        last = ", ".join(f"{k}={v:.4g}" for k, v in self.epochs[-1].items() if k != "epoch") if self.epochs else ""
        stopped = f", stopped: {self.stopped}" if self.stopped else ""
        return f"History({len(self.epochs)} epochs, {len(self.steps)} steps{', last: ' if last else ''}{last}{stopped})"


@dataclass
class Run:
    """What a callback sees: the parts of the running `fit`. `len(run.history)` epochs are done.

    Set `stop` to a reason to end training after this epoch or, in `on_step`, after this step.
    """

    model: Module
    loader: Any
    optimizer: Optimizer
    history: History
    stop: str = ""


def accuracy(output: Any, target: Any, loss: Any = None) -> float | None:
    """The share of right answers: of the largest logit (N, C) against integer labels (N,), of the logit's sign for
    BCEWithLogitsLoss (any one shape; ValueError for two); None for a task without classes."""
    output = output.data if isinstance(output, Tensor) else np.asarray(output) if isinstance(output, list) else output
    target = target.data if isinstance(target, Tensor) else np.asarray(target) if isinstance(target, list) else target
    if isinstance(loss, BCEWithLogitsLoss):
        if output.shape != target.shape:
            raise ValueError(f"accuracy: logits have shape {output.shape}, targets {target.shape}; they must be equal")
        with on_device_of(output):
            return float(((output > 0) == (target > 0.5)).mean())
    if output.ndim == 2 and target.ndim == 1 and target.dtype.kind in "iu":
        with on_device_of(output):
            return float((output.argmax(axis=1) == target).mean())
    return None


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def evaluate(model: Module, loader: Iterable[tuple[Any, Any]], loss: Callable[..., Tensor]) -> dict[str, float]:
    """{"loss": ..., "accuracy": ...} over all samples, in evaluation mode and without a graph; the modes are put back.

    loader and loss as for `fit`; "accuracy" only where the task has one.
    """
    training = [(m, m.training) for m in model.modules()]
    model.eval()
    total = right = 0.0
    count = 0
    has_accuracy = True
    try:
        with no_grad():
            for x, y in _batches(loader, model, "evaluate"):
                output = model(x)
                total += loss(output, y).item() * len(y)
                share = accuracy(output, y, loss)
                has_accuracy = has_accuracy and share is not None
                right += (share or 0.0) * len(y)
                count += len(y)
    finally:
        for m, mode in training:
            m.training = mode
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
    clip_norm: float | None = None,
) -> History:
    """Train for so many epochs; returns the History.

    loader and validation: iterables of (x, y) batches, such as DataLoader; batches go to the model's device. loss: a
    function of (output, y) that gives one number, the batch's mean. callbacks: called with a `Run` after every epoch;
    `on_step(run)`, where one has it, is called after every step and `on_end(run)` when training ends, however it does.
    progress: a progress bar; None shows it on a terminal only. history: of a run to continue: its epochs count.
    clip_norm: limit the global norm of the gradients to this before every step (optim.clip_grad_norm); ValueError with
    a rule that takes its gradients itself. Rules that ask for a closure (SAM, L-BFGS, ...) get one for each batch.

    Ctrl-C ends training and returns what there is; a loss that is not finite ends it too: see `History.stopped`.
    Every epoch begins with `model.train()`, and the model stays in that mode: `model.eval()` before predicting.
    TypeError or ValueError for epochs < 0, a loader that gives no batch or no pairs, a loss that is no single number.
    """
    if not isinstance(epochs, int | np.integer) or epochs < 0:
        raise ValueError(f"fit: epochs must be a whole number >= 0, got {epochs!r}")
    callbacks = [callbacks] if callable(callbacks) else list(callbacks)
    for callback in callbacks:
        if not callable(callback) or isinstance(callback, type):
            raise TypeError(f"fit: a callback is called with a Run after every epoch, {callback!r} cannot be")
    if clip_norm is not None and optimizer.closure == "loss":
        raise ValueError(f"fit: {type(optimizer).__name__} takes its gradients itself, clip_norm cannot reach them")
    from tqdm import tqdm

    run = Run(model, loader, optimizer, history if history is not None else History())
    total = len(loader) * max(0, epochs - len(run.history)) if hasattr(loader, "__len__") else None
    bar = tqdm(total=total, unit="step", disable=None if progress is None else not progress, leave=False)
    try:
        for epoch in range(len(run.history), epochs):
            began = time.perf_counter()
            row = {"epoch": float(epoch), "lr": optimizer.lr} | _train_epoch(run, loss, callbacks, bar, clip_norm)
            if run.stop:
                break
            if validation is not None:
                with averaged(optimizer):
                    row |= {f"validation_{name}": x for name, x in evaluate(model, validation, loss).items()}
            row["seconds"] = time.perf_counter() - began
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
    _call(callbacks, "on_end", run)
    return run.history


@contextlib.contextmanager
def averaged(optimizer: Any) -> Iterator[None]:
    """For an optimizer that evaluates elsewhere than it trains (Schedule-Free): the parameters to evaluate at."""
    if not hasattr(optimizer, "eval"):
        yield
        return
    optimizer.eval()
    try:
        yield
    finally:
        optimizer.train()


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # a run that diverges says so itself
def _train_epoch(
    run: Run, loss: Callable[..., Tensor], callbacks: Sequence[Any], bar: Any, clip_norm: float | None
) -> dict[str, float]:
    model = run.model
    model.train()
    total = right = 0.0
    count = 0
    has_accuracy = True
    for x, y in _batches(run.loader, model, "fit"):
        try:
            output = _step(run, loss, x, y, clip_norm)
        except FloatingPointError as error:
            run.stop = f"diverged: {error}"
            break
        number = run.history.steps[-1]
        share = accuracy(output, y, loss)
        has_accuracy = has_accuracy and share is not None
        total, right, count = total + number * len(y), right + (share or 0.0) * len(y), count + len(y)
        bar.update()
        _call(callbacks, "on_step", run)
        if run.stop:
            break
    if count == 0 and not run.stop:
        raise ValueError(
            f"fit: the loader gave no batch in epoch {len(run.history)}"
            + ("; a generator gives its batches only once, take a list or a DataLoader" if run.history.epochs else "")
        )
    return {"train_loss": total / max(count, 1)} | ({"train_accuracy": right / max(count, 1)} if has_accuracy else {})


def _step(run: Run, loss: Callable[..., Tensor], x: Any, y: Any, clip_norm: float | None) -> Tensor:
    """One update; returns the output, and notes the loss, of before it. FloatingPointError where training diverges."""
    model, optimizer, steps = run.model, run.optimizer, run.history.steps
    outputs: list[Tensor] = []

    def closure() -> Tensor:
        output = model(x)
        value = loss(output, y)
        if not outputs:  # later ones, of rules that look at several points, are not of the weights before the step
            if value.size != 1:
                raise ValueError(f"fit: the loss has shape {value.shape}, expected one number: reduction='mean'")
            outputs.append(output)
            steps.append(value.item())
            if not math.isfinite(steps[-1]):
                raise FloatingPointError(f"the loss is {steps[-1]} at step {len(steps) - 1}")
        optimizer.zero_grad()
        if optimizer.closure != "loss":
            value.backward()
            if clip_norm is not None:
                clip_grad_norm(optimizer.parameters(), clip_norm)
        return value

    if optimizer.closure:
        optimizer.step(closure)
    else:
        closure()
        optimizer.step()
    return outputs[0]


def _call(callbacks: Sequence[Any], method: str, run: Run) -> None:
    for callback in callbacks:
        if hasattr(callback, method):
            getattr(callback, method)(run)


def _batches(loader: Any, model: Module, caller: str) -> Iterator[tuple[Any, Any]]:
    """The loader's pairs (x, y) as arrays on the model's device; TypeError for what gives no pairs."""
    if not hasattr(loader, "__iter__"):
        raise TypeError(
            f"{caller}: a {type(loader).__name__} gives no batches; wrap the dataset in a loader: "
            "DataLoader(dataset, batch_size=64)"
        )
    parameter = next(iter(model.parameters()), None)
    device = None if parameter is None else parameter.device
    for batch in loader:
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            what = f"{len(batch)} things" if isinstance(batch, tuple | list) else f"a {type(batch).__name__}"
            raise TypeError(
                f"{caller}: a batch must be a pair (x, y), the loader gave {what}; "
                "arrays go in through a DataLoader: DataLoader((x, y), batch_size=64)"
            )
        x, y = (b.data if isinstance(b, Tensor) else b if is_array(b) else np.asarray(b) for b in batch)
        yield (x, y) if device is None else (to_device(x, device), to_device(y, device))


class EarlyStopping:
    """A callback that ends training when a column of the history has not improved for `patience` epochs.

    monitor: the column; mode: "min" or "max", by default "max" for an accuracy. best and best_epoch tell where it was
    best (NaN is never best). With `restore` the model gets the weights of that epoch back when training ends, also
    where it ends for another reason; the best epoch of a continued run must lie in the continuation for that.
    ValueError for a patience below 1 or another mode; KeyError, in the first epoch, for a column that is not there.
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
        self.best, self.best_epoch = math.nan, -1
        self._state: dict[str, np.ndarray] | None = None

    def __call__(self, run: Run) -> None:
        column = run.history[self.monitor]  # the history alone decides, so that a continued run stops where it would
        scores = [-math.inf if math.isnan(x) else self.sign * x for x in column]
        self.best_epoch = scores.index(max(scores))
        self.best = column[self.best_epoch]
        epoch = len(column) - 1
        if self.restore and epoch == self.best_epoch:
            self._state = run.model.state_dict()
        if epoch - self.best_epoch >= self.patience:
            run.stop = f"{self.monitor} has not improved since epoch {self.best_epoch} ({self.best:.6g})"

    def on_end(self, run: Run) -> None:
        if self._state is not None:
            run.model.load_state_dict(self._state)
        self._state = None
