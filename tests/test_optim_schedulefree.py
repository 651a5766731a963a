"""Schedule-Free against optax and pytorch_optimizer, its switch between two points, and its errors."""

import numpy as np
import pytest
from test_optim_ratefree import (
    PROBLEMS,
    cases,
    label,
    mutant,
    one,
    parameters,
    replay,
    rosenbrock,
    same_on_every_device,
    settings_of,
)

from minidl import Tensor, nn
from minidl.optim.more import schedulefree
from minidl.optim.more.schedulefree import ScheduleFreeAdamW, ScheduleFreeSGD

RULES = [ScheduleFreeSGD, ScheduleFreeAdamW]


@pytest.mark.parametrize("case", cases("ScheduleFreeSGD", "ScheduleFreeAdamW"), ids=label)
def test_recorded_runs(case):
    """The weights in training and, at the recorded steps, where they are evaluated."""
    cls = getattr(schedulefree, case["rule"])
    assert case["evaluated"].keys() == case["weights"].keys()
    assert replay(case, lambda params: cls(params, **settings_of(case))) < 1e-9


@pytest.mark.parametrize("cls", RULES)
def test_every_setting_was_recorded(cls):
    seen = cases(cls.__name__)
    assert {case["problem"] for case in seen} == set(PROBLEMS)
    settings = {k for case in seen for k in case["settings"]} - {"warmup"}
    assert settings == set(cls([one([0.0], None)]).param_groups[0]) - {"params", "evaluating"}


def test_constant_rate_averages_the_steps_evenly():
    """c = 1 / t: x is the mean of z_1 ... z_t, whatever beta; with lr constant, whatever the power."""
    for settings in ({}, {"weight_lr_power": 0.0}, {"momentum": 0.3}):
        p = one([2.0, -1.0], None)
        optimizer = ScheduleFreeSGD([p], lr=0.1, **settings)
        z, seen = p.data.copy(), []
        for g in np.random.default_rng(1).normal(size=(20, 2)):
            p.grad = g
            optimizer.step()
            z -= 0.1 * g
            seen.append(z.copy())
            optimizer.eval()
            np.testing.assert_allclose(p.data, np.mean(seen, axis=0), rtol=1e-12)
            optimizer.train()


def test_the_rate_of_a_warm_up_weighs_by_its_square():
    p = one(0.0, None)
    optimizer = ScheduleFreeSGD([p], lr=lambda step: 0.1 * (step + 1), momentum=0.5)
    z, zs = 0.0, []
    for t in range(1, 6):
        p.grad = np.array(float(t))
        optimizer.step()
        z -= 0.1 * t * t
        zs.append(z)
    optimizer.eval()
    assert p.item() == pytest.approx(np.average(zs, weights=[t**2 for t in range(1, 6)]), rel=1e-13)


def test_a_falling_rate_weighs_as_the_largest_so_far():
    p = one(0.0, None)
    optimizer = ScheduleFreeSGD([p], lr=lambda step: 0.1 / (step + 1))
    zs = []
    for t in range(1, 6):
        p.grad = np.array(1.0)
        optimizer.step()
        zs.append((zs[-1] if zs else 0.0) - 0.1 / t)
    optimizer.eval()
    assert p.item() == pytest.approx(np.mean(zs), rel=1e-13)


def test_a_rate_of_zero_moves_nothing():
    for cls in RULES:
        p = one([2.0, -1.0], [1.0, 1.0])
        optimizer = cls([p], lr=lambda step: 0.1 * min(1, step))
        optimizer.step()
        np.testing.assert_allclose(p.data, [2.0, -1.0], rtol=1e-15)
        optimizer.step()
        assert (p.data < [2.0, -1.0]).all()


# -- the switch


def run(optimizer, w, steps, evaluate=False):
    for step in range(steps):
        optimizer.zero_grad()
        rosenbrock(w).backward()
        optimizer.step()
        if evaluate and step % 3 == 0:
            optimizer.eval()
            optimizer.eval()
            optimizer.train()
            optimizer.train()
    return [p.data.tobytes() for p in w]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cls", RULES)
def test_evaluations_do_not_change_the_training(cls, dtype):
    ends = []
    for evaluate in (False, True):
        w = parameters("rosenbrock", dtype)
        ends.append(run(cls(w, lr=1e-3), w, 30, evaluate))
        assert w[0].dtype == dtype
    assert ends[0] == ends[1]


@pytest.mark.parametrize("cls", RULES)
def test_the_evaluated_weights_are_other_ones(cls):
    w = parameters("rosenbrock")
    optimizer = cls(w, lr=1e-3)
    optimizer.eval()  # nothing happened yet: both points are the start
    assert (w[0].data == [-1.2, 1.0]).all() and optimizer.evaluating
    optimizer.train()
    run(optimizer, w, 5)
    y = w[0].data.copy()
    optimizer.eval()
    z = optimizer.state_dict()["state"]["0"]["z"]
    np.testing.assert_allclose(0.9 * w[0].data + 0.1 * z, y, rtol=1e-13)
    assert abs(w[0].data - y).max() > 1e-6


@pytest.mark.parametrize("cls", RULES)
def test_the_average_does_better_than_the_point_of_the_gradients(cls):
    """Noisy gradients of 0.5 |w|^2 at a rate that stays: the average comes much closer to the minimum."""
    rng = np.random.default_rng(0)
    p = one(np.ones(50), None)
    optimizer = cls([p], lr=0.1)
    for _ in range(400):
        p.grad = p.data + rng.normal(size=50)
        optimizer.step()
    z = optimizer.state_dict()["state"]["0"]["z"]
    optimizer.eval()
    assert np.linalg.norm(p.data) < np.linalg.norm(z) / 2


@pytest.mark.parametrize("evaluating", [False, True])
@pytest.mark.parametrize("cls", RULES)
def test_a_run_saved_in_either_mode_resumes_bit_for_bit(cls, evaluating):
    w = parameters("rosenbrock", "float32")
    settings = {"lr": 1e-3, "weight_decay": 0.01}
    expected = run(cls(w, **settings), w, 30)
    w = parameters("rosenbrock", "float32")
    first = cls(w, **settings)
    run(first, w, 13)
    if evaluating:
        first.eval()
    saved, weights = first.state_dict(), w[0].data.copy()
    w = parameters("rosenbrock", "float32")
    w[0].data[...] = weights
    second = cls(w, **settings)
    second.load_state_dict(saved)
    assert second.evaluating == evaluating
    second.train()
    assert run(second, w, 17) == expected


@pytest.mark.parametrize("cls", RULES)
def test_a_step_between_eval_and_train_raises(cls):
    w = parameters("rosenbrock")
    optimizer = cls(w, lr=1e-3)
    run(optimizer, w, 3)
    optimizer.eval()
    at = w[0].data.copy()
    with pytest.raises(RuntimeError, match=r"step\(\): the model holds the averaged weights; call optimizer.train"):
        run(optimizer, w, 1)
    assert (w[0].data == at).all() and optimizer.steps == 3
    optimizer.train()
    run(optimizer, w, 1)


@pytest.mark.parametrize("cls", RULES)
def test_a_forgotten_switch_is_named_where_the_model_is_known(cls):
    model = nn.Dense(2, 1)
    optimizer = cls(model.parameters())
    optimizer.check(model)
    model.eval()
    with pytest.raises(RuntimeError, match=r"evaluation mode, .* for training; call optimizer.eval\(\)"):
        optimizer.check(model)
    optimizer.eval()
    optimizer.check(model)
    model.train()
    with pytest.raises(RuntimeError, match=r"training mode, .* for evaluation; call optimizer.train\(\)"):
        optimizer.check(model)


def test_the_switch_marks_the_weights_as_changed():
    """A graph that still needs y raises, as after a step."""
    p = one([2.0, -1.0], [1.0, 1.0])
    optimizer = ScheduleFreeSGD([p], lr=0.1)
    optimizer.step()
    optimizer.step()
    loss = (p * p).sum()
    optimizer.eval()
    with pytest.raises(RuntimeError, match="changed"):
        loss.backward()
    loss = (p * p).sum()
    optimizer.train()
    with pytest.raises(RuntimeError, match="changed"):
        loss.backward()


def test_parameters_without_gradient_and_groups_of_their_own():
    p, q, r = one([1.0], [1.0]), one([1.0], [1.0]), one([1.0], None)
    groups = [{"params": [p, r]}, {"params": [q], "momentum": 0.5, "lr": 0.2}]
    optimizer = ScheduleFreeSGD(groups, lr=0.1)
    for _ in range(3):
        optimizer.step()
    optimizer.eval()
    assert p.item() == pytest.approx(1 - 0.1 * 2) and q.item() == pytest.approx(1 - 0.2 * 2) and r.item() == 1.0
    optimizer.train()
    assert p.item() == pytest.approx(0.9 * (1 - 0.2) + 0.1 * (1 - 0.3))
    assert q.item() == pytest.approx(0.5 * (1 - 0.4) + 0.5 * (1 - 0.6))


@pytest.mark.parametrize(
    "cls, settings",
    [(ScheduleFreeSGD, {"momentum": 0.0}), (ScheduleFreeSGD, {"momentum": 1.0}), (ScheduleFreeSGD, {"r": -1.0}),
     (ScheduleFreeAdamW, {"betas": (0.0, 0.9)}), (ScheduleFreeAdamW, {"weight_lr_power": -1.0})],
)  # fmt: skip
def test_hyper_parameters_out_of_range(cls, settings):
    with pytest.raises(ValueError, match=f"{cls.__name__}: {next(iter(settings))}"):
        cls([Tensor([1.0], requires_grad=True)], **settings)


MUTANTS = [
    ("ScheduleFreeSGD", "x = (w - (1 - beta) * z) / beta", "x = w"),
    ("ScheduleFreeSGD", "x = (w - (1 - beta) * z) / beta", "x = (w - (1 - beta) * z)"),
    ("ScheduleFreeSGD", "z -= lr * u", "z += lr * u"),
    ("ScheduleFreeSGD", "z -= lr * u", "z = z - lr * u"),
    ("ScheduleFreeSGD", "x = (1 - c) * x + c * z", "x = c * x + (1 - c) * z"),
    ("ScheduleFreeSGD", "w[...] = (1 - beta) * z + beta * x", "w[...] = beta * z + (1 - beta) * x"),
    ("ScheduleFreeSGD", "w[...] = (1 - beta) * z + beta * x", "w[...] = x"),
    ("ScheduleFreeSGD", 'state["weights"] += weight', 'state["weights"] = weight'),
    ("ScheduleFreeSGD", 'state["t"] ** group["r"] * ', ""),
    ("ScheduleFreeAdamW", ' ** group["weight_lr_power"]', " ** 2"),
    ("ScheduleFreeSGD", ' ** group["weight_lr_power"]', ""),
    ("ScheduleFreeSGD", 'p._data[...] = (state["y"] - (1 - beta) * state["z"]) / beta', "pass"),
    ("ScheduleFreeSGD", 'p._data[...] = (state["y"] - (1 - beta) * state["z"]) / beta', "p._data[...] = state['z']"),
    ("ScheduleFreeSGD", 'p._data[...] = self._state[p].pop("y")', "pass"),
    ("ScheduleFreeSGD", 'return w.copy() if name == "z" else', "return"),
    ("ScheduleFreeAdamW", "v *= beta2", "v *= beta1"),
    ("ScheduleFreeAdamW", "(1 - beta2) * g * g", "(1 - beta2) * g"),
    ("ScheduleFreeAdamW", "(1 - beta2**t)", "(1 - beta2)"),
    ("ScheduleFreeAdamW", "(1 - beta2**t)) + eps)", "(1 - beta2**t) + eps))"),
    ("ScheduleFreeAdamW", "u + weight_decay * w", "u - weight_decay * w"),
    ("ScheduleFreeAdamW", "u + weight_decay * w", "u"),
    ("ScheduleFreeAdamW", "u + weight_decay * w", "u + weight_decay * z"),
    ("ScheduleFreeAdamW", 'group["betas"][0] if', 'group["betas"][1] if'),
]


@pytest.mark.parametrize("rule, old, new", MUTANTS)
def test_a_mutant_misses_the_recorded_runs(rule, old, new):
    cls = mutant(schedulefree, old, new)[rule]
    with np.errstate(all="ignore"):
        assert any(replay(c, lambda params, c=c: cls(params, **settings_of(c))) > 1e-6 for c in cases(rule))


@pytest.mark.parametrize("cls", RULES)
def test_on_the_gpu(cls, fake_cupy):
    def there_and_back(optimizer):
        optimizer.eval()
        optimizer.train()

    same_on_every_device(lambda params: cls(params, lr=0.01, weight_decay=0.1), after=there_and_back)
