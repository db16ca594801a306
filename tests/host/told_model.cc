#include "tests/host/told_model.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/bytes.h"

namespace kedge {
namespace {

bool lies_below(const std::string& path, const std::string& directory) {
  if (directory.empty()) return !path.empty();
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

void erase_below(std::map<std::string, std::string>& all, const std::string& directory) {
  std::erase_if(all, [&](const auto& one) { return lies_below(one.first, directory); });
}

}  // namespace

ToldModel::ToldModel(const Scan& baseline, std::string root) : root_(std::move(root)) {
  for (const ScannedEntry& entry : baseline.entries) baseline_[entry.state.path] = state_of(entry.state);
}

std::string ToldModel::state_of(const FileState& state) {
  std::string text = fmt::format("{} {:04o} {}:{}", to_string(state.type), state.mode, state.uid, state.gid);
  if (!state.capabilities.empty()) text += " may " + to_hex(state.capabilities);
  if (state.sha256) text += " " + state.sha256->hex();
  if (state.type == FileType::link) text += " " + state.link_target;
  return text;
}

std::string ToldModel::state_of(const Json& told) {
  if (told.is_null()) return "";
  std::string text = fmt::format("{} {} {}:{}", told.at("type").get<std::string>(), told.at("mode").get<std::string>(),
                                 told.at("uid").get<uint32_t>(), told.at("gid").get<uint32_t>());
  if (told.contains("capabilities")) text += " may " + told["capabilities"].get<std::string>();
  if (told.contains("sha256") && told["sha256"].is_string()) text += " " + told["sha256"].get<std::string>();
  if (told.contains("link_target")) text += " " + told["link_target"].get<std::string>();
  return text;
}

// Of an event without a path, or of another type, nothing is known by it.
std::string ToldModel::take(const HostEvent& event) {
  if (event.type != "host.mutation" && event.type != "host.restored") return "";
  const std::string whole = event.data.at("path");
  const std::string path = whole == root_ ? "" : whole.substr(root_.size() + 1);
  Json all = event.data.at("after");
  for (const char* no_mutation : {"mtime", "inode"}) {
    if (all.is_object()) all.erase(no_mutation);
  }
  const bool is_known = whole_.contains(path) && whole_.at(path) == all.dump() && state_at(path) == state_of(all);
  const bool was_directory = is_directory(path);
  told_[path] = state_of(all);
  whole_[path] = all.dump();
  if (was_directory && !is_directory(path)) {  // with all that was in it
    erase_below(told_, path);
    erase_below(whole_, path);
  }
  return is_known ? "told twice: " + event.type + " " + event.data.dump() + "\n" : "";
}

bool ToldModel::is_directory(const std::string& path) const { return state_at(path).starts_with("dir "); }

std::string ToldModel::state_at(const std::string& path) const {
  for (size_t end = path.empty() ? std::string::npos : 0; end != std::string::npos; end = path.find('/', end + 1)) {
    const auto above = told_.find(path.substr(0, end));
    if (above != told_.end() && !above->second.starts_with("dir ")) return "";
  }
  if (const auto told = told_.find(path); told != told_.end()) return told->second;
  const auto start = baseline_.find(path);
  return start == baseline_.end() ? "" : start->second;
}

std::string ToldModel::differences(const Scan& now) const {
  std::map<std::string, std::string> disk;
  for (const ScannedEntry& entry : now.entries) disk[entry.state.path] = state_of(entry.state);
  std::set<std::string> paths;
  for (const std::map<std::string, std::string>* all : {&std::as_const(disk), &baseline_, &told_}) {
    for (const auto& [path, state] : *all) paths.insert(path);
  }
  std::string text;
  for (const std::string& path : paths) {
    const auto there = disk.find(path);
    const std::string is = there == disk.end() ? "" : there->second;
    const std::string told = state_at(path);
    if (is != told) {
      text += path + " is \"" + is + "\", and was told to be \"" + told + "\"\n";
    }
  }
  return text;
}

}  // namespace kedge
