"""One step of every rule of minidl.optim on the 235,146 parameters of the MLP 784-256-128-10, against torch.optim.

Six float32 tensors with gradients that are there already: only step() is timed. minidl and PyTorch live in a process
each (peers.py) and are asked for a block of steps in turn; a figure is the median over blocks of a block's mean. The
rules are found by introspection, so that a new one appears by itself.

    python tests/benchmarks/optimizers.py [--rules Adam SGD] [--threads 1 2] [--blocks 20] [--out table.md] [--no-torch]

"default" is what PyTorch does on a CPU when nothing is asked for, a loop over the tensors; foreach=True works on lists
of tensors, fused=True in one kernel per tensor. A rule that needs a closure gets the loss sum(h w^2) / 2 with fixed h;
the closure's own time is taken off.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import inspect
import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import peers

SHAPES = [shape for a, b in itertools.pairwise((784, 256, 128, 10)) for shape in ((a, b), (b,))]
SIZE = sum(int(np.prod(shape)) for shape in SHAPES)
GRADIENTS = 4  # sets of them, in turn, so that averages and differences do not come to rest
LR = 1e-3
CLOCK = time.process_time if "--cpu-time" in sys.argv else time.perf_counter

# Settings timed besides the defaults, and in place of them (a step of L-BFGS may be one iteration or twenty).
FLAGS: dict[str, list[dict[str, Any]]] = {
    "SGD": [{"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"momentum": 0.9, "weight_decay": 1e-4}],
    "Momentum": [{"bias_correction": True}],
    "RMSProp": [{"momentum": 0.9}, {"centered": True}, {"centered": True, "momentum": 0.9}],
    "Adam": [{"amsgrad": True}, {"weight_decay": 1e-2}],
    "AdamW": [{"amsgrad": True}],
    "AdaBound": [{"amsbound": True}],
    "SGDW": [{"momentum": 0.9}],
    "SGDRateInside": [{"momentum": 0.9}],
}
INSTEAD = {"LBFGS": {"max_iter": 1, "history_size": 10, "line_search_fn": None}}

# The same rule in torch.optim, with what its defaults need to be the same.
TORCH: dict[str, tuple[str, dict[str, Any]]] = {
    "SGD": ("SGD", {}), "Adam": ("Adam", {}), "AdamW": ("AdamW", {}), "NAdam": ("NAdam", {}), "RAdam": ("RAdam", {}),
    "ASGD": ("ASGD", {}), "Rprop": ("Rprop", {}), "Adafactor": ("Adafactor", {}), "Muon": ("Muon", {}),
    "LBFGS": ("LBFGS", {}),
    "Momentum": ("SGD", {"momentum": 0.9, "dampening": 0.1}), "Nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "AdaGrad": ("Adagrad", {}), "AdaDelta": ("Adadelta", {}), "RMSProp": ("RMSprop", {}), "AdaMax": ("Adamax", {}),
    "AMSGrad": ("Adam", {"amsgrad": True}), "NAdamW": ("NAdam", {"decoupled_weight_decay": True, "weight_decay": 1e-2}),
}  # fmt: skip
VARIANTS: dict[str, dict[str, Any]] = {"default": {}, "foreach": {"foreach": True}, "fused": {"fused": True}}


def rules() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every rule and wrapper of minidl.optim with the settings to be timed: the course family, then file by file."""
    from minidl import optim

    def family(cls: type) -> Iterator[type]:
        for sub in cls.__subclasses__():
            yield sub
            yield from family(sub)

    found = dict.fromkeys(cls for cls in family(optim.Optimizer) if getattr(optim, cls.__name__, None) is cls)
    for cls in sorted(found, key=lambda c: (c.__module__.startswith("minidl.optim.more"), c.__module__)):
        for settings in [INSTEAD.get(cls.__name__, {}), *FLAGS.get(cls.__name__, [])]:
            yield cls.__name__, settings


# -- in a peer's process


class Timed:
    """An optimizer of either library with parameters, gradients and, where the rule asks for one, a closure."""

    def __init__(self, rule: str, settings: dict[str, Any], variant: str) -> None:
        self.in_closure, self.turn, self.only_matrices = 0.0, 0, False
        rng = np.random.default_rng(0)
        arrays = [rng.normal(0, 0.05, s).astype(np.float32) for s in SHAPES]
        gradients = [[rng.normal(0, 0.01, s).astype(np.float32) for s in SHAPES] for _ in range(GRADIENTS)]
        h = [rng.uniform(0.1, 1, s).astype(np.float32) for s in SHAPES]
        build, leaf, self.constant = self.library(variant)
        self.params = [leaf(x) for x in arrays]
        self.gradients = [[self.constant(g) for g in of_a_step] for of_a_step in gradients]
        self.h = [self.constant(x) for x in h]
        try:
            self.optimizer = build(rule, settings, self.params)
        except ValueError:  # Muon
            self.only_matrices = True
            self.optimizer = build(rule, settings, [p for p in self.params if p.ndim == 2])
        self.closure = self.wanted_closure()

    def library(self, variant: str) -> tuple[Callable, Callable, Callable]:
        """How an optimizer, a parameter and a constant are made."""
        if variant != "minidl":
            import torch

            torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))

            def build(rule: str, settings: dict[str, Any], params: list[Any]) -> Any:
                name, fixed = TORCH[rule]
                return getattr(torch.optim, name)(params, lr=LR, **fixed, **settings, **VARIANTS[variant])

            return build, lambda x: torch.tensor(x, requires_grad=True), torch.tensor

        from minidl import Tensor, optim

        def build(rule: str, settings: dict[str, Any], params: list[Any]) -> Any:
            cls = getattr(optim, rule)
            if next(iter(inspect.signature(cls).parameters)) == "base":
                return cls(optim.SGD(params, lr=LR), **settings)
            return cls(params, lr=LR, **settings)

        return build, lambda x: Tensor(x, requires_grad=True), Tensor

    def wanted_closure(self) -> Callable[[], Any] | None:
        """The kind of closure that a first step takes: none, one that sets gradients, one that leaves them to it."""
        for closure in (None, self.with_gradients, self.without_gradients):
            try:
                if closure:
                    self.optimizer.zero_grad()
                    self.optimizer.step(closure)
                else:
                    self.load_gradients(self.gradients[0])
                    self.optimizer.step()
                return closure
            except (TypeError, RuntimeError) as error:
                refusal = error
        raise refusal

    def load_gradients(self, gradients: list[Any]) -> None:
        """Write them anew, as a backward pass does: PyTorch's foreach SGD with nesterov changes p.grad."""
        for p, g in zip(self.params, gradients, strict=True):
            if p.grad is None:
                p.grad = self.constant(np.zeros(tuple(p.shape), np.float32))
            p.grad.data[...] = g.data

    def without_gradients(self) -> Any:
        began = CLOCK()
        loss = sum((h * p * p).sum() for h, p in zip(self.h, self.params, strict=True)) * 0.5
        self.in_closure += CLOCK() - began
        return loss

    def with_gradients(self) -> float:
        began = CLOCK()
        loss = 0.0
        for h, p in zip(self.h, self.params, strict=True):
            p.grad = self.constant(h.data * p.data) if isinstance(h.data, np.ndarray) else h * p.detach()
            loss += 0.5 * float((p.grad.data * p.data).sum())
        self.in_closure += CLOCK() - began
        return loss

    def seconds(self, steps: int) -> float:
        """What one step takes, without the closure."""
        self.in_closure = spent = 0.0
        for _ in range(steps):
            if self.closure is None:
                self.turn += 1
                self.load_gradients(self.gradients[self.turn % GRADIENTS])
                began = CLOCK()
                self.optimizer.step()
            else:
                began = CLOCK()
                self.optimizer.step(self.closure)
            spent += CLOCK() - began
        return (spent - self.in_closure) / steps

    def about(self) -> dict[str, Any]:
        """What minidl's rule is: how many bytes of arrays a checkpoint of its state holds, and what to know."""
        kinds = {None: "", self.with_gradients: "closure", self.without_gradients: "Hessian"}
        size = sum(p.size for p in self.params if p.ndim == 2 or not self.only_matrices)
        notes = [kinds[self.closure], "matrices" if self.only_matrices else ""]
        return {
            "bytes": _bytes(self.optimizer.state_dict()), "size": size, "notes": [x for x in notes if x],
            "elementwise": bool(self.optimizer.elementwise),
        }  # fmt: skip


def _bytes(saved: Any) -> int:
    if isinstance(saved, dict):
        return sum(_bytes(x) for x in saved.values())
    return saved.nbytes if isinstance(saved, np.ndarray) else 0


def work() -> None:
    """A peer's process. A question is [rule, settings, variant, steps], with 0 steps for what is known about a rule."""
    timed: dict[str, Timed] = {}  # the variants of the rule asked for last

    def reply(question: str) -> str:
        rule, settings, variant, steps = json.loads(question)
        key = json.dumps([rule, settings, variant])
        try:
            if key not in timed:
                for old in [k for k in timed if json.loads(k)[:2] != [rule, settings]]:
                    del timed[old]
                timed[key] = Timed(rule, settings, variant)
            return json.dumps(timed[key].seconds(steps) if steps else timed[key].about())
        except Exception as error:  # one rule that cannot be timed shall not end the run
            return json.dumps({"error": f"{type(error).__name__}: {error}"})

    peers.answer(reply)


# -- in the process that asks

COLUMNS = ["rule", "threads", "state floats per parameter", "state bytes", "minidl", *VARIANTS, "minidl / default"]
NOTES = {
    "closure": "step(closure); the closure's own time is taken off",
    "Hessian": "as [1]; includes the backward passes through the closure's graph, every time an estimate is due",
    "matrices": "the three matrices only (PyTorch's Muon iterates in bfloat16)",
}


def torch_variants(rule: str, settings: dict[str, Any]) -> list[str]:
    """The implementations that PyTorch has of a rule with these settings."""
    if rule not in TORCH:
        return []
    import torch

    name, fixed = TORCH[rule]
    has = inspect.signature(getattr(torch.optim, name)).parameters
    same = set(settings) <= set(has) and not set(settings) & set(fixed)
    return [v for v, flag in VARIANTS.items() if set(flag) <= set(has)] if same else []


def label(rule: str, settings: dict[str, Any]) -> str:
    inside = ", ".join(f"{k}={v}" for k, v in settings.items())
    return f"{rule}({inside})" if inside else rule


def measure(
    rule: str, settings: dict[str, Any], variants: list[str], workers: dict[str, peers.Peer], options: Any
) -> dict[str, Any]:
    """One row: microseconds of every variant, and what is known about minidl's; a slow rule gets fewer blocks."""

    def ask(variant: str, steps: int) -> Any:
        worker = workers["minidl" if variant == "minidl" else "torch"]
        answer = worker.ask(json.dumps([rule, settings, variant, steps]), options.pause)
        if not answer:
            raise SystemExit(f"the process that timed {label(rule, settings)}, {variant}, has ended")
        return json.loads(answer)

    row: dict[str, Any] = {"rule": label(rule, settings)}
    times: dict[str, list[float]] = {variant: [] for variant in ("minidl", *variants)}
    began = time.perf_counter()
    for block in range(options.blocks + 2):  # the first two warm up
        if block >= 5 and time.perf_counter() - began > options.seconds:
            break
        for variant, found in list(times.items()):
            answer = ask(variant, options.steps)
            if isinstance(answer, dict):
                print(f"{row['rule']}, {variant}: {answer['error']}", file=sys.stderr)
                del times[variant]
            elif block >= 2:
                found.append(answer * 1e6)
    row |= {variant: statistics.median(found) for variant, found in times.items()}
    if "minidl" in row:
        about = ask("minidl", 0)
        row |= {"state bytes": about["bytes"], "state floats per parameter": about["bytes"] / 4 / about["size"]}
        row |= {"elementwise": about["elementwise"], "notes": about["notes"]}
        if "default" in row:
            row["minidl / default"] = row["minidl"] / row["default"]
    return row


def markdown(row: dict[str, Any]) -> str:
    marks = "".join(f" [{list(NOTES).index(note) + 1}]" for note in row.get("notes", []))
    cells = [row["rule"] + marks, str(row["threads"])]
    for column, form in zip(COLUMNS[2:], (".4g", ",d", *[",.0f"] * (1 + len(VARIANTS)), ".2f"), strict=True):
        cells.append(format(row[column], form) if column in row else "")
    return "| " + " | ".join(cells) + " |"


def summary(rows: list[dict[str, Any]], threads: int) -> str:
    compared = [r for r in rows if r["threads"] == threads and r.get("elementwise") and "minidl / default" in r]
    slower = [f"{r['rule']} {r['minidl / default']:.2f}" for r in compared if r["minidl / default"] > 1]
    return (
        f"{len(slower)} of {len(compared)} elementwise rows slower than PyTorch's default with {threads} "
        f"thread{'s' if threads > 1 else ' (to be: none)'}" + (": " + ", ".join(slower) if slower else "") + "."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rules", nargs="+", metavar="NAME", help="only these classes, without regard to case")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--blocks", type=int, default=20, help="timed blocks per row and implementation")
    parser.add_argument("--steps", type=int, default=20, help="steps per block (what some rules do every 10th counts)")
    parser.add_argument("--seconds", type=float, default=20, help="after these a row gets no more than three blocks")
    parser.add_argument("--pause", type=float, default=0.03, help="seconds before every block")
    parser.add_argument("--out", type=Path, nargs="+", default=[], help="write the table to FILE.md or FILE.csv, too")
    parser.add_argument("--no-torch", action="store_true", help="time minidl alone")
    parser.add_argument("--cpu-time", action="store_true", help="what the process computed, not the clock on the wall: "
                        "for one thread, on a machine where others compute too")  # fmt: skip
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        return work()
    if any(path.suffix not in (".md", ".csv") for path in options.out):
        parser.error("--out writes FILE.md or FILE.csv")
    if options.cpu_time and options.threads != [1]:
        parser.error("--cpu-time adds up all threads of a process: give it with --threads 1")
    wanted = {name.lower() for name in options.rules or []}
    timed = [(rule, settings) for rule, settings in rules() if not wanted or rule.lower() in wanted]
    unknown = wanted - {rule.lower() for rule, _ in timed}
    if unknown:
        parser.error(f"minidl.optim has no rule {', '.join(sorted(unknown))}")
    with_torch = not options.no_torch and importlib.util.find_spec("torch") is not None
    if not with_torch and not options.no_torch:
        print("PyTorch is not installed for this Python (pip install torch): minidl is timed alone", file=sys.stderr)

    clock = ["--cpu-time"] if options.cpu_time else []
    lines: list[str] = []

    def say(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    say(f"One step on {SIZE:,} parameters (float32, {len(SHAPES)} tensors), microseconds{' of CPU' * bool(clock)}, "
        f"medians of up to {options.blocks} blocks of {options.steps} steps.\n")  # fmt: skip
    say("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS))
    rows: list[dict[str, Any]] = []
    for threads in options.threads:
        names = ["minidl", "torch"] if with_torch else ["minidl"]
        workers = {name: peers.Peer([__file__, "--work", *clock], threads) for name in names}
        for rule, settings in timed:
            variants = torch_variants(rule, settings) if with_torch else []
            rows.append({"threads": threads, **measure(rule, settings, variants, workers, options)})
            say(markdown(rows[-1]))
        for worker in workers.values():
            worker.close()
    used = {note for row in rows for note in row.get("notes", [])}
    say("".join(f"\n[{i}] {NOTES[note]}." for i, note in enumerate(NOTES, 1) if note in used) + "\n")
    if with_torch:
        for threads in options.threads:
            say(summary(rows, threads))
    for path in options.out:
        if path.suffix == ".md":
            path.write_text("\n".join(lines) + "\n")
        else:
            with path.open("w", newline="") as file:
                table = csv.DictWriter(file, [*COLUMNS, "elementwise"], extrasaction="ignore")
                table.writeheader()
                table.writerows(rows)


if __name__ == "__main__":
    main()
