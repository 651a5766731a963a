"""A strict stand-in for CuPy, so that the GPU path is tested on machines without a GPU.

Put `fake_cupy.cupy` into `sys.modules["cupy"]` (the fixture `fake_cupy` does, and takes it out again). Its `ndarray`
wraps a NumPy array without being one, and refuses what the real one refuses: NumPy arrays as operands, implicit conversion to NumPy, operands on a device that is not the current one, keyword arguments that CuPy's functions
lack. Results without axes stay arrays. `fuse` records the function once with proxies that can do what CuPy's proxies
can, and replays the recording: what the function would do on a second call plays no part, as on the GPU.

Numbers in fused kernels have CuPy 14's types: Python's are weak, and two of them alone are computed in float16 or int8.
Stricter than CuPy 14 in: NumPy arrays as indices (CuPy moves them silently), operands on another device (CuPy computes
all the same where the two GPUs can reach each other), NumPy functions on fusion proxies, reductions in fused functions.
Like CuPy, integer arrays as indices wrap around where they are out of range.
It cannot check: CUDA code and its compilation, the last bits (a GPU adds in another order, `add.at` in another one at
every run), asynchrony, memory.

`counters` counts kernel launches and transfers: `counters.launches`, `.to_device`, `.to_host`, `.fused` (by name).
"""

from __future__ import annotations

import functools
import operator
import types
from types import SimpleNamespace

import numpy as np

DEVICES = 2
_SCALARS = (bool, int, float, complex, np.generic)
_DTYPES = "?bhilqBHILQefdFD"


class _Counters:
    def __init__(self):
        self.reset()

    def reset(self):
        self.launches = self.to_device = self.to_host = 0
        self.fused = {}


counters = _Counters()


# -- devices


class CUDARuntimeError(RuntimeError):
    pass


_current = [0]  # the stack of `with Device(i)`


class Device:
    def __init__(self, device=None):
        self.id = _current[-1] if device is None else int(device)

    def __int__(self):
        return self.id

    def __enter__(self):
        if not 0 <= self.id < DEVICES:
            raise CUDARuntimeError("cudaErrorInvalidDevice: invalid device ordinal")
        _current.append(self.id)
        return self

    def __exit__(self, *error):
        _current.pop()

    def use(self):
        with self:  # for the check
            pass
        _current[-1] = self.id

    def synchronize(self):
        pass

    def __eq__(self, other):
        return isinstance(other, Device) and self.id == other.id

    def __hash__(self):
        return self.id

    def __repr__(self):
        return f"<CUDA Device {self.id}>"


cuda = SimpleNamespace(
    Device=Device,
    runtime=SimpleNamespace(getDeviceCount=lambda: DEVICES, CUDARuntimeError=CUDARuntimeError),
    is_available=lambda: True,
)


# -- arguments in, results out


def _refuse(x):
    raise TypeError(f"Unsupported type {type(x)}")


def _operand(x):
    """The NumPy array or number behind an operand of a kernel."""
    if isinstance(x, ndarray):
        if x._id != _current[-1]:
            raise ValueError(
                f"The device where the array resides ({x._id}) is different from the current device ({_current[-1]}). "
                "Peer access is unavailable between these devices."
            )
        return x._a
    if isinstance(x, _SCALARS):
        return x
    return _refuse(x)


def _array_operand(x):
    return _operand(x) if isinstance(x, ndarray) else _refuse(x)


def _launch():
    counters.launches += 1


def _new(a, device=None):
    """A fake array that owns its memory."""
    a = np.asarray(a)
    if a.dtype.char not in _DTYPES:
        raise ValueError(f"Unsupported dtype {a.dtype}")
    x = ndarray.__new__(ndarray)
    x._a = a if a.base is None else a.copy(order="K")
    x._id = _current[-1] if device is None else device
    x.base = None
    return x


def _view_of(owner, a):
    """What NumPy gave for owner's array: a view, or memory of its own."""
    if not np.may_share_memory(a, owner._a) and a.size:
        return _new(a)
    x = ndarray.__new__(ndarray)
    x._a, x._id = a, owner._id
    x.base = owner if owner.base is None else owner.base
    return x


def _out(result, out):
    if out is None:
        return _new(result)
    return out


# -- indices


def _index(x, index):
    """NumPy's index for x[index], with integer arrays wrapped around; and whether it holds arrays."""
    parts = list(index) if isinstance(index, tuple) else [index]
    found = []
    advanced = False
    for part in parts:
        if isinstance(part, np.ndarray):
            raise TypeError(
                "index with a NumPy array: CuPy would copy it to the GPU at every use; move it there before "
                "(this is stricter than CuPy)"
            )
        if isinstance(part, list):
            counters.to_device += 1
            part = np.asarray(part, dtype=None if part else int)
            advanced = True
        elif isinstance(part, ndarray):
            part = _operand(part)
            advanced = True
        elif isinstance(part, bool | np.bool_):
            raise IndexError("a boolean scalar as an index: not in the stand-in")
        elif isinstance(part, slice):
            for bound in (part.start, part.stop, part.step):
                if bound is not None:
                    operator.index(bound)
        elif part is not None and part is not Ellipsis and not isinstance(part, int | np.integer):
            raise IndexError(
                "only integers, slices (`:`), ellipsis (`...`),numpy.newaxis (`None`) and integer or boolean arrays "
                "are valid indices"
            )
        if isinstance(part, np.ndarray) and part.dtype.kind not in "biu":
            raise IndexError(f"arrays used as indices must be of integer or boolean type. (actual: {part.dtype})")
        found.append(part)
    if sum(isinstance(p, np.ndarray) and p.dtype.kind == "b" for p in found) > 1:
        raise IndexError("CuPy does not support several boolean arrays in one index")
    used = sum(p.ndim if isinstance(p, np.ndarray) and p.dtype.kind == "b" else 1
               for p in found if p is not None and p is not Ellipsis)  # fmt: skip
    axis = 0
    for k, part in enumerate(found):
        if part is Ellipsis:
            axis += x.ndim - used
        elif isinstance(part, np.ndarray) and part.dtype.kind == "b":
            axis += part.ndim
        elif part is not None:
            if isinstance(part, np.ndarray) and axis < x.ndim and x.shape[axis]:
                found[k] = part % x.shape[axis]
            axis += 1
    return tuple(found), advanced


# -- the array


class ndarray:
    """What cupy.ndarray is to its users. Only the functions and methods below exist."""

    __slots__ = ("__weakref__", "_a", "_id", "base")
    __array_priority__ = 100
    __hash__ = None

    def __init__(self, shape, dtype=float, memptr=None, strides=None, order="C"):
        if memptr is not None or strides is not None:
            raise NotImplementedError("memptr and strides: not in the stand-in")
        self._a, self._id, self.base = np.empty(shape, dtype, order), _current[-1], None

    shape = property(lambda self: self._a.shape)
    ndim = property(lambda self: self._a.ndim)
    size = property(lambda self: self._a.size)
    dtype = property(lambda self: self._a.dtype)
    itemsize = property(lambda self: self._a.itemsize)
    nbytes = property(lambda self: self._a.nbytes)
    strides = property(lambda self: self._a.strides)
    device = property(lambda self: Device(self._id))
    T = property(lambda self: _view_of(self, self._a.T))

    @property
    def flags(self):
        f = self._a.flags
        return SimpleNamespace(c_contiguous=f.c_contiguous, f_contiguous=f.f_contiguous, owndata=self.base is None)

    # to the host, explicitly

    def get(self, stream=None, order="C", out=None, blocking=True):
        counters.to_host += 1
        if out is not None:
            out[...] = self._a
            return out
        return np.array(self._a, order=order)

    def item(self):
        if self.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        return self.get().item()

    def tolist(self):
        return self.get().tolist()

    def __float__(self):
        return float(self.get())

    def __int__(self):
        return int(self.get())

    def __bool__(self):
        if self.size != 1:
            raise ValueError("The truth value of an array with more than one element is ambiguous.")
        return bool(self.get())

    def __repr__(self):
        return repr(self.get())

    __str__ = __repr__

    def __format__(self, spec):
        return format(self.get(), spec)

    def __reduce__(self):
        return array, (self.get(),)

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        with self.device:
            return self.copy()

    # NumPy's protocols

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy array "
            "explicitly."
        )

    def __array_ufunc__(self, function, method, *inputs, **kwargs):
        name = "absolute" if function is np.absolute else function.__name__
        here = _FUNCTIONS.get(name)
        if method != "__call__" or here is None:
            return NotImplemented
        if "out" in kwargs:
            (kwargs["out"],) = kwargs["out"]
        for x in (*inputs, kwargs.get("out")):
            if x is not None and not isinstance(x, (ndarray, np.ndarray, *_SCALARS)):
                return NotImplemented
        return here(*inputs, **kwargs)

    def __array_function__(self, function, types, args, kwargs):
        here = _FUNCTIONS.get(function.__name__) if function.__module__ == "numpy" else None
        if here is None or any(t not in (ndarray, np.ndarray) for t in types):
            return NotImplemented
        return here(*args, **kwargs)

    # elements

    def __len__(self):
        if self.ndim == 0:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self):
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(self.shape[0]))

    def __getitem__(self, index):
        index, advanced = _index(self, index)
        if advanced:
            _launch()
            return _new(_operand(self)[index])
        return _view_of(self, self._a[(*index, Ellipsis)] if Ellipsis not in index else self._a[index])

    def __setitem__(self, index, value):
        index, _ = _index(self, index)
        _launch()
        _operand(self)[index] = _operand(value)

    def fill(self, value):
        self[...] = value

    def take(self, indices, axis=None, out=None):
        return _take(self, indices, axis, out)

    def nonzero(self):
        _launch()
        return tuple(_new(i) for i in np.nonzero(_operand(self)))

    # shapes

    def reshape(self, *shape, order="C", copy=None):
        shape = shape[0] if len(shape) == 1 else shape
        return _view_of(self, self._a.reshape(shape, order=order))

    def ravel(self, order="C"):
        return _view_of(self, self._a.reshape(-1, order=order))

    def flatten(self, order="C"):
        _launch()
        return _new(_operand(self).flatten(order))

    def transpose(self, *axes):
        axes = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        return _view_of(self, self._a.transpose(tuple(axes) if axes else None))

    def swapaxes(self, axis1, axis2):
        return _view_of(self, self._a.swapaxes(axis1, axis2))

    def squeeze(self, axis=None):
        return _view_of(self, self._a.squeeze(axis))

    def view(self, dtype=None):
        return _view_of(self, self._a.view() if dtype is None else self._a.view(dtype))

    # copies

    def copy(self, order="C"):
        _launch()  # to the current device, from whichever
        return _new(self._a.copy(order))

    def astype(self, dtype, order="K", casting=None, subok=None, copy=True):
        if casting is not None or subok is not None:
            raise TypeError("casting and subok are not supported yet")
        if not copy and np.dtype(dtype) == self.dtype and order == "K":
            return self
        _launch()
        return _new(_operand(self).astype(dtype, order=order))

    # reductions

    def sum(self, axis=None, dtype=None, out=None, keepdims=False):
        return self._reduced("sum", out, axis=axis, dtype=dtype, keepdims=keepdims)

    def prod(self, axis=None, dtype=None, out=None, keepdims=False):
        return self._reduced("prod", out, axis=axis, dtype=dtype, keepdims=keepdims)

    def mean(self, axis=None, dtype=None, out=None, keepdims=False):
        return self._reduced("mean", out, axis=axis, dtype=dtype, keepdims=keepdims)

    def var(self, axis=None, dtype=None, out=None, ddof=0, keepdims=False):
        return self._reduced("var", out, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims)

    def std(self, axis=None, dtype=None, out=None, ddof=0, keepdims=False):
        return self._reduced("std", out, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims)

    def max(self, axis=None, out=None, keepdims=False):
        return self._reduced("max", out, axis=axis, keepdims=keepdims)

    def min(self, axis=None, out=None, keepdims=False):
        return self._reduced("min", out, axis=axis, keepdims=keepdims)

    def all(self, axis=None, out=None, keepdims=False):
        return self._reduced("all", out, axis=axis, keepdims=keepdims)

    def any(self, axis=None, out=None, keepdims=False):
        return self._reduced("any", out, axis=axis, keepdims=keepdims)

    def argmax(self, axis=None, out=None, dtype=None, keepdims=False):
        return self._reduced("argmax", out, axis=axis, keepdims=keepdims)

    def argmin(self, axis=None, out=None, dtype=None, keepdims=False):
        return self._reduced("argmin", out, axis=axis, keepdims=keepdims)

    def cumsum(self, axis=None, dtype=None, out=None):
        return self._reduced("cumsum", out, axis=axis, dtype=dtype)

    def _reduced(self, name, out, **options):
        _launch()
        result = getattr(_operand(self), name)(**options)
        if out is not None:
            _array_operand(out)[...] = result
        return _out(result, out)

    def clip(self, min=None, max=None, out=None):
        return _clip(self, min, max, out)

    def dot(self, b, out=None):
        return matmul(self, b, out)  # of matrices

    # operators: assigned below, from the ufuncs


# -- functions: __array_ufunc__ and __array_function__ find them here by the names of NumPy's

_FUNCTIONS = {}


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
        if any(isinstance(x, _Proxy) for x in args):
            return _Proxy._trace.record(self, args, out, dtype)
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
    "add subtract multiply true_divide divide floor_divide remainder power negative positive absolute sign square sqrt "
    "exp expm1 exp2 log log1p log2 log10 sin cos tan sinh cosh tanh arctan maximum minimum fmax fmin floor ceil rint "
    "trunc equal not_equal less less_equal greater greater_equal isfinite isnan isinf logical_and logical_or "
    "logical_not logical_xor bitwise_and bitwise_or bitwise_xor invert left_shift right_shift reciprocal copysign "
    "hypot"
).split():
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
    if any(isinstance(i, _Proxy) for i in (condition, x, y)):
        return _Proxy._trace.record(_Where(), (condition, x, y), None, None)
    if (x is None) != (y is None):
        raise ValueError("Must provide both 'x' and 'y' or neither.")
    if x is None:
        return _array_operand(condition) is not None and condition.nonzero()
    _launch()
    return _new(np.where(_operand(condition), _operand(x), _operand(y)))


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
    "sum prod mean var std max min all any argmax argmin cumsum reshape ravel transpose swapaxes squeeze copy nonzero"
).split():
    _as_function(_name)
_FUNCTIONS |= {"amax": _FUNCTIONS["max"], "amin": _FUNCTIONS["min"], "abs": _FUNCTIONS["absolute"]}

# -- kernel fusion


class _Proxy:
    """A value while `fuse` records: a parameter, constant or result of the kernel. It has no value yet."""

    _trace = None  # the recording in progress
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
        self._trace.record(_FUNCTIONS["positive"], (value,), self, None)

    def copy(self):
        return _FUNCTIONS["positive"](self)

    def astype(self, dtype, order=None, casting=None, subok=None, copy=True):
        return self._trace.record(_Cast(dtype), (self,), None, None)


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


class _Where:
    nin, nout = 3, 1
    _numpy = staticmethod(lambda c, x, y, dtype=None: np.where(c, x, y))


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
            result = np.asarray(function._numpy(*[s.item() if x._weak else s for x, s in zip(inputs, samples, strict=True)]))
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
    """Of a Python number, which is weak: it takes the type of what it meets; or of a NumPy scalar, which has its own."""
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
            if _Proxy._trace is not None:
                raise RuntimeError("fuse inside fuse: not in the stand-in")
            _Proxy._trace = trace
            try:
                result = self.function(*trace.proxies)
            finally:
                _Proxy._trace = None
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


def reset():
    """As if freshly imported: the first device, counters at zero."""
    _current[:] = [0]
    _Proxy._trace = None
    counters.reset()


cupy = types.ModuleType("cupy", "The stand-in, as a module.")
vars(cupy).update(
    _FUNCTIONS, ndarray=ndarray, ufunc=ufunc, asnumpy=asnumpy, cuda=cuda, fuse=fuse, counters=counters, reset=reset,
    newaxis=None, inf=np.inf, nan=np.nan, pi=np.pi, __version__="14.0.0",
)  # fmt: skip
for _name in "float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool_ generic".split():
    setattr(cupy, _name, getattr(np, _name))
