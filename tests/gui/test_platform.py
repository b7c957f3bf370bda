"""What this Qt must not do to us: PySide6 6.12.0 drops a reference to True and None at every call under Python 3.11."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QLabel

class Bell(QObject):
    rung = Signal(object)

app = QApplication([])
bell, label, heard = Bell(), QLabel(), []
bell.rung.connect(heard.append)
before = sys.getrefcount(None), sys.getrefcount(True)
for i in range(2_000):
    bell.rung.emit(i)
for i in range(20_000):
    label.setText("on" if label.text() == "off" else "off")
    label.setEnabled(True)
lost = before[0] - sys.getrefcount(None), before[1] - sys.getrefcount(True)
assert len(heard) == 2_000
assert max(lost) < 100, lost
print("whole")
"""


def test_signals_and_calls_lose_no_references() -> None:
    """In a process of its own: where it goes wrong, it aborts."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and done.stdout.strip() == "whole", done.stderr
