"""Writing network files: all at once or not at all, and never over what may not be written."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from cnnviz.net import files
from cnnviz.net.files import FileError
from cnnviz.net.graph import Graph
from cnnviz.net.network import Network

from .test_files import small


def test_a_failed_write_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "small.cnnviz"
    files.write(path, small())
    before = path.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match=r"^small\.cnnviz: The disk is full\."):
        files.write(path, Network(Graph(), "other"))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["small.cnnviz"]


def test_where_one_cannot_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileError, match=r"^a\.cnnviz: Its folder is not there\."):
        files.write(tmp_path / "gone" / "a.cnnviz", small())
    with pytest.raises(FileError, match="It is a folder"):
        files.write(tmp_path, small())

    def denied(**_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.tempfile, "mkstemp", denied)
    with pytest.raises(FileError, match=r"^a\.cnnviz: You may not write there\. Choose another folder\.$"):
        files.write(tmp_path / "a.cnnviz", small())


@pytest.mark.skipif(os.name != "posix", reason="on POSIX a file that was replaced has another number")
def test_a_reader_never_meets_half_a_file(tmp_path: Path) -> None:
    """The old file is not written into: whoever has it open goes on reading the old network."""
    path = tmp_path / "small.cnnviz"
    files.write(path, small())
    with path.open("rb") as old:
        files.write(path, Network(Graph(), "other"))
        assert os.fstat(old.fileno()).st_ino != path.stat().st_ino
        assert old.read() == files.dump(small()).encode()


@pytest.mark.skipif(os.name != "posix", reason="permissions and links are POSIX")
def test_permissions_and_links_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "a.cnnviz", tmp_path / "link.cnnviz"
    files.write(path, small())
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    path.chmod(0o640)
    link.symlink_to(path)
    files.write(link, Network(Graph(), "other"))
    assert link.is_symlink() and files.read(path).name == "other"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_read_only_file_stays_as_it_is(tmp_path: Path) -> None:
    """Whoever may do everything, as root, is asked, too."""
    path, link = tmp_path / "a.cnnviz", tmp_path / "link.cnnviz"
    files.write(path, small())
    link.symlink_to(path)
    path.chmod(0o444)
    for name in (path, link):
        with pytest.raises(FileError, match=r"^a\.cnnviz: It is read-only\. Use Save as… with another name"):
            files.write(name, Network(Graph(), "other"))
    assert files.read(path) == small()
    assert sorted(os.listdir(tmp_path)) == ["a.cnnviz", "link.cnnviz"]
    path.chmod(0o644)
    files.write(path, Network(Graph(), "other"))
    assert files.read(path).name == "other"
