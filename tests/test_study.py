"""Studies: how optimizers and problems are written, what is tried, what is kept, and that nothing changes results."""

import errno
import importlib
import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from made_up_runs import OWN_RULE
from scipy.stats import qmc

from minidl import cli, data, lab, nn, optim
from minidl.lab import execute, report
from minidl.lab.candidate import candidate, split
from minidl.lab.problem import Problem
from minidl.lab.quadratic import NoisyQuadratic, hessian
from minidl.lab.records import Store, key, without_seconds
from minidl.lab.report import FILES
from minidl.lab.search import trials, wider
from minidl.lab.study_file import read_study
from minidl.train import evaluate

run_module = importlib.import_module("minidl.lab.run")


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def minidl(*arguments):
    """The exit code of a command in this process."""
    try:
        return cli.main([str(a) for a in arguments])
    except SystemExit as stop:
        return stop.code


def moons(**changes):
    return Problem.default("moons", **({"epochs": 1} | changes))


def one(optimizer, lr=0.1, problem=None, **more):
    return lab.run(lab.Settings(problem or moons(), optimizer, lr, 0, **more))


# -- optimizers, as they are written


@pytest.mark.parametrize(
    ("given", "name", "settings"),
    [
        ("ADAM", "Adam", [["Adam", {}]]),
        ("sgd(momentum=0.9)", "SGD(momentum=0.9)", [["SGD", {"momentum": 0.9}]]),
        ("Adam( betas = (0.8, 0.9), amsgrad=true )", "Adam(betas=(0.8, 0.9), amsgrad=True)",
         [["Adam", {"betas": (0.8, 0.9), "amsgrad": True}]]),
        ("SAM(sgd)", "SAM(SGD)", [["SAM", {}], ["SGD", {}]]),
        ("Lookahead(SAM(SGD(momentum=0.5), rho=0.1), k=3)", "Lookahead(SAM(SGD(momentum=0.5), rho=0.1), k=3)",
         [["Lookahead", {"k": 3}], ["SAM", {"rho": 0.1}], ["SGD", {"momentum": 0.5}]]),
        (optim.Lion, "Lion", [["Lion", {}]]),
        ({"name": "SAM(SGD)", "momentum": 0.5, "rho": 0.2}, "SAM(SGD(momentum=0.5), rho=0.2)",
         [["SAM", {"rho": 0.2}], ["SGD", {"momentum": 0.5}]]),
    ],
)  # fmt: skip
def test_forms_of_an_optimizer(given, name, settings):
    made = candidate(given)
    assert made.name == made.label == str(made) == name and made.settings()["parts"] == settings
    again = candidate(name)
    assert again.settings() == made.settings()
    parameters = made.make(moons().model(0), 0.25)
    assert parameters.lr == 0.25 and type(parameters).__name__ == settings[0][0]


def test_hyper_parameters_reach_the_part_that_has_them():
    made = candidate("Lookahead(SAM(SGD(momentum=0.5), rho=0.1), k=3)").make(moons().model(0), 0.1)
    assert (made.k, made.base.rho, made.base.base.defaults["momentum"]) == (3, 0.1, 0.5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("adm", "unknown optimizer 'adm'; did you mean Adam"),
        ("SAM", r"SAM wraps another optimizer; say which: SAM\(SGD\)"),
        ("SAM(adm)", "unknown optimizer 'adm'"),
        ("SAM(SGD, Adam)", "SAM wraps no Adam"),
        ("Adam(SGD)", "Adam wraps no SGD; hyper-parameters are written name=value"),
        ("Adam(beta=1)", "Adam has no hyper-parameter 'beta'; did you mean betas"),
        ("Adam(lr=1)", "the rate is what a study tunes"),
        ("Adam(eps=small)", "eps=small: expected a number"),
        ("SGD(momentum=0.1, momentum=0.2)", "momentum is given twice"),
        ("SGD(momentum=2)", r"momentum must lie in \[0, 1\), got 2"),
        ("SAM(SGD, rho=-1)", r"rho must lie in \[0, inf\)"),
        ("SGD)", "a bracket is closed"),
        ({"label": "x"}, "an optimizer needs its name"),
        ({"name": "SGD", "momentun": 0.9}, "SGD has no hyper-parameter 'momentun'; did you mean momentum"),
        ({"name": "SGD", "rates": [0.1, 0]}, "needs positive numbers"),
        ({"name": "SGD", "rates": 0.1}, "a list of positive numbers, got 0.1"),
        ({"name": "SGD", "tune": {"momentum": [0.5, 0.1]}}, "its lowest and highest value"),
        ({"name": "SGD", "tune": {"betas": [0.1, 0.5]}}, "no hyper-parameter 'betas'"),
        ({"name": "Adam", "tune": {"betas[7]": [0.1, 0.5]}}, r"no hyper-parameter 'betas\[7\]'"),
    ],
)
def test_optimizers_that_are_written_wrong(given, message):
    with pytest.raises(ValueError, match=message):
        candidate(given)


def test_splitting_leaves_what_is_in_brackets_together():
    text = "sgd,Adam(betas=(0.9, 0.99)) , SAM(SGD, rho=0.1),my rules/own.py:A momentum"
    assert split(text) == ["sgd", "Adam(betas=(0.9, 0.99))", "SAM(SGD, rho=0.1)", "my rules/own.py:A momentum"]
    assert split("sgd adam , ,") == ["sgd", "adam"]


def test_a_class_of_ones_own_can_be_given_itself(tmp_path, monkeypatch):
    (tmp_path / "a_rule_given.py").write_text(OWN_RULE)
    monkeypatch.syspath_prepend(tmp_path)
    rule = importlib.import_module("a_rule_given").MyRule
    result = lab.compare("moons", ["sgd", rule], epochs=1, jobs=1, seeds=1, lr_grid=[0.1], untuned=False)
    assert result.optimizers == {"SGD": "SGD", "MyRule": "a_rule_given:MyRule"}
    assert result.test_figures("SGD") == result.test_figures("MyRule")
    exec("class Typed(rule): pass", scope := {"rule": rule, "__name__": "nowhere"})
    with pytest.raises(ValueError, match=r'the source of Typed cannot be read.*give "file.py:Typed"'):
        candidate(scope["Typed"])


def test_muon_is_paired_with_adamw_at_the_same_rate():
    model = moons().model(0)
    made = candidate("Muon").make(model, 0.01)
    muon, adamw = made.both
    assert type(muon) is optim.Muon and type(adamw) is optim.AdamW and muon.lr == adamw.lr == made.lr == 0.01
    assert muon.defaults["adjust_lr_fn"] == "match_rms_adamw"
    assert [p.name for p in muon.parameters()] == ["0.weight", "2.weight"]
    assert {p.name for p in made.parameters()} == {name for name, _ in model.named_parameters()}
    before = {k: x.copy() for k, x in model.state_dict().items()}
    record = one("Muon", 0.01)
    assert record["evaluations"][-1]["train_loss"] < record["loss_before_first_step"]
    assert sorted(record["evaluations"][1]["update_ratio"]) == ["0.weight", "2.weight", "4.weight"]
    assert all(x > 0 for x in record["evaluations"][1]["update_ratio"].values()) and len(before) == 6
    assert one("SAM(Muon)", 0.01)["evaluations"][-1]["gradients"] == 2 * 19


def test_the_code_of_a_rule_is_part_of_its_record_and_comments_are_not(tmp_path):
    own = tmp_path / "own.py"

    def name(text):
        own.write_text(text)
        return key(lab.Settings(moons(), f"{own}:MyRule", 0.1, 0).plain())

    plain = name(OWN_RULE)
    assert name(OWN_RULE + "# a remark\n") == plain
    assert name(OWN_RULE.replace("    def __init__", '    """My rule."""\n\n    def __init__')) == plain
    assert name(OWN_RULE.replace("lr * g", "lr * g * 1.5")) != plain
    assert candidate("Adam").settings()["code"] != candidate("NAdam").settings()["code"]


def test_two_that_are_called_alike_show_more_and_the_same_counts_once(fake_runs):
    fake_runs()
    study = lab.Study(["moons"], ["sgd", "SGD(momentum=0.9)", "sgd(momentum = 0.9)", "SGD"])
    assert list(study.candidates) == ["SGD", "SGD(momentum=0.9)"]
    labelled = lab.Study(["moons"], [{"name": "sgd", "label": "a"}, {"name": "sgd", "label": "b"}])
    assert list(labelled.candidates) == ["a", "b"]
    with pytest.raises(ValueError, match="two optimizers are called SGD"):
        lab.Study(["moons"], [{"name": "sgd"}, {"name": "sgd", "rates": [0.1] * 1}])


# -- what is tried


def test_the_quasi_random_search_is_haltons_on_a_log_scale():
    made = candidate("SGD", rates=[0.01, 0.3, 1.0], tune={"1 - momentum": [0.01, 0.25]})
    got = trials(made, "halton", 4, None)
    assert [t.lr for t in got] == sorted(t.lr for t in got)
    halton = [(1 / 2, 1 / 3), (1 / 4, 2 / 3), (3 / 4, 1 / 9), (1 / 8, 4 / 9)]  # bases 2 and 3, without the first, 0
    expected = sorted((0.01 * 100**u, 0.01 * 25**v) for u, v in halton)
    assert np.allclose([(t.lr, t.hyper["1 - momentum"]) for t in got], expected, rtol=1e-3)
    sobol = qmc.Sobol(1, scramble=False).random(8)[1:, 0]
    assert [t.lr for t in trials(candidate("SGD"), "sobol", 7, [0.01, 1.0])] == pytest.approx(
        sorted(0.01 * 100**sobol), rel=1e-3
    )


def test_a_grid_does_not_search_other_hyper_parameters_and_a_search_needs_two_ends():
    tuned = candidate("SGD", tune={"momentum": [0.1, 0.9]})
    with pytest.raises(ValueError, match='a grid tries rates only; to tune momentum too, take the search "halton"'):
        trials(tuned, "grid", 7, None)
    with pytest.raises(ValueError, match="needs a lowest and a highest rate"):
        trials(tuned, "halton", 7, [0.1])


def test_the_tuned_hyper_parameter_is_used_and_recorded():
    settings = {"lr": 0.1, "seed": 0, "hyper": {"1 - momentum": 0.05}}
    a = lab.run(lab.Settings(moons(), "SGD", **settings))
    b = one("SGD(momentum=0.95)")
    assert a["step_losses"] == b["step_losses"] != one("SGD")["step_losses"]
    assert a["hyper"] == {"1 - momentum": 0.05} and b["hyper"] == {}
    made = candidate("Adam").make(moons().model(0), 0.1, {"1 - betas[1]": 0.25, "betas[0]": 0.5})
    assert made.defaults["betas"] == (0.5, 0.75)


@pytest.mark.parametrize(
    ("grid", "best", "more"),
    [
        ([0.03, 0.1, 0.3], 0.3, [1.0, 3.0]),
        ([0.1, 0.3, 1.0], 1.0, [3.0, 10.0]),
        ([0.03, 0.1, 0.3], 0.03, [0.003, 0.01]),
        ([0.1, 0.2], 0.2, [0.4, 0.8]),
        ([1.0, 2.0, 4.0], 1.0, [0.25, 0.5]),
        ([0.03, 0.1, 0.3], 0.1, []),
        ([0.1], 0.1, []),
    ],
)
def test_a_grid_goes_on_in_its_own_steps(grid, best, more):
    assert wider(grid, best) == more


def study_of(fake_runs, best, **options):
    """A comparison of SGD and Adam whose validation accuracy falls with the distance from the best rate."""
    seen = fake_runs(lambda s: {"validation_accuracy": 0.9 - 0.1 * abs(math.log10(s.lr / best[s.optimizer]))})
    usual = {"epochs": 1, "seeds": 2, "jobs": 1, "progress": False, "untuned": False}
    return seen, lab.compare("moons", ["sgd", "adam"], **(usual | options))


def test_a_winner_on_the_edge_widens_its_grid_and_the_trials_are_counted(fake_runs):
    seen, result = study_of(fake_runs, {"SGD": 0.1, "Adam": 0.3})
    rows = {r.optimizer: r for r in result.rows}
    assert result.grids["SGD"] == lab.default_grid("SGD")
    assert result.grids["Adam"] == [*lab.default_grid("Adam"), 0.3, 1.0]
    assert (rows["Adam"].lr, rows["Adam"].lr_on_edge, rows["Adam"].trials, rows["SGD"].trials) == (0.3, False, 9, 7)
    assert "because a grid was made wider: Adam (9)." in " ".join(str(result).split())
    assert len(seen) == 7 + 9 + 2 * 2


def test_a_grid_is_made_wider_twice_at_most_and_then_flagged(fake_runs):
    _seen, result = study_of(fake_runs, {"SGD": 0.1, "Adam": 1e-9})
    adam = result.rows[1]
    assert (adam.trials, adam.lr_on_edge, adam.lr) == (11, True, 1e-6)
    _seen, once = study_of(fake_runs, {"SGD": 0.1, "Adam": 1e-9}, widen=1)
    assert (once.rows[1].trials, once.rows[1].lr) == (9, 1e-5)


def test_a_grid_that_was_given_is_not_made_wider(fake_runs):
    _seen, result = study_of(fake_runs, {"SGD": 9.0, "Adam": 9.0}, lr_grid=[0.1, 1.0])
    assert [(r.trials, r.lr_on_edge) for r in result.rows] == [(2, True)] * 2
    _seen, asked = study_of(fake_runs, {"SGD": 9.0, "Adam": 9.0}, lr_grid=[0.1, 1.0], widen=1)
    assert [(r.trials, r.lr) for r in asked.rows] == [(4, 10.0)] * 2


def test_the_same_number_of_trials_or_no_study():
    with pytest.raises(ValueError, match="the same number of trials, but SGD has 2, Adam has 7"):
        lab.Study(["moons"], [{"name": "sgd", "rates": [0.1, 1]}, "adam"])
    lab.Study(["moons"], [{"name": "sgd", "rates": [0.1, 1]}, {"name": "adam", "rates": [0.01, 0.001]}])


def test_untuned_defaults_stand_beside_with_the_same_seeds(fake_runs):
    seen = fake_runs(lambda s: {"test_accuracy": s.seed / 100 + (s.lr == 0.001) / 2} if s.test else {})
    result = lab.compare("moons", ["sgd", "adam"], epochs=1, seeds=3, jobs=1, lr_grid=[0.1])
    sgd, adam = result.rows
    assert [(s.lr, s.seed, s.test) for s in seen if s.lr == 0.001] == [(0.001, seed, True) for seed in (1, 2, 3)]
    assert (adam.untuned_lr, adam.untuned_test) == (0.001, pytest.approx(0.52)) and math.isnan(sgd.untuned_lr)
    assert "Adam 52.0% at 0.001. Without a default: SGD." in " ".join(str(result).split())
    seen.clear()
    lab.compare("moons", ["adam"], epochs=1, seeds=3, jobs=1, lr_grid=[0.001])
    assert len(seen) == 1 + 3  # where the best rate is the default one, the runs serve for both


def test_a_schedule_is_the_same_for_all_and_its_rate_is_recorded():
    rates = [row["lr"] for row in one("SGD", 0.4, moons(epochs=2), schedule="cosine")["evaluations"][1:]]
    steps = [10, 19, 29, 38]
    assert rates == pytest.approx([0.2 * (1 + math.cos(math.pi * (s - 1) / 38)) for s in steps])
    linear = [row["lr"] for row in one("SGD", 0.4, moons(epochs=2), schedule="linear")["evaluations"][1:]]
    assert linear == pytest.approx([0.4 * (1 - (s - 1) / 38) for s in steps])
    warm = run_module.SCHEDULES["warmup-cosine"](1.0, 100)
    assert [round(warm(s), 4) for s in (0, 4, 5, 100)] == [0.1667, 0.8333, 1.0, 0.0]
    assert [row["lr"] for row in one("SGD", 0.4)["evaluations"][1:]] == [0.4, 0.4]


# -- what is recorded


@pytest.mark.parametrize(
    ("optimizer", "lr", "gradients"),
    [("Adam", 0.001, 19), ("SAM(SGD)", 0.1, 38), ("Lookahead(SGD)", 0.1, 19), ("AdaHessian", 0.01, 38),
     ("SophiaH(update_interval=10)", 0.001, 19 + 2), ("SAM(Lookahead(Adam))", 0.001, 38)],
)  # fmt: skip
def test_gradients_are_counted(optimizer, lr, gradients):
    rows = one(optimizer, lr)["evaluations"]
    assert (rows[0]["gradients"], rows[-1]["gradients"], rows[-1]["step"]) == (0, gradients, 19)


def test_gradients_of_a_line_search_are_counted_one_by_one(monkeypatch):
    calls = []
    backward = optim.LBFGS.step

    def step(self, closure):
        return backward(self, lambda: (calls.append(1), closure())[1])

    monkeypatch.setattr(optim.LBFGS, "step", step)
    rows = one("LBFGS", 1.0)["evaluations"]
    assert rows[-1]["gradients"] == len(calls) > 2 * 19


def test_gradient_norm_and_update_ratio_are_those_of_the_step():
    p = Problem.default("moons", hidden=(), epochs=1, batch_size=600)  # one step
    rows = lab.run(lab.Settings(p, "SGD", 0.5, 3))["evaluations"]
    model, ((x, y),) = p.model(3), p.loader(3)
    p.loss(model(x), y).backward()
    grads = [q.grad.data for q in model.parameters()]
    w, g = model.parameters()[0].data, grads[0]
    assert rows[1]["gradient_norm"] == pytest.approx(math.sqrt(sum(float((a**2).sum()) for a in grads)), rel=1e-5)
    expected = 0.5 * np.linalg.norm(g) / np.linalg.norm(w)
    assert rows[1]["update_ratio"] == {"0.weight": pytest.approx(expected, rel=1e-4)}
    assert [row["step"] for row in rows] == [0, 1] and [row["epoch"] for row in rows] == [0, 1]


def test_schedule_free_is_evaluated_and_tested_at_its_average(monkeypatch):
    evaluation = Problem.evaluation
    monkeypatch.setattr(Problem, "evaluation", lambda self, part: evaluation(self, part.replace("test", "validation")))
    record = one("ScheduleFreeSGD", 1.0, test=True)
    assert record["test_loss"] == record["evaluations"][-1]["validation_loss"]


def test_numbers_that_an_optimizer_estimates_are_recorded():
    rows = one("Prodigy", 1.0)["evaluations"]
    assert rows[-1]["common"]["d"] > 1e-6


def test_clock_readings_stand_under_seconds_and_nowhere_else():
    a, b = one("Adam", 0.01), one("Adam", 0.01)
    assert without_seconds(a) == without_seconds(b)
    assert a["seconds_training"] > 0 and a["seconds_evaluation"] > 0
    spent = [row["train_seconds"] for row in a["evaluations"]]
    assert spent[0] == 0 and spent == sorted(spent) and spent[-1] <= a["seconds_training"]


def test_training_figures_are_of_a_fixed_sample_and_validation_of_all(monkeypatch):
    monkeypatch.setattr(importlib.import_module("minidl.lab.problem"), "TRAIN_SAMPLE", 50)
    p = moons()
    assert [len(p.evaluation(part).dataset) for part in ("train", "validation", "test")] == [50, 200, 200]
    assert np.array_equal(p.evaluation("train").dataset.x, p.splits().train.x[:50])


# -- problems


def test_the_noisy_quadratic_starts_where_deepobs_does():
    p = lab.problem("quadratic")
    values = np.linalg.eigvalsh(hessian())
    assert (values[:90] < 1).all() and (values[:90] > 0).all() and (values[90:] > 30).all() and (values[90:] < 60).all()
    # the test loss before training in fsschneider/DeepOBS_Baselines (quadratic_deep, every optimizer and seed)
    assert evaluate(p.model(0), p.evaluation("test"), p.loss)["loss"] == pytest.approx(353.4468, abs=2e-4)
    assert len(p.loader(0)) == 7 and p.metric == "loss"


def test_the_loss_of_the_quadratic_by_hand():
    p = NoisyQuadratic.default()
    x = p.evaluation("test").dataset.x[:3]
    d = 1 - x.astype(np.float64)
    expected = np.mean([0.5 * row @ hessian() @ row for row in d])
    assert p.loss(p.model(0)(x), np.zeros(3)).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("optimizer", "lr", "mean", "spread"),  # fsschneider/DeepOBS_Baselines, quadratic_deep, 10 seeds
    [("SGD", 10 ** (-9 / 5), 87.398, 0.160), ("SGD(momentum=0.99)", 10 ** (-13 / 5), 87.045, 0.024)],
)  # fmt: skip
def test_the_noisy_quadratic_ends_where_deepobs_does(optimizer, lr, mean, spread):
    p = lab.problem("quadratic", fixed_order=True)
    ends = [lab.run(lab.Settings(p, optimizer, lr, seed, True))["test_loss"] for seed in range(42, 52)]
    assert np.mean(ends) == pytest.approx(mean, abs=spread)
    assert spread / 2 < np.std(ends, ddof=1) < 2 * spread


def test_a_fixed_order_is_that_of_the_first_epoch():
    fixed, usual = lab.problem("quadratic", fixed_order=True).loader(3), lab.problem("quadratic").loader(3)
    first, second, other = ([x for x, _ in fixed] for _ in range(3))
    assert all(np.array_equal(a, b) and np.array_equal(a, c) for a, b, c in zip(first, second, other, strict=True))
    assert np.array_equal(first[0], next(iter(usual))[0]) and not np.array_equal(first[0], next(iter(usual))[0])


def test_a_study_of_a_loss():
    result = lab.compare("quadratic", ["sgd", "adam"], epochs=5, seeds=5, jobs=1, lr_grid=[0.01, 0.03], target=95)
    sgd, adam = result.rows
    assert sgd.test_loss < adam.test_loss and math.isnan(sgd.test_accuracy) and (sgd.rank, adam.rank) == (1, 2)
    assert sgd.steps_to_target < math.inf == adam.steps_to_target and "missed" in str(result)
    assert "validation loss of 95" in " ".join(str(result).split()) and "accuracy" not in str(result)
    paths = {path.name: path for path in result.save("out")}
    assert paths["curves.png"].read_bytes().startswith(b"\x89PNG") and "accuracy" not in paths["table.md"].read_text()
    made = json.loads(paths["report.html"].read_text().split('id="plots">')[1].split("</script>")[0])
    assert made["plot0"]["steps"]["layout"]["yaxis"]["type"] == "log"


def test_a_regression_learns_numbers_and_its_y_is_scaled(monkeypatch):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 5)).astype(np.float32)
    y = (100 + 10 * x[:, 0]).astype(np.float32)
    parts = [data.ArrayDataset(x[i], y[i]) for i in (slice(0, 200), slice(200, 250), slice(250, 300))]
    splits = data.DataSplits("airfoil", *parts, (), "")
    monkeypatch.setattr(data, "load", lambda name, **options: splits)
    module = importlib.import_module("minidl.lab.problem")
    module._splits.cache_clear()
    try:
        p = lab.problem("airfoil", epochs=5)
        assert p.metric == "loss" and type(p.loss) is nn.MSELoss
        assert p.splits().train.y.shape == (200, 1) and abs(p.splits().train.y.mean()) < 1e-5
        record = lab.run(lab.Settings(p, "Adam", 0.01, 0, test=True))
        assert record["test_loss"] < 0.2 and record["loss_before_first_step"] > 0.5 and "test_accuracy" not in record
    finally:
        module._splits.cache_clear()


def test_well_known_networks():
    splits = data.DataSplits(
        "mnist", *(data.ArrayDataset(np.random.default_rng(i).random((20, 784), np.float32), np.arange(20) % 10)
                   for i in range(3)), tuple("0123456789"), ""
    )  # fmt: skip
    module = importlib.import_module("minidl.lab.problem")
    with pytest.MonkeyPatch.context() as m:
        m.setattr(data, "load", lambda name, **options: splits)
        module._splits.cache_clear()
        deep, algoperf, plain = (lab.problem(n) for n in ("mnist_deepobs", "MNIST-AlgoPerf", "mnist_logreg"))
        model = deep.model(0)
        shapes = [p.shape for p in model.parameters() if p.ndim == 2]
        assert shapes == [(784, 1000), (1000, 500), (500, 100), (100, 10)]
        w = model.parameters()[0].data
        assert np.abs(w).max() <= 0.06 and w.std() == pytest.approx(0.03 * 0.8796, rel=0.01)  # cut off at 2 sd
        assert np.array_equal(deep.splits().train.x, splits.train.x)
        x = algoperf.splits().train.x
        assert abs(x.mean()) < 1e-5 and x.std() == pytest.approx(1, abs=1e-4) and abs(x[:, 0].mean()) > 1e-3
        assert [type(layer) for layer in algoperf.model(0)] == [nn.Dense, nn.Sigmoid, nn.Dense]
        assert (algoperf.target, algoperf.batch_size, algoperf.name) == (0.97, 64, "mnist_algoperf")
        assert len(plain.model(0).parameters()) == 2 and deep.settings() != algoperf.settings()
    module._splits.cache_clear()


def test_surfaces_are_problems():
    p = lab.problem("Styblinski-Tang", epochs=4)
    model = p.model(3)
    theta = model.theta.data
    assert theta.dtype == np.float64 and np.allclose(theta, [[4.5, 4]], atol=0.5) and not np.allclose(theta, [[4.5, 4]])
    x, y = theta[0]
    f = lambda x, y: (x**4 - 16 * x**2 + 5 * x + y**4 - 16 * y**2 + 5 * y) / 2
    above = f(x, y) - f(-2.903534, -2.903534)
    assert p.loss(model(np.zeros((1, 1))), np.zeros(1)).item() == pytest.approx(above)
    result = lab.compare("bowl", ["sgd"], seeds=2, jobs=1, lr_grid=[0.01, 0.3], target=0.1)
    (sgd,) = result.rows
    # by hand: x = -5 shrinks by 1 - 0.2 lr = 0.94 in each of 40 steps, y by 1 - 4 lr = -0.2; 0.1 x^2 remains
    assert sgd.lr == 0.3 and sgd.test_loss == pytest.approx(0.1 * (5 * 0.94**40) ** 2, rel=0.1)
    assert sgd.steps_to_target == 30 and result.steps_per_epoch == 10  # the 27th step, seen every fifth
    with pytest.raises(ValueError, match="unknown dataset 'saddle'"):
        lab.problem("saddle")


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("rosenbrock", {"hidden": [1]}, "the problem rosenbrock has no setting 'hidden'"),
        ("rosenbrock", {"target": 0}, "target must be a positive loss, got 0"),
        ("mnits", {}, "unknown dataset 'mnits'; did you mean mnist"),
        ("moons", {"hiden": [1]}, "the problem moons has no setting 'hiden'; did you mean hidden"),
        ("moons", {"activation": "rely"}, "activation must be one of relu"),
        ("moons", {"init": "heh"}, "unknown initialiser 'heh'"),
        ("moons", {"scaling": "some"}, "scaling must be one of features, all, none"),
        ("moons", {"hidden": 3}, "hidden must be a list, got 3"),
        ("moons", {"target": "high"}, "target must be a number, got 'high'"),
        ("moons", {"epochs": True}, "epochs must be a whole number"),
        ("quadratic", {"hidden": [3]}, "the problem quadratic has no setting 'hidden'"),
        ("quadratic", {"target": -1}, "a positive target"),
        ("quadratic", {"batch_size": 2000}, "at most 1000 samples"),
    ],
)
def test_problems_that_are_written_wrong(name, changes, message):
    with pytest.raises(ValueError, match=message):
        lab.problem(name, **changes)


def test_a_setting_that_fails_on_a_problem_is_found_before_any_run(fake_runs):
    seen = fake_runs()
    with pytest.raises(ValueError, match="Muon on moons: muon_groups found no hidden matrix"):
        lab.compare("moons", ["sgd", "muon"], hidden=(), jobs=1)
    assert not seen


# -- a study file

GOOD = """
name = "both"
problems = ["moons", {name = "quadratic", epochs = 3}]
optimizers = [
    "Adam",
    {name = "SGD", momentum = 0.9, label = "heavy ball"},
]
seeds = 2
rates = [0.001, 0.01]
schedule = "linear"
"""


def test_a_study_file_is_a_study():
    Path("study.toml").write_text(GOOD)
    study = read_study("study.toml")
    assert [p.name for p in study.problems] == ["moons", "quadratic"] and study.problems[1].epochs == 3
    assert list(study.candidates) == ["Adam", "heavy ball"] and study.rates == [0.001, 0.01]
    assert study.candidates["heavy ball"].name == "SGD(momentum=0.9)"
    assert (study.seeds, study.schedule, study.name, study.widen) == (2, "linear", "both", 0)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("seeds = 2", "sedes = 2", 8, "unknown key 'sedes'; did you mean seeds?"),
        ("seeds = 2", "seeds = 0", 8, "seeds must be a whole number, 1 or more, got 0"),
        ("seeds = 2", "seeds = ", 8, "Invalid value"),
        ('"Adam"', '"Adm"', 5, "unknown optimizer 'Adm'; did you mean Adam"),
        ('"SGD"', '"SDG"', 6, "unknown optimizer 'SDG'; did you mean SGD"),
        ("momentum = 0.9", "momentun = 0.9", 6, "no hyper-parameter 'momentun'; did you mean momentum?"),
        ("momentum = 0.9", "momentum = 9", 6, "momentum must lie in [0, 1), got 9"),
        ('"moons"', '"mons"', 3, "unknown dataset 'mons'; did you mean moons"),
        ("epochs = 3", "epochs = 0", 3, "epochs must be a whole number, 1 or more, got 0"),
        ("epochs = 3", "epoch = 3", 3, "no setting 'epoch'; did you mean epochs?"),
        ("[0.001, 0.01]", "[0.001, -0.01]", 9, "needs positive numbers, got [0.001, -0.01]"),
        ("[0.001, 0.01]", "[]", 9, "needs positive numbers, got none"),
        ("[0.001, 0.01]", "0.1", 9, "a list of positive numbers, got 0.1"),
        ('label = "heavy ball"', "rates = [0]", 6, "needs positive numbers, got [0]"),
        ('"linear"', '"lineal"', 10, "schedule must be one of constant, linear"),
        ('optimizers = [\n    "Adam"', 'optimizers = [\n    7', 4, "an optimizer is a name, or a table with one"),
        ("seeds = 2", "epochs = 2", 8, 'it belongs to a problem: problems = [{name = "digits", epochs = ...}].'),
        ("seeds = 2", "lr_grid = [1]", 8, "unknown key 'lr_grid'; did you mean rates?"),
        ("seeds = 2", 'untuned = "no"', 8, "untuned must be true or false, got 'no'"),
        ('[\n    "Adam",\n    {name = "SGD", momentum = 0.9, label = "heavy ball"},\n]', "[]", 4, "no optimizer given"),
        ('"both"', '"../../mine"', 2, "name is that of a folder for the results, without a path"),
        ('"moons"', '{name = "moons", hidden = "32,32"}', 3, "hidden must be a list, got '32,32'"),
        ("momentum = 0.9", "lr = 0.1", 6, "the rate is what a study tunes; give it as rates"),
        ('label = "heavy ball"', 'label = "Adam"', 4, "two optimizers are called Adam; give one of them another label"),
        ('["moons", {name = "quadratic", epochs = 3}]', '"moons"', 3, 'problems is a list, such as ["moons"]'),
    ],
)  # fmt: skip
def test_a_mistake_in_a_study_file_is_told_with_its_line(old, new, line, message, fake_runs, capsys):
    seen = fake_runs()
    assert old in GOOD
    Path("study.toml").write_text(GOOD.replace(old, new))
    assert minidl("compare", "--study", "study.toml") == 2
    out, err = capsys.readouterr()
    assert out == "" and not seen and message in err and len(err.splitlines()) == 1
    assert err.startswith(f"minidl: error: study.toml, line {line}: ")


def test_lines_in_a_file_of_tables(capsys):
    text = '[[problems]]\nname = "moons"\n\n[[problems]]\nname = "digits"\nepochs = 0\n\n[[optimizers]]\nname = "SGD"\n'
    Path("study.toml").write_text(text)
    assert minidl("compare", "--study", "study.toml") == 2
    assert "study.toml, line 6: epochs must be" in capsys.readouterr().err
    Path("study.toml").write_text(text.replace("epochs = 0", "").replace('"SGD"', '"SDG"'))
    assert minidl("compare", "--study", "study.toml") == 2
    assert "study.toml, line 9: unknown optimizer 'SDG'" in capsys.readouterr().err
    assert minidl("compare", "--study", "none.toml") == 2
    assert "cannot read none.toml: No such file" in capsys.readouterr().err
    Path("study.toml").write_text("# nothing yet\n")
    assert minidl("compare", "--study", "study.toml") == 2
    assert "study.toml, line 1: an empty study; it needs" in capsys.readouterr().err
    Path("study.toml").write_text('seeds = 1\n')
    assert minidl("compare", "--study", "study.toml", "--seeds", "3") == 2
    assert "--seeds is a setting of the study: write it into study.toml" in capsys.readouterr().err


@pytest.mark.slow
def test_a_study_of_two_problems_has_a_folder_for_each(capsys):
    Path("study.toml").write_text(GOOD.replace('"moons"', '{name = "moons", epochs = 1}'))
    assert minidl("compare", "--study", "study.toml", "--jobs", "1") == 0
    out = capsys.readouterr().out
    assert "moons: MLP" in out and "quadratic: noisy quadratic" in out and "heavy ball" in out
    files = {str(p) for p in Path("results/both").rglob("*.*") if p.parent.name != "runs"}
    names = set(FILES) - {"report.html"}
    assert files - {"results/both/report.html", "results/both/profile.png"} == {
        f"results/both/{p}/{name}" for p in ("moons", "quadratic") for name in names
    }
    assert Path("results/both/report.html").stat().st_size > 4e6 and Path("results/both/profile.png").exists()
    from minidl.lab.comparison import load

    assert load("results/both/moons").rows[0].optimizer == "Adam"
    assert len(list(Path("results/both/runs").iterdir())) == 2 * (4 + 4 + 2)  # trials, finals, Adam's default


# -- records: what is there is not made again

SMALL = ["compare", "--dataset", "moons", "--epochs", "1", "--optimizers", "sgd,adam", "--lr-grid", "0.01,0.1",
         "--seeds", "2", "--jobs", "1", "--out", "out"]  # fmt: skip


@pytest.fixture
def counted(monkeypatch):
    """A list that every run that is made is added to; pictures are looked at elsewhere."""
    made = []
    monkeypatch.setattr(execute, "run", lambda s: (made.append(s), lab.run(s))[1])
    monkeypatch.setattr(report, "PICTURES", {})
    return made


def contents(folder="out"):
    return {p.name: without_seconds(json.loads(p.read_text())) for p in Path(folder, "runs").iterdir()}


def test_a_finished_study_is_read_and_a_missing_run_made(counted, capsys):
    assert minidl(*SMALL) == 0
    table, before, made = Path("out/table.csv").read_bytes(), contents(), len(counted)
    first = capsys.readouterr().out
    assert made == len(before) == 4 + 4 + 2
    assert minidl(*SMALL) == 0
    assert len(counted) == made and Path("out/table.csv").read_bytes() == table
    again = capsys.readouterr().out
    assert "10 of 10 runs were there already, in out/runs" in again and "already" not in first
    gone = sorted(Path("out/runs").iterdir())[3]
    gone.unlink()
    assert minidl(*SMALL) == 0 and len(counted) == made + 1 and contents() == before


@pytest.mark.slow
def test_another_study_in_the_same_folder_is_not_mixed_up(counted, capsys):
    assert minidl(*SMALL) == 0
    capsys.readouterr()
    other = [*SMALL, "--epochs", "2"]
    assert minidl(*other) == 0 and len(counted) == 20
    mixed = capsys.readouterr().out
    assert minidl(*other[:-4], "--out", "fresh", "--epochs", "2") == 0
    fresh = capsys.readouterr().out
    cut = lambda text: [line.rsplit(maxsplit=1)[0] for line in text.splitlines()[:5]]  # but for the seconds
    assert cut(mixed) == cut(fresh) and len(contents()) == 20 and len(contents("fresh")) == 10


def test_broken_records_are_named_set_aside_and_made_again(counted, capsys):
    assert minidl(*SMALL) == 0
    before = contents()
    a, b, c = sorted(Path("out/runs").iterdir())[:3]
    a.write_bytes(a.read_bytes()[:-40])
    b.write_text("[]")
    c.write_text(json.dumps(json.loads(c.read_text()) | {"versions": {"minidl": "0.0.1", "format": 1}}))
    assert minidl(*SMALL) == 0 and len(counted) == 13
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 3 and all(f"{p} is not used: " in err for p in (a, b, c))
    assert "cut short" in err and "no record" in err and "minidl 0.0.1" in err
    after = contents() if not list(Path("out/runs").glob("*.aside1")) else {
        p.name: without_seconds(json.loads(p.read_text())) for p in Path("out/runs").glob("*.json")
    }  # fmt: skip
    assert after == before and len(list(Path("out/runs").glob("*.aside1"))) == 3


def test_a_full_disk_stops_the_study_and_what_is_finished_stays(counted, capsys, monkeypatch):
    write, count = Store.write, []

    def full(self, record):
        count.append(1)
        if len(count) == 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(self, record)

    with monkeypatch.context() as m:
        m.setattr(Store, "write", full)
        assert minidl(*SMALL) == 2
    out, err = capsys.readouterr()
    assert "No space left on device" in err and "Traceback" not in err
    assert "3 of 10 runs are finished, and kept" in out and "Best on validation so far: " in out
    assert len(contents()) == 3 and not Path("out/table.csv").exists()
    assert minidl(*SMALL) == 0 and len(contents()) == 10 and len(counted) == 4 + 7


def test_a_disk_that_is_full_when_the_page_is_written_is_told_with_its_file(counted, capsys, monkeypatch):
    write = Path.write_bytes

    def full(path, content):
        write(path, content[: len(content) // 2])
        if path.name == "report.html.part":
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert minidl(*SMALL) == 2
    err = capsys.readouterr().err
    assert "No space left on device" in err and "out/report.html" in err and "recorded runs are kept" in err
    assert not list(Path("out").glob("*.part")) and len(contents()) == 10


@pytest.mark.slow
def test_an_edited_rule_is_run_again_and_a_commented_one_is_not(counted):
    command = [*SMALL[:-2], "--out", "mine"]
    command[command.index("sgd,adam")] = "own.py:MyRule"
    Path("own.py").write_text(OWN_RULE)
    assert minidl(*command) == 0 and len(counted) == 4
    Path("own.py").write_text("# mine\n" + OWN_RULE)
    assert minidl(*command) == 0 and len(counted) == 4
    Path("own.py").write_text(OWN_RULE.replace("lr * g", "lr * g / 2"))
    assert minidl(*command) == 0 and len(counted) == 8
    Path("sub").mkdir()
    Path("own.py").rename("sub/own.py")
    command[command.index("own.py:MyRule")] = "sub/own.py:MyRule"
    assert minidl(*command) == 0 and len(counted) == 8


def test_a_rule_that_breaks_the_contract_is_refused_with_the_check(fake_runs, capsys):
    seen = fake_runs()
    Path("own.py").write_text(OWN_RULE.replace("w -= lr * g", "w = w - lr * g"))
    assert minidl(*SMALL, "--optimizers", "own.py:MyRule") == 2
    err = capsys.readouterr().err
    assert "optimizer 'own.py:MyRule' breaks the contract: changes parameters in place: " in err
    assert "minidl.optim.check_optimizer(MyRule) tells them all" in err
    assert not seen and len(err.splitlines()) == 1


# -- how it is run makes no difference


def results(**executor):
    Path("own.py").write_text(OWN_RULE)
    study = lab.Study([moons()], ["sgd", "SAM(Adam)", "own.py:MyRule"], 2, 0, [0.01, 0.1])
    with lab.Executor(progress=False, **executor) as e:
        (result,) = study.run(e)
    return [without_seconds(getattr(result, part)) for part in ("trials", "finals", "defaults")]


def test_jobs_and_the_disk_make_no_difference():
    alone = results(jobs=1)
    assert results(jobs=2) == alone
    assert results(jobs=2, store=Store("runs")) == alone and results(jobs=1, store=Store("runs")) == alone


@pytest.mark.slow
def test_dask_makes_no_difference():
    distributed = pytest.importorskip("distributed", reason="needs the extra dask")
    alone = results(jobs=1)
    assert results(jobs=2, backend="dask") == alone
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        assert results(scheduler=cluster.scheduler_address) == alone


def test_a_wrong_backend_or_no_dask(monkeypatch, capsys):
    assert minidl(*SMALL, "--backend", "ray") == 2
    assert "backend must be one of loky, dask, got 'ray'" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert minidl(*SMALL, "--backend", "dask") == 2
    assert 'pip install "minidl[dask]"' in capsys.readouterr().err


def test_the_bars_text_and_count():
    study = lab.Study([moons()], ["sgd", "adam"], 1, 0, [0.01, 0.1], untuned=False)
    with lab.Executor(jobs=1, progress=True) as e:
        (result,) = study.run(e)
        assert (e.bar.n, e.bar.total) == (6, 6)
        text = e.bar.postfix
    best = {label: max(r["validation_accuracy"] for r in [*result.trials[label], *result.finals[label]])
            for label in ("SGD", "Adam")}  # fmt: skip
    order = sorted(best, key=lambda label: (best[label], label), reverse=True)
    assert text == ", ".join(f"{label} {best[label]:.1%}" for label in order)


# -- killed at any time

KILLED = [sys.executable, "-m", "minidl", "compare", "--dataset", "moons", "--epochs", "10", "--optimizers", "sgd,adam",
          "--lr-grid", "0.001,0.003,0.01,0.03,0.1", "--seeds", "5", "--jobs", "2"]  # fmt: skip


def started(out, **pipes):
    """A process that makes the study above, and all that it starts; when its first new record is there."""
    before = len(list(Path(out, "runs").glob("*.json")))
    process = subprocess.Popen([*KILLED, "--out", out], start_new_session=True, text=True, **pipes)
    deadline = time.monotonic() + 120
    while process.poll() is None and len(list(Path(out, "runs").glob("*.json"))) == before:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


KILLS = int(os.environ.get("STUDY_KILLS", "6"))  # 20 take a minute and a half


@pytest.mark.slow
def test_a_study_killed_at_random_moments_ends_as_one_that_was_not():
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    began = time.monotonic()
    whole = started("whole", **quiet)
    first = time.monotonic() - began  # the record
    assert whole.wait() == 0
    rng, kills = random.Random(5), 0
    for i in range(50):
        if kills == KILLS:
            break
        if i % 2:  # from before the first run to a few runs later; or just after a record was written
            process = subprocess.Popen([*KILLED, "--out", "killed"], start_new_session=True, **quiet)
            time.sleep(first * rng.uniform(0.5, 1.1))
        else:
            process = started("killed", **quiet)
            time.sleep(rng.uniform(0, 0.05))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            kills += 1
        elif process.wait() == 0:  # it was faster: some of the runs are to be made anew
            for path in rng.sample(sorted(Path("killed/runs").glob("*.json")), 15):
                path.unlink()
        process.wait()
    print(f"{kills} kills, {len(list(Path('killed/runs').glob('*.json')))} of 25 runs finished")
    assert subprocess.run([*KILLED, "--out", "killed"], **quiet).returncode == 0 and kills == KILLS
    killed = {p.name: without_seconds(json.loads(p.read_text())) for p in Path("killed/runs").glob("*.json")}
    assert killed == contents("whole") and len(killed) == 10 + 10 + 5
    assert not list(Path("killed/runs").glob("*.aside*"))


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_finished_and_says_what_that_is():
    process = started("out", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while len(list(Path("out/runs").glob("*.json"))) < 3:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    kept = len(list(Path("out/runs").glob("*.json")))
    told = int(out.split(" of 25 runs are finished, and kept")[0])
    assert process.returncode == 130 and err == "interrupted\n" and "Best on validation so far: " in out
    assert told in (kept - 1, kept) and kept >= 3  # a record that was written in that moment is not told
