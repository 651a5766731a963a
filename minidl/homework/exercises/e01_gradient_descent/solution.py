"""e01: Gradient descent in two dimensions.

A walker in the fog feels the slope under his feet and takes a step downhill, again and again. With f(x1, x2)
the height and (g1, g2) its two partial derivatives at the point where he stands, one step is

    (g1, g2) = grad(x1, x2)
    x1 = x1 - lr g1
    x2 = x2 - lr g2

Both slopes are felt at the same point, before either coordinate moves.

Convention: the rate lr multiplies the gradient as it is; nothing is normalised, averaged or decayed. The path
holds the start as well, so it has steps + 1 points (some courses print only the points after each step).

On f = x1^2 + 2 x2^2, where grad = (2 x1, 4 x2), two steps of rate 0.1 from (5, -2) by hand: the first gradient
is (10, -8), so the walker comes to (4, -1.2), and from there to (3.2, -0.72):

    >>> path = gd_2d(lambda x1, x2: (2 * x1, 4 * x2), 5.0, -2.0, 0.1, 2)
    >>> [(round(x1, 6), round(x2, 6)) for x1, x2 in path]
    [(5.0, -2.0), (4.0, -1.2), (3.2, -0.72)]
"""


def gd_2d(grad, x1, x2, lr, steps):
    """Walk downhill from (x1, x2); return the list of the steps + 1 points (x1, x2), the start first.

    grad(x1, x2) returns the pair (g1, g2); x1, x2 and lr are floats, steps is a count and may be 0.
    """
    points = [(x1, x2)]
    for _ in range(steps):
        slope1, slope2 = grad(x1, x2)
        x1 = x1 - lr * slope1
        x2 = x2 - lr * slope2
        points.append((x1, x2))
    return points
