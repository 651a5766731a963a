"""The path of gradient descent by recursion: the path of one step less, and one point more."""


def gd_2d(grad, x1, x2, lr, steps):
    if steps == 0:
        return [(x1, x2)]
    before = gd_2d(grad, x1, x2, lr, steps - 1)
    last, slope = before[-1], grad(*before[-1])
    return [*before, tuple(x + -lr * g for x, g in zip(last, slope))]
