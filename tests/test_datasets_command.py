"""`minidl datasets`, as a learner would type it, rightly and wrongly, against a small server on this machine."""

import errno
import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import unruly_server
from PIL import Image
from small_archives import PETS, interrupting, names, write_zip

from minidl import cli
from minidl.data import DATASETS, DatasetInfo, ImageFolder, RemoteFile, archive, manifest
from minidl.data import download as download_module
from minidl.data.registry import Files, Layout

PARTS = {"first.gz": gzip.compress(b"the first" * 999, mtime=0), "second.gz": gzip.compress(b"the second", mtime=0)}
TERMS = "for research only; nothing of it must be published"


def sha256(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.fixture(scope="module")
def running_server():
    with unruly_server.running() as server:
        yield server


@pytest.fixture
def server(running_server, tmp_path, monkeypatch):
    """Two small datasets, `numbers` of two files and `pets` of one archive; a working folder with datasets/ in it."""
    pytest.importorskip("pooch")
    (tmp_path / "datasets").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MINIDL_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(download_module, "PAUSE", 0)
    zipped = write_zip(tmp_path / "pets.zip", PETS)
    running_server.content = {**PARTS, "pets.zip": zipped.read_bytes()}
    running_server.asked.clear()
    zipped.unlink()
    before = dict(DATASETS)
    for name in [name for name, info in DATASETS.items() if info.files]:
        del DATASETS[name]  # nothing here asks the Internet
    offer(running_server)
    yield running_server
    DATASETS.clear()
    DATASETS.update(before)  # in their order


def offer(server, kinds=("good",)):
    """Register both datasets, at mirrors of these kinds."""
    mirrors = tuple(f"{server.address}/{kind}/" for kind in kinds)
    text = {"title": "A test", "classes": (), "source": "Real data: a test.", "citation": "A. Uthor, 1999."}
    pets = server.content["pets.zip"]
    numbers = DatasetInfo(
        name="numbers",
        licence="a free one",
        folders=("numbers",),
        mirrors=mirrors,
        files=tuple(RemoteFile(n, len(c), sha256(c), sha256(gzip.decompress(c))) for n, c in PARTS.items()),
        **text,
    )
    photographs = DatasetInfo(
        name="pets",
        licence="a narrow one",
        folders=("pets",),
        mirrors=mirrors,
        files=(RemoteFile("pets.zip", len(pets), sha256(pets)),),
        layouts=(Layout("Pets", (Files("Pets/Cat/*.jpg", 2), Files("Pets/Dog/*.jpg", 1))),),
        unpacked_size=10_000,
        terms=TERMS,
        **text,
    )
    DATASETS.update(numbers=numbers, pets=photographs)


def datasets(*arguments):
    """The exit code of `minidl datasets ...`."""
    try:
        return cli.main(["datasets", *map(str, arguments)])
    except SystemExit as stop:  # argparse
        return stop.code


@pytest.fixture
def said(capsys):
    """What was printed since the last look: (stdout, stderr)."""
    return capsys.readouterr


class Terminal(io.StringIO):
    def isatty(self):
        return True


# -- list


def test_list_what_is_here_and_what_could_be(server, said, tmp_path):
    assert datasets() == 0
    out, err = said()
    assert err == ""
    assert out.startswith("digits: Handwritten digits, 8x8\n    comes with scikit-learn; licence: CC BY 4.0\n")
    assert "moons: Two half circles in the plane\n    generated; licence: none needed\n" in out
    size = sum(map(len, PARTS.values()))
    assert f"numbers: A test\n    not here, {size} bytes to download; licence: a free one\n" in out
    assert datasets("get", "numbers") == datasets("get", "pets", "--yes") == 0
    Path("datasets/numbers/second.gz").unlink()
    said()
    assert datasets("list") == 0
    out, _ = said()
    first = len(PARTS["first.gz"])
    assert (
        f"numbers: A test\n    here: {tmp_path}/datasets/numbers\n"
        f"    {first} bytes on disk, 1 of 2 files missing; licence: a free one\n" in out
    )
    assert f"pets: A test\n    here: {tmp_path}/datasets/pets/Pets\n" in out and "licence: a narrow one" in out
    assert server.kinds() == ["good"] * 3


def test_list_shows_what_was_begun(server, said, tmp_path):
    offer(server, ["breaks"])
    assert datasets("get", "pets", "--yes") == 2
    said()
    assert datasets() == 0
    out, _ = said()
    part = tmp_path / "datasets" / "downloads" / "pets.zip.part"
    total = len(server.content["pets.zip"])
    assert f"    {part.stat().st_size} bytes of {total} bytes downloaded: {part}\n" in out


def test_help_fits_80_columns(said, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for action in ([], ["list"], ["get"], ["verify"], ["path"], ["remove"]):
        assert datasets(*action, "--help") == 0
        text, _ = said()
        assert max(map(len, text.splitlines())) <= 80
        assert action or all(f"    {name} " in text for name in ("list", "get", "verify", "path", "remove"))


# -- get


def test_get_path_verify_remove(server, said, tmp_path):
    folder = tmp_path / "datasets" / "numbers"
    assert datasets("get", "Numbers") == 0
    out, err = said()
    assert out == f"numbers is in {folder}\n"
    for line in ("licence   a free one", "source    A. Uthor, 1999.", f"goes to   {folder}"):
        assert line in err.split("first.gz of numbers")[0]  # before the download
    assert datasets("path", "numbers") == 0 and said() == (f"{folder}\n", "")
    assert datasets("verify", "numbers") == 0
    assert said() == (f"numbers in {folder}: sound (2 files compared with the published checksums)\n", "")
    assert datasets("get", "numbers") == 0 and said() == (f"numbers is here: {folder}\n", "")
    assert server.kinds() == ["good", "good"]
    assert datasets("remove", "numbers", "--yes") == 0
    size = sum(map(len, PARTS.values()))
    assert said() == (f"{folder}: 2 files, {size} bytes\n{folder}: 2 files removed\n", "")
    assert names(tmp_path) == []
    assert datasets("remove", "numbers") == 0
    assert said() == ("numbers is not on this machine; there is nothing to remove\n", "")


def test_get_what_is_missing(server, said):
    assert datasets("get", "numbers") == 0
    Path("datasets/numbers/second.gz").unlink()
    server.asked.clear()
    assert datasets("get", "numbers") == 0 and server.kinds() == ["good"]
    assert datasets("verify", "numbers") == 0


def test_terms_are_a_question_on_a_terminal(server, said, monkeypatch, tmp_path):
    for answer in ("n\n", "\n", "", "what?\n"):
        monkeypatch.setattr(sys, "stdin", Terminal(answer))
        assert datasets("get", "pets") == 2
        out, err = said()
        question = "Do you agree to the terms, and shall it be fetched? [y/n] "
        assert out == "" and err.endswith(f"{question}Nothing was done.\n")
        assert f"  licence   a narrow one\n  terms     {TERMS}\n" in err
    assert server.asked == [] and names(tmp_path) == []
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert datasets("get", "pets") == 0
    assert said()[0] == f"pets is in {tmp_path}/datasets/pets/Pets\n"


def test_without_a_terminal_it_says_what_to_type(server, said, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert datasets("get", "pets") == 2
    out, err = said()
    assert out == "" and err.splitlines()[-1] == (
        f"minidl: pets is {TERMS}. To agree and to fetch it, type: minidl datasets get pets --yes"
    )
    assert server.asked == [] and names(tmp_path) == []


def test_get_from_an_archive_fetched_by_hand(server, said, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    (tmp_path / "by hand").mkdir()
    for given in (Path("by hand/pets (1).zip"), Path("by hand/pets.zip")):
        given.write_bytes(server.content["pets.zip"])
        source = given.parent if given.name == "pets.zip" else given  # a folder is looked into
        assert datasets("get", "pets", "--from", source) == 0  # a licence that is read; no question
        out, err = said()
        assert out == f"pets is in {tmp_path}/datasets/pets/Pets\n" and TERMS in err
        assert given.read_bytes() == server.content["pets.zip"]
        assert datasets("remove", "pets", "--yes") == 0
        said()
    assert server.asked == [] and names(tmp_path) == ["by hand/pets (1).zip", "by hand/pets.zip"]


@pytest.mark.parametrize(
    "given, there",
    [
        (["."], ["first.gz", "second.gz"]),
        (["first.gz", "second.gz"], ["first.gz", "second.gz"]),
        (["a (1).gz", "second"], ["a (1).gz", "second"]),  # a browser renamed one and unpacked the other
        ([".", "a (1).gz"], ["a (1).gz", "second"]),
    ],
)
def test_get_from_several_files_fetched_by_hand(server, said, tmp_path, given, there):
    contents = {**PARTS, "a (1).gz": PARTS["first.gz"], "second": gzip.decompress(PARTS["second.gz"])}
    for name in there:
        Path(name).write_bytes(contents[name])
    assert datasets("get", "numbers", "--from", *given) == 0
    assert datasets("verify", "numbers") == 0 and server.asked == [] and said()[0].count("sound") == 1
    assert datasets("remove", "numbers", "--yes") == 0 and not Path("datasets/numbers").exists()


@pytest.mark.parametrize(
    "name, given, message",
    [
        ("pets", ["nowhere.zip"], "there is no file nowhere.zip; give the archive or file as it was downloaded"),
        ("numbers", ["nowhere"], "there is no file nowhere"),
        ("pets", ["datasets"], "datasets holds no pets.zip; give that file"),
        ("numbers", ["datasets"], "datasets lacks first.gz, second.gz of numbers; give the folder that holds all of"),
        ("numbers", ["first.gz"], "first.gz lacks second.gz of numbers; give the folder that holds it"),
        ("pets", ["page.zip"], "page.zip is not the published file: sha256 "),
        ("pets", ["page.zip", "first.gz"], "page.zip, first.gz holds no pets.zip"),
        ("numbers", ["first.gz", "wrong/second.gz"], "second.gz is not the published file"),
    ],
)
def test_get_from_something_else(server, said, tmp_path, name, given, message):
    Path("page.zip").write_bytes(b"<html>not found</html>")
    Path("first.gz").write_bytes(PARTS["first.gz"])
    Path("wrong").mkdir()
    Path("wrong/second.gz").write_bytes(b"?")
    before = names(tmp_path)
    assert datasets("get", name, "--from", *given) == 2
    out, err = said()
    assert out == "" and err.splitlines()[-1].startswith("minidl: error: ") and message in err.splitlines()[-1]
    assert names(tmp_path) == before


def test_get_from_files_completes_what_is_here(server, said, tmp_path):
    Path("datasets/numbers").mkdir()
    Path("datasets/numbers/first.gz").write_bytes(PARTS["first.gz"])
    Path("download (1).gz").write_bytes(PARTS["second.gz"])
    assert datasets("get", "numbers", "--from", "download (1).gz") == 0
    assert datasets("verify", "numbers") == 0 and server.asked == []


@pytest.mark.parametrize("name", ["pets", "numbers"])
def test_get_from_nowhere_when_it_is_here(server, said, name):
    assert datasets("get", name, "--yes") == 0
    assert datasets("get", name, "--from", "nowhere") == 2
    assert "there is no file nowhere; give the archive or file as it was downloaded" in said()[1]
    Path("here.zip").write_bytes(b"?")
    assert datasets("get", name, "--from", "here.zip") == 0  # it is not needed


def test_get_of_a_set_of_which_files_are_missing(server, said, tmp_path):
    assert datasets("get", "pets", "--yes") == 0
    Path("datasets/pets/Pets/Dog/0.jpg").unlink()
    Path("good.zip").write_bytes(server.content["pets.zip"])
    server.asked.clear()
    said()
    text = "1 of 3 files are missing; to have all, first remove it (minidl datasets remove pets, or by hand)\n"
    assert datasets("get", "pets") == 0
    assert said()[0] == f"pets is here: {tmp_path}/datasets/pets/Pets, but {text}"
    assert datasets("get", "pets", "--from", "good.zip") == 2
    assert said() == ("", f"minidl: error: pets is here already: {tmp_path}/datasets/pets/Pets, but {text}")
    assert datasets("list") == 0 and " on disk, 1 of 3 files missing; licence: a narrow one\n" in said()[0]
    assert datasets("remove", "pets", "--yes") == datasets("get", "pets", "--from", "good.zip") == 0
    said()
    assert datasets("get", "pets") == 0 and said()[0] == f"pets is here: {tmp_path}/datasets/pets/Pets\n"
    assert server.asked == []


def test_a_set_in_a_layout_that_is_not_known_is_counted_too(server, said, tmp_path):
    Path("datasets/pets/photos").mkdir(parents=True)
    for name in ("a.jpg", "notes.txt"):
        Path("datasets/pets/photos", name).write_bytes(b"?")
    assert datasets("list") == 0 and " on disk, 2 of 3 files missing; licence: a narrow one\n" in said()[0]
    Path("datasets/pets/photos/b.PNG").write_bytes(b"?")
    assert datasets("list") == 0 and " on disk, 1 of 3 files missing; licence: a narrow one\n" in said()[0]


def test_a_set_of_photographs_that_are_no_jpegs_is_found(server, said, tmp_path):
    Path("datasets/pets/Pets/Cat").mkdir(parents=True)
    Path("datasets/pets/Pets/Cat/0.png").write_bytes(b"?")
    assert datasets("path", "pets") == 0 and said()[0] == f"{tmp_path}/datasets/pets\n"


def test_get_looks_at_the_machine_first(server, said, tmp_path, monkeypatch):
    (tmp_path / "course" / "pets" / "Pets" / "Dog").mkdir(parents=True)
    (tmp_path / "course" / "pets" / "Pets" / "Dog" / "1.jpg").write_bytes(b"dog")
    monkeypatch.setenv("MINIDL_DATA", "course")
    assert datasets("get", "pets") == 0
    assert said() == (
        f"pets is here: {tmp_path}/course/pets/Pets, but 2 of 3 files are missing; to have all, first remove it "
        "(minidl datasets remove pets, or by hand)\n",
        "",
    )
    shutil.rmtree("course/pets")
    (tmp_path / "course" / "pets.zip").write_bytes(server.content["pets.zip"])
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert datasets("get", "pets") == 0  # unpacked from there, to where downloads go
    assert said()[0] == f"pets is in {tmp_path}/datasets/pets/Pets\n"
    assert server.asked == [] and names(tmp_path / "course") == ["pets.zip"]


def test_get_a_damaged_file_that_is_here(server, said):
    assert datasets("get", "numbers") == 0
    Path("datasets/numbers/first.gz").write_bytes(b"?")
    said()
    assert datasets("get", "numbers") == 2
    err = said()[1]
    assert "first.gz is not the published file" in err and "verify=False" not in err  # an option of load
    Path("datasets/numbers/second.gz").unlink()
    server.asked.clear()
    assert datasets("get", "numbers") == 2
    assert "first.gz is not the published file" in said()[1] and server.asked == []


def test_get_when_no_mirror_has_it(server, said, tmp_path):
    offer(server, ["403", "500"])
    assert datasets("get", "numbers") == 2
    out, err = said()
    assert out == "" and all(s in err for s in ("minidl: error: first.gz of numbers", "403 Client", "500 Server"))
    assert "Traceback" not in err and "minidl datasets get numbers --from FILE" in err and names(tmp_path) == []


def test_ctrl_c_keeps_the_part(server, said, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        patch.setattr(download_module, "progress", interrupting(KeyboardInterrupt()))
        server.content["pets.zip"] += bytes(2**17)  # more than one block
        offer(server)
        assert datasets("get", "pets", "--yes") == 130
    out, err = said()
    kept = (tmp_path / "datasets" / "downloads" / "pets.zip.part").stat().st_size
    assert f"{kept:,} of " in err and "the same command continues" in err and err.endswith("interrupted\n") and not out
    assert names(tmp_path) == [f"datasets/downloads/pets.zip.part{end}" for end in ("", ".json")]
    assert datasets("remove", "pets", "--yes") == 0 and names(tmp_path) == []


def test_ctrl_c_while_unpacking_leaves_nothing_of_it(server, said, monkeypatch, tmp_path):
    monkeypatch.setattr(archive, "progress", interrupting(KeyboardInterrupt()))
    assert datasets("get", "pets", "--yes") == 130
    assert "nothing of it stays" in said()[1] and names(tmp_path) == ["datasets/downloads/pets.zip"]
    assert datasets("remove", "pets", "--yes") == 0 and names(tmp_path) == []


# -- verify


def test_verify_files(server, said, tmp_path):
    assert datasets("verify", "numbers") == 2
    assert said() == ("", "minidl: numbers is not on this machine; fetch it: minidl datasets get numbers\n")
    assert datasets("get", "numbers") == 0
    Path("datasets/numbers/first.gz").write_bytes(b"?")
    Path("datasets/numbers/second.gz").unlink()
    said()
    assert datasets("verify", "numbers") == 1
    out, err = said()
    assert out.startswith(f"numbers in {tmp_path}/datasets/numbers: 2 problems (")
    assert "first.gz is not the published file: sha256" in out and "  second.gz is missing; fetch it:" in out
    assert err == ""


def test_verify_a_folder(server, said, tmp_path):
    assert datasets("get", "pets", "--yes") == 0
    folder = tmp_path / "datasets" / "pets"
    said()
    assert datasets("verify", "pets") == 0
    assert said()[0] == f"pets in {folder}/Pets: sound (4 files compared with size and checksum in the archive)\n"
    (folder / "Pets" / "Cat" / "0.jpg").write_bytes(b"a rat")
    (folder / "Pets" / "Dog" / "0.jpg").unlink()
    (folder / "read me.txt").write_bytes(b"longer")
    assert datasets("verify", "pets") == 1
    assert said()[0].splitlines() == [
        f"pets in {folder}/Pets: 4 problems (4 files compared with size and checksum in the archive)",
        f"  {folder}/Pets/Dog/*.jpg: 0 files; expected 1",
        "  Pets/Cat/0.jpg has changed: its checksum (CRC-32) is not the recorded one",
        "  Pets/Dog/0.jpg is missing",
        "  read me.txt has 6 bytes; expected 0",
    ]


def test_verify_a_folder_that_minidl_did_not_unpack(server, said, tmp_path):
    assert datasets("get", "pets", "--yes") == 0
    Path("datasets/pets/.minidl.json").unlink()
    said()
    assert datasets("verify", "pets") == 0
    assert "no checksums to compare with" in said()[0]
    shutil.move("datasets/pets/Pets", "datasets/pets/Tiere")
    assert datasets("verify", "pets") == 1
    assert f"{tmp_path}/datasets/pets is laid out in no way that is known of pets" in said()[0]


def test_verify_does_not_print_ten_thousand_lines(server, said):
    assert datasets("get", "pets", "--yes") == 0
    manifest.write(Path("datasets/pets"), "pets", {f"{i}.jpg": (1, 1) for i in range(1000)})
    said()
    assert datasets("verify", "pets") == 1
    out = said()[0].splitlines()
    assert len(out) == 22 and out[-1] == "  and 980 more"


# -- remove


def test_remove_asks(server, said, monkeypatch, tmp_path):
    assert datasets("get", "pets", "--yes") == 0
    before = names(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    said()
    assert datasets("remove", "pets") == 2
    assert said()[1] == "minidl: to remove that without a question, type: minidl datasets remove pets --yes\n"
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert datasets("remove", "pets") == 2 and names(tmp_path) == before
    out, err = said()
    assert out == f"{tmp_path}/datasets/pets: 4 files, 5 kB\n" and err == "Remove that? [y/n] Nothing was done.\n"
    monkeypatch.setattr(sys, "stdin", Terminal("Yes\n"))
    assert datasets("remove", "pets") == 0 and names(tmp_path) == []


def test_remove_keeps_what_is_not_minidls(server, said, tmp_path):
    assert datasets("get", "pets", "--yes") == 0
    Path("datasets/pets/my notes.txt").write_text("mine")
    said()
    assert datasets("remove", "pets", "--yes") == 0
    assert "4 files removed; 1 file kept that minidl did not put there\n" in said()[0]
    assert names(tmp_path) == ["datasets/pets/my notes.txt"]


def test_remove_leaves_alone_what_was_put_there_by_hand(server, said, tmp_path):
    Path("datasets/numbers").mkdir()
    for name, content in PARTS.items():
        Path("datasets/numbers", name).write_bytes(content)
    before = names(tmp_path)
    assert datasets("remove", "numbers", "--yes") == 2
    assert f"minidl did not put numbers there, so it does not remove it: {tmp_path}/datasets/numbers" in said()[1]
    assert names(tmp_path) == before


def decoded(tmp_path, folder, size=8):
    """The two files in the cache for photographs put into a folder."""
    cache = tmp_path / "cache" / "minidl" / "images"
    before = set(cache.glob("*"))
    for name, color in (("Cat", "red"), ("Dog", "blue")):
        (tmp_path / folder / name).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (9, 9), color).save(tmp_path / folder / name / "0.png")
    ImageFolder(tmp_path / folder, size)
    return sorted(set(cache.glob("*")) - before)


def test_remove_takes_the_decoded_photographs_too(server, said, monkeypatch, tmp_path):
    assert datasets("get", "pets", "--yes") == 0
    mine = decoded(tmp_path, "my photographs")
    one, other = decoded(tmp_path, "datasets/pets/Pets"), decoded(tmp_path, "datasets/pets/Pets", 16)
    for name in ("Cat", "Dog"):
        (tmp_path / "datasets" / "pets" / "Pets" / name / "0.png").unlink()
    cache = tmp_path / "cache" / "minidl" / "images"
    size = download_module.size_text(sum(path.stat().st_size for path in one + other))
    said()
    assert len(one) == len(other) == 2 and datasets("list") == 0
    assert f"    {size} of decoded photographs in {cache}\n" in said()[0]
    assert datasets("remove", "pets", "--yes") == 0
    out, _ = said()
    assert f"{size} of decoded photographs in {cache}\n" in out and f"{cache}: 4 files removed\n" in out
    assert sorted(cache.iterdir()) == mine and not Path("datasets/pets").exists()
    assert datasets("list") == 0 and "decoded photographs" not in said()[0]


def test_remove_of_a_set_in_minidl_data_takes_only_what_was_decoded_of_it(server, said, monkeypatch, tmp_path):
    (tmp_path / "course").mkdir()
    monkeypatch.setenv("MINIDL_DATA", "course")
    decoded(tmp_path, "course/pets/Pets")
    Path("course/pets/Pets/Cat/0.jpg").write_bytes(b"?")
    before = names(tmp_path / "course")
    (tmp_path / "cache" / "minidl" / "images" / "damaged.json").write_text("[]")
    assert datasets("remove", "pets", "--yes") == 0
    out = said()[0]
    assert "2 files removed\n" in out and f"kept, because minidl did not put it there: {tmp_path}/course/pets" in out
    assert names(tmp_path / "course") == before and names(tmp_path / "cache") == ["minidl/images/damaged.json"]


@pytest.mark.parametrize("named", ["datasets", "datasets/pets", "datasets/pets/Pets", "."])
def test_remove_never_touches_what_minidl_data_names(server, said, monkeypatch, tmp_path, named):
    assert datasets("get", "pets", "--yes") == 0
    before = names(tmp_path)
    monkeypatch.setenv("MINIDL_DATA", named)
    said()
    assert datasets("remove", "pets", "--yes") == 2
    assert "lies where MINIDL_DATA points to" in said()[1] and names(tmp_path) == before


# -- wrong usage


@pytest.mark.parametrize("action", ["get", "verify", "path", "remove"])
@pytest.mark.parametrize(
    "name, message",
    [
        (None, "the following arguments are required: NAME"),
        ("pest", "unknown dataset 'pest'. Did you mean pets?"),
        ("", "unknown dataset ''. Names: digits"),
        ("../etc/passwd", "unknown dataset '../etc/passwd'. Names:"),
    ],
)
def test_wrong_names(server, said, tmp_path, action, name, message):
    assert datasets(action, *([] if name is None else [name])) == 2
    out, err = said()
    assert out == "" and message in err and "Traceback" not in err and names(tmp_path) == []


@pytest.mark.parametrize(
    "arguments, code, message",
    [
        (["fetch", "pets"], 2, "invalid choice: 'fetch'"),
        (["get", "pets", "--form", "x"], 2, "unrecognized arguments: --form x"),
        (["get", "pets", "--from"], 2, "expected at least one argument"),
        (["get", "pets", "numbers"], 2, "unrecognized arguments: numbers"),
        (["get", "digits"], 0, "digits: comes with scikit-learn; there is nothing to fetch"),
        (["verify", "moons"], 0, "moons: generated; there is nothing to check"),
        (["path", "digits"], 2, "digits has no folder: comes with scikit-learn"),
        (["remove", "moons"], 2, "moons cannot be removed: generated"),
        (["path", "pets"], 2, "pets is not on this machine; fetch it: minidl datasets get pets"),
    ],
)
def test_other_input(server, said, tmp_path, arguments, code, message):
    assert datasets(*arguments) == code
    assert message in "".join(said()) and names(tmp_path) == []


@pytest.mark.parametrize("action", ["list", "get pets", "verify pets", "path pets", "remove pets"])
def test_minidl_data_that_is_no_folder(server, said, monkeypatch, action):
    monkeypatch.setenv("MINIDL_DATA", "nowhere")
    assert datasets(*action.split()) == 2
    assert "MINIDL_DATA=nowhere is not a folder; name one that exists, or unset it" in said()[1]


def test_a_folder_that_may_not_be_read_does_not_end_the_list(server, said, monkeypatch, tmp_path):
    closed = tmp_path / "course" / "numbers"
    (tmp_path / "course").mkdir()
    monkeypatch.setenv("MINIDL_DATA", "course")
    stat = os.stat

    def denied(path, *arguments, **options):
        if isinstance(path, str | Path) and closed in Path(path).parents:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return stat(path, *arguments, **options)

    monkeypatch.setattr(os, "stat", denied)
    assert datasets() == 0
    out, err = said()
    assert "numbers: A test\n    not here" in out and "cat_dog_faces" in out and err == ""


@pytest.mark.parametrize("name", ["numbers", "pets"])
def test_a_file_where_a_folder_should_be(server, said, name):
    (Path("datasets") / ("downloads" if name == "pets" else name)).write_text("")
    assert datasets("get", name, "--yes") == 2
    assert f"{name if name == 'numbers' else 'downloads'}: File exists. Make a folder datasets/ where you" in said()[1]


@pytest.mark.parametrize("name", ["numbers", "pets"])
@pytest.mark.parametrize("given", [[], ["--from", "."]])
def test_a_folder_that_may_not_be_written(server, said, monkeypatch, name, given):
    for file, content in server.content.items():
        Path(file).write_bytes(content)
    opened = os.open

    def denied(path, flags, *arguments, **options):
        if "datasets" in Path(path).parts and flags & os.O_CREAT:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, flags, *arguments, **options)

    monkeypatch.setattr(os, "open", denied)
    assert datasets("get", name, "--yes", *given) == 2
    err = said()[1]
    assert f"datasets/{name if name == 'numbers' else 'downloads'}: Permission denied. Make a folder datasets/" in err
    assert "[Errno" not in err and server.asked == []


def test_as_a_process(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "MINIDL_DATA"} | {"XDG_CACHE_HOME": str(tmp_path / "c")}
    result = subprocess.run(
        [sys.executable, "-m", "minidl", "datasets", "get", "cats_and_dogs"],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=tmp_path, env=environment,
    )  # fmt: skip
    assert result.returncode == 2 and result.stdout == ""
    assert "non-commercial research only" in result.stderr
    assert result.stderr.endswith("To agree and to fetch it, type: minidl datasets get cats_and_dogs --yes\n")
