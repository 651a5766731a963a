"""One optimizer on a page: docstring, source, conventions of other libraries, state, and a few worked steps."""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path
from types import CodeType
from typing import Any

from .catalogue import SHAPE, defaults_of, filled, state_of, state_text
from .libraries import conventions_of
from .optimizer import Optimizer
from .worked import worked

_ABOUT = (
    "Worked steps: each quantity with its formula as in the source, the same with numbers, and its value. The "
    "numbers in a formula have more digits than the values where that is needed to get the value."
)


def page(cls: type[Optimizer], width: int = 120, settings: dict[str, Any] | None = None, **options: Any) -> str:
    """Everything about an optimizer, in that many columns (a docstring and source lines are as wide as they are).

    settings: hyper-parameters; options: gradients, steps, lr and start, as for `worked_steps`.
    """
    settings = settings or {}
    steps = worked(cls, settings, **options)
    signature = f"{cls.__name__}({_first_parameter(cls)}, {defaults_of(cls)}".replace("needs ", "").rstrip(", ") + ")"
    parts = [
        "\n".join(filled(signature.replace(", ", ",  "), width, "", "    ")).replace(",  ", ", "),
        textwrap.indent(inspect.cleandoc(cls.__doc__ or "(it has no docstring)"), "    "),
        _state(cls, settings, width),
        *(f"{_place(code)}\n\n{textwrap.indent(textwrap.dedent(inspect.getsource(code)), '    ').rstrip()}"
          for code in steps.functions),
        _elsewhere(cls.__name__, width),
        textwrap.fill(_ABOUT, width),
        steps.text(width),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part)


def _first_parameter(cls: type) -> str:
    return next(iter(inspect.signature(cls).parameters))


def _state(cls: type[Optimizer], settings: dict[str, Any], width: int) -> str:
    arrays = ", ".join(f"{name} {' x '.join(map(str, shape))}" for name, shape in state_of(cls, **settings).items())
    numbers = ", ".join([*cls.memory, *(f"{name} (of all together)" for name in cls.shared)])
    needs = {"loss": " that returns the loss", "backward": " that calls backward() and returns the loss"}
    text = f"State: {state_text(cls, **settings)} floats per parameter"
    text += f" (of a {SHAPE[0]} x {SHAPE[1]} weight: {arrays})" if arrays else ""
    text += f"; numbers: {numbers}" if numbers else ""
    text += f". Gradients per step: {cls.gradients}."
    text += f" step(closure) needs a function{needs[cls.closure]}." if cls.closure else ""
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
