"""The search indexes of cases and of notices: FTS5 tables on SQLite, stored tsvectors on PostgreSQL, over bigrams.

No mapped tables, because the two databases have nothing in common here; casework.search and casework.board.finding
are the only readers and writers. The SQLite tables keep no text of their own (content=''): to take a row out, its old
text is given again.
"""

from __future__ import annotations

SEARCH_TABLE = "case_search"
NOTICE_TABLE = "notice_search"

SQLITE_CREATE = (
    "CREATE VIRTUAL TABLE case_search USING fts5(grams, content='', columnsize=0, detail=full, tokenize=\"unicode61\")",
)
SQLITE_DROP = ("DROP TABLE case_search",)

POSTGRES_CREATE = (
    "CREATE TABLE case_search (case_id BIGINT PRIMARY KEY REFERENCES cases (id), grams TSVECTOR NOT NULL)",
    "CREATE INDEX ix_case_search_grams ON case_search USING gin (grams) WITH (fastupdate = on)",
)
POSTGRES_DROP = ("DROP TABLE case_search",)

NOTICE_SQLITE_CREATE = (
    "CREATE VIRTUAL TABLE notice_search USING fts5("
    "grams, content='', columnsize=0, detail=full, tokenize=\"unicode61\")",
)
NOTICE_POSTGRES_CREATE = (
    "CREATE TABLE notice_search (notice_id BIGINT PRIMARY KEY REFERENCES notice (id), grams TSVECTOR NOT NULL)",
    "CREATE INDEX ix_notice_search_grams ON notice_search USING gin (grams) WITH (fastupdate = on)",
)
NOTICE_DROP = ("DROP TABLE notice_search",)


def is_search_table(name: str) -> bool:
    """Tell whether a table is an index or one of the shadow tables that FTS5 makes for it."""
    return any(name == table or name.startswith(f"{table}_") for table in (SEARCH_TABLE, NOTICE_TABLE))
