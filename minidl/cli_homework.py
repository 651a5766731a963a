"""The command line: `minidl homework`, the learner's loop and the teacher's `grade`."""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .homework.folder import Folder
    from .homework.grade import Verdict

EXIT_OK, EXIT_CHECK_FAILED, EXIT_USAGE = 0, 1, 2
TICK = 0.2  # seconds between two looks of `watch`


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add `homework` to the commands of `minidl`."""
    homework = commands.add_parser(
        "homework",
        allow_abbrev=False,
        help="exercises on what minidl is made of, and a grader that says which mistake it is",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="""\
Exercises, from the first gradient to an optimizer of one's own. Each is a file:
its docstring says what to write, `check` says whether it is right, and if not,
which mistake it is. Without an action: progress, and the next exercise.""",
        epilog="""\
examples:
  minidl homework start my-homework && cd my-homework
  minidl homework
  minidl homework check 19
  minidl homework hint 19
  minidl homework watch
  minidl homework grade --json results.json --csv grades.csv \\
      --submissions handed-in --weights e25=20

An exercise is named by its number or its file: 19, e19, e19_sgd. The homework
folder is the current one, or that of --dir.

exit codes: 0 all that was asked for is right (grade: could be graded),
1 something is not right, 2 it could not be graded, 130 interrupted""",
    )
    homework.set_defaults(command=_status)
    _common(homework, first=True)
    actions = homework.add_subparsers(title="actions", metavar="ACTION")

    def action(function: Any, text: str, ids: str | None = None, **more: Any) -> argparse.ArgumentParser:
        name = function.__name__.removeprefix("_")
        parser = actions.add_parser(name, allow_abbrev=False, help=text, description=f"{text[0].upper()}{text[1:]}.")
        parser.set_defaults(command=function)
        if ids:
            told = "a number or a name: 19, e19, e19_sgd" + ("; without one, all" if ids == "*" else "")
            parser.add_argument("ids", nargs=ids, metavar="ID", help=told)
        _common(parser, **more)
        return parser

    start = action(_start, "write the starter files into a folder; a file that was edited is never overwritten")
    start.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="made if it is not there")
    action(_status, "progress, the next exercise and its path (default)")
    check = action(_check, "grade; of what is not right, the first failing check and a diagnosis", ids="*")
    watch = action(_watch, "grade again whenever a file is saved, until Ctrl-C", ids="*")
    hint = action(_hint, "a hint; asked again, the next: there are three", ids="+")
    hint.add_argument("--level", type=int, metavar="N", help="this one, not the next")
    solution = action(_solution, "the solution: of an exercise that is right, or with --give-up", ids="+")
    solution.add_argument("--give-up", action="store_true", help="show it all the same")
    action(_reset, "back to the starter; the old file is kept beside it", ids="+")
    grade = action(_grade, "for teachers: grade a folder, or many, and write the results", ids="*")
    for parser in (check, watch, grade):
        parser.add_argument("--seed", type=int, metavar="N", help="of the random inputs (default: always another)")
        parser.add_argument("--timeout", type=float, metavar="SECONDS", help="for one file (default: 10)")
    add = grade.add_argument
    add("--json", metavar="FILE", help="write every result, its messages and points (- for the screen)")
    add("--gradescope", metavar="FILE", help="write a results.json for Gradescope, of one submission")
    add("--csv", metavar="FILE", help="write a line of points for each submission")
    add("--submissions", type=Path, metavar="FOLDER", help="grade every folder in this one, several files at a time")
    add("--weights", nargs="+", action="extend", default=[], metavar="ID=POINTS",
        help="points of an exercise (default: 10), or a TOML file with such lines")  # fmt: skip
    add("--jobs", type=int, metavar="N", help="how many files at a time (default: one per core)")


def _common(parser: argparse.ArgumentParser, first: bool = False) -> None:
    """--dir and --lang, before or after the action: what is not given after it does not undo what was before."""
    default = None if first else argparse.SUPPRESS
    parser.add_argument("--dir", type=Path, metavar="DIR", default=default, help="the homework folder (default: here)")
    told = "English or Chinese (default: the folder's)"
    parser.add_argument("--lang", choices=("en", "zh"), default=default, help=told)


def _folder(options: argparse.Namespace) -> Folder:
    from .homework.folder import find_folder

    return find_folder(options.dir or Path())


def _language(options: argparse.Namespace, folder: Folder | None = None) -> str:
    """The language to speak in: the one asked for, the folder's; English where the screen cannot show Chinese."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    language = options.lang or (folder.language if folder else "en")
    try:
        "中文".encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        if language == "zh":
            print("minidl: this screen cannot show Chinese; in English:", file=sys.stderr)
        return "en"
    return language


def _wanted(options: argparse.Namespace) -> list[str]:
    """The names asked for, or those of all exercises; ValueError for what there is not."""
    from .homework.exercise import find, names

    try:
        return find(options.ids) if options.ids else list(names())
    except LookupError as error:
        raise ValueError(error.args[0]) from None


def _one(options: argparse.Namespace) -> str:
    """The one exercise asked for."""
    from .homework.exercise import id_of

    found = _wanted(options)
    if len(found) > 1:
        ids = ", ".join(id_of(n) for n in found)
        raise ValueError(f"one exercise at a time, got {len(found)}: {ids}")
    return found[0]


def _seed(options: argparse.Namespace) -> int:
    seed = random.SystemRandom().randrange(1_000_000) if options.seed is None else options.seed
    if seed < 0:
        raise ValueError(f"--seed must be 0 or more, got {seed}")
    return seed


def _seconds(options: argparse.Namespace) -> float:
    from .homework.isolate import SECONDS

    seconds = SECONDS if options.timeout is None else options.timeout
    if not 0 < seconds < 1e6:
        raise ValueError(f"--timeout must be a number of seconds above 0, got {seconds:g}")
    return seconds


def _start(options: argparse.Namespace) -> int:
    from .homework import folder as folders
    from .homework.exercise import id_of, names
    from .homework.sentences import fitted, say

    given = [p for p in (options.folder, options.dir) if p is not None]
    if len({Path(p).resolve() for p in given}) != 1:
        problem = "say which folder" if not given else "two folders are given"
        raise ValueError(f"{problem}: minidl homework start my-homework")
    folder, written, stayed = folders.start(given[0], options.lang)
    lang = _language(options, folder)
    print(fitted(say(lang, "{n} starter files written to {path}", n=len(written), path=folder.path)))
    if stayed:
        print(fitted(say(lang, "files that were there and stay as they are: {n}", n=len(stayed))))
    print(fitted(say(lang, "begin with {path}", path=folder.shown(names()[0]))))
    if folder.path != Path.cwd():
        print(fitted(say(lang, "first go to the folder: cd {path}", path=given[0]), "  "))
    told = "write what its docstring says, then: minidl homework check {id}"
    print(fitted(say(lang, told, id=id_of(names()[0])), "  "))
    return EXIT_OK


def _status(options: argparse.Namespace) -> int:
    from .homework.show import next_text, progress_text

    folder = _folder(options)
    lang = _language(options, folder)
    states = _states(folder)
    print(progress_text(folder, states, lang))
    print(f"\n{next_text(folder, states, lang)}")
    return EXIT_OK


def _states(folder: Folder) -> dict[str, str]:
    """The state of every exercise: as remembered, where the file is still the same; else it is graded now."""
    from .homework.exercise import all_names
    from .homework.folder import hash_of
    from .homework.isolate import grade_files

    states = {name: folder.state(name) for name in all_names()}
    unknown = [name for name, state in states.items() if state is None]
    hashes = {name: hash_of(folder.file(name)) for name in unknown}
    for verdict in grade_files([(name, folder.file(name)) for name in unknown], random.SystemRandom().randrange(10**6)):
        folder.remember(verdict, hashes[verdict.exercise])
        states[verdict.exercise] = verdict.state
    folder.save()
    return {name: str(state) for name, state in states.items()}


def _check(options: argparse.Namespace) -> int:
    from .homework.show import next_text, ranges, summary_text, verdict_text

    folder = _folder(options)
    lang = _language(options, folder)
    wanted, seed, seconds = _wanted(options), _seed(options), _seconds(options)

    many = not options.ids or len(wanted) > 2

    def tell(verdict: Verdict) -> None:
        if not many or verdict.state != "not started":
            print(verdict_text(verdict, folder, lang), flush=True)

    verdicts = _graded(folder, wanted, seed, seconds, tell)
    if many:
        from .homework.exercise import id_of
        from .homework.sentences import coloured, fitted, say

        idle = [id_of(v.exercise) for v in verdicts if v.state == "not started"]
        if idle:
            text = say(lang, "{file}: {state}", file=say(lang, "not started"), state=ranges(idle))
            print(coloured(fitted(text), "not started"))
        print(summary_text(verdicts, lang))
    if all(v.is_right for v in verdicts):
        print(next_text(folder, {n: str(folder.state(n)) for n in _all_names()}, lang))
    return _exit_code(verdicts)


def _all_names() -> tuple[str, ...]:
    from .homework.exercise import all_names

    return all_names()


def _graded(folder: Folder, wanted: list[str], seed: int, seconds: float, tell: Any) -> list[Verdict]:
    """Grade files of a homework folder and remember what they were."""
    from .homework.folder import hash_of
    from .homework.isolate import grade_files

    hashes = {name: hash_of(folder.file(name)) for name in wanted}
    verdicts = grade_files([(name, folder.file(name)) for name in wanted], seed, seconds, done=tell)
    for verdict in verdicts:
        folder.remember(verdict, hashes[verdict.exercise])
    folder.save()
    return verdicts


def _exit_code(verdicts: list[Verdict]) -> int:
    if not all(v.graded for v in verdicts):
        return EXIT_USAGE
    return EXIT_OK if all(v.is_right for v in verdicts) else EXIT_CHECK_FAILED


def _watch(options: argparse.Namespace) -> int:
    from .homework.sentences import fitted, say
    from .homework.show import next_text, verdict_text

    folder = _folder(options)
    lang = _language(options, folder)
    wanted, seconds = _wanted(options) if options.ids else list(_all_names()), _seconds(options)
    _seed(options)

    def tell(verdict: Verdict) -> None:
        print(f"\n{time.strftime('%H:%M:%S')} {verdict_text(verdict, folder, lang)}", flush=True)

    print(fitted(say(lang, "watching {path}; save a file to have it graded, Ctrl-C ends", path=folder.path)))
    graded = {name: _stamp(folder.file(name)) for name in wanted}
    print(next_text(folder, _states(folder), lang), flush=True)
    before = dict(graded)
    while True:
        time.sleep(TICK)
        now = {name: _stamp(folder.file(name)) for name in wanted}
        # an editor may write a file in several steps: it is graded when two looks in a row see the same
        saved = [name for name in wanted if now[name] != graded[name] and now[name] == before[name]]
        before = now
        if saved:
            graded |= {name: now[name] for name in saved}
            verdicts = _graded(folder, saved, _seed(options), seconds, tell)
            if all(v.is_right for v in verdicts):
                print(next_text(folder, {n: str(folder.state(n)) for n in _all_names()}, lang), flush=True)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _hint(options: argparse.Namespace) -> int:
    from .homework.exercise import load
    from .homework.folder import next_hint
    from .homework.sentences import fitted, flowing, say

    folder, exercise = _folder(options), load(_one(options))
    lang = _language(options, folder)
    number, count, text = next_hint(folder, exercise, lang, options.level)
    print(fitted(f"{exercise.file}, {say(lang, 'hint {n} of {all}', n=number, all=count)}"))
    print(fitted(flowing(text), "  "))
    after = "the next one: minidl homework hint {id}"
    last = "that was the last; the solution: minidl homework solution {id} --give-up"
    if options.level is None:
        print(fitted(say(lang, after if number < count else last, id=exercise.id)))
    return EXIT_OK


def _solution(options: argparse.Namespace) -> int:
    from .homework.exercise import load
    from .homework.isolate import SECONDS, grade_file
    from .homework.sentences import fitted, say

    folder, exercise = _folder(options), load(_one(options))
    lang = _language(options, folder)
    if not options.give_up:
        verdict = grade_file(exercise.name, folder.file(exercise.name), random.SystemRandom().randrange(10**6), SECONDS)
        if not verdict.is_right:
            told = "{file} is {state}; to see the solution all the same: minidl homework solution {id} --give-up"
            named = {"file": folder.shown(exercise.name), "state": say(lang, verdict.state), "id": exercise.id}
            print(fitted(say(lang, told, **named)))
            return EXIT_CHECK_FAILED
    print(exercise.solution, end="")
    return EXIT_OK


def _reset(options: argparse.Namespace) -> int:
    from .homework.folder import reset
    from .homework.sentences import fitted, say

    folder = _folder(options)
    if options.lang:
        folder.language = options.lang
    lang = _language(options, folder)
    for name in _wanted(options):
        kept = reset(folder, name)
        print(fitted(say(lang, "{file} is the starter again", file=folder.shown(name))))
        if kept is not None:
            print(fitted(say(lang, "the old file is {path}", path=kept), "  "))
    return EXIT_OK


def _grade(options: argparse.Namespace) -> int:
    from .homework import teacher

    _language(options)
    wanted, seed, seconds = _wanted(options), _seed(options), _seconds(options)
    if options.jobs is not None and options.jobs < 1:
        raise ValueError(f"--jobs must be 1 or more, got {options.jobs}")
    if options.submissions is not None and options.dir is not None:
        raise ValueError("give either --dir, one homework folder, or --submissions, a folder of many")
    if options.gradescope and options.submissions is not None:
        raise ValueError("Gradescope reads the results of one submission: grade it with --dir")
    try:
        points = teacher.weights(options.weights)
    except LookupError as error:
        raise ValueError(error.args[0]) from None
    many = options.submissions is not None
    for file in filter(None, (options.json, options.gradescope, options.csv)):
        if file != "-" and not Path(file).absolute().parent.is_dir():  # told before the work, not after
            raise ValueError(f"{file} cannot be written: there is no folder {Path(file).absolute().parent}")
    folders = teacher.submissions(options.submissions) if many else [_folder(options).path]
    results = teacher.grade_folders(folders, wanted, points, seed, seconds, options.jobs)
    if options.json:
        _write(options.json, teacher.as_json(results, many))
    if options.gradescope:
        _write(options.gradescope, teacher.json.dumps(teacher.gradescope(results[0]), indent=1) + "\n")
    if options.csv:
        import io

        text = io.StringIO()
        teacher.write_csv(results, text)
        _write(options.csv, text.getvalue())
    if "-" not in (options.json, options.gradescope, options.csv):
        for result in results:
            right = sum(row["state"] == "right" for row in result["exercises"])
            told = f"{right} of {len(result['exercises'])} right" + (f"; {result['error']}" if result["error"] else "")
            print(f"{result['name']}: {result['score']:g} of {result['max_score']:g} points, {told}")
        print(f"seed {seed}")
    return EXIT_OK if all(row["graded"] for r in results for row in r["exercises"]) else EXIT_USAGE


def _write(path: str, text: str) -> None:
    if path == "-":
        sys.stdout.write(text)
        return
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
