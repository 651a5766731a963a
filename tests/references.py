"""What every rule of minidl.optim is checked against that minidl did not make: `python tests/references.py` prints it.

Three kinds of reference: runs recorded from a library (which, with what settings and on which problems, is read out of
the golden files), a closed form, a transcription of the paper into plain numbers and loops.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from minidl import Tensor, optim
from minidl.optim import schedules
from minidl.optim.more.weights import Average

TESTS = Path(__file__).parent
GOLDEN = TESTS / "golden"
# of papers, by someone who had not seen minidl's rules: the test, and what it compares with
TRANSCRIPTIONS = [TESTS / "test_optim_transcriptions.py", TESTS / "transcriptions.py"]

RECORDED, CLOSED_FORM, TRANSCRIBED = "recorded", "closed form", "transcription"


class Reference(NamedTuple):
    """kind; what: the reference, where no library was recorded; tests: those that compare, FILE::TEST."""

    kind: str
    what: str
    tests: tuple[str, ...]


def _recorded(names: str, *tests: str) -> dict[str, Reference]:
    return {name: Reference(RECORDED, "", tests) for name in names.split()}


_COURSE = "test_references.py::test_recorded_course"
_CONVENTIONS = "test_conventions.py::test_recorded_runs"  # also of any other rule with runs in *_conventions.json
_RATES = "test_schedules.py::test_torch"

REFERENCES: dict[str, Reference] = {
    **_recorded(
        "SGD AdaGrad AdaDelta RMSProp Adam AdamW", _COURSE, "test_optim_trajectories.py::test_torch",
        "test_optim_trajectories.py::test_published_pytorch_trajectories",
    ),
    **_recorded("Momentum Nesterov", _COURSE, "test_optim_trajectories.py::test_optax"),
    **_recorded(
        "SGDW SGDRateInside QHM AggMo SignSGD Signum Lion Rprop ASGD LARS LARSRateOutside LARSJointNorm LAMB "
        "PolyakStep",
        "test_optim_plain.py::test_recorded",
    ),
    **_recorded(
        "AMSGrad AdaMax NAdam NAdamW RAdam AdaBound AdaBelief Yogi Adan QHAdam LaProp ADOPT AdEMAMix MADGRAD FTRL "
        "Adafactor AdaGradInitial RMSPropRateInside RMSPropGraves AdamEpsHat AMSGradCorrected AdaMaxOutside",
        "test_optim_adaptive.py::test_recorded_runs",
    ),
    **_recorded(
        "AdamUncorrected AdaMaxUncorrected AdamEpsInside AdamWEpsHat AdamWPaperDecay RMSPropInitial RAdamEpsAfter "
        "RAdamSkipping AdaBeliefUnstored LAMBClamped SGDDampenedStart RpropDelayed FTRLShrinkage AdafactorPaper",
        _CONVENTIONS,
    ),
    **_recorded(
        "MuonCorrected MuonUnclamped MuonCoupledDecay Shampoo ShampooSequential", _CONVENTIONS,
        "test_conventions.py::test_recorded_runs_of_large_matrices",
    ),
    **_recorded("SophiaHDelayed", "test_conventions.py::test_sophia_with_the_recorded_signs"),
    **_recorded(
        "Muon", "test_optim_matrix.py::test_muon_is_optax_muon",
        "test_optim_matrix.py::test_muon_is_torch_muon_up_to_bfloat16",
    ),
    **_recorded("SOAP", "test_optim_matrix.py::test_soap_is_the_collections_soap"),
    **_recorded("SophiaH AdaHessian", "test_optim_hessian.py::test_recorded_runs"),
    **_recorded(
        "LBFGS", "test_optim_lbfgs.py::test_without_line_search_it_is_torch_lbfgs",
        "test_optim_lbfgs.py::test_with_line_search_it_reaches_torchs_and_scipys_optimum_as_fast",
    ),
    **_recorded("DAdaptAdam Prodigy DoG DoWG", "test_optim_ratefree.py::test_recorded_runs"),
    **_recorded("ScheduleFreeSGD ScheduleFreeAdamW", "test_optim_schedulefree.py::test_recorded_runs"),
    **_recorded("Lookahead SAM", "test_optim_wrappers.py::test_recorded_runs"),
    **_recorded("EMA SWA", "test_optim_weights.py::test_recorded_averages"),
    **_recorded("centralize_grad clip_grad_adaptive", "test_optim_weights.py::test_recorded_changes_of_gradients"),
    **_recorded("clip_grad_norm clip_grad_norm_exact clip_grad_value", "test_conventions.py::test_recorded_clipping"),
    **_recorded(
        "Step MultiStep Exponential Polynomial Linear Cosine WarmRestarts Cyclic OneCycle", _RATES,
        "test_schedules.py::test_keras",
    ),
    **_recorded("InverseTime Piecewise", "test_schedules.py::test_keras"),
    **_recorded("Warmup Joined", "test_schedules.py::test_torch_sequential_is_warmup"),
    **_recorded("Trapezoid", "test_schedules.py::test_pytorch_optimizer_wsd"),
    **_recorded("ReduceOnPlateau", "test_plateau.py::test_torch", "test_conventions.py::test_recorded_plateaus"),
    **_recorded("find_lr", "test_finder.py::test_pytorch_lr_finder"),
    "PiecewiseInterpolate": Reference(
        CLOSED_FORM, "numbers printed in optax's own tests (optax/schedules/_schedule_test.py)",
        ("test_schedules.py::test_optax_piecewise_interpolate",
         "test_schedules.py::test_optax_onecycle_is_piecewise_interpolation"),
    ),
    "InverseSqrt": Reference(
        CLOSED_FORM, "Vaswani et al. 2017, eq. 3", ("test_schedules.py::test_inverse_sqrt_is_the_papers",)
    ),
    "Constant": Reference(CLOSED_FORM, "the number itself", ("test_schedules.py::test_constant",)),
    "Scaled": Reference(CLOSED_FORM, "the product", ("test_schedules.py::test_joined_and_scaled",)),
    "average_grad": Reference(
        CLOSED_FORM, "the gradient of the large batch",
        ("test_optim_weights.py::test_accumulated_gradients_are_those_of_the_large_batch",),
    ),
    "add_grad_noise": Reference(
        CLOSED_FORM, "the variance of Neelakantan et al. 2015, eq. 1",
        ("test_optim_weights.py::test_noise_has_the_papers_variance_and_follows_from_seed_and_step",),
    ),
    "RandomSearch": Reference(
        TRANSCRIBED, 'CS231n, "Optimization", strategy 1', ("test_optim_plain.py::test_search_by_hand",)
    ),
    "RandomLocalSearch": Reference(
        TRANSCRIBED, 'CS231n, "Optimization", strategy 2', ("test_optim_plain.py::test_search_by_hand",)
    ),
}  # fmt: skip


def things() -> dict[str, Any]:
    """Everything in minidl.optim that needs a reference, by name: rules, wrappers, averages, schedules, functions."""
    found: dict[str, Any] = {}
    for module in (optim, schedules):
        for name in dir(module):
            x = getattr(module, name)
            rule = inspect.isclass(x) and issubclass(x, optim.Optimizer | Average | schedules.Schedule)
            changes_gradients = inspect.isfunction(x) and "grad" in name
            base = x in (optim.Optimizer, schedules.Schedule, Average)
            if not base and (rule or changes_gradients or x in (optim.ReduceOnPlateau, optim.find_lr)):
                found[x.__name__] = x  # not `name`, which may be another spelling
    return found


# -- what was recorded


class Run(NamedTuple):
    """A recorded run: the file, the rule, its settings as given, the problems it runs on, its steps, some numbers."""

    file: str
    rule: str
    settings: dict[str, Any]
    problems: frozenset[str]
    steps: int
    numbers: list[float]

    @property
    def float64(self) -> bool:
        """Whether the numbers have more digits than float32 has."""
        return any(float(np.float32(x)) != x for x in self.numbers)


ALL = frozenset({"rosenbrock", "quadratic", "mlp", "given"})  # of make_problems_adaptive.py, at once


def _numbers(weights: Any) -> list[float]:
    last = weights[max(weights, key=int)] if isinstance(weights, dict) else weights[-1]
    return [float(x) for part in (last if isinstance(last[0], list) else [last]) for x in np.ravel(part)]


def settings_of(expression: str) -> tuple[str, dict[str, Any]]:
    """The rule and the settings of an expression of the table of conventions; ("", {}) where it is no optimizer."""
    params = [Tensor(np.ones((2, 2)), requires_grad=True)]
    made = eval(expression, {**vars(optim), "params": params})
    if not isinstance(made, optim.Optimizer):
        return "", {}
    return type(made).__name__, {k: v for k, v in made.param_groups[0].items() if k != "params"}


def runs() -> Iterator[Run]:
    """Every recorded run of an optimizer in the golden files."""
    for path in sorted(GOLDEN.glob("*.json")):
        record = json.loads(path.read_text())
        for case in record.get("cases", []):
            if "steps" in case:  # of step(closure): PyTorch's LBFGS
                steps, numbers = case["steps"][-1]["evaluations"], case["steps"][-1]["weights"]
            elif isinstance(case.get("weights"), dict):
                steps, numbers = max(map(int, case["weights"])), _numbers(case["weights"])
            elif isinstance(case.get("weights"), list):
                steps, numbers = len(case["weights"]), _numbers(case["weights"])
            else:
                continue
            if "write" in case:
                if not case["write"]:
                    continue
                rule, settings = settings_of(case["write"])
            else:
                rule, settings = case.get("optimizer") or case["rule"], case["settings"]
            problem = case.get("problem", "all")
            if "gradients" in record and "start" in record:  # *_trajectories.json: gradients are given
                problem = "given"
            elif "x" in record and "start" in record:  # published with PyTorch's C++ tests
                problem = "mlp"
            problems = ALL if problem == "all" else frozenset({problem})
            name = getattr(optim, rule).__name__ if rule else ""  # of PyTorch's spellings minidl's
            yield Run(path.name, name, settings, problems, steps, numbers)


def rule_files(name: str) -> set[str]:
    """The golden files with runs of that rule."""
    return {run.file for run in RUNS if run.rule == name}


def files_of(name: str) -> list[str]:
    """The golden files with something recorded for that rule, schedule or function."""
    return sorted(rule_files(name) | {file for file, what in OTHERS if what == name})


def others() -> Iterator[tuple[str, str]]:
    """Files and what else is recorded in them, under the libraries' names or as an expression of minidl's."""
    for file, words in _OTHERS.items():
        yield from ((file, word) for word in words.split())
    for path in sorted(GOLDEN.glob("*_conventions.json")):
        for case in json.loads(path.read_text())["cases"]:
            if "weights" not in case:
                yield from ((path.name, word) for word in re.findall(r"\w+", case["write"]))


# rates, averages of weights and changed gradients, in files where they have the libraries' names
_OTHERS = {
    "torch_schedules.json": "Step MultiStep Exponential Polynomial Linear Cosine WarmRestarts Cyclic OneCycle Warmup "
    "Joined ReduceOnPlateau",
    "keras_schedules.json": "Exponential InverseTime Piecewise Polynomial Cosine WarmRestarts Warmup",
    "pytorch_optimizer_schedules.json": "Trapezoid",
    "torch_lr_finder_schedules.json": "find_lr",
    "optax_ratefree.json": "EMA centralize_grad clip_grad_adaptive",
    "pytorch_optimizer_ratefree.json": "EMA SWA",
}
OTHERS = set(others())
RUNS = list(runs())


def library_of(file: str) -> str:
    """The library and its version, from the file."""
    record = json.loads((GOLDEN / file).read_text())
    return (record.get("source") or record["library"]).split(",")[0].split(" recorded")[0]


def transcribed(name: str) -> bool:
    """Whether the paper of that rule was also transcribed by someone who had not seen minidl's."""
    return any(path.exists() and re.search(rf"\b{name}\b", path.read_text()) for path in TRANSCRIPTIONS)


def compared_in(name: str) -> list[str]:
    """The tests that compare: those of the table above, the conventions and the transcriptions where it is in them."""
    also = [_CONVENTIONS] if any(file.endswith("_conventions.json") for file in rule_files(name)) else []
    also += [TRANSCRIPTIONS[0].name] if transcribed(name) else []
    return list(dict.fromkeys([*REFERENCES[name].tests, *also]))


def table() -> str:
    """All references as a table in Markdown."""
    lines = ["| what | reference | golden files | compared in |", "| --- | --- | --- | --- |"]
    for name, reference in REFERENCES.items():
        files = files_of(name)
        libraries = ", ".join(dict.fromkeys(library_of(file) for file in files))
        what = f"{reference.kind}: {reference.what or libraries}"
        lines.append(f"| {name} | {what} | {', '.join(files)} | {', '.join(compared_in(name))} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
