# A run that is stopped from outside: cancel, terminate, timeouts, a client that is gone. Whatever the way, the worker
# ends, what was committed stays, the rest is undone, and the next run goes on.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

my $node = headway_node('interrupts');
my $up = 'SELECT migrate_upgrade()';
my $sleeps = "wait_event = 'PgSleep'";
my $waits = "wait_event_type = 'Lock'";

sub query { return $node->safe_psql('postgres', $_[0]); }
sub heads { return query("SELECT string_agg(revision, ',' ORDER BY revision) FROM headway.version") // ''; }
sub last_history {
	return query("SELECT revision || ' ' || result || ' ' || coalesce(sqlstate, '-') FROM headway.history"
		  . ' ORDER BY id DESC LIMIT 1');
}

sub leader_pid { return query("SELECT pid FROM pg_stat_activity WHERE query = '$up' AND state = 'active'"); }

# a is applied, then b runs until it is stopped.
sub reset_to_base {
	my ($script) = @_;
	query('TRUNCATE headway.version, headway.step, headway.unfinished, headway.backfill, headway.backfill_range, headway.backfill_skipped, headway.backfill_call, headway.revision;'
		  . 'DROP TABLE IF EXISTS t, made; CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)');
	register($node, 'a', undef, 'INSERT INTO t VALUES (1)');
	register($node, 'b', 'a', $script);
}

sub check_stopped {
	my ($how, $run, $state, $history) = @_;
	$run->finish;
	is($run->sqlstate, $state, "$how: SQLSTATE") or diag($run->err);
	is(query("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_headway'"), '0',
		"$how: the worker is gone when the error is out");
	is(heads(), 'a', "$how: what was committed stays");
	is(query("SELECT to_regclass('made') IS NULL"), 't', "$how: the rest is undone");
	is(last_history(), $history, "$how: the history says so") if defined $history;
	is(query("SELECT count(*) FROM headway.history WHERE revision = 'a' AND result = 'done'"),
		'1', "$how: the earlier revision's row is there");
}

sub check_goes_on {
	my ($how) = @_;
	query("UPDATE headway.revision SET upgrade = 'CREATE TABLE made ()' WHERE revision = 'b'");
	is(query($up), '1', "$how: the next run goes on");
	is(heads(), 'b', "$how: and comes to its end");
}

# ---- one statement of a transactional revision -----------------------------------------------------------------

my $slow = 'CREATE TABLE made (); SELECT pg_sleep(1000)';

reset_to_base($slow);
my $run = start_psql($node, $up);
wait_for_worker($node, $sleeps);
my $caller = leader_pid();
is(query("SELECT backend_xmin IS NULL AND backend_xid IS NULL FROM pg_stat_activity WHERE pid = $caller"),
	't', 'the waiting caller holds no snapshot');
query("SELECT pg_cancel_backend($caller)");
check_stopped('cancel in a script', $run, '57014', 'b cancelled 57014');
check_goes_on('cancel in a script');

reset_to_base($slow);
$run = start_psql($node, $up);
query('SELECT pg_cancel_backend(' . wait_for_worker($node, $sleeps) . ')');
check_stopped('cancel of the worker', $run, '57014', 'b cancelled 57014');

reset_to_base($slow);
$run = start_psql($node, $up);
query('SELECT pg_terminate_backend(' . wait_for_worker($node, $sleeps) . ')');
check_stopped('terminate the worker', $run, '57P01', 'b cancelled 57P01');
like($run->err, qr/the migration worker was terminated before it was done/, 'terminate the worker: said plainly');
check_goes_on('terminate the worker');

reset_to_base($slow);
$run = start_psql($node, $up);
wait_for_worker($node, $sleeps);
query('SELECT pg_terminate_backend(' . leader_pid() . ')');
wait_for_no_worker($node);
check_stopped('terminate the caller', $run, '57P01', 'b cancelled 57P01');
check_goes_on('terminate the caller');

reset_to_base($slow);
$run = start_psql($node, $up);
wait_for_worker($node, $sleeps);
kill 'KILL', $run->client_pid;
wait_for_no_worker($node);
check_stopped('a client that is gone', $run, '', 'b cancelled 57P01');
check_goes_on('a client that is gone');

reset_to_base($slow);
$run = start_psql($node, $up);
wait_for_worker($node, $sleeps);
kill 'INT', $run->client_pid;
check_stopped('Ctrl-C in psql', $run, '57014', 'b cancelled 57014');

reset_to_base($slow);
$run = start_psql($node, $up, settings => { statement_timeout => '500ms' });
check_stopped('statement_timeout', $run, '57014', 'b cancelled 57014');
like($run->err, qr/statement timeout/, 'statement_timeout: the message names it');

# ---- impatience: more cancels, more terminations ----------------------------------------------------------------

my $holder = open_session($node);
my $history_waits = "wait_event_type = 'Lock'";
for my $way ('cancel', 'terminate') {
	reset_to_base($slow);
	$run = start_psql($node, $up);
	my $worker = wait_for_worker($node, $sleeps);
	$holder->run('BEGIN; LOCK TABLE headway.step IN SHARE MODE');
	query("SELECT pg_${way}_backend($worker)");
	wait_for_worker($node, $history_waits);
	my $since = query("SELECT xact_start FROM pg_stat_activity WHERE pid = $worker");
	query("SELECT pg_cancel_backend($worker)");
	wait_for_worker($node, "$history_waits AND xact_start > '$since'");
	$holder->run('ROLLBACK');
	my $state = $way eq 'cancel' ? '57014' : '57P01';
	check_stopped("$way, then a cancel", $run, $state, "b cancelled $state");
	check_goes_on("$way, then a cancel");
}

reset_to_base($slow);
$run = start_psql($node, $up);
my $worker = wait_for_worker($node, $sleeps);
$holder->run('BEGIN; LOCK TABLE headway.step IN SHARE MODE');
query("SELECT pg_terminate_backend($worker)");
wait_for_worker($node, $history_waits);
query("SELECT pg_terminate_backend($worker)");
check_stopped('two terminations', $run, '57P01');
$holder->run('ROLLBACK');
check_goes_on('two terminations');

reset_to_base($slow);
$run = start_psql($node, $up);
$worker = wait_for_worker($node, $sleeps);
$holder->run('BEGIN; LOCK TABLE headway.step IN SHARE MODE');
query("SELECT pg_terminate_backend($worker)");
check_stopped('a termination that is held up', $run, '57P01');
$holder->run('ROLLBACK');

reset_to_base(q{CREATE TABLE made (); DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(1000);
	EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$});
$run = start_psql($node, $up);
query('SELECT pg_terminate_backend(' . wait_for_worker($node, $sleeps) . ')');
check_stopped('a script that catches cancels', $run, '57P01');

# ---- whoever looks sees the truth -------------------------------------------------------------------------------

query('CREATE TABLE IF NOT EXISTS idx (id int)');
reset_to_base('CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_id ON idx (id)');
$holder->run('BEGIN; INSERT INTO idx VALUES (1)');
$run = start_psql($node, $up);
$worker = wait_for_worker($node, $waits);
is(last_history(), 'b running -', 'while it runs, it is running');
query("SELECT pg_terminate_backend($worker)");
check_stopped('statement by statement', $run, '57P01', 'b cancelled 57P01');
$holder->run('ROLLBACK');
query("UPDATE headway.step SET result = 'running', finished_at = NULL WHERE revision = 'b'");
is(last_history(), 'b interrupted 57P01', 'running without anybody who runs it is interrupted');

# ---- while the worker waits for a lock --------------------------------------------------------------------------

reset_to_base('CREATE TABLE made (); ALTER TABLE t ADD COLUMN more int');
for my $timeout (0, 20) {
	my $how = $timeout == 0 ? 'cancel in a lock queue' : 'cancel between tries for a lock';
	$holder->run('BEGIN; SELECT count(*) FROM t');
	$run = start_psql($node, $up, settings => { 'headway.lock_timeout' => $timeout });
	if ($timeout == 0) {
		wait_for_worker($node, $waits);
	} else {
		# The pause: no transaction is open in the worker, and it has said that it waits.
		wait_for_worker($node, "wait_event_type = 'Extension' AND xact_start IS NULL");
	}
	query('SELECT pg_cancel_backend(' . leader_pid() . ')');
	check_stopped($how, $run, '57014', 'b cancelled 57014');
	$holder->run('ROLLBACK');
}
$holder->finish;
is(query($up), '1', 'the lock is free: the run goes on');

done_testing();
