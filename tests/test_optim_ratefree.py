"""DoG, DoWG, D-Adaptation and Prodigy against optax, pytorch_optimizer and the papers' bounds."""

import inspect
import json
import math
from pathlib import Path

import numpy as np
import pytest

from minidl import Tensor
from minidl.optim.more import ratefree
from minidl.optim.more.ratefree import DAdaptAdam, DoG, DoWG, Prodigy

GOLDEN = Path(__file__).parent / "golden"
OPTAX, ZOO = (json.loads((GOLDEN / f"{name}_ratefree.json").read_text()) for name in ("optax", "pytorch_optimizer"))
MLP_X = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
MLP_START = json.loads((GOLDEN / "pytorch_cpp_trajectories.json").read_text())["start"]
RULES = [DoG, DoWG, DAdaptAdam, Prodigy]


def rosenbrock(w):
    return (1 - w[0][0]) ** 2 + 100 * (w[0][1] - w[0][0] ** 2) ** 2


def quadratic(w):
    curvature = np.array([10.0 ** (-3 + 0.6 * i) for i in range(6)])  # condition 1000
    return 0.5 * (w[0] * w[0] * curvature).sum()


def mlp(w):
    w1, b1, w2, b2 = w
    return ((Tensor(MLP_X) @ w1.T + b1).sigmoid() @ w2.T + b2).sigmoid().sum()


PROBLEMS = {
    "rosenbrock": ([[-1.2, 1.0]], rosenbrock),
    "quadratic": ([[1.0, -2.0, 3.0, -1.0, 0.5, -0.25]], quadratic),
    "mlp": ([np.reshape(w, s) for w, s in zip(MLP_START, [(3, 2), 3, (1, 3), 1], strict=True)], mlp),
}


def parameters(problem, dtype="float64"):
    return [Tensor(np.array(w, dtype), requires_grad=True) for w in PROBLEMS[problem][0]]


def settings_of(case):
    """The recorded settings as arguments: pairs as tuples, warmup as a schedule."""
    settings = {k: tuple(v) if isinstance(v, list) else v for k, v in case["settings"].items()}
    if "warmup" in settings:
        steps, top = settings.pop("warmup"), settings["lr"]
        settings["lr"] = lambda step: top * min(1.0, (step + 1) / steps)
    return settings


def deviation(params, expected):
    """The largest deviation of any element, relative (absolute below a millionth)."""
    worst = 0.0
    for p, w in zip(params, expected, strict=True):
        assert p.shape == np.shape(w)
        part = np.abs(p.data - w) / (np.abs(w) + 1e-6)
        worst = max(worst, np.nan_to_num(part, nan=math.inf, posinf=math.inf).max())
    return worst


def replay(case, make):
    """The worst deviation over the recorded steps, through minidl's own gradients. make: params -> optimizer."""
    params, loss = parameters(case["problem"]), PROBLEMS[case["problem"]][1]
    optimizer = make(params)

    def closure():
        optimizer.zero_grad()
        value = loss(params)
        value.backward()
        return value

    worst = 0.0
    for step in range(1, 101):
        optimizer.step(closure)
        if str(step) in case["weights"]:
            worst = max(worst, deviation(params, case["weights"][str(step)]))
        if str(step) in case.get("evaluated", {}):
            optimizer.eval()
            worst = max(worst, deviation(params, case["evaluated"][str(step)]))
            optimizer.train()
    return worst


def label(case):
    around = case["base"][0] + "-" if "base" in case else ""
    return f"{case['rule']}-{around}{case['problem']}" + "".join(f"-{k}={v}" for k, v in case["settings"].items())


def cases(*names):
    return [case for record in (OPTAX, ZOO) for case in record["cases"] if case["rule"] in names]


def one(w, g):
    p = Tensor(np.array(w, dtype="float64"), requires_grad=True)
    p.grad = None if g is None else np.array(g, dtype="float64")
    return p


# -- recorded runs


@pytest.mark.parametrize("case", cases("DoG", "DoWG", "DAdaptAdam", "Prodigy"), ids=label)
def test_recorded_runs(case):
    cls = {cls.__name__: cls for cls in RULES}[case["rule"]]
    assert replay(case, lambda params: cls(params, **settings_of(case))) < 1e-9


@pytest.mark.parametrize("cls", RULES)
def test_every_setting_was_recorded(cls):
    seen = cases(cls.__name__)
    assert {case["problem"] for case in seen} == set(PROBLEMS)
    settings = {k for case in seen for k in case["settings"]}
    assert settings == set(cls([one([0.0], None)]).param_groups[0]) - {"params"}
    assert any(case["settings"].get("eps") == 1e-2 for case in seen)


# -- one estimate for all parameters


@pytest.mark.parametrize("cls", RULES)
def test_two_parameters_are_one_long_one(cls):
    rng = np.random.default_rng(0)
    start, curvature = rng.normal(size=7), 10.0 ** rng.uniform(-1, 1, size=7)
    whole, parts = one(start, None), [one(start[:3], None), one(start[3:], None)]
    optimizers = [cls([whole], lr=0.5, weight_decay=0.1), cls(parts, lr=0.5, weight_decay=0.1)]
    for _ in range(30):
        whole.grad = curvature * whole.data
        for p, part in zip(parts, (slice(0, 3), slice(3, 7)), strict=True):
            p.grad = curvature[part] * p.data
        for optimizer in optimizers:
            optimizer.step()
    np.testing.assert_allclose(np.concatenate([p.data for p in parts]), whole.data, rtol=1e-12)
    assert optimizers[0].common == pytest.approx(optimizers[1].common, rel=1e-12)


@pytest.mark.parametrize("cls", RULES)
def test_a_parameter_without_gradient_stays_and_still_counts(cls):
    moving, resting = one([1.0, -2.0], [1.0, 1.0]), one([3.0], [0.5])
    optimizer = cls([moving, resting])
    optimizer.step()
    at = resting.data.copy()
    before = dict(optimizer.common)
    resting.grad = None
    optimizer.step()
    assert (resting.data == at).all() and optimizer.common != before
    if cls in (DoG, DoWG):
        both = optimizer.squared_distance()
        assert both > ((at - 3.0) ** 2).sum() > 0


@pytest.mark.parametrize("cls, factor", [(DAdaptAdam, 1 - 0.999**0.5), (Prodigy, 1.0)])
def test_the_estimate_divides_by_all_gradients_so_far(cls, factor):
    moving, resting = one([1.0, -2.0], None), one([3.0], None)
    optimizer = cls([moving, resting])
    for step in range(6):
        moving.grad, resting.grad = np.array([1.0, -1.0]), np.array([1.0]) if step < 5 else None
        optimizer.step()
    size = sum(abs(state["s"]).sum() for state in optimizer.state_dict()["state"].values())
    common = optimizer.common
    assert common["d_next"] == pytest.approx(common["num"] / (factor * size), rel=1e-12)
    assert common["d_next"] > common["d"] > 1e-6


@pytest.mark.parametrize("cls", RULES)
def test_zero_gradients_leave_everything_in_place(cls):
    p = one([1.0, -2.0], [0.0, 0.0])
    optimizer = cls([p])
    for _ in range(3):
        optimizer.step()
    assert (p.data == [1.0, -2.0]).all()
    p.grad = np.array([1.0, 0.0])
    for _ in range(3):
        optimizer.step()
    assert np.isfinite(p.data).all() and p.data[0] < 1.0 and p.data[1] == -2.0


@pytest.mark.parametrize("cls", [DAdaptAdam, Prodigy])
def test_zero_eps_and_a_coordinate_without_gradient(cls):
    """0 / 0 in the estimate of D-Adaptation: the coordinate has not moved, and adds nothing."""
    p = one([1.0, 1.0], [1.0, 1.0])
    optimizer = cls([p], eps=0.0)
    for g in ([1.0, 1.0], [2.0, 1.0], [1.0, 0.5]):
        p.grad = np.array(g)
        optimizer.step()
    assert np.isfinite(p.data).all() and optimizer.common["d_next"] > 0


@pytest.mark.parametrize("cls", RULES)
def test_a_schedule_that_starts_at_zero(cls):
    p = one([1.0, -2.0], None)
    optimizer = cls([p], lr=lambda step: min(1.0, step / 5))
    for step in range(40):
        p.grad = p.data.copy()
        optimizer.step()
        assert step or (p.data == [1.0, -2.0]).all()
    assert np.isfinite(p.data).all() and (abs(p.data) < [1.0, 2.0]).all()


@pytest.mark.parametrize("cls", RULES)
def test_float32_stays_and_a_run_resumes_bit_for_bit(cls):
    def run(optimizer, p, steps):
        for _ in range(steps):
            optimizer.zero_grad()
            ((p * p).sum() * 0.5 + p.sum()).backward()
            optimizer.step()
        return p.data.tobytes()

    def made():
        p = Tensor(np.array([[1.5, -2.0, 0.25]], "float32"), requires_grad=True)
        return p, cls([p], lr=0.5, weight_decay=0.01)

    p, optimizer = made()
    expected = run(optimizer, p, 40)
    assert p.dtype == "float32" and all(type(x) is float for x in optimizer.common.values())
    q, other = made()
    run(other, q, 23)
    r, resumed = made()
    r.data[...] = q.data
    resumed.load_state_dict(other.state_dict())
    assert run(resumed, r, 17) == expected


# -- what the papers prove or say


def test_the_first_step_of_dog_has_the_chosen_length():
    p, q = one([3.0, 0.0], [30.0, -40.0]), one(4.0, 0.0)
    DoG([p, q], reps_rel=0.01, eps=0.0).step()
    np.testing.assert_allclose(p.data - [3.0, 0.0], -0.01 * (1 + 5) * np.array([0.6, -0.8]), rtol=1e-13)


def test_the_first_step_of_dowg():
    p = one([3.0, 0.0], [30.0, -40.0])
    DoWG([p], r2_start=0.04, eps=0.0).step()  # r2 / sqrt(r2 |g|^2) g: r long
    np.testing.assert_allclose(p.data - [3.0, 0.0], -0.2 * np.array([0.6, -0.8]), rtol=1e-13)


@pytest.mark.parametrize("cls", [DoG, DoWG])
def test_distance_over_gradients_does_not_see_the_size_of_the_loss(cls):
    ends = []
    for size in (1.0, 1000.0):
        p = one([1.0, -2.0], None)
        optimizer = cls([p], eps=0.0)
        for _ in range(50):
            p.grad = size * p.data * np.array([1.0, 3.0])
            optimizer.step()
        ends.append(p.data)
    np.testing.assert_allclose(*ends, rtol=1e-10)


@pytest.mark.parametrize("cls", [DAdaptAdam, Prodigy])
def test_the_estimate_never_falls_and_stays_below_the_distance(cls):
    """A convex problem, 0.5 |w - target|^2, starting 1e-6 too low: the bound is on the largest coordinate."""
    target = np.array([0.7, -0.4, 0.2])
    p = one([0.0, 0.0, 0.0], None)
    optimizer = cls([p], betas=(0.0, 0.999), bias_correction=False)
    seen = []
    for _ in range(100):
        p.grad = p.data - target
        optimizer.step()
        seen.append(optimizer.common["d_next"])
    assert seen == sorted(seen) and 0.05 < seen[-1] < 0.7 * 1.01


@pytest.mark.parametrize("cls", RULES)
def test_rosenbrock_comes_down_without_a_rate(cls):
    w = parameters("rosenbrock", "float32")
    optimizer = cls(w)
    first = float(rosenbrock(w))
    for _ in range(300):
        optimizer.zero_grad()
        rosenbrock(w).backward()
        optimizer.step()
    assert float(rosenbrock(w)) < first / 4


@pytest.mark.parametrize(
    "cls, settings",
    [(DoG, {"reps_rel": 0.0}), (DoWG, {"r2_start": -1.0}), (DAdaptAdam, {"d0": 0.0}), (Prodigy, {"beta3": 1.0}),
     (Prodigy, {"d0": "small"}), (Prodigy, {"betas": (0.9, 1.0)}), (DAdaptAdam, {"eps": -1e-8})],
)  # fmt: skip
def test_hyper_parameters_out_of_range(cls, settings):
    with pytest.raises((ValueError, TypeError), match=f"{cls.__name__}: {next(iter(settings))}"):
        cls([one([1.0], None)], **settings)


# -- the recorded runs can fail: one slip at a time


def mutant(module, old, new, count=1):
    """The module compiled from its source with `old`, which stands there `count` times, replaced by `new`."""
    source = inspect.getsource(module)
    assert source.count(old) == count, f"{old!r} stands {source.count(old)} times: bring the table up to date"
    made = {k: v for k, v in vars(module).items() if k.startswith("__")}
    exec(compile(source.replace(old, new), f"<{module.__name__}>", "exec"), made)
    return made


MUTANTS = [
    ("DoG", "common[\"r\"] = max(common[\"r\"], math", "common[\"r\"] = (math"),
    ("DoG", "(1 + start)", "start"),
    ("DoG", 'common["G"] += _sq', 'common["G"] = _sq'),
    ("DoG", "(r / (G + eps) ** 0.5)", "(r / (G + eps))"),
    ("DoG", "(r / (G + eps) ** 0.5)", "(r / (G**0.5 + eps))"),
    ("DoG", 'g + group["weight_decay"] * p._data', "g"),
    ("DoG", "start = math.sqrt(sum(", "start = (sum("),
    ("DoWG", 'common["V"] += common["r2"] * ', 'common["V"] += '),
    ("DoWG", 'common["V"] += common["r2"]', 'common["V"] = common["r2"]'),
    ("DoWG", "(V**0.5 + eps)", "(V + eps) ** 0.5"),
    ("DoWG", "w -= lr * (r2 /", "w += lr * (r2 /"),
    ("DAdaptAdam", 'D, g, v, s = self.numbers(state, group, lr)["D"]', 'D, g, v, s = common["d"]'),
    ("DAdaptAdam", '(1 - b) * D * _dot(g, s', 'D * _dot(g, s'),
    ("DAdaptAdam", "s += (1 - b) * D * g", "s += (1 - b) * g"),
    ("DAdaptAdam", "s *= b\n", "s *= b * b\n"),
    ("DAdaptAdam", 'common["num"] *= b\n', "pass\n"),
    ("DAdaptAdam", "b = math.sqrt(updates", "b = (updates"),
    ("DAdaptAdam", "size = (1 - b) * sum", "size = sum"),
    ("DAdaptAdam", 'max(d, common["num"] / size)', 'common["num"] / size'),
    ("DAdaptAdam", "m += (1 - beta1) * D * g", "m += (1 - beta1) * g"),
    ("DAdaptAdam", "(1 - beta2) * g * g", "(1 - beta2) * abs(g)"),
    ("DAdaptAdam", "w -= m / (sqrt(v) + eps)", "w -= m / sqrt(v + eps)"),
    ("DAdaptAdam", "correction = math.sqrt(1 - beta2", "correction = (1 - beta2"),
    ("Prodigy", "float(abs(a)", "float((a)"),
    ("Prodigy", 'd / first["d0"] * D * _dot', 'D * _dot'),
    ("Prodigy", 'state["w0"] - p._data', 'p._data - state["w0"]'),
    ("Prodigy", "s *= beta3", "s *= 1"),
    ("Prodigy", 'common["num"] *= beta3', "pass"),
    ("Prodigy", 'd / first["d0"] * (d if', '(d if'),
    ("Prodigy", '(d if group["safeguard_warmup"] else D)', "D"),
    ("Prodigy", '(d if group["safeguard_warmup"] else D)', "d"),
    ("Prodigy", 'first["d_coef"] * common["num"]', 'common["num"]'),
    ("Prodigy", "m += (1 - beta1) * d * g", "m += (1 - beta1) * D * g"),
    ("Prodigy", "(d * g) ** 2", "d * g**2"),
    ("Prodigy", "w -= D * m", "w -= m"),
    ("Prodigy", "d_next * eps", "d * eps"),
    ("Prodigy", "d_next * eps", "eps"),
    ("Prodigy", 'return w.copy() if name == "w0"', 'return w if name == "w0"'),
]  # fmt: skip


@pytest.mark.parametrize("rule, old, new", MUTANTS)
def test_a_mutant_misses_the_recorded_runs(rule, old, new):
    cls = mutant(ratefree, old, new)[rule]
    with np.errstate(all="ignore"):
        for case in cases(rule):
            try:
                if replay(case, lambda params, case=case: cls(params, **settings_of(case))) > 1e-6:
                    return
            except (ValueError, ZeroDivisionError, OverflowError, TypeError):
                return
    raise AssertionError("no recorded run noticed")


# -- on a stand-in for the GPU


def same_on_every_device(make, steps=7, after=lambda optimizer: None):
    """float32 runs on the CPU and on two devices that are not the current one end in the same bits."""
    ends = []
    for device in ("cpu", "cuda", "cuda:1"):
        rng = np.random.default_rng(4)
        params = [Tensor(rng.normal(size=s).astype("float32"), requires_grad=True, device=device) for s in [(3, 4), 5]]
        optimizer = make(params)

        def closure(params=params, optimizer=optimizer):
            optimizer.zero_grad()
            loss = sum((p * p * p * p).sum() for p in params)
            loss.backward()
            return loss

        for _ in range(steps):
            optimizer.step(closure)
            after(optimizer)
        assert all(p.device == device for p in params)
        saved = optimizer.state_dict()
        ends.append(([p.numpy().tobytes() for p in params], repr(saved)))
        optimizer.load_state_dict(saved)
        optimizer.step(closure)
    assert ends[0] == ends[1] == ends[2]


@pytest.mark.parametrize("cls", RULES)
def test_on_the_gpu(cls, fake_cupy):
    same_on_every_device(lambda params: cls(params, lr=0.5, weight_decay=0.1))
