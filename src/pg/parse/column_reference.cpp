#include "pg/parse/column_reference.hpp"

#include <algorithm>

#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"

namespace headway::pg {

namespace {

constexpr int kMostPlaces = 1000;

// Byte offsets of references in the text. Plain data: it is filled inside a guard.
struct Places {
  const char* column;
  int count = 0;
  int offsets[kMostPlaces];

  void Add(int offset) {
    if (count == kMostPlaces) elog(ERROR, "too many references to column \"%s\"", column);
    offsets[count++] = offset;
  }
};

// REQUIRES: inside a guard, and of all below.
bool CollectReferences(Node* node, void* context) {
  if (node == nullptr) return false;
  auto* places = static_cast<Places*>(context);
  if (IsA(node, ColumnRef)) {
    const auto* reference = castNode(ColumnRef, node);
    if (list_length(reference->fields) == 1 && IsA(linitial(reference->fields), String) &&
        std::strcmp(strVal(linitial(reference->fields)), places->column) == 0) {
      places->Add(reference->location);
    }
    return false;
  }
  return compat::WalkRawTree(node, CollectReferences, context);
}

// The parse tree does not say where the plain columns of an index stand: they are the first tokens of the elements of
// its lists, before WITH and WHERE, if no parenthesis follows (a function).
void CollectIndexColumns(const char* text, const IndexStmt* index, Places* places) {
  core_yy_extra_type extra;
  core_YYSTYPE value;
  YYLTYPE location;
  core_yyscan_t scanner = scanner_init(text, &extra, &ScanKeywords, ScanKeywordTokens);
  int element = 0;
  int depth = 0;
  bool begins = false;
  const int elements = list_length(index->indexParams) + list_length(index->indexIncludingParams);
  for (int token = core_yylex(&value, &location, scanner); token != 0 && element < elements;
       token = core_yylex(&value, &location, scanner)) {
    if (begins) {
      const int keys = list_length(index->indexParams);
      const auto* parameter = element < keys ? list_nth_node(IndexElem, index->indexParams, element)
                                             : list_nth_node(IndexElem, index->indexIncludingParams, element - keys);
      if (parameter->name != nullptr && std::strcmp(parameter->name, places->column) == 0) places->Add(location);
      ++element;
      begins = false;
    }
    if (token == '(') begins = ++depth == 1;
    if (token == ')') --depth;
    if (token == ',' && depth == 1) begins = true;
  }
  scanner_finish(scanner);
}

void Collect(const char* text, Places* places) {
  Node* statement = linitial_node(RawStmt, raw_parser(text, RAW_PARSE_DEFAULT))->stmt;
  if (IsA(statement, IndexStmt)) {
    auto* index = castNode(IndexStmt, statement);
    CollectIndexColumns(text, index, places);
    ListCell* cell;
    foreach (cell, index->indexParams) CollectReferences(lfirst_node(IndexElem, cell)->expr, places);
    CollectReferences(index->whereClause, places);
  } else {
    const auto* command = linitial_node(AlterTableCmd, castNode(AlterTableStmt, statement)->cmds);
    CollectReferences(castNode(Constraint, command->def)->raw_expr, places);
  }
}

// Behind the identifier that begins there, quoted or not.
std::size_t EndOfIdentifier(const std::string& text, std::size_t at) {
  if (text[at] != '"') {
    const auto is_part = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
             static_cast<unsigned char>(c) >= 0x80;
    };
    while (at < text.size() && is_part(text[at])) ++at;
    return at;
  }
  for (++at; at < text.size(); ++at) {
    if (text[at] != '"') continue;
    if (at + 1 < text.size() && text[at + 1] == '"') {
      ++at;
    } else {
      return at + 1;
    }
  }
  return at;
}

}  // namespace

std::string ReplaceColumn(const std::string& statement, const std::string& column, const std::string& other) {
  Places places;
  places.column = column.c_str();
  Guarded([&] { Collect(statement.c_str(), &places); });
  std::sort(places.offsets, places.offsets + places.count);
  const std::string quoted = QuoteIdentifier(other);
  std::string result = statement;
  for (int i = places.count - 1; i >= 0; --i) {
    const auto start = static_cast<std::size_t>(places.offsets[i]);
    result.replace(start, EndOfIdentifier(statement, start) - start, quoted);
  }
  return result;
}

}  // namespace headway::pg
