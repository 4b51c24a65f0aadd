"""`python -m benchmarks.briefing`: the figures and the printing of last month's briefing, as the workers do them.

A process of its own, because only its highest mark counts. Prints one line of JSON: the cases that the month received,
the seconds for its figures, for the hot spots among them and for the assessment, whether a second count gave the same
bytes, the seconds for the printing on a warm worker, its pages, and the highest memory in megabytes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.paper import press
from benchmarks.server import memory


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    done = work()
    return time.perf_counter() - begun, done


def main() -> int:
    """Measure the newest briefing of the city."""
    from sqlalchemy import func, select

    from casework.assessment import freezing as assessing
    from casework.briefings import editions, freezing
    from casework.hotspots import finding
    from jobs import pdf
    from models import Briefing, Case, clock, db
    from rules import briefing as law
    from rules.periods import Period

    with press().app_context():
        written = db.session.scalars(select(Briefing).order_by(Briefing.month.desc()))
        row = next((one for one in written if one.data), None)
        if row is None:
            print("no briefing was written in this city", file=sys.stderr)
            return 1
        month, now = Period.parse(row.month), clock.now()
        received = select(func.count()).where(Case.received_on >= month.first, Case.received_on <= month.last)
        found: dict[str, Any] = {"month": month.key, "cases": db.session.scalar(received)}
        found["figures"], first = _timed(lambda: freezing.freeze(month, now))
        second = freezing.freeze(month, now)
        found["same"] = freezing.text_of(first) == freezing.text_of(second)
        found["hot spots"], _ = _timed(lambda: finding.find(month.last, finding.STATISTICAL))
        found["assessment"], _ = _timed(lambda: assessing.freeze(month, now))
        paper = editions.paper_of(db.session(), row, law.FULL)
        pdf.render(paper)
        found["printing"], printed = _timed(lambda: pdf.render(paper))
        found["pages"] = printed.pages
    print(json.dumps({**found, "megabytes": round(memory(os.getpid(), "VmHWM"))}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
