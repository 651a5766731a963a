"""The mutation tool: each kind of slip is made where it belongs and nowhere else; a sample of optim's mutants dies."""

import ast
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from mutants import mutants

RULE = "def update(self, w: Array, g: Array, m: Array, *, lr: float, beta: float, betas: tuple, t: int):\n    "


def changes(source, kind=None):
    """{(old, new)} of a file's text, of one kind or of all."""
    return {(m.old, m.new) for m in mutants(textwrap.dedent(source), "x.py") if kind in (None, m.kind)}


def becomes(statement, kind, head=RULE):
    """What a statement in a rule becomes."""
    return {new for old, new in changes(head + statement, kind) if old == ast.unparse(ast.parse(statement))}


@pytest.mark.parametrize(
    ("statement", "kind", "expected"),
    [
        ("x = a + b", "operator", {"x = a - b"}),
        ("x = a - b", "operator", {"x = a + b"}),
        ("x = a * b", "operator", {"x = a / b"}),
        ("x = a / b", "operator", {"x = a * b"}),
        ("x = a ** b", "operator", {"x = a * b"}),
        ("x = a // b", "operator", {"x = a / b"}),
        ("x = a % b", "operator", {"x = a * b"}),
        ("w -= a", "operator", {"w += a"}),
        ("w *= a", "operator", {"w /= a"}),
        ("x = a < b", "comparison", {"x = a <= b", "x = a > b"}),
        ("x = a <= b", "comparison", {"x = a < b", "x = a >= b"}),
        ("x = a == b", "comparison", {"x = a != b"}),
        ("x = a is not b", "comparison", {"x = a is b"}),
        ("x = a in b", "comparison", {"x = a not in b"}),
        ("x = 0 < a <= 5", "comparison", {"x = 0 <= a <= 5", "x = 0 > a <= 5", "x = 0 < a < 5", "x = 0 < a >= 5"}),
        ("x = f(-a)", "sign", {"x = f(a)"}),
        ("x = f(a + b - c)", "sign", {"x = f(-a + b - c)"}),
        ("w *= 1 - a", "sign", {"w *= -(1 - a)", "w *= -1 - a"}),
        ("return a * b", "sign", {"return -(a * b)"}),
        ("x = sqrt(a)", "sign", {"x = -sqrt(a)"}),
        ("x = 0", "constant", {"x = 1"}),
        ("x = 0.0", "constant", {"x = 1.0"}),
        ("x = 1", "constant", {"x = 0", "x = 2"}),
        ("x = 5", "constant", {"x = 10", "x = 2"}),
        ("x = 0.1", "constant", {"x = 0.2", "x = 0.05"}),
        ("x = 0.5", "constant", {"x = 0.25", "x = 0.75"}),
        ("x = True", "constant", {"x = False"}),
        ("x = '[0, 1)'", "interval", {"x = '(0, 1)'", "x = '[0, 1]'"}),
        ("x = '{1, 2, ...}'", "interval", {"x = '{2, 3, ...}'", "x = '{0, 1, ...}'"}),
        ("x = '(a, b), c'", "interval", set()),
        ("x = f(a, b, c)", "order", {"x = f(b, a, c)", "x = f(a, c, b)"}),
        ("x = maximum(a, b)", "order", set()),
        ("x = isinstance(a, b)", "order", set()),
        ("x = a - b", "order", {"x = b - a"}),
        ("x = a @ b", "order", {"x = b @ a"}),
        ("x = a + b", "order", set()),
        ("x, y = betas", "order", {"y, x = betas"}),
        ("x = (0.9, 0.999)", "order", {"x = (0.999, 0.9)"}),
        ("x = a * a", "missing square", {"x = abs(a)"}),
        ("x = a * g * g", "missing square", {"x = a * abs(g)"}),
        ("x = a ** 2", "missing square", {"x = abs(a)"}),
        ("x = a ** 3", "missing square", set()),
        ("x = sqrt(a) + b", "missing root", {"x = a + b"}),
        ("x = np.exp(a)", "missing function", {"x = a"}),
        ("x = 1 - beta ** t", "missing power", {"x = 1 - beta"}),
        ("x = a * b", "part dropped", {"x = a", "x = b"}),
        ("x = a - b", "part dropped", {"x = a", "x = b"}),
        ("x = a / b", "part dropped", {"x = a"}),
        ("x = maximum(a, b)", "partner", {"x = minimum(a, b)"}),
        ("x = a.min()", "partner", {"x = a.max()"}),
        ("x = maximum(a, b)", "missing bound", {"x = a", "x = b"}),
        ("x = a and b", "and or", {"x = a or b"}),
        ("x = a and b", "condition", {"x = a", "x = b"}),
        ("x = not a", "condition", {"x = a"}),
        ("x = a if b else c", "one side", {"x = a", "x = c"}),
        ("x = a if b else c", "condition", {"x = a if not b else c"}),
        ("x = [a for a in b if c]", "condition", {"x = [a for a in b if not c]", "x = [a for a in b]"}),
        ("w -= a", "statement dropped", {"pass"}),
        ("self.x = a", "statement dropped", {"pass"}),
        ("s['x'] = a", "statement dropped", {"pass"}),
        ("g = a", "statement dropped", {"pass"}),  # an argument: it has a value without the statement
        ("new = a", "statement dropped", set()),
        ("f(a)", "statement dropped", {"pass"}),
        ("m *= beta", "not in place", {"m = m * beta"}),
        ("t *= beta", "not in place", set()),  # a number
        ("m[...] = a", "not in place", {"m = a"}),
        ("m[:] = x = a", "not in place", {"m = x = a"}),
        ("m['x'] = a", "not in place", set()),
        ("x = m + 1", "name", {"x = w + 1"}),  # the next array of the rule, in a circle
        ("x = lr", "name", {"x = beta"}),
        ("x = t", "name", set()),
    ],
)
def test_a_slip(statement, kind, expected):
    assert becomes(statement, kind) == expected


def test_names_unpacked_together_are_taken_for_each_other():
    source = RULE + "beta1, beta2 = betas\n    m *= beta1\n"
    assert ("m *= beta1", "m *= beta2") in changes(source, "name")


def test_names_unpacked_at_the_top_too():
    source = "LOW, HIGH = 'low', 'high'\nRANGES = {'lr': LOW}\ndef f():\n    return HIGH\n"
    assert changes(source, "name") == {("RANGES = {'lr': LOW}", "RANGES = {'lr': HIGH}"), ("return HIGH", "return LOW")}


def test_fields_of_one_kind_are_taken_for_each_other():
    source = """
        class Cosine:
            lr: float
            steps: int
            alpha: float = 0.5
            def __call__(self, step):
                return f(self.lr, self.steps)
    """
    assert changes(source, "name") == {("return f(self.lr, self.steps)", "return f(self.alpha, self.steps)")}
    assert changes(source, "constant") == {
        ("alpha: float = 0.5", "alpha: float = 0.25"), ("alpha: float = 0.5", "alpha: float = 0.75")
    }  # fmt: skip


def test_defaults_are_changed_one_by_one():
    source = "def f(a, lr: float = 1e-3, *, betas=(0.9, 0.99), nesterov: bool = False) -> int:\n    return a\n"
    assert changes(source) == {
        ("lr = 0.001", "lr = 0.002"), ("lr = 0.001", "lr = 0.0005"),
        ("betas = (0.9, 0.99)", "betas = (0.45, 0.99)"), ("betas = (0.9, 0.99)", "betas = (0.95, 0.99)"),
        ("betas = (0.9, 0.99)", "betas = (0.9, 0.495)"), ("betas = (0.9, 0.99)", "betas = (0.9, 0.995)"),
        ("betas = (0.9, 0.99)", "betas = (0.99, 0.9)"), ("nesterov = False", "nesterov = True"),
    }  # fmt: skip
    assert {m.lines for m in mutants(source, "x.py")} == {(2, 2)}  # noticed by who calls the function


def test_conditions_of_statements():
    source = "def f(a):\n    if a > 3:\n        g(a)\n    elif a:\n        break\n"
    assert changes(source, "one side") == {
        ("if a > 3:", "if True:"), ("if a > 3:", "if False:"), ("if a:", "if True:"), ("if a:", "if False:")
    }  # fmt: skip
    assert changes(source, "condition") == {("if a > 3:", "if not a > 3:"), ("if a:", "if not a:")}


def test_a_class_without_methods_is_noticed_by_who_uses_it():
    found = mutants("class A:\n    flat = True\n\nclass B(A):\n    flat = 3\n", "x.py")
    assert {m.uses for m in found} == {"A", "B"}
    assert {m.new for m in found} == {"flat = False", "flat = 6", "flat = 1", "pass"}


def test_a_module_is_noticed_by_who_uses_the_file():
    assert {m.lines for m in mutants("import x\n\nLIMIT = 3\n\n\n", "x.py")} == {(1, 6)}


@pytest.mark.parametrize(
    "source",
    [
        '"""Text: 1 + 1"""',
        'def f():\n    """Text: 1 + 1"""',
        'def f(x):\n    raise ValueError(f"{x + 1} must be above 0", -1)',
        "def f(x):\n    return f'{x + 1:.3f}'",
        "def f(x):\n    assert x > 0",
        "def __repr__(self):\n    return 1 + 1",
        "@wraps(1 + 1)\ndef f(x: tuple[1, 2]) -> g[3]:\n    return x",
        "from a import b",
        "__all__ = [*a, *(b if 1 else c)]",
        "def f():\n    return 'a' + 'b'",
        "def f(a, b):\n    return zip(a, b, strict=True)",
        "def f(a):\n    x: int | None = a",
    ],
)
def test_what_is_left_alone(source):
    assert changes(source) == set()


def test_a_mutant_keeps_every_line_where_it_is():
    source = "def f(x, y):\n    a = g(\n        x + 1,  # µ\n        [y\n         for y in x],\n    )\n"
    source += "    x -= (\n        2 *\n        y)\n    return a\n"
    found = mutants(source, "x.py")
    assert len(found) > 10
    for m in found:
        text = m.apply(source)
        assert text.count("\n") == source.count("\n") and text.endswith("\n    return a\n")
        assert ast.dump(ast.parse(text)) != ast.dump(ast.parse(source))
        assert m.old != m.new
    assert len({m.apply(source) for m in found}) == len(found)


@pytest.mark.slow
def test_every_mutant_of_optim_is_another_program():
    root = Path(__file__).parent.parent
    for path in (root / "minidl" / "optim").rglob("s*.py"):  # sgd, sign, search, schedule ...
        source = path.read_text()
        before = ast.dump(ast.parse(source))
        for m in mutants(source, path.name)[::10]:
            assert ast.dump(ast.parse(m.apply(source))) != before, m


# -- the tool around them, in processes of its own: it must come before minidl is imported

TOOL = Path(__file__).with_name("mutation.py")


def in_a_process(code):
    """Run code after `import mutation`; what it prints."""
    code = f"import sys; sys.path.insert(0, {str(TOOL.parent)!r}); import mutation\n" + textwrap.dedent(code)
    return subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, timeout=120)


def test_which_statements_ran_is_noted():
    done = in_a_process('''
        source = """
        class A:
            def f(self, x):
                'Text.'
                if x:
                    y = 1
                elif x is None:
                    y = 2
                else:
                    try:
                        y = len(x)
                    except TypeError:
                        y = (
                            4)
                return y
        """
        lines, classes = bytearray(20), set()
        names = {"__lines__": lines, "__classes__": classes}
        import textwrap
        exec(compile(mutation.noted(textwrap.dedent(source)), "x", "exec"), names)
        class B(names["A"]): pass
        assert B().f(0) == 4 and B.f.__doc__ == "Text."
        print([i for i, x in enumerate(lines) if x], [c.__name__ for c in classes])
    ''')
    assert done.stdout == "[5, 7, 10, 11, 13, 15] ['B']\n", done.stderr


@pytest.mark.slow
def test_a_list_of_explained_survivors(tmp_path):
    path = tmp_path / "explained.toml"
    entry = '[[survivor]]\nfile = "x.py"\nwhere = "f"\nold = "return a + 1"\nreason = "why"\n'
    code = f"""
        from pathlib import Path
        found = mutation.mutants("def f(a):\\n    return a + 1\\n", "x.py")
        print([(m.new, why) for m, why in mutation.explained(found, Path({str(path)!r})).items()])
    """
    assert in_a_process(code).stdout == "[]\n"
    path.write_text(entry + 'new = ["return a - 1", "return a"]\n')
    assert in_a_process(code).stdout == "[('return a - 1', 'why'), ('return a', 'why')]\n"
    path.write_text(entry + 'new = "return a * 1"\n')
    done = in_a_process(code)
    assert done.returncode == 1
    assert "no mutant (any more):\nx.py f: return a + 1  ->  return a * 1" in done.stderr


@pytest.mark.slow
def test_the_kept_list_is_up_to_date():
    done = in_a_process("print(len(mutation.explained(mutation.all_mutants(), mutation.EXPLAINED)))")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_outcomes(tmp_path):
    """A killed, a surviving, an endless and an untested mutant of a package of one file."""
    (tmp_path / "minidl" / "optim").mkdir(parents=True)
    (tmp_path / "tests").mkdir()
    (tmp_path / "setup.cfg").write_text("[tool:pytest]\n")
    (tmp_path / "minidl" / "__init__.py").touch()
    (tmp_path / "minidl" / "optim" / "__init__.py").write_text(textwrap.dedent("""
        def down(n, most=5):
            steps = 0
            while n > 0:
                n -= 1
                steps += 1
            return steps + (0 * 5)

        def unused(x):
            return x + y
    """))
    (tmp_path / "tests" / "test_optim.py").write_text(textwrap.dedent("""
        import inspect
        from minidl.optim import down
        def test_down(): assert down(3) == 3
        def test_broken(): assert down(3) == 4
        def test_default(): assert inspect.signature(down).parameters["most"].default == 5
    """))
    done = in_a_process(f"""
        from pathlib import Path
        mutation.ROOT = Path({str(tmp_path)!r})
        mutation.PACKAGE, mutation.TESTS = mutation.ROOT / "minidl" / "optim", mutation.ROOT / "tests"
        mutation.CACHE, mutation.EXPLAINED = mutation.ROOT / "cache", mutation.ROOT / "none.toml"
        mutation._limit = lambda seconds, limit=mutation._limit: limit(1.0)
        print(mutation.main(["--jobs", "2", "--survivors", {str(tmp_path / "s.json")!r}]))
    """)
    assert "left out, it fails without a mutant: tests/test_optim.py::test_broken" in done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "1", done.stderr
    outcomes = {tuple(line.split(":", 1)[1].split(None, 1))[1]: line.split()[0] for line in lines if "  ->  " in line}
    assert outcomes.pop("down: n -= 1  ->  n += 1   in tests/test_optim.py::test_down") == "timeout"
    assert outcomes["down: return steps + 0 * 5  ->  return steps + 0 / 5"] == "survived"
    assert outcomes["unused: return x + y  ->  return x - y"] == "untested"
    assert not any("most" in line for line in lines)  # a test that runs nothing has noticed
    assert not any("while n > 0:  ->  while n < 0:" in line for line in lines)
    kept = json.loads((tmp_path / "s.json").read_text())
    assert {(s["where"], s["outcome"]) for s in kept} == {("down", "survived"), ("unused", "untested")}


@pytest.mark.slow
def test_a_sample_of_the_course_family_dies(tmp_path):
    """12 of its mutants, drawn at random, are noticed by the quick tests, all but one. (All of them take hours.)"""
    survivors, n = tmp_path / "survivors.json", 12
    files = [f"minidl/optim/{name}.py" for name in ("sgd", "adaptive", "adam")]
    asked = ["test_optim_trajectories.py", "test_optim_defaults.py", "test_optim_errors.py"]
    command = [sys.executable, str(TOOL), *files, "--sample", str(n), "--tests", *asked, "--survivors", str(survivors)]
    done = subprocess.run(command, text=True, capture_output=True, cwd=TOOL.parent.parent)
    assert survivors.exists(), done.stderr
    assert "left out" not in done.stderr, done.stderr
    alive = json.loads(survivors.read_text())
    assert len(alive) <= 1, done.stdout
