"""Binding dossiers."""

from __future__ import annotations

from datetime import datetime

from casework.dossiers import destroying, making
from casework.tasks import Claim
from jobs import binding, pdf


def bind(claim: Claim, now: datetime) -> str:
    """Bind the dossier that the task names."""
    return making.make(claim.payload["dossier_id"], now, binding.bind, claim.finish)


def gave_up(claim: Claim) -> None:
    """Say on the page of the case that its dossier could not be bound."""
    making.gave_up(claim.payload["dossier_id"])


def destroy(claim: Claim, now: datetime) -> str:
    """Erase what the approved list names, and print it."""
    return destroying.run(claim.payload["destruction_id"], now, pdf.render, claim.finish)
