"""What the bureau does: a file per duty, each act in one transaction. Knows no request, session or template."""
