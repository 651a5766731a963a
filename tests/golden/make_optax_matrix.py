"""Records what optax does on matrices: writes optax_matrix.json beside this file.

Needs optax: in a scratch environment, `pip install optax==0.2.8`, then `python tests/golden/make_optax_matrix.py`.

optax's own Muon corrects the bias of both terms of its Nesterov momentum, which changes their ratio; PyTorch's (and
minidl's) does not. So the Nesterov runs are put together from optax's parts: its heavy ball, scaled to the moving
average, and its Newton-Schulz iteration with a momentum of zero. Without Nesterov a bias correction only scales the
matrix that is made orthogonal, and with a tiny eps optax.contrib.muon itself is recorded.
"""

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import optax  # noqa: E402
from make_problems_matrix import LEAST_SQUARES, RECORDED, write  # noqa: E402
from optax.contrib import MuonDimensionNumbers, muon, scale_by_muon  # noqa: E402
from optax.contrib._muon import scale_by_shape  # noqa: E402


def from_parts(lr, momentum, nesterov, eps, weight_decay, steps=5, coefficients=(3.4445, -4.7750, 2.0315), rms=None):
    return optax.chain(
        optax.trace(momentum, nesterov=nesterov),
        optax.scale(1 - momentum),
        scale_by_muon(coefficients, steps, beta=0.0, eps=eps, nesterov=False),
        scale_by_shape(weight_dimension_numbers=MuonDimensionNumbers(), consistent_rms=rms),
        optax.add_decayed_weights(weight_decay),
        optax.scale_by_learning_rate(lr),
    )


# minidl's settings, and the same in optax
CASES = [
    ({"lr": 0.02, "nesterov": False, "eps": 1e-30, "weight_decay": 0.0},
     muon(0.02, nesterov=False, eps=1e-30)),
    ({"lr": 0.02, "momentum": 0.8, "nesterov": False, "eps": 1e-30, "weight_decay": 0.3,
      "adjust_lr_fn": "match_rms_adamw"},
     muon(0.02, beta=0.8, nesterov=False, eps=1e-30, weight_decay=0.3, consistent_rms=0.2)),
    ({"lr": 0.02, "eps": 1e-7}, from_parts(0.02, 0.95, True, 1e-7, 0.1)),
    ({"lr": 0.05, "momentum": 0.7, "eps": 1e-2, "weight_decay": 0.0}, from_parts(0.05, 0.7, True, 1e-2, 0.0)),
    ({"lr": 0.01, "eps": 1.0, "weight_decay": 0.3, "ns_steps": 3, "ns_coefficients": (2.0, -1.5, 0.5),
      "adjust_lr_fn": "match_rms_adamw"},
     from_parts(0.01, 0.95, True, 1.0, 0.3, 3, (2.0, -1.5, 0.5), 0.2)),
]  # fmt: skip


def record(optimizer, problem) -> dict:
    w = jnp.array(problem.start)
    state, updated = optimizer.init(w), jax.jit(optimizer.update)
    seen = {}
    for t in range(1, 101):
        update, state = updated(jnp.array(problem.gradient(np.asarray(w), t)), state, w)
        w = optax.apply_updates(w, update)
        if t in RECORDED:
            seen[t] = problem.sample(w)
    return seen


def main() -> None:
    cases = [
        {"optimizer": "Muon", "settings": settings, "problem": name, "weights": record(optimizer, problem)}
        for settings, optimizer in CASES
        for name, problem in LEAST_SQUARES.items()
    ]
    about = (
        f"optax {optax.__version__}, jax {jax.__version__}, float64, recorded by make_optax_matrix.py: the weights "
        "after some steps of least squares (make_problems_matrix.py). The settings are minidl's."
    )
    write("optax_matrix", about, "numbers computed with optax (Apache-2.0); no code of it is contained", cases)


if __name__ == "__main__":
    main()
