"""Nothing in minidl.optim without a reference, and the recorded ones are of the size they are said to be.

The table is in references.py. What is demanded of recorded runs is read out of the golden files.
"""

import inspect
import json
import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from references import (
    CLOSED_FORM,
    GOLDEN,
    RECORDED,
    REFERENCES,
    RUNS,
    TESTS,
    TRANSCRIBED,
    compared_in,
    files_of,
    table,
    things,
    transcribed,
)  # fmt: skip

from minidl import Tensor, optim

sys.path.insert(0, str(GOLDEN))

import make_problems_adaptive as problems

THINGS = things()
RULES = [name for name, x in THINGS.items() if inspect.isclass(x) and issubclass(x, optim.Optimizer)]
MATRIX_RULES = (optim.Muon, optim.Shampoo, optim.SOAP, optim.Adafactor)
COURSE = [
    case
    for library in ("torch", "optax")
    for case in json.loads((GOLDEN / f"{library}_course_adaptive.json").read_text())["cases"]
]

# What was not recorded of a rule that was, and why
MISSING = {
    ("LBFGS", "sets"): "30 calls of step() on three problems without line search; with it, Wolfe's conditions",
    ("LBFGS", "problems"): "as above",
    ("MuonCoupledDecay", "eps"): "MLX has a fixed eps; Muon's was recorded",
}


# -- the rules of the course on the problems of the others


@pytest.mark.parametrize("case", COURSE, ids=lambda case: case["optimizer"] + json.dumps(case["settings"]))
def test_recorded_course(case):
    settings = {k: tuple(v) if isinstance(v, list) else v for k, v in case["settings"].items()}
    params = [Tensor(w, requires_grad=True) for w in problems.start()]
    optimizer, compared, worst = getattr(optim, case["optimizer"])(params, **settings), 0, 0.0
    for step in range(problems.STEPS):
        for p, g in zip(params, problems.gradients(step, [p.data for p in params]), strict=True):
            p.grad = g
        optimizer.step()
        for p, expected in zip(params, case["weights"].get(str(step + 1), []), strict=False):
            difference = np.abs(p.data.ravel() - expected) / np.maximum(0.01, np.abs(expected))
            worst = max(worst, float(np.nan_to_num(difference, nan=math.inf).max()))
            compared += 1
    assert compared == len(params) * len(problems.KEPT) and worst < 1e-9


# -- everything has a reference


def test_everything_has_a_reference():
    assert set(THINGS) == set(REFERENCES)
    assert len(RULES) > 70 and {"Cosine", "EMA", "find_lr", "ReduceOnPlateau", "SAM", "clip_grad_norm"} <= set(THINGS)


@pytest.mark.parametrize("name", REFERENCES)
def test_the_reference_is_there(name):
    kind, what, _ = REFERENCES[name]
    tests = [test for test in compared_in(name) if "::" in test]
    assert tests and kind in (RECORDED, CLOSED_FORM, TRANSCRIBED)
    for test in tests:
        file, function = test.split("::")
        assert re.search(rf"^def {function}\(", (TESTS / file).read_text(), re.MULTILINE), f"there is no {test}"
    if kind == RECORDED:
        assert not what and files_of(name), f"{name}: no golden file has it"
        readers = {stem(file) for test in tests for file in read_by(TESTS / test.split("::")[0])}
        assert {stem(file) for file in files_of(name)} & readers, f"{name}: its tests read other files"
    else:
        assert what and not [run for run in RUNS if run.rule == name], f"{name} was recorded: say so"


def stem(file):
    """adaptive, plain, ...: the family of a golden file."""
    return "conventions" if "conventions" in file else Path(file).stem.split("_")[-1]


def read_by(path):
    """The golden files whose family a test file names: f"{library}_plain.json", glob("*_conventions*.json"), ..."""
    text = path.read_text()
    imported = [TESTS / f"{name}.py" for name in re.findall(r"^from (test_\w+) import", text, re.MULTILINE)]
    found = [file.name for file in GOLDEN.glob("*.json") if f"_{stem(file.name)}" in text]
    return found + [name for other in imported for name in read_by(other)]


# -- recorded runs are long, varied and in float64


def shortcomings(name):
    """What the recorded runs of a rule lack of: three sets, 100 steps, the problems, a large eps, weight decay."""
    cls = THINGS[name]
    runs = [run for run in RUNS if run.rule == name and run.steps >= 100]
    matrix = issubclass(cls, MATRIX_RULES)
    sets = {}
    for run in runs:
        for problem in run.problems:
            sets.setdefault(problem, set()).add(json.dumps(run.settings, sort_keys=True, default=str))
    if max(map(len, sets.values()), default=0) < 3:
        yield "sets"
    if not ({"8x5", "5x8", "130x140"} if matrix else {"rosenbrock", "quadratic", "mlp"}) <= set(sets):
        yield "problems"
    wrapper = "base" in inspect.signature(cls).parameters
    group = {} if wrapper else cls([Tensor(np.ones((2, 2)), requires_grad=True)], lr=0.1).param_groups[0]
    eps = [run.settings["eps"] for run in runs if run.settings.get("eps")]
    if "eps" in group and max((x[0] or 0.0 if isinstance(x, list | tuple) else x for x in eps), default=0) < 1e-2:
        yield "eps"
    if "weight_decay" in group and not any(run.settings.get("weight_decay") for run in runs):
        yield "weight_decay"
    if not all(run.float64 for run in runs):
        yield "float64"


@pytest.mark.parametrize("name", [name for name in RULES if REFERENCES[name].kind == RECORDED])
def test_recorded_runs_are_enough(name):
    assert set(shortcomings(name)) == {what for rule, what in MISSING if rule == name}


def test_the_demands_can_be_missed(monkeypatch):
    """Without its recorded runs, or with short or few ones, a rule falls short."""
    runs = [run for run in RUNS if run.rule == "Adam"]
    assert not set(shortcomings("Adam"))
    for change, lacks in [
        (lambda run: run._replace(steps=99), {"sets", "problems", "eps", "weight_decay"}),
        (lambda run: run._replace(problems=frozenset({"given"})), {"problems"}),
        (lambda run: run._replace(settings={"lr": 0.1}), {"sets", "eps", "weight_decay"}),
        (lambda run: run._replace(numbers=[0.5]), {"float64"}),
    ]:
        monkeypatch.setattr("test_references.RUNS", [change(run) for run in runs])
        assert set(shortcomings("Adam")) == lacks


def test_golden_files_are_small_and_their_scripts_kept():
    for path in GOLDEN.glob("*.json"):
        assert path.stat().st_size < 150_000, path.name
        record = json.loads(path.read_text())
        assert record.get("licence") or record.get("library"), f"{path.name} names neither source nor licence"
        scripts = re.findall(r"make_\w+\.py", record.get("source", "")) or [f"make_{path.stem}.py"]
        published = path.name == "pytorch_cpp_trajectories.json"  # printed in PyTorch's own tests
        assert published or (GOLDEN / scripts[0]).exists(), f"{path.name}: where is {scripts[0]}?"


def test_the_table_as_markdown():
    lines = table().splitlines()
    assert len(lines) == 2 + len(REFERENCES) and all(line.count(" | ") == 3 for line in lines)
    (adam,) = [line for line in lines if line.startswith("| Adam |")]
    assert "torch.optim 2.13" in adam and "optax 0.2.8" in adam and "torch_course_adaptive.json" in adam
    assert transcribed("Adam") == ("test_optim_transcriptions.py" in adam)
    printed = subprocess.run([sys.executable, TESTS / "references.py"], capture_output=True, text=True, check=True)
    assert printed.stdout.splitlines() == lines
