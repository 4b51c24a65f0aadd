"""The board as everybody reads it: list, search, notice, feed, files, sheets for the wall."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, render_template, request

from blueprints.board import show
from blueprints.web import page, policy
from blueprints.web.files import handed_out
from casework import attachments
from casework.board import enclosing, finding, markup, reading, sheets
from casework.errors import NotFound
from models import Notice, clock
from rules import board as law
from rules.identifiers import row_number

bp = Blueprint("board", __name__, url_prefix="/board")
_DAY = 24 * 3600


@bp.get("")
@policy("public", cached=True)
def index() -> Response:
    """List what is on the board, or what a search finds."""
    query = " ".join(request.args.get("q", "").split())
    category, after = request.args.get("category", ""), request.args.get("after", "")
    shown = query[: reading.QUERY_LONGEST]
    return page(
        "board/list.html",
        query=shown,
        cut=len(query) > len(shown),
        in_titles=bool(shown) and finding.in_titles(shown),
        **show.page_of(clock.now(), category, shown, after),
    )


@bp.get("/feed.atom")
@policy("public", cached=True)
def feed() -> Response:
    """The newest notices as an Atom feed."""
    now = clock.now()
    rows = reading.newest(now)
    body = render_template(
        "board/feed.xml",
        root=current_app.config["SETTINGS"].public_url.rstrip("/"),
        rows=rows,
        categories=law.CATEGORIES,
        changed=reading.changed(now, rows),
    )
    return Response(body, content_type="application/atom+xml; charset=utf-8")


def _find(notice_id: int) -> Notice:
    return reading.one(row_number(str(notice_id)) or 0, clock.now())


@bp.get("/<int:notice_id>")
@policy("public", cached=True)
def one(notice_id: int) -> Response:
    """Show a notice; of a withdrawn one, that it is and why."""
    now, row = clock.now(), _find(notice_id)
    standing = reading.standing(row, now)
    if standing == "withdrawn":
        return page("board/withdrawn.html", status=410, notice=row, category=law.CATEGORIES[row.category])
    files = enclosing.shown(row)
    return page(
        "board/notice.html",
        notice=row,
        standing=standing,
        category=law.CATEGORIES[row.category],
        text=markup.render(row.body),
        files=show.file_lines([one for one in files if not enclosing.in_text(row, one)]),
        briefing=enclosing.briefing_of(row) is not None,
        sheets=show.sheet_lines(row),
        near=[show.item(other) for other in reading.near(row, now)],
    )


@bp.get("/<int:notice_id>/print")
@policy("public", cached=True)
def print_page(notice_id: int) -> Response:
    """Show a notice as a page to print, with the code that leads to it."""
    now, row = clock.now(), _find(notice_id)
    if reading.standing(row, now) == "withdrawn":
        return page("board/withdrawn.html", status=410, notice=row, category=law.CATEGORIES[row.category])
    return page(
        "board/print.html",
        notice=row,
        standing=reading.standing(row, now),
        category=law.CATEGORIES[row.category],
        text=markup.render(row.body),
        sheets=show.sheet_lines(row),
        address=sheets.address_of(row.id),
    )


def _shown(notice_id: int) -> Notice:
    """Return a notice that is not withdrawn: what hangs on it goes with it."""
    row = _find(notice_id)
    if reading.standing(row, clock.now()) == "withdrawn":
        raise NotFound("这条公示已经撤下。")
    return row


@bp.get("/<int:notice_id>/qr.svg")
@policy("public", cached=True)
def code(notice_id: int) -> Response:
    """The address of a notice as a QR code."""
    return Response(sheets.code_file(_shown(notice_id).id), content_type="image/svg+xml; charset=utf-8")


@bp.get("/<int:notice_id>/sheets/<any(a4, a3):size>.pdf")
@policy("public")
def sheet(notice_id: int, size: str) -> Response:
    """Hand out a sheet for the wall."""
    row = _shown(notice_id)
    found = sheets.latest(row.id).get(size)
    if found is None:
        raise NotFound("这条公示没有张贴版。")
    name = f"{row.title}-{sheets.SIZES[size]}.pdf"
    headers = {**attachments.HEADERS, "Content-Disposition": attachments.disposition(name)}
    return Response(sheets.read(found), mimetype="application/pdf", headers=headers)


@bp.get("/<int:notice_id>/files/<int:file_id>")
@policy("public")
def file(notice_id: int, file_id: int) -> Response:
    """Hand out the cleaned copy of a file; a picture is shown in its notice."""
    row = _shown(notice_id)
    opened, picture = enclosing.open_file(row, row_number(str(file_id)) or 0)
    answer = handed_out(opened, in_page=picture)
    if picture:
        answer.headers["Cache-Control"] = f"public, max-age={_DAY}"
    return answer


@bp.get("/<int:notice_id>/briefing.pdf")
@policy("public")
def briefing(notice_id: int) -> Response:
    """Hand out the public edition of the briefing that a notice tells of."""
    row = _shown(notice_id)
    found = enclosing.briefing_of(row)
    if found is None:
        raise NotFound("公开版还没有印好，请过一会儿再看。")
    headers = {**attachments.HEADERS, "Content-Disposition": attachments.disposition(f"{row.title}.pdf")}
    return Response(enclosing.read_briefing(found), mimetype="application/pdf", headers=headers)
