"""Checks of e16: facts about the batches, since every way to shuffle is as good as another."""

import itertools

import numpy as np

from minidl.homework.check import Check
from minidl.homework.compare import freeze


def _inputs(m, size, x_shape=(2,), y_shape=(), x_dtype=np.float64):
    """Examples that are told apart by every one of their numbers, and labels too."""

    def inputs(rng):
        X = rng.permutation(10 * m * int(np.prod(x_shape)))[: m * int(np.prod(x_shape))].reshape(m, *x_shape)
        Y = rng.permutation(10 * m * int(np.prod(y_shape)))[: m * int(np.prod(y_shape))].reshape(m, *y_shape)
        return {"X": X.astype(x_dtype), "Y": Y, "size": size, "seed": int(rng.integers(1 << 30))}

    return inputs


def _batches(code, inputs, rng):
    """The pairs as they come, each copied before the next is asked for; endless ones are cut off."""
    found = code.minibatches(inputs["X"], inputs["Y"], inputs["size"], rng)
    return [freeze(pair) for pair in itertools.islice(found, 4 * len(inputs["X"]) + 4)]


def _no_pairs(batches):
    """The first thing that is not a pair of arrays, or None."""
    for k, pair in enumerate(batches):
        if not (isinstance(pair, tuple | list) and len(pair) == 2 and all(isinstance(a, np.ndarray) for a in pair)):
            return {f"batch {k}": pair}
    return None


def _order(batches, X):
    """Numbers of the examples in the order in which they come; None for a row that X does not have."""
    rows = {X[i].tobytes(): i for i in range(len(X))}
    return [rows.get(row.tobytes()) for x, _ in batches for row in x]


def _facts(code, inputs):
    X, Y = inputs["X"].copy(), inputs["Y"].copy()
    batches = _batches(code, inputs, np.random.default_rng(inputs["seed"]))
    wrong = _no_pairs(batches)
    if wrong:
        return wrong
    order = _order(batches, X)
    known = [i for i in order if i is not None]
    labels = [y for _, ys in batches for y in ys]
    kinds = {(x.shape[1:], str(x.dtype), y.shape[1:], str(y.dtype)) for x, y in batches}
    return {
        "examples in each batch": [len(x) for x, _ in batches],
        "labels in each batch": [len(y) for _, y in batches],
        "shape and dtype of an example and of a label": sorted(kinds),
        "every row of x is an example of X": len(known) == len(order),
        "every example comes": set(known) == set(range(len(X))),
        "no example comes twice": len(known) == len(set(known)),
        "the y of every x": _owners(order, labels, Y),
    }


def _owners(order, labels, Y):
    """ "its own", or whose labels they are, as far as an order tells."""
    if len(order) == len(labels) and all(
        i is not None and np.array_equal(Y[i], y) for i, y in zip(order, labels, strict=True)
    ):
        return "its own"
    if len(labels) == len(Y) and np.array_equal(labels, Y):
        return "another's: the labels stand in the order of Y"
    if order == list(range(len(Y))):
        return "another's: the examples stand in the order of X"
    return "another's"


def _calls(code, inputs):
    """Three calls with one rng, and one with a new rng of the same seed."""
    rng = np.random.default_rng(inputs["seed"])
    calls = [_batches(code, inputs, rng) for _ in range(3)]
    again = _batches(code, inputs, np.random.default_rng(inputs["seed"]))
    wrong = next(filter(None, map(_no_pairs, [*calls, again])), None)
    if wrong:
        return wrong
    one, two, three, fourth = (_order(c, inputs["X"]) for c in [*calls, again])
    return {
        "the examples keep the order of X": one == list(range(len(one))),
        "a second call gives another order": one != two,
        "a third call gives yet another": two != three and one != three,
        "an rng of the same seed gives the same order": one == fourth,
    }


def _mixing(code, inputs):
    """How often an example is in a batch, and how often two are together, over many calls."""
    rng, calls = np.random.default_rng(inputs["seed"]), 600
    m, size = len(inputs["X"]), inputs["size"]
    place, together = np.zeros((m, -(-m // size))), np.zeros((m, m))
    for _ in range(calls):
        batches = _batches(code, inputs, rng)
        wrong = _no_pairs(batches)
        if wrong:
            return wrong
        for k, batch in enumerate(batches):
            chosen = [i for i in _order([batch], inputs["X"]) if i is not None]
            if k < place.shape[1]:
                place[chosen, k] += 1
            together[np.ix_(chosen, chosen)] += 1
    pairs = together[~np.eye(m, dtype=bool)] / calls
    return {
        "every example is as often in every batch": _near(place / calls, size / m),
        "any two examples are as often in one batch": _near(pairs, (size - 1) / (m - 1)),
    }


def _near(shares, p, calls=600):
    return bool((np.abs(shares - p) < 6.5 * (p * (1 - p) / calls) ** 0.5).all())


CHECKS = [
    Check("five examples in batches of two", _inputs(5, 2), _facts),
    Check("six examples in batches of three", _inputs(6, 3), _facts),
    Check("batches of one example", _inputs(4, 1), _facts),
    Check("one batch of all examples", _inputs(6, 6), _facts),
    Check("batches larger than the data set", _inputs(4, 7), _facts),
    Check("23 images with one-hot labels in batches of five", _inputs(23, 5, (3, 4), (3,), np.float32), _facts),
    Check("three examples of eight numbers", _inputs(3, 2, (8,), (1,)), _facts),
    Check("the order of several calls", _inputs(40, 8), _calls),
    Check("how well many calls mix six examples in batches of two", _inputs(6, 2), _mixing),
]
