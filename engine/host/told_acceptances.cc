#include "host/told_acceptances.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/time.h"
#include "host/file_state.h"

namespace kedge {
namespace {

constexpr size_t kToldMax = 5;
constexpr size_t kBytesMax = 500;

std::string as_text(const std::string& bytes) {
  return std::string(utf8_prefix(is_utf8(bytes) ? bytes : visible(bytes), kBytesMax));
}

Json told(const Acceptance& accepted) {
  return {{"time", format_time(accepted.time)},  {"owner", as_text(accepted.owner)},
          {"reason", as_text(accepted.reason)},  {"by", accepted.by.empty() ? Json() : Json(as_text(accepted.by))},
          {"differences", accepted.differences}, {"paths", accepted.paths.size()},
          {"previous", accepted.previous.hex()}};
}

}  // namespace

Json told_acceptances(const std::vector<Acceptance>& acceptances) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(acceptances.size(), kToldMax));
  Json all = Json::array();
  for (auto one = acceptances.rbegin(); one != acceptances.rbegin() + count; ++one) all.push_back(told(*one));
  return all;
}

}  // namespace kedge
