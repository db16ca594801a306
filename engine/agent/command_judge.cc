#include "agent/command_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kedge {
namespace {

constexpr std::array<std::string_view, 8> kRefusals = {"unreadable", "unknown_key", "bad_signature", "other_host",
                                                       "stale",      "replayed",    "not_allowed",   "busy"};

Judgement refused(Judgement judgement, Refusal refusal, std::string message) {
  judgement.kind = Judgement::Kind::refused;
  judgement.refusal = refusal;
  judgement.message = std::move(message);
  return judgement;
}

std::string what_is_stale(const CommandMessage& command, const JudgeRules& rules, const Remembered& remembered,
                          Time now) {
  const std::string clocks = fmt::format("; by this host's clock it is {}", format_time(now));
  if (command.expires <= now) return fmt::format("it expired at {}{}", format_time(command.expires), clocks);
  if (command.issued > now + rules.ahead_max) {
    return fmt::format("it is of {}, which is to come{}: one of the clocks is wrong", format_time(command.issued),
                       clocks);
  }
  if (command.expires - command.issued > rules.lifetime_max) {
    return fmt::format("it would be good for {}, and {} is the most", format_duration(command.expires - command.issued),
                       format_duration(rules.lifetime_max));
  }
  if (command.expires <= remembered.forgotten) {
    return fmt::format("what expired until {} is forgotten already, and it expires at {}: the clock was set back",
                       format_time(remembered.forgotten), format_time(command.expires));
  }
  return {};
}

}  // namespace

std::string_view to_string(Refusal refusal) { return kRefusals[static_cast<size_t>(refusal)]; }

Judgement judge_command(std::string_view whole, const JudgeRules& rules, const Remembered& remembered, Time now) {
  Judgement judgement;
  judgement.digest = message_digest(whole);
  const auto json = parse_signed_json(whole);
  if (!json) return refused(std::move(judgement), Refusal::unreadable, json.error().message);
  const auto trusted = std::find_if(rules.keys.begin(), rules.keys.end(),
                                    [&](const TrustedKey& one) { return one.key.made(json->signature); });
  judgement.authentic = trusted != rules.keys.end() && trusted->key.verifies(json->text, json->signature);
  auto command = read_command(*json);
  if (command) judgement.command = *command;
  if (trusted == rules.keys.end()) {
    return refused(std::move(judgement), Refusal::unknown_key,
                   fmt::format("this host does not know the key {}", key_text(json->signature)));
  }
  if (!judgement.authentic) {
    return refused(std::move(judgement), Refusal::bad_signature,
                   fmt::format("it is not signed by {}, as it says", key_text(json->signature)));
  }
  if (!command) return refused(std::move(judgement), Refusal::unreadable, command.error().message);
  if (command->host != rules.host) {
    return refused(std::move(judgement), Refusal::other_host,
                   fmt::format("it is for the host '{}', and this is '{}'", command->host, rules.host));
  }
  if (const auto seen = remembered.digest_of(command->id)) {
    if (*seen != judgement.digest) {
      return refused(std::move(judgement), Refusal::replayed, "another command had its id, " + command->id);
    }
    judgement.kind = Judgement::Kind::repeated;
    return judgement;
  }
  if (std::string stale = what_is_stale(*command, rules, remembered, now); !stale.empty()) {
    return refused(std::move(judgement), Refusal::stale, std::move(stale));
  }
  if (std::find(trusted->actions.begin(), trusted->actions.end(), command->action) == trusted->actions.end()) {
    const std::string allowed =
        trusted->actions.empty() ? "nothing" : fmt::to_string(fmt::join(trusted->actions, ", "));
    return refused(std::move(judgement), Refusal::not_allowed,
                   fmt::format("{} may not have {} done on this host; it may: {}", key_text(json->signature),
                               command->action, allowed));
  }
  judgement.kind = Judgement::Kind::accepted;
  return judgement;
}

}  // namespace kedge
