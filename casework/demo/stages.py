"""Parts that the lives of several kinds share: sending on, first contact, rating, filing away."""

from __future__ import annotations

from casework.actors import FILER
from casework.callbacks import month_before
from casework.demo.life import Life
from rules.calendar import local_date

RETURNED = 0.05
SCORES = ("satisfied", "fairly_satisfied", "dissatisfied")


def send_on(life: Life, centre: str = "city") -> None:
    """A centre sends the case to an office, which signs for it; a few come back to the city and go to another one."""
    life.wait(0, 1.2)
    dispatcher = life.town.anybody(life.rng, centre, "dispatcher")
    if centre == "city" and life.chance(RETURNED):
        wrong = life.town.pick_office(life.rng)
        if wrong.key != life.office.key:
            _send_wrong(life, wrong.key)
    life.do("dispatch", dispatcher, unit=life.office.key, routing_reason=life.say("routing"))
    life.wait(0, 1.4)
    life.do("sign_for", life.lead)
    life.wait(0, 1.2)
    life.do("assign", life.lead, handler=life.handler_id)


def _send_wrong(life: Life, key: str) -> None:
    dispatcher = life.town.anybody(life.rng, "city", "dispatcher")
    life.do("dispatch", dispatcher, unit=key, routing_reason=life.say("routing"))
    life.wait(0, 1.5)
    lead = life.town.anybody(life.rng, key, "lead")
    life.do("return_to_dispatcher", lead, ground=life.rng.choice(("B1", "B1", "B6")), reasons=life.say("returned"))
    life.wait(0, 1)


def contact(life: Life) -> None:
    """The handler calls the filer, once or more often; an anonymous informant cannot be called."""
    life.wait(0, 1.3)
    for _ in range(1 + life.chance(0.15)):
        reached = "reached" if life.chance(0.88) else "no_answer"
        life.do(
            "log_contact", life.handler, contact_at=life.at, method=life.rng.choice(("phone", "phone", "phone", "sms")),
            with_whom="filer", reached=reached,
            summary=life.say("contact") if reached == "reached" else "电话无人接听，已发短信说明，稍后再联系。",
        )  # fmt: skip
        if reached == "reached":
            return
        life.wait(0, 0.9)


def rate(life: Life) -> None:
    """Some filers rate, some are called; who is dissatisfied gets an answer."""
    at_office = life.walk.case["unit_id"] == life.office.unit_id  # elsewhere nobody would answer for the unit
    if life.chance(0.3):
        life.wait(0, 6, office_hours=False)
        score = life.rng.choices(SCORES, (70, 20, 10 * at_office))[0]
        life.do("rate", FILER, score=score, comment=life.say("comments") if life.chance(0.3) else None)
    elif life.chance(0.12) and life.walk.party:
        life.wait(1, 6)
        reached = life.rng.choices(("reached", "no_answer", "refused"), (75, 20, 5))[0]
        score = life.rng.choices(SCORES, (72, 20, 8 * at_office))[0]
        life.do(
            "call_back", life.town.anybody(life.rng, "city", "supervisor"), called_at=life.at, reached=reached,
            score=score if reached == "reached" else None,
        )  # fmt: skip
    if "dissatisfaction.answer" in life.walk.clocks:
        life.wait(1, 4)
        life.do("answer_dissatisfaction", life.lead, answer=life.say("reviewed"))


def file_away(life: Life) -> None:
    """The archivist of the bureau files the case, when nothing is open any more; some of last month's lie a while yet,
    so that they can be called back."""
    if {"dissatisfaction.answer", "publicity.publish"} & life.walk.clocks.keys():
        return
    if f"{life.today:%Y-%m}" == month_before(local_date(life.until)) and life.chance(life.town.unfiled):
        return
    life.wait(2, 13)
    bureau = life.town.ref.bureau_of(life.walk.case["unit_id"])
    archivist = life.town.anybody(life.rng, bureau.key, "archivist")
    papers = "电子文书待补制后入卷" if life.walk.documents else None
    life.do(
        "archive", archivist, dossier_number=f"{bureau.document_prefix}档〔{life.today.year}〕{life.walk.case['id']}号",
        retention=life.rng.choice(("5", "10", "10", "30")), missing=papers,
        known=("dossier_complete",),
    )  # fmt: skip
