"""Records rate-free rules, Schedule-Free, Lookahead, SAM, averages of weights and changes of gradients in optax.

Writes optax_ratefree.json beside this file. Needs optax: in a scratch environment, `pip install optax==0.2.8`, then
`python tests/golden/make_optax_ratefree.py`. The tests read the JSON only. The gradients are those of jax.grad; minidl
computes its own.
"""

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import optax  # noqa: E402
from make_problems_ratefree import KEPT, problems, write  # noqa: E402
from optax import contrib  # noqa: E402

# minidl's name and settings, and the same in optax
RULES = [
    ("DAdaptAdam", {}, contrib.dadapt_adamw()),
    ("DAdaptAdam", {"d0": 1e-3, "eps": 1e-2}, contrib.dadapt_adamw(estim_lr0=1e-3, eps=1e-2)),
    ("DAdaptAdam", {"lr": 0.5, "d0": 1e-2, "betas": [0.8, 0.95], "weight_decay": 0.1},
     contrib.dadapt_adamw(0.5, (0.8, 0.95), estim_lr0=1e-2, weight_decay=0.1)),
    ("Prodigy", {}, contrib.prodigy()),
    ("Prodigy", {"d0": 1e-3, "eps": 1e-2, "beta3": 0.9}, contrib.prodigy(estim_lr0=1e-3, eps=1e-2, beta3=0.9)),
    ("Prodigy", {"lr": 0.5, "d0": 1e-2, "betas": [0.8, 0.95], "d_coef": 0.7, "weight_decay": 0.1},
     contrib.prodigy(0.5, (0.8, 0.95), estim_lr0=1e-2, estim_lr_coef=0.7, weight_decay=0.1)),
    ("Prodigy", {"lr": 0.5, "d0": 1e-3, "betas": [0.8, 0.95], "safeguard_warmup": True},
     contrib.prodigy(0.5, (0.8, 0.95), estim_lr0=1e-3, safeguard_warmup=True)),
    ("DoG", {}, contrib.dog()),
    ("DoG", {"reps_rel": 1e-2, "eps": 1e-2}, contrib.dog(init_step=("heuristic", 1e-2), eps=1e-2)),
    ("DoG", {"lr": 0.5, "reps_rel": 0.1, "weight_decay": 0.1},
     contrib.dog(0.5, init_step=("heuristic", 0.1), weight_decay=0.1)),
    ("DoWG", {}, contrib.dowg()),
    ("DoWG", {"lr": 0.5, "r2_start": 1e-2, "eps": 1e-2}, contrib.dowg(0.5, init_estim_sq_dist=1e-2, eps=1e-2)),
    ("DoWG", {"lr": 0.5, "r2_start": 0.1, "weight_decay": 0.1},
     contrib.dowg(0.5, init_estim_sq_dist=0.1, weight_decay=0.1)),
    ("ScheduleFreeSGD", {"lr": 1e-3}, contrib.schedule_free_sgd(1e-3)),
    ("ScheduleFreeSGD", {"lr": 2e-3, "momentum": 0.5, "weight_decay": 0.1},
     contrib.schedule_free_sgd(2e-3, b1=0.5, weight_decay=0.1)),
    ("ScheduleFreeSGD", {"lr": 1e-3, "momentum": 0.8, "weight_lr_power": 0.0},
     contrib.schedule_free_sgd(1e-3, b1=0.8, weight_lr_power=0.0)),
    ("ScheduleFreeAdamW", {"lr": 0.1}, contrib.schedule_free_adamw(0.1)),
    ("ScheduleFreeAdamW", {"lr": 0.02, "eps": 1e-2, "betas": [0.7, 0.99]},
     contrib.schedule_free_adamw(0.02, b1=0.7, b2=0.99, eps=1e-2)),
    ("ScheduleFreeAdamW", {"lr": 0.05, "betas": [0.95, 0.99], "weight_decay": 0.1},
     contrib.schedule_free_adamw(0.05, b1=0.95, b2=0.99, weight_decay=0.1)),
]  # fmt: skip

# around an optimizer: minidl's name, settings, base, its settings, and the base in optax
LOOKAHEAD = [
    ({}, "SGD", {"lr": 1e-3, "momentum": 0.9}, optax.sgd(1e-3, momentum=0.9)),
    ({"k": 3, "alpha": 0.8}, "AdamW", {"lr": 0.05, "eps": 1e-2, "weight_decay": 0.1},
     optax.adamw(0.05, eps=1e-2, weight_decay=0.1)),
    ({"k": 7, "alpha": 0.2}, "Adam", {"lr": 0.1}, optax.adam(0.1)),
]  # fmt: skip
SAM = [
    ({}, "SGD", {"lr": 1e-3}, optax.sgd(1e-3)),
    ({"rho": 0.01}, "AdamW", {"lr": 0.05, "eps": 1e-2, "weight_decay": 0.1},
     optax.adamw(0.05, eps=1e-2, weight_decay=0.1)),
    ({"rho": 0.2}, "SGD", {"lr": 5e-4, "momentum": 0.9}, optax.sgd(5e-4, momentum=0.9)),
]  # fmt: skip


def record(optimizer, start, loss):
    """The weights after the kept steps, and where Schedule-Free evaluates."""
    w = [jnp.array(x, jnp.float64) for x in start]
    state = optimizer.init(w)
    weights, evaluated = {}, {}
    gradient = jax.jit(jax.grad(loss))
    for step in range(1, max(KEPT) + 1):
        updates, state = optimizer.update(gradient(w), state, w)
        w = optax.apply_updates(w, updates)
        if step in KEPT:
            weights[step] = [x.tolist() for x in w]
            if isinstance(state, contrib.ScheduleFreeState):
                evaluated[step] = [x.tolist() for x in contrib.schedule_free_eval_params(state, w)]
    return {"weights": weights} | ({"evaluated": evaluated} if evaluated else {})


def record_lookahead(base, k, alpha, start, loss):
    optimizer = optax.lookahead(base, k, alpha)
    w = optax.LookaheadParams.init_synced([jnp.array(x, jnp.float64) for x in start])
    state, weights, gradient = optimizer.init(w), {}, jax.jit(jax.grad(loss))
    for step in range(1, max(KEPT) + 1):
        updates, state = optimizer.update(gradient(w.fast), state, w)
        w = optax.apply_updates(w, updates)
        if step in KEPT:
            weights[step] = [x.tolist() for x in w.fast]
    return {"weights": weights}


def record_sam(base, rho, start, loss):
    gradient = jax.jit(jax.grad(loss))
    ascent = optax.chain(contrib.normalize(), optax.sgd(rho))
    optimizer = contrib.sam(base, ascent, sync_period=2, opaque_mode=True)
    w = [jnp.array(x, jnp.float64) for x in start]
    state, weights = optimizer.init(w), {}
    for step in range(1, max(KEPT) + 1):
        updates, state = optimizer.update(gradient(w), state, w, grad_fn=lambda w, _: gradient(w))
        w = optax.apply_updates(w, updates)
        if step in KEPT:
            weights[step] = [x.tolist() for x in w]
    return {"weights": weights}


def changed_gradients():
    """Gradients centralised (output first) and clipped per unit of their weights (output last)."""
    rng = np.random.default_rng(5)
    records = []
    for shape in [(4, 3), (3, 2, 2, 5), (6,)]:
        w = rng.normal(size=shape) * 10.0 ** rng.uniform(-5, 1, size=shape[-1:])
        g = np.array(rng.normal(size=shape) * 10.0 ** rng.uniform(-3, 0, size=shape[-1:]))
        g[..., :1] *= 1e-4
        made = {"w": w.tolist(), "g": g.tolist()}
        made["centralized"] = optax.centralize().update(jnp.array(g), optax.EmptyState())[0].tolist()
        for name, clip in {"clipped": (0.01, 1e-3), "clipped_more": (0.1, 1e-2)}.items():
            transform = optax.adaptive_grad_clip(*clip)
            made[name] = transform.update(jnp.array(g), optax.EmptyState(), jnp.array(w))[0].tolist()
        records.append(made)
    return records


def averages():
    rng = np.random.default_rng(6)
    weights = (rng.normal(size=(12, 3)) * 10.0 ** rng.uniform(-2, 2, size=3)).tolist()
    made = {}
    for decay in (0.9, 0.5, 0.0):
        ema = optax.ema(decay, debias=True)
        state, made[str(decay)] = ema.init(jnp.zeros(3)), []
        for w in weights:
            average, state = ema.update(jnp.array(w), state)
            made[str(decay)].append(average.tolist())
    return {"weights": weights, "debiased": made}


def main() -> None:
    cases = []
    for problem, (start, loss) in problems(lambda x: jnp.array(x, jnp.float64), jax.nn.sigmoid).items():
        for rule, settings, optimizer in RULES:
            cases.append({"rule": rule, "settings": settings, "problem": problem, **record(optimizer, start, loss)})
        for settings, name, base_settings, base in LOOKAHEAD:
            made = record_lookahead(base, settings.get("k", 5), settings.get("alpha", 0.5), start, loss)
            cases.append({"rule": "Lookahead", "settings": settings, "base": [name, base_settings],
                          "problem": problem, **made})  # fmt: skip
        for settings, name, base_settings, base in SAM:
            made = record_sam(base, settings.get("rho", 0.05), start, loss)
            cases.append({"rule": "SAM", "settings": settings, "base": [name, base_settings], "problem": problem,
                          **made})  # fmt: skip
    about = (
        f"optax {optax.__version__}, jax {jax.__version__}, float64, recorded by make_optax_ratefree.py. The settings "
        "are minidl's. weights[k] are the parameters after k steps, evaluated[k] what Schedule-Free evaluates"
    )
    licence = "numbers computed with optax (Apache-2.0); no code of it is contained"
    write("optax_ratefree.json", about, licence, cases, gradients=changed_gradients(), averages=averages())


if __name__ == "__main__":
    main()
