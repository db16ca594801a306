// What commands that look into the trail share: the records, and the index over them as far as it can be had.
#pragma once

#include <optional>

#include "app/command.h"
#include "trail/record_search.h"

namespace kedge {

// Where no daemon keeps the index up to date and this user may write it, it is brought on, by so many records that
// nobody has to wait for long; what is then still missing is told on the shell's standard error, and looked through
// record by record. The reader must outlive it. For a question or a few that follow
// each other.
class TrailSearch {
 public:
  TrailSearch(const OpenedReader& reader, Shell& shell);

  RecordSearch& operator*() { return *search_; }

 private:
  JournalRecords records_;
  std::optional<RecordSearch> search_;
};

}  // namespace kedge
