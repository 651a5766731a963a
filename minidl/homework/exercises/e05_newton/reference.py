"""Newton's method by recursion, the ratio of two sums of Python floats."""

import math


def newton(grad, hess, x, steps):
    return x if steps == 0 else newton(grad, hess, x + -1 / hess(x) * grad(x), steps - 1)


def update_ratio(w, step):
    return math.hypot(*step.flat) / math.hypot(*w.flat)
