"""Tensor as a value (NumPy, Python), and the recorded graph: what backward() and grad() give, keep and refuse."""

import copy
import math
import pickle

import numpy as np
import pytest

import minidl
from minidl import Tensor
from minidl.tensor import mark_changed


def leaf(*values, dtype="float64"):
    return Tensor(values[0] if len(values) == 1 else list(values), requires_grad=True, dtype=dtype)


def values(t):
    assert isinstance(t, Tensor)
    return t.data.tolist()


# -- making one


def test_data_is_copied():
    a = np.array([1.0, 2.0])
    t, u = Tensor(a), Tensor(Tensor(a).data)
    v = Tensor(t)
    a[0] = t.data[1] = 9
    assert values(t) == [1, 9] and values(u) == [1, 2] and values(v) == [1, 2]


@pytest.mark.parametrize(
    "data, dtype",
    [
        (1, "float32"), (1.5, "float32"), (True, "float32"), ([1, 2], "float32"), ([[1.5], [2.5]], "float32"),
        ((), "float32"), (range(3), "float32"), ([Tensor(1.0), Tensor(2.0)], "float32"), ([np.float64(1)], "float32"),
        (np.float64(1), "float64"), (np.ones(2), "float64"), (np.ones(2, "float16"), "float16"),
        (np.arange(3), "int64"), (np.arange(3, dtype="uint8"), "uint8"), (np.array([True]), "bool"),
    ],
)  # fmt: skip
def test_dtype_of_the_data(data, dtype):
    assert Tensor(data).dtype == dtype
    assert Tensor(data, dtype="float64").dtype == "float64"


def test_what_cannot_be_data():
    for data in (None, [None, 1.0], "abc", {}, 1j, np.array([1j]), np.array(["2020"], "M8[D]"), [1, "a"]):
        for dtype in (None, "float32"):
            with pytest.raises(TypeError, match="real numbers"):
                Tensor(data, dtype=dtype)
    with pytest.raises(ValueError, match="inhomogeneous"):
        Tensor([[1, 2], [3]])
    with pytest.raises(ValueError, match="unknown device 'gpu'"):
        Tensor(1.0, device="gpu")


@pytest.mark.parametrize("data", [np.arange(3), np.array([True]), np.int64(3)])
def test_integers_cannot_have_a_gradient(data):
    with pytest.raises(TypeError, match=r"only floating data .* dtype='float32'"):
        Tensor(data, requires_grad=True)
    assert Tensor(data, requires_grad=True, dtype="float32").requires_grad


def test_an_integer_tensor_is_a_constant():
    x, n = leaf(1.0, 2.0, dtype="float32"), Tensor(np.array([3, 4]))
    for y in (x * n, n * x):
        assert y.dtype == np.float32
        (g,) = minidl.grad(y.sum(), [x])
        assert values(g) == [3, 4]
    assert (n + n).dtype == np.int64 and (n + 1).dtype == np.int64 and not (n + n).requires_grad


def test_attributes():
    t = Tensor(np.ones((2, 3)), requires_grad=True)
    assert (t.shape, t.ndim, t.size, t.dtype, t.device, t.T.shape) == ((2, 3), 2, 6, np.float64, "cpu", (3, 2))
    assert t.requires_grad and t.grad is None and t.name is None
    assert Tensor(1.0, device="cpu").device == "cpu"


def test_setting_data():
    t = leaf(1.0, 2.0)
    t.data = np.array([3.0, 4.0])
    t.data -= 1
    assert values(t) == [2, 3]
    for wrong in (np.ones(3), np.ones(2, "float32"), [1.0, 2.0], 1.0, Tensor([1.0, 2.0], dtype="float64")):
        with pytest.raises(ValueError, match=r"array of shape \(2,\), dtype float64"):
            t.data = wrong
    assert values(t) == [2, 3]


def test_setting_grad():
    t = leaf(1.0, 2.0, dtype="float32")
    array = np.array([3.0, 4.0])  # an array is cast and copied
    t.grad = array
    array[0] = 9
    assert values(t.grad) == [3, 4] and t.grad.dtype == np.float32
    g = Tensor([5.0, 6.0])
    t.grad = g
    assert t.grad is g
    for wrong in (np.ones(3), 1.0, Tensor([1.0, 2.0], dtype="float64"), Tensor([1.0])):
        with pytest.raises(ValueError, match=r"gradient of shape \(2,\), dtype float32 must be like it"):
            t.grad = wrong
    assert t.grad is g
    t.grad = None
    assert t.grad is None


# -- Python


def test_numbers():
    t = Tensor([[2.5]])
    assert (t.item(), float(t), int(t), f"{t:.3f}", f"{t:g}") == (2.5, 2.5, 2, "2.500", "2.5")
    assert type(t.item()) is float and type(Tensor(np.array(3)).item()) is int
    for f in (float, int, Tensor.item, "{:.3f}".format):
        with pytest.raises(ValueError, match=r"one element, this one has shape \(2,\)"):
            f(Tensor([1.0, 2.0]))


def test_repr():
    assert repr(Tensor([1.0, 2.5])) == str(Tensor([1.0, 2.5])) == f"{Tensor([1.0, 2.5])}" == "Tensor([1. , 2.5])"
    assert repr(Tensor(3.0)) == "Tensor(3.)"
    assert repr(leaf(1.0)) == "Tensor(1., dtype=float64, requires_grad=True)"
    assert repr(leaf([1.0], dtype="float32") * 2) == "Tensor([2.], op=mul)"
    assert repr(Tensor(np.eye(2))) == "Tensor([[1., 0.],\n        [0., 1.]], dtype=float64)"
    assert len(repr(Tensor(np.ones((1000, 1000))))) < 2000


def test_length_iteration_and_truth():
    t = leaf([[1.0, 2.0], [3.0, 4.0]])
    assert len(t) == 2
    assert [values(row) for row in t] == [[1, 2], [3, 4]]
    a, b = t
    (a * b).sum().backward()
    assert values(t.grad) == [[3, 4], [1, 2]]
    for f in (len, iter):
        with pytest.raises(TypeError, match=r"shape \(\)"):
            f(leaf(1.0))
    for f in (bool, lambda t: t and 1, lambda t: not t, lambda t: 1 if t > 0 and t else 2):
        with pytest.raises(TypeError, match="neither true nor false"):
            f(Tensor(1.0))


def test_comparisons_give_boolean_arrays():
    t, u = leaf(1.0, 2.0), Tensor([2.0, 2.0], dtype="float64")
    for got, expected in [
        (t < u, [1, 0]), (t <= u, [1, 1]), (t > u, [0, 0]), (t >= u, [0, 1]), (t == u, [0, 1]), (t != u, [1, 0]),
        (t < 2, [1, 0]), (t == 2, [0, 1]), (np.array([2.0, 2.0]) > t, [1, 0]),
        (np.array([2.0, 1.0]) == t, [0, 0]), (np.array([2.0, 2.0]) != t, [1, 0]),
    ]:  # fmt: skip
        assert type(got) is np.ndarray and got.dtype == bool
        assert got.tolist() == [bool(e) for e in expected]


def test_hash_is_identity():
    a, b = Tensor(1.0), Tensor(1.0)
    assert len({a, b}) == 2 and {a: 1}[a] == 1


def test_no_operator_works_in_place():
    names = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"]
    assert not [n for n in names if hasattr(Tensor, f"__i{n}__")]
    x = leaf(1.0, 2.0)
    y = x
    y += 1
    y *= 3
    assert values(x) == [1, 2] and values(y) == [6, 9]
    with pytest.raises(TypeError):
        x[0] = 5


# -- NumPy


def test_asarray_is_a_view_that_cannot_be_written():
    t = leaf(1.0, 2.0)
    a = np.asarray(t)
    assert np.shares_memory(a, t.data) and not a.flags.writeable and t.data.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        a[0] = 5
    assert np.asarray(t, dtype="float32").dtype == np.float32
    b, c = np.array(t), t.numpy()
    b[0] = c[0] = 7
    assert values(t) == [1, 2]


def test_arrays_and_numpy_scalars_on_the_left():
    t, a = leaf(1.0, 2.0, dtype="float32"), np.array([[1.0, 2.0], [3.0, 4.0]])
    for y, expected in [
        (a @ t, [5, 11]), (a + t, [[2, 4], [4, 6]]), (a - t, [[0, 0], [2, 2]]), (a[0] * t, [1, 4]),
        (a[0] / t, [1, 1]), (np.float32(2) * t, [2, 4]), (np.float64(2) * t, [2, 4]), (np.int64(2) - t, [1, 0]),
        (np.float64(2) ** t, [2, 4]), (a[0] ** t, [1, 4]), (np.array(2.0) * t, [2, 4]), ([1, 2] * t, [1, 4]),
    ]:  # fmt: skip
        assert isinstance(y, Tensor) and y.requires_grad and y.dtype == np.float32
        assert values(y) == expected


def test_numpy_functions_see_the_array():
    t = leaf(1.0, 3.0)
    assert np.allclose(t, [1, 3]) and np.array_equal(t, t) and np.argmax(t) == 1 and np.shape(t) == (2,)
    assert type(np.stack([[1, 3], t.numpy()])) is np.ndarray and np.linalg.norm(t) == 10**0.5
    assert np.allclose(actual := t, b=np.array([1, 3])) and actual is t
    np.testing.assert_allclose(t, [1, 3])
    with pytest.raises(TypeError, match="ufunc"):  # no silent loss of the gradient
        np.exp(t)


def test_numpy_functions_that_minidl_has_keep_the_graph():
    t = leaf(1.0, 3.0)
    loss = np.sum(t * t) + np.mean(t, axis=0) + np.concatenate([t, t]).sum() + np.max(t, keepdims=True).sum()
    loss.backward()
    assert values(t.grad) == [2 + 0.5 + 2, 6 + 0.5 + 2 + 1]


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))])
def test_copies_of_a_leaf(how):
    t = leaf(1.0, 2.0)
    t.grad, t.name = [3.0, 4.0], "dense.weight"
    t._changed = 10**9  # as when it comes from a process that made many steps
    u = how(t)
    t.data[0] = 9
    assert values(u) == [1, 2] and values(u.grad) == [3, 4]
    assert (u.name, u.requires_grad, u.dtype) == ("dense.weight", True, np.float64)
    y = (u * u).sum()
    mark_changed(leaf(1.0))
    y.backward()  # u itself was not changed since
    assert values(u.grad) == [5, 8]


def test_a_deep_copy_keeps_sharing():
    w = leaf(1.0)
    a, b = copy.deepcopy([w, w])
    assert a is b and a is not w


def test_a_result_cannot_be_copied_with_its_graph():
    y = leaf(1.0) * 2
    for how in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match=r"result of mul .* detach"):
            how(y)
    assert values(copy.deepcopy(y.detach())) == 2
    assert values(copy.deepcopy(Tensor(1.0) * 2)) == 2  # nothing was recorded here


# -- the gradient: who gets how much


def test_diamonds():
    a, b = leaf(1.0), leaf(2.0)
    c = a + b
    d = c + a
    d.backward()
    assert (values(a.grad), values(b.grad)) == (2, 1)

    x = leaf(3.0)
    y = x * x
    z = y * y + y * x + x  # x^4 + x^3 + x
    z.backward()
    assert values(x.grad) == 4 * 27 + 3 * 9 + 1

    x, w, upstream = leaf(1.0), leaf(1.0), np.array(1.0)
    h, k = x * 2, w * 3
    ((h + k) + h).backward(upstream)  # h's gradient grows while the same array is still on its way to k
    assert (values(x.grad), values(w.grad), upstream) == (4, 3, 1)


def test_an_operand_used_twice():
    for f, expected in [(lambda x: x + x, 2), (lambda x: x * x, 6), (lambda x: x - x, 0), (lambda x: x / x, 0),
                        (lambda x: minidl.maximum(x, x), 1), (lambda x: minidl.stack([x, x, x]).sum(), 3),
                        (lambda x: minidl.where(True, x, x), 1),
                        (lambda x: x**x, 27 * (1 + math.log(3)))]:  # fmt: skip
        x = leaf(3.0)
        f(x).backward()
        assert x.grad.item() == pytest.approx(expected)


def test_the_newest_result_goes_first():
    """A depth-first order would send y's gradient on before all of it had arrived."""
    x = leaf(2.0)
    y = x * 3
    long = y * 5
    for _ in range(10):
        long = long * 1
    (y + long).backward()
    assert values(x.grad) == 18


ALIASING = {
    "add": lambda a, b: a + b,
    "add twice": lambda a, b: (a + b) + a,
    "sub": lambda a, b: a - b,
    "sum": lambda a, b: a.sum() + b.sum(),
    "reshape": lambda a, b: a.reshape(6) + b.reshape(6),
    "transpose": lambda a, b: a.T + b.T,
    "broadcast": lambda a, b: minidl.broadcast_to(a, (4, 2, 3)) + b,
    "copy": lambda a, b: a.copy() + b.copy(),
    "slices": lambda a, b: a[:] + b[:, :],
    "index": lambda a, b: a[[0, 1]] + b,
    "mul by one": lambda a, b: (a * 1) + (b * 1),
    "where": lambda a, b: minidl.where(True, a, b) + minidl.where(False, a, b),
    "concatenate": lambda a, b: minidl.concatenate([a, b]),
    "stack": lambda a, b: minidl.stack([a, b]),
    "mul": lambda a, b: a * b,
    "power": lambda a, b: a**1 + b**2,
    "mse": lambda a, b: minidl.mse(a, b, "none"),
}


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("f", ALIASING.values(), ids=ALIASING)
def test_the_first_gradient_owns_its_memory(f, create_graph):
    """Changing one gradient in place leaves the other, the upstream gradient, the data and a second pass alone."""
    a, b = leaf(np.arange(6.0).reshape(2, 3)), leaf(np.ones((2, 3)))
    y = f(a, b)
    upstream = Tensor(np.full(y.shape, 2.0))
    y.backward(upstream, retain_graph=True, create_graph=create_graph)
    expected = [g.numpy() for g in (a.grad, b.grad, a, b, y)]
    first = [g.data for g in (a.grad, b.grad)]
    for g in first:
        assert g.flags.writeable and g.flags.owndata
    first[0][...] = 77
    assert np.array_equal(first[1], expected[1]) and np.array_equal(upstream, np.full(y.shape, 2.0))
    first[1][...] = 78
    assert (first[0] == 77).all()
    for t, before in zip((a, b, y), expected[2:], strict=True):
        assert np.array_equal(t, before)
    a.grad = b.grad = None
    y.backward(upstream)
    assert np.array_equal(a.grad, expected[0]) and np.array_equal(b.grad, expected[1])


def test_gradients_of_intermediate_results_own_their_memory_too():
    x = leaf(1.0, 2.0)
    h = x * 1
    k = h + 0
    grads = minidl.grad(k.sum(), [k, h, x])
    grads[0].data[...] = 5
    grads[1].data[...] = 6
    assert [values(g) for g in grads] == [[5, 5], [6, 6], [1, 1]]


def test_backward_on_a_leaf_copies_what_it_is_given():
    x, g = leaf(1.0, 2.0), Tensor([3.0, 4.0], dtype="float64")
    x.backward(g)
    x.grad.data[0] = 9
    assert values(g) == [3, 4]


def test_gradients_add_up_over_calls():
    x = leaf(1.0, 2.0)
    (x * x).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    assert values(x.grad) == [5, 7] and values(first) == [2, 4]
    x.grad = None
    (x * 3).sum().backward()
    assert values(x.grad) == [3, 3]


def test_backward_with_a_gradient():
    for g in ([1.0, 10.0], np.array([1, 10]), Tensor([1.0, 10.0], dtype="float64")):
        x = leaf(3.0, 4.0)
        (x * x).backward(g)
        assert values(x.grad) == [6, 80]
    for wrong in (np.ones(3), 1.0, Tensor([1.0, 10.0])):  # the last is float32
        with pytest.raises(ValueError, match="must be like it"):
            (x * x).backward(wrong)
    with pytest.raises(RuntimeError, match=r"this one has shape \(2,\); reduce it"):
        (x * x).backward()
    y = leaf([[2.0]])
    (y * y).backward()  # one element is enough
    assert values(y.grad) == [[4]]


def test_grad_leaves_grad_untouched():
    x, w = leaf(2.0), leaf(5.0)
    g = minidl.grad(x * x * w, x)
    assert isinstance(g, Tensor) and values(g) == 20 and not g.requires_grad
    gx, gw = minidl.grad(x * x * w, [x, w])
    assert (values(gx), values(gw)) == (20, 4)
    assert x.grad is None and w.grad is None


def test_grad_of_several_outputs_adds_up():
    x = leaf(2.0)
    assert values(minidl.grad([x * x, 3 * x], x)) == 7
    assert values(minidl.grad([x * x, 3 * x], x, grad_outputs=[10.0, 1.0])) == 43
    assert values(minidl.grad([x, x], x)) == 2
    v = leaf(1.0, 2.0)
    assert values(minidl.grad(v * v, v, grad_outputs=[1.0, 10.0])) == [2, 40]
    with pytest.raises(ValueError):
        minidl.grad([x * x, 3 * x], x, grad_outputs=[1.0])


def test_grad_of_intermediate_results():
    x = leaf(3.0)
    h = x * x
    y = h * h
    gh, gx, gy = minidl.grad(y, [h, x, y])
    assert (values(gh), values(gx), values(gy)) == (18, 108, 1)


def test_grad_goes_no_further_than_asked():
    x = leaf(3.0)
    h = x * x
    assert values(minidl.grad(h * 5, h)) == 5
    assert values(minidl.grad(h, x)) == 6  # the graph behind h was neither used nor released


def test_a_released_result_on_the_way_raises_and_is_not_skipped():
    x = leaf(3.0)
    h = x * x
    minidl.grad(h, x)
    for f in (lambda: minidl.grad(h * 2 + x, x), lambda: minidl.grad(h, x), lambda: (h * 2 + x).backward()):
        with pytest.raises(RuntimeError, match=r"released by an earlier backward\(\) \(at mul\)"):
            f()
    assert values(minidl.grad(h * 5, h)) == 5  # what lies behind h is not needed


def counted():
    """x -> 2 x, with a list that grows with every derivative computed."""
    calls = []

    def derivative(g):
        calls.append(1)
        return g * 2

    return minidl.operation("double", lambda x: x * 2, x=derivative), calls


def test_a_gradient_that_no_one_asked_for_is_not_computed():
    double, calls = counted()
    x, w = leaf(3.0), leaf(5.0)
    hidden = double(x)
    (g,) = minidl.grad(hidden * w, [w])
    assert values(g) == 6 and not calls
    constant = double(Tensor(3.0, dtype="float64"))
    (constant * w).backward()
    assert not calls
    frozen = leaf(3.0)
    y = double(double(frozen)) * w
    frozen.requires_grad = False
    y.backward()
    assert len(calls) == 1 and frozen.grad is None  # the outer one, whose input required a gradient when recorded
    (double(x) * w).backward()
    assert len(calls) == 2
    y = double(double(x)) * w
    h = y * 2
    minidl.grad(h, y)
    assert len(calls) == 2


def test_only_the_operands_that_need_one_get_a_derivative():
    calls = []

    def da(g):
        calls.append("a")
        return g

    def db(g):
        calls.append("b")
        return g

    op = minidl.operation("plus", np.add, a=da, b=db)
    op(leaf(1.0), Tensor(2.0, dtype="float64")).backward()
    assert calls == ["a"]
    op(3.0, leaf(1.0)).backward()
    assert calls == ["a", "b"]
    x, w = leaf(1.0), leaf(2.0)
    minidl.grad(op(op(x, x), w), w)
    assert calls == ["a", "b", "b"]


# -- higher derivatives


def test_third_derivative():
    x = leaf(2.0)
    y = x**4
    d = []
    for _ in range(5):
        y = minidl.grad(y, x, create_graph=True)
        d.append(y.item())
    assert d == [32, 48, 48, 24, 0]


def test_create_graph_through_backward():
    x = leaf(2.0)
    (x * x * x).backward(create_graph=True)
    g = x.grad
    assert values(g) == 12 and g.requires_grad
    x.grad = None
    g.backward()
    assert values(x.grad) == 12
    x.grad = None


def test_create_graph_adds_up_with_a_graph():
    x = leaf(2.0)
    for _ in range(2):
        (x * x * x).backward(create_graph=True)
    g, x.grad = x.grad, None
    assert values(g) == 24 and values(minidl.grad(g, x)) == 24


def test_a_gradient_penalty_reaches_the_parameters():
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    g = minidl.grad((w * x * x).sum(), x, create_graph=True)  # 2 w x
    (g * g).sum().backward()  # 4 w^2 x^2
    assert values(w.grad) == [24, 128] and values(x.grad) == [72, 256]


def test_the_upstream_gradient_is_differentiated_too():
    x, v = leaf(2.0), leaf(5.0)
    g = minidl.grad(x**3, x, grad_outputs=v, create_graph=True)  # 3 v x^2
    assert values(minidl.grad(g, v)) == 12


# -- what is not recorded


def test_no_grad():
    x = leaf(2.0)
    with minidl.no_grad():
        y = x * x
        with minidl.no_grad():
            x * x
        z = x * x  # still off after the inner one
    assert not y.requires_grad and not z.requires_grad and (x * x).requires_grad
    with pytest.raises(ZeroDivisionError), minidl.no_grad():
        raise ZeroDivisionError
    assert (x * x).requires_grad
    with pytest.raises(RuntimeError, match="no_grad"):
        y.backward()


def test_no_grad_as_a_decorator():
    x = leaf(2.0)

    @minidl.no_grad()
    def power(n):
        """n times"""
        y = x if n == 1 else power(n - 1) * x
        return y * 1

    for _ in range(2):  # the decorated function can be called again, and calls itself
        assert values(power(5)) == 32 and not power(5).requires_grad
    assert power.__name__ == "power" and (x * x).requires_grad


def test_backward_works_inside_no_grad():
    x = leaf(2.0)
    y = x * x
    with minidl.no_grad():
        y.backward()
    assert values(x.grad) == 4


def test_detach():
    x = leaf(2.0)
    d = (x * 3).detach()
    assert not d.requires_grad and values(d) == 6
    (x * d).backward()
    assert values(x.grad) == 6
    assert np.shares_memory(x.detach().data, x.data)


def test_a_detached_result_can_be_a_leaf():
    x = leaf(2.0)
    h = (x * 3).detach()
    h.requires_grad = True
    (h * h).backward()
    assert values(h.grad) == 12 and x.grad is None


def test_frozen_parameters_get_none():
    w, b = leaf(2.0), Tensor(1.0, dtype="float64")
    (w * 3 + b).backward()
    assert b.grad is None and values(w.grad) == 3


def test_intermediate_results_keep_no_gradient():
    x = leaf(2.0)
    h = x * x
    (h * 3).backward()
    assert h.grad is None


def test_backward_of_constants_raises():
    for y in (Tensor(2.0), Tensor(2.0) * 3, Tensor(np.array(1)), leaf(1.0).detach()):
        with pytest.raises(RuntimeError, match="requires no gradient"):
            y.backward()
        with pytest.raises(RuntimeError, match="requires no gradient"):
            minidl.grad(y, leaf(1.0))


def test_grad_with_respect_to_what_was_not_used():
    x, other = leaf(2.0), leaf(3.0)
    with pytest.raises(RuntimeError, match=r"do not depend on the input of shape \(\)"):
        minidl.grad(x * x, other)
    with pytest.raises(RuntimeError, match="requires no gradient: make it with"):
        minidl.grad(x * x, Tensor(1.0))


# -- released and retained graphs


def test_a_second_backward_raises_unless_retained():
    x = leaf(2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert values(x.grad) == 8
    for again in (y.backward, lambda: y.backward(retain_graph=True), lambda: minidl.grad(y, x)):
        with pytest.raises(RuntimeError, match="released"):
            again()
    assert values(x.grad) == 8


def test_a_shared_part_is_released_with_the_first_result():
    x = leaf(2.0)
    h = x * x
    a, b = h * 2, h * 3
    a.backward()
    with pytest.raises(RuntimeError, match="released"):
        b.backward()
    assert values(x.grad) == 8  # and nothing half done


def step(w, lr=0.1):
    """What an optimizer's step does: change the data in place and mark it."""
    w.data[...] -= lr
    mark_changed(w)


NEEDS_OLD_VALUE = {
    "square": lambda w, x: w * w,
    "product with a result": lambda w, x: (x * 2) * w,
    "through a view": lambda w, x: w.reshape(2, 1) * x,
    "through a slice": lambda w, x: w[:1] * x,
    "through .T and a slice": lambda w, x: w.reshape(1, 2).T[1:] * x,
    "through detach": lambda w, x: w.detach() * x,
    "through detach of a view": lambda w, x: w.reshape(2, 1)[:1].detach() * x,
    "through broadcast_to": lambda w, x: minidl.broadcast_to(w, (3, 2)) * x,
    "matmul": lambda w, x: x.reshape(1, 2) @ w.reshape(2, 1),
    "linear": lambda w, x: minidl.linear(x.reshape(1, 2), w.reshape(2, 1), np.ones(1)),
    "exp of a product": lambda w, x: (w * x).exp(),
}


@pytest.mark.parametrize("f", NEEDS_OLD_VALUE.values(), ids=NEEDS_OLD_VALUE)
def test_a_step_spoils_a_graph_that_needs_the_old_value(f):
    w, x = leaf(1.0, 2.0), leaf(3.0, 4.0)
    w.name = "layer.weight"
    y = f(w, x).sum()
    y.backward(retain_graph=True)
    before = x.grad
    step(w)
    with pytest.raises(RuntimeError, match=r"value that layer.weight \(shape \(2,\), dtype float64\) had .* in place"):
        y.backward()
    assert x.grad is before  # nothing half done
    f(w, x).sum().backward()  # computed again it works


def test_a_view_made_without_recording_counts_too():
    w, x = leaf(1.0, 2.0), leaf(3.0, 4.0)
    with minidl.no_grad():
        v = w.reshape(2)
    y = (v * x).sum()
    step(w)
    with pytest.raises(RuntimeError, match="in place"):
        y.backward()


def test_changing_a_view_counts_for_its_owner():
    w = leaf(1.0, 2.0)
    y = (w * w).sum()
    step(w.detach())
    with pytest.raises(RuntimeError, match="in place"):
        y.backward()


KEEPS = {
    "sum": lambda w, x: w + x.detach(),
    "constant product": lambda w, x: w * 3,
    "product with an array": lambda w, x: w * np.ones(2),
    "linear of a constant": lambda w, x: minidl.linear(x.detach().reshape(1, 2), w.reshape(2, 1), np.ones(1)),
    "matmul of a constant": lambda w, x: x.detach().reshape(1, 2) @ w.reshape(2, 1),
    "reductions": lambda w, x: w.mean() + w.reshape(2, 1).T.sum(),
    "own value": lambda w, x: (w * 3).exp(),
    "a copy": lambda w, x: w.copy() * w.copy(),
    "a detached copy": lambda w, x: w.detach().copy() * x,
    "numpy()": lambda w, x: w.numpy() * x,
}


@pytest.mark.parametrize("f", KEEPS.values(), ids=KEEPS)
def test_a_step_leaves_other_graphs_alone(f):
    w, x = leaf(1.0, 2.0), leaf(3.0, 4.0)
    y = f(w, x).sum()
    y.backward(retain_graph=True)
    expected = [t.grad.numpy() if t.grad is not None else None for t in (w, x)]
    w.grad = x.grad = None
    step(w)
    y.backward()
    for t, e in zip((w, x), expected, strict=True):
        assert t.grad is None if e is None else np.array_equal(t.grad, e)


def test_a_real_optimizer_marks_its_change():
    optim = pytest.importorskip("minidl.optim")
    w = leaf(1.0, 2.0)
    y = (w * w).sum()
    y.backward(retain_graph=True)
    optim.SGD([w], lr=0.1).step()
    with pytest.raises(RuntimeError, match="in place"):
        y.backward()


def test_assigning_data_marks_the_change():
    w = leaf(1.0, 2.0)
    y = (w * w).sum()
    w.data -= 1
    with pytest.raises(RuntimeError, match="in place"):
        y.backward()


# -- operations of one's own


def test_a_derivative_of_the_wrong_shape_or_dtype_is_named():
    """Broadcasting is undone by summing; a gradient that does not fit otherwise must not be reshaped to fit."""
    x = leaf(np.ones((2, 3)))
    for derivative, got in [
        (lambda g: g.T, r"shape \(3, 2\), dtype float64"),
        (lambda g: g[0], r"shape \(3,\), dtype float64"),
        (lambda g: g[:1], r"shape \(1, 3\), dtype float64"),
        (lambda g: g.reshape(6), r"shape \(6,\), dtype float64"),
        (lambda g: g.astype("float32"), r"shape \(2, 3\), dtype float32"),
    ]:
        wrong = minidl.operation("wrong", lambda x: x * 1, x=derivative)
        with pytest.raises(TypeError, match=rf"derivative of wrong gave {got} for an input of shape \(2, 3\)"):
            wrong(x).sum().backward()


def test_an_operation_has_the_name_and_text_it_was_given():
    double, _ = counted()
    assert double.__name__ == "double" and minidl.exp.__doc__.startswith("e to the power")
    assert repr(double(leaf(1.0, dtype="float32"))) == "Tensor(2., op=double)"
    assert double(3.0) == 6.0  # without a Tensor it just computes
