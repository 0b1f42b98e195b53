# Around the server: dump and restore into another database, a standby, no free slot for a worker, roles and databases
# with limits, settings of roles.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

my $node = headway_node('servers', init => { allows_streaming => 1 }, max_worker_processes => 4, autovacuum => 'off');
my $up = 'SELECT migrate_upgrade()';

sub query { return $node->safe_psql($_[1] // 'postgres', $_[0]); }

# ---- dump and restore ------------------------------------------------------------------------------------------

query(<<'SQL');
CREATE ROLE low LOGIN;
GRANT USAGE ON SCHEMA headway TO low;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA headway TO low;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO low;
GRANT CREATE ON SCHEMA public TO low;
CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL DEFAULT 0);
INSERT INTO t SELECT i FROM generate_series(1, 5000) AS i;
SQL
register($node, 'a', undef, 'ALTER TABLE t ADD COLUMN a int', downgrade => 'ALTER TABLE t DROP COLUMN a');
register($node, 'b', 'a', q{CREATE INDEX CONCURRENTLY t_idx ON t (a); SELECT 1/0}, downgrade => 'DROP INDEX t_idx');
register($node, 'low1', 'a', 'CREATE TABLE low1 ()', user => 'low', downgrade => 'DROP TABLE low1');
query("SELECT migrate_upgrade('a')");
my ($state, $text) = psql_error($node, "SELECT migrate_upgrade('b')");
is($state, '22012', 'a revision that stops in its middle');
is(query('SELECT safe_backfill(\'t\', \'n = n + 1\', name => \'mine\')'), '5000', 'a backfill');

my $tables = <<'SQL';
SELECT * FROM headway.revision ORDER BY revision;
SELECT * FROM headway.version;
SELECT * FROM headway.history ORDER BY id;
SELECT * FROM headway.unfinished;
SELECT * FROM headway.backfill;
SQL
my $dump = $node->basedir . '/dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, '-d', $node->connstr('postgres') ], 'pg_dump');
query('CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), $dump ], 'pg_restore');
is(query($tables, 'restored'), query($tables), 'every table of ours is restored as it was');
is(query("SELECT registered_by FROM headway.revision WHERE revision = 'low1'", 'restored'),
	'low', 'whoever registered a revision stays its registrant');
($state, $text) = psql_error($node, "SELECT migrate_upgrade('low1')", dbname => 'restored');
is($state, '42501', 'so it does not run with the rights of a superuser');
is(query("SELECT migrate_downgrade('base')", 'restored'), '1', 'a downgrade needs no files');
is(query("SELECT max(id) - (SELECT max(id) FROM headway.history WHERE direction = 'upgrade') FROM headway.history",
		'restored'), '1', 'the history counts on');
is(query(q{SELECT safe_backfill('t', 'n = n + 1', name => 'mine')}, 'restored'), '0', 'a backfill that is done stays done');
is(query('SELECT min(n), max(n) FROM t', 'restored'), '1|1', 'and its rows are done once');

# ---- a standby -------------------------------------------------------------------------------------------------

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
for my $call ("migrate_upgrade()", "migrate_downgrade('base')", "safe_backfill('t', 'n = 1')", "migrate_stamp('a')",
	"migrate_revision('z')") {
	($state, $text) = psql_error($standby, "SELECT $call");
	is($state, '25006', "$call on a standby is refused");
}
like($text, qr/during recovery/, 'the message says why');
is($standby->safe_psql('postgres', 'SELECT revision FROM migrate_current()'), 'a', 'what only reads works');
$standby->stop;

# ---- limits of roles and databases -----------------------------------------------------------------------------

query(q{DELETE FROM headway.unfinished; DELETE FROM headway.revision WHERE revision IN ('b', 'low1');
SELECT migrate_stamp('a'); DROP INDEX IF EXISTS t_idx});
my $next = 'a';
my $number = 0;

# Registers one more revision as the role and runs it as that role; the error, if there is one.
sub run_as {
	my ($role, $script, %more) = @_;
	my $revision = 'n' . ++$number;
	register($node, $revision, $next, $script, user => $role);
	my $run = start_psql($node, $up, extra_params => [ '-U', $role ], %more);
	$run->finish;
	$next = $revision if $run->sqlstate eq '';
	query("DELETE FROM headway.revision WHERE revision = '$revision'") if $run->sqlstate ne '';
	return $run->sqlstate . $run->out;
}

query('ALTER ROLE low CONNECTION LIMIT 1');
is(run_as('low', 'SELECT 1'), "1\n", 'CONNECTION LIMIT 1 is for the client, not for the worker');
query('ALTER ROLE low CONNECTION LIMIT -1');
query('ALTER DATABASE postgres CONNECTION LIMIT 1');
is(run_as('low', 'SELECT 1'), "1\n", 'so is that of the database');
query('ALTER DATABASE postgres CONNECTION LIMIT -1');

query('CREATE SCHEMA elsewhere AUTHORIZATION low');
query(q{ALTER ROLE low SET search_path = elsewhere, public; ALTER ROLE low SET statement_timeout = '1h';
ALTER ROLE low SET lock_timeout = '30s'; ALTER ROLE low SET default_transaction_isolation = 'serializable';
ALTER ROLE low SET default_transaction_deferrable = on; ALTER ROLE low SET idle_in_transaction_session_timeout = '1h';
ALTER ROLE low SET client_encoding = 'latin1'; ALTER ROLE low SET DateStyle = 'SQL, DMY'});
# Serializable means the caller's transaction; a session that says otherwise gets a worker.
is(run_as('low', 'CREATE TABLE here ()'), "1\n", 'settings of the role');
is(query("SELECT to_regclass('elsewhere.here') IS NOT NULL"), 't', 'search_path is heeded');
is(run_as('low', 'CREATE INDEX CONCURRENTLY there_idx ON elsewhere.there (id)'),
	'25001', 'serializable: a revision that needs transactions of its own is refused');
query('ALTER ROLE low SET default_transaction_isolation = \'read committed\'; CREATE TABLE elsewhere.there (id int PRIMARY KEY, n int);'
	  . 'ALTER TABLE elsewhere.there OWNER TO low');
is(run_as('low', 'CREATE INDEX CONCURRENTLY there_idx ON there (id); SELECT safe_backfill(\'there\', \'n = 1\')'),
	"1\n", 'read committed: it runs');
query('ALTER ROLE low SET default_transaction_read_only = on');
($state, $text) = psql_error($node, $up, extra_params => [ '-U', 'low' ]);
is($state, '25006', 'default_transaction_read_only: refused');
query('ALTER ROLE low RESET ALL');

query('CREATE ROLE owner NOLOGIN; GRANT owner TO low; GRANT USAGE ON SCHEMA headway TO owner;'
	  . 'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA headway TO owner;'
	  . 'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO owner; GRANT CREATE ON SCHEMA public TO owner');
my $session = open_session($node, extra_params => [ '-U', 'low' ]);
$session->run(q{SET ROLE owner});
$session->run("SELECT migrate_revision('o', '$next', '', 'CREATE TABLE owned ()', '')");
is($session->run($up), '1', 'SET ROLE to a role that cannot log in');
is(query("SELECT relowner::regrole FROM pg_class WHERE relname = 'owned'"), 'owner', 'its tables belong to that role');
is(query("SELECT run_by, session_user_name FROM headway.history ORDER BY id DESC LIMIT 1"), 'owner|low',
	'the history has both');
query('ALTER ROLE low NOLOGIN');
$session->run("SELECT migrate_revision('o2', 'o', '', 'CREATE TABLE owned2 ()', '')");
$session->run($up);
like($session->err, qr/FATAL|ERROR/, 'a role that may no longer log in gets no worker') if $node->pg_version < 17;
$session->finish;
query('ALTER ROLE low LOGIN');

# ---- no free slot ----------------------------------------------------------------------------------------------

query(q{DELETE FROM headway.version; DELETE FROM headway.revision; CREATE TABLE s (id int PRIMARY KEY, n int)});
register($node, 'a', undef, q{SELECT pg_sleep(0)});
register($node, 'b', 'a', q{SELECT safe_backfill('s', 'n = 1')});
$node->append_conf('postgresql.conf', "max_worker_processes = 0");
$node->restart;
($state, $text) = psql_error($node, $up);
is($state, '53000', 'max_worker_processes = 0');
like($text, qr/HINT:.*max_worker_processes/, 'the hint names the setting');
is(query("BEGIN; SELECT migrate_upgrade('a'); COMMIT"), '1', 'in a transaction it needs no worker');
# The launcher of logical replication takes one: here one is left for us.
$node->append_conf('postgresql.conf', "max_worker_processes = 2");
$node->restart;
($state, $text) = psql_error($node, $up);
is($state, '53000', 'a backfill in a revision needs a second worker');
is(query('SELECT result, sqlstate FROM headway.history ORDER BY id DESC LIMIT 1'), 'failed|53000', 'the history says so');
$node->append_conf('postgresql.conf', "max_worker_processes = 3");
$node->restart;
is(query($up), '1', 'with two it goes on');

done_testing();
