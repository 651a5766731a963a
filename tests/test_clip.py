"""Gradient clipping by value and by global norm."""

import math

import numpy as np
import pytest

from minidl import Tensor, optim
from minidl.optim import clip_grad_norm, clip_grad_value


def parameters(*gradients, dtype=np.float64):
    params = []
    for g in gradients:
        g = None if g is None else np.array(g, dtype)
        params.append(Tensor(np.zeros(2 if g is None else g.shape, dtype), requires_grad=True))
        params[-1].grad = g
    return params


def gradients(params):
    return [None if p.grad is None else p.grad.data.tolist() for p in params]


def test_by_value():
    params = parameters([3.0, -0.5, -7.0], None, [[0.25]], 2.0)
    arrays = [p.grad.data for p in params if p.grad is not None]
    assert clip_grad_value(params, 1.0) is None
    assert gradients(params) == [[1.0, -0.5, -1.0], None, [[0.25]], 1.0]
    assert all(p.grad.data is a for p, a in zip([p for p in params if p.grad is not None], arrays, strict=True))


def test_by_norm_scales_all_by_one_factor():
    params = parameters([3.0, 0.0], None, [[4.0]], 12.0)
    arrays = [p.grad.data for p in params if p.grad is not None]
    assert clip_grad_norm(params, 6.5) == 13.0
    factor = 6.5 / (13.0 + 1e-6)  # PyTorch's
    assert gradients(params) == [[3 * factor, 0.0], None, [[4 * factor]], 12 * factor]
    assert all(p.grad.data is a for p, a in zip([p for p in params if p.grad is not None], arrays, strict=True))
    assert clip_grad_norm(params, 6.5) == pytest.approx(6.5, rel=1e-6)  # what it returns is the norm before


def test_small_gradients_stay_to_the_bit():
    params = parameters([3.0, 4.0], [0.1])
    before = gradients(params)
    assert clip_grad_norm(params, 5.1) == pytest.approx(math.sqrt(25.01), rel=1e-15)
    clip_grad_value(params, 4.0)
    assert clip_grad_norm(params, math.inf) > 5
    assert gradients(params) == before


TORCH = {
    "gradients": [[1.5, -20.0, 0.0], [[0.003, 7.25], [-1000.0, 4.0]]],
    "norm": 1000.2353785529683,
    "clipped": [
        [0.001499647013756292, -0.019995293516750556, 0.0],
        [[2.9992940275125835e-06, 0.007248293899822077], [-0.9997646758375278, 0.0039990587033501114]],
    ],
}


def test_torch_values():
    """torch.nn.utils.clip_grad_norm_(..., 1.0) of PyTorch 2.13, float64."""
    params = parameters(TORCH["gradients"][0], TORCH["gradients"][1])
    assert clip_grad_norm(params, 1.0) == pytest.approx(TORCH["norm"], rel=1e-15)
    for p, clipped in zip(params, TORCH["clipped"], strict=True):
        np.testing.assert_allclose(p.grad.data, clipped, rtol=1e-15)


@pytest.mark.parametrize("clip, limit", [(clip_grad_norm, 1.0), (clip_grad_value, 1.0)])
def test_one_tensor_iterators_and_no_gradients(clip, limit):
    w, v = parameters([3.0, 4.0], [0.0, 5.0])
    clip(w, limit)
    assert np.abs(w.grad.data).max() <= 1 and v.grad.data.tolist() == [0.0, 5.0]
    clip((p for p in (w, v)), limit)
    assert np.abs(v.grad.data).max() <= 1
    assert not clip(parameters(None, None), limit)
    assert not clip([], limit)


def test_the_direction_stays():
    g = np.random.default_rng(0).normal(size=50) * 100
    (w,) = parameters(g)
    clip_grad_norm(w, 2.5)
    assert np.linalg.norm(w.grad.data) == pytest.approx(2.5, rel=1e-6)
    np.testing.assert_allclose(w.grad.data / np.linalg.norm(w.grad.data), g / np.linalg.norm(g), rtol=1e-12)


@pytest.mark.parametrize("kind", [float, np.float64, np.float32])
def test_float32_stays_and_its_norm_is_summed_in_float64(kind):
    params = parameters(np.full(1000, 3e19), np.full(10, 1e-3), dtype=np.float32)  # the squares overflow float32
    assert clip_grad_norm(params, kind(1.5)) == pytest.approx(math.sqrt(1000) * 3e19, rel=1e-6)
    clip_grad_value(params, kind(0.01))
    for p in params:
        assert p.grad.dtype == np.float32
    assert params[0].grad.data.max() == np.float32(0.01)


def test_numpy_limits_give_the_same_bits():
    g = np.random.default_rng(0).normal(size=50)
    (a,), (b,) = parameters(g, dtype=np.float32), parameters(g, dtype=np.float32)
    clip_grad_norm(a, 0.3)
    clip_grad_norm(b, np.float64(0.3))
    assert np.array_equal(a.grad.data, b.grad.data)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_norm_that_is_not_finite_raises(bad):
    params = parameters([1e3, bad], [2e3])
    before = [p.grad.data.copy() for p in params]
    with pytest.raises(FloatingPointError, match=r"global norm of the gradients is (nan|inf)"):
        clip_grad_norm(params, 1.0)
    for p, g in zip(params, before, strict=True):
        np.testing.assert_array_equal(p.grad.data, g)


@pytest.mark.parametrize("bad", [0, -1.0, math.nan])
def test_limits_must_be_positive(bad):
    with pytest.raises(ValueError, match=f"max_norm must be positive, got {bad}"):
        clip_grad_norm(parameters([1.0]), bad)
    with pytest.raises(ValueError, match=f"clip_value must be positive, got {bad}"):
        clip_grad_value(parameters([1.0]), bad)


def test_between_backward_and_step():
    w = Tensor([30.0, 40.0], requires_grad=True, dtype="float64")
    optimizer = optim.SGD([w], lr=1.0)
    (w * w).sum().backward()
    assert clip_grad_norm(optimizer.parameters(), 1.0) == 100.0
    optimizer.step()
    np.testing.assert_allclose(w.data, [29.4, 39.2], rtol=1e-8)


def test_pytorch_spellings():
    assert optim.clip_grad_norm_ is clip_grad_norm
    assert optim.clip_grad_value_ is clip_grad_value
