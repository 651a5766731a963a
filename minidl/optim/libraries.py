"""Who writes which rule how, and what to write in minidl to get theirs."""

from __future__ import annotations

from typing import NamedTuple


class Convention(NamedTuple):
    """One disagreement between libraries or texts about a rule.

    rules: the classes it concerns; who: those that do it this way; differs: what they do, and what it changes; write:
    the expression that does it in minidl, with `params` for the parameters ("" where it is not in minidl).
    """

    rules: tuple[str, ...]
    who: str
    differs: str
    write: str


CONVENTIONS = (
    Convention(
        ("Adam",), "Keras, TensorFlow 1, Chainer, PyTorch's SparseAdam",
        "eps-hat: eps is added to sqrt(v) before the bias correction, and so is 31.6 times larger in the first step",
        "AdamEpsHat(params, eps=1e-7)",
    ),
    Convention(
        ("Adam",), "MLX", "no bias correction unless asked for: the first step is 3.16 lr", "AdamUncorrected(params)"
    ),
)  # fmt: skip


def conventions_of(name: str) -> list[Convention]:
    """The disagreements about the rule of that class name."""
    return [convention for convention in CONVENTIONS if name in convention.rules]
