"""The functions of the stand-in: ufuncs and the operators made of them, creation, transfer, choosing, joining."""

from __future__ import annotations

import numpy as np

from .array import (
    _FUNCTIONS,
    Proxy,
    _array_operand,
    _current,
    _index,
    _launch,
    _new,
    _operand,
    _out,
    _refuse,
    _view_of,
    counters,
    ndarray,
)  # fmt: skip


def _function(f):
    """A function of the stand-in, under its name without the underscore that keeps it off Python's own."""
    f.__name__ = f.__name__.strip("_")
    _FUNCTIONS[f.__name__] = f
    return f


class ufunc:
    def __init__(self, name):
        self.__name__, self._numpy = name, getattr(np, name)
        self.nin, self.nout = self._numpy.nin, self._numpy.nout

    def __call__(self, *args, out=None, dtype=None):
        if any(isinstance(x, Proxy) for x in args):
            return Proxy.trace.record(self, args, out, dtype)
        if len(args) > self.nin:
            if out is not None:
                raise ValueError("cannot specify 'out' as both a positional and keyword argument")
            *args, out = args
        if len(args) != self.nin:
            raise TypeError(f"{self.__name__} takes {self.nin} inputs, got {len(args)}")
        values = [_operand(x) for x in args]
        _launch()
        if out is None:
            return _new(self._numpy(*values, dtype=dtype))
        self._numpy(*values, out=_array_operand(out), dtype=dtype)
        return out

    def at(self, a, indices, b=None):
        if self.__name__ != "add":
            raise NotImplementedError(f"{self.__name__}.at: not in the stand-in")
        if a.dtype.char not in "iIQefd" and a.dtype not in (np.uint64, np.int32):
            raise TypeError("scatter_add only supports int32, float16, float32, float64, uint32, uint64, as data type")
        index, _ = _index(a, indices)
        _launch()
        np.add.at(_array_operand(a), index, _operand(b))

    def __repr__(self):
        return f"<ufunc 'cupy_{self.__name__}'>"


for _name in (
    "add", "subtract", "multiply", "true_divide", "divide", "floor_divide", "remainder", "power", "negative",
    "positive", "absolute", "sign", "square", "sqrt", "exp", "expm1", "exp2", "log", "log1p", "log2", "log10",
    "sin", "cos", "tan", "sinh", "cosh", "tanh", "arctan", "maximum", "minimum", "fmax", "fmin", "floor", "ceil",
    "rint", "trunc", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "isfinite", "isnan",
    "isinf", "logical_and", "logical_or", "logical_not", "logical_xor", "bitwise_and", "bitwise_or", "bitwise_xor",
    "invert", "left_shift", "right_shift", "reciprocal", "copysign", "hypot",
):  # fmt: skip
    _FUNCTIONS[_name] = ufunc(_name)


def _method(name, reflected=False, in_place=False):
    function = _FUNCTIONS[name]

    def method(self, other):
        if in_place:
            return function(self, other, self)
        if not isinstance(other, ndarray) and getattr(other, "__array_ufunc__", 0) is None:
            return NotImplemented  # a class that wants to answer itself, such as Tensor
        return function(other, self) if reflected else function(self, other)

    return method


for _op, _name in {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "power", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
    "lshift": "left_shift", "rshift": "right_shift",
}.items():  # fmt: skip
    setattr(ndarray, f"__{_op}__", _method(_name))
    setattr(ndarray, f"__r{_op}__", _method(_name, reflected=True))
    setattr(ndarray, f"__i{_op}__", _method(_name, in_place=True))
for _op, _name in {
    "lt": "less", "le": "less_equal", "eq": "equal", "ne": "not_equal", "gt": "greater", "ge": "greater_equal",
}.items():  # fmt: skip
    setattr(ndarray, f"__{_op}__", _method(_name))
for _op, _name in {"neg": "negative", "abs": "absolute", "invert": "invert"}.items():
    setattr(ndarray, f"__{_op}__", lambda self, f=_FUNCTIONS[_name]: f(self))
ndarray.__pos__ = lambda self: self
ndarray.__hash__ = None


@_function
def matmul(x1, x2, out=None):
    _launch()
    result = np.matmul(_array_operand(x1), _array_operand(x2))
    if out is not None:
        _array_operand(out)[...] = result
    return _out(result, out)


def _matmul_operator(x, y):
    if not isinstance(y, ndarray) and getattr(y, "__array_ufunc__", 0) is None:
        return NotImplemented
    return matmul(x, y)


ndarray.__matmul__ = _matmul_operator
ndarray.__rmatmul__ = lambda x, y: matmul(y, x)


# creation and transfer


@_function
def array(obj, dtype=None, copy=True, order="K", subok=False, ndmin=0, *, blocking=False):
    if isinstance(obj, ndarray):
        if obj._id != _current[-1]:
            counters.to_device += 1
            return _new(obj._a.astype(dtype or obj.dtype, order=order or "K"))
        if not copy and (dtype is None or np.dtype(dtype) == obj.dtype):
            return obj
        return obj.astype(dtype or obj.dtype, order=order or "K")
    if isinstance(obj, list | tuple) and any(isinstance(x, ndarray) for x in obj):
        raise NotImplementedError("array([cupy arrays]): not in the stand-in; use stack")
    counters.to_device += 1
    return _new(np.array(obj, dtype=dtype, order=order or "K", ndmin=ndmin))


@_function
def asarray(a, dtype=None, order=None, *, copy=None, blocking=False):
    return array(a, dtype, bool(copy), order)


@_function
def ascontiguousarray(a, dtype=None):
    return a if a.flags.c_contiguous and dtype in (None, a.dtype) else a.astype(dtype or a.dtype, order="C")


def asnumpy(a, stream=None, order="C", out=None, *, blocking=True):
    return a.get(stream, order, out) if isinstance(a, ndarray) else np.asarray(a, order=order)


def _created(a):
    _launch()
    return _new(a)


@_function
def zeros(shape, dtype=float, order="C"):
    return _created(np.zeros(shape, dtype, order))


@_function
def ones(shape, dtype=float, order="C"):
    return _created(np.ones(shape, dtype, order))


@_function
def empty(shape, dtype=float, order="C"):
    return _new(np.full(shape, 113, dtype, order))  # whoever relies on what is there is found out


@_function
def full(shape, fill_value, dtype=None, order="C"):
    return _created(np.full(shape, _operand(fill_value), dtype, order))


@_function
def eye(N, M=None, k=0, dtype=float, order="C"):
    return _created(np.eye(N, M, k, dtype, order))


@_function
def arange(start, stop=None, step=1, dtype=None):
    return _created(np.arange(start, stop, step, dtype) if stop is not None else np.arange(start, dtype=dtype))


@_function
def zeros_like(a, dtype=None, order="K", subok=None, shape=None):
    return _created(np.zeros_like(_array_operand(a), dtype, order, shape=shape))


@_function
def ones_like(a, dtype=None, order="K", subok=None, shape=None):
    return _created(np.ones_like(_array_operand(a), dtype, order, shape=shape))


@_function
def empty_like(prototype, dtype=None, order="K", subok=None, shape=None):
    return _new(np.full_like(_array_operand(prototype), 113, dtype, order, shape=shape))


@_function
def full_like(a, fill_value, dtype=None, order="K", subok=None, shape=None):
    return _created(np.full_like(_array_operand(a), _operand(fill_value), dtype, order, shape=shape))


# choosing, joining, shapes


@_function
def where(condition, x=None, y=None):
    if any(isinstance(i, Proxy) for i in (condition, x, y)):
        return Proxy.trace.record(where, (condition, x, y), None, None)
    if (x is None) != (y is None):
        raise ValueError("Must provide both 'x' and 'y' or neither.")
    if x is None:
        return _array_operand(condition) is not None and condition.nonzero()
    _launch()
    return _new(np.where(_operand(condition), _operand(x), _operand(y)))


where.nin, where._numpy = 3, np.where  # for the recording of fuse


@_function
def _clip(a, a_min, a_max, out=None):
    _launch()
    low, high = (None if x is None else _operand(x) for x in (a_min, a_max))
    result = np.clip(_array_operand(a), low, high, out=None if out is None else _array_operand(out))
    return _out(result, out)


@_function
def _take(a, indices, axis=None, out=None):
    if not isinstance(indices, int | np.integer):
        indices = _array_operand(indices)  # CuPy would take a NumPy array and a list too
    _launch()
    return _out(np.take(_array_operand(a), indices, axis, mode="wrap"), out)


@_function
def concatenate(tup, axis=0, out=None, *, dtype=None, casting="same_kind"):
    _launch()
    return _new(np.concatenate([_array_operand(x) for x in tup], axis, dtype=dtype))


@_function
def stack(tup, axis=0, out=None, *, dtype=None, casting="same_kind"):
    _launch()
    return _new(np.stack([_array_operand(x) for x in tup], axis, dtype=dtype))


@_function
def broadcast_to(array, shape):
    return _view_of(array, np.broadcast_to(_array_operand(array), shape))


@_function
def sliding_window_view(x, window_shape, axis=None, *, subok=False, writeable=False):
    """In cupy.lib.stride_tricks; a view, as there."""
    return _view_of(x, np.lib.stride_tricks.sliding_window_view(_array_operand(x), window_shape, axis))


@_function
def pad(array, pad_width, mode="constant", **kwargs):
    if mode not in ("constant", "edge", "reflect"):
        raise NotImplementedError(f"pad(mode={mode!r}): not in the stand-in")
    _launch()
    return _new(np.pad(_array_operand(array), pad_width, mode, **kwargs))


@_function
def expand_dims(a, axis):
    return _view_of(a, np.expand_dims(_array_operand(a), axis))


@_function
def _size(a, axis=None):
    return a.size if axis is None else a.shape[axis]


@_function
def _shape(a):
    return a.shape


@_function
def _ndim(a):
    return a.ndim


@_function
def array_equal(a1, a2, equal_nan=False):
    _launch()
    return _new(np.array_equal(_array_operand(a1), _array_operand(a2), equal_nan))


@_function
def allclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    _launch()
    return _new(np.allclose(_operand(a), _operand(b), rtol, atol, equal_nan))


@_function
def argsort(a, axis=-1, kind=None):
    _launch()
    return _new(np.argsort(_array_operand(a), axis, kind="stable"))


@_function
def copyto(dst, src, casting="same_kind", where=None):
    _launch()
    np.copyto(_array_operand(dst), _operand(src), casting)


def _as_function(name):
    def function(a, *args, **kwargs):
        return getattr(a if isinstance(a, ndarray) else _refuse(a), name)(*args, **kwargs)

    function.__name__ = name
    return _function(function)


for _name in (
    "sum", "prod", "mean", "var", "std", "max", "min", "all", "any", "argmax", "argmin", "cumsum", "reshape",
    "ravel", "transpose", "swapaxes", "squeeze", "copy", "nonzero",
):  # fmt: skip
    _as_function(_name)
_FUNCTIONS |= {"amax": _FUNCTIONS["max"], "amin": _FUNCTIONS["min"], "abs": _FUNCTIONS["absolute"]}
