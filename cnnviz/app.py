"""The one door: `main.py`, `python -m cnnviz` and the installed `cnnviz` come in here.

Nothing but the standard library is imported before it is needed: the engine process starts before Qt is loaded, the
commands without a window load neither Qt nor (but for train and activations) torch, and a machine without the packages
is told so in one line.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any

PYTHON = (3, 11)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; gives the exit status: 0 done, 1 network, data or machine wrong, 2 wrong usage, 130 Ctrl-C."""
    status = _main(argv)
    together = sys.modules.get("cnnviz.engine.learn.together")
    if together is not None:  # one of torchrun's processes
        together.leave(status)
    return status


def _main(argv: Sequence[str] | None) -> int:
    given = sys.argv[1:] if argv is None else list(argv)
    if sys.version_info < PYTHON:
        return _say("it needs Python 3.11 or newer, and this is " + sys.version.split()[0])
    _speak_plainly()
    try:
        status = _run(given)
        _flush()
        return status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `cnnviz summary … | head`
        _give_up_output()
        return 1
    except ImportError as e:
        return _say(_missing(e))
    except Exception as e:
        if os.environ.get("CNNVIZ_DEBUG"):
            raise
        return _say(_reason(e))


def _run(argv: list[str]) -> int:
    if argv[:1] == ["--engine"]:
        from .link.wire import run_child

        run_child(argv[1], _engine)
    if argv[:1] == ["--window"]:
        return _attached(argv[1])
    if not argv:  # the usual start: nothing to parse, and the first paint waits for nothing
        return _window("")
    from . import cli

    args = cli.parse(argv)
    if args.command == "window":
        cli.must_exist(args.file)
        return _window(args.file, args.input)
    if args.command == "demo":
        return _demo(args.out)
    return cli.run(args)


def _engine(receive: Any, send: Any, mailbox: Any) -> None:
    from .engine.server import serve  # torch is loaded when the wire stands, so that nothing it prints gets onto it

    serve(receive, send, mailbox)


# ── with Qt ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _window(file: str, shape: tuple[int, int, int] | None = None) -> int:
    from . import display

    why_not = display.why_not()
    if why_not:
        from . import cli

        cli.must_be_readable(file)
        out, instead = "cnnviz-demo", f" and shows LeNet-5, not {file}" if file not in ("", "lenet5") else ""
        _say(f"{why_not}, so the demo runs offscreen{instead}; its screenshots go to {out}{os.sep}")
        return _demo(out)
    display.check()
    from .link.launch import launch

    launched = launch()  # before Qt is imported: torch loads meanwhile
    try:
        from .gui.window.start import run

        return run(launched, file, shape)
    finally:
        if launched.process.poll() is None:  # the window did not get as far as to take it over
            launched.process.kill()


def _attached(folder: str) -> int:
    """The window of `cnnviz.explore`, whose engine is the process that has started us."""
    from . import display

    why_not = display.why_not()
    if why_not:
        return _say(f"{why_not}, so the window cannot be shown")
    display.check()
    from .gui.window.start import attach

    return attach(folder)


def _demo(out: str) -> int:
    from . import display

    if display.why_not():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    display.check()
    from .gui.window.demo import run

    return run(out)


def _flush() -> None:
    """Write what is printed now: at the interpreter's end a full disk would be told with a trace."""
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except OSError:
            _give_up_output()  # or what is left would be tried again
            raise


def _give_up_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _speak_plainly() -> None:
    """Where a terminal lacks × or Korean, it gets a ? instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(errors="replace")


# ── what went wrong ──────────────────────────────────────────────────────────────────────────────────────────────────
def _say(what: str) -> int:
    text = " ".join(what.split())
    print(f"cnnviz: {text}" + ("" if text.endswith((".", "?")) else "."), file=sys.stderr)
    return 1


def _missing(e: ImportError) -> str:
    from .display import apt_line, library

    lost = library(e)
    if lost:
        return f"Qt needs the system library {lost}. Run: {apt_line()}"
    name = (e.name or "").partition(".")[0]
    if isinstance(e, ModuleNotFoundError) and name != "cnnviz":
        here = Path(__file__).resolve().parent.parent
        how = "make run" if (here / "Makefile").is_file() else f'python -m pip install "{_requirement(name)}"'
        return f"the package {name} is not installed here. Run: {how}"
    return _bug(e)


def _requirement(module: str) -> str:
    """What pip is to be told, so that the version fits."""
    from importlib.metadata import PackageNotFoundError, requires

    package = {"PIL": "pillow", "PySide6": "PySide6-Essentials", "sklearn": "scikit-learn"}.get(module, module)
    try:
        wanted = requires("cnnviz") or []
    except PackageNotFoundError:
        wanted = []
    return next((r for r in wanted if re.match(re.escape(package) + r"\b", r, re.IGNORECASE)), package)


def _reason(e: Exception) -> str:
    """One line for a person: our own errors are such lines already; all the rest is a bug and says where it is."""
    if type(e).__module__.startswith("cnnviz.") or (isinstance(e, MemoryError) and str(e)):
        return str(e)
    if isinstance(e, OSError):
        return ": ".join(str(part) for part in (e.filename, e.strerror) if part) or str(e)
    return _bug(e)


def _bug(e: Exception) -> str:
    trace = e.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" in {Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}" if trace else ""
    return f"a fault of the program{where}: {type(e).__name__}: {e}. For the report: CNNVIZ_DEBUG=1 shows the trace"
