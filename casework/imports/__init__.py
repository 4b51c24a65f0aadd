"""Real input from files: a mapping file per source says what each column means.

`reading` yields rows with their line, `profile` loads a mapping file, `mapping` turns a row into a filing or says why
not, `history` writes what happened before the portal was there, `running` does it in batches, safe to run twice.
"""

from casework.imports.profile import Profile, ProfileError, load, names
from casework.imports.running import Report, run

__all__ = ["Profile", "ProfileError", "Report", "load", "names", "run"]
