"""What a learner reads: a verdict in a few lines, progress in a few more."""

from __future__ import annotations

from collections.abc import Sequence

from minidl.homework.exercise import CAPSTONE, PARTS, Exercise, id_of, load, names
from minidl.homework.folder import Folder
from minidl.homework.grade import DOES_NOT_LOAD, NOT_STARTED, RIGHT, STATES, Verdict
from minidl.homework.sentences import coloured, fitted, plain, say

NOT_CHECKED = "not checked"
LINES = 8  # of what a learner's code printed


def verdict_text(verdict: Verdict, folder: Folder, language: str) -> str:
    """One exercise: its state; if it is not right what is wrong first, which mistake does the same, what to do next."""
    exercise = load(verdict.exercise)
    numbers = {"id": exercise.id, "seed": verdict.seed}
    counts = []
    if verdict.state == RIGHT:
        counts = [say(language, "{checks} checks", checks=verdict.checks), say(language, "seed {seed}", **numbers)]
    elif verdict.check:
        passed = say(language, "{passed} of {checks} checks passed", passed=verdict.passed, checks=verdict.checks)
        counts = [passed]
    state = say(language, verdict.state) + (f" ({', '.join(counts)})" if counts else "")
    head = say(language, "{file}: {state}", file=folder.shown(exercise.name), state=state)
    lines = [coloured(fitted(head), verdict.state)]
    told = [verdict.message, verdict.diagnosis]
    if verdict.state == NOT_STARTED:
        told = [say(language, "write it where it says `raise NotImplementedError`")]
    lines += [fitted(text, "  ") for text in told if text]
    if verdict.printed.strip():
        lines += [fitted(say(language, "it printed:"), "  "), *_printed(verdict.printed, language)]
    if verdict.state not in (RIGHT, NOT_STARTED):
        lines += [fitted(text, "  ") for text in _advice(verdict, folder, language, numbers)]
    return "\n".join(lines)


def _advice(verdict: Verdict, folder: Folder, language: str, numbers: dict) -> list[str]:
    if not folder.file(verdict.exercise).is_file():
        return [say(language, "the file again: minidl homework reset {id}", **numbers)]
    if verdict.state == DOES_NOT_LOAD or not verdict.check:
        return []
    again = say(language, "the same inputs again: minidl homework check {id} --seed {seed}", **numbers)
    return [again, say(language, "a hint: minidl homework hint {id}", **numbers)]


def _printed(text: str, language: str) -> list[str]:
    """The first lines that a learner's code printed, marked as such."""
    lines = plain(text).strip("\n").split("\n")
    shown = [f"  | {line if len(line) <= 72 else line[:71] + '…'}" for line in lines[:LINES]]
    rest = len(lines) - LINES
    return shown + ([f"  | {say(language, '({n} more lines)', n=rest)}"] if rest > 0 else [])


def next_text(folder: Folder, states: dict[str, str], language: str) -> str:
    """What comes next: the first exercise that is not right, where it is, how it is checked."""
    name = next((n for n in names() if states.get(n) != RIGHT), None)
    if name is None:
        left = states.get(CAPSTONE) != RIGHT
        both = "all exercises are right, the capstone too"
        one = "all exercises are right; what is left is the capstone: minidl homework check capstone"
        return fitted(say(language, one if left else both))
    lines = [say(language, "next: {title}", title=title(load(name), language)), "  " + folder.shown(name)]
    return "\n".join(map(fitted, [*lines, f"  minidl homework check {id_of(name)}"]))


def title(exercise: Exercise, language: str) -> str:
    """The first line of the statement."""
    return exercise.titles.get(language) or exercise.title


def progress_text(folder: Folder, states: dict[str, str], language: str) -> str:
    """Every part with the numbers of its exercises by state."""
    right = sum(states[n] == RIGHT for n in names())
    total = say(language, "{right} of {all} right", right=right, all=len(names()))
    lines = [fitted(say(language, "homework in {path}", path=folder.path)), total, ""]
    for part, about in PARTS.items():
        mine = [n for n in names() if load(n).part == part]
        if not mine:
            continue
        counts = {"right": sum(states[n] == RIGHT for n in mine), "all": len(mine)}
        named = {"n": part, "title": say(language, about)}
        heading = say(language, "part {n}, {title}: {right} of {all} right", **named, **counts)
        lines.append(fitted(heading))
        for state in (RIGHT, *(s for s in (*STATES, NOT_CHECKED) if s != RIGHT)):
            ids = [id_of(n) for n in mine if states[n] == state]
            if ids:
                text = say(language, "{file}: {state}", file=say(language, state), state=ranges(ids))
                lines.append(coloured(fitted(text, "  "), state))
    if CAPSTONE in states:
        state = say(language, states[CAPSTONE])
        lines.append(fitted(say(language, "{file}: {state}", file=say(language, CAPSTONE), state=state)))
    return "\n".join(lines)


def summary_text(verdicts: Sequence[Verdict], language: str) -> str:
    """How many are in each state."""
    counts = {state: sum(v.state == state for v in verdicts) for state in reversed(STATES)}
    return fitted(", ".join(f"{n} {say(language, state)}" for state, n in counts.items() if n))


def ranges(ids: Sequence[str]) -> str:
    """01, 02, 03, 05 as "01 to 03, 05"."""
    order = [id_of(n) for n in names()]
    at = [order.index(i) for i in ids]
    runs: list[list[int]] = []
    for k in at:
        if runs and runs[-1][-1] == k - 1:
            runs[-1].append(k)
        else:
            runs.append([k])
    shown = []
    for run in runs:
        first, last = order[run[0]], order[run[-1]]
        shown.append(first if first == last else f"{first}, {last}" if len(run) == 2 else f"{first} - {last}")
    return ", ".join(shown)
