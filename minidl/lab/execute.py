"""Runs, many at a time: those that have a record are read, the missing ones are made and recorded.

Every process computes with one thread of the linear-algebra library, so that a record does not depend on how many run
at a time, or where: through joblib on the cores of this machine, or through dask on those of others too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import warnings
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from .problem import whole
from .records import Store, canonical, plain
from .run import Settings, run

BACKENDS = ("loky", "dask")

Record = dict[str, Any]


class Executor:
    """How the runs of a study are made. A context: on leaving, the progress bar and dask's client are closed.

    jobs: at a time, -1 for one per core. store: where records are, and are put; None keeps them in memory only.
    backend: "loky", processes of this machine, or "dask", with the address of a scheduler that runs already, or
    without: one on this machine. progress: a bar; None shows it on a terminal only. ValueError for a bad number of
    jobs or an unknown backend, ImportError where dask is missing, OSError where its scheduler does not answer.
    """

    def __init__(
        self, jobs: int = -1, store: Store | None = None, backend: str = "loky", scheduler: str | None = None,
        progress: bool | None = None,
    ) -> None:  # fmt: skip
        self.jobs = jobs if jobs == -1 else whole("jobs, unless -1 for one per core,", jobs)
        if scheduler is not None:
            backend = "dask"
        if backend not in BACKENDS:
            raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, got {backend!r}")
        self.store, self.backend, self.scheduler, self.progress = store, backend, scheduler, progress
        self.finished: dict[str, Record] = {}  # all records of this study so far, by their settings
        self.read = 0  # how many of them were there already
        self._open = contextlib.ExitStack()
        self._client: Any = None
        self.bar: Any = None
        self.total = 0

    def __enter__(self) -> Executor:
        if self.backend == "dask":
            self._client = self._connected()
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.close()

    def announce(self, total: int) -> None:
        """How many runs there will be in all, as far as is known."""
        from tqdm import tqdm

        if self.bar is None:
            disable = None if self.progress is None else not self.progress
            self.bar = tqdm(total=total, unit="run", disable=disable, leave=False, dynamic_ncols=True)
            self._open.callback(self.bar.close)
        self.total = total
        if not self.bar.disable:
            self.bar.total = total
            self.bar.refresh()

    def records(self, settings: Sequence[Settings], best: Any = None) -> list[Record]:
        """The records of these runs, in this order; `best` makes the bar's text of all that are finished."""
        names = [canonical(s.plain()) for s in settings]
        wanted = dict(zip(names, settings, strict=True))
        self.total = max(self.total, len({**self.finished, **wanted}))
        self.announce(self.total)
        missing = []
        for name, s in wanted.items():
            record = self.finished.get(name) or (self.store.read(s.plain()) if self.store else None)
            if record is None:
                missing.append(s)
            elif name not in self.finished:
                self.read += 1
                self._done(name, {**record, "optimizer": s.optimizer.name}, best, new=False)  # its file may have moved
        made = self._made(missing)
        try:
            for record in made:
                if self.store:
                    self.store.write(record)
                self._done(canonical(record["settings"]), plain(record), best)
        finally:
            with warnings.catch_warnings():  # joblib's, that work is lost where a study is stopped
                warnings.simplefilter("ignore")
                made.close()
        return [self.finished[name] for name in names]

    def _done(self, name: str, record: Record, best: Any, new: bool = True) -> None:
        self.finished[name] = record
        if self.bar.disable:
            return
        if new:
            self.bar.update()
        else:  # the time left is that of the runs that are made
            self.bar.initial += 1
            self.bar.n += 1
        if best is not None:
            self.bar.set_postfix_str(best(list(self.finished.values())))

    def _made(self, settings: list[Settings]) -> Generator[Record, None, None]:
        """The records of runs, as they are finished."""
        if not settings:
            return
        if self._client is not None:
            yield from self._by_dask(settings)
            return
        from joblib import Parallel, delayed, parallel_config

        jobs = -1 if self.jobs < 0 else min(self.jobs, len(settings), os.cpu_count() or 1)
        with parallel_config(backend="loky", inner_max_num_threads=1):
            parallel = Parallel(n_jobs=jobs, return_as="generator_unordered")
            with _deaf_to_interrupts() if jobs != 1 else contextlib.nullcontext():
                made = parallel(delayed(run)(s) for s in settings)
            yield from made

    def _by_dask(self, settings: list[Settings]) -> Iterator[Record]:
        from distributed import as_completed

        futures = self._client.map(run, settings, pure=False)
        try:
            for future in as_completed(futures):
                yield future.result()
                future.release()
        finally:
            with contextlib.suppress(Exception):  # after Ctrl-C, or where the scheduler is gone
                self._client.cancel(futures)

    def _connected(self) -> Any:
        try:
            from distributed import Client, LocalCluster
        except ImportError as error:
            raise ImportError('the backend dask needs a package: pip install "minidl[dask]"') from error
        if self.scheduler is not None:
            return self._open.enter_context(Client(self.scheduler))
        workers = (os.cpu_count() or 1) if self.jobs < 0 else self.jobs
        cluster = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
        return self._open.enter_context(Client(self._open.enter_context(cluster)))


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes that are started here do not hear Ctrl-C: this one does, and ends them, without their tracebacks."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
