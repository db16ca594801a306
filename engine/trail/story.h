// The story of one remediation, from the event that caused it to its end, as the records tell it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/ledger.h"

namespace kedge {

// All records that concern one remediation, oldest first, and the document of the event behind it.
struct Story {
  std::string remediation;
  std::vector<nlohmann::json> records;  // those that name it, and the notices about them
  nlohmann::json event;                 // the view that the rule saw; null when it is no longer kept
};

// not_found when no record names it. `id` may be the beginning of an id, as long as it is the beginning of one only.
Result<Story> find_story(LedgerReader& reader, const std::string& id);

std::string to_text(const Story&);
nlohmann::json to_json(const Story&);

}  // namespace kedge
