"""The walls of the house: who may import whom, how long a file may be, and that public things say what they are."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent.parent
FILES = sorted((HERE / "cnnviz").rglob("*.py"))
LINES = 400

# room -> what of cnnviz it may import, beside itself
OPEN = {
    "text": {"resources"},
    "resources": set(),
    "net": {"text", "resources"},
    "link": {"net", "text", "resources"},
    "engine": {"net", "link", "text", "resources"},
    "gui": {"net", "link", "text", "resources"},
}
TORCH = {"torch", "torchvision", "captum", "torchinfo", "onnx", "onnxruntime"}
QT = {"PySide6", "pyqtgraph"}
THIRD = {  # room -> third parties it may import; rooms that are not here are doors and import what they need
    "text": set(),
    "resources": set(),
    "net": {"pydantic", "pydantic_core"},
    "link": {"numpy"},
    "engine": {"numpy", "PIL", "safetensors", "sklearn", "torch", "torchvision", "captum", "onnx", "onnxruntime"},
    "gui": {"numpy", "PySide6", "safetensors"},
}
DOORS = {"cli", "commands", "bench"}  # the command line, which runs the engine in its own process


def imports(path: Path, types: bool = True) -> Iterator[tuple[str, int]]:
    """Absolute names of the modules that a file imports, wherever in it, with the line; `types`: also for types."""
    package = path.relative_to(HERE).with_suffix("").parts[:-1]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if not types:
        for node in list(ast.walk(tree)):
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                node.body.clear()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(p for p in (base, node.module or "") if p)
            yield module, node.lineno
            for alias in node.names:  # `from . import x` imports the module x
                yield f"{module}.{alias.name}", node.lineno


def room(module: str) -> str:
    """`net` of `cnnviz.net.graph`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def name(path: Path) -> str:
    return str(path.relative_to(HERE))


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(HERE).with_suffix("").parts)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_run_one_way(path: Path) -> None:
    mine = room(module_of(path))
    if mine not in OPEN:
        return
    for module, line in imports(path):
        top = module.split(".")[0]
        if top == "cnnviz" and room(module) in {*OPEN, *DOORS, "app", "api"}:
            other = room(module)
            assert other == mine or other in OPEN[mine], f"line {line}: {mine} imports {module}"
        elif top in TORCH | QT | {"numpy", "pydantic", "PIL", "sklearn", "safetensors"}:
            assert top in THIRD[mine], f"line {line}: {mine} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_the_window_never_loads_torch(path: Path) -> None:
    """torch is the engine's, and the command line's; not the window's nor its starter's."""
    if room(module_of(path)) not in {"engine", *DOORS}:
        assert not [m for m, _ in imports(path, types=False) if m.split(".")[0] in TORCH]


@pytest.mark.parametrize("path", FILES, ids=name)
def test_torchvision_has_one_door(path: Path) -> None:
    """Its import fails beside a CPU torch; one module knows what to do."""
    if name(path) != "cnnviz/engine/vision.py":
        assert not [m for m, _ in imports(path) if m.split(".")[0] == "torchvision"]


@pytest.mark.parametrize("path", FILES, ids=name)
def test_qt_is_only_in_the_window(path: Path) -> None:
    if room(module_of(path)) not in ("gui", "app", "bench"):
        assert not [m for m, _ in imports(path) if m.split(".")[0] in QT]


def gui_room(module: str) -> str:
    """`table` of `cnnviz.gui.table.rows`; "" for what lies in gui itself, which all of its rooms share."""
    parts = module.split(".")
    return parts[2] if len(parts) > 2 and (HERE / "cnnviz/gui" / parts[2]).is_dir() else ""


@pytest.mark.parametrize("path", [f for f in FILES if "gui" in f.parts], ids=name)
def test_panels_do_not_know_each_other(path: Path) -> None:
    """A room of gui knows itself, the hallway, the painting and what lies in gui itself; the window knows all rooms."""
    mine = gui_room(module_of(path))
    if mine == "window":
        return
    for module, line in imports(path, types=False):
        if module.startswith("cnnviz.gui."):
            other = gui_room(module)
            assert other in {"", mine, "paint", "session"}, f"line {line}: {mine or 'gui'} imports {module}"
            assert mine != "paint" or other == "paint", f"line {line}: painting imports {module}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_file_is_too_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES


@pytest.mark.parametrize("path", FILES, ids=name)
def test_public_things_say_what_they_are(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the module says nothing"
    silent = [
        f"{n.name} (line {n.lineno})"
        for n in tree.body
        if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and not n.name.startswith("_")
        and not ast.get_docstring(n)
        and not _given_doc(n)
    ]
    assert not silent


def _given_doc(node: ast.AST) -> bool:
    """Layer types set `__doc__` themselves: their help is translated."""
    return isinstance(node, ast.ClassDef) and any(
        isinstance(s, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__doc__" for t in s.targets)
        for s in node.body
    )


def test_importing_the_network_loads_neither_torch_nor_qt() -> None:
    code = (
        "import sys, cnnviz.net.analysis, cnnviz.net.edit, cnnviz.net.layout, cnnviz.net.region, cnnviz.net.explain\n"
        "print([m for m in ('torch', 'PySide6', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HERE)
    assert done.stdout.strip() == "[]"
