"""The formula of every optimizer of a study, from its docstring; no file of one's own is run for that."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple

from .. import optim
from ..optim.catalogue import Row, catalogue, rule_of, source_of
from .candidate import heads


class Card(NamedTuple):
    """What is known of a class. rule: its formulas, one in a line; more: defaults, state, what a step costs."""

    name: str
    rule: list[str]
    source: str
    more: str


def cards(written: str) -> list[Card]:
    """Of an optimizer as it is written, "SAM(SGD, rho=0.1)": a card for each class, from the outside in."""
    return [_card(head) for head in heads(written)]


def _card(head: str) -> Card:
    path, _, name = head.rpartition(":")
    if path:
        doc = _docstring(Path(path), name)
        if doc is None:
            return Card(name, [], "", f"its formula is in {path}, which is not here")
        stand_in = type(name, (), {"__doc__": doc})
        return Card(name, _lines(rule_of(stand_in)), source_of(stand_in), f"from {path}")
    try:
        row = catalogue([optim.get(head)])[0]
    except ValueError:  # of another version of minidl
        return Card(head, [], "", "not known to this minidl")
    return Card(head, _lines(row.rule), row.source, _more(row))


def _lines(rule: str) -> list[str]:
    return [line.strip() for line in rule.replace("  with  ", ";  with  ").split(";  ")]


def _more(row: Row) -> str:
    state = row.state.removeprefix("+") + " besides those of what it wraps" * row.state.startswith("+")
    return f"Defaults: {row.defaults}. Floats of state per parameter: {state}. Gradients per step: {row.gradients}."


def _docstring(path: Path, name: str) -> str | None:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name]
    return (ast.get_docstring(found[-1]) or "") if found else None
