"""The rolling ball without a velocity: each place from the two before it (Polyak's heavy ball)."""


def momentum_1d(grad, x, lr, mu, steps):
    places = [x, x]
    for k in range(steps):
        here, before = places[k + 1], places[k]
        places.append((1 + mu) * here - mu * before - lr * grad(here))
    return places[1:]
