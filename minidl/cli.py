"""The command line: the parser, and what a command's end means; each command has a file, cli_*.py."""

from __future__ import annotations

import argparse
import difflib
import os
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

from . import __version__, cli_compare, cli_datasets, cli_homework, cli_landscape, cli_optimizers

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
    cli_compare.add_to(commands)
    cli_optimizers.add_to(commands)
    cli_landscape.add_to(commands)
    cli_datasets.add_to(commands)
    cli_homework.add_to(commands)
    return parser
