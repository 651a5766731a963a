"""Records of runs: their names, whole or not at all, and what happens to files that cannot be used."""

import errno
import hashlib
import json
import math
import os
import re
import time

import pytest

from minidl import __version__
from minidl.lab import records
from minidl.lab.records import Store, canonical, key, parsed, without_seconds

SETTINGS = {"problem": {"dataset": "moons", "hidden": [8]}, "optimizer": "SGD", "lr": 0.1, "seed": 0, "test": False}


def record(**changes):
    return {
        "settings": SETTINGS, "versions": records.versions(), "optimizer": "SGD", "lr": 0.1, "hyper": {}, "seed": 0,
        "test": False, "start": "abc", "evaluations": [{"step": 0, "train_loss": math.inf, "seconds": 0.1}],
        "step_losses": [1.0, math.nan, -math.inf], "diverged": True,
    } | changes  # fmt: skip


@pytest.fixture
def store(tmp_path):
    told = []
    store = Store(tmp_path / "runs", tell=told.append)
    store.told = told
    return store


def test_the_name_is_the_hash_of_the_settings_in_one_form():
    text = '{"lr":0.1,"optimizer":"SGD","problem":{"dataset":"moons","hidden":[8]},"seed":0,"test":false}'
    assert canonical(SETTINGS) == text
    assert key(SETTINGS) == hashlib.sha256(text.encode()).hexdigest()
    turned = dict(reversed(SETTINGS.items()))
    assert key(turned) == key(SETTINGS) and key(json.loads(text)) == key(SETTINGS)
    tuples = SETTINGS | {"problem": {"hidden": (8,), "dataset": "moons"}}
    assert key(tuples) == key(SETTINGS)
    others = [SETTINGS | {"lr": 0.1000000000000001}, SETTINGS | {"seed": 1}, SETTINGS | {"more": None}]
    assert len({key(x) for x in [SETTINGS, *others]}) == 4


def test_a_record_comes_back_as_it_was(store):
    path = store.write(record())
    assert path.name == f"{key(SETTINGS)}.json" and list(store.folder.iterdir()) == [path]
    back = store.read(SETTINGS)
    assert repr(back) == repr(json.loads(json.dumps(back))) and repr(back) == repr(record())  # repr: NaN equals NaN
    json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert store.read(SETTINGS | {"seed": 1}) is None and store.told == []


@pytest.mark.parametrize("share", [0, 0.3, 0.999])
def test_a_truncated_record_is_named_and_set_aside(store, share):
    path = store.write(record())
    text = path.read_bytes()
    path.write_bytes(text[: int(share * len(text))])
    assert store.read(SETTINGS) is None
    (told,) = store.told
    assert str(path) in told and ("cut short" in told or "empty" in told) and f"{path.name}.aside1" in told
    assert [p.name for p in store.folder.iterdir()] == [f"{path.name}.aside1"]
    store.write(record())
    assert store.read(SETTINGS) is not None and len(store.told) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ([1, 2], "no record of a run"),
        ("words", "no record of a run"),
        ({"versions": 3}, "no record of a run"),
        (record(versions=records.versions() | {"minidl": "99.0"}), "another version .minidl 99.0, format"),
        (record(versions=records.versions() | {"format": 0}), f"format 0; this is minidl {__version__}"),
        (record(evaluations=None), "evaluations is missing or no list"),
        (record(lr="0.1"), "lr is missing or no float"),
        (record(settings=SETTINGS | {"seed": 7}), "those of another run"),
    ],
)
def test_what_is_no_record_of_this_run_is_set_aside_with_the_reason(store, content, why):
    path = store.write(record())
    path.write_text(canonical(content))
    assert store.read(SETTINGS) is None
    assert not path.exists() and re.search(why, store.told[0])


def test_other_numpy_or_python_do_not_matter_for_reading():
    other = record(versions=records.versions() | {"numpy": "9.9", "python": "4.0"})
    assert parsed(canonical(other).encode())["lr"] == 0.1


def test_files_set_aside_do_not_overwrite_each_other(store):
    for number in (1, 2, 3):
        store.write(record()).write_text(f"broken {number}")
        assert store.read(SETTINGS) is None
    assert sorted(p.read_text() for p in store.folder.iterdir()) == ["broken 1", "broken 2", "broken 3"]


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_a_write_that_fails_leaves_what_was_there_and_no_part(store, monkeypatch, call):
    other = store.write(record(settings=SETTINGS | {"seed": 1}))

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as m:
        m.setattr(os if call == "fsync" else type(other), call, full)
        with pytest.raises(OSError, match="No space left on device; the runs finished before are intact"):
            store.write(record())
    assert list(store.folder.iterdir()) == [other] and store.read(SETTINGS | {"seed": 1})


def test_a_record_is_on_the_disk_before_it_has_its_name(store, monkeypatch):
    order = []
    fsync, replace = os.fsync, type(store.folder).replace
    monkeypatch.setattr(os, "fsync", lambda fd: (order.append("fsync"), fsync(fd)))
    monkeypatch.setattr(type(store.folder), "replace", lambda self, to: (order.append("name"), replace(self, to)))
    store.write(record())
    assert order[:2] == ["fsync", "name"]


def test_a_part_that_a_killed_process_left_is_no_record_and_goes_after_a_day(store):
    store.folder.mkdir()
    old, new = store.folder / f"{key(SETTINGS)}.1.part", store.folder / f"{key(SETTINGS)}.2.part"
    for part in (old, new):
        part.write_text(canonical(record())[:100])
    os.utime(old, (time.time() - 2 * 86400,) * 2)
    assert store.read(SETTINGS) is None and store.told == []
    store.tidy()
    assert list(store.folder.iterdir()) == [new]


def test_without_a_listener_it_is_a_warning(tmp_path):
    store = Store(tmp_path)
    store.write(record()).write_text("{")
    with pytest.warns(UserWarning, match="cut short"):
        assert store.read(SETTINGS) is None


def test_clock_readings_are_what_has_seconds_in_its_name():
    x = {"a": 1, "seconds": 2, "seconds_per_epoch": 3, "rows": [{"train_seconds": 4, "step": 5}]}
    assert without_seconds(x) == {"a": 1, "rows": [{"step": 5}]}
