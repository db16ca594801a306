#include "tests/trail/ocsf_schema.h"

#include <cstdlib>

#include "base/files.h"
#include "base/json.h"

namespace kedge::testing {

Json ocsf_schema() {
  return *parse_json(*read_file(std::string(KEDGE_SOURCE_DIR) + "/tests/trail/ocsf/ocsf-1.8.0.json"));
}

std::optional<Json> whole_ocsf_schema() {
  const char* const shared = std::getenv("KEDGE_SHARED");
  if (shared == nullptr) return std::nullopt;
  const auto text = read_file(std::string(shared) + "/ocsf/ocsf-1.8.0.json");
  return text ? std::optional(*parse_json(*text)) : std::nullopt;
}

}  // namespace kedge::testing
