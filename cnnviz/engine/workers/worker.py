"""A thread of its own for work that takes its time, so that neither the listening thread nor the training waits."""

from __future__ import annotations

from threading import Condition, Thread


class Worker:
    """Waits until something is asked for, and does it; what is newer replaces what is older.

    A subclass says in `_waits` whether there is something, and in `_turn` does it; it calls `_begin` once all that
    these need is there. Its own public methods change fields under `_change`, notify, and return at once.
    """

    def __init__(self, name: str):
        self._change = Condition()
        self._newest = 0  # number of the newest command; 0: none is wanted
        self._closed = False
        self._thread = Thread(target=self._work, name=name)

    def close(self) -> None:
        """Have the thread end."""
        with self._change:
            self._closed, self._newest = True, 0
            self._change.notify_all()

    def join(self, timeout: float) -> None:
        """Wait for the thread's end."""
        self._thread.join(timeout)

    # ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _begin(self) -> None:
        self._thread.start()

    def _work(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._waits() or self._closed)
                if self._closed:
                    return
            self._turn()

    def _waits(self) -> object:
        """Whether something has been asked for; called under `_change`."""
        raise NotImplementedError

    def _turn(self) -> None:
        """Take what has been asked for, and do it; in the thread. Whatever goes wrong is told."""
        raise NotImplementedError
