"""Downloads that go wrong, and datasets that are one archive."""

import dataclasses
import errno
import hashlib
import json
import os
import random
import shutil
import sys
import threading
import time
from pathlib import Path

import pytest
import unruly_server
from small_archives import PETS, interrupting, names, write_zip

from minidl.data import DATASETS, DatasetInfo, RemoteFile, archive, files, manifest
from minidl.data import download as module
from minidl.data.registry import Files, Layout

CONTENT = random.Random(0).randbytes(300_000)


def sha256(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def remote(name="thing.gz", content=CONTENT, checksum=True):
    return RemoteFile(name, len(content), sha256(content) if checksum else "")


@pytest.fixture(scope="module")
def running_server():
    with unruly_server.running() as server:
        yield server


@pytest.fixture
def server(running_server, tmp_path, monkeypatch):
    """The server with one file, nothing asked yet; an empty working folder and an empty cache."""
    pytest.importorskip("pooch")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MINIDL_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(module, "PAUSE", 0)
    running_server.asked.clear()
    running_server.tag = '"1"'
    running_server.content = {"thing.gz": CONTENT, "thing.dat": CONTENT}
    return running_server


def thing(server, *kinds, file=None):
    return DatasetInfo(
        name="thing",
        title="a thing",
        classes=(),
        source="Generated data.",
        licence="none",
        citation="none",
        folders=("thing",),
        files=(file or remote(),),
        mirrors=tuple(f"{server.address}/{kind}/" for kind in kinds),
    )


def fetch(server, *kinds, file=None, folder=Path("got")):
    info = thing(server, *kinds, file=file)
    return module.download(info, info.files[0], folder)


# -- servers


@pytest.mark.parametrize(
    "kinds, asked",
    [
        ("good", "good"),
        ("403 404 500 good", "403 404 500 good"),
        ("redirect", "redirect good"),
        ("slow", "slow"),
        ("nolength", "nolength"),
        ("chunked", "chunked"),
        ("callsitencoded", "callsitencoded"),
        ("page good", "page good"),
        ("pagewithoutlength good", "pagewithoutlength good"),
        ("forged good", "forged good"),
        ("chunkedshort good", "chunkedshort good"),
        ("toolong good", "toolong good"),
        ("encodes good", "encodes good"),
    ],
)
def test_the_first_mirror_that_gives_the_file(server, tmp_path, kinds, asked):
    path = fetch(server, *kinds.split())
    assert path.read_bytes() == CONTENT and names(tmp_path) == ["got/thing.gz"]
    assert server.asked == [(kind, "") for kind in asked.split()]


def test_a_redirect_that_leads_nowhere(server):
    assert fetch(server, "loop", "good").read_bytes() == CONTENT
    assert server.kinds().count("loop") > 1


def test_what_is_compressed_on_the_way_is_unpacked_unless_it_is_a_gz(server):
    file = remote("thing.dat")
    assert fetch(server, "encodes", file=file).read_bytes() == CONTENT
    assert fetch(server, "encodes", "good", file=remote("thing.gz")).read_bytes() == CONTENT
    assert server.kinds() == ["encodes", "encodes", "good"]


def test_a_server_that_breaks_off_is_asked_for_the_rest(server, tmp_path, capsys):
    with pytest.raises(FileNotFoundError):
        fetch(server, "breaks")  # half, then a quarter, and so on
    starts = ["", "150000-", "225000-", "262500-", "281250-"]
    assert server.asked == [("breaks", start) for start in starts] and len(starts) == module.TRIES
    assert (tmp_path / "got" / "thing.gz.part").read_bytes() == CONTENT[:290_625]
    assert "continued after 281,250 bytes" in capsys.readouterr().err
    assert fetch(server, "good").read_bytes() == CONTENT  # the same command continues
    assert server.asked[-1] == ("good", "290625-") and names(tmp_path) == ["got/thing.gz"]


def test_the_next_mirror_continues(server):
    assert fetch(server, "breaks", "good").read_bytes() == CONTENT
    assert server.asked[-1] == ("good", "290625-")


def test_a_server_that_falls_silent_is_left(server, monkeypatch):
    monkeypatch.setattr(module, "TIMEOUT", 0.1)
    monkeypatch.setattr(module, "TRIES", 2)
    assert fetch(server, "stalls", "good").read_bytes() == CONTENT
    assert server.kinds() == ["stalls", "stalls", "good"]
    starts = [int(start.rstrip("-") or 0) for _, start in server.asked]
    assert 0 == starts[0] < starts[1] < starts[2]  # what had come was kept each time


@pytest.mark.parametrize("kind", ["norange", "from0", "nomore", "nolength"])
def test_a_server_that_does_not_continue_starts_again(server, tmp_path, kind):
    with pytest.raises(FileNotFoundError):
        fetch(server, "nolengthbreaks")
    assert (tmp_path / "got" / "thing.gz.part").stat().st_size == 150_000
    server.asked.clear()
    assert fetch(server, kind).read_bytes() == CONTENT
    assert server.asked == [(kind, "150000-")] + [(kind, "")] * (kind in ("from0", "nomore"))


def test_no_progress_ends_the_tries(server):
    with pytest.raises(FileNotFoundError):
        fetch(server, "norangebreaks")
    assert server.asked == [("norangebreaks", ""), ("norangebreaks", "150000-")]


@pytest.mark.parametrize("checksum", [True, False])
def test_a_file_that_has_changed_is_fetched_from_its_beginning(server, monkeypatch, tmp_path, checksum):
    server.content["thing.gz"] = bytes(len(CONTENT))
    monkeypatch.setattr(module, "TRIES", 1)
    file = remote(checksum=checksum)
    with pytest.raises(FileNotFoundError):
        fetch(server, "breaks", file=file)
    server.content["thing.gz"], server.tag = CONTENT, '"2"'
    server.asked.clear()
    with pytest.raises(FileNotFoundError):
        fetch(server, "breaks", file=file)
    assert server.asked == [("breaks", "150000-")]  # with If-Range: answered by the beginning of the new one
    assert (tmp_path / "got" / "thing.gz.part").read_bytes() == CONTENT[:150_000]


def test_a_first_half_of_another_file_costs_one_more_download(server, tmp_path):
    (tmp_path / "got").mkdir()
    (tmp_path / "got" / "thing.gz.part").write_bytes(bytes(1000))
    assert fetch(server, "good").read_bytes() == CONTENT
    assert server.asked == [("good", "1000-"), ("good", "")] and names(tmp_path) == ["got/thing.gz"]


def test_without_a_checksum_only_the_same_address_is_continued(server, monkeypatch):
    monkeypatch.setattr(module, "TRIES", 1)
    file = remote(checksum=False)
    assert fetch(server, "breaks", "good", file=file).read_bytes() == CONTENT
    assert server.asked == [("breaks", ""), ("good", "")]


@pytest.mark.parametrize("size, asked", [(len(CONTENT), []), (len(CONTENT) + 1, [("good", "")])])
def test_a_part_that_is_already_whole_or_too_long(server, tmp_path, size, asked):
    (tmp_path / "got").mkdir()
    (tmp_path / "got" / "thing.gz.part").write_bytes((CONTENT + b"x")[:size])
    assert fetch(server, "good").read_bytes() == CONTENT
    assert server.asked == asked and names(tmp_path) == ["got/thing.gz"]


def test_a_part_that_is_too_long_for_a_file_without_a_checksum(server, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "TRIES", 1)
    file = remote(checksum=False)
    with pytest.raises(FileNotFoundError):
        fetch(server, "breaks", file=file)
    (tmp_path / "got" / "thing.gz.part").write_bytes(CONTENT + b"x")
    with pytest.raises(FileNotFoundError):
        fetch(server, "breaks", file=file)
    assert server.asked == [("breaks", "")] * 2 and (tmp_path / "got" / "thing.gz.part").stat().st_size == 150_000


def test_a_page_does_not_cost_what_is_there(server, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "TRIES", 2)
    with pytest.raises(FileNotFoundError):
        fetch(server, "breaks", "page", "404")
    assert (tmp_path / "got" / "thing.gz.part").read_bytes() == CONTENT[:225_000]
    assert server.kinds() == ["breaks", "breaks", "page", "404"]  # what brings nothing new is asked once


def test_the_error_names_every_mirror_and_what_to_do(server, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        fetch(server, "403", "page", "pagewithoutlength", "forged", "toolong", "chunkedshort")
    lines = str(caught.value).splitlines()
    assert lines[0] == "thing.gz of thing (300,000 bytes) could not be downloaded:"
    reasons = [
        "403 Client Error",
        "offers 26 bytes (text/html; charset=utf-8); expected 300,000: another file, or a page that asks for a log-in",
        "answers with a web page; expected 300,000 bytes",
        "does not match the known hash",
        "goes on after the 300,000 bytes expected",
        "ends after 1,003 of 300,000 bytes: another file",
    ]
    for i, reason in enumerate(reasons):
        assert lines[1 + 2 * i].strip().endswith("/thing.gz") and reason in lines[2 + 2 * i]
    assert "Nothing of it is kept" in lines[-1] and "minidl datasets get thing --from FILE" in lines[-1]
    assert lines[-1].endswith("Without a network, load('digits') works")
    assert names(tmp_path) == [] and not (tmp_path / "got").exists()


def test_without_a_network_it_says_so_and_what_works_without(server):
    requests = pytest.importorskip("requests")
    from urllib3.connection import HTTPSConnection
    from urllib3.exceptions import MaxRetryError, NameResolutionError

    mirror = "http://127.0.0.1:9/"  # the discard port: nothing answers
    info = dataclasses.replace(thing(server), mirrors=(mirror,), stand_in="cat_dog_faces")
    with pytest.raises(FileNotFoundError) as caught:
        module.download(info, info.files[0], Path("got"))
    lines = str(caught.value).splitlines()
    begin = "the server was not reached; is there a network? ("
    assert lines[2].strip().startswith(f"{begin}Failed to establish a new connection") and len(lines[2]) < 160
    assert lines[-1].endswith("Without a network, load('cat_dog_faces') works")
    unresolved = NameResolutionError("a.org", HTTPSConnection("a.org"), OSError(-3, "Temporary failure"))
    error = requests.ConnectionError(MaxRetryError(None, "/thing.gz", unresolved))
    assert module._reason(error) == f"{begin}Failed to resolve 'a.org' ([Errno -3] Temporary failure))"
    assert module._reason(requests.ConnectionError("cut off")) == "ConnectionError: cut off"
    assert {info.stand_in for info in DATASETS.values() if "dog" in info.classes and info.terms} == {"cat_dog_faces"}


# -- this machine


def test_after_ctrl_c_the_next_start_continues(server, tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        patch.setattr(module, "progress", interrupting(KeyboardInterrupt(), after=2))
        with pytest.raises(KeyboardInterrupt):
            fetch(server, "good", "good")
    kept = (tmp_path / "got" / "thing.gz.part").stat().st_size
    assert 0 < kept < len(CONTENT) and server.asked == [("good", "")]
    assert f"{kept:,} of 300,000 bytes are kept" in capsys.readouterr().err
    assert fetch(server, "good").read_bytes() == CONTENT
    assert server.asked[1:] == [("good", f"{kept}-")]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_not_the_mirrors_fault(server, tmp_path):
    (tmp_path / "got").mkdir()
    (tmp_path / "got" / "thing.gz.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match=r"cannot write .*thing\.gz\.part: No space left on device"):
        fetch(server, "good", "good")
    assert server.kinds() == ["good"]


def test_free_space_is_looked_at_first(server, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 200_000))
    with pytest.raises(OSError, match=r"thing\.gz of thing needs 300 kB in .*got, and 200 kB are free there\. Make"):
        fetch(server, "good", folder=tmp_path / "got")
    assert server.asked == [] and names(tmp_path) == []
    (tmp_path / "got").mkdir()
    (tmp_path / "got" / "thing.gz.part").write_bytes(CONTENT[:150_000])
    assert fetch(server, "good").read_bytes() == CONTENT  # 150 kB are still to come


def test_two_processes_do_not_write_into_one_file(server, tmp_path, capsys):
    fcntl = pytest.importorskip("fcntl")
    (tmp_path / "got").mkdir()
    handle = os.open(tmp_path / "got" / ".minidl.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    thread = threading.Thread(target=fetch, args=(server, "good"))
    thread.start()
    until = time.monotonic() + 10
    said = ""
    while "waiting for another process" not in said and time.monotonic() < until:
        said += capsys.readouterr().err
        time.sleep(0.005)
    assert "waiting for another process" in said and server.asked == []
    os.close(handle)
    thread.join()
    assert names(tmp_path) == ["got/thing.gz"]


def test_two_threads_take_turns_and_the_second_finds_its_folder_again(tmp_path):
    pytest.importorskip("fcntl")
    inside, most, folder = [], [], tmp_path / "got"

    def write(i):
        for _ in range(20):
            with module.lock(folder) as alone, module.lock(folder):
                inside.append(i)
                most.append((len(inside), alone, folder.is_dir()))
                time.sleep(0.001)
                inside.remove(i)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [(1, True, True)] * 80 and not folder.exists()  # empty each time, and so removed


def test_a_folder_that_is_removed_while_it_is_made_is_made_again(tmp_path, monkeypatch):
    """mkdir meets the folder of the one before, who removes it before mkdir has looked whether it is a folder."""
    make, met = os.mkdir, []

    def meets_another(path, *mode):
        if not met:
            met.append(path)
            raise FileExistsError(errno.EEXIST, "File exists", str(path))
        make(path, *mode)

    monkeypatch.setattr(os, "mkdir", meets_another)
    with module.lock(tmp_path / "got"):
        assert (tmp_path / "got").is_dir() and met


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("nowhere")])
def test_what_is_no_folder_is_no_place_for_a_lock(tmp_path, make):
    make(tmp_path / "got")
    with pytest.raises(FileExistsError), module.lock(tmp_path / "got"):
        pass


def test_two_threads_lose_nothing_of_the_record(server, monkeypatch):
    server.content["other.gz"] = CONTENT
    info = thing(server, "good")
    read = manifest.read

    def slowly(folder, dataset):
        before = read(folder, dataset)
        time.sleep(0.1)
        return before

    monkeypatch.setattr(manifest, "read", slowly)
    threads = [threading.Thread(target=files.fetch, args=(info, remote(n))) for n in ("thing.gz", "other.gz")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(read(files.download_root() / "thing", "thing")["files"]) == {"thing.gz", "other.gz"}


@pytest.mark.parametrize("terminal", [False, True])
def test_progress_bar_on_a_terminal_only(server, monkeypatch, capsys, terminal):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    fetch(server, "good")
    assert ("100%" in capsys.readouterr().err) == terminal


def test_downloads_without_tqdm(server, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert fetch(server, "good").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "n, text", [(0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (999_499, "999 kB"), (999_999, "1 MB"),
                (824_887_076, "825 MB"), (1_234_567_890, "1.23 GB")]
)  # fmt: skip
def test_sizes_as_people_write_them(n, text):
    assert module.size_text(n) == text


# -- datasets that are one archive


def pets(server, *kinds, checksum=True, terms="", members=PETS):
    path = write_zip(Path("served.zip"), members)
    server.content["pets.zip"] = path.read_bytes()
    path.unlink()
    file = remote("pets.zip", server.content["pets.zip"], checksum)
    return dataclasses.replace(
        thing(server, *kinds, file=file),
        name="pets",
        folders=("pets", "the-pets"),
        layouts=(
            Layout("Pets", (Files("Pets/Cat/*.jpg", 2), Files("Pets/Dog/*.jpg", 1, 5000))),
            Layout("train", (Files("train/cat.*.jpg", 2), Files("train/dog.*.jpg", 1))),
            Layout("", (Files("cat.*.jpg", 2), Files("dog.*.jpg", 1))),
        ),
        unpacked_size=10_000,
        terms=terms,
    )


def test_ensure_downloads_unpacks_and_finds_again(server, tmp_path):
    info = pets(server, "404", "breaks", "good")
    folder = tmp_path / "cache" / "minidl" / "pets"
    assert files.find_folder(info) is None
    assert files.ensure(info) == folder / "Pets" == files.find_folder(info)
    assert names(tmp_path / "cache") == sorted(f"minidl/pets/{name}" for name in [".minidl.json", *dict(PETS)])
    assert manifest.read(folder, "pets")["archive"] == {
        "name": "pets.zip",
        "sha256": info.files[0].checksum.removeprefix("sha256:"),
    }
    server.asked.clear()
    assert files.ensure(info) == folder / "Pets" and server.asked == []


def test_terms_are_agreed_to_before_a_download_and_nowhere_else(server, tmp_path):
    info = pets(server, "good", terms="for research only")
    with pytest.raises(PermissionError, match=r"it is for research only.*minidl datasets get pets --yes"):
        files.ensure(info)
    assert server.asked == [] and names(tmp_path) == []
    Path("datasets").mkdir()
    Path("datasets/pets.zip").write_bytes(server.content["pets.zip"])
    assert files.ensure(info) == tmp_path / "datasets" / "pets" / "Pets" and server.asked == []
    assert Path("datasets/pets.zip").exists()  # minidl did not put it there
    shutil.rmtree("datasets/pets")
    Path("datasets/pets.zip").unlink()
    assert files.ensure(info, agreed=True) == tmp_path / "datasets" / "pets" / "Pets" and server.kinds() == ["good"]
    assert not Path("datasets/downloads").exists()


@pytest.mark.parametrize("root", ["named", "datasets", "cache/minidl"])
@pytest.mark.parametrize(
    "files_there, data",
    [
        (["pets/Pets/Cat/0.jpg"], "pets/Pets"),
        (["the-pets/Pets/Dog/0.jpg"], "the-pets/Pets"),
        (["pets/train/cat.0.jpg", "pets/SHA256SUMS"], "pets/train"),
        (["pets/dog.0.jpg"], "pets"),
        (["pets/photos/tabby/1.JPG"], "pets"),
        (["Pets/Cat/0.jpg"], "Pets"),
        (["train/dog.17.jpg"], "train"),
    ],
)
def test_find_folder_whatever_the_layout(server, tmp_path, monkeypatch, root, files_there, data):
    (tmp_path / "named").mkdir()
    monkeypatch.setenv("MINIDL_DATA", "named")
    for name in files_there:
        path = tmp_path / root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    assert files.find_folder(pets(server)) == tmp_path / root / data


@pytest.mark.parametrize("name", ["pets/README.txt", "pets/Pets/Cat/notes.txt", "cat.0.jpg", "other/train/cat.0.jpg"])
def test_what_is_not_the_set(server, tmp_path, name):
    path = tmp_path / "datasets" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    assert files.find_folder(pets(server)) is None


def test_an_interrupted_unpacking_needs_no_second_download(server, tmp_path, monkeypatch):
    info = pets(server, "good")
    Path("datasets").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(archive, "progress", interrupting(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            files.ensure(info)
    assert names(tmp_path) == ["datasets/downloads/pets.zip"]
    assert files.ensure(info) == tmp_path / "datasets" / "pets" / "Pets" and server.kinds() == ["good"]
    assert not Path("datasets/downloads").exists()


def test_without_a_published_checksum_the_first_one_is_noted(server, tmp_path, capsys):
    info = pets(server, "good", checksum=False)
    Path("datasets").mkdir()
    files.ensure(info)
    digest = hashlib.sha256(server.content["pets.zip"]).hexdigest()
    note = tmp_path / "datasets" / "downloads" / "pets.zip.sha256"
    assert note.read_text() == f"{digest}  pets.zip\n"
    assert f"nobody publishes a checksum of pets.zip; the one it has, sha256 {digest}" in capsys.readouterr().err
    shutil.rmtree("datasets/pets")
    files.ensure(info)  # the same again
    shutil.rmtree("datasets/pets")
    other = pets(server, "good", checksum=False, members=[(n, c.replace(b"dog", b"cow")) for n, c in PETS])
    with pytest.raises(ValueError, match=f"not the file that was there the first time.*expected {digest}.*delete the"):
        files.ensure(other)
    assert not Path("datasets/pets").exists()
    note.unlink()
    assert files.ensure(other).name == "Pets" and note.exists()


def test_a_damaged_archive_is_not_noted_and_not_found_again(server, tmp_path):
    info = pets(server, "good", checksum=False)
    whole = server.content["pets.zip"]
    server.content["pets.zip"] = whole[:30] + b"????" + whole[34:]
    with pytest.raises(ValueError, match=r"pets\.zip is damaged or not whole"):
        files.ensure(info)
    assert names(tmp_path) == []
    server.content["pets.zip"] = whole
    assert files.ensure(info).name == "Pets" and server.kinds() == ["good", "good"]


@pytest.mark.parametrize("checksum", [True, False])
def test_an_archive_that_is_not_the_published_one(server, tmp_path, checksum):
    info = pets(server, "good", checksum=checksum)
    given = write_zip(tmp_path / "given.zip", PETS[:2])
    with pytest.raises(ValueError, match=r"given\.zip is not the published file: .*bytes; expected") as caught:
        files.ensure(info, given=given)
    assert (info.files[0].checksum.removeprefix("sha256:") in str(caught.value)) and "sha256 ;" not in str(caught.value)
    assert names(tmp_path) == ["given.zip"] and server.asked == []


def test_room_for_the_unpacked_files_is_part_of_what_a_download_needs(server, monkeypatch):
    info = dataclasses.replace(pets(server, "good"), unpacked_size=10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 10**6))
    with pytest.raises(OSError, match=r"pets\.zip of pets needs 1 MB in .*and 1 MB are free"):
        files.ensure(info)
    assert server.asked == []


def test_miscounts(server, tmp_path):
    info = pets(server, "good")
    folder = files.ensure(info).parent
    assert list(files.miscounts(folder, info.layouts[0])) == []
    (folder / "Pets" / "Cat" / "0.jpg").unlink()
    (folder / "Pets" / "Dog" / "0.jpg").write_bytes(b"shorter")
    assert list(files.miscounts(folder, info.layouts[0])) == [
        f"{folder / 'Pets/Cat/*.jpg'}: 1 files; expected 2",
        f"{folder / 'Pets/Dog/0.jpg'}: 7 bytes; expected 5,000",
    ]


def test_fetch_records_what_it_downloads_and_not_what_it_finds(server, tmp_path, monkeypatch):
    info = thing(server, "good")
    path = files.fetch(info, info.files[0])
    recorded = json.loads((path.parent / manifest.NAME).read_text())
    assert recorded == {"dataset": "thing", "files": {"thing.gz": list(manifest.entry(path))}}
    (path.parent / manifest.NAME).unlink()
    files.fetch(info, info.files[0])
    assert names(tmp_path) == ["cache/minidl/thing/thing.gz"]


@pytest.mark.parametrize(
    "name, found", [("MNIST", "mnist"), ("Cats-and-dogs", "cats_and_dogs"), ("CIFAR 10", "cifar10")]
)
def test_names_in_any_spelling(name, found):
    assert files.dataset_info(name) is DATASETS[found]


@pytest.mark.parametrize("name, hint", [("cats_and_dog", "Did you mean cats_and_dogs"), ("imagenet", "Names: digits")])
def test_unknown_names(name, hint):
    with pytest.raises(ValueError, match=hint):
        files.dataset_info(name)
