-- Strings with backslashes: what runs is what was read when it was registered, whatever the session says of them. (From
-- PostgreSQL 19 on it can say nothing.)
SELECT current_setting('server_version_num')::int >= 190000 AS always \gset
\if :always
\quit
\endif
CREATE EXTENSION pg_headway;
SET client_min_messages = warning;
-- Strings are read as standard_conforming_strings = on says, whatever the setting is at registration, at the run or in
-- the script: no COMMIT comes out of one.
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT migrate_revision('y', NULL, 'Off', $up$SELECT 'a\'; COMMIT; SELECT 'b$up$, '');
SELECT migrate_revision('y', NULL, 'Off', $up$SET standard_conforming_strings = off; CREATE TABLE t_y AS SELECT '\'::text AS a, 'COMMIT; --'::text AS b$up$, '');
SELECT migrate_upgrade('y');
SELECT * FROM t_y;
RESET standard_conforming_strings;
SELECT migrate_revision('z', 'y', 'On', $up$CREATE TABLE t_z AS SELECT '\'::text AS a, '; COMMIT; --'::text AS b$up$, '');
SET standard_conforming_strings = off;
SELECT migrate_upgrade('z');
SELECT * FROM t_z;

DROP EXTENSION pg_headway;
DROP TABLE t_y, t_z;
