# The same call from different clients: how they send it decides whether it is a statement of its own.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

my $node = headway_node('clients', max_worker_processes => 20, listen_addresses => q{'127.0.0.1'});
my $has_cron = -e $node->config_data('--pkglibdir') . '/pg_cron.so';

sub query { return $node->safe_psql('postgres', $_[0]); }

query('CREATE TABLE runs (id serial, pid int DEFAULT pg_backend_pid(), mode text)');
my $upgrade = q{INSERT INTO runs (mode) SELECT backend_type FROM pg_stat_activity WHERE pid = pg_backend_pid()};
register($node, 'a', undef, $upgrade);

# In which modes it was run since the last call.
sub modes {
	my $modes = query(q{SELECT coalesce(string_agg(mode, ',' ORDER BY id), 'none') FROM runs});
	query('TRUNCATE runs; DELETE FROM headway.version');
	return $modes =~ s/pg_headway/worker/gr =~ s/client backend/caller/gr;
}

# ---- psql ------------------------------------------------------------------------------------------------------

sub psql_modes { $node->psql('postgres', $_[0], on_error_stop => 0); return modes(); }

is(psql_modes('SELECT migrate_upgrade();'), 'worker', 'psql');
is(psql_modes("SELECT 'SELECT migrate_upgrade()' \\gexec"), 'worker', '\gexec');
is(psql_modes("PREPARE up AS SELECT migrate_upgrade();\nEXECUTE up;"), 'caller', 'PREPARE and EXECUTE: a statement around the call');
is(psql_modes('SELECT 1 \; SELECT migrate_upgrade();'), 'caller', 'several statements in one message');
is(psql_modes("\\set AUTOCOMMIT off\nSELECT migrate_upgrade();\nCOMMIT;"), 'caller', 'AUTOCOMMIT off');
is(psql_modes("\\set FETCH_COUNT 10\nSELECT migrate_upgrade();"), $node->pg_version < 17 ? 'caller' : 'worker',
	'FETCH_COUNT: a cursor in the psql of older versions');
if ($node->pg_version < 17) {
	my ($state, $text) = psql_error($node, "\\set FETCH_COUNT 10\nSELECT safe_reindex('runs');");
	is($state, '25001', 'which is refused where it cannot work');
	like($text, qr/DETAIL:  .*psql's FETCH_COUNT is set.*HINT:  Unset it for this: \\unset FETCH_COUNT\./s, 'and says what to unset');
}
my $watch = start_psql($node, undef);
$watch->say("SELECT migrate_upgrade()\n\\watch 0.1");
$watch->wait_for_message(qr/nothing to do.*nothing to do/s);
kill 'INT', $watch->client_pid;
$watch->finish;
is(modes(), 'worker', '\watch: run once, then nothing to do');

# ---- protocols -------------------------------------------------------------------------------------------------

for my $mode (qw(simple extended prepared)) {
	$node->pgbench("-n -t 2 -c 1 -M $mode", 0, [qr/processed: 2\/2/], [ qr/nothing to do/s, qr/^((?!in your transaction).)*$/s ],
		"pgbench -M $mode", { "007_$mode" => "SELECT migrate_upgrade('head') AS n \\gset\n" });
	is(modes(), 'worker', "-M $mode");
}
$node->pgbench('-n -t 40 -c 8 -M prepared', 0, [qr/processed: 320\/320/], [qr/nothing to do/],
	'eight clients at once', { '007_many' => "SELECT migrate_upgrade();\n" });
is(modes(), 'worker', 'one of them has run it');

# ---- psycopg2 --------------------------------------------------------------------------------------------------

SKIP: {
	skip 'no psycopg2', 3 if system('python3 -c "import psycopg2" 2>/dev/null') != 0;
	my $program = 'import sys, psycopg2; c = psycopg2.connect(sys.argv[1]); c.autocommit = sys.argv[2] == "1";'
	  . 'k = c.cursor(); k.execute("SELECT migrate_upgrade(%s)", ("head",)); print(k.fetchone()[0], "".join(c.notices)); c.commit()';
	my $dsn = $node->connstr('postgres');
	my $out = '';
	IPC::Run::run([ 'python3', '-c', $program, $dsn, '1' ], '>', \$out);
	is(modes(), 'worker', 'psycopg2, autocommit');
	IPC::Run::run([ 'python3', '-c', $program, $dsn, '0' ], '>', \$out);
	like($out, qr/running in your transaction/, 'psycopg2, its implicit transaction: a notice says so');
	is(modes(), 'caller', 'psycopg2, its implicit transaction');
}

# ---- where it came from ------------------------------------------------------------------------------------------

query('DELETE FROM headway.version; TRUNCATE headway.step');
query('SELECT migrate_upgrade()');
query('DELETE FROM headway.version');
for my $call ('SELECT migrate_upgrade()', 'BEGIN; DELETE FROM headway.version; SELECT migrate_upgrade(); COMMIT') {
	command_ok([ 'psql', '-X', '-q', '-h', '127.0.0.1', '-p', $node->port, '-d', 'postgres', map { ('-c', $_) } split /; /, $call ], "over TCP: $call");
}
is(query(q{SELECT string_agg(coalesce(client, '-'), ' ' ORDER BY id) FROM headway.history}), '- 127.0.0.1 127.0.0.1', "the client's address, not the worker's");
modes();

# ---- pg_cron ---------------------------------------------------------------------------------------------------

SKIP: {
	skip 'no pg_cron', 3 unless $has_cron;
	$node->append_conf('postgresql.conf', $_)
	  for "shared_preload_libraries = 'pg_cron'", "cron.database_name = 'postgres'", "cron.host = '" . $node->host . "'";
	$node->restart;
	query('CREATE EXTENSION pg_cron');
	# @reboot jobs start with the server: no minute needs to pass.
	query(q{SELECT cron.schedule('up', '@reboot', 'SELECT migrate_upgrade()')});
	for my $background (qw(off on)) {
		$node->append_conf('postgresql.conf', "cron.use_background_workers = $background");
		$node->restart;
		wait_until($node, q{SELECT count(*) = 1 FROM headway.version});
		wait_until($node, q{SELECT bool_and(status = 'succeeded') FROM cron.job_run_details});
		is(modes(), 'worker', "pg_cron, background workers $background");
	}
	is(query(q{SELECT count(*) FROM cron.job_run_details WHERE status <> 'succeeded'}), '0', 'pg_cron has seen success');
}

done_testing();
