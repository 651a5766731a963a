"""The loop in single steps over a list of all batches of an epoch, with one loss per example."""


def fit(model, opt, batches, epochs):
    history: list[tuple] = []
    while len(history) < epochs:
        losses = []
        todo = list(batches())
        while todo:
            x, y = todo.pop(0)
            model.training = True
            mean = model.loss(x, y)
            opt.zero_grad()
            model.backward()
            opt.step()
            losses.extend([mean] * len(x))
        model.training = False
        accuracy = model.accuracy()
        history.append((sum(losses) / len(losses), accuracy))
    return history
