"""Checks of e04: tries from a table of steps, of which some lead downhill and some do not."""

import numpy as np

from minidl.homework.check import Check


def _table(shape, n, far=2.0, scale=1.0, shift=0.0):
    """A start at some distance from the minimum at 3, and n steps that lead downhill in about every third try.

    The first step leads far away, or code that never asks for the loss of the start would go unseen; so does the last.
    """

    def inputs(rng):
        w = 3 + np.round(rng.uniform(0.5, far, shape) * rng.choice([-1, 1], shape), 2)
        steps = np.round(rng.normal(0, 0.4, (n, *shape)), 2)
        if n > 1:
            steps[0] = steps[-1] = np.where(w > 3, 5.0, -5.0)
            steps[1] = np.round((3 - w) / 4, 2)  # at least one try is better than the start, and another is better yet
        if n > 3:
            steps[2] = np.round((3 - w) / 8, 2)
        return {"w": w, "steps": steps, "n": n, "scale": scale, "shift": shift}

    return inputs


def _search(reuse=False):
    def run(code, i):
        drawn = 0
        buffer = np.zeros(i["w"].shape)

        def noise():
            nonlocal drawn
            buffer[...] = i["steps"][drawn % len(i["steps"])]
            drawn += 1
            return buffer if reuse else buffer.copy()

        def loss(w):
            return i.get("scale", 1.0) * float(np.sum((w - 3) ** 2)) + i.get("shift", 0.0)

        found = code.local_search(loss, i["w"], noise, i["n"])
        return {"(best loss, w)": found, "calls of noise": drawn}

    return run


def _by_hand(rng):
    inputs = _table((2,), 4)(rng)
    return {name: inputs[name] for name in ("w", "steps", "n")}


def _never_better(rng):
    inputs = _table((3,), 6)(rng)
    return inputs | {"steps": np.where(inputs["w"] > 3, 1.0, -1.0) * rng.uniform(0.1, 1, (6, 3)).round(2)}


CHECKS = [
    Check("four tries, the loss is sum((w - 3) ** 2)", _by_hand, _search()),
    Check("forty tries on a matrix", _table((3, 2), 40), _search()),
    Check("forty tries whose steps all come in the same array", _table((4,), 40), _search(reuse=True)),
    Check("no try is better than the start", _never_better, _search()),
    Check("no try at all", lambda rng: _table((2,), 1)(rng) | {"n": 0}, _search()),
    Check("losses beyond 1e20", _table((2, 2), 12, scale=1e21), _search()),
    Check("negative losses", _table((2, 2), 12, shift=-1000.0), _search()),
]
