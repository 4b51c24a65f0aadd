"""The one declared bulk writer: a city of invented cases, written fast, by the same rules as every other case.

`walk` follows one case in memory through the same pure functions as `handling.apply`; `tables` turns what it wrote
into plain rows as the database keeps them; `writer` puts whole batches of them into the database; `crew` lets
processes work side by side. A test walks a sample both ways and compares row by row. Imports do not come here.
"""
