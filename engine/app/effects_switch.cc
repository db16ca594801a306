#include "app/effects_switch.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/progress.h"

namespace kedge {

namespace {

std::string words_of(const Pause& pause) {
  if (pause.scope.starts_with("file:")) return pause.reason;
  return fmt::format("paused by {} ({}); `kedge resume{}` goes on", pause.by, pause.reason,
                     pause.scope == "all" ? "" : " --scope " + pause.scope);
}

}  // namespace

std::string words_of_clock_doubt(Duration ahead) {
  return fmt::format(
      "the wall clock is {} {} ledger time, which no jump moves: nothing is written and nothing expires until it "
      "agrees "
      "again; where the wall clock is right, `kedge ledger accept-clock`",
      format_duration(std::chrono::abs(ahead)), ahead > Duration{0} ? "ahead of" : "behind");
}

// While the clock is in doubt nothing expires, whatever else stops effects.
std::optional<Stop> EffectsSwitch::stopped(const Remediation* remediation) const {
  const auto ahead = parts_.committer.clock_doubt();
  auto stop = stopped_but_for_clock(remediation);
  if (!stop && ahead) stop = Stop{words_of_clock_doubt(*ahead)};
  if (stop) stop->nothing_expires = ahead.has_value();
  return stop;
}

// Where a pause is on record, the gate is the one to answer (survey.h); of the pause file the ledger hears within a
// second.
std::optional<Stop> EffectsSwitch::stopped_but_for_clock(const Remediation* remediation) const {
  if (off_) return Stop{"the engine is stopping"};
  if (const auto failed = parts_.committer.failed()) return Stop{"the ledger has failed: " + failed->message};
  if (parts_.committer.no_room()) return Stop{"the ledger's disk is full or read-only"};
  const auto pause = recorded(remediation);
  if (!pause) return Stop{"it cannot be read whether effects are paused: " + pause.error().message};
  if (auto paused = parts_.pause_file.paused()) return Stop{*paused, pause->has_value()};
  if (*pause) return Stop{words_of(**pause), true};
  if (parts_.audit_log != nullptr) {
    if (auto why = parts_.audit_log->stops_effects()) return Stop{*std::move(why)};
  }
  for (const Source* source : parts_.sources) {
    if (const auto why = source->ledger_in_doubt()) return Stop{fmt::format("source {}: {}", source->name(), *why)};
    if (const auto why = source->not_alone()) return Stop{fmt::format("source {}: {}", source->name(), *why)};
  }
  return std::nullopt;
}

// The version is asked before the reading: what changes in between is read once more.
Result<std::optional<Pause>> EffectsSwitch::recorded(const Remediation* remediation) const {
  const std::lock_guard lock(mutex_);
  const uint64_t version = parts_.committer.pauses_version();
  if (version_ != version) {
    auto pauses = parts_.reader.pauses();
    if (!pauses) return pauses.error();
    read_ = *std::move(pauses);
    version_ = version;
  }
  const auto in_the_way = std::find_if(read_.begin(), read_.end(), [&](const Pause& pause) {
    return remediation != nullptr ? pause_concerns(pause.scope, *remediation) : pauses_everything(pause.scope);
  });
  return in_the_way == read_.end() ? std::nullopt : std::optional(*in_the_way);
}

}  // namespace kedge
