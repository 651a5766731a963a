"""Do the tests notice? Changes minidl/optim one place at a time and runs the tests that touch the place.

    python tests/mutation.py                        every mutant of the rules and schedules (some 10,000: hours)
    python tests/mutation.py Adam AdamW             of these classes or functions
    python tests/mutation.py minidl/optim/sgd.py    of a file or folder
    python tests/mutation.py --sample 200 --seed 1  some, drawn at random; --list only shows them

A mutant is killed when a test fails that passes without it; an endless loop is also noticed ("timeout"). What survives
is a gap in the tests, or changes nothing that a test could see: these are named, with the reason, in
mutation_survivors.toml; an entry that fits no mutant (any more) is an error.

How: once, and again only when a source or a test has changed, the tests run with a note taken at every statement, to
know which test touches what. Then every mutant gets a process of its own, forked from one that has imported everything
but minidl, where an import hook hands out the changed source.
"""

import argparse
import ast
import collections
import contextlib
import hashlib
import importlib
import importlib.machinery
import importlib.util
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # a fork must not find threads, and the cores go to --jobs
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

import hypothesis  # noqa: E402
import numpy  # noqa: E402, F401  # what every child would import again
import pytest  # noqa: E402
from mutants import Mutant, mutants  # noqa: E402

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
PACKAGE = ROOT / "minidl" / "optim"
EXPLAINED = TESTS / "mutation_survivors.toml"
CACHE = ROOT / ".pytest_cache" / "mutation"
# whose tests are asked: not those of whole programs (cli, lab, examples), which would notice much, slowly
ASKED = (
    "test_optim*.py", "test_schedules.py", "test_finder.py", "test_plateau.py", "test_clip.py", "test_ranges.py",
    "test_conventions.py", "test_references.py", "test_catalogue.py", "test_gpu_path.py", "test_train.py",
    "test_checkpoint.py",
)  # fmt: skip
# no rules, but what describes, explains or tries them
ABOUT = {"check", "catalogue.py", "formulas.py", "libraries.py", "page.py", "worked.py"}
SKIPPED = {"test_optim_mutations.py"}  # makes mutants of its own, from the text
MEMORY = 8 << 30  # bytes of address space: a mutant may ask for any amount
WAITING = 300  # seconds by the clock before a test that computes nothing is given up

Record = dict[str, Any]  # of a test: "seconds", "failed", "lines": {file: [number, ...]}, "classes": [name, ...]


# -- in a child


def _quiet_child() -> None:
    """A session of its own that writes nowhere, with the same examples of hypothesis every time."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)  # a failure need not be made small
    hypothesis.settings.register_profile(
        "mutation", derandomize=True, database=None, deadline=None, phases=phases,
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    hypothesis.settings.load_profile("mutation")
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)


def _pytest(files: Iterable[str], folder: str, plugin: object, *more: str) -> int:
    options = ["-q", "-s", "--assert=plain", "--tb=no", "-p", "no:cacheprovider", "--basetemp", f"{folder}/tmp"]
    return int(pytest.main([*options, *more, "--rootdir", str(ROOT), "-c", str(ROOT / "setup.cfg"), *files], [plugin]))


class _Loader(importlib.machinery.SourceFileLoader):
    """Hands out a module's changed code. `inspect` still sees the file: some tests compile what they read there."""

    def __init__(self, file: str, code: Any, **names: Any) -> None:
        super().__init__(".".join(Path(file).with_suffix("").parts).removesuffix(".__init__"), str(ROOT / file))
        self.code, self.names = compile(code, self.path, "exec", dont_inherit=True), names

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        return importlib.util.spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def get_code(self, fullname: str) -> Any:
        return self.code

    def exec_module(self, module: ModuleType) -> None:
        vars(module).update(self.names)
        super().exec_module(module)


class _Chosen:
    """A pytest plugin: runs the chosen tests, the fastest first, and ends the process where one takes far too long."""

    def __init__(self, seconds: dict[str, float], report: Path) -> None:
        self.seconds, self.report = seconds, report

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = sorted((i for i in items if i.nodeid in self.seconds), key=lambda i: self.seconds[i.nodeid])

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        self.report.write_text(item.nodeid)
        _limit(3 + 10 * self.seconds[item.nodeid])
        yield
        _limit(120)


def _limit(seconds: float) -> None:
    """The process dies of SIGPROF after so many seconds of computing, of SIGALRM after WAITING by the clock."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.alarm(WAITING)


def _try(mutant: Mutant, plan: list[dict[str, float]], folder: str) -> int:
    """In a child: 0 where all tests pass, 1 where one fails; the file `report` names the last one that ran."""
    _quiet_child()
    _limit(120)
    sys.meta_path.insert(0, _Loader(mutant.file, mutant.apply((ROOT / mutant.file).read_text())))
    for seconds in plan:
        files = {test.split("::")[0] for test in seconds}
        if _pytest(files, folder, _Chosen(seconds, Path(folder, "report")), "-x") not in (0, 5):
            return 1
    return 0


# -- which test touches what


def noted(source: str) -> ast.Module:
    """A file that notes, before each statement of a function, its line in __lines__, and the class of self."""

    def notes(text: str, line: int) -> list[ast.stmt]:
        return ast.parse("\n" * (line - 1) + text).body  # on the line of the statement

    def mark(node: ast.AST, inside: bool) -> None:
        for name in ("body", "orelse", "finalbody", "handlers"):
            block = getattr(node, name, [])
            for child in block:
                mark(child, inside or isinstance(child, ast.FunctionDef))
            if inside and name != "handlers":
                block = [x for child in block for x in (*notes(f"__lines__[{child.lineno}] = 1", child.lineno), child)]
                setattr(node, name, block)
        if isinstance(node, ast.FunctionDef):
            if isinstance(node.body[1], ast.Expr) and isinstance(node.body[1].value, ast.Constant):
                del node.body[0]  # the docstring must come first
            if node.args.args and node.args.args[0].arg == "self":
                node.body[1:1] = notes("__classes__.add(type(self))", node.lineno)

    tree = ast.parse(source)
    mark(tree, False)
    return tree


class _Recorder:
    """A pytest plugin that notes for every test its seconds, its lines of the package, and the classes it uses.

    The tests run from the last to the first: a mutant's come in yet another order, and must not need their own.
    """

    def __init__(self) -> None:
        self.lines: dict[str, bytearray] = {}
        self.classes: set[type] = set()
        self.tests: dict[str, Record] = {}
        for path in PACKAGE.rglob("*.py"):
            file, source = str(path.relative_to(ROOT)), path.read_text()
            lines = self.lines[file] = bytearray(source.count("\n") + 2)
            sys.meta_path.insert(0, _Loader(file, noted(source), __lines__=lines, __classes__=self.classes))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        for lines in self.lines.values():
            lines[:] = bytes(len(lines))
        self.classes.clear()
        test = {"failed": False}
        self.tests[item.nodeid] = test
        start = time.perf_counter()
        yield
        test["seconds"] = time.perf_counter() - start
        seen = {file: [i for i, x in enumerate(lines) if x] for file, lines in self.lines.items()}
        test["lines"] = {file: lines for file, lines in seen.items() if lines}
        test["classes"] = sorted({base.__qualname__ for cls in self.classes for base in cls.__mro__})

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items.reverse()

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.tests[report.nodeid]["failed"] |= report.failed


def _record(file: str, folder: str) -> int:
    """In a child: write the record of a test file."""
    _quiet_child()
    recorder = _Recorder()
    _pytest([file], folder, recorder)
    Path(folder, "record").write_text(json.dumps(recorder.tests))
    return 0


def recorded(jobs: int, patterns: Sequence[str] = ASKED) -> dict[str, Record]:
    """Every test, with the lines that it runs; from the cache, unless a source or a test has changed."""
    files = [*ROOT.glob("minidl/**/*.py"), *TESTS.glob("**/*.py"), *TESTS.glob("golden/*"), ROOT / "setup.cfg"]
    text = b"".join(str(f.relative_to(ROOT)).encode() + f.read_bytes() for f in sorted(files) if f.is_file())
    text += "".join(patterns).encode()
    cache = CACHE / f"{hashlib.sha256(text).hexdigest()[:16]}.json"
    if not cache.exists():
        print("recording which test runs which line", file=sys.stderr)
        asked = sorted({f for pattern in patterns for f in TESTS.glob(pattern) if f.name not in SKIPPED})
        tests: dict[str, Record] = {}
        for file, folder, _ in _children([str(f) for f in asked], _record, jobs):
            if not Path(folder, "record").exists():
                raise SystemExit(f"{file} ended early while it was recorded; run it with pytest")
            tests |= json.loads(Path(folder, "record").read_text())
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
        cache.write_text(json.dumps(tests))
    tests = json.loads(cache.read_text())
    for name in [name for name, test in tests.items() if test.get("failed")]:
        print(f"left out, it fails without a mutant: {name}", file=sys.stderr)
        del tests[name]
    return tests


def touching(mutant: Mutant, tests: dict[str, Record]) -> dict[str, float]:
    """The tests that may notice a mutant, with their seconds."""
    low, high = mutant.lines

    def may_notice(test: Record) -> bool:
        if mutant.early and not test["lines"]:
            return True
        if mutant.uses:
            return mutant.uses in test["classes"]
        return any(low <= line <= high for line in test["lines"].get(mutant.file, ()))

    return {name: test["seconds"] for name, test in tests.items() if may_notice(test)}


# -- running


def _children(work: Iterable[Any], run: Callable[[Any, str], int], jobs: int) -> Iterator[tuple[Any, str, int]]:
    """run(item, folder) in a fork for each item, some at once; yields (item, its folder, exit status) as they end."""
    running: dict[int, tuple[Any, str]] = {}
    rest = iter(work)
    try:
        while True:
            while len(running) < jobs and (item := next(rest, None)) is not None:
                folder = tempfile.mkdtemp(prefix="mutation-")
                sys.stdout.flush()
                pid = os.fork()
                if pid == 0:
                    code = 3
                    try:
                        code = run(item, folder)
                    finally:
                        os._exit(code)
                running[pid] = (item, folder)
            if not running:
                return
            pid, status = os.wait()
            item, folder = running.pop(pid)
            _end(pid)
            yield item, folder, status
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        for pid, (_, folder) in running.items():
            _end(pid)
            os.waitpid(pid, 0)
            shutil.rmtree(folder, ignore_errors=True)


def _end(pid: int) -> None:
    """Kill what a child has left behind: its whole session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


class Hunt:
    """Runs mutants; remembers which test files kill those of a function, to ask these first for its other mutants."""

    def __init__(self, tests: dict[str, Record], budget: float) -> None:
        self.tests, self.budget = tests, budget
        self.kills: dict[tuple[str, str], collections.Counter[str]] = collections.defaultdict(collections.Counter)
        self.plans: dict[tuple[Any, ...], dict[str, float]] = {}

    def plan(self, mutant: Mutant) -> list[dict[str, float]]:
        """The tests to run, file by file: first the files that killed most, then the fastest, up to the budget."""
        key = (mutant.file, mutant.lines, mutant.uses, mutant.early)
        if key not in self.plans:
            self.plans[key] = touching(mutant, self.tests)
        files: dict[str, dict[str, float]] = {}
        for test, seconds in self.plans[key].items():
            files.setdefault(test.split("::")[0], {})[test] = seconds
        kills = self.kills[mutant.file, mutant.where]
        chosen, spent = [], 0.0
        for file in sorted(files, key=lambda f: (-kills[f], sum(files[f].values()))):
            spent += sum(files[file].values())
            if spent > self.budget and chosen:
                break
            chosen.append(files[file])
        return chosen

    def run(self, found: list[Mutant], jobs: int) -> Iterator[tuple[Mutant, str, str]]:
        """(mutant, "killed" or "timeout" or "survived" or "untested", by which test) of each, as they end."""
        yield from ((m, "untested", "") for m in found if not self.plan(m))
        work = (m for m in found if self.plan(m))
        for mutant, folder, status in _children(work, lambda m, folder: _try(m, self.plan(m), folder), jobs):
            report = Path(folder, "report")
            test = report.read_text() if report.exists() else "(while the tests were collected)"
            if os.WIFSIGNALED(status):
                outcome = "timeout" if os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGALRM) else "killed"
            else:
                outcome = "survived" if os.WEXITSTATUS(status) == 0 else "killed"
            if outcome in ("killed", "timeout"):
                self.kills[mutant.file, mutant.where][test.split("::")[0]] += 1
            yield mutant, outcome, "" if outcome == "survived" else test


# -- the survivors that have an explanation


def explained(found: list[Mutant], path: Path) -> dict[Mutant, str]:
    """The mutants that the list explains, with the reason; SystemExit for an entry that fits none.

    An entry has file, where, old, reason, and new: what the statement becomes, or a list of such.
    """
    entries = tomllib.loads(path.read_text())["survivor"] if path.exists() else []
    by_key: dict[tuple[str, ...], list[Mutant]] = {}
    for m in found:
        by_key.setdefault((m.file, m.where, m.old, m.new), []).append(m)
    reasons: dict[Mutant, str] = {}
    stale = []
    for entry in entries:
        for new in [entry["new"]] if isinstance(entry["new"], str) else entry["new"]:
            key = (entry["file"], entry["where"], entry["old"], new)
            if key not in by_key:
                stale.append(f"{key[0]} {key[1]}: {key[2]}  ->  {key[3]}")
            reasons |= dict.fromkeys(by_key.get(key, []), entry["reason"])
    if stale:
        raise SystemExit("\n".join([f"{path.name} explains what is no mutant (any more):", *stale]))
    return reasons


# -- the command


def all_mutants() -> list[Mutant]:
    files = [f for f in sorted(PACKAGE.rglob("*.py")) if f.relative_to(PACKAGE).parts[0] not in ABOUT]
    return [m for f in files for m in mutants(f.read_text(), str(f.relative_to(ROOT)))]


def chosen(found: list[Mutant], names: list[str]) -> list[Mutant]:
    """Those of some files, folders, classes or functions; SystemExit where a name fits nothing."""
    kept: dict[Mutant, None] = {}
    for name in names:
        path = Path(name).resolve()
        file = str(path.relative_to(ROOT)) if path.exists() and path.is_relative_to(ROOT) else None
        fits = [
            m for m in found
            if f"{m.where}.".startswith(f"{name}.") or (file and (m.file == file or m.file.startswith(f"{file}/")))
        ]  # fmt: skip
        if not fits:
            raise SystemExit(f"{name} is neither a file of {PACKAGE.relative_to(ROOT)} with a rule nor a name in one")
        kept |= dict.fromkeys(fits)
    return list(kept) if names else found


def summary(counts: dict[str, collections.Counter[str]], seconds: float) -> str:
    """A table: file, killed, of them by time, survived, without a test, explained, score."""
    columns = ("killed", "timeout", "survived", "untested", "explained")
    lines = [f"{'':40}" + "".join(f"{c:>10}" for c in columns) + "     score"]
    total: collections.Counter[str] = collections.Counter()
    for counter in counts.values():
        total += counter
    for name, c in [*sorted(counts.items()), ("all", total)]:
        judged = sum(c.values()) - c["explained"]
        score = f"{score_of(c):9.1%}" if judged else "        -"
        lines.append(f"{name:40}" + "".join(f"{c[column]:10}" for column in columns) + f" {score}")
    return "\n".join([*lines, f"{seconds:.0f} seconds"])


def score_of(counts: collections.Counter[str]) -> float:
    """The share of the mutants without an explanation that the tests notice."""
    noticed = counts["killed"] + counts["timeout"]
    return noticed / max(1, noticed + counts["survived"] + counts["untested"])


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns 1 where a mutant survives without an explanation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="files, folders, classes or functions; default: all")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes; default: the cores")
    parser.add_argument("--kind", action="append", help="only of this kind ('sign', 'missing root', ...); repeatable")
    parser.add_argument("--sample", type=int, metavar="N", help="only N of the mutants, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--budget", type=float, default=60, help="seconds of tests for one mutant; default: 60")
    parser.add_argument("--tests", nargs="+", default=ASKED, metavar="FILE", help="ask only these (may hold a *)")
    parser.add_argument("--list", action="store_true", help="show the mutants and run nothing")
    parser.add_argument("--survivors", type=Path, metavar="FILE", help="write the survivors there, as JSON")
    parser.add_argument("--again", type=Path, metavar="FILE", help="only the survivors of such a file")
    parser.add_argument("--explained", action="store_true", help="run those that the list explains, and only those")
    args = parser.parse_args(arguments)

    found = all_mutants()
    reasons = explained(found, EXPLAINED)
    found = chosen(found, args.names)
    if args.kind:
        found = [m for m in found if m.kind in args.kind]
    if args.again:
        keys = {(s["file"], s["where"], s["old"], s["new"]) for s in json.loads(args.again.read_text())}
        found = [m for m in found if (m.file, m.where, m.old, m.new) in keys]
    if args.sample is not None and args.sample < len(found):
        drawn = set(random.Random(args.seed).sample(range(len(found)), args.sample))
        found = [m for i, m in enumerate(found) if i in drawn]
    if args.list:
        print(*(f"{m.kind}: {m}" for m in found), sep="\n")
        print(len(found))
        return 0

    for name in ("scipy", "matplotlib"):
        if importlib.util.find_spec(name):
            importlib.import_module(name)
    hunt = Hunt(recorded(args.jobs, args.tests), args.budget)
    counts: dict[str, collections.Counter[str]] = {m.file: collections.Counter() for m in found}
    survivors = []
    start = time.perf_counter()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: say what there is so far
    try:
        if not args.explained:
            for m in found:
                counts[m.file]["explained"] += m in reasons
        for mutant, outcome, test in hunt.run([m for m in found if (m in reasons) == args.explained], args.jobs):
            counts[mutant.file][outcome] += 1
            if args.explained and outcome != "survived":
                print(f"explained, but {outcome} by {test}: {mutant}", flush=True)
            elif outcome == "timeout":
                print(f"timeout   {mutant}   in {test}", flush=True)
            elif outcome in ("survived", "untested") and not args.explained:
                print(f"{outcome:9} {mutant}", flush=True)
                keys = ("file", "line", "where", "kind", "old", "new")
                survivors.append({**{key: getattr(mutant, key) for key in keys}, "outcome": outcome})
                if args.survivors:
                    args.survivors.write_text(json.dumps(survivors, indent=1) + "\n")
    except KeyboardInterrupt:
        print("stopped")
    print(summary(counts, time.perf_counter() - start))
    if args.survivors:
        args.survivors.write_text(json.dumps(survivors, indent=1) + "\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
