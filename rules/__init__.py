"""What the regulations say, as plain Python and data tables.

This floor knows no database, no web request and no clock of its own: the moment comes in as an argument.
It needs the standard library alone, so that a lawyer with the texts beside them can read it.
"""
