"""Initial weights: variances, limits, seeds, names."""

import math

import numpy as np
import pytest

import minidl
from minidl import nn
from minidl.nn import init

IN, OUT = 300, 500
VARIANCE = {"he": 2 / IN, "glorot": 2 / (IN + OUT), "lecun": 1 / IN}


def weights(name, rng=0):
    return nn.Dense(IN, OUT, init=name, rng=rng, dtype="float64").weight.data


def has_variance(w, variance, kurtosis):
    """Mean and variance within five standard errors of what they should be."""
    n = w.size
    assert abs(w.mean()) < 5 * math.sqrt(variance / n)
    assert abs(w.var() / variance - 1) < 5 * math.sqrt((kurtosis - 1) / n)


@pytest.mark.parametrize("name", VARIANCE)
@pytest.mark.parametrize("suffix", ["", "_normal"])
def test_normal(name, suffix):
    w = weights(name + suffix)
    has_variance(w, VARIANCE[name], kurtosis=3)
    beyond = (np.abs(w) > 2 * math.sqrt(VARIANCE[name])).mean()  # of a normal distribution 4.55 %, of a uniform none
    assert abs(beyond - 0.0455) < 0.003
    np.testing.assert_array_equal(w, weights(name))


@pytest.mark.parametrize("name", [*VARIANCE, "torch"])
def test_uniform(name):
    w = weights("torch" if name == "torch" else f"{name}_uniform")
    variance = VARIANCE.get(name, 1 / (3 * IN))
    limit = math.sqrt(3 * variance)
    has_variance(w, variance, kurtosis=1.8)
    assert 0.999 * limit < np.abs(w).max() <= limit
    inner = (np.abs(w) < limit / 2).mean()
    assert abs(inner - 0.5) < 0.01


def test_the_default_is_he_normal_with_zero_bias():
    layer = nn.Dense(IN, OUT, rng=7)
    np.testing.assert_array_equal(layer.weight.data, nn.Dense(IN, OUT, init="he", rng=7).weight.data)
    assert layer.weight.dtype == np.float32 and not layer.bias.data.any()
    has_variance(layer.weight.data.astype(float), 2 / IN, kurtosis=3)
    for name in (*VARIANCE, "he_uniform", "zeros"):
        assert not nn.Dense(3, 4, init=name).bias.data.any()


def test_the_fans_are_not_swapped():
    wide, narrow = nn.Dense(1000, 10, rng=0).weight.data, nn.Dense(10, 1000, rng=0).weight.data
    assert wide.var() == pytest.approx(0.002, rel=0.1) and narrow.var() == pytest.approx(0.2, rel=0.1)


def test_torch_is_torchs_default_for_the_bias_too():
    layer = nn.Dense(IN, 5000, init="torch", rng=0, dtype="float64")
    limit = 1 / math.sqrt(IN)
    assert np.abs(layer.weight.data).max() == pytest.approx(limit, rel=1e-3)
    assert np.abs(layer.bias.data).max() == pytest.approx(limit, rel=1e-3)
    assert layer.bias.data.var() == pytest.approx(limit**2 / 3, rel=0.05)


def test_a_function_as_initialiser():
    seen = []

    def mine(shape, rng):
        seen.append((shape, rng))
        return rng.normal(size=shape)

    rng = np.random.default_rng(4)
    layer = nn.Dense(3, 2, init=mine, rng=rng)
    assert seen == [((3, 2), rng)]
    np.testing.assert_array_equal(layer.weight.data, np.random.default_rng(4).normal(size=(3, 2)).astype(np.float32))
    assert nn.Dense(3, 2, init=lambda shape, rng: np.ones(shape).tolist()).weight.data.sum() == 6
    with pytest.raises(ValueError, match=r"Dense: init gave shape \(2, 3\), expected \(3, 2\)"):
        nn.Dense(3, 2, init=lambda shape, rng: np.ones(shape[::-1]))


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("hee", "he"), ("He", "he"), ("glorot_unifrom", "glorot_uniform"), ("zero", "zeros"), ("pytorch", "torch"),
        ("kaiming", "he"), ("kaiming_uniform", "he_uniform"), ("xavier_uniform", "glorot_uniform"),
    ],
)  # fmt: skip
def test_a_wrong_name_gets_the_near_match(name, near):
    with pytest.raises(ValueError, match=rf"unknown initialiser '{name}'; did you mean '{near}'\? There are: .*lecun"):
        nn.Dense(2, 2, init=name)


@pytest.mark.parametrize("name", ["", "qqqqqq", None, 3, ["he"]])
def test_another_wrong_name_gets_the_list(name):
    with pytest.raises(ValueError, match=r"unknown initialiser .*\. There are: glorot"):
        init.get(name)


def test_every_name_works_and_gives_the_shape():
    for name, function in init.INITIALIZERS.items():
        assert init.get(name) is function
        w = function((3, 5), np.random.default_rng(0))
        assert w.shape == (3, 5) and np.isfinite(w).all()
        assert bool(w.any()) == (name != "zeros")


def test_same_seed_same_weights_and_one_generator_gives_different_layers():
    for name in ("he", "torch"):
        a, b = nn.Dense(4, 4, init=name, rng=1), nn.Dense(4, 4, init=name, rng=1)
        assert all(np.array_equal(p.data, q.data) for p, q in zip(a.parameters(), b.parameters(), strict=True))
        assert not np.array_equal(a.weight.data, nn.Dense(4, 4, init=name, rng=2).weight.data)
        rng = np.random.default_rng(1)
        c, d = nn.Dense(4, 4, init=name, rng=rng), nn.Dense(4, 4, init=name, rng=rng)
        np.testing.assert_array_equal(a.weight.data, c.weight.data)
        assert not np.array_equal(c.weight.data, d.weight.data)


def test_the_default_generator_is_seeded_by_minidl_seed():
    minidl.seed(5)
    a, b = nn.Dense(4, 4), nn.Dense(4, 4)
    minidl.seed(5)
    c = nn.Dense(4, 4)
    assert np.array_equal(a.weight.data, c.weight.data) and not np.array_equal(a.weight.data, b.weight.data)


def test_float64_has_the_same_start_as_float32():
    a, b = nn.Dense(4, 4, rng=1, dtype="float64"), nn.Dense(4, 4, rng=1)
    assert a.weight.dtype == a.bias.dtype == np.float64
    np.testing.assert_array_equal(a.weight.data.astype(np.float32), b.weight.data)
    with pytest.raises(TypeError, match="only floating data can require a gradient, got dtype int32"):
        nn.Dense(2, 2, dtype="int32")


def test_signals_keep_their_size_through_twenty_layers():
    """What the initialisers are for: He with ReLU, Glorot and LeCun with tanh near 0."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 64)).astype(np.float32)
    relu = nn.Sequential(*[m for _ in range(20) for m in (nn.Dense(64, 64, rng=rng), nn.ReLU())])
    assert 0.05 < (relu(x).data ** 2).mean() / (x**2).mean() < 20
    for name in ("glorot", "lecun_uniform"):
        linear = nn.Sequential(*[nn.Dense(64, 64, init=name, rng=rng) for _ in range(20)])
        assert 0.05 < linear(x).data.var() / x.var() < 20
