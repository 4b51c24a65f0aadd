"""One of the processes that sweep: `python -m benchmarks.sweeping MOMENT`. Says `ready`, waits for a line, and goes on
until nothing is due at the moment (ISO, aware); then says how many terms it let speak."""

from __future__ import annotations

import sys
from datetime import datetime

from sqlalchemy import select

from app import create_app
from casework import sweep, tasks
from config import Settings
from models import Deadline, db


def main() -> None:
    """Sweep until nothing is due."""
    moment = datetime.fromisoformat(sys.argv[1])
    app = create_app(Settings.from_env())
    tasks.carry_with(None)
    spoken = 0
    with app.app_context():
        left = select(Deadline.id).where(Deadline.next_step_at <= moment).limit(1)
        db.session.execute(left).all()
        db.session.rollback()
        print("ready", flush=True)
        sys.stdin.readline()
        while db.session.execute(left).first():
            found = sweep.run(moment, limit=500)
            spoken += found.spoken + found.lapsed
    print(spoken, flush=True)


if __name__ == "__main__":
    main()
