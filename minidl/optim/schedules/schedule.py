"""The base class: everything a schedule does besides its formula, which is to check what it is made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, ClassVar

ANY, POSITIVE, NOT_NEGATIVE, AT_LEAST_1 = "a number", "positive", "a number >= 0", "a number >= 1"
FRACTION, BELOW_1 = "a number in [0, 1]", "a number in (0, 1)"
DURATION, COUNT = "a whole number >= 1", "a whole number >= 0"

_TESTS = {
    ANY: lambda x: True,
    POSITIVE: lambda x: 0 < x < math.inf,
    NOT_NEGATIVE: lambda x: 0 <= x < math.inf,
    AT_LEAST_1: lambda x: 1 <= x < math.inf,
    FRACTION: lambda x: 0 <= x <= 1,
    BELOW_1: lambda x: 0 < x < 1,
    DURATION: lambda x: 1 <= x < math.inf and x == int(x),
    COUNT: lambda x: 0 <= x < math.inf and x == int(x),
}
# what a field of this name must be; a class says in `ranges` where its own differ
_RANGES = {
    "lr": POSITIVE, "base_lr": NOT_NEGATIVE, "max_lr": POSITIVE, "start": NOT_NEGATIVE, "end": NOT_NEGATIVE,
    "values": POSITIVE, "decay": POSITIVE, "gamma": POSITIVE, "factor": POSITIVE, "power": POSITIVE,
    "exponent": POSITIVE, "m_mul": POSITIVE, "t_mul": AT_LEAST_1, "alpha": FRACTION, "pct_start": FRACTION,
    "div_factor": POSITIVE, "final_div_factor": POSITIVE, "steps_per_epoch": POSITIVE, "boundaries": NOT_NEGATIVE,
    "milestones": NOT_NEGATIVE, "steps": DURATION, "total_steps": DURATION, "step_size": DURATION,
    "step_size_up": DURATION, "step_size_down": DURATION, "warmup": COUNT, "cooldown": COUNT,
}  # fmt: skip
_COUNTS = {"steps_per_epoch", "boundaries", "milestones"} | {k for k, v in _RANGES.items() if v in (DURATION, COUNT)}


class Schedule:
    """A frozen dataclass with `__call__`: step -> rate. Fields are checked, and become plain Python numbers, here.

    ValueError for a field out of its range, TypeError for what is no number.
    """

    ranges: ClassVar[dict[str, str]] = {}  # of fields that differ from the table above
    choices: ClassVar[dict[str, tuple[str, ...]]] = {}  # of fields that are words

    steps_per_epoch: float  # of the schedules that have them
    staircase: bool

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            x = getattr(self, field.name)
            x = None if x is None and field.default is None else self._checked(field.name, x)
            object.__setattr__(self, field.name, x)  # the dataclass is frozen for everybody else
        self.check()

    def check(self) -> None:
        """What more than one field is needed to judge; ValueError."""

    def __call__(self, step: int) -> float:
        """The rate of the next update, when so many steps are done."""
        raise NotImplementedError(f"{type(self).__name__} has no formula")

    def _time(self, step: int) -> float:
        """The step in epochs; with staircase, the epochs that are complete."""
        return step // self.steps_per_epoch if self.staircase else step / self.steps_per_epoch

    def _checked(self, name: str, x: Any) -> Any:
        words = (_RANGES | self.ranges).get(name)
        if name in self.choices and x not in self.choices[name]:
            raise self._error(f"{name} must be one of {', '.join(map(repr, self.choices[name]))}; got {x!r}")
        if name == "schedule":
            return self._schedule(x)
        if name in ("schedules", "boundaries", "milestones", "values"):
            if not isinstance(x, Iterable) or isinstance(x, str):
                raise TypeError(f"{type(self).__name__}: {name} must be a list, got {x!r}")
            return tuple(self._schedule(i) if words is None else self._number(name, i, words) for i in x)
        return x if words is None else self._number(name, x, words)

    def _number(self, name: str, x: Any, words: str) -> float:
        number = checked(type(self).__name__, name, x, words)
        return int(number) if name in _COUNTS and number == int(number) else number

    def _schedule(self, x: Any) -> Any:
        if not callable(x) or isinstance(x, type):
            raise TypeError(f"{type(self).__name__} is made of schedules (a fixed rate is Constant(rate)), got {x!r}")
        return x

    def _increasing(self, name: str) -> None:
        x: Sequence[float] = getattr(self, name)
        if list(x) != sorted(set(x)):
            raise self._error(f"{name} must increase, got {list(x)}")

    def _one_value_more(self, values: str, boundaries: str = "boundaries") -> None:
        given, needed = len(getattr(self, values)), len(getattr(self, boundaries)) + 1
        if given != needed:
            raise self._error(f"{needed - 1} {boundaries} need {needed} {values}, got {given}")

    def _error(self, message: str) -> ValueError:
        return ValueError(f"{type(self).__name__}: {message}")


def checked(owner: str, name: str, x: Any, words: str = ANY) -> float:
    """x as a Python number; TypeError where it is none, ValueError where it is not what the words say."""
    try:
        number = float("no number" if isinstance(x, bool | str) or x is None else x)
    except (TypeError, ValueError):
        raise TypeError(f"{owner}: {name} must be a number, got {x!r}") from None
    if not _TESTS[words](number):
        raise ValueError(f"{owner}: {name} must be {words}, got {x}")
    return number


def between(a: float, b: float, p: float, cosine: bool) -> float:
    """From a (p = 0) to b (p = 1): straight, or along half a cosine wave. Exactly b at the end, which may be tiny."""
    left = (1 + math.cos(math.pi * p)) / 2 if cosine else 1 - p
    return b + (a - b) * left
