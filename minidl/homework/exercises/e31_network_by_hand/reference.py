"""The network one example at a time; a test compares its gradients with the differences of a plain forward."""

import math

import numpy as np


class TwoLayerNet:
    def __init__(self, D, H, C, rng):
        self.params = {
            "W1": rng.standard_normal((D, H)) / D**0.5,
            "b1": np.zeros(H),
            "W2": rng.standard_normal((H, C)) / H**0.5,
            "b2": np.zeros(C),
        }

    def loss(self, x, y):
        W1, b1, W2, b2 = (self.params[name] for name in ("W1", "b1", "W2", "b2"))
        losses, grads = [], {name: np.zeros_like(a) for name, a in self.params.items()}
        for row, label in zip(x, y, strict=True):
            before = row.dot(W1) + b1
            hidden = np.where(before > 0, before, 0.0)
            scores = (hidden.dot(W2) + b2).tolist()
            top = max(scores)
            total = math.log(math.fsum(math.exp(s - top) for s in scores)) + top
            losses.append(total - scores[label])
            slopes = np.array([math.exp(s - total) - (c == label) for c, s in enumerate(scores)]) / len(x)
            back = np.where(before > 0, W2.dot(slopes), 0.0)
            grads["b2"] += slopes
            grads["W2"] += np.outer(hidden, slopes)
            grads["b1"] += back
            grads["W1"] += np.outer(row, back)
        return math.fsum(losses) / len(losses), grads
