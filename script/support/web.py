"""The web server when nothing stands in front: waitress, which buffers slow clients. `python -m script.support.web`."""

from __future__ import annotations

import signal
import sys

import waitress

from app import create_app
from config import Settings, SettingsError

# A filing may carry 200 MB of files; the application refuses what is more with a sentence.
LARGEST_BODY = 220 * 1024 * 1024
CONNECTIONS = 500
IDLE_SECONDS = 60


def main() -> int:
    """Serve until SIGTERM; requests under way are finished first."""
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    application = create_app(settings)
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    waitress.serve(
        application,
        host=settings.bind,
        port=settings.port,
        threads=settings.web_threads,
        connection_limit=CONNECTIONS,
        channel_timeout=IDLE_SECONDS,
        max_request_body_size=LARGEST_BODY,
        asyncore_use_poll=True,
        ident=None,
        # With proxies in front the application itself reads the last TRUSTED_PROXIES hops of these headers.
        clear_untrusted_proxy_headers=settings.trusted_proxies == 0,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
