"""Lives of complaints (投诉): refused, withdrawn, settled, ended without agreement, returned, lying about."""

from __future__ import annotations

from datetime import time
from typing import Any

from casework.actors import FILER, SYSTEM
from casework.demo.gatherings import Gathering
from casework.demo.life import Life
from casework.demo.sources import read
from casework.demo.stages import contact, file_away, rate, send_on
from rules import categories
from rules.calendar import at_time

TEN = time(10, 0)


def live(life: Life, outside: bool = False, incident: Gathering | None = None, centre: str = "city") -> None:
    """Lead a complaint from a centre to its end. `outside`: it is about what other authorities regulate; `incident`:
    it is one of many about the same event."""
    send_on(life, centre)
    if incident:
        supervisor = life.town.anybody(life.rng, "city", "supervisor")
        life.do("attach_incident", supervisor, incident=incident.number)
        life.walk.gather(incident.id, supervisor.id, life.at)
    contact(life)
    if life.chance(0.03):
        life.wait(0, 1.5, office_hours=False)
        life.do("withdraw", FILER, ground=life.rng.choice(("W1", "W2", "W2")))
        file_away(life)
        return
    if life.chance(0.05):
        _ask_for_more(life)
    life.wait(0.3, 4)
    if outside and life.chance(0.8) or life.chance(0.04):
        _refuse(life, outside)
        file_away(life)
        return
    if life.chance(0.14):
        _settle_at_once(life)
    else:
        _accept(life)
        if not _mediate(life):
            return
    life.wait(0.2, 3)
    life.do("reply", life.handler, result=_result(life), amount_recovered=life.walk.case["amount_recovered"] or 0)
    after(life)


def after(life: Life) -> None:
    """What follows the end: publication, rating, the archive."""
    _publish(life)
    rate(life)
    file_away(life)


def _result(life: Life) -> str:
    return life.say("results", refund=f"{(life.walk.case['amount_recovered'] or 0) / 100:g}")


def _ask_for_more(life: Life) -> None:
    """Something is missing; nobody answers, and the term of the filer runs out by itself."""
    life.wait(0.2, 1)
    if _late(life, 4):
        return
    due = life.town.ref.calendar.add_working_days(life.today, 2)
    life.do(
        "request_supplement", life.handler, materials=["facts"], due_on=due, told_on=life.today, told_by="sms",
        attested=("supplement_fits",),
    )  # fmt: skip
    if life.chance(0.7):
        life.wait(0.3, 2, office_hours=False)
        life.do(
            "supply_material", FILER, attachments=life.files("receipt", "attachments", FILER), text="补充付款截图。"
        )
    else:
        life.wait_until(due)
        life.wait_until(life.town.ref.calendar.add_working_days(due, 1))
        life.do("lapse_material", SYSTEM)


def _late(life: Life, days: int) -> bool:
    """Tell whether fewer working days than `days` are left to decide."""
    due = life.due_of("complaint.decide")
    return due is None or life.town.ref.calendar.add_working_days(life.today, days) >= due


def _refuse(life: Life, outside: bool) -> None:
    choices = [one for one in read("work")["refusals"] if not (life.old_rules and one["ground"] == "R3")]
    entry = choices[0] if outside else life.rng.choice(choices)
    ground = entry["ground"]
    life.do(
        "refuse", life.lead, ground=ground, reasons=entry["reasons"],
        competent_body=entry.get("body") if ground == "R1" else None,
        earlier_body=entry.get("body") if ground == "R2" else None, earlier_reference=entry.get("reference"),
        factors=["K1"] if ground == "R3" else None, missing_materials=entry.get("missing"),
        decided_on=life.today, told_on=life.today, told_by=life.rng.choice(("sms", "page", "mail")),
        attested=("no_power_only",) if ground == "R1" else (),
    )  # fmt: skip


def _recovered(life: Life) -> int:
    amount = int(life.walk.case["amount"] or 0)
    return amount * life.rng.choice((0, 20, 35, 50, 60, 70, 80, 90, 100, 100)) // 100 // 100 * 100


def _settle_at_once(life: Life) -> None:
    money = _recovered(life)
    life.do(
        "settle_on_the_spot", life.handler, decided_on=life.today, told_on=life.today, told_by="phone", ground="S2",
        result=life.say("results", refund=f"{money / 100:g}"), amount_recovered=money, attested=("small_and_clear",),
    )  # fmt: skip


def _accept(life: Life) -> None:
    life.do(
        "accept", life.handler, decided_on=life.today, told_on=life.today,
        told_by=life.rng.choice(("sms", "sms", "phone", "page")), handler=life.handler_id,
    )  # fmt: skip
    life.wait(0, 2)
    life.do("ask_consent", life.handler, asked=["filer", "respondent"], content_shown=life.say("consent_shown"))


def _mediate(life: Life) -> bool:
    """Mediate; True when there is a result to reply with, False when it ended another way."""
    life.wait(0.1, 4, office_hours=False)
    life.do("record_consent", FILER, party="filer", stance="agrees", said_on=life.today)
    life.wait(0.5, 6)
    if life.chance(0.14):
        return _will_not(life)
    life.do("record_consent", life.handler, party="respondent", stance="agrees", said_on=life.today)
    life.wait(0, 2)
    life.do(
        "start_mediation",
        life.handler,
        mediator=[life.handler_name],
        mode=life.rng.choice(("phone", "phone", "on_site", "online")),
    )
    if life.chance(0.07):
        life.wait(0.5, 3)
        return _absent(life)
    if life.chance(0.05):
        _test(life)
    for round_ in range(1 + life.chance(0.35)):
        life.wait(1.5, 11 if round_ else 8)
        life.do(
            "hold_mediation", life.handler, held_at=life.at, present=[life.handler_name], summary=life.say("mediation"),
            next_step="again" if not round_ else "agreed",
        )  # fmt: skip
    life.wait(0.5, 7)
    if life.chance(0.04):
        return _take_back(life)
    if life.chance(0.2):
        return _no_agreement(life)
    if life.chance(0.18):
        _agree_in_writing(life)
        return True
    money = _recovered(life)
    life.do(
        "record_settlement", life.handler, ground=life.rng.choice(("S2", "S2", "S3", "S4")), decided_on=life.today,
        result=life.say("results", refund=f"{money / 100:g}"), performed=life.chance(0.8), amount_recovered=money,
    )  # fmt: skip
    return True


def _test(life: Life) -> None:
    """Goods go to a laboratory; the term stands still meanwhile."""
    life.wait(1, 4)
    life.do(
        "start_appraisal", life.handler, institution="临江市产品质量检验中心", ground="A1", cost_bearer="advanced",
        cost_agreement=life.files("agreement", "cost_agreement", life.handler), sent_on=life.today,
        subject="质量状况和损坏原因",
    )  # fmt: skip
    life.wait(8, 22)
    life.do(
        "end_appraisal", life.handler, result_on=life.today, result="样品存在制造缺陷，与使用无关。",
        report_file=life.files("report", "report_file", life.handler),
    )  # fmt: skip


def _agree_in_writing(life: Life) -> None:
    money = _recovered(life)
    life.do(
        "make_agreement",
        life.handler,
        terms=f"商家于十日内退还{money / 100:g}元，消费者退回商品，双方再无争议。",
        amount_recovered=money,
    )
    life.wait(1, 5)
    life.do(
        "confirm_agreement",
        life.handler,
        decided_on=life.today,
        signed_file=life.files("agreement", "signed_file", life.handler),
        attested=("sign_both",),
    )


def _will_not(life: Life) -> bool:
    """The business refuses: the consent is on record as refused, and mediation ends without agreement."""
    life.do("record_consent", life.handler, party="respondent", stance="refuses", said_on=life.today)
    life.wait(0, 3)
    file = life.files("record", "mediation_record", life.lead)
    _terminate(life, "T4" if life.old_rules else "T3", life.say("unwilling"), mediation_record=file)
    return False


def _absent(life: Life) -> bool:
    """The business agreed at first, was invited in writing, and does not come."""
    calendar = life.town.ref.calendar
    day = calendar.add_working_days(life.today, 4)
    life.do(
        "mediation_notice", life.handler, time=at_time(day, TEN), place=f"{life.office.short}调解室", recusal_days=2,
        mediator=[life.handler_name], told_on=life.today, told_by="mail",
    )  # fmt: skip
    due = life.due_of("recusal.request")
    if due:
        life.wait_until(calendar.add_working_days(due, 1))
        life.do("lapse_recusal", SYSTEM)
    life.wait_until(day)
    life.wait(0, 2)
    file = life.files("record", "absence_record", life.lead)
    _terminate(life, "T3" if life.old_rules else "T2", life.say("absent"), absence_record=file)
    return False


def _no_agreement(life: Life) -> bool:
    due = life.due_of("complaint.mediate")
    if due and life.chance(0.15):
        life.wait_until(due)
        life.wait_until(life.town.ref.calendar.add_working_days(due, 1))
        _terminate(life, "T5", life.say("lapsed"))
    else:
        file = life.files("record", "mediation_record", life.lead)
        _terminate(life, "T4" if life.old_rules else "T3", life.say("no_agreement"), mediation_record=file)
    return False


def _take_back(life: Life) -> bool:
    life.do("request_withdrawal", FILER, ground="W2")
    life.wait(0.5, 3)
    file = life.files("statement", "withdrawal_record", life.lead)
    _terminate(life, "T1", life.say("withdrawn"), withdrawal_record=file)
    return False


def _terminate(life: Life, ground: str, reasons: str, **proof: Any) -> None:
    life.do("terminate", life.lead, ground=ground, reasons=reasons, decided_on=life.today, **proof)
    life.wait(0.2, 4)
    life.do(
        "notify_termination", life.handler, filer_told_on=life.today,
        filer_told_by=life.rng.choice(("sms", "mail", "page")),
        respondent_told_on=life.today, respondent_told_by=life.rng.choice(("phone", "mail")),
    )  # fmt: skip
    after(life)


def _masked(life: Life) -> str:
    """Return what everybody may read about a complaint: the matter and how it ended, nobody's name."""
    case, words = life.walk.case, read("work")
    problem = categories.category(case["problem"]).label if case["problem"] else "消费争议"
    kind, _, _ = (case["outcome"] or "").partition("/")
    kind = "settled_without_money" if kind == "settlement" and not case["amount_recovered"] else kind
    ending = words["published_endings"].get(kind, words["published_endings"]["other"])
    said: str = words["published"].format(goods=case["goods"] or "商品或者服务", problem=problem)
    return said + str(ending).format(refund=f"{(case['amount_recovered'] or 0) / 100:g}")


def _publish(life: Life) -> None:
    life.wait(0.5, 6)
    agrees = life.walk.text["consent_publish"]
    life.do(
        "decide_publication", life.lead, decision="publish" if agrees else "do_not_publish",
        ground=None if agrees else "L1",
        masked_text=_masked(life),
    )  # fmt: skip
