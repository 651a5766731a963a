"""The penalty number by number."""

import numpy as np


def l2_loss_and_grads(data_loss, data_grads, params, lam):
    loss, grads = float(data_loss), {}
    for name in data_grads:
        grads[name] = np.array(data_grads[name])
        if name[0] == "W":
            for at in np.ndindex(params[name].shape):
                w = float(params[name][at])
                loss += lam * w * w / 2
                grads[name][at] = float(grads[name][at]) + lam * w
    return loss, grads
