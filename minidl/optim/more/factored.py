"""Adafactor: a second moment per row and per column in place of one per weight."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...backend import Array, array_module, device_of, on_device_of, to_device
from ...tensor import Tensor
from ..optimizer import Optimizer, Schedule


def _rms(x: Array) -> float:
    return math.sqrt(float((x * x).mean())) if x.size else 0.0


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

    optional_state = {"r": "", "c": "", "v": ""}  # by shape, not by a setting: see _state_of
    elementwise = False
    ranges = {"beta2_decay": (-math.inf, 0, True), "d": (1, math.inf, False)}

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

    # -- state whose shape is not the parameter's, and an eps that may be None

    @staticmethod
    def _shapes(shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        return {"r": (*shape[:-1], 1), "c": (*shape[:-2], 1, shape[-1])} if len(shape) > 1 else {"v": shape}

    def _state_of(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        state = self._state.setdefault(p, {"t": 0})
        for name, shape in self._shapes(p.shape).items():
            if name not in state:
                with on_device_of(p._data):
                    state[name] = array_module(p._data).zeros(shape, p.dtype)
        return state

    def _loaded(self, saved: Any, p: Tensor) -> dict[str, Any]:
        shapes = self._shapes(p.shape)
        if not isinstance(saved, dict) or set(saved) != {"t", *shapes}:
            needed = ", ".join(["t", *shapes])
            raise ValueError(f"Adafactor: the state of {self._names[p]} must hold {needed}, got {saved!r:.80}")
        loaded: dict[str, Any] = {"t": int(saved["t"])}
        for name, shape in shapes.items():
            x = np.asarray(saved[name])
            if x.shape != shape or x.dtype != p.dtype:
                raise ValueError(
                    f"Adafactor: state {name} of {self._names[p]} has shape {x.shape} and dtype {x.dtype}, expected "
                    f"{shape} and {p.dtype}"
                )
            loaded[name] = to_device(np.array(x, order="C"), device_of(p._data))
        return loaded

    def _checked(self, name: str, x: Any) -> Any:
        if name == "eps" and isinstance(x, tuple | list) and len(x) == 2 and x[0] is None:
            return None, self._number(name, x[1])
        return super()._checked(name, x)
