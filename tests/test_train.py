"""The training loop: what it computes, what it records, how it ends, what it refuses."""

import gc
import math
import sys
import warnings

import numpy as np
import pytest

import minidl
from minidl import Tensor, data, nn, optim
from minidl.data import ArrayDataset, DataLoader
from minidl.train import EarlyStopping, History, Run, accuracy, evaluate, fit

CE = nn.CrossEntropyLoss()


def samples(n=23, features=4, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, features)).astype(np.float32), rng.integers(0, classes, n)


def network(seed=0, dropout=True):
    rng = np.random.default_rng(seed)
    layers = [nn.Dense(4, 8, rng=rng), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3, rng=rng), nn.Dense(8, 3, rng=rng)]
    return nn.Sequential(*layers) if dropout else nn.Sequential(layers[0], layers[2], layers[4])


def same(a, b):
    return list(a) == list(b) and all(np.array_equal(a[n], b[n]) for n in a)


def without_seconds(history):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in history.epochs]


# -- it trains


def test_digits_above_95_percent():
    digits = data.load("digits")
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Dense(64, 64, rng=rng), nn.ReLU(), nn.Dense(64, 10, rng=rng))
    loader = DataLoader(digits.train, 32, shuffle=True)
    history = fit(model, loader, optim.Adam(model.parameters(), lr=3e-3), CE, 15, DataLoader(digits.validation, 200))
    assert history["validation_accuracy"][-1] > 0.95 and history["train_accuracy"][-1] > 0.95
    assert evaluate(model, DataLoader(digits.test, 200), CE)["accuracy"] > 0.95
    assert history.stopped == "" and len(history) == 15 and len(history.steps) == 15 * len(loader)


def test_regression_and_binary_classification():
    x, _ = samples(60)
    y = x[:, :1] * 2 - x[:, 1:2] + 1
    model = nn.Dense(4, 1, rng=0)
    history = fit(model, DataLoader((x, y), 20, shuffle=True), optim.SGD(model.parameters(), lr=0.1), nn.MSELoss(), 100)
    assert history["train_loss"][-1] < 1e-4 and "train_accuracy" not in history.epochs[0]
    np.testing.assert_allclose(model.weight.data.ravel(), [2, -1, 0, 0], atol=0.02)
    model = nn.Dense(4, 1, rng=0)
    loader = DataLoader((x, (y > 1).astype(np.float32)), 20)
    history = fit(model, loader, optim.SGD(model.parameters(), lr=1.0), nn.BCEWithLogitsLoss(), 50, loader)
    assert history["train_accuracy"][-1] > 0.95 and history["validation_accuracy"][-1] > 0.95


# -- the loop, step by step


def by_hand(model, loader, optimizer, loss, epochs, validation):
    """What fit does, written out."""
    steps, rows = [], []
    for _ in range(epochs):
        lr = optimizer.lr
        sums, rights, n = 0.0, 0.0, 0
        model.train()
        for x, y in loader:
            output = model(x)
            value = loss(output, y)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            steps.append(value.item())
            sums += value.item() * len(y)
            rights += float((output.data.argmax(axis=1) == y).mean()) * len(y)
            n += len(y)
        model.eval()
        v_sum, v_right, v_n = 0.0, 0.0, 0
        for x, y in validation:
            output = model(x)
            v_sum += loss(output, y).item() * len(y)
            v_right += float((output.data.argmax(axis=1) == y).mean()) * len(y)
            v_n += len(y)
        rows.append({
            "epoch": len(rows), "lr": lr, "train_loss": sums / n, "train_accuracy": rights / n,
            "validation_loss": v_sum / v_n, "validation_accuracy": v_right / v_n,
        })  # fmt: skip
    return steps, rows


@pytest.mark.parametrize("batch_size", [8, 23, 7])
def test_fit_equals_the_loop_written_by_hand_bit_for_bit(batch_size):
    results = []
    for run in (by_hand, fit):
        model = network()
        loader = DataLoader(samples(), batch_size, shuffle=True, seed=5)
        optimizer = optim.Adam(model.parameters(), lr=lambda step: 0.01 / (1 + step))
        results.append((run(model, loader, optimizer, CE, 3, DataLoader(samples(seed=1), 10)), model.state_dict()))
    ((steps, rows), expected), (history, got) = results
    assert history.steps == steps
    assert without_seconds(history) == rows
    assert same(got, expected)


def test_the_columns_and_their_order():
    model = network()
    loader = DataLoader(samples(), 8)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    history = fit(model, loader, optimizer, CE, 2, validation=loader)
    assert isinstance(history, minidl.History) and minidl.fit is fit
    for row in history.epochs:
        assert list(row) == [
            "epoch", "lr", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "seconds",
        ]  # fmt: skip
        assert all(type(x) is float for x in row.values()) and 0 < row["seconds"] < 60
    assert history["epoch"] == [0, 1] and history["lr"] == [0.1, 0.1] and len(history.steps) == 6
    assert all(type(x) is float for x in history.steps)
    assert list(fit(network(), loader, optim.SGD(network().parameters(), lr=0.1), CE, 0).epochs) == []


def test_the_mean_is_weighted_by_the_samples():
    """Four samples and one: with a frozen model (rate 0) the epoch's mean is the mean of all five."""
    x, y = samples(5)
    model = network(dropout=False)
    history = fit(model, DataLoader((x, y), 4), optim.SGD(model.parameters(), lr=0.0), CE, 1, DataLoader((x, y), 4))
    losses = nn.CrossEntropyLoss("none")(model(x), y).data
    right = (model(x).data.argmax(axis=1) == y).mean()
    row = history.epochs[0]
    assert row["train_loss"] == pytest.approx(losses.mean(), rel=1e-6) == row["validation_loss"]
    assert row["train_accuracy"] == pytest.approx(right) == row["validation_accuracy"]
    assert history.steps == pytest.approx([losses[:4].mean(), losses[4]], rel=1e-6)


def test_same_seed_same_bits():
    def run(seed):
        minidl.seed(seed)
        model = nn.Sequential(nn.Dense(4, 8), nn.Dropout(0.3), nn.Dense(8, 3))
        loader = DataLoader(samples(), 8, shuffle=True, seed=seed)
        return fit(model, loader, optim.Momentum(model.parameters(), lr=0.1), CE, 3).steps, model.state_dict()

    (a, x), (b, y), (c, _) = run(1), run(1), run(2)
    assert a == b and same(x, y) and a != c


# -- modes


def test_every_epoch_trains_in_training_mode_and_validates_in_evaluation_mode():
    seen = []

    class Spy(nn.Module):
        def forward(self, x):
            seen.append(self.training)
            return x

    model = nn.Sequential(nn.Dense(4, 3), Spy())
    loader = DataLoader(samples(16), 8)
    model.eval()
    fit(model, loader, optim.SGD(model.parameters(), lr=0.1), CE, 2, validation=DataLoader(samples(10), 10))
    assert seen == [True, True, False] * 2
    assert model.training


def test_evaluate_puts_back_every_mode_also_after_an_error():
    model = network()
    model[1].eval()  # a frozen BatchNorm stays frozen
    before = [m.training for m in model.modules()]
    assert before == [True, True, False, True, True, True]
    state = model.state_dict()
    evaluate(model, DataLoader(samples(), 8), CE)
    assert [m.training for m in model.modules()] == before
    assert same(model.state_dict(), state)  # no running statistics, no gradients
    assert all(p.grad is None for p in model.parameters())
    with pytest.raises(ValueError, match="labels must lie in"):
        evaluate(model, [(np.ones((2, 4)), [0, 7])], CE)
    assert [m.training for m in model.modules()] == before


def test_evaluate_is_exact_and_leaves_no_graph():
    model = network().eval()
    x, y = samples()
    kept = []

    def loss(output, target):
        value = CE(output, target)
        kept.append((output, value))
        return value

    result = evaluate(model, DataLoader((x, y), 10), loss)
    output = model(x)
    assert result["loss"] == pytest.approx(CE(output, y).item(), rel=1e-6)
    assert result["accuracy"] == pytest.approx((output.data.argmax(axis=1) == y).mean())
    assert not any(t.requires_grad or t._op is not None for pair in kept for t in pair)
    assert "accuracy" not in evaluate(nn.Dense(4, 1), DataLoader((x, x[:, :1]), 10), nn.MSELoss())
    with pytest.raises(ValueError, match="evaluate: the loader gave no batch"):
        evaluate(model, [], CE)


def test_fit_leaves_no_garbage_for_the_collector():
    model = network()
    loader = DataLoader(samples(), 8)
    optimizer = optim.Adam(model.parameters())
    fit(model, loader, optimizer, CE, 1, loader, progress=False)
    gc.collect()
    gc.disable()
    try:
        before = sum(isinstance(o, Tensor) for o in gc.get_objects())
        fit(model, loader, optimizer, CE, 3, loader, progress=False)
        assert sum(isinstance(o, Tensor) for o in gc.get_objects()) <= before
    finally:
        gc.enable()


# -- accuracy


def test_accuracy_of_each_task():
    logits = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [5.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    for output in (logits, Tensor(logits), logits.tolist()):
        for labels in (np.array([0, 1, 2, 2]), [0, 1, 2, 2], Tensor([0, 1, 2, 2], dtype="int32")):
            assert accuracy(output, labels, CE) == 0.75
    assert accuracy(logits, np.ones((4, 3), int)) is None and accuracy(logits, np.ones((4, 1), int)) is None
    bce = nn.BCEWithLogitsLoss()
    for shape in ((4, 1), (4,), (2, 2)):
        output, target = np.array([1.0, -1.0, 2.0, 3.0]).reshape(shape), np.array([1.0, 0.0, 0.0, 1.0]).reshape(shape)
        assert accuracy(output, target, bce) == 0.75
        assert accuracy(output, target.astype(int), bce) == 0.75
        assert accuracy(output, target, nn.MSELoss()) is None
    with pytest.raises(ValueError, match=r"accuracy: logits have shape \(4, 1\), targets \(4,\)"):
        accuracy(np.ones((4, 1)), np.ones(4), bce)


@pytest.mark.parametrize("shape", [(23, 1), (23,)])
def test_binary_accuracy_in_the_history(shape):
    class Net(nn.Module):
        def __init__(self):
            self.dense = nn.Dense(4, 1, rng=0)

        def forward(self, x):
            return self.dense(x).reshape((-1, *shape[1:]))

    x, _ = samples()
    y = (x[:, 0] > 0).reshape(shape)
    model = Net()
    history = fit(model, DataLoader((x, y), 8), optim.SGD(model.parameters(), lr=0.0), nn.BCEWithLogitsLoss(), 1)
    assert history["train_accuracy"] == [pytest.approx(((model(x).data > 0) == y).mean())]


# -- History


def test_history_columns():
    history = History([1.0], [{"epoch": 0.0, "a": 1.0}, {"epoch": 1.0, "b": 2.0}])
    assert history["epoch"] == [0, 1] and len(history) == 2
    assert history["a"][0] == 1 and math.isnan(history["a"][1]) and math.isnan(history["b"][0])
    with pytest.raises(KeyError, match="no column 'loss'; there are epoch, a, b"):
        history["loss"]
    assert History()["train_loss"] == []


@pytest.mark.parametrize("first", [0, 1, 2, 4])
def test_a_run_continued_with_its_history_equals_one_run(first):
    def parts():
        model = network()
        optimizer = optim.Adam(model.parameters(), lr=lambda step: 0.01 / (1 + step))
        return model, DataLoader(samples(), 8, shuffle=True), optimizer, CE

    whole, halves = parts(), parts()
    expected = fit(*whole, 4, validation=DataLoader(samples(seed=1), 10))
    history = fit(*halves, first, validation=DataLoader(samples(seed=1), 10))
    assert len(history) == first
    continued = fit(*halves, 4, validation=DataLoader(samples(seed=1), 10), history=history)
    assert continued is history
    assert history.steps == expected.steps and without_seconds(history) == without_seconds(expected)
    assert same(whole[0].state_dict(), halves[0].state_dict())
    assert len(fit(*halves, 2, history=history)) == 4  # nothing is left to do


# -- callbacks


class Calls:
    def __init__(self, stop_at_step=None, stop_at_epoch=None):
        self.calls, self.at_step, self.at_epoch = [], stop_at_step, stop_at_epoch

    def on_step(self, run):
        self.calls.append("step")
        if len(run.history.steps) == self.at_step:
            run.stop = "enough steps"

    def __call__(self, run):
        self.calls.append("epoch")
        if len(run.history) == self.at_epoch:
            run.stop = "enough epochs"

    def on_end(self, run):
        self.calls.append(f"end: {run.history.stopped}")


def trained(epochs=3, **options):
    model = network()
    loader = options.pop("loader", None) or DataLoader(samples(), 8)
    optimizer = options.pop("optimizer", optim.SGD)(model.parameters(), lr=options.pop("lr", 0.1))
    return fit(model, loader, optimizer, options.pop("loss", CE), epochs, **options), model


def test_callbacks_are_called_after_steps_and_epochs_and_at_the_end():
    calls, seen = Calls(), []
    history, model = trained(2, callbacks=[calls, seen.append])
    assert calls.calls == [*["step"] * 3, "epoch", *["step"] * 3, "epoch", "end: "]
    assert len(seen) == 2 and all(isinstance(run, Run) for run in seen)
    assert seen[0].model is model and seen[0].history is history
    assert isinstance(seen[0].optimizer, optim.SGD) and isinstance(seen[0].loader, DataLoader)
    single = []
    trained(2, callbacks=single.append)  # one callback needs no list
    assert len(single) == 2


def test_a_callback_sees_the_row_of_its_epoch():
    rows = []
    history, _ = trained(3, callbacks=[lambda run: rows.append(dict(run.history.epochs[-1]))])
    assert rows == history.epochs


def test_stop_ends_after_the_epoch():
    calls = Calls(stop_at_epoch=2)
    history, _ = trained(5, callbacks=[calls])
    assert history.stopped == "enough epochs" and len(history) == 2 and len(history.steps) == 6
    assert calls.calls[-1] == "end: enough epochs"


def test_stop_in_on_step_ends_after_the_step():
    calls = Calls(stop_at_step=4)
    history, _ = trained(5, callbacks=[calls], validation=DataLoader(samples(), 8))
    assert history.stopped == "enough steps" and len(history) == 1 and len(history.steps) == 4
    assert calls.calls == [*["step"] * 3, "epoch", "step", "end: enough steps"]


@pytest.mark.parametrize("bad", [[3], [EarlyStopping], ["epoch"]])
def test_a_callback_that_cannot_be_called(bad):
    with pytest.raises(TypeError, match="a callback is called with a Run after every epoch"):
        trained(callbacks=bad)


# -- early stopping


class Scripted:
    """A callback that writes given numbers into a column, so that early stopping sees them."""

    def __init__(self, values, column="validation_loss"):
        self.values, self.column, self.states = values, column, []

    def __call__(self, run):
        epoch = len(run.history) - 1
        run.history.epochs[-1][self.column] = self.values[epoch]
        self.states.append(run.model.state_dict())


@pytest.mark.parametrize(
    ("values", "patience", "epochs", "best"),
    [
        ([5, 4, 3, 2, 1], 1, 5, 4),
        ([5, 4, 6, 3, 2], 1, 3, 1),
        ([5, 4, 6, 3, 2], 2, 5, 4),
        ([5, 4, 4, 4, 4], 2, 4, 1),  # equal is no improvement
        ([5, 6, 7, 8, 9], 3, 4, 0),
        ([math.nan, 5, math.nan, math.nan, 1], 2, 4, 1),
        ([math.nan] * 5, 2, 3, 0),
    ],
)
def test_patience(values, patience, epochs, best):
    stopping = EarlyStopping(patience)
    history, _ = trained(5, callbacks=[Scripted(values), stopping])
    assert len(history) == epochs and stopping.best_epoch == best
    assert stopping.best == values[best] or math.isnan(values[best])
    expected = f"validation_loss has not improved since epoch {best} ({values[best]:.6g})" if epochs < 5 else ""
    assert history.stopped == expected or (epochs == 5 and history.stopped == "")


def test_mode_is_max_for_an_accuracy_and_can_be_said():
    for monitor, mode, values, epochs in [
        ("validation_accuracy", None, [0.1, 0.2, 0.3, 0.4], 4),
        ("validation_accuracy", "min", [0.1, 0.2, 0.3, 0.4], 2),
        ("train_loss", None, [1, 2, 3, 4], 2),
        ("score", "max", [1, 2, 3, 4], 4),
    ]:
        history, _ = trained(4, callbacks=[Scripted(values, monitor), EarlyStopping(1, monitor, mode)])
        assert len(history) == epochs, monitor


@pytest.mark.parametrize("ending", ["patience", "epochs", "interrupt", "diverged"])
def test_restore_gives_the_best_weights_back_however_training_ends(ending):
    scripted = Scripted([5, 1, 2, 3, 4, 5])
    callbacks = [scripted, EarlyStopping(2 if ending == "patience" else 10, restore=True)]
    if ending == "interrupt":

        def interrupt(run):
            if len(run.history) == 3:
                raise KeyboardInterrupt

        callbacks.append(interrupt)
    if ending == "diverged":

        def break_weights(run):
            if len(run.history) == 3:
                run.model[0].weight.data[...] = np.nan

        callbacks.append(break_weights)
    history, model = trained(5, callbacks=callbacks)
    assert history.stopped.startswith({"epochs": "", "patience": "valid"}.get(ending, ending))
    assert len(history) == {"patience": 4, "epochs": 5}.get(ending, 3)
    assert same(model.state_dict(), scripted.states[1])
    assert not same(model.state_dict(), scripted.states[2])


def test_without_restore_the_last_weights_stay():
    scripted = Scripted([1, 2, 3])
    _, model = trained(3, callbacks=[scripted, EarlyStopping(2)])
    assert same(model.state_dict(), scripted.states[-1])


def test_early_stopping_goes_on_from_the_history_and_can_be_used_again():
    values = [5, 4, 6, 7, 8]
    expected, _ = trained(5, callbacks=[Scripted(values), EarlyStopping(3)])
    assert len(expected) == 5 and expected.stopped
    history, _ = trained(3, callbacks=[Scripted(values), EarlyStopping(3)])
    history, _ = trained(9, callbacks=[Scripted(values), EarlyStopping(3)], history=history)
    assert history.stopped == expected.stopped and len(history) == 5
    stopping = EarlyStopping(3, restore=True)
    for _ in range(2):
        scripted = Scripted(values)
        history, model = trained(9, callbacks=[scripted, stopping])
        assert history.stopped == expected.stopped and stopping.best_epoch == 1
        assert same(model.state_dict(), scripted.states[1])


def test_early_stopping_refuses_nonsense():
    with pytest.raises(KeyError, match="no column 'validation_loss'; there are epoch, lr, train_loss"):
        trained(callbacks=[EarlyStopping()])
    with pytest.raises(ValueError, match="patience must be at least 1, got 0"):
        EarlyStopping(0)
    with pytest.raises(ValueError, match="mode must be 'min' or 'max', got 'best'"):
        EarlyStopping(mode="best")


# -- how it ends


def batches_then_interrupt(n):
    x, y = samples(8)
    for _ in range(n):
        yield x, y
    raise KeyboardInterrupt


def test_ctrl_c_returns_the_history_so_far():
    calls = Calls()
    history, _ = trained(3, loader=batches_then_interrupt(4), callbacks=[calls])
    assert history.stopped == "interrupted after 4 steps" and len(history.steps) == 4 and len(history) == 0
    assert calls.calls == [*["step"] * 4, "end: interrupted after 4 steps"]

    def interrupt(run):
        if len(run.history) == 2:
            raise KeyboardInterrupt

    history, model = trained(5, callbacks=[interrupt])
    assert history.stopped == "interrupted after 6 steps" and len(history) == 2
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    history = fit(model, DataLoader(samples(), 8), optimizer, CE, 3, history=history)
    assert history.stopped == "" and len(history) == 3


@pytest.mark.parametrize("optimizer", [optim.SGD, optim.Momentum, optim.Adam])
@pytest.mark.parametrize("loss", [CE, nn.MSELoss()], ids=repr)
def test_a_diverging_run_stops_with_a_reason_and_neither_raises_nor_warns(optimizer, loss):
    x, y = samples(64)
    target = y if loss is CE else x[:, :3] * 1e6
    loader = DataLoader((x, target), 8)
    model = network(dropout=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = fit(model, loader, optimizer(model.parameters(), lr=1e38), loss, 20, validation=loader)
    step = len(history.steps) - 1
    assert history.stopped in (f"diverged: the loss is {x} at step {step}" for x in ("nan", "inf"))
    assert not math.isfinite(history.steps[-1]) and all(map(math.isfinite, history.steps[:-1]))
    assert len(history) == step // 8  # the broken epoch has no row


def test_a_rate_of_a_million_does_not_raise():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history, _ = trained(10, lr=1e6, validation=DataLoader(samples(), 8))
    assert len(history) == 10 or history.stopped.startswith("diverged")


def test_evaluating_a_broken_model_gives_no_warning():
    model = network(dropout=False)
    for p in model.parameters():
        p.data[...] = 1e38
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not math.isfinite(evaluate(model, DataLoader(samples(), 8), CE)["loss"])


def test_numpys_error_settings_are_put_back():
    before = np.geterr()
    trained(1, validation=DataLoader(samples(), 8))
    assert np.geterr() == before


# -- the progress bar


def test_no_progress_bar_without_a_terminal(capsys):
    trained(2)
    assert capsys.readouterr().err == ""
    trained(2, progress=False)
    assert capsys.readouterr().err == ""


def test_a_progress_bar_on_request(capsys):
    trained(2, progress=True)
    shown = capsys.readouterr()
    assert "/6" in shown.err and "step" in shown.err and "train_loss=" in shown.err
    assert shown.out == ""
    trained(1, progress=True, loader=iter([samples(8)]))  # no length: no total
    assert "1step" in capsys.readouterr().err
    history, _ = trained(2)
    trained(3, progress=True, history=history)
    assert "/3" in capsys.readouterr().err  # only what is left to do


def test_a_progress_bar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    trained(2)
    assert "/6" in capsys.readouterr().err
    trained(2, progress=False)
    assert capsys.readouterr().err == ""


# -- loaders


def test_loaders_of_every_kind():
    x, y = samples(16)
    expected, _ = trained(2, loader=DataLoader((x, y), 8))
    pairs = [(x[:8], y[:8]), (x[8:], y[8:])]

    class NoLength:
        def __iter__(self):
            return iter(pairs)

    def loss(output, target):  # a loss of one's own gets an array, whatever the loader gives
        assert type(target) is np.ndarray
        return CE(output, target)

    for loader in (
        pairs,
        [(a.tolist(), b.tolist()) for a, b in pairs],
        [[a, b] for a, b in pairs],
        [(Tensor(a), Tensor(b)) for a, b in pairs],
        [(a.astype(np.float64), b) for a, b in pairs],
        [(Tensor(a, dtype="float64"), b.astype(np.uint8)) for a, b in pairs],
        NoLength(),
    ):
        history, _ = trained(2, loader=loader, validation=loader, loss=loss)
        assert history.steps == expected.steps
    model = nn.Sequential(nn.Softmax())  # a model without parameters can be evaluated, also on lists
    assert evaluate(model, [([[1.0, 0.0]], [0])], CE)["accuracy"] == 1


def test_a_loader_that_gives_nothing():
    with pytest.raises(ValueError, match=r"fit: the loader gave no batch in epoch 0$"):
        trained(loader=iter([]))
    with pytest.raises(ValueError, match=r"fit: the loader gave no batch in epoch 1; a generator .*only once"):
        trained(loader=iter([samples(8)]))
    with pytest.raises(ValueError, match="evaluate: the loader gave no batch"):
        trained(validation=[])


@pytest.mark.parametrize(
    ("batch", "what"),
    [
        (samples(2)[0], "a ndarray"),  # two rows would unpack into x and y
        ((samples(8)[0],), "1 things"),
        ((*samples(8), np.ones(8)), "3 things"),
        ({"x": 1, "y": 2}, "a dict"),
        ("xy", "a str"),
    ],
    ids=["array", "one", "three", "dict", "str"],
)
def test_a_batch_that_is_no_pair(batch, what):
    for caller, options in (("fit", {"loader": [batch]}), ("evaluate", {"validation": [batch]})):
        with pytest.raises(TypeError, match=rf"{caller}: a batch must be a pair \(x, y\), the loader gave {what}"):
            trained(1, **options)


def test_arrays_or_a_dataset_instead_of_a_loader():
    x, y = samples()
    with pytest.raises(TypeError, match=r"a batch must be a pair.* DataLoader\(\(x, y\), batch_size=64\)"):
        trained(loader=(x, y))
    for bad, name in ((ArrayDataset(x, y), "ArrayDataset"), (3, "int")):
        with pytest.raises(TypeError, match=rf"fit: a {name} gives no batches; .*DataLoader\(dataset"):
            trained(loader=bad)
        with pytest.raises(TypeError, match=rf"evaluate: a {name} gives no batches"):
            trained(validation=bad)


# -- what else it refuses


@pytest.mark.parametrize("epochs", [-1, 1.5, "3", None])
def test_epochs_must_be_a_whole_number(epochs):
    with pytest.raises(ValueError, match="fit: epochs must be a whole number >= 0, got"):
        trained(epochs)


def test_zero_epochs_change_nothing():
    model = network()
    before = model.state_dict()
    history = fit(model, DataLoader(samples(), 8), optim.SGD(model.parameters(), lr=0.1), CE, 0, callbacks=[Calls()])
    assert history == History() and same(model.state_dict(), before)
    assert len(fit(model, DataLoader(samples(), 8), optim.SGD(model.parameters(), lr=0.1), CE, np.int64(1))) == 1


@pytest.mark.parametrize(
    ("loss", "target", "message"),
    [
        (CE, np.zeros((8, 3), int), r"got 8 rows of logits and labels of shape \(8, 3\)"),
        (CE, np.zeros(8), "needs integer class labels, got dtype float64"),
        (CE, np.full(8, 3), r"labels must lie in 0 \.\. 2 for 3 classes"),
        (nn.MSELoss(), np.zeros(8), r"mse: predictions have shape \(8, 3\), targets \(8,\); they must be equal"),
        (nn.BCEWithLogitsLoss(), np.zeros((8, 1)), r"predictions have shape \(8, 3\), targets \(8, 1\)"),
        (nn.CrossEntropyLoss("none"), np.zeros(8, int), r"fit: the loss has shape \(8,\), expected one number"),
    ],
)
def test_a_model_that_does_not_fit_the_loss(loss, target, message):
    with pytest.raises((ValueError, TypeError), match=message):
        trained(loss=loss, loader=[(samples(8)[0], target)])


def test_a_model_that_does_not_fit_the_data():
    with pytest.raises(ValueError, match=r"Dense\(4, 8\) got x of shape \(8, 5\)"):
        trained(loader=[(np.ones((8, 5)), np.zeros(8, int))])


def test_an_optimizer_of_another_model():
    model = network()
    with pytest.raises(RuntimeError, match="no parameter has a gradient"):
        fit(model, DataLoader(samples(), 8), optim.SGD(network().parameters(), lr=0.1), CE, 1)


def test_clip_norm_limits_every_step():
    x, y = np.ones((8, 2), np.float32), np.zeros(8, np.int64)

    def trained(clip_norm):
        model = nn.Dense(2, 3, rng=0)
        before = model.weight.numpy(), model.bias.numpy()
        optimizer = optim.SGD(model.parameters(), lr=1.0)
        minidl.fit(model, [(x, y)], optimizer, nn.CrossEntropyLoss(), 1, clip_norm=clip_norm)
        after = model.weight.numpy(), model.bias.numpy()
        return sum(((a - b).astype(np.float64) ** 2).sum() for a, b in zip(after, before, strict=True)) ** 0.5

    assert trained(None) > 0.5
    assert trained(0.125) == pytest.approx(0.125, rel=1e-4)


def test_history_shows_itself_in_one_line():
    history = minidl.History(steps=[0.5] * 1000, epochs=[{"epoch": 0.0, "train_loss": 0.5}], stopped="because")
    assert repr(history) == "History(1 epochs, 1000 steps, last: train_loss=0.5, stopped: because)"
    assert repr(minidl.History()) == "History(0 epochs, 0 steps)"


def test_schedule_free_is_validated_at_its_average():
    x = np.linspace(-1, 1, 32, dtype=np.float32).reshape(-1, 1)
    y = (3 * x).astype(np.float32)
    model = nn.Dense(1, 1, rng=0)
    optimizer = optim.ScheduleFreeSGD(model.parameters(), lr=0.3)
    loss = nn.MSELoss()
    history = fit(model, [(x, y)], optimizer, loss, 5, validation=[(x, y)])
    optimizer.eval()
    assert history["validation_loss"][-1] == evaluate(model, [(x, y)], loss)["loss"]
    optimizer.train()
    assert history["validation_loss"][-1] != evaluate(model, [(x, y)], loss)["loss"]


# -- rules that ask for a closure


def train_with(make, epochs=3, **settings):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, 4)).astype(np.float32)
    y = (x[:, 0] + x[:, 1] > 0).astype(np.int64)
    model = nn.Sequential(
        nn.Dense(4, 8, rng=np.random.default_rng(1)),
        nn.Tanh(),
        nn.Dense(8, 2, init="glorot", rng=np.random.default_rng(2)),
    )
    optimizer = make(model)
    history = fit(model, DataLoader((x, y), batch_size=64), optimizer, nn.CrossEntropyLoss(), epochs, **settings)
    return model, history


CLOSURE_RULES = {
    "SAM": lambda m: optim.SAM(optim.SGD(m.parameters(), lr=0.5)),
    "Lookahead of SAM": lambda m: optim.Lookahead(optim.SAM(optim.SGD(m.parameters(), lr=0.5)), k=2),
    "LBFGS": lambda m: optim.LBFGS(m.parameters(), max_iter=5),
    "PolyakStep": lambda m: optim.PolyakStep(m.parameters()),
    "AdaHessian": lambda m: optim.AdaHessian(m.parameters(), lr=0.05),
    "SophiaH": lambda m: optim.SophiaH(m.parameters(), lr=0.01),
    "RandomLocalSearch": lambda m: optim.RandomLocalSearch(m.parameters(), lr=0.05),
}


@pytest.mark.parametrize("name", CLOSURE_RULES)
def test_fit_gives_a_closure_to_rules_that_ask_for_one(name):
    _, history = train_with(CLOSURE_RULES[name], epochs=10)
    assert len(history.steps) == 10 and not history.stopped
    assert history.steps[-1] < history.steps[0]


def test_the_loss_in_the_history_is_that_before_the_step():
    _, history = train_with(lambda m: optim.LBFGS(m.parameters(), max_iter=20), epochs=2)
    _, plain = train_with(lambda m: optim.SGD(m.parameters(), lr=0.1), epochs=1)
    assert history.steps[0] == plain.steps[0]
    assert history.steps[1] < 0.3 * history.steps[0]


def test_clipping_reaches_closures_and_refuses_rules_that_take_their_gradients_themselves():
    start = nn.Sequential(
        nn.Dense(4, 8, rng=np.random.default_rng(1)),
        nn.Tanh(),
        nn.Dense(8, 2, init="glorot", rng=np.random.default_rng(2)),
    )
    model, _ = train_with(lambda m: optim.SAM(optim.SGD(m.parameters(), lr=1.0)), epochs=1, clip_norm=1e-3)
    moved = sum(((p.data - q.data) ** 2).sum() for p, q in zip(model.parameters(), start.parameters(), strict=True))
    assert moved**0.5 == pytest.approx(1e-3, rel=1e-3)
    with pytest.raises(ValueError, match="fit: SophiaH takes its gradients itself, clip_norm cannot reach them"):
        train_with(CLOSURE_RULES["SophiaH"], clip_norm=1.0)


def test_a_rule_with_a_closure_that_diverges_stops_with_a_reason():
    _, history = train_with(lambda m: optim.SAM(optim.SGD(m.parameters(), lr=1e38)), epochs=50)
    assert history.stopped.startswith("diverged: ")
