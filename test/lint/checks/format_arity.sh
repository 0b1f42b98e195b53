# Every Format( template is a literal and has as many places as its call has arguments: Boost.Format throws else, and
# only when the message is needed.
# To do: give the call the arguments that its template names, each of them used.

# shellcheck disable=SC2016  # the $ are of Perl
find src -name '*.[ch]pp' ! -path src/core/format.hpp | sort | xargs perl -e '
  use strict;
  my $literal = qr/"(?:[^"\\]|\\.)*"/s;
  for my $file (@ARGV) {
    open(my $in, "<", $file) or die "$file: $!";
    my $text = do { local $/; <$in> };
    # Comments go, line ends stay.
    $text =~ s{($literal|\x27(?:[^\x27\\\n]|\\.)\x27)|//[^\n]*}{$1 // ""}ge;
    while ($text =~ /\bFormat\(/g) {
      my $start = pos $text;
      my $line = 1 + (substr($text, 0, $start) =~ tr/\n//);
      my ($depth, $arguments, $template) = (0, 0, "");
      my $place = "$file:$line";
      while (1) {
        if ($text =~ /\G($literal)/gc) {
          $template .= substr($1, 1, -1) if $arguments == 0;
        } elsif ($text =~ /\G\x27(?:[^\x27\\\n]|\\.)\x27/gc || $text =~ /\G\s+/gc) {
        } elsif ($text =~ /\G[(\[{]/gc) { ++$depth;
        } elsif ($text =~ /\G[)\]}]/gc) { last if $depth-- == 0;
        } elsif ($depth == 0 && $text =~ /\G,/gc) { ++$arguments;
        } elsif ($text =~ /\G[\s\S]/gc) {
          $template = undef, last if $arguments == 0;
        } else { last }
      }
      if (!defined $template) { print "$place: the template is not a literal\n"; next }
      my %places;
      $template =~ s/%(?:(\d+)%|%)/$places{$1} = 1 if defined $1; " "/ge;
      my $plain = () = $template =~ /%[-+ #0]*\d*(?:\.\d+)?[a-z]/g;
      my $stray = ($template =~ tr/%//) - $plain;
      my $named = keys %places;
      my ($highest) = sort { $b <=> $a } keys %places, 0;
      print "$place: places by number and by order are mixed\n" if $named && $plain;
      print "$place: a stray %\n" if $stray;
      print "$place: of $highest places only $named are named\n" if $highest != $named;
      print "$place: $arguments arguments for ", $highest + $plain, " places\n" if $arguments != $highest + $plain;
    }
  }'
