"""Learning-rate schedules: plain functions from the number of steps done (0, 1, 2, ...) to the rate.

An optimizer takes one in place of a number: `SGD(params, lr=schedules.InverseTime(0.1, decay=0.001))`. Being a
function, a schedule can be printed, plotted and tested: `[schedule(t) for t in range(100)]`. It has no state: what it
gives depends on the step alone, so that a resumed run needs nothing but its step counter. PyTorch's schedulers have
state instead, which must be saved and stepped, after `optimizer.step()`.

pieces.py has those that are constant or straight between given steps, decay.py the ones that fall by a formula,
cycles.py the ones that rise and fall, compose.py builds new ones out of others. A rate that depends on how training
goes is no function of the step: see `ReduceOnPlateau`.

Every schedule is checked when it is made, so that it never gives NaN or a negative rate. An end below zero, which
optax accepts (its own test has one of -3.0), is refused: gradient ascent is nobody's wish. After its last step a
schedule keeps its last rate; PyTorch's OneCycleLR raises there and its CosineAnnealingLR rises again.
"""

from __future__ import annotations

from .compose import Joined, Scaled, Warmup
from .cycles import Cyclic, OneCycle, Trapezoid, WarmRestarts
from .decay import Constant, Cosine, Exponential, InverseSqrt, InverseTime, Linear, Polynomial
from .pieces import MultiStep, Piecewise, PiecewiseInterpolate, Step
from .schedule import Schedule

__all__ = [
    "Constant", "Cosine", "Cyclic", "Exponential", "InverseSqrt", "InverseTime", "Joined", "Linear", "MultiStep",
    "OneCycle", "Piecewise", "PiecewiseInterpolate", "Polynomial", "Scaled", "Schedule", "Step", "Trapezoid",
    "WarmRestarts", "Warmup",
]  # fmt: skip
