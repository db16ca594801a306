// RecordSearch: looking for records newest first, by the derived index as far as it goes, and otherwise by walking
// through them. What is found is the same; the index only says where it is not worth looking.
//
// Borrows its records, which must outlive it. For a question or a few that follow each other, as the index stays as it
// was found; one thread.
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "trail/journal_scan.h"
#include "trail/record_index.h"
#include "trail/record_source.h"

namespace kedge {

class RecordSearch {
 public:
  // Without an index, with one that was made from other records, or from where it turns out to be damaged on: all of
  // them are looked at.
  explicit RecordSearch(RecordSource& records, std::unique_ptr<RecordIndex> index = nullptr)
      : records_(records), index_(std::move(index)) {}

  RecordSource& records() { return records_; }
  bool has_index() const { return index_ != nullptr; }

  // Calls `visit` with every record that the query wants, and with others, newest first, until it says false or fails.
  Result<void> newest_first(IndexQuery query, const VisitRecord& visit);

 private:
  Result<bool> by_index(const IndexQuery& query, const VisitRecord& visit);

  RecordSource& records_;
  std::unique_ptr<RecordIndex> index_;
};

}  // namespace kedge
