"""The command line: its arguments, and which command they mean."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import fields
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from . import __version__
from .net.files import SUFFIX
from .net.layers import Input
from .net.layers.base import check, kind_of
from .net.plan import Plan, sections
from .net.presets import ONNX, is_model, load, presets
from .net.problems import Misfit
from .text import _

COMMANDS = (
    "networks",
    "summary",
    "data",
    "train",
    "follow",
    "evaluate",
    "ensemble",
    "export",
    "activations",
    "demo",
    "bench",
)
FORMS = ("python", "onnx", "keras", "json", "svg", "png", "tensorboard")
"""What a network can be exported to."""
OPTIONS = {"batch_size": "batch"}
"""Settings of the plan whose option has another name, beside their own."""


class CommandError(Exception):
    """The network or the data is wrong; the message is one line that names the place."""


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments; `command` is one of COMMANDS or "window". Ends the program with status 2 on wrong usage."""
    words = [a for a in argv if not a.startswith("-")]
    if words and words[0] not in COMMANDS and _names_a_network(words[0]):
        return _window().parse_args(argv)
    if not words and not set(argv) & {"-h", "--help", "--version"}:
        return _window().parse_args(argv)
    return _commands().parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Do what was asked (all but the window and the demo); gives the exit status."""
    if args.command == "bench":
        bench = import_module("cnnviz.bench")
        try:
            return int(bench.main(args.names, args.json))
        except bench.BenchError as e:
            _commands().error(str(e))
    command = import_module(f"cnnviz.commands.{args.command}")
    try:
        return int(command.run(args))
    except SystemExit as e:  # no command of ours does so
        text = _("{net}: The model's own code called sys.exit while it ran.")
        raise CommandError(text.format(net=getattr(args, "net", args.command))) from e


def must_exist(file: str) -> None:
    """Raise FileError where the window is asked to open what is not there; what is wrong inside, the window says."""
    if file and file not in presets() and not is_model(file) and not Path(file).is_file():
        load(file)


def must_be_readable(file: str) -> None:
    """Raise FileError where nobody opens a window that would say so: what is there holds no network."""
    if file and not (is_model(file) and (Path(file).is_file() or not file.endswith(ONNX))):
        load(file)


def _names_a_network(word: str) -> bool:
    """Whether the first word is a FILE for the window rather than a misspelt command."""
    return word in presets() or is_model(word) or word.endswith(SUFFIX) or os.sep in word or Path(word).exists()


def _window() -> argparse.ArgumentParser:
    parser = _Parser(prog="cnnviz", usage="cnnviz [FILE] | cnnviz MODEL [--input C,H,W]")
    parser.add_argument("file", nargs="?", default="", metavar="FILE")
    parser.add_argument("--input", type=_input, metavar="C,H,W", help=_("of a model without a size of its own"))
    parser.set_defaults(command="window")
    return parser


def _commands() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="cnnviz",
        usage="cnnviz [FILE] | cnnviz COMMAND …",
        description=_("Build a convolutional network, train it and watch what it sees. Without a command: the window."),
        formatter_class=_Wide,
        epilog=_(
            "NET is a preset (see “cnnviz networks”), a network file, an .onnx file, torchvision:NAME, or "
            "package.module:callable. “cnnviz COMMAND --help” tells more."
        ),
    )
    parser.add_argument("--version", action="version", version=f"cnnviz {__version__}")
    each = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", title=_("commands"), prog="cnnviz", parser_class=_Command
    )

    p = each.add_parser("networks", help=_("list the presets"))
    _json(p)

    p = each.add_parser("summary", help=_("the table: shapes, parameters, cost, receptive fields, problems"))
    _net(p)
    p.add_argument("--compare", metavar="OTHER", help=_("another network beside it, with what differs and by how much"))
    _json(p)

    p = each.add_parser("data", help=_("what is in a data set: classes, split, duplicates, broken files"))
    p.add_argument("name", metavar="NAME", help=_("a data set, a folder of class folders, a .csv or an .npz file"))
    p.add_argument("--data-dir", metavar="D", help=_("folder where the data set lies; empty: the usual one"))
    p.add_argument("--download", action="store_true", help=_("download it first, where it is not there"))
    _json(p)

    p = each.add_parser(
        "train",
        help=_("train without a window; what is not given is as in the network's plan"),
        epilog=_(
            "On several processes and machines: torchrun --standalone --nproc-per-node N -m cnnviz train … (README, "
            "“Training elsewhere”). The run is followed, paused and stopped by “cnnviz follow RUN”."
        ),
    )
    _net(p)
    _weights(p, _("first weights: a run folder or a weights file; of torchvision's models also a name or DEFAULT"))
    p.add_argument("--out", required=True, type=_folder, metavar="RUN", help=_("folder to record the run in"))
    p.add_argument("--resume", action="store_true", help=_("go on with the run in that folder"))
    p.add_argument("--fit", action="store_true", help=_("give the last layer one output for each class of the data"))
    _json(p)
    _plan(p)

    p = each.add_parser("follow", help=_("see how far a run is, and pause, go on with or stop it"))
    p.add_argument("run", metavar="RUN", help=_("the folder that it is recorded in"))
    wishes = p.add_mutually_exclusive_group()
    for wish, text in (("pause", _("at its step's end")), ("go", _("go on")), ("stop", _("as Ctrl-C there would"))):
        wishes.add_argument(f"--{wish}", dest="ask", action="store_const", const=wish, help=text)

    p = each.add_parser("evaluate", help=_("errors, classes, confusion and calibration on all pictures of a data set"))
    _net(p)
    _weights(p)
    p.add_argument("--data", metavar="NAME", help=_("a data set; else that of the run, or of the network's plan"))
    p.add_argument("--data-dir", metavar="D", help=_("folder where the data set lies; empty: the usual one"))
    p.add_argument(
        "--split", choices=("test", "train"), default="test", help=_("held-out pictures, or those trained on")
    )
    p.add_argument("--device", metavar="D", help=_("where to compute: auto, cpu, cuda or mps"))
    _json(p)

    p = each.add_parser("ensemble", help=_("the average of several runs, and what each adds"))
    p.add_argument("runs", nargs="+", metavar="RUN", help=_("run folders, in the order in which they are added"))
    p.add_argument("--data", metavar="NAME", help=_("a data set; else that of the first run"))
    p.add_argument("--data-dir", metavar="D", help=_("folder where the data set lies; empty: the usual one"))
    p.add_argument(
        "--split", choices=("test", "train"), default="test", help=_("held-out pictures, or those trained on")
    )
    _json(p)

    p = each.add_parser("export", help=_("write the network in another form, and run that beside it"))
    _net(p)
    p.add_argument(
        "--to",
        required=True,
        choices=FORMS,
        help=_("the form; tensorboard: of a run, whose folder is NET, as event files in the folder FILE"),
    )
    p.add_argument("-o", "--out", required=True, metavar="FILE")
    _weights(p)

    p = each.add_parser("activations", help=_("the feature maps of one layer on one picture, as an .npy file"))
    _net(p)
    p.add_argument("--image", required=True, metavar="FILE")
    p.add_argument("--layer", required=True, metavar="ID")
    p.add_argument("-o", "--out", required=True, metavar="FILE.npy")
    _weights(p)

    p = each.add_parser("demo", help=_("build LeNet-5, train it, look inside; without a display into screenshots"))
    p.add_argument("--out", default="cnnviz-demo", metavar="DIR", help=_("folder for the screenshots"))

    p = each.add_parser("bench", help=_("the measured ratios of the README"))
    p.add_argument("names", nargs="*", metavar="NAME")
    _json(p)
    return parser


class _Parser(argparse.ArgumentParser):
    """Says what is wrong, and where the options stand; not all of them."""

    def error(self, message: str) -> NoReturn:
        """Wrong usage: one line that says what, one that says where to look; status 2."""
        typed = re.match(r"unrecognized arguments: (--[^ =]+)|argument .*?: invalid choice: '(.*?)'", message)
        words: Sequence[str] = ()
        if typed is not None:
            words = re.findall(r"'(.*?)'", message[typed.end() :]) if typed[2] else [*self._option_string_actions]
            words = [*words, *presets()] if message.startswith("argument COMMAND") else words
        meant = get_close_matches(typed[1] or typed[2], words, 1) if typed is not None else []
        message = message.rstrip(".") + ("." if not meant else ". " + _("Did you mean {word}?").format(word=meant[0]))
        text = _("“{command} --help” lists what it takes.").format(command=self.prog)
        self.exit(2, f"{self.prog}: error: {message}\n{text}\n")


class _Command(_Parser):
    """That of one command, which names it where an option is unknown."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """As argparse has it, but what is not known is wrong here, not in the program as a whole."""
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error("unrecognized arguments: " + " ".join(rest))
        return found, rest


class _Wide(argparse.HelpFormatter):
    """Room for the longest command beside its help."""

    def __init__(self, prog: str):
        super().__init__(prog, max_help_position=24)


def _net(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("net", metavar="NET", help=_("a preset, a network file, or a model"))
    parser.add_argument("--input", type=_input, metavar="C,H,W", help=_("another input: channels, height, width"))


def _weights(parser: argparse.ArgumentParser, text: str = "") -> None:
    usual = _("a run folder or a weights file; of torchvision's models also a name or DEFAULT; else fresh ones")
    parser.add_argument("--weights", metavar="RUN", help=text or usual)
    parser.add_argument(
        "--step", type=_step, metavar="N", help=_("weights of the run as they were at the recorded step nearest to N")
    )


def _plan(parser: argparse.ArgumentParser) -> None:
    """An option for every setting of the plan, by section; None where it is not given."""
    kinds = {f.name: kind_of(f) for f in fields(Plan)}
    for title, names in sections():
        group = parser.add_argument_group(_(title))
        for name in names:
            kind = kinds[name]
            options = ["--" + n.replace("_", "-") for n in dict.fromkeys((OPTIONS.get(name, name), name))]
            text = _(kind.help).replace("%", "%%")
            if kind.name == "bool":
                group.add_argument(*options, dest=name, action=argparse.BooleanOptionalAction, help=text)
            elif kind.name == "choice":
                group.add_argument(*options, dest=name, choices=kind.choices, help=text)
            elif kind.name == "text":
                group.add_argument(*options, dest=name, metavar="NAME", help=text)
            else:
                metavar = "N" if kind.name == "int" else "X"
                group.add_argument(*options, dest=name, type=_setting(name), metavar=metavar, help=text)


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=_("for programs"))


def _step(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(_("a step is a whole number from 0 on, not {text}").format(text=repr(text)))
    return int(text)


def _folder(text: str) -> str:
    if not text or "\0" in text:  # nothing would be the folder that one stands in: mostly a variable that is not set
        raise argparse.ArgumentTypeError(_("{text} is no name of a folder").format(text=repr(text)))
    return text


def _setting(name: str) -> Callable[[str], int | float]:
    """What reads this number of the plan from the command line, so that a wrong one is wrong usage."""
    kind = next(kind_of(f) for f in fields(Plan) if f.name == name)

    def read(text: str) -> int | float:
        value: int | float | str
        try:
            value = int(text) if kind.name == "int" else float(text)
        except ValueError:
            value = text
        try:
            checked: int | float = check(name, kind, value)
        except Misfit as e:
            raise argparse.ArgumentTypeError(str(e)) from None
        return checked

    return read


def _input(text: str) -> tuple[int, int, int]:
    try:
        channels, height, width = (int(part) for part in text.split(","))
        Input(channels, (height, width))
    except Misfit as e:
        raise argparse.ArgumentTypeError(str(e)) from None
    except ValueError:
        raise argparse.ArgumentTypeError(_("“{text}” is not C,H,W, such as 3,32,32").format(text=text)) from None
    return channels, height, width
