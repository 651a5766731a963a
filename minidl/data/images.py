"""Photographs in a folder as a dataset: found, decoded once by many threads, kept in a memory-mapped cache."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .dataset import ArrayDataset
from .decode import Unreadable, decode
from .folder import Picture, find_pictures

VERSION = 1  # of the cache; a change of what decode gives, or of the files below, makes it one more
_CHUNK = 32  # pictures that a thread decodes in one go


class ImageFolder(ArrayDataset):
    """The pictures of a folder: `x` uint8 (N, size, size, 3), RGB, and `y` int64 (N,), the class of each.

    root    the folder, in one of the usual layouts: `cat.0.jpg`, `dog.0.jpg`, ... in one folder; a folder for each
            class; or these one level down, as in PetImages/Cat
    size    of the squares: the shorter side is scaled to it, the middle cut out
    cache   True: decode once, into a file in the user's cache folder; a folder: into that one; False: into memory
    workers how many threads decode (default: two more than there are cores)

    `classes` are the names in alphabetical order, `counts` how many pictures of each were read, `paths` the file of
    each sample, relative to root, and `skipped` the files that gave none: (path, reason). `report()` says it in words.
    x is a memory-mapped file: the samples that are asked for are read, and no others.

    The cache is known by the folder, its files' names, sizes and times, the size and a version: after a change the
    pictures are decoded anew. Raises FileNotFoundError for no such folder; ValueError where there are no pictures,
    pictures of one class only, or a layout that says no classes; OSError where the cache cannot be written (nothing is
    left behind); ImportError where Pillow is missing.
    """

    def __init__(
        self, root: str | Path, size: int = 64, cache: bool | str | Path = True, workers: int | None = None
    ) -> None:
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or not 1 <= size <= 4096:
            raise ValueError(f"ImageFolder: size must be a whole number of pixels, 1 to 4096, got {size!r}")
        self.root, self.size = Path(root).expanduser().absolute(), int(size)
        files, others = find_pictures(self.root)
        workers = (os.cpu_count() or 1) + 2 if workers is None else max(1, int(workers))
        if cache is False:
            x, kept, skipped = _in_memory(self.root, files, self.size, workers)
        else:
            x, kept, skipped = _cached(self.root, files, self.size, _cache_folder(cache), workers)
        self.skipped: list[tuple[str, str]] = sorted(skipped + others)
        self.paths = [files[i].path for i in kept]
        labels = [files[i].label for i in kept]
        self.classes: tuple[str, ...] = tuple(sorted(set(labels), key=lambda name: (name.lower(), name)))
        found = Counter(labels)
        self.counts = {name: found[name] for name in self.classes}
        if len(self.classes) < 2:
            raise ValueError(
                f"{self.root}: " + (f"all {len(kept)} pictures are of the class {self.classes[0]!r}" if kept else
                "none of the files is a readable picture") + "; a classifier needs at least two classes. "
                + _sentence(self.skipped)
            )  # fmt: skip
        position = {name: i for i, name in enumerate(self.classes)}
        super().__init__(x, np.array([position[label] for label in labels], dtype=np.int64))

    def report(self) -> str:
        """What was read and what was not, in a few lines."""
        counts = ", ".join(f"{n:,} {name}" for name, n in self.counts.items())
        return f"{self.root}: {len(self):,} pictures ({counts}). {_sentence(self.skipped)}"

    def __repr__(self) -> str:
        counts = ", ".join(f"{name}: {n}" for name, n in self.counts.items())
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        return f"ImageFolder({str(self.root)!r}, size={self.size}: {counts}{skipped})"


def _sentence(skipped: Sequence[tuple[str, str]], most: int = 10) -> str:
    if not skipped:
        return "No file was skipped."
    lines = [f"  {path}: {reason}" for path, reason in skipped[:most]]
    rest = [f"  and {len(skipped) - most} more (see .skipped)"] if len(skipped) > most else []
    return f"Skipped {len(skipped)} file{'s' if len(skipped) > 1 else ''}:\n" + "\n".join(lines + rest)


# -- decoding


def _decoded(
    root: Path, files: Sequence[Picture], size: int, workers: int
) -> Iterator[np.ndarray | str]:
    """For each file, in order, its picture or the reason why there is none."""
    import warnings

    from PIL import Image
    from tqdm import tqdm

    def work(chunk: Sequence[Picture]) -> list[np.ndarray | str]:
        pictures: list[np.ndarray | str] = []
        for file in chunk:
            try:
                pictures.append(decode(root / file.path, size))
            except (Unreadable, OSError) as error:
                pictures.append(str(error))
        return pictures

    chunks = [files[i : i + _CHUNK] for i in range(0, len(files), _CHUNK)]
    bar = tqdm(total=len(files), unit="picture", desc="decoding", disable=None, leave=False)
    pool = ThreadPoolExecutor(workers)
    with bar, warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # decode has a limit of its own
        warnings.filterwarnings("ignore", module="PIL")  # damaged EXIF data and the like: the picture is what counts
        try:
            ahead = 4 * workers  # chunks in flight: the memory in use does not grow with the set
            waiting = [pool.submit(work, chunk) for chunk in chunks[:ahead]]
            for i in range(len(chunks)):
                for picture in waiting[i].result():
                    yield picture
                    bar.update()
                waiting[i] = None  # type: ignore[call-overload]  # its pictures may go
                if i + ahead < len(chunks):
                    waiting.append(pool.submit(work, chunks[i + ahead]))
        finally:
            pool.shutdown(cancel_futures=True)


def _in_memory(
    root: Path, files: Sequence[Picture], size: int, workers: int
) -> tuple[np.ndarray, list[int], list[tuple[str, str]]]:
    x = np.empty((len(files), size, size, 3), np.uint8)
    kept: list[int] = []
    skipped: list[tuple[str, str]] = []
    for i, picture in enumerate(_decoded(root, files, size, workers)):
        if isinstance(picture, str):
            skipped.append((files[i].path, picture))
        else:
            x[len(kept)] = picture
            kept.append(i)
    return x[: len(kept)], kept, skipped


# -- the cache: NAME-FINGERPRINT-64px.npy and, beside it, .json with what was skipped


def _cache_folder(cache: bool | str | Path) -> Path:
    if not isinstance(cache, bool):
        return Path(cache).expanduser()
    try:
        import pooch
    except ImportError:
        raise ImportError("the place of the cache needs pooch: pip install pooch; or say cache=FOLDER") from None
    return Path(pooch.os_cache("minidl")) / "images"


def _cached(
    root: Path, files: Sequence[Picture], size: int, folder: Path, workers: int
) -> tuple[np.ndarray, list[int], list[tuple[str, str]]]:
    source = hashlib.sha256(str(root).encode()).hexdigest()[:8]
    contents = hashlib.sha256(json.dumps([VERSION, files]).encode()).hexdigest()[:16]
    stem = f"{re.sub(r'[^A-Za-z0-9]+', '_', root.name)[:40]}-{source}-{size}px"
    pixels, notes = folder / f"{stem}-{contents}.npy", folder / f"{stem}-{contents}.json"
    with contextlib.suppress(OSError, EOFError, ValueError, KeyError):  # not there, or damaged: made anew
        saved = json.loads(notes.read_text())
        x = _mapped(pixels)
        if x.shape == (len(saved["kept"]), size, size, 3) and x.dtype == np.uint8:
            return x, saved["kept"], [tuple(pair) for pair in saved["skipped"]]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"{stem}-*"):  # of the folder as it was, or of another version
            old.unlink()
        kept, skipped = _write(root, files, size, workers, pixels)
        with _replacing(notes) as file:
            file.write(json.dumps({"version": VERSION, "root": str(root), "kept": kept, "skipped": skipped}).encode())
    except OSError as error:
        needed = len(files) * size * size * 3
        raise OSError(
            error.errno, f"the cache of {needed / 1e6:,.0f} MB could not be written to {folder}: {error.strerror}; "
            "nothing is left there. Give another folder, ImageFolder(..., cache=FOLDER), or cache=False for memory",
        ) from error  # fmt: skip
    return _mapped(pixels), kept, skipped


def _mapped(path: Path) -> np.ndarray:
    """The array of the file, read when it is asked for. Plain: np.memmap's own class would go on in every batch."""
    return np.load(path, mmap_mode="r").view(np.ndarray)


def _write(
    root: Path, files: Sequence[Picture], size: int, workers: int, path: Path
) -> tuple[list[int], list[tuple[str, str]]]:
    """All pictures into one .npy file. Ordinary writes: on a full disk a memory map would kill the process."""
    kept: list[int] = []
    skipped: list[tuple[str, str]] = []
    with _replacing(path) as file:
        begin = _header(file, len(files), size)
        for i, picture in enumerate(_decoded(root, files, size, workers)):
            if isinstance(picture, str):
                skipped.append((files[i].path, picture))
            else:
                file.write(picture.data)
                kept.append(i)
        file.seek(0)
        if _header(file, len(kept), size) != begin:
            raise AssertionError("the header of a .npy file has changed its length")
    return kept, skipped


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
