"""Every paper of the table as it lies on the desk: measured from the coordinates of its own file (GB/T 9704-2012)."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from casework import papertext
from casework.documents import Paper
from jobs import pdf
from rules.workflow import WORKFLOW
from script.support import specimens
from tests.jobs import papers
from tests.jobs.papers import Line

pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014:ResourceWarning")

FETCHED = Path(__file__).resolve().parents[2] / "instance" / "fonts"
LEFT, RIGHT, TOP, BOTTOM = 28.0, 184.0, 297 - 37, 35.0
"""The type area, in millimetres from the left and the lower edge."""
PITCH = 225 / 22
SPECIMENS: Mapping[str, Paper] = dict(specimens.all_of_them())
LETTERS = [name for name, paper in SPECIMENS.items() if not paper.number.startswith(("T2", "J2", "Z2", "Y2", "2026-"))]
LETTERS = [n for n in LETTERS if "{% extends \"print/letter.html\" %}" in (pdf.KIT / Path(
    papertext.template_of(SPECIMENS[n].kind)).name).read_text(encoding="utf-8")]  # fmt: skip
SAID_ELSEWHERE = {"told_by", "filer_told_by", "respondent_told_by"}
"""How somebody was told stands in the record, not on what was told."""
NOT_TO_SAY = {
    ("form.termination", "reasons"), ("form.termination", "legal_basis"), ("paper.sealed_handover", "reasons"),
    ("paper.sealed_handover", "officer_name"),
}  # fmt: skip
"""The other side may not learn of a report, and whoever carries a sealed paper nothing of what it holds."""
ONE_OF_EACH = list({paper.kind: name for name, paper in reversed(SPECIMENS.items())}.values())
"""The first specimen of every kind: what an act says changes its words, not where they stand."""
OF_THE_CASE = {"register_online", "register_by_staff", "register_at_station", "register_linked", "register_lead"}
RARE = "㙓䶮龘𬱖"


@pytest.fixture(autouse=True)
def _kit(tmp_path: Path) -> None:
    pdf.configure(FETCHED, tmp_path / "seals")


@cache
def made(name: str) -> bytes:
    """A specimen as a file; laid out once."""
    return pdf.render(SPECIMENS[name]).pdf


def all_lines(page: bytes) -> list[tuple[int, Line]]:
    """Every line of a file with its page."""
    return [(place, line) for place in range(papers.pages_of(page)) for line in papers.lines(page, place)]


def bare(text: str) -> str:
    """A text without what only helps its lines to break."""
    return re.sub(r"[\s\u200b\u2060\u3000]", "", text)


def test_every_paper_of_the_table_has_a_template_and_a_specimen() -> None:
    assert {paper.kind for paper in SPECIMENS.values()} == set(WORKFLOW.documents)
    for kind in WORKFLOW.documents:
        assert (pdf.KIT.parent / papertext.template_of(kind)).is_file(), kind


@pytest.mark.parametrize("name", SPECIMENS)
def test_a_paper_is_whole_carries_its_fonts_and_says_what_was_entered(name: str) -> None:
    page, paper = made(name), SPECIMENS[name]
    assert papers.complaints(page) == []
    assert papers.unembedded(page) == set()
    said = bare(papers.text_of(page))
    assert bare(paper.number) in said
    assert "None" not in said
    action = WORKFLOW.action(str(paper.facts["action"]))
    if action.key in OF_THE_CASE:
        return
    for field, words in paper.contents.words.items():
        if action.named[field].type in {"files", "boolean"} or field in SAID_ELSEWHERE:
            continue
        if (paper.kind, field) in NOT_TO_SAY:
            assert bare(words) not in said, field
        elif action.named[field].type in {"long_text", "text", "people"}:
            for line in papertext.paragraphs(words):
                assert bare(line) in said or bare(papertext.inner(line)) in said, (field, words)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_nothing_stands_outside_the_margins(name: str) -> None:
    for place, line in all_lines(made(name)):
        head = place == 0 and line.size > 17
        slack = 7.5 if head else 1.0  # the name of the bureau may be as wide as the red lines, 170 mm
        assert line.left >= LEFT - slack, line
        assert line.right <= RIGHT + slack, line
        assert line.y <= TOP + (7.0 if head else 0.0), line
        assert line.y >= BOTTOM - 0.5 or re.fullmatch(r"—\d+—", bare(line.text)), line


@pytest.mark.parametrize("name", [name for name in LETTERS if name in ONE_OF_EACH])
def test_the_name_of_the_bureau_stands_thirty_millimetres_from_the_edge_and_the_number_at_the_right(name: str) -> None:
    organ, number = papers.lines(made(name))[:2]
    assert bare(organ.text) == SPECIMENS[name].bureau
    cap = organ.size * 0.88 * papers.MM  # from the base line up to the top of a character
    assert abs(297 - organ.y - cap - 30) < 2.0
    assert abs((organ.left + organ.right) / 2 - 105) < 1.0
    assert abs(number.right - RIGHT) < 1.0
    assert bare(number.text) == bare(SPECIMENS[name].number)


def long_letter() -> bytes:
    """A refusal of three pages whose reasons are of one character, so that lines can be counted."""
    paper = SPECIMENS["form-refusal"]
    words = {**paper.contents.words, "reasons": "市" * 28 * 50}
    return pdf.render(replace(paper, contents=replace(paper.contents, words=words))).pdf


def test_a_full_page_has_twenty_two_lines_of_twenty_eight_characters() -> None:
    page = long_letter()
    assert papers.pages_of(page) >= 3
    body = [line for line in papers.lines(page, 1) if abs(line.size - 16) < 0.1]
    assert len(body) == 22
    assert {len(bare(line.text)) for line in body} == {28}
    assert all(abs(line.left - LEFT) < 1.0 and abs(line.right - RIGHT) < 1.0 for line in body)
    steps = [upper.y - lower.y for upper, lower in zip(body, body[1:], strict=False)]
    assert all(abs(step - PITCH) < 0.15 for step in steps)


def test_page_numbers_stand_outside_one_character_in() -> None:
    page = long_letter()
    assert not [line for line in papers.lines(page, 0) if bare(line.text) == "—1—"], "letters number from page two"
    (left,) = [line for line in papers.lines(page, 1) if bare(line.text) == "—2—"]
    (right,) = [line for line in papers.lines(page, 2) if bare(line.text) == "—3—"]
    one = 14 * papers.MM
    assert abs(left.left - LEFT - one) < 1.0
    assert abs(RIGHT - right.right - one) < 1.0
    for line in (left, right):
        assert abs(line.size - 14) < 0.1
        assert 5.0 < BOTTOM - line.y < 9.5


def test_the_mark_of_an_order_stands_in_its_place_and_its_number_two_lines_on() -> None:
    organ, number = papers.lines(made("paper-leader-note"))[:2]
    assert abs(TOP - organ.y - organ.size * 0.88 * papers.MM - 35) < 2.0
    assert abs((organ.left + organ.right) / 2 - 106) < 1.0
    assert abs((number.left + number.right) / 2 - 106) < 1.0
    assert 2 * PITCH < organ.y - number.y < 4 * PITCH


@pytest.mark.parametrize("name", LETTERS)
def test_the_date_stands_four_characters_in_and_the_name_is_centred_over_it(name: str) -> None:
    found = [line for _, line in all_lines(made(name))]
    place = next(
        at for at, line in enumerate(found) if bare(line.text) == "2026年11月23日" and abs(line.size - 16) < 0.1
    )
    organ, day = found[place - 1], found[place]
    assert bare(organ.text) == SPECIMENS[name].bureau
    assert abs(RIGHT - day.right - 4 * 16 * papers.MM) < 1.0
    assert abs((organ.left + organ.right) - (day.left + day.right)) < 1.0


def test_a_name_of_rare_characters_is_printed_and_read_back() -> None:
    paper = replace(SPECIMENS["form-acceptance"], addressee=f"王{RARE}")
    page = pdf.render(paper).pdf
    assert f"王{RARE}：" in papers.text_of(page)
    assert papers.unembedded(page) == set()


def test_the_text_of_a_letter_reads_in_its_order() -> None:
    """From the head to the date, as a person reads it aloud."""
    said = bare(papers.text_of(made("form-refusal")))
    order = ["东城区市场监督管理局", "第412号", "投诉不予受理决定书", "王䶮：", "收到您对", "第十六条第三项",
             "具体理由：", "决定不予受理", "第三十九条", "承办人：", "2026年11月23日", "附："]  # fmt: skip
    places = [said.index(part) for part in order]
    assert places == sorted(places)


def test_a_refusal_prints_every_item_of_the_article_and_the_other_ways() -> None:
    """Order 121 art. 15(2), 16; 消法 art. 39."""
    said = bare(papers.text_of(made("form-refusal")))
    grounds = WORKFLOW.grounds("refusal", "order-121")
    assert len(grounds) == 7
    assert all(bare(ground.text) in said for ground in grounds)
    for way in ("协商和解", "消费者协会", "提请仲裁机构仲裁", "向人民法院提起诉讼"):
        assert way in said


def test_a_refusal_under_the_old_measures_prints_their_six_items() -> None:
    ref = specimens.reference()
    paper = specimens.specimen("form.refusal", WORKFLOW.action("refuse"), "complaint", ref, "order-20")
    said = bare(papers.text_of(pdf.render(paper).pdf))
    assert "《市场监督管理投诉举报处理暂行办法》第十五条" in said
    grounds = WORKFLOW.grounds("refusal", "order-20")
    assert len(grounds) == 6
    assert all(bare(ground.text) in said for ground in grounds)


def test_a_termination_goes_to_both_sides_and_says_where_to_turn() -> None:
    """Order 121 art. 23, 25."""
    said = bare(papers.text_of(made("form-termination")))
    assert "王䶮、临江澜亭健身服务有限公司：" in said
    assert "第二十三条第一款第三项" in said
    assert all(bare(ground.text) in said for ground in WORKFLOW.grounds("termination", "order-121"))
    assert "向人民法院提起诉讼" in said


def test_a_transfer_letter_has_its_receipt_on_a_page_of_its_own() -> None:
    page = made("paper-transfer-letter")
    assert papers.pages_of(page) == 2
    last = "".join(bare(line.text) for line in papers.lines(page, 1))
    for part in ("移送函回执", "签收人", "签收单位", "处理意见"):
        assert part in last


@pytest.mark.parametrize("name", ["form20-report-opening-notice", "form20-report-non-opening-notice"])
def test_an_informant_of_the_old_measures_is_told_under_their_article(name: str) -> None:
    """Order 20 art. 31."""
    said = bare(papers.text_of(made(name)))
    assert "《市场监督管理投诉举报处理暂行办法》第三十一条" in said
    assert ("不予立案" in said) == ("non" in name)


def test_a_sealed_case_shows_nothing_on_what_is_handed_over() -> None:
    said = papers.text_of(made("paper-sealed-handover"))
    assert "健身" not in said
    assert "临江澜亭" not in said
    assert "王䶮" not in said


def test_a_paper_in_the_place_of_another_says_so() -> None:
    paper = SPECIMENS["form-acceptance"]
    page = pdf.render(replace(paper, contents=replace(paper.contents, replaces="东市监投受〔2026〕第411号"))).pdf
    assert "本文书替代东市监投受〔2026〕第411号文书" in bare(papers.text_of(page))


def test_two_threads_lay_out_at_once_and_neither_breaks() -> None:
    """One set of fonts for the process, one layout at a time."""
    found: list[Any] = []

    def work() -> None:
        found.extend(pdf.render(SPECIMENS["form-acceptance"]).pages for _ in range(3))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 6


def test_a_preview_is_the_same_page_marked_as_one() -> None:
    made_page = pdf.page_of(SPECIMENS["form-refusal"])
    assert "preview" not in made_page
    assert "预览" not in made_page
