"""Checks of e29: facts about masks and factors, since every way to draw a mask is as good as another."""

import numpy as np

from minidl.homework.check import Check


def _inputs(p, *shape):
    def inputs(rng):
        x, dout = (rng.uniform(0.5, 2, shape) * rng.choice([-1.0, 1.0], shape) for _ in range(2))
        return {"x": x, "dout": dout, "p": p, "seed": int(rng.integers(1 << 30))}

    return inputs


def _six_numbers(rng):
    return {"x": np.round(rng.uniform(1, 9, 6), 1), "p": 0.5, "seed": int(rng.integers(1 << 30))}


def _layer(code, inputs):
    return code.Dropout(inputs["p"], np.random.default_rng(inputs["seed"]))


def _not_alike(result, x, name):
    """What is wrong with an array that should have x's shape and dtype, or None."""
    if not isinstance(result, np.ndarray):
        return {name: result}
    if result.shape != x.shape or result.dtype != x.dtype:
        return {name: f"shape {result.shape}, dtype {result.dtype}"}
    return None


def _factor(ratios):
    """The one number that all of these are, or "different numbers"."""
    left = ratios[ratios != 0]
    if not left.size:
        return "nothing was kept"
    alike = np.ptp(left) <= 1e-12 * np.abs(left).max() or not np.isfinite(left).all()
    return float(left.mean()) if alike else "different numbers"


def _share(keep, p):
    kept, spread = keep.mean(), 6.5 * (p * (1 - p) / keep.size) ** 0.5
    names = {"all": 1.0, "none": 0.0}
    near = [name for name, share in names.items() if kept == share]
    near += [name for name, share in {"about 1 - p": 1 - p, "about p": p}.items() if abs(kept - share) < spread]
    return near[0] if near else "neither p nor 1 - p"


def _often(code, inputs):
    """Forward on six numbers, twenty times."""
    layer, x, ratios = _layer(code, inputs), inputs["x"], []
    for _ in range(20):
        out = layer.forward(x)
        wrong = _not_alike(out, x, "forward")
        if wrong:
            return wrong
        ratios.append(out / x)
    return {"what is kept is multiplied by": _factor(np.array(ratios))}


def _training(code, inputs):
    layer, x, dout = _layer(code, inputs), inputs["x"], inputs["dout"]
    out = np.array(layer.forward(x)) if isinstance(x, np.ndarray) else None
    wrong = _not_alike(out, x, "forward")
    if wrong:
        return wrong
    keep = np.asarray(out != 0)
    flat = keep.reshape(len(keep), -1)
    seen = {
        "what is kept is multiplied by": _factor(out / x),
        "share that is kept": _share(keep, inputs["p"]),
        "all rows drop the same": bool((flat == flat[0]).all()),
        "all columns drop the same": bool((flat == flat[:, :1]).all()),
    }
    dx = layer.backward(dout)
    wrong = _not_alike(dx, x, "backward")
    if wrong:
        return seen | wrong
    return seen | {
        "share that backward lets through": _share(dx != 0, inputs["p"]),
        "backward uses the mask of forward": bool(((dx != 0) == keep).all()),
        "in backward what is kept is multiplied by": _factor(dx / dout),
    }


def _not_training(code, inputs):
    """In evaluation from the start, and after a step of training."""
    x, dout, seen = inputs["x"], inputs["dout"], {}
    for name, trained in (("before any training", False), ("after training", True)):
        layer = _layer(code, inputs)
        if trained:
            layer.backward(layer.forward(x))
        layer.training = False
        seen[f"forward {name}"] = layer.forward(x)
        seen[f"backward {name}"] = layer.backward(dout)
    return seen


def _calls(code, inputs):
    """Masks over several calls; the second backward belongs to the second forward."""
    x, dout = inputs["x"], inputs["dout"]
    layer, twin = _layer(code, inputs), _layer(code, inputs)
    seen = {"training at first": layer.training}
    masks = []
    for k in range(4):
        layer.training = k != 2
        out = np.array(layer.forward(x))
        wrong = _not_alike(out, x, "forward")
        if wrong:
            return wrong
        back = layer.backward(dout)
        masks.append(out != 0)
        seen[f"call {k + 1} drops something"] = bool((out == 0).any())
        seen[f"backward of call {k + 1} uses its mask"] = np.array_equal(np.asarray(back) != 0, out != 0)
    seen["a second call draws another mask"] = not np.array_equal(masks[0], masks[1])
    seen["an rng of the same seed draws the same mask"] = np.array_equal(np.asarray(twin.forward(x)) != 0, masks[0])
    other = code.Dropout(inputs["p"], np.random.default_rng(inputs["seed"] + 1))
    seen["an rng of another seed draws another mask"] = not np.array_equal(np.asarray(other.forward(x)) != 0, masks[0])
    return seen


def _nothing_dropped(code, inputs):
    layer = _layer(code, inputs)
    return {"forward": layer.forward(inputs["x"]), "backward": layer.backward(inputs["dout"])}


CHECKS = [
    Check("p = 0.5, forward on six numbers, twenty times", _six_numbers, _often),
    Check("p = 0.2 in training", _inputs(0.2, 60, 50), _training),
    Check("p = 0.7 in training, three axes", _inputs(0.7, 30, 10, 10), _training),
    Check("not training", _inputs(0.4, 3, 4), _not_training),
    Check("four calls, the third of them not training", _inputs(0.5, 20, 10), _calls),
    Check("p = 0", _inputs(0.0, 3, 4), _nothing_dropped),
]
