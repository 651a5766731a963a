"""Learners' files for exercises 13 to 18 and 29 to 31: right ones in many spellings, and wrong ones.

None of them is made from the solutions or the mistakes of the exercises: they are written for the tests.
"""

from minidl.homework.check import replace_lines

PLAIN = {
    "e13_autograd": """
import numpy as np
class T:
    def __init__(self, data, parents=(), leaf=True):
        self.data = np.asarray(data, dtype=float)
        self.grad = np.zeros(self.data.shape)
        self.parents = parents
        self.back = lambda: None
    def __add__(self, o):
        out = T(self.data + o.data, (self, o))
        def back():
            self.grad += unb(out.grad, self.data.shape)
            o.grad += unb(out.grad, o.data.shape)
        out.back = back
        return out
    def __sub__(self, o):
        out = T(self.data - o.data, (self, o))
        def back():
            self.grad += unb(out.grad, self.data.shape)
            o.grad -= unb(out.grad, o.data.shape)
        out.back = back
        return out
    def __mul__(self, o):
        out = T(self.data * o.data, (self, o))
        def back():
            self.grad += unb(out.grad * o.data, self.data.shape)
            o.grad += unb(out.grad * self.data, o.data.shape)
        out.back = back
        return out
    def __matmul__(self, o):
        out = T(self.data @ o.data, (self, o))
        def back():
            self.grad += out.grad @ o.data.T
            o.grad += self.data.T @ out.grad
        out.back = back
        return out
    def __pow__(self, n):
        out = T(self.data ** n, (self,))
        def back():
            self.grad += out.grad * n * self.data ** (n - 1)
        out.back = back
        return out
    def exp(self):
        out = T(np.exp(self.data), (self,))
        def back():
            self.grad += out.grad * out.data
        out.back = back
        return out
    def log(self):
        out = T(np.log(self.data), (self,))
        def back():
            self.grad += out.grad / self.data
        out.back = back
        return out
    def tanh(self):
        out = T(np.tanh(self.data), (self,))
        def back():
            self.grad += out.grad * (1 - out.data ** 2)
        out.back = back
        return out
    def relu(self):
        out = T(np.maximum(self.data, 0), (self,))
        def back():
            self.grad += out.grad * (self.data > 0)
        out.back = back
        return out
    def sum(self, axis=None):
        out = T(self.data.sum(axis=axis), (self,))
        def back():
            g = out.grad if axis is None else np.expand_dims(out.grad, axis)
            self.grad += g * np.ones(self.data.shape)
        out.back = back
        return out
    def mean(self):
        out = T(self.data.mean(), (self,))
        def back():
            self.grad += out.grad / self.data.size
        out.back = back
        return out
    def backward(self):
        topo, seen, stack = [], set(), [(self, False)]
        while stack:
            t, done = stack.pop()
            if done:
                topo.append(t)
            elif id(t) not in seen:
                seen.add(id(t))
                stack.append((t, True))
                stack.extend((p, False) for p in t.parents)
        for t in topo:
            if t.parents:
                t.grad = np.zeros(t.data.shape)
        self.grad = np.ones(self.data.shape)
        for t in reversed(topo):
            t.back()
def unb(g, shape):
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    for ax, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=ax, keepdims=True)
    return g
""",
    "e14_initialisation": """
import numpy as np
def he_init(sizes, rng):
    P = {}
    for l in range(1, len(sizes)):
        P['W%d' % l] = rng.normal(size=(sizes[l - 1], sizes[l])) * np.sqrt(2 / sizes[l - 1])
        P['b%d' % l] = np.zeros(sizes[l])
    return P
""",
    "e15_data": """
import numpy as np
def flatten_columns(images):
    return images.reshape(images.shape[0], -1).T
def scale(images):
    return images.astype(np.float64) / 255
def standardize(train, test):
    mu, sd = train.mean(axis=0), train.std(axis=0)
    sd = np.where(sd == 0, 1, sd)
    return (train - mu) / sd, (test - mu) / sd
def one_hot(y, k):
    out = np.zeros((len(y), k))
    out[np.arange(len(y)), y] = 1
    return out
def accuracy(scores, y):
    return float((scores.argmax(axis=1) == y).mean())
""",
    "e16_minibatches": """
import numpy as np
def minibatches(X, Y, size, rng):
    perm = rng.permutation(len(X))
    for k in range(0, len(X), size):
        idx = perm[k:k + size]
        yield X[idx], Y[idx]
""",
    "e17_training_loop": """
def fit(model, opt, batches, epochs):
    history = []
    for epoch in range(epochs):
        model.training = True
        total, n = 0.0, 0
        for x, y in batches():
            opt.zero_grad()
            loss = model.loss(x, y)
            model.backward()
            opt.step()
            total += loss * len(x)
            n += len(x)
        model.training = False
        history.append((total / n, model.accuracy()))
    return history
""",
    "e18_moving_average": """
import numpy as np
def ewa(xs, beta, correct=True):
    v, out = 0.0, []
    for t, x in enumerate(xs, start=1):
        v = beta * v + (1 - beta) * x
        out.append(v / (1 - beta ** t) if correct else v)
    return np.array(out)
""",
    "e29_dropout": """
class Dropout:
    def __init__(self, p, rng):
        self.p, self.rng, self.training = p, rng, True
    def forward(self, x):
        if not self.training:
            return x
        self.mask = (self.rng.random(x.shape) >= self.p) / (1 - self.p)
        return x * self.mask
    def backward(self, dout):
        return dout * self.mask if self.training else dout
""",
    "e30_weight_penalty": """
import numpy as np
def l2_loss_and_grads(data_loss, data_grads, params, lam):
    loss, grads = data_loss, dict(data_grads)
    for name, w in params.items():
        if name.startswith('W'):
            loss = loss + 0.5 * lam * np.sum(w ** 2)
            grads[name] = grads[name] + lam * w
    return loss, grads
""",
    "e31_network_by_hand": """
import numpy as np
def softmax(z):
    e = np.exp(z - np.amax(z, 1)[:, None])
    return e / e.sum(1)[:, None]
class TwoLayerNet:
    def __init__(self, D, H, C, rng):
        self.params = {}
        self.params['W1'] = 0.1 * rng.standard_normal((D, H))
        self.params['b1'] = np.zeros((H,))
        self.params['W2'] = 0.1 * rng.standard_normal((H, C))
        self.params['b2'] = np.zeros((C,))
    def loss(self, x, y):
        p = self.params
        a = x.dot(p['W1']) + p['b1']
        h = np.where(a > 0, a, 0)
        z = h.dot(p['W2']) + p['b2']
        m = z.max(axis=1)
        lse = m + np.log(np.exp(z - m[:, None]).sum(axis=1))
        loss = np.mean(lse - z[range(len(y)), y])
        d = softmax(z)
        d -= np.eye(z.shape[1])[y]
        d /= len(y)
        grads = {}
        grads['W2'] = h.T.dot(d)
        grads['b2'] = d.sum(0)
        d = d.dot(p['W2'].T)
        d[a <= 0] = 0
        grads['W1'] = x.T.dot(d)
        grads['b1'] = d.sum(0)
        return loss, grads
""",
}


def edit(name, *pairs):
    """The plain form of an exercise with lines replaced."""
    source = PLAIN[name].lstrip("\n")
    for old, new in pairs:
        source = replace_lines(source, old, new)
    return source


# gradients as functions of the result's gradient; one dict of gradients per call; creation order as topological order
PULLING = """
import itertools
import numpy as np
clock = itertools.count()
def fit_to(g, shape):
    while np.ndim(g) > len(shape):
        g = np.sum(g, axis=0)
    for k in range(len(shape)):
        if shape[k] == 1 and g.shape[k] != 1:
            g = np.sum(g, axis=k, keepdims=True)
    return g
class T(object):
    def __init__(self, data, parents=(), pulls=()):
        self.data = np.array(data, dtype=np.float64)
        self.grad = np.zeros_like(self.data)
        self.parents, self.pulls, self.when = list(parents), list(pulls), next(clock)
    def __add__(self, other):
        return T(self.data + other.data, [self, other], [lambda g: g, lambda g: g])
    def __sub__(self, other):
        return T(self.data - other.data, [self, other], [lambda g: g, lambda g: -g])
    def __mul__(self, other):
        return T(self.data * other.data, [self, other], [lambda g: g * other.data, lambda g: g * self.data])
    def __matmul__(self, other):
        return T(np.dot(self.data, other.data), [self, other],
                 [lambda g: np.einsum('ij,kj->ik', g, other.data), lambda g: np.einsum('ki,kj->ij', self.data, g)])
    def __pow__(self, k):
        return T(np.power(self.data, k), [self], [lambda g: k * np.power(self.data, k - 1) * g])
    def exp(self):
        e = np.exp(self.data)
        return T(e, [self], [lambda g: e * g])
    def log(self):
        return T(np.log(self.data), [self], [lambda g: self.data ** -1 * g])
    def tanh(self):
        return T(np.tanh(self.data), [self], [lambda g: g / np.cosh(self.data) ** 2])
    def relu(self):
        return T(self.data * (self.data >= 0), [self], [lambda g: np.where(self.data >= 0, g, 0.0)])
    def sum(self, axis=None):
        kept = self.data.sum(axis=axis, keepdims=True).shape
        return T(np.sum(self.data, axis), [self], [lambda g: np.broadcast_to(np.reshape(g, kept), self.data.shape)])
    def mean(self):
        n = self.data.size
        return T(self.data.sum() / n, [self], [lambda g: np.ones(self.data.shape) * (g / n)])
    def backward(self):
        nodes, front = {}, [self]
        while front:
            t = front.pop()
            if t.when not in nodes:
                nodes[t.when] = t
                front += t.parents
        grads = {self.when: np.ones_like(self.data)}
        for when in sorted(nodes, reverse=True):
            t, g = nodes[when], grads[when]
            for p, pull in zip(t.parents, t.pulls):
                grads[p.when] = grads.get(p.when, 0.0) + fit_to(pull(g), p.data.shape)
            if not t.parents:
                t.grad = t.grad + g
"""

_E13, _E14, _E15, _E16, _E17 = list(PLAIN)[:5]
_E18, _E29, _E30, _E31 = list(PLAIN)[5:]

_TOPO = """topo, seen, stack = [], set(), [(self, False)]
while stack:
t, done = stack.pop()
if done:
topo.append(t)
elif id(t) not in seen:
seen.add(id(t))
stack.append((t, True))
stack.extend((p, False) for p in t.parents)"""
_RESET = "for t in topo:\nif t.parents:\nt.grad = np.zeros(t.data.shape)"
_SEED = "self.grad = np.ones(self.data.shape)"
_BACK = "for t in reversed(topo):\nt.back()"
_ADD = "self.grad += unb(out.grad, self.data.shape)\no.grad += unb(out.grad, o.data.shape)"
_SUB = "self.grad += unb(out.grad, self.data.shape)\no.grad -= unb(out.grad, o.data.shape)"

RIGHT = {
    f"{name}: {label}": (name, source)
    for name, label, source in [
        *((name, "plain", source) for name, source in PLAIN.items()),
        (_E13, "functions that pull, gradients in a dict", PULLING),
        (
            _E13,
            "clears what lies between after the walk",
            edit(
                _E13,
                (_RESET, "pass"),
                (
                    _BACK,
                    "for t in reversed(topo):\n    t.back()\nfor t in topo:\n    if t.parents:\n"
                    "        t.grad = np.zeros(t.data.shape)",
                ),
            ),
        ),
        (
            _E13,
            "counts the uses of every T (Kahn)",
            edit(
                _E13,
                (
                    _TOPO,
                    "uses, todo = {id(self): 0}, [self]\nfor t in todo:\n    for p in t.parents:\n"
                    "        if id(p) not in uses:\n            uses[id(p)] = 0\n            todo.append(p)\n"
                    "        uses[id(p)] += 1\norder, ready = [], [self]\nwhile ready:\n    t = ready.pop()\n"
                    "    order.append(t)\n    for p in t.parents:\n        uses[id(p)] -= 1\n"
                    "        if uses[id(p)] == 0:\n            ready.append(p)\ntopo = order[::-1]",
                ),
            ),
        ),
        (
            _E13,
            "grad = grad + ...",
            edit(
                _E13,
                (
                    _ADD,
                    "self.grad = self.grad + unb(out.grad, self.data.shape)\n"
                    "o.grad = o.grad + unb(out.grad, o.data.shape)",
                ),
            ),
        ),
        (
            _E13,
            "relu with slope 1 at 0",
            edit(_E13, ("self.grad += out.grad * (self.data > 0)", "self.grad += out.grad * (self.data >= 0)")),
        ),
        (
            _E13,
            "keeps a copy of the data",
            edit(_E13, ("self.data = np.asarray(data, dtype=float)", "self.data = np.array(data, dtype=np.float64)")),
        ),
        (
            _E14,
            "standard_normal and list of keys",
            """
import math
import numpy as np
def he_init(sizes, rng):
    params, n_in = dict(), sizes[0]
    for i, n in enumerate(sizes[1:]):
        params['W' + str(i + 1)] = math.sqrt(2.0 / n_in) * rng.standard_normal((n_in, n))
        params['b' + str(i + 1)] = np.zeros((n,))
        n_in = n
    return params
""",
        ),
        (
            _E14,
            "the scale inside normal, biases first",
            """
import numpy as np
def he_init(sizes, rng):
    b = {f'b{i}': np.zeros(n) for i, n in enumerate(sizes) if i > 0}
    W = {f'W{i}': rng.normal(scale=(2 / sizes[i - 1]) ** 0.5, size=(sizes[i - 1], sizes[i]))
         for i in range(1, len(sizes))}
    return {**b, **W}
""",
        ),
        (
            _E14,
            "drawn transposed",
            edit(
                _E14,
                (
                    "P['W%d' % l] = rng.normal(size=(sizes[l - 1], sizes[l])) * np.sqrt(2 / sizes[l - 1])",
                    "P['W%d' % l] = rng.normal(size=(sizes[l], sizes[l - 1])).T * np.sqrt(2 / sizes[l - 1])",
                ),
            ),
        ),
        (
            _E15,
            "other spellings",
            """
import numpy as np
def flatten_columns(images):
    return np.stack([im.ravel() for im in images], axis=1)
def scale(images):
    return np.true_divide(images, 255.0)
def standardize(train, test):
    mu = np.mean(train, 0)
    sd = np.sqrt(np.mean((train - mu) ** 2, 0))
    sd[sd == 0] = 1.0
    out = []
    for a in (train, test):
        a = a - mu
        a /= sd
        out.append(a)
    return out
def one_hot(y, k):
    return np.eye(k)[y]
def accuracy(scores, y):
    return np.count_nonzero(np.argmax(scores, -1) == y) / y.shape[0]
""",
        ),
        (
            _E15,
            "reshape to (m, -1) with moved axes, where",
            """
import numpy as np
def flatten_columns(images):
    return np.moveaxis(images, 0, -1).reshape(-1, len(images))
def scale(images):
    return images * 1.0 / 255.0
def standardize(train, test):
    mu, sd = train.mean(axis=0, keepdims=True), train.std(axis=0, keepdims=True)
    safe = np.where(sd > 0, sd, np.ones_like(sd))
    return (train - mu) / safe, (test - mu) / safe
def one_hot(y, k):
    return (y[:, None] == np.arange(k)[None, :]).astype(float)
def accuracy(scores, y):
    return sum(int(np.argmax(s)) == int(c) for s, c in zip(scores, y)) / len(y)
""",
        ),
        (
            _E16,
            "shuffle an array of numbers",
            edit(_E16, ("perm = rng.permutation(len(X))", "perm = np.arange(len(X)); rng.shuffle(perm)")),
        ),
        (
            _E16,
            "argsort of random numbers",
            edit(_E16, ("perm = rng.permutation(len(X))", "perm = rng.random(len(X)).argsort()")),
        ),
        (
            _E16,
            "choice without replacement",
            edit(_E16, ("perm = rng.permutation(len(X))", "perm = rng.choice(len(X), len(X), replace=False)")),
        ),
        (
            _E16,
            "a list, shuffled copies, sorted inside a batch",
            """
import numpy as np
def minibatches(X, Y, size, rng):
    left = list(range(X.shape[0]))
    out = []
    while left:
        take = sorted(rng.choice(left, min(size, len(left)), replace=False).tolist())
        left = [i for i in left if i not in take]
        out.append((X[take], Y[take]))
    return out
""",
        ),
        (
            _E16,
            "array_split and permuted copies",
            """
import numpy as np
def minibatches(X, Y, size, rng):
    p = rng.permutation(X.shape[0])
    X, Y = X[p], Y[p]
    n = (len(X) + size - 1) // size
    for b in range(n):
        yield X[b * size:min((b + 1) * size, len(X))], Y[b * size:min((b + 1) * size, len(X))]
""",
        ),
        (
            _E17,
            "clears before backward",
            edit(_E17, ("opt.zero_grad()\nloss = model.loss(x, y)", "loss = model.loss(x, y)\nopt.zero_grad()")),
        ),
        (
            _E17,
            "clears after the step",
            edit(
                _E17,
                ("opt.zero_grad()\nloss = model.loss(x, y)", "loss = model.loss(x, y)"),
                ("opt.step()", "opt.step()\nopt.zero_grad()"),
            ),
        ),
        (
            _E17,
            "lists and a weighted average",
            """
import numpy as np
def fit(model, opt, batches, epochs):
    history = []
    for e in range(epochs):
        losses, sizes = [], []
        for x, y in batches():
            model.training = True
            losses.append(model.loss(x, y))
            opt.zero_grad(); model.backward(); opt.step()
            sizes.append(x.shape[0])
        model.training = False
        acc = model.accuracy()
        model.training = True
        history += [[np.average(losses, weights=sizes), acc]]
    return history
""",
        ),
        (_E18, "lerp", edit(_E18, ("v = beta * v + (1 - beta) * x", "v += (1 - beta) * (x - v)"))),
        (
            _E18,
            "a running product for the correction",
            """
import numpy as np
def ewa(xs, beta, correct=True):
    out, v, left = np.empty(len(xs)), 0, 1.0
    for i in range(len(xs)):
        v = beta * v + (1 - beta) * xs[i]
        left *= beta
        out[i] = v / (1 - left) if correct else v
    return out
""",
        ),
        (
            _E18,
            "a matrix of weights",
            """
import numpy as np
def ewa(xs, beta, correct=True):
    t = np.arange(1, len(xs) + 1)
    age = t[:, None] - t[None, :]
    weights = np.where(age >= 0, (1 - beta) * beta ** np.maximum(age, 0.0), 0.0)
    v = weights @ xs
    return v / weights.sum(axis=1) if correct else v
""",
        ),
        (
            _E29,
            "keeps what is below 1 - p",
            edit(
                _E29,
                (
                    "self.mask = (self.rng.random(x.shape) >= self.p) / (1 - self.p)",
                    "self.mask = (self.rng.random(x.shape) < 1 - self.p) * (1 / (1 - self.p))",
                ),
            ),
        ),
        (
            _E29,
            "binomial, where, copies in use",
            """
import numpy as np
class Dropout:
    def __init__(self, p, rng):
        self.p = p
        self.rng = rng
        self.training = True
        self.mask = None
    def forward(self, x):
        if self.training:
            self.mask = self.rng.binomial(1, 1 - self.p, size=x.shape)
        else:
            self.mask = np.ones(x.shape)
        out = x.copy()
        out *= self.mask
        if self.training:
            out /= 1 - self.p
        return out
    def backward(self, dout):
        dx = np.where(self.mask == 1, dout, 0.0)
        return dx / (1 - self.p) if self.training else dx
""",
        ),
        (
            _E30,
            "two passes and copies",
            """
def l2_loss_and_grads(data_loss, data_grads, params, lam):
    grads = {k: g.copy() for k, g in data_grads.items()}
    penalty = 0.0
    for k in params:
        if k[0] == 'W':
            grads[k] += lam * params[k]
            penalty += (params[k] * params[k]).sum()
    return data_loss + lam * penalty / 2, grads
""",
        ),
        (
            _E30,
            "norms, names without b",
            """
import numpy as np
def l2_loss_and_grads(data_loss, data_grads, params, lam):
    weights = {k: v for k, v in params.items() if not k.startswith('b')}
    loss = data_loss + sum(lam / 2 * np.linalg.norm(w) ** 2 for w in weights.values())
    return loss, {k: data_grads[k] + (lam * params[k] if k in weights else 0) for k in params}
""",
        ),
        (
            _E31,
            "very small weights at the start",
            edit(
                _E31,
                (
                    "self.params['W1'] = 0.1 * rng.standard_normal((D, H))",
                    "self.params['W1'] = 1e-4 * rng.normal(size=(D, H))",
                ),
                (
                    "self.params['W2'] = 0.1 * rng.standard_normal((H, C))",
                    "self.params['W2'] = 1e-4 * rng.normal(size=(H, C))",
                ),
            ),
        ),
        (
            _E31,
            "its own names for the arrays",
            edit(
                _E31,
                (
                    "self.params['b2'] = np.zeros((C,))",
                    "self.params['b2'] = np.zeros((C,))\nself.W1, self.W2 = self.params['W1'], self.params['W2']",
                ),
                ("a = x.dot(p['W1']) + p['b1']", "a = x @ self.W1 + p['b1']"),
            ),
        ),
        (
            _E31,
            "a loop over the examples",
            """
import numpy as np
class TwoLayerNet:
    def __init__(self, D, H, C, rng):
        s = (2 / D) ** 0.5, (2 / H) ** 0.5
        self.params = {'W1': rng.normal(0, s[0], (D, H)), 'b1': np.zeros(H)}
        self.params |= {'W2': rng.normal(0, s[1], (H, C)), 'b2': np.zeros(C)}
    def loss(self, x, y):
        W1, b1, W2, b2 = self.params.values()
        total, grads = 0.0, {k: np.zeros(v.shape) for k, v in self.params.items()}
        for xi, yi in zip(x, y):
            h = np.maximum(0, xi @ W1 + b1)
            z = h @ W2 + b2
            z = z - z.max()
            e = np.exp(z)
            total += np.log(e.sum()) - z[yi]
            dz = e / e.sum()
            dz[yi] -= 1
            dh = (W2 @ dz) * (h > 0)
            for k, g in dict(W1=np.outer(xi, dh), b1=dh, W2=np.outer(h, dz), b2=dz).items():
                grads[k] += g / len(x)
        return total / len(x), grads
""",
        ),
    ]
}

# e13, as spelled in the plain form
_MUL = ("self.grad += unb(out.grad * o.data, self.data.shape)", "o.grad += unb(out.grad * self.data, o.data.shape)")
_MATMUL = ("self.grad += out.grad @ o.data.T", "o.grad += self.data.T @ out.grad")
_LEADING = "g = g.sum(axis=tuple(range(g.ndim - len(shape))))"
_KEEPDIMS = "g = g.sum(axis=ax, keepdims=True)"
_SPREAD = "g = out.grad if axis is None else np.expand_dims(out.grad, axis)"
_W = "P['W%d' % l] = rng.normal(size=(sizes[l - 1], sizes[l])) * np.sqrt(2 / sizes[l - 1])"
_BIAS = "P['b%d' % l] = np.zeros(sizes[l])"
_STANDARD = "return (train - mu) / sd, (test - mu) / sd"
_MASK = "self.mask = (self.rng.random(x.shape) >= self.p) / (1 - self.p)"
_BACKWARD = "return dout * self.mask if self.training else dout"
_L2 = ("loss = loss + 0.5 * lam * np.sum(w ** 2)", "grads[name] = grads[name] + lam * w")
_BATCH = "opt.zero_grad()\nloss = model.loss(x, y)\nmodel.backward()\nopt.step()"
_TOTAL = "total += loss * len(x)\nn += len(x)"
_EWA = "out.append(v / (1 - beta ** t) if correct else v)"

# (exercise, id or description, a part of the name that the diagnosis must give or None, edits of the plain form)
_WRONG = [
    (_E13, "AG02", "first operand receives its own value", (_MUL[0], _MUL[0].replace("o.data,", "self.data,"))),
    (
        _E13,
        "AG04 in +",
        "overwrite",
        (
            _ADD,
            "self.grad = out.grad if self.grad.shape == out.grad.shape else "
            "unb(out.grad, self.data.shape)\no.grad += unb(out.grad, o.data.shape)",
        ),
    ),
    (
        _E13,
        "AG04 in -",
        "overwrite",
        (
            _SUB,
            "self.grad = out.grad if self.grad.shape == out.grad.shape else "
            "unb(out.grad, self.data.shape)\no.grad -= unb(out.grad, o.data.shape)",
        ),
    ),
    (
        _E13,
        "AG06",
        "keeps the exponent n",
        ("self.grad += out.grad * n * self.data ** (n - 1)", "self.grad += out.grad * n * self.data ** n"),
    ),
    (
        _E13,
        "AG08",
        "derivative is x, not exp(x)",
        ("self.grad += out.grad * out.data", "self.grad += out.grad * self.data"),
    ),
    (
        _E13,
        "AG10",
        "1 - x^2",
        ("self.grad += out.grad * (1 - out.data ** 2)", "self.grad += out.grad * (1 - self.data ** 2)"),
    ),
    (_E13, "AG12", "wrong one", (_SPREAD, "g = out.grad")),
    (
        _E13,
        "AG14",
        "first axis only",
        ("self.grad += out.grad / self.data.size", "self.grad += out.grad / self.data.shape[0]"),
    ),
    (
        _E13,
        "AG16",
        "without a topological order",
        (_BACK, "def go(t):\n    t.back()\n    for p in t.parents: go(p)\ngo(self)"),
    ),
    (_E13, "AG18", "begins with zero", (_SEED, "self.grad = np.zeros(self.data.shape)")),
    (
        _E13,
        "AG20",
        "equal values",
        (
            "elif id(t) not in seen:\nseen.add(id(t))",
            "elif t.data.tobytes() not in seen:\n    seen.add(t.data.tobytes())",
        ),
    ),
    (_E13, "AG22", "one slice of a stretched axis", (_KEEPDIMS, "g = g[(slice(None),) * ax + (slice(0, 1),)]")),
    (
        _E13,
        "AG24",
        "calls itself",
        (
            _TOPO,
            "topo, seen = [], set()\ndef visit(t):\n    if id(t) not in seen:\n"
            "        seen.add(id(t))\n        for p in t.parents:\n            visit(p)\n"
            "        topo.append(t)\nvisit(self)",
        ),
    ),
    (
        _E13,
        "a product that overwrites",
        "overwrites the gradients of both",
        (_MUL[0], _MUL[0].replace("+=", "=")),
        (_MUL[1], _MUL[1].replace("+=", "=")),
    ),
    (_E13, "a product that overwrites its first operand", "overwrites", (_MUL[0], _MUL[0].replace("+=", "="))),
    (_E13, "a sum that overwrites", "overwrites", (_ADD, _ADD.replace("+=", "="))),
    (
        _E13,
        "a matrix product that overwrites",
        "overwrites",
        (_MATMUL[0], _MATMUL[0].replace("+=", "=")),
        (_MATMUL[1], _MATMUL[1].replace("+=", "=")),
    ),
    (_E13, "a difference that adds", "receives +g", (_SUB, _ADD)),
    (
        _E13,
        "a product, second operand",
        "second operand receives its own",
        (_MUL[1], _MUL[1].replace("self.data,", "o.data,")),
    ),
    (_E13, "no transpose of y", "without the transpose", (_MATMUL[0], "self.grad += out.grad @ o.data")),
    (_E13, "no transpose of x", "without the transpose", (_MATMUL[1], "o.grad += self.data @ out.grad")),
    (_E13, "elementwise in place of @", None, (_MATMUL[0], "self.grad += (out.grad @ o.data.T) * self.data")),
    (
        _E13,
        "no factor n",
        "lacks the factor n",
        ("self.grad += out.grad * n * self.data ** (n - 1)", "self.grad += out.grad * self.data ** (n - 1)"),
    ),
    (_E13, "log by its value", "1 / log(x)", ("self.grad += out.grad / self.data", "self.grad += out.grad / out.data")),
    (
        _E13,
        "relu without a mask",
        "passes everything on",
        ("self.grad += out.grad * (self.data > 0)", "self.grad += out.grad"),
    ),
    (
        _E13,
        "relu, mask of the gradient",
        "comes from the gradient",
        ("self.grad += out.grad * (self.data > 0)", "self.grad += out.grad * (out.grad > 0)"),
    ),
    (
        _E13,
        "mean without a division",
        "does not divide",
        ("self.grad += out.grad / self.data.size", "self.grad += out.grad"),
    ),
    (_E13, "no reset", "keeps what lies between", (_RESET, "pass")),
    (_E13, "reset of everything", "clears the leaves", (_RESET, "for t in topo:\n    t.grad = np.zeros(t.data.shape)")),
    (_E13, "not reversed", "from the leaves to the loss", (_BACK, "for t in topo:\n    t.back()")),
    (
        _E13,
        "breadth first",
        "breadth first",
        (
            _TOPO,
            "topo, seen = [self], {id(self)}\nfor t in topo:\n    for p in t.parents:\n"
            "        if id(p) not in seen:\n            seen.add(id(p)); topo.append(p)\ntopo.reverse()",
        ),
    ),
    (
        _E13,
        "preorder",
        "before its operands",
        (
            _TOPO,
            "topo, seen, stack = [], set(), [self]\nwhile stack:\n    t = stack.pop()\n"
            "    if id(t) not in seen:\n        seen.add(id(t)); topo.append(t); stack += t.parents\ntopo.reverse()",
        ),
    ),
    (_E13, "mean over stretched axes", "averages over a stretched", (_KEEPDIMS, "g = g.mean(axis=ax, keepdims=True)")),
    (_E13, "no sum over axes of length 1", "axes of length 1", (_KEEPDIMS, "pass")),
    (_E13, "no sum over the axes in front", "put in front", (_LEADING, "pass")),
    (_E13, "first slice of the axes in front", "put in front", (_LEADING, "while g.ndim > len(shape): g = g[0]")),
    (_E13, "last slice of the axes in front", None, (_LEADING, "while g.ndim > len(shape): g = g[-1]")),
    (
        _E13,
        "sum backward without ones for axis None",
        "sum",
        ("self.grad += g * np.ones(self.data.shape)", "self.grad += g * np.ones(self.data.shape) / self.data.size"),
    ),
    (
        _E13,
        "exp without the chain rule",
        "forgets to multiply",
        ("self.grad += out.grad * out.data", "self.grad += out.data"),
    ),
    (_E14, "IN02", "variance in place", (_W, _W.replace("np.sqrt(2 / sizes[l - 1])", "2 / sizes[l - 1]"))),
    (_E14, "IN04", "0.01", (_W, _W.replace("np.sqrt(2 / sizes[l - 1])", "0.01"))),
    (_E14, "IN06", "1 / n_in", (_W, _W.replace("2 / ", "1 / "))),
    (_E14, "IN08", "a generator of its own", (_W, _W.replace("rng.normal", "np.random.default_rng(0).normal"))),
    (_E14, "fan out", "number of outputs", (_W, _W.replace("2 / sizes[l - 1]", "2 / sizes[l]"))),
    (_E14, "zeros", "all zero", (_W, "P['W%d' % l] = np.zeros((sizes[l - 1], sizes[l]))")),
    (_E14, "ones", None, (_W, "P['W%d' % l] = np.ones((sizes[l - 1], sizes[l])) * np.sqrt(2 / sizes[l - 1])")),
    (_E14, "rng.random", "uniform distribution on [0, 1)", (_W, _W.replace("rng.normal(size=", "rng.random(size="))),
    (_E14, "no scale", "not scaled", (_W, _W.replace(" * np.sqrt(2 / sizes[l - 1])", ""))),
    (
        _E14,
        "random biases",
        "random biases",
        (_BIAS, "P['b%d' % l] = rng.normal(size=sizes[l]) * np.sqrt(2 / sizes[l - 1])"),
    ),
    (_E14, "ones as biases", "biases of ones", (_BIAS, "P['b%d' % l] = np.ones(sizes[l])")),
    (_E14, "columns as biases", "columns", (_BIAS, "P['b%d' % l] = np.zeros((sizes[l], 1))")),
    (_E14, "transposed", "(n_out, n_in)", (_W, _W.replace("(sizes[l - 1], sizes[l])", "(sizes[l], sizes[l - 1])"))),
    (_E14, "one layer too few", "last layer", ("for l in range(1, len(sizes)):", "for l in range(1, len(sizes) - 1):")),
    (
        _E15,
        "reshape(-1, m)",
        "mixes the pixels",
        ("return images.reshape(images.shape[0], -1).T", "return images.reshape(-1, images.shape[0])"),
    ),
    (
        _E15,
        "rows",
        "one image per row",
        ("return images.reshape(images.shape[0], -1).T", "return images.reshape(images.shape[0], -1)"),
    ),
    (
        _E15,
        "images.T first",
        "reverse order",
        ("return images.reshape(images.shape[0], -1).T", "return images.T.reshape(-1, images.shape[0])"),
    ),
    (
        _E15,
        "DA02",
        "integer division",
        (
            "return images.astype(np.float64) / 255",
            "return images / np.uint8(255) * 1.0 if False else (images // 255) * 1.0",
        ),
    ),
    (_E15, "256", "256", ("return images.astype(np.float64) / 255", "return images / 256.0")),
    (_E15, "float32", "float32", ("return images.astype(np.float64) / 255", "return images.astype('float32') / 255")),
    (
        _E15,
        "DA04",
        "own statistics",
        (_STANDARD, "return (train - mu) / sd, (test - test.mean(axis=0)) / test.std(axis=0)"),
    ),
    (_E15, "DA06", "divided by zero", ("sd = np.where(sd == 0, 1, sd)", "pass")),
    (
        _E15,
        "DA08",
        "train and test together",
        (
            "mu, sd = train.mean(axis=0), train.std(axis=0)",
            "mu, sd = np.r_[train, test].mean(axis=0), np.r_[train, test].std(axis=0)",
        ),
    ),
    (
        _E15,
        "all features together",
        "all features together",
        ("mu, sd = train.mean(axis=0), train.std(axis=0)", "mu, sd = train.mean(), train.std()"),
    ),
    (
        _E15,
        "ddof",
        "ddof=1",
        ("mu, sd = train.mean(axis=0), train.std(axis=0)", "mu, sd = train.mean(axis=0), train.std(axis=0, ddof=1)"),
    ),
    (_E15, "eps", "small number added to sigma", ("sd = np.where(sd == 0, 1, sd)", "sd = sd + 1e-8")),
    (
        _E15,
        "variance",
        "variance",
        ("mu, sd = train.mean(axis=0), train.std(axis=0)", "mu, sd = train.mean(0), train.var(0)"),
    ),
    (_E15, "test as it was", "left as it was", (_STANDARD, "return (train - mu) / sd, test")),
    (
        _E15,
        "in place",
        "changes its arguments",
        (_STANDARD, "train -= mu; train /= sd; test -= mu; test /= sd\nreturn train, test"),
    ),
    (_E15, "DA10", "count from 1", ("out[np.arange(len(y)), y] = 1", "out[np.arange(len(y)), y - 1] = 1")),
    (_E15, "out[:, y]", "whole columns", ("out[np.arange(len(y)), y] = 1", "out[:, y] = 1")),
    (_E15, "k ignored", "largest label", ("out = np.zeros((len(y), k))", "out = np.zeros((len(y), max(y) + 1))")),
    (_E15, "(k, n)", "one example per column", ("return out", "return out.T")),
    (
        _E15,
        "DA12",
        "every guess with every label",
        (
            "return float((scores.argmax(axis=1) == y).mean())",
            "return float((scores.argmax(axis=1)[:, None] == y).mean())",
        ),
    ),
    (
        _E15,
        "argmax of columns",
        "every class",
        ("return float((scores.argmax(axis=1) == y).mean())", "return float((scores.argmax(axis=0) == y).mean())"),
    ),
    (
        _E15,
        "sum",
        "number of right guesses",
        ("return float((scores.argmax(axis=1) == y).mean())", "return float((scores.argmax(axis=1) == y).sum())"),
    ),
    (
        _E15,
        "per cent",
        "percentage",
        (
            "return float((scores.argmax(axis=1) == y).mean())",
            "return float((scores.argmax(axis=1) == y).mean() * 100)",
        ),
    ),
    (
        _E16,
        "drop last",
        "dropped",
        ("for k in range(0, len(X), size):", "for k in range(0, len(X) - len(X) % size, size):"),
    ),
    (_E16, "MB02", "Y in the old one", ("yield X[idx], Y[idx]", "yield X[idx], Y[k:k + size]")),
    (_E16, "MB04", "empty batch", ("for k in range(0, len(X), size):", "for k in range(0, len(X) + 1, size):")),
    (_E16, "MB06", "overlap by one", ("idx = perm[k:k + size]", "idx = perm[k:k + size + 1]")),
    (
        _E16,
        "MB08",
        "fixed seed",
        ("perm = rng.permutation(len(X))", "perm = np.random.default_rng(0).permutation(len(X))"),
    ),
    (_E16, "MB10", "with replacement", ("perm = rng.permutation(len(X))", "perm = rng.integers(0, len(X), len(X))")),
    (
        _E16,
        "MB12",
        "shuffled in place",
        (
            "perm = rng.permutation(len(X))",
            "s = rng.integers(1 << 30); np.random.default_rng(s).shuffle(X); "
            "np.random.default_rng(s).shuffle(Y); perm = np.arange(len(X))",
        ),
    ),
    (_E16, "MB14", "columns", ("perm = rng.permutation(len(X))", "perm = rng.permutation(X.shape[1])")),
    (_E16, "no shuffle", "no shuffling", ("perm = rng.permutation(len(X))", "perm = np.arange(len(X))")),
    (
        _E16,
        "two orders",
        "each in a random order",
        ("yield X[idx], Y[idx]", "yield X[idx], Y[q[k:k + size]]"),
        ("perm = rng.permutation(len(X))", "perm, q = rng.permutation(len(X)), rng.permutation(len(X))"),
    ),
    (
        _E16,
        "np.random",
        "does not come from rng",
        ("perm = rng.permutation(len(X))", "perm = np.random.permutation(len(X))"),
    ),
    (
        _E16,
        "seeded np.random",
        "fixed seed",
        ("perm = rng.permutation(len(X))", "perm = np.random.RandomState(1).permutation(len(X))"),
    ),
    (
        _E16,
        "shuffled batches",
        "neighbours",
        ("perm = rng.permutation(len(X))", "perm = np.arange(len(X))"),
        (
            "for k in range(0, len(X), size):",
            "starts = np.arange(0, len(X), size); rng.shuffle(starts)\nfor k in starts:",
        ),
    ),
    (_E16, "returns", "return in place of yield", ("yield X[idx], Y[idx]", "return X[idx], Y[idx]")),
    (_E16, "starts one too late", None, ("for k in range(0, len(X), size):", "for k in range(1, len(X), size):")),
    (
        _E17,
        "TL02",
        "once per epoch",
        (_BATCH, _BATCH.removeprefix("opt.zero_grad()\n")),
        ("total, n = 0.0, 0", "total, n = 0.0, 0\nopt.zero_grad()"),
    ),
    (
        _E17,
        "TL04",
        "one batch late",
        (_BATCH, "opt.step()\nopt.zero_grad()\nloss = model.loss(x, y)\nmodel.backward()"),
    ),
    (
        _E17,
        "TL04 in another order",
        "finds no gradient",
        (_BATCH, "opt.zero_grad()\nloss = model.loss(x, y)\nopt.step()\nmodel.backward()"),
    ),
    (_E17, "TL06", "mean of the batches' means", (_TOTAL, "total += loss\nn += 1")),
    (
        _E17,
        "TL08",
        "last batch",
        ("history.append((total / n, model.accuracy()))", "history.append((loss, model.accuracy()))"),
    ),
    (_E17, "TL10", "training still True", ("model.training = False", "pass")),
    (_E17, "TL12", "one batch per epoch", ("for x, y in batches():", "for x, y in batches()[:1]:")),
    (_E17, "TL12 with break", "one batch per epoch", (_TOTAL, _TOTAL + "\nbreak")),
    (_E17, "never cleared", "never cleared", (_BATCH, _BATCH.removeprefix("opt.zero_grad()\n"))),
    (
        _E17,
        "cleared before step",
        "finds no gradient",
        (_BATCH, "loss = model.loss(x, y)\nmodel.backward()\nopt.zero_grad()\nopt.step()"),
    ),
    (_E17, "no step", "without step", (_BATCH, _BATCH.removesuffix("\nopt.step()"))),
    (_E17, "no backward", "without backward", (_BATCH, _BATCH.replace("model.backward()\n", ""))),
    (
        _E17,
        "training set once",
        "first epoch only",
        ("history = []", "history = []\nmodel.training = True"),
        ("for epoch in range(epochs):\nmodel.training = True", "for epoch in range(epochs):"),
    ),
    (_E17, "never training", "not set to training", ("model.training = True", "pass")),
    (
        _E17,
        "totals of all epochs",
        "all epochs",
        ("history = []", "history = []\ntotal, n = 0.0, 0"),
        ("model.training = True\ntotal, n = 0.0, 0", "model.training = True"),
    ),
    (
        _E17,
        "one generator",
        "called once",
        ("history = []", "history = []\nb = batches()"),
        ("for x, y in batches():", "for x, y in b:"),
    ),
    (
        _E17,
        "accuracy first",
        "accuracy before loss",
        ("history.append((total / n, model.accuracy()))", "history.append((model.accuracy(), total / n))"),
    ),
    (
        _E17,
        "accuracy before the epoch",
        "before the epoch's updates",
        (
            "total, n = 0.0, 0",
            "total, n = 0.0, 0\nmodel.training = False; acc = model.accuracy(); model.training = True",
        ),
        ("history.append((total / n, model.accuracy()))", "history.append((total / n, acc))"),
    ),
    (_E18, "EW02", "leaky sum", ("v = beta * v + (1 - beta) * x", "v = beta * v + x")),
    (_E18, "EW04", "beta * t", (_EWA, _EWA.replace("beta ** t", "beta * t"))),
    (_E18, "EW06", "starts at 2", ("for t, x in enumerate(xs, start=1):", "for t, x in enumerate(xs, start=2):")),
    (_E18, "EW08", "multiplication by the correction", (_EWA, _EWA.replace("/", "*"))),
    (_E18, "EW10", "always corrected", (_EWA, "out.append(v / (1 - beta ** t) )")),
    (_E18, "exchanged", "exchanged", ("v = beta * v + (1 - beta) * x", "v = (1 - beta) * v + beta * x")),
    (_E18, "1 - beta", "whatever t is", (_EWA, _EWA.replace("beta ** t", "beta"))),
    (_E18, "from 0", "starts at 0", ("for t, x in enumerate(xs, start=1):", "for t, x in enumerate(xs):")),
    (
        _E18,
        "corrected in place",
        "goes on with the corrected",
        (_EWA, "if correct: v = v / (1 - beta ** t)\nout.append(v)"),
    ),
    (_E18, "never corrected", "never corrected", (_EWA, "out.append(v)")),
    (_E18, "turned flag", "wrong way round", (_EWA, "out.append(v if correct else v / (1 - beta ** t))")),
    (
        _E18,
        "starts at the first value",
        "start at the first",
        ("v = beta * v + (1 - beta) * x", "v = x if t == 1 else beta * v + (1 - beta) * x"),
    ),
    (_E18, "last only", "last average only", ("return np.array(out)", "return np.array(out)[-1]")),
    (_E18, "list", "list", ("return np.array(out)", "return out")),
    (_E29, "DO02", "1 / p", (_MASK, _MASK.replace("/ (1 - self.p)", "/ self.p"))),
    (_E29, "DO04", "scales in use as well", ("return x", "return x * (1 - self.p)")),
    (_E29, "DO06", "without the mask", (_BACKWARD, "return dout if self.training else dout")),
    (
        _E29,
        "DO08",
        "new mask",
        (_BACKWARD, "return dout * (self.rng.random(dout.shape) >= self.p) / (1 - self.p) if self.training else dout"),
    ),
    (_E29, "DO10", "all examples of the batch", (_MASK, _MASK.replace("x.shape", "x.shape[1:]"))),
    (_E29, "DO12", "changes its input", ("return x * self.mask", "x *= self.mask\nreturn x")),
    (_E29, "not scaled", "scales nothing", (_MASK, "self.mask = self.rng.random(x.shape) >= self.p")),
    (
        _E29,
        "keep probability",
        "probability to keep",
        (_MASK, "self.mask = (self.rng.random(x.shape) < self.p) / self.p"),
    ),
    (
        _E29,
        "the wrong side",
        "keeps with probability p",
        (_MASK, "self.mask = (self.rng.binomial(1, self.p, x.shape)) / (1 - self.p)"),
    ),
    (
        _E29,
        "in use too",
        "always drops",
        ("if not self.training:\nreturn x", "pass"),
        (_BACKWARD, "return dout * self.mask"),
    ),
    (
        _E29,
        "no factor in backward",
        "without the factor",
        (_BACKWARD, "return dout * (self.mask > 0) if self.training else dout"),
    ),
    (_E29, "old mask in use", "backward", (_BACKWARD, "return dout * self.mask")),
    (_E29, "one mask", "one mask for ever", (_MASK, "if not hasattr(self, 'mask'):\n    " + _MASK)),
    (
        _E29,
        "vanilla",
        "original dropout",
        ("return x", "return x * (1 - self.p)"),
        (_MASK, "self.mask = self.rng.random(x.shape) >= self.p"),
        (_BACKWARD, "return dout * (self.mask if self.training else 1 - self.p)"),
    ),
    (_E30, "L202", "twice too large", (_L2[1], "grads[name] = grads[name] + 2 * lam * w")),
    (_E30, "L204", "sum of a layer's weights", (_L2[1], "grads[name] = grads[name] + lam * np.sum(w)")),
    (_E30, "L206", "on the biases as well", ("if name.startswith('W'):", "if True:")),
    (_E30, "L208", "in the gradients only", (_L2[0], "pass")),
    (_E30, "L210", "last layer only", (_L2[0], "loss = data_loss + 0.5 * lam * np.sum(w ** 2)")),
    (_E30, "no half", "without the half", (_L2[0], _L2[0].replace("0.5 * ", ""))),
    (_E30, "CS231n", "CS231n", (_L2[0], _L2[0].replace("0.5 * ", "")), (_L2[1], _L2[1].replace("lam", "2 * lam"))),
    (_E30, "loss only", "in the loss only", (_L2[1], "pass")),
    (_E30, "sign", "wrong sign", (_L2[1], _L2[1].replace("+", "-"))),
    (
        _E30,
        "same dict",
        "handed in",
        ("loss, grads = data_loss, dict(data_grads)", "loss, grads = data_loss, data_grads"),
    ),
    (_E30, "same arrays", "handed in", (_L2[1], "grads[name] += lam * w")),
    (
        _E30,
        "L1",
        "L1 penalty",
        (_L2[0], "loss = loss + lam * np.sum(np.abs(w))"),
        (_L2[1], "grads[name] = grads[name] + lam * np.sign(w)"),
    ),
    (_E30, "norm", "norm in the loss", (_L2[0], "loss = loss + 0.5 * lam * np.linalg.norm(w)")),
    (_E30, "mean", "mean of squares in the loss", (_L2[0], "loss = loss + 0.5 * lam * np.mean(w ** 2)")),
    (_E30, "no lam", "gradient without lam", (_L2[1], "grads[name] = grads[name] + w")),
    (
        _E30,
        "biases in the loss",
        "in the loss only",
        ("if name.startswith('W'):", _L2[0] + "\nif name.startswith('W'):"),
        (_L2[0] + "\n" + _L2[1], _L2[1]),
    ),
    (_E31, "no mask", "without the ReLU's mask", ("d[a <= 0] = 0", "pass")),
    (_E31, "mask of d", "made from the gradient", ("d[a <= 0] = 0", "d[d <= 0] = 0")),
    (_E31, "no ReLU", "without its ReLU", ("h = np.where(a > 0, a, 0)", "h = a"), ("d[a <= 0] = 0", "pass")),
    (_E31, "sum", "not divided by N", ("d /= len(y)", "pass")),
    (_E31, "by C", "number of classes", ("d /= len(y)", "d /= z.shape[1]")),
    (
        _E31,
        "twice",
        "divided by N twice",
        ("grads['W2'] = h.T.dot(d)", "grads['W2'] = h.T.dot(d) / len(x)"),
        ("grads['W1'] = x.T.dot(d)", "grads['W1'] = x.T.dot(d) / len(x)"),
    ),
    (
        _E31,
        "mean for the biases",
        "mean in place of the sum",
        ("grads['b2'] = d.sum(0)", "grads['b2'] = d.mean(0)"),
        ("grads['b1'] = d.sum(0)", "grads['b1'] = d.mean(0)"),
    ),
    (
        _E31,
        "overflow",
        "overflow",
        ("m = z.max(axis=1)", "m = np.zeros(len(z))"),
        ("e = np.exp(z - np.amax(z, 1)[:, None])", "e = np.exp(z)"),
    ),
    (
        _E31,
        "global maximum",
        "largest score of all rows",
        ("m = z.max(axis=1)", "m = np.full(len(z), z.max())"),
        ("e = np.exp(z - np.amax(z, 1)[:, None])", "e = np.exp(z - z.max())"),
    ),
    (_E31, "no label", "without - 1", ("d -= np.eye(z.shape[1])[y]", "pass")),
    (
        _E31,
        "sign",
        "loss of the wrong sign",
        ("loss = np.mean(lse - z[range(len(y)), y])", "loss = np.mean(z[range(len(y)), y] - lse)"),
    ),
    (
        _E31,
        "zeros",
        "all zero",
        ("self.params['W1'] = 0.1 * rng.standard_normal((D, H))", "self.params['W1'] = np.zeros((D, H))"),
        ("self.params['W2'] = 0.1 * rng.standard_normal((H, C))", "self.params['W2'] = np.zeros((H, C))"),
    ),
    (
        _E31,
        "ReLU on the scores",
        "behind the second layer",
        ("z = h.dot(p['W2']) + p['b2']", "z = np.maximum(h.dot(p['W2']) + p['b2'], 0)"),
    ),
    (_E31, "no b1", "first layer without its bias", ("a = x.dot(p['W1']) + p['b1']", "a = x.dot(p['W1'])")),
    (_E31, "keys", "under the names", ("return loss, grads", "return loss, {'d' + k: g for k, g in grads.items()}")),
    (
        _E31,
        "weights copied at the start",
        None,
        (
            "self.params['b2'] = np.zeros((C,))",
            "self.params['b2'] = np.zeros((C,))\nself.W1 = self.params['W1'].copy()",
        ),
        ("a = x.dot(p['W1']) + p['b1']", "a = x.dot(self.W1) + p['b1']"),
    ),
]
WRONG = {f"{name}: {label}": (name, edit(name, *pairs), says) for name, label, says, *pairs in _WRONG}
