"""One picture file to one square of RGB pixels."""

from __future__ import annotations

import contextlib
import io
import struct
import threading
import zlib
from pathlib import Path

import numpy as np

LARGEST = 100_000_000  # pixels; more is a mistake or a decompression bomb: a small file that fills the memory
_MANY = 16_000_000  # pixels that are in memory while a picture is decoded: of more than these, one picture at a time
_alone = threading.Lock()

_KINDS = {  # how files begin that are often taken for pictures
    b"<!do": "an HTML page (the download went wrong?)", b"<htm": "an HTML page (the download went wrong?)",
    b"%pdf": "a PDF", b"pk\x03\x04": "a zip archive", b"<svg": "an SVG drawing", b"<?xm": "an XML file",
}  # fmt: skip

_DAMAGE = (  # what Pillow's plug-ins raise for damaged files
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, AttributeError, ArithmeticError,
    RuntimeError, struct.error, zlib.error,
)  # fmt: skip


class Unreadable(ValueError):
    """A file that gives no picture; the message says why, in a few words."""


def decode(path: str | Path, size: int) -> np.ndarray:
    """The picture, its shorter side scaled to `size` and the middle cut out: uint8 (size, size, 3), RGB.

    Turned upright as its EXIF orientation says; grey, palette, CMYK and 16-bit pictures become RGB, what is transparent
    is laid on white; of an animation the first frame. Unreadable where there is no picture or one of more than LARGEST
    pixels; OSError where the file cannot be read. Many threads may decode at once.

    A JPEG is decoded at 1/2, 1/4 or 1/8 of its size where that is still enough (`draft`), which is what makes it fast.
    """
    from PIL import Image

    with open(path, "rb", buffering=0) as file:
        data = file.read()
    if not data:
        raise Unreadable("empty file")
    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
            if width * height > LARGEST:
                raise Unreadable(f"{width} x {height} pixels, more than {LARGEST:,}")
            scale = size / min(width, height)
            image.draft("RGB", (int(width * scale), int(height * scale)))
            if "progressive" not in image.info:  # which is held whole, however small it is decoded
                width, height = image.size
            with _alone if width * height > _MANY else contextlib.nullcontext():
                return np.asarray(_upright(image, _square(image, size)))
    except Unreadable:
        raise
    except Image.DecompressionBombError:
        raise Unreadable(f"more than {LARGEST:,} pixels") from None
    except Image.UnidentifiedImageError:
        raise Unreadable(_kind(data)) from None
    except _DAMAGE as error:
        raise Unreadable(f"damaged: {error}" if str(error) else f"damaged: {type(error).__name__}") from None


def _kind(data: bytes) -> str:
    """What a file is that Pillow does not know."""
    if data[4:8] == b"ftyp":  # the box that a HEIC or AVIF file begins with; its brand comes next
        return f"{'AVIF' if data[8:12] in (b'avif', b'avis') else 'HEIC'}, which Pillow cannot read; save it as JPEG"
    return _KINDS.get(data[:4].lower(), f"no picture: it begins with {data[:8]!r}")


def _square(image, size: int):  # type: ignore[no-untyped-def]
    """The middle of a picture, scaled to size x size: RGB."""
    from PIL import Image

    image.load()  # before it is asked for its mode, which may become another
    image = _scalable(image)
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    square = image.resize((size, size), Image.Resampling.BILINEAR, box=(left, top, left + side, top + side))
    if square.mode == "RGBA":
        square = Image.alpha_composite(Image.new("RGBA", square.size, "white"), square)
    return square if square.mode == "RGB" else square.convert("RGB")


def _scalable(image):  # type: ignore[no-untyped-def]
    """The picture in a mode whose pixels can be averaged: L, RGB or RGBA."""
    from PIL import Image

    if image.mode == "F" or (image.mode == "I" and image.format not in ("PNG", "PPM")):  # those have 16 bits in it
        raise Unreadable("pixels of 32 bits, of which nothing says what is white; save it with 8 or 16 bits")
    if image.mode.startswith("I"):  # 16 bits, of which the upper 8 are kept; convert() would cut off at 255
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if image.mode == "L" and mode == "RGB":
        return image
    return image if image.mode == mode else image.convert(mode)


def _upright(image, square):  # type: ignore[no-untyped-def]
    """The square turned as the EXIF orientation of its picture says; as it is where that entry cannot be read."""
    from PIL import Image

    turn, method = Image.Transpose, None
    with contextlib.suppress(*_DAMAGE):  # Pillow's exif_transpose() fails for damage anywhere in the EXIF data
        method = {
            2: turn.FLIP_LEFT_RIGHT, 3: turn.ROTATE_180, 4: turn.FLIP_TOP_BOTTOM, 5: turn.TRANSPOSE,
            6: turn.ROTATE_270, 7: turn.TRANSVERSE, 8: turn.ROTATE_90,
        }.get(image.getexif().get(0x0112))  # fmt: skip
    return square if method is None else square.transpose(method)
