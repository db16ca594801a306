#include "trail/record_index_builder.h"

#include <spdlog/spdlog.h>

#include <filesystem>

#include "trail/index_file.h"

namespace kedge {
namespace {

constexpr size_t kReadAtOnce = 1000;

// The stretches that the records have too, and to which no record can be added any more.
Result<int64_t> common_stretches(Database& database, RecordSource& records) {
  Query row = database.query("SELECT number, last, digest FROM stretch ORDER BY number DESC");
  while (row.next()) {
    const int64_t behind = row.integer(0) + 1;
    const auto same = has_end(records, {row.integer(1), row.digest(2)});
    if (!same) return same.error();
    if (!*same) continue;
    const auto after = records.records(row.integer(1) + 1, 1);
    if (!after) return after.error();
    if (!after->empty() && after->front().seq >= behind * kStretchRecords) return behind;
  }
  return 0;
}

}  // namespace

Result<std::unique_ptr<RecordIndexBuilder>> RecordIndexBuilder::open(const std::string& directory) {
  auto lock = LockFile::take(directory + "/index.lock", "it brings the index up to date");
  if (!lock) return lock.error();
  return std::unique_ptr<RecordIndexBuilder>(new RecordIndexBuilder(index_path(directory), *std::move(lock)));
}

Result<RecordIndexBuilder::Progress> RecordIndexBuilder::advance(RecordSource& records, size_t most) {
  try {
    return try_to_advance(records, most);
  } catch (const SqliteFailure& failure) {
    close_file();
    if (!is_damaged(failure)) return index_error(failure);
    spdlog::warn("{} is made anew: {}", path_, failure.message);
  }
  // The file first: what is left of its log belongs to no other.
  for (const char* part : {"", "-wal", "-shm"}) {
    std::error_code failure;
    std::filesystem::remove(path_ + part, failure);
    if (failure) return Error{ErrorCode::refused, "cannot remove " + path_ + part + ": " + failure.message()};
  }
  try {
    return try_to_advance(records, most);
  } catch (const SqliteFailure& failure) {
    close_file();
    return index_error(failure);
  }
}

Result<RecordIndexBuilder::Progress> RecordIndexBuilder::try_to_advance(RecordSource& records, size_t most) {
  if (!database_) database_ = open_index_for_writing(path_);
  database_->run("BEGIN IMMEDIATE");
  if (auto agreed = agree_with(records); !agreed) {
    close_file();
    return agreed.error();
  }
  const auto taken = take_in(records, most);
  if (!taken) {
    close_file();
    return taken.error();
  }
  if (*taken > 0) writer_->write();
  database_->run("COMMIT");
  return Progress{writer_->next(), *taken < most};
}

// What is in memory and not committed is worth nothing after a failure.
void RecordIndexBuilder::close_file() {
  writer_.reset();
  database_.reset();
}

Result<void> RecordIndexBuilder::agree_with(RecordSource& records) {
  if (!writer_) writer_.emplace(*database_);
  if (writer_->end().last < 0) return {};
  const auto same = has_end(records, writer_->end());
  if (!same) return same.error();
  if (*same) return {};
  const auto stretches = common_stretches(*database_, records);
  if (!stretches) return stretches.error();
  spdlog::warn("{} tells of records that are not in the trail: it is made anew from record {} on", path_,
               *stretches * kStretchRecords);
  cut_index(*database_, *stretches);
  writer_.emplace(*database_);
  return {};
}

Result<size_t> RecordIndexBuilder::take_in(RecordSource& records, size_t most) {
  size_t taken = 0;
  while (taken < most) {
    const auto entries = records.records(writer_->next(), std::min(kReadAtOnce, most - taken));
    if (!entries) return entries.error();
    if (entries->empty()) break;
    for (const JournalEntry& entry : *entries) {
      const auto added = writer_->add(entry, records);
      if (!added && taken == 0) return added.error();
      if (!added) return taken;  // what comes before it is good
      ++taken;
    }
  }
  return taken;
}

}  // namespace kedge
