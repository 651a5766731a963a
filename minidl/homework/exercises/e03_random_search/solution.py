"""e03: Random search.

The simplest idea of all: try n random weights and keep the best. It is a poor way to train a network and a good
baseline: whatever is smarter has to beat it.

    draw n times:  w = sample(),  keep (loss(w), w) where loss(w) is the smallest so far

Convention: a smaller loss is better, and it may be of any size and sign. sample() is called n times, once for each
candidate. It may write every candidate into the same array (CS231n's loop draws a new one each time), so what you
keep must not change when the next one is drawn. Best loss first, then the weights it belongs to.

Three candidates and the loss w1^2 + w2^2, by hand 5, 1 and 4, so the second one wins:

    >>> import numpy as np
    >>> candidates = iter([np.array([1.0, 2.0]), np.array([0.0, -1.0]), np.array([2.0, 0.0])])
    >>> best_loss, best_w = random_search(lambda w: float(np.sum(w**2)), lambda: next(candidates), 3)
    >>> print(best_loss, best_w)
    1.0 [ 0. -1.]
"""


def random_search(loss, sample, n):
    """Draw n candidates and return the pair (best loss, best w).

    loss(w) returns a float for an array w; sample() returns the next candidate, an array, which later calls of sample
    may overwrite; n is at least 1. best w is an array of the candidate's shape and dtype.
    """
    best_loss, best_w = float("inf"), None
    for _ in range(n):
        w = sample()
        trial = loss(w)
        if trial < best_loss:
            best_loss = trial
            best_w = w.copy()
    return best_loss, best_w
