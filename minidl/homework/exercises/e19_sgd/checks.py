"""Checks of e19."""

from minidl.homework.traces import optimizer_checks

CHECKS = optimizer_checks(
    "SGD",
    {"lr": 0.03, "wd": 0.1},
    {},
    {"lr": 0.2, "wd": 0.5},
    by_hand={"lr": 0.2, "wd": 0.5},
)
