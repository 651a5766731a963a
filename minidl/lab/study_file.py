"""A study as a TOML file; whatever is wrong in it is told with the line it stands in.

    problems = ["mnist", {name = "fashion_mnist", epochs = 5}]
    optimizers = ["Adam", {name = "SGD", momentum = 0.9, label = "heavy ball", rates = [0.001, 0.01, 0.1]}]
    seeds = 5                # and any other setting of `Study`: seed, rates, search, trials, widen, schedule, untuned
"""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

from .candidate import candidate
from .problem import Problem
from .problems import problem
from .study import Study

_KEYS = [f.name for f in fields(Study) if f.init]
_OF_PROBLEM = {f.name for f in fields(Problem)} - {"dataset"}
_ALSO = {"lr_grid": "rates", "lr": "rates", "dataset": "problems", "problem": "problems", "optimizer": "optimizers"}


def read_study(path: str | Path) -> Study:
    """The study that a file describes; ValueError "FILE, line N: what is wrong" before any run is made."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no TOML file: it is not written in UTF-8") from error
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:  # its message ends with (at line 3, column 5)
        found = re.search(r" \(at line (\d+), column \d+\)", str(error))
        where = f", line {found[1]}" if found else f", line {text.count(chr(10)) + 1}"
        raise ValueError(f"{path}{where}: {str(error).replace(found[0], '') if found else error}") from None
    return _File(Path(path), text).study(given)


class _File:
    """The text beside what it says, to find the line of an error."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.lines = path, text.splitlines()

    def error(self, line: int, message: Any) -> ValueError:
        return ValueError(f"{self.path}, line {line}: {message}")

    def study(self, given: dict[str, Any]) -> Study:
        if not given:
            raise self.error(1, 'an empty study; it needs at least problems = ["digits"], or optimizers')
        for key in given:
            if key not in _KEYS:
                near = [_ALSO[key]] if key in _ALSO else difflib.get_close_matches(key, _KEYS, n=1)
                hint = f"; did you mean {near[0]}?" if near else "."
                if key in _OF_PROBLEM:
                    hint = f'; it belongs to a problem: problems = [{{name = "digits", {key} = ...}}].'
                raise self.error(self.key(key), f"unknown key {key!r}{hint} There are: {', '.join(_KEYS)}")
        settings = dict(given)
        for key, make in (("problems", self.problem), ("optimizers", self.optimizer)):
            if key in settings:
                if not isinstance(settings[key], list):
                    raise self.error(self.key(key), f'{key} is a list, such as ["{settings[key]}"]')
                settings[key] = [make(x, settings[key][:i]) for i, x in enumerate(settings[key])]
        try:
            return Study(**settings)
        except (TypeError, ValueError) as error:
            named = [k for k in given if re.search(rf"\b{k}\b", str(error))]
            named = named or [k for k in given if re.search(rf"\b{k.rstrip('s')}\b", str(error))]
            named = named or [k for k in given if k == "rates"]
            raise self.error(self.key(named[0]) if named else 1, error) from error

    def problem(self, x: Any, before: list[Any]) -> Any:
        settings = self.table(x, before, "a problem")
        return self.made(x, before, lambda: problem(settings.pop("name"), **settings))

    def optimizer(self, x: Any, before: list[Any]) -> Any:
        settings = self.table(x, before, "an optimizer")
        for key in ("rates", "tune"):
            if isinstance(x, dict) and not isinstance(x.get(key, [] if key == "rates" else {}), list | dict):
                raise self.error(self.within(x, before, key), f"{key} is a list of numbers or a table, got {x[key]!r}")
        return self.made(x, before, lambda: candidate(settings))

    def table(self, x: Any, before: list[Any], what: str) -> dict[str, Any]:
        """An element of a list as a dict with a name."""
        settings = {"name": x} if isinstance(x, str) else dict(x) if isinstance(x, dict) else {}
        if not isinstance(settings.get("name"), str):
            line = self.key("problems" if what == "a problem" else "optimizers")
            raise self.error(line, f'{what} is a name, or a table with one: {{name = "...", ...}}, got {x!r}')
        return settings

    def made(self, x: Any, before: list[Any], make: Any) -> Any:
        try:
            return make()
        except (TypeError, ValueError) as error:
            keys = [k for k in x if k != "name"] if isinstance(x, dict) else []
            named = [k for k in keys if re.search(rf"\b{re.escape(k)}\b", str(error))]
            named = named or [k for k in keys if k == "rates" and "rate" in str(error)]
            named = named or [k for k in keys if k == "hidden" and "hidden" in str(error)]
            raise self.error(self.within(x, before, named[0] if named else ""), error) from error

    # -- lines, from 1

    def key(self, name: str) -> int:
        """Of a key at the beginning of a line, or of a table [name] or [[name]]."""
        return self._first(rf'^\s*(\[+\s*)?["\']?{re.escape(name)}\b')

    def within(self, x: Any, before: list[Any], key: str) -> int:
        """Of an element of a list, or of one of its keys: the nearest to the element's name."""
        name = x["name"] if isinstance(x, dict) else x
        same = sum((other["name"] if isinstance(other, dict) else other) == name for other in before)
        quoted = rf"""(["']){re.escape(name)}\1"""
        places = [n for n, line in enumerate(self.lines, 1) for _ in re.finditer(quoted, line)]
        at = places[min(same, len(places) - 1)] if places else 1
        setting = rf"\b{re.escape(key)}\b['\"]?\s*="
        keys = [n for n, line in enumerate(self.lines, 1) if key and re.search(setting, line)]
        return min(keys, key=lambda n: (abs(n - at), n < at)) if keys else at

    def _first(self, pattern: str) -> int:
        return next((n for n, line in enumerate(self.lines, 1) if re.search(pattern, line)), 1)
