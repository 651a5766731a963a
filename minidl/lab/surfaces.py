"""Surfaces: functions of one or two variables, on which the path of an optimizer can be seen.

Each is written once, with operators and functions of minidl, elementwise: on Tensors autograd gives its gradient, on
arrays the same expression gives a picture.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ops import cos, sin
from ..tensor import Tensor, no_grad

Point = tuple[float, ...]


@dataclass(frozen=True)
class Surface:
    """A function of one or two variables, and where to look at it.

    f: takes as many arguments as a point has coordinates, Tensors or arrays alike. minima: the global ones (of
    the sine a few); none where f has no lower bound. view: (lowest, highest) of each coordinate. rate: one rate for all
    optimizers where that is the lesson, or where there is no minimum that a search could aim at.
    """

    name: str
    formula: str
    f: Callable[..., Any]
    start: Point
    view: tuple[tuple[float, float], ...]
    minima: tuple[Point, ...] = ()
    steps: int = 100
    rate: float | None = None
    note: str = ""

    def values(self, points: Any) -> np.ndarray:
        """f at points of shape (..., D), float64, without a gradient."""
        points = np.asarray(points, dtype=np.float64)
        with no_grad(), np.errstate(all="ignore"):
            return np.asarray(self.f(*np.moveaxis(points, -1, 0)), dtype=np.float64)

    def gradients(self, points: Any) -> np.ndarray:
        """The gradient at each of the points, shape (N, D), by autograd, all in one backward pass."""
        columns = [Tensor(x, requires_grad=True) for x in np.asarray(points, dtype=np.float64).T]
        with np.errstate(all="ignore"):
            self.f(*columns).sum().backward()
        return np.stack([np.zeros(x.shape) if x.grad is None else x.grad.data for x in columns], axis=1)

    @property
    def lowest(self) -> float:
        """f at its global minima; -inf where there is none."""
        return float(self.values(self.minima[0])) if self.minima else -math.inf


def _bowl(x: Any, y: Any) -> Any:
    return 0.1 * x**2 + 2 * y**2


def _valley(x: Any, y: Any) -> Any:
    return x**2 / 20 + y**2


def _rosenbrock(x: Any, y: Any) -> Any:
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def _beale(x: Any, y: Any) -> Any:
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def _himmelblau(x: Any, y: Any) -> Any:
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def _saddle(x: Any, y: Any) -> Any:
    return x**2 - y**2


def _rastrigin(x: Any, y: Any) -> Any:
    return 20 + x**2 - 10 * cos(2 * math.pi * x) + y**2 - 10 * cos(2 * math.pi * y)


def _styblinski_tang(x: Any, y: Any) -> Any:
    return (x**4 - 16 * x**2 + 5 * x + y**4 - 16 * y**2 + 5 * y) / 2


# the root of 4 x^3 - 32 x + 5 below zero
_STYBLINSKI_TANG = -2.9035340277711770

SURFACES = {
    surface.name: surface
    for surface in (
        Surface(
            "bowl", "0.1 x^2 + 2 y^2", _bowl, start=(-5, -2), view=((-6, 2), (-3, 3)), minima=((0, 0),), steps=40,
            note="twenty times steeper across than along (Dive into Deep Learning, Momentum)",
        ),
        Surface(
            "valley", "x^2 / 20 + y^2", _valley, start=(-7, 2), view=((-8, 4), (-4, 4)), minima=((0, 0),), steps=40,
            note="twenty times steeper across than along (Saito, Deep Learning from Scratch, chapter 6)",
        ),
        Surface(
            "rosenbrock", "(1 - x)^2 + 100 (y - x^2)^2", _rosenbrock, start=(-2, 2), view=((-2.5, 2.5), (-1.5, 3.5)),
            minima=((1, 1),), steps=200, note="a narrow curved valley with a nearly flat floor (Rosenbrock 1960)",
        ),
        Surface(
            "beale", "(1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2", _beale, start=(1, 1.5),
            view=((-1, 4.5), (-1.5, 2.5)), minima=((3, 0.5),), steps=200,
            note="a plateau between steep walls (Beale 1958)",
        ),
        Surface(
            "himmelblau", "(x^2 + y - 11)^2 + (x + y^2 - 7)^2", _himmelblau, start=(0, -2), view=((-6, 6), (-6, 6)),
            minima=(
                (3, 2), (-2.8051180869527448, 3.1313125182505730), (-3.7793102533777469, -3.2831859912861694),
                (3.5844283403304917, -1.8481265269644034),
            ),
            steps=100, note="four minima, all of value 0: which one is found depends on the rule (Himmelblau 1972)",
        ),
        Surface(
            "saddle", "x^2 - y^2", _saddle, start=(-1, 0.001), view=((-1.5, 1.5), (-1, 1)), steps=120, rate=0.05,
            note="no minimum: who leaves the ridge first?",
        ),
        Surface(
            "sin", "sin(x)", sin, start=(2,), view=((0.5, 9),), steps=100, rate=0.1,
            minima=tuple(((2 * k + 1.5) * math.pi,) for k in (0, *range(-10, 0), *range(1, 10))),
            note="a ball on a curve (CS231n)",
        ),
        Surface(
            "rastrigin", "20 + x^2 - 10 cos(2 pi x) + y^2 - 10 cos(2 pi y)", _rastrigin, start=(-2, 3.5),
            view=((-4.5, 4.5), (-4.5, 4.5)), minima=((0, 0),), steps=200,
            note="a local minimum near every pair of whole numbers (Rastrigin 1974)",
        ),
        Surface(
            "styblinski-tang", "(x^4 - 16 x^2 + 5 x + y^4 - 16 y^2 + 5 y) / 2", _styblinski_tang, start=(4.5, 4),
            view=((-5, 5), (-5, 5)), minima=((_STYBLINSKI_TANG, _STYBLINSKI_TANG),), steps=100,
            note="four minima, one of them the lowest (Styblinski & Tang 1990)",
        ),
    )
}  # fmt: skip


def surface(name: str) -> Surface:
    """The surface of a name, matched without regard to case, - and _; ValueError with the near matches."""
    by_key = {_key(known): known for known in SURFACES}
    key = _key(name)
    if key not in by_key:
        near = [by_key[k] for k in difflib.get_close_matches(key, by_key)]
        hint = f"; did you mean {' or '.join(near)}?" if near else "."
        raise ValueError(f"unknown surface {name!r}{hint} There are: {', '.join(SURFACES)}")
    return SURFACES[by_key[key]]


def _key(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())
