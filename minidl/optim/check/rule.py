"""Checks of the rule itself: its arguments, and what it does to its arrays.

A check takes the subject and returns nothing, or why it was not asked; it raises Failed with what it found.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from ...tensor import Tensor
from ..more.wrappers import Wrapper
from ..optimizer import Optimizer
from .runs import SHAPES, Failed, Run, Subject, require, same


def made(s: Subject) -> None:
    """The constructor works; sets what the other checks need to know."""
    s.shapes = [shape for shape in SHAPES if not s.refuses(shape)] or SHAPES
    optimizer = s.make([Tensor(np.ones(s.shapes[0], "float32"), requires_grad=True)])
    if not isinstance(optimizer, Optimizer):
        raise Failed(f"the function must return an Optimizer, got {optimizer!r:.60}")
    s.name, s.closure = s.cls.__name__ if s.cls else type(optimizer).__name__, optimizer.closure
    while isinstance(optimizer, Wrapper):
        optimizer, s.wrapped = optimizer.base, True
    s.type = type(optimizer)
    parameters = list(inspect.signature(s.type).parameters)[1:]
    call = f"super().__init__(params, {', '.join(f'{name}={name}' for name in parameters)})"
    require("param_groups" in vars(optimizer), f"the constructor does not call that of Optimizer: write `{call}`")


def settings(s: Subject) -> str | None:
    """What the constructor takes reaches the optimizer."""
    if s.cls is None:
        return "not asked of a function"
    optimizer = s.run().optimizer
    known = optimizer.defaults | optimizer.common
    require("lr" in known, "there is no lr: write `super().__init__(params, lr=lr, ...)`")
    for switch in optimizer.optional_state.values():
        require(switch in known, f"optional_state names {switch!r}, which is no hyper-parameter ({', '.join(known)})")
    for parameter in list(inspect.signature(s.cls).parameters.values())[1:]:
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        name = parameter.name
        write = f"write `super().__init__(params, ..., {name}={name})`"
        require(name in known, f"the constructor takes {name}, but the optimizer does not know it: groups and "
                f"state_dict lack it; {write} and name it after the * of update")  # fmt: skip
        other = s.other(name)
        if other is not None:
            changed = s.make(s.run().params, **{name: other})
            require((changed.defaults | changed.common)[name] != known[name],
                    f"{name}={other} was given, and the optimizer still has {known[name]}; {write}")  # fmt: skip
    return None


def arguments(s: Subject) -> None:
    """update takes w, g and the arrays that state names, and after the * only what the base class can give it."""
    optimizer, names = s.run().base, s.names
    own_step = s.type.step is not Optimizer.step
    require(s.type.update is not Optimizer.update or own_step, "it has no rule: write `def update(self, w, g, *, lr)`")
    parameters = inspect.signature(s.type.update).parameters.values()
    given = {*optimizer.defaults, "lr", "t", "first"}
    state = [*optimizer.state, *optimizer.optional_state]
    keywords = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    late = [name for name in names[2:] if name in given and name not in state]
    settings = ", ".join(late + [p.name for p in keywords]) or "lr"
    write = f"write `def update({', '.join(['self', *names[:2], *state])}, *, {settings})`"
    require(not late, f"update takes {', '.join(late)} by position; hyper-parameters come after a *: {write}")
    if not any(p.kind is p.VAR_POSITIONAL for p in parameters):
        require(
            names[2:] == state, f"update takes {', '.join(names[2:]) or 'no arrays'} after {' and '.join(names[:2])}, "
            f"state names {', '.join(state) or 'none'}; both must name the same arrays in the same order: write "
            f"`state = {tuple(names[2:])}`, or {write[6:]}",
        )  # fmt: skip
    for p in keywords if s.type.numbers is Optimizer.numbers else ():
        require(
            p.default is not p.empty or p.name in given, f"update asks for {p.name}, which is neither lr, t, first nor "
            f"a hyper-parameter; pass it on: `super().__init__(params, ..., {p.name}={p.name})`",
        )  # fmt: skip


def steps(s: Subject) -> None:
    """Nothing is raised for a matrix; of other shapes the checks take those that do as well."""
    run = Run(s.make, s.shapes[:1])
    before = run.attributes()
    run.recorded().step(4)
    after = run.attributes()
    held = [k for k, x in vars(run.base).items() if isinstance(x, np.ndarray) and after.get(f"self.{k}") is not None]
    kept = [k for k in held if before.get(f"self.{k}") != after[f"self.{k}"]]
    if kept and s.type.update is not Optimizer.update:
        state = (*run.base.state, *(k.lstrip("_") for k in kept))
        _, *settings = str(inspect.signature(s.type.update)).partition("*")
        names = ", ".join(["self", *s.names[:2], *state])
        raise Failed(
            f"it keeps arrays in {', '.join(f'self.{k}' for k in kept)}{s.lines_that_set(kept)}, where all parameters "
            f"share them and state_dict lacks them; write `state = {state}` in the class, `def update({names}, "
            f"{''.join(settings) and '*' + settings[-1].partition(' ->')[0]}`, and change it in place: "
            f"`{state[-1]}[...] = ...`"
        )
    s.shapes = [shape for shape in s.shapes if s.takes(shape)]


def returns(s: Subject) -> str | None:
    calls = s.run().recorded().step(4).calls
    for call in calls:
        what = type(call.result).__name__
        require(call.result is None, f"update returned a {what}; it must change w in place, `{s.names[0]} -= ...`, and "
                "return nothing")  # fmt: skip
    return None if calls else "not asked: its step does without update"


def in_place(s: Subject) -> None:
    """The parameter keeps its array, and all of the step reaches it."""
    run = s.run(dtype="float64").recorded()
    w, arrays, before = s.names[0], [p.data for p in run.params], run.weights
    run.step(6)
    lines = s.rebound(w) or f"write `{w} -= ...`"
    for p, array, start in zip(run.params, arrays, before, strict=True):
        require(p.data is array, "a parameter has got another array; write into its own: `p.data[...] = ...`")
        moved = s.type.gradients == "0" or not same([array], [start])
        require(moved, f"a parameter of shape {p.shape} has not changed in 6 steps: {lines}")
    require(not any(call.lost(0, w) for call in run.calls), f"a part of the step never reaches the parameter: {lines}")


def gradient(s: Subject) -> None:
    """g, which is the user's, stays as it is."""
    run = s.run().recorded().step(3)
    g = s.names[1] if len(s.names) > 1 else "g"
    lines = s.written(g) or f"write `{g} = {g} + ...`, not `{g} += ...`"
    for call in run.calls:
        unchanged = same(call.before[1:2], call.arrays[1:2])
        require(unchanged, f"update writes into the user's gradient: {lines}")
    require(run.kept_gradients, "a step changes p.grad, which is the user's; leave it as it is")


def uses_gradient(s: Subject) -> str | None:
    """Opposite gradients, or other losses, lead elsewhere."""
    if s.type.gradients == "0":
        return "it takes no gradient"
    other = {"target": 1} if s.closure else {"scale": -1.0}
    first, second = s.run().step(3, target=0), s.run().step(3, **{"target": 0} | other)
    w, g = (*s.names, "w", "g")[:2] if len(s.names) > 1 else ("w", "g")
    require(
        not same(first.weights, second.weights), "the parameters go the same way whatever the gradient is; the step "
        f"must depend on it: `{w} -= lr * {g}`",
    )  # fmt: skip
    return None


def state(s: Subject) -> None:
    """Each state is an array with memory of its own, and fits an elementwise rule."""
    run = s.run().step(2)
    owners: list[tuple[str, Any]] = []
    for p, held in run.base._state.items():
        owners.append(("the parameter", p.data))
        for name in [name for name in (*run.base.state, *run.base.optional_state) if name in held]:
            x, what = held[name], f"initial gives {name} of a parameter of shape {p.shape}"
            require(
                isinstance(x, np.ndarray), f"{what} as {type(x).__name__}; it must be an array (arithmetic makes a "
                "number of one of shape (): write `x = super().initial(name, w, group); x += ...`) or None",
            )  # fmt: skip
            fits = x.shape == p.shape and x.flags.c_contiguous
            require(fits or not s.type.elementwise, f"{what} with shape {x.shape}; where elementwise = True it must be "
                    "like the parameter, and contiguous: `super().initial(name, w, group)` gives zeros")  # fmt: skip
            for owner, other in owners:
                require(not np.shares_memory(x, other), f"{what} in the memory of {owner}; return a copy: `w.copy()`")
            owners.append((f"{name} of shape {x.shape}", x))


def written(s: Subject) -> str | None:
    """What update computes for a state is there in the next step."""
    run = s.run(dtype="float64").recorded()
    names = [*run.base.state, *run.base.optional_state]
    run.step(4)
    for i, name in enumerate(names, start=2):
        calls = [c for c in run.calls if i < len(c.arrays) and c.arrays[i] is not None and c.arrays[i].size]
        label = s.names[i] if i < len(s.names) else name
        lines = s.rebound(label) or f"write `{label}[...] = ...`"
        if calls and all(same([call.before[i]], [call.arrays[i]]) for call in calls):
            lost = any(call.lost(i, label) for call in calls)
            require(not lost, f"state {name} keeps its first value, whatever update computes for it: {lines}")
            require(any(call.arrays[i].any() for call in calls), f"state {name} stays zero: {lines}")
    return None if names else "not asked: it has no state"


def dtype(s: Subject) -> None:
    for kind in ("float32", "float64"):
        run = s.run(dtype=kind).step(3)
        for p in run.params:
            require(p.data.dtype == kind, f"a {kind} parameter has become {p.data.dtype}")
            for name, x in run.base._state.get(p, {}).items():
                found = x.dtype if isinstance(x, np.ndarray) else kind
                require(found == kind, f"state {name} of a {kind} parameter is {found}; make it with dtype=w.dtype")


def elementwise(s: Subject) -> str | None:
    """Elements do not look at each other: in pieces, or in another order, each does what it did."""
    if not s.type.elementwise:
        return "not asked: elementwise is False"
    for call in s.run().recorded().step(3).calls:
        n = call.before[0].size
        for parts in ([np.arange(n // 2), np.arange(n // 2, n)], [np.random.default_rng(0).permutation(n)]):
            whole, pieces = call.again(np.arange(n)), [call.again(part) for part in parts]
            if not same(whole, call.again(np.arange(n))):
                return "not asked: the same call of update goes another way every time"
            joined = [np.concatenate(arrays) for arrays in zip(*pieces, strict=True)]
            require(
                same(joined, [x[np.concatenate(parts)] for x in whole]), "in pieces, or with its elements in another "
                "order, a parameter goes another way: the elements look at each other, as in a norm or a mean; write "
                "`elementwise = False`",
            )  # fmt: skip
    return None


