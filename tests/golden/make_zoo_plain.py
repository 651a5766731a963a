"""Records SGDW, QHM, AggMo, SignSGD, Signum and LARS as the library pytorch_optimizer runs them: zoo_plain.json.

Needs torch (CPU) and pytorch_optimizer: in a scratch environment, `pip install torch==2.13.0 pytorch-optimizer==4.1.0`,
then `python tests/golden/make_zoo_plain.py`. The tests read the JSON only.

Its SignSGD with momentum is Signum, its QHM calls beta momentum, and its LARS leaves vectors alone: they are given to
it as matrices of one row.
"""

from importlib.metadata import version
from pathlib import Path

import pytorch_optimizer
from make_problems_plain import FIXED, PROBLEMS, SCALE, record, scaled, write
from make_torch_plain import make_update

# minidl's name, the peer's class, minidl's settings -> the peer's, scale of lr, settings
COUPLED = {"weight_decouple": False}
CASES = [
    ("SGDW", pytorch_optimizer.SGDW, {}, {}, SCALE, [
        {"lr": 0.1, "weight_decay": 0.3},
        {"lr": 0.03, "momentum": 0.9, "weight_decay": 0.1},
        {"lr": [50, 0.1, 0.01], "momentum": 0.5, "dampening": 0.3, "weight_decay": 0.3},
        {"lr": 0.02, "momentum": 0.9, "nesterov": True, "weight_decay": 0.3},
    ]),
    ("QHM", pytorch_optimizer.QHM, {"beta": "momentum"}, COUPLED, SCALE, [
        {"lr": 0.1, "nu": 0.7, "beta": 0.999},
        {"lr": [50, 0.1, 0.02], "nu": 0.7, "beta": 0.9},
        {"lr": 0.1, "nu": 0.3, "beta": 0.5, "weight_decay": 0.3},
    ]),
    ("AggMo", pytorch_optimizer.AggMo, {}, COUPLED, SCALE, [
        {"lr": 0.02, "betas": [0.0, 0.9, 0.99]},
        {"lr": [50, 0.1, 0.02], "betas": [0.3, 0.6]},
        {"lr": 0.02, "betas": [0.1, 0.5, 0.9, 0.95], "weight_decay": 0.3},
    ]),
    ("SignSGD", pytorch_optimizer.SignSGD, {}, {**COUPLED, "momentum": 0.0}, FIXED, [
        {"lr": 0.01}, {"lr": [50, 0.03, 0.002]}, {"lr": 0.01, "weight_decay": 0.3},
    ]),
    ("Signum", pytorch_optimizer.SignSGD, {"beta": "momentum"}, COUPLED, FIXED, [
        {"lr": 0.01, "beta": 0.9}, {"lr": [50, 0.03, 0.002], "beta": 0.5},
        {"lr": 0.01, "beta": 0.8, "weight_decay": 0.3},
    ]),
    ("LARS", pytorch_optimizer.LARS, {}, {}, FIXED, [
        {"lr": 1.0, "momentum": 0.9, "trust_coefficient": 0.001},
        {"lr": 3.0, "momentum": 0.5, "trust_coefficient": 0.01, "weight_decay": 0.3},
        {"lr": 1.0, "momentum": 0.9, "trust_coefficient": 0.002, "weight_decay": 30.0},
    ]),
    ("LARSRateOutside", pytorch_optimizer.LARS, {}, {}, FIXED, [
        {"lr": [50, 1.0, 0.1], "momentum": 0.9, "trust_coefficient": 0.001},
        {"lr": [20, 3.0, 0.2], "momentum": 0.5, "trust_coefficient": 0.01, "weight_decay": 0.3},
        {"lr": [50, 0.1, 1.0], "momentum": 0.9, "trust_coefficient": 0.001, "weight_decay": 30.0},
    ]),
]  # fmt: skip


def main():
    cases = []
    for name, peer, renamed, extra, scale, many in CASES:
        for problem, (start, _) in PROBLEMS.items():
            for settings in many:
                settings = {**settings, "lr": scaled(settings["lr"], scale[problem])}
                theirs = {**extra, **{renamed.get(k, k): v for k, v in settings.items()}}

                def make(peer=peer, theirs=theirs, start=start):
                    update = make_update(peer, theirs, [w.reshape(-1, w.shape[-1]) for w in start])

                    def reshaped(arrays, gradients, value, step):
                        matrices = [[w.reshape(-1, w.shape[-1]) for w in row] for row in (arrays, gradients)]
                        new = update(*matrices, value, step)
                        return [w.reshape(v.shape) for w, v in zip(new, arrays, strict=True)]

                    return reshaped

                cases.append(record(name, settings, problem, make))
    source = (
        f"pytorch_optimizer {version('pytorch_optimizer')}, float64, recorded by make_zoo_plain.py on the problems of "
        "make_problems_plain.py. weights[k]: after k steps. Settings are minidl's; lr [k, a, b]: k steps a, then b."
    )
    licence = "numbers computed with pytorch_optimizer (Apache-2.0); no code of it is contained"
    write(Path(__file__).with_name("zoo_plain.json"), source, licence, cases)


if __name__ == "__main__":
    main()
