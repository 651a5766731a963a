"""CS231n's experiments: the published values, what each lesson claims, and what every script promises."""

import re
from pathlib import Path

import numpy as np
import pytest
from lessons import EXAMPLES, Value, output

pytestmark = pytest.mark.slow  # every script in a process of its own

SCRIPTS = sorted(f"cs231n/{path.stem}" for path in (EXAMPLES / "cs231n").glob("*.py"))

VALUES = [
    Value("cs231n/03_numeric_gradient", "exp at 2, h 1e-5, one-sided difference: error", "3.7e-05",
          r"one-sided is wrong by (\S+)"),
    Value("cs231n/03_numeric_gradient", "exp at 2, h 1e-5, centred difference: error", "1.9e-10",
          r"centred +is wrong by (\S+)"),
    Value("cs231n/17_sanity_checks", "softmax loss of ten classes at chance", "2.302", r"softmax (\d\.\d{3})"),
    Value("cs231n/17_sanity_checks", "SVM loss of ten classes at chance", "9", r"SVM (\S+),", within=1e-3),
    Value("cs231n/17_sanity_checks", "examples of 20 learnt by heart", "20", r"(\d+) of 20 right"),
]  # fmt: skip


def numbers(script, pattern):
    """All that the pattern's groups find, as numbers: one row for each match."""
    rows = re.findall(pattern, output(f"cs231n/{script}"), re.MULTILINE)
    assert rows, f"{script} prints nothing like {pattern!r}:\n{output(f'cs231n/{script}')}"
    return np.array([[float(v.rstrip("%")) for v in ([row] if isinstance(row, str) else row)] for row in rows])


def paths(script):
    """Of the first table of paths: final point and loss by optimizer."""
    text = output(f"cs231n/{script}").split("\nwrote")[0]
    rows = re.findall(r"^(\w+) [^(\n]*\(([^)]*)\) +(\S+) ", text, re.MULTILINE)
    return {name: (*(float(x) for x in point.split(",")), float(loss)) for name, point, loss in rows}


@pytest.mark.parametrize("value", VALUES, ids=lambda v: f"{v.script}: {v.quantity}")
def test_published_values(value):
    assert value.agrees(), f"{value.published} is published, {value.ours()} is ours"


def test_a_wrong_published_value_is_noticed():
    for value in VALUES:
        wrong = Value(value.script, value.quantity, f"1{value.published}", value.pattern, value.within)
        assert not wrong.agrees()


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_runs_says_where_its_figure_is_and_what_the_data_are(script):
    text = output(script)
    assert re.search(r"\bwrote\b.*\.png", text)
    source = (EXAMPLES / f"{script}.py").read_text()
    if "cifar10" in source or '"mnist"' in source:
        assert "on the built-in digits" in text  # no data in this process


@pytest.mark.parametrize("script", SCRIPTS)
def test_docstring_and_length(script):
    source = (EXAMPLES / f"{script}.py").read_text()
    docstring = source.split('"""')[1]
    assert "Look at:" in docstring and re.search(r"Change\s", docstring)
    assert re.search(r"(lessons?|items?) \S*\d|N\d", docstring.splitlines()[0])
    assert f"python examples/{script}.py [--quick] [--out FOLDER]" in docstring
    assert len(source.split('"""', 2)[2].splitlines()) <= 92


# -- what each lesson claims


def test_svm_is_made_of_straight_pieces_for_one_image():
    text = output("cs231n/01_loss_landscape")
    rows = re.findall(r"^(\w+) +of +(\d+) images: +([\d.]+)% .*; (.*)$", text, re.MULTILINE)
    straight = {(name, int(n)): float(share) for name, n, share, _ in rows}
    assert straight["svm", 1] > 90 and straight["softmax", 1] < 10 and straight["svm", 1079] < 10
    assert all(shape == "convex" for *_, shape in rows)


def test_the_best_loss_of_random_search_never_rises_and_the_gradient_beats_it():
    text = output("cs231n/02_random_search")
    ends, right = [], []
    for part in re.split(r"\n(?=random|gradient)", text)[1:]:
        best = [float(x) for x in re.findall(r"best (\S+)", part)]
        loss = [float(x) for x in re.findall(r"the loss was ([\d.]+)", part)]
        assert best == sorted(best, reverse=True) and all(b <= v for b, v in zip(best, loss, strict=True))
        ends.append(best[-1])
        right.append(float(re.search(r"test set: ([\d.]+)%", part)[1]))
    assert len(ends) == 3 and ends == sorted(ends, reverse=True) and right == sorted(right)


def test_a_smaller_h_is_not_better():
    table = numbers("03_numeric_gradient", r"^ 1e-(\d+) +(\S+) +(\S+) +(\S+) +(\S+)$")
    h, one_sided, centred, _, centred32 = table.T
    assert h[one_sided.argmin()] == 8 and h[centred.argmin()] in (5, 6) and h[centred32.argmin()] <= 3
    assert centred32[h == 5][0] > 1e-3 and "66 weights: True" in output("cs231n/03_numeric_gradient")


def test_gradient_descent_is_slow_and_sure_or_jumps():
    turns = numbers("04_gradient_descent", r"^rate (\S+): .* (\S+), (\S+); the ball turns round (\d+) times")
    (_, _, slow, none), (_, _, _, _), (rate, before, after, many) = turns
    minimum = 1.5 * np.pi
    assert none == 0 and abs(slow - minimum) < 1e-3
    assert rate == 2 and many > 90 and (before - minimum) * (after - minimum) < 0 and abs(after - minimum) > 0.05


def test_step_sizes_have_the_shape_of_the_course():
    losses = numbers("05_step_size", r"^for step size (\S+) new loss: (\S+)$")[:, 1]
    before = numbers("05_step_size", r"^original loss: (\S+)$")[0, 0]
    best = int(losses.argmin())
    assert len(losses) == 10 and 0 < best < 9
    assert (np.diff(losses[: best + 1]) < 0).all() and (np.diff(losses[best:]) > 0).all()
    assert before - losses[0] < 1e-2 and losses[-1] > 50 * before


def test_smaller_batches_get_further_on_as_many_examples():
    losses = numbers("06_mini_batches", r"^ +(?:\d+|all) +\S+ +\d+ +([\d.]+) +[\d.]+$")[:, 0]
    assert len(losses) == 4 and losses[0] < losses[1] < losses[2] < losses[3]


def test_more_momentum_overshoots_further_and_all_forms_agree():
    text = output("cs231n/07_momentum")
    assert "SGD, rate 0.1: never passes the minimum" in text
    over = numbers("07_momentum", r"^Momentum, .*: overshoots by (\S+)$")[:, 0]
    assert len(over) == 3 and (np.diff(over) > 0).all() and over[0] > 0.1
    forms = numbers("07_momentum", r"by hand (\S+), Momentum (\S+), in CS231n's form (\S+);")
    assert (np.ptp(forms, axis=1) == 0).all()


def test_momentum_crosses_the_dip_in_which_gradient_descent_stops():
    x = numbers("08_crossing_a_dip", r"mu = +(\S+): .* steps x = +(\S+),")
    two_dips, small, large = x[:, 1].reshape(3, 3)
    assert (two_dips[:2] < 6).all() and abs(two_dips[2] - 10.996) < 0.01
    assert np.allclose(small, 1.5 * np.pi, atol=0.01)
    assert np.allclose(large[:2], 1.5 * np.pi, atol=0.2) and abs(large[2] - 5.5 * np.pi) < 0.01


def test_nesterov_overshoots_less_and_its_forms_agree():
    momentum, nesterov = numbers("09_nesterov", r"overshoots the minimum by (\S+)$")[:, 0]
    assert 0.1 < nesterov < 0.9 * momentum
    rows = numbers("09_nesterov", r"^ +\d+ +(\S+) +(\S+) +(\S+) +(\S+)$")
    assert len(rows) == 6 and (rows[:, 1] == rows[:, 2]).all() and (rows[:, 0] == rows[:, 3]).all()


def test_adagrad_gets_ever_slower():
    table = numbers("10_adagrad", r"^ +(\d+) +(\S+) +(\S+) +(\S+) +(\S+) +(\S+)$")
    _, x, _, total, rate, length = table.T
    assert length[0] == 0.1 and (np.diff(total) > 0).all() and (np.diff(rate) < 0).all() and (np.diff(length) < 0).all()
    assert (np.diff(x) > 0).all() and x[-1] < 4.1  # it has not arrived


def test_rmsprop_never_settles_at_adagrads_rate():
    rows = numbers("11_rmsprop", r"rate (\S+): over the last 20 steps x goes from (\S+) to (\S+), (\S+) a step")
    width = rows[:, 2] - rows[:, 1]
    assert width[0] == 0 and rows[3, 0] == rows[0, 0] == 1 and width[3] > 0.9 and rows[3, 3] > 0.9


def test_adadeltas_first_step_is_set_by_eps():
    rows = numbers("12_adadelta", r"^eps (\S+): first step (\S+), sqrt.* = ([^;]+); longest step (\S+)$")
    assert abs(rows[0, 1] / rows[0, 2] - 1) < 0.01 and (rows[:, 1] <= rows[:, 2]).all()
    assert rows[0, 3] < 0.01 and (np.diff(rows[:, 3]) > 0).all()


def test_adams_first_step_is_the_rate_and_the_correction_matters():
    first, *_ = rows = numbers("13_adam", r"^ +(\d+) +(\S+) +(\S+) +(\S+)$")
    assert first.tolist()[:3] == [1, 2.1, 2.1] and first[3] > 2.3
    assert (rows[:, 1] == rows[:, 2]).all()


def test_seven_balls():
    end = paths("14_rolling_balls")
    assert list(end) == ["SGD", "Momentum", "Nesterov", "AdaGrad", "AdaDelta", "RMSProp", "Adam"]
    for name, (x, _) in end.items():
        assert (x < 3) if name == "AdaDelta" else abs(x - 1.5 * np.pi) < 0.05, name


def test_contours_and_saddle():
    contours = paths("15_contours_and_saddle")
    assert len(contours) == 7 and all(f < 0.1 for *_, f in contours.values())
    leaves = dict(re.findall(r"^  (\w+) +(\d+)$", output("cs231n/15_contours_and_saddle"), re.MULTILINE))
    steps = {name: int(step) for name, step in leaves.items()}
    adaptive = {steps[name] for name in ("AdaGrad", "RMSProp", "AdaDelta", "Adam")}
    assert len(steps) == 7 and max(adaptive) < steps["Nesterov"] <= steps["Momentum"] < steps["SGD"]


def test_he_keeps_the_size_that_the_others_lose():
    rows = numbers("16_initialisation", r"^  activations" + 8 * r" +(\S+)" + "$")
    zeros, small, glorot, he = rows
    assert (zeros == 0).all() and (small[1:] < small[:-1] / 5).all() and 0.5 < he[-1] / he[0] < 2
    assert np.allclose(glorot[1:] / glorot[:-1], 2**-0.5, atol=0.15)
    losses = numbers("16_initialisation", r"training loss after \d+ epochs: (\S+)")[:, 0]
    assert losses[3] < losses[2] < losses[1] < 2.31 and losses[0] > 2.3 and losses[1] > 2.3


def test_regularisation_raises_the_loss():
    penalty = numbers("17_sanity_checks", r"^   lambda (\S+) +softmax (\S+)$")
    assert (np.diff(penalty[:, 1]) > 0).all()
    assert numbers("17_sanity_checks", r"-> (\S+), 20 of 20")[0, 0] < 0.01


def test_learning_curves():
    losses = numbers("18_learning_curves", r"^rate \S+ +[a-z ]+ training loss after \d+ epochs: (\S+)$")[:, 0]
    low, good, high, very_high = losses
    assert good < low and good < high < very_high and very_high > np.log(10)
    wiggle = numbers("18_learning_curves", r"^batch +\d+: .* \+- (\S+)$")[:, 0]
    assert wiggle[0] > wiggle[1] > wiggle[2]
    gap = numbers("18_learning_curves", r"gap (\S+)%$")[:, 0]
    assert gap[0] > gap[1]


def test_the_update_ratio_follows_the_rate():
    ratios = numbers("19_update_ratio", r"first epoch, median: (\S+)  (\S+)  (\S+);")
    assert ratios.shape == (3, 3) and (np.diff(ratios, axis=0) > 0).all()
    assert ((ratios[0] > 1e-4) & (ratios[2] < 1)).all()


def test_the_histograms_are_of_what_flows_through_the_network():
    rows = numbers("20_looking_inside", r"^(?:before|after): layer (\d).* spread (\S+), beyond 0.97 (\S+)%$")
    assert rows[:, 0].tolist() == [1, 2, 1, 2] and ((rows[:, 1] > 0.1) & (rows[:, 1] < 1)).all()
    roughness = numbers("20_looking_inside", r"neighbouring weights .* (\S+)$")[:, 0]
    assert roughness[1] < roughness[0]


def test_random_search_tries_more_rates_than_a_grid():
    different = numbers("21_random_vs_grid", r"^(?:grid|random) +9 networks, (\d+) different rates")[:, 0]
    assert different.tolist() == [3, 9]


def test_adagrads_rate_only_falls():
    adagrad, rmsprop = numbers("22_five_layers", r"^(?:AdaGrad|RMSProp) " + 3 * r" +(\d\S+e\S+)" + "$")
    assert (np.diff(adagrad) <= 0).all() and adagrad[-1] < adagrad[0] < np.inf
    assert rmsprop[-1] / rmsprop[0] > adagrad[-1] / adagrad[0]
    losses = numbers("22_five_layers", r"^\w+ +\S+ +([\d.]+) +[\d.]+% +[\d.]+%$")[:, 0]
    assert len(losses) == 5 and (losses < np.log(10)).all()


def test_every_script_is_in_order():
    names = [Path(name).name for name in SCRIPTS]
    assert [int(name[:2]) for name in names] == list(range(1, len(names) + 1)) and len(names) == 22
