"""report.html: everything about a study, or several, on one page that needs no network. report.js makes it move."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import findings, panels, words
from .cards import cards
from .look import colour, dashes
from .panels import UNIT_NAMES, Panel
from .plots import plot
from .table import Column, columns, overview

if TYPE_CHECKING:
    from .comparison import Comparison

TALLEST = 560  # pixels of a plot of lines

# title, panels of a unit, whether the unit matters, what the records say of them
_FIGURES: list[tuple[str, Callable[..., list[Panel]], bool, Callable[[Comparison], str]]] = [
    ("How they learn", panels.curves, True, findings.of_curves),
    ("How much the rate matters", panels.sensitivity, False, findings.of_rates),
    ("What the target costs", panels.costs, True, findings.of_costs),
    ("Where they end: the test set", panels.tested, False, words.chance),
    ("How far a step goes", panels.updates, True, findings.of_updates),
    ("What tuning costs", panels.budget, False, findings.of_budget),
]


def page(studies: dict[str, list[Comparison]]) -> str:
    """The page as one string. studies: name -> its comparisons, one for each problem; one alone may have no name."""
    try:
        from plotly.offline import get_plotlyjs
    except ImportError:
        raise ImportError("report.html needs plotly, which is not installed: pip install plotly") from None
    made = _Page({label: i for i, label in enumerate(_labels(studies))})
    problems = [{(c.problem.name, c.metric) for c in of} for of in studies.values()]
    if len(problems) > 1 and not any(problems[0] & others for others in problems[1:]):
        told = f"{', '.join(studies)}: no problem in common, so nothing is set side by side."
        made.parts.append(f'<section class="head"><p>{escape(told)}</p></section>')
    for name, comparisons in studies.items():
        if len(comparisons) > 1:
            made.profile(name, comparisons)
        for c in comparisons:
            if name == next(iter(studies)):
                for other, d in [(n, d) for n, of in studies.items() if n != name for d in of]:
                    if (d.problem.name, d.metric) == (c.problem.name, c.metric):
                        made.versus(c, d, (name, other))
            one = len(studies) == len(comparisons) == 1
            made.comparison(c, "" if one else " · ".join(filter(None, dict.fromkeys([name, c.problem.name]))))
    here = Path(__file__).parent
    body = "\n".join(made.parts)
    title = ", ".join(dict.fromkeys(c.problem.name for of in studies.values() for c in of))
    if len(studies) > 1:
        title += f": {' and '.join(studies)}"
    whole = len(made.numbers)
    data = json.dumps(made.plots, allow_nan=False, separators=(",", ":")).replace("</", "<\\/")
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><link rel="icon" href="data:,">
<style>{(here / "report.css").read_text(encoding="utf-8")}</style></head><body>
<header><h1>{escape(title)}: {words.count(whole, "optimizer")}, each at its own best learning rate</h1></header>
<noscript><p>The plots need JavaScript; the same ones are beside this page as PNG.</p></noscript>
<nav>{_switch()}{_chips(made.numbers)}</nav>
<main>{body}{_formulas(studies)}</main>
<script>{get_plotlyjs()}</script>
<script type="application/json" id="plots">{data}</script>
<script>{(here / "report.js").read_text(encoding="utf-8")}</script>
</body></html>
"""


def _labels(studies: dict[str, list[Comparison]]) -> list[str]:
    return list(dict.fromkeys(label for of in studies.values() for c in of for label in c.optimizers))


class _Page:
    """What the page is made of. numbers: of each optimizer, for its look; plots: id -> unit ("" for all) -> plot."""

    def __init__(self, numbers: dict[str, int]) -> None:
        self.numbers = numbers
        self.plots: dict[str, dict[str, Any]] = {}
        self.parts: list[str] = []

    def figure(self, title: str, make: Callable[[str], list[Panel]], by_unit: bool, text: str) -> None:
        """A section with words and the plots of the panels that `make` gives for a unit; none without both."""
        made = {unit: make(unit) for unit in (UNIT_NAMES if by_unit else ("steps",))}
        if not made["steps"] and not text:
            return
        names = [f"plot{len(self.plots) + k}" for k in range(len(made["steps"]))]
        for k, name in enumerate(names):
            self.plots[name] = {unit if by_unit else "": plot(self._numbered(of[k])) for unit, of in made.items()}
        layouts = [drawn["layout"] for name in names for drawn in self.plots[name].values()]
        for layout in layouts:  # rows have the height that they need; lines beside them stretch as far, to TALLEST
            if "categoryarray" not in layout["yaxis"]:
                layout["height"] = min(TALLEST, max(of["height"] for of in layouts))
        divs = "".join(f'<div class="plot" id="{name}"></div>' for name in names)
        wide = " one" if len(names) == 1 else ""
        head = f"<h3>{escape(title)}</h3>" + (f"<p>{escape(text)}</p>" if text else "")
        self.parts.append(f'<section>{head}<div class="plots{wide}">{divs}</div></section>')

    def _numbered(self, panel: Panel) -> Panel:
        """With the looks that the optimizers have on this page."""
        every: list[Any] = [*panel.lines, *panel.rows]
        for of in every:
            of.i = self.numbers[of.label]
        return panel

    def comparison(self, c: Comparison, title: str) -> None:
        """All about one problem."""
        points = "".join(f"<li>{escape(text)}</li>" for text in findings.headline(c))
        above = f"<h2>{escape(title)}</h2>" if title else ""
        self.parts.append(f'{above}<section class="head"><ul>{points}</ul></section>')
        for heading, make, by_unit, told in _FIGURES:
            self.figure(heading, lambda unit, make=make: make(c, unit), by_unit, told(c))  # type: ignore[misc]
        self.parts.append(f"<section><h3>All figures</h3><p>Medians over the seeds; of the test set means. A click on "
                          f"a head sorts.</p>{table(columns(c))}</section>")  # fmt: skip
        about = (words.procedure, words.warnings, words.ranks, words.untuned, words.ranges, words.spent)
        paragraphs = "".join(f"<p>{escape(text)}</p>" for f in about if (text := f(c)))
        self.parts.append(f"<section><h3>How it was done</h3>{paragraphs}</section>")

    def profile(self, name: str, comparisons: list[Comparison]) -> None:
        """All problems of a study at once."""
        self.parts.append(f"<h2>{escape(name or 'All problems')}</h2>")
        self.figure("On all problems together", lambda unit: panels.profile(comparisons, unit), True,
                    findings.of_profile(comparisons))  # fmt: skip
        self.parts.append(f"<section><h3>Test set</h3>{table(overview(comparisons))}</section>")

    def versus(self, a: Comparison, b: Comparison, names: tuple[str, str]) -> None:
        """Two studies of one problem."""
        self.parts.append(f"<h2>{escape(a.problem.name)}: {escape(names[0])} against {escape(names[1])}</h2>")
        self.figure("What differs", lambda unit: panels.versus(a, b, names, unit), True,
                    findings.of_versus(a, b, names))  # fmt: skip


def table(made: list[Column]) -> str:
    """The table, which report.js sorts."""
    head = "".join(f'<th scope="col"{_class(column)}><button type="button">{escape(column.head)}</button></th>'
                   for column in made)  # fmt: skip
    rows = []
    for cells in zip(*(zip(x.texts, x.values, strict=True) for x in made), strict=True):
        tds = "".join(f'<td{_class(column)} data-value="{escape(_sortable(value))}">{escape(text)}</td>'
                      for column, (text, value) in zip(made, cells, strict=True))  # fmt: skip
        rows.append(f"<tr>{tds}</tr>")
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def _class(column: Column) -> str:
    return ' class="name"' if column.head == "optimizer" else ""


def _sortable(value: Any) -> str:
    """As JavaScript's Number reads it, or the word itself."""
    if isinstance(value, float | int):
        return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(str(float(value)), repr(float(value)))
    return str(value)


def _switch() -> str:
    """The units of cost."""
    buttons = "".join(
        f'<button type="button" data-unit="{unit}" aria-pressed="{str(unit == "steps").lower()}" '
        f'title="costs in {name}">{unit}</button>'
        for unit, name in UNIT_NAMES.items()
    )
    return f'<div class="units" role="group" aria-label="unit of cost">{buttons}</div>'


def _chips(numbers: dict[str, int]) -> str:
    """The legend of the whole page: a click hides an optimizer or shows it again."""
    chips = []
    for label, i in numbers.items():
        pattern = " ".join(f"{2 * x:g}" for x in dashes(i) or ())
        line = f'<svg width="34" height="8"><line x1="0" y1="4" x2="34" y2="4" stroke="{colour(i)}" stroke-width="2.5"'
        line += f' stroke-dasharray="{pattern}"/></svg>'
        name = escape(label)
        chips.append(f'<button type="button" data-label="{name}" aria-pressed="true">{line}{name}</button>')
    every = "".join(f'<button type="button" id="{word}">{word}</button>' for word in ("all", "none"))
    return f'<div class="chips" role="group" aria-label="optimizers">{every}{"".join(chips)}</div>'


def _formulas(studies: dict[str, list[Comparison]]) -> str:
    """A card for every class."""
    written = dict.fromkeys(name for of in studies.values() for c in of for name in c.optimizers.values())
    shown = {card.name: card for name in written for card in cards(name)}
    made = []
    for card in shown.values():
        rule = f"<pre>{escape(chr(10).join(card.rule))}</pre>" if card.rule else ""
        source = f" <small>{escape(card.source)}</small>" if card.source else ""
        made.append(f"<article><h4>{escape(card.name)}{source}</h4>{rule}<p>{escape(card.more)}</p></article>")
    return f'<h2>The rules</h2><section class="cards">{"".join(made)}</section>'
