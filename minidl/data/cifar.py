"""The binary files of CIFAR-10: one record after the other, no header, and no pickles, which can run any code.

    label, 1 byte | red, 1,024 bytes | green, 1,024 bytes | blue, 1,024 bytes      (32 rows of 32 pixels each)

Source: A. Krizhevsky, "The CIFAR-10 dataset", https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from . import manifest
from .files import ensure, locate, miscounts
from .registry import DATASETS

_RECORD = 1 + 3 * 32 * 32
_TRAIN = tuple(f"data_batch_{k}.bin" for k in range(1, 6))
_TEST = "test_batch.bin"
_ADVICE = "Delete it and fetch the set again: minidl datasets get cifar10"


def read_cifar10(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """The photographs in one binary file, uint8 (N, 32, 32, 3), and their labels, int64 (N,).

    Raises ValueError that names the file for an empty or truncated one, one of the Python version, or a label beyond
    9; FileNotFoundError where there is no file.
    """
    path = Path(path)
    content = np.fromfile(path, np.uint8)
    if not len(content) or len(content) % _RECORD:
        pickled = content[:2].tobytes() == b"\x80\x02"
        kind = " (it looks like a pickle of the Python version)" if pickled else ""
        raise ValueError(
            f"{path} holds {len(content):,} bytes{kind}; expected records of {_RECORD:,} bytes, a label and 3 x 32 x "
            f"32 pixels, as in the binary version. {_ADVICE}"
        )
    records = content.reshape(-1, _RECORD)
    y = records[:, 0].astype(np.int64)
    if y.max() > 9:
        raise ValueError(f"{path} holds the label {y.max()}; expected 0 to 9. {_ADVICE}")
    planes = records[:, 1:].reshape(-1, 3, 32, 32)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), y


def read_all(verify: bool, download: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Photographs and labels of the training files and of the test file, checked; errors as for `load("cifar10")`."""
    info = DATASETS["cifar10"]
    if download:
        ensure(info)
    place = locate(info)
    if place is None:
        raise FileNotFoundError("cifar10 is not on this machine; fetch it: minidl datasets get cifar10")
    root, layout = place
    folder = root / layout.data
    missing = [name for name in (*_TRAIN, _TEST) if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(f"{folder} lacks {', '.join(missing)} of CIFAR-10's binary version. {_ADVICE}")
    if verify:
        problems = [*miscounts(root, layout), *manifest.changes(root, manifest.read(root, info.name).get("files", {}))]
        if problems:
            raise ValueError(f"{folder} does not hold the published files: {'; '.join(problems)}. {_ADVICE}, or pass "
                             "verify=False to read them as they are")  # fmt: skip
    parts = [read_cifar10(folder / name) for name in _TRAIN]
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts]), *read_cifar10(folder / _TEST)
