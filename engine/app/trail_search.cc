#include "app/trail_search.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ostream>

#include "trail/record_index_builder.h"

namespace kedge {
namespace {

constexpr size_t kBroughtOnMost = 50'000;  // a second or two
constexpr int64_t kToldFrom = 20'000;      // records that are looked through in no time

// Whose the ledger is. Files that another user, root even, left beside it would keep the daemon from writing them.
bool is_ours(const std::string& directory) {
  struct stat ledger {};
  return stat((directory + "/ledger.db").c_str(), &ledger) == 0 && ledger.st_uid == geteuid();
}

void bring_on(const std::string& directory, RecordSource& records) {
  if (!is_ours(directory)) return;
  const auto builder = RecordIndexBuilder::open(directory);
  if (!builder) return;  // a daemon has it, or we may not: it is read as it is
  const auto progress = (*builder)->advance(records, kBroughtOnMost);
  if (!progress) return;  // what is wrong with a record is told by who comes across it
}

}  // namespace

TrailSearch::TrailSearch(const OpenedReader& reader, Shell& shell) : records_(*reader.ledger) {
  bring_on(reader.configuration.data, records_);
  auto index = RecordIndex::open(reader.configuration.data);
  const auto end = records_.end();
  const int64_t next = index ? (*index)->next() : 0;
  if (end && *end - next > kToldFrom) {
    shell.err << fmt::format(
        "index.db tells of {} records of {}: the others are looked through one by one, which takes longer. {}\n", next,
        *end,
        index ? "A running daemon brings it up to date, and each such command a part of the way."
              : "It is not there, or this user cannot read it: " + index.error().message);
  }
  search_.emplace(records_, index ? *std::move(index) : nullptr);
}

}  // namespace kedge
