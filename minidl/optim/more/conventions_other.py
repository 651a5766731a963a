"""Momentum, signs, matrices, clipping as other libraries write them: each class is the plain rule with one thing moved.

Who does which, and what to write for it, is in ../libraries.py; the adaptive rules are in conventions.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from ...backend import Array, on_device_of
from ...kernels import maximum, minimum, sign, where
from ...tensor import Tensor
from ..clip import _check, _with_gradient, sum_of_squares
from ..optimizer import Optimizer, Schedule
from ..sgd import SGD
from .factored import Adafactor, _rms
from .follow_leader import FTRL
from .hessian import AdaHessian, SophiaH
from .matrix import Muon, Shampoo, _gram, _matrices, _power, newton_schulz
from .sign import Rprop


class SGDDampenedStart(SGD):
    """b <- momentum b + (1 - dampening) g  from b = 0;  w <- w - lr b          MLX

    SGD whose first gradient is dampened like all others: the first step is (1 - dampening) lr g, not lr g.
    """

    def update(  # type: ignore[override]  # the first step is none of its own
        self, w: Array, g: Array, b: Array | None = None, *, lr: float, momentum: float, dampening: float,
        nesterov: bool,
    ) -> None:  # fmt: skip
        super().update(w, g, b, lr=lr, momentum=momentum, dampening=dampening, nesterov=nesterov, first=False)


class RpropDelayed(Rprop):
    """w <- w + step_late, but where g has flipped;  step_late <- Rprop's step          optax

    Rprop that makes each step one call late. The first call moves nothing.
    """

    state = ("g_prev", "size", "step_late")  # type: ignore[assignment]

    def update(  # type: ignore[override]  # one state more
        self, w: Array, g: Array, g_prev: Array, size: Array, step_late: Array, *, etas: tuple[float, float],
        step_sizes: tuple[float, float],
    ) -> None:  # fmt: skip
        step = where(sign(g) * sign(g_prev) < 0, 0.0, step_late)
        step_late[...] = 0.0
        super().update(step_late, g, g_prev, size, etas=etas, step_sizes=step_sizes)
        w += step


class FTRLShrinkage(FTRL):
    """z <- z + 2 shrinkage w, then FTRL          Keras and TensorFlow: l2_shrinkage

    A penalty shrinkage |w|^2 that is taken at the weights in use, as an L2 term in the gradient, but does not enter n.
    FTRL's own l2 is a penalty on the weights to be found (and l2 |w|^2 / 2, where Keras has l2 |w|^2).
    """

    ranges = FTRL.ranges | {"shrinkage": "[0, inf)"}

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, beta: float = 0.0, l1: float = 0.0, l2: float = 0.0,
        lr_power: float = -0.5, initial_accumulator: float = 0.1, shrinkage: float = 0.0,
    ) -> None:  # fmt: skip
        Optimizer.__init__(
            self, params, lr=lr, beta=beta, l1=l1, l2=l2, lr_power=lr_power, initial_accumulator=initial_accumulator,
            shrinkage=shrinkage,
        )  # fmt: skip

    def update(  # type: ignore[override]  # shrinkage
        self, w: Array, g: Array, z: Array, n: Array, *, lr: float, beta: float, l1: float, l2: float, lr_power: float,
        shrinkage: float,
    ) -> None:  # fmt: skip
        z += 2 * shrinkage * w
        super().update(w, g, z, n, lr=lr, beta=beta, l1=l1, l2=l2, lr_power=lr_power)


class AdafactorPaper(Adafactor):
    """r, c: averages of g^2 + eps1 over rows and columns;  v = r c / mean(r);  u = g / sqrt(v);  the rest as Adafactor

    eps1 as in the paper, Keras and MLX: in the second moment, so that it keeps v from 0; Adafactor has it as the least
    sqrt(v), as PyTorch has.
    """

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-2, beta2_decay: float = -0.8,
        eps: tuple[float, float] = (1e-30, 1e-3), d: float = 1.0, weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, beta2_decay, eps, d, weight_decay)

    def update(  # type: ignore[override]  # eps1 is a number
        self, w: Array, g: Array, r: Array | None = None, c: Array | None = None, v: Array | None = None, *, lr: float,
        beta2_decay: float, eps: tuple[float, float], d: float, weight_decay: float, t: int,
    ) -> None:  # fmt: skip
        eps1, eps2 = eps
        new, square = t**beta2_decay, g * g + eps1
        w *= 1 - lr * weight_decay
        size = max(eps2, _rms(w))
        if r is not None and c is not None:
            r += new * (square.mean(-1, keepdims=True) - r)
            c += new * (square.mean(-2, keepdims=True) - c)
            v = r * c / r.mean(-2, keepdims=True)
        else:
            v += new * (square - v)
        u = g / maximum(v, float(np.finfo(w.dtype).tiny)) ** 0.5  # in float32 eps1 squared underflows to 0
        w -= size * min(lr, t**-0.5) / max(1.0, _rms(u) / d) * u


class MuonCorrected(Muon):
    """d = (1 - momentum) g / (1 - momentum^t) + momentum b / (1 - momentum^(t + 1)), the rest as Muon          optax

    Muon with Nesterov's two parts corrected each by itself, as in NAdam: at first g weighs more than in Muon. (Without
    nesterov a correction is only a factor, which the orthogonal matrix does not see.)
    """

    def update(  # type: ignore[override]  # needs t
        self, w: Array, g: Array, b: Array, *, lr: float, weight_decay: float, momentum: float, nesterov: bool,
        ns_coefficients: tuple[float, float, float], eps: float, ns_steps: int, adjust_lr_fn: str | None, t: int,
    ) -> None:  # fmt: skip
        b *= momentum
        b += (1 - momentum) * g
        d = b / (1 - momentum**t)
        if nesterov:
            d = (1 - momentum) * g / (1 - momentum**t) + momentum * b / (1 - momentum ** (t + 1))
        rows, columns = w.shape
        like_adamw = adjust_lr_fn == "match_rms_adamw"
        scale = 0.2 * math.sqrt(max(rows, columns)) if like_adamw else math.sqrt(max(1, columns / rows))
        w *= 1 - lr * weight_decay
        w -= lr * scale * newton_schulz(d, ns_coefficients, ns_steps, eps)


class MuonUnclamped(Muon):
    """scale = sqrt(out / in), also where out < in; the rest as Muon          PyTorch 2.14's "spectral_unclamped"

    A step then changes the output of the layer alike, whatever the shape of w; Muon's scale is never below 1.
    """

    def update(
        self, w: Array, g: Array, b: Array, *, lr: float, weight_decay: float, momentum: float, nesterov: bool,
        ns_coefficients: tuple[float, float, float], eps: float, ns_steps: int, adjust_lr_fn: str | None,
    ) -> None:  # fmt: skip
        w *= 1 - lr * weight_decay
        lr *= min(1.0, math.sqrt(w.shape[1] / w.shape[0]))
        super().update(
            w, g, b, lr=lr, weight_decay=0.0, momentum=momentum, nesterov=nesterov, ns_coefficients=ns_coefficients,
            eps=eps, ns_steps=ns_steps, adjust_lr_fn=adjust_lr_fn,
        )  # fmt: skip


class MuonCoupledDecay(Muon):
    """g <- g + weight_decay w, then Muon without its own decay          MLX

    The decay turns the direction of the step, as an L2 term does; it cannot make it longer. MLX's default is 0.01.
    """

    def update(
        self, w: Array, g: Array, b: Array, *, lr: float, weight_decay: float, momentum: float, nesterov: bool,
        ns_coefficients: tuple[float, float, float], eps: float, ns_steps: int, adjust_lr_fn: str | None,
    ) -> None:  # fmt: skip
        g = g + weight_decay * w
        super().update(
            w, g, b, lr=lr, weight_decay=0.0, momentum=momentum, nesterov=nesterov, ns_coefficients=ns_coefficients,
            eps=eps, ns_steps=ns_steps, adjust_lr_fn=adjust_lr_fn,
        )  # fmt: skip


class ShampooSequential(Shampoo):
    """L <- L + g g';  h = L^(-1/2) g;  R <- R + h' h;  w <- w - lr h R^(-1/2)          torch_optimizer

    Shampoo as PyTorch collections had it: the exponent is -1/k for k axes, twice the paper's, and each axis sees the
    gradient as the axes before it left it. The step is no longer that of a descent in a metric of its own.
    """

    def update(
        self, w: Array, g: Array, P: Array, root: Array, *, lr: float, eps: float, precondition_frequency: int, t: int
    ) -> None:
        g = g.reshape(w.shape or (1,))
        Ps, roots = _matrices(P, g.shape), _matrices(root, g.shape)
        for axis in range(g.ndim):
            Ps[axis] += _gram(g, axis)
            if (t - 1) % precondition_frequency == 0:
                roots[axis][...] = _power(Ps[axis], -1 / g.ndim, eps)
            g = np.moveaxis(np.tensordot(roots[axis], g, axes=(1, axis)), 0, axis)
        w -= lr * g.reshape(w.shape)


class SophiaHDelayed(SophiaH):
    """m <- beta1 m + (1 - beta1) g;  every update_interval steps  h' <- beta2 h' + (1 - beta2) D,  D = u * (H u)
    w <- (1 - lr weight_decay) w - lr clip(m^ / max(gamma h, eps), 1);  then  h <- h'                       optax

    SophiaH with three things moved: Adam's correction of m; a new estimate goes into h_next (h' above, the last of
    `state`, which refresh() gets before update) and counts from the next step on, so that the first step is lr sign(m);
    the probes u are random signs, as AdaHessian's. optax needs no h_next: it takes the estimate after the step.
    """

    state = ("m", "h", "h_next")  # type: ignore[assignment]
    probe = AdaHessian.probe

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-4, betas: tuple[float, float] = (0.965, 0.99), gamma: float = 0.01,
        eps: float = 1e-8, weight_decay: float = 1e-4, update_interval: int = 10, seed: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, betas, gamma, eps, weight_decay, update_interval, seed)

    def update(  # type: ignore[override]  # one state more
        self, w: Array, g: Array, m: Array, h: Array, h_next: Array, *, lr: float, betas: tuple[float, float],
        gamma: float, eps: float, weight_decay: float, t: int,
    ) -> None:  # fmt: skip
        beta1, _ = betas
        m *= beta1
        m += (1 - beta1) * g
        w *= 1 - lr * weight_decay
        w -= lr * maximum(minimum(m / (1 - beta1**t) / maximum(gamma * h, eps), 1.0), -1.0)
        h[...] = h_next


def clip_grad_norm_exact(params: Tensor | Iterable[Tensor], max_norm: float) -> float:
    """Scale all gradients by min(1, max_norm / norm), without the 1e-6 of clip_grad_norm; returns the norm before.

    As in optax and TensorFlow (clip_by_global_norm) and Keras (global_clipnorm). Keras's clipnorm is for each parameter
    by itself: `for p in params: clip_grad_norm_exact(p, 1.0)`. FloatingPointError where the norm is not finite.
    """
    _check("max_norm", max_norm)
    gradients = [p.grad.data for p in _with_gradient(params)]  # type: ignore[union-attr]
    norm = math.sqrt(sum(sum_of_squares(g) for g in gradients))
    if not math.isfinite(norm):
        raise FloatingPointError(f"the global norm of the gradients is {norm}; lower the learning rate")
    if norm > max_norm:
        for g in gradients:
            with on_device_of(g):
                g *= float(max_norm) / norm
    return norm
