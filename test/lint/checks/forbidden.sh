# Constructs that are a defect wherever they stand in src.
# To do: use what the message names.

forbid() {  # forbid PATTERN MESSAGE [file that may]
  grep -rnE "$1" src --include='*.[ch]pp' | grep -v -e "^${3:-none}:" -e NOLINT | sed "s|\$|   <- $2|" || true
}

forbid 'boost::format' 'core::Format is the only user of Boost.Format' src/core/format.cpp
forbid 'using namespace' 'name what is used'
forbid '#include <(iostream|thread|mutex|future|regex)>' 'no iostream, no threads, no std::regex in a backend'
forbid 'std::(snprintf|printf|cout|cerr|thread|async)' 'core::Format for text; ereport in src/pg for messages'
forbid '\b(TODO|FIXME|XXX)\b' 'finish it, or open an issue'
