"""Receptive fields where branches meet. That they are what units see is tested in tests/engine, with torch."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from cnnviz.net.field import Field, meet, meet_on
from cnnviz.net.window import Span, TooLongError

ORDINARY = st.integers(0, 4).map(lambda reach: Span(((-reach, 2 * reach + 1),), 1))  # one centre, one stride
SHIFTED = st.sampled_from(((0, 1), (-1, 3), (0, 2))).map(
    lambda window: Span((window,), 1)
)  # the last has its own centre
WINDOWS = st.tuples(st.integers(-3, 1), st.integers(0, 5))
SPANS = st.builds(Span, st.lists(WINDOWS, min_size=1, max_size=2).map(tuple), st.sampled_from((0, 1, 2)))


def several(y: st.SearchStrategy[Span], x: st.SearchStrategy[Span]) -> st.SearchStrategy[list[Field]]:
    return st.lists(st.builds(Field, y, x, st.sampled_from((True, True, False))), min_size=3, max_size=5)


@given(several(ORDINARY, ORDINARY) | several(ORDINARY, SHIFTED) | several(SPANS, SPANS), st.sampled_from((4, 5)))
def test_one_more_branch_adds_up_or_is_not_tried(fields: list[Field], width: int) -> None:
    try:
        before, whole = meet(fields[:-1], (4, width)), meet(fields, (4, width))
    except TooLongError:
        assume(False)
    assert meet_on(before, fields[-1]) in (None, whole)


@given(st.lists(st.builds(Field, ORDINARY, ORDINARY, st.just(True)), min_size=3, max_size=5))
def test_one_more_ordinary_branch_adds_up(fields: list[Field]) -> None:
    whole = meet(fields, (8, 8))
    assert whole is not None and whole.aligned
    assert meet_on(meet(fields[:-1], (8, 8)), fields[-1]) == whole


def test_of_a_branch_that_sees_everything_nothing_is_added_up() -> None:
    one = Field(Span(), Span())
    assert meet([one, None], (8, 8)) is meet_on(one, None) is meet_on(None, one) is None
