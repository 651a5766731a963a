"""Records optax's moving average and look-ahead momentum on the adaptive problems: writes optax_course_adaptive.json.

Needs optax: in a scratch environment, `pip install optax==0.2.8`, then
`python tests/golden/make_optax_course_adaptive.py`. The tests read the JSON only.
"""

import jax
import optax
from make_optax_adaptive import l2, record, update_of
from make_problems_adaptive import write


def average(lr: float, beta: float, debias: bool = False) -> optax.GradientTransformation:
    return optax.chain(optax.ema(beta, debias=debias), optax.scale_by_learning_rate(lr))


# minidl's name and settings, and the same in optax
CASES = [
    ("Momentum", {"lr": 0.005}, average(0.005, 0.9)),
    ("Momentum", {"lr": 0.001, "beta": 0.5, "bias_correction": True}, average(0.001, 0.5, True)),
    ("Momentum", {"lr": 0.005, "beta": 0.95, "weight_decay": 0.3}, l2(0.3, average(0.005, 0.95))),
    ("Nesterov", {"lr": 1e-3}, optax.sgd(1e-3, momentum=0.9, nesterov=True)),
    ("Nesterov", {"lr": 1e-3, "momentum": 0.5}, optax.sgd(1e-3, momentum=0.5, nesterov=True)),
    ("Nesterov", {"lr": 5e-4, "momentum": 0.8, "weight_decay": 0.3},
     l2(0.3, optax.sgd(5e-4, momentum=0.8, nesterov=True))),
]  # fmt: skip


def main() -> None:
    cases = [record(name, settings, update_of(optimizer)) for name, settings, optimizer in CASES]
    write("optax_course", f"optax {optax.__version__}, jax {jax.__version__}",
          "numbers computed with optax (Apache-2.0); no code of it", cases)  # fmt: skip


if __name__ == "__main__":
    main()
