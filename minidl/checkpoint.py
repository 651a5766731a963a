"""Checkpoints: everything from which a run continues bit for bit, in one safetensors file, written atomically."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from . import backend
from .nn import Module
from .nn.module import read_safetensors, write_safetensors
from .optim import Optimizer
from .train import History, Run

__all__ = ["Checkpoint", "load_checkpoint", "save_checkpoint"]


def save_checkpoint(
    path: str | Path, model: Module, optimizer: Optimizer, loader: Any = None, history: History | None = None
) -> None:
    """Write model, optimizer, the loader's epoch, random states (dropout) and history into one file.

    Call it between epochs. The loader is a DataLoader, or anything: only its `epoch` is kept, if it has one.
    FileNotFoundError where the folder does not exist.
    """
    arrays = {f"model.{name}": x for name, x in model.state_dict().items()}
    state = optimizer.state_dict()
    numbers: dict[str, dict[str, Any]] = {}
    for name, entries in state["state"].items():
        numbers[name] = {key: x for key, x in entries.items() if not isinstance(x, np.ndarray)}
        arrays |= {f"optimizer.{key}.{name}": x for key, x in entries.items() if isinstance(x, np.ndarray)}
    plain = {
        "optimizer": {**state, "state": numbers},
        "loader_epoch": getattr(loader, "epoch", None),
        "random": [rng.bit_generator.state for rng in _generators(model, optimizer)],
        "history": asdict(History() if history is None else history),
    }
    write_safetensors(path, arrays, {"minidl_checkpoint": "1", "state": json.dumps(plain, default=_plain)})


def load_checkpoint(path: str | Path, model: Module, optimizer: Optimizer, loader: Any = None) -> History:
    """Put everything back; returns the history: `fit(..., epochs, history=load_checkpoint(...))` continues the run.

    The model, the optimizer and the loader must be built as they were; schedules are code and are not in the file.
    ValueError, and nothing changed, where something does not fit or the file is no checkpoint; FileNotFoundError
    where there is none.
    """
    arrays, metadata = read_safetensors(path)
    if metadata.get("minidl_checkpoint") != "1":
        raise ValueError(f"{path} is no checkpoint of this version of minidl (Module.load reads weight files)")
    plain = json.loads(metadata["state"])
    state = plain["optimizer"]
    for full, x in arrays.items():
        if full.startswith("optimizer."):
            _, key, name = full.split(".", 2)
            state["state"][name][key] = x
    weights = {k.removeprefix("model."): x for k, x in arrays.items() if k.startswith("model.")}
    random, kinds = _generators(model, optimizer), [saved["bit_generator"] for saved in plain["random"]]

    # everything is checked before anything changes
    if [rng.bit_generator.state["bit_generator"] for rng in random] != kinds:
        raise ValueError(f"{path} has the states of {len(kinds)} Generators ({', '.join(kinds)}), here are {random}")
    if plain["loader_epoch"] is not None and not hasattr(loader, "set_epoch"):
        raise ValueError(f"{path} was written with a DataLoader; give load_checkpoint the loader, got {loader!r:.60}")
    model._fitting(weights)
    optimizer.load_state_dict(state)  # changes nothing where it raises
    model.load_state_dict(weights)
    if plain["loader_epoch"] is not None:
        loader.set_epoch(plain["loader_epoch"])
    for rng, saved in zip(random, plain["random"], strict=True):
        rng.bit_generator.state = saved
    return History(**plain["history"])


class Checkpoint:
    """A callback for `fit` that writes a checkpoint after every epoch, or after every so many.

    ValueError for every < 1; FileNotFoundError, before training begins, where the folder does not exist.
    """

    def __init__(self, path: str | Path, every: int = 1) -> None:
        if every < 1:
            raise ValueError(f"Checkpoint: every must be at least 1, got {every}")
        self.path, self.every = Path(path), every
        if not self.path.parent.is_dir():
            raise FileNotFoundError(f"Checkpoint: there is no folder {self.path.parent}; make it first")

    def __call__(self, run: Run) -> None:
        if len(run.history) % self.every == 0:
            save_checkpoint(self.path, run.model, run.optimizer, run.loader, run.history)


def _generators(model: Module, optimizer: Optimizer) -> list[np.random.Generator]:
    """The default Generator and those of the model's layers and of the optimizer."""
    own = [x for holder in (*model.modules(), optimizer) for x in vars(holder).values()]
    return [backend.generator(), *(x for x in own if isinstance(x, np.random.Generator))]


def _plain(x: Any) -> Any:
    """What JSON cannot say by itself: NumPy numbers, and the arrays inside some Generators' states."""
    if isinstance(x, np.ndarray | np.generic):
        return x.tolist()
    raise TypeError(f"a checkpoint cannot hold {x!r}")
