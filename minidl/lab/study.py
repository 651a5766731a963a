"""A study: problems x optimizers x learning rates x seeds, each optimizer at its own best rate.

1. Every optimizer gets the same number of trials, with one seed: rates on a log grid, or a quasi-random search.
2. Its setting is chosen on the validation set: best figure at the end, then lowest loss. Where the best rate is at an
   end of its default grid, two more are tried beyond, and counted; where it still is there, that is said.
3. At that setting it is run with several new seeds; only now is the test set looked at, once per run.
4. Beside that, with the same seeds: its own default rate, as who tunes nothing would have it.

That all optimizers start equal is asserted: for every seed, the same weights, the same batch order and the same loss
before the first step, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import optim
from .candidate import Candidate, candidate, positive_rates, split
from .comparison import Comparison, chosen
from .execute import Executor, Record
from .problem import AnyProblem, whole
from .problems import problem
from .records import Store
from .run import SCHEDULES, Settings
from .search import GRID_POINTS, SEARCHES, Trial, trials, wider


@dataclass
class Study:
    """What is compared; raises ValueError for settings out of range before any run is made.

    problems: names or problems. optimizers: names, classes, dicts or candidates (see `candidate`); by default the eight
    of the course. seeds: how many runs at the chosen setting. seed: of the trials; the final runs use the next ones.
    rates: one grid for all, in place of each one's own. search: "grid", or "halton" or "sobol" for `trials` points
    between the ends of the grid. widen: how often a grid is made wider; by default twice, but not where rates are
    given. schedule: of the rate, the same for all. untuned: also run each at its default rate.
    """

    problems: Sequence[Any] = ("digits",)
    optimizers: Sequence[Any] | None = None
    seeds: int = 5
    seed: int = 0
    rates: Sequence[float] | None = None
    search: str = "grid"
    trials: int = GRID_POINTS
    widen: int | None = None
    schedule: str = "constant"
    untuned: bool = True
    name: str = ""
    candidates: dict[str, Candidate] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.problems = [problem(p) for p in self.problems]
        if not self.problems:
            raise ValueError("a study needs a problem")
        doubled = {p.name for p in self.problems if [q.name for q in self.problems].count(p.name) > 1}
        if doubled:
            raise ValueError(f"the problem {min(doubled)} is given twice")
        self.candidates = named(optim.names() if self.optimizers is None else self.optimizers)
        if not isinstance(self.name, str) or self.name in (".", "..") or set(self.name) & set("/\\:\0"):
            raise ValueError(f"name is that of a folder for the results, without a path, got {self.name!r}")
        if not isinstance(self.untuned, bool):
            raise ValueError(f"untuned must be true or false, got {self.untuned!r}")
        self.seeds, self.seed = whole("seeds", self.seeds), whole("seed", self.seed, least=0)
        self.trials = whole("trials", self.trials)
        if self.widen is None:
            self.widen = 0 if self.rates is not None or self.search != "grid" else 2
        self.widen = whole("widen", self.widen, least=0)
        if self.search not in SEARCHES:
            raise ValueError(f"search must be one of {', '.join(SEARCHES)}, got {self.search!r}")
        if self.schedule not in SCHEDULES:
            raise ValueError(f"schedule must be one of {', '.join(SCHEDULES)}, got {self.schedule!r}")
        self.rates = None if self.rates is None else positive_rates(self.rates)
        counts = {label: len(self._trials(c)) for label, c in self.candidates.items()}
        if len(set(counts.values())) > 1:
            raise ValueError(
                "every optimizer gets the same number of trials, but "
                + ", ".join(f"{label} has {n}" for label, n in counts.items())
            )

    def _trials(self, optimizer: Candidate) -> list[Trial]:
        return trials(optimizer, self.search, self.trials, self.rates)

    def check(self) -> None:
        """Whatever would fail in a run, found before: missing data, a rule that breaks the contract, a bad setting."""
        for p in self.problems:
            p.check()
        for c in self.candidates.values():
            c.check()
        for p in self.problems:
            for label, c in self.candidates.items():
                try:
                    first = self._trials(c)[0]
                    c.make(p.model(self.seed), first.lr, first.hyper)
                except (TypeError, ValueError) as error:
                    raise ValueError(f"{label} on {p.name}: {error}") from error

    def run(self, executor: Executor) -> list[Comparison]:
        """Make the runs that have no record yet, and compare; AssertionError where runs do not start equal."""
        pairs = [(p, label) for p in self.problems for label in self.candidates]
        tried = {pair: self._trials(self.candidates[pair[1]]) for pair in pairs}
        untuned = {pair: self._untuned(*pair) for pair in pairs}
        executor.announce(sum(map(len, tried.values())) + sum(map(len, untuned.values())) + self.seeds * len(pairs))
        tuning = self._made(executor, {pair: self._tuning(*pair, tried[pair]) for pair in pairs})
        for _ in range(self.widen or 0):
            more = {pair: self._wider(tried[pair], tuning[pair], pair[0].metric) for pair in pairs}
            if not any(more.values()):
                break
            made = self._made(executor, {pair: self._tuning(*pair, more[pair]) for pair in pairs})
            for pair in pairs:
                tried[pair] = sorted(tried[pair] + more[pair], key=lambda t: t.lr)
                tuning[pair] = sorted(tuning[pair] + made[pair], key=lambda r: r["lr"])
        best = {pair: chosen(tuning[pair], pair[0].metric) for pair in pairs}
        last = {pair: self._final(*pair, best[pair]) for pair in pairs}
        both = self._made(executor, {pair: last[pair] + untuned[pair] for pair in pairs})
        comparisons = []
        for p in self.problems:
            labels = list(self.candidates)
            comparisons.append(
                Comparison(
                    problem=p,
                    optimizers={label: c.name for label, c in self.candidates.items()},
                    grids={label: [t.lr for t in tried[p, label]] for label in labels},
                    trials={label: tuning[p, label] for label in labels},
                    finals={label: both[p, label][: self.seeds] for label in labels},
                    defaults={label: both[p, label][self.seeds :] for label in labels},
                    procedure=self.plain(),
                )
            )
        for comparison in comparisons:
            comparison.assert_same_start()
        return comparisons

    def _made(self, executor: Executor, settings: dict[Any, list[Settings]]) -> dict[Any, list[Record]]:
        """The records of many lists of runs at once, so that no core waits for another optimizer's last run."""
        found = iter(executor.records([s for of in settings.values() for s in of], self.best_so_far))
        return {pair: [next(found) for _ in of] for pair, of in settings.items()}

    def _tuning(self, p: AnyProblem, label: str, tried: list[Trial]) -> list[Settings]:
        c = self.candidates[label]
        return [Settings(p, c, t.lr, self.seed, hyper=t.hyper, schedule=self.schedule) for t in tried]

    def _final(self, p: AnyProblem, label: str, best: Record) -> list[Settings]:
        return [
            Settings(p, self.candidates[label], best["lr"], seed, True, best["hyper"], self.schedule)
            for seed in self._final_seeds()
        ]

    def _untuned(self, p: AnyProblem, label: str) -> list[Settings]:
        c = self.candidates[label]
        if not self.untuned or c.default_lr is None:
            return []
        return [Settings(p, c, c.default_lr, seed, True, {}, self.schedule) for seed in self._final_seeds()]

    def _final_seeds(self) -> list[int]:
        return [self.seed + 1 + i for i in range(self.seeds)]

    def _wider(self, tried: list[Trial], tuning: list[Record], metric: str) -> list[Trial]:
        return [Trial(lr) for lr in wider([t.lr for t in tried], chosen(tuning, metric)["lr"])]

    def plain(self) -> dict[str, Any]:
        """The procedure as plain data."""
        return {
            "name": self.name, "seeds": self.seeds, "seed": self.seed, "search": self.search, "trials": self.trials,
            "widen": self.widen, "schedule": self.schedule, "shared_rates": self.rates is not None,
        }  # fmt: skip

    def best_so_far(self, finished: list[Record]) -> str:
        """The best validation figure of each optimizer on the problem of the latest run: for a progress bar."""
        if not finished:
            return ""
        where = finished[-1]["settings"]["problem"]
        p = next(p for p in self.problems if p.settings() == where or len(self.problems) == 1)
        sign = 1 if p.metric == "accuracy" else -1
        found: list[tuple[float, str]] = []
        for label, c in self.candidates.items():
            mine = [r[f"validation_{p.metric}"] for r in finished
                    if r["optimizer"] == c.name and r["settings"]["problem"] == where]  # fmt: skip
            if mine:
                found.append((max(sign * x for x in mine), label))
        found.sort(reverse=True)
        shown = ", ".join(f"{label} {x:.1%}" if sign > 0 else f"{label} {-x:.3g}" for x, label in found)
        return f"{p.name}: {shown}" if len(self.problems) > 1 else shown


def compare(
    dataset: Any = "digits",
    optimizers: Sequence[Any] | None = None,
    *,
    epochs: int | None = None,
    batch_size: int | None = None,
    hidden: Sequence[int] | None = None,
    seeds: int = 5,
    lr_grid: Sequence[float] | None = None,
    jobs: int = -1,
    seed: int = 0,
    target: float | None = None,
    progress: bool | None = None,
    out: str | Path | None = None,
    **study: Any,
) -> Comparison:
    """Compare optimizers on one problem; see the top of this file for the procedure.

    dataset: the name of a problem, or one itself. optimizers: names, "path/to/file.py:ClassName", classes (see
    `candidate`); by default the eight of the course. lr_grid: one grid of rates for all, in place of each one's own
    grid of seven. jobs: runs at a time, -1 for one per core; the result does not depend on it. seed: of the runs that
    choose the rate; the final ones use the next `seeds` numbers. out: a folder in which every finished run is kept, so
    that the same call goes on where one was stopped. study: more settings of a `Study`.
    Raises ValueError for unknown names and settings out of range, before any run is made; AssertionError where runs
    do not start equal.
    """
    changes = {"epochs": epochs, "batch_size": batch_size, "hidden": hidden, "target": target}
    made = Study([problem(dataset, **changes)], optimizers, seeds, seed, lr_grid, **study)
    executor = Executor(jobs, None if out is None else Store(Path(out) / "runs"), progress=progress)
    made.check()
    with executor:
        return made.run(executor)[0]


def named(optimizers: Sequence[Any]) -> dict[str, Candidate]:
    """Label -> optimizer, each once. The label is the class's name; where two share it, one's own shows its path."""
    given = split(optimizers) if isinstance(optimizers, str) else list(optimizers)
    found: dict[str, Candidate] = {}
    for x in given:
        c = candidate(x)
        same: Callable[[Candidate], Any] = lambda c: (c.settings(), c.rates, c.tune, c.label != c.short and c.label)
        if all(same(c) != same(other) for other in found.values()):
            found[str(len(found))] = c
    if not found:
        raise ValueError(f"no optimizer given; there are {', '.join(optim.names())}")
    labels = [c.label for c in found.values()]
    out: dict[str, Candidate] = {}
    for c in found.values():
        label = c.name if labels.count(c.label) > 1 and c.label == c.short else c.label
        if label in out:
            raise ValueError(f"two optimizers are called {label}; give one of them another label")
        out[label] = c
    return out
