"""How optimizers are told apart, in every picture and on every page: by colour, and by dashes in black and white."""

from __future__ import annotations

# that stay apart for colour-blind readers (Okabe & Ito 2008), and a brown in place of its yellow, too pale for lines
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D1F")
# lengths of line and gap in line widths; none: a whole line
_DASHES = ((), (6, 2), (6, 2, 1.5, 2), (2, 1.2))


def colour(i: int) -> str:
    """Of the optimizer number i."""
    return COLOURS[i % len(COLOURS)]


def dashes(i: int) -> tuple[float, ...] | None:
    """Of the optimizer number i, as lengths of line and gap in line widths; None for a whole line.

    Where the colours begin again, the dashes are others: 32 optimizers all look different.
    """
    return _DASHES[(i + i // len(COLOURS)) % len(_DASHES)] or None


def pale(i: int, alpha: float) -> str:
    """The colour of the optimizer number i as CSS, to see through."""
    red, green, blue = (int(colour(i)[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {alpha:g})"
