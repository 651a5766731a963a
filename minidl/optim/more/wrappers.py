"""Around any optimizer: Lookahead and SAM.

    optimizer = Lookahead(Adam(model.parameters()), k=5)
    optimizer = SAM(Lookahead(SGD(model.parameters(), lr=0.1)), rho=0.05)

Everything that is not theirs is the wrapped optimizer's: rates, groups, zero_grad(), its state and its other methods.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...backend import Array, device_of, on_device_of, to_device, to_numpy
from ...tensor import Tensor, mark_changed
from ..clip import sum_of_squares
from ..optimizer import Optimizer, Schedule


class Wrapper(Optimizer):
    """An optimizer that does something around the steps of another, `base`. TypeError where base is none."""

    gradients = "as base"

    def __init__(self, base: Optimizer) -> None:
        if not isinstance(base, Optimizer):
            me = type(self).__name__
            raise TypeError(f"{me} wraps an optimizer, {me}(SGD(params, lr=0.1)), got {base!r:.60}")
        self.base = base
        self.closure = self.closure or base.closure  # type: ignore[misc]  # what this one needs, or the base

    def __getattr__(self, name: str) -> Any:  # asked only for what the wrapper lacks: param_groups, steps, eval, ...
        if name == "base":  # while a copy is being made
            raise AttributeError(name)
        return getattr(self.base, name)

    def parameters(self) -> Iterator[Tensor]:
        return self.base.parameters()

    def zero_grad(self) -> None:
        self.base.zero_grad()

    @property
    def lr(self) -> float:
        return self.base.lr

    @lr.setter
    def lr(self, rate: float | Schedule) -> None:
        self.base.lr = rate

    # -- saving: the wrapped optimizer's state of a parameter is kept beside the wrapper's own, with names of its own

    def state_dict(self) -> dict[str, Any]:
        """As an optimizer's: what the wrapper adds, and everything of the wrapped one."""
        base = self.base.state_dict()
        state = {name: {f"base_{k}": x for k, x in entries.items()} for name, entries in base.pop("state").items()}
        return {"optimizer": type(self).__name__, "base": base, "state": state}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Take over a state_dict; ValueError, and nothing changed, where it is of another optimizer or other shapes."""
        me = type(self).__name__
        try:
            name, base, state = saved["optimizer"], dict(saved["base"]), dict(saved["state"])
            entries = {name: {k[5:]: x for k, x in of.items() if k[:5] == "base_"} for name, of in state.items()}
        except (TypeError, KeyError, ValueError, AttributeError):
            if isinstance(saved, dict) and "optimizer" in saved and saved["optimizer"] != me:
                raise ValueError(f"the state is of {saved['optimizer']}, this optimizer is {me}") from None
            raise ValueError(f"{me}: this is no optimizer state: expected the dict that state_dict() gives") from None
        if name != me:
            raise ValueError(f"the state is of {name}, this optimizer is {me}")
        own = self._own(saved)
        self.base.load_state_dict({**base, "state": {name: of for name, of in entries.items() if of}})
        vars(self).update(own)

    def _own(self, saved: dict[str, Any]) -> dict[str, Any]:
        """The wrapper's own attributes as saved, checked."""
        raise NotImplementedError

    def __repr__(self) -> str:
        own = "".join(f", {k}={v:g}" for k, v in vars(self).items() if isinstance(v, int | float) and k[0] != "_")
        return f"{type(self).__name__}({self.base!r}{own})"


class Lookahead(Wrapper):
    """every k steps of base:  slow <- (1 - alpha) slow + alpha w;  w <- slow

    Zhang, Lucas, Hinton & Ba 2019 (arXiv 1907.08610), Algorithm 1: "k steps forward, 1 step back". slow starts as w was
    before the first step. base keeps its own state (momentum, ...) across the way back, as in the paper's experiments.
    """

    def __init__(self, base: Optimizer, k: int = 5, alpha: float = 0.5) -> None:
        super().__init__(base)
        if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
            raise ValueError(f"Lookahead: k must be a whole number >= 1, got {k!r}")
        if isinstance(alpha, bool | str) or not 0 < alpha <= 1:
            raise ValueError(f"Lookahead: alpha must lie in (0, 1], got {alpha!r}")
        self.k, self.alpha = int(k), float(alpha)
        self._slow: dict[Tensor, Array] = {}

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        for p in self.parameters() if not self._slow else ():
            with on_device_of(p._data):
                self._slow[p] = p._data.copy()
        loss = self.base.step(closure)
        if self.steps % self.k == 0:
            for p, slow in self._slow.items():
                with on_device_of(p._data):
                    slow *= 1 - self.alpha
                    slow += self.alpha * p._data
                    p._data[...] = slow
                mark_changed(p)
        return loss

    def state_dict(self) -> dict[str, Any]:
        saved = super().state_dict() | {"k": self.k, "alpha": self.alpha}
        for p, slow in self._slow.items():
            saved["state"].setdefault(self._names[p], {})["slow"] = np.array(to_numpy(slow))
        return saved

    def _own(self, saved: dict[str, Any]) -> dict[str, Any]:
        checked = Lookahead(self.base, saved.get("k", self.k), saved.get("alpha", self.alpha))
        slow = {name: np.asarray(of["slow"]) for name, of in saved["state"].items() if "slow" in of}
        params = {self._names[p]: p for p in self.parameters()}
        if slow and set(slow) != set(params):
            raise ValueError(f"Lookahead: the state has slow weights of {sorted(slow)}, expected {sorted(params)}")
        for name, x in slow.items():
            p = params[name]
            if x.shape != p.shape or x.dtype != p.dtype:
                raise ValueError(
                    f"Lookahead: the slow weights of {name} have shape {x.shape} and dtype {x.dtype}, the parameter "
                    f"{p.shape} and {p.dtype}"
                )
        moved = {params[name]: to_device(x.copy(), device_of(params[name]._data)) for name, x in slow.items()}
        return {"k": checked.k, "alpha": checked.alpha, "_slow": moved}


class SAM(Wrapper):
    """g <- gradient at w;  e = rho g / ||g||;  g <- gradient at w + e;  then a step of base from w with this g

    Sharpness-aware minimization: Foret, Kleiner, Mobahi & Neyshabur 2021 (arXiv 2010.01412), eq. 2 with p = 2 and
    Algorithm 1, whose last step is SGD's; here it is base's. The norm is over all parameters. Two gradients per step:
    compare at equal gradient evaluations, not at equal steps. The closure runs twice, so that dropout draws twice and
    batch statistics are updated twice; step() returns the first loss, that at w.
    """

    closure = "backward"
    gradients = "2"

    def __init__(self, base: Optimizer, rho: float = 0.05) -> None:
        super().__init__(base)
        if isinstance(rho, bool | str) or not 0 <= rho < math.inf:
            raise ValueError(f"SAM: rho must lie in [0, inf), got {rho!r}")
        self.rho = float(rho)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        if closure is None:
            raise TypeError(
                "SAM.step() takes the gradient twice and needs a closure: a function that computes the loss, calls "
                "backward() and returns the loss"
            )
        return self.base.step(lambda: self._at_the_worst_point_nearby(closure))

    def _at_the_worst_point_nearby(self, closure: Callable[[], Any]) -> Any:
        """Run the closure at w and at w + e; leaves w as it was, and the gradient of w + e."""
        self.zero_grad()
        loss = closure()
        before = []
        for p in self.parameters():
            if p._grad is not None:
                with on_device_of(p._data):
                    before.append((p, p._data.copy(), p._grad._data))
        norm = math.sqrt(sum(sum_of_squares(g) for _, _, g in before)) or 1.0
        try:
            for p, _, g in before:
                with on_device_of(g):
                    e = self.rho * g / norm
                    p._data += e
                mark_changed(p)
            self.zero_grad()
            closure()
        finally:
            for p, w, _ in before:
                with on_device_of(w):
                    p._data[...] = w
                mark_changed(p)
        return loss

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {"rho": self.rho}

    def _own(self, saved: dict[str, Any]) -> dict[str, Any]:
        return {"rho": SAM(self.base, saved.get("rho", self.rho)).rho}
