"""e07: Softmax.

A classifier gives every example one score per class, the logits z, of any size and sign. Softmax makes
probabilities of them: positive, in the same order, summing to 1 in every row.

    p[i, j] = exp(z[i, j]) / (exp(z[i, 0]) + ... + exp(z[i, C - 1]))

exp(710) is already infinite, and infinity over infinity is nan. But only differences of logits within a row count:
subtracting any one number from all logits of a row changes nothing in p. Choose it so that the largest exponent
becomes 0, and nothing overflows. A logit far below its row's largest has probability 0, rightly so.

Convention: examples are rows and classes columns, z of shape (N, C), as in CS231n, d2l and PyTorch; the courses of
deeplearning.ai store examples as columns.

Shapes: z (N, C) -> (N, C), float32 stays float32.

Two examples by hand, exp(log 3) = 3: the first row gives 3 / (3 + 1), and the second is the first plus 1000:

    >>> import numpy as np
    >>> z = np.array([[np.log(3), 0.0], [1000 + np.log(3), 1000.0]])
    >>> print(softmax(z).round(6))
    [[0.75 0.25]
     [0.75 0.25]]
"""

import numpy as np


def softmax(z):
    """The probabilities of the logits z (N, C): an array of the same shape and dtype; z is left unchanged."""
    largest = z.max(axis=1, keepdims=True)
    powers = np.exp(z - largest)
    return powers / powers.sum(axis=1, keepdims=True)
