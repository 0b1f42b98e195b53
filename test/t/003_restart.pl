# What a crash at a known point leaves behind, and how the next run deals with it. (002_kill.pl has the random points.)
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

my $node = headway_node('restart', restart_after_crash => 'on', autovacuum => 'off');
my $up = 'SELECT migrate_upgrade()';

sub query { return $node->safe_psql('postgres', $_[0]); }

# Back when the server has been through its recovery, which empties an unlogged table. A process that is killed is gone
# before the server knows.
sub crash {
	my ($signal, $pid) = @_;
	query('CREATE UNLOGGED TABLE IF NOT EXISTS before_crash (); INSERT INTO before_crash DEFAULT VALUES');
	kill $signal, $pid;
	wait_until($node, 'SELECT count(*) = 0 FROM before_crash', 'the server has come back');
	return;
}

# ---- CREATE INDEX CONCURRENTLY: an INVALID index ---------------------------------------------------------------

query('CREATE TABLE t (id int, n int NOT NULL DEFAULT 0, toasted text); INSERT INTO t SELECT i FROM generate_series(1, 1000) AS i');
register($node, 'a', undef, 'CREATE INDEX CONCURRENTLY IF NOT EXISTS t_idx ON t (id); CREATE TABLE after_index ()');
my $writer = open_session($node);
$writer->run('BEGIN; UPDATE t SET n = n');
my $run = start_psql($node, $up);
my $worker = wait_for_worker($node, "wait_event_type = 'Lock'");
is(query("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_idx'::regclass"), 'f', 'the index is being built');
$node->safe_psql('postgres', 'CREATE TABLE unrelated (id int); CREATE INDEX CONCURRENTLY ON unrelated (id)');
pass('a concurrent index on another table does not wait for the caller');
crash('KILL', $worker);
$run->finish;
$writer->{harness}->finish;
is(query("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_idx'::regclass"), 'f', 'an INVALID index is left');
is(query('SELECT statements_done FROM headway.unfinished'), '0', 'the position is known');
is(query('SELECT result, finished_at IS NULL FROM headway.history'), 'interrupted|t', 'the history says at once what happened');
$run = start_psql($node, $up);
is($run->finish, 0, 'the next run goes on');
like($run->err, qr/dropped the invalid index "t_idx"/, 'and says what it drops');
is(query("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_idx'::regclass"), 't', 'the index is valid');
is(query("SELECT string_agg(result, ',' ORDER BY id) FROM headway.history"),
	'interrupted,done', 'the history tells the crash from the success');
is(query('SELECT count(*) FROM headway.unfinished'), '0', 'nothing is unfinished');

# ---- the other statements that leave something half-done -------------------------------------------------------

query('CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)');
for my $case (
	[ 'r', 'REINDEX INDEX CONCURRENTLY t_idx', 't' ],
	[ 's', 'REINDEX TABLE CONCURRENTLY t', 't', 'ROW EXCLUSIVE' ],
	[ 'd', 'ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY', 'p' ],
	[ 'x', 'DROP INDEX CONCURRENTLY t_idx', 't' ]) {
	my ($revision, $statement, $table, $mode) = @$case;
	$mode //= 'ACCESS SHARE';
	my $parent = query('SELECT revision FROM headway.version');
	register($node, $revision, $parent, $statement);
	my $reader = open_session($node);
	$reader->run("BEGIN; LOCK TABLE $table IN $mode MODE; SELECT count(*) FROM $table");
	$run = start_psql($node, $up);
	$worker = wait_for_worker($node, "wait_event_type = 'Lock'");
	crash('KILL', $worker);
	$run->finish;
	$reader->{harness}->finish;
	my $left = $mode eq 'ACCESS SHARE' ? 'ccold' : 'ccnew';
	is(query("SELECT count(*) > 0 FROM pg_index WHERE NOT indisvalid AND indexrelid::regclass::text ~ '_$left'"), 't',
		"killed in $statement: an index _$left is left") if $statement =~ /REINDEX/;
	$run = start_psql($node, $up);
	is($run->finish, 0, "killed in $statement: the next run goes on") or diag($run->err);
	is(query(q{SELECT count(*) FROM pg_index WHERE NOT indisvalid OR indexrelid::regclass::text ~ '_cc(new|old)'}), '0', "killed in $statement: no index is invalid");
	is(query('SELECT count(*) FROM pg_inherits WHERE inhdetachpending'),
		'0', "killed in $statement: no partition is half detached");
	query("SELECT migrate_stamp('$revision')");
}

# ---- the postmaster is gone: nobody goes on without it ---------------------------------------------------------

query('CREATE TABLE big (id int PRIMARY KEY, n int NOT NULL DEFAULT 0);'
	  . 'INSERT INTO big SELECT i FROM generate_series(1, 100000) AS i');
$run = start_psql($node, q{SELECT safe_backfill('big', 'n = n + 1', batch_size => 1, name => 'one by one')});
wait_until($node, 'SELECT coalesce(sum(batches), 0) > 100 FROM headway.backfill_range');
$worker = worker_pid($node);
$node->kill9;
$run->finish;
start_again($node);
cmp_ok(query('SELECT sum(rows_done) FROM headway.backfill_range'), '<', 100_000, 'a backfill ends with its server');
is(query('SELECT sum(rows_done) = (SELECT sum(n) FROM big) FROM headway.backfill_range'), 't', 'each batch is there with its count');
query('DROP TABLE big');

done_testing();
