"""The bug hunt: files of other exercises with one bug planted in each, which the learner repairs and names.

A folder holds the story in two languages (en.md, zh.md: statement, then three hints) and says in its __init__.py from
which exercise the code comes, what the bug is called and which lines make it. The checks are those of that exercise.
No known mistakes are compared: to name the bug is the learner's part.
"""

from __future__ import annotations

import ast

from minidl.homework import exercise
from minidl.homework.check import replace_lines
from minidl.homework.exercise import Exercise

FOLDER = "e32_bug_hunt"
POINTS = 1.0  # ten files weigh as much as one exercise


def hunt(package: str, origin: str, bug: str, others: tuple[str, ...], *edits: tuple[str, str]) -> Exercise:
    """The exercise in `package` (its __name__): the solution of `origin` with `edits` planted, which are called `bug`.

    `others` are the wrong answers; the file lists all names in the order of the alphabet.
    """
    name = package.removeprefix("minidl.homework.exercises.").replace(".", "/")
    source = exercise.load(origin)
    names = sorted([bug, *others])
    texts = {language: exercise.sections(name, f"{language}.md") for language in ("en", "zh")}
    right = _code(source.solution)
    buggy = right
    for old, new in edits:
        buggy = replace_lines(buggy, old, new)

    def file(language: str, code: str, answer: str) -> str:
        listed = "\n".join(f"    {n}" for n in names)
        (task,) = exercise.sections(FOLDER, f"{language}.md")
        statement = f"{texts[language][0]}\n\n{task}\n\n{listed}"
        return f'"""{statement}\n"""\n\nBUG = "{answer}"\n\n{code}'

    return Exercise(
        id=exercise.id_of(name),
        name=name,
        solution=file("en", right, bug),
        starter={language: file(language, buggy, "") for language in texts},
        reference=source.reference,
        checks=source.checks,
        mistakes=(),
        hints={language: tuple(parts[1:]) for language, parts in texts.items()},
        points=POINTS,
        allowed=source.allowed,
        answers={"BUG": bug},
    )


def _code(solution: str) -> str:
    """A solution without its statement."""
    statement = ast.parse(solution).body[0]
    return "\n".join(solution.splitlines()[statement.end_lineno :]).strip() + "\n"
