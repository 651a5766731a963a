"""The array of the stand-in, its devices, and the counters."""

from __future__ import annotations

import operator
from types import SimpleNamespace

import numpy as np

DEVICES = 2
_SCALARS = (bool, int, float, complex, np.generic)
_DTYPES = "?bhilqBHILQefdFD"
_FUNCTIONS = {}  # __array_ufunc__ and __array_function__ find CuPy's functions here, by the names of NumPy's


class Proxy:
    """A value while `fuse` records: see fusion.py."""

    trace = None  # the recording in progress


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
        return _FUNCTIONS["array"], (self.get(),)

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
        known = function.__module__ in ("numpy", "numpy.lib.stride_tricks")
        here = _FUNCTIONS.get(function.__name__) if known else None
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
        return _FUNCTIONS["take"](self, indices, axis, out)

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
        return _FUNCTIONS["clip"](self, min, max, out)

    def dot(self, b, out=None):
        return _FUNCTIONS["matmul"](self, b, out)  # of matrices

    # operators: assigned in functions.py, from the ufuncs
