"""What hangs on a notice: its corrections, its files, its sheets that have to be made once more."""

from __future__ import annotations

from flask import Blueprint, Response, request

from blueprints.board.editing import HOME, answer, href
from blueprints.web import leave, policy, say
from blueprints.web.files import handed_out
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from casework.board import correcting, enclosing, keeping, sheets
from casework.errors import Faults, NotFound, Refused, SavedMeanwhile
from models import Notice, clock
from rules.identifiers import row_number

bp = Blueprint("board_amending", __name__, url_prefix="/board/edit")


def _find(notice_id: int) -> Notice:
    return keeping.find(row_number(str(notice_id)) or 0)


@bp.post("/<int:notice_id>/corrections")
@policy("staff", "board.edit")
def propose(notice_id: int) -> Response:
    """Propose a correction, or change the one that waits."""
    staff, row = worker_of_desk(), _find(notice_id)
    values = {name: request.form.get(name, "").replace("\r\n", "\n") for name in (*correcting.FIELDS, "version")}
    try:
        correcting.propose(staff, row, values, clock.now())
    except SavedMeanwhile as found:
        again = Filled({**values, "version": str(found.version)}, {"body": found.sentence}, "correct-")
        return answer(row, forms={"correct": again}, theirs=found, status=422)
    except Faults as found:
        return answer(row, forms={"correct": Filled(values, found.faults, "correct-")}, status=422)
    say("更正已送审。审核通过以前，登出的还是原来的文字。")
    return leave(href(row))


@bp.post("/<int:notice_id>/corrections/approve")
@policy("staff", "board.publish")
def approve(notice_id: int) -> Response:
    """Let a correction take the place of the text."""
    row = _find(notice_id)
    correcting.approve(worker_of_desk(), row, request.form.get("version", ""), clock.now())
    say("更正已登出，页面上写着更正说明。新的张贴版正在制作。")
    return leave(href(row))


@bp.post("/<int:notice_id>/corrections/discard")
@policy("staff", "board.edit", "board.publish")
def discard(notice_id: int) -> Response:
    """Drop a correction that waits."""
    row = _find(notice_id)
    correcting.discard(worker_of_desk(), row, clock.now())
    say("这份更正不登了，登出的文字不变。")
    return leave(href(row))


@bp.post("/<int:notice_id>/files")
@policy("staff", "board.edit", uploads=True)
def upload(notice_id: int) -> Response:
    """Take in one picture or file."""
    staff, row, alt = worker_of_desk(), _find(notice_id), request.form.get("alt", "")
    sent = request.files.get("file")
    try:
        if sent is None or not sent.filename:
            raise Faults({"file": "请先选一个文件。"})
        enclosing.receive(staff, row, sent.stream, sent.filename, alt, clock.now())
    except Faults as found:
        return answer(row, forms={"file": Filled({"alt": alt}, found.faults, "file-")}, status=422)
    except Refused as refused:
        return answer(row, forms={"file": Filled({"alt": alt}, {"file": refused.sentence}, "file-")}, status=422)
    say("已收到，正在检查。检查好以后，图片可以放进正文。")
    return leave(f"{href(row)}#files")


@bp.get("/<int:notice_id>/files/<int:file_id>")
@policy("staff", "board.edit", "board.publish")
def file(notice_id: int, file_id: int) -> Response:
    """Hand out the cleaned copy of a file to those who work on the notice, published or not."""
    worker_of_desk()
    try:
        opened, picture = enclosing.open_file(_find(notice_id), row_number(str(file_id)) or 0)
    except NotFound as gone:
        say(gone.sentence, tone="warn")
        return leave(HOME)
    return handed_out(opened, in_page=picture)


@bp.post("/<int:notice_id>/files/<int:file_id>/remove")
@policy("staff", "board.edit")
def remove(notice_id: int, file_id: int) -> Response:
    """Take a file out of a draft."""
    row = _find(notice_id)
    enclosing.remove(worker_of_desk(), row, row_number(str(file_id)) or 0)
    say("文件已移除。")
    return leave(f"{href(row)}#files")


@bp.post("/<int:notice_id>/sheets")
@policy("staff", "board.edit", "board.publish")
def sheets_again(notice_id: int) -> Response:
    """Make once more the sheets that could not be made."""
    row = _find(notice_id)
    worker_of_desk()
    sheets.again(row.id, clock.now())
    say("张贴版已重新排队制作。")
    return leave(href(row))
