"""The search index: an FTS5 table on SQLite, a stored tsvector on PostgreSQL, both over bigrams.

Not a mapped table, because the two databases have nothing in common here; casework.search is the only reader
and writer. The SQLite table keeps no text of its own (content=''): to take a row out, its old text is given again.
"""

from __future__ import annotations

SEARCH_TABLE = "case_search"

SQLITE_CREATE = (
    "CREATE VIRTUAL TABLE case_search USING fts5(grams, content='', columnsize=0, detail=full, tokenize=\"unicode61\")",
)
SQLITE_DROP = ("DROP TABLE case_search",)

POSTGRES_CREATE = (
    "CREATE TABLE case_search (case_id BIGINT PRIMARY KEY REFERENCES cases (id), grams TSVECTOR NOT NULL)",
    "CREATE INDEX ix_case_search_grams ON case_search USING gin (grams) WITH (fastupdate = on)",
)
POSTGRES_DROP = ("DROP TABLE case_search",)


def is_search_table(name: str) -> bool:
    """Tell whether a table is the index or one of the shadow tables that FTS5 makes for it."""
    return name == SEARCH_TABLE or name.startswith(f"{SEARCH_TABLE}_")
