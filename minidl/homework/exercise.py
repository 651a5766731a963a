"""The exercises: each folder of exercises/ holds statement, solution, reference, checks, mistakes and hints."""

from __future__ import annotations

import ast
import functools
import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from types import ModuleType

from minidl.homework.check import Check, Mistake

# What a solution may import: arrays, and the standard library's pure computation.
ALLOWED_IMPORTS = ("numpy", "math", "itertools", "functools", "collections", "dataclasses", "typing", "__future__")
CAPSTONE = "capstone"
PARTS = {1: "gradients by hand", 2: "an engine, data and the loop", 3: "optimizers", 4: "networks and the framework"}


@dataclass(frozen=True, eq=False)
class Exercise:
    """One exercise: what the learner sees, and what the grader asks."""

    id: str  # "19", or "32.4" for one file of the bug hunt
    name: str  # "e19_sgd", or "e32_bug_hunt/b04_adam": the learner's file without .py
    solution: str  # source; its docstring is the statement
    starter: dict[str, str]  # by language
    reference: ModuleType  # an independent implementation of the same names
    checks: tuple[Check, ...]
    mistakes: tuple[Mistake, ...]
    hints: dict[str, tuple[str, ...]]  # by language, three levels
    points: float = 10.0
    allowed: tuple[str, ...] = ALLOWED_IMPORTS
    answers: dict[str, str] = field(default_factory=dict)  # names that must hold this text: BUG of the bug hunt
    beside: Callable[[Path], tuple[Check, ...]] | None = None  # checks made from what lies beside the learner's file

    @property
    def titles(self) -> dict[str, str]:
        """The first line of the statement, by language."""
        found = {k: ast.get_docstring(ast.parse(text)) or "" for k, text in self.starter.items()}
        return {k: text.splitlines()[0].rstrip(".。") for k, text in found.items() if text}

    @property
    def file(self) -> str:
        return f"{self.name}.py"

    @property
    def title(self) -> str:
        return (ast.get_docstring(ast.parse(self.solution)) or "").splitlines()[0].rstrip(".")

    def is_starter(self, text: str) -> bool:
        """Whether a learner has changed nothing."""
        return any(text.strip() == starter.strip() for starter in self.starter.values())

    @property
    def part(self) -> int:
        number = 33 if self.name == CAPSTONE else int(self.id.split(".")[0])
        return 1 + (number > 12) + (number > 18) + (number > 28)


@functools.cache
def names() -> tuple[str, ...]:
    """The names of all exercises in their order; the bug hunt's files stand one by one."""
    folder = files("minidl.homework") / "exercises"
    found = sorted(entry.name for entry in folder.iterdir() if re.fullmatch(r"e\d\d_\w+", entry.name))
    result = []
    for name in found:
        inner = sorted(e.name for e in (folder / name).iterdir() if re.fullmatch(r"b\d\d_\w+", e.name))
        result += [f"{name}/{i}" for i in inner] or [name]
    return tuple(result)


def all_names() -> tuple[str, ...]:
    """The exercises, and the capstone, which stands apart: it is graded where it is asked for by name."""
    return (*names(), CAPSTONE)


def id_of(name: str) -> str:
    """ "e19_sgd" -> "19"; "e32_bug_hunt/b04_adam" -> "32.4"; "capstone" is its own."""
    if name == CAPSTONE:
        return name
    numbers = [int(n) for n in re.findall(r"(?:^e|/b)(\d\d)_", name)]
    return ".".join(str(n) if i else f"{n:02d}" for i, n in enumerate(numbers))


@functools.cache
def load(name: str) -> Exercise:
    """The exercise of that name (see `names`)."""
    package = importlib.import_module("minidl.homework.exercises." + name.replace("/", "."))
    return package.EXERCISE if hasattr(package, "EXERCISE") else read(name)


def questions(name: str) -> Exercise:
    """What the process that runs a learner's code needs: no reference, no mistakes, a starter for the solution."""
    package = importlib.import_module("minidl.homework.exercises." + name.replace("/", "."))
    if hasattr(package, "EXERCISE"):
        return package.EXERCISE
    from minidl.homework.starter import starter

    source = _text(name, "solution.py")
    checks = importlib.import_module(package.__name__ + ".checks")
    nothing = ModuleType("reference")
    made = Exercise(id_of(name), name, starter(source), {}, nothing, tuple(checks.CHECKS), (), {})
    return replace(made, **getattr(checks, "SETTINGS", {}))


def read(name: str, **changes: object) -> Exercise:
    """An exercise from the files of its folder: solution.py, reference.py, checks.py, mistakes.py, hints.md, zh.md.

    `SETTINGS` in checks.py, a dict, and `changes` replace fields of the Exercise.
    """
    from minidl.homework.starter import starter

    base = "minidl.homework.exercises." + name
    solution, checks = _text(name, "solution.py"), importlib.import_module(base + ".checks")
    statement, *chinese = sections(name, "zh.md")
    settings: dict = {
        "id": id_of(name),
        "name": name,
        "solution": solution,
        "starter": {"en": starter(solution), "zh": starter(solution, statement)},
        "reference": importlib.import_module(base + ".reference"),
        "checks": tuple(checks.CHECKS),
        "mistakes": tuple(importlib.import_module(base + ".mistakes").MISTAKES),
        "hints": {"en": tuple(sections(name, "hints.md")), "zh": tuple(chinese)},
    }
    return Exercise(**(settings | getattr(checks, "SETTINGS", {}) | changes))


def _text(name: str, file: str) -> str:
    return (files("minidl.homework") / "exercises" / name / file).read_text(encoding="utf-8")


def sections(name: str, file: str) -> list[str]:
    """The parts of a text in an exercise's folder, between lines of three dashes."""
    return [part.strip() for part in re.split(r"^---$", _text(name, file), flags=re.MULTILINE)]


def find(words: list[str]) -> list[str]:
    """Names of the exercises that a learner asks for by number or name: 19, e19, e19_sgd, e19_sgd.py, 32, 32.4, e32.4.

    Raises LookupError naming the nearest exercise where there is none of that name.
    """
    found: list[str] = []
    for word in words:
        wanted = word.strip().lower().replace("\\", "/").removesuffix(".py").rstrip("/")
        short = wanted.rsplit("/", 1)[-1]
        hits = [n for n in names() if wanted in (n.lower(), id_of(n)) or short == n.lower().rsplit("/", 1)[-1]]
        number = re.fullmatch(r"e?(\d+)(?:\.(\d+))?", wanted)
        if number:
            asked = f"{int(number[1]):02d}" + (f".{int(number[2])}" if number[2] else "")
            hits = [n for n in names() if id_of(n) == asked or id_of(n).split(".")[0] == asked]
        hits = hits or [n for n in all_names() if n.split("/")[0] == short]
        if not hits:
            raise LookupError(_no_such(word))
        found += [n for n in hits if n not in found]
    return found


def _no_such(word: str) -> str:
    import difflib

    near = difflib.get_close_matches(word, [n.rsplit("/", 1)[-1] for n in all_names()], n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    last = id_of(names()[-1]).split(".")[0]
    return f"there is no exercise {word!r}{hint} (`minidl homework` lists them: 1 to {int(last)}, capstone)"
