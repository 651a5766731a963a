"""What a comparison leaves: a table to read, files with it, the page, the pictures, and a folder with every run."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .figures import PICTURES, png, profile
from .records import Store, as_json
from .table import csv_text, markdown

if TYPE_CHECKING:
    from .comparison import Comparison

FILES = ("table.csv", "table.md", "study.json", "report.html", *PICTURES)
PROFILE = "profile.png"


def prepare(out: Path) -> None:
    """Make the folder and try to write into it; OSError where `save` would fail, before anything is computed."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for path in (out / name for name in FILES):
            if path.is_dir():
                raise IsADirectoryError(f"{path} is a folder")
        _write(out / ".minidl", b"")
        (out / ".minidl").unlink()
    except OSError as error:
        raise OSError(f"cannot write results into {out}: {error.strerror or error}") from error


def folder(name: str | Path) -> Path:
    """The folder for a script's results, made and tried before anything is computed.

    For argparse, which turns the error into a message: add_argument("--out", type=lab.folder, default="results/mine").
    """
    out = Path(name)
    if out.exists() and not out.is_dir():
        raise argparse.ArgumentTypeError(f"{out} is a file; expected a folder, which is made where there is none")
    try:
        prepare(out)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{error}; name a folder where you may write") from error
    return out


def save(comparison: Comparison, out: Path, store: Store | None = None, page: bool = True) -> list[Path]:
    """Write the files, each whole or not at all; returns their paths.

    store: where the records are; by default they are written into "runs" in `out`. page: also write report.html.
    """
    prepare(out)
    if store is None:
        store = Store(out / "runs")
        for record in comparison.tuning + comparison.final + comparison.untuned:
            if store.read(record["settings"]) is None:
                store.write(record)
    return [_write(out / "study.json", as_json(comparison.plain()).encode()), *save_again(comparison, out, page)]


def save_again(comparison: Comparison, out: Path, page: bool = True) -> list[Path]:
    """Write what can be made from study.json and the records; returns the paths."""
    prepare(out)
    texts = {"table.csv": csv_text(comparison), "table.md": markdown(comparison)}
    paths = [_write(out / name, text.encode()) for name, text in texts.items()]
    if page:
        paths += save_page({"": [comparison]}, out)
    for name in PICTURES:
        picture = png(comparison, name)
        if picture is not None:
            paths.append(_write(out / name, picture))
    return paths


def save_page(studies: dict[str, list[Comparison]], out: Path) -> list[Path]:
    """Write report.html, and profile.png where one study has several problems; returns their paths.

    studies: name -> its comparisons, one for each problem.
    """
    from .report_html import page

    paths = [_write(out / "report.html", page(studies).encode())]
    if len(studies) == 1 and len(problems := next(iter(studies.values()))) > 1:
        paths.append(_write(out / PROFILE, profile(problems)))
    return paths


def saved(paths: Sequence[Path]) -> str:
    """Which files were written, folder by folder."""
    by_folder: dict[Path, list[str]] = {}
    for path in paths:
        by_folder.setdefault(path.parent, []).append(path.name)
    return "\n".join(f"wrote into {folder}: {', '.join(names)}" for folder, names in by_folder.items())


def _write(path: Path, content: bytes) -> Path:
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        return part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        told = f"{error.strerror} (recorded runs are kept; the same command again writes the rest)"
        raise OSError(error.errno, told, str(path)) from error
