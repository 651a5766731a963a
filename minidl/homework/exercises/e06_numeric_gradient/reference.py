"""The numerical gradient with a moved copy of x for every entry, the relative error number by number."""

import math

import numpy as np


def numeric_grad(f, x, h=1e-5):
    g = []
    for i in range(x.size):
        unit = np.zeros(x.size)
        unit[i] = h
        step = unit.reshape(x.shape)
        g.append((float(f(x + step)) - float(f(x - step))) / (2 * h))
    return np.array(g).reshape(x.shape)


def rel_error(a, n):
    worst = 0.0
    for p, q in zip(a.ravel().tolist(), n.ravel().tolist()):
        if math.isnan(p) or math.isnan(q):
            return math.nan
        worst = max(worst, abs(p - q) / max(1e-8, abs(p) + abs(q)))
    return worst
