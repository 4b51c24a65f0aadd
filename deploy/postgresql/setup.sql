-- Once, as the superuser:  sudo -u postgres psql -f deploy/postgresql/setup.sql
-- The database is made with a byte-wise collation, so that both databases sort alike; checksums are chosen
-- when the cluster is made (initdb --data-checksums).
CREATE ROLE portal LOGIN;
CREATE DATABASE portal OWNER portal TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
REVOKE ALL ON DATABASE portal FROM PUBLIC;
