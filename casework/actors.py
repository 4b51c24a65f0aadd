"""Who acts: a member of staff, the filer by query code, or the system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

STAFF = "staff"
CITIZEN = "citizen"
SYSTEM_KIND = "system"


@dataclass(frozen=True)
class Assignment:
    """One role of a person in one unit."""

    role: str
    unit_id: int
    bureau_id: int
    path: str


@dataclass(frozen=True)
class StaffView:
    """A member of staff with the roles that count now, those of colleagues who are away included."""

    id: int
    username: str
    name: str
    assignments: tuple[Assignment, ...]
    acts_for: frozenset[int] = frozenset()
    """Own id and those of colleagues whose deputy this person is now."""
    unit_id: int | None = None
    must_change: bool = False
    """The password was set by somebody else: a new one is asked for before anything else."""

    def __hash__(self) -> int:
        """Told apart by the id: what is computed for a person is looked up by the whole view again and again."""
        return hash(self.id)

    def has(self, *roles: str) -> bool:
        """Tell whether the person holds one of the roles anywhere."""
        return any(assignment.role in roles for assignment in self.assignments)


@dataclass(frozen=True)
class Actor:
    """The doer of one act."""

    kind: str
    staff: StaffView | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> int | None:
        """Return the staff id, None for citizens and the system."""
        return self.staff.id if self.staff else None


SYSTEM = Actor(SYSTEM_KIND)
FILER = Actor(CITIZEN)


def by(staff: StaffView) -> Actor:
    """Return the actor that a signed-in member of staff is."""
    return Actor(STAFF, staff)
