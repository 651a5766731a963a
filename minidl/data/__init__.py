"""Datasets and the loader that cuts them into batches.

`load("digits")` gives arrays, `DataLoader(data.train, 32, shuffle=True)` the batches of one epoch after the other.
"""

from .airfoil import airfoil_table
from .cifar import read_cifar10
from .dataset import ArrayDataset, Subset, train_validation_split
from .faces import make_cat_dog_faces
from .idx import read_idx
from .images import ImageFolder
from .loader import DataLoader
from .registry import DATASETS, DatasetInfo, RemoteFile
from .sources import DataSplits, load
from .standardize import Standardizer, standardize
from .toys import make_moons, make_spirals, regression_table, temperatures
from .transforms import ColorJitter, Compose, Normalize, RandomCrop, RandomFlip, ToFloat

__all__ = [
    "ArrayDataset",
    "ImageFolder",
    "Subset",
    "DataLoader",
    "train_validation_split",
    "Standardizer",
    "standardize",
    "Compose",
    "ToFloat",
    "RandomFlip",
    "RandomCrop",
    "ColorJitter",
    "Normalize",
    "load",
    "DataSplits",
    "airfoil_table",
    "make_moons",
    "make_spirals",
    "regression_table",
    "temperatures",
    "make_cat_dog_faces",
    "read_idx",
    "read_cifar10",
    "DATASETS",
    "DatasetInfo",
    "RemoteFile",
]
