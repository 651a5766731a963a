"""Records optax's adaptive optimizers: writes optax_adaptive.json beside this file.

Needs optax: in a scratch environment, `pip install optax==0.2.8`, then `python tests/golden/make_optax_adaptive.py`.
The tests read the JSON only. L2 is put in front of a rule with add_decayed_weights.
"""

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
import optax  # noqa: E402
from make_problems_adaptive import record, start, write  # noqa: E402

contrib = optax.contrib


def l2(rate: float, optimizer: optax.GradientTransformation) -> optax.GradientTransformation:
    return optax.chain(optax.add_decayed_weights(rate), optimizer)


# minidl's name and settings, and the same in optax
CASES = [
    ("AdaBelief", {"lr": 0.05, "eps": 1e-16}, optax.adabelief(0.05)),
    ("AdaBelief", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2}, optax.adabelief(0.1, 0.5, 0.9, 1e-2, 1e-2)),
    ("AdaBelief", {"lr": 0.02, "eps": 1e-8, "weight_decay": 0.1},
     l2(0.1, optax.adabelief(0.02, eps=1e-8, eps_root=1e-8))),
    ("Yogi", {}, optax.yogi(1e-2)),
    ("Yogi", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2, "initial_accumulator": 0.1},
     optax.chain(optax.scale_by_yogi(0.5, 0.9, 1e-2, initial_accumulator_value=0.1), optax.scale(-0.1))),
    ("Yogi", {"lr": 0.02, "eps": 1e-8, "weight_decay": 0.1}, l2(0.1, optax.yogi(0.02, eps=1e-8))),
    ("ADOPT", {}, contrib.adopt(1e-3)),
    ("ADOPT", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2}, contrib.adopt(0.1, 0.5, 0.9, 1e-2)),
    ("ADOPT", {"lr": 0.02, "betas": (0.8, 0.99), "weight_decay": 0.1}, l2(0.1, contrib.adopt(0.02, 0.8, 0.99))),
    ("AdEMAMix", {}, contrib.ademamix(1e-3)),
    ("AdEMAMix", {"lr": 0.05, "betas": (0.5, 0.9, 0.99), "alpha": 2.0, "eps": 1e-2},
     contrib.ademamix(0.05, 0.5, 0.9, 0.99, 2.0, 1e-2)),
    ("AdEMAMix", {"lr": 0.01, "betas": (0.9, 0.99, 0.999), "weight_decay": 0.1},
     contrib.ademamix(0.01, 0.9, 0.99, 0.999, weight_decay=0.1)),
    ("AMSGradCorrected", {"lr": 0.05}, optax.amsgrad(0.05)),
    ("AMSGradCorrected", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2}, optax.amsgrad(0.1, 0.5, 0.9, 1e-2)),
    ("AMSGradCorrected", {"lr": 0.02, "betas": (0.8, 0.6), "weight_decay": 0.1},
     l2(0.1, optax.amsgrad(0.02, 0.8, 0.6))),
    # momentum_decay so large that mu is beta1 from the first step on: optax's NAdam
    ("NAdam", {"lr": 0.05, "momentum_decay": 1e9}, optax.nadam(0.05)),
    ("NAdam", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2, "momentum_decay": 1e9}, optax.nadam(0.1, 0.5, 0.9, 1e-2)),
    ("NAdamW", {"lr": 0.02, "momentum_decay": 1e9, "weight_decay": 0.3}, optax.nadamw(0.02, weight_decay=0.3)),
    ("AdaGradInitial", {}, optax.adagrad(1e-3)),
    ("AdaGradInitial", {"lr": 0.1, "initial_accumulator": 1.0, "eps": 1e-2}, optax.adagrad(0.1, 1.0, 1e-2)),
    ("AdaGradInitial", {"lr": 0.5, "initial_accumulator": 1e-3, "weight_decay": 0.1},
     l2(0.1, optax.adagrad(0.5, 1e-3))),
]  # fmt: skip


def update_of(optimizer: optax.GradientTransformation):
    state = optimizer.init([jnp.array(w) for w in start()])
    compiled = jax.jit(optimizer.update)

    def update(step, weights, gradients):
        nonlocal state
        weights = [jnp.array(w) for w in weights]
        updates, state = compiled([jnp.array(g) for g in gradients], state, weights)
        return optax.apply_updates(weights, updates)

    return update


def main() -> None:
    cases = [record(name, settings, update_of(optimizer)) for name, settings, optimizer in CASES]
    write("optax", f"optax {optax.__version__}, jax {jax.__version__}",
          "numbers computed with optax (Apache-2.0); no code of it", cases)  # fmt: skip


if __name__ == "__main__":
    main()
