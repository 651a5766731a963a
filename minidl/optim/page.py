"""One optimizer on a page: docstring, source, conventions of other libraries, state, and a few worked steps."""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path
from types import CodeType
from typing import Any

from .catalogue import SHAPE, catalogue, defaults_of, filled, state_of
from .libraries import conventions_of
from .optimizer import Optimizer
from .worked import worked_steps

_ABOUT = (
    "Worked steps: each quantity with its formula as in the source, the same with numbers, and its value. The "
    "numbers in a formula have more digits than the values where that is needed to get the value."
)


def page(cls: type[Optimizer], width: int = 120, **options: Any) -> str:
    """Everything about an optimizer, in that many columns (a docstring and source lines are as wide as they are).

    options: gradients, steps, lr, start and hyper-parameters, for `worked_steps`.
    """
    worked = worked_steps(cls, **options)
    row = catalogue([cls])[0]
    signature = f"{cls.__name__}({_first_parameter(cls)}, {defaults_of(cls)}".replace("needs ", "").rstrip(", ") + ")"
    parts = [
        "\n".join(filled(signature.replace(", ", ",  "), width, "", "    ")).replace(",  ", ", "),
        textwrap.indent(inspect.cleandoc(cls.__doc__ or "(it has no docstring)"), "    "),
        _state(cls, row.state, row.gradients, row.closure, width),
        *(f"{_place(code)}\n\n{textwrap.indent(textwrap.dedent(inspect.getsource(code)), '    ').rstrip()}"
          for code in worked.functions),
        _elsewhere(cls.__name__, width),
        textwrap.fill(_ABOUT, width),
        worked.text(width),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part)


def _first_parameter(cls: type) -> str:
    return next(iter(inspect.signature(cls).parameters))


def _state(cls: type[Optimizer], count: str, gradients: str, closure: str, width: int) -> str:
    arrays = ", ".join(f"{name} {' x '.join(map(str, shape))}" for name, shape in state_of(cls).items())
    numbers = ", ".join([*cls.memory, *(f"{name} (of all together)" for name in cls.shared)])
    needs = {"loss": " that returns the loss", "backward": " that calls backward() and returns the loss"}
    text = f"State: {count} floats per parameter"
    text += f" (of a {SHAPE[0]} x {SHAPE[1]} weight: {arrays})" if arrays else ""
    text += f"; numbers: {numbers}" if numbers else ""
    text += f". Gradients per step: {gradients}."
    text += f" step(closure) needs a function{needs[closure]}." if closure else ""
    return textwrap.fill(text, width, subsequent_indent="  ")


def _place(code: CodeType) -> str:
    """minidl/optim/adam.py:33, or the path of someone's own file."""
    path, package = Path(code.co_filename), Path(__file__).parents[2]
    path = path.relative_to(package) if path.is_relative_to(package) else path
    return f"{path.as_posix()}:{code.co_firstlineno}  {code.co_qualname}"


def _elsewhere(name: str, width: int) -> str:
    """Who writes the rule otherwise, and what to write here for it."""
    lines = []
    for convention in conventions_of(name):
        text = f"{convention.who}: {convention.differs}"
        lines.append(textwrap.fill(text, width, initial_indent="  ", subsequent_indent="    "))
        if convention.write:
            lines.append(f"    here: {convention.write}")
    return "\n".join(["Elsewhere", "", *lines]) if lines else ""
