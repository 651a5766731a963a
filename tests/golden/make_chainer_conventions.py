"""Records Chainer's optimizers as they come: writes chainer_conventions.json beside this file.

Needs Chainer, whose last version wants an old NumPy: in a scratch environment, `pip install "numpy<1.24"
chainer==7.8.1`, then `python tests/golden/make_chainer_conventions.py`. The tests read the JSON only.
"""

import chainer
import numpy as np
from chainer import optimizers
from make_problems_conventions import STEPS, record, starts, write_file

DROP = "schedules.Piecewise([50], [1e-3, 1e-4])"
CASES = [
    (f"SGDRateInside(params, lr={DROP}, momentum=0.9)", "MomentumSGD(1e-3, 0.9)", {50: 1e-4}),
    ("SGD(params, lr=1e-3, momentum=0.9)", "CorrectedMomentumSGD(1e-3, 0.9)", {}),
    (f"SGD(params, lr={DROP}, momentum=0.9)", "CorrectedMomentumSGD(1e-3, 0.9)", {50: 1e-4}),
    ("", "NesterovAG(1e-3, 0.9)", {}),
    ("AdaGrad(params, lr=1e-3, eps=1e-8)", "AdaGrad()", {}),
    ("AdaDelta(params, rho=0.95)", "AdaDelta()", {}),
    ("RMSProp(params)", "RMSprop()", {}),
    ("RMSProp(params, eps_inside_sqrt=True)", "RMSprop(eps_inside_sqrt=True)", {}),
    ("RMSPropGraves(params)", "RMSpropGraves()", {}),
    ("AdamEpsHat(params)", "Adam()", {}),
    ("AdamEpsHat(params, amsgrad=True)", "Adam(amsgrad=True)", {}),
    ("AdamWPaperDecay(params, weight_decay=1e-4)", "Adam(weight_decay_rate=1e-4)", {}),
    ("AdamWPaperDecay(params, lr=0.02, betas=(0.5, 0.9), eps=1e-2, weight_decay=0.03)",
     "Adam(0.02, 0.5, 0.9, 1e-2, weight_decay_rate=0.03)", {}),
    ("AdamWPaperDecay(params, lr=0.02, betas=(0.8, 0.6), weight_decay=0.01, amsgrad=True)",
     "Adam(0.02, 0.8, 0.6, weight_decay_rate=0.01, amsgrad=True)", {}),
    ("AdaBound(params)", "Adam(adabound=True)", {}),
]  # fmt: skip


def update_of(theirs: str, rates: dict):
    class Model(chainer.Link):
        def __init__(self):
            super().__init__()
            with self.init_scope():
                for i, w in enumerate(starts("all")):
                    setattr(self, f"w{i}", chainer.Parameter(w))

    model = Model()
    optimizer = eval(f"optimizers.{theirs}")
    optimizer.setup(model)
    params = [getattr(model, f"w{i}") for i in range(7)]

    def update(step, weights, gradients):
        if step in rates:
            optimizer.hyperparam.lr = rates[step]
        for p, w, g in zip(params, weights, gradients):  # noqa: B905
            p.array[...] = w
            p.grad = g
        optimizer.update()
        return [p.array.copy() for p in params]

    return update


def ravine() -> dict:
    """f = x^2 / 20 + y^2 from (-7, 2), 30 steps of NesterovAG at lr .1, momentum .9."""
    model = chainer.Link()
    with model.init_scope():
        model.w = chainer.Parameter(np.array([-7.0, 2.0]))
    optimizer = optimizers.NesterovAG(0.1, 0.9)
    optimizer.setup(model)
    for _ in range(30):
        model.w.grad = model.w.array * np.array([0.1, 2.0])
        optimizer.update()
    return {"ravine": model.w.array.tolist()}


def main() -> None:
    assert STEPS == 100
    cases = [record(w, f"chainer.optimizers.{t}", lambda t=t, r=r: update_of(t, r)) for w, t, r in CASES]
    write_file("chainer", f"chainer {chainer.__version__}, numpy {np.__version__}", "Chainer (MIT)", cases, **ravine())


if __name__ == "__main__":
    main()
