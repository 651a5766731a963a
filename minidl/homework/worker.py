"""The process in which a learner's code runs: `main` with EXERCISE FILE SEED SECONDS, called by isolate.py.

What is observed goes out on the file descriptor that was standard output when the process began; what the learner's
code prints goes to the file `printed.txt` of the current folder. No verdict is made here, and neither the right values
nor the solution are in this process.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import struct
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from minidl.homework.subject import NotAllowed, Raised, decode, observe, raised

MEMORY = 1 << 29  # bytes that a learner's code may take, beyond what this process has before
RESULT = 16 << 20  # bytes of one result
PRINTED = 20_000  # characters that are kept of what a learner's code prints
FILE = 1 << 20  # bytes of a file that it writes


def main(arguments: list[str]) -> None:
    name, file, seed, seconds = arguments
    out = os.fdopen(os.dup(1), "wb")
    from minidl.homework.exercise import questions

    def send(*message: object) -> None:
        data = pickle.dumps(message)
        if len(data) > RESULT:
            data = pickle.dumps((message[0], Raised("TooLarge", f"a result of {len(data) >> 20} MB")))
        out.write(struct.pack("<Q", len(data)) + data)
        out.flush()

    exercise = questions(name)
    if exercise.beside is not None:
        exercise = replace(exercise, checks=exercise.beside(Path(file).parent))
    for package in ("homework", "cli"):  # what this process needs of minidl is no part of an exercise
        vars(sys.modules["minidl"]).pop(package, None)
    try:
        source: str | None = decode(Path(file).read_bytes())
    except (SyntaxError, OSError) as error:
        source, complaint = None, raised(error, file, "")
    _alone()
    _limit(float(seconds))
    _redirect()
    sys.addaudithook(_refuse)
    send("begin", None)  # from here on the time counts
    if source is None:
        send("load", complaint)
    else:
        for kind, what in observe(exercise, source, int(seed)):
            send(kind, what)
    send("done", None)
    os._exit(0)  # threads and atexit functions of the learner's code have nothing more to say


def _alone() -> None:
    """Without network, and with process numbers of its own, so that all it starts ends with it: on Linux, if allowed.

    The process that runs on is a child of the one that called; that one waits and ends as its child ended.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    user, processes, network = 0x10000000, 0x20000000, 0x40000000
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        if libc.unshare(user | processes | network) != 0:
            libc.unshare(user | network)
            return
        child = os.fork()
        if child == 0:
            libc.prctl(1, 9)  # PR_SET_PDEATHSIG: killed where its parent is
            return
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _limit(seconds: float) -> None:
    """Limit memory, processor time and the size of files, as far as the system has such limits."""
    try:
        import resource
    except ImportError:  # Windows: the time limit of the parent remains
        return
    taken = 1 << 29
    with contextlib.suppress(OSError, ValueError, IndexError):
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    wanted = {
        resource.RLIMIT_AS: taken + MEMORY,
        resource.RLIMIT_CPU: int(seconds) + 2,
        resource.RLIMIT_FSIZE: FILE,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in wanted.items():
        with contextlib.suppress(OSError, ValueError):
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))


_STARTS = ("os.fork", "os.forkpty", "os.exec", "os.spawn", "os.posix_spawn", "os.system", "subprocess.Popen")
_ANSWERS = ("solution.", "reference.", "mistakes.")


def _refuse(event: str, arguments: tuple) -> None:
    """Seen from below Python's builtins: no other process, and no look at the answers, whoever asks for it."""
    if event in _STARTS:
        raise NotAllowed("starts another process; an exercise computes from its arguments alone")
    if event == "open" and isinstance(arguments[0], str | bytes):
        folder, name = os.path.split(os.fsdecode(arguments[0]))
        if "exercises" in folder and name.startswith(_ANSWERS):
            raise NotAllowed("opens the answers; an exercise computes from its arguments alone")


class _Bounded(io.TextIOBase):
    """Keeps the beginning of what is printed, and drops the rest."""

    def __init__(self, file: Any, characters: int) -> None:
        self.file, self.left = file, characters

    def write(self, text: str) -> int:
        if self.left > 0:
            self.file.write(text[: self.left].encode("utf-8", "backslashreplace"))
            self.left -= len(text)
            if self.left <= 0:
                self.file.write(b"\n...\n")
        return len(text)

    def writable(self) -> bool:
        return True


def _redirect() -> None:
    """Python's prints go into a file; what goes past Python, nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    sys.stdout = sys.stderr = _Bounded(open("printed.txt", "wb", buffering=0), PRINTED)  # noqa: SIM115
