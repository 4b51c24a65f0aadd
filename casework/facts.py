"""Conditions of a step that stand in the records: which guards of the table hold for this act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from casework import access
from casework.actors import Actor, StaffView
from casework.reference import Reference
from models import Case, Document, Party
from models.document import DUE, FAILED, MAKING, QUEUED
from rules import categories
from rules.calendar import local_date
from rules.refusals import RECEIPT
from rules.workflow import WORKFLOW, Action

CHANNEL_12345 = "hotline_12345"
LETTER_OR_VISIT = frozenset({"letter", "visit"})
AGREES = "agrees"
DISSATISFIED = "dissatisfied"
PROXY_POWER = {
    "withdraw": "withdraw",
    "request_withdrawal": "withdraw",
    "make_agreement": "settle",
    "record_settlement": "settle",
}
"""The power that a proxy needs for an action (keys of register_proxy.powers)."""


class Asked(NamedTuple):
    """What a condition is decided from."""

    session: Session
    action: Action
    case: Mapping[str, Any]
    values: Mapping[str, Any]
    attested: frozenset[str]
    actor: Actor
    now: datetime
    ref: Reference


def holding(asked: Asked) -> frozenset[str]:
    """Return every guard that holds: found in the records, or ticked by the person where only a person can know."""
    case = asked.case
    standing = _standing(
        case["kind"], case["channel"], case["receiving_unit_id"], case.get("problem"), _real_name(case), asked.ref
    )
    found = [key for key, holds in _looked_up(asked.action.guards, asked.action.rebase_when) if holds(asked)]
    if asked.attested:
        guards = WORKFLOW.guards
        found += [key for key in asked.attested if key in guards and guards[key].kind == "attested"]
    return standing.union(found) if found else standing


@cache
def _looked_up(guards: tuple[str, ...], rebase_when: str | None) -> tuple[tuple[str, Callable[[Asked], bool]], ...]:
    """What has to be looked up in the records for an action with these guards, and how."""
    wanted = dict.fromkeys((*guards, rebase_when, "dissatisfied", "directive_of_case"))
    return tuple((key, COMPUTED[key]) for key in wanted if key is not None and key in COMPUTED)


@lru_cache(2**12)
def _standing(
    kind: str, channel: str, receiving: int, problem: str | None, real_name: bool, ref: Reference
) -> frozenset[str]:
    """Return what holds at every step of a case that came in so."""
    case = {"kind": kind, "channel": channel, "receiving_unit_id": receiving}
    found = set(categories.notice_facts(problem, real_name, ref.settings))
    if from_12345(case):
        found.add("channel_12345")
    if at_wrong_desk(case, ref):
        found.add("wrong_desk")
    return frozenset(found)


def _real_name(case: Mapping[str, Any]) -> bool:
    return bool((case.get("facts") or {}).get("real_name"))


def notices(case: Mapping[str, Any], ref: Reference) -> frozenset[str]:
    """Return what decides whether an informant must be told: real name, advertising, other special laws."""
    return categories.notice_facts(case.get("problem"), _real_name(case), ref.settings)


def _other_bureau(asked: Asked) -> bool:
    unit = asked.ref.unit_keys.get(str(asked.values.get("unit")))
    return unit is not None and unit.bureau_id != asked.case["competent_bureau_id"]


def from_12345(case: Mapping[str, Any]) -> bool:
    """Tell whether a case came from the 12345 hotline, which has terms of its own."""
    return str(case["channel"]) == CHANNEL_12345


def at_wrong_desk(case: Mapping[str, Any], ref: Reference) -> bool:
    """Letters and visits with consumer content belong to the centre; what 12345 sends of another kind, elsewhere."""
    at_centre = ref.units[case["receiving_unit_id"]].kind in {"city", "district"}
    if case["channel"] in LETTER_OR_VISIT:
        return case["kind"] in {"complaint", "report"} and not at_centre
    return from_12345(case) and case["kind"] == "suggestion" and at_centre


def _both_consent(asked: Asked) -> bool:
    if asked.action.key == "settle_on_the_spot":  # its own attested guard says that both agree on the spot
        return "small_and_clear" in asked.attested
    facts = asked.case["facts"]
    return all(facts.get(f"{side}_stance") == AGREES for side in ("filer", "respondent"))


def _delegate_consent(asked: Asked) -> bool:
    if asked.case["regime"] == "order-20":
        return True
    facts = asked.case["facts"]
    return all(facts.get(f"{side}_delegate") == AGREES for side in ("filer", "respondent"))


def _notice_served(asked: Asked) -> bool:
    return bool(asked.case["facts"].get("notice_told_on"))


def _two_representatives(asked: Asked) -> bool:
    return len(asked.values.get("representatives") or ()) <= 2


def leads(staff: StaffView | None, case: Mapping[str, Any], ref: Reference) -> bool:
    """Tell whether a person is in charge of the unit that has the case."""
    held = access.holdings(staff, case, ref) if staff else []
    return any(role == "lead" and "own_unit" in relations for role, relations in held)


def _receipt_by_lead(asked: Asked) -> bool:
    return RECEIPT not in asked.values or leads(asked.actor.staff, asked.case, asked.ref)


def _asked_in_time(asked: Asked) -> bool:
    answered = asked.case["closed_at"]
    last = local_date(answered) + timedelta(days=int(asked.ref.settings["ask_again_days"])) if answered else None
    return last is None or local_date(asked.now) <= asked.ref.calendar.roll_forward(last)


def _asked_not_too_often(asked: Asked) -> bool:
    return int(asked.case["facts"].get("asked_again", 0)) < int(asked.ref.settings["ask_again_times"])


def _dissatisfied(asked: Asked) -> bool:
    return asked.values.get("score") == DISSATISFIED


def _directive_of_case(asked: Asked) -> bool:
    return asked.action.key == "attach_directive" and not asked.values.get("directive")


def _principals_agree(asked: Asked) -> bool:
    return not asked.case["facts"].get("joint") or "principals_agree" in asked.attested


def _proxy_power(asked: Asked) -> bool:
    proxy = asked.case["facts"].get("proxy")
    if not proxy or asked.actor.kind != "citizen" and "proxy_power" in asked.attested:
        return True
    needed = PROXY_POWER.get(asked.action.key)
    valid = date.fromisoformat(proxy["valid_until"]) >= local_date(asked.now)
    return valid and (needed is None or needed in proxy["powers"])


def _same_filer(asked: Asked) -> bool:
    """The other case is of the same person about the same business (Order 121 art. 35(2))."""
    other_id = asked.values.get("_main_case") or asked.values.get("_other_case")
    if other_id is None:
        return False
    other = asked.session.get(Case, other_id)
    if other is None or other.kind != asked.case["kind"]:
        return False
    if other.respondent_id != asked.case["respondent_id"]:
        return False
    mine = _marks(asked.session, asked.case["id"])
    return bool(mine & _marks(asked.session, other_id))


def _marks(session: Session, case_id: int) -> set[tuple[str, bytes]]:
    found: set[tuple[str, bytes]] = set()
    query = select(Party.phone_index, Party.id_number_index).where(Party.case_id == case_id, Party.role == "filer")
    for phone, identity in session.execute(query):
        found |= {("phone", phone)} if phone else set()
        found |= {("id", identity)} if identity else set()
    return found


def unfinished_papers(session: Session, case_id: int) -> int:
    """Return how many papers of a case were ordered and are not made."""
    waiting = (DUE, QUEUED, MAKING, FAILED)
    query = select(func.count()).select_from(Document).where(Document.case_id == case_id, Document.state.in_(waiting))
    return session.scalar(query) or 0


def _dossier_complete(asked: Asked) -> bool:
    return bool(asked.values.get("missing")) or unfinished_papers(asked.session, asked.case["id"]) == 0


COMPUTED: Mapping[str, Callable[[Asked], bool]] = {
    "asked_in_time": _asked_in_time,
    "asked_not_too_often": _asked_not_too_often,
    "both_consent": _both_consent,
    "channel_12345": lambda asked: from_12345(asked.case),
    "delegate_consent": _delegate_consent,
    "directive_of_case": _directive_of_case,
    "dissatisfied": _dissatisfied,
    "dossier_complete": _dossier_complete,
    "notice_served": _notice_served,
    "other_bureau": _other_bureau,
    "principals_agree": _principals_agree,
    "proxy_power": _proxy_power,
    "receipt_by_lead": _receipt_by_lead,
    "same_filer": _same_filer,
    "two_representatives": _two_representatives,
    "wrong_desk": lambda asked: at_wrong_desk(asked.case, asked.ref),
}
