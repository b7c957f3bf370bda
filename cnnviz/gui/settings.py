"""Where the program keeps what it remembers: settings, autosaves, runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, QStandardPaths

RECENT = 10


class Settings:
    """Values by name in one ini file under `folder`, which also holds autosaves and runs."""

    def __init__(self, folder: Path | None = None):
        """`folder`: CNNVIZ_HOME or the system's place for application data where none is given."""
        self.folder = folder or Path(
            os.environ.get("CNNVIZ_HOME")
            or Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)) / "cnnviz"
        )
        self._store = QSettings(str(self.folder / "settings.ini"), QSettings.Format.IniFormat)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of `name`."""
        return self._store.value(name, default)

    def set(self, name: str, value: Any) -> None:
        """Remember a value."""
        self._store.setValue(name, value)

    @property
    def recent(self) -> list[str]:
        """Files opened or saved lately, newest first, that are still there."""
        paths = self.get("recent", []) or []
        return [p for p in ([paths] if isinstance(paths, str) else paths) if os.path.isfile(p)]

    def add_recent(self, path: str) -> None:
        """Put a file at the head of the recent ones."""
        self.set("recent", [path, *[p for p in self.recent if p != path]][:RECENT])
