"""Words and limits of directives."""

from __future__ import annotations

from collections.abc import Mapping

from models import directive as states
from models.unit import DEPARTMENT, DISTRICT, OFFICE
from rules.workflow import WORKFLOW

URGENCIES: Mapping[str, str] = {"normal": "平急", "urgent": "加急", "extreme": "特急"}
"""As official documents grade them (GB/T 9704)."""
LEVELS: Mapping[str, str] = {
    "all": "所有单位",
    DISTRICT: "各区县中心",
    OFFICE: "各市场监管所",
    DEPARTMENT: "各科室和执法队",
}
TITLE_MOST, TEXT_MOST, RESULT_MOST = 60, 4000, 4000
CASES_MOST = 50
STATES: Mapping[str, tuple[str, str]] = {
    states.RUNNING: ("执行中", "wait"),
    states.ENDED: ("已办结", "done"),
    states.WITHDRAWN: ("已撤回", ""),
    states.WAITING: ("待签收", "red"),
    states.ACKNOWLEDGED: ("执行中", "on"),
    states.COMPLETED: ("已上报", "wait"),
    states.RECORDED: ("已销号", "done"),
}
"""Words and tone of each state of a directive or a copy."""


def hours_allowed() -> tuple[int, int]:
    """Return the least and the most hours of a term, as the table of the procedure has them."""
    field = next(one for one in WORKFLOW.action("attach_directive").fields if one.name == "hours")
    return int(field.min or 1), int(field.max or 72)
