"""e27: learning-rate decay, six schedules.

Far from the minimum large steps are welcome; near it the noise of the mini-batches keeps a constant rate from settling.
A schedule gives the rate of every epoch, counted from 0, from the first rate lr0:

    inv_decay      lr0 / (1 + k epoch)
    staircase      the same with floor(epoch / every) in place of epoch: the rate drops once every `every` epochs
    exp_decay      lr0 gamma^epoch
    sqrt_decay     k / sqrt(epoch) lr0, from epoch 1 on
    step_decay     lr0 factor^floor(epoch / every)
    warmup_cosine  the first `warm` epochs climb in equal stairs, lr0 / warm, 2 lr0 / warm, ... up to lr0;
                   then half a wave of the cosine goes down to 0 at epoch `total`:
                   lr0 (1 + cos(pi (epoch - warm) / (total - warm))) / 2

Convention: epochs count from 0, so that epoch 0 has the rate lr0 (sqrt_decay starts at 1, and warm-up below lr0).
Some courses count from 1. `step_decay` is PyTorch's StepLR. The climb has its first stair at once, so that training
does not begin with a rate of 0.

Shapes: all arguments and results are single numbers.

The course's table, lr0 = 0.2 and k = 1, epochs 1 to 4:

    >>> [round(inv_decay(0.2, 1, epoch), 4) for epoch in (1, 2, 3, 4)]
    [0.1, 0.0667, 0.05, 0.04]
    >>> [round(warmup_cosine(1.0, epoch, warm=2, total=6), 4) for epoch in range(7)]
    [0.5, 1.0, 1.0, 0.8536, 0.5, 0.1464, 0.0]
"""

import math


def inv_decay(lr0, k, epoch):
    """The rate of an epoch (0, 1, ...): lr0 divided by 1 + k epoch."""
    return lr0 / (1 + k * epoch)


def staircase(lr0, k, epoch, every):
    """inv_decay in stairs: the rate stays the same for `every` epochs, the first time for epochs 0 to every - 1."""
    return lr0 / (1 + k * (epoch // every))


def exp_decay(lr0, gamma, epoch):
    """The rate of an epoch (0, 1, ...): lr0 multiplied by gamma once per epoch."""
    return lr0 * gamma**epoch


def sqrt_decay(lr0, k, epoch):
    """The rate of an epoch (1, 2, ...): lr0 k divided by the root of the epoch."""
    return lr0 * k / math.sqrt(epoch)


def step_decay(lr0, factor, epoch, every):
    """The rate of an epoch (0, 1, ...): lr0 multiplied by factor once every `every` epochs, first at epoch `every`."""
    return lr0 * factor ** (epoch // every)


def warmup_cosine(lr0, epoch, warm, total):
    """The rate of an epoch (0, 1, ..., total): `warm` epochs of climbing (none if 0), then the cosine."""
    if epoch < warm:
        return lr0 * (epoch + 1) / warm
    done = (epoch - warm) / (total - warm)
    return lr0 * (1 + math.cos(math.pi * done)) / 2
