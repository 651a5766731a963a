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


def save_checkpoint(path: str | Path, model: Module, optimizer: Optimizer, loader: Any, history: History) -> None:
    """Write model, optimizer, the loader's epoch, random states (dropout) and history into one file."""
    arrays = {f"model.{name}": x for name, x in model.state_dict().items()}
    state = optimizer.state_dict()
    counts = {}
    for name, entries in state["state"].items():
        counts[name] = entries["t"]
        arrays |= {f"optimizer.{key}.{name}": x for key, x in entries.items() if key != "t"}
    plain = {
        "optimizer": {**state, "state": counts},
        "loader_epoch": getattr(loader, "epoch", None),
        "random": [rng.bit_generator.state for rng in _generators(model)],
        "history": asdict(history),
    }
    write_safetensors(path, arrays, {"minidl_checkpoint": "1", "state": json.dumps(plain, default=_plain)})


def load_checkpoint(path: str | Path, model: Module, optimizer: Optimizer, loader: Any) -> History:
    """Put everything back; returns the history: `fit(..., epochs, history=load_checkpoint(...))` continues the run.

    The model, the optimizer and the loader must be built as they were; ValueError where they do not fit.
    """
    arrays, metadata = read_safetensors(path)
    if metadata.get("minidl_checkpoint") != "1":
        raise ValueError(f"{path} is no checkpoint of this version of minidl (Module.load reads weight files)")
    plain = json.loads(metadata["state"])
    state = plain["optimizer"]
    entries: dict[str, dict[str, Any]] = {name: {"t": t} for name, t in state["state"].items()}
    for full, x in arrays.items():
        if full.startswith("optimizer."):
            _, key, name = full.split(".", 2)
            entries[name][key] = x
    random = _generators(model)
    if len(random) != len(plain["random"]):
        raise ValueError(f"{path} has {len(plain['random'])} random states, this model has {len(random)}")
    optimizer.load_state_dict({**state, "state": entries})
    model.load_state_dict({k.removeprefix("model."): x for k, x in arrays.items() if k.startswith("model.")})
    if plain["loader_epoch"] is not None:
        loader.set_epoch(plain["loader_epoch"])
    for rng, saved in zip(random, plain["random"], strict=True):
        rng.bit_generator.state = saved
    return History(**plain["history"])


class Checkpoint:
    """A callback for `fit` that writes a checkpoint after every epoch (or every so many)."""

    def __init__(self, path: str | Path, every: int = 1) -> None:
        self.path, self.every = Path(path), every

    def __call__(self, run: Run) -> None:
        if len(run.history) % self.every == 0:
            save_checkpoint(self.path, run.model, run.optimizer, run.loader, run.history)


def _generators(model: Module) -> list[np.random.Generator]:
    """The default Generator and those of the model's layers."""
    own = [getattr(m, "rng", None) for m in model.modules()]
    return [backend.generator(), *(rng for rng in own if isinstance(rng, np.random.Generator))]


def _plain(x: Any) -> Any:
    """What JSON cannot say by itself: NumPy numbers, and the arrays inside some generators' states."""
    return x.tolist() if isinstance(x, np.ndarray | np.generic) else str(x)
