"""What mutation testing found unnoticed in L-BFGS: the points of the line search, and what the optimizer counts."""

import inspect
import math

import numpy as np
import pytest

from minidl import Tensor, optim
from minidl.optim.more.lbfgs import Point, _zoom, strong_wolfe


def tried(f, slope, t, **settings):
    """The points at which the line search looks, and the one it takes."""
    points = []

    def at(t):
        points.append(t)
        return Point(t, f(t), slope(t), None)

    found = strong_wolfe(at, Point(0.0, f(0.0), slope(0.0), None), t, **settings)
    return points, found.t


def valley(bottom):
    """A parabola: the cubic through two of its points is the parabola itself, so that its minimum is the bottom."""
    return lambda t: (t - bottom) ** 2, lambda t: 2 * (t - bottom)


@pytest.mark.parametrize(
    "bottom, t, settings, points",
    [
        (3.0, 1.0, {}, [1.0]),  # low and flat enough at once: 4 <= 0.9 * 6
        (3.0, 1.0, {"c2": 0.1}, [1.0, 3.0]),  # further, to the minimum
        (3.0, 0.1, {"c2": 0.1}, [0.1, 1.0, 3.0]),  # but not more than ten times as far,
        (2.05, 2.0, {"c2": 0.01}, [2.0, 2.2, 2.05]),  # and at least a tenth further; then back into the bracket
        (0.1, 4.0, {"c2": 0.1}, [4.0, 0.4, 0.1]),  # not nearer to an end of the bracket than a tenth of its width,
        (2.012, 2.0, {"c2": 0.001}, [2.0, 2.2, 2.02, 2.012]),
        (0.97, 1.0, {"c1": 0.6}, [1.0, 0.9, 0.81, 0.729]),  # neither end
    ],
)
def test_the_points_of_the_line_search(bottom, t, settings, points):
    found, taken = tried(*valley(bottom), t, **settings)
    assert found == pytest.approx(points, rel=1e-9)
    assert taken == found[-1]


def test_the_line_search_gives_up():
    """After max_points, one more for the first; the lowest point is the start."""
    for steep_until in (0.0, 1.0, 11.0):  # nothing is low enough beyond: at once, after one, after two points
        def f(t, end=steep_until):
            return -t if t <= end else 5.0

        points, taken = tried(f, lambda t: -1.0, 1.0, max_points=10)
        assert len(points) == 11 and taken <= steep_until


def test_the_line_search_ends_where_rounding_does():
    """A bracket as narrow as the numbers are dense has nothing more in it."""
    points, taken = tried(lambda t: -t if t <= 2.0 else 5.0, lambda t: -1.0, 2.0, max_points=2000)
    assert taken == 2.0 and 15 < len(points) < 400


def parabola(scale=1.0):
    w = Tensor([3.0, -4.0], requires_grad=True, dtype="float64")
    calls = []

    def closure():
        calls.append(w.data.copy())
        loss = (w * w).sum() * scale
        loss.backward()
        return loss

    return w, closure, calls


def test_steps_are_counted_for_the_schedule():
    w, closure, _ = parabola()
    seen = []

    def schedule(step):
        seen.append(step)
        return 1.0

    optimizer = optim.LBFGS([w], lr=schedule, max_iter=1)
    for _ in range(3):
        optimizer.step(closure)
    assert optimizer.steps == 3 and seen[-3:] == [0, 1, 2]


def test_wolfe_must_lie_in_order():
    w, _, _ = parabola()
    for wolfe in ((0.0, 0.9), (0.5, 0.5), (0.9, 0.1)):
        with pytest.raises(ValueError, match="wolfe must be c1 and c2 with 0 < c1 < c2 < 1"):
            optim.LBFGS([w], wolfe=wolfe)


def test_the_weights_end_at_the_point_that_was_taken():
    """Which need not be the last one looked at: where rounding hides every descent, it is the first."""
    w = Tensor([1.0, 2.0], requires_grad=True, dtype="float64")
    calls = []

    def closure():
        calls.append(1)
        loss = (w * w).sum()
        loss.backward()
        return loss if len(calls) == 1 else loss * 0.0 + 100.0  # no point is lower than the start

    optim.LBFGS([w], max_iter=1, max_eval=1000).step(closure)
    assert len(calls) > 20 and w.data.tolist() == [1.0, 2.0]


def test_a_flat_start_leaves_no_step_to_remember():
    """A slope of nothing ends the step; the next pair of changes then begins where the last one was taken."""
    w, closure, _ = parabola()
    optimizer = optim.LBFGS([w], lr=0.0)
    optimizer.step(closure)
    assert w.data.tolist() == [3.0, -4.0] and optimizer.state_dict()["common"]["t"] == 0.0
    optimizer.lr = 1.0
    optimizer.step(closure)
    assert np.abs(w.data).max() < 1e-7 and math.isfinite(w.data.sum())


def test_of_the_points_before_an_edge_the_lowest_is_taken():
    """The loss falls up to an edge and is high beyond: the search comes near from both sides until it may not go on."""
    last_was_taken = []
    for edge in (1.9, 2.0, 2.3, 2.7, 3.1):
        w = Tensor([0.0], requires_grad=True, dtype="float64")
        seen = {}

        def closure(w=w, edge=edge, seen=seen):
            loss = -w.sum()
            loss.backward()
            seen[w.data.item()] = loss = loss.item() if w.data.item() <= edge else 5.0
            return loss

        optim.LBFGS([w], max_iter=1, max_eval=1000).step(closure)
        assert len(seen) > 20 and w.data.item() == min(seen, key=seen.get)
        last_was_taken.append(w.data.item() == list(seen)[-1])
    assert not all(last_was_taken)


def test_a_step_without_a_slope_is_remembered_as_none():
    """The second loss has hardly a slope left, though a gradient above its tolerance: nothing moves there."""
    w = Tensor([2.0], requires_grad=True, dtype="float64")
    optimizer = optim.LBFGS([w], max_iter=1)
    for factor in (1.0, 1e-6):
        def closure(factor=factor):
            loss = (w * w).sum() * factor
            loss.backward()
            return loss

        optimizer.step(closure)
        moved = optimizer.state_dict()["common"]["t"]
        assert (moved > 0) == (factor == 1.0)


def test_pairs_are_remembered_from_a_curvature_of_1e_10_on():
    w = Tensor([1.0], requires_grad=True, dtype="float64")
    for curvature, kept in ((1.5e-10, 1), (0.75e-10, 0)):
        optimizer = optim.LBFGS([w])
        optimizer._remember(np.array([1.0]), np.array([curvature]), 10)
        assert len(optimizer._s) == len(optimizer._y) == kept


def test_a_history_with_fewer_y_than_s_is_refused():
    w, closure, _ = parabola()
    optimizer = optim.LBFGS([w], max_iter=2, wolfe=(1e-4, 0.1))
    for _ in range(2):
        optimizer.step(closure)
    saved = optimizer.state_dict()
    history = saved["state"]["history"]
    rows = [np.ones((2, 2)), np.ones((1, 2))]
    history["s"], history["y"] = rows
    with pytest.raises(ValueError, match=r"LBFGS: y of the saved history has shape \(1, 2\) .* expected \(2, 2\)"):
        optimizer.load_state_dict(saved)


def test_the_settings_of_the_line_search_when_told_nothing():
    defaults = {k: p.default for k, p in inspect.signature(strong_wolfe).parameters.items()}
    assert (defaults["c1"], defaults["c2"], defaults["max_points"]) == (1e-4, 0.9, 25)


def test_a_slope_that_has_turned_is_zoomed_into_with_both_constants():
    """At 8.5 the parabola rises again, and too steeply; its bottom is low enough for c1, and would not be for c2."""
    points, taken = tried(*valley(5.0), 8.5, c1=1e-4, c2=0.6)
    assert points == pytest.approx([8.5, 5.0]) and taken == points[-1]


def test_a_slope_that_has_turned_leaves_the_rest_of_the_points():
    points, _ = tried(lambda t: abs(t - 5), lambda t: math.copysign(1.0, t - 5), 1.0, max_points=3)
    assert points[:2] == pytest.approx([1.0, 5.55]) and len(points) == 2 + (3 - 1)


def test_without_a_cubic_the_middle_is_tried():
    asked = []

    def at(t):
        asked.append(t)
        return Point(t, 0.0, -1.0, None)

    start = Point(0.0, 0.0, -1.0, None)
    _zoom(at, start, start, Point(1.0, -1.0, -1.0, None), 1e-4, 0.9, 1)  # a straight line
    assert asked == [0.5]
