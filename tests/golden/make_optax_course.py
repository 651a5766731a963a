"""Records the course's Momentum, the moving average, with optax: writes optax_course.json here.

Needs optax: in a scratch environment, `pip install optax==0.2.8`, then `python tests/golden/make_optax_course.py`.
"""

import jax
import optax
from make_optax_adaptive import l2, update_of
from make_problems_adaptive import record, write


def momentum(lr: float, beta: float = 0.9, bias_correction: bool = False) -> optax.GradientTransformation:
    return optax.chain(optax.ema(beta, debias=bias_correction), optax.scale(-lr))


CASES = [
    ("Momentum", {"lr": 0.001}, momentum(0.001)),
    ("Momentum", {"lr": 0.0005, "beta": 0.5, "bias_correction": True}, momentum(0.0005, 0.5, True)),
    ("Momentum", {"lr": 0.0005, "beta": 0.95, "weight_decay": 0.3}, l2(0.3, momentum(0.0005, 0.95))),
]


def main() -> None:
    cases = [record(name, settings, update_of(optimizer)) for name, settings, optimizer in CASES]
    licence = "numbers computed with optax (Apache-2.0); no code of it"
    write("optax", f"optax {optax.__version__}, jax {jax.__version__}", licence, cases, "course")


if __name__ == "__main__":
    main()
