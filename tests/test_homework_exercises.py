"""Every exercise, held to the same rules: starter, solution, worked example, mistakes."""

import ast
import doctest
import types

import pytest
from homework_seeds import sample

from minidl.homework import exercise as exercises
from minidl.homework.check import replace_lines
from minidl.homework.grade import CONVENTION, NOT_STARTED, RIGHT, WRONG, grade_source
from minidl.homework.starter import BODY

NAMES = exercises.names()


@pytest.mark.parametrize("name", NAMES)
def test_solution_is_right_and_starter_is_not_started(name):
    exercise = exercises.load(name)
    for seed in range(2):
        verdict = grade_source(exercise, exercise.solution, seed)
        assert verdict.state == RIGHT, verdict
    for starter in exercise.starter.values():
        assert grade_source(exercise, starter, 0).state == NOT_STARTED


@pytest.mark.parametrize("name", NAMES)
def test_worked_example_of_the_statement_is_true(name):
    exercise = exercises.load(name)
    for language, starter in exercise.starter.items():
        statement = ast.get_docstring(ast.parse(starter)) or ""
        code = types.ModuleType("solution")
        exec(compile(exercise.solution, exercise.file, "exec"), code.__dict__)
        examples = doctest.DocTestParser().get_doctest(statement, vars(code), f"{name}, {language}", None, 0)
        assert examples.examples, f"{name} has no worked example in {language}"
        failed, _ = doctest.DocTestRunner(verbose=False).run(examples)
        assert failed == 0


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_there_in_both_languages(name):
    exercise = exercises.load(name)
    assert {language: len(hints) for language, hints in exercise.hints.items()} == {"en": 3, "zh": 3}
    assert all(len(hint) > 20 for hint in exercise.hints["en"])
    for starter in exercise.starter.values():
        docstring = ast.get_docstring(ast.parse(starter)) or ""
        assert docstring.startswith(f"e{exercise.id}: " if "." not in exercise.id else f"e{exercise.id}")
        assert BODY in starter or exercise.answers


def unnamed(name, mistakes, seed):
    """Those of an exercise's known mistakes that are not rejected, or are taken for another one."""
    exercise, wrong = exercises.load(name), []
    for mistake in mistakes:
        verdict = grade_source(exercise, mistake.applied_to(exercise.solution), seed)
        state = CONVENTION if mistake.convention else WRONG
        if verdict.state != state or verdict.mistake != mistake.says:
            wrong.append(f"{mistake.says}: {verdict}")
    return wrong


@pytest.mark.parametrize("name", NAMES)
def test_some_mistakes_are_rejected_and_named(name):
    mistakes = exercises.load(name).mistakes
    assert unnamed(name, mistakes[:: max(1, len(mistakes) // 4)], seed=0) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_mistakes_are_rejected_and_named(name):
    assert unnamed(name, sample(exercises.load(name).mistakes), seed=1) == []


def test_an_edit_needs_a_place_of_its_own():
    source = "def f():\n    if x:\n        a = 1\n    a = 1\n"
    with pytest.raises(ValueError, match="stands 2 times"):
        replace_lines(source, "a = 1", "a = 2")
    assert replace_lines(source, "if x:\na = 1", "b = 1\nif b:\n    c = 2") == (
        "def f():\n    b = 1\n    if b:\n        c = 2\n    a = 1\n"
    )
