"""Who may what, cell by cell: the portal is compared with an oracle that reads the tables in its own way."""
