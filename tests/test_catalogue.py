"""The table of optimizers: complete, true, and readable where it is printed."""

import re
from typing import ClassVar

import pytest

from minidl import optim
from minidl.optim import Optimizer
from minidl.optim.catalogue import catalogue, family, filled, footnotes, rule_of, source_of, table

ROWS = {row.name: row for row in catalogue()}


def test_every_optimizer_that_minidl_optim_offers_has_a_row():
    offered = {x for x in vars(optim).values() if isinstance(x, type) and issubclass(x, Optimizer)} - {Optimizer}
    assert set(family()) == offered and len(ROWS) == len(family()) == len(offered) > 60
    assert list(ROWS)[:8] == optim.names()


def test_every_class_of_the_files_stands_in_the_family():
    """A file left out of the list, or a class that was never exported."""
    defined = set()
    todo = [Optimizer]
    while todo:
        todo += (children := todo.pop().__subclasses__())
        defined |= {c for c in children if c.__module__.startswith("minidl.optim.") and c.__name__[0] != "_"}
    assert defined - set(family()) == {optim.more.wrappers.Wrapper}


@pytest.mark.parametrize("name", ROWS)
def test_every_rule_has_a_formula_and_a_source_with_a_year(name):
    row = ROWS[name]
    assert re.search(r"<-| = |starts at", row.rule), row.rule
    assert re.search(r"[A-Z][a-z]+.* (19|20)\d\d$", row.source), row.source
    assert "  " not in row.source and "\n" not in row.rule and row.group.endswith(".")
    assert not re.search(r"(19|20)\d\d\b", row.rule), "the source stands in the rule"


STATE = {  # counted by hand from the papers
    "SGD": "0", "Momentum": "1", "Adam": "2", "AMSGrad": "3", "AggMo": "3", "Adan": "4", "Lion": "1", "Muon": "1",
    "Prodigy": "4", "ScheduleFreeSGD": "1", "Lookahead": "+1", "SAM": "+0", "RandomSearch": "0",
    "Adafactor": f"{(64 + 32) / (64 * 32):.2g}", "Shampoo": f"{2 * (64**2 + 32**2) / (64 * 32):g}",
    "LBFGS": "2 history_size + 2",
}  # fmt: skip


@pytest.mark.parametrize("name", STATE)
def test_state_is_counted(name):
    assert ROWS[name].state == STATE[name]


def test_what_a_step_costs_and_needs_is_the_class_s_own_word():
    assert (ROWS["SAM"].gradients, ROWS["SAM"].closure) == ("2", "backward")
    assert (ROWS["Adam"].gradients, ROWS["Adam"].closure) == ("1", "")
    assert (ROWS["RandomSearch"].gradients, ROWS["RandomSearch"].closure) == ("0", "loss")
    assert {r.closure for r in ROWS.values()} == {"", "loss", "backward"}


def test_defaults_have_lr_first_and_are_those_of_the_signature():
    assert ROWS["Adam"].defaults == "lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, amsgrad=False"
    assert ROWS["SGD"].defaults.startswith("needs lr, momentum=0, ")
    assert all(re.match(r"lr=|needs lr", r.defaults) for r in ROWS.values() if r.state[0] != "+")


def test_rules_and_sources_are_cut_out_of_the_docstrings():
    adam = "m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2;  w <- w - lr m^ / (sqrt(v^) + eps)  with  "
    assert ROWS["Adam"].rule == adam + "m^ = m / (1 - beta1^t),  v^ = v / (1 - beta2^t)"
    assert ROWS["Adam"].source == "Kingma & Ba 2015"
    assert ROWS["LBFGS"].source == "Nocedal 1980; Liu & Nocedal 1989; Nocedal & Wright 2006"
    assert ROWS["Lookahead"].source == "Zhang, Lucas, Hinton & Ba 2019"  # below the formula
    assert ROWS["LARSRateOutside"].source == "torch_optimizer; after You, Gitman & Ginsburg 2017"
    assert ROWS["AdamUncorrected"].source == "MLX by default; after Kingma & Ba 2015"
    assert ROWS["Adafactor"].rule.count("(of a vector: v itself is kept)") == 1  # a remark is no source
    assert ROWS["Adam"].group.startswith("Adam: momentum for the direction")


class Mine(Optimizer):
    """w <- w - lr g / 2          Nobody 1999"""

    gradients: ClassVar[str] = "1"
    state = ("unused",)

    def __init__(self, params, decay=0.0, lr=0.5):
        super().__init__(params, lr=lr, decay=decay)

    def update(self, w, g, unused, *, lr):
        w -= lr * g / 2


class Bare(Mine):
    pass


def test_a_learner_s_own_class_has_a_row_too():
    row = catalogue([Mine])[0]
    assert (row.rule, row.source) == ("w <- w - lr g / 2", "Nobody 1999")
    assert (row.defaults, row.state) == ("lr=0.5, decay=0", "1")
    assert (rule_of(Bare), source_of(Bare)) == ("", "after Nobody 1999")


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_and_holds_every_word(width):
    text = table(list(ROWS.values()), width)
    assert max(map(len, text.splitlines())) <= width
    words = re.sub(r"\s+", " ", text)
    for row in ROWS.values():
        assert f"\n{row.name} " in text
        assert re.sub(r"\s+", " ", row.rule) in words and row.defaults in words and row.group in words
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_without_a_width_there_is_one_line_for_each():
    lines = table(list(ROWS.values()), None).splitlines()
    assert len(lines) == 1 + len(ROWS)
    assert all(row.rule in line and row.defaults in line and row.source in line
               for row, line in zip(ROWS.values(), lines[1:], strict=True))  # fmt: skip


def test_formulas_are_broken_between_formulas_first():
    assert filled("a <- b + c;  d <- e", 14, "  ", "    ") == ["  a <- b + c;", "    d <- e"]
    assert filled("a <- b + c + d + e + f;  g", 12, "  ", "    ") == ["  a <- b + c", "    + d + e", "    + f;  g"]


def test_what_there_is_besides_optimizers_is_named():
    notes = " ".join(footnotes())
    assert all(word in notes for word in ("clip_grad_adaptive", "EMA", "SWA", "OneCycle", "ReduceOnPlateau"))
    assert "Adam" not in notes
