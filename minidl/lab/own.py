"""One's own optimizer, "path/to/file.py:ClassName": its class, and an error of the file with the line it came from."""

from __future__ import annotations

import inspect
import sys
import tokenize
import traceback
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard

from .. import optim


def optimizer_class(spec: str, source: str | None = None) -> type[optim.Optimizer]:
    """The class of a name of minidl's or of "path/to/file.py:ClassName"; ValueError that says what is wrong.

    source: the text of the file, where it is known; it is then not read, and need not be on this machine.
    """
    path, _, name = spec.rpartition(":")
    if spec.endswith(".py"):
        raise ValueError(f"optimizer {spec!r}: which class of the file? Write {spec}:ClassName")
    if not path.endswith(".py"):
        return _known(spec)
    if source is None and not Path(path).is_file():
        raise ValueError(f"optimizer {spec!r}: there is no file {path}")
    try:
        module = _module(str(Path(path).absolute()), source_of(path) if source is None else source)
    except (Exception, SystemExit) as error:  # whatever the file does when it is imported
        raise ValueError(f"optimizer {spec!r}: {message_with_line(error, path)}") from error
    cls = getattr(module, name, None)
    if not _is_optimizer(cls):
        raise ValueError(f"optimizer {spec!r}: {_not_an_optimizer(module, path, name)}")
    return cls


def _known(name: str) -> type[optim.Optimizer]:
    """The class of a name of minidl's; where there is none, the error says how one's own is given."""
    path, _, of = name.rpartition(":")
    if path and Path(f"{path}.py").is_file():
        raise ValueError(f"unknown optimizer {name!r}; did you mean {path}.py:{of}?")
    try:
        return optim.get(name)
    except ValueError as error:
        form = "path/to/file.py:ClassName, such as my_rule.py:MyRule"
        raise ValueError(f"{error}; one's own is given as {form}") from None


def _is_optimizer(x: Any) -> TypeGuard[type[optim.Optimizer]]:
    return inspect.isclass(x) and issubclass(x, optim.Optimizer)


def _not_an_optimizer(module: ModuleType, path: str, name: str) -> str:
    """What the file has under the name in place of an optimizer, and which optimizers it has."""
    there = vars(module)
    if name not in there:
        found = f"it has no {name}" if name else "no name is given"
    elif inspect.isclass(there[name]):
        found = f"the class {name} does not extend it"
    else:
        found = f"{name} is no class, it is of type {type(there[name]).__name__}"
    own = [f"{path}:{n}" for n, x in there.items() if _is_optimizer(x) and x.__module__ == module.__name__]
    has = f"these: {', '.join(own)}" if own else f"none: begin one with `class {name or 'MyRule'}(Optimizer):`"
    return f"expected a subclass of minidl.optim.Optimizer in {path}, but {found}; the file has {has}"


def source_of(path: str) -> str:
    """The text of a Python file, in the encoding that it says it has; ValueError where it cannot be read."""
    try:
        with tokenize.open(path) as file:
            return file.read()
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read {path}: {error}") from error


@lru_cache
def _module(path: str, source: str) -> ModuleType:
    """The text of a file as a module: run once per process, and again when it is another text."""
    name = f"minidl_user_{Path(path).stem}"
    module = sys.modules[name] = ModuleType(name)
    module.__file__ = path
    exec(compile(source, path, "exec"), vars(module))
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
