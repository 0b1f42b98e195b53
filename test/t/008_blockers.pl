# migrate_blockers(): who is in the way of a lock, and whom they wait for.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

my $node = headway_node('blockers', autovacuum => 'off', max_prepared_transactions => 5);

sub query { return $node->safe_psql('postgres', $_[0]); }

# A session with a name of its own; the test library names them all alike.
sub session {
	my ($name, %more) = @_;
	local $ENV{PGAPPNAME} = $name;
	return open_session($node, %more);
}

sub start {
	my ($name, $sql) = @_;
	local $ENV{PGAPPNAME} = $name;
	return start_psql($node, $sql);
}

# What is told of the blockers of t, without what changes from run to run.
sub describe {
	my ($mode) = @_;
	my $text = query(defined $mode
		? "SELECT description FROM migrate_blockers('t', '$mode')"
		: q{SELECT description FROM migrate_blockers('t')});
	$text =~ s/for \d\d:\d\d:\d\d/for AGE/g;
	return $text;
}

sub waits { return "SELECT count(*) = 1 FROM pg_stat_activity WHERE pid = $_[0] AND wait_event_type = 'Lock'"; }

query('CREATE TABLE t (id int); CREATE TABLE other (id int); CREATE ROLE looker LOGIN;
	GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO looker; GRANT ALL ON t, other TO PUBLIC');
is(query(q{SELECT count(*) FROM migrate_blockers('t')}), '0', 'nobody is in the way of a table that nobody uses');

# ---- a reader --------------------------------------------------------------------------------------------------

my $reader = session('web');
my $pid = $reader->backend_pid;
$reader->run("BEGIN; SELECT count(*)\n\tFROM   t -- " . ('x' x 300));
my $told = describe();
like($told, qr/^pid $pid \(\w+\@web, "idle in transaction" for AGE\) holds ACCESS SHARE on public\.t: SELECT count/,
	'a reader with all that is known of it');
my ($statement) = $told =~ /on public\.t: (.*)/;
is(length $statement, 200, 'of its statement the beginning');
like($statement, qr/^SELECT count\(\*\) FROM t -- x+$/, 'on one line');
is(describe('ROW EXCLUSIVE'), '', 'it is in the way of no mode that does not conflict with its own');
is(query(q{SELECT level, application_name, backend_type, state, lock_mode, granted, transaction_age > interval '0',
	username = current_user, prepared_transaction IS NULL FROM migrate_blockers('t')}),
	'0|web|client backend|idle in transaction|ACCESS SHARE|t|t|t|t', 'the same as columns');
is(query(q{SELECT count(*) FROM migrate_blockers('other')}), '0', 'of another table it is not told');

# ---- who queues is in the way too, and waits for the reader ------------------------------------------------------

my $alter = start('deploy', 'ALTER TABLE t ADD COLUMN a int');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'deploy'
	AND wait_event_type = 'Lock'});
my $alter_pid = query(q{SELECT pid FROM pg_stat_activity WHERE application_name = 'deploy'});
is(query(q{SELECT level, application_name, lock_mode, granted FROM migrate_blockers('t', 'ACCESS SHARE')}),
	"0|deploy|ACCESS EXCLUSIVE|f\n1|web||", 'another reader has to wait for the ALTER, which waits for the first one');
my @lines = split /\n/, describe('ACCESS SHARE');
like($lines[0], qr/^pid $alter_pid \(\w+\@deploy, "active" for AGE\) waits for ACCESS EXCLUSIVE on public\.t: ALTER/,
	'it is said that it waits');

# a longer chain: somebody waits for the ALTER while holding what a third wants
my $middle = session('middle');
$middle->run('BEGIN; LOCK TABLE other');
# The echo is an answer: without one, sending would wait for it.
$middle->say("\\echo sent\nSELECT count(*) FROM t;");
wait_until($node, waits($middle->backend_pid));
is(query(q{SELECT level, application_name, lock_mode FROM migrate_blockers('other', 'ROW SHARE')}),
	"0|middle|ACCESS EXCLUSIVE\n1|deploy|\n2|web|", 'a chain is followed to its end');

# ---- what an ordinary role may not see ---------------------------------------------------------------------------

my $looker = session('looker', extra_params => [ '-U', 'looker' ]);
is($looker->run(q{SELECT application_name, state IS NULL, transaction_age IS NULL, query
	FROM migrate_blockers('t') WHERE level = 0 AND granted}),
	'web|t|t|<insufficient privilege>', 'of another role only what the server shows it');
$looker->finish;

$reader->run('ROLLBACK');
is($alter->finish, 0, 'nobody is stopped by being looked at');
$middle->run('ROLLBACK');
is(describe(), '', 'all are gone');

# ---- a prepared transaction --------------------------------------------------------------------------------------

query(q{BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'left ''behind'''});
like(describe(), qr/^prepared transaction "left 'behind'" \(\w+, for AGE\) holds ROW EXCLUSIVE on public\.t$/,
	'a prepared transaction by its name');
is(query(q{SELECT pid IS NULL, prepared_transaction, lock_mode, granted FROM migrate_blockers('t', 'SHARE')}),
	q{t|left 'behind'|ROW EXCLUSIVE|t}, 'the same as columns');
my $waiter = start('deploy', 'LOCK TABLE other; ALTER TABLE t ADD COLUMN b int');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'deploy'
	AND wait_event_type = 'Lock'});
like(query(q{SELECT string_agg(level || description, '; ') FROM migrate_blockers('other', 'ROW SHARE')}),
	qr/^0pid \d+ .* holds ACCESS EXCLUSIVE on public\.other: .*; 1a prepared transaction$/,
	'at the end of a chain it has no name');
query(q{ROLLBACK PREPARED 'left ''behind'''});
is($waiter->finish, 0, 'it was what was in the way');

# ---- what a CONCURRENTLY statement waits for: writers and old snapshots, prepared transactions, nobody else ------

my $old = session('report');
$old->run('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM other');
my $idle = session('idle');
$idle->run('BEGIN');
my $writer = session('writer');
$writer->run('BEGIN; INSERT INTO t VALUES (1)');
query(q{BEGIN; INSERT INTO other VALUES (1); PREPARE TRANSACTION 'elsewhere'});
is(query(q{SELECT coalesce(application_name, prepared_transaction), lock_mode
	FROM migrate_blockers('t', 'concurrently')}),
	"writer|ROW EXCLUSIVE\nreport|\nelsewhere|", 'the writers of the table, then old snapshots from the oldest on');
like(describe('CONCURRENTLY'), qr/^pid \d+ \(\w+\@report, "idle in transaction" for AGE\): SELECT count/m,
	'a snapshot holds no mode');
$_->finish for $reader, $middle, $old, $idle, $writer;
query(q{ROLLBACK PREPARED 'elsewhere'});

# ---- autovacuum ------------------------------------------------------------------------------------------------

query(q{CREATE TABLE v (id int, pad text) WITH (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1,
	fillfactor = 10); INSERT INTO v SELECT i, repeat('x', 500) FROM generate_series(1, 3000) AS i; DELETE FROM v});
query('ALTER SYSTEM SET autovacuum_naptime = 1');
query('ALTER SYSTEM SET autovacuum = on');
$node->reload;
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_progress_vacuum WHERE relid = 'v'::regclass});
like(query(q{SELECT description FROM migrate_blockers('v')}),
	qr/^pid \d+ \(autovacuum worker, "active" for [\d:]+\) holds SHARE UPDATE EXCLUSIVE on public\.v: autovacuum: VACUUM/,
	'autovacuum is known as such');

done_testing();
