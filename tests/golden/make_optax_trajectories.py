"""Records what optax does where PyTorch lacks the variant: writes optax_trajectories.json beside this file.

Needs optax and torch: in a scratch environment, `pip install optax==0.2.8 torch==2.13.0`, then
`python tests/golden/make_optax_trajectories.py`. The tests read the JSON only.

The problem is that of make_torch_trajectories.py, but every parameter has a gradient in every step. Covered: eps
inside the root, momentum as a moving average with and without bias correction, and the common rules once more.
"""

import json
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
import optax  # noqa: E402
from make_torch_trajectories import problem  # noqa: E402


def moving_average(lr: float, beta: float, debias: bool) -> optax.GradientTransformation:
    return optax.chain(optax.ema(beta, debias=debias), optax.scale_by_learning_rate(lr))


def decayed(rate: float, optimizer: optax.GradientTransformation) -> optax.GradientTransformation:
    return optax.chain(optax.add_decayed_weights(rate), optimizer)


# minidl's name and settings, and the same in optax
CASES = [
    ("Momentum", {"lr": 0.1}, moving_average(0.1, 0.9, False)),
    ("Momentum", {"lr": 0.1, "beta": 0.5, "weight_decay": 0.3}, decayed(0.3, moving_average(0.1, 0.5, False))),
    ("Momentum", {"lr": 0.1, "bias_correction": True}, moving_average(0.1, 0.9, True)),
    ("Momentum", {"lr": 0.1, "beta": 0.5, "bias_correction": True, "weight_decay": 0.3},
     decayed(0.3, moving_average(0.1, 0.5, True))),
    ("Nesterov", {"lr": 0.1}, optax.sgd(0.1, momentum=0.9, nesterov=True)),
    ("Nesterov", {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.3},
     decayed(0.3, optax.sgd(0.1, momentum=0.5, nesterov=True))),
    ("AdaGrad", {"lr": 0.1, "eps": 1e-2, "eps_inside_sqrt": True},
     optax.adagrad(0.1, initial_accumulator_value=0.0, eps=1e-2)),
    ("AdaGrad", {"lr": 0.3, "eps": 1e-7, "eps_inside_sqrt": True, "weight_decay": 0.3},
     decayed(0.3, optax.adagrad(0.3, initial_accumulator_value=0.0, eps=1e-7))),
    ("AdaDelta", {"rho": 0.8, "eps": 1e-4}, optax.adadelta(1.0, rho=0.8, eps=1e-4)),
    ("RMSProp", {"lr": 0.1, "alpha": 0.9, "eps": 1e-2, "eps_inside_sqrt": True}, optax.rmsprop(0.1, 0.9, 1e-2)),
    ("RMSProp", {"lr": 0.1, "alpha": 0.9, "eps": 1e-4, "momentum": 0.9, "eps_inside_sqrt": True},
     optax.rmsprop(0.1, 0.9, 1e-4, momentum=0.9)),
    ("RMSProp", {"lr": 0.1, "alpha": 0.5, "eps": 1e-2, "centered": True, "eps_inside_sqrt": True, "weight_decay": 0.3},
     decayed(0.3, optax.rmsprop(0.1, 0.5, 1e-2, centered=True))),
    ("RMSProp", {"lr": 0.1, "alpha": 0.9, "eps": 1e-2}, optax.rmsprop(0.1, 0.9, 1e-2, eps_in_sqrt=False)),
    ("Adam", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2}, optax.adam(0.1, 0.5, 0.9, 1e-2)),
    ("AdamW", {"lr": 0.1, "eps": 1e-2, "weight_decay": 0.3}, optax.adamw(0.1, eps=1e-2, weight_decay=0.3)),
]  # fmt: skip


def record(optimizer: optax.GradientTransformation, start: list, gradients: list) -> list:
    parameters = [jnp.array(w, jnp.float64) for w in start]
    state = optimizer.init(parameters)
    weights = []
    for step in gradients:
        updates, state = optimizer.update([jnp.array(g, jnp.float64) for g in step], state, parameters)
        parameters = optax.apply_updates(parameters, updates)
        weights.append([p.tolist() for p in parameters])
    return weights


def main() -> None:
    start, gradients = problem(missing=False)
    cases = [
        {"optimizer": name, "settings": settings, "weights": record(optimizer, start, gradients)}
        for name, settings, optimizer in CASES
    ]
    about = (
        f"optax {optax.__version__}, jax {jax.__version__}, float64, recorded by make_optax_trajectories.py. "
        "weights[k] are the parameters after step k with gradients[k]. The settings are minidl's."
    )
    licence = "numbers computed with optax (Apache-2.0); no code of it is contained"
    data = {"source": about, "licence": licence, "start": start, "gradients": gradients, "cases": cases}
    path = Path(__file__).with_name("optax_trajectories.json")
    path.write_text(json.dumps(data, separators=(",", ":")).replace('{"optimizer"', '\n{"optimizer"') + "\n")
    print(f"{path.name}: {len(cases)} trajectories, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
