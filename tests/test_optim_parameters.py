"""Parameters given in every way, in groups, and with or without gradient; closures; what a step does to a graph."""

import numpy as np
import pytest
from test_optim import assert_same, drive, every_optimizer, every_variant, make_gradients, make_params, run

from minidl import Tensor, optim


class Holder:
    """Stands for a model."""

    def __init__(self):
        self.pairs = list(zip(["first.weight", "second.weight", "second.bias", "scale"], make_params(), strict=True))

    def parameters(self):
        return (p for _, p in self.pairs)

    def named_parameters(self):
        return iter(self.pairs)


@pytest.mark.parametrize(
    "given, names",
    [
        (lambda m: list(m.parameters()), "0123"),
        (lambda m: tuple(m.parameters()), "0123"),
        (lambda m: m.parameters(), "0123"),
        (lambda m: m.named_parameters(), None),
        (lambda m: dict(m.pairs).items(), None),
        (lambda m: [{"params": m.parameters()}], "0123"),
        (lambda m: [{"params": m.named_parameters()}], None),
        (lambda m: ({"params": p} for p in m.parameters()), "0123"),  # single Tensors, from an iterator of groups
        (lambda m: [{"params": [p]} for p in m.named_parameters()], None),
    ],
)
@every_optimizer
def test_ways_to_give_parameters(name, settings, given, names):
    model = Holder()
    optimizer = getattr(optim, name)(given(model), **settings)
    found = drive(optimizer, list(model.parameters()), make_gradients())
    assert_same(found, run(name, settings))
    assert list(optimizer.state_dict()["state"]) == list(names or dict(model.pairs))
    assert all(a is b for a, b in zip(optimizer.parameters(), model.parameters(), strict=True))


def test_one_tensor_is_one_parameter():
    w = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    optimizer = optim.SGD(w, lr=1.0)
    assert list(map(id, optimizer.parameters())) == [id(w)]
    drive(optimizer, [w], [[np.ones(3, np.float32)]])
    assert w.data.tolist() == [0, 1, 2]


def test_names_come_from_the_tensor_too_and_are_unique():
    params = make_params()
    params[0].name, params[1].name, params[2].name = "weight", "weight", "0"
    names = optim.SGD(params, lr=0.1).state_dict()["param_groups"][0]["params"]
    assert names[0] == "weight" and names[2] == "0" and len(set(names)) == 4
    pairs = [("1", params[0]), params[1], ("3", params[2]), params[3]]
    assert len(set(optim.SGD(pairs, lr=0.1).state_dict()["param_groups"][0]["params"])) == 4


@every_variant
def test_groups_have_their_own_settings(name, settings):
    """Two groups with their own rate and decay do what two optimizers do."""
    start, gradients = [p.data for p in make_params()], make_gradients()
    own = [{**settings, "lr": 0.05, "weight_decay": 0.4}, {**settings, "lr": 0.2, "weight_decay": 0.0}]
    parts = [slice(0, 1), slice(1, 4)]
    expected = []
    for part, mine in zip(parts, own, strict=True):
        expected += run(name, mine, gradients=[row[part] for row in gradients], start=start[part])

    params = make_params()
    groups = [
        {"params": params[part], "lr": mine["lr"], "weight_decay": mine["weight_decay"]}
        for part, mine in zip(parts, own, strict=True)
    ]
    optimizer = getattr(optim, name)(groups, **{**settings, "lr": 7.0})
    assert optimizer.lr == 0.05
    assert_same(drive(optimizer, params, gradients), expected)
    assert not np.array_equal(run(name, settings, lr=0.05)[1], expected[1])


def test_a_group_with_its_own_schedule():
    a, b = (Tensor([0.0], requires_grad=True) for _ in range(2))
    falling = optim.schedules.Piecewise([1], [1.0, 0.5])
    optimizer = optim.SGD([{"params": [a]}, {"params": [b], "lr": falling}], lr=0.25)
    drive(optimizer, [a, b], [[np.ones(1, np.float32)] * 2] * 3)
    assert (a.item(), b.item()) == (-0.75, -2.0)


@every_optimizer
def test_parameters_without_gradient_are_skipped(name, settings):
    """Their values, state and own step number stay: the next gradient finds them as if nothing had happened."""
    gradients = make_gradients()
    expected = run(name, settings, gradients=[row[:1] for row in gradients[4:]], start=[make_params()[0].data])
    params = make_params()
    optimizer = getattr(optim, name)(params, **settings)
    start = params[0].data.copy()
    drive(optimizer, params, [[None, *row[1:]] for row in gradients[:4]])
    assert np.array_equal(params[0].data, start) and "0" not in optimizer.state_dict()["state"]
    drive(optimizer, params, gradients[4:])
    assert_same([params[0].data], expected)
    assert [s["t"] for s in optimizer.state_dict()["state"].values()] == [4, 8, 8, 8]
    assert optimizer.steps == 8


@every_optimizer
def test_zero_grad_is_always_legal(name, settings):
    params = make_params()
    optimizer = getattr(optim, name)(params, **settings)
    optimizer.zero_grad()
    drive(optimizer, params, make_gradients(steps=1))
    optimizer.zero_grad()
    optimizer.zero_grad()
    assert all(p.grad is None for p in params)


@every_optimizer
def test_step_without_any_gradient_raises(name, settings):
    params = make_params()
    optimizer = getattr(optim, name)(params, **settings)
    with pytest.raises(RuntimeError, match=rf"{name}.step\(\): no parameter has a gradient; call loss.backward\(\)"):
        optimizer.step()
    assert optimizer.steps == 0
    assert_same([p.data for p in params], [p.data for p in make_params()])


@every_optimizer
def test_a_closure_computes_the_gradients_and_its_loss_is_returned(name, settings):
    w = Tensor([1.0, -2.0], requires_grad=True)
    optimizer = getattr(optim, name)([w], **settings)

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    first, second = optimizer.step(closure), optimizer.step(closure)
    assert first.item() == 5.0 > second.item()
    assert optimizer.step() is None  # without closure; the gradient is still there


@every_optimizer
def test_a_retained_graph_raises_after_a_step(name, settings):
    w, other = Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0], requires_grad=True)
    optimizer = getattr(optim, name)([w, other], **settings)
    loss = (w * w).sum()
    loss.backward(retain_graph=True)
    loss.backward(retain_graph=True)  # nothing changed yet
    optimizer.step()
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()
    y = (other * other).sum()
    (w * w).sum().backward()
    optimizer.step()  # other has no gradient: it did not change
    y.backward()
    assert other.grad.data.tolist() == [6.0]


def test_a_step_is_no_part_of_any_graph():
    w = Tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.Adam([w], weight_decay=0.1, amsgrad=True)
    (w * w).sum().backward()
    optimizer.step()
    assert w.requires_grad and w._op is None
    optimizer.zero_grad()
    (w * w).sum().backward()
    np.testing.assert_array_equal(w.grad.data, 2 * w.data)


def test_momentum_switched_on_later_counts():
    w = Tensor([0.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=1.0)
    drive(optimizer, [w], [[np.ones(1, np.float32)]])
    optimizer.param_groups[0]["momentum"] = 0.5
    drive(optimizer, [w], [[np.ones(1, np.float32)]] * 2)
    assert w.item() == -(1 + 1 + 1.5)
    optimizer.load_state_dict(optimizer.state_dict())
