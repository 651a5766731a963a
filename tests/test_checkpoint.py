"""Checkpoints: a continued run equals an uninterrupted one bit for bit, and a bad file changes nothing."""

import inspect
import os

import numpy as np
import pytest

import minidl
from minidl import Tensor, nn, optim
from minidl.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from minidl.data import DataLoader
from minidl.train import EarlyStopping, History, fit

CE = nn.CrossEntropyLoss()
EPOCHS = 4


def samples(n=23, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 4)).astype(np.float32), rng.integers(0, 3, n)


def parts(name="Adam", seed=0, **settings):
    """Model, loader, optimizer: dropout with a Generator of its own and with the default one, batch norm, schedule."""
    rng = np.random.default_rng(seed)
    model = nn.Sequential(
        nn.Dense(4, 8, rng=rng), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3, rng=seed), nn.Dense(8, 6, rng=rng),
        nn.Dropout(0.2), nn.Dense(6, 3, rng=rng),
    )  # fmt: skip
    settings = settings or {"lr": lambda step: 0.02 / (1 + 0.1 * step)}
    return model, DataLoader(samples(), 8, shuffle=True, seed=3), optim.get(name)(model.parameters(), **settings)


def run(model, loader, optimizer, epochs, **options):
    return fit(model, loader, optimizer, CE, epochs, validation=DataLoader(samples(seed=1), 10), **options)


def picture(model, loader, optimizer, history):
    """Everything a run has come to, for comparing to the bit."""
    state = optimizer.state_dict()
    return {
        "weights": {n: x.tobytes() for n, x in model.state_dict().items()},
        "optimizer": repr(state["param_groups"]) + repr(state["steps"]),
        "state": {n: {k: np.asarray(x).tobytes() for k, x in e.items()} for n, e in state["state"].items()},
        "epoch": loader.epoch,
        "steps": history.steps,
        "epochs": [{k: v for k, v in row.items() if k != "seconds"} for row in history.epochs],
        "random": [repr(r.bit_generator.state) for r in (model[3].rng, minidl.backend.generator())],
    }


def check_resume(tmp_path, make, k):
    minidl.seed(11)
    whole = make()
    expected = picture(*whole, run(*whole, EPOCHS))
    path = tmp_path / "run.safetensors"
    minidl.seed(11)
    first = make()
    run(*first, k, callbacks=[Checkpoint(path)])
    minidl.seed(99)  # as in another process
    second = make()
    second[0][3].rng.random(7)
    model, loader, optimizer = second
    history = load_checkpoint(path, model, optimizer, loader)
    assert len(history) == k
    assert picture(*second, run(*second, EPOCHS, history=history)) == expected


@pytest.mark.parametrize("k", [1, 2, 3])
def test_a_continued_run_equals_an_uninterrupted_one(tmp_path, k):
    check_resume(tmp_path, parts, k)


@pytest.mark.parametrize("name", optim.names())
def test_for_every_optimizer(tmp_path, name):
    if not _fits(name):
        pytest.skip(f"{name}.step needs a closure, which fit does not give")
    check_resume(tmp_path, lambda: parts(name), 2)


def _fits(name):
    step = inspect.signature(optim.get(name).step).parameters.get("closure")
    return step is None or step.default is not inspect.Parameter.empty


SETTINGS = [
    ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
    ("RMSProp", {"lr": 0.01, "momentum": 0.5, "centered": True}),
    ("Adam", {"lr": 0.01, "amsgrad": True, "betas": (0.8, 0.95)}),
]


@pytest.mark.parametrize(("name", "settings"), SETTINGS)
def test_with_optional_state(tmp_path, name, settings):
    check_resume(tmp_path, lambda: parts(name, **settings), 2)


def test_with_groups_and_a_frozen_layer(tmp_path):
    def make():
        model, loader, _ = parts()
        for p in model[4].parameters():
            p.requires_grad = False
        groups = [
            {"params": [p for n, p in model.named_parameters() if "weight" in n], "weight_decay": 0.1},
            {"params": [p for n, p in model.named_parameters() if "bias" in n], "lr": 0.05},
        ]
        return model, loader, optim.Adam(groups, lr=0.01)

    check_resume(tmp_path, make, 2)


@pytest.mark.parametrize("kind", ["PCG64", "MT19937", "Philox", "SFC64"])
def test_every_kind_of_generator_and_one_under_another_name(tmp_path, kind):
    class Noise(nn.Module):
        def __init__(self):
            self.source = np.random.Generator(getattr(np.random, kind)(5))

        def forward(self, x):
            return x + self.source.normal(size=x.shape).astype(np.float32) if self.training else x

    def make():
        model, loader, _ = parts()
        model.layers.insert(4, Noise())
        return model, loader, optim.SGD(model.parameters(), lr=0.1)

    check_resume(tmp_path, make, 2)


def test_a_parameter_without_axes(tmp_path):
    class Scale(nn.Module):
        def __init__(self):
            self.factor = Tensor(1.5, requires_grad=True)

        def forward(self, x):
            return x * self.factor

    def make():
        model, loader, _ = parts()
        model.layers.append(Scale())
        return model, loader, optim.Adam(model.parameters(), lr=0.1)

    check_resume(tmp_path, make, 2)


def test_early_stopping_stops_where_it_would_have(tmp_path):
    def go(*ks):
        minidl.seed(1)
        path, history = tmp_path / f"{len(ks)}", None
        for k in ks:
            model, loader, optimizer = parts()
            if history is not None:
                history = load_checkpoint(path, model, optimizer, loader)
            history = run(model, loader, optimizer, k, history=history, callbacks=[
                EarlyStopping(2, "train_loss", mode="max"), Checkpoint(path),
            ])  # fmt: skip
        return history

    whole, resumed = go(9), go(2, 9)
    assert whole.stopped and whole.stopped == resumed.stopped and whole.steps == resumed.steps


def test_a_loop_of_ones_own_needs_neither_loader_nor_history(tmp_path):
    model, _, optimizer = parts()
    x, y = samples()
    CE(model(x), y).backward()
    optimizer.step()
    save_checkpoint(tmp_path / "c", model, optimizer)
    other, _, its_optimizer = parts(seed=1)
    assert load_checkpoint(tmp_path / "c", other, its_optimizer) == History()
    assert all(np.array_equal(x, other.state_dict()[n]) for n, x in model.state_dict().items())
    assert its_optimizer.steps == 1
    save_checkpoint(tmp_path / "c", model, optimizer, [samples()], History([1.0]))  # a list has no epoch
    assert load_checkpoint(tmp_path / "c", other, its_optimizer, [samples()]).steps == [1.0]


def test_saving_changes_nothing(tmp_path):
    def go(callbacks):
        minidl.seed(1)
        model, loader, optimizer = parts()
        return picture(model, loader, optimizer, run(model, loader, optimizer, 3, callbacks=callbacks))

    assert go([]) == go([Checkpoint(tmp_path / "c")])


# -- the callback


def test_every_so_many_epochs(tmp_path):
    path = tmp_path / "c"
    model, loader, optimizer = parts()
    lengths = []

    def look(state):
        lengths.append(len(load_checkpoint(path, *parts()[::2], DataLoader(samples(), 8))) if path.exists() else 0)

    run(model, loader, optimizer, 5, callbacks=[Checkpoint(str(path), every=2), look])
    assert lengths == [0, 2, 2, 4, 4]
    assert [p.name for p in tmp_path.iterdir()] == ["c"]


def test_the_callback_refuses_nonsense_before_training(tmp_path):
    for every in (0, -1):
        with pytest.raises(ValueError, match=f"Checkpoint: every must be at least 1, got {every}"):
            Checkpoint(tmp_path / "c", every=every)
    with pytest.raises(FileNotFoundError, match=r"Checkpoint: there is no folder .*none; make it first"):
        Checkpoint(tmp_path / "none" / "c")


# -- errors


@pytest.fixture
def saved(tmp_path):
    """A checkpoint, and fresh parts that it fits."""
    model, loader, optimizer = parts()
    run(model, loader, optimizer, 2, callbacks=[Checkpoint(tmp_path / "c")])
    return tmp_path / "c"


def unchanged_after(error, match, path, model, loader, optimizer):
    before = picture(model, loader or DataLoader(samples(), 8), optimizer, History())
    with pytest.raises(error, match=match):
        load_checkpoint(path, model, optimizer, loader)
    assert picture(model, loader or DataLoader(samples(), 8), optimizer, History()) == before


def test_the_fixture_fits(saved):
    model, loader, optimizer = parts(seed=1)
    assert len(load_checkpoint(saved, model, optimizer, loader)) == 2 and loader.epoch == 2


def test_files_that_are_no_checkpoint(saved, tmp_path):
    model, loader, optimizer = parts(seed=1)
    content = saved.read_bytes()
    foreign = tmp_path / "foreign"
    for broken in (b"", b"PK\x03\x04 a zip file", content[:100], content[:-1], bytes(64)):
        foreign.write_bytes(broken)
        unchanged_after(ValueError, "foreign is no safetensors file, or a damaged", foreign, model, loader, optimizer)
    model.save(foreign)
    unchanged_after(ValueError, r"foreign is no checkpoint.*Module\.load", foreign, model, loader, optimizer)
    unchanged_after(FileNotFoundError, "no weight file at", tmp_path / "none", model, loader, optimizer)


def test_a_checkpoint_is_no_weight_file(saved):
    model = parts(seed=1)[0]
    before = model.state_dict()
    with pytest.raises(ValueError, match=r"is the checkpoint of a run: minidl\.checkpoint\.load_checkpoint reads it"):
        model.load(saved)
    assert all(np.array_equal(x, before[n]) for n, x in model.state_dict().items())


def test_another_model_changes_nothing(saved):
    _, loader, _ = parts()
    rng = np.random.default_rng(0)

    def other(*layers):
        model = nn.Sequential(*layers)
        return model, optim.Adam(model.parameters(), lr=0.1)

    same_parameters = [
        nn.Dense(4, 8, rng=rng), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3, rng=0), nn.Dense(8, 6), nn.Dropout(0.2),
        nn.Dense(6, 3),
    ]  # fmt: skip
    model, optimizer = other(*same_parameters)
    model.extra = np.zeros(3)  # a buffer more: the optimizer's state fits, the model's does not
    unchanged_after(ValueError, "missing: extra", saved, model, loader, optimizer)
    del model.extra
    model, optimizer = other(*same_parameters[:4], nn.Dense(8, 5), nn.Dropout(0.2), nn.Dense(5, 3))
    unchanged_after(ValueError, r"4\.weight: has shape \(8, 6\), expected \(8, 5\)", saved, model, loader, optimizer)
    own = other(*same_parameters[:5], nn.Dropout(0.2, rng=1), same_parameters[6])
    unchanged_after(ValueError, r"has the states of 2 Generators \(PCG64, PCG64\), here", saved, own[0], loader, own[1])
    mt = nn.Dropout(0.3, rng=np.random.Generator(np.random.MT19937(0)))
    own = other(*same_parameters[:3], mt, *same_parameters[4:])
    unchanged_after(ValueError, r"states of 2 Generators.*MT19937", saved, own[0], loader, own[1])


def test_another_optimizer_changes_nothing(saved):
    model, loader, _ = parts(seed=1)
    unchanged_after(ValueError, "the state is of Adam, this optimizer is AdaGrad", saved, model, loader,
                    optim.AdaGrad(model.parameters()))  # fmt: skip
    halves = optim.Adam([{"params": model[:3].parameters()}, {"params": model[3:].parameters()}])
    unchanged_after(ValueError, "the state is for the parameter groups", saved, model, loader, halves)


def test_a_missing_or_unfit_loader_changes_nothing(saved):
    model, _, optimizer = parts(seed=1)
    for loader in (None, [samples()]):
        unchanged = [x.copy() for x in model.state_dict().values()]
        with pytest.raises(ValueError, match="was written with a DataLoader; give load_checkpoint the loader, got"):
            load_checkpoint(saved, model, optimizer, loader)
        assert all(np.array_equal(a, b) for a, b in zip(unchanged, model.state_dict().values(), strict=True))
        assert optimizer.steps == 0


def test_settings_that_json_cannot_hold_raise_when_saving(tmp_path):
    class Odd(optim.SGD):
        def state_dict(self):
            return {**super().state_dict(), "odd": object()}

    model, loader, _ = parts()
    with pytest.raises(TypeError, match="a checkpoint cannot hold <object"):
        save_checkpoint(tmp_path / "c", model, Odd(model.parameters(), lr=0.1), loader, History())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("failing", ["replace", "fdopen"])
def test_a_failure_while_writing_leaves_the_old_checkpoint(saved, monkeypatch, failing):
    old = saved.read_bytes()
    model, loader, optimizer = parts()
    monkeypatch.setattr(os, failing, lambda *a, **k: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space left"):
        run(model, loader, optimizer, 1, callbacks=[Checkpoint(saved)])
    monkeypatch.undo()
    assert saved.read_bytes() == old and [p.name for p in saved.parent.iterdir()] == ["c"]


def test_folder_that_does_not_exist(tmp_path):
    model, loader, optimizer = parts()
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*none to write c into; make it first"):
        save_checkpoint(tmp_path / "none" / "c", model, optimizer, loader, History())
