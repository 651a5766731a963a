"""How the make_*_conventions.py beside this file record a library's optimizer under the minidl expression for it.

A case is the expression of minidl/optim/libraries.py (`write`, with `params` for the parameters), the library's own
(`theirs`) and the weights of a run of 100 steps: on the four problems of make_problems_adaptive.py at once ("all"), on
least squares of make_problems_matrix.py ("8x5", "5x8", "130x140"), or on its problems with a loss. Needs NumPy only.
"""

import json
from pathlib import Path

import numpy as np
from make_problems_adaptive import STEPS, gradients, start
from make_problems_matrix import LEAST_SQUARES

KEPT = (1, 2, 3, 10, 100)


def starts(problem: str) -> list[np.ndarray]:
    return start() if problem == "all" else [LEAST_SQUARES[problem].start.copy()]


def run(problem: str, update, disturb: float = 1.0) -> list[list[np.ndarray]]:
    """The weights after each step; update(step, weights, gradients) -> the new weights, step from 0."""
    weights, path = [w * disturb for w in starts(problem)], []
    for step in range(STEPS):
        g = gradients(step, weights) if problem == "all" else [LEAST_SQUARES[problem].gradient(weights[0], step + 1)]
        weights = [np.array(w, dtype="float64") for w in update(step, weights, g)]
        path.append(weights)
    return path


def sample(problem: str, weights: list) -> list[list[float]]:
    """What is recorded of the weights: all, or of a large matrix some (see LeastSquares.sample)."""
    if problem in LEAST_SQUARES:
        return [LEAST_SQUARES[problem].sample(weights[0])]
    return [np.ravel(w).tolist() for w in weights]


def record(write: str, theirs: str, make_update, problem: str = "all") -> dict:
    """One case; make_update() -> a fresh update. Refuses a run that rounding could change."""
    path, other = run(problem, make_update()), run(problem, make_update(), disturb=1 + 1e-13)
    pairs = [(w, v) for one, two in zip(path, other, strict=True) for w, v in zip(one, two, strict=True)]
    worst = max(float((np.abs(w - v) / np.maximum(0.01, np.abs(w))).max()) for w, v in pairs)
    largest = max(float(np.abs(w).max()) for w, _ in pairs)
    print(f"{theirs} on {problem}: disturbed {worst:.0e}, largest weight {largest:.3g}", flush=True)
    if not (worst < 1e-9 and largest < 1e6):
        raise ValueError(f"{theirs} on {problem} is not reproducible")
    kept = {str(k): sample(problem, path[k - 1]) for k in KEPT}
    return {"write": write, "theirs": theirs, "problem": problem, "weights": kept}


def write_file(
    library: str, source: str, licence: str, cases: list[dict], kind: str = "", script: str = "", **more
) -> None:
    script = script or f"make_{library}_conventions.py"
    about = f"{source}, float64, recorded by {script}; weights[k]: after k steps of theirs"
    data = {"source": about, "licence": f"numbers computed with {licence}; no code of it", **more, "cases": cases}
    path = Path(__file__).with_name(f"{library}_conventions{kind}.json")
    path.write_text(json.dumps(data, separators=(",", ":")).replace('{"write"', '\n{"write"') + "\n")
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size} bytes")
