"""Photographs in a folder as a dataset: found, decoded once by many threads, kept in a memory-mapped cache."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from . import cache as caching
from .dataset import ArrayDataset
from .decode import Unreadable, decode
from .folder import Picture, find_pictures

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
    pictures are decoded anew. Files that could not be read, for want of a permission, say, are tried again each time.

    Raises FileNotFoundError for no such folder; ValueError where there are no pictures, pictures of one class only, or
    a layout that says no classes; OSError where the cache cannot be written (nothing is left behind); ImportError
    where Pillow is missing.
    """

    def __init__(
        self, root: str | Path, size: int = 64, cache: bool | str | Path = True, workers: int | None = None
    ) -> None:
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or not 1 <= size <= 4096:
            raise ValueError(f"ImageFolder: size must be a whole number of pixels, 1 to 4096, got {size!r}")
        workers = (os.cpu_count() or 1) + 2 if workers is None else workers
        if isinstance(workers, bool) or not isinstance(workers, int | np.integer) or workers < 1:
            raise ValueError(f"ImageFolder: workers must be a whole number of threads, at least 1, got {workers!r}")
        if not isinstance(cache, bool | str | Path):
            raise TypeError(f"ImageFolder: cache must be True, False or a folder, got {cache!r}")
        # One name for a folder, without .. and links, whichever way one came to it: the cache is known by it.
        self.root, self.size = Path(os.path.realpath(Path(root).expanduser())), int(size)
        files, others = find_pictures(self.root)
        pictures = partial(_decoded, self.root, files, self.size, int(workers))
        if cache is False:
            x, kept, skipped, _ = caching.in_memory(files, self.size, pictures)
        else:
            folder = caching.default_folder() if cache is True else Path(cache).expanduser()
            x, kept, skipped, _ = caching.in_file(self.root, files, self.size, folder, pictures)
        self.skipped: list[tuple[str, str]] = sorted(skipped + others)
        self.paths = [files[i].path for i in kept]
        labels = [files[i].label for i in kept]
        self.classes: tuple[str, ...] = tuple(sorted(set(labels), key=lambda name: (name.lower(), name)))
        found = Counter(labels)
        self.counts = {name: found[name] for name in self.classes}
        if len(self.classes) < 2:
            one = f"all {len(kept)} pictures are of the class {self.classes[0]!r}" if kept else "no picture can be read"
            raise ValueError(
                f"{_plain(self.root)}: {one}; a classifier needs at least two classes. {_sentence(self.skipped)}"
            )
        position = {name: i for i, name in enumerate(self.classes)}
        super().__init__(x, np.array([position[label] for label in labels], dtype=np.int64))

    def report(self) -> str:
        """What was read and what was not, in a few lines."""
        counts = ", ".join(f"{n:,} {_plain(name)}" for name, n in self.counts.items())
        return f"{_plain(self.root)}: {len(self):,} pictures ({counts}). {_sentence(self.skipped)}"

    def __repr__(self) -> str:
        counts = ", ".join(f"{_plain(name)}: {n}" for name, n in self.counts.items())
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        return f"ImageFolder({str(self.root)!r}, size={self.size}: {counts}{skipped})"


def _sentence(skipped: Sequence[tuple[str, str]], most: int = 10) -> str:
    if not skipped:
        return "No file was skipped."
    lines = [f"  {_plain(f'{path}: {reason}')}" for path, reason in skipped[:most]]
    rest = [f"  and {len(skipped) - most} more (see .skipped)"] if len(skipped) > most else []
    return f"Skipped {len(skipped)} file{'s' if len(skipped) > 1 else ''}:\n" + "\n".join(lines + rest)


def _plain(name: str | Path) -> str:
    r"""A name with what cannot be printed escaped: line breaks as \n, bytes that are no UTF-8 as \udc80 to \udcff."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(name))


# -- decoding


def _decoded(
    root: Path, files: Sequence[Picture], size: int, workers: int
) -> Iterator[np.ndarray | Unreadable | OSError]:
    """For each file, in order, its picture or the reason why there is none: OSError where another time there may be."""
    import warnings

    from PIL import Image
    from tqdm import tqdm

    def work(chunk: Sequence[Picture]) -> list[np.ndarray | Unreadable | OSError]:
        pictures: list[np.ndarray | Unreadable | OSError] = []
        for file in chunk:
            try:
                pictures.append(decode(root / file.path, size))
            except (Unreadable, OSError) as error:
                pictures.append(error)
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
