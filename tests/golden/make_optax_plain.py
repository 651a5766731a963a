"""Records SignSGD, Signum, Lion, LARS, LAMB and PolyakStep as optax runs them: writes optax_plain.json.

Needs optax: in a scratch environment, `pip install optax==0.2.8`, then `python tests/golden/make_optax_plain.py`.
The tests read the JSON only.

optax's LARS divides by |g + weight_decay w| (LARSJointNorm), the paper by |g| + weight_decay |w|: equal without decay.
"""

from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
import optax  # noqa: E402
from make_problems_plain import FIXED, PROBLEMS, record, scaled, write  # noqa: E402


def schedule(lr):
    return (lambda count: jnp.where(count < lr[0], lr[1], lr[2])) if isinstance(lr, list) else lr


def sign_sgd(lr, weight_decay=0.0):
    return optax.chain(optax.add_decayed_weights(weight_decay), optax.sign_sgd(lr))


def signum(lr, beta, weight_decay=0.0):
    return optax.chain(optax.add_decayed_weights(weight_decay), optax.signum(lr, beta))


def lion(lr, betas, weight_decay=0.0):
    return optax.lion(lr, *betas, weight_decay=weight_decay)


def lamb(lr, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.0):
    return optax.lamb(lr, *betas, eps=eps, weight_decay=weight_decay)


def polyak(lr, c=1.0, f_min=0.0, eps=0.0):
    """min((f - f_min) / (c |g|^2 + eps), lr).

    optax 0.2.8 multiplies the gradient by `scaling` before it measures its norm, so that a step is
    scaling min((f - f_min) / (scaling^2 |g|^2 + eps), max_learning_rate) g; its documentation has no square there.
    """
    return optax.polyak_sgd(lr / c, c, f_min, eps * c, variant="sps+")


CASES = [
    ("SignSGD", sign_sgd, FIXED, [{"lr": 0.01}, {"lr": [50, 0.03, 0.002]}, {"lr": 0.01, "weight_decay": 0.3}]),
    ("Signum", signum, FIXED, [
        {"lr": 0.01, "beta": 0.9}, {"lr": [50, 0.03, 0.002], "beta": 0.5},
        {"lr": 0.01, "beta": 0.8, "weight_decay": 0.3},
    ]),
    ("Lion", lion, FIXED, [
        {"lr": 0.01, "betas": [0.9, 0.99]}, {"lr": [50, 0.03, 0.002], "betas": [0.5, 0.8]},
        {"lr": 0.01, "betas": [0.9, 0.7], "weight_decay": 0.3},
    ]),
    ("LARS", optax.lars, FIXED, [
        {"lr": [50, 1.0, 0.1], "momentum": 0.9, "trust_coefficient": 0.001},
        {"lr": 1.0, "momentum": 0.5, "trust_coefficient": 0.003, "eps": 0.01},
        {"lr": 1.0, "momentum": 0.0, "trust_coefficient": 0.005, "eps": 0.3},
    ]),
    ("LARSJointNorm", optax.lars, FIXED, [
        {"lr": [50, 1.0, 0.1], "momentum": 0.9, "trust_coefficient": 0.001, "weight_decay": 0.3},
        {"lr": 1.0, "momentum": 0.5, "trust_coefficient": 0.003, "eps": 0.01, "weight_decay": 30.0},
        {"lr": 1.0, "momentum": 0.0, "trust_coefficient": 0.003, "weight_decay": 3.0},
    ]),
    ("LAMB", lamb, FIXED, [
        {"lr": 0.01}, {"lr": 0.01, "betas": [0.5, 0.9], "eps": 0.01},
        {"lr": [50, 0.02, 0.002], "weight_decay": 0.3}, {"lr": 0.01, "betas": [0.8, 0.95], "weight_decay": 3.0},
    ]),
]  # fmt: skip
POLYAK = {
    "rosenbrock": [{"lr": 1e-3}, {"lr": 1e-3, "c": 2.0, "eps": 0.01}, {"lr": 1e-3, "c": 3.0, "f_min": 0.05}],
    "quadratic": [{"lr": 1.5e-3}, {"lr": 1.5e-3, "c": 2.0, "eps": 1000.0}, {"lr": 1.9e-3, "c": 0.9, "f_min": -1.0}],
    "mlp": [{"lr": 3.0}, {"lr": 8.0, "c": 0.7, "eps": 0.01}, {"lr": 100.0, "c": 2.0, "f_min": 0.3}],
    "given": [{"lr": 0.05}, {"lr": 0.2, "c": 2.0, "eps": 0.01}, {"lr": 0.05, "f_min": 1.5}],  # f below f_min too
}


def make_update(transformation, start):
    state = transformation.init([jnp.array(w) for w in start])

    @jax.jit
    def change(params, gradients, state, value):
        updates, state = transformation.update(gradients, state, params, value=value)
        return optax.apply_updates(params, updates), state

    def update(arrays, gradients, value, step):
        nonlocal state
        params, state = change([jnp.array(w) for w in arrays], [jnp.array(g) for g in gradients], state, value)
        return params

    return update


def case(name, make_transformation, settings, problem):
    made = lambda: optax.with_extra_args_support(
        make_transformation(**{**settings, "lr": schedule(settings["lr"])})
        if make_transformation is not optax.lars
        else optax.lars(schedule(settings["lr"]), **{k: v for k, v in settings.items() if k != "lr"})
    )
    return record(name, settings, problem, lambda: make_update(made(), PROBLEMS[problem][0]))


def main():
    cases = []
    for name, make_transformation, scale, many in CASES:
        for problem in PROBLEMS:
            for settings in many:
                settings = {**settings, "lr": scaled(settings["lr"], scale[problem])}
                cases.append(case(name, make_transformation, settings, problem))
    for problem, many in POLYAK.items():
        cases += [case("PolyakStep", polyak, settings, problem) for settings in many]
    source = (
        f"optax {optax.__version__}, jax {jax.__version__}, float64, recorded by make_optax_plain.py on the problems "
        "of make_problems_plain.py. weights[k]: after k steps. Settings are minidl's; lr [k, a, b]: k steps a, then b."
    )
    licence = "numbers computed with optax (Apache-2.0); no code of it is contained"
    write(Path(__file__).with_name("optax_plain.json"), source, licence, cases)


if __name__ == "__main__":
    main()
