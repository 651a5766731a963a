"""A problem: data, a network and the settings that every optimizer shares."""

from __future__ import annotations

import difflib
import hashlib
import operator
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from .. import data, nn

# dataset: hidden layers, batch size, epochs, target validation accuracy; fixed before any run was made
DEFAULTS: dict[str, tuple[tuple[int, ...], int, int, float]] = {
    "digits": ((64, 32), 32, 20, 0.95),
    "mnist": ((256, 128), 128, 5, 0.97),
    "fashion_mnist": ((256, 128), 128, 10, 0.87),
    "cats_and_dogs": ((128, 32), 64, 30, 0.65),
    "moons": ((32, 32), 32, 30, 0.95),
    "spirals": ((64, 64), 32, 60, 0.95),
}

# of data.load: photographs are small here, so that many runs fit into memory and time
_OPTIONS: dict[str, dict[str, Any]] = {"cats_and_dogs": {"size": 32}}


@dataclass(frozen=True)
class Problem:
    """An MLP with ReLU on a dataset, with softmax cross-entropy. Everything but the optimizer.

    hidden: the widths of the hidden layers; none makes it softmax regression. target: the validation accuracy that
    "steps to target" counts to.
    """

    dataset: str = "digits"
    hidden: tuple[int, ...] = (64, 32)
    batch_size: int = 32
    epochs: int = 20
    target: float = 0.95

    @classmethod
    def default(cls, dataset: str = "digits", **changes: Any) -> Problem:
        """The settings for a dataset, with changes (None changes nothing); ValueError for an unknown dataset."""
        name = _known(dataset)
        hidden, batch_size, epochs, target = DEFAULTS[name]
        settings = {"hidden": hidden, "batch_size": batch_size, "epochs": epochs, "target": target}
        settings |= {k: v for k, v in changes.items() if v is not None}
        problem = cls(
            name,
            tuple(whole("the width of a hidden layer", n) for n in settings["hidden"]),  # type: ignore[attr-defined]
            whole("the batch size", settings["batch_size"]),
            whole("epochs", settings["epochs"]),
            float(settings["target"]),  # type: ignore[arg-type]
        )
        if not 0 < problem.target <= 1:
            raise ValueError(f"target must be an accuracy in (0, 1], got {problem.target:g}")
        return problem

    def splits(self) -> data.DataSplits:
        """The data, inputs standardised with the statistics of the training set; read once per process."""
        return _splits(self.dataset)

    def model(self, seed: int) -> nn.Sequential:
        """The network with the initial weights of this seed: He normal, zero bias."""
        splits = self.splits()
        rng = np.random.default_rng([seed, 1])
        widths = [splits.train.x.shape[1], *self.hidden, len(splits.classes)]
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise(widths):
            layers += [nn.Dense(fan_in, fan_out, rng=rng), nn.ReLU()]
        return nn.Sequential(*layers[:-1])

    def loader(self, seed: int) -> data.DataLoader:
        """The training batches in the order of this seed."""
        return data.DataLoader(self.splits().train, self.batch_size, shuffle=True, seed=seed)


def _known(dataset: str) -> str:
    """The name of a dataset that there are settings for, matched without regard to case, - and _."""
    by_key = {re.sub("[^a-z0-9]", "", name): name for name in DEFAULTS}
    key = re.sub("[^a-z0-9]", "", dataset.lower())
    if key not in by_key:
        near = [by_key[k] for k in difflib.get_close_matches(key, by_key)]
        hint = f"; did you mean {' or '.join(near)}?" if near else "."
        raise ValueError(f"unknown dataset {dataset!r}{hint} There are: {', '.join(DEFAULTS)}")
    return by_key[key]


def whole(what: str, n: Any, least: int = 1) -> int:
    """n as an int; ValueError for what is no whole number or too small."""
    try:
        number = operator.index(n)
    except TypeError:
        number = least - 1
    if number < least:
        raise ValueError(f"{what} must be a whole number, {least} or more, got {n!r}")
    return number


@lru_cache(maxsize=2)
def _splits(dataset: str) -> data.DataSplits:
    splits = data.load(dataset, **_OPTIONS.get(dataset, {}))
    parts = [_vectors(part) for part in (splits.train, splits.validation, splits.test)]
    train, validation, test = data.standardize(*parts)
    return data.DataSplits(splits.name, train, validation, test, splits.classes, splits.source)


def _vectors(part: Any) -> data.ArrayDataset:
    """Photographs as rows of numbers in [0, 1]; others as they are."""
    x, y = part.x, part.y
    if x.dtype == np.uint8:
        x = x.reshape(len(x), -1).astype(np.float32) / 255
    return data.ArrayDataset(x, y)


def start_hash(model: nn.Module, loader: data.DataLoader) -> str:
    """A fingerprint of the initial weights and of the first epoch's batches: equal for runs that start equal."""
    digest = hashlib.sha256()
    for name, w in model.state_dict().items():
        digest.update(name.encode() + w.tobytes())
    for x, y in loader:
        digest.update(x.sum(axis=1).tobytes() + y.tobytes())  # the sum stands for a sample: 784 numbers take long
    loader.set_epoch(0)
    return digest.hexdigest()[:16]
