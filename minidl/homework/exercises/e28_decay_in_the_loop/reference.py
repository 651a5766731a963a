"""The rates as a table first, batch by batch; then the optimizer is told."""


def train(opt, k, epochs, batches):
    first = opt.lr
    table = []
    for batch in range(epochs * batches):
        epoch = batch // batches
        table.append(first * (1.0 + epoch * k) ** -1.0)
    for rate in table:
        opt.lr = rate
    return table
