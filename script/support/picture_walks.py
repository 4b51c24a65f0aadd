"""The ways that the pictures follow: a complaint from its form to the answer, a call, what goes wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Browser, Page, Route

from blueprints.web import errors
from casework.errors import Stale, TooFast
from models import clock
from rules.calendar import local_date

Take = Callable[[Page, str], None]
"""Takes the page that is open under a name."""
Open = Callable[[str], Page]
"""Opens a page of a person of this role, signed in."""
ONWARD = "main form button[type=submit]:not([name])"
"""The button that leads on; those with a name save, upload or remove."""
COMPLAINT = {
    "respondent_name": "临江澜亭健身服务有限公司",
    "respondent_address": "江南区望江街道沿江东路266号3楼",
    "goods": "健身年卡",
    "happened_on_year": "2026",
    "happened_on_month": "3",
    "happened_on_day": "2",
    "amount": "3680",
    "content": "2026年3月2日在该店办健身年卡，付款3680元。9月28日去锻炼，发现门店关门，要求退费，对方不接电话。",
    "filer_name": "演示甲",
    "filer_phone": "13800001234",
    "filer_address": "江南区柳荫里7幢502室",
}
REPORT = {
    "respondent_name": "江南区康颐堂药店",
    "respondent_address": "江南区望江街道中山路18号",
    "content": "该药店在门口灯箱上写“根治糖尿病”，店员说吃三个疗程就能停药，怀疑是虚假宣传。",
    "evidence": "门口灯箱的照片两张。",
}
CALL = {"content": "网购的衣服拆了吊牌，还能不能七天无理由退货？", "filer_name": "演示乙", "filer_phone": "13900005678"}
ANSWER = "可以。商品完好的，收到之日起七日内可以退货；为查验拆开包装不影响退货。"


def follow_a_complaint(browser: Browser, base: str, take: Take, as_role: Open) -> None:
    """File a complaint, let it be dispatched, ask for material, supply it, accept it."""
    page = _visitor(browser, base)
    page.goto("/file/complaint")
    page.locator(ONWARD).last.click()
    take(page, "file-complaint-errors")
    _fill(page, COMPLAINT)
    page.check("[name=demands][value=refund]")
    for name, value in (("reply_by", "sms"), ("consent_mediation", "yes"), ("consent_publish", "yes")):
        page.check(f"[name={name}][value={value}]")
    number, code = _send(page, take, "file-complaint-check", "receipt-complaint")
    page.emulate_media(media="print")
    take(page, "receipt-print")
    page.emulate_media(media="screen")
    _track(page, number, code)
    take(page, "track-complaint")
    for key, name in (("add_material", "track-material"), ("withdraw", "track-withdraw")):
        page.goto(f"/track/case/{key}")
        take(page, name)
    soon = local_date(clock.now()) + timedelta(days=5)
    dispatcher, lead, handler = as_role("dispatcher"), as_role("lead"), as_role("handler")
    _act(dispatcher, number, "dispatch", take=lambda: take(dispatcher, "case-dispatcher"))
    _act(lead, number, "sign_for")
    me = re.split(r"\s*·", handler.locator(".who-name").inner_text())[0]
    _act(lead, number, "assign", {"handler": me}, take=lambda: take(lead, "case-assign"))
    _act(
        handler,
        number,
        "request_supplement",
        {"told_by": "sms", "due_on": soon.isoformat()},
        ticked={"materials": ["facts", "demand"]},
        take=lambda: take(handler, "act-supplement"),
    )
    _track(page, number, code)
    take(page, "track-supplement")
    page.locator("#act-supply_material button[type=submit]").click()
    take(page, "track-supplement-errors")
    page.set_input_files("[name=attachments]", {"name": "付款截图.txt", "mimeType": "text/plain", "buffer": b"3680"})
    page.locator("#act-supply_material button[type=submit]").click()
    page.wait_for_url("**/track/case")
    take(page, "track-supplied")
    handler.goto(f"/desk/cases/{number}?do=log_contact")
    handler.locator("#do-log_contact button[type=submit]").click()
    handler.locator(".errors").wait_for()
    take(handler, "act-errors")
    handler.goto(f"/desk/cases/{number}?do=accept")
    handler.select_option("#do-accept [name=told_by]", "sms")
    handler.locator("#do-accept button[type=submit]").click()
    handler.locator("[name=confirmed]").wait_for()
    take(handler, "act-confirm")
    handler.locator("[name=confirmed]").click()
    handler.locator(".msg-ok").wait_for()
    take(handler, "act-done")
    handler.emulate_media(media="print")
    take(handler, "case-print")


def follow_a_report(browser: Browser, base: str, take: Take, as_role: Open) -> None:
    """File a report without a name; show what the dispatcher sees of it."""
    page = _visitor(browser, base)
    page.goto("/file/report")
    page.check("[name=anonymous]")
    _fill(page, REPORT)
    number, code = _send(page, take, "file-report-check", "receipt-report")
    _track(page, number, code)
    take(page, "track-report")
    dispatcher = as_role("dispatcher")
    dispatcher.goto(f"/desk/cases/{number}")
    take(dispatcher, "case-report")


def take_a_call(browser: Browser, base: str, take: Take, as_role: Open) -> None:
    """Register a consultation by telephone, answer it at once, let the caller rate it."""
    clerk = as_role("intake")
    clerk.goto("/desk/new")
    clerk.locator(".reg-end .btn").click()
    clerk.locator(".errors").wait_for()
    take(clerk, "register-errors")
    clerk.goto("/desk/new")
    clerk.check("[name=kind][value=consultation]")
    _fill(clerk, CALL)
    clerk.locator(".reg-end .btn").click()
    clerk.locator(".receipt-keys dd").first.wait_for()
    take(clerk, "registered")
    number, code = _keys(clerk)
    _act(clerk, number, "answer_at_once", {"answer": ANSWER})
    page = _visitor(browser, base)
    page.goto("/track")
    page.locator("main form:has([name=code]) button[type=submit]").first.click()
    take(page, "track-errors")
    _track(page, number, code)
    take(page, "track-rating")


def go_wrong(browser: Browser, base: str, take: Take, as_role: Open) -> None:
    """Show what somebody reads who comes to a page that is not there, not theirs, or out of order."""
    page = _visitor(browser, base)
    page.goto("/login")
    page.fill("[name=username]", "nobody")
    page.locator("main form button[type=submit]").first.click()
    take(page, "login-errors")
    page.goto("/file?go=1")
    take(page, "file-nothing-chosen")
    handler = as_role("handler")
    for path, name in (
        ("/admin/", "error-403"), ("/desk/cases/T20200101-00001-1", "error-404-staff"),
        ("/desk/?q=没有这样的词", "desk-nothing-found"),
    ):  # fmt: skip
        handler.goto(path)
        take(handler, name)


def read_briefings(_browser: Browser, _base: str, take: Take, as_role: Open) -> None:
    """Read the newest briefing, which is being written, and the oldest one, with the report of a district."""
    editor = as_role("editor")
    editor.goto("/briefings/")
    months = sorted({found[0] for link in _links(editor) if (found := _MONTH.search(link))})
    for month, name in ((months[-1], "briefing-draft"), (months[0], "briefing-issued")):
        editor.goto(month)
        take(editor, name)
    reports = [link for link in _links(editor) if "/reports/" in link]
    if reports:
        editor.goto(reports[0])
        take(editor, "briefing-report")


_MONTH = re.compile(r"/briefings/\d{4}-\d{2}$")


def _links(page: Page) -> list[str]:
    return [link.get_attribute("href") or "" for link in page.locator("main a").all()]


def show_faults(browser: Browser, base: str, take: Take, rendered: Callable[[Exception], str]) -> None:
    """Show the pages of faults that nobody can bring about by hand; `rendered` makes the page of an exception."""
    page = _visitor(browser, base)
    faults = {
        "error-500": RuntimeError(),
        "error-429": TooFast("请过 60 秒再试。", 60),
        "error-409": Stale(changes=("10:24 李明 受理",)),
    }
    pages = {name: rendered(fault) for name, fault in faults.items()}

    def answer(route: Route) -> None:
        route.fulfill(body=pages[route.request.url.rsplit("/", 1)[1]], content_type="text/html")

    for name in pages:
        page.route(f"**/{name}", answer)
        page.goto(f"/{name}")
        take(page, name)


def page_of(fault: Exception) -> str:
    """Return the page that answers an exception; needs a request."""
    return errors.answer(fault).get_data(as_text=True)


def _visitor(browser: Browser, base: str) -> Page:
    return browser.new_context(base_url=base, locale="zh-CN").new_page()


def _fill(page: Page, values: dict[str, str]) -> None:
    for name, value in values.items():
        page.fill(f"main [name={name}]", value)


def _send(page: Page, take: Take, check: str, receipt: str) -> tuple[str, str]:
    page.locator(ONWARD).last.click()
    page.locator("form#send").wait_for()
    take(page, check)
    for box in page.locator("form#send input[type=checkbox]").all():
        box.check()
    page.locator("form#send button[type=submit]:not([name])").last.click()
    page.wait_for_url("**/file/receipt/**")
    take(page, receipt)
    return _keys(page)


def _keys(page: Page) -> tuple[str, str]:
    number, code = page.locator(".receipt-keys dd").all_inner_texts()[:2]
    return number.strip(), code.strip()


def _track(page: Page, number: str, code: str) -> None:
    page.goto("/track")
    page.fill("main [name=number]", number)
    page.fill("main [name=code]", code)
    page.locator("main form:has([name=code]) button[type=submit]").first.click()
    page.wait_for_url("**/track/case**")


def _act(
    page: Page,
    number: str,
    key: str,
    values: dict[str, str] | None = None,
    *,
    ticked: dict[str, list[str]] | None = None,
    take: Callable[[], None] = lambda: None,
) -> None:
    """Take an action on a case by its form, confirming it where it is asked for."""
    page.goto(f"/desk/cases/{number}?do={key}")
    form = page.locator(f"#do-{key} form")
    for name, value in (values or {}).items():
        field = form.locator(f"[name={name}]").first
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(label=value) if name == "handler" else field.select_option(value)
        else:
            field.fill(value)
    for name, choices in (ticked or {}).items():
        for choice in choices:
            form.locator(f"[name={name}][value={choice}]").check()
    take()
    form.locator("button[type=submit]").click()
    page.locator(".msg-ok, [name=confirmed]").first.wait_for(timeout=15_000)
    if page.locator("[name=confirmed]").count():
        page.locator("[name=confirmed]").click()
        page.locator(".msg-ok").first.wait_for()
