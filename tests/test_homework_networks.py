"""e30 and e31 of the homework: right answers in other words, and wrong ones written apart from the known mistakes."""

import pytest

from minidl.homework.exercise import load
from minidl.homework.grade import CONVENTION, RIGHT, WRONG, grade_source

PENALTY = """
def l2_loss_and_grads(data_loss, data_grads, params, lam):
    grads = {}
    total = 0.0
    for name in data_grads:
        if name[0] == "W":
            total += (params[name] * params[name]).sum()
            grads[name] = lam * params[name] + data_grads[name]
        else:
            grads[name] = data_grads[name].copy()
    return data_loss + lam / 2 * total, grads
"""

NETWORK = """
import numpy as np

class TwoLayerNet:
    def __init__(self, D, H, C, rng):
        self.params = {}
        self.params["W1"] = 0.1 * rng.standard_normal((D, H))
        self.params["W2"] = 0.1 * rng.standard_normal((H, C))
        self.params["b1"], self.params["b2"] = np.zeros((H,)), np.zeros((C,))
    def loss(self, x, y):
        p, N = self.params, x.shape[0]
        hidden = x @ p["W1"] + p["b1"]
        hidden[hidden < 0] = 0
        scores = hidden.dot(p["W2"]) + p["b2"]
        scores -= np.amax(scores, axis=1)[:, None]
        e = np.exp(scores)
        total = e.sum(1)
        loss = float(np.mean(np.log(total) - scores[range(N), y]))
        d = e / total[:, None]
        d -= np.eye(p["b2"].size)[y]
        d /= N
        g = {"b2": d.sum(0), "W2": hidden.T.dot(d)}
        back = d.dot(p["W2"].T)
        back[hidden == 0] = 0
        g["W1"], g["b1"] = x.T.dot(back), back.sum(0)
        return loss, g
"""

# exercise, a right solution, lines of it, what stands there instead, a part of the name of the mistake ("" where no
# known mistake does the same: then step and element say where)
WRONG_ONES = [
    ("e30_weight_penalty", PENALTY, "lam / 2 * total", "lam * total", "beside a gradient of lam w"),
    ("e30_weight_penalty", PENALTY, "lam * params[name] +", "2 * lam * params[name] +", "twice too large"),
    ("e30_weight_penalty", PENALTY, 'if name[0] == "W":', "if True:", "biases that are decayed as well"),
    ("e30_weight_penalty", PENALTY, "total += ", "total = ", "last layer only"),
    ("e30_weight_penalty", PENALTY, "data_loss + lam / 2 * total", "data_loss", "gradients only"),
    ("e30_weight_penalty", PENALTY, "lam * params[name] + data_grads[name]", "data_grads[name]", "loss only"),
    ("e30_weight_penalty", PENALTY, "lam * params[name] + data_grads[name]",
     "lam * params[name].sum() + data_grads[name]", "sum of all weights"),
    ("e30_weight_penalty", PENALTY, "lam * params[name] + data_grads[name]", "data_grads[name] - lam * params[name]",
     "away from zero"),
    ("e30_weight_penalty", PENALTY, "(params[name] * params[name]).sum()", "abs(params[name]).sum()", ""),
    ("e30_weight_penalty", PENALTY, "grads = {}", "grads = data_grads", "changed in place"),
    ("e30_weight_penalty", PENALTY, "data_grads[name].copy()", "0 * data_grads[name]", "gradients of zero"),
    ("e30_weight_penalty", PENALTY, 'name[0] == "W"', 'name == "W1"', "first layer only"),
    ("e30_weight_penalty", PENALTY, "    return data_loss", "    return {} and data_loss", ""),
    ("e31_network_by_hand", NETWORK, "scores -= np.amax(scores, axis=1)[:, None]", "pass", "overflows"),
    ("e31_network_by_hand", NETWORK, "scores -= np.amax(scores, axis=1)[:, None]", "scores -= scores.max()",
     "one maximum for the whole batch"),
    ("e31_network_by_hand", NETWORK, "d /= N", "pass", "not divided by the number of samples"),
    ("e31_network_by_hand", NETWORK, "float(np.mean(", "float(np.sum(", "a sum, not a mean"),
    ("e31_network_by_hand", NETWORK, "back[hidden == 0] = 0", "pass", "without ReLU's mask"),
    ("e31_network_by_hand", NETWORK, "hidden[hidden < 0] = 0", "pass", ""),
    ("e31_network_by_hand", NETWORK, "d -= np.eye(p[\"b2\"].size)[y]", "pass", "not subtracted"),
    ("e31_network_by_hand", NETWORK, "d -= np.eye(p[\"b2\"].size)[y]", "d[:, y] -= 1", "whole columns"),
    ("e31_network_by_hand", NETWORK, 'hidden.dot(p["W2"]) + p["b2"]', 'hidden.dot(p["W2"])', ""),
    ("e31_network_by_hand", NETWORK, "back.sum(0)", "back.mean(0)", ""),
    ("e31_network_by_hand", NETWORK, "back.sum(0)", "back[0]", ""),
    ("e31_network_by_hand", NETWORK, "0.1 * rng.standard_normal((D, H))", "np.zeros((D, H))", "W1 that are all zero"),
    ("e31_network_by_hand", NETWORK, "0.1 * rng.standard_normal((H, C))", "np.full((H, C), 0.1)", ""),
    ("e31_network_by_hand", NETWORK, "0.1 * rng.standard_normal((D, H))", "1e300 * rng.standard_normal((D, H))", ""),
    ("e31_network_by_hand", NETWORK, "x.T.dot(back)", "x.T.dot(back) / N", ""),
    ("e31_network_by_hand", NETWORK, "return loss, g", "return loss, {}", ""),
    ("e31_network_by_hand", NETWORK, "return loss, g",
     "return float('nan'), {k: v * np.nan for k, v in g.items()}", ""),
]  # fmt: skip


RIGHT_ONES = [("e30_weight_penalty", PENALTY), ("e31_network_by_hand", NETWORK)]


@pytest.mark.parametrize(("name", "source"), RIGHT_ONES)
def test_right_answers_in_other_words(name, source):
    for seed in range(8):
        verdict = grade_source(load(name), source, seed)
        assert verdict.state == RIGHT, verdict


@pytest.mark.parametrize(("name", "right", "line", "instead", "known"), WRONG_ONES)
def test_wrong_answers(name, right, line, instead, known):
    assert right.count(line) == 1
    source = right.replace(line, instead)
    for seed in range(3):
        verdict = grade_source(load(name), source, seed)
        assert verdict.state in (WRONG, CONVENTION), verdict
        assert known in verdict.mistake, verdict
        assert verdict.message


def test_another_convention_is_named():
    whole = PENALTY.replace("lam / 2 * total", "lam * total").replace("lam * params", "2 * lam * params")
    verdict = grade_source(load("e30_weight_penalty"), whole, 0)
    assert verdict.state == CONVENTION and "halve lam" in verdict.diagnosis
