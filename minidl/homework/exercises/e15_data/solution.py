"""e15: Data, five small functions before and after the network.

    flatten_columns   images (m, h, w, c) -> (h*w*c, m): one image per column, its pixels in the order of memory
    scale             pixels 0 ... 255 (uint8) -> numbers 0 ... 1 (float64), value / 255
    standardize       every feature (column) to mean 0 and standard deviation 1:

                          mu    = mean of the column of train         sigma = sqrt(mean of (train - mu)^2)
                          train = (train - mu) / sigma                test  = (test - mu) / sigma

                      The test set is moved by the numbers of the training set: in use, too, an example arrives alone
                      and has no statistics. A feature that is constant in train has sigma = 0; divide it by 1.
    one_hot           label 2 of k = 4 classes -> 0 0 1 0
    accuracy          the share of examples whose largest score stands at their label, between 0 and 1

Convention: flatten_columns gives one example per column, as C1W2 does; everywhere else here an example is a row. sigma
divides by the number of examples (NumPy's default), not by one less (pandas, MATLAB), and nothing is added to it.
Labels count from 0.

Shapes: train (n, d), test (m, d); y (n,) integers; one_hot (n, k) float64; scores (n, k). No function changes its
arguments. standardize gives float32 for float32.

Two images of 1 x 2 pixels with one channel, and two training examples with one feature:

    >>> import numpy as np
    >>> images = np.array([[[[1], [2]]], [[[3], [4]]]])
    >>> flatten_columns(images)
    array([[1, 3],
           [2, 4]])
    >>> train, test = standardize(np.array([[1.0], [3.0]]), np.array([[4.0]]))  # mu = 2, sigma = 1
    >>> print(train.ravel(), test.ravel())
    [-1.  1.] [2.]
    >>> one_hot(np.array([2, 0]), 4)
    array([[0., 0., 1., 0.],
           [1., 0., 0., 0.]])
    >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    0.5
"""

import numpy as np


def flatten_columns(images):
    """images (m, ...) -> a matrix with m columns, column i holding the numbers of images[i] in their order."""
    rows = images.reshape(len(images), -1)
    return rows.T


def scale(images):
    """uint8 images of any shape -> float64 between 0 and 1."""
    return images / 255


def standardize(train, test):
    """train (n, d), test (m, d) -> both, standardized with the statistics of train."""
    mu, sigma = train.mean(axis=0), train.std(axis=0)
    sigma[sigma == 0] = 1
    return (train - mu) / sigma, (test - mu) / sigma


def one_hot(y, k):
    """y (n,) of integers 0 ... k - 1 -> (n, k) of zeros with a one per row."""
    out = np.zeros((len(y), k))
    out[np.arange(len(y)), y] = 1
    return out


def accuracy(scores, y):
    """scores (n, k), y (n,) -> the share of right predictions, a float."""
    guesses = scores.argmax(axis=1)
    return float(np.mean(guesses == y))
