# A column changes its type while others insert, delete and update: no write fails, and none is lost.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

my $node = headway_node('type_under_writes', max_worker_processes => 8);

sub query { return $node->safe_psql('postgres', $_[0]); }

# "copy" is written with "n" each time, and nobody changes its type.
query(<<'SQL');
CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL CHECK (n <> 0), copy int);
INSERT INTO t SELECT i, i, i FROM generate_series(1, 20000) i;
CREATE INDEX t_n ON t (n DESC, (n + 1));
SQL
my $script = $PostgreSQL::Test::Utils::tmp_check . '/writes.sql';
PostgreSQL::Test::Utils::append_to_file($script, <<'SQL');
\set id random(1, 20000)
\set n random(1, 2000000000)
UPDATE t SET n = :n, copy = :n WHERE id = :id;
\set id random(1, 20000)
DELETE FROM t WHERE id = :id;
\set n random(1, 2000000000)
INSERT INTO t VALUES (:id, :n, :n) ON CONFLICT (id) DO UPDATE SET n = excluded.n, copy = excluded.copy;
SQL
my ($out, $err) = ('', '');
my $writers = IPC::Run::start(
	[ 'pgbench', '-n', '-c', 3, '-T', 600, '-f', $script, '-d', $node->connstr('postgres') ], '>', \$out, '2>', \$err);

for my $type ('bigint', 'integer', 'bigint') {
	my $before = query('SELECT sum(n_tup_upd) FROM pg_stat_user_tables');
	is(query("SET client_min_messages = warning; SELECT safe_change_column_type('t', 'n', '$type', drop_old => true) > 6"),
		't', "to $type");
	is(query("SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'n'"),
		$type, 'it is of that type');
	is(query('SELECT count(*) FROM t WHERE n IS DISTINCT FROM copy'), '0', 'no write is lost');
	wait_until($node, "SELECT sum(n_tup_upd) > $before FROM pg_stat_user_tables", 'others have written');
}
ok($writers->pumpable, 'the writers are at it still');
$writers->kill_kill;
is($err =~ s/^pgbench \(.*\n//r, '', 'no write has failed');
is(query(q{SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass AND indisvalid}), '2', 'its indexes are there');
$node->stop;
done_testing();
