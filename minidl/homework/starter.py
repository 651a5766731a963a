"""A starter file is the solution with its bodies taken out: the two cannot drift apart."""

from __future__ import annotations

import ast

GIVEN = "# given"  # after `def ...:` or `class ...:`: the starter keeps the body
BODY = "raise NotImplementedError"


def starter(solution: str, statement: str | None = None) -> str:
    """The starter of a solution: signatures and docstrings stay, bodies become `raise NotImplementedError`.

    Names with a leading underscore are the solution's own helpers and disappear. `statement` (a translation) replaces
    the module's docstring.
    """
    lines = solution.splitlines()
    tree = ast.parse(solution)
    for node in reversed(tree.body):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            if node.name.startswith("_"):
                start = min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1
                del lines[start : node.end_lineno]
            else:
                _empty(node, lines)
    if statement is not None:
        docstring = tree.body[0]
        assert docstring.end_lineno is not None
        raw = "r" if "\\" in statement else ""
        lines[docstring.lineno - 1 : docstring.end_lineno] = (f'{raw}"""' + statement + '\n"""').splitlines()
    text = "\n".join(lines).rstrip() + "\n"
    while "\n\n\n\n" in text:
        text = text.replace("\n\n\n\n", "\n\n\n")
    return text


def _empty(node: ast.FunctionDef | ast.ClassDef, lines: list[str]) -> None:
    """Take the body out of a function, or out of the methods of a class; later lines were done before."""
    if GIVEN in lines[node.body[0].lineno - 2] or GIVEN in lines[node.lineno - 1]:
        return
    if isinstance(node, ast.ClassDef):
        for method in reversed(node.body):
            if isinstance(method, ast.FunctionDef):
                private = method.name.startswith("_") and not method.name.startswith("__")
                if private:
                    del lines[method.lineno - 1 : method.end_lineno]
                else:
                    _empty(method, lines)
        return
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    indent = " " * node.body[0].col_offset
    if not body:
        return
    # comments above the first statement are part of the solution
    first = node.body[0].end_lineno if ast.get_docstring(node) is not None else _header_end(node)
    assert first is not None
    lines[first : node.end_lineno] = [indent + BODY]


def _header_end(node: ast.FunctionDef) -> int:
    """The line of the colon that ends `def ...:`."""
    last = max([node.lineno, *(getattr(a, "end_lineno", node.lineno) or node.lineno for a in ast.walk(node.args))])
    return max(last, getattr(node.returns, "end_lineno", 0) or 0)
