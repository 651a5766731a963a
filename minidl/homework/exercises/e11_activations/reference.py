"""Activations backwards, number by number: the gate as an if, the slope of the sigmoid as 1/4 - (s - 1/2)^2."""

import numpy as np


def relu_backward(dout, x):
    passed = [g if v > 0 else 0.0 for g, v in zip(dout.ravel().tolist(), x.ravel().tolist())]
    return np.array(passed, dtype=dout.dtype).reshape(x.shape)


def sigmoid_backward(dout, s):
    slopes = [g * (p - p * p) for g, p in zip(dout.ravel().tolist(), s.ravel().tolist())]
    return np.array(slopes, dtype=dout.dtype).reshape(s.shape)
