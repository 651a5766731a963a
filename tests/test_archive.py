"""Archives that lie, and what minidl records of what it put where."""

import errno
import gzip
import os
import random
import shutil
import stat
import tarfile
import zipfile

import pytest
from small_archives import PETS, WRITERS, interrupting, names, write_zip

from minidl.data import archive, manifest

NOISE = random.Random(0).randbytes(5000)


def contents(folder):
    return {name: (folder / name).read_bytes() for name in names(folder)}


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize(
    "change",
    [lambda n: n, lambda n: n.replace("/", "\\"), lambda n: f"./{n}", lambda n: f"pets/{n}", lambda n: f"pets//{n}"],
)
def test_unpack(tmp_path, kind, change):
    path = WRITERS[kind](tmp_path / f"a.{kind}", [(change(name), content) for name, content in PETS])
    records = {}
    archive.unpack(path, tmp_path / "pets", 10_000, lambda folder, found: records.update(found))
    assert contents(tmp_path / "pets") == dict(PETS) and names(tmp_path) == sorted([f"a.{kind}", *names_of_pets()])
    assert records == {name: manifest.entry(tmp_path / "pets" / name) for name, _ in PETS}


def names_of_pets():
    return [f"pets/{name}" for name, _ in PETS]


def test_folders_and_what_a_mac_adds_are_no_files(tmp_path):
    folder = zipfile.ZipInfo("pets/Cat/")
    members = [(folder, b""), ("pets\\Dog\\", b""), ("pets/Cat/0.jpg", b"cat"), ("__MACOSX/pets/Cat/._0.jpg", b"?")]
    archive.unpack(write_zip(tmp_path / "a.zip", members), tmp_path / "pets", 100)
    assert contents(tmp_path / "pets") == {"Cat/0.jpg": b"cat"}


def zip_info(name, mode=0, flag=0):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.flag_bits |= flag
    return info


def tar_info(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


OUT, ABSOLUTE, CONTROL = "leads out of the folder", "absolute name or one with a colon", "a control character"


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize(
    "name, reason",
    [
        ("../evil.txt", OUT),
        ("Pets/../../evil.txt", OUT),
        ("Pets/..", OUT),
        ("..\\evil.txt", OUT),
        ("Pets\\..\\..\\evil.txt", OUT),
        ("/evil.txt", ABSOLUTE),
        ("//host/evil.txt", ABSOLUTE),
        ("\\evil.txt", ABSOLUTE),
        ("C:\\evil.txt", ABSOLUTE),
        ("C:evil.txt", ABSOLUTE),
        ("Pets/Cat/0.jpg:evil", ABSOLUTE),
        ("Pets/evil\n.txt", CONTROL),
        ("Pets/\x1b[2J.txt", CONTROL),
        ("Pets/Cat/0.jpg", "is there twice"),
        ("Pets\\Cat\\0.jpg", "is there twice"),
        ("pets/CAT/0.JPG", "is there twice"),
    ],
)
def test_names_that_are_refused(tmp_path, kind, name, reason):
    path = WRITERS[kind](tmp_path / f"a.{kind}", [*PETS, (name, b"evil")])
    with pytest.raises(ValueError, match=reason) as caught:
        archive.unpack(path, tmp_path / "inside" / "pets", 10**6)
    assert str(path) in str(caught.value) and repr(name) in str(caught.value) and "fetch it" in str(caught.value)
    assert names(tmp_path) == [path.name] and not (tmp_path / "inside" / "pets").exists()


@pytest.mark.parametrize(
    "member, reason",
    [
        (zip_info("link", stat.S_IFLNK | 0o777), "symbolic link"),
        (zip_info("pipe", stat.S_IFIFO | 0o644), "device or pipe"),
        (zip_info("disk", stat.S_IFBLK | 0o644), "device or pipe"),
        (tar_info("link", tarfile.SYMTYPE, "/etc/passwd"), "symbolic link"),
        (tar_info("link", tarfile.LNKTYPE, "Pets/Cat/0.jpg"), "hard link"),
        (tar_info("pipe", tarfile.FIFOTYPE), "device or pipe"),
        (tar_info("disk", tarfile.BLKTYPE), "device or pipe"),
        (tar_info("tty", tarfile.CHRTYPE), "device or pipe"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_members_that_are_no_files(tmp_path, member, reason):
    kind = "zip" if isinstance(member, zipfile.ZipInfo) else "tar.gz"
    path = WRITERS[kind](tmp_path / f"a.{kind}", [*PETS, (member, b"/etc/passwd"), (f"{'link'}/x", b"evil")])
    with pytest.raises(ValueError, match=f"which is a.* {reason.split()[-1]}"):
        archive.unpack(path, tmp_path / "pets", 10**6)
    assert names(tmp_path) == [path.name]


def test_an_encrypted_member(tmp_path):
    path = write_zip(tmp_path / "a.zip", PETS)
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the first flag of the first entry of the directory
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is encrypted"):
        archive.unpack(path, tmp_path / "pets", 10**6)
    assert names(tmp_path) == ["a.zip"]


@pytest.mark.parametrize("kind", WRITERS)
def test_a_bomb(tmp_path, kind, monkeypatch):
    path = WRITERS[kind](tmp_path / f"a.{kind}", [(f"{i}.jpg", bytes(10**6)) for i in range(3)])
    with pytest.raises(ValueError, match=r"\(.* would unpack to 3 MB; expected at most 1 MB"):
        archive.unpack(path, tmp_path / "pets", 10**6)
    monkeypatch.setattr(archive, "MEMBERS", 2)
    with pytest.raises(ValueError, match="more than 2 files"):
        archive.unpack(path, tmp_path / "pets", 10**9)
    assert names(tmp_path) == [path.name]


@pytest.mark.parametrize("kind", WRITERS)
def test_damaged_archives(tmp_path, kind):
    whole = WRITERS[kind](tmp_path / f"whole.{kind}", [*PETS, ("noise.jpg", NOISE)]).read_bytes()
    path = tmp_path / f"a.{kind}"
    for k in [*range(2, 40), *range(40, len(whole), 97), len(whole) - 1]:
        path.write_bytes(whole[:k])
        with pytest.raises(ValueError, match="damaged or not whole"):
            archive.unpack(path, tmp_path / "pets", 10**6)
    middle = whole.index(b"noise.jpg") + 3000 if kind == "zip" else len(whole) - 1000  # in the noise
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 16]) + whole[middle + 1 :])
    with pytest.raises(ValueError, match="damaged or not whole"):
        archive.unpack(path, tmp_path / "pets", 10**6)
    assert names(tmp_path) == [path.name, f"whole.{kind}"]


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", r"starts with the bytes \(none\)"),
        (b"<!DOCTYPE html>", "starts with the bytes 3c 21 44 4f; expected .zip .* It is a web page"),
        (b"\x89PNG", "starts with the bytes 89 50 4e 47"),
        (b"PK is no zip", "damaged or not whole"),
        (gzip.compress(b"no tar", mtime=0), "damaged or not whole"),
    ],
)
def test_what_is_no_archive(tmp_path, content, message):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        archive.unpack(tmp_path / "a.zip", tmp_path / "pets", 10**6)


def test_an_archive_without_files(tmp_path):
    with pytest.raises(ValueError, match="holds no files"):
        archive.unpack(write_zip(tmp_path / "a.zip", [("pets/", b"")]), tmp_path / "pets", 10**6)


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=repr)
def test_no_half_folder_stays(tmp_path, monkeypatch, capsys, kind, error):
    path = WRITERS[kind](tmp_path / f"a.{kind}", PETS)
    with monkeypatch.context() as patch:
        patch.setattr(archive, "progress", interrupting(error, after=2))
        with pytest.raises(type(error)) as caught:
            archive.unpack(path, tmp_path / "pets", 10**6)
    said = str(caught.value) + capsys.readouterr().err
    assert "othing of it stays" in said and str(path) in said
    assert names(tmp_path) == [path.name] and os.listdir(tmp_path) == [path.name]
    archive.unpack(path, tmp_path / "pets", 10**6)
    assert contents(tmp_path / "pets") == dict(PETS)


def test_a_full_disk_is_seen_before(tmp_path, monkeypatch):
    path = write_zip(tmp_path / "a.zip", PETS)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 5000))
    with pytest.raises(OSError, match=r"unpacking a\.zip, 4 files, needs 21\.4 kB in .*, and 5 kB are free"):
        archive.unpack(path, tmp_path / "pets", 10**6)
    assert os.listdir(tmp_path) == ["a.zip"]


def test_unpacking_never_writes_into_a_folder_that_is_used(tmp_path):
    path = write_zip(tmp_path / "a.zip", PETS)
    (tmp_path / "pets").mkdir()
    (tmp_path / "pets" / "mine.txt").write_text("mine")
    with pytest.raises(OSError, match=r"exists already.*Move it away"):
        archive.unpack(path, tmp_path / "pets", 10**6)
    assert names(tmp_path) == ["a.zip", "pets/mine.txt"]
    (tmp_path / "pets" / "mine.txt").unlink()
    (tmp_path / ".pets.unpacking").mkdir()  # what a power cut leaves
    (tmp_path / ".pets.unpacking" / "half.jpg").write_bytes(b"half")
    archive.unpack(path, tmp_path / "pets", 10**6)
    assert names(tmp_path) == sorted(["a.zip", *names_of_pets()])


# -- what minidl put where


def test_manifest(tmp_path):
    (tmp_path / "a").write_bytes(b"123456789")
    manifest.write(tmp_path, "thing", {"a": manifest.entry(tmp_path / "a")}, archive={"name": "a.zip"})
    manifest.write(tmp_path, "thing", {"b": (0, 0)})
    assert manifest.read(tmp_path, "thing")["files"] == {"a": [9, 0xCBF43926], "b": [0, 0]}  # the CRC-32 check value
    assert manifest.read(tmp_path, "thing")["archive"] == {"name": "a.zip"} and manifest.read(tmp_path, "other") == {}
    assert list(manifest.changes(tmp_path, {"a": (9, 0xCBF43926)})) == []
    assert list(manifest.changes(tmp_path, {"a": (9, 1), "b": (0, 0)})) == [
        "a has changed: its checksum (CRC-32) is not the recorded one",
        "b is missing",
    ]
    assert list(manifest.changes(tmp_path, {"a": (8, 0xCBF43926)})) == ["a has 9 bytes; expected 8"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"dataset": "thing"}', '{"dataset": "thing", "files": []}',
             '{"dataset": "thing", "files": {"a": 3}}', '{"dataset": "thing", "files": {"a": ["1", 2]}}', "\x00"]
)  # fmt: skip
def test_a_manifest_that_cannot_be_read_counts_as_none(tmp_path, text):
    (tmp_path / manifest.NAME).write_text(text)
    assert manifest.read(tmp_path, "thing") == {}


def test_remove_deletes_what_is_recorded_and_nothing_else(tmp_path):
    folder = tmp_path / "thing"
    (folder / "in" / "deep").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    for name in ("a", "in/b", "in/deep/c", "mine", "../outside", "../elsewhere/d"):
        (folder / name).write_bytes(b"x")
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    listed = ("a", "in/b", "in/deep/c", "gone", "../outside", str(tmp_path / "outside"), "link/d")
    manifest.write(folder, "thing", dict.fromkeys(listed, (1, 0)))
    assert manifest.remove(folder, "thing") == (3, 2)
    assert names(tmp_path) == ["elsewhere/d", "outside", "thing/link", "thing/mine"]
    (folder / "mine").unlink()
    (folder / "link").unlink()
    (folder / "a").write_bytes(b"x")
    manifest.write(folder, "thing", {"a": (1, 0)})
    assert manifest.remove(folder, "thing") == (1, 0) and not folder.exists()
