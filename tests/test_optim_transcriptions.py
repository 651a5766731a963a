"""Every rule that a paper defines against the slow transcription of that paper in transcriptions.py, to 1e-9.

Where minidl takes another form than the paper's, the form is named here, and a second test shows that the paper's own
would not have passed.
"""

from functools import partial

import numpy as np
import pytest
import transcriptions as paper

from minidl import Tensor, optim

STEPS = 60
ADAM, FAST = (0.9, 0.999), (0.7, 0.9)
rng = np.random.default_rng(7)
NOISE = rng.normal(scale=0.3, size=(STEPS, 6))
ZERO = rng.random((STEPS, 6)) < 0.15  # there the gradient is exactly 0
ZERO[0, [1, 4]] = ZERO[:4, 5] = True
BASE = np.linalg.qr(rng.normal(size=(6, 6)))[0]
CURVATURE = BASE @ np.diag(np.geomspace(0.01, 100, 6)) @ BASE.T


def rosenbrock(w):
    g, valley = np.zeros(6), w[1:] - w[:-1] ** 2
    g[:-1] = -400 * w[:-1] * valley - 2 * (1 - w[:-1])
    g[1:] += 200 * valley
    return g


PROBLEMS = {
    "rosenbrock": (np.array([-1.2, 1.0, 0.7, 1.1, -0.5, 0.8]), rosenbrock),
    "quadratic": (np.array([1.0, -2.0, 0.5, 3.0, -0.7, 0.2]), lambda w: CURVATURE @ w),
}


def gradient(problem, w, t):
    return np.where(ZERO[t - 1], 0.0, PROBLEMS[problem][1](w) + NOISE[t - 1])


def split(w):
    """Two parameters, so that a norm over one is not a norm over all."""
    return [w[:2], w[2:].reshape(2, 2)]


def join(parts):
    return np.concatenate([np.ravel(part) for part in parts])


def at(t, hyper):
    """The hyper-parameters of update t: the rate may be a schedule, which counts from 0."""
    return {key: x(t - 1) if key == "lr" and callable(x) else x for key, x in hyper.items()}


def drop(lr):
    return lambda step: lr if step < 20 else 0.3 * lr


def transcribed(rule, problem, hyper, whole=False):
    """The path of a rule on paper and its states; whole: it sees all parameters as one vector."""
    w, states, path = PROBLEMS[problem][0], ({}, {}), []
    for t in range(1, STEPS + 1):
        g = gradient(problem, w, t)
        if whole:
            w = rule(w, g, states[0], t, **at(t, hyper))
        else:
            w = join([rule(*x, t, **at(t, hyper)) for x in zip(split(w), split(g), states, strict=True)])
        path.append(w)
    return np.array(path), states


def computed(make, problem):
    params = [Tensor(part.copy(), requires_grad=True) for part in split(PROBLEMS[problem][0])]
    optimizer, path = make(params), []
    for t in range(1, STEPS + 1):
        g = gradient(problem, join([p.data for p in params]), t)
        for p, part in zip(params, split(g), strict=True):
            p.grad = part.copy()
        optimizer.step()
        path.append(join([p.data for p in params]))
    return np.array(path), optimizer, params


def agree(ours, expected):
    assert np.isfinite(expected).all()
    assert np.abs(expected[-1] - expected[0]).max() > 0.1  # it went somewhere
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-12)


# class: the transcription, the form that minidl takes where it is not the paper's, the sets of hyper-parameters
RULES = {
    "SGDW": (paper.sgdw, {"rate_inside": False}, [
        {"lr": 1e-4, "weight_decay": 0.1}, {"lr": drop(2e-4), "momentum": 0.8, "weight_decay": 0.5}]),
    "QHM": (paper.qhm, {}, [
        {"lr": 5e-4, "beta": 0.9, "nu": 0.7}, {"lr": drop(1e-4), "beta": 0.99, "nu": 0.3, "weight_decay": 0.5}]),
    "AggMo": (paper.aggmo, {}, [
        {"lr": 1e-4, "betas": (0, 0.9, 0.99)}, {"lr": drop(1e-4), "betas": (0.3, 0.8), "weight_decay": 0.5}]),
    "Signum": (paper.signum, {}, [{"lr": 0.01, "beta": 0.9}, {"lr": drop(0.01), "beta": 0.5, "weight_decay": 0.5}]),
    "Rprop": (paper.rprop, {}, [
        {"lr": 0.01, "etas": (0.5, 1.2), "step_sizes": (1e-6, 50.0)},
        {"lr": 0.1, "etas": (0.3, 1.5), "step_sizes": (0.01, 0.12)}]),
    "ASGD": (paper.asgd, {}, [
        {"lr": 1e-4, "lambd": 1e-4, "alpha": 0.75, "t0": 1e6},
        {"lr": 2e-4, "lambd": 0.5, "alpha": 0.6, "t0": 20, "weight_decay": 0.2}]),
    "LARS": (paper.lars, {}, [
        {"lr": 1.0, "momentum": 0.9, "weight_decay": 0.0, "trust_coefficient": 0.01},
        {"lr": drop(0.5), "momentum": 0.5, "weight_decay": 0.5, "trust_coefficient": 0.02, "eps": 0.01}]),
    "AdamW": (paper.adamw, {"decay_times_lr": True}, [
        {"lr": 0.01, "betas": ADAM, "eps": 1e-8, "weight_decay": 0.01},
        {"lr": drop(0.02), "betas": FAST, "eps": 0.01, "weight_decay": 0.3}]),
    "AMSGrad": (paper.amsgrad, {"correction": "after"}, [
        {"lr": 0.01, "betas": ADAM, "eps": 1e-8}, {"lr": drop(0.02), "betas": FAST, "eps": 0.01, "weight_decay": 0.3}]),
    "AMSGradCorrected": (paper.amsgrad, {"correction": "before"}, [
        {"lr": 0.01, "betas": ADAM, "eps": 1e-8}, {"lr": drop(0.02), "betas": FAST, "eps": 0.01, "weight_decay": 0.3}]),
    "AdaBound": (paper.adabound, {"bias_correction": True, "sqrt_t": False, "base_lr": 0.02}, [
        {"lr": 0.02, "betas": ADAM, "eps": 1e-8, "final_lr": 1e-3, "gamma": 1e-3},
        {"lr": drop(0.02), "betas": FAST, "eps": 0.01, "final_lr": 1e-3, "gamma": 0.2, "weight_decay": 0.3},
        {"lr": 0.02, "betas": FAST, "eps": 0.01, "final_lr": 1e-3, "gamma": 0.02, "amsbound": True}]),
    "AdaBelief": (paper.adabelief, {}, [
        {"lr": 0.01, "betas": ADAM, "eps": 1e-16},
        {"lr": drop(0.02), "betas": FAST, "eps": 0.01, "weight_decay": 0.3}]),
    "Yogi": (paper.yogi, {"bias_correction": True, "m_start": 0.01}, [
        {"lr": 0.01, "betas": ADAM, "eps": 1e-3, "initial_accumulator": 0.01},
        {"lr": drop(0.02), "betas": FAST, "eps": 0.01, "initial_accumulator": 0.01, "weight_decay": 0.3}]),
    "LAMB": (paper.lamb, {}, [
        {"lr": 0.01, "betas": ADAM, "eps": 1e-6, "weight_decay": 0.0},
        {"lr": drop(0.02), "betas": FAST, "eps": 0.01, "weight_decay": 0.3}]),
    "LaProp": (paper.laprop, {}, [
        {"lr": 0.01, "betas": ADAM, "eps": 1e-15},
        {"lr": drop(0.02), "betas": FAST, "eps": 0.01, "weight_decay": 0.3}]),
    "ADOPT": (paper.adopt, {}, [
        {"lr": 0.01, "betas": ADAM, "eps": 1e-6}, {"lr": drop(0.02), "betas": FAST, "eps": 0.01, "weight_decay": 0.3}]),
    "AdEMAMix": (paper.ademamix, {}, [
        {"lr": 0.01, "betas": (0.9, 0.999, 0.9999), "alpha": 5.0, "warmup_steps": 0, "eps": 1e-8, "weight_decay": 0.0},
        {"lr": drop(0.01), "betas": (0.8, 0.9, 0.99), "alpha": 2.0, "warmup_steps": 40, "eps": 0.01,
         "weight_decay": 0.3}]),
    "MADGRAD": (paper.madgrad, {"eps_in_rate": True}, [
        {"lr": 0.01, "momentum": 0.9, "eps": 1e-6},
        {"lr": drop(0.01), "momentum": 0.5, "eps": 0.01, "weight_decay": 0.3}]),
    "FTRL": (paper.ftrl, {}, [
        {"lr": 0.1, "beta": 1.0, "l1": 0.0, "l2": 0.0}, {"lr": 0.3, "beta": 0.5, "l1": 3.0, "l2": 0.2},
        {"lr": 0.3, "beta": 0.01, "l1": 1.0, "l2": 0.2, "initial_accumulator": 0.1, "lr_power": -0.7}]),
    "RAdam": (paper.radam, {"threshold": 5, "eps_beside": "v"}, [
        {"lr": 1e-3, "betas": ADAM, "eps": 1e-8}, {"lr": drop(2e-3), "betas": FAST, "eps": 0.01, "weight_decay": 0.3},
        {"lr": 1e-3, "betas": ADAM, "eps": 0.01}]),
    "NAdam": (paper.nadam, {"average": "beta1", "nu_above": False}, [
        {"lr": 0.01, "betas": ADAM, "eps": 1e-8, "momentum_decay": 0.004},
        {"lr": drop(0.02), "betas": FAST, "eps": 0.01, "momentum_decay": 1.0, "weight_decay": 0.3}]),
    "NAdamW": (partial(paper.nadam, decoupled=True), {"average": "beta1", "nu_above": False}, [
        {"lr": 0.01, "betas": ADAM, "eps": 1e-8, "momentum_decay": 0.004, "weight_decay": 0.01},
        {"lr": drop(0.02), "betas": FAST, "eps": 0.01, "momentum_decay": 1.0, "weight_decay": 0.3}]),
    "Lion": (paper.lion, {}, [
        {"lr": 0.01, "betas": (0.9, 0.99), "weight_decay": 0.0},
        {"lr": drop(0.02), "betas": FAST, "weight_decay": 0.3}]),
    "Adan": (paper.adan, {"start": "zero", "bias_correction": True}, [
        {"lr": 0.01, "betas": (0.98, 0.92, 0.99), "eps": 1e-8, "weight_decay": 0.0},
        {"lr": drop(0.02), "betas": (0.9, 0.8, 0.95), "eps": 0.01, "weight_decay": 0.3}]),
    "QHAdam": (paper.qhadam, {}, [
        {"lr": 0.01, "nus": (0.7, 1.0), "betas": ADAM, "eps": 1e-8},
        {"lr": drop(0.02), "nus": (0.5, 0.8), "betas": FAST, "eps": 0.01, "weight_decay": 0.3}]),
    "ScheduleFreeSGD": (paper.schedule_free_sgd, {}, [
        {"lr": 1e-3, "momentum": 0.9},
        {"lr": drop(2e-4), "momentum": 0.7, "weight_decay": 0.5, "r": 1.0, "weight_lr_power": 1.0}]),
    "ScheduleFreeAdamW": (paper.schedule_free_adamw, {"correction": "v"}, [
        {"lr": 0.01, "betas": ADAM, "eps": 1e-8},
        {"lr": drop(0.02), "betas": FAST, "eps": 0.01, "weight_decay": 0.3, "r": 1.0, "weight_lr_power": 1.0}]),
}
GLOBAL = {  # their norms are over all parameters
    "DoG": (paper.dog, {}, [
        {"lr": 1.0, "reps_rel": 1e-3, "eps": 1e-8},
        {"lr": drop(0.5), "reps_rel": 0.01, "eps": 0.01, "weight_decay": 0.3}]),
    "DoWG": (paper.dowg, {}, [
        {"lr": 1.0, "r2_start": 1e-4, "eps": 1e-4},
        {"lr": drop(0.5), "r2_start": 0.01, "eps": 0.01, "weight_decay": 0.3}]),
    "DAdaptAdam": (paper.dadapt_adam, {"inner": "old"}, [
        {"lr": 1.0, "betas": ADAM, "eps": 1e-8, "d0": 1e-3, "bias_correction": True},
        {"lr": drop(0.5), "betas": FAST, "eps": 0.01, "d0": 1e-3, "bias_correction": False, "weight_decay": 0.3}]),
    "Prodigy": (paper.prodigy, {"eps_scale": "new"}, [
        {"lr": 1.0, "betas": ADAM, "beta3": None, "eps": 1e-8, "d0": 1e-3, "d_coef": 1.0, "bias_correction": True},
        {"lr": drop(0.5), "betas": FAST, "beta3": 0.8, "eps": 0.01, "d0": 1e-3, "d_coef": 2.0, "bias_correction": False,
         "weight_decay": 0.3, "safeguard_warmup": True}]),
}
ALL = RULES | GLOBAL
CASES = [
    pytest.param(name, hyper, problem, id=f"{name}-{i}-{problem}")
    for name, (_, _, sets) in ALL.items()
    for i, hyper in enumerate(sets)
    for problem in PROBLEMS
]


@pytest.mark.parametrize("name, hyper, problem", CASES)
def test_the_rule_of_the_paper(name, hyper, problem):
    rule, form, _ = ALL[name]
    expected, _ = transcribed(rule, problem, hyper | form, name in GLOBAL)
    ours, _, _ = computed(partial(getattr(optim, name), **hyper), problem)
    agree(ours, expected)


@pytest.mark.parametrize("name, keyword", [(name, keyword) for name, (_, form, _) in ALL.items() for keyword in form])
def test_the_form_matters(name, keyword):
    """Giving back one of minidl's choices for the paper's own leads elsewhere, so that the test above sees it."""
    rule, form, sets = ALL[name]
    back = {key: x for key, x in form.items() if key != keyword}
    apart = []
    for hyper in sets:
        ours, theirs = (transcribed(rule, "quadratic", hyper | x, name in GLOBAL)[0] for x in (form, back))
        apart.append(np.abs(ours - theirs).max())
    assert max(apart) > 1e-7


@pytest.mark.parametrize("name", ["ScheduleFreeSGD", "ScheduleFreeAdamW"])
def test_schedule_free_shows_the_average(name):
    rule, form, sets = RULES[name]
    for hyper in sets:
        path, states = transcribed(rule, "rosenbrock", hyper | form)
        _, optimizer, params = computed(partial(getattr(optim, name), **hyper), "rosenbrock")
        optimizer.eval()
        x = join([_collected(s, "x", part) for s, part in zip(states, split(path[-1]), strict=True)])
        np.testing.assert_allclose(join([p.data for p in params]), x, rtol=1e-9)
        assert np.abs(x - path[-1]).max() > 1e-4


def test_asgd_shows_the_average():
    rule, form, sets = RULES["ASGD"]
    path, states = transcribed(rule, "rosenbrock", sets[1] | form)
    _, optimizer, params = computed(partial(optim.ASGD, **sets[1]), "rosenbrock")
    average = join([_collected(s, "average", part) for s, part in zip(states, split(path[-1]), strict=True)])
    with optimizer.averaged():
        np.testing.assert_allclose(join([p.data for p in params]), average, rtol=1e-9)
    assert np.abs(average - path[-1]).max() > 1e-4


def _collected(state, name, like):
    """One entry of a rule's state as an array: rules for one coordinate keep one dict for each."""
    return state[name] if name in state else np.array([state[i][name] for i in np.ndindex(like.shape)])


# ---- whole tensors: least squares


class LeastSquares:
    def __init__(self, shape):
        rng = np.random.default_rng(11)
        n = shape[0]
        self.shape, self.x = shape, rng.normal(size=(20, n)) * np.geomspace(0.3, 2, n)
        self.y = rng.normal(size=(20, *shape[1:])).reshape(20, -1)
        self.noise, self.zero = rng.normal(scale=0.3, size=(STEPS, *shape)), rng.random((STEPS, *shape)) < 0.1
        self.start = rng.normal(size=shape)

    def gradient(self, w, t):
        g = self.x.T @ (self.x @ w.reshape(len(w), -1) - self.y) / 20
        return np.where(self.zero[t - 1], 0.0, g.reshape(self.shape) + self.noise[t - 1])


def compare_tensor(name, rule, shape, hyper, form, basis=lambda optimizer: {}):
    problem = LeastSquares(shape)
    p = Tensor(problem.start.copy(), requires_grad=True)
    optimizer, ours = getattr(optim, name)([p], **hyper), []
    for t in range(1, STEPS + 1):
        p.grad = problem.gradient(p.data, t)
        optimizer.step()
        ours.append(p.data.copy())
        if t == 1:
            form = form | basis(optimizer)
    w, state, expected = problem.start, {}, []
    for t in range(1, STEPS + 1):
        w = rule(w, problem.gradient(w, t), state, t, **at(t, hyper | form))
        expected.append(w)
    agree(np.array(ours), np.array(expected))


@pytest.mark.parametrize("shape", [(8, 5), (5, 8), (6,), (3, 2, 4)])
@pytest.mark.parametrize("hyper", [{"lr": 0.1, "eps": 1e-4}, {"lr": drop(0.2), "eps": 0.01, "weight_decay": 0.1}])
def test_shampoo(shape, hyper):
    compare_tensor("Shampoo", paper.shampoo, shape, hyper, {})


def given_basis(optimizer):
    """minidl's first Q, checked to be one, for the axes where g g' has a null space: any basis of that would do."""
    state = optimizer.state_dict()["state"]["0"]
    shape = state["m"].shape
    basis, offset = {}, 0
    for axis, n in enumerate(shape):
        p, q = (state[key][offset:offset + n * n].reshape(n, n) for key in "PQ")
        offset += n * n
        np.testing.assert_allclose(q.T @ q, np.eye(n), atol=1e-12)
        inside = q.T @ p @ q
        np.testing.assert_allclose(inside, np.diag(np.diag(inside)), atol=1e-12 * np.abs(p).max())
        if n > state["m"].size // n:
            basis[axis] = q
    return {"basis": basis}


SOAP = [
    {"lr": 0.05, "betas": (0.95, 0.95), "shampoo_beta": 0.95, "eps": 1e-8, "weight_decay": 0.0,
     "precondition_frequency": 10},
    {"lr": drop(0.05), "betas": (0.9, 0.8), "shampoo_beta": 0.7, "eps": 0.01, "weight_decay": 0.1,
     "precondition_frequency": 1},
    {"lr": 0.05, "betas": FAST, "shampoo_beta": 0.9, "eps": 1e-8, "weight_decay": 0.1, "precondition_frequency": 3},
]


@pytest.mark.parametrize("hyper", SOAP)
def test_soap(hyper):
    """Where the first gradient has full rank, and where a side is longer: that one keeps its own axes here."""
    compare_tensor("SOAP", paper.soap, (6, 6), hyper, {})
    compare_tensor("SOAP", paper.soap, (8, 5), hyper | {"max_precondition_dim": 7}, {})
    compare_tensor("SOAP", paper.soap, (6,), hyper, {})


@pytest.mark.parametrize("hyper", SOAP)
def test_soap_from_a_given_basis(hyper):
    compare_tensor("SOAP", paper.soap, (8, 5), hyper, {}, given_basis)
    compare_tensor("SOAP", paper.soap, (5, 8), hyper, {}, given_basis)
    compare_tensor("SOAP", paper.soap, (6,), hyper | {"precondition_1d": True}, {}, given_basis)


@pytest.mark.parametrize("shape", [(8, 5), (5, 8)])
def test_muon(shape):
    """The scales for an (in, out) matrix: "original" sqrt(max(1, out / in)), "match_rms_adamw" 0.2 sqrt(the larger)."""
    inside, outside = shape
    scales = {None: max(1, outside / inside) ** 0.5, "match_rms_adamw": 0.2 * max(shape) ** 0.5}
    scales["original"] = scales[None]
    sets = [
        {"lr": 0.05, "weight_decay": 0.0, "momentum": 0.95, "nesterov": True,
         "ns_coefficients": (3.4445, -4.775, 2.0315),
         "eps": 1e-7, "ns_steps": 5, "adjust_lr_fn": None},
        {"lr": drop(0.1), "weight_decay": 0.3, "momentum": 0.8, "nesterov": False, "ns_coefficients": (2.0, -1.5, 0.5),
         "eps": 0.01, "ns_steps": 3, "adjust_lr_fn": "match_rms_adamw"},
        {"lr": 0.1, "weight_decay": 0.3, "momentum": 0.6, "nesterov": True, "ns_coefficients": (1.5, -0.5, 0.0),
         "eps": 0.01, "ns_steps": 8, "adjust_lr_fn": "original"},
    ]
    for hyper in sets:
        rule = lambda *args, adjust_lr_fn, **rest: paper.muon(*args, scale=scales[adjust_lr_fn], **rest)
        compare_tensor("Muon", rule, shape, hyper, {})


@pytest.mark.parametrize("shape", [(8, 5), (5, 8), (6,)])
@pytest.mark.parametrize("hyper", [
    {"lr": 0.1, "beta2_decay": -0.8, "eps": (None, 1e-3), "d": 1.0},
    {"lr": drop(0.5), "beta2_decay": -0.6, "eps": (0.1, 2.0), "d": 1.5},
    {"lr": 0.05, "beta2_decay": -0.8, "eps": (0.01, 1e-3), "d": 1.0, "weight_decay": 0.3},
])
def test_adafactor(shape, hyper):
    compare_tensor("Adafactor", paper.adafactor, shape, hyper, {"eps1_form": "clamped"})


# ---- rules that ask for the loss


class Wells:
    """Least squares in a matrix w and a bias b, plus (x^2 - 1)^2 / 4 on each: curved downwards where x is small."""

    rng = np.random.default_rng(3)
    x, y, noise = rng.normal(size=(20, 3)), rng.normal(size=(20, 2)), rng.normal(scale=0.3, size=(STEPS, 8))
    start = rng.normal(scale=0.7, size=8)
    design = np.hstack([np.kron(x, np.eye(2)), np.kron(np.ones((20, 1)), np.eye(2))])  # of w's rows, then b

    def __init__(self):
        self.params = [Tensor(part.copy(), requires_grad=True) for part in self.parts(self.start)]
        self.t = 1

    def parts(self, v):
        return [v[:6].reshape(3, 2), v[6:]]

    def loss(self):
        w, b = self.params
        residual = Tensor(self.x) @ w + b - Tensor(self.y)
        loss = (residual * residual).sum() / 40
        for p, noise in zip(self.params, self.parts(self.noise[self.t - 1]), strict=True):
            loss = loss + ((p * p - 1) ** 2).sum() / 4 + (p * Tensor(noise)).sum()
        return loss

    def backward(self):
        for p in self.params:
            p.grad = None
        loss = self.loss()
        loss.backward()
        return loss

    def value(self, v, t):
        squares = ((self.design @ v - self.y.ravel()) ** 2).sum() / 40
        return squares + ((v**2 - 1) ** 2).sum() / 4 + self.noise[t - 1] @ v

    def gradient(self, v, t):
        return self.design.T @ (self.design @ v - self.y.ravel()) / 20 + v**3 - v + self.noise[t - 1]

    def hessian_times(self, v, u):
        return self.design.T @ (self.design @ u) / 20 + (3 * v**2 - 1) * u

    def compare(self, optimizer, rule, closure):
        """`rule(v, t)` against optimizer.step(closure)."""
        v, ours, expected = self.start, [], []
        for self.t in range(1, STEPS + 1):
            optimizer.step(closure)
            ours.append(join([p.data for p in self.params]))
            v = rule(v, self.t)
            expected.append(v)
        agree(np.array(ours), np.array(expected))


def replaying(cls, probes):
    class Replaying(cls):
        def probe(self, rng, shape):
            u = probes.pop(0)
            assert u.shape == shape
            return u

    return Replaying


HESSIAN = [
    ("SophiaH", paper.sophia_h, {}, [
        {"lr": 0.02, "betas": (0.965, 0.99), "gamma": 0.01, "eps": 1e-12, "weight_decay": 0.1, "update_interval": 10},
        {"lr": drop(0.05), "betas": (0.6, 0.9), "gamma": 2.0, "eps": 0.01, "weight_decay": 0.0, "update_interval": 3},
        {"lr": 0.05, "betas": (0.8, 0.5), "gamma": 1.0, "eps": 0.5, "weight_decay": 0.3, "update_interval": 1}]),
    ("AdaHessian", paper.adahessian, {"between": "skip"}, [
        {"lr": 0.05, "betas": (0.9, 0.999), "eps": 1e-4, "weight_decay": 0.0, "hessian_power": 1.0,
         "update_interval": 1},
        {"lr": drop(0.05), "betas": FAST, "eps": 0.01, "weight_decay": 0.3, "hessian_power": 0.5, "update_interval": 1},
        {"lr": 0.05, "betas": (0.9, 0.99), "eps": 0.01, "weight_decay": 0.1, "hessian_power": 1.0,
         "update_interval": 4}]),
]


@pytest.mark.parametrize("name, rule, form, hyper", [(*case[:3], hyper) for case in HESSIAN for hyper in case[3]])
def test_rules_with_the_hessian(name, rule, form, hyper):
    problem, rng, state = Wells(), np.random.default_rng(5), {}
    updates = STEPS // hyper["update_interval"] + 1
    drawn = rng.normal(size=(updates, 8)) if name == "SophiaH" else rng.choice([-1.0, 1.0], size=(updates, 8))
    probes = [part for u in drawn for part in problem.parts(u)]
    optimizer = replaying(getattr(optim, name), probes)(problem.params, **hyper)
    count = iter(drawn)

    def transcription(v, t):
        def estimate():
            u = next(count)
            return u * problem.hessian_times(v, u)

        return rule(v, problem.gradient(v, t), state, t, estimate=estimate, **at(t, hyper | form))

    problem.compare(optimizer, transcription, problem.loss)


@pytest.mark.parametrize("hyper", [
    {"lr": 1.0, "c": 0.5, "f_min": 0.0},
    {"lr": drop(0.05), "c": 1.0, "f_min": 1.0, "eps": 0.01}, {"lr": 1.0, "c": 2.0, "f_min": -3.0}])
def test_polyak_step(hyper):
    problem = Wells()

    def transcription(v, t):
        given = at(t, hyper) | {"loss": problem.value(v, t), "below": "stay"}
        return paper.polyak_step(v, problem.gradient(v, t), {}, t, **given)

    problem.compare(optim.PolyakStep(problem.params, **hyper), transcription, problem.backward)


BASES = [
    ("AdamW", partial(paper.adamw, decay_times_lr=True), {"lr": drop(0.05), "betas": FAST, "eps": 0.01,
     "weight_decay": 0.3}),
    ("SGDW", partial(paper.sgdw, rate_inside=False), {"lr": 0.1, "momentum": 0.8, "weight_decay": 0.1}),
]


@pytest.mark.parametrize("base, inner, hyper", BASES)
@pytest.mark.parametrize("rho", [0.05, 0.7])
def test_sam(base, inner, hyper, rho):
    problem, state = Wells(), {}

    def transcription(v, t):
        return paper.sam(v, lambda x: problem.gradient(x, t), state, t, inner=inner, rho=rho, **at(t, hyper))

    optimizer = optim.SAM(getattr(optim, base)(problem.params, **hyper), rho=rho)
    problem.compare(optimizer, transcription, problem.backward)


@pytest.mark.parametrize("base, inner, hyper", BASES)
@pytest.mark.parametrize("k, alpha", [(5, 0.5), (3, 0.8), (1, 0.3)])
def test_lookahead(base, inner, hyper, k, alpha):
    problem, state = Wells(), {}

    def transcription(v, t):
        return paper.lookahead(v, problem.gradient(v, t), state, t, inner=inner, k=k, alpha=alpha, **at(t, hyper))

    optimizer = optim.Lookahead(getattr(optim, base)(problem.params, **hyper), k=k, alpha=alpha)
    problem.compare(optimizer, transcription, problem.backward)


# ---- averages of weights, and changes of the gradient


@pytest.mark.parametrize("make, average", [
    (partial(optim.EMA, decay=0.9), partial(paper.ema, decay=0.9, debias=False)),
    (partial(optim.EMA, decay=0.97, bias_correction=True), partial(paper.ema, decay=0.97, debias=True)),
    (optim.SWA, paper.swa),
])
def test_averages(make, average):
    rng, p, history = np.random.default_rng(2), Tensor(np.zeros((3, 2)), requires_grad=True), []
    averager = make([p])
    for _ in range(STEPS):
        p.data[...] = rng.normal(size=(3, 2))
        history.append(p.data.copy())
        averager.update()
        with averager.applied():
            np.testing.assert_allclose(p.data, average(history), rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(p.data, history[-1])


@pytest.mark.parametrize("shape", [(4, 3), (5,), (3, 2, 4)])
@pytest.mark.parametrize("axis", [-1, 0])
def test_changes_of_the_gradient(shape, axis):
    rng = np.random.default_rng(4)
    p = Tensor(rng.normal(size=shape), requires_grad=True)
    p.data[..., 0] *= 1e-3  # a unit under the smallest norm
    for scale in (1e-3, 0.1, 1.0):
        g = scale * rng.normal(size=shape)
        p.grad = g.copy()
        optim.centralize_grad([p], output_axis=axis)
        np.testing.assert_allclose(np.asarray(p.grad.data), paper.centralized(g, axis), rtol=1e-9, atol=1e-15)
        p.grad = g.copy()
        optim.clip_grad_adaptive([p], clip_factor=0.1, eps=0.01, output_axis=axis)
        np.testing.assert_allclose(np.asarray(p.grad.data), paper.adaptive_clip(p.data, g, 0.1, 0.01, axis), rtol=1e-9)


BETAS = {"lr": 0.1, "betas": ADAM, "eps": 1e-8}
AT_ZERO = [
    ("LAMB", paper.lamb, {}, BETAS | {"weight_decay": 0.1}),
    ("LARS", paper.lars, {}, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1, "trust_coefficient": 0.01}),
    ("DoG", paper.dog, {}, {"lr": 1.0, "reps_rel": 1e-3, "eps": 1e-8}),
    ("DoWG", paper.dowg, {}, {"lr": 1.0, "r2_start": 1e-3, "eps": 1e-8}),
    ("DAdaptAdam", paper.dadapt_adam, {"inner": "old"}, BETAS | {"d0": 1e-3, "bias_correction": True}),
    ("Prodigy", paper.prodigy, {"eps_scale": "new"},
     BETAS | {"beta3": None, "d0": 1e-3, "d_coef": 1.0, "bias_correction": True}),
    ("Shampoo", paper.shampoo, {}, {"lr": 0.1, "eps": 1e-4}),
    ("SOAP", paper.soap, {}, BETAS | {"shampoo_beta": 0.9, "weight_decay": 0.1, "precondition_frequency": 2}),
    ("Adafactor", paper.adafactor, {"eps1_form": "clamped"},
     {"lr": 0.1, "beta2_decay": -0.8, "eps": (None, 1e-3), "d": 1.0}),
    ("FTRL", paper.ftrl, {}, {"lr": 0.1, "beta": 1.0, "l1": 0.0, "l2": 0.0}),
    ("AdaBound", paper.adabound, {"bias_correction": True, "sqrt_t": False, "base_lr": 0.1},
     BETAS | {"final_lr": 0.1, "gamma": 0.1, "lr": lambda step: 0.1 * (step > 1)}),
    ("ScheduleFreeSGD", paper.schedule_free_sgd, {}, {"momentum": 0.9, "lr": lambda step: 0.1 * (step > 1)}),
    ("Muon", paper.muon, {}, {"lr": 0.1, "weight_decay": 0.1, "momentum": 0.95, "nesterov": True, "eps": 1e-7,
                              "ns_coefficients": (3.4445, -4.775, 2.0315), "ns_steps": 5}),
]


@pytest.mark.parametrize("name, rule, form, hyper", AT_ZERO)
@pytest.mark.parametrize("start", [0.0, 1.0])
def test_zeros(name, rule, form, hyper, start):
    """A norm of zero, of the weights or of a whole gradient (the first and a later one), and a rate of zero."""
    w, state = np.full((2, 2), start), {}
    p = Tensor(w.copy(), requires_grad=True)
    optimizer = getattr(optim, name)([p], **hyper)
    some = np.array([[1.0, -2.0], [0.5, 0.1]])
    for t, g in enumerate([0 * some, some, 0 * some, some - 1, some], start=1):
        p.grad = g.copy()
        optimizer.step()
        w = rule(w, g, state, t, **at(t, hyper | form))
        np.testing.assert_allclose(p.data, w, rtol=1e-9, atol=1e-12)
    assert np.abs(w - start).max() > 1e-4
