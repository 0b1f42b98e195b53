// One backfill: how its table is walked, batch by batch, and where it stands.
//
// By key: a batch is the next n keys of a unique index; exact for any SET, whatever else happens to the rows. By ctid:
// a batch is the next n pages in storage order; a row that moves behind the walk is missed and one that moves ahead is
// met again, so the condition must exclude rows that are done, and sweeps follow until none matches.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/backfiller.hpp"
#include "pg/spi.hpp"
#include "pg/table_shape.hpp"

namespace headway::server {

struct BackfillDefinition {
  std::string name;
  std::uint32_t relation = 0;
  std::string set_clause;
  std::string where_clause;  // empty: all rows
  std::string strategy;      // auto, key, ctid
  std::string revision;      // the script that it is a statement of; empty: none
  bool required = false;     // something goes on after it: that another call is at it is an error
};

enum class Walk { kKey, kCtid };

class TableBackfill : public engine::BackfillJob {
 public:
  // Checks the definition, chooses the walk, and creates or continues the job. REQUIRES: an open unit.
  explicit TableBackfill(BackfillDefinition definition);

  // True when an earlier call has finished the job and running it again could do the same work twice.
  bool finished() const { return finished_; }
  bool resumed() const { return resumed_; }
  Walk walk() const { return walk_; }
  std::int64_t rows_before() const { return rows_before_; }

  std::string name() const override { return definition_.name; }
  std::string Describe() const override;
  std::int64_t EstimatedTotal() const override;
  std::int64_t WalkedBefore() const override { return walked_before_; }
  engine::Batch RunBatch(std::int64_t size) override;
  void Advance() noexcept override;
  void MarkDone() override;
  void MarkFailed(const core::ErrorReport& error) override;

 private:
  using Position = std::vector<std::string>;

  void CheckTable() const;
  void ChooseWalk();
  void CheckStatement() const;
  void LoadOrCreate();
  void Continue(const pg::Row& row);
  void Create();
  void StartOver();
  Position FindBound() const;
  void PrepareKeyWalk();
  void PrepareCtidWalk();
  engine::Batch RunKeyBatch(std::int64_t size);
  engine::Batch RunCtidBatch(std::int64_t pages);
  bool AnyMatchLeft();
  void EndOfWalk(engine::Batch& batch, Position& next);
  void SavePosition(const Position& position, const Position& bound, const engine::Batch& batch);

  std::string KeyList(const char* suffix) const;
  std::string Condition() const;

  BackfillDefinition definition_;
  pg::TableShape shape_;
  Walk walk_ = Walk::kKey;
  Position position_;  // the last key done, or the next page; empty: the beginning
  Position bound_;     // the last key, or the page after the last, fixed at the start; empty: an empty table
  bool finished_ = false;
  bool resumed_ = false;
  std::int64_t rows_before_ = 0;
  std::int64_t walked_before_ = 0;
  int sweeps_ = 0;
  int pending_sweeps_ = 0;
  Position pending_position_;  // of the batch that is not committed yet
  Position pending_bound_;
  std::unique_ptr<pg::OwnedQuery> next_key_first_;
  std::unique_ptr<pg::OwnedQuery> next_key_;
  std::unique_ptr<pg::OwnedQuery> update_first_;
  std::unique_ptr<pg::OwnedQuery> update_;
};

}  // namespace headway::server
