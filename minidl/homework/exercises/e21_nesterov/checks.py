"""Checks of e21."""

from minidl.homework.traces import optimizer_checks

CHECKS = optimizer_checks(
    "Nesterov",
    {"lr": 0.03, "mu": 0.8},
    {},
    {"lr": 0.2, "mu": 0.5},
    by_hand={"lr": 0.2, "mu": 0.8},
)
