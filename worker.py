"""Everything that works behind the pages: `python worker.py` starts a worker for tasks, a warm one for papers, and
the periodic process, starts again what dies, and ends all of them when it is asked to stop.

`python worker.py default|pdf|periodic` runs one of them alone (several machines share the work; the periodic work is
done by one process in the whole house).
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from pathlib import Path

from config import Settings
from script.support.processes import Child, Supervisor

PARTS = ("default", "pdf", "periodic")
HERE = Path(__file__).resolve().parent
LONGEST_JOB = 150.0
"""Seconds after which a job that no signal could stop takes its process with it."""


def say(line: str) -> None:
    """Write one line for the log at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def supervise(settings: Settings) -> int:
    """Keep the three parts running until SIGTERM or Ctrl-C."""
    supervisor = Supervisor(say)
    supervisor.listen()
    for part in PARTS:
        log = settings.logs_dir / f"worker-{part}.log"
        command = [sys.executable, str(HERE / "worker.py"), part]
        supervisor.add(Child(f"worker {part}", command, os.environ, log, cwd=HERE))
    say(f"The workers run; their logs are in {settings.logs_dir}.")
    supervisor.run()
    supervisor.stop()
    return 0


def work(part: str, settings: Settings) -> int:
    """Be one of the parts until asked to stop."""
    # Imported here, because the supervisor is to stay small and without threads.
    from app import create_app

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)  # speaks while it is imported
    app = create_app(settings)
    if part == "periodic":
        from jobs import queues, schedule

        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        schedule.Clockwork(schedule.House(queues.connect(settings.redis_url)), app.app_context).run(stop)
        return 0

    from jobs import workers
    from jobs.pulse import Pulse

    if part == "pdf":
        from jobs import pdf

        pdf.configure(settings.fonts_dir, settings.data_dir / "seals")
        pdf.warm_up()
    pulse = Pulse(f"worker.{part}", app.app_context, longest=LONGEST_JOB)
    pulse.start()
    workers.serve(workers.Lane(part, app.app_context, pulse), settings.redis_url)
    pulse.stop()
    return 0


def main(arguments: list[str]) -> int:
    """Run what the command line asks for."""
    if arguments and (len(arguments) > 1 or arguments[0] not in PARTS):
        say(f"usage: python worker.py [{'|'.join(PARTS)}]")
        return 2
    settings = Settings.from_env()
    return work(arguments[0], settings) if arguments else supervise(settings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
