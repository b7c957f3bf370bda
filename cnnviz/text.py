"""Words for people: the one place where a sentence becomes Korean or English.

Code marks a sentence with `_("...")` where it is shown, or with `N_("...")` where it is declared
(a layer's help, a problem's template) and shown later through `_`. Whole numbers go through `grouped`.
Catalogues are `resources/locale/<language>/LC_MESSAGES/cnnviz.mo`; without one the English sentence is shown.
"""

from __future__ import annotations

import gettext

from .resources import folder

_catalogue: gettext.NullTranslations = gettext.NullTranslations()


def use(language: str) -> None:
    """Show everything in `language` ("en", "ko") from now on; English where a sentence is missing."""
    global _catalogue
    _catalogue = gettext.translation("cnnviz", folder("locale"), [language], fallback=True)


def _(sentence: str) -> str:
    """`sentence` in the language in use."""
    return _catalogue.gettext(sentence) if sentence else ""


def grouped(*numbers: int) -> str:
    """`61,706`; several are a shape: `1,024×30×30`."""
    return "×".join(f"{n:,}" for n in numbers)


def N_(sentence: str) -> str:
    """Marks a sentence for translation where it is declared; it is translated where it is shown."""
    return sentence
