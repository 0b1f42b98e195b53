# What the TAP tests share: a server with the extension, psql sessions that stay open, and waits for conditions.
# Nothing here waits for a time: every wait ends when the server says that something is so.
package HeadwayTest;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes ();

our @EXPORT = qw(headway_node register ask wait_until wait_for_worker wait_for_no_worker worker_pid psql_error
  start_psql open_session start_again);

my $worker = "backend_type = 'pg_headway'";

# A running server whose database postgres has the extension.
sub headway_node {
	my ($name, %settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(%{ delete $settings{init} // {} });
	$node->append_conf('postgresql.conf', "$_ = $settings{$_}") for sort keys %settings;
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION pg_headway');
	return $node;
}

# register($node, $revision, $parent, $upgrade, downgrade => ..., dbname => ..., user => ...)
sub register {
	my ($node, $revision, $parent, $upgrade, %more) = @_;
	my $down = defined $parent ? "'$parent'" : 'NULL';
	my $downgrade = exists $more{downgrade} ? $more{downgrade} : '';
	$downgrade = defined $downgrade ? "\$down\$$downgrade\$down\$" : 'NULL';
	$node->safe_psql($more{dbname} // 'postgres',
		"SELECT migrate_revision('$revision', $down, 'Revision $revision', \$up\$$upgrade\$up\$, $downgrade)",
		extra_params => [ defined $more{user} ? ('-U', $more{user}) : () ]);
	return;
}

# What a query answers; undef when it fails or there is no server. The query is an argument: a psql that cannot
# connect ends before it reads its standard input, and whoever writes to that dies of a broken pipe.
sub ask {
	my ($node, $query, $dbname) = @_;
	my ($out, $err) = ('', '');
	my $done = IPC::Run::run([ 'psql', '-XAtq', '-d', $node->connstr($dbname // 'postgres'), '-c', $query ],
		'<', \undef, '>', \$out, '2>', \$err);
	chomp $out;
	return $done ? $out : undef;
}

sub wait_until {
	my ($node, $condition, $what, $dbname) = @_;
	my $end = time + $PostgreSQL::Test::Utils::timeout_default;
	until ((ask($node, "SELECT coalesce(($condition), false)", $dbname) // '') eq 't') {
		die 'waited in vain until ' . ($what // $condition) if time > $end;
		Time::HiRes::usleep(50_000);
	}
	return;
}

# A worker for which the condition on its row of pg_stat_activity is true.
sub wait_for_worker {
	my ($node, $condition) = @_;
	$condition //= 'true';
	wait_until($node, "SELECT count(*) > 0 FROM pg_stat_activity WHERE $worker AND ($condition)",
		"a worker is there with $condition");
	return worker_pid($node, $condition);
}

sub wait_for_no_worker {
	my ($node) = @_;
	wait_until($node, "SELECT count(*) = 0 FROM pg_stat_activity WHERE $worker", 'no worker is left');
	return;
}

sub worker_pid {
	my ($node, $condition) = @_;
	$condition //= 'true';
	return $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE $worker AND ($condition) ORDER BY backend_start LIMIT 1");
}

# Starts a server whose postmaster was killed, as soon as the last of its old processes has noticed and let go.
sub start_again {
	my ($node) = @_;
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default) {
		return if $node->start(fail_ok => 1);
		$node->{_pid} = undef;
		Time::HiRes::usleep(100_000);
	}
	die 'the old server does not end';
}

# The SQLSTATE and all of the text of what a statement fails with; an empty SQLSTATE when it does not fail.
sub psql_error {
	my ($node, $sql, %more) = @_;
	my ($out, $err) = ('', '');
	$node->psql($more{dbname} // 'postgres', $sql, stdout => \$out, stderr => \$err,
		extra_params => [ '-v', 'VERBOSITY=verbose', @{ $more{extra_params} // [] } ]);
	my ($state) = $err =~ /(?:ERROR|FATAL):\s+(\w{5}):/;
	return ($state // '', $err);
}

# Starts psql with one statement and does not wait for it. finish() does and returns its exit code.
# start_psql($node, $sql, dbname => ..., settings => { lock_timeout => 0 }, extra_params => [...])
sub start_psql {
	my ($node, $sql, %more) = @_;
	my $self = bless { node => $node, out => '', err => '', in => '' }, 'HeadwayTest::Psql';
	my %settings = %{ $more{settings} // {} };
	my $options = join ' ', map { "-c $_=$settings{$_}" } sort keys %settings;
	my @command = (
		'psql', '-XAtq', '-v', 'VERBOSITY=verbose',
		'-d', $node->connstr($more{dbname} // 'postgres') . " options='$options'",
		@{ $more{extra_params} // [] },
		defined $sql ? ('-c', $sql) : ('-f', '-'));
	$self->{timer} = IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default);
	$self->{harness} = IPC::Run::start(\@command, '<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err},
		$self->{timer});
	return $self;
}

# A psql that stays open and takes one statement after the other.
sub open_session {
	my ($node, %more) = @_;
	my $self = start_psql($node, undef, %more);
	$self->{backend_pid} = $self->run('SELECT pg_backend_pid()');
	return $self;
}

package HeadwayTest::Psql;

use strict;
use warnings;

# The pid of psql itself.
sub client_pid { return $_[0]->{harness}->{KIDS}[0]{PID}; }

# The pid of its server process, of an open_session() only.
sub backend_pid { return $_[0]->{backend_pid}; }

# Sends statements without waiting for what they do.
sub say {
	my ($self, $sql) = @_;
	$self->{in} .= "$sql\n";
	# pump() would wait for an answer as well.
	$self->{harness}->pump_nb while length $self->{in};
	return;
}

# Sends statements and returns what they print.
sub run {
	my ($self, $sql) = @_;
	my $mark = 'done-' . ++$self->{marks};
	$self->{out} = '';
	$self->say("$sql\n;\n\\echo $mark");
	$self->{harness}->pump until $self->{out} =~ /^$mark$/m;
	my ($result) = $self->{out} =~ /^(.*?)\n?^$mark$/ms;
	return $result;
}

# Waits until it has been told something that matches; its own time limit ends it.
sub wait_for_message {
	my ($self, $pattern) = @_;
	$self->{harness}->pump until $self->{err} =~ $pattern;
	return;
}

# Waits for its end; the exit code of psql.
sub finish {
	my ($self) = @_;
	$self->{harness}->finish;
	return $self->{harness}->result(0);
}

sub out { return $_[0]->{out}; }
sub err { return $_[0]->{err}; }

# The SQLSTATE of its last error.
sub sqlstate {
	my ($self) = @_;
	my @states = $self->{err} =~ /(?:ERROR|FATAL):\s+(\w{5}):/g;
	return $states[-1] // '';
}

1;
