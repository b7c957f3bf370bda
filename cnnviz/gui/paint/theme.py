"""The two looks, light and dark: Fusion with our own palette, the same on every platform.

There is no style sheet: one on the application stops palettes from reaching child widgets and breaks composite
ones. Panels use the palette's roles (`setForegroundRole(PlaceholderText)` for quiet words); those that paint
themselves read `current()` while they paint, and Qt's PaletteChange event repaints them after `apply`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QToolTip

FAMILIES = (
    "Input",
    "Convolution",
    "Pooling",
    "Activation",
    "Normalisation",
    "Dense",
    "Merge",
    "Regularisation",
    "Shape",
)
"""As cnnviz.net.layers has them; named here again because the first paint does not wait for the layers."""

UNLISTED = ("Group", "Foreign")
"""Families that no palette offers: folded groups, and parts of foreign models. They are as quiet as captions."""

GRID = 4
"""Every gap is a multiple of this many pixels: 4, 8 or 16."""
RADIUS = 6
"""Corner of a card, in pixels."""


@dataclass(frozen=True)
class Theme:
    """The colours of one look, as `#RRGGBB`. Every text colour has a contrast of 4.5 or more on every surface."""

    name: str
    dark: bool
    window: str  # behind the panels
    panel: str  # behind lists, text, pictures
    button: str
    well: str  # tracks of bars and sliders, disabled selections
    gap: str  # between feature maps: seen beside white, black and every colour of the palettes
    line: str  # 1 px separators and borders
    text: str
    caption: str  # secondary text
    faint: str  # disabled text and placeholders
    link: str  # the accent as text
    accent: str  # selection: 2 px outlines, receptive-field frames; for shapes, not for text
    highlight: str  # behind selected text and rows
    on_highlight: str
    problem: str  # the sign and the outline of what is wrong
    problem_text: str
    ok: str
    families: Mapping[str, str] = field(hash=False)

    def family(self, name: str) -> QColor:
        """The colour of a layer family, one of FAMILIES or UNLISTED. Raises KeyError for others."""
        return QColor(self.caption if name in UNLISTED else self.families[name])

    def colour(self, role: str) -> QColor:
        """The QColor of one of the fields above, by its name."""
        return QColor(getattr(self, role))


def _families(*colours: str) -> Mapping[str, str]:
    return MappingProxyType(dict(zip(FAMILIES, colours, strict=True)))


LIGHT = Theme(
    name="light",
    dark=False,
    window="#F3F4F6",
    panel="#FFFFFF",
    button="#EDEFF2",
    well="#DDE1E6",
    gap="#B4BAC3",
    line="#D0D5DB",
    text="#1B1F24",
    caption="#5A6270",
    faint="#646B78",
    link="#0A62C4",
    accent="#0A84FF",
    highlight="#0066CC",
    on_highlight="#FFFFFF",
    problem="#D14900",
    problem_text="#B84000",
    ok="#187433",
    families=_families(
        "#5B6B7B", "#2F6DB5", "#1B8A7A", "#B87A00", "#7A55B5", "#B5483A", "#6B6B6B", "#8A6A4A", "#6E7B2F"
    ),
)
DARK = Theme(
    name="dark",
    dark=True,
    window="#17181B",
    panel="#1F2125",
    button="#2A2D32",
    well="#3A3E45",
    gap="#787E87",
    line="#363A41",
    text="#E6E8EB",
    caption="#A3A9B3",
    faint="#949BA6",
    link="#5AB0FF",
    accent="#0A84FF",
    highlight="#0066CC",
    on_highlight="#FFFFFF",
    problem="#FF8A4C",
    problem_text="#FF8A4C",
    ok="#57C46E",
    families=_families(
        "#9AA9B8", "#6FA8E8", "#4FC3B1", "#E9B44C", "#B49AE8", "#E98A7B", "#B0B0B0", "#C9A986", "#B5C26A"
    ),
)

ARGUMENTS = ("-style", "fusion")
"""For QApplication: the style these palettes are made for. Named here, it costs nothing; set afterwards, 10 ms."""

_current = LIGHT


def current() -> Theme:
    """The theme that was applied last; light before the first."""
    return _current


def apply(app: QApplication, theme: Theme) -> None:
    """Show the whole application in `theme`; with the next turn of the event loop every widget repaints."""
    global _current
    _current = theme
    app.setFont(body())
    app.setPalette(palette(theme))
    for kind in ("QCheckBox", "QRadioButton"):
        app.setPalette(_boxes(theme), kind)  # type: ignore[arg-type]  # PySide takes text, its stubs say bytes
    QToolTip.setPalette(palette(theme))
    QToolTip.setFont(caption())


def system_is_dark() -> bool:
    """Whether the desktop asks for a dark look; False where it does not say (bare X11, offscreen)."""
    return QGuiApplication.styleHints().colorScheme().name == "Dark"


def wanted(name: str) -> Theme:
    """The theme of this name, "light" or "dark"; anything else follows the desktop."""
    dark = name == "dark" or (name != "light" and system_is_dark())
    return DARK if dark else LIGHT


def palette(theme: Theme) -> QPalette:
    """The theme as Qt's palette. An inactive window looks like the active one: only words lose contrast by greying."""
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.panel,
        role.AlternateBase: theme.window,
        role.Text: theme.text,
        role.PlaceholderText: theme.faint,
        role.Button: theme.button,
        role.ButtonText: theme.text,
        role.BrightText: theme.problem_text,
        role.ToolTipBase: theme.panel,
        role.ToolTipText: theme.text,
        role.Highlight: theme.highlight,
        role.HighlightedText: theme.on_highlight,
        role.Accent: theme.accent,
        role.Link: theme.link,
        role.LinkVisited: theme.link,
        role.Light: theme.line if theme.dark else theme.panel,
        role.Midlight: theme.button,
        role.Mid: theme.line,
        role.Dark: theme.window if theme.dark else theme.line,
        role.Shadow: "#000000" if theme.dark else theme.caption,
    }
    result = QPalette()
    for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive, QPalette.ColorGroup.Disabled):
        for which, colour in colours.items():
            result.setColor(group, which, QColor(colour))
    disabled = QPalette.ColorGroup.Disabled
    for which in (role.WindowText, role.Text, role.ButtonText, role.ToolTipText, role.Link):
        result.setColor(disabled, which, QColor(theme.faint))
    result.setColor(disabled, role.Highlight, QColor(theme.well))
    result.setColor(disabled, role.HighlightedText, QColor(theme.text))
    return result


def _boxes(theme: Theme) -> QPalette:
    """Of check boxes: Fusion draws their outline darker than the window's colour, which in the dark is not seen."""
    result = palette(theme)
    for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
        result.setColor(group, QPalette.ColorRole.Window, QColor(theme.caption if theme.dark else theme.gap))
    return result


def body() -> QFont:
    """13 px in the system's UI font."""
    return _font(13)


def caption() -> QFont:
    """11 px in the system's UI font."""
    return _font(11)


def title() -> QFont:
    """16 px, half bold, in the system's UI font."""
    font = _font(16)
    font.setWeight(QFont.Weight.DemiBold)
    return font


def tabular(font: QFont) -> QFont:
    """`font` with figures of equal width, where it has them: numbers in columns then align."""
    result = QFont(font)
    result.setFeature(QFont.Tag("tnum"), 1)
    return result


def _font(pixels: int) -> QFont:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    font.setPixelSize(pixels)
    return font
