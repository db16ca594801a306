// PackageJudge: whether mutations are an upgrade's work, by dpkg's own records.
//
// A file is judged by its content (mark_package_upgrades). Of what has no digest it is asked that the records agree:
//   - a new directory, root's, with a mode of 0755 at most, that an installed package lists;
//   - a link that an installed package lists, to something that one lists as well;
//   - what is gone, and was listed when the sensor began, and is listed no longer.
// What no record lists is asked of MaintainerWork.
// The records lie on the host: they tell an upgrade from a mutation where dpkg is not the enemy's, and prove nothing
// beyond that. One thread calls.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "host/known_tree.h"
#include "host/mutation.h"

namespace kedge {

class PackageJudge {
 public:
  struct Verdict {
    std::string upgraded_by;  // "NAME VERSION": it is this package's work; empty: it is not known to be
    std::string owner;        // which package lists the path; empty: none
  };

  // `system`: where the system's root lies. `prefix`: where a tree lies in it, "" or "usr". `entries`: the tree's, of
  // which it is remembered who was listed. An error where the records cannot be read; not_found where there are none.
  static Result<PackageJudge> open(std::string system, std::string prefix, const std::vector<FileState>& entries);

  // Whether dpkg is changing its records, and the verdict may be another one later.
  bool is_at_work() const;

  // For each mutation its verdict.
  Result<std::vector<Verdict>> judge(const std::vector<Mutation>&, const KnownTree&) const;

  // Where a path of the tree lies in the system.
  std::string in_system(const std::string& path) const;

 private:
  PackageJudge(std::string system, std::string prefix) : system_(std::move(system)), prefix_(std::move(prefix)) {}
  const FileState* in_baseline(const KnownTree& tree, const std::string& path) const;  // by its path in the system
  bool was_listed(const std::string& path) const;
  std::string work_of(const Mutation&, const std::map<std::string, std::string>& owners) const;
  std::string link_target_of(const Mutation&) const;

  std::string system_;
  std::string prefix_;
  std::vector<size_t> listed_;  // hashes of the paths that were listed at the start, sorted
};

}  // namespace kedge
