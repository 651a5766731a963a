"""Schedules: plain functions of the step."""

import math
import pickle

import numpy as np
import pytest

from minidl import Tensor, optim
from minidl.optim.schedules import Constant, Exponential, InverseTime, Piecewise


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


ALL = [Constant(0.1), Exponential(0.1, 0.9, 3, True), InverseTime(0.1, 2.0), Piecewise((2, 4), (0.3, 0.2, 0.1))]


@pytest.mark.parametrize("schedule", ALL, ids=lambda s: type(s).__name__)
def test_a_schedule_is_a_value(schedule):
    """Asking does not change it; it prints what it is; it travels to other processes."""
    backwards = [schedule(t) for t in reversed(range(6))]
    assert backwards[::-1] == rates(schedule, 6)
    assert eval(repr(schedule)) == schedule
    assert pickle.loads(pickle.dumps(schedule)) == schedule
    with pytest.raises(AttributeError):
        schedule.steps_per_epoch = 2


@pytest.mark.parametrize("schedule", ALL, ids=lambda s: type(s).__name__)
def test_an_optimizer_follows_it(schedule):
    w = Tensor(np.zeros(1), requires_grad=True)
    optimizer = optim.SGD([w], lr=schedule)
    before = 0.0
    for t in range(6):
        assert optimizer.lr == schedule(t)
        w.grad = np.ones(1)
        optimizer.step()
        assert before - w.item() == pytest.approx(schedule(t), rel=1e-12)
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
    ],
)
def test_what_must_be_positive(make, bad):
    with pytest.raises(ValueError, match=rf"\w+: \w+ must be positive, got {bad}"):
        make(bad)


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
