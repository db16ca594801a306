#include "tests/audit/lossy_log_disk.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace kedge {
namespace {

Error not_there(const std::string& path) { return {ErrorCode::not_found, "there is no " + path}; }

Error input_output_error() { return {ErrorCode::unavailable, "input/output error"}; }

}  // namespace

class LossyLogDisk::Opened final : public LogDisk {
 public:
  explicit Opened(LossyLogDisk& disk) : disk_(disk) {}

  Result<std::string> read(const std::string& path, size_t) override {
    if (disk_.read_fails(disk_.reads_++)) return input_output_error();
    const auto found = disk_.names_.find(path);
    if (found == disk_.names_.end() || !found->second) return not_there(path);
    return found->second->bytes;
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    if (disk_.read_fails(disk_.reads_++)) return input_output_error();
    if (!disk_.names_.contains(directory)) return not_there(directory);
    return disk_.names_in(directory);
  }

  Result<void> make_directory(const std::string& path) override {
    return disk_.change([&]() -> Result<void> {
      if (!disk_.names_.contains(path)) disk_.step({"", path, nullptr});
      return {};
    });
  }

  Result<void> write(const std::string& path, std::string_view bytes) override {
    return disk_.change([&] { return put(path, bytes); });
  }

  void write_early(const std::string& path, std::shared_ptr<const std::string> bytes) override {
    auto done = write(path, *bytes);
    if (!done) early_ = done;
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    return disk_.change([&]() -> Result<void> {
      if (!disk_.names_.contains(from)) return not_there(from);
      if (!disk_.names_.contains(folder_of(to))) return not_there(folder_of(to));
      disk_.step({from, to, disk_.names_[from]});
      return {};
    });
  }

  Result<void> remove(const std::string& path) override {
    return disk_.change([&]() -> Result<void> {
      if (!disk_.names_.contains(path)) return not_there(path);
      if (!disk_.names_[path] && !disk_.names_in(path).empty())
        return Error{ErrorCode::unavailable, path + " is not empty"};
      disk_.step({path, "", nullptr});
      return {};
    });
  }

  void remove_folder_early(const std::string& path) override {
    const auto names = list(path);
    if (!names) return;
    for (const std::string& name : *names) {
      if (!remove(path + "/" + name)) return;
    }
    std::ignore = remove(path);
  }

  // Between its two calls the bytes are there, and nobody knows which of them are safe.
  Result<void> overwrite(const std::string& path, uint64_t at, std::string_view bytes) override {
    ++disk_.syncs_;
    auto done = disk_.change([&] { return put_over(path, at, bytes); });
    if (!done) return done;
    const auto file = disk_.names_[path];
    done = disk_.change([&]() -> Result<void> {
      if (!file->given_up) file->synced = file->bytes;
      return {};
    });
    if (!done) file->given_up = true;
    return done;
  }

  Result<void> sync_directory(const std::string& path) override {
    ++disk_.syncs_;
    return disk_.change([&]() -> Result<void> {
      const auto is_its = [&](const Step& step) {
        return (!step.from.empty() && folder_of(step.from) == path) || (!step.to.empty() && folder_of(step.to) == path);
      };
      for (const Step& step : disk_.steps_) {
        if (is_its(step)) apply(step, disk_.safe_);
      }
      std::erase_if(disk_.steps_, is_its);
      return {};
    });
  }

  Result<void> sync_all() override {
    if (auto early = std::exchange(early_, {}); !early) return early;
    ++disk_.syncs_;
    auto done = disk_.change([&]() -> Result<void> {
      for (const auto& [path, file] : disk_.names_) {
        if (file && !file->given_up) file->synced = file->bytes;
      }
      disk_.safe_ = disk_.names_;
      disk_.steps_.clear();
      return {};
    });
    if (!done) disk_.give_up_what_is_not_synced();
    return done;
  }

 private:
  Result<void> put(const std::string& path, std::string_view bytes) {
    if (!disk_.names_.contains(folder_of(path))) return not_there(folder_of(path));
    if (!disk_.names_.contains(path)) disk_.step({"", path, std::make_shared<File>()});
    disk_.names_[path]->bytes = bytes;
    disk_.names_[path]->given_up = false;
    return {};
  }

  Result<void> put_over(const std::string& path, uint64_t at, std::string_view bytes) {
    const auto found = disk_.names_.find(path);
    if (found == disk_.names_.end() || !found->second) return not_there(path);
    File& file = *found->second;
    if (file.synced != file.bytes && !file.given_up) return Error{ErrorCode::invalid, path + " is not durable"};
    if (at + bytes.size() > file.bytes.size()) return Error{ErrorCode::invalid, path + " is not as long"};
    file.bytes.replace(at, bytes.size(), bytes);
    file.given_up = false;
    return {};
  }

  LossyLogDisk& disk_;
  Result<void> early_;  // whether all that was written early since the last sync was
};

std::unique_ptr<LogDisk> LossyLogDisk::open() { return std::make_unique<Opened>(*this); }

Result<void> LossyLogDisk::change(const std::function<Result<void>()>& act) {
  const Fate what = fate(calls_++);
  if (what == Fate::dies_before) throw MachineDied{};
  if (what == Fate::has_no_room) return Error{ErrorCode::no_room, "no space left"};
  if (what == Fate::fails) return input_output_error();
  auto done = act();
  if (what == Fate::dies_after) throw MachineDied{};
  return done;
}

void LossyLogDisk::step(const Step& step) {
  apply(step, names_);
  steps_.push_back(step);
}

void LossyLogDisk::give_up_what_is_not_synced() {
  for (const auto& [path, file] : names_) {
    if (file && file->synced != file->bytes) file->given_up = true;
  }
}

void LossyLogDisk::apply(const Step& step, Names& names) {
  if (!step.from.empty()) names.erase(step.from);
  if (!step.to.empty()) names[step.to] = step.file;
}

// A file system keeps the order of the names, more or less: some of the last steps are lost, and now and then one
// before.
void LossyLogDisk::lose_what_is_not_synced() {
  const uint64_t kept = dice_.below(steps_.size() + 1);
  for (uint64_t i = 0; i < kept; ++i) {
    if (dice_.below(8) != 0) apply(steps_[i], safe_);
  }
  steps_.clear();
  std::set<File*> seen;
  for (const auto& [path, file] : safe_) {
    if (!file || file->synced == file->bytes || !seen.insert(file.get()).second) continue;
    const uint64_t much = dice_.below(3);  // nothing of what was not synced, some of it, or all
    if (much == 0) file->bytes = file->synced.value_or("");
    if (much == 1) keep_some(*file);
    file->synced = file->bytes;
    file->given_up = false;
  }
  names_ = safe_;
}

// The first bytes of what was written; where that was over others, the first of those that differ, or the last.
void LossyLogDisk::keep_some(File& file) {
  if (!file.synced || file.synced->size() != file.bytes.size()) {
    return file.bytes.resize(dice_.below(file.bytes.size() + 1));
  }
  const std::string& before = *file.synced;
  const auto differ = [&](size_t at) { return before[at] != file.bytes[at]; };
  size_t begin = 0, end = before.size();
  while (!differ(begin)) ++begin;
  while (!differ(end - 1)) --end;
  const size_t cut = begin + dice_.below(end - begin + 1);
  file.bytes = dice_.below(2) == 0 ? file.bytes.substr(0, cut) + before.substr(cut)
                                   : before.substr(0, cut) + file.bytes.substr(cut);
}

std::vector<std::string> LossyLogDisk::names_in(const std::string& directory) const {
  std::vector<std::string> names;
  for (const auto& [path, file] : names_) {
    if (folder_of(path) == directory) names.push_back(path.substr(directory.size() + 1));
  }
  return names;
}

std::map<std::string, std::string> LossyLogDisk::files() const {
  std::map<std::string, std::string> files;
  for (const auto& [path, file] : names_) {
    if (file) files[path] = file->bytes;
  }
  return files;
}

}  // namespace kedge
