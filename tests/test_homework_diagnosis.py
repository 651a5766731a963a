"""What a learner is told about a wrong answer must be true: no mistake is named that was not made."""

import pytest

from minidl.homework.exercise import load
from minidl.homework.grade import CONVENTION, WRONG, grade_source

LOSS_AFTER_THE_ONE_WAS_TAKEN = """
import numpy as np
def cross_entropy(z, y):
    rows = np.arange(len(y))
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    dz = p
    dz[rows, y] -= 1
    return -np.log(p[rows, y]).mean(), dz / len(y)
"""

ADAM_THAT_KEEPS_THE_CORRECTED_M = """
import numpy as np
class Adam:
    def __init__(self, params, lr=1e-3, b1=0.9, b2=0.999, eps=1e-8, wd=0.0):
        self.params, self.lr, self.b1, self.b2, self.eps, self.wd, self.t = params, lr, b1, b2, eps, wd, 0
        self.m, self.v = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
    def step(self, grads):
        self.t += 1
        for p, g, m, v in zip(self.params, grads, self.m, self.v):
            g = g + self.wd * p
            m[...] = (self.b1 * m + (1 - self.b1) * g) / (1 - self.b1**self.t)
            v[...] = self.b2 * v + (1 - self.b2) * g * g
            p -= self.lr * m / (np.sqrt(v / (1 - self.b2**self.t)) + self.eps)
"""


@pytest.mark.parametrize(
    ("name", "source"),
    [("e08_cross_entropy", LOSS_AFTER_THE_ONE_WAS_TAKEN), ("e25_adam", ADAM_THAT_KEEPS_THE_CORRECTED_M)],
)
def test_nan_on_one_side_alone_is_no_agreement(name, source):
    for seed in range(4):
        verdict = grade_source(load(name), source, seed)
        assert verdict.state in (WRONG, CONVENTION)
        assert not verdict.mistake, verdict


def test_a_question_ends_with_its_own_mark():
    source = load("e29_dropout").solution.replace("return dout * self.mask", "return dout * (self.mask != 0)")
    assert grade_source(load("e29_dropout"), source, 0).diagnosis.endswith("dy / dx?")
