"""The recorded trajectories can fail: every rule, changed by one slip at a time, misses them.

A mutant is the source of a rule with one piece of text replaced, compiled anew. Many of these slips were real bugs of
published code.
"""

import __future__

import inspect
import sys

import numpy as np
import pytest
from test_optim_trajectories import OPTAX, TORCH, replay

from minidl import optim

# (class whose source changes, what was there, what stands there now, the optimizer that is run)
MUTANTS = [
    # sign, dampening of the first step, order and factors of the momentum, buffer not kept
    ("SGD", "w -= lr * g", "w += lr * g"),
    ("SGD", "g if first or dampening == 0 else (1 - dampening) * g", "(1 - dampening) * g"),
    ("SGD", "(1 - dampening) * g", "dampening * g"),
    ("SGD", "(1 - dampening) * g", "g"),
    ("SGD", "g + momentum * b if nesterov", "g + b if nesterov"),
    ("SGD", "nesterov else b", "nesterov else g"),
    ("SGD", "b += g if", "b = b + g if"),
    ("Momentum", "w -= lr * v", "w += lr * v"),
    ("Momentum", "(1 - beta) * g", "g"),
    ("Momentum", "v *= beta", "v *= 1 - beta"),
    ("Momentum", "v += (1 - beta) * g", "v = v + (1 - beta) * g"),
    ("Momentum", "1 - beta**t", "1 - beta"),
    ("Momentum", "lr / (1 - beta**t)", "lr * (1 - beta**t)"),
    ("Nesterov", "g + momentum * v", "g + v"),
    ("Nesterov", "g + momentum * v", "v"),
    ("Nesterov", "g + momentum * v", "g + momentum * momentum * v"),
    ("Nesterov", "v += g", "v = v + g"),
    ("Nesterov", "w -= ", "w += "),
    # missing square or root, eps on the wrong side of the root, decay one step late
    ("AdaGrad", "s += g * g", "s += abs(g)"),
    ("AdaGrad", "s += g * g", "s = s + g * g"),
    ("AdaGrad", "else sqrt(s) + eps", "else s + eps"),
    ("AdaGrad", "else sqrt(s) + eps", "else sqrt(s + eps)"),
    ("AdaGrad", "sqrt(s + eps) if", "sqrt(s) + eps if"),
    ("AdaGrad", "(t - 1) * lr_decay", "t * lr_decay"),
    ("AdaGrad", "* g / root", "* -g / root"),
    ("AdaDelta", "sqrt(u + eps) / sqrt(v + eps)", "sqrt(v + eps) / sqrt(u + eps)"),
    ("AdaDelta", "sqrt(u + eps) / sqrt(v + eps)", "sqrt(u + eps) / (sqrt(v) + eps)"),
    ("AdaDelta", "(1 - rho) * d * d", "(1 - rho) * g * g"),
    ("AdaDelta", "(1 - rho) * d * d", "(1 - rho) * (lr * d) ** 2"),
    ("AdaDelta", "u += (1 - rho)", "u = u + (1 - rho)"),
    ("AdaDelta", "v *= rho", "v *= 1 - rho"),
    ("AdaDelta", "w -= lr * d", "w -= d"),
    ("RMSProp", "w -= lr * d", "w += lr * d"),
    ("RMSProp", "(1 - alpha) * g * g", "g * g"),
    ("RMSProp", "(1 - alpha) * g * g", "(1 - alpha) * abs(g)"),
    ("RMSProp", "v *= alpha", "v *= 1 - alpha"),
    ("RMSProp", "v += (1 - alpha)", "v = v + (1 - alpha)"),
    ("RMSProp", "v - m * m", "v - m"),
    ("RMSProp", "m += (1 - alpha)", "m = m + (1 - alpha)"),
    ("RMSProp", "sqrt(spread) + eps", "sqrt(spread + eps)"),
    ("RMSProp", "sqrt(spread + eps) if", "sqrt(spread) + eps if"),
    ("RMSProp", "b *= momentum", "b *= alpha"),
    ("RMSProp", "b += d", "b += lr * d"),
    # bias correction without the power, swapped betas, AMSGrad's maximum forgotten or not kept
    ("Adam", "w -= lr", "w += lr"),
    ("Adam", "beta1, beta2 = betas", "beta2, beta1 = betas"),
    ("Adam", "(1 - beta2) * g * g", "(1 - beta2) * abs(g)"),
    ("Adam", "(1 - beta1) * g", "g"),
    ("Adam", "m / (1 - beta1**t)", "m / (1 - beta1)"),
    ("Adam", "m / (1 - beta1**t)", "m * (1 - beta1**t)"),
    ("Adam", "v / (1 - beta2**t)", "v / (1 - beta2)"),
    ("Adam", "v / (1 - beta2**t)", "v"),
    ("Adam", "sqrt(v_hat) + eps", "sqrt(v_hat + eps)"),
    ("Adam", "sqrt(v_hat) + eps", "sqrt(v_hat) + eps / (1 - beta2**t) ** 0.5"),
    ("Adam", "sqrt(v_hat) + eps", "sqrt(v_hat) - eps"),
    ("Adam", "v_max[...] = v = maximum(v_max, v)", "v = maximum(v_max, v)"),
    ("Adam", "v_max[...] = v = maximum(v_max, v)", "v_max[...] = maximum(v_max, v)"),
    ("AdamW", "1 - lr * weight_decay", "1 + lr * weight_decay"),
    ("AdamW", "1 - lr * weight_decay", "1 - weight_decay"),
    ("AdamW", "w *= 1 - lr * weight_decay", "g = g + weight_decay * w"),
    ("AdamW", "w *= 1 - lr * weight_decay", "pass"),
    ("AdamW", "super().update(w, g, m, v, v_max,", "super().update(w, g, m, v, None,"),
    # the base class: t starts at 2, steps counted for all parameters together, state kept by shape, weight decay
    ("Optimizer", '{"t": 0,', '{"t": 1,', "Adam"),
    ("Optimizer", 'p._data, state["t"]', 'p._data, self.steps + 1', "Adam"),
    ("Optimizer", "self._state.setdefault(p,", "self._state.setdefault(p.shape,", "RMSProp"),
    ("Optimizer", "self._state.setdefault(p,", "dict().setdefault(p,", "Nesterov"),
    ("Optimizer", '"first": t == 1', '"first": t == 0', "SGD"),
    ("Optimizer", "g = g + decay * w", "g = g - decay * w", "AdaGrad"),
    ("Optimizer", "g = g + decay * w", "g = decay * w", "Momentum"),
    ("Optimizer", '0.0 if "weight_decay" in settings else ', "", "AdamW"),
]


def compiled(optimizer, changed="", old="", new=""):
    """The optimizer's class and its ancestors, compiled from source, with `old` replaced in the one named `changed`."""
    made = {}
    for cls in reversed(getattr(optim, optimizer).__mro__[:-1]):
        source = inspect.getsource(cls)
        if cls.__name__ == changed:
            assert old in source, f"{changed} no longer contains {old!r}: bring this table up to date"
            source = source.replace(old, new)
        names = {**vars(sys.modules[cls.__module__]), **made}
        code = compile(source, f"<{cls.__name__}>", "exec", flags=__future__.annotations.compiler_flag)
        exec(code, names)
        made[cls.__name__] = names[cls.__name__]
    return made[optimizer]


def deviations(optimizer, make):
    for record in (TORCH, OPTAX):
        for case in record["cases"]:
            if optim.get(case["optimizer"]).__name__ == optimizer:
                with np.errstate(all="ignore"):
                    yield replay(record, case, make)


@pytest.mark.parametrize("optimizer", optim.names())
def test_compiling_alone_changes_nothing(optimizer):
    assert max(deviations(optimizer, compiled(optimizer))) < 1e-13


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m[-1] if len(m) == 4 else m[0]}: {m[1]} -> {m[2]}")
def test_a_mutant_misses_the_recorded_trajectories(mutant):
    optimizer = mutant[3] if len(mutant) == 4 else mutant[0]
    assert max(deviations(optimizer, compiled(optimizer, *mutant[:3]))) > 1e-4


def test_every_rule_has_mutants():
    for name in optim.names():
        assert sum(mutant[0] == name for mutant in MUTANTS) >= 4
