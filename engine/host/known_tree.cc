#include "host/known_tree.h"

#include <algorithm>
#include <utility>

namespace kedge {
namespace {

constexpr std::chrono::seconds kSettled{2};  // coarser than the clocks of all file systems

bool is_directory(const std::optional<ScannedEntry>& entry) {
  return entry && entry->state.type == FileType::directory;
}

bool is_child(std::string_view path, std::string_view directory) {
  if (path.empty() || !is_at_or_below(path, directory) || path == directory) return false;
  return path.find('/', directory.empty() ? 0 : directory.size() + 1) == std::string_view::npos;
}

bool lies_below_any(std::string_view path, const std::vector<std::string>& directories) {
  return std::any_of(directories.begin(), directories.end(), [&](const std::string& directory) {
    return path != directory && is_at_or_below(path, directory);
  });
}

bool is_unread_file(const FileState& state) { return state.unread && state.type == FileType::file; }

bool same(const std::optional<ScannedEntry>& one, const std::optional<ScannedEntry>& other) {
  if (!one || !other) return !one && !other;
  return changes_between(one->state, other->state).empty();
}

// The first of `size` that is not before what is sought, as std::partition_point finds it, but sought from `near` on,
// in steps that double: what lies close by is found at once, and without a touch of memory that is far away.
template <class Before>
size_t first_not_before(size_t size, size_t near, const Before& before) {
  size_t begin = 0;
  size_t end = size;
  if (near < size && before(near)) {
    begin = near + 1;
    for (size_t step = 1; step <= size - begin; step *= 2) {
      if (!before(begin + step - 1)) {
        end = begin + step - 1;
        break;
      }
      begin += step;
    }
  } else if (near < size) {
    end = near;
    for (size_t step = 1; step <= end; step *= 2) {
      if (before(end - step)) {
        begin = end - step + 1;
        break;
      }
      end -= step;
    }
  }
  while (begin < end) {
    const size_t middle = begin + (end - begin) / 2;
    if (before(middle)) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

}  // namespace

// One look: what was known and what is there now, path by path.
class KnownTree::Looking {
 public:
  Looking(KnownTree& tree, const ScanPart& part, const Scan& scan, Time begun)
      : tree_(tree), part_(part), scan_(scan), begun_(begun) {}

  Found run() {
    look_at_mounts();
    const std::vector<std::string> known = tree_.expected(part_);
    auto old = known.begin();
    auto now = scan_.entries.begin();
    while (old != known.end() || now != scan_.entries.end()) {
      const bool is_old = old != known.end() && (now == scan_.entries.end() || !path_before(now->state.path, *old));
      const bool is_now = now != scan_.entries.end() && (old == known.end() || !path_before(*old, now->state.path));
      const std::string& path = is_old ? *old : now->state.path;
      if (!is_to_be_left(path, is_now) && !(is_now && is_unread_file(now->state))) {
        compare(path, is_now ? std::optional(*now) : std::nullopt);
      }
      if (is_old) ++old;
      if (is_now) ++now;
    }
    return std::move(found_);
  }

 private:
  // What lies in a directory that is gone is told with it; what is hidden or could not be read says nothing.
  bool is_to_be_left(const std::string& path, bool is_there) const {
    if (gone_ && is_at_or_below(path, *gone_) && path != *gone_) return true;
    if (hidden_.contains(path) || lies_below_any(path, scan_.not_entered)) return true;
    return std::any_of(scan_.faults.begin(), scan_.faults.end(), [&](const ScanFault& fault) {
      return is_at_or_below(path, fault.path) && (path != fault.path || !is_there);
    });
  }

  void compare(const std::string& path, std::optional<ScannedEntry> now) {
    const bool came_back = back_ && is_at_or_below(path, *back_) && path != *back_;
    std::optional<ScannedEntry> was = came_back ? tree_.at_start(path) : tree_.last(path);
    const bool in_doubt = tree_.doubtful_.contains(path);
    if (!now && !was && !in_doubt) {
      gone_ = path;
      return;
    }
    const bool is_new_directory = is_directory(now) && !is_directory(was);
    if (is_new_directory && part_.depth != ScanPart::Depth::tree &&
        (path != part_.path || part_.depth == ScanPart::Depth::entry)) {
      found_.unlisted.push_back(path);
    }
    if (same(was, now) && !in_doubt) {
      tree_.remember(*now, begun_);
      return;
    }
    const std::optional<ScannedEntry> start = tree_.at_start(path);
    Mutation mutation;
    mutation.path = path;
    if (was || now) mutation.kinds = kinds_of(was ? &was->state : nullptr, now ? &now->state : nullptr);
    if (mutation.kinds.empty()) mutation.kinds = {now ? MutationKind::modified : MutationKind::deleted};
    mutation.restored = same(start, now);
    mutation.in_doubt = in_doubt;
    if (is_directory(was) && !is_directory(now)) mutation.gone_below = tree_.known_below(path);
    if ((is_directory(was) || in_doubt) && !is_directory(now)) gone_ = path;
    if (is_new_directory && is_directory(start)) back_ = path;
    mutation.before = std::move(was);
    mutation.after = std::move(now);
    found_.mutations.push_back(std::move(mutation));
  }

  // A directory whose content the baseline has, and which another file system hides now, or hides no longer.
  void look_at_mounts() {
    for (const std::string& path : scan_.not_entered) {
      if (!tree_.has_baseline_below(path)) continue;
      hidden_.insert(path);
      if (!tree_.mounted_.contains(path)) tell_of_mount(path, false);
    }
    for (const std::string& path : tree_.mounted_) {
      if (hidden_.contains(path) || !is_at_or_below(path, part_.path)) continue;
      const bool is_seen = std::any_of(scan_.entries.begin(), scan_.entries.end(),
                                       [&](const ScannedEntry& entry) { return entry.state.path == path; });
      if (is_seen) tell_of_mount(path, true);
    }
  }

  void tell_of_mount(const std::string& path, bool restored) {
    Mutation mutation;
    mutation.path = path;
    mutation.kinds = {MutationKind::mounted};
    mutation.before = mutation.after = tree_.last(path);
    mutation.restored = restored;
    if (!mutation.before) return;
    if (restored && part_.depth != ScanPart::Depth::tree) found_.unlisted.push_back(path);
    found_.mutations.push_back(std::move(mutation));
  }

  KnownTree& tree_;
  const ScanPart& part_;
  const Scan& scan_;
  const Time begun_;
  std::set<std::string, std::less<>> hidden_;
  std::optional<std::string> gone_;  // the last directory that is not there
  std::optional<std::string> back_;  // the last that is there again
  Found found_;
};

KnownTree::KnownTree(std::shared_ptr<const std::vector<FileState>> entries)
    : entries_(std::move(entries)), baseline_(*entries_), identified_(baseline_.size()) {
  directories_ = static_cast<size_t>(std::count_if(
      baseline_.begin(), baseline_.end(), [](const FileState& state) { return state.type == FileType::directory; }));
}

KnownTree::Found KnownTree::look(const ScanPart& part, const Scan& scan, Time begun) {
  return Looking(*this, part, scan, begun).run();
}

void KnownTree::accept(const Mutation& mutation) {
  if (mutation.kinds.front() == MutationKind::mounted) {
    if (mutation.restored) {
      mounted_.erase(mutation.path);
    } else {
      mounted_.insert(mutation.path);
    }
    return;
  }
  const bool covers = !mutation.after || mutation.after->state.type != FileType::directory;
  doubtful_.erase(mutation.path);
  for (auto one = doubtful_.upper_bound(mutation.path);
       covers && one != doubtful_.end() && is_at_or_below(*one, mutation.path);) {
    one = doubtful_.erase(one);
  }
  for (auto one = over_.upper_bound(mutation.path);
       covers && one != over_.end() && is_at_or_below(one->first, mutation.path);) {
    one = over_.erase(one);
  }
  if (mutation.restored) {
    over_.erase(mutation.path);
  } else {
    over_[mutation.path] = mutation.after;
  }
}

void KnownTree::recall(const std::string& path, const std::optional<ScannedEntry>& entry) {
  if (!same(at_start(path), entry)) over_[path] = entry;
}

// Who was told that a directory is gone knows nothing of what was told of it before.
std::vector<std::string> KnownTree::doubt(const std::string& path) {
  std::vector<std::string> doubted;
  if (doubtful_.insert(path).second) doubted.push_back(path);
  for (auto one = over_.upper_bound(path); one != over_.end() && is_at_or_below(one->first, path); ++one) {
    if (doubtful_.insert(one->first).second) doubted.push_back(one->first);
  }
  return doubted;
}

const FileState* KnownTree::known(const std::string& path, const FileIdentity& identity, uint64_t size,
                                  FileTime mtime) const {
  const size_t index = index_of(path);
  if (index == baseline_.size() || over_.contains(path)) return nullptr;
  const Identified& seen = identified_[index];
  const bool unchanged = seen.settled && seen.identity == identity && seen.mtime == mtime &&
                         baseline_[index].size == size && baseline_[index].sha256.has_value();
  return unchanged ? &baseline_[index] : nullptr;
}

Difference KnownTree::from_baseline(const Mutation& mutation) const {
  const FileState* const start = in_baseline(mutation.path);
  if (!mutation.after) return {Difference::Kind::removed, mutation.path, {}, {}};
  if (start == nullptr) return {Difference::Kind::added, mutation.path, {}, {}};
  return {Difference::Kind::modified, mutation.path, changes_between(*start, mutation.after->state), {}};
}

std::optional<std::string> KnownTree::directory_after(const std::string& path) const {
  const auto before = [](const std::string& sought, const FileState& state) { return path_before(sought, state.path); };
  auto listed = std::upper_bound(baseline_.begin(), baseline_.end(), path, before);
  const auto is_standing = [&](const FileState& state) {
    return state.type == FileType::directory && !over_.contains(state.path) && !gone_above(state.path);
  };
  while (listed != baseline_.end() && !is_standing(*listed)) ++listed;
  auto over = over_.upper_bound(path);
  while (over != over_.end() && !is_directory(over->second)) ++over;
  if (over == over_.end()) return listed == baseline_.end() ? std::nullopt : std::optional(listed->path);
  if (listed == baseline_.end() || path_before(over->first, listed->path)) return over->first;
  return listed->path;
}

const FileState* KnownTree::in_baseline(const std::string& path) const {
  const size_t index = index_of(path);
  return index == baseline_.size() ? nullptr : &baseline_[index];
}

size_t KnownTree::index_of(std::string_view path) const {
  near_ = first_not_before(baseline_.size(), near_, [&](size_t i) { return path_before(baseline_[i].path, path); });
  return near_ < baseline_.size() && baseline_[near_].path == path ? near_ : baseline_.size();
}

size_t KnownTree::end_of_subtree(size_t from, std::string_view path) const {
  return first_not_before(baseline_.size(), from,
                          [&](size_t i) { return i <= from || is_at_or_below(baseline_[i].path, path); });
}

bool KnownTree::has_baseline_below(std::string_view path) const {
  const size_t index = index_of(path);
  return index < baseline_.size() && end_of_subtree(index, path) > index + 1;
}

std::optional<ScannedEntry> KnownTree::at_start(const std::string& path) const {
  const size_t index = index_of(path);
  if (index == baseline_.size()) return std::nullopt;
  return ScannedEntry{baseline_[index], identified_[index].identity};
}

std::optional<ScannedEntry> KnownTree::last(const std::string& path) const {
  if (const auto over = over_.find(path); over != over_.end()) return over->second;
  if (gone_above(path)) return std::nullopt;
  return at_start(path);
}

bool KnownTree::gone_above(std::string_view path) const {
  if (over_.empty() || path.empty()) return false;
  const auto is_gone = [&](std::string_view directory) {
    const auto over = over_.find(directory);
    return over != over_.end() && !is_directory(over->second);
  };
  for (size_t end = path.find('/'); end != std::string_view::npos; end = path.find('/', end + 1)) {
    if (is_gone(path.substr(0, end))) return true;
  }
  return is_gone("");
}

// The paths that a look at the part decides about, in their order. What lies deeper is gone with what it lies in.
std::vector<std::string> KnownTree::expected(const ScanPart& part) const {
  std::vector<std::string> paths;
  const bool all = part.depth == ScanPart::Depth::tree;
  const bool children = part.depth == ScanPart::Depth::directory;
  const size_t begin = index_of(part.path);
  for (size_t i = begin; i < baseline_.size();) {
    const std::string& path = baseline_[i].path;
    if (!is_at_or_below(path, part.path)) break;
    paths.push_back(path);
    if (i == begin && !all && !children) break;
    i = all || i == begin ? i + 1 : end_of_subtree(i, path);
  }
  std::vector<std::string> over;
  for (auto one = over_.lower_bound(part.path); one != over_.end() && is_at_or_below(one->first, part.path); ++one) {
    const bool wanted = all || one->first == part.path || (children && is_child(one->first, part.path));
    if (wanted) over.push_back(one->first);
  }
  std::vector<std::string> doubtful;
  for (auto one = doubtful_.lower_bound(part.path); one != doubtful_.end() && is_at_or_below(*one, part.path); ++one) {
    if (all || *one == part.path || (children && is_child(*one, part.path))) doubtful.push_back(*one);
  }
  if (over.empty() && doubtful.empty()) return paths;
  std::vector<std::string> both;
  std::set_union(paths.begin(), paths.end(), over.begin(), over.end(), std::back_inserter(both), path_before);
  if (doubtful.empty()) return both;
  std::vector<std::string> three;
  std::set_union(both.begin(), both.end(), doubtful.begin(), doubtful.end(), std::back_inserter(three), path_before);
  return three;
}

// What is known to be in a directory, at any depth.
std::vector<std::string> KnownTree::known_below(const std::string& path) const {
  std::vector<std::string> below;
  for (std::string& one : expected({path, ScanPart::Depth::tree})) {
    if (one != path && last(one)) below.push_back(std::move(one));
  }
  return below;
}

void KnownTree::remember(const ScannedEntry& now, Time begun) {
  const size_t index = index_of(now.state.path);
  if (index == baseline_.size()) return;
  if (const auto over = over_.find(now.state.path); over != over_.end()) return;
  const int64_t settled = std::chrono::floor<std::chrono::seconds>(begun - kSettled).time_since_epoch().count();
  identified_[index] = {now.identity, now.state.mtime,
                        now.state.sha256.has_value() && now.identity.ctime.seconds < settled};
}

}  // namespace kedge
