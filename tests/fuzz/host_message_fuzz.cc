// rooms: agent
// Any bytes as what travels between an engine and a host: what is read is, signed again, read as the same; and nobody
// but a trusted key has anything accepted.
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/alarm_message.h"
#include "agent/command_judge.h"
#include "agent/heartbeat_message.h"
#include "agent/outcome_message.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kedge;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const SigningKey kKey = SigningKey::from_seed("kedge.example.com", std::string(32, 'f')).value();
  static const JudgeRules kRules{"web-1", {{kKey.verifier(), {"host.lamp"}}}};
  const Remembered remembered{[](const std::string&) { return std::nullopt; }, Time{}};
  require(judge_command(text, kRules, remembered, Time{}).kind == Judgement::Kind::refused);
  const auto json = parse_signed_json(text);
  if (!json) return 0;
  if (const auto command = read_command(*json)) {
    if (const auto again = sign_command(*command, kKey)) {
      require(*read_command(*parse_signed_json(*again)) == *command);
      JudgeRules rules = kRules;
      rules.host = command->host;
      rules.lifetime_max = command->expires - command->issued;
      rules.keys[0].actions = {command->action};
      require(judge_command(*again, rules, remembered, command->issued).kind == Judgement::Kind::accepted);
    }
  }
  if (const auto outcome = read_outcome(*json)) {
    const auto again = read_outcome(*parse_signed_json(sign_outcome(*outcome, kKey)));
    require(again.ok() && again->command == outcome->command && again->digest == outcome->digest);
  }
  if (const auto heartbeat = read_heartbeat(*json)) {
    const auto again = sign_heartbeat(*heartbeat, kKey);
    if (again) require(*read_heartbeat(*parse_signed_json(*again)) == *heartbeat);
  }
  if (const auto alarm = read_host_alarm(*json)) {
    const auto again = sign_host_alarm(*alarm, kKey);
    if (again) require(*read_host_alarm(*parse_signed_json(*again)) == *alarm);
  }
  return 0;
}
