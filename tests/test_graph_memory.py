"""The graph is long, is freed by reference counting alone, and leaves nothing behind."""

import gc
import subprocess
import sys
import tracemalloc
import weakref

import numpy as np
import pytest

import minidl
from minidl import Tensor

LONG = 100_000


@pytest.fixture
def no_gc():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def leaf(*values):
    return Tensor(list(values), requires_grad=True)


def test_a_chain_of_100000_operations():
    x = leaf(1.0)
    y = x
    for _ in range(LONG):
        y = y + 1.0
    y.backward()
    assert x.grad.data.tolist() == [1.0]


@pytest.mark.slow
def test_a_long_chain_of_products_with_two_paths():
    x = Tensor([1.0 + 1e-6], requires_grad=True, dtype="float64")
    y = x
    for _ in range(LONG // 2):
        y = (y + y) * 0.5
    y.backward()
    assert x.grad.data.tolist() == [1.0]


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "how", ["dropped", "after backward", pytest.param("retained", marks=SLOW), pytest.param("grad", marks=SLOW)]
)
def test_a_long_chain_is_freed_without_recursion(how):
    """In a process of its own: running out of C stack would end it. Also in a thread, whose stack is smaller."""
    code = f"""
import threading, minidl
def run():
    x = minidl.Tensor([1.0], requires_grad=True)
    y = x
    for _ in range({LONG}):
        y = y * 1.0
    if {how!r} == "after backward":
        y.backward()
    elif {how!r} == "retained":
        y.backward(retain_graph=True)
    elif {how!r} == "grad":
        minidl.grad(y, x, create_graph=True)
    del y
    print("freed")
run()
t = threading.Thread(target=run)
t.start()
t.join()
print("done")
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout.split() == ["freed", "freed", "done"]


def network(x, w1, w2):
    h = minidl.batch_norm(minidl.linear(x, w1, np.zeros(4)).relu(), np.ones(4), np.zeros(4))
    parts = minidl.concatenate([h[:, :2], h[:, [2, 3]] * h.mean(axis=1, keepdims=True)], axis=1)
    return minidl.softmax_cross_entropy(parts @ w2, [0, 1, 2]), h


def parameters():
    rng = np.random.default_rng(0)
    return [Tensor(rng.normal(size=s), requires_grad=True) for s in ((3, 4), (4, 3))]


@pytest.mark.parametrize("how", ["dropped", "backward", "retained", "grad", "create_graph", "anomaly", "failed"])
def test_nothing_is_left_for_the_garbage_collector(how, no_gc):
    w1, w2 = parameters()
    x = np.random.default_rng(1).normal(size=(3, 3))
    detector = minidl.detect_anomaly()
    if how == "anomaly":
        detector.__enter__()
    loss, h = network(x, w1, w2)
    alive = [weakref.ref(h), weakref.ref(loss), weakref.ref(loss._inputs[0])]
    if how in ("backward", "anomaly"):
        loss.backward()
        assert alive[2]() is None  # what no one holds is gone already
    elif how == "retained":
        loss.backward(retain_graph=True)
    elif how == "grad":
        minidl.grad(loss, [w1, h])
    elif how == "create_graph":
        g = minidl.grad(loss, w1, create_graph=True)
        second = minidl.grad((g * g).sum(), [w1, w2])
        alive += [weakref.ref(g), weakref.ref(second[0])]
        del g, second
    elif how == "failed":
        for mistake in (lambda: loss.backward(np.ones(2)), lambda: h + np.ones(2)):  # noqa: F821
            try:
                mistake()
            except ValueError:
                pass
            else:
                raise AssertionError
        del mistake
    if how == "anomaly":
        detector.__exit__(None, None, None)
    del loss, h
    assert [r() for r in alive] == [None] * len(alive)
    assert gc.collect() == 0


def test_the_result_keeps_its_inputs_only_until_backward(no_gc):
    x = leaf(1.0, 2.0)
    h = x * 2
    y = h.sum()
    kept = weakref.ref(h)
    del h
    assert kept() is not None
    y.backward()
    assert kept() is None and y._values == () and y._inputs is None


def test_what_is_not_recorded_is_not_kept(no_gc):
    x = leaf(1.0, 2.0)
    with minidl.no_grad():
        h = x * 2
        kept = weakref.ref(h)
        y = h * 3
        del h
    assert kept() is None and not y.requires_grad
    h = Tensor([1.0]) * 2
    kept, y = weakref.ref(h), h * 3
    del h
    assert kept() is None


def test_a_detached_view_keeps_its_owner_but_no_graph(no_gc):
    x = leaf(1.0, 2.0)
    h = x * 2
    kept = weakref.ref(h)
    d = h.detach()
    del h, x
    assert d.data.tolist() == [2, 4]
    del d
    assert kept() is None


def train(steps, w1, w2, x, labels):
    for _ in range(steps):
        loss = minidl.softmax_cross_entropy(minidl.linear(x, w1, np.zeros(4, "f")).tanh() @ w2, labels)
        w1.grad = w2.grad = None
        loss.backward()
        for w in (w1, w2):
            w.data -= 0.1 * w.grad.data


@pytest.mark.parametrize("steps", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_training_does_not_grow_memory(steps, no_gc):
    rng = np.random.default_rng(0)
    w1, w2 = (Tensor(rng.normal(size=s).astype("f"), requires_grad=True) for s in ((3, 4), (4, 3)))
    x, labels = rng.normal(size=(8, 3)).astype("f"), rng.integers(3, size=8)
    train(20, w1, w2, x, labels)
    tracemalloc.start()
    try:
        train(20, w1, w2, x, labels)
        before = tracemalloc.get_traced_memory()[0]
        train(steps, w1, w2, x, labels)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 50_000  # a graph kept per step would be a megabyte and more


def test_a_detached_result_does_not_keep_its_graph():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    seen = weakref.ref(y)
    z = y.detach()
    del y
    assert seen() is None and z.data.tolist() == [2, 4]
