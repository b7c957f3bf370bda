"""What stands in the window and where: docks, menus, toolbar. The only module that knows all panels."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, Slot
from PySide6.QtWidgets import (
    QAbstractButton,
    QDockWidget,
    QMenu,
    QSizePolicy,
    QTabBar,
    QTabWidget,
    QToolBar,
    QToolButton,
    QWidget,
)

from ...text import N_, _
from ..canvas import Canvas
from ..data import DataPanel
from ..health.panel import Health
from ..inspect import Field, Filters, Maps, Picture
from ..layers.form import Form
from ..layers.palette import Palette
from ..layers.why import Why
from ..paint import icons, theme
from ..results.panel import Results
from ..table.compare import Comparison
from ..table.table import Table
from ..time.bar import TimeBar
from ..time.others import RunsMenu
from ..time.runs import Runs
from ..training.curves import Curves
from ..training.planform import PlanForm
from ..training.runbar import RunBar
from .actions import COMMANDS, MENUS, TRAIN, VIEW, Actions, NameMenu, train_texts
from .desk import Desk
from .networks import NetworkMenu
from .notices import Notices
from .tabs import TabTips
from .times import Times
from .window import Window

LEFT, RIGHT, BOTTOM = (
    Qt.DockWidgetArea.LeftDockWidgetArea,
    Qt.DockWidgetArea.RightDockWidgetArea,
    Qt.DockWidgetArea.BottomDockWidgetArea,
)
DOCKS: tuple[tuple[str, str, Any, Qt.DockWidgetArea, str], ...] = (  # …, name of the dock it is a tab of
    ("layers", N_("Layers"), Palette, LEFT, ""),
    ("maps", N_("Maps"), Maps, RIGHT, ""),
    ("filters", N_("Filters"), Filters, RIGHT, "maps"),
    ("field", N_("Field"), Field, RIGHT, "maps"),
    ("settings", N_("Settings"), Form, RIGHT, "maps"),
    ("why", N_("Formulas"), Why, RIGHT, "maps"),
    ("picture", N_("Input picture"), Picture, RIGHT, ""),
    ("data", N_("Data"), DataPanel, RIGHT, "picture"),
    ("table", N_("Table"), Table, BOTTOM, ""),
    ("compare", N_("Comparison"), Comparison, BOTTOM, "table"),
    ("runs", N_("Runs"), Runs, BOTTOM, "table"),
    ("curves", N_("Curves"), Curves, BOTTOM, ""),
    ("plan", N_("Plan"), PlanForm, BOTTOM, "curves"),
    ("health", N_("Health"), Health, BOTTOM, "curves"),
    ("results", N_("Results"), Results, BOTTOM, "curves"),
)
TIPS = {
    "maps": N_("What the selected layer gives for the picture: its feature maps"),
    "filters": N_("The weights of the selected layer"),
    "field": N_("The receptive field: the pixels of the picture that the selected unit sees"),
    "settings": N_("The selected layer's name and settings"),
    "why": N_("Where the selected layer's shape and numbers come from"),
    "picture": N_("The picture that everything is shown on, as the network gets it"),
    "data": N_("What is in the data set: classes, split, doubled and broken files, all of its pictures"),
    "runs": N_("What differs between this run and the one that stands beside it"),
    "curves": N_("Loss and accuracy of the training"),
    "plan": N_("How the network is trained"),
    "health": N_("Signs of trouble in the training, and how the gradient flows through the layers"),
    "results": N_("Errors, confusion, classes and calibration on the held-out pictures"),
}
IN_FRONT = ("maps", "picture", "table", "curves")
BUTTONS = {"qt_dockwidget_floatbutton": "float", "qt_dockwidget_closebutton": "close"}
LAYERS, CURVES, FIGURES = 196, 268, 680
"""Pixels of the palette's width, of the curves' at least (that of their tabs), and of the table's before the curves get
more than that."""
FEW = 456
"""Pixels of the table's width up to its receptive fields: a small window takes them from the right."""
WHEN_ASKED = ("compare", "runs")
"""Docks that are not there until they are asked for."""


def furnish(window: Window) -> None:
    """Everything a new window needs."""
    session = window.session
    window.canvas = Canvas(session)
    window.setCentralWidget(window.canvas)
    window.notices = Notices(session, window.canvas)
    window.notices.covering.connect(window.canvas.cover)
    window.desk = Desk(window)
    _make_docks(window)
    window.times = Times(window)
    window.actions_ = Actions(window)
    _make_menus(window)
    _make_toolbar(window)
    _make_timebar(window)


def _make_docks(window: Window) -> None:
    window.setCorner(Qt.Corner.BottomRightCorner, RIGHT)
    window.setCorner(Qt.Corner.BottomLeftCorner, LEFT)
    for area in (LEFT, RIGHT, BOTTOM):
        window.setTabPosition(area, QTabWidget.TabPosition.North)
    window.panels, window.docks = {}, {}
    window.tips = TabTips({_(title): _(TIPS[name]) for name, title, *_more in DOCKS if name in TIPS}, window)
    for name, title, panel, _area, _beside in DOCKS:
        dock = Dock(name, _(title), window)
        window.panels[name], window.docks[name] = panel(window.session), dock
        dock.hold(window.panels[name])
    arrange(window)
    palette, picture, comparison = (window.panels[name] for name in ("layers", "picture", "compare"))
    assert isinstance(palette, Palette)
    assert isinstance(picture, Picture)
    assert isinstance(comparison, Comparison)
    curves = window.panels["curves"]
    assert isinstance(curves, Curves)
    curves.caution.clicked.connect(window.show_health)
    palette.network_chosen.connect(window.desk.open_preset)
    picture.open_requested.connect(window.desk.open_picture)
    comparison.asked.connect(window.desk.compare)


class Dock(QDockWidget):
    """A dock that leaves its title to its tab, where it has one, and hides its panel while another tab is in front."""

    def __init__(self, name: str, title: str, window: Window):
        super().__init__(title, window)
        self.setObjectName(name)
        self._none = QWidget(self)
        self.topLevelChanged.connect(self.show_title)
        self.visibilityChanged.connect(self._show_panel)
        self.toggleViewAction().toggled.connect(self._show_titles)

    def hold(self, panel: QWidget) -> None:
        """Have this panel inside."""
        policy = panel.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # tabs are as large whichever is in front
        panel.setSizePolicy(policy)
        self.setWidget(panel)

    @Slot(bool)
    def _show_panel(self, seen: bool) -> None:
        # Qt only moves a dock aside whose tab is behind: its panel would go on working for nobody
        window, panel, shown = self.parent(), self.widget(), seen or self.isFloating()
        if not shown and isinstance(window, Window) and panel.isAncestorOf(window.focusWidget()):
            window.canvas.setFocus()  # Qt would give the focus to a panel that nobody thinks of
        panel.setVisible(shown)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._draw_buttons()

    def _draw_buttons(self) -> None:
        """Ours: Fusion's own are hardly seen in the dark, and Qt takes them again with every title bar."""
        for name, sign in BUTTONS.items():
            button = self.findChild(QAbstractButton, name)
            if button is not None:
                button.setIcon(icons.icon(sign, theme.current()))

    @Slot()
    def show_title(self) -> None:
        """A title bar where the dock floats or stands alone, none where a tab names it."""
        window = self.parent()
        beside = window.tabifiedDockWidgets(self) if isinstance(window, Window) else []
        named = not self.isFloating() and not all(dock.isHidden() for dock in beside)
        if named != (self.titleBarWidget() is self._none):
            self.setTitleBarWidget(self._none if named else None)  # type: ignore[arg-type]  # None: the usual one
            self._none.setVisible(False)
        self._draw_buttons()

    @Slot()
    def _show_titles(self) -> None:
        """Tabs have come or gone with this dock."""
        window = self.parent()
        if isinstance(window, Window):
            show_titles(window)


def _make_menus(window: Window) -> None:
    menus = {name: window.menuBar().addMenu(_(name)) for name in MENUS}
    for command in COMMANDS:
        if command.ruled:
            menus[command.menu].addSeparator()
        menus[command.menu].addAction(window.actions_[command.name])
        if command.name == "open":
            window.recent = NameMenu(_("Open recent"), window.desk.open_file, menus[command.menu])
            window.recent.aboutToShow.connect(window.list_recent)
            NetworkMenu(_("Networks"), window.desk.open_preset, menus[command.menu])
    view = menus[VIEW]
    view.addAction(_("Theme of the system"), window.desk.follow_system)
    view.addSeparator()
    for dock in window.docks.values():
        view.addAction(dock.toggleViewAction())
    view.addSeparator()
    view.addAction(_("Panels as at first"), window.place_afresh)
    menus[TRAIN].addSeparator()
    menus[TRAIN].addAction(_("Plan…"), window.show_plan)


def _make_toolbar(window: Window) -> None:
    bar = QToolBar(_("Toolbar"))
    bar.setObjectName("toolbar")
    bar.setMovable(False)
    bar.setIconSize(QSize(20, 20))
    for name in ("undo", "redo", "", "train", "pause", "step", "stop", ""):
        if name:
            bar.addAction(window.actions_[name])
        else:
            bar.addSeparator()
    train: Any = bar.widgetForAction(window.actions_["train"])
    train.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    others = QMenu(train)
    others.addActions([window.actions_["train_afresh"], window.actions_["train_on"]])
    train.setMenu(others)
    train.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
    wide = train.fontMetrics().horizontalAdvance
    more = max(map(wide, train_texts())) - wide(train.text())
    train.setMinimumWidth(train.sizeHint().width() + more)  # the buttons beside it stay where they are
    window.runbar = RunBar(window.session)
    window.runbar.caution.clicked.connect(window.show_health)
    window.runbar.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    bar.addWidget(window.runbar)
    for name in ("fit", "theme"):
        bar.addAction(window.actions_[name])
    window.addToolBar(bar)


def _make_timebar(window: Window) -> None:
    """The time line along the whole lower edge."""
    bar = QToolBar(_("Time"))
    bar.setObjectName("time")
    bar.setMovable(False)
    named = window.actions_
    first = tuple(named[name] for name in ("time_back", "time_play", "time_forward"))
    names = ("mark", "unmark", "branch", "take_weights", "open_run")
    contrast = window.panels["runs"]
    assert isinstance(contrast, Runs)
    contrast.layers_asked.connect(window.times.layers)
    others = RunsMenu(window.session, window.times.compare, window)
    more = (*(named[name] for name in names), others.menuAction(), named["show_runs"], named["end_beside"])
    window.timebar = TimeBar(window.session, first, more, named["time_live"])
    bar.addWidget(window.timebar)
    window.addToolBar(Qt.ToolBarArea.BottomToolBarArea, bar)


def arrange(window: Window) -> None:
    """Every dock at its place."""
    for name, _title, _panel, area, beside in DOCKS:
        dock = window.docks[name]
        dock.setFloating(False)
        window.addDockWidget(area, dock)
        dock.show()
        if beside and area != BOTTOM:
            window.tabifyDockWidget(window.docks[beside], dock)
    window.splitDockWidget(window.docks["table"], window.docks["curves"], Qt.Orientation.Horizontal)
    for name, _title, _panel, area, beside in DOCKS:
        if beside and area == BOTTOM:  # a tab cannot be split
            window.tabifyDockWidget(window.docks[beside], window.docks[name])
    for name in WHEN_ASKED:
        window.docks[name].hide()
    for name in IN_FRONT:
        window.docks[name].raise_()
    show_titles(window)


def show_titles(window: Window) -> None:
    """Titles where no tab says them, and tabs whose words are whole."""
    for dock in window.docks.values():
        if isinstance(dock, Dock):
            dock.show_title()
    shown = {dock.windowTitle() for dock in window.docks.values() if not dock.isHidden()}
    seen: set[str] = set()
    for bar in reversed(window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)):
        bar.setElideMode(Qt.TextElideMode.ElideNone)
        bar.setDrawBase(False)
        bar.installEventFilter(window.tips)
        names = {bar.tabText(i) for i in range(bar.count())}
        if names & seen or len(names & shown) < 2:
            bar.hide()  # Qt leaves bars behind, at places where they have been once: the newest of a tab is the one
        seen |= names


def place(window: Window) -> None:
    """The docks' sizes as they are at first: the canvas keeps about half of the width."""
    docks, horizontal, vertical = window.docks, Qt.Orientation.Horizontal, Qt.Orientation.Vertical
    right = max(340, min(round(window.width() * 0.29), window.width() - LAYERS - 4 * theme.GRID - FEW - CURVES))
    window.resizeDocks([docks["layers"], docks["maps"]], [LAYERS, right], horizontal)
    window.resizeDocks([docks["maps"], docks["picture"]], [11, 9], vertical)
    window.resizeDocks([docks["table"]], [round(window.height() * 0.29)], vertical)
    room = window.width() - right - LAYERS - 4 * theme.GRID
    curves = max(CURVES, min(round(room * 3 / 7), room - FIGURES))
    window.resizeDocks([docks["table"], docks["curves"]], [max(room - curves, curves), curves], horizontal)
