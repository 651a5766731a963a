"""The two examples on cats and dogs, in this process: from a folder to a photograph's class, and wrong input."""

import importlib
import re
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import minidl
from minidl import data, nn

EXAMPLES = Path(__file__).parents[1] / "examples"
FILES = {"weights.safetensors", "training.png", "mistakes.png"}


@pytest.fixture(scope="module")
def script():
    sys.path.insert(0, str(EXAMPLES))
    yield importlib.import_module("train_cat_vs_dog")
    sys.path.remove(str(EXAMPLES))


@pytest.fixture(scope="module")
def tricks(script):
    return importlib.import_module("cat_vs_dog_tricks")


@pytest.fixture(autouse=True)
def no_photographs_here(tmp_path, monkeypatch):
    monkeypatch.delenv("MINIDL_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def make_folder(root: Path, classes: dict[str, tuple[int, int, int]], n: int = 20, suffix: str = "png") -> Path:
    """n pictures of each class, in a folder of its name: its colour with noise, 40 x 30 pixels."""
    rng = np.random.default_rng(0)
    for name, colour in classes.items():
        (root / name).mkdir(parents=True)
        for i in range(n):
            pixels = np.clip(colour + rng.normal(0, 40, (30, 40, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(root / name / f"photo {i}.{suffix}")
    return root


COLOURS = {"blue": (60, 60, 180), "red": (180, 60, 60)}


@pytest.fixture
def folder(tmp_path):
    return make_folder(tmp_path / "photographs", COLOURS)


def run(module, monkeypatch, *arguments: str) -> int:
    """The exit code of an example, at its smallest."""
    smallest = {"train_cat_vs_dog": ["--size", "32"], "cat_vs_dog_tricks": ["--rows", "plain MLP"]}[module.__name__]
    monkeypatch.setattr(sys, "argv", [f"{module.__name__}.py", "--quick", *smallest, *arguments])
    return module.main()


def test_without_photographs_it_draws_faces_says_so_and_leaves_its_files(script, tmp_path, capsys):
    assert script.main(["--quick", "--size", "32", "--out", "out"]) == 0
    text = capsys.readouterr().out
    assert "drawn faces" in text
    assert "minidl datasets get cats_and_dogs" in text
    assert {p.name for p in (tmp_path / "out").iterdir()} == FILES
    x, _ = data.make_cat_dog_faces(2, 50)
    Image.fromarray(x[0]).save("my cat.png")
    assert script.main(["--out", "out", "--predict", "my cat.png"]) == 0
    text = capsys.readouterr().out
    assert "trained on drawn faces" in text
    assert re.search(r"^my cat\.png: (cat|dog), \d+\.\d%$", text, re.MULTILINE)


def fetched(root: Path) -> Path:
    """The folder of photographs where `minidl datasets get` would put it, for MINIDL_DATA."""
    classes = {"Cat": COLOURS["red"], "Dog": COLOURS["blue"]}
    return make_folder(root / "cats_and_dogs/PetImages", classes, n=20, suffix="jpg")


@pytest.mark.parametrize("example", ["script", "tricks"])
def test_the_set_that_is_on_this_machine_is_taken_and_its_report_shown(request, example, tmp_path, monkeypatch, capsys):
    folder = fetched(tmp_path / "sets")
    (folder / "Cat/empty.jpg").touch()
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path / "sets"))
    assert run(request.getfixturevalue(example), monkeypatch, "--out", "out") == 0
    text = capsys.readouterr().out
    assert "40 pictures (20 Cat, 20 Dog). Skipped 1 file" in text
    assert "drawn faces" not in text


def test_a_folder_that_cannot_be_written_to_is_told_before_training(script, monkeypatch, capsys):
    def refuse(dir):
        raise PermissionError(13, "Permission denied", str(dir))

    monkeypatch.setattr(script.tempfile, "TemporaryFile", refuse)
    assert script.main(["--out", "out"]) == 2
    assert capsys.readouterr() == ("", "train_cat_vs_dog: [Errno 13] Permission denied: 'out'\n")


@pytest.fixture
def figures(script, monkeypatch):
    """Every figure that an example saves, by its file's name."""
    saved = {}
    savefig = script.Figure.savefig

    def keep(figure, path, **options):
        saved[path.name] = figure
        savefig(figure, path, **options)

    monkeypatch.setattr(script.Figure, "savefig", keep)
    return saved


def guessing(axes):
    (line,) = [line for line in axes.lines if line.get_linestyle() == "--"]
    return line


def test_a_result_near_chance_is_called_so_and_the_figure_shows_chance(script, tmp_path, monkeypatch, capsys, figures):
    folder = make_folder(tmp_path / "alike", {"cat": (99, 99, 99)}, n=40)
    make_folder(tmp_path / "more", {"dog": (99, 99, 99)}, n=20)
    (tmp_path / "more/dog").rename(folder / "dog")
    assert run(script, monkeypatch, "--data", str(folder), "--out", "out") == 0
    text = capsys.readouterr().out
    result = re.search(r"^(test accuracy on .*alike after the last epoch: [\d.]+%) \(guessing: 66\.67%\)$", text, re.M)
    assert "better than guessing; try --all-tricks, without --quick." in text
    figure = figures["training.png"]
    assert figure._suptitle.get_text() == f"AdamW: {result[1]}"
    loss, accuracy, _ = figure.axes
    np.testing.assert_allclose(guessing(loss).get_ydata(), -(np.log(2 / 3) * 2 + np.log(1 / 3)) / 3)
    np.testing.assert_allclose(guessing(accuracy).get_ydata(), 2 / 3)
    assert [t.get_text() for t in figure.legends[0].texts] == ["training (before each step)", "validation", "guessing"]


def test_a_good_result_gets_no_advice(script, folder, capsys):
    assert script.main(["--data", str(folder), "--out", "out", "--size", "32", "--epochs", "20", "--layers", "1"]) == 0
    assert "better than guessing" not in capsys.readouterr().out


def test_the_figure_of_tricks_says_of_what_it_is_and_shows_chance(tricks, tmp_path, monkeypatch, figures):
    folder = make_folder(tmp_path / "photographs", COLOURS, n=15)
    (folder / "red/photo 0.png").unlink()
    assert run(tricks, monkeypatch, "--data", str(folder), "--folds", "3", "--rows", "plain MLP", "+ flips") == 0
    figure = figures["tricks.png"]
    assert figure._suptitle.get_text() == f"{folder}: 29 pictures in 3 folds"
    np.testing.assert_allclose(guessing(figure.axes[0]).get_xdata(), 100 * 15 / 29)
    assert [t.get_text() for t in figure.legends[0].texts] == ["on one fold", "mean of the folds", "guessing: 51.7%"]


@pytest.mark.parametrize("example", ["script", "tricks"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seed", "-1"], "--seed -1: expected 0 or more"),
        (["--out", "a file"], "--out a file is a file; expected a folder"),
    ],
)
def test_an_option_that_is_wrong_is_named(request, example, monkeypatch, capsys, arguments, message):
    Path("a file").touch()
    with pytest.raises(SystemExit, match="2"):
        run(request.getfixturevalue(example), monkeypatch, *arguments)
    assert message in capsys.readouterr().err
    assert not Path("a file").read_text()


def test_quick_leaves_epochs_that_are_given_as_they_are(script, folder, monkeypatch, capsys):
    assert run(script, monkeypatch, "--data", str(folder), "--out", "out", "--epochs", "3") == 0
    assert "epoch   3" in capsys.readouterr().out


@pytest.mark.parametrize("example", ["script", "tricks"])
def test_photographs_that_cannot_be_read_are_an_error_and_no_reason_for_drawn_faces(
    request, example, tmp_path, monkeypatch, capsys
):
    module = request.getfixturevalue(example)
    monkeypatch.setenv("MINIDL_DATA", "typo")
    assert run(module, monkeypatch, "--out", "out") == 2
    captured = capsys.readouterr()
    assert captured.err == f"{module.__name__}: MINIDL_DATA=typo is not a folder; name one that exists, or unset it\n"
    assert "faces" not in captured.out

    def gone(*arguments, **options):
        raise FileNotFoundError(2, "the cache could not be written")

    fetched(tmp_path / "sets")
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path / "sets"))
    monkeypatch.setattr("minidl.data.sources.ImageFolder", gone)
    assert run(module, monkeypatch, "--out", "out") == 2
    captured = capsys.readouterr()
    assert "the cache could not be written" in captured.err
    assert "faces" not in captured.out


@pytest.mark.parametrize(
    "switches",
    [["--layers", "1"], ["--layers", "2", "--subtract-mean"], ["--layers", "5", "--all-tricks"]],
    ids=lambda s: " ".join(s),
)
def test_from_a_folder_to_the_class_of_a_photograph(script, folder, capsys, switches):
    assert script.main(["--data", str(folder), "--out", "out", "--size", "32", "--epochs", "20", *switches]) == 0
    text = capsys.readouterr().out
    assert "40 pictures (20 blue, 20 red)" in text
    assert "test accuracy" in text
    Image.new("RGB", (300, 200), COLOURS["red"]).save("red.jpg")
    Image.new("RGB", (20, 90), COLOURS["blue"]).save("blue.png")
    assert script.main(["--weights", "out/weights.safetensors", "--predict", "red.jpg", "blue.png"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"red\.jpg: red, \d+\.\d%", first)
    assert re.fullmatch(r"blue\.png: blue, \d+\.\d%", second)


def test_the_weight_file_holds_the_normalisation_of_the_training_part(script, folder):
    arguments = ["--data", str(folder), "--out", "out", "--size", "32", "--epochs", "1", "--subtract-mean"]
    assert script.main(arguments) == 0
    model, normalize, about = script.load_model("out/weights.safetensors")
    train = data.DataSplits.of_images(data.ImageFolder(folder, 32), "", "").train
    np.testing.assert_allclose(normalize.mean, train.x.mean(axis=0) / 255, rtol=1e-5)
    assert about["size"] == 32
    assert about["classes"] == ["blue", "red"]
    assert not any(isinstance(layer, nn.Dropout) for layer in model)


def test_validation_and_test_pictures_are_not_in_the_training_part(script, folder):
    class Options:
        data, size, seed = folder, 32, 3

    splits = script.find_pictures(Options)
    parts = [set(part.positions) for part in (splits.train, splits.validation, splits.test)]
    assert [len(part) for part in parts] == [24, 8, 8]
    assert len(set.union(*parts)) == 40
    assert [np.bincount(part.y).tolist() for part in (splits.train, splits.validation, splits.test)] == [
        [12, 12], [4, 4], [4, 4],
    ]  # fmt: skip


def test_a_folder_is_cut_as_the_set_in_it_is(script, tmp_path, monkeypatch):
    folder = fetched(tmp_path / "sets")
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path / "sets"))
    given, loaded = (script.find_photographs(where, 32, 5) for where in (folder, None))
    for part in ("train", "validation", "test"):
        assert getattr(given, part).positions.tolist() == getattr(loaded, part).positions.tolist()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("SGD", "SGD"),
        ("sam", "SAM around AdamW"),
        ("LBFGS", "LBFGS"),
        ("muon", "Muon beside AdamW"),
        ("MuonCorrected", "MuonCorrected beside AdamW"),
        ("ScheduleFreeAdamW", "ScheduleFreeAdamW"),
        ("SophiaH", "SophiaH"),
        ("Prodigy", "Prodigy"),
    ],
)
def test_any_optimizer_by_name(script, folder, name, called, capsys):
    arguments = ["--quick", "--data", str(folder), "--out", "out", "--size", "32", "--layers", "2"]
    assert script.main([*arguments, "--optimizer", name]) == 0
    text = capsys.readouterr().out
    assert f", {called}\n" in text
    assert ("seconds or minutes" in text) == (name in ("LBFGS", "muon", "MuonCorrected"))


def make_optimizer(script, model, optimizer="adamw", lr=None, l2=None, cosine=False):
    return script.make_optimizer(SimpleNamespace(optimizer=optimizer, lr=lr, l2=l2, cosine=cosine), model, 10)[0]


def test_the_switches_reach_the_optimizer(script):
    model = script.make_model(48, (4,))
    plain = make_optimizer(script, model)
    changed = make_optimizer(script, model, lr=0.2, l2=0.3, cosine=True)
    assert (plain.lr, plain.param_groups[0]["weight_decay"]) == (1e-3, 0.01)
    assert (changed.lr, changed.param_groups[0]["weight_decay"]) == (0.2, 0.3)
    assert changed.param_groups[0]["lr"](5) == pytest.approx(0.1)


def test_muon_gets_the_hidden_matrices_and_adamw_the_rest_in_every_step(script):
    model = script.make_model(48, (4, 3), batch_norm=True, rng=0)
    rule = make_optimizer(script, model, "muon", lr=0.2, l2=0.3)
    assert [p.shape for p in rule.parameters()] == [(48, 4), (4, 3)]
    before = [p.data.copy() for p in model.parameters()]
    for _ in range(2):
        rule.zero_grad()
        assert all(p.grad is None or not p.grad.data.any() for p in model.parameters())
        model(np.random.default_rng(0).random((8, 48), np.float32)).sum().backward()
        rule.step()
    moved = [np.abs(p.data - w).max() for p, w in zip(model.parameters(), before, strict=True)]
    assert all(0 < m < 1 for m in moved), moved
    assert moved[-1] == pytest.approx(2 * 0.2, rel=0.1)  # a bias, by AdamW's steps at the rate that was given


@pytest.mark.parametrize("epochs", [0, 2])
def test_ctrl_c_keeps_what_there_is(script, folder, monkeypatch, capsys, epochs):
    fit = minidl.fit

    def interrupted(*arguments, callbacks, **options):
        def press(run=None, *_):
            if not epochs or len(run.history) == epochs:
                signal.raise_signal(signal.SIGINT)

        if not epochs:  # in the first step
            monkeypatch.setattr(nn.BCEWithLogitsLoss, "forward", press)
        return fit(*arguments, callbacks=[*callbacks, press], **options)

    monkeypatch.setattr(minidl, "fit", interrupted)
    assert script.main(["--data", str(folder), "--out", "out", "--size", "32", "--epochs", "50"]) == 0
    assert f"interrupted after {epochs} steps" in capsys.readouterr().out
    assert {p.name for p in Path("out").iterdir()} == FILES


def test_a_run_that_diverges_saves_nothing(script, folder, capsys):
    arguments = ["--data", str(folder), "--out", "out", "--size", "32", "--optimizer", "sgd", "--lr", "1e30"]
    assert script.main(arguments) == 1
    captured = capsys.readouterr()
    assert "diverged" in captured.out
    assert "smaller --lr" in captured.err
    assert not list(Path("out").iterdir())


def test_a_loss_without_bounds_is_printed_short(script, folder, monkeypatch, capsys):
    arguments = ["--data", str(folder), "--out", "out", "--layers", "1", "--optimizer", "sgd", "--lr", "1e12"]
    assert run(script, monkeypatch, *arguments) == 0
    assert re.search(r"validation loss \d\.\d+e\+\d\d  accuracy", capsys.readouterr().out)


def one_class(root):
    return ["--data", str(make_folder(root, {"cat": (9, 9, 9)}))]


def three_classes(root):
    return ["--data", str(make_folder(root, {"ant": (9, 9, 9), "bee": (99, 99, 99), "cow": (200, 0, 0)}))]


def few(root):
    return ["--data", str(make_folder(root, COLOURS, n=2))]


def empty(root):
    root.mkdir()
    return ["--data", str(root)]


def other_weights(root):
    Image.new("RGB", (40, 40)).save("photo.png")
    nn.Dense(2, 3, rng=0).save("other.safetensors")
    return ["--predict", "photo.png", "--weights", "other.safetensors"]


def no_weight_file(root):
    Path("text.safetensors").write_text("no weights")
    return ["--predict", "photo.png", "--weights", "text.safetensors"]


def no_weights(root):
    return ["--predict", "photo.png"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (lambda root: ["--data", str(root)], "does not exist"),
        (empty, "holds no pictures"),
        (one_class, "needs at least two classes"),
        (three_classes, "here are 3: ant, bee, cow"),
        (few, "has 4 pictures"),
        (lambda root: ["--optimizer", "adamm"], "did you mean Adam"),
        (lambda root: ["--optimizer", "randomsearch", "--l2", "0.1"], "has no weight_decay"),
        (lambda root: ["--dropout", "1"], "p must lie in"),
        (other_weights, "weights of another model"),
        (no_weight_file, "no safetensors file"),
        (no_weights, "there is no weight file out/weights.safetensors; train first"),
    ],
)
def test_wrong_input_gets_one_line_and_exit_code_2(script, tmp_path, capsys, arguments, message):
    arguments = arguments(tmp_path / "pictures")
    assert script.main(["--quick", "--size", "32", "--out", "out", *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert error.startswith("train_cat_vs_dog: ")
    assert "Traceback" not in error
    assert not Path("out/weights.safetensors").exists()


def test_an_unreadable_photograph_does_not_keep_the_others_from_their_answer(script, folder, capsys):
    assert script.main(["--quick", "--data", str(folder), "--out", "out", "--size", "32"]) == 0
    Path("page.jpg").write_text("<html>not found</html>")
    Image.new("RGB", (40, 40), COLOURS["red"]).save("red.png")
    capsys.readouterr()
    assert script.main(["--out", "out", "--predict", "page.jpg", "gone.jpg", "red.png"]) == 2
    captured = capsys.readouterr()
    assert captured.out.startswith("red.png: ")
    page, gone = captured.err.splitlines()
    assert "page.jpg: an HTML page" in page
    assert "gone.jpg: No such file" in gone


# -- the table of tricks


def test_tricks_measures_on_the_training_part_alone(tricks):
    x = np.random.default_rng(0).integers(0, 256, (600, 4, 4, 3), dtype=np.uint8)
    positions = np.random.default_rng(1).permutation(600)[:500]
    images, part = data.ArrayDataset(x, np.zeros(600)), x[positions] / 255
    mean, standard, whiten = (
        tricks.normalization(tricks.ROWS[name], images, positions)
        for name in ("+ mean subtraction", "+ mean 0, variance 1", "+ half-whitened PCA")
    )
    np.testing.assert_allclose(mean.mean, part.mean(axis=0), rtol=1e-5)
    assert mean.std == 1
    np.testing.assert_allclose(standard.mean, part.mean(axis=(0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(standard.std, part.std(axis=(0, 1, 2)), rtol=1e-5)
    z, of_mirror_images = (whiten(a[positions]).mean(axis=0) for a in (x, x[:, :, ::-1]))
    np.testing.assert_allclose(z, -of_mirror_images, atol=1e-5)


def test_half_whitening_leaves_the_square_root_of_every_spread(tricks):
    x, _ = data.make_cat_dog_faces(60, 16)
    whiten = tricks.Whiten(x, 8)
    z = whiten(np.concatenate([x, x[:, :, ::-1]]))
    covariance = np.cov(z.T)
    pixels = np.concatenate([x, x[:, :, ::-1]]).reshape(120, -1) / 255
    variances = np.linalg.svd(pixels - pixels.mean(axis=0), compute_uv=False)[:8] ** 2 / 119
    assert z.dtype == np.float32
    np.testing.assert_allclose(covariance.trace() / 8, 1, rtol=1e-3)
    np.testing.assert_allclose(covariance, np.diag(variances**0.5) / (variances**0.5).mean(), atol=0.02)


def test_half_whitening_of_few_pictures_magnifies_no_rounding_errors(tricks):
    x, _ = data.make_cat_dog_faces(30, 16)
    assert np.abs(tricks.Whiten(x[:8], 300)(x[8:])).max() < 10


def test_the_views_are_shifted_and_mirrored(tricks):
    x = np.arange(2 * 5 * 6 * 3).reshape(2, 5, 6, 3)
    seen = list(tricks.views(x, 1))
    assert len(seen) == len({view.tobytes() for view in seen}) == 18
    assert all(view.shape == x.shape for view in seen)
    np.testing.assert_array_equal(seen[8], x)
    np.testing.assert_array_equal(seen[9], x[:, :, ::-1])
    np.testing.assert_array_equal(seen[0][:, 1:, 1:], x[:, :-1, :-1])


def test_wiggle_samples_between_the_pixels_and_mirrors_the_border(tricks):
    x = np.random.default_rng(0).random((2, 6, 7, 3), np.float32)
    numbers = np.zeros((5, 2, 1, 1))

    class Drawn:
        def uniform(self, low, high, shape):
            assert (low, high, shape) == (-0.2, 0.2, numbers.shape)
            return numbers

    wiggle = tricks.Wiggle(0.2)
    np.testing.assert_allclose(wiggle(x, Drawn()), x, atol=3e-3)
    numbers[0] = 1.5 / 6  # pixels down
    got = wiggle(x, Drawn())
    np.testing.assert_allclose(got[:, 2], (x[:, 3] + x[:, 4]) / 2, atol=3e-3)
    np.testing.assert_allclose(got[:, 5], (x[:, 3] + x[:, 4]) / 2, atol=3e-3)  # row 6.5 is row 3.5 in the mirror
    numbers[0], numbers[2] = 0, np.pi / 2
    np.testing.assert_allclose(wiggle(x[:, :, :6], Drawn()), np.rot90(x[:, :, :6], -1, (1, 2)), atol=3e-3)
    numbers[2], numbers[3] = 0, np.log(0.5)
    np.testing.assert_allclose(wiggle(x, Drawn())[0, 1], got_half(x[0]), atol=3e-3)


def got_half(x):
    """Row 1 of x (6, 7, 3) magnified twice about its middle, (2.5, 3): row 1.75, columns 1.5 to 4.5."""
    row = 0.25 * x[1] + 0.75 * x[2]
    columns = 1.5 + 0.5 * np.arange(7)
    low = columns.astype(int)
    return row[low] + (columns - low)[:, None] * (row[low + 1] - row[low])


def test_every_trick_trains_and_repeats_to_the_bit(tricks):
    x, y = data.make_cat_dog_faces(160, 16)
    order = np.random.default_rng(0).permutation(160)
    for name, row in tricks.ROWS.items():
        small = tricks.replace(row, size=16, hidden=(16,), epochs=2)
        first, second = (tricks.accuracy(small, x, y, order[40:], order[:40], 0) for _ in range(2))
        assert first == second, name
        assert 0.2 < first < 1, name


def test_the_table_compares_fold_by_fold(tricks):
    text = tricks.table({"plain": [0.5, 0.6], "trick": [0.6, 0.59]})
    assert "| plain | 55.0 |  |  | 50.0 60.0 |" in text
    assert "| trick | 59.5 | +4.5 ± 5.5 | 1 of 2 | 60.0 59.0 |" in text


@pytest.mark.slow
def test_tricks_gives_the_same_table_with_one_job_and_with_two(tricks, tmp_path, monkeypatch, capsys):
    for jobs in ("1", "2"):
        arguments = ["tricks", "--quick", "--rows", "plain MLP", "all together", "--jobs", jobs, "--out", jobs]
        monkeypatch.setattr(sys, "argv", arguments)
        assert tricks.main() == 0
    assert Path("1/tricks.png").stat().st_size > 0
    assert (tmp_path / "1/table.md").read_text() == (tmp_path / "2/table.md").read_text()


@pytest.mark.parametrize("folds", ["2", "10"])
def test_tricks_needs_ten_photographs_for_any_row(tricks, tmp_path, monkeypatch, capsys, folds):
    folder = make_folder(tmp_path / "photographs", COLOURS, n=5)
    assert run(tricks, monkeypatch, "--data", str(folder), "--folds", folds, "--rows", *tricks.ROWS) == 0
    assert f"of {folds} |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (three_classes, "here are 3"),
        (few, "has 4 pictures that can be read; expected 10 or more"),
        (lambda root: ["--folds", "1000000"], "--folds 1000000: expected at most one for each picture, here are 200"),
    ],
)
def test_tricks_tells_in_one_line_what_is_wrong_with_the_pictures(
    tricks, tmp_path, monkeypatch, capsys, arguments, message
):
    assert run(tricks, monkeypatch, *arguments(tmp_path / "pictures")) == 2
    assert re.fullmatch(f"cat_vs_dog_tricks: .*{message}\n", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rows", "plain"], "unknown row 'plain'"),
        (["--folds", "1"], "--folds 1: expected 2 or more"),
        (["--jobs", "0"], "--jobs 0: expected 1 or more"),
    ],
)
def test_tricks_names_the_option_that_is_wrong(tricks, monkeypatch, capsys, arguments, message):
    with pytest.raises(SystemExit, match="2"):
        run(tricks, monkeypatch, *arguments)
    assert message in capsys.readouterr().err
