"""Batches made ahead in a background thread, while the caller works on the last one.

A thread, and not a process: NumPy lets go of the interpreter while it copies, converts and computes, and while the
system reads a memory-mapped file, so the two do run at once, and nothing has to be copied from one process to another.
What a transform does in Python itself takes turns with the training loop.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")


def prefetched(make: Callable[[int], T], n: int, ahead: int) -> Iterator[T]:
    """make(0), ..., make(n - 1), in order, each called in one background thread, up to `ahead` before it is asked for.

    The thread starts with the first `next` and has ended when the iteration has: at the last item, when the iterator is
    closed or dropped (as a `for` does that is left by break, an error or Ctrl-C), at exit. That waits for the one item
    in the making. An error in make(i) is raised where item i is asked for, with its traceback.
    """
    from concurrent.futures import Future, ThreadPoolExecutor  # here: it costs `import minidl.data` some milliseconds

    workers: list[int] = []
    pool = ThreadPoolExecutor(1, "minidl-prefetch", initializer=lambda: workers.append(threading.get_ident()))
    waiting: deque[Future[T]] = deque()

    def submit(i: int) -> None:
        if i < n:  # in the caller's context, which holds np.errstate
            waiting.append(pool.submit(copy_context().run, make, i))

    try:
        for i in range(min(n, ahead)):
            submit(i)
        for i in range(n):
            item = waiting.popleft().result()
            submit(i + ahead)
            yield item
    finally:
        # The garbage collector may run in the worker and close an iterator there: a thread cannot wait for itself.
        pool.shutdown(wait=threading.get_ident() not in workers, cancel_futures=True)
