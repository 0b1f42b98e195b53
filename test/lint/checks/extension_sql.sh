# The extension's script trusts no search_path: CREATE EXTENSION runs it with one that holds the schema of the extension,
# where others may have put a type, a function or an operator that fits better than the server's.
# To do: pg_catalog. before types and functions, OPERATOR(pg_catalog.=), = ANY (ARRAY[...]) for IN, CAST for ::.

# shellcheck disable=SC2016  # the $ are of Perl
[ ! -f src/extension/pg_headway.sql ] || perl -e '
  use strict;
  for my $file ("src/extension/pg_headway.sql", glob "src/extension/upgrades/*.sql") {
    open(my $in, "<", $file) or die "$file: $!";
    my $text = do { local $/; <$in> };
    # Literals and comments go, line ends stay.
    $text =~ s{(\x27(?:[^\x27]|\x27\x27)*\x27|--[^\n]*|^\\[^\n]*)}{my $t = $1; $t =~ s/[^\n]//g; $t}gme;
    $text =~ s/OPERATOR\(pg_catalog\.[^)]+\)/ /g;
    my $number = 0;
    for my $line (split /\n/, $text) {
      ++$number;
      my @found;
      push @found, "type $1" while $line =~ /(?<![.\w"])(text|timestamptz|regclass|oid|jsonb?|bytea|int[248]|float[48])\b/g;
      push @found, "type name" if $line =~ /(?<![.\w])name NOT NULL DEFAULT (?:current|session)_user|\bby name\b/;
      push @found, "function $1" while $line =~
        /(?<![.\w"])(?!(?:migrate|safe)_)([a-z_][a-z_0-9]*)\(/g;
      push @found, "collation $1" while $line =~ /COLLATE ("\w+")/g;
      push @found, "$1" while $line =~ /\b((?:NOT )?IN \(|BETWEEN|I?LIKE\b|IS (?:NOT )?DISTINCT FROM|NULLIF)/g;
      (my $rest = $line) =~ s/=>|\([a-z_]+ = \w+\)|\bSELECT \*|\(\*\)|, ?\*//g;
      push @found, "operator $1" while $rest =~ /([-+*\/<>=~!@#%^&|?]+|::)/g;
      print "$file:$number: $_\n" for @found;
    }
  }'
