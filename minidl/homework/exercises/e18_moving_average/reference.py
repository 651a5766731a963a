"""The weights written out: x_k counts with beta^(t - k); the corrected average divides by the sum of the weights."""

import math

import numpy as np


def ewa(xs, beta, correct=True):
    result = []
    for t in range(1, len(xs) + 1):
        weights = [beta ** (t - k) for k in range(1, t + 1)]
        total = math.fsum(weights) if correct else 1 / (1 - beta)
        result.append(math.fsum(w * float(x) for w, x in zip(weights, xs[:t], strict=True)) / total)
    return np.array(result, dtype=np.float64)
