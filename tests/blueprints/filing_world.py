"""A visitor on the way through the forms: what the browser would send, taken from the page that it was shown."""

from __future__ import annotations

import re
from typing import Any

from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

FILLED: dict[str, Any] = {
    "respondent_name": "临江澜亭健身服务有限公司",
    "respondent_address": "东城区望江街道沿江东路266号3楼",
    "category": "leisure",
    "problem": "contract",
    "sales_mode": "on_site",
    "goods": "健身年卡",
    "happened_on_year": "2026",
    "happened_on_month": "3",
    "happened_on_day": "2",
    "amount": "3,680元",
    "content": "2026年3月2日办健身年卡，付款3680元。\r\n9月28日去锻炼，发现门店关门，要求退费，对方不再接电话。",
    "demands": ["refund", "compensation"],
    "filer_name": "王秀英",
    "filer_phone": "138 0000 1234",
    "filer_address": "东城区柳荫里7幢502室",
    "reply_by": "sms",
    "consent_mediation": "yes",
    "consent_publish": "no",
}
REPORT: dict[str, Any] = {
    "anonymous": "yes",
    "respondent_name": "江南区康颐堂药店",
    "respondent_address": "西城区中山路18号",
    "content": "该药店在门口灯箱上写“根治糖尿病”，店员说吃三个疗程就能停药，怀疑是虚假宣传。",
    "evidence": "门口灯箱的照片两张。",
}
CONSULTATION = {"content": "网购的衣服拆了吊牌还能不能七天无理由退货？"}
SUGGESTION = {"content": "建议在菜市场门口放一台公平秤，老人买菜不放心。"}
MISCONDUCT = {
    "anonymous": "yes",
    "officer_name": "某科长",
    "content": "2026年10月收了店家的礼品卡，之后不再检查那家店。",
}
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)
"""The smallest picture there is."""
FORMS = {
    "complaint": FILLED,
    "report": REPORT,
    "consultation": CONSULTATION,
    "suggestion": SUGGESTION,
    "misconduct": MISCONDUCT,
}


def soup(answer: TestResponse) -> BeautifulSoup:
    """The page of an answer."""
    return BeautifulSoup(answer.text, "html.parser")


def hidden(answer: TestResponse, form_id: str) -> dict[str, Any]:
    """What a form carries without being asked: lists where a name stands several times."""
    found: dict[str, Any] = {}
    form = soup(answer).find("form", id=form_id)
    assert form is not None, answer.text[:2000]
    for field in form.find_all("input", type="hidden"):
        name, value = field["name"], field["value"]
        found[name] = (
            [*found[name], value]
            if isinstance(found.get(name), list)
            else ([found[name], value] if name in found else value)
        )
    return found


def checked(client: FlaskClient, kind: str = "complaint", **changes: Any) -> TestResponse:
    """Fill in a form and go on to the page before sending."""
    return client.post(f"/file/{kind}", data={**FORMS[kind], **changes})


def ready(client: FlaskClient, kind: str = "complaint", **changes: Any) -> dict[str, Any]:
    """Everything that the last press sends."""
    answer = checked(client, kind, **changes)
    assert answer.status_code == 200, answer.text
    carried = hidden(answer, "send")
    if kind in {"complaint", "report"}:
        carried["consent_truth"] = "yes"
    return carried


def sent(client: FlaskClient, kind: str = "complaint", **changes: Any) -> TestResponse:
    """Go the whole way; return the receipt."""
    answer = client.post(f"/file/{kind}/send", data=ready(client, kind, **changes))
    assert answer.status_code == 303, answer.text
    return client.get(answer.headers["Location"])


def keys_on(receipt: TestResponse) -> list[tuple[str, str]]:
    """The numbers and codes that a receipt shows."""
    found = [dd.text.strip() for dd in soup(receipt).select(".receipt-keys dd")]
    return list(zip(found[::2], found[1::2], strict=True))


def errors_of(answer: TestResponse) -> dict[str, str]:
    """The sentences of the summary by the field that they lead to."""
    return {a["href"].lstrip("#"): a.text for a in soup(answer).select(".errors a")}


def plain(text: str) -> str:
    """Text without the blanks of the markup."""
    return re.sub(r"\s+", " ", text)
