"""What goes wrong in e17."""

from minidl.homework.check import mistake

_EPOCHS = "for _ in range(epochs):\n    model.training = True"
_START = "loss_sum, examples = 0.0, 0"
_FOR = "for x, y in batches():"
_BODY = "opt.zero_grad()\nloss = model.loss(x, y)\nmodel.backward()\nopt.step()"
_SUM, _COUNT = "loss_sum += len(x) * loss", "examples += len(x)"
_END = "model.training = False\nhistory.append((loss_sum / examples, model.accuracy()))"
_CLEAR = "backward adds to what is there: clear the gradients once for every batch"
_PER_EXAMPLE = "a batch of 2 counts half as much as one of 4: weigh each mean by len(x)"

MISTAKES = [
    mistake("gradients that are never cleared", _CLEAR, (_BODY, _BODY.removeprefix("opt.zero_grad()\n"))),
    mistake(
        "gradients cleared once per epoch",
        _CLEAR,
        (_BODY, _BODY.removeprefix("opt.zero_grad()\n")),
        (_START, _START + "\nopt.zero_grad()"),
        id="TL02",
    ),
    mistake(
        "a step right after zero_grad, which finds no gradient",
        "between zero_grad and step stand loss and backward",
        (_BODY, "loss = model.loss(x, y)\nmodel.backward()\nopt.zero_grad()\nopt.step()"),
    ),
    mistake(
        "a step before backward: always one batch late",
        "step uses the gradients of this batch: backward first",
        (_BODY, "opt.step()\nopt.zero_grad()\nloss = model.loss(x, y)\nmodel.backward()"),
        id="TL04",
    ),
    mistake("a loop without step", "the weights move in opt.step()", (_BODY, _BODY.removesuffix("\nopt.step()"))),
    mistake(
        "a loop without backward",
        "without backward there is no gradient",
        (_BODY, _BODY.replace("model.backward()\n", "")),
    ),
    mistake(
        "backward called twice per batch",
        "backward adds: once per batch",
        (_BODY, _BODY.replace("model.backward()", "model.backward()\nmodel.backward()")),
    ),
    mistake("step called twice per batch", "one update per batch", (_BODY, _BODY + "\nopt.step()")),
    mistake(
        "one step per epoch, on the gradients of all batches",
        "one update per batch: step belongs inside the loop",
        (_START, _START + "\nopt.zero_grad()"),
        (_BODY, "loss = model.loss(x, y)\nmodel.backward()"),
        (_END, "opt.step()\n" + _END),
    ),
    mistake(
        "one step per epoch, on the gradients of the last batch",
        "step belongs inside the loop over the batches",
        (_BODY, _BODY.removesuffix("\nopt.step()")),
        (_END, "opt.step()\n" + _END),
    ),
    mistake(
        "the mean of the batches' means", _PER_EXAMPLE, (_SUM, "loss_sum += loss"), (_COUNT, "examples += 1"), id="TL06"
    ),
    mistake(
        "the sum of the batches' means divided by the number of examples", _PER_EXAMPLE, (_SUM, "loss_sum += loss")
    ),
    mistake(
        "the sum over the examples divided by the number of batches",
        "divide by the number of examples",
        (_COUNT, "examples += 1"),
    ),
    mistake(
        "the loss of the last batch",
        "the mean goes over all batches of the epoch",
        (_END, _END.replace("loss_sum / examples", "loss")),
        id="TL08",
    ),
    mistake(
        "the loss of the first batch",
        "the mean goes over all batches of the epoch",
        (_SUM, "loss_sum = loss_sum or loss"),
        (_COUNT, "examples = 1"),
    ),
    mistake(
        "the sum of the losses, not divided",
        "divide by the number of examples",
        (_END, _END.replace("loss_sum / examples", "loss_sum")),
    ),
    mistake(
        "the sum of the batches' means, not divided",
        _PER_EXAMPLE,
        (_SUM, "loss_sum += loss"),
        (_END, _END.replace("loss_sum / examples", "loss_sum")),
    ),
    mistake(
        "a loss that is summed over all epochs",
        "the sums begin at 0 in every epoch",
        ("history = []", "history = []\n" + _START),
        (_START + "\n" + _FOR, _FOR),
    ),
    mistake(
        "a loss computed again after the step",
        "the loss of a batch is the one before its update",
        (_SUM, "loss_sum += len(x) * model.loss(x, y)"),
    ),
    mistake(
        "an evaluation with training still True",
        "model.training is False when accuracy is asked",
        (_END, _END.removeprefix("model.training = False\n")),
        id="TL10",
    ),
    mistake(
        "a model that is not set to training while it trains",
        "model.training is True from the first batch of an epoch to its last",
        (_EPOCHS, "for _ in range(epochs):"),
    ),
    mistake(
        "a model set to training before the first epoch only",
        "after an evaluation it has to be set back",
        ("history = []", "history = []\nmodel.training = True"),
        (_EPOCHS, "for _ in range(epochs):"),
    ),
    mistake(
        "True and False exchanged",
        "training is True while it trains",
        (_EPOCHS, "for _ in range(epochs):\n    model.training = False"),
        (_END, _END.replace("False", "True")),
    ),
    mistake(
        "one batch per epoch",
        "a return or break inside the loop over the batches? All batches belong to an epoch",
        (_COUNT, "examples += len(x)\nbreak"),
        id="TL12",
    ),
    mistake(
        "an accuracy asked before the epoch's updates",
        "the evaluation comes after the batches",
        (_START, _START + "\nmodel.training = False\nbefore = model.accuracy()\nmodel.training = True"),
        (_END, _END.replace("model.accuracy()", "before")),
    ),
    mistake(
        "an accuracy after every batch",
        "one evaluation per epoch",
        (_COUNT + "\n" + _END, _COUNT + "\n" + _END + "\nmodel.training = True"),
    ),
    mistake("one epoch too few", "look at range", (_EPOCHS, _EPOCHS.replace("epochs", "1, epochs"))),
    mistake("one epoch too many", "look at range", (_EPOCHS, _EPOCHS.replace("epochs", "epochs + 1"))),
    mistake(
        "one epoch, however many are asked for", "return comes after the loop over the epochs", (_END, _END + "\nbreak")
    ),
    mistake(
        "batches() called once for all epochs",
        "a generator is used up after one pass: call batches() every epoch",
        ("history = []", "history = []\nall_batches = batches()"),
        (_FOR, "for x, y in all_batches:"),
    ),
    mistake(
        "accuracy before loss",
        "a pair is (mean loss, accuracy)",
        (_END, _END.replace("loss_sum / examples, model.accuracy()", "model.accuracy(), loss_sum / examples")),
    ),
    mistake(
        "one list with losses and accuracies in turn",
        "append one pair per epoch",
        (_END, _END.replace("append((", "extend((")),
    ),
    mistake("the history of the last epoch only", "append a pair per epoch", ("return history", "return history[-1:]")),
    mistake("a history that is not returned", "the function ends with return", ("return history", "return None")),
]
