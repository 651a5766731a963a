"""The state of two optimizers side by side: a page with a slider through the steps of their paths on a surface."""

from __future__ import annotations

import html
from typing import Any

import numpy as np

from ..optim.catalogue import made
from ..tensor import Tensor
from .landscape import Trace, outcome, point_text
from .landscape_figures import SHADES, formula, grid, levels
from .surfaces import Surface

FRAMES = 200  # at most: of a longer path every n-th step is shown

_GRADIENT, _MOMENTUM, _SECOND, _PATH = "#56B4E9", "#D55E00", "#009E73", "#333333"
_AXES = ("#4477AA", "#CCBB44")  # the bars of x and of y
_DECADES = 6  # that the bars show


def parts(path: Trace) -> dict[str, str]:
    """Which array of an optimizer's state is its momentum and which its second moment: role -> name.

    Found out by trying: two steps on a slope, and the same on a slope twice as steep. What doubles and has the sign of
    the slope is a momentum (unless it is just the last gradient); what grows four times is a second moment; what
    doubles and has no sign is the root of one. So it works for one's own rule too.
    """
    try:
        once, twice = (_after_two_steps(path, scale) for scale in (1.0, 2.0))
    except Exception:  # a rule that does not work on a slope: there is nothing to say of its state
        return {}
    found: dict[str, str] = {}
    for name, x in once.items():
        y: Any = twice.get(name)
        if np.shape(x) != (2,) or np.shape(y) != (2,) or not np.all(x):
            continue
        for role, fits in (
            ("momentum", np.allclose(y, 2 * x, rtol=1e-3) and list(np.sign(x)) == list(np.sign(_SLOPES[0]))
             and not np.allclose(x, _SLOPES[1])),
            ("second moment", np.allclose(y, 4 * x, rtol=1e-3) and np.all(x > 0)),
            ("root", np.allclose(y, 2 * x, rtol=1e-3) and np.all(x > 0)),
        ):  # fmt: skip
            if fits and role not in found:
                found[role] = name
    return found


_SLOPES = np.array([[-3.0, 2.0], [-0.5, 0.4]])


def _after_two_steps(path: Trace, scale: float) -> dict[str, Any]:
    w = Tensor(np.array([0.7, -0.6]), requires_grad=True)
    given = {} if path.lr is None else {"lr": path.lr}
    rule = made(path.cls, [w], **path.settings, **given)
    for slope in _SLOPES:

        def closure(slope: Any = slope) -> Tensor:
            rule.zero_grad()
            loss = (w * (scale * slope)).sum()
            if rule.closure != "loss":
                loss.backward()
            return loss

        if rule.closure:
            rule.step(closure)
        else:
            closure()
            rule.step()
    return next(iter(rule.state_dict()["state"].values()))


def page(left: Trace, right: Trace) -> str:
    """The page as one string; ImportError where plotly is missing."""
    try:
        from plotly.offline import plot
        from plotly.subplots import make_subplots
    except ImportError:
        raise ImportError("the page of states needs plotly, which is not installed: pip install plotly") from None
    where = left.surface
    if right.surface.name != where.name:
        raise ValueError(f"both paths must be on one surface, got {where.name} and {right.surface.name}")
    sides = [_Side(path) for path in (left, right)]
    figure = make_subplots(
        rows=2, cols=2, row_heights=[0.68, 0.32], vertical_spacing=0.11, horizontal_spacing=0.07,
        subplot_titles=[html.escape(path.label) for path in (left, right)],
    )  # fmt: skip
    still = _still(where)
    for column in (1, 2):
        for trace in still:
            figure.add_trace(trace, row=1, col=column)
    moving: list[int] = []
    for column, side in enumerate(sides, 1):
        for row, trace in side.at(0, legend=column == 1):
            figure.add_trace(trace, row=row, col=column)
            moving.append(len(figure.data) - 1)
    last = max(len(left.points), len(right.points)) - 1
    steps = list(dict.fromkeys(np.linspace(0, last, min(FRAMES, last + 1)).round().astype(int).tolist()))
    _lay_out(figure, where, sides, steps)
    whole = figure.to_dict()  # plain from here on: checking each of thousands of traces takes seconds
    whole["frames"] = [
        {"name": str(k), "traces": moving, "data": [x for i, side in enumerate(sides) for _, x in side.at(k, i == 0)]}
        for k in steps
    ]
    body = plot(whole, output_type="div", include_plotlyjs=True, auto_play=False, validate=False)
    text = f"f = {formula(where) or where.name}, from {point_text(where.start)}: {where.note}"
    return _PAGE.format(
        title=html.escape(f"{where.name}: {left.optimizer} and {right.optimizer}"),
        text=html.escape(text.rstrip(": ")),
        legend="".join(f"<li>{html.escape(side.sentence())}</li>" for side in sides), body=body,
    )  # fmt: skip


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body {{ font-family: sans-serif; max-width: 1250px; margin: 1em auto; padding: 0 1em; color: #222 }}
h1 {{ font-size: 1.3em; margin-bottom: 0 }} p, li {{ font-size: 0.9em; margin: 0.3em 0 }}</style></head>
<body><h1>{title}</h1><p>{text}</p><ul>{legend}</ul>
<p>Drag the slider, or press Play. Arrows show where the gradient and the momentum push (their length grows with the
square root of their size). The ellipse has the roots of the second moment as half axes: the longer it is along an
axis, the more the steps along that axis are shortened. The bars show the sizes themselves, on a log scale.</p>
{body}
<script>addEventListener("unhandledrejection", event => {{  // plotly rejects, without a reason, what Pause breaks off
  if (event.reason === undefined) event.preventDefault(); }});</script></body></html>
"""


class _Side:
    """One path: what is drawn of it after k steps."""

    def __init__(self, path: Trace) -> None:
        self.path = path
        found = parts(path)
        self.momentum = found.get("momentum")
        self.second = found.get("second moment") or found.get("root")
        self.rooted = "second moment" in found
        self.ends = path.surface.view
        self.reach = np.array([high - low for low, high in self.ends])
        far = np.abs(path.points).max(axis=1) > 1e6 + np.abs(path.points[0]).max()  # more than a browser can draw
        self.shown = path.points[: int(np.argmax(far))] if far.any() else path.points
        self.vectors = {"gradient": path.gradients, "momentum": self._array(self.momentum)}
        self.longest = max(float(np.nanmax(np.linalg.norm(x, axis=1), initial=0)) for x in self.vectors.values()) or 1.0
        second = self._array(self.second)
        self.roots = np.sqrt(second) if self.rooted else second
        self.widest = float(np.nanmax(self.roots, initial=0)) or 1.0
        self.moves = np.abs(np.diff(path.points, axis=0, prepend=np.full((1, path.points.shape[1]), np.nan)))

    def _array(self, name: str | None) -> np.ndarray:
        """A state array after each step, NaN before the first and where the optimizer has none."""
        nothing = np.full(self.path.points.shape[1], np.nan)
        rows = [np.asarray(s.get(name, nothing) if name else nothing, dtype=float) for s in self.path.states]
        return np.array(rows)

    def sentence(self) -> str:
        names = [f"momentum: {self.momentum}" if self.momentum else "no momentum",
                 f"second moment: {self.second}" if self.second else "no second moment"]  # fmt: skip
        end = outcome(self.path) or f"ends at f = {self.path.losses[-1]:.3g}"
        return f"{self.path.label}: {', '.join(names)}; {end}"

    def at(self, step: int, legend: bool = False) -> list[tuple[int, Any]]:
        """The traces after that many steps with the row that they belong to; always the same ones in the same order."""
        k = min(step, len(self.shown) - 1)
        x, y = self._drawn(self.shown[: k + 1])
        at = self.shown[k]
        mode = "lines+markers" if len(at) == 2 else "markers"
        out = [
            (1, _drawing("scatter", x=x, y=y, mode=mode, line={"color": _PATH, "width": 1.5}, name="path",
                         marker={"size": 3.5}, showlegend=legend, legendgroup="path")),
            (1, _drawing("scatter", x=x[-1:], y=y[-1:], mode="markers", name="position", hovertext=f"step {k}",
                         marker={"size": 13, "color": "#F0E442", "line": {"color": "black", "width": 1.5}},
                         showlegend=False)),
            (1, self._ellipse(k, at, legend)),
        ]  # fmt: skip
        for name, colour, width in (("gradient", _GRADIENT, 2.5), ("momentum", _MOMENTUM, 4)):
            out.append((1, self._arrow(name, colour, width, k, at, legend)))
        rows = {
            "gradient": self.vectors["gradient"][k],
            f"momentum {self.momentum}" if self.momentum else "no momentum": self.vectors["momentum"][k],
            (f"root of {self.second}" if self.rooted else self.second) or "no second moment": self.roots[k],
            "last step": self.moves[k],
        }
        for i, axis in enumerate("xy"[: len(at)]):
            sizes = [_short(abs(v[i])) for v in rows.values()]
            bars = _drawing("bar", x=list(rows), y=sizes, name=f"along {axis}", marker={"color": _AXES[i]},
                            showlegend=legend, legendgroup=axis, hovertemplate="%{x}: %{y:.4g}")  # fmt: skip
            out.append((2, bars))
        return out

    def _drawn(self, points: np.ndarray) -> tuple[list[float | None], list[float | None]]:
        """Points as lists of x and y; on a curve y is its height."""
        y = points[:, 1] if points.shape[1] == 2 else self.path.surface.values(points)
        return [_short(v) for v in points[:, 0]], [_short(v) for v in y]

    def _arrow(self, name: str, colour: str, width: float, k: int, at: np.ndarray, legend: bool) -> Any:
        v = -self.vectors[name][k]
        length = float(np.linalg.norm(v))
        tip = at + (0.28 * self.reach.min() * (length / self.longest) ** 0.5 / length * v if length > 0 else 0 * v)
        x, y = self._drawn(np.stack([at, tip]))
        if len(at) == 1:
            y[1] = y[0]  # along x, from where the ball is
        return _drawing(
            "scatter", x=x, y=y, mode="lines+markers", name=f"push of the {name}",
            line={"color": colour, "width": width},
            marker={"symbol": "arrow", "angleref": "previous", "size": [0, 13], "color": colour}, showlegend=legend,
            legendgroup=name, hoverinfo="skip",
        )  # fmt: skip

    def _ellipse(self, k: int, at: np.ndarray, legend: bool) -> Any:
        half = 0.16 * self.reach * self.roots[k] / self.widest
        x0, y0 = (float(v[0] or 0) for v in self._drawn(at[None]))
        angle = np.linspace(0, 2 * np.pi, 49)
        if len(at) == 2:
            x, y = x0 + half[0] * np.cos(angle), y0 + half[1] * np.sin(angle)
        else:
            x, y = x0 + half[0] * np.array([-1.0, 1.0]), np.array([y0, y0])
        return _drawing(
            "scatter", x=[_short(v) for v in x], y=[_short(v) for v in y], mode="lines",
            name="roots of the second moment",
            line={"color": _SECOND, "width": 2}, fill="toself" if len(at) == 2 else None,
            fillcolor="rgba(0, 158, 115, 0.15)", showlegend=legend, legendgroup="second", hoverinfo="skip",
        )  # fmt: skip


def _drawing(kind: str, **settings: Any) -> dict[str, Any]:
    """What plotly calls a trace, as a plain dict."""
    return {"type": kind, **settings}


def _short(x: float) -> float | None:
    """Five digits are enough for a picture; nothing is drawn of what is not there."""
    return float(f"{x:.5g}") if np.isfinite(x) else None


def _still(where: Surface) -> list[Any]:
    """The surface and its minima."""
    drawn = grid(where, 81 if len(where.view) == 2 else 241)
    if len(where.view) == 1:
        x, f = drawn
        line = {"color": "#999"}
        out = [_drawing("scatter", x=x, y=f, mode="lines", line=line, showlegend=False, hoverinfo="skip")]
        spots = [(p[0], float(where.values(p))) for p in where.minima]
    else:
        x, y, z = drawn
        heights = levels(where, z)
        shades = [[k / 2, shade] for k, shade in enumerate(SHADES)]
        out = [_drawing("contour", x=x, y=y, z=_ranks(heights, z), colorscale=shades, showscale=False,
                        contours={"start": 0, "end": len(heights), "size": 1}, hoverinfo="skip",
                        line={"width": 0.6, "color": "#8a93a0"})]  # fmt: skip
        spots = [(x, y) for x, y in where.minima]
    if spots:
        out.append(_drawing(
            "scatter", x=[p[0] for p in spots], y=[p[1] for p in spots], mode="markers", name="minimum",
            showlegend=False,
            marker={"symbol": "star", "size": 14, "color": "white", "line": {"color": "black", "width": 1}},
        ))  # fmt: skip
    return out


def _ranks(heights: np.ndarray, z: np.ndarray) -> np.ndarray:
    """z on a scale on which the contour heights are 0, 1, 2, ...: plotly draws evenly spaced lines only."""
    return np.interp(z, heights, np.arange(len(heights)), left=-1).round(3)


def _lay_out(figure: Any, where: Surface, sides: list[_Side], steps: list[int]) -> None:
    largest = max(float(np.nanmax(np.abs(x), initial=1e-300)) for side in sides
                  for x in (*side.vectors.values(), side.roots, side.moves))  # fmt: skip
    top = np.log10(largest) + 0.2
    for column in (1, 2):
        figure.update_xaxes(range=where.view[0], title="x", title_standoff=2, row=1, col=column)
        if len(where.view) == 2:
            figure.update_yaxes(range=where.view[1], title="y", title_standoff=2, row=1, col=column)
        figure.update_yaxes(type="log", range=[top - _DECADES, top], exponentformat="power", dtick=2, row=2, col=column)
    move = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}}
    play = {"fromcurrent": True, "frame": {"duration": 120, "redraw": True}, "transition": {"duration": 0}}
    figure.update_layout(
        height=780, margin={"t": 60, "b": 20, "l": 50, "r": 20}, barmode="group", template="simple_white",
        legend={"orientation": "h", "y": 1.12, "x": 0},
        sliders=[{"currentvalue": {"prefix": "step "}, "pad": {"t": 40}, "x": 0.13, "len": 0.87,
                  "steps": [{"label": str(k), "method": "animate", "args": [[str(k)], move]} for k in steps]}],
        updatemenus=[{"type": "buttons", "direction": "left", "x": 0, "y": -0.06, "xanchor": "left", "yanchor": "top",
                      "pad": {"t": 40}, "showactive": False,
                      "buttons": [{"label": "Play", "method": "animate", "args": [None, play]},
                                  {"label": "Pause", "method": "animate", "args": [[None], move]}]}],
    )  # fmt: skip
