"""Homework e01 to e12: what must be accepted, what must be rejected and by which name.

The sources are written apart from the exercises' own solutions and lists of mistakes, in other spellings.
"""

import ast
import math

import numpy as np
import pytest
from homework_part1_sources import BASE, E01, E05, E08, E09, E10, E11, E12, NAMES, RIGHT_EDITS, WRONG_EDITS
from homework_seeds import sample

from minidl.homework import exercise as exercises
from minidl.homework.grade import CONVENTION, NOT_STARTED, RIGHT, WRONG, grade_source

RIGHT_IDS = [f"{row[0][:3]}-{i}" for i, row in enumerate(RIGHT_EDITS)]
WRONG_IDS = [f"{row[0][:3]}-{i}" for i, row in enumerate(WRONG_EDITS)]


def edited(name, old, new):
    assert BASE[name].count(old) >= 1, (name, old)
    return BASE[name].replace(old, new)


def grade(name, source, seed):
    return grade_source(exercises.load(name), source, seed)


def check_right(name, source, seeds):
    for seed in seeds:
        verdict = grade(name, source, seed)
        assert verdict.state == RIGHT, verdict


def check_wrong(name, source, says, seeds):
    for seed in seeds:
        verdict = grade(name, source, seed)
        assert verdict.state in (WRONG, CONVENTION), verdict
        assert verdict.message
        assert says in verdict.mistake if says else not verdict.mistake, verdict


@pytest.mark.parametrize("name", NAMES)
def test_published_form_is_right(name):
    check_right(name, BASE[name], range(1))


@pytest.mark.parametrize(("name", "old", "new"), RIGHT_EDITS, ids=RIGHT_IDS)
def test_alternative_is_accepted(name, old, new):
    check_right(name, edited(name, old, new), range(10, 11))


@pytest.mark.parametrize(("name", "old", "new", "says"), sample(WRONG_EDITS), ids=sample(WRONG_IDS))
def test_wrong_solution_is_rejected_and_named(name, old, new, says):
    check_wrong(name, edited(name, old, new), says, range(20, 21))


def test_nine_wrong_solutions_of_ten_are_named():
    assert sum(bool(row[3]) for row in WRONG_EDITS) >= 0.9 * len(WRONG_EDITS)


# Answers of the wrong kind, of every public function in turn (GR02 to GR04): expressions for what is returned in place
# of the right answer r.
INSTEAD = {
    "None": "None",
    "an empty dict": "{}",
    "an empty list": "[]",
    "an empty tuple": "()",
    "too short": "r[:-1] if len(r) else None",
    "text": "'PASSED'",
    "True": "True",
    "zero": "0 * r if isinstance(r, np.ndarray) else 0.0",
    "nan": "_each(r, lambda v: v * np.nan)",
    "only row 0 right": "_later(r)",
    "text of the numbers": "_each(r, str)",
    "half precision": "_each(r, lambda v: np.float32(v) if np.ndim(v) else float(np.float32(v)) + 1e-5)",
}
SPOIL = """
import numpy as np
def _each(r, change):
    if isinstance(r, (tuple, list)):
        return type(r)(_each(v, change) for v in r)
    return change(r)
def _later(r):
    if isinstance(r, np.ndarray) and r.ndim and len(r) > 1:
        r = r.copy()
        r[1:] += 1
        return r
    if isinstance(r, (tuple, list)):
        return type(r)([r[0]] + [_each(v, lambda x: x + 1) for v in r[1:]])
    return r + 1
"""


def spoiled(name):
    """(what is wrong, source) for every public function of the exercise and every wrong kind of answer."""
    for node in ast.parse(BASE[name]).body:
        if isinstance(node, ast.FunctionDef):
            names = ", ".join(a.arg for a in node.args.args)
            for what, answer in INSTEAD.items():
                source = f"{BASE[name]}{SPOIL}\n_{node.name} = {node.name}\n"
                source += f"def {node.name}({ast.unparse(node.args)}):\n"
                source += f"    return (lambda r: {answer})(_{node.name}({names}))\n"
                yield f"{node.name} returns {what}", source


@pytest.mark.parametrize("name", NAMES)
def test_answers_of_the_wrong_kind_are_rejected(name):
    for what, source in spoiled(name):
        verdict = grade(name, source, 5)
        assert verdict.state == WRONG, (what, verdict)
        assert verdict.message, what


@pytest.mark.parametrize("name", NAMES)
def test_a_file_without_work_is_not_started(name):
    empty = [line for line in BASE[name].splitlines() if line.startswith(("def ", "import "))]
    source = "\n".join(line + " raise NotImplementedError" if line.startswith("def") else line for line in empty)
    assert grade(name, source, 0).state == NOT_STARTED


def check_numbers(name, seed, check):
    """Expected values of a check by the exercise's reference, with the inputs that belong to them."""
    (one,) = [c for c in exercises.load(name).checks if c.says == check]
    inputs = one.inputs(np.random.default_rng(seed))
    return one.run(exercises.load(name).reference, inputs), inputs


def test_walks_of_the_course_end_where_the_course_prints():
    printed = {
        "twenty steps on f = 0.1 x1^2 + 2 x2^2 from (-5, -2)": (-0.943467, -0.000073),
        "twenty steps on f = 0.1 x1^2 + 2 x2^2 with a rate too large for x2": (-0.387814, -1673.365109),
        "twenty steps on f = x1^2 + 2 x2^2 from (-5, -2)": (-0.057646, -0.000073),
    }
    for check, last in printed.items():
        assert check_numbers(E01, 0, check)[0][-1] == pytest.approx(last, abs=1e-6)


def test_newton_references_are_the_closed_forms():
    x, i = check_numbers(E05, 1, "seven Newton steps on f = x^4, of which each leaves two thirds of x")
    assert x == pytest.approx(i["x"] * (2 / 3) ** 7, rel=1e-12)
    x, i = check_numbers(E05, 1, "one Newton step on f = p (x - q)^2 / 2")
    assert x == pytest.approx(i["q"], rel=1e-9)


def slope_of(f, x, h=1e-5):
    """Centred differences, written apart from e06."""
    steps = np.eye(x.size).reshape(x.size, *x.shape) * h
    return np.array([f(x + s) - f(x - s) for s in steps]).reshape(x.shape) / (2 * h)


@pytest.mark.parametrize("name", [E08, E09])
def test_references_of_losses_pass_a_gradient_check(name):
    rng = np.random.default_rng(3)
    z = rng.normal(size=(4, 1 if name == E09 else 3))
    y = rng.integers(0, 2, 4)
    code = exercises.load(name).reference
    loss = getattr(code, "bce" if name == E09 else "cross_entropy")
    assert loss(z, y)[1] == pytest.approx(slope_of(lambda v: loss(v, y)[0], z), abs=1e-9)


def test_references_of_layers_pass_a_gradient_check():
    rng = np.random.default_rng(4)
    x, W, b, dout = (rng.normal(size=s) for s in ((4, 3), (3, 2), (2,), (4, 2)))
    grads = exercises.load(E10).reference.dense_backward(x, W, b, dout)
    forms = (lambda v: v @ W + b, x), (lambda v: x @ v + b, W), (lambda v: x @ W + v, b)
    for grad, (forward, at) in zip(grads, forms, strict=True):
        assert grad == pytest.approx(slope_of(lambda v, f=forward: np.sum(f(v) * dout), at), abs=1e-8)
    activations = exercises.load(E11).reference
    for backward, forward in ((activations.relu_backward, lambda v: np.maximum(v, 0)),
                              (lambda g, v: activations.sigmoid_backward(g, 1 / (1 + np.exp(-v))),
                               lambda v: 1 / (1 + np.exp(-v)))):  # fmt: skip
        expected = slope_of(lambda v, f=forward: np.sum(f(v) * dout), W[:1] + np.zeros((4, 2)))
        assert backward(dout, W[:1] + np.zeros((4, 2))) == pytest.approx(expected, abs=1e-8)
    g = rng.normal(size=(2, 3, 4))
    for shape in ((3, 1), (4,), (), (2, 1, 4), (1, 1, 1)):
        expected = slope_of(lambda v: np.sum(np.broadcast_to(v, g.shape) * g), np.ones(shape))
        assert exercises.load(E12).reference.unbroadcast(g, shape) == pytest.approx(expected, abs=1e-8)


def test_chance_is_the_logarithm_of_the_number_of_classes():
    expected, i = check_numbers(E08, 2, "all logits of a row equal: the loss is log C")
    assert expected["loss"] == pytest.approx(math.log(i["z"].shape[1]), rel=1e-12)


def test_no_check_asks_for_the_slope_of_relu_at_zero():
    for check in exercises.load(E11).checks:
        for seed in range(20):
            assert np.all(check.inputs(np.random.default_rng(seed)).get("x", 1.0))
