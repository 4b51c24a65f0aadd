"""Running one task: claim it, call the job of its kind, mark it done, log one line."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import import_module
from typing import cast

from casework import tasks
from casework.tasks import KINDS, QUEUES, Claim, LostClaim
from models import clock
from models.base import db

log = logging.getLogger("portal.jobs")

Job = Callable[[Claim, datetime], str]
"""Does the work of one task and returns a word or two for the log. It finishes the claim in the transaction of its
effect; where the effect is not in the database, returning is enough."""


def run_task(task_id: int) -> None:
    """Run one task now; called by RQ. Never raises for a job that failed: the row says when it is tried again."""
    run(task_id, clock.now())


def run(task_id: int, now: datetime) -> bool:
    """Run one task as of `now`. Returns False when there was nothing to do or it failed."""
    try:
        claim = tasks.claim(task_id, now)
    except tasks.GaveUp as lost:
        _give_up(lost.claim)
        return False
    if claim is None:
        return False
    began = time.monotonic()
    try:
        outcome = _job(KINDS[claim.kind].job)(claim, now)
        tasks.finish(claim, now)
    except LostClaim:
        log.warning("task %d %s: somebody else has it", claim.id, claim.kind)
        return False
    except Exception as error:
        db.session.rollback()
        _failed(claim, error, now)
        return False
    log.info("task %d %s: %s (%.0f ms)", claim.id, claim.kind, outcome, (time.monotonic() - began) * 1000)
    return True


def _failed(claim: Claim, error: Exception, now: datetime) -> None:
    dead = tasks.fail(claim, error, now)
    what = tasks.describe(error)
    if dead:
        log.error("task %d %s given up after %d tries: %s", claim.id, claim.kind, claim.attempts, what)
        _give_up(claim)
    else:
        log.warning("task %d %s failed (try %d): %s", claim.id, claim.kind, claim.attempts, what)


def _give_up(claim: Claim) -> None:
    """Tell the duty that its task was given up. An error here must not bring the worker down."""
    named = KINDS[claim.kind].gave_up if claim.kind in KINDS else None
    if named is None:
        return
    try:
        cast(Callable[[Claim], None], _function(named))(claim)
    except Exception:
        db.session.rollback()
        log.exception("task %d %s: could not be marked as given up", claim.id, claim.kind)


def drain(now: datetime, queues: Sequence[str] = QUEUES, limit: int = 100) -> int:
    """Run what is due straight from the database, without Redis; return how many tasks were done."""
    due = [row for row in tasks.overdue(now, limit) if row.kind in KINDS and KINDS[row.kind].queue in queues]
    return sum(run(row.id, now) for row in due)


def _job(named: str) -> Job:
    return cast(Job, _function(named))


def _function(named: str) -> object:
    module, _, name = named.partition(":")
    return getattr(import_module(module), name)
