"""Paths on a surface as a picture (PNG) and as a moving one (GIF)."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from .landscape import NEAR, Trace, outcome, point_text
from .look import COLOURS, colour, dashes
from .surfaces import Surface

MARKERS = "osD^vP*X"
SHADES = ("#fffdf5", "#eef0f2", "#c9ced6")  # of the surface, from low to high
_MINIMUM = "#F0E442"

FRAMES = 60  # of a GIF, at most


def look(i: int) -> dict[str, Any]:
    """Colour, line style and marker of the path number i."""
    return {"color": colour(i), "linestyle": (0, dashes(i)), "marker": MARKERS[i % len(MARKERS)]}


def picture(traces: Sequence[Trace]) -> bytes:
    """The PNG: the surface with the paths, and beside it the loss against steps (of a curve: x against steps)."""
    figure, (left, right) = _figure((12.5, 5.4), [1.25, 1])
    draw(left, traces)
    _beside(right, traces)
    figure.legend(*_legend(traces), loc="outside lower center", ncols=min(5, len(traces)), fontsize=8.5, frameon=False,
                  handlelength=3.5)  # fmt: skip
    figure.suptitle(_title(traces), fontsize=11)
    return _png(figure)


def draw(axes: Any, traces: Sequence[Trace], first: int = 0) -> None:
    """The surface of the first path with all of them; path number i looks like number first + i."""
    _surface(axes, traces[0].surface)
    for i, path in enumerate(traces, first):
        shown = visible(path)
        heights = _heights(path, shown, i - first)
        every = max(1, len(shown) // 40)
        size = 3.5 if len(shown) <= 60 else 2.5
        axes.plot(shown[:, 0], heights, **look(i), linewidth=1.5, markersize=size, markevery=every, zorder=4 + i)
        _end(axes, path, shown, heights, i)
    _start(axes, traces[0].surface)


def _figure(size: tuple[float, float], widths: Sequence[float], dpi: int = 120) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained", dpi=dpi)
    FigureCanvasAgg(figure)
    return figure, figure.subplots(1, len(widths), width_ratios=widths, squeeze=False)[0]


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _title(traces: Sequence[Trace]) -> str:
    where, steps = traces[0].surface, max(len(x.points) for x in traces) - 1
    noise = f", noise {traces[0].noise:g} on the gradient" if traces[0].noise else ""
    return f"{_heading(where)}, {steps} steps from {point_text(where.start)}{noise}"


def _heading(where: Surface) -> str:
    return f"{where.name}: f = {formula(where)}" if where.formula else where.name


def formula(where: Surface) -> str:
    """The formula with its exponents raised."""
    return re.sub(r"\^([234])", lambda found: " \u00b2\u00b3\u2074"[int(found[1]) - 1], where.formula)


def grid(where: Surface, points: int = 241) -> tuple[np.ndarray, ...]:
    """x, y and f on a grid over the view; of a curve x and f."""
    axes = [np.linspace(low, high, points) for low, high in where.view]
    if len(axes) == 1:
        return axes[0], where.values(axes[0][:, None])
    return *axes, where.values(np.stack(np.meshgrid(*axes), axis=-1))


def levels(where: Surface, z: np.ndarray, count: int = 14) -> np.ndarray:
    """Heights of the contour lines: evenly spaced in the log above the minimum; evenly where there is none."""
    z = z[np.isfinite(z)]
    if not where.minima:
        return np.linspace(z.min(), z.max(), count + 1)
    above = z - where.lowest
    lowest = max(np.quantile(above, 0.004), above.max() * 1e-5)
    return where.lowest + np.geomspace(lowest, above.max(), count)


def _surface(axes: Any, where: Surface) -> None:
    """The contour lines, or the curve, with its minima."""
    (low, high), *rest = where.view
    axes.set(xlim=(low, high), xlabel="x")
    if not rest:
        x, f = grid(where)
        axes.plot(x, f, color="0.35", linewidth=1.5, zorder=1)
        axes.set(ylim=(f.min() - 0.15 * np.ptp(f), f.max() + 0.35 * np.ptp(f)), ylabel="f(x); the paths are raised")
        for point in where.minima:
            axes.axvline(point[0], color="0.75", linewidth=0.8, zorder=0)
    else:
        x, y, z = grid(where)
        heights = levels(where, z)
        if where.minima:
            heights = np.concatenate([[where.lowest - 1e-9 * (1 + abs(where.lowest))], heights])
        axes.contourf(x, y, z, heights, colors=_shades(len(heights) - 1))
        axes.contour(x, y, z, heights[1:], colors="#8a93a0", linewidths=0.5, linestyles="solid", zorder=2)
        axes.set(ylim=rest[0], ylabel="y")
        for point in where.minima:
            axes.plot(*point, marker="*", markersize=20, color=_MINIMUM, markeredgecolor="black", zorder=3)
    axes.tick_params(labelsize=8)


def _shades(count: int) -> list[Any]:
    """Colours for the heights from the lowest to the highest: light, so that the paths stand out."""
    from matplotlib.colors import LinearSegmentedColormap

    shades = LinearSegmentedColormap.from_list("heights", SHADES)
    return [shades(k / max(1, count - 1)) for k in range(count)]


def _start(axes: Any, where: Surface) -> None:
    at = where.start if len(where.start) == 2 else (where.start[0], float(where.values(where.start)))
    axes.plot(*at, marker="o", markersize=8, color="white", markeredgecolor="black", markeredgewidth=1.5, zorder=30)
    axes.annotate("start", at, xytext=(0, 9) if len(where.start) == 2 else (-24, -16), ha="center", fontsize=9,
                  textcoords="offset points", zorder=31,
                  bbox={"boxstyle": "round,pad=0.1", "color": "white", "alpha": 0.75})  # fmt: skip


def visible(path: Trace) -> np.ndarray:
    """The points to draw: all, or up to where the path leaves the view and does not come back, cut at the border."""
    points, last = path.points, path.left_view
    if last is None:
        return points
    shown = points[: last + 1].copy()
    low, high = np.array(path.surface.view).T
    before, step = shown[-2], shown[-1] - shown[-2]
    with np.errstate(all="ignore"):
        reach = np.where(step > 0, (high - before) / step, np.where(step < 0, (low - before) / step, np.inf))
    shown[-1] = before + min(1.0, float(reach.min())) * step
    return shown


def _heights(path: Trace, shown: np.ndarray, i: int) -> np.ndarray:
    """The second coordinate; on a curve its height, each path a little above the one before."""
    if shown.shape[1] == 2:
        return shown[:, 1]
    return path.surface.values(shown) + 0.11 * (i + 1) * np.ptp(grid(path.surface, 101)[1]) / 2


def _end(axes: Any, path: Trace, shown: np.ndarray, heights: np.ndarray, i: int) -> None:
    out = path.left_view is not None
    axes.plot(
        shown[-1, 0], heights[-1], marker="X" if out else look(i)["marker"], markersize=10 if out else 7,
        color=colour(i), markeredgecolor="black", zorder=20 + i, clip_on=False,
    )  # fmt: skip


def _beside(axes: Any, traces: Sequence[Trace]) -> None:
    """The loss above the minimum on a log scale; without a minimum as it is; on a curve x in its place."""
    where = traces[0].surface
    curve, steps = len(where.start) == 1, max(len(x.points) for x in traces)
    for i, path in enumerate(traces):
        y = path.points[:, 0] if curve else path.losses - (where.lowest if where.minima else 0.0)
        if where.minima and not curve:
            y = np.maximum(y, 1e-16)
        axes.plot(y, **look(i), linewidth=1.5, markersize=4.5, markevery=(i, max(1, steps // 12)), zorder=3 + i)
    axes.set(xlabel="step", xlim=(-0.02 * steps, 1.02 * steps))
    axes.xaxis.get_major_locator().set_params(integer=True)
    first = traces[0].losses[0]
    if curve:
        low, high = where.view[0]
        ends = [float(x) for path in traces for x in (path.points.min(), path.points.max())]
        if where.minima:  # the one that each path ended nearest to
            minima = np.array(where.minima)[:, 0]
            ends += [float(minima[np.argmin(np.abs(minima - path.points[-1, 0]))]) for path in traces]
        axes.set(ylabel="x", ylim=(max(low, min(ends) - 0.3), min(high, max(ends) + 0.3)), title="where the ball is")
        bottom, top = axes.get_ylim()
        for point in [point for point in where.minima if bottom < point[0] < top]:
            axes.axhline(point[0], color="0.6", linewidth=0.8)
            axes.annotate("minimum", (1, point[0]), xycoords=("axes fraction", "data"), xytext=(-2, 3), ha="right",
                          textcoords="offset points", fontsize=8, color="dimgrey", zorder=40,
                          bbox={"boxstyle": "round,pad=0.1", "color": "white", "alpha": 0.75})  # fmt: skip
    elif where.minima:
        top, lowest = first - where.lowest, min(float((x.losses - where.lowest).min()) for x in traces)
        axes.set(yscale="log", ylabel="f above its minimum", title="loss")
        highest = max(float(np.max(x.losses[x.inside], initial=first)) - where.lowest for x in traces)
        # a curve that leaves the picture at the top diverges
        axes.set_ylim(max(lowest, 1e-10 * top, 1e-16) / 2, max(2 * highest, 1e-15))
    else:
        axes.set(ylabel="f", ylim=(1.5 * float(grid(where)[-1].min()), first + 0.2 * abs(first)), title="loss")
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    axes.set_title(axes.get_title(), fontsize=10)


def _legend(traces: Sequence[Trace]) -> tuple[list[Any], list[str]]:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], **look(i), linewidth=1.8, markersize=6) for i in range(len(traces))]
    return handles, [f"{x.label}\n{_result(x)}" for x in traces]


def _result(path: Trace) -> str:
    reached = path.steps_to()
    if np.isfinite(reached):
        return f"within {NEAR:g} from step {reached:g} on"
    return outcome(path).replace(": left", ",\nleft") or f"ends at f = {path.losses[-1]:.3g}"


# -- moving


def animation(traces: Sequence[Trace]) -> bytes:
    """The GIF: in each frame every optimizer after the same number of steps."""
    from PIL import Image

    figure, (axes,) = _figure((6.4, 5.4), [1], dpi=80)
    where = traces[0].surface
    _surface(axes, where)
    _start(axes, where)
    shown = [visible(path) for path in traces]
    heights = [_heights(path, points, i) for i, (path, points) in enumerate(zip(traces, shown, strict=True))]
    lines = [axes.plot([], [], **look(i) | {"marker": None}, linewidth=1.5, zorder=4)[0] for i in range(len(traces))]
    heads = [axes.plot([], [], **look(i), markersize=9, markeredgecolor="black", zorder=40 + i, clip_on=False)[0]
             for i in range(len(traces))]  # fmt: skip
    figure.legend(_legend(traces)[0], [path.label for path in traces], loc="outside lower center", ncols=2, fontsize=8,
                  frameon=False, handlelength=3)  # fmt: skip
    axes.set_title(_heading(where), fontsize=9)
    counter = axes.text(0.985, 0.965, "", transform=axes.transAxes, ha="right", va="top", fontsize=10, zorder=50,
                        bbox={"boxstyle": "round,pad=0.25", "color": "white", "alpha": 0.85})  # fmt: skip
    moving = [*lines, *heads, counter]
    for artist in moving:
        artist.set(animated=True, in_layout=False)
    canvas = figure.canvas
    canvas.draw()  # once all that stands still; in each frame only what moves is drawn onto it
    still = canvas.copy_from_bbox(figure.bbox)
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    last = max(len(path.points) for path in traces) - 1
    steps = dict.fromkeys(np.linspace(0, last, min(FRAMES, last + 1)).round().astype(int).tolist())
    frames = []
    for step in steps:
        for line, head, points, height in zip(lines, heads, shown, heights, strict=True):
            k = min(step, len(points) - 1)
            line.set_data(points[: k + 1, 0], height[: k + 1])
            # one that is outside, and will come back, waits at the border
            head.set_data([np.clip(points[k, 0], west, east)], [np.clip(height[k], south, north)])
        counter.set_text(f"step {step}")
        canvas.restore_region(still)
        for artist in moving:
            figure.draw_artist(artist)
        frames.append(Image.fromarray(np.array(canvas.buffer_rgba())).convert("RGB"))
    colours = Image.new("P", (1, 1))
    colours.putpalette(_palette(len(traces)))
    first, *rest = [frame.quantize(palette=colours, dither=Image.Dither.NONE) for frame in frames]
    buffer = io.BytesIO()
    durations = [100] * len(rest) + [1500]  # milliseconds
    first.save(buffer, "GIF", save_all=True, append_images=rest, duration=durations, loop=0, optimize=False)
    return buffer.getvalue()


def _palette(paths: int) -> list[int]:
    """The colours of the GIF, one palette for all frames: a part that stands still then costs nothing.

    Greys, the shades of the surface, and the colour of each path, pure and half mixed with what it is drawn on.
    """
    from matplotlib.colors import to_rgb

    greys = [(k / 23,) * 3 for k in range(24)]
    shades = [shade[:3] for shade in _shades(16)]
    lines = [np.array(to_rgb(look(i)["color"])) for i in range(min(paths, len(COLOURS)))]
    star = np.array(to_rgb(_MINIMUM))
    mixed = [a * c + (1 - a) * np.array(ground) for c in (*lines, star) for a, ground in _MIXES]
    return [round(255 * float(v)) for colour in (*greys, *shades, *mixed) for v in colour]


_MIXES = ((1.0, (0, 0, 0)), (0.5, (0, 0, 0)), (0.7, (0.92, 0.93, 0.94)), (0.35, (0.92, 0.93, 0.94)))
