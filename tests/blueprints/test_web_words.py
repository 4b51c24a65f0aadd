"""How pages write dates, money, badges and fields, and what the guide says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask, render_template_string

from blueprints.public import guide
from blueprints.web import badges, filters
from blueprints.web.forms import Filled
from models import clock
from rules.terms import RULES
from tests.blueprints.web_world import make_portal

MONDAY = date(2026, 11, 23)
EVENING = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)  # half past midnight of the 24th in Shanghai


class TestDates:
    def test_a_day_is_written_in_full_with_its_weekday(self) -> None:
        assert filters.day_full(MONDAY) == "2026年11月23日（周一）"
        assert filters.day_full(date(2026, 11, 29)) == "2026年11月29日（周日）"

    def test_a_moment_is_written_in_the_time_of_shanghai(self) -> None:
        assert filters.moment_full(EVENING) == "2026年11月24日（周二）0:30"
        assert filters.day_iso(EVENING) == "2026-11-24"
        assert filters.moment_iso(EVENING) == "2026-11-24T00:30"

    def test_the_year_is_left_out_within_the_year_only(self) -> None:
        with clock.frozen(EVENING):
            assert filters.moment_short(EVENING) == "11月24日 0:30"
        with clock.frozen(datetime(2027, 1, 5, tzinfo=UTC)):
            assert filters.moment_short(EVENING) == "2026年11月24日 0:30"

    def test_tables_and_ranges_are_short(self) -> None:
        assert filters.day_short(MONDAY) == "11-23"
        assert filters.days_range(MONDAY, date(2026, 12, 30)) == "11月23日 至 12月30日"
        assert filters.days_range(MONDAY, date(2027, 1, 4)) == "2026年11月23日 至 2027年1月4日"


class TestNumbers:
    @pytest.mark.parametrize(("fen", "facts", "text", "report"), [
        (368000, "3,680.00 元", "3,680元", "3,680元"), (50, "0.50 元", "0.50元", "0.50元"),
        (0, "0.00 元", "0元", "0元"),
        (218_600_000, "2,186,000.00 元", "2,186,000元", "218.6万元"),
        (999_999, "9,999.99 元", "9,999.99元", "9,999.99元"),
    ])  # fmt: skip
    def test_money(self, fen: int, facts: str, text: str, report: str) -> None:
        assert (filters.money(fen), filters.money_text(fen), filters.money_wan(fen)) == (facts, text, report)

    def test_money_that_nobody_named_is_left_empty(self) -> None:
        assert (filters.money(None), filters.money_plain(None)) == ("", "")

    def test_a_share_without_a_base_is_a_dash(self) -> None:
        assert filters.share(613, 1000) == "61.3%"
        assert filters.share(1, 3, places=2) == "33.33%"
        assert filters.share(0, 0) == "--"

    def test_sizes(self) -> None:
        assert [filters.file_size(n) for n in (1, 412 * 1024, 1_887_437)] == ["1 KB", "412 KB", "1.8 MB"]


class TestBadges:
    @pytest.mark.parametrize(("left", "unit", "tone", "words"), [
        (6, "working_day", "ok", "还剩6个工作日"), (3, "working_day", "soon", "还剩3个工作日"),
        (0, "calendar_day", "today", "今天到期"), (-3, "calendar_day", "late", "已超期3天"),
        (-1, "working_day", "late", "已超期1个工作日"),
        (5, "hour", "soon", "还剩5小时"), (0, "hour", "today", "不到1小时"),
    ])  # fmt: skip
    def test_words_say_what_the_colour_repeats(self, left: int, unit: str, tone: str, words: str) -> None:
        badge = badges.running(left, unit)
        assert (badge.tone, badge.words) == (tone, words)

    def test_a_term_that_stands_still_or_was_met(self) -> None:
        assert badges.paused("鉴定").words == "计时暂停，鉴定"
        assert badges.met().words == "按时完成"
        assert badges.met(2, "working_day").words == "超期2个工作日完成"


class TestGuide:
    def test_the_promises_are_those_of_the_law_in_force(self) -> None:
        promises = {kind.key: kind.term for kind in guide.kinds(MONDAY)}
        assert promises["complaint"] == "7个工作日内告诉您是否受理"  # Order 121 article 15
        assert promises["report"] == "15个工作日内核查并决定是否立案"  # Penalty procedure article 18
        assert "60天" in guide.after_filing(MONDAY)[3].title  # Order 121 article 23
        assert "45个工作日" in guide.after_filing(date(2026, 4, 14))[3].title  # Order 20, before 2026-04-15

    def test_every_statutory_term_of_a_kind_is_printed_with_its_article(self) -> None:
        for kind in guide.KINDS:
            printed = {term.label: term for term in guide.terms(kind, MONDAY)}
            for rule in RULES.values():
                if kind in rule.kinds and rule.statutory and rule.versions[-1].until is None:
                    assert "第" in printed[rule.label].source, rule.key

    def test_the_seven_grounds_of_refusal_are_printed_as_the_law_words_them(self) -> None:
        assert len(guide.refusals(MONDAY)) == 7
        assert guide.refusals(MONDAY)[0] == "投诉事项不属于市场监督管理部门职责，或者本行政机关不具有处理权限的"

    def test_a_complaint_needs_what_article_10_asks_and_a_report_no_name(self) -> None:
        assert {"姓名", "联系电话", "通讯地址", "被反映方地址"} <= set(guide.materials("complaint").needed)
        assert "姓名" not in guide.materials("report").needed

    def test_limits_of_uploads_are_those_that_are_enforced(self) -> None:
        assert guide.file_limits()[-1] == "一次最多 20 个，加起来不超过 200 MB"
        assert any("HEIC" in line for line in guide.file_limits())


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder: Path = tmp_path_factory.mktemp("portal")
    return make_portal(folder)


def drawn(portal: Flask, call: str, **values: object) -> Tag:
    """Draw one field."""
    text = "{% import 'components/forms.html' as f %}{{ " + call + " }}"
    with portal.test_request_context("/"):
        return BeautifulSoup(render_template_string(text, **values), "html5lib").body or pytest.fail("no body")


def form_of(values: Mapping[str, str | list[str]], errors: Mapping[str, str] | None = None) -> Filled:
    """Return a form as it came back."""
    return Filled(values, errors or {})


class TestFields:
    NASTY = '"><svg onload=alert(1)>\u2028{{7*7}}'

    @pytest.mark.parametrize("call", ["f.text(form, 'x', 'X')", "f.area(form, 'x', 'X')", "f.money(form, 'x', 'X')"])
    def test_what_was_typed_comes_back_as_text(self, portal: Flask, call: str) -> None:
        body = drawn(portal, call, form=form_of({"x": self.NASTY}))
        control = body.select_one("#x")
        assert control is not None
        assert self.NASTY in (control.get("value"), control.text)
        assert not body.select("svg[onload]")

    def test_a_text_keeps_its_first_empty_line(self, portal: Flask) -> None:
        area = drawn(portal, "f.area(form, 'x', 'X')", form=form_of({"x": "\n第二行"})).select_one("textarea")
        assert area is not None
        assert area.text == "\n第二行"

    def test_a_field_with_a_fault_says_so_to_eye_and_ear(self, portal: Flask) -> None:
        form = form_of({"amount": "三千"}, {"amount": "金额要写成数字，例如 3680"})
        body = drawn(portal, "f.errors(form) ~ f.money(form, 'amount', '花了多少钱')", form=form)
        link, control = body.select_one(".errors a"), body.select_one("#amount")
        assert link is not None
        assert control is not None
        assert (link["href"], link.text) == ("#amount", "金额要写成数字，例如 3680")
        assert control["aria-invalid"] == "true"
        assert str(control["aria-describedby"]).split() == ["amount-hint", "amount-err"]
        assert "错误：金额要写成数字" in body.text

    def test_every_id_that_a_field_points_to_exists(self, portal: Flask) -> None:
        calls = ["f.text(form, 'a', 'A', hint='h')", "f.radios(form, 'b', 'B', [('k', 'K', 'h')], hint='h')",
                 "f.date_trio(form, 'c', 'C')", "f.check(form, 'd', 'D', hint='h')", "f.file_drop(form, 'e', 'E', 'h')",
                 "f.select(form, 'g', 'G', [('', [('1', '一')])], hint='h')"]  # fmt: skip
        form = form_of({}, dict.fromkeys("abcdeg", "改一下"))
        body = drawn(portal, " ~ ".join(["f.errors(form)", *calls]), form=form)
        ids = {str(tag["id"]) for tag in body.select("[id]")}
        pointed = {i for tag in body.select("[aria-describedby]") for i in str(tag["aria-describedby"]).split()}
        pointed |= {str(a["href"]).removeprefix("#") for a in body.select(".errors a")}
        pointed |= {str(label["for"]) for label in body.select("label[for]")}
        assert pointed <= ids

    def test_a_password_is_never_sent_back(self, portal: Flask) -> None:
        body = drawn(portal, "f.text(form, 'password', '密码', type='password')", form=form_of({"password": "geheim"}))
        assert "geheim" not in str(body)

    def test_choices_are_kept_and_nothing_is_chosen_for_the_reader(self, portal: Flask) -> None:
        options = [("refund", "退款"), ("repair", "修理")]
        chosen = drawn(portal, "f.checks(form, 'd', 'D', o)", form=form_of({"d": ["repair"]}), o=options)
        assert [tag["value"] for tag in chosen.select("input[checked]")] == ["repair"]
        assert not drawn(portal, "f.radios(form, 'd', 'D', o)", form=form_of({}), o=options).select("[checked]")

    def test_two_forms_on_a_page_have_ids_of_their_own(self, portal: Flask) -> None:
        first, second = Filled(prefix="accept-"), Filled(prefix="refuse-")
        body = drawn(portal, "f.area(a, 'note', '说明') ~ f.area(b, 'note', '说明')", a=first, b=second)
        assert [tag["id"] for tag in body.select("textarea")] == ["accept-note", "refuse-note"]
        assert {tag["name"] for tag in body.select("textarea")} == {"note"}
