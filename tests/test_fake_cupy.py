"""The stand-in for CuPy is strict: what would fail on a GPU fails with it."""

import sys

import fake_cupy
import numpy as np
import pytest


@pytest.fixture
def cp(fake_cupy):
    return fake_cupy


def test_it_is_there_for_one_test_only(fake_cupy):
    assert sys.modules["cupy"] is fake_cupy


def test_it_is_gone_afterwards():
    assert sys.modules.get("cupy") is not fake_cupy.cupy


@pytest.mark.parametrize(
    "mix",
    [
        lambda x, a: x + a, lambda x, a: a + x, lambda x, a: a * x, lambda x, a: x @ a, lambda x, a: a @ x,
        lambda x, a: x < a, lambda x, a: a < x, lambda x, a: x == a, lambda x, a: np.add(x, a),
        lambda x, a: np.add(a, x), lambda x, a: np.maximum(a, x), lambda x, a: np.where(a > 0, x, x),
        lambda x, a: np.where(x > 0, a, x), lambda x, a: np.concatenate([x, a]), lambda x, a: np.stack([a, x]),
        lambda x, a: np.matmul(a, x), lambda x, a: np.take(x, a.astype(int), axis=0), lambda x, a: np.clip(x, a, 1),
        lambda x, a: np.add(x, x, out=a), lambda x, a: np.add(a, a, out=x), lambda x, a: x[a.astype(int)],
        lambda x, a: x[np.ones((3, 3), bool)], lambda x, a: x.__setitem__(Ellipsis, a), lambda x, a: a.__iadd__(x),
        lambda x, a: x.__iadd__(a), lambda x, a: x + np.array(1.0), lambda x, a: np.broadcast_arrays(a, x),
        lambda x, a: sys.modules["cupy"].add.at(x, a.astype(int), x), lambda x, a: x.clip(a, a),
        lambda x, a: sys.modules["cupy"].zeros_like(a), lambda x, a: np.allclose(x, a),
    ],
)  # fmt: skip
def test_numpy_arrays_do_not_mix_with_it(cp, mix):
    a = np.ones((3, 3))
    with pytest.raises(TypeError):
        mix(cp.asarray(a), a)


@pytest.mark.parametrize(
    "convert",
    [
        np.asarray, np.array, np.float64, lambda x: np.asarray([x]),
        lambda x: np.ones((3, 3)).__setitem__(Ellipsis, x),
    ],
)  # fmt: skip
def test_it_does_not_become_a_numpy_array(cp, convert):
    with pytest.raises(TypeError):
        convert(cp.ones((3, 3)))


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.linalg.norm(x), lambda x: np.add.reduce(x), lambda x: np.add.at(x, 0, 1.0),
        lambda x: np.multiply.outer(x, x), lambda x: np.block([x]), lambda x: x.sum(initial=1.0),
        lambda x: x.mean(where=True), lambda x: range(5)[x.sum()], lambda x: hash(x), lambda x: x + "1",
        lambda x: x.astype("f4", casting="unsafe"), lambda x: x.item(0), lambda x: sys.modules["cupy"].exp(x, where=x),
        lambda x: np.add(x, None), lambda x: sys.modules["cupy"].asarray([x, x]),
    ],
)  # fmt: skip
def test_what_it_lacks_raises(cp, call):
    with pytest.raises((TypeError, NotImplementedError)):
        call(cp.ones((2, 2)))


def test_results_stay_on_the_device(cp):
    x = cp.asarray(np.arange(6.0).reshape(2, 3))
    for y in (x.sum(), x.max(axis=0), x[0, 0], x + 1, 2 * x, x * np.float32(2), -x, x**2, 2**x, x > 1, np.exp(x),
              np.where(x > 0, x, 0.0), np.sqrt(x).mean(), x @ x.T, np.take(x, cp.arange(2), axis=0), next(iter(x)),
              np.broadcast_to(x, (4, 2, 3)), np.concatenate([x, x]), x.argmax(), np.zeros_like(x)):  # fmt: skip
        assert type(y) is cp.ndarray
    assert x.sum().shape == () and x.sum().item() == 15.0 and float(x[1, 2]) == 5.0
    assert np.shape(x) == (2, 3) and np.size(x) == 6 and np.ndim(x) == 2  # metadata is the host's


def test_views_share_memory_and_know_their_base(cp):
    x = cp.zeros((2, 3))
    for view in (x.T, x.reshape(6), x[0], x[:, None], x[...], np.broadcast_to(x, (5, 2, 3)), x.ravel()):
        assert view.base is x
    assert x[:1].T.base is x and x.base is None
    for own in (x.copy(), x + 0, x[[0]], x.T.reshape(6), x.sum(axis=0), x.astype("f4"), cp.asarray(np.zeros(3))):
        assert own.base is None
    x[0][...] = 1.0
    assert x.get().tolist() == [[1, 1, 1], [0, 0, 0]]
    assert x.astype(float, copy=False) is x and cp.asarray(x) is x and cp.array(x) is not x


def test_the_host_s_array_is_copied(cp):
    a = np.zeros(3)
    x = cp.asarray(a)
    a[0] = 1
    x.get()[1] = 1
    assert x.get().tolist() == [0, 0, 0]


def test_integer_arrays_as_indices_wrap_around(cp):
    x = cp.arange(3)
    assert x[cp.asarray([1, 3, -4])].tolist() == [1, 0, 2]
    assert x.reshape(1, 3)[:, cp.asarray([5])].tolist() == [[2]]
    with pytest.raises(IndexError):
        x[3]


def test_devices_do_not_mix(cp):
    x = cp.ones(3)
    with cp.cuda.Device(1):
        y = cp.ones(3)
        assert (y + y).device.id == 1
        with pytest.raises(ValueError, match="different from the current device"):
            x + 1
    assert (x.device.id, y.device.id) == (0, 1)
    for mix in (lambda: x + y, lambda: y + y, lambda: y.sum(), lambda: np.exp(y), lambda: np.concatenate([x, y])):
        with pytest.raises(ValueError, match="different from the current device"):
            mix()
    assert y.copy().device.id == cp.asarray(y).device.id == 0  # a copy goes to the current one
    with pytest.raises(RuntimeError, match="invalid device"), cp.cuda.Device(2):
        pass


def test_launches_and_transfers_are_counted(cp):
    x = cp.asarray(np.ones(3))
    assert (cp.counters.to_device, cp.counters.to_host, cp.counters.launches) == (1, 0, 0)
    (x * 2 + 1).sum().item()
    assert (cp.counters.to_device, cp.counters.to_host, cp.counters.launches) == (1, 1, 3)
    assert x.T.reshape(3)[1:].shape == (2,)
    assert cp.counters.launches == 3  # views cost nothing


# -- fuse


def test_a_fused_function_is_traced_once_and_launched_once(cp):
    calls = []

    @cp.fuse(kernel_name="step")
    def step(lr, w, g):
        calls.append(1)
        g = g + 0.5 * w
        w -= lr * cp.sqrt(g * g)

    w, g = cp.asarray(np.arange(3.0)), cp.asarray(np.ones(3))
    before = cp.counters.launches
    for lr in (0.1, 0.2, 0.3):
        expected = w.get() - lr * np.sqrt((1 + 0.5 * w.get()) ** 2)
        step(np.float64(lr), w, g)
        np.testing.assert_array_equal(w.get(), expected)
    assert calls == [1] and cp.counters.launches == before + 3 and cp.counters.fused == {"step": 3}


@pytest.mark.parametrize(
    "body",
    [
        lambda lr, w, g: w.__isub__(np.sqrt(g)), lambda lr, w, g: w.__isub__(0.9**lr), lambda lr, w, g: g.shape,
        lambda lr, w, g: 1 if g > 0 else 0, lambda lr, w, g: float(lr), lambda lr, w, g: int(lr),
        lambda lr, w, g: g[0], lambda lr, w, g: w.__setitem__(0, g), lambda lr, w, g: g.sum(), lambda lr, w, g: g.T,
        lambda lr, w, g: np.maximum(g, 0), lambda lr, w, g: np.where(g > 0, g, 0), lambda lr, w, g: len(g),
        lambda lr, w, g: w + np.ones(3), lambda lr, w, g: lr.__isub__(1), lambda lr, w, g: g.item(),
    ],
)  # fmt: skip
def test_what_cannot_be_traced_raises_and_changes_nothing(cp, body):
    def function(lr, w, g):
        w += g
        body(lr, w, g)

    w, g = cp.zeros(3), cp.ones(3)
    with pytest.raises((TypeError, NotImplementedError, ValueError, AttributeError)):
        cp.fuse(kernel_name="k")(function)(0.1, w, g)
    assert w.tolist() == [0, 0, 0]


def test_a_fused_function_takes_arrays_and_numbers_by_position(cp):
    fused = cp.fuse(kernel_name="k")(lambda x, n: None)
    for arguments in ((cp.ones(3), "n"), (cp.ones(3), [1])):
        with pytest.raises(TypeError, match="Invalid argument type"):
            fused(*arguments)
    with pytest.raises(TypeError):
        fused(cp.ones(3), n=1)


def test_python_numbers_alone_are_computed_in_the_smallest_type(cp):
    """As CuPy 14 does: 1 - 0.999**t in float16, t - 1 in int8."""
    seen = []

    @cp.fuse(kernel_name="k")
    def function(t, x):
        correction, before = 1 - cp.power(0.999, t), t - 1
        seen.append((correction.dtype, before.dtype, (x * correction).dtype))
        x *= correction + before

    x = cp.asarray(np.ones(1, np.float32))
    function(200, x)
    function(np.int64(200), x)
    assert seen == [(np.float16, np.int8, np.float32), (np.float64, np.int64, np.float64)]


def test_python_numbers_alone_lose_digits(cp):
    @cp.fuse(kernel_name="k")
    def fused(lr, x):
        x *= 1 - lr * 0.01

    weak, strong = cp.ones(1), cp.ones(1)
    fused(1e-3, weak)
    fused(np.float64(1e-3), strong)
    assert weak.item() == 1.0 and strong.item() == 1 - 1e-5
