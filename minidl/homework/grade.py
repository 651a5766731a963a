"""What a learner's code did, and the verdict: right, or what is wrong first and which known mistake does the same."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Iterable
from dataclasses import asdict, astuple, dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np

from minidl.homework.check import Check, Inputs, Mistake
from minidl.homework.compare import Difference, difference, freeze, show
from minidl.homework.exercise import Exercise
from minidl.homework.remarks import kept_between_calls, remark, repeated
from minidl.homework.subject import Outcome, Raised, Returned, attempt, load, observe, same

RIGHT, WRONG, CONVENTION = "right", "wrong", "wrong only in its convention"
NOT_STARTED, DOES_NOT_LOAD = "not started", "does not load"
STATES = (NOT_STARTED, DOES_NOT_LOAD, WRONG, CONVENTION, RIGHT)


@dataclass(frozen=True)
class Verdict:
    """The state of one exercise and, where it is not right, what a learner is told."""

    exercise: str  # "e19_sgd"
    state: str
    message: str = ""  # what went wrong first, in a line or a few
    diagnosis: str = ""  # which known mistake does the same, and where to look
    mistake: str = ""  # the name of that mistake
    check: str = ""  # the check that failed first
    passed: int = 0
    checks: int = 0
    seed: int = 0
    printed: str = ""  # what the learner's code printed
    graded: bool = True  # False: the grader itself failed

    @property
    def is_right(self) -> bool:
        return self.state == RIGHT

    def to_dict(self) -> dict:
        return asdict(self)


def grade_source(exercise: Exercise, source: str, seed: int) -> Verdict:
    """Grade a source text in this process: for tests. Learners' files go through `isolate.grade_file`."""
    if exercise.is_starter(source):
        return Verdict(exercise.name, NOT_STARTED, checks=len(exercise.checks), seed=seed)
    return remarked(exercise, judge(exercise, observe(exercise, source, seed), seed), source)


def remarked(exercise: Exercise, verdict: Verdict, source: str) -> Verdict:
    """A wrong answer that no known mistake explains, with what the source shows to be shared or kept between calls.

    Not in the bug hunt, where the name of what is wrong is for the learner to find.
    """
    if verdict.state != WRONG or verdict.mistake or not verdict.check or exercise.answers:
        return verdict
    kept = kept_between_calls(source) or repeated(source)
    return replace(verdict, diagnosis=kept) if kept else verdict


def judge(exercise: Exercise, seen: Iterable[tuple[str, Outcome | str | None]], seed: int, ended: str = "") -> Verdict:
    """The verdict on what was observed. `ended` says why there is nothing more to observe ("took longer than 10 s")."""
    verdict = functools.partial(Verdict, exercise.name, checks=len(exercise.checks), seed=seed)
    outcomes: list[Outcome] = []
    answers: dict[str, object] = {}
    started = False
    for kind, what in seen:
        started = started or kind == "interface"
        if kind == "load" and isinstance(what, Raised):
            return verdict(DOES_NOT_LOAD, _load_message(what))
        if kind == "interface" and isinstance(what, str):
            return verdict(WRONG, what)
        if kind == "check" and isinstance(what, Returned | Raised):
            outcomes.append(what)
        elif kind.startswith("answer ") and isinstance(what, Returned):
            answers[kind.removeprefix("answer ")] = what.value
    unwritten = [isinstance(o, Raised) and o.type == "NotImplementedError" for o in outcomes]
    if outcomes and all(unwritten) and len(outcomes) == len(exercise.checks):
        return verdict(NOT_STARTED)
    if len(outcomes) > len(exercise.checks):
        return verdict(WRONG, f"gave {len(outcomes)} results where {len(exercise.checks)} were asked for")
    problems = [
        problem(check, outcome, exercise, seed, i)
        for i, (check, outcome) in enumerate(zip(exercise.checks, outcomes, strict=False))
    ]
    first = next((i for i, p in enumerate(problems) if p is not None), None)
    passed = sum(p is None for p in problems)
    if first is None and len(outcomes) < len(exercise.checks):
        why = ended or "the program ended before the check was done"
        if not started:
            return verdict(DOES_NOT_LOAD, f"while it is loaded, before any check: {why}")
        at = exercise.checks[len(outcomes)].says
        return verdict(WRONG, f"{at}: {why}", check=at, passed=passed)
    if first is None:
        wrong = next(filter(None, (_unanswered(n, answers.get(n), a) for n, a in exercise.answers.items())), "")
        return verdict(WRONG, wrong, passed=passed) if wrong else verdict(RIGHT, passed=passed)
    check, message = exercise.checks[first], problems[first]
    found = diagnose(exercise, outcomes, [p is not None for p in problems], seed)
    state = CONVENTION if found and found.convention else WRONG
    said = f"Your code does the same as {found.says}: {found.look}" if found else ""
    said += "" if not said or said.endswith("?") else "."
    outcome = outcomes[first]
    if (
        not said
        and not exercise.answers
        and isinstance(outcome, Returned)
        and not outcome.changed
        and check.judge is None
    ):
        said = remark(outcome.value, _expected(exercise, first, seed))
    return verdict(state, f"{check.says}: {message}", said, found.says if found else "", check.says, passed)


def _unanswered(name: str, answer: object, right: str) -> str:
    """Nothing where a name holds the right text."""
    if isinstance(answer, str) and answer == right:
        return ""
    if answer is None or (isinstance(answer, str) and not answer):
        return f"the code is right now; set {name} to what was wrong with it, one of the names at the top of the file"
    return f"the code is right now, but {name} = {show(answer)} is not what was wrong with it"


_ADVICE = {  # what Python says -> what to do about it
    "invalid character": "type it with the English keyboard",
    "inconsistent use of tabs": "indent with spaces, four for each level",
    "maximum recursion depth": "a function that calls itself; use a loop, which may be as long as it likes",
    "'NoneType' object is not iterable": "a function without `return` or `yield` gives None; print only shows a value",
}


def _with_advice(text: str) -> str:
    return next((f"{text} ({advice})" for words, advice in _ADVICE.items() if words in text), text)


def _load_message(error: Raised) -> str:
    if error.type == "NotAllowed" and error.message.startswith("line "):
        return error.message
    if error.type == "SystemExit":
        return f"line {error.line}: `{error.text}`: the program ends itself while it is loaded"
    if error.type == "MemoryError":
        return f"{error}: asked for more memory than a file may have"
    return _with_advice(str(error).replace("NotAllowed: ", ""))


def problem(check: Check, outcome: Outcome, exercise: Exercise, seed: int, index: int) -> str | None:
    """None where an outcome is right; else what is wrong with it, in a line or a few."""
    if isinstance(outcome, Raised):
        if outcome.type == "NotImplementedError":
            return f"not written yet ({outcome})"
        if outcome.type == "SystemExit":
            return f"line {outcome.line}: `{outcome.text}`: the program ends itself"
        if outcome.type == "MemoryError":
            return f"{outcome}: asked for more memory than a check may have"
        if outcome.type == "TooLarge":
            return f"the result is too large to look at: {outcome.message}"
        if not outcome.line and (one := re.match("cannot unpack non-iterable (.*) object$", outcome.message)):
            return f"expected several values in a tuple, got a single one ({one[1]})"
        where = "" if outcome.line else "what the code returned, or made, cannot be used: "
        return where + _with_advice(str(outcome).replace("NotAllowed: ", ""))
    if outcome.changed:
        names = " and ".join(outcome.changed)
        return f"the code changes its input {names}; work on a copy (for instance `x = x - 1`, not `x -= 1`)"
    inputs = check.inputs(np.random.default_rng([seed, index]))
    wrong = _judged(check, outcome.value, _expected(exercise, index, seed), inputs)
    if wrong is None:
        return None
    text = str(wrong)
    if isinstance(wrong, Difference) and check.explain is not None:
        text += "\n" + check.explain(wrong, inputs)
    elif (small := _small(inputs)) is not None:
        text += f"\nwith {small}"
    return text


@functools.lru_cache(maxsize=512)
def _expected(exercise: Exercise, index: int, seed: int) -> Any:
    """What is right in one check; kept, since a reference is written to be plain, not fast."""
    check = exercise.checks[index]
    inputs = check.inputs(np.random.default_rng([seed, index]))
    return freeze(check.expect(inputs) if check.expect else check.run(exercise.reference, inputs))


def _judged(check: Check, value: object, expected: object, inputs: Inputs) -> Difference | str | None:
    """What is wrong with a result; one on which the comparison stumbles is not of the kind that was asked for."""
    try:
        if check.judge is not None:
            return check.judge(value, expected, inputs)
        return difference(value, expected, check.rtol)
    except Exception as error:
        return f"got {show(value)}, which is not what was asked for ({type(error).__name__}: {error})"


def _small(inputs: dict) -> str | None:
    """Inputs on a line or two, where they are few enough to calculate by hand."""
    plain = {k: v for k, v in inputs.items() if not callable(v)}
    if sum(map(_size, plain.values())) > 24:
        return None
    return ", ".join(f"{k} = {show(v)}" for k, v in plain.items()) or None


def _size(value: object) -> int:
    """How many numbers there are in an input."""
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(_size, value))
    return int(np.size(value)) if isinstance(value, np.ndarray) else 1


def diagnose(exercise: Exercise, outcomes: list[Outcome], failed: list[bool], seed: int) -> Mistake | None:
    """The known mistake that does the same as the learner's code on the same inputs, or None.

    One that agrees in every check, wherever numbers are finite (an overflow spreads as the code happens to be written),
    is taken before one that agrees in the first failing check only.
    """
    first = failed.index(True)
    right, seen = _outcome(exercise, first, _solved(exercise), exercise.solution, seed), outcomes[first]
    if isinstance(right, Returned) and isinstance(seen, Returned) and same(astuple(right), astuple(seen)):
        return None  # what is wrong lies beside the learner's file
    order = sorted(range(len(outcomes)), key=_costs(exercise).__getitem__)  # a cheap check tells most mistakes apart

    def agrees(i: int, code: ModuleType, source: str) -> bool:
        return _alike(outcomes[i], _outcome(exercise, i, code, source, seed), exercise.checks[i].rtol)

    for mistake, code, source in variants(exercise):
        if all(agrees(i, code, source) for i in order):
            return mistake
    if isinstance(outcomes[first], Returned):
        for mistake, code, source in variants(exercise):
            if agrees(first, code, source):
                return mistake
    return None


def _alike(ours: Outcome, theirs: Outcome, rtol: float) -> bool:
    """Whether two codes did the same with the same inputs, wherever numbers are finite."""
    if isinstance(ours, Raised) or isinstance(theirs, Raised):
        return isinstance(ours, Raised) and isinstance(theirs, Raised) and ours.type == theirs.type
    try:
        return ours.changed == theirs.changed and difference(*_without_overflow(ours.value, theirs.value), rtol) is None
    except Exception:  # a result of a kind that cannot be compared
        return False


def _without_overflow(a: Any, b: Any) -> tuple[Any, Any]:
    """Both values with 0 wherever one of the two is not finite; infinities of different sign stay.

    A number or array that is finite throughout in one of the two stays as well: nan in place of right numbers is no
    overflow that merely spread further.
    """
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        pairs = {k: _without_overflow(a[k], b[k]) for k in a}
        return {k: p[0] for k, p in pairs.items()}, {k: p[1] for k, p in pairs.items()}
    if isinstance(a, list | tuple) and isinstance(b, list | tuple) and len(a) == len(b):
        both = [_without_overflow(x, y) for x, y in zip(a, b, strict=True)]
        return [p[0] for p in both], [p[1] for p in both]
    numbers = (int, float, np.number, np.ndarray)
    if isinstance(a, numbers) and isinstance(b, numbers) and np.shape(a) == np.shape(b):
        opposite = np.isinf(a) & np.isinf(b) & (np.asarray(a) != b)
        keep = (np.isfinite(a) & np.isfinite(b)) | opposite
        if not (np.isfinite(a).all() or np.isfinite(b).all()):
            return np.where(keep, a, 0.0), np.where(keep, b, 0.0)
    return a, b


@functools.lru_cache(maxsize=4096)
def _outcome(exercise: Exercise, index: int, code: ModuleType, source: str, seed: int) -> Outcome:
    """What known code does in one check; kept, since files are often graded again with the same seed."""
    return attempt(exercise.checks[index], code, np.random.default_rng([seed, index]), exercise.file, source)


@functools.cache
def _solved(exercise: Exercise) -> ModuleType:
    return load(exercise.solution, exercise.file, exercise.allowed)


@functools.cache
def _costs(exercise: Exercise) -> list[float]:
    """How many seconds the solution takes in each check."""
    costs = []
    for i in range(len(exercise.checks)):
        began = time.perf_counter()
        _outcome(exercise, i, _solved(exercise), exercise.solution, 0)
        costs.append(time.perf_counter() - began)
    return costs


@functools.cache
def variants(exercise: Exercise) -> tuple[tuple[Mistake, ModuleType, str], ...]:
    """Every known mistake of an exercise as a module that makes it."""
    result = []
    for mistake in exercise.mistakes:
        source = mistake.applied_to(exercise.solution)
        result.append((mistake, load(source, exercise.file, exercise.allowed), source))
    return tuple(result)
