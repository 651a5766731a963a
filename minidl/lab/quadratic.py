"""Functions with a known minimum as problems: the noisy quadratic of DeepOBS, and the surfaces of the landscape.

The noisy quadratic is 0.5 (theta - x)' Q (theta - x) for random x, in 100 dimensions. Of the eigenvalues of Q 90 % lie
in (0, 1) and 10 % in (30, 60), a spectrum as it was seen in networks. Schneider, Balles & Hennig 2019 (arXiv
1903.05499), whose published losses are of the same numbers: Q, the samples x and the start theta = 1 are drawn here as
they are there, so that results can be compared digit by digit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from .. import data, nn
from ..tensor import Tensor
from .problem import TRAIN_SAMPLE, number, refuse_unknown, whole
from .surfaces import Surface, surface

DIMENSIONS, SAMPLES, NOISE = 100, 1000, 0.6


class Point(nn.Module):
    """One vector of parameters, theta of shape (1, D): forward gives theta - x for x of shape (N, D)."""

    def __init__(self, start: np.ndarray) -> None:
        self.theta = Tensor(start, requires_grad=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.theta - x


class QuadraticLoss:
    """The mean over a batch of 0.5 d' Q d, for differences d of shape (N, D)."""

    def __init__(self, hessian: np.ndarray) -> None:
        self.hessian = hessian

    def __call__(self, difference: Tensor, y: Any) -> Tensor:
        return 0.5 * ((difference @ self.hessian) * difference).sum() / len(y)


@dataclass(frozen=True)
class NoisyQuadratic:
    """The problem "quadratic"; its target and settings are DeepOBS's, but that the rate is chosen on samples apart.

    fixed_order: the same batches in every epoch. The losses that DeepOBS published are those of such runs: its SGD
    agrees either way, its Momentum and Adam only so (with new batches the noise of Momentum 0.99 adds 1.7).
    """

    epochs: int = 100
    batch_size: int = 128
    target: float = 87.703
    fixed_order: bool = False
    name: str = "quadratic"
    metric: str = "loss"

    @classmethod
    def default(cls, **changes: Any) -> NoisyQuadratic:
        """With changes (None changes nothing); ValueError for settings out of range."""
        settings = {k: v for k, v in changes.items() if v is not None}
        refuse_unknown("quadratic", settings, ["epochs", "batch_size", "target", "fixed_order"])
        given = cls(**settings)
        epochs, batch_size = whole("epochs", given.epochs), whole("the batch size", given.batch_size)
        problem = cls(epochs, batch_size, number("target", given.target), bool(given.fixed_order))
        if problem.batch_size > SAMPLES or not 0 < problem.target < math.inf:
            raise ValueError(f"quadratic: at most {SAMPLES} samples per batch and a positive target, got {problem}")
        return problem

    @property
    def loss(self) -> QuadraticLoss:
        return QuadraticLoss(hessian().astype(np.float32))

    def model(self, seed: int) -> Point:
        """theta = 1, for every seed."""
        return Point(np.ones((1, DIMENSIONS), np.float32))

    def loader(self, seed: int) -> data.DataLoader:
        kind = _SameBatches if self.fixed_order else data.DataLoader
        return kind(_samples(42), self.batch_size, shuffle=True, drop_last=True, seed=seed)

    def evaluation(self, part: str) -> data.DataLoader:
        """All training samples; as many others to choose on; and to report on DeepOBS's, in its whole batches."""
        samples = _samples({"train": 42, "validation": 44, "test": 43}[part])
        return data.DataLoader(samples, self.batch_size, drop_last=part == "test")

    def settings(self) -> dict[str, Any]:
        return {
            "kind": "quadratic", "epochs": self.epochs, "batch_size": self.batch_size, "target": self.target,
            "fixed_order": self.fixed_order, "train_sample": min(SAMPLES, TRAIN_SAMPLE),
        }  # fmt: skip

    def describe(self) -> str:
        return f"noisy quadratic in {DIMENSIONS} dimensions" + ", the same batches in every epoch" * self.fixed_order

    def check(self) -> None:
        """There are no data to read."""


class _SameBatches(data.DataLoader):
    def __iter__(self) -> Any:
        self.set_epoch(0)
        return super().__iter__()


@lru_cache
def _samples(seed: int) -> data.ArrayDataset:
    x = np.random.RandomState(seed).normal(0, NOISE, (SAMPLES, DIMENSIONS)).astype(np.float32)
    return data.ArrayDataset(x, np.zeros(SAMPLES, np.float32))


@lru_cache
def hessian() -> np.ndarray:
    """Q = R' diag(eigenvalues) R, in float64, of DeepOBS's random numbers."""
    rng = np.random.RandomState(42)
    eigenvalues = np.concatenate([rng.uniform(0, 1, 90), rng.uniform(30, 60, 10)])
    r = _rotation(DIMENSIONS, rng)
    return r.T @ (eigenvalues[:, None] * r)


def _rotation(dimensions: int, rng: np.random.RandomState) -> np.ndarray:
    """A random rotation, dimension by dimension (Diaconis & Shahshahani 1987): each time a reflection that carries the
    first axis to a random direction, after the rotation so far of the other axes."""
    angle = 2 * np.pi * rng.uniform()
    r = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    for d in range(3, dimensions + 1):
        v = rng.normal(size=d)
        x = np.eye(d)[0] - v / np.linalg.norm(v)
        x /= np.linalg.norm(x)
        larger = np.eye(d)
        larger[1:, 1:] = r
        r = larger - 2 * np.outer(x, x @ larger)
    return -r


STEPS_PER_EPOCH = 10


class OnSurface(nn.Module):
    """A point of a surface, theta of shape (1, D), in float64: forward gives how far f there is above the minimum."""

    def __init__(self, of: Surface, start: np.ndarray) -> None:
        self.theta = Tensor(start, requires_grad=True)
        self._f, self._lowest = of.f, of.lowest

    def forward(self, x: Tensor) -> Tensor:
        return self._f(*(self.theta[:, i] for i in range(self.theta.shape[1]))) - self._lowest


@dataclass(frozen=True)
class SurfaceProblem:
    """From near a surface's start to its minimum, without noise; each seed starts a little elsewhere.

    The loss is f minus its minimum. An "epoch" is ten steps; there are no samples, and all parts measure the same.
    """

    name: str
    epochs: int
    target: float = 1e-3
    batch_size: int = 1
    metric: str = "loss"

    @classmethod
    def default(cls, name: str, **changes: Any) -> SurfaceProblem:
        """With changes of epochs and target (None changes nothing); ValueError for a surface without a minimum."""
        of = surface(name)
        if not of.minima:
            raise ValueError(f"the surface {of.name} has no minimum to compare by")
        settings = {k: v for k, v in changes.items() if v is not None}
        refuse_unknown(of.name, settings, ["epochs", "target"])
        epochs = whole("epochs", settings.get("epochs", -(-of.steps // STEPS_PER_EPOCH)))
        target = number("target", settings.get("target", cls.target))
        if not 0 < target < math.inf:
            raise ValueError(f"target must be a positive loss, got {target:g}")
        return cls(of.name, epochs, target)

    @property
    def loss(self) -> Any:
        return _mean

    def model(self, seed: int) -> OnSurface:
        """At the surface's start, moved by a normal step of 1 % of the view's width."""
        of = surface(self.name)
        widths = np.array([high - low for low, high in of.view])
        start = np.array(of.start) + 0.01 * widths * np.random.default_rng([seed, 1]).normal(size=len(widths))
        return OnSurface(of, start[None])

    def loader(self, seed: int) -> data.DataLoader:
        return data.DataLoader(_nothing(STEPS_PER_EPOCH), 1, seed=seed)

    def evaluation(self, part: str) -> data.DataLoader:
        return data.DataLoader(_nothing(1), 1)

    def settings(self) -> dict[str, Any]:
        return {"kind": "surface", "surface": self.name, "epochs": self.epochs, "target": self.target}

    def describe(self) -> str:
        return f"the surface {surface(self.name).formula}"

    def check(self) -> None:
        """There are no data to read."""


def _mean(output: Tensor, y: Any) -> Tensor:
    return output.mean()


def _nothing(n: int) -> data.ArrayDataset:
    return data.ArrayDataset(np.zeros((n, 1)), np.zeros(n))
