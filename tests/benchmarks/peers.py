"""Peers of a benchmark: each a process of its own, because thread pools of different libraries disturb one another in
one process. They are asked in turn, over and over, so that what else the machine does meets all of them alike."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

PAUSE = 0.1  # seconds until the threads of the last peer, which wait for work in a busy loop, are asleep


class Peer:
    """The command, run by this Python with so many threads; it answers every line with a line."""

    def __init__(self, command: Sequence[str], threads: int) -> None:
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")  # read once, at import
        self.process = subprocess.Popen(
            [sys.executable, *command], env={**os.environ, **dict.fromkeys(names, str(threads))},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ask(self, question: str, pause: float = PAUSE) -> str:
        """The answer to a line; empty where the peer has ended, as it does where its library is not installed."""
        if self.process.poll() is not None:
            return ""
        time.sleep(pause)
        try:
            print(question, file=self.process.stdin, flush=True)
        except BrokenPipeError:
            return ""
        return self.process.stdout.readline().strip()

    def close(self) -> None:
        """End of questions: wait until the process has ended."""
        self.process.communicate()


def answer(reply: Callable[[str], object]) -> None:
    """The peer's side: print the reply to each line."""
    for line in sys.stdin:
        print(reply(line.strip()), flush=True)
