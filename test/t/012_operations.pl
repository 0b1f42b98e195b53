# The safe_* operations, stopped wherever they can be: kill -9 of the worker, of the caller's process, of the
# postmaster, and a cancel. The same call again must end as one that nobody disturbed: the same definitions, the same
# rows, no index INVALID, no constraint not validated, no helper left. And a second call at the same time has its turn.
#
# A call is held at its n-th stop, n from 1 to the last. Stops are made from outside: event triggers at the start and
# at the end of each DDL statement and a trigger on two rows of each table count by a sequence, which no rollback
# resets. Where a CONCURRENTLY statement waits between its own transactions, those it waits for are the stop.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

use HeadwayTest;

# What each call finds. Anew for each round, with more of its own from the line of the operation.
my $tables = <<'SQL';
DROP TABLE IF EXISTS items, parts, owners CASCADE;
CREATE TABLE owners (id int PRIMARY KEY, name text);
INSERT INTO owners SELECT i, 'owner ' || i FROM generate_series(1, 10) AS i;
CREATE TABLE items (id int PRIMARY KEY, n int, v text, owner int);
INSERT INTO items SELECT i, i, CASE WHEN i % 3 = 0 THEN 'v' || i END, 1 + i % 10 FROM generate_series(1, 2500) AS i;
CREATE INDEX items_owner_idx ON items (owner);
CREATE TABLE parts (id int PRIMARY KEY, n int, v text, owner int) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (200);
INSERT INTO parts SELECT i, i, CASE WHEN i % 3 = 0 THEN 'v' || i END, 1 + i % 10 FROM generate_series(1, 150) AS i;
CREATE TRIGGER stop BEFORE UPDATE ON items FOR EACH ROW WHEN (NEW.id IN (7, 2000)) EXECUTE FUNCTION stop.at_row();
CREATE TRIGGER stop BEFORE UPDATE ON parts FOR EACH ROW WHEN (NEW.id IN (7, 140)) EXECUTE FUNCTION stop.at_row();
SQL

# One line for each operation and kind of table: call => what is called; setup => SQL beyond the tables above;
# behind => those whom its CONCURRENTLY statement waits for, of the sessions below; again => once more does it again.
my @operations = (
	{ call => q{safe_set_not_null('items', 'n')} },
	{ call => q{safe_set_not_null('items', 'v', $$'new ' || id$$)} },
	{ call => q{safe_set_not_null('parts', 'v', $$'new ' || id$$)} },
	{ call => q{safe_add_check('items', 'n > 0')} },
	{ call => q{safe_add_check('parts', 'n > 0', 'Positive')} },
	{ call => q{safe_create_index('items', '(n)', true)}, behind => [qw(writer snapshot)] },
	{ call => q{safe_create_index('parts', '(n, lower(v))')} },
	{ call => q{safe_drop_index('items_owner_idx')}, behind => ['reader'] },
	{ call => q{safe_reindex('items')}, behind => ['writer'], again => 1 },
	{ call => q{safe_add_unique('items', '(n)')} },
	{ call => q{safe_add_unique('parts', '(n, id)', 'Key')} },
	{ call => q{safe_add_primary_key('owners', '(name)')}, setup => 'ALTER TABLE owners DROP CONSTRAINT owners_pkey' },
	# Volatile by its word only, so that the rows can be compared.
	{
		call => q{safe_add_column('items', 'mark int NOT NULL DEFAULT stop.seven() CHECK (mark > 0) REFERENCES owners')},
		setup => 'CREATE OR REPLACE FUNCTION stop.seven() RETURNS int VOLATILE LANGUAGE sql AS $$ SELECT 7 $$'
	},
	{ call => q{safe_add_foreign_key('items', '(owner) REFERENCES owners')} },
	{ call => q{safe_add_foreign_key('parts', '(owner) REFERENCES owners ON DELETE CASCADE')} },
	{
		call => q{safe_change_column_type('items', 'n', 'bigint', drop_old => true)},
		setup => q{DROP TABLE IF EXISTS notes; ALTER TABLE items ALTER n SET NOT NULL, ADD UNIQUE (n), ADD CHECK (n > 0);
			CREATE TABLE notes (id int PRIMARY KEY, item int REFERENCES items (n)); INSERT INTO notes SELECT n, n FROM items;
			CREATE INDEX items_n_id_idx ON items (n DESC, (id + n))},
		behind => ['snapshot']
	},
);

# For a writer and a snapshot an index is built, for a reader one is dropped.
my %sessions = (
	writer => 'BEGIN; UPDATE items SET v = v WHERE id = 1',
	snapshot => 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM stop.plan',
	reader => 'BEGIN; SELECT count(*) FROM items',
);

my $node = headway_node('operations', restart_after_crash => 'on', autovacuum => 'off', max_worker_processes => 8,
	shared_buffers => '16MB', log_statement => 'none');

# Asked by one session as long as the server lives: a psql for each of thousands of questions would take minutes.
my $control;

sub query {
	$control //= open_session($node, extra_params => [ '-v', 'ON_ERROR_STOP=1' ]);
	return $control->run($_[0]);
}

# The function waits as long as the plan says so: at the stop of that number. -1: counts only.
query(<<'SQL');
CREATE SCHEMA stop;
-- Logged, it would give the transaction an id: DROP INDEX CONCURRENTLY refuses to be second.
CREATE UNLOGGED SEQUENCE stop.passed;
CREATE TABLE stop.plan (at int);
INSERT INTO stop.plan VALUES (0);
CREATE FUNCTION stop.here() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE number bigint;
BEGIN
  IF (SELECT at FROM stop.plan) = 0 THEN RETURN; END IF;
  number := nextval('stop.passed');
  WHILE (SELECT at FROM stop.plan) = number LOOP PERFORM pg_sleep(0.02); END LOOP;
END $$;
CREATE FUNCTION stop.at_statement() RETURNS event_trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM stop.here(); END $$;
CREATE FUNCTION stop.at_row() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM stop.here(); RETURN NEW; END $$;
CREATE EVENT TRIGGER stop_start ON ddl_command_start EXECUTE FUNCTION stop.at_statement();
CREATE EVENT TRIGGER stop_end ON ddl_command_end EXECUTE FUNCTION stop.at_statement();
SQL

# A postmaster takes longest to come back, so fewer of them.
my @victims = ((qw(worker caller)) x 5, 'postmaster');
my ($kills, $cancels, $longest) = (0, 0, 0);
my %killed;    # phases of the operation in which a call was killed

sub set_stop { query("SELECT setval('stop.passed', 1, false); UPDATE stop.plan SET at = $_[0]"); }

sub set_up {
	my ($operation) = @_;
	set_stop(0);
	query("SET client_min_messages = warning; $tables; " . ($operation->{setup} // ''));
}

# All that there is to see of the tables.
sub look_at {
	my $schema = '';
	IPC::Run::run([ 'pg_dump', '--schema-only', '-n', 'public', '-d', $node->connstr('postgres') ], '>', \$schema)
	  or die 'pg_dump failed';
	$schema =~ s/^(--|\\(un)?restrict).*\n//mg;
	my $more = query(<<'SQL');
SELECT 'invalid', indexrelid::regclass FROM pg_index WHERE NOT (indisvalid AND indisready AND indislive);
SELECT 'not validated', conrelid::regclass, conname FROM pg_constraint WHERE NOT convalidated;
SELECT 'trigger', tgrelid::regclass, tgenabled, pg_get_triggerdef(t.oid) FROM pg_trigger t
  WHERE NOT tgisinternal AND tgname <> 'stop' ORDER BY 2, 4;
SELECT 'function', p.oid::regprocedure FROM pg_proc p WHERE p.oid >= 16384 AND pronamespace <> 'stop'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e');
SELECT 'unfinished', backfill FROM headway.backfill WHERE state <> 'done';
SELECT 'items', count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM items t;
SELECT 'parts', count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM parts t;
SELECT 'owners', count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM owners t;
SQL
	return "$schema\n$more";
}

sub start_call { return start_psql($node, "SELECT $_[0]{call}"); }

# Polls faster than wait_until(): hundreds of waits here are for what comes at once.
sub await {
	my ($run, $what, $condition) = @_;
	my $end = time + $PostgreSQL::Test::Utils::timeout_default;
	until (query("SELECT $condition") eq 't') {
		$run->{harness}->pump_nb;
		die "waited in vain until $what: " . $run->err if time > $end;
		usleep(5_000);
	}
}

# Starts the call, and is back when it is held at the stop: a number, or the name of a session.
sub start_held {
	my ($operation, $stop) = @_;
	set_up($operation);
	my $session;
	if ($stop =~ /^\d+$/) {
		set_stop($stop);
	} else {
		$session = open_session($node);
		$session->run($sessions{$stop});
		query("SELECT nextval('stop.passed')");
	}
	my $run = start_call($operation);
	my $held = $session ? "wait_event = 'virtualxid'" : "wait_event = 'PgSleep'";
	await($run, "$operation->{call} is held at $stop",
		"count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'pg_headway' AND $held");
	# What it has announced reaches its client a moment later, and a kill would be before it.
	my $phase = query(q{SELECT substring(query FROM 'phase \d+ of \d+: .*') FROM pg_stat_activity
		WHERE backend_type = 'pg_headway' AND query ~ 'phase \d+ of \d+: ' LIMIT 1});
	$run->wait_for_message(qr/\Q$phase\E/) if $phase ne '';
	return ($run, $session);
}

# The phases of which a call has told.
sub phases { return map { s/pg_toast_\d+/pg_toast_N/r } $_[0]->err =~ /NOTICE: .*?(phase \d+ of \d+: .*)/g; }

sub last_phase { return (phases($_[0]))[-1] // 'before the first phase'; }

sub pid_of {
	my ($victim) = @_;
	return 0 if $victim eq 'postmaster';
	my $which = $victim eq 'worker' ? "backend_type = 'pg_headway'" : "query LIKE 'SELECT safe_%'";
	return query("SELECT pid FROM pg_stat_activity WHERE $which AND pid <> pg_backend_pid() ORDER BY backend_start DESC LIMIT 1");
}

sub kill_it {
	my ($victim) = @_;
	my $pid = pid_of($victim);
	$control->finish;
	undef $control;
	if ($victim eq 'postmaster') {
		$node->kill9;
	} else {
		kill('KILL', $pid) == 1 or die "there is no $victim to kill";
	}
	$kills++;
}

# Back when the server has been through its recovery, which gives an unlogged sequence its first value again, and nothing
# of the call is there. A process that is killed is gone before the server knows.
sub await_restart {
	my ($run) = @_;
	$run->finish;
	start_again($node) unless defined $node->{_pid};
	for (1 .. 100 * $PostgreSQL::Test::Utils::timeout_default) {
		my $over = ask($node, "SELECT NOT is_called AND NOT EXISTS (SELECT FROM pg_stat_activity
			WHERE backend_type = 'pg_headway' OR query LIKE 'SELECT safe_%') FROM stop.passed");
		return if ($over // '') eq 't';
		usleep(10_000);
	}
	die 'the server did not come back';
}

sub call_again {
	my ($operation, $expected, $how) = @_;
	set_stop(0);
	my $run = start_call($operation);
	is($run->finish, 0, "$how: the same call comes through") or diag($run->err);
	is(look_at(), $expected, "$how: as if nobody had disturbed it");
}

sub check_kill {
	my ($operation, $stop, $victim, $expected) = @_;
	my ($run, $session) = start_held($operation, $stop);
	kill_it($victim);
	# A server that is started with the pipe to a psql open keeps that psql waiting.
	$session->finish if $session;
	await_restart($run);
	my $phase = last_phase($run);
	$killed{$phase} = 1;
	call_again($operation, $expected, "$operation->{call}, kill -9 of the $victim at stop $stop, $phase");
}

sub check_cancel {
	my ($operation, $stop, $expected) = @_;
	my ($run, $session) = start_held($operation, $stop);
	my $pid = pid_of('caller');
	my $begun = time;
	query("SELECT pg_cancel_backend($pid)");
	$run->finish;
	my $took = time - $begun;
	$longest = $took if $took > $longest;
	$cancels++;
	my $how = "$operation->{call}, cancelled at stop $stop, " . last_phase($run);
	is($run->sqlstate, '57014', "$how: as a cancel") or diag($run->err);
	is(query(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_headway'}), '0', "$how: no worker is left");
	# The session that held it still has its own; a backend lives on for a moment after its psql has ended.
	my $holder = $session ? $session->backend_pid : 0;
	is(query("SELECT count(*) FROM pg_locks WHERE pid <> $holder
		AND relation IN ('items'::regclass, 'parts'::regclass, 'owners'::regclass)"), '0', "$how: nothing is left locked");
	$session->finish if $session;
	call_again($operation, $expected, $how);
}

# Another call, while one is held. It waits for its turn, or, where the first one has shut everyone out, for the table.
sub check_turn {
	my ($operation, $stop, $expected) = @_;
	my ($first) = start_held($operation, $stop);
	my $second = start_call($operation);
	$second->wait_for_message(qr/waiting for another operation on|has to wait for a lock/);
	set_stop(0);
	my $how = "$operation->{call}, two at a time at stop $stop";
	is($first->finish, 0, "$how: the first one") or diag($first->err);
	is($second->finish, 0, "$how: the second one") or diag($second->err);
	is($second->out, "0\n", "$how: it has found nothing to do");
	is(look_at(), $expected, "$how: done once");
}

my ($round, %had_turn) = (0);
my $started = time;
for my $operation (@operations) {
	my $call = $operation->{call};
	my ($function) = $call =~ /^(\w+)/;
	set_up($operation);
	my $before = look_at();
	set_stop(-1);
	my $run = start_call($operation);
	is($run->finish, 0, "$call, undisturbed") or diag($run->err), next;
	my @phases = phases($run);
	my $stops = query('SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM stop.passed');
	set_stop(0);
	my $expected = look_at();
	isnt($expected, $before, "$call, undisturbed: it does something") unless $operation->{again};
	unlike($expected, qr/^(invalid|not validated|unfinished)\|/m, "$call, undisturbed: leaves nothing half done");
	is(query("SELECT $call"), '0', "$call, undisturbed: nothing is to be done again") unless $operation->{again};

	%killed = ();
	# Each statement has two stops, its start and its end: one for a kill, one for a cancel.
	for my $stop (1 .. $stops, @{ $operation->{behind} // [] }) {
		check_cancel($operation, $stop, $expected) if $stop !~ /^\d*[13579]$/;
		check_kill($operation, $stop, $victims[ $round++ % @victims ], $expected) if $stop !~ /^\d*[02468]$/;
	}
	# No trigger fires in a REINDEX: it is stopped where it waits for others only.
	next if $operation->{again};
	is_deeply([ sort keys %killed ], [ sort @phases ], "$call: was killed in each of its phases");
	check_turn($operation, int(($stops + 1) / 2), $expected) unless $had_turn{$function}++;
}

note(sprintf '%d kills survived; %d cancels, the longest took %.2f s; %.0f s in all', $kills, $cancels, $longest,
	time - $started);
$node->stop;
done_testing();
