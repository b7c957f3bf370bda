"""Files from the network, of a server that the test runs: gone on with, checked, tried elsewhere, cancelled."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cnnviz.engine.fetch import BLOCK, PART, RETRIES, Cancelled, DownloadError, Wanted, fetch

from .server import Server, serving

CONTENTS = bytes(range(256)) * 8192  # 2 MiB
MD5 = hashlib.md5(CONTENTS).hexdigest()
HALF = len(CONTENTS) // 2


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        made.files["file"] = CONTENTS
        yield made


def wanted(server: Server, folder: Path, *urls: str, checksum: str = MD5, resume: bool = True) -> Wanted:
    found = urls or (server.url + "file",)
    return Wanted(found, folder / "file", checksum, "md5", "Put it there by hand.", "Make room.", resume)


def test_the_rest_is_asked_for_where_the_connection_broke(server: Server, tmp_path: Path) -> None:
    server.breaks["file"] = [300_000, 500_000]
    told: list[tuple[int, int]] = []
    path = fetch(wanted(server, tmp_path), lambda have, size: told.append((have, size)))
    assert path.read_bytes() == CONTENTS and [at for _f, at in server.asked] == [0, 300_000, 800_000]
    assert told[-1] == (len(CONTENTS), len(CONTENTS)) and all(size == len(CONTENTS) for _have, size in told)
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_cancelled_goes_on_from_there(server: Server, tmp_path: Path) -> None:
    told: list[int] = []
    with pytest.raises(Cancelled):
        fetch(wanted(server, tmp_path), lambda have, size: told.append(have), lambda: len(told) < 4)
    part = tmp_path / f"file{PART}"
    assert not (tmp_path / "file").exists() and part.stat().st_size == told[-1] == 3 * BLOCK
    assert fetch(wanted(server, tmp_path)).read_bytes() == CONTENTS
    assert server.asked[-1] == ("file", told[-1]) and not part.exists()


def test_a_server_that_cannot_begin_in_the_middle(server: Server, tmp_path: Path) -> None:
    (tmp_path / f"file{PART}").write_bytes(CONTENTS[:1000])
    server.ranges = False
    assert fetch(wanted(server, tmp_path)).read_bytes() == CONTENTS


def test_a_part_that_is_already_whole_or_longer_is_begun_anew(server: Server, tmp_path: Path) -> None:
    for part in (CONTENTS, CONTENTS + b"more"):
        (tmp_path / f"file{PART}").write_bytes(part)
        assert fetch(wanted(server, tmp_path)).read_bytes() == CONTENTS
        (tmp_path / "file").unlink()


def test_a_part_of_another_file_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / f"file{PART}").write_bytes(b"x" * 1000)
    assert fetch(wanted(server, tmp_path)).read_bytes() == CONTENTS
    assert [at for _f, at in server.asked] == [1000, 0]


def test_mirrors_are_tried_in_turn(server: Server, tmp_path: Path) -> None:
    server.files["bad"] = b"another file"
    urls = ("http://127.0.0.1:9/file", server.url + "gone", server.url + "bad", server.url + "file")
    assert fetch(wanted(server, tmp_path, *urls)).read_bytes() == CONTENTS
    assert [name for name, _at in server.asked] == ["gone", "bad", "file"]


def test_a_file_that_is_there_is_not_fetched(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(CONTENTS)
    fetch(wanted(server, tmp_path))
    assert not server.asked
    (tmp_path / "file").write_bytes(b"damaged")
    assert fetch(wanted(server, tmp_path)).read_bytes() == CONTENTS


def test_without_a_network_it_says_what_to_do_by_hand(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"^file cannot be downloaded \(.+\)\. Put it there by hand\.$"):
        fetch(wanted(server, tmp_path, "http://127.0.0.1:9/file", "http://127.0.0.1:9/other"))


def test_a_wrong_checksum_is_said_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"its checksum is \w{32}, not 0{32}\. Try again\.$"):
        fetch(wanted(server, tmp_path, checksum="0" * 32))
    assert not list(tmp_path.iterdir())


def test_a_connection_that_goes_on_breaking_is_given_up_and_kept(server: Server, tmp_path: Path) -> None:
    server.breaks["file"] = [1000] * (RETRIES + 1)
    with pytest.raises(DownloadError, match=r"ended after 5,000 of 2,097,152 bytes\. Try again\."):
        fetch(wanted(server, tmp_path))
    assert (tmp_path / f"file{PART}").read_bytes() == CONTENTS[:5000]
    server.breaks["file"] = [0]
    before = len(server.asked)
    with pytest.raises(DownloadError, match="ended after 5,000 of"):
        fetch(wanted(server, tmp_path))
    assert len(server.asked) == before + 1, "a connection that brings nothing is not tried again and again"


def test_a_folder_that_cannot_be_made(server: Server, tmp_path: Path) -> None:
    (tmp_path / "here").write_text("a file")
    with pytest.raises(DownloadError, match=r"file cannot be kept in .*here \(.+\)\. Make room\.$"):
        fetch(wanted(server, tmp_path / "here"))
