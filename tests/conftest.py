"""What several test files share."""

import sys

import pytest
from made_up_runs import fake_runs  # noqa: F401  (a fixture)
from made_up_study import study  # noqa: F401  (a fixture)


@pytest.fixture
def fake_cupy(monkeypatch):
    """The stand-in in place of CuPy, with its counters at zero and two GPUs, for one test."""
    from fake_cupy import cupy, reset

    reset()
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    yield cupy
    reset()
