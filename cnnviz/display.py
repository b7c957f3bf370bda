"""Whether this machine can show a window, asked before Qt is loaded: Qt itself would abort with a core dump."""

from __future__ import annotations

import os
import re
import sys
from ctypes import CDLL, c_int, c_void_p

X_LIBRARIES = (
    "libxcb-cursor.so.0",
    "libxkbcommon-x11.so.0",
    "libxcb-icccm.so.4",
    "libxcb-keysyms.so.1",
    "libxcb-shape.so.0",
    "libxcb-image.so.0",
    "libxcb-randr.so.0",
    "libxcb-render-util.so.0",
    "libxcb-shm.so.0",
    "libxcb-sync.so.1",
    "libxcb-xfixes.so.0",
    "libxcb-xkb.so.1",
    "libX11-xcb.so.1",
)
PACKAGES = (
    "libglib2.0-0 libegl1 libgl1 libxkbcommon0 libfontconfig1 libdbus-1-3 fonts-dejavu-core "
    "libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-image0 libxcb-randr0 "
    "libxcb-render-util0 libxcb-shm0 libxcb-sync1 libxcb-xfixes0 libxcb-xkb1 libx11-xcb1"
)
"""What Qt needs on Debian; the Makefile installs the same."""


def why_not() -> str:
    """Why no window can be shown; empty where one can, or where QT_QPA_PLATFORM asks for something else than X."""
    if not _is_x() and (_platform() or os.environ.get("WAYLAND_DISPLAY") or not sys.platform.startswith("linux")):
        return ""
    display = os.environ.get("DISPLAY")
    if not display:
        return "there is no display"
    return "" if _answers() else f"the display {display} does not answer"


def check() -> None:
    """Raise the ImportError that names a missing library of Qt's X plugin; Qt itself would abort."""
    if _is_x():
        for name in X_LIBRARIES:
            try:
                CDLL(name)
            except OSError as e:
                raise ImportError(str(e)) from None


def _platform() -> str:
    """The first of the platforms that Qt is asked to use, without its settings; empty where it may choose."""
    return os.environ.get("QT_QPA_PLATFORM", "").partition(";")[0].partition(":")[0]


def _is_x() -> bool:
    """Whether Qt would show its windows on X: it is told to, or there is a display and nobody says otherwise."""
    if not sys.platform.startswith("linux"):
        return False
    return _platform() == "xcb" if _platform() else bool(os.environ.get("DISPLAY"))


def _answers() -> bool:
    """Whether the X server named by DISPLAY lets us in."""
    try:
        xcb = CDLL("libxcb.so.1")
    except OSError:
        return True  # `check` names it
    xcb.xcb_connect.restype = c_void_p
    xcb.xcb_connection_has_error.argtypes = [c_void_p]
    xcb.xcb_connection_has_error.restype = c_int
    xcb.xcb_disconnect.argtypes = [c_void_p]
    connection = xcb.xcb_connect(None, None)
    refused = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not refused


def library(e: ImportError) -> str:
    """The shared library that this import could not find; empty where that was not the reason."""
    found = re.search(r"(\S+\.so[.\d]*): cannot open shared object file", str(e))
    return found[1] if found else ""


def apt_line() -> str:
    """What to run for Qt's libraries on Debian and Ubuntu."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return ("" if root else "sudo ") + "apt-get install " + PACKAGES
