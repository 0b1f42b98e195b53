// Objects by the names in a statement that has not run and may never: none of these throws for what is not there.
//
// REQUIRES, for everything here: inside a guard, in a memory context that is thrown away afterwards.
#pragma once

#include "pg/postgres.hpp"

namespace headway::pg {

bool IsIndex(Oid relation);

// InvalidOid when there is none: no error for missing schemas, other databases or missing privileges.
Oid FindRelation(const RangeVar* name);
Oid FindRelationByNames(List* names);
Oid FindType(List* names);
Oid FindStatistics(List* names);
Oid FindConstraint(Oid relation, const char* name);
struct ConstraintFacts {
  bool found;
  char type;
  bool no_inherit;
  Oid referenced;
};
ConstraintFacts FactsOfConstraint(Oid constraint);
Oid DefaultPartitionOf(Oid parent);

}  // namespace headway::pg
