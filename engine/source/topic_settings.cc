#include "source/topic_settings.h"

#include <charconv>
#include <optional>

namespace kedge {
namespace {

using std::chrono::milliseconds;

std::string value_of(const std::map<std::string, std::string>& settings, const std::string& name) {
  const auto found = settings.find(name);
  return found == settings.end() ? std::string() : found->second;
}

// Milliseconds, -1 for ever; none: not known.
std::optional<int64_t> retention_of(const std::map<std::string, std::string>& settings) {
  const std::string text = value_of(settings, "retention.ms");
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc()) return std::nullopt;
  return number;
}

std::string hours_of(Duration span) {
  return std::to_string(std::chrono::duration_cast<std::chrono::hours>(span).count()) + " h";
}

}  // namespace

std::vector<std::string> amiss_with(const std::string& topic, const std::map<std::string, std::string>& settings,
                                    Duration seen_for) {
  std::vector<std::string> amiss;
  const std::string cleanup = value_of(settings, "cleanup.policy");
  if (cleanup.find("compact") != std::string::npos) {
    amiss.push_back("topic " + topic + " is compacted (cleanup.policy=" + cleanup +
                    "): it drops events before we see them; set cleanup.policy=delete");
  }
  const auto retention = cleanup == "compact" ? std::nullopt : retention_of(settings);
  const std::string remedy = "an event that is read again after that is acted on again; raise limits.seen_for";
  if (retention && *retention < 0) {
    amiss.push_back("topic " + topic + " keeps its records for ever, and limits.seen_for is " + hours_of(seen_for) +
                    ": " + remedy + ", or set retention.ms");
  } else if (retention && *retention > std::chrono::duration_cast<milliseconds>(seen_for).count()) {
    const std::string kept = std::to_string(*retention / std::chrono::milliseconds(std::chrono::hours(1)).count());
    amiss.push_back("topic " + topic + " keeps its records for " + kept + " h, longer than limits.seen_for (" +
                    hours_of(seen_for) + "): " + remedy);
  }
  return amiss;
}

}  // namespace kedge
