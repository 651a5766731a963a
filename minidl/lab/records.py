"""Records on disk: one JSON file per finished run, named by the hash of the run's settings.

A record is written whole or not at all, so that a study may be killed at any time: what is there is finished, and what
is missing is run again. Other settings have other names, so that studies that share a folder do not mix.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import platform
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__

FORMAT = 1  # of a record; goes up when its keys or what they mean change

_KEYS = {
    "settings": dict, "versions": dict, "optimizer": str, "lr": float, "hyper": dict, "seed": int, "test": bool,
    "start": str, "evaluations": list, "step_losses": list, "diverged": bool,
}  # fmt: skip


def canonical(x: Any) -> str:
    """The one JSON text of plain data: keys sorted, no spaces, infinity and NaN as "inf", "-inf" and "nan"."""
    return json.dumps(_finite(x), sort_keys=True, separators=(",", ":"), allow_nan=False)


def as_json(x: Any) -> str:
    """Plain data as JSON in its own order, infinity and NaN as in `canonical`."""
    return json.dumps(_finite(x), allow_nan=False)


def key(settings: dict[str, Any]) -> str:
    """The name of a run: the SHA-256 of its settings in canonical JSON, as 64 hex digits."""
    return hashlib.sha256(canonical(settings).encode()).hexdigest()


def versions() -> dict[str, Any]:
    """What made a record: it is read again only by the same format and minidl."""
    return {
        "format": FORMAT, "minidl": __version__, "numpy": np.__version__, "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }  # fmt: skip


def same_version(record: dict[str, Any]) -> bool:
    """Whether a record is of this format and of this minidl."""
    mine = versions()
    return all(record["versions"].get(name) == mine[name] for name in ("format", "minidl"))


class Store:
    """The records in a folder. `tell` is called with a sentence for each file that is set aside."""

    def __init__(self, folder: str | Path, tell: Callable[[str], Any] = warnings.warn) -> None:
        self.folder, self.tell = Path(folder), tell

    def path(self, settings: dict[str, Any]) -> Path:
        """Where the record of these settings is, or would be."""
        return self.folder / f"{key(settings)}.json"

    def read(self, settings: dict[str, Any]) -> dict[str, Any] | None:
        """The record of these settings; None where there is none, or one that cannot be used: it is set aside."""
        path = self.path(settings)
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            record = parsed(text)
            if canonical(record["settings"]) != canonical(settings):
                raise ValueError("its settings are those of another run")
        except ValueError as error:
            self._set_aside(path, str(error))
            return None
        return record

    def write(self, record: dict[str, Any]) -> Path:
        """Write a record, or nothing; OSError, which says that the others are intact, where that fails."""
        path = self.path(record["settings"])
        part = path.with_name(f"{path.stem}.{os.getpid()}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write_to_disk(part, path, as_json(record).encode())
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise OSError(
                f"cannot write {path}: {error.strerror or error}; the runs finished before are intact, and the same "
                "command goes on from there"
            ) from error
        return path

    def tidy(self) -> None:
        """Remove what a process that was killed while writing left behind: parts of a day ago and older."""
        for part in self.folder.glob("*.part"):
            with contextlib.suppress(OSError):
                if part.stat().st_mtime < time.time() - 86400:
                    part.unlink()

    def _set_aside(self, path: Path, why: str) -> None:
        number = 1
        while (aside := path.with_name(f"{path.name}.aside{number}")).exists():
            number += 1
        path.rename(aside)
        self.tell(f"{path} is not used: {why}; it is now {aside.name}, and its run is made again")


def parsed(text: bytes) -> dict[str, Any]:
    """The record that a file holds; ValueError for what is none, or of another version."""
    try:
        record = _restored(json.loads(text))
    except ValueError:
        raise ValueError("it is cut short or no JSON" if text else "it is empty") from None
    if not isinstance(record, dict) or not isinstance(record.get("versions"), dict):
        raise ValueError("it is no record of a run")
    if not same_version(record):
        theirs = f"minidl {record['versions'].get('minidl')}, format {record['versions'].get('format')}"
        raise ValueError(f"it is of another version ({theirs}; this is minidl {__version__}, format {FORMAT})")
    wrong = [name for name, kind in _KEYS.items() if not isinstance(record.get(name), kind)]
    if wrong:
        raise ValueError(f"it is no record of a run: {wrong[0]} is missing or no {_KEYS[wrong[0]].__name__}")
    return record


def _write_to_disk(part: Path, path: Path, content: bytes) -> None:
    """Into a file beside it, to the disk, and only then under its name; and the name to the disk too."""
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def plain(record: dict[str, Any]) -> dict[str, Any]:
    """A record as it is when it has been written and read: lists for tuples, and so on."""
    return _restored(json.loads(canonical(record)))


def without_seconds(x: Any) -> Any:
    """A record without its clock readings, which stand under keys with "seconds": what two runs must agree in."""
    if isinstance(x, dict):
        return {k: without_seconds(v) for k, v in x.items() if "seconds" not in k}
    return [without_seconds(v) for v in x] if isinstance(x, list | tuple) else x


def _finite(x: Any) -> Any:
    """JSON has no infinity and no NaN: they become the strings "inf", "-inf" and "nan"."""
    if isinstance(x, dict):
        return {str(k): _finite(v) for k, v in x.items()}
    if isinstance(x, list | tuple):
        return [_finite(v) for v in x]
    return str(x) if isinstance(x, float) and not math.isfinite(x) else x


_NUMBERS = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


def _restored(x: Any) -> Any:
    if isinstance(x, dict):
        return {k: _restored(v) for k, v in x.items()}
    if isinstance(x, list):
        return [_restored(v) for v in x]
    return _NUMBERS.get(x, x) if isinstance(x, str) else x
