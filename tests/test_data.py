"""Datasets as arrays: ArrayDataset, DataLoader, the split, standardisation, the generated toys."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minidl
from minidl.data import (
    ArrayDataset,
    DataLoader,
    Standardizer,
    Subset,
    make_moons,
    make_spirals,
    regression_table,
    standardize,
    temperatures,
    train_validation_split,
)


def numbered(n, features=3):
    """x float32 (n, features) whose row i holds i, and y int64 (n,) with y[i] = i: pairs can be told apart."""
    y = np.arange(n)
    return np.repeat(y[:, None], features, axis=1).astype(np.float32), y


def order_of(loader):
    return np.concatenate([y for _, y in loader]).tolist()


def test_import_needs_numpy_only():
    heavy = "('sklearn', 'scipy', 'pooch', 'tqdm', 'requests', 'matplotlib', 'cupy', 'joblib')"
    code = f"import sys, minidl.data; print([m for m in {heavy} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


# -- ArrayDataset


def test_dataset_indexing():
    x, y = numbered(10)
    dataset = ArrayDataset(x, y)
    assert len(dataset) == 10
    assert dataset.x is x and dataset.y is y and dataset.device == "cpu"
    row, label = dataset[-1]
    assert row.tolist() == [9, 9, 9] and label == 9
    xs, ys = dataset[2:5]
    assert ys.tolist() == [2, 3, 4] and np.shares_memory(xs, x)
    for index in ([7, 0, 7], np.array([7, 0, 7]), np.array([7, 0, 7], np.uint8)):
        xs, ys = dataset[index]
        assert ys.tolist() == [7, 0, 7] and xs[:, 1].tolist() == [7, 0, 7] and xs.dtype == np.float32
        assert not np.shares_memory(xs, x)
    assert dataset[y % 4 == 1][1].tolist() == [1, 5, 9]


def test_dataset_takes_any_number_of_arrays_lists_and_tensors():
    one = ArrayDataset([[1.0, 2.0], [3.0, 4.0]])
    assert one[[1]][0].tolist() == [[3, 4]] and len(one[0]) == 1
    with pytest.raises(AttributeError, match="without labels"):
        one.y  # noqa: B018
    three = ArrayDataset(minidl.Tensor([1.0, 2.0]), [5, 6], np.array(["a", "b"]))
    assert type(three.x) is np.ndarray and [a.tolist() for a in three[[1, 0]]] == [[2, 1], [6, 5], ["b", "a"]]
    assert repr(ArrayDataset(*numbered(4))) == "ArrayDataset(4 samples: float32 (3,), int64 ())"


def test_dataset_on_its_own_device_is_the_same_memory():
    x, y = numbered(4)
    assert ArrayDataset(x, y).to("cpu").x is x
    with pytest.raises(ValueError, match="tpu"):
        ArrayDataset(x, y).to("tpu")


@pytest.mark.parametrize(
    "arrays, message",
    [
        ((), "at least one"),
        ((np.zeros((3, 2)), np.zeros(4)), r"3 and 4 samples.*\(3, 2\), \(4,\)"),
        ((np.zeros((0, 2)), np.zeros(0)), r"empty.*\(0, 2\), \(0,\)"),
        ((np.zeros(3), np.float64(1)), "array 1 is a single number"),
        (([[1, 2], [3]],), "differ in length"),
    ],
)
def test_dataset_refuses(arrays, message):
    with pytest.raises(ValueError, match=message):
        ArrayDataset(*arrays)


@pytest.mark.parametrize(
    "index, message",
    [
        ([0, 10], "0 to 10 do not fit a dataset of 10"),
        ([-11], "-11 to -11 do not fit"),
        ([0.5], "float64"),
        ([[1, 2]], r"shape \(1, 2\)"),
        (np.array([True, False]), r"booleans of shape \(10,\)"),
        (10, "out of bounds"),
    ],
)
def test_dataset_refuses_indices(index, message):
    with pytest.raises(IndexError, match=message):
        ArrayDataset(*numbered(10))[index]


# -- DataLoader


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 40), batch_size=st.integers(1, 45), seed=st.integers(0, 2**64), drop_last=st.booleans())
def test_epoch_holds_every_sample_once_and_keeps_pairs(n, batch_size, seed, drop_last):
    if drop_last and batch_size > n:
        return
    loader = DataLoader(numbered(n), batch_size, shuffle=True, drop_last=drop_last, seed=seed)
    for _ in range(2):
        batches = list(loader)
        assert len(batches) == len(loader)
        sizes = [len(y) for _, y in batches]
        assert all(size == batch_size for size in sizes[:-1])
        assert sizes[-1] == (batch_size if drop_last or n % batch_size == 0 else n % batch_size)
        for x, y in batches:
            assert x.dtype == np.float32 and y.dtype == np.int64
            assert (x == y[:, None]).all()
        seen = np.concatenate([y for _, y in batches]).tolist()
        assert len(set(seen)) == len(seen) == (n // batch_size * batch_size if drop_last else n)


def test_without_shuffle_the_order_is_the_datasets():
    x, y = numbered(7)
    loader = DataLoader(ArrayDataset(x, y), 3)
    assert [y.tolist() for _, y in loader] == [[0, 1, 2], [3, 4, 5], [6]]
    assert [y.tolist() for _, y in loader] == [[0, 1, 2], [3, 4, 5], [6]]
    assert len(loader) == 3
    assert [len(y) for _, y in DataLoader((x, y), 3, drop_last=True)] == [3, 3]
    assert [len(y) for _, y in DataLoader([x, y], 20)] == [7]


def test_no_batch_can_change_the_dataset():
    x, y = numbered(7)
    for shuffle in (False, True):
        for batch, _ in DataLoader((x, y), 7, shuffle=shuffle):
            if shuffle:
                batch[:] = -1
            else:
                with pytest.raises(ValueError, match="read-only"):
                    batch[:] = -1
    assert x.flags.writeable and (x == y[:, None]).all()


def test_order_is_a_function_of_seed_and_epoch_alone():
    data = numbered(50)
    first = DataLoader(data, 8, shuffle=True, seed=3)
    epochs = [order_of(first) for _ in range(3)]
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]
    assert order_of(DataLoader(data, 8, shuffle=True, seed=4)) != epochs[0]

    minidl.seed(99)
    np.random.default_rng(3).random(5)
    second = DataLoader(data, 13, shuffle=True, seed=3)  # another batch size, the same order
    second.set_epoch(2)
    assert second.epoch == 2
    assert order_of(second) == epochs[2]
    assert second.epoch == 3
    second.set_epoch(0)
    assert [order_of(second), order_of(second)] == epochs[:2]
    assert order_of(DataLoader(data, 8, shuffle=True)) == order_of(DataLoader(data, 8, shuffle=True, seed=0))


def test_order_is_pinned():
    """Recorded from the first version: a change of these numbers changes every published run."""
    loader = DataLoader(numbered(8), 8, shuffle=True, seed=0)
    assert [order_of(loader), order_of(loader)] == [[5, 3, 0, 1, 2, 4, 7, 6], [6, 3, 4, 7, 2, 0, 1, 5]]


def test_seeds_and_epochs_do_not_collide():
    data = numbered(50)
    orders = set()
    for seed in (0, 1, 2, 2**32, 2**32 + 1, 2**64):
        loader = DataLoader(data, 50, shuffle=True, seed=seed)
        orders |= {tuple(order_of(loader)) for _ in range(3)}
    assert len(orders) == 18
    assert tuple(np.random.default_rng(0).permutation(50)) not in orders


def test_seed_none_and_generator_draw_an_integer():
    data = numbered(50)
    minidl.seed(5)
    a = DataLoader(data, 50, shuffle=True, seed=None)
    b = DataLoader(data, 50, shuffle=True, seed=None)
    minidl.seed(5)
    c = DataLoader(data, 50, shuffle=True, seed=None)
    assert isinstance(a.seed, int) and a.seed == c.seed != b.seed
    rng = np.random.default_rng(5)
    assert DataLoader(data, 50, shuffle=True, seed=rng).seed == a.seed


def test_two_iterators_do_not_disturb_one_another():
    data = numbered(30)
    alone = DataLoader(data, 4, shuffle=True, seed=1)
    expected = [order_of(alone), order_of(alone)]
    loader = DataLoader(data, 4, shuffle=True, seed=1)
    first, second = iter(loader), iter(loader)  # epochs 0 and 1, although nothing was asked of the first yet
    seen: list[list[int]] = [[], []]
    for (_, y1), (_, y0) in zip(second, first, strict=True):
        seen[0] += y0.tolist()
        seen[1] += y1.tolist()
    assert seen == expected
    loader.set_epoch(0)
    broken_off = iter(loader)
    next(broken_off)
    assert loader.epoch == 1 and order_of(loader) == expected[1]


def test_loader_takes_any_indexable_dataset():
    class Squares:
        def __len__(self):
            return 5

        def __getitem__(self, index):
            i = np.arange(5)[index]
            return i, i**2

    loader = DataLoader(Squares(), 2, shuffle=True, device="cpu")
    assert sorted(order_of(loader)) == [0, 1, 4, 9, 16]
    assert isinstance(loader.dataset, Squares) and loader.device == "cpu"
    (x,) = next(iter(DataLoader(np.arange(3.0), 2)))
    assert x.tolist() == [0, 1]
    own = np.arange(3)

    class Whole:
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return (own,)

    list(DataLoader(Whole(), 3))
    assert own.flags.writeable  # the loader locks its view, not the array of a dataset that hands out its own
    assert "batch_size=2" in repr(loader) and "epoch=1" in repr(loader)


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"batch_size": 0}, ValueError, "batch_size=0; expected an integer >= 1"),
        ({"batch_size": -4}, ValueError, "batch_size=-4"),
        ({"batch_size": 2.0}, TypeError, "batch_size=2.0 is a float"),
        ({"batch_size": True}, TypeError, "batch_size=True is a bool"),
        ({"batch_size": "32"}, TypeError, "batch_size='32' is a str"),
        ({"batch_size": None}, TypeError, "batch_size=None"),
        ({"batch_size": 11, "drop_last": True}, ValueError, "batch_size=11 .*leaves no batch of 10 samples"),
        ({"batch_size": 2, "seed": -1}, ValueError, "seed=-1"),
        ({"batch_size": 2, "seed": 0.5}, TypeError, "seed=0.5"),
        ({"batch_size": 2, "device": "tpu"}, ValueError, "tpu"),
    ],
)
def test_loader_refuses(options, error, message):
    with pytest.raises(error, match=message):
        DataLoader(numbered(10), **options)


@pytest.mark.parametrize("epoch, error", [(-1, ValueError), (1.5, TypeError), (None, TypeError)])
def test_set_epoch_refuses(epoch, error):
    loader = DataLoader(numbered(10), 2)
    with pytest.raises(error, match="epoch"):
        loader.set_epoch(epoch)
    assert loader.epoch == 0


def test_loader_refuses_what_is_no_dataset():
    with pytest.raises(TypeError, match=r"got DataSplits; give one of its parts: \.train"):
        DataLoader(minidl.data.load("moons"), 2)
    with pytest.raises(TypeError, match="got int"):
        DataLoader(7, 2)
    with pytest.raises(ValueError, match="empty"):
        DataLoader((np.zeros((0, 2)), np.zeros(0)), 2)
    with pytest.raises(ValueError, match="empty"):
        DataLoader("", 2)
    with pytest.raises(ValueError, match="3 and 4 samples"):
        DataLoader((np.zeros(3), np.zeros(4)), 2)


def test_missing_cupy_is_named():
    try:
        import cupy  # noqa: F401
    except ImportError:
        with pytest.raises(ImportError, match=r"minidl\[cuda"):
            next(iter(DataLoader(numbered(4), 2, device="cuda")))
    else:
        pytest.skip("CuPy is installed")


# -- the split


@settings(max_examples=60, deadline=None)
@given(data=st.data(), n=st.integers(2, 80), seed=st.integers(0, 2**32), stratify=st.booleans())
def test_split_is_a_partition(data, n, seed, stratify):
    count = data.draw(st.integers(1, n - 1))
    classes = data.draw(st.integers(1, 5))
    x, y = np.arange(n), np.random.default_rng(seed).integers(classes, size=n)
    train, validation = train_validation_split((x, y), count, seed=seed, stratify=stratify)
    assert len(validation) == count and len(train) == n - count
    assert sorted([*train.x, *validation.x]) == list(range(n))
    assert (y[train.x] == train.y).all() and (y[validation.x] == validation.y).all()
    if stratify:
        for c in range(classes):
            assert abs((validation.y == c).sum() - count * (y == c).mean()) < 1


def test_split_is_deterministic_and_shuffled():
    x, y = numbered(100)
    train, validation = train_validation_split(ArrayDataset(x, y))
    again = train_validation_split((x, y), validation=0.2, seed=0)
    assert train.y.tolist() == again[0].y.tolist() and validation.y.tolist() == again[1].y.tolist()
    assert len(validation) == 20 and train.x.dtype == np.float32 and (train.x == train.y[:, None]).all()
    assert sorted(train.y) != train.y.tolist() and sorted(validation.y) != validation.y.tolist()
    assert train_validation_split((x, y), seed=1)[1].y.tolist() != validation.y.tolist()
    assert len(train_validation_split((x, y), 1)[1]) == 1  # a count, not a fraction
    assert len(train_validation_split((x, y), np.int64(7))[1]) == 7  # type: ignore[arg-type]


def test_the_sample_left_over_goes_where_most_was_cut_off():
    y = np.repeat([0, 1, 2], [48, 34, 18])  # of 5: shares 2.4, 1.7, 0.9
    assert np.bincount(train_validation_split((y, y), 5, stratify=True)[1].y).tolist() == [2, 2, 1]


def test_stratified_parts_are_mixed():
    x, y = np.arange(90), np.repeat([0, 1, 2], 30)
    for part in train_validation_split((x, y), 30, stratify=True):
        assert np.bincount(part.y).tolist() == [len(part) // 3] * 3
        assert (np.diff(part.y) != 0).sum() > 5  # three runs, one per class, would have 2


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"validation": 0}, ValueError, "10 for training and 0 for validation"),
        ({"validation": 10}, ValueError, "0 for training and 10 for validation"),
        ({"validation": -1}, ValueError, "validation=-1"),
        ({"validation": 0.01}, ValueError, "0 for validation"),
        ({"validation": 1.0}, ValueError, "write a count as an integer"),
        ({"validation": float("nan")}, ValueError, "nan"),
        ({"validation": "a fifth"}, TypeError, "a fifth"),
        ({"validation": True}, TypeError, "True"),
    ],
)
def test_split_refuses(options, error, message):
    with pytest.raises(error, match=message):
        train_validation_split(numbered(10), **options)


def test_stratified_split_refuses_targets_that_are_no_classes():
    with pytest.raises(ValueError, match=r"integer labels.*float64"):
        train_validation_split((np.zeros(10), np.linspace(0, 1, 10)), stratify=True)
    with pytest.raises(ValueError, match=r"shape \(10, 2\)"):
        train_validation_split((np.zeros(10), np.zeros((10, 2), int)), stratify=True)
    with pytest.raises(AttributeError, match="without labels"):
        train_validation_split((np.zeros(10),), stratify=True)


# -- standardisation


def test_standardize_uses_training_statistics_only():
    rng = np.random.default_rng(0)
    train = (rng.normal(5, 3, (10_000, 4)) * [1, 10, 100, 1000]).astype(np.float32)  # more rows than one block
    test = rng.normal(-7, 1, (100, 4)).astype(np.float32)
    a, b = standardize(train, test)
    assert a.dtype == b.dtype == np.float32
    np.testing.assert_allclose(a.mean(axis=0, dtype=float), 0, atol=1e-5)
    np.testing.assert_allclose(a.std(axis=0, dtype=float), 1, atol=1e-5)
    mean, std = train.mean(axis=0, dtype=float), train.std(axis=0, dtype=float)
    np.testing.assert_allclose(b, (test - mean) / std, rtol=1e-4, atol=1e-5)
    (alone,) = standardize(train)
    assert np.array_equal(alone, a)


def test_standardizer_keeps_statistics_and_goes_back():
    x = np.array([[1.0, 10.0], [3.0, 30.0]])
    scale = Standardizer(x)
    assert scale.mean.tolist() == [2, 20] and scale.std.tolist() == [1, 10]
    assert scale(np.array([[2.0, 50.0]])).tolist() == [[0, 3]]
    assert scale([[2, 50]]).dtype == np.float64 and scale([[2, 50]]).tolist() == [[0, 3]]
    assert scale(np.array([[2, 50]], np.float32)).dtype == np.float32
    np.testing.assert_allclose(scale.inverse(scale(x)), x)
    targets = Standardizer(np.array([1.0, 3.0]))
    assert targets(np.array([5.0])).tolist() == [3] and targets.inverse(np.array([3.0])).tolist() == [5]


def test_standardizer_on_datasets_replaces_x_alone():
    x, y = numbered(5)
    train, test = standardize(ArrayDataset(x, y), ArrayDataset(x + 1, y))
    assert isinstance(train, ArrayDataset) and train.y is y
    np.testing.assert_allclose(train.x[:, 0], np.array([-2, -1, 0, 1, 2]) / np.sqrt(2), rtol=1e-6)
    np.testing.assert_allclose(test.x - train.x, 1 / np.sqrt(2), rtol=1e-6)


def test_standardizer_on_subsets():
    x, y = numbered(9)
    whole, chosen = ArrayDataset(x, y), [7, 1, 4]
    train, test = standardize(Subset(whole, chosen), Subset(whole, [0]))
    expected = standardize(ArrayDataset(x[chosen], y[chosen]), ArrayDataset(x[:1], y[:1]))
    for data, other in zip((train, test), expected, strict=True):
        assert np.array_equal(data.x, other.x) and np.array_equal(data.y, other.y)
    assert np.array_equal(Standardizer(whole).inverse(Standardizer(whole)(Subset(whole, chosen))).y, y[chosen])


def test_constant_features_become_zero():
    x = np.full((1000, 3), [0.1, 0.7, 1e8]).astype(np.float32)
    x[0, 1] = 0.8
    scale = Standardizer(x)
    assert scale.std[[0, 2]].tolist() == [1, 1] and (scale(x)[:, [0, 2]] == 0).all()
    double = np.full((1000, 1), 0.1)
    assert (Standardizer(double)(double) == 0).all()  # its mean is 0.1 only up to rounding
    tiny = Standardizer(np.array([[0.0]] * 10**4 + [[1e-45]], np.float32))  # the spread rounds to zero in float32
    assert tiny.std.tolist() == [1] and tiny.mean.dtype == np.float32
    pixels = Standardizer(np.array([[0, 255], [0, 0]], np.uint8))
    assert pixels.mean.dtype == np.float32 and pixels(np.array([[0, 255]], np.uint8)).tolist() == [[0, 1]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_standardizer_refuses_training_data_that_is_not_finite(bad):
    x = np.ones((4, 2))
    x[2, 1] = bad
    with pytest.raises(ValueError, match="NaN or infinity"):
        Standardizer(x)


def test_standardizer_refuses_other_features():
    with pytest.raises(ValueError, match=r"shape \(5, 3\); expected \(n, 2\)"):
        standardize(np.ones((4, 2)), np.ones((5, 3)))
    with pytest.raises(ValueError, match="empty"):
        Standardizer(np.ones((0, 2)))


# -- generated data


def test_moons_are_two_half_circles():
    x, y = make_moons(501, noise=0)
    assert x.dtype == np.float32 and y.dtype == np.int64 and np.bincount(y).tolist() == [251, 250]
    upper, lower = x[y == 0], x[y == 1]
    np.testing.assert_allclose(np.linalg.norm(upper, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(lower - [1, 0.5], axis=1), 1, rtol=1e-5)
    assert upper[:, 1].min() >= 0 and lower[:, 1].max() <= 0.5


def test_spirals_have_their_arms():
    x, y = make_spirals(400, noise=0, classes=4)
    assert x.dtype == np.float32 and y.dtype == np.int64 and np.bincount(y).tolist() == [100] * 4
    r = np.linalg.norm(x, axis=1)
    assert 0.1 <= r.min() < 0.15 and 0.95 < r.max() <= 1
    unwound = np.arctan2(x[:, 1], x[:, 0]) / (2 * np.pi) - 0.75 * r - y / 4
    np.testing.assert_allclose(unwound - np.round(unwound), 0, atol=1e-5)


@pytest.mark.parametrize("make", [make_moons, make_spirals])
def test_toys_follow_seed_and_noise(make):
    (a, _), (b, _), (c, _) = make(500, seed=1), make(500, seed=1), make(500, seed=2)
    assert np.array_equal(a, b) and not np.array_equal(a, c)
    (clean, _), (noisy, _) = make(5000, noise=0), make(5000, noise=0.2)
    assert abs((noisy - clean).std() - 0.2) < 0.01


@pytest.mark.parametrize("make", [make_moons, make_spirals])
@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"n": 1}, ValueError, "n=1 points"),
        ({"n": 10.0}, TypeError, "n=10.0 is a float"),
        ({"noise": -0.1}, ValueError, "noise=-0.1"),
        ({"noise": float("nan")}, ValueError, "noise=nan"),
    ],
)
def test_toys_refuse(make, options, error, message):
    with pytest.raises(error, match=message):
        make(**options)


def test_spirals_refuse_classes():
    with pytest.raises(ValueError, match="classes=1"):
        make_spirals(classes=1)
    with pytest.raises(TypeError, match=r"classes=2\.5"):
        make_spirals(classes=2.5)  # type: ignore[arg-type]


def test_temperatures_are_a_year_with_noise():
    year, other, clean = temperatures(seed=1), temperatures(seed=2), temperatures(noise=0)
    assert year.shape == (365,) and year.dtype == np.float64
    assert np.array_equal(year, temperatures(seed=1)) and not np.array_equal(year, other)
    assert clean.argmin() == 19 and clean.argmax() in (201, 202)  # 20 January; 21 and 22 July are equally warm
    np.testing.assert_allclose([clean.min(), clean.max()], [5.5, 18.5], atol=1e-3)
    np.testing.assert_allclose(temperatures(730, noise=0)[365:], clean)
    long = temperatures(20_000) - temperatures(20_000, noise=0)
    assert abs(long.std() - 2.5) < 0.05 and abs(long.mean()) < 0.05


@pytest.mark.parametrize("options", [{"days": 0}, {"noise": -1}, {"noise": float("inf")}])
def test_temperatures_refuse(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))}="):
        temperatures(**options)
    with pytest.raises(TypeError, match=r"days=1\.5 is a float"):
        temperatures(1.5)  # type: ignore[arg-type]


def test_a_regression_table_has_the_noise_and_the_scale_it_promises():
    table = regression_table(20_000, 4, noise=0.6, seed=1)
    assert table.shape == (20_000, 5) and table.dtype == np.float32
    assert np.array_equal(table, regression_table(20_000, 4, noise=0.6, seed=1))
    assert not np.array_equal(table, regression_table(20_000, 4, noise=0.6))
    np.testing.assert_allclose(table.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(table.std(axis=0), 1, atol=0.05)
    np.testing.assert_allclose(np.diag(np.corrcoef(table[:, :4].T), k=1), 0.3, atol=0.03)
    x, y = table[:, :4], table[:, 4]
    rest = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    assert abs(rest.std() - 0.6) < 0.02


@pytest.mark.parametrize("options", [{"n": 1}, {"features": 0}, {"features": 2.0}, {"noise": 1.5}, {"noise": -0.1}])
def test_a_regression_table_refuses(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))}="):
        regression_table(**options)
