"""A year's arrangement of days off, read from the words of its notice."""

from __future__ import annotations

from datetime import date

import pytest

from rules.arrangement import parse
from rules.calendar import seeded

NOTICE_2025 = """一、元旦：1月1日（周三）放假1天，不调休。
二、春节：1月28日（农历除夕、周二）至2月4日（农历正月初七、周二）放假调休，共8天。1月26日（周日）、2月8日（周六）上班。
三、清明节：4月4日（周五）至6日（周日）放假，共3天。
四、劳动节：5月1日（周四）至5日（周一）放假调休，共5天。4月27日（周日）上班。
五、端午节：5月31日（周六）至6月2日（周一）放假，共3天。
六、国庆节、中秋节：10月1日（周三）至8日（周三）放假调休，共8天。9月28日（周日）、10月11日（周六）上班。"""


def test_the_notice_for_2025_gives_the_days_that_are_known_of_that_year() -> None:
    read = parse(NOTICE_2025, 2025)
    assert read.faults == ()
    known = {one.day: one.is_working for one in seeded() if one.day.year == 2025}
    assert {day: working for day, (working, _) in read.days.items()} == known


def test_each_day_bears_the_name_of_its_holiday() -> None:
    days = parse(NOTICE_2025, 2025).days
    assert days[date(2025, 2, 4)] == (False, "春节放假")
    assert days[date(2025, 2, 8)] == (True, "春节调休上班")


@pytest.mark.parametrize(
    "line",
    [
        "元旦：2027-01-01 至 2027-01-03 放假；2027-01-09 上班",
        "元旦: 1月1日到1月3日放假，1月9日上班",
        "1. 元旦：１月１日至３日放假调休。１月９日（周六）上班。",
    ],
)
def test_other_ways_to_write_the_same_are_read_the_same(line: str) -> None:
    days = parse(line, 2027).days
    assert sorted(day.day for day, (working, _) in days.items() if not working) == [1, 2, 3]
    assert [day for day, (working, _) in days.items() if working] == [date(2027, 1, 9)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1月1日放假", "先写节日名称和冒号"),
        ("元旦：", "没有认出放假的日子"),
        ("元旦：1日放假", "没有写月份"),
        ("元旦：2月30日放假", "没有2027年2月30日这一天"),
        ("元旦：1月3日至1月1日放假", "前后颠倒"),
        ("元旦：1月1日至3月3日放假", "超过 16 天"),
        ("元旦：1月1日至3日放假。1月8日上班", "本来就是工作日"),
        ("元旦：1月1日至3日放假。1月2日放假", "写了两次"),
        ("元旦：1月1日至3日", "没有说是放假还是上班"),
    ],
)
def test_a_line_that_cannot_be_right_is_named_with_its_reason(line: str, said: str) -> None:
    faults = parse(line, 2027).faults
    assert len(faults) == 1
    assert faults[0].startswith("第1行：")
    assert said in faults[0]


def test_a_year_needs_the_days_of_the_regulation() -> None:
    faults = parse("元旦：1月1日放假", 2027).faults
    assert [said for said in faults if "国庆节" in said] == ["没有写国庆节（2027年10月1日（周五））放假"]
    assert len(faults) == len({"春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节"})


def test_a_day_of_another_year_is_not_of_this_one() -> None:
    assert "2026年6月1日（周一）不在2027年" in parse("儿童节：2026年6月1日放假", 2027).faults


def test_new_year_may_reach_into_the_december_before() -> None:
    days = parse("元旦：2026年12月31日至1月2日放假", 2027).days
    assert sorted(days) == [date(2026, 12, 31), date(2027, 1, 1), date(2027, 1, 2)]
