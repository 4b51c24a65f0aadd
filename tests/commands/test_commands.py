"""The commands as an administrator meets them."""

from __future__ import annotations

import csv
import io
import os
import stat
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select, text

from config import Settings
from models import Case, DutyShift, Event, Handover, Staff, Unit, clock
from models.base import db
from tests.support import cast

HELD = cast.MORNING


@pytest.fixture
def run(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def test_init_makes_one_administrator_and_changes_nothing_the_second_time(app: Flask, run: FlaskCliRunner) -> None:
    first, second = run.invoke(args=["init"]), run.invoke(args=["init"])
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "password" in first.output
    assert "password" not in second.output
    with app.app_context():
        person = db.session.scalars(select(Staff)).one()
        assert person.must_change
        assert person.totp_secret


def test_demo_makes_a_city_with_accounts_for_every_role(app: Flask, run: FlaskCliRunner, settings: Settings) -> None:
    run.invoke(args=["init"])
    result = run.invoke(args=["demo", "--cases", "40", "--processes", "1"])
    assert result.exit_code == 0, result.output
    assert "40 cases were written" in result.output
    file = settings.demo_accounts_file
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    with file.open(encoding="utf-8") as stream:
        accounts = list(csv.DictReader(stream))
    roles = {"intake", "dispatcher", "handler", "lead", "leader", "supervisor", "enforcement", "archivist", "mediator",
             "station", "discipline", "editor", "auditor", "system_admin", "security_admin"}  # fmt: skip
    assert {row["username"]: row["role"] for row in accounts if row["username"] in roles} == {one: one for one in roles}
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Case)) == 40
    again = run.invoke(args=["demo", "--cases", "40"])
    assert again.exit_code == 1
    assert "already" in again.output


def test_a_city_made_by_two_processes_is_the_city_made_by_one(app: Flask, run: FlaskCliRunner) -> None:
    run.invoke(args=["init"])
    result = run.invoke(args=["demo", "--cases", "60", "--processes", "2", "--until", "2026-11-20"])
    assert result.exit_code == 0, result.output
    assert run.invoke(args=["audit", "verify"]).exit_code == 0


def test_the_demo_city_has_a_roster_of_four_weeks_and_notes_of_its_nights(app: Flask, run: FlaskCliRunner) -> None:
    run.invoke(args=["init"])
    run.invoke(args=["demo", "--cases", "40", "--processes", "1", "--until", "2026-11-20"])
    with app.app_context():
        centre = db.session.scalars(select(Unit).where(Unit.parent_id.is_(None))).one()
        mine = select(func.count()).select_from(DutyShift).where(DutyShift.unit_id == centre.id)
        assert db.session.scalar(mine) == 2 * 29
        notes = db.session.scalars(select(Handover).order_by(Handover.at)).all()
        assert [note.read_by_id is None for note in notes] == [False] * (len(notes) - 1) + [True]


def test_demo_is_refused_in_production(app: Flask, run: FlaskCliRunner, settings: Settings) -> None:
    app.config["SETTINGS"] = Settings(
        profile="production", data_dir=settings.data_dir, database_url=settings.database_url, public_url="https://x.cn"
    )
    result = run.invoke(args=["demo", "--cases", "5"])
    assert result.exit_code == 1
    assert "production" in result.output
    assert not settings.demo_accounts_file.exists()


def due_lines(run: FlaskCliRunner, *lines: str) -> tuple[int, list[list[str]]]:
    result = run.invoke(args=["due"], input="\n".join(lines) + "\n")
    return result.exit_code, list(csv.reader(io.StringIO(result.stdout)))


def test_due_answers_each_line_with_date_certainty_and_version(run: FlaskCliRunner) -> None:
    code, rows = due_lines(
        run,
        "rule,from,paused,extended,received",
        "complaint.decide,2026-09-18,,,",
        "complaint.mediate,2026-06-03,,,2026-05-29",
        "complaint.mediate,2026-06-03,,,2026-04-14",
        "report.verify,2026-05-06,,1,",
    )
    assert code == 0
    assert rows[0] == ["rule", "from", "paused", "extended", "received", "due", "provisional", "version"]
    assert [row[5:] for row in rows[1:3]] == [["2026-09-29", "no", "order-121"], ["2026-08-03", "no", "order-121"]]
    assert rows[3][7] == "order-20"
    assert rows[3][5] != rows[2][5]
    assert rows[4][5] > "2026-05-27"


def test_due_leaves_paused_days_out(run: FlaskCliRunner) -> None:
    code, rows = due_lines(run, "complaint.mediate,2026-06-03,2026-06-10/2026-06-20,0,2026-05-29")
    assert code == 0
    assert rows[0][5] == "2026-08-12"


@pytest.mark.parametrize(
    "line",
    [
        "nobody.knows,2026-09-18,,",
        "complaint.decide,yesterday,,",
        "complaint.decide,2026-09-18,2026-10-01/2026-09-20,",
        "complaint.decide,2026-09-18,,3",
        "complaint.decide",
    ],
)
def test_due_names_a_bad_line_and_still_answers_the_others(run: FlaskCliRunner, line: str) -> None:
    result = run.invoke(args=["due"], input=f"{line}\ncomplaint.decide,2026-09-18,,\n")
    assert result.exit_code == 1
    assert "line 1" in result.stderr
    assert result.stdout.splitlines()[1].endswith("2026-09-29,no,order-121")


def test_due_lists_every_rule_and_explains_a_term_day_by_day(run: FlaskCliRunner) -> None:
    listed = run.invoke(args=["due", "--rules"]).output
    assert {"complaint.decide", "report.verify", "competence.settle"} <= {row.split(",")[0] for row in listed.split()}
    told = run.invoke(args=["due", "--explain", "complaint.decide", "2026-09-18"]).output
    assert "2026-09-20" in told
    assert "期满：2026-09-29" in told


def test_audit_names_the_first_event_that_was_changed(app: Flask, run: FlaskCliRunner) -> None:
    with app.app_context(), clock.frozen(HELD):
        cast.build()
        cast.file()
        cast.file(content="另一件事：买的鞋子开胶了，要求退货退款。")
        assert run.invoke(args=["audit", "verify"]).exit_code == 0
        event = db.session.scalars(select(Event).order_by(Event.id.desc())).first()
        assert event is not None
        case = db.session.get_one(Case, event.case_id)
        event_id, number = event.id, case.number
        db.session.rollback()
        with db.engine.begin() as connection:
            for name in (
                connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            ):
                connection.execute(text(f"DROP TRIGGER {name}"))
            connection.execute(text("UPDATE event SET public_text = 'x' WHERE id = :id"), {"id": event_id})
    result = run.invoke(args=["audit", "verify"])
    assert result.exit_code == 1
    assert f"event {event_id} of case {number}" in result.output


def test_audit_finds_a_term_that_was_moved_and_a_state_that_was_set(app: Flask, run: FlaskCliRunner) -> None:
    with app.app_context(), clock.frozen(HELD):
        cast.build()
        cast.file()
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE deadline SET due_on = '2027-01-01' WHERE rule = 'complaint.decide'"))
            connection.execute(text("UPDATE cases SET state = 'closed'"))
    output = run.invoke(args=["audit", "verify"]).output
    assert "INV-5" in output
    assert "INV-3" in output


def test_a_backup_can_be_read_by_its_owner_alone(app: Flask, run: FlaskCliRunner, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    assert run.invoke(args=["backup", str(file), "--with-keys"]).exit_code == 0
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600


def test_a_damaged_backup_is_refused_and_changes_nothing(app: Flask, run: FlaskCliRunner, tmp_path: Path) -> None:
    with app.app_context(), clock.frozen(HELD):
        cast.build()
        cast.file()
    file = tmp_path / "backup.tar"
    run.invoke(args=["backup", str(file)])
    body = bytearray(file.read_bytes())
    body[5000] ^= 1
    file.write_bytes(body)
    result = run.invoke(args=["restore", str(file), "--replace"])
    assert result.exit_code == 1
    assert run.invoke(args=["audit", "verify"]).exit_code == 0


def test_sweep_says_what_it_found_at_the_given_moment(app: Flask, run: FlaskCliRunner) -> None:
    with app.app_context(), clock.frozen(HELD):
        cast.build()
        cast.file()
    result = run.invoke(args=["sweep", "--now", "2026-11-27T12:00"])
    assert result.exit_code == 0, result.output
    assert "0 failed" in result.output
    assert run.invoke(args=["sweep", "--now", "soon"]).exit_code == 1


def test_doctor_hides_secrets_and_says_what_is_missing(run: FlaskCliRunner) -> None:
    result = run.invoke(args=["doctor"])
    assert result.exit_code == 1
    assert "flask init" in result.output
    run.invoke(args=["init"])
    assert run.invoke(args=["doctor"]).exit_code == 0


def test_brief_says_when_no_worker_has_taken_it_up_and_the_order_stays(run: FlaskCliRunner) -> None:
    run.invoke(args=["init"])
    result = run.invoke(args=["brief", "2026-10", "--wait", "0"])
    assert result.exit_code == 1
    assert "Is one running?" in result.output
    assert "is there already" in run.invoke(args=["brief", "2026-10", "--wait", "0"]).output


def test_brief_takes_no_month_that_is_not_over(run: FlaskCliRunner) -> None:
    run.invoke(args=["init"])
    result = run.invoke(args=["brief", "2059-10"])
    assert result.exit_code == 1
    assert "2059-10" in result.output


@pytest.mark.parametrize(
    "command", ["init", "demo", "import", "sweep", "due", "brief", "audit", "backup", "restore", "doctor"]
)
def test_every_command_explains_itself(run: FlaskCliRunner, command: str) -> None:
    result = run.invoke(args=[command, "--help"])
    assert result.exit_code == 0
    assert len(result.output.split()) > 10
