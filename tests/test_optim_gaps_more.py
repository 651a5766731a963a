"""More that mutation testing found: rules, averages and wrappers from optim/more/."""

import re

import numpy as np
import pytest

from minidl import Tensor, optim
from minidl.optim import EMA, SWA


def weight(*values, dtype="float64"):
    return Tensor(list(values), requires_grad=True, dtype=dtype)


# -- sign


def test_rprop_says_what_its_pairs_are():
    w = weight(1.0)
    with pytest.raises(ValueError, match=r"Rprop: etas must be \(below 1, above 1\), got \(0\.0, 1\.2\)"):
        optim.Rprop([w], etas=(0.0, 1.2))
    assert optim.Rprop([w], step_sizes=(0.0, 50.0)).param_groups[0]["step_sizes"] == (0.0, 50.0)


# -- momentum


def test_aggmo_needs_a_beta():
    with pytest.raises(ValueError, match=r"AggMo: betas must be one or more, as many in every group, got \(\)"):
        optim.AggMo([weight(1.0)], lr=0.1, betas=())


# -- second moments


def test_yogi_stays_where_v_is_the_square_already():
    w = weight(1.0)
    optimizer = optim.Yogi([w], initial_accumulator=0.25)
    w.grad = np.array([0.5])
    optimizer.step()
    assert optimizer.state_dict()["state"]["0"]["v"] == [0.25]


# -- Schedule-Free and averages change the weights where they are


@pytest.mark.parametrize("cls", [optim.ScheduleFreeSGD, optim.ScheduleFreeAdamW])
def test_schedule_free_switches_in_the_memory_of_the_weights(cls):
    w = weight(1.0, -2.0)
    held = w.data
    optimizer = cls([w], lr=0.1)
    for g in ([1.0, 3.0], [-0.5, 2.0]):
        w.grad = np.array(g)
        optimizer.step()
    y = w.data.copy()
    optimizer.eval()
    assert w.data is held and not np.array_equal(held, y)
    optimizer.train()
    assert w.data is held and np.array_equal(held, y)


@pytest.mark.parametrize("make", [EMA, SWA])
def test_an_average_is_shown_in_the_memory_of_the_weights(make):
    w = weight(1.0, -2.0)
    held, average = w.data, make([w])
    average.update()
    w.data[...] = 5.0
    with average.applied():
        assert w.data is held and np.array_equal(held, [1.0, -2.0])
    assert w.data is held and np.array_equal(held, [5.0, 5.0])


def test_an_average_of_one_tensor():
    w = weight(1.0, -2.0)
    average = SWA(w)
    assert average.params == [w]


def test_a_decay_from_numpy_keeps_the_dtype():
    w = weight(1.0, dtype="float32")
    average = EMA([w], decay=np.float64(0.5))
    assert type(average.decay) is float
    for _ in range(2):
        average.update()
    assert average.weights()[0].dtype == np.float32


def test_a_corrected_average_before_the_first_update():
    assert EMA([weight(1.0)], bias_correction=True).weights() == [[0.0]]


def test_what_an_average_does_not_load():
    w = weight(1.0, 2.0)
    average = SWA([w])
    good = average.state_dict()
    for bad in ({"average": "EMA", **{k: good[k] for k in ("t", "weights")}}, {"average": "SWA", "t": 1}, [good]):
        with pytest.raises(ValueError, match=r"SWA: expected the dict that SWA\.state_dict\(\) gives, got "):
            average.load_state_dict(bad)
    message = "SWA: the state has shapes and dtypes [((3,), 'float32')], the parameters [((2,), 'float64')]"
    with pytest.raises(ValueError, match=re.escape(message)):
        average.load_state_dict({**good, "weights": [np.zeros(3, "float32")]})


# -- wrappers


def test_a_wrapper_says_what_is_no_state():
    optimizer = optim.Lookahead(optim.SGD([weight(1.0)], lr=0.1))
    for broken in ({"optimizer": "Lookahead"}, {"optimizer": "Lookahead", "base": 3, "state": {}}):
        with pytest.raises(ValueError, match=r"^Lookahead: this is no optimizer state: expected the dict that "):
            optimizer.load_state_dict(broken)
    with pytest.raises(ValueError, match=r"^the state is of SAM, this optimizer is Lookahead$"):
        optimizer.load_state_dict({"optimizer": "SAM"})


def test_lookahead_with_an_alpha_from_numpy_keeps_the_dtype():
    w = weight(1.0, dtype="float32")
    optimizer = optim.Lookahead(optim.SGD([w], lr=0.1), k=1, alpha=np.float64(0.5))
    w.grad = np.ones(1, "float32")
    optimizer.step()
    assert type(optimizer.alpha) is float and optimizer.state_dict()["state"]["0"]["slow"].dtype == np.float32


def test_the_table_says_what_wrappers_cost():
    costs = {row.name: row.gradients for row in optim.catalogue()}
    assert (costs["Lookahead"], costs["SAM"], costs["Adam"]) == ("as base", "2", "1")
