"""Directives (指令, NJ 二(一)8): a centre orders units directly, with a term in hours.

The way of one: `issue` writes the directive with a copy for each unit, its paper, its terms and a message to whoever
heads each unit, in one transaction. A unit acknowledges its copy, reports on the way and at the end; the issuer puts
each copy on file, reminds, or withdraws the whole. `sweep` says what is late. Cases are only linked to it.
"""

from casework.directives.answering import acknowledge, complete, report
from casework.directives.clocks import sweep
from casework.directives.issuing import Checked, Order, check, issue
from casework.directives.leading import record, remind, withdraw
from casework.directives.places import choosable, issuing_unit, may_issue
from casework.directives.reading import file_of, find, listed, of_case, of_copy, one, owed, own, paper_of, waiting_for
from casework.directives.words import LEVELS, URGENCIES

__all__ = [
    "LEVELS",
    "URGENCIES",
    "Checked",
    "Order",
    "acknowledge",
    "check",
    "choosable",
    "complete",
    "file_of",
    "find",
    "issue",
    "issuing_unit",
    "listed",
    "may_issue",
    "of_case",
    "of_copy",
    "one",
    "owed",
    "own",
    "paper_of",
    "record",
    "remind",
    "report",
    "sweep",
    "waiting_for",
    "withdraw",
]
