#include "core/graph_errors.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/identifier.hpp"
#include "core/names.hpp"
#include "core/sqlstate.hpp"

namespace headway::core {
namespace {

// What other tools call the newest revision.
bool MeansHead(std::string_view word) {
  static const std::vector<std::string_view> kWords = {"HEAD", "Head", "HEADS", "latest", "newest",
                                                       "last", "all",  "max",   "top",    "tip"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

bool AllDigits(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string_view WithoutZeros(std::string_view word) {
  while (!word.empty() && word.front() == '0') word.remove_prefix(1);
  return word;
}

// A number without its leading zeros, or the name of a file: 13 for 0013, 0013_add_name for it, too.
std::string NameFrom(std::string_view word, const std::vector<std::string_view>& names) {
  const std::string_view first = word.substr(0, word.find('_'));
  for (const std::string_view name : names) {
    if (!first.empty() && first.size() < word.size() && name == first) return std::string(name);
    if (AllDigits(word) && AllDigits(name) && WithoutZeros(name) == WithoutZeros(word)) return std::string(name);
  }
  return {};
}

std::string HintOfNearest(const RevisionGraph& graph, std::string_view word, const char* otherwise) {
  std::vector<std::string_view> names = graph.AllNames();
  if (MeansHead(word)) return "The newest revision is \"head\".";
  const std::string name = NameFrom(word, names);
  std::string hint = name.empty() ? std::string() : Format("Perhaps you meant \"%1%\".", name);
  // Elsewhere "down 1" is a step.
  if (AllDigits(word) && word.size() < 3) {
    hint += Format("%1%For a number of steps write -%2% or +%2%.", hint.empty() ? "" : " ", word);
  }
  if (!hint.empty()) return hint;
  names.insert(names.end(), {kHead, kHeads, kBase, kCurrent});
  const std::string nearest = NearestName(word, names);
  return nearest.empty() ? std::string(otherwise) : Format("Perhaps you meant \"%1%\".", nearest);
}

}  // namespace

void ThrowDuplicateLabel(const RepeatedLabel& repeated) {
  const auto& [label, revision, owner] = repeated;
  const std::string detail = label == owner      ? Format("There is a revision \"%1%\".", owner)
                             : revision == owner ? Format("Revision \"%1%\" names it twice.", revision)
                                                 : Format("Both \"%1%\" and \"%2%\" claim it.", owner, revision);
  throw Error(sqlstate::kDuplicateLabel, Format("branch label \"%1%\" is already taken", label), detail,
              Format("Register \"%1%\" again with another branch label.", revision));
}

void ThrowMissingReference(const MissingReference& missing) {
  const char* kind = missing.is_dependency ? "depends on" : "follows";
  if (!missing.candidates.empty()) {
    throw Error(sqlstate::kMissingParent,
                Format("revision \"%1%\" depends on \"%2%\", which is not unique", missing.child, missing.reference),
                Format("It could mean: %1%.", ListNames(missing.candidates)), "Give the full revision id.");
  }
  throw Error(sqlstate::kMissingParent,
              Format("revision \"%1%\" %2% \"%3%\", which is not registered", missing.child, kind, missing.reference),
              {}, Format("Load the file of revision \"%1%\", then try again.", missing.reference));
}

void ThrowCycle(const Cycle& cycle) {
  const auto& [ids, edges] = cycle;
  const char* kind = edges == Edges::kParents ? "follow" : "depend on";
  const std::string message = ids.size() == 1 ? Format("revision \"%1%\" would have to %2% itself", ids.front(), kind)
                                              : Format("revisions %1% each other in a cycle", kind);
  throw Error(sqlstate::kCycle, message, Format("Cycle: %1%.", ListNames(ids)),
              edges == Edges::kParents ? "Register one of them again with another down_revision."
                                       : "Register one of them again with another down_revision or depends_on.");
}

void ThrowUnknownRevision(const RevisionGraph& graph, std::string_view word) {
  throw Error(sqlstate::kUnknownRevision, Format("revision \"%1%\" is not registered", word), {},
              HintOfNearest(graph, word, "Load the file of the revision first; headway.revision lists what is there."));
}

void ThrowUnknownLabel(const RevisionGraph& graph, std::string_view label) {
  throw Error(sqlstate::kUnknownRevision, Format("branch label \"%1%\" does not exist", label), {},
              HintOfNearest(graph, label, "Name a branch label of headway.revision, or a revision on the branch."));
}

void ThrowAmbiguousRevision(std::string_view word, const std::vector<RevisionGraph::Match>& matches) {
  std::vector<std::string> names;
  names.reserve(matches.size());
  for (const RevisionGraph::Match& match : matches) names.emplace_back(match.name);
  throw Error(sqlstate::kAmbiguousRevision, Format("revision \"%1%\" is not unique", word),
              Format("It could mean: %1%.", ListNames(names)), "Give more characters of it.");
}

void ThrowNotOnBranch(const std::string& revision, const std::string& label) {
  throw Error(sqlstate::kUnreachableTarget, Format("revision \"%1%\" is not on branch \"%2%\"", revision, label), {},
              Format("Leave out \"%1%@\", or name a revision of that branch.", label));
}

void ThrowCurrentOutsideHistory(const std::string& target) {
  throw Error(sqlstate::kInvalidTarget, Format("invalid target \"%1%\"", target),
              "\"current\" is where you are, not a place to go to.",
              "Write +N or -N for a number of steps from there.");
}

void ThrowMultipleHeads(const std::vector<std::string>& heads) {
  const std::string list = ListNames(heads);
  std::string hint = "Name one of them, or use target \"heads\".";
  if (heads.size() < 5) {
    hint = Format(
        "Name one of them, use target \"heads\", or merge them: SELECT migrate_merge('%1%') gives the file to load.",
        list);
  }
  throw Error(sqlstate::kMultipleHeads, "multiple heads are present", Format("Heads: %1%.", list), hint);
}

void ThrowMultipleCurrent(const std::string& target, const std::vector<std::string>& heads) {
  throw Error(sqlstate::kMultipleHeads, Format("target \"%1%\" is ambiguous with several heads applied", target),
              Format("Heads: %1%.", ListNames(heads)),
              Format("Say which branch moves: a branch label or revision before \"@\", as in \"%1%@%2%\".",
                     heads.front(), target.substr(target.find('@') + 1)));
}

void ThrowUnregisteredHead(const std::string& head) {
  throw Error(sqlstate::kUnknownRevision,
              Format("revision \"%1%\" is applied to this database, but not registered", head),
              "headway.version holds a revision that headway.revision does not know.",
              Format("Load the file of revision \"%1%\", or overwrite what is recorded: "
                     "SELECT migrate_stamp('<revision>', purge => true).",
                     head));
}

void ThrowOverlappingHeads(const std::string& upper, const std::string& lower) {
  throw Error(sqlstate::kVersionMismatch,
              Format("revision \"%1%\" is recorded as a head beside \"%2%\", which implies it", lower, upper),
              "headway.version has one row for each head, and none for what a head rests on.",
              Format("Correct it: SELECT migrate_stamp('%1%').", upper));
}

void ThrowOverlappingTargets(const std::string& upper, const std::string& lower) {
  throw Error(sqlstate::kInvalidTarget, Format("targets \"%1%\" and \"%2%\" overlap", upper, lower),
              Format("Revision \"%1%\" rests on \"%2%\".", upper, lower), "Name only one of them.");
}

void ThrowContradiction(const std::string& revision) {
  throw Error(sqlstate::kInvalidTarget, Format("targets contradict each other about revision \"%1%\"", revision),
              "One of them ends there, another takes it down.", "Name only one of them.");
}

void ThrowWalkedTooFar(const std::string& target, const std::string& reached) {
  throw Error(sqlstate::kUnreachableTarget, Format("target \"%1%\" is too far", target),
              Format("The revisions end at \"%1%\".", reached),
              "Take fewer steps, or use target \"head\" or \"base\".");
}

void ThrowAmbiguousWalk(const std::string& target, const std::string& at, const std::vector<std::string>& choices) {
  throw Error(sqlstate::kAmbiguousRevision, Format("target \"%1%\" is ambiguous", target),
              Format("From \"%1%\" the way leads to: %2%.", at, ListNames(choices)),
              "Name the revision you want, or put its branch label before \"@\".");
}

void ThrowWrongDirection(const std::string& target, const char* command) {
  throw Error(sqlstate::kInvalidTarget, Format("target \"%1%\" is not a target of %2%", target, command),
              "+N counts upgrades from where you are, -N counts downgrades.", "Use +N to upgrade and -N to downgrade.");
}

void ThrowUnreachable(const std::string& message, const std::string& detail, const std::string& hint) {
  throw Error(sqlstate::kUnreachableTarget, message, detail, hint);
}

}  // namespace headway::core
