"""Random local search in lists of Python floats, with the whole history kept: places and their losses."""

import numpy as np


def local_search(loss, w, noise, n):
    places = [[float(x) for x in np.ravel(w)]]
    losses = [loss(np.array(places[0]).reshape(np.shape(w)))]
    for _ in range(n):
        place = [x + float(step) for x, step in zip(places[-1], np.ravel(noise()))]
        found = loss(np.array(place).reshape(np.shape(w)))
        rises = not found < losses[-1]
        places.append(places[-1] if rises else place)
        losses.append(losses[-1] if rises else found)
    return losses[-1], np.array(places[-1]).reshape(np.shape(w))
