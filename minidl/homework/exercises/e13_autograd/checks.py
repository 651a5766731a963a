"""Checks of e13."""

import numpy as np

from minidl.homework.check import Check


def _numbers(rng, shape):
    """Between 0.3 and 1.5 in size, either sign: no zeros, where the derivative of relu is anybody's choice."""
    return rng.uniform(0.3, 1.5, shape) * rng.choice([-1.0, 1.0], shape)


def _positive(rng, shape):
    return rng.uniform(0.3, 2, shape)


def _gradient(t):
    return np.float64(t.grad) if isinstance(t.grad, int | float) else t.grad


def _check(says, expression, shapes, make=_numbers, calls=1):
    """The value of expression(leaves) and, after `calls` calls of backward, the gradient of every leaf."""

    def inputs(rng):
        return {name: make(rng, shape) for name, shape in shapes.items()}

    def run(code, inputs):
        leaves = {name: code.T(a) for name, a in inputs.items()}
        out = expression(*leaves.values())
        seen = {"value": np.array(out.data)}
        for _ in range(calls):
            out.backward()
        seen |= {f"gradient of {name}": _gradient(leaf) for name, leaf in leaves.items()}
        return seen | {"value afterwards": np.array(out.data)}

    return Check(says, inputs, run)


def _by_hand():
    def inputs(rng):
        return {name: np.round(rng.uniform(1, 5, ()), 1) for name in ("x", "y")}

    check = _check("f = x * y + x", lambda x, y: x * y + x, {})
    return Check(check.says, inputs, check.run)


def _in_an_expression():
    """Every operation alone, its result multiplied by w, so that the gradient that comes in is w."""
    pair, square, one = {"x": (2, 3), "y": (2, 3), "w": (2, 3)}, {"x": (2, 2), "y": (2, 2), "w": (2, 2)}, ((2, 3),) * 2
    single = dict(zip("xw", one, strict=True))
    return [
        _check("x + y (ones come in)", lambda x, y: x + y, {"x": (2, 3), "y": (2, 3)}),
        _check("x - y (ones come in)", lambda x, y: x - y, {"x": (2, 3), "y": (2, 3)}),
        _check("x * y (ones come in)", lambda x, y: x * y, {"x": (2, 3), "y": (2, 3)}),
        _check("(x + y) * w", lambda x, y, w: (x + y) * w, pair),
        _check("(x - y) * w", lambda x, y, w: (x - y) * w, pair),
        _check("(x * y) * w", lambda x, y, w: (x * y) * w, pair),
        _check("x @ y (ones come in)", lambda x, y: x @ y, {"x": (3, 2), "y": (2, 4)}),
        _check("(x @ y) * w", lambda x, y, w: (x @ y) * w, {"x": (3, 2), "y": (2, 4), "w": (3, 4)}),
        _check("(x @ y) * w, square matrices", lambda x, y, w: (x @ y) * w, square),
        _check("(x @ y) * w, one row", lambda x, y, w: (x @ y) * w, {"x": (1, 3), "y": (3, 2), "w": (1, 2)}),
        _check("x ** 2 * w", lambda x, w: x**2 * w, single),
        _check("x ** 3 * w", lambda x, w: x**3 * w, single),
        _check("x ** -1 * w", lambda x, w: x**-1 * w, single, _positive),
        _check("x ** 0.5 * w", lambda x, w: x**0.5 * w, single, _positive),
        _check("x.exp() * w", lambda x, w: x.exp() * w, single),
        _check("x.log() * w", lambda x, w: x.log() * w, single, _positive),
        _check("x.tanh() * w", lambda x, w: x.tanh() * w, single),
        _check("x.relu() * w", lambda x, w: x.relu() * w, {"x": (4, 5), "w": (4, 5)}),
        _check("x.sum() * w", lambda x, w: x.sum() * w, {"x": (2, 3), "w": ()}),
        _check("x.sum(axis=0) * w", lambda x, w: x.sum(axis=0) * w, {"x": (2, 3), "w": (3,)}),
        _check("x.sum(axis=1) * w", lambda x, w: x.sum(axis=1) * w, {"x": (2, 3), "w": (2,)}),
        _check("x.sum(axis=1) * w, x square", lambda x, w: x.sum(axis=1) * w, {"x": (3, 3), "w": (3,)}),
        _check("x.sum(axis=0) * w, x square", lambda x, w: x.sum(axis=0) * w, {"x": (3, 3), "w": (3,)}),
        _check("x.sum(axis=1) * w, three axes", lambda x, w: x.sum(axis=1) * w, {"x": (2, 2, 2), "w": (2, 2)}),
        _check("x.mean() * w", lambda x, w: x.mean() * w, {"x": (2, 3), "w": ()}),
        _check("x.mean() * w, one axis", lambda x, w: x.mean() * w, {"x": (4,), "w": ()}),
    ]


def _used_again():
    """What an operation passes on comes second to what its operands already have, and must not replace it."""
    expressions = {
        "(x + y) * x + y": lambda x, y: (x + y) * x + y,
        "(x - y) * x + y": lambda x, y: (x - y) * x + y,
        "x * y + x - y": lambda x, y: x * y + x - y,
        "(x @ y) * x + y": lambda x, y: (x @ y) * x + y,
        "x ** 2 * x": lambda x: x**2 * x,
        "x.exp() * x": lambda x: x.exp() * x,
        "x.tanh() * x": lambda x: x.tanh() * x,
        "x.relu() * x": lambda x: x.relu() * x,
        "x.sum() * x": lambda x: x.sum() * x,
        "x.mean() * x": lambda x: x.mean() * x,
    }
    checks = [_check(k, f, dict.fromkeys("xy"[: f.__code__.co_argcount], (2, 2))) for k, f in expressions.items()]
    return [*checks, _check("x.log() * x", lambda x: x.log() * x, {"x": (2, 2)}, _positive)]


STRETCHED = [((3, 2), (1, 2)), ((3, 2), (3, 1)), ((3, 1), (1, 2)), ((1, 1), (2, 3))]
FEWER_AXES = [((3, 2), (2,)), ((2, 2), ()), ((2,), (3, 1)), ((2, 2, 2), (2, 1))]


def _broadcasting(says, shapes):
    def inputs(rng):
        made: dict[str, np.ndarray] = {}
        for i, (x, y) in enumerate(shapes):
            made |= {f"x{i}": _numbers(rng, x), f"y{i}": _numbers(rng, y)}
            made[f"w{i}"] = _numbers(rng, np.broadcast_shapes(x, y))
        return made

    def run(sign):
        operation = {
            "+": lambda x, y: x + y,
            "-": lambda x, y: x - y,
            "*": lambda x, y: x * y,
        }[sign]

        def seen(code, inputs):
            result = {}
            for i, pair in enumerate(shapes):
                for turned in (False, True):
                    x, y, w = (code.T(inputs[f"{name}{i}"]) for name in "xyw")
                    out = (operation(y, x) if turned else operation(x, y)) * w
                    out.backward()
                    one, two = (f"{s}" for s in (reversed(pair) if turned else pair))
                    grads = {"the first": _gradient(y if turned else x), "the second": _gradient(x if turned else y)}
                    result[f"shapes {one} {sign} {two}"] = {f"gradient of {k}": v for k, v in grads.items()}
                    result[f"shapes {one} {sign} {two}"]["value"] = np.array(out.data)
            return result

        return seen

    return [Check(f"broadcasting in {sign}, {says}", inputs, run(sign)) for sign in "+-*"]


# In every check each operation uses the one before it: there is one order in which gradients can be passed on, and a
# mistake gives the same numbers however the graph is walked.


def _diamond(x, y):
    a = x * y
    return a.exp() * a + a


def _paths_of_different_length(x, y):
    """s is used early and late: whoever passes on in the order of distance from the end passes on too soon."""
    s = x * y
    u = (s.tanh() + x).exp()
    v = (s * u).tanh()
    return ((v * s - y) * x + s) * v


def _equal_values(x, y):
    """u and v hold the same numbers, all above 0, and are not the same T."""
    u = x + y
    v = u.relu()
    return v.exp() * v


def _network(x, W1, b1, W2, b2):
    hidden = (x @ W1 + b1).relu()
    scores = (hidden @ W2 + b2).tanh()
    return (scores.exp().sum(axis=1).log() ** 2).mean()


NETWORK = {"x": (3, 2), "W1": (2, 3), "b1": (3,), "W2": (3, 2), "b2": (1, 2)}


def _several_calls():
    """Two ends above shared operations, and one in the middle: leaves collect, what lies between does not."""

    def inputs(rng):
        return {"x": _numbers(rng, (2, 2)), "y": _numbers(rng, (2, 2))}

    def run(code, inputs):
        x, y = code.T(inputs["x"]), code.T(inputs["y"])
        middle = x * y + x
        one, two = middle.tanh().sum(), (middle * middle * y).sum()
        seen = {}
        ends = {"the first end": one, "the second end": two, "the middle": middle, "the first end again": one}
        for name, end in ends.items():
            end.backward()
            seen[f"after {name}"] = {"gradient of x": np.array(x.grad), "gradient of y": np.array(y.grad)}
        return seen

    return Check("four calls of backward on graphs that share operations", inputs, run)


def _descent():
    def inputs(rng):
        return {"x": _numbers(rng, (4, 2)), "target": _numbers(rng, (4, 1)), "w": _numbers(rng, (2, 1))}

    def run(code, inputs):
        w, seen = code.T(inputs["w"].copy()), {}
        for step in range(1, 4):
            error = code.T(inputs["x"]) @ w - code.T(inputs["target"])
            loss = (error * error).mean()
            w.grad = np.zeros_like(w.data)
            loss.backward()
            seen[f"step {step}"] = {"loss": np.array(loss.data), "gradient of w": np.array(w.grad)}
            w.data = w.data - 0.1 * w.grad
        return seen

    return Check("three steps of gradient descent, w.grad set to zeros before each", inputs, run)


def _deep():
    def expression(x, a, b):
        for _ in range(1500):
            x = x * a + b
        return x

    def make(rng, shape):
        return rng.uniform(0.998, 1.002, shape)

    return _check("a graph 3000 operations deep", expression, dict.fromkeys("xab", ()), make)


CHECKS = [
    _by_hand(),
    *_in_an_expression(),
    _check("x + x", lambda x: x + x, {"x": (2, 2)}),
    _check("x * x", lambda x: x * x, {"x": (2, 2)}),
    _check("x - x * x", lambda x: x - x * x, {"x": (2, 2)}),
    _check("x @ x", lambda x: x @ x, {"x": (2, 2)}),
    *_used_again(),
    _check("a is used three times: a = x * y, a.exp() * a + a", _diamond, {"x": (2, 2), "y": (2, 2)}),
    _check("paths of different lengths", _paths_of_different_length, {"x": (2, 2), "y": (2, 2)}),
    _check("two results with equal values", _equal_values, {"x": (2, 2), "y": (2, 2)}, _positive),
    *_broadcasting("axes of length 1", STRETCHED),
    *_broadcasting("fewer axes", FEWER_AXES),
    _check("two calls of backward: twice the gradient", _diamond, {"x": (2, 2), "y": (2, 2)}, calls=2),
    _check("two calls of backward on x + y", lambda x, y: x + y, {"x": (2, 2), "y": (2, 2)}, calls=2),
    _several_calls(),
    _check("a network of two layers", _network, NETWORK),
    _descent(),
    _deep(),
]  # fmt: skip
