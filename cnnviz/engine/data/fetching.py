"""Data sets from the network, on request only: torchvision's own addresses and checksums, into the set's folder."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...link.data import OFFERED
from ...text import _
from ..fetch import Cancelled, DownloadError, Wanted, fetch
from . import sets

UNPACKED = {
    "cifar10": ("cifar-10-batches-py", ("batches.meta", *(f"data_batch_{i}" for i in range(1, 6)), "test_batch")),
    "cifar100": ("cifar-100-python", ("meta", "train", "test")),
}
"""Of sets that come in one archive: its folder, and the files in it that are kept."""


@dataclass(frozen=True)
class Part:
    """How far it is: file `number` of `count`, and `done` of `total` bytes of it (0: not known)."""

    file: str
    number: int
    count: int
    done: int
    total: int


def folder_of(name: str, folder: str) -> Path:
    """Where the files of a data set go: into one of its name, in the folder that data sets are looked for in."""
    return sets.home(folder) / name


def download(
    name: str,
    folder: str,
    progress: Callable[[Part], None] | None = None,
    go_on: Callable[[], bool] | None = None,
) -> Path:
    """Have the data set of this name (one of link.data.OFFERED) on the disk; gives its folder.

    What is there already and whole is not fetched again; what broke off before goes on from there. Raises
    DownloadError with a sentence, and Cancelled.
    """
    from .. import vision

    if name not in OFFERED:
        text = _("{name} cannot be downloaded. Known are {known}.")
        raise DownloadError(text.format(name=name, known=", ".join(OFFERED)))
    place = folder_of(name, folder)
    try:
        files = vision.data_files(OFFERED[name].torchvision)
    except vision.VisionError as error:
        raise DownloadError(str(error)) from error
    if name in UNPACKED and _unpacked(name, place):
        return place
    names = ", ".join(f.name for f in files)
    by_hand = _("Connect to the internet, or put {files} into {folder} by hand.")
    full = _("Make room there, or choose another data folder.")
    for i, file in enumerate(files):

        def tell(done: int, total: int, i: int = i, file: str = file.name) -> None:
            if progress is not None:
                progress(Part(file, i + 1, len(files), done, total))

        offline = by_hand.format(files=names, folder=place)
        wanted = Wanted(file.urls, place / file.name, file.md5, "md5", offline, full, resume=True)
        fetch(wanted, tell, go_on)
    if name in UNPACKED:
        _unpack(name, place, place / files[0].name, go_on)
    return place


def _unpacked(name: str, place: Path) -> bool:
    inside, names = UNPACKED[name]
    return all((place / inside / n).is_file() for n in names)


def _unpack(name: str, place: Path, archive: Path, go_on: Callable[[], bool] | None) -> None:
    """The files that count, all or none of them; then the archive is not needed any more."""
    inside, names = UNPACKED[name]
    made = place / f"{inside}.new"
    try:
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        with tarfile.open(archive) as tar:
            for n in names:
                if go_on is not None and not go_on():
                    raise Cancelled
                source = tar.extractfile(f"{inside}/{n}")
                if source is None:
                    raise KeyError(n)
                with source, (made / n).open("wb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
        shutil.rmtree(place / inside, ignore_errors=True)
        made.rename(place / inside)
        archive.unlink()
    except (KeyError, tarfile.TarError, EOFError) as error:
        text = _("{archive} does not hold the files of {name} ({why}). Delete it and try again.")
        raise DownloadError(text.format(archive=archive, name=name, why=error)) from error
    except OSError as error:
        text = _("{archive} cannot be unpacked ({why}). Make room there, or choose another data folder.")
        raise DownloadError(text.format(archive=archive, why=error.strerror or error)) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
