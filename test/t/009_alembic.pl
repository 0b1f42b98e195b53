# Beside Alembic: its table taken over and kept in step, its tools still right, scripts for databases without the
# extension. The same five revisions as files of Alembic and as revisions here.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

my $node = headway_node('alembic', restart_after_crash => 'on');
my $project = PostgreSQL::Test::Utils::tempdir();
my @revisions = (
	[ 'aaa1', '', 'CREATE TABLE videos (id int PRIMARY KEY, title text)', 'DROP TABLE videos' ],
	[ 'bbb2', 'aaa1', 'ALTER TABLE videos ADD COLUMN thumbnail text', 'ALTER TABLE videos DROP COLUMN thumbnail' ],
	[ 'ccc3', 'aaa1', 'CREATE INDEX videos_title ON videos (title)', 'DROP INDEX videos_title' ],
	[ 'mmm4', 'bbb2, ccc3', q{COMMENT ON TABLE videos IS 'merged; here'}, 'COMMENT ON TABLE videos IS NULL' ],
	[ 'eee5', 'mmm4', 'CREATE TABLE likes (id int)', 'DROP TABLE likes' ],);

sub query { return $node->safe_psql($_[1] // 'postgres', $_[0]); }

sub write_project {
	mkdir "$project/versions" or die $!;
	append_to_file("$project/alembic.ini", "[alembic]\nscript_location = $project\n");
	append_to_file("$project/env.py", <<'PY');
import os
from alembic import context
from sqlalchemy import create_engine
if context.is_offline_mode():
    context.configure(dialect_name="postgresql")
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(os.environ["TARGET"]).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
PY
	for my $revision (@revisions) {
		my ($id, $parents, $up, $down) = @$revision;
		my $python_parents = $parents =~ /,/ ? '("' . join('", "', split /, /, $parents) . '")' : $parents ? qq("$parents") : 'None';
		append_to_file("$project/versions/$id.py", <<"PY");
"""Revision $id"""
from alembic import op
revision = "$id"
down_revision = $python_parents
def upgrade(): op.execute("$up")
def downgrade(): op.execute("$down")
PY
	}
}

# What a command of Alembic prints to standard output, its exit code first.
sub alembic {
	my ($dbname, @command) = @_;
	local $ENV{TARGET} = "postgresql+psycopg2:///$dbname?host=" . $node->host . '&port=' . $node->port;
	my ($out, $err);
	my $ok = IPC::Run::run([ 'python3', '-m', 'alembic', '-c', "$project/alembic.ini", @command ], '>', \$out, '2>', \$err);
	diag($err) if !$ok;
	return ($ok ? 'done' : 'failed') . ' ' . join(' ', split /\n/, $out);
}

sub versions { return query(q{SELECT string_agg(version_num, ',' ORDER BY version_num) FROM alembic_version}, $_[0]); }
sub heads { return query(q{SELECT string_agg(revision, ',' ORDER BY revision) FROM headway.version}, $_[0]); }

write_project();
for my $revision (@revisions) {
	my ($id, $parents, $up, $down) = @$revision;
	register($node, $id, $parents || undef, $up, downgrade => $down);
}

# ---- taking over -----------------------------------------------------------------------------------------------

is(alembic('postgres', 'upgrade', 'bbb2'), 'done ', 'Alembic goes up to bbb2');
my $writer = open_session($node);
$writer->run("BEGIN; UPDATE alembic_version SET version_num = 'aaa1'");
my ($state, $text) = psql_error($node, 'SELECT migrate_adopt()');
is($state, '55P03', 'adoption does not wait for a run of Alembic');
like($text, qr/Alembic may be running/, 'and says what it may be');
$writer->run('ROLLBACK');
is(query('SELECT migrate_adopt()'), '1', 'adopted');
is(heads(), 'bbb2', 'the head is that of Alembic');

query(q{ALTER DATABASE postgres SET headway.mirror_version_table = 'public.alembic_version'});
is(query('SELECT migrate_upgrade()'), '3', 'the rest by pg_headway');
is(versions(), 'eee5', 'the mirror follows, in the worker too');
is(alembic('postgres', 'current'), 'done eee5 (head)', 'alembic current agrees');
is(alembic('postgres', 'upgrade', 'head'), 'done ', 'alembic upgrade head has nothing to do');

is(alembic('postgres', 'downgrade', 'mmm4'), 'done ', 'Alembic moves by itself');
($state, $text) = psql_error($node, 'SELECT migrate_upgrade()');
is($state, 'MG012', 'which is found out before anything runs');
my ($hint) = $text =~ /If the other one is: (SELECT migrate_stamp\('mmm4', purge => true\))/;
ok($hint, 'the hint has the call that takes it over') or BAIL_OUT($text);
query($hint);
is(query('SELECT migrate_upgrade()'), '1', 'after it the run goes on');
is(query('SELECT migrate_downgrade(\'aaa1\')'), '4', 'down past the merge');
is(versions() . ' ' . heads(), 'aaa1 aaa1', 'both at aaa1');
is(alembic('postgres', 'upgrade', 'heads'), 'done ', 'Alembic goes up from there');
query(q{SELECT migrate_stamp('eee5', purge => true)});

# ---- a crash between the two tables ----------------------------------------------------------------------------

register($node, 'slow6', 'eee5', 'CREATE TABLE slow (); SELECT pg_sleep(3600)');
my $caller = start_psql($node, 'SELECT migrate_upgrade()');
wait_for_worker($node, "wait_event = 'PgSleep'");
kill 'KILL', worker_pid($node, "wait_event = 'PgSleep'");
isnt($caller->finish, 0, 'the caller of a killed worker fails');
wait_until($node, 'true', 'the server is back');
is(versions() . ' ' . heads(), 'eee5 eee5', 'both tables are where they were');
query(q{SELECT migrate_forget('slow6')});

# ---- a script for a database without the extension -------------------------------------------------------------

my $script = "$project/up.sql";

# Pipes migrate_sql(...) into psql on another database; returns psql's exit code and its errors.
sub pipe_into {
	my ($dbname, $arguments) = @_;
	my ($out, $err) = ('', '');
	my @from = ('psql', '-XAt', '-d', $node->connstr('postgres'), '-c', "SELECT migrate_sql($arguments)");
	my @to = ('psql', '-Xq', '-d', $node->connstr($dbname));
	my $harness = IPC::Run::harness(\@from, '|', \@to, '>', \$out, '2>', \$err);
	$harness->run;
	return ($harness->full_result(1) >> 8, $err);
}

sub schema_of {
	my ($dbname) = @_;
	my ($out, $err) = run_command([ 'pg_dump', '-s', '--no-owner', '--exclude-table=alembic_version', '-d', $node->connstr($dbname) ]);
	return $out =~ s/^(?:--.*|\\(?:un)?restrict.*)\n//gmr;
}

query("CREATE DATABASE $_") for qw(managed by_alembic torn);
my ($code, $err) = pipe_into('managed', q{'head'});
is($code, 0, 'psql runs the script') or diag $err;
is(alembic('managed', 'current'), 'done eee5 (head)', 'Alembic takes the database for its own');
is(alembic('by_alembic', 'upgrade', 'head'), 'done ', 'the same by Alembic');
is(schema_of('managed'), schema_of('by_alembic'), 'gives the same schema');
like(schema_of('managed'), qr/CREATE TABLE public\.likes/, 'which is not an empty one');

($code, $err) = pipe_into('managed', q{'head'});
is($code, 3, 'once more: psql stops');
like($err, qr/the database is not where this script goes on/, 'because it does not fit');
is(versions('managed'), 'eee5', 'nothing has changed');
($code, $err) = pipe_into('managed', q{'head:base', 'downgrade'});
is($code, 0, 'down to base') or diag $err;
is(query(q{SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace}, 'managed'), '0', 'leaves nothing, the version table included');

# Two at once: the second waits for the first one's step, then finds that it does not fit.
query(q{SELECT migrate_revision('nap7', 'eee5', 'Naps', 'SELECT pg_sleep(0.5)', '')});
append_to_file($script, query(q{SELECT migrate_sql('nap7', single_transaction => true)}) . "\n");
my @runs = map { start_psql($node, undef, dbname => 'managed', extra_params => [ '-f', $script ]) } 1, 2;
$_->{harness}->finish for @runs;
my @codes = sort map { $_->{harness}->full_result(0) >> 8 } @runs;
is("@codes", '0 3', 'of two psql at once one does it all, the other one stops');
is(versions('managed'), 'nap7', 'and the version says so');

# A revision that fails: what is before it is kept, and a script from there goes on.
query(q{SELECT migrate_revision('bad8', 'eee5', 'Fails', 'CREATE TABLE half (); SELECT 1/0', ''), migrate_forget('nap7')});
($code, $err) = pipe_into('torn', q{'bad8'});
is($code, 3, 'psql stops at the failure');
like($err, qr/division by zero/, 'with the error');
is(versions('torn') . query(q{SELECT to_regclass('half') IS NULL}, 'torn'), 'eee5t', 'the failed revision is undone, those before it are kept');
query(q{SELECT migrate_revision('bad8', 'eee5', 'Fails no more', 'CREATE TABLE half ()', '')});
($code, $err) = pipe_into('torn', q{'eee5:head'});
is($code, 0, 'a script from there goes on') or diag $err;
is(versions('torn'), 'bad8', 'to the head');

$node->stop;
done_testing();
