"""Checks of e26."""

from minidl.homework.traces import optimizer_checks

CHECKS = optimizer_checks(
    "AdamW",
    {"lr": 0.1, "eps": 1e-2, "wd": 0.3},
    {},
    {"lr": 0.03, "b1": 0.8, "b2": 0.95, "wd": 0.0},
    {"lr": 0.2, "b1": 0.8, "b2": 0.95, "wd": 0.5},
    by_hand={"lr": 0.1, "wd": 0.5},
)
