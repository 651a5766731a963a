"""Records SGDRateInside, Lion and LAMB as Keras 3 runs them: writes keras_plain.json beside this file.

Needs Keras and torch: in a scratch environment, `pip install keras==3.15.0 torch==2.13.0`, then
`python tests/golden/make_keras_plain.py`. The tests read the JSON only.

The rate of SGD changes within the run: with a constant one the buffer's convention would not show. Keras' SGD decays
the weights themselves; SGDRateInside has SGD's L2 term, so that it is added to the gradient here.
"""

import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
from make_problems_plain import FIXED, PROBLEMS, SCALE, rate, record, scaled, write

keras.config.set_floatx("float64")

SGD = [
    {"lr": [20, 0.1, 0.01], "momentum": 0.9},
    {"lr": [20, 0.05, 0.005], "momentum": 0.8, "nesterov": True},
    {"lr": [30, 0.02, 0.1], "momentum": 0.5, "weight_decay": 0.3},
]
LION = [{"lr": 0.01, "betas": [0.9, 0.99]}, {"lr": [50, 0.03, 0.002], "betas": [0.5, 0.8]}]
LAMB = [{"lr": 0.01, "eps": 1e-7}, {"lr": 0.01, "betas": [0.5, 0.9], "eps": 0.01}]


def make_update(optimizer, settings, start):
    settings = dict(settings)
    lr, l2 = settings.pop("lr"), settings.pop("weight_decay", 0.0)
    if "betas" in settings:
        settings["beta_1"], settings["beta_2"] = settings.pop("betas")
    if "eps" in settings:
        settings["epsilon"] = settings.pop("eps")
    made = optimizer(learning_rate=rate(lr, 0), **settings)
    variables = [keras.Variable(w, dtype="float64") for w in start]
    made.build(variables)

    def update(arrays, gradients, value, step):
        made.learning_rate.assign(np.float64(rate(lr, step)))
        for v, w in zip(variables, arrays, strict=True):
            v.assign(w)
        gradients = [g + l2 * w for g, w in zip(gradients, arrays, strict=True)]
        made.apply([keras.ops.convert_to_tensor(g, dtype="float64") for g in gradients])
        return [keras.ops.convert_to_numpy(v) for v in variables]

    update.dtype = made.learning_rate.dtype
    return update


def main():
    cases = []
    for name, optimizer, scale, many in (
        ("SGDRateInside", keras.optimizers.SGD, SCALE, SGD),
        ("Lion", keras.optimizers.Lion, FIXED, LION),
        ("LAMB", keras.optimizers.Lamb, FIXED, LAMB),
    ):
        for problem, (start, _) in PROBLEMS.items():
            for settings in many:
                settings = {**settings, "lr": scaled(settings["lr"], scale[problem])}
                make = lambda o=optimizer, s=settings, w=start: make_update(o, s, w)
                assert make().dtype == "float64"
                cases.append(record(name, settings, problem, make))
    source = (
        f"keras {keras.__version__} on torch, float64, recorded by make_keras_plain.py on the problems of "
        "make_problems_plain.py. weights[k]: after k steps. Settings are minidl's; lr [k, a, b]: k steps a, then b."
    )
    licence = "numbers computed with Keras (Apache-2.0); no code of it is contained"
    write(Path(__file__).with_name("keras_plain.json"), source, licence, cases)


if __name__ == "__main__":
    main()
