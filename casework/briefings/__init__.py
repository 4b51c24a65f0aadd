"""The monthly briefing (12315简报): frozen figures, what editors write, signature, printing, district reports."""
