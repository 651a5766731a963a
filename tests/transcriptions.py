"""Optimizers transcribed from their papers, slowly and literally, by someone who had not seen minidl's rules.

One function per rule: `rule(w, g, s, t, **hyper)` gives the weights after update number t = 1, 2, ...; `s` is a dict
that the caller keeps between the updates. Rules for one coordinate are written for one float and looped over the
array, so that no broadcasting can hide a mistake. Where authors, their code and other libraries differ, both forms
are written down and a keyword picks one; the default is the paper's.
"""

from __future__ import annotations

import functools
from math import cbrt, copysign, exp, inf, log, sqrt

import numpy as np


def coordinatewise(rule):
    """The rule for one float, applied to every element of an array: each has a state of its own."""

    @functools.wraps(rule)
    def step(w, g, s, t, **hyper):
        new = np.empty_like(w)
        for i in np.ndindex(w.shape):
            new[i] = rule(float(w[i]), float(g[i]), s.setdefault(i, {}), t, **hyper)
        return new

    return step


def sign(x):
    return 0.0 if x == 0 else copysign(1.0, x)


def norm(x):
    return sqrt(sum(float(e) ** 2 for e in np.ravel(x)))


def clip(x, low, high):
    return low if x < low else high if x > high else x


# ---- plain rules


@coordinatewise
def sgdw(w, g, s, t, *, lr, momentum=0.0, weight_decay=0.0, rate_inside=True):
    """Loshchilov & Hutter 2019, Algorithm 1, with lr = eta_t alpha and eta_t lambda written lr weight_decay.

    rate_inside: the paper's lines 8 and 9; False: PyTorch's buffer of bare gradients. They part under a schedule only.
    """
    if rate_inside:
        s["m"] = momentum * s.get("m", 0.0) + lr * g
        return w - s["m"] - lr * weight_decay * w
    s["m"] = momentum * s.get("m", 0.0) + g
    return w - lr * s["m"] - lr * weight_decay * w


@coordinatewise
def qhm(w, g, s, t, *, lr, beta, nu, weight_decay=0.0):
    """Ma & Yarats 2019, equations 3 and 4."""
    g = g + weight_decay * w
    s["m"] = beta * s.get("m", 0.0) + (1 - beta) * g
    return w - lr * ((1 - nu) * g + nu * s["m"])


@coordinatewise
def aggmo(w, g, s, t, *, lr, betas, weight_decay=0.0):
    """Lucas, Sun, Zemel & Grosse 2019, equation 2: the velocities keep the minus sign of the paper."""
    g = g + weight_decay * w
    total = 0.0
    for i, beta in enumerate(betas):
        s[i] = beta * s.get(i, 0.0) - g
        total += s[i]
    return w + lr / len(betas) * total


@coordinatewise
def signum(w, g, s, t, *, lr, beta, weight_decay=0.0):
    """Bernstein et al. 2018, Algorithm 2."""
    g = g + weight_decay * w
    s["m"] = beta * s.get("m", 0.0) + (1 - beta) * g
    return w - lr * sign(s["m"])


@coordinatewise
def rprop(w, g, s, t, *, lr, etas, step_sizes):
    """Igel & Huesken 2003, iRprop-: after a flip of the sign the gradient counts as zero, now and in the next test."""
    size = s.get("size", lr)
    product = s.get("g", 0.0) * g
    if product > 0:
        size = min(size * etas[1], step_sizes[1])
    elif product < 0:
        size = max(size * etas[0], step_sizes[0])
        g = 0.0
    s["size"], s["g"] = size, g
    return w - sign(g) * size


@coordinatewise
def asgd(w, g, s, t, *, lr, lambd, alpha, t0, weight_decay=0.0):
    """Averaged SGD, Polyak & Juditsky 1992, with the rate of Bottou and Xu 2011, whose t counts from 0."""
    g = g + weight_decay * w
    k = t - 1
    eta = lr / (1 + lambd * lr * k) ** alpha
    w = w - eta * lambd * w - eta * g
    mu = 1 / max(1, k - t0)
    s["average"] = s.get("average", 0.0) + mu * (w - s.get("average", 0.0))
    return w


def lars(w, g, s, t, *, lr, momentum, weight_decay, trust_coefficient, eps=0.0):
    """You, Gitman & Ginsburg 2017, Algorithm 1: the rates are inside the momentum; w = 0 has no local rate."""
    local, denominator = 1.0, norm(g) + weight_decay * norm(w) + eps
    if norm(w) > 0 and denominator > 0:
        local = trust_coefficient * norm(w) / denominator
    s["v"] = momentum * s.get("v", 0.0) + lr * local * (g + weight_decay * w)
    return w - s["v"]


# ---- one adaptive rate per coordinate


@coordinatewise
def adamw(w, g, s, t, *, lr, betas, eps, weight_decay, decay_times_lr=False):
    """Loshchilov & Hutter 2019, Algorithm 2.

    The paper: w - eta_t (alpha m^/(sqrt(v^) + eps) + lambda w), so lambda is not multiplied by alpha. With
    decay_times_lr (PyTorch, Keras, optax) weight_decay is lambda / alpha; without, it is lambda, at eta_t = 1.
    """
    s["m"] = betas[0] * s.get("m", 0.0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0.0) + (1 - betas[1]) * g**2
    m_hat = s["m"] / (1 - betas[0] ** t)
    v_hat = s["v"] / (1 - betas[1] ** t)
    decay = lr * weight_decay if decay_times_lr else weight_decay
    return w - (lr * m_hat / (sqrt(v_hat) + eps) + decay * w)


@coordinatewise
def amsgrad(w, g, s, t, *, lr, betas, eps, weight_decay=0.0, correction="none"):
    """Reddi, Kale & Kumar 2018, Algorithm 2 (no correction, and eps = 0 there).

    correction: "after" divides the largest v (PyTorch, Keras), "before" takes the largest of the divided (optax).
    """
    g = g + weight_decay * w
    s["m"] = betas[0] * s.get("m", 0.0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0.0) + (1 - betas[1]) * g**2
    m, v = s["m"], s["v"]
    if correction != "none":
        m = m / (1 - betas[0] ** t)
    if correction == "before":
        v = v / (1 - betas[1] ** t)
    s["largest"] = v = max(s.get("largest", 0.0), v)
    if correction == "after":
        v = v / (1 - betas[1] ** t)
    return w - lr * m / (sqrt(v) + eps)


@coordinatewise
def adabound(w, g, s, t, *, lr, betas, final_lr, gamma, eps, weight_decay=0.0, amsbound=False,
             bias_correction=False, sqrt_t=True, base_lr=None):
    """Luo, Xiong, Liu & Sun 2019, Algorithm 2, with the bounds of its experiments (section 5).

    The authors' code drops the 1/sqrt(t), corrects the bias, adds eps and scales final_lr with the schedule lr/base_lr.
    """
    g = g + weight_decay * w
    s["m"] = betas[0] * s.get("m", 0.0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0.0) + (1 - betas[1]) * g**2
    s["largest"] = max(s.get("largest", 0.0), s["v"])
    v = s["largest"] if amsbound else s["v"]
    final = final_lr if base_lr is None else final_lr * lr / base_lr
    low = final * (1 - 1 / (gamma * t + 1))
    high = final * (1 + 1 / (gamma * t))
    rate = lr * sqrt(1 - betas[1] ** t) / (1 - betas[0] ** t) if bias_correction else lr
    root = sqrt(v) + eps
    eta = clip(inf if root == 0 else rate / root, low, high)
    if sqrt_t:
        eta = eta / sqrt(t)
    return w - eta * s["m"]


@coordinatewise
def adabelief(w, g, s, t, *, lr, betas, eps, weight_decay=0.0):
    """Zhuang et al. 2020, Algorithm 2: eps is added to s at every step and stored with it, and again to the root."""
    g = g + weight_decay * w
    s["m"] = betas[0] * s.get("m", 0.0) + (1 - betas[0]) * g
    s["s"] = betas[1] * s.get("s", 0.0) + (1 - betas[1]) * (g - s["m"]) ** 2 + eps
    m_hat = s["m"] / (1 - betas[0] ** t)
    s_hat = s["s"] / (1 - betas[1] ** t)
    return w - lr * m_hat / (sqrt(s_hat) + eps)


@coordinatewise
def yogi(w, g, s, t, *, lr, betas, eps, initial_accumulator, weight_decay=0.0, bias_correction=False, m_start=0.0):
    """Zaheer et al. 2018, Algorithm 2; the libraries correct the bias, and some start m, too, at the accumulator."""
    g = g + weight_decay * w
    v = s.get("v", initial_accumulator)
    s["m"] = betas[0] * s.get("m", m_start) + (1 - betas[0]) * g
    s["v"] = v - (1 - betas[1]) * sign(v - g**2) * g**2
    m, v = s["m"], s["v"]
    if bias_correction:
        m, v = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    return w - lr * m / (sqrt(v) + eps)


@coordinatewise
def laprop(w, g, s, t, *, lr, betas, eps, weight_decay=0.0):
    """Ziyin, Wang & Ueda 2020, Algorithm 1: normalise first, then average. It has no decay: L2 here."""
    g = g + weight_decay * w
    s["n"] = betas[1] * s.get("n", 0.0) + (1 - betas[1]) * g**2
    c_n, c_m = 1 - betas[1] ** t, 1 - betas[0] ** t
    s["m"] = betas[0] * s.get("m", 0.0) + (1 - betas[0]) * g / (sqrt(s["n"] / c_n) + eps)
    return w - lr / c_m * s["m"]


@coordinatewise
def adopt(w, g, s, t, *, lr, betas, eps, weight_decay=0.0):
    """Taniguchi et al. 2024, Algorithm 2 with c = t^(1/4), its t being ours - 1: the first gradient only fills v."""
    g = g + weight_decay * w
    if t == 1:
        s["m"], s["v"] = 0.0, g**2
        return w
    bound = (t - 1) ** 0.25
    s["m"] = betas[0] * s["m"] + (1 - betas[0]) * clip(g / max(sqrt(s["v"]), eps), -bound, bound)
    s["v"] = betas[1] * s["v"] + (1 - betas[1]) * g**2
    return w - lr * s["m"]


@coordinatewise
def ademamix(w, g, s, t, *, lr, betas, alpha, warmup_steps, eps, weight_decay):
    """Pagliardini, Ablin & Grangier 2024, Algorithm 1, with the warm-ups of alpha and beta3 (its section 3)."""
    b1, b2, b3 = betas
    if warmup_steps:
        u = t / warmup_steps
        alpha = min(u * alpha, alpha)
        if u < 1:
            b3 = min(exp(log(b1) * log(b3) / ((1 - u) * log(b3) + u * log(b1))), b3)
    s["m1"] = b1 * s.get("m1", 0.0) + (1 - b1) * g
    s["m2"] = b3 * s.get("m2", 0.0) + (1 - b3) * g
    s["nu"] = b2 * s.get("nu", 0.0) + (1 - b2) * g**2
    m1_hat = s["m1"] / (1 - b1**t)
    nu_hat = s["nu"] / (1 - b2**t)
    return w - lr * ((m1_hat + alpha * s["m2"]) / (sqrt(nu_hat) + eps) + weight_decay * w)


@coordinatewise
def madgrad(w, g, s, t, *, lr, momentum, eps, weight_decay=0.0, eps_in_rate=False):
    """Defazio & Jelassi 2021, Algorithm 1, k = t - 1; the authors' code takes lr + eps for the rate."""
    x0 = s.setdefault("x0", w)
    g = g + weight_decay * w
    lam = (lr + eps if eps_in_rate else lr) * sqrt(t)
    s["s"] = s.get("s", 0.0) + lam * g
    s["nu"] = s.get("nu", 0.0) + lam * g**2
    z = x0 - s["s"] / (cbrt(s["nu"]) + eps)
    c = 1 - momentum
    return (1 - c) * w + c * z


@coordinatewise
def ftrl(w, g, s, t, *, lr, beta, l1, l2, lr_power=-0.5, initial_accumulator=0.0, l2_factor=1.0):
    """McMahan et al. 2013, Algorithm 1 (lr_power = -1/2, no accumulator); Keras takes twice l2 (l2_factor = 2)."""
    n = s.get("n", initial_accumulator)
    sigma = ((n + g**2) ** -lr_power - n**-lr_power) / lr
    s["z"] = s.get("z", 0.0) + g - sigma * w
    s["n"] = n + g**2
    if abs(s["z"]) <= l1:
        return 0.0
    return -(s["z"] - sign(s["z"]) * l1) / ((beta + s["n"] ** -lr_power) / lr + l2_factor * l2)


@coordinatewise
def radam(w, g, s, t, *, lr, betas, eps, weight_decay=0.0, threshold=4, eps_beside="v_hat"):
    """Liu et al. 2020, Algorithm 2: rectified from rho > 4 on; PyTorch and the authors' code wait for 5.

    The paper has no eps; eps_beside: the root of "v_hat" (optax) or of the uncorrected "v" (PyTorch).
    """
    b1, b2 = betas
    g = g + weight_decay * w
    rho_inf = 2 / (1 - b2) - 1
    s["m"] = b1 * s.get("m", 0.0) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0.0) + (1 - b2) * g**2
    m_hat = s["m"] / (1 - b1**t)
    rho = rho_inf - 2 * t * b2**t / (1 - b2**t)
    if rho <= threshold:
        return w - lr * m_hat
    r = sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
    if eps_beside == "v":
        return w - lr * r * m_hat * sqrt(1 - b2**t) / (sqrt(s["v"]) + eps)
    return w - lr * r * m_hat / (sqrt(s["v"] / (1 - b2**t)) + eps)


@coordinatewise
def nadam(w, g, s, t, *, lr, betas, eps, momentum_decay, weight_decay=0.0, decoupled=False, average="mu",
          nu_above=True):
    """Dozat 2016, Algorithm 2, with mu_t = beta1 (1 - 0.96^(t psi) / 2).

    average: "mu" averages the gradients with mu_t (the paper), "beta1" with beta1 (PyTorch, Keras).
    nu_above: the paper's n^ = nu n / (1 - nu^t), whose nu in the numerator no library has.
    """
    mu = lambda i: betas[0] * (1 - 0.5 * 0.96 ** (i * momentum_decay))
    if decoupled:
        decay = lr * weight_decay * w
    else:
        g, decay = g + weight_decay * w, 0.0
    b = mu(t) if average == "mu" else betas[0]
    s["m"] = b * s.get("m", 0.0) + (1 - b) * g
    s["n"] = betas[1] * s.get("n", 0.0) + (1 - betas[1]) * g**2
    product = 1.0
    for i in range(1, t + 1):
        product *= mu(i)
    m_hat = mu(t + 1) * s["m"] / (1 - product * mu(t + 1)) + (1 - mu(t)) * g / (1 - product)
    n_hat = (betas[1] if nu_above else 1.0) * s["n"] / (1 - betas[1] ** t)
    return w - decay - lr / (sqrt(n_hat) + eps) * m_hat


@coordinatewise
def lion(w, g, s, t, *, lr, betas, weight_decay):
    """Chen et al. 2023, Algorithm 2."""
    c = betas[0] * s.get("m", 0.0) + (1 - betas[0]) * g
    w = w - lr * (sign(c) + weight_decay * w)
    s["m"] = betas[1] * s.get("m", 0.0) + (1 - betas[1]) * g
    return w


@coordinatewise
def adan(w, g, s, t, *, lr, betas, eps, weight_decay, start="gradient", bias_correction=False, decay="proximal"):
    """Xie et al. 2022, Algorithm 1. The betas here are the weights of the past, 1 - beta of the paper.

    start: "gradient" is the paper's m_0 = g_0, n_0 = g_0^2 and then v_1 = g_1 - g_0; "zero" with bias_correction is
    the authors' code, whose first difference is 0.
    decay: "proximal" divides by 1 + lr weight_decay (the paper), "before" shrinks w first (their no_prox).
    """
    past1, past2, past3 = betas
    beta1, beta2, beta3 = 1 - past1, 1 - past2, 1 - past3
    difference = g - s.get("g", g)
    look = g + (1 - beta2) * difference
    first = t == 1 and start == "gradient"
    s["m"] = g if first else (1 - beta1) * s.get("m", 0.0) + beta1 * g
    s["v"] = (1 - beta2) * s.get("v", 0.0) + beta2 * difference
    if start == "gradient" and t <= 2:
        s["v"] = difference
    s["n"] = g**2 if first else (1 - beta3) * s.get("n", 0.0) + beta3 * look**2
    s["g"] = g
    m, v, n = s["m"], s["v"], s["n"]
    if bias_correction:
        m, v, n = m / (1 - past1**t), v / (1 - past2**t), n / (1 - past3**t)
    eta = lr / (sqrt(n) + eps)
    if decay == "before":
        return w - lr * weight_decay * w - eta * (m + (1 - beta2) * v)
    return (w - eta * (m + (1 - beta2) * v)) / (1 + weight_decay * lr)


@coordinatewise
def qhadam(w, g, s, t, *, lr, nus, betas, eps, weight_decay=0.0):
    """Ma & Yarats 2019, section 4.1 (QHAdam)."""
    g = g + weight_decay * w
    s["m"] = betas[0] * s.get("m", 0.0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0.0) + (1 - betas[1]) * g**2
    m_hat = s["m"] / (1 - betas[0] ** t)
    v_hat = s["v"] / (1 - betas[1] ** t)
    return w - lr * ((1 - nus[0]) * g + nus[0] * m_hat) / (sqrt((1 - nus[1]) * g**2 + nus[1] * v_hat) + eps)


def lamb(w, g, s, t, *, lr, betas, eps, weight_decay):
    """You et al. 2020, Algorithm 2 with phi the identity; a zero norm makes the ratio 1."""
    s["m"] = betas[0] * s.get("m", 0.0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0.0) + (1 - betas[1]) * g**2
    r = (s["m"] / (1 - betas[0] ** t)) / (np.sqrt(s["v"] / (1 - betas[1] ** t)) + eps)
    direction = r + weight_decay * w
    ratio = norm(w) / norm(direction) if norm(w) > 0 and norm(direction) > 0 else 1.0
    return w - lr * ratio * direction


def adafactor(w, g, s, t, *, lr, beta2_decay, eps, d, weight_decay=0.0, eps1_form="added"):
    """Shazeer & Stern 2018, Algorithms 4 (matrix), 5 (vector) and 6 (rates: rho_t = min(lr, 1/sqrt(t))).

    eps1_form: "added" to the squared gradients (the paper), or "clamped": the lower bound of the mean of R, its
    square the lower bound of V (PyTorch, where None is the machine's epsilon). Decay: w (1 - lr weight_decay) before
    the step (PyTorch; the paper has none).
    """
    eps1, eps2 = eps
    eps1 = 2.0**-52 if eps1 is None else eps1
    decay = 1 - t**beta2_decay
    rho = min(lr, 1 / sqrt(t))
    alpha = max(eps2, norm(w) / sqrt(w.size)) * rho
    squares = g * g + (eps1 if eps1_form == "added" else 0.0)
    if g.ndim == 1:
        s["V"] = decay * s.get("V", 0.0) + (1 - decay) * squares
        v = s["V"]
    else:
        n, m = g.shape
        s["R"] = decay * s.get("R", 0.0) + (1 - decay) * (squares @ np.ones((m, 1)))
        s["C"] = decay * s.get("C", 0.0) + (1 - decay) * (np.ones((1, n)) @ squares)
        total = float((np.ones((1, n)) @ s["R"]).item())
        if eps1_form == "clamped":  # of the mean over rows of the mean over columns
            total = max(total / (n * m), eps1) * n * m
        v = s["R"] @ s["C"] / total
    if eps1_form == "clamped":
        v = np.maximum(v, eps1**2)
    u = g / np.sqrt(v)
    u = u / max(1.0, norm(u) / sqrt(u.size) / d)
    return w - lr * weight_decay * w - alpha * u


# ---- matrices and curvature


def shampoo(w, g, s, t, *, lr, eps, weight_decay=0.0):
    """Gupta, Koren & Singer 2018, Algorithm 2 (Algorithm 1 is order 2): each axis by the power -1/(2 order).

    H = eps I + G1 G1' + G2 G2' + ... is never formed: the singular values of [sqrt(eps) I, G1, G2, ...] are the roots
    of its eigenvalues, free of the rounding of the products.
    """
    g = g + weight_decay * w
    direction = g
    for axis in range(g.ndim):
        n = g.shape[axis]
        unfolded = np.moveaxis(g, axis, 0).reshape(n, -1)
        s.setdefault(axis, [sqrt(eps) * np.eye(n)]).append(unfolded)
        u, roots, _ = np.linalg.svd(np.hstack(s[axis]), full_matrices=False)
        power = u @ np.diag(roots ** (-1 / g.ndim)) @ u.T
        direction = np.moveaxis(np.tensordot(power, direction, axes=(1, axis)), 0, axis)
    return w - lr * direction


def _descending_eigenvectors(a):
    values, vectors = np.linalg.eigh(a)
    return vectors[:, np.argsort(-values)]


def soap(w, g, s, t, *, lr, betas, shampoo_beta, eps, weight_decay, precondition_frequency, basis=None,
         max_precondition_dim=10000, precondition_1d=False):
    """Vyas et al. 2024, Algorithm 3, as the authors' program orders it, for a matrix (a vector is one column).

    The first gradient only fills L and R; Adam's eps is beside the uncorrected root; the decay follows the step and
    shrinks the moved weights; bases by one power iteration and QR, after ordering by the estimated eigenvalues.
    basis: Q_L or Q_R to start from, by axis: a first gradient's null space leaves them open.
    """
    shape = w.shape
    w, g = w.reshape(shape[0], -1), g.reshape(shape[0], -1)
    kept = [n <= max_precondition_dim and (len(shape) > 1 or precondition_1d) for n in g.shape]
    outer = [g @ g.T, g.T @ g]
    if t == 1:
        s["P"] = [(1 - shampoo_beta) * o for o in outer]
        s["Q"] = [_descending_eigenvectors(p) if keep else np.eye(len(p)) for p, keep in zip(s["P"], kept, strict=True)]
        for axis in basis or {}:
            s["Q"][axis] = basis[axis]
        s["M"], s["V"] = np.zeros(g.shape), np.zeros(g.shape)
        return w.reshape(shape)
    k = t - 1
    left, right = s["Q"]
    g_rotated = left.T @ g @ right
    s["M"] = betas[0] * s["M"] + (1 - betas[0]) * g
    m_rotated = left.T @ s["M"] @ right
    s["V"] = betas[1] * s["V"] + (1 - betas[1]) * g_rotated * g_rotated
    n_rotated = m_rotated / (np.sqrt(s["V"]) + eps)
    w = w - lr * sqrt(1 - betas[1] ** k) / (1 - betas[0] ** k) * (left @ n_rotated @ right.T)
    w = w - lr * weight_decay * w
    s["P"] = [shampoo_beta * p + (1 - shampoo_beta) * o for p, o in zip(s["P"], outer, strict=True)]
    if k % precondition_frequency == 0:
        for axis in (0, 1):
            if kept[axis]:
                p, q = s["P"][axis], s["Q"][axis]
                order = np.argsort(-np.diag(q.T @ p @ q))
                s["V"] = np.take(s["V"], order, axis)
                s["Q"][axis] = np.linalg.qr(p @ q[:, order])[0]
    return w.reshape(shape)


def muon(w, g, s, t, *, lr, weight_decay, momentum, nesterov, ns_coefficients, eps, ns_steps, scale=1.0,
         norm_eps="added"):
    """Jordan et al. 2024: Newton-Schulz as its polynomial on the singular values. The momentum is PyTorch's average.

    norm_eps: divide by norm + eps ("added", Jordan's) or by max(norm, eps) ("clamped", PyTorch).
    """
    a, b, c = ns_coefficients
    s["b"] = momentum * s.get("b", 0.0) + (1 - momentum) * g
    update = (1 - momentum) * g + momentum * s["b"] if nesterov else s["b"]
    size = norm(update) + eps if norm_eps == "added" else max(norm(update), eps)
    u, values, vt = np.linalg.svd(update, full_matrices=False)
    values = values / size
    for _ in range(ns_steps):
        values = a * values + b * values**3 + c * values**5
    return w - lr * weight_decay * w - lr * scale * (u @ np.diag(values) @ vt)


def sophia_h(w, g, s, t, *, lr, betas, gamma, eps, weight_decay, update_interval, estimate, refresh="before",
             bias_correction=False):
    """Liu et al. 2023, Algorithm 3; `estimate()` gives the Hessian's diagonal when it is due (t mod k = 1).

    refresh: "before" the step (the paper), or "after" it, so that step 1 sees h = 0 (optax, which corrects m, too).
    """
    due = update_interval == 1 or t % update_interval == 1
    s["m"] = betas[0] * s.get("m", 0.0) + (1 - betas[0]) * g
    h = s.get("h", np.zeros_like(w))
    if due:
        s["h"] = betas[1] * h + (1 - betas[1]) * estimate()
    if refresh == "before":
        h = s["h"]
    m = s["m"] / (1 - betas[0] ** t) if bias_correction else s["m"]
    w = w - lr * weight_decay * w
    new = np.empty_like(w)
    for i in np.ndindex(w.shape):
        new[i] = w[i] - lr * clip(m[i] / max(gamma * h[i], eps), -1.0, 1.0)
    return new


def adahessian(w, g, s, t, *, lr, betas, eps, weight_decay, hessian_power, update_interval, estimate, between="reuse",
               exponent="estimates"):
    """Yao et al. 2021, Algorithm 1, without spatial average; eps beside the root as in the authors' code.

    between: on steps without a new estimate D the last is averaged in once more ("reuse"), or v stays ("skip").
    exponent: of the correction of v, the number of times that v took in a D ("estimates"), which alone makes v^ an
    average of them, or t ("steps"): then v^ is too small by up to update_interval. They part after a "skip" only.
    """
    due = update_interval == 1 or t % update_interval == 1
    if due:
        s["D"] = estimate()
    s["m"] = betas[0] * s.get("m", 0.0) + (1 - betas[0]) * g
    if due or between == "reuse":
        s["v"] = betas[1] * s.get("v", 0.0) + (1 - betas[1]) * s["D"] * s["D"]
        s["count"] = s.get("count", 0) + 1
    m_hat = s["m"] / (1 - betas[0] ** t)
    v_hat = s["v"] / (1 - betas[1] ** (t if exponent == "steps" else s["count"]))
    new = w - lr * m_hat / (np.sqrt(v_hat) ** hessian_power + eps)
    return new - lr * weight_decay * w


# ---- without a learning rate; w holds all parameters


def polyak_step(w, g, s, t, *, lr, c, f_min, loss, eps=0.0, below="climb"):
    """Loizou et al. 2021, SPS_max: lr is the largest step gamma_b.

    below: what a loss below f_min does, which the paper excludes: "climb" by the formula, or "stay".
    """
    if norm(g) == 0 or (loss < f_min and below == "stay"):
        return w
    return w - min((loss - f_min) / (c * norm(g) ** 2 + eps), lr) * g


def dog(w, g, s, t, *, lr, reps_rel, eps, weight_decay=0.0):
    """Ivgi, Hinder & Carmon 2023, equation DoG, with r_eps = reps_rel (1 + ||x0||) and the eps of the authors' code."""
    g = g + weight_decay * w
    x0 = s.setdefault("x0", w.copy())
    s.setdefault("distances", [reps_rel * (1 + norm(x0))]).append(norm(w - x0))
    s.setdefault("norms", []).append(norm(g) ** 2)
    return w - lr * max(s["distances"]) / sqrt(sum(s["norms"]) + eps) * g


def dowg(w, g, s, t, *, lr, r2_start, eps, weight_decay=0.0):
    """Khaled, Mishchenko & Jin 2023, Algorithm 1, with r_eps^2 = r2_start; eps is optax's."""
    g = g + weight_decay * w
    x0 = s.setdefault("x0", w.copy())
    s["r"] = max(norm(w - x0), s.get("r", sqrt(r2_start)))
    s["v"] = s.get("v", 0.0) + s["r"] ** 2 * norm(g) ** 2
    return w - lr * s["r"] ** 2 / (sqrt(s["v"]) + eps) * g


def dadapt_adam(w, g, s, t, *, lr, betas, eps, d0, bias_correction, weight_decay=0.0, inner="new"):
    """Defazio & Mishchenko 2023, Algorithm 5 (Adam with D-Adaptation).

    inner: <g, s> is weighted by the root of the new v (the paper) or of the "old" one (the authors' code, optax).
    bias_correction: gamma_k times Adam's factor; the decay is decoupled, times d gamma_k (both the authors' code).
    """
    b1, b2 = betas
    root = sqrt(b2)
    d = s.get("d", d0)
    gamma = lr * sqrt(1 - b2**t) / (1 - b1**t) if bias_correction else lr
    v_old = s.get("v", np.zeros_like(w))
    s_old = s.get("s", np.zeros_like(w))
    s["m"] = b1 * s.get("m", 0.0) + (1 - b1) * d * gamma * g
    s["v"] = b2 * v_old + (1 - b2) * g**2
    new = w - s["m"] / (np.sqrt(s["v"]) + eps) - d * gamma * weight_decay * w
    weights = np.sqrt(s["v"] if inner == "new" else v_old) + eps
    s["s"] = root * s_old + (1 - root) * gamma * d * g
    s["r"] = root * s.get("r", 0.0) + (1 - root) * gamma * d * float(np.sum(g * s_old / weights))
    total = float(np.sum(np.abs(s["s"])))
    s["d"] = max(d, s["r"] / ((1 - root) * total)) if total > 0 else d
    return new


def prodigy(w, g, s, t, *, lr, betas, beta3, eps, d0, d_coef, bias_correction, weight_decay=0.0,
            safeguard_warmup=False, eps_scale="old"):
    """Mishchenko & Defazio 2023, Algorithm 4 (Prodigy, Adam form).

    eps is multiplied by d_k (the paper) or by the "new" d (the authors' code). Theirs, too: d_coef, beta3, the factor
    of the bias, the decoupled decay times d_k gamma_k, and safeguard_warmup, which leaves gamma_k out of s.
    """
    b1, b2 = betas
    b3 = sqrt(b2) if beta3 is None else beta3
    x0 = s.setdefault("x0", w.copy())
    d = s.get("d", d0)
    gamma = lr * sqrt(1 - b2**t) / (1 - b1**t) if bias_correction else lr
    s["m"] = b1 * s.get("m", 0.0) + (1 - b1) * d * g
    s["v"] = b2 * s.get("v", 0.0) + (1 - b2) * d**2 * g**2
    s["r"] = b3 * s.get("r", 0.0) + (1 - b3) * gamma * d**2 * float(np.sum(g * (x0 - w)))
    s["s"] = b3 * s.get("s", 0.0) + (1 - b3) * (1.0 if safeguard_warmup else gamma) * d**2 * g
    total = float(np.sum(np.abs(s["s"])))
    s["d"] = max(d, d_coef * s["r"] / total) if total > 0 else d
    eps = eps * (d if eps_scale == "old" else s["d"])
    return w - gamma * d * (s["m"] / (np.sqrt(s["v"]) + eps) + weight_decay * w)


def _average_weight(s, lr, t, r, weight_lr_power):
    s["largest"] = max(s.get("largest", 0.0), lr)
    weight = t**r * s["largest"] ** weight_lr_power
    s["sum"] = s.get("sum", 0.0) + weight
    return weight / s["sum"] if s["sum"] > 0 else 0.0


def schedule_free_sgd(w, g, s, t, *, lr, momentum, weight_decay=0.0, r=0.0, weight_lr_power=2.0):
    """Defazio et al. 2024, equations 3 to 5; w is y_t, where the gradient is taken. s["x"] is where to evaluate."""
    z, x = s.get("z", w), s.get("x", w)
    y = w
    z = z - lr * (g + weight_decay * y)
    c = _average_weight(s, lr, t, r, weight_lr_power)
    x = (1 - c) * x + c * z
    s["z"], s["x"] = z, x
    return (1 - momentum) * z + momentum * x


def schedule_free_adamw(w, g, s, t, *, lr, betas, eps, weight_decay=0.0, r=0.0, weight_lr_power=2.0,
                        correction="rate"):
    """Defazio et al. 2024, Algorithm 1.

    correction: of "v" (the authors' program) or of the "rate", gamma_t = lr sqrt(1 - beta2^t), which then
    enters the weights of the average and the decay (the paper).
    """
    z, x = s.get("z", w), s.get("x", w)
    y = w
    s["v"] = betas[1] * s.get("v", 0.0) + (1 - betas[1]) * g**2
    gamma, v = lr, s["v"]
    if correction == "v":
        v = v / (1 - betas[1] ** t)
    else:
        gamma = lr * sqrt(1 - betas[1] ** t)
    z = z - gamma * g / (np.sqrt(v) + eps) - gamma * weight_decay * y
    c = _average_weight(s, gamma, t, r, weight_lr_power)
    x = (1 - c) * x + c * z
    s["z"], s["x"] = z, x
    return (1 - betas[0]) * z + betas[0] * x


# ---- around another rule


def lookahead(w, g, s, t, *, inner, k, alpha, **hyper):
    """Zhang, Lucas, Hinton & Ba 2019, Algorithm 1."""
    slow = s.setdefault("slow", w.copy())
    fast = inner(w, g, s.setdefault("inner", {}), t, **hyper)
    if t % k == 0:
        s["slow"] = fast = slow + alpha * (fast - slow)
    return fast


def sam(w, gradient, s, t, *, inner, rho, **hyper):
    """Foret et al. 2021, Algorithm 1 with p = 2; `gradient` is a function of the weights."""
    g = gradient(w)
    size = norm(g)
    ascent = rho * g / size if size > 0 else 0.0
    return inner(w, gradient(w + ascent), s, t, **hyper)


def ema(history, decay, debias):
    """The moving average after a list of weights: from zero and divided by 1 - decay^t, or started at the first."""
    average = np.zeros_like(history[0]) if debias else history[0]
    for w in history if debias else history[1:]:
        average = decay * average + (1 - decay) * w
    return average / (1 - decay ** len(history)) if debias else average


def swa(history):
    """Izmailov et al. 2018: the mean."""
    return sum(history) / len(history)


def _units(w, output_axis):
    """The index of each output unit's incoming weights: the whole of a vector, a scalar or ..."""
    for j in range(w.shape[output_axis]):
        index = [slice(None)] * w.ndim
        index[output_axis] = j
        yield tuple(index)


def centralized(g, output_axis):
    """Yong et al. 2020, equation 1: minus the mean over each unit's weights; vectors stay as they are."""
    g = g.copy()
    if g.ndim > 1:
        for unit in _units(g, output_axis):
            g[unit] = g[unit] - float(np.mean(g[unit]))
    return g


def adaptive_clip(w, g, clip_factor, eps, output_axis):
    """Brock et al. 2021, equation 3, unit by unit; a vector is one unit, as in the authors' code."""
    g = g.copy()
    for unit in _units(g, output_axis) if g.ndim > 1 else [...]:
        largest = clip_factor * max(norm(w[unit]), eps)
        if norm(g[unit]) > largest:
            g[unit] = g[unit] * largest / norm(g[unit])
    return g
