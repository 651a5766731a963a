"""What an optimizer refuses, and with which words."""

import inspect
import re

import numpy as np
import pytest
from test_optim import NAMES, every_optimizer, make_params

from minidl import Tensor, optim


@pytest.mark.parametrize(
    "bad, error", [(-0.1, ValueError), (float("nan"), ValueError), (float("inf"), ValueError), ("0.1", TypeError),
                   (None, TypeError), (True, TypeError), ([0.1, 0.2], TypeError)],
)  # fmt: skip
@pytest.mark.parametrize("name", NAMES)
def test_bad_rates(name, bad, error):
    with pytest.raises(error, match=rf"{name}: lr must .* got {re.escape(repr(bad))}"):
        getattr(optim, name)(make_params(), lr=bad)


def numbers_of_the_family():
    for name in NAMES:
        for p in inspect.signature(getattr(optim, name)).parameters.values():
            if p.name not in ("params", "lr") and not isinstance(p.default, bool):
                yield name, p.name, p.default


@pytest.mark.parametrize("name, key, default", list(numbers_of_the_family()))
def test_hyper_parameters_out_of_range(name, key, default):
    highest = {"dampening": 1.5, "weight_decay": float("inf"), "eps": float("inf"), "lr_decay": float("inf")}
    for bad in (-0.1, float("nan"), "0.5", None, highest.get(key, 1.0)):
        error = TypeError if bad is None or isinstance(bad, str) else ValueError
        given = [(0.5, bad), (bad, 0.5)] if isinstance(default, tuple) else [bad]
        for value in given:
            with pytest.raises(
                error, match=rf"{name}: {key} must .* got {re.escape(str(bad) if bad != '0.5' else repr(bad))}"
            ):
                getattr(optim, name)(make_params(), lr=0.1, **{key: value})
        with pytest.raises(error, match=f"{name}: {key} must"):
            getattr(optim, name)([{"params": make_params(), key: given[0]}], lr=0.1)


@pytest.mark.parametrize("betas", [0.9, (0.9,), (0.9, 0.99, 0.999), "ab", None])
def test_betas_are_two(betas):
    with pytest.raises(ValueError, match="Adam: betas must be 2 numbers"):
        optim.Adam(make_params(), betas=betas)


@every_optimizer
def test_bad_parameters(name, settings):
    make = lambda params: getattr(optim, name)(params, **settings)
    w = Tensor([1.0], requires_grad=True)
    for empty in ([], iter([]), ()):
        with pytest.raises(ValueError, match=f"{name} got no parameters: an iterator"):
            make(empty)
    iterator = iter([w])
    make(iterator)
    with pytest.raises(ValueError, match=f"{name} got no parameters"):
        make(iterator)
    with pytest.raises(ValueError, match=f"{name}: parameter group 1 has no parameters"):
        make([{"params": [w]}, {"params": []}])
    with pytest.raises(TypeError, match=f"{name} updates Tensors, got ndarray"):
        make([np.ones(2)])
    with pytest.raises(TypeError, match=f"{name} updates Tensors, got str"):
        make({"params": [w]})
    with pytest.raises(TypeError, match=f"{name} updates Tensors, got tuple"):
        make([("w", w, 3)])
    with pytest.raises(TypeError, match=f"{name} updates Tensors, got tuple"):
        make([(w, w)])
    with pytest.raises(TypeError, match=rf"{name} got .*give it the parameters: model.parameters\(\)"):
        make(object())
    with pytest.raises(TypeError, match=r"requires_grad=True; got a constant of shape \(1,\)"):
        make([w, Tensor([1.0])])
    with pytest.raises(TypeError, match="got a result of shape"):
        make([w * 2])
    with pytest.raises(ValueError, match=f"{name}: the parameter 0 is given twice"):
        make([w, w])
    with pytest.raises(ValueError, match=f"{name}: the parameter bias is given twice"):
        make([{"params": [("bias", w)]}, {"params": [w]}])
    with pytest.raises(ValueError, match=f"{name}: unknown hyper-parameter 'learning_rate'; it has lr"):
        make([{"params": [w], "learning_rate": 0.1}])
    with pytest.raises(TypeError, match=f"{name}: a parameter group is a dict with 'params'"):
        make([{"params": [w]}, Tensor([1.0], requires_grad=True)])
    with pytest.raises(TypeError, match="a parameter group is a dict with 'params'"):
        make([{"weights": [w]}])


@pytest.mark.parametrize("settings", [{}, {"momentum": 0.0}, {"momentum": 0.9, "dampening": 0.1}])
def test_nesterov_needs_momentum(settings):
    with pytest.raises(ValueError, match="nesterov needs momentum > 0 and dampening = 0, got"):
        optim.SGD(make_params(), lr=0.1, nesterov=True, **settings)
    with pytest.raises(ValueError, match="nesterov needs momentum"):
        optim.SGD([{"params": make_params(), "nesterov": True, **settings}], lr=0.1)


def test_a_rule_is_required():
    w = Tensor([1.0], requires_grad=True)
    optimizer = optim.Optimizer([w], lr=0.1)
    w.grad = np.ones(1, np.float32)
    with pytest.raises(NotImplementedError, match="Optimizer has no update rule"):
        optimizer.step()


# -- names


def test_get_finds_any_case_and_the_aliases():
    for name in NAMES:
        for spelling in (name, name.lower(), name.upper(), name.swapcase()):
            assert optim.get(spelling) is getattr(optim, name)
    assert (optim.Adagrad, optim.Adadelta, optim.RMSprop) == (optim.AdaGrad, optim.AdaDelta, optim.RMSProp)


@pytest.mark.parametrize(
    "given, near",
    [("adm", "Adam"), ("ADAMM", "NAdam"), ("RMSPorp", "RMSProp"), ("nestrov", "Nesterov"), ("sdg", "SGD")],
)
def test_an_unknown_name_gets_the_near_ones(given, near):
    with pytest.raises(
        ValueError, match=rf"unknown optimizer '{given}'; did you mean [\w ]*{near}\b.*\? There are: SGD,"
    ):
        optim.get(given)


def test_a_name_that_is_near_nothing():
    with pytest.raises(ValueError, match=r"unknown optimizer 'xyz'\. There are: SGD, Momentum, .*AdamW"):
        optim.get("xyz")


def test_a_rule_that_returns_or_misnames_its_state_is_refused():
    class Returns(optim.Optimizer):
        def update(self, w, g, *, lr):
            return w - lr * g

    class Misnamed(optim.Optimizer):
        state = "velocity"

    p = Tensor([1.0], requires_grad=True)
    p.grad = [1.0]
    with pytest.raises(TypeError, match=r"Returns.update must change w in place"):
        Returns([p], lr=0.1).step()
    with pytest.raises(TypeError, match=r"Misnamed: state must be a tuple of names, such as \('velocity',\)"):
        Misnamed([p], lr=0.1)


def test_a_rule_of_ones_own_sees_whole_parameters_unless_it_says_elementwise():
    shapes = []

    class Rule(optim.Optimizer):
        def update(self, w, g, *, lr):
            shapes.append(w.shape)

    class Elementwise(Rule):
        elementwise = True

    p = Tensor(np.ones((600, 601)), requires_grad=True)
    p.grad = np.ones((600, 601))
    Rule([p], lr=0.1).step()
    Elementwise([p], lr=0.1).step()
    assert shapes == [(600, 601), (180_300,), (180_300,)]
