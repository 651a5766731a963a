"""L-BFGS: PyTorch's recorded path, the Wolfe conditions at every accepted step, theory, and SciPy's optimum."""

import importlib.util
import json
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize

import minidl
from minidl import Tensor, nn
from minidl.optim.more.lbfgs import LBFGS, Point, _cubic_minimum, strong_wolfe

GOLDEN = Path(__file__).parent / "golden"
_spec = importlib.util.spec_from_file_location("make_problems_matrix", GOLDEN / "make_problems_matrix.py")
problems = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(problems)
TORCH = [c for c in json.loads((GOLDEN / "torch_matrix.json").read_text())["cases"] if c["optimizer"] == "LBFGS"]


RNG = np.random.default_rng


class Problem:
    """A recorded problem with its closure, which writes down every point it is asked for."""

    def __init__(self, name, **settings):
        self.params = [Tensor(w, requires_grad=True) for w in problems.STARTS[name]]
        self.name, self.optimizer, self.seen = name, LBFGS(self.params, **settings), []

    def closure(self):
        self.optimizer.zero_grad()
        loss = problems.loss_of(self.name, self.params, np.asarray)
        loss.backward()
        self.seen.append((self.weights(), loss.item(), np.concatenate([p.grad.data.ravel() for p in self.params])))
        return loss

    def weights(self):
        return np.concatenate([p.data.ravel() for p in self.params])

    def step(self):
        return self.optimizer.step(self.closure)


def label(case):
    return case["problem"] + "".join(f"-{k}={v}" for k, v in case["settings"].items())


@pytest.mark.parametrize("case", [c for c in TORCH if c["settings"]["line_search_fn"] is None], ids=label)
def test_without_line_search_it_is_torch_lbfgs(case):
    problem = Problem(case["problem"], **case["settings"])
    for expected in case["steps"]:
        loss = problem.step()
        assert loss.item() == pytest.approx(expected["loss"], rel=1e-9, abs=1e-10)
        np.testing.assert_allclose(problem.weights(), expected["weights"], rtol=1e-9, atol=1e-9)
        assert problem.optimizer.evaluations == len(problem.seen) == expected["evaluations"]


@pytest.mark.parametrize("case", [c for c in TORCH if c["settings"]["line_search_fn"]], ids=label)
def test_with_line_search_it_reaches_torchs_and_scipys_optimum_as_fast(case):
    problem = Problem(case["problem"], **case["settings"])
    problem.step()
    theirs = case["steps"][0]
    np.testing.assert_allclose(problem.weights(), theirs["weights"], rtol=1e-6, atol=1e-6)
    assert problem.optimizer.evaluations == len(problem.seen) <= 1.2 * theirs["evaluations"]

    def f(x):
        w = [Tensor(x, requires_grad=True)]
        loss = problems.loss_of(problem.name, w, np.asarray)
        loss.backward()
        return loss.item(), w[0].grad.data

    scipys = scipy.optimize.minimize(f, problems.STARTS[problem.name][0], jac=True, method="L-BFGS-B")
    np.testing.assert_allclose(problem.weights(), scipys.x, atol=1e-3)
    assert f(problem.weights())[0] <= scipys.fun + 1e-9
    assert problem.optimizer.evaluations <= 1.5 * scipys.nfev


@pytest.mark.parametrize("wolfe", [(1e-4, 0.9), (1e-3, 0.1), (0.1, 0.3), (1e-4, 1e-3)])
@pytest.mark.parametrize(
    "name, lr", [("rosenbrock", 1.0), ("rosenbrock", 0.01), ("quadratic", 1.0), ("quadratic", 20.0), ("mlp", 1.0)]
)
def test_every_accepted_step_meets_the_strong_wolfe_conditions(name, lr, wolfe):
    c1, c2 = wolfe
    problem = Problem(name, lr=lr, wolfe=wolfe, max_iter=1, max_eval=100, tolerance_change=0)
    checked = 0
    for _ in range(25):
        before = len(problem.seen)
        problem.step()
        w0, f0, g0 = problem.seen[before]
        if len(problem.seen) == before + 1 or np.abs(g0).max() < 1e-5:  # there rounding decides
            break
        w, f, g = next(x for x in problem.seen[before + 1 :] if np.array_equal(x[0], problem.weights()))
        s = w - w0
        assert g0 @ s < 0
        assert f <= f0 + c1 * (g0 @ s) + 1e-14
        assert abs(g @ s) <= c2 * abs(g0 @ s) + 1e-14
        checked += 1
    assert checked >= 4


@pytest.mark.parametrize("n", [2, 5, 9])
def test_with_exact_line_search_a_quadratic_of_n_dimensions_takes_n_iterations(n):
    """Nocedal & Wright, section 7.2: on a quadratic it is then the method of conjugate gradients; m = 1 is enough."""
    a = problems.reflection(n) @ np.diag(np.geomspace(1, 50, n)) @ problems.reflection(n)
    for history_size in (1, 100):
        x = Tensor(problems.spread(n, 3), requires_grad=True)
        optimizer = LBFGS(
            [x], max_iter=1, max_eval=1000, wolfe=(1e-10, 1e-9), history_size=history_size, tolerance_change=0
        )

        def closure(x=x):
            loss = 0.5 * (x * (a @ x)).sum()
            loss.backward()
            return loss

        size = []
        for _ in range(n):
            optimizer.step(closure)
            size.append(np.abs(x.data).max())
        assert size[-1] < 1e-7
        assert n == 2 or size[-2] > 1e-4


def test_the_direction_is_that_of_the_dense_bfgs_matrix():
    """H <- (I - r s y') H (I - r y s') + r s s', r = 1 / y's (eq. 6.17), from s'y / y'y of the last pair."""
    rng = np.random.default_rng(4)
    optimizer = LBFGS([Tensor(np.zeros(6), requires_grad=True)])
    s = list(rng.normal(size=(4, 6)))
    y = [v + 0.3 * rng.normal(size=6) for v in s]
    assert all(a @ b > 0 for a, b in zip(s, y, strict=True))
    optimizer._s, optimizer._y = s, y
    H = np.eye(6) * (s[-1] @ y[-1]) / (y[-1] @ y[-1])
    for a, b in zip(s, y, strict=True):
        v = np.eye(6) - np.outer(b, a) / (a @ b)
        H = v.T @ H @ v + np.outer(a, a) / (a @ b)
    g = rng.normal(size=6)
    np.testing.assert_allclose(optimizer._direction(g), -H @ g, rtol=1e-12)


def test_only_the_last_pairs_with_positive_curvature_are_kept():
    optimizer = LBFGS([Tensor(np.zeros(2), requires_grad=True)])
    one = np.array([1.0, 0.0])
    for k in range(5):
        optimizer._remember((k + 1) * one, one, 3)
    for y in (-one, 0 * one, 1e-11 * one, -1e-11 * one):
        optimizer._remember(one, y, 3)
    assert [s[0] for s in optimizer._s] == [3, 4, 5]


# -- the line search by itself: functions of one number


def line(f, slope):
    return lambda t: Point(t, f(t), slope(t), None)


LINES = [
    line(lambda t: (t - 3) ** 2, lambda t: 2 * (t - 3)),
    line(lambda t: -t / (t * t + 2), lambda t: (t * t - 2) / (t * t + 2) ** 2),  # More & Thuente 1994, function 1
    line(lambda t: (t + 0.4) ** 5 - 2 * (t + 0.4) ** 4, lambda t: 5 * (t + 0.4) ** 4 - 8 * (t + 0.4) ** 3),  # their 2
    line(lambda t: math.exp(t) - 5 * t, lambda t: math.exp(t) - 5),
    line(lambda t: -math.log(1 - t) - 2 * t if t < 1 else math.inf, lambda t: 1 / (1 - t) - 2 if t < 1 else math.nan),
    line(lambda t: math.sin(5 * t) / 5 - 1.5 * t + 0.1 * t * t, lambda t: math.cos(5 * t) - 1.5 + 0.2 * t),
]  # fmt: skip


@pytest.mark.parametrize("at", LINES)
@pytest.mark.parametrize("first", [1e-3, 0.1, 1.0, 10.0, 1000.0])
@pytest.mark.parametrize("c1, c2", [(1e-4, 0.9), (1e-4, 0.1), (1e-3, 1e-3)])
def test_strong_wolfe_on_lines(at, first, c1, c2):
    calls = []

    def counted(t):
        calls.append(t)
        return at(t) if t < 500 or at is not LINES[3] else Point(t, math.inf, math.inf, None)

    start = at(0.0)
    found = strong_wolfe(counted, start, first, c1, c2, max_points=60)
    assert found.t > 0 and found.t in calls
    assert found.f <= start.f + c1 * found.t * start.slope
    assert abs(found.slope) <= c2 * abs(start.slope)
    assert len(calls) < 25


def test_a_cubic_is_minimised_exactly():
    """f = t^3 - 6 t^2 + 9 t: minimum 3, maximum 1."""
    at = line(lambda t: t**3 - 6 * t**2 + 9 * t, lambda t: 3 * t**2 - 12 * t + 9)
    for a, b in [(2.0, 5.0), (5.0, 2.0), (1.5, 2.0), (4.0, 10.0)]:
        assert _cubic_minimum(at(a), at(b)) == pytest.approx(3, rel=1e-12)
    assert math.isnan(_cubic_minimum(Point(0, 0, 1, None), Point(1, 1, 1, None)))
    assert math.isnan(_cubic_minimum(Point(0, 0, -1, None), Point(1, math.inf, math.inf, None)))


@pytest.mark.parametrize("at", LINES)
@pytest.mark.parametrize("first", [0.1, 1.0, 4.0, 10.0])
@pytest.mark.parametrize("max_points", [1, 2, 3])
def test_when_the_points_run_out_the_lowest_one_is_taken(at, first, max_points):
    seen = [at(0.0)]
    found = strong_wolfe(lambda t: seen.append(at(t)) or seen[-1], seen[0], first, 1e-4, 1e-12, max_points)
    assert found == min((p for p in seen if p.f <= seen[0].f + 1e-4 * p.t * seen[0].slope), key=lambda p: p.f)


def test_a_hollow_that_was_passed_is_searched():
    """At 5.55 the loss is lower than at 0 and still falls, but not as low as at 1: the minimum between is taken."""
    f = line(lambda t: -t + 2.45 * (1 + math.tanh(6 * (t - 5))), lambda t: -1 + 14.7 / math.cosh(6 * (t - 5)) ** 2)
    assert 4 < strong_wolfe(f, f(0.0), 1.0, 1e-4, 0.9).t < 5


def test_a_line_without_descent_gives_the_start():
    flat = line(lambda t: 1.0 + t, lambda t: -1.0)  # the slope lies
    assert strong_wolfe(flat, flat(0.0), 1.0).t == 0


# -- the contract


def quadratic_closure(x):
    def closure():
        loss = ((x - 1) * (x - 1) * np.array([1.0, 10.0], x.dtype)).sum()
        loss.backward()  # without zero_grad(): the optimizer does it too
        return loss

    return closure


def test_a_step_stops_by_its_tolerances_and_limits():
    x = Tensor(np.array([3.0, -2.0]), requires_grad=True)
    optimizer = LBFGS([x], max_iter=1000, tolerance_change=1e-16)
    first = optimizer.step(quadratic_closure(x))
    assert first.item() == 94.0
    done = optimizer.evaluations
    assert done < 30 and np.abs(x.data - 1).max() < 1e-7
    optimizer.step(quadratic_closure(x))
    assert optimizer.evaluations == done + 1  # at the optimum: one look, no step
    problem = Problem("rosenbrock", max_iter=50, max_eval=4)
    problem.step()
    assert 4 <= problem.optimizer.evaluations <= 4 + 25
    assert Problem("rosenbrock", max_iter=8).optimizer.param_groups[0]["max_eval"] == 10


@pytest.mark.parametrize("settings, evaluations, moves", [
    ({"tolerance_grad": 219}, 4, True),  # after three steps
    ({"tolerance_grad": 221}, 1, False),
    ({"tolerance_change": 0.01}, 2, True),  # a change of w of 0.003
    ({"tolerance_change": 0.001}, 10, True),
    ({"tolerance_change": 9e4, "lr": 1000.0}, 1, False),  # a slope of 8.4e4
])  # fmt: skip
def test_each_tolerance_by_itself(settings, evaluations, moves):
    """f = 10 (x - 1)^2 from 12, without line search: f = 1210, g = 220; the first step is lr long."""
    x = Tensor(np.array([12.0]), requires_grad=True)

    def closure():
        loss = (10 * (x - 1) * (x - 1)).sum()
        loss.backward()
        return loss

    optimizer = LBFGS([x], **{"lr": 0.003, "max_iter": 10, "line_search_fn": None, **settings})
    optimizer.step(closure)
    assert (optimizer.evaluations, bool(x.data[0] != 12)) == (evaluations, moves)


@pytest.mark.parametrize("tolerance, evaluations", [(0.1, 2), (0.06, 4)])
def test_a_loss_that_hardly_changes_ends_the_step(tolerance, evaluations):
    """f = (x - 1)^2 / 4 from 2: g = 0.5, a slope of 0.25, a first step of 0.15, by which the loss falls by 0.069;
    then Newton's direction: by 0.092 and by 0.045."""
    x = Tensor(np.array([2.0]), requires_grad=True)

    def closure():
        loss = (0.25 * (x - 1) * (x - 1)).sum()
        loss.backward()
        return loss

    optimizer = LBFGS([x], lr=0.3, line_search_fn=None, tolerance_change=tolerance)
    optimizer.step(closure)
    assert optimizer.evaluations == evaluations


def test_a_resumed_run_is_the_uninterrupted_one():
    for cut in (0, 1, 4):
        straight, broken = (Problem("rosenbrock", max_iter=3) for _ in range(2))
        for _ in range(8):
            straight.step()
        for _ in range(cut):
            broken.step()
        saved = broken.optimizer.state_dict()
        resumed = Problem("rosenbrock", max_iter=3)
        resumed.params[0].data = broken.params[0].data.copy()
        resumed.optimizer.load_state_dict(saved)
        assert resumed.optimizer.evaluations == broken.optimizer.evaluations
        for _ in range(8 - cut):
            resumed.step()
        assert np.array_equal(resumed.weights(), straight.weights())


def test_a_checkpoint_file_holds_its_history(tmp_path):
    from minidl.checkpoint import load_checkpoint, save_checkpoint

    x = np.array([[1.0, 2.0], [0.5, -1.0], [0.0, 1.0]], "float32")

    def run(model, optimizer, steps):
        def closure():
            optimizer.zero_grad()
            loss = nn.MSELoss()(model(x).tanh(), np.array([[0.1], [0.2], [0.5]], "float32"))
            loss.backward()
            return loss

        for _ in range(steps):
            optimizer.step(closure)

    first, second = (nn.Sequential(nn.Dense(2, 3, rng=rng), nn.Dense(3, 1, rng=rng)) for rng in (RNG(0), RNG(0)))
    a, b = (LBFGS(m.parameters(), max_iter=2) for m in (first, second))
    run(first, a, 3)
    save_checkpoint(tmp_path / "run", first, a)
    load_checkpoint(tmp_path / "run", second, b)
    run(first, a, 2)
    run(second, b, 2)
    for p, q in zip(first.parameters(), second.parameters(), strict=True):
        assert p.dtype == np.float32 and np.array_equal(p.data, q.data)


def test_a_history_of_another_size_is_refused():
    problem, other = Problem("rosenbrock"), Problem("quadratic")
    problem.step()
    other.step()
    saved, before = problem.optimizer.state_dict(), other.weights()
    with pytest.raises(ValueError, match=r"d of the saved history has shape \(1, 2\).*\(1, 6\)"):
        other.optimizer.load_state_dict(saved)
    with pytest.raises(ValueError, match="no optimizer state"):
        other.optimizer.load_state_dict({"history": 1})
    del saved["state"]["history"]["s"]
    with pytest.raises(ValueError, match="s of the saved history"):
        problem.optimizer.load_state_dict(saved)
    other.step()
    assert np.abs(other.weights() - before).max() < 1


def test_bad_input_gets_a_clear_error():
    x = Tensor(np.ones(2), requires_grad=True)
    with pytest.raises(TypeError, match=r"LBFGS.step\(\) needs a closure"):
        LBFGS([x]).step()
    with pytest.raises(TypeError, match="must return the loss"):
        LBFGS([x]).step(lambda: None)
    with pytest.raises(RuntimeError, match=r"must call loss\.backward"):
        LBFGS([x]).step(lambda: (x * x).sum())
    with pytest.raises(ValueError, match=r"c1 < c2.*\(0.9, 0.1\)"):
        LBFGS([x], wolfe=(0.9, 0.1))
    with pytest.raises(ValueError, match="'strong_wolfe' or None, got 'wolfe'"):
        LBFGS([x], line_search_fn="wolfe")
    with pytest.raises(ValueError, match="one group, got 2"):
        LBFGS([{"params": [x]}, {"params": [Tensor(np.ones(2), requires_grad=True)]}])
    with pytest.raises(ValueError, match="max_iter"):
        LBFGS([x], max_iter=0)


def test_a_loss_that_is_nan_moves_nothing():
    x = Tensor(np.ones(2), requires_grad=True)

    def closure():
        loss = (x * x).sum() * math.nan
        loss.backward()
        return loss

    assert math.isnan(LBFGS([x]).step(closure).item())
    assert (x.data == 1).all()


def test_parameters_without_gradient_stay_and_a_changed_one_is_marked():
    x, unused = Tensor(np.array([3.0, 2.0]), requires_grad=True), Tensor(np.ones(3), requires_grad=True)
    kept = (x * x).sum()
    LBFGS([unused, x]).step(quadratic_closure(x))
    np.testing.assert_allclose(x.data, 1, atol=1e-6)
    assert (unused.data == 1).all()
    with pytest.raises(RuntimeError, match="changed in place"):
        kept.backward()


def test_it_fits_a_network_in_float32():
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Dense(3, 6, rng=rng), nn.Tanh(), nn.Dense(6, 1, rng=rng))
    x = rng.normal(size=(50, 3)).astype("float32")
    y = np.sin(x[:, :1] + x[:, 1:2])
    optimizer = LBFGS(model.parameters())

    def closure():
        optimizer.zero_grad()
        loss = nn.MSELoss()(model(x), y)
        loss.backward()
        return loss

    losses = [optimizer.step(closure).item() for _ in range(6)]
    assert losses[-1] < 0.02 * losses[0]
    assert all(p.dtype == np.float32 for p in model.parameters())
    with minidl.no_grad():
        assert nn.MSELoss()(model(x), y).item() <= losses[-1]


def test_on_the_gpu_it_does_what_it_does_on_the_cpu(fake_cupy):
    """With the stand-in for CuPy, which refuses to mix with NumPy's arrays."""
    ends = []
    for device in ("cpu", "cuda"):
        w, b = (Tensor(x, requires_grad=True, device=device) for x in (problems.spread(6, 1).reshape(3, 2), np.ones(2)))
        x = Tensor(problems.spread(15, 2).reshape(5, 3), device=device)

        def closure(w=w, b=b, x=x):
            error = (x @ w + b).tanh() - 0.3
            loss = (error * error).sum()
            loss.backward()
            return loss

        optimizer = LBFGS([w, b], max_iter=3)
        for _ in range(3):
            optimizer.step(closure)
            optimizer.load_state_dict(optimizer.state_dict())
        ends.append(np.concatenate([w.numpy().ravel(), b.numpy()]))
    assert np.array_equal(*ends)
