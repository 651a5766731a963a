"""Downloading a file: mirrors in turn, a broken download continued, nothing accepted before its checksum matched."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import re
import shutil
import stat
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from .registry import DatasetInfo, RemoteFile

TIMEOUT = 30.0  # seconds of silence after which a server counts as gone
TRIES = 5  # of one mirror, as long as each brings something new
PAUSE = 1.0  # seconds between two of them

_ENDS_BY_ITSELF = re.compile(r"\.(gz|zip|tgz)$")  # files that are compressed as they are published


def download(
    info: DatasetInfo, file: RemoteFile, folder: Path, searched: list[Path] | None = None, room: int = 0
) -> Path:
    """Fetch a file into the folder from the first mirror that gives the right bytes.

    The bytes go to NAME.part, which gets the file's name once size and checksum match. A NAME.part that an earlier try
    left is continued (HTTP Range). `room` is the number of bytes that shall fit on the disk beside the file.

    Raises FileNotFoundError where no mirror gives the file, OSError where the disk has no room for it, ImportError
    without pooch.
    """
    pooch = import_pooch()
    import requests
    import urllib3

    network = (requests.RequestException, urllib3.exceptions.HTTPError)
    part = folder / f"{file.name}.part"
    with lock(folder):
        need(folder, file.size - _size(part) + room, f"{file.name} of {info.name}")
        say(f"{file.name} of {info.name} ({size_text(file.size)}), licence: {info.licence}")
        failures = []
        for mirror in info.mirrors:
            try:
                path = _from_mirror(pooch, network, mirror + file.name, file, part)
                path.chmod(0o644)  # pooch's temporary file, and so this one, is for its owner's eyes only
                return path
            except (*network, ValueError) as error:  # a wrong size or checksum is a ValueError
                failures.append(f"  {mirror}{file.name}\n    {_reason(error)}")
            except BaseException:  # a full disk, Ctrl-C
                if _size(part):
                    say(_kept(part, file))
                raise
    place = folder.parent if info.layouts else folder  # an archive in downloads/ is deleted when it is unpacked
    looked = f"It was looked for in {', '.join(map(str, searched))}. " if searched else ""
    raise FileNotFoundError(
        f"{file.name} of {info.name} ({file.size:,} bytes) could not be downloaded:\n" + "\n".join(failures) + "\n"
        f"{looked}{_kept(part, file)}. Or fetch it by hand, in a browser or on another machine, and type "
        f"`minidl datasets get {info.name} --from FILE`; or put it into {place}, or into a folder that MINIDL_DATA "
        f"names. Without a network, load({info.stand_in!r}) works"
    )


def _reason(error: Exception) -> str:
    """Why a mirror gave nothing; of a server that was not reached, what is inside three layers of exceptions."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    inner = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(inner, NewConnectionError | ConnectTimeoutError):
        return f"the server was not reached; is there a network? ({str(inner).split(': ', 1)[-1]})"
    return f"{type(error).__name__}: {error}"


def _kept(part: Path, file: RemoteFile) -> str:
    if not _size(part):
        return "Nothing of it is kept; try again later"
    return f"{_size(part):,} of {file.size:,} bytes are kept in {part}; the same command continues from there"


def _from_mirror(
    pooch: ModuleType, network: tuple[type[Exception], ...], url: str, file: RemoteFile, part: Path
) -> Path:
    """The file from one address. Asked again as long as each answer brings more of it."""
    most = _size(part)
    for tries_left in reversed(range(TRIES)):
        transfer = _Transfer(file, part)
        try:
            with _quiet(pooch.get_logger()):
                path = pooch.retrieve(
                    url, known_hash=file.checksum or None, fname=file.name, path=part.parent, downloader=transfer
                )
            return Path(path)
        except ValueError:
            # Continued from what another server or another day left: the fault may lie there, so once more, from zero.
            if not transfer.continued or _size(part) or not tries_left:
                raise
        except network:
            if _size(part) <= most or not tries_left:
                raise
            most = _size(part)
            time.sleep(PAUSE)
    raise AssertionError("unreachable")


@contextlib.contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Without pooch's remarks, which are meant for programmers."""
    level = logger.level
    logger.setLevel("WARNING")
    try:
        yield
    finally:
        logger.setLevel(level)


class _Transfer:
    """A downloader for pooch: it continues NAME.part, and hands it over when it has the published size.

    Beside NAME.part, NAME.part.json notes the address and what tells one version of the file there from the next.
    """

    def __init__(self, file: RemoteFile, part: Path) -> None:
        self.file, self.part = file, part
        self.note = part.with_name(f"{part.name}.json")
        self.continued = False

    def __call__(self, url: str, output_file: str, pooch: Any, check_only: bool = False) -> None:
        note = self._note()
        if note.get("url") != url and not self.file.checksum:
            self._drop()  # nothing would tell that the two halves do not fit together
        start = _size(self.part)
        self.continued = start > 0
        if start > self.file.size:
            self._drop()
            start = 0
        if start < self.file.size:
            say(f"  from {url}" + (f", continued after {start:,} bytes" if start else ""))
            self._receive(url, start, note.get("version", "") if note.get("url") == url else "")
        os.replace(self.part, output_file)
        self.note.unlink(missing_ok=True)

    def _receive(self, url: str, start: int, version: str) -> None:
        import requests

        headers = {"Accept-Encoding": "identity"}  # unasked, some servers unpack a .gz on the way
        if start:
            headers["Range"] = f"bytes={start}-"
            if version:
                headers["If-Range"] = version
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            encoding = response.headers.get("Content-Encoding", "identity")
            # Some servers call a .gz that they store "encoded"; its bytes are the file.
            decode = encoding != "identity" and not _ENDS_BY_ITSELF.search(self.file.name)
            if start and (
                response.status_code == 416
                or (response.status_code == 206 and (decode or not _continues(response, start, version)))
            ):
                self._drop()
                return self._receive(url, 0, "")
            response.raise_for_status()
            if response.status_code not in ((200, 206) if start else (200,)):
                raise requests.HTTPError(f"the server answers {response.status_code} {response.reason}; expected 200")
            if response.status_code == 200:  # the whole file: the server does not do ranges, or the file has changed
                start = 0
                self.continued = False
            self._check_offer(response, start, decode)
            try:
                self.note.write_text(json.dumps({"url": url, "version": _version(response)}))
                received = self._write(response, start, decode)
            except OSError as error:  # the disk: what the network does wrong has other names, see `network`
                raise OSError(f"cannot write {self.part}: {error.strerror or error}") from error
            if received < self.file.size:
                short = f"the answer ends after {received:,} of {self.file.size:,} bytes"
                if response.headers.get("Transfer-Encoding") == "chunked":  # it has an end, and this was it
                    self._drop()
                    raise ValueError(f"{short}: another file")
                raise requests.ConnectionError(short)

    def _write(self, response: Any, start: int, decode: bool) -> int:
        received = start
        with self.part.open("ab" if start else "wb") as stream, progress(self.file.name, self.file.size, start) as bar:
            for chunk in response.raw.stream(2**16, decode_content=decode):
                received += len(chunk)
                if received > self.file.size:
                    stream.close()
                    self._drop()
                    raise ValueError(f"the answer goes on after the {self.file.size:,} bytes expected: another file")
                stream.write(chunk)
                bar.update(len(chunk))
        return received

    def _check_offer(self, response: Any, start: int, decode: bool) -> None:
        """Raise ValueError where the headers alone show another file; what is kept already stays."""
        kind = response.headers.get("Content-Type", "")
        length = response.headers.get("Content-Length")
        via = f" at {response.url}, where it was redirected" if response.history else ""
        if length is not None and not decode and int(length) + start != self.file.size:
            raise ValueError(
                f"the server offers {int(length) + start:,} bytes ({kind or 'of no stated kind'}){via}; expected "
                f"{self.file.size:,}: another file, or a page that asks for a log-in"
            )
        if kind.startswith("text/html"):
            raise ValueError(f"the server answers with a web page{via}; expected {self.file.size:,} bytes of data")

    def _note(self) -> dict[str, str]:
        try:
            note = json.loads(self.note.read_text())
            return note if isinstance(note, dict) else {}
        except (OSError, ValueError):
            return {}

    def _drop(self) -> None:
        self.part.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


def _continues(response: Any, start: int, version: str) -> bool:
    """Whether a partial answer begins where asked, in the version of the file that was begun."""
    begins = re.match(rf"bytes {start}-\d+/", response.headers.get("Content-Range", ""))
    return begins is not None and (not version or _version(response) in ("", version))


def _version(response: Any) -> str:
    """What a later request can ask for by If-Range: a strong ETag, else the date."""
    tag = response.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


# -- what unpacking needs too


def say(text: str) -> None:
    """A line for the person who waits, on stderr: stdout belongs to the results."""
    print(text, file=sys.stderr, flush=True)


def size_text(n: int) -> str:
    """A size as people write it: 825 MB."""
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if n >= 0.9995 * bytes_:
            return f"{n / bytes_:.3g} {unit}"
    return f"{n} bytes"


def progress(what: str, total: int, done: int = 0) -> Any:
    """A progress bar in bytes on a terminal; elsewhere, or without tqdm, something silent with the same update()."""
    try:
        from tqdm import tqdm
    except ImportError:
        return contextlib.nullcontext(type("Silent", (), {"update": lambda self, n: None})())
    return tqdm(
        total=total, initial=done, desc=what, unit="B", unit_scale=True, ncols=79, disable=not sys.stderr.isatty()
    )


def need(folder: Path, bytes_: int, what: str) -> None:
    """Raise OSError where the disk that holds (or will hold) the folder has less room than that."""
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    if bytes_ > free:
        raise OSError(
            f"{what} needs {size_text(bytes_)} in {folder}, and {size_text(free)} are free there. Make room, or make a "
            "folder datasets/ on a larger disk and start minidl beside it: downloads go there"
        )


_held: set[tuple[int, Path]] = set()  # by which thread


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[bool]:
    """One process, and one thread of it, at a time writes into a folder, which is made; the next waits.

    Gives False where the system has no locks: then there may be others.
    """
    held = (threading.get_ident(), folder)
    if held in _held:  # by a caller further up
        yield True
        return
    path = folder / ".minidl.lock"  # a file, and not the folder itself: NFS locks only what can be written
    handle = _locked(path)
    _held.add(held)
    try:
        yield handle is not None
    finally:
        _held.discard(held)
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            folder.rmdir()  # succeeds only where nothing came
        if handle is not None:
            os.close(handle)


def _locked(path: Path) -> int | None:
    """The open file, locked, in its folder; None where the system has no locks."""
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):  # the one before has removed the folder just after it was met
                if not stat.S_ISDIR(path.parent.lstat().st_mode):
                    raise
            continue
        try:
            import fcntl

            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except ImportError:
            return None
        except FileNotFoundError:  # the one before has just removed the folder
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                os.close(handle)
                return None
            say(f"waiting for another process that writes into {path.parent}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.stat(path)):
                return handle
        os.close(handle)  # of a file that the one before has removed: it guards nothing


def import_pooch() -> ModuleType:
    try:
        import pooch
    except ImportError:
        raise ImportError(
            "downloading a dataset needs pooch, which is not installed: pip install pooch. Or let MINIDL_DATA name a "
            "folder that already holds the files"
        ) from None
    return pooch
