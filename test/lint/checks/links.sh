# Every relative link in a *.md leads to a file that is there, and to a heading of it.
# To do: correct the link, or the heading that it names.

# shellcheck disable=SC2016  # the $ are of Perl
find . -name '*.md' -not -path './.git/*' -not -path './build/*' -print0 | sort -z | xargs -0 -r perl -e '
  use strict;
  use utf8;
  use File::Basename;
  use File::Spec;

  # The text without its code: fences go, code spans too, line ends stay.
  sub prose {
    my ($file) = @_;
    open(my $in, "<:encoding(UTF-8)", $file) or die "$file: $!";
    my $fenced = 0;
    return map { if (/^\s*```/) { $fenced = !$fenced; "\n" } elsif ($fenced) { "\n" } else { $_ } } <$in>;
  }
  # As GitHub makes them from headings.
  my %anchors;
  sub anchors {
    my ($file) = @_;
    return $anchors{$file} //= do {
      my (%seen, %found);
      for (prose($file)) {
        next unless /^#{1,6}\s+(.*?)\s*$/;
        my $anchor = lc $1;
        $anchor =~ s/\[([^\]]*)\]\([^)]*\)/$1/g;
        $anchor =~ s/[^\w\- ]//g;
        $anchor =~ s/ /-/g;
        my $times = $seen{$anchor}++;
        $found{$times ? "$anchor-$times" : $anchor} = 1;
      }
      \%found;
    };
  }
  for my $file (@ARGV) {
    next unless -f $file;
    my $line = 0;
    for (prose($file)) {
      ++$line;
      s/(?<!\[)`[^`]*`(?!\])//g;
      while (/\]\(([^)\s]+)[^)]*\)/g) {
        my $link = $1;
        next if $link =~ /^[a-z][a-z+.-]*:/i;
        my ($path, $anchor) = split /#/, $link, 2;
        my $target = length $path ? File::Spec->catfile(dirname($file), $path) : $file;
        if (!-e $target) { print "$file:$line: $link: no such file\n" }
        elsif (defined $anchor && !anchors($target)->{$anchor}) { print "$file:$line: $link: no such heading\n" }
      }
    }
  }'
