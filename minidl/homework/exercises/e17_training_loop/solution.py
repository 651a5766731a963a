"""e17: The training loop, everything put together.

An epoch is one pass over the batches, and one update of the weights per batch:

    for every batch (x, y):   loss = model.loss(x, y)     forward: the mean loss of the batch
                              model.backward()            adds the gradients to what is there
                              opt.step()                  moves the weights along the gradients
    and before the gradients of a batch are computed, those of the batch before are cleared: opt.zero_grad()

    mean loss of the epoch = (sum of the losses of all examples) / (number of examples)

model.loss gives the mean of a batch, and the last batch may be smaller than the others: weigh each mean by the number
of examples it stands for, len(x). While it trains, model.training is True (dropout is on, e29); for model.accuracy(),
asked once after every epoch, it is False.

Convention: the loss of an epoch is that of the batches as they were trained on, with weights that change on the way
(Keras reports it so too); it is not computed again at the end.

What is given: batches() starts a new pass (call it once per epoch) and gives pairs (x, y) one by one, as a generator
may: no len, no index. The weights live in model and opt, and no one else changes them.

A model that only writes down what it is asked to do:

    >>> class Model:
    ...     training = False
    ...     def loss(self, x, y):
    ...         print("loss", x, y, "training" if self.training else "not training")
    ...         return sum(x) / len(x)
    ...     def backward(self):
    ...         print("backward")
    ...     def accuracy(self):
    ...         print("accuracy", "training" if self.training else "not training")
    ...         return 0.5
    >>> class Optimizer:
    ...     def zero_grad(self):
    ...         pass
    ...     def step(self):
    ...         print("step")
    >>> def batches():
    ...     yield [1.0, 2.0], [0, 1]
    ...     yield [6.0], [1]
    >>> fit(Model(), Optimizer(), batches, 1)  # (2 * 1.5 + 1 * 6) / 3 = 3
    loss [1.0, 2.0] [0, 1] training
    backward
    step
    loss [6.0] [1] training
    backward
    step
    accuracy not training
    [(3.0, 0.5)]
"""


def fit(model, opt, batches, epochs):
    """Train for that many epochs -> a list with one pair (mean loss per example, accuracy) per epoch."""
    history = []
    for _ in range(epochs):
        model.training = True
        loss_sum, examples = 0.0, 0
        for x, y in batches():
            opt.zero_grad()
            loss = model.loss(x, y)
            model.backward()
            opt.step()
            loss_sum += len(x) * loss
            examples += len(x)
        model.training = False
        history.append((loss_sum / examples, model.accuracy()))
    return history
