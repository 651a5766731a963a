"""The command line: the parser and `minidl compare`; every other command has a file of its own beside this one."""

from __future__ import annotations

import argparse
import difflib
import math
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from . import __version__, cli_datasets, cli_landscape, cli_optimizers

EXIT_OK, EXIT_USAGE, EXIT_INTERRUPTED = 0, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0 done, 1 a check failed, 2 wrong usage or missing input, 130."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not hasattr(options, "command"):
        parser.print_help()
        return EXIT_USAGE
    try:
        code = options.command(options)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # `minidl compare | head -1`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except (ValueError, OSError, ImportError) as error:
        print(f"minidl: error: {error}", file=sys.stderr)
        return EXIT_USAGE


class _Parser(argparse.ArgumentParser):
    """Says which option may be meant by one that there is not."""

    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"unrecognized arguments: (--[\w-]+)", message)
        parsers = [x for a in self._actions if isinstance(a, argparse._SubParsersAction) for x in a.choices.values()]
        known = [option for parser in [self, *parsers] for option in parser._option_string_actions]
        near = difflib.get_close_matches(unknown[1], known, n=1) if unknown else []
        super().error(message + "".join(f"; did you mean {option}?" for option in near))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="minidl",
        description="A mini deep-learning framework to read, train and compare optimizers with.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"minidl {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _compare_parser(commands)
    cli_optimizers.add_to(commands)
    cli_landscape.add_to(commands)
    cli_datasets.add_to(commands)
    return parser


def _compare_parser(commands: argparse._SubParsersAction) -> None:
    compare = commands.add_parser(
        "compare",
        allow_abbrev=False,
        help="train one network under several optimizers and compare them fairly",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="""\
Train the same network under several optimizers, from the same initial weights
on the same batches, each at the learning rate that is best on the validation
set; then with several new seeds at that rate. Prints a table and writes
table.csv, runs.json and curves.png.""",
        epilog="""\
examples:
  minidl compare
  minidl compare --dataset moons --optimizers sgd,adam --lr-grid 1e-3:1:7
  minidl compare --optimizers adam my_rule.py:MyOptimizer --out results/mine""",
    )
    compare.set_defaults(command=_compare)
    add = compare.add_argument
    add("--dataset", default="digits", metavar="NAME", help="digits (default; no download), mnist, fashion_mnist, "
        "cats_and_dogs, moons or spirals")  # fmt: skip
    add("--optimizers", nargs="+", metavar="NAME", help="names in any case, with spaces or commas, or "
        "path/to/file.py:ClassName for one's own; default: the eight of the course")  # fmt: skip
    add("--epochs", type=int, metavar="N", help="passes over the training set (default for digits: 20)")
    add("--batch-size", type=int, metavar="N", help="samples per step (default for digits: 32)")
    add("--hidden", type=_integers, metavar="N,N", help="widths of the hidden layers (default for digits: 64,32)")
    add("--seeds", type=int, default=3, metavar="N", help="how many runs at the chosen rate (default: 3)")
    add("--lr-grid", type=_rates, metavar="RATES", help="one grid for all: 0.001,0.01,0.1 or LOW:HIGH:COUNT on a log "
        "scale; default: seven rates over three decades, around a usual one of each optimizer")  # fmt: skip
    add("--target", type=float, metavar="SHARE", help="validation accuracy to count steps to (default for digits: "
        "0.95)")  # fmt: skip
    add("--jobs", type=int, default=-1, metavar="N", help="runs at a time (default: one per core); does not change "
        "results")  # fmt: skip
    add("--out", type=Path, metavar="FOLDER", help="for the results (default: results/DATASET)")
    add("--seed", type=int, default=0, metavar="N", help="seed of the runs that choose the rate; those after it use "
        "the next ones (default: 0)")  # fmt: skip


def _compare(options: argparse.Namespace) -> int:
    from .lab import Problem, compare
    from .lab.report import prepare

    names = options.optimizers
    if names is not None:  # commas between, or spaces inside one argument; a path may hold spaces
        parts = [part.strip() for word in names for part in word.split(",")]
        names = [name for part in parts for name in ([part] if ".py" in part else part.split())]
    out = options.out or Path("results") / Problem.default(options.dataset).dataset
    prepare(out)  # hours of runs shall not end at a folder that cannot be written
    comparison = compare(
        options.dataset, names, epochs=options.epochs, batch_size=options.batch_size, hidden=options.hidden,
        seeds=options.seeds, lr_grid=options.lr_grid, jobs=options.jobs, seed=options.seed, target=options.target,
    )  # fmt: skip
    try:
        paths = comparison.save(out)
    finally:
        print(comparison)  # even if the disk is full by now
    print("\nwrote " + ", ".join(map(str, paths)))
    return EXIT_OK


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
