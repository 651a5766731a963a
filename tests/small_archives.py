"""Small archives and other things that tests of downloads and of unpacking share."""

import contextlib
import io
import tarfile
import warnings
import zipfile


def write_zip(path, members):
    """A zip of (name, content) pairs; names as they are, whatever they are. A ZipInfo may stand for a name."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two members of one name
        for name, content in members:
            zipped.writestr(name, content)
    return path


def write_tar(path, members):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content) if info.isreg() else 0
            tar.addfile(info, io.BytesIO(content))
    return path


WRITERS = {"zip": write_zip, "tar.gz": write_tar}
PETS = [
    ("Pets/Cat/0.jpg", b"a cat"),
    ("Pets/Cat/666.jpg", b""),
    ("Pets/Dog/0.jpg", b"a dog" * 1000),
    ("read me.txt", b""),
]


def names(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_symlink() or not p.is_dir())


def interrupting(error, after=1):
    """A progress bar that raises at its `after`-th step."""
    steps = []

    def update(n):
        steps.append(n)
        if len(steps) == after:
            raise error

    return lambda *_: contextlib.nullcontext(type("Bar", (), {"update": staticmethod(update)})())
