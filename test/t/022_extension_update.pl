# ALTER EXTENSION pg_headway UPDATE: databases that were made new, updated from an older version, and restored from a dump of
# an updated one are the same, with what the user has in headway's tables. The older version is made up: the current one
# without what is known of the graph. (src/extension/upgrades has the scripts of released versions.)
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

my ($current) = slurp_file('src/extension.control') =~ /^default_version = '(.*)'/m;
my $older = '0.0.1';
my $script = slurp_file('src/src/extension/pg_headway.sql');
# The list of functions at the end names them too: there it is a name less.
my @statements = split /(?<=;\n)(?=[A-Z\n-])/, $script;
my $new = qr/headway\.graph|note_change|note_truncate/;
my @added = grep { /$new/ && !/^\s*(--.*\n)*REVOKE/ } @statements;
is(scalar @added, 14, 'what the older version does not have');
my $old_script = join '', map { s/ headway\.note_change\(\),//r } grep { !/$new/ || /^\s*(--.*\n)*REVOKE/ } @statements;
unlike($old_script, qr/headway\.graph|note_change/, 'nothing of it is left there');
chomp(my $shared = qx(pg_config --sharedir));
append_to_file("$shared/extension/pg_headway--$older.sql", $old_script);
append_to_file("$shared/extension/pg_headway--$older--$current.sql",
	join('', @added) . "REVOKE ALL ON FUNCTION headway.note_change() FROM PUBLIC;\n");
END { unlink glob("$shared/extension/pg_headway--$older*.sql") if $shared; }

my $node = headway_node('update');
sub query { return $node->safe_psql($_[1] // 'postgres', $_[0]); }
query("CREATE DATABASE $_") for qw(updated restored);
query("CREATE EXTENSION pg_headway VERSION '$older'", 'updated');
query(q{CREATE TABLE t (id int);
	INSERT INTO headway.revision (revision, down_revision, message, upgrade, downgrade) VALUES
		('a', '{}', 'The first', 'CREATE TABLE made (id int)', 'DROP TABLE made'), ('b', '{a}', 'The second', 'SELECT 1', '');
	INSERT INTO headway.version VALUES ('a');
	INSERT INTO headway.step (revision, direction, result, started_at) VALUES ('a', 'upgrade', 'done', '2025-01-01 UTC');
	INSERT INTO headway.backfill (name, command, relation, relation_oid, on_error, strategy, target_batch_time, pause, vacuum_every)
		VALUES ('job', 'update', 'public.t', 't'::regclass, 'stop', 'key', '100 ms', '0', 0.1)}, 'updated');
query('ALTER EXTENSION pg_headway UPDATE', 'updated');
is(query(q{SELECT extversion FROM pg_extension WHERE extname = 'pg_headway'}, 'updated'), $current, 'it is updated');

# All that belongs to the extension, by name: what it is, who may use it, what is said of it, what a dump keeps.
my $objects = <<'SQL';
WITH members AS (SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND extname = 'pg_headway'
	WHERE d.refclassid = 'pg_extension'::regclass AND deptype = 'e')
SELECT string_agg(line, E'\n' ORDER BY line) FROM (
	SELECT concat_ws(' ', pg_describe_object(classid, objid, 0), obj_description(objid, classid::regclass::text::name)) FROM members
	UNION ALL SELECT concat_ws(' ', objid::regprocedure, prosrc, prokind, provolatile, proparallel, proacl, pg_get_function_result(objid))
		FROM members JOIN pg_proc ON pg_proc.oid = objid AND classid = 'pg_proc'::regclass
	UNION ALL SELECT concat_ws(' ', objid::regclass, relkind, reloptions, relacl, pg_get_viewdef(objid), objid = ANY (extconfig))
		FROM members JOIN pg_class ON pg_class.oid = objid AND classid = 'pg_class'::regclass, pg_extension WHERE extname = 'pg_headway'
	UNION ALL SELECT concat_ws(' ', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attcollation::regcollation,
			pg_get_expr(adbin, adrelid), col_description(attrelid, attnum))
		FROM members JOIN pg_attribute ON attrelid = objid AND classid = 'pg_class'::regclass AND attnum > 0 AND NOT attisdropped
		LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
	UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(c.oid)) FROM members JOIN pg_constraint AS c ON conrelid = objid
	UNION ALL SELECT concat_ws(' ', pg_get_indexdef(indexrelid), obj_description(indexrelid, 'pg_class')) FROM members JOIN pg_index ON indrelid = objid
	UNION ALL SELECT concat_ws(' ', pg_get_triggerdef(t.oid), tgenabled, obj_description(t.oid, 'pg_trigger')) FROM members JOIN pg_trigger AS t ON tgrelid = objid AND NOT tgisinternal
) AS l (line)
SQL
my $rows = q{SELECT string_agg(t::text, E'\n') FROM (
	SELECT concat_ws('|', 'revision', revision, down_revision, message, upgrade, downgrade, registered_by) FROM headway.revision
	UNION ALL SELECT concat_ws('|', 'version', revision) FROM headway.version
	UNION ALL SELECT concat_ws('|', 'step', id, revision, result, started_at) FROM headway.step
	UNION ALL SELECT concat_ws('|', 'backfill', name, relation, state) FROM headway.backfill
	UNION ALL SELECT concat_ws('|', 'graph', count(*), count(target)) FROM headway.graph ORDER BY 1) AS t};

# The lines that only one of two texts has.
sub differences {
	my ($left, $right) = map { { map { $_ => 1 } split /\n/ } } @_;
	return join "\n", (map { "< $_" } grep { !$right->{$_} } sort keys %$left), map { "> $_" } grep { !$left->{$_} } sort keys %$right;
}

my $fresh = query($objects);
cmp_ok(length $fresh, '>', 10_000, 'a fresh one has a description');
is(differences($fresh, query($objects, 'updated')), '', 'an updated one has the same');
my $kept = query($rows, 'updated');
is(() = $kept =~ /\n/g, 5, 'with its rows');
$node->run_log([ 'pg_dump', '-Fc', '-f', "$PostgreSQL::Test::Utils::tmp_check/updated.dump", $node->connstr('updated') ]);
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), "$PostgreSQL::Test::Utils::tmp_check/updated.dump" ],
	'its dump is restored');
is(differences($fresh, query($objects, 'restored')), '', 'a restored one has the same, too');
is(query($rows, 'restored'), $kept, 'and the rows');
for my $database (qw(updated restored)) {
	is(query('SET client_min_messages = warning; SELECT migrate_upgrade()', $database), '1', "$database: the next run goes on");
	is(query('SET client_min_messages = warning; SELECT migrate_upgrade()', $database), '0', "$database: to its end");
	is(query(q{SELECT target, heads FROM headway.graph}, $database), 'head|{b}', "$database: with what is new");
}

$node->stop;
done_testing();
