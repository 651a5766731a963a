"""Checks of e15."""

import numpy as np

from minidl.homework.check import Check


def _images(*shape):
    def inputs(rng):
        images = rng.integers(0, 256, shape).astype(np.uint8)
        images.flat[:3] = (0, 255, 254)[: images.size]
        return {"images": images}

    return inputs


def _features(n, m, d, dtype=np.float64, constant=False):
    def inputs(rng):
        middle, width = rng.uniform(-2, 2, d), rng.uniform(0.4, 2, d)
        train, test = (middle + width * rng.normal(size=(rows, d)) for rows in (n, m))
        test += rng.uniform(0.5, 1, d)  # a test set of its own kind: its statistics are not those of train
        if constant:
            train[:, 1], test[:, 1] = 3, 3 + np.arange(m)
        return {"train": train.astype(dtype), "test": test.astype(dtype)}

    return inputs


def _by_hand(rng):
    train, test = rng.permutation(9)[:3, None], rng.permutation(9)[:2, None]
    return {"train": train + 0.0, "test": test + 1.0}


def _labels(n, k, highest=None):
    def inputs(rng):
        y = rng.integers(0, k if highest is None else highest + 1, n)
        y[0] = 1
        return {"y": y, "k": k}

    return inputs


def _scores(n, k):
    """About two thirds of the predictions right, and at least one wrong: neither 0 nor 1, nor a half."""

    def inputs(rng):
        scores = rng.normal(size=(n, k))
        y = scores.argmax(axis=1)
        wrong = rng.permutation(n)[: max(1, n // 3)]
        y[wrong] = (y[wrong] + 1 + rng.integers(0, k - 1, len(wrong))) % k
        return {"scores": scores, "y": y}

    return inputs


def _run(name, *arguments):
    def run(code, inputs):
        return getattr(code, name)(*(inputs[a] for a in arguments))

    return run


def _standardized(code, inputs):
    pair = code.standardize(inputs["train"], inputs["test"])
    return {"train": pair[0], "test": pair[1]} if isinstance(pair, tuple | list) and len(pair) == 2 else pair


_FLATTEN, _SCALE = _run("flatten_columns", "images"), _run("scale", "images")
_ONE_HOT, _ACCURACY = _run("one_hot", "y", "k"), _run("accuracy", "scores", "y")

CHECKS = [
    Check("flatten_columns of three images of 2 x 1 pixels with 2 channels", _images(3, 2, 1, 2), _FLATTEN),
    Check("flatten_columns of five images of 3 x 2 pixels with 3 channels", _images(5, 3, 2, 3), _FLATTEN),
    Check("flatten_columns of images of shape (4, 3, 3)", _images(4, 3, 3), _FLATTEN),
    Check("scale", _images(2, 2, 2, 1), _SCALE),
    Check("scale of dark images", lambda rng: {"images": rng.integers(1, 60, (3, 4)).astype(np.uint8)}, _SCALE),
    Check("standardize one feature", _by_hand, _standardized),
    Check("standardize four features", _features(7, 5, 4), _standardized),
    Check("standardize, as many examples as features", _features(3, 3, 3), _standardized),
    Check("standardize with a constant feature", _features(6, 4, 3, constant=True), _standardized),
    Check("standardize in float32", _features(6, 4, 3, np.float32), _standardized),
    Check("one_hot", _labels(4, 3), _ONE_HOT),
    Check("one_hot of a batch in which the last classes do not occur", _labels(5, 6, highest=3), _ONE_HOT),
    Check("one_hot, as many examples as classes", _labels(4, 4), _ONE_HOT),
    Check("accuracy of four examples", _scores(4, 3), _ACCURACY),
    Check("accuracy of thirty examples", _scores(30, 5), _ACCURACY),
    Check("accuracy, as many examples as classes", _scores(5, 5), _ACCURACY),
    Check("accuracy of one example", _scores(1, 3), _ACCURACY),
]
