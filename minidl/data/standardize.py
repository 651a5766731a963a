"""Zero mean and unit variance per feature, by the statistics of the training data alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array, device_of, is_array, on_device_of, to_device
from .dataset import ArrayDataset, Subset, as_dataset

_BLOCK = 1 << 20  # values: the variance is summed over blocks of rows, so that no float64 copy of all of x is made


class Standardizer:
    """(x - mean) / std for each feature, with mean and std of the data it was made from: the training data.

    train is an array (N, ...) or a dataset, of which x counts. `mean` and `std` have the shape of one sample and x's
    floating dtype (float32 for integers); std is the population's (divided by N). A feature that is constant in the
    training data has std 1, so that it becomes 0.

    Call it on an array (n, ...), any number of rows, or on a dataset, whose x it replaces; `inverse` goes back. Of a
    Subset all samples are copied: large sets of photographs better go through `Normalize`, batch by batch. Raises
    ValueError for NaN or infinity in the training data and for features of another shape.
    """

    def __init__(self, train: Any) -> None:
        x = as_dataset(train).x
        dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float32)
        with on_device_of(x):
            self._measure(x, dtype)

    def _measure(self, x: Array, dtype: np.dtype) -> None:
        low, high = x.min(axis=0), x.max(axis=0)
        if not (np.isfinite(low).all() and np.isfinite(high).all()):
            raise ValueError("the training data holds NaN or infinity; remove or replace those entries first")
        mean = x.mean(axis=0, dtype=np.float64)
        rows = max(1, _BLOCK // max(1, x[0].size))
        squares = [((x[i : i + rows] - mean) ** 2).sum(axis=0) for i in range(0, len(x), rows)]
        std = np.sqrt(sum(squares) / len(x))
        # Rounding gives a constant 0.1 a mean that is not quite 0.1 and a std near 1e-17: so compare its extremes.
        self.mean: Array = np.where(low == high, low, mean).astype(dtype)
        self.std: Array = np.where(low == high, 1, std).astype(dtype)
        self.std[self.std == 0] = 1  # a spread below the smallest float32

    def __call__(self, data: Any) -> Any:
        """The data in units of the training data's spread: an array gives an array, a dataset a dataset."""
        return self._map(data, lambda x, mean, std: (x - mean) / std)

    def inverse(self, data: Any) -> Any:
        """The data in its old units."""
        return self._map(data, lambda x, mean, std: x * std + mean)

    def _map(self, data: Any, f: Any) -> Any:
        if isinstance(data, ArrayDataset | Subset):
            arrays = data.arrays if isinstance(data, ArrayDataset) else data[:]
            return ArrayDataset(self._map(arrays[0], f), *arrays[1:])
        x = data if is_array(data) else np.asarray(data)
        if x.shape[1:] != self.mean.shape:
            raise ValueError(
                f"got data of shape {x.shape}; expected (n, {', '.join(map(str, self.mean.shape))}), "
                "the features of the training data"
            )
        with on_device_of(x):
            if x.dtype.kind != "f":
                x = x.astype(self.mean.dtype)
            mean, std = (to_device(a, device_of(x)).astype(x.dtype, copy=False) for a in (self.mean, self.std))
            return f(x, mean, std)


def standardize(train: Any, *others: Any) -> tuple[Any, ...]:
    """(train, *others), arrays or datasets, all standardised by the mean and std of train: no look at the test data.

    `train, test = standardize(data.train, data.test)`. For the statistics themselves see `Standardizer`.
    """
    scale = Standardizer(train)
    return tuple(scale(data) for data in (train, *others))
