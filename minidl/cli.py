"""The command line: `minidl compare`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__

EXIT_OK, EXIT_USAGE, EXIT_INTERRUPTED = 0, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0 done, 2 wrong usage or missing input, 130 interrupted."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not hasattr(options, "command"):
        parser.print_help()
        return EXIT_USAGE
    try:
        return options.command(options)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except (ValueError, OSError, ImportError) as error:
        print(f"minidl: error: {error}", file=sys.stderr)
        return EXIT_USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="minidl", description="A mini deep-learning framework; see also `import minidl`.")
    parser.add_argument("--version", action="version", version=f"minidl {__version__}")
    commands = parser.add_subparsers(title="commands")
    compare = commands.add_parser(
        "compare",
        help="train one network under several optimizers and compare them fairly",
        description="Train the same network under several optimizers, from the same initial weights on the same "
        "batches, each at the learning rate that is best on the validation set, then with several seeds; print a "
        "table and write table.csv, runs.json and curves.png.",
    )
    compare.set_defaults(command=_compare)
    add = compare.add_argument
    add("--dataset", default="digits", help="digits (default; no download), mnist, fashion_mnist, moons, spirals")
    add("--optimizers", nargs="+", metavar="NAME", help="names in any case, with spaces or commas, or "
        "path/to/file.py:ClassName; default: the eight of the course")  # fmt: skip
    add("--epochs", type=int, help="passes over the training set (default: depends on the dataset)")
    add("--batch-size", type=int, help="samples per step")
    add("--hidden", type=_integers, metavar="N,N", help="widths of the hidden layers, for example 256,128")
    add("--seeds", type=int, default=3, help="runs at the chosen rate (default 3)")
    add("--lr-grid", type=_rates, metavar="RATES", help="one grid for all: 0.001,0.01,0.1 or LOW:HIGH:COUNT on a log "
        "scale; default: seven rates, half a decade apart, around a usual one of each optimizer")  # fmt: skip
    add("--target", type=float, help="validation accuracy to count steps to, for example 0.95")
    add("--jobs", type=int, default=-1, help="runs at a time (default: one per core); does not change results")
    add("--out", type=Path, help="folder for the results (default: results/DATASET)")
    add("--seed", type=int, default=0, help="first seed (default 0)")
    return parser


def _compare(options: argparse.Namespace) -> int:
    from .lab import compare

    names = [n for word in options.optimizers or [] for n in word.split(",") if n] or None
    comparison = compare(
        options.dataset, names, epochs=options.epochs, batch_size=options.batch_size, hidden=options.hidden,
        seeds=options.seeds, lr_grid=options.lr_grid, jobs=options.jobs, seed=options.seed, target=options.target,
    )  # fmt: skip
    print(comparison)
    paths = comparison.save(options.out or Path("results") / comparison.problem.dataset)
    print("\nwrote " + ", ".join(map(str, paths)))
    return EXIT_OK


def _integers(text: str) -> list[int]:
    try:
        return [int(x) for x in text.replace(" ", ",").split(",") if x]
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected whole numbers such as 256,128, got {text!r}") from None


def _rates(text: str) -> list[float]:
    try:
        if ":" in text:
            low, high, count = text.split(":")
            first, last, n = float(low), float(high), int(count)
            if n < 2 or not 0 < first < last:
                raise ValueError
            return [float(f"{first * (last / first) ** (i / (n - 1)):.4g}") for i in range(n)]
        return [float(x) for x in text.split(",") if x]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected rates such as 0.001,0.01,0.1 or LOW:HIGH:COUNT such as 1e-4:1e-1:7, got {text!r}"
        ) from None
