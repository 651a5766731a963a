"""CIFAR-10's binary files, here mostly small generated ones; the real set where MINIDL_DATA names its folder."""

import dataclasses
import hashlib
import pickle

import numpy as np
import pytest
import unruly_server
from small_archives import write_tar
from test_datasets import real_folder

from minidl import cli
from minidl.data import DATASETS, RemoteFile, load, read_cifar10
from minidl.data.registry import Files, Layout

FOLDER = "cifar-10-batches-bin"
NAMES = [*(f"data_batch_{k}.bin" for k in range(1, 6)), "test_batch.bin"]


def content(seed, n=4):
    """n records, and what is in them: photographs (n, 32, 32, 3) and labels."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 256, (n, 32, 32, 3), np.uint8), rng.integers(0, 10, n)
    planes = [b"".join(image[:, :, c].tobytes() for c in range(3)) for image in x]
    return b"".join(bytes([label]) + image for label, image in zip(y, planes, strict=True)), x, y


FILES = {name: content(seed) for seed, name in enumerate(NAMES)}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A small set where minidl looks for it."""
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path))
    place = tmp_path / "cifar10" / FOLDER
    place.mkdir(parents=True)
    for name, (records, _, _) in FILES.items():
        (place / name).write_bytes(records)
    return place


def test_a_file_is_read_as_rows_columns_colours(tmp_path):
    """One pixel by hand: byte 1 + 1024 * colour + 32 * row + column of a record."""
    record = bytearray(3073)
    record[0] = 7
    record[1 + 1024 * 1 + 32 * 2 + 5] = 200  # green, third row, sixth column
    (tmp_path / "a.bin").write_bytes(bytes(3073) + bytes(record))
    x, y = read_cifar10(tmp_path / "a.bin")
    assert x.shape == (2, 32, 32, 3) and x.dtype == np.uint8 and x.flags["C_CONTIGUOUS"]
    assert y.tolist() == [0, 7] and y.dtype == np.int64
    assert np.argwhere(x).tolist() == [[1, 2, 5, 1]] and x.max() == 200


def test_the_parts_are_the_files_in_their_order(folder):
    splits = load("CIFAR-10", validation=3, verify=False)
    x = np.concatenate([FILES[name][1] for name in NAMES[:5]])
    y = np.concatenate([FILES[name][2] for name in NAMES[:5]])
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [17, 3, 4]
    assert np.array_equal(splits.train.x, x[:17]) and np.array_equal(splits.validation.x, x[17:])
    assert np.array_equal(splits.train.y, y[:17]) and np.array_equal(splits.validation.y, y[17:])
    assert np.array_equal(splits.test.x, FILES["test_batch.bin"][1])
    assert np.array_equal(splits.test.y, FILES["test_batch.bin"][2])
    assert splits.classes[0] == "airplane" and len(splits.classes) == 10 and splits.source.startswith("Real data:")
    assert len(load("cifar10", validation=0.25, verify=False).validation) == 5


def test_files_directly_in_the_folder_are_found(folder):
    for path in folder.iterdir():
        path.rename(folder.parent / path.name)
    folder.rmdir()
    assert len(load("cifar10", validation=1, verify=False).train) == 19


def test_another_size_than_published_is_an_error(folder):
    with pytest.raises(ValueError, match=r"data_batch_1.bin: 12,292 bytes; expected 30,730,000; .*verify=False"):
        load("cifar10", validation=1)


@pytest.mark.parametrize(
    "wrong, message",
    [
        (b"", "holds 0 bytes; expected records of 3,073 bytes"),
        (bytes(3072), "holds 3,072 bytes; expected"),
        (pickle.dumps({b"labels": [6, 9] * 5000}, protocol=2), "looks like a pickle of the Python version"),
        (b"\x0a" + bytes(3072), "holds the label 10; expected 0 to 9"),
    ],
    ids=["empty", "truncated", "pickle", "label"],
)
def test_wrong_content(folder, wrong, message):
    (folder / "data_batch_3.bin").write_bytes(wrong)
    with pytest.raises(ValueError, match=message) as caught:
        load("cifar10", validation=1, verify=False)
    assert "data_batch_3.bin" in str(caught.value) and "minidl datasets get cifar10" in str(caught.value)


def test_missing_files_are_named(folder):
    (folder / "data_batch_2.bin").unlink()
    (folder / "test_batch.bin").unlink()
    with pytest.raises(FileNotFoundError, match=r"lacks data_batch_2.bin, test_batch.bin of CIFAR-10"):
        load("cifar10", verify=False)


def test_not_here_and_not_to_be_downloaded(tmp_path, monkeypatch):
    pytest.importorskip("pooch")
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    with pytest.raises(FileNotFoundError, match="cifar10 is not on this machine; fetch it: minidl datasets get"):
        load("cifar10", download=False)


def test_downloaded_unpacked_and_compared_with_the_checksums_of_the_archive(tmp_path, monkeypatch, capsys):
    """The archive's sha256 before it is unpacked; after that each file's, noted then: one changed byte is found."""
    pytest.importorskip("pooch")
    (tmp_path / "datasets").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MINIDL_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    members = [(f"{FOLDER}/{name}", records) for name, (records, _, _) in FILES.items()]
    archive = write_tar(tmp_path / "a.tar.gz", members).read_bytes()
    with unruly_server.running() as server:
        name = "cifar-10-binary.tar.gz"
        server.content = {name: archive}
        size = len(FILES["test_batch.bin"][0])
        known = dataclasses.replace(
            DATASETS["cifar10"], mirrors=(f"{server.address}/good/",),
            files=(RemoteFile(name, len(archive), f"sha256:{hashlib.sha256(archive).hexdigest()}"),),
            layouts=(Layout(FOLDER, (Files(f"{FOLDER}/*.bin", 6, size),)),),
        )  # fmt: skip
        wrong = dataclasses.replace(known, files=(dataclasses.replace(known.files[0], checksum=f"sha256:{'0' * 64}"),))
        monkeypatch.setitem(DATASETS, "cifar10", wrong)
        with pytest.raises((ValueError, FileNotFoundError), match="sha256"):
            load("cifar10", validation=1)
        monkeypatch.setitem(DATASETS, "cifar10", known)
        assert np.array_equal(load("cifar10", validation=1).test.x, FILES["test_batch.bin"][1])
    assert len(load("cifar10", validation=1, download=False).train) == 19  # no server any more
    assert cli.main(["datasets", "verify", "cifar10"]) == 0 and "sound" in capsys.readouterr().out
    path = tmp_path / "datasets" / "cifar10" / FOLDER / "data_batch_4.bin"
    changed = bytearray(path.read_bytes())
    changed[100] ^= 1
    path.write_bytes(changed)
    with pytest.raises(ValueError, match=r"data_batch_4\.bin has changed: its checksum"):
        load("cifar10", validation=1, download=False)
    assert len(load("cifar10", validation=1, verify=False).train) == 19


def test_real_files():
    real_folder("cifar10")
    splits = load("cifar10")
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [45_000, 5_000, 10_000]
    assert splits.train.y[:5].tolist() == [6, 9, 9, 4, 1]  # frog, truck, truck, deer, automobile
    mean = 0.9 * splits.train.x.mean(axis=(0, 1, 2)) + 0.1 * splits.validation.x.mean(axis=(0, 1, 2))
    assert mean / 255 == pytest.approx([0.4914, 0.4822, 0.4465], abs=1e-4)  # what everyone normalises with
    assert set(np.bincount(splits.test.y)) == {1000}
