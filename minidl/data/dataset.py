"""A dataset as arrays of equal length, and its split into training and validation."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import Array, device_of, generator, is_array, on_device_of, to_device, to_numpy
from ..tensor import Tensor


class ArrayDataset:
    """N samples held as one or more arrays whose first axis has length N; `x` is the first array, `y` the second.

    Arrays are kept as they are (no copy, no cast); a Tensor gives its array, and anything else goes through
    `numpy.asarray`. All arrays live on one device. Raises ValueError for no array, no samples, lengths that differ or
    arrays without a first axis.

    Indexing gives a tuple with one entry per array: an integer one sample, a slice views, integer (or boolean) arrays
    copies, taken in one call per array.
    """

    def __init__(self, *arrays: Any) -> None:
        if not arrays:
            raise ValueError("ArrayDataset() got no array; give at least one, usually two: ArrayDataset(x, y)")
        self.arrays: tuple[Array, ...] = tuple(_as_array(a) for a in arrays)
        for position, a in enumerate(self.arrays):
            if a.ndim == 0:
                raise ValueError(f"array {position} is a single number; expected one entry per sample, shape (N, ...)")
        lengths = [len(a) for a in self.arrays]
        if len(set(lengths)) > 1:
            raise ValueError(
                f"the arrays have {' and '.join(map(str, lengths))} samples; expected the same number in each "
                f"(shapes {', '.join(str(a.shape) for a in self.arrays)})"
            )
        if lengths[0] == 0:
            raise ValueError(f"the dataset is empty: shapes {', '.join(str(a.shape) for a in self.arrays)}")
        devices = sorted({device_of(a) for a in self.arrays})
        if len(devices) > 1:
            raise ValueError(f"the arrays live on {' and '.join(devices)}; move them to one device first")

    @property
    def x(self) -> Array:
        """The first array: inputs, shape (N, ...)."""
        return self.arrays[0]

    @property
    def y(self) -> Array:
        """The second array: labels or targets, shape (N, ...)."""
        if len(self.arrays) < 2:
            raise AttributeError("this dataset holds one array, x; it was made without labels")
        return self.arrays[1]

    @property
    def device(self) -> str:
        """Where the arrays live: "cpu", "cuda", ..."""
        return device_of(self.arrays[0])

    def to(self, device: str) -> ArrayDataset:
        """The same dataset on a device; a small one is best moved there once, before training."""
        return ArrayDataset(*(to_device(a, device) for a in self.arrays))

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, index: int | slice | Sequence[int] | Array) -> tuple[Array, ...]:
        if isinstance(index, (int, np.integer, slice)):
            return tuple(a[index] for a in self.arrays)
        index = self._positions(index)
        with on_device_of(index):
            return tuple(a[index] for a in self.arrays)  # np.take would copy all of an array that is not C-ordered

    def _positions(self, index: Any) -> Array:
        """Integer positions, on the device of the arrays, from an array or list of integers or booleans."""
        index = index if is_array(index) else np.asarray(index)
        if index.ndim == 1 and index.dtype == bool and len(index) == len(self):
            with on_device_of(index):
                (index,) = np.nonzero(index)
        if index.ndim != 1 or index.dtype.kind not in "iu":
            raise IndexError(
                f"cannot index {len(self)} samples with an array of shape {index.shape} and dtype {index.dtype}; "
                f"expected an integer, a slice, integers of shape (n,) or booleans of shape ({len(self)},)"
            )
        # CuPy wraps around where NumPy raises; indices that are on the GPU themselves are not read back for a check.
        if device_of(index) == "cpu" and len(index) and not -len(self) <= index.min() <= index.max() < len(self):
            raise IndexError(f"indices {index.min()} to {index.max()} do not fit a dataset of {len(self)} samples")
        return to_device(index, self.device)

    def __repr__(self) -> str:
        columns = ", ".join(f"{a.dtype} {a.shape[1:]}" for a in self.arrays)
        return f"ArrayDataset({len(self)} samples: {columns})"


class Subset:
    """The samples of a dataset at these positions, without a copy: each batch is taken from the whole set.

    For sets that do not fit into memory. Indexing as for ArrayDataset, but a slice copies too; `x` and `y` are copies
    of everything. Raises IndexError for positions that are no integers of the dataset's range.
    """

    def __init__(self, dataset: ArrayDataset, positions: Any) -> None:
        self.dataset, self.positions = dataset, dataset._positions(positions)

    @property
    def x(self) -> Array:
        """The samples' first arrays, shape (N, ...), in new memory."""
        return self[:][0]

    @property
    def y(self) -> Array:
        """The samples' labels or targets, in new memory; the inputs are not read for them."""
        return self.dataset.y[self.positions]

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, index: Any) -> tuple[Array, ...]:
        return self.dataset[self.positions[index]]

    def __repr__(self) -> str:
        return f"Subset({len(self)} of {self.dataset!r})"


def _as_array(a: Any) -> Array:
    if isinstance(a, Tensor):
        return a.data
    if is_array(a):
        return a
    try:
        return np.asarray(a)
    except ValueError as error:
        raise ValueError(f"a {type(a).__name__} given as data is no array: its rows differ in length") from error


def as_dataset(data: Any) -> Any:
    """The ArrayDataset of an array or of a tuple or list of arrays; a dataset as it is. TypeError for others."""
    if isinstance(data, (ArrayDataset, Subset)):
        return data
    if isinstance(data, (tuple, list)):
        return ArrayDataset(*data)
    if is_array(data) or isinstance(data, Tensor):
        return ArrayDataset(data)
    hint = "; give one of its parts: .train, .validation or .test" if hasattr(data, "train") else ""
    raise TypeError(f"expected a dataset or a tuple of arrays (x, y), got {type(data).__name__}{hint}")


def train_validation_split(
    dataset: ArrayDataset | Sequence[Any],
    validation: float | int = 0.2,
    seed: int | np.random.Generator | None = 0,
    stratify: bool = False,
) -> tuple[ArrayDataset, ArrayDataset]:
    """Two disjoint datasets that together hold every sample once: (train, validation), each in random order.

    dataset     an ArrayDataset or a tuple of arrays (x, y)
    validation  a fraction in (0, 1), rounded to whole samples, or (an integer) their number
    seed        the same seed gives the same split
    stratify    keep each class's share in both parts, to within one sample; needs integer labels y of shape (N,)

    Raises ValueError where a part would be empty, TypeError for a `validation` that is no number.
    """
    data = as_dataset(dataset)
    n = len(data)
    count = validation_count(validation, n)
    order = generator(seed).permutation(n)
    held_out = np.arange(n) < count
    if stratify:
        labels = to_numpy(data.y)
        if labels.ndim != 1 or labels.dtype.kind not in "iub":
            raise ValueError(
                f"stratify=True needs integer labels of shape ({n},); y has dtype {labels.dtype}, shape {labels.shape}"
            )
        held_out = _same_shares(labels[order], count)
    return ArrayDataset(*data[order[~held_out]]), ArrayDataset(*data[order[held_out]])


def validation_count(validation: float | int, n: int) -> int:
    """How many of n samples to hold out, from a fraction in (0, 1) or a count; both parts get at least one."""
    if isinstance(validation, (float, np.floating)):
        if not 0 < validation < 1:
            raise ValueError(f"validation={validation} is no fraction between 0 and 1; write a count as an integer")
        count = round(n * float(validation))
    elif isinstance(validation, (int, np.integer)) and not isinstance(validation, bool):
        count = operator.index(validation)
    else:
        raise TypeError(f"validation={validation!r}: expected a fraction such as 0.2 or a number of samples")
    if not 0 < count < n:
        raise ValueError(
            f"validation={validation} of {n} samples leaves {n - count} for training and {count} for validation; "
            "each part needs at least one"
        )
    return count


def _same_shares(labels: np.ndarray, count: int) -> np.ndarray:
    """A mask of `count` samples: of each class its share rounded down, then one more where most was cut off."""
    classes, sizes = np.unique(labels, return_counts=True)
    whole, cut_off = np.divmod(sizes * count, len(labels))
    whole[np.argsort(-cut_off, kind="stable")[: count - whole.sum()]] += 1
    mask = np.zeros(len(labels), bool)
    for label, k in zip(classes, whole, strict=True):
        mask[np.flatnonzero(labels == label)[:k]] = True
    return mask
