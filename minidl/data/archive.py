"""Unpacking an archive from the Internet: every member is looked at first; the folder appears whole or not at all."""

from __future__ import annotations

import contextlib
import gzip
import lzma
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .download import need, progress, say, size_text
from .manifest import Entry

MEMBERS = 200_000  # more files than any set has here

_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,  # a compression that Python does not know
    UnicodeError,
)
_SPECIAL = {"L": "a symbolic link", "H": "a hard link", "D": "a device or pipe", "E": "encrypted", "S": "sparse"}


@dataclass(frozen=True)
class Member:
    """A file in an archive: its safe name, its size unpacked, and the object by which the archive knows it."""

    name: str
    size: int
    key: Any


def unpack(
    archive: Path, folder: Path, limit: int, finish: Callable[[Path, dict[str, Entry]], None] = lambda *_: None
) -> None:
    """Unpack a .zip or .tar.gz into a new folder, which gets its name when everything is in it.

    Names may be written with a backslash, as old Windows programs do. A single folder of the same name around
    everything is left out. `limit`: how many bytes the files may have together. `finish` is called with the folder,
    still under its temporary name, and size and CRC-32 of every file.

    Refused before anything is written, with a ValueError: absolute names and names with "..", links, devices, two
    members of one name, encrypted or damaged archives, more than `limit` bytes. OSError where the disk is full or the
    folder exists. Nothing is left of a folder that did not get whole, after Ctrl-C neither.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OSError(f"{folder} exists already; {archive} would be unpacked there. Move it away first")
    temporary = folder.with_name(f".{folder.name}.unpacking")
    shutil.rmtree(temporary, ignore_errors=True)  # from a machine that lost its power
    try:
        members = inspect(archive, limit, leave_out=folder.name)
        total = sum(member.size for member in members)
        need(folder, total + 4096 * len(members), f"unpacking {archive.name}, {len(members):,} files,")
        temporary.mkdir(parents=True)
        with progress(f"unpacking {archive.name}", total) as bar, _damage_is_a_value_error(archive):
            files = _write(archive, members, temporary, bar)
        finish(temporary, files)
        with contextlib.suppress(FileNotFoundError):
            folder.rmdir()  # empty, as seen above
        temporary.rename(folder)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if isinstance(error, KeyboardInterrupt):
            say(f"unpacking was interrupted; nothing of it stays, and {archive} is kept")
        if isinstance(error, OSError) and error.errno is not None:
            raise OSError(
                f"unpacking {archive} into {folder} failed: {error.strerror}. Nothing of it stays, and the archive is "
                "kept; the same command tries again"
            ) from error
        raise


def inspect(archive: Path, limit: int, leave_out: str = "") -> list[Member]:
    """The files of an archive, under names that stay inside a folder; ValueError for one not to be unpacked."""
    with _damage_is_a_value_error(archive):
        members = []
        names: set[str] = set()
        for raw, kind, size, key in _listed(archive):
            if kind in _SPECIAL:
                raise _refused(archive, raw, f"is {_SPECIAL[kind]}")
            name = safe_name(raw, archive)
            if kind == "d" or not name or name.startswith("__MACOSX/"):
                continue
            if name.casefold() in names:  # one file on the disks of Windows and macOS
                raise _refused(archive, raw, "is there twice")
            names.add(name.casefold())
            members.append(Member(name, size, key))
            if len(members) > MEMBERS:
                raise ValueError(f"{archive} holds more than {MEMBERS:,} files; it is not the archive as published")
    if leave_out and all(member.name.startswith(f"{leave_out}/") for member in members):
        members = [Member(m.name.removeprefix(f"{leave_out}/"), m.size, m.key) for m in members]
    total = sum(member.size for member in members)
    if not members:
        raise ValueError(f"{archive} holds no files; expected a dataset. Fetch it again")
    if total > limit:
        raise ValueError(
            f"{archive} ({size_text(archive.stat().st_size)}) would unpack to {size_text(total)}; expected at most "
            f"{size_text(limit)}. It is not the archive that was published: delete it and fetch it again"
        )
    return members


def safe_name(raw: str, archive: Path) -> str:
    """A member's name with / between its parts, "" for the folder itself; ValueError for one that leads out of it."""
    plain = raw.replace("\\", "/")
    parts = [part for part in plain.split("/") if part not in ("", ".")]
    if plain.startswith("/") or ":" in plain:  # C:\, and the alternate streams of Windows
        raise _refused(archive, raw, "has an absolute name or one with a colon")
    if ".." in parts:
        raise _refused(archive, raw, "leads out of the folder it is unpacked into")
    if any(ord(c) < 32 or c == "\x7f" for c in plain):
        raise _refused(archive, raw, "has a control character in its name")
    return "/".join(parts)


def _refused(archive: Path, member: str, why: str) -> ValueError:
    return ValueError(
        f"{archive} holds {member!r}, which {why}; expected plain files. Nothing was unpacked: delete the archive and "
        "fetch it from the address in datasets/README.md"
    )


def _listed(archive: Path) -> Iterator[tuple[str, str, int, Any]]:
    """Name, kind ("f" file, "d" folder, else a key of _SPECIAL), size and key of every member; damage is found here."""
    with archive.open("rb") as stream:
        start = stream.read(4)
    if start.startswith(b"PK"):
        with zipfile.ZipFile(archive) as zipped:
            for info in zipped.infolist():
                yield info.filename, _zip_kind(info), info.file_size, info
    elif start.startswith(b"\x1f\x8b"):
        with gzip.open(archive) as plain, tarfile.open(fileobj=plain, mode="r:") as tar:
            for member in tar:
                yield member.name, _tar_kind(member), member.size, member
            while plain.read(2**20):  # to the end, where gzip has its checksum
                pass
    else:
        raise ValueError(
            f"{archive} starts with the bytes {start.hex(' ') or '(none)'}; expected .zip (50 4b) or .tar.gz (1f 8b)"
            + (". It is a web page: the download did not reach the file" if start.lstrip()[:1] == b"<" else "")
        )


def _zip_kind(info: zipfile.ZipInfo) -> str:
    mode = stat.S_IFMT(info.external_attr >> 16)
    if mode == stat.S_IFLNK:
        return "L"
    if mode not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "D"
    if info.flag_bits & 1:
        return "E"
    return "d" if info.filename.endswith(("/", "\\")) or mode == stat.S_IFDIR else "f"


def _tar_kind(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return "L" if member.issym() else "H"
    if member.issparse():  # a few bytes that stand for a terabyte
        return "S"
    if member.isdir():
        return "d"
    return "f" if member.isreg() else "D"


def _write(archive: Path, members: Sequence[Member], folder: Path, bar: Any) -> dict[str, Entry]:
    files = {}
    with contextlib.ExitStack() as stack:
        zipped = tar = None
        if isinstance(members[0].key, zipfile.ZipInfo):
            zipped = stack.enter_context(zipfile.ZipFile(archive))
        else:
            tar = stack.enter_context(tarfile.open(fileobj=stack.enter_context(gzip.open(archive)), mode="r:"))
        for member in members:
            content = zipped.open(member.key) if zipped else tar.extractfile(member.key) if tar else None
            assert content is not None  # as it would be of what is no file; inspect() left that out
            path = folder / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            size = crc = 0
            with content, path.open("xb") as out:
                while block := content.read(2**18):
                    out.write(block)
                    crc = zlib.crc32(block, crc)
                    size += len(block)
                    bar.update(len(block))
            if size != member.size:
                raise EOFError(f"{member.name} has {size:,} bytes; expected {member.size:,}")
            files[member.name] = (size, crc)
    return files


@contextlib.contextmanager
def _damage_is_a_value_error(archive: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise ValueError(
            f"{archive} is damaged or not whole ({error}); expected an archive that can be read to its end. Delete it "
            "and fetch it again"
        ) from error
