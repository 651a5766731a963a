"""Finding a dataset's files on this machine, checking them, and fetching what is missing."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from . import archive, manifest
from .download import download, import_pooch, lock, need, say, size_text
from .folder import is_picture
from .registry import DATASETS, DatasetInfo, Files, Layout, RemoteFile

DOWNLOADS = "downloads"  # the folder, beside those of the datasets, in which archives wait to be unpacked


def dataset_info(name: str) -> DatasetInfo:
    """What is known of a dataset, by its name in any case, with - or _; ValueError for an unknown name."""
    by_key = {_key(known): info for known, info in DATASETS.items()}
    if _key(name) not in by_key:
        near = [by_key[key].name for key in difflib.get_close_matches(_key(name), by_key)]
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(f"unknown dataset {name!r}.{hint} Names: {', '.join(DATASETS)}")
    return by_key[_key(name)]


def _key(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


# -- single files


def fetch(info: DatasetInfo, file: RemoteFile, verify: bool = True, download_missing: bool = True) -> Path:
    """The path of a dataset's file, plain or .gz: found on this machine, else downloaded.

    Looked for in the folder that the environment variable MINIDL_DATA names, in `datasets/` under the current folder
    and in the user's cache; in each under the dataset's name, then directly. A found file is checked by its checksum
    unless verify=False; a downloaded one always. download_missing=False never asks the network.

    Raises ValueError for a checksum that does not match, FileNotFoundError where no mirror gives the file or
    MINIDL_DATA names no folder, ImportError where a download needs pooch and it is missing.
    """
    searched: list[Path] = []
    path = find(info, file, searched)
    if path is not None:
        if verify:
            check(path, file, f"{_FOUND}; verify=False reads it as it is")
        return path
    if not download_missing:
        raise FileNotFoundError(f"{file.name} of {info.name} is not in {', '.join(map(str, searched))}")
    folder = download_root() / info.folders[0]
    with _filling(folder):  # around the record too: the next file's is added to what it holds
        path = download(info, file, folder, searched)
        manifest.write(folder, info.name, {file.name: manifest.entry(path)})
    return path


def find(info: DatasetInfo, file: RemoteFile, searched: list[Path] | None = None) -> Path | None:
    """Where a file is on this machine, not checked; the folders looked into are added to `searched`."""
    for root in roots():
        if searched is not None:
            searched.append(root)
        for folder in [*(root / name for name in info.folders), root, *([root / DOWNLOADS] if info.layouts else [])]:
            for name in [file.name, *([file.name.removesuffix(".gz")] if file.unpacked else [])]:
                path = folder / name
                if os.path.isfile(path) and not (folder == root and _of_another_set(path, info)):
                    return path
    return None


_FOUND = "Delete it, and it is fetched again, or let MINIDL_DATA name a folder with the right files"
_GIVEN = "Fetch it again from an address in datasets/README.md"


def check(path: Path, file: RemoteFile, advice: str = _FOUND) -> None:
    """Raise ValueError where a file, packed or (named without .gz) unpacked, is not the one of the registry."""
    packed = not file.unpacked or path.name != file.name.removesuffix(".gz")
    checksum = file.checksum if packed else file.unpacked
    found, expected = f"{path.stat().st_size:,} bytes", f"{file.size:,} bytes"
    same = found == expected or not packed  # no size is known of what gunzip leaves
    if checksum:
        algorithm, _, digest = checksum.partition(":")
        actual = _digest(path, algorithm)
        same = same and actual == digest
        found = f"{algorithm} {actual}, {found}"
        expected = f"{algorithm} {digest}" + (f", {expected}" if packed else "")
    if not same:
        raise ValueError(f"{path} is not the published file: {found}; expected {expected}. {advice}")


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def _of_another_set(path: Path, info: DatasetInfo) -> bool:
    """Whether a file is known as another dataset's: MNIST's and Fashion-MNIST's have the same names."""
    others = [file for other in DATASETS.values() if other.name != info.name for file in other.files]
    if path.name not in {name for file in others for name in (file.name, file.name.removesuffix(".gz"))}:
        return False
    return f"sha256:{_digest(path, 'sha256')}" in {s for file in others for s in (file.checksum, file.unpacked)}


# -- archives, which are unpacked into a folder


def find_folder(info: DatasetInfo) -> Path | None:
    """The folder to read an unpacked dataset from, whatever its layout; None where it is not on this machine.

    For images it is the one that holds a folder per class (cats_and_dogs/PetImages, with Cat/ and Dog/;
    cats_and_dogs_filtered/train, with validation/ beside it) or images named by class (cats_and_dogs/train/cat.0.jpg).
    A set that lies there only in part is found too: `minidl datasets verify` counts.
    """
    place = locate(info)
    return place and place[0] / place[1].data


def locate(info: DatasetInfo) -> tuple[Path, Layout] | None:
    """The folder of an unpacked dataset and how its files lie in it."""
    for root in roots():
        for folder in (root / name for name in info.folders):
            for layout in info.layouts:
                if _any(folder, layout.files):
                    return folder, layout
            # None that we know; but something of this kind all the same.
            if any(_of_its_kind(info, path) for path in folder.rglob("*")):
                return folder, Layout("", ())
        for layout in info.layouts:
            if layout.data and _any(root, layout.files):
                return root, layout
    return None


def _of_its_kind(info: DatasetInfo, path: Path) -> bool:
    """Whether a file could be one of the dataset's: of photographs any picture, as JPEG or not."""
    suffix = Path(info.layouts[0].files[0].pattern).suffix if info.layouts else "none"
    return is_picture(path.name) if is_picture("x" + suffix) else path.suffix.lower() == suffix


def _any(folder: Path, files: Sequence[Files]) -> bool:
    return any(next(folder.glob(kind.pattern), None) is not None for kind in files)


def ensure(info: DatasetInfo, agreed: bool = False, given: Path | None = None) -> Path:
    """The folder of an unpacked dataset as find_folder gives it, unpacked or downloaded first where it is not there.

    agreed  the licence terms were agreed to; without that, nothing that has terms is downloaded
    given   an archive that was fetched by hand; else one found beside the datasets, else the network

    Raises PermissionError for terms not agreed to; otherwise as `fetch`, and as `archive.unpack`.
    """
    folder = find_folder(info)
    if folder is not None:
        return folder
    (file,) = info.files
    path = given or find(info, file)
    if path is None and info.terms and not agreed:
        raise PermissionError(
            f"{info.name} is not on this machine, and it is {info.terms}. To agree and to fetch it "
            f"({size_text(file.size)}), type: minidl datasets get {info.name} --yes"
        )
    root = download_root()
    downloads = root / DOWNLOADS
    target = root / info.folders[0]
    with _filling(downloads):
        folder = find_folder(info)  # another process may have been faster
        if folder is not None:
            return folder
        if path is None:
            path = download(info, file, downloads, list(roots()), room=info.unpacked_size)
        check(path, file, _GIVEN if given else _FOUND)
        note = downloads / f"{file.name}.sha256"
        if not file.checksum:
            _check_against_first(path, note)
        try:
            archive.unpack(path, target, 4 * info.unpacked_size, partial(_finish, info, path, note))
        except ValueError:  # damaged, or not to be unpacked: the next try shall not find it again
            if path.parent == downloads:
                path.unlink()
            raise
        if path.parent == downloads:
            path.unlink()
    for problem in miscounts(target, _layout_of(info, target)):
        say(f"note: {problem}")
    folder = find_folder(info)
    if folder is None:
        raise FileNotFoundError(f"{path} was unpacked into {target}, which holds nothing of {info.name}; look at it")
    return folder


def _finish(info: DatasetInfo, path: Path, note: Path, folder: Path, files: dict[str, manifest.Entry]) -> None:
    digest = _digest(path, "sha256")
    manifest.write(folder, info.name, files, archive={"name": path.name, "sha256": digest})
    if not info.files[0].checksum and not note.exists():
        note.write_text(f"{digest}  {info.files[0].name}\n")
        say(f"nobody publishes a checksum of {note.stem}; the one it has, sha256 {digest}, is noted in {note}")


def _check_against_first(path: Path, note: Path) -> None:
    """Raise ValueError where a file without a published checksum is not the one that was unpacked the first time."""
    first = note.read_text().split()[:1] if note.is_file() else []
    if first and first != [_digest(path, "sha256")]:
        raise ValueError(
            f"{path} is not the file that was there the first time: sha256 {_digest(path, 'sha256')}; expected "
            f"{first[0]}, noted in {note}. If you trust the new one, delete the note and try again"
        )


def _layout_of(info: DatasetInfo, folder: Path) -> Layout:
    return next((layout for layout in info.layouts if _any(folder, layout.files)), info.layouts[0])


def counts(info: DatasetInfo) -> tuple[int, int]:
    """Of an unpacked dataset: how many files that count are on this machine, and how many were published."""
    place = locate(info)
    expected = sum(kind.count for kind in info.layouts[0].files)
    if place is None:
        return 0, expected
    folder, layout = place
    if not layout.files:
        return sum(_of_its_kind(info, path) for path in folder.rglob("*")), expected
    return sum(1 for kind in layout.files for _ in folder.glob(kind.pattern)), expected


def miscounts(folder: Path, layout: Layout) -> Iterator[str]:
    """Where an unpacked dataset has more or fewer files than published, or one of another size; a sentence each."""
    for kind in layout.files:
        found = sorted(folder.glob(kind.pattern))
        if len(found) != kind.count:
            yield f"{folder / kind.pattern}: {len(found):,} files; expected {kind.count:,}"
        for path in found if kind.size else ():
            if path.stat().st_size != kind.size:
                yield f"{path}: {path.stat().st_size:,} bytes; expected {kind.size:,}"


# -- files fetched by hand


def take(info: DatasetInfo, given: Sequence[Path]) -> None:
    """Copy the files of a dataset that is not an archive from where they were fetched to, checked; see `given_for`.

    Those that are on this machine already need not be given.
    """
    wanted = [file for file in info.files if find(info, file) is None]
    chosen = {file.name: given_for(file, given, len(wanted) == 1) for file in wanted}
    missing = [name for name, path in chosen.items() if path is None]
    if missing:
        raise FileNotFoundError(
            f"{', '.join(map(str, given))} lacks {', '.join(missing)} of {info.name}; give the folder that holds "
            f"{'it' if len(missing) == 1 else 'all of them'}"
        )
    sources = [(file, path) for file in wanted if (path := chosen[file.name]) is not None]
    for file, source in sources:
        check(source, file, _GIVEN)
    folder = download_root() / info.folders[0]
    with _filling(folder):
        need(folder, sum(file.size for file in wanted), info.name)
        for file, source in sources:
            name = source.name if source.name == file.name.removesuffix(".gz") else file.name
            part = folder / f"{name}.copy"
            try:
                shutil.copyfile(source, part)
                part.replace(folder / name)
            finally:
                part.unlink(missing_ok=True)
            manifest.write(folder, info.name, {name: manifest.entry(folder / name)})


def check_given(given: Sequence[Path]) -> None:
    """FileNotFoundError where one of the files or folders given is not there."""
    for path in given:
        if not path.exists():
            raise FileNotFoundError(f"there is no file {path}; give the archive or file as it was downloaded")


def given_for(file: RemoteFile, given: Sequence[Path], only: bool) -> Path | None:
    """Which of the given files and folders is, or holds, a file: by its name, else by its size.

    Browsers rename a second download, "name (1).gz"; the only file given for the only one wanted is taken for it.
    """
    names = (file.name, file.name.removesuffix(".gz")) if file.unpacked else (file.name,)
    files = [path for path in given if path.is_file()]
    for path in [*files, *(folder / name for folder in given if folder.is_dir() for name in names)]:
        if path.name in names and path.is_file():
            return path
    if only and len(files) == 1:
        return files[0]
    return next((path for path in files if path.stat().st_size == file.size), None)


# -- where things are


def roots() -> Iterator[Path]:
    """The folders to search. Lazily: the cache's name needs pooch, which the others do without."""
    named = named_root()
    if named is not None:
        yield named
    yield Path("datasets").absolute()
    yield Path(import_pooch().os_cache("minidl"))


def named_root() -> Path | None:
    """The folder that MINIDL_DATA names; FileNotFoundError where it is none."""
    named = os.environ.get("MINIDL_DATA")
    if not named:
        return None
    root = Path(named).expanduser().absolute()
    if not root.is_dir():
        raise FileNotFoundError(f"MINIDL_DATA={named} is not a folder; name one that exists, or unset it")
    return root


@contextlib.contextmanager
def _filling(folder: Path) -> Iterator[None]:
    """With the lock of a folder for downloads; where that cannot be had, or written to, the OSError says what to do."""
    try:
        with lock(folder):
            yield
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise OSError(
            f"cannot write into {folder}: {error.strerror or error}. Make a folder datasets/ where you may write and "
            "start minidl beside it: downloads go there; or let MINIDL_DATA name a folder that has the files"
        ) from error


def download_root() -> Path:
    """Where downloads go: `datasets/` under the current folder where there is one, else the user's cache."""
    local = Path("datasets").absolute()
    return local if local.is_dir() and os.access(local, os.W_OK) else Path(import_pooch().os_cache("minidl"))
