"""e04: Random local search.

Stand somewhere, try a random step, take it only if it leads downhill. It beats random search, because every try
starts from the best place known so far, and it wastes most of its tries, because it does not know the slope.

    repeat n times:  t = w + noise(),  move to t where loss(t) < loss(w)

Convention: noise() gives the step itself, already as long as it should be (CS231n writes w + step_size * randn).
It is called n times, once for each try. The start counts: where no try is better, the answer is the start and its
loss. The caller's w stays as it is.

From w = (1, 1) with the loss w1^2 + w2^2 = 2, the steps (1, 0), (0, -0.5) and (-0.5, 0.5), by hand: 5 is worse,
stay; 1.25 is better, go to (1, 0.5); from there (0.5, 1) is 1.25 again, not better, stay:

    >>> import numpy as np
    >>> steps = iter([np.array([1.0, 0.0]), np.array([0.0, -0.5]), np.array([-0.5, 0.5])])
    >>> best_loss, w = local_search(lambda w: float(np.sum(w**2)), np.array([1.0, 1.0]), lambda: next(steps), 3)
    >>> print(best_loss, w)
    1.25 [1.  0.5]
"""


def local_search(loss, w, noise, n):
    """Make n tries from w and return the pair (best loss, w), where loss(w) is that best loss.

    loss(w) returns a float for an array w; noise() returns a random step, an array of w's shape, which later calls of
    noise may overwrite; w itself is left unchanged.
    """
    best = loss(w)
    for _ in range(n):
        candidate = w + noise()
        trial = loss(candidate)
        if trial < best:
            best = trial
            w = candidate
    return best, w
