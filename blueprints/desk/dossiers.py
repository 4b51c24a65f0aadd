"""The dossier of a case on the desk: ordered, watched while it is bound, opened with a record."""

from __future__ import annotations

from flask import Blueprint, Response

from blueprints.desk import present
from blueprints.web import leave, page, policy, say
from blueprints.web.pages import by_htmx
from blueprints.web.signed_in import worker_of_desk
from casework import access, attachments, identity
from casework.dossiers import making, showing
from models import clock

bp = Blueprint("dossiers", __name__, url_prefix="/desk/cases")


def _place(number: str) -> str:
    return f"{present.case_href(number)}#s-dossier"


@bp.get("/<number>/dossier")
@policy("staff", "desk.read")
def watch(number: str) -> Response:
    """Show the part of the page alone: it asks for itself again while the dossier is being bound."""
    staff, now = worker_of_desk(), clock.now()
    case = access.find(staff, number)
    if not by_htmx():
        return leave(_place(number))
    return page("desk/_dossier.html", "desk/_dossier.html", case=case, dossier=showing.shown(staff, case, now))


@bp.post("/<number>/dossier/bind")
@policy("staff", "desk.act")
def bind(number: str) -> Response:
    """Have the dossier bound as the case stands."""
    staff = worker_of_desk()
    case = access.find(staff, number)
    making.order(staff, case, clock.now())
    say("卷宗已排队装订，通常一分钟以内。")
    return leave(_place(number))


@bp.post("/<number>/dossier/<int:dossier_id>/open")
@policy("staff", "desk.read")
def open_it(number: str, dossier_id: int) -> Response:
    """Hand out a dossier; the look is on record before anything is shown."""
    staff, now = worker_of_desk(), clock.now()
    case = access.find(staff, number)
    row = making.find(case, dossier_id)
    identity.look_into_dossier(case, staff, now)
    headers = {**attachments.HEADERS, "Content-Disposition": attachments.disposition(f"卷宗{case.number}.pdf")}
    return Response(making.read(row), mimetype="application/pdf", headers=headers)
