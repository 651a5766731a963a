"""`import minidl` imports NumPy and no other package; the rooms come when they are asked for."""

import importlib.util
import subprocess
import sys

import pytest

ROOMS = ["nn", "optim", "data", "train", "lab"]


def fresh(code):
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


def test_importing_minidl_imports_numpy_and_nothing_else():
    packages = fresh(
        "import sys; before = set(sys.modules); import minidl\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(new - set(sys.stdlib_module_names)))"
    )
    packages = [p for p in packages if "cython" not in p]  # what NumPy's compiled parts register for themselves
    assert packages == ["minidl", "numpy"]


def test_importing_minidl_imports_no_room():
    modules = fresh("import sys, minidl; print(*[m for m in sys.modules if m.startswith('minidl.')])")
    assert modules and not [m for m in modules if m.split(".")[1] in ROOMS]


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_resolve_after_import_minidl_alone(room):
    if importlib.util.find_spec(f"minidl.{room}") is None:
        pytest.skip(f"minidl.{room} is not written yet")
    assert fresh(f"import minidl; print(minidl.{room}.__name__)") == [f"minidl.{room}"]


def test_every_public_name_resolves():
    if any(importlib.util.find_spec(f"minidl.{room}") is None for room in ROOMS):
        pytest.skip("not all rooms are written yet")
    assert fresh("import minidl; print(*[n for n in minidl.__all__ if getattr(minidl, n, None) is None])") == []
    assert fresh("from minidl import *; print(Tensor.__name__, fit.__name__, sum.__module__)")[:2] == ["Tensor", "fit"]


def test_an_unknown_name_is_an_attribute_error():
    import minidl

    with pytest.raises(AttributeError, match="module 'minidl' has no attribute 'tensors'"):
        minidl.tensors  # noqa: B018
    assert "nn" in dir(minidl) and "fit" in dir(minidl)
