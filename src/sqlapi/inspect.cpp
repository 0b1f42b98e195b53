// migrate_plan(), migrate_current(), migrate_history().
#include "pg/function_call.hpp"
#include "server/inspection.hpp"

namespace core = headway::core;
namespace pg = headway::pg;
namespace server = headway::server;

namespace {

using pg::Field;

Field Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return names.empty() ? Field() : Field(text);
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

HEADWAY_FUNCTION(migrate_plan) {
  const std::string target = pg::TextArgument(fcinfo, 0, "target");
  const std::string direction = pg::TextArgument(fcinfo, 1, "direction");
  pg::RowWriter rows(fcinfo);
  int number = 0;
  for (const server::PlanRow& row : server::ShowPlan(target, direction)) {
    rows.Put(
        {std::to_string(++number), row.step.revision, direction, FirstLine(row.message), pg::Truth(row.transactional)});
  }
  return 0;
}

HEADWAY_FUNCTION(migrate_current) {
  pg::RowWriter rows(fcinfo);
  const server::Standing standing = server::Standing::Load();
  for (const std::string& head : standing.heads) {
    const core::Revision* revision = standing.graph.Find(head);
    if (revision == nullptr) {
      rows.Put({head, Field(), Field()});
    } else {
      rows.Put({head, FirstLine(revision->message), pg::Truth(standing.graph.is_head(head))});
    }
  }
  return 0;
}

HEADWAY_FUNCTION(migrate_history) {
  pg::RowWriter rows(fcinfo);
  const server::Standing standing = server::Standing::Load();
  const core::RevisionGraph& graph = standing.graph;
  for (const std::string& id : graph.NewestFirst()) {
    const core::Revision& revision = *graph.Find(id);
    rows.Put({id, Joined(revision.down_revisions), FirstLine(revision.message), Joined(revision.branch_labels),
              Joined(revision.depends_on), pg::Truth(graph.is_head(id)), pg::Truth(graph.is_branchpoint(id)),
              pg::Truth(graph.is_mergepoint(id)), pg::Truth(standing.applied.Contains(*graph.IndexOf(id)))});
  }
  return 0;
}
