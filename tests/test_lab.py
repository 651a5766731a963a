"""The comparison: its procedure on made-up runs, its records on short real ones, its report on both."""

import csv
import importlib
import io
import itertools
import json
import math
import warnings
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from made_up_runs import OWN_RULE
from threadpoolctl import threadpool_info

from minidl import lab, optim
from minidl.lab import figures, search, words
from minidl.lab.comparison import Comparison, load
from minidl.lab.problem import DEFAULTS, Problem, start_hash
from minidl.lab.records import without_seconds
from minidl.lab.table import csv_text

problem_module = importlib.import_module("minidl.lab.problem")  # minidl.lab.problem itself is the function
run_module = importlib.import_module("minidl.lab.run")  # minidl.lab.run itself is the function

def compare(optimizers=("sgd",), **options):
    usual = {"epochs": 1, "jobs": 1, "progress": False, "seeds": 3, "untuned": False}
    return lab.compare("moons", optimizers, **(usual | options))


def chosen(fake_runs, outcomes):
    """The rate that is taken, where outcomes gives (validation accuracy, validation loss, diverged) for every rate."""
    names = ("validation_accuracy", "validation_loss", "diverged")
    fake_runs(lambda s: {} if s.test else dict(zip(names, outcomes[s.lr], strict=True)))
    return compare(lr_grid=list(outcomes), seeds=1).rows[0].lr


def test_the_rate_is_the_one_with_the_highest_validation_accuracy(fake_runs):
    assert chosen(fake_runs, {0.01: (0.90, 0.1, False), 0.1: (0.92, 0.5, False), 1.0: (0.91, 0.2, False)}) == 0.1


def test_equal_accuracy_is_decided_by_the_validation_loss(fake_runs):
    assert chosen(fake_runs, {0.01: (0.9, 0.3, False), 0.1: (0.9, 0.4, False), 1.0: (0.9, 0.2, False)}) == 1.0


def test_a_full_tie_takes_the_lowest_rate_whatever_the_order_of_the_grid(fake_runs):
    same = (0.9, 0.3, False)
    assert chosen(fake_runs, {1.0: same, 0.01: same, 0.1: same}) == 0.01


def test_a_diverged_run_is_not_chosen_however_good_it_looks(fake_runs):
    assert chosen(fake_runs, {0.01: (0.2, 2.0, False), 0.1: (0.99, 0.01, True)}) == 0.01


def test_where_all_runs_diverged_the_best_of_them_is_taken(fake_runs):
    assert chosen(fake_runs, {0.01: (0.2, 9.0, True), 0.1: (0.3, 9.0, True), 1.0: (0.0, math.inf, True)}) == 0.1


def test_training_and_test_figures_do_not_choose(fake_runs):
    fake_runs(lambda s: {"train_loss": s.lr, "validation_accuracy": s.lr} | ({"test_accuracy": 0.5} if s.test else {}))
    row = compare(lr_grid=[0.1, 0.2, 0.3], seeds=1).rows[0]
    assert (row.lr, row.test_accuracy) == (0.3, 0.5)


@pytest.mark.parametrize(
    ("grid", "best", "edge"),
    [([0.1, 0.2, 0.3], 0.1, True), ([0.1, 0.2, 0.3], 0.2, False), ([0.1, 0.2, 0.3], 0.3, True), ([0.1], 0.1, True)],
)
def test_edge_flag(fake_runs, grid, best, edge):
    fake_runs(lambda s: {"validation_accuracy": 0.9 if s.lr == best else 0.1})
    result = compare(lr_grid=grid, seeds=1)
    assert (result.rows[0].lr, result.rows[0].lr_on_edge) == (best, edge)
    assert (f"SGD ({best})" in str(result)) == edge


def test_every_optimizer_gets_the_same_number_of_rates_and_seeds(fake_runs):
    seen = fake_runs(lambda s: {"validation_accuracy": 0.95 if s.lr == search._CENTRES[s.optimizer] else 0.9})
    result = compare(None, seeds=4, seed=5)
    assert [row.optimizer for row in result.rows] == optim.names()
    tuning, final = [s for s in seen if not s.test], [s for s in seen if s.test]
    for name in optim.names():
        rates = [s.lr for s in tuning if s.optimizer == name]
        assert rates == search.default_grid(name) and len(set(rates)) == search.GRID_POINTS
        assert [s.seed for s in final if s.optimizer == name] == [6, 7, 8, 9]
        assert len({s.lr for s in final if s.optimizer == name}) == 1
    assert {s.seed for s in tuning} == {5}
    assert len(seen) == 8 * (7 + 4) and {row.runs for row in result.rows} == {11}


def test_default_grids_are_the_half_decade_series_around_a_middle():
    series = [float(f"{d}e{k}") for k in range(-8, 5) for d in (1, 3)]
    for name in optim.names():
        grid = search.default_grid(name)
        first = series.index(grid[0])
        assert grid == series[first : first + 7] and grid[3] == search._CENTRES[name]
        assert grid[6] / grid[0] == pytest.approx(1000)


@pytest.mark.parametrize(
    ("steps", "median"),
    [([10, 30, 20], 20), ([10, math.inf, 20], 20), ([10, math.inf, math.inf], math.inf), ([10, 20], 15),
     ([10, math.inf], math.inf)],
)  # fmt: skip
def test_steps_to_target_is_the_median_with_a_miss_as_infinity(fake_runs, steps, median):
    fake_runs(lambda s: {"steps_to_target": steps[s.seed - 1]} if s.test else {})
    result = compare(lr_grid=[0.1], seeds=len(steps))
    assert result.rows[0].steps_to_target == median
    assert ("missed" in str(result)) == math.isinf(median)


def test_spread_mean_and_medians_come_from_the_final_runs(fake_runs):
    tests, losses = [0.90, 0.97, 0.92], [0.3, 0.1, math.inf]
    fake_runs(lambda s: {"test_accuracy": tests[s.seed - 1], "train_loss": losses[s.seed - 1],
                         "seconds_per_epoch": s.seed} if s.test else {"train_loss": 77.0})  # fmt: skip
    row = compare(lr_grid=[0.1]).rows[0]
    assert row.test_accuracy == pytest.approx(0.93)
    assert (row.test_accuracy_low, row.test_accuracy_high) == (0.90, 0.97)
    assert (row.train_loss, row.seconds_per_epoch) == (0.3, 2)


def test_diverged_runs_are_counted_in_both_parts(fake_runs):
    fake_runs(lambda s: {"diverged": s.lr > 1 or s.seed == 2})
    row = compare(lr_grid=[0.1, 10, 100], seeds=3).rows[0]
    assert (row.lr, row.diverged, row.runs) == (0.1, 3, 6)


def test_a_problem_says_how_much_it_is_trained_on(monkeypatch):
    assert Problem.default("digits").describe() == "MLP with hidden layers 64, 32 on 1079 training samples"
    assert Problem.default("digits_logreg").describe() == "softmax regression on 1079 training samples"
    monkeypatch.setattr(problem_module, "_splits", lambda *_: SimpleNamespace(train=range(1202)))
    photographs = Problem.default("cats_and_dogs").describe()
    assert photographs == "MLP with hidden layers 128, 32 on 1202 photographs of 32 x 32 pixels"


def test_steps_to_target_of_a_run_is_the_first_step_that_reaches_it(monkeypatch):
    accuracies = itertools.chain([0.1, 0.94, 0.95, 0.93], itertools.repeat(0.99))  # at step 0, then twice an epoch

    def evaluate(model, loader, loss):
        validation = loader.dataset is Problem.default("moons").splits().validation
        return {"loss": 0.5, "accuracy": next(accuracies) if validation else 0.5}

    monkeypatch.setattr(run_module, "evaluate", evaluate)
    record = lab.run(lab.Settings(Problem.default("moons", epochs=2), "SGD", 0.1, 0))
    assert [e["step"] for e in record["evaluations"]] == [0, 10, 19, 29, 38]
    assert record["steps_to_target"] == 19


# -- fairness


@pytest.mark.parametrize("difference", ["start", "loss_before_first_step", "step_losses"])
def test_a_run_that_starts_differently_stops_the_comparison(fake_runs, difference):
    other = {"start": "other", "loss_before_first_step": 2.0000000000000004, "step_losses": [2.1000000000000005]}
    fake_runs(lambda s: {difference: other[difference]} if s.optimizer == "Adam" and s.seed == 2 else {})
    with pytest.raises(AssertionError, match=r"seed 2 did not start equal.*Adam"):
        compare(["sgd", "adam"])
    compare(["sgd", "adam"], seeds=1)  # without seed 2


@pytest.mark.parametrize("part", ["model", "loader"])
def test_other_weights_or_batches_are_noticed_in_real_runs(monkeypatch, part):
    calls = itertools.count()
    original = getattr(Problem, part)
    # the second run gets the weights or the batch order of another seed
    monkeypatch.setattr(Problem, part, lambda self, seed: original(self, seed + (next(calls) == 1)))
    with pytest.raises(AssertionError, match="seed 0 did not start equal"):
        compare(["sgd"], lr_grid=[0.1, 0.2])


def test_the_start_hash_sees_weights_and_the_order_of_samples_and_labels():
    p = Problem.default("moons")
    start = start_hash(p.model(0), p.loader(0))
    assert start == start_hash(p.model(0), p.loader(0))
    model = p.model(0)
    w = next(iter(model.parameters())).data
    w.flat[0] = np.nextafter(w.flat[0], 1, dtype=w.dtype)
    assert start_hash(model, p.loader(0)) != start
    assert start_hash(p.model(0), p.loader(1)) != start
    x, y = p.splits().train.x, p.splits().train.y
    i, j = np.flatnonzero(y == y[0])[:2]  # exchange two samples of one class: the labels stay in order
    order = np.arange(len(y))
    order[[i, j]] = j, i
    swapped = type(p.loader(0))((x[order], y), p.batch_size, shuffle=True, seed=0)
    assert start_hash(p.model(0), swapped) != start


def test_the_start_hash_leaves_the_loader_at_its_first_epoch():
    p = Problem.default("moons")
    used, fresh = p.loader(0), p.loader(0)
    start_hash(p.model(0), used)
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(used, fresh, strict=True))


@pytest.fixture(scope="module")
def result():
    return compare(["sgd", "adam"], epochs=2, seeds=2, lr_grid=[0.01, 0.1])


def test_all_real_runs_of_a_seed_start_equal_and_seeds_differ(result):
    starts: dict[int, set] = {}
    for r in result.tuning + result.final:
        start = (r["start"], r["loss_before_first_step"], r["step_losses"][0])
        starts.setdefault(r["seed"], set()).add(start)
    assert sorted(starts) == [0, 1, 2]
    assert all(len(s) == 1 for s in starts.values()) and len(set.union(*starts.values())) == 3


def test_a_run_does_not_depend_on_the_others(result):
    alone = compare(["adam"], epochs=2, seeds=2, lr_grid=[0.01, 0.1])
    for part in ("tuning", "final"):
        adam = [r for r in getattr(result, part) if r["optimizer"] == "Adam"]
        assert without_seconds(adam) == without_seconds(getattr(alone, part))
    np.random.default_rng().normal(size=3)
    last = result.final[-1]
    again = lab.run(lab.Settings(result.problem, "Adam", last["lr"], last["seed"], test=True))
    assert without_seconds(again) == without_seconds(last)


def test_the_test_set_is_looked_at_once_in_each_final_run_and_never_before(monkeypatch):
    looked = []
    test = Problem.default("moons").splits().test
    original = run_module.evaluate

    def evaluate(model, loader, loss):
        looked.append(loader.dataset is test)
        return original(model, loader, loss)

    monkeypatch.setattr(run_module, "evaluate", evaluate)
    result = compare(["sgd", "adam"], lr_grid=[0.01, 0.1], seeds=3)
    first_final = 4 * 6  # four tuning runs: two samples, each before training and twice in the epoch
    assert not any(looked[:first_final])
    assert looked[first_final:] == ([False] * 6 + [True]) * 6
    assert not any("test_accuracy" in r for r in result.tuning) and all("test_accuracy" in r for r in result.final)


def test_the_test_accuracy_is_that_of_the_trained_network(monkeypatch):
    models = []
    original = Problem.model

    def model(self, seed):
        models.append(original(self, seed))
        return models[-1]

    monkeypatch.setattr(Problem, "model", model)
    result = compare(["adam"], lr_grid=[0.01], seeds=1, epochs=3)
    test = result.problem.splits().test
    right = (models[-1](test.x).data.argmax(axis=1) == test.y).mean()
    assert result.rows[0].test_accuracy == pytest.approx(right) and right > 0.7


def test_each_run_computes_with_one_thread(monkeypatch):
    threads: list[int] = []
    original = run_module.fit

    def fit(*args, **kwargs):
        threads.extend(pool["num_threads"] for pool in threadpool_info())
        return original(*args, **kwargs)

    monkeypatch.setattr(run_module, "fit", fit)
    lab.run(lab.Settings(Problem.default("moons", epochs=1), "SGD", 0.1, 0))
    assert set(threads) == {1}


# -- divergence


@pytest.fixture(scope="module")
def diverged():
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a diverging run prints nothing
        return compare(["sgd", "adam"], epochs=2, lr_grid=[1e-2, 1e8], seeds=2), compare(
            ["sgd", "adam"], epochs=2, lr_grid=[1e8], seeds=2
        )


def test_a_diverging_run_is_a_result(diverged):
    mixed, hopeless = diverged
    assert [(r.lr, r.diverged, r.runs) for r in mixed.rows] == [(0.01, 1, 4)] * 2
    sgd, adam = hopeless.rows
    assert (sgd.diverged, sgd.runs, sgd.steps_to_target, sgd.train_loss) == (3, 3, math.inf, math.inf)
    assert (sgd.test_accuracy, adam.diverged) == (0, 3)
    assert all(r["diverged"] for r in hopeless.tuning + hopeless.final)
    stopped = [r for r in hopeless.final if r["optimizer"] == "SGD"]
    assert all(r["stopped"].startswith("diverged: the loss is") and r["validation_accuracy"] == 0 for r in stopped)


def test_a_run_that_ends_above_its_start_diverged_though_finite(diverged):
    adam = [r for r in diverged[1].final if r["optimizer"] == "Adam"]
    assert all(math.isfinite(r["train_loss"]) and r["train_loss"] > r["loss_before_first_step"] for r in adam)
    assert all(r["stopped"] == "" and r["diverged"] for r in adam)


@pytest.mark.parametrize("which", [0, 1])
def test_files_of_diverged_runs_can_be_read(diverged, tmp_path, which):
    result = diverged[which]
    paths = {path.name: path for path in result.save(tmp_path)}
    table, curves = paths["table.csv"], paths["curves.png"]
    rows = list(csv.DictReader(table.open()))
    for name in ("lr", "steps_to_target", "train_loss", "test_accuracy", "diverged", "seconds_per_epoch"):
        assert [float(row[name]) for row in rows] == [getattr(row, name) for row in result.rows]

    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    saved = [json.loads(p.read_text(), parse_constant=refuse) for p in (tmp_path / "runs").iterdir()]
    losses = [float(r["train_loss"]) for r in saved]
    assert set(losses) == {r["train_loss"] for r in result.tuning + result.final} and not math.isfinite(max(losses))
    assert curves.read_bytes().startswith(b"\x89PNG")


def test_errors_that_infinities_cause_are_divergence_and_others_are_told(tmp_path):
    (tmp_path / "rule.py").write_text(OWN_RULE + """
import numpy as np
class Fragile(MyRule):
    def update(self, w, g, *, lr):
        if lr > 1:
            w += np.inf
            raise np.linalg.LinAlgError("SVD did not converge")
        w -= lr * g

class Broken(MyRule):
    def update(self, w, g, *, lr):
        w -= lr * g / (1 if lr < 1 else undefined)

class NoRate(Optimizer):
    def __init__(self, params, rate):
        super().__init__(params, rate=rate)
""")
    result = compare([f"{tmp_path}/rule.py:Fragile"], lr_grid=[0.1, 10], seeds=1)
    assert (result.rows[0].lr, result.rows[0].diverged) == (0.1, 1)
    assert result.tuning[1]["stopped"] == "diverged: LinAlgError: SVD did not converge"
    with pytest.raises(ValueError, match=r"rule.py:Broken' at rate 10: .*rule.py, line 21: NameError: .*'undefined'"):
        compare([f"{tmp_path}/rule.py:Broken"], lr_grid=[0.1, 10])
    with pytest.raises(ValueError, match=r"NoRate' breaks the contract: can be made: TypeError: .* argument: 'rate'"):
        compare([f"{tmp_path}/rule.py:NoRate"], lr_grid=[0.1])


def test_ctrl_c_in_a_run_ends_the_comparison(monkeypatch):
    def interrupted(self, run):
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module._Recorder, "on_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compare()


# -- one's own optimizer, and names


def test_names_in_any_case_pytorchs_too_and_each_once(fake_runs):
    fake_runs()
    result = compare(["ADAM", "adam", " Adam", "RMSprop", "rmsprop", "Adagrad"], lr_grid=[0.1])
    assert [row.optimizer for row in result.rows] == ["Adam", "RMSProp", "AdaGrad"]
    assert [row.optimizer for row in compare("sgd, adam", lr_grid=[0.1]).rows] == ["SGD", "Adam"]


def test_ones_own_rule_trains_like_the_rule_that_it_is(tmp_path):
    (tmp_path / "own.py").write_text(OWN_RULE)
    spec = f"{tmp_path}/own.py:MyRule"
    result = compare(["sgd", spec, f"{tmp_path}/../{tmp_path.name}/own.py:MyRule"], lr_grid=[0.01, 0.1], seeds=1)
    sgd, mine = result.rows
    assert mine.optimizer == "MyRule" and result.optimizers == {"SGD": "SGD", "MyRule": spec}
    same = {"seconds_per_epoch": 0, "seconds_to_target": 0, "tied": "", "untuned_lr": 0, "untuned_test": 0}
    assert replace(mine, optimizer="SGD", **same) == replace(sgd, **same) and mine.tied == "SGD"
    assert csv_text(result).splitlines()[2].startswith("MyRule,0.1,")
    assert "MyRule" in str(result) and str(tmp_path) not in str(result)


def test_ones_own_class_of_a_known_name_stands_beside_it(tmp_path, fake_runs):
    (tmp_path / "own.py").write_text(OWN_RULE.replace("MyRule", "Adam"))
    seen = fake_runs(lambda s: {"test_accuracy": 0.5 if s.optimizer == "Adam" else 0.7} if s.test else {})
    result = compare(["adam", f"{tmp_path}/own.py:Adam"], seeds=1, widen=0)
    assert [row.optimizer for row in result.rows] == ["Adam", f"{tmp_path}/own.py:Adam"]
    assert [row.test_accuracy for row in result.rows] == [0.5, 0.7]
    assert len(seen) == 2 * 8
    assert str(result) and figures.curves(result)


def test_the_grid_of_ones_own_class(tmp_path):
    (tmp_path / "own.py").write_text(
        OWN_RULE + "from minidl.optim import Momentum\nclass Mine(Momentum): pass\nclass SGD(MyRule): pass\n"
    )
    grid = {name: search.default_grid(f"{tmp_path}/own.py:{name}") for name in ("MyRule", "Mine", "SGD")}
    assert grid == {name: search.default_grid(of) for name, of in zip(grid, ("Adam", "Momentum", "SGD"), strict=True)}


def test_a_changed_file_is_read_again(tmp_path):
    file = tmp_path / "own.py"
    file.write_text(OWN_RULE)
    spec = f"{file}:MyRule"
    first = lab.optimizer_class(spec)
    assert lab.optimizer_class(spec) is first
    file.write_text(OWN_RULE.replace("w -= lr * g", "w += lr * g"))
    assert lab.optimizer_class(spec) is not first


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("My", "it has no My"),
        ("", "no name is given"),
        ("Plain", "the class Plain does not extend it"),
        ("rule", "rule is no class, it is of type function"),
        ("nothing", "nothing is no class, it is of type NoneType"),
    ],
)
def test_a_name_that_is_no_optimizer_of_the_file(tmp_path, monkeypatch, name, found):
    monkeypatch.chdir(tmp_path)
    text = "from minidl.optim import Adam\nclass Plain: pass\ndef rule(): pass\nnothing = None\n"
    (tmp_path / "few.py").write_text(text)
    (tmp_path / "own.py").write_text(text + "class MyRule(Adam): pass\nAgain = MyRule\n")
    for file, has in (
        ("few.py", f"none: begin one with `class {name or 'MyRule'}(Optimizer):`"),
        ("own.py", "these: own.py:MyRule, own.py:Again"),
    ):
        with pytest.raises(ValueError) as caught:
            lab.optimizer_class(f"{file}:{name}")
        expected = f"expected a subclass of minidl.optim.Optimizer in {file}, but {found}; the file has {has}"
        assert str(caught.value) == f"optimizer '{file}:{name}': {expected}"
    assert lab.optimizer_class("own.py:Again") is lab.optimizer_class("own.py:MyRule")


def test_a_name_that_there_is_not_tells_how_ones_own_is_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(OWN_RULE)
    with pytest.raises(ValueError, match=r"^unknown optimizer 'own:MyRule'; did you mean own\.py:MyRule\?$"):
        lab.optimizer_class("own:MyRule")
    for name in ("MyRule", "nowhere:MyRule", "adm"):
        with pytest.raises(ValueError, match=rf"^unknown optimizer '{name}'.* such as my_rule\.py:MyRule$"):
            lab.optimizer_class(name)


# -- bad input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizers": ["adm"]}, "unknown optimizer 'adm'; did you mean Adam"),
        ({"optimizers": []}, "no optimizer given"),
        ({"dataset": "digit"}, "unknown dataset 'digit'; did you mean digits"),
        ({"epochs": 0}, "epochs must be a whole number, 1 or more, got 0"),
        ({"epochs": 1.5}, "epochs must be a whole number"),
        ({"batch_size": 0}, "the batch size must be"),
        ({"hidden": [8, 0]}, "the width of a hidden layer must be .* got 0"),
        ({"seeds": 0}, "seeds must be"),
        ({"seed": -1}, "seed must be a whole number, 0 or more"),
        ({"jobs": 0}, "jobs, unless -1"),
        ({"jobs": -2}, "jobs, unless -1"),
        ({"target": 95}, r"target must be an accuracy in \(0, 1\], got 95"),
        ({"target": math.nan}, "target"),
        ({"lr_grid": []}, "needs positive numbers, got none"),
        ({"lr_grid": [0.1, -1]}, "needs positive numbers"),
        ({"lr_grid": [math.nan]}, "needs positive numbers"),
        ({"lr_grid": [math.inf]}, "needs positive numbers"),
    ],
)
def test_bad_settings_are_refused_before_any_run(fake_runs, options, message):
    seen = fake_runs()
    with pytest.raises(ValueError, match=message):
        lab.compare(**({"dataset": "moons", "jobs": 1} | options))
    assert not seen


def test_what_is_no_optimizer_is_a_type_error():
    with pytest.raises(TypeError, match="by its name"):
        compare([3])
    with pytest.raises(TypeError, match="by its name"):
        compare([int])


def test_settings_may_be_numpy_numbers_and_names_spelled_freely(tmp_path):
    p = Problem.default("Fashion-MNIST", epochs=np.int64(3), hidden=np.array([8, 4]), target=np.float32(0.5))
    assert p == Problem("fashion_mnist", (8, 4), 128, 3, 0.5)
    json.dumps([p.hidden, p.epochs, p.target])  # plain numbers
    assert Problem.default("fashionmnist") == Problem.default("fashion_mnist")
    assert [Problem.default(name).dataset for name in DEFAULTS] == list(DEFAULTS)


def test_no_hidden_layer_is_softmax_regression():
    result = compare(lr_grid=[0.1], hidden=(), seeds=1)
    assert len(list(result.problem.model(0).parameters())) == 2
    assert "softmax regression" in str(result)


def test_data_is_read_once_and_standardised_with_the_training_set():
    p = Problem.default("moons")
    assert p.splits() is p.splits()
    x = p.splits().train.x
    assert np.allclose(x.mean(axis=0), 0, atol=1e-5) and np.allclose(x.std(axis=0), 1, atol=1e-4)
    assert not np.allclose(p.splits().test.x.mean(axis=0), 0, atol=1e-5)
    assert problem_module._splits.cache_info().hits > 0


# -- the report


def test_text_fits_80_columns_and_names_every_optimizer(fake_runs):
    fake_runs(lambda s: {"train_loss": 1.23456e-5, "seconds_per_epoch": 0.123456})
    lines = str(compare(None)).splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines[3:11]] == optim.names()
    assert len({len(line) for line in lines[1:11]}) == 1  # the columns are aligned


@pytest.mark.parametrize(("samples", "digits"), [(100, 0), (200, 1), (1000, 1), (10_000, 2)])
def test_accuracies_have_no_more_digits_than_the_test_set_tells(result, monkeypatch, samples, digits):
    monkeypatch.setattr(Comparison, "test_samples", samples)
    assert words.digits_of(result) == digits


def with_tests(fake_runs, tests, **options):
    """A comparison whose final runs have these test accuracies: {optimizer: [one per seed]}."""
    fake_runs(lambda s: {"test_accuracy": tests[s.optimizer][s.seed - 1]} if s.test else {})
    return compare(list(tests), lr_grid=[0.1], seeds=len(next(iter(tests.values()))), **options)


def test_what_chance_can_do_is_computed(fake_runs):
    tests = {"SGD": [0.5, 0.7], "Adam": [0.8, 0.9], "AdaGrad": [0.7, 0.8], "RMSProp": [0.6, 0.95]}
    result = with_tests(fake_runs, tests)
    text = words.chance(result)
    assert "200 samples, so 1 % is 2 of them" in text
    assert "an accuracy of 85.0 % has a standard error of about 2.5 %" in text  # sqrt(.85 * .15 / 200) = 2.5 %
    assert text.endswith("highest mean is that of Adam. Other ranges that overlap with that one: AdaGrad, RMSProp.")


def test_an_optimizer_that_stands_apart_overlaps_with_none(fake_runs):
    text = words.chance(with_tests(fake_runs, {"SGD": [0.5, 0.7], "Adam": [0.8, 0.9]}))
    assert text.endswith("that of Adam. Other ranges that overlap with that one: none.")


def test_optimizers_of_the_same_highest_mean_are_all_named(fake_runs):
    tests = {"SGD": [0.75, 0.75], "Adam": [0.5, 0.625], "AdaGrad": [0.5, 1.0], "RMSProp": [0.25, 0.375]}
    text = words.chance(with_tests(fake_runs, tests))
    assert text.endswith("that of SGD, AdaGrad. Other ranges that overlap with that one: Adam.")


def test_one_seed_and_one_optimizer_say_nothing_about_spread(fake_runs):
    one_seed = words.chance(with_tests(fake_runs, {"SGD": [0.9], "Adam": [0.8]}))
    assert one_seed.endswith("that of SGD. One seed shows no spread.")
    assert "highest" not in words.chance(with_tests(fake_runs, {"SGD": [1.0, 1.0]}))
    assert "about 0.0 %" not in words.chance(with_tests(fake_runs, {"SGD": [1.0, 1.0]}))


def test_the_procedure_is_told_from_the_records(fake_runs):
    fake_runs()
    text = words.procedure(compare(["sgd"], seeds=3, seed=4, lr_grid=[0.1, 0.2], epochs=7, batch_size=200))
    assert "batches of 200, 7 epochs of 3 steps" in text and "best of 2 on the validation set" in text
    assert "tried with seed 4." in text and "seeds 5 to 7" in text
    assert "1 epoch of 19 steps" in words.procedure(compare(["sgd"], seeds=1))


def test_warnings_are_there_only_where_needed(fake_runs):
    fake_runs(lambda s: {"validation_accuracy": 0.9 if s.lr == 0.2 else 0.1})
    assert words.warnings(compare(lr_grid=[0.1, 0.2, 0.3])) == ""
    fake_runs(lambda s: {"diverged": s.lr > 0.3 or s.seed == 1})
    text = words.warnings(compare(lr_grid=[0.1, 0.2, 0.4], seeds=2))
    assert "may lie outside: SGD (0.1)" in text and "Diverged at the chosen rate: SGD 1 of 2." in text


def test_csv_header_and_clock_columns(result):
    header, *rows = csv.reader(io.StringIO(csv_text(result)))
    assert header[:6] == ["optimizer", "lr", "lr_on_edge", "steps_to_target", "train_loss", "test_accuracy"]
    assert [row[0] for row in rows] == ["SGD", "Adam"]
    other = compare(["sgd", "adam"], epochs=2, seeds=2, lr_grid=[0.01, 0.1])
    again = list(csv.reader(io.StringIO(csv_text(other))))[1:]
    differing = {header[i] for a, b in zip(rows, again, strict=True) for i in range(len(header)) if a[i] != b[i]}
    assert differing == {"seconds_per_epoch", "seconds_to_target"}


def test_save_writes_whole_files_and_records_and_returns_them(result, tmp_path):
    out = tmp_path / "new" / "folder"
    paths = result.save(str(out))
    assert [p.name for p in paths] == ["study.json", "table.csv", "table.md", "report.html", *figures.PICTURES]
    assert {p.parent for p in paths} == {out}
    assert sorted(out.iterdir()) == sorted([*paths, out / "runs"])
    saved = json.loads(paths[0].read_text())
    assert saved["problem"]["name"] == "moons" and saved["grids"] == {"SGD": [0.01, 0.1], "Adam": [0.01, 0.1]}
    names = {name for part in ("trials", "finals") for of in saved[part].values() for name in of}
    assert {p.stem for p in (out / "runs").iterdir()} == names and len(names) == 8
    first = json.loads((out / "runs" / f"{saved['finals']['SGD'][0]}.json").read_text())
    assert first["step_losses"] == result.final[0]["step_losses"]
    again = load(out)
    assert repr(again) == repr(result) and again.rows == result.rows
    assert figures.curves(again) == figures.curves(result)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"cannot write results into .*file"):
        result.save(tmp_path / "file")


def drawn(result, monkeypatch):
    """What `curves` draws: (axes of the loss, axes of the accuracy, the legend's texts, the figure)."""
    from matplotlib.figure import Figure

    drawn = []
    original = Figure.savefig

    def savefig(self, *args, **kwargs):
        drawn.append(self)
        original(self, *args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", savefig)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert figures.curves(result).startswith(b"\x89PNG")
    figure = drawn[-1]
    return *figure.axes, [text.get_text() for text in figure.legends[0].get_texts()], figure


def test_the_figure_shows_median_and_quartiles_of_the_final_runs(fake_runs, monkeypatch):
    def outcome(s):
        points = [(0, 2.0, 0.1), (19, (0.2, 0.3, 0.7)[s.seed % 3], (0.8, 0.9, 0.95)[s.seed % 3])]
        rows = [{"step": n, "train_loss": x, "validation_accuracy": a} for n, x, a in points]
        return {"evaluations": rows}

    fake_runs(outcome)
    loss, accuracy, labels, figure = drawn(compare(["sgd"], lr_grid=[0.1]), monkeypatch)
    assert labels == ["SGD, rate 0.1"]
    assert list(loss.lines[0].get_xdata()) == [0, 19] and list(loss.lines[0].get_ydata()) == [2.0, 0.3]
    assert list(accuracy.lines[0].get_ydata()) == [0.1, 0.9]
    band = loss.collections[0].get_paths()[0].vertices
    assert {(x, round(y, 9)) for x, y in band} >= {(19.0, 0.25), (19.0, 0.5)}
    assert loss.get_xlabel() == accuracy.get_xlabel() == "steps" and loss.get_ylabel() and accuracy.get_ylabel()
    assert "3 seeds" in figure._suptitle.get_text()


@pytest.mark.parametrize("how", ["stopped", "finite"])
def test_a_diverged_optimizer_is_named_and_does_not_squeeze_the_axes(monkeypatch, fake_runs, how):
    points = [(0, 2.0, 0.1), (10, 1e20, 0), (19, 1e30, 0)]
    rows = [{"step": n, "train_loss": x, "validation_accuracy": a} for n, x, a in points]
    changes = {"diverged": True} if how == "stopped" else {"evaluations": rows}

    def outcome(s):
        return changes if s.optimizer == "Adam" else {}

    fake_runs(outcome)
    alone = drawn(compare(["sgd"], lr_grid=[0.1]), monkeypatch)
    result = compare(["sgd", "adam"], lr_grid=[0.1])
    for r in result.final:
        r["diverged"] = r["optimizer"] == "Adam"
    beside = drawn(result, monkeypatch)
    assert beside[2] == ["SGD, rate 0.1", "Adam, rate 0.1\n3 of 3 runs diverged"]
    for axes, before in zip(beside[:2], alone[:2], strict=True):
        assert axes.get_xlim() == before.get_xlim()
        low, high = axes.get_ylim()
        assert low == pytest.approx(before.get_ylim()[0], rel=0.2)
        assert high == pytest.approx(before.get_ylim()[1], abs=2.0)  # of the loss: up to twice where it began


def test_a_figure_of_diverged_runs_alone(monkeypatch, diverged):
    loss, accuracy, labels, _figure = drawn(diverged[1], monkeypatch)
    assert labels == [f"{name}, rate 1e+08\n2 of 2 runs diverged" for name in ("SGD", "Adam")]
    assert loss.get_ylim()[1] <= 2 * max(r["loss_before_first_step"] for r in diverged[1].final)
    assert accuracy.get_ylim()[0] > 0.8


def test_the_figure_is_as_wide_as_the_training_even_where_all_runs_stopped(monkeypatch, fake_runs):
    fake_runs(lambda s: {"diverged": True})
    for axes in drawn(compare(["sgd"], lr_grid=[0.1]), monkeypatch)[:2]:
        assert axes.get_xlim()[0] < 0 and axes.get_xlim()[1] > 19


def test_one_diverged_seed_of_three_does_not_cut_the_others_short(fake_runs, monkeypatch):
    fake_runs(lambda s: {"diverged": s.seed == 2})
    loss, accuracy, labels, _figure = drawn(compare(["sgd"], lr_grid=[0.1]), monkeypatch)
    assert labels == ["SGD, rate 0.1\n1 of 3 runs diverged"]
    assert list(loss.lines[0].get_xdata()) == [0, 10, 19]
    assert list(loss.lines[0].get_ydata()) == [2.0, 0.5, 0.1] and list(accuracy.lines[0].get_ydata()) == [0.1, 0.8, 0.9]


def test_many_optimizers_all_look_different(monkeypatch, fake_runs, tmp_path):
    names = [f"Rule{i}" for i in range(12)]
    (tmp_path / "own.py").write_text(OWN_RULE + "".join(f"class {name}(MyRule): pass\n" for name in names))
    fake_runs()
    result = compare([f"{tmp_path}/own.py:{name}" for name in names], lr_grid=[0.1])
    loss, _accuracy, labels, _figure = drawn(result, monkeypatch)
    assert labels == [f"{name}, rate 0.1" for name in names]
    assert len({(line.get_color(), str(line._unscaled_dash_pattern)) for line in loss.lines}) == 12


def test_a_rule_that_changes_nothing_is_found_out(tmp_path):
    own = tmp_path / "own.py"
    rebinds = OWN_RULE.replace("w -= lr * g", "w = w - lr * g")
    asleep = OWN_RULE.replace("w -= lr * g", "w -= lr * g if lr < 0.05 else 0")  # the checks take a rate of 0.01
    own.write_text(rebinds)
    with pytest.raises(ValueError, match=r"own.py:MyRule' breaks the contract: changes parameters in place: "):
        compare([f"{own}:MyRule"])
    own.write_text(asleep)
    with pytest.raises(ValueError, match=r"own.py:MyRule changed no parameter in \d+ steps at rate 0.1"):
        compare([f"{own}:MyRule"], lr_grid=[0.1])
