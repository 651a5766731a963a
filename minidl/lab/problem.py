"""A problem: data, a network and the settings that every optimizer shares. Here: MLPs on datasets; others beside it."""

from __future__ import annotations

import difflib
import hashlib
import math
import operator
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from .. import data, nn

# dataset: hidden layers, batch size, epochs, target validation accuracy; fixed before any run was made
DEFAULTS: dict[str, tuple[tuple[int, ...], int, int, float]] = {
    "digits": ((64, 32), 32, 20, 0.95),
    "mnist": ((256, 128), 128, 5, 0.97),
    "fashion_mnist": ((256, 128), 128, 10, 0.87),
    "cats_and_dogs": ((128, 32), 64, 30, 0.65),
    "cat_dog_faces": ((128, 32), 64, 15, 0.75),  # drawn, for who has no photographs
    "moons": ((32, 32), 32, 30, 0.95),
    "spirals": ((64, 64), 32, 60, 0.95),
    "airfoil": ((64, 64), 32, 100, 0.2),  # a regression: the mean squared error, in units of the variance of y
}

# Well-known networks on these datasets. DeepOBS (Schneider, Balles & Hennig 2019): weights N(0, 0.03) cut off at two
# standard deviations, pixels in [0, 1], 100 epochs there. AlgoPerf's MNIST (MLCommons): one mean and spread for all
# pixels, 97 % in a minute. logreg: no hidden layer.
VARIANTS: dict[str, dict[str, Any]] = {
    f"{name}_deepobs": {
        "dataset": name, "hidden": (1000, 500, 100), "init": "deepobs", "scaling": "none", "epochs": 10,
    } for name in ("mnist", "fashion_mnist")
} | {
    "mnist_algoperf": {
        "dataset": "mnist", "hidden": (128,), "activation": "sigmoid", "init": "lecun", "scaling": "all",
        "batch_size": 64, "epochs": 10, "target": 0.97,
    },
    "digits_logreg": {"dataset": "digits", "hidden": (), "target": 0.93},
    "mnist_logreg": {"dataset": "mnist", "hidden": (), "target": 0.91},
    "fashion_mnist_logreg": {"dataset": "fashion_mnist", "hidden": (), "target": 0.83},
}  # fmt: skip

# of data.load: photographs are small here, so that many runs fit into memory and time
_OPTIONS: dict[str, dict[str, Any]] = {"cats_and_dogs": {"size": 32}, "cat_dog_faces": {"size": 32}}

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "gelu": nn.GELU}
SCALINGS = ("features", "all", "none")
EVALUATION_BATCH = 1000
TRAIN_SAMPLE = 5000  # training figures are of the first so many training samples, the same after every update


class AnyProblem(Protocol):
    """What the lab asks of a problem."""

    @property
    def name(self) -> str: ...
    @property
    def metric(self) -> str:  # "accuracy", of which more is better, or "loss"
        ...
    @property
    def target(self) -> float: ...
    @property
    def epochs(self) -> int: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def loss(self) -> Callable[..., Any]: ...
    def model(self, seed: int) -> nn.Module: ...
    def loader(self, seed: int) -> data.DataLoader: ...
    def evaluation(self, part: str) -> data.DataLoader: ...
    def settings(self) -> dict[str, Any]: ...
    def describe(self) -> str: ...
    def check(self) -> None: ...


@dataclass(frozen=True)
class Problem:
    """An MLP on a dataset, with softmax cross-entropy; on one whose y is a number, with the mean squared error.

    hidden: the widths of the hidden layers; none makes it softmax regression, or a linear one. target: the validation
    accuracy (of a regression: the loss) that "steps to target" counts to. activation: relu, sigmoid, tanh or gelu.
    init: of nn.init, or "deepobs". scaling of the inputs: "features", each to mean 0 and variance 1 on the training
    set; "all", all together so; "none".
    """

    dataset: str = "digits"
    hidden: tuple[int, ...] = (64, 32)
    batch_size: int = 32
    epochs: int = 20
    target: float = 0.95
    activation: str = "relu"
    init: str = "he"
    scaling: str = "features"
    variant: str = ""  # the name of a well-known network; "" for the dataset's own

    @classmethod
    def default(cls, dataset: str = "digits", **changes: Any) -> Problem:
        """The settings for a dataset or a variant, with changes (None changes nothing); ValueError for unknown ones."""
        name = known(dataset, [*DEFAULTS, *VARIANTS], "dataset")
        changes = {k: v for k, v in changes.items() if v is not None}
        variant = VARIANTS.get(name, {})
        hidden, batch_size, epochs, target = DEFAULTS[variant.get("dataset", name)]
        usual = {"dataset": name, "hidden": hidden, "batch_size": batch_size, "epochs": epochs, "target": target}
        settings: dict[str, Any] = {**usual, **variant, **changes, "variant": name if variant else ""}
        refuse_unknown(name, settings, list(cls.__dataclass_fields__))
        return cls(**settings)._checked()

    def _checked(self) -> Problem:
        problem = replace(
            self,
            hidden=tuple(whole("the width of a hidden layer", n) for n in listed("hidden", self.hidden)),
            batch_size=whole("the batch size", self.batch_size),
            epochs=whole("epochs", self.epochs),
            target=number("target", self.target),
        )
        if self.metric == "accuracy" and not 0 < problem.target <= 1:
            raise ValueError(f"target must be an accuracy in (0, 1], got {problem.target:g}")
        if not 0 < problem.target < math.inf:
            raise ValueError(f"target must be a positive loss, got {problem.target:g}")
        for what, given, names in (
            ("activation", self.activation, list(ACTIVATIONS)), ("scaling", self.scaling, SCALINGS)
        ):  # fmt: skip
            if given not in names:
                raise ValueError(f"{what} must be one of {', '.join(names)}, got {given!r}")
        if self.init != "deepobs":
            nn.init.get(self.init)
        return problem

    @property
    def name(self) -> str:
        return self.variant or self.dataset

    @property
    def metric(self) -> str:
        return "loss" if self.dataset == "airfoil" else "accuracy"

    @property
    def loss(self) -> nn.Module:
        return nn.MSELoss() if self.metric == "loss" else nn.CrossEntropyLoss()

    def splits(self) -> data.DataSplits:
        """The data, scaled with the statistics of the training set; read once per process."""
        return _splits(self.dataset, self.scaling)

    def model(self, seed: int) -> nn.Sequential:
        """The network with the initial weights of this seed; biases are zero."""
        splits = self.splits()
        rng = np.random.default_rng([seed, 1])
        init = truncated_normal if self.init == "deepobs" else self.init
        widths = [splits.train.x.shape[1], *self.hidden, len(splits.classes) or 1]
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise(widths):
            layers += [nn.Dense(fan_in, fan_out, init=init, rng=rng), ACTIVATIONS[self.activation]()]
        return nn.Sequential(*layers[:-1])

    def loader(self, seed: int) -> data.DataLoader:
        """The training batches in the order of this seed."""
        return data.DataLoader(self.splits().train, self.batch_size, shuffle=True, seed=seed)

    def evaluation(self, part: str) -> data.DataLoader:
        """What is measured on: the fixed sample of "train", or all of "validation" or "test"."""
        samples = getattr(self.splits(), part)
        if part == "train":
            samples = data.ArrayDataset(samples.x[:TRAIN_SAMPLE], samples.y[:TRAIN_SAMPLE])
        return data.DataLoader(samples, EVALUATION_BATCH)

    def settings(self) -> dict[str, Any]:
        """What tells the problem from others, as plain data; its name does not."""
        settings = {k: v for k, v in asdict(self).items() if k != "variant"}
        return settings | {"kind": "mlp", "hidden": list(self.hidden), "train_sample": TRAIN_SAMPLE}

    def describe(self) -> str:
        """The network in words, and how much it is trained on."""
        how = "" if self.activation == "relu" else f" and {self.activation}"
        network = "linear regression" if self.metric == "loss" else "softmax regression"
        if self.hidden:
            network = f"MLP with hidden layers {', '.join(map(str, self.hidden))}{how}"
        size = _OPTIONS.get(self.dataset, {}).get("size")
        what = f"photographs of {size} x {size} pixels" if size else "training samples"
        return f"{network} on {len(self.splits().train)} {what}"

    def check(self) -> None:
        """Read the data now; whatever `minidl.data.load` raises where they are missing."""
        self.splits()


def known(name: str, names: list[str], what: str = "problem") -> str:
    """The one of the names that is meant, matched without regard to case, - and _; ValueError with the near ones."""
    by_key = {re.sub("[^a-z0-9]", "", n): n for n in names}
    key = re.sub("[^a-z0-9]", "", name.lower())
    if key not in by_key:
        near = [by_key[k] for k in difflib.get_close_matches(key, by_key)]
        hint = f"; did you mean {' or '.join(near)}?" if near else "."
        raise ValueError(f"unknown {what} {name!r}{hint} There are: {', '.join(names)}")
    return by_key[key]


def refuse_unknown(name: str, settings: dict[str, Any], fields: list[str]) -> None:
    """ValueError for a setting that a problem does not have."""
    for setting in settings:
        if setting not in fields:
            near = difflib.get_close_matches(setting, fields, n=1)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise ValueError(f"the problem {name} has no setting {setting!r}{hint} It has {', '.join(fields)}")


def whole(what: str, n: Any, least: int = 1) -> int:
    """n as an int; ValueError for what is no whole number or too small."""
    try:
        number = operator.index(n) if not isinstance(n, bool) else least - 1
    except TypeError:
        number = least - 1
    if number < least:
        raise ValueError(f"{what} must be a whole number, {least} or more, got {n!r}")
    return number


def number(what: str, x: Any) -> float:
    """x as a float; ValueError for what is no number."""
    try:
        return float(x)
    except (TypeError, ValueError):
        raise ValueError(f"{what} must be a number, got {x!r}") from None


def listed(what: str, x: Any) -> list[Any]:
    """x as a list; ValueError for what is none."""
    try:
        if isinstance(x, str):
            raise TypeError
        return list(x)
    except TypeError:
        raise ValueError(f"{what} must be a list, got {x!r}") from None


def truncated_normal(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """N(0, 0.03), drawn again where it is more than two standard deviations away: DeepOBS's initial weights."""
    x = rng.normal(0, 1, shape)
    while (far := np.abs(x) > 2).any():
        x[far] = rng.normal(0, 1, int(far.sum()))
    return 0.03 * x


@lru_cache(maxsize=2)
def _splits(dataset: str, scaling: str = "features") -> data.DataSplits:
    splits = data.load(dataset, **_OPTIONS.get(dataset, {}))
    parts = [_vectors(part) for part in (splits.train, splits.validation, splits.test)]
    if parts[0].y.dtype.kind == "f":  # numbers are scaled as inputs are, so that a loss of 1 is that of the mean
        scale = data.Standardizer(parts[0].y.reshape(-1, 1).astype(np.float32))
        parts = [data.ArrayDataset(p.x, scale(p.y.reshape(-1, 1).astype(np.float32))) for p in parts]
    if scaling == "features":
        parts = list(data.standardize(*parts))
    elif scaling == "all":
        mean, spread = parts[0].x.mean(dtype=np.float64), parts[0].x.std(dtype=np.float64)
        parts = [data.ArrayDataset(((p.x - mean) / spread).astype(np.float32), p.y) for p in parts]
    train, validation, test = parts
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
