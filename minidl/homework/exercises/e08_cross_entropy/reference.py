"""Cross-entropy one example at a time in Python floats: the loss is the log of sum over k of exp(z[k] - z[y])."""

import math

import numpy as np


def _log_sum_exp(numbers):
    top = max(numbers)
    others = list(numbers)
    others.remove(top)
    return top + math.log1p(math.fsum(math.exp(x - top) for x in others))


def cross_entropy(z, y):
    losses, slopes = [], []
    for row, label in zip(z.tolist(), y.tolist()):
        losses.append(_log_sum_exp([x - row[label] for x in row]))
        p = [math.exp(-_log_sum_exp([x - this for x in row])) for this in row]
        slopes.append([(q - (k == label)) / len(z) for k, q in enumerate(p)])
    return math.fsum(losses) / len(z), np.array(slopes, dtype=z.dtype)
