"""The command line as a user meets it: what it prints, what it writes, its exit codes."""

import csv
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from minidl import __version__, cli
from minidl.lab import execute
from minidl.lab.comparison import load
from minidl.lab.problem import DEFAULTS
from minidl.lab.records import without_seconds as cut_seconds

QUICK = ["--dataset", "moons", "--epochs", "1", "--seeds", "1", "--lr-grid", "0.01,0.1", "--jobs", "1"]

OWN_RULE = """
from minidl.optim import Optimizer

class MyRule(Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, lr=lr)

    def update(self, w, g, *, lr):
        w -= lr * g

class NotAnOptimizer:
    pass
"""


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def no_run(monkeypatch):
    """Any run that is made is a failure: bad input is found before."""

    def run(settings):
        raise AssertionError("a run was made")

    monkeypatch.setattr(execute, "run", run)


def minidl(*arguments):
    """The exit code of a command in this process."""
    try:
        return cli.main([str(a) for a in arguments])
    except SystemExit as stop:  # argparse
        return stop.code


def in_a_process(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "minidl", *arguments], capture_output=True, text=True, env={**os.environ, **environment}
    )


# -- without a comparison


def test_without_a_command_the_help_is_shown(capsys):
    assert minidl() == 2
    assert "compare" in capsys.readouterr().out


def test_help_fits_80_columns_and_names_what_there_is(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert minidl("--help") == 0
    assert "train one network under several optimizers" in capsys.readouterr().out
    assert minidl("compare", "--help") == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    options = ["--dataset", "--optimizers", "--epochs", "--batch-size", "--hidden", "--seeds", "--lr-grid", "--target",
               "--jobs", "--out", "--seed"]  # fmt: skip
    assert all(f"  {option} " in text for option in options)
    assert all(name in text for name in DEFAULTS) and all(f in text for f in ("report.html", "table.csv", "study.json"))
    hidden, batch_size, epochs, target = DEFAULTS["digits"]
    words = " ".join(text.split())
    for value in (",".join(map(str, hidden)), batch_size, epochs, target):
        assert f"default for digits: {value})" in words


def test_version(capsys):
    assert minidl("--version") == 0
    assert capsys.readouterr().out == f"minidl {__version__}\n"


# -- bad input: exit code 2, one line, no traceback, and no run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["comapre"], "invalid choice: 'comapre'"),
        (["compare", "--dataset", "digit"], "unknown dataset 'digit'; did you mean digits"),
        (["compare", "--optimizers", "adm"], "unknown optimizer 'adm'; did you mean Adam"),
        (["compare", "--optimizers", "sgd", "nesterof"], "unknown optimizer 'nesterof'; did you mean Nesterov"),
        (["compare", "--optimizers", ","], "no optimizer given"),
        (["compare", "--optimizers"], "expected at least one argument"),
        (["compare", "--lr-grid=-1,0.1"], "expected positive rates"),
        (["compare", "--lr-grid", "-1"], "expected positive rates"),
        (["compare", "--lr-grid", "0"], "expected positive rates"),
        (["compare", "--lr-grid", "nan"], "expected positive rates"),
        (["compare", "--lr-grid", "inf"], "expected positive rates"),
        (["compare", "--lr-grid", ""], "expected positive rates"),
        (["compare", "--lr-grid", "small,large"], "expected positive rates"),
        (["compare", "--lr-grid", "0.1:0.2"], "expected positive rates"),
        (["compare", "--lr-grid", "0.2:0.1:3"], "expected positive rates"),
        (["compare", "--lr-grid", "0.1:0.2:1"], "expected positive rates"),
        (["compare", "--lr-grid", "0.1:inf:3"], "expected positive rates"),
        (["compare", "--lr-grid", "nan:1:3"], "expected positive rates"),
        (["compare", "--epochs", "0"], "epochs must be a whole number, 1 or more, got 0"),
        (["compare", "--epochs", "-1"], "epochs must be a whole number, 1 or more, got -1"),
        (["compare", "--epochs", "two"], "invalid int value: 'two'"),
        (["compare", "--batch-size", "0"], "the batch size must be a whole number, 1 or more, got 0"),
        (["compare", "--seeds", "0"], "seeds must be a whole number, 1 or more, got 0"),
        (["compare", "--seed", "-1"], "seed must be a whole number, 0 or more, got -1"),
        (["compare", "--jobs", "0"], "jobs, unless -1 for one per core, must be a whole number, 1 or more, got 0"),
        (["compare", "--hidden", "a,b"], "expected whole numbers such as 256,128, got 'a,b'"),
        (["compare", "--hidden", ""], "expected whole numbers such as 256,128, got ''"),
        (["compare", "--hidden", "0"], "the width of a hidden layer must be a whole number, 1 or more, got 0"),
        (["compare", "--target", "95"], "target must be an accuracy in (0, 1], got 95"),
        (["compare", "--optimizers", "none.py:A"], "there is no file none.py"),
        (["compare", "--optimizers", "own.py"], "which class of the file? Write own.py:ClassName"),
        (["compare", "--optimizers", "own.py:My"], "own.py, but it has no My; the file has these: own.py:MyRule\n"),
        (["compare", "--optimizers", "own.py:NotAnOptimizer"], "the class NotAnOptimizer does not extend it"),
        (["compare", "--optimizers", "own:MyRule"], "unknown optimizer 'own:MyRule'; did you mean own.py:MyRule?"),
        (["compare", "--optimizers", "MyRule"], "one's own is given as path/to/file.py:ClassName"),
        (["compare", "--optimizers", "open.py:A"], "open.py, line 2: SyntaxError: '(' was never closed"),
        (["compare", "--optimizers", "fails.py:A"], "fails.py, line 5: ZeroDivisionError: division by zero"),
        (["compare", "--optimizers", "leaves.py:A"], "leaves.py, line 2: SystemExit: 3"),
        (["compare", "--optimizers", "lacks.py:A"], "lacks.py, line 1: ModuleNotFoundError: No module named 'nowhere'"),
        (["compare", "--out", "own.py"], "cannot write results into own.py: File exists"),
        (["compare", "--out", "own.py/inside"], "cannot write results into own.py/inside: Not a directory"),
        (["compare", "--out", "taken"], "cannot write results into taken: taken/table.csv is a folder"),
    ],
)
def test_bad_input_is_one_clear_line_before_any_run(no_run, capsys, arguments, message):
    Path("own.py").write_text(OWN_RULE)
    Path("open.py").write_text("x = 1\nclass A(object\n")
    Path("fails.py").write_text("import math\n\n\n\n1 / 0\n")
    Path("leaves.py").write_text("import sys\nsys.exit(3)\n")
    Path("lacks.py").write_text("import nowhere\n")
    Path("taken/table.csv").mkdir(parents=True)
    assert minidl(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and message in err and "Traceback" not in err
    assert len([line for line in err.splitlines() if "error:" in line]) == 1


def test_an_error_inside_a_function_of_the_file_names_the_innermost_line(no_run, capsys):
    Path("deep.py").write_text("import json\n\ndef f():\n    return json.loads('{')\n\nf()\n")
    assert minidl("compare", "--optimizers", "deep.py:A") == 2
    assert "deep.py, line 4: JSONDecodeError" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_cannot_be_written_is_found_before_any_run(no_run, capsys):
    Path("closed").mkdir(mode=0o500)
    assert minidl("compare", "--out", "closed") == 2
    assert "cannot write results into closed: Permission denied" in capsys.readouterr().err


def test_a_write_that_fails_is_found_before_any_run(no_run, capsys, monkeypatch):
    def full(self, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert minidl("compare", "--out", "new") == 2
    assert "cannot write results into new: No space left on device" in capsys.readouterr().err


def test_ones_own_rule_that_fails_in_training_is_named_with_its_line(capsys):
    Path("own.py").write_text(OWN_RULE.replace("w -= lr * g", "w -= lr * q"))
    assert minidl("compare", *QUICK, "--optimizers", "own.py:MyRule") == 2
    err = capsys.readouterr().err
    assert "'own.py:MyRule' breaks the contract: takes a step: own.py, line 9: NameError: name 'q'" in err
    later = OWN_RULE.replace("w -= lr * g", "w -= lr * (g if lr < 0.05 else q)")  # the checks take a rate of 0.01
    Path("own.py").write_text(later)
    assert minidl("compare", *QUICK, "--optimizers", "own.py:MyRule") == 2
    err = capsys.readouterr().err
    assert "optimizer 'own.py:MyRule' at rate 0.1: own.py, line 9: NameError: name 'q' is not defined" in err


def test_missing_mnist_without_a_network_says_what_to_do(no_run, capsys, monkeypatch):
    import pooch

    def no_network(self, *args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", no_network)
    monkeypatch.setattr(pooch, "os_cache", lambda name: Path("cache").absolute())
    Path("empty").mkdir()
    monkeypatch.setenv("MINIDL_DATA", "empty")
    assert minidl("compare", "--dataset", "mnist") == 2
    out, err = capsys.readouterr()
    assert "train-images-idx3-ubyte.gz of mnist" in err and "could not be downloaded" in err and "MINIDL_DATA" in err
    assert "Traceback" not in err and out == ""
    monkeypatch.setenv("MINIDL_DATA", "nowhere")
    assert minidl("compare", "--dataset", "mnist") == 2
    assert "MINIDL_DATA=nowhere is not a folder" in capsys.readouterr().err


# -- good input


def test_a_comparison_prints_its_table_and_writes_its_files(capsys):
    assert minidl("compare", *QUICK, "--optimizers", "ADAM,rmsprop", "Adagrad", "adam , sgd") == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[3:7]] == ["Adam", "RMSProp", "AdaGrad", "SGD"]
    names = ["study.json", "table.csv", "table.md", "report.html", "curves.png", "sensitivity.png", "costs.png",
             "test.png", "updates.png", "budget.png"]  # fmt: skip
    assert lines[-1] == "wrote into results/moons: " + ", ".join(names)
    assert sorted(p.name for p in Path("results/moons").iterdir()) == sorted([*names, "runs"])
    rows = list(csv.DictReader(Path("results/moons/table.csv").read_text().splitlines()))
    assert [row["optimizer"] for row in rows] == ["Adam", "RMSProp", "AdaGrad", "SGD"]
    for row, line in zip(rows, lines[3:7], strict=True):
        shown = line.split()
        assert float(shown[1]) == float(row["lr"]) and shown[2] == ("yes" if row["lr_on_edge"] == "True" else "no")
        assert float(shown[5].rstrip("%")) == pytest.approx(100 * float(row["test_accuracy"]), abs=0.05)


def test_the_csv_begins_as_others_rely_on(capsys):
    assert minidl("compare", *QUICK, "--optimizers", "sgd", "--out", "here") == 0
    header = Path("here/table.csv").read_text().splitlines()[0]
    assert header.startswith("optimizer,lr,lr_on_edge,steps_to_target,train_loss,test_accuracy,")
    assert [name for name in header.split(",") if "second" in name or "time" in name] == [
        "seconds_per_epoch", "seconds_to_target"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "grid"),
    [
        ("0.1", [0.1]),
        ("1e-3,0.1,1", [0.001, 0.1, 1]),
        ("1,0.1 0.01,", [0.01, 0.1, 1]),
        ("0.1,0.1,1", [0.1, 1]),
        ("1e-4:1e-1:7", [0.0001, 0.0003162, 0.001, 0.003162, 0.01, 0.03162, 0.1]),
        ("0.25:4:5", [0.25, 0.5, 1, 2, 4]),
    ],
)
def test_forms_of_the_grid(monkeypatch, capsys, text, grid):
    rates: list[float] = []

    def records(self, settings, best):
        rates.extend(s.lr for s in settings)
        raise ValueError("seen")

    monkeypatch.setattr(execute.Executor, "records", records)
    assert minidl("compare", "--dataset", "moons", "--optimizers", "sgd", "--lr-grid", text) == 2
    assert rates == grid and "seen" in capsys.readouterr().err


def test_every_option_reaches_the_problem(capsys):
    options = ["--dataset", "Moons", "--epochs", "2", "--batch-size", "50", "--hidden", "8,4", "--seeds", "2", "--seed",
               "7", "--target", "0.6", "--lr-grid", "0.1", "--jobs", "1", "--optimizers", "sgd"]  # fmt: skip
    assert minidl("compare", *options) == 0
    study = load(Path("results/moons"))
    problem = study.final[0]["settings"]["problem"]
    expected = {"dataset": "moons", "hidden": [8, 4], "batch_size": 50, "epochs": 2, "target": 0.6}
    assert {k: problem[k] for k in expected} == expected and study.grids == {"SGD": [0.1]}
    assert [r["seed"] for r in study.tuning + study.final] == [7, 8, 9]
    assert len(study.final[0]["step_losses"]) == 2 * 12
    assert "to 60%" in capsys.readouterr().out


def test_nothing_computed_is_lost_where_saving_fails(capsys, monkeypatch):
    from minidl.lab import report

    def full(comparison, name):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report, "png", full)
    assert minidl("compare", *QUICK, "--optimizers", "sgd") == 2
    out, err = capsys.readouterr()
    assert "SGD" in out and "No space left on device" in err and "wrote" not in out


# -- in processes of their own


def without_seconds(folder):
    rows = list(csv.reader((folder / "table.csv").read_text().splitlines()))
    kept = [i for i, name in enumerate(rows[0]) if "seconds" not in name]
    study = load(folder)
    return [[row[i] for i in kept] for row in rows], cut_seconds(study.tuning), cut_seconds(study.final)


@pytest.mark.slow
def test_the_same_in_another_process_with_two_jobs_ones_own_rule_too(capsys):
    Path("own.py").write_text(OWN_RULE)
    command = ["compare", "--optimizers", "sgd,adam,own.py:MyRule", "--epochs", "2", "--lr-grid", "0.01,0.1", "--seeds",
               "2"]  # fmt: skip
    assert minidl(*command, "--jobs", "1", "--out", "a") == 0
    two = in_a_process(*command, "--jobs", "2", "--out", "c", OPENBLAS_NUM_THREADS="2")
    assert (two.returncode, two.stderr) == (0, "")  # in a pipe there is no progress bar
    a, c = (without_seconds(Path(name)) for name in "ac")
    assert a == c
    table, tuning, final = a
    assert [row[0] for row in table[1:]] == ["SGD", "Adam", "MyRule"]
    differing = {name for name, x, y in zip(table[0], table[1], table[3], strict=True) if x != y}
    assert differing <= {"optimizer", "tied"} and len(tuning) == len(final) == 6
    assert "MyRule" in two.stdout and "\r" not in two.stdout and "wrote into c: study.json, table.csv" in two.stdout


def test_divergence_prints_no_warning():
    done = in_a_process("compare", *QUICK[:-4], "--lr-grid", "1e8", "--jobs", "1", "--optimizers", "sgd,adam,rmsprop",
                        PYTHONWARNINGS="always::RuntimeWarning")  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "SGD 1 of 1" in done.stdout
    rows = list(csv.DictReader(Path("results/moons/table.csv").read_text().splitlines()))
    assert [int(row["diverged"]) for row in rows] == [2, 2, 2] and math.isinf(float(rows[0]["train_loss"]))


@pytest.mark.parametrize("unbuffered", ["", "1"])  # the pipe is found broken at the end, or at once
def test_a_reader_that_has_seen_enough_costs_no_result(monkeypatch, unbuffered):
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    command = f"{sys.executable} -m minidl compare {' '.join(QUICK)} --optimizers sgd; echo $? >code"
    done = subprocess.run(f"({command}) | true", shell=True, capture_output=True, text=True)
    assert done.stderr == "" and Path("code").read_text().strip() == "0"
    assert Path("results/moons/study.json").exists()


def running(session):
    """The processes of a session that are alive: started there, or by them."""
    lines = subprocess.run(["ps", "-eo", "sid,stat,args"], capture_output=True, text=True).stdout.splitlines()[1:]
    rows = [line.split(maxsplit=2) for line in lines]
    return [row[2] for row in rows if row[0] == str(session) and not row[1].startswith("Z")]


def interrupt(jobs, kill):
    """Exit code, output, errors and processes left of a comparison that gets SIGINT during its runs."""
    command = [sys.executable, "-m", "minidl", "compare", "--dataset", "moons", "--epochs", "100000", "--jobs", jobs]
    process = subprocess.Popen(
        [*command, "--optimizers", "sgd"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not started(jobs, process.pid):
            assert time.monotonic() < deadline and process.poll() is None, "the runs did not start"
            time.sleep(0.1)
        time.sleep(1)
        kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
        deadline = time.monotonic() + 10
        while running(process.pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        return process.returncode, out, err, running(process.pid)
    finally:
        if running(process.pid):
            os.killpg(process.pid, signal.SIGKILL)


def started(jobs, pid):
    """Whether the runs have started: the folder is made just before, the worker processes at their start."""
    workers = sum("loky" in args for args in running(pid))
    return Path("results/moons").is_dir() and (jobs == "1" or workers >= int(jobs))


@pytest.mark.skipif(shutil.which("ps") is None, reason="needs the command ps, to see what is left")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_ends_quietly_with_130_and_leaves_no_process(jobs):
    assert interrupt(jobs, os.kill) == (130, "", "interrupted\n", [])


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("ps") is None, reason="needs the command ps, to see what is left")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_of_a_terminal_reaches_the_workers_too(jobs):
    assert interrupt(jobs, os.killpg) == (130, "", "interrupted\n", [])


# -- optimizers


def test_the_table_of_optimizers_fits_the_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert minidl("optimizers") == 0
    out, err = capsys.readouterr()
    assert "\nAdam " in out and "Kingma & Ba 2015" in out and err == ""
    assert max(map(len, out.splitlines())) <= 80


def test_the_table_of_optimizers_with_one_line_each_and_as_csv(capsys):
    assert minidl("optimizers", "--wide") == 0
    assert len([line for line in capsys.readouterr().out.splitlines() if line.startswith("Adam ")]) == 1
    assert minidl("optimizers", "--csv") == 0
    rows = {row["name"]: row for row in csv.DictReader(capsys.readouterr().out.splitlines())}
    assert rows["Adam"]["state"] == "2" and rows["SAM"]["closure"] == "backward" and len(rows) > 60


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_the_head_of_the_table_is_enough(unbuffered):
    command = f"{sys.executable} -m minidl optimizers; echo $? >code"
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(f"({command}) | head -1", shell=True, capture_output=True, text=True, env=environment)
    assert done.stdout.startswith("name ") and done.stderr == "" and Path("code").read_text().strip() == "0"


def test_one_optimizer_on_a_page(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    assert minidl("optimizers", "ADAM", "--lr", "0.1", "--grad", "1", "--grad=-1e-1,3", "--set", "eps=1e-7") == 0
    out, err = capsys.readouterr()
    assert "Kingma & Ba 2015" in out and "minidl/optim/adam.py:" in out and err == ""
    assert "w - lr * m_hat / (sqrt(v_hat) + eps)" in out and "eps=1e-07" in out
    assert minidl("optimizers", "adam", "--steps", "2", "--grad", "0.5", "-0.3", "--start", "2") == 0
    out = capsys.readouterr().out
    assert "step 2" in out and "step 3" not in out and "-0.3" in out and "w = 2" in out


def test_several_optimizers_and_one_s_own(capsys):
    Path("own.py").write_text(OWN_RULE)
    assert minidl("optimizers", "sgd,Momentum", "own.py:MyRule", "--lr", "0.5") == 0
    out = capsys.readouterr().out
    assert out.count("Worked steps:") == 3 and "own.py:8  MyRule.update" in out and "1 - 0.5 * 0.5" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["adm"], "unknown optimizer 'adm'; did you mean Adam"),
        (["adam", "--steps", "-1"], "the number of steps must be a whole number from 1 to 1000, got -1"),
        (["adam", "--steps", "many"], "argument --steps: invalid int value: 'many'"),
        (["adam", "--grad", "nan"], "the gradients must be finite numbers, got nan"),
        (["adam", "--grad", "x"], "expected numbers such as 0.5 -0.3, got 'x'"),
        (["adam", "--lr", "-1"], "Adam: lr must lie in [0, inf), got -1.0"),
        (["adam", "--set", "beta=0.9"], "Adam has no hyper-parameter 'beta'; did you mean betas?"),
        (["adam", "--set", "betas=0.9,2"], "Adam: betas must lie in [0, 1), got 2"),
        (["adam", "--set", "eps=small"], "Adam: eps must be a number, got 'small'"),
        (["adam", "--set", "eps"], "--set takes NAME=VALUE such as momentum=0.9, got 'eps'"),
        (["sgd", "--set", "nesterov=True"], "SGD: nesterov needs momentum > 0"),
        (["adam", "--start", "1", "2"], "Adam starts from one weight"),
        (["sam", "--grad", "1"], "SAM takes no gradients"),
        (["muon", "--grad", "1"], "Muon takes 4 gradients for each step, row by row, got 1"),
        (["adam", "--wide"], "--wide and --csv are for the table of all"),
        (["--steps", "2"], "need the NAME of an optimizer"),
        (["own.py:Missing"], "there is no file own.py"),
        (["MyRule"], "one's own is given as path/to/file.py:ClassName, such as my_rule.py:MyRule"),
        (["adam", "--set", "lr=0.5", "--lr", "0.1"], "lr is given twice: 0.1 and 0.5"),
        (["adam", "--set", "eps=1", "--set", "eps=2"], "eps is given twice: 1 and 2"),
        (["adam", "--set", "steps=2"], "Adam has no hyper-parameter 'steps'; it has lr, betas, eps, weight_decay"),
        (["adam", "--set", "start=2"], "Adam has no hyper-parameter 'start'; it has lr, betas"),
        (["adam", "--set", "width=2"], "Adam has no hyper-parameter 'width'; it has lr, betas"),
        (["adam", "--set", "cls=2"], "Adam has no hyper-parameter 'cls'; it has lr, betas"),
        (["adam", "--set", "amsgrad=maybe"], "Adam: amsgrad must be True or False, got 'maybe'"),
        (["sam", "--set", "momentum=0.9"], "SAM has no hyper-parameter 'momentum'; it has rho, lr. What it wraps is "
         "plain SGD here"),
        ([""], "the NAME of an optimizer is empty"),
        (["adam", "--stesp", "2"], "unrecognized arguments: --stesp 2; did you mean --steps?"),
    ],
)
def test_wrong_input_of_optimizers(capsys, arguments, message):
    assert minidl("optimizers", *arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and message in " ".join(err.split()) and "Traceback" not in err
    assert max(map(len, err.splitlines())) <= 90


WRONG_RULES = """
import math
import numpy as np
from minidl.optim import Optimizer

class Rule(Optimizer):
    state = ("m",)

    def __init__(self, params, lr=0.1, beta=0.9):
        super().__init__(params, lr=lr, beta=beta)

class NoUpdate(Rule):
    pass

class NoT(Rule):
    def update(self, w, g, m, *, lr, beta):
        w -= lr / (1 - beta**t)

class NoSuper(Rule):
    def __init__(self, params, lr=0.1):
        pass

class Roots(Rule):
    def update(self, w, g, m, *, lr):
        w -= lr * g / math.sqrt(g)

class Boo(Rule):
    def update(self, w, g, m, *, lr):
        raise RuntimeError("boo")

class NotPassedOn(Rule):
    def __init__(self, params, lr=0.1, beta=0.9):
        Optimizer.__init__(self, params, lr=lr)

    def update(self, w, g, m, *, lr, beta):
        w -= lr * g

class Needs(Boo):
    def __init__(self, params, beta):
        super().__init__(params, beta=beta)
"""


@pytest.mark.parametrize(
    ("name", "line", "messages"),
    [
        ("NoUpdate", "class NoUpdate(Rule):", ["NoUpdate has no update rule", "write `def update(self, w, g, *, lr)`"]),
        ("NoT", "        w -= lr / (1 - beta**t)", ["NameError: name 't'", "`def update(..., *, ..., t)`"]),
        ("NoSuper", "class NoSuper(Rule):", ["AttributeError", "write `super().__init__(params, lr=lr)`"]),
        ("Roots", "        w -= lr * g / math.sqrt(g)", ["TypeError: only", "`np.sqrt(v)`, not `math.sqrt(v)`"]),
        ("Boo", '        raise RuntimeError("boo")', ["RuntimeError: boo"]),
        ("NotPassedOn", None, ["missing 1 required", "`super().__init__(params, ..., beta=beta)`"]),
    ],
)
def test_a_mistake_in_one_s_own_rule_has_its_place_and_a_remedy(capsys, name, line, messages):
    Path("wrong.py").write_text(WRONG_RULES)
    assert minidl("optimizers", f"wrong.py:{name}") == 2
    out, err = capsys.readouterr()
    text = " ".join(err.split())
    assert out == "" and "Traceback" not in err and "check_optimizer" in text and all(m in text for m in messages)
    found = int(re.match(r"minidl: error: wrong.py, line (\d+): ", text)[1])
    assert found == (WRONG_RULES.splitlines().index(line) + 1 if line else 35)


def test_one_s_own_rule_and_what_was_given_wrong(capsys):
    Path("wrong.py").write_text(WRONG_RULES)
    for arguments, message in (
        (["wrong.py:Boo", "--lr", "-1"], "minidl: error: Boo: lr must lie in [0, inf), got -1.0\n"),
        (["wrong.py:Boo", "--steps", "0"], "minidl: error: the number of steps must be"),
        (["wrong.py:Needs"], "minidl: error: Needs has no default for beta: give its value (--set beta=VALUE)"),
        (["wrong:Boo"], "minidl: error: unknown optimizer 'wrong:Boo'; did you mean wrong.py:Boo?"),
    ):
        assert minidl("optimizers", *arguments) == 2
        assert capsys.readouterr().err.startswith(message)


def test_hyper_parameters_of_the_command_line(capsys):
    assert minidl("optimizers", "adam", "--set", "amsgrad=true", "--set", "lr=0.5") == 0
    out = capsys.readouterr().out
    assert "State: 3 floats per parameter" in out and "lr=0.5" in out and "amsgrad=True" in out


def test_the_help_of_optimizers_fits_80_columns(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert minidl("optimizers", "--help") == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80 and "pocket calculator" in out and "--set" in out
