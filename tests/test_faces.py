"""Drawn cats and dogs: shapes, balance, the same bits everywhere, and two classes that differ in shape alone."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minidl
from minidl.data import DATASETS, DataLoader, Normalize, RandomFlip, load, make_cat_dog_faces
from minidl.data.faces import _ellipse, _stroke, _triangle

PINNED = "98aae45793aa404b"


def digest(x, y):
    return hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest()[:16]


@pytest.fixture(scope="module")
def faces():
    return make_cat_dog_faces(300, 32)


def test_shapes_and_classes(faces):
    x, y = faces
    assert x.shape == (300, 32, 32, 3) and x.dtype == np.uint8 and x.flags.c_contiguous
    assert y.dtype == np.int64 and y.tolist() == [0, 1] * 150
    assert len({image.tobytes() for image in x}) == 300
    assert x.min() == 0 and x.max() == 255
    x, y = make_cat_dog_faces(3, np.int64(17))
    assert x.shape == (3, 17, 17, 3) and y.tolist() == [0, 1, 0]


def test_the_seed_decides(faces):
    assert np.array_equal(make_cat_dog_faces(300, 32)[0], faces[0])
    assert np.array_equal(make_cat_dog_faces(300, 32, np.random.default_rng(0))[0], faces[0])
    assert not np.array_equal(make_cat_dog_faces(300, 32, 1)[0], faces[0])


def test_the_bits_are_pinned():
    """Recorded from the first version, and the same with NumPy's loops for other processors."""
    assert digest(*make_cat_dog_faces(70, 24)) == PINNED
    script = "import test_faces as t; print(t.digest(*t.make_cat_dog_faces(70, 24)))"
    path = os.pathsep.join([str(Path(minidl.__file__).parent.parent), str(Path(__file__).parent)])
    without = "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX X86_V3 X86_V4 ASIMDHP ASIMDDP ASIMDFHM SVE"
    environment = {**os.environ, "PYTHONPATH": path, "NPY_DISABLE_CPU_FEATURES": without}
    command = [sys.executable, "-W", "ignore", "-c", script]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert shown.strip() == PINNED


def test_colours_and_light_tell_nothing(faces):
    """Means and spreads of the colours, over whole pictures, are those of the other class."""
    x, y = faces
    values = np.concatenate([x.mean((1, 2)), x.std((1, 2))], axis=1)
    cats, dogs = values[y == 0], values[y == 1]
    standard_error = np.sqrt((cats.var(0) + dogs.var(0)) / 150)
    assert (np.abs(cats.mean(0) - dogs.mean(0)) < 4 * standard_error).all()


def test_shapes_tell_cats_from_dogs(faces):
    """A nearest-mean rule on edges, the colours' differences to the left and down, is right far more often than not."""
    x, y = faces
    grey = x.mean(3)
    edges = np.abs(np.diff(grey, axis=1)[:, :, :-1]) + np.abs(np.diff(grey, axis=2)[:, :-1])
    edges = edges.reshape(300, -1)
    means = [edges[:200][y[:200] == c].mean(0) for c in (0, 1)]
    distances = np.stack([((edges[200:] - m) ** 2).sum(1) for m in means], axis=1)
    assert (distances.argmin(1) == y[200:]).mean() > 0.7


def test_distances():
    grid = np.linspace(-1.5, 1.5, 31)
    x, y = grid[None, :], grid[:, None]
    assert np.allclose(_ellipse(x, y, 0.7, 0.7), np.hypot(x, y) - 0.7)
    assert np.array_equal(_ellipse(x, y, 0.5, 1.0) < 0, x**2 / 0.25 + y**2 < 1)
    inside = _triangle(x, y, (-1, 0.5), (0.05, -1), (1, 0.5)) < 0
    expected = (y < 0.5) & (y > -1 + 1.5 / 1.05 * (0.05 - x)) & (y > -1 + 1.5 / 0.95 * (x - 0.05))
    assert np.array_equal(inside, expected) and 50 < inside.sum() < 300
    line = _stroke(x, y, -1.0, 0.0, 1.0, 0.0, 0.2)
    assert np.allclose(line, np.hypot(np.maximum(np.abs(x) - 1, 0), y) - 0.1)


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"n": 1}, ValueError, "n=1; expected at least 2"),
        ({"size": 8}, ValueError, "size=8; expected at least 16"),
        ({"n": 10.0}, TypeError, "n=10.0 is a float"),
        ({"size": True}, TypeError, "size=True is a bool"),
    ],
)
def test_settings_that_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        make_cat_dog_faces(**options)


def test_load():
    data = load("cat-dog-faces", n=100, size=16)
    parts = (data.train, data.validation, data.test)
    assert [len(p) for p in parts] == [60, 20, 20] and data.classes == ("cat", "dog")
    assert data.source.startswith("Generated") and "no photographs" in data.source
    for part in parts:
        assert part.x.dtype == np.uint8 and part.x.shape[1:] == (16, 16, 3) and part.y.dtype == np.int64
        assert np.bincount(part.y).tolist() == [len(part) // 2] * 2
    assert np.array_equal(load("cat_dog_faces", n=100, size=16).test.x, data.test.x)
    assert not np.array_equal(load("cat_dog_faces", n=100, size=16, seed=1).test.x, data.test.x)
    assert "cat_dog_faces" in DATASETS
    x, _ = next(iter(DataLoader(data.train, 20, transform=Normalize.of(data.train))))
    assert x.dtype == np.float32 and RandomFlip()(x).shape == x.shape
    with pytest.raises(ValueError, match="n=9"):
        load("cat_dog_faces", n=9)
