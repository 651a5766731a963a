"""Grades a learner's file in a process of its own, with limits on time, memory and what it prints.

This is protection against accidents and cheap tricks. It is no sandbox for hostile code: do not grade files of
strangers on a machine that holds secrets.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from minidl.homework.exercise import Exercise, load
from minidl.homework.grade import DOES_NOT_LOAD, NOT_STARTED, WRONG, Verdict, judge
from minidl.homework.subject import decode

SECONDS = 10.0  # a check takes milliseconds; this is for endless loops


def grade_file(name: str, path: Path, seed: int, seconds: float = SECONDS) -> Verdict:
    """Grade one file by its absolute path. Whatever it does, there is a verdict."""
    exercise = load(name)
    path = path.resolve()
    if not path.is_file():
        return Verdict(
            name, WRONG, f"{path} is missing; `minidl homework reset {exercise.id}` writes the starter again", seed=seed
        )
    if _untouched(exercise, path):
        return Verdict(name, NOT_STARTED, checks=len(exercise.checks), seed=seed)
    try:
        messages, ended, printed = _run(name, path, seed, seconds)
        verdict = judge(exercise, messages, seed, ended)
    except Exception as error:  # a bug of the grader must not lose the other results
        return Verdict(name, DOES_NOT_LOAD, f"the grader itself failed: {type(error).__name__}: {error}", seed=seed)
    return Verdict(**(verdict.to_dict() | {"printed": printed}))


def grade_files(tasks: list[tuple[str, Path]], seed: int, seconds: float = SECONDS, jobs: int | None = None,
                done: Callable[[Verdict], None] = lambda verdict: None) -> list[Verdict]:  # fmt: skip
    """Grade files, `jobs` at a time, each in a fresh process; `done` gets each verdict, in the order of `tasks`."""
    verdicts = []
    with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        for verdict in pool.map(lambda task: grade_file(task[0], task[1], seed, seconds), tasks):
            verdicts.append(verdict)
            done(verdict)
    return verdicts


def _untouched(exercise: Exercise, path: Path) -> bool:
    with contextlib.suppress(SyntaxError):
        text = decode(path.read_bytes()).strip()
        return any(text == starter.strip() for starter in exercise.starter.values())
    return False


def _run(name: str, path: Path, seed: int, seconds: float) -> tuple[list[tuple[str, Any]], str, str]:
    """What the worker observed, why it ended early ("" if it did not), and what the learner's code printed."""
    package = Path(__file__).parents[2]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(package), os.environ.get("PYTHONPATH")])),
        "PYTHONIOENCODING": "utf-8:backslashreplace",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "minidl.homework.worker", name, str(path), str(seed), str(seconds)]
    with tempfile.TemporaryDirectory(prefix="minidl_homework_", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        ended = "the program ended before the check was done"
        try:
            data = process.communicate(timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            _kill(process)
            data = process.communicate()[0]
            ended = f"took longer than {seconds:g} s (an endless loop?)"
        printed = Path(folder, "printed.txt")
        text = printed.read_text(encoding="utf-8", errors="replace") if printed.exists() else ""
    messages = list(_messages(data))
    if messages and messages[-1][0] == "done":
        ended = ""
    elif not messages and "Error" in text:
        ended += ": " + text.strip().splitlines()[-1]
    return messages, ended, text


def _kill(process: subprocess.Popen) -> None:
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _messages(data: bytes) -> Iterator[tuple[str, Any]]:
    """The messages of a worker, up to the first that is cut off or that holds anything but plain data."""
    at = 0
    while at + 8 <= len(data):
        (size,) = struct.unpack_from("<Q", data, at)
        at += 8
        if at + size > len(data):
            return
        try:
            yield _PlainUnpickler(io.BytesIO(data[at : at + size])).load()
        except Exception:
            return
        at += size


class _PlainUnpickler(pickle.Unpickler):
    """Builds numbers, text, containers, arrays and outcomes, and nothing else: the sender ran a learner's code."""

    def find_class(self, module: str, name: str) -> Any:
        numpy_parts = {"_reconstruct", "scalar", "ndarray", "dtype", "_frombuffer"}
        ours = {"Returned", "Raised", "Odd"}
        if (module.split(".")[0] == "numpy" and name in numpy_parts) or (
            module.startswith("minidl.homework.") and name in ours
        ):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is no plain data")
