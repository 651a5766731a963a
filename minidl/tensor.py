"""Tensor: an array that remembers how it was computed, and the backward pass that differentiates what it remembers.

Reading order: `Tensor` (what a value knows), then operation.py (how it is recorded), then `_differentiate` below (the
chain rule).
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import threading
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from .backend import Array, array_module, device_of, is_array, on_device_of, to_device, to_numpy

if TYPE_CHECKING:
    from .operation import Operation

# Every result gets the next number, and so does every change of a parameter in place. Two questions are answered by
# comparing numbers: which result came later, and was this parameter changed after that result was computed?
_clock = itertools.count(1)
_last_change = 0


class _Mode(threading.local):
    recording = True  # off inside no_grad()
    anomaly: Any = None  # inside detect_anomaly(), the detector


_mode = _Mode()


class Tensor:
    """An array with a gradient.

    data: a number, list, NumPy or CuPy array, or Tensor; it is copied. Floating arrays keep their dtype; Python
    numbers and lists become float32. Shapes and broadcasting are NumPy's. `requires_grad=True` asks `backward()` to
    write the gradient into `.grad`; integer data cannot have one (TypeError).
    """

    __slots__ = (  # noqa: RUF023
        "_data", "requires_grad", "_grad", "_op", "_inputs", "_values", "_options", "_made", "_changed", "_owner",
        "name", "_line", "__weakref__",
    )  # fmt: skip
    __array_ufunc__ = None  # so that array @ tensor asks the Tensor

    if TYPE_CHECKING:  # the operators and methods are assigned in one block, at the end of ops/__init__.py
        _line: str  # where the result was computed, noted inside detect_anomaly() only
        __add__: Any; __radd__: Any; __sub__: Any; __rsub__: Any; __mul__: Any; __rmul__: Any  # noqa: E702
        __truediv__: Any; __rtruediv__: Any; __pow__: Any; __rpow__: Any; __matmul__: Any; __rmatmul__: Any  # noqa: E702
        __neg__: Any; __abs__: Any; __getitem__: Any; __lt__: Any; __le__: Any; __gt__: Any; __ge__: Any  # noqa: E702
        exp: Any; log: Any; sqrt: Any; abs: Any; tanh: Any; sigmoid: Any; relu: Any; clip: Any; argmax: Any  # noqa: E702
        __array_function__: Any
        sum: Any; mean: Any; var: Any; max: Any; min: Any; reshape: Any; transpose: Any; copy: Any  # noqa: E702

    def __init__(self, data: Any, requires_grad: bool = False, dtype: Any = None, device: str | None = None) -> None:
        if isinstance(data, Tensor):
            data = data.data
        if dtype is None and not is_array(data) and not isinstance(data, np.generic):
            dtype = np.float32
        data = data if is_array(data) else np.asarray(data)
        if data.dtype.kind not in "biuf":  # asked before dtype= turns None into NaN and drops imaginary parts
            raise TypeError(f"a Tensor holds real numbers, got data of dtype {data.dtype}")
        with on_device_of(data):
            data = array_module(data).array(data, dtype=dtype)  # a copy
        if requires_grad and data.dtype.kind != "f":
            raise TypeError(
                f"only floating data can require a gradient, got dtype {data.dtype}; "
                "convert it first, for example with dtype='float32'"
            )
        self._data = data if device is None else to_device(data, device)
        self.requires_grad = requires_grad
        self._grad: Tensor | None = None
        self._op: Operation | None = None  # the operation that made this result; None for a leaf
        self._inputs: Sequence[Any] | None = ()  # its inputs, Tensors and constants; None once the graph is released
        self._values: Sequence[Any] = ()  # their arrays as they were then, and last the result's
        self._options: dict[str, Any] = {}
        self._made = 0
        self._changed = 0
        self._owner: Tensor | None = None  # for a view: the Tensor whose memory it shows
        self.name: str | None = None  # the dotted name that a model gives its parameters

    # -- the data

    def _set_data(self, value: Array) -> None:
        if not is_array(value) or (value.shape, value.dtype) != (self._data.shape, self._data.dtype):
            raise ValueError(f"data must stay an array of {_kind(self)}, got {_kind(value)}")
        self._data = value
        mark_changed(self)

    data = property(attrgetter("_data"), _set_data, doc="The array (NumPy or CuPy); assigning marks it as changed.")
    shape: Any = property(attrgetter("_data.shape"), doc="The shape, a tuple of int.")
    ndim: Any = property(attrgetter("_data.ndim"), doc="The number of axes.")
    size: Any = property(attrgetter("_data.size"), doc="The number of elements.")
    dtype: Any = property(attrgetter("_data.dtype"), doc="The dtype of the elements, a numpy.dtype.")
    device: Any = property(lambda self: device_of(self._data), doc='"cpu", "cuda" or "cuda:1".')
    T: Any = property(lambda self: self.transpose(), doc="The Tensor with its axes reversed.")

    def item(self) -> float | int:
        """The only element, as a Python number; ValueError where there are several."""
        if self.size != 1:
            raise ValueError(f"item() needs a Tensor with one element, this one has shape {self.shape}")
        return self._data.item()

    def numpy(self) -> np.ndarray:
        """A copy as a NumPy array, without the graph, from whichever device."""
        return np.array(to_numpy(self._data))

    def detach(self) -> Tensor:
        """The same memory as a constant: no gradient flows through it."""
        root = _root(self)  # remembered only where an optimizer may change it: a result would keep its graph alive
        return _result(self._data, owner=root if root._op is None else None)

    # -- the gradient

    @property
    def grad(self) -> Tensor | None:
        """What the last `backward()` calls added up: None, or a Tensor like this one. Assign None to clear it."""
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                value = Tensor(to_device(array_module(value).asarray(value, dtype=self.dtype), self.device))
            if (value.shape, value.dtype, value.device) != (self.shape, self.dtype, self.device):
                raise ValueError(f"the gradient of {_kind(self)} must be like it, got {_kind(value)}")
        self._grad = value

    def backward(self, grad: Any = None, retain_graph: bool = False, create_graph: bool = False) -> None:
        """Add the gradient of this Tensor to the `.grad` of every leaf it was computed from that requires one.

        grad: the gradient with respect to this Tensor, of its shape; may be left out where it has one element (1).
        The graph is released afterwards unless `retain_graph`. With `create_graph` the gradients carry a graph of
        their own and can be differentiated again; `minidl.grad` is tidier for that, because a leaf whose `.grad`
        leads back to the leaf is freed only by the garbage collector.
        """
        leaves: dict[int, tuple[Tensor, Any]] = {}
        with on_device_of(self._data):
            _differentiate([self], [grad], leaves, None, retain_graph or create_graph, create_graph)
            for leaf, g in leaves.values():
                if leaf._grad is not None:
                    g = (leaf._grad if create_graph else leaf._grad._data) + g
                leaf._grad = _as_tensor(g)

    # -- NumPy and Python

    def __reduce__(self) -> Any:  # for copy and pickle; the clock's numbers mean nothing in another process
        if self._op is not None:
            raise TypeError(f"the result of {self._op.name} cannot be copied or pickled with its graph: detach() it")
        return _restored, (self._data, self.requires_grad, self._grad, self.name)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if self.device != "cpu":
            raise TypeError(f"np.asarray of a Tensor on {self.device}: call .numpy(), which copies it to the host")
        if copy or (dtype is not None and np.dtype(dtype) != self.dtype):
            return np.array(self._data, dtype=dtype)
        view = self._data.view()
        view.flags.writeable = False  # writing through it would change a parameter behind the graph's back
        return view

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.item() if spec else str(self), spec)

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("a Tensor of shape () has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        raise TypeError(
            "a Tensor is neither true nor false; compare its value (loss.item() < 0.1), "
            "or ask for what you mean (t is None, t.size, (t.data > 0).any())"
        )

    def __eq__(self, other: Any) -> Any:
        with on_device_of(self._data):
            return self._data == (other._data if isinstance(other, Tensor) else other)

    def __ne__(self, other: Any) -> Any:
        with on_device_of(self._data):
            return self._data != (other._data if isinstance(other, Tensor) else other)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        text = np.array2string(to_numpy(self._data), separator=", ", prefix="Tensor(")
        parts = [text]
        if self.dtype != np.float32:
            parts.append(f"dtype={self.dtype}")
        if self.device != "cpu":
            parts.append(f"device={self.device!r}")
        if self._op is not None:
            parts.append(f"op={self._op.name}")
        elif self.requires_grad:
            parts.append("requires_grad=True")
        return f"Tensor({', '.join(parts)})"


def _result(data: Array, owner: Tensor | None = None) -> Tensor:
    """A constant Tensor around an array, not copied: the fast way in for what minidl itself computed."""
    t = Tensor.__new__(Tensor)
    t._data = data
    t.requires_grad = False
    t._grad = t._op = t.name = None
    t._inputs = t._values = ()
    t._options = {}
    t._made = t._changed = 0
    t._owner = owner
    return t


def _restored(data: Array, requires_grad: bool, grad: Tensor | None, name: str | None) -> Tensor:
    t = Tensor(data, requires_grad)
    t._grad, t.name = grad, name
    return t


def _root(x: Tensor) -> Tensor:
    """The Tensor whose memory x shows: itself, or for a view the one it was made from."""
    return x if x._owner is None else x._owner


def _as_tensor(g: Any) -> Tensor:
    return g if isinstance(g, Tensor) else _result(g if is_array(g) else np.asarray(g))


def _plain(x: Any) -> Any:
    """x with the arrays of the Tensors in it."""
    if isinstance(x, list | tuple):
        return type(x)(_plain(i) for i in x)
    return x._data if isinstance(x, Tensor) else x


def _kind(x: Any) -> str:
    """shape, dtype and device in words, for error messages."""
    if isinstance(x, Tensor) or is_array(x):
        device = device_of(x._data if isinstance(x, Tensor) else x)
        return f"shape {x.shape}, dtype {x.dtype}" + ("" if device == "cpu" else f" on {device}")
    return f"{type(x).__name__} {x!r}"


def mark_changed(t: Tensor) -> None:
    """Note that t's array was changed in place, so that a graph that still needs the old values raises."""
    global _last_change
    _last_change = _root(t)._changed = next(_clock)


def _differentiate(
    outputs: Sequence[Tensor],
    grads: Sequence[Any],
    leaves: dict[int, tuple[Tensor, Any]],
    inputs: Sequence[Tensor] | None,
    retain_graph: bool,
    create_graph: bool,
) -> None:
    """The chain rule, from the newest result to the oldest: a result is newer than its inputs, so that when its turn
    comes all of its gradient has arrived. Fills `leaves`: id -> (Tensor, gradient), for `inputs` or for all leaves.
    """
    wanted = None if inputs is None else {id(x) for x in inputs}
    passed = None if wanted is None else _passed(wanted, outputs)
    useful = None if wanted is None or passed is None else wanted | passed
    partial: dict[int, Any] = {}  # gradients of results whose turn has not come
    queue: list[tuple[int, Tensor]] = []  # those results, newest first

    def send(x: Tensor, dx: Any, g: Any, arguments: Sequence[Any]) -> None:
        key = id(x)
        if x._op is None if wanted is None else key in wanted:
            if key in leaves:
                leaves[key] = (x, leaves[key][1] + dx)  # not +=: create_graph needs the old value
            else:  # a gradient that leaves here owns its memory
                leaves[key] = (x, dx.copy() if _is_alias(dx, g, arguments) else dx)
        if x._op is not None and (passed is None or key in passed):
            if key in partial:
                partial[key] = partial[key] + dx  # not +=: dx may be another Tensor's gradient too
            else:
                partial[key] = dx
                heapq.heappush(queue, (-x._made, x))

    for y, g in zip(outputs, grads, strict=True):
        if not y.requires_grad:
            raise RuntimeError(
                "this Tensor requires no gradient: it was computed under no_grad(), or from constants only "
                "(make the parameters with requires_grad=True)"
            )
        g = _seed(y, g)
        g = g if create_graph else g._data
        send(y, g, g, ())

    while queue:
        y = heapq.heappop(queue)[1]
        g = partial.pop(id(y))
        op, parents = y._op, y._inputs
        assert op is not None
        if parents is None:
            raise RuntimeError(
                f"this graph was released by an earlier backward() (at {op.name}); compute the result again, or "
                "call the earlier one with backward(retain_graph=True)"
            )
        values = [*parents, y] if create_graph else y._values
        for x, (derivative, pick, places, options) in zip(parents, op.rules, strict=True):
            if not isinstance(x, Tensor) or not x.requires_grad or (useful is not None and id(x) not in useful):
                continue
            if _last_change > y._made:
                _check_unchanged(y, op, parents, places)
            arguments = pick(values)
            if options:
                dx = derivative(g, *arguments, **{name: y._options[name] for name in options})
            else:
                dx = derivative(g, *arguments)
            data = x._data
            if dx.dtype is not data.dtype or dx.shape != data.shape:
                dx = _fit(dx, x, op)
            if _mode.anomaly is not None:
                _mode.anomaly.check_backward(dx, g, y, op)
            send(x, dx, g, arguments)
        if not retain_graph:
            y._inputs, y._values = None, ()


def _is_alias(dx: Any, g: Any, arguments: Sequence[Any]) -> bool:
    """Whether something else may hold the memory of the gradient that a derivative gave: then it must be copied."""
    return dx is g or isinstance(dx, Tensor) or dx.base is not None or any(dx is v for v in arguments)


def _seed(y: Tensor, g: Any) -> Tensor:
    """The gradient to start from, checked."""
    if g is None:
        if y.size != 1:
            raise RuntimeError(
                f"only a Tensor with one element has a gradient by itself, this one has shape {y.shape}; reduce it "
                "(.sum() or .mean()) or give backward(grad) of that shape"
            )
        g = array_module(y._data).ones_like(y._data)
    holder = y.detach()
    holder.grad = g  # the setter checks shape, dtype and device
    seed = holder._grad
    assert seed is not None
    return seed


def _fit(dx: Any, x: Tensor, op: Operation) -> Any:
    """Undo broadcasting: sum the gradient over the axes along which x was repeated, and check what comes out."""
    shape = x._data.shape
    extra = len(dx.shape) - len(shape)
    axes = tuple(i for i, n in enumerate(dx.shape) if i < extra or (shape[i - extra] == 1 and n != 1))
    fits = extra >= 0 and all(i in axes or n == shape[i - extra] for i, n in enumerate(dx.shape))
    if not fits or dx.dtype != x._data.dtype:
        raise TypeError(f"the derivative of {op.name} gave {_kind(dx)} for an input of {_kind(x)}")
    if axes:
        dx = dx.sum(axis=axes, keepdims=True).reshape(shape)
    return dx


def _passed(wanted: set[int], outputs: Sequence[Tensor]) -> set[int]:
    """The ids of all results on the way from outputs to wanted Tensors: only through these need gradients flow."""
    found: dict[int, Tensor] = {}
    stack = list(outputs)
    while stack:
        y = stack.pop()
        if id(y) not in found:
            found[id(y)] = y
            stack.extend(x for x in y._inputs or () if isinstance(x, Tensor) and x.requires_grad)
    passed: set[int] = set()
    for y in sorted(found.values(), key=attrgetter("_made")):  # oldest first: inputs are decided before results
        leads = any(id(x) in wanted or id(x) in passed for x in y._inputs or ())
        if leads or (y._inputs is None and wanted != {id(y)}):  # released: it may have led there, then it shall raise
            passed.add(id(y))
    return passed


def _check_unchanged(y: Tensor, op: Operation, parents: Sequence[Any], places: Iterable[int]) -> None:
    for k in places:
        x = y if k == len(parents) else parents[k]
        if isinstance(x, Tensor) and _root(x)._changed > y._made:
            owner = _root(x)
            raise RuntimeError(
                f"the gradient of {op.name} needs the value that {owner.name or 'a Tensor'} ({_kind(owner)}) had when "
                "the result was computed, but it was changed in place since (by an optimizer's step()?); compute the "
                "result again before backward()"
            )


def grad(
    outputs: Any, inputs: Any, grad_outputs: Any = None, create_graph: bool = False, allow_unused: bool = False
) -> Any:
    """The gradients of outputs (a Tensor or a list, added up) with respect to inputs (likewise), `.grad` untouched.

    Returns a Tensor for a Tensor, a list for a list. With `create_graph` they can be differentiated again; without,
    the graph is released. Where the outputs do not depend on an input: RuntimeError, or None with `allow_unused`.
    """
    single = isinstance(inputs, Tensor)
    ys = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    xs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    gs = [grad_outputs] if isinstance(outputs, Tensor) else list(grad_outputs or [None] * len(ys))
    for x in xs:
        if not x.requires_grad:
            raise RuntimeError(f"an input of {_kind(x)} requires no gradient: make it with requires_grad=True")
    leaves: dict[int, tuple[Tensor, Any]] = {}
    with on_device_of(xs[0]._data if xs else None):
        _differentiate(ys, gs, leaves, xs, create_graph, create_graph)
    found = []
    for x in xs:
        if id(x) not in leaves and not allow_unused:
            raise RuntimeError(f"the outputs do not depend on the input of {_kind(x)}; allow_unused=True gives None")
        found.append(_as_tensor(leaves[id(x)][1]) if id(x) in leaves else None)
    return found[0] if single else found


@contextlib.contextmanager
def no_grad() -> Iterator[None]:
    """Inside, nothing is recorded: for evaluation, and for changing parameters by hand. Also a decorator."""
    before, _mode.recording = _mode.recording, False
    try:
        yield
    finally:
        _mode.recording = before
