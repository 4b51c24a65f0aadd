"""One worker that sweeps: reads a moment a line, sweeps as of it, and answers with what it found and how long its
processor worked, as JSON."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from datetime import datetime

from app import create_app
from casework import sweep
from config import Settings

MOST = 1_000_000


def main() -> None:
    """Answer until there is nothing more to read."""
    app = create_app(Settings.from_env())
    with app.app_context():
        sweep.run(datetime.fromisoformat("2000-01-01T00:00:00+00:00"))  # connects, and reads the reference data
        print("ready", flush=True)
        for line in sys.stdin:
            begun = time.process_time()
            found = asdict(sweep.run(datetime.fromisoformat(line.strip()), MOST))
            print(json.dumps({**found, "work": time.process_time() - begun}), flush=True)


if __name__ == "__main__":
    main()
