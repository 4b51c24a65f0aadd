"""One specimen of every paper, for each act that orders it: for pictures and for measuring. Nobody here is real."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from casework import contents, documents, steps
from casework.contents import Sources
from casework.documents import Paper
from casework.reference import Reference, UnitView
from models import Case, CaseText, Respondent
from models.party import Party
from rules.calendar import Calendar
from rules.identifiers import KIND_LETTERS
from rules.table import Action, Field
from rules.workflow import WORKFLOW

DAY = date(2026, 11, 23)
MOMENT = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
ORGAN = "临江市市场监督管理局"
_UNITS = (
    ("city", f"{ORGAN}12315指挥中心", "city", None, "临江市滨江路1号"),
    ("east", "东城区市场监督管理局12315中心", "district", 1, "临江市东城区柳荫路20号"),
    ("office", "东城区市场监督管理局望江所", "office", 2, "临江市东城区望江路8号"),
    ("squad", "东城区市场监管综合执法大队", "department", 2, "临江市东城区柳荫路20号"),
    ("association", "临江市消费者协会", "mediation", 1, "临江市滨江路3号"),
)
_SAID = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
STORY: str = _SAID["story"]
TEXTS: Mapping[str, str] = _SAID["fields"]
GROUNDS: Mapping[str, str] = {"refuse": "R3", "terminate": "T3", "record_case_outcome": "O5"}
OFTEN = frozenset({"report_due_on", "perform_by", "suggested_unit", "measure", "comment", "score", "basis"})
"""Fields that may be left empty and are often filled."""
PEOPLE = ("王䶮", "李明")


def reference() -> Reference:
    """Return a small city without a database."""
    units = {}
    for place, (key, name, kind, parent, address) in enumerate(_UNITS, start=1):
        bureau = place if kind in {"city", "district"} else parent
        prefix = "临" if bureau == 1 else "东"
        path = f"/{place}/" if parent is None else f"/{parent}/{place}/"
        units[place] = UnitView(
            place, key, name, name, kind, parent, path, bureau or 1, prefix, "000-66123150", address, False
        )
    return Reference(
        revision=0,
        units=MappingProxyType(units),
        unit_keys=MappingProxyType({unit.key: unit for unit in units.values()}),
        calendar=Calendar.seeded(),
        settings=MappingProxyType({key: one.default for key, one in WORKFLOW.settings.items()}),
        routes=(),
        names=MappingProxyType({1: "李明", 2: "沈峰"}),
        roles=MappingProxyType({}),
    )


def case_of(kind: str, regime: str) -> Case:
    """Return a case of a kind that is in no database."""
    old = regime == "order-20"
    received = date(2026, 3, 20) if old else date(2026, 11, 18)
    number = f"{KIND_LETTERS[kind]}{received:%Y%m%d}-00042-7"
    return Case(
        id=1, number=number, kind=kind, state=next(iter(WORKFLOW.states[kind])), regime=regime, channel="online",
        source_number=None, received_on=received, received_at=MOMENT, registered_at=MOMENT, urgent="normal",
        anonymous=False, goods="健身年卡", amount=368000, amount_recovered=215000,
        matter="健身年卡：门店关门，要求退还剩余费用",
        respondent_id=1, respondent_name="临江澜亭健身服务有限公司", unit_id=3, bureau_id=2, competent_bureau_id=2,
        receiving_unit_id=1, handler_id=1, facts={"accepted_on": "2026-11-20", "mediator": ["李明"]},
        outcome={"complaint": "settlement/S1", "report": "outcome/O1"}.get(kind),
        sales_mode="on_site", happened_on=date(2026, 3, 2), category=None, problem=None, platform=None,
        order_number=None,
    )  # fmt: skip


def entered(action: Action, kind: str, regime: str) -> dict[str, Any]:
    """Return something for every field of an act, as an event keeps it."""
    found: dict[str, Any] = {}
    needed: set[str] = set()
    for asked in WORKFLOW.fields(action, kind):
        if asked.ground and asked.type == "choice" and asked.required:
            chosen = WORKFLOW.find_ground(asked.ground, regime, _value(asked, action, regime))
            needed |= set(chosen.requires if chosen else ())
    for asked in WORKFLOW.fields(action, kind):
        if asked.name in steps.PERSONAL_FIELDS or (not action.from_ and asked.name in steps.REGISTERED_ELSEWHERE):
            continue
        if not (asked.required or asked.name in needed or asked.name in OFTEN):
            continue
        value = _value(asked, action, regime)
        if value not in (None, "", []):
            found[asked.name] = value
    return found


def _value(asked: Field, action: Action, regime: str) -> Any:
    if asked.ground and asked.type == "choice":
        codes = [one.code for one in WORKFLOW.grounds(asked.ground, regime)]
        wanted = GROUNDS.get(action.key, "")
        return wanted if wanted in codes else codes[0]
    if asked.ground:
        return [WORKFLOW.grounds(asked.ground, regime)[0].code]
    if asked.choices:
        keys = [choice.key for choice in asked.choices]
        return keys[:2] if asked.type == "multi_choice" else keys[0]
    return _BY_TYPE.get(asked.type, lambda asked: TEXTS.get(asked.name, f"{asked.label}（样张）"))(asked)


_BY_TYPE: Mapping[str, Any] = {
    "date": lambda asked: "2026-12-05" if asked.name in {"due_on", "perform_by", "report_due_on"} else DAY.isoformat(),
    "datetime": lambda _asked: MOMENT.isoformat(),
    "boolean": lambda _asked: True,
    "money": lambda _asked: 215000,
    "number": lambda asked: 3 if asked.name == "recusal_days" else 15,
    "unit": lambda asked: "association" if asked.name == "organisation" else "squad",
    "person": lambda _asked: 1,
    "people": lambda _asked: list(PEOPLE),
    "case": lambda _asked: "J20261101-00017-3",
    "files": lambda _asked: [1],
    "action": lambda _asked: "refuse",
    "choice": lambda _asked: None,
    "multi_choice": lambda _asked: None,
    "phone": lambda _asked: None,
}


def specimen(kind: str, action: Action, case_kind: str, ref: Reference, regime: str = "") -> Paper:
    """Return the paper of a kind that an act orders for a case of the kind."""
    paper = WORKFLOW.documents[kind]
    regime = regime or ("order-20" if paper.until else "order-121")
    case = case_of(case_kind, regime)
    sealed = case_kind == "misconduct"
    said = entered(action, case_kind, regime)
    facts = {"case_number": case.number, "bureau_id": 2, "action": action.key}
    if not sealed:
        facts |= {**documents.from_case(case, ref), **_supervision(kind, action), "by": "沈峰", "by_unit": 2}
        facts |= {name: value for name, value in said.items() if name != "handler"} | {"handler": "李明"}
        facts |= _supervision(kind, action)
    read = contents.compose(kind, action.key, _sources(case, facts if not sealed else said), ref)
    return Paper(
        kind=kind, title=paper.title, number=_number(kind, case), bureau="东城区市场监督管理局", bureau_key="east",
        addressee=contents.addressee_of(kind, facts, read), issued_on=DAY, facts=facts, contents=read,
    )  # fmt: skip


def _sources(case: Case, said: Mapping[str, Any]) -> Sources:
    people = [
        Party(id=1, role="filer", name="王䶮", phone="13800001234", address="临江市东城区柳荫里7幢502室",
              id_type="resident_card", id_number="330102199001011234"),
    ]  # fmt: skip
    business = Respondent(
        name=case.respondent_name, code="91330100MA27XXXX0A", phone="000-66550000", contact="周经理",
        address="临江市东城区望江街道沿江东路266号3楼",
    )  # fmt: skip
    text = CaseText(
        content=STORY, demands=["refund"], demand_text="按剩余天数退还2150元", evidence="付款记录、合同照片",
        consent_publish=False, consent_mediation=True,
    )  # fmt: skip
    dossier = [("东市监投受〔2026〕第412号", "投诉受理决定书", 1), (f"{case.number}-调1", "调解记录", 1)]
    return Sources(case, said, people, business, text, 2, dossier)


def _supervision(kind: str, action: Action) -> dict[str, Any]:
    """Return what the acts on orders add beside their fields."""
    if kind == "paper.directive":
        return {"requirement": TEXTS["requirement"], "hours": 24} | (
            {"result": TEXTS["result"]} if action.key == "answer_directive" else {}
        )
    if kind != "paper.supervision_order":
        return {}
    found = {
        "level": "督办", "ground": "已超过办理期限", "term": "受理期限", "since_on": "2026-11-20",
        "answer_by": "2026-11-27",
        "requirement": TEXTS["requirement"], "signer": "沈峰", "order_number": "东市监督〔2026〕9号",
    }  # fmt: skip
    if action.key == "answer_supervision":
        found |= {
            "answer": TEXTS["result"],
            "measure": "增派一人",
            "answered_on": DAY.isoformat(),
            "answered_by": "何勇",
        }
    return found


def _number(kind: str, case: Case) -> str:
    series = WORKFLOW.documents[kind].series.replace("案件编号", case.number)
    return series.format(bureau="东", year=2026, n=412, kind=KIND_LETTERS[case.kind])


def ordering(kind: str) -> Iterator[tuple[Action, str]]:
    """Yield every act that orders a kind of paper, with a kind of case for which it does."""
    for action in WORKFLOW.actions.values():
        wanted = [one for one in action.kinds if kind in action.documents_for(one)]
        if wanted and action.key not in WORKFLOW.documents[kind].served_at:
            yield action, wanted[0]


def all_of_them() -> Iterator[tuple[str, Paper]]:
    """Yield a specimen of every paper for every act that orders it, by name; the first of a kind bears its name."""
    ref = reference()
    for kind in WORKFLOW.documents:
        for place, (action, case_kind) in enumerate(ordering(kind)):
            name = kind.replace(".", "-").replace("_", "-")
            yield (
                name if place == 0 else f"{name}--{action.key.replace('_', '-')}",
                specimen(kind, action, case_kind, ref),
            )
