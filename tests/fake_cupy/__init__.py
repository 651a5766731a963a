"""A strict stand-in for CuPy, so that the GPU path is tested on machines without a GPU.

Put `fake_cupy.cupy` into `sys.modules["cupy"]` (the fixture `fake_cupy` does, and takes it out again). Its `ndarray`
wraps a NumPy array without being one, and refuses what the real one refuses: NumPy arrays as operands, implicit
conversion to NumPy, operands on a device that is not the current one, keyword arguments that CuPy's functions lack.
Results without axes stay arrays. `fuse` records the function once, with proxies that can do what CuPy's proxies can,
and replays the recording: what the function would do on a second call plays no part, as on the GPU. Numbers in fused
kernels have CuPy 14's types: Python's are weak, and two of them alone are computed in float16 or int8.

Stricter than CuPy 14 in: NumPy arrays as indices (CuPy moves them silently), operands on another device (CuPy computes
all the same where the two GPUs can reach each other), NumPy functions on fusion proxies, reductions in fused functions.
Like CuPy, integer arrays as indices wrap around where they are out of range.
It cannot check: CUDA code and its compilation, the last bits (a GPU adds in another order, `add.at` in another one at
every run), asynchrony, memory.

`counters` counts kernel launches and transfers: `counters.launches`, `.to_device`, `.to_host`, `.fused` (by name).
"""

import types

import numpy as np

from .array import _FUNCTIONS, Proxy, _current, counters, cuda, ndarray
from .functions import asnumpy, ufunc
from .fusion import fuse


def reset():
    """As if freshly imported: the first device, counters at zero."""
    _current[:] = [0]
    Proxy.trace = None
    counters.reset()


cupy = types.ModuleType("cupy", "The stand-in, as a module.")
vars(cupy).update(
    _FUNCTIONS, ndarray=ndarray, ufunc=ufunc, asnumpy=asnumpy, cuda=cuda, fuse=fuse, counters=counters, reset=reset,
    newaxis=None, inf=np.inf, nan=np.nan, pi=np.pi, __version__="14.0.0",
)  # fmt: skip
for _name in ("float16", "float32", "float64", "int8", "int32", "int64", "uint8", "bool_", "generic"):
    setattr(cupy, _name, getattr(np, _name))
