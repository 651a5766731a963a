"""The penalty number by number; its derivative is measured: a parabola's central difference is exact with any step."""

import numpy as np


def l2_loss_and_grads(data_loss, data_grads, params, lam):
    def penalty(w):
        return 0.5 * lam * float(w) * float(w)

    loss = float(data_loss)
    grads = {}
    for name, array in params.items():
        slopes = np.zeros_like(array)
        if name[0] == "W":
            for at in np.ndindex(array.shape):
                w = float(array[at])
                loss += penalty(w)
                slopes[at] = (penalty(w + 1) - penalty(w - 1)) / 2
        grads[name] = data_grads[name] + slopes
    return loss, grads
