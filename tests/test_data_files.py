"""Finding, checking and downloading the files of a dataset, against a small server on this machine.

What a server can do wrong in the middle of a file is in test_download.py.
"""

import hashlib
import http.server
import os
import sys
import threading
from typing import ClassVar

import pytest

from minidl.data import DATASETS, DatasetInfo, RemoteFile, load
from minidl.data import files as module

PLAIN = b"the file that was published, unpacked"
GOOD = b"the file that was published" * 10_000
FILE = RemoteFile(
    "thing.gz", len(GOOD), f"sha256:{hashlib.sha256(GOOD).hexdigest()}", f"sha256:{hashlib.sha256(PLAIN).hexdigest()}"
)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by the first part of the address, and notes what was asked."""

    asked: ClassVar[list[str]] = []

    def do_GET(self):
        self.asked.append(self.path)
        kind = self.path.split("/")[1]
        if kind.isdigit():
            self.send_error(int(kind))
            return
        body = {"good": GOOD, "wrong": b"<html>moved</html>", "short": GOOD[:-100]}[kind]
        self.send_response(200)
        self.send_header("Content-Length", str(len(GOOD) if kind == "short" else len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def address():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def place(tmp_path, monkeypatch, address):
    """An empty working folder, an empty cache, and a function that makes a dataset of the mirrors it is given."""
    pytest.importorskip("pooch")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MINIDL_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr("minidl.data.download.PAUSE", 0)
    Handler.asked.clear()

    def info(*mirrors):
        return DatasetInfo(
            name="thing",
            title="a thing",
            classes=(),
            source="Generated data.",
            licence="none",
            citation="none",
            folders=("thing", "the_thing"),
            files=(FILE,),
            mirrors=tuple(f"{address}/{mirror}/" for mirror in mirrors),
        )

    return info


def all_files(folder):
    """Every file but minidl's own record of what it downloaded."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.name != ".minidl.json")


# -- finding


@pytest.mark.parametrize("root", ["named", "datasets", "cache/minidl"])
@pytest.mark.parametrize("folder", ["thing", "the_thing", "."])
@pytest.mark.parametrize("name, content", [("thing.gz", GOOD), ("thing", PLAIN)])
def test_found_without_a_download(place, tmp_path, monkeypatch, root, folder, name, content):
    (tmp_path / "named").mkdir()
    monkeypatch.setenv("MINIDL_DATA", "named")
    path = tmp_path / root / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    assert module.fetch(place("404"), FILE) == path
    assert Handler.asked == []


def test_order_of_the_folders(place, tmp_path, monkeypatch):
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path / "named"))
    roots = ["named/thing", "named", "datasets/thing", "cache/minidl/thing"]
    for root in roots:
        (tmp_path / root).mkdir(parents=True, exist_ok=True)
        (tmp_path / root / "thing.gz").write_bytes(GOOD)
    for root in roots:
        path = module.fetch(place(), FILE)
        assert path == tmp_path / root / "thing.gz"
        path.unlink()


def test_finding_needs_no_pooch_and_downloading_names_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path))
    info = DATASETS["mnist"]
    with pytest.raises(ImportError, match="pip install pooch"):
        load("mnist")
    with pytest.raises(ImportError, match="pip install pooch"):
        module.download(info, info.files[0], tmp_path)
    (tmp_path / info.files[0].name).write_bytes(b"anything")
    assert module.fetch(info, info.files[0], verify=False) == tmp_path / info.files[0].name


def test_minidl_data_must_be_a_folder(place, tmp_path, monkeypatch):
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match=r"MINIDL_DATA=.*nowhere is not a folder"):
        module.fetch(place("good"), FILE)
    assert len(load("moons").train) == 600  # needs no files


@pytest.mark.parametrize("name, content", [("thing.gz", GOOD[:-1]), ("thing.gz", PLAIN), ("thing", GOOD)])
def test_a_found_file_with_another_checksum(place, tmp_path, name, content):
    (tmp_path / "datasets").mkdir()
    path = tmp_path / "datasets" / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is not the published file") as caught:
        module.fetch(place("good"), FILE)
    message = str(caught.value)
    published = FILE.checksum if name == "thing.gz" else FILE.unpacked
    assert str(path) in message and published.removeprefix("sha256:") in message
    assert hashlib.sha256(content).hexdigest() in message and f"{len(content):,} bytes" in message
    assert "Delete it" in message and "MINIDL_DATA" in message
    assert path.read_bytes() == content and Handler.asked == []
    assert module.fetch(place("good"), FILE, verify=False) == path


def test_another_sets_file_of_the_same_name_is_left_alone(place, tmp_path, monkeypatch):
    content = b"the other set's file"
    other = RemoteFile("thing.gz", len(content), f"sha256:{hashlib.sha256(content).hexdigest()}")
    monkeypatch.setitem(DATASETS, "other", DatasetInfo(**{**vars(place()), "name": "other", "files": (other,)}))
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "thing.gz").write_bytes(content)
    assert module.fetch(place("good"), FILE) == tmp_path / "datasets" / "thing" / "thing.gz"
    assert all_files(tmp_path) == ["datasets/thing.gz", "datasets/thing/thing.gz"]
    (tmp_path / "datasets" / "thing" / "thing.gz").write_bytes(content)  # there it can only be a mistake
    with pytest.raises(ValueError, match="not the published file"):
        module.fetch(place("good"), FILE)


def test_load_checks_checksums(place, tmp_path, monkeypatch):
    for file in DATASETS["mnist"].files:
        (tmp_path / file.name).write_bytes(b"not MNIST")
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path))
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte\.gz is not the published file"):
        load("mnist")
    with pytest.raises(ValueError, match="expected gzip"):
        load("mnist", verify=False)


# -- downloading


@pytest.mark.parametrize("bad", [(), ("404",), ("403",), ("500",), ("wrong",), ("short",), ("403", "wrong", "404")])
def test_mirrors_are_tried_in_turn(place, tmp_path, bad):
    path = module.fetch(place(*bad, "good", "404"), FILE)
    assert path == tmp_path / "cache" / "minidl" / "thing" / "thing.gz"
    assert path.read_bytes() == GOOD
    twice = [kind for kind in (*bad, "good") for _ in range(1 + (kind == "short"))]  # asked for the rest, it has none
    assert Handler.asked == [f"/{kind}/thing.gz" for kind in twice]
    assert all_files(tmp_path) == ["cache/minidl/thing/thing.gz"]
    assert path.stat().st_mode & 0o777 == 0o644 or os.name == "nt"
    Handler.asked.clear()
    assert module.fetch(place(*bad, "good"), FILE) == path and Handler.asked == []  # found the second time


def test_downloads_land_in_datasets_where_there_is_one(place, tmp_path):
    (tmp_path / "datasets").mkdir()
    assert module.fetch(place("good"), FILE) == tmp_path / "datasets" / "thing" / "thing.gz"
    assert all_files(tmp_path) == ["datasets/thing/thing.gz"]


def test_downloads_avoid_a_folder_that_cannot_be_written(place, tmp_path, monkeypatch):
    (tmp_path / "datasets").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert module.fetch(place("good"), FILE) == tmp_path / "cache" / "minidl" / "thing" / "thing.gz"


def test_when_every_mirror_fails(place, tmp_path, monkeypatch, address):
    (tmp_path / "named").mkdir()
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path / "named"))
    info = place("403", "wrong", "short")
    refused = "http://127.0.0.1:9/"  # the discard port: nothing answers
    with pytest.raises(FileNotFoundError) as caught:
        module.fetch(DatasetInfo(**{**vars(info), "mirrors": (*info.mirrors, refused)}), FILE)
    message = str(caught.value)
    lines = message.splitlines()
    assert "thing.gz of thing (270,000 bytes)" in lines[0]
    for i, reason in enumerate(["403", "offers 18 bytes", "incompleteread", "refused"]):
        assert lines[1 + 2 * i].strip() == ([*info.mirrors, refused][i]) + "thing.gz"
        assert reason in lines[2 + 2 * i].lower()
    assert "by hand" in message and "MINIDL_DATA" in message and "digits" in message
    for folder in ("named", "datasets", "cache/minidl", "cache/minidl/thing"):
        assert str(tmp_path / folder) in message
    assert "269,900 of 270,000 bytes are kept in" in message and "minidl datasets get thing --from FILE" in message
    assert all_files(tmp_path) == [f"cache/minidl/thing/thing.gz.part{end}" for end in ("", ".json")]
