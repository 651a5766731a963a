"""e28: decay in the loop, who tells the optimizer?

A schedule is of no use until the optimizer steps with its rate. The training loop sets `opt.lr` at the start of every
epoch, always from the first rate lr0 and never from the rate of the epoch before:

    lr0    = the rate that opt has when `train` is called
    opt.lr = lr0 / (1 + k epoch)        epoch = 0, 1, ..., epochs - 1

All batches of an epoch run at the same rate. To see that it worked, the loop writes down the rate in force at every
batch. The batches themselves are left out here; `batches` is only how many an epoch has.

Convention: epochs count from 0, so the first epoch runs at lr0; after the last epoch opt.lr stays where it is. The same
formula per batch in place of per epoch decays faster by a factor of `batches`.

Shapes: `opt` is any object with an attribute `lr`, a number; `epochs` and `batches` are counts; the result is a list of
epochs * batches numbers.

    >>> from types import SimpleNamespace
    >>> opt = SimpleNamespace(lr=0.2)
    >>> [round(rate, 4) for rate in train(opt, k=1, epochs=3, batches=2)]
    [0.2, 0.2, 0.1, 0.1, 0.0667, 0.0667]
    >>> round(opt.lr, 4)
    0.0667
"""


def train(opt, k, epochs, batches):
    """Set opt.lr for every epoch; return the rates in force, one per batch, in the order of the batches."""
    lr0 = opt.lr
    rates = []
    for epoch in range(epochs):
        opt.lr = lr0 / (1 + k * epoch)
        for _batch in range(batches):
            rates.append(opt.lr)
    return rates
