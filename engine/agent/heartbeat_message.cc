#include "agent/heartbeat_message.h"

#include "agent/command_message.h"
#include "agent/document_reader.h"
#include "base/id.h"

namespace kedge {

Result<std::string> sign_heartbeat(const HeartbeatMessage& heartbeat, const SigningKey& key) {
  return sign_json({{"type", kHeartbeatType},
                    {"host", heartbeat.host},
                    {"run", heartbeat.run},
                    {"sequence", heartbeat.sequence},
                    {"at", format_time(heartbeat.at)},
                    {"actions", heartbeat.actions},
                    {"executed", heartbeat.executed},
                    {"repeated", heartbeat.repeated},
                    {"refused", heartbeat.refused},
                    {"unanswered", heartbeat.unanswered}},
                   key);
}

Result<HeartbeatMessage> read_heartbeat(const SignedJson& json) {
  const auto document = document_in(json, kHeartbeatType);
  if (!document) return document.error();
  DocumentReader read(*document);
  read.ignore("type");
  read.ignore("key");
  HeartbeatMessage heartbeat;
  heartbeat.host = read.text("host", 1, 253);
  read.require(is_host_name(heartbeat.host), "host", "is no host's name");
  heartbeat.run = read.text("run", 1, 64);
  read.require(is_uuid(heartbeat.run), "run", "is no UUID in its lower-case form");
  heartbeat.sequence = read.number("sequence");
  heartbeat.at = read.time("at");
  heartbeat.actions = read.texts("actions");
  heartbeat.executed = read.number("executed");
  heartbeat.repeated = read.number("repeated");
  heartbeat.refused = read.number("refused");
  heartbeat.unanswered = read.number("unanswered");
  if (auto good = read.finish(); !good) return good.error();
  return heartbeat;
}

}  // namespace kedge
