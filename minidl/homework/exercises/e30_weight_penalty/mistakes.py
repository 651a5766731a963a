"""What goes wrong in e30."""

from minidl.homework.check import mistake

WEIGHTS = 'weights = [name for name in params if name.startswith("W")]'
LOSS = "loss = data_loss + 0.5 * lam * sum(np.sum(params[name] ** 2) for name in weights)"
GRADS = "grads = {name: g + lam * params[name] if name in weights else g for name, g in data_grads.items()}"


def loss(new):
    return LOSS, new


def grads(new):
    return GRADS, f"grads = {{name: {new} if name in weights else g for name, g in data_grads.items()}}"


MISTAKES = [
    mistake("a gradient of 2 lam w beside a penalty of 1/2 lam w^2: twice too large", "differentiate 1/2 lam w^2",
            grads("g + 2 * lam * params[name]"), id="L202"),
    mistake("a penalty of lam w^2 with gradient 2 lam w, without the factor 1/2",
            "here the penalty has a factor 1/2; halve lam to go from one to the other",
            loss("loss = data_loss + lam * sum(np.sum(params[name] ** 2) for name in weights)"),
            grads("g + 2 * lam * params[name]"), convention=True),
    mistake("a penalty of lam w^2 beside a gradient of lam w", "look at the factor 1/2 in the loss",
            loss("loss = data_loss + lam * sum(np.sum(params[name] ** 2) for name in weights)")),
    mistake("the sum of all weights added to every entry of the gradient", "each entry gets lam times itself",
            grads("g + lam * np.sum(params[name])"), id="L204"),
    mistake("biases that are decayed as well", "which names are weights?",
            (WEIGHTS, "weights = list(params)"), id="L206"),
    mistake("biases that are counted in the loss, but not in the gradients", "which names are weights?",
            loss(LOSS.replace("in weights", "in params"))),
    mistake("biases that are decayed in the gradients, but not counted in the loss", "which names are weights?",
            (GRADS, "grads = {name: g + lam * params[name] for name, g in data_grads.items()}")),
    mistake("biases penalised in place of the weights", "which names are weights?",
            (WEIGHTS, 'weights = [name for name in params if not name.startswith("W")]')),
    mistake("a penalty in the gradients only", "the loss has a new term too", loss("loss = data_loss"), id="L208"),
    mistake("a penalty in the loss only", "the gradient of the new term is missing", grads("g")),
    mistake("a loss that counts the last layer only", "the penalty is a sum over all layers",
            loss("loss = data_loss + 0.5 * lam * [np.sum(params[name] ** 2) for name in weights][-1]"), id="L210"),
    mistake("a loss that counts the first layer only", "the penalty is a sum over all layers",
            loss("loss = data_loss + 0.5 * lam * [np.sum(params[name] ** 2) for name in weights][0]")),
    mistake("a penalty on the first layer only", "every weight array is penalised", (WEIGHTS, 'weights = ["W1"]')),
    mistake("the sum of weights in place of the sum of their squares", "look at the power",
            loss("loss = data_loss + 0.5 * lam * sum(np.sum(params[name]) for name in weights)")),
    mistake("the sum of absolute values with the gradient lam sign(w): an L1 penalty", "look at the power",
            loss("loss = data_loss + lam * sum(np.sum(np.abs(params[name])) for name in weights)"),
            grads("g + lam * np.sign(params[name])")),
    mistake("the mean of squared weights in place of their sum", "look at how the squares are put together",
            loss("loss = data_loss + 0.5 * lam * sum(np.mean(params[name] ** 2) for name in weights)")),
    mistake("the norm of the weights, not its square", "look at the power",
            loss("loss = data_loss + 0.5 * lam * sum(np.linalg.norm(params[name]) for name in weights)")),
    mistake("a penalty that is taken off the loss", "look at the signs", loss(LOSS.replace("loss +", "loss -"))),
    mistake("a gradient that pushes weights away from zero", "look at the signs", grads("g - lam * params[name]")),
    mistake("the gradient of the penalty in place of that of the data", "the two gradients are added",
            grads("lam * params[name]")),
    mistake("the penalty in place of the loss", "the penalty is added to data_loss",
            loss(LOSS.replace("data_loss + ", ""))),
    mistake("a loss without lam", "lam scales the whole penalty", loss(LOSS.replace("lam * ", ""))),
    mistake("gradients without lam", "lam scales the whole penalty", grads("g + params[name]")),
    mistake("data gradients that are changed in place, arrays or dict",
            "data_grads and its arrays are the caller's; make new ones",
            (GRADS, "grads = dict(data_grads)\nfor name in weights:\n    grads[name] += lam * params[name]")),
    mistake("gradients of the weights alone", "biases have gradients too, as they were",
            (GRADS, "grads = {name: data_grads[name] + lam * params[name] for name in weights}")),
    mistake("biases with gradients of zero", "biases have gradients too, as they were",
            (GRADS, GRADS.replace("else g", "else 0 * g"))),
    mistake("decayed weights in place of gradients", "what is asked for is the gradient, not the step",
            grads("params[name] - lam * (g + params[name])")),
]  # fmt: skip
