"""A small city for tests: units and people with fixed parts, and the filings they work on.

Nobody here is real. 王女士 files; 李 handles at 东城所, 赵 at 西城所 must see nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from casework import access, founding, intake
from casework.actors import FILER, Actor, StaffView, by
from casework.receipts import Receipt
from models import Case, db
from models.base import writing
from models.unit import CITY, DEPARTMENT, DISTRICT, MEDIATION, OFFICE, STATION

MORNING = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
"""Monday 23 November 2026, 9:30 in the city."""
NO_PASSWORD = "!"

PEOPLE = {
    "city_intake": ("孙慧", "intake", "city"),
    "city_dispatcher": ("钱伟", "dispatcher", "city"),
    "city_supervisor": ("陈立", "supervisor", "city"),
    "city_leader": ("吴敏", "leader", "city"),
    "discipline": ("郑刚", "discipline", "city"),
    "discipline2": ("韩清", "discipline", "city"),
    "archivist": ("冯静", "archivist", "east"),
    "city_archivist": ("卫兰", "archivist", "city"),
    "east_dispatcher": ("周岚", "dispatcher", "east"),
    "east_supervisor": ("蒋平", "supervisor", "east"),
    "east_leader": ("沈峰", "leader", "east"),
    "east_intake": ("尤佳", "intake", "east"),
    "east_lead": ("何勇", "lead", "east_office"),
    "east_handler": ("李明", "handler", "east_office"),
    "east_handler2": ("许静", "handler", "east_office"),
    "east_officer": ("施强", "enforcement", "east_squad"),
    "west_dispatcher": ("张莉", "dispatcher", "west"),
    "west_leader": ("孔亮", "leader", "west"),
    "west_supervisor": ("曹文", "supervisor", "west"),
    "west_lead": ("严华", "lead", "west_office"),
    "west_handler": ("赵军", "handler", "west_office"),
    "legal_lead": ("苏晴", "lead", "legal"),
    "legal_handler": ("潘越", "handler", "legal"),
    "station": ("金燕", "station", "station"),
    "mediator": ("魏红", "mediator", "association"),
    "auditor": ("陶宁", "auditor", "city"),
    "editor": ("姜雪", "editor", "city"),
    "system_admin": ("戚磊", "system_admin", "city"),
    "security_admin": ("谢安", "security_admin", "city"),
}

COMPLAINT: dict[str, Any] = {
    "filer_name": "王秀英",
    "filer_phone": "13800001234",
    "filer_address": "东城区柳荫里7幢502室",
    "respondent_name": "临江澜亭健身服务有限公司",
    "respondent_address": "东城区望江街道沿江东路266号3楼",
    "goods": "健身年卡",
    "amount": "3680",
    "happened_on": "2026-03-02",
    "content": "2026年3月2日在该店办健身年卡，付款3680元。9月28日去锻炼，发现门店关门，"
    "要求退还剩余费用，对方不再接电话。",
    "demands": ["refund"],
    "consent_publish": "yes",
    "consent_mediation": "yes",
    "consent_truth": "yes",
}
REPORT: dict[str, Any] = {
    "anonymous": "yes",
    "respondent_name": "江南区康颐堂药店",
    "respondent_address": "西城区中山路18号",
    "content": "该药店在门口灯箱上写“根治糖尿病”，店员说吃三个疗程就能停药，怀疑是虚假宣传。",
    "evidence": "门口灯箱的照片两张。",
    "consent_truth": "yes",
}
CONSULTATION: dict[str, Any] = {
    "filer_name": "刘洋",
    "filer_phone": "13900005678",
    "content": "网购的衣服拆了吊牌还能不能七天无理由退货？",
}
SUGGESTION: dict[str, Any] = {
    "filer_name": "刘洋",
    "filer_phone": "13900005678",
    "content": "建议在菜市场门口放一台公平秤，老人买菜不放心。",
}
MISCONDUCT: dict[str, Any] = {
    "anonymous": "yes",
    "officer_name": "某所工作人员",
    "content": "到店检查后要求店主到指定商店买灭火器，不买就说检查不合格。",
}
FILINGS = {
    "complaint": COMPLAINT,
    "report": REPORT,
    "consultation": CONSULTATION,
    "suggestion": SUGGESTION,
    "misconduct": MISCONDUCT,
}


@dataclass(frozen=True)
class Cast:
    """Who is who: staff ids by part, unit ids by key."""

    staff: dict[str, int]
    units: dict[str, int]

    def view(self, part: str, now: datetime = MORNING) -> StaffView:
        """The member of staff who plays a part."""
        found = access.view_of(self.staff[part], now)
        assert found is not None
        return found

    def actor(self, part: str, now: datetime = MORNING) -> Actor:
        """The part as the doer of an act."""
        return by(self.view(part, now))


def build(now: datetime = MORNING, password_hash: str = NO_PASSWORD) -> Cast:
    """Enter the city into the database of the current application."""
    with writing() as session:
        founding.seed_calendar(session, now)
        tree = [
            ("city", "临江市市场监督管理局12315指挥中心", CITY, None, "临"),
            ("legal", "消费者权益保护处", DEPARTMENT, "city", "临"),
            ("east", "东城区市场监督管理局12315中心", DISTRICT, "city", "东"),
            ("east_office", "东城区市场监督管理局望江所", OFFICE, "east", "东"),
            ("east_squad", "东城区市场监管综合执法大队", DEPARTMENT, "east", "东"),
            ("station", "望江商场12315消费维权服务站", STATION, "east_office", "东"),
            ("west", "西城区市场监督管理局12315中心", DISTRICT, "city", "西"),
            ("west_office", "西城区市场监督管理局中山所", OFFICE, "west", "西"),
            ("association", "临江市消费者协会", MEDIATION, "city", "临"),
        ]
        units: dict[str, Any] = {}
        for key, name, kind, parent, prefix in tree:
            units[key] = founding.add_unit(
                session,
                key,
                name,
                kind,
                units[parent] if parent else None,
                document_prefix=prefix,
                phone="000-66123150",
                address="临江市滨江路1号",
            )
        staff = {}
        for part, (name, role, unit) in PEOPLE.items():
            staff[part] = founding.add_staff(session, part, name, password_hash, [(role, units[unit])], now).id
        founding.add_routes(
            session,
            [
                {"places": ["东城区", "望江"], "unit_id": units["east_office"].id, "reason": "地址在东城区"},
                {"places": ["西城区", "中山路"], "unit_id": units["west_office"].id, "reason": "地址在西城区"},
            ],
        )
        ids = {key: unit.id for key, unit in units.items()}
    return Cast(staff, ids)


def file(kind: str = "complaint", now: datetime = MORNING, actor: Actor = FILER, **entered: Any) -> Receipt:
    """File something as a citizen would."""
    return intake.register(intake.NewFiling(kind, {**FILINGS[kind], **entered}, actor), now)


def case_of(receipt: Receipt, place: int = 0) -> Case:
    """The case behind a slip of a receipt."""
    return db.session.query(Case).filter_by(number=receipt.slips[place].number).one()
