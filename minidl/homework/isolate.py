"""Grades a learner's file in a process of its own, with limits on time, memory and what it prints.

This is protection against accidents and cheap tricks. It is no sandbox for hostile code: do not grade files of
strangers on a machine that holds secrets.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from minidl.homework.exercise import Exercise, load
from minidl.homework.grade import DOES_NOT_LOAD, NOT_STARTED, WRONG, Verdict, judge, remarked
from minidl.homework.subject import decode

SECONDS = 10.0  # a check takes milliseconds; this is for endless loops
STARTING = 60.0  # seconds until a process has imported NumPy: on a busy machine, from a cold disk
LONGEST = 1 << 20  # bytes of a learner's file
ALL_RESULTS = 64 << 20  # bytes

_running: set[subprocess.Popen] = set()


def grade_file(name: str, path: Path, seed: int, seconds: float = SECONDS) -> Verdict:
    """Grade one file by its absolute path. Whatever it does, there is a verdict."""
    try:
        exercise = load(name)
        path = Path(os.path.abspath(path))
        complaint = _unreadable(path)
        if complaint:
            return Verdict(name, DOES_NOT_LOAD, complaint, checks=len(exercise.checks), seed=seed)
        if _untouched(exercise, path):
            return Verdict(name, NOT_STARTED, checks=len(exercise.checks), seed=seed)
        if exercise.beside is not None:
            exercise = replace(exercise, checks=exercise.beside(path.parent))
        messages, ended, printed = _run(name, path, seed, seconds)
        verdict = judge(exercise, messages, seed, ended)
        if verdict.check:
            verdict = remarked(exercise, verdict, decode(path.read_bytes()))
    except Exception as error:  # a bug of the grader must not lose the other results
        failed = f"the grader itself failed: {type(error).__name__}: {error}"
        return Verdict(name, WRONG, failed, seed=seed, graded=False)
    return Verdict(**(verdict.to_dict() | {"printed": printed}))


def grade_files(tasks: list[tuple[str, Path]], seed: int, seconds: float = SECONDS, jobs: int | None = None,
                done: Callable[[Verdict], None] = lambda verdict: None) -> list[Verdict]:  # fmt: skip
    """Grade files, `jobs` at a time, each in a fresh process; `done` gets each verdict, in the order of `tasks`."""
    verdicts = []
    pool = ThreadPoolExecutor(jobs or cores())
    try:
        for verdict in pool.map(lambda task: grade_file(task[0], task[1], seed, seconds), tasks):
            verdicts.append(verdict)
            done(verdict)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in list(_running) if len(verdicts) < len(tasks) else ():  # Ctrl-C
            _kill(process)
        pool.shutdown()
    return verdicts


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _unreadable(path: Path) -> str:
    """Why a file cannot be graded at all, or nothing."""
    if not path.is_file():
        return f"the file is missing: {path}"
    try:
        with path.open("rb") as file:
            size = len(file.read(LONGEST + 1))
    except OSError as error:
        return f"{path} cannot be read: {error.strerror or error}"
    return f"{path} is larger than {LONGEST >> 20} MB; an exercise is a page or two" if size > LONGEST else ""


def _untouched(exercise: Exercise, path: Path) -> bool:
    with contextlib.suppress(SyntaxError):
        return exercise.is_starter(decode(path.read_bytes()))
    return False


# The worker finds what this process finds, in the same order, except for the current folder: a learner's numpy.py lies
# there. minidl itself is that of this process.
_START = """
import importlib.util, json, sys
sys.path[:], folder, arguments = json.loads(sys.argv[1])
spec = importlib.util.spec_from_file_location("minidl", folder + "/__init__.py", submodule_search_locations=[folder])
sys.modules["minidl"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["minidl"])
from minidl.homework.worker import main
main(arguments)
"""


def _command(arguments: list[str]) -> list[str]:
    here = os.getcwd()
    path = [os.path.abspath(p) for p in sys.path if p and os.path.abspath(p) != here]
    given = json.dumps([path, str(Path(__file__).parents[1]), arguments])
    return [sys.executable, "-I", "-X", "utf8", "-c", _START, given]


def _environment(folder: str) -> dict[str, str]:
    """What a process needs to start; no passwords that happen to be in the environment."""
    kept = {"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "CONDA_PREFIX", "LANG", "LC_ALL"}
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1")
    places = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), folder)
    return {k: v for k, v in os.environ.items() if k.upper() in kept} | one | places


def _run(name: str, path: Path, seed: int, seconds: float) -> tuple[list[tuple[str, Any]], str, str]:
    """What the worker observed, why it ended early ("" if it did not), and what the learner's code printed.

    Raises RuntimeError where it ended before the learner's code began.
    """
    command = _command([name, str(path), str(seed), str(seconds)])
    with (
        tempfile.TemporaryDirectory(prefix="minidl_homework_", ignore_cleanup_errors=True) as folder,
        tempfile.TemporaryFile() as errors,
    ):
        process = subprocess.Popen(
            command, cwd=folder, env=_environment(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=errors, start_new_session=True, bufsize=0,
        )  # fmt: skip
        _running.add(process)
        try:
            messages, ended = _listen(process, seconds)
        finally:
            _kill(process)
            process.wait()
            _running.discard(process)
        if ended is None:
            errors.seek(0)
            lines = errors.read().decode("utf-8", "replace").strip().splitlines()
            raise RuntimeError(f"its process did not start: {lines[-1] if lines else 'it said nothing'}")
        printed = Path(folder, "printed.txt")
        text = printed.read_text(encoding="utf-8", errors="replace") if printed.exists() else ""
    return messages, ended, text


def _listen(process: subprocess.Popen, seconds: float) -> tuple[list[tuple[str, Any]], str | None]:
    """The messages of a worker and why it ended early: "" if it did not, None if it never began.

    A thread reads, for a process that the learner's code left behind may hold the pipe open.
    """
    arrived: queue.SimpleQueue[tuple[str, Any] | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(process.stdout, arrived.put), daemon=True).start()
    messages: list[tuple[str, Any]] = []
    began = False
    deadline = time.monotonic() + STARTING
    while True:
        try:
            message = arrived.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return messages, f"took longer than {seconds:g} s (an endless loop?)" if began else None
        if message is None:
            return messages, "the program ended before the check was done" if began else None
        if message[0] == "begin" and not began:
            began, deadline = True, time.monotonic() + seconds
        elif message[0] == "done":
            return messages, ""
        else:
            messages.append(message)


def _read(pipe: Any, put: Callable[[tuple[str, Any] | None], None]) -> None:
    """Hand on the messages of a worker, up to the first that is cut off or holds anything but plain data; then None."""
    total = 0
    with contextlib.suppress(Exception):
        while total <= ALL_RESULTS:
            (size,) = struct.unpack("<Q", _exactly(pipe, 8))
            total += size
            if total <= ALL_RESULTS:
                put(_PlainUnpickler(io.BytesIO(_exactly(pipe, size))).load())
    put(None)
    with contextlib.suppress(OSError):
        pipe.close()


def _exactly(pipe: Any, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = pipe.read(min(size - len(data), 1 << 20))
        if not part:
            raise EOFError
        data += part
    return bytes(data)


def _kill(process: subprocess.Popen) -> None:
    """End a worker and all that it started, the ones that outlived it too."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


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
