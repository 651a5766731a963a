"""e18: The exponentially weighted average, on which Momentum, RMSProp and Adam are built.

v follows a series x_1, x_2, ... and forgets the past step by step: what is k steps old counts with beta^k. It averages
over about 1 / (1 - beta) values: 2, 10 and 50 of them for beta = 0.5, 0.9 and 0.98.

    v_0 = 0
    v_t = beta v_{t-1} + (1 - beta) x_t          t = 1, 2, ...

v starts at 0 and is therefore too small at first: the weights of x_1 ... x_t add up to 1 - beta^t only. Dividing makes
up for that:

    corrected v_t = v_t / (1 - beta^t)

The recursion itself goes on with v_t, not with the corrected value.

Convention: beta is the weight of the past, as in C2W2. In pandas, ewm(alpha=1 - beta, adjust=True) is the corrected
average and adjust=False starts at v_1 = x_1, which is another rule than either of ours.

Shapes: xs (n,) floats -> array (n,). correct=False gives v_t as it is. xs stays as it is.

Two values by hand, beta = 0.5: v = 2, then 0.5 * 2 + 0.5 * 8 = 5; corrected 2 / 0.5 = 4, 5 / 0.75 = 6.667:

    >>> import numpy as np
    >>> print(ewa(np.array([4.0, 8.0]), 0.5, correct=False))
    [2. 5.]
    >>> print(ewa(np.array([4.0, 8.0]), 0.5).round(3))
    [4.    6.667]
"""

import numpy as np


def ewa(xs, beta, correct=True):
    """The average after each of the values xs (an array), corrected for its start at 0 or not -> array (n,)."""
    averages = np.zeros_like(xs)
    v = 0.0
    for t, x in enumerate(xs, start=1):
        v = beta * v + (1 - beta) * x
        averages[t - 1] = v
        if correct:
            averages[t - 1] = v / (1 - beta**t)
    return averages
