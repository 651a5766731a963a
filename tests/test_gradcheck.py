"""Every operation against finite differences, in first and second order, over shapes that hypothesis draws.

TABLE holds a way to draw a call of every operation. That the table is complete, and that it would notice a wrong
derivative, are tests of their own.
"""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minidl
from minidl import Tensor, gradcheck, ops
from minidl.operation import Operation

NOT_DIFFERENTIABLE = {"argmax", "one_hot"}
TABLE = {}


def examples(n, **options):
    quiet = list(HealthCheck)
    return settings(
        max_examples=n, derandomize=True, deadline=None, database=None, suppress_health_check=quiet, **options
    )


def case(*names):
    def register(draw_call):
        for name in names:
            TABLE[name] = draw_call
        return draw_call

    return register


class Draw:
    """What a case draws with: shapes and choices from hypothesis, numbers from a generator that it seeds."""

    def __init__(self, data, name):
        self.name, self.data = name, data
        self.op = getattr(ops, name)
        self.rng = np.random.default_rng(self(st.integers(0, 2**32 - 1)))

    def __call__(self, strategy):
        return self.data.draw(strategy)

    def one_of(self, *choices):
        return self(st.sampled_from(choices))

    def shape(self, min_dims=0, max_dims=3):
        return self(hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, max_side=3))

    def shapes(self, n=2, signature=None):
        how = {"num_shapes": n} if signature is None else {"signature": signature}
        return self(hnp.mutually_broadcastable_shapes(max_dims=2, max_side=3, **how)).input_shapes

    def tensor(self, array, requires_grad=True):
        return Tensor(np.asarray(array, dtype="float64"), requires_grad=requires_grad)

    def normal(self, *shape):
        return self.tensor(self.rng.normal(size=shape))

    def off_zero(self, *shape):
        """Between 0.3 and 2 in size: neither near a kink at 0 nor near the pole of a quotient."""
        return self.tensor(self.rng.uniform(0.3, 2, size=shape) * self.rng.choice([-1, 1], size=shape))

    def positive(self, *shape):
        return self.tensor(self.rng.uniform(0.3, 2, size=shape))

    def apart(self, *shape, offset=0.0):
        """Distinct numbers, 0.2 from each other and from those of another offset at least 0.05."""
        n = int(np.prod(shape))
        return self.tensor((self.rng.permutation(n).reshape(shape) - n // 2) * 0.2 + offset)

    def axis(self, shape):
        """None, an axis counted from the front or the back, or several."""
        choices = [st.none()]
        if shape:
            axes = st.integers(-len(shape), len(shape) - 1)
            choices += [axes, st.lists(axes, min_size=1, unique_by=lambda a: a % len(shape)).map(tuple)]
        return self(st.one_of(choices))

    def some_constant(self, *tensors):
        """One of the operands may be a constant: then the other's derivative must not depend on it being tracked."""
        constant = self.one_of(None, *range(len(tensors)))
        for i, t in enumerate(tensors):
            t.requires_grad = i != constant
        return list(tensors)


@case("add", "sub", "mul")
def _(draw):
    a, b = draw.shapes()
    operator = {"add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b}[draw.name]
    return draw.one_of(draw.op, operator), draw.some_constant(draw.normal(*a), draw.normal(*b))


@case("div")
def _(draw):
    a, b = draw.shapes()
    f = draw.one_of(ops.div, lambda a, b: a / b, lambda a, b: 1.5 / b + a / 3)
    return f, draw.some_constant(draw.normal(*a), draw.off_zero(*b))


@case("pow")
def _(draw):
    a, b = draw.shapes()
    if draw.one_of("tensor", "number") == "tensor":
        return lambda a, b: a**b, draw.some_constant(draw.positive(*a), draw.normal(*b))
    n = draw.one_of(-2, -1, 0, 1, 2, 3, 3.0, -0.5, 0.5, 1.7, np.float64(2), np.int64(3))
    x = draw.off_zero(*a) if n == int(n) else draw.positive(*a)
    return draw.one_of(lambda x: x**n, lambda x: (1.3**x) * (x * x) ** n), [x]


@case("neg", "abs", "relu", "elu", "leaky_relu")
def _(draw):
    if draw.name in ("elu", "leaky_relu"):
        slope = draw.one_of(0.01, 0.7, np.float64(1.5))
        return lambda x: draw.op(x, slope), [draw.off_zero(*draw.shape())]
    return draw.op, [draw.off_zero(*draw.shape())]


@case("exp", "sin", "cos", "tanh", "sigmoid", "gelu", "softplus", "copy")
def _(draw):
    return draw.op, [draw.normal(*draw.shape())]


@case("log", "sqrt")
def _(draw):
    return draw.op, [draw.positive(*draw.shape())]


@case("maximum", "minimum")
def _(draw):
    a, b = draw.shapes()
    return draw.op, draw.some_constant(draw.apart(*a), draw.apart(*b, offset=0.1))


@case("where")
def _(draw):
    a, b, c = draw.shapes(3)
    condition = draw.rng.random(c) < 0.5
    return lambda a, b: ops.where(condition, a, b), draw.some_constant(draw.normal(*a), draw.normal(*b))


@case("clip")
def _(draw):
    low, high = draw.one_of((-0.45, 0.35), (-0.45, float("inf")), (np.float64(-1.05), np.float64(0.15)))
    return lambda x: ops.clip(x, low, high), [draw.apart(*draw.shape())]


@case("sum", "mean", "logsumexp", "max", "min")
def _(draw):
    shape = draw.shape()
    axis, keepdims = draw.axis(shape), draw.one_of(False, True)
    return lambda x: draw.op(x, axis, keepdims), [draw.apart(*shape)]


@case("var")
def _(draw):
    shape = draw.shape()
    axis, keepdims = draw.axis(shape), draw.one_of(False, True)
    count = np.zeros(shape).size // np.zeros(shape).sum(axis=axis).size
    ddof = draw.one_of(0, 1) if count > 1 else 0
    return lambda x: x.var(axis, keepdims, ddof), [draw.normal(*shape)]


@case("softmax", "log_softmax")
def _(draw):
    shape = draw.shape(min_dims=1)
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    return lambda x: draw.op(x, axis), [draw.normal(*shape)]


@case("reshape")
def _(draw):
    shape = draw.shape()
    to = draw.one_of(shape[::-1], (-1,), (*shape, 1), (1, -1))
    return draw.one_of(lambda x: x.reshape(to), lambda x: x.reshape(*to)), [draw.normal(*shape)]


@case("transpose")
def _(draw):
    shape = draw.shape()
    order = draw(st.permutations(range(len(shape))))
    back = tuple(a - len(shape) for a in order)
    f = draw.one_of(lambda x: x.T, lambda x: x.transpose(order), lambda x: ops.transpose(x, *back))
    return f, [draw.normal(*shape)]


@case("getitem")
def _(draw):
    shape = draw.shape(min_dims=1)
    n = shape[0]
    index = draw(
        st.one_of(
            hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True),
            hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=3)),
            hnp.arrays(bool, shape),
            hnp.arrays(bool, n),
            st.just([0, 0, n - 1]),  # an element taken twice
            st.just((..., np.array([0, 0, -1]))),
            st.just((None, np.array([0, 0]))),
        )
    )
    return lambda x: x[index], [draw.normal(*shape)]


@case("broadcast_to")
def _(draw):
    a, b = draw.shapes()
    return lambda x: ops.broadcast_to(x, np.broadcast_shapes(a, b)), [draw.normal(*a)]


@case("concatenate", "stack")
def _(draw):
    shape = draw.shape(min_dims=1)
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    shapes = [list(shape) for _ in range(draw.one_of(1, 2, 3))]
    if draw.name == "concatenate":
        for s in shapes:
            s[axis] = draw.one_of(1, 2)
    tensors = draw.some_constant(*[draw.normal(*s) for s in shapes])
    if len(tensors) == 1:
        tensors[0].requires_grad = True
    return lambda *xs: draw.op(xs, axis), tensors


@case("matmul")
def _(draw):
    a, b = draw.shapes(signature=np.matmul.signature)  # vectors, matrices, stacks of matrices, broadcast
    return draw.one_of(ops.matmul, lambda a, b: a @ b), draw.some_constant(draw.normal(*a), draw.normal(*b))


@case("linear", "naive_linear")
def _(draw):
    *rows, d, m = draw.shape(min_dims=2, max_dims=4)
    x, w, b = draw.some_constant(draw.normal(*rows, d), draw.normal(d, m), draw.normal(m))
    if draw.name == "linear" and draw.one_of(True, False):
        x.requires_grad = True
        return ops.linear, [x, w]
    return draw.op, [x, w, b]


@case("softmax_cross_entropy", "naive_softmax_cross_entropy")
def _(draw):
    n, c = draw.shape(min_dims=2, max_dims=2)
    labels = draw.rng.integers(c, size=n)
    if draw.name.startswith("naive"):
        return lambda x: draw.op(x, labels), [draw.normal(n, c)]
    reduction = draw.one_of("mean", "sum", "none")
    return lambda x: draw.op(x, labels, reduction), [draw.normal(n, c)]


@case("binary_cross_entropy_with_logits", "naive_binary_cross_entropy")
def _(draw):
    shape = draw.shape()
    x, t = draw.some_constant(draw.normal(*shape), draw.tensor(draw.rng.uniform(0.1, 0.9, size=shape)))
    if draw.name.startswith("naive"):
        return draw.op, [x, t]
    reduction = draw.one_of("mean", "sum", "none")
    return lambda x, t: draw.op(x, t, reduction), [x, t]


@case("mse")
def _(draw):
    shape = draw.shape()
    reduction = draw.one_of("mean", "sum", "none")
    a, b = draw.some_constant(draw.normal(*shape), draw.normal(*shape))
    return lambda a, b: ops.mse(a, b, reduction), [a, b]


@case("dropout")
def _(draw):
    p = draw.one_of(0.0, 0.3, 0.8)
    return lambda x: ops.dropout(x, p, np.random.default_rng(3)), [draw.normal(*draw.shape())]


@case("batch_norm", "naive_batch_norm", "layer_norm")
def _(draw):
    shape = draw.shape(min_dims=2, max_dims=2 if "batch" in draw.name else 3)
    eps = draw.one_of(1e-5, 0.1, np.float64(0.1))
    inputs = draw.some_constant(draw.apart(*shape), draw.normal(shape[-1]), draw.normal(shape[-1]))
    return lambda x, gamma, beta: draw.op(x, gamma, beta, eps), inputs


def test_every_differentiable_operation_is_in_the_table():
    assert set(ops.__all__) - NOT_DIFFERENTIABLE == set(TABLE)


def test_what_is_said_not_to_be_differentiable_gives_arrays():
    x = Tensor([[1.0, 2.0]], requires_grad=True)
    assert type(ops.argmax(x, axis=1)) is type(ops.one_hot(np.array([0, 1]), 2)) is np.ndarray


@pytest.mark.parametrize("name", sorted(TABLE))
@examples(25)
@given(st.data())
def test_derivatives(name, data):
    f, inputs = TABLE[name](Draw(data, name))
    assert gradcheck(f, inputs, order=2)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TABLE))
@examples(80)
@given(st.data())
def test_derivatives_many(name, data):
    f, inputs = TABLE[name](Draw(data, name))
    assert gradcheck(f, inputs, order=2)


# -- the table notices a wrong derivative: every derivative of every operation is spoiled once


def operations():
    """All that ops/ records, found in the closures of its functions."""
    modules = (ops.elementwise, ops.reduction, ops.shape, ops.network)
    functions = [f for module in modules for f in vars(module).values()] + [ops.shape._concatenate(2)]
    found = {}
    for f in functions:
        for cell in getattr(f, "__closure__", None) or ():
            if isinstance(cell.cell_contents, Operation):
                op = cell.cell_contents
                found[id(op)] = op
    return list(found.values())


SPOILED = [(op, i) for op in operations() for i in range(len(op.rules))]
CASES_OF = {"standardize": ["batch_norm"], "scatter": ["getitem"], "pow": ["pow"]}


def test_operations_are_found():
    assert len(SPOILED) > 45
    assert {op.name for op, _ in SPOILED} - {"standardize", "scatter"} <= set(TABLE)


@pytest.mark.parametrize("op, i", SPOILED, ids=[f"{op.name}-{i}" for op, i in SPOILED])
def test_a_spoiled_derivative_is_noticed(op, i, monkeypatch):
    derivative, *needs = op.rules[i]
    rules = list(op.rules)
    rules[i] = (lambda *args, **options: derivative(*args, **options) * 1.01, *needs)
    monkeypatch.setattr(op, "rules", rules)
    order = 2 if op.name == "scatter" else 1

    @examples(40, phases=[Phase.generate])  # the first failure will do, no smaller one is sought
    @given(st.data())
    def run(data):
        name = CASES_OF.get(op.name, [op.name])[0]
        f, inputs = TABLE[name](Draw(data, name))
        gradcheck(f, inputs, order=order)

    with pytest.raises(AssertionError, match="finite differences give"):
        run()


# -- gradcheck itself


def leaf(*values):
    return Tensor(list(values), requires_grad=True, dtype="float64")


def test_names_the_function_input_place_and_both_numbers():
    wrong = minidl.operation("wrong", np.multiply, a=lambda g, b: g * b, b=lambda g, a: g * a * 2)

    def f(a, b):
        return wrong(a, b)

    with pytest.raises(AssertionError, match=r"derivative of f with respect to input 1 at \[0\] is .*finite differ"):
        gradcheck(f, [leaf(1.0, 2.0), leaf(3.0, 4.0)])
    assert gradcheck(f, [leaf(1.0, 2.0), Tensor([3.0, 4.0], dtype="float64")])  # a constant is not checked


def test_a_derivative_right_only_for_a_gradient_of_ones_is_found():
    wrong = minidl.operation("wrong", lambda x: 3 * x, x=lambda g: g * 0 + 3)
    with pytest.raises(AssertionError):
        gradcheck(wrong, leaf(1.0, 2.0))


def test_a_second_derivative_that_loses_the_graph_is_found():
    cut = minidl.operation("cut", lambda x: x**3, x=lambda g, x: g * 3 * ops.elementwise.value(x) ** 2)
    assert gradcheck(cut, leaf(1.0, 2.0))
    with pytest.raises(AssertionError, match="first derivative of cut"):
        gradcheck(cut, leaf(1.0, 2.0), order=2)
    cut_gradient = minidl.operation("cut", lambda x: 3 * x, x=lambda g: 0 * g + 3 * ops.elementwise.value(g))
    assert gradcheck(cut_gradient, leaf(1.0, 2.0))
    with pytest.raises(AssertionError, match="first derivative of cut"):
        gradcheck(cut_gradient, leaf(1.0, 2.0), order=2)


def test_a_gradient_of_nan_is_an_error():
    wrong = minidl.operation("wrong", lambda x: 3 * x, x=lambda g: g * float("nan"))
    with pytest.raises(AssertionError):
        gradcheck(wrong, leaf(1.0))


def test_what_gradcheck_refuses():
    with pytest.raises(TypeError, match="float64"):
        gradcheck(ops.exp, Tensor([1.0], requires_grad=True))
    with pytest.raises(ValueError, match="requires a gradient"):
        gradcheck(ops.exp, Tensor([1.0], dtype="float64"))


def test_gradcheck_of_constants_and_of_linear_functions():
    assert gradcheck(lambda x: x * 3 + 1, leaf(1.0, 2.0), order=2)
    assert gradcheck(lambda x, y: x * 3, [leaf(1.0), leaf(2.0)], order=2)  # does not depend on y
