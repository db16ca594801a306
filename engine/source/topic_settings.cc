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

// How long records are kept; Duration::max() for ever; none: not known.
std::optional<Duration> retention_of(const std::map<std::string, std::string>& settings) {
  const std::string text = value_of(settings, "retention.ms");
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc()) return std::nullopt;
  if (number < 0 || number > std::chrono::floor<milliseconds>(Duration::max()).count()) return Duration::max();
  return milliseconds(number);
}

std::string outlives_its_keys(const std::string& topic, Duration retention, Duration seen_for) {
  const std::string remembered = format_duration(seen_for);
  const std::string harm = ": an event that is read again after that is acted on again; ";
  if (retention == Duration::max()) {
    return "topic " + topic + " keeps its records for ever, and limits.seen_for is " + remembered + harm +
           "set the topic's retention.ms, and limits.seen_for to as long";
  }
  const std::string kept = format_duration(retention);
  return "topic " + topic + " keeps its records for " + kept + ", longer than limits.seen_for (" + remembered + ")" +
         harm + "raise limits.seen_for to " + kept + ", or lower the topic's retention.ms";
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
  if (retention && *retention > seen_for) amiss.push_back(outlives_its_keys(topic, *retention, seen_for));
  return amiss;
}

}  // namespace kedge
