# Our own queries trust no search_path: what looks an operator or a function up by its bare name is not in them.
# To do: OPERATOR(pg_catalog.=) ANY (...) for IN, two comparisons for BETWEEN, CASE WHEN a OPERATOR(pg_catalog.=) b for
# NULLIF and CASE a WHEN, pg_catalog. before a function.

# String literals of C++ that hold SQL of ours; those that write SQL for people to read say so by not being a query.
grep -nHE '^ *"| PreparedQuery |RunQuery\(' src/*/*.cpp src/*/*/*.cpp |
  grep -E '"[^"]*(\bIS (NOT )?DISTINCT FROM\b|\bNULLIF\(|\bBETWEEN\b| (NOT )?IN \([^S]|\bCASE [a-z_.]+ WHEN\b|[ (,](min|max|count|sum|array_agg|string_agg|lower|upper|format|now|unnest|quote_ident|format_type)\()' |
  grep -vE 'src/core/|"(Find all|Find them|Find the|Build |SELECT %1%, count)' || true
