"""Where the shipped files are: networks, icons, pictures, word catalogues."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent


def folder(name: str = "") -> Path:
    """The folder `resources/name`, in a checkout (beside the package) or installed (inside it)."""
    inside = _HERE / "resources"
    return (inside if inside.is_dir() else _HERE.parent / "resources") / name
