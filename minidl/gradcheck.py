"""gradcheck: are the derivatives those of the function? Compared with finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .backend import generator
from .tensor import Tensor, grad


def gradcheck(
    f: Callable[..., Tensor],
    inputs: Tensor | Sequence[Tensor],
    order: int = 1,
    step: float = 1e-6,
    atol: float = 1e-6,
    rtol: float = 1e-5,
    seed: int = 0,
) -> bool:
    """True if the gradients of f agree with centred differences; AssertionError naming what differs otherwise.

    inputs: float64 Tensors, those with requires_grad are checked (float32 has too few digits: TypeError). The result
    of f is multiplied by random numbers and summed, so that a gradient that is right only for ones is found out.
    order=2 checks the second derivatives too. Keep the inputs off kinks (relu at 0): differences straddle them.
    """
    xs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    checked = [i for i, x in enumerate(xs) if x.requires_grad]
    if not checked:
        raise ValueError("gradcheck: no input requires a gradient; make one with requires_grad=True")
    for i in checked:
        if xs[i].dtype != np.float64:
            raise TypeError(f"gradcheck needs float64 inputs, input {i} is {xs[i].dtype}: Tensor(..., dtype='float64')")
    rng = generator(seed)
    weights: dict[tuple[int, ...], np.ndarray] = {}

    def scalar(*arguments: Tensor, curved: bool = False) -> Tensor:
        y = f(*arguments)
        if y.shape not in weights:
            weights[y.shape] = rng.normal(size=y.shape)
        return ((y + y * y if curved else y) * weights[y.shape]).sum()

    name = getattr(f, "__name__", "f")
    _compare(name, scalar, xs, checked, step, atol, rtol)
    if order == 2:
        factors = [rng.normal(size=xs[i].shape) for i in checked]

        def slope(*arguments: Tensor) -> Tensor:
            """The first derivative along a random direction: its gradient is the second.

            Of a curve of f's result, so that the gradient which arrives at f depends on the inputs too.
            """
            total: Any = 0.0
            for i, factor in zip(checked, factors, strict=True):
                g = _gradient(scalar(*arguments, curved=True), arguments[i], create_graph=True)
                total = total + (g * factor).sum()
            return total

        _compare(f"the first derivative of {name}", slope, xs, checked, step, atol, rtol)
    return True


def _compare(
    name: str, scalar: Callable[..., Tensor], xs: Sequence[Tensor], checked: Sequence[int], step: float, atol: float,
    rtol: float,
) -> None:  # fmt: skip
    for i in checked:
        computed = _gradient(scalar(*xs), xs[i]).numpy()
        for place in np.ndindex(xs[i].shape):
            high, low = (_shifted(scalar, xs, i, place, h) for h in (step, -step))
            expected = (high - low) / (2 * step)
            got = float(computed[place])
            if not abs(got - expected) <= atol + rtol * max(abs(got), abs(expected)):
                raise AssertionError(
                    f"the derivative of {name} with respect to input {i} at {list(place)} is {got:.10g}, "
                    f"finite differences give {expected:.10g}"
                )


def _gradient(y: Tensor, x: Tensor, create_graph: bool = False) -> Tensor:
    """grad(y, x), and 0 where y does not depend on x."""
    if y.requires_grad:
        try:
            return grad(y, x, create_graph=create_graph)
        except RuntimeError as error:
            if "do not depend" not in str(error):
                raise
    return Tensor(np.zeros(x.shape))


def _shifted(f: Callable[..., Tensor], xs: Sequence[Tensor], i: int, place: tuple[int, ...], h: float) -> float:
    moved = xs[i].numpy()
    moved[place] += h
    return f(*[Tensor(moved, requires_grad=True) if k == i else x for k, x in enumerate(xs)]).item()
