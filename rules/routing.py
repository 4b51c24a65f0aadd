"""Which unit should have a filing: the first rule that fits, with its reason.

Source: 宁工商〔2005〕30号三(四)1; Order 121 article 41.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rules.categories import TREES, path_of
from rules.workflow import WORKFLOW


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """A row of the routing table; an empty condition fits everything.

    `categories` are nodes of the goods tree (a node stands for all below it), `places` and `names` parts of the address
    and of the respondent's name, `channels` keys of the channel list. Rows are tried in the order of `position`.
    """

    position: int
    unit_key: str
    unit_name: str
    kinds: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """The proposed unit and why, in Chinese."""

    unit_key: str
    reason: str


def propose(
    rules: Sequence[RoutingRule], kind: str, category: str | None, place: str, channel: str, respondent_name: str
) -> Route | None:
    """The first rule by position that fits the filing; None when no rule does."""
    for rule in sorted(rules, key=lambda rule: rule.position):
        reason = _fits(rule, kind, category, place, channel, respondent_name)
        if reason is not None:
            return Route(rule.unit_key, f"{reason}，由{rule.unit_name}办理" + (f"（{rule.note}）" if rule.note else ""))
    return None


def _fits(
    rule: RoutingRule, kind: str, category: str | None, place: str, channel: str, respondent_name: str
) -> str | None:
    """Why the rule fits, or None where it does not."""
    reasons: list[str] = []
    if rule.kinds:
        if kind not in rule.kinds:
            return None
        reasons.append(f"{WORKFLOW.kind_labels[kind]}件")
    if rule.names:
        name = next((name for name in rule.names if name and name in respondent_name), None)
        if name is None:
            return None
        reasons.append(f"被反映方名称有“{name}”")
    if rule.categories:
        node = next((key for key in path_of(category) if key in rule.categories), None)
        if node is None:
            return None
        reasons.append(f"类别属于“{_label(node)}”")
    if rule.places:
        part = next((part for part in rule.places if part and part in place), None)
        if part is None:
            return None
        reasons.append(f"地点在“{part}”")
    if rule.channels:
        if channel not in rule.channels:
            return None
        reasons.append("按来源渠道归口")
    return "，".join(reasons) or "没有更具体的规则"


def _label(key: str) -> str:
    return next((node.label for nodes in TREES.values() for node in nodes if node.key == key), key)
