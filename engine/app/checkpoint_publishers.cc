#include "app/checkpoint_publishers.h"

#include <fmt/format.h>

#include <algorithm>

namespace kedge {
namespace {

// In whole minutes, where there are some.
std::string span_of(Duration span) {
  const auto minutes = std::chrono::floor<std::chrono::minutes>(span);
  return format_duration(minutes.count() > 1 ? Duration(minutes) : std::chrono::floor<std::chrono::seconds>(span));
}

std::string words_of(const std::string& place, const CheckpointPublisher::Status& status) {
  const std::string last = status.size ? fmt::format("it has that of {} records", *status.size)
                                       : std::string("it has taken none since the start");
  return fmt::format("the checkpoint place '{}' has been without the audit log's newest checkpoint for {} ({}): {}",
                     place, span_of(status.behind_for), last,
                     status.trouble.empty() ? "it does not answer" : status.trouble);
}

}  // namespace

Result<std::unique_ptr<CheckpointPublishers>> CheckpointPublishers::start(
    const std::vector<CheckpointPlaceOptions>& places, const CheckpointPublisher::Newest& newest, const Edges& edges) {
  std::unique_ptr<CheckpointPublishers> started(new CheckpointPublishers());
  started->clock_ = &edges.clock;
  for (size_t i = 0; i < places.size(); ++i) {
    auto place = open_checkpoint_place(places[i], edges.http);
    if (!place) return place.error().with(fmt::format("audit.publish_to[{}]", i));
    CheckpointPublisher::Options options;
    options.name = places[i].name;
    options.every = places[i].every;
    started->places_.push_back(
        {places[i].name, places[i].alarm_after,
         std::make_unique<CheckpointPublisher>(*std::move(place), newest, edges.clock, edges.random, options)});
  }
  for (const Place& place : started->places_) place.publisher->start();
  return started;
}

bool CheckpointPublishers::stop(Duration patience) {
  const Duration end = clock_->elapsed() + patience;
  for (const Place& place : places_) place.publisher->ask_to_stop();
  bool clean = true;
  for (const Place& place : places_) {
    clean = place.publisher->stop(std::max(end - clock_->elapsed(), Duration{0})) && clean;
  }
  return clean;
}

std::vector<RaiseAlarm> CheckpointPublishers::alarms() {
  std::vector<RaiseAlarm> alarms;
  for (Place& place : places_) {
    const CheckpointPublisher::Status status = place.publisher->status();
    const bool lags = status.behind_for > place.alarm_after;
    if (lags && !place.alarmed) {
      nlohmann::json details = {{"place", place.name}};
      if (status.size) details["size"] = static_cast<int64_t>(*status.size);
      alarms.push_back({"checkpoint-place", words_of(place.name, status), std::move(details), {}});
    }
    place.alarmed = lags;
  }
  return alarms;
}

std::vector<std::string> CheckpointPublishers::lagging() const {
  std::vector<std::string> words;
  for (const Place& place : places_) {
    const CheckpointPublisher::Status status = place.publisher->status();
    if (status.behind_for > place.alarm_after) words.push_back(words_of(place.name, status));
  }
  return words;
}

std::vector<CheckpointPublishers::PlaceStatus> CheckpointPublishers::status() const {
  std::vector<PlaceStatus> all;
  for (const Place& place : places_) all.push_back({place.name, place.publisher->status()});
  return all;
}

}  // namespace kedge
