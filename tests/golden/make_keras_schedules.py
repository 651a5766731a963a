"""Records the rates of Keras's schedules, in float64: writes keras_schedules.json beside this file.

Needs Keras and a backend, which minidl itself never imports: in a scratch environment, `pip install keras==3.15.1
torch==2.13.0`, then `python tests/golden/make_keras_schedules.py`. The tests read the JSON only.
"""

import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras
from keras.optimizers import schedules as keras_schedules

CASES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 6, "decay_rate": 0.7}, 30),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 6, "decay_rate": 0.7, "staircase": True}, 30),
    ("InverseTimeDecay", {"initial_learning_rate": 0.3, "decay_steps": 5, "decay_rate": 0.5}, 30),
    ("InverseTimeDecay", {"initial_learning_rate": 0.3, "decay_steps": 5, "decay_rate": 0.5, "staircase": True}, 30),
    ("PiecewiseConstantDecay", {"boundaries": [3, 8], "values": [0.5, 0.2, 0.1]}, 12),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 12}, 20),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 12, "end_learning_rate": 0.01, "power": 2.5}, 20),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 20}, 25),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 20, "alpha": 0.2}, 25),
    ("CosineDecay", {"initial_learning_rate": 0.05, "decay_steps": 20, "alpha": 0.1, "warmup_target": 0.4,
                     "warmup_steps": 6}, 30),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 7}, 60),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 7, "t_mul": 1.0, "m_mul": 0.6,
                             "alpha": 0.1}, 40),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.3, "first_decay_steps": 5, "t_mul": 1.5, "m_mul": 0.8,
                             "alpha": 0.05}, 60),
]  # fmt: skip

if __name__ == "__main__":
    keras.config.set_floatx("float64")
    file = Path(__file__).parent / "keras_schedules.json"
    record = {"library": f"keras {keras.__version__}", "schedules": []}
    for name, settings, steps in CASES:
        schedule = getattr(keras_schedules, name)(**settings)
        rates = [float(keras.ops.convert_to_numpy(schedule(step))) for step in range(steps)]
        record["schedules"].append({"name": name, "settings": settings, "rates": rates})
    file.write_text(json.dumps(record, separators=(",", ":")) + "\n")
    print(f"{len(record['schedules'])} schedules in {file.name}")
