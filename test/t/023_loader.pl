# pg_headway, the program: folders of revision files, and the functions by their short names.
use strict;
use warnings;

use File::Path qw(make_path);
use IPC::Run;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use HeadwayTest;

chomp(my $bindir = qx(pg_config --bindir));
my $program = "$bindir/pg_headway";
ok(-x $program, 'it is installed beside psql');

my $node = headway_node('loader');
my $folders = PostgreSQL::Test::Utils::tempdir;
srand 42;

sub query { return $node->safe_psql($_[1] // 'postgres', $_[0]); }

# Exit code, standard output, standard error.
sub headway {
	my @command = ($program, '-d', $node->connstr('postgres'), @_);
	my ($out, $err) = ('', '');
	IPC::Run::run(\@command, '<', \undef, '>', \$out, '2>', \$err);
	return ($? >> 8, $out, $err);
}

sub folder { my $path = "$folders/$_[0]"; make_path($path); return $path; }

sub put {
	my ($folder, $name, $text) = @_;
	open my $file, '>:raw', "$folder/$name" or die $!;
	print $file $text;
	close $file;
	return;
}

sub revision {
	my ($id, $parent, $upgrade, $downgrade) = @_;
	$parent = defined $parent ? "'$parent'" : 'NULL';
	return "SELECT migrate_revision('$id', $parent, 'Revision $id', \$up\$\n$upgrade\n\$up\$, \$down\$\n" . ($downgrade // '') . "\n\$down\$)";
}

# ---- 300 files with names that say nothing of their order ---------------------------------------------------------

my $many = folder('many');
for my $i (1 .. 300) {
	my $end = (";\n", ';', ";\n-- the end", "\n", '')[$i % 5];
	my $text = revision("r$i", $i > 1 ? 'r' . ($i - 1) : undef, "CREATE TABLE t$i (id int);", "DROP TABLE t$i;") . $end;
	$text =~ s/\n/\r\n/g if $i % 3 == 0;
	$text = "\xef\xbb\xbf$text" if $i % 7 == 0;
	my $sub = $i % 10 == 0 ? 'below/' : '';
	make_path("$many/below");
	put($many, sprintf('%s%08x_%d.sql', $sub, int rand 2**32, $i), $text);
}
my ($status, $out, $err) = headway('load', $many, '--check');
is($status, 1, '--check: the folder is not loaded');
like($out, qr/would be: 300 new, 0 replaced, 0 unchanged\n$/, 'and says so');
is(query('SELECT count(*) FROM headway.revision'), 0, 'nothing is changed by it');
($status, $out, $err) = headway('load', $many);
is("$status$err", '0', 'loaded without a word on stderr: no parent is missed');
like($out, qr/^new        r1  \S+_1\.sql\n.*\n300 new, 0 replaced, 0 unchanged\n$/s, 'all of them are new, the first one first');
is(query('SELECT count(*) FROM headway.revision'), 300, 'and registered');
is((headway('load', $many))[1], "0 new, 0 replaced, 300 unchanged\n", 'loaded again: nothing');
is((headway('load', $many, '--check'))[0], 0, '--check: nothing to do');
($status, $out) = headway('check', '--ignore', 'not applied');
is("$status$out", '0', 'check: nothing but that they are not applied');
is((headway('check'))[0], 1, 'which is a problem otherwise');
($status, $out, $err) = headway('up', 'r20');
is($out, "20\n", 'up: how many have run');
like($err, qr/^NOTICE:  Running upgrade r19 -> r20, Revision r20$/m, 'its progress is on stderr');
is((headway('down', '-1'))[1], "1\n", 'a target that begins with a hyphen');
($status, $out) = headway('up', '--json');
is_deeply(decode_json($out), { revisions_run => 281 }, 'as JSON');
is((headway('check'))[0], 0, 'check: all is well');
($status, $out) = headway('status', '--json');
is_deeply([ @{ decode_json($out) }{qw(heads behind problems failed_revision unfinished)} ], [ ['r300'], 0, [], undef, [] ], 'status');

# ---- what is wrong is told by file and line, and nothing is loaded --------------------------------------------------

my $broken = folder('broken');
put($broken, 'a.sql', "-- first\n" . revision('b1', 'r300', "CREATE TABLE good (id int);\nCREAT TABLE bad ();") . ';');
put($broken, 'b.sql', revision('b2', 'b1', 'SELECT 1;', "\n\nDROP TABEL bad;") . ";\n");
put($broken, 'c.sql', revision('b3', 'b2', 'SELECT 1;') . ";\n\nSELECT migrate_revision('b3b',\n  nosuch(2));\n");
put($broken, 'e.sql', revision('b5', 'b3', 'SELECT 1;') . ';');
($status, $out, $err) = headway('load', $broken);
is($status, 1, 'errors');
is($out, '', 'no result');
like($err, qr{^\Q$broken\E/a\.sql:4: error: syntax error at or near "CREAT"$}m, 'in an upgrade');
like($err, qr{^\Q$broken\E/b\.sql:6: error: syntax error at or near "TABEL"$}m, 'in a downgrade');
like($err, qr{^  hint: When there is no way back, register it with downgrade => NULL\.$}m, 'with the hint');
like($err, qr{^\Q$broken\E/c\.sql:8: error: function nosuch\(integer\) does not exist$}m, 'in another statement');
unlike($err, qr/notice/, 'what follows from that is not told');
like($err, qr/^pg_headway: nothing is loaded: 3 errors in /m, 'and a last line');
is(query("SELECT count(*) FROM headway.revision WHERE revision LIKE 'b%'"), 0, 'nothing of the folder is there');

my @wrong = (
	[ "SELECT migrate_revision('w', NULL, '', \$up\$ SELECT 1; \$pu\$, '');", qr/w\.sql:1: error: a string that begins here has no end/ ],
	[ "-- one\nSELECT 1; /* two\n", qr/w\.sql:2: error: a comment that begins here has no end/ ],
	[ "BEGIN;\n" . revision('w', undef, '') . ";\nCOMMIT;\n", qr/w\.sql:1: error: BEGIN outside of a revision.*w\.sql:7: error: COMMIT/s ],
	[ revision('w', undef, '') . ";\n" . revision('w', undef, '') . ";\n", qr/w\.sql:6: error: revision w is in \S+w\.sql as well/ ],
	[ "CREATE TABLE t (id int);\n" . revision('w', undef, '') . ";\nDROP TABLE t;\n", qr/w\.sql:1: error: CREATE outside of a revision.*w\.sql:7: error: DROP outside/s ],
	[ "\n\\q\n" . revision('w', undef, '') . ";\n", qr/w\.sql:2: error: a command of psql: \\q$/m ],
	[ "DROP TABLE t;\n", qr/w\.sql:1: error: this file registers no revision\n  hint: .*pg_headway import/ ],
	[ revision('w', undef, "DO \$x\$ BEGIN RAISE EXCEPTION 'not imported: upgrade of a.py'; END \$x\$;") . ';', qr/w\.sql:2: error: not written yet: upgrade of a\.py/ ],
	[ "SELECT migrate_revision('w' || 1);", qr/w\.sql:1: error: the id of this revision is no constant/ ],
	[ "SELECT migrate_revision('w',\n  mesage => 'x');", qr/w\.sql:1: error: migrate_revision\(\) has no argument "mesage"\n  hint: Perhaps you meant "message"\./ ],
	[ "SELECT 1;\n-- \xff\n", qr/w\.sql:2: error: not UTF-8/ ]);
for my $case (@wrong) {
	my $folder = folder('wrong');
	put($folder, 'w.sql', $case->[0]);
	($status, $out, $err) = headway('load', $folder);
	is($status, 1, 'refused before anything is sent');
	like($err, $case->[1], 'with its line');
}

# A folder of another tool's, or none.
my $foreign = folder('foreign');
put($foreign, "$_.sql", "CREATE TABLE t$_ (id int);\n") for 1 .. 9;
($status, $out, $err) = headway('load', $foreign);
is(() = $err =~ /^\S+\d\.sql:1: error: this file registers no revision$/mg, 3, 'what is wrong with many files is said of three');
like($err, qr/^\.\.\. and 6 more: error: this file registers no revision$/m, 'and how many there are');
($status, $out, $err) = headway('load', folder('nothing'));
is($status, 1, 'an empty folder is no success');
like($err, qr/holds no revision files/, 'and said');

# Names that a line of psql's cannot hold, and files that are not there.
my $names = folder('names');
put($names, "a b'c\"d.sql", revision('nm', 'r300', '') . ';');
is((headway('load', $names, '--check'))[1] =~ s/\n.*//sr, "new        nm  $names/a b'c\"d.sql", 'blanks and quotes in a name');
put($names, "line\nend.sql", revision('nl', 'r300', '') . ';');
like((headway('load', $names))[2], qr/a file name with a line end/, 'a line end in a name');
unlink "$names/line\nend.sql";
symlink '/nowhere', "$names/gone.sql";
like((headway('load', $names))[2], qr/gone\.sql: error: No such file/, 'a link that leads nowhere');

# ---- a file that is gone, one that has changed --------------------------------------------------------------------

my $some = folder('some');
put($some, "$_.sql", revision($_, { n1 => 'r300', n2 => 'n1', n3 => 'n2' }->{$_}, 'SELECT 1;') . ';') for qw(n1 n2 n3);
put($some, 'rest.sql', join '', map { revision("r$_", $_ > 1 ? 'r' . ($_ - 1) : undef, "CREATE TABLE t$_ (id int);", "DROP TABLE t$_;") . ";\n" } 1 .. 300);
is((headway('load', $some))[1] =~ s/.*\n(?=.)//sr, "3 new, 0 replaced, 300 unchanged\n", 'many revisions in one file');
unlink "$some/n2.sql", "$some/n3.sql";
put($some, 'n1.sql', revision('n1', 'r300', 'SELECT 2;') . ';');
($status, $out) = headway('load', $some, '--check', '--json');
is($status, 1, 'they differ');
is_deeply(decode_json($out), { new => [], replaced => [ { revision => 'n1', file => "$some/n1.sql" } ], unchanged => 300, gone => [ 'n3', 'n2' ], gone_applied => [], empty => [] },
	'in a file, and in two that are gone');
is((headway('load', $some, '--prune'))[1] =~ s/.*\n(?=.)//sr, "0 new, 1 replaced, 300 unchanged, 2 forgotten\n", '--prune forgets them');
is(query("SELECT string_agg(revision, ' ') FROM headway.revision WHERE revision LIKE 'n%'"), 'n1', 'in the database');
headway('up');
unlink "$some/n1.sql";
put($some, 'n1.sql', revision('n1x', 'r300', 'SELECT 2;') . ';');
($status, $out, $err) = headway('load', $some, '--check');
like($out, qr/^gone       n1  APPLIED, and in no file$/m, 'an applied revision under another id is gone');
like($err, qr/An id stays what it was when it was applied: put it back/, 'with what to do');
unlink "$some/n1.sql";
($status, $out, $err) = headway('load', $some, '--prune');
is($status, 1, 'one that is applied is not forgotten');
like($err, qr/revision n1 is applied/, 'and named');

# ---- new files --------------------------------------------------------------------------------------------------

put($some, 'n1.sql', revision('n1', 'r300', 'SELECT 2;') . ';');
($status, $out) = headway('new', 'Add thumbnail_url to videos!', '--to', $some, '--rev-id', 'x1');
is($out, "$some/x1_add_thumbnail_url_to_videos.sql\n", 'new: a file');
headway('new', 'The next one', '--to', $some, '--rev-id', 'x2');
like(slurp_file("$some/x2_the_next_one.sql"), qr/down_revision => 'x1'/, 'the next one follows it, though it has not been loaded');
is(query("SELECT count(*) FROM headway.revision WHERE revision LIKE 'x%'"), 0, 'which new does not do either');
($status, $out, $err) = headway('load', $some);
is($status, 0, 'both can be loaded as they are');
like($err, qr/x2_the_next_one\.sql: note: the upgrade of x2 does nothing/, 'and that they do nothing yet is said');
is((headway('new', 'Nothing', '--to', folder('empty'), '--head', 'base', '--rev-id', 'x3'))[0], 0, 'an empty folder');

# ---- checks for a pipeline ----------------------------------------------------------------------------------------

($status, $out) = headway('check', '--format', 'github', '--folder', $some);
is($status, 1, 'a problem');
is($out, join('', map { "::error file=$some/$_->[0],line=6,title=not applied::$_->[1]: its upgrade has not been run\n" }
	[ 'x1_add_thumbnail_url_to_videos.sql', 'x1' ], [ 'x2_the_next_one.sql', 'x2' ]), 'as annotations');
is((headway('check', '--ignore', 'not applied, several heads'))[0], 0, 'without those kinds');
is((headway('check', '--ignore', 'nosuch'))[0], 1, 'a kind that there is not');

# ---- where it goes --------------------------------------------------------------------------------------------------

($status, $out, $err) = headway('up', 'nosuch');
is("$status$out", '1', 'an error of the server');
like($err, qr/^ERROR:  revision "nosuch" is not registered$/m, 'as psql shows it');
query('CREATE DATABASE other');
sub elsewhere {
	my ($out, $err) = ('', '');
	IPC::Run::run([ $program, '-d', $node->connstr('other'), @_ ], '<', \undef, '>', \$out, '2>', \$err);
	return ($? >> 8, $out, $err);
}
($status, $out, $err) = elsewhere('load', $some);
is($err, "pg_headway: pg_headway is not installed in database other\n  hint: Run CREATE EXTENSION pg_headway there, once, as a superuser.\n",
	'no extension');
query('CREATE SCHEMA "my tools"; CREATE EXTENSION pg_headway SCHEMA "my tools"', 'other');
is((elsewhere('load', $some))[0], 0, 'in a schema that is not in the search_path');
is((elsewhere('up', 'r1'))[1], "1\n", 'and all the rest');
is((elsewhere('heads'))[0], 0, 'tables');
is((elsewhere('load', $some, '--check'))[0], 0, '--check');
query('DROP DATABASE other');
is((elsewhere('heads'))[0], 2, 'no such database');
is((headway('nosuch'))[0], 2, 'a wrong word');
{
	my ($o, $e) = ('', '');
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	query('CREATE DATABASE other');
	IPC::Run::run([ $program, 'heads', '-d', 'postgres' ], '<', \undef, '>', \$o, '2>', \$e);
	is($?, 0, 'connection options behind the command') or diag($e);
	delete local $ENV{PGDATABASE};
	IPC::Run::run([ $program, 'up', '-h', $node->host, '-U', 'none' ], '<', \undef, '>', \$o, '2>', \$e);
	isnt($?, 0, 'nowhere');
	query('CREATE ROLE other LOGIN');
	IPC::Run::run([ $program, 'up', '-U', 'other' ], '<', \undef, '>', \$o, '2>', \$e);
	like($e, qr/No database was named, by -d or PGDATABASE: is it that one\?/, 'no database was named');
	IPC::Run::run([ $program, '-d', 'postgres', 'upgrade', '-U', 'other' ], '<', \undef, '>', \$o, '2>', \$e);
	like($e, qr/role other may not use pg_headway in database postgres\n  hint: .*migrate_grant\('other'\)/, 'a role without privileges');
	query('DROP ROLE other');
	query('DROP DATABASE other');
}
like((headway('--version'))[1], qr/^pg_headway \d+\.\d+\.\d+$/, 'its version');

# ---- a role that deploys -----------------------------------------------------------------------------------------------

query(q{CREATE ROLE deployer LOGIN; SELECT migrate_grant('deployer'); GRANT CREATE ON SCHEMA public TO deployer});
my $as = $node->connstr('postgres') . ' user=deployer';
command_ok([ $program, '-d', $as, 'load', $some ], 'loads as it likes');
command_ok([ $program, '-d', $as, 'status' ], 'sees where it is');
my ($dump, $complaint) = run_command([ 'pg_dump', '-d', $as, '-n', 'headway', '-e', 'pg_headway', '-a' ]);
is($complaint, '', 'and dumps what is kept');
like($dump, qr/^COPY headway\.revision .*^r300\t/ms, 'the revisions in it');

# ---- Ctrl-C, and what Kubernetes sends --------------------------------------------------------------------------------

query(q{SELECT migrate_revision('slow', 'x2', '', 'SELECT pg_sleep(300)', '')});
for my $signal ('INT', 'TERM') {
	my ($o, $e) = ('', '');
	# In a process group of its own, as a terminal has it: Ctrl-C reaches psql, too.
	my $run = IPC::Run::start([ 'setsid', $program, '-d', $node->connstr('postgres'), 'up' ], '<', \undef, '>', \$o, '2>', \$e, my $timer = IPC::Run::timeout(60));
	$run->pump until $e =~ /slow/;
	my $pid = $run->{KIDS}[0]{PID};
	kill $signal, $signal eq 'INT' ? -$pid : $pid;
	$run->finish;
	is($run->full_result(0) >> 8, 128 + ($signal eq 'INT' ? 2 : 15), "SIG$signal: the exit status says so");
	like($e, qr/canceling statement due to user request/, 'the run is cancelled');
	# Cancelled twice, psql may be told before the row is written.
	wait_until($node, q{SELECT result = 'cancelled' FROM headway.history ORDER BY id DESC LIMIT 1}, 'and its end is in the history');
}

$node->stop;
done_testing();
