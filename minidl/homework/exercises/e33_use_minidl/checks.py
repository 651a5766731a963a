"""Checks of e33: both against references, then by what minidl itself asks of an optimizer and of a derivative."""

import numpy as np

import minidl
from minidl.homework.check import Check
from minidl.homework.exercise import ALLOWED_IMPORTS
from minidl.homework.traces import explain, three_arrays

SETTINGS = {"allowed": (*ALLOWED_IMPORTS, "minidl")}


def _array(x):
    """A copy of the array of a Tensor; what is none, as it is."""
    data = x if isinstance(x, np.ndarray) else getattr(x, "data", x)
    return np.array(data) if isinstance(data, np.ndarray) else data


def _trace(code, inputs):
    """Every parameter and gradient after every step; the gradients are handed over as by a training loop."""
    params = [minidl.Tensor(p, requires_grad=True) for p in inputs["params"]]
    optimizer = code.PowerSign(params, **inputs["settings"])
    seen = {}
    for t, grads in enumerate(inputs["grads"], start=1):
        for p, g in zip(params, grads):
            p.grad = g.copy()
        optimizer.step()
        seen[f"step {t}"] = {f"parameter {i}": p.numpy() for i, p in enumerate(params)}
        seen[f"step {t}"] |= {f"gradient {i}": p.grad.numpy() for i, p in enumerate(params)}
    return seen


def _contract(code, inputs):
    """What minidl.optim.check_optimizer finds."""
    if not (isinstance(code.PowerSign, type) and issubclass(code.PowerSign, minidl.optim.Optimizer)):
        return "PowerSign must be a class that extends minidl.optim.Optimizer"
    _trace(code, {"params": [np.ones(2)], "grads": [[np.ones(2)]], "settings": {}})  # raises what it raises
    failed = minidl.optim.check_optimizer(code.PowerSign, raise_on_failure=False).failed
    return f"minidl.optim.check_optimizer says: {failed[0].name}: {failed[0].message}" if failed else ""


def _said(result, expected, inputs):
    """A complaint is the result itself."""
    return str(result) if result != "" else None


def _layer(code, inputs, **options):
    layer = code.PReLU(inputs["x"].shape[1], dtype=str(inputs["x"].dtype), **options)
    if "slopes" in inputs:
        layer.weight.data[...] = inputs["slopes"]
    return layer


def _forward(code, inputs):
    x = minidl.Tensor(inputs["x"], requires_grad=True)
    return {"y": _array(_layer(code, inputs)(x))}


def _backward(code, inputs):
    x, layer = minidl.Tensor(inputs["x"], requires_grad=True), _layer(code, inputs)
    y = layer(x)
    y.backward(inputs["upstream"])
    return {
        "y": _array(y), "gradient of x": _array(x.grad), "gradient of weight": _array(layer.weight.grad),
    }  # fmt: skip


def _by_differences(code, inputs):
    """What minidl.gradcheck finds, of first and second derivatives."""
    layer = _layer(code, inputs)
    if not isinstance(layer, minidl.nn.Module):
        return "PReLU must be a class that extends minidl.nn.Module"

    def y(x, weight):
        layer.weight = weight
        return layer(x)

    inner = [minidl.Tensor(inputs[name], requires_grad=True) for name in ("x", "slopes")]
    try:
        minidl.gradcheck(y, inner, order=2)
    except AssertionError as error:
        return f"minidl.gradcheck says: {error} (input 0 is x, input 1 is weight)"
    return ""


def _parameters(code, inputs):
    """What a training loop and a state file see of the layer: its parameters, and those of two in a network."""
    layer = _layer(code, inputs)
    if not isinstance(layer, minidl.nn.Module):
        return {"parameters": {"weight": _array(layer.weight)}, "in a network": 2, "state": ["weight"], "after": 0.5}
    other, third = _layer(code, inputs), _layer(code, inputs, start=0.5)
    other.weight.data[...] = 3
    network = minidl.nn.Sequential(layer, other)
    return {
        "parameters": {name: _array(p) for name, p in layer.named_parameters()},
        "in a network": len(network.parameters()),
        "state": list(layer.state_dict()),
        "after": float(np.mean(_array(third.weight))),
    }


def _with_x(shape, dtype=np.float64, **more):
    """x without zeros, either sign; slopes below 0, between 0 and 1, and above 1."""

    def inputs(rng):
        x = np.round(rng.uniform(0.3, 3, shape) * rng.choice([-1, 1], shape), 2)
        x[0, 0], x[-1, -1] = -abs(x[0, 0]), -abs(x[-1, -1])
        slopes = rng.permutation(np.round([-0.5, 0.3, 1.7, *rng.uniform(-1, 2, shape[1])], 2)[: shape[1]])
        made = {"x": x, "slopes": slopes, "upstream": rng.normal(size=shape)}
        return {name: made[name].astype(dtype) for name in ("x", *more.get("names", made))}

    return inputs


def _by_hand(rng):
    """Two numbers, one of either sign; the third gradient is small and turns round, the average does not yet."""
    sign, start = np.array([1, -1]) * rng.choice([-1, 1]), np.round(rng.normal(size=2), 2)
    grads = [np.round(sign * rng.uniform(*size, 2), 2) for size in ((1, 2), (1, 2), (-0.4, -0.1))]
    return {"params": [start], "grads": [[g] for g in grads], "settings": {"lr": 0.1}}


def _turning(settings, beta):
    """Second gradients that turn round by a little less and a little more than it takes to turn the average, beta.

    (1 - beta) (beta g - c g) has the sign of beta - c. Other steps show beta only by chance, since signs are all that
    counts.
    """

    def inputs(rng):
        first = rng.uniform(1, 2, (2, 3)) * rng.choice([-1, 1], (2, 3))
        second = -first * np.array([[beta - 0.02], [beta + 0.02]])
        return {"params": [rng.normal(size=(2, 3))], "grads": [[first], [second]], "settings": settings}

    return inputs


CHECKS = [
    Check("PowerSign, three steps on two numbers", _by_hand, _trace, explain=explain),
    Check("PowerSign, gradients that turn round, beta=0.6", _turning({"beta": 0.6}, 0.6), _trace, explain=explain),
    Check("PowerSign, gradients that turn round, the default beta", _turning({}, 0.9), _trace, explain=explain),
    Check("PowerSign, 7 steps on three arrays, lr=0.02, beta=0.5", three_arrays({"lr": 0.02, "beta": 0.5}), _trace,
          explain=explain),
    Check("PowerSign, 7 steps on three arrays, the default settings", three_arrays({}), _trace, explain=explain),
    Check("PowerSign, float32 stays float32", three_arrays({"lr": 0.02}, np.float32), _trace, explain=explain),
    Check("PReLU, two rows of two features", _with_x((2, 2), names=("slopes",)), _forward),
    Check("PReLU, the gradients", _with_x((5, 3)), _backward),
    Check("PReLU, the gradients of a square x", _with_x((4, 4)), _backward),
    Check("PReLU, the gradients of one row", _with_x((1, 3)), _backward),
    Check("PReLU, float32 stays float32", _with_x((5, 3), np.float32), _backward),
    Check("PReLU, what it is made of", _with_x((2, 3), names=()), _parameters),
    Check("PReLU, the derivatives by finite differences", _with_x((3, 3), names=("slopes",)), _by_differences, _said),
    Check("PowerSign, what every optimizer of minidl promises", lambda rng: {}, _contract, _said),
]  # fmt: skip
