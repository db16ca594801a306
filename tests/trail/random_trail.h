// A trail of random records, and random questions about it: values that are common and rare, that contain and begin
// each other, that need escapes; numbers that are missing; kinds and members that nobody knows.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "ledger/values.h"
#include "trail/record_list.h"

namespace kedge::testing {

class RandomTrail {
 public:
  explicit RandomTrail(uint64_t seed) : random_(seed) {}

  // The next record: its number is above all before, and the time not below.
  JournalEntry next();
  // Leaves so many numbers out.
  void skip(int64_t numbers) { seq_ += numbers; }

  RecordFilter filter();
  // An id that records name, or the beginning of one, or neither.
  std::string remediation();

 private:
  size_t below(size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random_); }
  bool once_in(size_t times) { return below(times) == 0; }
  template <class T>
  const T& one_of(const std::vector<T>& list) {
    return list[below(list.size())];
  }
  std::string target();
  std::string id();
  std::string part_of(const std::string& text);

  std::mt19937_64 random_;
  int64_t seq_ = 0;
  int64_t seconds_ = 0;
  std::vector<int64_t> told_;  // numbers of records of remediations, of late
};

}  // namespace kedge::testing
