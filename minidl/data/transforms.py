"""Transforms of batches of images: what happens between the stored pixels and the network.

A transform is a function `t(x, rng) -> x` of a batch, images x (N, H, W, C), not of one image: one call changes all N.
Whatever it draws comes from the NumPy Generator `rng` (None: minidl's default one), so the same Generator gives the
same bits; it never writes into the x that it gets, but may hand x itself back where nothing is to be done. Pixels are
uint8, 0 to 255, or floating, then in [0, 1] until `Normalize` shifts them; every transform says what it returns.

    train = Compose([RandomFlip(), RandomCrop(padding=4), Normalize.of(data.train)])
    test = Normalize.of(data.train)                   # the same statistics, and nothing random
    DataLoader(data.train, 64, shuffle=True, transform=train), DataLoader(data.validation, 500, transform=test)

Nothing here knows of training and evaluation: what is random happens exactly where you put it.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..backend import Array, device_of, generator, is_array, on_device_of, to_device
from .dataset import ArrayDataset, as_dataset

Transform = Callable[[Array, np.random.Generator], Array]

_BLOCK = 2**20  # values per block of the statistics: 8 MB in float64, however large the dataset is


def check_transform(what: str, t: Any) -> None:
    """TypeError for what cannot be called with (x, rng)."""
    hint = ""
    if isinstance(t, type):
        hint = f"; make one of the class: {t.__name__}(...)"
    elif callable(t):
        with contextlib.suppress(ValueError):  # NumPy's functions do not say what they take
            try:
                inspect.signature(t).bind(None, None)
            except TypeError as error:
                hint = f", which it is called with ({error}): lambda x, rng: ..."
        if not hint:
            return
    raise TypeError(f"{what} is {t!r}; expected a function of (x, rng){hint}")


@dataclass(frozen=True)
class Compose:
    """One transform after the other, all drawing from the one rng. TypeError for what cannot be called."""

    transforms: Sequence[Transform]

    def __post_init__(self) -> None:
        if not isinstance(self.transforms, (list, tuple)):
            raise TypeError(f"Compose takes a list of transforms, got {self.transforms!r}")
        for i, t in enumerate(self.transforms):
            check_transform(f"transform {i}", t)

    def __call__(self, x: Array, rng: np.random.Generator | None = None) -> Array:
        rng = generator(rng)
        for t in self.transforms:
            x = t(x, rng)
        return x


@dataclass(frozen=True)
class ToFloat:
    """uint8 0 ... 255 to float32 in [0, 1], x / 255, any shape; what is floating already is returned as it is."""

    def __call__(self, x: Array, rng: np.random.Generator | None = None) -> Array:
        if x.dtype.kind == "f":
            return x
        if x.dtype != np.uint8:
            raise TypeError(f"ToFloat got pixels of dtype {x.dtype}; expected uint8, 0 to 255, or floating numbers")
        with on_device_of(x):
            x = x.astype(np.float32, order="C")
            x /= 255  # and not * (1 / 255): so that white is exactly 1
        return x


@dataclass(frozen=True)
class RandomFlip:
    """Each image mirrored left to right with probability p; x (N, H, W, C) of any dtype, which it keeps."""

    p: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.p <= 1:
            raise ValueError(f"RandomFlip: p={self.p} is no probability; expected 0 to 1")

    def __call__(self, x: Array, rng: np.random.Generator | None = None) -> Array:
        _check_images("RandomFlip", x)
        (chosen,) = np.nonzero(generator(rng).random(len(x)) < self.p)
        with on_device_of(x):
            chosen = to_device(chosen, device_of(x))
            flipped, source = x.copy(), x[chosen]
            for c in range(x.shape[3]):  # a channel at a time: NumPy is slow at runs of three values
                flipped[chosen, :, :, c] = source[:, :, ::-1, c]
        return flipped


@dataclass(frozen=True)
class RandomCrop:
    """Each image shifted by up to `padding` pixels, up or down and left or right; x (N, H, W, C), any dtype, kept.

    The image gets a border of `padding` pixels and is cut to its old size at a random place, all equally likely.
    mode says what the border holds: "constant" 0, "edge" the nearest pixel, "reflect" the mirrored image.
    """

    padding: int = 4
    mode: Literal["constant", "edge", "reflect"] = "constant"

    def __post_init__(self) -> None:
        if not isinstance(self.padding, (int, np.integer)) or isinstance(self.padding, bool) or self.padding < 0:
            raise ValueError(f"RandomCrop: padding={self.padding!r}; expected a whole number of pixels >= 0")
        if self.mode not in ("constant", "edge", "reflect"):
            raise ValueError(f"RandomCrop: mode={self.mode!r}; expected 'constant', 'edge' or 'reflect'")

    def __call__(self, x: Array, rng: np.random.Generator | None = None) -> Array:
        _check_images("RandomCrop", x)
        (n, h, w, c), p = x.shape, self.padding
        if self.mode == "reflect" and p >= min(h, w):
            raise ValueError(f"RandomCrop: images of {h}x{w} cannot be reflected into a border of {p} pixels")
        down, right = generator(rng).integers(0, 2 * p + 1, (2, n))
        if p == 0:
            return x
        with on_device_of(x):
            down, right, each = (to_device(i, device_of(x)) for i in (down, right * c, np.arange(n)))
            rows = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)), self.mode).reshape(n, h + 2 * p, (w + 2 * p) * c)
            # All windows of all images, (n, 2p + 1, 2pc + 1, h, wc), are a view; only the chosen ones are copied.
            return sliding_window_view(rows, (h, w * c), axis=(1, 2))[each, down, right].reshape(x.shape)


@dataclass(frozen=True)
class ColorJitter:
    """Each image's brightness, contrast and saturation changed by random factors, in this order.

    A strength s >= 0 draws the factor uniformly from [max(0, 1 - s), 1 + s]; 1 changes nothing. Brightness multiplies
    the pixels; contrast moves them away from, or to, the image's mean grey; saturation the same from each pixel's own
    grey (0.299 R + 0.587 G + 0.114 B, ITU-R BT.601). What leaves the range is clipped, once, at the end.

    x (N, H, W, C), uint8 or floating in [0, 1], so before Normalize; shape and dtype stay. C is 3, or 1 without
    saturation. ValueError for other channels, values outside [0, 1] and negative strengths.
    """

    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 <= value < np.inf:
                raise ValueError(f"ColorJitter: {name}={value}; expected a finite strength >= 0")

    def __call__(self, x: Array, rng: np.random.Generator | None = None) -> Array:
        _check_images("ColorJitter", x)
        channels = x.shape[3]
        if channels != 3 and (channels != 1 or self.saturation):
            raise ValueError(f"ColorJitter got images of {channels} channels; expected 3 (or 1, without saturation)")
        strengths = np.array([self.brightness, self.contrast, self.saturation])
        low = np.maximum(0, 1 - strengths)[:, None]
        draws = low + (1 + strengths[:, None] - low) * generator(rng).random((3, len(x)))
        with on_device_of(x):
            y = ToFloat()(x)
            if x is y:
                if len(x) and not (x.min() >= 0 and x.max() <= 1):
                    raise ValueError(
                        f"ColorJitter got values from {float(x.min()):.4g} to {float(x.max()):.4g}; expected [0, 1]: "
                        "put it before Normalize"
                    )
                y = x.copy()
            factors = to_device(draws.astype(y.dtype), device_of(x))[:, :, None, None, None]  # each (N, 1, 1, 1)
            if self.brightness:
                y *= factors[0]
            if self.contrast:
                mean = _grey(y).mean(axis=(1, 2))[:, None, None, None]
                y -= mean
                y *= factors[1]
                y += mean
            if self.saturation:
                rest = (1 - factors[2, ..., 0]) * _grey(y)
                y *= factors[2]
                for c in range(channels):
                    y[..., c] += rest
            if x.dtype == np.uint8:
                y *= 255
                return np.rint(np.clip(y, 0, 255, out=y), out=y).astype(np.uint8)
            return np.clip(y, 0, 1, out=y)


def _grey(x: Array) -> Array:
    """The luminance (N, H, W) of images (N, H, W, 3); grey images as they are."""
    if x.shape[3] == 1:
        return x[..., 0]
    grey = 0.299 * x[..., 0]
    grey += 0.587 * x[..., 1]
    grey += 0.114 * x[..., 2]
    return grey


class Normalize:
    """(x - mean) / std, in float32 (floating x keeps its dtype); mean and std in units where white is 1.

    mean, std  numbers, one entry per channel (C,), or images (H, W, C); a std of 0 counts as 1
    uint8 x is divided by 255 first, as by ToFloat: whether ToFloat comes before or not, the result is the same.

    `Normalize.of(train)` measures them. ValueError for x of other channels or size, NaN, infinity, a negative std, and
    for uint8 x with a mean or std above 1.
    """

    def __init__(self, mean: Any, std: Any = 1.0) -> None:
        self.mean, self.std = (np.array(a, dtype=np.float32) for a in (mean, std))
        if not (np.isfinite(self.mean).all() and np.isfinite(self.std).all() and (self.std >= 0).all()):
            raise ValueError("Normalize: mean and std must be finite, and std >= 0")
        if self.mean.ndim not in (0, 1, 3) or self.std.ndim not in (0, 1, 3):
            raise ValueError(
                f"Normalize: mean has shape {self.mean.shape} and std {self.std.shape}; expected numbers, "
                "(channels,) or (height, width, channels)"
            )
        self.std[self.std == 0] = 1

    @classmethod
    def of(cls, train: Any, per: str = "channel", scale: bool = True) -> Normalize:
        """With the statistics of the training data: a dataset, of which x counts, or images (N, H, W, C).

        per="channel": one mean and std per channel, over all images and pixels. per="pixel": the mean image, and a std
        per pixel and channel. scale=False subtracts the mean and leaves the spread alone: `Normalize.of(train,
        per="pixel", scale=False)` is the courses' mean subtraction. std is the population's (divided by N); what is
        constant in the training data gets 1.

        Reads the images block by block, twice: a memory-mapped set is never copied whole.
        """
        if per not in ("channel", "pixel"):
            raise ValueError(f"Normalize.of: per={per!r}; expected 'channel' or 'pixel'")
        train = as_dataset(train)
        x = train.x if isinstance(train, ArrayDataset) else train[:1][0]  # of a Subset all of x would be a copy
        _check_images("Normalize.of", x)
        with on_device_of(x):
            mean, variance = _mean_and_variance(train)
        mean, variance = to_device(mean, "cpu"), to_device(variance, "cpu")
        if not np.isfinite(mean).all():
            raise ValueError("Normalize.of: the images hold NaN or infinity; remove or replace those entries first")
        if per == "channel":  # the spread within the pixels and that of their means
            of_images, mean = mean, mean.mean(axis=(0, 1))
            variance = (variance + (of_images - mean) ** 2).mean(axis=(0, 1))
        unit = 255.0 if x.dtype == np.uint8 else 1.0
        std = np.sqrt(variance)
        std[std <= np.finfo(np.float32).eps * np.abs(mean)] = 0  # constant but for rounding
        return cls(mean / unit, std / unit if scale else 1.0)

    def __call__(self, x: Array, rng: np.random.Generator | None = None) -> Array:
        if not is_array(x) or x.ndim < 2:
            _check_images("Normalize", x)
        if x.dtype == np.uint8 and max(self.mean.max(), self.std.max()) > 1:
            raise ValueError(
                f"{self!r} got uint8 pixels; expected mean and std in units where white is 1: divide them by 255"
            )
        sample = x.shape[1:]
        # Spread out to whole images: NumPy broadcasts along a last axis of three values thirty times slower.
        mean, std = (self._like_a_sample(a, sample) for a in (self.mean, self.std))
        with on_device_of(x):
            y = ToFloat()(x)
            mean, std = (to_device(a, device_of(x)).astype(y.dtype, copy=False) for a in (mean, std))
            y = np.subtract(y, mean, out=None if y is x else y)
            y /= std
        return y

    def _like_a_sample(self, a: np.ndarray, sample: tuple[int, ...]) -> np.ndarray:
        fits = a.ndim == 0 or (a.shape == sample if a.ndim == 3 else len(sample) == 3 and a.shape == sample[-1:])
        if not fits:
            raise ValueError(
                f"Normalize got x of shape (N, {', '.join(map(str, sample))}), but was made for "
                f"{'channels' if a.ndim == 1 else 'images'} of shape {a.shape}"
            )
        return np.ascontiguousarray(np.broadcast_to(a, sample))

    def __repr__(self) -> str:
        def shown(a: np.ndarray) -> str:
            return np.array2string(a, precision=4, separator=", ") if a.ndim < 2 else f"<image {a.shape}>"

        return f"Normalize(mean={shown(self.mean)}, std={shown(self.std)})"


def _mean_and_variance(dataset: Any) -> tuple[Array, Array]:
    """Over the images (N, H, W, C): the mean image and the variance per pixel, float64 (H, W, C)."""
    n, rows = len(dataset), max(1, _BLOCK // dataset[:1][0].size)
    parts = [slice(i, i + rows) for i in range(0, n, rows)]
    mean = sum(dataset[part][0].sum(axis=0, dtype=np.float64) for part in parts) / n
    variance = sum(((dataset[part][0] - mean) ** 2).sum(axis=0) for part in parts) / n
    return mean, variance


def _check_images(name: str, x: Any) -> None:
    if not is_array(x):
        raise TypeError(f"{name} got a {type(x).__name__}; expected an array of images, (N, height, width, channels)")
    if x.ndim != 4:
        hint = "; one image is a batch of one: x[None]" if x.ndim == 3 else ""
        raise ValueError(f"{name} got x of shape {x.shape}; expected images, (N, height, width, channels){hint}")
