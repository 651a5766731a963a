"""Studies of many runs: the comparison of optimizers; and their paths on surfaces that can be seen."""

from . import landscape
from .candidate import Candidate, candidate
from .comparison import Comparison, Row
from .execute import Executor
from .landscape import trace_2d
from .own import optimizer_class
from .problem import Problem
from .problems import problem
from .records import Store
from .report import folder
from .run import Settings, run
from .search import default_grid
from .study import Study, compare
from .surfaces import Surface

__all__ = [
    "Candidate", "Comparison", "Executor", "Problem", "Row", "Settings", "Store", "Study", "Surface", "candidate",
    "compare", "default_grid", "folder", "landscape", "optimizer_class", "problem", "run", "trace_2d",
]  # fmt: skip
