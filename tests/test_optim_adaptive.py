"""The adaptive rules beyond the course: PyTorch, optax, Keras, pytorch_optimizer, the papers, closed forms."""

import importlib.util
import inspect
import json
import math
from pathlib import Path

import numpy as np
import pytest

from minidl import Tensor, optim
from minidl.optim import optimizer as base
from minidl.optim import schedules
from minidl.optim.more import adam_family, conventions, factored, follow_leader, mixed, normalized, second_moments

GOLDEN = Path(__file__).parent / "golden"
MODULES = (adam_family, second_moments, mixed, normalized, follow_leader, factored, conventions)
FAMILY = {
    cls.__name__: cls
    for module in MODULES
    for cls in vars(module).values()
    if inspect.isclass(cls) and cls.__module__ == module.__name__
}
RULES = pytest.mark.parametrize("cls", FAMILY.values(), ids=lambda cls: cls.__name__)
SAFE = {"RAdam": {"lr": 0.01}, "FTRL": {"lr": 0.1, "beta": 1e-6}}  # in the family tests, for lr = 0.1

_spec = importlib.util.spec_from_file_location("problems_adaptive", GOLDEN / "make_problems_adaptive.py")
problems = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(problems)

CASES = [
    (library, case)
    for library in ("torch", "optax", "keras", "zoo")
    for case in json.loads((GOLDEN / f"{library}_adaptive.json").read_text())["cases"]
]


def label(value):
    return value if isinstance(value, str) else value["optimizer"] + json.dumps(value["settings"])


def make(cls, params, **settings):
    if isinstance(settings.get("lr"), list):
        settings["lr"] = schedules.Piecewise([50], settings["lr"])
    for name in ("betas", "nus", "eps"):
        if isinstance(settings.get(name), list):
            settings[name] = tuple(settings[name])
    return cls(params, **settings)


def sensible(cls, params):
    return cls(params, **SAFE.get(cls.__name__, {"lr": 0.1}))


def steps(optimizer, params, gradients):
    """The weights after each step with given gradients, one array per parameter."""
    seen = []
    for step in gradients:
        for p, g in zip(params, step, strict=True):
            p.grad = np.array(g, dtype=p.dtype)
        optimizer.step()
        seen.append([p.data.copy() for p in params])
    return seen


def follow(cls, start, gradients, **settings):
    """One parameter's weights after all steps."""
    w = Tensor(np.array(start, dtype="float64"), requires_grad=True)
    return steps(make(cls, [w], **settings), [w], [[g] for g in gradients])[-1][0]


def mixed_gradients(shape=(12, 5), seed=3):
    rng = np.random.default_rng(seed)
    gradients = rng.normal(size=shape) * 10.0 ** rng.uniform(-3, 2, size=shape)
    gradients[2:4, 1] = 0.0
    return gradients


# -- recorded runs


def deviation(case):
    """The largest relative deviation (absolute below 0.01) over the recorded steps of a run of 100."""
    params = [Tensor(w, requires_grad=True) for w in problems.start()]
    optimizer = make(FAMILY[case["optimizer"]], params, **case["settings"])
    worst, compared = 0.0, 0
    for step in range(problems.STEPS):
        for p, g in zip(params, problems.gradients(step, [p.data for p in params]), strict=True):
            p.grad = g
        optimizer.step()
        for p, expected in zip(params, case["weights"].get(str(step + 1), []), strict=False):
            difference = np.abs(p.data.ravel() - expected) / np.maximum(0.01, np.abs(expected))
            worst = max(worst, np.nan_to_num(difference, nan=math.inf).max())
            compared += 1
    assert compared == len(params) * len(problems.KEPT)
    return worst


@pytest.mark.parametrize("library, case", CASES, ids=label)
def test_recorded_runs(library, case):
    assert deviation(case) < 1e-9


# -- the papers, in plain numbers and loops, for what no library has or none has without a flaw


def adam_uncorrected(w, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    m = v = 0.0
    for g in gradients:
        g += weight_decay * w
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        w -= lr * m / (math.sqrt(v) + eps)
    return w


def laprop(w, gradients, lr, betas=(0.9, 0.999), eps=1e-15, weight_decay=0.0):
    (mu, nu), n, m = betas, 0.0, 0.0
    for t, g in enumerate(gradients, start=1):
        g += weight_decay * w
        n = nu * n + (1 - nu) * g**2
        root = math.sqrt(n / (1 - nu**t)) + eps
        m = mu * m + (1 - mu) * (g / root if g else 0.0)
        w -= lr * m / (1 - mu**t)
    return w


def qhadam(w, gradients, lr, nus=(0.7, 1.0), betas=(0.995, 0.999), eps=1e-8, weight_decay=0.0):
    top = below = 0.0
    for t, g in enumerate(gradients, start=1):
        g += weight_decay * w
        top = betas[0] * top + (1 - betas[0]) * g
        below = betas[1] * below + (1 - betas[1]) * g**2
        numerator = (1 - nus[0]) * g + nus[0] * top / (1 - betas[0] ** t)
        w -= lr * numerator / (math.sqrt((1 - nus[1]) * g**2 + nus[1] * below / (1 - betas[1] ** t)) + eps)
    return w


def adan(w, gradients, lr, betas=(0.98, 0.92, 0.99), eps=1e-8, weight_decay=0.0):
    b1, b2, b3 = (1 - beta for beta in betas)  # the paper's
    m = v = n = 0.0
    for t, g in enumerate(gradients, start=1):
        change = g - gradients[t - 2] if t > 1 else 0.0
        m = (1 - b1) * m + b1 * g
        v = (1 - b2) * v + b2 * change
        n = (1 - b3) * n + b3 * (g + (1 - b2) * change) ** 2
        corrected = [x / (1 - beta**t) for x, beta in zip((m, v, n), betas, strict=True)]
        step = lr / (math.sqrt(corrected[2]) + eps)
        w = (w - step * (corrected[0] + (1 - b2) * corrected[1])) / (1 + lr * weight_decay)
    return w


def rmsprop_graves(w, gradients, lr=1e-4, alpha=0.95, eps=1e-4, momentum=0.9, weight_decay=0.0):
    n = mean = delta = 0.0
    for g in gradients:
        g += weight_decay * w
        n = alpha * n + (1 - alpha) * g**2
        mean = alpha * mean + (1 - alpha) * g
        delta = momentum * delta - lr * g / math.sqrt(n - mean**2 + eps)
        w += delta
    return w


BY_HAND = [
    (conventions.AdamUncorrected, adam_uncorrected, {}),
    (conventions.AdamUncorrected, adam_uncorrected, {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2}),
    (conventions.AdamUncorrected, adam_uncorrected, {"lr": 0.1, "weight_decay": 0.3}),
    (normalized.LaProp, laprop, {"lr": 0.1}),
    (normalized.LaProp, laprop, {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2, "weight_decay": 0.3}),
    (mixed.QHAdam, qhadam, {"lr": 0.1}),
    (mixed.QHAdam, qhadam, {"lr": 0.1, "nus": (0.3, 0.6), "betas": (0.5, 0.9), "eps": 1e-2, "weight_decay": 0.3}),
    (mixed.Adan, adan, {"lr": 0.1}),
    (mixed.Adan, adan, {"lr": 0.1, "betas": (0.5, 0.7, 0.9), "eps": 1e-2, "weight_decay": 0.3}),
    (conventions.RMSPropGraves, rmsprop_graves, {}),
    (conventions.RMSPropGraves, rmsprop_graves, {"lr": 0.1, "alpha": 0.9, "eps": 1e-2, "weight_decay": 0.3}),
]  # fmt: skip


@pytest.mark.parametrize("cls, by_hand, settings", BY_HAND)
def test_by_hand(cls, by_hand, settings):
    gradients, start = mixed_gradients(), np.array([0.5, -1.0, 2.0, -0.25, 1.5])
    w = follow(cls, start, gradients, **settings)
    expected = [by_hand(float(x), [float(g) for g in gradients[:, i]], **settings) for i, x in enumerate(start)]
    np.testing.assert_allclose(w, expected, rtol=1e-12)


# -- closed forms


def first_step(cls, g, **settings):
    return follow(cls, np.zeros(3), [np.array([1.0, -1.0, 0.5]) * g], lr=0.1, **settings) / 0.1


@pytest.mark.parametrize("cls, factor, settings", [
    (adam_family.AMSGrad, 1, {}),
    (adam_family.AdaMax, 1, {}),
    (adam_family.NAdam, 1.0564459, {}),
    (second_moments.AdaBound, 1, {"gamma": 1e-9}),
    (second_moments.AdaBelief, 1 / 0.9, {}),
    (second_moments.Yogi, 1, {"initial_accumulator": 0.0, "eps": 1e-12}),
    (mixed.QHAdam, 1, {}),
    (mixed.AdEMAMix, 1 + 5e-4, {}),
    (mixed.Adan, 1, {}),
    (normalized.LaProp, 1, {}),
    (normalized.ADOPT, 0, {}),
    (conventions.AdamEpsHat, 1, {}),
    (conventions.AdamUncorrected, 0.1 / math.sqrt(0.001), {}),
    (conventions.RMSPropRateInside, 1 / math.sqrt(0.1), {"eps": 0.0}),
    (conventions.AMSGradCorrected, 1, {}),
    (conventions.AdaMaxOutside, 1, {}),
    (follow_leader.FTRL, 1, {"beta": 1e-9}),
], ids=lambda x: x.__name__ if inspect.isclass(x) else "")  # fmt: skip
def test_first_step_is_a_sign(cls, factor, settings):
    np.testing.assert_allclose(first_step(cls, 7.0, **settings), [-factor, factor, -factor], rtol=1e-5, atol=1e-12)


def test_madgrad_starts_with_a_cube_root():
    """(1 - momentum) lr g / (lr g^2)^(1/3): the step grows as the cube root of the gradient."""
    step = first_step(follow_leader.MADGRAD, 8.0, eps=1e-12, momentum=0.9)
    np.testing.assert_allclose(step, -0.1 * 0.1 ** (-1 / 3) * 2 * np.cbrt([1.0, -1.0, 0.5]), rtol=1e-9)


SCALE_FREE = [
    (adam_family.AMSGrad, {}), (adam_family.AdaMax, {}), (adam_family.NAdam, {}), (second_moments.AdaBelief, {}),
    (mixed.QHAdam, {}), (mixed.AdEMAMix, {}), (mixed.Adan, {}), (normalized.LaProp, {}), (normalized.ADOPT, {}),
    (conventions.AdamEpsHat, {}), (conventions.AdamUncorrected, {}), (conventions.AMSGradCorrected, {}),
    (conventions.AdaMaxOutside, {}), (conventions.RMSPropRateInside, {}), (follow_leader.FTRL, {"beta": 1e-200}),
    (factored.Adafactor, {"eps": (1e-200, 1e-3)}),
]  # fmt: skip


@pytest.mark.parametrize("cls, settings", SCALE_FREE)
def test_the_loss_may_be_scaled(cls, settings):
    gradients = mixed_gradients() + 0.1
    settings = {"lr": 0.1, **({} if cls in (follow_leader.FTRL, factored.Adafactor) else {"eps": 1e-200}), **settings}
    one, thousand = (follow(cls, np.ones(5), c * gradients, **settings) for c in (1.0, 1000.0))
    np.testing.assert_allclose(one, thousand, rtol=1e-9)
    assert np.abs(one - 1).min() > 1e-3


MOVED = {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3}


@pytest.mark.parametrize("cls, settings, other, others", [
    (adam_family.AMSGrad, MOVED, optim.Adam, MOVED | {"amsgrad": True}),
    (adam_family.NAdamW, MOVED | {"weight_decay": 0.0}, adam_family.NAdam, MOVED),
    (mixed.QHAdam, MOVED | {"nus": (1, 1)}, optim.Adam, MOVED),
    (mixed.AdEMAMix, MOVED | {"betas": (0.8, 0.95, 0.99), "alpha": 0.0, "weight_decay": 0.2}, optim.AdamW,
     MOVED | {"weight_decay": 0.2}),
    (second_moments.AdaBound, MOVED | {"gamma": 1e-9, "final_lr": 0.01, "eps": 0.0}, optim.Adam, MOVED | {"eps": 0.0}),
    (second_moments.AdaBound, MOVED | {"gamma": 1e12, "final_lr": 0.01}, optim.Momentum, {"lr": 0.01, "beta": 0.8}),
    (second_moments.AdaBound, MOVED | {"gamma": 1e-9, "eps": 0.0, "amsbound": True}, optim.Adam,
     MOVED | {"eps": 0.0, "amsgrad": True}),
    (normalized.LaProp, MOVED | {"betas": (0.0, 0.95)}, optim.Adam, MOVED | {"betas": (0.0, 0.95)}),
    (conventions.AdaGradInitial, {"lr": 0.1, "initial_accumulator": 0.0, "eps": 1e-2}, optim.AdaGrad,
     {"lr": 0.1, "eps": 1e-2, "eps_inside_sqrt": True}),
    (conventions.RMSPropRateInside, {"lr": 0.1, "alpha": 0.9, "eps": 1e-2, "momentum": 0.7}, optim.RMSProp,
     {"lr": 0.1, "alpha": 0.9, "eps": 1e-2, "momentum": 0.7, "eps_inside_sqrt": True}),
    (conventions.AdamEpsHat, MOVED | {"eps": 0.0}, optim.Adam, MOVED | {"eps": 0.0}),
    (follow_leader.FTRL, {"lr": 0.1, "beta": 1e-12}, optim.AdaGrad, {"lr": 0.1, "eps": 1e-12}),
], ids=lambda x: x.__name__ if inspect.isclass(x) else "")  # fmt: skip
def test_reductions(cls, settings, other, others):
    gradients = mixed_gradients() + 0.01
    np.testing.assert_allclose(
        follow(cls, np.ones(5), gradients, **settings), follow(other, np.ones(5), gradients, **others), rtol=1e-7
    )


def test_radam_starts_as_momentum_with_bias_correction():
    gradients = mixed_gradients()
    apart = [
        follow(adam_family.RAdam, np.ones(5), gradients[:n], lr=0.1)
        - follow(optim.Momentum, np.ones(5), gradients[:n], lr=0.1, bias_correction=True)
        for n in (5, 6)
    ]
    np.testing.assert_allclose(apart[0], 0, atol=1e-14)
    assert np.abs(apart[1]).max() > 0.01  # rho = 5.994: the first rectified step


def test_yogi_moves_its_second_moment_by_no_more_than_the_new_square():
    w = Tensor(np.zeros(2), requires_grad=True)
    optimizer = second_moments.Yogi([w], betas=(0.9, 0.5), initial_accumulator=1.0)
    steps(optimizer, [w], [[[0.1, 3.0]]])
    np.testing.assert_allclose(optimizer.state_dict()["state"]["0"]["v"], [1 - 0.5 * 0.01, 1 + 0.5 * 9], rtol=1e-14)


def test_adabound_ends_as_sgd_with_momentum():
    """After many steps the bounds have met: w moves by final_lr m, whatever v is."""
    w = Tensor(np.zeros(2), requires_grad=True)
    seen = steps(second_moments.AdaBound([w], lr=0.1, final_lr=0.01, gamma=1e6), [w], [[[1e-3, 1e3]]] * 400)
    np.testing.assert_allclose(seen[-1][0] - seen[-2][0], [-1e-5, -10], rtol=1e-6)


def test_ademamix_warms_up_linearly_in_alpha_and_in_the_time_constant():
    optimizer = mixed.AdEMAMix([Tensor([0.0], requires_grad=True)], betas=(0.9, 0.999, 0.9999), warmup_steps=100)
    group = optimizer.param_groups[0]
    half, full, over = (optimizer.numbers({"t": t}, group, 0.1) for t in (50, 100, 101))
    assert half["alpha"] == 2.5
    assert -1 / math.log(half["beta3"]) == pytest.approx((-1 / math.log(0.9) - 1 / math.log(0.9999)) / 2)
    assert full == over == {"alpha": 5.0, "beta3": 0.9999}
    group["betas"] = (0.0, 0.999, 0.0)  # no memory at all: no logarithm of 0
    assert optimizer.numbers({"t": 50}, group, 0.1)["beta3"] == 0.0


def test_ftrl_sets_weights_to_exactly_zero():
    gradients = [[0.001, -2.0]] * 20
    w = follow(follow_leader.FTRL, np.zeros(2), gradients, lr=0.1, l1=1.0)
    assert w[0] == 0.0 and w[1] > 0.1


# -- Adafactor's state


def test_adafactor_keeps_rows_and_columns():
    shapes = {
        (5, 7): {"r": (5, 1), "c": (1, 7)},
        (2, 3, 4): {"r": (2, 3, 1), "c": (2, 1, 4)},
        (6,): {"v": (6,)},
        (): {"v": ()},
    }
    params = [Tensor(np.ones(shape), requires_grad=True) for shape in shapes]
    optimizer = factored.Adafactor(params)
    rng = np.random.default_rng(0)
    gradients = [[rng.normal(size=p.shape) for p in params] for _ in range(4)]
    steps(optimizer, params, gradients[:2])
    saved = optimizer.state_dict()
    for state, expected in zip(saved["state"].values(), shapes.values(), strict=True):
        assert {k: v.shape for k, v in state.items() if k != "t"} == expected
    clones = [Tensor(p.data, requires_grad=True) for p in params]
    resumed = factored.Adafactor(clones)
    resumed.load_state_dict(saved)
    ends = [steps(o, p, gradients[2:])[-1] for o, p in ((optimizer, params), (resumed, clones))]
    assert all(np.array_equal(a, b) for a, b in zip(*ends, strict=True))
    for change in ({"r": np.ones((5, 7))}, {"r": np.ones((5, 1), "float32")}, {"v": np.ones((5, 7))}):
        bad = {**saved, "state": {**saved["state"], "0": {**saved["state"]["0"], **change}}}
        with pytest.raises(ValueError, match="Adafactor: "):
            resumed.load_state_dict(bad)


def test_adafactor_is_exact_on_a_matrix_of_rank_one():
    """g^2 of rank one is r c / mean(r) itself: the first step is then the vector rule's, entry by entry."""
    g = np.outer([1.0, -2.0, 0.5], [3.0, 0.1])
    whole = follow(factored.Adafactor, np.ones((3, 2)), [g])
    flat = follow(factored.Adafactor, np.ones(6), [g.ravel()])
    np.testing.assert_allclose(whole.ravel(), flat, rtol=1e-14)
    np.testing.assert_allclose(flat, 1 - 0.01 * np.sign(g.ravel()), rtol=1e-14)  # lr times the root mean square, 1
    stack = follow(factored.Adafactor, np.ones((2, 3, 2)), [np.stack([g, -7 * g])])
    np.testing.assert_allclose(stack, 1 - 0.01 * np.sign([g, -g]), rtol=1e-14)


# -- the contract, over the whole family


@RULES
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_and_resume(cls, dtype):
    """float32 stays float32, in parameters and state; a resumed run equals an uninterrupted one bit for bit."""
    rng = np.random.default_rng(1)
    start = [rng.normal(size=shape).astype(dtype) for shape in ((3, 4), (4,), (3, 4))]
    gradients = [[rng.normal(size=w.shape) for w in start] for _ in range(8)]
    ends = []
    for stop in (8, 3):
        params = [Tensor(w, requires_grad=True) for w in start]
        optimizer = sensible(cls, params)
        steps(optimizer, params, gradients[:stop])
        saved = optimizer.state_dict()
        clones = [Tensor(p.data, requires_grad=True) for p in params]
        resumed = sensible(cls, clones)
        resumed.load_state_dict(saved)
        steps(resumed, clones, gradients[stop:]) if stop < 8 else None
        ends.append([p.data for p in clones])
        kept = [x for s in saved["state"].values() for x in s.values()]
        arrays = [x for x in kept if type(x) not in (int, float)]
        assert all(isinstance(x, np.ndarray) and x.dtype == dtype for x in arrays + ends[-1])
    assert all(np.array_equal(a, b) for a, b in zip(*ends, strict=True))
    assert all(np.isfinite(a).all() and not np.array_equal(a, w) for a, w in zip(ends[0], start, strict=True))


@RULES
def test_pieces_are_the_whole(cls, monkeypatch):
    rng = np.random.default_rng(2)
    start, gradients = rng.normal(size=(7, 5)), rng.normal(size=(6, 7, 5))
    ends = []
    for block in (1 << 16, 4):
        monkeypatch.setattr(base, "BLOCK", block)
        w = Tensor(start, requires_grad=True)
        ends.append(steps(sensible(cls, [w]), [w], [[g] for g in gradients])[-1][0])
    assert np.array_equal(*ends)


@RULES
def test_zero_gradients_are_harmless(cls):
    w = Tensor(np.ones((2, 3), "float32"), requires_grad=True)
    seen = steps(sensible(cls, [w]), [w], [[np.zeros((2, 3))]] * 3)
    assert np.isfinite(seen[-1][0]).all()


@pytest.mark.usefixtures("fake_cupy")
@RULES
def test_the_gpu_path(cls):
    rng = np.random.default_rng(4)
    start, gradients = rng.normal(size=(3, 4)).astype("float32"), rng.normal(size=(7, 3, 4)).astype("float32")
    ends = []
    for device in ("cpu", "cuda"):
        w = Tensor(start, requires_grad=True, device=device)
        optimizer = sensible(cls, [w])
        for g in gradients:
            w.grad = Tensor(g, device=device)
            optimizer.step()
        ends.append(w.numpy())
    np.testing.assert_allclose(ends[1], ends[0], rtol=2e-6)


@RULES
def test_every_rule_descends(cls):
    """A quadratic of condition 100 in float32, from afar: the loss falls at least to a third."""
    curvature = np.array([1.0, 10.0, 100.0], "float32") / 100
    w = Tensor(np.array([1.0, -2.0, 1.5], "float32"), requires_grad=True)
    optimizer = sensible(cls, [w])
    loss = lambda: float((curvature * w.data * w.data).sum())
    before = loss()
    for _ in range(300):
        w.grad = 2 * curvature * w.data
        optimizer.step()
    assert loss() < before / 3


@pytest.mark.parametrize("cls, settings, message", [
    (adam_family.NAdam, {"momentum_decay": -1}, r"momentum_decay must lie in \[0, inf\)"),
    (second_moments.AdaBound, {"gamma": 0}, "gamma must lie"),
    (second_moments.Yogi, {"initial_accumulator": -1}, "initial_accumulator must lie"),
    (mixed.QHAdam, {"nus": (1.1, 1)}, "nus must lie"),
    (mixed.QHAdam, {"nus": 0.7}, "nus must be 2 numbers"),
    (mixed.AdEMAMix, {"betas": (0.9, 0.999)}, "betas must be 3 numbers"),
    (mixed.AdEMAMix, {"alpha": -1}, "alpha must lie"),
    (follow_leader.FTRL, {"lr_power": 0.5}, "lr_power must lie"),
    (follow_leader.FTRL, {"beta": 0}, "divides by zero"),
    (factored.Adafactor, {"beta2_decay": 0.8}, "beta2_decay must lie"),
    (factored.Adafactor, {"d": 0.5}, "d must lie"),
    (factored.Adafactor, {"eps": (None, -1)}, "eps must lie"),
    (conventions.AdaGradInitial, {"initial_accumulator": -1}, "initial_accumulator must lie"),
])  # fmt: skip
def test_bad_settings(cls, settings, message):
    with pytest.raises(ValueError, match=message):
        cls([Tensor([0.0], requires_grad=True)], **settings)


def test_ftrl_refuses_a_rate_of_zero():
    w = Tensor([1.0], requires_grad=True)
    w.grad = np.ones(1, "float32")
    with pytest.raises(ValueError, match="must be positive"):
        follow_leader.FTRL([w], lr=schedules.Constant(0.0)).step()


def test_a_warm_up_leaves_the_bounds_of_adabound_where_they_were():
    """The bounds end at final_lr, and only a rate that falls takes them along."""
    for rate, expected in ((schedules.Warmup(schedules.Constant(1e-3), steps=10), 0.1),
                           (schedules.Piecewise([20], [1e-3, 1e-4]), 0.01), (1e-3, 0.1)):  # fmt: skip
        w = Tensor([1.0], requires_grad=True)
        optimizer = optim.AdaBound([w], lr=rate, gamma=1e6)
        for _ in range(40):
            w.grad = [1.0]
            optimizer.step()
        state = optimizer._state[w]
        numbers = optimizer.numbers(state, optimizer.param_groups[0], optimizer.lr)
        assert (numbers["low"], numbers["high"]) == pytest.approx((expected, expected), rel=1e-4)

