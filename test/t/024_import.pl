# pg_headway import: a small folder of each layout becomes revisions that make the same schema as the tool or plain psql, and
# a database that the tool has run is taken over.
use strict;
use warnings;

use File::Copy;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

chomp(my $bindir = qx(pg_config --bindir));
my $node = headway_node('import');
my $here = 'src/test/import';
my $work = PostgreSQL::Test::Utils::tempdir;

sub query { return $node->safe_psql($_[1] // 'postgres', $_[0]); }

# With the system's python3, which has Alembic.
sub headway {
	my ($database, @arguments) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ '/usr/bin/python3', "$bindir/pg_headway", '-d', $node->connstr($database), @arguments ], '<', \undef, '>', \$out, '2>', \$err);
	return ($? >> 8, $out, $err);
}

sub make { query("CREATE DATABASE $_[0]"); query('CREATE EXTENSION pg_headway', $_[0]); return; }

sub schema_of {
	my ($database) = @_;
	my $dump = '';
	IPC::Run::run([ "$bindir/pg_dump", '-s', '-n', 'public', '-T', 'alembic_version', '-d', $node->connstr($database) ], '>', \$dump) or die;
	return join '', grep { !/^--|^\\|^$/ } split /^/, $dump;
}

make('plain');
$node->psql('plain', slurp_file("$here/schema.sql"), on_error_die => 1);
my $wanted = schema_of('plain');
like($wanted, qr/users_email/, 'a schema to compare with');

# What the tool has in its own table when it has run all of it.
my %tables = (
	'golang-migrate' => 'CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean); INSERT INTO schema_migrations VALUES (10, false)',
	diesel => q{CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp DEFAULT now());
		INSERT INTO __diesel_schema_migrations VALUES ('20230101000000'), ('20230102000000'), ('20230103000000'), ('20230104000000')},
	sqlx => 'CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, success boolean); INSERT INTO _sqlx_migrations SELECT 20230100000000 + i * 1000000, true FROM generate_series(1, 4) i',
	dbmate => 'CREATE TABLE schema_migrations (version varchar PRIMARY KEY); INSERT INTO schema_migrations SELECT 20230100000000 + i * 1000000 FROM generate_series(1, 4) i',
	goose => 'CREATE TABLE goose_db_version (id serial PRIMARY KEY, version_id bigint, is_applied boolean);
		INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true), (2, true), (9, true), (10, true), (10, false), (10, true)',
	'sql-migrate' => q{CREATE TABLE gorp_migrations (id text PRIMARY KEY, applied_at timestamptz);
		INSERT INTO gorp_migrations VALUES ('1_create_users.sql'), ('2_add_shout.sql'), ('9_add_email.sql'), ('10_index_email.sql')},
	flyway => q{CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar, success boolean);
		INSERT INTO flyway_schema_history VALUES (1, '1', true), (2, '1.1', true), (3, '2', true), (4, NULL, true), (5, '10', true)},
	sqitch => q{CREATE SCHEMA sqitch; CREATE TABLE sqitch.changes (change_id text PRIMARY KEY, change text, committed_at timestamptz);
		INSERT INTO sqitch.changes SELECT n, c, now() + n * interval '1 s' FROM unnest('{create_users,shout,email,shout,index_email}'::text[]) WITH ORDINALITY u (c, n)},
	alembic => q{CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); INSERT INTO alembic_version VALUES ('7a8b')});
my %steps = (sqitch => 5);
my %said = (goose => qr/00011_program\.go: left out, it is a program/, flyway => qr/R__everyone\.sql: left out/,
	sqitch => qr/look at: \S*create_users.*\.sql: verify\/create_users\.sql is not part of it/, 'sql-migrate' => qr/1_create_users\.sql is 1_create_users here/);

for my $format (sort keys %tables) {
	my $database = "imported_$format" =~ tr/-/_/r;
	my $steps = $steps{$format} // 4;
	my ($status, $out, $err) = headway('postgres', 'import', $format, "$here/$format", '--to', "$work/$format", '--stamp');
	is($status, 0, "$format: imported") or diag($err);
	like($err, qr/^$steps revisions in /m, 'all of its steps');
	my $stamp = $out;
	if (my $pattern = $said{$format}) { like($err, $pattern, 'what is left out is said'); }
	else { unlike($err, qr/note|look at/, 'nothing is left out'); }

	make($database);
	($status, $out, $err) = headway($database, 'load', "$work/$format");
	is("$status$err", '0', 'loaded as it is');
	is((headway($database, 'up'))[1], "$steps\n", 'up');
	is(schema_of($database), $wanted, 'the same schema');
	is((headway($database, 'check', '--reversible'))[1], '', 'check: all is well');
	is((headway($database, 'down', 'base'))[1], "$steps\n", 'down');
	unlike(schema_of($database), qr/users|shout/, 'and nothing is left');

	# A database that the tool has run.
	query("CREATE DATABASE taken TEMPLATE plain");
	$node->safe_psql('taken', $tables{$format});
	headway('taken', 'load', "$work/$format");
	$node->safe_psql('taken', $stamp);
	is((headway('taken', 'check'))[1], '', 'taken over: all of it is applied');
	is((headway('taken', 'up'))[1], "0\n", 'nothing to do');
	($out, $err) = ('', '');
	if ($format ne 'alembic') {
		$node->psql('taken', $stamp, stderr => \$err);
		like($err, qr/the database is at \S+ already/, 'a second time');
		headway('taken', 'down', '-1');
		$node->psql('taken', $stamp, stderr => \$err);
		like($err, qr/pg_headway is at \S+, and $format says/, 'and it is not moved behind our back');
	}
	query('DROP DATABASE taken');
}

# What the tool has not run, or not known.
for my $case (
	[ 'diesel', "CREATE TABLE __diesel_schema_migrations (version varchar(50)); INSERT INTO __diesel_schema_migrations VALUES ('20230103000000')", qr/not all steps before 20230103000000 are applied: 20230101000000, 20230102000000/ ],
	[ 'goose', 'CREATE TABLE goose_db_version (id serial, version_id bigint, is_applied boolean); INSERT INTO goose_db_version (version_id, is_applied) VALUES (1, true), (77, true)', qr/steps that are in no file: 77/ ],
	[ 'sqitch', q{CREATE SCHEMA sqitch; CREATE TABLE sqitch.changes (change text, committed_at timestamptz); INSERT INTO sqitch.changes VALUES ('create_users', now()), ('shout', now())}, qr/the database is at shout$/m ],
	[ 'golang-migrate', 'CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO schema_migrations VALUES (9, true)', qr/golang-migrate has not completed these steps: 9/ ],
	[ 'dbmate', 'CREATE TABLE schema_migrations (version varchar)', qr/the database is at base/ ],
	[ 'sqlx', 'SELECT 1', qr/there is no table _sqlx_migrations in database taken.*Name its table with --table/s ]) {
	my ($format, $table, $pattern) = @$case;
	query("CREATE DATABASE taken TEMPLATE plain");
	$node->safe_psql('taken', $table);
	headway('taken', 'load', "$work/$format");
	my ($stamp) = (headway('taken', 'import', $format, "$here/$format", '--stamp'))[1];
	my ($out, $err) = ('', '');
	$node->psql('taken', $stamp, stdout => \$out, stderr => \$err);
	like($err, $pattern, "$format: taken over half-way");
	query('DROP DATABASE taken');
}

my ($stamp) = (headway('postgres', 'import', 'dbmate', "$here/dbmate", '--stamp', '--table', 'other.names'))[1];
like($stamp, qr/to_regclass\('other\.names'\).*FROM other\.names;/s, 'a table of another name');
is((headway('postgres', 'import', 'alembic', "$here/alembic", '--stamp', '--table', 'mine'))[1], "SELECT migrate_adopt('mine');\n", "Alembic's, too");
query('CREATE DATABASE without');
my $psql_err = '';
$node->psql('without', $stamp, stderr => \$psql_err);
like($psql_err, qr/pg_headway is not in database without.*CREATE EXTENSION pg_headway/s, 'without the extension');

# ---- beside Alembic itself ----------------------------------------------------------------------------------------

query('CREATE DATABASE by_alembic');
append_to_file("$work/alembic.ini", "[alembic]\nscript_location = $here/alembic\nsqlalchemy.url = postgresql:///by_alembic?host=" . $node->host . '&port=' . $node->port . "\n");
command_ok([ 'env', 'PYTHONDONTWRITEBYTECODE=1', '/usr/bin/python3', '-m', 'alembic', '-c', "$work/alembic.ini", 'upgrade', 'head' ], 'Alembic runs its folder');
is(schema_of('by_alembic'), $wanted, 'and makes that schema, too');

# Modules that print no SQL: said, and what stands for them fails instead of doing nothing.
mkdir "$work/odd";
sub put { my ($name, $text) = @_; open my $file, '>', "$work/odd/$name.py" or die; print $file $text; close $file; return; }
put('a', "\"\"\"Reads the database\"\"\"\nrevision = 'a'\ndown_revision = None\nfrom alembic import op\n\n\ndef upgrade():\n    for row in op.get_bind().execute('SELECT 1').fetchall():\n        op.execute('SELECT 2')\n\n\ndef downgrade():\n    raise NotImplementedError\n");
put('b', "revision = 'b'\ndown_revision = ('a',)\nbranch_labels = ['two', 'three']\ndepends_on = 'a'\nimport nosuchmodule\n\n\ndef upgrade():\n    op.execute('SELECT 1')\n    op.execute(text('SELECT 2;'))\n\n\ndef downgrade():\n    pass\n");
my ($status, $out, $err) = headway('postgres', 'import', 'alembic', "$work/odd", '--to', "$work/odd_revisions");
is($status, 0, 'odd modules');
like($err, qr/^look at: \S*odd_revisions\/a_reads_the_database\.sql: the upgrade has no SQL yet \(a\.py, line 8\): it reads the database/m, 'one that a person must look at');
like($err, qr/^note: there is no way back from a$/m, 'and one without a way back');
make('odd');
($status, $out, $err) = headway('odd', 'load', "$work/odd_revisions");
is($status, 1, 'it cannot be loaded unnoticed');
like($err, qr/a_reads_the_database\.sql:10: error: not written yet: upgrade of a\.py/, 'and is named');
my $file = "$work/odd_revisions/a_reads_the_database.sql";
my $text = slurp_file($file) =~ s/DO \$\$.*?END \$\$;/SELECT 1;/sr;
open my $mended, '>', $file or die; print $mended $text; close $mended;
is((headway('odd', 'load', "$work/odd_revisions"))[0], 0, 'once it is written');
is(query(q{SELECT downgrade IS NULL FROM headway.revision WHERE revision = 'a'}, 'odd'), 't', 'raise: no way back');
is(query(q{SELECT upgrade || '/' || downgrade || '/' || array_to_string(branch_labels, ',') || '/' || depends_on[1] FROM headway.revision WHERE revision = 'b'}, 'odd'),
	"\nSELECT 1;\n\nSELECT 2;\n//two,three/a", 'constant texts, without running the module');

# What Alembic's own env.py has it print: percent signs, bound values, a COMMIT in a body; what is no constant.
mkdir "$work/odd2";
sub put2 { my ($name, $text) = @_; open my $file, '>', "$work/odd2/$name.py" or die; print $file $text; close $file; return; }
put2('p', <<'PY');
import sqlalchemy as sa
from alembic import op

FIRST = 'p'
revision = FIRST
down_revision = None
t = sa.table('t', sa.column('n', sa.Text))


def upgrade():
    op.execute("CREATE TABLE t (n text, CHECK (length(n) % 2 = 0))")
    op.execute(t.insert().values(n="it's 50 % "))
    op.execute("""CREATE PROCEDURE batch() LANGUAGE plpgsql AS $$
BEGIN
COMMIT;
END $$""")


def downgrade():
    op.execute("DROP PROCEDURE batch()")
    op.execute("DROP TABLE t")
PY
is((headway('postgres', 'import', 'alembic', "$work/odd2", '--to', "$work/odd2_revisions"))[0], 0, 'percent signs and values');
make('odd2');
is((headway('odd2', 'load', "$work/odd2_revisions"))[0], 0, 'loaded');
is((headway('odd2', 'up'))[1], "1\n", 'up');
is(query(q{SELECT n || '/' || (SELECT prosrc ~ '\nCOMMIT;' FROM pg_proc WHERE proname = 'batch') FROM t}, 'odd2'), "it's 50 % /true", 'as Alembic would have it');

# What its offline mode would lose or change: parameters, backslashes, tabs, values of any type. Both run it.
mkdir "$work/values"; mkdir "$work/values/versions";
copy("$here/alembic/env.py", "$work/values/env.py") or die;
append_to_file("$work/values/versions/v.py", <<'PY');
import datetime
import decimal
import uuid

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = 'v'
down_revision = None
v = sa.table('v', sa.column('id', sa.Integer), sa.column('c', sa.Text), sa.column('d', sa.Date), sa.column('j', pg.JSONB),
             sa.column('a', pg.ARRAY(sa.Text)), sa.column('iv', sa.Interval), sa.column('ts', sa.DateTime(timezone=True)),
             sa.column('b', sa.LargeBinary), sa.column('u', pg.UUID(as_uuid=True)), sa.column('n', sa.Numeric),
             sa.column('ok', sa.Boolean))


def upgrade():
    bind = op.get_bind()
    pg.ENUM('x', 'y', name='mood').create(bind, checkfirst=True)
    op.create_table('v', sa.Column('id', sa.Integer, primary_key=True),
                    sa.Column('c', sa.Text, server_default='C:\\tmp\\x', comment='re \\d+ 100 %'), sa.Column('d', sa.Date),
                    sa.Column('j', pg.JSONB), sa.Column('a', pg.ARRAY(sa.Text)), sa.Column('iv', sa.Interval),
                    sa.Column('ts', sa.DateTime(timezone=True)), sa.Column('b', sa.LargeBinary),
                    sa.Column('u', pg.UUID(as_uuid=True)), sa.Column('n', sa.Numeric), sa.Column('ok', sa.Boolean),
                    sa.Column('m', pg.ENUM('x', 'y', name='mood', create_type=False)))
    op.create_check_constraint('ck', 'v', sa.column('c').op('~')(r'^\S'))
    op.bulk_insert(v, [{'id': 1, 'c': 'C:\\new\tdir', 'd': datetime.date(2020, 1, 2), 'j': {'a': ["x'\\\""]},
                        'a': ['q"\\', None, "it's", ''], 'iv': datetime.timedelta(days=-1, seconds=5, microseconds=7),
                        'ts': datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc), 'b': b'\x00\xff',
                        'u': uuid.UUID(int=5), 'n': decimal.Decimal('-1.50'), 'ok': False}])
    bind.execute(sa.text('UPDATE v SET id = :x WHERE id = :y'), {'x': 2, 'y': 1})
    bind.execute(v.insert(), [{'id': 10, 'c': 'A'}, {'id': 11, 'c': None}, {'id': 12, 'c': 'C'}])
    bind.execute(sa.text('DELETE FROM v WHERE id IN :ids').bindparams(sa.bindparam('ids', expanding=True)), {'ids': [11, 12]})
    bind.execute(v.update().where(v.c.id == sa.bindparam('which')), {'which': 10, 'c': 'new\\'})
    op.execute(sa.text('INSERT INTO v (id, c) VALUES (20, :c)').bindparams(c='p\\q'))


def downgrade():
    op.drop_table('v')
    op.execute('DROP TYPE mood')
PY
query('CREATE DATABASE values_by_alembic');
append_to_file("$work/values.ini", "[alembic]\nscript_location = $work/values\nsqlalchemy.url = postgresql:///values_by_alembic?host=" . $node->host . '&port=' . $node->port . "\n");
command_ok([ 'env', 'PYTHONDONTWRITEBYTECODE=1', '/usr/bin/python3', '-m', 'alembic', '-c', "$work/values.ini", 'upgrade', 'head' ], 'Alembic runs values of many types');
is((headway('postgres', 'import', 'alembic', "$work/values", '--to', "$work/values_revisions"))[2], '', 'the import writes them all');
make('values_here');
is((headway('values_here', 'load', "$work/values_revisions"))[0], 0, 'loaded');
is((headway('values_here', 'up'))[1], "1\n", 'up');
is(query('TABLE v', 'values_here'), query('TABLE v', 'values_by_alembic'), 'the same rows');
like(query('TABLE v', 'values_here'), qr/^20\|p\\q\|/m, 'which are there');
is(schema_of('values_here'), schema_of('values_by_alembic'), 'the same schema');

# What it reads decides what it does: nobody can know, and it is said. What was printed before stays.
put2('r', <<'PY');
import sqlalchemy as sa
from alembic import op

revision = 'r'
down_revision = 'p'


def upgrade():
    bind = op.get_bind()
    op.execute("COMMIT")
    bind.execute(sa.text("SELECT pg_notify('x', :p)"), {"p": "q"})
    if bind.execute(sa.text("SELECT 1 FROM t")):
        op.execute("DELETE FROM t")


def downgrade():
    op.execute(sa.text("DELETE FROM t WHERE n = :n"))
PY
$err = (headway('postgres', 'import', 'alembic', "$work/odd2", '--to', "$work/odd3_revisions"))[2];
like($err, qr/^note: upgrade of r\.py: COMMIT is left out/m, 'a COMMIT');
like($err, qr/r\.sql: the rest of the upgrade has no SQL yet \(r\.py, line 12\): it reads the database/, 'a condition on what it reads');
like($err, qr/r\.sql: the downgrade has no SQL yet \(r\.py, line 17\): parameter n has no value/, 'a parameter without a value');
like(slurp_file("$work/odd3_revisions/r.sql"), qr/\$up\$\nSELECT pg_notify\('x', 'q'\);\n\nDO \$\$ BEGIN RAISE EXCEPTION 'not imported: upgrade of r\.py, from line 12 on'/, 'what comes before it is kept, what it reads is not');
unlink "$work/odd2/r.py";
put2('q', "revision = 'q'\ndown_revision = nosuch\n\n\ndef upgrade():\n    pass\n");
like((headway('postgres', 'import', 'alembic', "$work/odd2", '--to', "$work/x"))[2], qr/q\.py: down_revision is no constant: name 'nosuch' is not defined/, 'a parent that nobody knows');

# ---- what is wrong ------------------------------------------------------------------------------------------------

is((headway('postgres', 'import', 'goose', "$here/nosuch", '--to', "$work/x"))[0], 2, 'no such folder');
is((headway('postgres', 'import', 'goose', "$here/goose"))[0], 2, 'nowhere to write to');
is((headway('postgres', 'import', 'nosuch', "$here/goose", '--to', "$work/x"))[0], 2, 'no such format');
($status, $out, $err) = headway('postgres', 'import', 'flyway', "$here/goose", '--to', "$work/x");
like($err, qr/holds no files of flyway.*left out, its name is none of Flyway's/s, 'the wrong format');
($status, $out, $err) = headway('postgres', 'import', 'goose', "$here/goose", '--to', "$here/goose");
like($err, qr/is the folder of the other tool/, 'into the folder it reads');
mkdir "$work/latin"; append_to_file("$work/latin/1_a.up.sql", "SELECT 1;\n-- \xe9\n");
like((headway('postgres', 'import', 'golang-migrate', "$work/latin", '--to', "$work/x"))[2], qr/latin\/1_a\.up\.sql:2: error: not UTF-8/, 'a file that is not UTF-8');

# ---- again --------------------------------------------------------------------------------------------------------

# Files that colleagues have written meanwhile come in; what has been changed here stays.
mkdir "$work/grows";
sub migration { my ($name, $sql) = @_; append_to_file("$work/grows/$name.up.sql", "$sql;\n"); append_to_file("$work/grows/$name.down.sql", "SELECT 0;\n"); return; }
migration("${_}_step", "SELECT $_") for 1 .. 2;
headway('postgres', 'import', 'golang-migrate', "$work/grows", '--to', "$work/grown");
append_to_file("$work/grown/2_step.sql", "-- mine\n");
migration("${_}_step", "SELECT $_") for 3, 10;
($status, $out, $err) = headway('postgres', 'import', 'golang-migrate', "$work/grows", '--to', "$work/grown");
is($out, "2 revisions in $work/grown, 2 there already\n", 'the new ones');
like($err, qr/^kept: \S*grown\/2_step\.sql: another text/m, 'what has been changed is kept, and named');
is(join(' ', map { s{.*/}{}r } sort glob "$work/grown/*"), '03_step.sql 10_step.sql 1_step.sql 2_step.sql', 'a file for each');
like(slurp_file("$work/grown/2_step.sql"), qr/mine/, 'as it was');
is((headway('postgres', 'import', 'golang-migrate', "$work/grows", '--to', "$work/grown", '--overwrite'))[0], 0, 'unless it is asked for');
unlike(slurp_file("$work/grown/2_step.sql"), qr/mine/, 'as it is');

$node->stop;
done_testing();
