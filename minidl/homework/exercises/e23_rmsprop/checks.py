"""Checks of e23."""

from minidl.homework.traces import optimizer_checks

CHECKS = optimizer_checks(
    "RMSProp",
    {"lr": 0.03, "rho": 0.8, "eps": 1e-2},
    {},
    {"lr": 0.5, "rho": 0.95, "eps": 1e-5},
    by_hand={"lr": 0.2, "rho": 0.8, "eps": 0.01},
)
