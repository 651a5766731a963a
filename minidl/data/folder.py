"""The pictures of a folder and their classes, told from names alone; nothing is opened here.

Three layouts are known: `cat.0.jpg`, `dog.0.jpg`, ... in one folder; a folder for each class; and one of these further
down, where there is only one way to go, as in PetImages/Cat.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

_PICTURES = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm",
    ".avif", ".heic", ".heif",  # which not every Pillow reads; decode says so
}  # fmt: skip
_LABELLED = re.compile(r"(?P<label>[^\W\d_](?:.*[^\W\d_])?)[._ -]*\(?\d+\)?$")  # "cat.0", "dog_12", "black cat (3)"
_PARTS = ("train", "training", "validation", "valid", "val", "test")


class Picture(NamedTuple):
    """A file that is a picture by its name: path relative to the root, class, size in bytes, time of its change."""

    path: str
    label: str
    size: int
    changed: int  # nanoseconds


def find_pictures(root: Path) -> tuple[list[Picture], list[tuple[str, str]]]:
    """Every picture by its name, in order, and (path, reason) of the other files.

    FileNotFoundError where there is no such folder; ValueError for one without pictures, one whose layout says no
    classes, and one that holds whole sets (train and validation).
    """
    if not root.is_dir():
        what = "is a file; unpack it first" if root.is_file() else "does not exist"
        raise FileNotFoundError(f"ImageFolder: the folder {root} {what}")
    folder, others = root, list[tuple[str, str]]()
    while True:  # down to where the classes are
        files, folders = _entries(folder, root, others)
        pictures = [entry for entry in files if _is_picture(entry.name)]
        others += [(_relative(e, root), "not a picture by its name") for e in files if not _is_picture(e.name)]
        if pictures or len(folders) != 1:
            break
        folder = Path(folders[0].path)
    splits = [f.name for f in folders if f.name.lower() in _PARTS]
    if len(splits) > 1 or (splits and len(folders) > 1 and not pictures):
        raise ValueError(
            f"{folder} holds {' and '.join(splits)}: parts of a set, not classes; take one of them: "
            f"ImageFolder({str(folder / splits[0])!r})"
        )
    found: list[Picture] = []
    if pictures:
        others += [(_relative(e, root) + "/", "a folder beside the pictures") for e in folders]
        nameless = [e.name for e in pictures if not _LABELLED.match(Path(e.name).stem)]
        if len(nameless) > len(pictures) / 2:
            raise ValueError(
                f"{folder} holds {len(pictures)} pictures whose names say no class, such as {nameless[0]}; expected "
                "cat.0.jpg, dog.0.jpg, ..., or a folder for each class"
            )
        for entry in pictures:
            match = _LABELLED.match(Path(entry.name).stem)
            if match is None:
                others.append((_relative(entry, root), "its name says no class; expected such as cat.0.jpg"))
            else:
                found.append(_picture(entry, match["label"].lower(), root))
    for sub in folders if not pictures else ():
        inside, deeper = _entries(Path(sub.path), root, others)
        others += [(_relative(e, root) + "/", "a folder inside a class") for e in deeper]
        for entry in inside:
            if _is_picture(entry.name):
                found.append(_picture(entry, sub.name, root))
            else:
                others.append((_relative(entry, root), "not a picture by its name"))
    if not found:
        there = f"it holds {len(others)} other files or folders, such as {others[0][0]}" if others else "it is empty"
        raise ValueError(f"{root} holds no pictures, {there}; expected cat.0.jpg, dog.0.jpg, ... or a folder per class")
    return sorted(found), others


def _entries(
    folder: Path, root: Path, others: list[tuple[str, str]]
) -> tuple[list[os.DirEntry[str]], list[os.DirEntry[str]]]:
    """Files and folders in it, by name. Links to nothing and hidden pictures go to `others`."""
    files, folders = [], []
    with os.scandir(folder) as found:
        for entry in sorted(found, key=lambda entry: entry.name):
            if entry.name.startswith((".", "__MACOSX")):
                if _is_picture(entry.name):
                    others.append((_relative(entry, root), "a hidden file"))
            elif entry.is_file():
                files.append(entry)
            elif entry.is_dir():
                folders.append(entry)
            else:
                others.append((_relative(entry, root), "no file: a link to nothing?"))
    return files, folders


def _is_picture(name: str) -> bool:
    return Path(name).suffix.lower() in _PICTURES


def _relative(entry: os.DirEntry[str], root: Path) -> str:
    return Path(entry.path).relative_to(root).as_posix()


def _picture(entry: os.DirEntry[str], label: str, root: Path) -> Picture:
    stat = entry.stat()
    return Picture(_relative(entry, root), label, stat.st_size, stat.st_mtime_ns)
