"""A few steps of a rule on one weight, every quantity with its formula and numbers, to redo with a pocket calculator.

    print(worked_steps(Adam, gradients=[0.5, -0.3, 0.2]))

Nothing here knows a rule. The optimizer runs as always, while Python's tracing hook reports each line just before it is
executed; formulas.py turns it into a formula with the values of that moment.
"""

from __future__ import annotations

import ast
import difflib
import functools
import inspect
import linecache
import math
import re
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np

from ..tensor import Tensor
from .catalogue import columns, made
from .formulas import (
    FUNCTIONS,
    Part,
    Reader,
    explained,
    helpers_of,
    leaf,
    literal,
    number,
    place,
    shared_lines,
    source,
    statement_at,
    with_numbers,
)
from .more.wrappers import Wrapper
from .optimizer import Optimizer

GRADIENTS = (0.5, -0.3, 0.2, 0.1)  # of steps 1, 2, ... and again from the first
MATRICES = ("Muon", "Adafactor")  # rules that say nothing with one weight: they get a 2 x 2 matrix of them
CURVATURE = 0.8  # of the loss for rules that take a closure: a w^2 / 2; with 0.5 Polyak's step ties with its bound
INSTEAD: dict[str, dict[str, Any]] = {  # to see something in 3 steps
    "Lookahead": {"k": 2}, "LBFGS": {"max_iter": 1}, "SGDRateInside": {"momentum": 0.9}, "SophiaH": {"gamma": 500.0},
    "SophiaHDelayed": {"gamma": 200.0, "update_interval": 2},
}  # fmt: skip

_BASE = Optimizer._apply.__code__  # of the base class only this is shown: it adds the L2 term to the gradient
_PASSED_OVER = {"__init__", "__getattr__", "initial", "check_group", "_checked", "parameters", "sides", "lr"}
_OPENED = {"newton_schulz"}  # functions of numbers whose inside is shown, though their value would do
_COUNTERS = {"evaluations"}


class Line(NamedTuple):
    """One quantity of a worked step.

    formula: as in the source; numbers: the same with the values put in, "" for what cannot be redone (a random draw);
    value: a float, an array (of a matrix rule), or a bool (of a condition, whose quantity is "if").
    """

    step: int
    quantity: str
    formula: str
    numbers: str
    value: Any


class Worked(NamedTuple):
    """What `worked_steps` gives; print it, or see `text`.

    problem: the optimizer and what it was given, in words; lines: the quantities in the order in which they were
    computed; w: the weights before the first step and after each; functions: the code that computed them; helpers: what
    the functions do that stand in formulas by their names; hidden: the lines of the source that changed something which
    no line of the table shows.
    """

    problem: str
    lines: list[Line]
    w: list[Any]
    functions: list[CodeType]
    helpers: dict[str, str]
    hidden: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text()

    def text(self, width: int = 120) -> str:
        """A table in that many columns."""
        problem = self.problem.replace("w = ", "w\xa0=\xa0")
        head = textwrap.wrap(problem, width, break_on_hyphens=False, subsequent_indent="  ")
        beside, below = self._table(width, below=False), self._table(width, below=True)
        notes = [textwrap.fill(f"{name}: {text}", width, subsequent_indent="  ") for name, text in self.helpers.items()]
        notes += [textwrap.fill(text, width, subsequent_indent="  ", break_long_words=False) for text in self.hidden]
        lines = [*head, *(below if len(below) < len(beside) else beside), *[""] * bool(notes), *notes]
        return "\n".join(lines).replace("\xa0", " ")

    def _table(self, width: int, below: bool) -> list[str]:
        """The lines of the table, with the numbers beside their formulas or below them."""
        cells = [(x.quantity, x.formula, _whole(x.numbers), _whole(literal(x.value))) for x in self.lines]
        name, formula, numbers, value = (max(map(len, column)) for column in zip(*cells, strict=True))
        free = max(20, width - name - value - 6)
        if formula + numbers > free:
            formula = min(formula, max(free - numbers, free * 2 // 5))
            numbers = free - formula
        out = []
        for i, (q, f, n, v) in enumerate(cells):
            if i == 0 or self.lines[i].step != self.lines[i - 1].step:
                out += ["", f"step {self.lines[i].step}"]
            if below:
                out.append(columns([(q, f, v)], [name, free + 2, value]))
                out += [columns([("", n)], [name, width - name - 2])] if n and n != v else []
            else:
                out.append(columns([(q, f, n, v)], [name, formula, numbers, value]))
        return "\n".join(out).split("\n")


def worked_steps(
    optimizer: Any, gradients: Sequence[float] | None = None, steps: int = 3, lr: float | None = None,
    start: float | Sequence[float] | None = None, **settings: Any,
) -> Worked:  # fmt: skip
    """The first steps of an optimizer on one weight (of Muon and Adafactor: on a 2 x 2 matrix).

    optimizer: a class, built with lr and settings, or a function from the parameters to an optimizer, such as
    `lambda params: SAM(Adam(params))`. gradients: of steps 1, 2, ..., and again from the first; a matrix takes four for
    each step, row by row. A rule that takes a closure gets a loss instead. start: the weight, or four. ValueError for
    what does not fit.
    """
    return worked(optimizer, settings, gradients, steps, lr, start)


def worked(
    optimizer: Any, settings: dict[str, Any], gradients: Sequence[float] | None = None, steps: int = 3,
    lr: float | None = None, start: float | Sequence[float] | None = None,
) -> Worked:  # fmt: skip
    """`worked_steps` with the settings in a dict, where they may have any names."""
    if not 1 <= steps <= 1000 or steps != int(steps):
        raise ValueError(f"the number of steps must be a whole number from 1 to 1000, got {steps}")
    is_class = isinstance(optimizer, type)
    name = optimizer.__name__ if is_class else "the rule"
    matrix = is_class and any(cls.__name__ in MATRICES for cls in optimizer.__mro__)
    shape = (2, 2) if matrix else (1,) if not is_class or optimizer.elementwise else (1, 1)
    w = Tensor(_weights(name, start, shape), requires_grad=True)
    if not is_class and (lr is not None or settings):
        raise ValueError("lr and settings go with a class; a function that makes an optimizer sets its own")
    if is_class:
        if lr is not None and "lr" in settings:
            raise ValueError(f"lr is given twice: {lr:g} and {settings['lr']!r}")
        _check_settings(optimizer, settings)
        rule = made(optimizer, [w], **INSTEAD.get(name, {}) | ({} if lr is None else {"lr": lr}) | settings)
    else:
        rule = optimizer([w])
    if rule.closure and gradients is not None:
        raise ValueError(f"{name} takes no gradients: it gets them from a loss, here {CURVATURE:g} / 2 w^2")
    usual = [np.roll(GRADIENTS, -i) for i in range(4)] if w.size > 1 else GRADIENTS
    cycle = _cycle(name, usual if gradients is None else gradients, w)
    watcher = _Watcher(rule, w)
    weights = [number(w)]
    for watcher.step in range(1, int(steps) + 1):
        if rule.closure:
            watcher.watch(lambda: rule.step(watcher.closure))
        else:
            g = cycle[(watcher.step - 1) % len(cycle)]
            rule.zero_grad()
            (w * g).sum().backward()
            watcher.lines.append(Line(watcher.step, "g", "given", "", number(g)))
            watcher.watch(rule.step)
        weights.append(number(w))
    if not watcher.functions:
        raise ValueError(f"{name}: worked steps are read from the source of the rule, which cannot be found")
    problem = f"{rule!r} from w = {literal(weights[0])}"
    if rule.closure:
        problem += f"; the loss is a / 2 w^2 with a = {CURVATURE:g}; its derivatives are a w and a"
    if w.size > 1:
        problem += "; [1 2; 3 4] is the matrix with the rows 1 2 and 3 4"
    return Worked(problem, watcher.lines, weights, watcher.functions, watcher.helpers, tuple(watcher.hidden))


def _check_settings(cls: type, settings: dict[str, Any]) -> None:
    parameters = dict(list(inspect.signature(cls).parameters.items())[1:])
    known = list(dict.fromkeys([*parameters, "lr"]))
    for name, x in settings.items():
        if name in known:
            if isinstance(parameters[name].default, bool) and not isinstance(x, bool):
                raise ValueError(f"{cls.__name__}: {name} must be True or False, got {x!r}")
        elif not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
            hint = f"; did you mean {near[0]}? It" if near else "; it"
            text = f"{cls.__name__} has no hyper-parameter {name!r}{hint} has {', '.join(known)}"
            if issubclass(cls, Wrapper):
                text += f". What it wraps is plain SGD here; for another: worked_steps(lambda params: {cls.__name__}("
                text += "Adam(params)))"
            raise ValueError(text)
    for name, p in parameters.items():
        needed = p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
        if needed and name not in ("lr", *settings):
            raise ValueError(f"{cls.__name__} has no default for {name}: give its value (--set {name}=VALUE)")


def _weights(name: str, start: Any, shape: tuple[int, ...]) -> np.ndarray:
    size = math.prod(shape)
    given = np.array([1.0, 0.5, -0.5, 2.0][:size] if start is None else start, float).reshape(-1)
    if given.size not in (1, size):
        raise ValueError(f"{name} starts from {'four weights, row by row' if size > 1 else 'one weight'}, got {start}")
    if not np.isfinite(given).all():
        raise ValueError(f"the weight at the start must be a finite number, got {start}")
    return np.broadcast_to(given, size).reshape(shape).copy()


def _cycle(name: str, gradients: Any, w: Tensor) -> np.ndarray:
    numbers = np.array(gradients, float).reshape(-1)
    if not np.isfinite(numbers).all():
        raise ValueError(f"the gradients must be finite numbers, got {', '.join(map(str, numbers))}")
    if not numbers.size or numbers.size % w.size:
        raise ValueError(f"{name} takes {w.size} gradients for each step, row by row, got {numbers.size}")
    return numbers.reshape(-1, *w.shape)


def _whole(text: str) -> str:
    """With the spaces inside matrices such that no line is broken there."""
    return re.sub(r"\[[^]]*]", lambda m: m[0].replace(" ", "\xa0"), text)


class _Statement(NamedTuple):
    """A statement that is being executed: what it makes, and what the functions gave that were watched meanwhile."""

    node: ast.stmt
    parts: list[Part]
    calls: dict[str, Any]
    told: int  # how much was written down before it
    arrays: dict[str, tuple[Any, Any]]  # each, and as it was before it


class _Watcher:
    """Writes down the lines of the table while an optimizer runs."""

    def __init__(self, rule: Optimizer, w: Tensor) -> None:
        self.rule, self.w, self.step = rule, w, 0
        self.lines: list[Line] = []
        self.functions: list[CodeType] = []
        self.helpers: dict[str, str] = {}
        self.hidden: dict[str, None] = {}
        self.told = 0  # lines and notes so far
        self.running: dict[FrameType, _Statement | None] = {}
        self.begun: Any = None  # (frame, quantity, formula) of the last line, where it was a *=, half of a formula
        rules: list[Any] = [rule]
        while "base" in vars(rules[-1]):
            rules.append(rules[-1].base)
        classes = [c for r in rules for c in type(r).__mro__ if issubclass(c, Optimizer)]
        methods = [f for c in classes for f in vars(c).values() if inspect.isfunction(f)]
        self.files = {f.__code__.co_filename for f in methods} - {_BASE.co_filename}
        self.innermost = rules[-1]

    def watch(self, function: Callable[[], Any]) -> None:
        linecache.checkcache()  # one's own file may have been changed since it was last read
        before = sys.gettrace()
        sys._getframe().f_trace_opcodes = True  # Python 3.12 reports instructions only where this comes before settrace
        sys.settrace(self.called)
        try:
            function()
        finally:
            sys.settrace(before)
            self.running.clear()

    def closure(self) -> Tensor:
        """The loss a / 2 w^2, which writes down its own lines."""
        a, w = leaf("a", CURVATURE), leaf("w", self.w)
        half, square = ast.BinOp(a, ast.Div(), ast.Constant(2)), ast.BinOp(w, ast.Pow(), ast.Constant(2))
        loss = (self.w * self.w).sum() * (CURVATURE / 2)
        self.add(Part("loss", ast.BinOp(half, ast.Mult(), square), lambda: loss))
        if self.rule.closure == "backward":
            self.rule.zero_grad()
            loss.backward()
        if self.rule.gradients != "0":
            self.add(Part("g", ast.BinOp(a, ast.Mult(), w), lambda: CURVATURE * number(self.w)))
        for frame, statement in self.running.items():
            if statement is not None:
                statement.calls["closure"] = number(loss)
            if frame.f_code not in self.functions:
                self.functions.append(frame.f_code)
        return loss

    # -- what Python calls

    def called(self, frame: FrameType, event: str, _: Any) -> Any:
        """At every function call; what this returns is called at every line of that function."""
        caller = self.running.get(frame.f_back) if frame.f_back else None
        if not self.wanted(frame, caller):
            return None
        if caller is not None:
            self.arguments(frame, caller)
        self.running[frame] = None
        frame.f_trace_opcodes = bool(shared_lines(frame.f_code))
        return self.line

    def wanted(self, frame: FrameType, caller: _Statement | None) -> bool:
        """Whether a function's inside is shown: a method of the rule, or a helper of more than numbers."""
        code = frame.f_code
        if code is _BASE:
            return True
        if code.co_filename not in self.files or code.co_name in _PASSED_OVER or code.co_name[0] == "<":
            return False
        inside = "self" in frame.f_locals or code.co_name in _OPENED
        for_effect = caller is not None and isinstance(caller.node, ast.Expr)
        return inside or for_effect or any(number(x) is None for x in frame.f_locals.values())

    def line(self, frame: FrameType, event: str, result: Any) -> Any:
        now, code = self.running.get(frame), frame.f_code
        shared = event in ("line", "opcode") and frame.f_lineno in shared_lines(code)
        node = None
        if event == "opcode" and shared:  # the only event that tells the statements of one line from each other
            at = place(frame)
            node = statement_at(code.co_filename, *at) if at else None
        elif event == "line" and not shared:
            node = statement_at(code.co_filename, frame.f_lineno)
        if (event != "return" and node is None) or (now is not None and now.node is node):  # more of one statement
            return self.line
        if now is not None:
            inside = self.told > now.told
            for part in now.parts:
                if not (inside and isinstance(part.formula, ast.Subscript)):  # a, b = f(x), whose inside was shown
                    self.add(part, frame, now)
            self.check_shown(frame, now)
        if event == "return":
            del self.running[frame]
            caller = self.running.get(frame.f_back) if frame.f_back else None
            if caller is not None:
                caller.calls[code.co_name.lstrip("_")] = number(result)
        elif node is not None:
            reader = self.reader(frame)
            held = reader.arrays | {k: x for k, x in frame.f_locals.items() if isinstance(x, np.ndarray)}
            before = {reader.array_name(k) or k: (x, x.copy()) for k, x in held.items()}
            self.running[frame] = _Statement(node, list(reader.parts(node)), {}, self.told, before)
        return self.line

    def check_shown(self, frame: FrameType, done: _Statement) -> None:
        """Notes a statement that changed an array in a way that no line of the table shows."""
        if done.parts or self.told > done.told or frame.f_code is _BASE:
            return
        changed = [k for k, (x, before) in done.arrays.items() if x.tobytes() != before.tobytes()]
        if changed:
            file, line = Path(frame.f_code.co_filename).name, done.node.lineno
            text = f"{file}, line {line}, is not shown, but changes {', '.join(changed)}: {source(done.node)}"
            self.hidden[text.split("\n")[0]] = None
            self.told += 1
            if frame.f_code not in self.functions:
                self.functions.append(frame.f_code)

    def reader(self, frame: FrameType) -> Reader:
        arrays = {k: x for k, x in self.innermost._state.get(self.w, {}).items() if isinstance(x, np.ndarray)}
        return Reader(frame, {"w": self.w.data, **arrays}, self.w.size == 1)

    def arguments(self, frame: FrameType, caller: _Statement) -> None:
        """Lines for what a function is given under another name, or as an expression."""
        code = frame.f_code
        assert frame.f_back is not None
        calls = [c for c in ast.walk(caller.node) if isinstance(c, ast.Call)]
        call = next((c for c in calls if source(c.func).split(".")[-1] == code.co_name), None)
        if call is None:
            return
        names = [name for name in code.co_varnames[: code.co_argcount] if name != "self"]
        given = [*zip(names, call.args, strict=False), *((k.arg, k.value) for k in call.keywords if k.arg)]
        reader = self.reader(frame.f_back)
        for name, node in given:
            x = frame.f_locals.get(name)
            own = isinstance(x, np.ndarray) and any(np.shares_memory(a, x) for a in reader.arrays.values())
            if not own and not isinstance(node, ast.Starred):
                self.add(Part(name, reader.read(node), functools.partial(number, x)), frame.f_back, caller)

    # -- writing down

    def add(self, part: Part, frame: FrameType | None = None, statement: _Statement | None = None) -> None:
        quantity, formula, _ = part
        value = part.value()
        value = value if isinstance(value, bool | np.bool_) and isinstance(formula, ast.Compare) else number(value)
        if isinstance(value, list) and len(value) == 1 and source(formula).startswith("grad("):
            value = value[0]
        if value is None or isinstance(value, list) or type(value) is int or quantity in _COUNTERS:
            return
        calls = statement.calls if statement else {}
        if isinstance(formula, ast.Call) and source(formula.func) == "closure":
            return  # which has written it down itself
        helpers = helpers_of(frame) if frame else {}
        augmented = statement.node.op if statement and isinstance(statement.node, ast.AugAssign) else None
        begun, self.begun = self.begun, None
        if isinstance(augmented, ast.Add | ast.Sub) and begun and begun[:2] == (frame, quantity):
            formula = ast.BinOp(begun[2], augmented, formula.right)  # type: ignore[attr-defined]
            self.lines.pop()  # m *= beta; m += (1 - beta) * g is one formula
        text = source(formula)
        line = Line(self.step, quantity, text, with_numbers(formula, value, calls, helpers), value)
        words = isinstance(formula, ast.Compare) and not line.numbers  # a comparison of words
        chosen = isinstance(getattr(statement.node, "value", None), ast.IfExp) if statement else False
        if words or (isinstance(formula, ast.Constant) and not chosen) or self.known(line, formula, calls, frame):
            return
        self.lines.append(line)
        self.told += 1
        if isinstance(augmented, ast.Mult):
            self.begun = frame, quantity, formula
        named = {source(x.func) for x in ast.walk(formula) if isinstance(x, ast.Call)}
        for called in sorted(named & {*helpers} - {*FUNCTIONS}):
            self.helpers.setdefault(*explained(called, helpers[called]))
        if frame is not None and frame.f_code not in self.functions:
            self.functions.append(frame.f_code)

    def known(self, line: Line, formula: ast.expr, calls: dict[str, Any], frame: FrameType | None) -> bool:
        """Whether a line says nothing new: g = g, beta1 = betas[0] in every step, what a function has just shown."""
        same = [x for x in self.lines if x.quantity == line.quantity and literal(x.value) == literal(line.value)]
        again = [x for x in same if x.step == self.step]
        if isinstance(formula, ast.Name):
            itself = line.formula in re.sub(r"\bself\._?", "", line.quantity).split(" = ")
            before = getattr(formula, "number", None)
            unchanged = before is None or literal(before) == literal(line.value)
            setting = line.formula.split("[")[0] in self.innermost.param_groups[0]
            return (itself and unchanged) or (setting and bool(same))
        if isinstance(formula, ast.Call) and source(formula.func) in calls:
            return bool(again)
        return bool(again) and frame is not None and frame.f_code.co_name == "numbers"  # may run twice in a step
