"""What a learner's file may do to the grader: nothing. Each file below is graded in a process of its own."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from minidl.homework import isolate, teacher
from minidl.homework.check import Check, replace_lines
from minidl.homework.exercise import Exercise, load
from minidl.homework.grade import DOES_NOT_LOAD, RIGHT, WRONG, Verdict, grade_source, judge
from minidl.homework.subject import Raised, observe

NAME = "e25_adam"
SOLUTION = load(NAME).solution
T = "self.t += 1"
LINE = next(i for i, line in enumerate(SOLUTION.splitlines(), 1) if line.strip() == T)
SECONDS = 2.0


def at_start(text):
    return SOLUTION.replace("import numpy as np\n\n\nclass", f"import numpy as np\n{text}\n\n\nclass")


def in_step(text):
    return replace_lines(SOLUTION, T, f"{T}\n{text}")


SYS = "import dataclasses\nsys = dataclasses.sys\nos = sys.modules['os']\n"  # what an exercise does not offer
MEMORY = "asked for more memory|took longer than 2 s"  # whichever a busy machine comes to first

# name: (source, state, what the message matches)
FILES = {
    "loops in a call": (in_step("while True: pass"), WRONG, "took longer than 2 s"),
    "loops while it is loaded": (at_start("while True: pass"), DOES_NOT_LOAD, "took longer than 2 s"),
    "prints without end": (in_step("while True: print('x' * 100)"), WRONG, "took longer than 2 s"),
    "a list without end": (in_step("x = [0] * 10**6\nwhile True: x = x + x"), WRONG, MEMORY),
    "arrays without end": (in_step("x = [np.ones(10**7)]\nwhile True: x.append(x[0] + 1)"), WRONG, MEMORY),
    "one huge array": (in_step("np.ones(10**11)"), WRONG, "asked for more memory"),
    "a huge array while it is loaded": (at_start("x = np.ones(10**11)"), DOES_NOT_LOAD, "asked for more memory"),
    "exit()": (in_step("exit()"), WRONG, rf"line {LINE + 1}: `exit\(\)`: calls exit\(\)"),
    "exit() while it is loaded": (at_start("exit()"), DOES_NOT_LOAD, r"calls exit\(\)"),
    "quit(0)": (in_step("quit(0)"), WRONG, r"calls quit\(\)"),
    "sys.exit(0)": (in_step("import sys\nsys.exit(0)"), DOES_NOT_LOAD, "imports sys"),
    "raise SystemExit": (in_step("raise SystemExit(0)"), WRONG, r"`raise SystemExit\(0\)`: the program ends itself"),
    "raise SystemExit while it is loaded": (at_start("raise SystemExit"), DOES_NOT_LOAD, "the program ends itself"),
    "raise KeyboardInterrupt": (in_step("raise KeyboardInterrupt"), WRONG, "KeyboardInterrupt"),
    "os._exit(0)": (at_start("import os\nos._exit(0)"), DOES_NOT_LOAD, "imports os"),
    "os._exit(0) by a back door": (at_start(SYS + "os._exit(0)"), DOES_NOT_LOAD, "the program ended"),
    "os._exit(0) in a call": (at_start(SYS) + in_step("os._exit(0)").split('"""\n')[-1], WRONG, "the program ended"),
    "abort": (at_start(SYS + "os.abort()"), DOES_NOT_LOAD, "the program ended"),
    "input()": (in_step("input('go on? ')"), WRONG, r"calls input\(\)"),
    "open()": (in_step("open('e25_adam.py')"), WRONG, r"calls open\(\)"),
    "a syntax error": (SOLUTION.replace(T, "self.t +="), DOES_NOT_LOAD, rf"line {LINE}: `self.t \+=`: SyntaxError"),
    "a wrong indent": (SOLUTION.replace("        " + T, "      " + T), DOES_NOT_LOAD, "IndentationError"),
    "an error while it is loaded": (at_start("1 / 0"), DOES_NOT_LOAD, "`1 / 0`: ZeroDivisionError"),
    "a missing package": (at_start("import torch"), DOES_NOT_LOAD, "imports torch; an exercise may import numpy"),
    "a neighbour": (at_start("from e19_sgd import SGD"), DOES_NOT_LOAD, "imports e19_sgd"),
    "the solution": (at_start("import minidl.homework.exercises.e25_adam.solution"), DOES_NOT_LOAD, "imports minidl"),
    "an import by name": (at_start("t = __import__('torch')"), DOES_NOT_LOAD, "imports torch"),
    "a recursion": (in_step("self.step(grads)"), WRONG, "RecursionError"),
    "a deep recursion": (at_start(SYS + "sys.setrecursionlimit(10**9)\nf = lambda x: max([x], key=f)\nf(1)"),
                         DOES_NOT_LOAD, ""),
    "not UTF-8": (SOLUTION.replace("# ", "# \xe9 ", 1).replace("Adam, two", "Ad\xe9m, two").encode("latin-1"),
                  DOES_NOT_LOAD, "line 1 is not UTF-8 text"),
    "UTF-16": (SOLUTION.encode("utf-16"), DOES_NOT_LOAD, "not UTF-8"),
    "zero bytes": (SOLUTION.encode() + b"\0", DOES_NOT_LOAD, "zero bytes"),
    "an empty file": (b"", WRONG, "class Adam not found"),
    "a huge file": (b"#" * (2 << 20), DOES_NOT_LOAD, "larger than 1 MB"),
    "another argument": (SOLUTION.replace("step(self, grads)", "step(self, gs)"), WRONG, "called gs, expected grads"),
    "one argument more": (SOLUTION.replace("step(self, grads)", "step(self, grads, b)"), WRONG, "takes 2 arguments"),
    "a missing class": (SOLUTION.replace("class Adam", "class Adan"), WRONG, "class Adam not found"),
    "a missing method": (SOLUTION.replace("def step", "def stop"), WRONG, "method step of class Adam not found"),
    "nothing is done": (in_step("return"), WRONG, "expected"),
    "says that it passed": (in_step("print('ALL TESTS PASSED')\nreturn"), WRONG, "expected"),
    "writes to every file descriptor": (
        at_start(SYS + "for d in range(30):\n    try: os.write(d, b'\\0' * 99)\n    except OSError: pass"), None, ""),
    "closes every file descriptor": (at_start(SYS + "os.closerange(0, 100)"), None, ""),
    "forges the end": (
        at_start(SYS + "pickle, struct = sys.modules['pickle'], sys.modules['struct']\n"
                 "data = pickle.dumps(('done', None))\nfor d in range(1, 30):\n"
                 "    try: os.write(d, struct.pack('<Q', len(data)) + data)\n    except OSError: pass"), None, ""),
    "reseeds": (in_step("np.random.seed(0)"), RIGHT, ""),
    "replaces NumPy's generator": (at_start("np.random.default_rng = None"), None, ""),
    "prints a lot": (in_step("print('x' * 100_000)"), RIGHT, ""),
    "prints what no terminal shows": (in_step(r"print('\x1b[2J', '\ud800', '\u200b')"), RIGHT, ""),
    "warns": (in_step("np.log(-1.0)"), RIGHT, ""),
    "leaves a thread running": (at_start(SYS + "def loop():\n    while True: pass\n"
                                "sys.modules['threading'].Thread(target=loop).start()"), RIGHT, ""),
    "leaves a process running": (
        at_start(SYS + "if sys.modules['ctypes'].CDLL(None).fork() == 0:\n    os.setsid()\n    while True: pass"),
        None, ""),
    "starts a process": (at_start(SYS) + in_step("os.fork()").split('"""\n')[-1], WRONG, "starts another process"),
    "opens the solution": (
        at_start(SYS + "sys.modules['builtins'].open(sys.modules['minidl'].__path__[0] + '/homework/exercises/e25_adam"
                 "/solution.py')"), DOES_NOT_LOAD, "opens the answers"),
    "imports the reference by a back door": (
        at_start(SYS + "sys.modules['importlib'].import_module('minidl.homework.exercises.e25_adam.reference')"),
        DOES_NOT_LOAD, "opens the answers"),
    "registers what runs at the end": (
        at_start(SYS + "load = sys.modules['importlib'].import_module\nload('atexit').register(lambda: os._exit(3))"),
        RIGHT, ""),
    "a byte order mark": (b"\xef\xbb\xbf" + SOLUTION.encode(), RIGHT, ""),
    "Windows line ends": (SOLUTION.replace("\n", "\r\n").encode(), RIGHT, ""),
    "old Macintosh line ends": (SOLUTION.replace("\n", "\r").encode(), RIGHT, ""),
    "a dataclass, helpers and constants": (
        at_start("import math, itertools, functools\nfrom collections import namedtuple\nfrom typing import Any\n"
                 "from dataclasses import dataclass\n@dataclass\nclass Pair:\n    a: int = 1\n    b: Any = None\n"
                 "K = Pair(b=2)"), RIGHT, ""),
}  # fmt: skip


@pytest.fixture
def graded(tmp_path):
    """The verdict on one of the files."""

    def grade(name):
        source = FILES[name][0]
        path = tmp_path / f"{NAME}.py"
        path.write_bytes(source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass"))
        return isolate.grade_file(NAME, path, 7, SECONDS)

    return grade


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_its_verdict(graded, name):
    _, state, words = FILES[name]
    verdict = graded(name)
    assert verdict.graded
    if state is not None:
        assert verdict.state == state, verdict
    elif "forges" in name or "every" in name or "replaces" in name:
        assert verdict.state in (WRONG, DOES_NOT_LOAD)
    assert re.search(words, verdict.message)
    assert verdict.state == RIGHT or verdict.message
    assert len(verdict.message) < 1000
    assert len(verdict.message.splitlines()) <= 3


def test_what_is_printed_is_kept_up_to_a_limit(graded):
    assert graded("says that it passed").printed.startswith("ALL TESTS PASSED\n")
    assert 20_000 < len(graded("prints a lot").printed) < 20_100


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are listed in /proc")
def test_no_process_outlives_its_verdict(graded, tmp_path):
    assert graded("leaves a process running").graded
    mine = str(tmp_path).encode()  # a worker is started with the path of its file
    deadline = time.monotonic() + 5
    while left := [p for p in Path("/proc").iterdir() if p.name.isdigit() and mine in _command(p)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
    assert not isolate._running


def _command(p):
    try:
        return (p / "cmdline").read_bytes()
    except OSError:
        return b""


def test_a_file_that_is_none(tmp_path):
    missing, folder, link = (tmp_path / name for name in ("missing.py", "folder.py", "link.py"))
    folder.mkdir()
    link.symlink_to(missing)
    for path in (missing, folder, link):
        verdict = isolate.grade_file(NAME, path, 0)
        assert (verdict.state, verdict.graded) == (DOES_NOT_LOAD, True)
        assert str(path) in verdict.message


def test_nothing_of_the_last_run_remains(tmp_path):
    path = tmp_path / f"{NAME}.py"
    states = []
    for source in (SOLUTION, in_step("return"), SOLUTION.replace(T, "self.t +="), SOLUTION):
        path.write_text(source)
        os.utime(path, (1, 1))  # an editor that keeps the time
        states.append(isolate.grade_file(NAME, path, 3).state)
    assert states == [RIGHT, WRONG, DOES_NOT_LOAD, RIGHT]
    assert sorted(p.name for p in tmp_path.iterdir()) == [path.name]


def test_modules_beside_a_file_are_not_those_that_are_imported(tmp_path, monkeypatch):
    path = tmp_path / f"{NAME}.py"
    path.write_text(SOLUTION)
    for name in ("numpy", "random", "json", "typing", "minidl"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('the wrong one')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert isolate.grade_file(NAME, path, 3).state == RIGHT


def test_the_same_seed_gives_the_same_verdict_and_another_seed_other_numbers(tmp_path):
    path = tmp_path / f"{NAME}.py"
    path.write_text(in_step("return"))
    first, again, other = (isolate.grade_file(NAME, path, seed) for seed in (5, 5, 6))
    assert first == again
    assert first.message != other.message


def test_a_grader_that_fails_loses_no_other_result(tmp_path, monkeypatch):
    path = tmp_path / f"{NAME}.py"
    path.write_text(SOLUTION)
    verdicts = isolate.grade_files([("e99_nothing", path), (NAME, path)], 1)
    assert [v.graded for v in verdicts] == [False, True]
    assert verdicts[0].state == WRONG
    assert "the grader itself failed" in verdicts[0].message
    failing = lambda tasks, *_: [Verdict(NAME, WRONG, "the grader itself failed", graded=False)]
    monkeypatch.setattr(teacher, "grade_files", failing)
    (result,) = teacher.grade_folders([tmp_path], [NAME], {NAME: 10.0}, seed=1)
    assert result["error"] == f"the grader itself failed on {NAME}" and result["score"] == 0
    monkeypatch.setattr(isolate, "_START", "raise RuntimeError('broken')")
    assert "its process did not start: RuntimeError: broken" in isolate.grade_file(NAME, path, 1).message


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="namespaces of Linux")
def test_there_is_no_network(tmp_path):
    allowed = subprocess.run(["unshare", "--user", "--net", "true"], capture_output=True).returncode == 0
    if not allowed:
        pytest.skip("this system does not let a process leave the network")
    path = tmp_path / f"{NAME}.py"
    door = "socket = sys.modules['importlib'].import_module('socket')\n"
    call = "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9))"
    path.write_text(at_start(SYS + door + call))
    verdict = isolate.grade_file(NAME, path, 1)
    assert verdict.state == DOES_NOT_LOAD
    assert "unreachable" in verdict.message.lower()


def test_passwords_in_the_environment_stay_here(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "secret")
    path = tmp_path / f"{NAME}.py"
    path.write_text(at_start(SYS + "print(sorted(os.environ))"))
    verdict = isolate.grade_file(NAME, path, 1)
    assert verdict.state == RIGHT
    assert "MY_TOKEN" not in verdict.printed


# -- odd results, in this process


def exercise_of(judged=None):
    reference = ModuleType("reference")
    reference.f = lambda x: x * 2.0
    check = Check("twice", lambda rng: {"x": rng.normal(size=3)}, lambda code, inputs: code.f(inputs["x"]), judged)
    solution = '"""e99: test"""\n\n\ndef f(x):\n    return x * 2.0\n'
    return Exercise("99", "e99_test", solution, {}, reference, (check,), (), {})


# what f returns in place of x * 2.0
ODD = {
    "None": "None", "a dict": "{}", "a list": "[]", "a short list": "[1.0]", "NaN": "x * np.nan", "text": "'right'",
    "a function": "f", "a class": "type(x)", "a generator": "(i for i in x)", "a lambda in a list": "[lambda: 0]",
    "a list of itself": "(lambda l: l.append(l) or l)([])", "a deep list": "[[[[[[[[[[[[x]]]]]]]]]]]]",
    "objects": "np.array([None, 1, 2])", "texts": "np.array(['a', 'b', 'c'])", "complex": "x * 2j", "bool": "x > 0",
    "float32": "(x * 2).astype(np.float32)", "integers": "np.array([1, 2, 3])", "a matrix": "np.ones((3, 3))",
    "a subclass": "np.ma.masked_array(x, mask=True)", "a number": "2.0", "a huge number": "10 ** 5000",
    "a large number": "2 ** 2000", "a set": "{1, 2}", "bytes": "b'x'", "an exception": "ValueError('x')",
    "row 0": "np.array([x[0] * 2, 0, 0])",
    "a record": "np.zeros(3, dtype=[('a', float)])", "a date": "np.zeros(3, dtype='datetime64[s]')",
    "raises": "1 / 0", "raises without words": "next(iter(()))", "reversed": "(x * 2)[::-1]",
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_results_are_wrong_and_shown_in_a_line(name):
    verdict = grade_source(exercise_of(), f"import numpy as np\n\n\ndef f(x):\n    return {ODD[name]}\n", 1)
    assert verdict.state == WRONG
    assert 0 < len(verdict.message) < 700


def test_objects_that_fight_back():
    source = """
import numpy as np

class Same:
    def __eq__(self, other): return True
    def __repr__(self): raise ValueError("no")

class Number(float):
    def __eq__(self, other): return True

class Array(np.ndarray):
    def __array_finalize__(self, obj): pass
    def __eq__(self, other): return np.ones(3, bool)
    def __sub__(self, other): return np.zeros(3)

def f(x): return RESULT
"""
    for result in ("Same()", "[Same()] * 3", "Number(3)", "np.zeros(3).view(Array)", "{Same(): 1}"):
        assert grade_source(exercise_of(), source.replace("RESULT", result), 1).state == WRONG
    assert grade_source(exercise_of(), source.replace("RESULT", "(x * 2).view(Array)"), 1).state == RIGHT


def test_a_judge_that_stumbles_is_a_wrong_answer():
    def judged(result, expected, inputs):
        return None if len(result) == 3 else "too short"

    assert grade_source(exercise_of(judged), "def f(x):\n    return x\n", 1).state == RIGHT
    verdict = grade_source(exercise_of(judged), "def f(x):\n    return 3\n", 1)
    assert verdict.state == WRONG
    assert "got 3, which is not what was asked for" in verdict.message


def test_an_input_that_is_changed_is_wrong():
    verdict = grade_source(exercise_of(), "def f(x):\n    x *= 2\n    return x\n", 1)
    assert verdict.state == WRONG
    assert "changes its input x" in verdict.message


def test_a_run_that_ends_early_is_never_right():
    exercise = exercise_of()
    seen = list(observe(exercise, exercise.solution, 1))
    assert judge(exercise, seen, 1).state == RIGHT
    for k in range(len(seen)):
        assert judge(exercise, seen[:k], 1).state in (WRONG, DOES_NOT_LOAD)
    assert judge(exercise, [*seen[:-1], ("check", Raised("NotImplementedError", ""))], 1).state == "not started"
    twice = judge(exercise, [*seen, seen[-1]], 1)  # a program that answers in two processes
    assert twice.state == WRONG and "results where" in twice.message
    assert np.isfinite(1.0)
