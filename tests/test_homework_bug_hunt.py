"""The bug hunt (exercise 32): what a learner hears at every stage of a hunt, and that each planted bug is one."""

import ast

import pytest

from minidl.homework.exercise import find, load
from minidl.homework.grade import NOT_STARTED, RIGHT, WRONG, grade_source
from minidl.homework.isolate import grade_file
from minidl.homework.remarks import kept_between_calls

NAMES = find(["32"])
BY_NAME = pytest.mark.parametrize("name", NAMES)


def answer(exercise):
    return exercise.answers["BUG"]


def listed(source):
    """The names from which the learner chooses: the last paragraph of the statement."""
    return ast.get_docstring(ast.parse(source)).split("\n\n")[-1].split()


def test_there_are_ten_of_equal_weight_and_together_they_weigh_as_much_as_one_exercise():
    assert [load(n).id for n in NAMES] == [f"32.{i}" for i in range(1, 11)]
    assert sum(load(n).points for n in NAMES) == load("e19_sgd").points


@BY_NAME
def test_a_hunt_from_its_start_to_its_end(name):
    exercise = load(name)
    repaired = exercise.solution.replace(f'BUG = "{answer(exercise)}"', 'BUG = ""')
    for starter in exercise.starter.values():
        assert grade_source(exercise, starter, 0).state == NOT_STARTED
        touched = grade_source(exercise, starter + "# reading\n", 0)
        assert touched.state == WRONG
        assert "expected" in touched.message
        assert touched.diagnosis == ""  # the name of the bug is for the learner to find
    guessed = exercise.starter["en"].replace('BUG = ""', f'BUG = "{answer(exercise)}"')
    assert "expected" in grade_source(exercise, guessed, 1).message
    assert "the code is right now; set BUG" in grade_source(exercise, repaired, 1).message
    wrong = next(n for n in listed(exercise.solution) if n != answer(exercise))
    verdict = grade_source(exercise, repaired.replace('BUG = ""', f'BUG = "{wrong}"'), 1)
    assert verdict.state == WRONG
    assert "is not what was wrong" in verdict.message


def test_in_a_hunt_not_even_what_lasts_between_calls_is_told():
    lasting = "\n\ndef helper(x, seen=[]):\n    seen.append(x)\n    return seen\n"
    exercise = load(NAMES[0])
    assert kept_between_calls(exercise.starter["en"] + lasting)
    assert grade_source(exercise, exercise.starter["en"] + lasting, 0).diagnosis == ""


@BY_NAME
def test_the_list_holds_the_answer_and_nothing_else_gives_it_away(name):
    exercise = load(name)
    for starter in exercise.starter.values():
        names = listed(starter)
        assert len(names) >= 6
        assert names == sorted(set(names))
        assert names.count(answer(exercise)) == 1
        assert starter.count(answer(exercise)) == 1
        assert max(map(len, starter.splitlines())) <= 120
    answers = [answer(load(n)) for n in NAMES]
    assert len({sorted(listed(load(n).solution)).index(a) for n, a in zip(NAMES, answers, strict=True)}) > 2


@pytest.mark.parametrize("value", ["None", "0", "[]", "['x']", "print", "1.5", "b'x'"])
def test_a_bug_that_is_no_text(value):
    exercise = load(NAMES[0])
    verdict = grade_source(exercise, exercise.solution.replace(f'"{answer(exercise)}"', value, 1), 0)
    assert verdict.state == WRONG
    assert "BUG" in verdict.message


def test_a_bug_that_is_an_array():
    exercise = load("e32_bug_hunt/b09_adam")
    verdict = grade_source(exercise, exercise.solution + "\nBUG = np.array([1, 2])\n", 0)
    assert "BUG = [1, 2] is not what was wrong" in verdict.message


def test_files_are_graded_in_their_own_process(tmp_path):
    exercise = load("e32_bug_hunt/b08_nesterov")
    path = tmp_path / "b08_nesterov.py"
    path.write_text(exercise.starter["zh"], encoding="utf-8", newline="\r\n")
    assert grade_file(exercise.name, path, seed=1).state == NOT_STARTED
    path.write_text(exercise.solution, encoding="utf-8")
    assert grade_file(exercise.name, path, seed=1).state == RIGHT
    wrong = exercise.solution.replace(f'BUG = "{answer(exercise)}"', 'BUG = "velocity_never_decays"')
    path.write_text(wrong, encoding="utf-8")
    assert "BUG = 'velocity_never_decays' is not" in grade_file(exercise.name, path, seed=1).message
