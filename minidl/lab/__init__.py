"""Studies of many runs: the comparison of optimizers; and their paths on surfaces that can be seen."""

from . import landscape
from .own import optimizer_class
from .problem import Problem
from .run import Settings, run
from .study import Comparison, Row, compare, default_grid
from .surfaces import Surface

__all__ = [
    "Comparison", "Problem", "Row", "Settings", "Surface", "compare", "default_grid", "landscape", "optimizer_class",
    "run",
]  # fmt: skip
