"""The report: what its figures show and its sentences say of made-up records; its page, also in a browser."""

import html
import json
import math
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from minidl import cli, lab
from minidl.lab import figures, findings, panels, summary
from minidl.lab.cards import cards
from minidl.lab.comparison import load
from minidl.lab.look import colour, dashes
from minidl.lab.panels import DEFAULT, DIVERGED, MEAN, WINNER
from minidl.lab.plots import plot
from minidl.lab.report_html import page
from minidl.lab.table import columns, markdown, overview

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


def compare(optimizers=("sgd", "adam"), dataset="moons", **options):
    usual = {"epochs": 1, "jobs": 1, "progress": False, "seeds": 3, "untuned": False, "lr_grid": [0.01, 0.1, 1.0]}
    return lab.compare(dataset, optimizers, **(usual | options))


def rows(*points):
    """Evaluations: (step, training loss, validation accuracy, update ratio of each layer)."""
    return [
        {"step": s, "train_loss": x, "train_accuracy": a, "validation_accuracy": a}
        | ({"update_ratio": {"0.weight": r, "2.weight": 10 * r}} if r else {})
        for s, x, a, r in points
    ]


@pytest.fixture
def study(fake_runs):
    """SGD and Adam: three rates of which the highest diverges for SGD, three seeds, defaults for Adam."""

    def outcome(s):
        good = 0.9 if s.optimizer == "SGD" else 0.8
        if not s.test:
            found = {0.01: good - 0.2, 0.1: good, 1.0: good - 0.01}[s.lr]
            return {"validation_accuracy": found, "diverged": s.optimizer == "SGD" and s.lr == 1.0}
        k = s.seed - 1  # 0, 1, 2
        if s.lr == 0.001:
            return {"test_accuracy": 0.5}
        ends = {"SGD": (0.96, 0.96, 0.97), "Adam": (0.94, 0.96, 0.96)}[s.optimizer]
        change = {"test_accuracy": good + 0.01 * k, "train_loss": 0.1 * (k + 1)}
        loss = 0.1 * (k + 1)
        return change | {"evaluations": rows((0, 2.0, 0.1, 0), (10, 0.5, ends[k] - 0.03, 1e-3 * (k + 1)),
                                             (19, loss, ends[k], 1e-4))}  # fmt: skip

    fake_runs(outcome)
    return compare(untuned=True)


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
    assert list(sgd.points) == [19, 19, 19]
    assert (adam.label, adam.text, list(adam.points)) == ("Adam", "19 (missed by 1 of 3)", [19, 19])
    for r in study.finals["SGD"][:2]:
        r["evaluations"][-1]["validation_accuracy"] = 0.9
    (panel,) = panels.costs(study, "gradients")
    assert [(row.label, row.missed) for row in panel.rows] == [("Adam", False), ("SGD", True)]
    assert panel.rows[1].text == "missed by 2 of 3" and list(panel.rows[1].points) == [38]


def test_the_test_figures_are_in_the_order_of_the_ranks_and_beside_the_untuned(study):
    panel, both = panels.tested(study)
    assert [row.label for row in panel.rows] == ["SGD", "Adam"]
    assert list(panel.rows[0].points) == pytest.approx([0.9, 0.91, 0.92])
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
    of_sgd = {1: 0.9, 2: 0.9, 3: 0.92}
    fake_runs(lambda s: {"test_accuracy": 0.95 if s.optimizer == "Adam" else of_sgd[s.seed]} if s.test else {})
    other = compare(schedule="cosine")
    figures_, spent = panels.versus(study, other, ("a", "b"))
    assert [row.label for row in figures_.rows] == ["SGD", "Adam"]
    assert figures_.rows[1].marks == pytest.approx({DEFAULT: 0.81, MEAN: 0.95})
    assert spent.rows[0].marks == {DEFAULT: 19} and spent.rows[0].text == "missed in b" and spent.rows[0].bar is None
    text = findings.of_versus(study, other, ("a", "b"))
    assert "differ: schedule (constant, cosine)." in text
    assert "Better beyond chance in b: Adam (81.0%, 95.0%). Not to be told apart: SGD (91.0%, 90.7%)." in text


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
    assert first.startswith("Best mean on the test set: SGD, 91.0%. It can be told from all others.")
    assert first.endswith("Behind beyond chance: Adam (81.0%).")
    assert second.startswith("Fewest steps to a validation accuracy of 95%: SGD, Adam (19). In evaluations of the ")
    assert second.endswith("gradient the fewest: SGD, Adam (38). Runs that missed it: Adam (1 of 3).")
    assert third.startswith("Tuning changes most for Adam: 50.0% at its default rate 0.001, 81.0% at 0.1. That is more")
    assert fourth.startswith("Widest range of usable rates: Adam (the highest 10 times")
    assert fourth.endswith("narrowest: SGD (a single one).")


def test_equals_are_not_set_above_each_other(fake_runs):
    fake_runs()
    c = compare()
    assert findings.ahead(c) == "Best mean on the test set: SGD, Adam, 90.0%. "
    fake_runs(lambda s: {"test_accuracy": 0.9 + 0.01 * ((s.seed + (s.optimizer == "SGD")) % 3)} if s.test else {})
    assert findings.ahead(compare(seeds=2)).endswith("2 seeds cannot tell any of the others from it.")
    assert findings.ahead(compare(seeds=1)).endswith("One seed cannot tell the others from it.")
    assert "No optimizer reaches" in findings.fastest(c) and "SGD (3 of 3)" in findings.fastest(c)
    assert findings.tuning(c) == "" and findings.of_costs(c).endswith("its length means nothing.")


def test_sentences_beside_the_figures(study):
    assert "1 of 6 runs diverged, drawn at the bottom edge. No chosen rate" in findings.of_rates(study)
    text = findings.of_curves(study)
    assert text.startswith("Lines are medians over 3 seeds") and text.endswith("at the end: SGD (0.2).")
    assert findings.of_budget(study).endswith("2: Adam; 3: SGD.")
    assert "SGD, 0.19 seconds" in findings.of_costs(study)


def test_the_interval_of_a_difference():
    assert summary.interval([1.0, 1.0, 1.0]) == (1.0, 1.0)
    low, high = summary.interval([0.0, 2.0])  # means of the four resamples: 0, 1, 1, 2
    assert low == pytest.approx(0.075) and high == pytest.approx(1.925)


def test_formulas_of_wrapped_and_of_ones_own_rules_without_running_them(tmp_path):
    own = tmp_path / "own.py"
    own.write_text('raise SystemExit\nclass Mine:\n    """w <- w - lr h;  h <- g            Me 2026"""\n')
    assert [card.name for card in cards("SAM(SGD(momentum=0.9), rho=0.1)")] == ["SAM", "SGD"]
    (adam,) = cards("Adam")
    assert adam.rule[0] == "m <- beta1 m + (1 - beta1) g" and adam.source == "Kingma & Ba 2015"
    assert "lr=0.001" in adam.more and "State: 2 floats" in adam.more
    (mine,) = cards(f"{own}:Mine(a=1)")
    assert mine.rule == ["w <- w - lr h", "h <- g"]
    own.unlink()
    assert cards(f"{own}:Mine")[0].more.endswith("own.py, which is not here")


# -- the page and the tables


def data_of(text):
    return json.loads(re.search(r'<script type="application/json" id="plots">(.*?)</script>', text, re.DOTALL)[1])


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
    assert by_head["runs that missed it"].values == [0, 1] and by_head["at default rate"].texts == ["", "50.0%"]


# -- minidl report


@pytest.fixture
def folder(study, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study.save("a")
    return Path("a")


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


def test_two_studies_make_one_page(folder, study, capsys):
    study.save("x/a")
    assert cli.main(["report", "a", "x/a"]) == 0
    (out,) = capsys.readouterr().out.splitlines()
    (path,) = Path("results").glob("*/report.html")
    assert out == f"wrote into {path.parent}: report.html" and "differ: no settings" in path.read_text()


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


# -- in a browser

WATCH = """<script>const found = { errors: [] };
addEventListener("error", e => found.errors.push(String(e.message)));
addEventListener("unhandledrejection", e => found.errors.push(String(e.reason)));
for (const kind of ["error", "warn"]) console[kind] = (...x) => found.errors.push(x.map(String).join(" "));</script>"""
LOOK = """<script>
const cells = k => [...document.querySelectorAll("tbody tr")].map(tr => tr.cells[k].textContent);
const traces = () => [...document.querySelectorAll(".plot")].map(div => [div._fullData.length,
  div.querySelectorAll("path.js-line, path.point, .points path, .points text").length]);
const wait = () => new Promise(done => setTimeout(done, 50));
async function look() {
  while (!document.body.dataset.drawn) await wait();
  found.traces = traces();
  found.wide = document.documentElement.scrollWidth - innerWidth;
  found.width = innerWidth;
  found.asked = performance.getEntriesByType("resource").map(x => x.name);
  const heads = [...document.querySelectorAll("th button")];
  const column = heads.findIndex(b => b.textContent === "test accuracy");
  found.sorted = [];
  for (let k = 0; k < 2; k++) { heads[column].click(); found.sorted.push(cells(column)); }
  document.querySelector("[data-unit=gradients]").click(); await wait();
  found.title = document.getElementById("plot0").layout.xaxis.title.text;
  document.querySelector('[data-label=SGD]').click(); await wait();
  found.hidden = document.getElementById("plot0")._fullData.length;
  document.getElementById("all").click(); await wait();
  found.shown = document.getElementById("plot0")._fullData.length;
  const pre = document.body.appendChild(document.createElement("pre"));
  pre.id = "found"; pre.textContent = JSON.stringify(found);
}
look();</script>"""


@pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome is installed")
@pytest.mark.parametrize("width", [1280, 500])
def test_in_a_browser_every_plot_is_drawn_the_units_switch_and_the_table_sorts(study, tmp_path, width):
    text = page({"": [study]})
    text = text.replace("<head>", "<head>" + WATCH, 1).replace("</body>", LOOK + "</body>")
    (tmp_path / "report.html").write_text(text)
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/browser",
               f"--window-size={width},900", "--virtual-time-budget=60000", "--dump-dom", f"file://{tmp_path}/report.html"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    match = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert match, done.stderr[-2000:]
    found = json.loads(html.unescape(match[1]))
    assert found["errors"] == [] and found["asked"] == []
    expected = [next(iter(p.values()))["data"] for p in data_of(text).values()]
    assert [n for n, _ in found["traces"]] == [len(data) for data in expected]
    assert all(drawn > 0 for _, drawn in found["traces"])
    assert found["sorted"] == [["81.0%", "91.0%"], ["91.0%", "81.0%"]]
    assert found["title"] == "evaluations of the gradient"
    assert (found["hidden"], found["shown"]) == (2, 4)
    assert found["wide"] <= 0 and found["width"] <= width
