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
