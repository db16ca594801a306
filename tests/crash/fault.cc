#include "tests/crash/fault.h"

#include <array>

#include "base/random.h"

namespace kedge {
namespace {

constexpr std::array kNames = {"none",
                               "503",
                               "503 with Retry-After",
                               "409",
                               "reset before the write",
                               "reset after the write",
                               "answered twice",
                               "delivered twice",
                               "late answer",
                               "late delivery",
                               "wrong document instead",
                               "wrong document after"};

// FNV-1a: the same on every machine, which std::hash is not.
uint64_t number_of(const std::string& text) {
  uint64_t hash = 14695981039346656037ULL;
  for (const unsigned char c : text) hash = (hash ^ c) * 1099511628211ULL;
  return hash;
}

}  // namespace

const std::vector<Fault>& all_faults() {
  static const std::vector<Fault> kAll = {Fault::unavailable,    Fault::retry_later,         Fault::conflict,
                                          Fault::reset_before,   Fault::reset_after,         Fault::answer_twice,
                                          Fault::request_twice,  Fault::late_answer,         Fault::late_request,
                                          Fault::wrong_document, Fault::wrong_document_after};
  return kAll;
}

const char* name_of(Fault fault) { return kNames.at(static_cast<size_t>(fault)); }

Fault FaultPlan::next(const Call& call) {
  const int percent = call.changes ? options_.percent_of_changes : options_.percent_of_reads;
  const std::lock_guard lock(mutex_);
  if (ended_) return Fault::none;
  const std::string key = (call.changes ? "changes " : "reads ") + call.subject;
  Course& course = courses_[key];
  Random random(options_.seed ^ number_of(key + " " + std::to_string(course.calls++)));
  const bool fails = static_cast<int>(random.below(100)) < percent && course.in_a_row < options_.most_in_a_row;
  course.in_a_row = fails ? course.in_a_row + 1 : 0;
  return fails ? all_faults()[random.below(all_faults().size())] : Fault::none;
}

void FaultPlan::end() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
}

}  // namespace kedge
