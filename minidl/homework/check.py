"""What the checks.py of an exercise declares: checks with fresh random inputs, and the mistakes that learners make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from minidl.homework.compare import RTOL, Difference

Inputs = dict[str, Any]


@dataclass(frozen=True)
class Check:
    """One question to the learner's code.

    `inputs(rng)` makes the inputs; `run(code, inputs)` calls the learner's code (a module with the exercise's names)
    and returns what is to be looked at: numbers, text, arrays, and lists, tuples and dicts of them. The same `run` on
    the exercise's reference gives what is expected. `judge(result, expected, inputs)` replaces the comparison where
    right is a property, not a value.
    """

    says: str  # "seven steps, gradients that change": printed before what went wrong
    inputs: Callable[[np.random.Generator], Inputs]
    run: Callable[[ModuleType, Inputs], Any]
    judge: Callable[[Any, Any, Inputs], Difference | str | None] | None = None
    expect: Callable[[Inputs], Any] | None = None  # in place of running the reference
    rtol: float = RTOL
    may_change: tuple[str, ...] = ()  # inputs that the contract allows or asks to change
    explain: Callable[[Difference, Inputs], str] | None = None  # the small calculation behind one wrong number


@dataclass(frozen=True)
class Mistake:
    """A known wrong solution: edits of the right one, and what to tell a learner whose code behaves like it.

    An edit is (lines of the solution, lines in their place); indentation is that of the line found.
    """

    says: str  # "Adam with the exponent t fixed at 1"
    look: str  # "look at how t changes from step to step"
    edits: tuple[tuple[str, str], ...]
    convention: bool = False  # another library's or course's convention, not a bug
    id: str = ""

    def applied_to(self, source: str) -> str:
        for old, new in self.edits:
            source = replace_lines(source, old, new)
        return source


def mistake(says: str, look: str, *edits: tuple[str, str], convention: bool = False, id: str = "") -> Mistake:
    return Mistake(says, look, edits, convention, id)


def replace_lines(source: str, old: str, new: str) -> str:
    """Put `new` in the one place where the lines `old` stand, at the indentation found there."""
    lines, wanted = source.splitlines(), [line.strip() for line in old.splitlines()]
    at = [i for i in range(len(lines)) if [line.strip() for line in lines[i : i + len(wanted)]] == wanted]
    if len(at) != 1:
        raise ValueError(f"{old!r} stands {len(at)} times in the solution; an edit needs a place of its own")
    first = lines[at[0]]
    indent = first[: len(first) - len(first.lstrip())]
    lines[at[0] : at[0] + len(wanted)] = [indent + line if line.strip() else line for line in new.splitlines()]
    return "\n".join(lines) + "\n"
