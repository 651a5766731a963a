"""Worked steps: whoever redoes a line with the printed numbers gets the printed value, for every rule of the family."""

import ast
import functools
import linecache
import math
import re
import sys

import numpy as np
import pytest

from minidl import Tensor, optim
from minidl.optim import SAM, SGD, Adam, Lookahead, Optimizer, RAdam
from minidl.optim.catalogue import defaults_of, family, made
from minidl.optim.formulas import literal, redone
from minidl.optim.page import page
from minidl.optim.worked import CURVATURE, GRADIENTS, INSTEAD, worked_steps

CLASSES = {cls.__name__: cls for cls in family()}


@functools.cache
def three_steps(name):
    return worked_steps(CLASSES[name])


# what a reader knows of the functions in formulas: written here anew, not taken from the package
POCKET = {
    **{name: getattr(np, name) for name in ("sqrt", "sign", "maximum", "minimum", "where", "absolute")},
    "abs": abs, "max": max, "min": min, "log": math.log, "exp": math.exp, "inf": math.inf, "sum": np.sum,
    "mean": lambda x, axis: np.mean(x, axis, keepdims=True), "matrix": lambda *rows: np.array(rows),
    "norm": np.linalg.norm, "dot": lambda a, b: np.sum(a * b), "l1": abs, "sum_of_squares": lambda x: np.sum(x * x),
    "rms": lambda x: np.sqrt(np.mean(x * x)), "gram": lambda g, axis: g * g,
    "cubic_minimum": lambda a, b: a[0] - a[2] * (b[0] - a[0]) / (b[2] - a[2]),  # of a parabola, as the loss here is
    "between": lambda t, low, high: min(max(t, low), high),
    "power": lambda p, exponent, eps: (p + eps) ** exponent, "turned": lambda g, matrices: g * math.prod(matrices),
}  # fmt: skip


def by_hand(numbers):
    """The value of a formula with numbers, as it stands on the page."""

    def rows(match):
        return "matrix(" + ", ".join(f"[{', '.join(row.split())}]" for row in match[1].split(";")) + ")"

    return eval(re.sub(r"\[([^][,]*)\]", rows, numbers), {"__builtins__": {}}, POCKET)


def printed(x):
    if isinstance(x, bool | np.bool_):
        return bool(x)
    return [f"{y:.{7 if np.size(x) == 1 else 5}g}" for y in np.ravel(x + 0.0)]


def check_lines(lines):
    for line in lines:
        if line.numbers:
            found = by_hand(line.numbers)  # which may be as near as the value to 0.5 of the last digit
            assert printed(found) == printed(line.value) or np.allclose(found, line.value, rtol=1e-12, atol=0), line
        else:  # nothing to redo: given, drawn at random, or a derivative
            assert re.match(r"given$|standard_normal\(|grad\(", line.formula), line


@pytest.mark.parametrize("name", CLASSES)
def test_every_line_of_every_rule_can_be_redone(name):
    lines = worked_steps(CLASSES[name], steps=5).lines
    assert {line.step for line in lines} == {1, 2, 3, 4, 5}
    check_lines(lines)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, cls in CLASSES.items() if "weight_decay" in defaults_of(cls)])
def test_every_line_can_be_redone_with_weight_decay_and_other_numbers(name):
    given = {} if CLASSES[name].closure else {"gradients": np.random.default_rng(1).normal(size=16).tolist()}
    worked = worked_steps(CLASSES[name], **given, steps=4, weight_decay=0.03, start=-0.7, lr=0.07)
    check_lines(worked.lines)
    assert any("weight_decay" in x.formula or "decay *" in x.formula for x in worked.lines)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("SGD", {"momentum": 0.9, "dampening": 0.5}), ("SGDRateInside", {"momentum": 0.9, "nesterov": True}),
        ("Momentum", {"bias_correction": True}), ("RMSProp", {"centered": True, "momentum": 0.9}),
        ("RMSProp", {"eps_inside_sqrt": True}), ("AdaBound", {"amsbound": True}), ("AdamW", {"amsgrad": True}),
        ("AdEMAMix", {"warmup_steps": 3}), ("AggMo", {"betas": (0.0, 0.9)}), ("DAdaptAdam", {"bias_correction": False}),
        ("Prodigy", {"safeguard_warmup": True, "beta3": 0.9, "d0": 0.1}), ("ScheduleFreeSGD", {"r": 2.0}),
        ("FTRL", {"l1": 0.1, "l2": 0.1}), ("Shampoo", {"precondition_frequency": 2}),
        ("SophiaH", {"update_interval": 1}), ("SOAP", {"betas": (0.9, 0.99), "precondition_frequency": 3}),
        ("SOAP", {"precondition_frequency": 2}), ("Muon", {"adjust_lr_fn": "match_rms_adamw", "nesterov": False}),
        ("AdaHessian", {"update_interval": 2, "hessian_power": 0.5}), ("LBFGS", {"max_iter": 4}),
        ("LBFGS", {"line_search_fn": None}), ("LBFGS", {"lr": 0.01}), ("Lookahead", {"k": 1, "alpha": 0.3}),
        ("ASGD", {"t0": 1.0}), ("RandomLocalSearch", {"seed": 3}), ("LARS", {"eps": 0.1}),
    ],
)  # fmt: skip
def test_every_line_can_be_redone_with_other_settings(name, settings):
    check_lines(worked_steps(CLASSES[name], steps=6, **settings).lines)


# names that stand for something else than in the row before, and why
AGAIN = {
    "RMSPropRateInside": {"w", "step"},  # RMSProp's update is given `step` as w
    "RMSPropGraves": {"w", "step"},
    "RMSPropInitial": {"w", "step"},
    "AdamEpsHat": {"eps"},  # Adam's update is given eps_t as eps
    "AdamWEpsHat": {"eps"},
    "AdamWPaperDecay": {"eps"},
    "RAdamEpsAfter": {"eps"},
    "DoG": {"total"},  # a sum of its own in each function
    "DoWG": {"total"},
    "LBFGS": {"w", "d"},  # the line search tries points from one w; d starts as -g, after the pair's s and y
    "RpropDelayed": {"step_late"},  # is set to 0 when it has been taken
}


def replaced(formula, numbers):
    """(name, what stands in its place) for two trees of one formula."""
    if isinstance(formula, ast.Name) and not isinstance(numbers, ast.Name):
        yield formula.id, numbers
    elif type(formula) is type(numbers):
        pairs = zip(ast.iter_child_nodes(formula), ast.iter_child_nodes(numbers), strict=False)
        for pair in pairs:
            yield from replaced(*pair)


@pytest.mark.parametrize("name", CLASSES)
def test_what_a_row_gave_is_what_the_next_rows_take(name):
    """A name in a formula has the value of its last row: the table can be followed with nothing else at hand."""
    last, seen = {}, 0
    for line in three_steps(name).lines:
        try:
            trees = [ast.parse(text, mode="eval").body for text in (line.formula, line.numbers)]
        except SyntaxError:  # a matrix, or nothing to redo
            trees = [ast.Constant(0)] * 2
        for quantity, node in replaced(*trees):
            if quantity in last and quantity not in AGAIN.get(name, ()) and not isinstance(node, ast.Call):
                assert ast.literal_eval(node) == pytest.approx(last[quantity], rel=1e-7), line
                seen += 1
        if np.size(line.value) == 1:
            last[line.quantity] = float(np.ravel(line.value)[0])
    assert seen or np.size(three_steps(name).w[0]) > 1 or CLASSES[name] in (optim.RandomSearch, optim.RandomLocalSearch)


@pytest.mark.parametrize("name", CLASSES)
def test_the_steps_are_those_of_a_real_run(name):
    worked = worked_steps(CLASSES[name], steps=4)
    w = Tensor(np.array(worked.w[0]).reshape((2, 2) if np.size(worked.w[0]) == 4 else (1, 1)), requires_grad=True)
    rule = made(CLASSES[name], [w], **INSTEAD.get(name, {}))

    def closure():
        loss = CURVATURE / 2 * (w * w).sum()
        if rule.closure == "backward":
            rule.zero_grad()
            loss.backward()
        return loss

    for i in range(4):
        if rule.closure:
            rule.step(closure)
        else:
            rule.zero_grad()
            g = np.roll(GRADIENTS, -i).reshape(2, 2) if w.size == 4 else GRADIENTS[i]
            (w * g).sum().backward()
            rule.step()
        assert np.array_equal(np.ravel(w.data), np.ravel(worked.w[i + 1]))
        ends = [x.value for x in worked.lines if x.step <= i + 1 and re.match(r"w( = |$)|p$", x.quantity)]
        if ends:  # ADOPT's first step, for one, moves nothing
            assert np.array_equal(np.ravel(ends[-1]), np.ravel(worked.w[i + 1])), "not the last w on the page"


def test_adam_as_it_stands_in_a_textbook():
    lines = [line[1:4] for line in worked_steps(Adam, steps=2).lines]
    assert lines == [
        ("g", "given", ""),
        ("m", "beta1 * m + (1 - beta1) * g", "0.9 * 0 + (1 - 0.9) * 0.5"),
        ("v", "beta2 * v + (1 - beta2) * g * g", "0.999 * 0 + (1 - 0.999) * 0.5 * 0.5"),
        ("m_hat", "m / (1 - beta1**t)", "0.05 / (1 - 0.9**1)"),
        ("v_hat", "v / (1 - beta2**t)", "0.00025 / (1 - 0.999**1)"),
        ("w", "w - lr * m_hat / (sqrt(v_hat) + eps)", "1 - 0.001 * 0.5 / (sqrt(0.25) + 1e-08)"),
        ("g", "given", ""),
        ("m", "beta1 * m + (1 - beta1) * g", "0.9 * 0.05 + (1 - 0.9) * -0.3"),
        ("v", "beta2 * v + (1 - beta2) * g * g", "0.999 * 0.00025 + (1 - 0.999) * -0.3 * -0.3"),
        ("m_hat", "m / (1 - beta1**t)", "0.015 / (1 - 0.9**2)"),
        ("v_hat", "v / (1 - beta2**t)", "0.00033975 / (1 - 0.999**2)"),
        ("w", "w - lr * m_hat / (sqrt(v_hat) + eps)", "0.999 - 0.001 * 0.0789473684 / (sqrt(0.16995998) + 1e-08)"),
    ]


def quantities(*args, step=1, **kwargs):
    lines = worked_steps(*args, **kwargs).lines
    return {line.quantity: (line.formula, line.numbers) for line in lines if line.step == step}


def test_the_page_shows_what_runs_under_the_settings_given():
    plain = quantities(SGD)
    assert plain == {"g": ("given", ""), "w": ("w - lr * g", "1 - 0.1 * 0.5")}
    heavy = quantities(SGD, momentum=0.9, nesterov=True, weight_decay=0.01, lr=0.2, step=2, gradients=[1, 2], start=3)
    assert heavy["g"][0] == "g + momentum * b" and "b" in heavy  # the branch that was taken, and no other
    assert heavy["w"][0] == "w - lr * g" and heavy["w"][1].split(" - ")[1].startswith("0.2 * ")
    l2 = [x for x in worked_steps(SGD, weight_decay=0.01).lines if x.quantity == "g"]
    assert l2[1][2:4] == ("g + decay * w", "0.5 + 0.01 * 1")
    assert "v_max = v" in quantities(Adam, amsgrad=True) and "v_max = v" not in quantities(Adam)


def test_a_value_chosen_by_a_setting_is_shown_where_a_condition_needs_it():
    quantity = quantities(optim.AdEMAMix)
    assert quantity["done"] == ("1.0", "1") and quantity["if"] == ("done >= 1", "1 >= 1")
    assert quantities(optim.AdEMAMix, warmup_steps=4)["done"][1] == "1 / 4"


def test_conditions_say_yes_or_no_and_decide_what_follows():
    lines = worked_steps(RAdam, steps=6).lines
    conditions = [x for x in lines if x.quantity == "if"]
    assert [x.formula for x in conditions] == ["rho <= 5"] * 6 and [x.value for x in conditions] == [True] * 5 + [False]
    last = {x.quantity: x.formula for x in lines if x.step == 6}
    assert last["r"].startswith("sqrt((rho - 4)") and "lr * r *" in last["w"]
    assert "r" not in {x.quantity for x in lines if x.step == 5}


def test_hooks_parents_helpers_and_wrappers_are_followed():
    assert list(quantities(optim.AdamW))[1:] == ["w", "m", "v", "m_hat", "v_hat"]  # its own line, then Adam's
    nadam = quantities(optim.NAdam)
    assert nadam["mu_next"][0] == "beta1 * (1 - 0.5 * 0.96**((t + 1) * psi))" and "mu_product" in nadam
    assert {"z", "x", "w", "c"} <= set(quantities(optim.ScheduleFreeSGD))
    assert list(quantities(optim.AggMo))[1:] == ["b1", "w", "b2", "b3"]
    prodigy = worked_steps(optim.Prodigy)
    assert {"num", "s", "d_next", "D"} <= {x.quantity for x in prodigy.lines}
    assert any(name.startswith("dot(a, b)") for name in prodigy.helpers)
    assert [x.quantity for x in prodigy.lines].count("D") == 3  # worked out twice in each step, said once
    assert [x.quantity for x in three_steps("Rprop").lines].count("size") == 6  # 0.01, then kept within bounds: 0.01
    inner = quantities(lambda params: SAM(Lookahead(Adam(params), k=1)))
    assert {"norm", "m_hat", "slow"} <= set(inner)


def test_a_weight_is_called_w_wherever_it_is_changed():
    sam = [(x.quantity, x.value) for x in worked_steps(SAM, steps=1).lines]
    path = [value for quantity, value in sam if quantity == "w"]
    assert path == pytest.approx([1.05, 1.0, 1 - 0.1 * CURVATURE * 1.05])  # uphill, back, and the step from there
    assert "w_before" in {x.formula for x in worked_steps(SAM, steps=1).lines}
    lines = three_steps("Lookahead").lines
    assert {x.quantity for x in lines} == {"g", "w", "slow", "if"} and ("slow", "w") in {x[1:3] for x in lines}


def test_a_rule_that_takes_a_closure_gets_a_stated_loss():
    worked = worked_steps(optim.PolyakStep)
    assert "the loss is a / 2 w^2 with a = 0.8" in worked.problem
    assert worked.lines[0][1:4] == ("loss", "a / 2 * w**2", "0.8 / 2 * 1**2")
    assert {line.value < 1 for line in worked.lines if line.quantity == "step"} == {True}  # no tie with the bound, 1
    assert [f.co_name for f in worked.functions][:2] == ["step", "prepare"]  # step is where the loss comes from
    curvature = [x for x in worked_steps(optim.AdaHessian).lines if x.quantity == "D"]
    assert [x.value for x in curvature] == [CURVATURE] * 3


class Mine(Optimizer):
    state = ("m",)
    elementwise = True

    def __init__(self, params, lr=0.5, beta=0.5):
        super().__init__(params, lr=lr, beta=beta)

    def update(self, w, g, m, *, lr, beta):
        m *= beta
        m += g
        half = m / 2 if beta else m
        w -= lr * (
            half
            + g
        )  # fmt: skip


def test_a_rule_of_one_s_own():
    assert quantities(Mine, step=2) == {
        "g": ("given", ""),
        "m": ("beta * m + g", "0.5 * 0.5 + -0.3"),
        "half": ("m / 2", "-0.05 / 2"),
        "w": ("w - lr * (half + g)", "0.625 - 0.5 * (-0.025 + -0.3)"),
    }
    assert "tests/test_worked.py" in page(Mine) and "(it has no docstring)" not in page(Adam)


CELL = """
class Odd(Optimizer):
    state = ("m", "v")

    def __init__(self, params, lr=0.1, k=2):
        super().__init__(params, lr=lr, k=k)
        self.rng = np.random.default_rng(0)

    def update(self, w, g, m, v, *, lr, k, t, first):
        with np.errstate(all="ignore"):
            m[...] += g
        for i in range(int(k)):
            v += i * g**2
        noise = self.rng.normal() if self.rng.random() < 2 else 0.0
        if self.rng.random() > 0.5:
            noise = 2 * noise
        if (y := 2 * t) > 3 and not first:
            w -= y
        np.add(v, g, out=v)
        f = lambda a: a + 1
        z = f(g)
        d = {"a": 1.0}
        d["a"] += sum(a * b for a, b in [(1, 2.0), (3, 4.0)])
        w -= lr * (m + v + z + d["a"]); w += noise
        try:
            q = g if not first else -g
        except ZeroDivisionError:
            q = g
        w -= q
"""


def test_a_rule_in_a_notebook_with_odd_statements_runs_as_without_the_hook():
    """Drawing numbers once more, to know a value, would change the run."""
    file = "<ipython-input-1>"
    linecache.cache[file] = (len(CELL), None, CELL.splitlines(True), file)
    names = {"Optimizer": Optimizer, "np": np, "__name__": "__main__"}
    exec(compile(CELL, file, "exec"), names)
    worked = worked_steps(names["Odd"], gradients=[0.5, 0.25])
    shown = {x.quantity: (x.formula, x.numbers) for x in worked.lines if x.step == 2}
    assert shown["m"] == ("m + g", "0.5 + 0.25") and shown["q"] == ("g", "0.25") and shown["z"] == ("f(g)", "")
    assert shown["noise"][0] in ("2 * noise", "rng.normal() if rng.random() < 2 else 0.0")
    assert shown["a"] == ("a + (a * b + a * b)", "1 + (1 * 2 + 3 * 4)")
    w = Tensor(np.array([[1.0]]), requires_grad=True)
    rule = names["Odd"]([w])
    for g in (0.5, 0.25, 0.5):
        rule.zero_grad()
        (w * g).sum().backward()
        rule.step()
    assert w.data.item() == worked.w[-1]
    exec(CELL, names)  # as typed at Python's own prompt
    with pytest.raises(ValueError, match="Odd: worked steps are read from the source of the rule, which cannot be"):
        worked_steps(names["Odd"])


class OneLiners(Optimizer):
    state = ("m",)

    def __init__(self, params, lr=0.1, beta=0.9, clip=0.4):
        super().__init__(params, lr=lr, beta=beta, clip=clip)

    # fmt: off
    def update(self, w, g, m, *, lr, beta, clip):
        if clip: g = np.clip(g, -clip, clip)  # noqa: E701
        m *= beta; m += (1 - beta) * g  # noqa: E702
        for i in range(2): m += i * g  # noqa: E701
        if clip > 3: m += 7  # noqa: E701
        else: m -= 0.5  # noqa: E701
        w -= lr * m
    # fmt: on


class Short(OneLiners):
    def update(self, w, g, m, *, lr, beta, clip): m += g; w -= lr * m  # noqa: E702 # fmt: skip


def test_statements_that_share_a_line_have_a_row_each():
    assert [line[1:4] for line in worked_steps(OneLiners, steps=1).lines] == [
        ("g", "given", ""),
        ("g", "clip(g, -clip, clip)", "clip(0.5, -0.4, 0.4)"),
        ("m", "beta * m + (1 - beta) * g", "0.9 * 0 + (1 - 0.9) * 0.4"),
        ("m", "m + i * g", "0.04 + 0 * 0.4"),
        ("m", "m + i * g", "0.04 + 1 * 0.4"),
        ("if", "clip > 3", "0.4 > 3"),
        ("m", "m - 0.5", "0.44 - 0.5"),
        ("w", "w - lr * m", "1 - 0.1 * -0.06"),
    ]
    assert [x[1:3] for x in worked_steps(Short, steps=1).lines[1:]] == [("m", "m + g"), ("w", "w - lr * m")]


def corrections(beta, t):
    return 1 - beta**t, beta * t


class Writes(OneLiners):
    def update(self, w, g, m, *, lr, beta, clip, t):
        np.copyto(m, beta * m + g)
        np.multiply(m, 2, out=m)
        np.maximum(m, -1, out=m)
        m[:] = 3 * m
        a, b = corrections(beta, t)
        np.subtract(w, lr * a * b * m, out=w)


def test_functions_that_write_into_an_array_have_a_row():
    assert [line[1:4] for line in worked_steps(Writes, steps=1).lines[1:]] == [
        ("m", "beta * m + g", "0.9 * 0 + 0.5"),
        ("m", "m * 2", "0.5 * 2"),
        ("m", "maximum(m, -1)", "maximum(1, -1)"),
        ("m", "3 * m", "3 * 1"),
        ("a", "corrections(beta, t)[0]", "corrections(0.9, 1)[0]"),
        ("b", "corrections(beta, t)[1]", "corrections(0.9, 1)[1]"),
        ("w", "w - lr * a * b * m", "1 - 0.1 * 0.1 * 0.9 * 3"),
    ]


class Hides(OneLiners):
    def update(self, w, g, m, *, lr, beta, clip):
        np.copyto(m, g, where=g > 0)
        g.clip(-0.1, 0.1, out=g)
        m.sort()
        w -= lr * m


def test_what_no_row_shows_is_named_beneath_the_table():
    first = Hides.update.__code__.co_firstlineno + 1
    worked = worked_steps(Hides)
    assert worked.hidden == (
        f"test_worked.py, line {first}, is not shown, but changes m: np.copyto(m, g, where=g > 0)",
        f"test_worked.py, line {first + 1}, is not shown, but changes g: g.clip(-0.1, 0.1, out=g)",
    )
    assert worked.hidden[0] in str(worked).splitlines()[-2:]


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSES)
def test_no_rule_of_the_family_changes_what_its_table_does_not_show(name):
    assert worked_steps(CLASSES[name], steps=5).hidden == ()


class Broken(Mine):
    def update(self, w, g, m, *, lr, beta):
        raise RuntimeError("no")


def test_the_tracing_hook_is_given_back():
    def hook(frame, event, arg):
        return None

    before = sys.gettrace()
    try:
        sys.settrace(hook)
        worked_steps(Adam)
        with pytest.raises(RuntimeError, match="no"):
            worked_steps(Broken)
        assert sys.gettrace() is hook
    finally:
        sys.settrace(before)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 0}, "the number of steps must be a whole number from 1 to 1000, got 0"),
        ({"steps": 1.5}, "whole number"),
        ({"gradients": [math.nan]}, "the gradients must be finite numbers, got nan"),
        ({"gradients": []}, "takes 1 gradients"),
        ({"start": [1, 2]}, "Adam starts from one weight, got"),
        ({"start": math.inf}, "must be a finite number, got inf"),
        ({"beta1": 0.9}, "Adam has no hyper-parameter 'beta1'; did you mean betas"),
        ({"cls": 2}, "Adam has no hyper-parameter 'cls'; it has lr, betas, eps, weight_decay, amsgrad$"),
        ({"params": 2}, "Adam has no hyper-parameter 'params'"),
        ({"amsgrad": "maybe"}, "Adam: amsgrad must be True or False, got 'maybe'"),
        ({"lr": -1}, r"lr must lie in \[0, inf\), got -1"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        worked_steps(Adam, **arguments)


class Needy(Mine):
    def __init__(self, params, lr, beta, steps=1.0):
        super().__init__(params, lr=lr, beta=beta)
        self.defaults["steps"] = steps


def test_hyper_parameters_without_a_default_and_with_names_of_our_own():
    with pytest.raises(ValueError, match=r"Needy has no default for beta: give its value \(--set beta=VALUE\)"):
        worked_steps(Needy)
    assert quantities(Needy, beta=0.25)["m"] == ("beta * m + g", "0.25 * 0 + 0.5")
    text = page(Needy, 100, {"beta": 0.25, "steps": 7.0}, steps=2)
    assert "State: 1 floats per parameter" in text and "step 2" in text and "step 3" not in text


def test_the_page_counts_the_state_of_its_settings():
    assert "State: 3 floats per parameter (of a 64 x 32 weight: m 64 x 32, v" in page(Adam, settings={"amsgrad": True})
    assert "State: 6 floats" in page(optim.LBFGS, settings={"history_size": 2})
    assert "State: 2 history_size + 2 floats" in page(optim.LBFGS)


def test_bad_input_for_other_rules():
    with pytest.raises(ValueError, match=r"it has rho, lr\. What it wraps is plain SGD here; for another: worked"):
        worked_steps(SAM, momentum=0.9)
    with pytest.raises(ValueError, match="SAM takes no gradients: it gets them from a loss"):
        worked_steps(SAM, gradients=[1.0])
    with pytest.raises(ValueError, match="Muon takes 4 gradients for each step, row by row, got 3"):
        worked_steps(optim.Muon, gradients=[1, 2, 3])
    with pytest.raises(ValueError, match="lr and settings go with a class"):
        worked_steps(lambda params: Adam(params), lr=0.1)


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits(width):
    for name in CLASSES:
        text = three_steps(name).text(width)
        assert max(map(len, text.splitlines())) <= width, name
        assert all(re.search(rf"^{re.escape(x.quantity)} ", text, re.MULTILINE) for x in three_steps(name).lines)


def test_numbers_are_printed_to_be_read_and_typed():
    assert [literal(x) for x in (-0.0, 0.1 + 0.2, 1e-8, True, 1 / 3)] == ["0", "0.3", "1e-08", "yes", "0.3333333"]
    assert literal(np.array([[1, 2], [3, 1 / 3]])) == "[1 2; 3 0.33333]" and literal(np.array([[1.0, 2.0]])) == "[1 2]"
    assert np.array_equal(redone("[1 2; 3 4] @ [1 0; 0 -1]"), [[1, -2], [3, -4]])
    assert "0.25**(-(-0.5))" in quantities(optim.FTRL)["z"][1]  # not --0.5
    near = [x for x in worked_steps(optim.DoG, steps=3).lines if x.quantity == "away"][-1]
    assert len(near.numbers) > len("0.999999 - 1")  # w - w0 cancels: more digits, as many as it takes


def test_the_page_says_where_the_rule_stands():
    text = page(Adam)
    path, line = re.search(r"(minidl/optim/adam\.py):(\d+)", text).groups()
    with open(optim.__file__.replace("minidl/optim/__init__.py", path)) as file:
        source = file.readlines()
    assert source[int(line) - 1].strip() == "def update(" and "        m_hat = m / (1 - beta1**t)\n" in text
    assert "Kingma & Ba 2015, Algorithm 1" in text and "State: 2 floats per parameter" in text
    assert "AdamEpsHat(params" in text and "Elsewhere" in text
    assert text.startswith("Adam(params, lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, amsgrad=False)\n")
    assert page(SGD).startswith("SGD(params, lr, momentum=0,") and page(SAM).startswith("SAM(base, rho=0.05)")


@pytest.mark.parametrize("name", CLASSES)
def test_every_page_can_be_made(name):
    text = page(CLASSES[name], 100, steps=2)
    assert f"{CLASSES[name].__doc__.splitlines()[0].strip()}" in text and "step 2" in text
