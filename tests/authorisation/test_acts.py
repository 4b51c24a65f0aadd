"""AUZ-02, 03: every act × person × case, compared with the oracle; what is refused writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from casework import access, handling, identity
from casework.actors import FILER, SYSTEM, by
from casework.errors import NotAllowed, WorkError
from casework.reference import current
from models import Case, db
from models.base import writing
from rules.workflow import WORKFLOW
from tests.authorisation import oracle
from tests.authorisation.world import NOW, World
from tests.support.cast import PEOPLE


class Undone(Exception):
    """Raised to take back an act that was let through."""


def one_of_each(city: World) -> dict[str, Case]:
    """A case of each kind in each pair of hands, in the middle of its way."""
    found: dict[tuple[object, ...], str] = {}
    for number, case in city.cases.items():
        found.setdefault((case.kind, case.unit, case.handler, case.delegate, case.case_unit, case.receiving), number)
    return {number: db.session.query(Case).filter_by(number=number).one() for number in found.values()}


def cells(city: World) -> Iterator[tuple[bool, bool, tuple[str, str, oracle.Standing]]]:
    """(what the portal says, what the oracle says, where) for every person, act and pair of hands."""
    ref = current()
    actors = {part: by(city.people.view(part, NOW)) for part in PEOPLE}
    for number, case in one_of_each(city).items():
        columns, standing = access.columns(case), city.cases[number]
        for key, action in WORKFLOW.actions.items():
            for part, actor in actors.items():
                may = access.acting_role(actor, action, columns, ref) is not None
                yield may, oracle.may_act(part, key, standing), (part, key, standing)


def test_auz_02_every_act_is_for_whom_the_table_names_and_for_nobody_else(city: World) -> None:
    with city.app.app_context():
        found = list(cells(city))
    assert [where for may, should, where in found if may != should] == []
    assert len(found) >= 100_000
    assert 0.005 < sum(may for may, *_ in found) / len(found) < 0.25, "letting everybody or nobody in proves nothing"


def _everything(*_: object) -> frozenset[str]:
    return frozenset({"any", "own_unit", "assigned", "own_bureau", "superior"})


MUTANTS: dict[str, tuple[str, Callable[..., object]]] = {
    "every relation holds": ("casework.access.scopes", _everything),
    "sealed cases are open": ("casework.access._sealed_scopes", lambda *_: frozenset({"sealed"})),
    "settings narrow nobody": ("rules.access.effects", lambda _settings: ()),
    "any relation is enough": ("rules.access._ENOUGH", dict.fromkeys(oracle.RELATIONS, frozenset(oracle.RELATIONS))),  # type: ignore[dict-item]
    "the table's answer does not matter": ("casework.access.access.may_act", lambda *_: True),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_auz_11_a_wall_that_is_taken_down_is_noticed(city: World, mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place, instead = MUTANTS[mutant]
    monkeypatch.setattr(place, instead)
    with city.app.app_context():
        assert any(may and not should for may, should, _ in cells(city))


@pytest.mark.parametrize("actor", [FILER, SYSTEM], ids=["citizen", "system"])
def test_auz_02_filers_and_the_system_act_only_where_the_table_names_them(city: World, actor: object) -> None:
    role = "citizen" if actor is FILER else "system"
    with city.app.app_context():
        case = next(iter(one_of_each(city).values()))
        for key, action in WORKFLOW.actions.items():
            found = access.acting_role(actor, action, access.columns(case), current())  # type: ignore[arg-type]
            assert (found is not None) == (role in oracle.acts()[key]["roles"]), key


def test_auz_02_everybody_reads_exactly_the_cases_of_the_table(city: World) -> None:
    compared = 0
    with city.app.app_context():
        ref = current()
        columns = {case.number: access.columns(case) for case in db.session.query(Case)}
        for part in PEOPLE:
            staff = city.people.view(part, NOW)
            listed = set(db.session.scalars(access.visible(staff).with_only_columns(Case.number)))
            wanted = {number for number, case in city.cases.items() if oracle.may_read(part, case)}
            assert listed == wanted, part
            for number, case in city.cases.items():
                assert access.may_read(staff, columns[number], ref) == (number in wanted), (part, case)
                compared += 1
    assert compared >= 10_000


def test_auz_02_everybody_sees_exactly_the_identities_of_the_table(city: World) -> None:
    with city.app.app_context():
        for number, case in one_of_each(city).items():
            for part in PEOPLE:
                may = identity.may_reveal(city.people.view(part, NOW), case, NOW)
                # Filed online: no clerk registered it, so none may read it back to the caller.
                wanted = oracle.may_reveal(part, city.cases[number], registered_today=False)
                by_clerk = PEOPLE[part][1] == "intake"
                assert may == wanted or by_clerk, (part, city.cases[number])
                assert not (may and not oracle.may_reveal(part, city.cases[number])), (part, city.cases[number])


def test_auz_03_a_refused_act_leaves_no_row_behind(city: World) -> None:
    """Each act is tried by everybody on a case from which it may start; whoever may not is refused with no trace."""
    refused = 0
    with city.app.app_context():
        actors = {part: by(city.people.view(part, NOW)) for part in PEOPLE}
        for key, action in WORKFLOW.actions.items():
            number = _starting(city, key)
            case = db.session.query(Case).filter_by(number=number).one()
            db.session.rollback()
            with city.unchanged():
                for part, actor in actors.items():
                    if oracle.may_act(part, key, city.cases[number]):
                        continue
                    with pytest.raises(NotAllowed):
                        handling.apply(case, key, actor, NOW)
                    refused += 1
            assert action.key == key
    assert refused > 3000


def test_auz_02_whoever_may_is_never_told_that_he_may_not(city: World) -> None:
    allowed = 0
    with city.app.app_context():
        actors = {part: by(city.people.view(part, NOW)) for part in PEOPLE}
        for key in WORKFLOW.actions:
            number = _starting(city, key)
            case_id = db.session.query(Case.id).filter_by(number=number).scalar()
            for part, actor in actors.items():
                if not oracle.may_act(part, key, city.cases[number]):
                    continue
                try:
                    with writing() as session:
                        handling.act(session, case_id, key, actor, NOW, seen=None, entered={})
                        raise Undone
                except NotAllowed:
                    pytest.fail(f"{part} may {key} {city.cases[number]}")
                except (WorkError, Undone):
                    allowed += 1
    assert allowed > 100


def _starting(city: World, act: str) -> str:
    """A case on which an act may begin, in the hands in which most of its roles have a part."""
    action = WORKFLOW.action(act)
    kind = action.kinds[0]
    states = sorted(action.states.get(kind, ())) or list(WORKFLOW.states[kind])
    numbers = [n for n, case in city.cases.items() if case.kind == kind and case.state == states[0]]
    return max(numbers, key=lambda n: sum(oracle.may_act(part, act, city.cases[n]) for part in PEOPLE))


def test_auz_02_nothing_happens_to_a_case_from_a_state_that_the_table_does_not_name(city: World) -> None:
    """SEC-13 for every kind and state: acts that do not start there are refused whoever presses, and write nothing."""
    tried = 0
    with city.app.app_context():
        actors = {part: by(city.people.view(part, NOW)) for part in PEOPLE}
        for number, standing in city.cases.items():
            if (standing.unit, standing.handler) not in {("east_office", "east_handler"), ("city", "discipline")}:
                continue
            possible = {a.key for a in WORKFLOW.actions_from(standing.kind, standing.state, "order-121")}
            mine = [a for a in WORKFLOW.actions.values() if standing.kind in a.kinds and a.key not in possible]
            case = db.session.query(Case).filter_by(number=number).one()
            db.session.rollback()
            with city.unchanged():
                for action in mine:
                    who = next((p for p in PEOPLE if oracle.may_act(p, action.key, standing)), None)
                    with pytest.raises(WorkError):
                        handling.apply(case, action.key, actors[who] if who else FILER, NOW)
                    tried += 1
    assert tried > 2000


def test_the_watch_notices_a_single_row(city: World) -> None:
    number = city.numbers(kind="complaint", state="under_review", handler="east_handler")[0]
    with city.app.app_context():
        case = db.session.query(Case).filter_by(number=number).one()
        with pytest.raises(AssertionError, match="something was written"), city.unchanged():
            handling.apply(case, "note", by(city.people.view("east_handler", NOW)), NOW, text="已看过材料")
