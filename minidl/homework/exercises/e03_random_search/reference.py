"""Random search with everything kept: all candidates, all losses, then the place of the smallest."""

import numpy as np


def random_search(loss, sample, n):
    candidates = [np.array(sample()) for _ in range(n)]
    losses = [loss(w) for w in candidates]
    place = sorted(range(n), key=losses.__getitem__)[0]
    return losses[place], candidates[place]
