// What the record that opened a remediation says about all that follow it: of what severity, by whom, for which event.
#pragma once

#include <cstdint>
#include <list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "ledger/ledger.h"

namespace kedge {

struct Opening {
  std::string title;
  std::string severity;
  std::string mode;
  std::vector<std::string> references;
  std::string requester;  // the person who asked for it, if one did
  std::string opened;     // when it was decided and written; of a suppression, too
  std::string happened;   // empty: not known

  std::string event_source;
  std::string event_id;
  std::string document;  // the digest of the event's document
  std::string account;
  std::string principal;
  std::string session;
  std::string agent;
  std::string address;
  std::string request_id;

  int64_t isolating = 0;  // so many of the plan's steps isolate: the first ones
  int64_t steps = 0;      // all of them

  bool operator==(const Opening&) const = default;
};

// Of a plan or a suppression (both say the same about what was found).
Opening opening_of(const nlohmann::json& record);

// Whether this record opens a remediation. (A plan that joined an open one tells of another finding.)
bool opens_remediation(const nlohmann::json& record);

// Finds the openings while a walk goes through the journal from old to new. Keeps those that were used last. Of one
// thread; borrows the reader.
class Openings {
 public:
  explicit Openings(LedgerReader& reader, size_t kept_max = 20'000) : reader_(reader), kept_max_(kept_max) {}

  // The walk met this record, which opens a remediation.
  void met(const nlohmann::json& record);

  // nullptr: its record is not kept, or not where its id says that it was made. Valid until the next call.
  Result<const Opening*> of(const std::string& remediation);

 private:
  using Kept = std::pair<std::string, std::optional<Opening>>;

  const Opening* keep(const std::string& remediation, std::optional<Opening> opening);
  Result<std::optional<Opening>> look_back(const std::string& remediation);

  LedgerReader& reader_;
  const size_t kept_max_;
  std::list<Kept> kept_;  // the one used last first
  std::unordered_map<std::string, std::list<Kept>::iterator> by_id_;
};

}  // namespace kedge
