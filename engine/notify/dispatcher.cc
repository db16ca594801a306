#include "notify/dispatcher.h"

#include <algorithm>
#include <utility>

#include "base/nearest.h"

namespace kedge {

Dispatcher::Dispatcher(const std::map<std::string, PaceLimits>& channels, Random& random, RetrySchedule schedule)
    : random_(random), schedule_(schedule) {
  for (const auto& [name, limits] : channels) {
    channels_.emplace(name, State{.limits = limits, .pace = Pace(limits), .sending = {}, .last_error = {}});
    figures_[name];
  }
}

Dispatcher::Round Dispatcher::round(const std::vector<Notice>& due, Moment moment) {
  Round round;
  std::map<std::string, int> waiting;
  for (const Notice& notice : due) {
    if (auto why = reason_to_give_up(notice, moment.now)) {
      round.changes.push_back(give_up(notice, *std::move(why)));
      continue;
    }
    State& channel = channels_.at(notice.channel);
    if (channel.sending == notice.number) continue;
    const Duration ready = std::max(channel.not_before, channel.pace.next(moment.elapsed));
    if (!channel.sending && ready <= moment.elapsed) {
      channel.sending = notice.number;
      channel.pace.note(moment.elapsed);
      round.send.push_back(notice);
      continue;
    }
    if (!channel.sending) round.wait = std::min(round.wait.value_or(Duration::max()), ready - moment.elapsed);
    const int place = waiting[notice.channel]++;
    if (place >= channel.limits.per_minute) round.changes.push_back(put_off(notice, channel, place, moment));
  }
  return round;
}

std::vector<Change> Dispatcher::finish(const Notice& notice, const Delivery& delivery, Moment moment) {
  State& channel = channels_.at(notice.channel);
  ChannelFigures& figures = figures_.at(notice.channel);
  channel.sending.reset();
  channel.last_error = delivery.error;
  switch (delivery.kind) {
    case Delivery::Kind::delivered:
      ++figures.delivered;
      figures.failing = 0;
      return {NoticeDelivered{notice.number, notice.id, delivery.status}};
    case Delivery::Kind::permanent:
      figures.failing = 0;  // the channel works: it said no to this notice
      return {give_up(notice, delivery.error)};
    case Delivery::Kind::disabled:
      figures.gone = delivery.error;
      return {give_up(notice, delivery.error), alarm_about(notice.channel)};
    case Delivery::Kind::retry:
      break;
  }
  return {retry(notice, delivery, channel, moment)};
}

std::optional<std::string> Dispatcher::reason_to_give_up(const Notice& notice, Time now) const {
  const auto channel = channels_.find(notice.channel);
  if (channel == channels_.end()) {
    std::vector<std::string_view> known;
    for (const auto& [name, state] : channels_) known.push_back(name);
    return "no channel '" + notice.channel + "' is configured" + did_you_mean(notice.channel, known);
  }
  if (channel->second.sending == notice.number) return std::nullopt;
  const ChannelFigures& figures = figures_.at(notice.channel);
  if (!figures.gone.empty()) return "the channel is gone: " + figures.gone;
  if (figures.failing > 0 && now >= notice.created + schedule_.give_up_after) {
    return "not delivered within " + format_duration(schedule_.give_up_after) + "; last: " + channel->second.last_error;
  }
  return std::nullopt;
}

Change Dispatcher::give_up(const Notice& notice, std::string why) {
  const auto figures = figures_.find(notice.channel);
  if (figures != figures_.end()) ++figures->second.given_up;
  return NoticeGivenUp{notice.number, std::move(why)};
}

// It comes back when those before it can have gone, so that the notices of one channel never fill the window of what is
// read as due.
Change Dispatcher::put_off(const Notice& notice, const State& channel, int place, Moment moment) const {
  const Duration turn = std::chrono::minutes(place / channel.limits.per_minute);
  const Duration wait = std::max(turn, channel.not_before - moment.elapsed);
  return NoticeDeferred{notice.number, moment.now + wait,
                        std::to_string(place) + " others wait for this channel, which sends " +
                            std::to_string(channel.limits.per_minute) + " a minute"};
}

Change Dispatcher::retry(const Notice& notice, const Delivery& delivery, State& channel, Moment moment) {
  ChannelFigures& figures = figures_.at(notice.channel);
  ++figures.failing;
  const Duration channel_waits = wait_before_retry(schedule_, figures.failing, delivery.retry_after, random_);
  channel.not_before = moment.elapsed + channel_waits;

  const Time end = notice.created + schedule_.give_up_after;
  if (moment.now >= end) {
    return give_up(notice,
                   "not delivered within " + format_duration(schedule_.give_up_after) + "; last: " + delivery.error);
  }
  ++figures.retried;
  const Duration notice_waits =
      std::max(channel_waits, wait_before_retry(schedule_, notice.attempts + 1, std::nullopt, random_));
  return NoticeDeferred{notice.number, std::min(moment.now + notice_waits, end), delivery.error};
}

RaiseAlarm Dispatcher::alarm_about(const std::string& channel) const {
  RaiseAlarm alarm;
  alarm.kind = "channel_gone";
  alarm.message = "nothing is sent to channel '" + channel + "' any more: " + figures_.at(channel).gone +
                  ". Mend it in the configuration, then restart";
  alarm.details = {{"channel", channel}};
  for (const auto& [other, figures] : figures_) {
    if (figures.gone.empty()) alarm.notify.push_back(other);
  }
  return alarm;
}

}  // namespace kedge
