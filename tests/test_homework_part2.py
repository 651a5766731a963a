"""Exercises 13 to 18, and 29 to 31, against files that are not made from them: right ones pass, wrong ones do not."""

import homework_part2_cases as cases
import numpy as np
import pytest
from homework_seeds import sample

from minidl.homework import exercise as exercises
from minidl.homework.grade import CONVENTION, grade_source
from minidl.homework.grade import RIGHT as IS_RIGHT
from minidl.homework.grade import WRONG as IS_WRONG

PLAIN, RIGHT, WRONG = (
    {key: case for key, case in table.items() if key.split(":")[0] in exercises.names()}
    for table in (cases.PLAIN, cases.RIGHT, cases.WRONG)
)
SEEDS = range(1)


@pytest.mark.parametrize("case", RIGHT)
def test_right_solution_is_accepted(case):
    name, source = RIGHT[case]
    for seed in SEEDS:
        verdict = grade_source(exercises.load(name), source, seed)
        assert verdict.state == IS_RIGHT, verdict


@pytest.mark.parametrize("case", sample(WRONG))
def test_wrong_solution_is_rejected_and_named(case):
    name, source, says = WRONG[case]
    verdict = grade_source(exercises.load(name), source, 3)
    assert verdict.state in (IS_WRONG, CONVENTION), verdict
    assert verdict.message
    if says and name < "e19":  # of part 4 only the verdict is looked at here
        assert says in verdict.mistake, verdict


def test_nine_of_ten_wrong_solutions_have_a_name():
    unnamed = [case for case, (_, _, says) in WRONG.items() if says is None]
    assert len(unnamed) <= len(WRONG) / 10


# What a function may return that is no answer at all, in the place of every function of an exercise.
NOTHING = {
    "None": "return None",
    "an empty dict": "return {}",
    "an empty list": "return []",
    "NaN": "return float('nan')",
}


def _with_bodies(name, body):
    """The exercise's signatures, every body replaced."""
    return exercises.load(name).starter["en"].replace("raise NotImplementedError", body)


@pytest.mark.parametrize("body", NOTHING.values(), ids=NOTHING)
@pytest.mark.parametrize("name", PLAIN)
def test_a_function_that_returns_nothing_of_use_is_wrong(name, body):
    source = _with_bodies(name, body)
    for seed in SEEDS:
        verdict = grade_source(exercises.load(name), source, seed)
        assert verdict.state == IS_WRONG, verdict


def _after(function, change, name):
    """The plain form of an exercise with `change` applied to what a function of the module returns."""
    return PLAIN[name] + (
        f"\nimport numpy as np\n_plain = {function}\n"
        f"def {function}(*args, **kwargs):\n    result = _plain(*args, **kwargs)\n    {change}\n    return result\n"
    )


SPOILT = {
    "e14: NaN everywhere": ("e14_initialisation", "he_init", "result = {k: v * np.nan for k, v in result.items()}"),
    "e14: first layer only": (
        "e14_initialisation",
        "he_init",
        "result = {k: v if '1' in k else v * 0 for k, v in result.items()}",
    ),
    "e14: first row only": ("e14_initialisation", "he_init", "result['W1'][1:] = 0"),
    "e14: a key too many": ("e14_initialisation", "he_init", "result['W0'] = result['W1']"),
    "e14: a key too few": ("e14_initialisation", "he_init", "del result['b1']"),
    "e15: flatten_columns, NaN": ("e15_data", "flatten_columns", "result = result * np.nan"),
    "e15: flatten_columns, first row only": ("e15_data", "flatten_columns", "result = result.copy(); result[1:] = 0"),
    "e15: scale, NaN": ("e15_data", "scale", "result = result * np.nan"),
    "e15: scale, first entry only": ("e15_data", "scale", "result.reshape(-1)[1:] = 0"),
    "e15: standardize, NaN": ("e15_data", "standardize", "result = [r * np.nan for r in result]"),
    "e15: standardize, first row only": ("e15_data", "standardize", "result[0][1:] = 0; result[1][1:] = 0"),
    "e15: standardize, train only": ("e15_data", "standardize", "result = result[:1]"),
    "e15: one_hot, first row only": ("e15_data", "one_hot", "result[1:] = 0"),
    "e15: one_hot, bool": ("e15_data", "one_hot", "result = result > 0"),
    "e15: one_hot, a row too few": ("e15_data", "one_hot", "result = result[:-1]"),
    "e15: accuracy, NaN": ("e15_data", "accuracy", "result = np.nan"),
    "e15: accuracy, of the first example": (
        "e15_data",
        "accuracy",
        "result = float(args[0][0].argmax() == args[1][0])",
    ),
    "e16: too short": ("e16_minibatches", "minibatches", "result = list(result)[:-1]"),
    "e16: first batch only, again and again": (
        "e16_minibatches",
        "minibatches",
        "b = list(result); result = b[:1] * len(b)",
    ),
    "e16: NaN": ("e16_minibatches", "minibatches", "result = [(x * np.nan, y) for x, y in result]"),
    "e16: first row of each batch only": (
        "e16_minibatches",
        "minibatches",
        "result = [(np.repeat(x[:1], len(x), 0), y) for x, y in result]",
    ),
    "e16: float labels": ("e16_minibatches", "minibatches", "result = [(x, y * 1.0) for x, y in result]"),
    "e16: endless": ("e16_minibatches", "minibatches", "import itertools; result = itertools.cycle(result)"),
    "e17: too short": ("e17_training_loop", "fit", "result = result[:-1]"),
    "e17: NaN": ("e17_training_loop", "fit", "result = [(np.nan, np.nan) for _ in result]"),
    "e17: first epoch only": ("e17_training_loop", "fit", "result = result[:1] * len(result)"),
    "e17: losses only": ("e17_training_loop", "fit", "result = [r[0] for r in result]"),
    "e18: NaN": ("e18_moving_average", "ewa", "result = result * np.nan"),
    "e18: too short": ("e18_moving_average", "ewa", "result = result[:-1]"),
    "e18: first value only": ("e18_moving_average", "ewa", "result[1:] = result[0]"),
    "e18: float32": ("e18_moving_average", "ewa", "result = result.astype(np.float32)"),
    "e18: a column": ("e18_moving_average", "ewa", "result = result[:, None]"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_spoilt_result_is_wrong(case):
    name, function, change = SPOILT[case]
    for seed in SEEDS:
        verdict = grade_source(exercises.load(name), _after(function, change, name), seed)
        assert verdict.state in (IS_WRONG, CONVENTION), verdict


SPOILT_ENGINES = {
    "backward leaves NaN": "t.grad = t.grad * np.nan",
    "backward is right in the first row only": "t.grad = t.grad * (np.arange(t.grad.size) < 1).reshape(t.grad.shape)",
    "gradients of the wrong shape": "t.grad = t.grad[None]",
    "gradients in float32": "t.grad = t.grad.astype(np.float32)",
    "gradients None": "t.grad = None",
    "gradients as lists": "t.grad = t.grad.tolist()",
    "every gradient a millionth too large": "t.grad = t.grad * (1 + 1e-6)",
}


@pytest.mark.parametrize("case", SPOILT_ENGINES)
def test_a_spoilt_engine_is_wrong(case):
    source = PLAIN["e13_autograd"].replace(
        "            t.back()\n", f"            t.back()\n        for t in topo:\n            {SPOILT_ENGINES[case]}\n"
    )
    assert source != PLAIN["e13_autograd"]
    for seed in SEEDS:
        assert grade_source(exercises.load("e13_autograd"), source, seed).state == IS_WRONG


def test_reference_engine_agrees_with_differences():
    reference = exercises.load("e13_autograd").reference
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0.5, 1, (3, 2)), rng.uniform(0.5, 1, (2,))

    def value(x, y):
        return np.tanh(x * y).sum() + np.log(x).mean() * (y**3).sum()

    a, b = reference.T(x), reference.T(y)
    ((a * b).tanh().sum() + a.log().mean() * (b**3).sum()).backward()
    for array, leaf in ((x, a), (y, b)):
        for at in np.ndindex(array.shape):
            old, h = array[at], 1e-6
            array[at] = old + h
            up = value(x, y)
            array[at] = old - h
            down = value(x, y)
            array[at] = old
            assert leaf.grad[at] == pytest.approx((up - down) / (2 * h), rel=1e-7)
