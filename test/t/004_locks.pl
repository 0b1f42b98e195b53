# Runs that wait: for another run, for a reader, for autovacuum.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

my $node = headway_node('locks', autovacuum => 'off', autovacuum_naptime => '1s', log_autovacuum_min_duration => 0);
my $up = 'SELECT migrate_upgrade()';
my $pauses = "wait_event_type = 'Extension' AND xact_start IS NULL";

sub query { return $node->safe_psql('postgres', $_[0]); }

# ---- two runs at once, the first with an index that waits for every older transaction --------------------------

query('CREATE TABLE t (id int)');
register($node, 'a', undef, 'CREATE INDEX CONCURRENTLY t_idx ON t (id)');
register($node, 'b', 'a', 'ALTER TABLE t ADD COLUMN b int');
my $writer = open_session($node);
$writer->run('BEGIN; INSERT INTO t VALUES (1)');
my $first = start_psql($node, $up);
wait_for_worker($node, "wait_event_type = 'Lock'");
my @others = map { start_psql($node, $up) } 1 .. 3;
wait_until($node, q{SELECT count(*) = 3 FROM pg_stat_activity AS a WHERE query LIKE 'SELECT migrate_upgrade%' AND state = 'active'
	AND wait_event_type = 'Extension' AND NOT EXISTS (SELECT FROM pg_locks AS l WHERE l.pid = a.pid AND objsubid = 18554)},
	'three callers wait');
is(query(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_headway'}), '1', 'without workers');
my ($state, $text) = psql_error($node, "BEGIN; $up");
is($state, '55P03', 'a run in a transaction does not wait');
like($text, qr/HINT:.*statement of its own/, 'the hint says what does');
$writer->run('COMMIT');
is($first->finish, 0, 'the first run gets through: the waiting ones are not in its way');
is($first->out, "2\n", 'it has run both');
for (@others) {
	$_->finish;
	is($_->out, "0\n", 'another finds nothing to do');
	like($_->err, qr/nothing to do/, 'and says so');
}
is(query('SELECT count(*) FROM headway.history'), '2', 'each revision was run once');

# ---- a reader that leaves after a while ------------------------------------------------------------------------

register($node, 'c', 'b', 'ALTER TABLE t ADD COLUMN c int');
$writer->run('BEGIN; SELECT count(*) FROM t');
$first = start_psql($node, $up);
wait_for_worker($node, $pauses);
is(query(q{SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass AND mode = 'AccessExclusiveLock'}),
	'0', 'nothing is held in the pauses');
$writer->run('COMMIT');
is($first->finish, 0, 'the reader has left: the ALTER gets through');
like($first->err, qr/has to wait for a lock/, 'it says that it had to wait');
cmp_ok(query(q{SELECT lock_tries FROM headway.history WHERE revision = 'c'}), '>', 1, 'the history counts the tries');

# ---- a client's advisory lock that a revision wants: the caller waits for itself --------------------------------

register($node, 'd', 'c', 'SELECT pg_advisory_lock(4711)');
query('ALTER SYSTEM SET deadlock_timeout = 1000000');
$node->reload;
my $client = open_session($node);
$client->run('SELECT pg_advisory_lock(4711)');
$client->say("$up;");
$client->say('\echo over');
$client->{harness}->pump until $client->{out} =~ /over/;
is($client->sqlstate, '40P01', 'a lock of the calling session: told apart from waiting') or diag($client->err);
wait_for_no_worker($node);
$client->run('SELECT pg_advisory_unlock(4711)');
is($client->run($up), '1', 'without it the same call works');
$client->finish;
query('ALTER SYSTEM RESET deadlock_timeout');
$node->reload;

# ---- autovacuum gives way to whoever waits for deadlock_timeout; a short lock_timeout must not keep it from that --

query(q{CREATE TABLE v (id int, pad text) WITH (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1,
	fillfactor = 10); INSERT INTO v SELECT i, repeat('x', 500) FROM generate_series(1, 3000) AS i; DELETE FROM v});
register($node, 'e', 'd', 'ALTER TABLE v ADD COLUMN e int');
query('ALTER SYSTEM SET autovacuum = on');
$node->reload;
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_progress_vacuum WHERE relid = 'v'::regclass});
$first = start_psql($node, $up, settings => { 'headway.lock_retry' => '20s' });
is($first->finish, 0, 'autovacuum gives way') or diag($first->err);
is(query('SELECT revision FROM headway.version'), 'e', 'the revision is applied');
is(query(q{SELECT max(lock_tries) <= 3 FROM headway.history WHERE revision = 'e'}), 't', 'within few tries');

# ---- one that prevents wraparound does not give way: it is hovered for, never queued behind, and left alone ------

query('ALTER SYSTEM SET autovacuum = off');
$node->reload;
query(q{CREATE TABLE w (id int, pad text) WITH (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1,
	autovacuum_freeze_max_age = 100000, fillfactor = 10);
	INSERT INTO w SELECT i, repeat('x', 500) FROM generate_series(1, 3000) AS i});
# A hundred thousand transaction ids: subtransactions that write.
query(q{CREATE TABLE ids (i int)});
query(q{DO 'BEGIN FOR i IN 1 .. 100100 LOOP BEGIN INSERT INTO ids VALUES (i); EXCEPTION WHEN unique_violation THEN NULL; END; END LOOP; END'});
register($node, 'f', 'e', 'ALTER TABLE w ADD COLUMN e int');
query('ALTER SYSTEM SET autovacuum = on');
$node->reload;
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query ~ 'w .to prevent wraparound.' AND backend_type = 'autovacuum worker'});
$first = start_psql($node, $up, settings => { 'headway.lock_retry' => '3s', 'headway.hover_time' => '200ms' });
wait_for_worker($node);
my $queued = 0;
for (1 .. 20) {
	$queued += query(q{SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE backend_type = 'pg_headway' AND NOT granted});
}
is($queued, 0, 'it never stands in the queue, where everyone would wait behind it');
isnt($first->finish, 0, 'it gives up in time');
is($first->sqlstate, '55P03', 'for want of the lock');
like($first->err, qr/DETAIL:  .*\(to prevent wraparound\)/, 'and says what is in the way');
unlike($first->err, qr/pg_terminate_backend/, 'which nobody is told to terminate');
like($first->err, qr/HINT:  .*wraparound.*Let it finish/, 'but to let finish');

$writer->finish;
done_testing();
