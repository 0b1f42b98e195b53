#include "pg/parse/foreign_key.hpp"

#include "core/sqlstate.hpp"
#include "pg/guard.hpp"
#include "pg/parse/clause.hpp"
#include "pg/postgres.hpp"

namespace headway::pg {

ForeignKey ReadForeignKey(const std::string& definition) {
  const AlterTableCmd* command = ParseAlterClause("ADD CONSTRAINT n FOREIGN KEY ", definition, "definition");
  const auto* constraint =
      command != nullptr && command->subtype == AT_AddConstraint ? castNode(Constraint, command->def) : nullptr;
  if (constraint == nullptr || constraint->contype != CONSTR_FOREIGN) {
    ThrowClause("definition", "one foreign key", definition);
  }
  if (constraint->skip_validation) {
    throw core::Error(core::sqlstate::kSyntaxError, "definition must not say NOT VALID", {},
                      "It is added NOT VALID in any case, and then validated.");
  }
  ForeignKey key;
  key.columns = NamesOf(constraint->fk_attrs);
  key.referenced = Guarded([&] { return RangeVarGetRelid(constraint->pktable, NoLock, false); });
  key.referenced_columns = NamesOf(constraint->pk_attrs);
  key.on_update = constraint->fk_upd_action;
  key.on_delete = constraint->fk_del_action;
  key.match = constraint->fk_matchtype;
  key.set_columns = NamesOf(constraint->fk_del_set_cols);
  key.deferrable = constraint->deferrable;
  key.deferred = constraint->initdeferred;
  return key;
}

}  // namespace headway::pg
