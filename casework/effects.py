"""What an act changes in the record itself, beside state and terms: who has the case, what was agreed, how it ended.

One small function per action that has such an effect; all are pure: from the act to column values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from casework.actors import Actor
from casework.reference import Reference
from rules.refusals import RECEIPT
from rules.workflow import Action

Columns = dict[str, Any]

OUTCOME_LISTS = frozenset(
    {
        "adoption",
        "convert",
        "direct",
        "discipline_result",
        "no_power",
        "non_opening",
        "outcome",
        "refusal",
        "settlement",
        "termination",
        "transfer",
        "withdrawal",
    }
)
"""Ground lists whose choice says how a case ended."""


class Act(NamedTuple):
    """One act about to be done: everything that its consequences follow from."""

    action: Action
    case: Mapping[str, Any]
    values: Mapping[str, Any]
    facts: frozenset[str]
    actor: Actor
    role: str
    now: datetime
    ref: Reference


def columns_of(act: Act) -> Columns:
    """Return the columns that the act changes, apart from state, terms and history."""
    changed = outcome_of(act)
    if "amount_recovered" in act.values:
        changed["amount_recovered"] = act.values["amount_recovered"]
    effect = EFFECTS.get(act.action.key)
    if effect is not None:
        changed.update(effect(act))
    return changed


def outcome_of(act: Act) -> Columns:
    """Return how the case ended, when the act chose one of the grounds that say so."""
    code = act.values.get("ground")
    if not code or act.action.key == "request_withdrawal":  # that one asks for an end, and decides nothing
        return {}
    asked = act.action.named.get("ground")
    return {"outcome": f"{asked.ground}/{code}"} if asked is not None and asked.ground in OUTCOME_LISTS else {}


def with_facts(act: Act, **entries: Any) -> Columns:
    """Return the `facts` column with entries added; None takes one out."""
    facts = {**act.case["facts"], **entries}
    return {"facts": {key: value for key, value in facts.items() if value is not None}}


def to_unit(act: Act, unit_id: int, **more: Any) -> Columns:
    """Return the columns of a case that goes to another unit: nobody there has it in hand yet."""
    unit = act.ref.units[unit_id]
    return {"unit_id": unit.id, "bureau_id": unit.bureau_id, "handler_id": None, "delegate_unit_id": None, **more}


def _sent(act: Act) -> Columns:
    unit = act.ref.unit_keys[act.values["unit"]]
    return to_unit(act, unit.id, sender_unit_id=act.case["unit_id"], competent_bureau_id=unit.bureau_id)


def _sent_back(act: Act) -> Columns:
    return to_unit(act, act.case["sender_unit_id"] or act.case["receiving_unit_id"])


def _taken_over(act: Act) -> Columns:
    unit = act.ref.unit_keys[act.values["unit"]]
    return to_unit(act, unit.id, competent_bureau_id=unit.bureau_id)


def _assigned(act: Act) -> Columns:
    changed: Columns = {"handler_id": act.values["handler"]}
    if "procedure" in act.values:
        changed["complexity"] = act.values["procedure"]
    return changed


def _accepted(act: Act) -> Columns:
    decided = act.values["decided_on"].isoformat()
    return {**with_facts(act, accepted_on=decided), "handler_id": act.values["handler"]}


def _handed_to_desk(act: Act) -> Columns:
    return to_unit(act, act.ref.unit_keys[act.values["to_desk"]].id)


def _asked_for_material(act: Act) -> Columns:
    asked = [*act.values["materials"]]
    wanted = {"action": act.action.key, "materials": asked, "due_on": act.values["due_on"].isoformat()}
    return with_facts(act, wanted=wanted)


def _material_settled(act: Act) -> Columns:
    return with_facts(act, wanted=None)


def _asked(act: Act) -> Columns:
    return with_facts(act, question=True)


def _answered(act: Act) -> Columns:
    return with_facts(act, question=None)


def _asked_again(act: Act) -> Columns:
    return with_facts(act, asked_again=act.case["facts"].get("asked_again", 0) + 1)


def _consented(act: Act) -> Columns:
    side = act.values["party"]
    entries = {f"{side}_stance": act.values["stance"]}
    if "delegate_stance" in act.values:
        entries[f"{side}_delegate"] = act.values["delegate_stance"]
    return with_facts(act, **entries)


def _mediation_begun(act: Act) -> Columns:
    return with_facts(act, mediator=list(act.values["mediator"]), mode=act.values["mode"])


def _delegated(act: Act) -> Columns:
    return {"delegate_unit_id": act.ref.unit_keys[act.values["organisation"]].id}


def _taken_back(_act: Act) -> Columns:
    return {"delegate_unit_id": None}


def _notice_served(act: Act) -> Columns:
    return with_facts(act, notice_told_on=act.values["told_on"].isoformat(), mediator=list(act.values["mediator"]))


def _recusal_decided(act: Act) -> Columns:
    return with_facts(act, mediator=list(act.values["mediator"])) if "mediator" in act.values else {}


def _case_opened(act: Act) -> Columns:
    return with_facts(act, case_number=act.values["case_number"])


def _handed_over(act: Act) -> Columns:
    return {"case_unit_id": act.ref.unit_keys[act.values["case_unit"]].id}


def _merged(act: Act) -> Columns:
    return {"main_case_id": act.values["_main_case"], **with_facts(act, main_case=act.values["main_case"])}


def _restored(act: Act) -> Columns:
    return {**_sent_back(act), "main_case_id": None, "outcome": None, **with_facts(act, main_case=None)}


def _receipt_corrected(act: Act) -> Columns:
    return {"received_on": act.values[RECEIPT]} if RECEIPT in act.values else {}


def _rated(act: Act) -> Columns:
    return {"rating": act.values["score"]} if "score" in act.values else {}


def _archived(act: Act) -> Columns:
    changed: Columns = {"dossier_number": act.values["dossier_number"], "archived_at": act.now}
    if "retention" in act.values:
        changed["retention"] = act.values["retention"]
    return changed


def _prioritised(act: Act) -> Columns:
    changed: Columns = {"urgent": act.values["urgent"]}
    if "complexity" in act.values:
        changed["complexity"] = act.values["complexity"]
    return changed


def _passed_on(act: Act) -> Columns:
    """A station's dispute becomes a complaint: received by the bureau to which the station belongs."""
    station = act.ref.units[act.case["unit_id"]]
    bureau = act.ref.units[station.bureau_id]
    return {
        **to_unit(act, bureau.id, competent_bureau_id=bureau.id, receiving_unit_id=bureau.id),
        "received_on": act.values["received_on"],
    }


def _reopened(act: Act) -> Columns:
    return {"outcome": None, "closed_at": None, "archived_at": None}


def _signed_by_discipline(act: Act) -> Columns:
    return {"handler_id": act.actor.id}


def _recused(act: Act) -> Columns:
    return {"handler_id": act.values["officer"]}


def _joint(act: Act) -> Columns:
    return with_facts(act, joint=len(act.values["members"]))


def _proxied(act: Act) -> Columns:
    proxy = {"powers": list(act.values["powers"]), "valid_until": act.values["valid_until"].isoformat()}
    return with_facts(act, proxy=proxy)


def _incident(act: Act) -> Columns:
    return with_facts(act, incident=act.values["incident"])


def _no_incident(act: Act) -> Columns:
    return with_facts(act, incident=None)


def _supervised(act: Act) -> Columns:
    return with_facts(act, supervised=act.values.get("level", "supervise"))


def _supervision_over(act: Act) -> Columns:
    return with_facts(act, supervised=None)


EFFECTS: Mapping[str, Callable[[Act], Columns]] = {
    "accept": _accepted,
    "accept_supervision": _supervision_over,
    "answer_question": _answered,
    "archive": _archived,
    "ask_again": _asked_again,
    "ask_filer": _asked,
    "assign": _assigned,
    "attach_incident": _incident,
    "call_back": _rated,
    "cancel_request": _material_settled,
    "close_repeat": _merged,
    "correct_record": _receipt_corrected,
    "decide_recusal": _recusal_decided,
    "delegate_mediation": _delegated,
    "designate": _sent,
    "detach_incident": _no_incident,
    "discipline_archive": _archived,
    "discipline_recuse": _recused,
    "discipline_sign": _signed_by_discipline,
    "dispatch": _sent,
    "form_joint": _joint,
    "hand_to_case_side": _handed_over,
    "lapse_material": _material_settled,
    "lapse_question": _answered,
    "handover_desk": _handed_to_desk,
    "leader_note": _supervised,
    "mediation_notice": _notice_served,
    "merge_duplicate": _merged,
    "open_case": _case_opened,
    "rate": _rated,
    "reassign": _assigned,
    "recall_dispatch": _sent_back,
    "record_consent": _consented,
    "register_proxy": _proxied,
    "reopen": _reopened,
    "request_identity": _asked_for_material,
    "request_supplement": _asked_for_material,
    "restore": _restored,
    "return_delegation": _taken_back,
    "return_to_dispatcher": _sent_back,
    "set_priority": _prioritised,
    "settle_competence": _sent,
    "start_mediation": _mediation_begun,
    "station_pass_on": _passed_on,
    "supervise": _supervised,
    "supply_material": _material_settled,
    "take_over": _taken_over,
    "take_receipt": _receipt_corrected,
    "transfer_rejected": _sent_back,
    "withdraw_supervision": _supervision_over,
}
