"""Without a gradient: try weights at random and keep the best. CS231n's first two strategies, to see what a gradient
is worth: in n dimensions almost every random direction is nearly at right angles to the way down.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...backend import Array, device_of, on_device_of, to_device
from ...tensor import mark_changed, no_grad
from ..optimizer import Optimizer, Schedule


class RandomSearch(Optimizer):
    """w_try = lr d  with  d ~ N(0, 1);  w <- w_try  if loss(w_try) < loss(w)        Li & Karpathy 2015, CS231n

    Strategy 1 of the notes on optimization. lr: the standard deviation of the weights that are tried. step(closure)
    tries once; closure() computes and returns the loss without backward() (it runs under no_grad). The first step also
    evaluates the weights as they are, so that no step makes the loss worse (CS231n takes the first try unseen). step
    returns the lowest loss so far, that of the weights now in place. Losses of different steps are compared, so the
    closure should use the same data every time: on mini-batches a lucky one is never beaten.

    The draws are made on the host, from (seed, step) alone: the same on every device, and after a resume.
    """

    closure = "loss"
    gradients = "0"
    shared = {"best": math.inf, "seed": 0}

    def __init__(self, params: Any, lr: float | Schedule, seed: int = 0) -> None:
        super().__init__(params, lr=lr)
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
            raise ValueError(f"{type(self).__name__}: seed must be an integer from 0 on, got {seed!r}")
        self.common["seed"] = int(seed)

    def step(self, closure: Callable[[], Any] | None = None) -> float:
        """Try once; returns the lowest loss so far. TypeError without a closure."""
        if closure is None:
            raise TypeError(
                f"{type(self).__name__} needs the loss: step(closure), where closure() computes and returns the loss, "
                "without backward()"
            )
        with no_grad():
            if self.steps == 0:
                self.common["best"] = min(math.inf, float(closure()))  # in this order, a NaN counts as infinite
            kept = []
            for p in self.parameters():
                with on_device_of(p._data):
                    kept.append((p, p._data.copy()))
            accepted = False
            try:
                self._try()
                loss = float(closure())
                accepted = loss < self.common["best"]
            finally:  # also where the closure raises
                if not accepted:
                    self._restore(kept)
        if accepted:
            self.common["best"] = loss
        self.steps += 1
        return self.common["best"]

    def _try(self) -> None:
        rng = np.random.default_rng([int(self.common["seed"]), self.steps])
        for group in self.param_groups:
            lr = self._rate(group)
            for p in group["params"]:
                d = np.asarray(rng.standard_normal(p.shape), dtype=p.dtype)
                with on_device_of(p._data):
                    self.update(p._data, to_device(d, device_of(p._data)), lr=lr)
                mark_changed(p)

    def _restore(self, kept: list[tuple[Any, Array]]) -> None:
        for p, w in kept:
            with on_device_of(p._data):
                p._data[...] = w  # _try has marked the change

    def update(self, w: Array, d: Array, *, lr: float) -> None:  # type: ignore[override]  # a draw, not a gradient
        w[...] = lr * d


class RandomLocalSearch(RandomSearch):
    """w_try = w + lr d  with  d ~ N(0, 1);  w <- w_try  if loss(w_try) < loss(w)    Li & Karpathy 2015, CS231n

    Strategy 2 of the same notes. lr: the standard deviation of a try around the best weights so far. Everything else
    as in RandomSearch.
    """

    def update(self, w: Array, d: Array, *, lr: float) -> None:  # type: ignore[override]
        w += lr * d
