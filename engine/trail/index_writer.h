// IndexWriter: takes records into the derived index, within the transaction that its owner has begun. What is
// unfinished (the newest piece and the newest block) is in memory too, so that the records of the next transaction are
// added to it. When a transaction is rolled back, its writer is to be thrown away with it.
//
// All but add throw SqliteFailure; the database must outlive it.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "base/hash.h"
#include "ledger/sqlite.h"
#include "trail/index_column.h"
#include "trail/index_file.h"
#include "trail/index_shapes.h"
#include "trail/index_text.h"
#include "trail/index_values.h"
#include "trail/record_field.h"
#include "trail/record_source.h"

namespace kedge {

// Up to where an index, or a stretch of it, goes.
struct IndexEnd {
  int64_t last = -1;  // its newest record; -1: it has none
  Digest digest;      // of that record's bytes
};

// True: the records have, under the number of this end, the record that it means.
Result<bool> has_end(RecordSource& records, const IndexEnd& end);

class IndexWriter {
 public:
  explicit IndexWriter(Database& database);

  // Records below are in it.
  int64_t next() const { return next_; }
  IndexEnd end() const;

  // `entry` is the next record; numbers may be missing before it. corrupt: it is no record, and nothing was added; an
  // error of `records`, where what a notice is about is looked up. Throws SqliteFailure too.
  Result<void> add(const JournalEntry& entry, RecordSource& records);

  // Brings the file up to what was added; to be called before a commit.
  void write();

 private:
  IndexColumn& column(IndexedColumn which) { return columns_[static_cast<size_t>(which)]; }
  void load_piece();
  void load_block();
  void leave_finished(int64_t seq);
  void write_piece();
  void write_block();
  void finish_stretch(int64_t stretch);

  Database& database_;
  RecordFieldReader reader_;
  GrowingValues values_;
  GrowingShapes shapes_;
  int64_t next_ = 0;
  int64_t last_ = -1;
  Digest last_digest_;      // unless last_bytes_ is newer
  std::string last_bytes_;  // of what was added last; empty: nothing was

  bool unfinished_ = false;                                  // the stretch of last_ may get more records; then:
  std::array<IndexColumn, kIndexedColumns.size()> columns_;  // of the piece of last_
  TextBlock block_;                                          // of the block of last_
};

// Throws away all but the stretches below this one; those must be complete.
void cut_index(Database& database, int64_t stretches);

}  // namespace kedge
