"""What goes wrong in e15."""

from minidl.homework.check import mistake

_ROWS = "rows = images.reshape(len(images), -1)"
_SCALE = "return images / 255"
_STATISTICS = "mu, sigma = train.mean(axis=0), train.std(axis=0)"
_CONSTANT = "sigma[sigma == 0] = 1"
_BOTH = "return (train - mu) / sigma, (test - mu) / sigma"
_SET = "out[np.arange(len(y)), y] = 1"
_GUESS = "guesses = scores.argmax(axis=1)"
_SHARE = "return float(np.mean(guesses == y))"
_TEST = "the statistics come from train alone, for both sets"

MISTAKES = [
    # flatten_columns
    mistake(
        "reshape(-1, m), which mixes the pixels of all images",
        "reshape reads row after row: first give every image a row, then transpose",
        (_ROWS, "rows = images.reshape(-1, len(images)).T"),
    ),
    mistake(
        "one image per row",
        "one image per column: something is missing after the reshape",
        ("return rows.T", "return rows"),
    ),
    mistake(
        "pixels in the reverse order (order='F', or a transpose of all axes before the reshape)",
        "the pixels of an image keep the order that reshape gives: reshape first, then transpose",
        (_ROWS, "rows = images.reshape(len(images), -1, order='F')"),
    ),
    mistake(
        "images scaled while they are flattened",
        "flatten_columns moves numbers and does not change them",
        (_ROWS, "rows = images.reshape(len(images), -1) / 255"),
    ),
    # scale
    mistake(
        "integer division, which leaves almost every pixel 0",
        "// throws the fraction away: divide by /",
        (_SCALE, "return (images // 255) * 1.0"),
        id="DA02",
    ),
    mistake("a division by 256", "the brightest pixel, 255, becomes 1", (_SCALE, "return images / 256")),
    mistake(
        "a division by the brightest pixel found",
        "divide by 255, whatever the images hold",
        (_SCALE, "return images / images.max()"),
    ),
    mistake(
        "a scale in float32", "the result is float64", (_SCALE, "return images.astype(np.float32) / np.float32(255)")
    ),
    mistake(
        "a result that is cut back to integers",
        "a number between 0 and 1 needs a float dtype",
        (_SCALE, "return (images / 255).astype(images.dtype)"),
    ),
    mistake("a scale from -1 to 1", "black is 0 and white is 1", (_SCALE, "return images / 127.5 - 1")),
    mistake(
        "a shift by the darkest pixel and a division by the range",
        "0 stays 0: divide by 255 and nothing else",
        (_SCALE, "return (images - images.min()) / (float(images.max()) - images.min())"),
    ),
    mistake("pixels that are not divided", "a pixel of 255 becomes 1", (_SCALE, "return images.astype(np.float64)")),
    # standardize
    mistake(
        "a test set standardized with its own statistics",
        _TEST,
        (_BOTH, "return (train - mu) / sigma, (test - test.mean(axis=0)) / test.std(axis=0)"),
        id="DA04",
    ),
    mistake(
        "a test set standardized with its own mean",
        _TEST,
        (_BOTH, "return (train - mu) / sigma, (test - test.mean(axis=0)) / sigma"),
    ),
    mistake(
        "a test set divided by its own standard deviation",
        _TEST,
        (_BOTH, "return (train - mu) / sigma, (test - mu) / test.std(axis=0)"),
    ),
    mistake("a constant feature divided by zero", "where sigma is 0, divide by 1", (_CONSTANT, "pass"), id="DA06"),
    mistake(
        "statistics of train and test together: the test set leaks into the training",
        _TEST,
        (_STATISTICS, "both = np.r_[train, test]\nmu, sigma = both.mean(axis=0), both.std(axis=0)"),
        id="DA08",
    ),
    mistake(
        "statistics of the test set for both", _TEST, (_STATISTICS, "mu, sigma = test.mean(axis=0), test.std(axis=0)")
    ),
    mistake(
        "one mean and one deviation for all features together",
        "every column has its own: axis=0",
        (_STATISTICS, "mu, sigma = train.mean(), np.atleast_1d(train.std())"),
    ),
    mistake(
        "statistics of every example (row), not of every feature",
        "a feature is a column: axis=0",
        (_STATISTICS, "mu, sigma = train.mean(axis=1), train.std(axis=1)"),
    ),
    mistake(
        "train and test each standardized row by row",
        "a feature is a column: axis=0",
        (_STATISTICS, "pass"),
        (_CONSTANT, "pass"),
        (
            _BOTH,
            "return tuple((a - a.mean(axis=1, keepdims=True)) / a.std(axis=1, keepdims=True) for a in (train, test))",
        ),
    ),
    mistake(
        "a division by the variance",
        "sigma is the root of the variance",
        (_STATISTICS, _STATISTICS.replace("std", "var")),
    ),
    mistake(
        "a deviation with n - 1 (ddof=1)",
        "here sigma divides by n, NumPy's default; leave ddof out",
        (_STATISTICS, _STATISTICS.replace("std(axis=0)", "std(axis=0, ddof=1)")),
        convention=True,
    ),
    mistake(
        "a small number added to sigma",
        "nothing is added: where sigma is 0, divide by 1",
        (_CONSTANT, "sigma = sigma + 1e-8"),
        convention=True,
    ),
    mistake(
        "a smaller number added to sigma",
        "nothing is added: where sigma is 0, divide by 1",
        (_CONSTANT, "sigma = sigma + 1e-5"),
        convention=True,
    ),
    mistake(
        "a division without moving the mean to 0", "subtract mu first", (_STATISTICS, _STATISTICS + "\nmu = 0 * mu")
    ),
    mistake("a mean moved to 0 without a division", "divide by sigma too", (_CONSTANT, "sigma[:] = 1")),
    mistake(
        "a test set left as it was",
        "the network sees test in the units of train",
        (_BOTH, "return (train - mu) / sigma, test"),
    ),
    mistake(
        "test before train",
        "the results come in the order of the arguments",
        (_BOTH, "return (test - mu) / sigma, (train - mu) / sigma"),
    ),
    mistake(
        "a standardize that changes its arguments",
        "make new arrays: `train - mu`, not `train -= mu`",
        (_BOTH, "train -= mu\ntrain /= sigma\ntest -= mu\ntest /= sigma\nreturn train, test"),
    ),
    mistake(
        "a constant feature that becomes 0 in the test set too",
        "divide it by 1 and keep what is left of it",
        (_CONSTANT, "sigma[sigma == 0] = np.inf"),
    ),
    mistake(
        "features scaled to 0 ... 1 by their minimum and maximum",
        "subtract the mean, divide by the deviation",
        (_STATISTICS, "mu, sigma = train.min(axis=0), train.max(axis=0) - train.min(axis=0)"),
    ),
    # one_hot
    mistake(
        "labels that count from 1", "label 0 stands in column 0", (_SET, "out[np.arange(len(y)), y - 1] = 1"), id="DA10"
    ),
    mistake(
        "whole columns of ones", "one entry per row: give the row's number beside the column's", (_SET, "out[:, y] = 1")
    ),
    mistake(
        "a one-hot matrix with one example per column", "one example per row: (n, k)", ("return out", "return out.T")
    ),
    mistake(
        "as many columns as the largest label asks for",
        "k says how many classes there are",
        ("out = np.zeros((len(y), k))", "out = np.zeros((len(y), y.max() + 1))"),
    ),
    mistake(
        "a one-hot matrix of integers", "the network computes with floats", ("return out", "return out.astype(int)")
    ),
    mistake(
        "ones and a zero in place of zeros and a one",
        "the label's entry is 1, the others are 0",
        ("return out", "return 1 - out"),
    ),
    # accuracy
    mistake(
        "a comparison of every guess with every label (n x n)",
        "two arrays of shape (n,) compare pair by pair",
        (_GUESS, "guesses = scores.argmax(axis=1)[:, None]"),
        id="DA12",
    ),
    mistake(
        "the largest score of every class, not of every example",
        "an example is a row: which axis?",
        (_GUESS, "guesses = scores.argmax(axis=0)"),
    ),
    mistake(
        "the smallest score taken for the guess", "the largest score wins", (_GUESS, "guesses = scores.argmin(axis=1)")
    ),
    mistake(
        "the number of right guesses, not their share",
        "divide by the number of examples",
        (_SHARE, "return float(np.sum(guesses == y))"),
    ),
    mistake("a percentage", "the accuracy lies between 0 and 1", (_SHARE, "return float(np.mean(guesses == y)) * 100")),
    mistake("the share of wrong guesses", "count what is equal", (_SHARE, "return float(np.mean(guesses != y))")),
    mistake(
        "right guesses divided by the number of classes",
        "divide by the number of examples",
        (_SHARE, "return float(np.sum(guesses == y)) / scores.shape[1]"),
    ),
    mistake(
        "an accuracy rounded to two digits",
        "return the share itself",
        (_SHARE, "return round(float(np.mean(guesses == y)), 2)"),
    ),
    mistake("one value per example", "one number for all examples: their mean", (_SHARE, "return guesses == y")),
]
