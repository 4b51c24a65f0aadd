"""Terms, clocks, warning moments and explanations: the names that the other floors use.

The parts stand in modules of their own (`terms`, `clocks`, `ladder`, `explanation`, `citation`).
"""

from rules.citation import cite
from rules.clocks import Clock, Due, Pause, due, extended_by
from rules.explanation import Explanation, Line, explain
from rules.ladder import Moment, lapse_level, moments, next_moment, remaining, said_before_the_end
from rules.settings import DEFAULTS
from rules.terms import LADDERS, RULES, Extension, Ladder, LadderStep, Rule, RuleVersion, version_for

__all__ = [
    "DEFAULTS",
    "LADDERS",
    "RULES",
    "Clock",
    "Due",
    "Explanation",
    "Extension",
    "Ladder",
    "LadderStep",
    "Line",
    "Moment",
    "Pause",
    "Rule",
    "RuleVersion",
    "cite",
    "due",
    "explain",
    "extended_by",
    "lapse_level",
    "moments",
    "next_moment",
    "remaining",
    "said_before_the_end",
    "version_for",
]
