"""An installed wheel is whole: its resources are inside, and found from any folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cnnviz import resources
from cnnviz.net.presets import presets

HERE = Path(__file__).resolve().parents[1]


def test_in_a_checkout_the_resources_lie_beside_the_package() -> None:
    assert resources.folder() == HERE / "resources"
    assert resources.folder("networks").is_dir()


@pytest.mark.slow
def test_a_wheel_finds_its_resources_from_any_folder(tmp_path: Path) -> None:
    """Built without the network, installed without its dependencies: presets and summaries need none."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--no-input"]
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(tmp_path), str(HERE))
    (wheel,) = tmp_path.glob("cnnviz-*.whl")
    with zipfile.ZipFile(wheel) as file:
        inside = set(file.namelist())
    wanted = {p.relative_to(HERE) for p in (HERE / "resources").rglob("*") if p.is_file()}
    assert {f"cnnviz/{p.as_posix()}" for p in wanted} <= inside
    assert not [n for n in inside if n.startswith(("tests/", "cnnviz/tests"))]

    site = tmp_path / "site"
    run(*pip, "install", "--no-deps", "--no-index", "--target", str(site), str(wheel))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    code = f"import sys; sys.path.insert(0, {str(site)!r}); from cnnviz.app import main; sys.exit(main())"
    # -I -S: neither the current folder nor the environment's packages, so nothing but the wheel
    out = run(sys.executable, "-I", "-S", "-c", code, "networks", "--json", cwd=elsewhere)
    assert [n["name"] for n in json.loads(out)] == list(presets())
    text = (site / "cnnviz" / "resources" / "networks" / "lenet5.json").read_text("utf-8")
    assert text == (HERE / "resources" / "networks" / "lenet5.json").read_text("utf-8")
    scripts = [p.name for p in (site / "bin").glob("*")] if os.name == "posix" else ["cnnviz"]
    assert scripts == ["cnnviz"]


def run(*command: str, cwd: Path = HERE) -> str:
    """What the command prints; fails with its complaint where it fails."""
    done = subprocess.run(command, cwd=cwd, text=True, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout
