"""Averages of weights, and what is done to gradients before a step: against torch and optax, and by their meaning."""

import numpy as np
import pytest
from test_optim_ratefree import OPTAX, ZOO, mutant, one

import minidl
from minidl import Tensor, nn, optim
from minidl.optim.more import gradients as gradients_module
from minidl.optim.more import weights as weights_module
from minidl.optim.more.gradients import add_grad_noise, average_grad, centralize_grad, clip_grad_adaptive
from minidl.optim.more.weights import EMA, SWA

# -- averages, recorded


def follow(make, weights, expected):
    """The largest deviation of the average from the expected ones, while the parameter takes the given weights."""
    p, q = one(weights[0], None), one([0.0], None)
    average, worst = make([q, p]), 0.0
    for w, a in zip(weights, expected, strict=True):
        p.data[...] = w
        average.update()
        with average.applied():
            worst = max(worst, (abs(p.data - a) / np.abs(a)).max())
        assert (p.data == w).all() and (q.data == 0).all()
        np.testing.assert_array_equal(average.weights()[1].shape, np.shape(w))
    return worst


def deviations(module):
    made, theirs = OPTAX["averages"], ZOO["averages"]
    for decay, expected in made["debiased"].items():
        yield follow(lambda p, d=decay: module["EMA"](p, float(d), bias_correction=True), made["weights"], expected)
    for decay in ("0.9", "0.5"):
        yield follow(lambda p, d=decay: module["EMA"](p, float(d)), theirs["weights"], theirs[decay])
    yield follow(module["SWA"], theirs["weights"], theirs["swa"])


def test_recorded_averages():
    assert max(deviations(vars(weights_module))) < 1e-12


@pytest.mark.parametrize("bias_correction", [False, True])
def test_ema_without_memory_is_the_weights(bias_correction):
    p = one([1.0, -2.0], None)
    ema = EMA([p], decay=0.0, bias_correction=bias_correction)
    for w in np.random.default_rng(0).normal(size=(5, 2)):
        p.data[...] = w
        ema.update()
        assert (ema.weights()[0] == w).all()


def test_averages_of_a_constant_are_the_constant():
    for make in (lambda p: EMA(p, 0.7), lambda p: EMA(p, 0.7, bias_correction=True), SWA):
        p = one([0.1, 1e8, -3.0], None)
        average = make([p])
        for _ in range(9):
            average.update()
        np.testing.assert_allclose(average.weights()[0], p.data, rtol=1e-14)


def test_swa_is_the_mean():
    p = one(np.zeros(4), None)
    swa = SWA([p])
    seen = np.random.default_rng(2).normal(size=(20, 4))
    for w in seen:
        p.data[...] = w
        swa.update()
    np.testing.assert_allclose(swa.weights()[0], seen.mean(axis=0), rtol=1e-12)


# -- averages at work


def test_a_model_is_evaluated_with_the_average_and_gets_its_weights_back():
    model = nn.Sequential(nn.Dense(2, 3, rng=0), nn.Tanh(), nn.Dense(3, 1, rng=1))
    optimizer, ema = optim.SGD(model.parameters(), lr=0.1), EMA(model.named_parameters(), decay=0.9)
    x = np.ones((4, 2), "float32")
    for _ in range(5):
        optimizer.zero_grad()
        (model(x) * model(x)).mean().backward()
        optimizer.step()
        ema.update()
    own = [p.data.tobytes() for p in model.parameters()]
    y = model(x).data.copy()
    with ema.applied():
        assert (model(x).data != y).all()
        for p, a in zip(model.parameters(), ema.weights(), strict=True):
            assert p.dtype == a.dtype == "float32" and (p.data == a).all()
    assert [p.data.tobytes() for p in model.parameters()] == own
    with pytest.raises(KeyError), ema.applied():
        raise KeyError
    assert [p.data.tobytes() for p in model.parameters()] == own
    assert all(p.grad is not None for p in model.parameters())


def test_a_graph_that_needs_the_old_weights_notices():
    p = one([1.0, 2.0], None)
    ema = EMA([p], 0.5)
    ema.update()
    loss = (p * p).sum()
    with ema.applied(), pytest.raises(RuntimeError, match="changed"):
        loss.backward()


@pytest.mark.parametrize("make", [lambda p: EMA(p, 0.7), lambda p: EMA(p, 0.7, bias_correction=True), SWA])
def test_averages_resume_bit_for_bit(make):
    steps = np.random.default_rng(3).normal(size=(20, 3)).astype("float32")

    def run(average, p, part):
        for w in part:
            p.data[...] = w
            average.update()
        return average.weights()[0].tobytes()

    p = Tensor(np.zeros(3, "float32"), requires_grad=True)
    expected = run(make([p]), p, steps)
    first = make([p])
    run(first, p, steps[:11])
    saved = first.state_dict()
    run(first, p, steps[:3])  # a state is a copy
    second = make([p])
    second.load_state_dict(saved)
    assert run(second, p, steps[11:]) == expected
    assert second.weights()[0].dtype == "float32"


def test_the_average_of_a_noisy_run_lies_closer():
    rng = np.random.default_rng(0)
    for make in (lambda p: EMA(p, 0.98, bias_correction=True), SWA):
        p = one(np.zeros(50), None)
        optimizer, average = optim.SGD([p], lr=0.5), make([p])
        for _ in range(200):
            p.grad = p.data + rng.normal(size=50)
            optimizer.step()
            average.update()
        assert np.linalg.norm(average.weights()[0]) < np.linalg.norm(p.data) / 3


def test_averages_refuse():
    p = one([1.0], None)
    for decay in (1.0, -0.1, "slow", float("nan")):
        with pytest.raises(ValueError, match=r"decay must lie in \[0, 1\)"):
            EMA([p], decay)
    with pytest.raises(TypeError, match="EMA averages Tensors"):
        EMA([np.ones(2)])
    with pytest.raises(ValueError, match="no parameters"):
        SWA([])
    ema = EMA([p])
    with pytest.raises(RuntimeError, match="before the first update"), ema.applied():
        pass
    ema.update()
    with ema.applied():
        with pytest.raises(RuntimeError, match="inside applied"):
            ema.update()
        with pytest.raises(RuntimeError, match="applied already"), ema.applied():
            pass
    swa = SWA([one([1.0, 2.0], None)])
    swa.update()
    for state in (swa.state_dict(), {}, None, {**ema.state_dict(), "weights": [np.ones(2)]}):
        with pytest.raises(ValueError, match="EMA: "):
            ema.load_state_dict(state)
    assert ema.t == 1


# -- gradients, recorded


def changed_deviations(module):
    """Output first in optax's centralisation, last in its clipping."""
    for record in OPTAX["gradients"]:
        for name, change in {
            "centralized": lambda p: module["centralize_grad"]([p], output_axis=0),
            "clipped": lambda p: module["clip_grad_adaptive"]([p]),
            "clipped_more": lambda p: module["clip_grad_adaptive"]([p], clip_factor=0.1, eps=1e-2),
        }.items():
            p = one(record["w"], record["g"])
            g = p.grad
            change(p)
            expected = np.array(record[name])
            assert p.grad is g and (p.data == record["w"]).all()
            yield (abs(p.grad.data - expected) / (abs(expected) + 1e-9)).max()


def test_recorded_changes_of_gradients():
    assert max(changed_deviations(vars(gradients_module))) < 1e-9
    record = OPTAX["gradients"][0]
    share = np.mean(np.isclose(np.array(record["clipped"]), record["g"], rtol=1e-12))
    assert 0 < share < 1  # some units were clipped, some not


# -- gradients by their meaning


def test_accumulated_gradients_are_those_of_the_large_batch():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(12, 3)), rng.normal(size=(12, 2))
    model, loss = nn.Dense(3, 2, dtype="float64", rng=0), nn.MSELoss()
    loss(model(x), Tensor(y)).backward()
    expected = [p.grad.data.copy() for p in model.parameters()]
    optim.SGD(model.parameters(), lr=1.0).zero_grad()
    for part in np.split(np.arange(12), 4):
        loss(model(x[part]), Tensor(y[part])).backward()
    average_grad(model.parameters(), 4)
    for p, g in zip(model.parameters(), expected, strict=True):
        np.testing.assert_allclose(p.grad.data, g, rtol=1e-12)


def test_centralised_gradients_keep_the_sum_of_each_units_weights():
    """minidl's weights are (in, out): the columns keep their means, whatever is learned; biases are left alone."""
    rng = np.random.default_rng(1)
    w, b = one(rng.normal(size=(5, 3)), rng.normal(size=(5, 3))), one(np.zeros(3), rng.normal(size=3))
    sums, g = w.data.sum(axis=0), b.grad.data.copy()
    centralize_grad([w, b])
    assert (b.grad.data == g).all()
    optim.SGD([w, b], lr=0.7).step()
    np.testing.assert_allclose(w.data.sum(axis=0), sums, atol=1e-14)


def test_adaptive_clipping_limits_the_ratio_of_each_unit():
    rng = np.random.default_rng(1)
    w = one(rng.normal(size=(5, 3)), rng.normal(size=(5, 3)) * [1.0, 1e-6, 0.0])
    w.data[:, 0] *= 2
    g = w.grad.data.copy()
    clip_grad_adaptive([w], clip_factor=0.02)
    ratio = np.linalg.norm(w.grad.data, axis=0) / np.linalg.norm(w.data, axis=0)
    assert ratio[0] == pytest.approx(0.02) and (w.grad.data[:, 1:] == g[:, 1:]).all()
    factor = w.grad.data[:, 0] / g[:, 0]
    np.testing.assert_allclose(factor, factor[0], rtol=1e-12)  # the direction stays


def test_noise_has_the_papers_variance_and_follows_from_seed_and_step():
    def noisy(step, **settings):
        p, q = one(np.zeros(20_000), np.zeros(20_000)), one(1.0, 1.0)
        add_grad_noise([p, q], step, **settings)
        assert q.grad.data.shape == () and q.grad.item() != 1.0
        return p.grad.data

    for step, eta, gamma in [(0, 0.3, 0.55), (99, 1.0, 0.55), (9, 0.01, 1.0)]:
        g = noisy(step, eta=eta, gamma=gamma, seed=0)
        assert g.var() == pytest.approx(eta / (1 + step) ** gamma, rel=0.03) and abs(g.mean()) < g.std() / 50
    assert (noisy(3, seed=5) == noisy(3, seed=5)).all()
    assert (noisy(3, seed=5, gamma=0.0) != noisy(4, seed=5, gamma=0.0)).all()
    assert (noisy(3, seed=5) != noisy(3, seed=6)).all()
    rng = np.random.default_rng(0)
    assert (noisy(3, seed=rng) != noisy(3, seed=rng)).all()
    runs = []
    for _ in range(2):
        minidl.seed(11)
        runs.append(noisy(3))
    assert (runs[0] == runs[1]).all()


@pytest.mark.parametrize("change", [lambda p: average_grad(p, 3), centralize_grad, clip_grad_adaptive,
                                    lambda p: add_grad_noise(p, 2, seed=0)])  # fmt: skip
def test_changes_keep_float32_and_skip_what_has_no_gradient(change):
    p = Tensor(np.ones((2, 3), "float32"), requires_grad=True)
    q = Tensor(np.ones(3, "float32"), requires_grad=True)
    (p * p * np.arange(6, dtype="float32").reshape(2, 3)).sum().backward()
    before = p.grad.data.copy()
    change(iter([p, q]))
    assert q.grad is None and p.grad.dtype == "float32" and (p.grad.data != before).any()
    change(p)  # one Tensor will do


def test_changes_refuse():
    p = one([1.0], [1.0])
    for count in (0, 1.5, True):
        with pytest.raises(ValueError, match="count must be a whole number"):
            average_grad(p, count)
    with pytest.raises(ValueError, match="not negative, got -1"):
        add_grad_noise(p, -1)
    with pytest.raises(ValueError, match="clip_factor must be positive"):
        clip_grad_adaptive(p, 0.0)
    with pytest.raises(ValueError, match="eps must be positive"):
        clip_grad_adaptive(p, eps=0.0)
    p.grad = np.array([np.inf])
    with pytest.raises(FloatingPointError, match="not finite"):
        clip_grad_adaptive(p)


# -- the recorded numbers can be missed


MUTANTS = [
    (weights_module, deviations, "if self.t == 1 and not self.bias_correction", "if self.t == 1"),
    (weights_module, deviations, "if self.t == 1 and not self.bias_correction", "if False"),
    (weights_module, deviations, "a *= self.decay", "a *= 1 - self.decay"),
    (weights_module, deviations, "a += (1 - self.decay) * w", "a += w"),
    (weights_module, deviations, "a += (1 - self.decay) * w", "a = a + (1 - self.decay) * w"),
    (weights_module, deviations, "self.decay**self.t", "self.decay"),
    (weights_module, deviations, "a / (1 - self.decay**self.t)", "a"),
    (weights_module, deviations, "(w - a) / self.t", "(w - a) / (self.t + 1)"),
    (weights_module, deviations, "(w - a) / self.t", "w / self.t"),
    (gradients_module, changed_deviations, "g -= g.mean(", "g += g.mean("),
    (gradients_module, changed_deviations, "i != axis % g.ndim", "i == axis % g.ndim"),
    (gradients_module, changed_deviations, "if g.ndim > 1:", "if True:"),
    (gradients_module, changed_deviations, "g.ndim < 2 or", ""),
    (gradients_module, changed_deviations, "sqrt((w * w).sum", "((w * w).sum"),
    (gradients_module, changed_deviations, "sqrt((g * g).sum", "((g * g).sum"),
    (gradients_module, changed_deviations, "axis=axes, keepdims=True)), eps)", "axis=axes, keepdims=True)), 0)"),
    (gradients_module, changed_deviations, "limit / maximum(norm, limit)", "limit / norm"),
    (gradients_module, changed_deviations, "limit / maximum(norm, limit)", "1.0"),
]


@pytest.mark.parametrize("module, found, old, new", MUTANTS)
def test_a_mutant_misses_the_recorded_numbers(module, found, old, new):
    with np.errstate(all="ignore"):
        assert max(np.nan_to_num(list(found(mutant(module, old, new))), nan=np.inf)) > 1e-6


def test_on_the_gpu(fake_cupy):
    ends = []
    for device in ("cpu", "cuda", "cuda:1"):
        rng = np.random.default_rng(4)
        p = Tensor(rng.normal(size=(3, 4)).astype("float32"), requires_grad=True, device=device)
        optimizer = optim.SGD([p], lr=0.1)
        averages = [EMA([p], 0.7), EMA([p], 0.7, bias_correction=True), SWA([p])]
        for step in range(6):
            optimizer.zero_grad()
            for _ in range(2):
                (p * p * p).sum().backward()
            average_grad(p, 2)
            centralize_grad(p)
            add_grad_noise(p, step, seed=0)
            clip_grad_adaptive(p)
            optimizer.step()
            for average in averages:
                average.update()
        seen = [p.numpy().tobytes()]
        for average in averages:
            with average.applied():
                seen.append(p.numpy().tobytes())
            average.load_state_dict(average.state_dict())
            average.update()
            seen.append(average.weights()[0].tobytes())
        ends.append(seen)
        assert p.device == device
    assert ends[0] == ends[1] == ends[2] and len(set(ends[0])) == 7
