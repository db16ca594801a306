#include "agent/alarm_message.h"

#include <algorithm>
#include <array>

#include "agent/command_message.h"
#include "agent/document_reader.h"
#include "base/id.h"

namespace kedge {
namespace {

constexpr std::array<std::string_view, 5> kKinds = {"isolation-changed", "isolation-failed", "isolation-renewed",
                                                    "isolation-ended", "root-not-started"};
constexpr size_t kMessageBytesMax = 8U << 10U;

}  // namespace

Result<std::string> sign_host_alarm(const HostAlarmMessage& alarm, const SigningKey& key) {
  return sign_json({{"type", kHostAlarmType},
                    {"id", alarm.id},
                    {"host", alarm.host},
                    {"at", format_time(alarm.at)},
                    {"kind", alarm.kind},
                    {"message", alarm.message},
                    {"remediation", alarm.remediation},
                    {"difference", alarm.difference}},
                   key);
}

Result<HostAlarmMessage> read_host_alarm(const SignedJson& json) {
  const auto document = document_in(json, kHostAlarmType);
  if (!document) return document.error();
  DocumentReader read(*document);
  read.ignore("type");
  read.ignore("key");
  HostAlarmMessage alarm;
  alarm.id = read.text("id", 1, 64);
  read.require(is_uuid(alarm.id), "id", "is no UUID in its lower-case form");
  alarm.host = read.text("host", 1, 253);
  read.require(is_host_name(alarm.host), "host", "is no host's name");
  alarm.at = read.time("at");
  alarm.kind = read.text("kind", 1, 64);
  read.require(std::find(kKinds.begin(), kKinds.end(), alarm.kind) != kKinds.end(), "kind", "is none that is known");
  alarm.message = read.text("message", 1, kMessageBytesMax);
  alarm.remediation = read.text("remediation", 0, 64);
  alarm.difference = read.texts("difference");
  if (auto good = read.finish(); !good) return good.error();
  return alarm;
}

}  // namespace kedge
