"""NASA's airfoil self-noise as a table: what the wind tunnel was set to, and how loud it was."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from .files import fetch
from .registry import DATASETS

_SHAPE = (1503, 6)


def airfoil_table(verify: bool = True, download: bool = True) -> np.ndarray:
    """All 1,503 measurements in the order and units of the file, float32 (1503, 6); the last column is to be predicted.

    Columns: frequency (Hz), angle of attack (degrees), chord length (m), free-stream velocity (m/s), displacement
    thickness on the suction side (m), scaled sound pressure level (dB). Options and errors as for `load("airfoil")`.

    Chapter 7 of "Dive into Deep Learning" compares its optimizers on the first 1,500 rows. It standardises before it
    cuts (with 1,500 rows' own mean and std the losses do not match), the label too, and halves the squared error:

        (table,) = data.standardize(data.airfoil_table())
        x, y = table[:1500, :5], table[:1500, 5:]
        loss = 0.5 * nn.MSELoss()(model(x), y)             # a linear model's least is 0.2417
    """
    info = DATASETS["airfoil"]
    return _read(fetch(info, info.files[0], verify, download))


def _read(path: Path) -> np.ndarray:
    expected = f"expected {_SHAPE[0]:,} rows of {_SHAPE[1]} finite numbers, between tabs or spaces"
    advice = "Delete the file and fetch it again (addresses: datasets/README.md)"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of an empty file; an error below
            table = np.loadtxt(path, np.float32, comments=None, ndmin=2, encoding="ascii")
    except ValueError as error:
        raise ValueError(f"{path} is no table of numbers ({error}); {expected}. {advice}") from error
    if table.shape != _SHAPE:
        rows, columns = table.shape if table.size else (0, 0)
        raise ValueError(f"{path} holds {rows:,} rows of {columns}; {expected}. {advice}")
    bad = np.argwhere(~np.isfinite(table))
    if len(bad):
        row, column = bad[0]
        raise ValueError(f"{path}: row {row + 1}, column {column + 1} is {table[row, column]}; {expected}. {advice}")
    return table
