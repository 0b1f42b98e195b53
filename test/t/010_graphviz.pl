# migrate_graph('dot') as Graphviz reads it: the nodes and edges of its own answer are those of the tables.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

my $node = headway_node('graphviz');

sub query { return $node->safe_psql('postgres', $_[0]); }

# What dot makes of the graph: "name name ..." and "from->to from->to ...", sorted, and what it complains of.
sub read_by_dot {
	my ($plain, $err) = ('', '');
	IPC::Run::run([ 'dot', '-Tplain' ], '<', \query(q{SELECT migrate_graph('dot')}), '>', \$plain, '2>', \$err)
	  or BAIL_OUT("dot failed: $err");
	my $name = qr/("(?:[^"\\]|\\.)*"|\S+)/;
	my (@nodes, @edges);
	for my $line (split /\n/, $plain) {
		push @nodes, $1 =~ s/^"|"$//gr if $line =~ /^node $name /;
		push @edges, join '->', map { s/^"|"$//gr } $1, $2 if $line =~ /^edge $name $name /;
	}
	return (join(' ', sort @nodes), join(' ', sort @edges), $err);
}

sub is_drawn {
	my ($what) = @_;
	my ($nodes, $edges, $complaints) = read_by_dot();
	is($nodes, query(<<'SQL'), "$what: nodes");
SELECT coalesce(string_agg(name, ' ' ORDER BY name COLLATE "C"), '') FROM (
  SELECT revision AS name FROM headway.revision UNION SELECT unnest(down_revision || depends_on) FROM headway.revision
  UNION SELECT revision FROM headway.version) AS names
SQL
	is($edges, query(<<'SQL'), "$what: edges");
SELECT coalesce(string_agg(edge, ' ' ORDER BY edge COLLATE "C"), '') FROM (
  SELECT unnest(down_revision || depends_on) || '->' || revision AS edge FROM headway.revision) AS edges
SQL
	is($complaints, '', "$what: no complaint");
}

is_drawn('nothing');
query(<<'SQL');
SELECT migrate_revision('root', NULL, 'Root', ''), migrate_revision('a1', 'root', 'One', '', '', 'side'),
  migrate_revision('a2', 'a1', 'Two', ''), migrate_revision('b1', 'root', 'Other', ''),
  migrate_revision('m1', 'a2, b1', 'Merge', ''), migrate_revision('z1', NULL, 'Apart', '', '', NULL, 'a1');
SQL
is_drawn('branches, a merge point, a dependency');
query(q{DELETE FROM headway.revision WHERE revision IN ('root', 'a1'); INSERT INTO headway.version VALUES ('gone')});
is_drawn('what is missing');

# Texts that mean something to dot.
for my $message ('a "quoted" one', 'back\\slash', 'ends with \\', '\\N \\G \\l \\"', '<b>html</b> &amp; &lt;', "two\nlines", '{record|shape}', 'umläut ✓', ']; }') {
	query('DELETE FROM headway.revision; DELETE FROM headway.version');
	my $quoted = $message =~ s/'/''/gr;
	query("SELECT migrate_revision('r1', NULL, '$quoted', ''), migrate_revision('r2', 'r1', '$quoted', '')");
	is_drawn("message $message");
}

# An id may hold what dot wants escaped.
query(q{DELETE FROM headway.revision});
query(q{SELECT migrate_revision('r"1', NULL, '', ''), migrate_revision('r\2', 'r"1', '', ''), migrate_revision('r<3>', 'r\2', '', '')});
my ($nodes, $edges, $complaints) = read_by_dot();
is($complaints, '', 'odd ids: no complaint');
is(scalar(split / /, $nodes), 3, 'odd ids: each is a node');
is(scalar(split / /, $edges), 2, 'and each parent an edge');

$node->stop;
done_testing();
