"""The homework commands as a learner and a teacher meet them: what they print, what they write, their exit codes."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from minidl import cli, cli_homework
from minidl.homework import folder as folders
from minidl.homework import sentences, teacher
from minidl.homework.check import replace_lines
from minidl.homework.exercise import all_names, find, load, names

NAME = "e25_adam"
SOLUTION = load(NAME).solution
WRONG = replace_lines(SOLUTION, "self.t += 1", "self.t = 1")
ROOT = Path(__file__).parents[1]


@pytest.fixture
def minidl(capsys):
    """Run `minidl homework ...` in this process: its exit code, standard output, standard error."""

    def run(*arguments):
        try:
            code = cli.main(["homework", *map(str, arguments)])
        except SystemExit as stop:  # argparse
            code = stop.code
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A homework folder, the current one."""
    folders.start(tmp_path / "hw", None)
    monkeypatch.chdir(tmp_path / "hw")
    return tmp_path / "hw"


def file(home, name=NAME):
    return home / f"{name}.py"


def command(*arguments, **options):
    """Start `python -m minidl homework ...` as a process."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | options.pop("env", {})
    start = [sys.executable, "-m", "minidl", "homework", *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(start, env=environment, stdout=pipe, stderr=pipe, text=True, encoding="utf-8", **options)


# -- start, reset, hints, solution


def test_start_writes_the_starters_and_never_overwrites_an_edited_file(tmp_path, minidl, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = minidl("start", "hw")
    assert code == 0
    assert f"{len(all_names())} starter files written" in out and "cd hw" in out
    for name in all_names():
        assert file(tmp_path / "hw", name).read_text("utf-8") == load(name).starter["en"]
    file(tmp_path / "hw").write_text("# mine\n")
    file(tmp_path / "hw", names()[-1]).unlink()
    code, out, _ = minidl("start", "--dir", "hw", "--lang", "zh")
    assert code == 0 and f" {len(all_names()) - 1} " in out  # all but the edited one are Chinese now
    assert file(tmp_path / "hw").read_text("utf-8") == "# mine\n"
    assert file(tmp_path / "hw", names()[-1]).read_text("utf-8") == load(names()[-1]).starter["zh"]
    assert "保持不变" in out
    file(tmp_path / "hw", names()[-1]).unlink()
    assert " 1 " in minidl("start", "--dir", "hw", "--lang", "zh")[1]
    assert minidl("--dir", "hw")[1].startswith("作业在")
    assert minidl("--dir", "hw", "--lang", "en")[1].startswith("homework in")


def test_start_says_what_is_wrong_with_a_folder(tmp_path, minidl, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x")
    assert minidl("start")[0] == 2
    assert "is a file" in minidl("start", "file")[2]
    assert "two folders" in minidl("--dir", "a", "start", "b")[2]
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_reset_keeps_the_old_file_under_another_name(home, minidl):
    for text in ("# first\n", "# second\n"):
        file(home).write_text(text)
        code, out, _ = minidl("reset", "25")
        assert code == 0 and "e25_adam.py.bak" in out
    assert [(home / f"e25_adam.py.bak{n}").read_text() for n in (1, 2)] == ["# first\n", "# second\n"]
    assert file(home).read_text("utf-8") == load(NAME).starter["en"]
    code, out, _ = minidl("reset", "e25_adam", "--lang", "zh")
    assert code == 0 and ".bak" not in out and "3" not in "".join(p.name[-1] for p in home.glob("*.bak*"))
    assert file(home).read_text("utf-8") == load(NAME).starter["zh"]


def test_hints_come_one_at_a_time(home, minidl):
    hints = load(NAME).hints["en"]
    for n in (1, 2, 3, 3):
        code, out, _ = minidl("hint", 25)
        assert code == 0 and f"hint {n} of 3" in out
        assert hints[n - 1].split()[0] in out
    assert "--give-up" in out
    assert "hint 1 of 3" in minidl("hint", 25, "--level", 1)[1]
    assert "提示 2/3" in minidl("hint", 25, "--level", 2, "--lang", "zh")[1]
    assert minidl("hint", 25, "--level", 4)[0] == 2
    assert minidl("hint")[0] == 2
    minidl("reset", 25)
    assert "hint 1 of 3" in minidl("hint", 25)[1]


def test_the_solution_is_for_who_has_it_or_gives_up(home, minidl):
    code, out, _ = minidl("solution", 25)
    assert code == 1 and "--give-up" in out and "mhat" not in out
    assert minidl("solution", 25, "--give-up")[:2] == (0, SOLUTION)
    file(home).write_text(SOLUTION)
    assert minidl("solution", 25)[:2] == (0, SOLUTION)


# -- check and status


def test_check_in_every_state(home, minidl):
    code, out, _ = minidl("check", 25)
    assert (code, out.splitlines()[0]) == (1, "e25_adam.py: not started")
    file(home).write_text(WRONG)
    code, out, _ = minidl("check", 25, "--seed", 4)
    assert code == 1 and out.startswith("e25_adam.py: wrong (")
    assert "expected" in out and "got" in out and "the same inputs again: minidl homework check 25 --seed 4" in out
    assert out == minidl("check", "e25", "--seed", 4)[1]
    assert "Your code does the same as" in out
    file(home).write_text(SOLUTION.replace("self.t += 1", "self.t +="))
    code, out, _ = minidl("check", 25)
    assert code == 1 and "does not load" in out and re.search(r"line \d+: `self.t \+=`: SyntaxError", out)
    file(home).unlink()
    code, out, _ = minidl("check", 25)
    assert code == 1 and "missing" in out and "reset 25" in out
    file(home).write_text(SOLUTION)
    code, out, _ = minidl("check", "25")
    assert code == 0 and out.startswith("e25_adam.py: right (")
    assert "next: " in out


@pytest.mark.parametrize("word", ["25", "e25", "E25", "e25_adam", "e25_adam.py", "./e25_adam.py"])
def test_an_exercise_has_many_names(word):
    assert find([word]) == [NAME]


def test_the_folder_may_be_given_before_or_after_the_verb(home, minidl, monkeypatch):
    file(home).write_text(SOLUTION)
    monkeypatch.chdir("/")
    assert minidl("--dir", home, "check", 25)[0] == 0
    assert minidl("check", 25, "--dir", home)[0] == 0
    assert minidl("check", "--dir", home, 25)[0] == 0
    assert minidl("check", 25)[0] == 2


def test_what_cannot_be_graded_exits_with_2(tmp_path, home, minidl):
    code, out, error = minidl("check", "e99")
    assert (code, out) == (2, "") and "there is no exercise 'e99'" in error
    assert "did you mean e25_adam" in minidl("check", "e25_adan")[2]
    (tmp_path / "empty").mkdir()
    for arguments in (["check"], ["check", "25"], [], ["hint", "25"], ["watch"], ["grade"], ["reset", "25"]):
        code, out, error = minidl("--dir", tmp_path / "empty", *arguments)
        assert (code, out) == (2, "") and "is no homework folder" in error
    assert "there is no folder" in minidl("--dir", tmp_path / "nowhere", "check")[2]
    assert "go to it: cd hw" in minidl("--dir", tmp_path, "check")[2]
    assert minidl("check", "--seed", "-1")[0] == minidl("check", "--timeout", "0")[0] == minidl("chek")[0] == 2
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_folder_without_the_marker_is_one_if_it_holds_an_exercise(tmp_path, minidl):
    file(tmp_path).write_text(SOLUTION)
    assert minidl("--dir", tmp_path, "check", 25)[0] == 0
    assert minidl("--dir", tmp_path, "check")[0] == (0 if names() == (NAME,) else 1)


def test_a_damaged_marker_is_no_obstacle(home, minidl):
    for text in ("", "[]", '{"language": 3, "seen": 4, "hints": {}}', "\0"):
        (home / folders.MARKER).write_text(text)
        assert minidl("check", 25)[0] == 1
        assert minidl()[0] == 0


def test_status_shows_progress_as_it_is_now(home, minidl):
    code, out, _ = minidl()
    assert code == 0 and f"0 of {len(names())} right" in out and f"next: {load(names()[0]).title}" in out
    file(home).write_text(SOLUTION)
    assert f"1 of {len(names())} right" in minidl("status")[1]  # graded now, though no one has checked it
    file(home).write_text(WRONG)
    assert f"0 of {len(names())} right" in minidl()[1]
    assert "wrong: 25" in minidl()[1]
    folder = folders.find_folder(home)
    assert folder.state(NAME) == "wrong"  # remembered
    file(home).write_text(WRONG + "\n")
    assert folders.find_folder(home).state(NAME) is None  # to be found out again


def test_a_check_does_not_believe_what_is_remembered(home, minidl):
    file(home).write_text(WRONG)
    minidl("check", 25)
    text = (home / folders.MARKER).read_text().replace('"wrong"', '"right"')
    (home / folders.MARKER).write_text(text)
    assert minidl("check", 25)[0] == minidl("solution", 25)[0] == 1
    assert minidl("grade", "--json", "-")[1].count('"state": "right"') == 0


def test_one_bad_file_does_not_hide_the_others(home, minidl):
    file(home).write_text(SOLUTION.replace("self.t += 1", "self.t +="))
    code, out, _ = minidl("check")
    assert code == 1
    assert "e25_adam.py: does not load" in out
    assert "not started: " in out
    assert out.splitlines()[-1] == f"1 does not load, {len(names()) - 1} not started"


# -- as a process: pipes, terminals, bytes


def test_in_a_plain_pipe_without_unicode_beside_a_numpy_of_ones_own(home):
    file(home).write_text(WRONG.replace("self.t = 1", "self.t = 1; print('\\x1b[2Jprinted \\u4e2d')"))
    for name in ("numpy", "random", "json"):
        (home / f"{name}.py").write_text("raise RuntimeError('the wrong one')")
    process = command("check", "25", "--lang", "zh", cwd=home, env={"PYTHONIOENCODING": "ascii", "COLUMNS": "80"})
    out, error = process.communicate()
    assert process.returncode == 1, error
    assert out.isascii() and "\x1b" not in out
    assert "e25_adam.py: wrong" in out
    assert r"| ?[2Jprinted \u4e2d" in out
    assert "cannot show Chinese" in error
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no terminals here")
@pytest.mark.parametrize("no_color", ["", "1"])
def test_on_a_terminal_of_80_columns(home, no_color):
    outer, inner = os.openpty()
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")}
    environment |= {"PYTHONPATH": str(ROOT), "TERM": "xterm"} | ({"NO_COLOR": no_color} if no_color else {})
    process = subprocess.Popen([sys.executable, "-m", "minidl", "homework"], cwd=home, env=environment, stdin=inner,
                               stdout=inner, stderr=inner)  # fmt: skip
    process.wait()
    os.close(inner)
    text = os.read(outer, 1 << 16).decode()
    os.close(outer)
    assert ("\x1b[" in text) == (not no_color)
    assert max(len(re.sub(r"\x1b\[\d*m", "", line)) for line in text.splitlines()) <= 80


def test_watch_grades_what_is_saved_and_ends_with_ctrl_c(home):
    process = command("watch", cwd=home)
    seen = []

    def until(words):
        while words not in (line := process.stdout.readline()):
            assert line, seen
            seen.append(line)
        return line

    until("  minidl homework check")
    file(home).write_text(WRONG)
    began = time.monotonic()
    until("e25_adam.py: wrong")
    assert time.monotonic() - began < 60
    file(home).with_suffix(".new").write_bytes(b"\xef\xbb\xbf" + SOLUTION.replace("\n", "\r\n").encode())
    file(home).with_suffix(".new").replace(file(home))  # as many editors save
    until("e25_adam.py: right")
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in error


def test_ctrl_c_ends_a_check_at_once(home):
    file(home).write_text(replace_lines(SOLUTION, "self.t += 1", "while True: pass"))
    process = command("check", "25", "--timeout", "300", cwd=home)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error == "interrupted\n"


# -- for teachers


@pytest.fixture
def handed_in(tmp_path):
    """Submissions: right, wrong, not started, broken in many ways."""
    of = {
        "anna": {f"{NAME}.py": SOLUTION}, "bert": {f"{NAME}.py": WRONG}, "carl": {},
        "dora": {f"my-homework/{NAME}.py": SOLUTION, "my-homework/notes.txt": ""},
        "emil": {f"{NAME}.py": "while True: pass"}, "=1+1": {f"{NAME}.py": "def f(:"},
    }  # fmt: skip
    for name, files in of.items():
        (tmp_path / "in" / name).mkdir(parents=True)
        for path, text in files.items():
            (tmp_path / "in" / name / path).parent.mkdir(exist_ok=True)
            (tmp_path / "in" / name / path).write_text(text)
    (tmp_path / "in" / "readme.txt").write_text("no submission")
    return tmp_path / "in"


def test_a_folder_of_submissions(handed_in, minidl, tmp_path):
    code, out, _ = minidl("grade", 25, "--submissions", handed_in, "--json", tmp_path / "all.json", "--csv",
                          tmp_path / "all.csv", "--weights", "25=7.5", "--seed", 3, "--timeout", 2)  # fmt: skip
    assert code == 0, "a broken submission is graded too: with 0 points"
    assert "anna: 7.5 of 7.5 points, 1 of 1 right" in out
    with (tmp_path / "all.csv").open() as lines:
        rows = {row["submission"]: row for row in csv.DictReader(lines)}
    assert {k: (row["score"], row["max_score"], row[NAME]) for k, row in rows.items()} == {
        "anna": ("7.5", "7.5", "7.5"), "bert": ("0", "7.5", "0"), "carl": ("0", "7.5", "0"),
        "dora": ("7.5", "7.5", "7.5"), "emil": ("0", "7.5", "0"), "'=1+1": ("0", "7.5", "0"),
    }  # fmt: skip
    assert rows["carl"]["error"] == "carl holds no file of an exercise"
    told = json.loads((tmp_path / "all.json").read_text())
    assert (told["format"], told["seed"]) == (1, 3)
    states = {s["name"]: s["exercises"][0]["state"] for s in told["submissions"]}
    assert states == {"anna": "right", "bert": "wrong", "carl": "does not load", "dora": "right",
                      "emil": "does not load", "=1+1": "does not load"}  # fmt: skip


def test_the_json_of_one_folder_has_the_documented_keys(home, minidl, tmp_path):
    file(home).write_text(SOLUTION)
    code, out, _ = minidl("grade", 25, "--json", tmp_path / "r.json")
    told = json.loads((tmp_path / "r.json").read_text())
    documented = {*re.findall(r"^ {4,8}(\w+)  ", teacher.__doc__, re.MULTILINE), "max_score", "mistake"}
    assert code == 0 and "hw: 10 of 10 points" in out
    assert set(told) | set(told["exercises"][0]) >= documented
    assert (told["score"], told["max_score"], told["exercises"][0]["score"]) == (10.0, 10.0, 10.0)
    assert minidl("grade", 25, "--json", tmp_path / "no" / "r.json")[0] == 2


@pytest.mark.parametrize(("source", "score", "status"), [(SOLUTION, 10.0, "passed"), (WRONG, 0.0, "failed")])
def test_gradescope_and_a_score_of_0_is_0(home, minidl, source, score, status):
    file(home).write_text(source)
    code, out, _ = minidl("grade", 25, "--gradescope", "-")
    told = json.loads(out)
    test = told["tests"][0]
    assert code == 0 and told["score"] == test["score"] == score
    assert (test["max_score"], test["status"], test["visibility"]) == (10.0, status, "visible")
    assert test["name"].startswith("e25_adam.py: Adam") and test["output"].startswith(("right", "wrong"))


def test_weights(tmp_path, minidl, home):
    (tmp_path / "w.toml").write_text('default = 1\n"25" = 0\n')
    points = teacher.weights([str(tmp_path / "w.toml")])
    assert points[NAME] == 0 and all(points[n] <= 1 for n in names())
    assert teacher.weights(["e25=2.5", "default=3"])[NAME] == 2.5
    assert teacher.weights([])[NAME] == 10
    for bad in ("25=-1", "25=x", "25=inf", "99=3", "nothing.toml", str(ROOT)):
        code, _, error = minidl("grade", "--weights", bad)
        assert code == 2 and error.startswith("minidl: error: ")
    file(home).write_text(WRONG)
    out = minidl("grade", 25, "--weights", "25=0", "--json", "-")[1]
    assert json.loads(out)["exercises"][0]["score"] == json.loads(out)["max_score"] == 0


def test_what_grade_cannot_do_is_said(home, minidl, tmp_path, handed_in, monkeypatch):
    (tmp_path / "none").mkdir()
    for arguments in (["--submissions", tmp_path / "none"], ["--submissions", tmp_path / "nowhere"], ["--jobs", 0],
                      ["--submissions", handed_in, "--gradescope", "x"]):  # fmt: skip
        assert minidl("grade", *arguments)[0] == 2
    monkeypatch.setattr("minidl.homework.isolate._run", lambda *_: 1 / 0)
    file(home).write_text(SOLUTION)
    assert minidl("grade", 25)[0] == minidl("check", 25)[0] == 2


# -- the texts


def test_every_sentence_has_its_translation_with_the_same_values():
    used = set()
    for module in (cli_homework, sys.modules["minidl.homework.show"]):
        used |= set(re.findall(r'say\(\s*(?:lang|language), "([^"]+)"', Path(module.__file__).read_text()))
    assert used and used <= set(sentences.CHINESE)
    for english, chinese in sentences.CHINESE.items():
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", chinese))


def test_lines_fit_also_in_chinese(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    told = "约定：平均值和中位数都是对种子取的；并列第一时，答其中任何一个都对。"
    text = sentences.fitted(told * 2 + " `x - 1` abc", "  ")
    assert all(sentences.columns_of(line) <= 42 for line in text.splitlines())  # a comma may hang over
    assert "".join(line.strip() for line in text.splitlines()).count("。") == 2
    assert sentences.fitted("go: minidl homework check 25 --seed 123456 --dir somewhere-else").splitlines()[1] == (
        "  minidl homework check 25 --seed 123456 --dir somewhere-else"
    )
    assert sentences.plain("a\x1b[2J\r\tb\u200bc\n") == "a?[2J?\tb?c\n"
