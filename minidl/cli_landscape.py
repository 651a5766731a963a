"""The command line: `minidl landscape`, the paths of optimizers on a surface that can be seen."""

from __future__ import annotations

import argparse
import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .lab.landscape import Trace
    from .lab.surfaces import Surface

_WIDTH = 79  # of the text, in columns


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add `landscape` to the commands of `minidl`."""
    landscape = commands.add_parser(
        "landscape",
        allow_abbrev=False,
        help="see the paths of optimizers on a surface of one or two variables",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="""\
Let the optimizers that train networks walk down a surface that can be seen.
Prints a table; writes landscape.png and trace.csv (every step: point, loss,
gradient, state of the optimizer), on request landscape.gif and states.html.
Surfaces: bowl (default), valley, rosenbrock, beale, himmelblau, saddle, sin,
rastrigin, styblinski-tang.""",
        epilog="""\
examples:
  minidl landscape
  minidl landscape rosenbrock --optimizers sgd nesterov adam lbfgs --gif
  minidl landscape bowl --lr sgd=0.4 sgd=0.6 --steps 20
  minidl landscape sin --optimizers sgd momentum --lr sgd=2 momentum=0.1 --html
  minidl landscape bowl --noise 1 --optimizers sgd adam""",
    )
    # argparse takes only whole and decimal numbers for values that begin with a minus; --start takes two
    landscape._negative_number_matcher = re.compile(r"-[\d.]")
    landscape.set_defaults(command=_landscape)
    add = landscape.add_argument
    add("surface", nargs="?", metavar="SURFACE", help="the name of a surface (default: bowl)")
    add("--optimizers", nargs="+", metavar="NAME", help="names in any case, with spaces or commas, or "
        "path/to/file.py:ClassName for one's own (default: sgd momentum adagrad rmsprop adam)")  # fmt: skip
    add("--lr", nargs="+", metavar="RATE", help="rates: 0.1 for all, NAME=0.1 for one, several for several paths; or "
        "search: of 26 rates the one that ends lowest, which is the default where the surface has a minimum to search "
        "for")  # fmt: skip
    add("--set", action="append", default=[], metavar="X=VALUE", help="a hyper-parameter, such as momentum=0.5, of the "
        "optimizers that have it; may be given several times")  # fmt: skip
    add("--steps", type=int, metavar="N", help="how many (default: 40 to 200, as the surface needs)")
    add("--start", metavar="X,Y", help="where to begin (default: the surface's own place)")
    add("--noise", type=float, default=0.0, metavar="SD", help="standard deviation of noise on the gradient, the same "
        "for all optimizers (default: 0)")  # fmt: skip
    add("--seed", type=int, default=0, metavar="N", help="of the noise, and of rules that draw (default: 0)")
    add("--out", type=Path, metavar="FOLDER", help="for the results (default: results/SURFACE)")
    add("--gif", action="store_true", help="write an animation too")
    add("--html", action="store_true", help="write a page too: a slider through the states of two optimizers, the "
        "first two with a momentum if there are any")  # fmt: skip


def _landscape(options: argparse.Namespace) -> int:
    from .lab import landscape
    from .lab.problem import whole
    from .lab.report import prepare
    from .lab.surfaces import surface

    where = surface("bowl" if options.surface is None else options.surface)
    plan = _plan(options, where)
    if options.html and len(plan) < 2:
        raise ValueError("--html shows the states of two optimizers side by side: give two")
    more: dict[str, Any] = {
        "steps": None if options.steps is None else whole("the number of steps", options.steps),
        "start": None if options.start is None else _start(options.start),
        "noise": options.noise,
        "seed": options.seed,
    }
    for spec, _, settings in plan:  # everything that can be wrong shall be said before anything is computed
        _path(where, spec, 1e-9, {**more, "steps": 1}, settings)
    out = options.out or Path("results") / where.name
    prepare(out)
    traces = [_path(where, spec, lr, more, settings) for spec, lr, settings in plan]
    paths = landscape.save(traces, out, gif=options.gif, html=options.html)
    print(landscape.table(traces))
    for text in _notes(options, where, traces):
        print("\n" + textwrap.fill(text, _WIDTH))
    print("\nwrote " + ", ".join(map(str, paths)))
    return 0


def _path(where: Surface, spec: str, lr: float | None, more: dict[str, Any], settings: dict[str, Any]) -> Trace:
    """The path of one optimizer; without a rate the best one of the search."""
    from .lab import landscape

    try:
        if lr is None:
            return landscape.explore(where, spec, **more, **settings)
        return landscape.trace(where, spec, lr, **more, **settings)
    except Exception as error:
        if isinstance(error, ValueError) or ".py:" not in spec:
            raise
        raise ValueError(f"optimizer {spec!r}: {type(error).__name__}: {error}") from error


def _plan(options: argparse.Namespace, where: Surface) -> list[tuple[str, float | None, dict[str, Any]]]:
    """For each path: the optimizer, its rate (None: to be searched) and its other hyper-parameters."""
    from .lab.landscape import OPTIMIZERS

    shared, own = _rates(options.lr or [])
    if options.optimizers is not None:
        given = _names(options.optimizers)
    else:
        given = list(own) if own and not shared else list(OPTIMIZERS)
    classes = {spec: _class(spec, options) for spec in given}
    classes = {spec: cls for i, (spec, cls) in enumerate(classes.items()) if cls not in list(classes.values())[:i]}
    by_class: dict[Any, list[float | None]] = {}
    for spec, rates in own.items():
        cls = _class(spec, options)
        if cls not in classes.values():
            raise ValueError(f"--lr names {spec}, which is not among the optimizers: {', '.join(classes)}")
        by_class.setdefault(cls, []).extend(rates)
    shared = shared or [where.rate]
    if not where.minima and any(None in by_class.get(cls, shared) for cls in classes.values()):
        raise ValueError(f"{where.name} has no minimum that a search for rates could aim at: give rates, --lr 0.1")
    settings = _settings(options.set, list(classes.values()))
    return [(spec, lr, settings[cls]) for spec, cls in classes.items() for lr in by_class.get(cls, shared)]


def _names(words: list[str]) -> list[str]:
    """Names with commas between, or spaces inside one argument; a path may hold spaces."""
    parts = [part.strip() for word in words for part in word.split(",")]
    names = [name for part in parts for name in ([part] if ".py" in part else part.split())]
    if not names:
        raise ValueError("--optimizers needs at least one name")
    return names


def _class(spec: str, options: argparse.Namespace) -> Any:
    """The class of an optimizer; where the name is that of a surface, the error says where it belongs."""
    from .lab.own import optimizer_class
    from .lab.surfaces import SURFACES

    if options.surface is None and spec.lower() in SURFACES:
        raise ValueError(f"{spec} is a surface: write it first, minidl landscape {spec} --optimizers ...")
    return optimizer_class(spec)


def _rates(words: list[str]) -> tuple[list[float | None], dict[str, list[float | None]]]:
    """What --lr says: the rates for all, and those for one optimizer; None for a search."""
    shared: list[float | None] = []
    own: dict[str, list[float | None]] = {}
    for word in (part for text in words for part in text.replace(",", " ").split()):
        name, _, text = word.rpartition("=")
        try:
            rate = None if text == "search" else float(text)
            if rate is not None and not 0 < rate < float("inf"):
                raise ValueError
        except ValueError:
            raise ValueError(f"--lr takes a positive rate, NAME=RATE or search, got {word!r}") from None
        (own.setdefault(name, []) if name else shared).append(rate)
    return shared, own


def _settings(words: list[str], classes: list[Any]) -> dict[Any, dict[str, Any]]:
    """Of every class the hyper-parameters of --set that it has; ValueError for one that none has."""
    import inspect

    from .cli_optimizers import setting

    out: dict[Any, dict[str, Any]] = {cls: {} for cls in classes}
    for name, value in map(setting, words):
        having = [cls for cls in classes if name in inspect.signature(cls).parameters and name not in ("lr", "params")]
        if not having:
            raise ValueError(f"--set {name}: {', '.join(c.__name__ for c in classes)} has no such hyper-parameter")
        for cls in having:
            out[cls][name] = value
    return out


def _start(text: str) -> list[float]:
    try:
        return [float(x) for x in text.replace(",", " ").split()]
    except ValueError:
        raise ValueError(f"--start takes a point such as -5,-2, got {text!r}") from None


def _notes(options: argparse.Namespace, where: Surface, traces: list[Trace]) -> list[str]:
    """How the rates came about, what the columns mean, and what was drawn of paths that leave the picture."""
    from .lab.landscape import NEAR, rates_text

    notes = [rates_text(traces)]
    if where.rate is not None and not options.lr:
        notes.append(f"Rates: {where.rate:g} for all, to see how the rules differ; --lr gives others.")
    if where.minima:
        notes.append(f"Steps to {NEAR:g}: after which the path stays within that distance of a minimum; - where it "
                     "does not. Evaluations: of the loss, with its gradient where the rule takes one.")  # fmt: skip
    if any(x.left_view is not None for x in traces):
        notes.append("A path that leaves the view is drawn up to its border.")
    if options.noise:
        notes.append(f"Noise of standard deviation {options.noise:g} on every coordinate of the gradient, seed "
                     f"{options.seed}; the losses are those without it.")  # fmt: skip
    if options.html:
        from .lab.landscape import pair

        notes.append("states.html: " + " and ".join(x.label for x in pair(traces)))
    return [note for note in notes if note]
