"""The loader: one shuffled pass over a dataset, batch by batch, for every `iter()`."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ..backend import Array, check_device, generator, is_array, on_device_of, to_device
from ..tensor import Tensor
from .dataset import ArrayDataset, as_dataset
from .prefetch import prefetched
from .transforms import Transform, check_transform


class DataLoader:
    """Batches of a dataset; every `iter()` starts a new epoch.

    dataset     an ArrayDataset, a tuple of arrays (x, y), or any object with `len` and indexing by slices and integer
                arrays
    batch_size  samples per batch; the last batch of an epoch holds what is left
    shuffle     a new order in each epoch, the same for x and y
    drop_last   leave out a last batch that is short
    seed        an integer; a Generator (or None: the default one) is asked for one. The order is a function of
                (seed, epoch) alone: not of earlier epochs, the device or other random numbers
    device      move each batch there ("cpu", "cuda", ...); None leaves it where the dataset is
    transform   x of each batch becomes transform(x, rng), before it is moved: see transforms.py. The Generator is new
                for each batch, a function of (seed, epoch, number of the batch) alone
    prefetch    how many batches to make ahead in a background thread, which ends with the iteration; 0: none. Order and
                bits are those of prefetch=0. It pays where a batch takes work, a transform, a move or a file on disk,
                and where shuffle=True; views cost nothing

    Yields tuples of arrays, (x, y), of shapes (batch_size, ...), in the dataset's dtypes. Shuffled batches are new
    memory. Batches in order are views and, on the CPU, read-only, so that no one changes the dataset by accident.

    `epoch` is the number of the epoch that the next `iter()` starts: 0, then 1, ...; `set_epoch(k)` sets it, so that a
    resumed run goes on with the order that it would have seen. Iterators over one loader do not disturb one another.

    Arrays may be memory-mapped (numpy.load(file, mmap_mode="r")): of a C-ordered one only the rows of the batch are
    read and copied.

    Raises TypeError or ValueError for a batch size that is no positive integer, an empty dataset, a drop_last that
    leaves no batch, a transform that is no function or changes the number of samples.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int,
        shuffle: bool = False,
        drop_last: bool = False,
        seed: int | np.random.Generator | None = 0,
        device: str | None = None,
        transform: Transform | None = None,
        prefetch: int = 0,
    ) -> None:
        arrays = isinstance(dataset, (tuple, list, Tensor)) or is_array(dataset)
        self.dataset = dataset if hasattr(dataset, "__getitem__") and not arrays else as_dataset(dataset)
        self.batch_size = _count("batch_size", batch_size, least=1)
        self.shuffle = shuffle
        self.drop_last = drop_last
        if seed is None or isinstance(seed, np.random.Generator):
            seed = int(generator(seed).integers(2**63))
        self.seed = _count("seed", seed, least=0)
        self.device = None if device is None else check_device(device)
        if transform is not None:
            check_transform("transform", transform)
        self.transform = transform
        self.prefetch = _count("prefetch", prefetch, least=0)
        self.epoch = 0
        if len(self.dataset) == 0:
            raise ValueError("the dataset is empty; expected at least one sample")
        if len(self) == 0:
            raise ValueError(
                f"batch_size={batch_size} with drop_last=True leaves no batch of {len(self.dataset)} samples; "
                "take a smaller batch_size or drop_last=False"
            )

    def set_epoch(self, epoch: int) -> None:
        """Let the next `iter()` use the order of this epoch (0 is the first)."""
        self.epoch = _count("epoch", epoch, least=0)

    def __len__(self) -> int:
        """Batches per epoch."""
        n, b = len(self.dataset), self.batch_size
        return n // b if self.drop_last else -(-n // b)

    def __iter__(self) -> Iterator[tuple[Array, ...]]:
        epoch = self.epoch
        self.epoch += 1  # here, not in the generator below: that one starts to run when its first batch is asked for
        return self._batches(epoch)

    def _batches(self, epoch: int) -> Iterator[tuple[Array, ...]]:
        make = partial(self._batch, epoch, self._order(epoch) if self.shuffle else None)
        return prefetched(make, len(self), self.prefetch) if self.prefetch else (make(i) for i in range(len(self)))

    def _batch(self, epoch: int, order: Array | None, i: int) -> tuple[Array, ...]:
        part = slice(i * self.batch_size, (i + 1) * self.batch_size)
        batch = self.dataset[part if order is None else order[part]]
        batch = tuple(a.view(np.ndarray) if isinstance(a, np.memmap) else a for a in batch)
        if order is None:
            batch = tuple(map(_read_only, batch))
        if self.transform is not None:
            batch = (self._transformed(batch[0], epoch, i), *batch[1:])
        if self.device is not None:
            batch = tuple(to_device(a, self.device) for a in batch)
        return batch

    def _transformed(self, x: Array, epoch: int, i: int) -> Array:
        assert self.transform is not None
        with on_device_of(x):
            result = self.transform(x, np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(epoch, i))))
        if not is_array(result):
            raise TypeError(f"the transform {self.transform!r} gave a {type(result).__name__}, expected an array")
        if result.shape[:1] != x.shape[:1]:
            raise ValueError(
                f"the transform {self.transform!r} made shape {result.shape} of a batch {x.shape}; "
                f"expected one entry for each of the {len(x)} samples"
            )
        return result

    def _order(self, epoch: int) -> Array:
        # A spawn key, and not default_rng((seed, epoch)): (0, 0) would repeat the very stream of default_rng(0).
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(epoch,)))
        order = rng.permutation(len(self.dataset))
        if isinstance(self.dataset, ArrayDataset):  # one transfer per epoch instead of one per batch
            order = to_device(order, self.dataset.device)
        return order

    def __repr__(self) -> str:
        return (
            f"DataLoader({self.dataset!r}, batch_size={self.batch_size}, shuffle={self.shuffle}, "
            f"drop_last={self.drop_last}, seed={self.seed}, epoch={self.epoch})"
        )


def _read_only(a: Any) -> Any:
    if isinstance(a, np.ndarray):
        a = a.view()
        a.flags.writeable = False
    return a


def _count(name: str, value: Any, least: int) -> int:
    """The integer value; TypeError for another type, ValueError below `least`."""
    try:
        if isinstance(value, bool):
            raise TypeError
        count = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}; expected an integer >= {least}") from None
    if count < least:
        raise ValueError(f"{name}={count}; expected an integer >= {least}")
    return count
