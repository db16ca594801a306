#include "host/process_watch.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/files.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;

constexpr size_t kProcessesAtOnce = 64;  // before the caller does other work
constexpr Duration kWorkAtOnce = milliseconds(20);
constexpr size_t kProcessesTold = 5;
constexpr size_t kPathsTold = 20;
constexpr size_t kRoundsUntilGone = 3;  // who is started again and again is told once
constexpr size_t kPreloadBytesMax = 64U << 10U;
constexpr const char* kPrefix = "sign ";

std::string as_text(const std::string& bytes) { return is_utf8(bytes) ? bytes : visible(bytes); }

uint64_t own_mounts() {
  const auto self = read_process(getpid());
  return self ? self->mounts : 0;
}

std::optional<ImageFile> what_lies_at(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  return ImageFile{path, false, status.st_dev, status.st_ino};
}

size_t size_of(const ProcessSign& sign, pid_t process) {
  const std::string folder = "/proc/" + std::to_string(process) + "/";
  struct stat status {};
  const std::string path = sign.place.empty() ? folder + "exe" : folder + "map_files/" + sign.place;
  return stat(path.c_str(), &status) == 0 ? static_cast<size_t>(status.st_size) : 0;
}

}  // namespace

ProcessWatch::ProcessWatch(Options options, Clock& clock, Random& random, IsKnownContent is_known, Emit emit,
                           SensorMemory::Remember remember, const SensorMemory::Facts& earlier)
    : options_(std::move(options)),
      clock_(clock),
      random_(random),
      emit_(std::move(emit)),
      remember_(std::move(remember)),
      judge_(options_.system, options_.packages_wait > Duration{0}, is_known, options_.file_bytes_max),
      is_known_(std::move(is_known)),
      own_mounts_(own_mounts()),
      pace_({options_.every, options_.every}, random_.number()) {
  for (auto fact = earlier.lower_bound(kPrefix); fact != earlier.end() && fact->first.starts_with(kPrefix); ++fact) {
    if (fact->second.is_object()) known_.emplace(fact->first.substr(std::string_view(kPrefix).size()), fact->second);
  }
  begin_round();
}

void ProcessWatch::begin_round() {
  numbers_ = process_numbers();
  at_ = 0;
  seen_.clear();
  actors_.next_round();
  pace_.begin(clock_.elapsed(), numbers_.size(), random_.number());
}

void ProcessWatch::turn() {
  const Duration begun = clock_.elapsed();
  const size_t due = std::min(pace_.due(begun), kProcessesAtOnce);
  for (size_t i = 0; i < due && at_ < numbers_.size(); ++i) {
    look_at(numbers_[at_++]);
    pace_.done();
    if (clock_.elapsed() - begun > kWorkAtOnce) return;
  }
  if (at_ < numbers_.size() || !pace_.is_over(clock_.elapsed())) return;
  end_round();
  ++rounds_;
  begin_round();
}

// A little late, so that it is done together with what else wakes the caller: to wake up costs the most.
Duration ProcessWatch::next() const {
  const Duration due = pace_.next();
  return due <= clock_.elapsed() ? due : due + options_.every / 30;
}

void ProcessWatch::look_at(pid_t number) {
  auto process = read_process(number);
  if (!process || !process->image) return;
  ProcessSeen seen;
  seen.process = *std::move(process);
  seen.mapped = executable_mappings(number);
  seen.environment = environment_of(number, {std::begin(kPreloadVariables), std::end(kPreloadVariables)});
  const bool is_in_system = seen.process.mounts == own_mounts_;
  if (is_in_system && !seen.process.image->is_deleted) seen.in_its_place = what_lies_at(seen.process.image->path);
  for (ProcessSign& sign : signs_of(seen, options_.open_places)) note(std::move(sign), seen.process);
}

void ProcessWatch::note(ProcessSign sign, const Process& process) {
  const auto [found, is_new] = seen_.try_emplace(sign.key());
  Seen& seen = found->second;
  ++seen.count;
  if (seen.first.size() < kProcessesTold) seen.first.push_back(process);
  if (!is_new && process.started < seen.last.started) return;
  seen.last = process;
  seen.sign = std::move(sign);
}

// It concerns all processes, and is shown by none.
void ProcessWatch::look_at_preload_file() {
  ImageFile file;
  file.path = options_.system == "/" ? "/etc/ld.so.preload" : options_.system + "/etc/ld.so.preload";
  const auto text = read_file(file.path, kPreloadBytesMax);
  if (!text || text->find_first_not_of(" :\t\n") == std::string::npos || is_known_(sha256(*text))) return;
  std::string names = *text;
  std::replace(names.begin(), names.end(), '\n', ' ');
  while (names.ends_with(' ')) names.pop_back();
  ProcessSign sign{ProcessSignKind::preload_file, std::move(file), std::move(names), ""};
  std::string key = sign.key();
  seen_.emplace(std::move(key), Seen{std::move(sign), {}, 0, {}});
}

void ProcessWatch::end_round() {
  look_at_preload_file();
  judge(to_be_judged());
  tell_restarts();
  tell_gone();
}

// While dpkg is at work its records say less than what is there.
bool ProcessWatch::waits_for_dpkg() {
  if (!judge_.is_at_work()) {
    held_since_.reset();
    return false;
  }
  const Duration now = clock_.elapsed();
  if (!held_since_) held_since_ = now;
  return now - *held_since_ < options_.packages_wait;
}

// What is new, as far as it can be read in a round; the rest is new in the next one as well.
std::vector<ProcessWatch::AllSeen::const_iterator> ProcessWatch::to_be_judged() {
  const bool waits = waits_for_dpkg();
  std::vector<AllSeen::const_iterator> found;
  size_t bytes = 0;
  untold_ = 0;
  for (auto one = seen_.cbegin(); one != seen_.cend(); ++one) {
    if (known_.contains(one->first) || (waits && one->second.sign.is_deleted())) continue;
    if (known_.size() + found.size() >= options_.told_max) {
      ++untold_;
      continue;
    }
    const size_t size = std::min(size_of(one->second.sign, one->second.last.number), options_.file_bytes_max);
    if (!found.empty() && bytes + size > options_.bytes_max) continue;
    bytes += size;
    found.push_back(one);
  }
  return found;
}

void ProcessWatch::judge(const std::vector<AllSeen::const_iterator>& found) {
  if (found.empty()) return;
  std::vector<ProcessJudge::Case> cases;
  for (const auto& one : found) {
    const Process& last = one->second.last;
    const auto now = read_process(last.number);
    const bool is_there = now && now->started == last.started;  // the number may be another's by now
    cases.push_back({one->second.sign, last.number, started_at(last), is_there, last.mounts == own_mounts_});
  }
  const auto verdicts = judge_.judge(cases);
  for (size_t i = 0; i < found.size(); ++i) {
    const auto& [key, seen] = *found[i];
    const Meaning meaning = meaning_of(seen.sign, verdicts[i].origin, options_.policy);
    if (verdicts[i].is_upgraded) {
      const std::string of = verdicts[i].package.empty() ? seen.sign.file.path : verdicts[i].package;
      restarts_[of].push_back(key);
    } else if (meaning.quiet) {
      known_[key] = {{"quiet", true}};
    } else {
      tell(key, seen, verdicts[i], meaning);
    }
  }
}

Json ProcessWatch::processes_json(const Seen& seen) {
  Json all = Json::array();
  for (const Process& process : seen.first) {
    Json one = actor_json(*actors_.of(process.number));
    one["started"] = format_time(started_at(process));
    all.push_back(std::move(one));
  }
  return all;
}

void ProcessWatch::tell(const std::string& key, const Seen& seen, const ProcessJudge::Verdict& verdict,
                        const Meaning& meaning) {
  const ProcessSign& sign = seen.sign;
  Json what = {{"host", options_.host}, {"kind", to_string(sign.kind)}, {"path", as_text(sign.file.path)}};
  set_meaning(what, meaning);
  if (!sign.value.empty()) what["value"] = as_text(sign.value);
  Json data = what;
  if (verdict.sha256) data["sha256"] = verdict.sha256->hex();
  data["content_known"] = verdict.origin == SignOrigin::known;
  data["package"] = verdict.package.empty() ? Json() : Json(verdict.package);
  data["processes"] = seen.count;
  data["processes_first"] = processes_json(seen);
  data["found_by"] = to_string(found_by());
  emit_({"host.process", "host:" + options_.host, std::move(data)});
  learn(key, std::move(what));
}

// An upgrade leaves many files behind, in many processes: they are told together.
void ProcessWatch::tell_restarts() {
  for (const auto& [package, keys] : std::exchange(restarts_, {})) {
    const std::string of = as_text(package);
    const bool is_known = std::any_of(known_.begin(), known_.end(),
                                      [&](const auto& one) { return one.second.value("restart", "") == of; });
    Json paths = Json::array();
    std::map<pid_t, Process> processes;
    for (const std::string& key : keys) {
      const Seen& seen = seen_.at(key);
      if (paths.size() < kPathsTold) paths.push_back(as_text(seen.sign.file.path));
      for (const Process& process : seen.first) processes.emplace(process.number, process);
    }
    Seen together;
    for (const auto& [number, process] : processes) {
      if (together.first.size() < kProcessesTold) together.first.push_back(process);
    }
    if (!is_known) {
      Json data = {{"host", options_.host}, {"of", of}, {"paths", keys.size()}, {"found_by", to_string(found_by())}};
      set_meaning(data, {MutationCategory::process, MutationSeverity::low, {}, false});
      data["paths_first"] = std::move(paths);
      data["processes_first"] = processes_json(together);
      emit_({"host.needs_restart", "host:" + options_.host, std::move(data)});
    }
    for (const std::string& key : keys) learn(key, {{"restart", of}});
  }
}

// What nobody has shown for some rounds.
void ProcessWatch::tell_gone() {
  for (auto one = known_.begin(); one != known_.end();) {
    const auto& [key, what] = *one;
    if (seen_.contains(key)) {
      absent_.erase(key);
      ++one;
      continue;
    }
    if (++absent_[key] < kRoundsUntilGone) {
      ++one;
      continue;
    }
    absent_.erase(key);
    const std::string gone = key;
    Json data = what;
    one = known_.erase(one);
    const std::string of = data.value("restart", "");
    const bool is_last = std::none_of(known_.begin(), known_.end(),
                                      [&](const auto& other) { return other.second.value("restart", "") == of; });
    if (!of.empty()) data = {{"host", options_.host}, {"kind", "needs_restart"}, {"of", of}, {"category", "process"}};
    if (!data.contains("quiet") && (of.empty() || is_last)) {
      data["severity"] = to_string(MutationSeverity::informational);
      data["found_by"] = to_string(found_by());
      emit_({"host.restored", "host:" + options_.host, std::move(data)});
    }
    forget(gone);
  }
}

void ProcessWatch::learn(const std::string& key, Json value) {
  known_[key] = value;
  remember_({kPrefix + key, std::move(value)});
}

void ProcessWatch::forget(const std::string& key) { remember_({kPrefix + key, std::nullopt}); }

// By the wall clock of now.
Time ProcessWatch::started_at(const Process& process) const {
  const auto ticks = static_cast<uint64_t>(std::max<long>(sysconf(_SC_CLK_TCK), 1));
  const auto after_boot = Duration(static_cast<int64_t>(process.started * 1'000'000 / ticks));
  return clock_.now() - (clock_.elapsed() - after_boot);
}

Json ProcessWatch::state() const {
  const auto restarts =
      std::count_if(known_.begin(), known_.end(), [](const auto& one) { return one.second.contains("restart"); });
  return {{"running", numbers_.size()},
          {"rounds", rounds_},
          {"differing", known_.size() - static_cast<size_t>(restarts)},
          {"need_restart", restarts},
          {"untold", untold_}};
}

}  // namespace kedge
