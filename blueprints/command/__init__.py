"""Supervision, directives and incidents: what the command centre works on."""
