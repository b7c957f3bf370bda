"""The one door: what it loads, and how it says what is wrong with the machine."""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cnnviz import app, cli, display
from cnnviz.net.files import FileError

from .saying import HERE, Said, refused


def test_a_fault_is_told_in_one_line_and_traced_on_request(capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(args: Any) -> int:
        raise KeyError("x")

    monkeypatch.setattr(cli, "run", broken)
    assert app.main(["networks"]) == 1
    err = capsys.readouterr().err
    assert "a fault of the program in test_app.py, line" in err and "KeyError: 'x'" in err and err.count("\n") == 1
    monkeypatch.setenv("CNNVIZ_DEBUG", "1")
    with pytest.raises(KeyError):
        app.main(["networks"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_for_the_output_is_told_in_one_line() -> None:
    with open("/dev/full", "w") as full:
        line = [sys.executable, "-m", "cnnviz", "networks"]
        done = subprocess.run(line, cwd=HERE, stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (1, "cnnviz: No space left on device.\n")


# ── what is imported ─────────────────────────────────────────────────────────────────────────────────────────────────
def python(code: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=HERE, text=True, capture_output=True, timeout=120, **more)


@pytest.mark.parametrize("command", ["networks", "summary lenet5 --json", "summary tinyvgg"])
def test_light_commands_load_neither_torch_nor_qt_nor_numpy(command: str) -> None:
    done = python(
        f"import sys; from cnnviz.app import main; assert main({command.split()}) == 0; "
        "heavy = {m.partition('.')[0] for m in sys.modules} & {'torch', 'PySide6', 'numpy', 'pydantic', 'pyqtgraph'}; "
        "assert not heavy, heavy"
    )
    assert done.returncode == 0, done.stderr


def test_what_the_first_paint_needs_loads_nothing_of_the_network() -> None:
    done = python(
        "import sys, cnnviz.gui.window.start; "
        "early = [m for m in sys.modules if m.startswith(('cnnviz.net', 'numpy', 'torch'))]; assert not early, early"
    )
    assert done.returncode == 0, done.stderr


def test_importing_the_package_loads_nothing_heavy() -> None:
    done = python(
        "import cnnviz, sys; assert callable(cnnviz.load); assert cnnviz.load('lenet5').analyze().params == 61706; "
        "assert not {'torch', 'PySide6', 'numpy'} & set(sys.modules)"
    )
    assert done.returncode == 0, done.stderr


def test_missing_packages_are_said_in_one_line(tmp_path: Path) -> None:
    """As on a machine with nothing but Python: the site folders are left out."""
    done = subprocess.run(
        [sys.executable, "-E", "-S", str(HERE / "main.py"), "train", "lenet5", "--out", str(tmp_path / "r")],
        text=True,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("cnnviz: the package ") and "Run: make run" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_installed_copy_names_the_package_with_its_version(capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(args: Any) -> int:
        raise ModuleNotFoundError("No module named 'PIL'", name="PIL.Image")

    monkeypatch.setattr(cli, "run", broken)
    monkeypatch.setattr(app, "__file__", "/somewhere/site-packages/cnnviz/app.py")
    monkeypatch.setattr(importlib.metadata, "requires", {"cnnviz": ["numpy>=1.26", "pillow>=11"]}.get)
    said = refused(capsys, "networks")
    assert said == 'the package PIL is not installed here. Run: python -m pip install "pillow>=11".'


def test_a_terminal_without_the_letters_gets_question_marks() -> None:
    code = "from cnnviz.app import main; main(['summary', 'lenet5'])"
    done = python(code, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0 and "6?28?28" in done.stdout and not done.stderr


def test_a_missing_system_library_is_named_with_its_cure(capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(args: Any) -> int:
        raise ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(cli, "run", broken)
    said = refused(capsys, "networks")
    assert said.startswith("Qt needs the system library libEGL.so.1. Run: ") and "apt-get install" in said
    assert "libegl1" in said


def test_the_makefile_installs_what_the_message_names() -> None:
    makefile = (HERE / "Makefile").read_text()
    assert all(name in makefile for name in display.PACKAGES.split())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can be without a display")
def test_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert display.why_not() == "there is no display"
    monkeypatch.setenv("DISPLAY", ":4711")  # a server that has gone: Qt would abort
    try:
        ctypes.CDLL("libxcb.so.1")
    except OSError:
        assert display.why_not() == ""  # `check` names the library
    else:
        assert display.why_not() == "the display :4711 does not answer"
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert display.why_not() == ""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the libraries are those of X")
@pytest.mark.parametrize("platform", ["xcb", "xcb:some=1", ""])
def test_a_missing_library_of_x_is_named_also_where_x_is_asked_for(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(display, "CDLL", cannot)
    monkeypatch.setenv("DISPLAY", ":4711")
    monkeypatch.setenv("QT_QPA_PLATFORM", platform)
    assert display.why_not() == "", "whether it answers cannot be asked"
    with pytest.raises(ImportError, match=r"libxcb-cursor\.so\.0: cannot open"):
        display.check()
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    display.check()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can be without a display")
def test_x_without_a_display_is_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    assert display.why_not() == "there is no display"


LOOP = '{"id": "b", "type": "ReLU", "sources": ["c"]}, {"id": "c", "type": "ReLU", "sources": ["b"]}'


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("loop.cnnviz", "loop.cnnviz: "),
        ("lenet5-1989", "There is neither such a file nor such a preset."),
        ("gone.onnx", "gone.onnx: There is no such file."),
    ],
)
def test_without_a_display_a_file_that_cannot_be_read_is_said(
    file: str, says: str, capsys: Said, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loop.cnnviz").write_text(f'{{"format": 1, "name": "loop", "nodes": [{LOOP}]}}')
    monkeypatch.setattr(display, "why_not", lambda: "there is no display")
    monkeypatch.setattr(app, "_demo", lambda out: pytest.fail("nothing is shown"))
    with pytest.raises(FileError, match=re.escape(says)):
        app._window(file)
    if file != "lenet5-1989":  # which is no network's name, so wrong usage
        assert says in refused(capsys, file)


@pytest.mark.parametrize("file", ["", "lenet5", "lenet5-1998", "torchvision:resnet18"])
def test_without_a_display_it_is_said_which_network_is_shown(
    file: str, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(display, "why_not", lambda: "there is no display")
    monkeypatch.setattr(app, "_demo", lambda out: 0)
    assert app.main([file] if file else []) == 0
    assert (f"and shows LeNet-5, not {file};" in capsys.readouterr().err) == (file not in ("", "lenet5"))


def test_the_demo_passes_on_what_qt_says_but_for_one_line() -> None:
    done = python(
        "from PySide6.QtCore import qInstallMessageHandler, qWarning; from cnnviz.gui.window import demo; "
        "qInstallMessageHandler(demo.pass_on); qWarning(demo.OFFSCREEN); qWarning('a disk is full')"
    )
    assert done.returncode == 0 and done.stderr == "a disk is full\n"
