"""Every command once: its words, its key, where it stands, what it does, and when it cannot be done.

Menus, toolbar, shortcuts and the list on F1 are made from this table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from ...link.messages import IDLE, PAUSED, STOPPING
from ...net.analysis import unsound
from ...text import N_, _
from ..paint import icons, theme

if TYPE_CHECKING:
    from .window import Window


@dataclass(frozen=True)
class Command:
    """One thing a person can do. `does`: path of a function from the window; `why_not`: why it cannot be done now."""

    name: str
    menu: str
    text: str
    keys: str = ""
    does: str = ""
    icon: str = ""
    why_not: Callable[[Window], str] = lambda window: ""
    ruled: bool = False  # a line above it
    checked: Callable[[Window], bool] | None = None  # whether it stays down
    warns: Callable[[Window], str] = lambda window: ""  # what will come of it, in the tip; it can be done all the same
    says: Callable[[Window], str] = lambda window: ""  # in place of the text, now, where there is something
    shows: Callable[[Window], str] = lambda window: ""  # in place of the icon


def _no_undo(w: Window) -> str:
    return "" if w.session.edit.document.undo_text else N_("Nothing to undo")


def _no_redo(w: Window) -> str:
    return "" if w.session.edit.document.redo_text else N_("Nothing to redo")


def _none_selected(w: Window) -> str:
    return "" if w.session.look.selection else N_("Select a layer first")


def _empty(w: Window) -> str:
    return "" if len(w.session.graph) else N_("The network is empty")


def _only_json(w: Window) -> str:
    """Why most forms cannot be had; the network's own file always can."""
    return unsound(w.session.rows)


def _nothing_to_fold(w: Window) -> str:
    return "" if w.session.fold.foldable else N_("Select a layer in a block first")


def _nothing_to_unfold(w: Window) -> str:
    return "" if w.session.fold.unfoldable else N_("Select a folded block first")


def _no_block(w: Window) -> str:
    return "" if w.session.fold.dissolvable else N_("Select a block first")


def _no_blocks(w: Window) -> str:
    return "" if w.session.graph.grouped else N_("The network has no blocks")


def _all_open(w: Window) -> str:
    return "" if not w.session.fold.plain else N_("Nothing is folded")


def _cannot_train(w: Window) -> str:
    if w.session.run.phase == PAUSED:
        return ""
    if w.session.run.active:
        return N_("It is training already")
    problem = w.session.run.problem
    return problem.text if problem else ""


def _cannot_ask(w: Window) -> str:
    """Train can be pressed also where the network is wrong: then it offers what mends it."""
    return "" if _mends(w) else _cannot_train(w)


def _mends(w: Window) -> str:
    problem = w.session.run.problem
    return problem.text if problem and problem.code != "plan.data" and not w.session.run.active else ""


def _not_training(w: Window) -> str:
    return "" if w.session.run.active else N_("Nothing is training")


def _cannot_step(w: Window) -> str:
    return "" if w.session.run.phase in (PAUSED, IDLE) and not _cannot_train(w) else N_("Pause first")


def _cannot_go_on(w: Window) -> str:
    if w.session.run.phase == STOPPING:
        return N_("The run is being stopped")
    problem = w.session.run.problem
    return problem.text if problem else ""


def _cannot_measure(w: Window) -> str:
    if w.session.run.active and w.session.run.phase != PAUSED:
        return N_("Pause the training first: it needs the machine")
    return _empty(w)


def _no_pictures(w: Window) -> str:
    return "" if w.session.look.pictures else N_("The data set is not loaded")


def _nothing_recorded(w: Window) -> str:
    return "" if len(w.session.time.steps) else N_("Nothing is recorded yet: train first")


def _not_in_the_past(w: Window) -> str:
    return "" if w.session.time.at is not None else N_("Go to a step on the time line first")


def _no_run(w: Window) -> str:
    return "" if w.session.time.folder else N_("Train, or open a run first")


def _no_beside(w: Window) -> str:
    return "" if w.session.beside.folder else N_("No run stands beside this one")


def _no_mark(w: Window) -> str:
    time = w.session.time
    here = time.at is not None and any(m.step == time.shown for m in time.marks)
    return "" if here else N_("Go to a marked step first")


def train_texts() -> tuple[str, str, str]:
    """What Train is called: from first weights, with the weights there are, and where the run is held."""
    return _("Train"), _("Train on"), _("Go on")


def _train_text(w: Window) -> str:
    return train_texts()[2 if w.session.run.phase == PAUSED else w.session.run.knows]


def _undo_text(w: Window) -> str:
    what = w.session.edit.document.undo_text
    return f"{_('Undo')}: {what}" if what else ""


def _redo_text(w: Window) -> str:
    what = w.session.edit.document.redo_text
    return f"{_('Redo')}: {what}" if what else ""


def _play_text(w: Window) -> str:
    return _("Hold the training that plays") if w.session.time.playing else ""


def _play_icon(w: Window) -> str:
    return "pause" if w.session.time.playing else ""


FILE, EDIT, VIEW, PICTURE, HELP = N_("File"), N_("Edit"), N_("View"), N_("Picture"), N_("Help")
TRAIN, TIME = N_("Training"), N_("Time")
MENUS = (FILE, EDIT, VIEW, TRAIN, TIME, PICTURE, HELP)

COMMANDS = (
    Command("new", FILE, N_("New network"), "Ctrl+N", "desk.new"),
    Command("new_of_family", FILE, N_("New network of a family…"), "Ctrl+Shift+N", "desk.new_of_family"),
    Command("open", FILE, N_("Open network…"), "Ctrl+O", "desk.open", "open"),
    Command("open_model", FILE, N_("Open model…"), "Ctrl+M", "desk.open_model"),
    Command("load_weights", FILE, N_("Load weights…"), "Ctrl+Shift+M", "desk.load_weights", "", _empty),
    Command("save", FILE, N_("Save"), "Ctrl+S", "desk.save", "save", ruled=True),
    Command("save_as", FILE, N_("Save as…"), "Ctrl+Shift+S", "desk.save_as"),
    Command("export", FILE, N_("Export…"), "Ctrl+E", "desk.export", "", _empty, warns=_only_json),
    Command("quit", FILE, N_("Quit"), "Ctrl+Q", "close", ruled=True),
    Command("undo", EDIT, N_("Undo"), "Ctrl+Z", "session.edit.undo", "undo", _no_undo, says=_undo_text),
    Command("redo", EDIT, N_("Redo"), "Ctrl+Shift+Z; Ctrl+Y", "session.edit.redo", "redo", _no_redo,
            says=_redo_text),
    Command("cut", EDIT, N_("Cut"), "Ctrl+X", "canvas.cut", "", _none_selected, True),
    Command("copy", EDIT, N_("Copy"), "Ctrl+C", "canvas.copy", "", _none_selected),
    Command("paste", EDIT, N_("Paste layers or a picture"), "Ctrl+V", "desk.paste"),
    Command("duplicate", EDIT, N_("Duplicate"), "Ctrl+D", "canvas.duplicate", "", _none_selected),
    Command("delete", EDIT, N_("Delete"), "Del; Backspace", "canvas.delete", "trash"),
    Command("select_all", EDIT, N_("Select all"), "Ctrl+A", "canvas.select_all", "", _empty),
    Command("make_block", EDIT, N_("Make a block of the selection…"), "Ctrl+B", "canvas.make_block", "",
            _none_selected, True),
    Command("dissolve_block", EDIT, N_("Dissolve block"), "Ctrl+Shift+B", "canvas.dissolve_block", "", _no_block),
    Command("save_block", EDIT, N_("Save as block…"), "", "canvas.save_block", "", _none_selected),
    Command("zoom_in", VIEW, N_("Zoom in"), "Ctrl++; Ctrl+=", "canvas.zoom_in"),
    Command("zoom_out", VIEW, N_("Zoom out"), "Ctrl+-", "canvas.zoom_out"),
    Command("actual_size", VIEW, N_("Actual size"), "Ctrl+0", "canvas.actual_size"),
    Command("fit", VIEW, N_("Fit the network"), "Ctrl+9", "canvas.fit", "fit", _empty),
    Command("fold", VIEW, N_("Fold block"), "Ctrl+G", "canvas.fold_block", "", _nothing_to_fold, True),
    Command("unfold", VIEW, N_("Unfold block"), "Ctrl+Shift+G", "canvas.unfold_block", "", _nothing_to_unfold),
    Command("fold_all", VIEW, N_("Fold all blocks"), "Ctrl+Alt+G", "session.fold.fold_all", "", _no_blocks),
    Command(
        "unfold_all", VIEW, N_("Unfold all blocks"), "Ctrl+Alt+Shift+G", "session.fold.unfold_all", "", _all_open
    ),
    Command("tidy", VIEW, N_("Tidy layout"), "Ctrl+L", "canvas.tidy", "tidy", _empty, True),
    Command("compare", VIEW, N_("Compare with…"), "Ctrl+K", "desk.compare", "", _empty, True),
    Command("compare_now", VIEW, N_("Compare with it as it is now"), "Ctrl+Shift+K", "desk.compare_now", "", _empty),
    Command("theme", VIEW, N_("Switch light and dark"), "Ctrl+T", "desk.switch_theme", "theme", ruled=True),
    Command("train", TRAIN, N_("Train"), "F5", "session.run.train", "play", _cannot_ask, warns=_mends,
            says=_train_text),
    Command("pause", TRAIN, N_("Pause or go on"), "F6", "session.run.pause", "pause", _not_training,
            checked=lambda w: w.session.run.phase == PAUSED),  # while the run is held
    Command("step", TRAIN, N_("One step"), "F10", "session.run.step", "step", _cannot_step),
    Command("stop", TRAIN, N_("Stop"), "Shift+F5", "session.run.stop", "stop", _not_training),
    Command(
        "train_afresh", TRAIN, N_("Train from new weights"), "Ctrl+Shift+F5", "session.run.train_afresh", "",
        _cannot_go_on, True,
    ),
    Command(
        "train_on", TRAIN, N_("Restart with the weights that fit"), "Ctrl+F5", "session.run.train_on", "",
        _cannot_go_on,
    ),
    Command("ensemble", TRAIN, N_("Train an ensemble…"), "", "desk.ensemble", "", _empty, True),
    Command("again", TRAIN, N_("Train again with one change…"), "Ctrl+Alt+F5", "times.again", "", _no_run),
    Command("measure", TRAIN, N_("Measure the layers' times"), "F8", "session.cost.start", "", _cannot_measure, True),
    Command("time_play", TIME, N_("Play the training"), "Ctrl+Space", "session.time.play", "play", _nothing_recorded,
            says=_play_text, shows=_play_icon),
    Command("time_back", TIME, N_("Step back in time"), "Ctrl+,", "times.back", "back", _nothing_recorded),
    Command("time_forward", TIME, N_("Step forward in time"), "Ctrl+.", "times.forward", "step", _not_in_the_past),
    Command("time_live", TIME, N_("Back to the live end"), "Ctrl+Shift+.", "session.time.live", "live",
            _not_in_the_past),
    Command("mark", TIME, N_("Mark this step…"), "Ctrl+Alt+M", "times.mark", "flag", _nothing_recorded, True),
    Command("unmark", TIME, N_("Remove this mark"), "", "times.unmark", "", _no_mark),
    Command("branch", TIME, N_("Train on from this step"), "Ctrl+Alt+B", "session.time.branch", "",
            _not_in_the_past, True),
    Command("take_weights", TIME, N_("Take the weights of this step"), "", "session.time.take_weights", "",
            _not_in_the_past),
    Command("open_run", TIME, N_("Open run…"), "Ctrl+Shift+R", "times.open", "", ruled=True),
    Command("compare_run", TIME, N_("Compare with another run…"), "Ctrl+Alt+K", "times.compare", "", _no_run),
    Command("show_runs", TIME, N_("What differs between the runs"), "Ctrl+Alt+Shift+K", "show_runs", "", _no_beside),
    Command("end_beside", TIME, N_("End the comparison of runs"), "", "session.beside.end", "", _no_beside),
    Command("open_picture", PICTURE, N_("Open picture…"), "Ctrl+Shift+O", "desk.open_picture", "picture"),
    Command("next", PICTURE, N_("Next picture"), "Alt+Right", "desk.next_picture", "next", _no_pictures),
    Command("previous", PICTURE, N_("Previous picture"), "Alt+Left", "desk.previous_picture", "previous", _no_pictures),
    Command("shortcuts", HELP, N_("Keys"), "F1", "desk.show_keys"),
    Command("about", HELP, N_("About cnnviz"), "", "desk.show_about"),
)  # fmt: skip


class Actions(QObject):
    """The table as QActions of one window, kept enabled or disabled with the reason in the tip."""

    def __init__(self, window: Window):
        super().__init__(window)
        self._window = window
        self._by_name: dict[str, _Action] = {c.name: _Action(c, window) for c in COMMANDS}
        self._phase = ""
        self._soon = QTimer(self)  # one edit is several signals
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.refresh)
        s = window.session
        for signal in (s.graph_changed, s.view_changed, s.selection_changed, s.pictures_changed, s.document_changed):
            signal.connect(self._soon.start)
        s.document_changed.connect(self._refresh_undo)
        s.run_changed.connect(self._follow_run)
        for signal in (s.moment_changed, s.time_changed, s.beside_changed):
            signal.connect(self._soon.start)
        self.refresh()

    def __getitem__(self, name: str) -> QAction:
        return self._by_name[name]

    @Slot()
    def _refresh_undo(self) -> None:
        """At once: the next key may be Undo."""
        for name in ("undo", "redo"):
            self._by_name[name].refresh(self._window)

    @Slot()
    def _follow_run(self) -> None:
        phase = self._window.session.run.phase
        if phase != self._phase:  # and not at every step
            self._phase = phase
            self._soon.start()

    @Slot()
    def refresh(self) -> None:
        """Bring words, tips and states up to date."""
        for action in self._by_name.values():
            action.refresh(self._window)

    def recolour(self) -> None:
        """Draw the icons in the colours of the theme."""
        for action in self._by_name.values():
            action.recolour()


class _Action(QAction):
    """One command; its parent, the window, is where its function is looked up when it is needed."""

    def __init__(self, command: Command, window: Window):
        super().__init__(_(command.text), window)
        self.command = command
        self.setObjectName(command.name)
        self.setCheckable(command.checked is not None)
        self.setShortcuts([QKeySequence(k) for k in command.keys.split("; ") if k])
        self._icon = command.icon
        self._key = self.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        self.setMenuRole(
            {"quit": QAction.MenuRole.QuitRole, "about": QAction.MenuRole.AboutRole}.get(
                command.name, QAction.MenuRole.NoRole
            )
        )
        self.recolour()
        self.triggered.connect(self._go)
        window.addAction(self)

    @Slot()
    def _go(self) -> None:
        act: Any = reduce(getattr, self.command.does.split("."), self.parent())
        act()

    def refresh(self, window: Window) -> None:
        """Enabled or not, and why not."""
        reason = self.command.why_not(window)
        text, key = self.command.says(window) or _(self.command.text), self._key
        if self._icon != (icon := self.command.shows(window) or self.command.icon):
            self._icon = icon
            self.recolour()
        if self.text() != text:
            self.setText(text)
        if self.command.checked is not None:
            self.setChecked(self.command.checked(window))
        tip = f"{text} ({key})" if key else text
        said = reason or self.command.warns(window)
        tip = f"{tip}\n{_(said)}" if said else tip
        if self.toolTip() != tip:
            self.setToolTip(tip)
        if self.isEnabled() == bool(reason):
            self.setEnabled(not reason)

    def recolour(self) -> None:
        """The icon in the theme's colours."""
        if self._icon:
            self.setIcon(icons.icon(self._icon, theme.current()))


class NameMenu(QMenu):
    """A menu of names; choosing one calls `act` with it."""

    def __init__(self, title: str, act: Callable[[str], Any], parent: QMenu):
        super().__init__(title, parent)
        self._act = act
        parent.addMenu(self)
        self.triggered.connect(self._choose)

    def fill(self, names: Iterable[str]) -> None:
        """Offer these."""
        self.clear()
        for name in names:
            self.addAction(name).setData(name)
        if not self.actions():
            self.addAction(_("None yet")).setEnabled(False)

    @Slot(QAction)
    def _choose(self, action: QAction) -> None:
        if action.data():
            self._act(action.data())
