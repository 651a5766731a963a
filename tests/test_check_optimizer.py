"""check_optimizer: every class of the family passes, and each mistake fails by the check that names it."""

import math
import re
import sys

import numpy as np
import pytest

from minidl import optim
from minidl.optim import Optimizer, check_optimizer
from minidl.optim.check import CHECKS, CheckFailed
from minidl.optim.more.wrappers import Wrapper


def family():
    classes = {getattr(optim, name): None for name in optim.__all__ if isinstance(getattr(optim, name), type)}
    return [cls for cls in classes if issubclass(cls, Optimizer) and not issubclass(cls, Wrapper)]


@pytest.mark.parametrize(
    "cls",
    # RAdamSkipping does not move in its first five steps, and more are not looked at
    [c for c in family() if c not in (Optimizer, optim.RAdamSkipping)],
)
def test_the_family_passes(cls):
    assert check_optimizer(cls)


@pytest.mark.parametrize(
    "make",
    [
        lambda params: optim.Lookahead(optim.Adam(params)),
        lambda params: optim.Lookahead(optim.SGD(params, lr=0.1, momentum=0.9), k=2, alpha=0.75),
        lambda params: optim.SAM(optim.Momentum(params, lr=0.1)),
        lambda params: optim.SAM(optim.Lookahead(optim.AdamW(params))),
        lambda params: optim.Lookahead(optim.PolyakStep(params)),
    ],
)
def test_wrappers_pass(make):
    report = check_optimizer(make)
    assert report and report.name in ("Lookahead", "SAM")


def test_every_wrapper_was_checked():
    found = [x for x in vars(optim).values() if isinstance(x, type) and issubclass(x, Wrapper) and x is not Wrapper]
    assert {c.__name__ for c in found} == {"Lookahead", "SAM"}


SETTINGS = [
    (optim.SGD, {"momentum": 0.9, "nesterov": True, "lr": 0.05}), (optim.RMSProp, {"centered": True, "momentum": 0.9}),
    (optim.Adam, {"amsgrad": True, "weight_decay": 0.1}), (optim.AggMo, {"betas": (0.1, 0.8), "weight_decay": 0.2}),
    (optim.ASGD, {"t0": 1.0, "lambd": 0.3}), (optim.AdaBound, {"amsbound": True}),
    (optim.Adam, {"lr": optim.schedules.Exponential(0.1, 0.9)}), (optim.RandomSearch, {"seed": 3}),
    (optim.Momentum, {"lr": 0.1, "bias_correction": True}), (optim.Muon, {"adjust_lr_fn": "match_rms_adamw"}),
]  # fmt: skip


@pytest.mark.parametrize("cls, settings", SETTINGS)
def test_settings_are_used(cls, settings):
    report = check_optimizer(cls, raise_on_failure=False, **settings)
    assert report


# -- a learner's rules: one that is right, and the same one with one mistake each


class Right(Optimizer):
    """m <- beta m + (1 - beta) g;  w <- w - lr m / (|m| + eps)"""

    state = ("m",)
    elementwise = True

    def __init__(self, params, lr=0.01, beta=0.9, eps=1e-3, weight_decay=0.0):
        super().__init__(params, lr=lr, beta=beta, eps=eps, weight_decay=weight_decay)

    def update(self, w, g, m, *, lr, beta, eps):
        m *= beta
        m += (1 - beta) * g
        w -= lr * m / (abs(m) + eps)


def test_a_right_rule_passes():
    report = check_optimizer(Right)
    assert report and not report.failed
    assert len(report.checks) == len(CHECKS) == 25
    assert [c.name for c in report.checks] == list(CHECKS)
    assert all(c.passed for c in report.checks)
    assert check_optimizer(Right, lr=0.5, beta=0.0) and check_optimizer(lambda params: Right(params, lr=0.5))
    assert str(report).splitlines()[:2] == ["Right passes all 25 checks", "  ok      can be made"]
    assert repr(report) == str(report)


class RebindsW(Right):
    def update(self, w, g, m, *, lr, beta, eps):
        m *= beta
        m += (1 - beta) * g
        w = w - lr * m / (abs(m) + eps)


class RebindsWAfterDecay(Right):
    def update(self, w, g, m, *, lr, beta, eps, weight_decay):
        m *= beta
        m += (1 - beta) * g
        w *= 1 - lr * 0.1
        w = w - lr * m / (abs(m) + eps)


class NewArray(Right):
    def step(self, closure=None):
        super().step(closure)
        for p in self.parameters():
            p.data = p.data * 1


class RebindsState(Right):
    def update(self, w, g, m, *, lr, beta, eps):
        m = beta * m + (1 - beta) * g
        w -= lr * m / (abs(m) + eps)


class HalfRebindsState(Right):
    def update(self, w, g, m, *, lr, beta, eps):
        m *= beta
        m = m + (1 - beta) * g
        w -= lr * m / (abs(m) + eps)


class RebindsStateThatStartsAtOne(Right):
    def initial(self, name, w, group):
        return np.ones_like(w)

    def update(self, w, g, m, *, lr, beta, eps):
        m = beta * m + (1 - beta) * abs(g)
        w -= lr * g / (m + eps)


class NeverWritesState(Right):
    def update(self, w, g, m, *, lr, beta, eps):
        w -= lr * g / (abs(g) + eps)


class Returns(Right):
    def update(self, w, g, m, *, lr, beta, eps):
        return w - lr * g


class Blind(Right):
    def update(self, w, g, m, *, lr, beta, eps):
        m *= beta
        m += (1 - beta) * w
        w -= lr * (m + 0 * g)


class WritesIntoG(Right):
    def update(self, w, g, m, *, lr, beta, eps):
        g *= 1 - beta
        m *= beta
        m += g
        w -= lr * m / (abs(m) + eps)


class ClipsTheUsersGradient(Right):
    def prepare(self, updates):
        for p, _, _, _ in updates:
            p.grad.data[...] = np.clip(p.grad.data, -0.1, 0.1)


class CountsItself(Right):
    def __init__(self, params, lr=0.01, beta=0.9, eps=1e-3, weight_decay=0.0):
        super().__init__(params, lr, beta, eps, weight_decay)
        self.count = 0

    def update(self, w, g, m, *, lr, beta, eps):
        self.count += 1
        m *= beta
        m += (1 - beta) * g
        w -= lr / (1 - beta**self.count) * m


class BuffersByShape(Right):
    state = ()
    elementwise = False

    def __init__(self, params, lr=0.01, beta=0.9, eps=1e-3, weight_decay=0.0):
        super().__init__(params, lr, beta, eps, weight_decay)
        self.buffers = {}

    def update(self, w, g, *, lr, beta, eps):
        m = self.buffers.setdefault(w.shape, np.zeros_like(w))
        m *= beta
        m += (1 - beta) * g
        w -= lr * m / (abs(m) + eps)


class BuffersByIdentity(BuffersByShape):
    def update(self, w, g, *, lr, beta, eps):
        key = w.__array_interface__["data"]
        m = self.buffers.setdefault(key, np.zeros_like(w))
        m *= beta
        m += (1 - beta) * g
        w -= lr * m / (abs(m) + eps)


class CountsInTheClass(BuffersByShape):
    calls = []

    def update(self, w, g, *, lr, beta, eps):
        self.calls.append(0)
        w -= lr / len(self.calls) * g


class CountsInTheClassFromNew(CountsInTheClass):
    calls = []

    def __init__(self, params, lr=0.01, beta=0.9, eps=1e-3, weight_decay=0.0):
        super().__init__(params, lr, beta, eps, weight_decay)
        self.calls.clear()


class ForgetsBeta(Right):
    def __init__(self, params, lr=0.01, beta=0.9, eps=1e-3, weight_decay=0.0):
        super().__init__(params, lr, 0.9, eps, weight_decay)


class KeepsBetaToItself(Right):
    def __init__(self, params, lr=0.01, beta=0.9):
        Optimizer.__init__(self, params, lr=lr)
        self.beta = beta

    def update(self, w, g, m, *, lr):
        m *= self.beta
        m += (1 - self.beta) * g
        w -= lr * m


class HasNoRate(Right):
    def __init__(self, params, beta=0.9):
        Optimizer.__init__(self, params, beta=beta)


class ForgetsTheBaseClass(Right):
    def __init__(self, params, lr=0.01, beta=0.9):
        self.beta = beta


class KeepsStateInSelf(BuffersByShape):
    def __init__(self, params, lr=0.01, beta=0.9, eps=1e-3, weight_decay=0.0):
        super().__init__(params, lr, beta, eps, weight_decay)
        self.m = 0.0

    def update(self, w, g, *, lr, beta, eps):
        self.m = beta * self.m + (1 - beta) * g
        w -= lr * self.m / (abs(self.m) + eps)


class CorrectsByTheStepBefore(Right):
    def update(self, w, g, m, *, lr, beta, t):
        m *= beta
        m += (1 - beta) * g
        w -= lr * m / (1 - beta ** (t - 1))


class DoesNotNameT(Right):
    def update(self, w, g, m, *, lr, beta):
        m *= beta
        m += (1 - beta) * g
        w -= lr * m / (1 - beta**t)  # noqa: F821


class TakesTheRootOfANumber(Right):
    def update(self, w, g, m, *, lr):
        m += g * g
        w -= lr * g / math.sqrt(m)


class AsksForTooMuch(Right):
    def update(self, w, g, m, *, lr, gamma):
        pass


class TakesByPosition(Right):
    def update(self, w, g, m, lr, beta):
        pass


class ForgetsToNameState(Right):
    state = ()


class SwapsStates(Right):
    state = ("v", "m")

    def update(self, w, g, m, v, *, lr, beta, eps):
        m *= beta
        m += g
        v += g * g
        w -= lr * m / (v**0.5 + eps)


class SwitchesOnNothing(Right):
    optional_state = {"b": "momentum"}


class HasNoRule(Optimizer):
    def __init__(self, params, lr=0.1):
        super().__init__(params, lr=lr)


class IgnoresTheRate(Right):
    def update(self, w, g, m, *, beta, eps):
        m *= beta
        m += (1 - beta) * g
        w -= 0.01 * m / (abs(m) + eps)


class KeepsTheRate(Right):
    def __init__(self, params, lr=0.01, beta=0.9, eps=1e-3, weight_decay=0.0):
        super().__init__(params, lr, beta, eps, weight_decay)
        self.rate = lr

    def update(self, w, g, m, *, beta, eps):
        m *= beta
        m += (1 - beta) * g
        w -= self.rate * m / (abs(m) + eps)


class UsesTheFirstGroupsRate(Right):
    def update(self, w, g, m, *, beta, eps):
        super().update(w, g, m, lr=self.lr, beta=beta, eps=eps)


class UsesDefaults(Right):
    def update(self, w, g, m, *, lr):
        super().update(w, g, m, lr=lr, beta=self.defaults["beta"], eps=self.defaults["eps"])


class DecaysWithoutRate(Right):
    def update(self, w, g, m, *, lr, beta, eps):
        w *= 0.99
        super().update(w, g, m, lr=lr, beta=beta, eps=eps)


class NamesWeightDecayOnly(Right):
    def update(self, w, g, m, *, lr, beta, eps, weight_decay):
        super().update(w, g, m, lr=lr, beta=beta, eps=eps)


class GrowsWeights(Right):
    def update(self, w, g, m, *, lr, beta, eps, weight_decay):
        w *= 1 + lr * weight_decay
        super().update(w, g, m, lr=lr, beta=beta, eps=eps)


class IsNotElementwise(Right):
    def update(self, w, g, m, *, lr, beta, eps):
        super().update(w, g / (np.sqrt((g * g).sum()) + eps), m, lr=lr, beta=beta, eps=eps)


class DividesByZero(Right):
    def update(self, w, g, m, *, lr, beta, eps):
        m += g * g
        w -= lr * g / np.sqrt(m)


class DividesByTheNormOfW(Right):
    elementwise = False

    def update(self, w, g, m, *, lr, beta, eps):
        super().update(w, g, m, lr=lr * 0.1 * (w * w).sum() / (w * w).sum(), beta=beta, eps=eps)


class DrawsNoise(Right):
    def update(self, w, g, m, *, lr, beta, eps):
        super().update(w, g + np.random.default_rng().normal(size=g.shape), m, lr=lr, beta=beta, eps=eps)


class Float64State(Right):
    def initial(self, name, w, group):
        return np.zeros(w.shape)


class StateIsTheParameter(Right):
    def initial(self, name, w, group):
        return w


class StatesShareMemory(Right):
    state = ("m", "v")

    def initial(self, name, w, group):
        self.made = getattr(self, "made", {})
        return self.made.setdefault(w.__array_interface__["data"], np.zeros_like(w))

    def update(self, w, g, m, v, *, lr, beta, eps):
        m *= beta
        m += (1 - beta) * g
        v += g * g
        w -= lr * m / (abs(v) ** 0.5 + eps)


class StateOfAnotherShape(Right):
    def initial(self, name, w, group):
        return np.zeros((1, *w.shape), w.dtype)


class GoesUp(Right):
    def update(self, w, g, m, *, lr, beta, eps):
        super().update(w, -g, m, lr=lr, beta=beta, eps=eps)


class Steep(Right):
    def update(self, w, g, m, *, lr, beta, eps):
        m += g
        w -= 1000 * lr * g


class CountsAllSteps(Right):
    def update(self, w, g, m, *, lr, beta, eps):
        m *= beta
        m += (1 - beta) * g
        w -= lr / (1 - beta ** (self.steps + 1)) * m


class Raises(Right):
    elementwise = False

    def update(self, w, g, m, *, lr, beta, eps):
        w -= lr * (m @ g)


class RaisesOnNumbers(Right):
    elementwise = False

    def update(self, w, g, m, *, lr, beta, eps):
        m += g
        w -= lr * g / len(g)


class Unravels(Right):
    elementwise = False

    def update(self, w, g, m, *, lr, beta, eps):
        flat = w.reshape(-1)
        m += g
        flat -= lr * g.reshape(-1)


class MovesWhatHasNoGradient(Right):
    def step(self, closure=None):
        super().step(closure)
        for p in self.parameters():
            p.data[...] *= 0.999


class LeavesGradients(Right):
    def zero_grad(self):
        for p in self.parameters():
            if p.grad is not None:
                p.grad.data[...] = 0


class ForgetsItsHistory(Right):
    """A number that belongs into memory, and depends on nothing else: only a resumed run tells."""

    def __init__(self, params, lr=0.01, beta=0.9, eps=1e-3, weight_decay=0.0):
        super().__init__(params, lr, beta, eps, weight_decay)
        self.warmth = 0.0

    def prepare(self, updates):
        self.warmth = 0.9 * self.warmth + 0.1

    def update(self, w, g, m, *, lr, beta, eps):
        super().update(w, g, m, lr=lr * self.warmth, beta=beta, eps=eps)


MISTAKES = [  # the rule, the check that names the mistake, and what it says
    (Blind, "uses the gradient", r"the same way whatever the gradient is; .*: `w -= lr \* g`"),
    (RebindsW, "changes parameters in place", r"`w = w - .*makes a new array; write `w -= lr \* m / \(abs\(m\)"),
    (RebindsWAfterDecay, "changes parameters in place", r"a part of the step never reaches.*write `w -= lr \* m"),
    (NewArray, "changes parameters in place", r"write into its own: `p.data\[...\] = ...`"),
    (RebindsState, "state is written", r"state m keeps its first value.*line \d+.*write `m\[...\] = beta \* m"),
    (HalfRebindsState, "state is written", r"`m = m \+ \(1 - beta\) \* g`.*write `m \+= \(1 - beta\) \* g`"),
    (RebindsStateThatStartsAtOne, "state is written", r"keeps its first value.*write `m\[...\] = beta"),
    (NeverWritesState, "state is written", r"state m stays zero: write `m\[...\] = ...`"),
    (Returns, "update returns nothing", r"returned a ndarray; it must change w in place"),
    (WritesIntoG, "leaves the gradient alone", r"the user's gradient: line \d+, `g \*= 1 - beta`; write `g = g \* \(1"),
    (ClipsTheUsersGradient, "leaves the gradient alone", r"a step changes p.grad, which is the user's"),
    (CountsItself, "resumes bit for bit", r"the steps change self.count; what state_dict lacks is lost"),
    (CountsItself, "parameters do not see each other", r"the steps change self.count; .*updates so far is `t`"),
    (BuffersByShape, "parameters do not see each other", r"the steps change self.buffers; .*arrays into `state`"),
    (BuffersByIdentity, "resumes bit for bit", r"the steps change self.buffers"),
    (CountsInTheClass, "same start, same bits", r"the steps change CountsInTheClass.calls; .*nothing be kept in"),
    (CountsInTheClassFromNew, "optimizers do not see each other", r"the steps change CountsInTheClassFromNew.calls"),
    (ForgetsBeta, "hyper-parameters are passed on", r"beta=0.81 was given, and the optimizer still has 0.9"),
    (KeepsBetaToItself, "hyper-parameters are passed on", r"takes beta, but the optimizer does not know it.*beta=beta"),
    (HasNoRate, "hyper-parameters are passed on", r"there is no lr: write"),
    (ForgetsTheBaseClass, "can be made", r"write `super\(\).__init__\(params, lr=lr, beta=beta\)`"),
    (KeepsStateInSelf, "takes a step", r"arrays in self.m \(line \d+\), .*`state = \('m',\)` .*`def update\(self, w, "
     r"g, m, \*, lr, beta, eps\)`, .*`m\[...\] = ...`"),
    (CorrectsByTheStepBefore, "stays finite", r"after step 1; is .* 0 at t = 1, .* write `1 - beta\*\*t`"),
    (DoesNotNameT, "takes a step", r"name 't' is not defined .* must name after its \*: `def update\(.*, t\)`"),
    (TakesTheRootOfANumber, "takes a step", r"`np.sqrt\(v\)`, not `math.sqrt\(v\)`"),
    (SwitchesOnNothing, "hyper-parameters are passed on", r"optional_state names 'momentum', which is no hyper-param"),
    (AsksForTooMuch, "update names what it gets", r"asks for gamma, which is neither lr, t, first nor"),
    (TakesByPosition, "update names what it gets", r"lr, beta by position.*write `def update\(self, w, g, m, \*, lr"),
    (ForgetsToNameState, "update names what it gets", r"m after w and g, state names none.*write `state = \('m',\)`"),
    (SwapsStates, "update names what it gets", r"same arrays in the same order: .* or `def update\(self, w, g, v, m"),
    (HasNoRule, "update names what it gets", r"it has no rule: write `def update\(self, w, g, \*, lr\)`"),
    (Raises, "takes a step", r"matmul.*\(line \d+ of test_check_optimizer.py: `w -= lr \* \(m @ g\)`\)"),
    (RaisesOnNumbers, "takes every shape", r"shape \(\): TypeError: len\(\).*`w -= lr \* g / len\(g\)`.*check_group"),
    (IgnoresTheRate, "the rate is used", r"half the rate goes the same way"),
    (KeepsTheRate, "the rate is used", r"half the rate goes the same way"),
    (UsesTheFirstGroupsRate, "groups have their own settings", r"use what update gets after its \*, not self.defaults"),
    (UsesDefaults, "groups have their own settings", r"two groups with settings of their own"),
    (DecaysWithoutRate, "the rate is used", r"with lr=0 a weight moved by 0.2.*weight decay too"),
    (NamesWeightDecayOnly, "weight_decay acts", r"changes nothing; update names weight_decay, so it must apply it"),
    (GrowsWeights, "weight_decay acts", r"the weights must shrink; their norm went from"),
    (IsNotElementwise, "elementwise is true", r"write `elementwise = False`"),
    (DividesByZero, "stays finite", r"gradient of zero from the first step on: .*after step 1; .*add eps"),
    (DividesByTheNormOfW, "stays finite", r"weights of zero: .*after step 1"),
    (DrawsNoise, "same start, same bits", r"must follow from a seed and the step"),
    (Float64State, "float32 stays float32", r"state m of a float32 parameter is float64; make it with dtype=w.dtype"),
    (StateIsTheParameter, "state has memory of its own", r"in the memory of the parameter; return a copy: `w.copy"),
    (StatesShareMemory, "state has memory of its own", r"initial gives v .* in the memory of m"),
    (StateOfAnotherShape, "state has memory of its own", r"with shape \(1, 3, 4\); where elementwise = True"),
    (Unravels, "memory layout does not matter", r"reshape, ravel and flatten copy such an array"),
    (MovesWhatHasNoGradient, "skips parameters without gradient", r"whose gradient is None has moved"),
    (CountsAllSteps, "skips parameters without gradient", r"count its updates with t \(1, 2, ...\), not with self.st"),
    (LeavesGradients, "zero_grad", r"sets every .grad to None"),
    (GoesUp, "lowers a loss", r"on a bowl took the loss from .* to .*; is the sign right\?"),
    (Steep, "lowers a loss", r"with lr=0.0001 it falls to .*: check it with a smaller rate"),
    (ForgetsItsHistory, "resumes bit for bit", r"the steps change self.warmth"),
]  # fmt: skip

WIDE = {CountsItself, BuffersByShape, BuffersByIdentity, CountsInTheClassFromNew}  # break several promises at once


@pytest.mark.parametrize("cls, name, message", MISTAKES, ids=lambda x: x.__name__ if isinstance(x, type) else "")
def test_a_mistake_is_named(cls, name, message):
    with pytest.raises(CheckFailed) as caught:
        assert check_optimizer(cls)
    failed = {check.name: check.message for check in caught.value.report.failed}
    assert name in failed and re.search(message, failed[name]), failed
    assert f"FAILED  {name}" in str(caught.value)
    assert len(failed) <= (5 if cls in WIDE else 2), failed


def test_every_check_has_a_mistake_that_it_names():
    assert {name for _, name, _ in MISTAKES} == set(CHECKS)


@pytest.mark.parametrize("cls", [CorrectsByTheStepBefore, KeepsStateInSelf, DividesByZero, ForgetsTheBaseClass])
def test_what_follows_from_a_mistake_is_not_said_too(cls):
    assert len(check_optimizer(cls, raise_on_failure=False).failed) == 1


def test_the_verdict_counts_what_was_asked():
    report = check_optimizer(optim.RandomSearch)
    assert report.verdict == "RandomSearch passes all 18 checks; 7 of 25 were not asked"
    assert str(report).count("\n  ok ") == 18 and str(report).count("\n  - ") == 7
    assert "whether the formula is the one that was meant" in check_optimizer.__doc__
    assert "minidl optimizers file.py:MyRule" in check_optimizer.__doc__


def test_what_stands_in_the_error():
    with pytest.raises(AssertionError) as caught:
        check_optimizer(RebindsState)
    lines = str(caught.value).splitlines()
    assert lines[0] == "RebindsState fails 1 of 25 checks"
    assert lines[1].startswith("  FAILED  state is written: state m keeps its first value")
    assert len(caught.value.report.checks) == 25
    assert sum(c.passed for c in caught.value.report.checks) == 24


def test_what_cannot_be_made():
    class Needs(Right):
        def __init__(self, params, lr, rho):
            super().__init__(params, lr, rho)

    report = check_optimizer(Needs, raise_on_failure=False)
    (failure,) = report.failed
    assert failure.name == "can be made" and "missing 1 required positional argument: 'rho'" in failure.message
    assert {c.message for c in report.checks[1:]} == {"not asked before that is repaired"}
    report = check_optimizer(Right, raise_on_failure=False, beta=2.0)
    assert "beta must lie in [0, 1), got 2.0" in report.failed[0].message
    report = check_optimizer(lambda params: None, raise_on_failure=False)
    assert "the function must return an Optimizer, got None" in report.failed[0].message


def test_a_rule_without_source_gets_its_advice_too():
    names = {"Right": Right}
    for line, advice in (("w = w - lr * g", "`w -= ...`"), ("w -= lr * g", "`m[...] = ...`")):
        exec(f"def update(self, w, g, m, *, lr):\n  m = 0.5 * m + g\n  {line}", names)
        typed = type("Typed", (Right,), {"update": names["update"]})
        with pytest.raises(CheckFailed, match=re.escape(advice)):
            check_optimizer(typed)


def test_a_rule_for_matrices_is_checked_with_matrices():
    class Matrices(Right):
        elementwise = False

        def check_group(self, group):
            if any(p.ndim != 2 for p in group["params"]):
                raise ValueError("matrices only")

        def update(self, w, g, m, *, lr, beta, eps):
            m *= beta
            m += g
            w -= lr * m @ np.eye(w.shape[1], dtype=w.dtype)

    assert check_optimizer(Matrices)


def test_what_is_no_optimizer():
    for bad in (dict, 3, "Adam", Right([optim.more.lbfgs.Tensor([1.0], requires_grad=True)])):
        with pytest.raises(TypeError, match="takes an Optimizer class, or a function"):
            check_optimizer(bad)
    with pytest.raises(TypeError, match=r"Lookahead wraps another optimizer; say which: check_optimizer\(lambda"):
        check_optimizer(optim.Lookahead)


def test_the_interpreter_is_left_as_it_was():
    profile, settings = sys.getprofile(), np.geterr()
    check_optimizer(Raises, raise_on_failure=False)
    check_optimizer(optim.SophiaH)
    assert sys.getprofile() is profile and np.geterr() == settings
