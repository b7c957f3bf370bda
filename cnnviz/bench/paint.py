"""First paint: ours against a bare PySide6 window, each in a process of its own started the same way."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from .toggle import Result, judge, toggle

BARE = """
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
class Window(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, self.done)
    def done(self):
        print(time.monotonic() - float(sys.argv[1]), flush=True)
        QApplication.quit()
app = QApplication([])
window = Window(); window.resize(1280, 720); window.show()
app.exec()
"""

# the program through its own door; only its window tells when it has been painted, and ends it
OURS = """
import sys, time
start = float(sys.argv[1])
from cnnviz import app
import cnnviz.link.launch as link
launch = link.launch
def hooked(*args):
    launched = launch(*args)
    from cnnviz.gui.window import start as door
    class Window(door.Window):
        def __init__(self, settings):
            super().__init__(settings)
            self.painted.connect(self.done)
        def done(self):
            print(time.monotonic() - start, flush=True)
            if "torch" in sys.modules:
                raise SystemExit("the window has imported torch")
            door.QApplication.quit()
    door.Window = Window
    return launched
link.launch = hooked
raise SystemExit(app.main([]))
"""


def first_paint() -> Iterator[Result]:
    """From the start of the process to the first paint, over a bare PySide6 window."""
    a, b, ratio = toggle(lambda: _seconds(BARE), lambda: _seconds(OURS))
    yield judge("first paint", b * 1e3, a * 1e3, "ms", "<= 1.5", ratio)


def _seconds(program: str) -> float:
    with tempfile.TemporaryDirectory(prefix="cnnviz-bench-") as home:
        env = {**os.environ, "CNNVIZ_HOME": home}
        start = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", program, str(start)], check=True, stdout=subprocess.PIPE, text=True, env=env
        )
    return float(done.stdout.split()[0])
