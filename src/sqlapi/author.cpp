// migrate_template(), migrate_merge().
#include "commands/authoring.hpp"
#include "core/template.hpp"
#include "pg/entry_point.hpp"
#include "pg/function_call.hpp"
#include "pg/text.hpp"

namespace core = headway::core;
namespace pg = headway::pg;
namespace server = headway::server;

HEADWAY_FUNCTION(migrate_template) {
  core::TemplateCall call;
  call.message = pg::OptionalText(fcinfo, 0).value_or("");
  call.head = pg::TextArgument(fcinfo, 1, "head");
  call.splice = pg::BooleanArgument(fcinfo, 2, false);
  call.branch_labels = pg::OptionalText(fcinfo, 3);
  call.depends_on = pg::OptionalText(fcinfo, 4);
  return pg::TextDatum(server::WriteTemplate(call, pg::OptionalText(fcinfo, 5)));
}

HEADWAY_FUNCTION(migrate_merge) {
  return pg::TextDatum(server::WriteMerge(pg::TextArgument(fcinfo, 0, "revisions"), pg::OptionalText(fcinfo, 1),
                                          pg::OptionalText(fcinfo, 2)));
}
