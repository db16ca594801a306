// The compiled schemas that events are held against.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

namespace kedge::testing {

// The part of OCSF that our events use (tests/trail/ocsf).
nlohmann::json ocsf_schema();

// All that was compiled of it, where KEDGE_SHARED names a folder that has it.
std::optional<nlohmann::json> whole_ocsf_schema();

}  // namespace kedge::testing
