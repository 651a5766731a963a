"""SophiaH and AdaHessian: recorded runs with the same probes, Hutchinson's estimate, closed forms and the closure."""

import gc
import importlib.util
import json
import math
from pathlib import Path

import numpy as np
import pytest

from minidl import Tensor, nn, optim
from minidl.optim.more.hessian import AdaHessian, SophiaH

GOLDEN = Path(__file__).parent / "golden"
_spec = importlib.util.spec_from_file_location("make_problems_matrix", GOLDEN / "make_problems_matrix.py")
problems = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(problems)
RULES = {"SophiaH": SophiaH, "AdaHessian": AdaHessian}
RUNS = json.loads((GOLDEN / "pytorch_optimizer_matrix.json").read_text())["cases"]
RUNS = [case for case in RUNS if case["optimizer"] in RULES]


def replaying(cls):
    """The rule with the recorded probes: the n-th probe is the n-th piece of `spread`, for signs only its signs."""

    class Replaying(cls):
        calls = 0

        def probe(self, rng, shape):
            self.calls += 1
            u = 2 * problems.spread(math.prod(shape), 100 + self.calls).reshape(shape)
            return u if cls is SophiaH else np.where(u > 0, 1.0, -1.0)

    return Replaying


def run(optimizer, name, params, steps):
    """The weights after the recorded steps."""
    seen = {}
    for t in range(1, steps + 1):
        optimizer.step(lambda: problems.loss_of(name, params, np.asarray))
        if t in problems.RECORDED:
            seen[t] = np.concatenate([p.data.ravel() for p in params])
    return seen


def parameters(name):
    return [Tensor(w, requires_grad=True) for w in problems.STARTS[name]]


def label(case):
    return "-".join([case["optimizer"], case["problem"], *(f"{k}={v}" for k, v in case["settings"].items())])


@pytest.mark.parametrize("case", RUNS, ids=label)
def test_recorded_runs(case):
    params = parameters(case["problem"])
    optimizer = replaying(RULES[case["optimizer"]])(params, **case["settings"])
    seen = run(optimizer, case["problem"], params, 100)
    assert {int(t) for t in case["weights"]} == set(seen) == set(problems.RECORDED)
    for t, expected in case["weights"].items():
        np.testing.assert_allclose(seen[int(t)], expected, rtol=1e-9, atol=1e-9)


def test_the_recorded_runs_cover_all_settings():
    for name, cls in RULES.items():
        settings = [case["settings"] for case in RUNS if case["optimizer"] == name]
        group = cls(parameters("rosenbrock")).param_groups[0]
        others = {"params", "seed"} | ({"update_interval"} if name == "AdaHessian" else set())  # see transcriptions
        assert set(group) - others <= {key for s in settings for key in s}
        assert {case["problem"] for case in RUNS} == set(problems.STARTS)


# -- the estimate


class Recording(AdaHessian):
    """Keeps its estimates instead of using them."""

    def refresh(self, h, D, betas):
        self.estimates.append(D.copy())


def estimates(cls, closure, params, count, seed=0):
    class Kept(Recording):
        probe = cls.probe

    optimizer = Kept(params, lr=0.0, seed=seed)
    optimizer.estimates = []
    for _ in range(count):
        optimizer.step(closure)
    return np.array(optimizer.estimates)


@pytest.mark.parametrize("cls", [SophiaH, AdaHessian])
def test_the_estimate_is_unbiased(cls):
    """On a quadratic with matrix A: E[u * (A u)] is the diagonal of A, with a variance that follows from A."""
    w = Tensor(np.ones(6), requires_grad=True)
    found = estimates(cls, lambda: 0.5 * (w * (problems.QUADRATIC @ w)).sum(), [w], 3000)
    a = problems.QUADRATIC
    variance = (a**2).sum(axis=1) + (1 if cls is SophiaH else -1) * np.diag(a) ** 2
    error = (found.mean(axis=0) - np.diag(a)) / np.sqrt(variance / 3000)
    assert np.abs(error).max() < 4
    np.testing.assert_allclose(found.var(axis=0), variance, rtol=0.25)


def test_signs_give_the_exact_diagonal_of_a_diagonal_hessian():
    x = Tensor(np.array([0.3, -1.2, 2.0]), requires_grad=True)
    y = Tensor(np.array([[0.5, 1.0]]), requires_grad=True)
    optimizer = Recording([x, y], lr=0.0)
    optimizer.estimates = []
    optimizer.step(lambda: x.exp().sum() + (y * y * y).sum())
    np.testing.assert_allclose(optimizer.estimates[0], np.exp(x.data), rtol=1e-14)
    np.testing.assert_allclose(optimizer.estimates[1], 6 * y.data, rtol=1e-14)


def test_probes_depend_on_the_seed_and_the_step():
    w = Tensor(np.ones(6), requires_grad=True)
    closure = lambda: 0.5 * (w * (problems.QUADRATIC @ w)).sum()
    a, b, c = (estimates(SophiaH, closure, [w], 3, seed) for seed in (1, 1, 2))
    assert np.array_equal(a, b)
    assert not np.allclose(a, c) and not np.allclose(a[0], a[1]) and not np.allclose(a[1], a[2])


@pytest.mark.parametrize("cls", [SophiaH, AdaHessian])
def test_probes_have_mean_zero_and_variance_one(cls):
    optimizer = cls([Tensor(np.ones(1), requires_grad=True)])
    u = optimizer.probe(np.random.default_rng(0), (100, 200))
    assert u.shape == (100, 200) and abs(u.mean()) < 0.03 and abs(u.var() - 1) < 0.05
    assert cls is SophiaH or set(np.unique(u)) == {-1.0, 1.0}


@pytest.mark.parametrize("interval", [1, 4])
def test_estimates_come_in_the_first_and_then_every_so_many_steps(interval):
    w = Tensor(np.ones(2), requires_grad=True)
    optimizer = Recording([w], lr=0.0, update_interval=interval)
    optimizer.estimates, counts = [], []
    for _ in range(9):
        optimizer.step(lambda: (w * w * w).sum())
        counts.append(len(optimizer.estimates))
    assert counts == [1 + k // interval for k in range(9)]


# -- closed forms


def test_adahessian_with_rate_one_is_newtons_method_on_a_diagonal_quadratic():
    curvature, centre = np.array([0.01, 1.0, 500.0]), np.array([3.0, -2.0, 1.0])
    w = Tensor(np.zeros(3), requires_grad=True)
    AdaHessian([w], lr=1.0, eps=0.0).step(lambda: (0.5 * curvature * (w - centre) * (w - centre)).sum())
    np.testing.assert_allclose(w.data, centre, rtol=1e-12)


def test_sophia_steps_by_newton_where_it_is_curved_and_by_the_sign_elsewhere():
    """First step on sum(c w^2 / 2): m = (1 - beta1) c w, h = (1 - beta2) u^2 c; with u = 1 m / h needs no c."""

    class Ones(SophiaH):
        def probe(self, rng, shape):
            return np.ones(shape)

    start = np.array([0.5, -3.0, 0.5, -0.5])
    curvature = np.array([2.0, 2.0, -1.0, 100.0])
    w = Tensor(start, requires_grad=True)
    Ones([w], lr=0.1, betas=(0.9, 0.8), gamma=1.0, weight_decay=0.0).step(lambda: (0.5 * curvature * w * w).sum())
    newton = (1 - 0.9) / (1 - 0.8) * start
    expected = [newton[0], -1.0, np.sign(curvature[2] * start[2]), newton[3]]  # clipped; negative curvature; Newton
    np.testing.assert_allclose(w.data, start - 0.1 * np.array(expected), rtol=1e-12)


@pytest.mark.parametrize("name", list(problems.STARTS))
def test_sophia_never_moves_a_weight_by_more_than_lr(name):
    params = parameters(name)
    optimizer = SophiaH(params, lr=0.01, weight_decay=0.0)
    before = [p.data.copy() for p in params]
    for _ in range(15):
        optimizer.step(lambda: problems.loss_of(name, params, np.asarray))
        for p, w in zip(params, before, strict=True):
            assert np.abs(p.data - w).max() <= 0.01 * (1 + 1e-12)
            w[...] = p.data


def test_adahessian_ignores_the_scale_of_the_loss():
    ends = []
    for c in (1.0, 1024.0):
        params = parameters("mlp")
        optimizer = AdaHessian(params, lr=0.01, eps=0.0)
        for _ in range(20):
            optimizer.step(lambda c=c, params=params: problems.loss_of("mlp", params, np.asarray) * c)
        ends.append(np.concatenate([p.data.ravel() for p in params]))
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-9)


# -- the closure


def test_parameters_that_the_loss_does_not_reach_or_only_linearly():
    curved, linear, unused = (Tensor(np.array([2.0, 3.0]), requires_grad=True) for _ in range(3))
    other = Tensor(np.ones(2), requires_grad=True)  # not the optimizer's
    for cls in (SophiaH, AdaHessian):
        optimizer = cls([curved, linear, unused], lr=0.1, eps=1e-3, weight_decay=0.5)
        for p in (curved, linear):
            p.data = np.array([2.0, 3.0])
        optimizer.step(lambda: (curved * curved * other).sum() + 7 * linear.sum())
        assert (unused.data == [2, 3]).all() and unused.grad is None
        assert (linear.data < [2, 3]).all() and (curved.data < [2, 3]).all()
        assert (optimizer._state[linear][optimizer.state[-1]] == 0).all()
        assert unused not in optimizer._state
        assert other.grad is None  # backward() would have written to it
        np.testing.assert_allclose(linear.grad.data, 7)


def test_a_linear_loss_has_no_curvature():
    w = Tensor(np.array([1.0, -1.0]), requires_grad=True)
    SophiaH([w], lr=0.1, weight_decay=0.0).step(lambda: 3 * w.sum())
    np.testing.assert_allclose(w.data, [0.9, -1.1], rtol=1e-14)


@pytest.mark.parametrize("cls", [SophiaH, AdaHessian])
def test_bad_closures_get_a_clear_error(cls):
    w, constant = Tensor(np.ones(2), requires_grad=True), Tensor(np.ones(2))
    optimizer = cls([w])

    def calls_backward():
        loss = (w * w).sum()
        loss.backward()
        return loss

    with pytest.raises(TypeError, match=rf"{cls.__name__}.step\(\) needs a closure"):
        optimizer.step()
    with pytest.raises(TypeError, match="as a Tensor, got float"):
        optimizer.step(lambda: 1.0)
    with pytest.raises(RuntimeError, match=r"must not call backward"):
        optimizer.step(calls_backward)
    with pytest.raises(RuntimeError, match="requires no gradient"):
        optimizer.step(lambda: (constant * constant).sum())
    other = Tensor(np.ones(2), requires_grad=True)
    with pytest.raises(RuntimeError, match="no parameter has a gradient"):
        optimizer.step(lambda: (other * other).sum())
    assert (w.data == 1).all() and optimizer.steps == 0
    w.grad = np.ones(2)
    loss = optimizer.step(lambda: (w * w).sum())  # an old gradient does not matter
    assert loss.item() == 2.0 and not loss.requires_grad
    for name, value in {"seed": -1, "update_interval": 0}.items():
        with pytest.raises(ValueError, match=name):
            cls([w], **{name: value})


@pytest.mark.parametrize("cls", [SophiaH, AdaHessian])
def test_a_step_leaves_nothing_to_the_garbage_collector(cls):
    params = parameters("mlp")
    optimizer = cls(params, update_interval=1)
    optimizer.step(lambda: problems.loss_of("mlp", params, np.asarray))
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            optimizer.step(lambda: problems.loss_of("mlp", params, np.asarray))
        assert not [x for x in gc.get_objects() if isinstance(x, Tensor) and x._op is not None]
    finally:
        gc.enable()


@pytest.mark.parametrize("cls", [SophiaH, AdaHessian])
def test_a_resumed_run_is_the_uninterrupted_one(cls):
    straight, broken = parameters("mlp"), parameters("mlp")
    make = lambda params, seed: cls(params, lr=0.01, update_interval=3, seed=seed)
    run(make(straight, 5), "mlp", straight, 17)
    optimizer = make(broken, 5)
    run(optimizer, "mlp", broken, 8)
    resumed = make(broken, 0)
    resumed.load_state_dict(optimizer.state_dict())
    run(resumed, "mlp", broken, 9)
    for p, q in zip(straight, broken, strict=True):
        assert np.array_equal(p.data, q.data)


@pytest.mark.parametrize("cls, lr", [(SophiaH, 0.02), (AdaHessian, 0.1)])
def test_they_train_a_network_in_float32(cls, lr):
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Dense(4, 8, rng=rng), nn.Tanh(), nn.Dense(8, 3, rng=rng))
    x = rng.normal(size=(60, 4)).astype("float32")
    labels = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)
    groups = [{"params": [p for p in model.parameters() if p.ndim == n]} for n in (1, 2)]
    optimizer = cls(groups, lr=lr, weight_decay=0.0)
    assert isinstance(optimizer, optim.Optimizer)
    losses = [optimizer.step(lambda: nn.CrossEntropyLoss()(model(x), labels)).item() for _ in range(60)]
    assert losses[-1] < 0.5 * losses[0]
    assert all(p.dtype == np.float32 for p in model.parameters())
    states = [optimizer._state[p][name] for p in model.parameters() for name in cls.state]
    assert all(a.dtype == np.float32 for a in states)


@pytest.mark.parametrize("cls", [SophiaH, AdaHessian])
def test_on_the_gpu_they_do_what_they_do_on_the_cpu(cls, fake_cupy):
    """With the stand-in for CuPy, which refuses to mix with NumPy's arrays: the probes are drawn on the host."""
    ends = []
    for device in ("cpu", "cuda"):
        w, constant = (Tensor(x, requires_grad=True, device=device) for x in (problems.STARTS["quadratic"][0],) * 2)
        optimizer = cls([w], lr=0.01, update_interval=2)
        for _ in range(5):
            optimizer.step(lambda w=w, constant=constant: (w.exp() * constant.detach()).tanh().sum())
        assert w.device == device
        ends.append(w.numpy())
    assert np.array_equal(*ends) and np.abs(ends[0] - problems.STARTS["quadratic"][0]).max() > 0.01


def test_rare_estimates_do_not_change_the_scale():
    """Where the curvature is 1 everywhere, v^ is 1 however seldom it is looked at."""
    w = Tensor(np.array([1.0]), requires_grad=True)
    for interval in (1, 10):
        optimizer = AdaHessian([w], lr=1e-9, betas=(0.0, 0.999), eps=0.0, update_interval=interval)
        for _ in range(25):
            before = w.data.copy()
            optimizer.step(lambda: (w * w).sum() / 2)
            assert (before - w.data) / 1e-9 == pytest.approx(1.0, rel=1e-6)
