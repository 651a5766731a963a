"""The base class: everything an optimizer does besides its rule.

A rule is a method `update(self, w, g, *state, lr, ...)` on plain arrays, in place. It names after the `*` what it
wants to know: `lr`, its hyper-parameters, `t` (the number of this update of this parameter, 1, 2, ...), `first`
(whether t is 1, as a Python bool that a rule may branch on). A rule that names `weight_decay` applies it itself;
otherwise the gradient it gets already holds the L2 term, g + weight_decay * w.

Names are the same in all rules: w is the parameter (the papers' theta or x), g its gradient, lr the rate (alpha, eta),
t the number of the update; m, v, s, beta1, ... are the papers' own, m_hat is their m with a hat. In docstrings m^ is
m_hat, and <- reads "becomes".

Three hooks serve rules that need more: `initial` (state that does not start at zero), `numbers` (numbers worked out
once per update, also from numbers remembered from the last one) and `prepare` (once per step, all parameters in view).
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

import numpy as np

from ..backend import Array, array_module, device_of, on_device_of, to_device, to_numpy
from ..kernels import fuse
from ..tensor import Tensor, mark_changed
from .ranges import RANGES, checked

# A rule that says it is elementwise gets a parameter of twice this many elements or more in equal pieces of about this
# many, so that its temporaries stay in the cache; every piece costs some 10 microseconds of Python and NumPy calls.
# Measured for Adam on 2048 x 2048 floats: 9.0 ms in pieces of 2^16, 8.2 of 2^17, 12 with the whole array.
BLOCK = 1 << 17

Schedule = Callable[[int], float]


class Optimizer:
    """Updates parameters from their gradients; a subclass adds the rule.

    params: Tensors, an iterator of them, `model.parameters()`, `model.named_parameters()`, or a list of groups: dicts
    with "params" and any hyper-parameter that differs from the others' (`{"params": biases, "weight_decay": 0.0}`).
    lr: a number, or a schedule: a function from the number of steps done (0, 1, ...) to the rate.
    Raises ValueError for an empty list or a hyper-parameter out of range, TypeError for what is no parameter.

    A rule of your own: in the class, `state = ("m",)` names arrays that start as zeros like the parameter and come to
    `update` after g, to be changed in place: `m *= beta`, not `m = beta * m`. What `update` names after the `*` it is
    given: lr, the hyper-parameters that `__init__` passed on, t (1, 2, ...), first (t == 1). `optional_state =
    {"b": "momentum"}` is state that exists where a hyper-parameter is on (else None). `ranges = {"beta": "[0, 1)"}`
    bounds hyper-parameters. `elementwise = True` makes a rule faster whose elements do not look at each other.
    `check_optimizer` says whether a rule keeps what the others promise.
    """

    state: ClassVar[tuple[str, ...]] = ()  # the rule's arrays, which start as zeros like the parameter
    optional_state: ClassVar[dict[str, str]] = {}  # more of them: name -> the hyper-parameter that switches it on
    memory: ClassVar[dict[str, float]] = {}  # numbers remembered for each parameter: name -> first value
    shared: ClassVar[dict[str, float]] = {}  # numbers remembered for all parameters together: name -> first value
    elementwise: ClassVar[bool] = False  # True: each element by itself, so w may come flat and in pieces (see BLOCK)
    ranges: ClassVar[dict[str, str]] = {}  # of hyper-parameters: what ranges.RANGES lacks or has otherwise
    closure: ClassVar[str] = ""  # what step(closure) needs it for: "" nothing, "backward", or "loss" without backward
    gradients: ClassVar[str] = "1"  # how many gradients a step costs, for the table of optimizers

    def __init__(self, params: Any, **defaults: Any) -> None:
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.steps = 0  # done so far
        self._state: dict[Tensor, dict[str, Any]] = {}  # of each: {"t": updates so far, name: array or number}
        self.common = dict(self.shared)  # the shared numbers' values
        self._kernels: dict[Any, Callable[..., None]] = {}  # fused rules of the GPU
        if isinstance(self.state, str):
            raise TypeError(f"{type(self).__name__}: state must be a tuple of names, such as ({self.state!r},)")
        names = inspect.signature(self.update).parameters.values()
        self._wants = [p.name for p in names if p.kind is p.KEYWORD_ONLY]
        self._names: dict[Tensor, str] = {}
        if not isinstance(params, Iterable):
            raise TypeError(f"{type(self).__name__} got {params!r:.60}; give it the parameters: model.parameters()")
        groups = [params] if isinstance(params, Tensor) else list(params)
        if not groups:
            raise ValueError(
                f"{type(self).__name__} got no parameters: an iterator gives them only once, and a model's "
                "parameters are its Tensors made with requires_grad=True"
            )
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self._add_group(group)

    def _add_group(self, given: Any) -> None:
        me = type(self).__name__
        if not isinstance(given, dict) or "params" not in given:
            raise TypeError(f"{me}: a parameter group is a dict with 'params', got {given!r:.80}")
        unknown = sorted(set(given) - set(self.defaults) - {"params"})
        if unknown:
            raise ValueError(f"{me}: unknown hyper-parameter {unknown[0]!r}; it has {', '.join(self.defaults)}")
        params: list[Any] = [given["params"]] if isinstance(given["params"], Tensor) else list(given["params"])
        if not params:
            raise ValueError(f"{me}: parameter group {len(self.param_groups)} has no parameters")
        tensors: list[Tensor] = []
        for entry in params:
            named = isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], str)
            name, p = entry if named else (None, entry)
            if not isinstance(p, Tensor):
                raise TypeError(f"{me} updates Tensors, got {type(p).__name__} {p!r:.60}")
            if not p.requires_grad or p._op is not None:
                raise TypeError(
                    f"{me} updates leaf Tensors made with requires_grad=True; got "
                    + ("a result" if p._op is not None else "a constant")
                    + f" of shape {p.shape}"
                )
            if p in self._names:
                raise ValueError(f"{me}: the parameter {self._names[p]} is given twice")
            name = name or p.name or str(len(self._names))
            while name in self._names.values():
                name += "'"
            self._names[p] = name
            tensors.append(p)
        group = {**self.defaults, **given, "params": tensors}
        for key, x in group.items():
            if key != "params":
                group[key] = self._checked(key, x)
        self.check_group(group)
        self.param_groups.append(group)

    def _checked(self, name: str, x: Any) -> Any:
        """The hyper-parameter as plain Python numbers, or an error."""
        if callable(x) and name == "lr":
            return x
        default = inspect.signature(type(self)).parameters.get(name)
        interval = (RANGES | self.ranges).get(name)
        return checked(type(self).__name__, name, x, default.default if default else inspect.Parameter.empty, interval)

    def check_group(self, group: dict[str, Any]) -> None:
        """What one hyper-parameter alone does not tell; ValueError. Called for every group, new or loaded."""

    def update(self, w: Array, g: Array, *state: Any, **settings: Any) -> None:
        """The rule: change w in place, given its gradient g. Subclasses write this and nothing else."""
        raise NotImplementedError(f"{type(self).__name__} has no update rule")

    # -- hooks for rules that need more than this step's gradient

    def initial(self, name: str, w: Array, group: dict[str, Any]) -> Any:
        """The first value of a state array, in memory of its own: zeros like the parameter.

        None says that this parameter needs no such array; `update` then gets None.
        """
        return array_module(w).zeros_like(w, order="C")

    def numbers(self, state: dict[str, Any], group: dict[str, Any], lr: float) -> dict[str, float | bool]:
        """Numbers that `update` names besides lr, t and hyper-parameters; called once per update of a parameter.

        A bool among them may be branched on. state: the parameter's: "t" (already that of this update), its arrays,
        and its `memory`, which may be changed.
        """
        return {}

    def prepare(self, updates: list[tuple[Tensor, dict[str, Any], dict[str, Any], float]]) -> None:
        """Called once per step before anything is updated, with (parameter, its state, its group, rate) of each that
        will be; `self.common` holds the shared numbers."""

    # -- one step

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; RuntimeError where none has one.

        closure: optional; computes and returns the loss (calling backward()) before the update; returned by step().
        """
        loss = closure() if closure is not None else None
        rates = [self._rate(group) for group in self.param_groups]  # all checked before anything changes
        updates = [
            (p, self._state_of(p, group), group, lr)
            for group, lr in zip(self.param_groups, rates, strict=True)
            for p in group["params"]
            if p._grad is not None
        ]
        if not updates:
            raise RuntimeError(
                f"{type(self).__name__}.step(): no parameter has a gradient; call loss.backward() first, on a loss "
                "computed from the parameters given to this optimizer"
            )
        for _, state, _, _ in updates:
            state["t"] += 1
        self.prepare(updates)
        for update in updates:
            with on_device_of(update[0]._data):
                self._update_parameter(*update)
        self.steps += 1
        return loss

    def _rate(self, group: dict[str, Any]) -> float:
        lr = group["lr"]
        rate = float(lr(self.steps) if callable(lr) else lr)
        if not (0 <= rate < math.inf):
            raise ValueError(f"{type(self).__name__}: the learning rate {lr!r} gave {rate} at step {self.steps}")
        return rate

    def _update_parameter(self, p: Tensor, state: dict[str, Any], group: dict[str, Any], lr: float) -> None:
        w, t = p._data, state["t"]
        if w.size == 0:
            return  # nothing to update, and some rules divide by a length
        arrays = [w, p._grad._data, *map(state.get, (*self.state, *self.optional_state))]  # type: ignore[union-attr]
        numbers = {"lr": lr, "t": t, "first": t == 1, **self.numbers(state, group, lr)}
        known = {**group, **numbers}
        settings = {name: known[name] for name in self._wants if name in known}
        decay = 0.0 if "weight_decay" in settings else group.get("weight_decay", 0.0)
        on_cpu = array_module(w) is np
        pieces = max(1, w.size // BLOCK)
        if not self.elementwise or (on_cpu and not w.flags.c_contiguous):
            self._apply(arrays, settings, decay)
        elif not on_cpu:
            self._fused(arrays, {k for k, x in numbers.items() if not isinstance(x, bool)}, settings, decay)
        else:
            flat = [None if a is None else a.reshape(-1) for a in arrays]
            length = -(-w.size // pieces)
            for i in range(0, w.size, length):
                self._apply([None if a is None else a[i : i + length] for a in flat], settings, decay)
        mark_changed(p)

    def _apply(self, arrays: list[Any], settings: dict[str, Any], decay: float) -> None:
        w, g, *states = arrays
        if decay:
            g = g + decay * w
        if self.update(w, g, *states, **settings) is not None:  # type: ignore[func-returns-value]
            raise TypeError(f"{type(self).__name__}.update must change w in place (w -= ...) and return nothing")

    def _fused(self, arrays: list[Any], varying: set[str], settings: dict[str, Any], decay: float) -> None:
        """The rule as one GPU kernel: what varies from step to step is its arguments, all else its constants."""
        constants = {k: x for k, x in settings.items() if k not in varying}
        numbers = {k: x for k, x in settings.items() if k in varying}
        there = [a is not None for a in arrays]
        key = (decay, *constants.items(), *there)
        if key not in self._kernels:

            def rule(values: list[Any], present: list[Array]) -> None:
                given = iter(present)
                known = constants | dict(zip(numbers, values, strict=True))
                self._apply([next(given) if here else None for here in there], known, decay)

            self._kernels[key] = fuse(rule)
        self._kernels[key](list(numbers.values()), [a for a in arrays if a is not None])

    def _state_of(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        new = p not in self._state
        state = self._state.setdefault(p, {"t": 0, **self.memory})
        wanted = [name for name, switch in self.optional_state.items() if group[switch]]
        for name in (*self.state, *wanted) if new else wanted:
            if name not in state:
                with on_device_of(p._data):
                    x = self.initial(name, p._data, group)
                    if x is not None:  # asarray: what is added to 0-d zeros is a NumPy number
                        state[name] = array_module(p._data).asarray(x)
        return state

    # -- what a training loop needs

    def parameters(self) -> Iterator[Tensor]:
        """All parameters, group by group."""
        return (p for group in self.param_groups for p in group["params"])

    def zero_grad(self) -> None:
        """Set every `.grad` to None; always legal."""
        for p in self.parameters():
            p._grad = None

    @property
    def lr(self) -> float:
        """The rate that the next step uses (of the first group); assigning sets it, or a schedule, for all groups."""
        return self._rate(self.param_groups[0])

    @lr.setter
    def lr(self, rate: float | Schedule) -> None:
        rate = self._checked("lr", rate)
        for group in self.param_groups:
            group["lr"] = rate

    # -- saving

    def state_dict(self) -> dict[str, Any]:
        """Everything a continued run needs, as copies on the host: plain numbers, and arrays by parameter name.

        A schedule is code, not state: it is left out (None), and `load_state_dict` keeps the one in place.
        """
        state = {}
        for p in self.parameters():
            if p in self._state:
                saved = self._state[p]
                state[self._names[p]] = {
                    k: v if isinstance(v, int | float) else np.array(to_numpy(v)) for k, v in saved.items()
                }
        groups = []
        for group in self.param_groups:
            plain = {k: None if callable(v) else v for k, v in group.items()}
            groups.append({**plain, "params": [self._names[p] for p in group["params"]]})
        everything = {"optimizer": type(self).__name__, "steps": self.steps, "state": state, "param_groups": groups}
        return everything | ({"common": dict(self.common)} if self.shared else {})

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Take over a state_dict; ValueError, and nothing changed, where it is of another optimizer or other shapes."""
        me = type(self).__name__
        try:
            name, steps, state = saved["optimizer"], int(saved["steps"]), dict(saved["state"])
            groups = [dict(group) for group in saved["param_groups"]]
            theirs = [list(group["params"]) for group in groups]
            common = {name: type(x)(saved["common"][name]) for name, x in self.shared.items()}
        except (TypeError, KeyError, ValueError):
            raise ValueError(f"{me}: this is no optimizer state: expected the dict that state_dict() gives") from None
        if name != me:
            raise ValueError(f"the state is of {name}, this optimizer is {me}")
        mine = [[self._names[p] for p in group["params"]] for group in self.param_groups]
        if mine != theirs:
            raise ValueError(f"{me}: the state is for the parameter groups {theirs}, these are {mine}")
        new_groups: list[dict[str, Any]] = []
        new_state: dict[Tensor, dict[str, Any]] = {}
        for group, other in zip(self.param_groups, groups, strict=True):
            if set(other) != set(group):
                raise ValueError(f"{me}: the state has hyper-parameters {sorted(other)}, expected {sorted(group)}")
            kept = {k: v for k, v in other.items() if k != "params" and not (k == "lr" and v is None)}
            new_groups.append({**group, **{k: self._checked(k, v) for k, v in kept.items()}})
            self.check_group(new_groups[-1])
            for p in group["params"]:
                if self._names[p] in state:
                    new_state[p] = self._loaded(state.pop(self._names[p]), p, new_groups[-1])
        if state:
            raise ValueError(f"{me}: the state is of {', '.join(map(str, state))}, which no group has")
        self.param_groups, self._state, self.steps, self.common = new_groups, new_state, steps, common

    def _loaded(self, saved: Any, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        """One parameter's state, checked against a fresh one and copied to where the parameter is."""
        me, name = type(self).__name__, self._names[p]
        with on_device_of(p._data):
            first = {key: self.initial(key, p._data, group) for key in (*self.state, *self.optional_state)}
        fresh = {key: x for key, x in first.items() if x is not None}
        needed = {"t", *self.memory, *(key for key in self.state if key in fresh)}
        if not isinstance(saved, dict) or not needed <= set(saved) <= needed | set(fresh):
            raise ValueError(f"{me}: the state of {name} must hold {', '.join(sorted(needed))}, got {saved!r:.80}")
        loaded: dict[str, Any] = {"t": int(saved["t"])} | {key: float(saved[key]) for key in self.memory}
        for key in [key for key in saved if key not in loaded]:
            x, like = np.asarray(saved[key]), fresh[key]
            if x.shape != like.shape or x.dtype != like.dtype:
                raise ValueError(
                    f"{me}: state {key} of {name} has shape {x.shape} and dtype {x.dtype}, expected {like.shape} and "
                    f"{like.dtype} for a parameter of shape {p.shape} and dtype {p.dtype}"
                )
            loaded[key] = to_device(np.array(x, order="C"), device_of(p._data))
        return loaded

    def __repr__(self) -> str:
        group = self.param_groups[0]
        settings = ", ".join(f"{k}={v:g}" if isinstance(v, float) else f"{k}={v}" for k, v in group.items()
                             if k != "params")  # fmt: skip
        return f"{type(self).__name__}({settings})"
