"""The report: what its figures show and its sentences say of made-up records; its page."""

import html
import itertools
import math
import re
from pathlib import Path

import pytest
from made_up_study import compare, data_of

from minidl import cli
from minidl.lab import figures, findings, panels, summary, words
from minidl.lab.cards import cards
from minidl.lab.comparison import load
from minidl.lab.look import colour, dashes
from minidl.lab.panels import DEFAULT, DIVERGED, MEAN, WINNER
from minidl.lab.plots import _digits, plot
from minidl.lab.report_html import page
from minidl.lab.table import columns, markdown, overview

# -- what the figures show


@pytest.mark.parametrize(
    ("unit", "x"),
    [("steps", [0, 10, 19]), ("epochs", [0, 10 / 19, 1]), ("gradients", [0, 20, 38]), ("seconds", [0, 0.1, 0.19])],
)
def test_curves_are_medians_and_quartiles_against_every_unit(study, unit, x):
    loss, accuracy = panels.curves(study, unit)
    sgd, adam = loss.lines
    assert list(sgd.x) == pytest.approx(x) and list(sgd.y) == pytest.approx([2.0, 0.5, 0.2])
    assert (sgd.low[2], sgd.high[2]) == pytest.approx((0.15, 0.25))
    assert list(accuracy.lines[1].y) == pytest.approx([0.1, 0.93, 0.96])
    assert (adam.label, adam.i) == ("Adam", 1) and accuracy.target == 0.95 and unit[:6] in {loss.x[:6], "gradie"}
    assert loss.x_range[1] == pytest.approx(1.02 * x[-1]) or unit == "seconds"
    assert loss.y_range[0] < 0.15 and 2.0 < loss.y_range[1] <= 4.0


def test_an_axis_of_accuracies_shows_their_end_well_and_of_a_steep_rise_as_much_again(study):
    """Else a curve from 10 % squeezes all ends of 96 % into a line; what stays at 85 % needs no room up to 100 %."""
    for r in study.final:
        for row, x in zip(r["evaluations"], (0.1, 0.96, 0.98), strict=True):
            row["validation_accuracy"] = x
    low, high = panels.curves(study)[1].y_range
    assert 0.90 < low < 0.95 and 0.98 < high < 0.99  # the target is 0.95
    for r in study.final:
        for row, x in zip(r["evaluations"], (0.8, 0.85, 0.84), strict=True):
            row["validation_accuracy"] = x
    low, high = panels.curves(study)[1].y_range
    assert 0.77 < low < 0.8 and 0.95 < high < 0.97
    for r in study.finals["SGD"]:
        r["diverged"], r["evaluations"][-1]["validation_accuracy"] = True, 0.0
    assert panels.curves(study)[1].y_range[0] > 0.77  # diverged ones leave the picture


def test_a_rate_that_diverged_stands_at_the_edge_and_the_chosen_one_is_marked(study):
    panel, usable = panels.sensitivity(study)
    sgd, adam = panel.lines
    edge = sgd.y[2]
    assert list(sgd.x) == [0.01, 0.1, 1.0] and list(sgd.y[:2]) == pytest.approx([0.7, 0.9])
    assert panel.y_range[0] < edge < 0.6 and edge - panel.y_range[0] < 0.02
    assert [(m.x, m.y, m.kind) for m in sgd.marks] == [(1.0, edge, DIVERGED), (0.1, 0.9, WINNER)]
    assert [(m.x, m.kind) for m in adam.marks] == [(0.1, WINNER)] and "x" in panel.log
    by_label = {row.label: row for row in usable.rows}
    assert by_label["Adam"].bar == (0.1, 1.0) and by_label["Adam"].text == "x 10"
    assert by_label["Adam"].marks == {DEFAULT: 0.001, WINNER: 0.1} and usable.x_range[0] <= 0.001
    assert by_label["SGD"].bar == (0.1, 0.1) and by_label["SGD"].text == "one rate"
    assert [row.label for row in usable.rows] == ["Adam", "SGD"]  # the widest first


def test_what_was_missed_is_shown_as_missed(study):
    (panel,) = panels.costs(study)
    sgd, adam = panel.rows
    assert (sgd.label, sgd.bar, sgd.missed, sgd.text) == ("SGD", (0.0, 19.0), False, "19")
    assert list(sgd.points) == [19] * 5
    assert (adam.label, adam.text, list(adam.points)) == ("Adam", "19 (missed by 1 of 5)", [19] * 4)
    for r in study.finals["SGD"][:3]:
        r["evaluations"][-1]["validation_accuracy"] = 0.9
    (panel,) = panels.costs(study, "gradients")
    assert [(row.label, row.missed) for row in panel.rows] == [("Adam", False), ("SGD", True)]
    assert panel.rows[1].text == "missed by 3 of 5" and list(panel.rows[1].points) == [38, 38]


def test_the_test_figures_are_in_the_order_of_the_ranks_and_beside_the_untuned(study):
    panel, both = panels.tested(study)
    assert [row.label for row in panel.rows] == ["SGD", "Adam"]
    assert list(panel.rows[0].points) == pytest.approx([0.9, 0.905, 0.91, 0.915, 0.92])
    assert [row.text.split() for row in panel.rows] == [["91.0%", "place", "1"], ["81.0%", "place", "2"]]
    (adam,) = both.rows
    assert adam.marks == pytest.approx({DEFAULT: 0.5, MEAN: 0.81}) and adam.text == "50.0% to 81.0%"
    assert len(panels.tested(compare(["sgd"]))) == 1  # without a default rate there is nothing to set beside


def test_updates_of_every_layer(study):
    first, second = panels.updates(study, "epochs")
    assert (first.title, second.title) == ("Layer 0.weight", "Layer 2.weight") and first.log == "y"
    assert list(first.lines[0].x) == pytest.approx([10 / 19, 1])
    assert list(first.lines[0].y) == pytest.approx([2e-3, 1e-4])
    assert list(second.lines[1].y) == pytest.approx([2e-2, 1e-3])
    assert first.lines[0].low[0] == pytest.approx(1.5e-3)
    for r in study.final:
        r["evaluations"] = [{k: x for k, x in row.items() if k != "update_ratio"} for row in r["evaluations"]]
    assert panels.updates(study) == [] and figures.png(study, "updates.png") is None
    assert findings.of_updates(study) == ""


def test_the_price_of_tuning(study):
    (panel,) = panels.budget(study)
    sgd = panel.lines[0]
    assert list(sgd.x) == [1, 2, 3]
    assert list(sgd.y) == pytest.approx([(0.7 + 0.9 + 0) / 3, (0.9 + 0.9 + 0.7) / 3, 0.9])


def of_two_problems(fake_runs):
    """Costs to the target with seeds 1 and 2: moons SGD 10, 10, Adam 20, never; spirals SGD 40, 40, Adam 10, 10."""
    table = {("moons", "SGD"): (10, 10), ("moons", "Adam"): (20, math.inf), ("spirals", "SGD"): (40, 40),
             ("spirals", "Adam"): (10, 10)}  # fmt: skip
    fake_runs(lambda s: {"steps_to_target": table[s.problem.name, s.optimizer][s.seed - 1]} if s.test else {})
    return [compare(dataset=name, seeds=2) for name in ("moons", "spirals")]


def test_the_profile_of_two_problems(fake_runs):
    both = of_two_problems(fake_runs)
    (panel,) = panels.profile(both)
    share = {line.label: dict(zip(line.x, line.y, strict=True)) for line in panel.lines}
    assert share["SGD"][1.0] == 0.5 and share["SGD"][4.0] == 1.0 and share["SGD"][2.0] == 0.5
    assert share["Adam"][1.0] == 0.5 and share["Adam"][2.0] == 0.75 and share["Adam"][4.0] == 0.75
    text = findings.of_profile(both)
    assert text.startswith("4 instances") and "SGD, Adam (50%)" in text and text.endswith("reached on: SGD 4, Adam 3.")
    assert figures.profile(both).startswith(b"\x89PNG")
    heads = [column.head for column in overview(both)]
    assert heads == ["optimizer", "moons: accuracy", "moons: place", "spirals: accuracy", "spirals: place"]


def test_two_studies_of_one_problem(study, fake_runs):
    of_sgd = {1: 0.9, 2: 0.9, 3: 0.9, 4: 0.91, 5: 0.925}
    fake_runs(lambda s: {"test_accuracy": 0.95 if s.optimizer == "Adam" else of_sgd[s.seed]} if s.test else {})
    other = compare(schedule="cosine")
    figures_, spent = panels.versus(study, other, ("a", "b"))
    assert [row.label for row in figures_.rows] == ["SGD", "Adam"]
    assert figures_.rows[1].marks == pytest.approx({DEFAULT: 0.81, MEAN: 0.95})
    assert spent.rows[0].marks == {DEFAULT: 19} and spent.rows[0].text == "missed in b" and spent.rows[0].bar is None
    text = findings.of_versus(study, other, ("a", "b"))
    assert "differ: schedule (constant, cosine)." in text
    assert "Better beyond chance in b: Adam (81.0%, 95.0%). Not to be told apart: SGD (91.0%, 90.7%)." in text
    lion = compare(["lion"])
    assert panels.versus(study, lion, ("a", "b")) == []
    assert "No optimizer is in both a and b." in page({"a": [study], "b": [lion]})
    assert "no problem in common" not in page({"a": [study], "b": [lion]})
    assert "a, b: no problem in common" in page({"a": [study], "b": [compare(dataset="digits")]})


def test_optimizers_look_the_same_everywhere(study):
    """Colours and dashes are those of look.py, in the PNG and on the page, and 32 optimizers all look different."""
    assert len({(colour(i), dashes(i)) for i in range(32)}) == 32
    drawn = {trace["meta"]: trace["line"] for trace in plot(panels.curves(study)[0])["data"] if trace.get("name")}
    assert drawn["Adam"]["color"] == colour(1) and drawn["Adam"]["dash"] == "12px,4px"
    assert drawn["SGD"]["color"] == colour(0) and drawn["SGD"]["dash"] == "solid"


@pytest.mark.parametrize("name", figures.PICTURES)
def test_every_picture_is_drawn(study, name):
    assert figures.png(study, name).startswith(b"\x89PNG")


# -- what is said


def test_the_head_says_what_the_records_say(study):
    first, second, third, fourth = findings.headline(study)
    assert first.startswith("Best mean on the test set: 91.0%, of SGD. It can be told from all others.")
    assert first.endswith("Behind beyond chance: Adam (81.0%).")
    assert second.startswith("Fewest steps to a validation accuracy of 95%: SGD, Adam (19). In evaluations of the ")
    assert second.endswith("gradient the fewest: SGD, Adam (38). Runs that missed it: Adam (1 of 5).")
    assert third.startswith("Tuning changes Adam: 50.0% at its default rate 0.001, 81.0% at 0.1. That is more")
    assert fourth.startswith("Widest range of usable rates: Adam (the highest 10 times")
    assert fourth.endswith("narrowest: SGD (a single one).")


def test_equals_are_not_set_above_each_other(fake_runs):
    fake_runs()
    c = compare()
    assert findings.ahead(c) == "Best mean on the test set: 90.0%, of SGD, Adam. "
    fake_runs(lambda s: {"test_accuracy": 0.9 + 0.01 * ((s.seed + (s.optimizer == "SGD")) % 3)} if s.test else {})
    few = "2 seeds cannot tell any of the others from it (5 are the fewest that can)."
    assert findings.ahead(compare(seeds=2)).endswith(few)
    assert "2 seeds are too few for places" in words.ranks(compare(seeds=2))
    assert findings.ahead(compare(seeds=1)).endswith("One seed cannot tell the others from it.")
    thirds = {"SGD": (0.1, 0.2, 0.3, 0, 0), "Adam": (0.3, 0.2, 0.1, 0, 0)}  # whose sums differ in the last bit
    fake_runs(lambda s: {"test_accuracy": thirds[s.optimizer][s.seed - 1]} if s.test else {})
    same = compare()
    assert same.ranking[0].mean != same.ranking[1].mean and len(words.leaders(same)) == 2
    assert "highest mean is that of SGD, Adam" in words.chance(same) or "of Adam, SGD" in words.chance(same)
    assert "No optimizer reaches" in findings.fastest(c) and "SGD (5 of 5)" in findings.fastest(c)
    assert findings.tuning(c) == "" and findings.of_costs(c).endswith("its length means nothing.")


def test_sentences_beside_the_figures(study):
    assert "1 of 6 runs diverged, drawn at the bottom edge. No chosen rate" in findings.of_rates(study)
    text = findings.of_curves(study)
    assert text.startswith("Lines are medians over 5 seeds") and text.endswith("at the end: SGD (0.2).")
    assert findings.of_budget(study).endswith("2 for Adam; 3 for SGD.")
    assert "SGD, 0.19 seconds" in findings.of_costs(study)


def test_the_interval_of_a_difference():
    assert summary.interval([1.0, 1.0, 1.0]) == (1.0, 1.0)
    d = [0.0, 1.0, 2.0, 3.0, 4.0]
    means = sorted(sum(x) / 5 for x in itertools.product(d, repeat=5))
    at = 0.0009541 * (len(means) - 1)  # of the 3,125 resamples; Student's t with 4 degrees of freedom is 2.776
    low, high = summary.interval(d)
    assert low == pytest.approx(means[2] + (at - 2) * (means[3] - means[2]), abs=1e-3)
    assert high == pytest.approx(4 - low)


def test_formulas_of_wrapped_and_of_ones_own_rules_without_running_them(tmp_path):
    own = tmp_path / "own.py"
    own.write_text('raise SystemExit\nclass Mine:\n    """w <- w - lr h;  h <- g            Me 2026"""\n')
    assert [card.name for card in cards("SAM(SGD(momentum=0.9), rho=0.1)")] == ["SAM", "SGD"]
    (adam,) = cards("Adam")
    assert adam.rule[0] == "m <- beta1 m + (1 - beta1) g" and adam.source == "Kingma & Ba 2015"
    assert "lr=0.001" in adam.more and "per parameter: 2." in adam.more
    (mine,) = cards(f"{own}:Mine(a=1)")
    assert mine.rule == ["w <- w - lr h", "h <- g"]
    own.unlink()
    assert cards(f"{own}:Mine")[0].more.endswith("own.py, which is not here")


# -- the page and the tables


def test_the_page_holds_everything_and_asks_nothing_of_a_network(study):
    text = page({"": [study]})
    own = re.sub(r"<script>/\*\*.*?</script>", "", text, count=1, flags=re.DOTALL)  # without plotly's own text
    assert len(own) < 0.2 * len(text)
    assert not re.search(r"""(src|href)=["'](?!data:)|url\(|@import|https?://""", own)
    made = data_of(text)
    assert set(re.findall(r'class="plot" id="(\w+)"', text)) == set(made) and len(made) == 10
    assert set(made["plot0"]) == {"steps", "epochs", "seconds", "gradients"} and set(made["plot2"]) == {""}
    assert all(p["data"] and p["layout"]["xaxis"] for of in made.values() for p in of.values())
    assert made["plot0"]["gradients"]["data"][1]["x"] == [0, 20, 38]
    for expected in (*findings.headline(study), "w &lt;- w - lr g", "Robbins &amp; Monro 1951", 'data-label="Adam"'):
        assert expected in text or html.escape(expected) in text


def test_lines_are_as_high_as_the_rows_beside_them(fake_runs):
    fake_runs()
    names = ["sgd", "adam", "lion", "adagrad", "adadelta", "rmsprop", "adamw", "nadam", "momentum", "nesterov", "lamb"]
    made = data_of(page({"": [compare(names, seeds=1, lr_grid=[0.1])]}))
    lines, rows = (made[f"plot{k}"][""]["layout"] for k in (2, 3))
    assert lines["height"] == rows["height"] > 400 and made["plot0"]["steps"]["layout"]["height"] == 360


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [(0.3, 4, ["0.5", "1", "2"]), (0.2, 0.9, ["0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9"]),
     (0.0051, 0.0053, ["0.0051", "0.0052", "0.0053"]), (40, 700, ["50", "100", "200", "500"]),
     (0.27, 0.43, ["0.3", "0.35", "0.4"])],
)  # fmt: skip
def test_a_short_logarithmic_axis_says_its_numbers_in_full(low, high, texts):
    axis = _digits(low, high)
    assert axis["ticktext"] == texts and axis["tickvals"] == [float(x) for x in texts]


def test_an_axis_with_one_power_of_ten_says_other_numbers_too(study):
    panel = panels.curves(study)[0]
    panel.y_range = (0.15, 5.0)
    assert plot(panel)["layout"]["yaxis"]["ticktext"] == ["0.2", "0.5", "1", "2", "5"]
    panel.y_range = (0.005, 50.0)
    assert len(plot(panel)["layout"]["yaxis"]["ticktext"]) == 4


def test_what_a_study_is_called_cannot_break_the_page(fake_runs):
    fake_runs()
    evil = "</script><b>&\"'"
    text = page({evil: [compare([{"name": "sgd", "label": evil}, "adam"])]})
    assert "</script><b>" not in text and text.count("</script>") == text.count("<script") == 3
    assert any(trace.get("meta") == evil for trace in data_of(text)["plot0"]["steps"]["data"])


def test_diverged_runs_and_one_run_have_a_page_too(fake_runs):
    fake_runs(lambda s: {"diverged": True, "validation_accuracy": 0.0})
    assert "plot" in page({"": [compare(seeds=1)]})
    fake_runs()
    assert "plot" in page({"": [compare(["sgd"], seeds=1, lr_grid=[0.1], dataset="quadratic")]})


def test_markdown_can_be_pasted(study):
    head, rule, *lines = markdown(study).splitlines()
    assert head.startswith("| place | optimizer | rate | test accuracy |") and set(rule) == set("| -")
    assert lines[0].startswith("| 1 | SGD | 0.1 | 91.0% | 90.0% | 92.0% |  | 19 |")
    assert len({line.count("|") for line in (head, rule, *lines[:2])}) == 1 and lines[2] == ""
    by_head = {column.head: column for column in columns(study)}
    assert by_head["runs that missed"].values == [0, 1] and by_head["at default rate"].texts == ["", "50.0%"]


def test_few_seeds_have_no_column_of_places(fake_runs):
    fake_runs()
    heads = {n: columns(compare(seeds=n))[0].head for n in (1, 4, 5)}
    assert heads == {1: "optimizer", 4: "optimizer", 5: "place"}


def test_a_study_without_default_rates_has_no_column_for_them(fake_runs):
    fake_runs()
    heads = {
        untuned: [column.head for column in columns(compare(["sgd", "adam"], seeds=1, lr_grid=[0.1], untuned=untuned))]
        for untuned in (True, False)
    }
    assert [head for head in heads[True] if head != "at default rate"] == heads[False] != heads[True]


# -- minidl report


@pytest.fixture
def folder(study, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study.save("a")
    return Path("a")


@pytest.mark.slow
def test_the_report_is_made_again_from_the_records(folder, capsys):
    before = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
    for name in before:
        if name != "study.json":
            (folder / name).unlink()
    assert cli.main(["report", "a"]) == 0
    assert capsys.readouterr().out.startswith("wrote into a: table.csv, table.md, report.html, curves.png")
    after = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
    assert after == before and load(folder).metric == "accuracy"
    assert cli.main(["report", "a", "--out", "b"]) == 0 and Path("b/report.html").exists()


@pytest.mark.slow
def test_two_studies_make_one_page(folder, study, capsys):
    study.save("x/a")
    assert cli.main(["report", "a", "x/a"]) == 0
    (out,) = capsys.readouterr().out.splitlines()
    (path,) = Path("results").glob("*/report.html")
    assert out == f"wrote into {path.parent}: report.html" and "differ: no settings" in path.read_text()


@pytest.mark.slow
def test_a_study_of_several_problems_is_found_by_its_folder(fake_runs, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for c in of_two_problems(fake_runs):
        c.save(f"both/{c.problem.name}")
    assert cli.main(["report", "both"]) == 0
    assert "wrote into both: report.html, profile.png" in capsys.readouterr().out
    assert "Performance profile" in Path("both/report.html").read_text()


def test_a_folder_without_results_is_said_so(folder, capsys):
    Path("empty").mkdir()
    assert cli.main(["report", "empty"]) == 2
    assert "holds no results: there is no study.json in it" in capsys.readouterr().err
    next((folder / "runs").iterdir()).unlink()
    assert cli.main(["report", "a"]) == 2
    assert "the same `minidl compare` makes it again" in capsys.readouterr().err
