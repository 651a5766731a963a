"""Checks of e22."""

from minidl.homework.traces import optimizer_checks

CHECKS = optimizer_checks(
    "AdaGrad",
    {"lr": 0.03, "eps": 1e-2},
    {},
    {"lr": 0.5, "eps": 1e-5},
    by_hand={"lr": 0.2, "eps": 0.01},
)
