"""examples/README.md is complete both ways: every script is on the map, and every link leads where it says.

`python tests/test_course_map.py` writes the line numbers of the definitions anew.
"""

from __future__ import annotations

import ast
import functools
import importlib
import re
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
README = EXAMPLES / "README.md"
TEXT = README.read_text(encoding="utf-8")
SERIES = ("c2w2", "cs231n", "d2l", ".")
SOURCE = re.compile(r"\[([\w.]+)\]\((\.\./minidl/[\w/]+\.py)#L(\d+)\)")
SCRIPT = re.compile(r"\[([\w/]+)\]\(([\w/]+\.py)\)")
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)]+))?\)")
EXERCISE = re.compile(r"e\d\d_\w+")


def section(title: str) -> str:
    """The text under a heading that begins so."""
    return re.search(rf"^## {re.escape(title)}.*?\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)[1]


def rows(text: str) -> list[list[str]]:
    """The cells of a table's rows, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


MAP = [row for title in ("Improving", "CS231n", "Dive", "Our own") for row in rows(section(title))]


@functools.cache
def definitions(path: Path) -> dict[str, int]:
    """Name -> line of what a file defines at its top level."""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found[node.name] = node.lineno
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {t.id: node.lineno for t in targets if isinstance(t, ast.Name)}
    return found


@pytest.mark.parametrize("series", SERIES)
def test_every_script_is_on_the_map_and_every_one_on_the_map_is_there(series):
    folder = EXAMPLES / series
    there = {p.relative_to(EXAMPLES).as_posix() for p in folder.glob("*.py")}
    linked = [path for row in MAP for _, path in SCRIPT.findall(row[1]) if Path(path).parent == Path(series)]
    assert sorted(linked) == sorted(there)


def test_rows_are_whole():
    for lesson, script, formula, exercise in MAP:
        assert lesson and SOURCE.search(formula) and EXERCISE.search(exercise)
        ((name, path),) = SCRIPT.findall(script)
        assert path == f"{name}.py"


@pytest.mark.parametrize("name, path, line", sorted(set(SOURCE.findall(TEXT))))
def test_a_source_link_points_at_the_definition(name, path, line):
    found = definitions((EXAMPLES / path).resolve())
    assert name in found, f"{path} defines no {name}"
    assert found[name] == int(line), f"{name} is in line {found[name]}: python tests/test_course_map.py"


def test_other_links_exist():
    titles = re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    headings = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    for path, anchor in LINK.findall(TEXT):
        if not path:
            assert anchor in headings, f"no heading #{anchor}"
        else:
            assert (EXAMPLES / path).exists(), path


def test_every_lesson_and_item_is_on_the_map():
    lessons = " ".join(row[0] for row in MAP)
    numbers = {int(n) for n in re.findall(r"\bN(\d+)", lessons)}
    assert numbers >= set(range(1, 18)), set(range(1, 18)) - numbers
    items = {int(n) for found in re.findall(r"\b[Ii]tems? (\d+(?: and \d+)?)", lessons) for n in found.split(" and ")}
    assert items == set(range(1, 26)), set(range(1, 26)) ^ items


def test_exercises_have_names_of_the_homework():
    named = {name for row in MAP for name in EXERCISE.findall(row[3])}
    assert {int(name[1:3]) for name in named} <= set(range(1, 34))
    assert len({name[:3] for name in named}) == len(named)  # one name for a number
    homework = EXAMPLES.parent / "minidl" / "homework"
    there = {path.stem[:3]: path.stem for path in homework.rglob("e[0-9][0-9]_*")}
    for name in named:
        assert there.get(name[:3], name) == name


@pytest.mark.parametrize("row", rows(section("PyTorch")), ids=lambda row: row[0])
def test_every_minidl_name_resolves(row):
    names = re.findall(r"`(minidl\.[\w.]+)`", " ".join(row[1:]))
    assert names
    for name in names:
        functools.reduce(getattr, name.split(".")[1:], importlib.import_module("minidl"))


def test_the_glossary_has_both_languages_and_no_term_twice():
    terms = rows(section("Glossary"))
    assert len(terms) > 40 and len({row[0] for row in terms}) == len(terms)
    for english, chinese, meaning in terms:
        assert english.isascii() and meaning and re.search(r"[\u4e00-\u9fff]", chinese)


def main() -> None:
    def line(found: re.Match) -> str:
        name, path, _ = found.groups()
        return f"[{name}]({path}#L{definitions((EXAMPLES / path).resolve())[name]})"

    README.write_text(SOURCE.sub(line, TEXT), encoding="utf-8")


if __name__ == "__main__":
    main()
