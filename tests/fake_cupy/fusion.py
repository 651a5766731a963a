"""Kernel fusion: a function is recorded once, with proxies that can do what CuPy's can, and the recording replayed."""

from __future__ import annotations

import functools
import operator

import numpy as np

from .array import _FUNCTIONS, _SCALARS, Proxy, _launch, _operand, counters, ndarray


class _Proxy(Proxy):
    """A value while `fuse` records: a parameter, constant or result of the kernel. It has no value yet."""

    __array_ufunc__ = None  # NumPy's functions do not know it
    __hash__ = None

    def __init__(self, place, dtype, ndim, weak=False):
        self._place, self.dtype, self.ndim, self._weak = place, np.dtype(dtype), ndim, weak

    def __bool__(self):
        raise TypeError("Cannot convert to Python scalar in cupy.fuse")

    __int__ = __float__ = __complex__ = __index__ = __bool__

    @property
    def shape(self):
        raise NotImplementedError("`shape` is not supported, currently.")

    def __setitem__(self, index, value):
        whole = index is Ellipsis or (isinstance(index, slice) and index == slice(None))
        if not whole:
            raise ValueError("The fusion supports `[...]` or `[:]`.")
        self.trace.record(_FUNCTIONS["positive"], (value,), self, None)

    def copy(self):
        return _FUNCTIONS["positive"](self)

    def astype(self, dtype, order=None, casting=None, subok=None, copy=True):
        return self.trace.record(_Cast(dtype), (self,), None, None)


class _ScalarProxy(_Proxy):
    pass


class _ArrayProxy(_Proxy):
    pass


for _op, _name in {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "floordiv": "floor_divide",
    "mod": "remainder", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
}.items():  # fmt: skip
    setattr(_Proxy, f"__{_op}__", lambda self, other, f=_FUNCTIONS[_name]: f(self, other))
    setattr(_Proxy, f"__r{_op}__", lambda self, other, f=_FUNCTIONS[_name]: f(other, self))
    setattr(_ArrayProxy, f"__i{_op}__", lambda self, other, f=_FUNCTIONS[_name]: f(self, other, self))
for _op, _name in {
    "pow": "power", "lt": "less", "le": "less_equal", "eq": "equal", "ne": "not_equal", "gt": "greater",
    "ge": "greater_equal",
}.items():  # fmt: skip
    setattr(_Proxy, f"__{_op}__", lambda self, other, f=_FUNCTIONS[_name]: f(self, other))  # no __rpow__, as in CuPy
_ArrayProxy.__ipow__ = lambda self, other: _FUNCTIONS["power"](self, other, self)
_Proxy.__neg__ = lambda self: _FUNCTIONS["negative"](self)
_Proxy.__hash__ = None


class _Cast:
    nin = nout = 1

    def __init__(self, dtype):
        self.dtype = np.dtype(dtype)
        self._numpy = lambda x, dtype=None: np.asarray(x).astype(self.dtype)


_ON_NUMBERS = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "true_divide": operator.truediv,
    "power": operator.pow, "negative": operator.neg, "positive": operator.pos,
}  # fmt: skip


class _Trace:
    """The recorded kernel: steps of (function, places of inputs, place of the result), and the constants."""

    def __init__(self, args):
        self.constants = {}
        self.steps = []
        self.proxies = []
        for x in args:
            if isinstance(x, ndarray):
                self.proxies.append(_ArrayProxy(len(self.proxies), x.dtype, x.ndim))
            else:
                self.proxies.append(_scalar_proxy(len(self.proxies), x))

    def record(self, function, args, out, dtype):
        if dtype is not None:
            raise TypeError("Wrong arguments {'dtype'}")
        args = list(args)
        if len(args) > function.nin:
            *args, out = args
        if len(args) != function.nin:
            raise ValueError("invalid number of arguments")
        inputs = [self._variable(x) for x in args]
        ndim = max(x.ndim for x in inputs)
        weak = all(x._weak for x in inputs)
        if weak:  # the first, smallest type of CuPy's list that fits
            numbers = [_small(x.dtype).type(1) for x in inputs]
            result = np.asarray(function._numpy(*numbers))
        else:
            samples = [x.dtype.type(1) if x.ndim < 0 else np.ones((1,) * x.ndim, x.dtype) for x in inputs]
            samples = [s.item() if x._weak else s for x, s in zip(inputs, samples, strict=True)]
            result = np.asarray(function._numpy(*samples))
        if out is None:
            out = (_ArrayProxy if ndim >= 0 else _ScalarProxy)(len(self.proxies), result.dtype, ndim)
            self.proxies.append(out)
        else:
            if not isinstance(out, _ArrayProxy):
                raise TypeError("return arrays must be of ArrayType")
            if out.ndim < ndim:
                raise ValueError("non-broadcastable output operand")
            if not np.can_cast(result.dtype, out.dtype, "same_kind"):
                raise TypeError(f"output 0: cannot cast {result.dtype} to {out.dtype}")
        places = [(x._place, _small(x.dtype) if weak else None) for x in inputs]
        self.steps.append((function, places, out._place, result.dtype if ndim < 0 else None))
        return out

    def _variable(self, x):
        if isinstance(x, _Proxy):
            return x
        if not isinstance(x, _SCALARS):
            raise TypeError(f"Unsupported type {type(x)}")
        constant = _scalar_proxy(len(self.proxies), x)
        self.proxies.append(constant)
        self.constants[constant._place] = x
        return constant

    def run(self, args):
        """The kernel on its arguments. A step of numbers alone is computed by Python and cast to CuPy's type for it."""
        values = {i: _operand(x) for i, x in enumerate(args)} | self.constants
        for function, inputs, place, dtype in self.steps:
            xs = [values[i] if small is None else _cast(values[i], small) for i, small in inputs]
            if dtype is None:
                result = function._numpy(*xs)
            else:
                on_numbers = _ON_NUMBERS.get(getattr(function, "__name__", ""), function._numpy)
                result = _cast(on_numbers(*[x.item() if isinstance(x, np.generic) else x for x in xs]), dtype)
            if isinstance(values.get(place), np.ndarray):
                values[place][...] = result
            else:
                values[place] = result


def _scalar_proxy(place, x):
    """Of a Python number, which is weak: it takes the others' type; or of a NumPy scalar, with its own."""
    return _ScalarProxy(place, np.asarray(x).dtype, -1, weak=not isinstance(x, np.generic))


def _small(dtype):
    return np.dtype({"f": np.float16, "i": np.int8, "b": np.bool_}[dtype.kind])


def _cast(x, dtype):
    return np.asarray(x).astype(dtype)[()]


class Fusion:
    def __init__(self, function, name):
        self.function, self.name = function, name or function.__name__
        self._kernels = {}

    def __call__(self, *args):
        if not any(isinstance(x, ndarray) for x in args):
            return self.function(*args)
        for x in args:
            if not isinstance(x, (ndarray, *_SCALARS)):
                raise TypeError(f"Invalid argument type for {self.name!r}: ({', '.join(repr(type(x)) for x in args)})")
        key = tuple((x.dtype.char, x.ndim) if isinstance(x, ndarray) else type(x) for x in args)
        if key not in self._kernels:
            trace = _Trace(args)
            if Proxy.trace is not None:
                raise RuntimeError("fuse inside fuse: not in the stand-in")
            Proxy.trace = trace
            try:
                result = self.function(*trace.proxies)
            finally:
                Proxy.trace = None
            if result is not None:
                raise NotImplementedError("a fused function that returns something: not in the stand-in")
            self._kernels[key] = trace
        self._kernels[key].run(args)
        _launch()
        counters.fused[self.name] = counters.fused.get(self.name, 0) + 1


def fuse(*args, **kwargs):
    if len(args) == 1 and not kwargs and callable(args[0]):
        return functools.update_wrapper(Fusion(args[0], None), args[0])
    unknown = set(kwargs) - {"kernel_name"}
    if unknown:
        raise TypeError(f"wrapper() got an unexpected keyword argument {unknown.pop()!r}")
    return lambda f: functools.update_wrapper(Fusion(f, kwargs.get("kernel_name")), f)
