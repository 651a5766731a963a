"""`load` and the IDX reader. Real files are read where MINIDL_DATA names a folder that holds them."""

import gzip
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minidl.data import DATASETS, DataSplits, load, read_idx
from minidl.data.sources import _SOURCES

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx_bytes(array):
    code = CODES[array.dtype.str[1:]]
    sizes = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, code, array.ndim]) + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write_idx(path, array):
    content = idx_bytes(array)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def write_set(folder, n=20, n_test=6, side=4, suffix=".gz"):
    """A small set of IDX files, as MNIST names them; image i is filled with the value i."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, count in (("train", n), ("t10k", n_test)):
        images = np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None], (count, side, side))
        write_idx(folder / f"{part}-images-idx3-ubyte{suffix}", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte{suffix}", (np.arange(count) % 10).astype(np.uint8))


def real_folder(name):
    root = os.environ.get("MINIDL_DATA")
    if not root:
        pytest.skip("needs the real files: MINIDL_DATA is not set")
    for folder in DATASETS[name].folders:
        if (Path(root) / folder).is_dir():
            return Path(root) / folder
    pytest.skip(f"needs the real files: MINIDL_DATA has no folder for {name}")


# -- IDX


@settings(max_examples=50, deadline=None)
@given(
    code=st.sampled_from(sorted(CODES)), shape=st.lists(st.integers(0, 4), min_size=1, max_size=4), packed=st.booleans()
)
def test_idx_round_trip(tmp_path_factory, code, shape, packed):
    array = (np.random.default_rng(0).integers(0, 100, shape) - 50 * (code != "u1")).astype(code)
    path = tmp_path_factory.mktemp("idx") / ("a.gz" if packed else "a")
    back = read_idx(write_idx(path, array))
    assert back.dtype == array.dtype and back.dtype.isnative and back.flags.writeable
    assert back.shape == array.shape and np.array_equal(back, array)


def test_idx_by_hand(tmp_path):
    path = tmp_path / "by-hand"
    path.write_bytes(bytes.fromhex("00 00 0b 02  00 00 00 01  00 00 00 02  01 00  ff fe"))
    assert read_idx(path).tolist() == [[256, -2]]
    assert read_idx(str(path)).dtype == np.int16


@pytest.mark.parametrize("packed", [False, True])
def test_every_truncation_and_every_extra_byte_is_an_error(tmp_path, packed):
    content = idx_bytes(np.arange(6, dtype=np.int32).reshape(2, 3))
    path = tmp_path / ("a.gz" if packed else "a")
    for wrong in [content[:k] for k in range(len(content))] + [content + b"\0"]:
        path.write_bytes(gzip.compress(wrong) if packed else wrong)
        with pytest.raises(ValueError, match="expected"):
            read_idx(path)


def test_every_truncation_of_the_gzip_file_is_an_error(tmp_path):
    content = gzip.compress(idx_bytes(np.arange(6, dtype=np.int32)))
    for k in range(len(content)):
        (tmp_path / "a.gz").write_bytes(content[:k])
        with pytest.raises(ValueError, match=r"a\.gz .*expected"):
            read_idx(tmp_path / "a.gz")


IDX = idx_bytes(np.arange(100, dtype=np.uint8))


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("a", b"", "a is empty; expected IDX data"),
        ("a.gz", b"", "a.gz is empty"),
        ("a", IDX[:-1], "truncated: 107 bytes unpacked; expected 108 bytes for the shape"),
        ("a", IDX + b"xx", "trailing bytes: 110 bytes unpacked; expected 108"),
        ("a", b"<!DOCTYPE html>", "starts with the bytes 3c 21 44 4f; expected IDX"),
        ("a.gz", gzip.compress(b"P5 28 28"), "starts with the bytes 50 35 20 32; expected IDX"),
        ("a", b"\x80\x04\x95", "80 04 95; expected IDX"),
        ("a", b"\0\0\x0a\x01" + IDX[4:], "dtype code 0a; expected one of 08 09 0b 0c 0d 0e"),
        ("a", b"\0\0\x08\x00", "says 0 dimensions"),
        ("a", b"\0\0\x08\x03\0\0\0\1", "says 3 dimensions in 8 bytes"),
        ("a", b"\0\0\x08\x03" + b"\xff" * 12, "truncated"),
        ("a.gz", b"<html>404</html>", "3c 68 74 6d; expected gzip, .*fetch it again"),
        ("a-ubyte.gz", IDX, "expected gzip.*Rename it to a-ubyte: .*already unpacked"),
        ("a", gzip.compress(IDX), "compressed with gzip.*Rename it to a.gz"),
        ("a.gz", gzip.compress(IDX)[:60], "truncated or damaged"),
        ("a.gz", gzip.compress(IDX)[:-8] + bytes(4) + gzip.compress(IDX)[-4:], "damaged .*CRC"),
        ("a.gz", gzip.compress(IDX)[:40] + b"\xff" * 20 + gzip.compress(IDX)[60:], "truncated or damaged"),
    ],
    ids=lambda x: x if isinstance(x, str) else len(x),  # a gzip's bytes hold the time
)
def test_idx_refuses(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        read_idx(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_idx_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_idx(tmp_path / "nowhere")


# -- load: names and options


def test_every_registered_dataset_is_described():
    assert list(_SOURCES) == [name for name in DATASETS if name in _SOURCES]
    for name, info in DATASETS.items():
        assert info.name == name and info.title and info.licence and info.citation
        assert info.source.startswith(("Real data:", "Generated data:")) and info.source.endswith(".")
        assert bool(info.files) == bool(info.mirrors) == bool(info.folders)
        assert len(info.files) == 1 or not info.layouts  # an archive is one file
        assert bool(info.layouts) == bool(info.unpacked_size) and (info.layouts or not info.terms)
        assert all(mirror.endswith("/") for mirror in info.mirrors)
        for file in info.files:
            assert file.size > 0 and re.fullmatch("(sha256:[0-9a-f]{64})?", file.checksum)


def test_the_readme_lists_every_checksum_and_mirror():
    readme = (Path(__file__).parent.parent / "datasets" / "README.md").read_text()
    for info in DATASETS.values():
        assert f"`{info.name}`" in readme and info.licence in readme
        assert all(mirror in readme for mirror in info.mirrors)
        for file in info.files:
            checksum = file.checksum.removeprefix("sha256:") or "none is published"
            assert f"| {file.name} | {file.size:,} | {checksum} |" in readme


@pytest.mark.parametrize(
    "name, message",
    [
        ("mnits", r"unknown dataset 'mnits'\. Did you mean .*mnist"),
        ("Fashion-MINST", "Did you mean fashion_mnist"),
        ("spiral", "Did you mean spirals"),
        ("", "Names: digits, mnist, fashion_mnist, airfoil, cifar10, cats_and_dogs, cats_and_dogs_filtered, moons"),
        ("imagenet-21k", r"unknown dataset 'imagenet-21k'\. Names: digits"),
    ],
)
def test_unknown_names(name, message):
    with pytest.raises(ValueError, match=message):
        load(name)


def test_a_name_is_a_string():
    with pytest.raises(TypeError, match="got int; names: digits"):
        load(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["moons", "Moons", "MOONS", " moons"])
def test_names_in_any_case(name):
    assert load(name).name == "moons"


@pytest.mark.parametrize(
    "name, takes",
    [
        ("digits", "seed"),
        ("mnist", "validation, verify"),
        ("airfoil", "seed, verify, download"),
        ("moons", "n, noise, seed"),
    ],
)
def test_unknown_options(name, takes):
    with pytest.raises(TypeError, match=f"got the option 'color'; it takes {takes}"):
        load(name, color="red")


# -- load: digits and the generated sets


def test_digits():
    data = load("digits")
    assert isinstance(data, DataSplits) and data.classes == tuple("0123456789") and data.name == "digits"
    parts = (data.train, data.validation, data.test)
    assert [len(part) for part in parts] == [1079, 359, 359]
    for part in parts:
        assert part.x.shape == (len(part), 64) and part.x.dtype == np.float32 and part.y.dtype == np.int64
        assert part.x.min() == 0 and part.x.max() == 1
        assert np.ptp(np.bincount(part.y, minlength=10) / len(part)) < 0.02

    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    ours = sorted((label, *row) for part in parts for row, label in zip((part.x * 16).tolist(), part.y, strict=True))
    assert ours == sorted((label, *row) for row, label in zip(x.tolist(), y, strict=True))


def test_digits_split_is_fixed():
    first, again, other = load("digits"), load("digits"), load("digits", seed=1)
    assert np.array_equal(first.test.x, again.test.x) and np.array_equal(first.train.y, again.train.y)
    assert not np.array_equal(first.test.x, other.test.x)


@pytest.mark.parametrize("name, classes", [("moons", 2), ("spirals", 3)])
def test_generated_sets(name, classes):
    data = load(name, n=600)
    assert [len(p) for p in (data.train, data.validation, data.test)] == [360, 120, 120]
    assert len(data.classes) == classes and "Generated" in data.source
    for part in (data.train, data.validation, data.test):
        assert np.bincount(part.y).tolist() == [len(part) // classes] * classes
        assert part.x.dtype == np.float32 and part.y.dtype == np.int64
    points = {tuple(p) for part in (data.train, data.validation, data.test) for p in part.x.tolist()}
    assert len(points) == 600
    assert np.array_equal(load(name, n=600).test.x, data.test.x)
    assert not np.array_equal(load(name, n=600, seed=1).test.x, data.test.x)
    assert not np.array_equal(load(name, n=600, noise=0).test.x, data.test.x)


def test_spirals_take_classes():
    data = load("spirals", classes=5)
    assert data.classes == ("arm 0", "arm 1", "arm 2", "arm 3", "arm 4") and set(data.test.y) == set(range(5))
    with pytest.raises(ValueError, match=r"n=24 points for 5 classes; .* 5 per class"):
        load("spirals", n=24, classes=5)


def test_missing_scikit_learn_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        load("digits")


# -- load: IDX sets, small and generated, then real


@pytest.mark.parametrize(
    "name, folder", [("mnist", "mnist"), ("Fashion-MNIST", "fashion-mnist"), ("fashion_mnist", ".")]
)
@pytest.mark.parametrize("suffix", [".gz", ""])
def test_idx_set(tmp_path, monkeypatch, name, folder, suffix):
    write_set(tmp_path / folder, suffix=suffix)
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path))
    data = load(name, validation=5, verify=False)
    assert [len(p) for p in (data.train, data.validation, data.test)] == [15, 5, 6]
    assert data.train.x.shape == (15, 16) and data.train.x.dtype == np.float32 and data.train.y.dtype == np.int64
    values = (data.train.x[:, 3] * 255).round().tolist() + (data.validation.x[:, 3] * 255).round().tolist()
    assert values == list(range(20))  # the file's order; validation is its end
    assert data.validation.y.tolist() == [5, 6, 7, 8, 9]
    assert load(name, validation=0.5, verify=False).validation.y.tolist() == list(range(10))
    assert data.classes == DATASETS[data.name].classes and len(data.classes) == 10


def test_white_is_exactly_one(tmp_path, monkeypatch):
    write_set(tmp_path)
    write_idx(tmp_path / "t10k-images-idx3-ubyte.gz", np.full((6, 2, 2), 255, np.uint8))
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path))
    assert (load("mnist", validation=1, verify=False).test.x == 1).all()


@pytest.mark.parametrize(
    "validation, error", [(20, ValueError), (0, ValueError), (10_000, ValueError), ("5", TypeError)]
)
def test_idx_set_refuses_validation(tmp_path, monkeypatch, validation, error):
    write_set(tmp_path)
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path))
    with pytest.raises(error, match=f"validation='?{validation}"):
        load("mnist", validation=validation, verify=False)


@pytest.mark.parametrize(
    "file, array, message",
    [
        (
            "train-labels-idx1-ubyte.gz",
            np.zeros(19, np.uint8),
            r"labels.* uint8 \(19,\); expected labels, uint8 \(20,\)",
        ),
        ("train-labels-idx1-ubyte.gz", np.zeros((20, 1), np.uint8), r"uint8 \(20, 1\); expected labels"),
        ("train-labels-idx1-ubyte.gz", np.full(20, 10, np.uint8), "label 10; expected 0 to 9"),
        ("train-images-idx3-ubyte.gz", np.zeros(20, np.uint8), r"uint8 \(20,\); expected images"),
        ("t10k-images-idx3-ubyte.gz", np.zeros((6, 2, 2), np.float32), r"float32 \(6, 2, 2\); expected images"),
    ],
)
def test_idx_set_of_files_that_do_not_fit(tmp_path, monkeypatch, file, array, message):
    write_set(tmp_path)
    write_idx(tmp_path / file, array)
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path))
    with pytest.raises(ValueError, match=message) as caught:
        load("mnist", validation=5, verify=False)
    assert file in str(caught.value)


@pytest.mark.parametrize(
    "name, mean, first",
    [("mnist", 0.1307, [5, 0, 4, 1, 9]), ("fashion_mnist", 0.2860, [9, 0, 0, 3, 0])],
)
def test_real_files(name, mean, first):
    real_folder(name)
    data = load(name)
    assert [len(p) for p in (data.train, data.validation, data.test)] == [50_000, 10_000, 10_000]
    assert data.train.x.shape[1] == 784 and data.train.x.max() == 1 and data.train.x.min() == 0
    whole = 5 / 6 * data.train.x.mean(dtype=float) + 1 / 6 * data.validation.x.mean(dtype=float)
    assert abs(whole - mean) < 5e-5  # the mean of the training pixels that everyone normalises with
    assert data.train.y[:5].tolist() == first
    assert np.bincount(data.test.y).min() >= 892 and (name == "mnist" or set(np.bincount(data.test.y)) == {1000})


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "airfoil"])
def test_registry_agrees_with_the_published_sums(name):
    folder = real_folder(name)
    sums = {}
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        checksum, file = line.split()
        sums[file] = checksum
    assert {f.name: f.checksum.removeprefix("sha256:") for f in DATASETS[name].files} == sums
    assert all((folder / f.name).stat().st_size == f.size for f in DATASETS[name].files)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_unpacked_real_files_are_known_too(name, tmp_path):
    from minidl.data.files import check

    folder = real_folder(name)
    for file in DATASETS[name].files:
        if file.size < 10**7:
            plain = tmp_path / file.name.removesuffix(".gz")
            plain.write_bytes(gzip.decompress((folder / file.name).read_bytes()))
            check(plain, file)
