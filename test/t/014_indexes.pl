# The operations on indexes when they are stopped, when another session does the same, and when the table changes
# meanwhile. A transaction that has written to a partition holds up what is built on that one and nothing else.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

my $node = headway_node('indexes', restart_after_crash => 'on', autovacuum => 'off');

sub query { return $node->safe_psql('postgres', $_[0]); }
sub oid_of { return query("SELECT '$_[0]'::regclass::oid"); }
sub invalid { return query('SELECT count(*) FROM pg_index WHERE NOT indisvalid'); }
sub leader { return query("SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT safe_%' AND state = 'active'"); }

# A call that waits for the writer, and the writer.
my $writer;

sub held_up {
	my ($call, $table) = @_;
	$writer = open_session($node);
	$writer->run("BEGIN; INSERT INTO $table VALUES (DEFAULT)");
	my $run = start_psql($node, $call);
	wait_for_worker($node, "wait_event_type = 'Lock'");
	return $run;
}

sub kill_worker {
	my ($run) = @_;
	kill 'KILL', worker_pid($node);
	isnt($run->finish, 0, 'kill -9 of the worker ends it');
	wait_until($node, 'true', 'the server is back');
	# Its session has gone with the server.
	eval { $writer->finish };
	return;
}

# What an INSERT of defaults goes to: t; p_2.
query(<<'SQL');
CREATE TABLE t (id int DEFAULT 0, n int DEFAULT 0);
INSERT INTO t SELECT i, i FROM generate_series(1, 100) i;
CREATE TABLE p (id int NOT NULL DEFAULT 1001, n int DEFAULT 0) PARTITION BY RANGE (id);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (1000) TO (2000);
CREATE TABLE p_3 PARTITION OF p FOR VALUES FROM (2000) TO (3000);
INSERT INTO p SELECT i, i FROM generate_series(1, 2999) i WHERE i <> 1001;
SQL

# ---- a cancel, and the same call again -------------------------------------------------------------------------

my $call = q{SELECT safe_create_index('t', '(n)')};
my $run = held_up($call, 't');
query('SELECT pg_cancel_backend(' . leader() . ')');
isnt($run->finish, 0, 'a cancel while CREATE INDEX CONCURRENTLY waits ends it');
is($run->sqlstate, '57014', 'as a cancel');
wait_for_no_worker($node);
is(invalid(), '1', 'an INVALID index is left');
$writer->run('ROLLBACK');
is(query($call), '1', 'the same call again builds it');
is(invalid(), '0', 'and nothing INVALID is left');

# ---- two sessions ----------------------------------------------------------------------------------------------

$call = q{SELECT safe_add_unique('t', '(id)')};
$run = held_up($call, 't');
my $second = start_psql($node, $call);
$second->wait_for_message(qr/waiting for another operation on public\.t/);
$writer->run('ROLLBACK');
is($run->finish, 0, 'the first session goes on') or diag($run->err);
is($second->finish, 0, 'the second session waits for its turn') or diag($second->err);
is($run->out, "2\n", 'the first has done both phases');
is($second->out, "0\n", 'the second had nothing to do');
like($second->err, qr/nothing to do: safe_add_unique of t_id_key on public\.t is already done/, 'and says so');

$call = q{SELECT safe_reindex('t_n_idx')};
$run = held_up($call, 't');
$second = start_psql($node, $call);
$second->wait_for_message(qr/waiting for another operation on public\.t/);
$writer->run('ROLLBACK');
is($run->finish, 0, 'the first session rebuilds an index');
is($second->finish, 0, 'the second session does not fail') or diag($second->err);
is($second->out, "0\n", 'since it is not there under its oid any more');

# ---- kill -9 between the partitions ----------------------------------------------------------------------------

# The writer would keep the parent from getting its constraint: it has that already, as after an earlier try.
query('ALTER TABLE ONLY p ADD CONSTRAINT p_pkey PRIMARY KEY (id)');
$call = q{SELECT safe_add_primary_key('p', '(id)')};
kill_worker(held_up($call, 'p_2'));
is(query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'p_1_pkey'::regclass"), 't', 'the first partition has its key');
is(query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'p_2_pkey'::regclass"), 'f', 'the second is half done');
is(query("SELECT to_regclass('p_3_pkey') IS NULL"), 't', 'the third is not begun');
my $first = oid_of('p_1_pkey');
is(query($call), '1', 'the same call goes on with the last phase');
is(invalid(), '0', 'all are valid, the parent too');
is(oid_of('p_1_pkey'), $first, 'the first partition was not built again');
is(query($call), '0', 'and then there is nothing to do');

$call = q{SELECT safe_reindex('p')};
$run = held_up($call, 'p_2');
is(query('SELECT cardinality(indexes) FROM headway.reindex'), '3', 'what is to be rebuilt is written down');
kill_worker($run);
my $left = query('SELECT count(*) FROM headway.reindex, unnest(indexes) i JOIN pg_class ON oid = i');
is(query($call), $left, "the same call rebuilds those that are left: $left");
is(query('SELECT count(*) FROM headway.reindex'), '0', 'and is through');
is(invalid(), '0', 'nothing is left behind');
is(query("SELECT count(*) FROM pg_class WHERE relname ~ '_cc(new|old)'"), '0', 'under another name either');

# ---- a partition is added meanwhile ----------------------------------------------------------------------------

$call = q{SELECT safe_create_index('p', '(n)')};
$run = held_up($call, 'p_2');
query(<<'SQL');
CREATE TABLE p_4 (id int NOT NULL, n int);
INSERT INTO p_4 VALUES (3000, 1);
ALTER TABLE p ATTACH PARTITION p_4 FOR VALUES FROM (3000) TO (4000);
SQL
$writer->run('ROLLBACK');
is($run->finish, 0, 'a partition is added while others are built') or diag($run->err);
is(invalid(), '0', 'the index of the parent is valid');
is(query(q{SELECT string_agg(relid::text, ' ' ORDER BY relid::text) FROM pg_partition_tree('p_n_idx')}),
	'p_1_n_idx p_2_n_idx p_3_n_idx p_4_n_idx p_n_idx', 'all partitions have theirs');

done_testing();
