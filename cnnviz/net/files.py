"""Network files: UTF-8 JSON with the ending `.cnnviz`. Reading one never runs code and never half-succeeds.

    {"format": 1, "name", "title", "about", "plan": {…},
     "nodes": [{"id", "type", "settings": {…}, "sources": […], "group", "pos": [x, y], "weights", "learning": {…}}]}

`weights` is there only where a node uses those of an earlier one, whose id it is; `learning` only where it is not as
usual: {"frozen", "init", "init_std"}.
Settings that have their default are left out, so a default may only change together with the format number.
The shipped networks in `resources/networks` are such files too.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Collection
from contextlib import suppress
from dataclasses import fields
from difflib import get_close_matches
from errno import ENAMETOOLONG, ENOSPC, EROFS
from pathlib import Path
from typing import Any

from ..text import N_, _
from .arrange import arrange
from .graph import Graph, LoopError, Node, graph, is_name, sharing
from .layers import TYPES, Layer
from .layers.base import kind_of
from .layers.foreign import Foreign
from .layout import CARD, GAP
from .learning import Learning
from .network import Network
from .plan import Plan
from .problems import Misfit

FORMAT = 1
SUFFIX = ".cnnviz"
WEIGHTS = (".safetensors", ".pt", ".pth", ".th", ".bin", ".ckpt")
"""Endings of weights files."""
LARGEST = 64 * 2**20  # bytes; a network of 100,000 layers has 15 MB
LONGEST = 400  # characters of a message
TIDIED = 2_000  # nodes: their layout takes a quarter of a second
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class FileError(ValueError):
    """A network file cannot be read or written. The message is one line that names the file, the place and the cure."""


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def read(path: str | os.PathLike[str]) -> Network:
    """The network in this file. Raises FileError."""
    path = Path(path)
    try:
        info = path.stat()
        if stat.S_ISDIR(info.st_mode):
            raise error(path.name or str(path), _("It is a folder. Choose a {suffix} file.").format(suffix=SUFFIX))
        if not stat.S_ISREG(info.st_mode):
            raise error(path.name, _("It is a device, not a file. Choose a {suffix} file.").format(suffix=SUFFIX))
        if path.suffix.lower() in WEIGHTS:
            what = _("It holds weights, not a network. Open the network, then Load weights… (--weights) with it.")
            raise error(path.name, what)
        if info.st_size > LARGEST:
            raise error(path.name, _("It is too large for a network. Choose a {suffix} file.").format(suffix=SUFFIX))
        raw = path.read_bytes()
    except OSError as e:
        raise error(path.name, reason(e, reading=True)) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        what = _("It is not a network: not text in UTF-8. Choose a {suffix} file.").format(suffix=SUFFIX)
        raise error(path.name, what) from None
    return parse(text, path.name)


def parse(text: str, name: str) -> Network:
    """The network in this text. `name` is the file's name, for messages. Raises FileError."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as e:
        what = _("Line {line}, column {column} is not JSON ({why}). Repair it, or choose another file.")
        raise error(name, what.format(line=e.lineno, column=e.colno, why=e.msg)) from None
    except RecursionError:
        raise error(name, _("It is nested too deeply to be a network. Choose another file.")) from None
    except ValueError:
        raise error(name, _("It holds a number too long to be a setting. Choose another file.")) from None
    return from_json(data, name)


def from_json(data: Any, name: str = "untitled") -> Network:
    """The network of this parsed JSON, checked. `name` is the file's name. Raises FileError."""
    if not isinstance(data, dict) or "format" not in data:
        raise error(
            name, _("It is not a network: the field “format” is missing. Choose a {suffix} file.").format(suffix=SUFFIX)
        )
    number = data["format"]
    if isinstance(number, int) and number > FORMAT:
        what = _("It was made by a newer cnnviz (format {number}; this one reads {mine}). Update cnnviz.")
        raise error(name, what.format(number=number, mine=FORMAT))
    if type(number) is not int or number != FORMAT:
        raise error(name, _("The field “format” must be {mine}. Choose another file.").format(mine=FORMAT))
    from .schema import misformed  # late: pydantic takes 0.1 s, which the first window does not have

    wrong = misformed(data)
    if wrong:
        raise error(name, wrong[1], place=wrong[0])
    return network(data, name)


def network(data: dict[str, Any], name: str) -> Network:
    """The network of a file whose form has been checked. Raises FileError."""
    entries = data["nodes"]
    ids = _ids(entries, name)
    try:
        made = graph(sharing(_node(entry, ids, name) for entry in entries))
    except LoopError as e:
        raise error(name, _("{why}. Remove a source of one of them.").format(why=_capital(str(e)))) from None
    return Network(
        made if all("pos" in entry for entry in entries) else placed(made),
        name=data.get("name") or Path(name).stem,
        title=data.get("title", ""),
        about=data.get("about", ""),
        plan=plan(data.get("plan", {}), name),
    )


def placed(made: Graph) -> Graph:
    """The graph with a place for every card; a very large one in plain rows, since nobody waits for its layout."""
    if len(made) <= TIDIED:
        return made.move(arrange(made))
    across, down = (size + gap for size, gap in zip(CARD, GAP, strict=True))
    columns = round((len(made) * 1.6 * down / across) ** 0.5)
    return made.move({n.id: (i % columns * across, i // columns * down) for i, n in enumerate(made)})


def _ids(entries: list[dict[str, Any]], name: str) -> set[str]:
    ids: set[str] = set()
    for number, entry in enumerate(entries, 1):
        id = entry["id"]
        if not is_name(id):
            what = _("The id must be a name: letters, digits and _, not starting with a digit, no Python keyword.")
            raise error(name, what, place=id or _("node {number}").format(number=number))
        if id in ids:
            raise error(name, _("Two nodes have this id. Rename one."), place=id)
        ids.add(id)
    return ids


def _node(entry: dict[str, Any], ids: set[str], name: str) -> Node:
    cls = Foreign if entry["type"] == "Foreign" else TYPES.get(entry["type"])
    if cls is None:
        what = _("There is no layer type “{type}”.").format(type=entry["type"])
        raise error(
            name, what + nearest(entry["type"], TYPES, _("See the palette for what there is.")), place=entry["id"]
        )
    given = _settings(cls, entry.get("settings", {}), entry["id"], name)
    for source in entry.get("sources", ()):
        if source not in ids:
            what = _("It reads “{source}”, which is not there.").format(source=source)
            raise error(name, what + nearest(source, ids, _("Remove that source.")), place=entry["id"])
    weights = entry.get("weights", "")
    if weights and (weights == entry["id"] or weights not in ids):
        what = _("It uses the weights of “{node}”, which is not another node.").format(node=weights)
        cure = nearest(weights, ids - {entry["id"]}, _("Remove the field “weights”."))
        raise error(name, what + cure, place=entry["id"])
    x, y = entry.get("pos", (0.0, 0.0))
    try:
        layer = cls(**given)
    except Misfit as e:
        raise error(name, str(e), place=entry["id"]) from None
    except OverflowError:
        raise error(name, _("A setting is too large a number. Make it smaller."), place=entry["id"]) from None
    sources, group = tuple(entry.get("sources", ())), entry.get("group", "")
    return Node(entry["id"], layer, sources, group, (float(x), float(y)), weights, _learning(entry, name))


def _learning(entry: dict[str, Any], name: str) -> Learning:
    given, known = entry.get("learning", {}), [f.name for f in fields(Learning)]
    for key in given:
        if key not in known:
            what = _("“learning” has no setting “{setting}”.").format(setting=key)
            raise error(name, what + nearest(key, known, _("Remove it.")), place=entry["id"])
    try:
        return Learning(**given)
    except (Misfit, OverflowError) as e:
        raise error(name, str(e), place=entry["id"]) from None


def _settings(cls: type[Layer], given: dict[str, Any], id: str, name: str) -> dict[str, Any]:
    known = [f.name for f in fields(cls)]
    for key in given:
        if key not in known:
            what = _("{type} has no setting “{setting}”.").format(type=cls.__name__, setting=key)
            raise error(name, what + nearest(key, known, _("Remove it.")), place=id)
    return given


def plan(given: dict[str, Any], name: str) -> Plan:
    """The plan of a file. Raises FileError."""
    known = {f.name: kind_of(f) for f in fields(Plan)}
    for key, value in given.items():
        if key not in known:
            what = _("A plan has no setting “{setting}”.").format(setting=key)
            raise error(name, what + nearest(key, known, _("Remove it.")), place="plan")
        if known[key].name == "text" and not isinstance(value, str):
            raise error(name, _("{setting} must be a text.").format(setting=key), place="plan")
    try:
        return Plan(**given)
    except Misfit as e:
        raise error(name, str(e), place="plan") from None
    except OverflowError:
        raise error(name, _("A setting is too large a number. Make it smaller."), place="plan") from None


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def to_json(network: Network) -> dict[str, Any]:
    """The file's contents as plain JSON values, keys in the file's order."""
    data: dict[str, Any] = {"format": FORMAT, "name": network.name}
    if network.title:
        data["title"] = network.title
    if network.about:
        data["about"] = network.about
    plan = network.plan.to_json()
    if plan:
        data["plan"] = plan
    return data | {"nodes": [_entry(n) for n in network.graph]}


def settings(layer: Layer) -> dict[str, Any]:
    """The settings that are not as they usually are, as plain JSON values."""
    usual, names = type(layer)(), [f.name for f in fields(layer)]
    return {k: _bare(getattr(layer, k)) for k in names if getattr(layer, k) != getattr(usual, k)}


def _entry(n: Node) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": n.id,
        "type": n.type,
        "settings": settings(n.layer),
        "sources": list(n.sources),
        "group": n.group,
        "pos": [int(v) if v == int(v) else v for v in n.pos],
    }
    if n.weights:
        entry["weights"] = n.weights
    learning = n.learning.to_json()
    return entry | {"learning": learning} if learning else entry


def _bare(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def dump(network: Network) -> str:
    """The file's text: one node a line, the same for the same network."""
    data = to_json(network)
    nodes = data.pop("nodes")
    head = "".join(f"  {_line(k)}: {_line(v)},\n" for k, v in data.items())
    body = ",\n".join(f"    {_line(n)}" for n in nodes)
    return "{\n" + head + '  "nodes": [' + (f"\n{body}\n  " if body else "") + "]\n}\n"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def write(path: str | os.PathLike[str], network: Network) -> None:
    """Write the network; where that fails, what was there before stays. Raises FileError."""
    replace_file(path, dump(network).encode("utf-8", "backslashreplace"))


def weights_beside(path: str | os.PathLike[str]) -> Path:
    """Where the weights of this network file lie: the same stem, `.safetensors`."""
    return Path(path).with_suffix(".safetensors")


def replace_file(path: str | os.PathLike[str], contents: bytes) -> None:
    """Put `contents` at `path` all at once, through a new file beside it. Raises FileError, keeping what was there."""
    target = Path(os.path.realpath(path))  # a link stays a link
    new = ""
    try:
        if target.is_dir():
            raise error(target.name or str(target), _("It is a folder. Choose a file name in it."))
        spare_read_only(target)
        handle, new = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".new", dir=target.parent)
        with os.fdopen(handle, "wb") as f:
            f.write(contents)
            f.flush()
            os.fsync(f.fileno())
        os.chmod(new, _mode(target))
        os.replace(new, target)
        new = ""
        _settle(target.parent)
    except OSError as e:
        raise error(target.name, reason(e, reading=False)) from None
    finally:
        if new:
            with suppress(OSError):
                os.unlink(new)


def spare_read_only(path: str | os.PathLike[str]) -> None:
    """Raise FileError where this file is there and may not be written: a new one put in its place would not ask."""
    target = Path(os.path.realpath(path))
    with suppress(FileNotFoundError, NotADirectoryError):
        # the bits, too: root may do everything, but whoever took them away meant it
        if not (target.stat().st_mode & _WRITABLE and os.access(target, os.W_OK)):
            raise error(target.name, _("It is read-only. Use Save as… with another name, or make it writable."))


def _mode(target: Path) -> int:
    """Permissions of what is replaced, or those a new file gets."""
    with suppress(OSError):
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _settle(place: Path) -> None:
    """Put the renaming on the disk, where the system can."""
    if os.name != "posix":
        return
    with suppress(OSError):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def error(file: str, what: str, place: str = "") -> FileError:
    """One line: the file, the place in it, what is wrong and what to do."""
    line = " ".join((f"{file}: {place}: {what}" if place else f"{file}: {what}").split())
    line = "".join(c if c.isprintable() else "\ufffd" for c in line)
    return FileError(line if len(line) <= LONGEST else f"{line[: LONGEST // 2]} … {line[-LONGEST // 3 :]}")


def nearest(word: str, known: Collection[str], otherwise: str) -> str:
    """` Did you mean …?`, or the other cure where nothing is near."""
    lower = {k.lower(): k for k in known}
    near = get_close_matches(word.lower()[:100], lower, 1)
    return " " + (_("Did you mean “{name}”?").format(name=lower[near[0]]) if near else otherwise)


_REASONS = {
    FileNotFoundError: (
        N_("There is no such file. Check the name."),
        N_("Its folder is not there. Choose another."),
    ),
    PermissionError: (
        N_("You may not read it. Change its permissions, or choose another."),
        N_("You may not write there. Choose another folder."),
    ),
}


def reason(e: OSError, reading: bool) -> str:
    """Why a file cannot be read, or written, and what to do: one or two sentences."""
    if isinstance(e, NotADirectoryError):
        e = FileNotFoundError()
    if type(e) in _REASONS:
        return _(_REASONS[type(e)][0 if reading else 1])
    if e.errno == ENOSPC:
        return _("The disk is full. Make room, or choose another folder.")
    if e.errno == EROFS:
        return _("The disk is read-only. Choose another folder.")
    if e.errno == ENAMETOOLONG:
        return _("The name is too long. Choose a shorter one.")
    return _("{why}. Choose another file.").format(why=(e.strerror or str(e)).rstrip("."))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
