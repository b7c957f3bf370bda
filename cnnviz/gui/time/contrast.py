"""What differs between two runs, as lines of text: how, on what and by what they were trained, what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from ...link.account import Account
from ...net.acting import NAMES, absent
from ...net.analysis import Analysis, Row
from ...net.compare import Line as Beside
from ...net.compare import align
from ...net.plan import SHAPES, Plan
from ...text import _, grouped
from ..planwords import label_of
from ..session.beside import best
from ..session.course import Course

NOTHING = "–"


@dataclass(frozen=True)
class Line:
    """One line: in which section, what it is about, and what it is in either run. `kept`: shown also where equal."""

    section: str
    name: str
    this: str
    other: str
    kept: bool = False

    @property
    def same(self) -> bool:
        """Whether both runs have the same here."""
        return self.this == self.other


def contrast(this: Account, other: Account, mine: Course, theirs: Course) -> tuple[Line, ...]:
    """All lines, sections in one piece. `mine`, `theirs`: how the two trainings went."""
    return (
        *_plans(this.plan, other.plan),
        *_networks(this.rows, other.rows),
        *_data(this, other),
        *_machines(this, other),
        *_results(this, other, mine, theirs),
    )


def differing(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Those that tell a difference, and those of the results."""
    return tuple(line for line in lines if line.kept or not line.same)


# ── sections ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _results(this: Account, other: Account, mine: Course, theirs: Course) -> Iterator[Line]:
    section = _("Results")

    def line(name: str, of: Any) -> Line:
        return Line(section, name, of(this, mine), of(other, theirs), kept=True)

    yield line(_("Best held-out accuracy"), lambda _a, c: _share(found[1]) if (found := best(c)) else NOTHING)
    yield line(_("… at step"), lambda _a, c: grouped(found[0]) if (found := best(c)) else NOTHING)
    yield line(_("Last held-out accuracy"), lambda _a, c: _share(c.tests[-1, 2]) if len(c.tests) else NOTHING)
    yield line(_("Last held-out loss"), lambda _a, c: f"{c.tests[-1, 1]:.4g}" if len(c.tests) else NOTHING)
    yield line(_("Last training loss"), lambda _a, c: f"{c.points[-1, 1]:.4g}" if len(c.points) else NOTHING)
    yield line(_("Steps"), lambda a, c: grouped(int(max(c.points[-1, 0] if len(c.points) else 0, a.step))))
    yield Line(section, _("Ended"), _end(this), _end(other))
    yield Line(section, _("Branches from"), _origin(this), _origin(other))


def _share(value: float) -> str:
    return f"{100 * value:.2f} %"


def _end(account: Account) -> str:
    return account.end or _("not yet")


def _origin(account: Account) -> str:
    return (
        _("step {step} of {folder}").format(step=grouped(account.origin[1]), folder=account.origin[0])
        if (account.origin)
        else NOTHING
    )


def _plans(a: Plan, b: Plan) -> Iterator[Line]:
    for f in fields(Plan):
        this, other = (value(getattr(plan, f.name)) if _acts(plan, f.name) else NOTHING for plan in (a, b))
        if (this, other) != (NOTHING, NOTHING):
            yield Line(_("Plan"), label_of(f.name), this, other)


def _acts(plan: Plan, name: str) -> bool:
    return not absent(plan, name) and (plan.data == SHAPES or not name.startswith("shapes_"))


def value(setting: object) -> str:
    """A setting's value as people read it: `0.001`, `yes`, `SGD`."""
    if isinstance(setting, bool):
        return _("yes") if setting else _("no")
    if isinstance(setting, str):
        return _(NAMES.get(setting, setting)) if setting else NOTHING
    if isinstance(setting, float):
        return f"{setting:g}"
    return grouped(setting) if isinstance(setting, int) else str(setting)


def _networks(a: Analysis, b: Analysis) -> Iterator[Line]:
    section = _("Network")
    for beside in align(tuple(a.values()), tuple(b.values())):
        told = _layers(beside)
        if told is not None:
            yield Line(section, *told)
    yield Line(section, _("Layers"), grouped(len(a)), grouped(len(b)))
    yield Line(section, _("Parameters"), grouped(a.params), grouped(b.params))
    yield Line(section, _("Multiply-adds"), grouped(a.macs), grouped(b.macs))


def _layers(beside: Beside) -> tuple[str, str, str] | None:
    """(name, this, other) of a layer that is another one, or is only in one of the networks."""
    left, right = beside.left, beside.right
    if left is None or right is None:
        row = left or right
        assert row is not None
        kind = row.node.type
        return (row.id, kind, NOTHING) if right is None else (row.id, NOTHING, kind)
    mine, theirs = _settings(left), _settings(right)
    differ = [name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name)]
    if "sources" in beside.changed:
        mine["reads"], theirs["reads"] = ", ".join(left.node.sources), ", ".join(right.node.sources)
        differ.append("reads")
    if not differ:
        return None
    name = left.id if left.id == right.id else f"{left.id} / {right.id}"
    if left.node.type != right.node.type:
        return name, left.node.type, right.node.type
    return name, _told(mine, differ), _told(theirs, differ)


def _settings(row: Row) -> dict[str, str]:
    found = {"type": row.node.type}
    for holder in (row.node.layer, row.node.learning):
        found |= {f.name: _setting(getattr(holder, f.name)) for f in fields(holder) if f.compare}
    return found


def _setting(setting: object) -> str:
    if isinstance(setting, tuple) and all(isinstance(v, int) for v in setting):
        return "×".join(map(str, setting)) or NOTHING
    return value(setting)


def _told(settings: dict[str, str], names: list[str]) -> str:
    return ", ".join(f"{name} {settings.get(name, NOTHING)}" for name in names)


def _data(a: Account, b: Account) -> Iterator[Line]:
    for key, name in (("name", _("Name")), ("train", _("Pictures")), ("test", _("Held out")), ("hash", _("Content"))):
        this, other = (value(account.data[key]) if key in account.data else NOTHING for account in (a, b))
        yield Line(_("Data"), name, this, other)


def _machines(a: Account, b: Account) -> Iterator[Line]:
    section = _("Machine and versions")
    yield Line(section, _("Device"), a.device or NOTHING, b.device or NOTHING)
    yield Line(section, _("Threads"), grouped(a.threads), grouped(b.threads))
    yield Line(section, _("Processes"), grouped(a.processes), grouped(b.processes))
    for name in {**a.versions, **b.versions}:
        yield Line(section, name, a.versions.get(name, NOTHING), b.versions.get(name, NOTHING))


# ── copies ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def as_text(lines: tuple[Line, ...], this: str, other: str) -> str:
    """For a spreadsheet: a line each, with tabs between section, name and both runs."""
    rows = [("", "", this, other), *((line.section, line.name, line.this, line.other) for line in lines)]
    return "".join("\t".join(cell.replace("\t", " ") for cell in row) + "\n" for row in rows)


def as_markdown(lines: tuple[Line, ...], this: str, other: str) -> str:
    """For a README: a table in which sections are rows in bold."""
    rows = [f"| | {_bar(this)} | {_bar(other)} |", "|---|---|---|"]
    section = ""
    for line in lines:
        if line.section != section:
            section = line.section
            rows.append(f"| **{section}** | | |")
        rows.append(f"| {_bar(line.name)} | {_bar(line.this)} | {_bar(line.other)} |")
    return "\n".join(rows) + "\n"


def _bar(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
