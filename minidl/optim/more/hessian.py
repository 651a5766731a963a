"""SophiaH and AdaHessian: steps scaled by the diagonal of the Hessian, from second derivatives.

Hutchinson's estimate: for random u with E[u u'] = I, E[u * (H u)] is the diagonal of H; and H u is the gradient of the
number g . u, so that one more backward pass gives it, without H ever being formed.

The closure of these optimizers computes the loss and returns it WITHOUT calling backward(): the optimizer asks for the
gradient itself, with a graph of its own where a new estimate is due.

    def closure():
        return loss_function(model(x), y)
    optimizer.step(closure)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...backend import Array, device_of, on_device_of, to_device
from ...kernels import maximum, minimum, sqrt
from ...tensor import Tensor, _as_tensor, grad
from ..optimizer import Optimizer, Schedule


class _Hessian(Optimizer):
    """What both rules share: gradient, probes, estimate. A rule writes `update`, and `refresh` for a new estimate."""

    elementwise = True
    closure = "loss"
    gradients = "1 + 1 / update_interval"
    memory = {"taken": 0.0}  # estimates that the state has taken in
    ranges = {"update_interval": "{1, 2, ...}", "seed": "{0, 1, ...}"}
    _estimates: dict[Tensor, Array] = {}  # of this step

    def probe(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Random numbers of mean 0 and variance 1."""
        raise NotImplementedError

    def refresh(self, h: Array, D: Array, betas: tuple[float, float]) -> None:
        """Take the new estimate D of the Hessian's diagonal into h, the last of the rule's state arrays, in place."""
        raise NotImplementedError

    def step(self, closure: Callable[[], Any] | None = None) -> Tensor:
        """One update; returns the loss, without its graph.

        closure: computes and returns the loss, a Tensor, without calling backward(). A new estimate is drawn in the
        first and then in every update_interval-th step. TypeError without a closure, or where it returns no Tensor;
        RuntimeError where it has called backward().
        """
        me = type(self).__name__
        if closure is None:
            raise TypeError(f"{me}.step() needs a closure that returns the loss, a Tensor, without calling backward()")
        self.zero_grad()
        loss = closure()
        if not isinstance(loss, Tensor):
            raise TypeError(f"{me}: the closure must return the loss as a Tensor, got {type(loss).__name__}")
        if any(p._grad is not None for p in self.parameters()):
            self.zero_grad()
            raise RuntimeError(
                f"{me}: the closure must not call backward(): it returns the loss, and the optimizer differentiates "
                "it, twice when an estimate of the Hessian is due"
            )
        due = self.steps % self.param_groups[0]["update_interval"] == 0
        params = list(self.parameters())
        gradients = grad(loss, params, create_graph=due, allow_unused=True)
        self._estimates = self._diagonal(params, gradients) if due else {}
        for p, g in zip(params, gradients, strict=True):
            p._grad = None if g is None else _as_tensor(g._data)  # detach() would keep the graph alive
        try:
            super().step()
        finally:
            self._estimates = {}
        return _as_tensor(loss._data)

    def _diagonal(self, params: list[Tensor], gradients: list[Tensor | None]) -> dict[Tensor, Array]:
        """u * (H u) for every parameter with a gradient; u is drawn on the host, from the seed and the step alone."""
        rng = np.random.default_rng([self.param_groups[0]["seed"], self.steps])
        probes: dict[Tensor, Array] = {}
        slope: Any = None
        for p, g in zip(params, gradients, strict=True):
            u = np.asarray(self.probe(rng, p.shape), dtype=p.dtype)
            if g is not None:
                probes[p] = u = to_device(u, device_of(p._data))
                with on_device_of(u):
                    slope = (g * u).sum() if slope is None else slope + (g * u).sum()
        curved = slope is not None and slope.requires_grad  # else the loss is linear
        Hu = grad(slope, list(probes), allow_unused=True) if curved else [None] * len(probes)
        estimates = {}
        for (p, u), Hu_p in zip(probes.items(), Hu, strict=True):
            with on_device_of(u):
                estimates[p] = u * 0 if Hu_p is None else u * Hu_p._data
        return estimates

    def prepare(self, updates: list[tuple[Tensor, dict[str, Any], dict[str, Any], float]]) -> None:
        for p, state, group, _ in updates:
            if p in self._estimates:
                state["taken"] += 1
                with on_device_of(p._data):
                    self.refresh(state[self.state[-1]], self._estimates[p], group["betas"])


class SophiaH(_Hessian):
    """m <- beta1 m + (1 - beta1) g;  every update_interval steps  h <- beta2 h + (1 - beta2) D,  D = u * (H u)
    w <- (1 - lr weight_decay) w - lr clip(m / max(gamma h, eps), 1)      Liu et al. 2023, arXiv 2305.14342, Algorithm 3

    u is normal. Newton's step per weight where the curvature is large, and never more than lr: where h is negative or
    small it is lr sign(m). gamma decides how often (the authors aim at 10 to 50 % of the weights that are not clipped).
    No bias correction: the first h is (1 - beta2) D. A step with an estimate goes back a second time, through the graph
    of the first. optax corrects the bias of m, takes D into h after the update, and draws signs.
    """

    state = ("m", "h")
    ranges = _Hessian.ranges | {"gamma": "[0, inf)"}

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-4, betas: tuple[float, float] = (0.965, 0.99), gamma: float = 0.01,
        eps: float = 1e-12, weight_decay: float = 0.1, update_interval: int = 10, seed: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr=lr, betas=betas, gamma=gamma, eps=eps, weight_decay=weight_decay,
            update_interval=update_interval, seed=seed,
        )  # fmt: skip

    def probe(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return rng.standard_normal(shape)

    def refresh(self, h: Array, D: Array, betas: tuple[float, float]) -> None:
        _, beta2 = betas
        h *= beta2
        h += (1 - beta2) * D

    def update(
        self, w: Array, g: Array, m: Array, h: Array, *, lr: float, betas: tuple[float, float], gamma: float,
        eps: float, weight_decay: float,
    ) -> None:  # fmt: skip
        beta1, _ = betas
        m *= beta1
        m += (1 - beta1) * g
        w *= 1 - lr * weight_decay
        w -= lr * maximum(minimum(m / maximum(gamma * h, eps), 1.0), -1.0)


class AdaHessian(_Hessian):
    """m <- beta1 m + (1 - beta1) g;  every update_interval steps  v <- beta2 v + (1 - beta2) D^2,  D = u * (H u)
    w <- (1 - lr weight_decay) w - lr m^ / (sqrt(v^)^hessian_power + eps)            Yao et al. 2020, arXiv 2006.00719

    Adam with the Hessian's diagonal in the place of the gradient; u is +1 or -1 (Rademacher), so that D is exact where
    the Hessian is diagonal. m^ = m / (1 - beta1^t), v^ = v / (1 - beta2^n), where n counts the estimates that v has
    taken in (t instead of n, as in a PyTorch collection, makes v^ up to update_interval times too small). The authors
    average |D| over the spatial axes of convolution kernels; here every weight has its own.
    """

    state = ("m", "v")
    ranges = _Hessian.ranges | {"hessian_power": "[0, 1]"}

    def __init__(
        self, params: Any, lr: float | Schedule = 0.15, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-4,
        weight_decay: float = 0.0, hessian_power: float = 1.0, update_interval: int = 1, seed: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, hessian_power=hessian_power,
            update_interval=update_interval, seed=seed,
        )  # fmt: skip

    def probe(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return rng.integers(0, 2, shape) * 2.0 - 1.0

    def refresh(self, h: Array, D: Array, betas: tuple[float, float]) -> None:
        _, beta2 = betas
        h *= beta2
        h += (1 - beta2) * D * D

    def numbers(self, state: dict[str, Any], group: dict[str, Any], lr: float) -> dict[str, float | bool]:
        return {"n": state["taken"], "waiting": state["taken"] == 0}  # first reached between two estimates

    def update(
        self, w: Array, g: Array, m: Array, v: Array, *, lr: float, betas: tuple[float, float], eps: float,
        weight_decay: float, hessian_power: float, t: int, n: float, waiting: bool,
    ) -> None:  # fmt: skip
        beta1, beta2 = betas
        m *= beta1
        m += (1 - beta1) * g
        if waiting:
            return
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**n)
        w *= 1 - lr * weight_decay
        w -= lr * m_hat / (sqrt(v_hat) ** hessian_power + eps)
