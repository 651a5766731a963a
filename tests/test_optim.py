"""What every optimizer promises, whatever its rule: found by introspection, so that a new one is held to it too."""

import inspect

import numpy as np
import pytest

import minidl.optim.optimizer as base
from minidl import Tensor, optim

NAMES = optim.names()


# Every optimizer with its defaults, with every flag, and with every number whose default is 0 switched on
def variants():
    for name in NAMES:
        hyper = list(inspect.signature(getattr(optim, name)).parameters.values())[1:]
        start = {p.name: 0.1 for p in hyper if p.default is p.empty}
        yield name, start
        for p in hyper:
            if p.name == "nesterov":
                yield name, start | {"nesterov": True, "momentum": 0.9}
            elif p.name == "dampening":
                yield name, start | {"dampening": 0.3, "momentum": 0.9}
            elif p.default is False:
                yield name, start | {p.name: True}
            elif p.default == 0:
                yield name, start | {p.name: 0.2}


VARIANTS = list(variants())
IDS = ["-".join([name, *(k for k in settings if k != "lr")]) for name, settings in VARIANTS]
every_variant = pytest.mark.parametrize("name, settings", VARIANTS, ids=IDS)
every_optimizer = pytest.mark.parametrize(
    "name, settings", [v for v, i in zip(VARIANTS, IDS, strict=True) if i in NAMES]
)

SHAPES = [(2, 3), (2, 3), (4,), ()]
STEPS = 8


def make_gradients(dtype=np.float32, shapes=SHAPES, steps=STEPS, seed=1):
    """Of mixed size, different in every step, with exact zeros."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(steps):
        row = [np.asarray(rng.normal(size=s) * 10 ** rng.uniform(-2, 1, size=s)).astype(dtype) for s in shapes]
        row[0][..., :1] = 0
        out.append(row)
    return out


def make_params(dtype=np.float32, shapes=SHAPES, seed=0):
    rng = np.random.default_rng(seed)
    return [Tensor(np.asarray(rng.normal(size=s)).astype(dtype), requires_grad=True) for s in shapes]


def drive(optimizer, params, gradients):
    for row in gradients:
        for p, g in zip(params, row, strict=True):
            p.grad = None if g is None else g.copy()
        optimizer.step()
    return [p.data for p in params]


def run(name, settings, dtype=np.float32, gradients=None, start=None, **more):
    params = make_params(dtype) if start is None else [Tensor(w, requires_grad=True) for w in start]
    return drive(getattr(optim, name)(params, **{**settings, **more}), params, gradients or make_gradients(dtype))


def assert_same(found, expected):
    """Equal to the last bit."""
    for x, y in zip(found, expected, strict=True):
        assert (x.dtype, x.shape) == (y.dtype, y.shape)
        assert np.array_equal(x, y)


def assert_same_state(found, expected):
    assert found.keys() == expected.keys()
    assert {k: found[k] for k in found if k != "state"} == {k: expected[k] for k in expected if k != "state"}
    assert found["state"].keys() == expected["state"].keys()
    for name, arrays in expected["state"].items():
        assert found["state"][name].keys() == arrays.keys()
        for key, x in arrays.items():
            assert np.array_equal(found["state"][name][key], x)


# -- the first step, in closed form: (optimizer, settings, step / -lr as a function of g), from a state of zeros

FIRST_STEPS = [
    ("SGD", {}, lambda g: g),
    ("SGD", {"momentum": 0.9}, lambda g: g),
    ("SGD", {"momentum": 0.9, "dampening": 0.5}, lambda g: g),
    ("SGD", {"momentum": 0.9, "nesterov": True}, lambda g: 1.9 * g),
    ("Momentum", {}, lambda g: (1 - 0.9) * g),
    ("Momentum", {"bias_correction": True}, lambda g: g),
    ("Nesterov", {"momentum": 0.8}, lambda g: 1.8 * g),
    ("AdaGrad", {}, np.sign),
    ("AdaGrad", {"lr_decay": 0.5}, np.sign),
    ("AdaDelta", {}, lambda g: np.sqrt(1e-6) / np.sqrt(0.1 * g**2 + 1e-6) * g),
    ("RMSProp", {}, lambda g: 10 * np.sign(g)),
    ("RMSProp", {"alpha": 0.9}, lambda g: np.sign(g) / np.sqrt(0.1)),
    ("RMSProp", {"alpha": 0.9, "momentum": 0.9}, lambda g: np.sign(g) / np.sqrt(0.1)),
    ("RMSProp", {"alpha": 0.9, "centered": True}, lambda g: np.sign(g) / np.sqrt(0.1 - 0.01)),
    ("Adam", {}, np.sign),
    ("Adam", {"betas": (0.5, 0.7)}, np.sign),
    ("Adam", {"amsgrad": True}, np.sign),
    ("AdamW", {"weight_decay": 0.0}, np.sign),
]


@pytest.mark.parametrize("name, settings, step", FIRST_STEPS)
def test_first_step(name, settings, step):
    g = np.array([3.0, -0.5, 40.0, -700.0])
    w = Tensor(np.zeros(4), requires_grad=True)
    drive(getattr(optim, name)([w], lr=0.25, **settings), [w], [[g]])
    np.testing.assert_allclose(w.data, -0.25 * step(g), rtol=1e-6)


def test_every_optimizer_has_a_first_step():
    assert {name for name, _, _ in FIRST_STEPS} == set(NAMES)


def test_decoupled_decay_shrinks_the_weights_alone():
    """With zero gradients AdamW multiplies w by (1 - lr weight_decay); Adam's L2 term becomes a gradient of its own."""
    zeros = [[np.zeros(2)]] * 5
    (w,) = run("AdamW", {"lr": 0.1, "weight_decay": 0.3}, start=[np.array([1.0, -50.0])], gradients=zeros)
    np.testing.assert_allclose(w, np.array([1.0, -50.0]) * (1 - 0.03) ** 5, rtol=1e-14)
    (w,) = run("Adam", {"lr": 0.1, "weight_decay": 0.3}, start=[np.array([1.0, -50.0])], gradients=zeros[:1])
    np.testing.assert_allclose(w, [0.9, -49.9], rtol=1e-6)


# -- invariances and reductions

SCALE_FREE = {
    "AdaGrad": {"eps": 0.0}, "AdaDelta": {"eps": 1e-40, "lr": 1e20}, "RMSProp": {"eps": 0.0}, "Adam": {"eps": 0.0},
    "AdamW": {"eps": 0.0},
}  # fmt: skip
LINEAR = {"SGD", "Momentum", "Nesterov"}


def full_gradients(steps=STEPS):
    """float64, without zeros: eps may then be 0."""
    return [[g + (g == 0) for g in row] for row in make_gradients(np.float64, steps=steps)]


def adaptive_variants():
    for name in SCALE_FREE:
        for flag in ({}, {"centered": True}, {"momentum": 0.9}, {"amsgrad": True}, {"lr_decay": 0.1}):
            if set(flag) <= set(inspect.signature(getattr(optim, name)).parameters):
                yield name, flag


@pytest.mark.parametrize("name, flag", list(adaptive_variants()), ids=str)
def test_adaptive_rules_do_not_see_the_scale_of_the_loss(name, flag):
    """f -> 4 f: a power of two, so that equal means to the last bit."""
    settings = {"lr": 0.1, **SCALE_FREE[name], **flag}
    once, four = full_gradients(), [[4 * g for g in row] for row in full_gradients()]
    assert_same(run(name, settings, np.float64, four), run(name, settings, np.float64, once))
    assert not np.array_equal(
        run("SGD", {"lr": 0.1}, np.float64, four)[0], run("SGD", {"lr": 0.1}, np.float64, once)[0]
    )


@pytest.mark.parametrize("name", sorted(LINEAR))
def test_momenta_are_linear_in_the_gradient(name):
    once, four = full_gradients(), [[4 * g for g in row] for row in full_gradients()]
    zeros = [np.zeros(s) for s in SHAPES]
    expected = [4 * w for w in run(name, {"lr": 0.1}, gradients=once, start=zeros)]
    assert_same(run(name, {"lr": 0.1}, gradients=four, start=zeros), expected)


def test_every_optimizer_is_linear_or_scale_free():
    assert LINEAR | set(SCALE_FREE) == set(NAMES)


@every_variant
def test_coordinates_do_not_see_each_other(name, settings):
    """Reversing the order of the coordinates and flipping their signs commutes with the rule, to the last bit."""
    start, gradients = [p.data for p in make_params()[:3]], [row[:3] for row in make_gradients()]

    def change(x):
        return -x[..., ::-1].copy()

    changed = run(name, settings, gradients=[[change(g) for g in row] for row in gradients], start=map(change, start))
    assert_same(changed, [change(w) for w in run(name, settings, gradients=gradients, start=start)])


@pytest.mark.parametrize("name", NAMES)
def test_only_the_linear_rules_commute_with_rotations(name):
    q = np.linalg.qr(np.random.default_rng(5).normal(size=(4, 4)))[0]
    start, gradients = np.arange(4.0), [row[2] for row in make_gradients(np.float64)]
    plain = run(name, {"lr": 0.1}, gradients=[[g] for g in gradients], start=[start])[0]
    turned = run(name, {"lr": 0.1}, gradients=[[q @ g] for g in gradients], start=[q @ start])[0]
    assert np.allclose(turned, q @ plain, rtol=1e-11) == (name in LINEAR)


def pairs():
    """Two ways to write one thing: equal to the last bit, or to rounding."""
    grow = [[(t + 1.0) * g for g in full_gradients(1)[0]] for t in range(STEPS)]  # |g| grows: v is its own maximum
    yield "momentum 0", ("SGD", {"momentum": 0.0}), ("Nesterov", {"momentum": 0.0}), None, True
    yield "beta 0", ("SGD", {}), ("Momentum", {"beta": 0.0}), None, True
    yield "Nesterov", ("SGD", {"momentum": 0.8, "nesterov": True}), ("Nesterov", {"momentum": 0.8}), None, True
    yield "AdamW without decay", ("Adam", {}), ("AdamW", {"weight_decay": 0.0}), None, True
    yield "growing gradients", ("Adam", {}), ("Adam", {"amsgrad": True}), grow, True
    yield "heavy ball", ("SGD", {"momentum": 0.8}), ("Momentum", {"beta": 0.8, "lr": 0.1 / (1 - 0.8)}), None, False
    corrected = lambda step: 0.1 * np.sqrt(1 - 0.99 ** (step + 1))
    yield (
        "Adam without momentum", ("Adam", {"betas": (0.0, 0.99), "eps": 0.0}),
        ("RMSProp", {"alpha": 0.99, "eps": 0.0, "lr": corrected}), full_gradients(), False,
    )  # fmt: skip
    warm = lambda step: 0.1 / (1 - 0.9 ** (step + 1))
    yield "bias correction", ("Momentum", {"bias_correction": True}), ("Momentum", {"lr": warm}), None, False
    slower = lambda step: 0.1 / (1 + 0.3 * step)
    yield "lr_decay", ("AdaGrad", {"lr_decay": 0.3}), ("AdaGrad", {"lr": slower}), None, True


@pytest.mark.parametrize("first, second, gradients, exact", [p[1:] for p in pairs()], ids=[p[0] for p in pairs()])
def test_reductions(first, second, gradients, exact):
    gradients = gradients or make_gradients(np.float64)
    a, b = (run(name, {"lr": 0.1, **settings}, np.float64, gradients) for name, settings in (first, second))
    if exact:
        assert_same(a, b)
    else:
        for x, y in zip(a, b, strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-12)


def test_centered_rmsprop_stays_a_number_when_the_gradient_does_not_change():
    """v - m^2 then cancels and may round below 0, where PyTorch's root is NaN."""
    w = Tensor(np.zeros(64, np.float32), requires_grad=True)
    gradient = np.linspace(0.01, 1, 64, dtype=np.float32)
    optimizer = optim.RMSProp([w], centered=True)
    drive(optimizer, [w], [[gradient]] * 2500)
    state = optimizer.state_dict()["state"]["0"]
    assert (state["v"] < state["m"] ** 2).any()
    assert np.isfinite(w.data).all()


# -- dtype, state, determinism


@every_variant
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_stays_and_state_is_like_the_parameter(name, settings, dtype):
    params = make_params(dtype)
    optimizer = getattr(optim, name)(params, **settings)
    arrays = [p.data for p in params]
    drive(optimizer, params, make_gradients(dtype))
    for p, array in zip(params, arrays, strict=True):
        assert p.data is array and array.dtype == dtype  # updated in place
    for key, saved in optimizer.state_dict()["state"].items():
        p = params[int(key)]
        assert saved.pop("t") == STEPS
        for x in saved.values():
            assert (x.shape, x.dtype) == (p.shape, p.dtype)
            assert np.any(x != 0)


@every_variant
def test_numpy_numbers_change_nothing(name, settings):
    """np.float64 hyper-parameters and a schedule that returns one: same bits as Python floats, float32 kept."""
    defaults = {p.name: p.default for p in inspect.signature(getattr(optim, name)).parameters.values()}
    plain = {**{k: v for k, v in defaults.items() if k != "params"}, **settings}

    def as_numpy(x):
        return tuple(map(np.float64, x)) if isinstance(x, tuple) else np.float64(x) if isinstance(x, float) else x

    expected = run(name, plain)
    assert_same(run(name, {k: as_numpy(v) for k, v in plain.items()}), expected)
    assert_same(run(name, {**plain, "lr": lambda step: np.float64(plain["lr"])}), expected)


@every_variant
def test_same_run_same_bits(name, settings):
    assert_same(run(name, settings), run(name, settings))
    start = [p.data for p in make_params()]
    assert all((w != s).any() for w, s in zip(run(name, settings), start, strict=True))


@every_variant
def test_gradients_are_left_alone(name, settings):
    params = make_params()
    optimizer = getattr(optim, name)(params, **settings)
    for row in make_gradients(steps=3):
        for p, g in zip(params, row, strict=True):
            p.grad = g.copy()
        held = [p.grad for p in params]
        optimizer.step()
        assert all(p.grad is h for p, h in zip(params, held, strict=True))
        assert_same([h.data for h in held], row)


@every_variant
def test_blocks_equal_the_whole(name, settings, monkeypatch):
    shapes = [(5, 6), (7,), (2, 2, 2), (), (0, 3)]
    start, gradients = [p.data for p in make_params(shapes=shapes)], make_gradients(shapes=shapes)
    whole = run(name, settings, gradients=gradients, start=start)
    monkeypatch.setattr(base, "BLOCK", 7)
    assert_same(run(name, settings, gradients=gradients, start=start), whole)


@every_variant
def test_memory_layout_does_not_matter(name, settings):
    shapes = [(3, 4), (3, 4), (6,)]
    start, gradients = [p.data for p in make_params(shapes=shapes)], make_gradients(shapes=shapes)
    expected = run(name, settings, gradients=gradients, start=start)

    params = [Tensor(np.asfortranarray(start[0]), requires_grad=True)]
    for w in start[1:]:  # every other element of something larger
        large = np.full([2 * n for n in w.shape], 7.0, np.float32)
        view = large[tuple(slice(None, None, 2) for _ in w.shape)]
        view[...] = w
        params.append(Tensor(w, requires_grad=True))
        params[-1].data = view
    assert not any(p.data.flags.c_contiguous for p in params)
    strided = [[np.asfortranarray(g) for g in row] for row in gradients]
    assert_same(drive(getattr(optim, name)(params, **settings), params, strided), expected)
    assert (params[1].data.base[1::2] == 7).all()
    assert_same(run(name, settings, gradients=strided, start=start), expected)


# -- the rate


def test_lr_is_the_rate_of_the_next_step():
    asked = []

    def schedule(step):
        asked.append(step)
        return 1.0 / (step + 1)

    w = Tensor([0.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=schedule)
    assert optimizer.lr == 1.0
    seen = [0.0]
    for step in range(4):
        assert optimizer.steps == step
        announced = optimizer.lr
        drive(optimizer, [w], [[np.ones(1, np.float32)]])
        seen.append(w.item())
        assert seen[-2] - seen[-1] == pytest.approx(announced, rel=1e-6)
    assert optimizer.lr == 0.2
    assert sorted(set(asked)) == [0, 1, 2, 3, 4]


def test_the_first_update_uses_schedule_0_and_bias_correction_1():
    w = Tensor(np.zeros(1), requires_grad=True)
    optimizer = optim.Adam([w], lr=lambda step: [0.25, 100.0][step], eps=0.0)
    drive(optimizer, [w], [[np.array([3.0])]])
    assert w.item() == pytest.approx(-0.25, rel=1e-14)


def test_setting_lr():
    a, b = (Tensor([0.0], requires_grad=True) for _ in range(2))
    optimizer = optim.SGD([{"params": [a], "lr": 3.0}, {"params": [b]}], lr=2.0)
    optimizer.lr = 0.5
    assert [g["lr"] for g in optimizer.param_groups] == [0.5, 0.5]
    drive(optimizer, [a, b], [[np.ones(1, np.float32)] * 2])
    assert (a.item(), b.item()) == (-0.5, -0.5)
    optimizer.lr = optim.schedules.Piecewise([2], [8.0, 0.25])
    assert optimizer.lr == 8.0  # one step is done, the change comes at two
    drive(optimizer, [a, b], [[np.ones(1, np.float32)] * 2])
    assert optimizer.lr == 0.25
    for bad in (-1, float("nan"), "0.1", None):
        with pytest.raises((ValueError, TypeError), match="lr must"):
            optimizer.lr = bad
    assert optimizer.lr == 0.25


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -0.1])
@every_optimizer
def test_a_schedule_that_goes_wrong_changes_nothing(name, settings, bad):
    params = make_params()
    schedule = lambda step: 0.1 if step < 2 else bad
    # in the last group: the first must not have moved by then
    groups = [{"params": params[:2], "lr": 0.1}, {"params": params[2:], "lr": schedule}]
    optimizer = getattr(optim, name)(groups, **settings)
    drive(optimizer, params, make_gradients(steps=2))
    before, weights = optimizer.state_dict(), [p.data.copy() for p in params]
    with pytest.raises(ValueError, match=rf"{name}: the learning rate .* gave {bad} at step 2"):
        drive(optimizer, params, make_gradients(steps=1))
    assert_same([p.data for p in params], weights)
    assert_same_state(optimizer.state_dict(), before)


def test_a_rate_written_into_a_group_is_checked_too():
    params = make_params()
    optimizer = optim.SGD(params, lr=0.1)
    optimizer.param_groups[0]["lr"] = float("nan")
    with pytest.raises(ValueError, match="nan"):
        drive(optimizer, params, make_gradients(steps=1))
    assert_same([p.data for p in params], [p.data for p in make_params()])


def test_lr_0_moves_nothing():
    for name in NAMES:
        assert_same(run(name, {"lr": 0.0}), [p.data for p in make_params()])


# -- one's own rule


class Signed(optim.Optimizer):
    """w <- w - lr (sign(g) + pull s);  s <- s + 1: a learner's first optimizer"""

    state = ("s",)
    ranges = {"pull": "[0, 1]"}

    def __init__(self, params, lr=0.5, pull=0.0):
        super().__init__(params, lr=lr, pull=pull)

    def update(self, w, g, s, *, lr, pull):
        w -= lr * (np.sign(g) + pull * s)
        s += 1


def test_a_rule_of_ones_own():
    w = Tensor([1.0, 1.0], requires_grad=True)
    optimizer = Signed([w], pull=1.0)
    drive(optimizer, [w], [[np.array([2, -3], np.float32)]] * 2)
    assert w.data.tolist() == [1 - 0.5 - 1.0, 1 + 0.5 - 0.0]
    assert optimizer.state_dict()["state"]["0"]["s"].tolist() == [2, 2]
    with pytest.raises(ValueError, match=r"pull must lie in \[0, 1\]"):
        Signed([w], pull=1.5)


def test_a_rule_that_needs_the_parameter_whole(monkeypatch):
    class Whole(Signed):
        elementwise = False

        def update(self, w, g, s, *, lr, pull):
            assert w.shape == g.shape == s.shape == (4, 5)
            w -= lr * g / np.sqrt((g * g).sum())

    monkeypatch.setattr(base, "BLOCK", 7)
    w = Tensor(np.zeros((4, 5)), requires_grad=True)
    drive(Whole([w]), [w], [[np.full((4, 5), 3.0)]])
    assert np.linalg.norm(w.data) == pytest.approx(0.5)


def test_repr():
    w = Tensor([1.0], requires_grad=True)
    assert repr(optim.SGD([w], lr=0.1)) == "SGD(lr=0.1, momentum=0, dampening=0, weight_decay=0, nesterov=False)"
    assert repr(optim.Adam([w])) == "Adam(lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, amsgrad=False)"
    schedule = optim.schedules.Exponential(0.1, 0.95)
    assert f"lr={schedule!r}" in repr(optim.Momentum([w], lr=schedule))
    for name in NAMES:
        assert repr(getattr(optim, name)([w], lr=0.5)).startswith(f"{name}(lr=0.5, ")
