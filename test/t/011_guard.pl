# The guard around each statement: hovering, queueing, backing off, who is in the way, how long a lock is held.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes ();

use HeadwayTest;

my $node = headway_node('guard', autovacuum => 'off', max_prepared_transactions => 5);
my $up = 'SELECT migrate_upgrade()';
my $queued = q{SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE backend_type = 'pg_headway' AND NOT granted};
my $last = 'next1';

sub query { return $node->safe_psql('postgres', $_[0]); }

# A revision on top of the last one.
sub add {
	my ($up, %more) = @_;
	my $parent = $last;
	register($node, ++$last, $parent eq 'next1' ? undef : $parent, $up, %more);
	return;
}

sub history { return query("SELECT $_[0] FROM headway.history ORDER BY id DESC LIMIT 1"); }

# Runs it and looks whether the worker stands in a queue: for some seconds, and often enough on a slow machine too.
sub run_watched {
	my ($seconds, %more) = @_;
	my ($looks, $in_queue) = (0, 0);
	my $run = start_psql($node, $up, %more);
	my $end = Time::HiRes::time() + $seconds;
	while ($looks < 20 || Time::HiRes::time() < $end) {
		++$looks;
		++$in_queue if query($queued) > 0;
	}
	return ($run, $in_queue);
}

query('CREATE TABLE videos (id int PRIMARY KEY, title text); INSERT INTO videos SELECT i FROM generate_series(1, 1000) AS i');
query('CREATE TABLE other (id int PRIMARY KEY)');
my $reader = open_session($node);
$reader->run(q{SET application_name = 'report'});
my $reader_pid = $reader->backend_pid;

# ---- hovering --------------------------------------------------------------------------------------------------

add('ALTER TABLE videos ADD COLUMN a int');
$reader->run('BEGIN; SELECT count(*) FROM videos');
my ($run, $in_queue) = run_watched(3, settings => { 'headway.hover_time' => '500ms' });
is($in_queue, 0, 'behind a transaction that stays it never stands in a queue');
$reader->run('COMMIT');
is($run->finish, 0, 'it gets through when the transaction has ended');
like($run->err, qr/has to wait for a lock/, 'it says that it waits');
like($run->err, qr/DETAIL:  pid $reader_pid \(\S+?\@report.*"idle in transaction".*\) holds ACCESS SHARE on public\.videos: SELECT count/, 'and for whom');
cmp_ok(history('lock_tries'), '>', 1, 'the tries are counted');

# ---- a table that is never free, though nobody stays ------------------------------------------------------------

add('ALTER TABLE videos ADD COLUMN b int');
my @readers = map { open_session($node) } 1 .. 3;
$readers[0]->run('BEGIN; SELECT 1 FROM videos LIMIT 1');
my $busy = start_psql($node, $up, settings => { 'headway.hover_time' => '300ms', 'headway.lock_timeout' => '400ms', 'headway.lock_timeout_max' => '2s' });
my ($turn, $turns, $waited) = (0, 0, 0);
while (query(q{SELECT count(*) FROM headway.history WHERE revision = (SELECT max(revision) FROM headway.revision)}) == 0) {
	# The next reader comes before the last one goes, unless the ALTER stands in the queue before it.
	my $next = ($turn + 1) % 3;
	$readers[$next]->say('BEGIN; SELECT 1 FROM videos LIMIT 1;');
	Time::HiRes::usleep(50_000);
	$readers[$turn]->run('COMMIT');
	$waited = 1 if query($queued) > 0;
	$turn = $next;
	die 'it does not get through: ' . $busy->err if ++$turns > 300;
}
$_->run('ROLLBACK') for @readers;
is($busy->finish, 0, 'a table under overlapping reads is queued for in the end');
is($busy->out, "1\n", 'and altered');

# ---- one that never ends ---------------------------------------------------------------------------------------

add('ALTER TABLE videos ADD COLUMN c int; ALTER TABLE other ADD COLUMN c int');
my %impatient = ('headway.hover_time' => '100ms', 'headway.lock_retry' => '1s');
$reader->run('BEGIN; SELECT count(*) FROM videos');
my $failed = start_psql($node, $up, settings => \%impatient);
isnt($failed->finish, 0, 'it gives up');
is($failed->sqlstate, '55P03', 'with 55P03');
my $blocker = qr/pid $reader_pid .* holds ACCESS SHARE on public\.videos/;
like($failed->err, qr/did not get its locks in \d+ tries within .*DETAIL:  $blocker.*HINT:  .*pg_terminate_backend/s, 'the error names those in the way and what to do');
like(history('detail'), $blocker, 'and so does the history');
is(history('result'), 'failed', 'it is a failure there');
$reader->run('COMMIT');

# Two tables, the second one is not free: what the first statement took is given back between the tries.
$reader->run('BEGIN; SELECT count(*) FROM other');
my $second = start_psql($node, $up, settings => { 'headway.hover_time' => '100ms' });
# What is said of a try comes after it: by then the reader has been seen, and nothing is held.
$second->wait_for_message(qr/has to wait for a lock/);
wait_until($node, q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'pg_headway' AND xact_start IS NULL}, 'it pauses');
is(query('SELECT count(*) FROM videos'), '1000', 'the first table can be read in the pauses');
$reader->run('COMMIT');
is($second->finish, 0, 'it gets both in the end');
like($second->err, qr/holds ACCESS SHARE on public\.other/, 'the table in question is named');

# ---- others that can be in the way -----------------------------------------------------------------------------

query("BEGIN; UPDATE videos SET title = 'x' WHERE id = 1; PREPARE TRANSACTION 'left over'");
add('ALTER TABLE videos ADD COLUMN d int');
my ($state, $text) = psql_error($node, "SET headway.lock_retry = '300ms'; SET headway.hover_time = '50ms';\n$up");
is($state, '55P03', 'a prepared transaction is in the way');
like($text, qr/prepared transaction "left over".*holds ROW EXCLUSIVE on public\.videos/, 'by its name');
query("ROLLBACK PREPARED 'left over'");

# A row: no table lock tells of it.
$reader->run("BEGIN; UPDATE videos SET title = 'y' WHERE id = 2");
query(qq{SELECT migrate_revision('$last', (SELECT down_revision[1] FROM headway.revision WHERE revision = '$last'), 'Rows', 'UPDATE videos SET title = NULL', '')});
($state, $text) = psql_error($node, "SET headway.lock_retry = '300ms'; SET headway.hover_time = '50ms';\n$up");
is($state, '55P03', 'a row that another transaction has changed');
like($text, qr/DETAIL:  pid $reader_pid \(/, 'names that transaction');
$reader->run('ROLLBACK');
is(query($up), '1', 'free again');

# An ordinary role sees what the server lets it see.
query('CREATE ROLE plain LOGIN; GRANT USAGE ON SCHEMA headway TO plain; GRANT ALL ON ALL TABLES IN SCHEMA headway TO plain; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO plain; CREATE TABLE theirs (id int); ALTER TABLE theirs OWNER TO plain');
$reader->run('BEGIN; SELECT count(*) FROM theirs');
register($node, 'plain1', undef, 'ALTER TABLE theirs ADD COLUMN x int', user => 'plain');
($state, $text) = psql_error($node, "SET headway.lock_retry = '300ms'; SET headway.hover_time = '50ms';\nSELECT migrate_upgrade('plain1')", extra_params => [ '-U', 'plain' ]);
is($state, '55P03', 'as an ordinary role');
like($text, qr/DETAIL:  pid $reader_pid .*insufficient privilege/, 'which sees the pid, not the query');
$reader->run('COMMIT');

# ---- locks of somebody else's table are not even tried for -------------------------------------------------------

query('CREATE TABLE secret (id int); INSERT INTO secret VALUES (1)');
register($node, 'plain2', 'plain1', 'ALTER TABLE secret ADD COLUMN x int', user => 'plain');
$reader->run('BEGIN; SELECT count(*) FROM secret');
($state, $text) = psql_error($node, "SELECT migrate_upgrade('plain2')", extra_params => [ '-U', 'plain' ]);
is($state, '42501', 'the server refuses it at once, while a reader holds the table');
$reader->run('COMMIT');
query(q{SELECT migrate_forget('plain2')});
query(q{DELETE FROM headway.version WHERE revision = 'plain1'; SELECT migrate_forget('plain1')});

# ---- how long a lock is held -----------------------------------------------------------------------------------

add(q{ALTER TABLE videos ADD COLUMN e int; SELECT pg_sleep(600)});
for my $call ($up, "BEGIN; $up") {
	($state, $text) = psql_error($node, "SET headway.max_lock_hold = '300ms';\n$call");
	is($state, 'MG022', "held for too long: $call");
	like($text, qr/DETAIL:  An ACCESS EXCLUSIVE lock on public\.videos was held for longer than 0\.3 s/, 'which lock, and how long');
	like($text, qr/CONTEXT:  .*statement 2, line 1/s, 'and what was being done meanwhile');
}
is(history('result'), 'failed', 'it is recorded as a failure, not as a cancel');
is(query(q{SELECT count(*) FROM pg_attribute WHERE attrelid = 'videos'::regclass AND attname = 'e'}), '0', 'and rolled back');
query(qq{SELECT migrate_revision('$last', (SELECT down_revision[1] FROM headway.revision WHERE revision = '$last'), 'No lock', 'SELECT pg_sleep(0.6)', '')});
is(query("SET headway.max_lock_hold = '300ms'; $up"), '1', 'what shuts no reader out may take its time');

# The time in which it waits for the lock does not count.
add('ALTER TABLE videos ADD COLUMN f int');
$reader->run('BEGIN; SELECT count(*) FROM videos');
my $patient = start_psql($node, $up, settings => { 'headway.max_lock_hold' => '200ms', 'headway.hover_time' => 0, 'headway.lock_timeout' => 0 });
wait_until($node, "SELECT ($queued) > 0", 'it queues without a limit');
Time::HiRes::usleep(700_000);
$reader->run('COMMIT');
is($patient->finish, 0, 'waiting for a lock is not holding it') or diag $patient->err;

# ---- a table rewritten --------------------------------------------------------------------------------------

add(q{ALTER TABLE videos ALTER COLUMN a TYPE bigint});
my $rewrite = start_psql($node, $up);
is($rewrite->finish, 0, 'a change of type');
like($rewrite->err, qr/NOTICE: .*public\.videos has been rewritten under an ACCESS EXCLUSIVE lock/, 'says that it rewrites the table');
add(q{ALTER TABLE videos ADD COLUMN g int DEFAULT 5});
$rewrite = start_psql($node, $up);
$rewrite->finish;
unlike($rewrite->err, qr/rewritten/, 'a constant default does not');

# ---- CONCURRENTLY ----------------------------------------------------------------------------------------------

add('CREATE INDEX CONCURRENTLY videos_title ON videos (title)');
$reader->run("BEGIN; UPDATE videos SET title = 'z' WHERE id = 3");
($state, $text) = psql_error($node, "SET headway.lock_retry = '500ms'; SET headway.concurrently_timeout = '300ms';\n$up");
is($state, '55P03', 'a timeout of its own for CONCURRENTLY');
$reader->run('ROLLBACK');
my $rebuilt = start_psql($node, $up);
is($rebuilt->finish, 0, 'the next run');
is(query(q{SELECT indisvalid FROM pg_index WHERE indexrelid = 'videos_title'::regclass}), 't', 'leaves a valid index');

# ---- interrupts and settings -----------------------------------------------------------------------------------

add('ALTER TABLE videos ADD COLUMN h int');
$reader->run('BEGIN; SELECT count(*) FROM videos');
for my $phase ([ 'hovering', { 'headway.hover_time' => '1h' } ], [ 'queueing', { 'headway.hover_time' => 0, 'headway.lock_timeout' => '1h' } ],
	[ 'pausing', { 'headway.hover_time' => '1ms', 'headway.lock_timeout' => '1ms' } ]) {
	my ($name, $settings) = @$phase;
	my $cancelled = start_psql($node, $up, settings => $settings);
	my $pid = wait_for_worker($node, $name eq 'queueing' ? "wait_event_type = 'Lock'" : "wait_event_type = 'Extension'");
	kill 'INT', $cancelled->client_pid;
	$cancelled->finish;
	is($cancelled->sqlstate, '57014', "$name: as a cancel");
	wait_for_no_worker($node);
	is(history('result'), 'cancelled', "$name: and recorded as one");
}
my $settings = "SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings WHERE name IN ('lock_timeout', 'deadlock_timeout', 'statement_timeout', 'search_path')";
my $caller = open_session($node, settings => { 'headway.lock_retry' => '900ms' });
my $before = $caller->run($settings);
$caller->run("BEGIN;\n$up;\nROLLBACK;");
is($caller->sqlstate, '55P03', 'a try in the caller\'s transaction that fails');
like($caller->err, qr/HINT:  Locks that your transaction has taken already stay/, 'with a word on the locks of that transaction');
is($caller->run($settings), $before, 'leaves the settings as they were');
$reader->run('COMMIT');
$caller->run("BEGIN;\n$up;\nROLLBACK;");
is($caller->run($settings), $before, 'and so does one that succeeds');

$node->stop;
done_testing();
