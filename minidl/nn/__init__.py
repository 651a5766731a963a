"""Layers, losses, initialisers."""

from . import init
from .layers import (
    ELU,
    GELU,
    BatchNorm1d,
    Dense,
    Dropout,
    Flatten,
    LayerNorm,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sequential,
    Sigmoid,
    Softmax,
    Tanh,
)
from .losses import BCEWithLogitsLoss, CrossEntropyLoss, MSELoss
from .module import Module

__all__ = [
    "BCEWithLogitsLoss", "BatchNorm1d", "CrossEntropyLoss", "Dense", "Dropout", "ELU", "Flatten", "GELU", "LayerNorm",
    "LeakyReLU", "LogSoftmax", "MSELoss", "Module", "ReLU", "Sequential", "Sigmoid", "Softmax", "Tanh", "init",
]  # fmt: skip

_OTHER_NAMES = {
    "Linear": "Dense(in_features, out_features)", "Relu": "ReLU", "Parameter": "Tensor(data, requires_grad=True)",
    "CrossEntropy": "CrossEntropyLoss", "BCELoss": "BCEWithLogitsLoss",
    "BatchNorm": "BatchNorm1d",
}  # fmt: skip


def __getattr__(name: str) -> object:
    hint = f"; minidl's name for it is {_OTHER_NAMES[name]}" if name in _OTHER_NAMES else ""
    raise AttributeError(f"minidl.nn has no {name!r}{hint}. It has {', '.join(__all__)}")
