"""Reduce on plateau. The references were recorded from torch 2.13 by golden/make_torch_schedules.py."""

import json
import math
import pickle
from pathlib import Path

import numpy as np
import pytest

from minidl import Tensor, optim
from minidl.optim.plateau import ReduceOnPlateau
from minidl.optim.schedules import Scaled

TORCH = json.loads((Path(__file__).parent / "golden" / "torch_schedules.json").read_text())["plateau"]


def told(rate, metrics):
    """The rate after each metric."""
    seen = []
    for metric in metrics:
        before = rate.lr
        assert rate.step(math.nan if metric is None else metric) == (rate.lr < before)
        seen.append(rate())
    return seen


@pytest.mark.parametrize("case", TORCH, ids=lambda c: str(c["settings"]))
def test_torch(case):
    """Noisy metrics that fall and stand still in turn, two of them NaN; the rates are equal to the bit."""
    assert told(ReduceOnPlateau(case["lr"], **case["settings"]), case["metrics"]) == case["rates"]


def test_the_references_say_something():
    """Every case falls, none at the same epochs as another."""
    falls = [tuple(np.flatnonzero(np.diff([c["lr"], *c["rates"]]))) for c in TORCH]
    assert all(falls) and len(set(falls)) == len(falls)


def test_it_falls_when_bad_is_above_patience():
    """One epoch later than Keras, whose wait >= patience fires at the second bad one."""
    assert told(ReduceOnPlateau(1.0, patience=2), [5, 5, 5, 5, 5, 5, 5]) == [1, 1, 1, 0.1, 0.1, 0.1, 0.1 * 0.1]
    assert told(ReduceOnPlateau(1.0, patience=0), [5, 5, 4, 4]) == [1, 0.1, 0.1, 0.1 * 0.1]
    assert told(ReduceOnPlateau(1.0, patience=1), [5, 5, 4, 4, 3, 3]) == [1] * 6  # in a row


def test_cooldown():
    """After the fall at the second 5 two metrics do not count; the next bad one does."""
    rate = ReduceOnPlateau(1.0, factor=0.5, patience=0, cooldown=2)
    assert told(rate, [5, 5, 5, 5, 5, 5, 5, 5]) == [1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]


@pytest.mark.parametrize(
    "settings, best, better, not_better",
    [
        ({"threshold": 0.1}, 2.0, 1.79, 1.8),
        ({"threshold": 0.25, "threshold_mode": "abs"}, 2.0, 1.74, 1.75),
        ({"threshold": 0.25, "mode": "max"}, 2.0, 2.51, 2.5),
        ({"threshold": 0.25, "mode": "max", "threshold_mode": "abs"}, 2.0, 2.26, 2.25),
        ({"threshold": 0.0}, 2.0, np.nextafter(2.0, 0), 2.0),
        ({"threshold": 1.5, "threshold_mode": "abs"}, 2.0, 0.4, 0.5),
    ],
)
def test_threshold(settings, best, better, not_better):
    for metric, falls in ((better, False), (not_better, True), (math.nan, True)):
        rate = ReduceOnPlateau(1.0, patience=0, **settings)
        assert not rate.step(best)
        assert rate.step(metric) == falls
        assert rate.best == (best if falls else metric)


def test_min_lr_and_eps():
    rate = ReduceOnPlateau(1.0, factor=0.5, patience=0, min_lr=0.3)
    assert told(rate, [1] * 5) == [1, 0.5, 0.3, 0.3, 0.3]
    rate = ReduceOnPlateau(1.0, factor=0.5, patience=0, eps=0.25)
    assert told(rate, [1] * 5) == [1, 0.5, 0.5, 0.5, 0.5]  # 0.5 -> 0.25 is a change of eps
    assert told(ReduceOnPlateau(1.0, patience=0), [math.nan] * 3) == [0.1, 0.1 * 0.1, 0.1 * 0.1 * 0.1]


def test_optimizers_take_it():
    a, b = (Tensor(np.zeros(1), requires_grad=True) for _ in range(2))
    rate = ReduceOnPlateau(0.5, patience=0, factor=0.5)
    optimizer = optim.SGD([{"params": [a], "lr": rate}, {"params": [b], "lr": Scaled(rate, 0.5)}], lr=1.0)
    for metric in (1.0, 1.0, 1.0):
        assert optimizer.lr == rate.lr == rate(7)
        a.grad, b.grad = np.ones(1), np.ones(1)
        optimizer.step()
        rate.step(Tensor(np.array(metric)))
    np.testing.assert_allclose([a.item(), b.item()], [-0.5 - 0.5 - 0.25, -0.25 - 0.25 - 0.125], rtol=1e-15)
    assert optimizer.lr == 0.125


def test_the_loop_of_the_docstring():
    from minidl import fit, nn
    from minidl.data import DataLoader

    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, 2)).astype("float32")
    y = (x[:, 0] > 0).astype("int64")
    model, loader = nn.Sequential(nn.Dense(2, 2, rng=0)), DataLoader((x, y), batch_size=10)
    rate = ReduceOnPlateau(0.1, patience=0, threshold=0.99)  # nothing is ever better than the first
    optimizer = optim.SGD(model.parameters(), lr=rate)
    history = fit(
        model, loader, optimizer, nn.CrossEntropyLoss(), epochs=4, validation=loader, progress=False,
        callbacks=[lambda run: rate.step(run.history["validation_loss"][-1])],
    )  # fmt: skip
    np.testing.assert_allclose(history["lr"], [0.1, 0.1, 0.01, 0.001], rtol=1e-12)


@pytest.mark.parametrize("case", TORCH[2:], ids=lambda c: str(c["settings"]))
def test_resumed_it_goes_on(case):
    metrics = [math.nan if x is None else x for x in case["metrics"]]
    for stop in (0, 5, 17, 41):
        first, second = (ReduceOnPlateau(case["lr"], **case["settings"]) for _ in range(2))
        told(first, metrics[:stop])
        second.load_state_dict(json.loads(json.dumps(first.state_dict())))
        assert second.state_dict() == first.state_dict()
        third = pickle.loads(pickle.dumps(second))
        for rate in (second, third):
            assert told(rate, metrics[stop:]) == case["rates"][stop:]


@pytest.mark.parametrize(
    "bad",
    [None, {}, {"lr": 1.0}, {"lr": 1.0, "best": 1.0, "bad": "x", "cooling": 0},
     {"lr": 0, "best": 1, "bad": 0, "cooling": 0},
     {"lr": math.nan, "best": 1, "bad": 0, "cooling": 0}, {"lr": 1, "best": 1, "bad": 0, "cooling": 0, "more": 0},
     {"lr": 1, "best": 1, "bad": -1, "cooling": 0}, {"lr": 1, "best": 1, "bad": 0, "cooling": 0.5}],
)  # fmt: skip
def test_bad_state(bad):
    rate = ReduceOnPlateau(0.3)
    before = rate.state_dict()
    with pytest.raises(ValueError, match="ReduceOnPlateau: expected the dict that state_dict"):
        rate.load_state_dict(bad)
    assert rate.state_dict() == before


def test_repr():
    rate = ReduceOnPlateau(0.1, min_lr=1e-3)
    assert repr(rate) == (
        "ReduceOnPlateau(lr=0.1, mode='min', factor=0.1, patience=10, threshold=0.0001, threshold_mode='rel', "
        "cooldown=0, min_lr=0.001, eps=1e-08)"
    )
    assert eval(repr(rate)).state_dict() == rate.state_dict()


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"lr": 0}, "lr must be positive, got 0"),
        ({"lr": math.inf}, "lr must be positive, got inf"),
        ({"factor": 1.0}, r"factor must be a number in \(0, 1\), got 1.0"),
        ({"factor": 0}, r"factor must be a number in \(0, 1\), got 0"),
        ({"patience": -1}, "patience must be a whole number >= 0, got -1"),
        ({"patience": 1.5}, "patience must be a whole number >= 0, got 1.5"),
        ({"cooldown": -1}, "cooldown must be a whole number >= 0, got -1"),
        ({"threshold": -0.1}, "threshold must be a number >= 0, got -0.1"),
        ({"threshold": 1}, r"a relative threshold must lie in \[0, 1\), got 1"),
        ({"threshold": -0.1, "threshold_mode": "abs"}, "threshold must be a number >= 0, got -0.1"),
        ({"min_lr": -1}, "min_lr must be a number >= 0, got -1"),
        ({"eps": math.nan}, "eps must be a number >= 0, got nan"),
        ({"mode": "auto"}, "mode must be 'min' or 'max', got 'auto'"),
        ({"threshold_mode": "relative"}, "threshold_mode must be 'rel' or 'abs', got 'relative'"),
    ],
)
def test_ranges(settings, message):
    with pytest.raises(ValueError, match=f"ReduceOnPlateau: {message}"):
        ReduceOnPlateau(**({"lr": 0.1} | settings))


def test_what_is_no_number():
    with pytest.raises(TypeError, match="ReduceOnPlateau: lr must be a number, got 'fast'"):
        ReduceOnPlateau("fast")
    rate = ReduceOnPlateau(0.1)
    for metric in ("0.5", None, {"loss": 1.0}):
        with pytest.raises(TypeError, match="ReduceOnPlateau: the metric must be a number, got"):
            rate.step(metric)
    assert rate.bad == 0
