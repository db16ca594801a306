#include "app/checkpoint_settings.h"

#include <fmt/format.h>

#include <filesystem>

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

CheckpointFileOptions read_file_place(Section& place, const std::string& configuration,
                                      const std::string& log_directory) {
  CheckpointFileOptions options;
  place.required_text("file", options.path);
  options.path = beside(configuration, options.path);
  const std::string directory = std::filesystem::path(options.path).parent_path();
  if (!place.is_wrong("file") && lies_in(directory, log_directory)) {
    place.mistake("file", "lies in the log's directory: who rewrites that can rewrite it too; name a file elsewhere");
  }
  return options;
}

CheckpointWebhookOptions read_webhook(Section& webhook) {
  CheckpointWebhookOptions options;
  std::map<std::string, std::string> headers;
  webhook.required_text("url", options.url);
  webhook.texts("secrets", options.secrets);
  webhook.text_map("headers", headers);
  webhook.duration("timeout", options.timeout, milliseconds(100), seconds(120));
  options.headers.assign(headers.begin(), headers.end());
  if (const auto checked = check_webhook(options); !checked) {
    const auto [member, reason] = setting_and_reason(checked.error().message);
    if (!webhook.is_wrong(member.substr(0, member.find_first_of(".[")))) webhook.mistake(member, reason);
  }
  return options;
}

CheckpointTopicOptions read_topic(Section& topic) {
  CheckpointTopicOptions options;
  std::vector<std::string> brokers;
  topic.texts("brokers", brokers);
  topic.required_text("topic", options.topic);
  topic.text_map("properties", options.properties);
  topic.duration("timeout", options.timeout, seconds(1), seconds(120));
  options.brokers = fmt::format("{}", fmt::join(brokers, ","));
  for (const OptionMistake& mistake : mistakes_in(options)) {
    if (!topic.is_wrong(mistake.option())) topic.mistake(mistake.field, mistake.message);
  }
  return options;
}

// A place has one key that says what it is: file, webhook or kafka.
std::string kind_of(const Section& place) {
  std::string found;
  for (const char* kind : {"file", "webhook", "kafka"}) {
    if (!place.has(kind)) continue;
    if (!found.empty()) return "";
    found = kind;
  }
  return found;
}

}  // namespace

std::vector<CheckpointPlaceOptions> read_checkpoint_places(Section& audit, const std::string& configuration,
                                                           const std::string& log_directory) {
  std::vector<CheckpointPlaceOptions> places;
  audit.sections("publish_to", [&](Section& place) {
    CheckpointPlaceOptions options;
    const std::string kind = kind_of(place);
    options.name = kind;
    place.text("name", options.name);
    if (options.name.empty()) options.name = kind;
    if (place.has("file")) options.place = read_file_place(place, configuration, log_directory);
    place.section("webhook", [&](Section& webhook) {
      if (place.has("webhook")) options.place = read_webhook(webhook);
    });
    place.section("kafka", [&](Section& topic) {
      if (place.has("kafka")) options.place = read_topic(topic);
    });
    place.duration("every", options.every, seconds(1), hours(24));
    place.duration("alarm_after", options.alarm_after, seconds(1), hours(24 * 30));
    if (kind.empty()) {
      std::string unused;
      place.text("file", unused);
      const char* const what =
          "a place is one of file: PATH, webhook: {url: ...} and kafka: {brokers: ..., topic: ...}";
      const bool none = !place.has("file") && !place.has("webhook") && !place.has("kafka");
      if (none) place.require("file", what);
      if (!none) place.mistake("", what);
    }
    for (const CheckpointPlaceOptions& other : places) {
      if (other.name != options.name || kind.empty()) continue;
      place.mistake("name", fmt::format("two places are called '{}': give one of them another name", options.name));
    }
    places.push_back(std::move(options));
  });
  return places;
}

}  // namespace kedge
