"""The airfoil data: numbers to predict, from a file that is found or downloaded; here mostly from a generated one."""

import dataclasses
import hashlib

import numpy as np
import pytest
import unruly_server
from test_datasets import real_folder

import minidl
from minidl import cli, nn, optim
from minidl.data import DATASETS, DataLoader, RemoteFile, airfoil_table, load, standardize
from minidl.train import evaluate

NAME = "airfoil_self_noise.dat"


def made_up(rows=1503):
    """A table of the same shape: five columns of very different units, and a linear function of them with noise."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0.5, 1, (rows, 5)) * [9000, 20, 0.3, 70, 0.05]
    y = 150 - x @ [0.001, 0.3, 30, -0.1, 100] + rng.normal(0, 1, rows)
    return np.column_stack([x, y])


def text(table, between="\t", end="\r\n"):
    return "".join(between.join(f"{v:.6g}" for v in row) + end for row in table)


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Where the file belongs; it holds made-up numbers, as the published one has them: with tabs and CR LF."""
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path))
    file = tmp_path / "airfoil" / NAME
    file.parent.mkdir()
    file.write_bytes(text(made_up()).encode())
    return file


def linear_regression(x, y, batch_size, epochs, seed=0, **settings):
    """Half the mean squared error of a linear model after training, over all of x and y."""
    minidl.seed(seed)
    model = nn.Dense(5, 1)
    model.weight.data *= 0.01  # as good as a start at zero
    optimizer, mse = optim.SGD(model.parameters(), **settings), nn.MSELoss()
    loader = DataLoader((x, y), batch_size, shuffle=True, seed=seed)
    for _ in range(epochs):
        for bx, by in loader:
            loss = 0.5 * mse(model(bx), by)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return 0.5 * evaluate(model, DataLoader((x, y), 500), mse)["loss"]


def least(x, y):
    """What linear_regression can reach, from the normal equations."""
    ones = np.column_stack([x.astype(float), np.ones(len(x))])
    return float(np.mean((ones @ np.linalg.lstsq(ones, y.astype(float))[0] - y) ** 2) / 2)


def test_the_table_is_the_file(path):
    table = airfoil_table(verify=False)
    assert table.shape == (1503, 6) and table.dtype == np.float32
    assert np.allclose(table, made_up(), rtol=1e-5, atol=0)


@pytest.mark.parametrize("between, end", [("\t", "\n"), ("  ", "\n"), ("\t", "\r\n\r\n")])
def test_other_line_ends_and_spaces_are_read(path, between, end):
    before = airfoil_table(verify=False)
    path.write_bytes(text(made_up(), between, end).encode())
    assert np.array_equal(airfoil_table(verify=False), before)


def test_the_parts_hold_every_row_once_with_its_own_number(path):
    data = load("Airfoil", verify=False)
    parts = (data.train, data.validation, data.test)
    assert [len(part) for part in parts] == [901, 301, 301]
    assert all(part.x.dtype == part.y.dtype == np.float32 for part in parts)
    assert all(part.x.shape[1:] == (5,) and part.y.shape[1:] == (1,) for part in parts)
    rows = np.concatenate([np.column_stack([part.x, part.y]) for part in parts])
    table = airfoil_table(verify=False)
    assert not np.array_equal(rows, table)  # in random order
    assert sorted(rows.tolist()) == sorted(table.tolist())
    assert data.name == "airfoil" and data.classes == () and "NASA" in data.source


def test_the_split_is_fixed_by_its_seed(path):
    first, again, other = (load("airfoil", verify=False, seed=seed) for seed in (0, 0, 1))
    for part in ("train", "validation", "test"):
        assert np.array_equal(getattr(first, part).x, getattr(again, part).x)
        assert not np.array_equal(getattr(first, part).y, getattr(other, part).y)


def test_a_linear_model_learns_it(path):
    (table,) = standardize(airfoil_table(verify=False))
    x, y = table[:1500, :5], table[:1500, 5:]
    reached = linear_regression(x, y, 10, 5, lr=0.01)
    assert least(x, y) < reached < 1.05 * least(x, y) < 0.1  # at the start it is near 0.5


# -- wrong files


def test_another_file_is_not_taken_for_the_published_one(path):
    for read in (airfoil_table, lambda: load("airfoil")):
        with pytest.raises(ValueError, match=r"is not the published file: sha256 .*; expected .*74c75f.*verify=False"):
            read()


GOOD = text(made_up())


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "holds 0 rows of 0; expected 1,503 rows of 6 finite numbers"),
        (b"\r\n\r\n", "holds 0 rows of 0"),
        (b"<!DOCTYPE html>\n<p>Not found</p>\n", r"is no table of numbers \(could not convert string '<!DOCTYPE'"),
        (b"\x1f\x8b\x08\xff", "is no table of numbers .*codec"),
        (text(made_up(1502)).encode(), "holds 1,502 rows of 6; expected 1,503 rows of 6"),
        (text(made_up(1504)).encode(), "holds 1,504 rows of 6"),
        (text(made_up()[:, :5]).encode(), "holds 1,503 rows of 5; expected"),
        (GOOD[:-12].encode(), "is no table of numbers .*columns changed from 6 to 5 at row 1503"),  # cut off
        (("# f a c u s p\n" + GOOD).encode(), "could not convert string '#'"),
        (GOOD.replace("\t", ",").encode(), "could not convert string"),
        (text([*made_up()[:6], [1, 2, np.nan, 4, 5, 6], *made_up()[7:]]).encode(), "row 7, column 3 is nan; expected"),
        (text([*made_up()[:1502], [1, 2, 3, 4, 5, -np.inf]]).encode(), "row 1503, column 6 is -inf"),
        (text([[1e39, 2, 3, 4, 5, 6], *made_up()[1:]]).encode(), "row 1, column 1 is inf"),  # beyond float32
    ],
    ids=range(13),
)
@pytest.mark.filterwarnings("error")
def test_wrong_content(path, content, message):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        load("airfoil", verify=False)
    assert str(path) in str(caught.value) and "fetch it again" in str(caught.value)


# -- where it is


@pytest.fixture
def known(path, monkeypatch):
    """The made-up file as if it were the published one."""
    content = path.read_bytes()
    file = RemoteFile(NAME, len(content), f"sha256:{hashlib.sha256(content).hexdigest()}")
    monkeypatch.setitem(DATASETS, "airfoil", dataclasses.replace(DATASETS["airfoil"], files=(file,)))
    return content


@pytest.mark.parametrize("folder", ["named/airfoil", "named", "datasets/airfoil", "cache/minidl/airfoil"])
def test_found_like_the_others(known, path, tmp_path, monkeypatch, folder):
    pytest.importorskip("pooch")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    path.unlink()
    (tmp_path / "named").mkdir()
    monkeypatch.setenv("MINIDL_DATA", "named")
    with pytest.raises(FileNotFoundError, match=f"{NAME} of airfoil is not in .*named, .*datasets, .*minidl"):
        load("airfoil", download=False)
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / folder / NAME).write_bytes(known)
    assert len(load("airfoil", download=False).train) == 901


def test_downloaded_from_the_second_mirror(known, path, tmp_path, monkeypatch):
    pytest.importorskip("pooch")
    path.unlink()
    (tmp_path / "datasets").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MINIDL_DATA")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    with unruly_server.running() as server:
        server.content = {NAME: known}
        mirrors = (f"{server.address}/404/", f"{server.address}/good/")
        monkeypatch.setitem(DATASETS, "airfoil", dataclasses.replace(DATASETS["airfoil"], mirrors=mirrors))
        assert len(load("airfoil").test) == 301
    assert (tmp_path / "datasets" / "airfoil" / NAME).read_bytes() == known
    assert len(load("airfoil").test) == 301  # no server any more


def test_the_command_lists_and_verifies_it(known, path, capsys):
    pytest.importorskip("pooch")
    assert cli.main(["datasets"]) == cli.main(["datasets", "verify", "airfoil"]) == 0
    out = capsys.readouterr().out
    assert f"airfoil: {DATASETS['airfoil'].title}\n    here: {path.parent}\n" in out and "licence: CC BY 4.0" in out
    assert f"airfoil in {path.parent}: sound" in out


# -- the real file


def test_real_file_and_the_losses_of_the_course():
    """Dive into Deep Learning 7.3 and 7.4 print 0.2428 (plain) and 0.2429 (momentum) after two epochs in tens."""
    real_folder("airfoil")
    table = airfoil_table()
    assert table[0].tolist() == pytest.approx([800, 0, 0.3048, 71.3, 0.00266337, 126.201], rel=1e-6)
    assert [len(part) for part in (load("airfoil").train, load("airfoil").test)] == [901, 301]
    (table,) = standardize(table)
    x, y = table[:1500, :5], table[:1500, 5:]
    assert least(x, y) == pytest.approx(0.2417, abs=5e-5)
    for rate, momentum in ((0.05, 0.0), (0.004, 0.9)):
        losses = [linear_regression(x, y, 10, 2, seed, lr=rate, momentum=momentum) for seed in range(5)]
        assert min(losses) > 0.2416 and np.median(losses) == pytest.approx(0.2435, abs=0.002)
