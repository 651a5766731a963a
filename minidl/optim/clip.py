"""Gradient clipping, between backward() and step()."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..backend import Array, on_device_of
from ..tensor import Tensor


def _with_gradient(params: Tensor | Iterable[Tensor]) -> list[Tensor]:
    return [p for p in ([params] if isinstance(params, Tensor) else params) if p.grad is not None]


def _check(name: str, limit: float) -> None:
    if not limit > 0:
        raise ValueError(f"{name} must be positive, got {limit}")


def sum_of_squares(g: Array) -> float:
    """|g|^2, summed in float64: squares of float32 numbers overflow from 1.8e19 on."""
    with on_device_of(g):
        return float((g.astype("float64") ** 2).sum())


def clip_grad_value(params: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Limit every element of every gradient to [-clip_value, clip_value], in place."""
    _check("clip_value", clip_value)
    for p in _with_gradient(params):
        g = p.grad.data  # type: ignore[union-attr]
        with on_device_of(g):
            g.clip(-clip_value, clip_value, out=g)


def clip_grad_norm(params: Tensor | Iterable[Tensor], max_norm: float) -> float:
    """Scale all gradients by one factor so that their global norm is at most max_norm; returns the norm before.

    The direction of the step stays (Pascanu et al. 2013, Algorithm 1). The factor is min(1, max_norm / (norm + 1e-6)),
    as in PyTorch; the norm is summed in float64. A norm that is not finite raises FloatingPointError: no factor would
    mend such gradients.
    """
    _check("max_norm", max_norm)
    gradients = [p.grad.data for p in _with_gradient(params)]  # type: ignore[union-attr]
    norm = math.sqrt(sum(sum_of_squares(g) for g in gradients))
    if not math.isfinite(norm):
        raise FloatingPointError(f"the global norm of the gradients is {norm}; lower the learning rate")
    factor = min(1.0, float(max_norm) / (norm + 1e-6))
    if factor < 1:
        for g in gradients:
            with on_device_of(g):
                g *= factor
    return norm
