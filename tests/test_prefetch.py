"""DataLoader(transform=, prefetch=): the same batches however they are made, and no thread that outlives its epoch."""

import _thread
import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minidl
from minidl import nn, optim
from minidl.backend import device_of, to_numpy
from minidl.data import ArrayDataset, Compose, DataLoader, Normalize, RandomCrop, RandomFlip, ToFloat
from minidl.train import evaluate


def make_data(n=50, h=6):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (n, h, h, 3), dtype=np.uint8), np.arange(n)


def with_noise(x, rng):
    return ToFloat()(x) + rng.random(x.shape, np.float32)


def workers():
    return [t for t in threading.enumerate() if t.name.startswith("minidl-prefetch")]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    assert not workers()
    yield
    assert not workers()


def same(a, b):
    """Whether two lists of batches are equal to the bit."""
    pairs = [(x, z) for p, q in zip(a, b, strict=True) for x, z in zip(p, q, strict=True)]
    return all(x.dtype == z.dtype and np.array_equal(x, z) for x, z in pairs)


# -- the transform


class Recorder:
    """A transform that notes a number of each Generator that it gets, and changes nothing."""

    def __init__(self):
        self.draws = []

    def __call__(self, x, rng):
        self.draws.append(int(rng.integers(10**9)))
        return x

    def of(self, loader):
        """The draws of the loader's next epoch."""
        self.draws = []
        list(loader)
        return self.draws


def test_the_generator_is_a_function_of_seed_epoch_and_batch():
    note, seen = Recorder(), {}
    for seed in (0, 1):
        loader = DataLoader(make_data(), 16, seed=seed, transform=note)
        seen |= {(seed, epoch): note.of(loader) for epoch in range(3)}
    everything = [draw for draws in seen.values() for draw in draws]
    assert len(set(everything)) == len(everything) == 2 * 3 * 4
    assert int(np.random.default_rng(1).integers(10**9)) not in everything

    loader = DataLoader(make_data(), 16, shuffle=True, seed=1, transform=note)
    loader.set_epoch(2)
    next(iter(loader))  # broken off
    assert note.draws[-1] == seen[1, 2][0]
    list(loader)  # epoch 3
    loader.set_epoch(1)
    assert note.of(loader) == seen[1, 1]


def test_the_transforms_numbers_are_pinned():
    """Recorded from the first version: a change of these numbers changes every published run."""
    note = Recorder()
    loader = DataLoader(make_data(), 25, transform=note)
    assert [note.of(loader), note.of(loader)] == [[17224579, 596679785], [484637276, 400141490]]


def test_the_transform_changes_x_alone():
    x, y = make_data()
    for options in ({}, {"shuffle": True}, {"prefetch": 2}, {"device": "cpu"}):
        for a, b in DataLoader((x, y), 16, transform=ToFloat(), **options):
            assert a.dtype == np.float32 and np.array_equal(a, x[b] / np.float32(255))
    three = DataLoader((x, y, y + 1), 16, transform=ToFloat())
    assert all((c == b + 1).all() for _, b, c in three)
    (only,) = next(iter(DataLoader(x, 16, transform=ToFloat())))
    assert only.dtype == np.float32
    in_place = DataLoader((x, y), 16, transform=lambda x, rng: np.multiply(x, 0, out=x))
    with pytest.raises(ValueError, match="read-only"):
        list(in_place)
    assert x.any()


@pytest.mark.parametrize("prefetch", [0, 2])
@pytest.mark.parametrize(
    "transform, error, message",
    [
        (lambda x, rng: x[:-1], ValueError, r"made shape \(15, 6, 6, 3\) of a batch \(16, 6, 6, 3\).* of the 16"),
        (lambda x, rng: None, TypeError, "gave a NoneType, expected an array"),
        (np.sin, TypeError, "return arrays must be of ArrayType"),  # NumPy's functions do not say what they take
    ],
)
def test_transforms_that_do_not_fit(transform, error, message, prefetch):
    with pytest.raises(error, match=message):
        list(DataLoader(make_data(), 16, transform=transform, prefetch=prefetch))


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"transform": 3}, TypeError, r"transform is 3; expected a function of \(x, rng\)"),
        ({"transform": ToFloat}, TypeError, r"make one of the class: ToFloat\(\.\.\.\)"),
        ({"transform": lambda x: x}, TypeError, r"function of \(x, rng\), which .*too many .*: lambda x, rng: \.\.\."),
        ({"prefetch": -1}, ValueError, "prefetch=-1"),
        ({"prefetch": 1.5}, TypeError, "prefetch=1.5"),
        ({"prefetch": True}, TypeError, "prefetch=True"),
    ],
)
def test_options_that_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        DataLoader(make_data(), 2, **options)


# -- the same batches, prefetched or not


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(1, 30), batch_size=st.integers(1, 32), prefetch=st.integers(1, 40), shuffle=st.booleans(),
    drop_last=st.booleans(), transform=st.sampled_from([None, with_noise]),
)  # fmt: skip
def test_prefetch_changes_nothing(n, batch_size, prefetch, **options):
    if options["drop_last"] and batch_size > n:
        return
    data = make_data(n, 2)
    plain = DataLoader(data, batch_size, seed=3, **options)
    ahead = DataLoader(data, batch_size, seed=3, prefetch=prefetch, **options)
    assert len(plain) == len(ahead)
    for _ in range(2):
        assert same(list(plain), list(ahead)) and not workers()
    assert plain.epoch == ahead.epoch == 2


def test_two_iterators_at_once_are_independent():
    options = {"shuffle": True, "transform": with_noise, "seed": 5}
    plain, ahead = (DataLoader(make_data(), 8, prefetch=p, **options) for p in (0, 3))
    expected = [list(plain), list(plain)]
    first, second = iter(ahead), iter(ahead)
    pairs = list(zip(second, first, strict=True))
    assert same([a for _, a in pairs], expected[0]) and same([b for b, _ in pairs], expected[1])
    ahead.set_epoch(0)
    running = iter(ahead)
    next(running)
    ahead.set_epoch(7)  # the epoch that runs goes on as it began
    assert same([expected[0][0], *running], expected[0])


def test_at_most_so_many_are_made_ahead():
    made, at_work = [], threading.Event()

    def note(x, rng):
        made.append(len(x))
        at_work.set()
        return x

    loader = DataLoader(make_data(100), 5, transform=note, prefetch=3)
    iterator = iter(loader)
    assert not workers() and not made  # nothing happens before it is asked for
    for i in range(20):
        next(iterator)
        deadline = time.monotonic() + 5
        while len(made) < min(i + 4, 20) and time.monotonic() < deadline:
            time.sleep(0.001)
        assert len(made) == min(i + 4, 20)
        if i < 16:
            time.sleep(0.002)
            assert len(made) == i + 4
    assert len(workers()) == 1
    assert next(iterator, None) is None and not workers()


def test_batches_are_made_while_the_loop_works():
    here = []
    loader = DataLoader(make_data(), 5, transform=lambda x, rng: (here.append(threading.get_ident()), x)[1], prefetch=2)
    list(loader)
    assert len(set(here)) == 1 and here[0] != threading.get_ident()


def test_errstate_reaches_the_thread():
    divide = lambda x, rng: np.float32(1) / ToFloat()(x * 0)
    for prefetch in (0, 2):
        with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
            list(DataLoader(make_data(), 8, transform=divide, prefetch=prefetch))
        with np.errstate(divide="ignore"):
            assert len(list(DataLoader(make_data(), 8, transform=divide, prefetch=prefetch))) == 7


def test_batches_for_a_device(fake_cupy):
    x, y = make_data()
    options = {"shuffle": True, "transform": Normalize(0.5, 0.25), "seed": 2}
    plain = list(DataLoader((x, y), 16, **options))
    for device in ("cuda", "cuda:1"):
        for data, where in (((x, y), device), (ArrayDataset(x, y).to(device), None)):
            batches = list(DataLoader(data, 16, device=where, prefetch=2, **options))
            assert all(device_of(a) == device for batch in batches for a in batch)
            assert same([[to_numpy(a) for a in batch] for batch in batches], plain)


# -- the end


def test_break_and_errors_in_the_loop_end_the_thread():
    loader = DataLoader(make_data(), 4, transform=with_noise, prefetch=3)
    for _ in loader:
        assert workers()
        break
    assert not workers()
    with pytest.raises(ZeroDivisionError):
        for _ in loader:
            1 / 0  # noqa: B018
    assert not workers()
    iterator = iter(loader)
    next(iterator)
    iterator.close()
    assert not workers() and next(iterator, None) is None
    iterator = iter(loader)
    next(iterator)
    del iterator
    assert not workers()
    iter(loader)  # dropped before its first batch


@pytest.mark.parametrize("error", [ValueError("at batch 2"), StopIteration("at batch 2"), SystemExit("at batch 2")])
def test_an_error_in_the_transform_is_raised_at_its_batch(error):
    def fail_at_two(x, rng):
        calls.append(1)
        if len(calls) == 3:
            raise error
        return x

    for prefetch in (0, 1, 4):
        calls, got = [], []
        with pytest.raises((type(error), RuntimeError)) as caught:
            for batch in DataLoader(make_data(), 4, transform=fail_at_two, prefetch=prefetch):
                got.append(batch)
        assert len(got) == 2 and not workers()
        text = "".join(traceback.format_exception(caught.value))
        assert "at batch 2" in text and "in fail_at_two" in text
        if isinstance(error, StopIteration):  # else the epoch would look as if it were over
            assert caught.type is RuntimeError


def test_an_error_in_the_dataset_is_raised_too():
    class Broken:
        def __len__(self):
            return 10

        def __getitem__(self, index):
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(DataLoader(Broken(), 4, prefetch=2))


def test_a_slow_loop_does_not_deadlock_at_the_end():
    for count in (1, 2, 13, 50):
        iterator = iter(DataLoader(make_data(), 4, prefetch=count))
        next(iterator)
        time.sleep(0.01)  # the thread has nothing to do any more, or waits until there is room
        del iterator
        assert not workers()


def test_what_waits_is_not_made_after_the_end():
    made = []
    for _ in DataLoader(make_data(), 2, transform=lambda x, rng: (made.append(time.sleep(0.01)), x)[1], prefetch=20):
        break
    assert 1 <= len(made) <= 5


def test_the_garbage_collector_may_close_an_iterator_in_its_own_thread(monkeypatch):
    """An iterator in a cycle is freed by whichever thread collects, also by the one that it would wait for."""
    dropped, collected, problems = threading.Event(), threading.Event(), []
    monkeypatch.setattr(sys, "unraisablehook", problems.append)

    def collect(x, rng):
        if x[0, 0, 0, 0]:  # the second batch
            assert dropped.wait(10)
            gc.collect()
            collected.set()
        return x

    x = np.repeat(np.arange(10, dtype=np.uint8), 4).reshape(10, 2, 2, 1)
    cycle = [iter(DataLoader(x, 1, transform=collect, prefetch=1))]
    cycle.append(cycle)
    gc.disable()
    try:
        next(cycle[0])
        del cycle
        dropped.set()
        assert collected.wait(10)
    finally:
        gc.enable()
    deadline = time.monotonic() + 10
    while workers() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert not workers() and not problems


@pytest.mark.parametrize("times", [1, 5])
def test_ctrl_c_while_waiting_for_a_batch(times):
    def interrupt(x, rng):
        made.append(len(x))
        if 2 <= len(made) < 2 + times:
            _thread.interrupt_main()
        time.sleep(0.02)
        return x

    made, impatient = [], times > 1  # a second Ctrl-C ends the wait for the thread, which ends after its batch
    with pytest.raises(KeyboardInterrupt):
        for _ in DataLoader(make_data(), 4, transform=interrupt, prefetch=2):
            pass
    deadline = time.monotonic() + 5
    while impatient and workers() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert not workers()


def test_a_script_that_ends_or_is_interrupted_in_the_middle(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, threading, time\n"
        "import numpy as np\n"
        "from minidl.data import DataLoader\n"
        "slow = lambda x, rng: (time.sleep(0.02), x)[1]\n"
        "iterator = iter(DataLoader(np.zeros((100, 4)), 1, transform=slow, prefetch=5))\n"
        "next(iterator)\n"
        "if sys.argv[1] == 'wait':\n"
        "    print('ready', flush=True)\n"
        "    for _ in iterator: pass\n"
        "    time.sleep(30)\n"
        "sys.exit(7)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(minidl.__file__).parent.parent)}
    options = {"env": environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    done = subprocess.run([sys.executable, script, "end"], timeout=30, check=False, **options)
    assert (done.returncode, done.stderr) == (7, "")
    if sys.platform != "win32":
        process = subprocess.Popen([sys.executable, script, "wait"], **options)
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == -signal.SIGINT and errors.strip().endswith("KeyboardInterrupt")
        assert errors.count("Traceback") == 1


# -- memory-mapped sets


@pytest.fixture
def mapped(tmp_path):
    x, y = make_data(40)
    np.save(tmp_path / "x.npy", x)
    return x, y, np.load(tmp_path / "x.npy", mmap_mode="r")


@pytest.mark.parametrize("options", [{}, {"shuffle": True}, {"shuffle": True, "prefetch": 2, "transform": with_noise}])
def test_a_memory_mapped_set_gives_the_same_batches(mapped, options):
    x, y, m = mapped
    batches = list(DataLoader((m, y), 7, **options))
    assert same(batches, list(DataLoader((x, y), 7, **options)))
    assert all(type(a) is np.ndarray for batch in batches for a in batch)


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux")
def test_a_memory_mapped_set_is_never_copied_whole(tmp_path):
    """An epoch over 48 MiB in a process of its own: what it holds beside the file grows by a few batches."""
    path = tmp_path / "x.npy"
    x = np.lib.format.open_memmap(path, "w+", np.uint8, (4096, 64, 64, 3))
    del x  # a file with holes: it takes no room on the disk
    script = (
        "import re, sys\n"
        "import numpy as np\n"
        "from minidl.data import *\n"
        "def anonymous():\n"
        "    return int(re.search(r'Anonymous: +(\\d+) kB', open('/proc/self/smaps_rollup').read())[1]) / 1024\n"
        "x = np.load(sys.argv[1], mmap_mode='r')\n"
        "t = Compose([RandomFlip(), RandomCrop(), Normalize.of(x)])\n"
        "start = anonymous()\n"
        "print(start, max(anonymous() for _ in DataLoader(x, 32, True, transform=t, prefetch=2)) - start)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(minidl.__file__).parent.parent)}
    shown = subprocess.run(
        [sys.executable, "-c", script, path], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert float(shown.split()[1]) < 24  # MiB; a batch in float32 has 1.5


# -- training


def test_fit_and_evaluate_take_such_a_loader():
    x, y = make_data(60)
    y %= 2
    results = []
    for prefetch in (0, 2):
        augment = Compose([RandomFlip(), RandomCrop(1), Normalize.of(x)])
        train = DataLoader((x, y), 16, shuffle=True, transform=augment, prefetch=prefetch)
        plain = DataLoader((x, y), 25, transform=Normalize.of(x), prefetch=prefetch)
        model = nn.Sequential(nn.Flatten(), nn.Dense(108, 8, rng=0), nn.ReLU(), nn.Dense(8, 2, rng=1))
        loss = nn.CrossEntropyLoss()
        history = minidl.fit(model, train, optim.Adam(model.parameters()), loss, 3, plain, progress=False)
        assert not workers()
        results.append((history.steps, history["validation_loss"], evaluate(model, plain, loss)))
    assert results[0] == results[1]


def test_fit_that_is_stopped_leaves_no_thread():
    class Stop:
        def __call__(self, run):
            pass

        def on_step(self, run):
            if len(run.history.steps) == 2:
                if self.error is not None:
                    raise self.error
                run.stop = "enough"

    for error in (None, ZeroDivisionError(), KeyboardInterrupt()):
        stop = Stop()
        stop.error = error
        loader = DataLoader(make_data(60), 8, transform=with_noise, prefetch=3)
        model = nn.Sequential(nn.Flatten(), nn.Dense(108, 60, rng=0))
        optimizer = optim.SGD(model.parameters(), 0.01)
        with pytest.raises(ZeroDivisionError) if isinstance(error, ZeroDivisionError) else contextlib.nullcontext():
            minidl.fit(model, loader, optimizer, nn.CrossEntropyLoss(), 2, callbacks=[stop], progress=False)
        assert not workers()
