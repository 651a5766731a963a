"""The panels of a study as plotly draws them in a browser: plain dicts, which the page turns into plots."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .look import colour, dashes, pale
from .panels import DEFAULT, DIVERGED, MEAN, WINNER, Panel, Row

_MARKS: dict[str, dict[str, Any]] = {
    WINNER: {"symbol": "star", "size": 14, "line": {"color": "black", "width": 0.8}},
    DIVERGED: {"symbol": "x-thin", "size": 9, "line": {"width": 2.5}},
    DEFAULT: {"symbol": "circle", "size": 10, "line": {"width": 2.5}},
    MEAN: {"symbol": "diamond", "size": 11, "line": {"color": "black", "width": 0.8}},
}
_SYMBOLS = {WINNER: "\N{BLACK STAR}", DIVERGED: "\N{MULTIPLICATION SIGN}", DEFAULT: "\N{WHITE CIRCLE}",
            MEAN: "\N{BLACK DIAMOND}"}  # fmt: skip
_GREY = "#666666"


def plot(p: Panel) -> dict[str, Any]:
    """{"data": traces, "layout": layout}; meta of a trace is the label of the optimizer that it belongs to."""
    data = [trace for line in p.lines for trace in _line(p, line)] if not p.rows else []
    for row in p.rows:
        data += _row(p, row)
    x, y = (_axis(p, k) for k in "xy")
    layout: dict[str, Any] = {
        "title": {"text": p.title, "font": {"size": 15}, "x": 0, "xanchor": "left", "y": 1, "yanchor": "top",
                  "yref": "container", "pad": {"t": 8, "l": 8}},
        "xaxis": x, "yaxis": y, "margin": {"t": 54 if p.legend else 34, "r": 12, "b": 44, "l": 62}, "height": 360,
        "showlegend": False, "hovermode": "closest", "barmode": "overlay", "bargap": 0.35,
        "annotations": [_beside(row.label, "  " + row.text, name=row.label) for row in p.rows if row.text],
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 12.5, "color": "#222"},
    }  # fmt: skip
    if p.rows:
        labels = [row.label for row in p.rows]
        layout["yaxis"] = {"type": "category", "categoryorder": "array", "categoryarray": labels[::-1],
                           "automargin": True, "fixedrange": True, "range": [-0.6, len(labels) - 0.4]}  # fmt: skip
        longest = max(len(row.text) for row in p.rows)
        layout["margin"] |= {"l": 20, "r": 16 + 7 * longest}
        layout["height"] = 58 + layout["margin"]["t"] + 30 * len(labels)
    if p.legend:  # plotly's own legend breaks lines or narrows the plot on a telephone
        kinds = "    ".join(f"{_SYMBOLS[kind]} {text}" for kind, text in p.legend.items())
        layout["annotations"].append(_beside(1, kinds, yref="paper", xanchor="right", yanchor="bottom"))
    if p.target is not None:
        shown = f"{100 * p.target:.3g} %" if "y" in p.percent else f"{p.target:g}"
        at = math.log10(p.target) if "y" in p.log else p.target
        layout["margin"]["r"] = 12 + 7 * max(len(shown), len("target"))
        layout["shapes"] = [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": p.target, "y1": p.target,
                             "line": {"color": "#888", "width": 1, "dash": "dot"}}]  # fmt: skip
        layout["annotations"].append(_beside(at, f" target<br> {shown}", font={"size": 11, "color": _GREY}))
    return {"data": data, "layout": layout}


def _beside(y: str | float, text: str, **more: Any) -> dict[str, Any]:
    """Words beside the axes; report.js hides those whose name is that of a hidden optimizer."""
    at = {"xref": "paper", "x": 1, "xanchor": "left", "y": y}
    return {**at, "text": text, "align": "left", "showarrow": False, **more}


def _trace(kind: str, **settings: Any) -> dict[str, Any]:
    return {"type": kind, **settings}


def _axis(p: Panel, k: str) -> dict[str, Any]:
    log, (low, high) = k in p.log, p.x_range if k == "x" else p.y_range
    out: dict[str, Any] = {
        "title": {"text": p.x if k == "x" else p.y, "standoff": 6}, "type": "log" if log else "linear",
        "range": [math.log10(v) if log else v for v in (low, high)], "gridcolor": "#e8e8e8", "zeroline": False,
        "linecolor": "#999", "showline": True, "ticks": "outside", "ticklen": 4, "automargin": True,
    }  # fmt: skip
    if log:
        decades = _decades(low, high)
        out |= decades if high / low > 30 and len(decades["tickvals"]) > 1 else _digits(low, high)
    if k in p.percent:
        out["tickformat"] = "~%"
    return out


def _decades(low: float, high: float) -> dict[str, Any]:
    """Ticks at powers of ten, not more than six."""
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    powers = [k for k in range(first, last + 1) if k % (1 + (last - first) // 6) == 0]
    texts = [f"{10.0**k:g}" if -2 <= k <= 2 else f"10<sup>{k}</sup>" for k in powers]
    return {"tickvals": [10.0**k for k in powers], "ticktext": texts, "tickangle": 0}


def _digits(low: float, high: float) -> dict[str, Any]:
    """Ticks of a short axis: at 1, 2 and 5 times the powers of ten, or where these are too few at more numbers.

    plotly's own ones say "4" where 0.4 is meant.
    """
    for digits in ((1, 2, 5), range(1, 10), [x / 2 for x in range(2, 20)], [x / 10 for x in range(10, 100)]):
        first, last = math.floor(math.log10(low)), math.floor(math.log10(high))
        values = [float(f"{x * 10.0**k:.2g}") for k in range(first, last + 1) for x in digits]
        shown = [x for x in values if low <= x <= high]
        if len(shown) > 2:
            break
    return {"tickvals": shown, "ticktext": [f"{x:g}" for x in shown], "tickangle": 0}


def _line(p: Panel, line: Any) -> list[dict[str, Any]]:
    """The band, the line and its marks."""
    of = {"meta": line.label}
    out = []
    if line.low is not None:
        x, high, low = (list(map(_short, v)) for v in (line.x, line.high, line.low))
        out.append(_trace("scatter", x=x + x[::-1], y=high + low[::-1], mode="lines", fill="toself", hoverinfo="skip",
                          fillcolor=pale(line.i, 0.12), line={"width": 0}, **of))  # fmt: skip
    pattern = dashes(line.i)
    points = not line.joined or p.x == "learning rate"
    value = "%{y:.2~%}" if "y" in p.percent else "%{y:.4~g}"
    out.append(_trace(
        "scatter", x=list(map(_short, line.x)), y=list(map(_short, line.y)), name=line.label,
        mode="+".join(["lines"] * line.joined + ["markers"] * points), marker={"size": 5, "color": colour(line.i)},
        line={"color": colour(line.i), "width": 2, "shape": "hv" if line.stairs else "linear",
              "dash": ",".join(f"{2 * v:g}px" for v in pattern) if pattern else "solid"},
        hovertemplate=f"%{{x:.4~g}}: {value}", **of,
    ))  # fmt: skip
    for m in line.marks:
        out.append(_trace(
            "scatter", x=[_short(m.x)], y=[_short(m.y)], mode="markers", marker=_mark(m.kind, colour(line.i)),
            name=line.label, hovertemplate=f"{p.legend.get(m.kind, m.kind)} %{{x:.4~g}}", cliponaxis=False, **of,
        ))  # fmt: skip
    return out


def _mark(kind: str, shade: str) -> dict[str, Any]:
    mark = {**_MARKS[kind], "color": shade}
    if kind in (DIVERGED, DEFAULT):
        mark["line"] = {**mark["line"], "color": shade}
    if kind == DEFAULT:
        mark["color"] = "white"
    return mark


def _row(p: Panel, r: Row) -> list[dict[str, Any]]:
    of = {"meta": r.label, "name": r.label}
    value = "%{x:.2~%}" if "x" in p.percent else "%{x:.4~g}"
    out = []
    if r.span:
        out.append(_trace("scatter", x=list(map(_short, r.span)), y=[r.label] * 2, mode="lines",
                          line={"color": "#bbb", "width": 1.5}, hoverinfo="skip", **of))  # fmt: skip
    if r.bar:
        low, high = r.bar
        shade = {"color": "white", "line": {"color": "#999", "width": 1},
                 "pattern": {"shape": "/", "fgcolor": "#aaa", "size": 7}}  # fmt: skip
        marker = shade if r.missed else {"color": pale(r.i, 0.55)}
        hover = r.text if r.missed else f"{low:.4g} to {high:.4g}" if low else f"{high:.4g}"
        # on a log axis a base is in units of the axis, and the length is added to it
        out.append(_trace("bar", orientation="h", x=[_short(high - low)], base=[_short(low)], y=[r.label],
                          width=0.62 if low == 0 else 0.36, marker=marker, hovertemplate=hover, **of))  # fmt: skip
    if len(r.points):
        out.append(_trace("scatter", x=list(map(_short, r.points)), y=[r.label] * len(r.points), mode="markers",
                          marker={"size": 7, "color": pale(r.i, 0.8)}, hovertemplate=value, **of))  # fmt: skip
    for kind, x in r.marks.items():
        out.append(_trace("scatter", x=[_short(x)], y=[r.label], mode="markers", marker=_mark(kind, colour(r.i)),
                          hovertemplate=f"{p.legend.get(kind, kind)}: {value}", **of))  # fmt: skip
    return out


def _short(x: Any) -> float | None:
    """Five digits are enough for a picture; nothing is drawn of what is not there."""
    x = float(x)
    return float(f"{x:.5g}") if np.isfinite(x) else None
