"""The schedules told step by step: epoch after epoch, or by another form of the same function."""

import math


def inv_decay(lr0, k, epoch):
    divisor = 1.0
    for _ in range(epoch):
        divisor += k
    return lr0 / divisor


def staircase(lr0, k, epoch, every):
    divisor = 1.0
    for earlier in range(1, epoch + 1):
        if earlier % every == 0:
            divisor += k
    return lr0 / divisor


def exp_decay(lr0, gamma, epoch):
    return lr0 * math.exp(epoch * math.log(gamma))


def sqrt_decay(lr0, k, epoch):
    return lr0 * k * epoch**-0.5


def step_decay(lr0, factor, epoch, every):
    rate = lr0
    for earlier in range(1, epoch + 1):
        if earlier % every == 0:
            rate *= factor
    return rate


def warmup_cosine(lr0, epoch, warm, total):
    climbing = [lr0 * (i + 1) / warm for i in range(warm)]
    falling = [lr0 * math.cos(math.pi / 2 * i / (total - warm)) ** 2 for i in range(total - warm + 1)]
    return (climbing + falling)[epoch]
