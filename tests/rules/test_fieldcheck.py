"""What may stand in a field, and what people read when it may not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from rules.calendar import Calendar
from rules.fieldcheck import fault, faults
from rules.table import Field
from rules.workflow import WORKFLOW, regime_for
from tests.stories import complete_fields, stories

DAY = date(2026, 6, 1)
WHOLE = complete_fields(WORKFLOW.action("register_online"), "complaint", {}, DAY, "order-121", None)


def test_a_complete_complaint_has_no_faults() -> None:
    assert faults("register_online", "complaint", WHOLE) == {}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("filer_phone", "1380000123", "手机号码要有 11 位，现在是 10 位"),
        ("filer_phone", "", "请填写联系电话，例如 13800001234"),
        ("filer_name", "   ", "请填写姓名"),
        ("filer_name", "长" * 61, "姓名最多 60 个字，现在是 61 个字"),
        ("content", "太短了", "事实经过至少 10 个字，现在是 3 个字"),
        ("content", "长" * 4001, "事实经过最多 4,000 个字，现在是 4,001 个字"),
        ("amount", Decimal("-1"), "消费金额（元）不能小于 0，现在是 -1"),
        ("amount", "680", "请填写消费金额（元），例如 680.50；没有的填 0"),
        ("sales_mode", "网购", "请从列表里选择销售方式"),
        ("demands", ["repair", "everything"], "请从列表里选择请求"),
        ("demands", [], "请选择请求"),
        ("category", "nothing", "请从列表里选择商品服务类别"),
        ("consent_truth", False, "请勾选：对所提供材料的真实性负责"),
        ("attachments", ["a.jpg"] * 21, "附件最多 20 个，现在是 21 个"),
    ],
)
def test_a_fault_says_what_to_do(field: str, value: object, sentence: str) -> None:
    assert faults("register_online", "complaint", {**WHOLE, field: value}) == {field: sentence}


def test_an_anonymous_report_needs_no_name() -> None:
    report = complete_fields(WORKFLOW.action("register_online"), "report", {}, DAY, "order-121", None)
    assert "filer_name" not in report
    assert faults("register_online", "report", report) == {}


def test_a_truth_value_is_no_number() -> None:
    assert fault(Field("days", "天数", "number", required=True, min=1), True) == "请填写天数"


def test_every_step_of_the_stories_is_filled_as_a_form_would_fill_it() -> None:
    for story in stories():
        for step in story.steps:
            assert faults(step.action, step.kind, step.fields) == {}, (story.key, step)
            assert regime_for(step.received_on) == ("order-20" if step.received_on < date(2026, 4, 15) else "order-121")
            assert Calendar.seeded().is_known(step.on)
