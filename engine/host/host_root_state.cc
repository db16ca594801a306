#include "host/host_root_state.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/json.h"

namespace kedge {
namespace {

constexpr int kVersion = 1;
constexpr std::array<const char*, 4> kPhases = {"preparing", "switching", "proving", "giving_up"};

Json json_of(const RootGeneration& generation) {
  return {{"number", generation.number},
          {"cause", generation.cause},
          {"made", format_time(generation.made)},
          {"process",
           {{"number", generation.process.number},
            {"started_ticks", generation.process.started_ticks},
            {"boot", generation.process.boot}}}};
}

Json json_of(const FormerRoot& former) {
  return {{"generation", json_of(former.generation)},
          {"drift", former.drift.hex()},
          {"differences", former.differences},
          {"replaced_for", former.replaced_for},
          {"ended", format_time(former.ended)}};
}

Json json_of(const HostRootState& state) {
  Json json = {{"version", kVersion}, {"last_number", state.last_number}, {"former", Json::array()}};
  for (const FormerRoot& former : state.former) json["former"].push_back(json_of(former));
  json["current"] = state.current ? json_of(*state.current) : Json();
  json["next"] = Json();
  if (!state.next) return json;
  json["next"] = {{"phase", kPhases.at(static_cast<size_t>(state.next->phase))},
                  {"generation", json_of(state.next->generation)},
                  {"was", state.next->was ? json_of(*state.next->was) : Json()},
                  {"why", state.next->why}};
  return json;
}

// What is read below throws where the document is another: parse_host_root_state() catches it.

Time time_in(const Json& text) { return parse_time(text.get<std::string>()).value(); }

Digest digest_in(const Json& text) {
  const std::string bytes = from_hex(text.get<std::string>()).value();
  Digest digest;
  std::copy_n(bytes.begin(), std::min(bytes.size(), digest.bytes.size()), digest.bytes.begin());
  return digest;
}

RootGeneration generation_in(const Json& json) {
  const Json& process = json.at("process");
  return {json.at("number"),
          json.at("cause"),
          time_in(json.at("made")),
          {process.at("number"), process.at("started_ticks"), process.at("boot")}};
}

FormerRoot former_in(const Json& json) {
  return {generation_in(json.at("generation")), digest_in(json.at("drift")), json.at("differences"),
          json.at("replaced_for"), time_in(json.at("ended"))};
}

HostRootState state_in(const Json& json) {
  HostRootState state;
  state.last_number = json.at("last_number");
  if (!json.at("current").is_null()) state.current = generation_in(json.at("current"));
  for (const Json& former : json.at("former")) state.former.push_back(former_in(former));
  const Json& next = json.at("next");
  if (next.is_null()) return state;
  const auto* const phase = std::find(kPhases.begin(), kPhases.end(), next.at("phase").get<std::string>());
  state.next.emplace();
  state.next->phase = static_cast<NextRoot::Phase>(phase - kPhases.begin());
  state.next->generation = generation_in(next.at("generation"));
  if (!next.at("was").is_null()) state.next->was = former_in(next.at("was"));
  state.next->why = next.at("why");
  return state;
}

bool are_times_and_digests_good(const Json& json) {
  if (json.is_array()) return std::all_of(json.begin(), json.end(), are_times_and_digests_good);
  if (!json.is_object()) return true;
  for (const auto& [key, value] : json.items()) {
    const bool is_time = key == "made" || key == "ended";
    if (is_time && (!value.is_string() || !parse_time(value.get<std::string>()))) return false;
    if (key == "drift" && (!value.is_string() || !from_hex(value.get<std::string>()))) return false;
    if (key == "phase" && std::find(kPhases.begin(), kPhases.end(), value) == kPhases.end()) return false;
    if (!are_times_and_digests_good(value)) return false;
  }
  return true;
}

}  // namespace

std::string to_text(const HostRootState& state) { return json_of(state).dump(1) + "\n"; }

Result<HostRootState> parse_host_root_state(std::string_view text) {
  const auto json = parse_json(text);
  if (!json) return Error{ErrorCode::corrupt, json.error().message};
  const Error other{ErrorCode::corrupt, "it is not the state of a host's root"};
  if (!are_times_and_digests_good(*json)) return other;
  try {
    HostRootState state = state_in(*json);
    if (to_text(state) != text) return other;
    return state;
  } catch (const Json::exception&) {
    return other;
  }
}

}  // namespace kedge
