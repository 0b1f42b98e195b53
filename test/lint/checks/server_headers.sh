# Only src/pg includes headers of the server; everything else names the folder of ours that it includes from.
# To do: put the server call behind a function in src/pg and include that header.

find src -name '*.[ch]pp' ! -path 'src/pg/*' -print0 | xargs -0 -r grep -nHE '^ *# *include' |
  grep -vE '#include "(core|engine|pg|operations|adapters|commands|sqlapi)/([a-z]+/)?[a-z_]+\.hpp"' |
  grep -vE '#include <[a-z_]+>' |
  grep -vE '^src/core/format\.cpp:[0-9]+:#include <boost/format\.hpp>' || true
