#include "host/host_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace kedge {
namespace {

constexpr size_t kPathsMax = 20;  // that are named where a number tells how many there are

std::string time_text(FileTime time) {
  const std::chrono::sys_seconds seconds{std::chrono::seconds(time.seconds)};
  std::string text = format_time(Time(seconds));
  text.resize(text.find('.'));
  return text + fmt::format(".{:09}Z", time.nanoseconds);
}

// Names are bytes, and JSON is text.
std::string as_text(const std::string& bytes) { return is_utf8(bytes) ? bytes : visible(bytes); }

Json state_json(const ScannedEntry& entry) {
  const FileState& state = entry.state;
  Json json = {{"type", to_string(state.type)},
               {"mode", fmt::format("{:04o}", state.mode)},
               {"uid", state.uid},
               {"gid", state.gid}};
  if (entry.identity.inode != 0) json["inode"] = entry.identity.inode;
  if (state.type == FileType::file) {
    json["size"] = state.size;
    json["links"] = state.links;
    json["sha256"] = state.sha256 ? Json(state.sha256->hex()) : Json();
    if (!state.capabilities.empty()) json["capabilities"] = to_hex(state.capabilities);
  }
  if (state.type == FileType::link) json["link_target"] = as_text(state.link_target);
  if (state.type == FileType::block || state.type == FileType::character) {
    json["device"] = fmt::format("{}:{}", state.device_major, state.device_minor);
  }
  if (state.type == FileType::file || state.type == FileType::link) json["mtime"] = time_text(state.mtime);
  return json;
}

Json state_json(const std::optional<ScannedEntry>& entry) { return entry ? state_json(*entry) : Json(); }

std::string absolute(const std::string& root, const std::string& path) {
  return path.empty() ? root : join(root, path);
}

std::string subject_of(const std::string& host, const std::string& root, const std::string& path) {
  return "host:" + host + as_text(absolute(root, path));
}

}  // namespace

std::string_view to_string(FoundBy found_by) {
  constexpr std::array<std::string_view, 4> kNames = {"watch", "doubt", "start", "rescan"};
  return kNames.at(static_cast<size_t>(found_by));
}

Json path_fields(const std::string& root, const std::string& path) {
  const std::string whole = absolute(root, path);
  Json json = {{"path", as_text(whole)}, {"root", as_text(root)}};
  if (!is_utf8(whole)) json["path_escaped"] = true;
  return json;
}

Json actor_json(const ProcessActor& actor) {
  Json json = {{"pid", actor.process}, {"attribution", "best effort"}};
  if (!actor.executable.empty()) json["executable"] = as_text(actor.executable);
  if (!actor.command.empty()) json["command"] = as_text(actor.command);
  if (!actor.cgroup.empty()) json["cgroup"] = as_text(actor.cgroup);
  if (actor.login) json["login_uid"] = *actor.login;
  return json;
}

void set_meaning(Json& data, const Meaning& meaning) {
  data["category"] = to_string(meaning.category);
  data["severity"] = to_string(meaning.severity);
  data["technique"] = meaning.techniques.empty() ? Json() : Json(meaning.techniques.front());
  data["techniques"] = meaning.techniques;
}

HostEvent mutation_event(const Mutation& mutation, const MutationContext& context) {
  Json data = path_fields(context.root, mutation.path);
  data["host"] = context.host;
  Json kinds = Json::array();
  for (const MutationKind kind : mutation.kinds) kinds.push_back(to_string(kind));
  data["kind"] = kinds.front();
  data["kinds"] = std::move(kinds);
  set_meaning(data, context.meaning);
  data["before"] = state_json(mutation.before);
  data["after"] = state_json(mutation.after);
  data["package"] = context.package.empty() ? Json() : Json(context.package);
  data["found_by"] = to_string(context.found_by);
  data["baseline"] = {{"sha256", context.baseline.hex()}, {"signed", context.baseline_signed}};
  if (!mutation.moved_from.empty()) data["moved_from"] = as_text(absolute(context.root, mutation.moved_from));
  if (!mutation.gone_below.empty()) {
    data["gone_below"] = mutation.gone_below.size();
    Json first = Json::array();
    for (size_t i = 0; i < std::min(mutation.gone_below.size(), kPathsMax); ++i) {
      first.push_back(as_text(absolute(context.root, mutation.gone_below[i])));
    }
    data["gone_below_first"] = std::move(first);
  }
  data["actor"] = context.actors.empty() ? Json() : actor_json(*context.actors.front());
  if (context.actors.size() > 1) {
    Json others = Json::array();
    for (size_t i = 1; i < context.actors.size(); ++i) others.push_back(actor_json(*context.actors[i]));
    data["other_actors"] = std::move(others);
  }
  if (context.first_seen) data["first_seen"] = format_time(*context.first_seen);
  if (context.last_seen) data["last_seen"] = format_time(*context.last_seen);
  return {mutation.restored ? "host.restored" : "host.mutation", subject_of(context.host, context.root, mutation.path),
          std::move(data)};
}

HostEvent upgrade_event(const std::string& host, const std::string& root, const std::string& package,
                        const std::vector<std::string>& paths) {
  Json first = Json::array();
  for (size_t i = 0; i < std::min(paths.size(), kPathsMax); ++i) first.push_back(as_text(absolute(root, paths[i])));
  return {"host.upgraded",
          "host:" + host,
          {{"host", host},
           {"root", as_text(root)},
           {"package", package},
           {"paths", paths.size()},
           {"paths_first", std::move(first)}}};
}

std::string cloud_event(const HostEvent& event, const std::string& id, Time time) {
  const Json whole = {{"specversion", "1.0"},
                      {"id", id},
                      {"source", "kedge.sensor"},
                      {"type", event.type},
                      {"subject", event.subject},
                      {"time", format_time(time)},
                      {"datacontenttype", "application/json"},
                      {"data", event.data}};
  return whole.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace kedge
