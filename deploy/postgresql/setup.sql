-- Once, as the superuser:  sudo -u postgres psql -f deploy/postgresql/setup.sql
-- Then give the owner a password (\password portal_owner), which stands in no file: it is typed at an upgrade.
-- Page checksums are chosen when the cluster is made (initdb --data-checksums).
\set ON_ERROR_STOP on
-- portal_owner makes and migrates the tables; portal, which serves, can neither drop them nor change past events.
CREATE ROLE portal_owner LOGIN;
CREATE ROLE portal LOGIN;
-- A byte-wise collation, so that both kinds of database sort alike.
CREATE DATABASE portal OWNER portal_owner TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
REVOKE ALL ON DATABASE portal FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE portal TO portal;
\connect portal
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CREATE, USAGE ON SCHEMA public TO portal_owner;
GRANT USAGE ON SCHEMA public TO portal;
ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO portal;
ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO portal;
