"""The data set `sentences`: short reviews of films, negative and positive, written by templates from a fixed seed.

No single word decides: nearly every template says the same with a word of praise or of blame, turned round by a
negation ("not dull at all"), a contrast ("… was dull, but …") or the order of main and side clause.

A text becomes tokens by one rule: lower case; a run of letters and digits, with apostrophes and hyphens inside it, is
one token; every other sign is one, too. A vocabulary gives the tokens numbers: 0 is padding, 1 stands for every unknown
one, then come the training sentences' tokens, the most frequent first. A network with a smaller vocabulary knows the
first of them only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import numpy as np

from ..link.messages import Words

Array = np.ndarray[Any, np.dtype[Any]]

SEED = 2014
COUNT = 2000
HELD_OUT = 400
CLASSES = ("negative", "positive")
PADDING, UNKNOWN = 0, 1
FIRST = 2  # number of the first word

_TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]|_")

_THINGS = (
    *("plot", "acting", "film", "script", "music", "ending", "story", "cast", "hero", "villain", "dialogue"),
    *("pace", "opening", "editing", "humour", "romance", "direction", "soundtrack", "setting", "finale"),
)
_PRAISE = (
    *("good", "great", "fine", "clever", "moving", "funny", "warm", "sharp", "fresh", "honest", "gripping"),
    *("lovely", "rich", "superb", "charming", "bold"),
)
_BLAME = (
    *("bad", "dull", "poor", "flat", "weak", "slow", "boring", "stale", "clumsy", "cold", "thin", "empty"),
    *("awful", "lazy", "silly", "bland"),
)
_LIKE, _DISLIKE = ("like", "enjoy", "love", "admire"), ("hate", "regret", "dislike", "resent")
_DEGREES = ("", "very ", "really ", "quite ", "so ", "truly ", "rather ")
_OPENINGS = ("", "", "", "frankly , ", "for me , ", "in the end , ", "this time , ", "once again , ", "as always , ")
_CLOSINGS = (".", ".", ".", "!", ", i think .", ", says my sister .", ", from start to finish .")

# {a} {b}: two things; {p} {q}: words of the sentence's own class; {n} {m}: of the other one; {like} {hate}: verbs
# of its own class and of the other one; {d}: a degree
_TEMPLATES = (
    "the {a} is {d}{p}",
    "the {a} is {d}{p} and the {b} is {q}",
    "what a {p} {a}",
    "the {a} is not {n} at all",
    "the {a} is not {d}{n}",
    "the {a} is never {n}",
    "the {a} is hardly {n}",
    "the {a} is anything but {n}",
    "nobody would call the {a} {n}",
    "the {a} is neither {n} nor {m}",
    "the {a} is {p} , not {n}",
    "the {a} is not {n} but {p}",
    "far from {n} , the {a} is {p}",
    "the {a} was {d}{n} , but the {b} is {p}",
    "the {a} is {n} , but the {b} is not",
    "although the {a} is {n} , the {b} is {d}{p}",
    "the {a} is {d}{p} , although the {b} is {n}",
    "i thought the {a} would be {n} , yet it was {p}",
    "it could have been {n} , instead the {a} is {p}",
    "you will {like} the {a}",
    "you will not {hate} the {a}",
    "i {like} the {a} , even if the {b} is {n}",
    "even if the {b} is {n} , i {like} the {a}",
    "i did not {hate} the {a} : it was {d}{p}",
    "some find the {a} {n} , i do not",
)


@dataclass(frozen=True)
class Sentences:
    """The whole set: texts and classes (0 negative, 1 positive) to train on and held out; the words by number."""

    train: tuple[str, ...]
    train_classes: tuple[int, ...]
    test: tuple[str, ...]
    test_classes: tuple[int, ...]
    words: tuple[str, ...]

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each known word."""
        return _numbers(self.words)


@cache
def sentences() -> Sentences:
    """The set; always the same."""
    dice = Random(SEED)
    texts: dict[str, int] = {}
    while len(texts) < COUNT:
        label = len(texts) % 2  # as many of one class as of the other
        texts.setdefault(_written(dice, label), label)
    order = sorted(texts, key=lambda _text: dice.random())
    test, train = order[:HELD_OUT], order[HELD_OUT:]
    counts = Counter(t for text in train for t in tokens(text))
    words = sorted(counts, key=lambda w: (-counts[w], w))
    return Sentences(
        tuple(train), tuple(texts[t] for t in train), tuple(test), tuple(texts[t] for t in test), tuple(words)
    )


def tokens(text: str) -> list[str]:
    """The tokens of a text, in their order."""
    return _TOKEN.findall(text.lower())


def encoded(texts: Iterable[str], length: int, vocabulary: int) -> Array:
    """Token numbers of texts, cut or padded to `length`: (n, 1, length, 1) float32; numbers are below `vocabulary`."""
    numbers = sentences().numbers
    rows = [[_number(numbers, t, vocabulary) for t in tokens(text)[:length]] for text in texts]
    result = np.full((len(rows), 1, length, 1), PADDING, np.float32)
    for i, row in enumerate(rows):
        result[i, 0, : len(row), 0] = row
    return result


def words(text: str, length: int, vocabulary: int) -> Words:
    """What a network of this length and vocabulary makes of a text."""
    numbers, whole = sentences().numbers, tokens(text)
    known = tuple(_number(numbers, t, vocabulary) != UNKNOWN for t in whole[:length])
    return Words(text, tuple(whole[:length]), known, len(whole))


def _number(numbers: dict[str, int], token: str, vocabulary: int) -> int:
    number = numbers.get(token, UNKNOWN)
    return number if number < vocabulary else min(UNKNOWN, vocabulary - 1)


@cache
def _numbers(words: tuple[str, ...]) -> dict[str, int]:
    return {w: FIRST + i for i, w in enumerate(words)}


def _written(dice: Random, label: int) -> str:
    own, other = (_PRAISE, _BLAME) if label else (_BLAME, _PRAISE)
    like, hate = (_LIKE, _DISLIKE) if label else (_DISLIKE, _LIKE)
    a, b = _two(dice, _THINGS)
    p, q = _two(dice, own)
    n, m = _two(dice, other)
    body = _one(dice, _TEMPLATES).format(
        a=a, b=b, p=p, q=q, n=n, m=m, like=_one(dice, like), hate=_one(dice, hate), d=_one(dice, _DEGREES)
    )
    return re.sub(r" ([,.!:])", r"\1", f"{_one(dice, _OPENINGS)}{body} {_one(dice, _CLOSINGS)}")


def _one(dice: Random, choices: tuple[str, ...]) -> str:
    return choices[int(dice.random() * len(choices))]  # of Random only random() is promised to stay the same


def _two(dice: Random, choices: tuple[str, ...]) -> tuple[str, str]:
    first, second = _one(dice, choices), _one(dice, choices)
    return (first, second) if first != second else _two(dice, choices)
