"""The network sample by sample and unit by unit; each gradient is the sum of what the samples ask for."""

import math

import numpy as np


class TwoLayerNet:
    def __init__(self, D, H, C, rng):
        self.params = {
            "W1": rng.normal(0, math.sqrt(2 / D), (D, H)), "b1": np.zeros(H),
            "W2": rng.normal(0, math.sqrt(2 / H), (H, C)), "b2": np.zeros(C),
        }  # fmt: skip

    def loss(self, x, y):
        p, total = self.params, 0.0
        grads = {name: np.zeros(w.shape) for name, w in p.items()}
        (D, H), C = p["W1"].shape, len(p["b2"])
        for sample, label in zip(x, y, strict=True):
            a = [math.fsum([p["b1"][j], *(sample[i] * p["W1"][i, j] for i in range(D))]) for j in range(H)]
            z = [math.fsum([p["b2"][k], *(max(a[j], 0) * p["W2"][j, k] for j in range(H))]) for k in range(C)]
            most = max(z)
            log_sum = most + math.log(math.fsum(math.exp(v - most) for v in z))
            total += log_sum - z[label]
            pull = [math.exp(z[k] - log_sum) - (k == label) for k in range(C)]
            for k in range(C):
                grads["b2"][k] += pull[k] / len(x)
            for j in range(H):
                if a[j] <= 0:
                    continue
                back = math.fsum(pull[k] * p["W2"][j, k] for k in range(C))
                grads["b1"][j] += back / len(x)
                for k in range(C):
                    grads["W2"][j, k] += a[j] * pull[k] / len(x)
                for i in range(D):
                    grads["W1"][i, j] += sample[i] * back / len(x)
        return total / len(x), grads
