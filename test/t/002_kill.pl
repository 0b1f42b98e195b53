# kill -9 of a worker, the caller's process or the postmaster at a random moment, again and again until the run comes
# through. The end must be that of a run that nobody disturbed: the same schema, the same rows, the same version.
# The moments are random; what is asserted does not depend on them.
#
#   HEADWAY_KILL_ROUNDS=100 scripts/test.sh tap       more rounds (default 3 of each victim)
#   HEADWAY_KILL_SEED=...                             the same moments once more
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use HeadwayTest;

my $rounds = $ENV{HEADWAY_KILL_ROUNDS} // 3;
my $seed = $ENV{HEADWAY_KILL_SEED} // int(time * 1000) % 1_000_000;
srand $seed;
note("HEADWAY_KILL_SEED=$seed");

my $node = headway_node('kill', restart_after_crash => 'on', autovacuum => 'off', max_worker_processes => 8);
my $up = 'SELECT migrate_upgrade()';
my $kills = 0;

# Every kind of step, each long enough to be hit: a transaction, indexes, a backfill that is exact only when each batch
# is done once (n = n + 1), one by storage order, and statements by themselves.
register($node, 'a', undef, <<'SQL');
CREATE TABLE items (id int PRIMARY KEY, n int NOT NULL, v text, w text, pad text);
INSERT INTO items SELECT i, i % 7, NULL, 'w' || i, repeat('x', 50) FROM generate_series(1, 20000) AS i;
CREATE TABLE parts (id int) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
SQL
register($node, 'b', 'a', <<'SQL');
ALTER TABLE items ADD COLUMN more int NOT NULL DEFAULT 7;
UPDATE items SET more = id WHERE id % 2 = 0;
CREATE INDEX items_more_idx ON items (more);
CREATE VIEW big AS SELECT * FROM items WHERE more > 10;
SQL
register($node, 'c', 'b', <<'SQL');
SET maintenance_work_mem = '4MB';
CREATE INDEX CONCURRENTLY items_n_idx ON items (n);
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS items_w_idx ON items (w);
DROP INDEX CONCURRENTLY items_more_idx;
ALTER TABLE items ADD CONSTRAINT items_w_key UNIQUE USING INDEX items_w_idx;
SQL
register($node, 'd', 'c', <<'SQL');
SELECT safe_backfill('items', 'n = n + 1', batch_size => 100);
ALTER TABLE items ADD COLUMN stamp int;
SELECT safe_backfill('items', 'v = w', 'v IS NULL', batch_size => 3, strategy => 'ctid');
SQL
register($node, 'e', 'd', 'UPDATE items SET n = n * 10; ALTER TABLE items DROP COLUMN stamp');
$node->safe_psql('template1', 'SELECT 1');

sub look_at {
	my ($database) = @_;
	my $schema = '';
	IPC::Run::run([ 'pg_dump', '--schema-only', '--no-comments', '-d', $node->connstr($database) ], '>', \$schema)
	  or die 'pg_dump failed';
	$schema =~ s/^(--|\\(un)?restrict).*\n//mg;
	my $data = $node->safe_psql($database, <<'SQL');
SELECT count(*), sum(n), md5(string_agg(items::text, ',' ORDER BY id)) FROM items;
SELECT string_agg(revision, ',') FROM headway.version;
SELECT count(*) FROM pg_index WHERE NOT indisvalid;
SELECT count(*) FROM headway.unfinished;
SELECT revision, count(*) FROM headway.history WHERE result = 'done' GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM headway.history WHERE result = 'running';
SELECT count(*) FROM headway.backfill WHERE state = 'done';
SQL
	return "$schema\n$data";
}

# A kill that came when the client had its answer already ends the server only now.
sub state_of {
	my ($database) = @_;
	for my $try (1 .. 10) {
		my $state = eval { look_at($database) };
		return $state if defined $state;
		wait_for_recovery();
	}
	return look_at($database);
}

sub wait_for_recovery {
	wait_until($node, 'true', 'the server is back', 'template1');
}

# Until there is a database of that name, or none: a kill may take the server down at any moment.
sub see_to_database {
	my ($name, $wanted, $sql) = @_;
	for (1 .. 10) {
		return if (ask($node, "SELECT count(*) FROM pg_database WHERE datname = '$name'", 'template1') // '') eq $wanted;
		wait_for_recovery() unless defined ask($node, $sql, 'template1');
	}
	die "in vain: $sql";
}

sub new_database {
	my ($name) = @_;
	return see_to_database($name, '1', "CREATE DATABASE $name TEMPLATE postgres");
}

# The pids of what can be killed; none when the run is over already.
sub victims {
	my ($kind, $database) = @_;
	return $node->data_dir if $kind eq 'postmaster';
	my $which = $kind eq 'worker' ? "backend_type = 'pg_headway'" : "query = '$up' AND state = 'active'";
	return split /\n/, ask($node, "SELECT pid FROM pg_stat_activity WHERE datname = '$database' AND $which", 'template1') // '';
}

sub kill_something {
	my ($kind, $database) = @_;
	if ($kind eq 'postmaster') {
		$node->kill9;
		$kills++;
		return;
	}
	my @pids = victims($kind, $database) or return;
	$kills += kill 'KILL', $pids[ rand @pids ];
}

# Until a worker is at the step (any step: ''), or the run is over.
sub await_step {
	my ($database, $step) = @_;
	while (1) {
		my $out = ask($node, "SELECT query FROM pg_stat_activity WHERE datname = '$database'"
			  . " AND (backend_type = 'pg_headway' OR query = '$up' AND state = 'active')", 'template1') // '';
		return if $out eq '' || $out =~ /^Running upgrade.*-> $step/m;
	}
}

# Disturbs the run until it is through; never more than some times, since it must come to an end.
sub run_disturbed {
	my ($kind, $database) = @_;
	for my $try (1 .. 100) {
		my $run = start_psql($node, $up, dbname => $database);
		if ($try <= 8) {
			await_step($database, $try == 1 ? ('a' .. 'e')[ rand 5 ] : '');
			sleep(rand() * 0.2);
			kill_something($kind, $database);
		}
		my $code = $run->finish;
		start_again($node) unless defined $node->{_pid};
		return 1 if $code == 0;
		wait_for_recovery();
	}
	return 0;
}

new_database('undisturbed');
is($node->safe_psql('undisturbed', $up), '5', 'a run that nobody disturbs');
my $expected = state_of('undisturbed');
like($expected, qr/^20000\|/m, 'it has all of the rows');

for my $kind (qw(worker caller postmaster)) {
	for my $round (1 .. $rounds) {
		my $database = "${kind}_$round";
		my $before = $kills;
		new_database($database);
		ok(run_disturbed($kind, $database), "kill -9 of the $kind, round $round: it comes through")
		  or next;
		is(state_of($database), $expected,
			"kill -9 of the $kind, round $round: as if nobody had disturbed it (seed $seed, " . ($kills - $before) . ' kills)');
		see_to_database($database, '0', "DROP DATABASE $database");
	}
}
note("$kills kills survived");
done_testing();
