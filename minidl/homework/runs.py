"""The capstone's runs: read from the records that minidl's lab wrote, and held to what makes a comparison fair."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

OPTIMIZERS = ("SGD", "Momentum", "Nesterov", "AdaGrad", "AdaDelta", "RMSProp", "Adam", "AdamW")
SEEDS, RATES = 3, 5  # at least
_SHOWN = ("lr", "seed", "train_loss", "validation_accuracy", "test_accuracy", "steps_to_target", "diverged")

Runs = dict[str, dict[str, list[dict[str, Any]]]]


def read_runs(folder: str | Path) -> Runs:
    """Optimizer -> "trials", "final", "default" -> runs, by rate and seed. Raises ValueError where they are unfair."""
    complaint, grouped = _grouped(Path(folder))
    if complaint:
        raise ValueError(complaint)
    return {name: {kind: [_shown(r) for r in of] for kind, of in kinds.items()} for name, kinds in grouped.items()}


def unfair(folder: Path) -> str:
    """What is missing, or makes the comparison unfair, in a line; empty where all is well."""
    return _grouped(folder)[0]


def _shown(record: dict[str, Any]) -> dict[str, Any]:
    rows = [{k: row[k] for k in ("step", "train_loss", "validation_accuracy")} for row in record["evaluations"]]
    return {k: record[k] for k in _SHOWN if k in record} | {"evaluations": rows}


def _grouped(folder: Path) -> tuple[str, Runs]:
    """What is wrong with the runs, or "" and the records by optimizer and kind."""
    from minidl.lab.comparison import chosen

    complaint, records = _records(folder)
    complaint = complaint or _alike(records)
    if complaint:
        return complaint, {}
    grouped: Runs = {}
    for name in OPTIMIZERS:
        mine = [r for r in records if r["optimizer"] == name]
        trials = sorted((r for r in mine if not r["test"]), key=lambda r: r["lr"])
        if len({r["lr"] for r in trials}) < RATES:
            return f"{name} was tried at {len(trials)} learning rates; at least {RATES} are needed: call train()", {}
        if len({r["seed"] for r in trials}) > 1:
            return f"the trials of {name} have several seeds; each rate is tried once, with the same seed", {}
        best, usual = chosen(trials, "accuracy")["lr"], _default_rate(name)
        last = sorted((r for r in mine if r["test"]), key=lambda r: r["seed"])
        parts = {"trials": trials, "final": [r for r in last if r["lr"] == best]}
        grouped[name] = parts | {"default": [r for r in last if r["lr"] == usual]}
        other = [r["lr"] for r in last if r["lr"] not in (best, usual)]
        if other:
            return f"{name} was run at the rate {other[0]:g} in the end, but on validation {best:g} is the best", {}
    return _complete(grouped), grouped


def _records(folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """The records of a folder, or what is wrong with the first that cannot be used."""
    from minidl.lab.records import key, parsed

    paths = sorted((folder / "runs").glob("*.json"))
    if not paths:
        return f"there are no runs in {folder.name}/; make them: python capstone.py", []
    found = []
    for path in paths:
        try:
            record = parsed(path.read_bytes())
            settings, rows = record["settings"], record["evaluations"]
            same = path.stem == key(settings) and all(record[k] == settings[k] for k in ("lr", "seed", "test"))
            same = same and settings["optimizer"]["parts"][0][0] == record["optimizer"].partition("(")[0]
            if not record["diverged"]:
                last = ("train_loss", "validation_accuracy")
                same = same and all(record[k] == rows[-1][k] for k in last)
                same = same and rows[-1]["step"] == record["steps_per_epoch"] * settings["problem"]["epochs"]
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            return f"{path.name} in {folder.name}/runs cannot be used: {error}; delete it and call train() again", []
        if not same:
            return f"{path.name} in {folder.name}/runs was changed; delete it and call train() again", []
        found.append(record)
    return "", found


def _alike(records: list[dict[str, Any]]) -> str:
    """Whether all runs share what a fair comparison shares."""
    for what, of in {
        "problem": lambda r: r["settings"]["problem"],
        "schedule": lambda r: r["settings"]["schedule"],
    }.items():
        if len({json.dumps(of(r), sort_keys=True) for r in records}) > 1:
            return f"not all runs have the same {what}; keep the runs of one study in a folder of its own (RUNS)"
    starts: dict[int, set[str]] = {}
    for r in records:
        starts.setdefault(r["seed"], set()).add(r["start"])
    seed = next((seed for seed, of in starts.items() if len(of) > 1), None)
    if seed is not None:
        return f"the runs with seed {seed} did not all start from the same weights and batches"
    other = next((r for r in records if r["settings"]["optimizer"]["parts"][0][1] or r["hyper"]), None)
    return "" if other is None else f"{other['optimizer']} was run with other settings than the optimizer's own"


def _complete(grouped: Runs) -> str:
    """Whether every optimizer has the same seeds at its chosen rate, and at its default."""
    seeds = {s for kinds in grouped.values() for kind in ("final", "default") for s in (r["seed"] for r in kinds[kind])}
    trial = {r["seed"] for kinds in grouped.values() for r in kinds["trials"]}
    if len(trial) > 1:
        return f"the optimizers were tried with different seeds: {', '.join(map(str, sorted(trial)))}"
    if trial & seeds:
        return f"seed {min(trial & seeds)} chose the rates, and was then tested too; take new seeds"
    for name, kinds in grouped.items():
        for kind, told in (("final", "the chosen rate"), ("default", "the default rate")):
            if kind == "default" and _default_rate(name) is None:
                continue
            missing = seeds - {r["seed"] for r in kinds[kind]}
            if missing or not kinds[kind]:
                which = f" with seed {min(missing)}" if missing else ""
                return f"there is no run of {name} at {told}{which}; call train() to make what is missing"
    return "" if len(seeds) >= SEEDS else f"there are {len(seeds)} seeds, at least {SEEDS} are needed"


def _default_rate(name: str) -> float | None:
    """None for an optimizer that has none: SGD."""
    from minidl.lab.candidate import candidate

    return candidate(name).default_lr
