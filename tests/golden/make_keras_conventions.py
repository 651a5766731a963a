"""Records Keras's optimizers as they come: writes keras_conventions.json beside this file.

Needs Keras with JAX below it: in a scratch environment, `pip install keras==3.15.1 jax==0.10.2`, then
`python tests/golden/make_keras_conventions.py`. The tests read the JSON only. Keras 3.15.1 takes means, norms and
cosines in float32: they are replaced. (With PyTorch below it, its ScheduleFreeAdamW overwrites the z it still needs.)
Also recorded: two schedules, the rate of ReduceLROnPlateau for given metrics, clipped gradients, and the moving average
of the weights (use_ema).
"""

import os

os.environ["KERAS_BACKEND"] = "jax"

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras.optimizers import schedules  # noqa: E402
from make_problems_conventions import record, starts, write_file  # noqa: E402
from make_problems_matrix import LEAST_SQUARES, spread  # noqa: E402

keras.config.set_floatx("float64")
keras.src.ops.mean = lambda x, *args, **settings: jnp.mean(jnp.asarray(getattr(x, "value", x)), *args, **settings)
keras.src.ops.norm, keras.src.ops.cos = jnp.linalg.norm, jnp.cos

DROP, KERAS_DROP = "schedules.Piecewise([50], [1e-3, 1e-4])", "schedules.PiecewiseConstantDecay([49], [1e-3, 1e-4])"
CASES = [
    (f"SGDRateInside(params, lr={DROP}, momentum=0.9)", f"SGD({KERAS_DROP}, momentum=0.9)"),
    ("Nesterov(params, lr=1e-3, momentum=0.9)", "SGD(1e-3, momentum=0.9, nesterov=True)"),
    ("SGDW(params, lr=1e-3, weight_decay=4e-3)", "SGD(1e-3, weight_decay=4e-3)"),
    ("AdaGradInitial(params)", "Adagrad()"),
    ("AdaDelta(params, lr=1e-3, rho=0.95, eps=1e-7)", "Adadelta()"),
    ("RMSProp(params, lr=1e-3, alpha=0.9, eps=1e-7, eps_inside_sqrt=True)", "RMSprop()"),
    (f"RMSPropRateInside(params, lr={DROP}, momentum=0.9)", f"RMSprop({KERAS_DROP}, momentum=0.9)"),
    ("AdamEpsHat(params, eps=1e-7)", "Adam()"),
    ("AdamEpsHat(params, eps=1e-7, amsgrad=True)", "Adam(amsgrad=True)"),
    ("AdaMaxOutside(params, lr=1e-3, eps=1e-7)", "Adamax()"),
    ("NAdam(params, lr=1e-3, eps=1e-7, momentum_decay=1.0)", "Nadam()"),
    ("AdamWEpsHat(params)", "AdamW()"),
    ("AdamWEpsHat(params, lr=0.02, betas=(0.5, 0.9), eps=1e-2, weight_decay=0.3)",
     "AdamW(0.02, weight_decay=0.3, beta_1=0.5, beta_2=0.9, epsilon=1e-2)"),
    ("AdamWEpsHat(params, lr=0.02, betas=(0.8, 0.6), weight_decay=1.0, amsgrad=True)",
     "AdamW(0.02, weight_decay=1.0, beta_1=0.8, beta_2=0.6, amsgrad=True)"),
    ("LAMB(params, eps=1e-7)", "Lamb()"),
    ("Lion(params, lr=1e-3)", "Lion()"),
    ("FTRL(params, lr=1e-3, beta=0.0, initial_accumulator=0.1)", "Ftrl()"),
    ("FTRL(params, lr=1e-3, beta=0.0, initial_accumulator=0.1, l2=2 * 0.1)", "Ftrl(l2_regularization_strength=0.1)"),
    ("FTRLShrinkage(params, shrinkage=0.1)", "Ftrl(l2_shrinkage_regularization_strength=0.1)"),
    ("FTRLShrinkage(params, lr=0.2, beta=1.0, l1=1e-2, l2=0.2, initial_accumulator=0.5, shrinkage=0.3)",
     "Ftrl(0.2, beta=1.0, l1_regularization_strength=1e-2, l2_regularization_strength=0.1, "
     "initial_accumulator_value=0.5, l2_shrinkage_regularization_strength=0.3)"),
    ("FTRLShrinkage(params, lr=0.1, lr_power=-0.3, initial_accumulator=1e-2, shrinkage=1.0)",
     "Ftrl(0.1, learning_rate_power=-0.3, initial_accumulator_value=1e-2, l2_shrinkage_regularization_strength=1.0)"),
    ("AdafactorPaper(params, lr=1e-3)", "Adafactor()"),
    ("AdafactorPaper(params, lr=0.1, eps=(1e-2, 5e-2), beta2_decay=-0.5)",
     "Adafactor(0.1, epsilon_1=1e-2, epsilon_2=5e-2, beta_2_decay=-0.5)"),
    ("AdafactorPaper(params, lr=0.5, d=2.0, weight_decay=0.1)",
     "Adafactor(0.5, clip_threshold=2.0, weight_decay=0.1)"),
    ("ScheduleFreeAdamW(params, weight_lr_power=0.0)", "ScheduleFreeAdamW()"),
]  # fmt: skip
MATRIX = [
    ("Muon(params, lr=0.02, weight_decay=4e-3, eps=0.05 * 1e-7, adjust_lr_fn='match_rms_adamw')", "Muon(0.02)"),
    ("AdafactorPaper(params, lr=0.5, eps=(1e-2, 5e-2), weight_decay=0.1)",
     "Adafactor(0.5, epsilon_1=1e-2, epsilon_2=5e-2, weight_decay=0.1)"),
]  # fmt: skip
SCHEDULES = [
    ("schedules.Piecewise([3 + 1, 8 + 1], [0.5, 0.2, 0.1])",
     "schedules.PiecewiseConstantDecay([3, 8], [0.5, 0.2, 0.1])"),
    ("schedules.Warmup(schedules.Cosine(0.1, 20), 5)",
     "schedules.CosineDecay(0.0, 20, warmup_target=0.1, warmup_steps=5)"),
]  # fmt: skip


def update_of(theirs: str, problem: str):
    variables = [keras.Variable(w, dtype="float64") for w in starts(problem)]
    optimizer = eval(f"keras.optimizers.{theirs}")
    optimizer.build(variables)
    if not isinstance(optimizer._learning_rate, schedules.LearningRateSchedule):
        assert optimizer.learning_rate.dtype == "float64"

    def update(step, weights, gradients):
        for v, w in zip(variables, weights, strict=True):
            v.assign(w)
        optimizer.apply([jnp.array(g) for g in gradients])
        return [np.array(v.value) for v in variables]

    return update


def plateau() -> dict:
    metrics = [float(x) for x in 1 + spread(40, 8) * 0.01 - 0.1 * (spread(40, 9) > 0.7)]
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    callback = keras.callbacks.ReduceLROnPlateau(monitor="loss", mode="min", patience=3, factor=0.5)
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, x in enumerate(metrics):
        callback.on_epoch_end(epoch, {"loss": x})
        rates.append(float(model.optimizer.learning_rate.value))
    return {"write": "ReduceOnPlateau(0.1, patience=3 - 1, factor=0.5, threshold_mode='abs')",
            "theirs": "ReduceLROnPlateau(patience=3, factor=0.5)", "metrics": metrics, "rates": rates}  # fmt: skip


def clipped(write: str, theirs: str) -> dict:
    gradients = [3 * spread(4, 21), 0.2 * spread(3, 22)]
    optimizer = eval(f"keras.optimizers.{theirs}")
    made = optimizer._clip_gradients([jnp.array(g) for g in gradients])
    return {"write": write, "theirs": theirs, "gradients": [g.tolist() for g in gradients],
            "clipped": [np.array(g).tolist() for g in made]}  # fmt: skip


def ema() -> dict:
    weights = [[float(x) for x in spread(3, 30 + i)] for i in range(8)]
    variable = keras.Variable(weights[0], dtype="float64")
    optimizer = keras.optimizers.SGD(1.0, use_ema=True)
    optimizer.build([variable])
    averages = []
    for w in weights:
        variable.assign(w)
        optimizer.apply([jnp.zeros(3)])
        averages.append(optimizer._model_variables_moving_average[0].value.tolist())
    return {"write": "EMA(params, decay=0.99)", "theirs": "use_ema=True", "values": weights, "averages": averages}


def main() -> None:
    cases = [record(w, f"keras.optimizers.{t}", lambda t=t: update_of(t, "all")) for w, t in CASES]
    for write, theirs in MATRIX:
        for name in LEAST_SQUARES:
            cases.append(record(write, f"keras.optimizers.{theirs}", lambda t=theirs, n=name: update_of(t, n), name))
    for write, theirs in SCHEDULES:
        schedule = eval(theirs)
        rates = [float(keras.ops.convert_to_numpy(schedule(step))) for step in range(30)]
        cases.append({"write": write, "theirs": theirs, "rates": rates})
    cases += [plateau(), ema()]
    cases.append(clipped("clip_grad_norm_exact(params, 1.0)", "SGD(1.0, global_clipnorm=1.0)"))
    cases.append(clipped("[clip_grad_norm_exact(p, 1.0) for p in params]", "SGD(1.0, clipnorm=1.0)"))
    cases.append(clipped("clip_grad_value(params, 0.1)", "SGD(1.0, clipvalue=0.1)"))
    source = f"keras {keras.__version__} on jax {jax.__version__}"
    write_file("keras", source, "Keras (Apache-2.0)", cases)


if __name__ == "__main__":
    main()
