"""Schedules: plain functions of the step.

References: literals printed in the tests of optax (google-deepmind/optax @2edbcbe, optax/schedules/_schedule_test.py,
Apache-2.0) and of PyTorch (test/optim/test_lrscheduler.py, BSD-3-Clause), and the rates recorded from torch 2.13,
Keras 3.15 and pytorch_optimizer 4.1 by the scripts golden/make_*_schedules.py.
"""

import dataclasses
import json
import math
import pickle
import random
import re
from pathlib import Path

import numpy as np
import pytest

from minidl import Tensor, optim
from minidl.optim import schedules
from minidl.optim.schedules import (
    Constant,
    Cosine,
    Cyclic,
    Exponential,
    InverseSqrt,
    InverseTime,
    Joined,
    Linear,
    MultiStep,
    OneCycle,
    Piecewise,
    PiecewiseInterpolate,
    Polynomial,
    Scaled,
    Schedule,
    Step,
    Trapezoid,
    WarmRestarts,
    Warmup,
)

GOLDEN = Path(__file__).parent / "golden"
TORCH, KERAS, WSD = (
    json.loads((GOLDEN / f"{library}_schedules.json").read_text())
    for library in ("torch", "keras", "pytorch_optimizer")
)


def rates(schedule, steps):
    return [schedule(t) for t in range(steps)]


def test_constant():
    assert rates(Constant(0.3), 4) == [0.3] * 4


def test_inverse_time():
    """Ng's example: 0.2 / (1 + epoch)."""
    assert [round(r, 4) for r in rates(InverseTime(0.2, 1), 5)] == [0.2, 0.1, 0.0667, 0.05, 0.04]
    np.testing.assert_allclose(rates(InverseTime(0.2, 0.5), 4), [0.2, 0.2 / 1.5, 0.1, 0.08], rtol=1e-15)


def test_exponential():
    np.testing.assert_allclose(
        rates(Exponential(0.2, 0.95), 50), [0.2 * 0.95**epoch for epoch in range(50)], rtol=1e-15
    )
    assert rates(Exponential(32, 0.5), 5) == [32, 16, 8, 4, 2]  # optax's own test


@pytest.mark.parametrize("schedule", [Exponential, InverseTime])
def test_steps_per_epoch_stretch_and_staircase_rounds_down(schedule):
    per_step = schedule(0.4, 0.5)
    smooth, stairs = (schedule(0.4, 0.5, steps_per_epoch=4, staircase=s) for s in (False, True))
    for t in range(20):
        assert stairs(t) == per_step(t // 4)
        assert stairs(t) >= smooth(t)
    assert [smooth(4 * epoch) for epoch in range(5)] == rates(per_step, 5)
    assert per_step(0) > smooth(1) > smooth(2) > smooth(3) > per_step(1)
    assert schedule(0.4, 0.5, staircase=True)(7) == per_step(7)  # an epoch of one step


def test_smooth_values():
    assert Exponential(1.0, 0.25, steps_per_epoch=2)(1) == 0.5
    assert InverseTime(1.0, 1.0, steps_per_epoch=2)(1) == pytest.approx(2 / 3, rel=1e-15)


def test_piecewise_changes_at_the_boundary():
    assert rates(Piecewise([3, 6], [0.1, 0.2, 0.1]), 10) == [0.1] * 3 + [0.2] * 3 + [0.1] * 4  # optax's own test
    assert rates(Piecewise([], [0.5]), 3) == [0.5] * 3
    by_epoch = Piecewise([1, 2], [3, 2, 1], steps_per_epoch=5)
    assert rates(by_epoch, 12) == [3] * 5 + [2] * 5 + [1] * 2
    assert Piecewise([1000], [0.1, 0.01])(999) == 0.1
    assert Piecewise([1000], [0.1, 0.01])(1000) == 0.01


@pytest.mark.parametrize("steps_per_epoch", [3, 7, 49, 468])
def test_epoch_boundaries_are_exact(steps_per_epoch):
    """t / n is exactly the epoch at its first step, whatever n."""
    schedule = Piecewise([1, 2, 3], [4, 3, 2, 1], steps_per_epoch)
    for epoch in range(1, 4):
        assert schedule(epoch * steps_per_epoch - 1) == 5 - epoch
        assert schedule(epoch * steps_per_epoch) == 4 - epoch


def same(schedule, expected, rtol=1e-14, atol=0.0):
    np.testing.assert_allclose(rates(schedule, len(expected)), expected, rtol=rtol, atol=atol)


# -- literals of optax


def test_optax_exponential_with_begin_staircase_and_end():
    """exponential_decay(1, transition_steps 2, rate .5, transition_begin 1, staircase, end_value .1)"""
    schedule = Joined([Constant(1.0), Exponential(1.0, 0.5, steps_per_epoch=2, staircase=True, end=0.1)], [1])
    assert rates(schedule, 12) == [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.1, 0.1, 0.1]


def test_optax_polynomial_with_begin():
    """polynomial_schedule(1, .1, power 2, transition_steps 5, transition_begin 3)"""
    schedule = Joined([Constant(1.0), Polynomial(1.0, 5, power=2, end=0.1)], [3])
    same(schedule, [1, 1, 1, 1, 0.676, 0.424, 0.244, 0.136, 0.1, 0.1])


def test_optax_cosine():
    """cosine_decay_schedule(.1, 100, alpha 0, exponent 2); optax prints float32, the float64 values are beside it"""
    schedule = Cosine(0.1, 100, exponent=2)
    given = [schedule(t) for t in (0, 10, 50, 75, 100)]
    np.testing.assert_allclose(given, [0.1, 0.09516553824444453, 0.025, 0.002144660940672625, 0], rtol=1e-14)
    np.testing.assert_allclose(given, [0.1, 0.09516553580760956, 0.025, 0.0021446612663567066, 0], rtol=2e-7)


def test_optax_warmup_cosine_counts_the_warmup_and_may_end_below_zero():
    """warmup_cosine_decay_schedule(.2, 1.21, warmup 50, decay_steps 100, end -3, exponent 2)

    A negative end is refused here, so the same curve is taken 3 higher: it is linear in its three rates.
    """
    higher = Warmup(Cosine(1.21 + 3, 100 - 50, exponent=2), 50, start=0.2 + 3)
    given = [higher(t) - 3 for t in (0, 10, 50, 75, 100)]
    np.testing.assert_allclose(given, [0.2, 0.402, 1.21, -1.9475, -3.0], rtol=1e-14)
    assert higher(101) == higher(100)
    with pytest.raises(ValueError, match=r"Linear: end must be a number >= 0, got -3\.0"):
        Linear(1.21, 50, end=-3.0)


def test_optax_warmup_down_to_zero():
    """The same with peak 0, init .2, end 0: nothing but the warm-up is left. A rate that is 0 throughout is refused."""
    schedule = Linear(0.2, 50)
    np.testing.assert_allclose([schedule(t) for t in (0, 10, 50, 75, 100)], [0.2, 0.16, 0, 0, 0], rtol=1e-15)
    higher = Warmup(Cosine(1, 50, alpha=1, exponent=2), 50, start=1.2)
    given = [higher(t) - 1 for t in (0, 10, 50, 75, 100)]
    np.testing.assert_allclose(given, [0.2, 0.16, 0, 0, 0], rtol=1e-15, atol=1e-15)


def test_optax_warmup_exponential():
    """warmup_exponential_decay_schedule(0, 1, warmup 3, transition_steps 2, rate .5)"""
    expected = [0, 1 / 3, 2 / 3, 1, 0.7071067811865476, 0.5, 0.3535533905932738, 0.25, 0.1767766952966369, 0.125]
    same(Warmup(Exponential(1.0, 0.5, steps_per_epoch=2), 3), expected)


def test_optax_piecewise_interpolate():
    """piecewise_interpolate_schedule: its values are factors of the one before, ours the rates themselves"""
    linear = PiecewiseInterpolate([0, 5, 10], [200, 200 * 1.5, 200 * 1.5 * 0.25])
    same(linear, [200, 220, 240, 260, 280, 300, 255, 210, 165, 120, 75, 75, 75])
    cosine = PiecewiseInterpolate([0, 3, 5, 7], [400, 400 * 0.6, 400 * 0.6 * 1.2, 400 * 0.6 * 1.2], "cosine")
    same(cosine, [400, 360, 280, 240, 264, 288, 288, 288, 288])


def test_optax_onecycle_is_piecewise_interpolation():
    """linear_onecycle_schedule(10, 1000, .3, .7, 10, 100) and cosine_onecycle_schedule(5, 1000, .4, 10, 100)"""
    linear = PiecewiseInterpolate([0, 0.3 * 10, 0.7 * 10, 10], [1000 / 10, 1000, 1000 / 10, 1000 / 10 / 100])
    same(linear, [100, 400, 700, 1000, 775, 550, 325, 100, 67, 34, 1, 1])
    cosine = PiecewiseInterpolate([0, 0.4 * 5, 5], [1000 / 10, 1000, 1000 / 10 / 100], "cosine")
    same(cosine, [100, 550, 1000, 750.25, 250.75, 1, 1])


def test_optax_sgdr():
    """sgdr_schedule([{init 0, peak 1, decay_steps 4, warmup 1}, {init 0, peak .5, decay_steps 8, warmup 2}])"""
    schedule = Joined([Warmup(Cosine(1.0, 4 - 1), 1), Warmup(Cosine(0.5, 8 - 2), 2)], [4])
    expected = [0, 1, 0.75, 0.25, 0, 0.25, 0.5, 0.4665063509, 0.375, 0.25, 0.125, 0.0334936491, 0]
    same(schedule, expected, rtol=0, atol=5e-11)


# -- literals of PyTorch; the momentum that its schedulers move along is the same formula with other numbers


def test_pytorch_onecycle_literals():
    two = OneCycle(25, 10, anneal_strategy="linear", final_div_factor=2)
    same(two, [1, 13, 25, 21.5, 18, 14.5, 11, 7.5, 4, 0.5])
    same(PiecewiseInterpolate([0, 2, 9], [22, 1, 22]), [22, 11.5, 1, 4, 7, 10, 13, 16, 19, 22])
    three = OneCycle(25, 10, 0.4, "linear", div_factor=25, final_div_factor=4, three_phase=True)
    same(three, [1, 9, 17, 25, 17, 9, 1, 0.75, 0.5, 0.25])
    same(PiecewiseInterpolate([0, 3, 6, 9], [22, 1, 22, 22]), [22, 15, 8, 1, 8, 15, 22, 22, 22, 22])


@pytest.mark.parametrize(
    "mode, gamma, expected",
    [
        ("triangular", 1, [1, 2, 3, 4, 5, 4, 3, 2, 1, 2, 3]),
        ("triangular2", 1, [1, 2, 3, 4, 5, 4, 3, 2, 1, 1.5, 2, 2.5, 3, 2.5, 2, 1.5, 1, 1.25, 1.5, 1.75, 2, 1.75]),
        ("exp_range", 0.9, [1, 1.9, 2.62, 3.187, 3.6244, 2.77147, 2.062882, 1.478297, 1.0, 1.38742, 1.697357]),
    ],
)
def test_pytorch_cyclic_literals(mode, gamma, expected):
    """base 1, max 5, step_size_up 4; the last one is printed to 6 decimals"""
    same(Cyclic(1, 5, 4, mode=mode, gamma=gamma), expected, atol=5e-7 if mode == "exp_range" else 0)


def test_pytorch_cyclic_momentum_literals():
    """Momentum falls from 5 while the rate rises from 1: 6 - rate."""
    triangular, halved = (Cyclic(1, 5, 4, mode=mode) for mode in ("triangular", "triangular2"))
    assert [6 - r for r in rates(triangular, 11)] == [5, 4, 3, 2, 1, 2, 3, 4, 5, 4, 3]
    momentum = [5, 4, 3, 2, 1, 2, 3, 4, 5, 4.5, 4, 3.5, 3, 3.5, 4, 4.5, 5, 4.75, 4.5, 4.25, 4, 4.25]
    assert [6 - r for r in rates(halved, 22)] == momentum


# -- rates recorded from the libraries


def from_torch(name, lr, s):
    """The schedule of minidl that is PyTorch's of that name and settings."""
    if name == "StepLR":
        return Step(lr, **s)
    if name == "MultiStepLR":
        return MultiStep(lr, **s)
    if name == "ExponentialLR":
        return Exponential(lr, s["gamma"])
    if name == "PolynomialLR":
        return Polynomial(lr, s["total_iters"], s["power"])
    if name == "LinearLR":
        first, last = s.get("start_factor", 1 / 3), s.get("end_factor", 1.0)
        return Linear(lr * first, s.get("total_iters", 5), end=lr * last)
    if name == "CosineAnnealingLR":
        return Cosine(lr, s["T_max"], alpha=s.get("eta_min", 0) / lr)
    if name == "CosineAnnealingWarmRestarts":
        return WarmRestarts(lr, s["T_0"], s.get("T_mult", 1), alpha=s.get("eta_min", 0) / lr)
    return {"CyclicLR": Cyclic, "OneCycleLR": OneCycle}[name](**s)


@pytest.mark.parametrize("case", TORCH["schedules"], ids=lambda c: f"{c['name']} {c['settings']}")
def test_torch(case):
    """To 1e-12 of the highest rate: PyTorch multiplies its way from step to step and gathers rounding errors."""
    schedule = from_torch(case["name"], case["lr"], case["settings"])
    same(schedule, case["rates"], rtol=1e-10, atol=1e-12 * max(case["rates"]))


def test_torch_sequential_is_warmup():
    lr, expected = TORCH["sequential"]["lr"], TORCH["sequential"]["rates"]
    same(Warmup(Cosine(lr, 20, alpha=0.01 / lr), 6, start=0.1 * lr), expected, rtol=1e-12)
    same(Joined([Linear(0.1 * lr, 6, end=lr), Cosine(lr, 20, alpha=0.01 / lr)], [6]), expected, rtol=1e-12)


def from_keras(name, s):
    lr = s.get("initial_learning_rate")
    if name in ("ExponentialDecay", "InverseTimeDecay"):
        make = Exponential if name == "ExponentialDecay" else InverseTime
        return make(lr, s["decay_rate"], s["decay_steps"], s.get("staircase", False))
    if name == "PiecewiseConstantDecay":
        return Piecewise([b + 1 for b in s["boundaries"]], s["values"])  # its boundary is the old value's last step
    if name == "PolynomialDecay":
        return Polynomial(lr, s["decay_steps"], s.get("power", 1.0), s.get("end_learning_rate", 1e-4))
    if name == "CosineDecay" and "warmup_target" in s:
        return Warmup(Cosine(s["warmup_target"], s["decay_steps"], s["alpha"]), s["warmup_steps"], start=lr)
    if name == "CosineDecay":
        return Cosine(lr, s["decay_steps"], s.get("alpha", 0.0))
    return WarmRestarts(lr, s["first_decay_steps"], s.get("t_mul", 2.0), s.get("m_mul", 1.0), s.get("alpha", 0.0))


@pytest.mark.parametrize("case", KERAS["schedules"], ids=lambda c: f"{c['name']} {c['settings']}")
def test_keras(case):
    same(from_keras(case["name"], case["settings"]), case["rates"], rtol=1e-10, atol=1e-13 * max(case["rates"]))


@pytest.mark.parametrize("case", WSD["wsd"], ids=lambda c: str(c["settings"]))
def test_pytorch_optimizer_wsd(case):
    s, lr = case["settings"], WSD["lr"]
    shape = {"1-sqrt": "sqrt", "1-square": "square"}.get(s["shape"], s["shape"])
    steps = s["warmup"] + s["stable"] + s["decay"]
    same(Trapezoid(lr, steps, s["warmup"], s["decay"], shape, end=lr * s["end"]), case["rates"], 1e-12, 1e-15)


# -- what has no library


def test_inverse_sqrt_is_the_papers():
    """Vaswani et al. 2017, eq. 3, with d_model = 512, warmup_steps = 4000; updates count from 1."""
    d, warmup = 512, 4000
    schedule = InverseSqrt((d * warmup) ** -0.5, warmup)
    for update in (1, 2, 1000, 3999, 4000, 4001, 16000, 100000):
        paper = d**-0.5 * min(update**-0.5, update * warmup**-1.5)
        assert schedule(update - 1) == pytest.approx(paper, rel=1e-14)
    assert schedule(3999) == pytest.approx(6.987712429686843e-4, rel=1e-14)  # 1 / sqrt(2048000)
    assert max(rates(schedule, 8000)) == schedule(3999)
    same(InverseSqrt(0.3), [0.3 / math.sqrt(t) for t in range(1, 30)])


def test_warm_restarts_restart_where_a_cycle_ends():
    """Boundaries are exact sums of the cycle lengths; a logarithm misses some of them."""
    for t_mul in (1, 2, 3):
        schedule, start = WarmRestarts(0.1, 5, t_mul), 0
        for cycle in range(8):
            n = 5 * t_mul**cycle
            assert schedule(start) == 0.1
            assert schedule(start + n - 1) == pytest.approx(0.05 * (1 + math.cos(math.pi * (n - 1) / n)), rel=1e-12)
            start += n
    assert WarmRestarts(0.1, 10)(10**15) == 0.1  # cycles of one length are not counted one by one
    assert WarmRestarts(1.0, 4, m_mul=0.5, alpha=0.2)(8) == pytest.approx(0.2 + 0.8 * 0.25)


def test_onecycle_with_a_rise_of_one_step():
    """pct_start total_steps - 1 = 0: PyTorch divides by zero there; here training starts at the highest rate."""
    schedule = OneCycle(1.0, 4, pct_start=0.25, anneal_strategy="linear")
    same(schedule, [1.0, 2 / 3, 1 / 3, 1 / 25e4, 1 / 25e4], rtol=1e-5)


def test_trapezoid():
    schedule = Trapezoid(1.0, 20, warmup=4, cooldown=5, start=0.2, end=0.1)
    same(schedule, [0.2, 0.4, 0.6, 0.8] + [1.0] * 12 + [0.82, 0.64, 0.46, 0.28] + [0.1] * 4)
    longer = Trapezoid(1.0, 30, warmup=4, cooldown=5, start=0.2, end=0.1)
    assert rates(longer, 15) == rates(schedule, 15)  # prolonged, it begins in the same way
    same(Trapezoid(1.0, 10), [1.0] * 15)
    same(Trapezoid(1.0, 4, cooldown=4), [1.0, 0.75, 0.5, 0.25, 0, 0])


def test_warmup_takes_any_function_and_starts_it_afterwards():
    same(Warmup(lambda t: 10.0 + t, 4, start=2.0), [2, 4, 6, 8, 10, 11, 12])
    same(Warmup(Constant(0.4), 4), [0, 0.1, 0.2, 0.3, 0.4, 0.4])


def test_joined_and_scaled():
    count = lambda t: float(t)
    assert rates(Joined([count, count, Constant(7)], [2, 5]), 7) == [0, 1, 0, 1, 2, 7, 7]
    assert rates(Joined([Constant(1)], []), 3) == [1, 1, 1]
    assert rates(Scaled(count, 0.5), 4) == [0, 0.5, 1, 1.5]


def test_step_and_multistep():
    assert rates(Step(1.0, 2, 0.5), 7) == [1, 1, 0.5, 0.5, 0.25, 0.25, 0.125]
    assert rates(Step(1.0, 2, 0.5, steps_per_epoch=3), 13) == [1] * 6 + [0.5] * 6 + [0.25]
    assert rates(Step(0.3, 7, 0.9), 50) == rates(Exponential(0.3, 0.9, 7, staircase=True), 50)
    assert rates(MultiStep(1.0, [2, 3], 0.5), 5) == [1, 1, 0.5, 0.25, 0.25]
    assert rates(MultiStep(1.0, [1, 2], 0.5, steps_per_epoch=3), 8) == [1] * 3 + [0.5] * 3 + [0.25] * 2
    assert Step(1.0, 1).gamma == MultiStep(1.0, [1]).gamma == 0.1


@pytest.mark.parametrize("make", [Polynomial, Linear, Cosine])
def test_by_epochs(make):
    per_step = make(0.5, 6)
    smooth, stairs = (make(0.5, 6, steps_per_epoch=4, staircase=s) for s in (False, True))
    for t in range(32):
        assert stairs(t) == per_step(t // 4)
        assert smooth(t) <= stairs(t)
    assert [smooth(4 * t) for t in range(8)] == rates(per_step, 8)
    assert per_step(0) > smooth(1) > smooth(2) > smooth(3) > per_step(1)
    same(Linear(0.5, 6, end=0.2), rates(Polynomial(0.5, 6, 1, 0.2), 9))
    assert Linear(1.0, 4, end=3.0)(1) == 1.5  # upwards too


def test_interpolation_by_epochs():
    schedule = PiecewiseInterpolate([1, 2], [4, 0], steps_per_epoch=4)
    assert rates(schedule, 10) == [4, 4, 4, 4, 4, 3, 2, 1, 0, 0]


def test_the_end_is_kept_exactly():
    """However long it is asked, and however small it is."""
    for schedule, last in [
        (Polynomial(0.3, 7, 3, end=0.1), 0.1), (Linear(0.3, 7, end=0.1), 0.1), (Linear(0.3, 7), 0.0),
        (Cosine(0.3, 7), 0.0), (OneCycle(0.3, 7, final_div_factor=1e12), 0.3 / 25 / 1e12),
        (Exponential(0.3, 0.1, end=0.1), 0.1), (Trapezoid(0.3, 7, 2, 2, "sqrt", end=0.1), 0.1),
        (PiecewiseInterpolate([0, 7], [0.3, 1e-30]), 1e-30),
    ]:  # fmt: skip
        assert [schedule(t) for t in (7, 8, 70, 10**9)] == [last] * 4, schedule


# -- what holds for all of them

# one or more of every class, with every field at another value than its default at least once
EXAMPLES = {
    Constant: [Constant(0.1)],
    Step: [Step(0.1, 3), Step(0.1, 2, 0.5, 2)],
    MultiStep: [MultiStep(0.1, (2, 4)), MultiStep(0.1, (), 0.5, 2)],
    Piecewise: [Piecewise((2, 4), (0.3, 0.2, 0.1)), Piecewise([1], [0.3, 0.2], 2)],
    PiecewiseInterpolate: [PiecewiseInterpolate([1, 4], [0, 0.2]), PiecewiseInterpolate([1, 3], [1, 2], "cosine", 2)],
    Exponential: [Exponential(0.1, 0.9), Exponential(0.1, 0.9, 3, True, 0.06), Exponential(1e-3, 1.5)],
    InverseTime: [InverseTime(0.1, 2.0), InverseTime(0.1, 2.0, 2, True)],
    InverseSqrt: [InverseSqrt(0.1), InverseSqrt(0.1, 4)],
    Polynomial: [Polynomial(0.1, 5), Polynomial(0.1, 5, 0.5, 0.2, 2, True)],
    Linear: [Linear(0.1, 5), Linear(1e-20, 5, 0.2, 2, True)],
    Cosine: [Cosine(0.1, 5), Cosine(0.1, 5, 0.1, 0.5, 2, True)],
    WarmRestarts: [WarmRestarts(0.1, 3), WarmRestarts(0.1, 3, 1.5, 0.8, 0.1)],
    Cyclic: [Cyclic(0, 0.1, 2, 3), Cyclic(0.01, 0.1, 2, mode="triangular2"), Cyclic(0.1, 0.1, 2, 1, "exp_range", 0.9)],
    OneCycle: [OneCycle(0.1, 6), OneCycle(0.1, 20, 0.4, "linear", 10.0, 100.0, True), OneCycle(0.1, 1)],
    Trapezoid: [Trapezoid(0.1, 9, 3, 3, shape, 0.01, 0.02) for shape in ("linear", "sqrt", "cosine", "square")],
    Warmup: [Warmup(Cosine(0.1, 5), 3), Warmup(Warmup(Constant(0.1), 2), 2, 0.2)],
    Joined: [Joined([Constant(0.1), Linear(0.2, 3), Step(0.1, 2)], [2, 5])],
    Scaled: [Scaled(Cosine(0.1, 5), 0.5)],
}
ALL = [schedule for examples in EXAMPLES.values() for schedule in examples]
each = pytest.mark.parametrize("schedule", ALL, ids=repr)


def test_every_schedule_is_here():
    public = {getattr(schedules, name) for name in schedules.__all__}
    assert public - {Schedule} == set(EXAMPLES)
    made = {c for c in vars(schedules).values() if isinstance(c, type) and issubclass(c, Schedule)}
    assert made == public
    for cls, examples in EXAMPLES.items():
        optional = {f.name: f.default for f in dataclasses.fields(cls) if f.default is not dataclasses.MISSING}
        unseen = [name for name, x in optional.items() if all(getattr(e, name) == x for e in examples)]
        assert not unseen, f"{cls.__name__}: no example sets {unseen}"


@pytest.mark.parametrize("cls", EXAMPLES, ids=lambda c: c.__name__)
def test_documented_with_formula_and_source(cls):
    formula = cls.__doc__.split("\n\n")[0].partition("    ")[0]
    assert any(field.name in formula for field in dataclasses.fields(cls)), formula
    assert re.search(r"PyTorch|Keras|optax|Ng:|\(\d{4}\.\d{5}\)|(19|20)\d\d", cls.__doc__), "no source"
    for field in dataclasses.fields(cls):
        assert field.name in cls.__doc__, f"{field.name} is not explained"


@each
def test_rates_are_finite_python_floats(schedule):
    for t in [*range(60), 1000, 10**5 if type(schedule) is not Exponential else 1000]:
        assert type(schedule(t)) is float
        assert 0 <= schedule(t) < math.inf
        assert type(schedule(np.int64(t))) is float or schedule(np.int64(t)) == schedule(t)


def test_defaults():
    """Those of PyTorch where it has the schedule, else of optax or Keras."""
    assert Exponential(1.0, 0.5) == Exponential(1.0, 0.5, 1, False, 0.0)
    assert InverseTime(1.0, 0.5) == InverseTime(1.0, 0.5, 1, False)
    assert InverseSqrt(1.0) == InverseSqrt(1.0, 1)
    assert Step(1.0, 5) == Step(1.0, 5, 0.1, 1) and MultiStep(1.0, [5]) == MultiStep(1.0, [5], 0.1, 1)
    assert Piecewise([5], [1, 2]) == Piecewise([5], [1, 2], 1)
    assert PiecewiseInterpolate([5], [1]) == PiecewiseInterpolate([5], [1], "linear", 1)
    assert Polynomial(1.0, 5) == Polynomial(1.0, 5, 1.0, 0.0, 1, False)
    assert Linear(1.0, 5) == Linear(1.0, 5, 0.0, 1, False)
    assert Cosine(1.0, 5) == Cosine(1.0, 5, 0.0, 1.0, 1, False)
    assert WarmRestarts(1.0, 5) == WarmRestarts(1.0, 5, 1.0, 1.0, 0.0)
    assert Cyclic(0.1, 1.0) == Cyclic(0.1, 1.0, 2000, None, "triangular", 1.0)
    assert OneCycle(1.0, 9) == OneCycle(1.0, 9, 0.3, "cos", 25.0, 1e4, False)
    assert Trapezoid(1.0, 9) == Trapezoid(1.0, 9, 0, 0, "linear", 0.0, 0.0)
    assert Warmup(Constant(1), 5) == Warmup(Constant(1), 5, 0.0)


@pytest.mark.parametrize("cls", EXAMPLES, ids=lambda c: c.__name__)
def test_whatever_is_accepted_gives_rates(cls):
    """Fields drawn at random, tiny and large: what the constructor takes is finite and not negative everywhere."""
    rng = random.Random(cls.__name__)

    def draw(name):
        if name in cls.choices:
            return rng.choice(cls.choices[name])
        if name in ("staircase", "three_phase"):
            return rng.random() < 0.5
        if name in ("boundaries", "milestones"):
            return sorted({rng.randint(1, 30) for _ in range(3)})
        if name in ("schedule", "schedules"):
            parts = [Linear(draw("lr"), draw("steps"), draw("end")) for _ in range(4)]
            return parts[0] if name == "schedule" else parts
        if name == "values":
            return [draw("lr") for _ in range(rng.choice([3, 4]))]
        if "steps" in name or name.startswith("step_size") or name in ("warmup", "cooldown"):
            return rng.randint(0, 20)
        if name in ("alpha", "pct_start", "gamma"):
            return rng.choice([0.0, 1.0, rng.random()])
        return rng.choice([0.0, 10 ** rng.uniform(-12, 2), 10 ** rng.uniform(-1, 0.3)])

    made = 0
    for _ in range(300):
        try:
            schedule = cls(**{field.name: draw(field.name) for field in dataclasses.fields(cls)})
        except ValueError:
            continue
        made += 1
        for t in range(45):
            assert 0 <= schedule(t) < math.inf, (schedule, t)
    assert made > 10


@each
def test_a_schedule_is_a_value(schedule):
    """Asking does not change it; it prints what it is; it is equal to another one like it; it travels to processes."""
    backwards = [schedule(t) for t in reversed(range(12))]
    assert backwards[::-1] == rates(schedule, 12)
    again = eval(repr(schedule))
    assert again == schedule and hash(again) == hash(schedule) and again is not schedule
    assert {again: 1}[schedule] == 1
    other = pickle.loads(pickle.dumps(schedule))
    assert other == schedule and rates(other, 12) == rates(schedule, 12)
    assert schedule != Constant(0.123)
    with pytest.raises(AttributeError):
        schedule.steps_per_epoch = 2


def test_fields_are_plain_numbers():
    schedule = Cosine(np.float32(0.5), np.int64(5), alpha=0)
    assert repr(schedule) == "Cosine(lr=0.5, steps=5, alpha=0.0, exponent=1.0, steps_per_epoch=1, staircase=False)"
    assert schedule == Cosine(0.5, 5.0)
    assert Piecewise(np.array([2, 4]), [1, 2, 3]) == Piecewise((2, 4), (1.0, 2.0, 3.0))
    assert type(Constant(1)(0)) is float


@each
def test_an_optimizer_follows_it(schedule):
    w = Tensor(np.zeros(1), requires_grad=True)
    optimizer = optim.SGD([w], lr=schedule)
    before = 0.0
    for t in range(6):
        assert optimizer.lr == schedule(t)
        w.grad = np.ones(1)
        optimizer.step()
        assert before - w.item() == pytest.approx(schedule(t), rel=1e-6, abs=1e-15)
        before = w.item()


@pytest.mark.parametrize("bad", [0, -0.1, math.nan, math.inf])
@pytest.mark.parametrize(
    "make",
    [
        lambda x: Constant(x),
        lambda x: Exponential(x, 0.9),
        lambda x: Exponential(0.1, x),
        lambda x: Exponential(0.1, 0.9, steps_per_epoch=x),
        lambda x: InverseTime(x, 1.0),
        lambda x: InverseTime(0.1, x),
        lambda x: InverseTime(0.1, 1.0, steps_per_epoch=x),
        lambda x: Piecewise([2], [0.1, x]),
        lambda x: Piecewise([2], [0.1, 0.2], steps_per_epoch=x),
        lambda x: Step(x, 3),
        lambda x: Step(0.1, 3, x),
        lambda x: MultiStep(0.1, [3], x),
        lambda x: InverseSqrt(x),
        lambda x: Polynomial(x, 5),
        lambda x: Polynomial(0.1, 5, power=x),
        lambda x: Linear(x, 5),
        lambda x: Cosine(x, 5),
        lambda x: Cosine(0.1, 5, exponent=x),
        lambda x: WarmRestarts(x, 5),
        lambda x: WarmRestarts(0.1, 5, m_mul=x),
        lambda x: Cyclic(0.1, x),
        lambda x: Cyclic(0.1, 0.2, gamma=x),
        lambda x: OneCycle(x, 5),
        lambda x: OneCycle(0.1, 5, div_factor=x),
        lambda x: OneCycle(0.1, 5, final_div_factor=x),
        lambda x: Trapezoid(x, 5),
        lambda x: Scaled(Constant(0.1), x),
    ],
)
def test_what_must_be_positive(make, bad):
    with pytest.raises(ValueError, match=rf"\w+: \w+ must be positive, got {bad}"):
        make(bad)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Step(0.1, 0), "Step: step_size must be a whole number >= 1, got 0"),
        (lambda: Step(0.1, 2.5), "Step: step_size must be a whole number >= 1, got 2.5"),
        (lambda: MultiStep(0.1, [5, 3]), r"MultiStep: milestones must increase, got \[5, 3\]"),
        (lambda: MultiStep(0.1, [-1, 3]), "MultiStep: milestones must be a number >= 0, got -1"),
        (lambda: Exponential(0.1, 0.9, end=-1), "Exponential: end must be a number >= 0, got -1"),
        (lambda: InverseSqrt(0.1, 0), "InverseSqrt: warmup must be a whole number >= 1, got 0"),
        (lambda: Polynomial(0.1, 0), "Polynomial: steps must be a whole number >= 1, got 0"),
        (lambda: Polynomial(0.1, 5, end=-3.0), "Polynomial: end must be a number >= 0, got -3.0"),
        (lambda: Linear(0.1, math.inf), "Linear: steps must be a whole number >= 1, got inf"),
        (lambda: Cosine(0.1, math.nan), "Cosine: steps must be a whole number >= 1, got nan"),
        (lambda: Cosine(0.1, 5, alpha=1.1), r"Cosine: alpha must be a number in \[0, 1\], got 1.1"),
        (lambda: Cosine(0.1, 5, alpha=-0.1), "Cosine: alpha must be"),
        (lambda: WarmRestarts(0.1, 5, t_mul=0.5), "WarmRestarts: t_mul must be a number >= 1, got 0.5"),
        (lambda: WarmRestarts(0.1, 5, t_mul=math.inf), "WarmRestarts: t_mul must be a number >= 1, got inf"),
        (lambda: Linear(0.1, 5, end=math.inf), "Linear: end must be a number >= 0, got inf"),
        (lambda: Trapezoid(0.1, 9, warmup=math.inf), "Trapezoid: warmup must be a whole number >= 0, got inf"),
        (lambda: WarmRestarts(0.1, 0), "WarmRestarts: steps must be"),
        (lambda: Cyclic(-0.1, 0.2), "Cyclic: base_lr must be a number >= 0, got -0.1"),
        (lambda: Cyclic(0.3, 0.2), "Cyclic: max_lr must not be below base_lr = 0.3, got 0.2"),
        (lambda: Cyclic(0.1, 0.2, 0), "Cyclic: step_size_up must be"),
        (lambda: Cyclic(0.1, 0.2, 4, 0), "Cyclic: step_size_down must be"),
        (lambda: Cyclic(0.1, 0.2, gamma=1.1), r"Cyclic: gamma must lie in \(0, 1\], got 1.1"),
        (
            lambda: Cyclic(0.1, 0.2, mode="triangle"),
            "mode must be one of 'triangular', .*; got 'triangle'",
        ),
        (lambda: OneCycle(0.1, 0), "OneCycle: total_steps must be"),
        (lambda: OneCycle(0.1, 5, pct_start=1.5), r"OneCycle: pct_start must be a number in \[0, 1\], got 1.5"),
        (lambda: OneCycle(0.1, 5, 0.6, three_phase=True), "OneCycle: three_phase needs pct_start <= 0.5 .*, got 0.6"),
        (
            lambda: OneCycle(0.1, 5, anneal_strategy="cosine"),
            "must be one of 'cos', 'linear'; got 'cosine'",
        ),
        (lambda: Trapezoid(0.1, 9, 5, 5), "Trapezoid: warmup 5 and cooldown 5 do not fit into 9 steps"),
        (lambda: Trapezoid(0.1, 9, -1), "Trapezoid: warmup must be a whole number >= 0, got -1"),
        (lambda: Trapezoid(0.1, 9, 1, 1.5), "Trapezoid: cooldown must be a whole number >= 0, got 1.5"),
        (lambda: Trapezoid(0.1, 9, shape="1-sqrt"), "Trapezoid: shape must be one of"),
        (lambda: Trapezoid(0.1, 9, start=-1), "Trapezoid: start must be"),
        (lambda: PiecewiseInterpolate([], []), "PiecewiseInterpolate: needs a value at every boundary, got 0 and 0"),
        (lambda: PiecewiseInterpolate([0, 1], [1]), "needs a value at every boundary, got 2 and 1"),
        (lambda: PiecewiseInterpolate([1, 1], [1, 2]), "PiecewiseInterpolate: boundaries must increase"),
        (lambda: PiecewiseInterpolate([0, 1], [1, -2]), "PiecewiseInterpolate: values must be a number >= 0, got -2"),
        (lambda: PiecewiseInterpolate([0, 1], [1, 2], "cos"), "kind must be one of 'linear', 'cosine'; got 'cos'"),
        (lambda: Warmup(Constant(1), 0), "Warmup: steps must be a whole number >= 1, got 0"),
        (lambda: Warmup(Constant(1), 5, -1), "Warmup: start must be a number >= 0, got -1"),
        (lambda: Joined([Constant(1)], [3]), "Joined: 1 boundaries need 2 schedules, got 1"),
        (lambda: Joined([Constant(1)] * 3, [3, 2]), r"Joined: boundaries must increase, got \[3, 2\]"),
        (lambda: Joined([Constant(1)] * 2, [0]), "Joined: boundaries must be a whole number >= 1, got 0"),
    ],
)
def test_other_ranges(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Constant("fast"), "Constant: lr must be a number, got 'fast'"),
        (lambda: Constant(None), "Constant: lr must be a number, got None"),
        (lambda: Constant(True), "Constant: lr must be a number, got True"),
        (lambda: Cosine(Constant(1), 5), "Cosine: lr must be a number, got Constant"),
        (lambda: Piecewise([1], [0.1, "x"]), "Piecewise: values must be a number, got 'x'"),
        (lambda: MultiStep(0.1, 30), "MultiStep: milestones must be a list, got 30"),
        (lambda: Joined(Constant(1), []), "Joined: schedules must be a list, got Constant"),
        (lambda: Warmup(0.1, 5), r"Warmup is made of schedules \(a fixed rate is Constant\(rate\)\), got 0.1"),
        (lambda: Warmup(Constant, 5), "Warmup is made of schedules"),
        (lambda: Joined([Constant(1), 0.1], [5]), "Joined is made of schedules .*, got 0.1"),
        (lambda: Scaled(None, 5), "Scaled is made of schedules"),
    ],
)
def test_what_is_no_number_or_no_schedule(make, message):
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize(
    "boundaries, values, message",
    [
        ([1, 2], [0.1, 0.2], "2 boundaries need 3 values, got 2"),
        ([], [], "0 boundaries need 1 values, got 0"),
        ([2, 1], [1, 2, 3], r"boundaries must increase, got \[2, 1\]"),
        ([2, 2], [1, 2, 3], "boundaries must increase"),
    ],
)
def test_piecewise_errors(boundaries, values, message):
    with pytest.raises(ValueError, match=f"Piecewise: {message}"):
        Piecewise(boundaries, values)


def test_any_function_is_a_schedule():
    w = Tensor(np.zeros(1), requires_grad=True)
    optimizer = optim.SGD([w], lr=lambda step: 1 / (step + 1))
    assert optimizer.lr == 1.0
