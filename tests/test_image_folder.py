"""Folders of pictures: layouts, kinds of files, what is refused, and the cache. All pictures are drawn here."""

import errno
import importlib.util
import io
import json
import os
import struct
import subprocess
import sys
import threading
import time
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from minidl.data import ArrayDataset, DataLoader, Normalize, Subset, images, load
from minidl.data import cache as caching
from minidl.data import decode as decoding
from minidl.data.decode import Unreadable, decode
from minidl.data.images import ImageFolder

RED, BLUE = (200, 30, 40), (20, 60, 210)


def picture(color=RED, size=(40, 30), mode="RGB", kind="JPEG", **options):
    file = io.BytesIO()
    Image.new("RGB", size, color).convert(mode).save(file, kind, **options)
    return file.getvalue()


def write(folder, files):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def two_classes(folder, n=3, first="cat.{}.jpg", second="dog.{}.jpg"):
    return write(
        folder,
        {first.format(i): picture(RED) for i in range(n)} | {second.format(i): picture(BLUE) for i in range(n)},
    )


def pictures(names):
    return {f"{name}.jpg": picture() for name in names.split()}


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def near(pixel, color, by=6):
    return (abs(pixel.astype(int) - np.array(color)) <= by).all()


# -- layouts


@pytest.mark.parametrize(
    "first, second, classes",
    [
        ("cat.{}.jpg", "dog.{}.jpg", ("cat", "dog")),
        ("Cat_{}.JPG", "dog-{}.jpeg", ("cat", "dog")),
        ("black cat ({}).jpg", "wild dog {}.jpg", ("black cat", "wild dog")),
        ("котик.{}.jpg", "собака.{}.jpg", ("котик", "собака")),
        ("cats/{}.jpg", "dogs/{}.jpg", ("cats", "dogs")),
        ("PetImages/Cat/{}.jpg", "PetImages/Dog/{}.jpg", ("Cat", "Dog")),
        ("a/b/träge Hunde/x {}.jpg", "a/b/猫/{}.jpg", ("träge Hunde", "猫")),
        ("invalid/x{}.jpg", "valid/x{}.jpg", ("invalid", "valid")),
    ],
)
def test_layouts(tmp_path, first, second, classes):
    data = ImageFolder(two_classes(tmp_path, 3, first, second), size=8, cache=False)
    assert data.classes == classes and data.counts == dict.fromkeys(classes, 3) and data.skipped == []
    assert data.x.shape == (6, 8, 8, 3) and data.x.dtype == np.uint8 and data.y.dtype == np.int64
    for x, y, path in zip(data.x, data.y, data.paths, strict=True):
        assert near(x, RED if path.startswith(first.split("{")[0]) else BLUE)
        assert data.classes[y].lower() in path.lower()
    assert "6 pictures (3 " in data.report() and "No file was skipped." in data.report()


def test_classes_are_sorted_without_regard_to_case_and_there_may_be_many(tmp_path):
    names = ("Bee", "ant", "Cow")
    write(tmp_path, {f"{name}/{i}.png": picture(kind="PNG") for name in names for i in range(2)})
    data = ImageFolder(tmp_path, size=4, cache=False)
    assert data.classes == ("ant", "Bee", "Cow") and sorted(data.y) == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    "files, message",
    [
        ({}, "holds no pictures, it is empty; expected"),
        ({"notes.txt": b"x", "Thumbs.db": b"y"}, "holds no pictures, it holds 2 other files or folders, such as"),
        ({"a/b/c/.DS_Store": b""}, "holds no pictures"),
        ({f"cat.{i}.jpg": picture() for i in range(4)}, r"all 4 pictures are of the class 'cat'; a classifier needs"),
        ({f"{i:05}.jpg": picture() for i in range(4)}, "holds 4 pictures, but names such as 00000.jpg say no class"),
        (pictures("a/cat/1 a/cat/2"), "a/cat holds 2 pictures, but names .* say no class: only one class folder, cat"),
        (pictures("logo"), "holds a picture, but names such as logo.jpg say no class; expected"),
        (pictures("cat/1 dog/1 logo"), r"holds a picture, such as logo.jpg, beside 2 .*, cat, dog; .* move logo.jpg"),
        (pictures("cat/1 dog/1 logo1 banner2"), r"holds 2 pictures, such as banner2.jpg, beside 2 .*, move them away"),
        (pictures("test/cat/1 train/cat/1"), r"holds train and test: parts of a .*\('.*/train'\)"),
        (pictures("train/cat.1 train/dog.1 test1/1"), r"holds train: parts of a .*\('.*/train'\)"),
        (pictures("train/1 val/1"), "holds train and val: parts of a"),
        ({"train/cat/1.jpg": picture(), "validation/cat/1.jpg": picture()}, "holds train and validation: parts of a"),
        ({"cat.1.jpg": b"", "dog.1.jpg": b""}, r"no picture can be read; .*\n  cat.1.jpg: empty file"),
    ],
)  # fmt: skip
def test_folders_that_are_no_dataset(tmp_path, files, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        ImageFolder(write(tmp_path, files), size=8, cache=False)


def test_what_lies_about_in_folders_of_classes(tmp_path):
    two_classes(tmp_path, 2, "cat/{}.jpg", "dog/{}.jpg")
    write(tmp_path, {"readme.txt": b"x", "dog/Thumbs.db": b"x", "dog/more/1.jpg": b"x", "dog/.hidden.jpg": b"x"})
    for folder in ("bird", "fish"):
        (tmp_path / folder).mkdir()
    write(tmp_path, {"fish/list.txt": b"x"})
    (tmp_path / "dog" / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "dog" / "gone.jpg").symlink_to("nowhere.jpg")
    expected = [
        ("bird/", "an empty folder"), ("dog/.hidden.jpg", "a hidden file"),
        ("dog/Thumbs.db", "not a picture by its name"), ("dog/gone.jpg", "a link to nothing"),
        ("dog/loop.jpg", f"cannot be read: {os.strerror(errno.ELOOP)}"),
        ("dog/more/", "a folder inside a class"), ("fish/list.txt", "not a picture by its name"),
        ("readme.txt", "not a picture by its name"),
    ]  # fmt: skip
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "dog" / "pipe.jpg")
        expected.insert(6, ("dog/pipe.jpg", "no file, but a pipe or a device"))
    data = ImageFolder(tmp_path, size=8, cache=False)
    assert len(data) == 4 and data.skipped == expected


def test_a_folder_of_a_class_that_may_not_be_read(tmp_path, monkeypatch):
    two_classes(tmp_path, 2, "cat/{}.jpg", "dog/{}.jpg")
    (tmp_path / "bird").mkdir()
    scandir = os.scandir

    def denied(path):
        if Path(path).name == "bird":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denied)
    assert ImageFolder(tmp_path, size=8, cache=False).skipped == [("bird/", "cannot be read: Permission denied")]
    with pytest.raises(PermissionError):
        ImageFolder(tmp_path / "bird")


def test_pictures_beside_one_folder_of_pictures(tmp_path):
    write(two_classes(tmp_path), {"thumbs/cat.0.jpg": picture(), "empty.txt": b""})
    data = ImageFolder(tmp_path, size=8, cache=False)
    assert len(data) == 6
    assert data.skipped == [("empty.txt", "not a picture by its name"), ("thumbs/", "a folder beside the pictures")]


def test_no_such_folder_and_a_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"the folder .*nowhere does not exist"):
        ImageFolder(tmp_path / "nowhere")
    (tmp_path / "cats.zip").write_bytes(b"PK\x03\x04")
    with pytest.raises(FileNotFoundError, match=r"cats.zip is a file; unpack it first"):
        ImageFolder(tmp_path / "cats.zip")


@pytest.mark.parametrize("size", [0, -1, 64.0, "64", True, 5000, None])
def test_sizes(tmp_path, size):
    with pytest.raises(ValueError, match="size must be a whole number of pixels, 1 to 4096, got"):
        ImageFolder(two_classes(tmp_path), size=size)


# -- one picture


@pytest.mark.parametrize("size", [8, 32, 64])
@pytest.mark.parametrize("shape", [(640, 480), (480, 640), (64, 64), (9, 200), (10, 10)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_middle_square_is_kept_and_scaled(tmp_path, shape, size, kind):
    """A picture of two halves, blue before and red after its middle, along the longer axis."""
    width, height = shape
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:] = BLUE
    if width >= height:
        pixels[:, width // 2 :] = RED
    else:
        pixels[height // 2 :] = RED
    Image.fromarray(pixels).save(tmp_path / "x", kind, **({"quality": 95, "subsampling": 0} if kind == "JPEG" else {}))
    x = decode(tmp_path / "x", size)
    assert x.shape == (size, size, 3) and x.dtype == np.uint8
    x = x if width >= height else x.transpose(1, 0, 2)
    edge = 1 + size // min(shape)  # an enlarged picture is soft in the middle
    assert near(x[:, : size // 2 - edge], BLUE, 25) and near(x[:, size // 2 + edge :], RED, 25)


def test_a_scaled_jpeg_is_close_to_one_decoded_whole(tmp_path):
    y, x = np.mgrid[0:300, 0:400] / 50
    pixels = 127 + 120 * np.stack([np.sin(x), np.sin(y + x), np.cos(y)], axis=-1)
    image = Image.fromarray(pixels.astype(np.uint8))
    image.save(tmp_path / "x.jpg", quality=95)
    whole = image.resize((32, 32), Image.Resampling.BILINEAR, box=(50, 0, 350, 300))
    assert abs(decode(tmp_path / "x.jpg", 32).astype(float) - np.asarray(whole)).mean() < 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path, orientation):
    upright = np.zeros((16, 16, 3), np.uint8)
    upright[:8, :8], upright[:8, 8:], upright[8:, :8], upright[8:, 8:] = RED, BLUE, (0, 0, 0), (255, 255, 255)
    stored = {  # how the camera wrote it, from the definition of the tag: where row 0 and column 0 are
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1], 5: upright.transpose(1, 0, 2),
        6: np.rot90(upright), 7: np.rot90(upright, 2).transpose(1, 0, 2), 8: np.rot90(upright, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "x.png", exif=exif)
    assert (decode(tmp_path / "x.png", 16) == upright).all()
    Image.fromarray(np.ascontiguousarray(np.kron(stored, np.ones((8, 8, 1), np.uint8)))).save(
        tmp_path / "x.jpg", exif=exif, quality=95
    )
    assert abs(decode(tmp_path / "x.jpg", 16).astype(int) - upright).mean() < 8


@pytest.mark.parametrize(
    "mode, kind, expected",
    [
        ("L", "PNG", 90), ("L", "JPEG", 90), ("P", "GIF", RED), ("P", "PNG", RED), ("CMYK", "JPEG", RED),
        ("RGBA", "PNG", RED), ("LA", "PNG", 90), ("1", "PNG", None), ("RGB", "BMP", RED), ("RGB", "WEBP", RED),
        ("RGB", "TIFF", RED), ("CMYK", "TIFF", RED), ("RGB", "PPM", RED),
    ],
)  # fmt: skip
def test_every_kind_becomes_rgb(tmp_path, mode, kind, expected):
    image = Image.new("RGB", (20, 20), RED).convert(mode)
    image.save(tmp_path / "x", kind)
    x = decode(tmp_path / "x", 10)
    assert x.shape == (10, 10, 3)
    if expected == 90:
        grey = np.asarray(Image.new("RGB", (1, 1), RED).convert("L"))[0, 0]
        assert near(x, (grey, grey, grey), 3)
    elif expected is None:
        assert set(np.unique(x)) <= set(range(256)) and (x[..., 0] == x[..., 1]).all()
    else:
        assert near(x, expected, 12)


def exif_entry(tag, kind, value):
    return struct.pack("<HHI", tag, kind, len(value) if kind == 2 else 1) + value.ljust(4, b"\0")


@pytest.mark.parametrize(
    "bad",
    [exif_entry(256, 2, b"40"), exif_entry(258, 2, b"8"), exif_entry(271, 2, b"\xff\xfe\xff"), exif_entry(6, 99, b"?")],
)  # the width and the bits of a sample as text, a maker that is no text, a type that there is not
def test_a_bad_exif_entry_does_not_cost_the_picture_nor_its_orientation(tmp_path, bad):
    entries = sorted([exif_entry(0x0112, 3, b"\6\0"), bad])
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(entries) + b"\0\0\0\0"
    halves = np.zeros((32, 32, 3), np.uint8)
    halves[:, :16] = 255
    Image.fromarray(halves).save(tmp_path / "x.jpg", exif=exif, quality=95)
    x = decode(tmp_path / "x.jpg", 32)  # what was left is up
    assert (x[:14] > 240).all() and (x[18:] < 15).all()


@pytest.mark.parametrize("value", [0, 9, 600])
def test_an_orientation_that_there_is_not_changes_nothing(tmp_path, value):
    exif = Image.Exif()
    exif[0x0112] = value
    halves = np.zeros((8, 8, 3), np.uint8)
    halves[:, :4] = RED
    Image.fromarray(halves).save(tmp_path / "x.png", exif=exif)
    assert (decode(tmp_path / "x.png", 8) == halves).all()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_sixteen_bits_of_grey_are_scaled_not_cut(tmp_path, kind):
    for value, expected in ((0x8080, 0x80), (0xFFFF, 0xFF), (0x00FF, 0)):
        (tmp_path / "x").write_bytes(grey(np.full((20, 20), value, np.uint16), kind))
        assert (decode(tmp_path / "x", 10) == expected).all()


@pytest.mark.parametrize("kind, large", [("PNG", True), ("JPEG", False), ("progressive", True)])
def test_large_pictures_are_decoded_one_at_a_time(tmp_path, monkeypatch, kind, large):
    """Unless they are decoded at a fraction of their size, as most JPEGs are."""
    monkeypatch.setattr(decoding, "_MANY", 5000)
    inside, most, square = [], [], decoding._square

    def slowly(image, size):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.05)
        inside.pop()
        return square(image, size)

    monkeypatch.setattr(decoding, "_square", slowly)
    options = {"format": "JPEG", "progressive": True} if kind == "progressive" else {"format": kind}
    Image.new("RGB", (160, 160), RED).save(tmp_path / "x", **options)
    with ThreadPoolExecutor(4) as pool:
        for x in pool.map(decode, [tmp_path / "x"] * 4, [20] * 4):
            assert near(x, RED)
    assert (max(most) == 1) == large


@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_what_is_transparent_is_white(tmp_path, mode):
    image = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    image.convert(mode).save(tmp_path / "x.png", **({"transparency": 0} if mode == "P" else {}))
    assert (decode(tmp_path / "x.png", 10) == 255).all()


def test_what_is_half_transparent_is_laid_on_white(tmp_path):
    pixels = np.full((20, 20, 4), (200, 30, 40, 128), np.uint8)
    pixels[:, 1::2] = (0, 0, 255, 0)  # the colour of what cannot be seen does not count
    Image.fromarray(pixels).save(tmp_path / "x.png")
    assert near(decode(tmp_path / "x.png", 10)[:, 1:-1], (241, 199, 201), 2)
    Image.new("RGB", (20, 20), BLUE).save(tmp_path / "x.png", transparency=BLUE)
    assert (decode(tmp_path / "x.png", 10) == 255).all()


def png_that_claims(width, height):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )  # fmt: skip


def noise():
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (150, 200, 3), dtype=np.uint8)).save(file, "JPEG")
    return file.getvalue()


def grey(pixels, kind):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


WHOLE = noise()
REFUSED = {
    "empty": (b"", "empty file"),
    "html": (b"<!DOCTYPE html><html><body>403 Forbidden</body></html>", "an HTML page"),
    "html2": (b"<html>no</html>", "an HTML page"),
    "text": (b"hello, I am no picture", "no picture: it begins with b'hello, I'"),
    "zip": (b"PK\x03\x04" + b"\0" * 30, "a zip archive"),
    "pdf": (b"%PDF-1.7", "a PDF"),
    "svg": (b"<svg xmlns='x'/>", "an SVG drawing"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC, which Pillow cannot read; save it as JPEG"),
    "zeros": (b"\0" * 500, "no picture"),
    "32 bits": (grey(np.full((9, 9), 255, np.int32), "TIFF"), "pixels of 32 bits, of which nothing says what is"),
    "floating": (grey(np.full((9, 9), 0.5, np.float32), "TIFF"), "pixels of 32 bits"),
    "truncated": (WHOLE[: len(WHOLE) // 2], "damaged: image file is truncated"),
    "header only": (WHOLE[:20], "damaged|no picture"),
    "truncated png": (picture(kind="PNG")[:60], "damaged"),
    "bomb": (png_that_claims(60_000, 60_000), "more than 100,000,000"),
    "small bomb": (png_that_claims(12_000, 9_000), "12000 x 9000 pixels, more than 100,000,000"),
    "no pixels": (png_that_claims(0, 10), "damaged|no picture"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture_says_why(tmp_path, name):
    data, reason = REFUSED[name]
    (tmp_path / "x.jpg").write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with pytest.raises(Unreadable, match=reason):
            decode(tmp_path / "x.jpg", 8)


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")
def test_avif(tmp_path):
    two_classes(tmp_path, 2, "cat.{}.avif", "dog.{}.avif")  # JPEGs by another name
    whole = picture(RED, kind="AVIF")
    write(tmp_path, {"cat.0.avif": whole, "cat.2.avif": whole.replace(b"pitm", b"????")})
    data = ImageFolder(tmp_path, size=8, cache=False)
    assert len(data) == 4 and near(data.x[0], RED) and data.skipped[0][0] == "cat.2.avif"
    assert data.skipped[0][1].startswith("damaged: Failed to decode image")


def test_sixty_hostile_files(tmp_path, cache):
    """Those that can be read are, and for every other one the report says which and why."""
    good = {f"cat.{i}.jpg": picture(RED) for i in range(5)} | {f"dog.{i}.jpg": picture(BLUE) for i in range(5)}
    good |= {
        "cat.10.jpg": picture(kind="PNG"), "dog.11.png": picture(kind="JPEG"), "cat.12.JPEG": picture(mode="CMYK"),
        "dog.13.gif": picture(kind="GIF"), "cat.14.webp": picture(kind="WEBP"), "dog.15.jpg": picture(mode="L"),
        "cat 16.jpg": picture(), "dog (17).jpg": picture(), "cat.18.bmp": picture(kind="BMP"),
        "dog.19.jpg": picture(size=(1, 1)), "cat.20.jpg": picture(size=(3000, 2)), "dog.21.tif": picture(kind="TIFF"),
    }  # fmt: skip
    bad = {f"cat.{100 + i}.jpg": data for i, (data, _) in enumerate(REFUSED.values())}
    bad |= {f"dog.{200 + i}.png": data for i, (data, _) in enumerate(REFUSED.values())}
    other = {
        "Thumbs.db": b"x", "readme[1].txt": b"x", "desktop.ini": b"x", "cat.1.jpg.part": b"x", "archive.zip": b"x",
        "nolabel.jpg": picture(), "12345.jpg": picture(), "._cat.3.jpg": b"\0\5\x16\7",
    }  # fmt: skip
    write(tmp_path / "set", good | bad | other)
    os.symlink(tmp_path / "nowhere", tmp_path / "set" / "cat.300.jpg")
    (tmp_path / "set" / "dog.301.jpg").mkdir()
    count = len(good) + len(bad) + len(other) + 2
    assert count >= 60
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):  # decoded, and from the cache
            data = ImageFolder(tmp_path / "set", size=8, cache=cache)
            assert sorted(data.paths) == sorted(good)
            reasons = dict(data.skipped)
            assert sorted(reasons) == sorted([*bad, *other, "cat.300.jpg", "dog.301.jpg/"])
            assert len(data) + len(data.skipped) == count
    for i, (_, reason) in enumerate(REFUSED.values()):
        assert any(word in reasons[f"cat.{100 + i}.jpg"] for word in reason.split("|")), reasons[f"cat.{100 + i}.jpg"]
    assert reasons["cat.300.jpg"] == "a link to nothing" and reasons["._cat.3.jpg"] == "a hidden file"
    report = data.report()
    assert f"Skipped {len(reasons)} files:\n" in report and f"and {len(reasons) - 10} more" in report


def test_a_file_that_may_not_be_read_is_skipped(tmp_path, monkeypatch):
    two_classes(tmp_path)

    def denied(path, size):
        if path.name == "cat.1.jpg":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return decode(path, size)

    monkeypatch.setattr(images, "decode", denied)
    data = ImageFolder(tmp_path, size=8, cache=False)
    assert len(data) == 5 and data.skipped[0][0] == "cat.1.jpg" and "Permission denied" in data.skipped[0][1]


# -- the cache


def test_the_second_time_nothing_is_decoded(tmp_path, cache, monkeypatch):
    two_classes(tmp_path / "set", 40)
    first = ImageFolder(tmp_path / "set", size=16, cache=cache)
    monkeypatch.setattr(images, "decode", lambda *a: pytest.fail("decoded again"))
    second = ImageFolder(tmp_path / "set", size=16, cache=cache)
    for data in (first, second):
        assert isinstance(data.x.base, np.memmap) and not data.x.flags.writeable
    assert (first.x == second.x).all() and (first.y == second.y).all() and first.paths == second.paths
    assert first.classes == second.classes
    assert len(list(cache.iterdir())) == 2


def test_the_cache_holds_what_memory_holds_with_any_number_of_workers(tmp_path, cache):
    write(tmp_path / "set", {
        f"{'cat' if i % 2 else 'dog'}.{i}.jpg": picture((i, 255 - i, 2 * i), (30 + i, 50)) if i % 7 else b"bad"
        for i in range(120)
    })  # fmt: skip
    inside = ImageFolder(tmp_path / "set", size=16, cache=False, workers=1)
    for workers in (1, 2, 9):
        cached = ImageFolder(tmp_path / "set", size=16, cache=cache / str(workers), workers=workers)
        assert (cached.x == inside.x).all() and cached.paths == inside.paths and cached.skipped == inside.skipped


@pytest.mark.parametrize("change", ["added", "removed", "rewritten", "other size", "other version"])
def test_after_a_change_the_pictures_are_decoded_anew_and_the_old_cache_goes(tmp_path, cache, change, monkeypatch):
    two_classes(tmp_path / "set")
    ImageFolder(tmp_path / "set", size=8, cache=cache)
    before, size, expected = set(cache.iterdir()), 8, 6
    if change == "added":
        write(tmp_path / "set", {"cat.9.jpg": picture()})
        expected = 7
    elif change == "removed":
        (tmp_path / "set" / "cat.1.jpg").unlink()
        expected = 5
    elif change == "rewritten":
        write(tmp_path / "set", {"cat.1.jpg": picture(BLUE, (50, 50))})
    elif change == "other version":
        monkeypatch.setattr(caching, "VERSION", 99)
    else:
        size = 12
    data = ImageFolder(tmp_path / "set", size=size, cache=cache)
    assert len(data) == expected
    after = set(cache.iterdir())
    assert len(after) == (4 if change == "other size" else 2) and (change == "other size") == (before <= after)
    if change == "rewritten":
        assert near(data.x[data.paths.index("cat.1.jpg")], BLUE)


NOTES = {"kept": [0, 1, 2, 3, 4, 5], "skipped": [], "unread": []}
DAMAGED_NOTES = [
    [], 3, None, {}, {"kept": [0], "skipped": []}, {**NOTES, "kept": None}, {**NOTES, "kept": [0, 1, 2, 3, 4, 6]},
    {**NOTES, "kept": [-1, 0, 1, 2, 3, 4]}, {**NOTES, "kept": [1, 0, 2, 3, 4, 5]}, {**NOTES, "kept": "012345"},
    {**NOTES, "kept": [0, 0, 1, 2, 3, 4]}, {**NOTES, "kept": [[0], 1, 2, 3, 4, 5]}, {**NOTES, "skipped": None},
    {**NOTES, "skipped": [1]}, {**NOTES, "skipped": [["cat.0.jpg", "why"]]}, {**NOTES, "unread": None},
    {**NOTES, "unread": [1]},
]  # fmt: skip


@pytest.mark.parametrize("damage", ["cut pixels", "empty pixels", "cut notes", "no pixels", *DAMAGED_NOTES])
def test_a_damaged_cache_is_made_anew(tmp_path, cache, damage):
    two_classes(tmp_path / "set")
    good = np.array(ImageFolder(tmp_path / "set", size=8, cache=cache).x)
    (pixels,), (notes,) = cache.glob("*.npy"), cache.glob("*.json")
    if damage == "cut pixels":
        pixels.write_bytes(pixels.read_bytes()[:300])
    elif damage == "empty pixels":
        pixels.write_bytes(b"")
    elif damage == "cut notes":
        notes.write_text(notes.read_text()[:30])
    elif damage == "no pixels":
        pixels.unlink()
    else:
        notes.write_text(json.dumps(damage))
    data = ImageFolder(tmp_path / "set", size=8, cache=cache)
    assert (data.x == good).all() and len(data.paths) == 6 and data.skipped == []
    assert json.loads(notes.read_text()).items() >= NOTES.items()


def test_of_several_at_once_one_decodes_and_all_have_the_pictures(tmp_path, cache, monkeypatch):
    pytest.importorskip("fcntl")
    two_classes(tmp_path / "set", 40)
    decoded = []

    def slowly(path, size):
        decoded.append(path)
        time.sleep(0.002)
        return decode(path, size)

    monkeypatch.setattr(images, "decode", slowly)
    with ThreadPoolExecutor(4) as pool:
        several = list(pool.map(lambda i: ImageFolder(tmp_path / "set", size=8, cache=cache), range(4)))
    assert len(decoded) == 80 and len(list(cache.iterdir())) == 2
    for data in several:
        assert near(data.x[0], RED) and near(data.x[-1], BLUE) and len(data) == 80


def test_processes_on_one_folder_that_is_cached_nowhere(tmp_path, cache):
    two_classes(tmp_path / "set", 100)
    text = (
        "from minidl.data import ImageFolder; import sys; "
        "print(len(ImageFolder(sys.argv[1], size=int(sys.argv[3]), cache=sys.argv[2])))"
    )
    arguments = [sys.executable, "-c", text, tmp_path / "set", cache]
    started = [subprocess.Popen([*arguments, size], stdout=subprocess.PIPE, text=True) for size in ("24", "24", "32")]
    assert [process.communicate()[0] for process in started] == ["200\n"] * 3
    assert sorted(path.suffix for path in cache.iterdir()) == [".json"] * 2 + [".npy"] * 2


def test_without_locks_what_another_may_be_writing_is_left_alone(tmp_path, cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    two_classes(tmp_path / "set")
    ImageFolder(tmp_path / "set", size=8, cache=cache)
    (pixels,), (notes,) = cache.glob("*.npy"), cache.glob("*.json")
    part, old = cache / f"{pixels.name}.abc.part", cache / f"{pixels.stem.rsplit('-', 1)[0]}-0000.npy"
    for path in (part, old):
        path.write_bytes(b"")
    notes.unlink()
    assert len(ImageFolder(tmp_path / "set", size=8, cache=cache)) == 6
    assert part.exists() and not old.exists()
    monkeypatch.undo()
    if importlib.util.find_spec("fcntl"):
        notes.unlink()
        assert len(ImageFolder(tmp_path / "set", size=8, cache=cache)) == 6
        assert not part.exists()  # of a process that was killed: no other holds the lock


def test_a_file_that_could_not_be_read_is_tried_again(tmp_path, cache, monkeypatch):
    two_classes(tmp_path / "set")
    write(tmp_path / "set", {"dog.9.jpg": b"bad"})
    denied, reads = {"cat.1.jpg"}, []

    def opened(path, *arguments, **options):
        if path.name in denied:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        reads.append(path.name)
        return open(path, *arguments, **options)

    monkeypatch.setattr(decoding, "open", opened, raising=False)
    monkeypatch.setattr(Path, "read_bytes", lambda path: opened(path, "rb").read())
    for n in (6, 0):  # the second time, that one file is tried and nothing decoded
        reads.clear()
        data = ImageFolder(tmp_path / "set", size=8, cache=cache)
        assert len(data) == 5 and len(reads) == n
        assert data.skipped[0] == ("cat.1.jpg", "cannot be read: Permission denied") and len(data.skipped) == 2
    denied.clear()
    data = ImageFolder(tmp_path / "set", size=8, cache=cache)
    assert len(data) == 6 and [path for path, _ in data.skipped] == ["dog.9.jpg"]


def test_one_cache_whichever_way_one_came_to_the_folder(tmp_path, cache, monkeypatch):
    two_classes(tmp_path / "set")
    (tmp_path / "link").symlink_to("set")
    monkeypatch.chdir(tmp_path / "set")
    roots = (tmp_path / "set", tmp_path / "set" / ".." / "set", tmp_path / "link", ".", "../link")
    for root in roots:
        data = ImageFolder(root, size=8, cache=cache)
        assert data.root == tmp_path / "set" and data.report().startswith(f"{tmp_path / 'set'}: 6 pictures")
    assert len(list(cache.iterdir())) == 2


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are Unicode on this system")
def test_names_that_cannot_be_printed_are_escaped(tmp_path, cache):
    root = tmp_path / os.fsdecode(b"fotos \xff")
    for i in range(2):
        two_classes(root, 2, "cat/{}.jpg", os.fsdecode(b"dog\xe4/{}.jpg"))
        write(root, {"cat/two\nlines.jpg": b"", os.fsdecode(b"cat/caf\xe9.jpg"): b"", "cat/ é.jpg": b""})
        data = ImageFolder(root, size=8, cache=cache)
        assert len(data) == 4 and len(data.skipped) == 3, i
        report = data.report()
        assert report.encode() and repr(data).encode()
        assert r"fotos \udcff: 4 pictures (2 cat, 2 dog\udce4). Skipped 3 files:" in report.splitlines()[0]
        names = ["cat/ é.jpg", r"cat/caf\udce9.jpg", r"cat/two\nlines.jpg"]
        assert report.splitlines()[1:] == [f"  {name}: empty file" for name in names]


@pytest.mark.parametrize("workers", [0, -1, 1.5, True, "2"])
def test_workers(tmp_path, workers):
    with pytest.raises(ValueError, match="workers must be a whole number of threads, at least 1, got"):
        ImageFolder(two_classes(tmp_path), size=8, cache=False, workers=workers)


@pytest.mark.parametrize("cache", [None, 1, 0, ["folder"]])
def test_what_is_no_place_for_a_cache(tmp_path, cache):
    with pytest.raises(TypeError, match="cache must be True, False or a folder, got"):
        ImageFolder(two_classes(tmp_path), size=8, cache=cache)


def test_a_full_disk_leaves_nothing_and_says_what_to_do(tmp_path, cache, monkeypatch):
    two_classes(tmp_path / "set", 40)
    class Full(io.FileIO):
        def write(self, data):
            if self.tell() > 3000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    monkeypatch.setattr(caching.os, "fdopen", lambda descriptor, mode: Full(descriptor, mode))
    with pytest.raises(OSError, match=r"cache of 15.4 kB could not be written to .*cache: No space left.*cache=False"):
        ImageFolder(tmp_path / "set", size=8, cache=cache)
    assert not cache.exists()


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"could not be written to .*cache=FOLDER"):
        ImageFolder(two_classes(tmp_path / "set"), size=8, cache=tmp_path / "file" / "sub")


def test_ctrl_c_while_decoding_leaves_nothing(tmp_path, cache, monkeypatch):
    two_classes(tmp_path / "set", 100)
    before = threading.active_count()

    class Bar:
        def __init__(self, **options):
            self.n = 0

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def update(self):
            self.n += 1
            if self.n == 70:
                raise KeyboardInterrupt

    monkeypatch.setattr("tqdm.tqdm", Bar)
    with pytest.raises(KeyboardInterrupt):
        ImageFolder(tmp_path / "set", size=8, cache=cache)
    assert not cache.exists() and threading.active_count() == before


def test_batches_come_from_the_file_alone(tmp_path, cache):
    data = ImageFolder(two_classes(tmp_path / "set", 10), size=8, cache=cache)
    x, y = next(iter(DataLoader(data, batch_size=7, shuffle=True)))
    assert x.shape == (7, 8, 8, 3) and type(x) is np.ndarray and y.shape == (7,)
    assert decoding.LARGEST == 100_000_000


# -- load


@pytest.fixture
def photographs(tmp_path, monkeypatch):
    """MINIDL_DATA with 60 pictures under the name of the real set, and a cache of their own."""
    two_classes(tmp_path / "data" / "cats_and_dogs" / "train", 30)
    filtered = tmp_path / "data" / "cats_and_dogs_filtered"
    two_classes(filtered / "train", 20, "cats/cat.{}.jpg", "dogs/dog.{}.jpg")
    two_classes(filtered / "validation", 10, "cats/cat.{}.jpg", "dogs/dog.{}.jpg")
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return {"size": 8, "cache": tmp_path / "cache"}


def test_load_cuts_the_photographs_in_three_without_copying_them(photographs):
    splits = load("cats_and_dogs", **photographs)
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [36, 12, 12]
    assert splits.classes == ("cat", "dog") and splits.source.endswith("Here: 60.") and "Real data" in splits.source
    seen = set()
    for part in (splits.train, splits.validation, splits.test):
        assert part.y.mean() == 0.5 and part.x.dtype == np.uint8 and part.x.shape[1:] == (8, 8, 3)
        assert isinstance(part, Subset) and part.dataset is splits.train.dataset
        seen |= set(part.positions)
        for x, y in DataLoader(part, batch_size=5, shuffle=True):
            assert all(near(image, BLUE if label else RED) for image, label in zip(x, y, strict=True))
    assert len(seen) == 60
    other = load("cats_and_dogs", **photographs, seed=1)
    assert set(other.test.positions) != set(splits.test.positions)
    assert (load("cats_and_dogs", **photographs).test.positions == splits.test.positions).all()


def test_load_takes_the_test_set_of_the_filtered_archive_as_it_is(photographs):
    splits = load("cats_and_dogs_filtered", **photographs)
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [32, 8, 20]
    assert splits.classes == ("cats", "dogs") and "validation" in str(splits.test.dataset.root)


def test_photographs_that_are_not_there_are_not_fetched_unasked(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("minidl.data.files.find_folder", lambda info: None)
    monkeypatch.setattr("minidl.data.sources.find_folder", lambda info: None)
    with pytest.raises(FileNotFoundError, match="fetch it: minidl datasets get cats_and_dogs"):
        load("cats_and_dogs", download=False)
    monkeypatch.setattr("minidl.data.files.find", lambda info, file: None)
    with pytest.raises(PermissionError, match=r"To agree and to fetch it \(825 MB\), type: minidl datasets get"):
        load("cats_and_dogs")


def test_a_subset_is_a_dataset_of_its_own(photographs):
    data = ArrayDataset(np.arange(20).reshape(10, 2), np.arange(10))
    subset = Subset(data, [7, 2, 9])
    assert len(subset) == 3 and subset.y.tolist() == [7, 2, 9] and subset.x[1].tolist() == [4, 5]
    assert subset[np.array([2, 0])][1].tolist() == [9, 7] and subset[1:][1].tolist() == [2, 9]
    x, y = subset[0]
    assert y == 7 and x.tolist() == [14, 15]
    assert [y.tolist() for _, y in DataLoader(subset, batch_size=2)] == [[7, 2], [9]]
    for bad in ([10], [0.5], [[1]]):
        with pytest.raises(IndexError):
            Subset(data, bad)


def test_statistics_of_a_subset_are_those_of_its_samples(photographs):
    train = load("cats_and_dogs", **photographs).train
    for per in ("channel", "pixel"):
        ours, theirs = Normalize.of(train, per=per), Normalize.of(ArrayDataset(train.x, train.y), per=per)
        assert np.array_equal(ours.mean, theirs.mean) and np.array_equal(ours.std, theirs.std)
