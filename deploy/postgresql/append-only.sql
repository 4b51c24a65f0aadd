-- After every `flask init`, as portal_owner:  psql -h 127.0.0.1 -U portal_owner -f deploy/postgresql/append-only.sql portal
-- The record of what happened grows and never changes. Triggers refuse it as well; this takes the right away.
\set ON_ERROR_STOP on
REVOKE UPDATE, DELETE, TRUNCATE ON event, reveal FROM portal;
