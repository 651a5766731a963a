"""Checks of what a training loop needs: any parameters, groups, rates, saving, and a loss that falls.

A check takes the subject and returns nothing, or why it was not asked; it raises Failed with what it found.
"""

from __future__ import annotations

import inspect
import json
from typing import Any

import numpy as np

from ...tensor import Tensor
from .runs import Failed, Run, Subject, require, same

HIDDEN = "numbers belong into `memory` or `shared`, arrays into `state`, and the number of updates so far is `t`"


def finite(s: Subject) -> None:
    """No 0 / 0: anywhere, at a gradient of zero, at weights of zero, at both."""
    zero: dict[str, Any] = {"scale": 0.0}
    usual = s.run()
    for step in range(1, 4):
        require(
            all(np.isfinite(w).all() for w in usual.step().weights), f"a weight is no longer finite after step {step}; "
            + ("is something divided by what is 0 at t = 1, such as 1 - beta**(t - 1)? t is 1 in the first step: write "
               "`1 - beta**t`" if step == 1 else "is something divided by 0, or is the root of something negative?"),
        )  # fmt: skip
    situations: list[tuple[str, float, list[dict[str, Any]]]] = [
        ("a gradient of zero from the first step on", 1.0, [zero, zero]),
        ("a gradient that becomes zero", 1.0, [{}, {}, zero, zero]),
        ("weights of zero", 0.0, [{}, {}]),
        ("weights and gradients of zero", 0.0, [zero, zero]),
    ]
    for what, start, steps in situations:
        run = s.run(start=start)
        for number, options in enumerate(steps, start=1):
            ok = all(np.isfinite(w).all() for w in run.step(**options).weights)
            require(ok, f"{what}: a weight is no longer finite after step {number}; is something divided by a root or "
                    "a norm that can be 0? add eps to it")  # fmt: skip


def shapes(s: Subject) -> None:
    """Every shape is taken, or refused by the constructor."""
    for shape in [(), (1,), (4,), (0, 3), (3, 4), (2, 3, 2)]:
        if s.refuses(shape):
            continue
        run = Run(s.make, [shape])
        try:
            run.step(3)
        except Exception as error:
            message = f"a parameter of shape {shape}: {s.told(error)}; handle that shape, or refuse it in check_group"
            raise Failed(message) from error
        require(run.params[0].shape == shape, f"a parameter of shape {shape} has become {run.params[0].shape}")


def layout(s: Subject) -> None:
    """A parameter that is a view of something larger is updated as any other."""
    runs = [s.run(dtype="float64", strided=strided).step(4) for strided in (False, True)]
    for a, b in zip(*(run.weights for run in runs), strict=True):
        require(
            np.allclose(a, b, rtol=1e-9), f"a parameter of shape {a.shape} that is not contiguous goes another way; "
            "reshape, ravel and flatten copy such an array, and what is written into the copy is lost",
        )  # fmt: skip


def without_gradient(s: Subject) -> str | None:
    if s.type.gradients == "0":
        return "not asked: it uses no gradient"
    lr = s.run().optimizer.lr
    run, alone = s.run().rate(lr), s.run(which=[0]).rate(lr)
    start = run.weights[:1]
    run.step(3, without=[0])
    require(same(run.weights[:1], start), "a parameter whose gradient is None has moved; leave it alone")
    if not (s.together or s.wrapped):
        alone.t = 3
        require(
            same(run.step(3).weights[:1], alone.step(3).weights), "a parameter whose first gradient comes in step 4 "
            "does not start like a new one; count its updates with t (1, 2, ...), not with self.steps",
        )  # fmt: skip
    return None


def alone(s: Subject) -> str | None:
    """A parameter goes the same way beside others, in any order, and by itself."""
    if s.together:
        return s.together
    run, order = s.run(), range(len(s.shapes))
    before = run.attributes()
    expected = run.step(5).weights
    why = s.changed(before, run)
    for i in order:
        require(
            same(s.run(which=[i]).step(5).weights, [expected[i]]), f"a parameter beside others goes another way than "
            f"alone{why}; {HIDDEN}; a rule that is meant to look at all parameters does so in `prepare`",
        )  # fmt: skip
    backwards = s.run(which=order[::-1]).step(5).weights[::-1]
    require(same(backwards, expected), f"the order of the parameters matters{why}; {HIDDEN}")
    return None


def others(s: Subject) -> None:
    """An optimizer goes the same way beside another one of its class."""
    first, second = s.run(), s.run(start=-3.0)
    before = first.attributes()
    for _ in range(5):
        first.step()
        second.step(scale=2.0)
    why = s.changed(before, first)
    require(same(first.weights, s.run().step(5).weights), f"two optimizers share something{why}; {HIDDEN}")


def groups(s: Subject) -> str | None:
    """Two groups with settings of their own are two optimizers."""
    if s.together:
        return s.together
    lr = s.run().optimizer.lr
    own: dict[str, Any] = {}
    for name in inspect.signature(s.cls).parameters if s.cls else ():
        other = s.other(name, **own)
        own |= {} if name == "lr" or other is None else {name: other}

    def parts(params: list[Tensor]) -> Any:
        return [{"params": params[:1], "lr": lr}, {"params": params[1:], "lr": 2 * lr, **own}]

    which = range(1, len(s.shapes))
    first, found = s.run(which=[0]).rate(lr).step(5), s.run(arrange=parts).step(5)
    second = Run(lambda params: s.make(params, **own), s.shapes, which=which).rate(2 * lr).step(5)
    require(
        same(found.weights, first.weights + second.weights), "two groups with settings of their own do not do what two "
        "optimizers do; use what update gets after its *, not self.defaults, self.lr or other attributes of self",
    )  # fmt: skip
    return None


def rate(s: Subject) -> str | None:
    """lr acts, a schedule is followed, and at lr = 0 nothing moves."""
    lr = s.run().optimizer.lr
    full = s.run().rate(lr).step(5, target=0).weights
    half = s.run().rate(lr / 2).step(5, target=0).weights
    require(not same(half, full), "half the rate goes the same way: update must use the lr that it gets after its *")
    by_hand = s.run().rate(lr).step(2).rate(lr / 4).step(3).weights
    require(
        same(s.run().rate(lambda step: lr if step < 2 else lr / 4).step(5).weights, by_hand), "a schedule goes another "
        "way than its rates set by hand; use the lr that update gets after its *",
    )  # fmt: skip
    if s.type.gradients == "0":
        return None
    start = s.run().weights
    try:
        still = s.run().rate(0.0).step(5, target=0).weights
    except ValueError:  # FTRL divides by it, and says so
        return None
    moved, usual = _moved(still, start), _moved(full, start)
    require(
        moved <= 0.01 * usual, f"with lr=0 a weight moved by {moved:.2g} in 5 steps, with lr={lr:g} by {usual:.2g}; "
        "multiply all that is subtracted by lr, weight decay too",
    )  # fmt: skip
    return None


def _moved(a: list[np.ndarray], b: list[np.ndarray]) -> float:
    return max(float(np.abs(x - y).max()) for x, y in zip(a, b, strict=True))


def weight_decay(s: Subject) -> str | None:
    """It acts, and at a gradient of zero it makes the weights smaller."""
    if "weight_decay" not in s.run().optimizer.param_groups[0]:
        return "not asked: it has none"
    runs = []
    for decay in (0.0, 0.1):
        runs.append(s.run(dtype="float64"))
        for group in runs[-1].optimizer.param_groups:
            group["weight_decay"] = decay
    start, (plain, decayed) = runs[0].weights, (run.step(5, scale=0.0).weights for run in runs)
    named = "weight_decay" in runs[0].base._wants
    write = "update names weight_decay, so it must apply it: `w *= 1 - lr * weight_decay`" if named else "use g"
    require(not same(plain, decayed), f"weight_decay=0.1 changes nothing; {write}")
    for w, x in zip(decayed, start, strict=True):
        a, b = float(np.linalg.norm(x)), float(np.linalg.norm(w))
        require(b < a, f"with weight_decay=0.1 and a gradient of zero the weights must shrink; their norm went from "
                f"{a:.9g} to {b:.9g}: look at the sign")  # fmt: skip
    return None


def repeats(s: Subject) -> None:
    run = s.run()
    before = run.attributes()
    first, why = run.step(4).weights, s.changed(before, run)
    require(
        same(s.run().step(4).weights, first), f"two runs from the same start differ{why}; random numbers must follow "
        "from a seed and the step, `np.random.default_rng([seed, self.steps])`, and nothing be kept in the class",
    )  # fmt: skip


def resumes(s: Subject) -> None:
    """A run goes on from its state_dict in a new optimizer as if it had not been interrupted."""
    run, again = s.run(), s.run()
    before = run.attributes()
    saved = run.step(3).optimizer.state_dict()
    for p, w in zip(again.params, run.weights, strict=True):
        p.data[...] = w
    expected = run.step(5).weights
    why = s.changed(before, run)
    again.t = 3
    again.optimizer.load_state_dict(_through_a_file(saved))
    require(
        same(again.step(5).weights, expected), "a run that was saved after step 3 and resumed in a new optimizer goes "
        f"another way{why}; what state_dict lacks is lost: {HIDDEN}",
    )  # fmt: skip


def _through_a_file(x: Any) -> Any:
    """As a file gives it back: arrays as they are, the rest through JSON, where tuples become lists."""
    if isinstance(x, dict):
        return {k: _through_a_file(v) for k, v in x.items()}
    return x if isinstance(x, np.ndarray) else json.loads(json.dumps(x))


def zero_grad(s: Subject) -> None:
    run = s.run().step()
    run.optimizer.zero_grad()
    run.optimizer.zero_grad()
    require(all(p.grad is None for p in run.params), "zero_grad() leaves a gradient; it sets every .grad to None")


def descends(s: Subject) -> None:
    run = s.run()
    before, lr = run.loss(0), run.optimizer.lr
    after = run.step(40, target=0).loss(0)
    if after < before:
        return
    small = s.run().rate(lr / 100).step(40, target=0).loss(0)
    if small < before:
        advice = f"with lr={lr / 100:g} it falls to {small:.3g}: check it with a smaller rate"
    else:
        advice = s.rebound(s.names[0]) or "is the sign right? `w -= lr * ...` goes down"
    raise Failed(f"40 steps at lr={lr:g} on a bowl took the loss from {before:.3g} to {after:.3g}; {advice}")
