"""The comparison: every optimizer from the same starts, on the same batches, each at its own best rate.

1. Every optimizer is run at the same number of learning rates on a log grid, with one seed.
2. Its rate is chosen on the validation set: highest accuracy at the end, then lowest loss.
3. At that rate it is run with several new seeds; only now is the test set looked at, once per run.

That all optimizers start equal is asserted: for every seed, the same weights, the same batch order and the same loss
before the first step, to the last bit.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import optim
from .problem import Problem
from .run import Settings, optimizer_class, run

GRID_POINTS = 7
GRID_STEP = 10**0.5

# The middle of each default grid, chosen once for all problems: three decades around it are searched.
_CENTRES = {
    "SGD": 0.1, "Momentum": 0.3, "Nesterov": 0.03, "AdaGrad": 0.03, "AdaDelta": 1.0, "RMSProp": 0.003, "Adam": 0.003,
    "AdamW": 0.003,
}  # fmt: skip


def default_grid(name: str) -> list[float]:
    """The seven rates, half a decade apart, that are tried for an optimizer: around its entry in a fixed table."""
    middle = _CENTRES.get(name, 0.003)
    return [float(f"{middle * GRID_STEP ** (i - GRID_POINTS // 2):.3g}") for i in range(GRID_POINTS)]


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


@dataclass
class Comparison:
    """The outcome of `compare`: rows as the table shows them, and every run's record."""

    problem: Problem
    grids: dict[str, list[float]]
    rows: list[Row]
    tuning: list[dict[str, Any]]
    final: list[dict[str, Any]]

    def save(self, out: str | Path) -> list[Path]:
        """Write table.csv, runs.json and curves.png into a folder; returns their paths."""
        from . import report

        return report.save(self, Path(out))

    def __str__(self) -> str:
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
    """
    problem = Problem.default(
        dataset, epochs=epochs, batch_size=batch_size, hidden=None if hidden is None else tuple(hidden), target=target
    )
    names = _unique([_canonical(spec) for spec in (optimizers or optim.names())])
    if seeds < 1:
        raise ValueError(f"seeds must be at least 1, got {seeds}")
    grid = None if lr_grid is None else sorted({float(x) for x in lr_grid})
    if grid is not None and (not grid or not all(0 < x < np.inf for x in grid)):
        raise ValueError(f"the learning rates of the grid must be positive numbers, got {list(lr_grid or [])}")
    grids = {name: grid or default_grid(name) for name in names}
    problem.splits()  # missing data is found now, not in a worker

    tuning = _run_all([Settings(problem, n, lr, seed) for n in names for lr in grids[n]], jobs, "tuning", progress)
    _assert_same_start(tuning)
    chosen = {n: _best([r for r in tuning if r["optimizer"] == n]) for n in names}
    final_settings = [
        Settings(problem, n, chosen[n]["lr"], seed + 1 + i, test=True) for n in names for i in range(seeds)
    ]
    final = _run_all(final_settings, jobs, "final", progress)
    _assert_same_start(final)
    rows = [_row(n, grids[n], tuning, [r for r in final if r["optimizer"] == n]) for n in names]
    return Comparison(problem, grids, rows, tuning, final)


def _canonical(spec: str) -> str:
    cls = optimizer_class(spec)
    return spec if ".py:" in spec else cls.__name__


def _unique(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _best(records: list[dict[str, Any]]) -> dict[str, Any]:
    return max(records, key=lambda r: (not r["diverged"], r["validation_accuracy"], -r["validation_loss"]))


def _assert_same_start(records: list[dict[str, Any]]) -> None:
    for seed in {r["seed"] for r in records}:
        starts = {(r["start"], r["loss_before_first_step"]) for r in records if r["seed"] == seed}
        assert len(starts) == 1, f"runs with seed {seed} did not start equal: {starts}"


def _run_all(settings: list[Settings], jobs: int, label: str, progress: bool | None) -> list[dict[str, Any]]:
    """All runs, through joblib, in the order of the settings; every process computes with one BLAS thread."""
    from joblib import Parallel, delayed, parallel_config
    from tqdm import tqdm

    disable = None if progress is None else not progress
    with parallel_config(backend="loky", inner_max_num_threads=1):
        results = Parallel(n_jobs=jobs, return_as="generator")(delayed(run)(s) for s in settings)
        return list(tqdm(results, total=len(settings), desc=label, unit="run", disable=disable, leave=False))


def _row(name: str, grid: list[float], tuning: list[dict[str, Any]], final: list[dict[str, Any]]) -> Row:
    records = [r for r in tuning if r["optimizer"] == name] + final
    lr = final[0]["lr"]
    tests = [r["test_accuracy"] for r in final]
    return Row(
        optimizer=name,
        lr=lr,
        lr_on_edge=len(grid) > 1 and lr in (grid[0], grid[-1]),
        steps_to_target=statistics.median(r["steps_to_target"] for r in final),
        train_loss=statistics.median(r["train_loss"] for r in final),
        test_accuracy=statistics.fmean(tests),
        test_accuracy_low=min(tests),
        test_accuracy_high=max(tests),
        diverged=sum(r["diverged"] for r in records),
        runs=len(records),
        seconds_per_epoch=statistics.median(r["seconds_per_epoch"] for r in final),
    )


