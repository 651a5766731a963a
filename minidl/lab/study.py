"""The comparison: every optimizer from the same starts, on the same batches, each at its own best rate.

1. Every optimizer is run at the same number of learning rates on a log grid, with one seed.
2. Its rate is chosen on the validation set: highest accuracy at the end, then lowest loss.
3. At that rate it is run with several new seeds; only now is the test set looked at, once per run.

That all optimizers start equal is asserted: for every seed, the same weights, the same batch order and the same loss
before the first step, to the last bit.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import optim
from .own import optimizer_class
from .problem import Problem, whole
from .run import Settings, run

GRID_POINTS = 7

# The middle of each default grid, one for all problems, from validation runs: on digits, mnist and fashion_mnist no
# winner lies on an edge. On moons and spirals many rates reach 100 %; there the loss decides, sometimes at an edge.
_CENTRES = {
    "SGD": 0.1, "Momentum": 0.3, "Nesterov": 0.03, "AdaGrad": 0.1, "AdaDelta": 1.0, "RMSProp": 0.003, "Adam": 0.003,
    "AdamW": 0.003,
}  # fmt: skip


def default_grid(optimizer: str) -> list[float]:
    """Seven rates over three decades of the series ... 0.001 0.003 0.01 0.03 ..., around a usual one.

    One's own class gets the grid of the optimizer whose name it has or which it extends, else Adam's.
    """
    series = [float(f"{digit}e{decade}") for decade in range(-8, 5) for digit in (1, 3)]
    known = [_CENTRES[c.__name__] for c in optimizer_class(optimizer).__mro__ if c.__name__ in _CENTRES]
    middle = series.index([*known, _CENTRES["Adam"]][0])
    return series[middle - GRID_POINTS // 2 : middle + GRID_POINTS // 2 + 1]


@dataclass
class Row:
    """The result for one optimizer: figures at the chosen rate, medians over the seeds."""

    optimizer: str
    lr: float
    lr_on_edge: bool
    steps_to_target: float  # median; infinite where the median run missed the target
    train_loss: float
    test_accuracy: float  # mean
    test_accuracy_low: float
    test_accuracy_high: float
    diverged: int
    runs: int
    seconds_per_epoch: float


@dataclass(repr=False)
class Comparison:
    """The outcome of `compare`: rows as the table shows them, and every run's record.

    optimizers: for every name that a row has, the optimizer as its records name it (one's own: path/to/file.py:Class).
    """

    problem: Problem
    optimizers: dict[str, str]
    grids: dict[str, list[float]]
    rows: list[Row]
    tuning: list[dict[str, Any]]
    final: list[dict[str, Any]]

    def save(self, out: str | Path) -> list[Path]:
        """Write table.csv, runs.json and curves.png into a folder; returns their paths."""
        from . import report

        return report.save(self, Path(out))

    def __repr__(self) -> str:
        from . import report

        return report.table(self)


def compare(
    dataset: str = "digits",
    optimizers: Sequence[str] | None = None,
    *,
    epochs: int | None = None,
    batch_size: int | None = None,
    hidden: Sequence[int] | None = None,
    seeds: int = 3,
    lr_grid: Sequence[float] | None = None,
    jobs: int = -1,
    seed: int = 0,
    target: float | None = None,
    progress: bool | None = None,
) -> Comparison:
    """Compare optimizers on one problem; see the top of this file for the procedure.

    optimizers: names, or "path/to/file.py:ClassName"; by default the eight of the course. lr_grid: one grid of rates
    for all, in place of each one's own grid of seven. jobs: runs at a time, -1 for one per core; the result does not
    depend on it. seed: of the runs that choose the rate; the final ones use the next `seeds` numbers.
    Raises ValueError for unknown names and settings out of range, before any run is made; AssertionError where runs
    do not start equal.
    """
    problem = Problem.default(dataset, epochs=epochs, batch_size=batch_size, hidden=hidden, target=target)
    specs = _named(optim.names() if optimizers is None else optimizers)
    seeds, seed = whole("seeds", seeds), whole("seed", seed, least=0)
    if jobs != -1:
        jobs = whole("jobs, unless -1 for one per core,", jobs)
    shared = None if lr_grid is None else _checked_grid(lr_grid)
    grids = {name: shared or default_grid(spec) for name, spec in specs.items()}
    problem.splits()  # missing data is found now, not in a worker

    settings = [Settings(problem, spec, lr, seed) for name, spec in specs.items() for lr in grids[name]]
    tuning = _run_all(settings, jobs, "tuning", progress)
    chosen = {name: _best(_of(spec, tuning)) for name, spec in specs.items()}
    settings = [
        Settings(problem, spec, chosen[name]["lr"], seed + 1 + i, test=True)
        for name, spec in specs.items()
        for i in range(seeds)
    ]
    final = _run_all(settings, jobs, "final", progress)
    _assert_same_start(tuning + final)
    rows = [_row(name, grids[name], _of(spec, tuning), _of(spec, final)) for name, spec in specs.items()]
    return Comparison(problem, specs, grids, rows, tuning, final)


def _named(optimizers: Sequence[str]) -> dict[str, str]:
    """Name to show -> optimizer, each once. The name is the class's; where two share it, one's own shows its path."""
    given = optimizers.split(",") if isinstance(optimizers, str) else list(optimizers)
    specs: dict[Any, str] = {}
    for spec in given:
        if not isinstance(spec, str):
            raise TypeError(f'an optimizer is given by its name or as "path/to/file.py:ClassName", got {spec!r}')
        cls = optimizer_class(spec.strip())
        path, _, name = spec.strip().rpartition(":")
        specs.setdefault((Path(path).resolve(), name) if path else cls, spec.strip() if path else cls.__name__)
    if not specs:
        raise ValueError(f"no optimizer given; there are {', '.join(optim.names())}")
    short = [spec.rpartition(":")[2] for spec in specs.values()]
    return {spec if short.count(name) > 1 else name: spec for spec, name in zip(specs.values(), short, strict=True)}


def _checked_grid(rates: Sequence[float]) -> list[float]:
    grid = sorted({float(x) for x in rates})
    if not grid or not all(0 < x < np.inf for x in grid):
        raise ValueError(f"a grid of learning rates needs positive numbers, got {list(rates) or 'none'}")
    return grid


def _of(optimizer: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [r for r in records if r["optimizer"] == optimizer]


def _best(records: list[dict[str, Any]]) -> dict[str, Any]:
    """The run whose rate is taken: not diverged, highest validation accuracy, lowest loss; of equals the first."""
    return max(records, key=lambda r: (not r["diverged"], r["validation_accuracy"], -r["validation_loss"]))


def _assert_same_start(records: list[dict[str, Any]]) -> None:
    """All runs of a seed had the same weights, batches, loss before the first step and loss on the first batch."""
    for seed in sorted({r["seed"] for r in records}):
        starts: dict[Any, set[str]] = {}
        for r in records:
            if r["seed"] == seed:
                start = (r["start"], r["loss_before_first_step"], r["step_losses"][0])
                starts.setdefault(start, set()).add(r["optimizer"])
        if len(starts) != 1:  # not an assert statement: python -O shall not make comparisons unfair
            raise AssertionError(f"runs with seed {seed} did not start equal (hash, losses: optimizers): {starts}")


def _run_all(settings: list[Settings], jobs: int, label: str, progress: bool | None) -> list[dict[str, Any]]:
    """All runs, through joblib, in the order of the settings; every process computes with one BLAS thread."""
    from joblib import Parallel, delayed, parallel_config
    from tqdm import tqdm

    disable = None if progress is None else not progress
    jobs = -1 if jobs < 0 else min(jobs, len(settings), os.cpu_count() or 1)
    with parallel_config(backend="loky", inner_max_num_threads=1):
        results = Parallel(n_jobs=jobs, return_as="generator")(delayed(run)(s) for s in settings)
        return list(tqdm(results, total=len(settings), desc=label, unit="run", disable=disable, leave=False))


def _row(name: str, grid: list[float], tuning: list[dict[str, Any]], final: list[dict[str, Any]]) -> Row:
    lr = final[0]["lr"]
    tests = [r["test_accuracy"] for r in final]
    return Row(
        optimizer=name,
        lr=lr,
        lr_on_edge=lr in (grid[0], grid[-1]),
        steps_to_target=statistics.median(r["steps_to_target"] for r in final),
        train_loss=statistics.median(r["train_loss"] for r in final),
        test_accuracy=statistics.fmean(tests),
        test_accuracy_low=min(tests),
        test_accuracy_high=max(tests),
        diverged=sum(r["diverged"] for r in tuning + final),
        runs=len(tuning + final),
        seconds_per_epoch=statistics.median(r["seconds_per_epoch"] for r in final),
    )
