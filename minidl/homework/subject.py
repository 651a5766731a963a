"""Loads a learner's file and calls it, so that whatever it does becomes an outcome with one clear line.

What this guards against is accidents and cheap tricks. It is no sandbox for hostile code.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from minidl.homework.check import Check
from minidl.homework.compare import freeze
from minidl.homework.exercise import Exercise

_FORBIDDEN = ("open", "input", "exec", "eval", "compile", "breakpoint", "exit", "quit", "globals", "vars", "memoryview")


@dataclass(frozen=True)
class Returned:
    """What a check saw, and which of its inputs are no longer what they were."""

    value: Any
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Raised:
    """An exception that came out of the learner's code."""

    type: str
    message: str
    line: int | None = None  # of the learner's file
    text: str = ""  # that line

    def __str__(self) -> str:
        at = f"line {self.line}: `{self.text}`: " if self.line else ""
        return f"{at}{self.type}" + (f": {self.message}" if self.message else "")


Outcome = Returned | Raised


class NotAllowed(Exception):
    """The learner's code asked for something that an exercise does not offer."""


def decode(data: bytes) -> str:
    """The text of a Python file: UTF-8 with or without a byte order mark, any line ends.

    Raises SyntaxError with the place where it is no such text.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SyntaxError(f"line {line} is not UTF-8 text (save the file as UTF-8)") from None
    if "\0" in text:
        raise SyntaxError("the file holds zero bytes; it is no Python text in UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def load(source: str, filename: str, allowed: tuple[str, ...]) -> ModuleType:
    """Run a learner's source as a module. Raises what it raises; NotAllowed and SyntaxError before anything ran."""
    tree = ast.parse(source, filename)
    for node in ast.walk(tree):
        for module in _imported(node):
            _check_allowed(module, allowed, f"line {node.lineno}: ")  # type: ignore[attr-defined]
    code = ModuleType("homework_" + "".join(c if c.isalnum() else "_" for c in filename.removesuffix(".py")))
    code.__dict__["__builtins__"] = _guarded_builtins(allowed)
    sys.modules[code.__name__] = code  # dataclasses look their module up
    code.__file__ = filename
    exec(compile(tree, filename, "exec"), code.__dict__)
    return code


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        return [module, *(f"{module}.{alias.name}" for alias in node.names)]
    return []


def _check_allowed(module: str, allowed: tuple[str, ...], place: str = "") -> None:
    offered_parts = [a for a in allowed if f"{module}.".startswith(f"{a}.")]
    if f"{module}.".startswith("minidl.homework.") and not any("." in a for a in offered_parts):
        raise NotAllowed(f"{place}imports {module}, the grader itself")
    if module.split(".")[0] not in allowed:
        offered = ", ".join(a for a in allowed if not a.startswith("_"))
        raise NotAllowed(f"{place}imports {module}; an exercise may import {offered}")


def _guarded_builtins(allowed: tuple[str, ...]) -> dict[str, Any]:
    def guarded_import(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        for module in (name, *(f"{name}.{part}" for part in fromlist or ())):
            _check_allowed("." * level + module, allowed)
        return builtins.__import__(name, globals, locals, fromlist, level)

    def refuse(name: str) -> Any:
        def refused(*_: Any, **__: Any) -> Any:
            raise NotAllowed(f"calls {name}(); an exercise computes from its arguments alone")

        return refused

    return vars(builtins) | {name: refuse(name) for name in _FORBIDDEN} | {"__import__": guarded_import}


def attempt(check: Check, code: ModuleType, rng: np.random.Generator, filename: str, source: str) -> Outcome:
    """One check on one module: what it returned and changed, or what it raised."""
    inputs = check.inputs(rng)
    before = {name: freeze(value) for name, value in inputs.items() if name not in check.may_change}
    try:
        with np.errstate(all="ignore"):
            value = freeze(check.run(code, inputs))
            after = {name: freeze(inputs[name]) for name in before}
    except BaseException as error:  # SystemExit and KeyboardInterrupt too: a learner's exit() must not end the grader
        return raised(error, filename, source)
    return Returned(value, tuple(name for name in before if not same(before[name], after[name])))


def same(a: Any, b: Any) -> bool:
    """Whether two frozen values are equal to the last bit; NaN equals NaN."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
    return type(a) is type(b) and (a == b or (a != a and b != b) or not isinstance(a, int | float | str))


def raised(error: BaseException, filename: str, source: str) -> Raised:
    """An exception as one line: where in the learner's file, and what."""
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    lines = source.splitlines()
    text = lines[line - 1].strip() if line and line <= len(lines) else ""
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    kind = "MemoryError" if isinstance(error, MemoryError) else type(error).__name__  # NumPy has a kind of its own
    return Raised(kind, message.strip().splitlines()[0][:300] if message.strip() else "", line, text)


def interface(code: ModuleType, solution: str) -> str | None:
    """None where every public function, class and method of the solution is there; else what is missing or not so."""
    for node in ast.parse(solution).body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        found = getattr(code, node.name, None)
        wanted = _signature(node)
        if found is None:
            kind = "class" if isinstance(node, ast.ClassDef) else "function"
            return f"{kind} {node.name} not found; the file must define {wanted}"
        if isinstance(node, ast.FunctionDef):
            complaint = _arguments(found, node, wanted, skip=0) if callable(found) else f"{node.name} is no function"
            if complaint:
                return complaint
            continue
        if not isinstance(found, type):
            return f"{node.name} is no class; the file must define {wanted}"
        for method in node.body:
            if not isinstance(method, ast.FunctionDef) or (method.name[0] == "_" and method.name[:2] != "__"):
                continue
            has = inspect.getattr_static(found, method.name, None)
            shown = f"{node.name}.{_signature(method)}"
            if has is None or (method.name == "__init__" and has is object.__init__):
                return f"method {method.name} of class {node.name} not found; the class must define {shown}"
            complaint = _arguments(getattr(found, method.name), method, shown, skip=1)
            if complaint:
                return complaint
    return None


def _signature(node: ast.FunctionDef | ast.ClassDef) -> str:
    if isinstance(node, ast.ClassDef):
        init = next((m for m in node.body if isinstance(m, ast.FunctionDef) and m.name == "__init__"), None)
        if init is None:
            return f"class {node.name}"
        return f"class {node.name}({_signature(init).removeprefix('__init__(').removesuffix(')')})"
    text = ast.unparse(node.args)
    return f"{node.name}({text.removeprefix('self, ').removeprefix('self')})"


def _arguments(found: Any, node: ast.FunctionDef, shown: str, skip: int) -> str | None:
    """Whether a function can be called as the solution's is; further arguments need defaults."""
    if node.args.kwonlyargs:
        return None  # minidl's optimizers name what they want to know
    try:
        has = list(inspect.signature(found).parameters.values())[skip:]
    except (TypeError, ValueError):
        return None
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in has):
        return None
    wanted = [a.arg for a in node.args.args][skip:]
    names = [p.name for p in has]
    needed = [p.name for p in has if p.default is p.empty]
    if len(names) < len(wanted) or len(needed) > len(wanted):
        return f"{shown.split('(')[0]} takes {len(names)} arguments, expected {len(wanted)}: {shown}"
    if node.name.startswith("__") and node.name != "__init__":
        return None
    different = [(n, w) for n, w in zip(names, wanted, strict=False) if n != w]
    if different:
        return f"an argument of {shown.split('(')[0]} is called {different[0][0]}, expected {different[0][1]}: {shown}"
    return None


def observe(exercise: Exercise, source: str, seed: int) -> Iterator[tuple[str, Outcome | str | None]]:
    """Load a learner's source and put every check to it.

    Yields ("load", Raised or None), ("interface", what is missing or None), ("answer NAME", its value) and, for every
    check in turn, ("check", outcome). Nothing comes after a load or an interface that failed.
    """
    filename = exercise.file
    try:
        code = load(source, filename, exercise.allowed)
    except BaseException as error:
        yield "load", raised(error, filename, source)
        return
    yield "load", None
    complaint = interface(code, exercise.solution)
    yield "interface", complaint
    if complaint:
        return
    for name, text in exercise.answers.items():
        del text
        yield "answer " + name, Returned(freeze(getattr(code, name, None)))
    for index, check in enumerate(exercise.checks):
        yield "check", attempt(check, code, np.random.default_rng([seed, index]), filename, source)
