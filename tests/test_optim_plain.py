"""The rules of `optim/more` that follow the gradient itself, its sign or its direction, and the two without a gradient:
recorded runs of PyTorch, optax, Keras and pytorch_optimizer, closed forms, reductions to the course family.
"""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from golden.make_problems_plain import KEPT, PROBLEMS, STEPS

from minidl import Tensor, nn, optim
from minidl.checkpoint import load_checkpoint, save_checkpoint
from minidl.optim.more.averaged import ASGD
from minidl.optim.more.layerwise import LAMB, LARS, LAMBClamped, LARSJointNorm, LARSRateOutside
from minidl.optim.more.momentum import QHM, SGDW, AggMo, SGDRateInside
from minidl.optim.more.polyak import PolyakStep
from minidl.optim.more.search import RandomLocalSearch, RandomSearch
from minidl.optim.more.sign import Lion, Rprop, SignSGD, Signum

FAMILY = [
    SGDW, SGDRateInside, QHM, AggMo, SignSGD, Signum, Lion, Rprop, ASGD, LARS, LARSRateOutside, LARSJointNorm, LAMB,
    LAMBClamped, PolyakStep, RandomSearch, RandomLocalSearch,
]  # fmt: skip
BY_NAME = {cls.__name__: cls for cls in FAMILY}
RECORDED = {
    library: json.loads((Path(__file__).parent / "golden" / f"{library}_plain.json").read_text())["cases"]
    for library in ("torch", "zoo", "optax", "keras")
}
CASES = [(library, case) for library, cases in RECORDED.items() for case in cases]
WITHIN = 1e-11  # of what was recorded, relative (absolute below 1); the families' promise is 1e-9


def label(x):
    if not isinstance(x, dict):
        return x
    return f"{x['optimizer']}-{x['problem']}" + "".join(f"-{k}={v}" for k, v in x["settings"].items())


def arguments(settings):
    """minidl's settings from the recorded ones: lr [k, a, b] is a for k steps, then b."""
    lr = settings["lr"]
    if isinstance(lr, list):
        lr = optim.schedules.Piecewise([lr[0]], lr[1:])
    return {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()} | {"lr": lr}


def follow(problem, cls, settings, steps=STEPS):
    """Optimizer, parameters and their values after each step."""
    start, evaluate = PROBLEMS[problem]
    params = [Tensor(w, requires_grad=True) for w in start]
    optimizer = cls(params, **arguments(settings))
    path = []
    for step in range(steps):
        value, gradients = evaluate([p.data for p in params], step)
        for p, g in zip(params, gradients, strict=True):
            p.grad = g
        optimizer.step(lambda value=value: value)
        path.append([p.data.copy() for p in params])
    return optimizer, params, path


def deviation(found, expected):
    pairs = [(np.ravel(a), np.ravel(b)) for a, b in zip(found, expected, strict=True)]
    return max(float(np.nan_to_num(np.abs(a - b) / np.maximum(1, np.abs(b)), nan=math.inf).max()) for a, b in pairs)


def replay(case, cls=None):
    path = follow(case["problem"], cls or BY_NAME[case["optimizer"]], case["settings"])[2]
    return max(deviation(path[k - 1], case["weights"][str(k)]) for k in KEPT)


# -- recorded runs


@pytest.mark.parametrize(("library", "case"), CASES, ids=label)
def test_recorded(library, case):
    assert replay(case) < WITHIN


BY_REDUCTION = {"LARSRateOutside": {"eps"}, "SGDRateInside": {"dampening"}}  # no library has it; see REDUCTIONS


def test_every_rule_was_recorded_or_is_tested_by_hand():
    recorded = {case["optimizer"] for _, case in CASES}
    assert {cls.__name__ for cls in FAMILY} - recorded == {"LAMBClamped", "RandomSearch", "RandomLocalSearch"}
    for name in recorded:
        settings = [case["settings"] for _, case in CASES if case["optimizer"] == name]
        assert {c["problem"] for _, c in CASES if c["optimizer"] == name} == set(PROBLEMS)
        names = set(BY_NAME[name]([Tensor([1.0], requires_grad=True)], lr=0.1).param_groups[0]) - {"params"}
        seen = {k for s in settings for k, v in s.items() if v} | BY_REDUCTION.get(name, set())
        assert names <= seen, f"{name}: a setting was never recorded"
        if "eps" in names - BY_REDUCTION.get(name, set()):
            assert any(s.get("eps", 0) >= 1e-2 for s in settings)


@pytest.mark.parametrize("case", [c for _, c in CASES if c["optimizer"] == "ASGD"], ids=label)
def test_asgd_has_the_average_of_pytorch(case):
    optimizer, params, path = follow(case["problem"], ASGD, case["settings"])
    averages = [optimizer.state_dict()["state"][str(i)]["ax"] for i in range(len(params))]
    assert deviation(averages, case["average"]) < WITHIN
    with optimizer.averaged():
        assert deviation([p.data for p in params], case["average"]) < WITHIN
        assert all(np.array_equal(state["ax"], w) for state, w in zip(optimizer._state.values(), path[-1], strict=True))
    assert all(np.array_equal(p.data, w) for p, w in zip(params, path[-1], strict=True))


# -- by hand, in plain numbers and loops, from the papers


def layerwise_by_hand(w, gradients, direction):
    """w: a list of floats, one layer; direction(t, w, g) gives the whole change."""
    for t, g in enumerate(gradients, start=1):
        w = [x - d for x, d in zip(w, direction(t, w, g), strict=True)]
    return w


def length(x):
    return math.sqrt(sum(a**2 for a in x))


@pytest.mark.parametrize(
    ("betas", "eps", "weight_decay", "max_norm", "size"),
    [((0.9, 0.999), 1e-6, 0.0, 10.0, 1), ((0.5, 0.9), 1e-2, 0.3, 1.5, 1), ((0.8, 0.6), 1e-3, 2.0, 3.0, 0.01),
     ((0.8, 0.6), 100.0, 0.3, 10.0, 1)],
)  # fmt: skip
def test_lamb_clamped_by_hand(betas, eps, weight_decay, max_norm, size):
    rng = np.random.default_rng(4)
    gradients = rng.normal(size=(100, 7)) * 10.0 ** rng.uniform(-3, 1, size=(100, 7))
    gradients[3:9, 2] = 0
    start = size * rng.normal(size=7)
    assert 1.5 * size < np.linalg.norm(start) < 10
    m, v = [0.0] * 7, [0.0] * 7

    def direction(t, w, g):
        for i in range(7):
            m[i] = betas[0] * m[i] + (1 - betas[0]) * g[i]
            v[i] = betas[1] * v[i] + (1 - betas[1]) * g[i] ** 2
        d = [m[i] / (math.sqrt(v[i]) + eps) + weight_decay * w[i] for i in range(7)]
        return [0.01 * min(length(w), max_norm) / length(d) * x for x in d]

    expected = layerwise_by_hand([float(x) for x in start], gradients.tolist(), direction)
    p = Tensor(start, requires_grad=True)
    optimizer = LAMBClamped([p], lr=0.01, betas=betas, eps=eps, weight_decay=weight_decay, max_norm=max_norm)
    for g in gradients:
        p.grad = g
        optimizer.step()
    np.testing.assert_allclose(p.data, expected, rtol=1e-11)


def search_by_hand(start, shapes, loss, lr, seed, steps, local):
    """The losses and the weights, as flat lists of Python floats; the draws replayed from (seed, step)."""
    w = [float(x) for x in start]
    best, losses = loss(w), []
    for step in range(steps):
        rng = np.random.default_rng([seed, step])
        draws = [float(x) for shape in shapes for x in np.ravel(rng.standard_normal(shape))]
        scale = lr(step) if callable(lr) else lr
        attempt = [(x if local else 0.0) + scale * d for x, d in zip(w, draws, strict=True)]
        if loss(attempt) < best:
            w, best = attempt, loss(attempt)
        losses.append(best)
    return losses, w


SHAPES = [(2, 3), (), (2,)]


def bowl(w):
    return sum((i + 1) * (x - 0.1 * i) ** 2 for i, x in enumerate(w))


def search_problem(dtype="float64", device="cpu"):
    start = np.random.default_rng(2).normal(size=9).astype(dtype)
    pieces = np.split(start, [6, 7])
    params = [
        Tensor(x.reshape(shape), requires_grad=True, device=device) for x, shape in zip(pieces, SHAPES, strict=True)
    ]
    flat = lambda: [float(x) for p in params for x in p.numpy().ravel()]
    return start, params, flat


@pytest.mark.parametrize("lr", [0.5, 0.05, optim.schedules.Exponential(0.5, 0.98)])
@pytest.mark.parametrize("seed", [0, 5])
@pytest.mark.parametrize("cls", [RandomSearch, RandomLocalSearch])
def test_search_by_hand(cls, seed, lr):
    start, params, flat = search_problem()
    optimizer = cls(params, lr=lr, seed=seed)
    losses = [optimizer.step(lambda: bowl(flat())) for _ in range(200)]
    expected, w = search_by_hand(start, SHAPES, bowl, lr, seed, 200, local=cls is RandomLocalSearch)
    assert losses == pytest.approx(expected, rel=1e-12)
    assert flat() == pytest.approx(w, rel=1e-12)
    assert losses[-1] == bowl(flat())
    assert 1 < len(set(losses)) < 150, "neither always nor never"


# -- the first step, in closed form: step / -lr as a function of g, from a state of zeros

G = np.array([3.0, -0.5, 40.0, -700.0, 1e-3])
FIRST_STEPS = [
    (SGDW, {"weight_decay": 0.0, "momentum": 0.9}, lambda g: g),
    (SGDW, {"weight_decay": 0.0, "momentum": 0.9, "nesterov": True}, lambda g: 1.9 * g),
    (SGDRateInside, {"momentum": 0.8, "dampening": 0.3}, lambda g: g),
    (SGDRateInside, {"momentum": 0.8, "nesterov": True}, lambda g: 1.8 * g),
    (QHM, {"beta": 0.9, "nu": 0.7}, lambda g: (1 - 0.9 * 0.7) * g),
    (AggMo, {}, lambda g: g),
    (SignSGD, {}, np.sign),
    (Signum, {}, np.sign),
    (Lion, {}, np.sign),
    (Rprop, {}, np.sign),
    (ASGD, {"lambd": 0.0}, lambda g: g),
]


@pytest.mark.parametrize(("cls", "settings", "step"), FIRST_STEPS)
def test_first_step(cls, settings, step):
    w = Tensor(np.zeros(5), requires_grad=True)
    w.grad = G
    cls([w], lr=0.25, **settings).step()
    np.testing.assert_allclose(w.data, -0.25 * step(G), rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize(
    ("cls", "settings", "fraction"),
    [
        (LARS, {"trust_coefficient": 0.02}, 0.02), (LARSRateOutside, {"trust_coefficient": 0.02}, 0.02),
        (LARSJointNorm, {"trust_coefficient": 0.02, "weight_decay": 3.0}, 0.02), (LAMB, {"weight_decay": 3.0}, 1),
        (LAMBClamped, {"weight_decay": 3.0}, 1), (LAMBClamped, {"max_norm": 2.5}, 0.5),
    ],
)  # fmt: skip
def test_a_layer_moves_by_a_fraction_of_its_norm(cls, settings, fraction, scale):
    w = Tensor(np.array([[3.0, 0.0], [-4.0, 0.0]]), requires_grad=True)  # norm 5
    before = w.data.copy()
    w.grad = scale * np.array([[1.0, 2.0], [-3.0, 0.5]])
    cls([w], lr=0.1, **settings).step()
    assert np.linalg.norm(w.data - before) == pytest.approx(0.1 * fraction * 5, rel=1e-12)


@pytest.mark.parametrize("cls", [LARS, LARSRateOutside, LARSJointNorm, LAMB, LAMBClamped])
def test_a_layer_of_zeros_moves_at_the_full_rate(cls):
    bias, still = Tensor(np.zeros(3), requires_grad=True), Tensor(np.zeros(3), requires_grad=True)
    bias.grad, still.grad = np.array([2.0, -1.0, 0.5]), np.zeros(3)
    optimizer = cls([bias, still], lr=0.1)
    optimizer.step()
    g = np.array([2.0, -1.0, 0.5])
    adam = {LAMB: np.sign(g), LAMBClamped: np.sign(g) * 0.1 / math.sqrt(0.001)}
    np.testing.assert_allclose(bias.data, -0.1 * adam.get(cls, g), rtol=1e-4)
    assert not still.data.any()


# -- reductions: one rule is another at the end of its range

REDUCTIONS = [
    (SGDW, {"weight_decay": 0.0, "momentum": 0.9, "dampening": 0.3}, optim.SGD, {"momentum": 0.9, "dampening": 0.3}),
    (SGDRateInside, {"momentum": 0.9, "weight_decay": 0.2}, optim.SGD, {"momentum": 0.9, "weight_decay": 0.2}),
    (SGDRateInside, {"momentum": 0.7, "nesterov": True}, optim.Nesterov, {"momentum": 0.7}),
    (SGDRateInside, {"momentum": 0.8, "dampening": 0.3}, optim.SGD, {"momentum": 0.8, "dampening": 0.3}),
    (SGDRateInside, {}, optim.SGD, {}),
    (QHM, {"nu": 1.0, "beta": 0.9}, optim.Momentum, {"beta": 0.9}),
    (QHM, {"nu": 0.0, "weight_decay": 0.2}, optim.SGD, {"weight_decay": 0.2}),
    (QHM, {"nu": 0.75, "beta": 0.75, "lr": 0.08}, optim.Nesterov, {"momentum": 0.75, "lr": 0.02}),
    (AggMo, {"betas": (0.9,)}, optim.SGD, {"momentum": 0.9}),
    (AggMo, {"betas": (0.0, 0.0)}, optim.SGD, {}),
    (Signum, {"beta": 0.0}, SignSGD, {}),
    (Lion, {"betas": (0.9, 0.9)}, Signum, {"beta": 0.9}),
    (Rprop, {"etas": (0.5, 1.2), "step_sizes": (0.02, 0.02)}, Rprop, {"lr": 7.0, "step_sizes": (0.02, 0.02)}),
    (ASGD, {"lambd": 0.0, "weight_decay": 0.2}, optim.SGD, {"weight_decay": 0.2}),
    (LARSRateOutside, {"weight_decay": 0.3, "eps": 0.1}, LARS, {"weight_decay": 0.3, "eps": 0.1}),
    (LARSJointNorm, {}, LARS, {}),
    (PolyakStep, {"f_min": -1e9}, optim.SGD, {}),
]


@pytest.mark.parametrize(("cls", "settings", "other", "others"), REDUCTIONS)
def test_reduction(cls, settings, other, others):
    path = follow("given", cls, {"lr": 0.02, **settings})[2]
    expected = follow("given", other, {"lr": 0.02, **others})[2]
    assert deviation(path[-1], expected[-1]) < 1e-13 and deviation(path[4], expected[4]) < 1e-13


SCALE_FREE = [(SignSGD, {}), (Signum, {}), (Lion, {"weight_decay": 0.3}), (Rprop, {}), (LARS, {}),
              (LAMB, {"eps": 0.0, "weight_decay": 0.3})]  # fmt: skip


@pytest.mark.parametrize(("cls", "settings"), SCALE_FREE)
@pytest.mark.parametrize("factor", [1e-5, 1e4])
def test_the_size_of_the_gradient_does_not_matter(cls, settings, factor, monkeypatch):
    start, evaluate = PROBLEMS["given"]
    scaled = lambda arrays, step: (0.0, [factor * (g + 1e-12) for g in evaluate(arrays, step)[1]])
    plain = lambda arrays, step: (0.0, [g + 1e-12 for g in evaluate(arrays, step)[1]])
    monkeypatch.setitem(PROBLEMS, "given", (start, plain))
    expected = follow("given", cls, {"lr": 0.02, **settings})[2]
    monkeypatch.setitem(PROBLEMS, "given", (start, scaled))
    assert deviation(follow("given", cls, {"lr": 0.02, **settings})[2][-1], expected[-1]) < 1e-9


# -- momentum


def test_a_lower_rate_acts_late_with_the_rate_inside_the_buffer():
    """f = x^2 / 2 from 1; lr .1, from step 20 on .01. SGD, with the rate outside, has .33964 after 21 steps."""
    x = Tensor(np.array(1.0), requires_grad=True)
    optimizer = SGDRateInside([x], lr=optim.schedules.Piecewise([20], [0.1, 0.01]), momentum=0.9)
    seen = {}
    for step in range(1, 41):
        x.grad = x.data.copy()
        optimizer.step()
        seen[step] = x.item()
    expected = {20: 0.3446674486269552, 21: 0.32540020524194163, 31: 0.10748839895262831, 40: -0.024225057681435073}
    assert {step: seen[step] for step in expected} == pytest.approx(expected, rel=1e-12)


def test_decoupled_decay_does_not_enter_the_buffer():
    """Without gradient the weights shrink by the same factor in each step; SGD's L2 term would gather speed."""
    w = Tensor(np.array([2.0, -3.0]), requires_grad=True)
    optimizer = SGDW([w], lr=0.1, momentum=0.9, weight_decay=0.5)
    for _ in range(5):
        w.grad = np.zeros(2)
        optimizer.step()
    np.testing.assert_allclose(w.data, np.array([2.0, -3.0]) * 0.95**5, rtol=1e-14)


def test_aggmo_takes_any_number_of_betas(tmp_path):
    w = Tensor(np.ones(3), requires_grad=True)
    optimizer = AggMo([w], lr=0.1, betas=[0.0, 0.5, 0.9, 0.99])
    w.grad = np.ones(3)
    optimizer.step()
    state = optimizer.state_dict()["state"]["0"]
    assert set(state) == {"t", "b1", "b2", "b3", "b4"}
    other = AggMo([Tensor(np.ones(3), requires_grad=True)], lr=0.1)
    with pytest.raises(ValueError, match="betas must be 3, as many in every group"):
        other.load_state_dict(optimizer.state_dict())
    for betas in ((), (1.0,), (0.5, -0.1)):
        with pytest.raises(ValueError, match="betas must"):
            AggMo([w], lr=0.1, betas=betas)
    with pytest.raises(ValueError, match=r"betas must be 3, as many in every group, got \(0.5,\)"):
        AggMo([{"params": [w]}, {"params": [Tensor([1.0], requires_grad=True)], "betas": [0.5]}], lr=0.1)


# -- sign rules


def test_rprop_by_the_table():
    """One weight: grow, grow, flip (no move), neutral, grow, zero gradient (neutral)."""
    w = Tensor(np.array([10.0]), requires_grad=True)
    optimizer = Rprop([w], lr=1.0)
    seen = []
    for g in [4.0, 1e-200, 3e-200, -5.0, -5.0, -1.0, 0.0, -1.0]:
        before = w.item()
        w.grad = np.array([g])
        optimizer.step()
        seen.append(w.item() - before)
    assert seen == pytest.approx([-1, -1.2, -1.44, 0, 0.72, 0.864, 0, 0.864])


def test_rprop_starts_from_each_groups_rate_or_schedule():
    a, b = Tensor(np.zeros(2), requires_grad=True), Tensor(np.zeros(2), requires_grad=True)
    optimizer = Rprop([{"params": a}, {"params": b, "lr": optim.schedules.Constant(0.5)}], lr=0.1)
    a.grad = b.grad = np.array([1.0, -1.0])
    optimizer.step()
    assert a.data.tolist() == [-0.1, 0.1] and b.data.tolist() == [-0.5, 0.5]


def test_rprop_refuses():
    w = [Tensor([1.0], requires_grad=True)]
    for etas in ((1.0, 1.2), (0.5, 1.0), (0.0, 1.2), (1.2, 0.5)):
        with pytest.raises(ValueError, match="etas must"):
            Rprop(w, etas=etas)
    for sizes in ((1.0, 0.1), (-1.0, 0.1)):
        with pytest.raises(ValueError, match="step_sizes must"):
            Rprop(w, step_sizes=sizes)


# -- averaged


def test_the_average_is_the_mean_of_the_path():
    """t0 = 10: ax copies w for 12 steps, then is the mean of the weights since."""
    optimizer, params, path = follow("given", ASGD, {"lr": 0.1, "t0": 10}, steps=12)
    with optimizer.averaged():
        assert all(np.array_equal(p.data, w) for p, w in zip(params, path[-1], strict=True))
    optimizer, params, path = follow("given", ASGD, {"lr": 0.1, "t0": 10}, steps=40)
    with optimizer.averaged():
        for i, p in enumerate(params):
            np.testing.assert_allclose(p.data, np.mean([w[i] for w in path[11:]], axis=0), rtol=1e-12)


def test_averages_are_put_back_after_an_error_and_break_old_graphs():
    w = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    optimizer = ASGD([w], lr=0.1, t0=0.0)
    for _ in range(3):
        w.grad = np.ones(2)
        optimizer.step()
    before = w.data.copy()
    loss = (w * w).sum()
    with pytest.raises(KeyError), optimizer.averaged():
        assert not np.array_equal(w.data, before)
        raise KeyError
    assert np.array_equal(w.data, before)
    with pytest.raises(RuntimeError, match="changed"):
        loss.backward()


# -- Polyak's step


def polyak_descend(w, loss, optimizer, steps):
    seen = []

    def closure():
        optimizer.zero_grad()
        value = loss(w)
        value.backward()
        return value

    for _ in range(steps):
        seen.append(float(optimizer.step(closure)))
    return seen


def test_polyak_halves_the_distance_in_a_bowl():
    """f = |x|^2: the rate is 1/4, x halves and f divides by 4 in each step."""
    w = Tensor(np.array([1.0, 2.0, 3.0]), requires_grad=True)
    seen = polyak_descend(w, lambda w: (w * w).sum(), PolyakStep([w]), 6)
    assert seen == [14.0, 3.5, 0.875, 0.21875, 0.0546875, 0.013671875]
    w = Tensor(np.array([1.0, 2.0, 3.0]), requires_grad=True)
    assert polyak_descend(w, lambda w: (w * w).sum() + 5, PolyakStep([w], c=0.5, f_min=5.0), 2) == [19.0, 5.0]


def test_polyak_takes_the_norm_over_all_parameters_and_the_rate_of_each_group():
    a, b = Tensor(np.array([3.0]), requires_grad=True), Tensor(np.array([4.0]), requires_grad=True)
    optimizer = PolyakStep([{"params": a}, {"params": b, "lr": 0.01}])
    a.grad, b.grad = np.array([3.0]), np.array([4.0])
    assert optimizer.step(lambda: 5.0) == 5.0
    assert a.item() == pytest.approx(3 - 5 / 25 * 3) and b.item() == pytest.approx(4 - 0.01 * 4)
    a.grad = b.grad = np.array([0.0])
    optimizer.step(lambda: 5.0)  # no direction, no move, no division by zero
    assert a.item() == pytest.approx(2.4)


def test_polyak_needs_the_loss():
    w = Tensor(np.ones(2), requires_grad=True)
    w.grad = np.ones(2)
    with pytest.raises(TypeError, match=r"PolyakStep needs the loss: step\(closure\).*backward\(\)"):
        PolyakStep([w]).step()
    with pytest.raises(ValueError, match=r"c must lie in \(0, inf\), got 0"):
        PolyakStep([w], c=0.0)
    w.grad = None
    with pytest.raises(RuntimeError, match="no parameter has a gradient"):
        PolyakStep([w]).step(lambda: 1.0)


# -- without a gradient

both_searches = pytest.mark.parametrize("cls", [RandomSearch, RandomLocalSearch])


@both_searches
def test_search_never_makes_the_loss_worse_and_needs_no_gradient(cls):
    _, params, flat = search_problem("float32")
    optimizer = cls(params, lr=0.3)
    before = bowl(flat())
    for _ in range(50):
        loss = optimizer.step(lambda: sum(((p - 0.5) ** 2).sum() for p in params))
        assert isinstance(loss, float)
        assert loss == pytest.approx(sum(((p.data - 0.5) ** 2).sum() for p in params), rel=1e-6)
        assert all(p.grad is None and p.dtype == np.float32 for p in params)
    assert bowl(flat()) != before and optimizer.steps == 50


@both_searches
def test_search_evaluates_once_per_step_and_the_start_once(cls):
    _, params, flat = search_problem()
    optimizer, calls = cls(params, lr=0.1), []
    for _ in range(5):
        optimizer.step(lambda: calls.append(flat()) or 1.0)  # ties: the old weights stay
    assert len(calls) == 6 and flat() == calls[0]
    assert len({tuple(c) for c in calls}) == 6


@both_searches
def test_search_puts_the_weights_back(cls):
    _, params, flat = search_problem()
    before = flat()
    optimizer = cls(params, lr=0.1)
    assert optimizer.step(lambda: 1.0) == 1.0
    for bad in (math.nan, math.inf):
        assert optimizer.step(lambda bad=bad: bad) == 1.0
        assert flat() == before

    def broken():
        raise KeyError

    with pytest.raises(KeyError):
        optimizer.step(broken)
    assert flat() == before and optimizer.steps == 3
    with pytest.raises(RuntimeError, match="no_grad"):
        optimizer.step(lambda: sum((p**2).sum() for p in params).backward())
    with pytest.raises(TypeError, match=rf"{cls.__name__} needs the loss: step\(closure\)"):
        optimizer.step()


@both_searches
def test_search_breaks_old_graphs(cls):
    w = Tensor(np.ones(3), requires_grad=True)
    loss = (w * w).sum()
    losses = iter([2.0, 1.0])
    cls([w], lr=0.1).step(lambda: next(losses))
    with pytest.raises(RuntimeError, match="changed"):
        loss.backward()


@both_searches
def test_search_from_a_start_that_has_no_loss(cls):
    _, params, _ = search_problem()
    losses = iter([math.nan, 3.0, 4.0])
    optimizer = cls(params, lr=0.1)
    assert [optimizer.step(lambda: next(losses)) for _ in range(2)] == [3.0, 3.0]


@both_searches
def test_search_is_the_same_after_a_resume_and_on_every_device(cls, fake_cupy, tmp_path):
    def steps(optimizer, flat, count):
        return [optimizer.step(lambda: bowl(flat())) for _ in range(count)]

    _, params, flat = search_problem()
    whole = steps(cls(params, lr=0.3, seed=9), flat, 40)
    assert len(set(whole)) > 1
    _, params, flat = search_problem()
    first = cls(params, lr=0.3, seed=9)
    assert steps(first, flat, 15) == whole[:15]
    second = cls(params, lr=0.3)
    second.load_state_dict(first.state_dict())  # with the seed
    assert steps(second, flat, 25) == whole[15:]
    for device in ("cuda", "cuda:1"):
        _, params, flat = search_problem(device=device)
        assert steps(cls(params, lr=0.3, seed=9), flat, 40) == whole
    assert steps(cls(search_problem()[1], lr=0.3, seed=10), search_problem()[2], 2) != whole[:2]


def test_search_in_a_checkpoint(tmp_path):
    model = nn.Sequential(nn.Dense(2, 3, rng=np.random.default_rng(0)))
    loss = lambda: float((model(np.ones((1, 2), np.float32)) ** 2).sum())
    optimizer = RandomLocalSearch(model.parameters(), lr=0.1, seed=3)
    save_checkpoint(tmp_path / "new", model, optimizer)  # before the first step: nothing is best yet
    load_checkpoint(tmp_path / "new", model, optimizer)
    optimizer.step(loss)
    save_checkpoint(tmp_path / "one", model, optimizer)
    expected = [optimizer.step(loss) for _ in range(5)]
    again = RandomLocalSearch(model.parameters(), lr=0.1)
    load_checkpoint(tmp_path / "one", model, again)
    assert [again.step(loss) for _ in range(5)] == expected


@both_searches
def test_search_refuses(cls):
    for seed in (-1, 1.5, True, "a"):
        with pytest.raises(ValueError, match="seed must be an integer"):
            cls([Tensor([1.0], requires_grad=True)], lr=0.1, seed=seed)


# -- what every rule promises: dtype, blocks, the GPU path, resuming, a real network

EVERY = [(cls, {}) for cls in FAMILY if not issubclass(cls, RandomSearch)] + [
    (SGDW, {"momentum": 0.9, "dampening": 0.2}), (SGDW, {"momentum": 0.9, "nesterov": True}),
    (SGDRateInside, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.2}),
    (AggMo, {"betas": (0.1, 0.8), "weight_decay": 0.2}),
    (Lion, {"weight_decay": 0.2}), (ASGD, {"t0": 1.0, "lambd": 0.3}), (LARS, {"weight_decay": 0.2}),
    (PolyakStep, {"eps": 0.1, "c": 2.0}),
]  # fmt: skip
every_rule = pytest.mark.parametrize(
    ("cls", "settings"), EVERY, ids=[f"{c.__name__}{''.join(f'-{k}' for k in s)}" for c, s in EVERY]
)


def small(device="cpu", dtype="float32"):
    rng = np.random.default_rng(0)
    return [
        Tensor(np.asarray(rng.normal(size=s), dtype=dtype), requires_grad=True, device=device)
        for s in [(2, 3), (2, 3), (4,), ()]
    ]


def drive(optimizer, params, steps):
    for step in steps:
        rng = np.random.default_rng(step)
        for p in params:
            p.grad = np.asarray(np.where(rng.random(p.shape) < 0.2, 0, rng.normal(size=p.shape)), dtype=p.dtype)
        if step == 2:
            params[1].grad = None
        optimizer.step(lambda: 1.5)
    return [p.numpy() for p in params]


def same(found, expected):
    return all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in zip(found, expected, strict=True))


@every_rule
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_and_resume(cls, settings, dtype):
    params = small(dtype=dtype)
    optimizer = cls(params, lr=0.05, **settings)
    expected = drive(optimizer, params, range(10))
    assert all(w.dtype == dtype and np.isfinite(w).all() for w in expected)
    for state in optimizer._state.values():
        assert all(x.dtype == dtype for x in state.values() if isinstance(x, np.ndarray))
    params = small(dtype=dtype)
    first = cls(params, lr=0.05, **settings)
    drive(first, params, range(4))
    again = [Tensor(p.data, requires_grad=True) for p in params]
    second = cls(again, lr=0.05, **settings)
    second.load_state_dict(first.state_dict())
    assert same(drive(second, again, range(4, 10)), expected)


@every_rule
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_on_the_gpu_path(cls, settings, device, dtype, fake_cupy):
    there, here = small(device, dtype), small(dtype=dtype)
    optimizer, other = cls(there, lr=0.05, **settings), cls(here, lr=0.05, **settings)
    assert same(drive(optimizer, there, range(6)), drive(other, here, range(6)))
    fake_cupy.counters.reset()
    drive(optimizer, there, [6])
    if cls.elementwise:
        assert fake_cupy.counters.fused == {"minidl_update": 4}


@every_rule
def test_blocks_are_the_whole(cls, settings, monkeypatch):
    found = []
    for block in (1 << 16, 3):
        monkeypatch.setattr("minidl.optim.optimizer.BLOCK", block)
        params = small()
        found.append(drive(cls(params, lr=0.05, **settings), params, range(6)))
    assert same(*found)


LEARNING = {SGDRateInside: 0.05, SGDW: 0.3, QHM: 3.0, AggMo: 0.05, ASGD: 0.3, LARS: 10.0, LARSRateOutside: 10.0,
            LARSJointNorm: 10.0, PolyakStep: 1.0, RandomSearch: 0.3, RandomLocalSearch: 0.02}  # fmt: skip


@pytest.mark.parametrize("cls", FAMILY)
def test_every_rule_lowers_the_loss_of_a_network(cls):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 8)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    model = nn.Sequential(nn.Dense(8, 16, rng=rng), nn.ReLU(), nn.Dense(16, 2, rng=rng))
    settings = {"momentum": 0.9} if issubclass(cls, optim.SGD) else {}
    optimizer = cls(model.parameters(), lr=LEARNING.get(cls, 3e-3), **settings)

    def closure():
        optimizer.zero_grad()
        loss = nn.CrossEntropyLoss()(model(x), y)
        if not issubclass(cls, RandomSearch):
            loss.backward()
        return loss

    before = float(closure())
    for _ in range(60):
        optimizer.step(closure)
    assert float(closure()) < (0.9 if issubclass(cls, RandomSearch) else 0.75) * before
    assert all(p.dtype == np.float32 for p in model.parameters())
