"""NumPy or CuPy: the few calls on which the two differ. No other file names cupy.

Everything else is written once, with NumPy's functions: `np.exp(x)` on a CuPy array runs on the GPU, because CuPy
answers NumPy's dispatch protocols (NEP 13 and NEP 18).
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import numpy as np

# glibc hands freed blocks above a threshold back to the system, and takes them again as fresh pages, which cost more
# than the arithmetic on them; the threshold follows the largest block freed so far, up to 32 MB. One such block, never
# touched, and temporaries stay with the process: without it a step of Adan on 235,146 floats takes 3.5 times as long.
np.empty(32_000_000, np.uint8)

Array = Any  # numpy.ndarray or cupy.ndarray


def cupy() -> Any:
    """The module cupy; ImportError with the command that installs it where it is missing."""
    try:
        import cupy as module
    except ImportError:
        raise ImportError(
            "device 'cuda' needs CuPy, which is not installed: pip install 'minidl[cuda12]' (or 'minidl[cuda13]'; "
            "nvidia-smi shows the CUDA version of the driver)"
        ) from None
    return module


def array_module(x: Any) -> Any:
    """The module, numpy or cupy, whose functions make arrays of the kind of x."""
    if type(x) is np.ndarray:
        return np
    module = sys.modules.get("cupy")  # where nothing imported cupy, nothing is a CuPy array
    return module if module is not None and isinstance(x, module.ndarray) else np


def is_array(x: Any) -> bool:
    """Whether x is an array of NumPy or CuPy."""
    return isinstance(x, np.ndarray) or array_module(x) is not np


def device_of(x: Array) -> str:
    """Where an array lives: "cpu", "cuda" (the first GPU), "cuda:1", ..."""
    if array_module(x) is np:
        return "cpu"
    return "cuda" if x.device.id == 0 else f"cuda:{x.device.id}"


def check_device(device: str) -> str:
    """The device's one spelling ("cuda:0" becomes "cuda"); raises ValueError for a name that is none."""
    kind, _, index = str(device).partition(":")
    if kind == "cpu" and not index:
        return "cpu"
    if kind == "cuda" and (index.isdigit() or ":" not in str(device)):
        return "cuda" if int(index or 0) == 0 else f"cuda:{int(index)}"
    raise ValueError(f"unknown device {device!r}: expected 'cpu', 'cuda' or 'cuda:1'")


_HERE = contextlib.nullcontext()


def on_device_of(x: Any) -> Any:
    """A context in which results land where x is; CuPy computes on the current device, wherever its inputs are."""
    return _HERE if array_module(x) is np else x.device


def to_device(x: Array, device: str) -> Array:
    """x on the device: x itself where it is there already, else a copy. ImportError where CuPy is missing."""
    device = check_device(device)
    if device == device_of(x):
        return x
    if device == "cpu":
        return array_module(x).asnumpy(x)
    with cupy().cuda.Device(int(device.partition(":")[2] or 0)):
        return cupy().asarray(x) if array_module(x) is np else x.copy()


def to_numpy(x: Any) -> np.ndarray:
    """x as a NumPy array; a CuPy array is copied to the host."""
    return np.asarray(to_device(x, "cpu"))


_default_generator = np.random.default_rng()


def seed(n: int) -> None:
    """Restart the default Generator, which everything random uses that is given no `seed` or `rng` of its own."""
    global _default_generator
    _default_generator = np.random.default_rng(n)


def generator(seed_or_rng: int | np.random.Generator | None = None) -> np.random.Generator:
    """A NumPy Generator: the default one for None, a new one for an integer, the given one for a Generator.

    Random numbers are always drawn on the host and then moved, so that a model starts the same on every device.
    """
    if seed_or_rng is None:
        return _default_generator
    if isinstance(seed_or_rng, np.random.Generator):
        return seed_or_rng
    return np.random.default_rng(seed_or_rng)
