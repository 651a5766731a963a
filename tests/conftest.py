"""What several test files share."""

import signal
import sys

import pytest
from made_up_runs import fake_runs  # noqa: F401  (a fixture)
from made_up_study import study  # noqa: F401  (a fixture)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a job in the background: tests that press Ctrl-C would wait
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def fake_cupy(monkeypatch):
    """The stand-in in place of CuPy, with its counters at zero and two GPUs, for one test."""
    from fake_cupy import cupy, reset

    reset()
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    yield cupy
    reset()
