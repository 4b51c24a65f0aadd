"""Whether the work behind the pages is done, what waits, what failed and why; and trying again."""

from __future__ import annotations

from flask import Blueprint, Response, request

from blueprints.command.frame import show
from blueprints.web import leave, policy, say
from blueprints.web.staff import current_staff, may_open
from casework import health, operations, tasks
from models import clock
from rules.identifiers import row_number

bp = Blueprint("operations", __name__, url_prefix="/command/operations")
LINES = {
    "terms": "期限巡检",
    "reconcile": "补送后台任务",
    "erase": "到期清除",
    "papers": "补制文书",
    "tidy": "整理旧任务",
    "strays": "核对附件文件",
    "callbacks": "抽取回访",
    "directives": "指令巡检",
    "digests": "每日提要",
    "incidents": "找可能的事件",
    "hotspots": "安排找热点",
    "assessment": "安排考核取数",
}
FOUND = {
    "spoken": "到时点",
    "lapsed": "期满",
    "failed": "出错",
    "due": "等待",
    "carried": "补送",
    "files": "清除文件",
    "loose": "清除散件",
    "missing": "缺文件",
    "drawn": "抽取",
    "written": "写出",
    "suggested": "新的建议",
    "ordered": "已安排",
}
KINDS = {
    tasks.MESSAGE_SEND: "发送消息",
    tasks.DOCUMENT_MAKE: "制作文书",
    tasks.ATTACHMENT_CLEAN: "检查附件",
    tasks.DUTY_TELL: "通知值班人",
    tasks.INCIDENT_REPORT: "制作情况报告",
    tasks.BRIEFING_COMPILE: "汇编简报",
    tasks.BRIEFING_PRINT: "印制简报",
    tasks.ASSESSMENT_COUNT: "考核取数",
    tasks.ASSESSMENT_PRINT: "印制考核通报",
    tasks.DESTRUCTION_RUN: "销毁到期案卷",
    tasks.DOSSIER_BIND: "装订卷宗",
    tasks.STATION_POSTER: "制作服务站海报",
    tasks.NOTICE_SEND: "通知工作人员",
    tasks.CALENDAR_RECOUNT: "重算期限",
    tasks.BOARD_TURN: "公示上下架",
    tasks.BOARD_SHEET: "制作公示张贴版",
    tasks.HOTSPOT_LOOK: "找热点",
}
PARTS = {
    "database": "数据库",
    "redis": "Redis",
    "worker.default": "后台进程",
    "worker.pdf": "文书进程",
    "periodic": "定时进程",
    "sweep": "期限巡检",
    "disk": "磁盘",
    "tasks": "任务积压",
}


@bp.get("")
@policy("staff", "operations")
def index() -> Response:
    """Show what runs, what waits and what failed."""
    now = clock.now()
    return show(
        "command/operations.html",
        "command/_operations.html",
        parts_of_house=health.parts(now),
        lines=operations.lines(),
        backlog=operations.backlog(now),
        failures=operations.failures(),
        waiting=tasks.waiting(now),
        now=now,
        may_retry=may_open(current_staff(), ("operations.retry",)),
        line_names=LINES,
        found_names=FOUND,
        kind_names=KINDS,
        part_names=PARTS,
    )


@bp.post("/retry")
@policy("staff", "operations.retry")
def retry() -> Response:
    """Give one task that was given up, or all of its kind, its tries back; pressed twice it does so once."""
    task_id, kind = row_number(request.form.get("task", "")), request.form.get("kind", "")
    revived = operations.try_again(clock.now(), task_id=task_id, kind=kind if kind in tasks.KINDS else None)
    if revived:
        say(f"{revived} 件任务已重新排队，结果过一会儿在这一页看。")
    else:
        say("没有要重试的任务：可能刚刚有人点过，已经在排队。", tone="warn")
    return leave("/command/operations")
