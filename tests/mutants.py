"""All the small slips that one could make in a file, one at a time: the mutants that `mutation.py` has judged.

Not changed: docstrings, messages of errors, annotations, imports, decorators, asserts, `__repr__`, and strings, except
those that are intervals: "[0, 1)".
"""

import ast
import copy
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

ARITHMETIC = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Div, ast.Mod: ast.Mult,
}  # fmt: skip
COMPARISON = {
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}  # fmt: skip
_PAIRS = "maximum minimum, max min, argmax argmin, any all, floor ceil, cos sin, zeros ones, zeros_like ones_like"
PARTNER = {a: b for pair in _PAIRS.split(", ") for a, b in (pair.split(), reversed(pair.split()))}
UNARY = {"sqrt", "square", "abs", "absolute", "sign", "exp", "log", "log10", "log2", "cos", "sin", "tanh", "float"}
BOUNDS = {"maximum", "minimum", "max", "min"}  # also commutative: their arguments are not swapped
UNORDERED = BOUNDS | {"isinstance", "hasattr", "getattr", "setattr", "super", "zip"}
SKIPPED = (ast.Raise, ast.Assert, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Pass, ast.Try)
UNSEEN = ("__repr__", "__str__")
TEXT = (ast.JoinedStr, ast.List, ast.Tuple, ast.ListComp)  # what + does not add up as numbers


@dataclass(frozen=True)
class Mutant:
    """One slip: `old` and `new` are the statement's text before and after, `edit` the bytes of the file to replace.

    A test can notice it if it runs one of `lines`, or, where `uses` is a class, if it uses that class. What is `early`,
    a default or a statement outside of functions, it may also just look at.
    """

    file: str
    where: str  # the class and function: "Adam.update"
    kind: str
    line: int
    old: str
    new: str
    edit: tuple[int, int, str] = field(repr=False)
    lines: tuple[int, int] = field(repr=False)
    uses: str = field(default="", repr=False)
    early: bool = field(default=False, repr=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.where}: {self.old}  ->  {self.new}"

    def apply(self, source: str) -> str:
        """The file's text with the slip in it; every line keeps its number."""
        begin, end, text = self.edit
        whole = source.encode()
        return (whole[:begin] + text.encode() + whole[end:]).decode()


@dataclass(frozen=True)
class Scope:
    """Where a statement stands, and which names there are of one kind: a slip may take one for another."""

    name: str = ""
    inside: type[ast.AST] = ast.Module
    families: tuple[tuple[str, ...], ...] = ()  # ("m", "v", "g", "w"), ("lr", "eps"): names in scope
    fields: tuple[tuple[str, ...], ...] = ()  # the same of self's fields
    arrays: frozenset[str] = frozenset()  # names whose arrays are changed in place
    bound: frozenset[str] = frozenset()  # names that have a value before this statement

    def below(self, name: str) -> str:
        return f"{self.name}.{name}" if self.name else name


def mutants(source: str, file: str) -> list[Mutant]:
    """Every mutant of a file, in the order of its lines; those whose statement would read the same are left out."""
    tree = ast.parse(source)
    return list(_File(source, file).of_body(tree.body, Scope(families=_families(_unpacked(tree.body)))))


class _File:
    def __init__(self, source: str, file: str) -> None:
        self.file, self.source = file, source
        self.starts = [0]  # of each line, in bytes
        for line in source.encode().splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def span(self, node: ast.AST) -> tuple[int, int]:
        return (self.starts[node.lineno - 1] + node.col_offset, self.starts[node.end_lineno - 1] + node.end_col_offset)

    def of_body(self, body: list[ast.stmt], scope: Scope) -> Iterator[Mutant]:
        bound = set(scope.bound)
        for stmt in body:
            here = Scope(scope.name, scope.inside, scope.families, scope.fields, scope.arrays, frozenset(bound))
            yield from self.of_statement(stmt, here)
            bound |= {n.id for n in ast.walk(stmt) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}

    def of_statement(self, stmt: ast.stmt, scope: Scope) -> Iterator[Mutant]:
        if isinstance(stmt, ast.FunctionDef):
            if stmt.name in UNSEEN:
                return
            first = stmt.body[1] if _is_text(stmt.body[0]) and len(stmt.body) > 1 else stmt.body[0]
            inner = _in_function(stmt, scope)
            for default in _defaults(stmt):
                yield from self.here(default, Scope(inner.name), (first.lineno, stmt.end_lineno), whole=False)
            yield from self.of_body(stmt.body, inner)
        elif isinstance(stmt, ast.ClassDef):
            yield from self.of_body(stmt.body, _in_class(stmt, scope))
        elif not isinstance(stmt, SKIPPED) and not _is_text(stmt) and not _is_all(stmt):
            lines = (1, len(self.starts)) if scope.inside is ast.Module else (stmt.lineno, stmt.lineno)
            yield from self.here(stmt, scope, lines)
        for name in ("body", "orelse", "finalbody") if not isinstance(stmt, ast.FunctionDef | ast.ClassDef) else ():
            yield from self.of_body(getattr(stmt, name, []), scope)
        for handler in getattr(stmt, "handlers", []):
            yield from self.of_body(handler.body, scope)

    def here(self, stmt: ast.stmt, scope: Scope, lines: tuple[int, int], whole: bool = True) -> Iterator[Mutant]:
        """The mutants of one statement, without those of the statements in it; not whole: of a default."""
        uses = scope.name if scope.inside is ast.ClassDef else ""
        early = not whole or scope.inside is not ast.FunctionDef
        before = _text(stmt)
        seen = {before}
        for kind, node, new, after in _changes(stmt, scope, whole):
            if after in seen:
                continue
            seen.add(after)
            begin, end = self.span(node)
            text = ast.unparse(new) if isinstance(new, ast.stmt) else f"({ast.unparse(new)})"
            more = node.end_lineno - node.lineno - text.count("\n")
            text = text + "\n" * more if isinstance(new, ast.stmt) else text[:-1] + "\n" * more + ")"
            line = node.lineno
            yield Mutant(self.file, scope.name, kind, line, before, after, (begin, end, text), lines, uses, early)


def _changes(stmt: ast.stmt, scope: Scope, whole: bool) -> Iterator[tuple[str, ast.AST, ast.AST, str]]:
    """(kind, the node that changes, what it becomes, the statement's new text); whole: also the statement itself"""
    for kind, new in _statements(stmt, scope) if whole else ():
        yield kind, stmt, new, _text(new)
    for node, put in _places(stmt):
        for kind, new in _expressions(node, scope):
            put(new)
            after = _text(stmt)
            put(node)
            yield kind, node, new, after
    test = getattr(stmt, "test", None)
    if test is not None:
        for kind, new in _conditions(test, isinstance(stmt, ast.If)):
            stmt.test = new
            after = _text(stmt)
            stmt.test = test
            yield kind, test, new, after


def _places(parent: ast.AST) -> Iterator[tuple[ast.expr, Callable[[ast.expr], None]]]:
    """Every expression below a node, and how to put another one in its place."""
    for name, value in ast.iter_fields(parent):
        if name in ("annotation", "returns", "decorator_list", "type_comment"):
            continue
        for i, child in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(child, ast.expr) and not isinstance(child, ast.JoinedStr):

                def put(new: ast.expr, name: str = name, i: int = i, many: bool = isinstance(value, list)) -> None:
                    if many:
                        getattr(parent, name)[i] = new
                    else:
                        setattr(parent, name, new)

                if not isinstance(getattr(child, "ctx", None), ast.Store | ast.Del):
                    yield child, put
                yield from _places(child)
            elif isinstance(child, ast.comprehension | ast.withitem | ast.arguments) or (
                isinstance(child, ast.keyword) and child.arg != "strict"  # of zip: it changes nothing, only checks
            ):
                yield from _places(child)


def _statements(stmt: ast.stmt, scope: Scope) -> Iterator[tuple[str, ast.stmt]]:
    match stmt:
        case ast.AugAssign(target, op, value):
            if type(op) in ARITHMETIC:
                yield "operator", ast.AugAssign(target, ARITHMETIC[type(op)](), value)
            if isinstance(target, ast.Name) and target.id in scope.arrays:
                yield "not in place", _assign([target], ast.BinOp(_load(target), op, value))
            yield "statement dropped", ast.Pass()
        case ast.Assign(targets, value):
            for i, target in enumerate(targets):
                if isinstance(target, ast.Subscript) and ast.unparse(target.slice) in ("...", ":"):
                    yield "not in place", _assign([*targets[:i], target.value, *targets[i + 1 :]], value)
                if isinstance(target, ast.Tuple):
                    for elements in _swapped(target.elts):
                        new = ast.Tuple(elements, ast.Store())
                        yield "order", _assign([*targets[:i], new, *targets[i + 1 :]], value)
            if all(not isinstance(t, ast.Name) or t.id in scope.bound for t in targets) or (
                scope.inside is ast.ClassDef
            ):
                yield "statement dropped", ast.Pass()
        case ast.AnnAssign(target, _, value) if value is not None and not isinstance(target, ast.Name):
            yield "statement dropped", ast.Pass()
        case ast.Expr(ast.Call()) | ast.Delete() | ast.Break() | ast.Continue() | ast.Return(None):
            yield "statement dropped", ast.Pass()
    value = getattr(stmt, "value", None)
    if (isinstance(value, ast.BinOp) and not _of_text(value)) or _called(value) in UNARY | BOUNDS:
        match stmt:
            case ast.Assign(targets):
                yield "sign", _assign(targets, _minus(value))
            case ast.Return():
                yield "sign", ast.Return(_minus(value))
            case ast.AugAssign(target, ast.Mult() | ast.Div() as op):
                yield "sign", ast.AugAssign(target, op, _minus(value))


def _expressions(node: ast.expr, scope: Scope) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.Constant(bool() as x):
            yield "constant", ast.Constant(not x)
        case ast.Constant(str(x)):
            for y in _intervals(x):
                yield "interval", ast.Constant(y)
        case ast.Constant(int() | float() as x):
            for y in _numbers(x):
                yield "constant", ast.Constant(y)
        case ast.Name(name, ast.Load()):
            for family in scope.families:
                if name in family:
                    yield "name", ast.Name(family[(family.index(name) + 1) % len(family)], ast.Load())
        case ast.Attribute(ast.Name("self") as me, name, ast.Load()):
            for family in scope.fields:
                if name in family:
                    yield "name", ast.Attribute(me, family[(family.index(name) + 1) % len(family)], ast.Load())
        case ast.UnaryOp(ast.USub(), x):
            yield "sign", x
        case ast.UnaryOp(ast.Not(), x):
            yield "condition", x
        case ast.BinOp() if not _of_text(node):
            yield from _binary(node)
        case ast.BoolOp(op, values):
            yield "and or", ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            for i in range(len(values)):
                rest = values[:i] + values[i + 1 :]
                yield "condition", rest[0] if len(rest) == 1 else ast.BoolOp(op, rest)
        case ast.Compare(left, ops, others):
            for i, op in enumerate(ops):
                for other in COMPARISON[type(op)]:
                    yield "comparison", ast.Compare(left, [*ops[:i], other(), *ops[i + 1 :]], others)
        case ast.IfExp(test, body, orelse):
            yield "one side", body
            yield "one side", orelse
            for kind, new in _conditions(test, sides=False):
                yield kind, ast.IfExp(new, body, orelse)
        case ast.Call():
            yield from _call(node)
        case ast.Tuple(elements, ast.Load()) if all(_is_number(e) for e in elements):
            for swapped in _swapped(elements):
                yield "order", ast.Tuple(swapped, ast.Load())
        case ast.ListComp(x, [ast.comprehension(target, it, [test, *more], is_async), *others]) | ast.GeneratorExp(
            x, [ast.comprehension(target, it, [test, *more], is_async), *others]
        ):
            for tests in ([_not(test), *more], more):
                yield "condition", type(node)(x, [ast.comprehension(target, it, tests, is_async), *others])


def _binary(node: ast.BinOp) -> Iterator[tuple[str, ast.expr]]:
    left, op, right = node.left, node.op, node.right
    if type(op) in ARITHMETIC:
        yield "operator", ast.BinOp(left, ARITHMETIC[type(op)](), right)
    if isinstance(op, ast.Add | ast.Sub) and not _is_sum(left):
        yield "sign", ast.BinOp(_minus(left), op, right)
    if isinstance(op, ast.Sub | ast.Div | ast.Pow | ast.FloorDiv | ast.Mod | ast.MatMult):
        yield "order", ast.BinOp(right, op, left)
    squared = left.right if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult) else left
    if isinstance(op, ast.Mult) and ast.dump(squared) == ast.dump(right):
        size = ast.Call(ast.Name("abs", ast.Load()), [right], [])
        yield "missing square", ast.BinOp(left.left, ast.Mult(), size) if squared is not left else size
    if isinstance(op, ast.Pow) and isinstance(right, ast.Constant) and right.value == 2:
        yield "missing square", ast.Call(ast.Name("abs", ast.Load()), [left], [])
    if isinstance(op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow | ast.MatMult):
        yield "missing power" if isinstance(op, ast.Pow) else "part dropped", left
    if isinstance(op, ast.Add | ast.Sub | ast.Mult | ast.MatMult):
        yield "part dropped", right


def _call(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    name, args = _called(node), node.args
    if name in PARTNER:
        f = ast.Name(PARTNER[name], ast.Load())
        yield "partner", ast.Call(
            ast.Attribute(node.func.value, f.id, ast.Load()) if isinstance(node.func, ast.Attribute) else f,
            args, node.keywords,
        )  # fmt: skip
    if name in UNARY and len(args) == 1:
        yield "missing root" if name == "sqrt" else "missing function", args[0]
    if name in BOUNDS and len(args) == 2:
        yield "missing bound", args[0]
        yield "missing bound", args[1]
    if name not in UNORDERED and not any(isinstance(a, ast.Starred) for a in args):
        for swapped in _swapped(args):
            yield "order", ast.Call(node.func, swapped, node.keywords)


def _conditions(test: ast.expr, sides: bool) -> Iterator[tuple[str, ast.expr]]:
    if not isinstance(test, ast.Constant):
        single = isinstance(test, ast.Compare) and len(test.ops) == 1 and len(COMPARISON[type(test.ops[0])]) == 1
        if not isinstance(test, ast.UnaryOp) and not single:  # `not x` loses its `not`, == becomes !=, anyway
            yield "condition", _not(test)
        for side in (True, False) if sides else ():
            yield "one side", ast.Constant(side)


def _numbers(x: float) -> tuple[float, ...]:
    if x == 0:
        return (type(x)(1),)
    if x == 1:
        return (type(x)(0), type(x)(2))
    if 0.5 <= x < 1:  # such as a beta, which must stay below 1
        return (x / 2, (1 + x) / 2)
    return (2 * x, x // 2 if isinstance(x, int) else x / 2)


def _intervals(x: str) -> Iterator[str]:
    """With the other end closed or open: "(0, 1)" and "[0, 1]" of "[0, 1)"; shifted: "{2, 3, ...}" of "{1, 2, ...}"."""
    other = dict(zip("[(])", "([)]", strict=True))
    if re.fullmatch(r"[\[(][^,\[(]+, [^,\])]+[\])]", x):
        yield other[x[0]] + x[1:]
        yield x[:-1] + other[x[-1]]
    if found := re.fullmatch(r"\{(\d+), \d+, \.\.\.\}", x):
        first = int(found[1])
        yield f"{{{first + 1}, {first + 2}, ...}}"
        yield f"{{{first - 1}, {first}, ...}}"


def _swapped(items: list[ast.expr]) -> Iterator[list[ast.expr]]:
    for i in range(len(items) - 1):
        yield [*items[:i], items[i + 1], items[i], *items[i + 2 :]]


def _in_class(node: ast.ClassDef, scope: Scope) -> Scope:
    kinds: dict[str, list[str]] = {}
    for stmt in node.body:
        if isinstance(stmt, ast.AnnAssign) and isinstance(stmt.target, ast.Name):
            kinds.setdefault(ast.unparse(stmt.annotation), []).append(stmt.target.id)
    return Scope(scope.below(node.name), ast.ClassDef, scope.families, _families(kinds))


def _in_function(node: ast.FunctionDef, scope: Scope) -> Scope:
    """Families: the arguments of one annotation, arrays apart from the rest, and names unpacked together."""
    kinds: dict[str, list[str]] = {}
    args = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    for arg in args:
        if arg.annotation is not None and ast.unparse(arg.annotation) != "Any":
            kinds.setdefault(ast.unparse(arg.annotation).removesuffix(" | None"), []).append(arg.arg)
    arrays = set(kinds.get("Array", [])) | set(scope.arrays)
    unpacked = _unpacked(ast.walk(node))
    arrays |= {name for names in unpacked.values() for name in names}
    for n in ast.walk(node):
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name) and isinstance(n.value, ast.Subscript):
            arrays.add(n.targets[0].id)
        if isinstance(n, ast.For):
            arrays |= {e.id for e in ast.walk(n.target) if isinstance(e, ast.Name)}
    bound = frozenset({*scope.bound, *(arg.arg for arg in args)})
    families = (*scope.families, *_families(kinds | unpacked))
    return Scope(scope.below(node.name), ast.FunctionDef, families, scope.fields, frozenset(arrays), bound)


def _unpacked(nodes: Iterable[ast.AST]) -> dict[str, list[str]]:
    """The names that a tuple is unpacked to, as in `beta1, beta2 = betas`."""
    tuples = [n.targets[0] for n in nodes if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Tuple)]
    return {ast.unparse(t): [e.id for e in t.elts if isinstance(e, ast.Name)] for t in tuples}


def _defaults(node: ast.FunctionDef) -> Iterator[ast.stmt]:
    """Every default in a signature as a statement of its own: `lr = 0.001`."""
    args, given = [*node.args.posonlyargs, *node.args.args], node.args.defaults
    pairs = [*zip(args[len(args) - len(given) :], given, strict=True)]
    for arg, default in [*pairs, *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)]:
        if default is not None:
            yield _assign([ast.Name(arg.arg, ast.Store())], default)


def _families(kinds: dict[str, list[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(names) for names in kinds.values() if len(names) > 1)


def _text(stmt: ast.stmt) -> str:
    """The statement as one line; of one that holds others, its head."""
    if _has_body(stmt):
        stmt = copy.copy(stmt)
        stmt.body, stmt.orelse = [ast.Pass()], []
        return ast.unparse(stmt).split("\n")[0]
    return ast.unparse(stmt)


def _has_body(stmt: ast.stmt) -> bool:
    return bool(getattr(stmt, "body", None))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_all(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__"


def _of_text(node: ast.BinOp) -> bool:
    return any(isinstance(x, TEXT) or (isinstance(x, ast.Constant) and isinstance(x.value, str))
               for x in (node.left, node.right)) or isinstance(node.op, ast.BitOr)  # fmt: skip


def _is_number(node: ast.expr) -> bool:
    node = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _is_sum(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)


def _called(node: ast.AST | None) -> str:
    """The name of the function that is called, without its module; "" for what is no call."""
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _minus(x: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.USub(), x)


def _not(x: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), x)


def _load(target: ast.Name) -> ast.Name:
    return ast.Name(target.id, ast.Load())


def _assign(targets: list[ast.expr], value: ast.expr) -> ast.Assign:
    return ast.Assign(targets, value, lineno=0)
