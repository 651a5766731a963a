"""Finding a dataset's files on this machine, checking them, and downloading what is missing."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from .registry import DATASETS, DatasetInfo, RemoteFile


def fetch(info: DatasetInfo, file: RemoteFile, verify: bool = True, download_missing: bool = True) -> Path:
    """The path of a dataset's file, plain or .gz: found on this machine, else downloaded.

    Looked for in the folder that the environment variable MINIDL_DATA names, in `datasets/` under the current folder
    and in the user's cache; in each under the dataset's name, then directly. A found file is checked by its checksum
    unless verify=False; a downloaded one always. download_missing=False never asks the network.

    Raises ValueError for a checksum that does not match, FileNotFoundError where no mirror gives the file or
    MINIDL_DATA names no folder, ImportError where a download needs pooch and it is missing.
    """
    searched = []
    for root in _roots():
        searched.append(root)
        for folder in [*(root / name for name in info.folders), root]:
            for path in (folder / file.name, folder / file.name.removesuffix(".gz")):
                if not path.is_file() or (folder == root and _of_another_set(path, info)):
                    continue
                if verify:
                    check(path, file)
                return path
    if not download_missing:
        raise FileNotFoundError(f"{file.name} of {info.name} is not in {', '.join(map(str, searched))}")
    return download(info, file, _download_root() / info.folders[0], searched)


def check(path: Path, file: RemoteFile) -> None:
    """Raise ValueError where a file, packed or unpacked, is not the one of the registry."""
    checksum = file.checksum if path.name == file.name else file.unpacked
    algorithm, _, expected = checksum.partition(":")
    found = _digest(path, algorithm)
    if found != expected:
        packed = f", {file.size:,} bytes" if path.name == file.name else ""
        raise ValueError(
            f"{path} is not the published file: {algorithm} {found}, {path.stat().st_size:,} bytes; "
            f"expected {algorithm} {expected}{packed}. Delete it, and it is fetched again, or let MINIDL_DATA name a "
            "folder with the right files; verify=False reads it as it is"
        )


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def _of_another_set(path: Path, info: DatasetInfo) -> bool:
    """Whether a file is known as another dataset's: MNIST's and Fashion-MNIST's have the same names."""
    others = [file for other in DATASETS.values() if other.name != info.name for file in other.files]
    return f"sha256:{_digest(path, 'sha256')}" in {s for file in others for s in (file.checksum, file.unpacked)}


def download(info: DatasetInfo, file: RemoteFile, folder: Path, searched: list[Path] | None = None) -> Path:
    """Fetch a file into the folder from the first mirror that gives the right bytes.

    The bytes go to a temporary name, which becomes the file's name once the checksum matches.
    """
    pooch = _pooch()
    on_terminal = sys.stderr.isatty() and importlib.util.find_spec("tqdm") is not None
    # Unasked, some servers unpack a .gz on the way, and the checksum would not match.
    as_stored = {"Accept-Encoding": "identity"}
    downloader = pooch.HTTPDownloader(progressbar=on_terminal, chunk_size=2**16, headers=as_stored)
    failures = []
    for mirror in info.mirrors:
        try:
            path = Path(
                pooch.retrieve(
                    mirror + file.name, known_hash=file.checksum, fname=file.name, path=folder, downloader=downloader
                )
            )
            path.chmod(0o644)  # pooch's temporary file, and so this one, is for its owner's eyes only
            return path
        except (OSError, ValueError) as error:  # requests' errors are OSErrors, a wrong checksum is a ValueError
            failures.append(f"  {mirror}{file.name}\n    {type(error).__name__}: {error}")
    looked = f"It was looked for in {', '.join(map(str, searched))}. " if searched else ""
    raise FileNotFoundError(
        f"{file.name} of {info.name} ({file.size:,} bytes) could not be downloaded:\n" + "\n".join(failures) + "\n"
        f"{looked}Fetch it by hand, in a browser or on another machine, and put it into {folder}, or into a folder "
        "that MINIDL_DATA names. Without a network, load('digits') works"
    )


def _roots() -> Iterator[Path]:
    """The folders to search. Lazily: the cache's name needs pooch, which the others do without."""
    named = os.environ.get("MINIDL_DATA")
    if named:
        root = Path(named).expanduser().absolute()
        if not root.is_dir():
            raise FileNotFoundError(f"MINIDL_DATA={named} is not a folder; name one that exists, or unset it")
        yield root
    yield Path("datasets").absolute()
    yield Path(_pooch().os_cache("minidl"))


def _download_root() -> Path:
    local = Path("datasets").absolute()
    return local if local.is_dir() and os.access(local, os.W_OK) else Path(_pooch().os_cache("minidl"))


def _pooch() -> ModuleType:
    try:
        import pooch
    except ImportError:
        raise ImportError(
            "downloading a dataset needs pooch, which is not installed: pip install pooch. Or let MINIDL_DATA name a "
            "folder that already holds the files"
        ) from None
    return pooch
