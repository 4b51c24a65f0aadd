"""What a form on a page holds: the values as they were typed, and a sentence for each field that needs a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Value = str | Sequence[str]


@dataclass(frozen=True)
class Filled:
    """The state of one form. `errors` keeps the order of the page; `prefix` keeps ids apart when forms share a page."""

    values: Mapping[str, Value] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""

    def id(self, name: str) -> str:
        """Return the id of a field on the page."""
        return self.prefix + name

    def value(self, name: str) -> str:
        """Return what was typed into a field, or an empty text."""
        found = self.values.get(name, "")
        return found if isinstance(found, str) else next(iter(found), "")

    def chosen(self, name: str, key: str) -> bool:
        """Tell whether a choice is ticked."""
        found = self.values.get(name, ())
        return key == found if isinstance(found, str) else key in found

    def error(self, name: str) -> str:
        """Return the sentence for a field, or an empty text."""
        return self.errors.get(name, "")
