"""e02: A ball that rolls: momentum in one dimension.

Gradient descent forgets every step it took; a ball does not. It has a velocity v, which the slope changes a
little at every step and which friction (mu, between 0 and 1) wears down. Starting at rest, v = 0:

    v = mu v - lr grad(x)
    x = x + v

First the velocity, then the place. The ball rolls through small dips in which gradient descent stops, and it
swings around the minimum before it comes to rest.

Convention: this is the form of CS231n, where the velocity points downhill and holds the rate. PyTorch writes
v = mu v + g and x = x - lr v, d2l writes v = mu v + lr g and x = x - v: the same path as long as lr is constant.
The course C2W2 weights the gradient by 1 - mu (v = mu v + (1 - mu) g, x = x - lr v): steps 1 - mu times as large.

On f = x^2, where grad(x) = 2 x, from x = 1 with lr = 0.1 and mu = 0.5, by hand: v = -0.2, so x = 0.8; then
v = 0.5 * (-0.2) - 0.1 * 1.6 = -0.26, so x = 0.54:

    >>> [round(x, 6) for x in momentum_1d(lambda x: 2 * x, 1.0, 0.1, 0.5, 2)]
    [1.0, 0.8, 0.54]
"""


def momentum_1d(grad, x, lr, mu, steps):
    """Let a ball roll from x, starting at rest; return the list of the steps + 1 places, the start first.

    grad(x) returns the slope at x; x, lr and mu are floats, steps is a count and may be 0.
    """
    velocity = 0.0
    places = [x]
    for _ in range(steps):
        velocity = mu * velocity - lr * grad(x)
        x = x + velocity
        places.append(x)
    return places
