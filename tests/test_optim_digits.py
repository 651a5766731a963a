"""Every rule trains a small network on the digits, in float32, at a rate that suits it."""

import numpy as np
import pytest

from minidl import data, nn, optim
from minidl.data import DataLoader
from minidl.optim import Optimizer
from minidl.optim.more.matrix import muon_groups
from minidl.optim.more.wrappers import Wrapper
from minidl.train import evaluate, fit

CE = nn.CrossEntropyLoss()
FAMILY = {cls.__name__: cls for cls in (getattr(optim, name) for name in optim.__all__)
          if isinstance(cls, type) and issubclass(cls, Optimizer) and cls is not Optimizer}  # fmt: skip
CHANCE = {"RandomSearch", "RandomLocalSearch"}  # the loss falls, but not far
WHOLE = {"LBFGS", "Rprop", "RpropDelayed", *CHANCE}  # for one batch that stays the same
# From a sweep over 1e-3, 3e-3, ..., 10: what lowers the loss well in four epochs
RATES = {
    "SGD": {"lr": 0.3}, "SGDW": {"lr": 0.3, "weight_decay": 1e-3}, "SGDRateInside": {"lr": 0.05, "momentum": 0.9},
    "Momentum": {"lr": 0.5}, "Nesterov": {"lr": 0.1}, "QHM": {"lr": 1.0}, "AggMo": {"lr": 0.1}, "ASGD": {"lr": 0.3},
    "ScheduleFreeSGD": {"lr": 1.0}, "PolyakStep": {"lr": 1.0}, "DoG": {"lr": 1.0, "reps_rel": 0.01},
    "DoWG": {"lr": 0.5, "r2_start": 0.1}, "LARS": {"lr": 10.0}, "LARSRateOutside": {"lr": 10.0},
    "LARSJointNorm": {"lr": 10.0}, "AdaGrad": {"lr": 0.1}, "AdaGradInitial": {"lr": 0.1}, "AdaDelta": {"lr": 3.0},
    "RMSProp": {"lr": 0.01}, "RMSPropRateInside": {"lr": 3e-3}, "RMSPropGraves": {"lr": 3e-3}, "Adam": {"lr": 0.02},
    "AdamW": {"lr": 0.02}, "AdamEpsHat": {"lr": 0.02}, "AdamUncorrected": {"lr": 0.01}, "AMSGrad": {"lr": 0.02},
    "AMSGradCorrected": {"lr": 0.03}, "AdaMax": {"lr": 0.05}, "AdaMaxOutside": {"lr": 0.05}, "NAdam": {"lr": 0.02},
    "NAdamW": {"lr": 0.02}, "RAdam": {"lr": 0.2}, "AdaBelief": {"lr": 0.02}, "AdaBound": {"lr": 0.03},
    "Yogi": {"lr": 0.02}, "AdEMAMix": {"lr": 0.02}, "Adan": {"lr": 0.03}, "QHAdam": {"lr": 0.03},
    "LaProp": {"lr": 0.02}, "ADOPT": {"lr": 0.02}, "LAMB": {"lr": 0.02}, "LAMBClamped": {"lr": 0.02},
    "SignSGD": {"lr": 0.01}, "Signum": {"lr": 0.01}, "Lion": {"lr": 5e-3}, "Rprop": {"lr": 0.01},
    "FTRL": {"lr": 0.1, "beta": 1e-6}, "MADGRAD": {"lr": 0.02}, "DAdaptAdam": {"lr": 1.0, "d0": 1e-3},
    "Prodigy": {"lr": 1.0, "d0": 1e-3}, "ScheduleFreeAdamW": {"lr": 0.05}, "Adafactor": {"lr": 0.1},
    "Muon": {"lr": 0.02}, "Shampoo": {"lr": 0.3, "precondition_frequency": 5, "eps": 0.1}, "SOAP": {"lr": 0.03},
    "SophiaH": {"lr": 5e-3}, "AdaHessian": {"lr": 0.05}, "LBFGS": {"lr": 1.0, "max_iter": 5},
    "SGDDampenedStart": {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}, "RMSPropInitial": {"lr": 0.1},
    "AdamWEpsHat": {"lr": 0.02}, "AdamWPaperDecay": {"lr": 0.02}, "AdamEpsInside": {"lr": 0.02},
    "AdaMaxUncorrected": {"lr": 0.05}, "RAdamEpsAfter": {"lr": 0.2}, "RAdamSkipping": {"lr": 0.15},
    "AdaBeliefUnstored": {"lr": 0.02}, "RpropDelayed": {"lr": 0.01},
    "FTRLShrinkage": {"lr": 0.1, "beta": 1e-6, "initial_accumulator": 0.0},
    "AdafactorPaper": {"lr": 0.1}, "MuonCorrected": {"lr": 0.02}, "MuonUnclamped": {"lr": 0.02},
    "MuonCoupledDecay": {"lr": 0.02}, "ShampooSequential": {"lr": 0.3, "eps": 0.1}, "SophiaHDelayed": {"lr": 5e-3},
    "RandomSearch": {"lr": 0.1}, "RandomLocalSearch": {"lr": 0.03}, "Lookahead": {"lr": 0.5}, "SAM": {"lr": 0.3},
}  # fmt: skip
every_rule = pytest.mark.parametrize("name", FAMILY)


def test_every_class_has_a_rate():
    assert set(RATES) == set(FAMILY), f"give {set(FAMILY) ^ set(RATES)} a rate in RATES of {__file__}"


def network():
    rng = np.random.default_rng(0)
    return nn.Sequential(nn.Dense(64, 32, rng=rng), nn.ReLU(), nn.Dense(32, 10, rng=rng))


def optimizers_of(name, model):
    """Wrappers go around SGD; Muon takes the hidden matrix, AdamW the rest."""
    cls, settings = FAMILY[name], RATES[name]
    if issubclass(cls, Wrapper):
        return [cls(optim.SGD(model.parameters(), **settings))]
    if name.startswith("Muon"):
        matrices, rest = muon_groups(model)
        return [cls(matrices, **settings), optim.AdamW(rest, lr=0.02)]
    if name.startswith("LARS"):  # a bias that starts at zero has no norm to take a share of
        weights, biases = ([p for p in model.parameters() if (p.ndim == 2) == two] for two in (True, False))
        return [cls([{"params": weights}, {"params": biases, "lr": 0.1}], **settings)]
    return [cls(model.parameters(), **settings)]


def learns(model, optimizers, train, share):
    """Whether `train` lowers the loss on its first samples to that share, and moves every parameter."""
    digits = data.load("digits").train
    before, start = evaluate(model, DataLoader(digits, 512), CE)["loss"], [p.data.copy() for p in model.parameters()]
    train(digits)
    for optimizer in optimizers:
        if hasattr(optimizer, "eval"):
            optimizer.eval()
    after = evaluate(model, DataLoader(digits, 512), CE)["loss"]
    moved = [float(np.abs(p.data - w).max()) for p, w in zip(model.parameters(), start, strict=True)]
    assert all(p.data.dtype == np.float32 and np.isfinite(p.data).all() for p in model.parameters())
    return after < share * before and min(moved) > 1e-4


def steps(model, optimizers, loader, epochs=1):
    """A loop for rules that work together."""
    for _ in range(epochs):
        for x, y in loader:
            loss = CE(model(x), y)
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
            model.zero_grad()


def trained(name, batch, epochs, samples=None):
    model = network()
    optimizers = optimizers_of(name, model)

    def train(digits):
        part = digits if samples is None else (digits.x[:samples], digits.y[:samples])
        loader = DataLoader(part, 2000 if name in WHOLE else batch, shuffle=True)
        if len(optimizers) > 1:
            steps(model, optimizers, loader, epochs)
        else:
            fit(model, loader, optimizers[0], CE, epochs)

    return model, optimizers, train


@every_rule
def test_a_few_steps_lower_the_loss(name):
    assert learns(*trained(name, 64, 20 if name in WHOLE - {"LBFGS"} else 1), 0.995 if name in CHANCE else 0.75)


@pytest.mark.slow
@every_rule
def test_a_few_epochs_train_the_network(name):
    assert learns(*trained(name, 32, 60 if name in WHOLE else 8), 0.995 if name in CHANCE else 0.15)


class Up(optim.Adam):
    def update(self, w, g, m, v, v_max=None, *, lr, betas, eps, t):
        super().update(w, -g, m, v, v_max, lr=lr, betas=betas, eps=eps, t=t)


class Frozen(optim.Adam):
    """Only the last layer learns."""

    def update(self, w, g, m, v, v_max=None, *, lr, betas, eps, t):
        if w.size != 64 * 32:
            super().update(w, g, m, v, v_max, lr=lr, betas=betas, eps=eps, t=t)


@pytest.mark.parametrize("cls", [Up, Frozen])
def test_a_wrong_sign_and_a_frozen_weight_are_seen(cls, monkeypatch):
    monkeypatch.setitem(FAMILY, "Adam", cls)
    assert not learns(*trained("Adam", 64, 1), 0.75)
