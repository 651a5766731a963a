"""What an update rule is made of: a few elementwise functions, and their fusion into one GPU kernel.

On NumPy arrays `sqrt`, `sign`, ... are NumPy's. On the GPU `fuse` runs the rule once with stand-ins for its arrays,
from which CuPy writes a kernel: one launch per parameter instead of one per operator.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .backend import Array, cupy


# Of an array and a number NumPy 2.4 takes the maximum three times slower than of two arrays, or than it clips.
def _maximum(x: Any, y: Any) -> Any:
    return x.clip(y, math.inf) if type(y) is float and type(x) is np.ndarray else np.maximum(x, y)


def _minimum(x: Any, y: Any) -> Any:
    return x.clip(-math.inf, y) if type(y) is float and type(x) is np.ndarray else np.minimum(x, y)


_WITH_NUMBER = {"maximum": _maximum, "minimum": _minimum}


def _elementwise(name: str) -> Callable[..., Any]:
    on_numpy, in_kernel = _WITH_NUMBER.get(name, getattr(np, name)), _in_kernel(name)

    def function(*args: Any) -> Any:
        if type(args[0]) is np.ndarray:
            return on_numpy(*args)
        for x in args:
            if not isinstance(x, (np.ndarray, np.generic, float, int)):
                if any(isinstance(y, _Traced) for y in args):
                    return in_kernel(*args)
                return getattr(cupy(), name)(*args)
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
        return _Traced(getattr(cupy(), name)(*_proxies(args)), dtype)

    return function


def _in_place(name: str) -> Callable[..., Any]:
    def function(self: Any, other: Any) -> Any:
        if self.proxy.ndim < 0:
            return NotImplemented  # a number is replaced by a new one
        self.proxy, other = _proxies((self, other))
        getattr(cupy(), name)(self.proxy, other, self.proxy)
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


def fuse(rule: Callable[[list[Any], list[Any]], None]) -> Callable[[list[float], list[Array]], None]:
    """The rule, called as rule(numbers, arrays), as one GPU kernel instead of one launch per operator.

    A rule that CuPy cannot trace (it branches on values, asks for shapes, ...) runs operator by operator instead,
    with the same result.
    """
    count = 0  # how many of the kernel's arguments are numbers; known at the first call

    def kernel(*arguments: Any) -> None:
        traced = [_Traced(x, arguments[count].dtype) for x in arguments]
        rule(traced[:count], traced[count:])

    fused = cupy().fuse(kernel_name="minidl_update")(kernel)
    traceable = True

    def run(numbers: list[float], arrays: list[Array]) -> None:
        nonlocal count, traceable
        count = len(numbers)
        if traceable:
            try:
                return fused(*(np.int64(x) if isinstance(x, int) else np.float64(x) for x in numbers), *arrays)
            except Exception:  # CuPy raises many kinds here; nothing was computed yet, and a real mistake shows below
                traceable = False
        rule(numbers, arrays)

    return run
