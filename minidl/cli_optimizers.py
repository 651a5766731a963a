"""The command line: `minidl optimizers`, a table of all, or pages of some with worked steps."""

from __future__ import annotations

import argparse
import ast
import csv
import inspect
import re
import shutil
import sys
import textwrap
import traceback
from pathlib import Path
from typing import Any

EXIT_OK = 0


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add `optimizers` to the commands of `minidl`."""
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


def _optimizers(options: argparse.Namespace) -> int:
    given = {"steps": options.steps, "lr": options.lr, "gradients": options.grad, "start": options.start}
    given = {key: value for key, value in given.items() if value is not None}
    settings: dict[str, Any] = {}
    for name, value in map(setting, options.set):
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
    from .lab.own import optimizer_class
    from .optim.page import page

    path = name.rpartition(":")[0]
    try:
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
    from .lab.own import message_with_line
    from .optim import check_optimizer
    from .optim.check.runs import remedy

    raised = traceback.extract_tb(error.__traceback__)[-1].filename
    if isinstance(error, ValueError | TypeError) and Path(raised).name in ("ranges.py", "worked.py"):
        return str(error)  # of what was given, not of the rule
    text = message_with_line(error, path)
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


def setting(text: str) -> tuple[str, Any]:
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
