#include "guard/fleet.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace kedge {
namespace {

constexpr std::string_view kHost = "host:";

// The host that a target is or lies on; any other target stands for itself.
std::string member_of(const std::string& target) {
  return target.starts_with(kHost) ? target.substr(0, target.find('/')) : target;
}

bool is_in(const std::string& member, const Fleet& fleet) {
  return std::any_of(fleet.targets.begin(), fleet.targets.end(), [&](const std::string& pattern) {
    if (!pattern.ends_with('*')) return pattern == member;
    return member.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1));
  });
}

}  // namespace

std::string to_string(const Share& share) {
  return fmt::format("{}%/{}", share.percent, format_duration(share.within));
}

Result<Share> parse_share(std::string_view text) {
  const Error wrong{ErrorCode::invalid, "must be a share of a fleet and a time, like 10%/1h, from 1% to 100%"};
  Share share;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), share.percent);
  const auto rest = text.substr(static_cast<size_t>(end - text.data()));
  if (error != std::errc() || !rest.starts_with("%/") || share.percent < 1 || share.percent > 100) return wrong;
  const auto within = parse_duration(std::string(rest.substr(2)));
  if (!within || *within < std::chrono::seconds(1) || *within > std::chrono::hours(24 * 365)) return wrong;
  share.within = *within;
  return share;
}

std::string fleet_of(const std::string& target, const Fleets& fleets) {
  const std::string member = member_of(target);
  for (const auto& [name, fleet] : fleets) {
    if (is_in(member, fleet)) return name;
  }
  return target.starts_with(kHost) ? kOtherHosts : "";
}

FleetFigures figures_of(const std::string& fleet, const Fleets& fleets, const Share& share, const std::string& target,
                        const std::vector<std::string>& out) {
  const auto known = fleets.find(fleet);
  const Fleet settings = known == fleets.end() ? Fleet{} : known->second;
  std::set<std::string> others;
  for (const std::string& other : out) {
    if (fleet_of(other, fleets) == fleet) others.insert(member_of(other));
  }
  others.erase(member_of(target));
  FleetFigures figures{fleet, settings.size, static_cast<int>(others.size()), 1};
  if (settings.size == 0) return figures;
  figures.most = std::max(1, static_cast<int>(int64_t{settings.size} * share.percent / 100));
  figures.most = std::max(0, std::min(figures.most, settings.size - settings.keep));
  return figures;
}

}  // namespace kedge
