# Many callers at once: one works, the others wait for their turn and have nothing that a concurrent index build waits for.
# A caller that waits without a snapshot must not keep its virtual transaction locked either: whoever had a snapshot when
# CREATE INDEX CONCURRENTLY looked is waited for until its transaction ends, and that one waited for its turn.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

# As long as the turn is waited for at most: far more than all of it takes, and far less than for ever.
my %patient = ('headway.lock_retry' => '60s');
my $node = headway_node('callers', autovacuum => 'off', max_connections => 60, max_worker_processes => 40);

sub query { return $node->safe_psql('postgres', $_[0]); }

# All of them at the same time; what each of them printed, sorted.
sub all_at_once {
	my ($what, @calls) = @_;
	my @runs = map { start_psql($node, $_, settings => \%patient) } @calls;
	my @failed = grep { $_->finish != 0 } @runs;
	is(scalar @failed, 0, "$what: all come through") or diag($_->err) for @failed ? $failed[0] : $runs[0];
	wait_for_no_worker($node);
	return join ' ', sort { $a <=> $b } map { /(\d+)\s*$/ } map { $_->out } @runs;
}

query('CREATE TABLE t (id int, n int); INSERT INTO t SELECT i, i % 10 FROM generate_series(1, 20000) AS i');
query('CREATE TABLE u (id int PRIMARY KEY, n int, t int); INSERT INTO u SELECT i, i, i FROM generate_series(1, 2000) AS i');
register($node, "r$_", $_ > 1 ? 'r' . ($_ - 1) : undef, "CREATE INDEX CONCURRENTLY t_$_ ON t (id, n)",
	downgrade => "DROP INDEX CONCURRENTLY t_$_") for 1 .. 3;

my $up = q{SELECT migrate_upgrade('head')};
for my $round (1 .. 2) {
	is(all_at_once("ten callers, round $round", ($up) x 10), '0 0 0 0 0 0 0 0 0 3', 'one applies, the others have nothing to do');
	is(query(q{SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass AND indisvalid}), '3', 'all indexes are valid');
	is(all_at_once("ten downgrades, round $round", (q{SELECT migrate_downgrade('base')}) x 10), '0 0 0 0 0 0 0 0 0 3',
		'and one takes them back');
}

# In the snapshot of the statement something comes before the call: it is there while the other one builds.
is(all_at_once('a caller that comes late', 'SELECT pg_sleep(1), migrate_upgrade(\'head\')', 'SELECT pg_sleep(0.4), migrate_upgrade(\'head\')',
	'SELECT migrate_upgrade(\'head\')'), '0 0 3', 'waits for nobody that waits for it');

# Fewer workers than callers (logical replication takes the other one): those who wait for their turn need none, and those who find nothing to do do not either.
my $small = headway_node('few_workers', autovacuum => 'off', max_worker_processes => 2);
register($small, 'r1', undef, 'SELECT pg_sleep(0.5)');
my @many = map { start_psql($small, $up, settings => \%patient) } 1 .. 12;
is(scalar(grep { $_->finish != 0 } @many), 0, 'twelve callers, one worker: all come through');
is(join(' ', sort map { /(\d+)\s*$/ } map { $_->out } @many), '0 0 0 0 0 0 0 0 0 0 0 1', 'one applies');
$small->stop;

# The process that has called for the run that is in progress.
sub builder { return query(q{SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 18554}); }

# A cancel, a termination and an error while it waits leave a session that works as before.
my $writer = open_session($node);
$writer->run('BEGIN; UPDATE t SET n = n WHERE id = 1');
register($node, 'r4', 'r3', 'CREATE INDEX CONCURRENTLY t_4 ON t (id, n)');
my $builder = start_psql($node, $up, settings => \%patient);
wait_for_worker($node, "wait_event = 'virtualxid'");
my $waiting = open_session($node, settings => \%patient);
$waiting->say("$up;");
my $in_turn = "wait_event_type = 'Extension' AND query LIKE 'SELECT migrate_upgrade%' AND state = 'active' AND backend_type = 'client backend'";
wait_until($node, "SELECT $in_turn FROM pg_stat_activity WHERE pid = " . $waiting->backend_pid, 'the second waits for its turn');
is(query(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_headway'}), '1', 'without a worker');
is(query('SELECT count(*) FROM pg_locks WHERE pid = ' . $waiting->backend_pid . q{ AND locktype = 'virtualxid'}), '0',
	'it holds no virtual transaction while it waits');
query('SELECT pg_cancel_backend(' . $waiting->backend_pid . ')');
is($waiting->run('SELECT 1'), '1', 'after a cancel the session goes on');
is($waiting->run('BEGIN; SELECT count(*) FROM t; COMMIT'), '20000', 'in transactions');
is($waiting->run(q{SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'virtualxid'}), '1',
	'that have their virtual transaction locked');
my $terminated = start_psql($node, $up, settings => \%patient);
my $another = "$in_turn AND pid NOT IN (" . builder() . ')';
wait_until($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE $another", 'another one waits for its turn');
query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE $another");
isnt($terminated->finish, 0, 'one that is terminated ends');
my $gone = start_psql($node, $up, settings => \%patient);
wait_until($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE $another", 'one more waits for its turn');
my $gone_backend = query("SELECT pid FROM pg_stat_activity WHERE $another");
kill 'KILL', $gone->client_pid;
wait_until($node, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $gone_backend)", 'a client that is gone is missed');
$gone->finish;
is(query(q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 18554}), '1', 'only the one that builds has the place');
$writer->run('ROLLBACK');
is($builder->finish, 0, 'the one that builds is through') or diag($builder->err);
is($waiting->run($up), '0', 'and the session of the cancelled call has nothing to do');
wait_for_no_worker($node);

# Operations, several of the same at once.
for my $call (
	q{safe_create_index('u', '(n)')}, q{safe_reindex('u')}, q{safe_add_unique('u', '(n)')}, q{safe_add_check('u', 'n > 0')},
	q{safe_set_not_null('u', 'n')}, q{safe_add_column('u', 'r float DEFAULT random()')},
	q{safe_change_column_type('u', 't', 'bigint', drop_old => true)}, q{safe_drop_index('u_n_idx')})
{
	all_at_once("eight $call", ("SELECT $call") x 8);
}
is(query('SELECT count(*) FROM pg_index WHERE NOT indisvalid'), '0', 'no index is left INVALID');

done_testing();
