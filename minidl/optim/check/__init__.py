"""check_optimizer: does a rule of one's own keep what the family promises?

Every check is a short experiment (runs.py) with made-up gradients on a few small parameters: rule.py looks at `update`
and its arrays, training.py at what a training loop needs. What a check finds it says in terms of the rule: what was
seen, what was expected, and which line to write.
"""

from __future__ import annotations

import inspect
import re
import textwrap
import warnings
from typing import Any, NamedTuple

import numpy as np

from ..more.wrappers import Wrapper
from ..optimizer import Optimizer
from . import rule, training
from .runs import Failed, Make, Subject

CHECKS = {
    "can be made": rule.made,
    "hyper-parameters are passed on": rule.settings,
    "update names what it gets": rule.arguments,
    "takes a step": rule.steps,
    "update returns nothing": rule.returns,
    "stays finite": training.finite,
    "changes parameters in place": rule.in_place,
    "same start, same bits": training.repeats,
    "state has memory of its own": rule.state,
    "leaves the gradient alone": rule.gradient,
    "uses the gradient": rule.uses_gradient,
    "state is written": rule.written,
    "float32 stays float32": rule.dtype,
    "elementwise is true": rule.elementwise,
    "takes every shape": training.shapes,
    "memory layout does not matter": training.layout,
    "skips parameters without gradient": training.without_gradient,
    "parameters do not see each other": training.alone,
    "optimizers do not see each other": training.others,
    "groups have their own settings": training.groups,
    "the rate is used": training.rate,
    "weight_decay acts": training.weight_decay,
    "resumes bit for bit": training.resumes,
    "zero_grad": training.zero_grad,
    "lowers a loss": training.descends,
}
# where one of these fails, most of what comes after it fails for the same reason, and is not asked
ESSENTIAL = {
    "can be made", "update names what it gets", "takes a step", "update returns nothing", "stays finite",
    "changes parameters in place", "same start, same bits", "state has memory of its own",
}  # fmt: skip


class Check(NamedTuple):
    """One check: passed is None where it was not asked, with the reason as its message."""

    name: str
    passed: bool | None
    message: str = ""

    def __str__(self) -> str:
        label = {True: "ok", False: "FAILED", None: "-"}[self.passed]
        text = f"  {label:7} {self.name}" + (f": {self.message}" if self.message else "")
        text = re.sub("`[^`]*`", lambda code: code[0].replace(" ", "\0"), text)  # code stays on one line
        wrapper = textwrap.TextWrapper(110, subsequent_indent=" " * 10, break_on_hyphens=False, break_long_words=False)
        return wrapper.fill(text).replace("\0", " ")


class Report:
    """What check_optimizer found: true where nothing failed; printed, it is the list of checks."""

    def __init__(self, name: str, checks: list[Check]) -> None:
        self.name, self.checks = name, checks

    @property
    def failed(self) -> list[Check]:
        """The checks that failed."""
        return [check for check in self.checks if check.passed is False]

    @property
    def verdict(self) -> str:
        asked = sum(check.passed is not None for check in self.checks)
        rest = f"; {len(self.checks) - asked} of {len(self.checks)} were not asked" if asked < len(self.checks) else ""
        if not self.failed:
            return f"{self.name} passes all {asked} checks{rest}"
        return f"{self.name} fails {len(self.failed)} of {asked} checks{rest}"

    def __bool__(self) -> bool:
        return not self.failed

    def __str__(self) -> str:
        return "\n".join([self.verdict, *map(str, self.checks)])

    __repr__ = __str__


class CheckFailed(AssertionError):
    """Raised by check_optimizer: its text names what failed, `report` has every check."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__("\n".join([report.verdict, *map(str, report.failed)]))


def check_optimizer(cls: Make, raise_on_failure: bool = True, **hyper: Any) -> Report:
    """Whether an optimizer class keeps the family's contract; CheckFailed, an AssertionError, says what it breaks.

    The contract is what training needs of any rule; whether the formula is the one that was meant, this cannot know:
    `print(worked_steps(MyRule))`, or `minidl optimizers file.py:MyRule`, shows its steps with their numbers.

    cls: the class, or a function that makes the optimizer: `lambda params: Lookahead(SGD(params, lr=0.1))`.
    hyper: what to make it with; lr is 0.01 where the class has no default. raise_on_failure=False returns the report
    whatever it says. Nothing is trained on data; it takes well under a second. TypeError for what makes no optimizer.

        check_optimizer(MyRule, beta=0.5)            # at a prompt: the list of checks, or what failed
        assert check_optimizer(MyRule)               # in a test
    """
    kind = cls if isinstance(cls, type) else Optimizer
    if not callable(cls) or not issubclass(kind, Optimizer):
        raise TypeError(f"check_optimizer takes an Optimizer class, or a function that makes one, got {cls!r:.80}")
    if issubclass(kind, Wrapper):
        name = kind.__name__
        raise TypeError(
            f"{name} wraps another optimizer; say which: check_optimizer(lambda params: {name}(SGD(params, lr=0.1)))"
        )
    lr = inspect.signature(cls).parameters.get("lr")
    if lr is not None and lr.default is lr.empty:
        hyper.setdefault("lr", 0.01)
    subject = Subject(cls, hyper)
    checks: list[Check] = []
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 0 / 0 is looked for, in its own check
        for name, check in CHECKS.items():
            if any(c.passed is False and c.name in ESSENTIAL for c in checks):
                checks.append(Check(name, None, "not asked before that is repaired"))
                continue
            try:
                reason = check(subject)
                checks.append(Check(name, None if reason else True, reason or ""))
            except Failed as failure:
                checks.append(Check(name, False, str(failure)))
            except Exception as error:  # of the rule
                checks.append(Check(name, False, subject.told(error)))
    report = Report(subject.name, checks)
    if raise_on_failure and not report:
        raise CheckFailed(report)
    return report
