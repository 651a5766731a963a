"""The table of conventions: what it says to write is what the libraries do, and the numbers it prints are true.

The runs were recorded by golden/make_*_conventions.py under the expressions of the table, each with the library's own.
"""

import inspect
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from minidl import Tensor, optim
from minidl.optim.libraries import CONVENTIONS, Convention, conventions_of
from minidl.optim.more import conventions, conventions_other
from minidl.optim.more.matrix import muon_groups

GOLDEN = Path(__file__).parent / "golden"
sys.path.insert(0, str(GOLDEN))

import make_problems_conventions as problems  # noqa: E402
import make_problems_matrix as matrix_problems  # noqa: E402

RECORDED = {path.stem: json.loads(path.read_text()) for path in sorted(GOLDEN.glob("*_conventions*.json"))}
CASES = [case for record in RECORDED.values() for case in record["cases"]]
WRITES = {case["write"] for case in CASES}

# The disagreements that libraries are known to have, by the numbers of a survey of eight of them and their topics here
KNOWN = {
    1: "momentum: sum or average", 2: "momentum: rate inside", 3: "momentum: first dampening", 4: "Nesterov",
    5: "AdaGrad: eps and start", 6: "RMSProp: eps and start", 7: "Adam: eps", 8: "Adam: bias correction",
    9: "AMSGrad: maximum", 10: "AdaMax: eps", 11: "NAdam: psi", 12: "weight decay", 13: "RAdam: first steps",
    14: "AdaBelief: eps", 15: "Yogi: start", 17: "LARS and LAMB: norms", 18: "Lion: weight decay", 19: "Adan: betas",
    20: "Rprop: flips", 21: "Muon: buffer and scale", 22: "Shampoo: exponent", 23: "clipping", 24: "schedules",
    25: "average of weights", 26: "Schedule-Free: weights", 27: "names",
}  # fmt: skip
NOT_OURS = {16: "NovoGrad"}


def written(expression, params):
    """The expression of the table, with the names of minidl.optim and `params`."""
    return eval(expression, {**vars(optim), "params": params})


def tensors(arrays):
    return [Tensor(np.array(a, dtype="float64"), requires_grad=True) for a in arrays]


def path_of(make, problem):
    """The weights after each step of a recorded problem. make: params -> optimizer."""
    params = tensors(problems.starts(problem))
    optimizer = make(params)

    def update(step, weights, gradients):
        for p, g in zip(params, gradients, strict=True):
            p.grad = g
        optimizer.step()
        return [p.data.copy() for p in params]

    with np.errstate(over="ignore"):  # Rprop drives the sigmoids of the network to their ends
        return problems.run(problem, update)


def deviation(path, case):
    """The largest relative deviation (absolute below 0.01) from a recorded run."""
    assert {int(k) for k in case["weights"]} == set(problems.KEPT)
    worst = 0.0
    for k, expected in case["weights"].items():
        for w, e in zip(problems.sample(case["problem"], path[int(k) - 1]), expected, strict=True):
            difference = np.abs(np.ravel(w) - e) / np.maximum(0.01, np.abs(e))
            worst = max(worst, float(np.nan_to_num(difference, nan=math.inf).max()))
    return worst


def label(case):
    return f"{case['theirs']} {case.get('problem', '')}"


def cases(key, foreign=False):
    return [case for case in CASES if key in case and (case["write"] == "") == foreign]


RUNS = [case for case in cases("weights") if case["problem"] not in matrix_problems.STARTS]
SLOW = [case for case in RUNS if case["problem"] == "130x140"]


# -- what is written does what the library did


@pytest.mark.parametrize("case", [c for c in RUNS if c not in SLOW], ids=label)
def test_recorded_runs(case):
    assert deviation(path_of(lambda params: written(case["write"], params), case["problem"]), case) < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("case", SLOW, ids=label)
def test_recorded_runs_of_large_matrices(case):
    test_recorded_runs(case)


@pytest.mark.parametrize("case", [c for c in cases("weights") if c["problem"] in matrix_problems.STARTS], ids=label)
def test_sophia_with_the_recorded_signs(case, monkeypatch):
    name, calls = case["problem"], []

    def signs(self, rng, shape):
        calls.append(shape)
        return np.where(matrix_problems.spread(math.prod(shape), 100 + len(calls)).reshape(shape) > 0, 1.0, -1.0)

    monkeypatch.setattr(conventions_other.SophiaHDelayed, "probe", signs)
    params = tensors(matrix_problems.STARTS[name])
    optimizer, path = written(case["write"], params), []
    for _ in range(100):
        optimizer.step(lambda: matrix_problems.loss_of(name, params, np.asarray))
        path.append([p.data.copy() for p in params])
    assert deviation(path, case) < 1e-9


@pytest.mark.parametrize("case", [c for c in cases("rates") if "metrics" not in c], ids=label)
def test_recorded_schedules(case):
    schedule = written(case["write"], None)
    found = [schedule(step) for step in range(len(case["rates"]))]
    np.testing.assert_allclose(found, case["rates"], rtol=1e-9, atol=1e-12 * max(case["rates"]))


@pytest.mark.parametrize("case", cases("metrics"), ids=label)
def test_recorded_plateaus(case):
    rate, found = written(case["write"], None), []
    for metric in case["metrics"]:
        rate.step(metric)
        found.append(rate.lr)
    np.testing.assert_allclose(found, case["rates"], rtol=1e-6)  # optax and Keras keep it in float32
    assert len(set(found)) > 3


def test_the_plateaus_differ():
    """With one patience the three would fire at different metrics."""
    assert len({tuple(case["rates"]) for case in cases("metrics") if "3 - 1" not in case["write"]}) == 1
    torch, *others = (tuple(np.flatnonzero(np.diff(case["rates"]))) for case in sorted(
        cases("metrics"), key=lambda case: "3 - 1" in case["write"]))  # fmt: skip
    assert others and all(other != torch for other in others)


@pytest.mark.parametrize("case", cases("clipped"), ids=label)
def test_recorded_clipping(case):
    params = tensors(case["gradients"])
    for p, g in zip(params, case["gradients"], strict=True):
        p.grad = np.array(g)
    written(case["write"], params)
    for p, expected in zip(params, case["clipped"], strict=True):
        np.testing.assert_allclose(p.grad.data, expected, rtol=1e-9)


@pytest.mark.parametrize("case", cases("averages"), ids=label)
def test_recorded_averages(case):
    (p,) = params = tensors(case["values"][:1])
    average = written(case["write"], params)
    for w, expected in zip(case["values"], case["averages"], strict=True):
        p.data[...] = w
        average.update()
        np.testing.assert_allclose(average.weights()[0], expected, rtol=1e-9)


def test_pytorchs_muon_works_in_bfloat16():
    """Its matrices are (out, in), and two digits are compared."""
    record = json.loads((GOLDEN / "torch_matrix.json").read_text())
    seen = 0
    for case in record["cases"]:
        if case["optimizer"] == "Muon" and case["settings"] == {"lr": 0.1, "weight_decay": 0.0}:
            problem = matrix_problems.LEAST_SQUARES[case["problem"]]
            (w,) = params = tensors([problem.start])
            optimizer = written("Muon(params, lr=0.1, weight_decay=0.0)", params)
            for t, expected in enumerate(case["weights"], start=1):
                w.grad = problem.gradient(problem.start, t)
                optimizer.step()
                moved = np.array(expected).T - problem.start
                assert 1e-4 < np.linalg.norm(w.data - problem.start - moved) / np.linalg.norm(moved) < 0.02
                seen += 1
    assert seen == 10


# -- what is not in minidl is what the table says it is


def foreign(words):
    (case,) = [case for case in CASES if case["write"] == "" and words in case["theirs"]]
    return case


def far_from(case, expression):
    return deviation(path_of(lambda params: written(expression, params), case["problem"]), case) > 1e-2


def nesterov_of_chainer(w, gradient, lr, momentum, steps):
    v = np.zeros_like(w)
    for _ in range(steps):
        g = gradient(w)
        v = momentum * v - lr * g
        w = w + momentum**2 * v - (1 + momentum) * lr * g
    return w


def test_nesterov_of_chainer():
    x, y = nesterov_of_chainer(np.array([-7.0, 2.0]), lambda w: w * [0.1, 2.0], 0.1, 0.9, 30)
    np.testing.assert_allclose([x, y], RECORDED["chainer_conventions"]["ravine"], rtol=1e-12)
    assert f"({x:.9f}, {y:.9f})" in row("Nesterov", "Chainer").differs
    assert far_from(foreign("NesterovAG"), "Nesterov(params, lr=1e-3, momentum=0.9)")


def test_adam_of_convnetjs():
    beta1, beta2, g = 0.9, 0.999, -3.0
    m, v = (1 - beta1) * g * (1 - beta1), (1 - beta2) * g * g * (1 - beta2)
    assert m / math.sqrt(v) == pytest.approx(10 * np.sign(g))
    assert "10 lr" in row("Adam: bias correction", "ConvNetJS").differs


def test_adan_of_optax():
    """With the share 1 - beta2 in place of beta2 for the difference, it is optax's run."""
    case = foreign("adan")

    class Adan(optim.Adan):
        def update(self, w, g, m, v, n, g_before, *, lr, betas, eps, weight_decay, t, first):
            beta1, beta2, beta3 = betas
            d = 0.0 if first else g - g_before
            g_before[...] = g
            m += (1 - beta1) * (g - m)
            v += (1 - beta2) * (d - v)
            n += (1 - beta3) * ((g + (1 - beta2) * d) ** 2 - n)
            m_hat, v_hat, n_hat = m / (1 - beta1**t), v / (1 - beta2**t), n / (1 - beta3**t)
            w -= lr * (m_hat + (1 - beta2) * v_hat) / (np.sqrt(n_hat + 1e-8) + eps)  # its eps_root

    assert deviation(path_of(Adan, "all"), case) < 1e-9
    assert deviation(path_of(optim.Adan, "all"), case) > 1e-3


def test_adafactor_of_optax_factors_only_large_matrices():
    sizes = foreign("adafactor")["sizes"]
    assert sizes == {"8x5": 40, "5x8": 40, "130x140": 130 + 140}
    for name, size in {"8x5": 13, "130x140": 270}.items():
        (w,) = tensors(problems.starts(name))
        w.grad = np.ones(w.shape)
        optimizer = optim.Adafactor([w])
        optimizer.step()
        assert sum(x.size for k, x in optimizer.state_dict()["state"]["0"].items() if k != "t") == size


def test_rprop_does_not_take_a_step_back():
    (w,) = tensors([[0.0]])
    optimizer = optim.Rprop([w], lr=1.0)
    seen = []
    for g in (1.0, 1.0, -1.0):
        w.grad = np.array([g])
        optimizer.step()
        seen.append(w.item())
    assert seen == pytest.approx([-1.0, -2.2, -2.2])  # Rprop+ goes back to -1.0


def test_muon_takes_matrices_only():
    matrix, vector = tensors([np.ones((2, 2)), np.ones(2)])
    with pytest.raises(ValueError, match="Muon updates matrices"):
        optim.Muon([matrix, vector])
    assert muon_groups([("w", matrix), ("b", vector), ("last", tensors([np.ones((2, 1))])[0])])[0] == [("w", matrix)]


def test_asgd_of_pytorch_optimizer_is_another_method():
    assert far_from(foreign("ASGD"), "ASGD(params, lr=1e-3)")


FOREIGN = {
    ("Nesterov", "Chainer"): test_nesterov_of_chainer,
    ("Adam", "ConvNetJS"): test_adam_of_convnetjs,
    ("Adan", "optax"): test_adan_of_optax,
    ("Adafactor", "optax"): test_adafactor_of_optax_factors_only_large_matrices,
    ("Rprop", "Riedmiller"): test_rprop_does_not_take_a_step_back,
    ("Muon", "Keras, optax, MLX"): test_muon_takes_matrices_only,
    ("ASGD", "pytorch_optimizer"): test_asgd_of_pytorch_optimizer_is_another_method,
}
ELSEWHERE = {"Muon(params, lr=0.1, weight_decay=0.0)": test_pytorchs_muon_works_in_bfloat16}


# -- the table


def row(topic, who):
    (found,) = [c for c in CONVENTIONS if c.topic == topic and c.who.startswith(who)]
    return found


def test_every_row_is_checked():
    for convention in CONVENTIONS:
        if convention.write:
            assert convention.write in WRITES | set(ELSEWHERE), f"{convention.write} was never recorded"
        else:
            keys = [k for k in FOREIGN if k[0] == convention.rules[0] and convention.who.lstrip('"').startswith(k[1])]
            assert len(keys) == 1, f"{convention.who} on {convention.rules[0]} is not checked"
            assert "not in minidl" in convention.differs.replace("Not", "not") or "matrices only" in convention.differs
    assert set(FOREIGN.values()) | set(ELSEWHERE.values()) <= {f for n, f in globals().items() if n.startswith("test_")}


def test_every_known_disagreement_has_rows():
    assert set(KNOWN) | set(NOT_OURS) == set(range(1, 28)) and not set(KNOWN) & set(NOT_OURS)
    topics = {convention.topic for convention in CONVENTIONS}
    assert set(KNOWN.values()) <= topics
    for name in NOT_OURS.values():
        assert not hasattr(optim, name)
    one_sided = {t for t in topics if sum(c.topic == t for c in CONVENTIONS) < 2}
    assert one_sided == {"AdaDelta: rate", "Yogi: start", "QHAdam: nus", "Sophia: order"}


def test_rows_name_what_there_is():
    for convention in CONVENTIONS:
        for name in convention.rules:
            assert hasattr(optim, name) or hasattr(optim.schedules, name), name
        assert isinstance(convention, Convention) and convention.who and convention.differs
        if "params" in convention.write and "for p in" not in convention.write:
            name = convention.write.split("(")[0]
            assert name in convention.rules or {name, *convention.rules} & {"AdamEpsHat", "NAdam"}, convention.write
    assert conventions_of("NAdam") and all("NAdam" in c.rules for c in conventions_of("NAdam"))
    assert conventions_of("Nothing") == []


def test_every_variant_is_in_the_table():
    for module in (conventions, conventions_other):
        for name, cls in vars(module).items():
            if inspect.isclass(cls) and cls.__module__ == module.__name__:
                assert any(c.write.startswith(f"{name}(") for c in CONVENTIONS), name


# -- the numbers it prints


def walk(make, start, gradient, steps):
    (w,) = params = tensors([start])
    optimizer, seen = make(params), []
    for step in range(steps):
        w.grad = np.array(gradient(w.data, step), dtype="float64")
        optimizer.step()
        seen.append(w.data.copy())
    return seen


def ravine(make):
    x, y = walk(make, [-7.0, 2.0], lambda w, step: w * [0.1, 2.0], 30)[-1]
    return x, y


def slope(make, g):
    """The first step from 0, against the gradient."""
    return float(-walk(make, [0.0], lambda w, step: [g], 1)[0][0])


def rosenbrock(w, step):
    x, y = w
    return [-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)]


def bowl(make, steps):
    return float(walk(make, [1.0], lambda w, step: w, steps)[-1][0])


DROP = optim.schedules.Piecewise([20], [0.1, 0.01])
INSIDE, OUTSIDE = (lambda cls: lambda p: cls(p, lr=DROP, momentum=0.9) for _ in range(2))
NUMBERS = [
    ("momentum: sum or average", "Ng", "({:.2f}, {:.2f})", lambda: ravine(lambda p: optim.Momentum(p, 0.1))),
    ("momentum: sum or average", "Ng", "({:.3f}, {:.3f})", lambda: ravine(lambda p: optim.SGD(p, 0.1, 0.9))),
    ("momentum: rate inside", "Keras, Chainer", "0.3254", lambda: [bowl(INSIDE(optim.SGDRateInside), 21)]),
    ("momentum: rate inside", "Keras, Chainer", "0.3396", lambda: [bowl(OUTSIDE(optim.SGD), 21)]),
    ("momentum: rate inside", "Keras, Chainer", "-0.0242", lambda: [bowl(INSIDE(optim.SGDRateInside), 40)]),
    ("momentum: rate inside", "Keras, Chainer", "0.0341", lambda: [bowl(OUTSIDE(optim.SGD), 40)]),
    ("Nesterov", "PyTorch", "({:.9f}, {:.9f})", lambda: ravine(lambda p: optim.Nesterov(p, 0.1))),
    ("AdaGrad: eps and start", "Keras", "0.0316", lambda: [slope(lambda p: optim.AdaGradInitial(p, 1.0), 0.01)]),
    ("RMSProp: eps and start", "Keras", "0.1", lambda: [
        slope(lambda p: optim.RMSProp(p, 1.0, 0.9, 1e-7, eps_inside_sqrt=True), 1e-4)
        / slope(lambda p: optim.RMSProp(p, 1.0, 0.9, 1e-7), 1e-4)]),
    ("RMSProp: eps and start", "TensorFlow", "1.05", lambda: [
        slope(lambda p: optim.RMSPropInitial(p, 1.0), 1e-4) / 1e-4]),
    ("Adam: eps", "Chainer", "31.6", lambda: [1 / math.sqrt(1 - 0.999)]),
    ("Adam: eps", "Keras", "316", lambda: [10 / math.sqrt(1 - 0.999)]),
    ("Adam: bias correction", "MLX", "3.16", lambda: [slope(lambda p: optim.AdamUncorrected(p, 1.0), 2.0)]),
    ("AMSGrad: maximum", "PyTorch", "-0.01549", lambda: amsgrad(optim.AMSGrad)),
    ("AMSGrad: maximum", "optax", "-0.01421", lambda: amsgrad(optim.AMSGradCorrected)),
    ("NAdam: psi", "PyTorch", "1.39435", lambda: nadam(4e-3)),
    ("NAdam: psi", "optax", "1.35263", lambda: nadam(1e9)),
    ("RAdam: first steps", "PyTorch", "4.996", lambda: [1999 - 10 * 0.999**5 / (1 - 0.999**5)]),
    ("Yogi: start", "optax", "2.8e-4", lambda: [10000 * slope(lambda p: optim.Yogi(p, 1.0), 0.0)]),
    ("Muon: buffer and scale", "optax", "1.95", lambda: [(1 - 0.95**2) / (1 - 0.95)]),
]  # fmt: skip


def amsgrad(cls):
    make = lambda p: cls(p, 0.01, (0.9, 0.7))
    return [float(walk(make, [0.0], lambda w, step: [[10.0], [-1.0]][step], 2)[-1][0])]


def nadam(psi):
    return [float(walk(lambda p: optim.NAdam(p, 0.1, momentum_decay=psi), [1.5, 1.5], rosenbrock, 1)[0][0])]


@pytest.mark.parametrize("topic, who, text, numbers", NUMBERS, ids=[f"{n[0]} {n[2]}" for n in NUMBERS])
def test_numbers_of_the_table(topic, who, text, numbers):
    rows = [c for c in CONVENTIONS if c.topic == topic and c.who.startswith(who)]
    values = numbers()
    if "{" in text:
        text = text.format(*values)
    else:
        digits = text.split("e")[0]
        decimals = len(digits.partition(".")[2])
        assert f"{values[0]:.{decimals}f}" == digits
    assert any(text in c.differs for c in rows), f"the table should print {text}"


def test_chainers_own_test_of_its_decay():
    """One step from 1 at gradient 1, eta 0.5, decay 0.1: 0.9495. eta multiplies lr and decay."""
    make = lambda p: optim.AdamWPaperDecay(p, lr=0.5 * 1e-3, weight_decay=0.5 * 0.1)
    assert float(walk(make, [1.0], lambda w, step: [1.0], 1)[0][0]) == pytest.approx(0.9495, abs=1e-7)


# -- the contract, for the variants that no other family of tests finds


VARIANTS = [
    cls for cls in vars(conventions_other).values()
    if inspect.isclass(cls) and cls.__module__ == conventions_other.__name__
]  # fmt: skip
SETTINGS = {"SGDDampenedStart": {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}, "FTRLShrinkage": {"shrinkage": 0.1}}
SHAPES = [(2, 3), (2, 3), (4,), ()]


def drive(optimizer, params, steps):
    def closure():
        return sum((p * p * p * p).sum() for p in params)

    for step in steps:
        if optimizer.closure == "loss":
            optimizer.step(closure)
        else:
            rng = np.random.default_rng(step)
            for p in params:
                p.grad = np.asarray(rng.normal(size=p.shape), dtype=p.dtype)
            optimizer.step()
    return [p.numpy() for p in params]


def small(cls, dtype="float32", device="cpu"):
    rng = np.random.default_rng(0)
    shapes = [s for s in SHAPES if len(s) == 2 or not issubclass(cls, optim.Muon | optim.FTRL)]
    return [Tensor(np.asarray(rng.normal(size=s), dtype=dtype), requires_grad=True, device=device) for s in shapes]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cls", VARIANTS)
def test_variants_keep_the_dtype_and_resume(cls, dtype):
    made = lambda params: cls(params, **SETTINGS.get(cls.__name__, {}))
    whole = small(cls, dtype)
    expected = drive(made(whole), whole, range(9))
    params = small(cls, dtype)
    first = made(params)
    drive(first, params, range(4))
    again = [Tensor(p.data, requires_grad=True) for p in params]
    second = made(again)
    second.load_state_dict(first.state_dict())
    assert all(a.tobytes() == b.tobytes() for a, b in zip(drive(second, again, range(4, 9)), expected, strict=True))
    assert all(w.dtype == dtype and np.isfinite(w).all() for w in expected)
    assert all((w != p.data).any() for w, p in zip(expected, small(cls, dtype), strict=True))


@pytest.mark.parametrize("cls", [cls for cls in VARIANTS if cls.elementwise])
def test_variants_run_in_pieces_and_on_the_gpu(cls, fake_cupy, monkeypatch):
    made = lambda params: cls(params, **SETTINGS.get(cls.__name__, {}))
    ends = []
    for device, block in (("cpu", 1 << 16), ("cpu", 3), ("cuda", 1 << 16)):
        monkeypatch.setattr("minidl.optim.optimizer.BLOCK", block)
        params = small(cls, device=device)
        ends.append(drive(made(params), params, range(6)))
    for end in ends[1:]:
        for a, b in zip(end, ends[0], strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-6)


def test_exact_clipping_on_any_device_and_its_errors(fake_cupy):
    for device in ("cpu", "cuda"):
        w = Tensor(np.zeros(2, "float32"), requires_grad=True, device=device)
        w.grad = Tensor(np.array([3.0, 4.0], "float32"), device=device)
        assert optim.clip_grad_norm_exact(w, 5.0) == 5.0 and w.grad.numpy().tolist() == [3.0, 4.0]
        assert optim.clip_grad_norm_exact([w], 1.0) == 5.0
        np.testing.assert_allclose(w.grad.numpy(), [0.6, 0.8], rtol=1e-6)
        assert w.grad.dtype == np.float32
    with pytest.raises(ValueError, match="max_norm must be positive, got 0"):
        optim.clip_grad_norm_exact(w, 0)
    w.grad = Tensor(np.array([np.inf, 0.0], "float32"), device="cuda")
    with pytest.raises(FloatingPointError, match="global norm of the gradients is inf"):
        optim.clip_grad_norm_exact(w, 1.0)
