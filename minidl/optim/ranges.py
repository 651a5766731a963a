"""Hyper-parameters: what is given, checked against what is allowed, as plain Python numbers.

A range is written as in a textbook: "[0, 1)" holds 0 and not 1, "{1, 2, ...}" whole numbers only.
"""

from __future__ import annotations

from typing import Any

# what a hyper-parameter of this name must be; a class says in `ranges` where it has others
RANGES = {
    "lr": "[0, inf)", "weight_decay": "[0, inf)", "eps": "[0, inf)", "lr_decay": "[0, inf)", "momentum": "[0, 1)",
    "beta": "[0, 1)", "betas": "[0, 1)", "alpha": "[0, 1)", "rho": "[0, 1)", "dampening": "[0, 1]",
}  # fmt: skip


def checked(owner: str, name: str, x: Any, default: Any, interval: str | None) -> Any:
    """The hyper-parameter `name`: a number, or a tuple of as many as `default` has; each may be None where that is.

    Without an interval bools, words and None pass as they are. (A NumPy number would promote float32, hence Python's.)
    TypeError for what is no number, ValueError for one out of the interval or for a tuple of another length.
    """
    if interval is None and (isinstance(x, bool | str) or x is None):
        return x
    if isinstance(default, tuple):
        if not isinstance(x, tuple | list) or len(x) != len(default):
            raise ValueError(f"{owner}: {name} must be {len(default)} numbers, got {x!r}")
        return tuple(checked(owner, name, i, d, interval or "(-inf, inf)") for i, d in zip(x, default, strict=True))
    if isinstance(x, tuple | list) and (name == "betas" or interval is None):
        return tuple(number(owner, name, i, interval or "(-inf, inf)") for i in x)
    if x is None and default is None:
        return None
    return number(owner, name, x, interval or "(-inf, inf)")


def number(owner: str, name: str, x: Any, interval: str) -> float:
    """x as a Python number; TypeError where it is none, ValueError where it lies outside the interval."""
    try:
        value = float("no number" if isinstance(x, bool | str) else x)
    except (TypeError, ValueError):
        raise TypeError(f"{owner}: {name} must be a number, got {x!r}") from None
    if interval[0] == "{":
        if not (value == value // 1 and float(interval[1:].split(",")[0]) <= value):
            raise ValueError(f"{owner}: {name} must lie in {interval}, got {x}")
        return int(value)
    low, high = (float(end) for end in interval[1:-1].split(","))
    inside = low < value < high or (value == low and interval[0] == "[") or (value == high and interval[-1] == "]")
    if not inside:
        raise ValueError(f"{owner}: {name} must lie in {interval}, got {x}")
    return value
