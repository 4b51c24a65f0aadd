"""Lives of consultations, suggestions, sealed items, and of disputes that a service station settles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casework.actors import FILER
from casework.demo import complaints
from casework.demo.life import Life
from casework.demo.stages import file_away, rate, send_on


def consultation(life: Life, entry: Mapping[str, Any]) -> None:
    """Most are answered at once by the desk that took them, the rest by an office."""
    if life.chance(0.6):
        life.wait(0, 0.9)
        life.do("answer_at_once", life.town.anybody(life.rng, "city", "intake"), answer=entry["answer"])
    else:
        send_on(life)
        life.wait(0.5, 5)
        life.do("answer", life.handler, answer=entry["answer"], save_to_knowledge=life.chance(0.2))
    rate(life)
    file_away(life)


def suggestion(life: Life, entry: Mapping[str, Any]) -> None:
    """A suggestion is answered by the unit it concerns."""
    send_on(life)
    life.wait(1, 9)
    life.do("answer_suggestion", life.handler, ground=entry["code"], answer=entry["answer"])
    rate(life)
    file_away(life)


def sealed(life: Life) -> None:
    """Only discipline officers ever touch it."""
    life.wait(0.2, 1.5)
    officer = life.town.anybody(life.rng, "city", "discipline")
    life.do("discipline_sign", officer, attested=("not_concerned",))
    life.wait(6, 40)
    life.do(
        "discipline_conclude", officer, ground=life.rng.choice(("E1", "E2", "E2", "E3", "E5")), decided_on=life.today,
        answer="已核查，谢谢您的监督。" if life.walk.party else None,
    )  # fmt: skip
    life.wait(3, 15)
    life.do("discipline_archive", officer, dossier_number=f"密〔{life.today.year}〕{life.walk.case['id']}号")


def at_station(life: Life, station: str) -> None:
    """A dispute at a service station: settled there, or passed on and then a complaint like any other."""
    keeper = life.town.anybody(life.rng, station, "station")
    life.wait(0.1, 3)
    if life.chance(0.75):
        amount = int(life.walk.case["amount"] or 0) // 200 * 100
        life.do("station_settle", keeper, result=f"商家退还{amount / 100:g}元，双方握手言和。", amount_recovered=amount)
        rate(life)
        file_away(life)
        return
    life.do("station_pass_on", FILER if life.chance(0.5) else keeper, received_on=life.today)
    complaints.live(life, centre=life.office.district)
