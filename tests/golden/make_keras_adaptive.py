"""Records Keras's adaptive optimizers where they differ from PyTorch's: writes keras_adaptive.json beside this file.

Needs Keras with PyTorch below it: in a scratch environment, `pip install keras==3.15 torch==2.13.0`, then
`python tests/golden/make_keras_adaptive.py`. The tests read the JSON only. L2 is added to the gradients here, because
Keras's own weight_decay is decoupled.
"""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch
from make_problems_adaptive import record, start, write

keras.config.set_floatx("float64")
torch.set_default_dtype(torch.float64)

# minidl's name and settings; Keras's name and settings
CASES = [
    ("FTRL", {"lr": 0.05, "beta": 0.0, "initial_accumulator": 0.1}, "Ftrl", {}),
    ("FTRL", {"lr": 0.2, "beta": 1.0, "initial_accumulator": 0.5, "l1": 1e-2, "l2": 0.2}, "Ftrl",
     {"beta": 1.0, "initial_accumulator_value": 0.5, "l1_regularization_strength": 1e-2,
      "l2_regularization_strength": 0.1}),
    ("FTRL", {"lr": 0.1, "beta": 1e-2, "initial_accumulator": 1e-2, "l1": 0.5, "lr_power": -0.3}, "Ftrl",
     {"beta": 1e-2, "initial_accumulator_value": 1e-2, "l1_regularization_strength": 0.5, "learning_rate_power": -0.3}),
    ("AdaGradInitial", {"lr": 0.1}, "Adagrad", {}),
    ("AdamEpsHat", {"lr": 0.05, "eps": 1e-7}, "Adam", {}),
    ("AdamEpsHat", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2}, "Adam",
     {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-2}),
    ("AdamEpsHat", {"lr": 0.02, "betas": (0.8, 0.6), "eps": 1e-2, "amsgrad": True, "weight_decay": 0.1}, "Adam",
     {"beta_1": 0.8, "beta_2": 0.6, "epsilon": 1e-2, "amsgrad": True}),
    ("AdaMaxOutside", {"lr": 0.05, "eps": 1e-7}, "Adamax", {}),
    ("AdaMaxOutside", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2}, "Adamax",
     {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-2}),
    ("AdaMaxOutside", {"lr": 0.02, "eps": 1e-3, "weight_decay": 0.1}, "Adamax", {"epsilon": 1e-3}),
    ("NAdam", {"lr": 0.05, "eps": 1e-7, "momentum_decay": 1.0}, "Nadam", {}),
    ("RMSPropRateInside", {"lr": [0.05, 0.005], "momentum": 0.9}, "RMSprop", {"momentum": 0.9}),
    ("RMSPropRateInside", {"lr": [0.1, 0.01], "alpha": 0.5, "eps": 1e-2, "momentum": 0.5, "centered": True}, "RMSprop",
     {"rho": 0.5, "epsilon": 1e-2, "momentum": 0.5, "centered": True}),
    ("RMSPropRateInside", {"lr": [0.01, 0.1], "momentum": 0.8, "weight_decay": 0.1}, "RMSprop", {"momentum": 0.8}),
    ("RMSPropGraves", {"lr": [0.01, 0.001], "alpha": 0.95, "momentum": 0.9, "eps": 1e-4}, "RMSprop",
     {"rho": 0.95, "epsilon": 1e-4, "momentum": 0.9, "centered": True}),
    ("RMSPropGraves", {"lr": [0.05, 0.05], "alpha": 0.9, "momentum": 0.5, "eps": 1e-2, "weight_decay": 0.1}, "RMSprop",
     {"rho": 0.9, "epsilon": 1e-2, "momentum": 0.5, "centered": True}),
]  # fmt: skip


def update_of(name: str, ours: dict, theirs: dict):
    rates = ours["lr"] if isinstance(ours["lr"], list) else [ours["lr"]] * 2
    variables = [keras.Variable(w, dtype="float64") for w in start()]
    optimizer = getattr(keras.optimizers, name)(learning_rate=rates[0], **theirs)

    def update(step, weights, gradients):
        optimizer.learning_rate = rates[step >= 50]  # a new rate is what shows where the rate stands
        decay = ours.get("weight_decay", 0.0)
        given = [torch.tensor(g + decay * w) for g, w in zip(gradients, weights, strict=True)]
        optimizer.apply(given, variables)
        return [v.numpy() for v in variables]

    return update


def main() -> None:
    cases = [record(name, ours, update_of(name_there, ours, theirs)) for name, ours, name_there, theirs in CASES]
    write("keras", f"keras {keras.__version__} on torch {torch.__version__}, lr a pair: before and from step 50",
          "numbers computed with Keras (Apache-2.0); no code of it", cases)  # fmt: skip


if __name__ == "__main__":
    main()
