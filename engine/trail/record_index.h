// RecordIndex: which records of the trail may be wanted, by the index that is derived from them (index_file.h). It
// never misses one that is; who asks looks at each himself.
//
// How long a question takes depends on how much of the trail must be passed over until enough is found, and on nothing
// else: not on which fields are asked for, how often their values occur, or whether they ever occur together. Where a
// value does not occur in a piece of the trail, the piece costs one short read; where it does, one of about 30 KB.
// Kind, rule, state, guard and severity are one value, the record's shape (index_shapes.h).
//
// One object is one look: it sees the index as it was when it was opened, however it grows meanwhile. Threads: one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "trail/index_writer.h"
#include "trail/record_field.h"
#include "trail/record_source.h"

namespace kedge {

// Conditions that a wanted record fulfils, all of them.
struct IndexQuery {
  enum class How { equal, part, beginning };
  // One of these fields has one of these texts, is a text with such a part, or begins so. Only a target, a principal
  // and an actor can be asked for a part. No text is empty.
  struct Condition {
    std::vector<RecordField> fields;
    How how = How::equal;
    std::vector<std::string> texts;
  };
  std::vector<Condition> conditions;
  std::string text;  // a part of the record's bytes
  int64_t begin = 0;
  int64_t end = INT64_MAX;
};

class RecordIndex {
 public:
  // not_found: there is none, or none that can be read.
  static Result<std::unique_ptr<RecordIndex>> open(const std::string& directory);

  // Records below are in it; who asks looks at newer ones himself.
  int64_t next() const { return next_; }
  // False: it was made from other records than these.
  Result<bool> tells_of(RecordSource& records) const;

  // The numbers of records that may be wanted, in descending order; those of one block at a time. False: enough.
  using Visit = std::function<Result<bool>(const std::vector<int64_t>& numbers)>;
  // corrupt: the file is damaged; what was visited is good.
  Result<void> search(const IndexQuery& query, const Visit& visit);

 private:
  explicit RecordIndex(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  const std::unique_ptr<Database> database_;  // in a transaction
  int64_t next_ = 0;
  IndexEnd end_;
};

}  // namespace kedge
