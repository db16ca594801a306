#include "app/redrive.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/json.h"

namespace kedge {
namespace {

Result<std::vector<int64_t>> numbers_in(const Json& arguments) {
  const Json numbers = arguments.is_object() ? arguments.value("numbers", Json()) : Json();
  const bool right = numbers.is_array() && !numbers.empty() && numbers.size() <= kRedriveMax && arguments.size() == 1 &&
                     std::all_of(numbers.begin(), numbers.end(), [](const Json& n) { return n.is_number_integer(); });
  if (!right) {
    return Error{ErrorCode::invalid,
                 fmt::format("dead-letter.redrive: numbers: must be a list of 1 to {} whole numbers", kRedriveMax)};
  }
  return numbers.get<std::vector<int64_t>>();
}

}  // namespace

Result<Json> redrive(Redriver& redriver, const Json& arguments, const std::string& actor) {
  const auto numbers = numbers_in(arguments);
  if (!numbers) return numbers.error();
  Json results = Json::array();
  for (const Redriven& one : redriver.redrive(*numbers, actor)) {
    results.push_back({{"number", one.number},
                       {"outcome", to_string(one.kind)},
                       {"remediations", one.remediations},
                       {"why", one.why}});
  }
  return results;
}

}  // namespace kedge
