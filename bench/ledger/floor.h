// The floor under a ledger: the same groups, as bare commits of SQLite. Each writes as many pages as the ledger's did,
// as one row a change, to a table of nothing else, with the ledger's settings and its care for the write-ahead log.
#pragma once

#include <span>
#include <string>

#include "bench/ledger/noting_ledger.h"
#include "ledger/checkpointer.h"

namespace kedge {

class Floor {
 public:
  explicit Floor(const std::string& directory);

  // Returns the pages that it wrote.
  int64_t repeat(std::span<const Group> groups);

 private:
  void tend_log(int64_t pages);

  Database database_;
  Checkpointer checkpointer_;
  int64_t pages_in_log_ = 0;
  int64_t pages_at_checkpoint_ = 0;
};

}  // namespace kedge
