"""Lives of reports (举报): checked on the spot, opened or not, handed to the case side, told, closed."""

from __future__ import annotations

from casework.demo.life import Life
from casework.demo.sources import read
from casework.demo.stages import contact, file_away, send_on


def live(life: Life) -> None:
    """Lead a report from the centre to its end."""
    if life.chance(0.03):
        _elsewhere(life)
        file_away(life)
        return
    send_on(life)
    if life.walk.party:
        contact(life)
    for _ in range(1 + life.chance(0.3)):
        life.wait(0.5, 6)
        _visit(life)
    if life.chance(0.06):
        _test(life)
    if life.chance(0.12) and life.due_of("report.verify") and life.today < (life.due_of("report.verify") or life.today):
        _extend(life)
    life.wait(0.5, 5)
    if life.chance(0.3):
        _open(life)
    else:
        entry = life.rng.choice(read("work")["not_opened"])
        life.do(
            "decide_not_to_open", life.leader, ground=entry["ground"], decided_on=life.today, reasons=entry["reasons"]
        )
    _inform(life)
    life.wait(0.2, 3)
    life.do("close_report", life.handler, summary=life.say("closing"))
    file_away(life)


def _elsewhere(life: Life) -> None:
    life.wait(0, 1)
    entry = read("work")["no_power"]
    life.do(
        "tell_no_power", life.town.anybody(life.rng, "city", "dispatcher"), ground="P2", competent_body=entry["body"],
        body_contact=entry["contact"], told_on=life.today, told_by="page",
    )  # fmt: skip


def _visit(life: Life) -> None:
    second = next(name for name in _names(life) if name != life.handler_name)
    life.do(
        "log_verification", life.handler, visited_at=life.at, place=str(life.walk.new.values["respondent_address"]),
        officers=[life.handler_name, second], summary=life.say("verification", n=life.rng.randint(2, 9)),
    )  # fmt: skip


def _names(life: Life) -> list[str]:
    return [life.town.ref.names[one.id] for one in life.town.people(life.office.key, "handler") if one.id]


def _test(life: Life) -> None:
    life.wait(0.5, 2)
    life.do("start_testing", life.handler, ground="Z1", institution="临江市食品药品检验所", sent_on=life.today)
    life.wait(6, 14)
    life.do("end_testing", life.handler, result_on=life.today, result="送检样品有一项指标不符合标准。")


def _extend(life: Life) -> None:
    entry = life.rng.choice(read("work")["extend"])
    life.do(
        "extend_verification", life.leader, ground=entry["ground"], reasons=entry["reasons"], approved_on=life.today
    )


def _open(life: Life) -> None:
    bureau = life.town.ref.bureau_of(life.walk.case["unit_id"])
    life.do(
        "open_case", life.leader, decided_on=life.today, facts=life.say("opened"),
        legal_basis="市场监督管理行政处罚程序规定第十九条",
        case_number=f"{bureau.document_prefix}市监案立〔{life.today.year}〕{life.walk.case['id']}号",
    )  # fmt: skip
    _inform(life)
    life.wait(0.3, 3)
    officers = life.town.people(life.office.squad, "enforcement")
    life.do(
        "hand_to_case_side", life.lead, case_unit=life.office.squad,
        officers=[life.town.ref.names[one.id] for one in officers[:2] if one.id], attested=("two_officers",),
    )  # fmt: skip
    life.wait(12, 60)
    fine = life.rng.choice((0, 100000, 200000, 500000, 1000000, 2000000))
    life.do(
        "record_case_outcome", officers[0], ground="O1" if fine else "O2", decided_on=life.today, fine=fine,
        document_number=f"{bureau.document_prefix}市监处罚〔{life.today.year}〕{life.walk.case['id']}号",
        confiscation=life.rng.choice((0, 0, 36000, 128000)), reward_possible=life.chance(0.1),
    )  # fmt: skip


def _inform(life: Life) -> None:
    """Tell the informant where a law wants it: a term for it is running."""
    wanted = {"report.notify-informant", "report.notify-special", "report.notify-advertising"} & life.walk.clocks.keys()
    if not wanted:
        return
    life.wait(0.3, 3)
    food = "report.notify-special" in wanted
    ground = "I0" if life.old_rules else "I2" if food else "I1"
    life.do(
        "notify_informant", life.handler, ground=ground, result=life.say("informed"), told_on=life.today,
        told_by="sms" if life.walk.party else "page",
    )  # fmt: skip
