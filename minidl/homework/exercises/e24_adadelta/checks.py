"""Checks of e24."""

from minidl.homework.traces import optimizer_checks

CHECKS = optimizer_checks(
    "AdaDelta",
    {"rho": 0.8, "eps": 1e-2},
    {},
    {"rho": 0.5, "eps": 1e-3},
    by_hand={"rho": 0.8, "eps": 0.01},
)
