"""Checks of e29."""

import numpy as np

from minidl.homework.check import Check


def _inputs(shape, p, dtype=np.float64):
    def inputs(rng):
        x, dout = (np.round(rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape), 2) for _ in range(2))
        return {"x": x.astype(dtype), "dout": dout.astype(dtype), "p": p, "seed": int(rng.integers(1000))}

    return inputs


def _layer(code, inputs):
    return code.Dropout(inputs["p"], np.random.default_rng(inputs["seed"]))


def training(code, inputs):
    layer = _layer(code, inputs)
    return {"forward": layer.forward(inputs["x"]), "backward": layer.backward(inputs["dout"])}


def two_passes(code, inputs):
    """A new mask for every forward pass; backward, asked twice, goes through the last one."""
    layer = _layer(code, inputs)
    first = layer.forward(inputs["x"])
    second = layer.forward(inputs["x"])
    return {
        "forward, first": first, "forward, second": second,
        "backward": layer.backward(inputs["dout"]), "backward, again": layer.backward(inputs["dout"]),
    }  # fmt: skip


def eval_mode(code, inputs):
    """Used, trained, used and trained again: `training` is looked at in every pass, and no random number is wasted."""
    layer = _layer(code, inputs)
    result = {"training at first": bool(layer.training)}
    for number, mode in enumerate((False, True, False, True), start=1):
        layer.training = mode
        name = f"pass {number}, training = {mode}"
        result[name] = {"forward": layer.forward(inputs["x"]), "backward": layer.backward(inputs["dout"])}
    return result


def mean(code, inputs):
    """What forward and backward do to many ones: their means, and the share that was dropped."""
    ones = np.ones(inputs["x"].shape)
    layer = _layer(code, inputs)
    y, dx = layer.forward(ones), layer.backward(ones)
    return {"mean forward": float(y.mean()), "mean backward": float(dx.mean()), "share dropped": float((y == 0).mean())}


CHECKS = [
    Check("eight numbers, p = 0.4", _inputs((2, 4), 0.4), training),
    Check("a batch, p = 0.3", _inputs((6, 5), 0.3), training),
    Check("images, p = 0.8", _inputs((2, 3, 4), 0.8), training),
    Check("nothing dropped, p = 0", _inputs((3, 2), 0.0), training),
    Check("two forward passes, then backward", _inputs((4, 3), 0.4), two_passes),
    Check("training switched off and on", _inputs((3, 3), 0.6), eval_mode),
    Check("the mean is kept", _inputs((200, 100), 0.25), mean),
    Check("float32 stays float32", _inputs((4, 5), 0.5, np.float32), training),
]
