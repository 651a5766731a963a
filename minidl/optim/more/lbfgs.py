"""L-BFGS: Newton's direction from the last steps alone, and a line search that says how far to go along it.

For smooth problems that fit into one batch. It needs the loss at several points per step, so `step` takes a closure.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ...backend import Array, device_of, on_device_of, to_device, to_numpy
from ...tensor import Tensor, mark_changed
from ..optimizer import Optimizer, Schedule


class LBFGS(Optimizer):
    """d = -H g;  w <- w + t d                  Nocedal 1980; Liu & Nocedal 1989; Nocedal & Wright 2006, Algorithm 7.5

    H, the inverse of the Hessian, is known from the last `history_size` pairs s = change of w, y = change of g. t meets
    the strong Wolfe conditions (Algorithm 3.5), starting from lr; with line_search_fn=None t is lr, as is PyTorch's
    default. In the first iteration t starts from lr min(1, 1 / |g|_1), and d is -g.

        def closure():                  # called once or more per iteration
            optimizer.zero_grad()
            loss = loss_function(model(x), y)
            loss.backward()
            return loss
        optimizer.step(closure)         # up to max_iter iterations; returns the loss before them

    The closure must give the same loss at the same weights: the whole data or one fixed batch, no dropout. A step ends
    early when max |g| <= tolerance_grad, when w or the loss changes by less than tolerance_change, or after max_eval
    calls of the closure (default 5/4 max_iter). wolfe: c1 and c2 of the conditions. `evaluations`: all calls so far.
    One group of parameters only, as in PyTorch. Memory: 2 history_size numbers per weight.
    """

    closure = "backward"
    gradients = "1 to max_eval (25)"
    shared = {"evaluations": 0.0, "t": 0.0}
    ranges = {
        "max_iter": "{1, 2, ...}", "max_eval": "{1, 2, ...}", "history_size": "{1, 2, ...}",
        "tolerance_grad": "[0, inf)", "tolerance_change": "[0, inf)", "wolfe": "[0, 1)",
    }  # fmt: skip

    def __init__(
        self, params: Any, lr: float | Schedule = 1.0, max_iter: int = 20, max_eval: int | None = None,
        tolerance_grad: float = 1e-7, tolerance_change: float = 1e-9, history_size: int = 100,
        line_search_fn: str | None = "strong_wolfe", wolfe: tuple[float, float] = (1e-4, 0.9),
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr=lr, max_iter=max_iter, max_eval=max_iter * 5 // 4 if max_eval is None else max_eval,
            tolerance_grad=tolerance_grad, tolerance_change=tolerance_change, history_size=history_size,
            line_search_fn=line_search_fn, wolfe=wolfe,
        )  # fmt: skip
        if len(self.param_groups) > 1:
            raise ValueError(f"LBFGS sees all parameters as one vector: one group, got {len(self.param_groups)}")
        self._params: list[Tensor] = self.param_groups[0]["params"]
        self._s: list[Array] = []  # changes of w, oldest first
        self._y: list[Array] = []  # and of g
        self._d: Array | None = None  # the last direction
        self._g: Array | None = None  # the gradient where it was taken

    def check_group(self, group: dict[str, Any]) -> None:
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ValueError(f"LBFGS: line_search_fn is 'strong_wolfe' or None, got {group['line_search_fn']!r}")
        if not 0 < group["wolfe"][0] < group["wolfe"][1]:
            raise ValueError(f"LBFGS: wolfe must be c1 and c2 with 0 < c1 < c2 < 1, got {group['wolfe']}")

    @property
    def evaluations(self) -> int:
        """How often the closure has been called."""
        return int(self.common["evaluations"])

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Up to max_iter iterations; returns the loss that the closure gave first.

        closure: zeroes the gradients, computes the loss, calls backward() and returns the loss. TypeError without one.
        """
        if closure is None:
            raise TypeError(
                "LBFGS.step() needs a closure that zeroes the gradients, computes the loss, calls backward() and "
                "returns the loss: the line search asks for it at several points"
            )
        group, lr = self.param_groups[0], self._rate(self.param_groups[0])
        with on_device_of(self._params[0]._data):
            loss = self._iterate(closure, group, lr)
        self.steps += 1
        return loss

    def _iterate(self, closure: Callable[[], Any], group: dict[str, Any], lr: float) -> Any:
        last_call = self.evaluations + group["max_eval"]
        first_loss, f, g = self._evaluate(closure)
        for k in range(1, group["max_iter"] + 1):
            if not math.isfinite(f) or _largest(g) <= group["tolerance_grad"]:
                break
            if self._d is None or self._g is None:
                d, t = -g, lr * min(1.0, 1 / float(abs(g).sum()))
            else:
                self._remember(self.common["t"] * self._d, g - self._g, group["history_size"])
                d, t = self._direction(g), lr
            slope = float(g @ d)
            self._d, self._g = d, g
            if slope > -group["tolerance_change"] or t == 0:  # flat, or a rate of 0
                self.common["t"] = 0.0
                break
            w, before = self._weights(), f
            if group["line_search_fn"] is None:
                self._move(w + t * d)
                if k < group["max_iter"]:  # else the next step begins with the same evaluation
                    _, f, g = self._evaluate(closure)
            else:

                def at(t: float, w: Array = w, d: Array = d) -> Point:
                    self._move(w + t * d)
                    _, f, g = self._evaluate(closure)
                    return Point(t, f, float(g @ d), g)

                t, f, _, g = strong_wolfe(at, Point(0.0, f, slope, g), t, *group["wolfe"])
                self._move(w + t * d)
            self.common["t"] = t
            small = t * _largest(d) <= group["tolerance_change"] or abs(f - before) < group["tolerance_change"]
            if small or self.evaluations >= last_call:
                break
        return first_loss

    def _direction(self, g: Array) -> Array:
        """-H g by the two-loop recursion (Algorithm 7.4); H starts at s'y / y'y times the identity (eq. 7.20)."""
        d, alphas = -g, []
        for s, y in zip(reversed(self._s), reversed(self._y), strict=True):
            alphas.append((s @ d) / (y @ s))
            d -= alphas[-1] * y
        if self._s:
            s, y = self._s[-1], self._y[-1]
            d *= (y @ s) / (y @ y)
        for s, y, alpha in zip(self._s, self._y, reversed(alphas), strict=True):
            d += (alpha - (y @ d) / (y @ s)) * s
        return d

    def _remember(self, s: Array, y: Array, history_size: int) -> None:
        if float(y @ s) > 1e-10:  # else the curvature along s is not positive, and H would not stay so
            self._s, self._y = [*self._s, s][-history_size:], [*self._y, y][-history_size:]

    # -- all parameters as one vector

    def _weights(self) -> Array:
        return np.concatenate([p._data.reshape(-1) for p in self._params])

    def _move(self, w: Array) -> None:
        start = 0
        for p in self._params:
            p._data[...] = w[start : start + p.size].reshape(p.shape)
            start += p.size
            mark_changed(p)

    def _evaluate(self, closure: Callable[[], Any]) -> tuple[Any, float, Array]:
        """What the closure returned, the loss as a number, and the gradient."""
        self.zero_grad()  # a closure that forgets it would add up the gradients of different points
        loss = closure()
        self.common["evaluations"] += 1
        if loss is None:
            raise TypeError("LBFGS: the closure returned None; it must return the loss")
        if all(p._grad is None for p in self._params):
            raise RuntimeError("LBFGS: no parameter has a gradient after the closure; it must call loss.backward()")
        parts = [p._data.reshape(-1) * 0 if p._grad is None else p._grad._data.reshape(-1) for p in self._params]
        return loss, float(loss), np.concatenate(parts)

    # -- saving: besides the shared numbers the pairs, the last direction and gradient, as of one parameter "history"

    def state_dict(self) -> dict[str, Any]:
        """As of every optimizer; the vectors are under the name "history"."""
        saved = super().state_dict()
        if self._d is not None and self._g is not None:
            vectors = {"d": [self._d], "g": [self._g], "s": self._s, "y": self._y}
            saved["state"]["history"] = {
                name: np.array([to_numpy(x) for x in rows]) for name, rows in vectors.items() if rows
            }
        return saved

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Take over a state_dict; ValueError, and nothing changed, where it is of another optimizer or other shapes."""
        state = saved.get("state") if isinstance(saved, dict) else None
        own = state.get("history") if isinstance(state, dict) else None
        found: dict[str, list[Array]] = {"d": [], "g": [], "s": [], "y": []}
        if own is not None:
            size, dtype = sum(p.size for p in self._params), self._weights().dtype
            pairs = max(len(own.get("s", ())), len(own.get("y", ())))
            for name, rows in {"d": 1, "g": 1, "s": pairs, "y": pairs}.items():
                x = np.asarray(own.get(name, np.zeros((0, size), dtype)))
                if x.shape != (rows, size) or x.dtype != dtype:
                    raise ValueError(
                        f"LBFGS: {name} of the saved history has shape {x.shape} and dtype {x.dtype}, expected "
                        f"({rows}, {size}) and {dtype}"
                    )
                found[name] = [to_device(np.array(row), device_of(self._params[0]._data)) for row in x]
            saved = {**saved, "state": {k: v for k, v in saved["state"].items() if k != "history"}}
        super().load_state_dict(saved)
        self._s, self._y = found["s"], found["y"]
        self._d, self._g = (found["d"][0], found["g"][0]) if own is not None else (None, None)


def _largest(x: Array) -> float:
    return float(abs(x).max()) if x.size else 0.0


class Point(NamedTuple):
    """A point on the line w + t d: the loss there, its slope along d, and the gradient."""

    t: float
    f: float
    slope: float
    g: Any


def strong_wolfe(
    at: Callable[[float], Point], start: Point, t: float, c1: float = 1e-4, c2: float = 0.9, max_points: int = 25
) -> Point:
    """A point with f <= f0 + c1 t slope0 (low enough) and |slope| <= c2 |slope0| (flat enough).

    Nocedal & Wright 2006, Algorithm 3.5: go further, until a bracket is found, a stretch that must hold such points;
    then 3.6 (`_zoom`). at(t) evaluates; start is the point at 0, with a negative slope; t the first to try.
    After max_points, when rounding hides the descent, the lowest point so far, which may be the start.
    """
    previous = start
    for i in range(max_points):
        now = at(t)
        if not _low_enough(now, start, c1) or (i > 0 and now.f >= previous.f):
            return _zoom(at, start, previous, now, c1, c2, max_points - i)
        if abs(now.slope) <= c2 * abs(start.slope):
            return now
        if now.slope >= 0:
            return _zoom(at, start, now, previous, c1, c2, max_points - i)
        t = _between(_cubic_minimum(previous, now), 1.1 * now.t, 10 * now.t)
        previous = now
    return previous


def _zoom(
    at: Callable[[float], Point], start: Point, low: Point, high: Point, c1: float, c2: float, max_points: int
) -> Point:
    """Algorithm 3.6: shorten the bracket. low: its end with the lowest f, low enough; the slope there leads to high."""
    for _ in range(max_points):
        left, width = min(low.t, high.t), abs(high.t - low.t)
        if width <= 1e-15 * max(abs(low.t), abs(high.t)):
            break
        now = at(_between(_cubic_minimum(low, high), left + 0.1 * width, left + 0.9 * width))
        if not _low_enough(now, start, c1) or now.f >= low.f:
            high = now
        elif abs(now.slope) <= c2 * abs(start.slope):
            return now
        else:
            if now.slope * (high.t - low.t) >= 0:
                high = low
            low = now
    return low


def _low_enough(now: Point, start: Point, c1: float) -> bool:
    return now.f <= start.f + c1 * now.t * start.slope  # NaN and infinity are not


def _cubic_minimum(a: Point, b: Point) -> float:
    """Where the cubic through both points with their slopes is smallest (eq. 3.59); NaN where it has no minimum."""
    p = a.slope + b.slope - 3 * (a.f - b.f) / (a.t - b.t)
    root = p * p - a.slope * b.slope
    if not (math.isfinite(root) and root >= 0):
        return math.nan
    q = math.copysign(math.sqrt(root), b.t - a.t)
    steepness = b.slope - a.slope + 2 * q
    return b.t - (b.t - a.t) * (b.slope + q - p) / steepness if steepness else math.nan


def _between(t: float, low: float, high: float) -> float:
    """t kept within the bounds; their middle where it is NaN."""
    return (low + high) / 2 if math.isnan(t) else min(max(t, low), high)
