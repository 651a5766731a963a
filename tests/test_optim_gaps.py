"""What mutation testing found that no other test noticed, rule by rule."""

import inspect
import math

import numpy as np
import pytest

from minidl import Tensor, nn, optim
from minidl.optim import schedules
from minidl.optim.finder import RangeTest, find_lr

# -- the course family


def test_adamw_without_decay_keeps_adams_state_under_adams_names():
    states = []
    for cls in (optim.Adam, optim.AdamW):
        w = Tensor([1.0, -2.0], requires_grad=True, dtype="float64")
        optimizer = cls([w], lr=0.1, weight_decay=0.0)
        for g in ([1.0, 3.0], [-0.5, 2.0]):
            w.grad = np.array(g)
            optimizer.step()
        states.append(optimizer.state_dict()["state"]["0"])
    adam, adamw = states
    assert list(adam) == list(adamw) == ["t", "m", "v"]
    assert all(np.array_equal(adam[key], adamw[key]) for key in adam)


# -- names


def test_only_optimizers_can_be_had_by_name():
    for name in ("EMA", "clip_grad_adaptive"):  # they are in optim, too
        assert hasattr(optim, name)
        with pytest.raises(ValueError, match=f"unknown optimizer '{name}'"):
            optim.get(name)


def test_at_most_three_names_are_suggested():
    with pytest.raises(ValueError, match=r"did you mean (\w+)( or \w+){2}\? There are"):
        optim.get("adamx")


# -- schedules


def test_after_the_warmup_the_rate_is_the_schedules_to_the_bit():
    """start + (lr - start) is not always lr."""
    rates = np.random.default_rng(0).uniform(0.01, 1.0, size=50).tolist()
    for lr in rates:
        assert schedules.Warmup(schedules.Constant(lr), 7, start=0.003)(7) == lr
    assert any(0.003 + (lr - 0.003) != lr for lr in rates)


def test_a_schedule_of_numpy_numbers_gives_python_floats():
    def numpy_schedule(step):
        return np.float32(0.5)

    warm = schedules.Warmup(numpy_schedule, 4)
    joined = schedules.Joined([numpy_schedule, numpy_schedule], [3])
    for schedule in (warm, joined, schedules.Scaled(numpy_schedule, 0.5)):
        assert {type(schedule(step)) for step in (0, 1, 3, 4, 5)} == {float}


def test_a_word_is_no_list():
    with pytest.raises(TypeError, match="MultiStep: milestones must be a list, got '30'"):
        schedules.MultiStep(0.1, "30")


def test_an_epoch_of_two_and_a_half_steps_stays_one():
    schedule = schedules.Step(1.0, 2, 0.5, steps_per_epoch=2.5)
    assert schedule.steps_per_epoch == 2.5
    assert [schedule(step) for step in (0, 4, 5, 9, 10)] == [1.0, 1.0, 0.5, 0.5, 0.25]


# -- learning-rate finder


def model_of(losses):
    """A model whose loss is the next of a list, whatever its weights; with everything that find_lr wants."""
    rest = iter(losses)
    model = nn.Sequential(nn.Dense(1, 1, bias=False, dtype="float64"))
    batches = [(np.ones((1, 1)), np.zeros((1, 1)))]
    return model, batches, optim.SGD(model.parameters(), lr=0.1), lambda out, y: out.sum() * 0.0 + next(rest)


@pytest.mark.parametrize("diverge", [2.0, 5.0])
@pytest.mark.parametrize("best", [2.0, -2.0])
def test_the_sweep_ends_above_diverge_times_the_best(best, diverge):
    """Of a negative best, diverge * best lies below; what counts is the distance (diverge - 1) |best|."""
    limit = best + (diverge - 1) * abs(best)
    found = find_lr(*model_of([3.0, best, limit - 0.01, limit, limit + 0.01, best]), steps=6, smooth=1, diverge=diverge)
    assert len(found.losses) == 5 and found.diverged_at == found.rates[-1]


def test_what_was_seen_before_a_loss_that_is_not_finite():
    found = find_lr(*model_of([4.0, 2.0, 1.0, math.nan]), steps=9, smooth=0.5)
    assert found.losses == (4.0, 2.0, 1.0) and found.smoothed == (4.0, 3.0, 2.0)
    assert len(found.rates) == 3 < 9 and found.diverged_at == pytest.approx(1e-7 * 1e8 ** (3 / 8))


def test_the_second_loss_of_a_step_may_be_the_one_that_is_not_finite():
    model, batches, optimizer, loss = model_of([1.0, 1.0, 1.0, math.inf])
    found = find_lr(model, batches, optim.SAM(optimizer), loss, steps=5)
    assert found.losses == (1.0,) and found.diverged_at is not None


def test_some_of_the_models_parameters():
    model = nn.Sequential(nn.Dense(1, 2), nn.Dense(2, 1))
    batches = [(np.ones((4, 1), "float32"), np.ones((4, 1), "float32"))]
    find_lr(model, batches, optim.SGD(model.parameters()[2:], lr=0.1), nn.MSELoss(), steps=3)


def test_diverge_must_be_positive():
    with pytest.raises(ValueError, match="find_lr: diverge must be positive, got -1"):
        find_lr(*model_of([1.0]), diverge=-1)


@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_batches_of_any_kind_reach_the_gpu(device, fake_cupy):
    x, y = [[1.0], [2.0]], [[0.0], [1.0]]
    found = []
    for kind in (list, np.array, Tensor, lambda x: Tensor(x, device=device), lambda x: Tensor(x, device="cuda").data):
        model = nn.Sequential(nn.Dense(1, 1, rng=0)).to(device)
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        found.append(find_lr(model, [(kind(x), kind(y))], optimizer, nn.MSELoss(), 0.01, 0.1, steps=3))
    assert all(f == found[0] for f in found)


def test_the_suggestion_is_a_python_float_and_needs_two_steps():
    test = RangeTest((0.1, 0.2, 0.4), (3.0, 2.0, 0.5), (3.0, 2.0, 1.0))
    assert type(test.suggestion(0, 0)) is float
    assert test.suggestion(1, 0) in (0.2, 0.4)
    with pytest.raises(ValueError, match="the range test made 3 steps"):
        test.suggestion(1, 1)


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Draw a range test; returns what is to be seen: its lines, and the axes."""
    from matplotlib.figure import Figure

    figures = []
    monkeypatch.setattr(Figure, "savefig", lambda self, *a, **k: figures.append(self))

    def draw(test, *skip, **more):
        test.plot(tmp_path / "a.png", *skip, **more)
        (axes,) = figures.pop().axes
        return {line.get_label(): [list(map(float, xs)) for xs in line.get_data()] for line in axes.lines}, axes

    return draw


RATES = tuple(10.0 ** (i - 6) for i in range(9))
LOSSES = (9.0, 7.5, 8.0, 6.0, 3.0, 2.5, 4.0, 20.0, 500.0)
SMOOTHED = (9.0, 8.5, 8.2, 7.0, 4.0, 3.0, 3.5, 15.0, 300.0)


def test_what_the_plot_shows(drawn):
    lines, axes = drawn(RangeTest(RATES, LOSSES, SMOOTHED, 30.0), 1, 2)
    assert lines["loss of each batch"] == [list(RATES), list(LOSSES)]
    assert lines["smoothed"] == [list(RATES), list(SMOOTHED)]
    assert lines["steepest descent: 0.001"][0] == [1e-3, 1e-3]
    assert lines["given up here"][0] == [30.0, 30.0]
    assert {text.get_text() for text in axes.get_legend().get_texts()} == set(lines)
    assert axes.get_xscale() == "log" and axes.get_xlabel() == "learning rate" and axes.get_ylabel() == "training loss"


def test_the_plot_leaves_out_where_the_loss_explodes(drawn):
    """From the lowest to the highest smoothed loss but for the last ones, and a fifth of that around it."""
    test = RangeTest(RATES, LOSSES, SMOOTHED)
    for skip, high in ((0, 300.0), (1, 15.0), (2, 9.0), (7, 9.0), (8, 9.0), (9, 9.0), (20, 9.0)):
        _, axes = drawn(test, 1, skip)
        assert axes.get_ylim() == pytest.approx((3.0 - 0.2 * (high - 3.0), high + 0.2 * (high - 3.0)))
    few = RangeTest(RATES[:3], LOSSES[:3], (4.0, 9.0, 2.0))  # all are among the last: the first counts nevertheless
    _, axes = drawn(few, 1, 5)
    assert axes.get_ylim() == pytest.approx((2.0 - 0.2 * 2.0, 4.0 + 0.2 * 2.0))
    flat = RangeTest(RATES, (1.0,) * 9, (1.0,) * 9)
    lines, axes = drawn(flat, 1, 2)  # matplotlib warns of a height of 0
    low, high = axes.get_ylim()
    assert low < 1.0 < high and high - low < 1e-6
    assert set(lines) == {"loss of each batch", "smoothed"}  # no suggestion, not given up


def test_the_plot_shows_the_suggestion_of_the_same_steps(drawn):
    """The steepest of all, at 1e-3, is one of the first steps, or one of the last."""
    losses = (9.0, 8.9, 8.0, 5.0, 2.0, 1.9, 1.5, 1.2, 1.1)
    test = RangeTest(RATES, losses, losses)
    for skip in ((0, 0), (4, 0), (0, 5), (5, 1), (1, 5)):
        lines, _ = drawn(test, *skip)
        assert lines[f"steepest descent: {test.suggestion(*skip):.2g}"][0] == [test.suggestion(*skip)] * 2
    lines, _ = drawn(test)
    assert not any(label.startswith("steepest") for label in lines)  # by default 15 steps do not count


def test_the_plot_skips_as_the_suggestion_does():
    for method in (RangeTest.suggestion, RangeTest.plot):
        parameters = inspect.signature(method).parameters
        assert (parameters["skip_start"].default, parameters["skip_end"].default) == (10, 5)


# -- rules beyond the course


def stepped(optimizer, params, rows):
    """The optimizer after one step for each row of gradients (None: without a gradient)."""
    for row in rows:
        for p, g in zip(params, row, strict=True):
            p.grad = None if g is None else np.array(g)
        optimizer.step()
    return optimizer


def with_mean_and_square():
    """Every rule that keeps m and v and takes plain gradients."""
    for name in optim.names() + list(optim.more.__all__):
        cls = getattr(optim, name)
        if inspect.isclass(cls) and {"m", "v"} <= set(getattr(cls, "state", ())) and not getattr(cls, "closure", None):
            yield cls


@pytest.mark.parametrize("cls", list(with_mean_and_square()))
def test_m_is_of_gradients_and_v_of_their_squares(cls):
    """Two states of one shape, exchanged throughout, give the same run, and a file that another rule misreads."""
    w = Tensor(np.ones((2, 2)), requires_grad=True)
    needs = {"lr": 0.1} if inspect.signature(cls).parameters["lr"].default is inspect.Parameter.empty else {}
    optimizer = stepped(cls([w], weight_decay=0.0, **needs), [w], [[np.full((2, 2), -0.5)], [np.full((2, 2), -0.1)]])
    state = optimizer.state_dict()["state"]["0"]
    assert (state["m"] < 0).all() and (state["v"] > 0).all()


def test_average_of_one_gradient():
    w = Tensor([1.0, 2.0], requires_grad=True)
    w.grad = np.array([3.0, -4.0], np.float32)
    optim.average_grad([w], 1)
    assert w.grad.data.tolist() == [3.0, -4.0]


def test_a_unit_lies_along_the_last_axis():
    w = Tensor(np.zeros((2, 3, 4)), requires_grad=True)
    g = np.random.default_rng(0).normal(size=(2, 3, 4))
    w.grad = g.copy()
    optim.centralize_grad([w])
    np.testing.assert_allclose(w.grad.data, g - g.mean((0, 1)), rtol=1e-13)


def test_gradient_noise_may_be_0_and_must_be_finite():
    w = Tensor([1.0, 2.0], requires_grad=True)
    w.grad = np.array([3.0, -4.0], np.float32)
    optim.add_grad_noise([w], 0, eta=0.0)
    assert w.grad.data.tolist() == [3.0, -4.0]
    for bad in ({"eta": -0.1}, {"eta": math.inf}, {"gamma": -0.1}, {"gamma": math.inf}):
        with pytest.raises(ValueError, match="step, eta and gamma must be finite and not negative"):
            optim.add_grad_noise([w], 0, **bad)


def test_defaults_of_what_changes_gradients():
    """Neelakantan et al. 2015: eta .01, gamma .55; Brock et al. 2021: clip_factor .01, eps 1e-3."""
    found = {
        f.__name__: {p.name: p.default for p in inspect.signature(f).parameters.values() if p.default is not p.empty}
        for f in (optim.add_grad_noise, optim.clip_grad_adaptive, optim.centralize_grad)
    }
    assert found == {
        "add_grad_noise": {"eta": 0.01, "gamma": 0.55, "seed": None},
        "clip_grad_adaptive": {"clip_factor": 0.01, "eps": 1e-3, "output_axis": -1},
        "centralize_grad": {"output_axis": -1},
    }


def test_ftrl_with_l2_alone_divides_by_it():
    w = Tensor([1.0, 2.0], requires_grad=True)
    stepped(optim.FTRL([w], beta=0.0, l2=0.5), [w], [[np.zeros(2, np.float32)]])
    assert np.isfinite(w.data).all()


def test_adafactor_with_an_empty_parameter():
    w, b = Tensor(np.zeros((0, 3)), requires_grad=True), Tensor(np.ones(2), requires_grad=True)
    stepped(optim.Adafactor([w, b]), [w, b], [[np.zeros((0, 3)), np.ones(2)]])
    assert w.shape == (0, 3) and (b.data < 1).all()


# -- rules with the Hessian


@pytest.mark.parametrize("cls", [optim.SophiaH, optim.AdaHessian])
def test_a_closure_that_calls_backward_leaves_no_gradient(cls):
    a, b = (Tensor([2.0], requires_grad=True, dtype="float64") for _ in range(2))
    optimizer = cls([a, b])

    def closure():
        loss = (a * a).sum()  # b has none
        loss.backward()
        return loss

    with pytest.raises(RuntimeError, match="the closure must not call backward"):
        optimizer.step(closure)
    assert a.grad is None and b.grad is None


def test_ranges_of_their_own():
    w = Tensor([1.0], requires_grad=True)
    for make, message in (
        (lambda: optim.SophiaH([w], gamma=-0.1), r"SophiaH: gamma must lie in \[0, inf\), got -0\.1"),
        (lambda: optim.AdaHessian([w], hessian_power=1.1), r"AdaHessian: hessian_power must lie in \[0, 1\], got 1\.1"),
    ):
        with pytest.raises(ValueError, match=message):
            make()
    assert optim.AdaHessian([w], hessian_power=1).param_groups[0]["hessian_power"] == 1.0


@pytest.mark.parametrize("eps", [1e-20, 0.0])  # with 0 a step without an estimate would be 0 / 0
def test_adahessian_waits_for_the_first_estimate_of_a_parameter(eps):
    """b joins in the second of three steps, in which no estimate is due."""
    a, b = (Tensor([2.0], requires_grad=True, dtype="float64") for _ in range(2))
    optimizer = optim.AdaHessian([a, b], lr=0.1, update_interval=2, eps=eps)
    seen = []
    for loss in (lambda: (a * a).sum(), lambda: (a * a + b * b).sum(), lambda: (a * a + b * b).sum()):
        optimizer.step(loss)
        seen.append(b.item())
    assert seen[:2] == [2.0, 2.0]
    m_hat = (0.9 * 0.1 * 4 + 0.1 * 4) / (1 - 0.9**2)
    assert seen[2] == pytest.approx(2.0 - 0.1 * m_hat / 2, rel=1e-14)  # the second derivative is 2
