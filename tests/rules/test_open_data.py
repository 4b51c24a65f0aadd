"""Small numbers in public: nothing below five is told, and nothing that is kept back can be worked out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rules.open_data import LEAST, Line, withheld


def test_a_count_below_five_is_not_told_and_the_smallest_beside_it_neither() -> None:
    lines = [Line("a", "", 40), Line("b", "", 3), Line("c", "", 9)]
    assert withheld(52, lines) == {"b", "c"}


def test_noughts_beside_a_count_kept_back_are_kept_back_too() -> None:
    lines = [Line("a", "", 40), Line("b", "", 3), Line("c", "", 2), Line("d", "", 0)]
    assert withheld(45, lines) == {"b", "c", "d"}


def test_noughts_alone_are_told() -> None:
    assert withheld(40, [Line("a", "", 40), Line("b", "", 0)]) == frozenset()


def test_below_a_line_kept_back_nothing_is_told() -> None:
    lines = [Line("a", "", 40), Line("b", "", 4), Line("c", "", 9), Line("b1", "b", 4), Line("c1", "c", 9)]
    assert withheld(53, lines) == {"b", "c", "b1", "c1"}


def test_of_fewer_than_five_in_all_nothing_is_told() -> None:
    assert withheld(3, [Line("a", "", 3), Line("b", "", 0)]) == {"", "a", "b"}


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, list[Line]]:
    """A table of two levels whose upper lines hold the lower ones and some of their own."""
    lines = []
    for place in range(draw(st.integers(1, 6))):
        below = [Line(f"{place}.{n}", str(place), draw(st.integers(0, 30))) for n in range(draw(st.integers(0, 4)))]
        own = draw(st.integers(0, 12)) if below else draw(st.integers(0, 60))
        lines += [Line(str(place), "", own + sum(one.number for one in below)), *below]
    return sum(one.number for one in lines if not one.parent), lines


@given(tables())
def test_no_small_count_is_told_nor_left_over_by_subtraction(made: tuple[int, list[Line]]) -> None:
    total, lines = made
    hidden = withheld(total, lines)
    assert all(one.key in hidden for one in lines if 0 < one.number < LEAST)
    assert ("" in hidden) == (0 < total < LEAST)
    for above in {one.parent for one in lines}:
        group = [one for one in lines if one.parent == above]
        kept = [one for one in group if one.key in hidden]
        if kept and above not in hidden and len(kept) < len(group):
            assert len(kept) >= 2
            assert sum(one.number for one in kept) >= LEAST
        if above in hidden:
            assert kept == group
