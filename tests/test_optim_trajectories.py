"""The update rules against numbers that minidl did not make: PyTorch, optax, textbooks, closed formulas."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from minidl import Tensor, optim

GOLDEN = Path(__file__).parent / "golden"


def golden(name):
    return json.loads((GOLDEN / f"{name}.json").read_text())


PUBLISHED, TORCH, OPTAX = (golden(f"{name}_trajectories") for name in ("pytorch_cpp", "torch", "optax"))


def label(case):
    return case.get("name") or case["optimizer"] + "".join(f"-{k}={v}" for k, v in case["settings"].items())


def replay(record, case, make=None):
    """The largest relative deviation (absolute below 1) over all steps and weights of a recorded run."""
    params = [Tensor(np.array(w), requires_grad=True) for w in record["start"]]
    optimizer = (make or getattr(optim, case["optimizer"]))(params, **case["settings"])
    worst = 0.0
    for gradients, expected in zip(record["gradients"], case["weights"], strict=True):
        for p, g in zip(params, gradients, strict=True):
            p.grad = None if g is None else np.array(g)
        optimizer.step()
        for p, w in zip(params, expected, strict=True):
            deviation = np.abs(p.data - w) / np.maximum(1, np.abs(w))
            worst = max(worst, np.nan_to_num(deviation, nan=math.inf).max())
    return worst


# -- recorded runs


@pytest.mark.parametrize("case", PUBLISHED["cases"], ids=label)
def test_published_pytorch_trajectories(case):
    """1001 steps of a small network, through minidl's own autograd: the weights that PyTorch's C++ tests print."""
    w1, b1, w2, b2 = params = [
        Tensor(np.array(w).reshape(shape), requires_grad=True)
        for w, shape in zip(PUBLISHED["start"], [(3, 2), (3,), (1, 3), (1,)], strict=True)
    ]
    x = Tensor(np.array(PUBLISHED["x"]))
    optimizer = getattr(optim, case["optimizer"])(params, **case["settings"])
    compared = 0
    for step in range(1001):
        y = ((x @ w1.T + b1).sigmoid() @ w2.T + b2).sigmoid().sum()
        optimizer.zero_grad()
        y.backward()
        optimizer.step()
        for p, expected in zip(params, case["weights"].get(str(step), []), strict=False):
            np.testing.assert_allclose(p.data.ravel(), expected, rtol=0, atol=1e-10)
            compared += 1
    assert compared == 12


@pytest.mark.parametrize("case", TORCH["cases"], ids=label)
def test_torch(case):
    assert replay(TORCH, case) < 1e-13


@pytest.mark.parametrize("case", OPTAX["cases"], ids=label)
def test_optax(case):
    assert replay(OPTAX, case) < 1e-13


def test_the_recorded_runs_cover_the_family_and_its_flags():
    seen = {}
    for case in TORCH["cases"] + OPTAX["cases"]:
        seen.setdefault(optim.get(case["optimizer"]), []).append(case["settings"])
    assert {cls.__name__ for cls in seen} == set(optim.names())
    for cls, settings in seen.items():
        assert any(s.get("weight_decay") for s in settings), cls
        flags = {k for s in settings for k, v in s.items() if v}
        group = cls([Tensor([0.0], requires_grad=True)], lr=0.1).param_groups[0]
        assert {k for k in group if k != "params"} <= flags | {"lr"}, f"{cls.__name__}: a setting was never recorded"
    assert all(g != 0 for w in TORCH["start"] for g in np.ravel(w))
    assert any(g is None for step in TORCH["gradients"] for g in step)


def heavy_balls(nesterov):
    for case in TORCH["cases"]:
        s = case["settings"]
        if s.get("momentum") and bool(s.get("nesterov")) == nesterov and case["optimizer"] == "SGD":
            yield case


@pytest.mark.parametrize("case", list(heavy_balls(nesterov=True)), ids=label)
def test_nesterov_is_sgd_with_nesterov(case):
    settings = {k: v for k, v in case["settings"].items() if k != "nesterov"}
    assert replay(TORCH, {**case, "settings": settings}, optim.Nesterov) < 1e-13


def test_momentum_is_the_heavy_ball_at_a_larger_rate():
    """lr_momentum = lr / (1 - beta): see sgd.py."""
    cases = [case for case in heavy_balls(nesterov=False) if "dampening" not in case["settings"]]
    assert cases
    for case in cases:
        s = case["settings"]
        beta = s["momentum"]
        rest = {k: v for k, v in s.items() if k not in ("momentum", "lr")}
        settings = {"lr": s["lr"] / (1 - beta), "beta": beta, **rest}
        assert replay(TORCH, {**case, "settings": settings}, optim.Momentum) < 1e-13


# -- the variants that PyTorch lacks, once more as plain numbers and loops


def momentum_by_hand(w, gradients, lr, beta, bias_correction):
    v = 0.0
    for t, g in enumerate(gradients, start=1):
        v = beta * v + (1 - beta) * g
        w -= lr * (v / (1 - beta**t) if bias_correction else v)
    return w


def adagrad_by_hand(w, gradients, lr, eps, eps_inside_sqrt):
    s = 0.0
    for g in gradients:
        s += g**2
        w -= lr * g / (math.sqrt(s + eps) if eps_inside_sqrt else math.sqrt(s) + eps)
    return w


def rmsprop_by_hand(w, gradients, lr, alpha, eps, eps_inside_sqrt, centered=False, momentum=0.0):
    v = m = b = 0.0
    for g in gradients:
        v = alpha * v + (1 - alpha) * g**2
        m = alpha * m + (1 - alpha) * g
        spread = v - m**2 if centered else v
        b = momentum * b + g / (math.sqrt(spread + eps) if eps_inside_sqrt else math.sqrt(spread) + eps)
        w -= lr * b
    return w


BY_HAND = [
    (optim.Momentum, momentum_by_hand, {"lr": 0.1, "beta": 0.9, "bias_correction": False}),
    (optim.Momentum, momentum_by_hand, {"lr": 0.1, "beta": 0.7, "bias_correction": True}),
    (optim.AdaGrad, adagrad_by_hand, {"lr": 0.1, "eps": 1e-2, "eps_inside_sqrt": True}),
    (optim.AdaGrad, adagrad_by_hand, {"lr": 0.1, "eps": 1e-2, "eps_inside_sqrt": False}),
    (optim.RMSProp, rmsprop_by_hand, {"lr": 0.1, "alpha": 0.9, "eps": 1e-2, "eps_inside_sqrt": True}),
    (optim.RMSProp, rmsprop_by_hand, {"lr": 0.1, "alpha": 0.9, "eps": 1e-2, "eps_inside_sqrt": True, "momentum": 0.5}),
    (optim.RMSProp, rmsprop_by_hand,
     {"lr": 0.1, "alpha": 0.9, "eps": 1e-2, "eps_inside_sqrt": True, "centered": True, "momentum": 0.5}),
]  # fmt: skip


@pytest.mark.parametrize("cls, by_hand, settings", BY_HAND)
def test_variants_by_hand(cls, by_hand, settings):
    rng = np.random.default_rng(3)
    gradients = rng.normal(size=(12, 5)) * 10.0 ** rng.uniform(-3, 2, size=(12, 5))
    gradients[2:4, 1] = 0.0
    start = rng.normal(size=5)
    w = Tensor(start, requires_grad=True)
    optimizer = cls([w], **settings)
    for g in gradients:
        w.grad = g
        optimizer.step()
    expected = [by_hand(float(x), [float(g) for g in gradients[:, i]], **settings) for i, x in enumerate(start)]
    np.testing.assert_allclose(w.data, expected, rtol=1e-13)


# -- textbooks: f(x) = c1 x1^2 + c2 x2^2, through autograd


def descend(make, start, curvature, steps):
    x = Tensor(np.array(start), requires_grad=True)
    optimizer = make([x])
    for _ in range(steps):
        optimizer.zero_grad()
        (x * x * np.array(curvature)).sum().backward()
        optimizer.step()
    return x.data


# "Dive into Deep Learning" (PyTorch edition, chapter 7), 20 updates from (-5, -2)
INSIDE = {"eps": 1e-6, "eps_inside_sqrt": True}
D2L = [
    (optim.SGD, {"lr": 0.1}, (1, 2), "-0.057646", "-0.000073"),
    (optim.SGD, {"lr": 0.4}, (0.1, 2), "-0.943467", "-0.000073"),
    (optim.SGD, {"lr": 0.6}, (0.1, 2), "-0.387814", "-1673.365109"),
    (optim.SGD, {"lr": 0.4, "momentum": 0.5}, (0.1, 2), "-0.062843", "0.001202"),
    (optim.SGD, {"lr": 0.6, "momentum": 0.5}, (0.1, 2), "0.007188", "0.002553"),
    (optim.Momentum, {"lr": 0.8, "beta": 0.5}, (0.1, 2), "-0.062843", "0.001202"),
    (optim.AdaGrad, dict(lr=0.4, **INSIDE), (0.1, 2), "-2.382563", "-0.158591"),
    (optim.AdaGrad, dict(lr=2.0, **INSIDE), (0.1, 2), "-0.002295", "-0.000000"),
    (optim.RMSProp, dict(lr=0.4, alpha=0.9, **INSIDE), (0.1, 2), "-0.010599", "0.000000"),
]


@pytest.mark.parametrize("cls, settings, curvature, x1, x2", D2L)
def test_dive_into_deep_learning(cls, settings, curvature, x1, x2):
    x = descend(lambda params: cls(params, **settings), (-5.0, -2.0), curvature, 20)
    assert [f"{v:f}" for v in x] == [x1, x2]


# f = x^2 / 20 + y^2, 30 updates from (-7, 2): the ravine of "Deep Learning from Scratch" (Saito), and the three momenta
RAVINE = [
    (optim.Nesterov, {"lr": 0.1, "momentum": 0.9}, (0.689614902, -0.000679906), 5e-10),
    (optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}, (0.689614902, -0.000679906), 5e-10),
    (optim.SGD, {"lr": 0.1, "momentum": 0.9}, (0.896413860, 0.0880856), 5e-8),
    (optim.Momentum, {"lr": 0.1, "beta": 0.9}, (-5.59412, -0.35167), 5e-6),
    (optim.SGD, {"lr": 0.95}, (-0.350393, 0.0847823), 5e-7),
    (optim.AdaGrad, {"lr": 1.5, "eps": 1e-7}, (-0.120162, 0.0), 5e-7),
    # the book adds eps = 1e-7 to the uncorrected root: in our terms about 3e-6 in the first step, less and less later
    (optim.Adam, {"lr": 0.3}, (0.136007, 0.318245), 1e-5),
]


@pytest.mark.parametrize("cls, settings, expected, within", RAVINE)
def test_thirty_steps_in_the_ravine(cls, settings, expected, within):
    x = descend(lambda params: cls(params, **settings), (-7.0, 2.0), (1 / 20, 1), 30)
    np.testing.assert_allclose(x, expected, rtol=0, atol=within)


def test_momentum_reacts_at_once_to_a_lower_rate():
    """f = x^2 / 2 from 1; lr .1, from step 20 on .01. With lr inside the buffer x would be .3254 after 21 steps."""
    x = Tensor(np.array(1.0), requires_grad=True)
    optimizer = optim.SGD([x], lr=optim.schedules.Piecewise([20], [0.1, 0.01]), momentum=0.9)
    seen = {}
    for step in range(1, 41):
        x.grad = x.data.copy()
        optimizer.step()
        seen[step] = x.item()
    expected = {20: 0.3446674486269552, 21: 0.33963871725081124, 31: 0.1862491695748202, 40: 0.0341260166291761}
    assert {step: seen[step] for step in expected} == pytest.approx(expected, rel=1e-13)


# -- theory of the quadratic f = 1/2 sum(curvature x^2): Goh, "Why momentum really works", 2017


@pytest.mark.parametrize("lr", [0.05, 0.15, 0.199, 0.201])
def test_gradient_descent_contracts_by_one_minus_lr_curvature(lr):
    curvature = np.array([1.0, 3.0, 10.0])
    x = descend(lambda params: optim.SGD(params, lr=lr), np.ones(3), curvature / 2, 50)
    np.testing.assert_allclose(x, (1 - lr * curvature) ** 50, rtol=1e-11)
    assert (abs(x[2]) < 1) == (lr < 2 / curvature[2])


def test_heavy_ball_at_its_optimum_contracts_by_the_root_of_the_momentum():
    low, high = 1.0, 100.0
    lr = (2 / (math.sqrt(low) + math.sqrt(high))) ** 2
    beta = ((math.sqrt(high / low) - 1) / (math.sqrt(high / low) + 1)) ** 2
    after = {}
    for steps in (100, 200):
        make = lambda params: optim.SGD(params, lr=lr, momentum=beta)
        after[steps] = np.linalg.norm(descend(make, np.ones(2), np.array([low, high]) / 2, steps))
    rate = (after[200] / after[100]) ** (1 / 100)
    assert rate == pytest.approx(math.sqrt(beta), rel=0.01)  # plain gradient descent at its best: 99 / 101
