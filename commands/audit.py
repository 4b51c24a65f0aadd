"""`flask audit verify`: has anything been changed behind the portal's back?"""

from __future__ import annotations

from flask.cli import AppGroup, with_appcontext

from commands.terminal import fail, progress, say

SHOWN = 20

audit = AppGroup("audit", help="Look whether everything is as it was written.")


@audit.command("verify")
@with_appcontext
def verify() -> None:
    """Check the keys and every case: chain of events, number, states, running terms. Changes nothing."""
    from casework import audit as work
    from casework import keycheck

    if wrong := keycheck.mismatch():
        fail(f"The keys do not belong to this database: {wrong}.")
    checked, findings = work.Checked(), 0
    with progress("Cases", work.count()) as line:
        for finding in work.verify(checked, line):
            findings += 1
            if findings <= SHOWN:
                say(finding.sentence)
        seconds = line.end(checked.cases)
    say(
        f"Looked at {checked.cases:,} cases, {checked.events:,} events and {checked.terms:,} running terms "
        f"in {seconds:.1f} seconds."
    )
    if findings:
        fail(f"{findings} thing(s) are not as they should be; the first is named above.")
    say("Everything is as it was written.")
