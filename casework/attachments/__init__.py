"""Files that citizens and staff attach.

The way of a file: `receive` seals it and writes its row in state waiting; the worker calls `clean`, which makes a
harmless copy in a process of its own; `open_clean` hands that copy out. The original stays sealed as evidence and
leaves only through `open_original`, which records who looked. Nothing is ever stored in plain.
"""

from casework.attachments.inspection import clean
from casework.attachments.keeping import (
    Strays,
    bind_to_directive,
    bind_to_event,
    bind_to_filing,
    of_case,
    of_directive,
    of_draft,
    one_of_case,
    remove,
    sweep_strays,
)
from casework.attachments.names import disposition, shown_name
from casework.attachments.policy import (
    FAMILIES,
    MAX_FILES,
    MAX_TOTAL,
    POLICY,
    accept,
    limits_text,
    names_of,
    size_text,
)
from casework.attachments.receiving import receive
from casework.attachments.serving import HEADERS, Opened, open_clean, open_original
from casework.attachments.spool import Spool
from casework.attachments.store import configure
from casework.attachments.words import state_text

__all__ = [
    "FAMILIES",
    "HEADERS",
    "MAX_FILES",
    "MAX_TOTAL",
    "POLICY",
    "Opened",
    "Spool",
    "Strays",
    "accept",
    "bind_to_directive",
    "bind_to_event",
    "bind_to_filing",
    "clean",
    "configure",
    "disposition",
    "limits_text",
    "names_of",
    "of_case",
    "of_directive",
    "of_draft",
    "one_of_case",
    "open_clean",
    "open_original",
    "receive",
    "remove",
    "shown_name",
    "size_text",
    "state_text",
    "sweep_strays",
]
