"""What is published of complaints, for those who answer for it: objections that wait, corrections, withdrawals."""

from __future__ import annotations

from flask import Blueprint, Response, request

from blueprints.command.frame import show
from blueprints.desk import present
from blueprints.web import leave, policy, say
from blueprints.web.forms import Filled
from blueprints.web.pages import forget_public_pages
from blueprints.web.signed_in import worker_of_desk
from casework.actors import StaffView
from casework.errors import Faults, NotFound
from casework.publicity import keeping
from casework.publicity.keeping import Row
from casework.reference import current
from models import clock, publication
from rules.calendar import local_date

HERE = "/command/publicity"
bp = Blueprint("kept_publicity", __name__, url_prefix=HERE)
STATES = {
    publication.OPEN: ("待答复", "wait"),
    publication.UPHELD: ("成立", "done"),
    publication.DENIED: ("不成立", ""),
}
STEPS = {"corrected": "更正", "withdrawn": "撤下", "published": "重新公示"}


@bp.get("")
@policy("staff", "publicity")
def index() -> Response:
    """List the objections that wait and the latest publications."""
    staff, entered = worker_of_desk(), request.args.get("q", "").strip()[:60]
    return show(
        "command/publicity.html",
        waiting=keeping.waiting(staff),
        recent=keeping.recent(staff, entered),
        entered=entered,
        today=local_date(clock.now()),
    )


@bp.get("/<int:publication_id>")
@policy("staff", "publicity")
def one(publication_id: int) -> Response:
    """Show one publication with all that was done to it; one that is not in sight leads back to the list."""
    staff = worker_of_desk()
    try:
        row = keeping.find(staff, publication_id)
    except NotFound as gone:
        say(gone.sentence, tone="warn")
        return leave(HERE)
    return _one(staff, row, Filled({"text": row.publication.text}))


def _one(staff: StaffView, row: Row, form: Filled, status: int = 200) -> Response:
    names = current().names
    return show(
        "command/publication.html",
        status=status,
        row=row,
        form=form,
        may_keep=keeping.may_keep(staff, row.case) and row.publication.withdrawn_at is None,
        decided_here=row.publication.decided_by == staff.id,
        ways=keeping.WAYS,
        limits=keeping.LIMITS,
        objections=keeping.objections(row.publication.id),
        steps=keeping.steps(row.publication.id),
        states=STATES,
        step_names=STEPS,
        names=names,
        href=present.case_href(row.case.number),
        today=local_date(clock.now()),
    )


@bp.post("/<int:publication_id>/correct")
@policy("staff", "publicity")
def correct(publication_id: int) -> Response:
    """Correct the text."""
    return _done(publication_id, keeping.correct, "已更正，公示下面会写明更正的情况。")


@bp.post("/<int:publication_id>/withdraw")
@policy("staff", "publicity")
def withdraw(publication_id: int) -> Response:
    """Withdraw it."""
    return _done(publication_id, keeping.withdraw, "已撤下。")


@bp.post("/<int:publication_id>/answer")
@policy("staff", "publicity")
def answer(publication_id: int) -> Response:
    """Answer the objection that waits."""
    return _done(publication_id, keeping.answer, "已答复，请打电话告诉提出异议的商家。")


def _done(publication_id: int, act: keeping.Act, said: str) -> Response:
    staff = worker_of_desk()
    row = keeping.find(staff, publication_id)
    try:
        act(staff, publication_id, request.form, clock.now())
    except Faults as found:
        typed = {"text": row.publication.text, **request.form.to_dict()}
        return _one(staff, row, Filled(typed, found.faults), found.status)
    forget_public_pages()
    say(said)
    return leave(f"{HERE}/{publication_id}")
