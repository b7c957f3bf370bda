"""Weights from the network, into torch's own cache, so that nothing is downloaded twice by whatever program."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlparse
from urllib.request import Request, urlopen

import torch

from ...text import _

BLOCK = 256 * 1024  # bytes between two looks at whether to go on
PATIENCE = 20.0  # seconds without a byte
_CHECKSUM = re.compile(r"-([a-f0-9]{8,64})\.")  # the beginning of the file's SHA-256, in its name


class DownloadError(ValueError):
    """The file cannot be had; the message is a sentence that says why and what to do."""


class Cancelled(Exception):
    """Somebody does not want the file any more."""


def cached(url: str) -> Path:
    """Where the file of this address lies, or will lie."""
    return Path(torch.hub.get_dir()) / "checkpoints" / os.path.basename(unquote(urlparse(url).path))


def download(
    url: str,
    progress: Callable[[int, int], None] | None = None,
    go_on: Callable[[], bool] | None = None,
) -> Path:
    """The file of this address, from the cache or from the network, its checksum verified.

    progress  is told how many bytes of how many are there (0 of how many where that is not known)
    go_on     asked for every block; False raises Cancelled and leaves nothing behind

    Raises DownloadError.
    """
    path = cached(url)
    checksum = _CHECKSUM.search(path.name)
    wanted = checksum[1] if checksum else ""
    try:
        if path.is_file() and _digest(path).startswith(wanted):
            return path  # else it is damaged, and is replaced
        path.parent.mkdir(parents=True, exist_ok=True)
        return _fetch(url, path, wanted, progress or _unheard, go_on or _always)
    except HTTPError as error:
        text = _("{name} cannot be downloaded: the server answers {code} ({why}). Try again later.")
        raise DownloadError(text.format(name=path.name, code=error.code, why=error.reason)) from error
    except (URLError, TimeoutError, ConnectionError, HTTPException) as error:
        why = getattr(error, "reason", None) or error
        text = _("{name} cannot be downloaded ({why}). Connect to the internet, or use random weights.")
        raise DownloadError(text.format(name=path.name, why=_bare(why))) from error
    except OSError as error:
        text = _("{name} cannot be kept in {folder} ({why}). Make room there, or set TORCH_HOME to another folder.")
        raise DownloadError(text.format(name=path.name, folder=path.parent, why=_bare(error))) from error


def _fetch(url: str, path: Path, wanted: str, progress: Callable[[int, int], None], go_on: Callable[[], bool]) -> Path:
    beside = None
    try:
        with urlopen(Request(url, headers={"User-Agent": "cnnviz"}), timeout=PATIENCE) as source:
            size = int(source.headers.get("Content-Length") or 0)
            digest, have = hashlib.sha256(), 0
            with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=".new", delete=False) as file:
                beside = Path(file.name)
                progress(0, size)
                while block := source.read(BLOCK):
                    if not go_on():
                        raise Cancelled
                    file.write(block)
                    digest.update(block)
                    have += len(block)
                    progress(have, size)
        if have < size:
            text = _("{name}: the connection ended after {have} of {size} bytes. Try again.")
            raise DownloadError(text.format(name=path.name, have=f"{have:,}", size=f"{size:,}"))
        if not digest.hexdigest().startswith(wanted):
            text = _("{name} is not what was asked for: its checksum is {have}, not {wanted}. Try again.")
            raise DownloadError(text.format(name=path.name, have=digest.hexdigest()[: len(wanted)], wanted=wanted))
        os.replace(beside, path)
        beside = None
        return path
    finally:
        if beside is not None:
            beside.unlink(missing_ok=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _bare(error: object) -> str:
    """The reason without the system's number for it and without a full stop."""
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return why.rstrip(".")


def _unheard(have: int, size: int) -> None:
    """Progress that nobody looks at."""


def _always() -> bool:
    return True
