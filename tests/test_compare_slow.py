"""The main job at its real size: the time and memory it takes, and that its numbers do not depend on the machine's."""

import csv
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from minidl.lab.comparison import load
from minidl.lab.records import without_seconds as cut_seconds

DATA = os.environ.get("MINIDL_DATA")
needs_mnist = pytest.mark.skipif(not DATA, reason="MINIDL_DATA names no folder with MNIST")


def minidl(*arguments, **environment):
    command = [sys.executable, "-m", "minidl", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    if DATA:
        monkeypatch.setenv("MINIDL_DATA", str(Path(DATA).absolute()))
    monkeypatch.chdir(tmp_path)


def rows(folder):
    with (Path(folder) / "table.csv").open() as file:
        return list(csv.DictReader(file))


def without_seconds(folder):
    study = load(folder)
    return cut_seconds(rows(folder)), cut_seconds(study.trials), cut_seconds(study.finals), cut_seconds(study.defaults)


@pytest.mark.slow
def test_the_main_job_ends_in_time_and_all_eight_learn():
    began = time.monotonic()
    text = minidl("compare")
    assert time.monotonic() - began < 90
    table = rows("results/digits")
    assert [row["optimizer"] for row in table] == [line.split()[0] for line in text.splitlines()[3:11]]
    assert len(table) == 8
    for row in table:
        assert 0.93 < float(row["test_accuracy_low"]) <= float(row["test_accuracy"]) <= float(row["test_accuracy_high"])
        assert float(row["steps_to_target"]) < 680 and row["lr_on_edge"] == "False" and row["runs"] == "12"


@pytest.mark.slow
def test_the_numbers_depend_neither_on_jobs_nor_threads_nor_on_the_other_optimizers():
    command = ["compare", "--epochs", "2", "--lr-grid", "0.01,0.1", "--seeds", "2", "--batch-size", "512", "--hidden",
               "256,128"]  # fmt: skip
    both = ["--optimizers", "sgd,adam"]
    minidl(*command, *both, "--out", "a", "--jobs", "1", OPENBLAS_NUM_THREADS="1")
    minidl(*command, *both, "--out", "b", "--jobs", "1", OPENBLAS_NUM_THREADS="4", OMP_NUM_THREADS="4")
    minidl(*command, "--optimizers", "nesterov", "adam", "--out", "d", "--jobs", "3", OPENBLAS_NUM_THREADS="2")
    a = without_seconds("a")
    assert a == without_seconds("b")
    d = without_seconds("d")
    of_others = ("rank", "tied")
    of_a, of_d = ({k: x for k, x in part[0][1].items() if k not in of_others} for part in (a, d))
    assert of_a == of_d and of_a["optimizer"] == "Adam"
    for part in (1, 2, 3):
        assert a[part]["Adam"] == d[part]["Adam"] and len(a[part]["Adam"]) == 2


@pytest.mark.slow
@needs_mnist
def test_mnist_from_the_folder_that_minidl_data_names_in_less_than_one_gibibyte():
    code = (
        "import sys; from pathlib import Path; from minidl import cli\n"
        "cli.main(sys.argv[1:]); status = Path('/proc/self/status')\n"
        "print(status.read_text().split('VmHWM:')[1].split()[0] if status.exists() else 'unknown')"
    )
    options = ["--epochs", "1", "--optimizers", "adam", "--lr-grid", "0.001", "--seeds", "1", "--jobs", "1"]
    done = subprocess.run([sys.executable, "-c", code, "compare", "--dataset", "mnist", *options],
                          capture_output=True, text=True)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    (row,) = rows("results/mnist")
    assert row["optimizer"] == "Adam" and 0.95 < float(row["test_accuracy"]) < 0.99 and row["diverged"] == "0"
    assert "10000 samples, so 1 % is 100 of them" in done.stdout and "1 epoch of 391 steps" in done.stdout
    peak = done.stdout.split()[-1]
    if peak == "unknown":
        pytest.skip("the rest holds; a peak of memory is read in /proc/self/status, which this system has not")
    assert 300 < int(peak) / 1024 < 1024  # below 300 MiB the data would not have been there
