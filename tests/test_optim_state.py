"""Saving an optimizer and going on from what was saved: the same bits as without the interruption."""

import copy
import json
import pickle

import numpy as np
import pytest
from test_optim import (
    NAMES,
    assert_same,
    assert_same_state,
    drive,
    every_optimizer,
    every_variant,
    make_gradients,
    make_params,
    run,
)

from minidl import Tensor, optim


def through_json(state):
    """As a file of numbers and text would give it back: tuples become lists, arrays are stored apart."""
    arrays = {}
    plain = copy.deepcopy(state)
    for name, saved in plain["state"].items():
        arrays[name] = {k: saved.pop(k) for k in list(saved) if k != "t"}
    plain = json.loads(json.dumps(plain))
    for name, saved in plain["state"].items():
        saved |= arrays[name]
    return plain


@pytest.mark.parametrize("trip", [lambda s: s, copy.deepcopy, through_json, lambda s: pickle.loads(pickle.dumps(s))])
@every_variant
def test_resumed_equals_uninterrupted(name, settings, trip):
    lr = optim.schedules.InverseTime(0.2, 0.5)  # the schedule goes on too
    gradients = make_gradients()
    for row in gradients[:2]:
        row[1] = None  # this parameter lags behind: its own t must survive
    expected = run(name, settings, gradients=gradients, lr=lr)

    params = make_params()
    first = getattr(optim, name)(params, **{**settings, "lr": lr})
    drive(first, params, gradients[:5])
    state = trip(first.state_dict())
    params = [Tensor(p, requires_grad=True) for p in params]
    second = getattr(optim, name)(params, **{**settings, "lr": lr})
    drive(second, params, [])
    second.load_state_dict(state)
    assert_same_state(second.state_dict(), first.state_dict())
    assert_same(drive(second, params, gradients[5:]), expected)


@every_optimizer
def test_saving_before_the_first_step(name, settings):
    params = make_params()
    optimizer = getattr(optim, name)(params, **settings)
    state = optimizer.state_dict()
    assert state["steps"] == 0 and state["state"] == {}
    drive(optimizer, params, make_gradients(steps=2))
    optimizer.load_state_dict(state)
    assert_same_state(optimizer.state_dict(), state)


@every_optimizer
def test_loading_takes_over_the_settings(name, settings):
    gradients = make_gradients()
    params = make_params()
    saved = getattr(optim, name)(params, lr=0.3, weight_decay=0.2)
    drive(saved, params, gradients[:4])
    others = [Tensor(p, requires_grad=True) for p in params]
    other = getattr(optim, name)(others, **settings)
    other.load_state_dict(saved.state_dict())
    assert other.lr == 0.3 and other.param_groups[0]["weight_decay"] == 0.2
    assert_same(drive(other, others, gradients[4:]), drive(saved, params, gradients[4:]))


@every_variant
def test_state_dict_is_a_copy(name, settings):
    params = make_params()
    optimizer = getattr(optim, name)(params, **settings)
    drive(optimizer, params, make_gradients(steps=3))
    state, kept = optimizer.state_dict(), copy.deepcopy(optimizer.state_dict())
    drive(optimizer, params, make_gradients(steps=2))
    assert_same_state(state, kept)  # the optimizer went on, the copy did not
    optimizer.load_state_dict(state)
    for saved in state["state"].values():
        for key in set(saved) - {"t"}:
            saved[key][...] = 99
        saved["t"] = 99
    state["param_groups"][0]["params"].clear()
    assert_same_state(optimizer.state_dict(), kept)  # and what was loaded is no alias either


@every_variant
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
def test_a_copied_optimizer_keeps_its_state(name, settings, copied):
    params, gradients = make_params(), make_gradients()
    optimizer = getattr(optim, name)(params, **settings)
    drive(optimizer, params, gradients[:3])
    clone = copied(optimizer)
    clones = list(clone.parameters())
    assert all(a is not b for a, b in zip(clones, params, strict=True))
    assert_same(drive(clone, clones, gradients[3:]), drive(optimizer, params, gradients[3:]))


def broken_states(good):
    name = next(iter(good["state"]))
    yield "another optimizer", {**good, "optimizer": "SGD"}, "state is of SGD, this optimizer is Adam"
    yield "no dict", "weights.bin", "no optimizer state"
    yield "None", None, "no optimizer state"
    yield "foreign", {"state": {}, "param_groups": []}, "no optimizer state"  # PyTorch's looks like this
    yield "groups without params", {**good, "param_groups": [{"lr": 0.1}]}, "no optimizer state"
    yield "groups are no list", {**good, "param_groups": 3}, "no optimizer state"
    yield "steps no number", {**good, "steps": "many"}, "no optimizer state"
    group = good["param_groups"][0]
    yield "fewer parameters", {**good, "param_groups": [{**group, "params": ["0"]}]}, "parameter groups"
    yield "more groups", {**good, "param_groups": [group, group]}, "parameter groups"
    yield "unknown setting", {**good, "param_groups": [{**group, "gamma": 1.0}]}, "gamma"
    yield "setting out of range", {**good, "param_groups": [{**group, "lr": -1.0}]}, "lr must lie in"
    arrays = good["state"][name]
    for what, replaced, message in [
        ("shape", {**arrays, "m": np.zeros(9, np.float32)}, r"shape \(9,\)"),
        ("dtype", {**arrays, "v": arrays["v"].astype(np.float64)}, "float64"),
        ("lists", {**arrays, "v": arrays["v"].tolist()}, "dtype"),
        ("missing array", {"t": 1, "m": arrays["m"]}, "must hold"),
        ("missing t", {"m": arrays["m"], "v": arrays["v"]}, "must hold"),
        ("unknown array", {**arrays, "b": arrays["m"]}, "must hold"),
        ("no arrays", None, "must hold"),
    ]:
        yield what, {**good, "state": {**good["state"], name: replaced}}, message
    yield "unknown parameter", {**good, "state": {**good["state"], "layer9.weight": arrays}}, "layer9.weight"


def adam_after_three_steps():
    params = make_params()
    optimizer = optim.Adam(params)
    drive(optimizer, params, make_gradients(steps=3))
    return optimizer


@pytest.mark.parametrize("case", [c[0] for c in broken_states(adam_after_three_steps().state_dict())])
def test_a_state_that_does_not_fit_changes_nothing(case):
    optimizer = adam_after_three_steps()
    before = optimizer.state_dict()
    bad, message = {c[0]: c[1:] for c in broken_states(optimizer.state_dict())}[case]
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(bad)
    assert_same_state(optimizer.state_dict(), before)


def test_every_optimizer_refuses_the_state_of_every_other():
    states = {name: getattr(optim, name)(make_params(), lr=0.1).state_dict() for name in NAMES}
    for mine in NAMES:
        for theirs in set(NAMES) - {mine}:
            with pytest.raises(ValueError, match=f"state is of {theirs}, this optimizer is {mine}"):
                getattr(optim, mine)(make_params(), lr=0.1).load_state_dict(states[theirs])


def test_a_schedule_is_code_not_state():
    w = make_params()
    state = optim.Adam(w, lr=optim.schedules.Constant(0.5)).state_dict()
    assert state["param_groups"][0]["lr"] is None
    other = optim.Adam(w, lr=0.125)
    other.load_state_dict(state)
    assert other.lr == 0.125
