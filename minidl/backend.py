"""NumPy or CuPy: the few calls on which the two differ. No other file names cupy.

Everything else is written once, with NumPy's functions: `np.exp(x)` on a CuPy array runs on the GPU, because CuPy
answers NumPy's dispatch protocols (NEP 13 and NEP 18).
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any  # numpy.ndarray or cupy.ndarray


def _cupy() -> Any:
    try:
        import cupy
    except ImportError:
        raise ImportError(
            "device 'cuda' needs CuPy, which is not installed: pip install 'minidl[cuda12]' (or 'minidl[cuda13]'; "
            "nvidia-smi shows the CUDA version of the driver)"
        ) from None
    return cupy


def array_module(x: Any) -> Any:
    """The module, numpy or cupy, whose functions make arrays of the kind of x."""
    if type(x) is np.ndarray:
        return np
    cupy = sys.modules.get("cupy")  # where nothing imported cupy, nothing is a CuPy array
    return cupy if cupy is not None and isinstance(x, cupy.ndarray) else np


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


def on_device_of(x: Any) -> Any:
    """A context in which results land where x is; CuPy computes on the current device, wherever its inputs are."""
    return contextlib.nullcontext() if array_module(x) is np else x.device


def to_device(x: Array, device: str) -> Array:
    """x on the device: x itself where it is there already, else a copy. ImportError where CuPy is missing."""
    device = check_device(device)
    if device == device_of(x):
        return x
    if device == "cpu":
        return array_module(x).asnumpy(x)
    cupy = _cupy()
    with cupy.cuda.Device(int(device.partition(":")[2] or 0)):
        return cupy.asarray(x) if array_module(x) is np else x.copy()


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


# -- what an optimizer's rule may call: on arrays, and inside a fused GPU kernel, where the arguments are CuPy's proxies


def _elementwise(name: str) -> Callable[..., Any]:
    on_numpy, in_kernel = getattr(np, name), _in_kernel(name)

    def function(*args: Any) -> Any:
        for x in args:
            if not isinstance(x, (np.ndarray, np.generic, float, int)):
                if any(isinstance(y, _Traced) for y in args):
                    return in_kernel(*args)
                return getattr(_cupy(), name)(*args)
        return on_numpy(*args)

    function.__name__ = name
    function.__doc__ = f"numpy.{name} or cupy.{name}, by the kind of the arguments; may be used in an update rule."
    return function


class _Traced:
    """An array or a number of a rule while CuPy traces it into a kernel.

    Numbers made of lr and t are computed in float64, and with an array they take its dtype, exactly as Python's
    numbers do on the CPU. Left to itself CuPy 14 computes lr / (1 - beta**t) in float16, and t - 1 in int8.
    """

    __array_ufunc__ = None  # NumPy's own functions cannot be traced
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, proxy: Any, dtype: Any) -> None:
        self.proxy, self.dtype = proxy, dtype

    def __bool__(self) -> bool:
        raise TypeError("a rule that branches on values cannot be traced")

    def __setitem__(self, index: Any, value: Any) -> None:
        self.proxy[index] = _proxies((self, value))[1]


def _proxies(args: Any) -> list[Any]:
    """CuPy's proxies of the arguments; beside an array, numbers are cast to the parameter's dtype."""
    proxies = [x.proxy if isinstance(x, _Traced) else x for x in args]
    if all(getattr(p, "ndim", -1) < 0 for p in proxies):
        return proxies
    return [p.astype(x.dtype) if isinstance(x, _Traced) and p.ndim < 0 else p
            for x, p in zip(args, proxies, strict=True)]  # fmt: skip


def _in_kernel(name: str) -> Callable[..., Any]:
    def function(*args: Any) -> Any:
        dtype = next(x.dtype for x in args if isinstance(x, _Traced))
        return _Traced(getattr(_cupy(), name)(*_proxies(args)), dtype)

    return function


def _in_place(name: str) -> Callable[..., Any]:
    def function(self: Any, other: Any) -> Any:
        if self.proxy.ndim < 0:
            return NotImplemented  # a number is replaced by a new one
        self.proxy, other = _proxies((self, other))
        getattr(_cupy(), name)(self.proxy, other, self.proxy)
        return self

    return function


for _op, _name in {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "pow": "power",
}.items():  # fmt: skip
    _forward = _in_kernel(_name)
    setattr(_Traced, f"__{_op}__", _forward)
    setattr(_Traced, f"__r{_op}__", lambda self, other, f=_forward: f(other, self))
    setattr(_Traced, f"__i{_op}__", _in_place(_name))
for _op, _name in {
    "neg": "negative", "abs": "absolute", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
    "eq": "equal", "ne": "not_equal",
}.items():  # fmt: skip
    setattr(_Traced, f"__{_op}__", _in_kernel(_name))


sqrt = _elementwise("sqrt")
absolute = _elementwise("absolute")
sign = _elementwise("sign")
maximum = _elementwise("maximum")
minimum = _elementwise("minimum")
where = _elementwise("where")


def fuse(rule: Callable[..., None]) -> Callable[..., None]:
    """The rule, called as rule(lr, t, *arrays), as one GPU kernel instead of one launch per operator.

    A rule that CuPy cannot trace (it branches on values, asks for shapes, ...) runs operator by operator instead,
    with the same result.
    """

    def kernel(lr: Any, t: Any, *arrays: Any) -> None:
        rule(*(_Traced(x, arrays[0].dtype) for x in (lr, t, *arrays)))

    fused = _cupy().fuse(kernel_name="minidl_update")(kernel)
    traceable = True

    def run(lr: float, t: int, *arrays: Array) -> None:
        nonlocal traceable
        if traceable:
            try:
                return fused(np.float64(lr), np.int64(t), *arrays)
            except Exception:  # CuPy raises many kinds here; nothing was computed yet, and a real mistake shows below
                traceable = False
        rule(lr, t, *arrays)

    return run
