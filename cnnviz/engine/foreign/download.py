"""Weights from the network, into torch's own cache, so that nothing is downloaded twice by whatever program."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlparse

import torch

from ...text import _
from ..fetch import Cancelled as Cancelled
from ..fetch import DownloadError as DownloadError
from ..fetch import Wanted, fetch

_CHECKSUM = re.compile(r"-([a-f0-9]{8,64})\.")  # the beginning of the file's SHA-256, in its name


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
    offline = _("Connect to the internet, or use random weights.")
    full = _("Make room there, or set TORCH_HOME to another folder.")
    wanted = Wanted((url,), path, checksum[1] if checksum else "", offline=offline, full=full)
    return fetch(wanted, progress, go_on)
