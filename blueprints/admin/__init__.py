"""Settings, people, keys and records of the portal itself."""
