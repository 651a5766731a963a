"""e14: Initialisation, weights that keep the signal alive.

With all weights zero every unit of a layer computes the same and learns the same. With weights too small the signal
dies out from layer to layer, with weights too large it explodes. He et al. (2015) found the size that keeps it as it is
behind a ReLU: every entry of W_l is drawn from a normal distribution with mean 0 and

    variance of W_l = 2 / n_in,    so the standard deviation is sqrt(2 / n_in)

where n_in is the number of units that feed layer l. The biases start at zero.

Convention: W_l has one row per input and one column per unit, so that a layer is x @ W + b with one example per row.
Courses that keep one example per column (C2W1) store the transpose, (n_out, n_in); the variance is the same. Xavier's
initialisation (for tanh) has 1 / n_in or 2 / (n_in + n_out) in place of 2 / n_in.

Shapes: sizes = [n_0, n_1, ..., n_L] gives 'W1' (n_0, n_1), 'b1' (n_1,), ..., 'WL' (n_{L-1}, n_L), 'bL' (n_L,), float64.
All random numbers come from rng (numpy.random.Generator), so that a seed repeats the network.

    >>> import numpy as np
    >>> P = he_init([200, 100, 10], np.random.default_rng(0))
    >>> {name: array.shape for name, array in P.items()}
    {'W1': (200, 100), 'b1': (100,), 'W2': (100, 10), 'b2': (10,)}
    >>> print(f"{P['W1'].std():.1f}")  # sqrt(2 / 200) = 0.1
    0.1
"""

import numpy as np


def he_init(sizes, rng):
    """A dict of the weights and biases of a network with layers of these sizes (a list of at least two integers)."""
    params = {}
    for number in range(1, len(sizes)):
        n_in, n_out = sizes[number - 1], sizes[number]
        params[f"W{number}"] = rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out))
        params[f"b{number}"] = np.zeros(n_out)
    return params
