# Others in the way of a backfill: a snapshot that keeps what it leaves behind, a lock on the table, whoever
# asks something of it while it runs or empties the table.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

my $node = headway_node('primary', autovacuum => 'off', max_prepared_transactions => 2);

sub query { return $node->safe_psql('postgres', $_[0]); }

sub start_job {
	my ($name, $limits) = @_;
	return start_psql($node, "SELECT safe_backfill('t', 'n = id', 'n IS DISTINCT FROM id', '$name', $limits)");
}

query("CREATE TABLE t (id int PRIMARY KEY, n int, pad text);
	INSERT INTO t (id, pad) SELECT i, repeat('x', 200) FROM generate_series(1, 40000) AS i; VACUUM ANALYZE t");
# Long enough to be looked at twice with the holder there.
my $slow = "batch_size => 500, pause => '100 ms'";

# ---- a session with an old snapshot ----------------------------------------------------------------------------

my $reader = open_session($node, 'application_name' => 'reader');
$reader->run('BEGIN ISOLATION LEVEL REPEATABLE READ');
$reader->run('SELECT count(*) FROM t');
my $job = start_job('held', $slow);
my $pid = $reader->backend_pid;
wait_until($node, "SELECT count(*) > 0 FROM headway.progress WHERE name = 'held' AND old_snapshot LIKE 'pid $pid (%'",
	'progress names the session');
$reader->run('COMMIT');
wait_until($node, "SELECT count(*) = 0 FROM headway.progress WHERE name = 'held' AND old_snapshot IS NOT NULL",
	'no longer, once it has ended');
is($job->finish, 0, 'the backfill goes through') or diag($job->err);
like($job->err, qr/NOTICE:.*old versions of rows cannot be removed, and public\.t grows\s+DETAIL:.*pid $pid.*HINT:.*safe_backfill_pause\('held'\)/s,
	'a notice names it and says what to do');
is(() = $job->err =~ /old versions of rows cannot/g, 1, 'once');

# ---- a prepared transaction ------------------------------------------------------------------------------------

query('UPDATE t SET n = NULL; VACUUM FULL t');
query("BEGIN; CREATE TABLE other (); PREPARE TRANSACTION 'forgotten'");
$job = start_job('prepared', $slow);
wait_until($node, "SELECT count(*) > 0 FROM headway.progress
	WHERE name = 'prepared' AND old_snapshot = 'prepared transaction \"forgotten\"'", 'progress names a prepared transaction');
query("ROLLBACK PREPARED 'forgotten'");
is($job->finish, 0, 'the backfill goes through') or diag($job->err);

# ---- without a holder nobody is named --------------------------------------------------------------------------

query('UPDATE t SET n = NULL; VACUUM FULL t');
$job = start_job('free', $slow);
is($job->finish, 0, 'the backfill goes through') or diag($job->err);
unlike($job->err, qr/old versions of rows/, 'nobody is named who is not there');

# ---- a lock on the table ---------------------------------------------------------------------------------------

query('UPDATE t SET n = NULL');
my $locker = open_session($node);
$job = start_job('locked', $slow);
wait_until($node, "SELECT rows_done > 0 FROM headway.progress WHERE name = 'locked'", 'a backfill is under way');
$locker->run('BEGIN');
$locker->run('LOCK TABLE t IN SHARE MODE');
wait_until($node, "SELECT count(*) > 0 FROM headway.progress WHERE name = 'locked' AND waiting_for = 'lock'",
	'progress says that it waits for a lock');
my $locker_pid = $locker->backend_pid;
like(query("SELECT waiting_detail FROM headway.progress WHERE name = 'locked'"), qr/pid $locker_pid /, 'and of whom');
query("SELECT safe_backfill_cancel('locked')");
isnt($job->finish, 0, 'a cancel is heeded meanwhile');
is($job->sqlstate, '57014', 'as such');
$job = start_job('locked', "batch_size => 1000, max_duration => '2 s'");
is($job->finish, 0, 'its time ends meanwhile') or diag($job->err);
like($job->err, qr/its time is up/, 'and it says so');
$locker->run('COMMIT');
is($locker->finish, 0, 'the lock is given back');
$job = start_job('locked', 'batch_size => 1000');
is($job->finish, 0, 'and it goes on') or diag($job->err);
is(query('SELECT count(*) FROM t WHERE n IS DISTINCT FROM id'), '0', 'to the end');

# ---- what is asked of a job in the background ------------------------------------------------------------------

# ---- the other operations -----------------------------------------------------------------------------------------

query(q{CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.01); RETURN $1; END'});
my $writer = open_session($node);
$writer->run('BEGIN; LOCK TABLE t IN ROW EXCLUSIVE MODE;');
my $index = start_psql($node, q{SELECT safe_create_index('t', '((slow(id)))', name => 't_slow')});
wait_until($node, q{SELECT count(*) = 1 FROM headway.progress WHERE name LIKE 'safe_create_index of t_slow on public.t: phase 1 of _: %'
	AND relation = 't' AND waiting_for = 'lock' AND percent IS NULL}, 'an index is built: it waits');
is(query(q{SELECT waiting_detail FROM headway.progress}), 'waiting for writers before build: pid ' . $writer->backend_pid, 'for whom');
$writer->run('COMMIT;');
wait_until($node, q{SELECT count(*) = 1 FROM headway.progress WHERE percent > 0 AND bar LIKE '[#%' AND waiting_for IS NULL}, 'how far it is');
query(q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%t_slow%' AND backend_type = 'client backend' AND pid <> pg_backend_pid()});
isnt($index->finish, 0, 'cancelled');
wait_until($node, q{SELECT count(*) = 0 FROM headway.progress}, 'it is gone');
query('DROP INDEX IF EXISTS t_slow');

query('UPDATE t SET n = NULL');
is(query("SELECT safe_backfill('t', 'n = id', 'n IS DISTINCT FROM id', 'behind', batch_size => 1, pause => '1 h', wait => false)"),
	'0', 'wait => false returns at once');
wait_until($node, "SELECT lanes > 0 FROM headway.progress WHERE name = 'behind'", 'it has begun in the background');
wait_until($node, q{SELECT rows_done > 0 AND average_per_second >= 0 AND pass ~ '^\d+/\d+$' FROM headway.progress WHERE name = 'behind'}, 'and tells its pace and its pass');
my ($state, $message) = psql_error($node, "SELECT safe_backfill_forget('behind')");
is($state, '55006', 'it is not forgotten while it runs');
like($message, qr/DETAIL:.*by the process \d+.*HINT:.*safe_backfill_cancel\('behind'\)/s, 'who runs it is said, and what to do');
is(query("SELECT safe_backfill_pause('behind')"), 't', 'pause says that it is being run');
is(query("SELECT safe_backfill_set('behind', batch_size => 0, pause => '-1 s')"), 't', 'set does');
wait_until($node, "SELECT count(*) > 0 FROM headway.progress WHERE name = 'behind' AND state = 'paused' AND waiting_for = 'pause'",
	'it waits, in its long pause between two batches too');
isnt(query('SELECT count(*) FROM t WHERE n IS DISTINCT FROM id'), '0', 'with rows to do');
is(query("SELECT safe_backfill_resume('behind')"), 't', 'resume does');
wait_until($node, "SELECT state = 'done' FROM headway.backfill WHERE name = 'behind'", 'it goes on, with its new limits');
is(query('SELECT count(*) FROM t WHERE n IS DISTINCT FROM id'), '0', 'to the end');
wait_for_no_worker($node);
is(query("SELECT safe_backfill_forget('behind')"), 't', 'and it is forgotten');

# ---- a table that is emptied meanwhile -------------------------------------------------------------------------

for my $strategy (qw(ctid key)) {
	query("TRUNCATE t; INSERT INTO t (id, pad) SELECT i, repeat('x', 200) FROM generate_series(1, 1000) AS i");
	$job = start_job("emptied by $strategy", "batch_size => 10, pause => '50 ms', strategy => '$strategy'");
	wait_until($node, "SELECT rows_done > 0 FROM headway.progress WHERE name = 'emptied by $strategy'", 'a backfill is under way');
	query('TRUNCATE t');
	is($job->finish, 0, "$strategy: nothing is left to do") or diag($job->err);
}

# ---- a key that is dropped, rebuilt and replaced meanwhile ------------------------------------------------------

query("TRUNCATE t; INSERT INTO t (id, n, pad) SELECT i, 0, repeat('x', 200) FROM generate_series(1, 5000) AS i");
my $each = q{SELECT safe_backfill('t', 'n = n + 1', name => 'each once', strategy => 'key', batch_size => 100, pause => '200 ms')};
$job = start_psql($node, $each);
wait_until($node, q{SELECT rows_done > 0 FROM headway.progress WHERE name = 'each once'}, 'a walk by key is under way');
query('REINDEX TABLE CONCURRENTLY t');
my $so_far = query(q{SELECT rows_done FROM headway.progress WHERE name = 'each once'});
wait_until($node, qq{SELECT rows_done > $so_far FROM headway.progress WHERE name = 'each once'}, 'an index that is rebuilt is the same key');
query('ALTER TABLE t DROP CONSTRAINT t_pkey');
isnt($job->finish, 0, 'without the key it does not go on');
is($job->sqlstate, 'MG017', 'as on the next call') or diag($job->err);
like($job->err, qr/no longer has the key by which it is walked.*HINT:.*unique index/s, 'what is missing is said');
query('CREATE UNIQUE INDEX ON t (id)');
$job = start_psql($node, $each =~ s/200 ms/0/r);
is($job->finish, 0, 'with it again it goes on') or diag($job->err);
is(query('SELECT min(n), max(n), count(*) FROM t'), '1|1|5000', 'each row once');

# ---- rows that others hold until the end -------------------------------------------------------------------------

query("TRUNCATE t; INSERT INTO t (id, pad) SELECT i, repeat('x', 200) FROM generate_series(1, 1000) AS i");
$locker->run('BEGIN; SELECT FROM t WHERE id <= 10 FOR UPDATE');
$job = start_job('held', 'batch_size => 100');
wait_until($node, q{SELECT state = 'waiting' AND waiting_detail = '10 rows of the table, locked by others' FROM headway.progress WHERE name = 'held'},
	'all other rows are done');
my $seen = q{SELECT percent, rows_done, rows_total, waiting_for, waiting_since < clock_timestamp() FROM headway.progress WHERE name = 'held'};
is(query($seen), '100.0|990|990|lock|t', 'progress does not begin anew with each look at the table');
my $since = query(q{SELECT waiting_since FROM headway.progress WHERE name = 'held'});
my $sweep = query(q{SELECT sweep FROM headway.backfill WHERE name = 'held'});
wait_until($node, qq{SELECT sweep > $sweep + 2 FROM headway.backfill WHERE name = 'held'}, 'it looks again');
wait_until($node, q{SELECT waiting_for IS NOT NULL FROM headway.progress WHERE name = 'held'});
is(query(q{SELECT waiting_since FROM headway.progress WHERE name = 'held'}), $since, 'and says since when it waits');
my ($state, $text) = psql_error($node, q{SELECT safe_backfill('t', 'n = 7', 'n IS NULL', 'held')});
is($state, 'MG016', 'another definition under its name is an error while it is at work, too') or diag($text);
$locker->run('COMMIT');
is($job->finish, 0, 'they are done when they are free') or diag($job->err);
is(query('SELECT count(*) FROM t WHERE n IS DISTINCT FROM id'), '0', 'all of them');

# ---- a table that is locked when a call begins that is not to be waited for --------------------------------------

query('UPDATE t SET n = NULL');
$locker->run('BEGIN; LOCK TABLE t IN SHARE MODE');
is(query(q{SELECT safe_backfill('t', 'n = id', 'n IS DISTINCT FROM id', 'in the background', wait => false)}), '0', 'it returns at once');
is(query('SELECT count(*) FROM t WHERE n IS NULL'), '1000', 'the table is locked still');
$locker->run('COMMIT');
wait_until($node, q{SELECT state = 'done' FROM headway.backfill WHERE name = 'in the background'}, 'the background has waited for it');
is(query('SELECT count(*) FROM t WHERE n IS NULL'), '0', 'and has done it');

# ---- why it ended -------------------------------------------------------------------------------------------------

my %reasons = (
	cancel => [ 'pg_cancel_backend', 'caller_pid', qr/^canceling statement due to user request$/ ],
	worker => [ 'pg_terminate_backend', 'pid', qr/^the migration worker was terminated before it was done$/ ],
	caller => [ 'pg_terminate_backend', 'caller_pid', qr/^the migration worker was terminated before it was done$/ ]);
query('UPDATE t SET n = 0');
for my $why (sort keys %reasons) {
	my ($function, $whom, $reason) = @{ $reasons{$why} };
	$job = start_psql($node, qq{SELECT safe_backfill('t', 'n = n + 1', name => '$why', batch_size => 1, pause => '20 ms')});
	wait_until($node, qq{SELECT rows > 0 FROM headway.backfill_run WHERE name = '$why'});
	query(qq{SELECT $function($whom) FROM headway.backfill_run WHERE name = '$why'});
	$job->finish;
	wait_until($node, qq{SELECT result <> 'running' FROM headway.backfill_run WHERE name = '$why'});
	is(query(qq{SELECT result FROM headway.backfill_run WHERE name = '$why'}), 'stopped', "$why: it was stopped");
	like(query(qq{SELECT reason FROM headway.backfill_run WHERE name = '$why'}), $reason, "$why: and it is said why");
	is(query(qq{SELECT lanes, batch_rows, pass FROM headway.progress WHERE name = '$why'}), '0||', "$why: nobody is at it");
}

$node->stop;
done_testing();
