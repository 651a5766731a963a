"""Checks of e25."""

from minidl.homework.traces import optimizer_checks

CHECKS = optimizer_checks(
    "Adam",
    {"lr": 0.1, "eps": 1e-2},
    {},
    {"lr": 0.03, "b1": 0.8, "b2": 0.95, "wd": 0.1},
    by_hand={"lr": 0.1, "wd": 0.5},
)
