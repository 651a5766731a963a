"""Muon, Shampoo and SOAP against optax, PyTorch, pytorch_optimizer, a transcription of the paper, and invariances."""

import importlib.util
import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import fractional_matrix_power

from minidl import Tensor, nn, optim
from minidl.optim.more import matrix
from minidl.optim.more.matrix import SOAP, Muon, Shampoo, muon_groups, newton_schulz

GOLDEN = Path(__file__).parent / "golden"
_spec = importlib.util.spec_from_file_location("make_problems_matrix", GOLDEN / "make_problems_matrix.py")
problems = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(problems)
OPTAX, COLLECTION, TORCH = (
    json.loads((GOLDEN / f"{name}_matrix.json").read_text()) for name in ("optax", "pytorch_optimizer", "torch")
)


def label(case):
    return case["problem"] + "".join(f"-{k}={v}" for k, v in case["settings"].items())


def cases(record, name):
    return pytest.mark.parametrize("case", [c for c in record["cases"] if c["optimizer"] == name], ids=label)


def descend(optimizer, w, problem, steps, after_first=None):
    """w after each of the recorded steps of least squares."""
    seen = {}
    for t in range(1, steps + 1):
        w.grad = problem.gradient(w.data, t)
        optimizer.step()
        if t == 1 and after_first is not None:
            after_first()
        if t in problems.RECORDED:
            seen[t] = problem.sample(w.data)
    return seen


def deviation(seen, expected):
    """The largest relative deviation (absolute below 1) over all recorded steps and weights."""
    assert {int(t) for t in expected} == set(seen) == set(problems.RECORDED)
    worst = 0.0
    for t, weights in seen.items():
        e = np.array(expected[str(t)])
        worst = max(worst, np.nan_to_num(np.abs(weights - e) / np.maximum(1, np.abs(e)), nan=math.inf).max())
    return worst


def start_of(case):
    problem = problems.LEAST_SQUARES[case["problem"]]
    return problem, Tensor(problem.start, requires_grad=True)


# -- Muon


@cases(OPTAX, "Muon")
def test_muon_is_optax_muon(case):
    problem, w = start_of(case)
    seen = descend(Muon([w], **case["settings"]), w, problem, 100)
    assert deviation(seen, case["weights"]) < 1e-9


def test_the_recorded_muon_runs_cover_its_settings():
    seen = [case["settings"] for case in OPTAX["cases"]]
    for key in ("momentum", "nesterov", "eps", "ns_steps", "ns_coefficients", "adjust_lr_fn", "weight_decay"):
        assert any(key in settings for settings in seen), key
    assert {c["problem"] for c in OPTAX["cases"]} == set(problems.LEAST_SQUARES)


@cases(TORCH, "Muon")
def test_muon_is_torch_muon_up_to_bfloat16(case):
    """PyTorch's matrices are (out, in): the recorded ones are the transposes of ours. bfloat16 has 8 bits."""
    problem, w = start_of(case)
    start = w.data.copy()
    optimizer = Muon([w], **case["settings"])
    for t, expected in enumerate(case["weights"], start=1):
        w.grad = problem.gradient(start, t)
        optimizer.step()
        moved = np.array(expected).T - start
        assert np.linalg.norm(w.data - start - moved) < 0.02 * np.linalg.norm(moved)


def random_matrix(rows, columns, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, columns))


@pytest.mark.parametrize("rows, columns", [(6, 4), (4, 6), (5, 5)])
def test_newton_schulz_keeps_the_singular_vectors_and_levels_the_values(rows, columns):
    u, s, vt = np.linalg.svd(random_matrix(rows, columns), full_matrices=False)
    s = np.geomspace(1, 0.02, len(s))
    x = newton_schulz((u * s) @ vt)
    levelled = u.T @ x @ vt.T
    np.testing.assert_allclose(levelled, np.diag(np.diag(levelled)), atol=1e-12)
    assert np.all((np.diag(levelled) > 0.68) & (np.diag(levelled) < 1.14))
    np.testing.assert_allclose(newton_schulz((u * s) @ vt, (1.875, -1.25, 0.375), 40), u @ vt, atol=1e-10)


def walk(make, start, gradients):
    w = Tensor(start, requires_grad=True)
    optimizer = make([w])
    for g in gradients:
        w.grad = g
        optimizer.step()
    return w.data


GRADIENTS = [random_matrix(6, 4, seed) * 10.0 ** np.cos(seed) for seed in range(1, 25)]


@pytest.mark.parametrize("make", [lambda p: Muon(p, lr=0.1), lambda p: Shampoo(p, lr=0.1, weight_decay=0.1)])
def test_matrix_rules_turn_with_the_axes(make):
    """step(A G B) = A step(G) B for orthogonal A and B."""
    a, b = np.linalg.qr(random_matrix(6, 6, 90))[0], np.linalg.qr(random_matrix(4, 4, 91))[0]
    start = random_matrix(6, 4)
    turned = walk(make, a @ start @ b, [a @ g @ b for g in GRADIENTS])
    np.testing.assert_allclose(turned, a @ walk(make, start, GRADIENTS) @ b, rtol=0, atol=1e-11)


@pytest.mark.parametrize(
    "make", [lambda p: Muon(p, lr=0.1, eps=0), lambda p: Shampoo(p, lr=0.1, eps=1e-12), lambda p: SOAP(p, eps=0)]
)
def test_matrix_rules_ignore_the_scale_of_the_loss(make):
    start = random_matrix(6, 4)
    once, scaled = (walk(make, start, [c * g for g in GRADIENTS]) for c in (1, 1024.0))
    np.testing.assert_allclose(scaled, once, rtol=0, atol=1e-6)
    assert np.abs(once - start).max() > 0.01


@pytest.mark.parametrize("shape", [(4,), (), (2, 3, 4), (0, 3)])
def test_muon_refuses_what_is_no_matrix_and_says_where_it_belongs(shape):
    p = Tensor(np.zeros(shape), requires_grad=True)
    if len(shape) == 2:
        Muon([p])
        return
    with pytest.raises(ValueError, match=r"hidden\.bias has shape .*AdamW.*muon_groups"):
        Muon([("hidden.bias", p)])


def test_muon_refuses_an_unknown_adjustment():
    with pytest.raises(ValueError, match=r"match_rms_adamw.*'rms'"):
        Muon([Tensor(np.zeros((2, 2)), requires_grad=True)], adjust_lr_fn="rms")


def names(pairs):
    return [name for name, _ in pairs]


def test_muon_groups_splits_a_model():
    model = nn.Sequential(nn.Dense(4, 8), nn.ReLU(), nn.LayerNorm(8), nn.Dense(8, 8), nn.ReLU(), nn.Dense(8, 3))
    matrices, rest = muon_groups(model)
    everything = names(model.named_parameters())
    assert names(matrices) == ["0.weight", "3.weight"]
    assert sorted(names(matrices) + names(rest)) == sorted(everything)
    assert names(muon_groups(model.named_parameters(), output_layer=True)[0]) == ["0.weight", "3.weight", "5.weight"]
    assert names(muon_groups(model, exclude=["0."])[0]) == ["3.weight"]
    assert names(muon_groups(model, exclude="0.")[0]) == ["3.weight"]
    muon, adamw = Muon(matrices), optim.AdamW(rest)
    assert len([*muon.parameters(), *adamw.parameters()]) == len(everything)


def test_muon_groups_refuses_a_model_of_one_layer_and_bare_tensors():
    with pytest.raises(ValueError, match=r"no hidden matrix among weight, bias.*AdamW"):
        muon_groups(nn.Dense(4, 3))
    with pytest.raises(TypeError, match="named_parameters"):
        muon_groups(nn.Dense(4, 3).parameters())


# -- Shampoo: the paper's Algorithm 2 once more, number by number, with SciPy's fractional powers (Schur and Pade)


def shampoo_by_hand(start, gradient, steps, lr, eps=1e-4, weight_decay=0.0, precondition_frequency=1):
    """Yields w after each step."""
    w = np.array(start, float)
    k = w.ndim
    H = [eps * np.eye(n) for n in w.shape]
    roots = [None] * k
    for t in range(1, steps + 1):
        g = gradient(w, t) + weight_decay * w
        step = g.copy()
        for i in range(k):
            others = [j for j in range(k) if j != i]
            H[i] = H[i] + np.tensordot(g, g, axes=(others, others))
            if (t - 1) % precondition_frequency == 0:
                roots[i] = fractional_matrix_power(H[i], -1 / (2 * k)).real
        letters = "abcd"[:k]
        for i in range(k):
            step = np.einsum(f"{letters},z{letters[i]}->{letters.replace(letters[i], 'z')}", step, roots[i])
        w = w - lr * step
        yield w


SHAMPOO = [
    {"lr": 0.5},
    {"lr": 0.3, "eps": 1e-2, "weight_decay": 0.3},
    {"lr": 1.0, "eps": 1.0, "precondition_frequency": 7},
]


@pytest.mark.parametrize("settings", SHAMPOO)
@pytest.mark.parametrize(
    "name, steps", [("8x5", 30), ("5x8", 30), pytest.param("130x140", 15, marks=pytest.mark.slow)]
)
def test_shampoo_by_hand(name, steps, settings):
    problem = problems.LEAST_SQUARES[name]
    w = Tensor(problem.start, requires_grad=True)
    optimizer = Shampoo([w], **settings)
    for t, expected in enumerate(shampoo_by_hand(problem.start, problem.gradient, steps, **settings), start=1):
        w.grad = problem.gradient(w.data, t)
        optimizer.step()
        np.testing.assert_allclose(w.data, expected, rtol=1e-9, atol=1e-9)
    assert np.abs(w.data - problem.start).max() > 0.1


@pytest.mark.parametrize("shape", [(4,), (3, 2, 4), (2, 3, 2, 2)])
def test_shampoo_of_other_orders_by_hand(shape):
    size = math.prod(shape)
    gradients = [problems.spread(size, 40 + t).reshape(shape) for t in range(21)]
    start = problems.spread(size, 39).reshape(shape)
    w = walk(lambda p: Shampoo(p, lr=0.3), start, gradients[1:])
    expected = list(shampoo_by_hand(start, lambda w, t: gradients[t], 20, 0.3))[-1]
    np.testing.assert_allclose(w, expected, rtol=1e-9, atol=1e-9)


def test_shampoo_of_one_number_is_adagrad():
    gradients = [np.array(math.sin(3 * t + 1)) for t in range(10)]
    shampoo = walk(lambda p: Shampoo(p, lr=0.1, eps=1e-2), np.array(2.0), gradients)
    inside = walk(lambda p: optim.AdaGrad(p, lr=0.1, eps=1e-2, eps_inside_sqrt=True), np.array(2.0), gradients)
    assert shampoo == pytest.approx(inside, rel=1e-13)


def test_shampoo_first_step_on_a_matrix_of_full_rank_is_orthogonal():
    """L = G G', R = G' G, so L^(-1/4) G R^(-1/4) = U V'."""
    g = random_matrix(5, 5)
    u, _, vt = np.linalg.svd(g)
    w = walk(lambda p: Shampoo(p, lr=0.1, eps=1e-13), np.zeros((5, 5)), [g])
    np.testing.assert_allclose(w, -0.1 * u @ vt, atol=1e-9)


def test_shampoo_survives_rounding_in_float32():
    """Eigenvalues of a sum of squares that rounding makes negative have no fourth root."""
    g = np.outer(np.arange(1.0, 9), np.arange(1.0, 7)).astype("float32") * 1000
    w = walk(lambda p: Shampoo(p, lr=0.1, eps=1e-4), np.zeros((8, 6), "float32"), [g] * 5)
    assert w.dtype == np.float32 and np.isfinite(w).all()


# -- SOAP


@cases(COLLECTION, "SOAP")
def test_soap_is_the_collections_soap(case):
    problem, w = start_of(case)
    optimizer = SOAP([w], **case["settings"])

    def same_bases():
        sides = optimizer.sides(w.shape, optimizer.param_groups[0])
        for n, q in zip(sides, matrix._matrices(optimizer._state[w]["Q"], sides), strict=True):
            q[...] = problems.reflection(n) if n else q

    seen = descend(optimizer, w, problem, 100, same_bases)
    assert deviation(seen, case["weights"]) < 1e-9


@pytest.mark.parametrize("shape", [(6, 4), (3, 4, 2)])
def test_soap_first_update_finds_the_eigenbases_and_moves_nothing(shape):
    g = problems.spread(math.prod(shape), 5).reshape(shape)
    w = Tensor(np.ones(shape), requires_grad=True)
    optimizer = SOAP([w], shampoo_beta=0.75)
    w.grad = g
    optimizer.step()
    assert (w.data == 1).all()
    state = optimizer._state[w]
    for axis, (p, q) in enumerate(
        zip(matrix._matrices(state["P"], shape), matrix._matrices(state["Q"], shape), strict=True)
    ):
        others = [i for i in range(len(shape)) if i != axis]
        np.testing.assert_allclose(p, 0.25 * np.tensordot(g, g, axes=(others, others)), atol=1e-14)
        np.testing.assert_allclose(q.T @ q, np.eye(len(q)), atol=1e-13)
        values = np.diag(q.T @ p @ q)
        np.testing.assert_allclose(q.T @ p @ q, np.diag(values), atol=1e-13)
        assert (np.diff(values) <= 1e-13).all()


@pytest.mark.parametrize("settings", [{}, {"eps": 1e-2, "betas": (0.8, 0.6), "weight_decay": 0.3}])
def test_soap_of_a_vector_is_adam_with_eps_at_the_uncorrected_root(settings):
    """By hand; its first update does nothing, and the decay comes after the step."""
    given = {"lr": 0.1, "eps": 1e-8, "betas": (0.95, 0.95), "weight_decay": 1e-2, **settings}
    beta1, beta2 = given["betas"]
    gradients = [problems.spread(5, 60 + t) * 10.0 ** math.cos(t) for t in range(15)]
    start = problems.spread(5, 59)
    found = walk(lambda p: SOAP(p, **given), start, gradients)
    for i in range(5):
        w, m, v = float(start[i]), 0.0, 0.0
        for t in range(1, 15):
            g = float(gradients[t][i])
            m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
            w -= 0.1 * math.sqrt(1 - beta2**t) / (1 - beta1**t) * m / (math.sqrt(v) + given["eps"])
            w -= 0.1 * given["weight_decay"] * w
        assert found[i] == pytest.approx(w, rel=1e-12)


def test_soap_of_a_vector_with_its_own_basis_turns_with_the_axes():
    q = np.linalg.qr(random_matrix(5, 5, 3))[0]
    gradients = [problems.spread(5, 70 + t) for t in range(1, 40)]
    ends = []
    for turn in (np.eye(5), q):
        w = Tensor(np.zeros(5), requires_grad=True)
        optimizer = SOAP([w], lr=0.1, precondition_1d=True, weight_decay=0.1)
        for t, g in enumerate(gradients):
            w.grad = turn @ g
            optimizer.step()
            if t == 0:  # one gradient has one eigenvector, the others of the first basis are arbitrary
                optimizer._state[w]["Q"][...] = (turn @ problems.reflection(5)).ravel()
        ends.append(turn.T @ w.data)
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-9)


@pytest.mark.parametrize("shape, one_d, sides", [
    ((6, 7), False, [6, 0]), ((7, 2, 6), False, [0, 2, 6]), ((6,), False, [0]), ((6,), True, [6]), ((7,), True, [0]),
    ((), True, []),
])  # fmt: skip
def test_soap_gives_matrices_to_the_axes_that_are_not_too_long(shape, one_d, sides):
    w = Tensor(np.ones(shape), requires_grad=True)
    optimizer = SOAP([w], max_precondition_dim=6, precondition_1d=one_d)
    for _ in range(3):
        w.grad = np.ones(shape)
        optimizer.step()
    assert optimizer._state[w]["Q"].size == sum(n * n for n in sides)
    assert [len(q) for q in matrix._matrices(optimizer._state[w]["Q"], sides)] == sides
    assert (w.data < 1).all()


# -- the contract


@pytest.mark.parametrize(
    "cls, settings", [(Muon, {}), (Shampoo, {"precondition_frequency": 3}), (SOAP, {"precondition_frequency": 3})]
)
def test_a_resumed_run_is_the_uninterrupted_one(cls, settings):
    make = lambda params: cls(params, **settings)
    start = random_matrix(6, 4).astype("float32")
    gradients = [g.astype("float32") for g in GRADIENTS]
    straight = walk(make, start, gradients)
    w = Tensor(start, requires_grad=True)
    optimizer = make([w])
    for i, g in enumerate(gradients):
        if i == 11:
            saved = optimizer.state_dict()
            w = Tensor(w.data, requires_grad=True)
            optimizer = make([w])
            optimizer.load_state_dict(saved)
        w.grad = g
        optimizer.step()
    assert w.dtype == np.float32
    assert np.array_equal(w.data, straight)


@pytest.mark.parametrize("make", [Shampoo, SOAP])
def test_a_state_of_another_shape_is_refused(make):
    wide, tall = (Tensor(random_matrix(*shape), requires_grad=True) for shape in ((4, 6), (6, 5)))
    first, second = make([wide]), make([tall])
    wide.grad = np.ones((4, 6))
    first.step()
    with pytest.raises(ValueError, match="shape"):
        second.load_state_dict(first.state_dict())
    same = make([Tensor(random_matrix(4, 6), requires_grad=True)])
    saved = first.state_dict()
    saved["state"]["0"]["P"] = saved["state"]["0"]["P"][:-1]
    with pytest.raises(ValueError, match=r"state P of 0 has shape \(51,\).*expected \(52,\)"):
        same.load_state_dict(saved)
    del saved["state"]["0"]["P"]
    with pytest.raises(ValueError, match="must hold"):
        same.load_state_dict(saved)


def network():
    return nn.Sequential(
        nn.Dense(4, 8, rng=np.random.default_rng(0)), nn.Tanh(), nn.Dense(8, 3, rng=np.random.default_rng(1))
    )


@pytest.mark.parametrize("make", [lambda p: Shampoo(p, lr=0.1), lambda p: SOAP(p, lr=0.03)])
def test_they_train_a_network_in_float32(make):
    model = network()
    check_it_learns(model, [make(model.parameters())])


def test_muon_and_adamw_train_a_network_together():
    model = network()
    matrices, rest = muon_groups(model)
    check_it_learns(model, [Muon(matrices, lr=0.02), optim.AdamW(rest, lr=0.02)])


def check_it_learns(model, optimizers):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(60, 4)).astype("float32")
    labels = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)
    losses = []
    for _ in range(40):
        loss = nn.CrossEntropyLoss()(model(x), labels)
        losses.append(loss.item())
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        for optimizer in optimizers:
            optimizer.zero_grad()
    assert losses[-1] < 0.5 * losses[0]
    assert all(p.dtype == np.float32 for p in model.parameters())


@pytest.fixture
def linear_algebra(fake_cupy, monkeypatch):
    """The stand-in for CuPy with the linear algebra that these rules call, as strict about its arguments."""
    from fake_cupy.array import _array_operand, _new, ndarray

    known = {f.__name__ for f in (np.linalg.norm, np.linalg.eigh, np.linalg.qr, np.moveaxis, np.tensordot, np.take,
                                  np.argsort)}  # fmt: skip
    before = ndarray.__array_function__

    def array_function(self, function, types, args, kwargs):
        if function.__name__ not in known:
            return before(self, function, types, args, kwargs)
        plain = (int, float, tuple, str)
        found = function(*(a if isinstance(a, plain) else _array_operand(a) for a in args), **kwargs)
        return tuple(map(_new, found)) if isinstance(found, tuple) else _new(np.asarray(found))

    monkeypatch.setattr(ndarray, "__array_function__", array_function)


@pytest.mark.parametrize("cls, settings", [(Muon, {}), (Shampoo, {}), (SOAP, {"precondition_frequency": 2})])
def test_on_the_gpu_they_do_what_they_do_on_the_cpu(cls, settings, linear_algebra):
    ends = []
    for device in ("cpu", "cuda"):
        w = Tensor(random_matrix(6, 4), requires_grad=True, device=device)
        optimizer = cls([w], **settings)
        for t, g in enumerate(GRADIENTS[:8]):
            w.grad = g
            optimizer.step()
            if t == 4:
                optimizer.load_state_dict(optimizer.state_dict())
        assert w.device == device
        ends.append(w.numpy())
    assert np.array_equal(*ends)
