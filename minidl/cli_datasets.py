"""The command line: `minidl datasets`, to see, fetch, check and remove datasets."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .data import DatasetInfo

EXIT_OK, EXIT_CHECK_FAILED, EXIT_USAGE = 0, 1, 2


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add `datasets` to the commands of `minidl`."""
    datasets = commands.add_parser(
        "datasets",
        allow_abbrev=False,
        help="see which datasets are here, fetch, check and remove them",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="""\
Which datasets are on this machine, where and how large, under which licence;
fetch one, check it, print its folder, remove it. They are looked for in the
folder that MINIDL_DATA names, in datasets/ under the current folder, and in
the user's cache; downloads go to datasets/ where there is one, else to the
cache.""",
        epilog="""\
examples:
  minidl datasets
  minidl datasets get mnist
  minidl datasets get cats_and_dogs --from kagglecatsanddogs_5340.zip
  minidl datasets verify cats_and_dogs
  ls "$(minidl datasets path cats_and_dogs)"

exit codes: 0 done, 1 a check failed (verify), 2 wrong usage or missing input,
130 interrupted""",
    )
    datasets.set_defaults(command=_list)
    actions = datasets.add_subparsers(title="actions", metavar="ACTION")
    for function, text in (
        (_list, "all datasets: where they are, or how large the download is (default)"),
        (_get, "fetch one, unless it is here; a download that broke off is continued"),
        (_verify, "check every file of one that is here"),
        (_path, "print the folder of one that is here"),
        (_remove, "delete what minidl put on this machine of one, and what it decoded"),
    ):
        name = function.__name__.removeprefix("_")
        action = actions.add_parser(name, allow_abbrev=False, help=text, description=f"{text[0].upper()}{text[1:]}.")
        action.set_defaults(command=function)
        if function is not _list:
            action.add_argument("name", metavar="NAME", help="a dataset, as `minidl datasets` lists them")
        if function is _get:
            action.add_argument("--from", dest="given", type=Path, nargs="+", metavar="FILE", default=[],
                                help="files fetched by hand, or the folder that holds them; nothing is "
                                "downloaded")  # fmt: skip
        if function in (_get, _remove):
            action.add_argument("--yes", action="store_true", help="answer the question (of the licence, of removal) "
                                "with yes")  # fmt: skip


def _list(options: argparse.Namespace) -> int:
    from .data import DATASETS
    from .data.download import size_text

    for info in DATASETS.values():
        print(f"{info.name}: {info.title}")
        download = size_text(sum(file.size for file in info.files))
        places = list(_places(info))
        if not info.files:
            print(f"    {_built_in(info)}; licence: {info.licence}")
        elif not places:
            print(f"    not here, {download} to download; licence: {info.licence}")
        else:
            missing = _missing(info)
            part = f", {missing} missing" if missing else ""
            for folder in _folders(info):
                print(f"    here: {folder}")
            print(f"    {size_text(sum(map(_size, places)))} on disk{part}; licence: {info.licence}")
        for path in _unfinished(info):
            print(f"    {size_text(_size(path))} of {download} downloaded: {path}")
        if decoded := list(_decoded(info)):
            print(f"    {_decoded_text(decoded)}")
    return EXIT_OK


def _get(options: argparse.Namespace) -> int:
    from .data import files

    info = files.dataset_info(options.name)
    if not info.files:
        print(f"{info.name}: {_built_in(info)}; there is nothing to fetch")
        return EXIT_OK
    files.check_given(options.given)
    for file in info.files if not info.layouts else ():
        path = files.find(info, file)
        if path is not None:
            files.check(path, file)
    where = ", ".join(map(str, _folders(info)))
    missing = _missing(info)
    if not missing or (info.layouts and where):
        again = f"{missing} are missing; to have all, first remove it (minidl datasets remove {info.name}, or by hand)"
        if missing and options.given:
            raise ValueError(f"{info.name} is here already: {where}, but {again}")
        print(f"{info.name} is here: {where}" + (f", but {again}" if missing else ""))
        return EXIT_OK
    _show_licence(info)
    if options.given:
        if info.layouts:
            archive = files.given_for(info.files[0], options.given, True)
            if archive is None:
                raise FileNotFoundError(
                    f"{', '.join(map(str, options.given))} holds no {info.files[0].name}; give that file"
                )
            files.ensure(info, given=archive)
        else:
            files.take(info, options.given)
    elif info.layouts:
        here = files.find(info, info.files[0]) is not None
        if info.terms and not options.yes and not here and not _agrees(info):
            return EXIT_USAGE
        files.ensure(info, agreed=True)
    else:
        for file in info.files:
            if files.find(info, file) is None:
                files.fetch(info, file)
    print(f"{info.name} is in {', '.join(map(str, _folders(info)))}")
    return EXIT_OK


def _show_licence(info: DatasetInfo) -> None:
    """On stderr, like the question that may follow: stdout may go into a file."""
    from .data.download import say, size_text
    from .data.files import download_root

    total = sum(file.size for file in info.files)
    say(f"{info.name}: {info.title}")
    say(f"  licence   {info.licence}")
    if info.terms:
        say(f"  terms     {info.terms}")
    say(f"  source    {info.citation}")
    unpacked = f", about {size_text(info.unpacked_size)} unpacked" if info.layouts else ""
    say(f"  size      {size_text(total)}{unpacked}")
    say(f"  goes to   {download_root() / info.folders[0]}")


def _agrees(info: DatasetInfo) -> bool:
    return _asks(
        "Do you agree to the terms, and shall it be fetched?",
        f"{info.name} is {info.terms}. To agree and to fetch it, type: minidl datasets get {info.name} --yes",
    )


def _asks(question: str, otherwise: str) -> bool:
    """Ask y or n on a terminal; without one, say what to type and take it for a no."""
    if not sys.stdin.isatty():
        print(f"minidl: {otherwise}", file=sys.stderr)
        return False
    print(f"{question} [y/n] ", end="", file=sys.stderr, flush=True)
    yes = sys.stdin.readline().strip().lower() in ("y", "yes")
    if not yes:
        print("Nothing was done.", file=sys.stderr)
    return yes


def _verify(options: argparse.Namespace) -> int:
    from .data import files

    info = files.dataset_info(options.name)
    if not info.files:
        print(f"{info.name}: {_built_in(info)}; there is nothing to check")
        return EXIT_OK
    if not any(_places(info)):
        return _not_here(info)
    checked, problems = _checked_folder(info) if info.layouts else _checked_files(info)
    where = f"{info.name} in {', '.join(map(str, _folders(info)))}"
    if not problems:
        print(f"{where}: sound ({checked})")
        return EXIT_OK
    print(f"{where}: {len(problems):,} problem{'s' * (len(problems) > 1)} ({checked})")
    for problem in problems[:20]:
        print(f"  {problem}")
    if len(problems) > 20:
        print(f"  and {len(problems) - 20:,} more")
    return EXIT_CHECK_FAILED


def _checked_files(info: DatasetInfo) -> tuple[str, list[str]]:
    """How files were checked, and what is wrong with them."""
    from .data import files

    problems = []
    for file in info.files:
        path = files.find(info, file)
        try:
            if path is None:
                problems.append(f"{file.name} is missing; fetch it: minidl datasets get {info.name}")
            else:
                files.check(path, file)
        except ValueError as error:
            problems.append(str(error))
    return f"{_count(len(info.files))} compared with the published checksums", problems


def _checked_folder(info: DatasetInfo) -> tuple[str, list[str]]:
    """How an unpacked archive was checked, and what is wrong with it."""
    from .data import files, manifest
    from .data.download import progress

    place = files.locate(info)
    assert place is not None
    folder, layout = place
    if not layout.files:
        return "nothing was compared", [f"{folder} is laid out in no way that is known of {info.name}"]
    problems = list(files.miscounts(folder, layout))
    recorded = manifest.read(folder, info.name).get("files", {})
    if not recorded:
        return "files counted; minidl did not unpack them, so it has no checksums to compare with", problems
    with progress("checking", sum(size for size, _ in recorded.values())) as bar:
        problems += manifest.changes(folder, recorded, bar.update)
    return f"{_count(len(recorded))} compared with size and checksum in the archive", problems


def _path(options: argparse.Namespace) -> int:
    from .data import files

    info = files.dataset_info(options.name)
    if not info.files:
        raise ValueError(f"{info.name} has no folder: {_built_in(info)}")
    if not any(_places(info)):
        return _not_here(info)
    for folder in _folders(info):
        print(folder)
    return EXIT_OK


def _remove(options: argparse.Namespace) -> int:
    from .data import files, manifest
    from .data.download import size_text

    info = files.dataset_info(options.name)
    if not info.files:
        raise ValueError(f"{info.name} cannot be removed: {_built_in(info)}")
    own = {folder: manifest.read(folder, info.name)["files"] for folder in _own(info)}
    unfinished, decoded = list(_unfinished(info)), list(_decoded(info))
    protected = [path for path in (*own, *unfinished) if _named(path)]
    if protected:
        raise ValueError(
            f"{', '.join(map(str, protected))} lies where MINIDL_DATA points to, and nothing is removed there. Unset "
            "MINIDL_DATA and try again, or delete it by hand"
        )
    if not own and not unfinished and not decoded:
        if not any(_places(info)):
            print(f"{info.name} is not on this machine; there is nothing to remove")
            return EXIT_OK
        raise ValueError(
            f"minidl did not put {info.name} there, so it does not remove it: {', '.join(map(str, _folders(info)))}. "
            "Delete it by hand if it is yours to delete"
        )
    for folder, recorded in own.items():
        size = size_text(sum(size for size, _ in recorded.values()))
        print(f"{folder}: {_count(len(recorded))}, {size}")
    for path in unfinished:
        print(f"{path}: {size_text(_size(path))} of a download that was not finished")
    if decoded:
        print(_decoded_text(decoded))
    sys.stdout.flush()
    if not options.yes and not _asks(
        "Remove that?", f"to remove that without a question, type: minidl datasets remove {info.name} --yes"
    ):
        return EXIT_USAGE
    for path in decoded:
        path.unlink(missing_ok=True)
    for path in unfinished:
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}.json").unlink(missing_ok=True)
    for folder in own:
        deleted, left = manifest.remove(folder, info.name)
        kept = f"; {_count(left)} kept that minidl did not put there" if left else ""
        print(f"{folder}: {_count(deleted)} removed{kept}")
    if decoded:
        print(f"{decoded[0].parent}: {_count(len(decoded))} removed")
    if not own and any(_places(info)):
        print(f"kept, because minidl did not put it there: {', '.join(map(str, _folders(info)))}")
    return EXIT_OK


# -- what is where


def _built_in(info: DatasetInfo) -> str:
    return "generated" if info.source.startswith("Generated") else "comes with scikit-learn"


def _places(info: DatasetInfo) -> Iterator[Path]:
    """The folder of an unpacked dataset, else the file, or files, of one that are here."""
    from .data import files

    if info.layouts:
        place = files.locate(info)
        if place is not None:
            yield place[0]
    else:
        for file in info.files:
            path = files.find(info, file)
            if path is not None:
                yield path


def _folders(info: DatasetInfo) -> list[Path]:
    """The folder, or folders, that a dataset is read from."""
    from .data import files

    if info.layouts:
        folder = files.find_folder(info)
        return [folder] if folder else []
    return list(dict.fromkeys(path.parent for path in _places(info)))


def _unfinished(info: DatasetInfo) -> Iterator[Path]:
    """Downloads that broke off, and archives that were not unpacked yet."""
    from .data import files

    for root in dict.fromkeys(files.roots()) if info.files else ():
        for file in info.files:
            names = [f"{file.name}.part", *([file.name] if info.layouts else [])]
            for path in [root / (files.DOWNLOADS if info.layouts else info.folders[0]) / name for name in names]:
                if os.path.isfile(path):
                    yield path


def _decoded(info: DatasetInfo) -> Iterator[Path]:
    """The files in the cache that hold the photographs of a dataset, decoded."""
    from .data import cache, files

    if info.layouts:
        folders = [root / name for root in files.roots() for name in info.folders]
        yield from cache.made_of([*folders, *_folders(info)])


def _decoded_text(decoded: list[Path]) -> str:
    from .data.download import size_text

    return f"{size_text(sum(map(_size, decoded)))} of decoded photographs in {decoded[0].parent}"


def _missing(info: DatasetInfo) -> str:
    """How many of a dataset's files are not on this machine, "1 of 4 files"; empty where all are."""
    from .data import files

    found, expected = files.counts(info) if info.layouts else (len(list(_places(info))), len(info.files))
    return f"{expected - found:,} of {_count(expected)}" if found < expected else ""


def _own(info: DatasetInfo) -> list[Path]:
    """The folders in which minidl recorded what it put there."""
    from .data import files, manifest

    folders = dict.fromkeys(root / info.folders[0] for root in files.roots())
    return [folder for folder in folders if manifest.read(folder, info.name)]


def _named(path: Path) -> bool:
    """Whether MINIDL_DATA names a folder around the path, or one inside it."""
    from .data import files

    named, path = files.named_root(), path.resolve()
    return named is not None and (path.is_relative_to(named.resolve()) or named.resolve().is_relative_to(path))


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(inner.stat().st_size for inner in path.rglob("*") if os.path.isfile(inner))


def _count(n: int) -> str:
    return f"{n:,} file{'s' * (n != 1)}"


def _not_here(info: DatasetInfo) -> int:
    print(f"minidl: {info.name} is not on this machine; fetch it: minidl datasets get {info.name}", file=sys.stderr)
    return EXIT_USAGE
