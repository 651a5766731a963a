"""Checks that the optimizer exercises share: many steps, several arrays, gradients that change and at times are 0."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from minidl.homework.check import Check, Inputs
from minidl.homework.compare import Difference

SHAPES = ((3, 2), (2, 2), (2, 2))  # two arrays of one shape, or state kept by shape would go unseen
STEPS = 7


def optimizer_checks(name: str, *settings: dict[str, Any], by_hand: dict[str, Any]) -> list[Check]:
    """Checks of a class `name(params, **settings)` whose `step(grads)` changes the arrays of `params` in place.

    `by_hand` are the settings of a first check with two numbers and three steps; each of `settings` gives seven steps
    on three arrays in float64, the first of them also in float32.
    """
    checks = [Check("three steps on two numbers", two_numbers(by_hand), trace(name), explain=explain)]
    for setting in settings:
        shown = ", ".join(f"{k}={v:g}" for k, v in setting.items()) or "the default settings"
        checks.append(
            Check(f"{STEPS} steps on three arrays, {shown}", three_arrays(setting), trace(name), explain=explain)
        )
    first = settings[0]
    checks.append(Check("float32 stays float32", three_arrays(first, np.float32), trace(name), explain=explain))
    checks.append(Check("two optimizers side by side", three_arrays(first), _two_at_once(name)))
    return checks


def trace(name: str) -> Callable[[ModuleType, Inputs], Any]:
    """What to look at: every array after every step. The arrays are those that were handed over, in a list of its own:
    one who puts new arrays into that list has not changed what the network holds."""

    def run(code: ModuleType, inputs: Inputs) -> Any:
        params = [p.copy() for p in inputs["params"]]
        optimizer = getattr(code, name)(list(params), **inputs["settings"])
        seen = {}
        for t, grads in enumerate(inputs["grads"], start=1):
            optimizer.step(grads)
            seen[f"step {t}"] = {f"parameter {i}": p.copy() for i, p in enumerate(params)}
        return seen

    return run


def _two_at_once(name: str) -> Callable[[ModuleType, Inputs], Any]:
    """Two objects of the class take turns: state that lives in the class, or in a default argument, would be shared."""

    def run(code: ModuleType, inputs: Inputs) -> Any:
        both = [[p.copy() for p in inputs["params"]] for _ in range(2)]
        optimizers = [getattr(code, name)(list(params), **inputs["settings"]) for params in both]
        for t, grads in enumerate(inputs["grads"]):
            optimizers[0].step(grads)
            if t % 2:
                optimizers[1].step(grads)
        return {f"optimizer {k}": {f"parameter {i}": p for i, p in enumerate(ps)} for k, ps in enumerate(both, start=1)}

    return run


def two_numbers(setting: dict[str, Any]) -> Callable[[np.random.Generator], Inputs]:
    """Inputs of a trace that can be redone by hand: one array of two numbers, three gradients."""

    def inputs(rng: np.random.Generator) -> Inputs:
        grads = [np.round(rng.uniform(0.5, 2, 2) * rng.choice([-1, 1], 2), 2) for _ in range(3)]
        return {"params": [np.round(rng.normal(size=2), 2)], "grads": [[g] for g in grads], "settings": dict(setting)}

    return inputs


def three_arrays(setting: dict[str, Any], dtype: type = np.float64) -> Callable[[np.random.Generator], Inputs]:
    """Inputs of a trace of three arrays, two of them of one shape, with gradients that change."""

    def inputs(rng: np.random.Generator) -> Inputs:
        return {
            "params": [rng.normal(size=shape).astype(dtype) for shape in SHAPES],
            "grads": [[gradient(rng, shape, t).astype(dtype) for shape in SHAPES] for t in range(STEPS)],
            "settings": dict(setting),
        }

    return inputs


def gradient(rng: np.random.Generator, shape: tuple[int, ...], t: int) -> np.ndarray:
    """Entries between 1e-3 and 1e1 in size, either sign; one entry is zero at every step, others now and then."""
    g = 10 ** rng.uniform(-3, 1, shape) * (1 - 2 * rng.integers(0, 2, shape))
    g[rng.random(shape) < 0.15] = 0
    g.flat[-1] = 0  # never anything but zero: 0 / 0 where eps was forgotten
    g.flat[0] = 0 if t == 2 else g.flat[0]
    return g


def explain(wrong: Difference, inputs: Inputs) -> str:
    """The one number that is wrong: where it started and its gradients, so that a learner can redo it by hand."""
    import re

    place = re.fullmatch(r"step (\d+), parameter (\d+), element \(([\d, ]*)\)", wrong.where)
    settings = ", ".join(f"{k}={v:g}" for k, v in inputs["settings"].items()) or "default settings"
    if place is None:
        return f"with {settings}"
    step, which = int(place[1]), int(place[2])
    at = tuple(int(i) for i in place[3].split(",") if i.strip())
    gradients = ", ".join(f"{grads[which][at]:.6g}" for grads in inputs["grads"][:step])
    return (
        f"this number starts at {inputs['params'][which][at]:.10g}; its gradients up to here: {gradients}; {settings}"
    )
