"""The IDX file format of MNIST: a header of a few bytes, then the numbers, big-endian.

    00 00 | dtype code | number of dimensions | one 4-byte size per dimension | the data, last index fastest

Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", section "File formats".
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path

import numpy as np

_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"


def read_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """The array in an IDX file, plain or (named .gz) compressed, in the machine's byte order.

    Raises ValueError that names the file, what it holds and what was expected: an empty, foreign, truncated or damaged
    file, bytes after the end of the data, a .gz that is not gzip. FileNotFoundError where there is no file.
    """
    path = Path(path)
    content = _unpacked(path, path.read_bytes())
    if len(content) < 4 or content[:2] != b"\0\0":
        raise _bad(path, f"starts with the bytes {_hex(content)}", "IDX, which starts with 00 00")
    code, ndim = content[2], content[3]
    if code not in _DTYPES:
        raise _bad(path, f"has the dtype code {code:02x}", f"one of {' '.join(f'{c:02x}' for c in _DTYPES)}")
    start = 4 + 4 * ndim
    if ndim == 0 or len(content) < start:
        raise _bad(
            path, f"says {ndim} dimensions in {len(content)} bytes", "1 or more, and 4 bytes for each one's size"
        )
    dtype = np.dtype(_DTYPES[code])
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", count=ndim, offset=4))
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        state = "is truncated" if len(content) < expected else "has trailing bytes"
        raise _bad(path, f"{state}: {len(content):,} bytes unpacked", f"{expected:,} bytes for the shape {shape}")
    return np.frombuffer(content, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))


def _unpacked(path: Path, content: bytes) -> bytes:
    if not content:
        raise _bad(path, "is empty", "IDX data")
    if path.suffix != ".gz":
        if content.startswith(_GZIP):
            raise ValueError(f"{path} is compressed with gzip; expected plain IDX. Rename it to {path.name}.gz")
        return content
    if not content.startswith(_GZIP):
        plain = content.startswith(b"\0\0")  # browsers like to unpack a download and keep its name
        raise _bad(
            path,
            f"starts with the bytes {_hex(content)}",
            "gzip, which starts with 1f 8b",
            f"Rename it to {path.stem}: it looks like an IDX file that is already unpacked" if plain else "",
        )
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise _bad(path, f"is truncated or damaged ({error})", "a whole gzip file") from error


def _hex(content: bytes) -> str:
    return content[:4].hex(" ") or "(none)"


def _bad(path: Path, found: str, expected: str, advice: str = "") -> ValueError:
    advice = advice or "Delete the file and fetch it again (addresses: datasets/README.md)"
    return ValueError(f"{path} {found}; expected {expected}. {advice}")
