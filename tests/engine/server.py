"""A server on this machine that serves files by parts, and does what it is told to do wrong."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    """Serves `files` by path. `asked`: paths and where they were to begin."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, int]] = []
        self.breaks: dict[str, list[int]] = {}  # bytes after which the next answers end
        self.ranges = True  # whether it can begin in the middle

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Server

    def do_GET(self) -> None:
        """The file from where it is asked for, or up to where the connection breaks."""
        name = self.path.strip("/")
        contents = self.server.files.get(name)
        first = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        begin = int(first[1]) if first and self.server.ranges else 0
        self.server.asked.append((name, begin))
        if contents is None:
            self.send_error(404)
            return
        if begin and begin >= len(contents):
            self.send_error(416)
            return
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(contents) - 1}/{len(contents)}")
        self.send_header("Content-Length", str(len(contents) - begin))
        self.end_headers()
        ends = self.server.breaks.get(name)
        self.wfile.write(contents[begin : begin + ends.pop(0) if ends else None])

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Server]:
    """A server for as long as it lasts."""
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        thread.join()
        made.server_close()
