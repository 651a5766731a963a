"""Checks of e20."""

from minidl.homework.traces import optimizer_checks

CHECKS = optimizer_checks(
    "Momentum",
    {"lr": 0.03, "beta": 0.8},
    {},
    {"lr": 0.2, "beta": 0.5},
    by_hand={"lr": 0.2, "beta": 0.8},
)
