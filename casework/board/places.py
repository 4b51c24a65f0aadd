"""Who may do what with a notice: the board is the city's, and whoever wrote a text does not approve it."""

from __future__ import annotations

from casework.actors import StaffView
from casework.errors import NotAllowed
from casework.reference import current
from rules.access import POLICIES

EDIT, PUBLISH = "board.edit", "board.publish"


def may(staff: StaffView, policy: str) -> bool:
    """Tell whether a person may edit or publish: with a role for it at the city's own bureau."""
    ref = current()
    root = ref.root()
    return any(ref.bureau_of(one.unit_id) is root for one in staff.assignments if one.role in POLICIES[policy])


def require(staff: StaffView, policy: str) -> None:
    """Raise NotAllowed for a person who may not edit, or not publish."""
    if not may(staff, policy):
        raise NotAllowed("您的岗位不能做这一步。公示由市局编辑，由市局督导或者负责人审核。")
