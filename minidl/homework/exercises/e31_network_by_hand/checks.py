"""Checks of e31."""

import numpy as np

from minidl.homework.check import Check

NAMES = ("W1", "b1", "W2", "b2")


def _shapes(D, H, C):
    return {"W1": (D, H), "b1": (H,), "W2": (H, C), "b2": (C,)}


def _inputs(N, D, H, C, size=1.0, digits=None):
    def inputs(rng):
        made = {name: size * rng.normal(size=shape) for name, shape in _shapes(D, H, C).items()}
        made["x"] = rng.normal(size=(N, D))
        if digits is not None:
            made = {name: np.round(a, digits) for name, a in made.items()}
        return made | {"y": rng.integers(0, C, N)}

    return inputs


def _sizes(N, D, H, C):
    def inputs(rng):
        return {
            "D": D, "H": H, "C": C, "seed": int(rng.integers(1 << 30)),
            "x": rng.normal(size=(N, D)), "y": rng.permutation(np.arange(N) % C),
        }  # fmt: skip

    return inputs


def _kinds(params):
    """Shape and dtype of every parameter."""
    if not isinstance(params, dict):
        return params
    return {k: f"{a.shape} {a.dtype}" if isinstance(a, np.ndarray) else a for k, a in params.items()}


def _net(code, inputs):
    """A network whose own arrays were filled from inputs, as an optimizer changes them; or what is wrong with them."""
    (D, H), C = inputs["W1"].shape, inputs["b2"].size
    net = code.TwoLayerNet(D, H, C, np.random.default_rng(0))
    wanted = {name: f"{inputs[name].shape} float64" for name in NAMES}
    if _kinds(net.params) != wanted:
        return None, {"params": _kinds(net.params)}
    for name in NAMES:
        net.params[name][...] = inputs[name]
    return net, None


def _pair(result):
    return {"loss": result[0], "grads": result[1]} if isinstance(result, tuple | list) and len(result) == 2 else result


def _loss(code, inputs):
    net, wrong = _net(code, inputs)
    return wrong or _pair(net.loss(inputs["x"], inputs["y"]))


def _again(code, inputs):
    """Two calls, the second on half of the examples, and the parameters afterwards."""
    net, wrong = _net(code, inputs)
    if wrong:
        return wrong
    x, y = inputs["x"], inputs["y"]
    first, half = _pair(net.loss(x, y)), _pair(net.loss(x[: len(x) // 2], y[: len(x) // 2]))
    seen = {"on all examples": first, "on half of them": half, "params": {k: a.copy() for k, a in net.params.items()}}
    net.params["W2"] -= 0.1
    return seen | {"on all, after a change of W2 in place": _pair(net.loss(x, y))}


def _start(code, inputs):
    """What the parameters begin with; any size of the weights will do that e14 does not rule out."""
    D, H, C, seed = (inputs[k] for k in ("D", "H", "C", "seed"))
    rng = np.random.default_rng(seed)
    one, two = code.TwoLayerNet(D, H, C, rng), code.TwoLayerNet(D, H, C, rng)
    again = code.TwoLayerNet(D, H, C, np.random.default_rng(seed))
    wanted = {name: f"{shape} float64" for name, shape in _shapes(D, H, C).items()}
    if _kinds(one.params) != wanted:
        return {"params": _kinds(one.params)}
    return {"params": _kinds(one.params)} | {
        f"{name}: units start differently": bool(np.ptp(one.params[name], axis=1).all()) for name in ("W1", "W2")
    } | {
        "a second network with the same rng differs": not np.array_equal(one.params["W1"], two.params["W1"]),
        "the same seed gives the same network": all(np.array_equal(one.params[k], again.params[k]) for k in NAMES),
    }  # fmt: skip


def _overfit(code, inputs):
    """Adam on all examples at once: twenty of them can be learned by heart, from any start that is not symmetric."""
    net = code.TwoLayerNet(inputs["D"], inputs["H"], inputs["C"], np.random.default_rng(inputs["seed"]))
    m, v = ({k: np.zeros_like(a) for k, a in net.params.items()} for _ in range(2))
    for t in range(1, 121):
        loss, grads = net.loss(inputs["x"], inputs["y"])
        if t == 1:
            before = loss
        for k, w in net.params.items():
            m[k] = 0.9 * m[k] + 0.1 * grads[k]
            v[k] = 0.99 * v[k] + 0.01 * grads[k] ** 2
            w -= 0.05 * (m[k] / (1 - 0.9**t)) / (np.sqrt(v[k] / (1 - 0.99**t)) + 1e-8)
    return {"learned by heart: the loss fell below 0.05": bool(loss < 0.05 and loss < before)}


CHECKS = [
    Check("params at the start", _sizes(2, 4, 3, 2), _start),
    Check("one example, one input, two hidden units, two classes", _inputs(1, 1, 2, 2, digits=1), _loss),
    Check("two examples", _inputs(2, 2, 2, 2, digits=1), _loss),
    Check("eight examples, all sizes different", _inputs(8, 5, 6, 4), _loss),
    Check("as many examples as inputs, hidden units and classes", _inputs(4, 4, 4, 4), _loss),
    Check("scores in the thousands", _inputs(6, 3, 5, 4, size=40.0), _loss),
    Check("two calls, and a change of W2 between", _inputs(6, 3, 4, 3), _again),
    Check("twenty examples learned by heart", _sizes(20, 8, 24, 3), _overfit),
]
