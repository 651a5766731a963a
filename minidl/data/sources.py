"""`load(name)`: every dataset in one shape, ready for the loader."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..backend import generator
from .airfoil import airfoil_table
from .cifar import read_all
from .dataset import ArrayDataset, Subset, train_validation_split, validation_count
from .faces import make_cat_dog_faces
from .files import ensure, fetch, find_folder
from .idx import read_idx
from .images import ImageFolder
from .registry import DATASETS
from .toys import make_moons, make_spirals


@dataclass(frozen=True, eq=False)
class DataSplits:
    """A dataset cut in three: fit on `train`, choose on `validation`, report on `test`, once.

    Each is an ArrayDataset or, of sets too large to copy, a Subset: both have `x`, `y`, a length and indexing. classes
    are the names of the labels 0, 1, ...; there are none, (), where y is a number to predict. source says in a sentence
    whether the data are real or generated, where they come from and under which licence.
    """

    name: str
    train: ArrayDataset | Subset
    validation: ArrayDataset | Subset
    test: ArrayDataset | Subset
    classes: tuple[str, ...]
    source: str

    @classmethod
    def of_images(cls, images: ImageFolder, name: str, source: str, seed: int = 0) -> DataSplits:
        """60/20/20 % of photographs, each class's share in every part; none of them is copied."""
        everything, rng = ArrayDataset(np.arange(len(images)), images.y), generator(seed)
        rest, test = train_validation_split(everything, 0.2, rng, stratify=True)
        train, validation = train_validation_split(rest, 0.25, rng, stratify=True)
        part = [Subset(images, positions.x) for positions in (train, validation, test)]
        return cls(name, part[0], part[1], part[2], images.classes, source)


def load(name: str, **options: Any) -> DataSplits:
    """A dataset by name, in any case, with - or _: x float32 (images in colour: uint8), y int64 (N,).

    Cut into train, validation and test:

    "digits"         x (N, 64) in [0, 1]: 1,797 digits, embedded with scikit-learn; 60/20/20 %, stratified
                     options: seed=0 of the split
    "mnist"          x (N, 784) in [0, 1]: 50,000/10,000/10,000, from IDX files found or downloaded
                     options: validation=10000, how many (or which fraction) to cut from the end of the training
                     file; verify=True, check found files by their checksum;
                     download=True, fetch what is not on this machine
    "fashion_mnist"  the same for articles of clothing
    "airfoil"        x (N, 5) and no labels, but a number to predict, y float32 (N, 1): a sound pressure level in dB;
                     from a file found or downloaded (its order, columns and units: `airfoil_table`); 60/20/20 %
                     options: seed=0, verify=True, download=True
    "cifar10"        x uint8 (N, 32, 32, 3): 45,000/5,000/10,000 photographs of ten kinds of things, from the binary
                     files found or downloaded; options: validation=5000, as for "mnist"; verify=True, compare sizes
                     and, where minidl unpacked them, checksums; download=True
    "cats_and_dogs"  x uint8 (N, size, size, 3): photographs found or downloaded, decoded once into a cache; 60/20/20 %,
                     stratified; options: size=64, seed=0, cache as for ImageFolder, download=True
    "cats_and_dogs_filtered"  the course's 3,000 of them: 1,600/400, and 1,000 for the test; the same options
    "moons"          x (N, 2), generated; 60/20/20 %, stratified; options: n=1000, noise=0.1, seed=0
    "spirals"        x (N, 2), generated; 60/20/20 %, stratified; options: n=1000, noise=0.03, classes=3, seed=0
    "cat_dog_faces"  x uint8 (N, 64, 64, 3), drawn, no photographs; 60/20/20 %, stratified;
                     options: n=2000, size=64, seed=0

    x is not standardised; `standardize` does that. Raises ValueError for an unknown name, a damaged file or a checksum
    that does not match, TypeError for an unknown option, FileNotFoundError for files that can neither be found nor
    downloaded, ImportError for a missing library.
    """
    if not isinstance(name, str):
        raise TypeError(f"expected a dataset's name, got {type(name).__name__}; names: {', '.join(_SOURCES)}")
    names = {_key(known): known for known in _SOURCES}
    if _key(name) not in names:
        near = [names[key] for key in difflib.get_close_matches(_key(name), names)]
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(f"unknown dataset {name!r}.{hint} Names: {', '.join(_SOURCES)}")
    source = _SOURCES[names[_key(name)]]
    known = inspect.signature(source).parameters
    for option in options:
        if option not in known:
            raise TypeError(f"load({name!r}) got the option {option!r}; it takes {', '.join(known)}")
    return source(**options)


def _key(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def _digits(seed: int = 0) -> DataSplits:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ImportError("load('digits') needs scikit-learn, which is missing: pip install scikit-learn") from None
    x, y = load_digits(return_X_y=True)  # x float64 (1797, 64), whole numbers 0 to 16
    return _shares("digits", (x / 16).astype(np.float32), y.astype(np.int64), generator(seed))


def _moons(n: int = 1000, noise: float = 0.1, seed: int = 0) -> DataSplits:
    rng = generator(seed)  # one stream for points and split: two of the same seed would be correlated
    return _shares("moons", *make_moons(n, noise, rng), rng)


def _spirals(n: int = 1000, noise: float = 0.03, classes: int = 3, seed: int = 0) -> DataSplits:
    rng = generator(seed)
    x, y = make_spirals(n, noise, classes, rng)
    return _shares("spirals", x, y, rng, tuple(f"arm {c}" for c in range(classes)))


def _cat_dog_faces(n: int = 2000, size: int = 64, seed: int = 0) -> DataSplits:
    rng = generator(seed)
    return _shares("cat_dog_faces", *make_cat_dog_faces(n, size, rng), rng)


def _shares(
    name: str, x: np.ndarray, y: np.ndarray, rng: np.random.Generator, classes: tuple[str, ...] = ()
) -> DataSplits:
    """60 % train, 20 % validation, 20 % test; of classes, each one's share in every part."""
    info = DATASETS[name]
    classes = classes or info.classes
    if len(x) < 5 * len(classes):
        raise ValueError(f"n={len(x)} points for {len(classes)} classes; the 60/20/20 % split needs 5 per class")
    stratify = bool(classes)
    rest, test = train_validation_split((x, y), 0.2, rng, stratify)
    train, validation = train_validation_split(rest, len(test), rng, stratify)
    return DataSplits(name, train, validation, test, classes, info.source)


def _mnist(name: str, validation: int | float = 10_000, verify: bool = True, download: bool = True) -> DataSplits:
    info = DATASETS[name]
    train_x, train_y, test_x, test_y = (fetch(info, file, verify, download) for file in info.files)
    x, y = _images_and_labels(train_x, train_y, len(info.classes))
    test = ArrayDataset(*_images_and_labels(test_x, test_y, len(info.classes)))
    cut = len(x) - validation_count(validation, len(x))
    return DataSplits(
        name, ArrayDataset(x[:cut], y[:cut]), ArrayDataset(x[cut:], y[cut:]), test, info.classes, info.source
    )


def _images_and_labels(images: Path, labels: Path, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """x float32 (N, height * width) in [0, 1] and y int64 (N,)."""
    pixels, y = read_idx(images), read_idx(labels)
    if pixels.ndim != 3 or pixels.dtype != np.uint8:
        raise ValueError(f"{images} holds {pixels.dtype} {pixels.shape}; expected images, uint8 (N, height, width)")
    if y.shape != pixels.shape[:1] or y.dtype != np.uint8:
        raise ValueError(f"{labels} holds {y.dtype} {y.shape}; expected labels, uint8 ({len(pixels)},), for {images}")
    if y.max(initial=0) >= classes:
        raise ValueError(f"{labels} holds the label {y.max()}; expected 0 to {classes - 1}")
    x = pixels.reshape(len(pixels), -1).astype(np.float32)
    x /= 255
    return x, y.astype(np.int64)


def _airfoil(seed: int = 0, verify: bool = True, download: bool = True) -> DataSplits:
    table = airfoil_table(verify, download)
    return _shares("airfoil", table[:, :-1], table[:, -1:], generator(seed))


def _cifar10(validation: int | float = 5_000, verify: bool = True, download: bool = True) -> DataSplits:
    info = DATASETS["cifar10"]
    x, y, test_x, test_y = read_all(verify, download)
    cut = len(x) - validation_count(validation, len(x))
    train, held_out = ArrayDataset(x[:cut], y[:cut]), ArrayDataset(x[cut:], y[cut:])
    return DataSplits("cifar10", train, held_out, ArrayDataset(test_x, test_y), info.classes, info.source)


def _photographs(
    name: str, size: int = 64, seed: int = 0, cache: bool | str | Path = True, download: bool = True
) -> DataSplits:
    info = DATASETS[name]
    folder = ensure(info) if download else find_folder(info)
    if folder is None:
        raise FileNotFoundError(f"{name} is not on this machine; fetch it: minidl datasets get {name}")
    images = ImageFolder(folder, size, cache)
    validation_folder = folder.parent / "validation"
    if folder.name != "train" or not validation_folder.is_dir():
        return DataSplits.of_images(images, name, f"{info.source} Here: {len(images):,}.", seed)
    held_out = ImageFolder(validation_folder, size, cache)
    everything = ArrayDataset(np.arange(len(images)), images.y)
    train, validation = train_validation_split(everything, 0.2, generator(seed), stratify=True)
    test = Subset(held_out, np.arange(len(held_out)))
    source = f"{info.source} Here: {len(images) + len(held_out):,}."
    return DataSplits(name, Subset(images, train.x), Subset(images, validation.x), test, images.classes, source)


_SOURCES: dict[str, Callable[..., DataSplits]] = {
    "digits": _digits,
    "mnist": partial(_mnist, "mnist"),
    "fashion_mnist": partial(_mnist, "fashion_mnist"),
    "airfoil": _airfoil,
    "cifar10": _cifar10,
    "cats_and_dogs": partial(_photographs, "cats_and_dogs"),
    "cats_and_dogs_filtered": partial(_photographs, "cats_and_dogs_filtered"),
    "moons": _moons,
    "spirals": _spirals,
    "cat_dog_faces": _cat_dog_faces,
}
