#include "host/host_root.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/files.h"
#include "host/overlay_root.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;
using Phase = NextRoot::Phase;

constexpr size_t kShownMax = 5;  // differences in an error
constexpr size_t kStateBytesMax = 1U << 20U;
constexpr Duration kHealthCommandMax = std::chrono::seconds(5);

Error refused(std::string message) { return {ErrorCode::refused, std::move(message)}; }

// Something was done, and not all of it: whoever comes next finishes it.
Error unfinished(const Error& error) {
  return {ErrorCode::internal, error.message + "; what was begun is finished by the next call"};
}

std::string shown(const std::vector<Difference>& drift) {
  std::string text;
  for (size_t i = 0; i < std::min(drift.size(), kShownMax); ++i) text += (i == 0 ? "" : "; ") + to_text(drift[i]);
  if (drift.size() > kShownMax) text += fmt::format("; and {} more", drift.size() - kShownMax);
  return text;
}

std::vector<FileState> states_of(const Scan& scan) {
  std::vector<FileState> states;
  for (const ScannedEntry& entry : scan.entries) states.push_back(entry.state);
  return states;
}

const FileState* entry_at(const std::vector<FileState>& entries, const std::string& path) {
  const auto found =
      std::lower_bound(entries.begin(), entries.end(), path,
                       [](const FileState& state, const std::string& at) { return path_before(state.path, at); });
  return found != entries.end() && found->path == path ? &*found : nullptr;
}

bool exists(const std::string& path) {
  struct stat found {};
  return lstat(path.c_str(), &found) == 0;
}

}  // namespace

Result<std::unique_ptr<HostRoot>> HostRoot::open(HostRootOptions options, Clock& clock) {
  const auto invalid = [&](const std::string& what) {
    return Error{ErrorCode::invalid, "the root of host " + options.host + ": " + what};
  };
  for (const std::string* path : {&options.directory, &options.image, &options.identity}) {
    if (path->empty() && path == &options.identity) continue;
    if (auto good = check_layer(*path); !good) return invalid(good.error().message);
  }
  if (options.keys.empty()) return invalid("it needs a key that its manifest is signed with");
  if (options.start.empty()) return invalid("it needs a command that starts it");
  if (options.health.empty()) return invalid("it needs a command that tells whether it is healthy");
  return std::unique_ptr<HostRoot>(new HostRoot(std::move(options), clock));
}

Result<std::unique_ptr<LockFile>> HostRoot::lock() const {
  std::error_code failed;
  fs::create_directories(options_.directory + "/generations", failed);
  if (failed) return Error{ErrorCode::unavailable, "cannot make " + options_.directory + ": " + failed.message()};
  if (chmod(options_.directory.c_str(), 0700) != 0) return io_error("cannot set the mode of", options_.directory);
  return LockFile::take(options_.directory + "/lock", "it is at work on this host");
}

std::string HostRoot::place(uint64_t generation) const {
  return options_.directory + "/generations/" + std::to_string(generation);
}

Result<HostRootState> HostRoot::state() const {
  const auto text = read_file(state_path(), kStateBytesMax);
  if (!text && text.error().code == ErrorCode::not_found) return HostRootState();
  if (!text) return text.error();
  auto state = parse_host_root_state(*text);
  if (!state) return state.error().with(state_path());
  return state;
}

Result<void> HostRoot::save(const HostRootState& state) {
  step("save");
  return write_file_atomically(state_path(), to_text(state), 0600);
}

Result<std::string> HostRoot::root() const {
  const auto found = state();
  if (!found) return found.error();
  if (!found->current) return Error{ErrorCode::not_found, "host " + options_.host + " was never started here"};
  return place(found->current->number) + "/root";
}

Result<HostRoot::Golden> HostRoot::golden() const {
  const auto text = read_file(options_.manifest, kManifestBytesMax);
  if (!text) return text.error();
  auto read = parse_manifest(*text, options_.manifest);
  if (!read) return read.error();
  const auto signed_by = signers(*read, options_.keys);
  if (!signed_by) return refused(options_.manifest + ": " + signed_by.error().message);
  return Golden{std::move(read->manifest), read->digest};
}

Result<void> HostRoot::mount(uint64_t generation) {
  std::string image = options_.image;
  if (!fs::is_directory(image)) {
    image = options_.directory + "/image";
    step("mount the image");
    if (auto done = mount_image(options_.image, image); !done) return done;
  }
  std::vector<std::string> layers;
  if (!options_.identity.empty()) layers.push_back(options_.identity);
  layers.push_back(image);
  step("mount the root");
  return mount_overlay(place(generation), layers);
}

// What its host has not changed is read from the manifest: it comes from the image, which was held against it.
Result<Scan> HostRoot::scan_over_image(uint64_t generation, const Golden& golden) const {
  const std::string upper = place(generation) + "/upper/";
  ScanOptions options;
  options.excludes = golden.manifest.excludes;
  options.all_file_systems = golden.manifest.all_file_systems;
  options.known = [&](const std::string& path, const FileIdentity&, uint64_t size, FileTime) -> const FileState* {
    const FileState* const entry = entry_at(golden.manifest.entries, path);
    return entry != nullptr && entry->size == size && !exists(upper + path) ? entry : nullptr;
  };
  return scan_tree(place(generation) + "/root", options);
}

Result<HostRoot::Sight> HostRoot::look() const {
  const auto found = state();
  if (!found) return found.error();
  const auto good = golden();
  if (!good) return good.error();
  Sight sight;
  sight.manifest = good->digest;
  sight.former = found->former;
  sight.is_unfinished = found->next.has_value();
  if (!found->current) return sight;
  sight.generation = found->current->number;
  sight.made = found->current->made;
  sight.is_running = is_running(found->current->process, clock_);
  if (!is_mounted_at(place(sight.generation) + "/root")) return sight;
  auto scan = scan_over_image(sight.generation, *good);
  if (!scan) return scan.error();
  sight.faults = std::move(scan->faults);
  sight.drift = differences(good->manifest.entries, states_of(*scan));
  return sight;
}

Result<void> HostRoot::start() {
  const auto locked = lock();
  if (!locked) return locked.error();
  auto found = state();
  if (!found) return found.error();
  Replaced done;
  if (auto settled = settle(*found, done); !settled) return settled;
  if (found->current) {
    for (const FormerRoot& former : found->former) {
      if (auto kept = mount_read_only(place(former.generation.number) + "/upper"); !kept) return kept;
    }
    sweep(*found, done);
    return is_running(found->current->process, clock_) ? Result<void>() : run_current(*found);
  }
  const auto good = golden();
  if (!good) return good.error();
  if (auto prepared = prepare(*found, *good, {}); !prepared) return prepared;
  return carry_on(*found, done);
}

Result<HostRoot::Replaced> HostRoot::replace(const std::string& cause, std::optional<Duration> deadline) {
  const auto locked = lock();
  if (!locked) return locked.error();
  auto found = state();
  if (!found) return found.error();
  Replaced done;
  if (auto settled = settle(*found, done); !settled) return settled.error();
  // What was cut off is done now.
  if (done.generation != 0 && found->current->cause == cause) return done;
  const auto good = golden();
  if (!good) return good.error();
  found->next.emplace().generation.cause = cause;
  if (auto prepared = prepare(*found, *good, deadline); !prepared) return prepared.error();
  if (auto carried = carry_on(*found, done); !carried) return carried.error();
  return done;
}

Result<HostRoot::Replaced> HostRoot::go_back_to(uint64_t generation, const Digest& drift, const std::string& cause) {
  const auto locked = lock();
  if (!locked) return locked.error();
  auto found = state();
  if (!found) return found.error();
  Replaced done;
  if (auto settled = settle(*found, done); !settled) return settled.error();
  if (found->current && found->current->number == generation) {
    done.generation = generation;
    return done;
  }
  const auto former = std::find_if(found->former.begin(), found->former.end(),
                                   [&](const FormerRoot& one) { return one.generation.number == generation; });
  if (former == found->former.end()) return refused(fmt::format("generation {} is not kept any more", generation));
  const std::string upper = place(generation) + "/upper";
  const auto scan = scan_tree(upper, {});
  if (!scan) return scan.error();
  if (former->drift != drift || sha256(to_text(Manifest{{}, false, {}, states_of(*scan)})) != drift) {
    return refused(fmt::format("generation {} is not what was kept of it", generation));
  }
  NextRoot next;
  next.generation = former->generation;
  next.generation.cause = cause;
  next.generation.process = {};
  next.was = *former;
  found->former.erase(former);
  found->next = std::move(next);
  if (auto saved = save(*found); !saved) return saved.error();
  found->next->phase = Phase::switching;
  if (auto saved = save(*found); !saved) return saved.error();
  if (auto carried = carry_on(*found, done); !carried) return carried.error();
  return done;
}

// What another one had begun. With `done` where that is now done.
Result<void> HostRoot::settle(HostRootState& state, Replaced& done) {
  if (!state.next) return {};
  switch (state.next->phase) {
    case Phase::preparing:
      return forget_next(state);
    case Phase::switching:
    case Phase::proving:
      return carry_on(state, done);
    case Phase::giving_up: {
      const std::string why = state.next->why;
      // Whoever asked for it has had no answer, and asks again: what is left is to put the current one back.
      auto given_up = give_up(state, why);
      return given_up.error().message == why ? Result<void>() : given_up;
    }
  }
  return {};
}

// A root beside the one that runs, which is what the manifest says.
Result<void> HostRoot::prepare(HostRootState& state, const Golden& golden, std::optional<Duration> deadline) {
  if (!state.next) state.next.emplace();
  RootGeneration& generation = state.next->generation;
  generation.number = ++state.last_number;
  generation.made = clock_.now();
  if (auto saved = save(state); !saved) return saved;
  auto prepared = mount(generation.number);
  if (prepared) prepared = check_against(golden, generation.number);
  if (prepared && deadline && clock_.elapsed() >= *deadline) {
    prepared = Error{ErrorCode::unavailable, "the new root was not ready in time; the host was not touched"};
  }
  if (!prepared) {
    const Error why = prepared.error();
    if (auto forgotten = forget_next(state); !forgotten) return forgotten;
    return why;
  }
  state.next->phase = Phase::switching;
  return save(state);
}

// Whole, with all that the image holds.
Result<void> HostRoot::check_against(const Golden& golden, uint64_t generation) const {
  ScanOptions options;
  options.excludes = golden.manifest.excludes;
  options.all_file_systems = golden.manifest.all_file_systems;
  auto scan = scan_tree(place(generation) + "/root", options);
  if (!scan) return scan.error();
  if (!scan->faults.empty()) {
    const ScanFault& fault = scan->faults.front();
    return refused(options_.image + ": " + shown_path(fault.path) + ": " + fault.reason);
  }
  const auto drift = differences(golden.manifest.entries, states_of(*scan));
  if (!drift.empty()) {
    return refused(fmt::format("{} is not what {} says: {}", options_.image, options_.manifest, shown(drift)));
  }
  return {};
}

// From the decision to switch to its end, wherever an earlier one was cut off.
Result<void> HostRoot::carry_on(HostRootState& state, Replaced& done) {
  const auto old_ended = start_next(state);
  if (!old_ended) return give_up(state, old_ended.error().message);
  step("ask for its health");
  if (auto healthy = wait_until_healthy(state.next->generation); !healthy) {
    return give_up(state, healthy.error().message);
  }
  done.away = clock_.elapsed() - *old_ended;
  if (!state.next->was) {
    step("hold it against the manifest");
    if (auto good = check_running(state.next->generation.number); !good) return give_up(state, good.error().message);
  }
  if (auto kept = keep_former(state, done); !kept) return unfinished(kept.error());
  return {};
}

// When the old one was ended. Behind its gate the new one has all that it needs while the old one runs still: the
// service is away only from the old one's end until the new one is its program, and has come up.
Result<Duration> HostRoot::start_next(HostRootState& state) {
  RootGeneration& next = state.next->generation;
  if (state.next->phase == Phase::proving && is_running(next.process, clock_)) return clock_.elapsed();
  state.next->phase = Phase::switching;
  step("end a new one that was cut off");
  if (auto done = end_process(next.process, clock_, options_.end_timeout); !done) return done.error();
  if (state.next->was) {
    step("make a former one writable");
    if (auto done = unmount_at(place(next.number) + "/upper"); !done) return done.error();
  }
  if (auto done = mount(next.number); !done) return done.error();
  step("start behind the gate");
  auto first =
      GatedProcess::start({place(next.number) + "/root", options_.host, options_.network, options_.start}, clock_);
  if (!first) return first.error();
  next.process = first->process();
  if (auto saved = save(state); !saved) return saved.error();
  step("end the old one");
  const Duration old_ended = clock_.elapsed();
  if (state.current) {
    if (auto ended = end_process(state.current->process, clock_, options_.end_timeout); !ended) return ended.error();
  }
  step("let the new one go");
  if (auto gone = first->let_go(); !gone) return gone.error();
  state.next->phase = Phase::proving;
  if (auto saved = save(state); !saved) return saved.error();
  return old_ended;
}

Result<void> HostRoot::check_running(uint64_t generation) const {
  const auto good = golden();
  if (!good) return good.error();
  const auto scan = scan_over_image(generation, *good);
  if (!scan) return scan.error();
  const auto drift = differences(good->manifest.entries, states_of(*scan));
  if (drift.empty()) return {};
  return refused("once it runs it is not what its manifest says any more: " + shown(drift));
}

Result<void> HostRoot::wait_until_healthy(const RootGeneration& generation) {
  const Duration deadline = clock_.elapsed() + options_.health_deadline;
  std::optional<Error> why;
  for (;;) {
    const Duration left = std::max(deadline - clock_.elapsed(), options_.health_interval);
    const auto healthy = run_within(generation.process, options_.health, clock_, std::min(left, kHealthCommandMax));
    if (healthy) return healthy;
    // What it says counts for more than that the last one was cut off by the deadline.
    if (!why || healthy.error().code != ErrorCode::timeout) why = healthy.error();
    if (deadline - clock_.elapsed() <= options_.health_interval) {
      return refused("it is not healthy after " + format_duration(options_.health_deadline) + ": " + why->message);
    }
    if (!still_runs_after(generation.process, clock_, options_.health_interval)) {
      return refused("its first process has ended: " + why->message);
    }
  }
}

// In one step, so that whoever follows it finds the one or the other.
Result<void> HostRoot::lead_to(uint64_t generation) {
  step("lead to it");
  const std::string link = options_.directory + "/root";
  const std::string beside = link + ".new";
  std::error_code failed;
  fs::remove(beside, failed);
  fs::create_symlink("generations/" + std::to_string(generation) + "/root", beside, failed);
  if (!failed) fs::rename(beside, link, failed);
  if (failed) return Error{ErrorCode::unavailable, "cannot make " + link + ": " + failed.message()};
  return {};
}

// The next one is the host's. What the old one had changed is measured and kept: nothing of it runs any more.
Result<void> HostRoot::keep_former(HostRootState& state, Replaced& done) {
  if (auto led = lead_to(state.next->generation.number); !led) return led;
  if (state.current) {
    const uint64_t old = state.current->number;
    const auto good = golden();
    if (!good) return good.error();
    if (auto writable = unmount_at(place(old) + "/upper"); !writable)
      return writable;  // an earlier one was cut off here
    if (auto mounted = mount(old); !mounted) return mounted;
    step("measure the old one");
    const auto scan = scan_over_image(old, *good);
    if (!scan) return scan.error();
    const auto upper = scan_tree(place(old) + "/upper", {});
    if (!upper) return upper.error();
    const auto drift = differences(good->manifest.entries, states_of(*scan));
    const std::string manifest = to_text(Manifest{{}, false, {}, states_of(*upper)});
    std::string lines;
    for (const Difference& difference : drift) lines += to_text(difference) + "\n";
    step("write down what it had changed");
    if (auto done_so = write_file_atomically(place(old) + "/drift.manifest", manifest, 0600); !done_so) return done_so;
    if (auto done_so = write_file_atomically(place(old) + "/drift.txt", lines, 0600); !done_so) return done_so;
    step("unmount the old one");
    if (auto unmounted = unmount_at(place(old) + "/root"); !unmounted) return unmounted;
    step("make the old one read-only");
    if (auto kept = mount_read_only(place(old) + "/upper"); !kept) return kept;
    done.former =
        FormerRoot{*state.current, sha256(manifest), drift.size(), state.next->generation.cause, clock_.now()};
    state.former.push_back(*done.former);
  }
  state.current = std::move(state.next->generation);
  state.next.reset();
  if (auto saved = save(state); !saved) return saved;
  done.generation = state.current->number;
  sweep(state, done);
  return {};
}

// Always an error: why. The current one runs again.
Result<void> HostRoot::give_up(HostRootState& state, const std::string& why) {
  state.next->phase = Phase::giving_up;
  state.next->why = why;
  if (auto saved = save(state); !saved) return unfinished(saved.error());
  step("end the new one");
  if (auto ended = end_process(state.next->generation.process, clock_, options_.end_timeout); !ended) {
    return unfinished(ended.error());
  }
  if (state.current && !is_running(state.current->process, clock_)) {
    if (auto running = run_current(state); !running) {
      return unfinished(running.error().with(why + "; and the old one could not be started again"));
    }
  }
  if (auto forgotten = forget_next(state); !forgotten) return unfinished(forgotten.error());
  return refused(why);
}

Result<void> HostRoot::run_current(HostRootState& state) {
  if (auto mounted = mount(state.current->number); !mounted) return mounted;
  if (auto led = lead_to(state.current->number); !led) return led;
  step("start the old one behind the gate");
  auto first = GatedProcess::start(
      {place(state.current->number) + "/root", options_.host, options_.network, options_.start}, clock_);
  if (!first) return first.error();
  state.current->process = first->process();
  if (auto saved = save(state); !saved) return saved;
  step("let the old one go");
  return first->let_go();
}

// A former one that was to be gone back to is a former one again.
Result<void> HostRoot::forget_next(HostRootState& state) {
  const NextRoot next = *state.next;
  const uint64_t number = next.generation.number;
  step("unmount the new one");
  if (auto done = unmount_at(place(number) + "/root"); !done) return done;
  if (next.was) {
    if (auto kept = mount_read_only(place(number) + "/upper"); !kept) return kept;
    state.former.push_back(*next.was);
    std::sort(state.former.begin(), state.former.end(),
              [](const auto& a, const auto& b) { return a.generation.number < b.generation.number; });
  }
  state.next.reset();
  if (auto saved = save(state); !saved) return saved;
  Replaced ignored;  // what cannot be removed now is tried again with the next one
  sweep(state, ignored);
  return {};
}

Result<void> HostRoot::remove_generation(uint64_t generation) const {
  for (const char* below : {"/root", "/upper"}) {
    if (auto done = unmount_at(place(generation) + below); !done) return done;
  }
  std::error_code failed;
  fs::remove_all(place(generation), failed);
  if (failed) return Error{ErrorCode::unavailable, "cannot remove " + place(generation) + ": " + failed.message()};
  return {};
}

// What nobody needs any more: former ones beyond their number, and what was cut off before it was in the state.
void HostRoot::sweep(HostRootState& state, Replaced& done) {
  if (state.former.size() > options_.former_max) {
    state.former.erase(state.former.begin(), state.former.end() - static_cast<std::ptrdiff_t>(options_.former_max));
    if (auto saved = save(state); !saved) return done.notes.push_back(saved.error().message);
  }
  std::set<std::string> needed;
  if (state.current) needed.insert(std::to_string(state.current->number));
  for (const FormerRoot& former : state.former) needed.insert(std::to_string(former.generation.number));
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(options_.directory + "/generations", ignored)) {
    const std::string name = entry.path().filename().string();
    if (needed.contains(name) || name.find_first_not_of("0123456789") != std::string::npos) continue;
    step("remove what nobody needs");
    if (auto removed = remove_generation(std::stoull(name)); !removed) done.notes.push_back(removed.error().message);
  }
}

}  // namespace kedge
