"""The README's installation, in a virtual environment of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PROJECT = Path(__file__).parents[1]


@pytest.mark.slow
def test_a_clone_named_minidl_is_imported_from_the_folder_above_it(tmp_path):
    clone = tmp_path / "minidl"
    clone.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, clone)
    shutil.copytree(PROJECT / "minidl", clone / "minidl", ignore=shutil.ignore_patterns("__pycache__"))
    python = clone / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([sys.executable, "-m", "venv", clone / ".venv"], check=True)
    environment = {**os.environ, "PYTHONPATH": str(Path(np.__file__).parents[1])}  # for NumPy; minidl is not there
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "-e", clone]
    result = subprocess.run(install, capture_output=True, text=True, env={**environment, "PYTHONPATH": ""})
    if "onnection" in result.stderr or "No matching distribution" in result.stderr:
        pytest.skip("pip cannot fetch setuptools: no network")
    assert result.returncode == 0, result.stderr
    for folder in (tmp_path, clone, tmp_path / "elsewhere"):
        folder.mkdir(exist_ok=True)
        seen = subprocess.run(
            [python, "-c", "import minidl; minidl.seed(0); print(minidl.__file__)"],
            capture_output=True, text=True, cwd=folder, env=environment,
        )  # fmt: skip
        assert seen.stdout.strip() == str(clone / "minidl" / "__init__.py"), seen.stderr
