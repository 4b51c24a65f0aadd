"""Issuing a directive: the form, the page that shows it once more, and the sending."""

from __future__ import annotations

from flask import Blueprint, Response, request

from blueprints.command import entries
from blueprints.command.frame import show
from blueprints.web import leave, policy, say
from blueprints.web.forms import Filled, Value
from blueprints.web.signed_in import worker_of_desk
from casework import casefile, directives
from casework.directives import Checked, Order
from casework.errors import Faults, Refused
from casework.reference import UnitView, current
from models import clock

bp = Blueprint("orders", __name__, url_prefix="/command/directives")
FIELDS = ("level", "title", "text", "urgency", "hours", "cases")
MANY = ("units", "files")


@bp.get("/new")
@policy("staff", "command.order")
def new() -> Response:
    """Show an empty form; `?case=` names a case that it is about."""
    first = {"urgency": "urgent", "hours": "24", "cases": request.args.get("case", "")[:40]}
    return _form(Filled({**first, "form_key": entries.new_key()}))


@bp.post("/new")
@policy("staff", "command.order", uploads=True, multi=MANY)
def send() -> Response:
    """Check what was entered and show it once more, because it goes to many; issue it when that was confirmed."""
    staff, now = worker_of_desk(), clock.now()
    values: dict[str, Value] = {name: request.form.get(name, "") for name in FIELDS}
    values |= {"units": request.form.getlist("units"), "form_key": entries.key_in_form()}
    values["files"], wrong = entries.received("files", staff, now)
    if request.form.get("edit"):
        return _form(Filled(values))
    try:
        if wrong:
            raise Refused(wrong, "files")
        order = _order(values)
        if request.form.get("confirmed") != "yes":
            return _confirm(directives.check(order, staff), values)
        directive = directives.issue(order, staff, now)
    except Faults as found:
        return _form(Filled(values, found.faults), 422)
    except Refused as refused:
        return _form(Filled(values, {refused.field or "title": refused.sentence}), 422)
    say(f"指令{directive.number}已下达，指令单正在制作。")
    return leave(f"/command/directives/{directive.id}")


def _order(values: dict[str, Value]) -> Order:
    return Order(
        **{name: str(values[name]).replace("\r\n", "\n") for name in FIELDS},
        units=tuple(values["units"]),
        files=entries.ids_of(tuple(values["files"])),
        form_key=entries.key_of(str(values["form_key"])),
    )


def _form(form: Filled, status: int = 200) -> Response:
    staff, ref = worker_of_desk(), current()
    centre = directives.issuing_unit(staff, ref)
    units = directives.choosable(centre, ref) if centre else []
    kinds = {unit.kind for unit in units}
    kept = casefile.loose_files(staff, entries.ids_of(tuple(form.values.get("files", ()))))
    return show(
        "command/directive_new.html",
        status=status,
        form=form,
        centre=centre,
        levels=[(key, words) for key, words in directives.LEVELS.items() if key == "all" or key in kinds],
        tree=_tree(units),
        urgencies=list(directives.URGENCIES.items()),
        kept=kept,
        limits=entries.LIMITS,
    )


def _tree(units: list[UnitView]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The units under the bureau to which they belong, in the order of the tree."""
    ref = current()
    found: dict[int, list[tuple[str, str]]] = {}
    for unit in units:
        found.setdefault(unit.bureau_id, []).append((unit.key, unit.short_name))
    return [(ref.units[bureau].short_name, options) for bureau, options in found.items()]


def _confirm(wanted: Checked, values: dict[str, Value]) -> Response:
    hidden = [(name, one) for name, value in values.items() for one in ([value] if isinstance(value, str) else value)]
    return show(
        "command/directive_confirm.html",
        wanted=wanted,
        urgency=directives.URGENCIES[wanted.urgency],
        files=len(values["files"]),
        hidden=hidden,
    )
