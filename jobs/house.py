"""What every process of the portal sets up besides the database: where papers lie, how people are reached, who
carries tasks."""

from __future__ import annotations

from casework import channels, documents, health, notices
from casework.stations import posters
from config import Settings
from jobs import queues


def furnish(settings: Settings) -> queues.Carrier:
    """Set up this process from the settings; return the carrier of its tasks. Called again, it replaces the former."""
    documents.configure(settings.documents_dir)
    channels.configure(settings)
    health.configure(lambda: queues.answers(settings.redis_url), settings.data_dir)
    notices.configure(settings)
    posters.configure(settings.public_url)
    return queues.install(settings.redis_url)
