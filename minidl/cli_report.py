"""The command line: `minidl report`, the files of a comparison again from its records, and two studies side by side."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .lab import Comparison


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add `report` to the commands of `minidl`."""
    report = commands.add_parser(
        "report",
        allow_abbrev=False,
        help="make the report of a comparison again from its records, or compare two",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="""\
Make report.html, the PNG pictures, table.csv and table.md again from the records
that `minidl compare` left in a folder; nothing is trained. Of several folders
one page is made that sets the studies of the same problem side by side.""",
        epilog="""\
examples:
  minidl report results/digits
  minidl report results/constant results/cosine --out results/schedules""",
    )
    report.set_defaults(command=_report)
    report.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="where `minidl compare` wrote its results")
    report.add_argument("--out", type=Path, metavar="FOLDER", help="for the report (default: DIR; of several: "
                        "results/DIR-DIR2)")  # fmt: skip


def _report(options: argparse.Namespace) -> int:
    from .lab.report import prepare, save_again, save_page, saved

    folders = list(dict.fromkeys(folder.resolve() for folder in options.folders))
    studies = {name: _load(folder) for name, folder in zip(_names(folders), folders, strict=True)}
    if len(folders) == 1:
        (of,) = studies.values()
        out = options.out or options.folders[0]
        several = len(of) > 1
        paths = []
        for name, comparison in of.items():
            paths += save_again(comparison, out / name if several else out, page=not several)
        if several:
            paths += save_page({"": list(of.values())}, out)
    else:
        out = options.out or Path("results") / "-".join(name.replace(os.sep, "-") for name in studies)
        prepare(out)
        paths = save_page({name: list(of.values()) for name, of in studies.items()}, out)
    print(saved(paths))
    return 0


def _load(folder: Path) -> dict[str, Comparison]:
    """The comparisons of a study: name of the problem's folder -> comparison."""
    from .lab.comparison import load

    inside = [] if (folder / "study.json").exists() else sorted(path.parent for path in folder.glob("*/study.json"))
    return {path.name: load(path) for path in inside or [folder]}


def _names(folders: list[Path]) -> list[str]:
    """The last parts of the paths, as many as are needed to tell them apart."""
    depth = 1
    while len({folder.parts[-depth:] for folder in folders}) < len(folders):
        depth += 1
    return [str(Path(*folder.parts[-depth:])) for folder in folders]
