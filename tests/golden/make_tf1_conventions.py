"""Records TensorFlow 1's optimizers (tf.compat.v1.train) and RMSprop of tf.keras before 2.11: tf1_conventions.json.

Needs TensorFlow: in a scratch environment, `pip install tensorflow-cpu==2.21.0 tf-keras==2.21.0`, then
`python tests/golden/make_tf1_conventions.py`. The tests read the JSON only. Rates and betas are given as float64
tensors: Python floats would be rounded to float32. L2 is added to the gradients.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf
import tf_keras
from make_problems_conventions import record, starts, write_file

train = tf.compat.v1.train

CASES = [
    ("SGD(params, lr=1e-3, momentum=0.9)", "train.MomentumOptimizer(x(1e-3), x(0.9))"),
    ("Nesterov(params, lr=1e-3, momentum=0.9)", "train.MomentumOptimizer(x(1e-3), x(0.9), use_nesterov=True)"),
    ("AdaGradInitial(params, lr=0.1, eps=0.0)", "train.AdagradOptimizer(x(0.1))"),
    ("RMSPropInitial(params)", "train.RMSPropOptimizer(x(1e-3), x(0.9), x(0.0), x(1e-10))"),
    ("RMSPropInitial(params, lr=0.1, alpha=0.5, eps=1e-2, momentum=0.8)",
     "train.RMSPropOptimizer(x(0.1), x(0.5), x(0.8), x(1e-2))"),
    ("RMSPropInitial(params, lr=schedules.Piecewise([50], [1e-3, 1e-4]), momentum=0.9)",
     "train.RMSPropOptimizer(rate, x(0.9), x(0.9), x(1e-10))"),
    ("RMSPropInitial(params, lr=1e-3, alpha=0.99, eps=1e-2, centered=True, weight_decay=0.1)",
     "train.RMSPropOptimizer(x(1e-3), x(0.99), x(0.0), x(1e-2), centered=True)"),
    ("AdaDelta(params, lr=1e-3, rho=0.95, eps=1e-8)", "train.AdadeltaOptimizer(x(1e-3), x(0.95), x(1e-8))"),
    ("AdamEpsHat(params)", "train.AdamOptimizer(x(1e-3), x(0.9), x(0.999), x(1e-8))"),
    ("FTRL(params, lr=0.1, beta=0.0, initial_accumulator=0.1, l2=2 * 0.1)",
     "train.FtrlOptimizer(x(0.1), l2_regularization_strength=0.1)"),
    ("RMSProp(params, lr=1e-3, alpha=0.9, eps=1e-7)", "float64(legacy.RMSprop(1e-3, 0.9))"),
    ("RMSPropRateInside(params, lr=1e-3)", "float64(legacy.RMSprop(1e-3, 0.9, 0.9))"),
]  # fmt: skip


def x(value: float):
    return tf.constant(value, tf.float64)


def float64(optimizer):
    """Its hyper-parameters, which it keeps in float32 variables, as float64 tensors."""
    optimizer._create_hypers()
    for name, value in (("learning_rate", 1e-3), ("rho", 0.9), ("momentum", 0.9)):
        optimizer._hyper[name] = x(value)
    optimizer._hyper["decay"] = x(0.0)
    return optimizer


def update_of(theirs: str, l2: float):
    rate = tf.Variable(1e-3, dtype=tf.float64)
    optimizer = eval(
        theirs, {"train": train, "x": x, "rate": rate.value, "legacy": tf_keras.optimizers.legacy, "float64": float64}
    )
    variables = [tf.Variable(w, dtype=tf.float64) for w in starts("all")]

    def update(step, weights, gradients):
        rate.assign(1e-3 if step < 50 else 1e-4)
        for v, w in zip(variables, weights, strict=True):
            v.assign(w)
        given = [tf.constant(g + l2 * w) for g, w in zip(gradients, weights, strict=True)]
        optimizer.apply_gradients(zip(given, variables, strict=True))
        return [v.numpy() for v in variables]

    return update


def clipped() -> dict:
    gradients = [np.array([1.0, -2.0, 3.0]), np.array([0.5])]
    made, _ = tf.clip_by_global_norm([tf.constant(g) for g in gradients], x(1.0))
    return {"write": "clip_grad_norm_exact(params, 1.0)", "theirs": "tf.clip_by_global_norm(gradients, 1.0)",
            "gradients": [g.tolist() for g in gradients], "clipped": [g.numpy().tolist() for g in made]}  # fmt: skip


def main() -> None:
    cases = []
    for write, theirs in CASES:
        l2 = 0.1 if "weight_decay=0.1" in write else 0.0
        cases.append(record(write, theirs, lambda t=theirs, l2=l2: update_of(t, l2)))
    write_file("tf1", f"tf.compat.v1 of tensorflow {tf.__version__}", "TensorFlow (Apache-2.0)", [*cases, clipped()])


if __name__ == "__main__":
    main()
