"""What goes wrong in e31."""

from minidl.homework.check import mistake

_H = "h = np.maximum(x @ W1 + b1, 0)"
_Z = "z = h @ W2 + b2"
_MAX = "z = z - z.max(axis=1, keepdims=True)"
_LOG_P = "log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))"
_LOSS = "loss = -log_p[right].mean()"
_P, _ONE, _N = "dz = np.exp(log_p)", "dz[right] -= 1", "dz = dz / N"
_DH, _MASK = "dh = dz @ W2.T", "dh = dh * (h > 0)"
_FIRST = "dW1, db1 = x.T @ dh, dh.sum(axis=0)"
_SECOND = "dW2, db2 = h.T @ dz, dz.sum(axis=0)"
_RETURN = 'return loss, {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}'
_W1, _W2 = '"W1": rng.normal(0, np.sqrt(2 / D), (D, H)),', '"W2": rng.normal(0, np.sqrt(2 / H), (H, C)),'
_B1, _B2 = '"b1": np.zeros(H),', '"b2": np.zeros(C),'
_ONCE = "the 1 / N stands in dz, once"
_SUM = "b is added to every example: its gradient is the sum over the rows of dz, or of dh"
_RNG = "take every number from the rng that is given"

MISTAKES = [
    # the start
    mistake(
        "weights that are all zero",
        "units that start alike stay alike: draw them from rng",
        (_W1, '"W1": np.zeros((D, H)),'),
        (_W2, '"W2": np.zeros((H, C)),'),
    ),
    mistake(
        "a W1 whose units are all alike",
        "units that start alike stay alike: draw every entry",
        (_W1, '"W1": np.repeat(rng.normal(0, np.sqrt(2 / D), (D, 1)), H, axis=1),'),
    ),
    mistake("a W2 of zeros", "draw W2 from rng too", (_W2, '"W2": np.zeros((H, C)),')),
    mistake(
        "random numbers that do not come from rng",
        _RNG,
        (_W1, _W1.replace("rng", "np.random")),
        (_W2, _W2.replace("rng", "np.random")),
    ),
    mistake(
        "a generator of its own with a fixed seed",
        _RNG,
        (_W1, _W1.replace("rng", "np.random.default_rng(0)")),
        (_W2, _W2.replace("rng", "np.random.default_rng(0)")),
    ),
    mistake(
        "weights of shape (units, inputs)",
        "one row per input: (D, H) and (H, C)",
        (_W1, _W1.replace("(D, H)", "(H, D)")),
        (_W2, _W2.replace("(H, C)", "(C, H)")),
        convention=True,
    ),
    mistake(
        "biases as rows (1, units)",
        "b1 has shape (H,), b2 has shape (C,)",
        (_B1, '"b1": np.zeros((1, H)),'),
        (_B2, '"b2": np.zeros((1, C)),'),
    ),
    # forward
    mistake(
        "a network without its ReLU",
        "the first layer's result goes through relu",
        (_H, "h = x @ W1 + b1"),
        (_MASK, "pass"),
    ),
    mistake(
        "a forward without the ReLU, whose backward has its mask",
        "the first layer's result goes through relu",
        (_H, "h = x @ W1 + b1"),
    ),
    mistake("a ReLU before the bias", "relu comes after the bias", (_H, "h = np.maximum(x @ W1, 0) + b1")),
    mistake(
        "a ReLU behind the second layer too",
        "the scores go to the softmax as they are",
        (_Z, "z = np.maximum(h @ W2 + b2, 0)"),
    ),
    mistake("a first layer without its bias", "h = relu(x W1 + b1)", (_H, "h = np.maximum(x @ W1, 0)")),
    mistake("a second layer without its bias", "z = h W2 + b2", (_Z, "z = h @ W2")),
    mistake("a tanh with the mask of a ReLU", "the exercise asks for relu", (_H, "h = np.tanh(x @ W1 + b1)")),
    mistake(
        "a tanh in place of the ReLU",
        "the exercise asks for relu",
        (_H, "h = np.tanh(x @ W1 + b1)"),
        (_MASK, "dh = dh * (1 - h**2)"),
    ),
    mistake(
        "a sigmoid in place of the ReLU",
        "the exercise asks for relu",
        (_H, "h = 1 / (1 + np.exp(-(x @ W1 + b1)))"),
        (_MASK, "dh = dh * h * (1 - h)"),
    ),
    mistake("a softmax that overflows", "subtract the largest score of each row first (e07)", (_MAX, "pass")),
    mistake(
        "a softmax that subtracts the largest score of all rows",
        "each row has a maximum of its own (e07)",
        (_MAX, "z = z - z.max()"),
    ),
    mistake(
        "the logarithm of a probability that became 0",
        "log p = z - log(sum of exp z), without exp in between (e08)",
        (_LOG_P, "log_p = np.log(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))"),
    ),
    mistake(
        "a small number added inside the logarithm",
        "log p = z - log(sum of exp z) needs no such number (e08)",
        (_LOG_P, "log_p = np.log(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) + 1e-8)"),
        (_P, "dz = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)"),
    ),
    mistake(
        "a softmax over the examples",
        "the classes of one example share the probability: axis=1",
        (_MAX, "z = z - z.max(axis=0, keepdims=True)"),
        (_LOG_P, _LOG_P.replace("axis=1", "axis=0")),
    ),
    mistake("a loss of the wrong sign", "the loss is minus the logarithm", (_LOSS, "loss = log_p[right].mean()")),
    mistake("a loss that is the sum over the examples", "the loss is a mean", (_LOSS, "loss = -log_p[right].sum()")),
    mistake(
        "a loss and gradients that are sums over the examples",
        "the loss is a mean, and dz has a 1 / N",
        (_LOSS, "loss = -log_p[right].sum()"),
        (_N, "pass"),
    ),
    mistake(
        "a loss that is a mean over the classes as well",
        "one number per example, averaged over the examples",
        (_LOSS, "loss = -log_p[right].mean() / z.shape[1]"),
    ),
    # backward
    mistake("gradients that are not divided by N", "the loss is a mean: dz has a 1 / N", (_N, "pass")),
    mistake("gradients divided by the number of classes", "N is the number of examples", (_N, "dz = dz / dz.shape[1]")),
    mistake(
        "gradients of the weights divided by N twice",
        _ONCE,
        (_FIRST, _FIRST.replace("x.T @ dh", "x.T @ dh / N")),
        (_SECOND, _SECOND.replace("h.T @ dz", "h.T @ dz / N")),
    ),
    mistake("all gradients divided by N twice", _ONCE, (_N, "dz = dz / N**2")),
    mistake("a gradient of the scores without - 1 at the label", "dz = (p - onehot) / N", (_ONE, "pass")),
    mistake(
        "a gradient of the scores with + 1 at the label",
        "dz = (p - onehot) / N: look at the sign",
        (_ONE, "dz[right] += 1"),
    ),
    mistake("a - 1 in whole columns", "one entry per row: dz[np.arange(N), y]", (_ONE, "dz[:, np.unique(y)] -= 1")),
    mistake("gradients of the wrong sign", "dz = (p - onehot) / N", (_N, "dz = -dz / N")),
    mistake(
        "the softmax's derivative p (1 - p) on top of p - onehot",
        "p - onehot is the derivative of both together (e08)",
        (_N, "dz = dz * np.exp(log_p) * (1 - np.exp(log_p)) / N"),
    ),
    mistake("a backward without the ReLU's mask", "what relu cut off passes nothing back", (_MASK, "pass")),
    mistake("a ReLU mask made from the gradient", "the mask says where h is above zero", (_MASK, "dh = dh * (dh > 0)")),
    mistake("a ReLU mask the wrong way round", "the mask says where h is above zero", (_MASK, "dh = dh * (h <= 0)")),
    mistake("a backward that multiplies by h, not by the mask", "the slope of relu is 1 or 0", (_MASK, "dh = dh * h")),
    mistake(
        "a mask from the inverted gradient: a backward that stops at the second layer",
        "dh goes back through W2",
        (_DH, "dh = 0 * (dz @ W2.T)"),
    ),
    mistake(
        "a W2 that is not transposed on the way back",
        "work the shapes out: dz (N, C) to dh (N, H)",
        (_DH, "dh = dz @ W2"),
    ),
    mistake(
        "a dW2 made from the first layer's result before the ReLU",
        "the second layer saw h",
        (_SECOND, _SECOND.replace("h.T @ dz", "(x @ W1 + b1).T @ dz")),
    ),
    mistake(
        "a mean in place of the sum for the biases",
        _SUM,
        (_FIRST, _FIRST.replace("dh.sum", "dh.mean")),
        (_SECOND, _SECOND.replace("dz.sum", "dz.mean")),
    ),
    mistake("a mean in place of the sum for b1", _SUM, (_FIRST, _FIRST.replace("dh.sum", "dh.mean"))),
    mistake("a mean in place of the sum for b2", _SUM, (_SECOND, _SECOND.replace("dz.sum", "dz.mean"))),
    mistake(
        "gradients of the biases from the first example only",
        _SUM,
        (_FIRST, _FIRST.replace("dh.sum(axis=0)", "dh[0]")),
        (_SECOND, _SECOND.replace("dz.sum(axis=0)", "dz[0]")),
    ),
    mistake(
        "gradients of the biases summed over the units",
        _SUM,
        (_FIRST, _FIRST.replace("dh.sum(axis=0)", "dh.sum(axis=1)")),
        (_SECOND, _SECOND.replace("dz.sum(axis=0)", "dz.sum(axis=1)")),
    ),
    mistake(
        "gradients of the biases with an axis too many, (1, units)",
        "db has the shape of b: leave keepdims out",
        (_FIRST, _FIRST.replace("axis=0", "axis=0, keepdims=True")),
        (_SECOND, _SECOND.replace("axis=0", "axis=0, keepdims=True")),
    ),
    mistake(
        "transposed gradients of the weights",
        "dW has the shape of W",
        (_FIRST, _FIRST.replace("x.T @ dh", "dh.T @ x")),
        (_SECOND, _SECOND.replace("h.T @ dz", "dz.T @ h")),
    ),
    mistake(
        "gradients of the biases that were forgotten (zeros)",
        _SUM,
        (_FIRST, _FIRST.replace("dh.sum(axis=0)", "np.zeros_like(b1)")),
        (_SECOND, _SECOND.replace("dz.sum(axis=0)", "np.zeros_like(b2)")),
    ),
    mistake(
        "gradients of the weights only",
        "the dict has a gradient for every parameter",
        (_RETURN, 'return loss, {"W1": dW1, "W2": dW2}'),
    ),
    mistake(
        "gradients under the names dW1, db1, dW2, db2",
        "the keys are those of params",
        (_RETURN, 'return loss, {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}'),
    ),
    mistake("gradients as a list", "a dict with the keys of params", (_RETURN, "return loss, [dW1, db1, dW2, db2]")),
    mistake("a loss without its gradients", "return both", (_RETURN, "return loss")),
    mistake(
        "gradients that add up over calls",
        "every call computes its gradients afresh",
        (
            _RETURN,
            'grads = {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}\nfor k, g in getattr(self, "old", {}).items():\n'
            "    grads[k] = grads[k] + g\nself.old = grads\nreturn loss, grads",
        ),
    ),
    mistake(
        "a loss that moves the parameters",
        "the optimizer moves them: loss changes nothing",
        (_RETURN, "for w, g in ((W1, dW1), (b1, db1), (W2, dW2), (b2, db2)):\n    w -= 0.1 * g\n" + _RETURN),
    ),
    mistake(
        "weight decay in the gradients",
        "no penalty here: that was e30",
        (_RETURN, _RETURN.replace("dW1,", "dW1 + 1e-3 * W1,").replace("dW2,", "dW2 + 1e-3 * W2,")),
    ),
]
