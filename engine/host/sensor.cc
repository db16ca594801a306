#include "host/sensor.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "host/fanotify_watcher.h"
#include "host/inotify_watcher.h"
#include "host/python_cache.h"
#include "host/told_acceptances.h"
#include "host/told_entry.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t kUnitsAtOnce = 32;  // directories, before the watcher is asked again
constexpr Duration kWorkAtOnce = milliseconds(50);
constexpr Duration kHeldInterval = milliseconds(500);
constexpr Duration kUpgradesInterval = seconds(1);
constexpr Duration kSearchInterval = seconds(1);  // for a root that is not there
constexpr int kUnlistedDepth = 64;  // directories within directories that are found new, one look after another
constexpr size_t kBlindSpotsTold = 20;
constexpr const char* kUnreadable = "unreadable";  // reasons of a loss that no watcher tells
constexpr const char* kTooMany = "too_many";
const FileState kNotRead;  // for who asks what a file held that is not to be read

// Watchers see what lies in the roots; the patterns that leave more out are ours.
std::vector<std::string> paths_of(const SensorOptions& options) {
  std::vector<std::string> paths;
  for (const SensorRoot& root : options.roots) paths.push_back(root.path);
  return paths;
}

using Entries = std::shared_ptr<const std::vector<FileState>>;

// The manifest's own where nothing of it is left out.
Entries included(const std::shared_ptr<const ReadManifest>& baseline, const std::vector<std::string>& excludes) {
  const std::vector<FileState>& all = baseline->manifest.entries;
  std::vector<FileState> left;
  const auto is_included = [&](const FileState& state) {
    return state.path.empty() || !is_excluded(state.path, excludes);
  };
  if (std::all_of(all.begin(), all.end(), is_included)) return {baseline, &all};
  std::copy_if(all.begin(), all.end(), std::back_inserter(left), is_included);
  return std::make_shared<const std::vector<FileState>>(std::move(left));
}

std::string without_slash(const std::string& path) {
  const size_t begin = path.find_first_not_of('/');
  return begin == std::string::npos ? "" : path.substr(begin);
}

// A name that dpkg gives to files on their way.
bool is_dpkgs_name(const std::string& path) { return path.ends_with(".dpkg-new") || path.ends_with(".dpkg-tmp"); }

// What came in, and what is made before it can be watched, is read to its end, and told file by file: nothing of it may
// have been missed.
bool is_loss(Doubt::Reason reason) {
  switch (reason) {
    case Doubt::Reason::overflow:
    case Doubt::Reason::watch_limit:
    case Doubt::Reason::mounted:
    case Doubt::Reason::root_gone:
      return true;
    case Doubt::Reason::moved_in:
    case Doubt::Reason::root_back:
    case Doubt::Reason::seen_again:
    case Doubt::Reason::crowded:
      break;
  }
  return false;
}

std::string_view explained(Doubt::Reason reason) {
  switch (reason) {
    case Doubt::Reason::overflow:
      return "the kernel's queue was full: all below is read again";
    case Doubt::Reason::watch_limit:
      return "fs.inotify.max_user_watches is reached: what is not watched is left to the rescan";
    case Doubt::Reason::mounted:
      return "something was mounted or unmounted here";
    case Doubt::Reason::root_gone:
      return "the root is not where it was";
    default:
      return "";
  }
}

}  // namespace

struct Sensor::Root {
  Root(const SensorRoot& of, std::vector<std::string> leaves_out)
      : options(of),
        prefix(without_slash(of.as)),
        excludes(std::move(leaves_out)),
        tree(included(of.baseline, excludes)) {}

  // Its path below it; none: it does not lie in it.
  std::optional<std::string> below(const std::string& path) const {
    if (path == options.path) return "";
    if (!lies_in(path, options.path)) return std::nullopt;
    return path.substr(options.path == "/" ? 1 : options.path.size() + 1);
  }
  std::string absolute(const std::string& path) const { return path.empty() ? options.path : join(options.path, path); }
  std::string in_system(const std::string& path) const {
    if (prefix.empty() || path.empty()) return prefix + path;
    return prefix + "/" + path;
  }
  // Where the root of the system lies that the tree is a part of.
  std::string system_root() const {
    if (prefix.empty()) return options.path;
    const std::string above = options.path.substr(0, options.path.size() - prefix.size() - 1);
    return above.empty() ? "/" : above;
  }

  const SensorRoot& options;
  const std::string prefix;
  const std::vector<std::string> excludes;
  KnownTree tree;
  std::optional<PackageJudge> packages;
};

Result<std::unique_ptr<Sensor>> Sensor::open(SensorOptions options, Clock& clock, Random& random, Emit emit,
                                             const SensorMemory& memory) {
  if (auto tidy = tidy_paths(paths_of(options)); !tidy) return tidy.error();
  std::unique_ptr<Sensor> sensor(new Sensor(std::move(options), clock, random, std::move(emit), memory));
  if (auto done = sensor->open_watcher(); !done) return done.error();
  Json data = sensor->state();
  Json roots = Json::array();
  for (const SensorRoot& root : sensor->options_.roots) {
    roots.push_back({{"path", root.path},
                     {"as", root.as},
                     {"entries", root.baseline->manifest.entries.size()},
                     {"baseline", root.baseline->digest.hex()},
                     {"signed_by", root.signed_by},
                     {"accepted", told_acceptances(root.baseline->manifest.acceptances)}});
  }
  data["roots"] = std::move(roots);
  sensor->emit_({"sensor.started", "host:" + sensor->options_.host, std::move(data)});
  sensor->begin_round();
  return sensor;
}

Sensor::Sensor(SensorOptions options, Clock& clock, Random& random, Emit emit, const SensorMemory& memory)
    : options_(std::move(options)),
      clock_(clock),
      random_(random),
      emit_(std::move(emit)),
      remember_(memory.remember),
      settler_(std::make_unique<Settler>(tidy_paths(paths_of(options_)).value(), options_.settle)),
      pace_(options_.rescan, random_.number()) {
  for (const SensorRoot& of : options_.roots) {
    std::vector<std::string> excludes = of.baseline->manifest.excludes;
    excludes.insert(excludes.end(), of.exclude.begin(), of.exclude.end());
    for (const std::string& path : options_.unwatched) {
      if (lies_in(path, of.path) && path != of.path) {
        excludes.push_back(path.substr(of.path == "/" ? 1 : of.path.size() + 1));
      }
    }
    roots_.push_back(std::make_unique<Root>(of, std::move(excludes)));
    Root& root = *roots_.back();
    recall(root, memory.earlier);
    if (options_.packages_wait <= Duration{0}) continue;
    auto judge = PackageJudge::open(root.system_root(), root.prefix, of.baseline->manifest.entries);
    if (judge) {
      root.packages.emplace(*std::move(judge));
    } else if (judge.error().code != ErrorCode::not_found) {
      spdlog::warn("{}: upgrades are not told from other changes: {}", of.path, judge.error().message);
    }
  }
  next_beat_ = clock_.elapsed() + options_.heartbeat;
}

Sensor::~Sensor() = default;

// What nobody is told of by now is not recalled: it would never be over.
void Sensor::recall(Root& root, const SensorMemory::Facts& earlier) {
  for (const ToldEntry& one : told_entries(root.options.path, earlier)) {
    if (!one.path.empty() && is_excluded(one.path, root.excludes)) continue;
    if (one.is_mounted) {
      root.tree.recall_mount(one.path);
    } else if (!options_.policy.is_quiet(root.in_system(one.path))) {
      root.tree.recall(one.path, one.entry);
    }
  }
  for (const std::string& path : doubtful_paths(root.options.path, earlier)) {
    if (!path.empty() && is_excluded(path, root.excludes)) continue;
    for (const std::string& doubted : root.tree.doubt(path)) remember_(doubt_about(root.options.path, doubted));
  }
}

void Sensor::remember(const Root& root, const Mutation& mutation) {
  for (SensorMemory::Fact& fact : facts_of(root.options.path, mutation)) remember_(std::move(fact));
}

std::string_view Sensor::watcher() const { return watcher_->name(); }

size_t Sensor::differing() const {
  size_t all = 0;
  for (const auto& root : roots_) all += root->tree.differing();
  return all;
}

Result<void> Sensor::open_watcher() {
  const WatchOptions watch{.roots = paths_of(options_), .excluded = options_.unwatched, .wake = options_.wake};
  switch (options_.watch) {
    case SensorOptions::Watch::inotify: {
      auto opened = InotifyWatcher::open(watch);
      if (!opened) return opened.error();
      watcher_ = *std::move(opened);
      return {};
    }
    case SensorOptions::Watch::fanotify: {
      auto opened = FanotifyWatcher::open(watch);
      if (!opened) return opened.error();
      watcher_ = *std::move(opened);
      return {};
    }
    case SensorOptions::Watch::best:
      break;
  }
  auto opened = kedge::open_watcher(watch);
  if (!opened) return opened.error();
  watcher_ = *std::move(opened);
  return {};
}

// What came in between is read with everything else.
Result<void> Sensor::reopen_watcher(const Error& why) {
  for (const SensorRoot& root : options_.roots) tell_lost(root.path, "watcher", why.message);
  if (auto done = open_watcher(); !done) return done.error().with("the watcher failed (" + why.message + ")");
  Notices all;
  for (const SensorRoot& root : options_.roots) all.doubts.push_back({root.path, Doubt::Reason::overflow});
  settler_->add(std::move(all), clock_.elapsed());
  return {};
}

Result<void> Sensor::turn(Duration timeout) {
  auto notices = watcher_->poll(wait(timeout));
  if (!notices) {
    if (auto done = reopen_watcher(notices.error()); !done) return done;
  } else {
    take(*std::move(notices));
  }
  const Duration begun = clock_.elapsed();
  for (const PathLook& look : settler_->due(begun)) look_at(look);
  look_at_held_again();
  if (auto done = look_for_roots(); !done) return done;
  if (auto done = rescan_some(); !done) return done;
  if (!upgrades_.empty() && clock_.elapsed() >= next_upgrades_) tell_upgrades();
  if (clock_.elapsed() >= next_beat_) beat();
  return {};
}

Duration Sensor::wait(Duration timeout) const {
  const Duration now = clock_.elapsed();
  // A little late, so that it is done together with what else wakes the caller: to wake up costs the most.
  const auto unhurried = [now](Duration due, Duration every) {
    return due <= now ? due : due + std::min<Duration>(seconds(1), every / 60);
  };
  Duration until = std::min(
      {now + timeout, unhurried(next_beat_, options_.heartbeat), unhurried(pace_.next(), options_.rescan.every)});
  if (const auto due = settler_->next()) until = std::min(until, *due);
  if (!held_.empty()) until = std::min(until, next_held_);
  return std::max(until - now, Duration{0});
}

void Sensor::take(Notices notices) {
  for (const Doubt& doubt : notices.doubts) {
    const Root* const root = root_of(doubt.path);
    if (root == nullptr || !is_loss(doubt.reason)) continue;
    if (is_excluded(*root->below(doubt.path), root->excludes)) continue;
    tell_lost(doubt.path, to_string(doubt.reason), std::string(explained(doubt.reason)));
  }
  settler_->add(std::move(notices), clock_.elapsed());
}

bool Sensor::is_lost(const std::string& path, const std::string& reason) const {
  const auto lost = lost_.find(path);
  return lost != lost_.end() && lost->second.contains(reason);
}

void Sensor::tell_lost(const std::string& path, std::string_view reason, const std::string& why) {
  if (!lost_[path].emplace(reason).second) return;
  Json data = path_fields(path, "");
  data.erase("root");
  data["host"] = options_.host;
  data["reason"] = reason;
  data["message"] = why;
  emit_({"sensor.lost", "host:" + options_.host, std::move(data)});
}

// Whether a look at what was lost makes up for it: a root that was gone is not watched again before the watcher has
// found it, and what it has no watches for stays as it is.
bool Sensor::is_over(const std::string& path, std::string_view reason, const PathLook& look,
                     const std::vector<BlindSpot>& blind) const {
  if (reason == to_string(Doubt::Reason::root_gone)) {
    return std::find(look.doubts.begin(), look.doubts.end(), Doubt::Reason::root_back) != look.doubts.end();
  }
  if (reason == kTooMany) return differing() < options_.differing_max;
  if (reason != to_string(Doubt::Reason::watch_limit)) return true;
  return std::none_of(blind.begin(), blind.end(), [&](const BlindSpot& one) {
    return one.limited && (lies_in(one.path, path) || lies_in(path, one.path));
  });
}

void Sensor::tell_recovered(const PathLook& look, const Judged& judged) {
  if (lost_.empty()) return;
  const std::vector<BlindSpot> blind = watcher_->blind_spots();
  std::set<std::string> over;
  for (auto lost = lost_.begin(); lost != lost_.end();) {
    if (lies_in(lost->first, look.path)) {
      std::erase_if(lost->second, [&](const std::string& reason) {
        const bool ends = is_over(lost->first, reason, look, blind);
        if (ends) over.insert(reason);
        return ends;
      });
    }
    lost = lost->second.empty() ? lost_.erase(lost) : std::next(lost);
  }
  if (over.empty()) return;
  Json data = path_fields(look.path, "");
  data.erase("root");
  data["host"] = options_.host;
  data["reasons"] = over;
  data["read"] = judged.entries;
  data["mutations"] = judged.mutations;
  emit_({"sensor.recovered", "host:" + options_.host, std::move(data)});
}

void Sensor::look_at(const PathLook& look) {
  Root* const root = root_of(look.path);
  if (root == nullptr) return;
  const std::string path = *root->below(look.path);
  if (!path.empty() && is_excluded(path, root->excludes)) return;
  const Reason reason{look.doubts.empty() ? FoundBy::watch : FoundBy::doubt, &look};
  const Judged judged = examine(*root, {path, look.tree ? ScanPart::Depth::tree : ScanPart::Depth::entry}, reason);
  const bool is_gone = path.empty() && judged.entries == 0;
  if (!look.doubts.empty() && !is_gone) tell_recovered(look, judged);
}

// What a file holds that was not changed since it was read is known; of what nobody is told about only the rest counts,
// as of what Python has compiled where the baseline has nothing to compare it with.
const FileState* Sensor::known(const Root& root, bool trusts, const std::string& path, const FileIdentity& identity,
                               uint64_t size, FileTime mtime) const {
  const FileState* const unchanged = trusts ? root.tree.known(path, identity, size, mtime) : nullptr;
  if (unchanged != nullptr) return unchanged;
  const std::string in_system = root.in_system(path);
  const bool is_new_cache =
      options_.policy.is_judged_by_its_source(in_system) && root.tree.in_baseline(path) == nullptr;
  return is_new_cache || options_.policy.is_quiet(in_system) ? &kNotRead : nullptr;
}

// Reads a part and tells what differs. A single path that was named is always read; of more, what has not changed since
// it was read is not, but in the round of the rescan in which it is its turn.
Sensor::Judged Sensor::examine(Root& root, ScanPart part, const Reason& reason, int depth) {
  const bool is_named = reason.look != nullptr && !reason.look->tree;
  const bool is_rescan = reason.found_by == FoundBy::rescan;
  ScanOptions options;
  options.excludes = root.excludes;
  options.all_file_systems = root.options.baseline->manifest.all_file_systems;
  options.known = [&](const std::string& path, const FileIdentity& identity, uint64_t size, FileTime mtime) {
    const bool trusts = !is_named && !(is_rescan && pace_.is_read_again(path));
    return known(root, trusts, path, identity, size, mtime);
  };
  options.most_are_known = !is_named && read_all_;
  const Time begun = clock_.now();
  auto scan = scan_parts(root.options.path, {part}, options);
  if (!scan && scan.error().code != ErrorCode::not_found) {
    tell_lost(root.options.path, kUnreadable, scan.error().message);
    return {};
  }
  const bool is_doubt = reason.look != nullptr && !reason.look->doubts.empty();
  if (scan && !is_doubt && is_lost(root.options.path, kUnreadable)) read_again(root);
  if (!scan) {
    part = {"", ScanPart::Depth::tree};  // the root is gone, with everything
    tell_lost(root.options.path, to_string(Doubt::Reason::root_gone), std::string(explained(Doubt::Reason::root_gone)));
  }
  const Scan read = scan ? *std::move(scan) : Scan{};
  faults_ += read.faults.size();
  KnownTree::Found found = root.tree.look(part, read, begun);
  Judged judged{read.entries.size(), judge(root, std::move(found.mutations), reason)};
  for (const std::string& path : found.unlisted) {
    if (depth == kUnlistedDepth) break;
    const Judged below = examine(root, {path, ScanPart::Depth::tree}, reason, depth + 1);
    judged.entries += below.entries;
    judged.mutations += below.mutations;
  }
  return judged;
}

Meaning Sensor::meaning_of(const Root& root, const Mutation& mutation) const {
  if (root.prefix.empty()) return options_.policy.meaning_of(mutation);
  Mutation in_system = mutation;
  in_system.path = root.in_system(mutation.path);
  for (std::string& path : in_system.gone_below) path = root.in_system(path);
  return options_.policy.meaning_of(in_system);
}

// How many were told.
size_t Sensor::judge(Root& root, std::vector<Mutation> mutations, const Reason& reason) {
  std::vector<Meaning> meanings;
  for (size_t i = 0; i < mutations.size();) {
    Meaning meaning = meaning_of(root, mutations[i]);
    const bool may_be_quiet = meaning.severity < MutationSeverity::critical;
    if (meaning.quiet || (may_be_quiet && is_compiled_anew(root, mutations[i], reason.found_by))) {
      if (root.tree.differs(mutations[i].path)) {  // what was told is over
        root.tree.accept(mutations[i]);
        remember(root, mutations[i]);
      }
      mutations.erase(mutations.begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    }
    meanings.push_back(std::move(meaning));
    ++i;
  }
  if (mutations.empty()) return 0;
  const bool dpkg_is_at_work = root.packages && root.packages->is_at_work();  // asked before its records are read
  const auto verdicts = verdicts_of(root, mutations);
  size_t told = 0;
  for (size_t i = 0; i < mutations.size(); ++i) {
    Mutation& mutation = mutations[i];
    const std::string path = root.absolute(mutation.path);
    if (!verdicts[i].upgraded_by.empty() && !mutation.restored) {
      root.tree.accept(mutation);
      held_.erase(path);
      note_upgrade(root, verdicts[i].upgraded_by, mutation);
      continue;
    }
    if (dpkg_is_at_work && is_held(root, mutation, meanings[i], verdicts[i].owner)) continue;
    held_.erase(path);
    if (differing() >= options_.differing_max && !mutation.restored) {
      ++untold_;
      tell_lost(
          root.options.path, kTooMany,
          "more differs than is kept in memory: what is found beyond that is counted, and told when there is room");
      continue;
    }
    MutationContext context;
    context.meaning = std::move(meanings[i]);
    context.package = verdicts[i].owner;
    tell(root, mutation, std::move(context), reason);
    root.tree.accept(mutation);
    remember(root, mutation);
    ++told;
  }
  return told;
}

// Python writes it because the source is another than the baseline's, which is looked at first: nothing says which of
// the two was named first. What was compiled of a source that nobody has changed is somebody's work.
bool Sensor::is_compiled_anew(Root& root, const Mutation& mutation, FoundBy found_by) {
  if (!mutation.before || !mutation.after || mutation.restored) return false;
  if (!options_.policy.is_judged_by_its_source(root.in_system(mutation.path))) return false;
  const std::string source = *python_source_of(mutation.path);
  if (options_.policy.is_quiet(root.in_system(source))) return true;
  if (!root.tree.differs(source)) examine(root, {source, ScanPart::Depth::entry}, {found_by, nullptr});
  return root.tree.differs(source);
}

// What an upgrade does comes file by file, and is told together.
void Sensor::note_upgrade(const Root& root, const std::string& package, const Mutation& mutation) {
  if (upgrades_.empty()) next_upgrades_ = clock_.elapsed() + kUpgradesInterval;
  Upgrade& upgrade = upgrades_[{root.options.path, package}];
  upgrade.paths.push_back(mutation.path);
  for (SensorMemory::Fact& fact : facts_of(root.options.path, mutation)) upgrade.facts.push_back(std::move(fact));
}

void Sensor::tell_upgrades() {
  for (auto& [of, upgrade] : std::exchange(upgrades_, {})) {
    emit_(upgrade_event(options_.host, of.first, of.second, upgrade.paths));
    for (SensorMemory::Fact& fact : upgrade.facts) remember_(std::move(fact));
  }
}

std::vector<PackageJudge::Verdict> Sensor::verdicts_of(const Root& root, const std::vector<Mutation>& mutations) {
  if (!root.packages) return std::vector<PackageJudge::Verdict>(mutations.size());
  auto verdicts = root.packages->judge(mutations, root.tree);
  if (verdicts) return *std::move(verdicts);
  spdlog::warn("{}: upgrades are not told from other changes: {}", root.options.path, verdicts.error().message);
  return std::vector<PackageJudge::Verdict>(mutations.size());
}

// While dpkg is at work its records say less than what is there. What it may have to do with waits until it is done,
// for a while. The gravest does not, but where a package has the path; nor does what there is no room for.
bool Sensor::is_held(const Root& root, const Mutation& mutation, const Meaning& meaning, const std::string& owner) {
  const bool may_be_dpkgs =
      is_dpkgs_name(mutation.path) || !owner.empty() || meaning.severity < MutationSeverity::critical;
  if (!may_be_dpkgs) return false;
  const Duration now = clock_.elapsed();
  const std::string path = root.absolute(mutation.path);
  if (held_.size() >= options_.differing_max && !held_.contains(path)) return false;
  const auto [held, is_new] = held_.try_emplace(path, now);
  if (is_new && held_.size() == 1) next_held_ = now + kHeldInterval;
  return now - held->second < options_.packages_wait;
}

// One that is not there is not watched; that it is back is found by asking.
Result<void> Sensor::look_for_roots() {
  const Duration now = clock_.elapsed();
  if (now < next_search_) return {};
  next_search_ = now + kSearchInterval;
  const auto blind = watcher_->blind_spots();
  const bool is_missed = std::any_of(blind.begin(), blind.end(), [&](const BlindSpot& spot) {
    const Root* const root = root_of(spot.path);
    return root != nullptr && root->options.path == spot.path;
  });
  if (!is_missed) return {};
  auto notices = watcher_->check();
  if (!notices) return reopen_watcher(notices.error());
  take(*std::move(notices));
  return {};
}

void Sensor::look_at_held_again() {
  const Duration now = clock_.elapsed();
  if (held_.empty() || now < next_held_) return;
  next_held_ = now + kHeldInterval;
  Notices again;
  for (auto held = held_.begin(); held != held_.end();) {
    const Root* const root = root_of(held->first);
    const bool waits = root != nullptr && root->packages->is_at_work() && now - held->second < options_.packages_wait;
    if (waits) {
      ++held;
      continue;
    }
    again.sightings.push_back({held->first, kModified, "", false, nullptr});
    // It keeps its time while dpkg is at work: to be held a second time would be for ever.
    held = root != nullptr && root->packages->is_at_work() ? std::next(held) : held_.erase(held);
  }
  if (!again.empty()) settler_->add(std::move(again), now);
}

void Sensor::tell(const Root& root, const Mutation& mutation, MutationContext context, const Reason& reason) {
  context.host = options_.host;
  context.root = root.options.path;
  context.found_by = reason.found_by;
  context.baseline = root.options.baseline->digest;
  context.baseline_signed = !root.options.signed_by.empty();
  Mutation told = mutation;
  if (reason.look != nullptr) {
    context.actors = reason.look->actors;
    const Time now = clock_.now();
    const Duration elapsed = clock_.elapsed();
    context.first_seen = now - (elapsed - reason.look->first);
    context.last_seen = now - (elapsed - reason.look->last);
    const auto from = root.below(reason.look->moved_from);
    const bool is_itself = root.absolute(mutation.path) == reason.look->path;
    if (from && is_itself && mutation.kinds.front() == MutationKind::created &&
        root.tree.in_baseline(*from) != nullptr) {
      told.kinds.front() = MutationKind::moved;
      told.moved_from = *from;
    }
  }
  emit_(mutation_event(told, context));
}

// --- the rescan

// All of it, after which it is told to be so.
void Sensor::read_again(const Root& root) {
  settler_->add({{}, {{root.options.path, Doubt::Reason::seen_again}}}, clock_.elapsed());
}

void Sensor::begin_round() {
  for (const auto& root : roots_) {
    if (is_lost(root->options.path, kTooMany) && differing() < options_.differing_max) read_again(*root);
  }
  size_t units = 0;
  for (const auto& root : roots_) units += root->tree.directories();
  pace_.begin(clock_.elapsed(), units, random_.number());
  round_root_ = 0;
  round_cursor_.reset();
  faults_ = 0;
  ++rounds_;
}

Result<void> Sensor::rescan_some() {
  const Duration begun = clock_.elapsed();
  // There may be more directories by now than there were at the beginning: a round ends when all have been read.
  const size_t due = pace_.is_over(begun) ? kUnitsAtOnce : std::min(pace_.due(begun), kUnitsAtOnce);
  for (size_t left = due; left > 0 && round_root_ < roots_.size();) {
    Root& root = *roots_[round_root_];
    const auto next = round_cursor_ ? root.tree.directory_after(*round_cursor_) : std::optional<std::string>("");
    if (!next) {
      ++round_root_;
      round_cursor_.reset();
      if (round_root_ == roots_.size()) pace_.done(SIZE_MAX / 2);
      continue;
    }
    examine(root, {*next, ScanPart::Depth::directory}, {read_all_ ? FoundBy::rescan : FoundBy::start, nullptr});
    round_cursor_ = next;
    pace_.done();
    --left;
    if (clock_.elapsed() - begun > kWorkAtOnce) break;
  }
  if (round_root_ < roots_.size() || !pace_.is_over(clock_.elapsed())) return {};
  if (!read_all_) {
    read_all_ = true;
    emit_({"sensor.ready", "host:" + options_.host, state()});
  }
  auto notices = watcher_->check();
  if (!notices) return reopen_watcher(notices.error());
  take(*std::move(notices));
  begin_round();
  return {};
}

// --- the heartbeat

void Sensor::beat() {
  next_beat_ = clock_.elapsed() + options_.heartbeat;
  emit_({"sensor.heartbeat", "host:" + options_.host, state()});
}

Json Sensor::state() const {
  size_t entries = 0;
  for (const auto& root : roots_) entries += root->tree.size();
  const std::vector<BlindSpot> blind = watcher_->blind_spots();
  Json first = Json::array();
  for (size_t i = 0; i < std::min(blind.size(), kBlindSpotsTold); ++i) {
    Json spot = path_fields(blind[i].path, "");
    spot.erase("root");
    spot["why"] = blind[i].why;
    first.push_back(std::move(spot));
  }
  Json lost = Json::array();
  for (const auto& [path, reasons] : lost_) {
    if (reasons == std::set<std::string>{std::string(to_string(Doubt::Reason::watch_limit))}) continue;  // a blind spot
    lost.push_back({{"path", path_fields(path, "")["path"]}, {"reasons", reasons}});
  }
  return {{"host", options_.host},
          {"state", read_all_ ? "watching" : "reading"},
          {"watcher", watcher_->name()},
          {"entries", entries},
          {"differing", differing()},
          {"held_for_dpkg", held_.size()},
          {"rounds", rounds_},
          {"unread", faults_},
          {"untold", untold_},
          {"blind_spots", blind.size()},
          {"blind_spots_first", std::move(first)},
          {"lost", std::move(lost)}};
}

Sensor::Root* Sensor::root_of(const std::string& path) {
  const auto root =
      std::find_if(roots_.begin(), roots_.end(), [&](const auto& one) { return lies_in(path, one->options.path); });
  return root == roots_.end() ? nullptr : root->get();
}

}  // namespace kedge
