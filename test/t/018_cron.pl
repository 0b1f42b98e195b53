# Backfills that the real pg_cron starts: through to the end, nothing to do, and a tick while the job is at work; with
# connections of its own (cron.use_background_workers = off) and with background workers (on).
#
# No minute needs to pass: a job '@reboot' starts with the server, as soon as pg_cron has read its table of jobs. A lock
# of a prepared transaction on that table outlives the restart, so it says when.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

my $node = PostgreSQL::Test::Cluster->new('cron');
plan skip_all => 'pg_cron is not installed (apt-get install postgresql-15-cron)'
  unless -e $node->config_data('--pkglibdir') . '/pg_cron.so';

my $rows = 2000;
my $call = q{SELECT safe_backfill('videos', 'youtube_video_id = youtube_id',
	'youtube_video_id IS NULL AND youtube_id IS NOT NULL', name => 'nightly', batch_size => 100)};

sub query { return $node->safe_psql('postgres', $_[0]); }

$node->init;
$node->append_conf('postgresql.conf', $_)
  for "shared_preload_libraries = 'pg_cron'", "cron.database_name = 'postgres'", "cron.host = '" . $node->host . "'",
  'max_prepared_transactions = 2', 'max_worker_processes = 20', 'log_min_messages = notice';
$node->start;
query('CREATE EXTENSION pg_headway; CREATE EXTENSION pg_cron');
query('CREATE TABLE videos (id bigint PRIMARY KEY, youtube_id text, youtube_video_id text)');

sub refill {
	query(qq{TRUNCATE videos; DELETE FROM headway.backfill; TRUNCATE cron.job_run_details;
		INSERT INTO videos SELECT i, 'video ' || i FROM generate_series(1, $rows) AS i});
	return;
}

sub left_to_do { return query('SELECT count(*) FROM videos WHERE youtube_video_id IS NULL'); }
sub job { return query(q{SELECT state, rows_done FROM headway.backfill WHERE name = 'nightly'}); }
sub runs { return query(q{SELECT status, count(*) FROM cron.job_run_details GROUP BY 1 ORDER BY 1}); }

sub wait_for_runs {
	my ($count) = @_;
	wait_until($node, qq{SELECT count(*) = $count AND bool_and(end_time IS NOT NULL) FROM cron.job_run_details},
		"pg_cron has seen the end of $count runs");
	return;
}

is(query(qq{SELECT cron.schedule('nightly', '0 2 * * *', \$\$$call\$\$) > 0}), 't', 'scheduled for each night');
query(q{SELECT cron.unschedule('nightly')});
query(qq{SELECT cron.schedule('at start', '\@reboot', \$\$$call\$\$)});

for my $background (qw(off on)) {
	my $mode = "background workers $background";
	$node->append_conf('postgresql.conf', "cron.use_background_workers = $background");
	refill();

	# Through to the end.
	$node->restart;
	wait_for_runs(1);
	is(runs(), 'succeeded|1', "$mode: pg_cron has seen success");
	is(left_to_do(), '0', "$mode: no row is left");
	is(job(), "done|$rows", "$mode: the job is done");
	is(query(q{SELECT d.status, r.result, r.rows FROM cron.job_run_details d LEFT JOIN headway.backfill_run r
		ON r.caller_pid = d.job_pid AND r.started_at BETWEEN d.start_time AND d.end_time}), "succeeded|done|$rows",
		"$mode: what the run has done is found by its process");
	isnt(query('SELECT count(DISTINCT xmin::text) FROM videos'), '1', "$mode: in several transactions");

	# Nothing to do.
	my $versions = query('SELECT count(*), max(xmin::text::bigint), max(ctid) FROM videos');
	$node->restart;
	wait_for_runs(2);
	is(runs(), 'succeeded|2', "$mode: nothing to do is a success");
	is(query('SELECT count(*), max(xmin::text::bigint), max(ctid) FROM videos'), $versions, "$mode: no row is written");

	# A tick while the job is at work: it waits for a row that somebody has locked.
	refill();
	query(q{BEGIN; LOCK TABLE cron.job; PREPARE TRANSACTION 'not yet'});
	$node->restart;
	my $other = open_session($node);
	$other->run('BEGIN; SELECT FROM videos WHERE id = 1000 FOR UPDATE');
	my $run = start_psql($node, $call);
	wait_until($node, q{SELECT count(*) > 0 FROM headway.backfill WHERE name = 'nightly' AND state = 'running'});
	my $log_from = -s $node->logfile;
	query(q{COMMIT PREPARED 'not yet'});
	wait_for_runs(1);
	is(runs(), 'succeeded|1', "$mode: a tick while the job is at work is a success");
	is(query(q{SELECT state FROM headway.backfill WHERE name = 'nightly'}), 'running', "$mode: it has not waited for the job");
	isnt(left_to_do(), '0', "$mode: which is not through");
	like(substr(slurp_file($node->logfile), $log_from), qr/NOTICE:  backfill "nightly" is already running/,
		"$mode: and a notice says why");
	$other->run('COMMIT');
	is($run->finish, 0, "$mode: the job goes on") or diag($run->err);
	is($run->out, "$rows\n", "$mode: it has done all rows itself");
	is(job(), "done|$rows", "$mode: each of them once");
}

$node->stop;
done_testing();
