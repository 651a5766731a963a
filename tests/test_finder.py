"""The learning-rate range test. References: torch-lr-finder 0.2.2, recorded, and a quadratic in plain floats."""

import inspect
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minidl
from minidl import Tensor, nn, optim
from minidl.data import DataLoader
from minidl.optim.finder import RangeTest, find_lr

GOLDEN = json.loads((Path(__file__).parent / "golden" / "torch_lr_finder_schedules.json").read_text())


def network_2_3_1():
    model = nn.Sequential(nn.Dense(2, 3, dtype="float64"), nn.Sigmoid(), nn.Dense(3, 1, dtype="float64"))
    for p, w in zip(model.parameters(), GOLDEN["weights"], strict=True):
        p.data[...] = np.array(w).T  # PyTorch's weights are (out, in)
    return model


@pytest.mark.parametrize("run", GOLDEN["runs"], ids=lambda r: f"{r['optimizer']} {r['sweep']}")
def test_pytorch_lr_finder(run):
    """The same rates, smoothed losses, last step and suggestion as davidtvs's."""
    model, sweep = network_2_3_1(), run["sweep"]
    optimizer = getattr(optim, run["optimizer"])(model.parameters(), lr=1.0, **run["settings"])
    loader = DataLoader((np.array(GOLDEN["x"]), np.array(GOLDEN["y"])), batch_size=5)
    found = find_lr(
        model, loader, optimizer, nn.MSELoss(), sweep["start_lr"], sweep["end_lr"], sweep["num_iter"],
        sweep.get("smooth_f", 0.05), sweep.get("diverge_th", 5),
    )  # fmt: skip
    np.testing.assert_allclose(found.rates, run["rates"], rtol=1e-12)
    np.testing.assert_allclose(found.smoothed, run["smoothed"], rtol=1e-9)
    assert found.suggestion() == pytest.approx(run["suggestion"], rel=1e-12)
    stopped = len(run["rates"]) < sweep["num_iter"]
    assert found.diverged_at == (found.rates[-1] if stopped else None)


def test_the_references_both_stop_and_reach_the_end():
    assert {len(run["rates"]) < run["sweep"]["num_iter"] for run in GOLDEN["runs"]} == {True, False}


def quadratic(w0=3.0, rule=optim.SGD, **settings):
    """(w x - y)^2 with x = 1, y = 0: the loss is w^2, its gradient 2 w."""
    model = nn.Sequential(nn.Dense(1, 1, bias=False, dtype="float64"))
    model.parameters()[0].data[...] = w0
    batches = [(np.ones((1, 1)), np.zeros((1, 1)))]
    return model, batches, rule(model.parameters(), **({"lr": 0.5} | settings)), nn.MSELoss()


def test_gradient_descent_on_a_quadratic():
    """Each step multiplies w by 1 - 2 rate; all of the test's definition again, in plain floats."""
    found = find_lr(*quadratic(), start=1e-3, end=50.0, steps=60, smooth=0.4, diverge=3)
    w, rates, losses, smoothed = 3.0, [], [], []
    for i in range(60):
        rates.append(1e-3 * 50000 ** (i / 59))
        losses.append(w * w)
        smoothed.append(0.4 * w * w + 0.6 * smoothed[-1] if smoothed else w * w)
        if smoothed[-1] > 3 * min(smoothed):
            break
        w *= 1 - 2 * rates[-1]
    assert 40 < len(rates) < 60
    np.testing.assert_allclose(found.rates, rates, rtol=1e-12)
    np.testing.assert_allclose(found.losses, losses, rtol=1e-9)
    np.testing.assert_allclose(found.smoothed, smoothed, rtol=1e-9)
    assert found.diverged_at == found.rates[-1]
    slopes = {
        i: (smoothed[i + 1] - smoothed[i - 1]) / (math.log(rates[i + 1]) - math.log(rates[i - 1]))
        for i in range(3, len(rates) - 3)
    }
    assert found.suggestion(skip_start=2, skip_end=2) == found.rates[min(slopes, key=slopes.get)]


def test_the_sweep_ends_where_it_was_told_to():
    found = find_lr(*quadratic(), start=1e-4, end=0.5, steps=30)
    assert len(found.rates) == len(found.losses) == len(found.smoothed) == 30
    assert found.diverged_at is None
    assert found.rates[0] == 1e-4 and found.rates[-1] == pytest.approx(0.5, rel=1e-14)
    ratios = np.divide(found.rates[1:], found.rates[:-1])
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-12)
    unsmoothed = find_lr(*quadratic(), start=1e-4, end=0.5, steps=30, smooth=1)
    assert unsmoothed.smoothed == unsmoothed.losses == found.losses


def test_a_loss_that_is_not_finite_ends_the_sweep():
    model, batches, optimizer, _ = quadratic()
    calls = []

    def loss(output, y):
        calls.append(1)
        return (output * (math.nan if len(calls) == 6 else 1.0)).sum()

    found = find_lr(model, batches, optimizer, loss, steps=30)
    assert len(found.rates) == 5 and found.diverged_at > found.rates[-1]
    assert np.isfinite(found.losses).all()


def test_a_negative_loss_is_no_divergence():
    model, batches, optimizer, _ = quadratic()
    found = find_lr(model, batches, optimizer, lambda output, y: (output * output).sum() - 100, 1e-3, 0.5, 30)
    assert found.diverged_at is None and max(found.losses) < 0


def test_a_loss_of_zero_is_no_divergence():
    found = find_lr(*quadratic(w0=0.0), steps=7)
    assert found.losses == (0.0,) * 7 and found.diverged_at is None


def test_two_steps_and_batches_of_any_kind():
    model, batches, optimizer, loss = quadratic()
    expected = find_lr(model, batches, optimizer, loss, 0.1, 0.3, steps=2)
    assert expected.rates == (0.1, pytest.approx(0.3)) and expected.losses[1] == pytest.approx(9 * 0.8**2)
    for batch in (([[1.0]], [[0.0]]), tuple(map(Tensor, batches[0])), list(batches[0])):
        assert find_lr(model, [batch], optimizer, loss, 0.1, 0.3, steps=2) == expected


def noisy(seed=0):
    """A model with everything that has state, in the middle of its training."""
    minidl.seed(seed)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(50, 4)).astype("float32")
    y = (x[:, 0] * x[:, 1] > 0).astype("int64")
    model = nn.Sequential(
        nn.Dense(4, 8, rng=rng), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Dropout(0.2, rng=3),
        nn.Dense(8, 2, rng=rng),
    )  # fmt: skip
    groups = [
        {"params": model.parameters()[:2], "lr": optim.schedules.Exponential(0.02, 0.9)},
        {"params": model.parameters()[2:], "lr": 0.01},
    ]
    optimizer = optim.Adam(groups, amsgrad=True)
    return model, DataLoader((x, y), batch_size=20, shuffle=True, seed=1), optimizer, nn.CrossEntropyLoss()


def states(model, optimizer):
    saved = optimizer.state_dict()
    arrays = [*model.state_dict().values()]
    arrays += [np.asarray(x) for entries in saved["state"].values() for x in entries.values()]
    return arrays, saved["steps"], [group["lr"] for group in optimizer.param_groups]


@pytest.mark.parametrize("before", [0, 2])
def test_everything_is_as_before(before):
    """Training goes on to the bit as if there had been no range test, also with random dropout and shuffling."""
    ends = []
    for tested in (False, True):
        model, loader, optimizer, loss = noisy()
        minidl.fit(model, loader, optimizer, loss, epochs=before, progress=False)
        model.eval()
        model.layers[1].training = True
        gradients = [None if p.grad is None else p.grad.numpy().copy() for p in model.parameters()]
        if tested:
            found = find_lr(model, loader, optimizer, loss, 1e-5, 1.0, steps=20)
            assert len(set(found.losses)) == len(found.losses) >= 15
        assert [m.training for m in model.layers] == [False, True, False, False, False, False]
        assert loader.epoch == before
        for p, gradient in zip(model.parameters(), gradients, strict=True):
            assert (p.grad is None) == (gradient is None)
            assert gradient is None or np.array_equal(p.grad.numpy(), gradient)
        now = states(model, optimizer)
        history = minidl.fit(model, loader, optimizer, loss, epochs=3, progress=False)
        ends.append((now, states(model, optimizer), history.steps))
    for k in range(2):
        for a, b in zip(ends[0][k][0], ends[1][k][0], strict=True):
            assert a.dtype == b.dtype and np.array_equal(a, b)
        assert ends[0][k][1:] == ends[1][k][1:]
    assert ends[0][2] == ends[1][2]


def test_everything_is_as_before_after_an_error_too():
    for error in (RuntimeError("stop"), KeyboardInterrupt()):
        model, loader, optimizer, loss = noisy()
        calls = []

        def failing(output, y, loss=loss, calls=calls, error=error):
            calls.append(1)
            if len(calls) == 5:
                raise error
            return loss(output, y)

        before = states(model, optimizer)
        with pytest.raises(type(error)):
            find_lr(model, loader, optimizer, failing, 1e-3, 1.0)
        after = states(model, optimizer)
        assert all(np.array_equal(a, b) for a, b in zip(before[0], after[0], strict=True))
        assert before[1:] == after[1:] and loader.epoch == 0
        assert all(p.grad is None for p in model.parameters())


def test_it_trains_in_training_mode_at_one_rate_for_all_groups():
    model, loader, optimizer, loss = noisy()
    model.eval()
    seen = []

    def watching(output, y):
        seen.append((model.training, [group["lr"] for group in optimizer.param_groups]))
        return loss(output, y)

    found = find_lr(model, loader, optimizer, watching, 1e-3, 0.1, steps=7)  # a loader of 3 batches starts again
    assert seen == [(True, [rate, rate]) for rate in found.rates]
    assert optimizer.steps == 0


def test_the_suggested_rate_trains():
    model, loader, optimizer, loss = noisy()
    rate = find_lr(model, loader, optimizer, loss, 1e-5, 10.0).suggestion()
    assert 1e-4 < rate < 1
    optimizer.lr = rate
    history = minidl.fit(model, loader, optimizer, loss, epochs=20, progress=False)
    assert history["train_loss"][-1] < 0.8 * history["train_loss"][0]


def test_suggestion():
    """Steepest against log(rate): the fall of 5 over four decades is less steep than that of 2.5 over one."""
    rates = (1e-4, 1e-3, 1e-2, 1e2, 1e3, 1e4, 1e5)
    losses = (9.0, 9.0, 9.0, 4.0, 4.0, 1.5, 2.0)  # slopes per decade: 0, 0, -5/5, -5/5, -2.5/2, -2/2, 0.5
    assert RangeTest(rates, losses, losses).suggestion(0, 0) == 1e3
    rise = RangeTest(rates, losses, tuple(range(7)))
    with pytest.raises(ValueError, match=r"the loss falls at no rate between 0\.0001 and 1e\+05; try others"):
        rise.suggestion(0, 0)
    with pytest.raises(ValueError, match=r"made 7 steps, without 10 at its start and 5 at its end there are fewer"):
        rise.suggestion()
    with pytest.raises(ValueError, match="the loss falls at no rate"):
        RangeTest(rates, losses, (2.0,) * 7).suggestion(0, 0)
    with pytest.raises(AttributeError):
        rise.rates = ()
    falls = tuple(7.0 - i for i in range(7))
    for skip_start, skip_end in ((0, 0), (1, 0), (0, 3), (2, 3)):  # the steepest of the steps that count
        kept = range(skip_start, 7 - skip_end)
        slopes = np.gradient([falls[i] for i in kept]) / np.gradient([math.log(rates[i]) for i in kept])
        assert RangeTest(rates, losses, falls).suggestion(skip_start, skip_end) == rates[kept[int(slopes.argmin())]]


def test_plot_writes_a_png(tmp_path):
    found = find_lr(*quadratic(), start=1e-3, end=50.0, steps=60)
    for name, test in (("a.png", found), ("b.png", RangeTest(found.rates[:3], found.losses[:3], found.smoothed[:3]))):
        path = test.plot(tmp_path / name)
        assert path == tmp_path / name
        assert path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 5000


def test_matplotlib_is_imported_for_the_plot_only(monkeypatch, tmp_path):
    code = "import sys, minidl.optim.finder, minidl.optim.plateau; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match="needs matplotlib, which is not installed: pip install matplotlib"):
        RangeTest((1.0, 2.0), (1.0, 2.0), (1.0, 2.0)).plot(tmp_path / "a.png")


def test_defaults():
    """Those of torch-lr-finder, and a start far below any useful rate (there it is the optimizer's own rate)."""
    defaults = {k: p.default for k, p in inspect.signature(find_lr).parameters.items() if p.default is not p.empty}
    assert defaults == {"start": 1e-7, "end": 10.0, "steps": 100, "smooth": 0.05, "diverge": 5.0}


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"start": 0}, "find_lr: start must be positive, got 0"),
        ({"end": math.inf}, "find_lr: end must be positive, got inf"),
        ({"start": 1.0, "end": 0.1}, r"find_lr needs start < end, .* got start=1, end=0\.1"),
        ({"start": 0.1, "end": 0.1}, r"find_lr needs start < end, .* got start=0\.1, end=0\.1"),
        ({"steps": 0}, "find_lr: steps must be a whole number >= 1, got 0"),
        ({"steps": 1}, "find_lr needs .* steps >= 2, .* steps=1"),
        ({"smooth": 0}, "find_lr needs .* smooth > 0 .* smooth=0"),
        ({"smooth": 1.5}, r"find_lr: smooth must be a number in \[0, 1\], got 1\.5"),
        ({"diverge": 1}, "find_lr needs .* diverge > 1, .* diverge=1"),
    ],
)
def test_ranges(settings, message):
    with pytest.raises(ValueError, match=message):
        find_lr(*quadratic(), **settings)


def test_what_cannot_be_tested():
    model, batches, optimizer, loss = quadratic()
    with pytest.raises(ValueError, match="the loader gives no batch"):
        find_lr(model, [], optimizer, loss)
    with pytest.raises(ValueError, match=r"the loader gives no batch \(any more\)"):
        find_lr(model, iter(batches), optimizer, loss, steps=5)
    stranger = Tensor(np.zeros(2), requires_grad=True)
    with pytest.raises(ValueError, match="parameters that are not the model's"):
        find_lr(model, batches, optim.SGD([stranger], lr=0.1), loss)
    assert model.parameters()[0].item() == 3.0 and optimizer.lr == 0.5
