#include "guard/fleet.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kedge {
namespace {

constexpr std::string_view kHost = "host:";

bool is_in(const std::string& target, const Fleet& fleet) {
  return std::any_of(fleet.targets.begin(), fleet.targets.end(), [&](const std::string& pattern) {
    if (!pattern.ends_with('*')) return pattern == target;
    return target.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1));
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
  for (const auto& [name, fleet] : fleets) {
    if (is_in(target, fleet)) return name;
  }
  return target.starts_with(kHost) ? kOtherHosts : "";
}

FleetFigures figures_of(const std::string& fleet, const Fleets& fleets, const Share& share, const std::string& target,
                        const std::vector<std::string>& out) {
  const auto known = fleets.find(fleet);
  const Fleet settings = known == fleets.end() ? Fleet{} : known->second;
  const auto counts = [&](const std::string& other) { return other != target && fleet_of(other, fleets) == fleet; };
  FleetFigures figures{fleet, settings.size, static_cast<int>(std::count_if(out.begin(), out.end(), counts)), 1};
  if (settings.size == 0) return figures;
  figures.most = std::max(1, static_cast<int>(int64_t{settings.size} * share.percent / 100));
  figures.most = std::max(0, std::min(figures.most, settings.size - settings.keep));
  return figures;
}

}  // namespace kedge
