# What is said while a CONCURRENTLY statement waits for other transactions; that saying it keeps nobody waiting; cancels.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes ();

use HeadwayTest;

my $node = headway_node('waiting', autovacuum => 'off', max_prepared_transactions => 5);
my $up = 'SELECT migrate_upgrade()';

sub query { return $node->safe_psql('postgres', $_[0]); }

sub leader { return query(q{SELECT pid FROM pg_stat_activity WHERE query = 'SELECT migrate_upgrade()'
	AND backend_type = 'client backend' AND state = 'active' AND pid <> pg_backend_pid()}); }

query('CREATE TABLE t (id int, n int NOT NULL DEFAULT 0); INSERT INTO t SELECT i FROM generate_series(1, 100) AS i');
register($node, 'a', undef, 'CREATE INDEX CONCURRENTLY t_idx ON t (id)');

# ---- a writer in front: said who it is, and no snapshot is kept ------------------------------------------------

my $writer = open_session($node);
my $pid = $writer->backend_pid;
$writer->run('BEGIN; UPDATE t SET n = n');
my $run = start_psql($node, $up);
my $worker = wait_for_worker($node, "wait_event_type = 'Lock'");
$run->wait_for_message(qr/waiting for 1 transaction[^\n]*\n(?:DETAIL:[^\n]*\n)/);
like($run->err, qr/NOTICE:  00000: waiting for 1 transaction, the oldest for 00:00:0\d\nDETAIL:  pid $pid \(.*"idle in transaction" for 00:00:0\d\).*UPDATE t SET n = n/,
	'the notice names the one in front');
my $leader = leader();
is(query("SELECT backend_xmin IS NULL, backend_xid IS NULL FROM pg_stat_activity WHERE pid = $leader"), 't|t',
	'the caller keeps no snapshot after it');
is(query("SELECT count(*) FROM pg_locks WHERE pid = $leader AND locktype <> 'virtualxid' AND objsubid IS DISTINCT FROM 18554"),
	'0', 'and no lock but that of its turn');
my ($state, $message) = psql_error($node, q{SELECT migrate_forget_progress('a')});
is($state, '55P03', 'no progress is forgotten meanwhile');
like($message, qr/while a migration run is in progress.*process(?i) $worker/s, 'by whom it is run is said');
# Once more, so that it is not the first look only.
$run->wait_for_message(qr/waiting for 1 transaction, the oldest for 00:00:1\d/);
is(query("SELECT backend_xmin IS NULL FROM pg_stat_activity WHERE pid = $leader"), 't', 'nor after the second time');
$writer->run('COMMIT');
is($run->finish, 0, 'it ends when the one in front does') or diag($run->err);
is(query("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_idx'::regclass"), 't', 'the index is valid');
is(() = $run->err =~ /waiting for/g, 2, 'it was said twice, not each second');

# ---- a prepared transaction; a cancel in that phase ------------------------------------------------------------

register($node, 'b', 'a', 'CREATE INDEX CONCURRENTLY t_idx2 ON t (n)');
$writer->run(q{BEGIN; UPDATE t SET n = n; PREPARE TRANSACTION 'in front'});
$run = start_psql($node, $up);
$run->wait_for_message(qr/waiting for 1 transaction[^\n]*\n(?:DETAIL:[^\n]*\n)/);
like($run->err, qr/DETAIL:  prepared transaction "in front" \(.*for 00:00:\d\d\)/, 'a prepared transaction by its name');
query('SELECT pg_cancel_backend(' . leader() . ')');
isnt($run->finish, 0, 'a cancel ends it while it waits for what never ends by itself');
is($run->sqlstate, '57014', 'as a cancel');
is(query(q{SELECT result, sqlstate FROM headway.history WHERE revision = 'b'}), 'cancelled|57014', 'the history has it');
wait_for_no_worker($node);
is(query("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_idx2'::regclass"), 'f', 'an INVALID index is left');
query(q{ROLLBACK PREPARED 'in front'});
$run = start_psql($node, $up);
is($run->finish, 0, 'the next run builds it') or diag($run->err);
like($run->err, qr/dropped the invalid index "t_idx2"/, 'again');
is(query("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_idx2'::regclass"), 't', 'it is valid');

# ---- short waits are not worth a word --------------------------------------------------------------------------

register($node, 'c', 'b', 'CREATE INDEX CONCURRENTLY t_idx3 ON t (n)');
$writer->run('BEGIN; UPDATE t SET n = n');
$run = start_psql($node, $up);
wait_for_worker($node, "wait_event_type = 'Lock'");
$writer->run('COMMIT');
is($run->finish, 0, 'a short wait');
unlike($run->err, qr/waiting for/, 'is not told');

# ---- what the caller was stopped by is what the history says ---------------------------------------------------

register($node, 'd', 'c', 'SELECT pg_sleep(600)');
$run = start_psql($node, $up, settings => { statement_timeout => '1s' });
isnt($run->finish, 0, 'a statement_timeout of the caller');
is(query(q{SELECT result, sqlstate, message FROM headway.history WHERE revision = 'd'}),
	'cancelled|57014|canceling statement due to statement timeout', 'is in the history as that');
register($node, 'd', 'c', 'CREATE INDEX CONCURRENTLY t_idx4 ON t (n); SELECT pg_advisory_xact_lock(4711)');
my $session = open_session($node);
$session->run('SET headway.lock_timeout = 0; SELECT pg_advisory_lock(4711)');
$session->run($up);
is($session->sqlstate, '40P01', 'a deadlock with the session that has called');
is(query(q{SELECT result, sqlstate, message FROM headway.history ORDER BY id DESC LIMIT 1}),
	'failed|40P01|the migration waits for a lock of this very session', 'too');

done_testing();
