"""What every optimizer does when it is told nothing. Each row was compared with its paper or library.

A default that changes by accident changes every comparison made with it, and no recorded run shows it: those name their
settings.
"""

import inspect
import math
import re

import pytest

from minidl import Tensor, optim
from minidl.optim.catalogue import family

NEEDED = inspect.Parameter.empty

DEFAULTS = {
    # torch.optim 2.13, whose argument names these are
    "AdaGrad": {"lr": 0.01, "lr_decay": 0.0, "eps": 1e-10, "eps_inside_sqrt": False, "weight_decay": 0.0},
    "AdaDelta": {"lr": 1.0, "rho": 0.9, "eps": 1e-06, "weight_decay": 0.0},
    "RMSProp": {
        "lr": 0.01, "alpha": 0.99, "eps": 1e-08, "momentum": 0.0, "centered": False, "eps_inside_sqrt":
        False, "weight_decay": 0.0,
    },
    "Adam": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.0, "amsgrad": False},
    "AdamW": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.01, "amsgrad": False},
    "Rprop": {"lr": 0.01, "etas": (0.5, 1.2), "step_sizes": (1e-06, 50.0)},
    "ASGD": {"lr": 0.01, "lambd": 0.0001, "alpha": 0.75, "t0": 1000000.0, "weight_decay": 0.0},
    "AdaMax": {"lr": 0.002, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.0},
    "NAdam": {"lr": 0.002, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.0, "momentum_decay": 0.004},
    "RAdam": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.0},
    "Adafactor": {"lr": 0.01, "beta2_decay": -0.8, "eps": (None, 0.001), "d": 1.0, "weight_decay": 0.0},
    "Muon": {
        "lr": 0.001, "weight_decay": 0.1, "momentum": 0.95, "nesterov": True, "ns_coefficients": (3.4445,
        -4.775, 2.0315), "eps": 1e-07, "ns_steps": 5, "adjust_lr_fn": None,
    },
    # PyTorch's SGD and L-BFGS, but for lr, which it lets one forget, and the line search, which is off there
    "SGD": {"lr": NEEDED, "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False},
    "SGDW": {"lr": NEEDED, "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.01, "nesterov": False},
    "SGDRateInside": {"lr": NEEDED, "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False},
    "Nesterov": {"lr": NEEDED, "momentum": 0.9, "weight_decay": 0.0},
    "LBFGS": {
        "lr": 1.0, "max_iter": 20, "max_eval": None, "tolerance_grad": 1e-07, "tolerance_change": 1e-09,
        "history_size": 100, "line_search_fn": 'strong_wolfe', "wolfe": (0.0001, 0.9),
    },
    # the course of Ng; the papers
    "Momentum": {"lr": NEEDED, "beta": 0.9, "bias_correction": False, "weight_decay": 0.0},
    "QHM": {"lr": NEEDED, "beta": 0.999, "nu": 0.7, "weight_decay": 0.0},
    "AggMo": {"lr": NEEDED, "betas": (0.0, 0.9, 0.99), "weight_decay": 0.0},
    "SignSGD": {"lr": NEEDED, "weight_decay": 0.0},
    "Signum": {"lr": NEEDED, "beta": 0.9, "weight_decay": 0.0},
    "Lion": {"lr": 0.0001, "betas": (0.9, 0.99), "weight_decay": 0.0},
    "LARS": {"lr": NEEDED, "momentum": 0.9, "weight_decay": 0.0, "trust_coefficient": 0.001, "eps": 0.0},
    "LARSRateOutside": {"lr": NEEDED, "momentum": 0.9, "weight_decay": 0.0, "trust_coefficient": 0.001, "eps": 0.0},
    "LARSJointNorm": {"lr": NEEDED, "momentum": 0.9, "weight_decay": 0.0, "trust_coefficient": 0.001, "eps": 0.0},
    "LAMB": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-06, "weight_decay": 0.0},
    "LAMBClamped": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-06, "weight_decay": 0.0, "max_norm": 10.0},
    "AMSGrad": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.0},
    "NAdamW": {"lr": 0.002, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.01, "momentum_decay": 0.004},
    "AdaBound": {
        "lr": 0.001, "betas": (0.9, 0.999), "final_lr": 0.1, "gamma": 0.001, "eps": 1e-08, "weight_decay":
        0.0, "amsbound": False,
    },
    "AdaBelief": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-16, "weight_decay": 0.0},
    "Yogi": {"lr": 0.01, "betas": (0.9, 0.999), "eps": 0.001, "initial_accumulator": 1e-06, "weight_decay": 0.0},
    "LaProp": {"lr": 0.0004, "betas": (0.9, 0.999), "eps": 1e-15, "weight_decay": 0.0},
    "ADOPT": {"lr": 0.001, "betas": (0.9, 0.9999), "eps": 1e-06, "weight_decay": 0.0},
    "QHAdam": {"lr": 0.001, "nus": (0.7, 1.0), "betas": (0.995, 0.999), "eps": 1e-08, "weight_decay": 0.0},
    "AdEMAMix": {
        "lr": 0.001, "betas": (0.9, 0.999, 0.9999), "alpha": 5.0, "warmup_steps": 0, "eps": 1e-08,
        "weight_decay": 0.0,
    },
    "Adan": {"lr": 0.001, "betas": (0.98, 0.92, 0.99), "eps": 1e-08, "weight_decay": 0.0},
    "FTRL": {"lr": 0.1, "beta": 1.0, "l1": 0.0, "l2": 0.0, "lr_power": -0.5, "initial_accumulator": 0.0},
    "MADGRAD": {"lr": 0.01, "momentum": 0.9, "eps": 1e-06, "weight_decay": 0.0},
    "PolyakStep": {"lr": 1.0, "c": 1.0, "f_min": 0.0, "eps": 0.0},
    "DoG": {"lr": 1.0, "reps_rel": 1e-06, "eps": 1e-08, "weight_decay": 0.0},
    "DoWG": {"lr": 1.0, "r2_start": 0.0001, "eps": 0.0001, "weight_decay": 0.0},
    "DAdaptAdam": {
        "lr": 1.0, "betas": (0.9, 0.999), "eps": 1e-08, "d0": 1e-06, "bias_correction": True,
        "weight_decay": 0.0,
    },
    "Prodigy": {
        "lr": 1.0, "betas": (0.9, 0.999), "beta3": None, "eps": 1e-08, "d0": 1e-06, "d_coef": 1.0,
        "bias_correction": True, "safeguard_warmup": False, "weight_decay": 0.0,
    },
    "ScheduleFreeSGD": {"lr": 1.0, "momentum": 0.9, "weight_decay": 0.0, "r": 0.0, "weight_lr_power": 2.0},
    "ScheduleFreeAdamW": {
        "lr": 0.0025, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.0, "r": 0.0, "weight_lr_power":
        2.0,
    },
    "Shampoo": {"lr": 0.1, "eps": 0.0001, "precondition_frequency": 1, "weight_decay": 0.0},
    "SOAP": {
        "lr": 0.003, "betas": (0.95, 0.95), "shampoo_beta": 0.95, "eps": 1e-08, "weight_decay": 0.01,
        "precondition_frequency": 10, "max_precondition_dim": 10000, "precondition_1d": False,
    },
    "SophiaH": {
        "lr": 0.0001, "betas": (0.965, 0.99), "gamma": 0.01, "eps": 1e-12, "weight_decay": 0.1,
        "update_interval": 10, "seed": 0,
    },
    "AdaHessian": {
        "lr": 0.15, "betas": (0.9, 0.999), "eps": 0.0001, "weight_decay": 0.0, "hessian_power": 1.0,
        "update_interval": 1, "seed": 0,
    },
    "RandomSearch": {"lr": NEEDED, "seed": 0},
    "RandomLocalSearch": {"lr": NEEDED, "seed": 0},
    "Lookahead": {"k": 5, "alpha": 0.5},
    "SAM": {"rho": 0.05},
    # Keras 3, Chainer and optax, of the variants that are theirs
    "AdaGradInitial": {
        "lr": 0.001, "lr_decay": 0.0, "eps": 1e-07, "eps_inside_sqrt": True, "weight_decay": 0.0,
        "initial_accumulator": 0.1,
    },
    "RMSPropRateInside": {
        "lr": 0.001, "alpha": 0.9, "eps": 1e-07, "momentum": 0.9, "centered": False, "eps_inside_sqrt":
        True, "weight_decay": 0.0,
    },
    "RMSPropGraves": {"lr": 0.0001, "alpha": 0.95, "eps": 0.0001, "momentum": 0.9, "weight_decay": 0.0},
    "AdamEpsHat": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.0, "amsgrad": False},
    "AdamUncorrected": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.0, "amsgrad": False},
    "AMSGradCorrected": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.0},
    "AdaMaxOutside": {"lr": 0.002, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.0},
    "RMSPropInitial": {
        "lr": 0.001, "alpha": 0.9, "eps": 1e-10, "momentum": 0.0, "centered": False, "weight_decay": 0.0,
        "initial_accumulator": 1.0,
    },
    "AdamWEpsHat": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-07, "weight_decay": 0.004, "amsgrad": False},
    "AdamWPaperDecay": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.0, "amsgrad": False},
    "AdamEpsInside": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.0, "amsgrad": False},
    "AdaMaxUncorrected": {"lr": 0.002, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.0},
    "RAdamEpsAfter": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.0},
    "RAdamSkipping": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.0},
    "AdaBeliefUnstored": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.0},
    "SGDDampenedStart": {"lr": NEEDED, "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False},
    "RpropDelayed": {"lr": 0.01, "etas": (0.5, 1.2), "step_sizes": (1e-06, 50.0)},
    "FTRLShrinkage": {
        "lr": 0.001, "beta": 0.0, "l1": 0.0, "l2": 0.0, "lr_power": -0.5, "initial_accumulator": 0.1,
        "shrinkage": 0.0,
    },
    "AdafactorPaper": {"lr": 0.01, "beta2_decay": -0.8, "eps": (1e-30, 0.001), "d": 1.0, "weight_decay": 0.0},
    "MuonCorrected": {
        "lr": 0.001, "weight_decay": 0.1, "momentum": 0.95, "nesterov": True, "ns_coefficients": (3.4445,
        -4.775, 2.0315), "eps": 1e-07, "ns_steps": 5, "adjust_lr_fn": None,
    },
    "MuonUnclamped": {
        "lr": 0.001, "weight_decay": 0.1, "momentum": 0.95, "nesterov": True, "ns_coefficients": (3.4445,
        -4.775, 2.0315), "eps": 1e-07, "ns_steps": 5, "adjust_lr_fn": None,
    },
    "MuonCoupledDecay": {
        "lr": 0.001, "weight_decay": 0.1, "momentum": 0.95, "nesterov": True, "ns_coefficients": (3.4445,
        -4.775, 2.0315), "eps": 1e-07, "ns_steps": 5, "adjust_lr_fn": None,
    },
    "ShampooSequential": {"lr": 0.1, "eps": 0.0001, "precondition_frequency": 1, "weight_decay": 0.0},
    "SophiaHDelayed": {
        "lr": 0.0001, "betas": (0.965, 0.99), "gamma": 0.01, "eps": 1e-08, "weight_decay": 0.0001,
        "update_interval": 10, "seed": 0,
    },
}  # fmt: skip

# rules that need the whole tensor, or that do no arithmetic of their own; all others are handed over in pieces
WHOLE = {
    "LARS", "LARSRateOutside", "LARSJointNorm", "LAMB", "LAMBClamped", "Adafactor", "Muon", "Shampoo", "SOAP", "LBFGS",
    "AdafactorPaper", "MuonCorrected", "MuonUnclamped", "MuonCoupledDecay", "ShampooSequential",
    "RandomSearch", "RandomLocalSearch", "Lookahead", "SAM",
}  # fmt: skip


@pytest.mark.parametrize("cls", family(), ids=lambda cls: cls.__name__)
def test_defaults(cls):
    assert cls.__name__ in DEFAULTS, "a new rule: type its defaults here, from where they are published"
    parameters = inspect.signature(cls).parameters
    first = "base" if issubclass(cls, optim.Lookahead | optim.SAM) else "params"
    assert next(iter(parameters)) == first
    assert {name: p.default for name, p in parameters.items() if name != first} == DEFAULTS[cls.__name__]


def test_every_row_has_its_class():
    assert set(DEFAULTS) == {cls.__name__ for cls in family()}


@pytest.mark.parametrize("cls", family(), ids=lambda cls: cls.__name__)
def test_which_rules_take_a_parameter_in_pieces(cls):
    """It changes no number, only the time that a large parameter takes."""
    assert cls.elementwise == (cls.__name__ not in WHOLE)


# what a hyper-parameter may be, as the papers and libraries have it; True, False and words are left out
ANYWHERE = {
    "lr": "[0, inf)", "weight_decay": "[0, inf)", "eps": "[0, inf)", "lr_decay": "[0, inf)", "momentum": "[0, 1)",
    "beta": "[0, 1)", "betas": "[0, 1)", "rho": "[0, 1)", "dampening": "[0, 1]", "nu": "[0, 1]", "nus": "[0, 1]",
    "beta3": "[0, 1)", "shampoo_beta": "[0, 1)", "hessian_power": "[0, 1]", "seed": "{0, 1, ...}",
    "initial_accumulator": "[0, inf)", "momentum_decay": "[0, inf)", "trust_coefficient": "[0, inf)",
    "max_norm": "[0, inf]", "final_lr": "[0, inf)", "c": "(0, inf)", "f_min": "(-inf, inf)", "beta2_decay": "(-inf, 0]",
    "d": "[1, inf)", "l1": "[0, inf)", "l2": "[0, inf)", "lr_power": "(-inf, 0]", "shrinkage": "[0, inf)",
    "d0": "(0, inf)", "d_coef": "[0, inf)", "reps_rel": "(0, inf)", "r2_start": "(0, inf)",
    "r": "[0, inf)", "weight_lr_power": "[0, inf)",
    "update_interval": "{1, 2, ...}", "precondition_frequency": "{1, 2, ...}", "max_precondition_dim": "{0, 1, ...}",
    "ns_steps": "{1, 2, ...}", "ns_coefficients": "(-inf, inf)", "etas": "[0, inf)", "step_sizes": "[0, inf)",
    "lambd": "[0, inf)", "t0": "[0, inf]", "alpha": "[0, 1)", "warmup_steps": "{0, 1, ...}",
    "max_iter": "{1, 2, ...}", "max_eval": "{1, 2, ...}", "history_size": "{1, 2, ...}", "tolerance_grad": "[0, inf)",
    "tolerance_change": "[0, inf)", "wolfe": "[0, 1)",
}  # fmt: skip
ONLY_THERE = {
    ("ASGD", "alpha"): "[0, inf)",  # a power of the decay
    ("AdEMAMix", "alpha"): "[0, inf)",  # the weight of the slow average
    ("AdaBound", "gamma"): "(0, inf)",
    ("SophiaH", "gamma"): "[0, inf)",
    ("SophiaHDelayed", "gamma"): "[0, inf)",
    ("FTRL", "beta"): "[0, inf)",  # added to a root
    ("FTRLShrinkage", "beta"): "[0, inf)",
}
# what is in the range of each and refused because of the others
TOGETHER = {
    ("Rprop", "etas"), ("Rprop", "step_sizes"), ("RpropDelayed", "etas"), ("RpropDelayed", "step_sizes"),
    ("LBFGS", "wolfe"), ("ScheduleFreeSGD", "momentum"), ("ScheduleFreeAdamW", "betas"), ("FTRL", "beta"),
    ("FTRLShrinkage", "initial_accumulator"),
}  # fmt: skip


def numbers_of_the_family():
    without = (optim.RandomSearch, optim.RandomLocalSearch, optim.Lookahead, optim.SAM)  # words of their own
    for cls in family():
        for name, default in DEFAULTS[cls.__name__].items():
            is_word = isinstance(default, bool | str) or name in ("line_search_fn", "adjust_lr_fn")
            if not is_word and not issubclass(cls, without):
                yield pytest.param(cls, name, default, id=f"{cls.__name__} {name}")


@pytest.mark.parametrize("cls, name, default", list(numbers_of_the_family()))
def test_ranges(cls, name, default):
    """Each end of the interval is taken or refused, as its bracket says, and nothing beyond it."""
    interval = ONLY_THERE.get((cls.__name__, name)) or ANYWHERE[name]

    def try_to_make(x):
        if not isinstance(default, tuple):
            choices = [x]
        else:
            choices = [(*default[:i], x, *default[i + 1 :]) for i in range(len(default))]
        for value in choices:
            yield lambda value=value: cls(
                [Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)], **{"lr": 0.1, name: value}
            )

    def taken(x):
        for make in try_to_make(x):
            make()

    def refused(x):
        for make in try_to_make(x):
            with pytest.raises(ValueError, match=re.escape(f"{cls.__name__}: {name} must lie in {interval}, got {x}")):
                make()

    refused(math.nan)
    low, *_, high = interval[1:-1].split(", ")
    if interval[0] == "{":
        taken(int(low))
        refused(int(low) - 1)
        refused(int(low) + 0.5)
        return
    for end, closed, outwards in ((float(low), interval[0] == "[", -1), (float(high), interval[-1] == "]", 1)):
        if not closed:
            refused(end)
        elif (cls.__name__, name) not in TOGETHER:
            taken(end)
        if math.isfinite(end):
            refused(end + outwards * 1e-9)
