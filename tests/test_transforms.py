"""Transforms of batches of images: each against a plain loop over the images, and what all of them promise."""

import numpy as np
import pytest

import minidl
from minidl.backend import device_of, to_device, to_numpy
from minidl.data import ArrayDataset, ColorJitter, Compose, Normalize, RandomCrop, RandomFlip, ToFloat


def images(n=6, h=5, w=7, c=3, dtype=np.uint8, seed=0):
    x = np.random.default_rng(seed).integers(0, 256, (n, h, w, c), dtype=np.uint8)
    return x if dtype == np.uint8 else (x / 255).astype(dtype)


def rng(seed=0):
    return np.random.default_rng(seed)


ALL = [
    ToFloat(),
    RandomFlip(),
    RandomCrop(2),
    RandomCrop(2, "edge"),
    RandomCrop(2, "reflect"),
    ColorJitter(0.5, 0.5, 0.5),
    Normalize([0.5, 0.4, 0.3], [0.2, 0.3, 0.4]),
    Normalize.of(images(), per="pixel"),
    Compose([RandomFlip(), RandomCrop(1), ColorJitter(0.2), ToFloat(), Normalize(0.5, 0.25)]),
]


@pytest.mark.parametrize("t", ALL, ids=repr)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_every_transform(t, dtype):
    x = images(40, dtype=dtype)
    before, state = x.copy(), np.random.default_rng(3)
    x.flags.writeable = False
    y = t(x, state)
    assert y.shape == x.shape and np.array_equal(x, before)
    keeps = isinstance(t, (RandomFlip, RandomCrop, ColorJitter))
    assert y.dtype == (np.float32 if dtype == np.uint8 and not keeps else dtype)
    assert np.array_equal(t(x, rng(3)), y)
    strided = np.asfortranarray(x)[::-1][::-1]  # another memory order gives the same
    assert np.array_equal(t(strided, rng(3)), y)
    assert len(t(x[:1], rng())) == 1 and t(x[:0], rng()).shape == (0, *x.shape[1:])
    if "Random" in repr(t) or "Jitter" in repr(t):
        assert not np.array_equal(t(x, rng(4)), y) and not np.array_equal(t(x, state), y)
        minidl.seed(3)
        first = t(x)  # without a Generator: minidl's own
        minidl.seed(3)
        assert np.array_equal(t(x), first) and not np.array_equal(t(x), first)
    else:
        assert np.array_equal(t(x), y)


@pytest.mark.parametrize("t", ALL, ids=repr)
def test_on_a_device(t, fake_cupy):
    x = images(10)
    for device in ("cuda", "cuda:1"):
        y = t(to_device(x, device), rng(3))
        assert device_of(y) == device and np.array_equal(to_numpy(y), t(x, rng(3)))


def test_to_float_is_exact():
    x = np.arange(256, dtype=np.uint8)
    y = ToFloat()(x)
    assert y.dtype == np.float32 and y[0] == 0 and y[255] == 1
    assert np.array_equal(y, (np.arange(256) / 255).astype(np.float32))
    assert ToFloat()(y) is y
    with pytest.raises(TypeError, match="int64; expected uint8"):
        ToFloat()(np.arange(3))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_flip_mirrors_whole_images_left_to_right(dtype):
    x = images(200, dtype=dtype)
    y = RandomFlip(0.3)(x, rng())
    flipped = [np.array_equal(b, a[:, ::-1]) for a, b in zip(x, y, strict=True)]
    same = [np.array_equal(b, a) for a, b in zip(x, y, strict=True)]
    assert all(f != s for f, s in zip(flipped, same, strict=True)) and 40 <= sum(flipped) <= 80
    assert np.array_equal(RandomFlip(1)(x, rng()), x[:, :, ::-1]) and np.array_equal(RandomFlip(0)(x, rng()), x)


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_crop_shifts_each_image_by_its_own_way(mode, dtype):
    x = images(300, dtype=dtype)
    y = RandomCrop(2, mode)(x, rng())
    padded = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), mode)
    shifts = np.zeros((5, 5), int)
    for i in range(len(x)):
        found = [(a, b) for a in range(5) for b in range(5)
                 if np.array_equal(y[i], padded[i, a : a + 5, b : b + 7])]  # fmt: skip
        assert len(found) == 1
        shifts[found[0]] += 1
    assert shifts.min() >= 3 and shifts.max() <= 30  # 12 expected of each of the 25
    assert RandomCrop(0)(x, rng()) is x


def test_jitter_against_the_formulas():
    x = images(5, dtype=np.float64)
    x = 0.4 + 0.2 * x  # nothing is clipped
    grey = lambda a: (a * [0.299, 0.587, 0.114]).sum(-1, keepdims=True)
    draws = rng(1).random((3, 5))
    b, c, s = (
        (low + (high - low) * draws[i])[:, None, None, None]
        for i, (low, high) in enumerate([(0.9, 1.1), (0.8, 1.2), (0, 2.5)])
    )
    expected = b * x
    mean = grey(expected).mean((1, 2), keepdims=True)
    expected = mean + c * (expected - mean)
    expected = grey(expected) + s * (expected - grey(expected))
    assert np.allclose(ColorJitter(0.1, 0.2, 1.5)(x, rng(1)), expected, rtol=0, atol=1e-12)


def test_jitter_clips_and_rounds():
    x = images(50)
    y = ColorJitter(3.0, 3.0, 3.0)(x, rng())
    f = ColorJitter(3.0, 3.0, 3.0)(ToFloat()(x), rng())
    assert y.min() == 0 and y.max() == 255 and f.min() == 0 and f.max() == 1
    assert np.abs(y / 255 - f).max() <= 0.5 / 255 + 1e-6
    assert np.array_equal(ColorJitter()(x, rng()), x)  # strength 0 changes nothing, in any dtype
    assert np.array_equal(ColorJitter()(ToFloat()(x), rng()), ToFloat()(x))
    grey = ColorJitter(saturation=1.0)(np.full((4, 2, 2, 3), 7, np.uint8), rng())
    assert (grey == 7).all()


def test_jitter_of_grey_images():
    x = images(4, c=1)
    y = ColorJitter(0.5, 0.5)(x, rng())
    assert y.shape == x.shape and not np.array_equal(x, y)
    with pytest.raises(ValueError, match="1 channels"):
        ColorJitter(saturation=0.1)(x, rng())


# -- statistics


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_normalize_of_channels(dtype, monkeypatch):
    x = images(60, dtype=dtype)
    x[..., 1] = (x[..., 1] / 2).astype(dtype)
    unit = 255 if dtype == np.uint8 else 1
    for block in (1, 1000, 2**20):  # one image, nine images, all of them at a time
        monkeypatch.setattr("minidl.data.transforms._BLOCK", block)
        t = Normalize.of(ArrayDataset(x, np.arange(60)))
        flat = x.reshape(-1, 3).astype(float) / unit
        assert t.mean.dtype == np.float32 and np.allclose(t.mean, flat.mean(0)) and np.allclose(t.std, flat.std(0))
        y = t(x)
        assert np.abs(y.mean((0, 1, 2))).max() < 1e-5 and np.abs(y.std((0, 1, 2)) - 1).max() < 1e-5
    assert np.array_equal(Compose([ToFloat(), t])(x, rng()), y)  # ToFloat before it or not


def test_normalize_of_pixels_and_mean_subtraction():
    x = images(60)
    x[:, 0, 0] = 9
    exact = x.astype(float) / 255
    t = Normalize.of(x, per="pixel")
    assert np.allclose(t.mean, exact.mean(0))
    y = t(x)
    assert (t.std[0, 0] == 1).all() and np.abs(y[:, 0, 0]).max() < 1e-7 and np.abs(y.mean(0)).max() < 1e-5
    assert np.abs(y.std(0)[1:] - 1).max() < 1e-5
    mean_subtraction = Normalize.of(x, per="pixel", scale=False)
    assert np.allclose(mean_subtraction(x), exact - exact.mean(0), atol=1e-6)
    assert np.allclose(Normalize.of(x, scale=False)(x), exact - exact.mean((0, 1, 2)), atol=1e-6)


def test_statistics_of_data_on_a_device(fake_cupy):
    x = images(20)
    there, here = Normalize.of(to_device(x, "cuda")), Normalize.of(x)
    assert type(there.mean) is np.ndarray and np.array_equal(there.mean, here.mean) and (there.std == here.std).all()


def test_normalize_by_the_training_data_alone():
    train, test = images(20), images(20, seed=1) // 2
    t = Normalize.of(train)
    assert np.allclose(t(test), (test / 255 - t.mean) / t.std, atol=1e-5) and abs(t(test).mean()) > 0.1


def test_constant_channels_become_zero():
    x = np.full((49, 4, 4, 3), 0.1)
    x[..., 2] = images(49, 4, 4, 1, float)[..., 0]
    assert x[:, 0, 0, 0].std() > 0  # by rounding alone
    t = Normalize.of(x)
    y = t(x)
    assert t.std[:2].tolist() == [1, 1]
    assert np.abs(y[..., :2]).max() < 1e-6 and abs(y[..., 2].std() - 1) < 1e-5
    assert (Normalize(0.5, 0)(x)[..., 0] == 0.1 - 0.5).all()


def test_normalize_takes_numbers_and_other_shapes():
    x = images(3, dtype=np.float32).reshape(3, -1)
    assert np.allclose(Normalize(0.5, 0.25)(x), (x - 0.5) / 0.25)
    assert repr(Normalize([0.5, 0.25], 2)) == "Normalize(mean=[0.5 , 0.25], std=2.)"
    assert "<image (5, 7, 3)>" in repr(Normalize.of(images(), per="pixel"))


def test_statistics_of_a_large_set_stay_in_small_blocks(tmp_path):
    """A memory-mapped set, 24 times the block: NumPy's own memory at its peak stays below a fraction of its size."""
    import tracemalloc

    path = tmp_path / "x.npy"
    x = np.lib.format.open_memmap(path, "w+", np.uint8, (2048, 64, 64, 3))
    x[:] = np.arange(2048, dtype=np.uint8)[:, None, None, None]
    x.flush()
    mapped = np.load(path, mmap_mode="r")
    tracemalloc.start()
    t = Normalize.of(mapped)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.allclose(t.mean, 0.5) and peak < 25e6 < x.nbytes  # three blocks of 8 MB in float64


# -- refusals


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: RandomFlip(1.5), ValueError, "p=1.5 is no probability"),
        (lambda: RandomFlip(float("nan")), ValueError, "p=nan"),
        (lambda: RandomCrop(-1), ValueError, "padding=-1"),
        (lambda: RandomCrop(1.5), ValueError, "padding=1.5"),
        (lambda: RandomCrop(1, "mirror"), ValueError, "mode='mirror'; expected 'constant', 'edge' or 'reflect'"),
        (lambda: ColorJitter(contrast=-0.1), ValueError, "contrast=-0.1"),
        (lambda: ColorJitter(float("inf")), ValueError, "brightness=inf"),
        (lambda: Compose([RandomFlip(), RandomCrop]), TypeError, "transform 1 is .* of the class: RandomCrop"),
        (lambda: Compose([3]), TypeError, "transform 0 is 3"),
        (lambda: Compose([lambda x, rng, more: x]), TypeError, "which it is called with .missing"),
        (lambda: Compose(RandomFlip()), TypeError, "takes a list of transforms, got RandomFlip"),
        (lambda: Normalize(np.nan), ValueError, "finite"),
        (lambda: Normalize(0, -1), ValueError, "std >= 0"),
        (lambda: Normalize(np.zeros((2, 3))), ValueError, r"mean has shape \(2, 3\)"),
        (lambda: Normalize.of(images(), per="image"), ValueError, "per='image'"),
        (lambda: Normalize.of(images()[0]), ValueError, r"shape \(5, 7, 3\).*x\[None\]"),
        (lambda: Normalize.of(np.full((2, 2, 2, 3), np.nan)), ValueError, "NaN or infinity"),
        (lambda: Normalize.of(minidl.data.load("moons")), TypeError, r"\.train"),
    ],
)
def test_settings_that_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("t", [RandomFlip(), RandomCrop(), ColorJitter(0.1)], ids=repr)
def test_batches_that_are_no_images(t):
    with pytest.raises(ValueError, match=rf"{type(t).__name__} got x of shape \(6, 105\); expected images"):
        t(images().reshape(6, -1), rng())
    with pytest.raises(ValueError, match=r"one image is a batch of one: x\[None\]"):
        t(images()[0], rng())
    with pytest.raises(TypeError, match="got a list"):
        t(images().tolist(), rng())


@pytest.mark.parametrize(
    "t, x, message",
    [
        (RandomCrop(5, "reflect"), images(), "5x7 cannot be reflected into a border of 5 pixels"),
        (ColorJitter(0.1), images(c=4), "4 channels"),
        (ColorJitter(0.1), images(dtype=np.float32) - 0.5, r"from -0.5 to 0.5; expected \[0, 1\]: put it before Norm"),
        (ColorJitter(0.1), images(dtype=np.float32) * 255, r"expected \[0, 1\]"),
        (ColorJitter(0.1), images(dtype=np.float32) * np.nan, "nan"),
        (Normalize(128), images(), r"Normalize\(mean=128., std=1.\) got uint8 .* where white is 1: divide them by 255"),
        (Normalize([0, 1, 1.1]), images(), "divide them by 255"),
        (Normalize(0, 255), images(), "divide them by 255"),
        (Normalize([0.5] * 3), images(c=1), r"shape \(N, 5, 7, 1\), but was made for channels of shape \(3,\)"),
        (Normalize([0.5] * 3), images().reshape(6, -1), r"\(N, 105\), but was made for channels"),
        (Normalize.of(images(), per="pixel"), images(h=6), r"\(N, 6, 7, 3\), but was made for images of shape \(5, 7"),
        (Normalize(0.5), np.zeros(3), r"shape \(3,\)"),
    ],
)
def test_batches_that_do_not_fit(t, x, message):
    with pytest.raises(ValueError, match=message):
        t(x, rng())
