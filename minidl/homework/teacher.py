"""For teachers: the results of one homework folder, or of a folder of submissions, as JSON, CSV and for Gradescope.

The JSON of a submission (`grade --json`); that of many is {"format", "minidl", "seed", "submissions": [...]}:

    format       1; goes up when a key changes its meaning
    minidl       the version that graded
    seed         of the random inputs: `--seed` gives them again
    name         the submission's folder
    error        why there was nothing to grade, or on which exercises the grader itself failed, else ""
    score        the points reached; max_score: the points there are
    exercises    a list, in the order of the course, of
        id, name, file, title, part
        state        one of "not started", "does not load", "wrong", "wrong only in its convention", "right"
        score        max_score where the state is "right", else 0: an exercise is right or it is not
        max_score    10, or what the weights say
        passed, checks   how many checks passed, of how many
        check        the one that failed first; message: how; diagnosis: which known mistake does the same;
        mistake      its name
        printed      what the learner's code printed
        graded       false where the grader itself failed
"""

from __future__ import annotations

import csv
import json
import math
import os
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

from minidl import __version__
from minidl.homework.exercise import all_names, find, load
from minidl.homework.grade import Verdict
from minidl.homework.isolate import SECONDS, grade_files

FORMAT = 1
POINTS = 10.0

Result = dict[str, Any]


def weights(given: Sequence[str]) -> dict[str, float]:
    """Points by exercise, from `ID=POINTS` and paths of TOML files with such lines; `default` is for the others.

    An ID of several exercises (32) shares its points among them. Raises ValueError and LookupError for what is wrong.
    """
    pairs: list[tuple[str, Any]] = []
    for text in given:
        name, equals, value = text.rpartition("=")
        if equals and not Path(text).is_file():
            pairs.append((name.strip(), value.strip()))
            continue
        try:
            pairs += _flat(tomllib.loads(Path(text).read_text(encoding="utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{text} is no TOML file: {error}") from None
        except OSError as error:
            raise ValueError(f"--weights takes ID=POINTS or a TOML file, got {text!r}: {error.strerror}") from None
    default = POINTS
    found: dict[str, float] = {}
    for name, value in pairs:
        try:
            points = float(value)
        except (TypeError, ValueError):
            points = -1.0
        if not 0 <= points < math.inf or isinstance(value, bool):
            raise ValueError(f"the points of {name} must be a number, 0 or more, got {value!r}")
        if name == "default":
            default = points
            continue
        members = find([name])
        found |= dict.fromkeys(members, points / len(members))
    shared = {name: default * load(name).points / POINTS for name in all_names()}
    return shared | found


def _flat(table: dict[str, Any]) -> list[tuple[str, Any]]:
    """Lines of a TOML file; `32.4 = 1` without quotes is a table in a table there."""
    pairs: list[tuple[str, Any]] = []
    for key, value in table.items():
        pairs += [(f"{key}.{k}", v) for k, v in value.items()] if isinstance(value, dict) else [(key, value)]
    return pairs


def grade_folders(
    folders: Sequence[Path], wanted: Sequence[str], points: dict[str, float], seed: int, seconds: float = SECONDS,
    jobs: int | None = None, done: Callable[[Verdict], None] = lambda verdict: None,
) -> list[Result]:  # fmt: skip
    """The results of submissions, one for each folder; a broken one has its `error`, and never stops the others."""
    roots = [_root(folder, wanted) for folder in folders]
    tasks = [(name, root / f"{name}.py") for root, error in roots if root and not error for name in wanted]
    verdicts = iter(grade_files(tasks, seed, seconds, jobs, done))
    results = []
    for folder, (root, error) in zip(folders, roots, strict=True):
        graded = root is not None and not error
        of = [next(verdicts) if graded else Verdict(name, "does not load", error, seed=seed) for name in wanted]
        rows = [_row(verdict, points[verdict.exercise]) for verdict in of]
        failed = [verdict.exercise for verdict in of if not verdict.graded]
        error = error or (f"the grader itself failed on {', '.join(failed)}" if failed else "")
        score, most = (math.fsum(row[key] for row in rows) for key in ("score", "max_score"))
        results.append(
            {"format": FORMAT, "minidl": __version__, "seed": seed, "name": folder.name, "error": error,
             "score": score, "max_score": most, "exercises": rows}
        )  # fmt: skip
    return results


def submissions(folder: Path) -> list[Path]:
    """The folders in a folder of submissions, by name; ValueError where there are none."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder of submissions")
    found = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not found:
        raise ValueError(f"{folder} holds no folders; each submission is a folder with the learner's files")
    return found


def _root(folder: Path, wanted: Sequence[str]) -> tuple[Path | None, str]:
    """Where in a submission the files are: there, or in a folder of it that was packed along; and what is wrong."""
    files = {f"{name}.py" for name in wanted}
    try:
        places = [Path(p) for p, _, _ in os.walk(folder, onerror=_raise) if len(Path(p).relative_to(folder).parts) <= 3]
        counts = {p: sum((p / file).is_file() for file in files) for p in places}
    except OSError as error:
        return None, f"{folder.name} cannot be read: {error.strerror or error}"
    best = max(counts, key=lambda p: (counts[p], -len(p.parts)), default=None)
    if best is None or not counts[best]:
        return None, f"{folder.name} holds no file of an exercise"
    return best, ""


def _raise(error: OSError) -> None:
    raise error


def _row(verdict: Verdict, points: float) -> dict[str, Any]:
    exercise = load(verdict.exercise)
    told = verdict.to_dict()
    about = {"id": exercise.id, "name": exercise.name, "file": exercise.file, "title": exercise.title}
    score = {"state": told["state"], "score": points if verdict.is_right else 0.0, "max_score": points}
    rest = {k: told[k] for k in ("passed", "checks", "check", "message", "diagnosis", "mistake", "printed", "graded")}
    return about | {"part": exercise.part} | score | rest


def gradescope(result: Result) -> dict[str, Any]:
    """The results.json that Gradescope reads: https://gradescope-autograders.readthedocs.io, "Output format"."""
    tests = []
    for number, row in enumerate(result["exercises"], start=1):
        told = [row["state"], row["message"], row["diagnosis"]]
        tests.append(
            {"name": f"{row['file']}: {_after_colon(row['title'])}", "number": str(number), "score": row["score"],
             "max_score": row["max_score"], "status": "passed" if row["state"] == "right" else "failed",
             "output": "\n".join(filter(None, told)), "output_format": "text", "visibility": "visible"}
        )  # fmt: skip
    again = f"minidl {result['minidl']}, seed {result['seed']}"
    return {
        "score": result["score"], "output": "\n".join(filter(None, [result["error"], again])), "output_format": "text",
        "visibility": "visible", "stdout_visibility": "hidden", "tests": tests,
    }  # fmt: skip


def _after_colon(title: str) -> str:
    return title.partition(": ")[2] or title


def write_csv(results: Sequence[Result], file: TextIO) -> None:
    """A line for each submission: points in all, how many exercises are right, points of each, what was wrong."""
    names = [row["name"] for row in results[0]["exercises"]]
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["submission", "score", "max_score", "right", *names, "error"])
    for result in results:
        rows = result["exercises"]
        right = sum(row["state"] == "right" for row in rows)
        scores = [_plain(row["score"]) for row in rows]
        totals = [_plain(result["score"]), _plain(result["max_score"])]
        writer.writerow([_cell(result["name"]), *totals, right, *scores, result["error"]])


def _plain(points: float) -> str:
    return f"{points:.10g}"


def _cell(text: str) -> str:
    """A name that a spreadsheet would take for a formula, as text."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def as_json(results: Sequence[Result], many: bool) -> str:
    """One submission, or many."""
    told: Any = results[0]
    if many:
        inner = [{k: v for k, v in r.items() if k not in ("format", "minidl", "seed")} for r in results]
        told = {k: results[0][k] for k in ("format", "minidl", "seed")} | {"submissions": inner}
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"
