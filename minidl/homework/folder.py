"""The homework folder: starter files, and a small file that remembers its language, hints shown and what was right."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from minidl import __version__
from minidl.homework.exercise import Exercise, all_names, load
from minidl.homework.grade import NOT_STARTED, Verdict

MARKER = ".minidl-homework.json"
LANGUAGES = ("en", "zh")


@dataclass
class Folder:
    """A homework folder. What it remembers is a convenience: `check` and `grade` never ask it."""

    path: Path
    language: str = "en"
    written: dict[str, str] = field(default_factory=dict)  # name -> hash of the starter that was written
    seen: dict[str, dict[str, str]] = field(default_factory=dict)  # name -> the last verdict: hash of the file, state
    hints: dict[str, int] = field(default_factory=dict)  # name -> how many were shown

    def file(self, name: str) -> Path:
        return self.path / f"{name}.py"

    def shown(self, name: str) -> str:
        """The path of a file as a learner would type it."""
        path = self.file(name)
        with contextlib.suppress(ValueError, OSError):
            return str(path.relative_to(Path.cwd()))
        return str(path)

    def save(self) -> None:
        """Write what is remembered; in a folder that cannot be written to, nothing is."""
        told = {"minidl": __version__, "language": self.language, "written": self.written, "seen": self.seen}
        part = self.path / f"{MARKER}.{os.getpid()}.part"
        with contextlib.suppress(OSError):
            part.write_text(json.dumps(told | {"hints": self.hints}, indent=1), encoding="utf-8")
            part.replace(self.path / MARKER)

    def remember(self, verdict: Verdict, digest: str) -> None:
        """Keep the state that the file with this hash was found in."""
        if verdict.graded:
            self.seen[verdict.exercise] = {"file": digest, "state": verdict.state, "minidl": __version__}

    def state(self, name: str) -> str | None:
        """The state of a file as it is now: None where that has to be found out."""
        digest = hash_of(self.file(name))
        if digest and digest == self.written.get(name):
            return NOT_STARTED
        last = self.seen.get(name, {})
        same = digest and last.get("file") == digest and last.get("minidl") == __version__
        return last.get("state") if same else None


def hash_of(path: Path) -> str:
    """Of a file's bytes; empty where there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def find_folder(path: Path) -> Folder:
    """The homework folder at a path: one that `start` made, or any that holds a file of an exercise.

    Raises ValueError where there is none.
    """
    path = Path(os.path.abspath(path))
    marker = path / MARKER
    if not marker.is_file() and not any((path / f"{name}.py").is_file() for name in all_names()):
        if not path.exists():
            raise ValueError(f"there is no folder {path}; to make one: minidl homework start {path.name}")
        inner = sorted(m.parent.name for m in path.glob(f"*/{MARKER}")) if path.is_dir() else []
        hint = f"go to it: cd {inner[0]}" if inner else "to make one: minidl homework start my-homework"
        raise ValueError(f"{path} is no homework folder; {hint}")
    told: Any = {}
    with contextlib.suppress(OSError, ValueError):
        told = json.loads(marker.read_text(encoding="utf-8"))
    told = told if isinstance(told, dict) else {}
    parts = {k: told[k] for k in ("written", "seen", "hints") if isinstance(told.get(k), dict)}
    language = told.get("language")
    return Folder(path, language if language in LANGUAGES else "en", **parts)


def start(path: Path, language: str | None) -> tuple[Folder, list[str], list[str]]:
    """Write the starter files, but for edited ones. Returns the folder, names of new files and of those that stayed."""
    path = Path(os.path.abspath(path))
    if path.exists() and not path.is_dir():
        raise ValueError(f"{path} is a file; give another name for the folder")
    path.mkdir(parents=True, exist_ok=True)
    folder = find_folder(path) if (path / MARKER).is_file() else Folder(path)
    folder.language = language or folder.language
    written, stayed = [], []
    for name in all_names():
        digest = hash_of(folder.file(name))
        if folder.file(name).exists() and (not digest or digest != folder.written.get(name)):
            stayed.append(name)
        else:
            _write(folder, load(name))
            if hash_of(folder.file(name)) != digest:  # else it was there already
                written.append(name)
    folder.save()
    return folder, written, stayed


def reset(folder: Folder, name: str) -> Path | None:
    """Write the starter again; returns the path where the old file is kept, None where there was nothing to keep."""
    path = folder.file(name)
    kept: Path | None = None
    if path.exists() and folder.state(name) != NOT_STARTED:
        kept = next(p for n in count(1) if not (p := path.with_name(f"{path.name}.bak{n}")).exists())
        path.replace(kept)
    _write(folder, load(name))
    folder.hints.pop(name, None)
    folder.save()
    return kept


def next_hint(folder: Folder, exercise: Exercise, language: str, level: int | None = None) -> tuple[int, int, str]:
    """The hint that comes next, or that of a level: its number, how many there are, its text."""
    hints = exercise.hints[language]
    number = level or min(folder.hints.get(exercise.name, 0) + 1, len(hints))
    if not 1 <= number <= len(hints):
        raise ValueError(f"there are {len(hints)} hints, got --level {level}")
    folder.hints[exercise.name] = max(number, folder.hints.get(exercise.name, 0))
    folder.save()
    return number, len(hints), hints[number - 1]


def _write(folder: Folder, exercise: Exercise) -> None:
    path = folder.file(exercise.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = exercise.starter[folder.language].encode("utf-8")
    path.write_bytes(data)
    folder.written[exercise.name] = hashlib.sha256(data).hexdigest()
