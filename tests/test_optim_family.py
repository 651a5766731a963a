"""Closed forms and invariances of the whole family, found by introspection: a new rule is held to them by itself.

ABOUT says what is known of each class: a class without a row, or with one that is not true, fails and says what to do.
"""

import copy
import inspect
import io
import json
import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minidl.optim.optimizer as base
from minidl import Tensor, optim
from minidl.optim import Optimizer, check_optimizer
from minidl.optim.check.runs import Run
from minidl.optim.more.wrappers import Wrapper

FAMILY = {cls.__name__: cls for cls in (getattr(optim, name) for name in optim.__all__)
          if isinstance(cls, type) and issubclass(cls, Optimizer) and cls is not Optimizer}  # fmt: skip
LR = 0.25
MATRICES = [(3, 4), (3, 4), (5, 2)]
SHAPES = [(3, 4), (3, 4), (5,), ()]
BY_CHANCE = "it takes no gradient"


def sign(g, w):
    return np.sign(g)


def norm(x):
    return np.linalg.norm(x)


def of_length(length, x):
    return length / norm(x) * x


class About(NamedTuple):
    """What is known of a class.

    first: the first step from w with gradient g, divided by -LR; or why there is no closed form.
    power: c times the loss is what c^power times the rate is; or why it is neither.
    free: settings without a scale of their own (no eps), for `power`.
    turns: which linear maps of the weights commute with the rule: "all" orthogonal ones, "sides" (U W V'),
    "coordinates" (permutations and signs of elements), "lines" (of whole rows and columns), or why none does.
    decay: the factor of the weights in a first step of gradient 0 with weight_decay=0.1, where the rule applies it; or
    why it is none.
    """

    first: object
    power: object
    free: dict
    turns: str
    decay: object = None


EPS = {"eps": 0.0}
TINY = {"eps": 1e-200}
D0 = 1e-6
SHRUNK = 1 - LR * 0.1
ABOUT = {
    "SGD": About(lambda g, w: g, 1, {"momentum": 0.9}, "all"),
    "SGDW": About(lambda g, w: g + 0.01 * w, 1, {"weight_decay": 0.0, "momentum": 0.9}, "all", SHRUNK),
    "SGDRateInside": About(lambda g, w: g, 1, {"momentum": 0.9}, "all"),
    "Momentum": About(lambda g, w: 0.1 * g, 1, {}, "all"),
    "Nesterov": About(lambda g, w: 1.9 * g, 1, {}, "all"),
    "QHM": About(lambda g, w: (1 - 0.999 * 0.7) * g, 1, {}, "all"),
    "AggMo": About(lambda g, w: g, 1, {}, "all"),
    "ASGD": About(lambda g, w: g + 1e-4 * w, 1, {"lambd": 0.0}, "all"),
    "ScheduleFreeSGD": About(lambda g, w: g, 1, {}, "all"),
    "PolyakStep": About(lambda g, w: min(0.5 * (g * g / H).sum() / (g * g).sum() / LR, 1) * g, 0, {"lr": 1e9}, "all"),
    "LBFGS": About(
        "it takes up to 20 steps at once", 0, {"lr": 1e-3, "max_iter": 1, "tolerance_change": 0.0},
        "coordinates",  # its first step is as long as sum |g| says
    ),
    "DoG": About(lambda g, w: D0 * (1 + norm(w)) / norm(g) * g, 0, EPS | {"reps_rel": 0.01}, "all"),
    "DoWG": About(lambda g, w: 1e-4 / (0.01 * norm(g) + 1e-4) * g, 0, EPS | {"r2_start": 0.01}, "all"),
    "LARS": About(lambda g, w: 1e-3 * norm(w) / norm(g) * g, 0, {"lr": 20.0}, "all", 1 - LR * 1e-3),
    "LARSRateOutside": About(lambda g, w: 1e-3 * norm(w) / norm(g) * g, 0, {"lr": 20.0}, "all", 1 - LR * 1e-3),
    "LARSJointNorm": About(lambda g, w: 1e-3 * norm(w) / norm(g) * g, 0, {"lr": 20.0}, "all", 1 - LR * 1e-3),
    "AdaGrad": About(sign, 0, EPS, "coordinates"),
    "AdaGradInitial": About(
        lambda g, w: g / np.sqrt(0.1 + g * g + 1e-7), 0, EPS | {"initial_accumulator": 0.0}, "coordinates"
    ),
    "AdaDelta": About(
        lambda g, w: np.sqrt(1e-6 / (0.1 * g * g + 1e-6)) * g, 0, {"lr": 3e4, "eps": 1e-14}, "coordinates"
    ),
    "RMSProp": About(lambda g, w: 10 * np.sign(g), 0, EPS | {"centered": True}, "coordinates"),
    "RMSPropRateInside": About(lambda g, w: g / np.sqrt(0.1 * g * g + 1e-7), 0, EPS, "coordinates"),
    "RMSPropGraves": About(lambda g, w: g / np.sqrt((0.05 - 0.05**2) * g * g + 1e-4), 0, EPS, "coordinates"),
    "Adam": About(sign, 0, EPS, "coordinates"),
    "AdamW": About(lambda g, w: np.sign(g) + 0.01 * w, 0, EPS, "coordinates", SHRUNK),
    "AdamEpsHat": About(sign, 0, EPS, "coordinates"),
    "AdamUncorrected": About(lambda g, w: 0.1 / np.sqrt(0.001) * np.sign(g), 0, EPS, "coordinates"),
    "AMSGrad": About(sign, 0, EPS, "coordinates"),
    "AMSGradCorrected": About(sign, 0, EPS, "coordinates"),
    "AdaMax": About(sign, 0, EPS, "coordinates"),
    "AdaMaxOutside": About(sign, 0, EPS, "coordinates"),
    "NAdam": About(lambda g, w: nadam() * np.sign(g), 0, EPS, "coordinates"),
    "NAdamW": About(lambda g, w: nadam() * np.sign(g) + 0.01 * w, 0, EPS, "coordinates", SHRUNK),
    "RAdam": About(lambda g, w: g, "its first steps are not normalised, its later ones are", {}, "coordinates"),
    "AdaBelief": About(lambda g, w: np.sign(g) / 0.9, 0, EPS, "coordinates"),
    "AdaBound": About(
        lambda g, w: 0.1 * g * np.clip(np.sqrt(0.001) / 0.1 / np.sqrt(0.001 * g * g), 0.1 * 0.001 / 1.001 / LR,
                                       0.1 * 1001 / LR),
        "it turns from Adam, which does not see the scale, into SGD, which does", {}, "coordinates",
    ),
    "Yogi": About(
        lambda g, w: (0.1 * g + 0.9e-6) / 0.1 / (np.sqrt((1e-6 + 0.001 * g * g) / 0.001) + 1e-3), 0,
        EPS | {"initial_accumulator": 0.0}, "coordinates",
    ),
    "AdEMAMix": About(lambda g, w: (1 + 5e-4) * np.sign(g), 0, EPS, "coordinates", SHRUNK),
    "Adan": About(sign, 0, EPS, "coordinates", 1 / (1 + LR * 0.1)),
    "QHAdam": About(sign, 0, EPS, "coordinates"),
    "LaProp": About(sign, 0, EPS, "coordinates"),
    "ADOPT": About(lambda g, w: 0 * g, 0, TINY, "coordinates"),
    "LAMB": About(lambda g, w: of_length(norm(w), g / (abs(g) + 1e-6)), 0, EPS, "coordinates", 1 - LR),
    "LAMBClamped": About(
        lambda g, w: of_length(norm(w), 0.1 * g / (np.sqrt(0.001) * abs(g) + 1e-6)), 0, EPS, "coordinates", 1 - LR
    ),
    "SignSGD": About(sign, 0, {}, "coordinates"),
    "Signum": About(sign, 0, {}, "coordinates"),
    "Lion": About(sign, 0, {}, "coordinates", SHRUNK),
    "Rprop": About(sign, 0, {}, "coordinates"),
    "FTRL": About(lambda g, w: (g - abs(g) / LR * w) / (1 + abs(g)) + w / LR, 0, {"beta": 1e-200}, "coordinates"),
    "MADGRAD": About(
        lambda g, w: 0.1 / LR * (LR + 1e-6) * g / (np.cbrt((LR + 1e-6) * g * g) + 1e-6), 0.5, TINY, "coordinates"
    ),
    "DAdaptAdam": About(
        lambda g, w: D0 * np.sign(g), 0, TINY | {"d0": 0.1, "lr": 1.0}, "coordinates", 1 - LR * D0 * math.sqrt(1e-3)
    ),
    "Prodigy": About(
        lambda g, w: D0 * np.sign(g), 0, TINY | {"d0": 0.1, "lr": 1.0}, "coordinates", 1 - LR * D0 * math.sqrt(1e-3)
    ),
    "ScheduleFreeAdamW": About(sign, 0, EPS, "coordinates", SHRUNK),
    "Adafactor": About(
        lambda g, w: norm(w) / math.sqrt(w.size) * np.sign(g), 0, {"eps": (1e-200, 1e-3)}, "lines", SHRUNK
    ),
    "Muon": About("test_muon_steps_by_its_polynomial", 0, EPS, "sides", SHRUNK),
    "Shampoo": About(lambda g, w: g / np.sqrt(norm(g) ** 2 + 1e-4), 0, {"eps": 1e-20}, "sides"),
    "SOAP": About(lambda g, w: 0 * g, 0, TINY, "sides", 1.0),
    "SophiaH": About(
        lambda g, w: np.sign(g) + 0.1 * w, 0, {"eps": 1e-200, "gamma": 10.0},
        "its probes are drawn in the order of the coordinates", SHRUNK,
    ),
    "AdaHessian": About(
        lambda g, w: g / (H + 1e-4), 0, EPS, "its probes are drawn in the order of the coordinates", SHRUNK
    ),
    "RandomSearch": About(BY_CHANCE, 0, {}, BY_CHANCE),
    "RandomLocalSearch": About(BY_CHANCE, 0, {}, BY_CHANCE),
    "SGDDampenedStart": About(lambda g, w: g, 1, {"momentum": 0.9, "dampening": 0.5}, "all"),
    "RMSPropInitial": About(
        lambda g, w: g / np.sqrt(0.9 + 0.1 * g * g + 1e-10), 0, EPS | {"initial_accumulator": 0.0}, "coordinates"
    ),
    "AdamWEpsHat": About(
        lambda g, w: g / (abs(g) + 1e-7 / np.sqrt(0.001)) + 0.004 * w, 0, EPS, "coordinates", SHRUNK
    ),
    "AdamWPaperDecay": About(sign, 0, EPS, "coordinates", 0.9),
    "AdamEpsInside": About(lambda g, w: g / np.sqrt(g * g + 1e-8), 0, EPS, "coordinates"),
    "AdaMaxUncorrected": About(lambda g, w: 0.1 * np.sign(g), 0, EPS, "coordinates"),
    "RAdamEpsAfter": About(lambda g, w: g, "as RAdam", {}, "coordinates"),
    "RAdamSkipping": About(lambda g, w: 0 * g, 0, EPS, "coordinates"),
    "AdaBeliefUnstored": About(lambda g, w: np.sign(g) / 0.9, 0, EPS, "coordinates"),
    "RpropDelayed": About(lambda g, w: 0 * g, 0, {}, "coordinates"),
    "FTRLShrinkage": About(
        lambda g, w: (g - (np.sqrt(0.1 + g * g) - np.sqrt(0.1)) / LR * w) / np.sqrt(0.1 + g * g) + w / LR, 0,
        {"initial_accumulator": 1e-200}, "coordinates",
    ),
    "AdafactorPaper": About(
        lambda g, w: norm(w) / math.sqrt(w.size) * np.sign(g), 0, {"eps": (1e-200, 1e-3)}, "lines", SHRUNK
    ),
    "MuonCorrected": About("as Muon", 0, EPS, "sides", SHRUNK),
    "MuonUnclamped": About("as Muon", 0, EPS, "sides", SHRUNK),
    "MuonCoupledDecay": About("as Muon", 0, EPS | {"weight_decay": 0.0}, "sides", "it turns the step"),
    "ShampooSequential": About("its sides see one another", 0, {"eps": 1e-20}, "sides"),
    "SophiaHDelayed": About(
        lambda g, w: np.sign(g) + 1e-4 * w, 0, {"eps": 1e-200, "gamma": 10.0}, "coordinates", SHRUNK
    ),
    "Lookahead": About(lambda g, w: g, 1, {}, "all"),  # around SGD
    "SAM": About(lambda g, w: g + 0.05 * H * g / norm(g), 1, {}, "all"),
}  # fmt: skip


def nadam():
    mu1, mu2 = (0.9 * (1 - 0.5 * 0.96 ** (0.004 * t)) for t in (1, 2))
    return 1 + mu2 * (1 - 0.9) / (1 - mu1 * mu2)


def about(name):
    return ABOUT.get(name) or pytest.skip("no row: see test_every_class_has_a_row")


def test_every_class_has_a_row():
    missing = sorted(set(FAMILY) - set(ABOUT))
    assert not missing, (
        f"add {', '.join(missing)} to ABOUT in {__file__}: first step, what scaling the loss does, which settings have "
        "no scale of their own, which maps commute with the rule, and what weight_decay does where it names it"
    )
    assert set(ABOUT) == set(FAMILY), f"ABOUT has rows for {sorted(set(ABOUT) - set(FAMILY))}, which are no optimizers"


every_class = pytest.mark.parametrize("name", FAMILY)


def make(name, **settings):
    """A function from parameters to the optimizer; wrappers go around SGD."""
    cls = FAMILY[name]
    if issubclass(cls, Wrapper):
        return lambda params: cls(optim.SGD(params, **{"lr": LR} | settings))
    needs = inspect.signature(cls).parameters["lr"].default is inspect.Parameter.empty
    return lambda params: cls(params, **({"lr": LR} if needs else {}) | settings)


def variants():
    """Every class with its defaults, and with each flag and each number whose default is 0 switched on."""
    for name, cls in FAMILY.items():
        yield name, {}
        for p in () if issubclass(cls, Wrapper) else inspect.signature(cls).parameters.values():
            if p.name == "nesterov":
                flag = {"nesterov": not p.default, "momentum": 0.9}
            elif p.name == "dampening":
                flag = {"dampening": 0.3, "momentum": 0.9}
            elif isinstance(p.default, bool):
                flag = {p.name: not p.default}
            else:
                flag = {p.name: 1 if p.name in ("seed", "warmup_steps") else 0.2}
            if isinstance(p.default, bool) or (p.default == 0 and p.name != "f_min"):
                yield name, flag


def label(x):
    return x if isinstance(x, str) else "-".join(x)


VARIANTS = list(variants())
every_variant = pytest.mark.parametrize("name, flags", VARIANTS, ids=label)


def start(name, flags, dtype="float32", **more):
    return Run(make(name, **flags), MATRICES if name.startswith("Muon") else SHAPES, dtype=dtype, **more)


def same(a, b):
    return all(x.dtype == y.dtype and x.tobytes() == y.tobytes() for x, y in zip(a, b, strict=True))


# -- a bowl 1/2 (w - target)' A (w - target), whose coordinates can be turned

H = np.array([0.5, 2.0, 0.7, 1.3])  # curvatures of the bowl of the first steps


def descend(optimizer_of, A, target, w0, steps):
    """The weights after each step; A acts on the elements of w in their order."""
    w = Tensor(w0, requires_grad=True)
    optimizer = optimizer_of([w])

    def closure():
        optimizer.zero_grad()
        away = w.reshape(-1) - target
        loss = 0.5 * (away * (A @ away)).sum()
        if optimizer.closure == "backward":
            loss.backward()
        return loss

    path = []
    for _ in range(steps):
        if optimizer.closure:
            optimizer.step(closure)
        else:
            w.grad = (A @ (w.data.reshape(-1) - target)).reshape(w.shape)
            optimizer.step()
        path.append(w.data.copy())
    return np.array(path)


@pytest.mark.parametrize("name", [name for name, row in ABOUT.items() if not isinstance(row.first, str)])
def test_first_step(name):
    row, w = ABOUT[name], np.array([1.0, -2.0, 3.0, 0.5])
    target = np.array([0.3, 1.0, -4.0, 5.0])
    g = H * (w - target)
    moved = descend(make(name, lr=LR), np.diag(H), target, w, 1)[0] - w
    np.testing.assert_allclose(moved, -LR * row.first(g, w), rtol=2e-6, atol=1e-12)


def test_muon_steps_by_its_polynomial():
    """On an orthogonal gradient all singular values are alike, and the iteration is one of numbers."""
    Q = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    w, x = Tensor(np.ones((3, 3)), requires_grad=True), 1 / math.sqrt(3)
    for _ in range(5):
        x = 3.4445 * x - 4.7750 * x**3 + 2.0315 * x**5
    w.grad = 7 * Q
    optim.Muon([w], lr=LR).step()
    np.testing.assert_allclose(w.data, 1 - LR * 0.1 - LR * x * Q, rtol=1e-6)


# -- what scaling the loss does


@every_class
def test_scale_of_the_loss(name):
    """f -> c f: unchanged, or the same as another rate; each shown together with its not being another of these."""
    row, rng = about(name), np.random.default_rng(1)
    A, target, w = bowl(9), rng.normal(size=9), rng.normal(size=(3, 3))
    power, lr = row.power, row.free.get("lr", 0.02)
    settings, c = {"lr": lr} | row.free, 64.0
    scaled = descend(make(name, **settings), c * A, target, w, 15)
    fits = {
        p: close(scaled, descend(make(name, **settings | {"lr": lr * c**p}), A, target, w, 15), w) for p in (0, 0.5, 1)
    }
    if row.turns != BY_CHANCE:
        assert np.abs(scaled - w).max() > 1e-4 * np.abs(w).max(), f"{name} has hardly moved: give ABOUT another lr"
        expected = {p: p == power for p in fits}
        if name in LR_DOES_NOTHING:
            expected = dict.fromkeys(fits, True)
        assert fits == expected, f"{name}: c times the loss is c^p times the rate for {fits}; correct `power` in ABOUT"
    else:
        assert fits[0]


LR_DOES_NOTHING = {"PolyakStep"}  # lr is only the largest rate allowed


def bowl(n):
    Q = np.linalg.qr(np.random.default_rng(2).normal(size=(n, n)))[0]
    return Q @ np.diag(np.linspace(0.2, 1.0, n)) @ Q.T


def close(a, b, w):
    return bool(np.abs(a - b).max() <= 1e-6 * np.abs(b - w).max())


# -- permutations, signs, rotations


def maps():
    """An orthogonal matrix for the 9 elements of a 3 x 3 weight: (name, matrix)."""
    rng = np.random.default_rng(3)
    turn = lambda n: np.linalg.qr(rng.normal(size=(n, n)))[0]
    shuffle = lambda n: np.eye(n)[rng.permutation(n)] * rng.choice([-1, 1], n)
    return {
        "all": turn(9), "sides": np.kron(turn(3), turn(3)), "coordinates": shuffle(9),
        "lines": np.kron(shuffle(3), shuffle(3)),
    }  # fmt: skip


INCLUDED = {
    "all": {"all", "sides", "coordinates", "lines"}, "sides": {"sides", "lines"},
    "coordinates": {"coordinates", "lines"}, "lines": {"lines"},
}  # fmt: skip


@every_class
def test_maps_that_commute_with_the_rule(name):
    """To turn the bowl and the start turns the path, for the maps in ABOUT and for no others."""
    row, rng = about(name), np.random.default_rng(4)
    A, target, w = bowl(9), 3 * rng.normal(size=9), rng.normal(size=(3, 3))
    settings = {"lr": 0.02} | row.free
    if name == "SOAP":
        settings["eps"] = 1e-8  # without, it steps along rounding errors
    path = descend(make(name, **settings), A, target, w, 12)
    commutes = set()
    for kind, Q in maps().items():
        turned = descend(make(name, **settings), Q @ A @ Q.T, Q @ target, (Q @ w.reshape(-1)).reshape(3, 3), 12)
        if close(turned.reshape(12, 9), path.reshape(12, 9) @ Q.T, (Q @ w.reshape(-1))[None]):
            commutes.add(kind)
    expected = INCLUDED.get(row.turns, set())
    assert commutes == expected, f"{name} commutes with {commutes or 'nothing'}: correct `turns` in ABOUT"


# -- one rule is another at the end of its range: (class, settings, other class, its settings), lr = LR where not given

MOVED = {"betas": (0.8, 0.95), "eps": 1e-3}
SMALL = {"betas": (0.8, 0.95), "eps": 0.0}
REDUCTIONS = [
    ("SGD", {"momentum": 0.0}, "Nesterov", {"momentum": 0.0}),
    ("SGD", {}, "Momentum", {"beta": 0.0}),
    ("SGD", {"momentum": 0.8, "nesterov": True}, "Nesterov", {"momentum": 0.8}),
    ("SGD", {"momentum": 0.8}, "Momentum", {"beta": 0.8, "lr": LR / (1 - 0.8)}),
    ("Momentum", {"bias_correction": True}, "Momentum", {"lr": lambda t: LR / (1 - 0.9 ** (t + 1))}),
    ("SGDW", {"weight_decay": 0.0, "momentum": 0.9, "dampening": 0.3}, "SGD", {"momentum": 0.9, "dampening": 0.3}),
    ("SGDRateInside", {"momentum": 0.9, "weight_decay": 0.2}, "SGD", {"momentum": 0.9, "weight_decay": 0.2}),
    ("SGDRateInside", {"momentum": 0.7, "nesterov": True}, "Nesterov", {"momentum": 0.7}),
    ("QHM", {"nu": 0.0, "weight_decay": 0.2}, "SGD", {"weight_decay": 0.2}),
    ("QHM", {"nu": 1.0, "beta": 0.9}, "Momentum", {"beta": 0.9}),
    ("QHM", {"nu": 0.75, "beta": 0.75, "lr": 4 * LR}, "Nesterov", {"momentum": 0.75}),
    ("AggMo", {"betas": (0.9,)}, "SGD", {"momentum": 0.9}),
    ("AggMo", {"betas": (0.0, 0.0)}, "SGD", {}),
    ("ASGD", {"lambd": 0.0, "weight_decay": 0.2}, "SGD", {"weight_decay": 0.2}),
    ("PolyakStep", {"f_min": -1e9}, "SGD", {}),
    ("Signum", {"beta": 0.0}, "SignSGD", {}),
    ("Lion", {"betas": (0.9, 0.9)}, "Signum", {"beta": 0.9}),
    ("Rprop", {"step_sizes": (LR, LR), "etas": (0.5, 1.2), "lr": 7.0}, "Rprop", {"step_sizes": (LR, LR)}),
    ("AdaGrad", {"lr_decay": 0.3}, "AdaGrad", {"lr": lambda t: LR / (1 + 0.3 * t)}),
    ("AdaGradInitial", {"initial_accumulator": 0.0, "eps": 1e-2}, "AdaGrad", {"eps": 1e-2, "eps_inside_sqrt": True}),
    ("FTRL", {"beta": 1e-12}, "AdaGrad", {"eps": 1e-12}),
    ("RMSPropRateInside", {"alpha": 0.9, "eps": 1e-2, "momentum": 0.7}, "RMSProp",
     {"alpha": 0.9, "eps": 1e-2, "momentum": 0.7, "eps_inside_sqrt": True}),
    ("RMSPropGraves", {"momentum": 0.0}, "RMSProp",
     {"alpha": 0.95, "eps": 1e-4, "centered": True, "eps_inside_sqrt": True}),
    ("Adam", {"betas": (0.0, 0.99), "eps": 0.0}, "RMSProp",
     {"alpha": 0.99, "eps": 0.0, "lr": lambda t: LR * (1 - 0.99 ** (t + 1)) ** 0.5}),
    ("Adam", {"amsgrad": True, **MOVED}, "AMSGrad", MOVED),
    ("AdamW", {"weight_decay": 0.0, **MOVED}, "Adam", MOVED),
    ("NAdamW", {"weight_decay": 0.0, **MOVED}, "NAdam", MOVED),
    ("AdamEpsHat", SMALL, "Adam", SMALL),
    ("AdaMaxOutside", SMALL, "AdaMax", SMALL),
    ("QHAdam", {"nus": (1.0, 1.0), **MOVED}, "Adam", MOVED),
    ("QHAdam", {"nus": (0.0, 1.0), **SMALL}, "Adam", {"betas": (0.0, 0.95), "eps": 0.0}),
    ("AdEMAMix", {"betas": (0.8, 0.95, 0.99), "alpha": 0.0, "eps": 1e-3, "weight_decay": 0.2}, "AdamW",
     {"weight_decay": 0.2, **MOVED}),
    ("AdaBound", {"gamma": 1e-12, "final_lr": 0.01, **SMALL}, "Adam", SMALL),
    ("AdaBound", {"gamma": 1e12, "final_lr": 0.01, **SMALL}, "Momentum", {"lr": 0.01, "beta": 0.8}),
    ("AdaBound", {"gamma": 1e-12, "amsbound": True, **SMALL}, "AMSGrad", SMALL),
    ("LaProp", {"betas": (0.0, 0.95), "eps": 1e-3}, "Adam", {"betas": (0.0, 0.95), "eps": 1e-3}),
    ("LARSRateOutside", {"weight_decay": 0.3, "eps": 0.1, "lr": 9.0}, "LARS",
     {"weight_decay": 0.3, "eps": 0.1, "lr": 9.0}),
    ("LARSJointNorm", {"lr": 20.0}, "LARS", {"lr": 20.0}),
    ("LAMBClamped", {"max_norm": math.inf, "betas": (0.0, 0.95), "eps": 0.0}, "LAMB",
     {"betas": (0.0, 0.95), "eps": 0.0}),
    ("SophiaH", {"gamma": 0.0, "eps": 1e-300, "betas": (0.9, 0.99), "weight_decay": 0.0}, "Signum", {"beta": 0.9}),
    ("AdaHessian", {"hessian_power": 0.0, "eps": 0.0, "betas": (0.9, 0.999)}, "Momentum",
     {"beta": 0.9, "bias_correction": True}),
    ("SOAP", {"betas": (0.8, 0.8), "max_precondition_dim": 0, "eps": 0.0, "weight_decay": 0.0}, "Adam",
     {"betas": (0.8, 0.8), "eps": 0.0}),
]  # fmt: skip
LATE = {"SOAP"}  # its first update only sets up its state


@pytest.mark.parametrize("name, flags, other, others", REDUCTIONS, ids=[f"{r[0]} is {r[2]}" for r in REDUCTIONS])
def test_reductions(name, flags, other, others):
    runs = [Run(make(n, **{"lr": LR} | f), [(3, 4)], dtype="float64") for n, f in ((name, flags), (other, others))]
    w0, _ = [run.weights[0] for run in runs]
    if name in LATE:
        runs[0].step(scale=0.0).t = 0
    for steps in (1, 3, 8):
        a, b = (run.step(steps).weights[0] - w0 for run in runs)
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
        assert np.abs(a).max() > 1e-3


def test_radam_starts_as_momentum_with_bias_correction():
    radam, momentum = start("RAdam", {}, "float64"), start("Momentum", {"lr": 1e-3, "bias_correction": True}, "float64")
    apart = lambda: max(np.abs(a - b).max() for a, b in zip(radam.weights, momentum.weights, strict=True))
    radam.step(5), momentum.step(5)
    assert apart() < 1e-15
    radam.step(), momentum.step()  # rho = 5.994
    assert apart() > 1e-5


@pytest.mark.parametrize("name", ["SGD", "Adam", "Rprop", "LARS", "RandomLocalSearch", "SophiaH", "DoG"])
def test_lookahead_of_one_whole_step_and_sam_of_radius_zero_are_their_base(name):
    plain = start(name, {}).step(7).weights
    ahead = Run(lambda params: optim.Lookahead(make(name)(params), k=1, alpha=1.0), SHAPES).step(7).weights
    assert same(ahead, plain)
    if not FAMILY[name].closure:
        sam = Run(lambda params: optim.SAM(make(name)(params), rho=0.0), SHAPES).step(7).weights
        assert all(np.allclose(a, b, rtol=1e-5) for a, b in zip(sam, plain, strict=True))


def test_averages_at_the_ends_of_their_range():
    run = start("SGD", {"momentum": 0.9}, dtype="float64")
    last, still = optim.EMA(run.params, decay=0.0), [optim.SWA(run.params), optim.EMA(run.params, decay=0.9)]
    path = []
    for _ in range(6):
        for average in still:  # of weights that do not move
            average.update()
        for found in (average.weights() for average in still):
            assert all(np.allclose(a, w, rtol=1e-14) for a, w in zip(found, run.weights, strict=True))
    mean = optim.SWA(run.params)
    for _ in range(6):
        path.append(run.step().weights)
        last.update()
        mean.update()
        assert same(last.weights(), run.weights)
    for found, rows in zip(mean.weights(), zip(*path, strict=True), strict=True):
        np.testing.assert_allclose(found, np.mean(rows, axis=0), rtol=1e-14)


# -- what every rule promises, with every flag: see check_optimizer

NOT_ASKED = ("AdamWPaperDecay", "RAdamSkipping")  # decay without lr; no move in the first five steps


@pytest.mark.parametrize("name, flags", [v for v in VARIANTS if v[1] and v[0] not in NOT_ASKED], ids=label)
def test_the_contract_with_every_flag(name, flags):
    """Without flags: test_check_optimizer.py."""
    report = check_optimizer(make(name, **flags), raise_on_failure=False)
    assert report, report


@every_variant
def test_dtype_place_and_shapes(name, flags):
    for dtype in ("float32", "float64"):
        run = start(name, flags, dtype=dtype)
        arrays = [p.data for p in run.params]
        run.step(6)
        assert all(p.data is a and a.dtype == dtype for p, a in zip(run.params, arrays, strict=True))
        for p, state in run.base._state.items():
            assert set(run.base.state) | {"t"} | set(run.base.memory) >= set(state) - set(run.base.optional_state)
            for key, x in state.items():
                if isinstance(x, np.ndarray):
                    assert x.dtype == dtype and x.flags.c_contiguous
                    assert x.shape == p.shape or not run.base.elementwise, key


@pytest.mark.parametrize(
    "name, flags", [v for v in VARIANTS if FAMILY[v[0]].elementwise or issubclass(FAMILY[v[0]], Wrapper)], ids=label
)
def test_blocks_are_the_whole(name, flags, monkeypatch):
    whole = start(name, flags).step(6).weights
    seen = start(name, flags).recorded()
    monkeypatch.setattr(base, "BLOCK", 5)
    assert same(start(name, flags).step(6).weights, whole)
    assert max(call.before[0].size for call in seen.step().calls) < 2 * 5


def test_groups_where_the_loss_is_shared():
    """A group of rate 0 stays, the other one moves, also where all parameters share a number or a closure."""
    for name, cls in FAMILY.items():
        if name in {"LBFGS", "RandomSearch", "RandomLocalSearch", "FTRL", "FTRLShrinkage", "MADGRAD", "Rprop",
                    "RpropDelayed", "RAdamSkipping"}:  # fmt: skip
            continue  # one group; no gradient; no rate of 0; a rate of lr + eps; lr is for later; nothing moves yet
        shapes = MATRICES if name.startswith("Muon") else SHAPES
        parts = lambda params: [{"params": params[:2], "lr": 0.0}, {"params": params[2:]}]
        run = Run(make(name), shapes, dtype="float64", arrange=parts)
        before = run.weights
        after = run.step(4).weights
        assert all(np.allclose(a, b, rtol=1e-12) for a, b in zip(before[:2], after[:2], strict=True)), cls
        assert not any(np.array_equal(a, b) for a, b in zip(before[2:], after[2:], strict=True)), cls


# -- weight decay


def with_decay():
    return [name for name, cls in FAMILY.items() if "weight_decay" in inspect.signature(cls).parameters]


@pytest.mark.parametrize("name", with_decay())
def test_weight_decay(name):
    """The L2 term is a part of the gradient, to the bit; or the rule applies it, and a first step without gradient
    multiplies the weights by a number."""
    row, run = about(name), start(name, {"weight_decay": 0.1, "lr": LR}, dtype="float64")
    named = "weight_decay" in run.base._wants
    assert named == (row.decay is not None), f"{name}: `decay` in ABOUT is for rules whose update names weight_decay"
    if isinstance(row.decay, str):  # why it is no factor
        return
    if named:
        before = run.weights
        for w, x in zip(run.step(scale=0.0).weights, before, strict=True):
            np.testing.assert_allclose(w, row.decay * x, rtol=1e-15)
        return
    plain = start(name, {"weight_decay": 0.0, "lr": LR}, dtype="float64")
    rng = np.random.default_rng(5)
    for _ in range(5):
        for p, q in zip(run.params, plain.params, strict=True):
            g = rng.normal(size=p.shape)
            p.grad, q.grad = g, g + 0.1 * q.data
        run.optimizer.step()
        plain.optimizer.step()
    assert same(run.weights, plain.weights)


# -- saving


def through_files(saved):
    """As JSON and npz give it back."""
    arrays = {}

    def plain(x, path=""):
        if isinstance(x, dict):
            return {k: plain(v, f"{path}/{k}") for k, v in x.items()}
        if isinstance(x, np.ndarray):
            arrays[path] = x
            return {"array": path}
        return x

    text, file = json.dumps(plain(saved)), io.BytesIO()
    np.savez(file, **arrays)
    file.seek(0)
    loaded = dict(np.load(file))
    return json.loads(text, object_hook=lambda d: loaded[d["array"]] if set(d) == {"array"} else d)


def same_state(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same_state(a[k], b[k]) for k in a)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return a == b


@settings(max_examples=150, deadline=None)
@given(variant=st.sampled_from(VARIANTS), done=st.integers(0, 12), more=st.integers(1, 6), falling=st.booleans(),
       missing=st.sets(st.integers(0, 3), max_size=2), dtype=st.sampled_from(["float32", "float64"]))  # fmt: skip
def test_a_run_resumes_at_any_step(variant, done, more, falling, missing, dtype):
    name, flags = variant
    without = missing & set(range(3 if name.startswith("Muon") else 4))
    rate = optim.schedules.InverseTime(0.02, 0.3) if falling else 0.02
    whole, again = start(name, flags | {"lr": rate}, dtype), start(name, {"lr": rate}, dtype)  # flags are loaded
    whole.step(done, without=without)
    saved = whole.optimizer.state_dict()
    for p, w in zip(again.params, whole.weights, strict=True):
        p.data[...] = w
    again.t = done
    again.optimizer.load_state_dict(through_files(saved))
    assert same_state(again.optimizer.state_dict(), saved)
    assert same(again.step(more).weights, whole.step(more).weights)
    assert same_state(again.optimizer.state_dict(), whole.optimizer.state_dict())


@every_class
def test_a_copied_optimizer_goes_on_alike(name):
    run = start(name, {"lr": 0.02}).step(3)
    params, optimizer = copy.deepcopy((run.params, run.optimizer))
    twin = start(name, {"lr": 0.02})
    twin.params, twin.optimizer, twin.t = params, optimizer, 3
    assert same(twin.step(4).weights, run.step(4).weights)


@every_class
def test_states_that_do_not_fit_change_nothing(name):
    run = start(name, {"lr": 0.02}).step(3)
    good, weights = run.optimizer.state_dict(), run.weights
    other = "SGD" if name != "SGD" else "Adam"
    bad = {
        "of another optimizer": start(other, {"lr": 0.02}).step(2).optimizer.state_dict(),
        "under another name": {**copy.deepcopy(good), "optimizer": "Adamant"},
        "of fewer parameters": start(name, {"lr": 0.02}, which=[0, 1]).step(3).optimizer.state_dict(),
        "of nothing": {}, "of no dict": None,
        "half of it": {k: v for k, v in good.items() if k not in ("state", "base")},
    }  # fmt: skip
    if any(isinstance(x, np.ndarray) for state in good["state"].values() for x in state.values()):
        other_type = start(name, {"lr": 0.02}, dtype="float64").step(3).optimizer.state_dict()
        shapes = [(4, 3), (4, 3), *([(2, 5), (2, 2)] if name.startswith("Muon") else [(6,), ()])]
        other_shape = Run(make(name, lr=0.02), shapes[: len(run.params)]).step(3).optimizer.state_dict()
        bad |= {"of another dtype": other_type, "of other shapes": other_shape}
        if name == "LBFGS":
            bad["of other shapes"] = Run(make(name), [(7,)]).step(3).optimizer.state_dict()
    for what, state in bad.items():
        with pytest.raises(ValueError, match=r"state|history|slow"):
            run.optimizer.load_state_dict(state)
            pytest.fail(f"a state {what} was taken")
        assert same_state(run.optimizer.state_dict(), good) and same(run.weights, weights), what


# -- theory of quadratics: Goh, "Why momentum really works", Distill 2017; f = 1/2 sum of l_i x_i^2

CURVATURES = np.array([0.01, 0.1, 0.3, 1.0])


def quadratic(name, steps, **settings):
    return descend(make(name, **settings), np.diag(CURVATURES), np.zeros(4), np.ones(4), steps)


@given(lr=st.floats(0.01, 1.9))
@settings(max_examples=30, deadline=None)
def test_gradient_descent_multiplies_each_error_by_one_minus_lr_curvature(lr):
    path = quadratic("SGD", 20, lr=lr)
    np.testing.assert_allclose(path, (1 - lr * CURVATURES) ** np.arange(1, 21)[:, None], rtol=1e-9, atol=1e-300)


def test_gradient_descent_diverges_beyond_two_over_the_largest_curvature():
    sizes = [np.abs(quadratic("SGD", 400, lr=lr)[[99, 399]]).max(axis=1) for lr in (1.99, 2.01)]
    assert sizes[0][1] < sizes[0][0] and sizes[1][1] > sizes[1][0] > 1


def test_the_best_rate_of_gradient_descent():
    """2 / (l_1 + l_n), at which the error shrinks by (k - 1) / (k + 1); to both sides it is slower."""
    k, best = CURVATURES[-1] / CURVATURES[0], 2 / (CURVATURES[0] + CURVATURES[-1])
    errors = [np.abs(quadratic("SGD", 100, lr=best * factor)[-1]).max() for factor in (0.98, 1.0, 1.02)]
    assert errors[1] == pytest.approx(((k - 1) / (k + 1)) ** 100, rel=1e-9)
    assert errors[1] < errors[0] and errors[1] < errors[2]


@pytest.mark.parametrize("a, b", [(0.5, 0.9), (0.2, 0.64), (3.7, 0.9), (2.0, 0.3), (1.0, 0.01)])
def test_heavy_ball_in_the_complex_case_contracts_by_the_root_of_the_momentum(a, b):
    """(1 - sqrt(a l))^2 < b < (1 + sqrt(a l))^2: x_t+1 = (1 + b - a l) x_t - b x_t-1 has complex roots of modulus
    sqrt(b), and x^2 + ... , the quadratic form that the recurrence scales, falls by exactly b in every step."""
    l = CURVATURES  # noqa: E741
    inside = ((1 - np.sqrt(a * l)) ** 2 < b) & (b < (1 + np.sqrt(a * l)) ** 2)
    assert inside.any()
    path = np.vstack([np.ones((1, 4)), quadratic("SGD", 25, lr=a, momentum=b)])[:, inside]
    x, before = path[1:], path[:-1]
    form = x * x - (1 + b - a * l[inside]) * x * before + b * before * before
    np.testing.assert_allclose(form[1:], b * form[:-1], rtol=1e-6)


def test_heavy_ball_is_stable_up_to_two_plus_two_b():
    for b in (0.0, 0.5, 0.9):
        sizes = [np.abs(quadratic("SGD", 3000, lr=(2 + 2 * b) * f, momentum=b)[[999, 2999]]).max(axis=1)
                 for f in (0.995, 1.005)]  # fmt: skip
        assert sizes[0][1] < sizes[0][0] and sizes[1][1] > sizes[1][0]


def test_the_best_rate_and_momentum_of_the_heavy_ball():
    """a = (2 / (sqrt l_1 + sqrt l_n))^2, b = ((sqrt k - 1) / (sqrt k + 1))^2, at the rate sqrt(b)."""
    root = math.sqrt(CURVATURES[-1] / CURVATURES[0])
    a, b = (2 / (np.sqrt(CURVATURES[0]) + np.sqrt(CURVATURES[-1]))) ** 2, ((root - 1) / (root + 1)) ** 2
    end = lambda a, b: np.abs(quadratic("SGD", 400, lr=a, momentum=b)[-1]).max() ** (1 / 400)
    assert end(a, b) == pytest.approx(math.sqrt(b), rel=0.02)  # twice the same root: t times sqrt(b)^t
    assert all(end(a * f, b * h) > end(a, b) for f, h in ((0.8, 1), (1.1, 1), (1, 0.9), (1, 1.1)))


def test_polyak_step_halves_the_distance_in_a_round_bowl():
    """f = |x|^2: 14, 3.5, .875, ... (optax' docstring)."""
    losses = []
    w = Tensor(np.array([1.0, 2.0, 3.0]), requires_grad=True)
    optimizer = optim.PolyakStep([w])

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    for _ in range(6):
        losses.append(optimizer.step(closure).item())
    assert losses == [14.0, 3.5, 0.875, 0.21875, 0.0546875, 0.013671875]


def test_where_the_rate_stands_decides_what_a_drop_does():
    """f = x^2 / 2 from 1, momentum 0.9, lr 0.1 for 20 steps and then 0.01; numbers of PyTorch and of Keras."""
    drop = optim.schedules.Piecewise([20], [0.1, 0.01])
    for name, expected in (
        ("SGD", [0.3446674486269552, 0.33963871725081124, 0.1862491695748202, 0.0341260166291761]),
        ("SGDRateInside", [0.3446674486269552, 0.32540020524194163, 0.10748839895262831, -0.024225057681435073]),
    ):
        path = descend(make(name, lr=drop, momentum=0.9), np.eye(1), np.zeros(1), np.ones(1), 40)
        np.testing.assert_allclose(path[[19, 20, 30, 39], 0], expected, rtol=1e-12)
