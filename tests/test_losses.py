"""The losses: values, gradients, reductions, and what they refuse."""

import inspect
import json
import math
from pathlib import Path

import numpy as np
import pytest

from minidl import Tensor, gradcheck, nn

TORCH = json.loads((Path(__file__).parent / "golden" / "nn_torch_layers.json").read_text())["losses"]
LOSSES = sorted(n for n in nn.__all__ if inspect.isclass(getattr(nn, n)) and n.endswith("Loss"))
CE, BCE, MSE = nn.CrossEntropyLoss, nn.BCEWithLogitsLoss, nn.MSELoss


def logits(*shape):
    return Tensor(np.random.default_rng(0).normal(size=shape), requires_grad=True)


@pytest.mark.parametrize("record", TORCH, ids=lambda r: f"{r['loss']}-{r['reduction']}")
def test_values_and_gradients_equal_torch(record):
    x = Tensor(np.array(record["x"]), requires_grad=True)
    target = np.array(record["target"])
    leaves = {"x": x}
    if "target" in record["grads"]:
        leaves["target"] = target = Tensor(target, requires_grad=True)
    loss = getattr(nn, record["loss"])(record["reduction"])(x, target)
    np.testing.assert_allclose(loss.data, record["output"], rtol=1e-12, atol=1e-14)
    loss.backward(np.array(record["upstream"]))
    for name, p in leaves.items():
        np.testing.assert_allclose(p.grad.data, record["grads"][name], rtol=1e-10, atol=1e-14)


def test_the_torch_record_covers_every_loss_in_every_reduction():
    assert {(r["loss"], r["reduction"]) for r in TORCH} == {(n, r) for n in LOSSES for r in ("mean", "sum", "none")}


GRADCHECK = {  # for each loss: input shape, target
    "CrossEntropyLoss": ((4, 3), np.array([2, 0, 1, 2])),
    "BCEWithLogitsLoss": ((4, 3), np.random.default_rng(1).random((4, 3))),
    "MSELoss": ((4, 3), np.random.default_rng(1).normal(size=(4, 3))),
}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_passes_gradcheck(name, reduction):
    assert name in GRADCHECK, f"minidl.nn.{name} has no gradcheck case: add one to GRADCHECK"
    shape, target = GRADCHECK[name]
    loss = getattr(nn, name)(reduction)
    assert gradcheck(lambda x: loss(x, target), logits(*shape), order=2)
    if target.dtype.kind == "f":
        target = Tensor(target, requires_grad=True)
        assert gradcheck(loss, [logits(*shape), target], order=2)


def test_formulas_in_plain_python():
    x, labels = [[1.0, 2.0, -1.0], [0.5, -0.5, 3.0]], [1, 0]
    each = [math.log(sum(math.exp(v) for v in row)) - row[k] for row, k in zip(x, labels, strict=True)]
    t = Tensor(np.array(x))
    assert CE()(t, labels).item() == pytest.approx(sum(each) / 2, rel=1e-14)
    assert CE("sum")(t, labels).item() == pytest.approx(sum(each), rel=1e-14)
    assert CE("none")(t, labels).data.tolist() == pytest.approx(each, rel=1e-14)
    targets = [[0.0, 1.0, 0.3], [1.0, 1.0, 0.0]]
    s = [[1 / (1 + math.exp(-v)) for v in row] for row in x]
    each = [-q * math.log(p) - (1 - q) * math.log(1 - p) for a, b in zip(s, targets, strict=True)
            for p, q in zip(a, b, strict=True)]  # fmt: skip
    assert BCE()(t, targets).item() == pytest.approx(sum(each) / 6, rel=1e-14)  # over all elements, not per sample
    assert BCE("none")(t, targets).data.ravel().tolist() == pytest.approx(each, rel=1e-14)
    squares = [(p - q) ** 2 for a, b in zip(x, targets, strict=True) for p, q in zip(a, b, strict=True)]
    assert MSE()(t, targets).item() == pytest.approx(sum(squares) / 6, rel=1e-14)
    assert MSE("sum")(t, targets).item() == pytest.approx(sum(squares), rel=1e-14)
    assert MSE("none")(t, targets).shape == (2, 3)


def test_ten_classes_unseen_cost_log_ten():
    assert CE()(Tensor(np.zeros((5, 10))), [0, 1, 2, 3, 4]).item() == pytest.approx(math.log(10), rel=1e-15)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_names_a_wrong_reduction(name):
    for bad in ("average", "Mean", "", None):
        with pytest.raises(ValueError, match=r"reduction must be 'mean', 'sum' or 'none', got"):
            getattr(nn, name)(bad)
    assert repr(getattr(nn, name)()) == f"{name}()" and repr(getattr(nn, name)(reduction="sum")) == f"{name}('sum')"


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_takes_arrays_keeps_float32_and_refuses_an_empty_batch(name):
    shape, target = GRADCHECK[name]
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    loss = getattr(nn, name)()
    value = loss(Tensor(x, requires_grad=True), target)  # a float64 target does not promote
    assert value.dtype == np.float32 and value.shape == ()
    assert isinstance(loss(x, target), Tensor) and loss(x, target).item() == value.item()
    assert loss(x.tolist(), target.tolist()).item() == pytest.approx(value.item(), rel=1e-6)
    for reduction in ("mean", "sum", "none"):
        with pytest.raises(ValueError, match=rf"{name}.* of no samples: the prediction has shape \(0, 3\)"):
            getattr(nn, name)(reduction)(Tensor(np.zeros((0, 3))), target[:0])


# -- labels


def test_labels_as_lists_tuples_tensors_and_every_integer_dtype():
    x = logits(3, 4)
    expected = CE()(x, np.array([1, 0, 3])).item()
    for labels in ([1, 0, 3], (1, 0, 3), Tensor([1, 0, 3], dtype="int64")):
        assert CE()(x, labels).item() == expected
    for dtype in ("int8", "uint8", "int16", "int32", "uint32", "int64", "uint64"):
        assert CE()(x, np.array([1, 0, 3], dtype=dtype)).item() == expected


@pytest.mark.parametrize("labels", [[0, 1, 4], [0, -1, 1], [-4, 0, 1], [10**9, 0, 0]])
def test_labels_out_of_range(labels):
    with pytest.raises(ValueError, match=rf"labels must lie in 0 \.\. 3 for 4 classes, got {min(labels)} \.\. "):
        CE()(logits(3, 4), labels)


@pytest.mark.parametrize("labels", [[0.0, 1.0, 2.0], np.array([True, False, True]), np.eye(4)[:3], Tensor([0, 1, 2])])
def test_labels_of_a_wrong_dtype(labels):
    with pytest.raises(TypeError, match=r"cross-entropy needs integer class labels, got dtype .*argmax"):
        CE()(logits(3, 4), labels)


@pytest.mark.parametrize("labels", [[0, 1], [[0], [1], [2]], 1, np.eye(4, dtype=int)[:3]])
def test_labels_of_a_wrong_shape(labels):
    with pytest.raises(ValueError, match=r"cross-entropy got 3 rows of logits and labels of shape"):
        CE()(logits(3, 4), labels)


@pytest.mark.parametrize("shape", [(3,), (3, 4, 2), ()])
def test_logits_of_a_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"cross-entropy needs logits of shape \(N, C\), one row per sample, got"):
        CE()(logits(*shape), [0, 1, 2])


# -- targets


@pytest.mark.parametrize("loss", [BCE(), MSE()], ids=repr)
def test_a_column_against_a_row_raises(loss):
    for a, b in (((4, 1), (4,)), ((4,), (4, 1)), ((4, 2), (2,)), ((4,), ())):
        with pytest.raises(ValueError, match=r"predictions have shape .* targets .*; they must be equal"):
            loss(logits(*a), np.zeros(b))


@pytest.mark.parametrize("bad", [-0.01, 1.01, 2, -1, math.nan, math.inf])
def test_bce_targets_outside_0_1(bad):
    for targets in ([0.0, bad], Tensor([0.0, bad])):
        with pytest.raises(ValueError, match=r"targets must lie in \[0, 1\], got"):
            BCE()(Tensor([1.0, 2.0]), targets)


def test_bce_takes_integer_and_boolean_targets():
    x = logits(4)
    expected = BCE()(x, [0.0, 1.0, 1.0, 0.0]).item()
    for targets in ([0, 1, 1, 0], np.array([0, 1, 1, 0], np.uint8), np.array([False, True, True, False])):
        assert BCE()(x, targets).item() == expected


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_logits_stay_finite(dtype):
    for size in (1e2, 1e4, 1e30):
        x = Tensor(np.array([[size, -size], [-size, size]]), requires_grad=True, dtype=dtype)
        wrong = CE()(x, [1, 1])
        wrong.backward()
        assert wrong.item() == pytest.approx(size, rel=1e-6)
        np.testing.assert_allclose(x.grad.data, [[0.5, -0.5], [0, 0]], atol=1e-6)
        x.grad = None
        wrong = BCE()(x, np.array([[0.0, 1.0], [0.0, 1.0]]))
        wrong.backward()
        assert wrong.item() == pytest.approx(size / 2, rel=1e-6)
        np.testing.assert_allclose(x.grad.data, [[0.25, -0.25], [0, 0]], atol=1e-6)


@pytest.mark.parametrize("loss", [BCE(), MSE()], ids=repr)
def test_float32_and_float64_tensors_do_not_mix(loss):
    with pytest.raises(TypeError, match="Tensors of dtype float32 and float64 do not mix"):
        loss(Tensor([0.5]), Tensor([0.5], dtype="float64"))
