// A journal that a test writes record by record, each a number and a time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "tests/trail/kept_journal.h"

namespace kedge::testing {

class WrittenJournal final : public KeptJournal {
 public:
  WrittenJournal() : KeptJournal({}) {}

  // `at`: "10:15" or "10:15:30" of the first of January 2026.
  int64_t write(const std::string& at, const std::string& kind, Json record = Json::object()) {
    record["kind"] = kind;
    record["at"] = format_time(time(at));
    record["seq"] = next_;
    append({next_, *canonical_json(record)});
    return next_++;
  }

  static Time time(const std::string& at) { return *parse_time("2026-01-01T" + at + (at.size() == 5 ? ":00Z" : "Z")); }

  // The number that the next record has.
  void skip_to(int64_t next) { next_ = next; }

  Result<std::string> blob(const std::string& digest) override {
    const auto found = blobs.find(digest);
    return found == blobs.end() ? KeptJournal::blob(digest) : Result<std::string>(found->second);
  }
  std::map<std::string, std::string> blobs;  // by digest

 private:
  int64_t next_ = 0;
};

}  // namespace kedge::testing
