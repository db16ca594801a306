#include "host/quarantine_lease.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/descriptor.h"
#include "base/files.h"
#include "base/json.h"

namespace kedge {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::array<const char*, 3> kPhases = {"tried", "standing", "releasing"};

template <class Span>
int64_t in_milliseconds(Span span) {
  return std::chrono::floor<milliseconds>(span).count();
}

json to_json(const QuarantineLease& lease) {
  json made = {{"v", 1},
               {"args", lease.args},
               {"phase", kPhases[static_cast<size_t>(lease.phase)]},
               {"remediation", lease.remediation},
               {"boot_id", lease.boot_id},
               {"until_elapsed_ms", in_milliseconds(lease.until)},
               {"until_wall_ms", in_milliseconds(lease.until_wall.time_since_epoch())}};
  if (!lease.proven) made["proven"] = false;
  if (lease.subject.user) made["user"] = *lease.subject.user;
  if (!lease.subject.cgroup.empty()) {
    made["cgroup"] = lease.subject.cgroup;
    made["level"] = lease.subject.level;
  }
  return made;
}

Result<QuarantineLease> lease_in(const json& document) {
  QuarantineLease lease;
  const auto phase = std::find(kPhases.begin(), kPhases.end(), document.value("phase", ""));
  if (document.value("v", 0) != 1 || phase == kPhases.end()) return Error{ErrorCode::corrupt, "is no lease"};
  lease.args = document.value("args", json::object());
  auto quarantine = Quarantine::read(lease.args);
  if (!quarantine) return quarantine.error();
  lease.quarantine = *std::move(quarantine);
  lease.phase = static_cast<QuarantineLease::Phase>(phase - kPhases.begin());
  lease.remediation = document.value("remediation", "");
  lease.boot_id = document.value("boot_id", "");
  lease.until = milliseconds(document.value("until_elapsed_ms", int64_t{0}));
  lease.until_wall = Time(milliseconds(document.value("until_wall_ms", int64_t{0})));
  lease.proven = document.value("proven", true);
  if (document.contains("user")) lease.subject.user = document.value("user", 0U);
  lease.subject.cgroup = document.value("cgroup", "");
  lease.subject.level = document.value("level", 0);
  return lease;
}

Result<QuarantineLease> read_lease(const std::string& path) {
  const auto text = read_file(path, 1U << 20U);
  if (!text) return text.error();
  const auto document = parse_json(*text);
  if (!document || !document->is_object()) return Error{ErrorCode::corrupt, path + " is no JSON object"};
  try {
    auto lease = lease_in(*document);
    if (!lease) return lease.error().with(path);
    return lease;
  } catch (const json::exception& failure) {
    return Error{ErrorCode::corrupt, path + ": " + failure.what()};
  }
}

}  // namespace

Duration QuarantineLease::left(Clock& clock) const {
  const bool same_boot = boot_id == clock.boot_id();
  if (!same_boot && !quarantine.survives_reboot) return Duration{0};
  const Duration left = same_boot ? until - clock.elapsed() : until_wall - clock.now();
  return std::clamp<Duration>(left, Duration{0}, quarantine.lease);
}

Result<std::optional<QuarantineLease>> QuarantineLeases::find(const std::string& table) const {
  auto lease = read_lease(path_of(table));
  if (lease) return std::optional(*std::move(lease));
  if (lease.error().code == ErrorCode::not_found) return std::optional<QuarantineLease>();
  return lease.error();
}

Result<std::vector<QuarantineLease>> QuarantineLeases::all(std::vector<Error>& damaged) const {
  std::vector<QuarantineLease> leases;
  std::error_code failure;
  std::filesystem::directory_iterator files(folder_, failure);
  if (failure == std::errc::no_such_file_or_directory) return leases;
  for (; !failure && files != std::filesystem::directory_iterator(); files.increment(failure)) {
    if (files->path().extension() != ".json") continue;
    auto lease = read_lease(files->path());
    if (lease) {
      leases.push_back(*std::move(lease));
    } else {
      damaged.push_back(lease.error());
    }
  }
  if (failure) return Error{ErrorCode::unavailable, "cannot list " + folder_ + ": " + failure.message()};
  return leases;
}

Result<void> QuarantineLeases::keep(const QuarantineLease& lease) const {
  std::error_code failure;
  std::filesystem::create_directories(folder_, failure);
  if (failure) return Error{ErrorCode::unavailable, "cannot make " + folder_ + ": " + failure.message()};
  return write_file_atomically(path_of(lease.subject.table()), to_json(lease).dump(), 0600);
}

Result<void> QuarantineLeases::forget(const std::string& table) const {
  std::error_code failure;
  std::filesystem::remove(path_of(table), failure);
  if (failure) return Error{ErrorCode::unavailable, "cannot remove " + path_of(table) + ": " + failure.message()};
  return {};
}

}  // namespace kedge
