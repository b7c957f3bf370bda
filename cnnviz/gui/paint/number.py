"""Numbers as people read them beside a picture."""

from __future__ import annotations

from math import isfinite, isinf, isnan


def number(value: float) -> str:
    """Three significant digits, whole numbers to 99,999 as they are, with a real minus sign; `NaN`, `∞`, `−∞`."""
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "∞" if value > 0 else "−∞"
    if abs(value) < 99_999.5 and (abs(value) >= 999.5 or value == int(value)):
        return f"{round(value):,}".replace("-", "−")
    short = f"{value:#.3g}".removesuffix(".")
    if "e" in short:
        digits, power = short.split("e")
        short = f"{digits}e{int(power)}"
    return short.replace("-", "−")


def percent(value: float) -> str:
    """A share of 1 as `96.8 %`."""
    return number(value) if isnan(value) or isinf(value) else f"{100 * value:.1f} %"


def figure(value: float) -> str:
    """Four significant digits."""
    if not isfinite(value) or not 1e-3 <= abs(value) < 1e4:
        return number(value)
    return f"{value:#.4g}".replace("-", "−").removesuffix(".")
