"""The numbers that the lessons print: script, quantity, published value, ours.

`python tests/lessons.py` runs every script that has a row and prints the table.
"""

from __future__ import annotations

import functools
import importlib
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"


@dataclass(frozen=True)
class Value:
    """One published value, and where the script prints its own.

    `pattern` is a regular expression with one group, searched in what the script prints.
    The two must agree as text, digit by digit, unless `within` says how far numbers may lie apart.
    """

    script: str  # "d2l/05_momentum"
    quantity: str
    published: str
    pattern: str
    within: float | None = None

    def ours(self) -> str:
        printed = output(self.script)
        found = re.search(self.pattern, printed, re.MULTILINE)
        if found is None:
            raise AssertionError(f"{self.script} prints nothing like {self.pattern!r}:\n{printed}")
        return found[1]

    def agrees(self) -> bool:
        if self.within is None:
            return self.ours() == self.published
        return abs(float(self.ours()) - float(self.published)) <= self.within


@functools.cache
def quick(script: str) -> tuple[str, list[Path]]:
    """What a script prints with --quick, and the files it leaves, without display, data or network; run once."""
    return run_script(script, "--quick")


def output(script: str) -> str:
    """What a script prints with --quick."""
    return quick(script)[0]


def run_script(script: str, *arguments: str, timeout: float = 120) -> tuple[str, list[Path]]:
    """Run examples/SCRIPT.py in an empty folder, thrown away later; its text, and the names of the files it left."""
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "MINIDL_DATA", "MPLBACKEND")}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, str(EXAMPLES / f"{script}.py"), "--out", folder, *arguments],
            cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout,
        )  # fmt: skip
        if done.returncode != 0:
            raise AssertionError(f"{script} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        files = [p for p in Path(folder).rglob("*") if p.is_file()]
        for file in files:
            if file.stat().st_size == 0:
                raise AssertionError(f"{script} leaves an empty {file.name}")
        if folder not in done.stdout:
            raise AssertionError(f"{script} does not say where its files are:\n{done.stdout}")
        return done.stdout, [p.relative_to(folder) for p in files]


def main() -> None:
    print("| script | quantity | published | ours | |\n|---|---|---|---|---|")
    for file in sorted(Path(__file__).parent.glob("test_lessons_*.py")):
        for value in importlib.import_module(file.stem).VALUES:
            verdict = "" if value.agrees() else "differs"
            print(f"| {value.script} | {value.quantity} | {value.published} | {value.ours()} | {verdict} |")


if __name__ == "__main__":
    main()
