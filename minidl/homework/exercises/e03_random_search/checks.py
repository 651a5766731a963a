"""Checks of e03: candidates from a table, in fresh arrays or all in one; losses of any size and sign."""

import numpy as np

from minidl.homework.check import Check


def _table(shape, n, scale=1.0, shift=0.0, best_at=None):
    """n candidates of which one is far better than the others; the loss is scale * sum((w - 3) ** 2) + shift."""

    def inputs(rng):
        offsets = np.round(rng.uniform(0.5, 3, (n, *shape)) * rng.choice([-1, 1], (n, *shape)), 2)
        best = int(rng.integers(1, n - 1)) if best_at is None else best_at % n
        offsets[best] /= 10
        offsets[0 if best else -1] = -3  # zeros: the smallest weights are neither the best ones
        offsets[-1 if 0 < best < n - 1 else 1] = 4  # nor the worst
        return {"samples": 3 + offsets, "n": n, "scale": scale, "shift": shift}

    return inputs


def _search(reuse):
    def run(code, i):
        drawn = 0
        buffer = np.empty_like(i["samples"][0])

        def sample():
            nonlocal drawn
            row = i["samples"][drawn % len(i["samples"])]
            drawn += 1
            if not reuse:
                return row.copy()
            buffer[...] = row
            return buffer

        def loss(w):
            return i.get("scale", 1.0) * float(np.sum((w - 3) ** 2)) + i.get("shift", 0.0)

        best = code.random_search(loss, sample, i["n"])
        if isinstance(best, tuple) and len(best) == 2 and best[1] is None:  # its loss is whatever the code began with
            best = "None for the weights: no loss was below the first best one"
        return {"(best loss, best w)": best, "calls of sample": drawn}

    return run


def _by_hand(rng):
    return {"samples": _table((2,), 4)(rng)["samples"], "n": 4}


CHECKS = [
    Check("four candidates, the loss is sum((w - 3) ** 2)", _by_hand, _search(reuse=False)),
    Check("fifty candidates in fresh arrays", _table((3, 2), 50), _search(reuse=False)),
    Check("fifty candidates that all come in the same array", _table((3, 2), 50), _search(reuse=True)),
    Check("the first candidate is the best", _table((4,), 20, best_at=0), _search(reuse=True)),
    Check("the last candidate is the best", _table((4,), 20, best_at=-1), _search(reuse=True)),
    Check("a single candidate", lambda rng: _table((3,), 3)(rng) | {"n": 1}, _search(reuse=False)),
    Check("losses beyond 1e20", _table((2, 2), 12, scale=1e21), _search(reuse=False)),
    Check("negative losses", _table((2, 2), 12, shift=-1000.0), _search(reuse=True)),
]
