"""One's own optimizer, "path/to/file.py:ClassName": its class, and an error of the file with the line it came from."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from .. import optim


def optimizer_class(spec: str) -> type[optim.Optimizer]:
    """The class of a name of minidl's or of "path/to/file.py:ClassName"; ValueError that says what is wrong."""
    path, _, name = spec.rpartition(":")
    if spec.endswith(".py"):
        raise ValueError(f"optimizer {spec!r}: which class of the file? Write {spec}:ClassName")
    if not path.endswith(".py"):
        return optim.get(spec)
    if not Path(path).is_file():
        raise ValueError(f"optimizer {spec!r}: there is no file {path}")
    try:
        module = _module(path, Path(path).stat().st_mtime_ns)
    except (Exception, SystemExit) as error:  # whatever the file does when it is imported
        raise ValueError(f"optimizer {spec!r}: {message_with_line(error, path)}") from error
    cls = getattr(module, name, None)
    if not (inspect.isclass(cls) and issubclass(cls, optim.Optimizer)):
        own = [c for c in vars(module).values() if inspect.isclass(c) and c.__module__ == module.__name__]
        found = ", ".join(c.__name__ for c in own if issubclass(c, optim.Optimizer)) or "none"
        what = "has no class" if cls is None else "has, but not as a subclass of minidl.optim.Optimizer,"
        raise ValueError(f"optimizer {spec!r}: {path} {what} {name}; optimizers in it: {found}")
    return cls


@lru_cache
def _module(path: str, changed: int) -> ModuleType:
    """A file as a module: imported once per process, and again when its time of change is another."""
    spec = importlib.util.spec_from_file_location(f"minidl_user_{Path(path).stem}", path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def message_with_line(error: BaseException, path: str) -> str:
    """An error as "own.py, line 9: NameError: name 'q' is not defined".

    The line is the last one of the file at `path` that the error came through; left out where there is none.
    """
    file = str(Path(path).absolute())
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if str(Path(f.filename).absolute()) == file]
    text = str(error)
    if isinstance(error, SyntaxError) and error.filename and str(Path(error.filename).absolute()) == file:
        lines, text = [error.lineno], error.msg
    where = f"{path}, line {lines[-1]}: " if lines else f"{path}: "
    return f"{where}{type(error).__name__}: {text}"
