# How an operation gets its locks in each phase: behind those who leave, behind those who stay, out of a deadlock; who
# is named, and that the session that has called it is as it was.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

my $node = headway_node('operation_locks', autovacuum => 'off', log_lock_waits => 'on');
my $call = q{SELECT safe_set_not_null('t', 'id')};
my $helper = 'ALTER TABLE t ADD CONSTRAINT headway_id_not_null CHECK (id IS NOT NULL) NOT VALID';
# From 18 on it is a NOT NULL that is added and validated, where no CHECK is there for it.
my @phases = $node->pg_version < 18
	? ([ 'phase 1 of 3', 'add CHECK \(id IS NOT NULL\) NOT VALID', 3 ],
		[ 'phase 2 of 3', 'validate CHECK \(id IS NOT NULL\)', 2, $helper ])
	: ([ 'phase 1 of 2', 'add NOT NULL id NOT VALID', 2 ],
		[ 'phase 2 of 2', 'validate NOT NULL id', 1, 'ALTER TABLE t ADD NOT NULL id NOT VALID' ]);
my %impatient = ('headway.hover_time' => '50ms', 'headway.lock_timeout' => '10ms', 'headway.lock_retry' => '700ms');

sub query { return $node->safe_psql('postgres', $_[0]); }

sub is_done {
	my ($how) = @_;
	is(query(q{SELECT attnotnull FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'id'}), 't',
		"$how: the column is NOT NULL");
	is(query(q{SELECT count(*) FROM pg_constraint WHERE conrelid = 't'::regclass AND contype = 'c'}), '0', "$how: no helper is left");
}

# The worker has given up a try and pauses.
sub wait_for_pause {
	my ($phase) = @_;
	wait_until($node, qq{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'pg_headway'
		AND query = 'the safe_set_not_null of public.t.id ($phase) waits for a lock' AND xact_start IS NULL},
		"$phase pauses");
}

# ---- in front of each phase: those who leave, and those who stay ------------------------------------------------

my $blocker = open_session($node);
my $pid = $blocker->backend_pid;
my $read = 'SELECT count(*) FROM t';
my $maintain = 'LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE';
for my $line (@phases, [ 'phase 3 of 3', 'set id NOT NULL', 2, $helper ]) {
	my ($phase, $title, $phases, $setup) = @$line;
	my $lock = $phase =~ /^phase 2/ ? $maintain : $read;
	my $mode = $lock eq $read ? 'ACCESS SHARE' : 'SHARE UPDATE EXCLUSIVE';
	for my $leaves (1, 0) {
		my $how = "$phase, " . ($leaves ? 'left in peace later' : 'never left in peace');
		query('DROP TABLE IF EXISTS t; CREATE TABLE t (id int); INSERT INTO t VALUES (1);' . ($setup // ''));
		$blocker->run("BEGIN; $lock");
		my $run = start_psql($node, $call, settings => { %impatient, $leaves ? ('headway.lock_retry' => '1h') : () });
		if ($leaves) {
			wait_for_pause($phase);
			query('INSERT INTO t VALUES (2)');
			$blocker->run('COMMIT');
			is($run->finish, 0, "$how: it comes through") or diag($run->err);
			is($run->out, "$phases\n", "$how: all that was to be done");
			like($run->err, qr/NOTICE: .*\($phase\) has to wait for a lock; trying again for up to 01:00:00\nDETAIL:  pid $pid \(/,
				"$how: it has said for whom it waits");
			is(query('SELECT count(*) FROM t'), '2', "$how: others have written meanwhile");
			is_done($how);
			next;
		}
		isnt($run->finish, 0, "$how: it gives up");
		is($run->sqlstate, '55P03', "$how: with 55P03");
		my ($tries) = $run->err =~ /the safe_set_not_null of public\.t\.id \($phase\) did not get its locks in (\d+) tries within/;
		cmp_ok($tries // 0, '>=', 2, "$how: after some tries") or diag($run->err);
		cmp_ok($tries // 0, '<=', 12, "$how: with pauses between them");
		like($run->err, qr/ERROR: .*\nDETAIL:  pid $pid \(.*"idle in transaction" for .*\) holds $mode on public\.t: \Q$lock\E ;\nHINT:  Nothing of this try is left behind/,
			"$how: the one in the way is named, and nobody else");
		like($run->err, qr/CONTEXT:  $phase of safe_set_not_null of public\.t\.id: $title\n/, "$how: and the phase");
		is(query("SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass AND pid <> $pid"), '0',
			"$how: nothing is left locked");
		$blocker->run('COMMIT');
		is(query("SET client_min_messages = warning; $call"), $phase eq 'phase 3 of 3' ? '1' : $phases,
			"$how: the same call afterwards");
		is_done($how);
	}
}

# ---- a deadlock is tried again ----------------------------------------------------------------------------------

# An audit of DDL makes one: it wants a lock of its own while the operation has its table, which is wanted by the one
# who holds that lock.
query(<<'SQL');
DROP TABLE t;
CREATE TABLE t (id int);
CREATE TABLE audit (at timestamptz);
CREATE TABLE gate (closed boolean);
INSERT INTO gate VALUES (true);
CREATE FUNCTION audit() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  WHILE (SELECT closed FROM gate) LOOP PERFORM pg_sleep(0.02); END LOOP;
  INSERT INTO audit VALUES (now());
END $$;
CREATE EVENT TRIGGER audit ON ddl_command_end EXECUTE FUNCTION audit();
SQL
my $other = open_session($node, settings => { deadlock_timeout => '1h' });
$other->run('BEGIN; LOCK TABLE audit');
my $run = start_psql($node, $call, settings => { deadlock_timeout => '10ms', 'headway.lock_timeout' => '1h' });
wait_for_worker($node, "wait_event = 'PgSleep'");
$other->say("\\echo sent\nSELECT count(*) FROM t; COMMIT;");
wait_until($node, "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = " . $other->backend_pid);
query('UPDATE gate SET closed = false');
is($run->finish, 0, 'out of a deadlock it comes through') or diag($run->err);
is($run->out, "$phases[0][2]\n", 'with all of its phases');
like($run->err, qr/NOTICE: .*\(phase 1 of \d\) has to wait for a lock/, 'it has said so');
is(() = slurp_file($node->logfile) =~ /detected deadlock while waiting/g, 1, 'there was one deadlock');
my $commands = $node->pg_version < 18 ? 4 : 2;
like($other->run('SELECT count(*) FROM audit'), qr/^$commands$/m, 'the other one has got its locks');
is_done('after a deadlock');
query('DROP EVENT TRIGGER audit');

# ---- the session is as it was -----------------------------------------------------------------------------------

query(q{CREATE ROLE owner; CREATE SCHEMA app AUTHORIZATION owner; CREATE TABLE app.things (id int);
	ALTER TABLE app.things OWNER TO owner; GRANT USAGE ON SCHEMA headway TO owner;
	GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO owner});
my $settings = q{SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) || ' ' || current_user FROM pg_settings
	WHERE name IN ('lock_timeout', 'deadlock_timeout', 'statement_timeout', 'search_path')};
my $caller = open_session($node);
$caller->run(q{SET ROLE owner; SET search_path = app, public; SET lock_timeout = '7s'; SET statement_timeout = '77s';
	SET headway.lock_retry = '100ms'; SET headway.hover_time = '10ms'});
my $before = $caller->run($settings);
like($before, qr/lock_timeout=7000 search_path=app, public statement_timeout=77000 owner$/, 'a session with settings of its own');
is($caller->run(q{SELECT safe_add_check('things', 'id > 0')}), '2', 'names are looked up as it says');
is($caller->run($settings), $before, 'it keeps them when an operation is done');
is(query(q{SELECT count(*) FROM pg_constraint WHERE conrelid = 'app.things'::regclass AND contype = 'c'}), '1', 'done there');
$blocker->run('BEGIN; SELECT count(*) FROM app.things');
$caller->run(q{SELECT safe_set_not_null('things', 'id')});
is($caller->sqlstate, '55P03', 'one that fails');
is($caller->run($settings), $before, 'leaves them alone, too');
$blocker->run('COMMIT');
$caller->run(q{SELECT safe_set_not_null('public.audit', 'at')});
is($caller->sqlstate, '42501', 'and it has the privileges of that role') or diag($caller->err);

$node->stop;
done_testing();
