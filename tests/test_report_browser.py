"""The report in a real browser: it is drawn without an error, asks no network, and moves when it is clicked."""

import math
import shutil

import pytest
from made_up_study import compare, data_of

from minidl.lab.report_html import page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium: the one that is installed, or playwright's own."""
    driver = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install -e '.[browser]'")
    with driver.sync_playwright() as p:
        path = next(filter(None, map(shutil.which, NAMES)), None)
        try:
            started = p.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except driver.Error as error:
            pytest.skip(f"no Chromium starts; `playwright install chromium` fetches one: {str(error).splitlines()[0]}")
        yield started
        started.close()


@pytest.fixture
def opened(browser, tmp_path):
    """opened(studies, width): the page of the studies, drawn; at the end of the test no error and no request."""
    contexts, wrong = [], []

    def open_page(studies, width=1280):
        (tmp_path / "report.html").write_text(page(studies), encoding="utf-8")
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, offline=True))
        tab = contexts[-1].new_page()
        tab.on("console", lambda message: wrong.append(message.text))
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        here = ("file:", "data:", "blob:")
        tab.on("request", lambda request: request.url.startswith(here) or wrong.append(request.url))
        tab.goto((tmp_path / "report.html").as_uri())
        tab.wait_for_function("document.body.dataset.drawn")
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def lines(tab, plot):
    """The labels of the lines that a plot draws."""
    return tab.evaluate("id => document.getElementById(id)._fullData.map(trace => trace.name)", plot)


def title(tab, plot):
    return tab.evaluate("id => document.getElementById(id)._fullLayout.xaxis.title.text", plot)


@pytest.mark.parametrize("width", [1280, 400])
def test_every_plot_has_its_traces_at_any_width(opened, study, width):
    tab = opened({"": [study]}, width)
    found = tab.evaluate("""() => Object.fromEntries([...document.querySelectorAll(".plot")].map(div => [div.id,
        [div._fullData.length, div.querySelectorAll("path.js-line, .point path, path.point").length]]))""")
    expected = {name: len(next(iter(of.values()))["data"]) for name, of in data_of(page({"": [study]})).items()}
    assert {name: traces for name, (traces, _) in found.items()} == expected
    assert all(drawn for _, drawn in found.values())
    assert tab.evaluate("document.documentElement.scrollWidth") == width


def test_words_beside_rows_are_inside_of_the_picture(opened, study):
    tab = opened({"": [study]}, 400)
    outside = tab.evaluate("""() => [...document.querySelectorAll(".plot .annotation-text")].filter(words =>
        words.getBoundingClientRect().right > words.closest(".plot").getBoundingClientRect().right)
        .map(words => words.textContent)""")
    assert outside == [] and tab.locator(".plot .annotation-text").count() > 5


def test_the_unit_of_cost_is_switched(opened, study):
    tab = opened({"": [study]})
    assert title(tab, "plot0") == "steps"
    for unit, shown in (("epochs", "epochs"), ("seconds", "seconds of training"),
                        ("gradients", "evaluations of the gradient"), ("steps", "steps")):  # fmt: skip
        tab.click(f"[data-unit={unit}]")
        tab.wait_for_function("x => document.getElementById('plot0')._fullLayout.xaxis.title.text === x", arg=shown)
        assert title(tab, "plot2") == "learning rate"  # which has no unit of cost
        assert tab.locator("[data-unit][aria-pressed=true]").all_inner_texts() == [unit]
    ends = tab.evaluate("document.getElementById('plot0')._fullData.map(trace => Math.max(...trace.x))")
    assert ends == [19] * 4


def test_optimizers_are_hidden_and_shown_again(opened, study):
    tab = opened({"": [study]})
    both = lines(tab, "plot0")
    tab.click("[data-label=SGD]")
    tab.wait_for_function("document.getElementById('plot0')._fullData.length === 2")
    assert set(lines(tab, "plot0")) < set(both) and lines(tab, "plot0")[1] == "Adam"
    assert tab.locator("#plot4 .ytick").all_text_contents() == ["Adam"]  # its row is gone too, and the words beside it
    assert tab.locator("#plot4 .annotation-text").all_text_contents() == ["  19 (missed by 1 of 5)"]
    tab.click("#none")
    tab.wait_for_function("document.getElementById('plot0')._fullData.length === 0")
    tab.click("#all")
    tab.wait_for_function("document.getElementById('plot0')._fullData.length === 4")
    assert lines(tab, "plot0") == both


def test_the_table_sorts_by_numbers_and_what_is_missing_comes_last(opened, fake_runs):
    ends = {"SGD": (0.095, math.inf), "Adam": (0.91, 10), "Lion": (0.95, 9)}
    keys = ("test_accuracy", "steps_to_target")
    fake_runs(lambda s: dict(zip(keys, ends[s.optimizer], strict=True)) if s.test else {})
    tab = opened({"": [compare(["sgd", "adam", "lion"])]})

    def sorted_by(head):
        tab.click(f"th button:text-is('{head}')")
        return tab.locator("tbody td.name").all_inner_texts()

    assert sorted_by("test accuracy") == ["SGD", "Adam", "Lion"]  # as words, 91.0% comes before 9.5%
    assert sorted_by("test accuracy") == ["Lion", "Adam", "SGD"]
    assert tab.locator("th[aria-sort=descending]").inner_text().startswith("test accuracy")
    assert sorted_by("steps to 95%") == ["Lion", "Adam", "SGD"]
    assert sorted_by("optimizer") == ["Adam", "Lion", "SGD"]


def test_two_studies_and_two_problems_on_one_page(opened, study, fake_runs):
    fake_runs()
    tab = opened({"a": [study, compare(dataset="spirals")], "b": [compare(schedule="cosine")]})
    drawn = tab.evaluate("[...document.querySelectorAll('.plot')].map(div => div._fullData.length)")
    assert len(drawn) > 20 and min(drawn) > 0
    assert "moons: a against b" in tab.locator("h2").all_inner_texts()
