"""script/serve, but what died is started again after a second at most: so that a long drill meets a working portal.

The pauses of the real supervisor grow to ten seconds when a part dies again and again.
"""

from __future__ import annotations

import sys

from script.support import processes, serve

processes.LONGEST_PAUSE = 1.0

if __name__ == "__main__":
    sys.exit(serve.main())
