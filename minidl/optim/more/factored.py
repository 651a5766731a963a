"""Adafactor: a second moment per row and per column in place of one per weight."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...backend import Array, array_module
from ..optimizer import Optimizer, Schedule


def _rms(x: Array) -> float:
    return math.sqrt(float((x * x).mean()))


class Adafactor(Optimizer):
    """r, c: averages of g^2 over each row and each column;  v = r c / mean(r)          (of a vector: v itself is kept)
    u = g / max(sqrt(v), eps1);  u <- u / max(1, RMS(u) / d)
    w <- w - lr weight_decay w - max(eps2, RMS(w)) min(lr, 1 / sqrt(t)) u

    Shazeer & Stern 2018 (arXiv 1804.04235), Algorithms 4 to 6, in PyTorch's form. An n x m matrix takes n + m floats of
    state for Adam's 2 n m. The averages keep the share 1 - t^beta2_decay of the past: nothing in the first step, more
    and more later. The step is relative: lr = 0.01 changes a weight by about 1 % of the parameter's root mean square,
    and lr is never above 1 / sqrt(t). eps = (eps1, eps2), where None is the dtype's machine epsilon. The paper and
    Keras add eps1 = 1e-30 to g^2 instead. All but the last two axes are taken as many matrices; optax factors the two
    largest axes, and only from 128 on.
    """

    state = ("r", "c", "v")  # which of them, the shape decides: see initial
    elementwise = False
    ranges = {"beta2_decay": "(-inf, 0]", "d": "[1, inf)"}

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-2, beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3), d: float = 1.0, weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, beta2_decay=beta2_decay, eps=eps, d=d, weight_decay=weight_decay)

    def update(
        self, w: Array, g: Array, r: Array | None = None, c: Array | None = None, v: Array | None = None, *, lr: float,
        beta2_decay: float, eps: tuple[float | None, float], d: float, weight_decay: float, t: int,
    ) -> None:  # fmt: skip
        eps1 = float(np.finfo(w.dtype).eps) if eps[0] is None else eps[0]
        maximum, new = array_module(w).maximum, t**beta2_decay
        size = max(eps[1], _rms(w))
        w *= 1 - lr * weight_decay
        if r is not None and c is not None:
            r += new * ((g * g).mean(-1, keepdims=True) - r)
            c += new * ((g * g).mean(-2, keepdims=True) - c)
            v = r * c / maximum(r.mean(-2, keepdims=True), eps1)
        else:
            v += new * (g * g - v)
        u = g / maximum(v**0.5, eps1)
        w -= size * min(lr, t**-0.5) / max(1.0, _rms(u) / d) * u

    def initial(self, name: str, w: Array, group: dict[str, Any]) -> Any:
        """r and c of a matrix, of one column and of one row; v of a vector."""
        shapes = {"r": (*w.shape[:-1], 1), "c": (*w.shape[:-2], 1, w.shape[-1])} if w.ndim > 1 else {"v": w.shape}
        return array_module(w).zeros(shapes[name], w.dtype) if name in shapes else None
