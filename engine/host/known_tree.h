// KnownTree: what is known of a tree, and what a new look at a part of it changes in that.
//
// It begins as the baseline; what was found to differ stands over it, so that each change is found once: against what
// was known, not against the baseline alone. What is as the baseline has it again is found too, as restored. Whatever
// differs from the baseline at the end of all looks stands in differing(): that is what cannot be lost, however many
// looks there were in between.
//
// A value without I/O. One thread calls.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/baseline_difference.h"
#include "host/manifest.h"
#include "host/mutation.h"
#include "host/scan.h"

namespace kedge {

class KnownTree {
 public:
  // What a part that was scanned is now, beside what was known of it.
  struct Found {
    std::vector<Mutation> mutations;    // in the order of path_before()
    std::vector<std::string> unlisted;  // directories that are new, and whose entries were not scanned
  };

  // `entries` of a manifest, by their path below the tree's root: those that are excluded must not be among them. They
  // are shared, as there may be millions.
  explicit KnownTree(std::shared_ptr<const std::vector<FileState>> entries);
  KnownTree(const KnownTree&) = delete;
  KnownTree& operator=(const KnownTree&) = delete;

  // What scan_parts() gave for the part, begun at that time by the host's clock. Nothing is found about what it could
  // not read, or did not enter. What is as the baseline has it is remembered with its identity, so that it need not be
  // read again; what has changed is to be given to accept(), or is found again at the next look.
  Found look(const ScanPart& part, const Scan& scan, Time begun);

  // From now on it is known so.
  void accept(const Mutation&);

  // So it was known to a former one; none: it was gone. Nothing, where the baseline has it so by now. To be called
  // before the first look.
  void recall(const std::string& path, const std::optional<ScannedEntry>& entry);
  void recall_mount(const std::string& path) { mounted_.insert(path); }

  // Somebody may know it otherwise than it was recalled, as something was told of it that nobody remembers: the next
  // look finds it, also as it was known, and with it what was told of what lies below. Those that were not in doubt
  // before. After all is recalled.
  std::vector<std::string> doubt(const std::string& path);

  // As ScanOptions::known wants it: files that were found as the baseline has them, and have not changed since.
  const FileState* known(const std::string& path, const FileIdentity&, uint64_t size, FileTime mtime) const;

  // What the baseline has and what is there, of what differs: the change as the records of packages judge it.
  Difference from_baseline(const Mutation&) const;

  // The directories that are known, one after another, each with its own entries one unit of a rescan: the first behind
  // `path` in the order of path_before(); none: there is none behind it.
  std::optional<std::string> directory_after(const std::string& path) const;

  const FileState* in_baseline(const std::string& path) const;
  // As far as it was accepted, or is in doubt.
  bool differs(const std::string& path) const { return over_.contains(path) || doubtful_.contains(path); }
  size_t size() const { return baseline_.size(); }
  size_t directories() const { return directories_; }
  size_t differing() const { return over_.size(); }

 private:
  struct TreeOrder {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const { return path_before(a, b); }
  };
  struct Identified {
    FileIdentity identity;  // an inode of 0: it was not read yet
    FileTime mtime;         // which the baseline's may differ from: times alone are no mutation
    bool settled = false;   // it had not changed for so long that its ctime shows each further change
  };
  class Looking;
  using Over = std::map<std::string, std::optional<ScannedEntry>, TreeOrder>;  // none: it is gone, with all below it

  size_t index_of(std::string_view path) const;  // baseline_.size(): it is not in it
  size_t end_of_subtree(size_t from, std::string_view path) const;
  bool has_baseline_below(std::string_view path) const;
  std::optional<ScannedEntry> at_start(const std::string& path) const;  // the baseline's
  std::optional<ScannedEntry> last(const std::string& path) const;
  bool gone_above(std::string_view path) const;
  std::vector<std::string> expected(const ScanPart& part) const;
  std::vector<std::string> known_below(const std::string& path) const;
  void remember(const ScannedEntry&, Time begun);

  const std::shared_ptr<const std::vector<FileState>> entries_;
  const std::vector<FileState>& baseline_;
  std::vector<Identified> identified_;  // beside baseline_
  mutable size_t near_ = 0;             // where a path was sought last: the next one is mostly close by
  Over over_;
  std::set<std::string, TreeOrder> mounted_;   // directories that another file system hides
  std::set<std::string, TreeOrder> doubtful_;  // what is to be found whatever is there
  size_t directories_ = 0;
};

}  // namespace kedge
