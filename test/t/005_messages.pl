# What the worker has to say: more than the queue to its caller holds, very long, to a client that does not listen;
# and what a long run costs in memory.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

my $node = headway_node('messages');
my $up = 'SELECT migrate_upgrade()';

sub query { return $node->safe_psql('postgres', $_[0]); }

sub script_is {
	my ($script) = @_;
	query('TRUNCATE headway.version, headway.step, headway.revision');
	register($node, 'a', undef, $script);
}

# ---- many notices ----------------------------------------------------------------------------------------------

script_is(q{DO 'BEGIN FOR i IN 1 .. 100000 LOOP RAISE NOTICE ''number %'', i; END LOOP; END'});
my $run = start_psql($node, $up, extra_params => [ '-v', 'SHOW_CONTEXT=never' ]);
is($run->finish, 0, '100,000 notices');
my @numbers = $run->err =~ /number (\d+)$/mg;
is(scalar @numbers, 100_000, 'none is lost');
is_deeply([ @numbers[ 0, 1, -1 ] ], [ 1, 2, 100_000 ], 'they are in order');

$run = start_psql($node, q{SELECT migrate_downgrade('base')}, settings => { client_min_messages => 'debug5' });
is($run->finish, 0, 'all that the server can say') or diag(substr $run->err, -500);

# ---- a long error ----------------------------------------------------------------------------------------------

script_is(q{DO 'BEGIN RAISE EXCEPTION USING MESSAGE = repeat(''m'', 1000000) || ''end'', DETAIL = repeat(''d'', 1000000),
	ERRCODE = ''P4711''; END'});
my ($state, $text) = psql_error($node, $up);
is($state, 'P4711', 'an error of 2 MB');
ok(($text =~ tr/m//) > 1_000_000 && ($text =~ tr/d//) > 1_000_000 && $text =~ /mmend$/m, 'it is complete');
is(query('SELECT result, sqlstate, length(message), length(detail) FROM headway.history'),
	'failed|P4711|1000003|1000000', 'in the history too');

# ---- a client that does not read -------------------------------------------------------------------------------

script_is(q{DO 'BEGIN LOOP RAISE NOTICE ''%'', repeat(''x'', 1000); END LOOP; END'});
$run = start_psql($node, $up);
wait_for_worker($node);
kill 'STOP', $run->client_pid;
wait_for_worker($node, "wait_event = 'MessageQueuePutMessage'");
wait_until($node, "SELECT wait_event = 'ClientWrite' FROM pg_stat_activity WHERE query = '$up' AND state = 'active'");
pass('a client that does not read stops the run');
query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = '$up' AND state = 'active'");
wait_for_no_worker($node);
pass('terminating the caller ends the worker');
kill 'KILL', $run->client_pid;
$run->finish;

$run = start_psql($node, $up);
wait_for_worker($node);
kill 'STOP', $run->client_pid;
wait_for_worker($node, "wait_event = 'MessageQueuePutMessage'");
kill 'KILL', $run->client_pid;
wait_for_no_worker($node);
pass('a client that vanishes without having read ends the worker');
$run->finish;

$run = start_psql($node, $up);
wait_for_worker($node);
query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = '$up' AND state = 'active'");
$run->finish;
is($run->sqlstate, '57014', 'an endless stream of notices can be cancelled');
wait_for_no_worker($node);
is(query(q{SELECT string_agg(concat(result, ' ', sqlstate), ', ' ORDER BY id) FROM headway.history}), 'cancelled 57P01, cancelled 57P01, cancelled 57014',
	'and the history says so of all three');

# ---- memory ----------------------------------------------------------------------------------------------------

SKIP: {
	skip 'needs /proc', 2 unless -r "/proc/$$/status";
	query(q{TRUNCATE headway.version, headway.step, headway.revision; CREATE TABLE rss (at int, worker int, kb int);
CREATE FUNCTION note(at int) RETURNS void LANGUAGE sql AS $$
  INSERT INTO rss SELECT at, pg_backend_pid(),
    substring(pg_read_file('/proc/' || pg_backend_pid() || '/smaps_rollup') FROM 'Private_Dirty: *(\d+) kB')::int
$$;
DO $$ BEGIN
  FOR i IN 1 .. 2000 LOOP
    PERFORM migrate_revision('r' || i, CASE WHEN i > 1 THEN 'r' || (i - 1) END, 'Number ' || i,
      format('CREATE TABLE m%s (id int PRIMARY KEY, v text); DROP TABLE m%s; SELECT note(%s)', i, i, i), '');
  END LOOP;
END $$});
	$run = start_psql($node, $up, settings => { client_min_messages => 'warning' });
	is($run->finish, 0, '2,000 revisions in one call') or diag($run->err);
	my $growth = query('SELECT (SELECT kb FROM rss WHERE at = 2000) - (SELECT kb FROM rss WHERE at = 100)');
	note("the worker grew by $growth kB from the 100th to the 2,000th");
	cmp_ok($growth, '<', 16_000, 'the worker does not grow with them');
}

done_testing();
