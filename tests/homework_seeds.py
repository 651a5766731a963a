"""Whether the grader ever errs: every right and every wrong solution that the tests know, over many seeds.

    python tests/homework_seeds.py [200]

grades all of them with so many seeds and prints what was judged falsely. The tests do the same with one seed, or as
many as HOMEWORK_SEEDS says; with more than one they also look at all rows of the tables in place of samples.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterable

from joblib import Parallel, delayed

from minidl.homework.exercise import load, names
from minidl.homework.grade import problem
from minidl.homework.subject import observe

MANY = int(os.environ.get("HOMEWORK_SEEDS", "1"))
EVERY = 3 if MANY == 1 else 1  # of long tables every third row


def sample(table):
    """Every third row of a long table, all of a short one or where time does not count."""
    rows = list(table)
    return rows[::EVERY] if len(rows) > 40 else rows


def known_sources(name: str) -> dict[bool, list[str]]:
    """Right (True) and wrong (False) solutions of one exercise: from the tables of the tests and from its catalogue."""
    import homework_part2_cases as part2
    import test_homework_framework as framework
    import test_homework_networks as networks
    import test_homework_part1 as part1
    import test_homework_part3 as part3

    exercise, edited = load(name), part1.edited
    found = {True: [exercise.solution], False: [m.applied_to(exercise.solution) for m in exercise.mistakes]}
    if name in part1.BASE:
        found[True] += [part1.BASE[name], *(edited(n, old, new) for n, old, new in part1.RIGHT_EDITS if n == name)]
        found[False] += [edited(n, old, new) for n, old, new, _ in part1.WRONG_EDITS if n == name]
    found[True] += [source for n, source in part2.RIGHT.values() if n == name]
    found[False] += [source for n, source, _ in part2.WRONG.values() if n == name]
    for number in (number for number, n in part3.NAMES.items() if n == name):
        found[True] += [part3.BASE[number], *(part3.right_source(*row) for row in part3.RIGHT_ONES if row[0] == number)]
        found[False] += [part3.edited(number, *edits) for n, _, *edits in part3.WRONG_ONES if n == number]
    found[True] += [source for n, source in networks.RIGHT_ONES if n == name]
    found[False] += [right.replace(line, instead) for n, right, line, instead, _ in networks.WRONG_ONES if n == name]
    if name == framework.E33.name:
        found[True] += [framework.edited(edits) for edits in framework.RIGHT_ONES.values()]
        found[False] += [framework.edited(edits) for edits in framework.WRONG_ONES.values()]
    if exercise.answers:  # the bug hunt: the file as it is handed out, touched
        found[False].append(exercise.starter["en"] + "# reading\n")
    return found


def accepted(name: str, source: str, seed: int) -> bool:
    """Whether all checks pass, up to the first that does not, without looking for a mistake's name."""
    exercise, passed = load(name), 0
    with contextlib.redirect_stdout(io.StringIO()):  # what a solution prints
        for kind, what in observe(exercise, source, seed):
            if kind in ("load", "interface") and what is not None:
                return False
            if kind == "check":
                if problem(exercise.checks[passed], what, exercise, seed, passed) is not None:
                    return False
                passed += 1
    return passed == len(exercise.checks)


def false_verdicts(name: str, seeds: Iterable[int]) -> list[str]:
    """What is accepted and wrong, or rejected and right, one line each."""
    return [
        f"{name}, seed {seed}: {'right, but rejected' if right else 'wrong, but accepted'}:\n{source}"
        for right, sources in known_sources(name).items()
        for source in sources
        for seed in seeds
        if accepted(name, source, seed) != right
    ]


def main() -> None:
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    known = {name: known_sources(name) for name in names()}
    right, wrong = (sum(len(sources[kind]) for sources in known.values()) for kind in (True, False))
    print(f"{len(known)} exercises, {right} right and {wrong} wrong solutions, {many} seeds each")
    found = Parallel(n_jobs=os.cpu_count(), return_as="generator_unordered")(
        delayed(false_verdicts)(name, range(first, min(first + 20, many)))
        for first in range(0, many, 20)
        for name in known
    )
    total = 0
    for lines in found:
        total += len(lines)
        for line in lines:
            print(line, flush=True)
    print(f"{total} false verdicts")
    sys.exit(total > 0)


if __name__ == "__main__":
    main()
