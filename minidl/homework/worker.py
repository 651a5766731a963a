"""The process in which a learner's code runs: `python -m minidl.homework.worker EXERCISE FILE SEED`.

What is observed goes out on the file descriptor that was standard output when the process began; whatever the learner's
code prints goes to the file `printed.txt` of the current folder. No verdict is made here: the right values are not in
this process.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import struct
import sys
from pathlib import Path

MEMORY = 2 << 30  # bytes of address space
PRINTED = 1 << 20  # bytes that a learner's code may print


def limit(seconds: float) -> None:
    """Limit memory, processor time and file size, and leave the network, as far as the system has such limits."""
    with contextlib.suppress(AttributeError, OSError, ValueError):
        os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)  # type: ignore[attr-defined]
    try:
        import resource
    except ImportError:  # Windows: the time limit of the parent remains
        return
    wanted = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: int(seconds) + 2,
        resource.RLIMIT_FSIZE: PRINTED,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in wanted.items():
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (value, resource.getrlimit(kind)[1]))


def main() -> None:
    name, file, seed, seconds = sys.argv[1:]
    out = os.fdopen(os.dup(1), "wb")
    printed = os.open("printed.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(printed, 1)
    os.dup2(printed, 2)

    from minidl.homework.exercise import load
    from minidl.homework.subject import Raised, decode, observe, raised

    exercise = load(name)

    def send(*message: object) -> None:
        data = pickle.dumps(message)
        out.write(struct.pack("<Q", len(data)) + data)
        out.flush()

    try:
        source = decode(Path(file).read_bytes())
    except SyntaxError as error:
        send("load", Raised("SyntaxError", str(error)))
        return
    except OSError as error:
        send("load", raised(error, file, ""))
        return
    limit(float(seconds))
    for kind, what in observe(exercise, source, int(seed)):
        send(kind, what)
        sys.stdout.flush()
    send("done", None)
    os._exit(0)  # threads and atexit functions of the learner's code have nothing more to say


if __name__ == "__main__":
    main()
