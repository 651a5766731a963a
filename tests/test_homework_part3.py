"""Homework part 3, the optimizers: right solutions of other spellings pass, wrong ones fail and are called by name."""

import re

import pytest
from homework_seeds import sample

from minidl.homework.check import replace_lines
from minidl.homework.exercise import load
from minidl.homework.grade import CONVENTION, RIGHT, WRONG, grade_source

NAMES = {
    19: "e19_sgd", 20: "e20_momentum", 21: "e21_nesterov", 22: "e22_adagrad", 23: "e23_rmsprop", 24: "e24_adadelta",
    25: "e25_adam", 26: "e26_adamw", 27: "e27_learning_rate_decay", 28: "e28_decay_in_the_loop",
}  # fmt: skip
CLASSES = {
    19: "SGD",
    20: "Momentum",
    21: "Nesterov",
    22: "AdaGrad",
    23: "RMSProp",
    24: "AdaDelta",
    25: "Adam",
    26: "AdamW",
}


def optimizer(name, arguments, state, step, before=""):
    """The source of a class: its settings, its state and the lines of its loop, written with an index."""
    settings = "".join(f"        self.{a.split('=')[0]} = {a.split('=')[0]}\n" for a in arguments.split(", "))
    return (
        f"import numpy as np\n\nclass {name}:\n    def __init__(self, params, {arguments}):\n"
        f"        self.params = params\n{settings}"
        + "".join(f"        {line}\n" for line in state.splitlines())
        + "    def step(self, grads):\n"
        + "".join(f"        {line}\n" for line in before.splitlines())
        + "        for i, (p, g) in enumerate(zip(self.params, grads)):\n"
        + "".join(f"            {line}\n" for line in step.splitlines())
    )


ADAM_STATE = "self.m = [np.zeros_like(p) for p in params]\nself.v = [np.zeros_like(p) for p in params]\nself.t = 0"
ADAM_STEP = """self.m[i] = self.b1 * self.m[i] + (1 - self.b1) * g
self.v[i] = self.b2 * self.v[i] + (1 - self.b2) * g ** 2
mh = self.m[i] / (1 - self.b1 ** self.t)
vh = self.v[i] / (1 - self.b2 ** self.t)
p -= self.lr * mh / (np.sqrt(vh) + self.eps)"""

BASE = {
    19: optimizer("SGD", "lr=0.1, wd=0.0", "", "g = g + self.wd * p\np -= self.lr * g"),
    20: optimizer("Momentum", "lr=0.1, beta=0.9", "self.v = [np.zeros_like(p) for p in params]",
                  "self.v[i] = self.beta * self.v[i] + (1 - self.beta) * g\np -= self.lr * self.v[i]"),
    21: optimizer("Nesterov", "lr=0.1, mu=0.9", "self.v = [np.zeros_like(p) for p in params]",
                  "v_prev = self.v[i].copy()\nself.v[i] = self.mu * self.v[i] - self.lr * g\n"
                  "p += -self.mu * v_prev + (1 + self.mu) * self.v[i]"),
    22: optimizer("AdaGrad", "lr=0.1, eps=1e-8", "self.s = [np.zeros_like(p) for p in params]",
                  "self.s[i] += g ** 2\np -= self.lr * g / (np.sqrt(self.s[i]) + self.eps)"),
    23: optimizer("RMSProp", "lr=0.1, rho=0.9, eps=1e-8", "self.s = [np.zeros_like(p) for p in params]",
                  "self.s[i] = self.rho * self.s[i] + (1 - self.rho) * g ** 2\n"
                  "p -= self.lr * g / (np.sqrt(self.s[i]) + self.eps)"),
    24: optimizer("AdaDelta", "rho=0.9, eps=1e-5",
                  "self.s = [np.zeros_like(p) for p in params]\nself.d = [np.zeros_like(p) for p in params]",
                  "self.s[i] = self.rho * self.s[i] + (1 - self.rho) * g ** 2\n"
                  "u = np.sqrt(self.d[i] + self.eps) / np.sqrt(self.s[i] + self.eps) * g\np -= u\n"
                  "self.d[i] = self.rho * self.d[i] + (1 - self.rho) * u ** 2"),
    25: optimizer("Adam", "lr=1e-3, b1=0.9, b2=0.999, eps=1e-8, wd=0.0",
     ADAM_STATE, "g = g + self.wd * p\n" + ADAM_STEP,
                  "self.t += 1"),
    26: optimizer("AdamW", "lr=1e-3, b1=0.9, b2=0.999, eps=1e-8, wd=1e-2", ADAM_STATE,
                  "p *= 1 - self.lr * self.wd\n" + ADAM_STEP, "self.t += 1"),
    27: """import math
def inv_decay(lr0, k, epoch):
    return 1 / (1 + k * epoch) * lr0
def staircase(lr0, k, epoch, every):
    return lr0 / (1 + k * math.floor(epoch / every))
def exp_decay(lr0, gamma, epoch):
    return gamma ** epoch * lr0
def sqrt_decay(lr0, k, epoch):
    return k / math.sqrt(epoch) * lr0
def step_decay(lr0, factor, epoch, every):
    n = epoch // every
    return lr0 * factor ** n
def warmup_cosine(lr0, epoch, warm, total):
    if epoch < warm:
        return lr0 / warm * (epoch + 1)
    x = (epoch - warm) / (total - warm)
    return 0.5 * lr0 * (1 + math.cos(math.pi * x))
""",
    28: """def train(opt, k, epochs, batches):
    used = []
    lr0 = opt.lr
    for epoch in range(epochs):
        opt.lr = lr0 / (1 + k * epoch)
        for b in range(batches):
            used.append(opt.lr)
    return used
""",
}  # fmt: skip

LOOP = "for i, (p, g) in enumerate(zip(self.params, grads)):"
MOVE = {
    19: "p -= self.lr * g",
    20: "p -= self.lr * self.v[i]",
    21: "p += -self.mu * v_prev + (1 + self.mu) * self.v[i]",
    22: "p -= self.lr * g / (np.sqrt(self.s[i]) + self.eps)",
    23: "p -= self.lr * g / (np.sqrt(self.s[i]) + self.eps)",
    24: "p -= u",
    25: "p -= self.lr * mh / (np.sqrt(vh) + self.eps)",
    26: "p -= self.lr * mh / (np.sqrt(vh) + self.eps)",
}
V = "self.v[i] = self.beta * self.v[i] + (1 - self.beta) * g"
NV = "self.v[i] = self.mu * self.v[i] - self.lr * g"
GS = "self.s[i] += g ** 2"
RS = "self.s[i] = self.rho * self.s[i] + (1 - self.rho) * g ** 2"
DU = "u = np.sqrt(self.d[i] + self.eps) / np.sqrt(self.s[i] + self.eps) * g"
DD = "self.d[i] = self.rho * self.d[i] + (1 - self.rho) * u ** 2"
AM, AV, MH, VH = ADAM_STEP.splitlines()[:4]

RIGHT_ONES = [
    # 19
    (19, "p[...] = p - self.lr * (g + self.wd * p)", ("g = g + self.wd * p\np -= self.lr * g",)),
    (19, "np.subtract(p, self.lr * (g + self.wd * p), out=p)", ("g = g + self.wd * p\np -= self.lr * g",)),
    (19, "p *= 1 - self.lr * self.wd\np -= self.lr * g", ("g = g + self.wd * p\np -= self.lr * g",)),
    (19, "p -= self.lr * self.wd * p + self.lr * g", ("g = g + self.wd * p\np -= self.lr * g",)),
    (19, "for at in np.ndindex(p.shape):\n    p[at] -= self.lr * (g[at] + self.wd * p[at])",
     ("g = g + self.wd * p\np -= self.lr * g",)),
    # 20
    (20, "self.v[i] = self.v[i] + (1 - self.beta) * (g - self.v[i])", (V,)),
    (20, "self.v[i] *= self.beta; self.v[i] += (1 - self.beta) * g", (V,)),
    (20, "self.v[i] = self.beta * self.v[i] + g\np -= self.lr * (1 - self.beta) * self.v[i]", (V + "\n" + MOVE[20],)),
    (20, "self.v[i] = self.beta * self.v[i] + self.lr * (1 - self.beta) * g\np -= self.v[i]", (V + "\n" + MOVE[20],)),
    (20, "self.v[i] = self.beta * self.v[i] - self.lr * (1 - self.beta) * g\np += self.v[i]", (V + "\n" + MOVE[20],)),
    (20, "self.v = [0.0] * len(params)", ("self.v = [np.zeros_like(p) for p in params]",)),
    (20, "self.v = {}",
     ("self.v = [np.zeros_like(p) for p in params]",), (V, "self.v[i] = self.beta * self.v.get(i, 0) + (1 - "
     "self.beta) * g")),
    (20, "self.v = [np.zeros(p.shape) for p in params]", ("self.v = [np.zeros_like(p) for p in params]",)),
    # 21
    (21, "p += self.mu * self.v[i] - self.lr * g", (MOVE[21],)),
    (21, "self.v[i] = self.mu * self.v[i] + g\np -= self.lr * (g + self.mu * self.v[i])",
     ("v_prev = self.v[i].copy()\n" + NV + "\n" + MOVE[21],)),
    (21, "v_prev = self.v[i]", ("v_prev = self.v[i].copy()",)),
    (21, "p += self.v[i] + self.mu * (self.v[i] - v_prev)", (MOVE[21],)),
    (21, "p -= self.mu * self.v[i]\nself.v[i] = self.mu * self.v[i] - self.lr * g\np += self.v[i] + self.mu * "
     "self.v[i]",
     ("v_prev = self.v[i].copy()\n" + NV + "\n" + MOVE[21],)),
    # 22
    (22, "self.s[i] = self.s[i] + g * g", (GS,)),
    (22, "self.s[i] = np.hypot(self.s[i], g)", (GS,), (MOVE[22], "p -= self.lr * g / (self.s[i] + self.eps)")),
    (22, "p -= self.lr / (self.s[i] ** 0.5 + self.eps) * g", (MOVE[22],)),
    # 23
    (23, "self.s[i] += (1 - self.rho) * (g * g - self.s[i])", (RS,)),
    (23, "p += -(self.lr / (np.sqrt(self.s[i]) + self.eps)) * g", (MOVE[23],)),
    # 24
    (24, "u = g * np.sqrt((self.d[i] + self.eps) / (self.s[i] + self.eps))", (DU,)),
    (24, "u = -np.sqrt(self.d[i] + self.eps) / np.sqrt(self.s[i] + self.eps) * g\np += u", (DU + "\np -= u",)),
    (24, "self.d[i] += (1 - self.rho) * (u * u - self.d[i])\np -= u", ("p -= u\n" + DD,)),
    # 25 and 26
    (25, "p -= self.lr / (1 - self.b1 ** self.t) * self.m[i] / (np.sqrt(self.v[i]) / np.sqrt(1 - self.b2 ** self.t) + "
     "self.eps)",
     (MOVE[25],)),
    (25, AV.replace("g ** 2", "g * g"), (AV,)),
    (25, "a = self.lr * np.sqrt(1 - self.b2 ** self.t) / (1 - self.b1 ** self.t)\n"
     "p -= a * self.m[i] / (np.sqrt(self.v[i]) + self.eps * np.sqrt(1 - self.b2 ** self.t))", (MOVE[25],)),
    (25, "self.m[i] += (1 - self.b1) * (g - self.m[i])\nself.v[i] += (1 - self.b2) * (np.square(g) - self.v[i])",
     (AM + "\n" + AV,)),
    (25, "self.p1 = self.p2 = 1.0", ("self.t = 0",), ("self.t += 1", "self.p1 *= self.b1; self.p2 *= self.b2"),
     (MH, "mh = self.m[i] / (1 - self.p1)"), (VH, "vh = self.v[i] / (1 - self.p2)")),
    (25, "self.t = 1", ("self.t = 0",), ("self.t += 1", ""), (MOVE[25], MOVE[25] + "\nself.t += i == len(grads) - 1")),
    (26, "p -= self.lr * (mh / (np.sqrt(vh) + self.eps) + self.wd * p)", (MOVE[26],), ("p *= 1 - self.lr * self.wd",
     "")),
    (26, "p -= self.lr * self.wd * p", ("p *= 1 - self.lr * self.wd",)),
    (26, "p[:] = p * (1 - self.lr * self.wd)", ("p *= 1 - self.lr * self.wd",)),
    # 27
    (27, "import numpy as np\nimport math", ("import math",),
     ("return 0.5 * lr0 * (1 + math.cos(math.pi * x))", "return 0.5 * lr0 * (1 + np.cos(np.pi * x))")),
    (27, "return lr0 * math.cos(math.pi * x / 2) ** 2", ("return 0.5 * lr0 * (1 + math.cos(math.pi * x))",)),
    (27, "for _ in range(n):\n    lr0 *= factor\nreturn lr0", ("return lr0 * factor ** n",)),
    (27, "return lr0 * math.exp(epoch * math.log(gamma))", ("return gamma ** epoch * lr0",)),
    (27, "return inv_decay(lr0, k, int(epoch / every))", ("return lr0 / (1 + k * math.floor(epoch / every))",)),
    # 28
    (28, "used += [opt.lr] * batches", ("for b in range(batches):\n    used.append(opt.lr)",)),
    (28, "opt.lr = lr0\nopt.lr /= 1 + k * epoch", ("opt.lr = lr0 / (1 + k * epoch)",)),
    (28, "for b in range(batches):\n    opt.lr = lr0 / (1 + k * epoch)\n    used.append(opt.lr)",
     ("opt.lr = lr0 / (1 + k * epoch)\nfor b in range(batches):\n    used.append(opt.lr)",)),
]  # fmt: skip


def edited(number, *edits):
    source = BASE[number]
    for old, new in edits:
        source = replace_lines(source, old, new)
    return source


def right_source(number, new, old, *more):
    return edited(number, (*old, new), *more)


def both(*rows):
    """Rows of mistakes that Adam and AdamW share."""
    return [(number, *row) for row in rows for number in (25, 26)]


def every(*rows):
    """Rows that hold for all the classes: `row(number)` makes the edits."""
    return [(number, name, *row(number)) for name, row in rows for number in CLASSES]


# exercise, what its diagnosis must mention ("" where the catalogue knows no name), edits
WRONG_ONES = [
    *every(
        ("new array|never move", lambda n: [(MOVE[n], re.sub("p ([-+])=", r"p = p \1", MOVE[n]))]),
        ("new array|never move", lambda n: [(MOVE[n], re.sub("p ([-+])=", r"self.params[i] = p \1", MOVE[n]))]),
        ("ascent|climb|turned round",
         lambda n: [(MOVE[n], MOVE[n].replace("-=", "#").replace("+=", "-=").replace("#", "+="))]),
        ("first array", lambda n: [(LOOP, "for i, (p, g) in enumerate(zip(self.params[:1], grads)):")]),
        ("first array", lambda n: [(DD, DD + "\nreturn") if n == 24 else (MOVE[n], MOVE[n] + "\nreturn")]),
    ),
    (19, "fixed at 0.1", ("p -= self.lr * g", "p -= 0.1 * g")),
    (19, "sign", ("g = g + self.wd * p", "g = g - self.wd * p")),
    (19, "twice", ("g = g + self.wd * p", "p *= 1 - self.lr * self.wd\ng = g + self.wd * p")),
    (19, "twice", ("p -= self.lr * g", "p *= 1 - self.lr * self.wd\np -= self.lr * g")),
    (19, "twice", ("p -= self.lr * g", "p -= self.lr * g\np *= 1 - self.lr * self.wd")),
    (19, "clipped", ("p -= self.lr * g", "p -= self.lr * np.clip(g, -1, 1)")),
    (19, "clipped", (LOOP, LOOP + "\n    g = g.clip(-1, 1)")),
    (19, "ignores wd", ("g = g + self.wd * p", "pass")),
    (19, "changes the gradients", ("g = g + self.wd * p", "g += self.wd * p")),
    (19, "not multiplied by the learning rate", ("p -= self.lr * g", "p -= self.lr * (g - self.wd * p) + self.wd * p")),
    (19, "sign of the gradient", ("p -= self.lr * g",
     "p -= self.lr * np.sign(g - self.wd * p) + self.lr * self.wd * p")),
    (19, "divided by the rows", ("g = g + self.wd * p", "g = g / p.shape[0] + self.wd * p")),
    (19, "with p squared", ("g = g + self.wd * p", "g = g + self.wd * p * p")),
    (19, "after the step", ("g = g + self.wd * p\np -= self.lr * g", "p -= self.lr * g\np -= self.lr * (self.wd * p)")),
    (20, "changes the gradients it was given", (V, "g *= 1 - self.beta\nself.v[i] = self.beta * self.v[i] + g")),
    (20, "without memory", (V, "self.v[i] = (1 - self.beta) * g")),
    (20, "swapped", (V, "self.v[i] = (1 - self.beta) * self.v[i] + self.beta * g")),
    (20, "never decays", (V, "self.v[i] = self.v[i] + (1 - self.beta) * g")),
    (20, "plain SGD", (MOVE[20], "p -= self.lr * g")),
    (20, "one step late", (V + "\n" + MOVE[20], MOVE[20] + "\n" + V)),
    (20, "without memory", (LOOP, "self.v = [np.zeros_like(p) for p in self.params]\n" + LOOP)),
    (20, "fixed at 0.9", (V, "self.v[i] = 0.9 * self.v[i] + 0.1 * g")),
    (20, "without memory", (V + "\n" + MOVE[20], "v = self.beta * self.v[i] + (1 - self.beta) * g\np -= self.lr * v")),
    (20, "starts at one", ("self.v = [np.zeros_like(p) for p in params]",
     "self.v = [np.ones_like(p) for p in params]")),
    (20, "without the factor", (V, "self.v[i] = self.beta * self.v[i] + g")),
    (20, "without the factor", (V + "\n" + MOVE[20], "self.v[i] = self.beta * self.v[i] - self.lr * g\np += "
     "self.v[i]")),
    (20, "without the factor", (V + "\n" + MOVE[20], "self.v[i] = self.beta * self.v[i] + self.lr * g\np -= "
     "self.v[i]")),
    (20, "look-ahead", (MOVE[20], "p -= self.lr * (self.beta * self.v[i] + (1 - self.beta) * g)")),
    (20, "bias correction", (LOOP, "self.n = getattr(self, 'n', 0) + 1\n" + LOOP),
     (MOVE[20], "p -= self.lr * (self.v[i] / (1 - self.beta ** self.n))")),
    (20, "beta before the gradient", (V, "self.v[i] = self.beta * self.v[i] + self.beta * g")),
    (20, "without a learning rate", (MOVE[20], "p -= self.v[i]")),
    (20, "lr in the velocity and in the step",
     (V, "self.v[i] = self.beta * self.v[i] + (1 - self.beta) * self.lr * g")),
    (20, "class", ("self.v = [np.zeros_like(p) for p in params]", "Momentum.v = [0 * p for p in params]")),
    (20, "", ("self.v = [np.zeros_like(p) for p in params]", "self.v = np.zeros_like(params[0])"),
     (V, "self.v = self.beta * self.v + (1 - self.beta) * g"), (MOVE[20], "p -= self.lr * self.v")),
    (21, "look-back", (MOVE[21], "p += self.mu * v_prev + (1 + self.mu) * self.v[i]")),
    (21, "plain momentum", ("v_prev = self.v[i].copy()\n" + NV, NV + "\nv_prev = self.v[i].copy()")),
    (21, "plain momentum", ("v_prev = self.v[i].copy()\n" + NV, "v_prev = self.v[i]\nself.v[i] *= self.mu\nself.v[i] "
     "-= self.lr * g")),
    (21, "plain momentum", (MOVE[21], "p += self.v[i]")),
    (21, "never takes the old", (MOVE[21], "p += (1 + self.mu) * self.v[i]")),
    (21, "mu v in place of", (MOVE[21], "p += -self.mu * v_prev + self.mu * self.v[i]")),
    (21, "plain SGD", (MOVE[21], "p += -self.mu * v_prev + self.v[i]")),
    (21, "v_prev in place of mu v_prev", (MOVE[21], "p += -v_prev + (1 + self.mu) * self.v[i]")),
    (21, "climbs", (NV, "self.v[i] = self.mu * self.v[i] + self.lr * g")),
    (21, "without the learning rate", (NV, "self.v[i] = self.mu * self.v[i] - g")),
    (21, "(1 - mu)", (NV, "self.v[i] = self.mu * self.v[i] - (1 - self.mu) * self.lr * g")),
    (21, "without memory", (NV, "v = self.mu * self.v[i] - self.lr * g"),
     (MOVE[21], "p += -self.mu * v_prev + (1 + self.mu) * v")),
    (21, "never decays", (NV, "self.v[i] = self.v[i] - self.lr * g")),
    (21, "mu fixed", (NV, "self.v[i] = 0.9 * self.v[i] - self.lr * g"),
     (MOVE[21], "p += -0.9 * v_prev + 1.9 * self.v[i]")),
    (21, "learning rate fixed", (NV, "self.v[i] = self.mu * self.v[i] - 0.1 * g")),
    (21, "swapped in the update", (MOVE[21], "p += -self.mu * self.v[i] + (1 + self.mu) * v_prev")),
    (22, "|g|", (GS, "self.s[i] += np.abs(g)")),
    (22, "without history", (GS, "self.s[i] = g ** 2")),
    (22, "inside the root", (MOVE[22], "p -= self.lr * g / np.sqrt(self.s[i] + self.eps)")),
    (22, "one mean", (GS, "self.s[i] += (g ** 2).mean()")),
    (22, "one sum", (GS, "self.s[i] += np.sum(g ** 2)")),
    (22, "without the root", (MOVE[22], "p -= self.lr * g / (self.s[i] + self.eps)")),
    (22, "without eps", (MOVE[22], "p -= self.lr * g / np.sqrt(self.s[i])")),
    (22, "a sum of g in place", (GS, "self.s[i] += g")),
    (22, "one step late", (GS + "\n" + MOVE[22], MOVE[22] + "\n" + GS)),
    (22, "running average", (GS, "self.s[i] = 0.9 * self.s[i] + 0.1 * g ** 2")),
    (22, "without history", (GS + "\n" + MOVE[22], "s = self.s[i] + g ** 2\np -= self.lr * g / (np.sqrt(s) + "
     "self.eps)")),
    (22, "without history", (LOOP, "self.s = [np.zeros_like(p) for p in self.params]\n" + LOOP)),
    (22, "starts at one", ("self.s = [np.zeros_like(p) for p in params]",
     "self.s = [np.ones_like(p) for p in params]")),
    (22, "1e-8", (MOVE[22], "p -= self.lr * g / (np.sqrt(self.s[i]) + 1e-8)")),
    (22, "plain SGD", (MOVE[22], "p -= self.lr * g")),
    (22, "fixed at 0.1", (MOVE[22], "p -= 0.1 * g / (np.sqrt(self.s[i]) + self.eps)")),
    (22, "a mean of the squares", (LOOP, "self.n = getattr(self, 'n', 0) + 1\n" + LOOP),
     (MOVE[22], "p -= self.lr * g / (np.sqrt(self.s[i] / self.n) + self.eps)")),
    (23, "(1 - rho) missing", (RS, "self.s[i] = self.rho * self.s[i] + g ** 2")),
    (23, "swapped", (RS, "self.s[i] = (1 - self.rho) * self.s[i] + self.rho * g ** 2")),
    (23, "not squared", (RS, "self.s[i] = self.rho * self.s[i] + (1 - self.rho) * g")),
    (23, "inside the root", (MOVE[23], "p -= self.lr * g / np.sqrt(self.s[i] + self.eps)")),
    (23, "fixed at 0.9", (RS, "self.s[i] = 0.9 * self.s[i] + 0.1 * g ** 2")),
    (23, "AdaGrad", (RS, "self.s[i] = self.s[i] + g ** 2")),
    (23, "never decays", (RS, "self.s[i] = self.s[i] + (1 - self.rho) * g ** 2")),
    (23, "without memory", (RS, "self.s[i] = (1 - self.rho) * g ** 2")),
    (23, "without the root", (MOVE[23], "p -= self.lr * g / (self.s[i] + self.eps)")),
    (23, "without eps", (MOVE[23], "p -= self.lr * g / np.sqrt(self.s[i])")),
    (23, "one step late", (RS + "\n" + MOVE[23], MOVE[23] + "\n" + RS)),
    (23, "bias correction", (LOOP, "self.n = getattr(self, 'n', 0) + 1\n" + LOOP),
     (MOVE[23], "p -= self.lr * g / (np.sqrt(self.s[i] / (1 - self.rho ** self.n)) + self.eps)")),
    (23, "((1 - rho) g)^2", (RS, "self.s[i] = self.rho * self.s[i] + ((1 - self.rho) * g) ** 2")),
    (23, "starts at one", ("self.s = [np.zeros_like(p) for p in params]",
     "self.s = [np.ones_like(p) for p in params]")),
    (23, "one mean", (RS, "self.s[i] = self.rho * self.s[i] + (1 - self.rho) * np.mean(g ** 2)")),
    (23, "plain SGD", (MOVE[23], "p -= self.lr * g")),
    (23, "fixed at 0.1", (MOVE[23], "p -= 0.1 * g / (np.sqrt(self.s[i]) + self.eps)")),
    (23, "without history", (RS, "self.s[i] = g ** 2")),
    (24, "never moves", (DU, "u = np.sqrt(self.d[i]) / np.sqrt(self.s[i] + self.eps) * g")),
    (24, "upper root missing", (DU, "u = (self.d[i] + self.eps) / np.sqrt(self.s[i] + self.eps) * g")),
    (24, "d averaging g^2", (DD, "self.d[i] = self.rho * self.d[i] + (1 - self.rho) * g ** 2")),
    (24, "always 1", (DD, ""), (DU, "self.d[i] = self.rho * self.d[i] + (1 - self.rho) * g ** 2\n" + DU)),
    (24, "lower root missing", (DU, "u = np.sqrt(self.d[i] + self.eps) / (self.s[i] + self.eps) * g")),
    (24, "never updated", (DD, "pass")),
    (24, "without eps in the lower root", (DU, "u = np.sqrt(self.d[i] + self.eps) / np.sqrt(self.s[i]) * g")),
    (24, "outside both roots", (DU, "u = (np.sqrt(self.d[i]) + self.eps) / (np.sqrt(self.s[i]) + self.eps) * g")),
    (24, "not squared in d", (DD, "self.d[i] = self.rho * self.d[i] + (1 - self.rho) * u")),
    (24, "not squared in s", (RS, "self.s[i] = self.rho * self.s[i] + (1 - self.rho) * g")),
    (24, "(1 - rho) missing in s", (RS, "self.s[i] = self.rho * self.s[i] + g ** 2")),
    (24, "(1 - rho) missing in d", (DD, "self.d[i] = self.rho * self.d[i] + u ** 2")),
    (24, "turned over", (DU, "u = np.sqrt(self.s[i] + self.eps) / np.sqrt(self.d[i] + self.eps) * g")),
    (24, "always 1", ("self.d = [np.zeros_like(p) for p in params]", "self.d = self.s"),
     (RS, "self.s[i] *= self.rho; self.s[i] += (1 - self.rho) * g ** 2"),
     (DD, "self.d[i] *= self.rho; self.d[i] += (1 - self.rho) * u ** 2")),
    (24, "always 1", (RS, ""), (DU, DU + "\n" + RS)),
    (24, "rho fixed at 0.9", (RS, "self.s[i] = 0.9 * self.s[i] + 0.1 * g ** 2"),
     (DD, "self.d[i] = 0.9 * self.d[i] + 0.1 * u ** 2")),
    (24, "not used", (DU, "u = g / np.sqrt(self.s[i] + self.eps)")),
    (24, "swapped in both", (RS, "self.s[i] = (1 - self.rho) * self.s[i] + self.rho * g ** 2"),
     (DD, "self.d[i] = (1 - self.rho) * self.d[i] + self.rho * u ** 2")),
    *both(
        ("without the correction of v", (VH, "vh = self.v[i]")),
        ("without the correction of m", (MH, "mh = self.m[i]")),
        ("without either", (MH, "mh = self.m[i]"), (VH, "vh = self.v[i]")),
        ("multiplied by the corrections", (MH, "mh = self.m[i] * (1 - self.b1 ** self.t)"),
         (VH, "vh = self.v[i] * (1 - self.b2 ** self.t)")),
        ("fixed at 1", (MH, "mh = self.m[i] / (1 - self.b1 ** 1)"), (VH, "vh = self.v[i] / (1 - self.b2 ** 1)")),
        ("t = 0", ("self.t += 1", "pass")),
        ("t = 0", ("self.t += 1", ""), (MOVE[25], MOVE[25] + "\nself.t += i == 0")),
        ("one too large", ("self.t = 0", "self.t = 1")),
        ("starts again", ("self.t += 1", "self.t = self.t % 3 + 1")),
        ("once per array", ("self.t += 1", ""), (LOOP, LOOP + "\n    self.t += 1")),
        ("powers", (MH, "mh = self.m[i] / (1 - self.b1 * self.t)"), (VH, "vh = self.v[i] / (1 - self.b2 * self.t)")),
        ("m without memory", (AM, "self.m[i] = (1 - self.b1) * g")),
        ("v without memory", (AV, "self.v[i] = (1 - self.b2) * g ** 2")),
        ("neither average", (LOOP, "self.m = [np.zeros_like(p) for p in self.params]\n"
                             "self.v = [np.zeros_like(p) for p in self.params]\n" + LOOP)),
        ("not squared", (AV, "self.v[i] = self.b2 * self.v[i] + (1 - self.b2) * g")),
        ("|g|", (AV, "self.v[i] = self.b2 * self.v[i] + (1 - self.b2) * abs(g)")),
        ("inner product", (AV, "self.v[i] = self.b2 * self.v[i] + (1 - self.b2) * "
                           "(g @ g.T if g.ndim == 2 and g.shape[0]==g.shape[1] else g * g.sum())")),
        ("AdaBelief", (AV, "self.v[i] = self.b2 * self.v[i] + (1 - self.b2) * (g - self.m[i]) ** 2")),
        ("m^2", (AV, "self.v[i] = self.b2 * self.v[i] + (1 - self.b2) * self.m[i] ** 2")),
        ("swapped", (AM + "\n" + AV, "self.m[i] = self.b2 * self.m[i] + (1 - self.b2) * g\n"
                     "self.v[i] = self.b1 * self.v[i] + (1 - self.b1) * g ** 2")),
        ("without the root", (MOVE[25], "p -= self.lr * mh / (vh + self.eps)")),
        ("without eps", (MOVE[25], "p -= self.lr * mh / np.sqrt(vh)")),
        ("g in place of mhat", (MOVE[25], "p -= self.lr * g / (np.sqrt(vh) + self.eps)")),
        ("without the divisor", (MOVE[25], "p -= self.lr * mh")),
        ("inside the root", (MOVE[25], "p -= self.lr * mh / np.sqrt(vh + self.eps)")),
        ("before the correction", (MOVE[25], "p -= self.lr * np.sqrt(1 - self.b2 ** self.t) / (1 - self.b1 ** self.t)"
                                   " * self.m[i] / (np.sqrt(self.v[i]) + self.eps)")),
        ("same list", ("self.m = [np.zeros_like(p) for p in params]\nself.v = [np.zeros_like(p) for p in params]",
                       "self.m = self.v = [np.zeros_like(p) for p in params]")),
        ("0.9 and 0.999 in the corrections", (MH, "mh = self.m[i] / (1 - 0.9 ** self.t)"),
         (VH, "vh = self.v[i] / (1 - 0.999 ** self.t)")),
        ("0.9 and 0.999 in the averages", (AM, "self.m[i] = 0.9 * self.m[i] + 0.1 * g"),
         (AV, "self.v[i] = 0.999 * self.v[i] + 0.001 * g ** 2")),
        ("1 - b2 missing", (AV, "self.v[i] = self.b2 * self.v[i] + g ** 2")),
        ("1 - b1 missing", (AM, "self.m[i] = self.b1 * self.m[i] + g")),
        ("b1 in both averages", (AV, "self.v[i] = self.b1 * self.v[i] + (1 - self.b1) * g ** 2")),
        ("b1 in both corrections", (VH, "vh = self.v[i] / (1 - self.b1 ** self.t)")),
        ("stored back", (MH, "mh = self.m[i] = self.m[i] / (1 - self.b1 ** self.t)"),
         (VH, "vh = self.v[i] = self.v[i] / (1 - self.b2 ** self.t)")),
        ("fixed at 0.001", (MOVE[25], "p -= 0.001 * mh / (np.sqrt(vh) + self.eps)")),
        ("AMSGrad", ("self.t = 0", "self.t = 0\nself.top = [0 * p for p in params]"),
         (MOVE[25], "self.top[i] = np.maximum(self.top[i], vh)\np -= self.lr * mh / (np.sqrt(self.top[i]) + "
     "self.eps)")),
        ("plain SGD", (MOVE[25], "p -= self.lr * g")),
        ("one step late", (AM + "\n" + AV, ""), (MOVE[25], MOVE[25] + "\n" + AM + "\n" + AV)),
        ("sum of squares", (AV, "self.v[i] = self.b2 * self.v[i] + (1 - self.b2) * np.sum(g * g)")),
        ("", ("self.t += 1", "self.t = min(self.t + 1, 5)")),
        ("", (AM, "self.m[i] = self.b1 ** self.t * self.m[i] + (1 - self.b1 ** self.t) * g")),
    ),
    (25, "sign of weight decay", ("g = g + self.wd * p", "g = g - self.wd * p")),
    (25, "changes the gradients", ("g = g + self.wd * p", "g += self.wd * p")),
    (25, "AdamW", ("g = g + self.wd * p", "p *= 1 - self.lr * self.wd")),
    (25, "AdamW", ("g = g + self.wd * p", ""),
     (MOVE[25], "p -= self.lr * (mh / (np.sqrt(vh) + self.eps) + self.wd * p)")),
    (25, "ignores wd", ("g = g + self.wd * p", "pass")),
    (25, "after the step", ("g = g + self.wd * p", ""), (MOVE[25], MOVE[25] + "\np -= self.lr * self.wd * p")),
    (25, "in m but not in v", (AV, "self.v[i] = self.b2 * self.v[i] + (1 - self.b2) * (g - self.wd * p) ** 2")),
    (25, "twice", ("g = g + self.wd * p", "g = g + self.wd * p\np *= 1 - self.lr * self.wd")),
    (26, "sign of the decay", ("p *= 1 - self.lr * self.wd", "p *= 1 + self.lr * self.wd")),
    (26, "without decay", ("p *= 1 - self.lr * self.wd", "pass")),
    (26, "twice", ("p *= 1 - self.lr * self.wd", "p *= 1 - self.lr * self.wd\ng = g + self.wd * p")),
    (26, "twice", ("p *= 1 - self.lr * self.wd", "g = g + self.wd * p\np *= 1 - self.lr * self.wd")),
    (26, "Adam in place of AdamW", ("p *= 1 - self.lr * self.wd", "g = g + self.wd * p")),
    (26, "not multiplied by the learning rate", ("p *= 1 - self.lr * self.wd", "p *= 1 - self.wd")),
    (26, "after the step", ("p *= 1 - self.lr * self.wd", ""), (MOVE[26], MOVE[26] + "\np *= 1 - self.lr * self.wd")),
    (26, "divided by the root", ("p *= 1 - self.lr * self.wd", ""),
     (MOVE[26], "p -= self.lr * (mh + self.wd * p) / (np.sqrt(vh) + self.eps)")),
    (26, "new arrays", ("p *= 1 - self.lr * self.wd", "p = p * (1 - self.lr * self.wd)")),
    (26, "fixed at 0.01", ("p *= 1 - self.lr * self.wd", "p *= 1 - self.lr * 1e-2")),
    (27, "ignores k", ("return 1 / (1 + k * epoch) * lr0", "return lr0 / (1 + epoch)")),
    (27, "epoch ** k", ("return 1 / (1 + k * epoch) * lr0", "return lr0 / (1 + epoch ** k)")),
    (27, "k ** epoch", ("return 1 / (1 + k * epoch) * lr0", "return lr0 * k ** epoch")),
    (27, "(1 + k) ** epoch", ("return 1 / (1 + k * epoch) * lr0", "return lr0 * (1 + k) ** -epoch")),
    (27, "counts epochs from 1", ("return 1 / (1 + k * epoch) * lr0", "return lr0 / (1 + k * (1 + epoch))")),
    (27, "brackets", ("return 1 / (1 + k * epoch) * lr0", "return lr0 / 1 + k * epoch")),
    (27, "straight line", ("return 1 / (1 + k * epoch) * lr0", "return lr0 - lr0 * k * epoch")),
    (27, "adds up", ("return 1 / (1 + k * epoch) * lr0",
                     "r = lr0\nfor e in range(1, epoch + 1):\n    r /= 1 + k * e\nreturn r")),
    (27, "round", ("return lr0 / (1 + k * math.floor(epoch / every))", "return lr0 / (1 + k * round(epoch / every))")),
    (27, "no floor", ("return lr0 / (1 + k * math.floor(epoch / every))", "return lr0 / (1 + k * (epoch / every))")),
    (27, "rounded up", ("return lr0 / (1 + k * math.floor(epoch / every))",
     "return lr0 / (1 + k * -(-epoch // every))")),
    (27, "remainder", ("return lr0 / (1 + k * math.floor(epoch / every))", "return lr0 / (1 + k * (epoch % every))")),
    (27, "one epoch early", ("return lr0 / (1 + k * math.floor(epoch / every))",
     "return lr0 / (1 + k * ((1 + epoch) // every))")),
    (27, "gamma times epoch", ("return gamma ** epoch * lr0", "return lr0 * gamma * epoch")),
    (27, "exp(-gamma epoch)", ("return gamma ** epoch * lr0", "return math.exp(-gamma * epoch) * lr0")),
    (27, "without lr0", ("return gamma ** epoch * lr0", "return gamma ** epoch")),
    (27, "counts epochs from 1", ("return gamma ** epoch * lr0", "return gamma ** (1 + epoch) * lr0")),
    (27, "lr0 inside the root", ("return k / math.sqrt(epoch) * lr0", "return k / math.sqrt(epoch * lr0)")),
    (27, "without lr0", ("return k / math.sqrt(epoch) * lr0", "return k / math.sqrt(epoch)")),
    (27, "without the root", ("return k / math.sqrt(epoch) * lr0", "return k / epoch * lr0")),
    (27, "epoch + 1", ("return k / math.sqrt(epoch) * lr0", "return k / math.sqrt(epoch + 1) * lr0")),
    (27, "only at the multiples", ("return lr0 * factor ** n", "return lr0 * factor ** (epoch % every == 0)")),
    (27, "times the steps", ("return lr0 * factor ** n", "return lr0 * factor * n")),
    (27, "no floor", ("n = epoch // every", "n = epoch / every")),
    (27, "one epoch early", ("n = epoch // every", "n = (epoch + 1) // every")),
    (27, "one step only", ("return lr0 * factor ** n", "return lr0 * factor if epoch >= every else lr0")),
    (27, "not shifted", ("x = (epoch - warm) / (total - warm)", "x = epoch / (total - warm)")),
    (27, "epoch / total", ("x = (epoch - warm) / (total - warm)", "x = epoch / total")),
    (27, "(epoch - warm) / total", ("x = (epoch - warm) / (total - warm)", "x = (epoch - warm) / total")),
    (27, "climb starts at 0", ("return lr0 / warm * (epoch + 1)", "return lr0 / warm * epoch")),
    (27, "too long", ("if epoch < warm:", "if epoch <= warm:")),
    (27, "upside down", ("return 0.5 * lr0 * (1 + math.cos(math.pi * x))",
     "return 0.5 * lr0 * (1 - math.cos(math.pi * x))")),
    (27, "1/2", ("return 0.5 * lr0 * (1 + math.cos(math.pi * x))", "return lr0 * (1 + math.cos(math.pi * x))")),
    (27, "without pi", ("return 0.5 * lr0 * (1 + math.cos(math.pi * x))", "return 0.5 * lr0 * (1 + math.cos(x))")),
    (28, "never sees", ("opt.lr = lr0 / (1 + k * epoch)", "lr = lr0 / (1 + k * epoch)")),
    (28, "never changed", ("opt.lr = lr0 / (1 + k * epoch)", "lr = lr0 / (1 + k * epoch)"), ("used.append(opt.lr)",
     "used.append(lr)")),
    (28, "compounds", ("opt.lr = lr0 / (1 + k * epoch)", "opt.lr = opt.lr / (1 + k * epoch)")),
    (28, "compounds", ("opt.lr = lr0 / (1 + k * epoch)", "lr0 = opt.lr = lr0 / (1 + k * epoch)")),
    (28, "compounds", ("lr0 = opt.lr", ""), ("opt.lr = lr0 / (1 + k * epoch)",
     "lr0 = opt.lr\nopt.lr = lr0 / (1 + k * epoch)")),
    (28, "counted from 1", ("opt.lr = lr0 / (1 + k * epoch)", "opt.lr = lr0 / (1 + k * (epoch + 1))")),
    (28, "counted from 1", ("for epoch in range(epochs):", "for epoch in range(1, epochs + 1):")),
    (28, "per batch in place of per epoch", ("opt.lr = lr0 / (1 + k * epoch)", ""),
     ("used.append(opt.lr)", "opt.lr = lr0 / (1 + k * (epoch * batches + b))\nused.append(opt.lr)")),
    (28, "one rate per epoch", ("for b in range(batches):\n    used.append(opt.lr)", "used.append(opt.lr)")),
    (28, "put back", ("return used", "opt.lr = lr0\nreturn used")),
    (28, "without return", ("return used", "print(used)")),
    (28, "first epoch only", ("for b in range(batches):\n    used.append(opt.lr)",
     "for b in range(batches):\n    used.append(opt.lr)\nreturn used")),
    (28, "ignores k", ("opt.lr = lr0 / (1 + k * epoch)", "opt.lr = lr0 / (1 + epoch)")),
    (28, "", ("opt.lr = lr0 / (1 + k * epoch)", "opt.lr = round(lr0 / (1 + k * epoch), 4)")),
    (28, "", ("opt.lr = lr0 / (1 + k * epoch)", "opt.lr = max(lr0 / (1 + k * epoch), lr0 / 2)")),
]  # fmt: skip
SEEDS = range(100, 102)


def shown(row):
    return f"{row[0]}: {row[1][:60]}"


@pytest.mark.parametrize("number", BASE)
def test_section_4_is_right(number):
    for seed in SEEDS:
        verdict = grade_source(load(NAMES[number]), BASE[number], seed)
        assert verdict.state == RIGHT, verdict


@pytest.mark.parametrize("row", RIGHT_ONES, ids=shown)
def test_another_spelling_is_right(row):
    for seed in SEEDS:
        verdict = grade_source(load(NAMES[row[0]]), right_source(*row), seed)
        assert verdict.state == RIGHT, verdict


@pytest.mark.parametrize("row", sample(WRONG_ONES), ids=shown)
def test_wrong_solution_is_rejected_and_named(row):
    number, name, *edits = row
    verdict = grade_source(load(NAMES[number]), edited(number, *edits), 100)
    assert verdict.state in (WRONG, CONVENTION), verdict
    assert any(word in verdict.mistake for word in name.split("|")), verdict
    assert verdict.message


def test_most_wrong_solutions_have_a_name():
    assert sum(name != "" for _, name, *_ in WRONG_ONES) > 0.9 * len(WRONG_ONES) > 200


ROOT, INSIDE = "np.sqrt(self.s[i]) + self.eps", "np.sqrt(self.s[i] + self.eps)"


@pytest.mark.parametrize(
    ("number", "old", "new"), [(20, V, "self.v[i] = self.beta * self.v[i] + g"), (22, ROOT, INSIDE), (23, ROOT, INSIDE)]
)
def test_another_convention_is_named_as_one_with_the_way_back(number, old, new):
    verdict = grade_source(load(NAMES[number]), BASE[number].replace(old, new), 7)
    assert verdict.state == CONVENTION
    assert "here" in verdict.diagnosis


STEPS_THAT_DO_NOT_WORK = {
    "nothing": "pass",
    "nan": "p[...] = np.nan",
    "nan added": "p += np.nan * g",
    "zero": "p[...] = 0",
    "row 0 only": "RIGHT\np[1:] = kept",
    "element 0 only": "RIGHT\nnew = p.flat[0]\np[...] = old\np.flat[0] = new",
    "first step only": "RIGHT\nself.n = getattr(self, 'n', 0) + 1\nif self.n > len(self.params):\n    p[...] = old",
    "transposed": "RIGHT\np[...] = p.T if p.shape == p.T.shape else p",
    "float32": "RIGHT\np[...] = p.astype(np.float32)",
    "rounded": "RIGHT\np[...] = p.round(6)",
}  # fmt: skip


@pytest.mark.parametrize("what", STEPS_THAT_DO_NOT_WORK)
@pytest.mark.parametrize("number", CLASSES)
def test_step_that_is_right_in_part_only(number, what):
    source = BASE[number]
    lines = source[source.index("        for i, (p, g)") :].splitlines()
    body = "\n".join(line.strip() for line in lines[1:])
    wrong = STEPS_THAT_DO_NOT_WORK[what].replace("RIGHT", "old = p.copy()\nkept = p[1:].copy()\n" + body)
    source = source.replace("\n".join(lines[1:]), "\n".join(" " * 12 + line for line in wrong.splitlines()))
    verdict = grade_source(load(NAMES[number]), source, 100)
    assert verdict.state == WRONG, verdict
    assert "element" in verdict.message or "expected" in verdict.message


@pytest.mark.parametrize("result", ["None", "{}", "[]", "[1.0]", "float('nan')", "'0.1'", "True", "[float('nan')] * 8"])
@pytest.mark.parametrize("number", [27, 28])
def test_results_of_no_use(number, result):
    source = "\n".join(
        f"{line}\n    return {result}" for line in BASE[number].splitlines() if line.startswith("def ")
    )  # fmt: skip
    verdict = grade_source(load(NAMES[number]), source, 3)
    assert verdict.state == WRONG
    assert "expected" in verdict.message


def test_list_that_is_too_short_or_too_long():
    for cut in ("used[:-1]", "used + used[-1:]", "used[:1]", "tuple(used[:-1])"):
        verdict = grade_source(load(NAMES[28]), BASE[28].replace("return used", f"return {cut}"), 3)
        assert verdict.state == WRONG
        assert "values" in verdict.message
