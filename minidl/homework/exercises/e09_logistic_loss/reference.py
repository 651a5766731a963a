"""The logistic loss one example at a time: log(1 + exp(margin)), the margin counting against the label."""

import math

import numpy as np


def bce(z, y):
    losses, slopes = [], []
    for logit, label in zip(z.ravel().tolist(), y.ravel().tolist()):
        margin = -logit if label == 1 else logit  # how far on the wrong side
        losses.append(margin + math.log1p(math.exp(-margin)) if margin > 0 else math.log1p(math.exp(margin)))
        wrong = 1 / (1 + math.exp(-margin)) if margin > 0 else math.exp(margin) / (1 + math.exp(margin))
        slopes.append([(-wrong if label == 1 else wrong) / len(z)])
    return math.fsum(losses) / len(z), np.array(slopes, dtype=z.dtype)
