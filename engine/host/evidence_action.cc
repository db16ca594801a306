#include "host/evidence_action.h"

#include <fmt/format.h>

#include <algorithm>

namespace kedge {
namespace {

using nlohmann::json;

constexpr size_t kPathsMax = 4'096;

std::string root_in(const json& args) { return args.value("root", ""); }

Result<const HostRoot*> find_root(const HostRoots& roots, const std::string& name) {
  const auto found = roots.find(name);
  if (found != roots.end()) return found->second.get();
  return Error{ErrorCode::refused, "this host has no root that is called '" + name + "'"};
}

std::string shown(const json& cuts) {
  std::string text;
  for (const json& cut : cuts) {
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", cut.value("what", ""), cut.value("why", ""));
  }
  return text;
}

}  // namespace

bool is_root_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

Result<void> EvidenceCapture::check(const json& args) {
  if (args.contains("root") && !is_root_name(root_in(args))) {
    return Error{ErrorCode::invalid,
                 "the argument 'root' must be letters, digits, '-' and '_': '" + root_in(args) + "'"};
  }
  if (args.contains("paths") && args.at("paths").size() > kPathsMax) {
    return Error{ErrorCode::invalid, fmt::format("the argument 'paths' has at most {} paths", kPathsMax)};
  }
  return {};
}

// One root's and the machine's own evidence are two.
std::string EvidenceCapture::id_of(const HostCall& call, const json& args) const {
  return call.remediation + (root_in(args).empty() ? "" : "." + root_in(args));
}

Result<HostSight> EvidenceCapture::observe(HostCall& call, const json& args) {
  if (auto good = check(args); !good) return good.error();
  const std::string id = id_of(call, args);
  HostSight sight;
  sight.state = {{"id", id}, {"sha256", nullptr}, {"cut", nullptr}};
  const auto evidence = read_evidence(options_.directory + "/" + id);
  if (!evidence && evidence.error().code != ErrorCode::not_found) {
    sight.hold = "the evidence that was captured is not what it was: " + evidence.error().message;
    sight.summary = "evidence that somebody changed";
    return sight;
  }
  sight.holds = evidence.ok();
  sight.summary = evidence ? "evidence is kept" : "no evidence is kept";
  if (!evidence) return sight;
  sight.state["sha256"] = evidence->digest.hex();
  sight.state["cut"] = evidence->index.at("cut").size();
  return sight;
}

Result<EvidenceRequest> EvidenceCapture::request_of(HostCall& call, const json& args) const {
  EvidenceRequest request;
  request.host = options_.host;
  request.limits = options_.limits;
  request.limits.time = std::min(request.limits.time, call.deadline - call.clock.elapsed());
  if (args.contains("paths")) request.paths = args.at("paths").get<std::vector<std::string>>();
  if (root_in(args).empty()) return request;
  const auto root = find_root(roots_, root_in(args));
  if (!root) return root.error();
  const auto place = (*root)->root();
  if (!place) return place.error();
  const auto state = (*root)->state();
  if (!state) return state.error();
  const HostProcess& first = state->current->process;
  request.root = *place;
  request.init = is_running(first, call.clock) ? first.number : 0;  // 0: nobody is in its namespaces
  return request;
}

Result<std::vector<std::string>> EvidenceCapture::apply(HostCall& call, const json& args, const json&) {
  if (auto good = check(args); !good) return good.error();
  const auto request = request_of(call, args);
  if (!request) return request.error();
  const auto evidence = capture_evidence(*request, options_.directory, id_of(call, args), call.clock);
  if (!evidence) return evidence.error();
  std::vector<std::string> notes = {
      fmt::format("evidence is kept in {}, with the SHA-256 {}", evidence->directory, evidence->digest.hex())};
  const std::string cut = shown(evidence->index.at("cut"));
  if (!cut.empty()) notes.push_back("cut: " + cut);
  return notes;
}

Result<std::vector<std::string>> EvidenceCapture::undo(HostCall& call, const json& args, const json&, const json&) {
  return std::vector<std::string>{"the evidence stays: " + options_.directory + "/" + id_of(call, args)};
}

}  // namespace kedge
