"""What goes wrong in e30."""

from minidl.homework.check import mistake

_WEIGHTS = 'weights = [name for name in params if name.startswith("W")]'
_PENALTY = "penalty = lam / 2 * sum(np.sum(params[name] ** 2) for name in weights)"
_COPY = "grads = dict(data_grads)"
_FOR = "for name in weights:"
_GRAD = "grads[name] = data_grads[name] + lam * params[name]"
_RETURN = "return data_loss + penalty, grads"
_DERIVATIVE = "look at the derivative of lam / 2 * w^2"
_KEEP = "make a new dict with new arrays: what is handed in stays as it is"

MISTAKES = [
    mistake("a gradient twice too large (2 lam W)", _DERIVATIVE, (_GRAD, _GRAD.replace("lam", "2 * lam")), id="L202"),
    mistake("a gradient half as large (lam / 2 W)", _DERIVATIVE, (_GRAD, _GRAD.replace("lam", "lam / 2"))),
    mistake(
        "the sum of a layer's weights added to each of its gradients",
        "every weight has its own derivative, lam w",
        (_GRAD, _GRAD.replace("params[name]", "np.sum(params[name])")),
        id="L204",
    ),
    mistake(
        "the sum of a layer's squares added to each of its gradients",
        "every weight has its own derivative, lam w",
        (_GRAD, _GRAD.replace("lam * params[name]", "lam / 2 * np.sum(params[name] ** 2)")),
    ),
    mistake(
        "lam added to every gradient of a weight", _DERIVATIVE, (_GRAD, _GRAD.replace("lam * params[name]", "lam"))
    ),
    mistake(
        "a penalty on the biases as well",
        "only names that begin with W",
        (_WEIGHTS, "weights = list(params)"),
        id="L206",
    ),
    mistake(
        "a penalty on the biases as well, in the gradients only",
        "only names that begin with W",
        (_FOR, "for name in params:"),
    ),
    mistake(
        "a penalty on the biases as well, in the loss only",
        "only names that begin with W",
        (_PENALTY, _PENALTY.replace("weights", "params")),
    ),
    mistake(
        "a penalty on the biases in place of the weights",
        "only names that begin with W",
        (_WEIGHTS, _WEIGHTS.replace('"W"', '"b"')),
    ),
    mistake(
        "a penalty in the gradients only",
        "the loss has a term as well",
        (_RETURN, "return data_loss, grads"),
        id="L208",
    ),
    mistake("a penalty in the loss only", "the gradients have a term as well", (_GRAD, "pass")),
    mistake(
        "a penalty of the last layer only, in the loss",
        "the terms of all layers add up",
        (_PENALTY, "penalty = lam / 2 * np.sum(params[weights[-1]] ** 2)"),
        id="L210",
    ),
    mistake(
        "a penalty of the first layer only, in the loss",
        "the terms of all layers add up",
        (_PENALTY, "penalty = lam / 2 * np.sum(params[weights[0]] ** 2)"),
    ),
    mistake("a penalty on W1 only", "every name that begins with W", (_WEIGHTS, "weights = ['W1']")),
    mistake(
        "a penalty on W1 and W2 only",
        "every name that begins with W",
        (_WEIGHTS, "weights = [name for name in params if name in ('W1', 'W2')]"),
    ),
    mistake(
        "a penalty on names of two letters only",
        "W10 begins with W too",
        (_WEIGHTS, "weights = [name for name in params if name[0] == 'W' and len(name) == 2]"),
    ),
    mistake(
        "a penalty without the half, in the loss only",
        "the loss has lam / 2",
        (_PENALTY, _PENALTY.replace("lam / 2", "lam")),
    ),
    mistake(
        "a penalty without the half, in loss and gradients, as in CS231n's assignments",
        "here the loss has lam / 2 and the gradient lam W: halve lam",
        (_PENALTY, _PENALTY.replace("lam / 2", "lam")),
        (_GRAD, _GRAD.replace("lam", "2 * lam")),
        convention=True,
    ),
    mistake(
        "a penalty that is subtracted from the loss",
        "large weights cost: look at the sign",
        (_RETURN, "return data_loss - penalty, grads"),
    ),
    mistake(
        "a gradient of the wrong sign",
        "the penalty grows with W: look at the sign",
        (_GRAD, _GRAD.replace("+ lam", "- lam")),
    ),
    mistake(
        "a penalty and a gradient of the wrong sign",
        "large weights cost: look at the signs",
        (_RETURN, "return data_loss - penalty, grads"),
        (_GRAD, _GRAD.replace("+ lam", "- lam")),
    ),
    mistake(
        "an L1 penalty (absolute values)",
        "L2 is the sum of squares",
        (_PENALTY, "penalty = lam * sum(np.sum(np.abs(params[name])) for name in weights)"),
        (
            _GRAD,
            _GRAD.replace("params[name]", "np.sign(params[name])").replace(
                "data_grads[name] + lam * np", "data_grads[name] + lam * np"
            ),
        ),
    ),
    mistake(
        "absolute values in the loss",
        "L2 is the sum of squares",
        (_PENALTY, _PENALTY.replace("params[name] ** 2", "np.abs(params[name])")),
    ),
    mistake(
        "the sum of the weights in the loss, not squared",
        "L2 is the sum of squares",
        (_PENALTY, _PENALTY.replace("params[name] ** 2", "params[name]")),
    ),
    mistake(
        "a norm in the loss (with the root)",
        "the sum of squares has no root",
        (_PENALTY, _PENALTY.replace("np.sum(params[name] ** 2)", "np.sqrt(np.sum(params[name] ** 2))")),
    ),
    mistake(
        "one norm of all weights in the loss (with the root)",
        "the sum of squares has no root",
        (_PENALTY, "penalty = lam / 2 * np.sqrt(sum(np.sum(params[name] ** 2) for name in weights))"),
    ),
    mistake(
        "the square of the sum",
        "square every weight, then add",
        (_PENALTY, _PENALTY.replace("np.sum(params[name] ** 2)", "np.sum(params[name]) ** 2")),
    ),
    mistake(
        "a mean of squares in the loss",
        "the squares are added, not averaged",
        (_PENALTY, _PENALTY.replace("np.sum(params[name] ** 2)", "np.mean(params[name] ** 2)")),
    ),
    mistake(
        "a mean of squares in loss and gradients",
        "the squares are added, not averaged",
        (_PENALTY, _PENALTY.replace("np.sum(params[name] ** 2)", "np.mean(params[name] ** 2)")),
        (_GRAD, _GRAD + " / params[name].size"),
    ),
    mistake(
        "squares of the gradients, not of the weights",
        "the penalty is on params",
        (_PENALTY, _PENALTY.replace("params[name]", "data_grads[name]")),
    ),
    mistake(
        "a lam that is squared in the loss",
        "lam stands in the loss once",
        (_PENALTY, _PENALTY.replace("lam / 2", "lam**2 / 2")),
    ),
    mistake(
        "a penalty without lam",
        "lam says how strong the penalty is",
        (_PENALTY, _PENALTY.replace("lam / 2", "1 / 2")),
        (_GRAD, _GRAD.replace("lam * ", "")),
    ),
    mistake(
        "a loss without lam", "lam says how strong the penalty is", (_PENALTY, _PENALTY.replace("lam / 2", "1 / 2"))
    ),
    mistake("a gradient without lam", "lam says how strong the penalty is", (_GRAD, _GRAD.replace("lam * ", ""))),
    mistake(
        "the penalty's gradient without that of the data",
        "the two gradients add up",
        (_GRAD, "grads[name] = lam * params[name]"),
    ),
    mistake("the penalty's loss without that of the data", "the two losses add up", (_RETURN, "return penalty, grads")),
    mistake("gradients without those of the biases", "the result has the keys of data_grads", (_COPY, "grads = {}")),
    mistake(
        "changes to the data_grads that were handed in, the dict or its arrays", _KEEP, (_COPY, "grads = data_grads")
    ),
    mistake(
        "a step on the parameters",
        "the parameters stay as they are; the optimizer moves them",
        (_RETURN, "for name in weights:\n    params[name] -= lam * params[name]\n" + _RETURN),
    ),
    mistake("gradients before the loss", "the pair is (loss, grads)", (_RETURN, "return grads, data_loss + penalty")),
    mistake("a loss without its gradients", "return both: (loss, grads)", (_RETURN, "return data_loss + penalty")),
]
