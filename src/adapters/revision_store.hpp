// The tables of the schema headway, as the engine sees them.
#pragma once

#include <map>

#include "engine/ports.hpp"

namespace headway::server {

class RevisionStore : public engine::RevisionStore {
 public:
  std::vector<core::Revision> LoadRevisions() override;
  core::Heads LoadHeads() override;
  std::vector<engine::StepFacts> LoadFacts(const std::vector<std::string>& revisions) override;
  std::string LoadScript(const std::string& revision, core::Direction direction) override;
  // To be shown, not run: whoever registered it is not asked about.
  std::string ReadScript(const std::string& revision, core::Direction direction);
  void ChangeHeads(const core::Heads& removed, const core::Heads& added) override;
  void StampHeads(const core::Heads& removed, const core::Heads& added) override;
  void RequireMirrorInStep(const core::Heads& heads) override;
  std::int64_t Record(const engine::HistoryEntry& entry) override;
  void CloseInterrupted() override;
  std::optional<engine::Progress> LoadProgress(const std::string& revision, core::Direction direction) override;
  void SaveProgress(const std::string& revision, core::Direction direction, const engine::Progress& progress) override;
  void DeleteProgress(const std::string& revision, core::Direction direction) override;
};

// What has stopped in the middle: revision and direction of each.
std::vector<std::pair<std::string, core::Direction>> UnfinishedRevisions();

// What is registered under an id, for migrate_revision().
struct RegisteredRevision {
  core::Revision revision;
  std::string upgrade;
  std::optional<std::string> downgrade;
  bool upgrade_in_transaction = true;
  bool downgrade_in_transaction = true;
};
std::optional<RegisteredRevision> FindRegistered(const std::string& revision);
void WriteRegistered(const RegisteredRevision& registered);
bool IsRegisteredByTrusted(const std::string& revision);

}  // namespace headway::server
