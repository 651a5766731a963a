"""Solutions of e01 to e12 by other hands: right ones in several forms, and wrong ones with the name they should get."""

BASE = {
    "e01_gradient_descent": """
def gd_2d(grad, x1, x2, lr, steps):
    path = [(x1, x2)]
    for _ in range(steps):
        g1, g2 = grad(x1, x2)
        x1, x2 = x1 - lr * g1, x2 - lr * g2
        path.append((x1, x2))
    return path
""",
    "e02_rolling_ball": """
def momentum_1d(grad, x, lr, mu, steps):
    v, path = 0.0, [x]
    for _ in range(steps):
        v = mu * v - lr * grad(x)
        x = x + v
        path.append(x)
    return path
""",
    "e03_random_search": """
def random_search(loss, sample, n):
    best, best_w = float('inf'), None
    for _ in range(n):
        w = sample()
        l = loss(w)
        if l < best:
            best, best_w = l, w.copy()
    return best, best_w
""",
    "e04_local_search": """
def local_search(loss, w, noise, n):
    best = loss(w)
    for _ in range(n):
        t = w + noise()
        l = loss(t)
        if l < best:
            best, w = l, t
    return best, w
""",
    "e05_newton": """
import numpy as np
def newton(grad, hess, x, steps):
    for _ in range(steps):
        x = x - grad(x) / hess(x)
    return x
def update_ratio(w, step):
    return np.linalg.norm(step) / np.linalg.norm(w)
""",
    "e06_numeric_gradient": """
import numpy as np
def numeric_grad(f, x, h=1e-5):
    g = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + h
        fp = f(x)
        x[i] = old - h
        fm = f(x)
        x[i] = old
        g[i] = (fp - fm) / (2 * h)
    return g
def rel_error(a, n):
    return np.max(np.abs(a - n) / np.maximum(1e-8, np.abs(a) + np.abs(n)))
""",
    "e07_softmax": """
import numpy as np
def softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)
""",
    "e08_cross_entropy": """
import numpy as np
def cross_entropy(z, y):
    N = z.shape[0]
    zs = z - z.max(axis=1, keepdims=True)
    logp = zs - np.log(np.exp(zs).sum(axis=1, keepdims=True))
    loss = -logp[np.arange(N), y].mean()
    dz = np.exp(logp)
    dz[np.arange(N), y] -= 1
    dz = dz / N
    return loss, dz
""",
    "e09_logistic_loss": """
import numpy as np
def bce(z, y):
    y = y.reshape(z.shape)
    loss = (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))).mean()
    s = np.exp(-np.logaddexp(0, -z))
    dz = (s - y) / z.shape[0]
    return loss, dz
""",
    "e10_dense": """
import numpy as np
def dense_backward(x, W, b, dout):
    dx = dout @ W.T
    dW = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dW, db
""",
    "e11_activations": """
import numpy as np
def relu_backward(dout, x):
    return dout * (x > 0)
def sigmoid_backward(dout, s):
    return dout * s * (1 - s)
""",
    "e12_broadcasting": """
import numpy as np
def unbroadcast(g, shape):
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    for ax, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=ax, keepdims=True)
    return g
""",
}
NAMES = tuple(BASE)
E01, E02, E03, E04, E05, E06, E07, E08, E09, E10, E11, E12 = NAMES

# the lines of BASE that several rows change
GD = "        g1, g2 = grad(x1, x2)\n        x1, x2 = x1 - lr * g1, x2 - lr * g2\n"
V, X = "        v = mu * v - lr * grad(x)\n", "        x = x + v\n"
KEEP = "            best, best_w = l, w.copy()"
TAKE = "        if l < best:\n            best, w = l, t"
NEWTON, RATIO = "x = x - grad(x) / hess(x)", "np.linalg.norm(step) / np.linalg.norm(w)"
QUOTIENT, BACK = "g[i] = (fp - fm) / (2 * h)", "        x[i] = old\n"
ERROR = "np.max(np.abs(a - n) / np.maximum(1e-8, np.abs(a) + np.abs(n)))"
SHIFT, END = "z = z - z.max(axis=1, keepdims=True)", "return e / e.sum(axis=1, keepdims=True)"
LOGP = "logp = zs - np.log(np.exp(zs).sum(axis=1, keepdims=True))"
MEAN, HOT = "loss = -logp[np.arange(N), y].mean()", "dz[np.arange(N), y] -= 1"
BCE = "loss = (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))).mean()"
COLUMN, SIGMOID, DZ = "y = y.reshape(z.shape)", "s = np.exp(-np.logaddexp(0, -z))", "dz = (s - y) / z.shape[0]"
LEAD = "g = g.sum(axis=tuple(range(g.ndim - len(shape))))"
KEPT = "g = g.sum(axis=ax, keepdims=True)"
LOOP = "    for ax, n in enumerate(shape):\n        if n == 1:\n            g = g.sum(axis=ax, keepdims=True)\n"

# exercise, then pairs (text of BASE, text in its place): other right solutions
RIGHT_EDITS = [
    (E01, GD, "        g = grad(x1, x2)\n        x1 -= lr * g[0]\n        x2 -= lr * g[1]\n"),
    (E01, GD, "        x1, x2 = x1 - lr * grad(x1, x2)[0], x2 - lr * grad(x1, x2)[1]\n"),
    (E01, "path.append((x1, x2))", "path.append([x1, x2])"),
    (E01, "return path", "import numpy as np\n    return np.array(path)"),
    (E01, GD, "        x1, x2 = (a - lr * g for a, g in zip((x1, x2), grad(x1, x2)))\n"),
    (E02, V + X, "        v = mu * v + grad(x)\n        x = x - lr * v\n"),
    (E02, V + X, "        v = mu * v + lr * grad(x)\n        x -= v\n"),
    (E02, V + X, "        v *= mu\n        v += -grad(x) * lr\n        x += v\n"),
    (E02, V + X, "        x, v = x + mu * v - lr * grad(x), mu * v - lr * grad(x)\n"),
    (E03, "l < best", "best_w is None or l < best"),
    (E03, "l < best", "l <= best"),
    (E03, "w = sample()", "w = sample() + 0"),
    (E03, KEEP, "            best = l\n            best_w = w * 1.0"),
    (E04, "        t = w + noise()\n", "        t = w.copy()\n        t += noise()\n"),
    (E04, "best = loss(w)", "w = w.copy()\n    best = loss(w)"),
    (E04, "if l < best", "if not l >= loss(w)"),
    (E04, TAKE, "        if l < loss(w):\n            w = t\n        best = loss(w)"),
    (E05, RATIO, "((step ** 2).sum() / (w * w).sum()) ** 0.5"),
    (E05, RATIO, "float(np.linalg.norm(step.ravel()) / np.linalg.norm(w.ravel()))"),
    (E05, RATIO, "np.sqrt(np.mean(step ** 2)) / np.sqrt(np.mean(w ** 2))"),
    (E05, NEWTON, "x -= grad(x) / hess(x)"),
    (E06, "g = np.zeros(x.shape)", "g = np.zeros_like(x)"),
    (E06, QUOTIENT, "g[i] = (fp - fm) / ((old + h) - (old - h))"),
    (E06, "g = np.zeros(x.shape)", "g, x = np.zeros(x.shape), x.copy()"),
    (E06, QUOTIENT, "g[i] = 0.5 * (fp - fm) / h"),
    (E06, "x[i] = old - h\n        fm = f(x)", "u = x.copy()\n        u[i] = old - h\n        fm = f(u)"),
    (E06, ERROR, "float((abs(a - n) / np.clip(abs(a) + abs(n), 1e-8, None)).max())"),
    (E06, ERROR, "np.amax(np.where(np.abs(a) + np.abs(n) < 1e-8, abs(n - a) / 1e-8, abs(n - a) / (abs(a) + abs(n))))"),
    (E07, SHIFT, "z = z - np.amax(z, 1)[:, None]"),
    (E07, SHIFT, "z = np.array([row - max(row) for row in z])"),
    (E07, END, "return np.stack([row / np.sum(row) for row in e])"),
    (E07, END, "return (e.T / e.sum(axis=1)).T"),
    (E07, SHIFT, "z = z.copy()\n    z -= z.max(axis=-1, keepdims=True)"),
    (E07, "e = np.exp(z)", "e = np.exp(z - np.log(np.exp(z).sum(axis=1, keepdims=True)))"),
    (E08, LOGP, "logp = z - np.logaddexp.reduce(z, axis=1, keepdims=True)"),
    (E08, MEAN, "loss = sum(-logp[i, y[i]] for i in range(N)) / N"),
    (E08, HOT, "dz = dz - np.eye(z.shape[1], dtype=z.dtype)[y]"),
    (E08, "dz = dz / N", "dz /= N"),
    (E08, MEAN, "loss = float(-(np.eye(z.shape[1])[y] * logp).sum() / len(y))"),
    (E08, "dz = np.exp(logp)", "dz = np.exp(zs) / np.exp(zs).sum(axis=1, keepdims=True)"),
    (E09, BCE, "loss = np.mean(np.logaddexp(0, z) - z * y)"),
    (E09, BCE, "loss = (y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z)).mean()"),
    (E09, BCE, "loss = np.logaddexp(0, np.where(y == 1, -z, z)).mean()"),
    (E09, BCE, "loss = np.mean(np.logaddexp(0, -(2 * y - 1) * z))"),
    (E09, SIGMOID, "s = 1 / (1 + np.exp(-z))"),
    (E09, COLUMN, "if y.ndim == 1:\n        y = y[:, None]"),
    (E09, DZ, "dz = s - y\n    dz /= len(y)"),
    (E10, "dx = dout @ W.T", "dx = np.einsum('nm,dm->nd', dout, W)"),
    (E10, "dW = x.T @ dout", "dW = sum(np.outer(p, q) for p, q in zip(x, dout))"),
    (E10, "db = dout.sum(axis=0)", "db = np.ones(len(dout), dtype=dout.dtype) @ dout"),
    (E10, "dW = x.T @ dout", "dW = (dout.T @ x).T"),
    (E10, "return dx, dW, db", "return [dx, dW, db]"),
    (E11, "x > 0", "x >= 0"),
    (E11, "return dout * (x > 0)", "dx = dout.copy()\n    dx[x <= 0] = 0\n    return dx"),
    (E11, "return dout * (x > 0)", "return np.where(x > 0, dout, 0)"),
    (E11, "return dout * (x > 0)", "return dout * np.heaviside(x, x.dtype.type(0.5))"),
    (E11, "return dout * s * (1 - s)", "return dout * (s - s ** 2)"),
    (E11, "return dout * s * (1 - s)", "return np.multiply(dout, s * (1.0 - s))"),
    (E12, LEAD, "while g.ndim > len(shape):\n        g = g.sum(axis=0)"),
    (E12, LEAD + "\n" + LOOP, "g = g.reshape(-1, *g.shape[g.ndim - len(shape):]).sum(axis=0)\n" + LOOP),
    (E12, "if n == 1:", "if n == 1 and g.shape[ax] != 1:"),
    (E12, LEAD, "if g.shape == shape:\n        return g\n    " + LEAD),
    (E12, LEAD + "\n" + LOOP, "n = g.ndim - len(shape)\n    axes = [*range(n), *(n + i for i, k in enumerate(shape) "
     "if k == 1)]\n    g = g.sum(axis=tuple(axes), keepdims=True).reshape(shape)\n"),
]  # fmt: skip

# exercise, what stands in BASE, what in its place, words of the diagnosis ("" where the catalogue has no such mistake)
WRONG_EDITS = [
    (E01, "path = [(x1, x2)]", "path = []", "without its starting point"),
    (E01, GD, "        x1 = x1 - lr * grad(x1, x2)[0]\n        x2 = x2 - lr * grad(x1, x2)[1]\n", "x2 uses the x1"),
    (E01, GD, "        x1 -= lr * grad(x1, x2)[0]\n        g1, g2 = grad(x1, x2)\n        x2 -= lr * g2\n",
     "x2 uses the x1"),
    (E01, "x1 - lr * g1, x2 - lr * g2", "x1 + lr * g1, x2 + lr * g2", "uphill (gradient ascent)"),
    (E01, "range(steps)", "range(steps - 1)", "without its last point"),
    (E01, "x1 - lr * g1, x2 - lr * g2", "x1 - g1, x2 - g2", "do not use lr"),
    (E01, "return path", "return x1, x2", "the last point instead"),
    (E01, "x2 - lr * g2", "x2 - lr * g1", "slope of x1"),
    (E01, "x1 - lr * g1", "x1 - 2 * lr * g1", ""),
    (E01, "path.append((x1, x2))", "path.append((round(x1, 6), round(x2, 6)))", ""),
    (E02, V + X, X + V, "moves before its velocity"),
    (E02, V + X, "        v, x = mu * v - lr * grad(x), x + v\n", "velocity of the step before"),
    (E02, V, "        v = -lr * grad(x)\n", "does not accumulate"),
    (E02, V, "        v = mu * v + lr * grad(x)\n", "uphill"),
    (E02, V + X, "        v = mu * v + (1 - mu) * grad(x)\n        x = x - lr * v\n", "C2W2"),
    (E02, V, "        v = 0\n" + V, "does not accumulate"),
    (E02, "x = x + v", "x = v", "replaced by the velocity"),
    (E02, "path = 0.0, [x]", "path = 0.0, []", "without its starting place"),
    (E02, "grad(x)", "grad(x + mu * v)", "Nesterov"),
    (E02, V, "        v = mu * v - grad(x)\n", "does not use lr"),
    (E02, "x = x + v", "x = x + lr * v", "used twice"),
    (E02, "range(steps)", "range(1, steps)", "without its last place"),
    (E02, V, "        v = v - lr * grad(x)\n", "without friction"),
    (E02, V, "        v = mu * v - (1 - mu) * lr * grad(x)\n", "C2W2"),
    (E03, "if l < best:", "if l > best or best_w is None:", "keeps the worst"),
    (E03, KEEP, "            best, best_w = l, w", "keeps the candidate itself"),
    (E03, KEEP, "            best, best_w = l, sample().copy()", "another one to keep"),
    (E03, KEEP, "            best = l\n        best_w = w.copy()", "the last candidate, not of the best"),
    (E03, "float('inf')", "0.0", "no loss is ever smaller"),
    (E03, "float('inf')", "1e9", "losses can exceed"),
    (E03, "l = loss(w)", "l = loss(sample())", "second candidate"),
    (E03, "return best, best_w", "return best_w, best", "weights before the loss"),
    (E03, "range(n)", "range(n - 1)", "one candidate too few"),
    (E03, "return best, best_w", "return l, best_w", "the loss is that of the last"),
    (E03, "    return best", "        return best", "ends with its first candidate"),
    (E04, TAKE, "        best, w = min(l, best), t", "random walk"),
    (E04, "t = w + noise()", "t = w; t += noise()", "moves the caller's array"),
    (E04, "t = w + noise()", "w += noise(); t = w", "moves the caller's array"),
    (E04, "best = loss(w)", "best = float('inf')", "never asks for the loss of the start"),
    (E04, "if l < best", "if l > best", "climbs"),
    (E04, "best, w = l, t", "w = t", "does not remember"),
    (E04, "best, w = l, t", "best = l", "not its place"),
    (E04, "best, w = l, t", "best, w = l, w + noise()", "another one for the move"),
    (E04, "t = w + noise()", "t = w - noise()", "against the noise"),
    (E04, "t = w + noise()", "t = noise()", "without a place"),
    (E04, "best = loss(w)\n    for _ in range(n):\n        t = w + noise()",
     "best = loss(w)\n    w0 = w\n    for _ in range(n):\n        t = w0 + noise()", "start from the first place"),
    (E05, RATIO, "np.abs(step).max() / np.linalg.norm(w)", "largest entry of the step"),
    (E05, NEWTON, "x = x + grad(x) / hess(x)", "wrong sign"),
    (E05, NEWTON, "x = x - hess(x) / grad(x)", "swapped"),
    (E05, NEWTON, "x = x - grad(x) * hess(x)", "multiplies by the curvature"),
    (E05, NEWTON, "x = x - grad(x)", "gradient descent"),
    (E05, NEWTON, "return x - grad(x) / hess(x)", "one step, whatever"),
    (E05, NEWTON, "x = x - grad(x) / abs(hess(x))", "absolute curvature"),
    (E05, RATIO, "np.linalg.norm(w) / np.linalg.norm(step)", "upside down"),
    (E05, RATIO, "np.sum(step ** 2) / np.sum(w ** 2)", "ratio of squares"),
    (E05, RATIO, "np.abs(step).mean() / np.abs(w).mean()", "sums of absolute values"),
    (E05, RATIO, "np.linalg.norm(step / w)", "entry by entry"),
    (E05, RATIO, "step.sum() / w.sum()", "signs cancel"),
    (E06, QUOTIENT, "g[i] = (fp - fm) / h", "divides by h"),
    (E06, QUOTIENT, "g[i] = (fm - fp) / (2 * h)", "wrong sign"),
    (E06, "for i in np.ndindex(x.shape):\n        old = x[i]", "for i in range(len(x)):\n        old = x[i] * 1",
     "whole row"),
    (E06, "for i in np.ndindex(x.shape):", "for i in range(len(x)):", "whole row"),
    (E06, "g = np.zeros(x.shape)", "h = 1e-2\n    g = np.zeros(x.shape)", "0.01 whatever"),
    (E06, ERROR, "np.max((a - n) / np.maximum(1e-8, np.abs(a) + np.abs(n)))", "absolute value of a - n"),
    (E06, ERROR, "np.max(np.abs(a - n) / (np.abs(a) + np.abs(n)))", "without the floor"),
    (E06, ERROR, "np.max(np.abs(a - n) / np.maximum(1e-8, a + n))", "no absolute values"),
    (E06, BACK, "", "at its lower point"),
    (E06, "x[i] = old - h\n        fm = f(x)\n        x[i] = old", "x[i] = old\n        fm = f(x)",
     "(f(x + h) - f(x)) / (2 h)"),
    (E06, BACK + "        g[i] = (fp - fm) / (2 * h)", "        g[i] = (fp - fm) / (2 * h)\n        x[i] += h",
     "only roughly"),
    (E06, ERROR, "np.mean(np.abs(a - n) / np.maximum(1e-8, np.abs(a) + np.abs(n)))", "averaged"),
    (E06, ERROR, "np.max(np.abs(a - n))", "absolute error"),
    (E06, ERROR, "np.max(np.abs(a - n) / np.maximum(1e-8, np.maximum(np.abs(a), np.abs(n))))", "CS231n's notes"),
    (E06, ERROR, "np.linalg.norm(a - n) / (np.linalg.norm(a) + np.linalg.norm(n))", "norms"),
    (E06, ERROR, "np.nanmax(np.abs(a - n) / np.maximum(1e-8, np.abs(a) + np.abs(n)))", "skips nan"),
    (E06, ERROR, "max([0.0] + [abs(p - q) / max(1e-8, abs(p) + abs(q)) for p, q in zip(a.flat, n.flat)])", "skips nan"),
    (E07, SHIFT, "z = z - z.max()", "one largest logit"),
    (E07, END, "return e / e.sum(axis=0, keepdims=True)", "columns sum to 1"),
    (E07, SHIFT, "z -= z.max(axis=1, keepdims=True)", "in place"),
    (E07, SHIFT, "pass", "without the shift"),
    (E07, END, "return e / e.sum()", "whole batch"),
    (E07, SHIFT, "z = z - z.max(axis=0)", "maxima of the columns"),
    (E07, END, "return e / e.sum(axis=1)", "keepdims is missing in the sum"),
    (E07, SHIFT, "z = np.clip(z, -500, 500)", "limits its logits"),
    (E07, END, "return np.log(e / e.sum(axis=1, keepdims=True))", "logarithm of softmax"),
    (E07, END, "return (e / e.sum(axis=1, keepdims=True)).round(8)", ""),
    (E07, SHIFT + "\n    e = np.exp(z)\n    " + END, "e = np.exp(z - z.max(axis=0))\n    return e / e.sum(axis=0)",
     "of columns"),
    (E07, END, "p = np.zeros(z.shape)\n    p[:] = e / e.sum(axis=1, keepdims=True)\n    return p",
     "always returns float64"),
    (E07, SHIFT, "z = z - z.max(axis=1)", "keepdims is missing in the maximum"),
    (E07, "e = np.exp(z)", "e = np.exp(z) + 1e-12", "cannot become tiny"),
    (E07, SHIFT, SHIFT + "\n    z = np.maximum(z, -30)", "cannot become tiny"),
    (E07, END, "return e / (1e-8 + e.sum(axis=1, keepdims=True))", "small number added"),
    (E07, END, "return 1 / (1 + np.exp(-z))", ""),
    (E08, MEAN, "loss = -logp[np.arange(N), y].sum()", "summed over the batch, with"),
    (E08, "dz = dz / N", "dz = dz", "not divided by N"),
    (E08, "    return loss, dz", "    return loss * N / z.shape[1], dz * N / z.shape[1]",
     "divided by the number of classes"),
    (E08, HOT, "dz[:, y] -= 1", "whole columns"),
    (E08, MEAN, "loss = logp[np.arange(N), y].mean()", "loss with the wrong sign"),
    (E08, LOGP, "logp = np.log(np.exp(zs) / np.exp(zs).sum(axis=1, keepdims=True))", "logarithm of softmax"),
    (E08, "dz = dz / N", "dz = dz * np.exp(logp) * (1 - np.exp(logp)) / N", "p (1 - p) again"),
    (E08, HOT, "pass", "without the 1"),
    (E08, HOT, "dz[np.arange(N), y] += 1", "1 added"),
    (E08, "zs = z - z.max(axis=1, keepdims=True)", "zs = z", "without the shift"),
    (E08, "zs = z - z.max(axis=1, keepdims=True)", "z -= z.max(axis=1, keepdims=True); zs = z", "in place"),
    (E08, "dz = dz / N", "dz = dz / z.shape[1]", "a gradient divided by the number"),
    (E08, "dz = dz / N", "dz = -dz / N", "gradient with the wrong sign"),
    (E08, MEAN, "loss = -np.log(np.exp(logp[np.arange(N), y]) + 1e-12).mean()", "plus 1e-12"),
    (E08, MEAN, "loss = -logp.max(axis=1).mean()", "most probable class"),
    (E08, HOT, "dz = dz - np.eye(z.shape[1])[y]", "always float64"),
    (E08, "dz = dz / N", "dz = dz / N ** 2", "divided by N twice"),
    (E08, "return loss, dz", "return loss * N, dz * N", "sums over the batch"),
    (E08, MEAN, "loss = -np.log10(np.exp(logp[np.arange(N), y])).mean()", ""),
    (E08, LOGP, "logp = zs - np.log(np.exp(zs).sum())", "over the whole batch"),
    (E08, MEAN, "loss = -(np.eye(z.shape[1])[y] * logp).mean()", "all N times C"),
    (E09, COLUMN, "pass", "spread to N x N"),
    (E09, BCE, "loss = y * np.log1p(np.exp(-z)).mean()", "averaged before the labels"),
    (E09, BCE, "loss = (y * np.logaddexp(0, -z)).mean()", "term for the label 0"),
    (E09, DZ, "dz = (y - s) / z.shape[0]", "wrong sign"),
    (E09, DZ, "dz = s - y", "not divided by N"),
    (E09, BCE, "loss = (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))).sum()", "summed over the batch, with"),
    (E09, BCE, "p = 1 / (1 + np.exp(-z)); loss = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()", "exactly 0 or 1"),
    (E09, SIGMOID, "s = np.exp(z) / (1 + np.exp(z))", "nan at large logits"),
    (E09, DZ, "dz = (s - y) * s * (1 - s) / z.shape[0]", "s (1 - s) again"),
    (E09, COLUMN, "y.shape = z.shape", "changed in place"),
    (E09, COLUMN, "y = y.reshape(1, -1)", "row of shape (1, N)"),
    (E09, COLUMN, "z = z.ravel()\n    y = y.ravel()", "shape (N,)"),
    (E09, DZ, "dz = (z - y) / z.shape[0]", "sigmoid is missing"),
    (E09, COLUMN, "y = 1 - y.reshape(z.shape)", "yes and no swapped"),
    (E09, BCE, "loss = np.log1p(np.exp(-y * z)).mean()", "labels -1 and 1"),
    (E09, BCE, "loss = (np.maximum(z, 0) + z * y + np.log1p(np.exp(-np.abs(z)))).mean()", "z y is added"),
    (E10, "dW = x.T @ dout", "dW = x.T @ dout / x.shape[0]", "dW divided by N"),
    (E10, "dout.sum(axis=0)", "dout.mean(axis=0)", "db averaged"),
    (E10, "dout.sum(axis=0)", "dout[0]", "first example only"),
    (E10, "dout.sum(axis=0)", "np.full(b.shape, float(len(x)))", "counts the examples"),
    (E10, "dx = dout @ W.T", "dx = dout @ W", "W where its transpose"),
    (E10, "dW = x.T @ dout", "dW = dout.T @ x", "dW transposed"),
    (E10, "dout.sum(axis=0)", "dout.sum(axis=1)", "along the outputs"),
    (E10, "return dx, dW, db", "return dx, dW / len(x), db / len(x)", "deeplearning.ai"),
    (E10, "return dx, dW, db", "return dx / len(x), dW / len(x), db / len(x)", "all divided by N"),
    (E10, "dout.sum(axis=0)", "dout", "not summed"),
    (E10, "dW = x.T @ dout", "dW = x.T @ np.ones_like(dout)", "dW that leaves dout out"),
    (E10, "dx = dout @ W.T", "dx = np.ones_like(dout) @ W.T", "dx that leaves dout out"),
    (E10, "dout.sum(axis=0)", "dout.sum()", "single number"),
    (E10, "dout.sum(axis=0)", "dout.sum(axis=0, keepdims=True)", "shape (1, M)"),
    (E10, "return dx, dW, db", "return dW, dx, db", "another order"),
    (E10, "dx = dout @ W.T", "dx = dout @ W.reshape(W.shape[::-1])", ""),
    (E11, "dout * (x > 0)", "dout * (dout > 0)", "by dout instead of x"),
    (E11, "dout * (x > 0)", "dout * np.maximum(x, 0)", "relu(x) instead"),
    (E11, "dout * (x > 0)", "dout * (x < 0)", "open where x is negative"),
    (E11, "dout * s * (1 - s)", "dout * s * (1 - s ** 2)", "s (1 - s^2)"),
    (E11, "return dout * (x > 0)", "dout[x < 0] = 0\n    return dout", "into dout itself"),
    (E11, "dout * (x > 0)", "(x > 0) * 1.0", "slope alone"),
    (E11, "return dout * s * (1 - s)", "s = 1 / (1 + np.exp(-s))\n    return dout * s * (1 - s)", "sigmoid again"),
    (E11, "dout * s * (1 - s)", "s * (1 - s)", "slope alone"),
    (E11, "dout * s * (1 - s)", "dout * (1 - s * s)", "tanh"),
    (E11, "dout * s * (1 - s)", "dout * (1 - s)", "1 - s alone"),
    (E11, "dout * (x > 0)", "dout * np.sign(x)", "sign of x"),
    (E11, "dout * (x > 0)", "dout * np.clip(x, 0, 1)", ""),
    (E12, KEPT, "pass", "length 1 alone"),
    (E12, KEPT, "g = g.mean(axis=ax, keepdims=True)", "mean over the operand's axes"),
    (E12, KEPT, "g = g.take([0], axis=ax)", "first slice along the operand's axes"),
    (E12, LEAD, "g = g.mean(axis=tuple(range(g.ndim - len(shape))))", "mean over the axes on the left"),
    (E12, LEAD, "pass", "on the left alone"),
    (E12, KEPT, "g = g.sum(axis=ax)", "drops the operand's axes"),
    (E12, LEAD, "g = g.sum(axis=tuple(range(len(shape), g.ndim)))", "from the left"),
    (E12, LEAD, "if g.ndim > len(shape):\n        g = g.sum(axis=0)", "single axis"),
    (E12, LEAD, "while g.ndim > len(shape):\n        g = g[0]", "first slice along the axes on the left"),
    (E12, LOOP, "    return g.reshape(shape)\n", ""),
    (E12, KEPT, "g = g.max(axis=ax, keepdims=True)", "largest entry"),
    (E12, KEPT, "return g.sum(axis=ax, keepdims=True)", "first of the operand's axes"),
    (E12, "return g", "return 2 * g", ""),
    (E12, LEAD, "g = g.sum(axis=tuple(range(g.ndim - len(shape))), keepdims=True)",
     "keeps the axes"),
]  # fmt: skip
