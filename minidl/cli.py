"""The command line: `minidl compare`, `minidl optimizers`; the others are in cli_datasets.py and cli_landscape.py."""

from __future__ import annotations

import argparse
import ast
import csv
import difflib
import inspect
import math
import os
import re
import shutil
import sys
import textwrap
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from . import __version__, cli_datasets, cli_landscape

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
    _optimizers_parser(commands)
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


def _optimizers_parser(commands: argparse._SubParsersAction) -> None:
    optimizers = commands.add_parser(
        "optimizers",
        allow_abbrev=False,
        help="a table of all optimizers; or one of them on a page, with worked steps",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="""\
Without a name, a table of all optimizers: rule, paper and year, defaults,
floats of state per parameter, gradients per step. With one, its docstring, its
source, what other libraries do otherwise, and a few steps on one weight: every
quantity with its formula and numbers, to redo with a pocket calculator.""",
        epilog="""\
examples:
  minidl optimizers
  minidl optimizers --wide | grep -i adam
  minidl optimizers adam
  minidl optimizers sgd --lr 0.1 --set momentum=0.9 --grad 1 --steps 5
  minidl optimizers adam --grad=-1e-3,2 --set betas=0.9,0.99
  minidl optimizers my_rule.py:MyRule""",
    )
    optimizers.set_defaults(command=_optimizers)
    add = optimizers.add_argument
    add("names", nargs="*", metavar="NAME", help="names in any case, or path/to/file.py:ClassName for one's own")
    table = optimizers.add_argument_group("the table")
    table.add_argument("--wide", action="store_true", help="one line for each optimizer, however long")
    table.add_argument("--csv", action="store_true", help="as CSV")
    add = optimizers.add_argument_group("the worked steps of a NAME").add_argument
    add("--steps", type=int, metavar="N", help="how many (default: 3)")
    add("--lr", type=float, metavar="RATE", help="learning rate (default: the rule's own, or 0.1)")
    add("--grad", type=_numbers, nargs="+", metavar="G", help="the gradients, over and over (default: 0.5 -0.3 0.2 "
        "0.1); a 2 x 2 matrix takes four for each step, row by row")  # fmt: skip
    add("--start", type=_numbers, nargs="+", metavar="W", help="the weight before the first step (default: 1), or four")
    add("--set", action="append", default=[], metavar="X=VALUE", help="a hyper-parameter, such as momentum=0.9; may be "
        "given several times")  # fmt: skip


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


def _optimizers(options: argparse.Namespace) -> int:
    given = {"steps": options.steps, "lr": options.lr, "gradients": options.grad, "start": options.start}
    given = {key: value for key, value in given.items() if value is not None}
    settings: dict[str, Any] = {}
    for name, value in map(_setting, options.set):
        if name in settings or (name == "lr" and "lr" in given):
            raise ValueError(f"{name} is given twice: {settings.get(name, options.lr)} and {value}")
        settings[name] = value
    if options.names and (options.wide or options.csv):
        raise ValueError("--wide and --csv are for the table of all: leave out the names")
    if not options.names and (given or settings):
        raise ValueError("--steps, --lr, --grad, --start and --set need the NAME of an optimizer")
    width = max(72, shutil.get_terminal_size((120, 24)).columns)
    if not options.names:
        return _table(options, width)

    names = [part for name in options.names for part in ([name] if ".py" in name else name.replace(",", " ").split())]
    if not names:
        raise ValueError("the NAME of an optimizer is empty")
    for key in ("gradients", "start"):
        if key in given:
            given[key] = [x for numbers in given[key] for x in numbers]
    pages = [_page(name, width, settings, given) for name in names]
    print(("\n\n" + "=" * width + "\n\n").join(pages))
    return EXIT_OK


def _page(name: str, width: int, settings: dict[str, Any], given: dict[str, Any]) -> str:
    """The page of an optimizer; a ValueError in lines of at most 80 columns for whatever is wrong."""
    from .lab.run import optimizer_class
    from .optim.page import page

    path, _, of = name.rpartition(":")
    try:
        if path and Path(path + ".py").is_file():
            raise ValueError(f"unknown optimizer {name!r}; did you mean {path}.py:{of}?")
        cls = optimizer_class(name)
    except ValueError as error:
        raise ValueError(_wrapped(str(error))) from error
    try:
        return page(cls, width, settings, **given)
    except Exception as error:
        if not path and not isinstance(error, ValueError | TypeError):
            raise
        text = _told(error, path, cls, given, settings) if path else str(error)
        raise ValueError(_wrapped(text)) from error


def _told(error: Exception, path: str, cls: Any, given: dict[str, Any], settings: dict[str, Any]) -> str:
    """What went wrong with one's own rule: the error with its place in the file, and what check_optimizer finds."""
    from .lab.run import _explained
    from .optim import check_optimizer
    from .optim.check.runs import remedy

    raised = traceback.extract_tb(error.__traceback__)[-1].filename
    if isinstance(error, ValueError | TypeError) and Path(raised).name in ("ranges.py", "worked.py"):
        return str(error)  # of what was given, not of the rule
    text = _explained(error, path)
    if text.startswith(f"{path}: "):  # raised in no line of the file: in a call of update, or of what is not there
        at = inspect.getsourcelines(cls.update if "update()" in text and "update" in vars(cls) else cls)[1]
        text = f"{path}, line {at}: {text[len(path) + 2 :]}"
    lr = {"lr": given["lr"]} if "lr" in given else {}
    try:
        failed = check_optimizer(cls, raise_on_failure=False, **settings, **lr).failed
    except Exception:  # a wrapper, which it is not asked about
        failed = []
    if failed and str(error) not in failed[0].message:
        return f"{text}\ncheck_optimizer({cls.__name__}) says: {failed[0].name}: {failed[0].message}"
    return f"{text}{remedy(error, cls)}\nminidl.optim.check_optimizer({cls.__name__}) looks for more"


def _wrapped(text: str) -> str:
    """In 80 columns, with what stands in quotes on one line."""
    text = re.sub("`[^`]*`", lambda code: code[0].replace(" ", "\0"), f"minidl: error: {text}")
    lines = [textwrap.fill(x, 80, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)
             for x in text.split("\n")]  # fmt: skip
    return "\n".join(lines).replace("\0", " ").removeprefix("minidl: error: ")


def _table(options: argparse.Namespace, width: int) -> int:
    from .optim.catalogue import Row, catalogue, footnotes, table

    rows = catalogue()
    if options.csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows([Row._fields, *rows])
    elif options.wide:
        print(table(rows, None))
    else:
        print(table(rows, width))
        print("", *(textwrap.fill(note, width, subsequent_indent="  ") for note in footnotes()), sep="\n")
        print("\nminidl optimizers NAME shows one: docstring, source, conventions, worked steps.")
    return EXIT_OK


def _setting(text: str) -> tuple[str, Any]:
    """momentum=0.9 as a name and a value: numbers, several numbers, True, False, None; anything else is a word."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise ValueError(f"--set takes NAME=VALUE such as momentum=0.9, got {text!r}")
    if value.strip().lower() in ("true", "false"):
        return name.strip(), value.strip().lower() == "true"
    try:
        return name.strip(), ast.literal_eval(value.strip())
    except (ValueError, SyntaxError):
        return name.strip(), value.strip()


def _numbers(text: str) -> list[float]:
    try:
        return [float(x) for x in text.replace(",", " ").split()]
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected numbers such as 0.5 -0.3, got {text!r}") from None


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
