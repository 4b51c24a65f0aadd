"""The pictures of a briefing: taken in, shown, named, put in order, left out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from blueprints.briefings.views import answer, back, href
from blueprints.web import leave, policy, say
from blueprints.web.files import handed_out
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from casework import attachments
from casework.briefings import keeping, picturing
from casework.briefings.keeping import Conflict
from casework.errors import Faults, NotFound, Refused
from models import clock
from rules.identifiers import row_number

bp = Blueprint("briefing_pictures", __name__, url_prefix="/briefings")
DONE = {"remove": "图片已移除。", picturing.UP: "已上移。", picturing.DOWN: "已下移。"}


@bp.post("/<month>/parts/<part>/pictures")
@policy("staff", "briefing.edit", uploads=True)
def upload(month: str, part: str) -> Response:
    """Take in one picture for a part."""
    staff = worker_of_desk()
    row = keeping.find(staff, month)
    typed = {name: request.form.get(name, "") for name in ("caption", "inside")}
    sent = request.files.get("file")
    try:
        if sent is None or not sent.filename:
            raise Faults({"file": "请先选一张图片。"})
        picturing.add(staff, row, part, sent.stream, sent.filename, typed, clock.now())
    except Faults as found:
        errors = found.faults
    except Refused as refused:
        if refused.field is None:
            raise
        errors = {"file": refused.sentence}
    else:
        say("已收到，正在检查。")
        return leave(f"{href(month, part)}#pictures")
    return answer(staff, row, part, {"picture": Filled(typed, errors, "picture-")}, status=422)


@bp.get("/<month>/pictures/<int:picture_id>")
@policy("staff", "briefing")
def picture(month: str, picture_id: int) -> Response:
    """Hand out the cleaned copy of a picture to those who read the briefing."""
    staff = worker_of_desk()
    try:
        row = keeping.find(staff, month)
        _one, file = picturing.find(row, row_number(str(picture_id)) or 0)
        opened = attachments.open_clean(file)
    except NotFound as gone:
        return back(gone)
    return handed_out(opened, in_page=True)


@bp.post("/<month>/pictures/<int:picture_id>")
@policy("staff", "briefing.edit")
def change(month: str, picture_id: int) -> Response:
    """Save the caption of a picture, move it, or leave it out."""
    staff = worker_of_desk()
    row = keeping.find(staff, month)
    one, _file = picturing.find(row, row_number(str(picture_id)) or 0)
    part, wanted = one.key, request.form.get("do", "")
    if wanted in DONE:
        if wanted == "remove":
            picturing.remove(staff, row, one.id)
        else:
            picturing.move(staff, row, one.id, wanted)
        say(DONE[wanted])
        return leave(f"{href(month, part)}#pictures")
    typed: dict[str, Any] = {name: request.form.get(name, "") for name in ("caption", "inside", "version")}
    try:
        picturing.name(staff, row, one.id, typed)
    except Conflict as conflict:
        typed |= {"version": str(conflict.version)}
        errors = {"caption": f"刚才有人改过这张图片的说明，现在是：{conflict.text}"}
    except Faults as found:
        errors = found.faults
    else:
        say("已保存。")
        return leave(f"{href(month, part)}#pictures")
    form = Filled(typed, errors, prefix=f"picture-{one.id}-")
    return answer(staff, row, part, {f"picture-{one.id}": form}, status=422)
