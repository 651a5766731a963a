"""Studies of many runs: the comparison of optimizers."""

from .problem import Problem
from .run import Settings, optimizer_class, run
from .study import Comparison, Row, compare, default_grid

__all__ = ["Comparison", "Problem", "Row", "Settings", "compare", "default_grid", "optimizer_class", "run"]
