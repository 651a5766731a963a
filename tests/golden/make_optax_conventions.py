"""Records optax's optimizers as they come: writes optax_conventions.json and optax_conventions_matrix.json.

Needs optax: in a scratch environment, `pip install optax==0.2.8`, then `python tests/golden/make_optax_conventions.py`.
The tests read the JSON only. Sophia's Hessian is estimated with the signs of `spread`, which the tests use as well.
"""

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import optax  # noqa: E402
from make_problems_conventions import KEPT, record, starts, write_file  # noqa: E402
from make_problems_matrix import LEAST_SQUARES, MLP, QUADRATIC, STARTS, spread  # noqa: E402
from optax import contrib  # noqa: E402

DROP = "schedules.Piecewise([50], [1e-3, 1e-4])"
CASES = [
    ("SGD(params, lr=1e-3, momentum=0.9)", "optax.sgd(1e-3, momentum=0.9)"),
    ("Momentum(params, lr=1e-3, beta=0.9)",
     "optax.chain(optax.ema(0.9, debias=False), optax.scale_by_learning_rate(1e-3))"),
    ("Nesterov(params, lr=1e-3, momentum=0.9)", "optax.sgd(1e-3, momentum=0.9, nesterov=True)"),
    ("AdaGrad(params, lr=0.1, eps=1e-6, eps_inside_sqrt=True)",
     "optax.adagrad(0.1, initial_accumulator_value=0.0, eps=1e-6)"),
    ("AdaGradInitial(params, lr=0.1)", "optax.adagrad(0.1)"),
    ("RMSProp(params, lr=1e-3, alpha=0.9, eps_inside_sqrt=True)", "optax.rmsprop(1e-3)"),
    (f"RMSPropRateInside(params, lr={DROP}, eps=1e-8)",
     "optax.rmsprop(optax.piecewise_constant_schedule(1e-3, {50: 0.1}), momentum=0.9)"),
    ("Adam(params)", "optax.adam(1e-3)"),
    ("AdamEpsInside(params)", "optax.adam(1e-3, eps=0.0, eps_root=1e-8)"),
    ("AdamEpsInside(params, lr=0.1, betas=(0.5, 0.9), eps=1e-2)", "optax.adam(0.1, 0.5, 0.9, 0.0, 1e-2)"),
    ("AdamEpsInside(params, lr=0.02, weight_decay=0.1)",
     "optax.chain(optax.add_decayed_weights(0.1), optax.adam(0.02, eps=0.0, eps_root=1e-8))"),
    ("AMSGradCorrected(params)", "optax.amsgrad(1e-3)"),
    ("AdaMax(params)", "optax.adamax(2e-3)"),
    ("NAdam(params, lr=1e-3, momentum_decay=1e9)", "optax.nadam(1e-3)"),
    ("NAdamW(params, lr=1e-3, weight_decay=1e-4, momentum_decay=1e9)", "optax.nadamw(1e-3)"),
    ("AdamW(params, weight_decay=1e-4)", "optax.adamw(1e-3)"),
    ("RAdamEpsAfter(params)", "optax.radam(1e-3)"),
    ("RAdamEpsAfter(params, lr=0.002, betas=(0.5, 0.9), eps=1e-2)", "optax.radam(0.002, 0.5, 0.9, 1e-2)"),
    ("RAdamEpsAfter(params, lr=0.0005, weight_decay=0.1)",
     "optax.chain(optax.add_decayed_weights(0.1), optax.radam(0.0005))"),
    ("AdaBelief(params)", "optax.adabelief(1e-3)"),
    ("AdaBeliefUnstored(params, eps=1e-8)", "optax.adabelief(1e-3, eps=1e-8, eps_root=0.0)"),
    ("AdaBeliefUnstored(params, lr=0.1, betas=(0.5, 0.9), eps=1e-2)", "optax.adabelief(0.1, 0.5, 0.9, 1e-2, 0.0)"),
    ("AdaBeliefUnstored(params, lr=0.02, eps=1e-3, weight_decay=0.1)",
     "optax.chain(optax.add_decayed_weights(0.1), optax.adabelief(0.02, eps=1e-3, eps_root=0.0))"),
    ("Yogi(params)", "optax.yogi(1e-2)"),
    ("LARS(params, lr=1.0)", "optax.lars(1.0)"),
    ("LARSJointNorm(params, lr=1.0, weight_decay=0.3)", "optax.lars(1.0, weight_decay=0.3)"),
    ("LAMB(params)", "optax.lamb(1e-3)"),
    ("Lion(params, weight_decay=1e-3)", "optax.lion(1e-4)"),
    ("RpropDelayed(params)", "optax.rprop(1e-2)"),
    ("RpropDelayed(params, lr=0.1, etas=(0.4, 1.3))", "optax.rprop(0.1, 0.4, 1.3)"),
    ("RpropDelayed(params, lr=0.05, step_sizes=(0.01, 0.07))",
     "optax.rprop(0.05, min_step_size=0.01, max_step_size=0.07)"),
    ("ScheduleFreeAdamW(params)", "contrib.schedule_free_adamw()"),
    ("", "optax.adan(1e-3)"),
]  # fmt: skip
# from the parts of optax's Muon: its momentum, its Newton-Schulz iteration, and sqrt(out / in) as the factor
UNCLAMPED = (
    "optax.chain(optax.trace({0}, nesterov=True), optax.scale(1 - {0}), contrib.scale_by_muon(beta=0.0, eps={1},"
    " nesterov=False), optax.scale((shape[1] / shape[0]) ** 0.5), optax.add_decayed_weights({2}),"
    " optax.scale_by_learning_rate(0.02))"
)
MATRIX = [
    ("MuonCorrected(params, lr=0.02, weight_decay=0.0, eps=1e-8)", "contrib.muon(0.02)"),
    ("MuonCorrected(params, lr=0.05, momentum=0.7, weight_decay=0.3, eps=1e-2, adjust_lr_fn='match_rms_adamw')",
     "contrib.muon(0.05, beta=0.7, eps=1e-2, weight_decay=0.3, consistent_rms=0.2)"),
    ("MuonCorrected(params, lr=0.02, momentum=0.9, weight_decay=0.0, nesterov=False, eps=1.0)",
     "contrib.muon(0.02, beta=0.9, nesterov=False, eps=1.0)"),
    ("MuonUnclamped(params, lr=0.02, weight_decay=0.0)", UNCLAMPED.format(0.95, 1e-7, 0.0)),
    ("MuonUnclamped(params, lr=0.02, momentum=0.7, weight_decay=0.0, eps=1e-2)", UNCLAMPED.format(0.7, 1e-2, 0.0)),
    ("MuonUnclamped(params, lr=0.02)", UNCLAMPED.format(0.95, 1e-7, 0.1)),
]  # fmt: skip
SOPHIA = [
    ("SophiaHDelayed(params, lr=0.01)", {"learning_rate": 0.01}),
    ("SophiaHDelayed(params, lr=0.03, betas=(0.9, 0.8), gamma=0.3, eps=1e-2, update_interval=3, weight_decay=0.0)",
     {"learning_rate": 0.03, "b1": 0.9, "b2": 0.8, "gamma": 0.3, "eps": 1e-2, "update_interval": 3, "weight_decay": 0}),
    ("SophiaHDelayed(params, lr=0.01, gamma=1.0, weight_decay=0.3, update_interval=1)",
     {"learning_rate": 0.01, "gamma": 1.0, "weight_decay": 0.3, "update_interval": 1}),
]  # fmt: skip


def update_of(theirs: str, problem: str):
    tree = (lambda arrays: jnp.array(arrays[0])) if problem != "all" else lambda arrays: [jnp.array(a) for a in arrays]
    shape = starts(problem)[0].shape
    optimizer = eval(theirs, {"optax": optax, "contrib": contrib, "shape": shape})
    state = optimizer.init(tree(starts(problem)))
    compiled = jax.jit(optimizer.update)

    def update(step, weights, gradients):
        nonlocal state
        updates, state = compiled(tree(gradients), state, tree(weights))
        new = optax.apply_updates(tree(weights), updates)
        return new if problem == "all" else [new]

    return update


def loss_of(name: str):
    """The losses of make_problems_matrix.loss_of, for arrays of JAX."""
    if name == "rosenbrock":
        return lambda p: 100 * (p[0][1] - p[0][0] ** 2) ** 2 + (1 - p[0][0]) ** 2
    if name == "quadratic":
        return lambda p: 0.5 * p[0] @ QUADRATIC @ p[0]
    x, y, s = np.array(MLP["x"]), np.array([[0.1], [0.9], [0.4]]), jax.nn.sigmoid
    return lambda p: ((s(s(x @ p[0].T + p[1]) @ p[2].T + p[3]) - y) ** 2).sum()


def record_sophia(write: str, settings: dict, name: str) -> dict:
    loss, calls = loss_of(name), 0

    def diagonal(updates, state, params=None, **kwargs):
        """The signs come with the call, since optax traces this function."""
        product = jax.jvp(jax.grad(loss), (params,), (kwargs["u"],))[1]
        return jax.tree.map(lambda u, h: u * h, kwargs["u"], product), state

    optimizer = contrib.sophia(
        **settings, hessian_diagonal_fn=optax.GradientTransformationExtraArgs(lambda p: optax.EmptyState(), diagonal)
    )
    params = [jnp.array(w) for w in STARTS[name]]
    state, kept, interval = optimizer.init(params), {}, settings.get("update_interval", 10)
    for step in range(100):
        signs = []
        for p in params:
            calls += step % interval == 0
            signs.append(jnp.array(np.where(spread(p.size, 100 + calls).reshape(p.shape) > 0, 1.0, -1.0)))
        updates, state = optimizer.update(jax.grad(loss)(params), state, params, u=signs)
        params = optax.apply_updates(params, updates)
        if step + 1 in KEPT:
            kept[str(step + 1)] = [np.ravel(p).tolist() for p in params]
    return {"write": write, "theirs": f"contrib.sophia(**{settings})", "problem": name, "weights": kept}


def schedules() -> list[dict]:
    pairs = [
        ("schedules.Warmup(schedules.Cosine(0.1, 25 - 5), 5)", "optax.warmup_cosine_decay_schedule(0.0, 0.1, 5, 25)"),
        ("schedules.Piecewise([4, 9], [0.5, 0.2, 0.1])", "optax.piecewise_constant_schedule(0.5, {4: 0.4, 9: 0.5})"),
    ]
    return [{"write": w, "theirs": t, "rates": [float(eval(t)(step)) for step in range(30)]} for w, t in pairs]


def plateau() -> dict:
    metrics = [float(x) for x in 1 + spread(40, 8) * 0.01 - 0.1 * (spread(40, 9) > 0.7)]
    transform = contrib.reduce_on_plateau(0.5, patience=3)
    state, rates = transform.init(jnp.zeros(1)), []
    for x in metrics:
        _, state = transform.update(jnp.zeros(1), state, value=x)
        rates.append(0.1 * float(state.scale))
    return {"write": "ReduceOnPlateau(0.1, patience=3 - 1, factor=0.5)", "theirs": "reduce_on_plateau(0.5, patience=3)",
            "metrics": metrics, "rates": rates}  # fmt: skip


def clipped() -> dict:
    gradients = [3 * spread(4, 21), 0.2 * spread(3, 22)]
    made, _ = optax.clip_by_global_norm(1.0).update([jnp.array(g) for g in gradients], optax.EmptyState())
    return {"write": "clip_grad_norm_exact(params, 1.0)", "theirs": "optax.clip_by_global_norm(1.0)",
            "gradients": [g.tolist() for g in gradients], "clipped": [g.tolist() for g in made]}  # fmt: skip


def ema() -> dict:
    values = [[float(x) for x in spread(3, 30 + i)] for i in range(8)]
    transform = optax.ema(0.999)
    state, averages = transform.init(jnp.zeros(3)), []
    for w in values:
        average, state = transform.update(jnp.array(w), state)
        averages.append(average.tolist())
    return {"write": "EMA(params, bias_correction=True)", "theirs": "optax.ema(0.999)", "values": values,
            "averages": averages}  # fmt: skip


def adafactor() -> dict:
    """How many numbers optax's Adafactor keeps for a matrix."""
    transform = optax.adafactor(1e-2)
    sizes = {}
    for name, problem in LEAST_SQUARES.items():
        state = transform.init(jnp.array(problem.start))
        sizes[name] = sum(x.size for x in jax.tree.leaves(state) if x.size > 1)
    return {"write": "", "theirs": "optax.adafactor(1e-2)", "sizes": sizes}


def main() -> None:
    source, licence = f"optax {optax.__version__}, jax {jax.__version__}", "optax (Apache-2.0)"
    cases = [record(w, t, lambda t=t: update_of(t, "all")) for w, t in CASES]
    write_file("optax", source, licence, [*cases, *schedules(), plateau(), clipped(), ema(), adafactor()])
    cases = [
        record(write, theirs, lambda t=theirs, n=name: update_of(t, n), name)
        for write, theirs in MATRIX
        for name in LEAST_SQUARES
    ]
    cases += [record_sophia(write, settings, name) for write, settings in SOPHIA for name in STARTS]
    write_file("optax", source, licence, cases, "_matrix")


if __name__ == "__main__":
    main()
