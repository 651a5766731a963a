"""The lessons of C2W2: the course's published values, and what each lesson claims, in what the scripts print."""

import re
from dataclasses import replace

import pytest
from lessons import EXAMPLES, Value, output, run_script

pytestmark = pytest.mark.slow  # every script in a process of its own

SERIES = sorted(f"c2w2/{p.stem}" for p in (EXAMPLES / "c2w2").glob("*.py"))

VALUES = [
    Value("c2w2/03_moving_average", "weights of beta .3", "70% 21% 6%", r"the day before count (.+)$"),
    Value("c2w2/03_moving_average", ".5^(1/(1-.5))", "0.250", r"^0\.5 .* days +(0\.\d+)"),
    Value("c2w2/03_moving_average", ".9^(1/(1-.9))", "0.349", r"^0\.9 .*? days +(0\.\d+)"),
    Value("c2w2/03_moving_average", ".98^(1/(1-.98))", "0.364", r"^0\.98 .*? days +(0\.\d+)"),
    Value("c2w2/03_moving_average", "half-life of .5", "1.0", r"^0\.5 .*? (\d+\.\d) days"),
    Value("c2w2/03_moving_average", "half-life of .9", "6.6", r"^0\.9 .*? (\d+\.\d) days"),
    Value("c2w2/03_moving_average", "half-life of .98", "34.3", r"^0\.98 .*? (\d+\.\d) days"),
    Value("c2w2/04_bias_correction", "average of 10, 10, 10, plain", "0.2, 0.396, 0.5881", r"^plain +(.+)$"),
    Value("c2w2/04_bias_correction", "the same, corrected", "10, 10, 10", r"^corrected +(.+)$"),
    Value("c2w2/08_decay_curves", "rates of epochs 1 to 4", "0.1, 0.0667, 0.05, 0.04", r"epochs 1 to 4 .*: (.+)$"),
    Value("c2w2/11_moons_assignment", "GD, first cost", "0.702405", r"gradient descent.*\n.* epoch 0: (\S+)"),
    Value("c2w2/11_moons_assignment", "Momentum, first cost", "0.702413", r"Momentum.*\n.* epoch 0: (\S+)"),
    Value("c2w2/11_moons_assignment", "Adam, first cost", "0.702166", r"Adam.*\n.* epoch 0: (\S+)"),
    Value("c2w2/12_moons_decay", "GD with rate .1, first cost", "0.701091", r"descent, every 1,.*\n.* 0: cost (\S+),"),
    Value("c2w2/12_moons_decay", "Momentum, first cost", "0.702226", r"Momentum.*\n.* 0: cost (\S+),"),
    Value("c2w2/12_moons_decay", "Adam with rate .01, first cost", "0.699346", r"Adam.*\n.* 0: cost (\S+),"),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda v: f"{v.script[5:]}: {v.quantity}")
def test_published_value(value):
    assert value.ours() == value.published


def test_a_wrong_value_is_noticed():
    assert not replace(VALUES[0], published="70% 21% 7%").agrees()
    with pytest.raises(AssertionError, match="prints nothing like"):
        replace(VALUES[0], pattern="the day after counts (.+)").ours()


@pytest.mark.parametrize("script", SERIES)
def test_runs_and_says_where_its_figure_is(script):
    assert re.search(r"(figure|wrote) .*\.(png|gif)$", output(script), re.MULTILINE)


@pytest.mark.parametrize("script", SERIES)
def test_docstring(script):
    docstring = (EXAMPLES / f"{script}.py").read_text().split('"""')[1]
    assert "Look at:" in docstring and "Change" in docstring.replace("change", "Change")
    assert f"python examples/{script}.py [--quick] [--out FOLDER]" in docstring
    assert re.search(r"(N\d|item \d)", docstring)


def numbers(pattern, script):
    """The groups of every match in what the script prints, as numbers."""
    found = re.findall(pattern, output(script), re.MULTILINE)
    assert found, f"{script} prints nothing like {pattern!r}"
    return [tuple(map(float, x)) if isinstance(x, tuple) else float(x) for x in found]


def test_momentum_crosses_the_valley_less_often():
    crossings = numbers(r"crosses the floor +(\d+) times, walks +([\d.]+)", "c2w2/05_momentum")
    assert crossings[0][0] == 40
    assert all(n < 20 and walked < crossings[0][1] / 2 for n, walked in crossings[1:])


def test_larger_rates_are_possible_than_gradient_descent_stands():
    text = output("c2w2/06_elongated_bowl")
    rows = dict(re.findall(r"^(SGD|Momentum|RMSProp|Adam) +(\S.*)$", text, re.MULTILINE)[:4])
    assert rows["SGD"].split()[3] != "diverges" and rows["SGD"].split()[4:] == ["diverges"] * 3
    assert all("diverges" not in rows[name] for name in ("Momentum", "RMSProp", "Adam"))


def test_what_adams_parts_contribute():
    rows = re.findall(r"^([A-Z]\D*?) +steps (\S+) and +(\S+) +(\S+) +(\S+)$", output("c2w2/07_adam"), re.MULTILINE)
    found = {name: tuple(map(float, x)) for name, *x in rows}
    assert found["SGD"] == (1, 100, 1, 0.5) and found["Momentum"] == (1, 100, 0.05, 0.05)
    assert found["RMSProp"] == (1, 1, 1, 31.62) and found["Adam"] == (1, 1, 0.05, 1)
    assert found["Adam without correction"] == (1, 1, 0.05, 3.16)


def test_who_leaves_saddle_and_plateau():
    text = output("c2w2/10_local_optima")
    plateau = dict(re.findall(r"(\w+) (\S+)", re.search(r"until x < -1 +(.*)", text)[1]))
    assert plateau["SGD"] == plateau["Momentum"] == "inf" and float(plateau["Adam"]) < float(plateau["RMSProp"])
    left = numbers(r"batch .*\| > 0\.5: (\S+)", "c2w2/10_local_optima")
    assert left == sorted(left) and left[-1] == float("inf") and left[-2] < 400


def test_the_full_batchs_cost_falls_in_every_iteration():
    rises = numbers(r"the cost rose in +(\d+) of (\d+)", "c2w2/01_mini_batches")
    assert rises[0][0] > rises[0][1] / 5 and rises[1][0] == 0
    steps = numbers(r"first ten steps (\S+), last hundred (\S+)", "c2w2/01_mini_batches")
    assert steps[2][1] < steps[2][0] / 50 and steps[1][1] > steps[1][0] / 5 and steps[0][1] > 5 * steps[1][1]


def test_larger_batches_tremble_less_and_cost_more():
    columns = list(zip(*numbers(r"^ +(\d+)" + r" +([\d.]+)" * 8 + "$", "c2w2/02_batch_size"), strict=True))
    _, noise, root, _, kilobytes, first, last, _, _ = columns
    assert list(noise) == sorted(noise, reverse=True) and noise[-1] == 0 and max(root[:4]) < 2 * min(root[:4])
    assert list(kilobytes) == sorted(kilobytes) and kilobytes[-1] > 5 * kilobytes[0]
    assert list(first) == sorted(first, reverse=True)
    assert all(b < a for a, b in zip(first, last, strict=True))


def test_adam_too_gains_by_decay():
    text = output("c2w2/09_decay_in_a_run").split("Adam, first rate")
    for part in text:
        lowest = {name: float(x) for name, x in re.findall(r"^(constant|piecewise) .* (\S+)$", part, re.MULTILINE)}
        assert lowest["piecewise"] < 0.8 * lowest["constant"]


def test_cats_and_dogs_under_four_rules():
    text = output("c2w2/13_cat_vs_dog")
    assert "generated, drawn faces" in text
    assert re.findall(r"^(\w.*\w) +rate \S+ +training loss", text, re.MULTILINE) == [
        "gradient descent", "Momentum", "RMSprop", "Adam",
    ]  # fmt: skip


def test_a_wrong_folder_of_photographs_is_told_in_a_sentence():
    with pytest.raises(AssertionError, match="ended with 2") as error:
        run_script("c2w2/13_cat_vs_dog", "--data", "nowhere")
    assert "argument --data" in str(error.value) and "does not exist" in str(error.value)
    assert "Traceback" not in str(error.value)


# Every 1,000 epochs, as the notebooks print them. 10,000 epochs take minutes: more of them with a larger EPOCHS.
EPOCHS = 1001
COSTS = {
    "11_moons_assignment": (
        "0.702405 0.668101 0.635288 0.600491 0.573367",
        "0.702413 0.668167 0.635388 0.600591 0.573444",
        "0.702166 0.167845 0.141316 0.138788 0.136066",
    ),
    "12_moons_decay": (
        "0.701091 0.661884 0.658620 0.656765 0.655486",
        "0.701091 0.127161 0.120304 0.117033 0.117512",
        "0.702226 0.128974 0.125965 0.123375 0.123218",
        "0.699346 0.130074 0.129826 0.129282 0.128361",
    ),
}


@pytest.mark.parametrize("script", ["12_moons_decay"] if EPOCHS < 2000 else COSTS)
def test_moons_as_far_as_time_allows(script):
    text = run_script(f"c2w2/{script}", "--epochs", str(EPOCHS), timeout=1200)[0]
    shown = range(-(-EPOCHS // 1000))
    runs = re.findall(r"(?:^ *(?:Cost after )?epoch +\d+: .*\n)+", text, re.MULTILINE)
    assert len(runs) == len(COSTS[script])
    for printed, published in zip(runs, COSTS[script], strict=True):
        costs = re.findall(r"epoch +\d+: (?:cost )?(\d\.\d+)", printed)
        assert len(costs) == len(shown) and costs[:5] == published.split()[: len(shown)]
    if script == "12_moons_decay":
        rates = ["0.100000", "0.000100", "0.000050", "0.000033", "0.000025"]
        assert re.findall(r"rate after it (\S+)", text)[: len(shown)] == rates[: len(shown)]
    for epochs, shares in ((5000, ["71.7%", "71.7%", "94.3%"]), (10000, ["79.7%", "79.7%", "94.0%"])):
        if script == "11_moons_assignment" and epochs <= EPOCHS:
            assert re.findall(rf"after {epochs} epochs: (\S+)", text) == shares
