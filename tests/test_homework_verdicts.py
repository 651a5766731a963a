"""No right solution is rejected and no wrong one accepted, whatever the seed."""

from dataclasses import replace

import pytest
from homework_seeds import MANY, accepted, false_verdicts, known_sources

from minidl.homework.exercise import load, names
from minidl.homework.grade import RIGHT, WRONG, grade_source


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_no_false_verdict(name):
    assert false_verdicts(name, range(MANY)) == []


def test_every_exercise_has_right_and_wrong_ones_beside_its_own_solution():
    for name in names():
        known = known_sources(name)
        assert known[True] and known[False]
        assert len(known[False]) >= 8 or name.startswith("e32"), name


def test_a_beta_of_its_own_is_seen_although_only_signs_count():
    """In the other checks it shows by chance only, and with one seed of 200 it did not."""
    exercise = load("e33_use_minidl")
    fixed = next(m for m in exercise.mistakes if "m *= 0.9" in m.applied_to(exercise.solution))
    turning = [check for check in exercise.checks if "turn round, beta=0.6" in check.says]
    alone = replace(exercise, checks=turning)
    for seed in range(20):
        assert grade_source(alone, exercise.solution, seed).state == RIGHT
        assert grade_source(alone, fixed.applied_to(exercise.solution), seed).state == WRONG


def test_a_false_verdict_is_told(monkeypatch):
    """The test above can fail, both ways."""
    name = "e07_softmax"
    right, wrong = (known_sources(name)[kind][0] for kind in (True, False))
    assert accepted(name, right, 0) and not accepted(name, wrong, 0)
    monkeypatch.setattr("homework_seeds.known_sources", lambda name: {True: [wrong], False: [right]})
    told = false_verdicts(name, range(2))
    assert len(told) == 4 and "right, but rejected" in told[0] and "wrong, but accepted" in told[-1]
    assert not accepted(name, "import nonsense", 0) and not accepted(name, "pass", 0)
