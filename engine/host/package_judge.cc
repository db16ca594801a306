#include "host/package_judge.h"

#include <algorithm>
#include <filesystem>
#include <functional>

#include "host/maintainer_work.h"
#include "host/package_records.h"

namespace kedge {
namespace {

constexpr const char* kMaintainers = "packages' scripts and triggers";
constexpr const char* kRemoved = "a package that is no longer installed, or no longer has it";

bool is_harmless_directory(const Mutation& mutation) {
  if (!mutation.after || mutation.after->state.type != FileType::directory) return false;
  const FileState& state = mutation.after->state;
  return mutation.kinds.front() == MutationKind::created && state.uid == 0 && state.gid == 0 &&
         (state.mode & ~0755U) == 0;
}

bool is_new_link(const Mutation& mutation) {
  if (!mutation.after || mutation.after->state.type != FileType::link || mutation.after->state.uid != 0) return false;
  return mutation.kinds.front() == MutationKind::created || mutation.kinds == std::vector{MutationKind::link_target};
}

}  // namespace

Result<PackageJudge> PackageJudge::open(std::string system, std::string prefix, const std::vector<FileState>& entries) {
  PackageJudge judge(std::move(system), std::move(prefix));
  if (!has_package_records(judge.system_)) return Error{ErrorCode::not_found, "no records of dpkg"};
  std::set<std::string> paths;
  for (const FileState& state : entries) paths.insert(judge.in_system(state.path));
  const auto owners = package_owners(judge.system_, paths);
  if (!owners) return owners.error();
  for (const auto& [path, package] : *owners) judge.listed_.push_back(std::hash<std::string>{}(path));
  std::sort(judge.listed_.begin(), judge.listed_.end());
  return judge;
}

bool PackageJudge::is_at_work() const { return is_dpkg_at_work(system_); }

std::string PackageJudge::in_system(const std::string& path) const {
  if (prefix_.empty() || path.empty()) return prefix_ + path;
  return prefix_ + "/" + path;
}

const FileState* PackageJudge::in_baseline(const KnownTree& tree, const std::string& path) const {
  if (prefix_.empty()) return tree.in_baseline(path);
  return is_at_or_below(path, prefix_) && path != prefix_ ? tree.in_baseline(path.substr(prefix_.size() + 1)) : nullptr;
}

bool PackageJudge::was_listed(const std::string& path) const {
  return std::binary_search(listed_.begin(), listed_.end(), std::hash<std::string>{}(path));
}

// Where a link leads to, in the system; empty: out of it.
std::string PackageJudge::link_target_of(const Mutation& mutation) const {
  const std::filesystem::path place = std::filesystem::path("/" + in_system(mutation.path)).parent_path();
  return (place / mutation.after->state.link_target).lexically_normal().relative_path().string();
}

std::string PackageJudge::work_of(const Mutation& mutation, const std::map<std::string, std::string>& owners) const {
  const std::string path = in_system(mutation.path);
  const auto owner = owners.find(path);
  if (is_harmless_directory(mutation)) return owner == owners.end() ? "" : owner->second;
  if (is_new_link(mutation)) {
    return owner != owners.end() && owners.contains(link_target_of(mutation)) ? owner->second : "";
  }
  if (mutation.after || owner != owners.end()) return "";
  const auto dropped = [&](const std::string& one) { return was_listed(one) && !owners.contains(one); };
  const bool all = dropped(path) && std::all_of(mutation.gone_below.begin(), mutation.gone_below.end(),
                                                [&](const std::string& below) { return dropped(in_system(below)); });
  return all ? kRemoved : "";
}

Result<std::vector<PackageJudge::Verdict>> PackageJudge::judge(const std::vector<Mutation>& mutations,
                                                               const KnownTree& tree) const {
  const MaintainerWork maintainers(
      system_, [&](const std::string& path) { return in_baseline(tree, path); },
      [&](const std::string& path) { return was_listed(path); });
  std::vector<Difference> differences;
  std::vector<ScannedEntry> now;
  std::set<std::string> asked;
  for (const Mutation& mutation : mutations) {
    Difference difference = tree.from_baseline(mutation);
    difference.path = in_system(mutation.path);
    asked.insert(difference.path);
    if (mutation.after) {
      now.push_back(*mutation.after);
      now.back().state.path = difference.path;
      if (is_new_link(mutation)) asked.insert(link_target_of(mutation));
    }
    for (const std::string& below : mutation.gone_below) asked.insert(in_system(below));
    asked.merge(maintainers.asks(mutation, difference.path));
    differences.push_back(std::move(difference));
  }
  std::sort(now.begin(), now.end(), [](const ScannedEntry& one, const ScannedEntry& other) {
    return path_before(one.state.path, other.state.path);
  });
  if (auto done = mark_package_upgrades(system_, now, differences); !done) return done.error();
  const auto owners = package_owners(system_, asked);
  if (!owners) return owners.error();
  std::vector<Verdict> verdicts;
  for (size_t i = 0; i < mutations.size(); ++i) {
    const auto owner = owners->find(differences[i].path);
    Verdict verdict{differences[i].package, owner == owners->end() ? "" : owner->second};
    if (verdict.upgraded_by.empty()) verdict.upgraded_by = work_of(mutations[i], *owners);
    if (verdict.upgraded_by.empty() && maintainers.explains(mutations[i], differences[i].path, *owners)) {
      verdict.upgraded_by = kMaintainers;
    }
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

}  // namespace kedge
