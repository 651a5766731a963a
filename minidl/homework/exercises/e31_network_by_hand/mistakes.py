"""What goes wrong in e31."""

from minidl.homework.check import mistake

SHIFT = "z = z - z.max(axis=1, keepdims=True)"
DZ, QUOTIENT = "dz = np.exp(logp)", "dz = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)"
LOSS = "loss = -logp[rows, y].mean()"
ONE_HOT, DIVIDE = "dz[rows, y] -= 1", "dz /= len(x)"
HIDDEN, DH, DA = "h = np.maximum(a, 0)", "dh = dz @ W2.T", "da = dh * (a > 0)"
LOGITS = "z = h @ W2 + b2"
GRADS = 'grads = {"W1": x.T @ da, "b1": da.sum(axis=0), "W2": h.T @ dz, "b2": dz.sum(axis=0)}'
W1, W2 = '"W1": rng.normal(size=(D, H)) * np.sqrt(2 / D),', '"W2": rng.normal(size=(H, C)) * np.sqrt(2 / H),'
READ = 'W1, b1, W2, b2 = (self.params[name] for name in ("W1", "b1", "W2", "b2"))'


def grads(old, new):
    return GRADS, GRADS.replace(old, new)


MISTAKES = [
    mistake("a softmax without the shift, which overflows", "subtract the row's maximum before the exponential",
            (SHIFT, "")),
    mistake("a softmax shifted by one maximum for the whole batch", "every row has a maximum of its own",
            (SHIFT, "z = z - z.max()")),
    mistake("a softmax without the shift, which overflows", "subtract the row's maximum before the exponential",
            (SHIFT, ""), (DZ, QUOTIENT)),
    mistake("a softmax shifted by one maximum for the whole batch", "every row has a maximum of its own",
            (SHIFT, "z = z - z.max()"), (DZ, QUOTIENT)),
    mistake("the logarithm of the softmax taken afterwards: log 0 where a probability vanishes",
            "log softmax is z minus the logarithm of a sum; no exponential of z is needed",
            ("logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))",
             "logp = np.log(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))")),
    mistake("a loss that is a sum, not a mean", "divide by the number of samples",
            (LOSS, "loss = -logp[rows, y].sum()")),
    mistake("loss and gradients that are sums, not means", "divide by the number of samples",
            (LOSS, "loss = -logp[rows, y].sum()"), (DIVIDE, "")),
    mistake("gradients that are not divided by the number of samples", "the loss is a mean", (DIVIDE, "")),
    mistake("gradients divided by the number of samples twice", "the mean is taken once",
            (DIVIDE, "dz /= len(x) ** 2")),
    mistake("division by the number of classes", "a mean over samples", (DIVIDE, "dz /= W2.shape[1]"),
            (LOSS, "loss = -logp[rows, y].sum() / W2.shape[1]")),
    mistake("a loss with the wrong sign", "log of a probability is negative", (LOSS, "loss = logp[rows, y].mean()")),
    mistake("dz with the wrong sign", "softmax minus one-hot, not the reverse", (DIVIDE, "dz /= -len(x)")),
    mistake("dz = softmax, the one-hot labels not subtracted", "look at dz", (ONE_HOT, "")),
    mistake("ones subtracted from whole columns of dz", "one entry in each row: index rows and labels together",
            (ONE_HOT, "dz[:, y] -= 1")),
    mistake("no ReLU: two linear layers", "look at h", (HIDDEN, "h = a"), (DA, "da = dh")),
    mistake("a backward pass without ReLU's mask", "where a unit was off, no gradient passes", (DA, "da = dh")),
    mistake("ReLU's mask taken from the gradient", "the mask is where the unit was on", (DA, "da = dh * (dh > 0)")),
    mistake("ReLU's mask the wrong way round", "the mask is where the unit was on", (DA, "da = dh * (a < 0)")),
    mistake("the hidden gradient multiplied by h, not by ReLU's derivative", "ReLU's derivative is 0 or 1",
            (DA, "da = dh * h")),
    mistake("a second ReLU, on the logits", "logits may be negative", (LOGITS, "z = np.maximum(h @ W2 + b2, 0)")),
    mistake("a tanh in place of the ReLU", "look at h", (HIDDEN, "h = np.tanh(a)"), (DA, "da = dh * (1 - h**2)")),
    mistake("no second bias", "b2 belongs to the logits", (LOGITS, "z = h @ W2"), grads("dz.sum(axis=0)", "0 * b2")),
    mistake("no first bias", "b1 belongs to the hidden layer", ("a = x @ W1 + b1", "a = x @ W1"),
            grads("da.sum(axis=0)", "0 * b1")),
    mistake("a first bias that gets no gradient", "every parameter has a gradient", grads("da.sum(axis=0)", "0 * b1")),
    mistake("a second bias that gets no gradient", "every parameter has a gradient", grads("dz.sum(axis=0)", "0 * b2")),
    mistake("bias gradients that are means over the samples", "a sum over the rows: the mean was taken in dz",
            grads("sum(axis=0)", "mean(axis=0)")),
    mistake("bias gradients of the first sample only", "a sum over the rows",
            (GRADS, GRADS.replace("da.sum(axis=0)", "da[0]").replace("dz.sum(axis=0)", "dz[0]"))),
    mistake("dW2 from the hidden layer before ReLU", "W2 was multiplied by h", grads("h.T @ dz", "a.T @ dz")),
    mistake("dW1 from the gradient before ReLU's mask", "W1 stands before the ReLU", grads("x.T @ da", "x.T @ dh")),
    mistake("db1 from the gradient before ReLU's mask", "b1 stands before the ReLU",
            grads("da.sum(axis=0)", "dh.sum(axis=0)")),
    mistake("weight gradients divided by the number of samples once more", "the mean was taken in dz",
            (GRADS, GRADS.replace("x.T @ da", "x.T @ da / len(x)").replace("h.T @ dz", "h.T @ dz / len(x)"))),
    mistake("gradients of W1 and b1 that are zero: the chain rule stops after the second layer",
            "the gradient goes on from dz to dh", (DA, "da = 0 * dh")),
    mistake("parameters remembered from the first call", "an optimizer changes params between two calls",
            (READ, "self.kept = getattr(self, 'kept', None) or {k: w.copy() for k, w in self.params.items()}\n"
             "W1, b1, W2, b2 = (self.kept[name] for name in ('W1', 'b1', 'W2', 'b2'))")),
    mistake("a loss that makes the gradient step itself", "loss only computes; the optimizer steps",
            (GRADS, GRADS + "\nfor name in grads:\n    self.params[name] -= 0.1 * grads[name]")),
    mistake("gradients that add up from call to call", "every call has gradients of its own",
            (GRADS, GRADS + "\nself.sum = {k: g + getattr(self, 'sum', {}).get(k, 0) for k, g in grads.items()}\n"
             "grads = self.sum")),
    mistake("first weights that are all zero", "units that begin alike stay alike",
            (W1, '"W1": np.zeros((D, H)),'), (W2, '"W2": np.zeros((H, C)),')),
    mistake("first weights of W1 that are all zero", "units that begin alike stay alike",
            (W1, '"W1": np.zeros((D, H)),')),
    mistake("first weights that are all one", "units that begin alike stay alike",
            (W1, '"W1": np.ones((D, H)),'), (W2, '"W2": np.ones((H, C)),')),
    mistake("first weights that do not come from rng", "the caller's rng makes them",
            (W1, '"W1": np.random.default_rng(0).normal(size=(D, H)) * np.sqrt(2 / D),'),
            (W2, '"W2": np.random.default_rng(1).normal(size=(H, C)) * np.sqrt(2 / H),')),
    mistake("first weights from NumPy's global random numbers", "the caller's rng makes them",
            (W1, '"W1": np.random.randn(D, H) * np.sqrt(2 / D),'),
            (W2, '"W2": np.random.randn(H, C) * np.sqrt(2 / H),')),
    mistake("weights stored as (out, in)", "W1 is (D, H), W2 is (H, C)",
            (W1, W1.replace("(D, H)", "(H, D)")), (W2, W2.replace("(H, C)", "(C, H)")),
            ("a = x @ W1 + b1", "a = x @ W1.T + b1"), (LOGITS, "z = h @ W2.T + b2"), (DH, "dh = dz @ W2"),
            (GRADS, 'grads = {"W1": da.T @ x, "b1": da.sum(axis=0), "W2": dz.T @ h, "b2": dz.sum(axis=0)}'),
            convention=True),
    mistake("biases that do not start at zero", "the first biases are zero",
            ('"b1": np.zeros(H),', '"b1": np.ones(H),')),
]  # fmt: skip
