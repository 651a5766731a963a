"""One picture file to one square of RGB pixels."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

LARGEST = 100_000_000  # pixels; more is a mistake or a decompression bomb: a small file that fills the memory

_KINDS = {  # how files begin that are often taken for pictures
    b"<!do": "an HTML page (the download went wrong?)", b"<htm": "an HTML page (the download went wrong?)",
    b"%pdf": "a PDF", b"pk\x03\x04": "a zip archive", b"<svg": "an SVG drawing", b"<?xm": "an XML file",
}  # fmt: skip


class Unreadable(ValueError):
    """A file that gives no picture; the message says why, in a few words."""


def decode(path: str | Path, size: int) -> np.ndarray:
    """The picture, its shorter side scaled to `size` and the middle cut out: uint8 (size, size, 3), RGB.

    Turned upright as its EXIF orientation says; grey, palette, CMYK and 16-bit pictures become RGB, what is transparent
    is laid on white; of an animation the first frame. Unreadable where there is no picture or one of more than LARGEST
    pixels. Many threads may decode at once.

    A JPEG is decoded at 1/2, 1/4 or 1/8 of its size where that is still enough (`draft`), which is what makes it fast.
    """
    from PIL import Image, ImageOps

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
            ImageOps.exif_transpose(image, in_place=True)
            return np.asarray(_square(_rgb(image), size))
    except Unreadable:
        raise
    except Image.DecompressionBombError:
        raise Unreadable(f"more than {LARGEST:,} pixels") from None
    except Image.UnidentifiedImageError:
        raise Unreadable(_KINDS.get(data[:4].lower(), f"no picture: it begins with {data[:8]!r}")) from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, ArithmeticError) as error:
        # Pillow's plug-ins raise many kinds for damaged files
        raise Unreadable(f"damaged: {error}" if str(error) else f"damaged: {type(error).__name__}") from None


def _rgb(image):  # type: ignore[no-untyped-def]
    from PIL import Image

    if image.mode == "RGB":
        return image
    if image.mode.startswith("I"):  # 16 bits; convert() would cut off at 255
        grey = np.asarray(image).astype(np.float64) / 257
        return Image.fromarray(grey.clip(0, 255).round().astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _square(image, size: int):  # type: ignore[no-untyped-def]
    from PIL import Image

    width, height = image.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    return image.resize((size, size), Image.Resampling.BILINEAR, box=(left, top, left + side, top + side))
