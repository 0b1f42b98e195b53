# What a backfill waits for between two batches: a standby that is paused, a slot that nobody reads, an archiver that fails, old
# snapshots, sessions at work, checkpoints, its hours, the WAL rate.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes ();

use HeadwayTest;

my $node = headway_node('primary', autovacuum => 'off', max_prepared_transactions => 5, archive_mode => 'on', archive_command => "'true'",
	init => { allows_streaming => 'logical' });
my $rows = 20_000;
my $few_rows = "batch_size => 20, pause => '2 ms'";

sub query { return $node->safe_psql('postgres', $_[0]); }

# The jobs have names of their own: a finished one is not done again.
sub start_job {
	my ($name, $limits, %settings) = @_;
	return start_psql($node, "SELECT safe_backfill('t', 'n = id', 'n IS DISTINCT FROM id', '$name', $limits)",
		settings => \%settings);
}

# What the job says that it waits for, once it says it.
sub wait_for_wait {
	my ($name, $what) = @_;
	my $waits = "FROM headway.backfill_range WHERE name = '$name' AND waiting_for = '$what'";
	wait_until($node, "SELECT count(*) > 0 $waits", "$name waits for the $what");
	return query("SELECT min(waiting_detail) $waits");
}

sub goes_through {
	my ($job, $what) = @_;
	is($job->finish, 0, "$what: it goes through") or diag($job->err);
	is(query('SELECT count(*) FROM t WHERE n IS DISTINCT FROM id'), '0', "$what: all rows are done");
	query('UPDATE t SET n = NULL; VACUUM t');
	return;
}

query("CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT i FROM generate_series(1, $rows) AS i");
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('flush'));

# ---- a standby that is in step holds nothing back --------------------------------------------------------------

my $job = start_job('in step', "max_replica_lag => '10 s'");
goes_through($job, 'a standby in step');

# ---- one that is paused does, though it says nothing new; until it goes on --------------------------------------

$node->wait_for_catchup($standby, 'replay', $node->lsn('flush'));
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
$job = start_job('lag', "$few_rows, max_replica_lag => '500 ms'");
like(wait_for_wait('lag', 'replica lag'),
	qr/^standby "standby" \(pid \d+\) is (\d+ ms|[\d.]+ s|00:\d\d:\d\d) behind, the limit is 500 ms$/, 'it is said which one');
is(query(q{SELECT count(*) FROM pg_stat_activity
	WHERE backend_type = 'pg_headway' AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)}), '0',
	'nothing is held meanwhile');
my $done = query(q{SELECT sum(rows_done) FROM headway.backfill_range WHERE name = 'lag'});
cmp_ok($done, '<', $rows, 'it has stopped on the way');
# A second later the lag is longer, and nothing was done.
my $lsn = query('SELECT pg_current_wal_insert_lsn()');
Time::HiRes::usleep(1_000_000);
is(query(q{SELECT sum(rows_done) FROM headway.backfill_range WHERE name = 'lag'}), $done, 'and does nothing more');
cmp_ok(query("SELECT pg_current_wal_insert_lsn() - '$lsn'"), '<', 100_000, 'not even WAL');
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
goes_through($job, 'the standby goes on');

$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
$job = start_job('lag in bytes', "$few_rows, max_replica_lag => '100 kB'");
# It is slowed down before it stands still.
wait_until($node, q{SELECT state = 'waiting' AND waiting_for = 'replica lag'
	AND waiting_detail ~ '^standby "standby" \(pid \d+\) is \d+ kB behind, the limit is 100 kB$'
	FROM headway.progress WHERE name = 'lag in bytes'}, 'a limit in bytes holds it back too');
query(q{SELECT safe_backfill_set('lag in bytes', max_replica_lag => '1 TB')});
goes_through($job, 'a larger limit in bytes');
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');

# ---- no limit: a paused standby is nobody's business; one that has gone is not there ----------------------------

$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
$job = start_job('no limit', 'batch_size => 1000');
goes_through($job, 'without a limit');
$job = start_job('gone', "$few_rows, max_replica_lag => '500 ms'");
wait_for_wait('gone', 'replica lag');
$standby->stop('immediate');
goes_through($job, 'the standby has gone');

# ---- who may not know of standbys is not told ------------------------------------------------------------------

$standby->start;
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_replication WHERE replay_lsn IS NOT NULL});
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
query(q{CREATE ROLE app LOGIN; GRANT USAGE ON SCHEMA headway TO app;
	GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA headway TO app; ALTER TABLE t OWNER TO app;
	GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO app});
$job = start_psql($node, "SELECT safe_backfill('t', 'n = id', 'n IS DISTINCT FROM id', 'app', $few_rows, "
	  . "max_replica_lag => '500 ms')", extra_params => [ '-U', 'app' ]);
is(wait_for_wait('app', 'replica lag'), 'a standby is more than 500 ms behind', 'without pg_read_all_stats: no names');
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
goes_through($job, 'as app');
$standby->stop;

# ---- the archiver ----------------------------------------------------------------------------------------------

$node->append_conf('postgresql.conf', "archive_command = 'false'");
$node->reload;
query('SELECT pg_switch_wal(); CHECKPOINT') for 1 .. 5;
$job = start_job('archiver', $few_rows, 'headway.max_archive_backlog' => 2);
like(wait_for_wait('archiver', 'archiver'), qr/^\d+ WAL files wait to be archived, the limit is 2$/, 'how many is said');
$node->append_conf('postgresql.conf', "archive_command = 'true'");
$node->reload;
goes_through($job, 'the archiver goes on');

$node->append_conf('postgresql.conf', "archive_command = 'false'");
$node->reload;
query('SELECT pg_switch_wal(); CHECKPOINT') for 1 .. 5;
$job = start_job('no archiver', 'batch_size => 1000', 'headway.max_archive_backlog' => 0);
goes_through($job, 'headway.max_archive_backlog = 0');
$node->append_conf('postgresql.conf', "archive_command = 'true'");
$node->reload;

# ---- the reader of a logical slot ------------------------------------------------------------------------------

query(q{SELECT pg_create_logical_replication_slot('unread', 'pgoutput')});
$job = start_job('slot', "$few_rows, max_replica_lag => '500 ms'");
like(wait_for_wait('slot', 'replica lag'), qr/^the reader of slot "unread" is .* behind, the limit is 500 ms$/, 'a slot that nobody reads holds it back');
query(q{SELECT pg_drop_replication_slot('unread')});
goes_through($job, 'the slot is gone');

# ---- an old snapshot -------------------------------------------------------------------------------------------

my $holder = do { local $ENV{PGAPPNAME} = 'reporter'; open_session($node) };
$holder->run('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t;');
$job = start_job('snapshot', "$few_rows, on_old_snapshot => 'wait'");
like(wait_for_wait('snapshot', 'old snapshot'), qr/^old versions of rows are kept by pid \d+ \(\w+\@reporter, "idle in transaction" for /, 'whose it is');
is(query(q{SELECT safe_backfill_set('snapshot', on_old_snapshot => 'go on')}), 't', 'told to go on');
goes_through($job, 'in spite of it');
$job = start_job('snapshot 2', "$few_rows, on_old_snapshot => 'wait'");
wait_for_wait('snapshot 2', 'old snapshot');
$holder->run('COMMIT;');
$holder->finish;
goes_through($job, 'the snapshot is gone');
query(q{BEGIN; CREATE TABLE prepared (); PREPARE TRANSACTION 'left behind'});
$job = start_job('prepared', "$few_rows, on_old_snapshot => 'wait'");
is(wait_for_wait('prepared', 'old snapshot'), 'old versions of rows are kept by prepared transaction "left behind"', 'a prepared transaction');
query(q{ROLLBACK PREPARED 'left behind'});
goes_through($job, 'it is gone');

# ---- sessions at work ------------------------------------------------------------------------------------------

my @busy = map { start_psql($node, 'SELECT pg_sleep(300)') } 1 .. 3;
wait_until($node, q{SELECT count(*) = 3 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(300)' AND state = 'active'});
$job = start_job('busy', "$few_rows, max_active => 2");
# The one that asks may be among them; the one that waits for the job is not.
like(wait_for_wait('busy', 'sessions'), qr{^[34] sessions are at work, the limit is 2$}, 'how many there are');
query(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(300)'});
$_->finish for @busy;
goes_through($job, 'they have gone');

# ---- checkpoints -----------------------------------------------------------------------------------------------

$job = start_job('checkpoints', "$few_rows", 'headway.min_checkpoint_gap' => '4s');
wait_until($node, q{SELECT sum(rows_done) > 0 FROM headway.backfill_range WHERE name = 'checkpoints'});
my $held = 0;
for (1 .. 20) {
	query('CHECKPOINT');
	Time::HiRes::usleep(1_100_000);
	$held = query(q{SELECT count(*) FROM headway.backfill_range WHERE name = 'checkpoints' AND waiting_for = 'checkpoints'});
	last if $held;
}
is($held, 1, 'checkpoints that follow each other closely hold it back');
goes_through($job, 'they are over');

# ---- an ANALYZE of autovacuum's -------------------------------------------------------------------------------

query(q{CREATE TABLE analyzed (id int, pad text) WITH (autovacuum_analyze_threshold = 1, autovacuum_analyze_scale_factor = 0,
	autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_threshold = 1000000000,
	autovacuum_vacuum_insert_threshold = -1)});
$node->append_conf('postgresql.conf', "autovacuum = on\nautovacuum_naptime = 1");
$node->reload;
query(q{INSERT INTO analyzed SELECT i, repeat('x', 1000) FROM generate_series(1, 2000) i});
wait_until($node, q{SELECT count(*) > 0 FROM pg_stat_progress_analyze WHERE relid = 'analyzed'::regclass}, 'autovacuum analyzes');
$job = start_job('analyze', $few_rows);
is(wait_for_wait('analyze', 'autovacuum'), 'an ANALYZE by autovacuum keeps old versions of rows', 'it is waited for');
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->reload;
query(q{SELECT pg_terminate_backend(pid) FROM pg_stat_progress_analyze});
goes_through($job, 'it is over');

# ---- its hours -------------------------------------------------------------------------------------------------

my $later = query(q{SELECT to_char(now() + '3 days', 'Dy') || ' 22:00-06:00'});
$job = start_job('hours', "time_window => '$later'");
like(wait_for_wait('hours', 'time window'), qr/^"$later" opens in \d\d:\d\d:\d\d$/, 'when it opens is said');
is(query(q{SELECT coalesce(sum(rows_done), 0) FROM headway.backfill_range WHERE name = 'hours'}), '0',
	'not one row is done before');
query(q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity
	WHERE backend_type = 'client backend' AND query LIKE '%''hours''%' AND pid <> pg_backend_pid()});
isnt($job->finish, 0, 'a cancel while it waits ends it');
is($job->sqlstate, '57014', 'as a cancel');
$job = start_job('hours', "time_window => 'Mon-Sun 00:00-24:00'");
goes_through($job, 'at any hour');

# ---- the WAL rate ----------------------------------------------------------------------------------------------

query('CHECKPOINT');
$lsn = query('SELECT pg_current_wal_insert_lsn()');
my $begun = Time::HiRes::time();
$job = start_job('rate', "batch_size => 200, max_wal_rate => '1MB/s'");
is($job->finish, 0, 'with a WAL rate') or diag($job->err);
my $took = Time::HiRes::time() - $begun;
my $megabytes = query("SELECT (pg_current_wal_insert_lsn() - '$lsn') / 1024 / 1024");
# A second's worth may be written ahead, and the last batch is not waited for.
cmp_ok($took, '>', $megabytes - 1.5, "$megabytes MB take as long as they must");

# ---- limits that are none --------------------------------------------------------------------------------------

for my $limit ("time_window => '22:00'", "max_wal_rate => '20 apples'", "max_replica_lag => '-1 s'", "max_active => 0") {
	my ($state, $message) = psql_error($node, "SELECT safe_backfill('t', 'n = id', 'n IS NULL', 'none', $limit)");
	is($state, '22023', "$limit is refused");
	my ($argument) = $limit =~ /^(\w+)/;
	like($message, qr/ERROR:.*$argument.*HINT:  Write for example/s, 'by its name, with a hint');
}
is(query(q{SELECT count(*) FROM headway.backfill WHERE name = 'none'}), '0', 'and leaves no job');

done_testing();
