"""Studies of many runs: the comparison of optimizers."""

from .own import optimizer_class
from .problem import Problem
from .run import Settings, run
from .study import Comparison, Row, compare, default_grid

__all__ = ["Comparison", "Problem", "Row", "Settings", "compare", "default_grid", "optimizer_class", "run"]
