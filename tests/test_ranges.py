"""Intervals as a textbook writes them."""

import pytest

from minidl import Tensor, optim
from minidl.optim.ranges import checked, number


@pytest.mark.parametrize(
    "interval, inside, outside",
    [
        ("[0, 1)", (0, 0.5, 0.999), (-0.001, 1, 2)),
        ("[0, 1]", (0, 1), (-0.1, 1.1)),
        ("(0, inf)", (1e-300, 1e300), (0, -1, float("inf"))),
        ("(-inf, 0]", (-1e9, 0), (0.1, float("-inf"))),
        ("[0, inf]", (0, float("inf")), (-1,)),
        ("{1, 2, ...}", (1, 2.0, 1e6), (0, 1.5, -3, float("inf"))),
        ("{0, 1, ...}", (0, 7), (-1, 0.5)),
    ],
)
def test_intervals(interval, inside, outside):
    for x in inside:
        assert number("A", "x", x, interval) == x
    for x in (*outside, float("nan")):
        with pytest.raises(ValueError, match=r"^A: x must lie in .*, got") as error:
            number("A", "x", x, interval)
        assert interval in str(error.value)
    for x in (None, "0.5", True, [0.5]):
        with pytest.raises(TypeError, match=r"^A: x must be a number, got"):
            number("A", "x", x, interval)


def test_whole_numbers_become_ints_and_others_floats():
    assert type(number("A", "x", 3.0, "{1, 2, ...}")) is int
    assert type(number("A", "x", 3, "[1, 4]")) is float


def test_tuples_have_the_defaults_length_and_its_gaps():
    assert checked("A", "eps", (None, 0.5), (None, 1e-3), "[0, inf)") == (None, 0.5)
    assert checked("A", "eps", [0, 0.5], (None, 1e-3), "[0, inf)") == (0.0, 0.5)
    with pytest.raises(TypeError, match="eps must be a number, got None"):
        checked("A", "eps", (0.1, None), (None, 1e-3), "[0, inf)")
    with pytest.raises(ValueError, match=r"eps must be 2 numbers, got 0\.1"):
        checked("A", "eps", 0.1, (None, 1e-3), "[0, inf)")
    assert checked("A", "beta3", None, None, "[0, 1)") is None
    assert checked("A", "centered", True, False, None) is True


def test_a_loaded_group_is_checked_as_a_new_one_is():
    w = Tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1, momentum=0.9, nesterov=True)
    saved = optimizer.state_dict()
    saved["param_groups"][0]["momentum"] = 0.0
    with pytest.raises(ValueError, match="SGD: nesterov needs momentum > 0"):
        optimizer.load_state_dict(saved)
    assert optimizer.param_groups[0]["momentum"] == 0.9


def test_whole_hyper_parameters_refuse_fractions():
    w = Tensor([[1.0, 2.0]], requires_grad=True)
    for cls, name in ((optim.Muon, "ns_steps"), (optim.Shampoo, "precondition_frequency"), (optim.LBFGS, "max_iter"),
                      (optim.SophiaH, "update_interval"), (optim.AdEMAMix, "warmup_steps")):  # fmt: skip
        with pytest.raises(ValueError, match=rf"{cls.__name__}: {name} must lie in {{[01], [12], \.\.\.}}, got 2.5"):
            cls([w], lr=0.1, **{name: 2.5})
