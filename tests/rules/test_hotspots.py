"""What counts as risen: how often chance alone is taken for a rise, and how well a rise is found."""

from __future__ import annotations

from datetime import date
from math import exp
from random import Random

import pytest

from rules import hotspots as law
from rules.hotspots import Measure, Risen, Series

SAME = Measure((1.0,) * law.WINDOWS, (1.0,) * law.YEARS)
LOOKS, FAMILY = 250, 40


def by_chance(rng: Random, mean: float, spread: float) -> int:
    """A count with a mean; `spread` is its variance against that of plain chance."""
    if spread > 1:
        mean = rng.gammavariate(mean / (spread - 1), spread - 1)
    if mean > 60:
        return max(0, round(rng.gauss(mean, mean**0.5)))
    number, product, limit = 0, rng.random(), exp(-mean)
    while product > limit:
        number, product = number + 1, product * rng.random()
    return number


def series(rng: Random, name: str, mean: float, spread: float, now: float | None = None) -> Series:
    """Counts of one subject that stay as they were, or come `now` times as often."""
    past = tuple(by_chance(rng, mean, spread) for _ in range(law.WINDOWS))
    years = tuple(by_chance(rng, mean, spread) for _ in range(law.YEARS))
    return Series(name, by_chance(rng, mean * (now or 1), spread), past, years)


def family(rng: Random, spread: float) -> list[Series]:
    """Many subjects, small and large, of which nothing has risen."""
    return [series(rng, f"{n:02}", rng.lognormvariate(1.5, 1.4), spread) for n in range(FAMILY)]


@pytest.mark.parametrize("spread", [1.0, 1.5, 2.5])
def test_where_nothing_has_risen_at_most_one_look_in_twenty_says_anything(spread: float) -> None:
    rng = Random(20261123)
    wrong = sum(bool(law.rising(family(rng, spread), SAME, FAMILY)) for _ in range(LOOKS))
    assert wrong <= law.Q * LOOKS


def test_looked_at_every_day_a_month_without_a_rise_seldom_says_anything() -> None:
    rng, months, wrong = Random(5), 60, 0
    past = Measure((1.0,) * law.WINDOWS)
    for _ in range(months):
        means = [rng.lognormvariate(1.5, 1.4) / 28 for _ in range(FAMILY)]
        days = [[by_chance(rng, mean, 1.0) for _ in range(14 * 28)] for mean in means]
        for end in range(13 * 28, 14 * 28):
            counts = [[sum(one[end - 28 * n - 28 : end - 28 * n]) for n in range(law.WINDOWS + 1)] for one in days]
            given = [Series(f"{n:02}", one[0], tuple(one[1:])) for n, one in enumerate(counts)]
            if law.rising(given, past, FAMILY):
                wrong += 1
                break
    assert wrong <= 0.2 * months


@pytest.mark.parametrize(("mean", "least"), [(10, 0.75), (20, 0.97)])
def test_what_comes_three_times_as_often_is_found_among_many(mean: float, least: float) -> None:
    rng = Random(15)
    found = 0
    for _ in range(LOOKS):
        risen = law.rising([*family(rng, 1.0), series(rng, "planted", mean, 1.0, 3.0)], SAME, FAMILY + 1)
        found += any(one.series.subject == "planted" for one in risen)
    assert found >= least * LOOKS


def test_of_what_is_said_at_most_a_twentieth_is_chance() -> None:
    rng = Random(7)
    said = wrong = 0
    for _ in range(LOOKS):
        planted = [series(rng, f"planted-{n}", 25, 1.0, 3.0) for n in range(4)]
        risen = law.rising([*family(rng, 1.0), *planted], SAME, FAMILY + 4)
        said += len(risen)
        wrong += sum(not one.series.subject.startswith("planted") for one in risen)
    assert said > 3 * LOOKS
    assert wrong <= law.Q * said


def one(now: int, past: list[int], years: list[int] | None = None, measure: Measure = SAME) -> list[Risen]:
    years = [past[0]] * law.YEARS if years is None else years
    return law.rising([Series("it", now, tuple(past), tuple(years))], measure, 1)


def test_a_rise_names_what_was_to_be_expected_and_how_likely_chance_is() -> None:
    (found,) = one(40, [10] * law.WINDOWS)
    assert found.expected == pytest.approx(10, abs=0.1)
    assert found.chance < 1e-6
    assert (found.place, found.tested) == (1, 1)


def test_less_than_the_floor_is_no_signal_however_unlikely() -> None:
    assert one(law.FLOOR - 1, [0] * law.WINDOWS) == []
    assert one(law.FLOOR, [0] * law.WINDOWS) != []


def test_a_rise_that_is_certain_but_small_is_no_hot_spot() -> None:
    assert one(13_000, [10_000] * law.WINDOWS) == []


def test_what_comes_every_year_at_this_time_is_no_hot_spot() -> None:
    assert one(40, [10] * law.WINDOWS, [38, 41]) == []
    assert one(40, [10] * law.WINDOWS, [9, 11]) != []


def test_what_grows_with_everything_else_is_no_hot_spot_of_its_own() -> None:
    twice = law.measure(2000, [1000] * law.WINDOWS, [1000] * law.YEARS)
    assert one(20, [10] * law.WINDOWS, measure=twice) == []
    assert one(50, [10] * law.WINDOWS, measure=twice) != []


def test_what_keeps_its_level_while_all_else_shrinks_has_not_risen() -> None:
    half = law.measure(500, [1000] * law.WINDOWS, [1000] * law.YEARS)
    assert one(40, [40] * law.WINDOWS, measure=half) == []


def test_a_past_that_is_too_short_says_nothing() -> None:
    short = Measure((1.0,) * (law.LEAST_WINDOWS - 1) + (0.0,) * (law.WINDOWS - law.LEAST_WINDOWS + 1), (0.0, 0.0))
    assert one(500, [1] * (law.LEAST_WINDOWS - 1) + [0] * (law.WINDOWS - law.LEAST_WINDOWS + 1), measure=short) == []


def test_an_uneven_past_needs_a_larger_rise() -> None:
    uneven = [2, 30, 4, 25, 1, 33, 3, 28, 2, 30, 5, 27]
    assert one(40, uneven, [16, 16]) == []
    assert one(40, [16] * law.WINDOWS, [16, 16]) != []


def test_the_order_in_which_they_are_given_does_not_matter() -> None:
    rng = Random(3)
    given = [*family(rng, 1.0), series(rng, "planted", 20, 1.0, 4.0)]
    assert law.rising(given, SAME, FAMILY) == law.rising(given[::-1], SAME, FAMILY)


def test_windows_have_whole_weeks_and_those_of_earlier_years_the_same_weekdays() -> None:
    found = law.windows(date(2026, 11, 26))
    assert found[0].first == date(2026, 10, 30)
    assert {(window.last - window.first).days + 1 for window in found} == {law.WINDOW_DAYS}
    assert [(a.first - b.last).days for a, b in zip(found[: law.WINDOWS], found[1:], strict=False)] == [1] * 12
    assert found[-2].last == date(2025, 11, 27)
    assert {window.last.weekday() for window in found} == {3}


@pytest.mark.parametrize(("count", "mean", "variance"), [(0, 1.0, 1.1), (3, 3.5, 5.0)])
def test_up_to_the_mean_nothing_is_unlikely(count: int, mean: float, variance: float) -> None:
    assert law.tail(count, mean, variance) == 1.0


def test_the_tail_is_that_of_counts_drawn_one_by_one() -> None:
    rng = Random(11)
    drawn = [by_chance(rng, 6.0, 2.0) for _ in range(40_000)]
    share = sum(number >= 13 for number in drawn) / len(drawn)
    assert law.tail(13, 6.0, 12.0) == pytest.approx(share, rel=0.1)
