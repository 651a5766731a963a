"""Values of the operations against NumPy and SciPy, their edges, their dtypes and their error messages.

The derivatives are checked in test_gradcheck.py.
"""

import warnings

import numpy as np
import pytest
import scipy.special as sp
from scipy.stats import norm

import minidl
from minidl import Tensor, ops
from minidl.operation import operation


def rng():
    return np.random.default_rng(7)


def leaf(x, dtype="float64"):
    return Tensor(np.asarray(x, dtype=dtype), requires_grad=True)


def gradients(f, *arrays, dtype="float64"):
    xs = [leaf(x, dtype) for x in arrays]
    y = f(*xs)
    y.backward(np.ones(y.shape))
    return [x.grad.numpy() for x in xs]


A = rng().normal(size=(2, 3, 4)) * 3
B = rng().normal(size=(3, 1)) * 2


# -- values

ELEMENTWISE = {
    "exp": np.exp,
    "abs": np.abs,
    "tanh": np.tanh,
    "sigmoid": sp.expit,
    "softplus": lambda x: np.logaddexp(0, x),
    "relu": lambda x: x * (x > 0),
    "leaky_relu": lambda x: np.select([x > 0], [x], 0.01 * x),
    "elu": lambda x: np.select([x > 0], [x], np.exp(x) - 1),
    "gelu": lambda x: x * sp.expit(2 * np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)),  # (1 + tanh z) / 2 = sigmoid(2 z)
    "neg": lambda x: 0 - x,
    "copy": lambda x: x,
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_values(name):
    y = getattr(ops, name)(Tensor(A))
    assert isinstance(y, Tensor)
    np.testing.assert_allclose(y.data, ELEMENTWISE[name](A), rtol=1e-13, atol=1e-15)
    np.testing.assert_array_equal(getattr(ops, name)(A), y.data)  # on arrays it gives arrays


def test_positive_elementwise_values():
    x = np.abs(A)
    np.testing.assert_allclose(ops.log(Tensor(x)).data, np.log(x), rtol=1e-15)
    np.testing.assert_allclose(ops.sqrt(Tensor(x)).data, x**0.5, rtol=1e-15)


def test_gelu_is_near_the_exact_one():
    x = np.linspace(-4, 4, 81)
    assert np.abs(ops.gelu(x) - x * norm.cdf(x)).max() < 1e-3


def test_parameters_of_leaky_relu_elu_and_clip():
    x = Tensor([-2.0, 3.0])
    np.testing.assert_allclose(ops.leaky_relu(x, 0.5).data, [-1, 3])
    np.testing.assert_allclose(ops.elu(x, 2.0).data, [2 * np.expm1(-2), 3], rtol=1e-6)
    np.testing.assert_array_equal(ops.clip(x, -1, 2).data, [-1, 2])
    np.testing.assert_array_equal(ops.clip(x, high=1).data, [-2, 1])
    np.testing.assert_array_equal(x.clip(low=0).data, [0, 3])
    with pytest.raises(ValueError, match="low <= high"):
        ops.clip(x, 1, 0)


OPERATORS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: abs(a) ** b,
    "maximum": lambda a, b: minidl.maximum(a, b) if isinstance(a, Tensor) or isinstance(b, Tensor) else np.fmax(a, b),
    "minimum": lambda a, b: minidl.minimum(a, b) if isinstance(a, Tensor) or isinstance(b, Tensor) else np.fmin(a, b),
}


@pytest.mark.parametrize("f", OPERATORS.values(), ids=OPERATORS)
def test_operators_broadcast_like_numpy(f):
    for a, b in [(A, B), (B, A), (A, 2.5), (2.5, A), (A, 3), (3, A), (A, np.float64(0.5)), (np.array(1.5), A)]:
        expected = f(a, b)
        for x, y in [(Tensor(a), Tensor(b)), (Tensor(a), b), (a, Tensor(b))]:
            x, y = (Tensor(t.data, dtype="float64") if isinstance(t, Tensor) else t for t in (x, y))
            got = f(x, y)
            assert isinstance(got, Tensor) and got.dtype == np.float64
            np.testing.assert_allclose(got.data, expected, rtol=1e-13)


def test_unary_operators():
    np.testing.assert_array_equal((-Tensor(A)).data, -A)
    np.testing.assert_array_equal(abs(Tensor(A)).data, abs(A))


MATMUL = [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)), ((5, 1, 2, 3), (6, 3, 4)), ((5, 2, 3), (3,)), ((3,), (5, 3, 4)), ((0, 3), (3, 2)),
]  # fmt: skip


@pytest.mark.parametrize("shapes", MATMUL, ids=str)
def test_matmul_is_numpys(shapes):
    a, b = (rng().normal(size=s) for s in shapes)
    for x, y in [(Tensor(a), Tensor(b)), (Tensor(a), b), (a, Tensor(b)), (a.tolist() or a, Tensor(b))]:
        got = x @ y
        assert isinstance(got, Tensor) and got.shape == (a @ b).shape
        np.testing.assert_allclose(got.data, a @ b, rtol=1e-13)


def test_where_and_conditions_from_tensors():
    a, b = Tensor(A), Tensor(B)
    np.testing.assert_array_equal(ops.where(a > b, a, b).data, np.where(A > B, A, B))
    np.testing.assert_array_equal(ops.where(Tensor(A > 0), a, 0.0).data, np.where(A > 0, A, 0))


REDUCTIONS = {
    "sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min,
    "logsumexp": lambda x, axis, keepdims: sp.logsumexp(x, axis=axis, keepdims=keepdims),
    "var": np.var,
}  # fmt: skip


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, 2, -1, (0, 2), (-1, 0), (0, 1, 2), np.int64(1)], ids=str)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name, axis, keepdims):
    expected = REDUCTIONS[name](A, axis=axis, keepdims=keepdims)
    for got in (getattr(ops, name)(Tensor(A), axis, keepdims), getattr(Tensor(A), name)(axis=axis, keepdims=keepdims)):
        assert got.shape == np.shape(expected) and type(got.data) is np.ndarray
        np.testing.assert_allclose(got.data, expected, rtol=1e-12)


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_of_a_number(name):
    got = getattr(ops, name)(leaf(2.5))
    assert got.shape == () and got.item() == (0 if name == "var" else 2.5)
    got.backward()


def test_var_with_ddof():
    np.testing.assert_allclose(Tensor(A).var(axis=1, ddof=1).data, A.var(axis=1, ddof=1), rtol=1e-13)
    with pytest.raises(ValueError, match=r"ddof=1 needs more than 1 elements, got shape \(2, 1\)"):
        Tensor(np.ones((2, 1))).var(axis=1, ddof=1)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_and_log_softmax(axis):
    np.testing.assert_allclose(ops.softmax(Tensor(A), axis).data, sp.softmax(A, axis=axis), rtol=1e-13)
    np.testing.assert_allclose(ops.log_softmax(Tensor(A), axis).data, sp.log_softmax(A, axis=axis), rtol=1e-13)


def test_argmax():
    np.testing.assert_array_equal(ops.argmax(Tensor(A), axis=1), A.argmax(axis=1))
    assert Tensor(A).argmax() == A.argmax()


def test_shapes_values():
    a, b = Tensor(A), Tensor(A + 1)
    np.testing.assert_array_equal(a.reshape(6, 4).data, A.reshape(6, 4))
    np.testing.assert_array_equal(a.reshape((4, -1)).data, A.reshape(4, -1))
    np.testing.assert_array_equal(a.reshape(-1).data, A.ravel())
    np.testing.assert_array_equal(a.T.data, A.T)
    np.testing.assert_array_equal(a.transpose(1, -1, 0).data, A.transpose(1, 2, 0))
    np.testing.assert_array_equal(a.transpose((2, 0, 1)).data, A.transpose(2, 0, 1))
    np.testing.assert_array_equal(ops.concatenate([a, b], axis=-1).data, np.concatenate([A, A + 1], axis=-1))
    for axis in (0, 1, 3, -1, -2):
        np.testing.assert_array_equal(ops.stack([a, A + 1], axis).data, np.stack([A, A + 1], axis))
    np.testing.assert_array_equal(ops.stack([leaf(1), leaf(2)]).data, [1, 2])
    np.testing.assert_array_equal(ops.broadcast_to(Tensor(B), (2, 3, 4)).data, np.broadcast_to(B, (2, 3, 4)))


def test_indexing_values():
    a = Tensor(A)
    for index in [1, -1, slice(None, None, -1), (0, ..., 1), None, (slice(None), None, 2), [1, 0, 1],
                  np.array([[0], [1]]), (slice(None), [2, 0]), (np.array([0, 1]), 1, np.array([3, 3])), A > 0,
                  np.array([True, False])]:  # fmt: skip
        np.testing.assert_array_equal(a[index].data, A[index])
    np.testing.assert_array_equal(a[Tensor(np.array([1, 0, 1]))].data, A[[1, 0, 1]])


def test_the_gradient_of_an_element_taken_twice_counts_twice():
    (g,) = gradients(lambda x: x[[0, 2, 0, 0]], np.zeros(3))
    np.testing.assert_array_equal(g, [3, 0, 1])


def test_linear_and_its_twin():
    x, w, b = rng().normal(size=(5, 2, 3)), rng().normal(size=(3, 4)), rng().normal(size=4)
    np.testing.assert_allclose(ops.linear(Tensor(x), w, b).data, x @ w + b, rtol=1e-13)
    np.testing.assert_allclose(ops.linear(Tensor(x), w).data, x @ w, rtol=1e-13)
    for got, expected in zip(gradients(ops.linear, x, w, b), gradients(ops.naive_linear, x, w, b), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12)


LABELS = np.array([2, 0, 3, 3])
LOGITS = rng().normal(size=(4, 5)) * 4


def test_softmax_cross_entropy_and_its_twin():
    each = -sp.log_softmax(LOGITS, axis=1)[np.arange(4), LABELS]
    for labels in (LABELS, LABELS.astype("uint8"), LABELS.tolist(), Tensor(LABELS)):
        none = ops.softmax_cross_entropy(Tensor(LOGITS), labels, "none")
        np.testing.assert_allclose(none.data, each, rtol=1e-13)
    np.testing.assert_allclose(ops.softmax_cross_entropy(Tensor(LOGITS), LABELS, "sum").item(), each.sum(), rtol=1e-13)
    fused = ops.softmax_cross_entropy(Tensor(LOGITS), LABELS)
    naive = ops.naive_softmax_cross_entropy(Tensor(LOGITS), LABELS)
    np.testing.assert_allclose([fused.item(), naive.item()], each.mean(), rtol=1e-13)
    (g,) = gradients(lambda x: ops.softmax_cross_entropy(x, LABELS), LOGITS)
    (expected,) = gradients(lambda x: ops.naive_softmax_cross_entropy(x, LABELS), LOGITS)
    np.testing.assert_allclose(g, expected, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize(
    "labels, error, message",
    [
        ([0, 1, 2, 5], ValueError, r"0 \.\. 4 for 5 classes, got 0 \.\. 5"),
        ([0, 1, -1, 2], ValueError, r"got -1 \.\. 2"),
        ([0, 1, 2], ValueError, r"4 rows of logits and labels of shape \(3,\)"),
        ([[0], [1], [2], [3]], ValueError, "4 rows of logits"),
        ([0.0, 1.0, 2.0, 3.0], TypeError, "integer class labels"),
        (np.eye(5)[:4], TypeError, "argmax"),
    ],
)
def test_labels_that_do_not_fit(labels, error, message):
    with pytest.raises(error, match=message):
        ops.softmax_cross_entropy(Tensor(LOGITS), labels)


def test_other_bad_input_of_the_losses():
    with pytest.raises(ValueError, match=r"shape \(N, C\)"):
        ops.softmax_cross_entropy(Tensor([1.0, 2.0]), [0, 1])
    with pytest.raises(ValueError, match="no samples"):
        ops.softmax_cross_entropy(Tensor(np.zeros((0, 3))), np.zeros(0, int))
    for f in (lambda r: ops.mse(Tensor([1.0]), [1.0], r), lambda r: ops.softmax_cross_entropy(Tensor([[1.0]]), [0], r)):
        with pytest.raises(ValueError, match="'mean', 'sum' or 'none', got 'avg'"):
            f("avg")
    for f in (ops.mse, ops.binary_cross_entropy_with_logits):
        with pytest.raises(ValueError, match=r"shape \(3, 1\), targets \(3,\)"):
            f(Tensor(np.ones((3, 1))), np.ones(3))
    for bad in ([1.5], [-0.1], [np.nan]):
        with pytest.raises(ValueError, match=r"\[0, 1\]"):
            ops.binary_cross_entropy_with_logits(Tensor([0.0]), bad)


def test_one_hot():
    expected = np.eye(3, dtype="float32")[[2, 0]]
    for labels in (np.array([2, 0]), [2, 0], Tensor(np.array([2, 0]))):
        got = ops.one_hot(labels, 3)
        assert got.dtype == np.float32
        np.testing.assert_array_equal(got, expected)
    for bad in ([0, 3], [-1, 0]):
        with pytest.raises(ValueError, match=r"0 \.\. 2"):
            ops.one_hot(np.array(bad), 3)


def test_binary_cross_entropy_and_its_twin():
    x, t = rng().normal(size=(3, 2)), rng().uniform(size=(3, 2))
    each = -(t * np.log(sp.expit(x)) + (1 - t) * np.log(1 - sp.expit(x)))
    f = ops.binary_cross_entropy_with_logits
    np.testing.assert_allclose(f(Tensor(x), t, "none").data, each, rtol=1e-12)
    np.testing.assert_allclose(f(Tensor(x), t, "sum").item(), each.sum(), rtol=1e-12)
    np.testing.assert_allclose(f(Tensor(x), t).item(), each.mean(), rtol=1e-12)
    for got, expected in zip(gradients(f, x, t), gradients(ops.naive_binary_cross_entropy, x, t), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_mse():
    a, b = rng().normal(size=(2, 3, 2))
    np.testing.assert_allclose(ops.mse(Tensor(a), b).item(), np.mean((a - b) ** 2), rtol=1e-13)
    np.testing.assert_allclose(ops.mse(Tensor(a), b, "sum").item(), np.sum((a - b) ** 2), rtol=1e-13)
    np.testing.assert_allclose(ops.mse(Tensor(a), b, "none").data, (a - b) ** 2, rtol=1e-13)
    np.testing.assert_allclose(gradients(lambda x: ops.mse(x, b), a)[0], 2 * (a - b) / 6, rtol=1e-13)
    np.testing.assert_allclose(gradients(lambda x: ops.mse(3.0, x), 1.0)[0], -4)


def test_dropout():
    x = np.ones((200, 50))
    y = ops.dropout(Tensor(x), 0.3, np.random.default_rng(0)).data
    np.testing.assert_allclose(np.unique(y), [0, 1 / 0.7], rtol=1e-15)  # all digits of float64
    assert abs((y == 0).mean() - 0.3) < 0.02
    np.testing.assert_array_equal(ops.dropout(Tensor(x), 0.3, np.random.default_rng(0)).data, y)
    np.testing.assert_array_equal(gradients(lambda x: ops.dropout(x, 0.3, np.random.default_rng(0)), x)[0], y)
    np.testing.assert_array_equal(ops.dropout(Tensor(x), 0.0, np.random.default_rng(0)).data, x)
    for p in (1.0, -0.1, float("nan")):
        with pytest.raises(ValueError, match="0 <= p < 1"):
            ops.dropout(Tensor(x), p, np.random.default_rng(0))


def test_batch_norm_layer_norm_and_the_twin():
    x, gamma, beta = rng().normal(size=(6, 4)) * 3 + 5, rng().normal(size=4), rng().normal(size=4)
    expected = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5) * gamma + beta
    np.testing.assert_allclose(ops.batch_norm(Tensor(x), gamma, beta).data, expected, rtol=1e-11)
    expected = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 0.1) * gamma + beta
    np.testing.assert_allclose(ops.layer_norm(Tensor(x), gamma, beta, 0.1).data, expected, rtol=1e-11)
    upstream = rng().normal(size=(6, 4))

    def weighted(f):
        return lambda *inputs: f(*inputs) * upstream

    twins = [gradients(weighted(f), x, gamma, beta) for f in (ops.batch_norm, ops.naive_batch_norm)]
    for got, expected in zip(*twins, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)


# -- extreme inputs: nothing overflows that need not

EXTREME = np.array([-1000.0, -1.0, 0.0, 1.0, 1000.0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "f",
    [ops.sigmoid, ops.softplus, ops.tanh, ops.relu, ops.leaky_relu, ops.elu, ops.gelu, ops.softmax, ops.log_softmax,
     ops.logsumexp, lambda x: ops.softmax_cross_entropy(x.reshape(1, 5), [0]), lambda x: x.max(),
     lambda x: ops.binary_cross_entropy_with_logits(x, [0, 1, 0, 1, 0]),
     lambda x: ops.layer_norm(x.reshape(1, 5), [1, 2, 3, 4, 5], 0)],
)  # fmt: skip
def test_extreme_inputs_stay_finite(f, dtype):
    x = leaf(EXTREME, dtype)
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        y = f(x)
        y.backward(np.ones(y.shape))
    assert np.isfinite(y.data).all() and np.isfinite(x.grad.data).all()


def test_extreme_values():
    np.testing.assert_allclose(ops.sigmoid(EXTREME)[[0, -1]], [0, 1])
    np.testing.assert_allclose(ops.softplus(EXTREME)[[0, -1]], [0, 1000])
    assert ops.logsumexp(Tensor(EXTREME)).item() == 1000
    assert ops.softmax_cross_entropy(Tensor(EXTREME[None]), [0]).item() == 2000
    assert ops.sigmoid(Tensor(-100.0)).item() > 0  # the small tail is there, not rounded to 0
    assert ops.sigmoid(Tensor(-80.0, dtype="float64")).item() == pytest.approx(np.exp(-80), rel=1e-12)
    assert ops.softplus(Tensor(-80.0, dtype="float64")).item() == pytest.approx(np.exp(-80), rel=1e-12)
    assert ops.elu(Tensor(-1e-12, dtype="float64")).item() == pytest.approx(-1e-12, rel=1e-9)
    assert ops.logsumexp(Tensor([0.0, -np.inf])).item() == 0
    log_p = ops.log_softmax(Tensor([1000.0, 990.0], dtype="float64")).data  # 1000 - log(...) has lost these digits
    np.testing.assert_allclose(log_p, [-np.log1p(np.exp(-10)), -10 - np.log1p(np.exp(-10))], rtol=1e-12)


# -- ties and edges, as documented


def test_ties_share_the_gradient():
    np.testing.assert_array_equal(gradients(ops.maximum, [1.0, 2, 3], [1.0, 3, 2]), [[0.5, 0, 1], [0.5, 1, 0]])
    np.testing.assert_array_equal(gradients(ops.minimum, [1.0, 2, 3], [1.0, 3, 2]), [[0.5, 1, 0], [0.5, 0, 1]])
    np.testing.assert_allclose(gradients(lambda x: x.max(), [3.0, 1, 3, 3])[0], [1 / 3, 0, 1 / 3, 1 / 3])
    np.testing.assert_allclose(gradients(lambda x: x.min(axis=1), [[3.0, 1, 1], [0, 0, 0]])[0],
                               [[0, 0.5, 0.5], [1 / 3, 1 / 3, 1 / 3]])  # fmt: skip


def test_derivatives_at_the_kinks():
    x = [-1.0, 0.0, 1.0]
    np.testing.assert_array_equal(gradients(ops.relu, x)[0], [0, 0, 1])
    np.testing.assert_array_equal(gradients(ops.abs, x)[0], [-1, 0, 1])
    np.testing.assert_array_equal(gradients(lambda x: ops.leaky_relu(x, 0.25), x)[0], [0.25, 0.25, 1])
    np.testing.assert_array_equal(gradients(ops.elu, x)[0], [np.exp(-1), 1, 1])
    np.testing.assert_array_equal(gradients(lambda x: ops.clip(x, -1, 0), [-2.0, *x])[0], [0, 1, 1, 0])


def test_powers_at_zero():
    np.testing.assert_array_equal(gradients(lambda x: x**0, [0.0, 2.0])[0], [0, 0])
    np.testing.assert_array_equal(gradients(lambda x: x**1, [0.0, 2.0])[0], [1, 1])
    np.testing.assert_array_equal(gradients(lambda x: x**2, [0.0, -2.0])[0], [0, -4])
    np.testing.assert_array_equal(gradients(lambda a, b: a**b, [0.0, 0.0], [0.0, 2.0]), [[0, 0], [0, 0]])
    np.testing.assert_array_equal(gradients(lambda b: 0.0**b, [0.0, 2.0])[0], [0, 0])


def test_numbers_to_a_tensor_power():
    x = [0.5, 2.0]
    for base in (3.0, 3, np.float32(3), np.float64(3), np.array(3.0)):
        np.testing.assert_allclose(gradients(lambda x: base**x, x)[0], 3.0 ** np.array(x) * np.log(3), rtol=1e-14)  # noqa: B023


# -- dtypes: float32 stays float32, whatever the constants are

X = np.array([[0.5, 1.5, 2.5], [3.5, 4.5, 6.5]])
CONSTANTS = [2, 2.0, True, np.float64(2), np.float32(2), np.int64(2), np.bool_(True), np.full((2, 3), 2.0),
             np.full((2, 3), 2), np.full(3, 2, "uint8"), np.array(2.0), [[2.0, 1, 1], [1, 1, 1]],
             Tensor(np.full((2, 3), 2))]  # fmt: skip
BINARY = [*OPERATORS.values(), lambda a, b: ops.where(X > 2, a, b)]


@pytest.mark.parametrize("dtype", ["float32", "float16", "float64"])
@pytest.mark.parametrize("f", BINARY, ids=[*OPERATORS, "where"])
def test_constants_do_not_change_the_dtype(f, dtype):
    for c in CONSTANTS:
        for flip in (False, True):
            if flip and isinstance(c, list) and f is OPERATORS["pow"]:
                continue  # abs of a list is Python's business
            x = leaf(X, dtype)
            y = f(c, x) if flip else f(x, c)
            assert y.dtype == dtype, c
            y.backward(np.ones(y.shape))
            assert x.grad.dtype == dtype, c
            with np.errstate(all="ignore"):
                second = minidl.grad((f(c, x) if flip else f(x, c)).sum(), x, create_graph=True)
            assert second.dtype == dtype, c


UNARY = {
    **{name: getattr(ops, name) for name in ELEMENTWISE},
    "log": ops.log, "sqrt": ops.sqrt, "power": lambda x: x ** np.float64(2) + x ** np.float32(3) + x**2 + x**-0.5,
    "leaky_relu": lambda x: ops.leaky_relu(x, np.float64(0.1)), "elu": lambda x: ops.elu(x, np.float64(0.1)),
    "clip": lambda x: ops.clip(x, np.float64(1), np.int64(2)), **{name: getattr(ops, name) for name in REDUCTIONS},
    "mean of axis": lambda x: x.mean(axis=0), "var of axis": lambda x: x.var(axis=0, ddof=1),
    "softmax": ops.softmax, "log_softmax": ops.log_softmax, "reshape": lambda x: x.reshape(3, 2), "T": lambda x: x.T,
    "getitem": lambda x: x[0, [1, 1]], "concatenate": lambda x: ops.concatenate([x, np.ones((1, 3))]),
    "stack": lambda x: ops.stack([x, np.ones((2, 3), int)]), "broadcast_to": lambda x: ops.broadcast_to(x, (4, 2, 3)),
    "matmul": lambda x: x @ np.ones((3, 2)), "rmatmul": lambda x: np.ones((3, 2), int) @ x,
    "linear": lambda x: ops.linear(x, np.ones((3, 2)), np.ones(2)),
    "linear w": lambda w: ops.linear(X.tolist(), w.T, 0),
    "cross entropy": lambda x: ops.softmax_cross_entropy(x, [0, 1]), "mse": lambda x: ops.mse(x, X),
    "naive cross entropy": lambda x: ops.naive_softmax_cross_entropy(x, [0, 1]),
    "none": lambda x: ops.softmax_cross_entropy(x, [0, 1], "none"),
    "bce": lambda x: ops.binary_cross_entropy_with_logits(x, X > 2),
    "dropout": lambda x: ops.dropout(x, np.float64(0.5), np.random.default_rng(0)),
    "batch_norm": lambda x: ops.batch_norm(x, np.ones(3), np.ones(3), np.float64(1e-5)),
    "layer_norm": lambda x: ops.layer_norm(x, [1, 1, 1], 0.0, np.float64(1e-5)),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("f", UNARY.values(), ids=UNARY)
def test_the_dtype_stays(f, dtype):
    x = leaf(X, dtype)
    y = f(x)
    assert y.dtype == dtype and type(y.data) is np.ndarray
    g = minidl.grad(y, x, grad_outputs=np.ones(y.shape), create_graph=True)
    assert g.dtype == dtype and type(g.data) is np.ndarray
    if g.requires_grad:
        try:
            h = minidl.grad(g.sum(), x)
        except RuntimeError as error:
            assert "do not depend" in str(error)
        else:
            assert h.dtype == dtype


@pytest.mark.parametrize("f", [*BINARY, lambda a, b: a @ b.T, lambda a, b: ops.concatenate([a, b]), ops.mse])
def test_tensors_of_different_floating_dtypes_do_not_mix(f):
    with pytest.raises(TypeError, match="float32 and float64 do not mix"):
        f(leaf(X, "float32"), Tensor(X))
    with pytest.raises(TypeError, match="float64 and float32 do not mix"):
        f(leaf(X), leaf(X, "float32"))


# -- messages


@pytest.mark.parametrize("b", [Tensor(np.ones(4)), np.ones(4), [1.0] * 4], ids=["tensor", "array", "list"])
def test_shapes_that_do_not_fit_are_named_with_the_operation(b):
    a = leaf(np.ones((2, 3)))
    for f, name in [(lambda: a + b, "add"), (lambda: a * b, "mul"), (lambda: ops.maximum(a, b), "maximum"),
                    (lambda: ops.where(True, a, b), "where")]:  # fmt: skip
        with pytest.raises(ValueError, match=rf"^{name} of shapes \(2, 3\) and \(4,\): "):
            f()
    with pytest.raises(ValueError, match=r"^sub of shapes \(4,\) and \(2, 3\): "):
        b - a
    with pytest.raises(ValueError, match=r"^matmul of shapes \(2, 3\) and \(4,\): "):
        a @ b


def test_messages_of_other_misfits():
    a = leaf(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"linear of shapes \(2, 3\) and \(4, 2\) and \(2,\)"):
        ops.linear(a, np.ones((4, 2)), np.ones(2))
    with pytest.raises(ValueError, match=r"matmul of shapes \(5, 2, 3\) and \(4, 3, 2\)"):
        leaf(np.ones((5, 2, 3))) @ np.ones((4, 3, 2))
    with pytest.raises(ValueError, match=r"matmul of shapes \(2, 3\) and \(\)"):
        a @ 2
    with pytest.raises(ValueError, match=r"reshape of shape \(2, 3\): .* into shape \(4,\)"):
        a.reshape(4)
    with pytest.raises(ValueError, match=r"concatenate of shapes \(2, 3\) and \(2, 2\)"):
        ops.concatenate([a, np.ones((2, 2))])
    with pytest.raises(IndexError, match="index 5 is out of bounds"):
        a[5]
    for empty in (ops.concatenate, ops.stack):
        with pytest.raises(ValueError, match="empty list"):
            empty([])


def test_an_axis_that_is_not_there():
    a = leaf(np.ones((2, 3)))
    for f in (
        lambda: a.sum(axis=2), lambda: a.max(axis=(0, -3)), lambda: ops.concatenate([a, a], axis=2),
        lambda: ops.stack([a, a], axis=3), lambda: a.transpose(0, 2),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"axis -?\d is out of range for shape"):
            f()
    for f in (ops.softmax, ops.log_softmax):
        with pytest.raises(ValueError, match=r"softmax of shape .*axis 2 is out of bounds"):
            f(a, 2)
    with pytest.raises(ValueError, match=r"axis 0 is out of range for shape \(\)"):
        ops.concatenate([leaf(1.0), leaf(2.0)])


BAD = [None, "2", {}, object(), 1j, np.array([1j]), np.array(["a"])]


@pytest.mark.parametrize("bad", BAD, ids=[str(i) for i in range(len(BAD))])
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(TypeError, match="mul: cannot compute with a Tensor and"):
        ops.mul(leaf([1.0]), bad)


def test_an_empty_batch_goes_through():
    x, w = leaf(np.ones((0, 3))), leaf(np.ones((3, 2)))
    y = ops.linear(x, w, np.ones(2)).relu().mean(axis=1)
    y.backward(np.ones(0))
    assert y.shape == (0,) and x.grad.shape == (0, 3)
    np.testing.assert_array_equal(w.grad.data, 0)


def test_dropout_refuses_integer_data():
    with pytest.raises(TypeError, match="dropout needs floating data, got dtype int64"):
        ops.dropout(Tensor(np.arange(3)), 0.5, np.random.default_rng(0))


def test_an_option_left_out_has_its_default_in_the_derivative_too():
    scaled = operation("scaled", lambda x, by=4.0: x * by, x=lambda g, by: g * by)
    plain = operation("plain", np.negative, x=lambda g: -g)  # a function that cannot tell its arguments
    for options, slope in (({}, 4.0), ({"by": 3.0}, 3.0)):
        x = Tensor([1.0, 2.0], requires_grad=True)
        (plain(scaled(x, **options))).sum().backward()
        np.testing.assert_array_equal(x.grad.data, [-slope, -slope])
