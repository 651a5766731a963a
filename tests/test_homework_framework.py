"""Exercise 33 and the capstone: right solutions that look otherwise, wrong ones that no list of mistakes holds."""

import json
import shutil

import pytest

from minidl import cli, lab
from minidl.homework import runs as capstone_runs
from minidl.homework.exercise import load
from minidl.homework.grade import CONVENTION, DOES_NOT_LOAD, NOT_STARTED, RIGHT, WRONG, grade_source
from minidl.homework.isolate import grade_file

E33 = load("e33_use_minidl")
HEAD = "import math\nimport numpy as np\nimport minidl\nfrom minidl import nn, optim\n\n\n"
SIGN = """class PowerSign(optim.Optimizer):
    state = ("m",)

    def __init__(self, params, lr=0.1, beta=0.9):
        super().__init__(params, lr=lr, beta=beta)

    def update(self, w, g, m, *, lr, beta):
        m[...] = beta * m + (1 - beta) * g
        w -= lr * np.exp(np.sign(g * m)) * g


"""
RELU = """class PReLU(nn.Module):
    def __init__(self, num_features, start=0.25, dtype="float32"):
        self.weight = minidl.Tensor(np.full(num_features, start, dtype), requires_grad=True)

    def forward(self, x):
        return minidl.where(x.data > 0, x, self.weight * x)
"""
RULE = "w -= lr * np.exp(np.sign(g * m)) * g"
FORWARD = "return minidl.where(x.data > 0, x, self.weight * x)"

RIGHT_ONES = {
    "as it is": (),
    "lerp": (("m[...] = beta * m + (1 - beta) * g", "m += (1 - beta) * (g - m)"),),
    "the sum in place of the average, whose sign is the same": (("+ (1 - beta) * g", "+ g"),),
    "branches": ((RULE, "same = np.sign(g) * np.sign(m)\n        f = np.where(same > 0, np.e, np.where(same < 0, "
                        "1 / np.e, 1))\n        w -= lr * f.astype(w.dtype) * g"),),
    "numbers one by one": ((RULE, "for i in np.ndindex(w.shape):\n            w[i] -= lr * math.exp(np.sign(g[i]) * "
                                  "np.sign(m[i])) * g[i]"),),
    "another name, t beside": (("update(self, w, g, m, *, lr, beta)", "update(self, p, grad, buf, *, lr, beta, t)"),
                               ("m[...] = beta * m + (1 - beta) * g", "buf[...] = beta * buf + (1 - beta) * grad"),
                               (RULE, "p -= lr * np.exp(np.sign(grad * buf)) * grad"), ('("m",)', '("buf",)')),
    "an option more": (("lr=0.1, beta=0.9):", "lr=0.1, beta=0.9, weight_decay=0.0):"),
                       ("lr=lr, beta=beta)", "lr=lr, beta=beta, weight_decay=weight_decay)")),
    "elementwise": (('state = ("m",)', 'state = ("m",)\n    elementwise = True'),),
    "clip": ((FORWARD, "return minidl.maximum(x, 0) + self.weight * minidl.minimum(x, 0)"),),
    "abs": ((FORWARD, "return (x + abs(x)) / 2 + self.weight * (x - abs(x)) / 2"),),
    "a mask": ((FORWARD, "mask = (x.data > 0).astype(x.dtype)\n        "
                         "return x * mask + self.weight * (x * (1 - mask))"),),
}  # fmt: skip

WRONG_ONES = {
    "the rate twice": ((RULE, "w -= lr * lr * np.exp(np.sign(g * m)) * g"),),
    "the exponent halved": ((RULE, "w -= lr * np.exp(np.sign(g * m) / 2) * g"),),
    "the sign of the sum": ((RULE, "w -= lr * np.exp(np.sign(g + m)) * g"),),
    "the sign of g alone": ((RULE, "w -= lr * np.exp(np.sign(g)) * g"),),
    "the sign of m alone": ((RULE, "w -= lr * np.exp(np.sign(m)) * g"),),
    "one sign for the whole array": ((RULE, "w -= lr * np.exp(np.sign((g * m).sum())) * g"),),
    "the size of g only": ((RULE, "w -= lr * np.exp(np.sign(g * m)) * np.abs(g)"),),
    "the average of squares": (("(1 - beta) * g\n", "(1 - beta) * g * g\n"),),
    "an average that is corrected, which changes no sign, and stored so": (
        ("m[...] = beta * m + (1 - beta) * g", "m[...] = -beta * m + (1 - beta) * g"),),
    "zero where m is zero": ((RULE, "w -= lr * np.exp(np.sign(g * m)) * g * (m > 0)"),),
    "the first row only": ((RULE, "w[:1] -= (lr * np.exp(np.sign(g * m)) * g)[:1]"),),
    "nan": ((RULE, "w -= np.nan * g"),),
    "loses its state": ((RULE, "w[...] = w - lr * np.exp(np.sign(g * m)) * g\n        m[...] = 0"),),
    "state of the class": (("m[...] = beta * m + (1 - beta) * g", "PowerSign.m = m = beta * getattr(PowerSign, 'm', "
                            "0 * g).ravel()[0] + (1 - beta) * g"),),
    "no optimizer of minidl": (("class PowerSign(optim.Optimizer)", "class PowerSign"),
                               ("super().__init__(params, lr=lr, beta=beta)", "self.params = list(params)")),
    "no module of minidl": (("(nn.Module)", ""), ("def forward", "def __call__"),),
    "leaky": ((FORWARD, "return minidl.leaky_relu(x, 0.25)"),),
    "the slope squared": ((FORWARD, "return minidl.where(x.data > 0, x, self.weight * self.weight * x)"),),
    "the slope for both": ((FORWARD, "return self.weight * x"),),
    "a slope for each row": ((FORWARD, "slopes = self.weight[: x.shape[0]].reshape(-1, 1) if x.shape[0] <= x.shape[1] "
                              "else self.weight\n        return minidl.where(x.data > 0, x, slopes * x)"),),
    "the slope of the absolute value": ((FORWARD, "return minidl.where(x.data > 0, x, abs(self.weight) * x)"),),
    "x is cut from the graph": ((FORWARD, "return minidl.where(x.data > 0, x, self.weight * x.data)"),),
    "None": ((FORWARD, "minidl.where(x.data > 0, x, self.weight * x)"),),
    "an array": ((FORWARD, "return np.where(x.data > 0, x.data, self.weight.data * x.data)"),),
    "the weight of the class": (("        self.weight = minidl.Tensor(np.full(num_features, start, dtype), "
                                 "requires_grad=True)", "        if not hasattr(PReLU, 'weight'):\n"
                                 "            PReLU.weight = minidl.Tensor(np.full(num_features, start, dtype), "
                                 "requires_grad=True)"),),
    "another name for the weight": (("self.weight", "self.slope"),),
}  # fmt: skip


def edited(edits):
    source = HEAD + SIGN + RELU
    for old, new in edits:
        assert old in source
        source = source.replace(old, new)
    return source


@pytest.mark.parametrize("name", RIGHT_ONES)
def test_e33_accepts_what_is_right(name):
    for seed in range(2):
        verdict = grade_source(E33, edited(RIGHT_ONES[name]), seed)
        assert verdict.state == RIGHT, verdict


@pytest.mark.parametrize("name", WRONG_ONES)
def test_e33_rejects_what_is_wrong(name):
    for seed in range(2):
        verdict = grade_source(E33, edited(WRONG_ONES[name]), seed)
        assert verdict.state in (WRONG, CONVENTION), verdict
        assert verdict.message


@pytest.mark.parametrize("line", [
    "from minidl.homework.exercises.e33_use_minidl.solution import PowerSign, PReLU",
    "import minidl.homework.exercise as e", "from minidl import homework", "from minidl.homework import exercise",
    "from minidl.homework.runs import read_runs", "import torch",
])  # fmt: skip
def test_e33_may_not_import_the_grader(line):
    assert grade_source(E33, HEAD + line + "\n\n" + SIGN + RELU, 0).state == DOES_NOT_LOAD


def test_e33_through_the_isolated_path(tmp_path):
    path = tmp_path / "e33_use_minidl.py"
    for source, state in ((edited(()), RIGHT), (E33.starter["zh"], NOT_STARTED), (edited(WRONG_ONES["leaky"]), WRONG),
                          (HEAD + "s = minidl.homework\n\n\n" + SIGN + RELU, DOES_NOT_LOAD)):  # fmt: skip
        path.write_text(source, encoding="utf-8")
        assert grade_file(E33.name, path, 5).state == state


# -- the capstone


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The runs of a small study: two-dimensional points, one epoch."""
    folder = tmp_path_factory.mktemp("capstone")
    lab.compare("moons", epochs=1, hidden=[4], seeds=3, lr_grid=[0.001, 0.003, 0.01, 0.03, 0.1], jobs=1,
                out=folder / "capstone_runs", progress=False)  # fmt: skip
    return folder


@pytest.fixture
def study(trained, tmp_path):
    """A copy of its own, with the solution beside it; and the records by path."""
    shutil.copytree(trained, tmp_path / "hw")
    (tmp_path / "hw" / "capstone.py").write_text(load("capstone").solution, encoding="utf-8")
    paths = sorted((tmp_path / "hw" / "capstone_runs" / "runs").glob("*.json"))
    return tmp_path / "hw", {path: json.loads(path.read_text()) for path in paths}


def test_the_capstone_is_graded_on_ones_own_runs(study, capsys):
    folder, _ = study
    assert cli.main(["homework", "--dir", str(folder), "check", "capstone"]) == 0
    assert "capstone.py: right" in capsys.readouterr().out.replace("\n  ", " ")
    runs = capstone_runs.read_runs(folder / "capstone_runs")
    assert set(runs) == set(capstone_runs.OPTIMIZERS)
    assert {kind: len(of) for kind, of in runs["Adam"].items()} == {"trials": 5, "final": 3, "default": 3}
    assert "test_accuracy" not in runs["Adam"]["trials"][0] and "test_accuracy" in runs["Adam"]["final"][0]
    shutil.rmtree(folder / "capstone_runs")
    assert cli.main(["homework", "--dir", str(folder), "check", "capstone"]) == 1
    out = capsys.readouterr().out
    assert "there are no runs in capstone_runs/; make them: python capstone.py" in " ".join(out.split())
    assert "does the same" not in out


def test_the_capstone_names_its_mistakes_on_made_up_runs():
    exercise = load("capstone")
    for seed in range(3):
        for m in exercise.mistakes:
            verdict = grade_source(exercise, m.applied_to(exercise.solution), seed)
            assert (verdict.state, verdict.mistake) == (WRONG, m.says), verdict
        assert grade_source(exercise, exercise.solution, seed).state == RIGHT


def test_a_typed_in_answer_is_no_answer():
    exercise = load("capstone")
    start = exercise.solution.index("    steps = {name")
    end = exercise.solution.index("\n\n\ndef rate_ratio")
    source = exercise.solution[:start] + "    return 'Adam'" + exercise.solution[end:]
    assert grade_source(exercise, source, 1).state == WRONG


def one(records, **wanted):
    """The path of a record, chosen by its entries."""
    return next(p for p, r in records.items() if all(r[k] == x for k, x in wanted.items()))


def test_runs_that_are_missing_or_unfair_are_told(study):
    folder, records = study
    told = lambda: capstone_runs.unfair(folder / "capstone_runs")
    assert told() == ""
    best = {name: kinds["final"][0]["lr"] for name, kinds in capstone_runs.read_runs(folder / "capstone_runs").items()}
    chosen = {"optimizer": "Nesterov", "test": True, "lr": best["Nesterov"], "seed": 2}
    missing = [
        (chosen, "there is no run of Nesterov at the chosen rate with seed 2"),
        ({"optimizer": "AdaGrad", "test": False}, "AdaGrad was tried at 4 learning rates"),
    ]
    for wanted, words in missing:
        path = one(records, **wanted)
        path.rename(path.with_suffix(".away"))
        assert words in told()
        path.with_suffix(".away").rename(path)
    path = one(records, optimizer="Adam", test=True, seed=1)
    for spoiled in ({**records[path], "validation_accuracy": 1.0}, {**records[path], "optimizer": "SGD"},
                    {**records[path], "seed": 9}, {**records[path], "evaluations": []}):  # fmt: skip
        path.write_text(json.dumps(spoiled))
        assert path.name in told() and ("was changed" in told() or "cannot be used" in told())
    path.write_text("{")
    assert "cannot be used" in told()
    path.write_text(json.dumps({**records[path], "start": "0" * 16}))
    assert "the runs with seed 1 did not all start from the same weights" in told()
    path.write_text(json.dumps(records[path]))
    assert told() == ""


@pytest.mark.slow
@pytest.mark.parametrize(("changes", "words"), [
    ({"lr_grid": [0.001, 0.01, 0.1]}, "SGD was tried at 3 learning rates"),
    ({"seeds": 2}, "there are 2 seeds, at least 3"),
    ({"optimizers": ["SGD", "Adam"]}, "Momentum was tried at 0 learning rates"),
    ({"optimizers": ["SGD(momentum=0.9)", "Adam"]}, "SGD(momentum=0.9) was run with other settings"),
])  # fmt: skip
def test_studies_that_are_too_small_are_told(tmp_path, changes, words):
    settings = {"seeds": 3, "lr_grid": [0.001, 0.003, 0.01, 0.03, 0.1], **changes}
    lab.compare("moons", epochs=1, hidden=[2], jobs=1, out=tmp_path / "runs", progress=False, **settings)
    assert words in capstone_runs.unfair(tmp_path / "runs")
