"""The path of an optimizer on a surface: the classes that train networks, on one point with one or two coordinates.

    from minidl.lab import landscape
    path = landscape.trace("bowl", "adam", lr=0.5, steps=20)
    path.points, path.losses, path.gradients, path.states[-1]["m"]

Where no rate is given, `explore` tries the same rates for every optimizer and takes the one that ends lowest.
"""

from __future__ import annotations

import csv
import inspect
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..optim import Optimizer
from ..optim.catalogue import made
from ..tensor import Tensor
from ..train import averaged
from .own import optimizer_class
from .problem import whole
from .surfaces import Surface, surface

OPTIMIZERS = ("SGD", "Momentum", "AdaGrad", "RMSProp", "Adam")
RATES = tuple(float(f"{10 ** (k / 5):.3g}") for k in range(-20, 6))  # 0.0001 to 10, five in each decade
Maker = str | type[Optimizer] | Callable[[list[Tensor]], Optimizer]
NEAR = 0.1  # "at the minimum": within this distance of one


@dataclass(repr=False)
class Trace:
    """A path: row k of points (steps + 1, D), losses and gradients is that after k steps; so is states[k].

    losses and gradients are those of the surface, without noise. states: what the optimizer remembers, arrays and
    numbers by name; states[0] is empty. evaluations: how often the steps asked for the loss, and with it for a gradient
    where the rule takes one. stopped: why the path ends early, or "". grid: the rates that were tried, with the loss
    that each ended at; empty where the rate was given.
    """

    surface: Surface
    optimizer: str
    lr: float | None
    settings: dict[str, Any]
    points: np.ndarray
    losses: np.ndarray
    gradients: np.ndarray
    states: list[dict[str, Any]]
    evaluations: int = 0
    stopped: str = ""
    noise: float = 0.0
    cls: type[Optimizer] = Optimizer
    grid: dict[float, float] = field(default_factory=dict)

    def __repr__(self) -> str:
        end = f"{point_text(self.points[-1])}, f = {self.losses[-1]:.6g}"
        return f"<Trace: {self.label} on {self.surface.name}, {_count(len(self.points) - 1, 'step')} to {end}>"

    @property
    def label(self) -> str:
        """The optimizer with its settings and its rate, for a legend."""
        settings = "".join(f", {name} {value}" for name, value in self.settings.items())
        return f"{self.optimizer}{settings}" + ("" if self.lr is None else f", rate {self.lr:g}")

    @property
    def diverged(self) -> bool:
        """Whether the loss stopped being finite, or ended above where it began."""
        return bool(self.stopped) or self.losses[-1] > self.losses[0]

    @property
    def inside(self) -> np.ndarray:
        """For each point whether it lies in the surface's view."""
        low, high = np.array(self.surface.view).T
        return np.all((low <= self.points) & (self.points <= high), axis=1)

    @property
    def stays(self) -> bool:
        """Whether the path never leaves the surface's view."""
        return not self.stopped and bool(self.inside.all())

    @property
    def left_view(self) -> int | None:
        """The first step that ends outside of the surface's view, where the path does not come back in the end."""
        inside = self.inside
        if inside[-1] and not self.stopped:
            return None
        return len(inside) - 1 if inside.all() else int(np.argmin(inside))

    def steps_to(self, distance: float = NEAR) -> float:
        """After how many steps the path stays within a distance of a minimum; infinite where it does not."""
        if not self.surface.minima or self.stopped:
            return math.inf
        gaps = self.points[:, None, :] - np.array(self.surface.minima)  # (steps + 1, minima, D)
        far = np.flatnonzero(np.linalg.norm(gaps, axis=-1).min(axis=1) > distance)
        after = int(far[-1]) + 1 if far.size else 0
        return after if after < len(self.points) else math.inf


def trace(
    on: str | Surface | Callable[..., Any], optimizer: Maker, lr: float | None = None,
    steps: int | None = None, start: Sequence[float] | None = None, *, noise: float = 0.0, seed: int = 0,
    **settings: Any,
) -> Trace:  # fmt: skip
    """The path of an optimizer.

    on: the name of a surface, a Surface, or a function of one or two Tensors, which needs a start. optimizer: a class,
    a name, or "path/to/file.py:ClassName"; wrappers go around SGD; or, with all settings in it, a function that makes
    one: `lambda point: SGD(point, lr=schedules.Step(0.1, 10))`. lr: by default the class's own. noise: the standard
    deviation of what is added to every coordinate of the gradient, drawn from (seed, step): the same for all
    optimizers, and for all evaluations within a step. settings: the optimizer's hyper-parameters.
    Raises ValueError for what is unknown or out of range, and for rules that update matrices only.
    """
    return _trace(on, optimizer, lr, steps, start, noise, seed, settings)


def trace_2d(
    f: str | Surface | Callable[[Any, Any], Any], optimizer: Maker, start: Sequence[float] = (-5.0, -2.0),
    steps: int = 20, lr: float | None = None, *, noise: float = 0.0, seed: int = 0, **settings: Any,
) -> Trace:  # fmt: skip
    """The path of any optimizer on any f(x1, x2): `trace`, called like train_2d of "Dive into Deep Learning".

        path = trace_2d(lambda x1, x2: 0.1 * x1**2 + 2 * x2**2, "sgd", lr=0.4)
        path.points[-1]                                       # -0.943467, -0.000073; row k is the point after k steps
        draw(axes, path)                                      # contour lines and path on axes of matplotlib
    """
    if len(_point(start)) != 2:
        raise ValueError(f"trace_2d starts at a point (x1, x2), got {start!r}; of a function of one variable: trace")
    return _trace(f, optimizer, lr, steps, start, noise, seed, settings)


def draw(axes: Any, *paths: Trace, first: int = 0) -> None:
    """Draw paths on axes of matplotlib, over the contour lines (of a curve: the curve) of the first one's surface.

    Path number i has the colour, line and marker number first + i. A path that leaves the view for good is cut there
    and ends in a cross.
    """
    from .landscape_figures import draw

    draw(axes, paths, first)


def _trace(
    on: Any, optimizer: Any, lr: float | None, steps: int | None, start: Any, noise: float, seed: int,
    settings: dict[str, Any], stay: bool = False,
) -> Trace:  # fmt: skip
    """`trace`; with stay, one that ends where it leaves the view."""
    where = _surface(on, start)
    make = optimizer_class(optimizer) if isinstance(optimizer, str) else optimizer
    steps = where.steps if steps is None else whole("the number of steps", steps)
    seed = whole("seed", seed, least=0)
    if isinstance(noise, bool | str) or not 0 <= noise < math.inf:
        raise ValueError(f"noise is a standard deviation, 0 or more, got {noise!r}")
    w = Tensor(np.array(where.start, dtype=np.float64), requires_grad=True, dtype=np.float64)
    rule = _made(make, w, lr, seed, settings)
    cls = type(rule)
    rate = getattr(rule, "lr", None)
    walk = _Walk(where, rule, w, float(noise), seed)
    points, states = walk.run(steps, stay)
    losses, gradients = where.values(points), where.gradients(points)
    stopped = walk.stopped
    bad = ~(np.isfinite(losses) & np.isfinite(gradients).all(axis=1))
    if bad.any() or stopped:
        end = int(np.argmax(bad)) if bad.any() else len(points)
        stopped = stopped if stopped and end == len(points) else f"after step {end} the loss is not finite"
        points, losses, gradients, states = points[:end], losses[:end], gradients[:end], states[:end]
    if not len(points):
        raise ValueError(f"{where.name} is not finite at the start {point_text(where.start)}")
    return Trace(
        where, cls.__name__, rate, settings, points, losses, gradients, states, walk.evaluations, stopped,
        float(noise), cls,
    )  # fmt: skip


def explore(
    on: str | Surface | Callable[..., Any], optimizer: str | type[Optimizer], steps: int | None = None,
    start: Sequence[float] | None = None, *, rates: Sequence[float] = RATES, noise: float = 0.0, seed: int = 0,
    **settings: Any,
) -> Trace:  # fmt: skip
    """Of the paths at some rates the one that ends lowest, of those that stay in the view where there are any.

    Ends: the mean loss of the last tenth of the path, so that one lucky step of a path that swings counts for little.
    `grid` of the result holds it for every rate, infinite for a path that left the view.
    """
    where = _surface(on, start)
    steps = where.steps if steps is None else whole("the number of steps", steps)
    for stay in (True, False):
        traces = [_trace(where, optimizer, lr, steps, None, noise, seed, settings, stay) for lr in rates]
        ends = [_end(x) if len(x.points) == steps + 1 and (x.stays or not stay) else math.inf for x in traces]
        if min(ends) < math.inf:
            break
    best = traces[int(np.argmin(ends))]
    best.grid = dict(zip(map(float, rates), ends, strict=True))
    return best


def _end(path: Trace) -> float:
    return float(path.losses[-max(1, len(path.losses) // 10) :].mean())


class _Walk:
    """Makes the steps, with the closure that the rule asks for, and counts what they cost."""

    def __init__(self, where: Surface, rule: Optimizer, w: Tensor, noise: float, seed: int) -> None:
        self.where, self.rule, self.w, self.noise, self.seed = where, rule, w, noise, seed
        self.evaluations = 0
        self.stopped = ""

    def run(self, steps: int, stay: bool) -> tuple[np.ndarray, list[dict[str, Any]]]:
        low, high = np.array(self.where.view).T
        points, states = [self.w.data.copy()], [{}]  # type: list[np.ndarray], list[dict[str, Any]]
        with np.errstate(all="ignore"):
            for step in range(steps):
                try:
                    self._step(step)
                except (ArithmeticError, np.linalg.LinAlgError, ValueError) as error:
                    if np.isfinite(self.w.data).all() and np.isfinite(self.where.gradients(points[-1:])).all():
                        raise
                    self.stopped = f"after step {step + 1}: {error}"
                    break
                with averaged(self.rule):  # Schedule-Free: where it would be evaluated, not where it takes gradients
                    points.append(self.w.data.copy())
                states.append(_state(self.rule))
                inside = np.all((low <= points[-1]) & (points[-1] <= high))
                if not np.isfinite(points[-1]).all() or (stay and not inside):
                    break
        return np.stack(points), states

    def _step(self, step: int) -> None:
        at = self.w.data.copy()
        xi = np.random.default_rng([self.seed, step]).normal(size=at.shape) if self.noise else None

        def loss() -> Tensor:
            """f, tilted by the noise around where the step began; the same noise however often it is asked."""
            self.evaluations += 1
            f = self.where.f(*(self.w[i] for i in range(len(at))))
            return f if xi is None else f + self.noise * (xi * (self.w - at)).sum()

        def closure() -> Tensor:
            self.rule.zero_grad()
            value = loss()
            value.backward()
            return value

        if self.rule.closure == "loss":
            self.rule.step(loss)
        elif self.rule.closure:
            self.rule.step(closure)
        else:
            closure()
            self.rule.step()


def _surface(on: str | Surface | Callable[..., Any], start: Sequence[float] | None) -> Surface:
    """The surface, with the start that was given in place of its own."""
    if isinstance(on, str):
        on = surface(on)
    if not isinstance(on, Surface):
        if start is None:
            raise ValueError("a function of one's own needs a start: trace(f, optimizer, start=(1.0, 2.0))")
        at = _point(start)
        reach = [max(1.0, 1.5 * abs(x)) for x in at]
        name = getattr(on, "__name__", "f").replace("<lambda>", "f")
        return Surface(name, "", on, at, tuple((-r, r) for r in reach))
    if start is None:
        return on
    at = _point(start)
    if len(at) != len(on.start):
        raise ValueError(f"{on.name} needs a start of {_count(len(on.start), 'number')}, got {point_text(at)}")
    inside = [(min(low, 1.1 * x - 0.1 * high), max(high, 1.1 * x - 0.1 * low))
              for x, (low, high) in zip(at, on.view, strict=True)]  # fmt: skip
    return replace(on, start=at, view=tuple(inside))


def _point(start: Sequence[float]) -> tuple[float, ...]:
    try:
        at = tuple(float(x) for x in start)
    except (TypeError, ValueError):
        at = ()
    if len(at) not in (1, 2) or not all(map(math.isfinite, at)):
        raise ValueError(f"a start is one or two finite numbers, got {start!r}")
    return at


def _made(
    cls: type[Optimizer] | Callable[[list[Tensor]], Optimizer], w: Tensor, lr: float | None, seed: int,
    settings: dict[str, Any],
) -> Optimizer:  # fmt: skip
    """The optimizer of the point; ValueError for hyper-parameters that it lacks, and for rules for matrices."""
    if not isinstance(cls, type):
        if lr is not None or settings:
            raise ValueError("a function that makes the optimizer sets its rate and all else itself")
        rule = cls([w])
        if not isinstance(rule, Optimizer):
            raise TypeError(f"a function that makes an optimizer gave {type(rule).__name__}, which is none")
        return rule
    names = inspect.signature(cls).parameters
    unknown = [name for name in settings if name not in names]
    if unknown:
        raise ValueError(f"{cls.__name__} has no hyper-parameter {unknown[0]!r}; it has {', '.join(list(names)[1:])}")
    if lr is not None and ("lr" in names or "base" in names):
        if isinstance(lr, bool | str) or not 0 < lr < math.inf:
            raise ValueError(f"a rate is a positive number, got {lr!r}")
        settings = {**settings, "lr": float(lr)}
    if "seed" in names:
        settings = {"seed": seed, **settings}
    try:
        return made(cls, [w], **settings)
    except ValueError as error:
        if "matrices" in str(error):
            raise ValueError(
                f"{cls.__name__} updates matrices, and a point of a surface is a vector: it has no path here; its "
                f"steps on a matrix: minidl optimizers {cls.__name__.lower()}"
            ) from None
        raise


def _state(rule: Optimizer) -> dict[str, Any]:
    """What the rule remembers of the point, as copies: arrays and numbers by name."""
    saved = rule.state_dict()
    common = saved.get("common", {}) | saved.get("base", {}).get("common", {})
    return {**next(iter(saved["state"].values()), {}), **common}


# -- as text


def table(traces: Sequence[Trace]) -> str:
    """Rate, final point, loss, steps to the minimum and cost of each path, and what became of it."""
    first = traces[0]
    head = ("optimizer", "rate", "final point", "loss", f"steps to {NEAR:g}", "evaluations", "")
    body = [
        (
            x.optimizer + "".join(f" {k}={v}" for k, v in x.settings.items()), "-" if x.lr is None else f"{x.lr:g}",
            point_text(x.points[-1]), f"{x.losses[-1]:.6g}", f"{x.steps_to():g}".replace("inf", "-"),
            f"{x.evaluations}", outcome(x),
        )
        for x in traces
    ]  # fmt: skip
    lines = [head, *body]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    left = (0, len(head) - 1)
    text = ["  ".join(x.ljust(w) if i in left else x.rjust(w) for i, (x, w) in enumerate(zip(x, widths, strict=True)))
            for x in lines]  # fmt: skip
    text.insert(1, "  ".join("-" * w for w in widths))
    title = f"{first.surface.name}: {first.surface.formula}; {first.surface.note}".rstrip(":; ")
    return "\n".join([title, "", *(line.rstrip() for line in text)])


def outcome(path: Trace) -> str:
    """In a few words: diverged, left the view, or nothing to say."""
    left = path.left_view
    at = "" if left is None else f"left the view at step {left}"
    if path.diverged:
        return "diverged" + (f": {at}" if at else "") + (f"; {path.stopped}" if path.stopped else "")
    return at


def rates_text(traces: Sequence[Trace]) -> str:
    """How the rates were chosen, in a sentence or two."""
    tried = [x for x in traces if x.grid]
    if not tried:
        return ""
    rates = sorted(tried[0].grid)
    steps = len(tried[0].points) - 1
    edge = [f"{x.optimizer} ({x.lr:g})" for x in tried if x.lr in (rates[0], rates[-1])]
    return (
        f"Rates: for each optimizer the one of {len(rates)} from {rates[0]:g} to {rates[-1]:g}, the same for all, "
        f"whose path stays in the view and ends lowest (mean loss of the last tenth of {_count(steps, 'step')})."
        + (f" On the edge of the grid, so that a better one may lie outside: {', '.join(edge)}." if edge else "")
    )


def csv_text(traces: Sequence[Trace]) -> str:
    """One row for each step of each path: point, loss, gradient, and the optimizer's arrays and numbers."""
    axes = "xy"[: len(traces[0].surface.start)]
    rows = []
    for path in traces:
        for k, (point, loss, gradient) in enumerate(zip(path.points, path.losses, path.gradients, strict=True)):
            row = {"optimizer": path.optimizer, "rate": path.lr, "step": k}
            row |= dict(zip(axes, point.tolist(), strict=True)) | {"loss": float(loss)}
            row |= {f"gradient_{a}": g for a, g in zip(axes, gradient.tolist(), strict=True)}
            for name, x in path.states[k].items():
                if np.shape(x) == point.shape:
                    row |= {f"{name}_{a}": float(v) for a, v in zip(axes, x, strict=True)}
                elif np.ndim(x) == 0 and name not in ("t", "base_t", "seed"):
                    row[name] = float(x)
            rows.append(row)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(k for row in rows for k in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def point_text(point: Any) -> str:
    """(-5, 2), with six digits."""
    return "(" + ", ".join(f"{x:.6g}" for x in point) + ")"


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"


def save(traces: Sequence[Trace], out: str | Path, *, gif: bool = False, html: bool = False) -> list[Path]:
    """Write landscape.png and trace.csv into a folder, and on request landscape.gif and states.html; their paths."""
    from .landscape_figures import animation, picture
    from .report import _write, prepare

    folder = Path(out)
    prepare(folder)
    contents = {"trace.csv": csv_text(traces).encode(), "landscape.png": picture(traces)}
    if gif:
        contents["landscape.gif"] = animation(traces)
    if html:
        contents["states.html"] = states_html(*pair(traces)).encode()
    for name, content in contents.items():
        _write(folder / name, content)
    return [folder / name for name in contents]


def pair(traces: Sequence[Trace]) -> tuple[Trace, Trace]:
    """The two whose states are the most to look at: those with a momentum first; ValueError for fewer than two."""
    from .landscape_html import parts

    if len(traces) < 2:
        raise ValueError("states side by side need two optimizers")
    order = sorted(range(len(traces)), key=lambda i: ("momentum" not in parts(traces[i]), i))[:2]
    first, second = sorted(order)
    return traces[first], traces[second]


def states_html(left: Trace, right: Trace) -> str:
    """A page that works offline: a slider through the steps of two paths, with the state of each optimizer."""
    from .landscape_html import page

    return page(left, right)
