#include "host/replace_action.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "host/evidence_action.h"

namespace kedge {
namespace {

using nlohmann::json;
using Notes = std::vector<std::string>;

constexpr size_t kDriftMax = 50;  // differences that stand in a state; the number tells of the others

json state_of(const HostRoot::Sight& sight) {
  json state = {{"generation", sight.generation},
                {"running", sight.is_running},
                {"unfinished", sight.is_unfinished},
                {"made", sight.generation == 0 ? json() : json(format_time(sight.made))},
                {"manifest", sight.manifest.hex()},
                {"differences", sight.drift.size()},
                {"drift", json::array()},
                {"unread", sight.faults.size()},
                {"former", json::array()}};
  for (size_t i = 0; i < std::min(sight.drift.size(), kDriftMax); ++i)
    state["drift"].push_back(to_text(sight.drift[i]));
  for (const FormerRoot& former : sight.former) {
    state["former"].push_back({{"generation", former.generation.number}, {"sha256", former.drift.hex()}});
  }
  return state;
}

std::string summary_of(const HostRoot::Sight& sight, bool is_late) {
  if (sight.generation == 0) return "the root was never started";
  if (sight.is_unfinished) return "its replacement was begun, and cut off";
  if (!sight.is_running) return "it does not run";
  if (!sight.drift.empty()) {
    return fmt::format("{} differences from its image: {}{}", sight.drift.size(), to_text(sight.drift.front()),
                       sight.drift.size() > 1 ? ", ..." : "");
  }
  if (!sight.faults.empty()) return fmt::format("{} entries cannot be read", sight.faults.size());
  return is_late ? "it is what its image is, and was made of it too early" : "it runs, and is what its image is";
}

uint64_t generation_in(const json& state) {
  const auto found = state.is_object() ? state.find("generation") : state.end();
  return state.is_object() && found != state.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

// What was on record of a former root when it was replaced.
std::optional<Digest> drift_in(const json& after, uint64_t generation) {
  if (!after.is_object() || !after.contains("former")) return std::nullopt;
  for (const json& former : after.at("former")) {
    if (generation_in(former) != generation) continue;
    const auto bytes = from_hex(former.value("sha256", ""));
    Digest digest;
    if (!bytes || bytes->size() != digest.bytes.size()) return std::nullopt;
    std::copy(bytes->begin(), bytes->end(), digest.bytes.begin());
    return digest;
  }
  return std::nullopt;
}

Notes notes_of(const HostRoot::Replaced& replaced, const HostRoot& root) {
  Notes notes = {fmt::format("generation {} runs; the service was away for {} ms", replaced.generation,
                             std::chrono::ceil<std::chrono::milliseconds>(replaced.away).count())};
  if (const auto& former = replaced.former) {
    notes.push_back(fmt::format(
        "generation {} is kept read-only in {}/generations/{}: {} differences from the image; what it had changed has "
        "the SHA-256 {}",
        former->generation.number, root.options().directory, former->generation.number, former->differences,
        former->drift.hex()));
  }
  notes.insert(notes.end(), replaced.notes.begin(), replaced.notes.end());
  return notes;
}

}  // namespace

Result<void> RootReplacement::check(const json& args) {
  const std::string root = args.value("root", "");
  if (!is_root_name(root)) {
    return Error{ErrorCode::invalid, "the argument 'root' must be letters, digits, '-' and '_': '" + root + "'"};
  }
  if (!args.contains("made_after")) return {};
  const auto time = parse_time(args.at("made_after").get<std::string>());
  if (!time) return time.error().with("the argument 'made_after'");
  return {};
}

Result<HostRoot*> RootReplacement::root_of(const json& args) const {
  if (auto good = check(args); !good) return good.error();
  const auto found = roots_.find(args.value("root", ""));
  if (found != roots_.end()) return found->second.get();
  return Error{ErrorCode::refused, "this host has no root that is called '" + args.value("root", "") + "'"};
}

Result<HostSight> RootReplacement::observe(HostCall&, const json& args) {
  const auto root = root_of(args);
  if (!root) return root.error();
  const auto seen = (*root)->look();
  if (!seen) return seen.error();
  const bool is_late =
      args.contains("made_after") && seen->made <= *parse_time(args.at("made_after").get<std::string>());
  HostSight sight;
  sight.holds = seen->generation != 0 && seen->is_running && !seen->is_unfinished && seen->drift.empty() &&
                seen->faults.empty() && !is_late;
  sight.state = state_of(*seen);
  sight.summary = summary_of(*seen, is_late);
  return sight;
}

Result<Notes> RootReplacement::apply(HostCall& call, const json& args, const json& now) {
  const auto root = root_of(args);
  if (!root) return root.error();
  const auto state = (*root)->state();
  if (!state) return state.error();
  if ((state->current ? state->current->number : 0) != generation_in(now)) {
    return Error{ErrorCode::conflict, "the root is another one than was observed"};
  }
  const auto replaced = (*root)->replace(call.remediation, call.deadline);
  if (!replaced) return replaced.error();
  return notes_of(*replaced, **root);
}

Result<Notes> RootReplacement::undo(HostCall& call, const json& args, const json& before, const json& after) {
  const auto root = root_of(args);
  if (!root) return root.error();
  const uint64_t generation = generation_in(before);
  const auto drift = drift_in(after, generation);
  if (!drift) return Error{ErrorCode::refused, fmt::format("generation {} was not kept", generation)};
  const auto replaced = (*root)->go_back_to(generation, *drift, call.remediation);
  if (!replaced) return replaced.error();
  return notes_of(*replaced, **root);
}

}  // namespace kedge
