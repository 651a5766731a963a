"""The pictures of a folder and their classes, told from names alone; nothing is opened here.

Three layouts are known: `cat.0.jpg`, `dog.0.jpg`, ... in one folder; a folder for each class; and one of these further
down, where there is only one way to go, as in PetImages/Cat.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
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
    path, here = root, _look(root, root)
    others = list(here.others)
    while not here.pictures and len(here.folders) == 1:  # down to where the classes are
        path = path / here.folders[0].name
        here = _look(path, root)
        others += here.others
    inside = {sub.name: _look(path / sub.name, root) for sub in here.folders}
    _refuse_parts(path, here, inside)
    found, more = _by_name(path, here, inside, root) if here.pictures else _by_folder(path, inside, root)
    others += more
    if not found:
        there = f"it holds {len(others)} other files or folders, such as {others[0][0]}" if others else "it is empty"
        raise ValueError(f"{root} holds no pictures, {there}; expected cat.0.jpg, dog.0.jpg, ... or a folder per class")
    return sorted(found), others


def _refuse_parts(path: Path, here: _Folder, inside: Mapping[str, _Folder]) -> None:
    """ValueError where the folders are train and validation, or one of these beside others and with classes in it."""
    parts = sorted((n for n in inside if n.lower() in _PARTS), key=lambda name: _PARTS.index(name.lower()))
    if len(parts) > 1 or (parts and not here.pictures and _has_classes(inside[parts[0]])):
        raise ValueError(
            f"{path} holds {' and '.join(parts)}: parts of a set, not classes; take one of them: "
            f"ImageFolder({str(path / parts[0])!r})"
        )


def _has_classes(folder: _Folder) -> bool:
    return bool(folder.folders) or len({_label(entry) for entry in folder.pictures} - {""}) > 1


def _by_name(
    path: Path, here: _Folder, inside: Mapping[str, _Folder], root: Path
) -> tuple[list[Picture], list[tuple[str, str]]]:
    """The pictures of one folder, whose names begin with their class; ValueError where most do not."""
    several = f"{len(here.pictures)} pictures" if len(here.pictures) > 1 else "a picture"
    classes = [name for name, folder in inside.items() if folder.pictures]
    if len(classes) > 1:
        away = "them" if len(here.pictures) > 1 else here.pictures[0].name
        raise ValueError(
            f"{path} holds {several}, such as {here.pictures[0].name}, beside {len(classes)} folders of pictures, "
            f"{', '.join(classes[:3])}; if these are the classes, move {away} away"
        )
    nameless = [entry for entry in here.pictures if not _label(entry)]
    if len(nameless) > len(here.pictures) / 2:
        one = f": only one class folder, {path.name}" if path != root else ""
        raise ValueError(
            f"{path} holds {several}, but names such as {nameless[0].name} say no class{one}; expected "
            "cat.0.jpg, dog.0.jpg, ..., or a folder for each class"
        )
    others = [(_relative(entry, root), "its name says no class; expected such as cat.0.jpg") for entry in nameless]
    others += [(_relative(entry, root) + "/", "a folder beside the pictures") for entry in here.folders]
    return [_picture(entry, label.lower(), root) for entry in here.pictures if (label := _label(entry))], others


def _by_folder(path: Path, inside: Mapping[str, _Folder], root: Path) -> tuple[list[Picture], list[tuple[str, str]]]:
    """The pictures of the folders, each of which is a class."""
    found: list[Picture] = []
    others: list[tuple[str, str]] = []
    for label, folder in inside.items():
        found += [_picture(entry, label, root) for entry in folder.pictures]
        others += folder.others
        others += [(_relative(entry, root) + "/", "a folder inside a class") for entry in folder.folders]
        if not (folder.pictures or folder.folders or folder.others):
            others.append(((path / label).relative_to(root).as_posix() + "/", "an empty folder"))
    return found, others


class _Folder(NamedTuple):
    """What is in a folder, each by name: pictures, folders, and (path, reason) of everything else."""

    pictures: list[os.DirEntry[str]]
    folders: list[os.DirEntry[str]]
    others: list[tuple[str, str]]


def _look(path: Path, root: Path) -> _Folder:
    look = _Folder([], [], [])
    try:
        with os.scandir(path) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        if path == root:
            raise
        return look._replace(others=[(path.relative_to(root).as_posix() + "/", f"cannot be read: {error.strerror}")])
    for entry in entries:
        hidden = entry.name.startswith((".", "__MACOSX"))
        try:
            is_file, is_folder = entry.is_file(), entry.is_dir()
        except OSError as error:  # a link to itself, or into a folder that may not be read
            look.others.append((_relative(entry, root), f"cannot be read: {error.strerror}"))
            continue
        if hidden:
            if is_picture(entry.name):
                look.others.append((_relative(entry, root), "a hidden file"))
        elif is_folder:
            look.folders.append(entry)
        elif is_file and is_picture(entry.name):
            look.pictures.append(entry)
        else:
            special = "a link to nothing" if entry.is_symlink() else "no file, but a pipe or a device"
            look.others.append((_relative(entry, root), "not a picture by its name" if is_file else special))
    return look


def _label(entry: os.DirEntry[str]) -> str:
    match = _LABELLED.match(Path(entry.name).stem)
    return match["label"] if match else ""


def is_picture(name: str) -> bool:
    """Whether a file is a picture by its name."""
    return Path(name).suffix.lower() in _PICTURES


def _relative(entry: os.DirEntry[str], root: Path) -> str:
    return Path(entry.path).relative_to(root).as_posix()


def _picture(entry: os.DirEntry[str], label: str, root: Path) -> Picture:
    stat = entry.stat()
    return Picture(_relative(entry, root), label, stat.st_size, stat.st_mtime_ns)
