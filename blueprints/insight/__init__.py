"""Statistics, hot spots and assessment."""
