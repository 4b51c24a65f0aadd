"""The paper as it lies on the table: measured from the file, read back from the file, and closed to the outside."""

from __future__ import annotations

import logging
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from casework.documents import Paper
from jobs import justify, pdf
from tests.jobs import papers
from tests.jobs.papers import Line, acceptance

# WeasyPrint leaves the file of its colour profile to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014:ResourceWarning")

FETCHED = Path(__file__).resolve().parents[2] / "instance" / "fonts"
PITCH = 225 / 22
BODY = 16.0
HAIR = 0.35
"""Millimetres by which a measure may be off."""


@pytest.fixture(autouse=True)
def _kit(tmp_path: Path) -> None:
    pdf.configure(FETCHED, tmp_path / "seals")


def made(**facts: Any) -> bytes:
    """The acceptance decision as a file."""
    return pdf.render(acceptance(**facts)).pdf


def body_lines(page: bytes) -> list[Line]:
    """The lines set in the size of the body, from the addressee down to the line before the signature."""
    found = [line for line in papers.lines(page) if abs(line.size - BODY) < 0.1]
    return found[1:-2]


def test_lines_stand_a_twenty_second_of_the_type_area_apart() -> None:
    found = body_lines(made())
    steps = [upper.y - lower.y for upper, lower in zip(found, found[1:], strict=False)]
    assert len(steps) > 8
    assert all(abs(step - PITCH) < 0.1 for step in steps)


def test_lines_begin_and_end_at_the_margins() -> None:
    found = body_lines(made(matter="健身年卡未到期，门店关门，要求按剩余天数退还费用，对方电话无人接听，短信也不回复"))
    indented, flush = 28 + 2 * BODY * papers.MM, 28.0
    assert all(min(abs(line.left - flush), abs(line.left - indented)) < HAIR for line in found)
    full = [
        upper
        for upper, lower in zip(found, found[1:], strict=False)
        if abs(lower.left - flush) < HAIR and upper.text[-1:] != "："
    ]
    assert len(full) >= 4
    assert all(abs(line.right - 184) < HAIR for line in full), [(line.right, line.text) for line in full]


def test_twenty_eight_characters_fill_a_line() -> None:
    found = body_lines(made(matter="市" * 100))
    whole = [line for line in found if line.text == "市" * len(line.text) and len(line.text) > 20]
    assert whole
    assert {len(line.text) for line in whole} == {28}


def test_the_name_stands_centred_over_the_date_and_the_date_four_characters_in() -> None:
    name, date = papers.lines(made())[-2:]
    assert name.text == "临江市市场监督管理局"
    assert date.text == "2026年11月23日"
    assert abs((name.left + name.right) / 2 - (date.left + date.right) / 2) < HAIR
    assert abs(184 - date.right - 4 * BODY * papers.MM) < HAIR


@pytest.mark.parametrize("characters", [6, 10, 15, 16, 18, 22])
def test_the_name_of_every_bureau_stays_on_the_page(characters: int) -> None:
    page = pdf.render(acceptance(bureau="临" * (characters - 7) + "市场监督管理局")).pdf
    found = papers.lines(page)
    head, name = found[0], found[-2]
    assert head.size > 18
    assert head.left >= 20
    assert head.right <= 190.5
    assert name.left >= 28 - HAIR
    assert name.right <= 184 + HAIR


def test_the_decision_says_all_that_the_form_asks_for() -> None:
    text = papers.text_of(made())
    for part in (
        "临市监投受〔2026〕第412号",
        "投诉受理决定书",
        "王秀英：",
        "2026年11月20日收到",
        "临江澜亭健身服务有限公司",
        "T20261120-00042-7",
        "健身年卡：退还剩余费用",
        "《市场监督管理投诉举报处理办法》第十五条",
        "决定予以受理",
        "六十日内（至2027年1月22日）",
        "承办人：李明",
        "000-66123150",
        "临江市市场监督管理局2026年11月23日",
    ):
        assert part in text


def test_a_complaint_of_the_old_measures_cites_them() -> None:
    text = papers.text_of(made(regime="order-20", due_on=None))
    assert "《市场监督管理投诉举报处理暂行办法》第十四条" in text
    assert "四十五个工作日内双方未能达成" in text


def test_a_complaint_settled_on_the_spot_is_not_told_of_a_mediation_to_come() -> None:
    text = papers.text_of(made(action="settle_on_the_spot", result="商家退还剩余费用3680元。"))
    assert "双方达成一致：商家退还剩余费用3680元。特此告知" in text
    assert "终止调解" not in text


def test_a_registration_number_of_the_national_platform_is_named_and_a_missing_shop_is_not() -> None:
    text = papers.text_of(made(source_number="3301002026112012345678", respondent=None, handler=None))
    assert "登记编号：3301002026112012345678" in text
    assert "收到您的投诉" in text
    assert "承办人：望江所" in text
    assert "None" not in text


def test_quotation_marks_within_quotation_marks_are_single() -> None:
    assert "事由为“‘双十一’购买的电动车”。" in papers.text_of(made(matter="“双十一”购买的电动车。"))


def test_a_rare_name_is_printed() -> None:
    assert "张䶮：" in papers.text_of(pdf.render(acceptance(addressee="张䶮")).pdf)


def test_a_name_that_no_font_has_stops_the_paper() -> None:
    with pytest.raises(pdf.CannotPrint):
        pdf.render(acceptance(addressee="王\U000f1234"))


def test_a_long_matter_runs_on_to_a_numbered_second_page_with_text_on_it() -> None:
    rendered = pdf.render(acceptance(matter="商家拒绝退货并要求支付高额折旧费用，" * 14))
    assert rendered.pages == 2
    first, second = (page.extract_text() for page in PdfReader(BytesIO(rendered.pdf)).pages)
    assert "1" not in papers.lines(rendered.pdf)[-1].text
    assert "承办人" in second
    assert "—2—" in "".join(second.split())
    assert "2026年11月23日" not in first.replace("\u2060", "")


def test_what_people_typed_is_text_and_fetches_nothing(caplog: pytest.LogCaptureFixture) -> None:
    hits: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hits.append(self.path)
            self.send_response(200)
            self.end_headers()

    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{server.server_port}"
    typed = f'<img src="{here}/a"><link rel=attachment href="file:///etc/passwd"><style>@import "{here}/b"</style>'
    try:
        page = made(respondent=typed, matter=typed, handler=typed)
    finally:
        server.shutdown()
        server.server_close()
    assert hits == []
    assert "<img" in papers.text_of(page)
    assert b"/EmbeddedFile" not in page
    assert "root:" not in papers.text_of(page)


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "http://127.0.0.1:8000/healthz",
        "http://paper.invalid/print/../../config.py",
        "http://paper.invalid/print/..%2f..%2fconfig.py",
        "http://paper.invalid/print//etc/passwd",
        "http://paper.invalid/uploads/1",
        "http://paper.invalid.example.org/print/paper.css",
        "data:text/html,x",
        "https://paper.invalid/print/paper.css",
    ],
)
def test_the_shelf_hands_out_nothing_else(address: str) -> None:
    with pytest.raises(ValueError, match="not on the shelf"):
        pdf.Shelf({"print": pdf.KIT}).fetch(address)


def test_the_shelf_hands_out_the_kit() -> None:
    answer = pdf.Shelf({"print": pdf.KIT}).fetch("http://paper.invalid/print/letter.svg")
    assert answer.read().startswith(b"<svg")


def test_a_seal_that_the_bureau_put_there_is_printed(tmp_path: Path) -> None:
    without = made()
    (tmp_path / "seals").mkdir()
    seal = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="4" fill="red"/></svg>'
    (tmp_path / "seals" / "city.svg").write_text(seal)
    assert pdf.render(acceptance()).pdf != without


def test_the_file_is_written_for_the_archive() -> None:
    page = made()
    reader = PdfReader(BytesIO(page))
    root: Any = reader.trailer["/Root"]
    assert 'part="3"' in root["/Metadata"].get_data().decode()
    assert root["/Lang"] == "zh-CN"
    metadata = reader.metadata
    assert metadata is not None
    assert metadata.title == "投诉受理决定书 临市监投受〔2026〕第412号"
    assert "王秀英" not in str(metadata)
    page_one: Any = reader.pages[0]
    for font in page_one["/Resources"]["/Font"].values():
        described = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert "/FontFile3" in described or "/FontFile2" in described


def test_an_unknown_version_of_the_layout_leaves_lines_ragged_but_complete(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    from weasyprint.layout import inline

    monkeypatch.setattr(justify, "_installed", False)
    monkeypatch.delattr(inline, "justify_line")
    with caplog.at_level(logging.WARNING, logger="portal.pdf"):
        pdf.configure(FETCHED, tmp_path)
    assert "end unevenly" in caplog.text


def directive(**facts: Any) -> bytes:
    """A paper of a directive, or of one case, laid out."""
    paper = Paper(
        kind="paper.directive", title="指令单", number="临市监令〔2026〕9号", bureau="临江市市场监督管理局",
        bureau_key="city", addressee="各受令单位", issued_on=date(2026, 11, 23), facts=facts,
    )  # fmt: skip
    return pdf.render(paper).pdf


def test_a_directive_says_what_to_do_until_when_and_leaves_room_for_each_unit() -> None:
    units = [f"江北区市场监督管理局第{place}市场监管所" for place in range(1, 31)]
    page = directive(
        title="夜市复秤", text="今晚复秤。\n\n不合格的<b>封存</b>。", urgency="加急", hours=12, issuer="陈立",
        units=units, issued_at="2026-11-23T01:30:00+00:00", due_at="2026-11-23T13:30:00+00:00",
        cases=["T20261120-00042-7"],
    )  # fmt: skip
    words = papers.text_of(page)
    for part in ("临市监令〔2026〕9号", "各受令单位：", "不合格的<b>封存</b>。", "T20261120-00042-7", "签发人：陈立。"):
        assert part in words, part
    assert "2026年11月23日9时30分签发" in words
    assert "12小时内（2026年11月23日21时30分前）上报" in words
    assert all(unit in words for unit in units)


def test_an_order_about_one_case_names_it_and_its_term() -> None:
    words = papers.text_of(
        directive(
            case_number="T20261120-00042-7",
            matter="健身年卡",
            unit="望江所",
            phone="000",
            requirement="到店核查。",
            hours=24,
        )
    )
    assert "健身年卡（编号：T20261120-00042-7）" in words
    assert "到店核查。" in words
    assert "24小时内上报" in words


ORDER: dict[str, Any] = {
    "case_number": "T20261120-00042-7",
    "matter": "健身年卡：退还剩余费用",
    "unit": "江北区市场监督管理局望江市场监管所",
    "handler": "李明",
    "level": "督办（承办所科）",
    "ground": "已超期",
    "answer_by": "2026-12-08",
    "signer": "系统（期限届满自动签发）",
    "terms": [{"label": "受理决定期限", "on": "2026-12-02"}, {"label": "首次联系来件人", "on": "2026-11-25"}],
    "requirement": "“受理决定期限”已于2026年12月2日（周三）届满。请抓紧办理，并在2026年12月8日（周二）（含当日）前书面"
    "说明超期原因、措施和完成日期。同时超期的还有“首次联系来件人”（2026年11月25日（周三）届满），请一并说明。",
}
ANSWERED: dict[str, Any] = {
    "order_number": "东市监督〔2026〕1号",
    "signed_at": "2026-12-03T03:05:00+00:00",
    "answer": "商家搬迁，昨天联系上，今天决定受理。",
    "measure": "每周核对到期件",
    "answered_on": "2026-12-04",
    "answered_by": "周海",
}


def supervision(number: str = "东市监督〔2026〕1号", **facts: Any) -> Any:
    """A supervision order laid out."""
    paper = Paper(
        kind="paper.supervision_order",
        title="督办单",
        number=number,
        bureau="江北区市场监督管理局",
        bureau_key="east",
        addressee="江北区市场监督管理局望江市场监管所",
        issued_on=date(2026, 12, 3),
        facts={**ORDER, **facts},
    )
    return pdf.render(paper)


def unspaced(page: bytes) -> str:
    """The words of a form without the blanks between them."""
    return "".join(papers.text_of(page).split())


def test_a_supervision_order_fills_one_page_and_names_every_term_that_ran_out() -> None:
    found = supervision()
    words = unspaced(found.pdf)
    assert found.pages == 1
    for part in (
        "督办（承办所科）",
        "受理决定期限，2026年12月2日",
        "首次联系来件人，2026年11月25日",
        "2026年12月8日",
        "李明",
    ):
        assert part in words, part


def test_what_a_supervision_order_cannot_know_yet_is_left_to_be_written_by_hand() -> None:
    words = unspaced(supervision().pdf)
    assert "签收时间年月日时分" in words
    assert "结果□认可□退回□另定期限" in words
    assert "是否纳入考核□是□否" in words


def test_the_paper_of_the_answer_says_when_the_unit_had_the_order_and_what_it_answered() -> None:
    found = supervision("东市监督〔2026〕1号（复）", **ANSWERED)
    words = unspaced(found.pdf)
    assert found.pages == 1
    for part in ("签收时间2026年12月3日11时05分", "商家搬迁", "每周核对到期件", "2026年12月4日，周海", "□认可"):
        assert part in words, part


def test_the_closing_paper_says_result_and_assessment_and_leaves_nothing_open() -> None:
    judged = {"result": "答复已认可，督办单销号", "judged_on": "2026-12-05", "judged_by": "陈立", "assessed": False}
    found = supervision("东市监督〔2026〕1号（结）", **ANSWERED, **judged)
    words = unspaced(found.pdf)
    assert found.pages == 1
    assert "结果答复已认可，督办单销号，2026年12月5日，陈立" in words
    assert "是否纳入考核否" in words
    assert "□" not in words
