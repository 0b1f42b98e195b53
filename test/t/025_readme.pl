# The tour of README.md, typed as it stands: each line that it shows comes, whatever its numbers.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

my $node = headway_node('readme');
chomp(my $bindir = qx(pg_config --bindir));
local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PATH => "$bindir:$ENV{PATH}");
my ($tour) = slurp_file('src/README.md') =~ /^## A short tour\n(.*?)^\| Call/ms;
my @typed = grep { /^(?:\$|mydb=#) /m } $tour =~ /^```\w*\n(.*?)^```$/msg;
cmp_ok(scalar @typed, '>=', 4, 'blocks with prompts');

# One session for what stands between BEGIN and ROLLBACK.
my (@commands, $block);
for my $line (map { split /\n/ } @typed) {
	if ($line =~ /^\$ psql mydb$/) { next; }
	elsif ($line =~ /^\$ (.*)/) { push @commands, { shell => $1, shows => [] }; }
	elsif ($line =~ /^mydb=# (.*)/) {
		my $sql = $1;
		if ($block) { push @{ $commands[-1]{sql} }, $sql; }
		else { push @commands, { sql => [$sql], shows => [] }; }
		$block = 1 if $sql eq 'BEGIN;';
		$block = 0 if $sql eq 'ROLLBACK;';
	}
	elsif ($line ne '...' && $line ne '') { push @{ $commands[-1]{shows} }, $line; }
}
cmp_ok(scalar @commands, '>=', 7, 'commands');

# Without what differs from run to run, and without blanks at the end.
sub shape { return $_[0] =~ s/\d+/N/gr =~ s/-+/-/gr =~ s/\s+/ /gr =~ s/ $//r; }

for my $command (@commands) {
	my @words = $command->{shell} ? ('sh', '-c', "cd src && $command->{shell}") : ('psql', '-X', '-d', 'mydb', map { ('-c', $_) } @{ $command->{sql} });
	my $printed = '';
	my $good = IPC::Run::run(\@words, '<', \undef, '>&', \$printed);
	my $what = $command->{shell} // "@{ $command->{sql} }";
	ok($good, $what) or diag($printed);
	my %printed = map { shape($_) => 1 } split /\n/, $printed;
	ok($printed{ shape($_) }, "shows: $_") or diag($printed) for @{ $command->{shows} };
}

$node->stop;
done_testing();
