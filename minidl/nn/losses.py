"""Losses: how wrong a prediction is, as one number to differentiate."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..ops.network import check_reduction
from ..tensor import Tensor
from .module import Module


class _Loss(Module):
    def __init__(self, reduction: str = "mean") -> None:
        self.reduction = check_reduction(reduction)

    def __call__(self, prediction: Any, target: Any) -> Tensor:  # the target keeps its dtype: labels are integers
        prediction = prediction if isinstance(prediction, Tensor) else self._as_input(prediction)
        if prediction.size == 0:
            raise ValueError(f"{self!r} of no samples: the prediction has shape {prediction.shape}")
        return self.forward(prediction, target)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.reduction == 'mean' else repr(self.reduction)})"


class CrossEntropyLoss(_Loss):
    """-log softmax(logits)[label]: logits (N, C), integer labels (N,) in 0 .. C - 1.

    reduction: "mean" (the default), "sum", or "none" for one loss per sample. ValueError for a label
    out of range, shapes that do not fit or an empty batch, TypeError for labels that are no integers.
    """

    def forward(self, logits: Tensor, labels: Any) -> Tensor:
        return ops.softmax_cross_entropy(logits, labels, self.reduction)


class BCEWithLogitsLoss(_Loss):
    """-t log s - (1 - t) log(1 - s), s = sigmoid(logits): logits and targets of one shape, targets in [0, 1].

    reduction over all elements: "mean", "sum" or "none". ValueError for unequal shapes, a target outside [0, 1] or an
    empty batch.
    """

    def forward(self, logits: Tensor, targets: Any) -> Tensor:
        return ops.binary_cross_entropy_with_logits(logits, targets, self.reduction)


class MSELoss(_Loss):
    """(prediction - target)^2, of one shape; reduction over all elements: "mean", "sum" or "none".

    ValueError for unequal shapes or an empty batch.
    """

    def forward(self, prediction: Tensor, target: Any) -> Tensor:
        return ops.mse(prediction, target, self.reduction)
