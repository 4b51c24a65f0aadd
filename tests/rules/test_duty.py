"""The watches of a day, and how a roster is read: every bad line by its number, with the reason."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from rules import duty, sampling
from rules.calendar import ZONE
from rules.duty import Entry


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026 in the city."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def test_at_midnight_the_watch_of_the_evening_before_still_holds() -> None:
    assert duty.slot_at(at(25, 0)).words == "11月24日（周二）夜班"


def test_at_the_change_of_shift_it_is_the_new_ones_turn() -> None:
    assert duty.slot_at(at(25, 8, 29)).key == "2026-11-24-night"
    assert duty.slot_at(at(25, 8, 30)).key == "2026-11-25-day"
    assert duty.slot_at(at(25, 17, 30)).key == "2026-11-25-night"


def test_the_watches_of_a_week_cover_it_without_a_gap() -> None:
    week = duty.slots(date(2026, 12, 28), date(2027, 1, 3))
    assert len(week) == 14
    assert all(one.ends_at == after.starts_at for one, after in zip(week, week[1:], strict=False))
    assert week[-1].ends_at - week[0].starts_at == timedelta(days=7)


def test_a_pasted_line_is_date_watch_and_one_or_two_people() -> None:
    read = duty.parse_lines("2026-12-01 昼 张三\n\n2026年12月1日 夜班 李四、王五\n２０２６－１２－０２ 昼 空")
    assert read.faults == ()
    assert [(one.slot.key, one.first, one.second, one.line) for one in read.entries] == [
        ("2026-12-01-day", "张三", None, 1),
        ("2026-12-01-night", "李四", "王五", 3),
        ("2026-12-02-day", None, None, 4),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("张三 12月1日", "开头要写日期"),
        ("2026-02-30 昼 张三", "没有 2026-02-30 这一天"),
        ("2026-12-01 早 张三", "这里写的是“早”"),
        ("2026-12-01 昼", "没有写值班人"),
        ("2026-12-01 昼 张三 李四 王五", "一班最多两个人"),
        ("2026-12-01 昼 空 张三", "写了“空”又写了人"),
    ],
)
def test_a_bad_line_is_refused_by_its_number_with_the_reason(line: str, reason: str) -> None:
    read = duty.parse_lines(f"2026-12-05 昼 张三\n{line}")
    (sentence,) = read.faults
    assert sentence.startswith("第2行：")
    assert reason in sentence
    assert len(read.entries) == 1


def test_a_watch_that_is_written_twice_is_named_with_both_lines() -> None:
    read = duty.parse_lines("2026-12-01 昼 张三\n2026-12-01 白班 李四")
    assert duty.doubles(read.entries) == {
        "2026-12-01-day": "12月1日（周二）昼班写了两次：第1行张三、第2行李四，请留一个"
    }


def test_one_person_is_not_first_and_second_at_once() -> None:
    (sentence,) = duty.doubles([Entry(duty.slot(date(2026, 12, 1), "night"), "张三", "张三")]).values()
    assert "正班和副班是同一个人（张三）" in sentence


def test_a_gap_is_found_in_its_place() -> None:
    week = duty.slots(date(2026, 12, 1), date(2026, 12, 2))
    assert [one.words for one in duty.gaps(week, [*week[:1], *week[2:]])] == ["12月1日（周二）夜班"]


def test_a_sample_is_a_share_rounded_up_with_a_minimum() -> None:
    assert [sampling.size(n, 10, 3) for n in (0, 2, 3, 30, 31, 100)] == [0, 2, 3, 3, 4, 10]


def test_the_same_seed_draws_the_same_cases_whatever_their_order() -> None:
    ids = list(range(1, 200))
    first = sampling.draw("seed", "7", ids, 10, 3)
    assert sampling.draw("seed", "7", reversed(ids), 10, 3) == first
    assert len(first) == 20
    assert sampling.draw("another", "7", ids, 10, 3) != first
    assert sampling.draw("seed", "8", ids, 10, 3) != first
