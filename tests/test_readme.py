"""What the README says is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cnnviz import cli
from cnnviz.net.layers import TYPES

HERE = Path(__file__).resolve().parents[1]
README = (HERE / "README.md").read_text("utf-8")


def test_every_key_stands_in_the_readme_as_in_the_menus() -> None:
    from cnnviz.gui.window.actions import COMMANDS

    said = {
        (m[1], m[2]): m[3].split(", ") for m in re.finditer(r"^\| (\w+) \| (.+?) \| (`.+`) \|$", README, re.MULTILINE)
    }
    assert said == {(c.menu, c.text): [f"`{k}`" for k in c.keys.split("; ")] for c in COMMANDS if c.keys}


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_and_its_options_are_named(command: str) -> None:
    line = next(x for x in README.splitlines() if x.startswith(f"| `cnnviz {command}"))
    options = {o for a in _options(command) for o in a if o.startswith("--")} - {"--help"}
    options = {o for o in options if not o.startswith("--no-")}  # of a setting that is true or false
    short = {"--out"} if " -o " in line else set()
    if command == "train":
        line += README.split("| Section | Options of")[1].split("They exit")[0]
    assert {o for o in options if o not in line} <= short


@pytest.mark.parametrize("status", ["0", "1", "2", "130"])
def test_every_exit_status_is_named(status: str) -> None:
    said = README.split("They exit with ")[1].split("```")[0]
    assert re.search(rf"\b{status}\b", said)


def _options(command: str) -> list[list[str]]:
    for action in cli._commands()._actions:
        if isinstance(action.choices, dict) and command in action.choices:
            return [list(a.option_strings) for a in action.choices[command]._actions]
    raise AssertionError(command)


def test_links_and_pictures_are_there() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", README) + re.findall(r'src="([^"]+)"', README)
    assert [t for t in targets if "://" not in t and not (HERE / t).exists()] == []


def test_every_module_that_is_named_is_there() -> None:
    block = README.split("## How the house is laid out")[1].split("```")[1]
    names = set(re.findall(r"(\w+)\.py", block))
    there = {p.stem for p in [*(HERE / "cnnviz").rglob("*.py"), *HERE.glob("*.py")]}
    assert names <= there


def test_the_number_of_layer_types() -> None:
    assert f"{len(TYPES)} layer types" in README
