"""Adaptive rules as other libraries write them: each class is the plain rule with one thing moved.

Who does which, and what to write for it, is in ../libraries.py; the rules that are not adaptive: conventions_other.py.
"""

from __future__ import annotations

import math
from typing import Any

from ...backend import Array
from ...kernels import absolute, maximum, sqrt
from ..adam import Adam, AdamW
from ..adaptive import AdaGrad, RMSProp
from ..optimizer import Optimizer, Schedule
from .adam_family import AdaMax, RAdam
from .second_moments import AdaBelief


class AdaGradInitial(AdaGrad):
    """AdaGrad whose s starts at initial_accumulator, not at 0          Keras, TensorFlow 1 and optax

    The first step is lr g / sqrt(initial_accumulator + g^2 + eps): small gradients are not blown up to lr.
    """

    ranges = {"initial_accumulator": "[0, inf)"}

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, lr_decay: float = 0.0, eps: float = 1e-7,
        eps_inside_sqrt: bool = True, weight_decay: float = 0.0, initial_accumulator: float = 0.1,
    ) -> None:  # fmt: skip
        Optimizer.__init__(
            self, params, lr=lr, lr_decay=lr_decay, eps=eps, eps_inside_sqrt=eps_inside_sqrt,
            weight_decay=weight_decay, initial_accumulator=initial_accumulator,
        )  # fmt: skip

    def initial(self, name: str, w: Array, group: dict[str, Any]) -> Any:
        start = super().initial(name, w, group)
        start += group["initial_accumulator"]  # in place: of a single number, start + x would be no array
        return start


class RMSPropRateInside(RMSProp):
    """b <- momentum b + lr g / sqrt(v + eps);  w <- w - b          Keras, TensorFlow 1 and optax

    RMSProp with the rate inside the momentum buffer: when lr drops, what is in b goes on at the old rate.
    """

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, alpha: float = 0.9, eps: float = 1e-7, momentum: float = 0.9,
        centered: bool = False, eps_inside_sqrt: bool = True, weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, alpha, eps, momentum, centered, eps_inside_sqrt, weight_decay)

    def update(
        self, w: Array, g: Array, v: Array, m: Array | None = None, b: Array | None = None, *, lr: float,
        alpha: float, eps: float, momentum: float, eps_inside_sqrt: bool,
    ) -> None:  # fmt: skip
        step = 0.0 * w
        super().update(step, g, v, m, lr=lr, alpha=alpha, eps=eps, momentum=0.0, eps_inside_sqrt=eps_inside_sqrt)
        if b is not None:
            b *= momentum
            b -= step
            step = -b
        w += step


class RMSPropGraves(RMSPropRateInside):
    """v, m: averages of g^2 and g;  b <- momentum b + lr g / sqrt(v - m^2 + eps);  w <- w - b

    Graves 2013 (arXiv 1308.0850), equations 38 to 45, with his numbers; Chainer's RMSpropGraves. Centered, eps inside
    the root and the rate inside the buffer, all three.
    """

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-4, alpha: float = 0.95, eps: float = 1e-4, momentum: float = 0.9,
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, alpha, eps, momentum, True, True, weight_decay)


class RMSPropInitial(RMSPropRateInside):
    """RMSPropRateInside whose v starts at initial_accumulator, not at 0                        TensorFlow 1

    With 1 the first step is lr g / sqrt(alpha + (1 - alpha) g^2 + eps): small gradients are not blown up. So RMSProp is
    defined in Google's "Deep learning tuning playbook" too.
    """

    ranges = {"initial_accumulator": "[0, inf)"}

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, alpha: float = 0.9, eps: float = 1e-10, momentum: float = 0.0,
        centered: bool = False, weight_decay: float = 0.0, initial_accumulator: float = 1.0,
    ) -> None:  # fmt: skip
        Optimizer.__init__(
            self, params, lr=lr, alpha=alpha, eps=eps, momentum=momentum, centered=centered, eps_inside_sqrt=True,
            weight_decay=weight_decay, initial_accumulator=initial_accumulator,
        )  # fmt: skip

    def initial(self, name: str, w: Array, group: dict[str, Any]) -> Any:
        start = super().initial(name, w, group)
        start += group["initial_accumulator"] if name == "v" else 0.0
        return start


class AdamEpsHat(Adam):
    """w <- w - lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + eps)          Kingma & Ba 2015, end of section 2

    The paper's shortcut, whose eps is its "epsilon hat": Adam with the eps of step t being eps / sqrt(1 - beta2^t),
    31.6 times larger in the first step where beta2 is 0.999, because sqrt(v) + eps is sqrt(1 - beta2^t) times
    sqrt(v^) + eps / sqrt(1 - beta2^t). Keras (eps = 1e-7), TensorFlow 1, Chainer, PyTorch's SparseAdam.
    """

    def update(
        self, w: Array, g: Array, m: Array, v: Array, v_max: Array | None = None, *, lr: float,
        betas: tuple[float, float], eps: float, t: int,
    ) -> None:  # fmt: skip
        eps_t = eps / (1 - betas[1] ** t) ** 0.5
        super().update(w, g, m, v, v_max, lr=lr, betas=betas, eps=eps_t, t=t)


class AdamWEpsHat(AdamW, AdamEpsHat):  # type: ignore[misc]  # AdamW hands on all that AdamEpsHat takes
    """w <- w - lr weight_decay w, then AdamEpsHat's step without L2 term          Keras's AdamW

    `update` is inherited: AdamW's decays w and calls super().update, which in this class is AdamEpsHat's, and that
    calls Adam's (the order is AdamWEpsHat.__mro__). The decay is multiplied by lr, other than in AdamW's paper.
    """

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-7,
        weight_decay: float = 4e-3, amsgrad: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad)


class AdamWPaperDecay(AdamEpsHat):
    """w <- (1 - weight_decay) w, then AdamEpsHat's step without L2 term        Loshchilov & Hutter 2019; Chainer's Adam

    As in the paper of AdamW, whose decay is not multiplied by lr, only by the factor eta of a schedule (1 here). A
    weight_decay of 1e-2 for AdamW at lr = 1e-3 is 1e-5 here, and does not fall when lr does.
    """

    def update(  # type: ignore[override]  # applies weight_decay itself
        self, w: Array, g: Array, m: Array, v: Array, v_max: Array | None = None, *, lr: float,
        betas: tuple[float, float], eps: float, weight_decay: float, t: int,
    ) -> None:  # fmt: skip
        w *= 1 - weight_decay
        super().update(w, g, m, v, v_max, lr=lr, betas=betas, eps=eps, t=t)


class AdamEpsInside(Adam):
    """w <- w - lr m^ / sqrt(v^ + eps)          optax's eps_root

    Adam with eps under the root, after the correction: a gradient of sqrt(eps) = 1e-4 already counts as small.
    """

    def update(
        self, w: Array, g: Array, m: Array, v: Array, v_max: Array | None = None, *, lr: float,
        betas: tuple[float, float], eps: float, t: int,
    ) -> None:  # fmt: skip
        beta1, beta2 = betas
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        if v_max is not None:
            v_max[...] = v = maximum(v_max, v)
        w -= lr / (1 - beta1**t) * m / sqrt(v / (1 - beta2**t) + eps)


class AdamUncorrected(Adam):
    """w <- w - lr m / (sqrt(v) + eps)          MLX by default

    Adam without bias correction, as it is after infinitely many steps (t = infinity). The first step is
    (1 - beta1) / sqrt(1 - beta2) = 3.16 times lr.
    """

    def update(  # type: ignore[override]  # needs no t
        self, w: Array, g: Array, m: Array, v: Array, v_max: Array | None = None, *, lr: float,
        betas: tuple[float, float], eps: float,
    ) -> None:  # fmt: skip
        super().update(w, g, m, v, v_max, lr=lr, betas=betas, eps=eps, t=math.inf)  # type: ignore[arg-type]


class AMSGradCorrected(Optimizer):
    """v_max <- max(v_max, v / (1 - beta2^t));  w <- w - lr m^ / (sqrt(v_max) + eps)      optax; after Reddi et al. 2018

    AMSGrad with the maximum over the corrected v: early gradients, which the correction makes large, are kept for good.
    """

    elementwise = True
    state = ("m", "v", "v_max")

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(
        self, w: Array, g: Array, m: Array, v: Array, v_max: Array, *, lr: float, betas: tuple[float, float],
        eps: float, t: int,
    ) -> None:  # fmt: skip
        beta1, beta2 = betas
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        v_max[...] = maximum(v_max, v / (1 - beta2**t))
        w -= lr / (1 - beta1**t) * m / (sqrt(v_max) + eps)


class AdaMaxOutside(AdaMax):
    """u <- max(beta2 u, |g|);  w <- w - lr / (1 - beta1^t) m / (u + eps)          Keras; MLX, without the correction

    AdaMax with eps added to the maximum, not to what it is taken of.
    """

    def update(
        self, w: Array, g: Array, m: Array, u: Array, *, lr: float, betas: tuple[float, float], eps: float, t: int
    ) -> None:
        beta1, beta2 = betas
        m *= beta1
        m += (1 - beta1) * g
        u[...] = maximum(beta2 * u, absolute(g))
        w -= lr / (1 - beta1**t) * m / (u + eps)


class AdaMaxUncorrected(AdaMaxOutside):
    """w <- w - lr m / (u + eps)          MLX

    AdaMaxOutside without bias correction: the first step is 1 - beta1 = 0.1 times lr.
    """

    def update(  # type: ignore[override]  # needs no t
        self, w: Array, g: Array, m: Array, u: Array, *, lr: float, betas: tuple[float, float], eps: float
    ) -> None:
        super().update(w, g, m, u, lr=lr, betas=betas, eps=eps, t=math.inf)  # type: ignore[arg-type]


class RAdamEpsAfter(RAdam):
    """w <- w - lr r m^ / (sqrt(v^) + eps)  where rho > 5          optax

    RAdam with eps added after v is corrected, as in Adam: RAdam's with the eps of step t being eps sqrt(1 - beta2^t).
    """

    def update(
        self, w: Array, g: Array, m: Array, v: Array, *, lr: float, betas: tuple[float, float], eps: float, r: float,
        rectified: bool, t: int,
    ) -> None:  # fmt: skip
        eps_t = eps * (1 - betas[1] ** t) ** 0.5
        super().update(w, g, m, v, lr=lr, betas=betas, eps=eps_t, r=r, rectified=rectified, t=t)


class RAdamSkipping(RAdam):
    """w <- w  where rho <= 5;  else as RAdam          pytorch_optimizer

    m and v take in every gradient.
    With beta2 = 0.999 the first five steps; RAdam takes them at the full rate, without normalising.
    """

    def update(
        self, w: Array, g: Array, m: Array, v: Array, *, lr: float, betas: tuple[float, float], eps: float, r: float,
        rectified: bool, t: int,
    ) -> None:  # fmt: skip
        lr_t = lr if rectified else 0.0
        super().update(w, g, m, v, lr=lr_t, betas=betas, eps=eps, r=r, rectified=rectified, t=t)


class AdaBeliefUnstored(AdaBelief):
    """s <- beta2 s + (1 - beta2) (g - m)^2;  w <- w - lr m^ / (sqrt(s^) + eps)          optax with eps_root = 0

    AdaBelief whose eps is Adam's: added to the root of each step, not kept in s, where it grows a thousandfold.
    """

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay)

    def update(
        self, w: Array, g: Array, m: Array, s: Array, *, lr: float, betas: tuple[float, float], eps: float, t: int
    ) -> None:
        beta1, beta2 = betas
        m *= beta1
        m += (1 - beta1) * g
        s *= beta2
        s += (1 - beta2) * (g - m) * (g - m)
        w -= lr / (1 - beta1**t) * m / (sqrt(s / (1 - beta2**t)) + eps)
