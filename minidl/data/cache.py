"""Decoded photographs, kept: in memory, or in a file that is memory-mapped and found again at the next start."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from .decode import Unreadable
from .download import lock, size_text
from .folder import Picture

VERSION = 2  # a change of what decode gives, or of the files below, makes it one more


class Kept(NamedTuple):
    """The pictures (N, size, size, 3), which of the files they are, by position, and the reason why others are not.

    unread: those of the others that could not be read this time, as when there were too many open files.
    """

    x: np.ndarray
    kept: list[int]
    skipped: list[tuple[str, str]]
    unread: list[str]


Pictures = Callable[[], Iterable[np.ndarray | Unreadable | OSError]]  # for each file, in order, when called


def in_memory(files: Sequence[Picture], size: int, pictures: Pictures) -> Kept:
    """The pictures in an array."""
    x = np.empty((len(files), size, size, 3), np.uint8)
    free = iter(x)
    kept, skipped, unread = _gather(files, pictures, lambda picture: np.copyto(next(free), picture))
    return Kept(x[: len(kept)], kept, skipped, unread)


def _gather(
    files: Sequence[Picture], pictures: Pictures, keep: Callable[[np.ndarray], Any]
) -> tuple[list[int], list[tuple[str, str]], list[str]]:
    kept: list[int] = []
    skipped: list[tuple[str, str]] = []
    unread: list[str] = []
    for i, picture in enumerate(pictures()):
        if isinstance(picture, np.ndarray):
            keep(picture)
            kept.append(i)
        elif isinstance(picture, OSError):
            skipped.append((files[i].path, f"cannot be read: {picture.strerror or picture}"))
            unread.append(files[i].path)
        else:
            skipped.append((files[i].path, str(picture)))
    return kept, skipped, unread


# -- the file: NAME-SOURCE-64px-FINGERPRINT.npy and, beside it, .json with the rest


def default_folder() -> Path:
    """Where the files go unless one says where: `images` in the user's cache."""
    try:
        import pooch
    except ImportError:
        raise ImportError("the place of the cache needs pooch: pip install pooch; or say cache=FOLDER") from None
    return Path(pooch.os_cache("minidl")) / "images"


def made_of(folders: Iterable[Path]) -> Iterator[Path]:
    """The files in the default folder that hold photographs of one of these folders, or of one inside it."""
    folders = [Path(os.path.realpath(folder)) for folder in folders]
    for notes in default_folder().glob("*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            root = Path(json.loads(notes.read_text())["root"])
            if any(root.is_relative_to(folder) for folder in folders):
                yield from (path for path in (notes.with_suffix(".npy"), notes) if path.is_file())


def in_file(root: Path, files: Sequence[Picture], size: int, folder: Path, pictures: Pictures) -> Kept:
    """The pictures in a file of the folder: the one that is there, if it is sound and of these files, else a new one.

    What was made of the same root before it changed, or by another version, is deleted. Of several processes one
    decodes, and the others wait for it. OSError where the file cannot be written.
    """
    source = hashlib.sha256(os.fsencode(root)).hexdigest()[:8]
    contents = hashlib.sha256(json.dumps([VERSION, files]).encode()).hexdigest()[:16]
    stem = f"{re.sub(r'[^A-Za-z0-9]+', '_', root.name)[:40]}-{source}-{size}px"
    pixels, notes = folder / f"{stem}-{contents}.npy", folder / f"{stem}-{contents}.json"
    saved = _saved(root, files, size, pixels, notes)
    if saved is not None:
        return saved
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with lock(folder) as alone:
            saved = _saved(root, files, size, pixels, notes)  # another process may have been faster
            if saved is not None:
                return saved
            for old in folder.glob(f"{stem}-*"):
                if alone or not old.name.startswith(pixels.stem):  # which another may be writing
                    with contextlib.suppress(OSError):  # Windows: in use
                        old.unlink()
            kept, skipped, unread = _write(files, size, pixels, pictures)
            rest = {"version": VERSION, "root": str(root), "kept": kept, "skipped": skipped, "unread": unread}
            with _replacing(notes) as file:
                file.write(json.dumps(rest).encode())
            return Kept(_mapped(pixels), kept, skipped, unread)
    except OSError as error:
        raise OSError(
            f"the cache of {size_text(len(files) * size * size * 3)} could not be written to {folder}: "
            f"{error.strerror or error}; nothing is left there. Give another folder, cache=FOLDER, or cache=False for "
            "memory"
        ) from error


def _saved(root: Path, files: Sequence[Picture], size: int, pixels: Path, notes: Path) -> Kept | None:
    """What is in the files; None where they are not there or damaged, or where more of the pictures can be read now."""
    with contextlib.suppress(OSError, EOFError, ValueError, KeyError, TypeError):
        content = json.loads(notes.read_text())
        skipped = [(str(path), str(reason)) for path, reason in content["skipped"]]
        saved = Kept(_mapped(pixels), content["kept"], skipped, content["unread"])
        if (
            saved.kept == sorted(set(range(len(files))).intersection(saved.kept))
            and len(saved.kept) + len(skipped) == len(files)
            and saved.x.shape == (len(saved.kept), size, size, 3)
            and saved.x.dtype == np.uint8
            and not any(_readable(root / path) for path in saved.unread)
        ):
            return saved
    return None


def _readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


def _mapped(path: Path) -> np.ndarray:
    """The array of the file, read when it is asked for. Plain: np.memmap's own class would go on in every batch."""
    return np.load(path, mmap_mode="r").view(np.ndarray)


def _write(
    files: Sequence[Picture], size: int, path: Path, pictures: Pictures
) -> tuple[list[int], list[tuple[str, str]], list[str]]:
    """All pictures into one .npy file. Ordinary writes: on a full disk a memory map would kill the process."""
    with _replacing(path) as file:
        begin = _header(file, len(files), size)
        kept, skipped, unread = _gather(files, pictures, lambda picture: file.write(picture.data))
        file.seek(0)
        if _header(file, len(kept), size) != begin:
            raise AssertionError("the header of a .npy file has changed its length")
    return kept, skipped, unread


def _header(file: BinaryIO, n: int, size: int) -> int:
    header: dict[str, Any] = {"descr": "|u1", "fortran_order": False, "shape": (n, size, size, 3)}
    np.lib.format.write_array_header_1_0(file, header)  # NumPy leaves room for a longer shape
    return file.tell()


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that gets its name only when it is whole; after an error or Ctrl-C nothing of it is left."""
    descriptor, name = tempfile.mkstemp(prefix=path.name + ".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
