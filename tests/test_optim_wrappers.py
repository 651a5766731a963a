"""Lookahead and SAM: against optax, against plain loops, around the family and around each other."""

import copy

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
    same_on_every_device,
    settings_of,
)

from minidl import Tensor, nn, optim
from minidl.checkpoint import load_checkpoint, save_checkpoint
from minidl.optim.more import wrappers
from minidl.optim.more.ratefree import DAdaptAdam, DoG, Prodigy
from minidl.optim.more.schedulefree import ScheduleFreeAdamW, ScheduleFreeSGD
from minidl.optim.more.wrappers import SAM, Lookahead

BASES = [
    (optim.SGD, {"lr": 1e-3}), (optim.SGD, {"lr": 1e-3, "momentum": 0.9, "weight_decay": 0.01}),
    (optim.RMSProp, {"lr": 1e-2}), (optim.AdaDelta, {}), (optim.Adam, {"lr": 0.05, "amsgrad": True}),
    (optim.AdamW, {"lr": 0.05}), (DoG, {"reps_rel": 1e-2}), (DAdaptAdam, {"d0": 1e-2}), (Prodigy, {"d0": 1e-2}),
    (ScheduleFreeSGD, {"lr": 1e-3}), (ScheduleFreeAdamW, {"lr": 0.05}),
]  # fmt: skip
WRAPPED = {
    "Lookahead": Lookahead,
    "SAM": SAM,
    "Lookahead(SAM)": lambda base: Lookahead(SAM(base, 0.01), k=3),
    "SAM(Lookahead)": lambda base: SAM(Lookahead(base, k=3, alpha=0.8)),
    "Lookahead(Lookahead)": lambda base: Lookahead(Lookahead(base, k=2), k=4, alpha=0.7),
    "SAM(SAM)": lambda base: SAM(SAM(base)),
}
AROUND = pytest.mark.parametrize("base, settings", BASES, ids=lambda x: x.__name__ if isinstance(x, type) else "")


def made(case, make=None):
    """The recorded wrapper around its recorded base."""
    name, settings = case["base"]
    wrapper = make or getattr(wrappers, case["rule"])
    return lambda params: wrapper(getattr(optim, name)(params, **settings), **settings_of(case))


def run(optimizer, params, steps, problem="rosenbrock"):
    """So many steps; the bits of the weights and the losses."""
    losses = []

    def closure():
        optimizer.zero_grad()
        loss = PROBLEMS[problem][1](params)
        loss.backward()
        return loss

    for _ in range(steps):
        losses.append(float(optimizer.step(closure)))
    return [p.data.tobytes() for p in params], losses


# -- references


@pytest.mark.parametrize("case", cases("Lookahead", "SAM"), ids=label)
def test_recorded_runs(case):
    assert replay(case, made(case)) < 1e-9


def test_lookahead_by_hand():
    """f = w^2 / 2, SGD with momentum, once more as plain numbers."""
    p = one(3.0, None)
    optimizer = Lookahead(optim.SGD([p], lr=0.1, momentum=0.9), k=4, alpha=0.3)
    w = slow = 3.0
    v = 0.0
    for step in range(1, 31):
        p.grad = p.data.copy()
        optimizer.step()
        v = 0.9 * v + w
        w -= 0.1 * v
        if step % 4 == 0:
            w = slow = slow + 0.3 * (w - slow)
        assert p.item() == pytest.approx(w, rel=1e-12)


def test_sam_by_hand():
    """f = w1^2 / 2 + 5 w2^2 in two parameters: the norm is over both."""
    a, b = one(3.0, None), one(1.0, None)
    optimizer = SAM(optim.SGD([a, b], lr=0.05), rho=0.2)

    def closure():
        loss = a * a * 0.5 + b * b * 5.0
        loss.backward()
        return loss

    x, y = 3.0, 1.0
    for _ in range(20):
        loss = optimizer.step(closure)
        assert loss.item() == pytest.approx(x * x / 2 + 5 * y * y, rel=1e-12)
        norm = np.hypot(x, 10 * y)
        x, y = x - 0.05 * (x + 0.2 * x / norm), y - 0.05 * 10 * (y + 0.2 * 10 * y / norm)
        assert (a.item(), b.item()) == pytest.approx((x, y), rel=1e-12)


# -- reductions


@AROUND
def test_lookahead_of_one_whole_step_is_its_base(base, settings):
    runs = []
    for make in (base, lambda params, **kw: Lookahead(base(params, **kw), k=1, alpha=1.0)):
        params = parameters("mlp")
        runs.append(run(make(params, **settings), params, 20, "mlp"))
    assert runs[0] == runs[1]


@AROUND
def test_sam_of_radius_zero_is_its_base(base, settings):
    runs = []
    for make in (base, lambda params, **kw: SAM(base(params, **kw), rho=0.0)):
        params = parameters("mlp")
        runs.append(run(make(params, **settings), params, 20, "mlp"))
    assert runs[0] == runs[1]


def test_lookahead_of_more_steps_than_are_made_is_its_base():
    runs = []
    for make in (optim.Adam, lambda params: Lookahead(optim.Adam(params), k=21)):
        params = parameters("rosenbrock")
        runs.append(run(make(params), params, 20))
    assert runs[0] == runs[1]


# -- whatever is wrapped


@pytest.mark.parametrize("wrapped", WRAPPED)
@AROUND
def test_runs_resume_bit_for_bit(base, settings, wrapped):
    def start():
        params = parameters("rosenbrock", "float32")
        return params, WRAPPED[wrapped](base(params, **settings))

    params, optimizer = start()
    expected, losses = run(optimizer, params, 25)
    assert losses[-1] < losses[0] and params[0].dtype == "float32"

    params, optimizer = start()
    run(optimizer, params, 13)
    again, resumed = start()
    again[0].data[...] = params[0].data
    saved = optimizer.state_dict()
    run(optimizer, params, 3)  # a state is a copy
    resumed.load_state_dict(saved)
    assert run(resumed, again, 12)[0] == expected


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_a_checkpoint_holds_a_wrapped_optimizer(wrapped, tmp_path):
    def start():
        model = nn.Sequential(nn.Dense(2, 3, rng=0), nn.Tanh(), nn.Dense(3, 1, rng=1))
        return model, WRAPPED[wrapped](optim.Adam(model.named_parameters(), lr=0.05))

    def steps(model, optimizer, n):
        x = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")

        def closure():
            optimizer.zero_grad()
            loss = (model(x) * model(x)).mean()
            loss.backward()
            return loss

        for _ in range(n):
            optimizer.step(closure)
        return [p.data.tobytes() for p in model.parameters()]

    model, optimizer = start()
    expected = steps(model, optimizer, 12)
    model, optimizer = start()
    steps(model, optimizer, 7)
    save_checkpoint(tmp_path / "c", model, optimizer)
    model, optimizer = start()
    load_checkpoint(tmp_path / "c", model, optimizer)
    assert steps(model, optimizer, 5) == expected


def test_everything_else_is_the_bases():
    p, q = one([1.0], [1.0]), one([2.0], [1.0])
    base = optim.Adam([{"params": p}, {"params": q, "lr": 0.5}], lr=0.1)
    optimizer = Lookahead(SAM(base))
    assert optimizer.param_groups is base.param_groups and optimizer.lr == 0.1
    assert [*optimizer.parameters()] == [p, q] and optimizer.steps == 0
    optimizer.lr = lambda step: 0.25
    assert base.lr == 0.25 == optimizer.lr
    optimizer.zero_grad()
    assert p.grad is None and q.grad is None
    assert isinstance(optimizer, optim.Optimizer)
    assert repr(Lookahead(SAM(optim.SGD([p], lr=0.1)))).startswith("Lookahead(SAM(SGD(lr=0.1")
    assert repr(optimizer).endswith(", rho=0.05), k=5, alpha=0.5)")
    with pytest.raises(AttributeError):
        optimizer.unheard_of  # noqa: B018


def test_the_switch_of_schedule_free_works_through_a_wrapper():
    p = one([1.0, 2.0], None)
    optimizer = Lookahead(SAM(ScheduleFreeSGD([p], lr=0.1)), k=2)

    def closure():
        loss = (p * p).sum()
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)
    y = p.data.copy()
    optimizer.eval()
    assert optimizer.evaluating and (p.data != y).any()
    with pytest.raises(RuntimeError, match="averaged weights"):
        optimizer.step(closure)
    optimizer.train()
    assert (p.data == y).all()


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_a_copy_is_a_copy(wrapped):
    params = parameters("rosenbrock")
    optimizer = WRAPPED[wrapped](optim.SGD(params, lr=1e-3, momentum=0.9))
    run(optimizer, params, 3)
    other = copy.deepcopy(optimizer)
    theirs = list(other.parameters())
    assert theirs[0] is not params[0]
    assert run(other, theirs, 5) == run(optimizer, params, 5)


def test_lookahead_without_gradient_for_some_leaves_them():
    p, q = one([1.0], [1.0]), one([2.0], None)
    optimizer = Lookahead(optim.SGD([p, q], lr=0.1), k=1)
    optimizer.step()
    assert p.item() == pytest.approx(0.95) and q.item() == 2.0


def test_lookahead_starts_from_the_weights_of_the_first_step():
    """Weights loaded after the optimizer was made count; slow is no older than that."""
    p = one([1.0], [1.0])
    optimizer = Lookahead(optim.SGD([p], lr=0.1), k=1)
    p.data[...] = 5.0
    optimizer.step()
    assert p.item() == pytest.approx(4.95)


def test_sam_puts_the_weights_back_when_the_closure_fails():
    p = one([1.0, 2.0], None)
    optimizer = SAM(optim.SGD([p], lr=0.1), rho=10.0)
    calls = []

    def closure():
        calls.append(p.data.copy())
        if len(calls) == 2:
            raise KeyboardInterrupt
        loss = (p * p).sum()
        loss.backward()
        return loss

    with pytest.raises(KeyboardInterrupt):
        optimizer.step(closure)
    assert (p.data == [1.0, 2.0]).all() and (calls[1] != calls[0]).all() and optimizer.steps == 0


def test_sam_with_a_gradient_of_zero():
    p = one([0.0], None)
    optimizer = SAM(optim.SGD([p], lr=0.1))

    def closure():
        loss = (p * p).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert p.item() == 0.0


# -- errors


def test_sam_needs_a_closure():
    p = one([1.0], [1.0])
    for optimizer in (SAM(optim.SGD([p], lr=0.1)), Lookahead(SAM(optim.SGD([p], lr=0.1)))):
        with pytest.raises(TypeError, match=r"SAM.step\(\) takes the gradient twice and needs a closure"):
            optimizer.step()
        assert p.item() == 1.0
    with pytest.raises(RuntimeError, match="no parameter has a gradient"):
        SAM(optim.SGD([p], lr=0.1)).step(lambda: Tensor(0.0))


@pytest.mark.parametrize("wrapper", [Lookahead, SAM])
def test_only_optimizers_can_be_wrapped(wrapper):
    with pytest.raises(TypeError, match=f"{wrapper.__name__} wraps an optimizer"):
        wrapper([one([1.0], None)])


@pytest.mark.parametrize("settings", [{"k": 0}, {"k": 2.5}, {"k": True}, {"alpha": 0.0}, {"alpha": 1.5},
                                      {"alpha": "half"}])  # fmt: skip
def test_lookahead_out_of_range(settings):
    with pytest.raises(ValueError, match=f"Lookahead: {next(iter(settings))} must"):
        Lookahead(optim.SGD([one([1.0], None)], lr=0.1), **settings)


@pytest.mark.parametrize("rho", [-0.1, float("inf"), float("nan"), "small"])
def test_sam_out_of_range(rho):
    with pytest.raises(ValueError, match="SAM: rho must"):
        SAM(optim.SGD([one([1.0], None)], lr=0.1), rho=rho)


def test_states_that_do_not_fit_change_nothing():
    params = parameters("mlp")
    optimizer = Lookahead(optim.Adam(params), k=3)
    run(optimizer, params, 4, "mlp")
    before = optimizer.state_dict()
    other = parameters("rosenbrock")
    foreign = Lookahead(optim.Adam(other), k=3)
    run(foreign, other, 4)
    sgd = Lookahead(optim.SGD(parameters("mlp"), lr=0.1))
    halves = optimizer.state_dict()
    halves["state"]["0"]["slow"] = halves["state"]["0"]["slow"].astype("float32")
    for state, message in [
        (SAM(optim.Adam(params)).state_dict(), "the state is of SAM, this optimizer is Lookahead"),
        (optim.Adam(params).state_dict(), "the state is of Adam, this optimizer is Lookahead"),
        (foreign.state_dict(), "slow weights of"), (sgd.state_dict(), "the state is of SGD, this optimizer is Adam"),
        (halves, "slow weights of 0 have shape .* float32"), ({}, "no optimizer state"), (None, "no optimizer state"),
        ({**before, "k": 0}, "k must"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            optimizer.load_state_dict(state)
    assert repr(optimizer.state_dict()) == repr(before)


# -- the tests above can fail


MUTANTS = [
    ("Lookahead", "self.steps % self.k == 0", "self.steps % self.k == 1"),
    ("Lookahead", "self.steps % self.k == 0", "True"),
    ("Lookahead", "slow *= 1 - self.alpha", "slow *= self.alpha"),
    ("Lookahead", "slow += self.alpha * p._data", "slow += p._data"),
    ("Lookahead", "slow += self.alpha", "slow = slow + self.alpha"),
    ("Lookahead", "p._data[...] = slow", "pass"),
    ("Lookahead", "if not self._slow else ()", ""),
    ("SAM", "p._data += e", "p._data -= e"),
    ("SAM", "self.rho * g / norm", "self.rho * g"),
    ("SAM", "norm = math.sqrt(sum(", "norm = (sum("),
    ("SAM", "p._data[...] = w", "pass"),
    ("SAM", "self.rho * g / norm", "self.rho * g / np.linalg.norm(g)"),
    ("SAM", "self.zero_grad()\n            closure()", "pass"),
]


@pytest.mark.parametrize("rule, old, new", MUTANTS)
def test_a_mutant_misses_the_recorded_runs(rule, old, new):
    cls = mutant(wrappers, old, new)[rule]
    with np.errstate(all="ignore"):
        assert any(replay(case, made(case, cls)) > 1e-6 for case in cases(rule))


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_on_the_gpu(wrapped, fake_cupy):
    same_on_every_device(lambda params: WRAPPED[wrapped](optim.Adam(params, lr=0.01)))
