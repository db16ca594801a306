#include "agent/spool_summary.h"

#include <algorithm>

#include "host/mutation_policy.h"

namespace kedge {
namespace {

constexpr size_t kPathsMax = 100;

std::string text_at(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

void add_all(std::map<std::string, size_t>& to, const std::map<std::string, size_t>& from) {
  for (const auto& [name, count] : from) to[name] += count;
}

// The gravest is 0.
int rank_of(const std::string& severity) {
  const auto parsed = parse_mutation_severity(severity);
  return static_cast<int>(MutationSeverity::critical) - (parsed ? static_cast<int>(*parsed) : 0);
}

std::string severity_of(int rank) {
  return std::string(to_string(static_cast<MutationSeverity>(static_cast<int>(MutationSeverity::critical) - rank)));
}

}  // namespace

void SpoolSummary::add(std::string_view event) {
  ++events_;
  const auto parsed = parse_json(event);
  if (!parsed || !parsed->is_object()) {
    ++by_type_["unreadable"];
    return;
  }
  ++by_type_[text_at(*parsed, "type")];
  const std::string time = text_at(*parsed, "time");
  if (!time.empty() && (from_.empty() || time < from_)) from_ = time;
  to_ = std::max(to_, time);
  const auto data = parsed->find("data");
  if (data == parsed->end() || !data->is_object()) return;
  const std::string severity = text_at(*data, "severity");
  if (severity.empty()) return;
  ++by_severity_[severity];
  if (const std::string category = text_at(*data, "category"); !category.empty()) ++by_category_[category];
  const std::string path = text_at(*data, "path");
  keep_path(rank_of(severity), path.empty() ? text_at(*data, "listener") : path);
}

void SpoolSummary::add(const SpoolSummary& other) {
  events_ += other.events_;
  if (!other.from_.empty() && (from_.empty() || other.from_ < from_)) from_ = other.from_;
  to_ = std::max(to_, other.to_);
  add_all(by_type_, other.by_type_);
  add_all(by_severity_, other.by_severity_);
  add_all(by_category_, other.by_category_);
  for (const auto& [rank, path] : other.gravest_) keep_path(rank, path);
}

void SpoolSummary::keep_path(int rank, std::string path) {
  gravest_.emplace(rank, std::move(path));
  if (gravest_.size() > kPathsMax) gravest_.erase(std::prev(gravest_.end()));
}

Json SpoolSummary::to_json() const {
  Json gravest = Json::array();
  for (const auto& [rank, path] : gravest_) gravest.push_back({{"severity", severity_of(rank)}, {"path", path}});
  return {{"events", events_},
          {"from", from_},
          {"to", to_},
          {"by_type", by_type_},
          {"by_severity", by_severity_},
          {"by_category", by_category_},
          {"gravest", std::move(gravest)}};
}

Result<SpoolSummary> SpoolSummary::from_json(const Json& json) {
  SpoolSummary summary;
  try {
    summary.events_ = json.at("events").get<size_t>();
    summary.from_ = json.at("from").get<std::string>();
    summary.to_ = json.at("to").get<std::string>();
    summary.by_type_ = json.at("by_type").get<std::map<std::string, size_t>>();
    summary.by_severity_ = json.at("by_severity").get<std::map<std::string, size_t>>();
    summary.by_category_ = json.at("by_category").get<std::map<std::string, size_t>>();
    for (const Json& one : json.at("gravest")) {
      summary.keep_path(rank_of(one.at("severity").get<std::string>()), one.at("path").get<std::string>());
    }
  } catch (const Json::exception& cause) {
    return Error{ErrorCode::corrupt, std::string("not a summary: ") + cause.what()};
  }
  return summary;
}

}  // namespace kedge
