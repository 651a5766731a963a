"""Checks of e27: one per schedule, at its boundaries."""

from minidl.homework.check import Check


def schedule(name, says, inputs):
    """A check of one function: its rate at each of the epochs in the inputs."""

    def run(code, inputs):
        others = {key: value for key, value in inputs.items() if key != "epochs"}
        return {f"{name} at epoch {e}": getattr(code, name)(epoch=e, **others) for e in inputs["epochs"]}

    return Check(says, inputs, run)


def number(rng, low, high):
    return round(float(rng.uniform(low, high)), 3)


def table(rng):
    return {"lr0": 0.2, "k": 1, "epochs": [0, 1, 2, 3, 4]}


def inverse(rng):
    return {"lr0": number(rng, 0.1, 0.9), "k": number(rng, 0.2, 0.9), "epochs": [0, 1, 2, 3, 10]}


def stairs(rng):
    every = int(rng.integers(5, 9))
    epochs = [0, every - 2, every - 1, every, every + 1, 2 * every - 1, 2 * every, 3 * every + 1]
    return {"lr0": number(rng, 0.1, 0.9), "k": number(rng, 0.2, 0.9), "every": every, "epochs": epochs}


def exponential(rng):
    return {"lr0": number(rng, 0.1, 0.9), "gamma": number(rng, 0.5, 0.98), "epochs": [0, 1, 2, 3, 10]}


def root(rng):
    return {"lr0": number(rng, 0.1, 0.9), "k": number(rng, 0.2, 0.9), "epochs": [1, 2, 3, 4, 10]}


def steps(rng):
    every = int(rng.integers(5, 9))
    epochs = [0, every - 2, every - 1, every, every + 1, 2 * every - 1, 2 * every, 3 * every + 1]
    return {"lr0": number(rng, 0.1, 0.9), "factor": number(rng, 0.2, 0.8), "every": every, "epochs": epochs}


def warm(rng):
    climb = int(rng.integers(2, 5))
    total = climb + int(rng.integers(5, 9))
    return {"lr0": number(rng, 0.1, 0.9), "warm": climb, "total": total, "epochs": list(range(total + 1))}


def cold(rng):
    total = int(rng.integers(5, 9))
    return {"lr0": number(rng, 0.1, 0.9), "warm": 0, "total": total, "epochs": list(range(total + 1))}


CHECKS = [
    schedule("inv_decay", "the course's table", table),
    schedule("inv_decay", "inv_decay with other numbers", inverse),
    schedule("staircase", "staircase before, at and after its stairs", stairs),
    schedule("exp_decay", "exp_decay", exponential),
    schedule("sqrt_decay", "sqrt_decay", root),
    schedule("step_decay", "step_decay before, at and after its steps", steps),
    schedule("warmup_cosine", "warmup_cosine from the first epoch to the last", warm),
    schedule("warmup_cosine", "warmup_cosine without warm-up", cold),
]
