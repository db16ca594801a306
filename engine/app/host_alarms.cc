#include "app/host_alarms.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"

namespace kedge {
namespace {

// It travels as one record, and stands in one.
constexpr size_t kLinesMax = 50;
constexpr size_t kLineBytesMax = 500;
constexpr size_t kMessageBytesMax = 4'000;

std::string kind_of(QuarantineNews::Kind kind) {
  switch (kind) {
    case QuarantineNews::Kind::drifted:
      return "isolation-changed";
    case QuarantineNews::Kind::failed:
      return "isolation-failed";
    case QuarantineNews::Kind::renewed:
    case QuarantineNews::Kind::proven:
      return "isolation-renewed";
    default:
      return "isolation-ended";
  }
}

}  // namespace

HostAlarmMessage host_alarm(const QuarantineNews& news) {
  HostAlarmMessage alarm;
  alarm.kind = kind_of(news.kind);
  alarm.message = utf8_prefix(news.message, kMessageBytesMax);
  alarm.remediation = news.remediation;
  const size_t lines = std::min(news.difference.size(), kLinesMax);
  for (size_t i = 0; i < lines; ++i) alarm.difference.emplace_back(utf8_prefix(news.difference[i], kLineBytesMax));
  return alarm;
}

HostAlarmMessage host_alarm(const std::string& root, const Error& why) {
  HostAlarmMessage alarm;
  alarm.kind = "root-not-started";
  alarm.message = utf8_prefix(fmt::format("the root {} does not run: {}", root, why.message), kMessageBytesMax);
  return alarm;
}

RaiseAlarm alarm_raised(const HostAlarmMessage& alarm) {
  RaiseAlarm raised;
  raised.kind = alarm.kind;
  raised.message = alarm.host + ": " + alarm.message;
  raised.details = {{"host", alarm.host}};
  if (!alarm.remediation.empty()) raised.details["remediation"] = alarm.remediation;
  if (!alarm.difference.empty()) raised.details["difference"] = alarm.difference;
  return raised;
}

}  // namespace kedge
