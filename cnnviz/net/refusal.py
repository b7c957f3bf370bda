"""Why a layer does not fit, as arithmetic: the formula of its output with the numbers that are impossible."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor, prod

from .analysis import LARGEST, Row
from .problems import shape_text


def refusal(row: Row) -> str:
    """`⌊(2 + 2·0 − 1·(5−1) − 1)/1⌋ + 1 = −2`: what makes the row's problem; empty where no arithmetic does.

    Numbers are not grouped, as in `explain`.
    """
    if row.problem is None:
        return ""
    args = dict(row.problem.args)
    code = row.problem.code
    if code in ("shape.window", "shape.empty"):
        return _size(row)
    if code == "shape.vector" and len(args["shape"]) > 1:
        return f"{_product(args['shape'])} = {prod(args['shape'])}"
    if code in ("shape.equal", "shape.broadcast"):
        return " ≠ ".join(dict.fromkeys(map(shape_text, args["shapes"])))
    if code == "shape.concat":
        return " ≠ ".join(dict.fromkeys(shape_text(s[1:]) or str(s[0]) for s in args["shapes"]))
    if code == "shape.reshape":
        known = [n for n in args["shape"] if n != -1]
        product = f"{_product(known)} = {prod(known)}" if len(known) > 1 else str(prod(known))
        if -1 in args["shape"]:
            return _division(args["values"], prod(known)) if prod(known) else ""
        return f"{_product(args['given'])} = {args['values']} ≠ {product}"
    if code == "groups":
        odd = (n for n in (args["inputs"], args["outputs"]) if n % args["groups"])
        return ", ".join(dict.fromkeys(_division(n, args["groups"]) for n in odd))
    if code == "groups.one":
        return _division(args["channels"], args["groups"])
    if code == "shape.shuffle":
        return _division(args["channels"], args["need"])
    if code == "size.huge":
        return f"{_product(args['shape'])} = {prod(args['shape'])} > {LARGEST}"
    return ""


def _product(numbers: list[int] | tuple[int, ...]) -> str:
    return "·".join(map(str, numbers))


def _division(n: int, by: int) -> str:
    """`16 = 3·5 + 1`: what is left over."""
    return f"{n} = {n // by}·{by} + {n % by}"


def _size(row: Row) -> str:
    """The first axis along which nothing is left."""
    for text in row.node.layer.size_text(row.ins):
        if (size := value(text)) < 1:
            return f"{text} = {signed(size)}"
    return ""


def signed(n: int) -> str:
    """With the sign that formulas have."""
    return f"−{-n}" if n < 0 else str(n)


# ── arithmetic ───────────────────────────────────────────────────────────────────────────────────────────────────────
CLOSED = {"(": ")", "⌊": "⌋", "⌈": "⌉"}


def value(text: str) -> int:
    """What arithmetic with + − · / ( ) ⌊ ⌋ ⌈ ⌉ and whole numbers comes to, as `explain` writes it."""
    tokens = iter([*re.findall(r"\d+|[+−·/()⌊⌋⌈⌉]", text), ""])
    return floor(_sum(tokens, ""))


def _sum(tokens: Iterator[str], end: str) -> Fraction:
    """Terms up to the closing sign `end`, which is read, too."""
    total, sign = Fraction(0), 1
    while True:
        term, follows = _term(tokens)
        total += sign * term
        if follows == end:
            return total
        sign = -1 if follows == "−" else 1


def _term(tokens: Iterator[str]) -> tuple[Fraction, str]:
    """Factors, and the sign behind them."""
    product, over = Fraction(1), False
    while True:
        factor = _factor(next(tokens), tokens)
        product = product / factor if over else product * factor
        follows = next(tokens)
        if follows not in ("·", "/"):
            return product, follows
        over = follows == "/"


def _factor(token: str, tokens: Iterator[str]) -> Fraction:
    if token == "−":  # a negative number
        return -_factor(next(tokens), tokens)
    if token not in CLOSED:
        return Fraction(int(token))
    inside = _sum(tokens, CLOSED[token])
    return Fraction(floor(inside) if token == "⌊" else ceil(inside)) if token != "(" else inside
