#include "agent/event_sender.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace kedge {
namespace {

using std::chrono::seconds;

constexpr Duration kFirstPause = seconds(1);
constexpr Duration kLongestPause = seconds(30);
constexpr Duration kIdle = seconds(60);

}  // namespace

EventSender::EventSender(Spool& spool, Line line)
    : spool_(spool), line_(std::move(line)), thread_("sender", [this] { run(); }) {}

EventSender::~EventSender() { stop(Duration{0}); }

void EventSender::stop(Duration patience) {
  if (!thread_.joinable()) return;
  ends_when_empty_ = true;
  woken_.close();
  if (!over_.wait_closed(patience)) stop_.request_stop();
  thread_.join();
}

std::optional<std::string> EventSender::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void EventSender::note(const std::optional<std::string>& trouble) {
  const std::lock_guard lock(mutex_);
  if (trouble && trouble != trouble_) spdlog::warn("events wait on disk: {}", *trouble);
  if (!trouble && trouble_) spdlog::info("events are delivered again");
  trouble_ = trouble;
}

void EventSender::run() {
  Duration pause = kFirstPause;
  const std::stop_token stop = stop_.get_token();
  while (!stop.stop_requested()) {
    const auto more = send_some(stop);
    if (more) {
      note(std::nullopt);
      pause = kFirstPause;
      if (*more) continue;
      if (ends_when_empty_) break;
      wait_for_more();
      continue;
    }
    if (stop.stop_requested() || ends_when_empty_) break;
    note(more.error().message);
    line_.rest();
    woken_.wait_closed(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
  over_.close();
}

void EventSender::wait_for_more() {
  if (woken_.take(line_.linger) || woken_.closed()) return;
  line_.rest();
  woken_.take(kIdle);
}

Result<bool> EventSender::send_some(const std::stop_token& stop) {
  if (spool_.status().summarised > 0) {
    if (auto done = send_summary(stop); !done) return done.error();
  }
  const auto batch = spool_.take(line_.portion.events, line_.portion.bytes);
  if (!batch) return batch.error();
  if (batch->events.empty()) return false;
  const Delivered delivered = line_.deliver(batch->events, stop);
  SpoolPlace place = batch->end;
  size_t passed = delivered.events;
  if (delivered.error && delivered.error->code == ErrorCode::limit) {
    spdlog::error("an event is given up: {}", delivered.error->message);
    spool_.give_up({batch->events[passed]});
    ++passed;
  }
  for (size_t i = batch->events.size(); i > passed; --i) {
    place.bytes -= batch->events[i - 1].size() + 1;
    --place.lines;
  }
  if (passed > 0) {
    if (auto done = spool_.sent(place); !done) spdlog::warn("what was sent is sent again: {}", done.error().message);
  }
  if (delivered.error && delivered.error->code != ErrorCode::limit) return *delivered.error;
  return true;
}

Result<void> EventSender::send_summary(const std::stop_token& stop) {
  const SpoolSummary summary = spool_.take_summary();
  const Delivered delivered = line_.deliver({line_.announce(summary)}, stop);
  if (delivered.error) {
    spool_.summary_not_sent();
    return *delivered.error;
  }
  spool_.summary_sent();
  return {};
}

}  // namespace kedge
