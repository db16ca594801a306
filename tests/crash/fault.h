// What can go wrong between the engine and an API, and a plan of it that a seed gives.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/crash/call.h"

namespace kedge {

enum class Fault {
  none,
  unavailable,           // 503, and not carried out
  retry_later,           // 503 with Retry-After, and not carried out
  conflict,              // 409 OperationAborted, and not carried out
  reset_before,          // the connection is reset, and it is not carried out
  reset_after,           // carried out, then the connection is reset
  answer_twice,          // carried out once, and the answer comes twice
  request_twice,         // carried out twice; the first answer comes
  late_answer,           // carried out, and answered when the client has given up
  late_request,          // carried out when the client has given up
  wrong_document,        // 200 with a document of something else, and not carried out
  wrong_document_after,  // carried out, and 200 with a document of something else
};

const std::vector<Fault>& all_faults();  // without none
const char* name_of(Fault);              // "reset after the write"

// Which call meets which fault. The n-th call on a subject meets the same one in every run with the same seed, whatever
// else happens. Thread-safe.
class FaultPlan {
 public:
  struct Options {
    uint64_t seed = 1;
    int percent_of_reads = 0;
    int percent_of_changes = 0;
    int most_in_a_row = 2;  // on one subject, reads and changes apart: what tries again gets through in the end
  };
  explicit FaultPlan(Options options) : options_(options) {}

  Fault next(const Call&);
  void end();  // nothing goes wrong any more

 private:
  struct Course {
    uint64_t calls = 0;
    int in_a_row = 0;
  };
  const Options options_;
  std::mutex mutex_;
  std::map<std::string, Course> courses_;  // by kind and subject; guarded by mutex_
  bool ended_ = false;                     // guarded by mutex_
};

}  // namespace kedge
