#include "host/process_judge.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>

#include "base/descriptor.h"
#include "host/package_records.h"

namespace kedge {
namespace {

// What is read is what was opened, whatever its name leads to meanwhile.
std::optional<Digest> digest_of_file(const std::string& path, size_t bytes_max) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status {};
  if (file.get() < 0 || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  if (static_cast<size_t>(status.st_size) > bytes_max) return std::nullopt;
  Sha256 hash;
  std::vector<char> piece(256U << 10U);
  for (size_t all = 0; all <= bytes_max;) {
    const ssize_t got = read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) return hash.finish();
    hash.add({piece.data(), static_cast<size_t>(got)});
    all += static_cast<size_t>(got);
  }
  return std::nullopt;
}

std::string name_of(const std::string& package) { return package.substr(0, package.find(' ')); }

// What a preload names, and otherwise the file itself.
std::vector<std::string> paths_of(const ProcessSign& sign) {
  if (sign.kind != ProcessSignKind::preload) return {sign.file.path};
  std::vector<std::string> paths;
  std::string_view rest = std::string_view(sign.value).substr(sign.value.find('=') + 1);
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find_first_of(" :"));
    if (!one.empty()) paths.emplace_back(one);
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
  }
  return paths;
}

}  // namespace

bool ProcessJudge::is_at_work() const { return asks_packages_ && is_dpkg_at_work(system_); }

// Below the system's root, as dpkg's records have it; empty: it lies elsewhere.
std::string ProcessJudge::in_system(const std::string& path) const {
  const std::string root = system_ == "/" ? "" : system_;
  if (!path.starts_with(root + "/")) return "";
  return path.substr(root.size() + 1);
}

std::optional<Digest> ProcessJudge::digest_of(const Case& one, const std::string& proc) const {
  const std::string folder = fmt::format("{}/{}/", proc, one.process);
  if (!one.is_there || one.sign.kind == ProcessSignKind::preload || one.sign.kind == ProcessSignKind::preload_file)
    return std::nullopt;
  const bool is_mapped = !one.sign.place.empty();
  return digest_of_file(is_mapped ? folder + "map_files/" + one.sign.place : folder + "exe", bytes_max_);
}

std::map<std::string, std::string> ProcessJudge::owners_of(const std::vector<Case>& cases) const {
  std::set<std::string> paths;
  for (const Case& one : cases) {
    for (const std::string& path : one.is_in_system ? paths_of(one.sign) : std::vector<std::string>{}) {
      if (std::string below = in_system(path); !below.empty()) paths.insert(std::move(below));
    }
  }
  if (!asks_packages_ || paths.empty() || !has_package_records(system_)) return {};
  auto owners = package_owners(system_, paths);
  if (owners) return *std::move(owners);
  spdlog::warn("upgrades are not told from other changes: {}", owners.error().message);
  return {};
}

bool ProcessJudge::holds_what_the_package_says(const std::string& path) const {
  const auto scan = scan_parts(system_, {{path, ScanPart::Depth::entry}}, {});
  if (!scan || scan->entries.size() != 1) return false;
  std::vector<Difference> differences = {{Difference::Kind::modified, path, {{"sha256", "", ""}}, ""}};
  return mark_package_upgrades(system_, scan->entries, differences) && !differences.front().package.empty();
}

// When dpkg wrote the list of the package's files.
std::optional<Time> ProcessJudge::unpacked(const std::string& package) const {
  const std::string begin = fmt::format("{}/var/lib/dpkg/info/{}", system_ == "/" ? "" : system_, name_of(package));
  glob_t found{};
  const std::unique_ptr<glob_t, decltype(&globfree)> owned(&found, &globfree);
  std::optional<Time> time;
  if (glob((begin + ".list").c_str(), 0, nullptr, &found) != 0) {
    glob((begin + ":*.list").c_str(), GLOB_APPEND, nullptr, &found);
  }
  for (size_t i = 0; i < found.gl_pathc; ++i) {
    struct stat status {};
    if (stat(found.gl_pathv[i], &status) != 0) continue;
    const Time one{std::chrono::seconds(status.st_ctim.tv_sec)};
    time = time ? std::max(*time, one) : one;
  }
  return time;
}

std::vector<ProcessJudge::Verdict> ProcessJudge::judge(const std::vector<Case>& cases, const std::string& proc) const {
  std::vector<Verdict> verdicts;
  const std::map<std::string, std::string> owners = owners_of(cases);
  const auto owner_of = [&](const std::string& path) {
    const auto found = owners.find(in_system(path));
    return found == owners.end() ? std::string() : found->second;
  };
  for (const Case& one : cases) {
    Verdict verdict;
    verdict.sha256 = digest_of(one, proc);
    const std::vector<std::string> paths = one.is_in_system ? paths_of(one.sign) : std::vector<std::string>{};
    if (!paths.empty()) verdict.package = owner_of(paths.front());
    const bool is_known = verdict.sha256 && is_known_(*verdict.sha256);
    const bool are_packages =
        one.sign.kind == ProcessSignKind::preload && !paths.empty() &&
        std::all_of(paths.begin(), paths.end(), [&](const auto& p) { return !owner_of(p).empty(); });
    if (is_known || are_packages) verdict.origin = SignOrigin::known;
    if (one.sign.is_deleted()) {
      verdict.is_upgraded = is_known;
      if (!is_known && !verdict.package.empty()) {
        const auto since = unpacked(verdict.package);
        verdict.is_upgraded =
            since && one.started < *since && holds_what_the_package_says(in_system(one.sign.file.path));
      }
    }
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

}  // namespace kedge
