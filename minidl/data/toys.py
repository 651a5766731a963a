"""Toy data, generated here: classes whose border can be drawn, a series to smooth, a number to predict."""

from __future__ import annotations

import numpy as np

from ..backend import generator


def make_moons(
    n: int = 1000, noise: float = 0.1, seed: int | np.random.Generator | None = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Two half circles, one hooked into the other: x float32 (n, 2), y int64 (n,) in {0, 1}.

    noise is the standard deviation of the normal noise on both coordinates; the circles have radius 1. The classes
    alternate, and differ by at most one sample.
    """
    _check(n, noise, classes=2)
    rng = generator(seed)
    y = np.arange(n) % 2
    t = rng.uniform(0, np.pi, n)
    upper = np.stack([np.cos(t), np.sin(t)], axis=1)
    lower = np.stack([1 - np.cos(t), 0.5 - np.sin(t)], axis=1)
    x = np.where(y[:, None] == 0, upper, lower)
    return _with_noise(x, noise, rng), y


def make_spirals(
    n: int = 1000, noise: float = 0.03, classes: int = 3, seed: int | np.random.Generator | None = 0
) -> tuple[np.ndarray, np.ndarray]:
    """`classes` arms that wind around the origin: x float32 (n, 2), y int64 (n,) in {0, ..., classes - 1}.

    On each arm the radius r runs from 0.1 to 1 and the angle with it, by 3/4 of a turn. noise is the standard deviation
    of the normal noise on both coordinates. The classes take turns, and differ by at most one sample.
    """
    _check(n, noise, classes)
    rng = generator(seed)
    y = np.arange(n) % classes
    r = rng.uniform(0.1, 1, n)
    angle = 2 * np.pi * (y / classes + 0.75 * r)
    x = r[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _with_noise(x, noise, rng), y


def temperatures(days: int = 365, noise: float = 2.5, seed: int | np.random.Generator | None = 0) -> np.ndarray:
    """Made-up mean temperatures of the days from 1 January on, in degrees Celsius: float64 (days,), generated.

    A cosine with a year's period between 5.5 degrees (20 January) and 18.5 (21 July), about the climate of London, and
    normal noise with a standard deviation of `noise`, from day to day independent. No measurement is behind it.
    """
    if not isinstance(days, (int, np.integer)) or isinstance(days, bool):
        raise TypeError(f"days={days!r} is a {type(days).__name__}; expected an integer")
    if days < 1:
        raise ValueError(f"days={days}; expected at least 1")
    _check_noise(noise)
    season = 12 - 6.5 * np.cos(2 * np.pi * (np.arange(days) - 19) / 365)
    return season + noise * generator(seed).standard_normal(days)


def regression_table(
    n: int = 1000, features: int = 5, noise: float = 0.7, seed: int | np.random.Generator | None = 0
) -> np.ndarray:
    """Features and, in the last column, a number that depends on them in a straight line, with noise; generated.

    float32 (n, features + 1). All columns but for chance have mean 0 and standard deviation 1; features that are
    neighbours have a correlation of 0.3. noise: the part of the last column's standard deviation that no feature
    explains, in [0, 1]: the best possible mean squared error is noise^2.
    """
    _check(n, noise, classes=2)
    if not isinstance(features, (int, np.integer)) or isinstance(features, bool) or features < 1:
        raise ValueError(f"features={features!r}; expected an integer, at least 1")
    if noise > 1:
        raise ValueError(f"noise={noise}; expected a part of the whole, at most 1")
    rng = generator(seed)
    z = rng.standard_normal((n, features + 1))
    x = np.sqrt(0.9) * z[:, 1:] + np.sqrt(0.1) * z[:, :-1]
    w = rng.standard_normal(features)
    neighbours = 0.3 * (np.eye(features, k=1) + np.eye(features, k=-1))
    w *= np.sqrt((1 - noise**2) / (w @ (np.eye(features) + neighbours) @ w))
    y = x @ w + noise * rng.standard_normal(n)
    return np.column_stack([x, y]).astype(np.float32)


def _with_noise(x: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    return (x + noise * rng.standard_normal(x.shape)).astype(np.float32)


def _check(n: int, noise: float, classes: int) -> None:
    for name, value in (("n", n), ("classes", classes)):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
            raise TypeError(f"{name}={value!r} is a {type(value).__name__}; expected an integer")
    if classes < 2:
        raise ValueError(f"classes={classes}; expected at least 2")
    if n < classes:
        raise ValueError(f"n={n} points for {classes} classes; expected at least one point per class")
    _check_noise(noise)


def _check_noise(noise: float) -> None:
    if not 0 <= noise < np.inf:
        raise ValueError(f"noise={noise}; expected a finite standard deviation >= 0")
