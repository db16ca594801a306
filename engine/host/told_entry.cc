#include "host/told_entry.h"

#include "base/bytes.h"

namespace kedge {
namespace {

constexpr const char* kTree = "tree ";
constexpr const char* kMount = "mount ";
constexpr std::string_view kDoubt = "doubt ";

std::string prefix_of(const char* kind, const std::string& root) { return kind + visible(root) + " "; }

}  // namespace

Json to_json(const ScannedEntry& entry) {
  const FileState& state = entry.state;
  const FileIdentity& identity = entry.identity;
  Json json = {{"type", to_string(state.type)},
               {"uid", state.uid},
               {"gid", state.gid},
               {"mode", state.mode},
               {"links", state.links},
               {"size", state.size},
               {"mtime", {state.mtime.seconds, state.mtime.nanoseconds}},
               {"identity", {identity.device, identity.inode, identity.ctime.seconds, identity.ctime.nanoseconds}}};
  if (state.sha256) json["sha256"] = state.sha256->hex();
  if (!state.capabilities.empty()) json["capabilities"] = to_hex(state.capabilities);
  if (!state.link_target.empty()) json["link"] = visible(state.link_target);
  if (state.device_major != 0 || state.device_minor != 0) json["device"] = {state.device_major, state.device_minor};
  if (state.unread) json["unread"] = true;
  return json;
}

Result<ScannedEntry> scanned_entry(const Json& json, std::string path) {
  const auto wrong = [](const std::string& why) { return Error{ErrorCode::corrupt, "not an entry: " + why}; };
  ScannedEntry entry;
  FileState& state = entry.state;
  state.path = std::move(path);
  try {
    const auto type = file_type(json.at("type").get<std::string>());
    if (!type) return wrong("its type");
    state.type = *type;
    json.at("uid").get_to(state.uid);
    json.at("gid").get_to(state.gid);
    json.at("mode").get_to(state.mode);
    json.at("links").get_to(state.links);
    json.at("size").get_to(state.size);
    state.mtime = {json.at("mtime").at(0).get<int64_t>(), json.at("mtime").at(1).get<uint32_t>()};
    const Json& identity = json.at("identity");
    entry.identity = {identity.at(0).get<uint64_t>(),
                      identity.at(1).get<uint64_t>(),
                      {identity.at(2).get<int64_t>(), identity.at(3).get<uint32_t>()}};
    if (json.contains("sha256")) {
      const auto bytes = from_hex(json.at("sha256").get<std::string>());
      if (!bytes || bytes->size() != sizeof(Digest::bytes)) return wrong("its digest");
      std::copy(bytes->begin(), bytes->end(), state.sha256.emplace().bytes.begin());
    }
    const auto capabilities = from_hex(json.value("capabilities", ""));
    const auto link = from_visible(json.value("link", ""));
    if (!capabilities || !link) return wrong("its bytes");
    state.capabilities = *capabilities;
    state.link_target = *link;
    if (json.contains("device")) {
      state.device_major = json.at("device").at(0).get<uint32_t>();
      state.device_minor = json.at("device").at(1).get<uint32_t>();
    }
    state.unread = json.value("unread", false);
  } catch (const Json::exception& cause) {
    return wrong(cause.what());
  }
  return entry;
}

std::vector<SensorMemory::Fact> facts_of(const std::string& root, const Mutation& mutation) {
  const bool is_mount = mutation.kinds.front() == MutationKind::mounted;
  const std::string key = prefix_of(is_mount ? kMount : kTree, root) + visible(mutation.path);
  if (is_mount) return {{key, mutation.restored ? std::nullopt : std::optional<Json>(true), false}};
  std::vector<SensorMemory::Fact> facts;
  const bool was_directory = mutation.before && mutation.before->state.type == FileType::directory;
  const bool is_directory = mutation.after && mutation.after->state.type == FileType::directory;
  if (was_directory && !is_directory) {  // what was told of what lay below is of no use any more
    facts.push_back({mutation.path.empty() ? key : key + "/", std::nullopt, true});
  }
  if (mutation.in_doubt && !is_directory) {
    facts.push_back({std::string(kDoubt) + key + (mutation.path.empty() ? "" : "/"), std::nullopt, true});
  }
  if (mutation.restored) {
    facts.push_back({key, std::nullopt, false});
  } else {
    facts.push_back({key, mutation.after ? to_json(*mutation.after) : Json(), false});
  }
  return facts;
}

std::vector<SensorMemory::Fact> doubts_about(const std::vector<SensorMemory::Fact>& facts) {
  std::vector<SensorMemory::Fact> doubts;
  for (const SensorMemory::Fact& fact : facts) {
    if (fact.key.starts_with(kTree) && !fact.below) doubts.push_back({std::string(kDoubt) + fact.key, true, false});
  }
  return doubts;
}

std::vector<SensorMemory::Fact> doubts_settled(const std::vector<SensorMemory::Fact>& facts) {
  std::vector<SensorMemory::Fact> settled;
  for (const SensorMemory::Fact& fact : facts) {
    if (fact.key.starts_with(kTree)) settled.push_back({std::string(kDoubt) + fact.key, std::nullopt, fact.below});
  }
  return settled;
}

SensorMemory::Fact doubt_about(const std::string& root, const std::string& path) {
  return {std::string(kDoubt) + prefix_of(kTree, root) + visible(path), true, false};
}

std::vector<std::string> doubtful_paths(const std::string& root, const SensorMemory::Facts& facts) {
  std::vector<std::string> paths;
  const std::string prefix = std::string(kDoubt) + prefix_of(kTree, root);
  for (auto fact = facts.lower_bound(prefix); fact != facts.end() && fact->first.starts_with(prefix); ++fact) {
    if (auto path = from_visible(std::string_view(fact->first).substr(prefix.size())))
      paths.push_back(*std::move(path));
  }
  return paths;
}

std::vector<ToldEntry> told_entries(const std::string& root, const SensorMemory::Facts& facts) {
  std::vector<ToldEntry> told;
  for (const char* kind : {kTree, kMount}) {
    const std::string prefix = prefix_of(kind, root);
    for (auto fact = facts.lower_bound(prefix); fact != facts.end() && fact->first.starts_with(prefix); ++fact) {
      auto path = from_visible(std::string_view(fact->first).substr(prefix.size()));
      if (!path) continue;
      ToldEntry one{*path, std::nullopt, kind == kMount};
      if (!one.is_mounted && !fact->second.is_null()) {
        auto entry = scanned_entry(fact->second, *path);
        if (!entry) continue;
        one.entry = *std::move(entry);
      }
      told.push_back(std::move(one));
    }
  }
  return told;
}

}  // namespace kedge
