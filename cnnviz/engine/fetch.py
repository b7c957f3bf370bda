"""Files from the network: checked, told of, cancelled at once, and gone on with where the connection broke."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from ..text import _

BLOCK = 256 * 1024  # bytes between two looks at whether to go on
PATIENCE = 20.0  # seconds without a byte
RETRIES = 4  # times that a connection is made anew which broke after it had brought something
PART = ".part"
"""What the name of a file ends in whose rest is still to come."""
AGENT = {"User-Agent": "cnnviz"}

Progress = Callable[[int, int], None]
"""Is told how many bytes of how many are there (0 of how many where that is not known)."""


class DownloadError(ValueError):
    """The file cannot be had; the message is a sentence that says why and what to do."""


class Cancelled(Exception):
    """Somebody does not want the file any more."""


class _Short(Exception):
    """The connection ended too early: bytes that are there, and that there should be."""


class _Wrong(Exception):
    """Another file came than was asked for: its checksum, and the one that it should have."""


@dataclass(frozen=True)
class Wanted:
    """A file to fetch.

    urls       where it is, in the order in which they are tried
    path       where it goes
    checksum   hexadecimal, or its beginning; empty: none is known
    algorithm  of the checksum, as hashlib names it
    offline    what a person can do where the network does not give it
    full       what a person can do where the disk does not take it
    resume     keep what came of it where it breaks off, and go on from there the next time
    """

    urls: Sequence[str]
    path: Path
    checksum: str = ""
    algorithm: str = "sha256"
    offline: str = ""
    full: str = ""
    resume: bool = False

    @property
    def there(self) -> bool:
        """Whether it is there already, and whole."""
        return self.path.is_file() and _digest(self.path, self.algorithm).startswith(self.checksum)


def fetch(wanted: Wanted, progress: Progress | None = None, go_on: Callable[[], bool] | None = None) -> Path:
    """The file, from the disk or from the first of its addresses that gives it whole.

    go_on  asked for every block; False raises Cancelled

    Raises DownloadError.
    """
    path = wanted.path
    try:
        if wanted.there:
            return path  # else it is damaged, and is replaced
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unkept(wanted, error) from error
    for i, url in enumerate(wanted.urls):
        try:
            return _patiently(url, wanted, progress or _unheard, go_on or _always)
        except Cancelled:
            raise
        except Exception as error:
            if not isinstance(error, _OF_THE_NETWORK):
                raise _unkept(wanted, error) if isinstance(error, OSError) else error from error
            if i == len(wanted.urls) - 1:
                raise DownloadError(_why(wanted, error)) from error
    raise ValueError("no address")


def _patiently(url: str, wanted: Wanted, progress: Progress, go_on: Callable[[], bool]) -> Path:
    """The file from this address, which is asked again for the rest while it goes on bringing some."""
    left = RETRIES if wanted.resume else 0
    part = wanted.path.with_name(wanted.path.name + PART)
    while True:
        before = _size(part)
        try:
            return _once(url, wanted, part, progress, go_on)
        except _Wrong:  # perhaps of two halves that do not belong together
            if not (wanted.resume and before and left):
                raise
            left = 0
        except HTTPError:
            raise
        except _OF_THE_NETWORK:
            if not left or _size(part) <= before:
                raise
            left -= 1


def _once(url: str, wanted: Wanted, part: Path, progress: Progress, go_on: Callable[[], bool]) -> Path:
    have = _size(part) if wanted.resume else 0
    digest = hashlib.new(wanted.algorithm)
    beside: Path | None = None
    try:
        source, have = _opened(url, have)
        with source:
            size = have + int(source.headers.get("Content-Length") or 0)
            known = "Content-Length" in source.headers
            if have:
                _read_again(part, digest)
            with _file(wanted, part, have) as file:
                beside = Path(file.name)
                progress(have, size if known else 0)
                while block := source.read(BLOCK):
                    if not go_on():
                        raise Cancelled
                    file.write(block)
                    digest.update(block)
                    have += len(block)
                    progress(have, size if known else 0)
        if known and have < size:
            raise _Short(have, size)
        if not digest.hexdigest().startswith(wanted.checksum):
            if wanted.resume:
                part.unlink(missing_ok=True)
            raise _Wrong(digest.hexdigest()[: len(wanted.checksum)], wanted.checksum)
        os.replace(beside, wanted.path)
        return wanted.path
    finally:
        if beside is not None and not wanted.resume:
            beside.unlink(missing_ok=True)


def _opened(url: str, have: int) -> tuple[Any, int]:
    """The answer, and how many of the bytes that are there it goes on after: none where the server cannot."""
    if have:
        request = Request(url, headers={**AGENT, "Range": f"bytes={have}-"})
        try:
            source = urlopen(request, timeout=PATIENCE)
        except HTTPError as error:
            if error.code != 416:  # there are no bytes after these
                raise
            error.close()
        else:
            begins = str(source.headers.get("Content-Range") or "").startswith(f"bytes {have}-")
            return source, have if source.status == 206 and begins else 0
    return urlopen(Request(url, headers=AGENT), timeout=PATIENCE), 0


def _file(wanted: Wanted, part: Path, have: int) -> IO[bytes]:
    if wanted.resume:
        return part.open("ab" if have else "wb")
    folder, name = wanted.path.parent, wanted.path.name
    return NamedTemporaryFile(dir=folder, prefix=f".{name}.", suffix=".new", delete=False)


def _read_again(part: Path, digest: Any) -> None:
    with part.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


_OF_THE_NETWORK = (_Short, _Wrong, URLError, TimeoutError, ConnectionError, HTTPException)


def _why(wanted: Wanted, error: Exception) -> str:
    name = wanted.path.name
    if isinstance(error, _Short):
        have, size = error.args
        text = _("{name}: the connection ended after {have} of {size} bytes. Try again.")
        return text.format(name=name, have=f"{have:,}", size=f"{size:,}")
    if isinstance(error, _Wrong):
        text = _("{name} is not what was asked for: its checksum is {have}, not {wanted}. Try again.")
        return text.format(name=name, have=error.args[0], wanted=error.args[1])
    if isinstance(error, HTTPError):
        text = _("{name} cannot be downloaded: the server answers {code} ({why}). Try again later.")
        return text.format(name=name, code=error.code, why=error.reason)
    why = getattr(error, "reason", None) or error
    return _("{name} cannot be downloaded ({why}). {cure}").format(name=name, why=_bare(why), cure=wanted.offline)


def _unkept(wanted: Wanted, error: OSError) -> DownloadError:
    text = _("{name} cannot be kept in {folder} ({why}). {cure}")
    folder = wanted.path.parent
    return DownloadError(text.format(name=wanted.path.name, folder=folder, why=_bare(error), cure=wanted.full))


def _bare(error: object) -> str:
    """The reason without the system's number for it and without a full stop."""
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return why.rstrip(".")


def _unheard(have: int, size: int) -> None:
    """Progress that nobody looks at."""


def _always() -> bool:
    return True
