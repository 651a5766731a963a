"""Every example runs in a fresh process, without a display, data or network, and says what its docstring promises."""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from lessons import run_script

from minidl import lab

FOLDER = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(FOLDER.glob("*.py"))
SLOW, LONG = ("own_optimizer", "cat_vs_dog_tricks"), [pytest.mark.slow]


RATE = r"[\d.]+"
PROMISES = {  # what a script prints with --quick
    "01_tensors_and_backward": [
        r"d loss / d a    Tensor\(\[2., 2., 2.\]\)",
        r"used twice      Tensor\(\[4., 4., 4.\]\)",
    ],
    "02_network_by_hand": [r"(?s)(largest difference \S+e-1[3-9].*){4}"],
    "compare_optimizers": [rf"(?m)^SignDescent +0\.001: {RATE} +0\.01: {RATE} +0\.1: {RATE}"],
    "own_layer": ["gradcheck: True", r"0\.centres, 0\.width"],
    "own_operation": ["squareplus: True", r"forgetful: +the derivative .* finite differences give"],
    "own_optimizer": [
        "DiffGrad passes all",
        r"FAILED +state is written.*\n.*m\[\.\.\.\] =",
        rf"(?m)^DiffGrad +0{RATE}",
    ],
    "train_mnist": ["training on the built-in digits"],
}


@pytest.mark.parametrize(
    "script", [pytest.param(p, marks=LONG * (p.stem in SLOW)) for p in SCRIPTS], ids=lambda p: p.stem
)
def test_runs_quickly_prints_what_it_promises_and_leaves_its_files_in_out(script):
    text, written = run_script(script.stem, "--quick")
    assert any(p.suffix == ".png" for p in written)
    for promise in PROMISES.get(script.stem, []):
        assert re.search(promise, text), text


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.stem)
def test_docstring_says_what_to_look_at_what_to_change_and_how_to_run(script):
    text = script.read_text()
    docstring = text.split('"""')[1]
    assert "Look at:" in docstring
    assert re.search(r"Change|Try", docstring)
    assert f"python examples/{script.name} [--quick] [--out FOLDER]" in docstring


def test_results_go_to_a_folder_named_like_the_script_and_a_bad_one_is_told_before_computing(tmp_path):
    for script in FOLDER.rglob("*.py"):
        name = script.relative_to(FOLDER).with_suffix("").as_posix()
        if "cat_vs_dog" in name and "/" not in name:
            continue  # these have words of their own for it
        assert re.search(rf'"--out", type=(lab\.)?folder, default="results/{name}"', script.read_text()), name
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--out", type=lab.folder, default=str(tmp_path / "of" / "mine"))
    assert parser.parse_args([]).out == tmp_path / "of" / "mine" and (tmp_path / "of" / "mine").is_dir()
    (tmp_path / "file").touch()
    for bad, why in (("file", "is a file; expected a folder"), ("file/in", "cannot write .* you may write")):
        with pytest.raises(argparse.ArgumentError, match=why):
            parser.parse_args(["--out", str(tmp_path / bad)])


@pytest.mark.slow
def test_mnist_reaches_98_percent(tmp_path):
    """With seed 0; the mean of seeds 0 to 2 is 98.2 %."""
    if "MINIDL_DATA" not in os.environ or not (Path(os.environ["MINIDL_DATA"]) / "mnist").is_dir():
        pytest.skip("MINIDL_DATA names no folder with MNIST")
    command = [sys.executable, str(FOLDER / "train_mnist.py"), "--out", str(tmp_path), "--seed", "0"]
    one_thread = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # other tests have the other core
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=one_thread)
    assert float(re.search(r"test accuracy on mnist after the last epoch: ([\d.]+)%", done.stdout)[1]) >= 98.0
