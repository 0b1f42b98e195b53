// Every SQLSTATE this module raises by itself, in one table.
//
// Class MG is ours (the SQL standard leaves classes that begin with I to Z to implementations); the rest are
// PostgreSQL's own codes where one says exactly what happened. docs/errors.md lists them for users.
#pragma once

namespace headway::core::sqlstate {

// No error at all.
inline constexpr char kSuccessfulCompletion[] = "00000";
inline constexpr char kWarning[] = "01000";

// Class MG: the revision graph and what is asked of it.
inline constexpr char kInvalidRevisionId[] = "MG001";
inline constexpr char kInvalidTarget[] = "MG002";
inline constexpr char kUnknownRevision[] = "MG003";
inline constexpr char kAmbiguousRevision[] = "MG004";
inline constexpr char kMultipleHeads[] = "MG005";
inline constexpr char kMissingParent[] = "MG006";
inline constexpr char kCycle[] = "MG007";
inline constexpr char kDuplicateLabel[] = "MG008";
inline constexpr char kAppliedRevisionChanged[] = "MG009";
inline constexpr char kIrreversible[] = "MG010";
inline constexpr char kUnreachableTarget[] = "MG011";
inline constexpr char kVersionMismatch[] = "MG012";
inline constexpr char kScriptRefused[] = "MG013";
inline constexpr char kNestedRun[] = "MG014";
inline constexpr char kUnfinishedRevision[] = "MG015";
inline constexpr char kBackfillMismatch[] = "MG016";
inline constexpr char kBackfillNotExact[] = "MG017";
inline constexpr char kNotAtHead[] = "MG018";
inline constexpr char kNotAHead[] = "MG019";
inline constexpr char kStillNeeded[] = "MG020";
inline constexpr char kCheckFailed[] = "MG021";
inline constexpr char kLockHeldTooLong[] = "MG022";

// PostgreSQL's own.
inline constexpr char kFeatureNotSupported[] = "0A000";
inline constexpr char kInvalidParameterValue[] = "22023";
inline constexpr char kNullValueNotAllowed[] = "22004";
inline constexpr char kNotNullViolation[] = "23502";
inline constexpr char kCheckViolation[] = "23514";
inline constexpr char kActiveSqlTransaction[] = "25001";
inline constexpr char kReadOnlySqlTransaction[] = "25006";
inline constexpr char kDependentObjectsStillExist[] = "2BP01";
inline constexpr char kInvalidTransactionTermination[] = "2D000";
inline constexpr char kSerializationFailure[] = "40001";
inline constexpr char kDeadlockDetected[] = "40P01";
inline constexpr char kInsufficientPrivilege[] = "42501";
inline constexpr char kSyntaxError[] = "42601";
inline constexpr char kDuplicateTable[] = "42P07";
inline constexpr char kUndefinedTable[] = "42P01";
inline constexpr char kDuplicateFunction[] = "42723";
inline constexpr char kDuplicateColumn[] = "42701";
inline constexpr char kUndefinedColumn[] = "42703";
inline constexpr char kUndefinedObject[] = "42704";
inline constexpr char kGroupingError[] = "42803";
inline constexpr char kDatatypeMismatch[] = "42804";
inline constexpr char kInvalidTableDefinition[] = "42P16";
inline constexpr char kDuplicateObject[] = "42710";
inline constexpr char kWrongObjectType[] = "42809";
inline constexpr char kOutOfMemory[] = "53200";
inline constexpr char kConfigurationLimitExceeded[] = "53400";
inline constexpr char kObjectNotInPrerequisiteState[] = "55000";
inline constexpr char kObjectInUse[] = "55006";
inline constexpr char kLockNotAvailable[] = "55P03";
inline constexpr char kUnsafeNewEnumValueUsage[] = "55P04";
inline constexpr char kQueryCanceled[] = "57014";
inline constexpr char kAdminShutdown[] = "57P01";
inline constexpr char kInternalError[] = "XX000";

}  // namespace headway::core::sqlstate
