"""All problems by name: datasets and well-known networks on them, the noisy quadratic, surfaces."""

from __future__ import annotations

from typing import Any

from .problem import DEFAULTS, VARIANTS, AnyProblem, Problem, known
from .quadratic import NoisyQuadratic, SurfaceProblem
from .surfaces import SURFACES


def names() -> list[str]:
    """The names that `problem` knows."""
    return [*DEFAULTS, *VARIANTS, "quadratic", *(name for name, of in SURFACES.items() if of.minima)]


def problem(name: Any, **changes: Any) -> AnyProblem:
    """A problem by name, in any case, with changes of its settings (None changes nothing); one itself as it is.

    ValueError for an unknown name or setting, and for a setting out of range.
    """
    if not isinstance(name, str):
        if not hasattr(name, "evaluation"):
            raise TypeError(f"a problem is given by its name or as an object such as lab.Problem, got {name!r:.60}")
        if any(x is not None for x in changes.values()):
            raise ValueError("the settings of a problem that is given itself are its own; make it with others")
        return name
    found = known(name, names(), "dataset")
    if found in SURFACES:
        return SurfaceProblem.default(found, **changes)
    return NoisyQuadratic.default(**changes) if found == "quadratic" else Problem.default(found, **changes)
