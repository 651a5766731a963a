"""What minidl put into a folder: a small file there, from which `verify` checks and `remove` deletes."""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

NAME = ".minidl.json"

Entry = tuple[int, int]  # size in bytes and CRC-32


def write(folder: Path, dataset: str, files: Mapping[str, Entry], **facts: Any) -> None:
    """Record files, named from the folder with /, beside those recorded before."""
    old = read(folder, dataset)
    content = {**old, "dataset": dataset, **facts, "files": {**old.get("files", {}), **files}}
    temporary = folder / f"{NAME}.new"
    temporary.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")
    os.replace(temporary, folder / NAME)


def read(folder: Path, dataset: str) -> dict[str, Any]:
    """The record in a folder; empty where there is none, or one of another dataset, or one that cannot be read."""
    try:
        content = json.loads((folder / NAME).read_text(encoding="utf-8"))
        sound = content["dataset"] == dataset and all(
            isinstance(size, int) and isinstance(crc, int) for size, crc in content["files"].values()
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
    return content if sound else {}


def entry(path: Path) -> Entry:
    """Size and CRC-32 of a file."""
    size = crc = 0
    with path.open("rb") as stream:
        while block := stream.read(2**20):
            size += len(block)
            crc = zlib.crc32(block, crc)
    return size, crc


def changes(folder: Path, files: Mapping[str, Entry], tick: Callable[[int], Any] = lambda n: None) -> Iterator[str]:
    """What is wrong with the recorded files, a sentence each; tick is called with the bytes checked."""
    for name, (size, crc) in files.items():
        path = folder / name
        if not path.is_file():
            yield f"{name} is missing"
        elif path.stat().st_size != size:
            yield f"{name} has {path.stat().st_size:,} bytes; expected {size:,}"
        elif entry(path)[1] != crc:
            yield f"{name} has changed: its checksum (CRC-32) is not the recorded one"
        tick(size)


def remove(folder: Path, dataset: str) -> tuple[int, int]:
    """Delete the recorded files, and the folders that are empty then; (files deleted, files left because not ours)."""
    files = read(folder, dataset).get("files", {})
    inside = folder.resolve()
    deleted = 0
    for name in files:
        path = folder / name
        # The record is a file like any other: what it names outside the folder is not deleted.
        if ".." in Path(name).parts or not path.parent.resolve().is_relative_to(inside):
            continue
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            deleted += 1
    (folder / NAME).unlink(missing_ok=True)
    for below in sorted((p for p in folder.rglob("*") if p.is_dir() and not p.is_symlink()), reverse=True):
        with contextlib.suppress(OSError):
            below.rmdir()
    left = sum(1 for p in folder.rglob("*") if p.is_symlink() or not p.is_dir())
    with contextlib.suppress(OSError):
        folder.rmdir()
    return deleted, left
