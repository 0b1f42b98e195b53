# headway.autoresume: what was at work when the server stopped goes on by itself, as whoever had called; and what must
# not go on does not.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes ();

use HeadwayTest;

my $node = headway_node('autoresume', shared_preload_libraries => 'pg_headway', 'headway.autoresume' => 'on',
	restart_after_crash => 'on', autovacuum => 'off', max_worker_processes => 12);

sub query { return $node->safe_psql('postgres', $_[0]); }

sub state_of { return query("SELECT state FROM headway.backfill WHERE name = '$_[0]'"); }

sub wait_for_state {
	my ($job, $state) = @_;
	wait_until($node, "SELECT state = '$state' FROM headway.backfill WHERE name = '$job'", "job $job is $state");
	return;
}

# In key order, and slow enough to be met at work: each row notes when it was done, in whose name and in which schema.
my $rows = 400;
query(q{
	CREATE ROLE member NOLOGIN;
	CREATE ROLE filler LOGIN IN ROLE member;
	CREATE SCHEMA mine AUTHORIZATION member;
	CREATE FUNCTION mine.stamp() RETURNS text LANGUAGE sql AS $$ SELECT current_user || ' ' || current_setting('TimeZone') $$;
	SELECT migrate_grant('member')});

sub make_table {
	my ($table) = @_;
	query(qq{CREATE TABLE $table (id int PRIMARY KEY, n int NOT NULL DEFAULT 0, done_by text);
		ALTER TABLE $table OWNER TO member; INSERT INTO $table SELECT generate_series(1, $rows)});
	return;
}

# Starts a call and waits until it has done some rows; its caller goes with the server.
sub start_call {
	my ($table, $arguments, %more) = @_;
	make_table($table);
	my $call = start_psql($node, undef, extra_params => [ '-U', $more{user} // 'filler' ]);
	$call->say($more{before} // 'SET ROLE member');
	$call->say(qq{SELECT safe_backfill('public.$table', 'n = n + 1, done_by = stamp()', name => '$table', batch_size => 1,
		pause => '10 ms', $arguments);});
	wait_until($node, "SELECT sum(n) > 5 FROM $table", "$table is being done");
	return $call;
}

sub wait_for_log {
	my ($node, $from, $pattern, $what) = @_;
	my $end = time + $PostgreSQL::Test::Utils::timeout_default;
	Time::HiRes::usleep(50_000) until substr(slurp_file($node->logfile), $from) =~ $pattern || time > $end;
	like(substr(slurp_file($node->logfile), $from), $pattern, $what);
	return;
}

my $as_member = q{SET ROLE member; SET search_path = mine, public; SET TimeZone = 'Asia/Tokyo';};

sub kill_postmaster {
	my @calls = @_;
	$node->stop('immediate');
	eval { $_->finish } for @calls;
	return;
}

# ---- what goes on --------------------------------------------------------------------------------------------------

my $tomorrow = "max_duration => '1 day', workers => 2, on_error => 'skip'";
my $call = start_call('waited_for', $tomorrow, before => $as_member);
kill_postmaster($call);
my $log_from = -s $node->logfile;
$node->start;
wait_for_state('waited_for', 'done');
is(query('SELECT n, done_by, count(*) FROM waited_for GROUP BY 1, 2'), "1|member Asia/Tokyo|$rows",
	'after a restart it goes on: each row once, as the same role, in its search_path and time zone');
is(query(q{SELECT string_agg(result, ',' ORDER BY id) FROM headway.backfill_run WHERE name = 'waited_for'}), 'interrupted,done',
	'the first call was interrupted, the second one is the server\'s own');
is(query(q{SELECT count(DISTINCT (run_by, session_user_name, workers, round(extract(epoch FROM c.ends_at)::numeric, 2), on_error, settings))
	FROM headway.backfill_call c WHERE name = 'waited_for'}), '1', 'with the same roles, arguments, settings and end');
is(query(q{SELECT run_by, session_user_name FROM headway.backfill_call WHERE name = 'waited_for' ORDER BY id DESC LIMIT 1}), 'member|filler',
	'as the role that had been set, in a session of the role that had logged in');
like(substr(slurp_file($node->logfile), $log_from), qr/LOG:  backfill "waited_for" goes on after a restart/, 'the log says so');

# A server that is stopped as it should be takes its workers down; that is no end of theirs.
for my $mode (qw(fast smart)) {
	$call = start_call("stopped_$mode", 'wait => false', before => "$as_member SET headway.lock_timeout = '77 ms';");
	$call->{in} = "\\q\n";
	eval { $call->finish };
	$node->stop($mode);
	$node->start;
	wait_for_state("stopped_$mode", 'done');
	is(query("SELECT n, count(*) FROM stopped_$mode GROUP BY 1"), "1|$rows", "after a $mode stop it goes on, each row once");
	is(query(qq{SELECT string_agg(result, ',' ORDER BY id) FROM headway.backfill_run WHERE name = 'stopped_$mode'}), 'interrupted,done',
		"$mode: the first call was interrupted");
	is(query(qq{SELECT count(*) FROM headway.backfill_call WHERE name = 'stopped_$mode' AND 'headway.lock_timeout=77' = ANY (settings)}), '2',
		"$mode: with the settings of ours, too");
}

# A crash of a process: the postmaster is the same, and begins its processes again.
$call = start_call('background', 'wait => false', before => $as_member);
my ($worker) = query(q{SELECT pid FROM headway.backfill WHERE name = 'background'});
kill 'KILL', $worker;
eval { $call->finish };
wait_for_state('background', 'done');
is(query('SELECT n, count(*) FROM background GROUP BY 1'), "1|$rows", 'after a crash it goes on, each row once');

# What is over does not run once more, whatever somebody makes of its row.
query(q{CREATE ROLE lesser LOGIN; SELECT migrate_grant('lesser')});
my @as_lesser = (extra_params => [ '-U', 'lesser' ]);
$node->safe_psql('postgres', q{UPDATE headway.backfill_call SET result = 'running' WHERE name = 'background';
	UPDATE headway.backfill SET state = 'running' WHERE name = 'background'}, @as_lesser);

# The time that it had is the time that it has.
$call = start_call('short', "max_duration => '2 s'", before => $as_member);
kill_postmaster($call);
sleep 2;
$node->start;
wait_for_state('short', 'stopped');
is(query(q{SELECT state FROM headway.progress WHERE name = 'background'}), 'interrupted', 'a call that has ended does not begin again');
is(query('SELECT count(*) FROM background WHERE n <> 1'), '0', 'and no row is done again');
isnt(query('SELECT count(*) FROM short WHERE n = 0'), '0', 'its max_duration counts from its first beginning');

# ---- what does not -------------------------------------------------------------------------------------------------

$call = start_call('paused', q{wait => true}, before => $as_member);
query(q{SELECT safe_backfill_pause('paused')});
my $changed_clause = start_call('changed_clause', 'wait => true', before => $as_member);
my $changed_call = start_call('changed_call', 'wait => true', before => $as_member);
register($node, 'r', undef, q{SELECT safe_backfill('public.in_revision', 'n = n + 1, done_by = ''revision''', batch_size => 1, pause => '10 ms')});
make_table('in_revision');
my $upgrade = start_psql($node, 'SELECT migrate_upgrade()');
wait_until($node, 'SELECT sum(n) > 5 FROM in_revision');
# As another role with the same privileges on the tables, and as the role itself.
$node->safe_psql('postgres', q{UPDATE headway.backfill_call SET set_clause = 'n = 666' WHERE name = 'changed_call'}, @as_lesser);
is(query(q{SELECT run_by_oid, session_user_oid FROM headway.backfill_call WHERE name = 'changed_call'}), '0|0',
	'the row of a call that is changed belongs to nobody');
$node->safe_psql('postgres', q{INSERT INTO headway.backfill_call (name, command, relation, relation_oid, set_clause, strategy, on_error,
	workers, settings, rows_at_start, run_by, caller_pid, run_by_oid, session_user_oid)
	SELECT 'changed_clause', command, relation, relation_oid, 'n = 666', strategy, on_error, 1, '{}', 0, 'postgres', 1, 10, 10
	FROM headway.backfill_call WHERE name = 'waited_for' LIMIT 1}, @as_lesser);
is(query(q{SELECT run_by_oid, session_user_oid FROM headway.backfill_call WHERE set_clause = 'n = 666' AND name = 'changed_clause'}), '0|0',
	'nor does one that was not written by a worker, whatever it says');
my $other_job = start_call('other_job', 'wait => true', before => $as_member);
$node->safe_psql('postgres', q{UPDATE headway.backfill SET set_clause = 'n = 666' WHERE name = 'other_job'}, @as_lesser);
query('CREATE DATABASE other');
$node->safe_psql('other', q{CREATE SCHEMA headway; CREATE TABLE headway.evil (who text);
	CREATE FUNCTION headway.look() RETURNS boolean LANGUAGE sql AS $$ INSERT INTO headway.evil SELECT current_user RETURNING true $$;
	CREATE VIEW headway.backfill_call AS SELECT 1::bigint AS id, 'x' AS name, 'update' AS command, 10::oid AS session_user_oid, 10::oid AS run_by_oid,
		'running' AS result, '{}'::text[] AS settings, headway.look() AS evil;
	CREATE VIEW headway.backfill AS SELECT 'x' AS name, 'running' AS state, 'run' AS request WHERE headway.look()});
kill_postmaster($call, $changed_clause, $changed_call, $upgrade, $other_job);
$log_from = -s $node->logfile;
$node->start;
wait_for_state('other_job', 'running');
$call = start_call('last', q{wait => true}, before => $as_member);
kill_postmaster($call);
$node->start;
wait_for_state('last', 'done');
wait_for_no_worker($node);
for my $table (qw(paused changed_call changed_clause in_revision other_job)) {
	isnt(query("SELECT count(*) FROM $table WHERE n = 0"), '0', "$table: it has not gone on");
	is(query("SELECT count(*) FROM $table WHERE n > 1"), '0', "$table: nothing else was done");
}
is(query(q{SELECT state FROM headway.progress WHERE name = 'paused'}), 'paused', 'what was paused is paused');
like(substr(slurp_file($node->logfile), $log_from), qr/backfill "other_job" exists with another definition/,
	'what is not the job any more is said in the log');
is($node->safe_psql('other', 'SELECT count(*) FROM headway.evil'), '0', 'what is called like our tables is not read');

# ---- who cannot log in any more ------------------------------------------------------------------------------------

$call = start_call('nologin', q{wait => true}, before => $as_member);
query('ALTER ROLE filler NOLOGIN');
$log_from = -s $node->logfile;
kill_postmaster($call);
$node->start;
wait_until($node, q{SELECT state = 'interrupted' FROM headway.progress WHERE name = 'nologin'});
wait_for_log($node, $log_from, qr/FATAL:  role "filler" is not permitted to log in\n.*CONTEXT:  backfill "nologin"/,
	'of whom it is said in the log, and for which job');
query('ALTER ROLE filler LOGIN');

# ---- off by default, and without a slot ----------------------------------------------------------------------------

$call = start_call('without', q{wait => true}, before => $as_member);
kill_postmaster($call);
$node->append_conf('postgresql.conf', 'headway.autoresume = off');
$node->start;
is(query(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_headway resumption'}), '0', 'off: no process of ours');
is(query(q{SELECT state FROM headway.progress WHERE name = 'without'}), 'interrupted', 'off: it is interrupted');
my ($state) = psql_error($node, 'SET headway.autoresume = on');
is($state, '55P02', 'it cannot be set in a session');
$node->stop;
done_testing();
