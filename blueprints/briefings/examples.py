"""The typical cases of a briefing: chosen from proposals, retold, left out again."""

from __future__ import annotations

from flask import Blueprint, Response, request

from blueprints.briefings.views import answer, href
from blueprints.web import leave, policy, say
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from casework.briefings import keeping
from casework.briefings.keeping import Conflict
from casework.errors import Faults
from rules.identifiers import row_number

bp = Blueprint("briefing_examples", __name__, url_prefix="/briefings")
PART = "cases"


@bp.post("/<month>/examples")
@policy("staff", "briefing.edit")
def choose(month: str) -> Response:
    """Take a proposed case as a typical case."""
    staff = worker_of_desk()
    row = keeping.find(staff, month)
    keeping.choose(staff, row, row_number(request.form.get("case", "")) or 0)
    say("已选用，请改写成给人看的文字。")
    return leave(href(month, PART))


@bp.post("/<month>/examples/<int:example_id>")
@policy("staff", "briefing.edit")
def retell(month: str, example_id: int) -> Response:
    """Save how a typical case is told, or leave it out."""
    staff = worker_of_desk()
    row = keeping.find(staff, month)
    if request.form.get("remove"):
        keeping.leave_out(staff, row, example_id)
        say("已去掉这一件。")
        return leave(href(month, PART))
    typed = {name: request.form.get(name, "").replace("\r\n", "\n") for name in ("title", "text", "version")}
    try:
        keeping.retell(staff, row, example_id, typed)
    except Conflict as conflict:
        kept = {**typed, "version": str(conflict.version)}
        errors = {"text": f"这个案例刚才有人保存过，现在是：{conflict.text}"}
    except Faults as found:
        kept, errors = typed, dict(found.faults)
    else:
        say("已保存。")
        return leave(href(month, PART))
    form = Filled(kept, errors, prefix=f"example-{example_id}-")
    return answer(staff, row, PART, {f"example-{example_id}": form}, status=422)
