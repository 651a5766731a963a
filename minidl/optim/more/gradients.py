"""What can be done to gradients between backward() and step(), beside clipping by value or norm (see clip.py).

Every function changes the `.grad` of the parameters that have one, in place.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from ...backend import Array, device_of, generator, on_device_of, to_device
from ...kernels import maximum, sqrt
from ...tensor import Tensor
from ..clip import _check, _with_gradient


def average_grad(params: Tensor | Iterable[Tensor], count: int) -> None:
    """g <- g / count: gradient accumulation. backward() adds to `.grad`; after `count` calls without zero_grad() this
    makes the sum the gradient of the mean loss, which is that of one batch `count` times as large.

        for i, (x, y) in enumerate(loader, start=1):
            loss(model(x), y).backward()
            if i % 4 == 0:
                average_grad(model.parameters(), 4)
                optimizer.step()
                optimizer.zero_grad()
    """
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 1:
        raise ValueError(f"count must be a whole number >= 1, got {count!r}")
    for p in _with_gradient(params):
        g = p.grad.data  # type: ignore[union-attr]
        with on_device_of(g):
            g /= int(count)


def _all_but(axis: int, g: Array) -> tuple[int, ...]:
    """The axes over which one unit (output) of a weight extends; of a vector or a number, all."""
    return tuple(i for i in range(g.ndim) if g.ndim < 2 or i != axis % g.ndim)


def centralize_grad(params: Tensor | Iterable[Tensor], output_axis: int = -1) -> None:
    """g <- g - mean of g over the inputs of each unit, for weights of two axes or more.

    Gradient centralisation: Yong et al. 2020 (arXiv 2004.01461), eq. 1. minidl's weights are (in, out), so that a unit
    is a column; for (out, in), as in PyTorch and the paper, output_axis=0.
    """
    for p in _with_gradient(params):
        g = p.grad.data  # type: ignore[union-attr]
        if g.ndim > 1:
            with on_device_of(g):
                g -= g.mean(axis=_all_but(output_axis, g), keepdims=True)


def add_grad_noise(
    params: Tensor | Iterable[Tensor], step: int, eta: float = 0.01, gamma: float = 0.55,
    seed: int | np.random.Generator | None = None,
) -> None:  # fmt: skip
    """g <- g + N(0, eta / (1 + step)^gamma), the variance; step counts from 0.

    Neelakantan et al. 2015 (arXiv 1511.06807), eq. 1; eta .01, .3 or 1. seed: with a number the noise follows from
    (seed, step), so that a resumed run draws the same; else a Generator, or None for the default one (minidl.seed).
    """
    if not (step >= 0 and 0 <= eta < math.inf and 0 <= gamma < math.inf):
        raise ValueError(f"step, eta and gamma must be finite and not negative, got {step}, {eta}, {gamma}")
    rng = np.random.default_rng([seed, step]) if isinstance(seed, int | np.integer) else generator(seed)
    deviation = math.sqrt(eta / (1 + step) ** gamma)
    for p in _with_gradient(params):
        g = p.grad.data  # type: ignore[union-attr]
        noise = np.asarray(rng.normal(0.0, deviation, g.shape)).astype(g.dtype)  # on the host, for every device alike
        with on_device_of(g):
            g += to_device(noise, device_of(g))


def clip_grad_adaptive(
    params: Tensor | Iterable[Tensor], clip_factor: float = 0.01, eps: float = 1e-3, output_axis: int = -1
) -> None:
    """g <- g min(1, clip_factor max(||w||, eps) / ||g||), with the norms of each unit by itself

    Adaptive gradient clipping (AGC): Brock et al. 2021 (arXiv 2102.06171), eq. 3: a step shall change no unit's weights
    by more than a share of them. A unit is a column of an (in, out) weight (output_axis as for centralize_grad), a
    whole vector of biases. The paper leaves out the last layer: do not pass its parameters. FloatingPointError for a
    gradient that is not finite.
    """
    _check("clip_factor", clip_factor)
    _check("eps", eps)
    for p in _with_gradient(params):
        w, g = p.data, p.grad.data  # type: ignore[union-attr]
        with on_device_of(g):
            axes = _all_but(output_axis, g)
            limit = clip_factor * maximum(sqrt((w * w).sum(axis=axes, keepdims=True)), eps)
            norm = sqrt((g * g).sum(axis=axes, keepdims=True))
            if not math.isfinite(float(norm.sum())):
                raise FloatingPointError(f"a gradient of shape {g.shape} is not finite; lower the learning rate")
            g *= limit / maximum(norm, limit)
