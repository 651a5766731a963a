"""detect_anomaly(): the operation and the user's line that made the first NaN or infinity."""

import inspect
import re

import numpy as np
import pytest

import minidl
from minidl import Tensor
from minidl.tensor import _mode


def leaf(*values, dtype="float64"):
    return Tensor(list(values), requires_grad=True, dtype=dtype)


def here(offset=0):
    """The caller's file and line as the detector writes them."""
    frame = inspect.currentframe().f_back
    return re.escape(f'File "{frame.f_code.co_filename}", line {frame.f_lineno + offset}')


@pytest.fixture(autouse=True)
def leaves_no_trace():
    yield
    assert _mode.anomaly is None


def test_off_by_default():
    x = leaf(-1.0)
    with np.errstate(all="ignore"):
        y = x.log() * x.sqrt()
        y.backward()
    assert np.isnan(y.data).all() and np.isnan(x.grad.data).all()


def test_forward_names_the_operation_and_the_line():
    x = leaf(-1.0, 2.0)
    with minidl.detect_anomaly():
        y = x * 2
        with pytest.raises(FloatingPointError, match=f"forward of log made the first NaN: {here(1)}: y.log"):
            y.log()
        with pytest.raises(FloatingPointError, match="forward of div made the first infinity: "):
            y / np.zeros(2)
        with pytest.raises(FloatingPointError, match="forward of exp made the first infinity: "):
            minidl.exp(x * 1000)


def divide(a, b):
    return a / b


def test_the_line_is_the_innermost_outside_minidl():
    line = inspect.getsourcelines(divide)[1] + 1
    with minidl.detect_anomaly(), pytest.raises(FloatingPointError, match=f"line {line}: return a / b"):
        divide(leaf(1.0), leaf(0.0))
    nn = pytest.importorskip("minidl.nn")
    model = nn.Sequential(nn.Dense(1, 1), nn.ReLU())
    with minidl.detect_anomaly(), pytest.raises(FloatingPointError, match=rf"{here(1)}: model\(np"):
        model(np.array([[np.inf]], "f"))


def test_what_came_in_with_the_data():
    with minidl.detect_anomaly():
        with pytest.raises(FloatingPointError, match=f"input 2 of mul already held NaN .*: {here(1)}"):
            leaf(1.0, 2.0) * np.array([np.nan, 1.0])
        with pytest.raises(FloatingPointError, match=r"input 1 of add already held infinity \(data or parameters"):
            Tensor([np.inf]) + 1
        with pytest.raises(FloatingPointError, match="input 2 of mul already held infinity"):
            leaf(1.0) * float("inf")


def test_an_infinity_that_disappears_is_no_fault():
    with minidl.detect_anomaly():
        assert minidl.exp(Tensor([-np.inf])).item() == 0
        assert minidl.where(False, Tensor([np.nan]), 1.0).item() == 1
        assert minidl.softmax(Tensor([0.0, -np.inf])).data.tolist() == [1, 0]


def test_backward_names_the_operation_and_the_forward_line():
    x = leaf(0.0, 4.0)
    with minidl.detect_anomaly():
        y = x.sqrt(); line = here()  # noqa: E702
        loss = (y * 2).sum()
        message = f"derivative of sqrt made the first infinity; forward at {line}: y = x"
        with pytest.raises(FloatingPointError, match=message):
            loss.backward()
    assert x.grad is None


def test_backward_of_a_forward_outside():
    loss = leaf(0.0).sqrt().sum()
    message = r"sqrt made the first infinity; .* open it around the forward pass too"
    with minidl.detect_anomaly(), pytest.raises(FloatingPointError, match=message):
        loss.backward()


def test_second_derivatives_are_watched():
    x = leaf(0.0)
    with minidl.detect_anomaly():
        y = x**1.5
        g = minidl.grad(y, x, create_graph=True)
        with pytest.raises(FloatingPointError, match=r"of pow made the first infinity"):
            minidl.grad(g, x)


def test_a_sum_of_gradients_that_overflows():
    x = leaf(1.0, dtype="float32")
    with minidl.detect_anomaly():
        h = x * 1e-5  # each of the two gradients below is finite, their sum is not
        y = h * 3e38 + h * 3e38
        with pytest.raises(FloatingPointError, match="result of mul already held infinity"):
            y.backward()


def test_a_bad_gradient_given_to_backward():
    with minidl.detect_anomaly(), pytest.raises(FloatingPointError, match=r"already held NaN \(given to backward"):
        (leaf(1.0) * 2).backward([float("nan")])


def test_nesting_and_exceptions():
    x = leaf(-1.0)
    with pytest.raises(ZeroDivisionError), minidl.detect_anomaly():
        raise ZeroDivisionError
    with np.errstate(all="ignore"):
        x.log()  # off again
    with minidl.detect_anomaly():
        with minidl.detect_anomaly():
            pass
        with pytest.raises(FloatingPointError):
            x.log()
        with minidl.no_grad(), pytest.raises(FloatingPointError):
            x.log()

    @minidl.detect_anomaly()
    def f():
        return x.log()

    for _ in range(2):
        with pytest.raises(FloatingPointError, match=r"return x\.log"):
            f()


def test_nothing_is_found_in_sound_numbers():
    x = leaf(0.5, 2.0)
    with minidl.detect_anomaly():
        y = ((x.log() + x.sqrt()) @ x).exp()
        y.backward()
    expected = x.grad.numpy()
    x.grad = None
    ((x.log() + x.sqrt()) @ x).exp().backward()
    assert np.array_equal(x.grad, expected) and np.isfinite(expected).all()


def test_integers_are_never_bad():
    with minidl.detect_anomaly():
        assert (Tensor(np.arange(3)) + 1).data.tolist() == [1, 2, 3]
