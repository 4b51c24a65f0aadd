"""The monthly briefing."""
