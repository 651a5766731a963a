"""The outcome of a study on one problem: the records of every optimizer, and a row of figures for each."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from . import records, summary
from .problem import AnyProblem

Record = dict[str, Any]


@dataclass
class Row:
    """The result for one optimizer: figures at the chosen rate, medians over the seeds unless something else is said.

    Costs to the target are infinite where the median run missed it. NaN: a figure that this problem does not have.
    """

    optimizer: str
    lr: float
    lr_on_edge: bool
    steps_to_target: float
    train_loss: float
    test_accuracy: float  # mean
    test_accuracy_low: float
    test_accuracy_high: float
    diverged: int  # of all runs, those that chose the rate too
    runs: int
    seconds_per_epoch: float
    test_loss: float  # mean
    test_loss_low: float
    test_loss_high: float
    epochs_to_target: float
    gradients_to_target: float
    seconds_to_target: float
    missed: int  # final runs that did not reach the target
    validation_final: float
    validation_best: float
    lr_low: float  # of the tried rates around the best one that come within 10 % of its figure
    lr_high: float
    trials: int
    rank: int  # 1 + how many are better beyond chance
    tied: str  # those that it cannot be told from
    untuned_lr: float
    untuned_test: float  # mean over the same seeds, at the default rate
    hyper: str  # what was tuned besides the rate


@dataclass(repr=False)
class Comparison:
    """Every run's record on one problem, and the rows that a table shows.

    optimizers: for every label that a row has, the optimizer as it is written and as its records name it. grids: the
    rates that were tried. trials, finals, defaults: label -> records, of the runs that chose the setting, at that
    setting, at the default rate. procedure: `Study.plain`.
    """

    problem: AnyProblem | PastProblem
    optimizers: dict[str, str]
    grids: dict[str, list[float]]
    trials: dict[str, list[Record]]
    finals: dict[str, list[Record]]
    defaults: dict[str, list[Record]] = field(default_factory=dict)
    procedure: dict[str, Any] = field(default_factory=dict)

    @property
    def tuning(self) -> list[Record]:
        """The runs that chose the rates, one optimizer after the other."""
        return [r for of in self.trials.values() for r in of]

    @property
    def final(self) -> list[Record]:
        """The runs at the chosen rates, one optimizer after the other, seed by seed."""
        return [r for of in self.finals.values() for r in of]

    @property
    def untuned(self) -> list[Record]:
        """The runs at default rates."""
        return [r for of in self.defaults.values() for r in of]

    @property
    def metric(self) -> str:
        return self.problem.metric

    @property
    def seeds(self) -> list[int]:
        """Of the final runs."""
        return sorted({r["seed"] for r in self.final})

    @property
    def test_samples(self) -> int:
        return self.final[0]["samples"]["test"]

    @property
    def steps_per_epoch(self) -> int:
        return self.final[0]["steps_per_epoch"]

    def test_figures(self, label: str) -> list[float]:
        """At the chosen rate, one per seed."""
        return [summary.final(r, self.metric, "test") for r in self.finals[label]]

    @cached_property
    def ranking(self) -> list[summary.Rank]:
        """The optimizers by their test figures, the best mean first."""
        return summary.ranking({label: self.test_figures(label) for label in self.optimizers}, self.metric)

    @cached_property
    def rows(self) -> list[Row]:
        """One for each optimizer, in the order given."""
        ranks = {rank.name: rank for rank in self.ranking}
        return [self._row(label, ranks[label]) for label in self.optimizers]

    def _row(self, label: str, rank: summary.Rank) -> Row:
        tuning, final, untuned = self.trials[label], self.finals[label], self.defaults.get(label, [])
        grid, lr, hyper = self.grids[label], final[0]["lr"], final[0]["hyper"]
        cost = {u: summary.median_cost(final, self.problem.target, self.metric, u) for u in summary.UNITS}
        usable = summary.rate_range(tuning, self.metric)
        by_default = [summary.final(r, self.metric, "test") for r in untuned]
        shown: dict[str, float] = {}
        for m in ("accuracy", "loss"):
            x = [summary.final(r, m, "test") for r in final if f"test_{m}" in r] or [math.nan]
            shown |= {f"test_{m}": statistics.fmean(x), f"test_{m}_low": min(x), f"test_{m}_high": max(x)}
        return Row(
            optimizer=label,
            lr=lr,
            lr_on_edge=lr in (grid[0], grid[-1]),
            steps_to_target=cost["steps"][0],
            train_loss=statistics.median(r["train_loss"] for r in final),
            diverged=sum(r["diverged"] for r in tuning + final),
            runs=len(tuning + final),
            seconds_per_epoch=statistics.median(r["seconds_per_epoch"] for r in final),
            epochs_to_target=cost["epochs"][0],
            gradients_to_target=cost["gradients"][0],
            seconds_to_target=cost["seconds"][0],
            missed=cost["steps"][1],
            validation_final=statistics.median(summary.final(r, self.metric) for r in final),
            validation_best=statistics.median(summary.best(r, self.metric) for r in final),
            lr_low=usable.low if usable else math.nan,
            lr_high=usable.high if usable else math.nan,
            trials=len(tuning),
            rank=rank.rank,
            tied=" ".join(rank.tied),
            untuned_lr=untuned[0]["lr"] if untuned else math.nan,
            untuned_test=statistics.fmean(by_default) if untuned else math.nan,
            hyper=" ".join(f"{k}={x:g}" for k, x in hyper.items()),
            **shown,
        )

    def assert_same_start(self) -> None:
        """All runs of a seed had the same weights, batches, loss before the first step and loss on the first batch."""
        everything = self.tuning + self.final + self.untuned
        for seed in sorted({r["seed"] for r in everything}):
            starts: dict[Any, set[str]] = {}
            for r in everything:
                if r["seed"] == seed:
                    start = (r["start"], r["loss_before_first_step"], r["step_losses"][0])
                    starts.setdefault(start, set()).add(r["optimizer"])
            if len(starts) != 1:  # not an assert statement: python -O shall not make comparisons unfair
                raise AssertionError(f"runs with seed {seed} did not start equal (hash, losses: optimizers): {starts}")

    def plain(self) -> dict[str, Any]:
        """The study as plain data, with the names of its records: what `load` reads."""
        p = self.problem
        names = {
            part: {label: [records.key(r["settings"]) for r in of] for label, of in getattr(self, part).items()}
            for part in _PARTS
        }
        return {
            "versions": records.versions(), "procedure": self.procedure, "optimizers": self.optimizers,
            "problem": {
                "name": p.name, "metric": p.metric, "target": p.target, "epochs": p.epochs, "batch_size": p.batch_size,
                "description": p.describe(),
            },
            "grids": self.grids, **names,
        }  # fmt: skip

    def save(self, out: str | Path) -> list[Path]:
        """Write the table, the page, the pictures and the records into a folder; returns the paths of the files."""
        from . import report

        return report.save(self, Path(out))

    def __repr__(self) -> str:
        from .table import table

        return table(self)


_PARTS = ("trials", "finals", "defaults")


@dataclass(frozen=True)
class PastProblem:
    """What a report needs to know of a problem whose runs are done."""

    name: str
    metric: str
    target: float
    epochs: int
    batch_size: int
    description: str

    def describe(self) -> str:
        return self.description


def load(folder: str | Path) -> Comparison:
    """A comparison from study.json and the records beside it; ValueError where the folder holds none, or not all."""
    folder = Path(folder)
    try:
        saved = json.loads((folder / "study.json").read_text(encoding="utf-8"))
        parts = {part: {label: list(of) for label, of in saved[part].items()} for part in _PARTS}
        problem = PastProblem(**saved["problem"])
    except FileNotFoundError:
        raise ValueError(f"{folder} holds no results: there is no study.json in it") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{folder}/study.json is damaged ({type(error).__name__}: {error})") from None

    runs = next((f / "runs" for f in (folder, folder.parent) if (f / "runs").is_dir()), folder / "runs")

    def read(name: str) -> Record:
        path = runs / f"{name}.json"
        try:
            return records.parsed(path.read_bytes())
        except (OSError, ValueError) as error:
            raise ValueError(f"{path} cannot be used: {error}; the same `minidl compare` makes it again") from None

    read_parts = {part: {label: [read(n) for n in of] for label, of in parts[part].items()} for part in _PARTS}
    for of in read_parts.values():
        for label, mine in of.items():
            for r in mine:
                r["optimizer"] = saved["optimizers"][label]
    return Comparison(problem, saved["optimizers"], saved["grids"], **read_parts, procedure=saved["procedure"])


def chosen(tuning: Sequence[Record], metric: str) -> Record:
    """The run whose setting is taken: not diverged, best validation figure at the end, lowest loss; of equals the one
    with the lowest rate."""
    sign = 1 if metric == "accuracy" else -1
    figure = f"validation_{metric}"
    return max(tuning, key=lambda r: (not r["diverged"], sign * r[figure], -r["validation_loss"], -r["lr"]))
