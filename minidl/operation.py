"""Recording: how a function of arrays becomes a function of Tensors that can be differentiated."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from .backend import array_module, device_of, is_array, on_device_of
from .tensor import Tensor, _clock, _kind, _mode, _result, _root


class Operation:
    """A differentiable function: its forward on arrays and, for each input, one derivative.

    A derivative names what it needs: `g` (the gradient with respect to the result), `y` (the result), the inputs (by
    the names under which the derivatives are given) and the options. Of `mul = operation("mul", np.multiply,
    a=lambda g, b: g * b, b=lambda g, a: g * a)` the first line reads: with respect to a, the derivative of a * b is b.
    It is written in operators and minidl functions that take arrays and Tensors alike: on arrays it is the fast first
    derivative; on Tensors it records a graph itself, which gives the second.
    """

    __slots__ = ("defaults", "forward", "name", "rules")

    def __init__(self, name: str, forward: Callable, derivatives: dict[str, Callable]) -> None:
        self.name = name
        self.forward = forward
        place = {input_name: i for i, input_name in enumerate(derivatives)} | {"y": len(derivatives)}
        self.rules = []  # for each input: its derivative, what that needs of (*inputs, y), and of the options
        for derivative in derivatives.values():
            needs = list(inspect.signature(derivative).parameters)[1:]
            places = [place[n] for n in needs if n in place]
            self.rules.append((derivative, _picker(places), places, [n for n in needs if n not in place]))
        wanted = {n for *_, options in self.rules for n in options}
        self.defaults = {n: default for n, default in _defaults(forward).items() if n in wanted}


def _defaults(forward: Callable) -> dict[str, Any]:
    """The options of a function and their default values; none of one that cannot tell, as NumPy's own."""
    try:
        parameters = inspect.signature(forward).parameters.values()
    except ValueError:
        return {}
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def _picker(places: list[int]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """The function that picks these places out of a list; itemgetter is the fastest that Python has."""
    if len(places) > 1:
        return itemgetter(*places)
    return itemgetter(slice(places[0], places[0] + 1) if places else slice(0))


def operation(name: str, forward: Callable, doc: str = "", **derivatives: Callable) -> Callable[..., Any]:
    """The function that computes `forward` and records it; see `Operation` for how derivatives are written.

    The derivatives' keyword names are the input names, in the order of the positional arguments. Keyword arguments
    of the function are options: constants that forward and derivatives may name. Given arrays only, the function
    computes and records nothing.
    """
    op = Operation(name, forward, derivatives)

    def function(*inputs: Any, **options: Any) -> Any:
        first = None
        tracked = mixed = False
        values = []
        for x in inputs:
            if isinstance(x, Tensor):
                values.append(x._data)
                if first is None:
                    first = x
                elif x._data.dtype is not first._data.dtype:
                    mixed = True
                if x.requires_grad:
                    tracked = True
            else:
                values.append(x)
                if type(x) is not float and type(x) is not int:
                    mixed = True
        if first is None:
            return forward(*inputs, **options)
        if mixed or type(first._data) is not np.ndarray:
            inputs = _matched(op, inputs, first)
            values = [x._data if isinstance(x, Tensor) else x for x in inputs]
        try:
            if type(first._data) is np.ndarray:
                out = forward(*values, **options)
            else:
                with on_device_of(first._data):
                    out = forward(*values, **options)
        except (TypeError, ValueError) as error:
            _matched(op, inputs, first)  # raises where the devices differ
            if isinstance(error, TypeError):
                raise
            shapes = [str(np.shape(x)) for x in values]
            raise ValueError(f"{op.name} of shape{'s'[: len(shapes) - 1]} {' and '.join(shapes)}: {error}") from error
        if type(out) is not np.ndarray and not is_array(out):  # NumPy turns arrays without axes into scalars
            out = np.asarray(out)
        y = _result(out, None if out.base is None else _root(first))
        if tracked and _mode.recording:
            y.requires_grad = True
            y._op = op
            y._inputs = inputs
            values.append(out)
            y._values = values
            y._options = options if len(options) >= len(op.defaults) else {**op.defaults, **options}
            y._made = next(_clock)
        if _mode.anomaly is not None:
            _mode.anomaly.check_forward(y, op, inputs)
        return y

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    names = [inspect.Parameter(n, inspect.Parameter.POSITIONAL_ONLY) for n in derivatives]
    function.__signature__ = inspect.Signature(names)  # type: ignore[attr-defined]  # for help()
    return function


def _matched(op: Operation, inputs: Sequence[Any], first: Tensor) -> tuple[Any, ...]:
    """The inputs with constants cast to the Tensors' dtype; raises where Tensors differ in dtype or device."""
    device = first.device
    dtype = next((x.dtype for x in inputs if isinstance(x, Tensor) and x.dtype.kind == "f"), None)
    out: list[Any] = []
    for x in inputs:
        if isinstance(x, Tensor):
            if x.dtype != dtype and x.dtype.kind == "f":
                raise TypeError(
                    f"{op.name}: Tensors of dtype {dtype} and {x.dtype} do not mix; make both the same, "
                    f"for example with Tensor(..., dtype={str(dtype)!r})"
                )
            if x.device != device:
                raise ValueError(
                    f"{op.name}: one Tensor ({_kind(first)}) is on {device}, another ({_kind(x)}) on {x.device}; "
                    "move one of them, for example with Tensor(t, device=...)"
                )
            if dtype is not None and x.dtype != dtype:  # an integer Tensor has no gradient: it is a constant
                with on_device_of(x._data):
                    x = x._data.astype(dtype)
        elif isinstance(x, np.generic) or not isinstance(x, float | int):  # np.float64 is a float, but it promotes
            if is_array(x) and device_of(x) != device:
                raise ValueError(
                    f"{op.name}: the Tensor ({_kind(first)}) is on {device}, the array ({_kind(x)}) on {device_of(x)}; "
                    "move the array first: Tensor(array, device=...)"
                )
            constant = x if is_array(x) else np.asarray(x)
            if constant.dtype.kind not in "biuf":
                raise TypeError(f"{op.name}: cannot compute with a Tensor and {x!r}")
            with on_device_of(first._data):
                x = array_module(first._data).asarray(constant, dtype=dtype)
        out.append(x)
    return tuple(out)
