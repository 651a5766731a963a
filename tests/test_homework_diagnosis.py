"""What a learner is told about a wrong answer must be true: no mistake is named that was not made."""

import numpy as np
import pytest

from minidl import cli
from minidl.homework.compare import difference
from minidl.homework.exercise import load, names
from minidl.homework.grade import CONVENTION, WRONG, _alike, grade_source
from minidl.homework.remarks import kept_between_calls, remark, repeated
from minidl.homework.sentences import flowing
from minidl.homework.show import _printed
from minidl.homework.subject import Raised, Returned

LOSS_AFTER_THE_ONE_WAS_TAKEN = """
import numpy as np
def cross_entropy(z, y):
    rows = np.arange(len(y))
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    dz = p
    dz[rows, y] -= 1
    return -np.log(p[rows, y]).mean(), dz / len(y)
"""

ADAM_THAT_KEEPS_THE_CORRECTED_M = """
import numpy as np
class Adam:
    def __init__(self, params, lr=1e-3, b1=0.9, b2=0.999, eps=1e-8, wd=0.0):
        self.params, self.lr, self.b1, self.b2, self.eps, self.wd, self.t = params, lr, b1, b2, eps, wd, 0
        self.m, self.v = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
    def step(self, grads):
        self.t += 1
        for p, g, m, v in zip(self.params, grads, self.m, self.v):
            g = g + self.wd * p
            m[...] = (self.b1 * m + (1 - self.b1) * g) / (1 - self.b1**self.t)
            v[...] = self.b2 * v + (1 - self.b2) * g * g
            p -= self.lr * m / (np.sqrt(v / (1 - self.b2**self.t)) + self.eps)
"""


@pytest.mark.parametrize(
    ("name", "source"),
    [("e08_cross_entropy", LOSS_AFTER_THE_ONE_WAS_TAKEN), ("e25_adam", ADAM_THAT_KEEPS_THE_CORRECTED_M)],
)
def test_nan_on_one_side_alone_is_no_agreement(name, source):
    for seed in range(4):
        verdict = grade_source(load(name), source, seed)
        assert verdict.state in (WRONG, CONVENTION)
        assert not verdict.mistake, verdict


def test_another_error_is_not_the_mistakes_error():
    zero, index, value = Raised("ZeroDivisionError", "by zero"), Raised("IndexError", "17"), Returned(1.0)
    assert _alike(zero, Raised("ZeroDivisionError", "in other words", 3), 1e-9)
    assert not any(_alike(a, b, 1e-9) for a, b in ((zero, index), (zero, value), (value, zero)))


def test_a_question_ends_with_its_own_mark():
    looks = {mistake: exercise for exercise in map(load, names()) for mistake in exercise.mistakes}
    assert not [mistake.look for mistake in looks if mistake.look.endswith(".")]
    mistake, exercise = next((m, e) for m, e in looks.items() if m.look.endswith("?"))
    assert grade_source(exercise, mistake.applied_to(exercise.solution), 0).diagnosis.endswith("?")


WALK = """
def gd_2d(grad, x1, x2, lr, steps):
    path = [(x1, x2)]
    for _ in range(steps):
        g1, g2 = grad(x1, x2)
        x1, x2 = x1 - lr * g1, x2 - lr * g2
        path.append((x1, x2))
    return path
"""
SOFTMAX = """
import numpy as np
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
"""
MOMENTUM = """
class Momentum:
    v = {}
    def __init__(self, params, lr=0.1, beta=0.9):
        self.params, self.lr, self.beta = params, lr, beta
    def step(self, grads):
        for i, (p, g) in enumerate(zip(self.params, grads)):
            self.v[i] = self.beta * self.v.get(i, 0) + (1 - self.beta) * g
            p -= self.lr * self.v[i]
"""


@pytest.mark.parametrize(
    ("name", "right", "line", "instead", "told"),
    [
        ("e01_gradient_descent", WALK, "    return path", "    print(path)", "None"),
        ("e01_gradient_descent", WALK, "    return path", "        return path", "stand inside it?"),
        ("e01_gradient_descent", WALK, "x2 - lr * g2\n", "round(x2 - lr * g2, 7)\n", "digits"),
        ("e01_gradient_descent", WALK, "steps):\n    path = [", "steps, path=[]):\n    path += [",
         "Line 2: the default"),
        ("e07_softmax", SOFTMAX, "keepdims=True)\n", "keepdims=True) + 1e-7\n", "digits"),
        ("e07_softmax", SOFTMAX, "return e", "return 2.5 * e", "2.5 times"),
        ("e20_momentum", MOMENTUM, "", "", "Line 3: `v` belongs to the class Momentum"),
        ("e20_momentum", "v = {}\n" + MOMENTUM.replace("self.v", "v").replace("    v = {}\n", ""), "", "",
         "Line 1: `v` belongs to the file"),
    ],
)  # fmt: skip
def test_what_is_said_where_no_known_mistake_does_the_same(name, right, line, instead, told):
    if line:
        assert grade_source(load(name), right, 0).is_right
        assert right.count(line) >= 1
        right = instead.join(right.rsplit(line, 1))
    verdict = grade_source(load(name), right, 0)
    assert verdict.state == WRONG and not verdict.mistake
    assert told in verdict.diagnosis, verdict


def test_remarks_are_about_the_first_value_that_differs():
    a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.25, 2.5, -3.75])
    assert "gives None" in remark({"forward": None}, {"forward": a})
    assert "transposed" in remark({"dx": a.T, "db": -b}, {"dx": a, "db": b})
    assert "opposite sign" in remark({"dx": a, "db": -b}, {"dx": a, "db": b})
    assert "2 times" in remark((1.0, 2 * b), (1.0, b))
    assert "integers" in remark(b.astype(int), b)
    assert "integers" in remark([int(v) for v in b], list(b))
    for same in (a, [1.0, None], {"x": "y"}):
        assert remark(same, same) == ""
    for got in (b + np.arange(3), b[:2], b * np.nan, "text", {}, 7.0):
        assert remark(got, b) == ""


def test_float64_where_float32_came_in_is_no_rounding():
    a = np.array([0.1, 0.7])
    assert "float64 comes out" in remark(a, a.astype(np.float32))
    assert "rounding" in remark(a.astype(np.float32).astype(float), a)


def test_shapes_are_shown_whole_and_what_is_cut_is_marked():
    wrong = difference({"shape": (1, 4)}, {"shape": (4,)})
    assert (wrong.expected, wrong.got) == ("(4,)", "(1, 4)")
    assert str(difference([1.0, 2.0], [1.0])) == "expected 1 value, got 2"
    (line,) = _printed("x" * 100, "en")
    assert line == "  | " + "x" * 71 + "…" and _printed("x" * 72, "en") == ["  | " + "x" * 72]


def test_what_is_shared_by_mistake_is_told():
    assert "`v` is global" in kept_between_calls("v = 0\ndef f(g):\n    global v\n    v = v + g\n    return v\n")
    assert "one and the same object" in repeated("v = [np.zeros_like(params[0])] * len(params)")
    assert "one and the same object" in repeated("rows = 3 * [[]]")
    assert repeated("zeros = [0.0] * 3\nlines = 'ab' * 2\nmeans = [float(x)] * n\n") == ""


@pytest.mark.parametrize(
    ("name", "source", "told"),
    [
        ("e01_gradient_descent", "def gd_2d(grad, x1, x2, lr, steps)\uff1a\n    pass\n", "English keyboard"),
        ("e01_gradient_descent", "def gd_2d(grad, x1, x2, lr, steps):\n    if lr:\n\tpass\n        pass\n", "spaces"),
        ("e01_gradient_descent", "def gd_2d(grad, x1, x2, lr, steps):\n    return gd_2d(grad, x1, x2, lr, steps)\n",
         "use a loop"),
        ("e16_minibatches", "def minibatches(X, Y, size, rng):\n    print(X, Y)\n", "`return` or `yield`"),
    ],
)  # fmt: skip
def test_what_python_says_comes_with_what_to_do(name, source, told):
    assert told in grade_source(load(name), source, 0).message


def test_a_list_that_belongs_to_one_object_is_not_blamed():
    assert kept_between_calls(MOMENTUM.replace("self.params, self.lr", "self.v, self.params, self.lr")) == ""
    assert kept_between_calls("SIZES = [1, 2]\ndef f(x, y=[]):\n    return SIZES[0] + len(y)\n") == ""


def test_one_value_in_place_of_a_pair():
    source = SOFTMAX.replace("softmax(z)", "cross_entropy(z, y)")
    assert "expected" in grade_source(load("e08_cross_entropy"), source, 0).message
    source = "def cross_entropy(z, y):\n    return 0.5\n"
    assert (
        "expected several values in a tuple, got a single one (float)"
        in grade_source(load("e08_cross_entropy"), source, 0).message
    )


def test_weights_of_the_global_random_numbers_do_not_pass_for_those_of_rng():
    source = load("e31_network_by_hand").solution.replace("rng.normal(size=", "np.random.standard_normal(size=")
    assert source != load("e31_network_by_hand").solution
    for seed in range(3):
        assert "global random numbers" in grade_source(load("e31_network_by_hand"), source, seed).mistake


def test_a_hint_flows_into_lines_of_the_width():
    assert flowing("One line\nand the next.\n\n  - kept\n  - kept") == "One line and the next.\n\n  - kept\n  - kept"
    assert flowing("1. first\n2. second") == "1. first\n2. second"
    assert flowing("先求和\n再平均") == "先求和再平均"
    for name in names():
        for hint in (h for hints in load(name).hints.values() for h in hints):
            assert "".join(flowing(hint).split()) == "".join(hint.split())


def test_grade_says_before_its_work_that_a_file_cannot_be_written(tmp_path, capsys):
    (tmp_path / "e01_gradient_descent.py").write_text(WALK, encoding="utf-8")
    code = cli.main(["homework", "grade", "--dir", str(tmp_path), "--json", str(tmp_path / "no" / "r.json"), "e01"])
    assert code == 2
    assert "cannot be written" in capsys.readouterr().err
