"""The command line: `minidl compare`."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .lab import Comparison, Executor, Store, Study

EXIT_OK, EXIT_INTERRUPTED = 0, 130


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add `compare` to the commands of `minidl`."""
    compare = commands.add_parser(
        "compare",
        allow_abbrev=False,
        help="train one network under several optimizers and compare them fairly",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="""\
Train the same network under several optimizers, from the same initial weights
on the same batches, each at the learning rate that is best on the validation
set; then with several new seeds at that rate. Prints a table; writes
report.html (the page to look at), its pictures as PNG (curves.png, ...),
table.csv, table.md, study.json and, into runs/, a file for every run. Stopped
at any time, the same command goes on from the runs that are finished.""",
        epilog="""\
examples:
  minidl compare
  minidl compare --dataset moons --optimizers sgd,adam --lr-grid 1e-3:1:7
  minidl compare --optimizers adam my_rule.py:MyOptimizer --out results/mine
  minidl compare --optimizers "SGD(momentum=0.9)" "SAM(SGD, rho=0.1)"
  minidl compare --study mnist.toml --jobs 8

a study file:
  problems = ["mnist", {name = "fashion_mnist", epochs = 5}]
  optimizers = ["Adam", {name = "SGD", momentum = 0.9, label = "heavy ball"}]
  seeds = 5
  schedule = "cosine"
  untuned = false       # also: rates, search, trials, widen, seed, name""",
    )
    compare.set_defaults(command=_compare)
    add = compare.add_argument
    add("--study", type=Path, metavar="FILE", help="a TOML file with problems, optimizers and settings; see below")
    add("--dataset", metavar="NAME", help="digits (default; no download), mnist, fashion_mnist, cats_and_dogs, "
        "cat_dog_faces (drawn), moons, spirals, airfoil; quadratic or a surface such as rosenbrock; or a well-known "
        "network: mnist_deepobs, fashion_mnist_deepobs, mnist_algoperf, digits_logreg, mnist_logreg, "
        "fashion_mnist_logreg")  # fmt: skip
    add("--optimizers", nargs="+", metavar="NAME", help="names in any case, with spaces or commas, or "
        "path/to/file.py:ClassName for one's own; default: the eight of the course")  # fmt: skip
    add("--epochs", type=int, metavar="N", help="passes over the training set (default for digits: 20)")
    add("--batch-size", type=int, metavar="N", help="samples per step (default for digits: 32)")
    add("--hidden", type=_integers, metavar="N,N", help="widths of the hidden layers (default for digits: 64,32)")
    add("--seeds", type=int, metavar="N", help="how many runs at the chosen rate (default: 5)")
    add("--lr-grid", type=_rates, metavar="RATES", help="one grid for all: 0.001,0.01,0.1 or LOW:HIGH:COUNT on a log "
        "scale; default: seven rates over three decades, around a usual one of each optimizer, and two more where the "
        "best of them is at an end")  # fmt: skip
    add("--search", metavar="KIND", help="grid (default), or halton or sobol: quasi-random rates between the ends of "
        "the grid")  # fmt: skip
    add("--trials", type=int, metavar="N", help="how many rates are tried (default: 7)")
    add("--schedule", metavar="NAME", help="of the rate, the same for all: constant (default), linear, cosine, "
        "warmup-cosine")  # fmt: skip
    add("--target", type=float, metavar="SHARE", help="validation accuracy to count steps to (default for digits: "
        "0.95)")  # fmt: skip
    add("--jobs", type=int, default=-1, metavar="N", help="runs at a time (default: one per core); does not change "
        "results")  # fmt: skip
    add("--backend", default="loky", metavar="NAME", help="loky (default): processes of this machine; dask: with "
        "--scheduler, those of a cluster")  # fmt: skip
    add("--scheduler", metavar="ADDRESS", help="of a dask scheduler that is running, such as tcp://10.0.0.1:8786")
    add("--out", type=Path, metavar="FOLDER", help="for the results (default: results/DATASET, or results/STUDY)")
    add("--seed", type=int, metavar="N", help="seed of the runs that choose the rate; those after it use "
        "the next ones (default: 0)")  # fmt: skip


def _compare(options: argparse.Namespace) -> int:
    from .lab import Executor, Store
    from .lab.report import prepare, saved

    study, out = _study(options)
    folders = {p.name: out / p.name if len(study.problems) > 1 else out for p in study.problems}
    store = Store(out / "runs", tell=lambda text: print(f"minidl: {text}", file=sys.stderr))
    executor = Executor(options.jobs, store, options.backend, options.scheduler)
    for folder in {out, *folders.values()}:
        prepare(folder)  # hours of runs shall not end at a folder that cannot be written
    store.tidy()
    study.check()
    try:
        with executor:
            comparisons = study.run(executor)
    except (KeyboardInterrupt, OSError):  # OSError: a full disk
        _tell_what_is_finished(study, executor)
        raise
    paths = _save(comparisons, folders, out, store)
    if executor.read:
        print(f"\n{executor.read} of {len(executor.finished)} runs were there already, in {store.folder}")
    print("\n" + saved(paths))
    return EXIT_OK


def _study(options: argparse.Namespace) -> tuple[Study, Path]:
    """The study that the options describe, and the folder for its results."""
    from .lab import Study, problem
    from .lab.candidate import split
    from .lab.study_file import read_study

    of_problem = {k: getattr(options, k) for k in ("epochs", "batch_size", "hidden", "target")}
    settings = {"seeds": options.seeds, "seed": options.seed, "rates": options.lr_grid, "search": options.search,
                "trials": options.trials, "schedule": options.schedule}  # fmt: skip
    given = {k: x for k, x in settings.items() if x is not None}
    if options.study is not None:
        also = {**given, **of_problem, "dataset": options.dataset, "optimizers": options.optimizers}
        named = [k for k, x in also.items() if x is not None]
        if named:
            option = "lr-grid" if named[0] == "rates" else named[0].replace("_", "-")
            raise ValueError(f"--{option} is a setting of the study: write it into {options.study}")
        study = read_study(options.study)
        return study, options.out or Path("results") / (study.name or options.study.stem)
    names = options.optimizers
    optimizers = None if names is None else [name for text in names for name in split(text)]
    p = problem(options.dataset or "digits", **of_problem)
    return Study([p], optimizers, **given), options.out or Path("results") / p.name


def _save(comparisons: list[Comparison], folders: dict[str, Path], out: Path, store: Store) -> list[Path]:
    """The files of each problem in its folder, and of several one page for all."""
    from .lab.report import save, save_page

    paths, several = [], len(comparisons) > 1
    for i, comparison in enumerate(comparisons):
        if i:
            print()
        try:
            paths += save(comparison, folders[comparison.problem.name], store, page=not several)
        finally:
            print(comparison)  # even if the disk is full by now
    return paths + (save_page({"": comparisons}, out) if several else [])


def _tell_what_is_finished(study: Study, executor: Executor) -> None:
    """A summary of the runs that are finished, where there are any."""
    finished = list(executor.finished.values())
    if not finished:
        return
    print(f"\n{len(finished)} of {executor.total} runs are finished, and kept; the same command goes on from there.")
    for p in study.problems:
        best = study.best_so_far([r for r in finished if r["settings"]["problem"] == p.settings()])
        if best:
            print(f"Best on validation so far: {best}")


def _integers(text: str) -> list[int]:
    try:
        numbers = [int(x) for x in text.replace(" ", ",").split(",") if x]
        if not numbers:
            raise ValueError
        return numbers
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected whole numbers such as 256,128, got {text!r}") from None


def _rates(text: str) -> list[float]:
    try:
        if ":" in text:
            low, high, count = text.split(":")
            first, last, n = float(low), float(high), int(count)
            if n < 2 or not 0 < first < last < math.inf:
                raise ValueError
            return [float(f"{first * (last / first) ** (i / (n - 1)):.4g}") for i in range(n)]
        rates = [float(x) for x in text.replace(" ", ",").split(",") if x]
        if not rates or not all(0 < x < math.inf for x in rates):
            raise ValueError
        return rates
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected positive rates such as 0.001,0.01,0.1 or LOW:HIGH:COUNT such as 1e-4:1e-1:7, got {text!r}"
        ) from None
